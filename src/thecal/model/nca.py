"""Noncompartmental analysis: what a profile says without a model, for many subjects at once.

    found = nca(profile.times_d, profile.of("csf"), dose_mg=100.0, tau_d=28.0)
    found.Cmax, found.AUC_tau, found.half_life_d          one number a subject

Time t in d after the dose, concentration c in any unit that is never negative; λ is `lambda_z`.

    up, or "linear"    AUC += Δt (c₀ + c₁)/2           AUMC += ∫ t c dt of the same straight line
    down, "log down"   AUC += Δt (c₀ − c₁)/ln(c₀/c₁)   AUMC the same for the exponential
    λ                  − slope of ln c on t, unweighted, over the last 3 or more values above 0 that
                       come after Tmax (from Tmax on, after a bolus): the greatest adjusted
                       R² = 1 − (1 − R²)(n − 1)/(n − 2), and of those within 10⁻⁴ of it the one
                       with most values
    half_life          ln 2 / λ
    AUC_0_inf          AUC_0_t + c_last/λ
    AUMC_0_inf         AUMC_0_t + t_last c_last/λ + c_last/λ²
    MRT                AUMC_0_inf/AUC_0_inf − infusion/2
    CL/F, Vz/F         dose/AUC_0_inf, CL/λ;  at steady state CL/F = dose/AUC_tau
    C_average          AUC_tau/τ

Gabrielsson and Weiner, Pharmacokinetic and Pharmacodynamic Data Analysis, 5th ed. 2016
(noncompartmental analysis); Rowland and Tozer, Clinical Pharmacokinetics and Pharmacodynamics, 4th
ed. 2011 (assessment of AUC; multiple-dose regimens). The choice of values for λ is the rule called
"best fit" in commercial software. Whether a half-life is good enough to report (`R2_adjusted`,
`percent_extrapolated`, three half-lives long) is for the reader.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from thecal.errors import ModelError, nearest
from thecal.shapes import Float, Int, Shaped

METHODS = ("log down", "linear")

WITHIN = 1e-4
"""Adjusted R² this close are as good as each other."""

SMALL = 0.05
"""Below it φ₂ comes from its series Σ (−L)ᵏ / (k! (k + 2)), as the difference cancels."""

SERIES = tuple(1 / (math.factorial(k) * (k + 2)) for k in reversed(range(8)))  # to 1e-16

Row = Float[np.ndarray, " subject"]
Table = Float[np.ndarray, "subject reading"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nca:
    """What was found, one number a subject. Units: of the value (u), d and mg.

    C0             u     at the dose: the first reading or, of a bolus, the line through the next
                         two
    Cmax, Tmax_d   u, d  highest reading and the first time of it
    C_last         u     last reading above 0, at T_last_d
    AUC_0_t        u d   until T_last_d
    AUC_tau        u d   over one dosing interval; C_average, and `trough` at its end
    CL_F, CL_ss_F        mg/(u d)  of AUC_0_inf (after one dose), of AUC_tau (at steady state)
    n_terminal           readings behind lambda_z
    why_not              why there is no lambda_z: "" if there is one, "nothing measured",
                         "too few" readings, or "not falling"

    NaN: not to be had, or not asked for (no dose, no τ).
    """

    C0: Row
    Cmax: Row
    Tmax_d: Row
    C_last: Row
    T_last_d: Row
    AUC_0_t: Row
    AUC_0_inf: Row
    AUMC_0_inf: Row
    MRT_d: Row
    percent_extrapolated: Row
    lambda_z_per_d: Row
    half_life_d: Row
    R2_adjusted: Row
    n_terminal: Int[np.ndarray, " subject"]
    why_not: Shaped[np.ndarray, " subject"]
    CL_F: Row
    Vz_F: Row
    AUC_tau: Row
    C_average: Row
    trough: Row
    CL_ss_F: Row


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Accumulation:
    """A later interval over the first: `trough` is the accumulation ratio, others say of what."""

    trough: Row
    of_AUC: Row
    of_Cmax: Row


def nca(
    times_d: Float[np.ndarray, "*rows time"],
    values: Float[np.ndarray, "subject time"],
    *,
    method: str = "log down",
    from_d: float = 0.0,
    until_d: float | None = None,
    tau_d: float | None = None,
    dose_mg: float | Row | None = None,
    infusion_d: float = 0.0,
    bolus: bool = False,
    terminal_from_d: float | None = None,
) -> Nca:
    """Analyse profiles after one dose, or over one of many dosing intervals.

    times_d          increasing; (time,), or (subject, time) for readings of their own
    values           never negative; NaN where nothing was measured. Below LLOQ: give 0 or NaN
    method           "log down" (linear up) or "linear"
    from_d, until_d  day of the dose, and of the last reading used; by default τ later, else all
    infusion_d       how long the dose ran, for MRT
    bolus            the dose is in at once, so that a reading at its time, which comes before it,
                     does not belong to its profile
    terminal_from_d  use all readings from this day on for λ, in place of the best fit. In a profile
                     without error, that rule takes in more than the last phase
    """
    _check(method, tau_d, infusion_d, dose_mg, values)
    until = until_d if until_d is not None else math.inf if tau_d is None else from_d + tau_d
    t, c, count = _readings(times_d, values, from_d, until, bolus)
    rows, columns = np.arange(len(c)), np.arange(c.shape[1])
    if bolus:
        t, c = _with_start(t, c)
        count, columns = count + 1, np.arange(c.shape[1])
    observed = c[:, 1:] if bolus else c
    peak = observed.argmax(axis=1) + bolus
    above = (c > 0) & (columns < count[:, None])
    last = np.where(above.any(axis=1), above.shape[1] - 1 - above[:, ::-1].argmax(axis=1), 0)
    t_last, c_last = t[rows, last], c[rows, last]

    usable = above & (columns >= (peak if bolus else peak + 1)[:, None])
    if terminal_from_d is not None:
        usable &= t >= terminal_from_d - from_d
    rate, R2, n, slopes = _terminal(t, c, usable, t_last, c_last, terminal_from_d is None)
    why_not = np.select(
        [c_last <= 0, usable.sum(axis=1) < 3, ~slopes],
        ["nothing measured", "too few", "not falling"],
        "",
    )

    AUC_t, AUMC_t = _areas(*_until(t, c, t_last, method), method)
    AUC = AUC_t + c_last / rate
    AUMC = AUMC_t + (t_last + 1 / rate) * c_last / rate
    AUC_tau = trough = np.full(len(c), np.nan)
    if tau_d is not None:
        AUC_tau, trough = _interval(t, c, tau_d, rate, method)
    dose = np.broadcast_to(np.nan if dose_mg is None else dose_mg, len(c)).astype(float)
    CL, CL_ss = (
        np.divide(dose, a, out=np.full(len(c), np.nan), where=a > 0) for a in (AUC, AUC_tau)
    )
    return Nca(
        C0=c[:, 0],
        Cmax=c[rows, peak],
        Tmax_d=t[rows, peak],
        C_last=c_last,
        T_last_d=t_last,
        AUC_0_t=AUC_t,
        AUC_0_inf=AUC,
        AUMC_0_inf=AUMC,
        MRT_d=AUMC / AUC - infusion_d / 2,
        percent_extrapolated=100 * (1 - AUC_t / AUC),
        lambda_z_per_d=rate,
        half_life_d=math.log(2) / rate,
        R2_adjusted=R2,
        n_terminal=n,
        why_not=why_not,
        CL_F=CL,
        Vz_F=CL / rate,
        AUC_tau=AUC_tau,
        C_average=AUC_tau / (tau_d or np.nan),
        trough=trough,
        CL_ss_F=CL_ss,
    )


def accumulation(first: Nca, later: Nca) -> Accumulation:
    """Compare a later dosing interval of each subject with the first; both analysed with τ."""

    def ratio(above: Row, below: Row) -> Row:
        found = np.full(len(above), np.nan)
        return np.asarray(np.divide(above, below, out=found, where=below > 0))

    return Accumulation(
        trough=ratio(later.trough, first.trough),
        of_AUC=ratio(later.AUC_tau, first.AUC_tau),
        of_Cmax=ratio(later.Cmax, first.Cmax),
    )


# --- the readings of a window ----------------------------------------------------------------


def _check(
    method: str, tau_d: float | None, infusion_d: float, dose_mg: float | Row | None, values: Table
) -> None:
    if method not in METHODS:
        raise ModelError(
            f"method '{method[:20]}'; there are {', '.join(METHODS)}.{nearest(method, METHODS)}"
        )
    if tau_d is not None and not 0 < tau_d < math.inf:
        raise ModelError(f"a dosing interval of {tau_d:g} d; it is above 0 and finite")
    if not 0 <= infusion_d < math.inf:
        raise ModelError(f"an infusion of {infusion_d:g} d; it lasts 0 d or longer")
    if dose_mg is not None and not (np.isfinite(dose_mg) & (np.asarray(dose_mg) > 0)).all():
        raise ModelError("a dose is not above 0 mg; give what was given")
    if (values < 0).any() or np.isinf(values).any():
        subject = int(((values < 0) | np.isinf(values)).any(axis=1).argmax())
        raise ModelError(
            f"a value of subject {subject} (counted from 0) is below 0 or infinite, which no "
            "concentration is; give NaN where nothing was measured"
        )


def _readings(
    times_d: np.ndarray, values: Table, from_d: float, until_d: float, bolus: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times after the dose, values, and how many of each row count.

    What was not measured is left out; shorter rows are filled up with their last reading.
    """
    if times_d.shape not in (values.shape, values.shape[1:]):
        raise ModelError(f"times of shape {times_d.shape} and values of {values.shape}; match them")
    if not np.isfinite(times_d).all() or (np.diff(times_d, axis=-1) <= 0).any():
        raise ModelError("the times of a profile are finite and increase; sort them, each once")
    times = np.broadcast_to(times_d, values.shape) - from_d
    inside = ~np.isnan(values) & (times_d <= until_d) & (times > 0 if bolus else times >= 0)
    count = inside.sum(axis=1)
    if not len(count) or (count < 2).any():
        subject = int(count.argmin()) if len(count) else 0
        raise ModelError(
            f"subject {subject} (counted from 0) has fewer than 2 readings from day {from_d:g} to "
            f"{until_d:g}; read the profile more often"
        )
    order = np.argsort(~inside, axis=1, kind="stable")
    filled = np.minimum(np.arange(count.max()), count[:, None] - 1)
    order = np.take_along_axis(order, filled, axis=1)
    t, c = np.take_along_axis(times, order, 1), np.take_along_axis(values, order, 1).astype(float)
    late = t[:, 0] > 0
    if late.any() and not bolus:
        raise ModelError(
            f"subject {int(late.argmax())} (counted from 0) has no reading on day {from_d:g}, when "
            "the dose is given; add one (0 before a first dose), or say that it is a bolus"
        )
    return t, c, count


def _with_start(t: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the concentration at a bolus first: ln c on a line back through the first two readings.

    Where they do not fall, it is the first of them.
    """
    falls = (c[:, 0] > c[:, 1]) & (c[:, 1] > 0)
    back = np.log(np.where(falls, c[:, 0], 1)) - np.log(np.where(falls, c[:, 1], 1))
    start = c[:, 0] * np.exp(back * t[:, 0] / (t[:, 1] - t[:, 0]))
    return np.insert(t, 0, 0.0, axis=1), np.insert(c, 0, start, axis=1)


# --- areas -----------------------------------------------------------------------------------


def _falls(c0: np.ndarray, c1: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Return where a step goes down as an exponential, and L = ln(c₀/c₁) there, else 0."""
    falls = (c0 > c1) & (c1 > 0) & (method == "log down")
    return falls, np.log(np.where(falls, c0, 1)) - np.log(np.where(falls, c1, 1))


def _areas(t: Table, c: Table, method: str) -> tuple[Row, Row]:
    """Return AUC and AUMC over all steps.

    Of an exponential, with L = ln(c₀/c₁):

        ∫ c ds = Δt c₀ φ₁,  φ₁ = (1 − e⁻ᴸ)/L
        ∫ s c ds = Δt² c₀ φ₂,  φ₂ = (φ₁ − e⁻ᴸ)/L
    """
    dt, c0, c1 = np.diff(t, axis=1), c[:, :-1], c[:, 1:]
    falls, L = _falls(c0, c1, method)
    safe = np.where(L > 0, L, 1.0)
    phi1 = np.where(L > 0, -np.expm1(-safe) / safe, 1.0)
    phi2 = np.where(L < SMALL, np.polyval(SERIES, -L), (phi1 - np.exp(-L)) / safe)
    area = dt * np.where(falls, c0 * phi1, (c0 + c1) / 2)
    moment = t[:, :-1] * area + dt**2 * np.where(falls, c0 * phi2, (c0 + 2 * c1) / 6)
    return area.sum(axis=1), moment.sum(axis=1)


def _until(t: Table, c: Table, end: Row, method: str) -> tuple[Table, Table]:
    """Cut the profiles at a time of their own, on the line or exponential they follow there."""
    rows = np.arange(len(t))
    k = np.minimum((t <= end[:, None]).sum(axis=1), t.shape[1] - 1) - 1
    width = t[rows, k + 1] - t[rows, k]
    share = np.clip((end - t[rows, k]) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    c0, c1 = c[rows, k], c[rows, k + 1]
    falls, L = _falls(c0, c1, method)
    at = np.where(falls, c0 * np.exp(-L * share), c0 + (c1 - c0) * share)
    beyond = t > end[:, None]
    return np.where(beyond, end[:, None], t), np.where(beyond, at[:, None], c)


def _interval(t: Table, c: Table, tau_d: float, rate: Row, method: str) -> tuple[Row, Row]:
    """Return the AUC of one interval and the value at its end, along λ beyond the last reading."""
    end = np.full(len(t), tau_d)
    cut_t, cut_c = _until(t, c, end, method)
    area, _ = _areas(cut_t, cut_c, method)
    short = tau_d - cut_t[:, -1]
    beyond = short > 1e-9 * tau_d  # not by rounding
    rate, left = np.where(beyond, rate, 1.0), np.where(beyond, short, 0.0)
    final = cut_c[:, -1]
    return area - final * np.expm1(-rate * left) / rate, final * np.exp(-rate * left)


# --- the terminal phase ----------------------------------------------------------------------


def _terminal(
    t: Table, c: Table, usable: np.ndarray, t_last: Row, c_last: Row, search: bool
) -> tuple[Row, Row, np.ndarray, np.ndarray]:
    """Return λ, adjusted R², the number of readings and whether any line falls.

    Sums over the last readings, from each one on, are running sums from the end; counted from the
    last reading, they do not cancel.
    """
    x = np.where(usable, t - t_last[:, None], 0.0)
    y = np.log(np.where(usable, c, 1.0)) - np.log(np.where(usable, c_last[:, None], 1.0))

    def sums(z: np.ndarray) -> np.ndarray:
        return np.cumsum(z[:, ::-1], axis=1)[:, ::-1]

    n = sums(usable.astype(float))
    m = np.maximum(n, 1)
    Sx, Sy = sums(x), sums(y)
    Sxx, Sxy, Syy = sums(x * x) - Sx**2 / m, sums(x * y) - Sx * Sy / m, sums(y * y) - Sy**2 / m
    fits = usable & (n >= 3) & (Sxy < 0) & (Syy > 0)
    R2 = np.minimum(Sxy**2 / np.where(fits, Sxx * Syy, np.inf), 1.0)
    adjusted = np.where(fits, 1 - (1 - R2) * (n - 1) / np.maximum(n - 2, 1), -np.inf)
    if search:
        best = adjusted >= adjusted.max(axis=1, keepdims=True) - WITHIN
    else:
        best = n == n.max(axis=1, keepdims=True)
    chosen, rows = (fits & best).argmax(axis=1), np.arange(len(t))
    found = (fits & best).any(axis=1)
    slope = Sxy[rows, chosen] / np.where(found, Sxx[rows, chosen], 1.0)
    return (
        np.where(found, -slope, np.nan),
        np.where(found, adjusted[rows, chosen], np.nan),
        np.where(found, n[rows, chosen], 0).astype(np.int64),
        found,
    )
