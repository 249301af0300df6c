"""The tables of a course and of a virtual population, one function each, for whoever shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from thecal.plan.answer import Answer
from thecal.regimen.schedule import Given
from thecal.regimen.silent import Open

if TYPE_CHECKING:  # the numerical library is not loaded for a due date
    from thecal.model.structure import Output
    from thecal.plan.forecast import Forecast, Observed
    from thecal.plan.virtual import Asked, Summary

NG_PER_ML = 1e3  # mg/L to ng/mL


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as they are shown; every row is as long as `head`."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


NO_TABLE = Table("", (), ())  # where nothing is predicted


@dataclass(frozen=True, slots=True)
class Column:
    """How an output is shown: name, factor from its unit, decimals."""

    output: str
    name: str
    scale: float = 1.0
    digits: int = 2


COLUMNS = (
    Column("csf", "CSF drug, ng/mL", NG_PER_ML, 0),
    Column("plasma", "plasma drug, ng/mL", NG_PER_ML, 1),
    Column("sod1_mrna", "SOD1 mRNA in CNS, ratio"),
    Column("sod1_cns", "SOD1 protein in CNS, ratio"),
    Column("csf_sod1", "CSF SOD1, ratio to baseline"),
    Column("nfl", "NfL, ratio to baseline"),
    Column("alsfrs_r", "ALSFRS-R, points", 1.0, 0),
    Column("svc", "SVC, % of predicted", 1.0, 0),
)


def columns_of(forecast: Forecast) -> list[Column]:
    """Return how the outputs of a forecast are shown, those with a column of their own first."""
    own = [column for column in COLUMNS if column.output in forecast.series]
    names = {column.output for column in own}
    others = (series.output for name, series in forecast.series.items() if name not in names)
    return [*own, *map(_column_of, others)]


def doses(answer: Answer) -> Table:
    """Return the doses given: interval, lateness, amount, trough before, what is label-silent."""
    course = answer.due.course
    rows = []
    for given in answer.due.schedule.given:
        date = course.date(given.dose.time_d)
        rows.append(
            (
                str(given.number),
                str(given.dose.time_d),
                date.isoformat() if date else "–",
                "–" if given.interval_d is None else str(given.interval_d),
                "–" if given.late_d is None else f"{given.late_d:+d}" if given.late_d else "0",
                f"{given.dose.amount_mg:g}",
                _trough(answer.forecast, given),
                silent_words(given.label_silent),
            )
        )
    head = (
        "dose",
        "day",
        "date",
        "interval, d",
        "late, d",
        "mg",
        "CSF trough, predicted, ng/mL",
        "label silent",
    )
    return _without_empty(Table("Doses given", head, tuple(rows)))


def _trough(forecast: Forecast | None, given: Given) -> str:
    """Return what is predicted in CSF before a dose; nothing before the first."""
    csf = COLUMNS[0]
    if forecast is None or csf.output not in forecast.series or given.number == 1:
        return "–"
    return predicted(forecast, csf, given.dose.time_d)


def observed(answer: Answer) -> Table:
    """Return the records that have a prediction, beside it."""
    forecast = answer.forecast
    if forecast is None:
        return NO_TABLE
    records = [o for o in forecast.observed if o.time_d > 0]
    columns = [c for c in columns_of(forecast) if any(o.output == c.output for o in records)]
    rows = []
    for time_d in sorted({o.time_d for o in records}):
        cells = []
        for column in columns:
            seen = [o for o in records if (o.time_d, o.output) == (time_d, column.output)]
            shown = [f"{_seen(o, column)} seen" for o in seen]
            cells.append("; ".join([*shown, predicted(forecast, column, time_d)]))
        rows.append((f"{time_d:g}", *cells))
    return Table(
        "Observed beside predicted: typical patient (90 % of virtual patients)",
        ("day", *(column.name for column in columns)),
        tuple(rows),
    )


def _seen(record: Observed, column: Column) -> str:
    below = "<" if record.observation.is_below else ""
    return f"{below}{record.value * column.scale:.{column.digits}f}"


def predictions(answer: Answer) -> Table:
    """Return what the model predicts: at every third dose, the doses to come, and the end."""
    forecast = answer.forecast
    if forecast is None:
        return NO_TABLE
    marks = {float(day): "" for day in (0, *forecast.given_d[2::3])}
    marks |= {float(day): "if given" for day in forecast.planned_d}
    marks[forecast.end_d] = "end"
    # Nobody measures mRNA in a person; its curve is in the timeline, and the page has no more room.
    columns = [column for column in columns_of(forecast) if column.output != "sod1_mrna"]
    rows = [
        (f"{day:g} {mark}".strip(), *(predicted(forecast, column, day) for column in columns))
        for day, mark in sorted(marks.items())
    ]
    return Table(
        "Predicted, before the dose of that day: typical patient (90 % of virtual patients)",
        ("day", *(column.name for column in columns)),
        tuple(rows),
    )


def predicted(forecast: Forecast, column: Column, time_d: float) -> str:
    """Return "typical (5 %–95 %)" of one output at one time."""
    values = forecast.series[column.output].at(time_d)
    typical, lo, hi = (f"{column.scale * value:.{column.digits}f}" for value in values)
    return f"{typical} ({lo}–{hi})"


ABREAST = 4  # outputs in one table of a virtual population
PHASE_ENDS = 3  # shown at most


def simulated(summary: Summary) -> tuple[Table, ...]:
    """Return what a virtual population showed, some outputs a table: a row for some of the days."""
    cohort, shown = summary.cohort, days_shown(summary.asked)
    if cohort.done == 1:
        title = "The one person, before the dose of that day"
    else:
        title = "Median (5th–95th percentile of the people), before the dose of that day"
    columns = [_column_of(output) for output in cohort.outputs]
    found = []
    for start in range(0, len(columns), ABREAST):
        some = range(start, min(start + ABREAST, len(columns)))
        rows = []
        for time in shown:
            cells = []
            for i in some:
                low, median, high = (
                    three_digits(float(value) * columns[i].scale)
                    for value in summary.percentiles[:, time, i]
                )
                cells.append(median if cohort.done == 1 else f"{median} ({low}–{high})")
            rows.append((f"{cohort.times_d[time]:g}", *cells))
        head = ("day", *(columns[i].name for i in some))
        found.append(Table(title if start == 0 else "", head, tuple(rows)))
    return tuple(found)


def days_shown(asked: Asked) -> tuple[int, ...]:
    """Return which of the days kept are shown: first, ends of phases, quarter points, last.

    All but the first and last are troughs where the days kept hold any.
    """
    times_d: Sequence[float] = asked.times_d.tolist()
    doses_d = [dose.time_d for dose in asked.doses]
    troughs = sorted(set(doses_d[1:]) & set(times_d)) or times_d[1:]
    counts = [phase.count for phase in asked.regimen.phases[:-1] if phase.count]
    ends = [number for number in accumulate(counts) if 1 < number <= len(doses_d)]
    wanted = [doses_d[number - 1] for number in ends[:PHASE_ENDS]]
    wanted += [asked.until_d * quarter / 4 for quarter in (1, 2, 3)]
    days = {min(troughs, key=lambda day: (abs(day - near), day)) for near in wanted}
    return tuple(sorted({0, len(times_d) - 1, *(times_d.index(day) for day in days)}))


def three_digits(value: float) -> str:
    """Write a number with three significant digits, and all digits before the point."""
    rounded = float(f"{value:.3g}")
    if rounded == 0 or abs(rounded) >= 100:
        return f"{value:.0f}"
    if abs(rounded) >= 0.001:
        return f"{value:.{2 - math.floor(math.log10(abs(rounded)))}f}"
    return f"{value:.2e}"


def _column_of(output: Output) -> Column:
    """Return how an output is shown; one that has no column of its own is shown plainly."""
    for column in COLUMNS:
        if column.output == output.name:
            return column
    name = output.meaning or output.name
    if output.unit == "mg/L":
        return Column(output.name, f"{name}, ng/mL", NG_PER_ML)
    return Column(output.name, f"{name}, {output.unit}")


def silent_words(questions: tuple[Open, ...]) -> str:
    """Name what the label is silent about, in short."""
    return ", ".join(q.topic.removeprefix("dosing.").replace("_", " ") for q in questions)


def _without_empty(table: Table) -> Table:
    """Drop the columns in which no row has anything to say."""
    kept = [i for i in range(len(table.head)) if any(row[i] not in ("", "–") for row in table.rows)]
    return Table(
        table.title,
        tuple(table.head[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in table.rows),
    )
