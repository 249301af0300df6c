"""Indirect response: a quantity made and lost, y' = k (g(t) − y), stepped to order 4.

Over one step the input g is the parabola through its values at the start, the middle and
the end; the decay is exact. Middle and end of one stage are the nodes of the next, so a
cascade of stages keeps the order. Steps of any length are stable.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Grid = Float[np.ndarray, "step subject"]


@dataclass(frozen=True, slots=True)
class Nodes:
    """A quantity at the start, middle and end of each step."""

    start: Grid
    mid: Grid
    end: Grid

    @classmethod
    def of(cls, function: Callable[..., Grid], *inputs: Nodes) -> Nodes:
        """Apply a function of values at one instant to whole nodes."""
        return cls(
            function(*(i.start for i in inputs)),
            function(*(i.mid for i in inputs)),
            function(*(i.end for i in inputs)),
        )


def phis(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """φ₁, φ₂, φ₃ of −y for y ≥ 0, where φ₁ = (1 − e^{−y})/y and φₙ₊₁ = (1/n! − φₙ)/y.

    Below 1 the Taylor series of φ₃ and upward recurrence, above 1 the definition: neither
    loses digits to cancellation.
    """
    small = np.minimum(y, 1.0)
    series = np.zeros_like(small)
    for n in range(16, 2, -1):  # 14 terms: the next, y¹⁴/17!, is below 3e-15 for y < 1
        series = 1.0 / math.factorial(n) - small * series
    low_2 = 0.5 - small * series
    large = np.maximum(y, 1.0)
    high_1 = -np.expm1(-large) / large
    high_2 = (1.0 - high_1) / large
    high_3 = (0.5 - high_2) / large
    is_small = y < 1
    return (
        np.where(is_small, 1.0 - small * low_2, high_1),
        np.where(is_small, low_2, high_2),
        np.where(is_small, series, high_3),
    )


def turnover(rate_per_d: np.ndarray, drive: Nodes, steps_d: np.ndarray, start: np.ndarray) -> Nodes:
    """Return y' = rate (drive − y) at the nodes of every step, from y = start.

    rate_per_d  (subject,)       1/d
    drive       nodes            in the unit of y
    steps_d     (step,)          d
    start       (subject,)       y at the start of the first step
    """
    half = rate_per_d * steps_d[:, None] / 2
    decay = np.exp(-half)
    f1, f2, f3 = phis(half)
    c1 = -3 * drive.start + 4 * drive.mid - drive.end
    c2 = 2 * drive.start - 4 * drive.mid + 2 * drive.end
    to_mid = half * (drive.start * f1 + c1 * f2 / 2 + c2 * f3 / 2)
    # φ of the whole step from φ of its half: doubling, all terms positive.
    g1 = f1 * (1 + decay) / 2
    g2 = (decay * f2 + f1 + f2) / 4
    g3 = (decay * f3 + f1 / 2 + f2 + f3) / 8
    to_end = 2 * half * (drive.start * g1 + c1 * g2 + 2 * c2 * g3)
    starts, y = np.empty_like(half), np.broadcast_to(start, half.shape[1:])
    for n in range(len(steps_d)):
        starts[n] = y
        y = decay[n] ** 2 * y + to_end[n]
    return Nodes(starts, decay * starts + to_mid, decay**2 * starts + to_end)


def accumulate(rate: Nodes, steps_d: np.ndarray) -> Nodes:
    """Return ∫ rate dt at the nodes of every step, from 0 (Simpson's rule, order 4).

    rate     nodes      any unit per day
    steps_d  (step,)    d
    """
    h = steps_d[:, None]
    to_mid = h / 24 * (5 * rate.start + 8 * rate.mid - rate.end)
    to_end = h / 6 * (rate.start + 4 * rate.mid + rate.end)
    ends = np.cumsum(to_end, axis=0)
    starts = np.vstack([np.zeros_like(ends[:1]), ends[:-1]])
    return Nodes(starts, starts + to_mid, ends)


def inhibition(
    concentration: np.ndarray, Imax: np.ndarray, IC50: np.ndarray, hill: np.ndarray
) -> np.ndarray:
    """Imax Cʰ / (IC50ʰ + Cʰ), as a logistic of ln C so that no power overflows.

    concentration, IC50 in one unit; Imax in 0..1; C = 0 gives 0.
    """
    distance = hill * (np.log(IC50) - np.log(np.maximum(concentration, 1e-12)))
    return np.where(concentration > 0, Imax / (1 + np.exp(np.minimum(distance, 60.0))), 0.0)
