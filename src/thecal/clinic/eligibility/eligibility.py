"""Whether treatment may start: separate answers with their reasons, never one boolean.

Whether a label is for this person and whether it forbids the medicine are read here from its
statements; what it says beyond that is `cautions`, a payer's criteria are `payer`, and whether
the puncture is safe is `puncture`. A fact that was not recorded is missing, never assumed. A
label that was not read answers nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from thecal.clinic.eligibility.cautions import HYPERSENSITIVITY, cautions, not_read, unread
from thecal.clinic.eligibility.patient import Patient
from thecal.clinic.eligibility.reading import words
from thecal.clinic.finding import Finding, Severity
from thecal.clinic.genetics.mutation import mutation_reason
from thecal.clinic.moment import Moment
from thecal.clinic.ruling import ALL_MET, ANY_MET, Reason, Ruling, Verdict, ruling
from thecal.label.label import Label, Silence, Statement
from thecal.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """What one label says about one person.

    on               the day or instant asked about; None where none was named
    indicated        is the label for this person
    contraindicated  does the label forbid it
    cautions         what the label says of this person beyond that
    unknown          facts that its cautions ask for and that were not recorded
    not_read         parts of the label where a caution may stand and that were not read
    """

    label: Label
    on: Moment | None
    indicated: Ruling
    contraindicated: Ruling
    cautions: tuple[Finding, ...]
    unknown: tuple[str, ...]
    not_read: tuple[Silence, ...]

    @property
    def is_clean(self) -> bool:
        """The label in force, read whole, is for this person, and nothing stands against it."""
        return (
            self.label.status == "current"
            and self.indicated.verdict is Verdict.YES
            and self.contraindicated.verdict is Verdict.NO
            and all(finding.severity is Severity.NOTE for finding in self.cautions)
            and not self.unknown
            and not self.not_read
        )


def eligibility(patient: Patient, label: Label, on: Moment | None = None) -> Eligibility:
    """Hold one person's facts against one label.

    on  the day asked about: a birth date needs it, and later results are left aside
    """
    asked = _Asked(patient, label, on)
    found, unknown = cautions(patient, label, on)
    return Eligibility(
        label=label,
        on=on,
        indicated=asked.indicated(),
        contraindicated=asked.contraindicated(),
        cautions=found,
        unknown=unknown,
        not_read=not_read(label),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    patient: Patient
    label: Label
    on: Moment | None

    @property
    def whose(self) -> str:
        return f"{self.label.jurisdiction.upper()} label"

    # ---- is the label for this person

    def indicated(self) -> Ruling:
        question = f"Indicated by the {self.whose}"
        stated = [s for s in self.label.about("indication") if s.topic == "indication"]
        reasons = [reason for statement in stated for reason in self._indication(statement)]
        if not reasons:
            return Ruling(
                question=question,
                verdict=Verdict.NOT_READ,
                reasons=(self._unread("indication", "for whom the label is was not read"),),
            )
        if self.label.status == "in part":
            gap = "too little of this version was read to rely on it"
            reasons.append(self._unread("indication", gap))
        return ruling(question, reasons, ALL_MET)

    def _indication(self, statement: Statement) -> Iterator[Reason]:
        if "disease" in statement.values:
            yield self._disease(statement)
        if "ages" in statement.values:
            yield self._age(statement)
        said = f"{statement.says} {' '.join(statement.words('population'))}".lower()
        genes = [str(statement.values["gene"])] if "gene" in statement.values else []
        meant = [each for each in words().genes if each.word.lower() in said]
        for gene in genes or [each.gene for each in meant]:
            yield mutation_reason(self.patient, gene, statement.source, f"label: {statement.topic}")

    def _disease(self, statement: Statement) -> Reason:
        names = statement.words("disease")
        short = min(names, key=len)
        diagnosis = self.patient.diagnosis
        if diagnosis is None:
            return self._reason(
                statement,
                Verdict.MISSING,
                f"the label is for {short}; no diagnosis is recorded",
                missing="the diagnosis",
            )
        known = {"other": "another disease", "none": "no such disease"}
        found = known.get(diagnosis.disease, diagnosis.disease)
        if diagnosis.certainty:
            found += f", {diagnosis.certainty.replace('_', ' ')}"
        is_it = diagnosis.disease.lower() in [name.lower() for name in names]
        read = words().of_certainty(diagnosis.certainty) if is_it else None
        if read is None:
            verdict = Verdict.YES if is_it else Verdict.NO
        else:
            verdict = read.verdict
        inputs: dict[str, str | float] = {"diagnosis": diagnosis.disease}
        if diagnosis.certainty:
            inputs["certainty"] = diagnosis.certainty
        return Reason(
            verdict=verdict,
            says=f"the label is for {short}; recorded is {found}",
            source=statement.source,
            reading=read.says if read else "",
            read_by=read.basis if read else None,
            rule=f"label: {statement.topic}",
            inputs=inputs,
        )

    def _age(self, statement: Statement) -> Reason:
        ages, adult = str(statement.values["ages"]), words().adult
        age = self.patient.age(self.on)
        if ages == "adults and children":
            return self._reason(
                statement, Verdict.YES, "the label is for adults and children, whatever the age"
            )
        if age is None:
            return self._reason(
                statement,
                Verdict.MISSING,
                f"the label is for {ages}; the age is not known",
                missing="the age on the day asked",
            )
        is_it = (age >= adult.from_years) == (ages == "adults")
        return Reason(
            verdict=Verdict.YES if is_it else Verdict.NO,
            says=f"the label is for {ages}; the age is {age:g}",
            source=statement.source,
            reading=adult.says,
            read_by=adult.basis,
            rule=f"label: {statement.topic}",
            inputs={"age_years": age},
        )

    # ---- does the label forbid it

    def contraindicated(self) -> Ruling:
        question = f"Contraindicated by the {self.whose}"
        reasons = []
        for statement in self.label.about("contraindications"):
            if statement.values.get("rule") == "none":
                reasons.append(self._reason(statement, Verdict.NO, statement.says))
            elif HYPERSENSITIVITY in statement.words("events"):
                reasons += self._hypersensitivity(statement)
            else:
                reasons.append(
                    self._reason(
                        statement,
                        Verdict.MISSING,
                        f"{statement.says} No fact of a patient file answers that.",
                        missing=f"whether this holds: {statement.says}",
                    )
                )
        gap = unread(self.label, "contraindications")
        if gap is not None or not reasons:
            reasons.append(self._unread("contraindications", "the contraindications were not read"))
        return ruling(question, reasons, ANY_MET)

    def _hypersensitivity(self, statement: Statement) -> Iterator[Reason]:
        is_named = self.patient.medicine == self.label.medicine
        for to in ("drug", "excipient"):
            name = self.label.medicine if to == "drug" else f"an excipient of {self.label.medicine}"
            known = self.patient.hypersensitivity.get(to) if is_named else None
            if known is None:
                yield self._reason(
                    statement,
                    Verdict.MISSING,
                    f"{statement.says} Hypersensitivity to {name} is not recorded.",
                    missing=f"hypersensitivity to {name}",
                )
                continue
            found = "recorded" if known else "recorded as absent"
            yield self._reason(
                statement,
                Verdict.YES if known else Verdict.NO,
                f"{statement.says} Hypersensitivity to {name} is {found}.",
                **{f"hypersensitivity.{to}": "yes" if known else "no"},
            )

    # ---- shared

    def _reason(
        self,
        statement: Statement,
        verdict: Verdict,
        says: str,
        missing: str = "",
        **inputs: str | float,
    ) -> Reason:
        return Reason(
            verdict=verdict,
            says=says,
            source=statement.source,
            rule=f"label: {statement.topic}",
            missing=missing,
            inputs=inputs,
        )

    def _unread(self, topic: str, otherwise: str) -> Reason:
        gap, label = unread(self.label, topic), self.label
        whole = Source(
            document=label.document,
            section="",
            version=label.version,
            jurisdiction=label.jurisdiction,
        )
        return Reason(
            verdict=Verdict.NOT_READ,
            says=gap.says if gap else otherwise,
            source=gap.source if gap else whole,
            rule=f"label: {topic}",
        )
