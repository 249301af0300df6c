"""A label's dosing rules as data: phases, their intervals, and what they count from.

A `Regimen` is built from a `Label` (`from_label`) and holds no dates. Tofersen needs two
phases that both count from the last dose given. The other shape a medicine may need is here
too: intervals in calendar months, an original grid that a late dose does not move, and
ladders that a long gap climbs down to.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from thecal.errors import CatalogError, CourseError
from thecal.label.label import Label, Statement
from thecal.source import Source

PHASES = ("loading", "maintenance")  # of a regimen that a label states; a site's policy names them


@dataclass(frozen=True, slots=True)
class Interval:
    """A distance between doses: days, or calendar months (one of the two)."""

    days: int = 0
    months: int = 0

    def __post_init__(self) -> None:
        if (self.days > 0) == (self.months > 0):
            raise CatalogError(
                f"an interval of {self.days} days and {self.months} months; give one of the two, "
                "above 0"
            )

    def after(self, time_d: int, start: dt.date | None, times: int = 1) -> int:
        """Return the day `times` intervals after day `time_d` of a course begun on `start`.

        Months are counted on the calendar from the same day of the month, and end on the
        last day of a shorter month: 31 January, 28 February, 31 March.
        """
        if self.days:
            return time_d + times * self.days
        if start is None:
            raise CourseError(
                "an interval in calendar months needs dates: add a 'date' column to the course"
            )
        origin = start + dt.timedelta(days=time_d)
        return (add_months(origin, times * self.months) - start).days

    def __str__(self) -> str:
        count, unit = (self.days, "day") if self.days else (self.months, "calendar month")
        return f"{count} {unit}{'' if count == 1 else 's'}"


def add_months(date: dt.date, months: int) -> dt.date:
    """Return the same day of a later month, or that month's last day if it is shorter."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(date.day, last))


class Anchor(StrEnum):
    """What the next dose is counted from."""

    LAST_DOSE = "last_dose"  # a late dose moves every later one
    ORIGINAL_GRID = "original_grid"  # a late dose leaves later ones where they were


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence that decides a date, and where it stands."""

    says: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A run of doses with one interval before each of them.

    doses    how many doses; None for the last phase, which does not end
    apart    ORIGINAL_GRID only: no dose comes closer than this to the one before
    """

    name: str
    doses: int | None
    interval: Interval
    rule: Rule
    anchor: Anchor = Anchor.LAST_DOSE
    apart: Interval = field(default_factory=lambda: Interval(days=1))

    def __post_init__(self) -> None:
        if self.doses is not None and self.doses < 1:
            raise CatalogError(f"the {self.name} phase has {self.doses} doses; expected 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTier:
    """After a gap of `at_least`, `doses` doses come `interval` apart before going on."""

    at_least: Interval
    doses: int
    interval: Interval
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """How much and when, for one medicine under one version of one label.

    late_rules  by dose number: what the label says follows when that dose was late; the
                number 0 stands for every maintenance dose
    silences    by topic: the questions about dosing that the label leaves open
    """

    medicine: str
    amount_mg: float
    route: str
    phases: tuple[Phase, ...]
    source: Source
    gap_tiers: tuple[GapTier, ...] = ()
    late_rules: Mapping[int, Rule] = field(default_factory=dict)
    silences: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.phases or self.phases[-1].doses is not None:
            raise CatalogError("the last phase of a regimen has no end (doses: None)")
        if any(phase.doses is None for phase in self.phases[:-1]):
            raise CatalogError("only the last phase of a regimen may have no end")
        if not self.amount_mg > 0:
            raise CatalogError(f"a dose of {self.amount_mg:g} mg; expected above 0")

    @property
    def loading_doses(self) -> int:
        """Doses before the regimen becomes periodic."""
        return sum(phase.doses or 0 for phase in self.phases)

    @property
    def shortest_d(self) -> int:
        """The shortest interval of any phase in days; a month has at least 28."""
        return min(p.interval.days or 28 * p.interval.months for p in self.phases)

    def phase(self, number: int) -> Phase:
        """Return the phase that dose `number` (from 1) belongs to."""
        for phase in self.phases:
            if phase.doses is None or number <= phase.doses:
                return phase
            number -= phase.doses
        raise AssertionError("the last phase has no end")

    def late_rule(self, number: int) -> Rule | None:
        """Return what the label says follows when dose `number` was late, or None."""
        return self.late_rules.get(number if number <= self.loading_doses else 0)


def from_label(label: Label) -> Regimen:
    """Build the regimen a label states.

    Reads dosing.amount, dosing.route, dosing.loading, dosing.maintenance and missed_dose.*.
    A label whose missed-dose rules disagree with its intervals is refused: nobody here may
    choose between two sentences of a label.
    """
    loading, maintenance = label.the("dosing.loading"), label.the("dosing.maintenance")
    regimen = Regimen(
        medicine=label.medicine,
        amount_mg=label.the("dosing.amount").number("amount_mg"),
        route=label.the("dosing.route").words("route")[0],
        phases=(
            _phase(PHASES[0], loading, doses=loading.whole("doses")),
            _phase(PHASES[1], maintenance, doses=None),
        ),
        source=maintenance.source,
        late_rules={
            _late_number(statement): Rule(statement.says, statement.source)
            for statement in label.about("missed_dose")
        },
        silences={gap.topic: gap.says for gap in label.silences},
    )
    for statement in label.about("missed_dose"):
        number = _late_number(statement)
        if number > regimen.loading_doses:
            raise CatalogError(
                f"{statement.topic}: there are {regimen.loading_doses} loading doses"
            )
        after = regimen.phase(number + 1 if number else regimen.loading_doses + 1).interval
        if after.days != statement.number("next_interval_d"):
            raise CatalogError(
                f"{statement.topic} says {statement.number('next_interval_d'):g} days, "
                f"the interval that follows is {after}: the label contradicts itself"
            )
    return regimen


def _phase(name: str, statement: Statement, *, doses: int | None) -> Phase:
    return Phase(
        name=name,
        doses=doses,
        interval=Interval(days=statement.whole("interval_d")),
        rule=Rule(statement.says, statement.source),
    )


def _late_number(statement: Statement) -> int:
    """Read the dose number from a topic: ``missed_dose.loading_2`` is 2, maintenance is 0."""
    _, _, detail = statement.topic.partition(".")
    if detail == "maintenance":
        return 0
    number = detail.removeprefix("loading_")
    if not number.isdigit() or int(number) < 1:
        raise CatalogError(f"{statement.topic}: expected missed_dose.loading_<n> or .maintenance")
    return int(number)
