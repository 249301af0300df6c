"""What in one course needs attention, by the label and nothing but the label.

Events are matched to the label's warnings and reactions by the names the label file lists.
Where the label gives no threshold (CSF cells, protein) the course's own figures are shown and
no verdict is drawn: thresholds are a site's policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from thecal.clinic.finding import Finding, Severity
from thecal.course import Course, Observation
from thecal.errors import counted
from thecal.label.label import Label
from thecal.regimen.schedule import NOT_GIVEN, Given, Open, Schedule, states
from thecal.source import Source

ORDER = list(Severity)
TRENDS = {"csf_wbc": "CSF white cells", "csf_protein": "CSF protein"}
EARLY = "dosing.early"  # common and small: one note; other silences may change the next dose


def review(course: Course, schedule: Schedule, label: Label) -> tuple[Finding, ...]:
    """Return the findings of a course, the most serious first, then by day."""
    findings = [
        *_events(course, label),
        *_doses(course, schedule, label),
        *_next(schedule),
        *_treatment(course, schedule),
        *_trends(course, label),
    ]
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                ORDER.index(f.severity),
                float("inf") if f.time_d is None else f.time_d,
                f.code,
            ),
        )
    )


def _events(course: Course, label: Label) -> Iterator[Finding]:
    """Match events since the first dose to the label; name those that no rule reads."""
    since_first = [e for e in course.events if e.time_d >= 0] if course.doses else []
    read = {
        *NOT_GIVEN,
        *states(label.medicine),
        "symptom_onset",
    }  # the last is read by the forecast
    for statement in label.statements:
        names = {*statement.words("events"), *statement.words("reaction_events")}
        read |= names
        severity, kind = _standing(statement.topic)
        for event in since_first:
            if event.name in names:
                yield Finding(
                    code=f"event.{event.name}",
                    severity=severity,
                    message=f"{event.words} recorded on day {event.time_d:g}, {kind}",
                    says=statement.says,
                    asks=" ".join(statement.words("action")),
                    time_d=event.time_d,
                    source=statement.source,
                )
    unread = [event for event in since_first if event.name not in read]
    if unread:
        days: dict[str, list[str]] = {}
        for event in unread:
            days.setdefault(event.words, []).append(f"{event.time_d:g}")
        named = ", ".join(f"{words} (day {', '.join(on)})" for words, on in days.items())
        yield Finding(
            code="event.not_read",
            severity=Severity.NOTE,
            message=f"recorded, and read by no rule here: {named}",
            asks="they change no date and no other finding; a reader judges",
            time_d=unread[-1].time_d,
        )


def _standing(topic: str) -> tuple[Severity, str]:
    """Return how serious a statement about an event is, and what it is in words."""
    if topic == "warnings.serious":
        return Severity.SERIOUS, "a serious reaction by the label"
    if topic.startswith("contraindications"):
        return Severity.SERIOUS, "a contraindication by the label"
    if topic.startswith("warnings"):
        return Severity.CAUTION, "a warning of the label"
    return Severity.NOTE, "a listed reaction"


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
            )
        for question in given.label_silent:
            if question.topic != EARLY:
                yield _silent(question, given.dose.time_d, label_source)
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
        )


def _counted_from(schedule: Schedule) -> str:
    """Say what a late or an early dose does to the later ones."""
    if schedule.regimen.keeps_grid:
        return "in loading each next dose counts from the dose given; later the grid stays"
    return "each next dose counts from the dose given"


def _silent(question: Open, time_d: float, source: Source) -> Finding:
    return Finding(
        code=question.topic,
        severity=Severity.CAUTION,
        message=f"{question.here}. {question.standing}: {question.says}",
        asks=f"a prescriber decides; the ordinary rule: {question.arithmetic}",
        time_d=time_d,
        source=source,
        label_silent=question.is_read,
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
    )
    for question in schedule.open_then:
        yield _silent(question, on_d, schedule.regimen.source)


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
    )
    if schedule.treatment == "ended" and course.last_d > since_d:
        yield Finding(
            code="treatment.after_death",
            severity=Severity.CAUTION,
            message=f"a death is recorded on day {since_d:g} and facts up to day "
            f"{course.last_d:g}; one of them is wrong",
            asks="correct the record",
            time_d=since_d,
        )


def _trends(course: Course, label: Label) -> Iterator[Finding]:
    if not course.doses:
        return
    is_silent = label.silence("monitoring") is not None
    threshold = (
        "the label gives no threshold" if is_silent else "no threshold was read in the label"
    )
    for kind, name in TRENDS.items():
        seen = course.observed(kind)
        before = [o for o in seen if o.time_d <= 0]
        after = [o for o in seen if o.time_d > 0]
        highest = max((o for o in after if not o.is_below), key=lambda o: o.value, default=None)
        if highest is None:
            continue
        if before and highest.value <= before[-1].value:
            continue
        base = f", {_sign(before[-1])}{before[-1].value:g} before the first dose" if before else ""
        last = "" if after[-1] is highest else f", last {_value(after[-1])}"
        yield Finding(
            code=f"trend.{kind}",
            severity=Severity.NOTE,
            message=f"{name} up to {_value(highest)}{base}{last}",
            asks=f"{threshold}; symptoms decide, a site may have a policy",
            time_d=highest.time_d,
            source=_trend_source(kind, label),
            label_silent=is_silent,
        )


def _trend_source(kind: str, label: Label) -> Source | None:
    words = {"csf_wbc": "white", "csf_protein": "protein"}[kind]
    for statement in label.about("adverse_reactions.common"):
        if words in " ".join(statement.words("reaction")).lower():
            return statement.source
    return None


def _value(observation: Observation) -> str:
    day = f"day {observation.time_d:g}"
    return f"{_sign(observation)}{observation.value:g} {observation.unit} on {day}"


def _sign(observation: Observation) -> str:
    return "<" if observation.is_below else ""


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
