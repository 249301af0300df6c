"""A vial's temperature record as a Vega-Lite specification: readings, limits, gaps, custody.

The picture shows at most `MOST_POINTS` points; of a longer record each stretch keeps its coldest
and its warmest reading, so that no excursion is lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from thecal.clinic.coldchain.coldchain import VialCheck
from thecal.clinic.coldchain.pieces import Reading, State
from thecal.plan.answer import DISCLAIMER
from thecal.report.contract import Json
from thecal.report.vial import (
    VERDICTS,
    degrees,
    ground_words,
    moment,
    zone_words,
)

MOST_POINTS = 2_000
WIDTH, LETTERS = 680, 112
HATCHES = 90  # across the whole picture
# A date at midnight, else 24 hours, in words that every country reads alike.
CLOCK_FACE = "utcFormat(datum.value, utchours(datum.value) == 0 ? '%a %d %b' : '%H:%M')"
# Colour-blind safe (Okabe and Ito); words and dashes say the same as colour.
LINE, RANGE, LIMIT, GAP, DECIDED = "#0072B2", "#009E73", "#b3261e", "#666666", "#b3261e"
STATES = {  # of the strip: its words and its colour
    State.REFRIGERATOR: ("in carton, refrigerator", "#9fd5c4"),
    State.CARTON: ("in carton, outside", "#e8c468"),
    State.OUT_OF_CARTON: ("out of carton", "#d98246"),
    State.NOT_STATED: ("not stated", "#dddddd"),
}


def vial_figure(check: VialCheck, *, width: int = WIDTH) -> Json:
    """Return the picture of a check: temperature over time, and where the vial was."""
    clock = _Clock(check.zone, check.readings[0].at_s)
    start_s, end_s = check.pieces[0].start_s, check.pieces[-1].end_s
    margin_s = max((end_s - start_s) // 60, 600)
    span = (start_s - margin_s, end_s + margin_s)
    words = [ground_words(check.deciding, check), DISCLAIMER]
    lines = [line for part in words for line in wrap(part, LETTERS, break_on_hyphens=False)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": f"{_title(check)} {ground_words(check.deciding, check)}",
        "title": {"text": _title(check), "subtitle": lines},
        "vconcat": [
            _temperature_view(check, clock, span, width),
            _custody_view(check, clock, span, width),
        ],
        "spacing": 8,
        "padding": 6,
        "config": {
            "font": "system-ui, sans-serif",
            "view": {"stroke": "#d0d0d0"},
            "axis": {"grid": True, "gridColor": "#eeeeee", "labelFontSize": 11},
            "title": {"anchor": "start", "fontSize": 13, "offset": 8},
        },
    }


class _Clock:
    """Turns moments into what one clock shows; it keeps the offset of the first reading."""

    def __init__(self, zone: dt.tzinfo, first_s: int) -> None:
        offset = dt.datetime.fromtimestamp(first_s, zone).utcoffset() or dt.timedelta()
        self.offset_s = round(offset.total_seconds())
        self.name = zone_words(zone)

    def __call__(self, at_s: float) -> str:
        shown = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=round(at_s) + self.offset_s)
        return f"{shown.isoformat()}Z"


def _title(check: VialCheck) -> str:
    words = VERDICTS[check.verdict].split(":")[0].rstrip(".")
    return f"{check.storage.label.medicine}, one vial: {words}"


def _x(clock: _Clock, span: tuple[int, int], *, has_labels: bool) -> Json:
    title = f"time ({clock.name})" if has_labels else None
    return {
        "field": "at",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [clock(span[0]), clock(span[1])], "nice": False},
        "axis": {
            "title": title,
            "labels": has_labels,
            "ticks": has_labels,
            "labelOverlap": True,
            "tickCount": 9,
            "labelExpr": CLOCK_FACE,
        },
    }


def _temperature_view(check: VialCheck, clock: _Clock, span: tuple[int, int], width: int) -> Json:
    storage, decided = check.storage, check.deciding.reading
    limits = sorted({a.most_C for a in storage.allowances.values()})
    low = min(check.coldest.temperature_C, storage.least_C, check.policy.freezing_C) - 1
    high = max(check.warmest.temperature_C, storage.most_C, *limits, 0) + 2
    x = _x(clock, span, has_labels=False)
    y: Json = {
        "field": "C",
        "type": "quantitative",
        "title": "temperature, °C",
        "scale": {"domain": [low, high], "nice": False},
        "axis": {"minExtent": 44, "tickCount": 8},
    }
    right, left = clock(span[1]), clock(span[0])
    band = {"at": left, "to": right, "C": storage.least_C, "C2": storage.most_C}
    rules = [
        {"at": left, "C": limit, "words": f"label limit {limit:g} °C {_whose(check, limit)}"}
        for limit in limits
    ]
    rules.append(
        {
            "at": left,
            "C": check.policy.freezing_C,
            "words": f"{check.policy.freezing_C:g} °C, counted as frozen (policy)",
        }
    )
    is_late = decided.at_s > (span[0] + span[1]) / 2
    seen = f"{degrees(decided.temperature_C)}, {moment(decided.at_s, check.zone)}"
    mark = {
        "at": clock(decided.at_s),
        "C": decided.temperature_C,
        "words": f"decided by: {seen}",
    }
    gaps = [
        {
            "at": clock(gap.start_s),
            "to": clock(gap.end_s),
            "mid": clock((gap.start_s + gap.end_s) / 2),
            "C": low,
            "C2": high,
            "words": "gap",
        }
        for gap in check.gaps
    ]
    hatches = [h for gap in check.gaps for h in _hatches(gap.start_s, gap.end_s, span, low, high)]
    until = {"field": "to", "type": "temporal"}
    halo = {"stroke": "white", "strokeWidth": 3, "strokeOpacity": 0.9}
    label = {
        "align": "right" if is_late else "left",
        "dx": -9 if is_late else 9,
        "dy": -9,
        "fontWeight": "bold",
        "fontSize": 11,
    }
    return {
        "width": width,
        "height": 270,
        "layer": [
            {
                "data": {"values": [band]},
                "mark": {"type": "rect", "color": RANGE, "opacity": 0.18},
                "encoding": {"x": x, "x2": until, "y": y, "y2": {"field": "C2"}},
            },
            {
                "data": {"values": gaps},
                "mark": {"type": "rect", "color": GAP, "opacity": 0.12, "clip": True},
                "encoding": {"x": x, "x2": until, "y": y, "y2": {"field": "C2"}},
            },
            {
                "data": {
                    "values": [
                        {"at": clock(a), "to": clock(b), "C": c, "C2": d} for a, b, c, d in hatches
                    ]
                },
                "mark": {"type": "rule", "color": GAP, "opacity": 0.5, "strokeWidth": 0.8},
                "encoding": {"x": x, "x2": until, "y": y, "y2": {"field": "C2"}},
            },
            {
                "data": {"values": rules},
                "mark": {"type": "rule", "color": LIMIT, "strokeDash": [6, 4]},
                "encoding": {"y": y},
            },
            {
                "data": {"values": rules},
                "mark": {"type": "text", "align": "left", "dx": 6, "dy": -6, "color": LIMIT},
                "encoding": {"x": x, "y": y, "text": {"field": "words"}},
            },
            {
                "data": {
                    "values": [
                        {"at": clock(r.at_s), "C": r.temperature_C, "stretch": stretch}
                        for stretch, r in _points(check)
                    ]
                },
                "mark": {"type": "line", "color": LINE, "strokeWidth": 1.6, "clip": True},
                "encoding": {"x": x, "y": y, "detail": {"field": "stretch"}},
            },
            {
                "data": {"values": gaps},
                "mark": {"type": "text", "baseline": "top", "dy": 22, "fontWeight": "bold"},
                "encoding": {
                    "x": {**x, "field": "mid"},
                    "y": {**y, "field": "C2"},
                    "text": {"field": "words"},
                },
            },
            {
                "data": {"values": [mark]},
                "mark": {
                    "type": "point",
                    "shape": "circle",
                    "size": 130,
                    "color": DECIDED,
                    "strokeWidth": 2.4,
                    "filled": False,
                },
                "encoding": {"x": x, "y": y},
            },
            *(
                {
                    "data": {"values": [mark]},
                    "mark": {"type": "text", **label, **extra},
                    "encoding": {"x": x, "y": y, "text": {"field": "words"}},
                }
                for extra in (halo, {"color": "#111111"})
            ),
        ],
    }


def _whose(check: VialCheck, limit: float) -> str:
    states = [a.state for a in check.storage.allowances.values() if a.most_C == limit]
    words = {State.CARTON: "in the carton", State.OUT_OF_CARTON: "out of it"}
    if states == [State.OUT_OF_CARTON]:
        return "out of the carton"
    return " and ".join(words[state] for state in states)


def _hatches(
    start_s: int, end_s: int, span: tuple[int, int], low: float, high: float
) -> Iterator[tuple[float, float, float, float]]:
    """Return slanted lines that fill a gap, cut at its ends: x, x2, y, y2."""
    step = (span[1] - span[0]) / HATCHES
    lean = 3 * step  # along the time axis from the bottom to the top
    first = int((start_s - lean - span[0]) // step)
    last = int((end_s - span[0]) // step)
    for i in range(first, last + 1):
        foot = span[0] + i * step
        a, b = max(foot, start_s), min(foot + lean, end_s)
        if a < b:
            rise = (high - low) / lean
            yield a, b, low + (a - foot) * rise, low + (b - foot) * rise


def _points(check: VialCheck) -> Iterator[tuple[int, Reading]]:
    """Return readings with the number of their stretch between gaps, thinned where many."""
    longest_s = check.policy.longest_interval_s + check.policy.leeway_s
    stretch, stretches = 0, []
    for i, reading in enumerate(check.readings):
        if i and reading.at_s - check.readings[i - 1].at_s > longest_s:
            stretch += 1
        stretches.append((stretch, reading))
    bucket = -(-2 * len(stretches) // MOST_POINTS)
    if len(stretches) <= MOST_POINTS:
        yield from stretches
        return
    for number, group in groupby(stretches, key=lambda pair: pair[0]):
        held = [reading for _, reading in group]
        for i in range(0, len(held), bucket):
            yield from ((number, reading) for reading in _extremes(held[i : i + bucket]))


def _extremes(readings: Sequence[Reading]) -> list[Reading]:
    by_degree = sorted(readings, key=lambda reading: reading.temperature_C)
    return sorted({by_degree[0], by_degree[-1]})


def _custody_view(check: VialCheck, clock: _Clock, span: tuple[int, int], width: int) -> Json:
    runs = []
    for state, group in groupby(check.pieces, key=lambda piece: piece.state):
        pieces = list(group)
        start_s, end_s = pieces[0].start_s, pieces[-1].end_s
        words = STATES[state][0]
        wide = (end_s - start_s) / (span[1] - span[0]) * width > 6 * len(words)
        runs.append(
            {
                "at": clock(start_s),
                "to": clock(end_s),
                "mid": clock((start_s + end_s) / 2),
                "state": words,
                "words": words if wide else "",
            }
        )
    held = [state for state in STATES if any(p.state is state for p in check.pieces)]
    x = {**_x(clock, span, has_labels=True)}
    return {
        "width": width,
        "height": 24,
        "data": {"values": runs},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "white", "strokeWidth": 0.5},
                "encoding": {
                    "x": x,
                    "x2": {"field": "to", "type": "temporal"},
                    "color": {
                        "field": "state",
                        "type": "nominal",
                        "scale": {
                            "domain": [STATES[state][0] for state in held],
                            "range": [STATES[state][1] for state in held],
                        },
                        "legend": {"orient": "bottom", "title": "The vial was, as stated"},
                    },
                },
            },
            {
                "mark": {"type": "text", "fontSize": 10, "color": "#111111"},
                "encoding": {
                    "x": {**x, "field": "mid"},
                    "text": {"field": "words"},
                },
            },
        ],
    }
