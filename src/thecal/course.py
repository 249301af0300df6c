"""What happened to one person: the doses given, the values measured, the events noted.

A course holds facts, each with a time. What should happen is `thecal.regimen`; what it does
to the body is `thecal.model`. Times are days since the first dose, which is day 0; `Course`
is the only place where a day becomes a date.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from thecal.errors import CourseError


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One intrathecal bolus that was given, whole or in part."""

    time_d: int
    amount_mg: float
    route: str = "intrathecal"
    note: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not self.amount_mg > 0:
            raise CourseError(
                f"dose at day {self.time_d} has amount {self.amount_mg:g} mg; a given dose is "
                "above 0 mg. Leave a missed dose out of the course: the regimen finds it."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value measured, in the unit of its kind (`thecal.units`).

    is_below  the value is a limit of quantification: the truth lies below it
    method    the quantity's name for kind ``other``, else the assay or form, if recorded
    """

    time_d: float
    kind: str
    value: float
    unit: str
    is_below: bool = False
    method: str = ""
    note: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something noted by name, such as ``myelitis`` or ``failed_puncture``."""

    time_d: float
    name: str
    method: str = ""
    note: str = ""
    source: str = ""

    @property
    def words(self) -> str:
        """The name as it is read aloud: ``failed_puncture`` is "failed puncture"."""
        return self.name.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened to one person; doses, observations and events in order of time.

    Facts of one time have no order of their own: they are put in the order of their fields,
    so that equal facts make equal courses.

    start  calendar date of day 0; None where only days are known
    """

    patient_id: str
    start: dt.date | None
    doses: tuple[Dose, ...]
    observations: tuple[Observation, ...] = ()
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        for name in ("doses", "observations", "events"):
            facts = getattr(self, name)
            times_d = [fact.time_d for fact in facts]
            if times_d != sorted(times_d):
                raise CourseError("the facts of a course stand in order of time; sort them")
            object.__setattr__(self, name, tuple(sorted(facts, key=_fields)))
        days = [dose.time_d for dose in self.doses]
        if len(set(days)) < len(days):
            raise CourseError("two doses on one day; a dose in two parts is one dose")
        if days and days[0] != 0:
            raise CourseError(f"the first dose is on day {days[0]}; day 0 is the first dose")

    def date(self, time_d: float) -> dt.date | None:
        """Return the calendar date of a day, or None where the course has no dates."""
        return None if self.start is None else self.start + dt.timedelta(days=int(time_d // 1))

    def day(self, date: dt.date) -> int | None:
        """Return the day of a calendar date, or None where the course has no dates."""
        return None if self.start is None else (date - self.start).days

    @property
    def last_d(self) -> float:
        """Day of the last fact; 0 where there is none."""
        times_d: list[float] = [dose.time_d for dose in self.doses]
        times_d += [observation.time_d for observation in self.observations]
        times_d += [event.time_d for event in self.events]
        return max(times_d, default=0.0)

    def observed(self, kind: str) -> tuple[Observation, ...]:
        """Return the observations of one kind."""
        return tuple(o for o in self.observations if o.kind == kind)


def _fields(fact: Dose | Observation | Event) -> list[object]:
    return [getattr(fact, name) for name in fact.__slots__]
