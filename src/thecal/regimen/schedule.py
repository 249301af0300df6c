"""What is due when, by which rule of the label, and how late it is.

The schedule is a fold over the doses *actually given*, never over a planned grid: what was
not given does not count, and a missed dose needs no case of its own.

    next_due(history) = last given + 14 d while fewer than 3 are given, + 28 d from then on

is what it comes to for tofersen (US PI 2.1, EU SmPC 4.2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from thecal.course import Course, Dose, Event
from thecal.errors import CourseError, counted
from thecal.regimen.regimen import Anchor, GapTier, Interval, Phase, Regimen, Rule
from thecal.regimen.window import WindowPolicy

# Event names of a course file that say a dose was attempted or planned and not given.
NOT_GIVEN = frozenset({"failed_puncture", "dose_not_given", "dose_missed", "procedure_aborted"})
# Event names that say how treatment stands; a dose after a hold or a stop means it went on.
STATES = {
    f"{of}{word}": state
    for of in ("treatment_", "tofersen_", "")
    for word, state in {
        "held": "held",
        "interrupted": "held",
        "paused": "held",
        "stopped": "stopped",
        "discontinued": "stopped",
        "resumed": "ongoing",
    }.items()
} | dict.fromkeys(("death", "died", "deceased"), "ended")

# The label's missed-dose rules speak of *a* missed dose; from two in a row on it is silent.
LONG_GAP = 2
# 15 mL of a vial printed as 6.7 mg/mL is 100.5 mg: amounts within 1 % are the label's amount.
ROUNDING = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A question the label leaves open here, with what plain arithmetic gives.

    topic       where the label file records the silence, e.g. ``dosing.gap``
    says        what the label is silent about
    is_read     False where nobody has read whether the label speaks of it
    here        what in this course raises the question
    arithmetic  what the label's ordinary rule would give, which is not a recommendation
    """

    topic: str
    says: str
    is_read: bool
    here: str
    arithmetic: str

    @property
    def standing(self) -> str:
        """Say how the label stands to the question, before `says`."""
        return "Label silent" if self.is_read else "Label not read on this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One dose to come: four dates (earliest, due, overdue, latest) and the rule behind them.

    due_d        day it falls due
    earliest_d, overdue_d, latest_d   from the site's window policy; None without one
    interval     the label's interval, counted from dose `after_number` on day `after_d`
    grid_from    the dose whose day the interval repeats from instead, on an original grid
    """

    number: int
    phase: str
    due_d: int
    interval: Interval | None
    after_number: int
    after_d: int | None
    rule: Rule
    policy: str | None = None
    earliest_d: int | None = None
    overdue_d: int | None = None
    latest_d: int | None = None
    grid_from: int | None = None

    @property
    def reason(self) -> str:
        """The rule in words, with the inputs it was applied to."""
        if self.interval is None:
            return "the first dose starts the course: its day is day 0"
        if self.grid_from is not None:
            return (
                f"the original grid, every {self.interval} from dose {self.grid_from}, after the "
                f"last dose given (dose {self.after_number}, day {self.after_d})"
            )
        return (
            f"{self.interval} after the last dose given (dose {self.after_number}, "
            f"day {self.after_d})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A dose that was given, seen against the label.

    interval_d   days since the dose before; None for the first
    late_d       days after it was due, negative if early; None for the first
    missed       whole intervals that passed without a dose before this one
    label_rule   what the label says follows a late dose at this place, if it was late
    label_silent what the label leaves open about it
    """

    number: int
    phase: str
    dose: Dose
    interval_d: int | None
    late_d: int | None
    missed: int
    label_rule: Rule | None
    label_silent: tuple[Open, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A course against a regimen: doses given, the next slot, and what is open about it.

    treatment     "not started", "ongoing", "held", "stopped" or "ended", as recorded
    not_given     attempts and planned doses that do not count
    label_silent  questions that bear on the next dose
    on_d          the day the question was asked; None if none was named
    """

    regimen: Regimen
    given: tuple[Given, ...]
    next: Slot
    treatment: str
    treatment_since_d: float | None
    not_given: tuple[Event, ...]
    label_silent: tuple[Open, ...]
    on_d: int | None = None

    @property
    def days_to_due(self) -> int | None:
        """Days from the day asked to the due day, negative when overdue; None if not asked."""
        if self.on_d is None or not self.given or self.treatment == "ended":
            return None
        return self.next.due_d - self.on_d

    @property
    def is_overdue(self) -> bool:
        """Whether the next dose is overdue on the day asked: past due, or as the site says."""
        if self.days_to_due is None or self.on_d is None or not self.is_planned:
            return False
        from_d = self.next.due_d + 1 if self.next.overdue_d is None else self.next.overdue_d
        return self.on_d >= max(from_d, self.next.due_d + 1)

    @property
    def is_planned(self) -> bool:
        """Whether a next dose is to be expected: treatment is not held, stopped or ended."""
        return self.treatment in ("not started", "ongoing")


def next_slot(regimen: Regimen, given_d: Sequence[int], start: dt.date | None = None) -> Slot:
    """Find the next dose from the days of the doses given (in order, day 0 first)."""
    number = len(given_d) + 1
    phase = regimen.phase(number)
    if not given_d:
        return Slot(
            number=1,
            phase=phase.name,
            due_d=0,
            interval=None,
            after_number=0,
            after_d=None,
            rule=phase.rule,
        )
    last_d, interval, rule = given_d[-1], phase.interval, phase.rule
    resumed, tier = _last_long_gap(regimen, given_d, start)
    grid_from = None
    if tier and len(given_d) < resumed + tier.doses:
        interval, rule = tier.interval, tier.rule
        due_d = interval.after(last_d, start)
    elif phase.anchor is Anchor.ORIGINAL_GRID:
        settled = max(regimen.loading_doses, resumed + tier.doses if tier else 0)
        grid_from = max(settled, 1)
        due_d = _on_grid(phase, given_d[grid_from - 1 :], start)
    else:
        due_d = interval.after(last_d, start)
    return Slot(
        number=number,
        phase=phase.name,
        due_d=due_d,
        interval=interval,
        after_number=len(given_d),
        after_d=last_d,
        rule=rule,
        grid_from=grid_from,
    )


def _on_grid(phase: Phase, given_d: Sequence[int], start: dt.date | None) -> int:
    """Return the point of the grid that is next, counted from the first of these doses.

    Each dose takes the point it was due on, early or late; a point closer than `apart` to the
    dose before it is passed over.
    """
    times, due_d = 0, given_d[0]
    for day in given_d:
        times += 1
        closest_d = phase.apart.after(day, start)
        while (due_d := phase.interval.after(given_d[0], start, times)) < closest_d:
            times += 1
    return due_d


def _last_long_gap(
    regimen: Regimen, given_d: Sequence[int], start: dt.date | None
) -> tuple[int, GapTier | None]:
    """Return the index of the dose that ended the last long gap, and the gap's tier."""
    if not regimen.gap_tiers:
        return 0, None
    for i in range(len(given_d) - 1, 0, -1):
        reached = [
            tier
            for tier in regimen.gap_tiers
            if tier.at_least.after(given_d[i - 1], start) <= given_d[i]
        ]
        if reached:
            return i, max(reached, key=lambda tier: tier.at_least.after(given_d[i - 1], start))
    return 0, None


def slots_ahead(
    regimen: Regimen, given_d: Sequence[int], count: int, start: dt.date | None = None
) -> list[Slot]:
    """Return the next `count` slots, each counted as if the ones before were given when due."""
    days, slots = list(given_d), []
    for _ in range(count):
        slot = next_slot(regimen, days, start)
        slots.append(slot)
        days.append(slot.due_d)
    return slots


def with_window(slot: Slot, policy: WindowPolicy | None) -> Slot:
    """Add the site's tolerance to a slot; the first dose of a course has none."""
    if policy is None or slot.after_d is None:
        return slot
    tolerance = policy.phases[slot.phase]
    if slot.due_d - tolerance.early_d <= slot.after_d:
        raise CourseError(
            f"window policy '{policy.name}': early_d {tolerance.early_d} of {slot.phase} reaches "
            f"back to the dose before; the interval is {slot.due_d - slot.after_d} days"
        )
    return replace(
        slot,
        policy=policy.name,
        earliest_d=slot.due_d - tolerance.early_d,
        overdue_d=slot.due_d + tolerance.overdue_d,
        latest_d=slot.due_d + tolerance.latest_d,
    )


def schedule(
    course: Course,
    regimen: Regimen,
    *,
    policy: WindowPolicy | None = None,
    on_d: int | None = None,
) -> Schedule:
    """Read a course against a regimen.

    on_d  the day the question is asked; a gap that is open on that day is then seen too
    """
    days = [dose.time_d for dose in course.doses]
    given = tuple(
        _review(course, regimen, number, dose) for number, dose in enumerate(course.doses, 1)
    )
    slot = next_slot(regimen, days, course.start)
    treatment, since_d = _treatment(course)
    not_given = tuple(event for event in course.events if event.name in NOT_GIVEN)
    ordinary = f"{slot.reason} is day {slot.due_d}"
    questions = list(given[-1].label_silent) if given else []
    for event in not_given:
        if not days or event.time_d > days[-1]:  # on the day of a dose the puncture was tried again
            here = f"{event.words} on day {event.time_d:g}; it does not count as a dose"
            questions.append(_open(regimen, "dosing.failed_puncture", here, ordinary))
    if treatment in ("held", "stopped"):
        here = f"treatment recorded as {treatment} on day {since_d:g}"
        questions.append(_open(regimen, "dosing.gap", here, ordinary))
    elif treatment == "ongoing" and on_d is not None and given:
        last_d = days[-1]
        missed = _missed(on_d - last_d, slot.due_d - last_d)
        if missed >= LONG_GAP:
            here = f"{on_d - last_d} days without a dose by day {on_d}"
            questions.append(_open(regimen, "dosing.gap", here, ordinary))
    if not given:
        loading = slots_ahead(regimen, [], regimen.loading_doses, course.start)
        days_of = ", ".join(str(slot.due_d) for slot in loading)
        ordinary = f"from the day of dose 1 on, loading falls on days {days_of}"
        questions.append(_open(regimen, "dosing.start", "no dose given yet", ordinary))
    return Schedule(
        regimen=regimen,
        given=given,
        next=with_window(slot, None if treatment == "ended" else policy),
        treatment=treatment,
        treatment_since_d=since_d,
        not_given=not_given,
        label_silent=tuple(questions),
        on_d=on_d,
    )


def _review(course: Course, regimen: Regimen, number: int, dose: Dose) -> Given:
    before = [d.time_d for d in course.doses[: number - 1]]
    slot = next_slot(regimen, before, course.start)
    interval_d = dose.time_d - before[-1] if before else None
    late_d = dose.time_d - slot.due_d if before else None
    missed = _missed(interval_d, slot.due_d - before[-1]) if interval_d is not None else 0
    questions = []

    def ask(topic: str, here: str) -> None:
        following = next_slot(regimen, [*before, dose.time_d], course.start)
        arithmetic = f"{following.reason} is day {following.due_d}"
        questions.append(_open(regimen, topic, here, arithmetic))

    if late_d is not None and late_d < 0:
        ask("dosing.early", f"dose {number} came {counted(-late_d, 'day')} before it was due")
    if missed >= LONG_GAP:
        ask("dosing.gap", f"dose {number} came {interval_d} days after the one before")
    if dose.amount_mg < regimen.amount_mg * (1 - ROUNDING):
        ask(
            "dosing.part_dose",
            f"dose {number} was {dose.amount_mg:g} mg of {regimen.amount_mg:g} mg; it counts",
        )
    if dose.amount_mg > regimen.amount_mg * (1 + ROUNDING):
        ask(
            "dosing.above_label",
            f"dose {number} was {dose.amount_mg:g} mg, above {regimen.amount_mg:g} mg",
        )
    if dose.route not in ("", regimen.route):
        ask("dosing.route_other", f"dose {number} is recorded as given by '{dose.route}'")
    return Given(
        number=number,
        phase=slot.phase,
        dose=dose,
        interval_d=interval_d,
        late_d=late_d,
        missed=missed,
        label_rule=regimen.late_rule(number) if late_d is not None and late_d > 0 else None,
        label_silent=tuple(questions),
    )


def _missed(elapsed_d: int, interval_d: int) -> int:
    """Count the doses that fell out: a second whole interval passed is one, and so on."""
    return max(0, elapsed_d // interval_d - 1)


def _treatment(course: Course) -> tuple[str, float | None]:
    """Read the state of treatment from events.

    A death ends it, whatever else is recorded. Otherwise the last word counts: an event of
    the day of the last dose or later; on one day a hold or a stop is later than the dose.
    """
    deaths = [event for event in course.events if STATES.get(event.name) == "ended"]
    if deaths:
        return "ended", deaths[0].time_d
    last_d = course.doses[-1].time_d if course.doses else None
    state: tuple[str, float | None] = ("not started" if last_d is None else "ongoing", None)
    for event in course.events:
        said = STATES.get(event.name)
        if said is not None and (last_d is None or event.time_d >= last_d):
            state = (said, None if said == "ongoing" else event.time_d)
    return state


def _open(regimen: Regimen, topic: str, here: str, arithmetic: str) -> Open:
    says = regimen.silences.get(topic)
    unread = "Look in the label itself; whether it speaks of this was not read here."
    return Open(
        topic=topic, says=says or unread, is_read=bool(says), here=here, arithmetic=arithmetic
    )
