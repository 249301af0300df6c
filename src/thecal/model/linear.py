"""Intrathecal pharmacokinetics, solved exactly: CSF and tissue, plasma and periphery.

Amounts in mg, time in d, rate constants in 1/d. Two blocks of two compartments, the first
feeding the second:

    dC/dt = -(k10 + k12) C + k21 N          CSF
    dN/dt =   k12 C - (k21 + k20) N         CNS tissue, k20 is loss inside the tissue
    dP/dt =   k10 C - (e10 + e12) P + e21 T     plasma
    dT/dt =   e12 P - e21 T                     peripheral

Between doses every amount is a sum of exponentials. They are carried forward as divided
differences, whose terms are all positive, so nothing cancels whatever the rates are, equal
ones included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Lanes = Float[np.ndarray, " subject"]
Steps = Float[np.ndarray, " step"]
Grid = Float[np.ndarray, "step subject"]


def phi_1(y: np.ndarray) -> np.ndarray:
    """(1 − e^{−y}) / y for y ≥ 0, with its limit 1 at 0."""
    safe = np.where(y > 0, y, 1.0)
    return np.asarray(np.where(y > 0, -np.expm1(-safe) / safe, 1.0))


def divided_difference(
    l_per_d: np.ndarray, m_per_d: np.ndarray, h_d: np.ndarray | float
) -> np.ndarray:
    """∫₀ʰ e^{−l (h−u)} e^{−m u} du = (e^{−l h} − e^{−m h}) / (m − l), without subtracting.

    Written from the slower rate it is h e^{−min(l,m) h} φ₁(|m − l| h): every factor is
    positive, and equal rates are no special case.
    """
    slower = np.minimum(l_per_d, m_per_d)
    return np.asarray(h_d * np.exp(-slower * h_d) * phi_1(np.abs(m_per_d - l_per_d) * h_d))


@dataclass(frozen=True, slots=True)
class Modes:
    """The two exponentials of a block: entry response x(t) = a1 e^{−fast t} + a2 e^{−slow t}."""

    fast: np.ndarray
    slow: np.ndarray
    a1: np.ndarray
    a2: np.ndarray


def modes(k10: Lanes, k12: Lanes, k21: Lanes, k20: Lanes) -> Modes:
    """Return rates (1/d) and weights of a two-compartment block, free of cancellation.

        d = k10 + k12 − k21 − k20,   q = √(d² + 4 k12 k21) = fast − slow
        fast − (k21 + k20) and (k21 + k20) − slow are the roots u, v of u v = k12 k21

    k10, k20  loss from the entry and the second compartment, 1/d
    k12, k21  exchange between them, 1/d
    """
    d = k10 + k12 - k21 - k20
    q = np.sqrt(d * d + 4 * k12 * k21)
    u = (np.abs(d) + q) / 2
    v = k12 * k21 / np.where(u > 0, u, 1.0)
    p, m = np.where(d > 0, u, v), np.where(d > 0, v, u)
    fast = p + k21 + k20
    slow = (k10 * (k21 + k20) + k12 * k20) / np.where(fast > 0, fast, 1.0)
    one = np.where(q > 0, q, 1.0)
    return Modes(fast, slow, np.where(q > 0, p / one, 1.0), np.where(q > 0, m / one, 0.0))


@dataclass(frozen=True, slots=True)
class Amounts:
    """Amounts in mg at the start of each step (before a dose there), its middle and its end.

    The middle is carried for the tissue only, where the effect reads it.
    """

    csf: Grid
    tissue: Grid
    plasma: Grid
    tissue_mid: Grid
    tissue_end: Grid


def superpose(
    *,
    k10: Lanes,
    k12: Lanes,
    k21: Lanes,
    k20: Lanes,
    e10: Lanes,
    e12: Lanes,
    e21: Lanes,
    steps_d: Steps,
    doses_mg: Steps,
    removed: Lanes,
) -> Amounts:
    """Return the amounts after bolus doses into CSF, exactly, on a grid of steps.

    steps_d   length of each step, d; 0 is allowed
    doses_mg  dose given at the start of each step, mg; 0 for none
    removed   share of the CSF drawn before a dose, and of the drug in it, 0..1

    Seven scalars carry all doses so far: the two modes of CSF (va, vb), their convolution
    (w, tissue per k12), and the four convolutions with the modes of plasma.
    """
    brain, body = modes(k10, k12, k21, k20), modes(e10, e12, e21, np.zeros_like(e10))
    zero = np.zeros_like(k10)
    va, vb, w = zero, zero, zero
    x = [[zero, zero], [zero, zero]]
    shape = (len(steps_d), len(k10))
    csf, tissue, plasma, mid, end = (np.empty(shape) for _ in range(5))
    for n, dose in enumerate(doses_mg):
        i = n % BLOCK
        if i == 0:
            f = _factors(brain, body, steps_d[n : n + BLOCK])
        csf[n] = brain.a1 * va + brain.a2 * vb
        tissue[n] = k12 * w
        plasma[n] = k10 * (
            body.a1 * (brain.a1 * x[0][0] + brain.a2 * x[1][0])
            + body.a2 * (brain.a1 * x[0][1] + brain.a2 * x[1][1])
        )
        if dose:
            added = dose - removed * csf[n]
            va, vb = va + added, vb + added
        mid[n] = k12 * (f.fast_half[i] * w + f.tissue_half[i] * vb)
        w = f.fast[i] * w + f.tissue[i] * vb
        end[n] = k12 * w
        x = [
            [f.exit[j][i] * x[m][j] + f.passed[m][j][i] * v for j in range(2)]
            for m, v in enumerate((va, vb))
        ]
        va, vb = f.fast[i] * va, f.slow[i] * vb
    return Amounts(csf=csf, tissue=tissue, plasma=plasma, tissue_mid=mid, tissue_end=end)


BLOCK = 128  # steps whose factors are held at once: a few MB for 400 subjects


@dataclass(frozen=True, slots=True)
class _Factors:
    """What a step multiplies by, for a block of steps; each of shape (step, subject).

    fast, slow    decay of the two CSF modes
    tissue        from the slow mode into tissue; `_half` is the same over half a step
    exit[j]       decay of plasma mode j
    passed[m][j]  from CSF mode m into plasma mode j
    """

    fast: Grid
    fast_half: Grid
    slow: Grid
    tissue: Grid
    tissue_half: Grid
    exit: tuple[Grid, Grid]
    passed: tuple[tuple[Grid, Grid], tuple[Grid, Grid]]


def _factors(brain: Modes, body: Modes, steps_d: Steps) -> _Factors:
    h = steps_d[:, None]
    fast_half = np.exp(-brain.fast * h / 2)
    return _Factors(
        fast=fast_half * fast_half,
        fast_half=fast_half,
        slow=np.exp(-brain.slow * h),
        tissue=divided_difference(brain.fast, brain.slow, h),
        tissue_half=divided_difference(brain.fast, brain.slow, h / 2),
        exit=(np.exp(-body.fast * h), np.exp(-body.slow * h)),
        passed=(
            (
                divided_difference(brain.fast, body.fast, h),
                divided_difference(brain.fast, body.slow, h),
            ),
            (
                divided_difference(brain.slow, body.fast, h),
                divided_difference(brain.slow, body.slow, h),
            ),
        ),
    )
