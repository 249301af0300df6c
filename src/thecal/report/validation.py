"""Every published number beside the model, as a page: what it shows, what it misses, what is known.

`validation_page` makes the Markdown and knows no file; `write_validation` puts it beside its
pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from thecal.errors import counted
from thecal.infer.bands import Band
from thecal.infer.calibrate import Number, numbers_of
from thecal.infer.evidence import Target, load_sources
from thecal.infer.predict import AT_BASELINE, RICH
from thecal.infer.validate import Validation, Verdict, structure_shares
from thecal.model.population import Calibrated, Population, Prior
from thecal.model.variability import PosteriorTable
from thecal.outfile import write_whole
from thecal.plan.answer import DISCLAIMER
from thecal.report.figures import svg
from thecal.report.validation_figures import figures
from thecal.shapes import Float

VALIDATION_CAVEAT = (
    "The model is held against published summaries of groups. Nothing here says how well it "
    "predicts one person."
)
AREAS = {
    "csf": "Drug in CSF",
    "plasma": "Drug in plasma",
    "baseline": "Baseline",
    "csf_sod1": "SOD1 protein in CSF",
    "nfl": "Neurofilament light in plasma",
    "function": "Function (ALSFRS-R)",
    "svc": "Vital capacity (SVC)",
    "deaths": "Deaths, permanent ventilation, completion",
    "safety": "Safety",
    "other": "Other",
}
AREA_OF_OUTPUT = {
    "alsfrs_r": "function",
    "survival": "deaths",
    "csf_to_plasma_nfl": "baseline",
    **{name: name for name in ("csf", "plasma", "csf_sod1", "nfl", "svc")},
}
CSF_NUMBERS = ("t_half_cns", "K", "V apparent csf", "residual csf")
HEADLINES = (  # statistics that a study is judged by
    "trough mean",
    "trough accumulation",
    "auc24",
    "auc interval",
    "cmax",
    "tmax",
    "gmr ratio",
    "plateau day",
    "difference",
    "adjusted difference",
    "deaths",
)
WITHOUT_UNIT = ("ratio", "r", "exponent/factor")  # units that are no units
WIDE = 2.0  # times the sampling error: an interval so wide says little when a number is inside
CORRELATED = 0.5
FEW_DRAWS = 3  # distinct draws a number, from which a covariance is worth showing
Z90 = 1.6449
SHARES: Mapping[str, Mapping[str, bool | None]] = {
    "all": {},
    "confirmed": {"confirmed": True},
    "used": {"used": True},
    "not_used": {"used": False},
    "confirmed_not_used": {"confirmed": True, "used": False},
}
SHARE_WORDS = {
    "all": "all that are predicted",
    "confirmed": "read in a table or text (the others were read off a figure)",
    "used": "used: for calibration, for the prior or for the virtual people",
    "not_used": "not used",
    "confirmed_not_used": "not used, and read in a table or text",
}


def area_of(target: Target) -> str:
    """Return which of AREAS a predicted target belongs to."""
    statistic, output = target.statistic, target.output
    if statistic in ("adverse", "serious in trial", "serious in pool"):
        return "safety"
    if statistic in AT_BASELINE and statistic != "run-in change":
        return "baseline"
    if statistic == "number" and output not in AREA_OF_OUTPUT:
        return "csf" if output in CSF_NUMBERS else "plasma"
    return "plasma" if statistic in RICH else AREA_OF_OUTPUT.get(output, "other")


def by_area(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Return the verdicts on what is predicted, by area, in the order of AREAS."""
    found: dict[str, list[Verdict]] = {area: [] for area in AREAS}
    for verdict in verdicts:
        if verdict.inside is not None:
            found[area_of(verdict.target)].append(verdict)
    return {area: held for area, held in found.items() if held}


def misses(validation: Validation) -> list[Verdict]:
    """Return the verdicts on what lies outside."""
    return [v for v in validation.verdicts if v.inside is False]


def is_headline(verdict: Verdict) -> bool:
    """Whether a target is one of the few that a reader looks for first."""
    t = verdict.target
    if verdict.inside is None or not t.is_confirmed or t.statistic not in HEADLINES:
        return False
    return t.study == "valor" or t.statistic == "trough accumulation"


# --- words --------------------------------------------------------------------------------


def number_words(value: float) -> str:
    """Write a number of the model as a reader wants it: three digits, no exponent."""
    if value == round(value):
        text = f"{value:,.0f}"
    elif abs(value) < 1e-3:
        text = f"{value:.2e}"
    else:
        text = f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def model_words(verdict: Verdict) -> str:
    """Write the median and the 90 % prediction interval."""
    lo, hi = number_words(verdict.lo), number_words(verdict.hi)
    return f"{number_words(verdict.model)} ({lo} to {hi})"


def published_words(target: Target, *, unit: bool = False) -> str:
    """Write the published value and interval, as printed."""
    after = f" {target.unit}" if unit and target.unit not in ("", *WITHOUT_UNIT) else ""
    value = _printed(target.value) + after
    lo, hi = _printed(target.lo), _printed(target.hi)
    half = (target.hi - target.lo) / 2
    if target.interval == "bound":
        return f"at most {value}" if math.isnan(target.lo) else f"at least {value}"
    if target.interval == "mean ± SD":
        return f"{value} (SD {_printed(half)})"
    if target.interval == "± SE":
        return f"{value} (SE {_printed(half)})"
    if math.isnan(target.lo) or math.isnan(target.hi):
        return value
    return f"{value} ({lo} to {hi}{f', {target.interval}' if target.interval else ''})"


def _printed(value: float) -> str:
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def what_words(target: Target) -> str:
    """Say what a target is: quantity, arm, people, time."""
    parts = [target.quantity, target.arm, target.population, target.time]
    people = f"n {target.n}" if target.n else ""
    return ", ".join(p for p in (*parts, people) if p and p != "-")


def used_words(target: Target) -> str:
    """Say what a target was used for; a calibrated share of people has a posterior of its own."""
    return {"calibration": "calibration", "input": "input"}.get(target.use, "no")


def score_words(validation: Validation) -> str:
    """Say in one line how many lie inside."""
    inside, total = validation.share_inside()
    share = f" ({100 * inside / total:.0f} %)" if total else ""
    return f"{inside} of {total} published numbers{share} lie inside"


def miss_words(verdict: Verdict) -> str:
    """Say what a miss is: its numbers, and what it was used for."""
    t = verdict.target
    if t.interval == "bound":
        side = "the model lies above it"
    elif t.value > verdict.hi:
        side = "above the model"
    else:
        side = "below the model"
    used = {"calibration": "Used for calibration.", "input": "Used as input."}
    digitised = "" if t.is_confirmed else " Read off a figure."
    return (
        f"{what_words(t)}: published {published_words(t, unit=True)}, {side}: "
        f"{model_words(verdict)}. {used.get(t.use, 'Not used.')}{digitised}"
    )


def structure_words(shares: Mapping[str, float]) -> str:
    """Say how the posterior draws are shared out among structures."""
    if len(shares) < 2:
        return f"all draws of the structure '{next(iter(shares), 'unnamed')}'"
    return ", ".join(f"{100 * share:.0f} % of draws '{name}'" for name, share in shares.items())


# --- what was learned ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How the posterior draws of one structure lie, in SDs of the prior.

    names         numbers with a prior, in order
    sds, axes     of the posterior's axes, the best informed first; axes (axis, number)
    correlations  pairs beyond CORRELATED, the strongest first
    distinct      how many different draws there are
    """

    names: tuple[str, ...]
    sds: Float[np.ndarray, " axis"]
    axes: Float[np.ndarray, "axis number"]
    correlations: tuple[tuple[str, str, float], ...]
    distinct: int

    @property
    def is_enough(self) -> bool:
        """Whether there are draws enough to speak of their covariance."""
        return self.distinct >= FEW_DRAWS * len(self.names)


def numbers_before(population: Population, structure: str) -> tuple[Number, ...]:
    """Return the numbers that were calibrated in one structure, as they were before."""
    held = population.calibration[structure]
    priors = {name: Prior(sd=c.prior_sd, source="") for name, c in held.items()}
    numbers = numbers_of(replace(population, priors=priors))
    return tuple(replace(n, at=held[n.name].prior) for n in numbers)


def learned(population: Population, structure: str) -> Learned:
    """Return how the draws of one structure lie together."""
    table = population.uncertainty
    assert isinstance(table, PosteriorTable)
    if table.structures is not None:
        table = table.of(structure)
    numbers = [n for n in numbers_before(population, structure) if n.name in table.table]
    u = np.stack([_scaled(n, table.table[n.name]) for n in numbers], axis=-1)
    variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(u.T)))
    with np.errstate(invalid="ignore"):
        r = np.atleast_2d(np.corrcoef(u.T))
    pairs = [
        (numbers[i].name, numbers[j].name, float(r[i, j]))
        for i in range(len(numbers))
        for j in range(i)
        if abs(r[i, j]) > CORRELATED
    ]
    return Learned(
        names=tuple(n.name for n in numbers),
        sds=np.sqrt(np.maximum(variances, 0)),
        axes=axes.T,
        correlations=tuple(sorted(pairs, key=lambda pair: -abs(pair[2]))),
        distinct=len(np.unique(u, axis=0)),
    )


def _scaled(number: Number, values: np.ndarray) -> np.ndarray:
    """Return values on the scale of their prior, in its SDs."""
    if number.scale == "log":
        return np.asarray(np.log(values) / number.sd)
    if number.scale == "logit":
        return np.asarray(np.log(values / (1 - values)) / number.sd)
    return values / number.sd


def axis_words(names: Sequence[str], axis: np.ndarray, most: int = 4) -> str:
    """Write an axis by its largest parts, the largest of them positive."""
    order = np.argsort(-np.abs(axis))[:most]
    sign = np.sign(axis[order[0]])
    parts = [(names[i], float(sign * axis[i])) for i in order if abs(axis[i]) > 0.15]
    words = [
        f"{'' if k == 0 else '+ ' if x > 0 else MINUS}{abs(x):.2f} {name}"
        for k, (name, x) in enumerate(parts)
    ]
    return " ".join(words)


MINUS = "\N{MINUS SIGN} "


def prior_words(number: Number) -> str:
    """Write the prior median and its 90 % interval."""
    lo, hi = (number_words(float(number.value(sign * Z90))) for sign in (-1, 1))
    return f"{number_words(number.at)} ({lo} to {hi})"


def _meaning(name: str, population: Population) -> str:
    parameters = {p.name: p for p in population.model.parameters}
    if name.startswith("sd("):
        return "SD between people"
    if "~" in name:
        return f"power of {name.partition('~')[2]}"
    base, _, level = name.partition("@")
    held = parameters[base]
    unit = "" if held.unit == "1" else f", {held.unit}"
    return f"{held.meaning}{f', {level}' if level else ''}{unit}"


# --- the page -----------------------------------------------------------------------------


def validation_page(
    validation: Validation,
    population: Population,
    pictures: Mapping[str, str],
    sources: Mapping[str, str] | None = None,
) -> str:
    """Return the page as Markdown.

    pictures  by where each lies, seen from the page: what it shows, in words
    sources   what the short names of sources stand for
    """
    parts = [
        "<!-- Written by `thecal validate --page`; do not edit. -->",
        f"# How the model of {validation.medicine} stands up to what was published",
        _done(validation, population),
        _score(validation),
        *_pictures(pictures),
        "## Every published number",
        "**Published**: value, with its interval where one was printed. **Model**: median and 90 % "
        "prediction interval for a study of that size. **Used**: for *calibration*; as *input* to "
        "the prior or to the virtual people; or *no*. Numbers with a source that names a figure "
        "were read off it.",
        *_tables(validation),
        *_missed(validation),
        *_not_predicted(validation),
        *_informed(population),
        *_sources(sources or {}),
        f"{VALIDATION_CAVEAT} {DISCLAIMER}",
    ]
    return "\n\n".join(parts) + "\n"


def write_validation(
    path: Path, validation: Validation, population: Population, bands: Sequence[Band]
) -> tuple[Path, ...]:
    """Write the page, and its pictures into a folder of its name beside it; return all paths."""
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    drawn = figures(validation, bands)
    written = []
    for name, spec in drawn.items():
        written.append(folder / f"{name}.svg")
        write_whole(written[-1], svg(spec).encode())
    pictures = {
        f"{folder.name}/{name}.svg": str(spec["description"]) for name, spec in drawn.items()
    }
    page = validation_page(validation, population, pictures, load_sources(validation.medicine))
    write_whole(path, page.encode())
    return (path, *written)


def _sources(sources: Mapping[str, str]) -> list[str]:
    if not sources:
        return []
    return ["## Sources", "\n".join(f"- **{key}**: {words}" for key, words in sources.items())]


def _done(validation: Validation, population: Population) -> str:
    shares = structure_shares(population)
    words = f" ({structure_words(shares)})" if shares else ""
    return (
        f"Every study was repeated {validation.replicates} times in virtual people: as many as "
        "it had, with its doses, its visits and errors of measurement, each time with another draw "
        f"of the posterior as the truth{words}. Each published number stands here beside what the "
        "same statistic was in those studies."
    )


def _score(validation: Validation) -> str:
    rows = []
    for key, asked in SHARES.items():
        inside, total = validation.share_inside(**asked)
        share = f"{100 * inside / total:.0f} %" if total else "–"
        rows.append((SHARE_WORDS[key], f"{inside} of {total}", share))
    widths = np.array([v.width for v in validation.verdicts])
    wide = [v.target.id for v in validation.verdicts if v.width > WIDE]
    held = widths[np.isfinite(widths)]
    width = ""
    if len(held):
        width = (
            " A wide interval is easily right: the median width is "
            f"{np.median(held):.2f} times that of the sampling error, which is the larger of the "
            f"published one and that of as many virtual people; it is beyond {WIDE:g} times for "
            f"{', '.join(wide) or 'none'}."
        )
        alone = [v for v in validation.verdicts if v.against_published > WIDE]
        if alone:
            words = (f"{v.target.id} ({v.against_published:.1f}, n {v.target.n})" for v in alone)
            width += (
                f" Over the published error alone, which of three people is little more than a "
                f"guess, it is beyond {WIDE:g} times for {', '.join(words)}."
            )
    return "\n\n".join(
        (
            f"**{score_words(validation)}** their 90 % prediction interval.",
            _table(("Published numbers", "Inside", "Share"), rows),
            "Of numbers that do not depend on each other one in ten would lie outside by chance. "
            "These do depend on each other: strata are parts of the whole, visits have the same "
            f"people, and some numbers were printed twice.{width}",
        )
    )


def _pictures(pictures: Mapping[str, str]) -> list[str]:
    found = ["## Pictures"] if pictures else []
    for place, words in pictures.items():
        title, _, rest = words.partition(". ")
        found += [f"### {title}", f"![{title}]({place})", rest]
    return found


def _tables(validation: Validation) -> list[str]:
    head = ("id", "what", "published", "model (90 %)", "inside", "used", "source")
    found = []
    for area, held in by_area(validation.verdicts).items():
        inside = sum(bool(v.inside) for v in held)
        found += [
            f"### {AREAS[area]}",
            f"{inside} of {len(held)} inside.",
            _table(
                head,
                [
                    (
                        v.target.id,
                        _with_unit(v.target),
                        published_words(v.target),
                        model_words(v),
                        "yes" if v.inside else "**no**",
                        used_words(v.target),
                        v.target.source,
                    )
                    for v in held
                ],
            ),
        ]
    return found


def _with_unit(target: Target) -> str:
    return f"{what_words(target)}; {target.unit}" if target.unit else what_words(target)


def _missed(validation: Validation) -> list[str]:
    outside = misses(validation)
    if not outside:
        return ["## Misses", "None."]
    found = ["## Misses", f"{counted(len(outside), 'number')} outside, in the order of the tables."]
    said: dict[str, str] = {}  # of which number a remark stands first
    for area, held in by_area(outside).items():
        found.append(f"### {AREAS[area]}: misses")
        for v in held:
            words, note = f"**{v.target.id}** {miss_words(v)}", v.target.note.strip().rstrip(".")
            if note in said:
                words += f" As said of {said[note]}."
            elif note:
                words += f" {note}."
                said[note] = v.target.id
            found.append(words)
    return found


def _not_predicted(validation: Validation) -> list[str]:
    why: dict[str, list[Target]] = {}
    for v in validation.verdicts:
        if v.inside is None:
            why.setdefault(why_words(v), []).append(v.target)
    if not why:
        return []
    total = sum(map(len, why.values()))
    rows = [
        (reason, "; ".join(f"{t.id} {what_words(t)}" for t in held)) for reason, held in why.items()
    ]
    return [
        "## Not predicted",
        f"{counted(total, 'number')} of the evidence the model says nothing about, or were what it "
        "was made from.",
        _table(("Why", "Numbers"), rows),
    ]


def why_words(verdict: Verdict) -> str:
    """Say why a target is not predicted."""
    if verdict.target.is_predicted:
        return "the studies that were simulated do not tell"
    return verdict.target.note.strip()


def _informed(population: Population) -> list[str]:
    shares = structure_shares(population)
    if not population.calibration:
        return []
    found = [
        "## What the data inform",
        "Prior: what was known before, median and 90 % interval. Posterior: mean (of ln or logit "
        "where the number has one) and 90 % interval. Contraction: 1 − SD of the posterior / SD of "
        "the prior; 0 means that nothing was learned, so the number rests on its prior alone. "
        "Evidence: what moves it most. Every prediction draws whole rows of the posterior, so what "
        "is not known, and what is known only in combination, is carried into it.",
    ]
    if len(population.structures) > 1:
        rows = [
            (name, variant.about, f"{100 * shares.get(name, 0.0):.0f} %")
            for name, variant in population.structures.items()
        ]
        found.append(_table(("Structure", "What it assumes", "Share of draws"), rows))
    for name, held in population.calibration.items():
        if name in population.structures:  # not the others, where one was asked for
            has_draws = name in shares or not shares
            found += _of_structure(population, name, held, has_draws=has_draws)
    return found


def _of_structure(
    population: Population, name: str, held: Mapping[str, Calibrated], *, has_draws: bool
) -> list[str]:
    before = {n.name: n for n in numbers_before(population, name)}
    rows = [
        (
            number,
            _meaning(number, population),
            prior_words(before[number]),
            f"{number_words(c.value)} ({number_words(c.lo)} to {number_words(c.hi)})",
            f"{c.contraction:.2f}".replace("-", "\N{MINUS SIGN}"),
            " ".join(c.targets),
        )
        for number, c in sorted(held.items(), key=lambda item: -item[1].contraction)
    ]
    found = [
        f"### Structure '{name}'",
        _table(("number", "meaning", "prior", "posterior", "contraction", "evidence"), rows),
    ]
    if not has_draws:
        return [*found, "No posterior draws are of this structure."]
    known = learned(population, name)
    if not known.is_enough:
        words = (
            f"{counted(known.distinct, 'different draw')} for {len(known.names)} numbers: too few "
            "to say what is known only in combination."
        )
        return [*found, words]
    pairs = "; ".join(
        f"{a} and {b} {r:+.2f}".replace("-", "\N{MINUS SIGN}") for a, b, r in known.correlations
    )
    most = max(1, min(3, len(known.names) // 2))
    return [
        *found,
        f"Correlations of the posterior beyond {CORRELATED:g}: {pairs or 'none'}.",
        "Combinations, in SDs of the prior (a length of 1 is as wide as the prior):",
        _table(
            ("", "SD", "combination"),
            [
                (word, f"{known.sds[k]:.2f}", axis_words(known.names, known.axes[k]))
                for word, step in (("best known", 1), ("least known", -1))
                for k in range(min(step, 0), step * most + min(step, 0), step)
            ],
        ),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), line(["---"] * len(head)), *map(line, rows)])
