"""The timeline of one course as a Vega-Lite specification, and as a picture.

One specification serves the page, PNG and SVG. A function here draws what it is given; it
computes nothing. Every panel names its unit and shares one time axis.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from thecal.course import Course, Observation
from thecal.outfile import write_whole
from thecal.plan.answer import DISCLAIMER, Answer
from thecal.plan.forecast import Series
from thecal.report.tables import NG_PER_ML
from thecal.report.words import given_words

Spec = dict[str, Any]
Values = Float[np.ndarray, " time"]

BEFORE_D = 60  # earlier records are in the table, not in the picture
# Colour-blind safe (Okabe and Ito); shape and dash say the same as colour.
DRUG, EFFECT, UNTREATED, EVENT, SERIOUS = "#0072B2", "#009E73", "#666666", "#8a6100", "#b3261e"
TICK = "M0,-0.9L0,0.9"  # an upright stroke
WIDTH = 680
KEY = (
    "Line: typical patient. Band: 90 % of virtual patients, without measurement error.",
    "Dashed: the typical patient untreated. Dots: measured (▼ below a limit). "
    "Not fitted to this person.",
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity of the timeline."""

    output: str
    title: str
    unit: str
    colour: str
    scale: float = 1.0
    is_log: bool = False
    height: int = 110


PANELS = (
    Panel("csf", "Drug in CSF", "ng/mL, log", DRUG, NG_PER_ML, is_log=True),
    Panel("plasma", "Drug in plasma", "ng/mL, log", DRUG, NG_PER_ML, is_log=True),
    Panel("sod1_mrna", "SOD1 mRNA in CNS, to baseline", "ratio", EFFECT, height=80),
    Panel("sod1_cns", "SOD1 protein in CNS, to baseline", "ratio", EFFECT, height=80),
    Panel("csf_sod1", "SOD1 protein in CSF, to baseline", "ratio", EFFECT),
    Panel("nfl", "Neurofilament light, to baseline", "ratio", EFFECT),
    Panel("alsfrs_r", "ALSFRS-R", "points of 48", EFFECT),
)
MEASURED = (  # kinds of record that have no prediction
    ("csf_wbc", "CSF white cells"),
    ("csf_protein", "CSF protein"),
    ("albumin_ratio", "Albumin ratio, CSF to serum"),
    ("pnfh_csf", "pNfH in CSF"),
    ("pnfh_plasma", "pNfH in plasma"),
    ("svc", "Slow vital capacity"),
)


def timeline(answer: Answer, *, width: int = WIDTH) -> Spec:
    """Return the whole course on one time axis: doses, drug, biomarkers, function, events."""
    course, forecast = answer.due.course, answer.forecast
    start_d, end_d = _extent(answer)
    axis = _axis(course)
    views = [_doses_view(answer, axis, start_d, end_d, width)]
    for panel in PANELS:
        views.append(_panel_view(answer, panel, axis, start_d, end_d, width))
    for kind, title in MEASURED:
        seen = [o for o in course.observed(kind) if start_d <= o.time_d <= end_d]
        if seen:
            values = [_dot(o, o.value, course) for o in seen]
            unit = seen[0].unit
            views.append(_measured_view(values, title, unit, axis, start_d, end_d, width))
    for layer in views[-1]["layer"]:
        layer["encoding"]["x"]["axis"] |= {"labels": True, "title": axis["title"]}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": alternative(answer),
        "title": {
            "text": f"Course on {answer.due.label.medicine}",
            "subtitle": [*KEY, *DISCLAIMER.split(". ", 1)],
        },
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
        "usermeta": {"planned": list(forecast.planned_d)},
    }


def alternative(answer: Answer) -> str:
    """Say in words what the timeline shows, for a reader who does not see it."""
    forecast, schedule = answer.forecast, answer.due.schedule
    parts = [given_words(answer.due)]
    if schedule.given:
        parts[0] += f" from day 0 to day {schedule.given[-1].dose.time_d}"
    if forecast.planned_d:
        parts.append("doses assumed on days " + ", ".join(str(day) for day in forecast.planned_d))
    end_d = forecast.series["csf"].times_d[-1]
    for panel in PANELS:
        typical, lo, hi = (v * panel.scale for v in forecast.series[panel.output].at(end_d))
        parts.append(
            f"{panel.title} on day {end_d:g}: typical {typical:.3g}, 90 % of virtual patients "
            f"{lo:.3g} to {hi:.3g} ({panel.unit.removesuffix(', log')})"
        )
    parts.append(f"{len(forecast.observed)} observations are drawn beside their prediction")
    return "Timeline of the course. " + ". ".join(parts) + "."


def write_figure(answer: Answer, path: Path) -> None:
    """Write the timeline as PNG (2 pixels a point) or SVG; the old file stays if this fails."""
    import vl_convert

    spec = timeline(answer)
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
    facts_d = [o.time_d for o in answer.due.course.observations]
    facts_d += [e.time_d for e in answer.due.course.events]
    near_d = [day for day in facts_d if day >= -BEFORE_D]
    first_d, last_d = min([0.0, *near_d]), float(answer.forecast.series["csf"].times_d[-1])
    margin_d = 0.015 * (last_d - first_d)  # so that a mark at the edge is whole
    return first_d - margin_d, last_d + margin_d


def _axis(course: Course) -> Spec:
    """Return the time axis: dates where the course has them, else days."""
    axis: Spec = {"tickCount": 8, "labels": False, "title": "Days since the first dose"}
    if course.start is not None:
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
    """Return doses given and assumed, and events: the strip that also sets the window."""
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
    rows += [
        {
            "day": day,
            "row": "doses",
            "kind": "dose assumed",
            "what": f"dose {number}, assumed {when(day)}",
        }
        for number, day in enumerate(answer.forecast.planned_d, first)
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
    kinds = ["dose given", "dose assumed", "event", "serious event"]
    kind = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "legend": {"orient": "top", "columns": 4, "symbolStrokeWidth": 2},
    }
    domain = {"domain": kinds, "range": [DRUG, DRUG, EVENT, SERIOUS]}
    shapes = {"domain": kinds, "range": [TICK, "circle", "diamond", "triangle-up"]}
    return {
        "width": width,
        "height": 54,
        "title": "Doses and events",
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
                        "title": None,
                        "sort": ["doses", "events"],
                        "axis": {"grid": False, "ticks": False, "minExtent": 52},
                    },
                    "color": {**kind, "scale": domain},
                    "shape": {**kind, "scale": {**shapes}},
                    "tooltip": [{"field": "what", "title": "what"}],
                },
            },
        ],
    }


def _panel_view(
    answer: Answer, panel: Panel, axis: Spec, start_d: float, end_d: float, width: int
) -> Spec:
    """Return band, typical patient, untreated patient and observations of one output."""
    series = answer.forecast.series[panel.output]
    rows = _rows(series, panel)
    tooltip = [
        {"field": "day", "title": "day"},
        *(
            {"field": f, "title": t, "format": ",.3~r"}
            for f, t in (("typical", "typical"), ("lo", "5 %"), ("hi", "95 %"))
        ),
    ]
    seen = [
        _dot(o.observation, o.value * panel.scale, answer.due.course)
        for o in answer.forecast.observed
        if o.output == panel.output
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
            "encoding": {"x": _x(axis), "y": {**y, "field": "typical"}, "tooltip": tooltip},
        },
    ]
    if series.untreated is not None:
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
        return {"type": "log", "domain": [max(0.8 * least, 0.1), 1.3 * most], "clamp": True}
    if panel.output == "alsfrs_r":
        return {"domain": [max(least - 1, 0), most + 1], "nice": False}
    return {"domain": [0, 1.07 * most], "nice": False}


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


def _rows(series: Series, panel: Panel) -> list[Spec]:
    """Return a series as rows, rounded to what a picture can show."""
    columns: list[tuple[str, Values]] = [
        ("typical", series.typical),
        ("lo", series.lo),
        ("hi", series.hi),
    ]
    if series.untreated is not None:
        columns.append(("untreated", series.untreated))
    rows = []
    for i, day in enumerate(series.times_d):
        row = {"day": round(float(day), 4)}
        row |= {name: float(f"{values[i] * panel.scale:.4g}") for name, values in columns}
        if not (panel.is_log and row["hi"] <= 0):
            rows.append(row)
    return rows


def _when(course: Course) -> Callable[[float], str]:
    def words(time_d: float) -> str:
        date = course.date(time_d)
        return f"day {time_d:g}" if date is None else f"{date.isoformat()} (day {time_d:g})"

    return words
