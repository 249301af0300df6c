"""Published numbers over simulated bands, as Vega-Lite specifications.

Every picture names its title as the first sentence of `description`, which also says in words
what is drawn. A function here draws what it is given; it computes no statistic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from thecal.infer.bands import STRATA, Band
from thecal.infer.evidence import Target
from thecal.infer.predict import TREATED
from thecal.infer.validate import DAY_OF_LABEL, ON_DAYS, Validation, Verdict
from thecal.report.figures import DRUG, Spec
from thecal.trial.study import PLACEBO

# Colour-blind safe (Okabe and Ito); dash and shape say the same as colour.
ON_PLACEBO, INK = "#D55E00", "#111111"
ARMS = {TREATED: (DRUG, [1, 0], "circle"), PLACEBO: (ON_PLACEBO, [6, 3], "square")}
PANEL, HEIGHT = 250, 210
MISS_STEP = 13  # points of height for each number outside
WEEK_D = 7.0
ASIDE, APART = 0.35, 0.9  # weeks from the visit to its first mark, and between marks
FARTHEST = 4.0  # half widths beyond which a published number is drawn at the edge
USED, NOT_USED = "used for calibration", "not used"
STRATUM = {"faster": "Faster progression", "slower": "Slower progression", "all": "Everybody"}
STUDY = {"sad": "one dose (101 A)", "mad": "five doses (101 B)", "valor": "VALOR (101 C)"}
POINTS = "Points: published, with 95 % CI; filled if used for calibration, open if not"
TWICE = "Two points of one arm at one visit: off a figure, and from a table"
BANDS = "Lines and bands: median and 90 % prediction interval for a study of that size"
CONFIG: Spec = {
    "font": "system-ui, sans-serif",
    "view": {"stroke": "#d0d0d0"},
    "axis": {"grid": True, "gridColor": "#eeeeee", "labelFontSize": 11, "titleFontSize": 11},
    "title": {"anchor": "start", "fontSize": 12, "offset": 6, "frame": "group"},
    "legend": {
        "orient": "bottom",
        "labelFontSize": 11,
        "labelLimit": 260,
        "symbolSize": 80,
        "symbolOpacity": 1,
    },
}


def figures(validation: Validation, bands: Sequence[Band]) -> dict[str, Spec]:
    """Return every picture of the validation page, by the name of its file."""
    drawn = {
        "plasma": _plasma(validation.verdicts),
        "csf": _csf(validation.verdicts, bands),
        "sod1": _biomarker("csf_sod1", "SOD1 protein in CSF by week", validation.verdicts, bands),
        "nfl": _biomarker("nfl", "Neurofilament light by week", validation.verdicts, bands),
        "function": _function(validation.verdicts, bands),
        "targets": _targets(validation.verdicts),
    }
    return {name: spec for name, spec in drawn.items() if spec}


def _whole(title: str, words: Sequence[str], views: Spec) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": f"{title}. {'. '.join(words)}.",
        "title": {
            "text": title,
            "subtitle": [f"{line}." for line in words],
            "fontSize": 14,
            "frame": "bounds",
            "offset": 8,
        },
        **views,
        "padding": 6,
        "config": CONFIG,
    }


# --- plasma by dose -----------------------------------------------------------------------


def _plasma(verdicts: Iterable[Verdict]) -> Spec:
    """AUC, Cmax and Tmax by dose: a bar for the model, a point for what was published."""
    panels = (
        ("auc24", "AUC, 0 to 24 h", "h·ng/mL, log", True),
        ("cmax", "Cmax", "ng/mL, log", True),
        ("tmax", "Tmax, median", "h", False),
    )
    verdicts = list(verdicts)
    views = []
    for statistic, title, unit, is_log in panels:
        rows = []
        for v in verdicts:
            t, dose = v.target, _dose_mg(v.target.arm)
            if t.statistic != statistic or v.inside is None or dose is None:
                continue
            row: Spec = {
                "dose": f"{dose:g}",
                "order": dose,
                "study": STUDY.get(t.study, t.study),
                "seen": t.value,
                "model": v.model,
                "lo": v.lo,
                "hi": v.hi,
            }
            if math.isfinite(t.lo) and (t.lo > 0 or not is_log):
                row |= {"from": t.lo, "to": t.hi}
            rows.append(row)
        if rows:
            rows.sort(key=lambda row: row["order"])
            views.append(_doses(title, unit, rows, is_log=is_log))
    words = (
        "Points: published mean (Tmax: median) of the people of one study and dose; thin bars: "
        "one SD between people on either side",
        "Blue: median and 90 % prediction interval of that mean for a study of that size",
    )
    return _whole("Drug in plasma by dose", words, {"hconcat": views}) if views else {}


def _decades(least: float, most: float) -> list[float]:
    """Return ticks of a log axis: 1, 2 and 5 of each decade."""
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return [m * 10.0**k for k in range(first, last + 1) for m in (1, 2, 5)]


def _dose_mg(arm: str) -> float | None:
    """Return the dose of an arm such as "tofersen 60 mg"."""
    words = arm.split()
    if len(words) != 3 or words[2] != "mg":
        return None
    try:
        return float(words[1])
    except ValueError:
        return None


def _doses(title: str, unit: str, rows: list[Spec], *, is_log: bool) -> Spec:
    ends = [row[k] for row in rows for k in ("lo", "hi", "seen", "from", "to") if k in row]
    scale: Spec = {"domain": [0, 1.1 * max(ends)], "nice": False}
    if is_log:
        scale = {"type": "log", "domain": [0.8 * min(ends), 1.25 * max(ends)], "nice": False}
    axis = {"format": ",.2~r", "values": _decades(min(ends), max(ends))} if is_log else {}
    y: Spec = {"type": "quantitative", "title": unit, "scale": scale, "axis": axis}
    x: Spec = {
        "field": "dose",
        "type": "ordinal",
        "title": "Dose, mg",
        "sort": None,
        "axis": {"labelAngle": 0, "grid": False},
    }
    offset = {"field": "study", "type": "nominal", "sort": list(STUDY.values())}
    placed: Spec = {"x": x, "xOffset": offset}
    shape = {
        "field": "study",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(STUDY.values()), "range": ["circle", "square", "triangle-up"]},
    }
    return {
        "width": PANEL,
        "height": HEIGHT,
        "title": title,
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "bar", "width": 9, "color": DRUG, "opacity": 0.3},
                "encoding": {**placed, "y": {**y, "field": "lo"}, "y2": {"field": "hi"}},
            },
            {
                "mark": {"type": "tick", "width": 9, "thickness": 2, "color": DRUG},
                "encoding": {**placed, "y": {**y, "field": "model"}},
            },
            {
                "transform": [{"filter": "isValid(datum.to)"}],
                "mark": {"type": "rule", "color": INK, "strokeWidth": 1},
                "encoding": {**placed, "y": {**y, "field": "from"}, "y2": {"field": "to"}},
            },
            {
                "mark": {"type": "point", "filled": True, "color": INK, "size": 42, "opacity": 1},
                "encoding": {**placed, "y": {**y, "field": "seen"}, "shape": shape},
            },
        ],
    }


# --- by week ------------------------------------------------------------------------------


def _csf(verdicts: Iterable[Verdict], bands: Sequence[Band]) -> Spec:
    """Mean trough in CSF on treatment."""
    held = [b for b in bands if (b.output, b.arm, b.stratum) == ("csf", TREATED, "all")]
    targets = [v.target for v in verdicts if v.inside is not None and v.target.study == "valor"]
    cv = {t.day: t.value for t in targets if t.statistic == "trough cv"}
    points: list[Spec] = []
    for t in targets:
        if t.statistic != "trough mean":
            continue
        sd = t.value * cv[t.day] / 100 if t.day in cv else math.nan
        lo, hi = (t.lo, t.hi) if t.interval else (t.value - sd, t.value + sd)
        before = sum(p["day"] == t.day for p in points)
        points.append(_point(t, max(lo, 0.0), hi, before))
    if not held or not points:
        return {}
    ends = [float(p["to"] if "to" in p else p["seen"]) for p in points]
    most = max(float(held[0].hi.max()), *ends)
    view = _weeks(held, points, "100 mg", "ng/mL", [0, 1.05 * most], width=2 * PANEL)
    words = (
        "Points: published mean of people on 100 mg before the dose of that day; thin bars: one "
        "SD between people on either side, not below 0",
        "Line and band: median and 90 % prediction interval of that mean for a study of that size",
        "Filled if used for calibration, open if not. What is below the limit of quantification "
        "counts as that limit",
    )
    return _whole("Drug in CSF before the dose", words, {"hconcat": [view]})


def _biomarker(output: str, title: str, verdicts: Iterable[Verdict], bands: Sequence[Band]) -> Spec:
    """Geometric mean ratio to baseline by stratum and arm."""
    views = _strata(output, "gmr", "ratio to baseline, log", verdicts, bands, is_log=True)
    words = (BANDS, POINTS, TWICE)
    return _whole(title, words, {"hconcat": views}) if views else {}


def _function(verdicts: Iterable[Verdict], bands: Sequence[Band]) -> Spec:
    """Mean change of ALSFRS-R and SVC by stratum and arm."""
    verdicts = list(verdicts)
    rows = [
        {"hconcat": views}
        for output, unit in (
            ("alsfrs_r", "ALSFRS-R, change, points"),
            ("svc", "SVC, change, % of predicted"),
        )
        if (views := _strata(output, "mean change", unit, verdicts, bands))
    ]
    words = (BANDS, POINTS, f"{TWICE}. No interval was published for the means of SVC")
    return _whole("Function and vital capacity by week", words, {"vconcat": rows}) if rows else {}


def _strata(
    output: str,
    statistic: str,
    unit: str,
    verdicts: Iterable[Verdict],
    bands: Sequence[Band],
    *,
    is_log: bool = False,
) -> list[Spec]:
    seen = [
        v.target
        for v in verdicts
        if v.inside is not None
        and (v.target.study, v.target.statistic, v.target.output) == ("valor", statistic, output)
    ]
    held = {s: [b for b in bands if (b.output, b.stratum) == (output, s)] for s in STRATA}
    points: dict[str, list[Spec]] = {}
    for s in STRATA:
        counts: dict[tuple[str, float], int] = {}
        points[s] = []
        for t in (t for t in seen if t.stratum == s):
            at = (t.arm, t.day)
            points[s].append(_point(t, *_ci(t), counts.setdefault(at, 0)))
            counts[at] += 1
    ends = [float(e) for s in STRATA for b in held[s] for e in (b.lo.min(), b.hi.max())]
    ends += [p[k] for s in STRATA for p in points[s] for k in ("seen", "from", "to") if k in p]
    if not ends:
        return []
    low, high = min(ends), max(ends)
    domain = [low / 1.06, high * 1.06] if is_log else [low - 0.06 * (high - low), high + 0.5]
    return [
        _weeks(held[s], points[s], STRATUM[s], unit if k == 0 else None, domain, is_log=is_log)
        for k, s in enumerate(STRATA)
        if held[s]
    ]


def _ci(target: Target) -> tuple[float, float]:
    """Return the published 95 % CI, from a standard error where that was published."""
    if target.interval == "± SE":
        half = 1.96 * (target.hi - target.lo) / 2
        return target.value - half, target.value + half
    return (target.lo, target.hi) if target.interval == "95 % CI" else (math.nan, math.nan)


def _point(target: Target, lo: float, hi: float, place: int) -> Spec:
    """Return one published mean; marks of one visit stand side by side."""
    aside = (ASIDE + APART * place) * (-1 if target.arm == PLACEBO else 1)
    row: Spec = {
        "week": round(target.day / WEEK_D + aside, 3),
        "day": target.day,
        "arm": target.arm,
        "seen": target.value,
        "use": USED if target.use == "calibration" else NOT_USED,
        "id": target.id,
    }
    return row | ({"from": lo, "to": hi} if math.isfinite(lo + hi) else {})


def _weeks(
    bands: Sequence[Band],
    points: Sequence[Spec],
    title: str,
    unit: str | None,
    domain: Sequence[float] | None = None,
    *,
    is_log: bool = False,
    width: int = PANEL,
) -> Spec:
    """Return bands of the arms over weeks, and what was published."""
    rows: list[Spec] = [
        {
            "week": round(float(day) / WEEK_D, 3),
            "arm": b.arm,
            **{
                k: float(f"{value:.5g}")
                for k, value in (("lo", b.lo[i]), ("median", b.median[i]), ("hi", b.hi[i]))
            },
        }
        for b in bands
        for i, day in enumerate(b.visits_d)
    ]
    last = max(row["week"] for row in rows)
    x: Spec = {
        "field": "week",
        "type": "quantitative",
        "title": "Week",
        "scale": {"domain": [-0.04 * last, 1.08 * last], "nice": False},
        "axis": {"values": list(range(0, int(last) + 1, 4)), "format": "d"},
    }
    arms = list(ARMS)
    colour: Spec = {
        "field": "arm",
        "type": "nominal",
        "title": None,
        # a dashed outline would fray the symbols
        "legend": {"symbolStrokeWidth": 0} if len(bands) > 1 else None,
        "scale": {"domain": arms, "range": [ARMS[a][0] for a in arms]},
    }
    dash = {**colour, "scale": {"domain": arms, "range": [ARMS[a][1] for a in arms]}}
    shape = {**colour, "scale": {"domain": arms, "range": [ARMS[a][2] for a in arms]}}
    scale: Spec = {"nice": False}
    if is_log:
        scale["type"] = "log"
    if domain is not None:
        scale["domain"] = list(domain)
    ticks = {"values": [0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.5, 2], "format": ".1f"}
    y: Spec = {
        "type": "quantitative",
        "title": unit,
        "scale": scale,
        "axis": {**(ticks if is_log else {}), "minExtent": 30},
    }
    return {
        "width": width,
        "height": HEIGHT,
        "title": title,
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.18},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "lo"},
                    "y2": {"field": "hi"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.8},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "median"},
                    "color": colour,
                    "strokeDash": dash,
                },
            },
            {
                "data": {"values": [p for p in points if "from" in p]},
                "mark": {"type": "rule", "strokeWidth": 1.2},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "from"},
                    "y2": {"field": "to"},
                    "color": colour,
                },
            },
            *(
                {
                    "data": {"values": [p for p in points if p["use"] == use]},
                    "mark": {"type": "point", "opacity": 1, **look},
                    "encoding": {
                        "x": x,
                        "y": {**y, "field": "seen"},
                        "color": colour,
                        "shape": shape,
                    },
                }
                for use, look in (
                    (USED, {"size": 62, "filled": True}),
                    (NOT_USED, {"size": 46, "fill": "white"}),
                )
            ),
        ],
    }


# --- all targets --------------------------------------------------------------------------


def _targets(verdicts: Iterable[Verdict]) -> Spec:
    """Every published number on the scale of its own interval, the lowest first."""
    rows: list[Spec] = []
    for v in verdicts:
        if v.inside is None or v.target.interval == "bound":
            continue
        z = place(v)
        rows.append(
            {
                "id": v.target.id,
                "z": max(-FARTHEST, min(FARTHEST, z)),
                "order": z,
                "beyond": abs(z) > FARTHEST,
                "inside": "inside" if v.inside else "outside",
                "use": "used (calibration or input)" if v.used else "not used",
            }
        )
    if not rows:
        return {}
    rows.sort(key=lambda row: row["order"])
    for rank, row in enumerate(rows, 1):
        row["rank"] = rank
    uses = ["used (calibration or input)", "not used"]
    x: Spec = {
        "field": "rank",
        "type": "quantitative",
        "title": "Published numbers, ordered",
        "scale": {"domain": [-3, len(rows) + 4], "nice": False},
        "axis": {"grid": False},
    }
    y: Spec = {
        "type": "quantitative",
        "title": "(published − model) / half width",
        "scale": {"domain": [-FARTHEST - 0.8, FARTHEST + 0.8], "nice": False},
        "axis": {"values": [-4, -3, -2, -1, 0, 1, 2, 3, 4]},
    }
    use = {"field": "use", "type": "nominal", "title": None}
    shape = {**use, "scale": {"domain": uses, "range": ["circle", "triangle-up"]}}
    colour = {**use, "scale": {"domain": uses, "range": [DRUG, ON_PLACEBO]}}
    dots = {"type": "point", "filled": True, "size": 34, "opacity": 0.9}
    band: Spec = {
        "data": {"values": [{"from": -1, "to": 1}]},
        "mark": {"type": "rect", "color": DRUG, "opacity": 0.12},
    }
    every: Spec = {
        "width": 2 * PANEL,
        "height": max(300, MISS_STEP * sum(row["inside"] == "outside" for row in rows)),
        "title": "All, ordered",
        "layer": [
            {**band, "encoding": {"y": {**y, "field": "from"}, "y2": {"field": "to"}}},
            {
                "data": {"values": rows},
                "mark": dots,
                "encoding": {"x": x, "y": {**y, "field": "z"}, "color": colour, "shape": shape},
            },
        ],
    }
    missed = [row for row in rows if row["inside"] == "outside"]
    across = {**y, "axis": {**y["axis"], "orient": "bottom"}}
    named: Spec = {
        "width": PANEL,
        "height": every["height"],
        "title": "Those outside",
        "layer": [
            {**band, "encoding": {"x": {**across, "field": "from"}, "x2": {"field": "to"}}},
            {
                "data": {"values": missed},
                "mark": dots,
                "encoding": {
                    "x": {**across, "field": "z"},
                    "y": {
                        "field": "id",
                        "type": "nominal",
                        "title": None,
                        "sort": [row["id"] for row in reversed(missed)],
                        "axis": {"labelFontSize": 10},
                    },
                    "color": colour,
                    "shape": shape,
                },
            },
        ],
    }
    words = (
        "Each published number, on the scale of its own 90 % prediction interval: 0 is the "
        "median, −1 and 1 are its ends",
        f"Beyond {FARTHEST:g} they stand at the edge. Bounds are left out",
    )
    views = {"hconcat": [every, named] if missed else [every]}
    return _whole("All published numbers, on the scale of their intervals", words, views)


def place(verdict: Verdict) -> float:
    """Return where a published number lies: 0 at the median, −1 and 1 at the ends."""
    off = verdict.target.value - verdict.model
    half = verdict.hi - verdict.model if off > 0 else verdict.model - verdict.lo
    half += DAY_OF_LABEL if verdict.target.statistic in ON_DAYS else 0.0
    if off == 0:
        return 0.0
    return off / half if half > 0 else math.copysign(math.inf, off)
