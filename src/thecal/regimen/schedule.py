"""What is due when, by which rule of the label, and how late it is.

The schedule is a fold over the doses *actually given*: what was not given does not count.
Where a label counts from the last dose, a missed dose needs no case of its own: with two
loading intervals of 14 days and 28 from then on,

    next_due(history) = last given + 14 d while fewer than 3 are given, + 28 d from then on

Where it keeps an original grid, each dose takes the date it was due on, and a gap may ask for
additional doses, from the last of which a new grid begins, or for loading anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from thecal.course import Course, Dose, Event
from thecal.errors import CourseError, counted
from thecal.label.label import area
from thecal.regimen.regimen import Anchor, GapTier, Interval, Regimen, Rule
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


@cache
def states(medicine: str) -> Mapping[str, str]:
    """Return the event names that say how treatment stands, and what each says.

    A dose after a hold or a stop means that treatment went on.
    """
    before = ("treatment_", f"{medicine}_", "")
    found = {f"{of}{word}": state for of in before for word, state in STANDS.items()}
    return MappingProxyType(found | dict.fromkeys(DEATHS, "ended"))


# Without a rule for long gaps a label speaks of *a* missed dose; from two in a row on it is silent.
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

    It falls due `times` intervals after day `from_d`.

    number       of the dose in the course; `place` is its number since loading last began
    due_d        day it falls due
    closest_d    no dose comes before this day, by the label; None where it names no distance
    earliest_d, overdue_d, latest_d   from the site's window policy; None without one
    interval     the label's interval; None for the first dose
    after_number, after_d   the last dose given, and its day
    grid_from    the dose whose day an original grid counts from; None where there is no grid
    passed_d     the date of the grid that was left out, for it came too soon after that dose
    step         which additional dose of a gap's ladder it is, from 1; 0 for none
    steps        how many that ladder has
    anew_from    the dose with which loading began anew; None where it did not
    late_rule    what the label says follows if this dose is late, as long as no gap tier speaks
    """

    number: int
    place: int
    phase: str
    amount_mg: float
    due_d: int
    interval: Interval | None
    from_d: int
    times: int
    after_number: int
    after_d: int | None
    rule: Rule
    late_rule: Rule | None
    policy: str | None = None
    closest_d: int | None = None
    earliest_d: int | None = None
    overdue_d: int | None = None
    latest_d: int | None = None
    grid_from: int | None = None
    passed_d: int | None = None
    step: int = 0
    steps: int = 0
    anew_from: int | None = None

    @property
    def reason(self) -> str:
        """The rule in words, with the inputs it was applied to."""
        if self.interval is None:
            return "the first dose starts the course: its day is day 0"
        last = f"the last dose given (dose {self.after_number}, day {self.after_d})"
        if self.grid_from is not None and (self.grid_from, self.times) != (self.after_number, 1):
            words = (
                f"the original grid, every {self.interval} from dose {self.grid_from} "
                f"(day {self.from_d}), after {last}"
            )
        else:
            words = f"{self.interval} after {last}"
        if self.step:
            words += f", as additional dose {self.step} of {self.steps} after a long gap"
        if self.anew_from is not None and self.grid_from is None and not self.step:
            words += f"; loading began anew with dose {self.anew_from}"
        return words


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
    on_d: int | None = None
    late_rule: Rule | None = None
    if_given: Slot | None = None
    open_then: tuple[Open, ...] = ()

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


@dataclass(slots=True)
class _Place:
    """Where a course stands in its regimen: what the doses so far leave to be given.

    done      doses since loading last began
    grid      number of the dose that maintenance counts from, and its day
    taken     dates of the grid that were taken by a dose or passed over
    tier      the last gap's tier, while additional doses of its ladder are still to come
    step      how many of those were given
    anew      number of the dose with which loading began anew; None where it did not
    """

    regimen: Regimen
    start: dt.date | None
    done: int = 0
    grid: tuple[int, int] = (0, 0)
    taken: int = 0
    tier: GapTier | None = None
    step: int = 0
    anew: int | None = None

    def give(self, slot: Slot, day: int) -> GapTier | None:
        """Take the dose of `slot`, given on `day`; return the tier of the gap it ends."""
        loading_doses, last = self.regimen.loading_doses, (slot.number, day)
        tier = gap_tier(self.regimen, slot, day, self.start)
        if tier and not tier.ladder:
            self.done, self.tier, self.anew = 1, None, slot.number
            self.grid, self.taken = last, 0
        elif tier and tier.ladder:
            self.tier, self.step = (tier if tier.ladder.doses else None), 0
            self.grid, self.taken = last, 0
        elif self.tier and self.tier.ladder:
            self.step += 1
            self.grid, self.taken = last, 0
            if self.step == self.tier.ladder.doses:
                self.tier = None
        elif self.done < max(loading_doses, 1):
            self.done += 1
            self.grid, self.taken = last, 0
        else:
            self.done += 1
            self.taken = slot.times
        return tier

    def slot(self, number: int, after_d: int | None) -> Slot:
        """Return the next dose after a dose `number - 1` on day `after_d`."""
        place = self.done + 1
        phase = self.regimen.phase(place)
        slot = Slot(
            number=number,
            place=place,
            phase=phase.name,
            amount_mg=self.regimen.amount_in(phase),
            due_d=0,
            interval=None,
            from_d=0,
            times=0,
            after_number=number - 1,
            after_d=after_d,
            rule=phase.rule,
            late_rule=self.regimen.late_rule(place),
            anew_from=self.anew,
        )
        if after_d is None:
            return slot
        if self.tier and self.tier.ladder:
            interval = self.tier.ladder.interval
            slot = replace(
                slot,
                rule=self.tier.rule,
                late_rule=None,
                step=self.step + 1,
                steps=self.tier.ladder.doses,
            )
        else:
            interval = phase.interval
        times, from_d = 1, after_d
        if not slot.step and phase.anchor is Anchor.ORIGINAL_GRID:
            (grid_from, from_d), times = self.grid, self.taken + 1
            closest_d, passed_d = phase.apart.after(after_d, self.start), None
            while (point_d := interval.after(from_d, self.start, times)) < closest_d:
                passed_d = point_d if point_d >= after_d else None
                times += 1
            slot = replace(slot, grid_from=grid_from, closest_d=closest_d, passed_d=passed_d)
        due_d = interval.after(from_d, self.start, times)
        return replace(slot, due_d=due_d, interval=interval, from_d=from_d, times=times)


def gap_tier(regimen: Regimen, slot: Slot, day: int, start: dt.date | None) -> GapTier | None:
    """Return the tier of the gap that a dose of `slot`, given on `day`, ends; None for none.

    A tier is for a late maintenance dose, an additional one included; loading has rules of
    its own.
    """
    if slot.after_d is None or day <= slot.due_d or slot.place <= regimen.loading_doses:
        return None
    return regimen.tier(slot.after_d, day, start)


def walk(
    regimen: Regimen, given_d: Sequence[int], start: dt.date | None = None, *, ahead: int = 1
) -> list[tuple[Slot, GapTier | None]]:
    """Return the slot of each dose given with the tier of the gap it ended, and the slots ahead.

    given_d  days of the doses given, in order, day 0 first
    ahead    how many slots to look ahead, each as if the ones before were given when due
    """
    place = _Place(regimen, start)
    slot, walked = place.slot(1, None), []
    for number in range(1, len(given_d) + ahead):
        day = given_d[number - 1] if number <= len(given_d) else slot.due_d
        walked.append((slot, place.give(slot, day)))
        slot = place.slot(number + 1, day)
    return [*walked, (slot, None)]


def next_slot(regimen: Regimen, given_d: Sequence[int], start: dt.date | None = None) -> Slot:
    """Find the next dose from the days of the doses given (in order, day 0 first)."""
    return walk(regimen, given_d, start)[-1][0]


def slots_ahead(
    regimen: Regimen, given_d: Sequence[int], count: int, start: dt.date | None = None
) -> list[Slot]:
    """Return the next `count` slots, each counted as if the ones before were given when due."""
    if count < 1:
        return []
    return [slot for slot, _ in walk(regimen, given_d, start, ahead=count)[len(given_d) :]]


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
        _review(course, regimen, dose, *step, following)
        for dose, step, (following, _) in zip(course.doses, walked[:-1], walked[1:], strict=True)
    )
    slot = walked[-1][0]
    treatment, since_d = _treatment(course, regimen.medicine)
    not_given = tuple(event for event in course.events if event.name in NOT_GIVEN)
    ordinary = f"{slot.reason} is day {slot.due_d}"
    questions = [*_in_doubt(given, slot), *(given[-1].label_silent if given else ())]
    for event in not_given:
        if not days or event.time_d > days[-1]:  # on the day of a dose the puncture was tried again
            here = f"{event.words} on day {event.time_d:g}; it does not count as a dose"
            questions.append(_open(regimen, "dosing.failed_puncture", here, ordinary))
    if slot.interval and slot.interval.months and treatment != "ended":
        counted_from, due = course.date(slot.from_d), course.date(slot.due_d)
        if counted_from and due and due.day != counted_from.day:
            here = f"dose {slot.number} counts from {counted_from}, and {due:%Y-%m} has no such day"
            last = f"{slot.reason}, or the last day of the month: day {slot.due_d}"
            questions.append(_open(regimen, "dosing.month_end", here, last))
    late_rule, if_given, open_then = slot.late_rule, None, []
    if treatment in ("held", "stopped"):
        here = f"treatment recorded as {treatment} on day {since_d:g}"
        questions.append(_open(regimen, "dosing.gap", here, ordinary))
    elif treatment == "ongoing" and on_d is not None and given and on_d > slot.due_d:
        (slot, tier), (if_given, _) = walk(regimen, [*days, on_d], course.start)[-2:]
        late_rule = tier.rule if tier else slot.late_rule
        then = f"{ordinary}; given on day {on_d}, the dose after it falls on day {if_given.due_d}"
        for topic in _open_when_late(regimen, slot, on_d, tier, if_given, course.start):
            here = _here(topic, slot, on_d, if_given, is_asked=True)
            open_then.append(_open(regimen, topic, here, then))
        questions += open_then
    if not given:
        loading = slots_ahead(regimen, [], max(regimen.loading_doses, 1), course.start)
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
        late_rule=late_rule,
        if_given=if_given,
        open_then=tuple(open_then),
    )


def _in_doubt(given: Sequence[Given], slot: Slot) -> list[Open]:
    """Return what earlier doses leave open of every date of a grid, not of the next one alone.

    After a gap that no rule was read for, nobody knows whether the grid still holds.
    """
    return [
        question
        for dose in given[:-1]
        if slot.grid_from is not None and dose.number > slot.grid_from
        for question in dose.label_silent
        if question.topic == "missed_dose.gap"
    ]


def _open_when_late(
    regimen: Regimen,
    slot: Slot,
    day: int,
    tier: GapTier | None,
    following: Slot,
    start: dt.date | None,
) -> list[str]:
    """Return the topics of what the label leaves open when a dose is given late, on `day`.

    slot, following  its own and the next
    """
    topics = []
    is_loading = slot.place <= regimen.loading_doses
    if slot.step:
        topics.append("missed_dose.additional")
    elif slot.late_rule is None and tier is None:
        topics.append(f"missed_dose.{slot.phase}")
    elif tier is None and not is_loading and not regimen.phases[-1].anchor_is_stated:
        topics.append("missed_dose.anchor")
    if tier is None and _is_open_gap(regimen, slot, day, start):
        has_end = regimen.late_until is not None and not is_loading
        topics.append("missed_dose.gap" if has_end else "dosing.gap")
    if following.passed_d is not None:
        topics.append("missed_dose.grid_too_close")
    return topics


WHICH = {  # of the topics above, those about one kind of dose
    "missed_dose.additional": ", an additional one,",
    "missed_dose.loading": ", a loading dose,",
    "missed_dose.maintenance": ", a maintenance dose,",
}


def _here(topic: str, slot: Slot, day: int, following: Slot, *, is_asked: bool) -> str:
    """Say what raises a question of a late dose: one that came, or one that is still asked for."""
    dose = f"dose {slot.number}{WHICH.get(topic, '')}"
    if topic in ("dosing.gap", "missed_dose.gap"):
        gap_d = day - (slot.after_d or 0)
        if is_asked:
            return f"{gap_d} days without a dose by day {day}"
        return f"{dose} came {gap_d} days after the one before"
    if topic == "missed_dose.grid_too_close" and following.passed_d is not None:
        comes = f"given on day {day}, {dose} comes" if is_asked else f"{dose} came on day {day},"
        left = counted(following.passed_d - day, "day")
        return f"{comes} {left} before the date of the original grid, day {following.passed_d}"
    late = counted(day - slot.due_d, "day")
    return f"{dose} is {late} late on day {day}" if is_asked else f"{dose} came {late} late"


def _is_open_gap(regimen: Regimen, slot: Slot, day: int, start: dt.date | None) -> bool:
    """Tell whether a gap that no tier holds is longer than the rule for a late dose speaks of."""
    until, after_d = regimen.late_until, slot.after_d
    if until is None or after_d is None:
        return _missed(slot, day, start) >= LONG_GAP
    if start is None:  # loading goes without dates
        return day - after_d >= until.shortest_d
    return day >= until.after(after_d, start)


def _review(
    course: Course,
    regimen: Regimen,
    dose: Dose,
    slot: Slot,
    tier: GapTier | None,
    following: Slot,
) -> Given:
    """See a dose against the `slot` it took; `following` is what is due after it."""
    number, after_d = slot.number, slot.after_d
    interval_d = None if after_d is None else dose.time_d - after_d
    late_d = None if after_d is None else dose.time_d - slot.due_d
    is_late = late_d is not None and late_d > 0
    arithmetic = f"{following.reason} is day {following.due_d}"
    questions = []

    def ask(topic: str, here: str) -> None:
        questions.append(_open(regimen, topic, here, arithmetic))

    if late_d is not None and late_d < 0:
        ask("dosing.early", f"dose {number} came {counted(-late_d, 'day')} before it was due")
    if is_late:
        for topic in _open_when_late(regimen, slot, dose.time_d, tier, following, course.start):
            ask(topic, _here(topic, slot, dose.time_d, following, is_asked=False))
    if dose.amount_mg < slot.amount_mg * (1 - ROUNDING):
        ask(
            "dosing.part_dose",
            f"dose {number} was {dose.amount_mg:g} mg of {slot.amount_mg:g} mg; it counts",
        )
    if dose.amount_mg > slot.amount_mg * (1 + ROUNDING):
        ask(
            "dosing.above_label",
            f"dose {number} was {dose.amount_mg:g} mg, above {slot.amount_mg:g} mg",
        )
    if dose.route not in ("", regimen.route):
        ask("dosing.route_other", f"dose {number} is recorded as given by '{dose.route}'")
    rule = tier.rule if tier else slot.late_rule
    return Given(
        number=number,
        phase=slot.phase,
        dose=dose,
        interval_d=interval_d,
        late_d=late_d,
        missed=_missed(slot, dose.time_d, course.start),
        label_rule=rule if is_late else None,
        label_silent=tuple(questions),
    )


def _missed(slot: Slot, day: int, start: dt.date | None) -> int:
    """Count the doses that fell out: a second whole interval passed is one, and so on."""
    if slot.interval is None:
        return 0
    return max(0, slot.interval.passed(slot.from_d, start, day) - slot.times)


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


def _open(regimen: Regimen, topic: str, here: str, arithmetic: str) -> Open:
    says, unread = (_on(topic, gaps) for gaps in (regimen.silences, regimen.not_read))
    nobody = "Look in the label itself; whether it speaks of this was not read here."
    return Open(
        topic=topic,
        says=says or unread or nobody,
        is_read=bool(says),
        here=here,
        arithmetic=arithmetic,
    )


def _on(topic: str, gaps: Mapping[str, str]) -> str:
    """Return what gaps say on a topic, or on its whole area."""
    return gaps.get(topic) or gaps.get(area(topic), "")
