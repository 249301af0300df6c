"""Statistics of a report beside scipy, a least-squares fit, and laws each of them keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from thecal.trial import endpoints

RNG = np.random.default_rng(31)
PEOPLE = RNG.lognormal(0, 0.7, (4, 30))  # replicate, person
OTHER = RNG.lognormal(0, 0.7, (4, 30))


def test_the_coefficient_of_variation_is_that_of_scipy():
    known = 100 * stats.variation(PEOPLE, axis=1, ddof=1)
    np.testing.assert_allclose(endpoints.cv_percent(PEOPLE), known, rtol=1e-13)


@given(arrays(float, (2, 5), elements=st.floats(0.01, 1e4)))
def test_what_does_not_change_has_a_ratio_of_one(baseline):
    assert (np.exp(endpoints.log_change(baseline, baseline).mean(-1)) == 1).all()
    visits = np.repeat(baseline[..., None], 3, axis=-1)
    assert (endpoints.log_change(visits, visits[..., :1]) == 0).all()


def test_an_adjusted_difference_is_that_of_a_linear_model():
    """Least squares of y on arm and covariate, one replicate at a time; 17 treated, 13 not."""
    y, x = PEOPLE - 0.5 * OTHER, OTHER
    a, b, apart = endpoints.adjusted(y[:, :17], y[:, 17:], (x[:, :17], x[:, 17:]))
    treated = np.arange(30) < 17
    for k in range(4):
        design = np.column_stack([treated, ~treated, x[k] - x[k].mean()])
        (first, second, _), *_ = np.linalg.lstsq(design, y[k], rcond=None)
        assert (a[k], b[k]) == pytest.approx((first, second), rel=1e-12)
        assert apart[k] == pytest.approx(first - second, abs=1e-12)


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_what_a_covariate_explains_is_no_difference(slope, effect):
    """y = slope x + effect in one arm: the difference is the effect, whoever is in which arm."""
    x, z = PEOPLE[:, :12], OTHER
    _, _, apart = endpoints.adjusted(slope * x + effect, slope * z, (x, z))
    np.testing.assert_allclose(apart, effect, atol=1e-10)


def test_an_area_is_exact_for_lines_and_the_peak_is_where_it_was_read():
    times = np.array([0.0, 1.0, 4.0, 10.0])
    line = np.array([[2 + 3 * times, 10 - times]])
    np.testing.assert_allclose(endpoints.auc(times, line), [[2 * 10 + 1.5 * 100, 100 - 50]])
    assert endpoints.tmax(times, line).tolist() == [[10, 0]]


def test_a_slope_is_that_of_scipy_and_exact_for_a_line():
    days = np.array([0.0, 14, 28, 56, 84])
    values = RNG.normal(40, 3, (2, 3, 5))
    found = endpoints.slope_per_month(days, values, 30.4375)
    for k in range(2):
        for i in range(3):
            known = stats.linregress(days / 30.4375, values[k, i]).slope
            assert found[k, i] == pytest.approx(known, rel=1e-11)
    line = np.broadcast_to(37 - 1.5 * days / 30.4375, (1, 1, 5))
    assert endpoints.slope_per_month(days, line, 30.4375)[0, 0] == pytest.approx(-1.5, rel=1e-13)


def test_a_rank_correlation_is_that_of_scipy():
    for x, y in ((PEOPLE, OTHER), (PEOPLE, PEOPLE + OTHER), (PEOPLE, -PEOPLE)):
        known = [stats.spearmanr(a, b).statistic for a, b in zip(x, y, strict=True)]
        np.testing.assert_allclose(endpoints.spearman(x, y), known, rtol=1e-12)


@given(st.permutations(range(8)), st.floats(0.1, 3))
def test_a_rank_correlation_asks_for_order_only(order, power):
    x = np.array([order], dtype=float)
    np.testing.assert_allclose(endpoints.spearman(x, x**power), 1, rtol=1e-14)


def test_a_plateau_begins_where_the_curve_stays_past_its_share():
    """1 − 0.6 (1 − exp(−t/20)): 85 % of the fall to day 112 at t = 20 ln(1/0.153) = 37 d."""
    days = np.array([0.0, 14, 28, 42, 56, 84, 112])
    fall = 1 - 0.6 * -np.expm1(-days / 20)
    back = fall.copy()
    back[4] = 0.9  # comes back once, so it had not stayed
    curves = np.stack([fall, back, 2 - fall, np.ones(7)])
    assert endpoints.plateau_day(days, curves).tolist() == [42, 84, 42, 0]
