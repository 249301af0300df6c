"""Which numbers of a model matter, and whether exposure follows the dose.

    auc = exposure("csf", "AUC_tau", tau_d=28.0)          a metric: one number a subject
    one_at_a_time(model, percentiles(population), dosing, times_d, auc)
    sobol(population, dosing, times_d, auc, 1024, seed=1)
    dose_linearity(model, values, (25.0, 50.0, 100.0), schedule, times_d, auc)

A metric is any function of a Profile that returns one number a subject; `outputs` names what it
reads, so that no more than that is solved (empty: everything). `one_at_a_time` moves each
parameter alone; `sobol` moves all of them together and shares the variance of the metric out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.errors import ModelError, nearest
from thecal.model.events import Dosing
from thecal.model.nca import Nca, nca
from thecal.model.population import Population
from thecal.model.solve import solve
from thecal.model.structure import Model, Profile
from thecal.model.task import Given
from thecal.model.variability import quantile, uniforms
from thecal.shapes import Float

Row = Float[np.ndarray, " subject"]
Metric = Callable[[Profile], Row]

STEP = 0.01
"""How far ln parameter moves for a derivative: the error is STEP⁴/30 = 3e-10 of the fifth
derivative, and what noise the solver has comes through a hundredfold."""

LANES = 16_384
"""Subjects simulated together by `sobol`, at most."""

RESAMPLES = 1000


def reading(output: str, time_d: float) -> Metric:
    """Make the metric that is an output on one of the days asked for."""

    def read(profile: Profile) -> Row:
        at = np.flatnonzero(profile.times_d == time_d)
        if profile.times_d.ndim != 1 or not len(at):
            raise ModelError(f"day {time_d:g} is none of the times asked for; add it")
        return profile.of(output)[:, at[0]]

    return read


def exposure(output: str, quantity: str, **window: Any) -> Metric:
    """Make the metric that is one number of the NCA of an output: "Cmax", "AUC_tau", ….

    window  what `nca` takes besides the profile
    """
    if quantity not in Nca.__slots__:
        raise ModelError(f"no '{quantity[:40]}' in an NCA.{nearest(quantity, Nca.__slots__)}")

    def analyse(profile: Profile) -> Row:
        return np.asarray(getattr(nca(profile.times_d, profile.of(output), **window), quantity))

    return analyse


def _measured(
    metric: Metric,
    model: Model,
    values: Given,
    dosing: Dosing,
    times_d: Float[np.ndarray, " time"],
    outputs: tuple[str, ...],
    accuracy: str,
) -> Row:
    """Simulate, and return the metric of every subject, or refuse one that is no number."""
    profile = solve(model, values, dosing, times_d, outputs=outputs, accuracy=accuracy)
    found, n = metric(profile), len(profile.values)
    if np.shape(found) != (n,):
        raise ModelError(f"a metric of shape {np.shape(found)} for {n} subjects; return one each")
    missing = int((~np.isfinite(found)).sum())
    if missing:
        raise ModelError(
            f"the metric is not a finite number for {missing} of {n} subjects; simulate longer, "
            "read more often, or choose another metric"
        )
    return found


# --- one at a time ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A parameter's value, and how far it is moved."""

    low: float
    base: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """What a metric does when one parameter moves and the others stay.

    at_low, at_high  the metric at the ends of the span
    index            d ln metric / d ln parameter at its base: 1 where the metric is proportional
                     to it; NaN where the base or the metric is 0, or there is no room to move
    """

    name: str
    span: Span
    at_low: float
    at_high: float
    index: float

    @property
    def range(self) -> float:
        """How far apart the metric is between the ends."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAtATime:
    """The metric with every parameter at its base, and all swings, the widest first."""

    base: float
    swings: tuple[Swing, ...]

    def of(self, name: str) -> Swing:
        """Return the swing of one parameter."""
        for swing in self.swings:
            if swing.name == name:
                return swing
        names = ", ".join(swing.name for swing in self.swings)
        raise ModelError(f"'{name[:40]}' was not moved; {names} were")


def percentiles(population: Population, share: float = 0.90) -> dict[str, Span]:
    """Span the middle `share` of people, for each parameter; one that does not vary stays."""
    if not 0 < share < 1:
        raise ModelError(f"a share of {share:g} of people; it lies between 0 and 1")
    z = quantile(np.array([(1 - share) / 2, (1 + share) / 2]))
    spans = {}
    for name, estimate in population.estimates.items():
        low, high = estimate.at(z).tolist()
        spans[name] = Span(low, estimate.value, high)
    return spans


def around(values: Mapping[str, float], share: float = 0.20) -> dict[str, Span]:
    """Span each value by the same share of it, up and down."""
    if not 0 < share < 1:
        raise ModelError(f"a share of {share:g}; it lies between 0 and 1")
    spans = {}
    for name, base in values.items():
        low, high = sorted((base * (1 - share), base * (1 + share)))
        spans[name] = Span(low, base, high)
    return spans


def one_at_a_time(
    model: Model,
    spans: Mapping[str, Span],
    dosing: Dosing,
    times_d: Float[np.ndarray, " time"],
    metric: Metric,
    *,
    outputs: tuple[str, ...] = (),
    accuracy: str = "high",
) -> OneAtATime:
    """Move each parameter alone to the ends of its span; one without a span to speak of stays.

    By ln parameter the derivative is (f(−2h) − 8 f(−h) + 8 f(h) − f(2h)) / 12h, with h = STEP or
    less where a limit of the parameter is near.
    """
    moved = [name for name, span in spans.items() if span.low != span.high]
    if not moved:
        raise ModelError("no parameter has a span; give one that is low below high")
    limits = {parameter.name: parameter for parameter in model.parameters}
    steps, ways = [], []
    for name in moved:
        span, room = spans[name], math.inf
        if name in limits:
            least, most = limits[name].least, limits[name].most
            if span.low <= least or span.high > most:
                raise ModelError(
                    f"{name} from {span.low:g} to {span.high:g} leaves its limits, above {least:g} "
                    f"and at most {most:g}; give it another span"
                )
            room = min(most - span.base, span.base - least) / 3
        h = min(STEP, room / abs(span.base)) if span.base else 0.0
        h = h if h > STEP**2 else 0.0
        steps.append(h or math.nan)
        ways.append([span.low, span.high, *(span.base * math.exp(k * h) for k in (-2, -1, 1, 2))])
    width = len(ways[0])
    values = {name: np.full(1 + width * len(moved), span.base) for name, span in spans.items()}
    for i, (name, way) in enumerate(zip(moved, ways, strict=True)):
        values[name][1 + width * i : 1 + width * (i + 1)] = way
    base, *rest = _measured(metric, model, values, dosing, times_d, outputs, accuracy).tolist()
    swings = []
    for i, name in enumerate(moved):
        low, high, *f = rest[width * i : width * (i + 1)]
        slope = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * steps[i])
        index = slope / base if base else math.nan
        swings.append(Swing(name=name, span=spans[name], at_low=low, at_high=high, index=index))
    swings.sort(key=lambda swing: -swing.range)
    return OneAtATime(base=base, swings=tuple(swings))


# --- all together ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sobol:
    """Shares of the variance of a metric, by parameter.

    S1        due to the parameter alone
    ST        due to it alone and together with others; Σ ST − 1 is above 0 where they interact
    S1_95, ST_95   bootstrap intervals, low and high
    n         rows; n (k + 2) subjects were simulated
    """

    names: tuple[str, ...]
    mean: float
    variance: float
    S1: Float[np.ndarray, " parameter"]
    ST: Float[np.ndarray, " parameter"]
    S1_95: Float[np.ndarray, "2 parameter"]
    ST_95: Float[np.ndarray, "2 parameter"]
    n: int


def sobol(
    population: Population,
    dosing: Dosing,
    times_d: Float[np.ndarray, " time"],
    metric: Metric,
    n: int,
    *,
    seed: int,
    outputs: tuple[str, ...] = (),
    accuracy: str = "default",
) -> Sobol:
    """Share the variance of a metric between people out among the parameters that vary.

    Row i compares person 2i of the population with person 2i + 1, whose parameters replace those of
    the first one by one. So it is the same row whatever n, and rows are independent, which a
    low-discrepancy sequence would not give and the bootstrap needs.
    """
    names = _independent(population)
    rows = max(LANES // (len(names) + 2), 1)
    found = []
    for first in range(0, n, rows):
        count = min(rows, n - first)
        people = population.draw(2 * count, seed, 2 * first)
        A = {name: np.asarray(value)[::2] for name, value in people.items()}
        B = {name: np.asarray(value)[1::2] for name, value in people.items()}
        ways = [A, B, *({**A, name: B[name]} for name in names)]
        values = {name: np.concatenate([way[name] for way in ways]) for name in people}
        lanes = _measured(metric, population.model, values, dosing, times_d, outputs, accuracy)
        found.append(lanes.reshape(len(ways), count))
    if not found:
        raise ModelError(f"{n} rows asked for; at least 2 are needed")
    f = np.concatenate(found, axis=1)
    return shares(names, f[0], f[1], f[2:], seed=seed)


def _independent(population: Population) -> tuple[str, ...]:
    """Return the parameters that vary, or refuse where they do not vary independently."""
    omega = population.omega
    for i, j in np.argwhere(np.triu(omega.matrix, 1)):
        raise ModelError(
            f"{omega.names[i]} and {omega.names[j]} are correlated, and a variance shared by "
            "parameters cannot be shared out among them. Leave the correlations out of the "
            "population to ask what would be if they varied independently"
        )
    if population.effects:
        raise ModelError(
            f"covariates act on {', '.join(population.effects)}, so parameters do not vary "
            "independently. Leave the effects out of the population to ask about random effects"
        )
    names = tuple(name for name, sd in zip(omega.names, omega.sds.tolist(), strict=True) if sd > 0)
    if not names:
        raise ModelError("no parameter of the population varies; there is no variance to share out")
    return names


def shares(
    names: Sequence[str],
    f_A: Float[np.ndarray, " row"],
    f_B: Float[np.ndarray, " row"],
    f_AB: Float[np.ndarray, "parameter row"],
    *,
    seed: int = 0,
) -> Sobol:
    """Estimate Sobol indices from values of a function in two sets of points and their mixtures.

        S1 = ⟨f_B (f_AB − f_A)⟩ / V         Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018
        ST = ⟨(f_A − f_AB)²⟩ / 2V           Jansen 1999, doi:10.1016/S0010-4655(98)00154-4

    f is counted from its mean over A and B, which S1 needs to be precise; resamples keep it.
    V is the variance over A and B.

    f_AB  row i has the points of A, with parameter i from B
    seed  of the bootstrap, over rows
    """
    n = len(f_A)
    if len(f_B) != n or f_AB.shape != (len(names), n) or n < 2:
        raise ModelError(
            f"{n} values in A, {len(f_B)} in B and {f_AB.shape} mixed, for {len(names)} names; "
            "give at least 2 of each, and one row of mixtures a name"
        )
    centre = float(np.mean([f_A, f_B]))
    a, b, mixed = f_A - centre, f_B - centre, f_AB - centre
    # Everything is a mean over rows of one of these, so that a resample is a weight of each row.
    moments = np.stack([(a * a + b * b) / 2, *(b * (mixed - a)), *((a - mixed) ** 2 / 2)])

    def indices(means: np.ndarray) -> np.ndarray:
        """Return S1 and ST, (2, parameter, …), from the moments of samples, (moment, …)."""
        return np.asarray(means[1:] / means[0]).reshape(2, len(names), *means.shape[1:])

    means = moments.mean(axis=1)
    if not means[0] > (1e-14 * centre) ** 2:
        raise ModelError("the metric is the same for everyone; there is no variance to share out")
    S1, ST = indices(means)
    samples = indices(moments @ _resamples(n, seed) / n)
    low, high = np.quantile(samples, [0.025, 0.975], axis=-1)
    return Sobol(
        names=tuple(names),
        mean=centre,
        variance=float(means[0]),
        S1=S1,
        ST=ST,
        S1_95=np.stack([low[0], high[0]]),
        ST_95=np.stack([low[1], high[1]]),
        n=n,
    )


def _resamples(n: int, seed: int) -> Float[np.ndarray, "row sample"]:
    """Return how often each of n rows is drawn, in each bootstrap sample."""
    drawn = (uniforms("bootstrap", n * RESAMPLES, seed) * n).astype(np.int64).reshape(RESAMPLES, n)
    drawn += n * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=n * RESAMPLES)
    return counts.reshape(RESAMPLES, n).T.astype(float)


# --- dose linearity --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linearity:
    """How a metric follows the dose: metric = α dose^β for each subject, by least squares of logs.

    exponents        β of each subject: 1 where it is proportional
    values           the metric
    ratios           metric/dose over that at the lowest dose: 1 where it is proportional
    mean, mean_90    of β over subjects, with its 90 % bootstrap interval (NaN for one subject)
    limits           within which β keeps the metric/dose between 0.8 and 1.25 from the lowest to
                     the highest dose (Smith et al. 2000, doi:10.1023/A:1026451721686)
    """

    doses_mg: tuple[float, ...]
    values: Float[np.ndarray, "dose subject"]
    exponents: Row
    ratios: Float[np.ndarray, "dose subject"]
    mean: float
    mean_90: tuple[float, float]
    limits: tuple[float, float]


def dose_linearity(
    model: Model,
    values: Given,
    doses_mg: Sequence[float],
    schedule: Callable[[float], Dosing],
    times_d: Float[np.ndarray, " time"],
    metric: Metric,
    *,
    seed: int = 0,
    outputs: tuple[str, ...] = (),
    accuracy: str = "high",
) -> Linearity:
    """Give the same subjects each dose, and fit the power model to a metric.

    values    by parameter: `population.typical()`, `population.draw(n, seed)`, or numbers
    schedule  makes the schedule of a dose in mg
    seed      of the bootstrap over subjects
    """
    doses = np.array(sorted(doses_mg), dtype=float)
    if (
        len(doses) < 2
        or not (np.isfinite(doses) & (doses > 0)).all()
        or (np.diff(doses) == 0).any()
    ):
        raise ModelError("the doses are two or more different amounts above 0 mg; give such")
    y = np.stack(
        [
            _measured(metric, model, values, schedule(dose), times_d, outputs, accuracy)
            for dose in doses.tolist()
        ]
    )
    if not (y > 0).all():
        raise ModelError("the metric is not above 0 for everyone, and a power of the dose is")
    x = np.log(doses) - np.log(doses).mean()
    exponents = x @ np.log(y) / (x @ x)
    n = len(exponents)
    ci = (math.nan, math.nan)
    if n > 1:
        low, high = np.quantile(exponents @ _resamples(n, seed) / n, [0.05, 0.95]).tolist()
        ci = (low, high)
    span = math.log(doses[-1] / doses[0])
    per_mg = y / doses[:, None]
    return Linearity(
        doses_mg=tuple(doses.tolist()),
        values=y,
        exponents=exponents,
        ratios=per_mg / per_mg[0],
        mean=float(exponents.mean()),
        mean_90=ci,
        limits=(1 + math.log(0.8) / span, 1 + math.log(1.25) / span),
    )
