"""From SOD1 to what is measured and lost: neurofilament light and ALSFRS-R.

Everything is relative to the person's own untreated state, where the toxic load P is 1.
"""

from __future__ import annotations

import numpy as np

from thecal.model.turnover import Nodes, accumulate, turnover
from thecal.units import MONTH_D


def damage(load: Nodes, mean_delay_d: np.ndarray, steps_d: np.ndarray) -> tuple[Nodes, Nodes]:
    """Return delayed damage D (1 = untreated) and its integral H in untreated days.

        D1' = k (P − D1),  D2' = k (D1 − D2),  D3' = k (D2 − D3),   k = 3 / mean_delay
        H' = D3

    Function follows the protein late: three transit stages.
    """
    rate = 3.0 / mean_delay_d
    stage, one = load, np.ones_like(mean_delay_d)
    for _ in range(3):
        stage = turnover(rate, stage, steps_d, one)
    return stage, accumulate(stage, steps_d)


def nfl_ratio(
    load: Nodes,
    burden_d: Nodes,
    *,
    delay_d: np.ndarray,
    half_life_d: np.ndarray,
    floor: np.ndarray,
    growth_per_d: np.ndarray,
    steps_d: np.ndarray,
) -> Nodes:
    """Return neurofilament light as a ratio to its baseline.

        T' = (P − T) / delay                                        from SOD1 to damage
        N' = k (floor + (1 − floor) T e^{growth · H} − N),  k = ln 2 / half_life

    floor is the normal level over the person's baseline. Release follows damage from a large
    pool, so N tracks its target in weeks; growth acts through the burden H, not the calendar.
    """
    one = np.ones_like(delay_d)
    toxic = turnover(1.0 / delay_d, load, steps_d, one)
    target = Nodes.of(
        lambda t, h: floor + (1 - floor) * t * np.exp(growth_per_d * h), toxic, burden_d
    )
    return turnover(np.log(2) / half_life_d, target, steps_d, one)


def alsfrs_r(baseline: np.ndarray, slope_per_month: np.ndarray, burden_d: np.ndarray) -> np.ndarray:
    """Return the ALSFRS-R total: baseline − slope · H, in 0..48 points.

    slope_per_month  points lost per month of 30.4375 d while untreated
    burden_d         H, days of untreated damage so far
    """
    return np.asarray(np.clip(baseline - slope_per_month * burden_d / MONTH_D, 0.0, 48.0))
