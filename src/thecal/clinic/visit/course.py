"""What one visit does to the course: was the dose due, does it count, what is due next.

The visit's own facts are put into the course and the schedule is asked; no rule stands here.
Where the label is silent (a part dose, a failed puncture) no date is given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.visit.visit import Visit
from thecal.course import Course, Dose, Event
from thecal.errors import CourseError, counted
from thecal.label.label import Label
from thecal.regimen.regimen import from_label
from thecal.regimen.schedule import NOT_GIVEN, ROUNDING, schedule
from thecal.regimen.silent import Open

# With one of these open about the dose of the visit, any date would be invented.
UNDATED = ("dosing.part_dose", "dosing.failed_puncture", "dosing.above_label", "dosing.route_other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What is due after the visit.

    date       None where the label is silent on it, or no dose is planned; `why` says so
    number     of the dose that comes next
    rule       what the label says, and `reason` how it was counted
    questions  what the label leaves open about it, with plain arithmetic, which is no advice
    """

    date: dt.date | None
    number: int
    why: str
    reason: str
    rule: str
    section: str
    questions: tuple[Open, ...]


def day_of(course: Course, on: dt.date) -> int:
    """Return the day of the visit in the course. Raises CourseError where it has no dates."""
    if course.start is None and not course.doses:
        return 0
    day = course.day(on)
    if day is None:
        raise CourseError(
            "the course has days and no dates, so a visit cannot be placed in it; add a 'date' to "
            "one row that has a day"
        )
    return day


def before(course: Course, day: int) -> Course:
    """Return what was known of a course before a day."""
    return replace(
        course,
        doses=tuple(d for d in course.doses if d.time_d < day),
        observations=tuple(o for o in course.observations if o.time_d < day),
        events=tuple(e for e in course.events if e.time_d < day),
    )


def with_visit(
    course: Course, on: dt.date, given_mg: float, not_given: str, route: str = "intrathecal"
) -> Course:
    """Return the course with what the visit gave: a dose, or an event that says why none.

    given_mg   amount that was given; 0 for none
    not_given  name of the event where none was, such as ``failed_puncture``

    A course that holds a dose or such an event on that day already is returned as it is.
    """
    day = day_of(course, on)
    if any(dose.time_d == day for dose in course.doses) or any(
        event.time_d == day and event.name in NOT_GIVEN for event in course.events
    ):
        return course
    if not given_mg:
        event = Event(time_d=day, name=not_given)
        events = sorted((*course.events, event), key=lambda e: e.time_d)
        return replace(course, start=course.start or on, events=tuple(events))
    if not course.doses:  # the first dose is day 0, whatever was counted from before
        course = _shifted(course, day, on)
        day = 0
    dose = Dose(time_d=day, amount_mg=given_mg, route=route)
    doses = sorted((*course.doses, dose), key=lambda d: d.time_d)
    return replace(course, doses=tuple(doses))


def _shifted(course: Course, by_d: int, start: dt.date) -> Course:
    return replace(
        course,
        start=start,
        observations=tuple(replace(o, time_d=o.time_d - by_d) for o in course.observations),
        events=tuple(replace(e, time_d=e.time_d - by_d) for e in course.events),
    )


def next_due(course: Course, label: Label) -> Next:
    """Say what is due after the last fact of a course that holds the visit."""
    found = schedule(course, from_label(label))
    slot, last = found.next, found.given[-1] if found.given else None
    questions = tuple(dict.fromkeys(found.label_silent))
    open_topics = [q for q in questions if q.topic in UNDATED]
    date, why = course.date(slot.due_d), ""
    if not found.is_planned:
        date, why = None, f"treatment is recorded as {found.treatment}: no dose is planned"
    elif open_topics:
        asked = open_topics[0]
        date = None
        why = f"{asked.standing}: {asked.says} No date is given here; a prescriber decides."
    elif last is None:
        date, why = None, "no dose has been given: the first dose starts the course, on its day 0"
    failed = any(question.topic == "dosing.failed_puncture" for question in open_topics)
    rule = slot.late_rule if failed and slot.late_rule else slot.rule
    return Next(
        date=date,
        number=slot.number,
        why=why,
        reason=slot.reason,
        rule=rule.says,
        section=str(rule.source),
        questions=questions,
    )


def due_findings(visit: Visit, course: Course, label: Label) -> Iterator[Finding]:
    """Yield what the course says about giving a dose on the day of the visit."""
    if course.patient_id != visit.patient_id:
        yield Finding(
            code="visit.patient",
            severity=Severity.SERIOUS,
            message="the visit and the course are of two ids",
            asks="make sure that both are of this patient before anything else is read",
        )
    day = day_of(course, visit.on)
    past, regimen = before(course, day), from_label(label)
    found = schedule(past, regimen)
    if not found.is_planned:
        yield Finding(
            code=f"treatment.{found.treatment}",
            severity=Severity.SERIOUS,
            message=f"before this visit treatment is recorded as {found.treatment}",
            asks="a prescriber decides whether it goes on",
            source=regimen.source,
        )
    if not past.doses:
        return
    slot = found.next
    off_d, due = day - slot.due_d, past.date(slot.due_d)
    inputs: dict[str, float | str] = {"due": str(due), "on": str(visit.on)}
    if off_d < 0:
        topic = "dosing.early"
        yield Finding(
            code=topic,
            severity=Severity.CAUTION,
            message=f"dose {slot.number} falls due on {due}: the visit is "
            f"{counted(-off_d, 'day')} before it",
            asks="a prescriber decides",
            says=next((s.says for s in label.silences if s.topic == topic), ""),
            source=slot.rule.source,
            label_silent=label.silence(topic) is not None,
            rule=topic,
            inputs=inputs,
        )
    elif off_d > 0:
        rule = slot.late_rule or slot.rule
        yield Finding(
            code="dose.late",
            severity=Severity.NOTE,
            message=f"dose {slot.number} fell due on {due}: the visit is "
            f"{counted(off_d, 'day')} after it",
            says=rule.says,
            source=rule.source,
            rule="missed_dose",
            inputs=inputs,
        )


def recorded_findings(
    course: Course, on: dt.date, given_mg: float, label: Label
) -> Iterator[Finding]:
    """Yield where the course holds another amount for that day than the visit gave."""
    day = day_of(course, on)
    held = next((dose.amount_mg for dose in course.doses if dose.time_d == day), None)
    if held is None or abs(held - given_mg) <= ROUNDING * held:
        return
    yield Finding(
        code="visit.course",
        severity=Severity.SERIOUS,
        message=f"the course has {held:g} mg for this day, the visit {given_mg:g} mg",
        asks="correct the record that is wrong",
        source=label.the("dosing.amount").source,
        inputs={"course_mg": held, "visit_mg": given_mg},
    )
