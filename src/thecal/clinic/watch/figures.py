"""What the measured figures do: CSF as trends without a verdict, laboratory values graded.

A raised figure in CSF is an observation, never an alarm by itself. It says which symptoms were
recorded near it; a verdict is for a named policy (`thecal.clinic.watch.rules`).
"""

from __future__ import annotations

from collections.abc import Iterator

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.watch.grading import grade_value
from thecal.clinic.watch.measures import measured, measures, unread
from thecal.clinic.watch.rules import Figure
from thecal.clinic.watch.symptoms import SymptomTable, named_days, symptom_groups, symptom_table
from thecal.clinic.watch.trend import NAMES, Trend, trend
from thecal.course import Course, Observation
from thecal.label.label import Label
from thecal.source import Source

LABS = ("platelets", "inr", "urine_protein_24h")
RAISED = "raised_intracranial_pressure"  # the event by which a label warns of it
GRAVE = 3  # from this grade on a laboratory value is a caution and no longer a note


def figure_findings(course: Course, label: Label) -> Iterator[Finding]:
    """Yield what was measured since the first dose and should be known."""
    yield from _trends(course, label, symptom_table())
    yield from _labs(course, label)
    yield from _pressure(course, label)


def trends(course: Course) -> tuple[Trend, ...]:
    """Return the trends of what is measured in CSF, those with a value since the first dose."""
    found = (trend(course, key, symptom_table()) for key in NAMES)
    return tuple(t for t in found if t)


def csf_figures(course: Course) -> tuple[Figure, ...]:
    """Return the last figure of each trend, as a named policy judges it."""
    return tuple(
        Figure(
            measure=found.key,
            value=found.last.value,
            unit=found.last.unit,
            time_d=found.last.time_d,
            is_below=found.last.is_below,
            fold=found.fold,
            rises=found.rises if len(found.before) + len(found.after) > 1 else None,
        )
        for found in trends(course)
    )


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
        grade = None if found.last.is_below else grade_value(found.key, found.last.value)
        yield Finding(
            code=f"trend.{found.key}",
            severity=Severity.NOTE,
            message=trend_words(found) + _company(course, highest, label, table),
            asks=f"{threshold}; symptoms decide, a site may have a policy",
            time_d=highest.time_d,
            source=_listed(found.key, label),
            label_silent=is_silent,
            rule="trend",
            inputs={
                **found.inputs(),
                **({"grade": f"{grade}, of {_value(found.last)}"} if grade else {}),
            },
        )


def _company(course: Course, highest: Observation, label: Label, table: SymptomTable) -> str:
    """Name the symptoms recorded near the highest value; empty where there are none."""
    near = [
        event
        for group in symptom_groups(course, label, table)
        for event in group
        if abs(event.time_d - highest.time_d) <= table.near_d
    ]
    return f"; symptoms within {table.near_d:g} d of it: {named_days(near)}" if near else ""


def trend_words(found: Trend) -> str:
    """Say where a figure began, how high it went, where it is, and how it moved."""
    highest, base = found.highest, found.baseline
    told = [] if highest is None else [f"{found.name} up to {_value(highest)}"]
    if base is not None:
        told.append(f"{_sign(base)}{base.value:g} before the first dose")
    if found.last is not highest:
        told.append(f"last {_value(found.last)}")
    if found.fold is not None:
        fold = f"{found.fold:.2g}" if found.fold < 100 else f"{found.fold:.0f}"
        told.append(f"{fold} times the value before")
    if found.rises > 1:
        told.append(f"risen {found.rises} times in a row")
    if found.fall is not None:
        event, earlier = found.fall
        told.append(f"fallen from {earlier.value:g} since {event.words} on day {event.time_d:g}")
    return ", ".join(told)


def _listed(key: str, label: Label) -> Source | None:
    """Return where the label lists the rise of a figure, or warns of it."""
    if key == "csf_pressure":
        warned = (s for s in label.about("warnings.serious") if RAISED in s.words("events"))
        return next((statement.source for statement in warned), None)
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


def _value(observation: Observation) -> str:
    day = f"day {observation.time_d:g}"
    return f"{_sign(observation)}{observation.value:g} {observation.unit} on {day}"


def _sign(observation: Observation) -> str:
    return "<" if observation.is_below else ""
