"""Residual error against its definition; values below the LLOQ against the normal CDF."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from thecal.errors import ModelError
from thecal.model.residual import KINDS, Residual, observe
from thecal.model.variability import deviates

N = 200_000
SOME = {
    "proportional": Residual(kind="proportional", sd_prop=0.3),
    "additive": Residual(kind="additive", sd_add=2.0),
    "combined": Residual(kind="combined", sd_prop=0.3, sd_add=2.0),
    "log": Residual(kind="log", sd_prop=0.3),
}


def flat(f: float, n: int = N) -> np.ndarray:
    return np.full((n, 1), f)


@pytest.mark.parametrize("f", [0.0, 5.0, 20.0])
@pytest.mark.parametrize(
    ("kind", "variance"),
    [
        ("proportional", lambda f: 0.09 * f**2),
        ("additive", lambda f: 4.0),
        ("combined", lambda f: 0.09 * f**2 + 4.0),
    ],
)
def test_the_variance_of_an_error_is_its_formula(kind, variance, f):
    """Variances add in a combined error; mean within 4 sd/√n, variance within 4 √(2/n)."""
    y = observe(flat(f), "csf", SOME[kind], 1).values
    sd = np.sqrt(variance(f))
    assert y.mean() == pytest.approx(f, abs=4 * sd / np.sqrt(N))
    assert y.var() == pytest.approx(sd**2, rel=4 * np.sqrt(2 / N))


def test_a_log_error_is_normal_on_the_log_scale_about_the_prediction():
    y = observe(flat(5.0), "csf", SOME["log"], 1).values
    assert (y > 0).all()
    assert np.log(y / 5).mean() == pytest.approx(0, abs=4 * 0.3 / np.sqrt(N))
    assert np.log(y).std() == pytest.approx(0.3, rel=4 / np.sqrt(2 * N))


@given(f=st.floats(0, 1e6), eps=st.floats(-8, 8))
def test_an_error_is_one_deviate_times_its_sd(f, eps):
    at = np.array([f]), np.array([eps])
    assert SOME["combined"].at(*at) == pytest.approx(f + np.sqrt((0.3 * f) ** 2 + 4) * eps)
    assert SOME["log"].at(*at) == pytest.approx(f * np.exp(0.3 * eps))
    assert SOME["log"].sd(at[0]) == pytest.approx([0.3])


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_without_spread_measures_the_prediction(kind):
    f = np.array([[0.0, 1.0, 3.7]])
    found = observe(f, "csf", Residual(kind=kind), 1)
    assert (found.values == f).all() and not found.is_below.any()


# ---- below the limit


@pytest.mark.parametrize("f", [1.0, 5.0, 9.0])
def test_the_share_below_the_limit_is_the_normal_cdf(f):
    """P(y < LLOQ) = Φ((LLOQ − f)/sd), within 4 √(p q/n)."""
    limited = Residual(kind="combined", sd_prop=0.3, sd_add=2.0, lloq=5.0)
    found = observe(flat(f), "csf", limited, 2)
    p = ndtr((5 - f) / np.sqrt((0.3 * f) ** 2 + 4))
    assert found.is_below.mean() == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / N))


def test_a_value_below_the_limit_stands_as_the_limit_and_others_as_without_one():
    free = observe(flat(5.0, 500), "csf", SOME["additive"], 2).values
    limited = Residual(kind="additive", sd_add=2.0, lloq=5.0)
    found = observe(flat(5.0, 500), "csf", limited, 2)
    assert (found.is_below == (free < 5)).all() and 0 < found.is_below.sum() < 500
    assert (found.values == np.maximum(free, 5)).all()


def test_a_value_at_the_limit_is_not_below_it():
    found = observe(flat(5.0, 3), "csf", Residual(kind="additive", lloq=5.0), 2)
    assert not found.is_below.any()


def test_without_a_limit_an_additive_error_may_fall_below_zero():
    found = observe(flat(0.0, 500), "csf", SOME["additive"], 2)
    assert (found.values < 0).any() and not found.is_below.any()


# ---- streams


@given(start=st.integers(0, 150), n=st.integers(1, 50), kind=st.sampled_from(KINDS))
def test_an_error_is_the_same_in_any_chunk_to_the_bit(start, n, kind):
    f = np.exp(np.arange(600.0).reshape(200, 3) / 100)
    whole = observe(f, "csf", SOME[kind], 4).values
    part = observe(f[start : start + n], "csf", SOME[kind], 4, start).values
    assert (part == whole[start : start + n]).all()


def test_an_error_belongs_to_its_output_and_visit():
    """Visit 7 alone is visit 7 among others; another output errs otherwise."""
    f = np.ones((50, 3))
    whole = observe(f, "csf", SOME["log"], 4, visits=[0, 7, 9]).values
    assert (observe(f[:, :1], "csf", SOME["log"], 4, visits=[7]).values[:, 0] == whole[:, 1]).all()
    assert not (observe(f, "nfl", SOME["log"], 4, visits=[0, 7, 9]).values == whole).any()
    z = deviates("residual:csf:7", 50, 4)
    assert whole[:, 1] == pytest.approx(np.exp(0.3 * z), rel=1e-15)


# ---- what is refused


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"kind": "aditive"}, "Did you mean 'additive'"),
        ({"kind": "proportional", "sd_add": 1.0}, "'combined' has both"),
        ({"kind": "log", "sd_add": 1.0}, "'combined' has both"),
        ({"kind": "additive", "sd_prop": 1.0}, "'combined' has both"),
        ({"kind": "additive", "sd_add": -1.0}, "at least 0"),
        ({"kind": "log", "sd_prop": np.nan}, "finite"),
        ({"kind": "log", "lloq": np.inf}, "finite"),
    ],
)
def test_an_error_that_cannot_be_is_refused(given_, why):
    with pytest.raises(ModelError, match=why):
        Residual(**given_)


def test_a_prediction_that_is_no_number_is_refused():
    with pytest.raises(ModelError, match="not a finite number"):
        observe(flat(np.nan, 2), "csf", SOME["log"], 1)


@pytest.mark.parametrize("visits", [[0], [1, 1], [0, 1, 2]])
def test_visits_that_do_not_fit_the_times_are_refused(visits):
    with pytest.raises(ModelError, match="give each time its own"):
        observe(np.ones((1, 2)), "csf", SOME["log"], 1, visits=visits)
