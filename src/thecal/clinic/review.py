"""What in one course needs attention, by the label and nothing but the label.

Events are matched to the label's warnings and reactions by the names the label file lists.
Where the label gives no threshold (CSF cells, protein) the course's own figures are shown and
no verdict is drawn: thresholds are a site's policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from thecal.clinic.finding import Finding, Severity
from thecal.course import Course, Observation
from thecal.label.label import Label
from thecal.regimen.schedule import Given, Open, Schedule
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
        *_treatment(schedule),
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
    since_first = [e for e in course.events if e.time_d >= 0] if course.doses else []
    for statement in label.about("warnings.serious"):
        for event in since_first:
            if event.name in statement.words("events"):
                yield Finding(
                    code=f"event.{event.name}",
                    severity=Severity.SERIOUS,
                    message=f"{_words(event.name)} recorded on day {event.time_d:g}; "
                    f"a serious reaction of the label: {statement.says}",
                    asks=" ".join(statement.words("action")),
                    time_d=event.time_d,
                    source=statement.source,
                )
    for statement in label.about("adverse_reactions.common"):
        for event in since_first:
            if event.name in statement.words("reaction_events"):
                yield Finding(
                    code=f"event.{event.name}",
                    severity=Severity.NOTE,
                    message=f"{_words(event.name)} recorded on day {event.time_d:g}; "
                    f"a common reaction of the label: {statement.says}",
                    time_d=event.time_d,
                    source=statement.source,
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
            asks="each next dose counts from the dose given",
            source=label_source,
        )
    for given in schedule.given:
        if given.missed:
            rule = given.label_rule
            yield Finding(
                code="dose.missed",
                severity=Severity.NOTE,
                message=f"{given.missed} dose{'s' if given.missed > 1 else ''} fell out before "
                f"dose {given.number}, which came {given.interval_d} d after the one before",
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
            asks="each next dose counts from the dose given",
            source=label_source,
            label_silent=True,
        )
    unrecorded = [given.number for given in schedule.given if not given.dose.route]
    if unrecorded:
        route = label.the("dosing.route")
        yield Finding(
            code="dose.route_not_recorded",
            severity=Severity.CAUTION,
            message=f"the route is not written for {len(unrecorded)} doses",
            asks=f"the label's route is {route.words('route')[0]}: write it in full in 'method'",
            source=route.source,
        )
    for event in schedule.not_given:
        yield Finding(
            code=f"dose.{event.name}",
            severity=Severity.CAUTION,
            message=f"{_words(event.name)} on day {event.time_d:g}: no dose was given, it does "
            "not count",
            asks="the label is silent: a prescriber decides",
            time_d=event.time_d,
            source=label_source,
            label_silent=True,
        )


def _silent(question: Open, time_d: float, source: Source) -> Finding:
    return Finding(
        code=question.topic,
        severity=Severity.CAUTION,
        message=f"{question.here}. {question.standing}: {question.says}",
        asks=f"a prescriber decides; the ordinary rule: {question.arithmetic}",
        time_d=time_d,
        source=source,
        label_silent=True,
    )


def _next(schedule: Schedule) -> Iterator[Finding]:
    """Yield what the day asked adds: a dose that is overdue, and a gap that is open."""
    days, slot = schedule.days_to_due, schedule.next
    if days is None or days >= 0 or not schedule.is_planned:
        return
    rule = schedule.regimen.late_rule(slot.number)
    yield Finding(
        code="dose.overdue",
        severity=Severity.CAUTION,
        message=f"dose {slot.number} was due on day {slot.due_d}, {-days} d before the day asked",
        asks=f"the label says: {rule.says}" if rule else "",
        time_d=slot.due_d,
        source=rule.source if rule else slot.rule.source,
    )
    known = {q for given in schedule.given for q in given.label_silent}
    for question in schedule.label_silent:
        if question.topic == "dosing.gap" and question not in known:
            yield _silent(question, float(schedule.on_d or 0), schedule.regimen.source)


def _treatment(schedule: Schedule) -> Iterator[Finding]:
    if not schedule.is_planned:
        yield Finding(
            code=f"treatment.{schedule.treatment}",
            severity=Severity.CAUTION,
            message=f"treatment is recorded as {schedule.treatment} since day "
            f"{schedule.treatment_since_d:g}",
            asks="whether and when to go on is for the prescriber",
            time_d=schedule.treatment_since_d,
            source=schedule.regimen.source,
            label_silent=True,
        )


def _trends(course: Course, label: Label) -> Iterator[Finding]:
    for kind, name in TRENDS.items():
        seen = course.observed(kind)
        before = [o for o in seen if o.time_d <= 0]
        after = [o for o in seen if o.time_d > 0]
        if not after:
            continue
        # "<5" is no rise: nobody knows by how much it lies below 5.
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
            asks="the label gives no threshold; symptoms decide, a site may have a policy",
            time_d=highest.time_d,
            source=_trend_source(kind, label),
            label_silent=True,
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


def _words(name: str) -> str:
    return name.replace("_", " ")
