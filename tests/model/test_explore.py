"""Sensitivity and dose linearity against derivatives, known Sobol indices and SciPy."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, sobol_indices

from thecal.errors import ModelError
from thecal.model import explore
from thecal.model.events import Dosing
from thecal.model.explore import (
    Span,
    around,
    dose_linearity,
    exposure,
    one_at_a_time,
    percentiles,
    reading,
    shares,
    sobol,
)
from thecal.model.population import Correlation, Estimate, Population
from thecal.model.structure import Compartments, Model, Output, Parameter
from thecal.model.variability import Normal, Trend, uniforms

ONE = Model(
    name="one",
    parameters=(Parameter("CL", "L/d"), Parameter("V", "L")),
    parts=(Compartments("central", {"central >": "CL / V"}),),
    outputs=(
        Output("c", "mg/L", "drug", "central / V"),
        Output("left", "mg", "amount", "central"),
    ),
)
VALUES = {"CL": 3.0, "V": 20.0}
DOSE = Dosing.bolus([0.0], 100.0)
DAYS = np.arange(0.0, 41.0)
AUC = exposure("c", "AUC_0_inf", bolus=True)


def population(model=ONE, sds=(0.3, 0.2), **more) -> Population:
    own = {"status": "assumed", "source": "a test"}
    estimates = {
        p.name: Estimate(value=v, unit=p.unit, distribution="lognormal", sd=sd, **own)
        for p, v, sd in zip(model.parameters, VALUES.values(), sds, strict=True)
    }
    return Population(
        medicine="test", model=model, about="", estimates=estimates, from_record={}, **more
    )


# ---- one at a time


@settings(max_examples=10)
@given(st.floats(0.5, 8.0), st.floats(5.0, 50.0), st.integers(1, 20))
def test_the_index_is_the_derivative_of_the_closed_form(CL, V, day):
    """c = D/V e^(−CL t/V): d ln c/d ln CL = −CL t/V, d ln c/d ln V = CL t/V − 1.

    The five-point rule is off by h⁴/30 = 3e-10 of the fifth derivative, below (1 + CL t/V)⁵ times
    a few.
    """
    found = one_at_a_time(ONE, around({"CL": CL, "V": V}), DOSE, DAYS, reading("c", float(day)))
    x = CL * day / V
    assert found.of("CL").index == pytest.approx(-x, abs=1e-9 * (1 + x) ** 5)
    assert found.of("V").index == pytest.approx(x - 1, abs=1e-9 * (1 + x) ** 5)
    assert found.base == pytest.approx(100 / V * math.exp(-x), rel=1e-12)


def test_the_ends_of_a_swing_are_what_the_model_gives_there():
    """AUC = dose/CL, whatever V; the widest swing comes first."""
    spans = around({"V": 20.0, "CL": 3.0}, 0.2)
    found = one_at_a_time(ONE, spans, DOSE, DAYS, AUC)
    first, second = found.swings
    assert (first.name, second.name) == ("CL", "V")
    assert first.at_low == pytest.approx(100 / 2.4, rel=1e-9)
    assert first.at_high == pytest.approx(100 / 3.6, rel=1e-9)
    assert first.range == pytest.approx(100 / 2.4 - 100 / 3.6, rel=1e-9)
    assert first.index == pytest.approx(-1, abs=1e-9)
    assert second.range < 1e-9 and abs(second.index) < 1e-9


def test_percentiles_span_what_that_share_of_people_has():
    """Log-normal: typical · e^(±1.645 sd), by SciPy's normal; what does not vary is not moved."""
    spans = percentiles(population(sds=(0.3, 0.0)), 0.90)
    z = norm.ppf(0.95)
    assert spans["CL"].low == pytest.approx(3 * math.exp(-0.3 * z), rel=1e-12)
    assert spans["CL"].high == pytest.approx(3 * math.exp(0.3 * z), rel=1e-12)
    found = one_at_a_time(ONE, spans, DOSE, DAYS, AUC)
    assert [swing.name for swing in found.swings] == ["CL"]


def test_a_parameter_at_its_limit_is_moved_but_has_no_derivative():
    """A share that is 1 at most cannot be moved both ways."""
    model = replace(
        ONE,
        parameters=(*ONE.parameters, Parameter("F", "1", most=1.0)),
        parts=(Compartments("central", {"central >": "CL / V"}, F={"central": "F"}),),
    )
    spans = around(VALUES) | {"F": Span(0.5, 1.0, 1.0)}
    found = one_at_a_time(model, spans, DOSE, DAYS, AUC).of("F")
    assert math.isnan(found.index) and found.at_low == pytest.approx(found.at_high / 2, rel=1e-9)
    near = spans | {"F": Span(0.5, 0.99, 1.0)}
    assert one_at_a_time(model, near, DOSE, DAYS, AUC).of("F").index == pytest.approx(1, abs=1e-8)
    with pytest.raises(ModelError, match=r"F from 0.8 to 1.2 leaves its limits"):
        one_at_a_time(model, around(VALUES | {"F": 1.0}), DOSE, DAYS, AUC)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda: around(VALUES, 1.0), "between 0 and 1"),
        (lambda: percentiles(population(), 0.0), "between 0 and 1"),
        (lambda: one_at_a_time(ONE, {}, DOSE, DAYS, AUC), "no parameter has a span"),
        (lambda: one_at_a_time(ONE, around(VALUES), DOSE, DAYS, reading("c", 0.5)), "day 0.5"),
        (lambda: exposure("c", "AUCtau"), "Did you mean 'AUC_tau'"),
        (
            lambda: one_at_a_time(ONE, around(VALUES), DOSE, DAYS, AUC).of("ka"),
            "'ka' was not moved",
        ),
        (
            lambda: one_at_a_time(ONE, around(VALUES), DOSE, DAYS, lambda p: p.of("c")[0]),
            "return one each",
        ),
        (
            lambda: one_at_a_time(
                ONE, around(VALUES), DOSE, DAYS[:3], exposure("c", "half_life_d")
            ),
            "not a finite number for 13 of 13",
        ),
    ],
)
def test_a_question_without_an_answer_is_refused(ask, why):
    with pytest.raises(ModelError, match=why):
        ask()


# ---- Sobol indices: the estimator


def points(function, k, n, seed=1):
    """Values in two sets of uniform points and their mixtures, as `shares` takes them."""
    A, B = (np.array([uniforms(f"{side}{i}", n, seed) for i in range(k)]) for side in ("A", "B"))
    mixed = np.array([function(np.where(np.arange(k)[:, None] == i, B, A)) for i in range(k)])
    return function(A), function(B), mixed


def ishigami(u):
    x = np.pi * (2 * u - 1)
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def test_the_ishigami_function_has_its_known_indices():
    """Ishigami and Homma 1990, a = 7, b = 0.1: closed forms of its variance parts.

    Each lies within the 95 % interval, widened by a half: 6 intervals, one seed.
    """
    V1, V2, V13 = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.01 * np.pi**8 * 8 / 225
    V = V1 + V2 + V13
    n = 20_000
    found = shares(("x1", "x2", "x3"), *points(ishigami, 3, n))
    for got, (low, high), right in (
        (found.S1, found.S1_95, np.array([V1, V2, 0]) / V),
        (found.ST, found.ST_95, np.array([V1 + V13, V2, V13]) / V),
    ):
        slack = (high - low) / 4
        assert ((right >= low - slack) & (right <= high + slack)).all()
        assert (high - low < 0.1).all() and ((low < got) & (got < high)).all()
    assert found.variance == pytest.approx(V, rel=0.02)
    assert found.mean == pytest.approx(3.5, abs=4 * math.sqrt(V / n))


def test_scipy_estimates_the_same_from_the_same_values():
    """scipy.stats.sobol_indices, method saltelli_2010, on the same three arrays."""
    f_A, f_B, f_AB = points(ishigami, 3, 512, seed=4)
    found = shares(("x1", "x2", "x3"), f_A, f_B, f_AB)
    values = {"f_A": f_A[None], "f_B": f_B[None], "f_AB": f_AB[:, None]}
    other = sobol_indices(func=values, n=512)
    np.testing.assert_allclose(found.S1, other.first_order.ravel(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.ST, other.total_order.ravel(), rtol=1e-10)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """An additive function, S1 = ST = aᵢ²/Σ a²: 95 % of 100 repeats, give or take 3 SE (6.5 %)."""
    a = np.array([3.0, 2.0, 1.0])
    right = a**2 / (a**2).sum()
    inside = []
    for seed in range(100):
        found = shares("abc", *points(lambda u: a @ u, 3, 256, seed), seed=seed)
        for low, high in (found.S1_95, found.ST_95):
            inside.append((low <= right) & (right <= high))
    assert np.mean(inside, axis=0) == pytest.approx(0.95, abs=0.07)


@settings(max_examples=15)
@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_shares_do_not_depend_on_the_unit_or_the_zero_of_the_metric(shift, scale):
    values = points(ishigami, 3, 64)
    found = shares("abc", *(shift + scale * f for f in values))
    plain = shares("abc", *values)
    np.testing.assert_allclose(found.S1, plain.S1, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.ST_95, plain.ST_95, rtol=1e-6, atol=1e-8)


def test_values_that_do_not_match_or_do_not_vary_are_refused():
    f = np.arange(4.0)
    with pytest.raises(ModelError, match="one row of mixtures a name"):
        shares("abc", f, f, np.stack([f, f]))
    with pytest.raises(ModelError, match="no variance to share out"):
        shares("a", f * 0 + 0.1, f * 0 + 0.1, f[None] * 0 + 0.1)


# ---- Sobol indices: people


def test_a_log_normal_product_shares_its_variance_as_the_closed_form_says():
    """c at day t = 5: ln c = ln(D/V) − CL t/V is no sum, but AUC = dose/CL has all from CL.

    And the log of a trough of a slow drug, −ln V, all from V.
    """
    found = sobol(population(), DOSE, DAYS, AUC, 1024, seed=2)
    assert found.names == ("CL", "V") and found.n == 1024
    assert found.ST[1] < 1e-10 and abs(found.S1[1]) < 1e-6
    assert found.ST_95[0, 0] < 1 < found.ST_95[1, 0]
    assert found.S1_95[0, 0] < 1 < found.S1_95[1, 0]


def test_a_sum_of_logs_shares_its_variance_by_squared_effects():
    """ln AUMC_0_inf = ln(dose V/CL²): variances 4 sd_CL² and sd_V², so S1 = ST = 0.9 and 0.1."""

    def log_aumc(profile):
        return np.log(exposure("c", "AUMC_0_inf", bolus=True)(profile))

    found = sobol(population(sds=(0.3, 0.2)), DOSE, DAYS, log_aumc, 2048, seed=5)
    right = np.array([0.36, 0.04]) / 0.40
    for low, high in (found.S1_95, found.ST_95):
        assert ((low < right) & (right < high)).all()
    assert found.variance == pytest.approx(0.40, rel=0.1)


def test_rows_are_the_same_whatever_the_chunk_and_however_many_follow(monkeypatch):
    """Row i is made of people 2i and 2i + 1 of the streams, wherever a chunk ends."""
    seen = []

    def kept(names, f_A, f_B, f_AB, *, seed):
        seen.append(np.stack([f_A, f_B, *f_AB]))
        return shares(names, f_A, f_B, f_AB, seed=seed)

    monkeypatch.setattr(explore, "shares", kept)
    crowd = population()
    sobol(crowd, DOSE, DAYS, AUC, 40, seed=3)
    monkeypatch.setattr(explore, "LANES", 28)
    sobol(crowd, DOSE, DAYS, AUC, 40, seed=3)
    sobol(crowd, DOSE, DAYS, AUC, 17, seed=3)
    np.testing.assert_allclose(seen[1], seen[0], rtol=1e-13)
    np.testing.assert_allclose(seen[2], seen[0][:, :17], rtol=1e-13)
    people = crowd.draw(80, 3)
    np.testing.assert_allclose(seen[0][0], 100 / people["CL"][::2], rtol=1e-9)
    np.testing.assert_allclose(seen[0][1], 100 / people["CL"][1::2], rtol=1e-9)
    np.testing.assert_allclose(seen[0][2], seen[0][1], rtol=1e-9)  # CL from B is all there is


def test_parameters_that_move_together_are_refused():
    given = {"status": "assumed", "source": "a test"}
    tied = Correlation(between=("CL", "V"), value=0.4, **given)
    weight = Normal(mean=70.0, sd=10.0, unit="kg", **given)
    grows = Trend(covariate="weight", kind="power", theta=0.75, reference=70.0, **given)
    cases = (
        (population(correlations=(tied,)), "CL and V are correlated"),
        (
            population(covariates={"weight": weight}, effects={"CL": (grows,)}),
            "covariates act on CL",
        ),
        (population(sds=(0.0, 0.0)), "no parameter of the population varies"),
    )
    for crowd, why in cases:
        with pytest.raises(ModelError, match=why):
            sobol(crowd, DOSE, DAYS, AUC, 8, seed=1)
    for n in (0, 1):
        with pytest.raises(ModelError, match="at least 2"):
            sobol(population(), DOSE, DAYS, AUC, n, seed=1)


# ---- dose linearity


def once(dose_mg):
    return Dosing.bolus([0.0], dose_mg)


@pytest.mark.parametrize("quantity", ["C0", "AUC_0_inf"])
def test_linear_kinetics_are_proportional_to_the_dose(quantity):
    """Superposition: exponent 1 and ratio 1, but for rounding."""
    people = population().draw(50, 1)
    metric = exposure("c", quantity, bolus=True)
    found = dose_linearity(ONE, people, (100.0, 5.0, 20.0), once, DAYS, metric)
    assert found.doses_mg == (5.0, 20.0, 100.0)
    np.testing.assert_allclose(found.exponents, 1, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.ratios, 1, rtol=0, atol=1e-9)
    assert found.values.shape == (3, 50) and found.mean_90 == pytest.approx((1, 1), abs=1e-9)


def test_the_exponent_is_the_least_squares_slope_of_logs():
    """A metric that is a known power of the dose for each subject, bent; NumPy's polyfit."""
    power = np.array([0.7, 1.0, 1.4])

    def bent(profile):
        dose = profile.of("left")[:, 0]
        return dose**power * (1 + 0.1 * np.sin(dose))

    times_d = np.array([1e-12, 1.0])
    values = {"CL": np.full(3, 3.0), "V": np.full(3, 20.0)}
    doses = (10.0, 30.0, 80.0)
    found = dose_linearity(ONE, values, doses, once, times_d, bent, seed=2)
    y = np.array([d**power * (1 + 0.1 * np.sin(d)) for d in doses])
    slopes = np.polyfit(np.log(doses), np.log(y), 1)[0]
    np.testing.assert_allclose(found.exponents, slopes, rtol=1e-9)
    assert found.mean == pytest.approx(slopes.mean(), rel=1e-9)
    assert slopes.min() - 1e-9 <= found.mean_90[0] < found.mean < found.mean_90[1]
    np.testing.assert_allclose(found.ratios[2], y[2] / y[0] / 8, rtol=1e-9)


def test_the_bootstrap_of_the_mean_agrees_with_the_normal_interval_of_many_subjects():
    """Mean ± 1.645 SE, for 400 subjects: bootstrap of 1000 samples is within a tenth of that."""
    n = 400
    power = 1 + 0.2 * norm.ppf(uniforms("power", n, 1))

    def metric(profile):
        return profile.of("left")[:, 0] ** power

    values = {"CL": np.full(n, 3.0), "V": np.full(n, 20.0)}
    found = dose_linearity(ONE, values, (1.0, 10.0), once, np.array([1e-12, 1.0]), metric)
    half = norm.ppf(0.95) * power.std() / math.sqrt(n)
    assert found.mean_90[0] == pytest.approx(power.mean() - half, abs=0.15 * half)
    assert found.mean_90[1] == pytest.approx(power.mean() + half, abs=0.15 * half)


def test_one_subject_has_an_exponent_and_no_interval():
    found = dose_linearity(ONE, VALUES, (25.0, 250.0), once, DAYS, AUC)
    assert found.mean == pytest.approx(1, abs=1e-9)
    assert all(math.isnan(end) for end in found.mean_90)


def test_limits_are_those_of_smith_for_a_tenfold_range():
    """Smith et al. 2000: for r = 10, β from 0.903 to 1.097."""
    found = dose_linearity(ONE, VALUES, (25.0, 250.0), once, DAYS, AUC)
    assert found.limits == pytest.approx((0.903, 1.097), abs=5e-4)


@pytest.mark.skipif(find_spec("diffrax") is None, reason="needs the extra ode")
def test_saturable_elimination_gives_more_than_proportional_exposure():
    """Michaelis-Menten after a bolus: AUC = (Km + D/2V) D/Vmax, integrated in closed form.

    AUC_0_t until the drug is gone is that, to the tolerance of the solver and of trapezoids.
    """
    model = Model(
        name="saturable",
        parameters=(Parameter("Vm", "mg/d"), Parameter("Km", "mg/L"), Parameter("V", "L")),
        parts=(Compartments("central", {"central >": "Vm / (Km * V + central)"}),),
        outputs=(Output("c", "mg/L", "drug", "central / V"),),
    )
    values = {"Vm": 40.0, "Km": 2.0, "V": 10.0}
    times_d = np.concatenate([np.linspace(0, 4, 161), np.linspace(4.1, 12, 80)])
    doses = (10.0, 30.0, 90.0)
    metric = exposure("c", "AUC_0_inf", bolus=True)
    found = dose_linearity(model, values, doses, once, times_d, metric)
    right = np.array([(2 + d / 20) * d / 40 for d in doses])
    np.testing.assert_allclose(found.values[:, 0], right, rtol=1e-3)
    slope = np.polyfit(np.log(doses), np.log(right), 1)[0]
    assert found.mean == pytest.approx(slope, abs=1e-3) and found.mean > found.limits[1]


@pytest.mark.parametrize("doses", [(10.0,), (10.0, 10.0), (0.0, 10.0), (10.0, math.inf)])
def test_doses_that_make_no_line_are_refused(doses):
    with pytest.raises(ModelError, match="two or more different amounts"):
        dose_linearity(ONE, VALUES, doses, once, DAYS, AUC)


def test_a_metric_that_is_not_positive_has_no_power():
    with pytest.raises(ModelError, match="not above 0"):
        dose_linearity(ONE, VALUES, (10.0, 20.0), once, DAYS, reading("c", 0.0))
