"""What a label says of one person beyond for whom it is: cautions, each as a finding.

A fact that the label speaks about and that was not recorded is named as unknown. Where a fact
is there and the label says nothing on it, the finding says whether it is silent or unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from thecal.clinic.eligibility.patient import READABLE, TEST_WORDS, YES_OR_NO, Patient
from thecal.clinic.eligibility.reading import words
from thecal.clinic.finding import Finding, Severity
from thecal.clinic.genetics.mutation import named
from thecal.clinic.genetics.variant import read_variant
from thecal.clinic.moment import Moment
from thecal.label.label import Label, Silence, Statement, area, covers

HYPERSENSITIVITY = "hypersensitivity"  # the event by which a label's contraindication names it
# A fact of a person, the topic of a label that speaks of it, and what a yes or a no then is.
PEOPLE: dict[str, tuple[str, Severity | None, Severity | None]] = {
    "pregnant": ("populations.pregnancy", Severity.CAUTION, None),
    "breastfeeding": ("populations.lactation", Severity.CAUTION, None),
    "contraception": ("populations.contraception", Severity.NOTE, Severity.CAUTION),
}
# A fact of a person that is an event of the label's warnings.
EVENTS = {"raised_pressure_signs": "raised_intracranial_pressure"}
# Other treatments, on which a label speaks under interactions if at all.
TREATMENTS = ("gene_therapy", "trial_medicine")
# Tests that a label may ask for before each dose, by the detail of `monitoring`.
MONITORED = {
    "platelets": ("platelets",),
    "coagulation": ("inr", "aptt_ratio"),
    "urine_protein": ("urine_protein",),
}
# Areas of a label in which a caution may stand.
AREAS = ("contraindications", "warnings", "populations", "interactions", "monitoring")
AGE = re.compile(r"populations\.age_(\d+)")


def cautions(
    patient: Patient, label: Label, on: Moment | None
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return the cautions, the most serious first, and the facts that they ask for in vain."""
    held = _Held(patient, label, on)
    found = [
        *held.allergy(),
        *held.people(),
        *held.treatments(),
        *held.warned(),
        *held.ages(),
        *held.kidney(),
        *held.tests(),
        *held.variants(),
    ]
    order = list(Severity)
    found.sort(key=lambda finding: (order.index(finding.severity), finding.code))
    return tuple(found), tuple(held.unknown())


def unread(label: Label, topic: str) -> Silence | None:
    """Return what says that a topic of the label was not read, or None."""
    return next((gap for gap in label.not_read if covers(gap.topic, topic)), None)


def not_read(label: Label) -> tuple[Silence, ...]:
    """Return the parts of a label where a caution may stand and that were not read."""
    return tuple(gap for gap in label.not_read if area(gap.topic) in AREAS)


@dataclass(frozen=True, slots=True)
class _Held:
    """One person's facts held against one label."""

    patient: Patient
    label: Label
    on: Moment | None

    def allergy(self) -> Iterator[Finding]:
        """Say that a label without the contraindication does not make an allergy harmless."""
        stated = self.label.about("contraindications")
        if self.patient.medicine != self.label.medicine or any(
            HYPERSENSITIVITY in statement.words("events") for statement in stated
        ):
            return
        held = [to for to, known in self.patient.hypersensitivity.items() if known]
        if held:
            named_so = "does not name it as a contraindication"
            yield Finding(
                code="eligible.hypersensitivity",
                severity=Severity.CAUTION,
                message=f"hypersensitivity to the {' and an '.join(held)} is recorded; the label "
                f"{named_so if stated else 'was not read for contraindications'}",
                says=" ".join(statement.says for statement in stated),
                asks="a prescriber decides; a label that names none does not call it safe",
                source=stated[0].source if stated else None,
                rule="label: contraindications",
                inputs={f"hypersensitivity.{to}": "yes" for to in held},
            )

    def people(self) -> Iterator[Finding]:
        for fact, (topic, if_yes, if_no) in PEOPLE.items():
            known = self.patient.is_so.get(fact)
            severity = if_yes if known else if_no
            if known is None or severity is None:
                continue
            found = {fact: "yes" if known else "no"}
            message = YES_OR_NO[fact] + ("" if known else ": no")
            stated = [s for s in self.label.about(topic) if s.topic == topic]
            for statement in stated:
                yield _finding(fact, severity, message, statement, found)
            if not stated and known and severity is Severity.CAUTION:
                yield self._open(fact, message, topic)

    def treatments(self) -> Iterator[Finding]:
        for fact in TREATMENTS:
            if self.patient.is_so.get(fact):
                yield self._open(fact, YES_OR_NO[fact], "interactions")

    def warned(self) -> Iterator[Finding]:
        for fact, event in EVENTS.items():
            if not self.patient.is_so.get(fact):
                continue
            stated = self._warnings(event)
            for statement in stated:
                yield _finding(fact, Severity.SERIOUS, YES_OR_NO[fact], statement, {fact: "yes"})
            if not stated:
                yield self._open(fact, YES_OR_NO[fact], "warnings")

    def ages(self) -> Iterator[Finding]:
        age, adult = self.patient.age(self.on), words().adult.from_years
        if age is None:
            return
        for statement in self.label.about("populations"):
            found = AGE.fullmatch(statement.topic)
            if found and age >= int(found[1]):
                yield _finding(
                    f"age_{found[1]}",
                    Severity.NOTE,
                    f"the age is {age:g}",
                    statement,
                    {"age_years": age},
                )
            elif (
                statement.topic == "populations.children"
                and age < adult
                and statement.values.get("standing") != "established"
            ):
                yield _finding(
                    "children",
                    Severity.CAUTION,
                    f"the age is {age:g}",
                    statement,
                    {"age_years": age},
                )

    def kidney(self) -> Iterator[Finding]:
        lab = self.patient.lab("creatinine_clearance", self.on)
        for statement in self.label.about("populations"):
            if lab is not None and statement.topic.startswith("populations.kidney"):
                yield _finding(
                    "kidney",
                    Severity.NOTE,
                    f"{lab}; no limit of the label was read",
                    statement,
                    {lab.test: lab.value},
                )

    def tests(self) -> Iterator[Finding]:
        """Show the tests that the label asks for before a dose, and results above its figure."""
        for test, statement in self._required():
            lab = self.patient.lab(test, self.on)
            if lab is not None:
                limit = statement.values.get("value")
                is_above = isinstance(limit, float) and lab.value > limit
                yield _finding(
                    f"test_{test}",
                    Severity.CAUTION if is_above else Severity.NOTE,
                    f"{lab}",
                    statement,
                    {test: lab.value},
                )

    def variants(self) -> Iterator[Finding]:
        """Tell what is published on how a variant is inherited; some need two copies."""
        for test in self.patient.variants or ():
            variant = read_variant(test.name) if test.name and test.gene == READABLE else None
            if variant is None or variant.question:
                continue
            for note in variant.notes:
                yield Finding(
                    code="eligible.variant_name",
                    severity=Severity.NOTE,
                    message=f"{named(test, variant)}: {note}",
                    rule="thecal reads names of variants in both numberings",
                )
            zygosity = (test.zygosity or "not recorded").replace("_", " ")
            for said in variant.readings[0].published:
                if said.about == "inheritance":
                    unsure = "" if said.is_confirmed else " (not confirmed in that source)"
                    yield Finding(
                        code="eligible.variant",
                        severity=Severity.NOTE,
                        message=f"{named(test, variant)}, zygosity {zygosity}",
                        says=f"{said.says}{unsure}",
                        asks="no label read here speaks of zygosity",
                        source=said.source,
                        rule="published on this variant",
                        inputs={"zygosity": zygosity},
                    )

    def unknown(self) -> Iterator[str]:
        """Name the facts that the label speaks about and that were not recorded."""
        for fact, (topic, _, _) in PEOPLE.items():
            if fact not in self.patient.is_so and self.label.about(topic):
                yield YES_OR_NO[fact]
        for fact, event in EVENTS.items():
            if fact not in self.patient.is_so and self._warnings(event):
                yield YES_OR_NO[fact]
        for test, _ in self._required():
            if self.patient.lab(test, self.on) is None:
                yield f"{TEST_WORDS[test]}, which the label asks for before each dose"

    def _warnings(self, event: str) -> list[Statement]:
        stated = self.label.about("warnings")
        return [statement for statement in stated if event in statement.words("events")]

    def _required(self) -> Iterator[tuple[str, Statement]]:
        for detail, tests in MONITORED.items():
            for statement in self.label.about(f"monitoring.{detail}"):
                if statement.values.get("rule") == "required":
                    yield from ((test, statement) for test in tests)

    def _open(self, fact: str, message: str, topic: str) -> Finding:
        """Say that a label is silent on a fact, or that it was not read for it."""
        silence, gap = self.label.silence(topic), unread(self.label, topic)
        told = silence or gap
        standing = "nothing that was read in the label speaks of it"
        if told is not None:
            standing = "the label is silent" if silence else "the label was not read for it"
        return Finding(
            code=f"eligible.{fact}",
            severity=Severity.CAUTION,
            message=f"{message}; {standing}",
            says=told.says if told else "",
            asks="a prescriber decides",
            source=told.source if told else None,
            label_silent=silence is not None,
            rule=f"label: {topic}",
            inputs={fact: "yes"},
        )


def _finding(
    fact: str,
    severity: Severity,
    message: str,
    statement: Statement,
    inputs: Mapping[str, float | str],
) -> Finding:
    return Finding(
        code=f"eligible.{fact}",
        severity=severity,
        message=message,
        says=statement.says,
        asks=" ".join(statement.words("action")),
        source=statement.source,
        rule=f"label: {statement.topic}",
        inputs=inputs,
    )
