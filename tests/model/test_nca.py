"""NCA against closed forms, arithmetic in plain Python, observed data, and laws."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.errors import ModelError
from thecal.model.nca import WITHIN, Nca, _areas, accumulation, nca

CL, V, KA, DOSE = 4.0, 20.0, 6.0, 100.0
K = CL / V
DENSE_D = np.concatenate([np.linspace(0, 2, 401), np.linspace(2, 60, 801)[1:]])

# Theophylline, subject 1 of Boeckmann, Sheiner and Beal 1994 (as in R's `Theoph`): hours, mg/L.
THEO_H = (0.0, 0.25, 0.57, 1.12, 2.02, 3.82, 5.1, 7.03, 9.05, 12.12, 24.37)
THEO = (0.74, 2.84, 6.57, 10.5, 9.66, 8.58, 8.36, 7.47, 6.89, 5.94, 3.28)

few = settings(max_examples=40)


def iv(t):
    return DOSE / V * np.exp(-K * np.asarray(t))


def oral(t):
    t = np.asarray(t)
    return DOSE / V * KA / (KA - K) * (np.exp(-K * t) - np.exp(-KA * t))


def one(times, values, **window) -> Nca:
    return nca(np.asarray(times, float), np.asarray(values, float)[None, :], **window)


def same(found: Nca, other: Nca, fields=Nca.__slots__, rtol=1e-12, **factor):
    """Every number of `found` is that of `other`, times the factor named."""
    for name in fields:
        a, b = getattr(found, name), getattr(other, name)
        if a.dtype.kind == "U":
            assert (a == b).all(), name
        else:
            np.testing.assert_allclose(a, b * factor.get(name, 1), rtol, 1e-12, err_msg=name)


# ---- closed forms


@pytest.mark.parametrize("times_d", [(0.0, 1.0, 2.0, 5.0, 9.0), (0.0, 0.5, 20.0, 21.0)])
def test_a_bolus_into_one_compartment_is_exact_however_rarely_it_is_read(times_d):
    """AUC = dose/CL, AUMC = dose V/CL², MRT = V/CL, half-life ln 2 V/CL: textbook.

    Every step of log down is the exponential itself, so only rounding is left.
    """
    found = one(times_d, iv(times_d), dose_mg=DOSE, bolus=True, tau_d=4.0, until_d=math.inf)
    assert found.AUC_0_inf[0] == pytest.approx(DOSE / CL, rel=1e-13)
    assert found.AUMC_0_inf[0] == pytest.approx(DOSE * V / CL**2, rel=1e-13)
    assert found.MRT_d[0] == pytest.approx(V / CL, rel=1e-13)
    assert found.half_life_d[0] == pytest.approx(math.log(2) / K, rel=1e-13)
    assert found.CL_F[0] == pytest.approx(CL, rel=1e-13)
    assert found.Vz_F[0] == pytest.approx(V, rel=1e-13)
    assert found.C0[0] == pytest.approx(DOSE / V, rel=1e-13)
    assert found.AUC_tau[0] == pytest.approx(DOSE / CL * -math.expm1(-4 * K), rel=1e-13)
    assert found.trough[0] == pytest.approx(iv(4.0), rel=1e-13)
    assert found.C_average[0] == pytest.approx(found.AUC_tau[0] / 4, rel=1e-15)
    assert found.percent_extrapolated[0] == pytest.approx(
        100 * math.exp(-K * times_d[-1]), rel=1e-9
    )
    assert found.n_terminal[0] == len(times_d) - 1 and found.R2_adjusted[0] == pytest.approx(1)


def test_the_reading_at_the_time_of_a_bolus_comes_before_it_and_does_not_count():
    """A simulated value at a dose time is read before the dose: 0, and not the peak."""
    times_d = np.array([0.0, 1.0, 2.0, 5.0, 9.0])
    before = np.where(times_d == 0, 0.0, iv(times_d))
    same(one(times_d, before, bolus=True), one(times_d, iv(times_d), bolus=True))
    same(one(times_d, before, bolus=True), one(times_d[1:], iv(times_d[1:]), bolus=True))


def test_where_the_first_two_readings_do_not_fall_the_first_stands_for_that_at_a_bolus():
    """The rule of commercial software for back-extrapolation, also for a 0 among the two."""
    assert one([1.0, 2.0, 3.0], [4.0, 5.0, 3.0], bolus=True).C0[0] == 4.0
    assert one([1.0, 2.0, 3.0], [4.0, 0.0, 3.0], bolus=True).C0[0] == 4.0


def test_oral_doses_converge_to_the_closed_form():
    """AUC = F dose/CL, MRT = V/CL + 1/ka, tmax = ln(ka/k)/(ka − k): Bateman's equation.

    Trapezoids of width h are off by h²/12 of the change of slope: about 1e-5 here.
    """
    found = one(DENSE_D, oral(DENSE_D), dose_mg=DOSE, terminal_from_d=10.0)
    assert found.AUC_0_inf[0] == pytest.approx(DOSE / CL, rel=2e-5)
    assert found.MRT_d[0] == pytest.approx(V / CL + 1 / KA, rel=2e-5)
    assert found.half_life_d[0] == pytest.approx(math.log(2) / K, rel=1e-9)
    t_max = math.log(KA / K) / (KA - K)
    assert found.Tmax_d[0] == pytest.approx(t_max, abs=0.005)
    assert found.Cmax[0] == pytest.approx(oral(t_max), rel=1e-4)


def test_an_infusion_has_the_clearance_and_residence_time_of_a_bolus():
    """AUC = dose/CL, MRT = AUMC/AUC − T/2 = V/CL: Rowland and Tozer."""
    T = 1.0
    run = np.minimum(DENSE_D, T)
    values = DOSE / T / CL * (1 - np.exp(-K * run)) * np.exp(-K * (DENSE_D - run))
    found = one(DENSE_D, values, dose_mg=DOSE, infusion_d=T)
    assert found.CL_F[0] == pytest.approx(CL, rel=1e-6)
    assert found.MRT_d[0] == pytest.approx(V / CL, rel=1e-6)
    assert found.Tmax_d[0] == T


def test_accumulation_of_a_bolus_is_the_textbook_ratio():
    """1/(1 − e^(−kτ)) of trough, AUC and peak alike; CL = dose/AUC_tau at steady state."""
    tau, n = 3.0, 40
    times_d = np.arange(0, tau * n + 0.1, 0.5)
    given = tau * np.arange(n)
    age = times_d[:, None] - given
    values = (DOSE / V * np.where(age > 0, np.exp(-K * age), 0)).sum(axis=1)
    first = one(times_d, values, tau_d=tau, bolus=True, dose_mg=DOSE)
    last = one(times_d, values, tau_d=tau, bolus=True, dose_mg=DOSE, from_d=tau * (n - 1))
    ratio = 1 / (1 - math.exp(-K * tau))
    found = accumulation(first, last)
    for got in (found.trough, found.of_AUC, found.of_Cmax, last.C0 / first.C0):
        assert got[0] == pytest.approx(ratio, rel=1e-9)  # 40 doses: e^(-24) is left
    assert last.CL_ss_F[0] == pytest.approx(CL, rel=1e-9)
    assert last.C_average[0] == pytest.approx(DOSE / CL / tau, rel=1e-9)


def test_an_interval_that_ends_between_or_after_the_readings_follows_the_curve():
    """Phoenix takes the concentration at τ, not that at the last sample before it."""
    whole = one([0.0, 1, 2, 3, 4], iv([0, 1, 2, 3, 4]), bolus=True, tau_d=3.3)
    short = one([0.0, 1, 2, 3], iv([0, 1, 2, 3]), bolus=True, tau_d=3.3)
    for found in (whole, short):
        assert found.AUC_tau[0] == pytest.approx(DOSE / CL * -math.expm1(-3.3 * K), rel=1e-12)
        assert found.trough[0] == pytest.approx(iv(3.3), rel=1e-12)


def test_an_interval_beyond_the_last_reading_of_somebody_without_half_life_is_not_known():
    found = one([0.0, 1, 2], [0.0, 1, 2], tau_d=5.0)
    assert np.isnan(found.AUC_tau[0]) and np.isnan(found.trough[0])
    assert found.AUC_0_t[0] == 2.0


# ---- arithmetic by hand


def test_a_profile_worked_by_hand_gives_its_numbers():
    """Readings 0, 4, 8, 4, 2, 1 at 0, 1, 2, 4, 6, 8: λ = ln 2/2, areas by the formulas.

    Linear: 2 + 6 + 12 + 6 + 3 = 29, and 1/λ beyond. Log down: 2 + 6 + (4 + 2 + 1)·2/ln 2.
    First moments of the same pieces, from primitives of t c.
    """
    times, values = [0.0, 1, 2, 4, 6, 8], [0.0, 4, 8, 4, 2, 1]
    rate = math.log(2) / 2
    linear = one(times, values, method="linear", dose_mg=10.0)
    logs = one(times, values, dose_mg=10.0)
    for found, AUC in ((linear, 29.0), (logs, 8 + 7 / rate)):
        assert found.lambda_z_per_d[0] == pytest.approx(rate, rel=1e-13)
        assert found.AUC_0_t[0] == pytest.approx(AUC, rel=1e-13)
        assert found.AUC_0_inf[0] == pytest.approx(AUC + 1 / rate, rel=1e-13)
        assert found.CL_F[0] == pytest.approx(10 / (AUC + 1 / rate), rel=1e-13)
        assert found.percent_extrapolated[0] == pytest.approx(100 / (AUC * rate + 1), rel=1e-12)
        assert (found.Cmax[0], found.Tmax_d[0], found.n_terminal[0]) == (8, 2, 3)
    pieces = [(2, 8, 4, 4), (4, 4, 6, 2), (6, 2, 8, 1)]
    straight = sum(
        (b - a) * ((2 * a + b) * p + (a + 2 * b) * q) / 6 for a, p, b, q in pieces
    )  # ∫ t c of a straight line
    bent = sum((a * p - b * q) / rate + (p - q) / rate**2 for a, p, b, q in pieces)
    beyond = 8 / rate + 1 / rate**2
    rise = 32 / 3  # ∫₀² t·4t dt
    assert linear.AUMC_0_inf[0] == pytest.approx(rise + straight + beyond, rel=1e-13)
    assert logs.AUMC_0_inf[0] == pytest.approx(rise + bent + beyond, rel=1e-13)


def best_fit(times, values):
    """λ, adjusted R² and n as the rule says, one subject in plain Python."""
    start = values.index(max(values)) + 1
    points = [(t, math.log(c)) for t, c in zip(times, values, strict=True) if c > 0]
    points = [p for p in points if p[0] >= times[start]] if start < len(times) else []
    fits = []
    for n in range(3, len(points) + 1):
        x, y = zip(*points[-n:], strict=True)
        mx, my = sum(x) / n, sum(y) / n
        sxx = sum((a - mx) ** 2 for a in x)
        sxy = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
        syy = sum((b - my) ** 2 for b in y)
        if sxy < 0:
            R2 = sxy**2 / (sxx * syy)
            fits.append((1 - (1 - R2) * (n - 1) / (n - 2), n, -sxy / sxx))
    if not fits:
        return math.nan, math.nan, 0
    top = max(fits)[0]
    R2, n, rate = max((f for f in fits if f[0] >= top - WITHIN), key=lambda f: f[1])
    return rate, R2, n


@few
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.one_of(st.just(0), st.integers(1, 200))),
        min_size=3,
        max_size=12,
    )
)
def test_lambda_is_that_of_the_rule_written_out_for_one_subject(steps):
    """Any rises, falls and zeros: the vectorised sums against a loop over windows."""
    times = [0.0]
    for width, _ in steps:
        times.append(times[-1] + width / 8)
    values = [0.0, *(float(c) for _, c in steps)]
    found = one(times, values)
    rate, R2, n = best_fit(times, values)
    assert found.n_terminal[0] == n
    np.testing.assert_allclose(found.lambda_z_per_d[0], rate, rtol=1e-9)
    np.testing.assert_allclose(found.R2_adjusted[0], R2, rtol=0, atol=1e-10)
    assert (found.why_not[0] == "") == (n > 0)


def test_theophylline_subject_1_has_its_well_known_numbers():
    """R's NonCompart prints these for `Theoph` subject 1; a loop in plain Python agrees.

    Values to the last digit printed there. The dose is 319.992 mg.
    """
    window = {"dose_mg": 319.992}
    linear, logs = (one(THEO_H, THEO, method=m, **window) for m in ("linear", "log down"))
    assert linear.AUC_0_t[0] == pytest.approx(148.92305, abs=5e-6)
    assert linear.AUC_0_inf[0] == pytest.approx(216.61193, abs=5e-6)
    assert logs.AUC_0_t[0] == pytest.approx(147.23475, abs=5e-6)
    assert logs.AUC_0_inf[0] == pytest.approx(214.92363, abs=5e-6)
    assert logs.half_life_d[0] == pytest.approx(14.30438, abs=5e-6)
    assert (logs.Cmax[0], logs.Tmax_d[0], logs.n_terminal[0]) == (10.5, 1.12, 3)

    steps = list(zip(THEO_H, THEO, THEO_H[1:], THEO[1:], strict=False))
    area = sum(
        (u - t) * ((c - d) / math.log(c / d) if c > d else (c + d) / 2) for t, c, u, d in steps
    )
    rate, R2, n = best_fit(THEO_H, THEO)
    assert logs.AUC_0_t[0] == pytest.approx(area, rel=1e-13)
    assert logs.R2_adjusted[0] == pytest.approx(R2, abs=1e-12) and n == 3
    assert logs.CL_F[0] == pytest.approx(319.992 / (area + THEO[-1] / rate), rel=1e-12)


def test_a_better_fit_by_less_than_the_tolerance_does_not_cost_a_reading():
    """The last three lie on a line. A fourth 1 % off it counts, for an R² lower by 2e-5; at 20 %
    it does not."""
    for bend, n in ((1.01, 4), (1.2, 3)):
        values = [0.0, 0.5, 3.0, 0.9, *np.exp(-0.5 * np.arange(4.0, 8))]
        values[4] *= bend
        found = one(range(8), values)
        assert found.n_terminal[0] == n == best_fit(list(map(float, range(8))), values)[2]
        assert (found.R2_adjusted[0] < 1 - 1e-6) == (n == 4)


# ---- what cannot be had is a value


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([0, 0, 0, 0, 0], "nothing measured"),
        ([0, 5, 3, 2, 0], "too few"),
        ([0, 1, 2, 3, 4], "too few"),
        ([0, 9, 1, 2, 3], "not falling"),
        ([0, 9, 2, 2, 2], "not falling"),
        ([0, 9, 4, 2, 1], ""),
    ],
)
def test_a_subject_without_half_life_says_why_and_keeps_what_can_be_had(values, why):
    found = one([0.0, 1, 2, 3, 4], values, dose_mg=10.0)
    assert found.why_not[0] == why
    assert found.Cmax[0] == max(values) and np.isfinite(found.AUC_0_t[0])
    for name in ("lambda_z_per_d", "half_life_d", "AUC_0_inf", "CL_F", "Vz_F", "MRT_d"):
        assert np.isfinite(getattr(found, name)[0]) == (why == ""), name


def test_subjects_do_not_touch_each_other():
    """Three hundred at once are three hundred alone, with gaps, zeros and times of their own."""
    rng = np.random.default_rng(3)
    times = np.sort(rng.uniform(0.01, 30, (300, 14)), axis=1)
    times[:, 0] = 0
    values = oral(times) * rng.lognormal(0, 0.2, times.shape)
    values[rng.random(values.shape) < 0.1] = 0.0
    gaps = rng.random(values.shape) < 0.2
    gaps[:30, 4:] = True
    gaps[:, :2] = False
    values[gaps] = np.nan
    together = nca(times, values, dose_mg=DOSE, tau_d=12.0, until_d=math.inf)
    assert set(together.why_not) >= {"", "too few"}
    for i in range(0, 300, 7):
        keep = ~gaps[i]
        alone = one(times[i, keep], values[i, keep], dose_mg=DOSE, tau_d=12.0, until_d=math.inf)
        for name in Nca.__slots__:
            a, b = getattr(together, name)[i : i + 1], getattr(alone, name)
            if a.dtype.kind == "U":
                assert a == b
            else:
                np.testing.assert_allclose(a, b, rtol=1e-11, err_msg=name)


def test_tmax_is_the_first_of_equal_peaks_and_the_tail_begins_after_it():
    found = one([0.0, 1, 2, 3, 4, 5], [0, 8, 8, 4, 2, 1])
    assert found.Tmax_d[0] == 1.0
    assert found.n_terminal[0] == best_fit([0.0, 1, 2, 3, 4, 5], [0, 8, 8, 4, 2, 1])[2]


def test_zeros_after_the_last_value_do_not_lengthen_the_profile():
    """AUC_0_t ends with the last value above 0."""
    short = one([0.0, 1, 2, 3, 4], [0, 9, 4, 2, 1])
    same(one([0.0, 1, 2, 3, 4, 5, 6], [0, 9, 4, 2, 1, 0, 0]), short)


def test_the_terminal_phase_may_be_named():
    """Two phases: the named tail finds the slow one, the best fit of smooth data mixes in more."""
    t = np.linspace(0, 40, 200)
    values = 10 * np.exp(-0.5 * t) + np.exp(-0.1 * t)
    found = one(t, values, terminal_from_d=30.0)
    assert found.n_terminal[0] == (t >= 30).sum()
    assert found.lambda_z_per_d[0] == pytest.approx(0.1, rel=1e-4)
    assert one(t, values).lambda_z_per_d[0] > found.lambda_z_per_d[0]


# ---- laws

profiles = st.lists(
    st.tuples(st.floats(0.05, 5), st.floats(0.01, 100)), min_size=4, max_size=15
).map(lambda steps: (np.cumsum([0, *(w for w, _ in steps)]), np.array([0, *(c for _, c in steps)])))


@few
@given(profiles, st.floats(1e-6, 1e6), st.sampled_from(["linear", "log down"]))
def test_another_unit_of_concentration_changes_concentrations_and_areas_alike(profile, f, method):
    t, c = profile
    window = {"tau_d": float(t[-1]), "dose_mg": 10.0, "method": method}
    up = dict.fromkeys(
        ("C0", "Cmax", "C_last", "AUC_0_t", "AUC_0_inf", "AUMC_0_inf", "AUC_tau", "C_average"), f
    )
    down = dict.fromkeys(("CL_F", "Vz_F", "CL_ss_F"), 1 / f)
    same(one(t, c * f, **window), one(t, c, **window), rtol=1e-7, trough=f, **up, **down)


@few
@given(profiles, st.sampled_from([1 / 24, 1 / 7, 24.0, 1440.0]))
def test_another_unit_of_time_changes_times_areas_and_rates_alike(profile, f):
    t, c = profile
    now, then = (
        one(t * g, c, tau_d=float(t[-1] * g), dose_mg=10.0, infusion_d=0.1 * g) for g in (1.0, f)
    )
    up = dict.fromkeys(("Tmax_d", "T_last_d", "AUC_0_t", "AUC_0_inf", "MRT_d", "AUC_tau"), f)
    down = dict.fromkeys(("lambda_z_per_d", "CL_F", "CL_ss_F"), 1 / f)
    same(then, now, rtol=1e-7, half_life_d=f, AUMC_0_inf=f * f, **up, **down)


@few
@given(profiles, st.integers(1, 1000))
def test_a_later_dose_with_the_same_profile_gives_the_same_numbers(profile, days):
    """`from_d` counts from the dose. Times are rounded to 1/1024 d, so that shifting is exact."""
    t, c = profile
    t = np.unique(np.round(t * 1024) / 1024)
    c = c[: len(t)]
    window = {"tau_d": float(t[-1]), "dose_mg": 10.0}
    same(one(t + days, c, from_d=float(days), **window), one(t, c, **window), rtol=0)


@few
@given(profiles)
def test_log_down_areas_are_at_most_linear_ones_and_sums_of_their_parts(profile):
    """An exponential lies below its chord; an area is additive where it is cut."""
    t, c = profile
    logs, linear = (one(t, c, method=m) for m in ("log down", "linear"))
    assert logs.AUC_0_t[0] <= linear.AUC_0_t[0] * (1 + 1e-12)
    cut = float(t[-1]) / 3
    window = {"until_d": math.inf}
    first = one(t, c, tau_d=cut, **window)
    wide = np.append(t[t < cut], np.append(cut, t[t > cut]))
    inside = np.append(c[t < cut], np.append(first.trough, c[t > cut]))
    whole = one(wide, inside, tau_d=cut, **window)
    assert whole.AUC_tau[0] == pytest.approx(first.AUC_tau[0], rel=1e-9)
    assert whole.AUC_0_t[0] == pytest.approx(logs.AUC_0_t[0], rel=1e-9)


@few
@given(st.floats(1e-12, 40))
def test_areas_and_moments_of_an_exponential_step_do_not_cancel(L):
    """∫ c and ∫ t c by Gauss-Legendre, from a step that hardly falls to a steep one."""
    x, w = np.polynomial.legendre.leggauss(60)
    s = (x + 1) / 2
    c = np.exp(-L * s) * w / 2
    area, moment = _areas(np.array([[3.0, 4.0]]), np.array([[1.0, math.exp(-L)]]), "log down")
    assert area[0] == pytest.approx(c.sum(), rel=1e-12)
    assert moment[0] - 3 * area[0] == pytest.approx((c * s).sum(), rel=1e-10)


# ---- refusals


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"method": "log-linear"}, "there are log down, linear"),
        ({"tau_d": 0.0}, "dosing interval of 0 d"),
        ({"tau_d": math.inf}, "above 0 and finite"),
        ({"infusion_d": -1.0}, "infusion of -1 d"),
        ({"dose_mg": 0.0}, "dose is not above 0 mg"),
        ({"dose_mg": np.array([1.0, math.nan])}, "dose is not above 0 mg"),
        ({"values": np.array([[0.0, 1, 2], [0, -1, 2]])}, "subject 1 .* below 0"),
        ({"values": np.array([[0.0, math.inf, 2], [0, 1, 2]])}, "subject 0 .* infinite"),
        ({"times_d": np.array([[0.0, 1, 2]])}, "match them"),
        ({"times_d": np.array([0.0, 2, 1])}, "sort them, each once"),
        ({"times_d": np.array([0.0, 1, 1])}, "sort them, each once"),
        ({"times_d": np.array([0.0, 1, math.nan])}, "sort them, each once"),
        ({"times_d": np.array([0.5, 1, 2])}, "no reading on day 0"),
        ({"values": np.array([[0.0, 1, 2], [math.nan, 1, 2]])}, "subject 1 .* no reading on day 0"),
        ({"values": np.array([[0.0, 1, 2], [0, math.nan, math.nan]])}, "subject 1 .* fewer than 2"),
        ({"until_d": 0.5}, "fewer than 2 readings from day 0 to 0.5"),
    ],
)
def test_what_cannot_be_analysed_is_refused_by_what_is_wrong(change, why):
    given = {"times_d": np.array([0.0, 1, 2]), "values": np.array([[0.0, 1, 2], [0, 2, 1]])}
    with pytest.raises(ModelError, match=why):
        nca(**(given | change))


# ---- speed


def test_ten_thousand_profiles_take_about_a_second():
    """A population is analysed at once; the limit is loose, as machines are shared."""
    rate = np.random.default_rng(1).uniform(0.1, 0.5, (10_000, 1))
    times_d = np.linspace(0, 28, 40)
    values = np.exp(-rate * times_d) - np.exp(-3 * times_d)
    values[:, 0] = 0
    nca(times_d, values[:10])
    best = math.inf
    for _ in range(2):
        start = time.perf_counter()
        nca(times_d, values, tau_d=28.0, dose_mg=100.0)
        best = min(best, time.perf_counter() - start)
    assert best < 3.0
