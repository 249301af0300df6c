"""What in one course needs attention, by the label and nothing but the label.

What was seen (symptoms, events, figures) is `thecal.clinic.watch.safety`; here the doses join it,
and what the day asked adds. A policy of the site is never read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.watch.safety import ordered, watch
from thecal.course import Course
from thecal.errors import counted
from thecal.label.label import Label
from thecal.regimen.schedule import Given, Schedule, states
from thecal.regimen.silent import Open
from thecal.source import Source

EARLY = "dosing.early"  # common and small: one note; other silences may change the next dose


def review(course: Course, schedule: Schedule, label: Label) -> tuple[Finding, ...]:
    """Return the findings of a course, the most serious first, then by day."""
    return ordered(
        [
            *watch(course, label),
            *_doses(course, schedule, label),
            *_next(schedule),
            *_treatment(course, schedule),
        ]
    )


def _doses(course: Course, schedule: Schedule, label: Label) -> Iterator[Finding]:
    label_source = schedule.regimen.source
    late = [g for g in schedule.given if g.late_d is not None and g.late_d > 0 and not g.missed]
    if late:
        by_d = sorted(g.late_d or 0 for g in late)
        span = f"{by_d[0]}" if by_d[0] == by_d[-1] else f"{by_d[0]} to {by_d[-1]}"
        yield Finding(
            code="dose.late",
            severity=Severity.NOTE,
            message=f"{_doses_named(late)} came {span} d late",
            asks=_counted_from(schedule),
            source=label_source,
            rule="dosing",
            inputs={f"dose_{g.number}_late_d": g.late_d or 0 for g in late},
        )
    shortest_d = schedule.regimen.shortest_d
    for given in schedule.given:
        if given.interval_d is not None and given.interval_d < shortest_d / 2:
            yield Finding(
                code="dose.close",
                severity=Severity.CAUTION,
                message=f"doses {given.number - 1} and {given.number} are {given.interval_d} d "
                f"apart; the shortest interval of the label is {shortest_d} d",
                asks="a duplicate, or a wrong date? Correct the record if it is",
                time_d=given.dose.time_d,
                source=label_source,
                rule="dosing",
                inputs={"interval_d": given.interval_d, "shortest_d": shortest_d},
            )
        if given.missed:
            rule = given.label_rule
            yield Finding(
                code="dose.missed",
                severity=Severity.NOTE,
                message=f"dose {given.number} came {given.late_d} d late, {given.interval_d} d "
                "after the one before",
                asks=f"the label says: {rule.says}" if rule else "",
                time_d=given.dose.time_d,
                source=rule.source if rule else label_source,
                rule="missed_dose",
                inputs={
                    "dose": given.number,
                    "late_d": given.late_d or 0,
                    "interval_d": given.interval_d or 0,
                },
            )
        for question in given.label_silent:
            if question.topic != EARLY:
                yield _silent(question, given.dose.time_d, label_source, _of_dose(given))
    early = [g for g in schedule.given if any(q.topic == EARLY for q in g.label_silent)]
    if early:
        question = next(q for q in early[0].label_silent if q.topic == EARLY)
        yield Finding(
            code=EARLY,
            severity=Severity.NOTE,
            message=f"{_doses_named(early)} came before the due day, by "
            f"{', '.join(str(-(g.late_d or 0)) for g in early)} d. "
            f"{question.standing}: {question.says}",
            asks=_counted_from(schedule),
            source=label_source,
            label_silent=question.is_read,
            rule=EARLY,
            inputs={f"dose_{g.number}_early_d": -(g.late_d or 0) for g in early},
        )
    unrecorded = [given.number for given in schedule.given if not given.dose.route]
    if unrecorded:
        route = label.the("dosing.route")
        yield Finding(
            code="dose.route_not_recorded",
            severity=Severity.CAUTION,
            message=f"the route is not written for {counted(len(unrecorded), 'dose')}",
            asks=f"the label's route is {route.words('route')[0]}: write it in full in 'method'",
            source=route.source,
            rule=route.topic,
            inputs={"doses_without_route": ", ".join(map(str, unrecorded))},
        )
    for event in schedule.not_given:
        yield Finding(
            code=f"dose.{event.name}",
            severity=Severity.CAUTION,
            message=f"{event.words} on day {event.time_d:g}: no dose was given, it does not count",
            asks="a prescriber decides",
            time_d=event.time_d,
            source=label_source,
            label_silent="dosing.failed_puncture" in schedule.regimen.silences,
            rule="dosing.failed_puncture",
            inputs={event.name: f"day {event.time_d:g}"},
        )


def _counted_from(schedule: Schedule) -> str:
    """Say what a late or an early dose does to the later ones."""
    if schedule.regimen.keeps_grid:
        return "in loading each next dose counts from the dose given; later the grid stays"
    return "each next dose counts from the dose given"


def _of_dose(given: Given) -> dict[str, float | str]:
    """Return what was read of a dose about which the label leaves something open."""
    found: dict[str, float | str] = {"dose": given.number, "amount_mg": given.dose.amount_mg}
    if given.interval_d is not None:
        found["interval_d"] = given.interval_d
    return found | {"route": given.dose.route or "not recorded"}


def _silent(
    question: Open, time_d: float, source: Source, inputs: Mapping[str, float | str]
) -> Finding:
    return Finding(
        code=question.topic,
        severity=Severity.CAUTION,
        message=f"{question.here}. {question.standing}: {question.says}",
        asks=f"a prescriber decides; the ordinary rule: {question.arithmetic}",
        time_d=time_d,
        source=source,
        label_silent=question.is_read,
        rule=question.topic,
        inputs=inputs,
    )


def _next(schedule: Schedule) -> Iterator[Finding]:
    """Yield what the day asked adds: a dose that is overdue, and a gap that is open."""
    slot, on_d = schedule.next, schedule.on_d
    if on_d is None or not schedule.is_overdue:
        return
    rule = schedule.late_rule
    site = f", overdue by the site's policy '{slot.policy}'" if slot.policy else ""
    yield Finding(
        code="dose.overdue",
        severity=Severity.CAUTION,
        message=f"dose {slot.number} was due on day {slot.due_d}, "
        f"{counted(on_d - slot.due_d, 'day')} before the day asked{site}",
        asks=f"the label says: {rule.says}" if rule else "",
        time_d=slot.due_d,
        source=rule.source if rule else slot.rule.source,
        rule="missed_dose" if rule else "dosing",
        inputs={"dose": slot.number, "due_day": slot.due_d, "day_asked": on_d},
    )
    for question in schedule.open_then:
        yield _silent(question, on_d, schedule.regimen.source, {"day_asked": on_d})


def _treatment(course: Course, schedule: Schedule) -> Iterator[Finding]:
    since_d = schedule.treatment_since_d
    known = states(schedule.regimen.medicine)
    past = [e for e in course.events if e.name in known and e.time_d != since_d]
    if past:
        yield Finding(
            code="treatment.history",
            severity=Severity.NOTE,
            message="recorded: " + ", ".join(f"{e.words} on day {e.time_d:g}" for e in past),
            time_d=past[-1].time_d,
            rule="treatment",
            inputs={f"{e.name}_{n}": f"day {e.time_d:g}" for n, e in enumerate(past, 1)},
        )
    if since_d is None:
        return
    yield Finding(
        code=f"treatment.{schedule.treatment}",
        severity=Severity.CAUTION,
        message=f"treatment is recorded as {schedule.treatment} since day {since_d:g}",
        asks="whether and when to go on is for the prescriber"
        if schedule.treatment != "ended"
        else "",
        time_d=since_d,
        rule="treatment",
        inputs={"treatment": schedule.treatment, "since_day": since_d},
    )
    if schedule.treatment == "ended" and course.last_d > since_d:
        yield Finding(
            code="treatment.after_death",
            severity=Severity.CAUTION,
            message=f"a death is recorded on day {since_d:g} and facts up to day "
            f"{course.last_d:g}; one of them is wrong",
            asks="correct the record",
            time_d=since_d,
            rule="treatment",
            inputs={"death_day": since_d, "last_day": course.last_d},
        )


def _doses_named(given: list[Given]) -> str:
    """Name doses by number, runs as a range: "doses 4 to 9, 12"."""
    runs: list[list[int]] = []
    for number in (g.number for g in given):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    spans = [f"{r[0]} to {r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs]
    return f"dose{'s' if len(given) > 1 else ''} {', '.join(spans)}"
