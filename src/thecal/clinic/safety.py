"""What to watch for under treatment, and what was seen: symptoms first.

The label asks for a work-up "if symptoms fit". So recorded symptoms are held against its serious
reactions before anybody has made a diagnosis. A raised figure in CSF is an observation and never
an alarm by itself: it is shown as a trend, and a verdict is drawn only by a named policy. What is
asked for is what the label's own data says, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.grading import grade_event, grade_value
from thecal.clinic.measures import measured, measures, unread
from thecal.clinic.symptoms import Symptom, SymptomTable, symptom_table
from thecal.clinic.trend import NAMES, Trend, trend
from thecal.course import Course, Dose, Event, Observation
from thecal.label.label import Label, Statement
from thecal.regimen.schedule import NOT_GIVEN, states
from thecal.source import Source

ORDER = tuple(Severity)  # the gravest first
SERIOUS = "warnings.serious"
RESOLVED = "_resolved"
LABS = ("platelets", "inr", "urine_protein_24h")
GRAVE = 3  # from this grade on a laboratory value is a caution and no longer a note

Fact = TypeVar("Fact", Dose, Event, Observation)


def as_of(course: Course, on_d: int) -> Course:
    """Return what had happened by the end of a day: the facts up to it, and no later one."""

    def until(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        return tuple(fact for fact in facts if fact.time_d < on_d + 1)

    return replace(
        course,
        doses=until(course.doses),
        observations=until(course.observations),
        events=until(course.events),
    )


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with the most serious first, then by day."""
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


def watch(course: Course, label: Label) -> Iterator[Finding]:
    """Yield what was seen in a course since the first dose, held against a label."""
    if not course.doses:
        return
    table = symptom_table()
    groups = symptom_groups(course, label, table)
    yield from (_symptoms(group, course, label, table) for group in groups)
    yield from _events(course, label, table, [event for group in groups for event in group])
    yield from _trends(course, label, table)
    yield from _labs(course, label)
    yield from _pressure(course, label)


# -- symptoms


def symptom_groups(
    course: Course, label: Label, table: SymptomTable
) -> tuple[tuple[Event, ...], ...]:
    """Return the recorded symptoms since the first dose, those near in time together."""
    if label.medicine not in table.medicines:
        return ()
    groups: list[list[Event]] = []
    for event in course.events:
        if event.time_d < 0 or table.symptom(event.name) is None:
            continue
        if groups and event.time_d - groups[-1][-1].time_d <= table.near_d:
            groups[-1].append(event)
        else:
            groups.append([event])
    return tuple(tuple(group) for group in groups)


def severity_of(symptoms: Sequence[Symptom]) -> Severity:
    """Say how serious symptoms are together: as the gravest, one step more if two fit one reaction.

    Different symptoms count, not repetitions of one.
    """
    keys = {symptom.key: symptom for symptom in symptoms}
    step = min(ORDER.index(symptom.alone) for symptom in keys.values())
    fits = [reaction for symptom in keys.values() for reaction in symptom.fits]
    if len(fits) > len(set(fits)):
        step = max(step - 1, 0)
    return ORDER[step]


def _symptoms(
    group: tuple[Event, ...], course: Course, label: Label, table: SymptomTable
) -> Finding:
    found = [s for event in group if (s := table.symptom(event.name))]
    keys = [key for key in table.reactions if any(key in symptom.fits for symptom in found)]
    statements = _statements(label, keys)
    named = " or ".join(table.reactions[key].says for key in keys)
    first_d, last_d = group[0].time_d, group[-1].time_d
    severity, then = severity_of(found), ""
    diagnosis = _diagnosed(course, statements, first_d, last_d + table.near_d)
    if diagnosis:
        severity = Severity.NOTE
        then = f". Then {diagnosis.words} was recorded, day {diagnosis.time_d:g}: see there"
    before = [e for e in course.events if e.time_d < 0 and table.symptom(e.name) in found]
    old = f". Recorded before the first dose, too: {_days(before)}" if before else ""
    also = dict.fromkeys(symptom.also for symptom in found if symptom.also)
    listed = "".join(f"; {words}" for words in also)
    return Finding(
        code="symptoms.recorded",
        severity=severity,
        message=f"{_days(group)}: may belong to {named}{listed}{old}{then}",
        asks=_asked(label, statements),
        time_d=first_d,
        source=statements[0].source if statements else None,
        rule=f"{SERIOUS}; table '{table.head.name}', version {table.head.version}",
        inputs={
            **{e.name: _each_day(group, e.name) for e in group},
            "may_belong_to": ", ".join(keys),
            **_grades(group),
        },
    )


def _statements(label: Label, keys: Sequence[str]) -> list[Statement]:
    """Return the label's warnings that name one of these reactions, in the label's order."""
    return [s for s in label.about(SERIOUS) if any(key in s.words("events") for key in keys)]


def _asked(label: Label, statements: Sequence[Statement]) -> str:
    """Say what the label asks for, section by section where the sections differ."""
    by_action: dict[str, list[str]] = {}
    for statement in statements:
        for action in statement.words("action"):
            by_action.setdefault(action, []).append(statement.source.section)
    if len(by_action) == 1:
        return next(iter(by_action))
    if by_action:
        return " ".join(f"§{', '.join(where)}: {action}" for action, where in by_action.items())
    gap = next((g for g in label.not_read if g.topic == "warnings"), None)
    return f"not known here: {gap.says}" if gap else ""


def _diagnosed(
    course: Course, statements: Sequence[Statement], first_d: float, until_d: float
) -> Event | None:
    """Return the first diagnosis that symptoms led to: one they fit, recorded soon after."""
    names = _named(statements)
    return next(
        (e for e in course.events if e.name in names and first_d <= e.time_d <= until_d), None
    )


# -- events the label names


def _events(
    course: Course, label: Label, table: SymptomTable, symptoms: Sequence[Event]
) -> Iterator[Finding]:
    """Match events to the label, save those shown as symptoms; name those that no rule reads."""
    since_first = [e for e in course.events if e.time_d >= 0 and e not in symptoms]
    grave = [e for e in since_first if e.name in _named(label.about(SERIOUS))]
    read = {*states(label.medicine), *ELSEWHERE}
    if grave:  # they are told beside it
        read |= {e.name for e in since_first if _is_aftercare(e, grave[0], table)}
    for statement in label.statements:
        names = {*statement.words("events"), *statement.words("reaction_events")}
        severity, kind = standing(statement.topic)
        for event in since_first:
            if event.name in names:
                around = ""
                if severity is Severity.SERIOUS:
                    around = _around(event, course, label, table, statement)
                yield Finding(
                    code=f"event.{event.name}",
                    severity=severity,
                    message=f"{event.words} recorded on day {event.time_d:g}, {kind}{around}",
                    says=statement.says,
                    asks=" ".join(statement.words("action")),
                    time_d=event.time_d,
                    source=statement.source,
                    rule=statement.topic,
                    inputs={event.name: f"day {event.time_d:g}", **_grades([event])},
                )
        read |= names
    not_read = [event for event in since_first if event.name not in read]
    if not_read:
        yield Finding(
            code="event.not_read",
            severity=Severity.NOTE,
            message=f"recorded, and read by no rule here: {_days(not_read)}",
            asks="they change no date and no other finding; a reader judges",
            time_d=not_read[-1].time_d,
            rule="none",
            inputs={event.name: _each_day(not_read, event.name) for event in not_read},
        )


# Events that the schedule and the forecast read.
ELSEWHERE = (*NOT_GIVEN, "symptom_onset")


def standing(topic: str) -> tuple[Severity, str]:
    """Return how serious a statement about an event is, and what it is in words."""
    if topic == SERIOUS:
        return Severity.SERIOUS, "a serious reaction by the label"
    if topic.startswith("contraindications"):
        return Severity.SERIOUS, "a contraindication by the label"
    if topic.startswith("warnings"):
        return Severity.CAUTION, "a warning of the label"
    return Severity.NOTE, "a listed reaction"


def _named(statements: Sequence[Statement]) -> set[str]:
    return {name for statement in statements for name in statement.words("events")}


def _is_aftercare(event: Event, grave: Event, table: SymptomTable) -> bool:
    """Tell whether an event is a treatment or an end, recorded once a serious one was."""
    is_care = event.name in table.treatments or event.name.endswith(RESOLVED)
    return is_care and event.time_d >= grave.time_d


def _around(
    event: Event, course: Course, label: Label, table: SymptomTable, statement: Statement
) -> str:
    """Say what stands around a serious event: symptoms before it, and what was done since."""
    names = statement.words("events")
    since = [e for e in course.events if e.time_d >= event.time_d]
    over = next(
        (e for e in since if e.name.removesuffix(RESOLVED) in names and e.name not in names), None
    )
    end_d = float("inf") if over is None else over.time_d
    told = [_before(event, course, label, table, names)]
    care = [e for e in since if e.name in table.treatments and e.time_d <= end_d]
    if care:
        told.append(f"recorded treatment: {_days(care)}")
    stands = states(label.medicine)
    halt = next((e for e in since if stands.get(e.name) in ("held", "stopped")), None)
    if halt:
        told.append(f"{halt.words}, day {halt.time_d:g}")
    dose = next((d for d in course.doses if d.time_d > event.time_d), None)
    told.append(f"next dose on day {dose.time_d}" if dose else "no dose since")
    told.append(f"resolved, day {over.time_d:g}" if over else "no end recorded")
    return "; " + "; ".join(words for words in told if words)


def _before(
    event: Event, course: Course, label: Label, table: SymptomTable, names: Sequence[str]
) -> str:
    """Name the symptoms that came before a serious event, or say that none did."""
    if label.medicine not in table.medicines:
        return ""
    fitting = [
        e
        for e in course.events
        if 0 <= event.time_d - e.time_d <= table.near_d
        and (symptom := table.symptom(e.name))
        and set(symptom.fits) & set(names)
    ]
    if fitting:
        return f"symptoms before: {_days(fitting)}"
    return f"no symptom recorded in the {table.near_d:g} days before"


# -- figures


def trends(course: Course) -> tuple[Trend, ...]:
    """Return the trends of what is measured in CSF, those with a value since the first dose."""
    found = (trend(course, key, symptom_table()) for key in NAMES)
    return tuple(t for t in found if t)


def _trends(course: Course, label: Label, table: SymptomTable) -> Iterator[Finding]:
    """Show what rose in CSF; no verdict, for the label gives no threshold."""
    is_silent = label.silence("monitoring") is not None
    threshold = (
        "the label gives no threshold" if is_silent else "no threshold was read in the label"
    )
    for found in trends(course):
        highest = found.highest
        if highest is None or not found.has_risen:
            continue
        grade = grade_value(found.key, found.last.value)
        yield Finding(
            code=f"trend.{found.key}",
            severity=Severity.NOTE,
            message=trend_words(found),
            asks=f"{threshold}; symptoms decide, a site may have a policy",
            time_d=highest.time_d,
            source=_listed(found.key, label),
            label_silent=is_silent,
            rule="trend",
            inputs={**found.inputs(), **({"grade": str(grade)} if grade else {})},
        )


def trend_words(found: Trend) -> str:
    """Say where a figure began, how high it went, where it is, and how it moved."""
    highest, base = found.highest, found.baseline
    told = [] if highest is None else [f"{found.name} up to {_value(highest)}"]
    if base is not None:
        told.append(f"{_sign(base)}{base.value:g} before the first dose")
    if found.last is not highest:
        told.append(f"last {_value(found.last)}")
    if found.fold is not None:
        told.append(f"{found.fold:.2g} times the value before")
    if found.rises > 1:
        told.append(f"risen {found.rises} times in a row")
    if found.fall is not None:
        event, earlier = found.fall
        told.append(f"fallen from {earlier.value:g} since {event.words} on day {event.time_d:g}")
    return ", ".join(told)


def _listed(key: str, label: Label) -> Source | None:
    """Return where the label lists the rise of a figure as a reaction."""
    words = {"csf_wbc": "white", "csf_protein": "protein"}.get(key)
    for statement in label.about("adverse_reactions.common"):
        if words and words in " ".join(statement.words("reaction")).lower():
            return statement.source
    return None


def _labs(course: Course, label: Label) -> Iterator[Finding]:
    """Grade the last of each laboratory value, and name values that could not be read."""
    for key in LABS:
        values = [o for o in measured(course, key) if o.time_d >= 0]
        if not values:
            continue
        last = values[-1]
        grade = grade_value(key, last.value)
        is_grave = grade is not None and (grade.grade or 0) >= GRAVE
        asked = next((s for s in label.about("monitoring") if key.split("_")[0] in s.topic), None)
        yield Finding(
            code=f"lab.{key}",
            severity=Severity.CAUTION if is_grave else Severity.NOTE,
            message=f"{measures()[key].says} {_value(last)}",
            says=asked.says if asked else "",
            asks="a prescriber decides; whether a puncture is safe is for a named policy",
            time_d=last.time_d,
            source=asked.source if asked else None,
            label_silent=label.silence("monitoring") is not None,
            rule=asked.topic if asked else "trend",
            inputs={key: last.value, "unit": last.unit, **({"grade": str(grade)} if grade else {})},
        )
    for measure, observation in unread(course):
        yield Finding(
            code="lab.not_read",
            severity=Severity.CAUTION,
            message=f"{measure.says} on day {observation.time_d:g} is in a unit or of a size that "
            "cannot be read, and is judged by nothing",
            asks=f"write it in {measure.unit}",
            time_d=observation.time_d,
            rule="trend",
            inputs={measure.key: observation.value},
        )


def _pressure(course: Course, label: Label) -> Iterator[Finding]:
    """Name doses without an opening pressure, where the label asks for one at each dose."""
    asked = label.about("monitoring.csf_pressure")
    days = {int(o.time_d // 1) for o in measured(course, "csf_pressure")}
    without = [dose.time_d for dose in course.doses if dose.time_d not in days]
    if asked and without:
        yield Finding(
            code="monitoring.csf_pressure",
            severity=Severity.NOTE,
            message=f"no opening pressure is recorded for the doses on day "
            f"{', '.join(map(str, without))}",
            says=asked[0].says,
            asks="record it under kind other, method 'CSF opening pressure', in cmH2O",
            time_d=without[-1],
            source=asked[0].source,
            rule=asked[0].topic,
            inputs={"doses_without": ", ".join(map(str, without))},
        )


# -- words


def _days(events: Sequence[Event]) -> str:
    """Name events, each with its days: "leg weakness (day 115, 121), fever (day 116)"."""
    names = dict.fromkeys(event.name for event in events)
    return ", ".join(f"{n.replace('_', ' ')} (day {_each_day(events, n)})" for n in names)


def _each_day(events: Sequence[Event], name: str) -> str:
    return ", ".join(f"{event.time_d:g}" for event in events if event.name == name)


def _grades(events: Sequence[Event]) -> dict[str, str]:
    """Return the grade of the last event that a scale has a term for."""
    found = [grade for event in events if (grade := grade_event(event))]
    return {"grade": str(found[-1])} if found else {}


def _value(observation: Observation) -> str:
    day = f"day {observation.time_d:g}"
    return f"{_sign(observation)}{observation.value:g} {observation.unit} on {day}"


def _sign(observation: Observation) -> str:
    return "<" if observation.is_below else ""
