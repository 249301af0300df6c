"""One administration as it happened: who did what when, what was skipped and why.

A `Visit` is a list of records, one for each step done or skipped. It is never changed: `do`
gives a new visit, or a `Refusal` that says why the step cannot be recorded so. Order is enforced
only where safety hangs on it. What a finished record means is `thecal.clinic.visit.review`;
the steps themselves are `thecal.clinic.visit.steps`.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from thecal.clinic.visit.steps import Checklist, Step
from thecal.clinic.visit.values import MOST_TEXT, VALUES, Value, fault
from thecal.errors import VisitError, guarded
from thecal.regimen.schedule import ROUNDING
from thecal.units import iso_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One step, done or skipped, at a time, by a person.

    step     key of the step
    at       when, with its zone
    by       who, as initials or an id; never shown in a message
    second   who signed beside, where the step asks for a second person
    skipped  the reason, where it was skipped; empty where it was done
    values   what was written down, by name
    """

    step: str
    at: dt.datetime
    by: str
    second: str = ""
    skipped: str = ""
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise VisitError(
                f"{self.step}: the time has no zone; write it as 2025-06-16T10:05+02:00"
            )
        for name in ("by", "second", "skipped"):
            if len(getattr(self, name)) > MOST_TEXT:
                raise VisitError(f"{self.step}: '{name}' is longer than {MOST_TEXT} characters")
        if not self.by.strip():
            raise VisitError(f"{self.step}: 'by' is empty; write who did it or skipped it")
        if self.skipped and self.values:
            raise VisitError(f"{self.step}: a skipped step has no values; remove one of the two")

    def number(self, name: str) -> float | None:
        """Return a value that is a number; None where it was not written down."""
        value = self.values.get(name)
        return value if isinstance(value, float) else None

    def word(self, name: str) -> str:
        """Return a value that is a word, a date or text; empty where it was not written down."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What was recorded at one visit of one person, in the order it was written down.

    on       the day of the visit, where it was
    edition  of the label it was made under; empty where that label has none
    policy   name and version of the policy whose steps these are
    """

    patient_id: str
    on: dt.date
    medicine: str
    jurisdiction: str
    edition: str
    policy: str
    records: tuple[Record, ...] = ()

    def __post_init__(self) -> None:
        keys = [record.step for record in self.records]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise VisitError(f"recorded twice: {', '.join(twice)}; a step stands once in a visit")

    def record(self, step: str) -> Record | None:
        """Return the record of a step, or None."""
        return next((record for record in self.records if record.step == step), None)

    def done(self, step: str) -> Record | None:
        """Return the record of a step that was done, None where it was skipped or is missing."""
        record = self.record(step)
        return None if record is None or record.skipped else record


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record cannot stand: a stable code, and words for the person who writes it."""

    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A step that was not recorded, and every reason for it."""

    step: str
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        return f"{self.step} is not recorded: " + "; ".join(r.words for r in self.reasons)


def begin(checklist: Checklist, patient_id: str, on: dt.date) -> Visit:
    """Open a visit of one person on one day, with nothing recorded."""
    label = checklist.label
    return Visit(
        patient_id=patient_id,
        on=on,
        medicine=label.medicine,
        jurisdiction=label.jurisdiction,
        edition=label.edition,
        policy=policy_name(checklist),
    )


def policy_name(checklist: Checklist) -> str:
    """Name the policy of a checklist as a visit keeps it."""
    return f"{checklist.policy.name} {checklist.policy.version}"


def do(visit: Visit, step: Step, record: Record, *, now: dt.datetime) -> Visit | Refusal:
    """Record a step, or say why it cannot be recorded so.

    now  the time on the clock, with its zone: nothing may be dated after it
    """
    reasons = []
    if record.step != step.key:
        reasons.append(Reason("step", f"the record is of '{record.step}'"))
    if visit.record(step.key) is not None:
        reasons.append(Reason("twice", "it is recorded; a correction is a version of the record"))
    reasons += objections(visit, step, record, now=now)
    if reasons:
        return Refusal(step=step.key, reasons=tuple(reasons))
    return replace(visit, records=(*visit.records, record))


def objections(
    visit: Visit, step: Step, record: Record, *, now: dt.datetime | None
) -> tuple[Reason, ...]:
    """Return everything that speaks against a record, beside the others of its visit.

    now  None where nobody asks whether it lies in the future
    """
    found = [*_values(step, record), *_signed(step, record), *_ordered(visit, step, record)]
    if now is not None and record.at > now:
        found.append(Reason("future", "its time lies in the future"))
    if step.same_day and record.at.date() != visit.on:
        found.append(Reason("day", f"it is not dated on the day of the visit, {visit.on}"))
    return tuple(found)


def _values(step: Step, record: Record) -> Iterator[Reason]:
    for name, value in record.values.items():
        if name not in step.asks:
            yield Reason("value", f"'{name}' is not written down with this step")
        elif wrong := fault(name, value, step.choices):
            yield Reason("value", wrong)
    if record.skipped:
        return
    for name, expected in step.expects.items():
        found = record.values.get(name)
        label = f"{expected:g}" if isinstance(expected, float) else expected
        if found is None:
            yield Reason("expects", f"'{name}' is not written down; the label has {label}")
        elif isinstance(expected, float) and isinstance(found, float):
            if not math.isclose(found, expected, rel_tol=ROUNDING):
                yield Reason("expects", f"'{name}' is {found:g}; the label has {label}")
        elif name == "route" and found != expected:
            yield Reason(
                "route",
                f"the route is written {guarded(str(found))}; the label has {label}, written in "
                "full and in capitals, for a short form can be read as another route",
            )
        elif str(found).casefold() != label.casefold():
            yield Reason("expects", f"'{name}' is not {label}")


def _signed(step: Step, record: Record) -> Iterator[Reason]:
    if record.skipped:
        if not step.may_skip:
            yield Reason("skipped", "this step may not be skipped")
        return
    if step.second and not record.second.strip():
        yield Reason("unsigned", "a second person has to sign it")
    elif record.second and _same_person(record.by, record.second):
        yield Reason("unsigned", "both signatures are of one person; the second is another")


def _same_person(first: str, second: str) -> bool:
    """Tell whether two signatures are written alike: "D. 1" is D1, and É is E."""
    return _plain(first) == _plain(second)


def _plain(signature: str) -> str:
    """Leave of a signature its letters and digits; all of it, where it has neither."""
    letters = unicodedata.normalize("NFKD", signature).casefold()
    return "".join(c for c in letters if c.isalnum()) or "".join(letters.split())


def _ordered(visit: Visit, step: Step, record: Record) -> Iterator[Reason]:
    """Yield which of the steps before it is missing, is dated later, or says no."""
    if record.skipped:
        return
    for key in step.after:
        before = visit.record(key)
        if before is None:
            yield Reason("order", f"'{key}' comes first and is not recorded")
            continue
        if before.at > record.at:
            yield Reason("order", f"'{key}' comes first and is dated later")
        for name, words in stops(before, visit.on):
            yield Reason("stopped", f"'{key}' says no: {name} is {words}")


def stops(record: Record, on: dt.date) -> Iterator[tuple[str, str]]:
    """Return the values with which a record says no, by name: heat used, a vial in quarantine."""
    for name, value in record.values.items():
        kind = VALUES.get(name)
        if kind is not None and isinstance(value, str) and value in kind.stops:
            yield name, value.replace("_", " ")
    expiry = record.word("expiry")
    if expiry and not fault("expiry", expiry) and iso_date(expiry) < on:
        yield "expiry", "past"
