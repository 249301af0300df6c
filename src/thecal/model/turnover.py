"""Turnover stages driven from above, to order 4: y' = kin(t) − k y over steps of a grid.

Over one step kin is the parabola through its values at the start, middle and end, and the loss is
exact (exponential time differencing; Cox and Matthews 2002, doi:10.1006/jcph.2002.6995). Middle
and end of one stage are the nodes of the next, so a cascade of stages keeps the order. Steps of
any length are stable, k = 0 (a quantity that adds up; Simpson's rule) is no special case.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

Array = Any  # of the backend in use


def phis(xp: Any, y: Array, e: Array) -> tuple[Array, Array, Array]:
    """φ₁, φ₂, φ₃ of −y for y ≥ 0, where φ₁ = (1 − e^{−y})/y and φₙ₊₁ = (1/n! − φₙ)/y.

    e is e^{−y}. For small y the Taylor series of φ₃ and upward recurrence, else the definition:
    below the limit y₀ the first term left out, above it the cancellation eps/y₀², stay under
    2e-13 in float64 (y₀ = 1/8) and 1e-6 in float32 (y₀ = 1), with 8 terms.
    """
    limit, terms = 1.0 if y.dtype == xp.float32 else 0.125, 8
    small = xp.minimum(y, limit)
    series: Array = 1.0 / math.factorial(terms + 2)
    for n in range(terms + 1, 2, -1):
        series = 1.0 / math.factorial(n) - small * series
    low_2 = 0.5 - small * series
    large = xp.maximum(y, limit)
    high_1 = (1.0 - e) / large
    high_2 = (1.0 - high_1) / large
    high_3 = (0.5 - high_2) / large
    is_small = y < limit
    return (
        xp.where(is_small, 1.0 - small * low_2, high_1),
        xp.where(is_small, low_2, high_2),
        xp.where(is_small, series, high_3),
    )


class Weights(NamedTuple):
    """What one step of y' = kin − k y multiplies by.

    y(h/2) = decay_half y + mid0 kin(0) + mid1 kin(h/2) + mid2 kin(h)
    y(h)   = decay      y + end0 kin(0) + end1 kin(h/2) + end2 kin(h)
    """

    decay: Array
    end0: Array
    end1: Array
    end2: Array
    decay_half: Array
    mid0: Array
    mid1: Array
    mid2: Array


def weights(xp: Any, k: Array, h: Array, scale: Array | None = None) -> Weights:
    """Return the weights of a step of length h (d) for the loss rate k (1/d).

    scale  a factor of kin that does not change over the step, taken into the weights
    """
    half = h / 2
    y = k * half
    e = xp.exp(-y)
    f1, f2, f3 = phis(xp, y, e)
    # φ of the whole step from φ of its half: doubling, all terms positive.
    g1 = f1 * (1 + e) / 2
    g2 = (e * f2 + f1 + f2) / 4
    g3 = (e * f3 + f1 / 2 + f2 + f3) / 8
    a, b = (half, h) if scale is None else (half * scale, h * scale)
    return Weights(
        decay=e * e,
        end0=b * (g1 - 3 * g2 + 4 * g3),
        end1=b * (4 * g2 - 8 * g3),
        end2=b * (4 * g3 - g2),
        decay_half=e,
        mid0=a * (f1 - 1.5 * f2 + f3),
        mid1=a * (2 * f2 - 2 * f3),
        mid2=a * (f3 - 0.5 * f2),
    )
