"""A course against its regimen: what was given and how late, what is due next, what is open.

The dates are those of `thecal.regimen.walk`, the questions those of `thecal.regimen.silent`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from thecal.course import Course, Dose, Event
from thecal.errors import CourseError, counted
from thecal.regimen.regimen import GapTier, Regimen, Rule
from thecal.regimen.silent import Late, Open, ask
from thecal.regimen.walk import Slot, slots_ahead, walk
from thecal.regimen.window import WindowPolicy

# Event names of a course file that say a dose was attempted or planned and not given.
NOT_GIVEN = frozenset({"failed_puncture", "dose_not_given", "dose_missed", "procedure_aborted"})
# What words after "treatment_", the medicine's name or nothing say of how treatment stands.
STANDS = {
    "held": "held",
    "interrupted": "held",
    "paused": "held",
    "stopped": "stopped",
    "discontinued": "stopped",
    "resumed": "ongoing",
}
DEATHS = ("death", "died", "deceased")
# 15 mL of a vial printed as 6.7 mg/mL is 100.5 mg: amounts within 1 % are the label's amount.
ROUNDING = 0.01


@cache
def states(medicine: str) -> Mapping[str, str]:
    """Return the event names that say how treatment stands, and what each says.

    A dose after a hold or a stop means that treatment went on.
    """
    before = ("treatment_", f"{medicine}_", "")
    found = {f"{of}{word}": state for of in before for word, state in STANDS.items()}
    return MappingProxyType(found | dict.fromkeys(DEATHS, "ended"))


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
    late_rule     what the label says of the next dose if it is late; where it is overdue on the
                  day asked, what it says of a dose given on that day
    if_given      where the next dose is overdue on the day asked: what follows it if it is given
                  on that day; None elsewhere
    open_then     the questions that bear on `if_given`
    """

    regimen: Regimen
    given: tuple[Given, ...]
    next: Slot
    treatment: str
    treatment_since_d: float | None
    not_given: tuple[Event, ...]
    label_silent: tuple[Open, ...]
    on_d: int | None
    late_rule: Rule | None
    if_given: Slot | None
    open_then: tuple[Open, ...]

    @property
    def days_to_due(self) -> int | None:
        """Days from the day asked to the due day, negative when overdue; None if not asked."""
        if self.on_d is None or not self.given or self.treatment == "ended":
            return None
        return self.next.due_d - self.on_d

    @property
    def is_overdue(self) -> bool:
        """Whether the next dose is overdue on the day asked: past due, or as the site says."""
        if self.on_d is None or not self.given or not self.is_planned:
            return False
        from_d = self.next.due_d if self.next.overdue_d is None else self.next.overdue_d
        return self.on_d > self.next.due_d and self.on_d >= from_d

    @property
    def is_planned(self) -> bool:
        """Whether a next dose is to be expected: treatment is not held, stopped or ended."""
        return self.treatment in ("not started", "ongoing")


def with_window(slot: Slot, policy: WindowPolicy | None) -> Slot:
    """Add the site's tolerance to a slot; the first dose of a course has none.

    A tolerance never reaches into the days in which the label allows no dose.
    """
    if policy is None or slot.after_d is None:
        return slot
    tolerance = policy.phases[slot.phase]
    earliest_d = slot.due_d - tolerance.early_d
    if slot.closest_d is not None:
        earliest_d = max(earliest_d, slot.closest_d)
    if earliest_d <= slot.after_d:
        raise CourseError(
            f"window policy '{policy.name}': early_d {tolerance.early_d} of {slot.phase} reaches "
            f"back to the dose before; the interval is {slot.due_d - slot.after_d} days"
        )
    return replace(
        slot,
        policy=policy.name,
        earliest_d=earliest_d,
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
    walked = walk(regimen, days, course.start)
    given = tuple(
        _review(course, regimen, dose, *walked[place], walked[place + 1][0])
        for place, dose in enumerate(course.doses)
    )
    slot = walked[-1][0]
    treatment, since_d = _treatment(course, regimen.medicine)
    questions = [*_in_doubt(given, slot), *(given[-1].label_silent if given else ())]
    questions += _open_next(course, regimen, slot, treatment, since_d)
    late_rule, if_given, open_then = slot.late_rule, None, []
    if treatment == "ongoing" and on_d is not None and given and on_d > slot.due_d:
        (_, tier), (if_given, _) = walk(regimen, [*days, on_d], course.start)[-2:]
        late_rule = tier.rule if tier else slot.late_rule
        late = Late(
            regimen=regimen,
            start=course.start,
            slot=slot,
            day=on_d,
            gap_d=on_d - days[-1],
            tier=tier,
            following=if_given,
            is_asked=True,
        )
        open_then = late.questions(
            f"{slot.arithmetic}; given on day {on_d}, the dose after it falls on day "
            f"{if_given.due_d}"
        )
    return Schedule(
        regimen=regimen,
        given=given,
        next=with_window(slot, None if treatment == "ended" else policy),
        treatment=treatment,
        treatment_since_d=since_d,
        not_given=_not_given(course),
        label_silent=(*questions, *open_then),
        on_d=on_d,
        late_rule=late_rule,
        if_given=if_given,
        open_then=tuple(open_then),
    )


def _not_given(course: Course) -> tuple[Event, ...]:
    return tuple(event for event in course.events if event.name in NOT_GIVEN)


def _in_doubt(given: Sequence[Given], slot: Slot) -> list[Open]:
    """Return what earlier doses leave open of every date of a grid, not of the next one alone.

    After a gap that no rule was read for, nobody knows whether the grid still holds.
    """
    return [
        question
        for dose in given[:-1]
        if slot.grid_from is not None and dose.number >= slot.grid_from
        for question in dose.label_silent
        if question.topic == "missed_dose.gap"
    ]


def _open_next(
    course: Course, regimen: Regimen, slot: Slot, treatment: str, since_d: float | None
) -> Iterator[Open]:
    """Yield what the label leaves open about the next dose, but for its being late."""
    for event in _not_given(course):
        # On the day of a dose the puncture was tried again.
        if slot.after_d is None or event.time_d > slot.after_d:
            here = f"{event.words} on day {event.time_d:g}; it does not count as a dose"
            yield ask(regimen, "dosing.failed_puncture", here, slot.arithmetic)
    counted_from, due = course.date(slot.from_d), course.date(slot.due_d)
    in_months = slot.interval and slot.interval.months
    if in_months and counted_from and due and due.day != counted_from.day and treatment != "ended":
        here = f"dose {slot.number} counts from {counted_from}, and {due:%Y-%m} has no such day"
        last = f"{slot.reason}, or the last day of the month: day {slot.due_d}"
        yield ask(regimen, "dosing.month_end", here, last)
    if treatment in ("held", "stopped"):
        here = f"treatment recorded as {treatment} on day {since_d:g}"
        yield ask(regimen, "dosing.gap", here, slot.arithmetic)
    if slot.after_d is None:
        loading = slots_ahead(regimen, [], regimen.loading_doses, course.start)
        days = ", ".join(str(dose.due_d) for dose in loading)
        told = f"from the day of dose 1 on, loading falls on days {days}" if days else slot.reason
        yield ask(regimen, "dosing.start", "no dose given yet", told)


def _review(
    course: Course,
    regimen: Regimen,
    dose: Dose,
    slot: Slot,
    tier: GapTier | None,
    following: Slot,
) -> Given:
    """See a dose against the `slot` it took; `following` is what is due after it."""
    interval_d = None if slot.after_d is None else dose.time_d - slot.after_d
    late_d = dose.time_d - slot.due_d  # 0 of the first dose, whose day is day 0
    questions: list[Open] = []

    def question(topic: str, here: str) -> None:
        questions.append(ask(regimen, topic, here, following.arithmetic))

    if interval_d is not None and late_d > 0:
        late = Late(
            regimen=regimen,
            start=course.start,
            slot=slot,
            day=dose.time_d,
            gap_d=interval_d,
            tier=tier,
            following=following,
        )
        questions = late.questions(following.arithmetic)
    if late_d < 0:
        early = counted(-late_d, "day")
        question("dosing.early", f"dose {slot.number} came {early} before it was due")
    was, label = f"dose {slot.number} was {dose.amount_mg:g} mg", f"{slot.amount_mg:g} mg"
    if dose.amount_mg < slot.amount_mg * (1 - ROUNDING):
        question("dosing.part_dose", f"{was} of {label}; it counts")
    if dose.amount_mg > slot.amount_mg * (1 + ROUNDING):
        question("dosing.above_label", f"{was}, above {label}")
    if dose.route not in ("", regimen.route):
        recorded = f"dose {slot.number} is recorded as given by '{dose.route}'"
        question("dosing.route_other", recorded)
    rule = tier.rule if tier else slot.late_rule
    return Given(
        number=slot.number,
        phase=slot.phase,
        dose=dose,
        interval_d=interval_d,
        late_d=None if interval_d is None else late_d,
        missed=slot.missed(dose.time_d, course.start),
        label_rule=rule if late_d > 0 else None,
        label_silent=tuple(questions),
    )


def _treatment(course: Course, medicine: str) -> tuple[str, float | None]:
    """Read the state of treatment from events.

    A death ends it, whatever else is recorded. Otherwise the last word counts: an event of
    the day of the last dose or later; on one day a hold or a stop is later than the dose.
    """
    known = states(medicine)
    deaths = [event for event in course.events if event.name in DEATHS]
    if deaths:
        return "ended", deaths[0].time_d
    last_d = course.doses[-1].time_d if course.doses else None
    state: tuple[str, float | None] = ("not started" if last_d is None else "ongoing", None)
    for event in course.events:
        said = known.get(event.name)
        if said is not None and (last_d is None or event.time_d >= last_d):
            state = (said, None if said == "ongoing" else event.time_d)
    return state
