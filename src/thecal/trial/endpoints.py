"""What a report says about a study, computed as it was defined, from what was seen in people.

People stand along the last axis and replicates along the first; a statistic is one number a
replicate.
"""

from __future__ import annotations

import numpy as np

from thecal.shapes import Float

Seen = Float[np.ndarray, "replicate person"]
Visits = Float[np.ndarray, "replicate person visit"]
Number = Float[np.ndarray, " replicate"]

PLATEAU = 0.85  # share of the final fall from which a curve counts as at its floor; ours


def cv_percent(values: Seen) -> Number:
    """Coefficient of variation, SD with n − 1, %."""
    return np.asarray(values.std(axis=-1, ddof=1) / values.mean(axis=-1) * 100)


def log_change(
    values: Float[np.ndarray, "*seen"], baseline: Float[np.ndarray, "*before"]
) -> Float[np.ndarray, "*seen"]:
    """Logarithm of the ratio to baseline; its mean is that of a geometric mean ratio."""
    return np.asarray(np.log(values / baseline))


def adjusted(
    treated: Float[np.ndarray, "replicate treated"],
    control: Float[np.ndarray, "replicate control"],
    covariate: tuple[
        Float[np.ndarray, "replicate treated"], Float[np.ndarray, "replicate control"]
    ],
) -> tuple[Number, Number, Number]:
    """Means of two arms and their difference at the pooled mean of a covariate (ANCOVA).

        ȳ_arm − β (x̄_arm − x̄)

    with β the slope within arms, common to both.
    """
    arms = ((treated, covariate[0]), (control, covariate[1]))
    off = [(y - y.mean(-1, keepdims=True), x - x.mean(-1, keepdims=True)) for y, x in arms]
    beta = sum((y * x).sum(-1) for y, x in off) / sum((x * x).sum(-1) for _, x in off)
    x_mean = np.concatenate(covariate, axis=-1).mean(-1)
    first, second = (y.mean(-1) - beta * (x.mean(-1) - x_mean) for y, x in arms)
    return first, second, first - second


def auc(times_h: Float[np.ndarray, " visit"], values: Visits) -> Seen:
    """Area under the curve by the linear trapezoid, unit · h."""
    return np.asarray(np.trapezoid(values, times_h, axis=-1))


def tmax(times_h: Float[np.ndarray, " visit"], values: Visits) -> Seen:
    """Time of the highest value that was read, h."""
    return np.asarray(times_h[values.argmax(axis=-1)])


def slope_per_month(
    days: Float[np.ndarray, " visit"],
    values: Visits,
    month_d: float,
) -> Seen:
    """Least-squares slope of each person over the visits, unit per month."""
    t = (days - days.mean()) / month_d
    return np.asarray((values * t).sum(-1) / (t * t).sum())


def spearman(x: Seen, y: Seen) -> Number:
    """Rank correlation of Spearman, of values without ties."""
    a, b = (v.argsort(-1).argsort(-1).astype(float) for v in (x, y))
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    return np.asarray((a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1)))


def plateau_day(
    days: Float[np.ndarray, " visit"], curve: Float[np.ndarray, "replicate visit"]
) -> Number:
    """First visit from which a mean ratio stays past PLATEAU of its change to the last visit."""
    change = 1 - curve
    last = change[:, -1:]
    reached = change * last >= PLATEAU * last**2  # in the direction of the last, fall or rise
    stays = np.flip(np.logical_and.accumulate(np.flip(reached, -1), axis=-1), -1)
    return np.asarray(days[stays.argmax(axis=-1)], dtype=float)
