"""What the mean of an arm does from visit to visit, for a study of its real size.

The replicates are those of `validate`: the same draws of the posterior and the same people, so a
band passes through the prediction interval of every target that is such a mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from thecal.errors import ModelError
from thecal.infer.validate import BAND, REPLICATES, SEED, evenly
from thecal.model.population import Population
from thecal.model.variability import PosteriorTable
from thecal.shapes import Float
from thecal.trial.endpoints import log_change
from thecal.trial.study import Study, simulate_arm

STRATA = ("faster", "slower", "all")
Visits = Float[np.ndarray, "replicate person visit"]
Means = Float[np.ndarray, "replicate visit"]


def _ratio(values: Visits) -> Means:
    """Geometric mean ratio to baseline."""
    return np.asarray(np.exp(log_change(values, values[..., :1]).mean(axis=1)))


def _change(values: Visits) -> Means:
    """Mean change from baseline."""
    return np.asarray((values - values[..., :1]).mean(axis=1))


def _level(values: Visits) -> Means:
    """Mean concentration, ng/mL of mg/L."""
    return np.asarray(values.mean(axis=1) * 1000)


MEANS: Mapping[str, Callable[[Visits], Means]] = {
    "csf": _level,
    "csf_sod1": _ratio,
    "nfl": _ratio,
    "alsfrs_r": _change,
    "svc": _change,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A mean of one stratum of one arm at its visits: median and 90 % prediction interval.

    csf               mean before the dose, ng/mL
    csf_sod1, nfl     geometric mean ratio to baseline
    alsfrs_r, svc     mean change from baseline, points and % of predicted
    """

    study: str
    arm: str
    stratum: str
    output: str
    n: int
    visits_d: Float[np.ndarray, " visit"]
    lo: Float[np.ndarray, " visit"]
    median: Float[np.ndarray, " visit"]
    hi: Float[np.ndarray, " visit"]


def bands(
    population: Population,
    studies: Mapping[str, Study],
    study: str = "valor",
    *,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> tuple[Band, ...]:
    """Return the bands of every arm, stratum and output of one study.

    population  with posterior draws; each replicate takes one of them
    """
    table = population.uncertainty
    if not isinstance(table, PosteriorTable):
        raise ModelError(
            f"the model of {population.medicine} has no posterior draws; calibrate it first"
        )
    if study not in studies:
        raise ModelError(f"no study '{study[:40]}'; there are {', '.join(studies)}")
    rows = evenly(table, replicates)
    numbers = {name: column[rows] for name, column in table.table.items()}
    found = []
    for name, arm in studies[study].arms.items():
        data = simulate_arm(
            arm,
            studies[study],
            population,
            numbers=numbers,
            seed=seed,
            outputs=tuple(MEANS),
            stream=f"{study}:{name}",
        )
        for stratum in STRATA:
            of = data.of(stratum)
            if not of.any():
                continue
            for output, mean in MEANS.items():
                lo, median, hi = np.quantile(
                    mean(data.measured[output][:, of]), (BAND[0], 0.5, BAND[1]), axis=0
                )
                found.append(
                    Band(
                        study=study,
                        arm=name,
                        stratum=stratum,
                        output=output,
                        n=int(of.sum()),
                        visits_d=data.visits_d,
                        lo=lo,
                        median=median,
                        hi=hi,
                    )
                )
    return tuple(found)
