"""The timeline of one course, or of a virtual population, as a Vega-Lite specification.

One specification serves the page, PNG and SVG. A function here draws what it is given; it
computes nothing. Every panel names its unit and shares one time axis.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from thecal.course import Course, Observation
from thecal.errors import counted
from thecal.model.structure import Output
from thecal.outfile import write_whole
from thecal.plan.answer import DISCLAIMER, Answer
from thecal.report.tables import NG_PER_ML
from thecal.report.words import (
    beyond_words,
    given_words,
    no_model_words,
    people_words,
    regimen_words,
)
from thecal.shapes import Float

if TYPE_CHECKING:
    from thecal.plan.forecast import Forecast
    from thecal.plan.virtual import Summary

Spec = dict[str, Any]
Values = Float[np.ndarray, " time"]

BEFORE_D = 60  # earlier records are in the table, not in the picture
# Colour-blind safe (Okabe and Ito); shape and dash say the same as colour.
DRUG, EFFECT, UNTREATED, EVENT, SERIOUS = "#0072B2", "#009E73", "#666666", "#8a6100", "#b3261e"
TICK = "M0,-0.9L0,0.9"  # an upright stroke
WIDTH, LETTERS = 680, 118  # of a panel, and of a line of words above the panels
SHORTEST_D = 28  # of a timeline without a prediction
LEAST = 1e-3  # ng/mL of a virtual population that a log axis reaches down to
LINES = "Line: typical patient. Band: 90 % of virtual patients, without measurement error."
DASHED = "Dashed: the typical patient untreated."
DOTS = "Dots: measured (▼ below a limit)."
NOT_FITTED = "Not fitted to this person."


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity of the timeline; a log axis goes no lower than `least`."""

    output: str
    title: str
    unit: str
    colour: str
    scale: float = 1.0
    is_log: bool = False
    height: int = 110
    least: float = 0.1


PANELS = (
    Panel("csf", "Drug in CSF", "ng/mL, log", DRUG, NG_PER_ML, is_log=True),
    Panel("plasma", "Drug in plasma", "ng/mL, log", DRUG, NG_PER_ML, is_log=True),
    Panel("sod1_mrna", "SOD1 mRNA in CNS, to baseline", "ratio", EFFECT, height=80),
    Panel("sod1_cns", "SOD1 protein in CNS, to baseline", "ratio", EFFECT, height=80),
    Panel("csf_sod1", "SOD1 protein in CSF, to baseline", "ratio", EFFECT),
    Panel("nfl", "Neurofilament light, to baseline", "ratio", EFFECT),
    Panel("alsfrs_r", "ALSFRS-R", "points of 48", EFFECT),
    Panel("svc", "Slow vital capacity", "% of predicted", EFFECT),
)
MEASURED = (  # kinds of record, drawn as they are where no model predicts them
    ("csf_wbc", "CSF white cells"),
    ("csf_protein", "CSF protein"),
    ("albumin_ratio", "Albumin ratio, CSF to serum"),
    ("pnfh_csf", "pNfH in CSF"),
    ("pnfh_plasma", "pNfH in plasma"),
    ("csf_tofersen", "Tofersen in CSF"),
    ("plasma_tofersen", "Tofersen in plasma"),
    ("csf_sod1", "SOD1 protein in CSF"),
    ("nfl_csf", "Neurofilament light in CSF"),
    ("nfl_plasma", "Neurofilament light in plasma"),
    ("nfl_serum", "Neurofilament light in serum"),
    ("alsfrs_r", "ALSFRS-R"),
    ("svc", "Slow vital capacity"),
)


def timeline(answer: Answer, *, width: int = WIDTH) -> Spec:
    """Return the whole course on one time axis: doses, what the model predicts, events.

    A kind of record that the model does not predict has a panel of its own, as measured.
    """
    course, forecast = answer.due.course, answer.forecast
    start_d, end_d = _extent(answer)
    axis = _axis(course)
    views = [_doses_view(answer, axis, start_d, end_d, width)]
    if forecast:
        for panel in _panels(forecast):
            views.append(_panel_view(forecast, panel, course, axis, start_d, end_d, width))
    for kind, title in MEASURED:
        if forecast and forecast.predicts(kind):
            continue
        seen = [o for o in course.observed(kind) if start_d <= o.time_d <= end_d]
        if seen:
            values = [_dot(o, o.value, course) for o in seen]
            measured = _measured_view(values, title, seen[0].unit, axis, start_d, end_d, width)
            # Beside effects these panels keep the axes they always had; elsewhere a single value
            # is common, and would be cut in half at the top of an axis that ends with it.
            if not (forecast and forecast.has_baselines):
                most = max(o.value for o in seen)
                for layer in measured["layer"][:2]:
                    layer["encoding"]["y"]["scale"] = {"domain": [0, 1.15 * most or 1]}
            views.append(measured)
    return {
        **_stacked(
            views,
            axis,
            title=f"Course on {answer.due.label.medicine}",
            subtitle=[*key_words(answer), *_about_lines(answer), *DISCLAIMER.split(". ", 1)],
            description=alternative(answer),
        ),
        "usermeta": {"planned": list(forecast.planned_d) if forecast else []},
    }


def key_words(answer: Answer) -> tuple[str, ...]:
    """Say what lines, bands and dots of the timeline are."""
    if answer.forecast is None:
        return (DOTS,)
    has_dashed = any(s.untreated is not None for s in answer.forecast.series.values())
    return (LINES, f"{DASHED} {DOTS} {NOT_FITTED}" if has_dashed else f"{DOTS} {NOT_FITTED}")


def _about_lines(answer: Answer) -> list[str]:
    """Say on the picture of a model that was not calibrated here whom it is of, or why none is."""
    if answer.forecast is None:
        return [no_model_words(answer.due)]
    population = answer.forecast.population
    if population.calibration:
        return []
    return wrap(f"The model: {population.about}", LETTERS, break_on_hyphens=False)


def _panels(forecast: Forecast) -> list[Panel]:
    """Return how the outputs of a forecast are drawn, those with a panel of their own first."""
    own = [panel for panel in PANELS if panel.output in forecast.series]
    names = {panel.output for panel in own}
    others = (series.output for name, series in forecast.series.items() if name not in names)
    if (
        not forecast.has_baselines
    ):  # kinetics alone: doses months apart leave little before the next
        own = [replace(panel, least=LEAST) for panel in own]
    return [*own, *map(_panel_of, others)]


def virtual(summary: Summary, *, width: int = WIDTH) -> Spec:
    """Return what a virtual population showed, on one time axis: doses, then each output."""
    from thecal.plan.virtual import VIRTUAL_CAVEAT

    asked, cohort = summary.asked, summary.cohort
    low, median, high = summary.percentiles
    start_d, end_d = _margins(0.0, float(cohort.times_d[-1]))
    axis = _axis(None)
    doses = [
        {
            "day": dose.time_d,
            "row": "doses",
            "kind": "dose",
            "what": f"dose {number}, {dose.amount_mg:g} mg, day {dose.time_d:g}",
        }
        for number, dose in enumerate(asked.doses, 1)
    ]
    looks = {"dose": (DRUG, TICK)}
    views = [_strip(doses, ["doses"], looks, "Doses", axis, start_d, end_d, width)]
    for i, output in enumerate(cohort.outputs):
        columns = {"median": median[:, i], "lo": low[:, i], "hi": high[:, i]}
        panel = _panel_of(output)
        rows = _rows(cohort.times_d, columns, panel)
        views.append(_band_view(panel, rows, [], axis, start_d, end_d, width, line="median"))
    beyond = tuple(map(beyond_words, asked.extrapolations))
    words = (regimen_words(asked), *beyond, *_key_words(summary), VIRTUAL_CAVEAT, DISCLAIMER)
    return _stacked(
        views,
        axis,
        title=f"{asked.population.medicine}: {people_words(cohort)}, seed {asked.seed}",
        subtitle=[line for part in words for line in wrap(part, LETTERS, break_on_hyphens=False)],
        description=virtual_alternative(summary),
    )


def _key_words(summary: Summary) -> Iterable[str]:
    every = (
        f"Values every {summary.asked.every_d:g} d, before the dose of that day, joined by "
        "straight lines: a peak between them is not seen"
    )
    if summary.cohort.done == 1:
        yield f"Line: the one person. {every}."
    else:
        yield f"Line: median. Band: 5th to 95th percentile of the people. {every}."


def _stacked(
    views: list[Spec], axis: Spec, *, title: str, subtitle: Sequence[str], description: str
) -> Spec:
    """Return views below each other; the last one carries the words of the time axis."""
    for layer in views[-1]["layer"]:
        layer["encoding"]["x"]["axis"] |= {"labels": True, "title": axis["title"]}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": description,
        "title": {"text": title, "subtitle": list(subtitle)},
        "vconcat": views,
        "spacing": 6,
        "padding": 4,
        "config": {
            "font": "system-ui, sans-serif",
            "view": {"stroke": "#d0d0d0"},
            "axis": {
                "grid": True,
                "gridColor": "#eeeeee",
                "labelFontSize": 11,
                "titleFontSize": 11,
            },
            "title": {"anchor": "start", "fontSize": 12, "offset": 4},
        },
    }


def alternative(answer: Answer) -> str:
    """Say in words what the timeline shows, for a reader who does not see it."""
    forecast, schedule = answer.forecast, answer.due.schedule
    parts = [given_words(answer.due)]
    if schedule.given:
        parts[0] += f" from day 0 to day {schedule.given[-1].dose.time_d}"
    if forecast is None:
        measured = counted(len(answer.due.course.observations), "value")
        parts.append(f"{no_model_words(answer.due).rstrip('.')}; {measured} measured")
        return "Timeline of the course. " + ". ".join(parts) + "."
    if forecast.planned_d:
        parts.append("doses assumed on days " + ", ".join(str(day) for day in forecast.planned_d))
    end_d = forecast.end_d
    for panel in _panels(forecast):
        typical, lo, hi = (v * panel.scale for v in forecast.series[panel.output].at(end_d))
        parts.append(
            f"{panel.title} on day {end_d:g}: typical {typical:.3g}, 90 % of virtual patients "
            f"{lo:.3g} to {hi:.3g} ({panel.unit.removesuffix(', log')})"
        )
    parts.append(f"{len(forecast.observed)} observations are drawn beside their prediction")
    return "Timeline of the course. " + ". ".join(parts) + "."


def virtual_alternative(summary: Summary) -> str:
    """Say in words what the picture of a virtual population shows."""
    asked, cohort = summary.asked, summary.cohort
    parts = [
        f"{people_words(cohort)} on {asked.population.medicine}, {asked.regimen.text}",
        f"{counted(len(asked.doses), 'dose')} before day {asked.until_d:g}",
    ]
    for i, output in enumerate(cohort.outputs):
        panel = _panel_of(output)
        low, median, high = summary.percentiles[:, -1, i] * panel.scale
        parts.append(
            f"{panel.title} on day {cohort.times_d[-1]:g}: median {median:.3g}, 5th to 95th "
            f"percentile {low:.3g} to {high:.3g} ({panel.unit.removesuffix(', log')})"
        )
    return "What virtual people show. " + ". ".join(parts) + "."


def write_figure(answer: Answer, path: Path) -> None:
    """Write the timeline as PNG (2 pixels a point) or SVG; the old file stays if this fails."""
    write_picture(timeline(answer), path)


def write_picture(spec: Spec, path: Path) -> None:
    """Write a specification as PNG (2 pixels a point) or SVG; the old file stays if this fails."""
    import vl_convert

    if path.suffix == ".svg":
        write_whole(path, svg(spec).encode())
    else:
        write_whole(path, vl_convert.vegalite_to_png(spec, scale=2))


def svg(spec: Spec) -> str:
    """Draw a specification as SVG, the same text for the same input."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(spec)
    numbers: dict[str, int] = {}  # clip paths are numbered through the life of the process

    def renumber(match: re.Match[str]) -> str:
        return f"clip{numbers.setdefault(match[0], len(numbers) + 1)}"

    return re.sub(r"\bclip\d+", renumber, drawn)


def _extent(answer: Answer) -> tuple[float, float]:
    """Return the first and last day drawn: records long before day 0 would squeeze the rest."""
    course, schedule = answer.due.course, answer.due.schedule
    facts_d = [o.time_d for o in course.observations]
    facts_d += [e.time_d for e in course.events]
    near_d = [day for day in facts_d if day >= -BEFORE_D]
    if answer.forecast:
        end_d = answer.forecast.end_d
    else:
        due_d = schedule.next.due_d if schedule.is_planned else 0
        end_d = max(course.last_d, due_d, schedule.on_d or 0, SHORTEST_D)
    return _margins(min([0.0, *near_d]), end_d)


def _margins(first_d: float, last_d: float) -> tuple[float, float]:
    """Widen the days drawn, so that a mark at the edge is whole."""
    margin_d = 0.015 * (last_d - first_d)
    return first_d - margin_d, last_d + margin_d


def _axis(course: Course | None) -> Spec:
    """Return the time axis: dates where there is a course that has them, else days."""
    axis: Spec = {"tickCount": 8, "labels": False, "title": "Days since the first dose"}
    if course is not None and course.start is not None:
        year, month, day = course.start.timetuple()[:3]
        shown = f"utcFormat(utc({year}, {month - 1}, {day}) + datum.value * 86400000, '%d %b %y')"
        axis |= {"labelExpr": shown, "title": f"Date (day 0 is {course.start.isoformat()})"}
    return axis


def _x(axis: Spec, *, zoomed: bool = True) -> Spec:
    shown = {**axis, "title": None}
    scale: Spec = {"nice": False, "zero": False}
    if zoomed:
        scale["domain"] = {"param": "window"}
    return {"field": "day", "type": "quantitative", "scale": scale, "axis": shown}


def _frame(start_d: float, end_d: float, axis: Spec, *, zoomed: bool = True) -> Spec:
    """Return an invisible layer that spans the time axis, so that all panels agree."""
    return {
        "data": {"values": [{"day": start_d}, {"day": end_d}]},
        "mark": {"type": "rule", "opacity": 0},
        "encoding": {"x": _x(axis, zoomed=zoomed)},
    }


def _doses_view(answer: Answer, axis: Spec, start_d: float, end_d: float, width: int) -> Spec:
    """Return doses given and assumed, and events."""
    course, when = answer.due.course, _when(answer.due.course)
    serious = {f.code for f in answer.due.findings if f.severity == "serious"}
    rows = [
        {
            "day": g.dose.time_d,
            "row": "doses",
            "kind": "dose given",
            "what": f"dose {g.number}, {g.dose.amount_mg:g} mg, {when(g.dose.time_d)}",
        }
        for g in answer.due.schedule.given
    ]
    first = len(answer.due.schedule.given) + 1
    planned_d = answer.forecast.planned_d if answer.forecast else ()
    rows += [
        {
            "day": day,
            "row": "doses",
            "kind": "dose assumed",
            "what": f"dose {number}, assumed {when(day)}",
        }
        for number, day in enumerate(planned_d, first)
    ]
    rows += [
        {
            "day": e.time_d,
            "row": "events",
            "kind": "serious event" if f"event.{e.name}" in serious else "event",
            "what": f"{e.name.replace('_', ' ')}, {when(e.time_d)}",
        }
        for e in course.events
        if start_d <= e.time_d <= end_d
    ]
    looks = {
        "dose given": (DRUG, TICK),
        "dose assumed": (DRUG, "circle"),
        "event": (EVENT, "diamond"),
        "serious event": (SERIOUS, "triangle-up"),
    }
    title = "Doses and events"
    return _strip(rows, ["doses", "events"], looks, title, axis, start_d, end_d, width)


def _strip(
    rows: list[Spec],
    names: list[str],
    looks: dict[str, tuple[str, str]],
    title: str,
    axis: Spec,
    start_d: float,
    end_d: float,
    width: int,
) -> Spec:
    """Return marks in rows by name, each kind in its colour and shape: sets the window."""
    has_legend = len(looks) > 1
    kind: Spec = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "legend": {"orient": "top", "columns": 4, "symbolStrokeWidth": 2} if has_legend else None,
    }
    domain = {"domain": list(looks), "range": [colour for colour, _ in looks.values()]}
    shapes = {"domain": list(looks), "range": [shape for _, shape in looks.values()]}
    return {
        "width": width,
        "height": 27 * len(names),
        "title": title,
        "layer": [
            {
                **_frame(start_d, end_d, axis, zoomed=False),
                "params": [{"name": "window", "select": {"type": "interval", "encodings": ["x"]}}],
            },
            {
                "data": {"values": rows},
                "mark": {"type": "point", "size": 110, "strokeWidth": 2},
                "encoding": {
                    "x": _x(axis, zoomed=False),
                    "y": {
                        "field": "row",
                        "type": "nominal",
                        "title": None if has_legend else " ",  # keeps the panels in line
                        "sort": names,
                        "axis": {
                            "grid": False,
                            "ticks": False,
                            "minExtent": 52,
                            **({} if has_legend else {"labels": False}),
                        },
                    },
                    "color": {**kind, "scale": domain},
                    "shape": {**kind, "scale": {**shapes}},
                    "tooltip": [{"field": "what", "title": "what"}],
                },
            },
        ],
    }


def _panel_view(
    forecast: Forecast,
    panel: Panel,
    course: Course,
    axis: Spec,
    start_d: float,
    end_d: float,
    width: int,
) -> Spec:
    """Return band, typical patient, untreated patient and observations of one output."""
    series = forecast.series[panel.output]
    columns = {"typical": series.typical, "lo": series.lo, "hi": series.hi}
    if series.untreated is not None:
        columns["untreated"] = series.untreated
    rows = _rows(series.times_d, columns, panel)
    seen = [
        _dot(o.observation, o.value * panel.scale, course)
        for o in forecast.observed
        if o.output == panel.output
    ]
    return _band_view(panel, rows, seen, axis, start_d, end_d, width, line="typical")


def _band_view(
    panel: Panel,
    rows: list[Spec],
    seen: list[Spec],
    axis: Spec,
    start_d: float,
    end_d: float,
    width: int,
    *,
    line: str,
) -> Spec:
    """Return a band from `lo` to `hi`, a line, and where there are any `untreated` and dots."""
    tooltip = [
        {"field": "day", "title": "day"},
        *(
            {"field": f, "title": t, "format": ",.3~r"}
            for f, t in ((line, line), ("lo", "5 %"), ("hi", "95 %"))
        ),
    ]
    shown = [value for row in rows for name, value in row.items() if name != "day"]
    shown += [dot["seen"] for dot in seen]
    y: Spec = {
        "type": "quantitative",
        "title": panel.unit,
        "scale": _scale(panel, min(shown, default=0.1), max(shown, default=1.0)),
        "axis": {"minExtent": 52, "tickCount": 4, **({"format": ",.2~r"} if panel.is_log else {})},
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": 0.22, "color": panel.colour, "clip": True},
            "encoding": {"x": _x(axis), "y": {**y, "field": "lo"}, "y2": {"field": "hi"}},
        },
        {
            "mark": {"type": "line", "color": panel.colour, "strokeWidth": 1.8, "clip": True},
            "encoding": {"x": _x(axis), "y": {**y, "field": line}, "tooltip": tooltip},
        },
    ]
    if any("untreated" in row for row in rows):
        dashed = {"type": "line", "color": UNTREATED, "strokeDash": [5, 4], "clip": True}
        layers.append(
            {"mark": dashed, "encoding": {"x": _x(axis), "y": {**y, "field": "untreated"}}}
        )
    if seen:
        layers.append(_points(seen, {**y, "field": "seen"}, axis))
    return {
        "width": width,
        "height": panel.height,
        "title": panel.title,
        "data": {"values": rows},
        "layer": [*layers, _frame(start_d, end_d, axis)],
    }


def _scale(panel: Panel, least: float, most: float) -> Spec:
    """Return a value axis that leaves room for a whole mark at either end."""
    if panel.is_log:
        floor = panel.least if most > 10 * panel.least else most / 1e3
        return {"type": "log", "domain": [max(0.8 * least, floor), 1.3 * most], "clamp": True}
    if panel.output == "alsfrs_r":
        return {"domain": [max(least - 1, 0), most + 1], "nice": False}
    return {"domain": [0 if least >= 0 else 1.07 * least, 1.07 * most], "nice": False}


def _measured_view(
    values: list[Spec], title: str, unit: str, axis: Spec, start_d: float, end_d: float, width: int
) -> Spec:
    """Return what was measured and has no prediction."""
    y = {
        "field": "seen",
        "type": "quantitative",
        "title": unit,
        "axis": {"minExtent": 52, "tickCount": 3},
    }
    line = {"type": "line", "color": EVENT, "strokeWidth": 1, "opacity": 0.6, "clip": True}
    return {
        "width": width,
        "height": 70,
        "title": f"{title}, measured",
        "data": {"values": values},
        "layer": [
            {"mark": line, "encoding": {"x": _x(axis), "y": y}},
            _points(values, y, axis),
            _frame(start_d, end_d, axis),
        ],
    }


def _points(values: list[Spec], y: Spec, axis: Spec) -> Spec:
    return {
        "data": {"values": values},
        "mark": {
            "type": "point",
            "filled": True,
            "color": "#111111",
            "size": 46,
            "opacity": 1,
            "clip": True,
        },
        "encoding": {
            "x": _x(axis),
            "y": y,
            "shape": {
                "condition": {"test": "datum.below", "value": "triangle-down"},
                "value": "circle",
            },
            "tooltip": [{"field": "what", "title": "measured"}],
        },
    }


def _dot(observation: Observation, value: float, course: Course) -> Spec:
    """Return one record as a row; below a limit of quantification it is drawn as ▼ at the limit."""
    sign = "<" if observation.is_below else ""
    shown = f"{observation.kind} {sign}{observation.value:g} {observation.unit}"
    return {
        "day": observation.time_d,
        "seen": value,
        "below": observation.is_below,
        "what": f"{shown}, {_when(course)(observation.time_d)}",
    }


def _panel_of(output: Output) -> Panel:
    """Return how an output is drawn; one that has no panel of its own is drawn plainly."""
    for panel in PANELS:
        if panel.output == output.name:
            return replace(panel, least=LEAST)
    title = output.meaning or output.name
    if output.unit == "mg/L":
        return Panel(output.name, title, "ng/mL, log", DRUG, NG_PER_ML, is_log=True, least=LEAST)
    return Panel(output.name, title, output.unit, EFFECT)


def _rows(times_d: Values, columns: dict[str, Values], panel: Panel) -> list[Spec]:
    """Return columns as rows, rounded to what a picture can show."""
    rows = []
    for i, day in enumerate(times_d):
        row = {"day": round(float(day), 4)}
        row |= {name: float(f"{values[i] * panel.scale:.4g}") for name, values in columns.items()}
        if not (panel.is_log and row["hi"] <= 0):
            rows.append(row)
    return rows


def _when(course: Course) -> Callable[[float], str]:
    def words(time_d: float) -> str:
        date = course.date(time_d)
        return f"day {time_d:g}" if date is None else f"{date.isoformat()} (day {time_d:g})"

    return words
