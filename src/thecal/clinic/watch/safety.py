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
from thecal.clinic.watch.figures import figure_findings
from thecal.clinic.watch.grading import grade_event
from thecal.clinic.watch.symptoms import (
    Symptom,
    SymptomTable,
    each_day,
    named_days,
    symptom_groups,
    symptom_table,
)
from thecal.course import Course, Dose, Event, Observation
from thecal.label.label import Label, Statement
from thecal.regimen.schedule import NOT_GIVEN, states

ORDER = tuple(Severity)  # the gravest first
SERIOUS = "warnings.serious"
RESOLVED = "_resolved"

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
    yield from _earlier(course, label)
    yield from (_symptoms(group, course, label, table) for group in groups)
    yield from _events(course, label, table, [event for group in groups for event in group])
    yield from figure_findings(course, label)


# -- symptoms


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
    named = " or ".join(_reaction(key, statements, table) for key in keys)
    diagnoses = _diagnoses(group, course, statements, table)
    explained = _named(_statements(label, [event.name for event in diagnoses]))
    open_ones = [s for s in found if not explained.intersection(s.fits)]
    then = f". Then recorded: {named_days(diagnoses)}, see there" if diagnoses else ""
    if diagnoses and open_ones:
        rest = [e for e in group if table.symptom(e.name) in open_ones]
        then += f". That does not account for {named_days(rest)}"
    before = [e for e in course.events if e.time_d < 0 and table.symptom(e.name) in found]
    old = f". Recorded before the first dose, too: {named_days(before)}" if before else ""
    also = dict.fromkeys(symptom.also for symptom in found if symptom.also)
    listed = "".join(f"; {words}" for words in also)
    return Finding(
        code="symptoms.recorded",
        severity=severity_of(open_ones) if open_ones else Severity.NOTE,
        message=f"{named_days(group)}: may belong to {named}{listed}{old}{then}",
        asks=_asked(label, statements) if open_ones else "",
        time_d=group[0].time_d,
        source=statements[0].source if statements else None,
        rule=f"{SERIOUS}; {_table_rule(table)}",
        inputs={
            **{e.name: each_day(group, e.name) for e in group},
            "may_belong_to": ", ".join(keys),
            **_grades(group),
        },
    )


def _table_rule(table: SymptomTable) -> str:
    return f"table '{table.head.name}', version {table.head.version}"


def _statements(label: Label, keys: Sequence[str]) -> list[Statement]:
    """Return the label's warnings that name one of these reactions, in the label's order."""
    return [s for s in label.about(SERIOUS) if any(key in s.words("events") for key in keys)]


def _reaction(key: str, statements: Sequence[Statement], table: SymptomTable) -> str:
    """Name a reaction, and the section of the label that warns of it."""
    place = next((s.source.place for s in statements if key in s.words("events")), "")
    return f"{table.reactions[key].says} ({place})" if place else table.reactions[key].says


def _asked(label: Label, statements: Sequence[Statement]) -> str:
    """Say what the label asks for, section by section where the sections differ."""
    by_action: dict[str, list[str]] = {}
    for statement in statements:
        for action in statement.words("action"):
            by_action.setdefault(action, []).append(statement.source.place)
    if len(by_action) == 1:
        return next(iter(by_action))
    if by_action:
        return " ".join(f"{', '.join(where)}: {action}" for action, where in by_action.items())
    gap = next((g for g in label.not_read if g.topic == "warnings"), None)
    return f"not known here: {gap.says}" if gap else ""


def _diagnoses(
    group: Sequence[Event], course: Course, statements: Sequence[Statement], table: SymptomTable
) -> list[Event]:
    """Return the reactions recorded from the first of the symptoms until soon after the last."""
    names = _named(statements)
    first_d, until_d = group[0].time_d, group[-1].time_d + table.near_d
    return [e for e in course.events if e.name in names and first_d <= e.time_d <= until_d]


# -- events the label names


def _earlier(course: Course, label: Label) -> Iterator[Finding]:
    """Yield what the label warns of and was there before the first dose: not caused, yet known."""
    for statement in label.about(SERIOUS):
        names = statement.words("events")
        held = [e for e in course.events if e.time_d < 0 and e.name in names]
        if held:
            yield Finding(
                code="event.before_treatment",
                severity=Severity.CAUTION,
                message=f"{named_days(held)}: recorded before the first dose, and by the label a "
                "serious reaction to look for",
                asks="a prescriber decides; nothing that was read in the label says what it means "
                "before treatment",
                time_d=held[-1].time_d,
                source=statement.source,
                rule=statement.topic,
                inputs={event.name: each_day(held, event.name) for event in held},
            )


def _events(
    course: Course, label: Label, table: SymptomTable, symptoms: Sequence[Event]
) -> Iterator[Finding]:
    """Match events to the label, save those shown as symptoms; name those that no rule reads."""
    since_first = [e for e in course.events if e.time_d >= 0 and e not in symptoms]
    read = {*states(label.medicine), *ELSEWHERE}
    told: list[Event] = []  # beside a serious one
    for statement in label.statements:
        names = {*statement.words("events"), *statement.words("reaction_events")}
        severity, kind = standing(statement.topic)
        for event in since_first:
            if event.name in names:
                around = ""
                if severity is Severity.SERIOUS:
                    aftermath = _aftermath(event, course, table, statement)
                    told += aftermath
                    around = _before(event, course, table, statement)
                    around += _after(event, course, label, aftermath)
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
    for finding, names in _unheld(since_first, label, table, read):
        yield finding
        read |= names
    not_read = [e for e in since_first if e.name not in read and e not in told]
    if not_read:
        yield Finding(
            code="event.not_read",
            severity=Severity.NOTE,
            message=f"recorded, and read by no rule here: {named_days(not_read)}",
            asks="they change no date and no other finding; a reader judges",
            time_d=not_read[-1].time_d,
            rule="none",
            inputs={event.name: each_day(not_read, event.name) for event in not_read},
        )


def _unheld(
    events: Sequence[Event], label: Label, table: SymptomTable, read: set[str]
) -> Iterator[tuple[Finding, set[str]]]:
    """Yield what is grave and held against nothing: no silence may look like an all-clear.

    A reaction of the table that this label, as far as it was read, does not name; and symptoms of
    a medicine for which there is no table.
    """
    known = label.medicine in table.medicines
    words = {w for r in table.reactions.values() for w in r.words}
    words |= {w for s in table.symptoms for w in s.words}
    held = [e for e in events if e.name in words - read]
    if not held:
        return
    why = (
        "a serious reaction of this medicine, which this label, as far as it was read, does not "
        "name"
        if known
        else "there is no table of symptoms and reactions for this medicine, so they were held "
        "against nothing"
    )
    yield (
        Finding(
            code="event.not_held",
            severity=Severity.SERIOUS if known else Severity.CAUTION,
            message=f"{named_days(held)}: {why}",
            asks=_asked(label, ()) or "a reader judges",
            time_d=held[0].time_d,
            rule=_table_rule(table),
            inputs={event.name: each_day(held, event.name) for event in held},
        ),
        {event.name for event in held},
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


def _aftermath(
    event: Event, course: Course, table: SymptomTable, statement: Statement
) -> list[Event]:
    """Return what was recorded from a serious event on: its end, and treatments up to it."""
    names = [name + RESOLVED for name in statement.words("events")]
    since = [e for e in course.events if e.time_d >= event.time_d]
    ends = [e for e in since if e.name in names]
    until_d = ends[-1].time_d if ends else float("inf")
    return [e for e in since if e.name in table.treatments and e.time_d <= until_d] + ends


def _after(event: Event, course: Course, label: Label, aftermath: Sequence[Event]) -> str:
    """Say what was done since a serious event, and how it ended."""
    stands = states(label.medicine)
    end = next((e for e in aftermath if e.name == event.name + RESOLVED), None)
    until_d = float("inf") if end is None else end.time_d
    halts = (e for e in course.events if stands.get(e.name) in ("held", "stopped"))
    halt = next((e for e in halts if event.time_d <= e.time_d <= until_d), None)
    dose = next((d for d in course.doses if d.time_d > event.time_d), None)
    same = [e for e in aftermath if e.time_d == event.time_d]
    later = [e for e in aftermath if e.time_d != event.time_d]
    told = [f"recorded on the same day: {_listed(same)}"] if same else []
    told += [f"then recorded: {named_days(later)}"] if later else []
    told += [f"{halt.words}, day {halt.time_d:g}"] if halt else []
    told += [f"next dose on day {dose.time_d}" if dose else "no dose since"]
    told += [] if end else ["no end of it recorded"]
    return "".join(f"; {words}" for words in told)


def _listed(events: Sequence[Event]) -> str:
    return ", ".join(dict.fromkeys(event.words for event in events))


def _before(event: Event, course: Course, table: SymptomTable, statement: Statement) -> str:
    """Name the symptoms that came before a serious event, or say that none did."""
    names = set(statement.words("events"))
    if not names & set(table.reactions):
        return ""
    symptoms = [s for s in table.symptoms if names.intersection(s.fits)]
    words = {word for symptom in symptoms for word in symptom.words}
    fitting = [
        e for e in course.events if e.name in words and 0 <= event.time_d - e.time_d <= table.near_d
    ]
    if fitting:
        return f"; symptoms before: {named_days(fitting)}"
    return f"; no symptom recorded in the {table.near_d:g} days before"


# -- words


def _grades(events: Sequence[Event]) -> dict[str, str]:
    """Return the grade of the last event that a scale has a term for."""
    found = [grade for event in events if (grade := grade_event(event))]
    return {"grade": str(found[-1])} if found else {}
