"""A label's dosing rules as data: phases, their intervals, and what they count from.

A `Regimen` is built from a `Label` (`from_label`) and holds no dates. Everything that differs
between medicines is in the label file: how many loading doses and how far apart, whether a
late maintenance dose moves the later ones or leaves them on their original grid, intervals in
days or in calendar months, and what a long gap asks for. docs/schedules.md says it in words.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, pairwise

from thecal.errors import CatalogError, CourseError, counted
from thecal.label.label import Label, Statement, covers
from thecal.source import Source

PHASES = ("loading", "maintenance")  # of a regimen that a label states; a site's policy names them
NEEDED = ("dosing.amount", "dosing.route", "dosing.loading", "dosing.maintenance")
ASAP = "as soon as possible"  # the one thing to do with a missed dose that thecal can date


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

    def passed(self, time_d: int, start: dt.date | None, day: int) -> int:
        """Count the whole intervals from day `time_d` to `day`, 0 if `day` is earlier."""
        if self.days:
            return max(0, (day - time_d) // self.days)
        # No month is longer than 31 days, so that many have passed at least.
        times = max(0, (day - time_d) // (31 * self.months))
        while self.after(time_d, start, times + 1) <= day:
            times += 1
        return times

    @property
    def shortest_d(self) -> int:
        """The fewest days it can be: a month has at least 28."""
        return self.days or 28 * self.months

    @property
    def longest_d(self) -> int:
        """The most days it can be: a month has at most 31."""
        return self.days or 31 * self.months

    def __str__(self) -> str:
        if self.days:
            return counted(self.days, "day")
        return counted(self.months, "calendar month")


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

    doses             how many doses; None for the last phase, which does not end
    amount_mg         of each dose, where it is not the regimen's
    anchor_is_stated  False where the label does not say what a late dose does to the later
                      ones; they are then counted from it, and the question is shown
    apart_d           ORIGINAL_GRID only: no dose comes closer than this to the one before
    """

    name: str
    doses: int | None
    interval: Interval
    rule: Rule
    amount_mg: float | None = None
    anchor: Anchor = Anchor.LAST_DOSE
    anchor_is_stated: bool = True
    apart_d: int = 1

    def __post_init__(self) -> None:
        if self.doses is not None and self.doses < 1:
            raise CatalogError(f"the {self.name} phase has {self.doses} doses; expected 1 or more")
        if self.apart_d < 1:
            raise CatalogError(f"doses kept {self.apart_d} days apart; expected 1 or more")
        _check_amount(self.amount_mg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Additional doses after a late one, with `interval` before each of them."""

    doses: int
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTier:
    """What a maintenance dose starts that comes at least `at_least` after the one before.

    below   gaps from here on are another tier's; None where there is no further one
    ladder  the additional doses before maintenance goes on; None where loading begins anew
    """

    at_least: Interval
    below: Interval | None
    ladder: Ladder | None
    rule: Rule

    def holds(self, after_d: int, day: int, start: dt.date | None) -> bool:
        """Tell whether the gap from a dose on day `after_d` to `day` is one of this tier."""
        if day < self.at_least.after(after_d, start):
            return False
        return self.below is None or day < self.below.after(after_d, start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """How much and when, for one medicine under one version of one label.

    amount_mg   of each dose, where its phase names no other
    gap_tiers   for maintenance doses, in the order of their gaps
    late_until  the gap from which the rule for a late maintenance dose no longer speaks; None
                where the label sets no end to it
    late_rules  by dose number: what the label says follows when that dose was late; the
                number 0 stands for every maintenance dose
    silences    by topic: the questions about dosing that the label leaves open
    not_read    by topic: what nobody here has read of the label
    """

    medicine: str
    amount_mg: float
    route: str
    phases: tuple[Phase, ...]
    source: Source
    gap_tiers: tuple[GapTier, ...] = ()
    late_until: Interval | None = None
    late_rules: Mapping[int, Rule] = field(default_factory=dict)
    silences: Mapping[str, str] = field(default_factory=dict)
    not_read: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.phases or self.phases[-1].doses is not None:
            raise CatalogError("the last phase of a regimen has no end (doses: None)")
        if any(phase.doses is None for phase in self.phases[:-1]):
            raise CatalogError("only the last phase of a regimen may have no end")
        _check_amount(self.amount_mg)

    @property
    def loading_doses(self) -> int:
        """Doses before the regimen becomes periodic."""
        return sum(phase.doses or 0 for phase in self.phases)

    @property
    def shortest_d(self) -> int:
        """The shortest interval of any phase in days; a month has at least 28."""
        return min(phase.interval.shortest_d for phase in self.phases)

    @property
    def keeps_grid(self) -> bool:
        """Whether a late maintenance dose leaves the later ones where they were."""
        return self.phases[-1].anchor is Anchor.ORIGINAL_GRID

    def phase(self, number: int) -> Phase:
        """Return the phase that dose `number` (from 1) belongs to."""
        for phase in self.phases:
            if phase.doses is None or number <= phase.doses:
                return phase
            number -= phase.doses
        raise AssertionError("the last phase has no end")

    def amount_in(self, phase: Phase) -> float:
        """Return the amount of a dose of a phase, in mg."""
        return self.amount_mg if phase.amount_mg is None else phase.amount_mg

    def late_rule(self, number: int) -> Rule | None:
        """Return what the label says follows when dose `number` was late, or None."""
        return self.late_rules.get(number if number <= self.loading_doses else 0)

    def tier(self, after_d: int, day: int, start: dt.date | None) -> GapTier | None:
        """Return the tier of a gap before a maintenance dose, or None."""
        return next((t for t in self.gap_tiers if t.holds(after_d, day, start)), None)


def _check_amount(amount_mg: float | None) -> None:
    if amount_mg is not None and not amount_mg > 0:
        raise CatalogError(f"a dose of {amount_mg:g} mg; expected above 0")


def from_label(label: Label) -> Regimen:
    """Build the regimen a label states.

    Reads dosing.amount, dosing.route, dosing.loading, dosing.maintenance and missed_dose.*. A
    label that states no loading says so under 'silent'. A label whose sentences disagree is
    refused: nobody here may choose between two of them. So is one of which dosing was not read,
    with all that is missing.
    """
    _check_read(label)
    maintenance, late = label.the("dosing.maintenance"), _late_maintenance(label)
    loading = _loading(label) if label.about("dosing.loading") else ()
    last = _maintenance(maintenance, late)
    tiers = _tiers(label, last.interval)
    amount = label.the("dosing.amount") if label.about("dosing.amount") else maintenance
    regimen = Regimen(
        medicine=label.medicine,
        amount_mg=amount.number("amount_mg"),
        route=label.the("dosing.route").words("route")[0],
        phases=(*loading, last),
        source=maintenance.source,
        gap_tiers=tiers,
        late_until=_late_until(late, tiers),
        late_rules=_late_rules(label, sum(phase.doses or 0 for phase in loading)),
        silences={gap.topic: gap.says for gap in label.silences},
        not_read={gap.topic: gap.says for gap in label.not_read},
    )
    _check_late(label, regimen)
    return regimen


def _check_read(label: Label) -> None:
    """Refuse a label without the statements a regimen needs, naming all of them at once."""
    missing = [
        topic
        for topic in NEEDED
        if not label.about(topic) and (topic != "dosing.loading" or not label.silence(topic))
    ]
    phased = [s for name in PHASES for s in label.about(f"dosing.{name}")]
    if phased and all("amount_mg" in statement.values for statement in phased):
        missing = [topic for topic in missing if topic != "dosing.amount"]
    if not missing:
        return
    gaps = [g for g in label.not_read if any(covers(g.topic, topic) for topic in missing)]
    why = " ".join(dict.fromkeys(gap.says for gap in gaps))
    edition = f" ({label.edition})" if label.edition else ""
    raise CatalogError(
        f"the {label.jurisdiction} label of {label.medicine}{edition} holds no statement on "
        f"{', '.join(missing)}{f': {why}' if why else ''}"
    )


def _contradicts(topic: str, words: str) -> CatalogError:
    return CatalogError(f"{topic} {words}: the label contradicts itself")


def _interval(statement: Statement) -> Interval:
    """Read an interval in days or in calendar months."""
    if "interval_months" not in statement.values:
        return Interval(days=statement.whole("interval_d"))
    if "interval_d" in statement.values:
        raise _contradicts(statement.topic, "counts in days and in calendar months")
    return Interval(months=statement.whole("interval_months"))


def _amount(statement: Statement) -> float | None:
    return statement.number("amount_mg") if "amount_mg" in statement.values else None


def _loading(label: Label) -> tuple[Phase, ...]:
    """Build a phase for each run of equal intervals: days 0, 14, 28, 58 are two runs."""
    statement = label.the("dosing.loading")
    doses = statement.whole("doses")
    if doses < 1:
        raise CatalogError(f"{statement.topic}: {doses} doses; expected 1 or more")
    rule = Rule(statement.says, statement.source)
    intervals = _intervals(statement, doses)
    phases: list[Phase] = []
    for interval, run in groupby(intervals):
        count = len(list(run)) + (1 if not phases else 0)  # the first dose has none before it
        phases.append(
            Phase(
                name=PHASES[0],
                doses=min(count, doses),
                interval=interval,
                rule=rule,
                amount_mg=_amount(statement),
            )
        )
    return tuple(phases)


def _intervals(statement: Statement, doses: int) -> list[Interval]:
    """Return the interval before each loading dose but the first; one for a single dose.

    The days stand above the interval: it cannot tell a fourth dose that comes later.
    """
    days = statement.words("days")
    if not days:
        return [_interval(statement)] * max(1, doses - 1)
    if not all(day.isdecimal() for day in days):
        raise CatalogError(f"{statement.topic}: days {', '.join(days)}; expected whole numbers")
    counted_d = [int(day) for day in days]
    if counted_d[0] != 0 or counted_d != sorted(set(counted_d)):
        raise CatalogError(
            f"{statement.topic}: days {', '.join(days)}; expected days that rise from 0, the day "
            "of the first dose"
        )
    if len(days) != doses:
        raise _contradicts(statement.topic, f"says {doses} doses and names {len(days)} days")
    found = [Interval(days=b - a) for a, b in pairwise(counted_d)]
    if "interval_d" in statement.values or "interval_months" in statement.values:
        stated = _interval(statement)
        if found and stated != found[0]:
            raise _contradicts(statement.topic, f"says {stated} and the days begin with {found[0]}")
        return found or [stated]
    if not found:
        raise CatalogError(f"{statement.topic}: one dose; expected an interval or a second day")
    return found


def _late_maintenance(label: Label) -> Statement | None:
    return label.the(topic) if label.about(topic := "missed_dose.maintenance") else None


def _maintenance(statement: Statement, late: Statement | None) -> Phase:
    """Build the last phase; what it counts from may stand with the dose, or with a missed one."""
    anchored = _holder("anchor", statement, late)
    anchor = Anchor(anchored.words("anchor")[0]) if anchored else Anchor.LAST_DOSE
    counts_on = late is not None and "next_interval_d" in late.values
    if counts_on and anchor is Anchor.ORIGINAL_GRID:
        raise _contradicts(
            statement.topic,
            "keeps the original grid, missed_dose.maintenance counts from the late dose",
        )
    apart = _holder("apart_d", statement, late)
    return Phase(
        name=PHASES[1],
        doses=None,
        interval=_interval(statement),
        rule=Rule(statement.says, statement.source),
        amount_mg=_amount(statement),
        anchor=anchor,
        anchor_is_stated=anchored is not None or counts_on or late is None,
        apart_d=apart.whole("apart_d") if apart else 1,
    )


def _holder(name: str, statement: Statement, late: Statement | None) -> Statement | None:
    """Return which of two statements holds a value, or None; two must hold the same."""
    held = [s for s in (statement, late) if s is not None and name in s.values]
    if len({s.values[name] for s in held}) > 1:
        first, second = (str(s.values[name]) for s in held)
        raise _contradicts(
            statement.topic, f"has {name} {first}, missed_dose.maintenance has {second}"
        )
    return held[0] if held else None


def _tiers(label: Label, interval: Interval) -> tuple[GapTier, ...]:
    """Build the tiers of gaps before a maintenance dose; `interval` is between those doses."""
    tiers = sorted(
        (_tier(statement, interval) for statement in label.about("missed_dose.gap")),
        key=lambda tier: tier.at_least.months,
    )
    for tier, following in pairwise(tiers):
        if tier.below is None or tier.below.months > following.at_least.months:
            raise _contradicts(
                "missed_dose.gap", f"has two rules for a gap of {following.at_least}"
            )
    if tiers and tiers[0].at_least.shortest_d <= interval.longest_d:
        raise _contradicts(
            "missed_dose.gap",
            f"speaks of gaps from {tiers[0].at_least}, and doses are {interval} apart",
        )
    return tuple(tiers)


def _tier(statement: Statement, interval: Interval) -> GapTier:
    _check_given(statement)
    at_least = Interval(months=statement.whole("from_months"))
    below = (
        Interval(months=statement.whole("to_months")) if "to_months" in statement.values else None
    )
    if below is not None and below.months <= at_least.months:
        raise _contradicts(statement.topic, f"speaks of gaps from {at_least} to less than {below}")
    ladder = None
    if not statement.words("restart"):
        _check_interval(statement, interval)
        doses = statement.whole("extra_doses")
        if doses < 0:
            raise CatalogError(f"{statement.topic}: {doses} extra doses; expected 0 or more")
        apart = Interval(days=statement.whole("extra_interval_d")) if doses else interval
        ladder = Ladder(doses=doses, interval=apart)
    rule = Rule(statement.says, statement.source)
    return GapTier(at_least=at_least, below=below, ladder=ladder, rule=rule)


def _late_until(late: Statement | None, tiers: tuple[GapTier, ...]) -> Interval | None:
    """Return the gap at which the rule for a late maintenance dose ends."""
    first = tiers[0].at_least if tiers else None
    if late is None or "to_months" not in late.values:
        return first
    until = Interval(months=late.whole("to_months"))
    if first is not None and until.months > first.months:
        raise _contradicts(
            late.topic, f"speaks of gaps of less than {until}, missed_dose.gap of {first} or more"
        )
    return until


def _late_rules(label: Label, loading_doses: int) -> dict[int, Rule]:
    """Return what the label says of a late dose, by its number; 0 is every maintenance dose."""
    rules: dict[int, Rule] = {}
    for statement in sorted(label.about("missed_dose"), key=lambda s: s.topic):
        rule = Rule(statement.says, statement.source)
        for number in _late_numbers(statement, loading_doses):
            rules[number] = rule  # of one loading dose comes after, and stands above, of any
    return rules


def _late_numbers(statement: Statement, loading_doses: int) -> Iterator[int]:
    """Yield the doses a statement speaks of: ``missed_dose.loading_2`` is 2, maintenance is 0."""
    _, _, detail = statement.topic.partition(".")
    number = detail.removeprefix("loading_")
    if detail == "gap":
        return
    if detail == "maintenance":
        yield 0
    elif detail == "loading":
        yield from range(2, loading_doses + 1)
    elif not number.isdecimal() or int(number) < 1:
        raise CatalogError(
            f"{statement.topic}: expected missed_dose.loading, .loading_<n>, .maintenance or .gap"
        )
    elif int(number) > loading_doses:
        raise CatalogError(f"{statement.topic}: there are {loading_doses} loading doses")
    else:
        yield int(number)


def _check_late(label: Label, regimen: Regimen) -> None:
    """Refuse rules for a late dose that disagree with the intervals, or that cannot be dated."""
    loading_doses = regimen.loading_doses
    for statement in label.about("missed_dose"):
        _check_given(statement)
        for number in _late_numbers(statement, loading_doses):
            after = regimen.phase(number + 1 if number else loading_doses + 1).interval
            if number == 0:
                _check_interval(statement, after)
            if "next_interval_d" not in statement.values:
                continue
            if after.days != statement.number("next_interval_d"):
                raise _contradicts(
                    statement.topic,
                    f"says {statement.number('next_interval_d'):g} days, the interval that "
                    f"follows is {after}",
                )
        shortest = min((p.interval.shortest_d for p in regimen.phases[:-1]), default=None)
        if statement.topic == "missed_dose.loading" and "apart_d" in statement.values and shortest:
            if statement.number("apart_d") > shortest:
                raise _contradicts(
                    statement.topic,
                    f"keeps doses {statement.number('apart_d'):g} days apart, the loading interval "
                    f"is {shortest} days",
                )


def _check_interval(statement: Statement, interval: Interval) -> None:
    """Refuse a rule for a late dose that goes on at another interval than the doses do."""
    if not {"interval_d", "interval_months"} & set(statement.values):
        return
    stated = _interval(statement)
    if stated != interval:
        raise _contradicts(
            statement.topic, f"goes on every {stated}, dosing.maintenance every {interval}"
        )


def _check_given(statement: Statement) -> None:
    for give in statement.words("give"):
        if give != ASAP:
            raise CatalogError(
                f"{statement.topic}: '{give}'; a date can only be counted where the label gives "
                f"a missed dose {ASAP}"
            )
