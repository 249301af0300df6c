"""Every published number beside what the model predicts for a study of that size.

Each study is repeated many times, each time with one draw of the posterior (over both
structures) as its truth and with people of its own. So an interval holds the sampling error of
the study and what is not known of the model.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thecal.errors import ModelError
from thecal.infer.evidence import Target
from thecal.infer.predict import COUNTED, check_known, predict
from thecal.model.population import Population
from thecal.model.safety import Safety, Statistic, predictive
from thecal.model.variability import PosteriorTable
from thecal.trial.study import Study

REPLICATES = 400
SEED = 2024
BAND = (0.05, 0.95)
Z90 = 1.6449  # half width of a 90 % interval of a normal, in SDs
DAY_OF_LABEL = 1.0  # labels count the first dose as day 1; a day is not a difference
ON_DAYS = ("plateau day",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One target held against the model.

    model, lo, hi  median and 90 % prediction interval for a study of that size, in the target's
                   unit; NaN where the model says nothing
    inside         whether the published number lies within; a bound, whether it is reached; None
                   where the model says nothing
    width          width of the interval over that of the sampling error: the larger of the
                   published one and that of as many virtual people; NaN where neither is known
    against_published  the same over the published error alone, which of three people is no more
                   than a guess
    used           whether the number was used for calibration or is an input
    """

    target: Target
    model: float
    lo: float
    hi: float
    inside: bool | None
    width: float
    against_published: float = math.nan

    @property
    def used(self) -> bool:
        """Whether the number was used for calibration or made the prior or the virtual people."""
        return self.target.use in ("calibration", "input")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """All targets held against the model."""

    medicine: str
    verdicts: tuple[Verdict, ...]
    replicates: int
    seed: int

    def share_inside(
        self, *, confirmed: bool | None = None, used: bool | None = None
    ) -> tuple[int, int]:
        """Return how many of those predicted lie inside, and how many there are."""
        held = [
            v
            for v in self.verdicts
            if v.inside is not None
            and (confirmed is None or v.target.is_confirmed == confirmed)
            and (used is None or v.used == used)
        ]
        return sum(bool(v.inside) for v in held), len(held)


def validate(
    population: Population,
    targets: Sequence[Target],
    studies: Mapping[str, Study],
    safety: Safety | None = None,
    *,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Validation:
    """Hold every target against the model.

    population  with posterior draws; each replicate takes one of them
    safety      for adverse events; without it they are not predicted
    """
    check_known(targets, studies)
    table = population.uncertainty
    if not isinstance(table, PosteriorTable):
        raise ModelError(
            f"the model of {population.medicine} has no posterior draws; calibrate it first"
        )
    draws = [table.row(k) for k in evenly(table, replicates)]
    found = predict(targets, population, studies, seed=seed, draws=draws)
    values: dict[str, tuple[np.ndarray, float]] = {
        key: (p.values, float(np.nanmedian(p.error)) if np.isfinite(p.error).any() else math.nan)
        for key, p in found.items()
    }
    values |= _counted(targets, safety, replicates * 5, seed)
    return Validation(
        medicine=population.medicine,
        verdicts=tuple(_verdict(t, *values.get(t.id, (np.empty(0), math.nan))) for t in targets),
        replicates=replicates,
        seed=seed,
    )


def evenly(table: PosteriorTable, n: int) -> list[int]:
    """Return n rows spread over a table, which holds structures in proportion to their weight."""
    return [k * table.n_rows // n for k in range(n)]


def _verdict(target: Target, values: np.ndarray, error: float) -> Verdict:
    if not len(values) or not np.isfinite(values).all():
        nan = math.nan
        return Verdict(target=target, model=nan, lo=nan, hi=nan, inside=None, width=nan)
    lo, model, hi = np.quantile(values, (BAND[0], 0.5, BAND[1]))
    slack = DAY_OF_LABEL if target.statistic in ON_DAYS else 1e-9 * abs(target.value)
    if target.interval == "bound":  # from above, unless only its lower end is stated
        is_upper = math.isnan(target.lo) or not math.isnan(target.hi)
        inside = bool(lo <= target.value) if is_upper else bool(hi >= target.value)
    else:
        inside = bool(lo - slack <= target.value <= hi + slack)
    published = target.standard_error()
    sampling = error if math.isnan(published) else max(published, error)
    span = math.nan
    if target.interval != "bound":
        span = float(math.log(hi / lo) if target.is_ratio else hi - lo)
    return Verdict(
        target=target,
        model=float(model),
        lo=float(lo),
        hi=float(hi),
        inside=inside,
        width=span / (2 * Z90 * sampling) if sampling > 0 else math.nan,
        against_published=span / (2 * Z90 * published) if published > 0 else math.nan,
    )


def _counted(
    targets: Iterable[Target], safety: Safety | None, n: int, seed: int
) -> dict[str, tuple[np.ndarray, float]]:
    """Return predictive draws of counts and shares of people, and the sampling error of each."""
    found: dict[str, tuple[np.ndarray, float]] = {}
    asked: list[Statistic] = []
    units: dict[str, float] = {}
    for t in targets:
        if not t.is_predicted or t.statistic not in COUNTED:
            continue
        per = 100.0 / max(t.n, 1) if t.unit == "%" else 1.0
        count = round(t.value / per)
        if not 0 <= count <= t.n or t.n == 0:
            raise ModelError(f"{t.id}: {t.value:g} {t.unit} of {t.n} people; state n of a count")
        share = (count + 0.5) / (t.n + 1)
        error = per * math.sqrt(t.n * share * (1 - share))
        if t.statistic == "share":
            rng = np.random.default_rng([seed, zlib.crc32(t.id.encode())])
            drawn = rng.binomial(t.n, rng.beta(count + 0.5, t.n - count + 0.5, n))
            found[t.id] = (drawn * per, error)
        elif safety is not None:
            pooled = t.statistic == "serious in pool"
            asked.append(
                Statistic(
                    id=t.id,
                    arm="placebo" if t.arm == "placebo" else "treated",
                    of=t.output,
                    x=count,
                    n=t.n,
                    exposure_d=safety.pool.exposure_d if pooled else None,
                )
            )
            units[t.id] = per
            found[t.id] = (np.empty(0), error)
    if safety is not None and asked:
        for key, drawn in predictive(safety, asked, n, seed).items():
            found[key] = (drawn * units[key], found[key][1])
    return found


def structure_shares(population: Population) -> dict[str, float]:
    """Return the share of posterior draws of each structure."""
    table = population.uncertainty
    if not isinstance(table, PosteriorTable) or table.structures is None:
        return {}
    names = list(dict.fromkeys(table.structures))
    return {name: table.structures.count(name) / table.n_rows for name in names}
