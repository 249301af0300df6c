"""What a payer asks before it pays: a file of criteria, held against one person's facts.

A payer's criteria are no label's, and change. Each is one fact and one condition; the file says
where it stands and what in it could not be confirmed. A clinic writes its own in the same form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from thecal.clinic.eligibility.patient import (
    CERTAINTIES,
    DISEASES,
    TEST_WORDS,
    TESTS,
    VENTILATIONS,
    YES_OR_NO,
    Measured,
    Patient,
)
from thecal.clinic.genetics.mutation import mutation_reason
from thecal.clinic.moment import Moment
from thecal.clinic.policy import (
    BASIS,
    HEAD,
    HEAD_OPTIONAL,
    Basis,
    Head,
    Told,
    read_basis,
    read_head,
    read_one,
    read_told,
)
from thecal.clinic.ruling import ALL_MET, Reason, Ruling, Verdict, ruling
from thecal.datafile import DataFile, Entry

Value: TypeAlias = float | str | None
VARIANT = "variant"
# Facts that a criterion may ask for: those that are numbers, with their unit, and those that are
# one of a few words.
NUMBERS: dict[str, str] = {
    "age_years": "years",
    "alsfrs_r": "points",
    "svc": "% of predicted",
    "ventilation_hours": "hours a day",
    **{name: quantity.unit for name, quantity in TESTS.items()},
}
CHOICES: dict[str, tuple[str, ...]] = {
    "diagnosis": DISEASES,
    "certainty": CERTAINTIES,
    "ventilation": VENTILATIONS,
    **dict.fromkeys(YES_OR_NO, ("yes", "no")),
}
DATED = ("alsfrs_r", "svc", "diagnosis", "certainty", *TESTS)
CONDITIONS = ("at_least", "at_most", "is", "is_not", "recorded")
FACT_WORDS: dict[str, str] = {
    "age_years": "the age on the day asked",
    "alsfrs_r": "ALSFRS-R",
    "svc": "slow vital capacity",
    "ventilation_hours": "hours of ventilation a day",
    "diagnosis": "the diagnosis",
    "certainty": "how sure the diagnosis is",
    "ventilation": "ventilation",
    **TEST_WORDS,
    **YES_OR_NO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that a payer asks.

    asks          in words
    fact          of the patient: VARIANT, or one of NUMBERS or CHOICES
    gene          of a VARIANT
    at_least, at_most  bounds of a number, both inclusive
    is_one_of, is_none_of  words that meet it, words that do not
    within_d      how old the fact may be; None where the payer does not say
    basis         where it stands
    """

    asks: str
    fact: str
    basis: Basis
    gene: str = ""
    at_least: float = -math.inf
    at_most: float = math.inf
    is_one_of: tuple[str, ...] = ()
    is_none_of: tuple[str, ...] = ()
    within_d: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerPolicy:
    """The criteria of one payer for one medicine; `refuses` where it pays in no case."""

    head: Head
    medicine: str
    criteria: tuple[Criterion, ...]
    terms: tuple[Told, ...]
    refuses: Told | None


def read_payer(path: Path) -> PayerPolicy:
    """Read a payer's criteria (YAML). Raises DataFileError with every fault and its line."""
    file = DataFile(path)
    root = file.read()
    top = root.fields([*HEAD, "medicine"], [*HEAD_OPTIONAL, "criteria", "terms", "refuses"])
    file.finish()
    head = read_head(top)
    if ("criteria" in top) is ("refuses" in top):
        root.fault("expected either 'criteria', or 'refuses' for a payer that never pays")
    rows = top["criteria"].items() if "criteria" in top else []
    if "criteria" in top and not rows:
        top["criteria"].fault("an empty list asks nothing; write what the payer asks")
    policy = PayerPolicy(
        head=head,
        medicine=top["medicine"].text(),
        criteria=tuple(c for row in rows if (c := _criterion(row, head)) is not None),
        terms=read_told(top.get("terms"), head),
        refuses=read_one(top["refuses"], head) if "refuses" in top else None,
    )
    file.finish()
    return policy


def _criterion(entry: Entry, head: Head) -> Criterion | None:
    fields = entry.fields(["asks", "fact", *BASIS], [*CONDITIONS, "gene", "within_d"])
    if not {"asks", "fact", *BASIS} <= set(fields):
        return None
    known = (VARIANT, *NUMBERS, *CHOICES)
    fact = fields["fact"].choice(known)
    allowed = {
        **dict.fromkeys(NUMBERS, ("at_least", "at_most", "recorded")),
        **dict.fromkeys(CHOICES, ("is", "is_not", "recorded")),
        VARIANT: (),
    }.get(fact, CONDITIONS)
    given = [name for name in CONDITIONS if name in fields]
    for name in given:
        if name not in allowed:
            expected = ", ".join(allowed) or "gene"
            fields[name].fault(f"not a condition of '{fact}'; expected {expected}")
    if fact in known and fact != VARIANT and not given:
        entry.fault(f"no condition; expected one of {', '.join(allowed)}")
    if (fact == VARIANT) is not ("gene" in fields):
        entry.fault(f"'gene' goes with 'fact: {VARIANT}', and only with it")
    if "recorded" in fields:
        fields["recorded"].choice(("yes",))
    if "within_d" in fields and fact not in DATED:
        fields["within_d"].fault(f"'{fact}' has no date; expected one of {', '.join(DATED)}")
    return Criterion(
        asks=fields["asks"].text(),
        fact=fact,
        gene=fields["gene"].text() if "gene" in fields else "",
        at_least=fields["at_least"].number() if "at_least" in fields else -math.inf,
        at_most=fields["at_most"].number() if "at_most" in fields else math.inf,
        is_one_of=_words(fields.get("is"), fact),
        is_none_of=_words(fields.get("is_not"), fact),
        within_d=fields["within_d"].integer(least=1) if "within_d" in fields else None,
        basis=read_basis(fields, head),
    )


def _words(entry: Entry | None, fact: str) -> tuple[str, ...]:
    if entry is None or fact not in CHOICES:
        return ()
    found = tuple(item.choice(CHOICES[fact]) for item in entry.items())
    if not found:
        entry.fault(f"expected a list of {', '.join(CHOICES[fact])}")
    return found


def by_payer(patient: Patient, policy: PayerPolicy, on: Moment | None, medicine: str) -> Ruling:
    """Hold one person's facts against a payer's criteria.

    medicine  the one asked about; criteria for another answer nothing
    """
    question = f"Meets the criteria of payer '{policy.head.name}'"
    if policy.medicine != medicine:
        other = f"the criteria are for {policy.medicine}, and {medicine} is asked about"
        reason = Reason(verdict=Verdict.NO, says=other, rule=f"{policy.head}")
        return Ruling(question=question, verdict=Verdict.NO, reasons=(reason,))
    if policy.refuses is not None:
        told = policy.refuses
        reasons = [
            Reason(
                verdict=Verdict.NO,
                says=told.says,
                source=told.basis.source,
                rule=f"{policy.head}",
                is_confirmed=told.basis.is_confirmed,
            )
        ]
    else:
        reasons = [_reason(patient, c, on, policy) for c in policy.criteria]
    return ruling(question, reasons, ALL_MET)


def _reason(
    patient: Patient, criterion: Criterion, on: Moment | None, policy: PayerPolicy
) -> Reason:
    rule, source = f"{policy.head}", criterion.basis.source
    if criterion.fact == VARIANT:
        found = mutation_reason(patient, criterion.gene, source, rule)
        return replace(found, is_confirmed=criterion.basis.is_confirmed)
    value, when = _fact(patient, criterion.fact, on)
    asked = f"{criterion.asks}; "
    missing, verdict = "", Verdict.MISSING
    name = FACT_WORDS[criterion.fact]
    age_d = None if when is None or on is None else (on.day - when.day).days
    if value is None:
        says, missing = f"{asked}not recorded", name
    elif criterion.within_d is not None and age_d is None:
        says = f"{asked}{_shown(criterion.fact, value)} without a date, or no day was asked about"
        missing = f"the date of {name}"
    elif criterion.within_d is not None and age_d is not None and age_d > criterion.within_d:
        says = (
            f"{asked}{_shown(criterion.fact, value)} is {age_d} days old, and {criterion.within_d} "
            "are allowed"
        )
        missing = f"{name}, not older than {criterion.within_d} days"
    else:
        verdict = Verdict.YES if _is_met(criterion, value) else Verdict.NO
        says = f"{asked}{_shown(criterion.fact, value)}{f' on {when}' if when else ''}"
    return Reason(
        verdict=verdict,
        says=says,
        source=source,
        rule=rule,
        is_confirmed=criterion.basis.is_confirmed,
        missing=missing,
        inputs={} if value is None else {criterion.fact: value},
    )


def _is_met(criterion: Criterion, value: float | str) -> bool:
    if isinstance(value, str):
        is_named = not criterion.is_one_of or value in criterion.is_one_of
        return is_named and value not in criterion.is_none_of
    return criterion.at_least <= value <= criterion.at_most


def _fact(patient: Patient, fact: str, on: Moment | None) -> tuple[Value, Moment | None]:
    """Return a fact and its date; what is dated after the day asked is not known on it."""
    if fact in YES_OR_NO:
        known = patient.is_so.get(fact)
        return (None if known is None else "yes" if known else "no"), None
    if fact in TESTS:
        lab = patient.lab(fact, on)
        return (lab.value, lab.on) if lab else (None, None)
    if fact in ("alsfrs_r", "svc"):
        return _measured(patient.alsfrs_r if fact == "alsfrs_r" else patient.svc, on)
    diagnosis, ventilation = patient.diagnosis, patient.ventilation
    since = diagnosis.on if diagnosis else None
    held: Mapping[str, tuple[Value, Moment | None]] = {
        "age_years": (patient.age(on), None),
        "diagnosis": (diagnosis.disease if diagnosis else None, since),
        "certainty": (diagnosis.certainty if diagnosis else None, since),
        "ventilation": (ventilation.kind if ventilation else None, None),
        "ventilation_hours": (ventilation.hours_per_day if ventilation else None, None),
    }
    return held[fact]


def _measured(measured: Measured | None, on: Moment | None) -> tuple[Value, Moment | None]:
    if measured is None:
        return None, None
    if measured.on is not None and on is not None and measured.on.is_after(on):
        return None, None
    return measured.value, measured.on


def _shown(fact: str, value: float | str) -> str:
    if isinstance(value, str):
        return f"recorded: {value.replace('_', ' ')}"
    unit = NUMBERS[fact]
    return f"recorded: {value:g}{'' if unit == '1' else ' ' + unit}"
