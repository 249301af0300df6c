"""Streams, random effects, occasions and covariates against laws, closed forms and quadrature."""

from __future__ import annotations

import zlib

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from thecal.errors import ModelError
from thecal.model import variability
from thecal.model.modelfile import MODELS
from thecal.model.variability import (
    DISTRIBUTIONS,
    ByLevel,
    Categorical,
    Empirical,
    Lognormal,
    Normal,
    Occasions,
    Omega,
    Posterior,
    PosteriorTable,
    Stepwise,
    Trend,
    deviates,
    quantile,
    stepped,
    uniforms,
)

N = 200_000
GIVEN = {"status": "assumed", "source": "a test"}

# ---- streams


@given(start=st.integers(0, 900), n=st.integers(0, 100), block=st.integers(1, 300))
def test_any_slice_of_a_stream_is_the_slice_of_the_whole_to_the_bit(start, n, block):
    """Whatever the chunk, and whatever the block it is worked on in."""
    whole = deviates("ka", 1000, 7), uniforms("ka", 1000, 7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variability, "BLOCK", block)
        assert (deviates("ka", n, 7, start) == whole[0][start : start + n]).all()
        assert (uniforms("ka", n, 7, start) == whole[1][start : start + n]).all()


def test_a_subject_beyond_what_memory_holds_is_reached_at_once():
    """Random access: subject 2⁶⁰ + 3 costs what subject 0 does, and is not a repetition."""
    far = deviates("ka", 4, 1, 2**60 + 1)
    assert far[2] == deviates("ka", 1, 1, 2**60 + 3)[0]
    assert not np.isin(far, deviates("ka", 1000, 1)).any()


def test_philox_advances_by_blocks_of_four_words():
    """What random access rests on; the documentation does not say what one step counts."""
    whole, later = (np.random.Philox(key=[1, 2]) for _ in range(2))
    later.advance(5)
    assert (later.random_raw(8) == whole.random_raw(28)[20:]).all()


def test_one_word_a_subject_gives_the_middle_of_one_of_2_to_the_52_bins():
    """Recomputed with whole numbers: u 2⁵³ is odd, 2 ⌊w/2¹²⌋ + 1, and z is its quantile."""
    words = np.random.Philox(key=[5, zlib.crc32(b"ka")]).random_raw(5000)
    u = uniforms("ka", 5000, 5)
    assert [int(x * 2**53) for x in u] == [2 * (int(w) >> 12) + 1 for w in words]
    assert (deviates("ka", 5000, 5) == quantile(u)).all()


class Words:
    """A bit generator that gives one word for ever."""

    def __init__(self, word: int) -> None:
        self.word = word

    def advance(self, count: int) -> None:
        pass

    def random_raw(self, n: int) -> np.ndarray:
        return np.full(n, self.word, dtype=np.uint64)


@pytest.mark.parametrize(("word", "u"), [(0, 2.0**-53), (2**64 - 1, 1 - 2.0**-53)])
def test_the_extreme_words_are_neither_0_nor_1_and_lie_symmetric(monkeypatch, word, u):
    monkeypatch.setattr(np.random, "Philox", lambda key: Words(word))
    assert uniforms("ka", 1, 1)[0] == u
    assert deviates("ka", 1, 1)[0] == pytest.approx(ndtri(2.0**-53) * np.sign(0.5 - u), rel=1e-14)


def test_no_two_streams_of_a_shipped_model_share_a_key():
    """CRC-32 of 40 000 names: parameters, 1000 occasions, posterior, 2000 visits of each output."""
    for model in MODELS.values():
        own = [parameter.name for parameter in model.parameters]
        names = [*own, *(f"posterior:{name}" for name in own)]
        names += [f"{name}@{k}" for name in own for k in range(1000)]
        names += [f"residual:{o.name}:{k}" for o in model.outputs for k in range(2000)]
        assert len({zlib.crc32(name.encode()) for name in names}) == len(names)


def test_uniforms_are_uniform():
    """Kolmogorov's distance below 1.95/√n, a 1 in 1000 event; by 16 last digits too (χ²₁₅ < 38)."""
    u = np.sort(uniforms("ka", N, 1))
    assert np.abs(u - (np.arange(N) + 0.5) / N).max() < 1.95 / np.sqrt(N)
    last = np.bincount((uniforms("ka", N, 1) * 2**52).astype(int) % 16, minlength=16)
    assert ((last - N / 16) ** 2 / (N / 16)).sum() < 38


@pytest.mark.parametrize(
    ("n", "seed", "start"), [(1, -1, 0), (1, 2**64, 0), (-1, 1, 0), (1, 1, -1)]
)
def test_a_seed_or_subject_that_cannot_be_is_refused(n, seed, start):
    with pytest.raises(ModelError):
        deviates("ka", n, seed, start)


# ---- quantile

PROBABILITIES = np.concatenate(
    [
        10.0 ** -np.arange(1, 308, 3),
        np.linspace(0.001, 0.999, 333),
        [0.075, np.nextafter(0.075, 0), np.nextafter(0.075, 1), 0.925, np.exp(-25.0)],
        1 - 10.0 ** -np.arange(1, 16),
    ]
)


def test_the_quantile_agrees_with_40_digit_arithmetic():
    """Six units in the last place: AS 241 states 1e-16, and rounding of 14 steps does the rest."""
    z = quantile(PROBABILITIES)
    with mpmath.workdps(340):
        for p, found in zip(PROBABILITIES, z, strict=True):
            # one Newton step from z: (Φ(z) − p) / φ(z) is the error
            error = (mpmath.ncdf(float(found)) - mpmath.mpf(float(p))) / mpmath.npdf(float(found))
            assert abs(error) <= 6 * 2.0**-53 * abs(float(found)) + 1e-300


def test_the_quantile_agrees_with_scipy():
    assert quantile(PROBABILITIES) == pytest.approx(ndtri(PROBABILITIES), rel=4e-15, abs=1e-16)


def test_the_quantile_of_0_half_and_1():
    assert quantile(np.array([0.0, 0.5, 1.0])).tolist() == [-np.inf, 0.0, np.inf]


@given(k=st.integers(1, 2**52 - 1))
def test_the_quantile_is_odd_about_a_half(k):
    p = k * 2.0**-53
    low, high = quantile(np.array([p, 1 - p]))
    assert low == -high


@pytest.mark.parametrize("p", [-1e-9, 1.1, np.nan])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ModelError, match="probability"):
        quantile(np.array([p]))


# ---- distributions

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
CASES = [
    ("lognormal", 5.0, 0.5, 0.0),
    ("logitnormal", 0.3, 1.2, 0.0),
    ("normal", -2.0, 3.0, 0.0),
    ("boxcox", 5.0, 0.5, -1.3),
]


@pytest.mark.parametrize(("name", "typical", "sd", "shape"), CASES)
def test_drawn_moments_are_those_of_quadrature(name, typical, sd, shape):
    """Gauss-Hermite, 80 nodes; mean and mean square within 4 standard errors of 200 000."""
    found = DISTRIBUTIONS[name].at(typical, sd * deviates("ka", N, 3), shape)
    exact = DISTRIBUTIONS[name].at(typical, sd * NODES, shape)
    for power in (1, 2):
        error = np.std(found**power) / np.sqrt(N)
        assert np.mean(found**power) == pytest.approx(WEIGHTS @ exact**power, abs=4 * error)


def test_the_mean_of_a_lognormal_is_its_closed_form():
    """E = typical exp(ω²/2); CV = √(exp ω² − 1); the quadrature above is right for it too."""
    x = DISTRIBUTIONS["lognormal"].at(5.0, 0.5 * NODES, 0.0)
    assert WEIGHTS @ x == pytest.approx(5 * np.exp(0.125), rel=1e-12)
    cv = np.sqrt(WEIGHTS @ x**2 / (WEIGHTS @ x) ** 2 - 1)
    assert cv == pytest.approx(np.sqrt(np.expm1(0.25)), rel=1e-11)


@pytest.mark.parametrize("shape", [-1.3, 0.7])
def test_the_mean_logarithm_of_a_box_cox_is_its_closed_form(shape):
    """E ln(value/typical) = (exp(shape² ω²/2) − 1)/shape; the mean itself is infinite above 0."""
    found = np.log(DISTRIBUTIONS["boxcox"].at(5.0, 0.5 * deviates("ka", N, 3), shape) / 5.0)
    exact = np.expm1(shape**2 * 0.125) / shape
    assert found.mean() == pytest.approx(exact, abs=4 * found.std() / np.sqrt(N))


@given(typical=st.floats(0.001, 0.999), eta=st.floats(-30, 30))
def test_a_logit_normal_moves_the_logit_by_eta(typical, eta):
    """With 50 digits, as the share that is left near 1 is lost in floating point."""
    with mpmath.workdps(50):
        logit = mpmath.log(mpmath.mpf(typical) / (1 - mpmath.mpf(typical))) + eta
        exact = float(1 / (1 + mpmath.exp(-logit)))
    found = DISTRIBUTIONS["logitnormal"].at(typical, np.array([eta]), 0.0)
    assert found == pytest.approx([exact], rel=1e-14)


@given(eta=st.floats(-3, 3), shape=st.integers(-3000, 3000).map(lambda k: k / 1000))
def test_a_box_cox_is_the_formula_of_petersson_2009(eta, shape):
    """ln(value/typical) = (exp(eta)^shape − 1)/shape, with 50 digits; eta for shape 0."""
    with mpmath.workdps(50):
        bent = mpmath.expm1(mpmath.mpf(shape) * eta) / shape if shape else mpmath.mpf(eta)
        exact = float(2 * mpmath.exp(bent)) if bent < 700 else np.inf
    found = DISTRIBUTIONS["boxcox"].at(2.0, np.array([eta]), shape)
    # the relative error of an exponential is the absolute one of its argument
    assert found == pytest.approx([exact], rel=1e-14 * (1 + abs(float(bent))))


@given(eta=st.floats(-5, 5))
def test_a_box_cox_of_small_shape_is_nearly_a_lognormal(eta):
    """bent − eta = shape eta²/2 + …: continuous at shape 0, with no loss of digits."""
    near, at = (DISTRIBUTIONS["boxcox"].at(1.0, np.array([eta]), s)[0] for s in (1e-9, 0.0))
    assert near == pytest.approx(at * (1 + 1e-9 * eta**2 / 2), rel=1e-14)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("eta", [-1e300, -1e4, 0.0, 1e4, 1e300])
@pytest.mark.parametrize("shape", [-2.0, 0.0, 2.0])
def test_a_huge_random_effect_gives_the_limit_and_no_warning(name, eta, shape):
    found = DISTRIBUTIONS[name].at(0.5, np.array([eta]), shape)[0]
    assert not np.isnan(found)
    assert DISTRIBUTIONS[name].least <= found <= DISTRIBUTIONS[name].most
    assert found == 0.5 if eta == 0 else np.sign(found - 0.5) == np.sign(eta)


# ---- omega

SDS = {"CL": 0.5, "V": 0.3, "ka": 0.0, "F": 1.0}
PAIRS = {("V", "CL"): 0.6, ("F", "CL"): -0.4, ("F", "V"): 0.1}


def test_the_covariance_drawn_is_omega_within_four_standard_errors():
    """For normals var(s_ij) = (ω_ii ω_jj + ω_ij²)/n; four standard errors for each entry."""
    omega = Omega.from_sd(SDS, PAIRS)
    drawn = omega.etas(N, 5)
    found = np.cov(np.array([drawn[name] for name in omega.names]))
    variances = np.diagonal(omega.matrix)
    error = np.sqrt((np.outer(variances, variances) + omega.matrix**2) / N)
    assert (np.abs(found - omega.matrix) <= 4 * error).all()


@given(start=st.integers(0, 200), n=st.integers(1, 60))
def test_correlated_random_effects_are_the_same_in_any_chunk_to_the_bit(start, n):
    omega = Omega.from_sd(SDS, PAIRS)
    whole, part = omega.etas(300, 9), omega.etas(n, 9, start)
    for name in omega.names:
        assert (part[name] == whole[name][start : start + n]).all()


def test_a_random_effect_without_correlation_is_its_sd_times_its_deviate_to_the_bit():
    """Also beside others that are correlated, and the first of those in order of names."""
    drawn = Omega.from_sd({"Q": 0.1, **SDS, "hill": 0.7}, PAIRS).etas(100, 5)
    for name, sd in (("Q", 0.1), ("CL", 0.5), ("hill", 0.7)):
        assert (drawn[name] == sd * deviates(name, 100, 5)).all()
    assert not (drawn["V"] == 0.3 * deviates("V", 100, 5)).any()


def test_a_variance_of_zero_draws_zeros_and_hinders_nobody():
    drawn = Omega.from_sd(SDS, PAIRS).etas(50, 5)
    assert (drawn["ka"] == 0).all() and drawn["F"].all()


@pytest.mark.parametrize("r", [-1.0, 1.0])
def test_a_correlation_of_one_makes_two_random_effects_one(r):
    """A singular matrix: the Cholesky factor of a positive semi-definite one exists."""
    drawn = Omega.from_sd({"CL": 0.5, "V": 0.25}, {("CL", "V"): r}).etas(100, 1)
    assert drawn["CL"] == pytest.approx(2 * r * drawn["V"], rel=1e-14)


@given(
    rows=st.lists(st.lists(st.floats(-1, 1), min_size=2, max_size=2), min_size=3, max_size=6),
    scale=st.floats(1e-6, 1e6),
)
def test_any_product_of_a_factor_with_itself_is_accepted(rows, scale):
    """A Aᵀ of rank 2 is singular, and positive semi-definite but for rounding."""
    a = np.array(rows) * scale
    matrix = a @ a.T
    # below 1e-12 of the largest, a variance is itself a rounding error of the product
    keep = np.diagonal(matrix) > 1e-12 * scale**2
    matrix = matrix[np.ix_(keep, keep)]
    names = tuple(f"p{i}" for i in range(len(matrix)))
    omega = Omega(names, matrix)
    for name, eta in omega.etas(3, 1).items():
        assert np.isfinite(eta).all(), name


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], "the other way round"),
        ([[1.0, 1.1], [1.1, 1.0]], "contradict each other"),
        ([[1.0, 0.1], [0.1, 0.0]], "b has variance 0 and a covariance"),
        ([[1.0, 0.1], [0.1, -1.0]], "variance of b is -1"),
        ([[1.0, np.nan], [np.nan, 1.0]], "not a finite number"),
        ([[1.0]], "give a row for each name"),
    ],
)
def test_a_matrix_that_is_no_covariance_is_refused(matrix, why):
    with pytest.raises(ModelError, match=why):
        Omega(("a", "b"), np.array(matrix))


def test_correlations_that_are_each_possible_and_together_not_are_refused():
    """a with b and b with c at 0.9 leaves at least 0.62 for a with c."""
    with pytest.raises(ModelError, match="smallest eigenvalue"):
        Omega.from_sd(
            dict.fromkeys("abc", 1.0), {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): 0.6}
        )


def test_a_wrong_name_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match="Did you mean 'CL'"):
        Omega.from_sd(SDS, {("CLL", "V"): 0.1})


def test_a_name_that_stands_twice_is_refused():
    with pytest.raises(ModelError, match="twice"):
        Omega(("a", "a"), np.eye(2))


@pytest.mark.parametrize("pair", [(("CL", "V"), 1.01), (("CL", "CL"), 0.5)])
def test_a_correlation_that_cannot_be_is_refused(pair):
    with pytest.raises(ModelError, match="from -1 to 1"):
        Omega.from_sd(SDS, dict([pair]))


# ---- values that change with time


def test_a_piece_holds_from_its_time_until_the_next():
    step = Stepwise(np.array([0.0, 10.0, 20.0]), np.array([[1.0], [2.0], [3.0]]))
    times_d = np.array([0.0, 9.999, 10.0, 19.0, 20.0, 1e9])
    assert step.on(times_d)[:, 0].tolist() == [1, 1, 2, 2, 3, 3]


@given(
    cuts=st.lists(st.sets(st.integers(1, 30), max_size=5), min_size=2, max_size=2),
    time_d=st.integers(0, 40),
)
def test_a_function_of_stepwise_quantities_holds_at_every_time(cuts, time_d):
    """Pieces are merged: f(a, b) at t is f of a at t and b at t, for any two sets of times."""
    a, b = (
        Stepwise(np.array([0.0, *sorted(cut)]), np.arange(2.0 * len(cut) + 2).reshape(-1, 2))
        for cut in cuts
    )
    at = np.array([float(time_d)])
    both = stepped(np.subtract, a, b)
    assert isinstance(both, Stepwise)
    assert (both.on(at) == a.on(at) - b.on(at)).all()


def test_a_function_of_plain_arrays_stays_an_array():
    assert stepped(np.add, np.ones(3), 2.0).tolist() == [3, 3, 3]


@pytest.mark.parametrize("times_d", [[], [1.0], [0.0, 2.0, 2.0], [0.0, np.inf], [0.0, np.nan]])
def test_times_that_do_not_start_at_0_and_increase_are_refused(times_d):
    for make in (Occasions, lambda t: Stepwise(t, np.zeros((len(t), 1)))):
        with pytest.raises(ModelError):
            make(np.array(times_d, dtype=float))


def test_a_row_of_values_too_few_is_refused():
    with pytest.raises(ModelError, match="one each"):
        Stepwise(np.array([0.0, 1.0]), np.zeros((1, 4)))


# ---- covariates

TABLE = {
    "weight": np.array([50.0, 60.0, 70.0, 80.0]),
    "sex": np.array(["female", "female", "male", "male"]),
}


def test_rows_drawn_again_stay_together_and_are_equally_likely():
    """Every pair drawn is one of the four; each share within 4 √(p q/n) of a quarter."""
    table = Empirical(table=TABLE, **GIVEN)
    weight, sex = (table.draw(name, N, 3) for name in TABLE)
    real = set(zip(*TABLE.values(), strict=True))
    assert set(zip(weight, sex, strict=True)) == real
    for value in TABLE["weight"]:
        assert (weight == value).mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.1875 / N))


def test_a_table_with_columns_of_different_length_is_refused():
    with pytest.raises(ModelError, match="equally long"):
        Empirical(table={"a": np.zeros(2), "b": np.zeros(3)}, **GIVEN)
    with pytest.raises(ModelError, match="at least one row"):
        Empirical(table={"a": np.zeros(0)}, **GIVEN)


def test_levels_come_with_their_probabilities_and_an_impossible_one_never():
    levels = Categorical(levels=("a", "b", "c"), probabilities=(0.2, 0.0, 0.8), **GIVEN)
    found = levels.at(deviates("covariate:x", N, 1))
    assert (found == "a").mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / N))
    assert not (found == "b").any()


@pytest.mark.parametrize("p", [(0.5, 0.4), (1.5, -0.5), (1.0,), (np.nan, 1.0)])
def test_probabilities_that_do_not_sum_to_1_are_refused(p):
    with pytest.raises(ModelError):
        Categorical(levels=("a", "b"), probabilities=p, **GIVEN)


def test_normal_and_lognormal_covariates_are_what_they_say():
    z = np.array([-1.0, 0.0, 2.0])
    assert Normal(mean=50.0, sd=10.0, unit="y", **GIVEN).at(z).tolist() == [40, 50, 70]
    found = Lognormal(median=70.0, sd=0.2, unit="kg", **GIVEN).at(z)
    assert np.log(found / 70) == pytest.approx(0.2 * z)
    with pytest.raises(ModelError, match="above 0"):
        Lognormal(median=0.0, sd=0.2, unit="kg", **GIVEN)


def trend(kind: str, theta: float, reference: float) -> Trend:
    return Trend(covariate="weight", kind=kind, theta=theta, reference=reference, **GIVEN)


@given(x=st.floats(1, 200), theta=st.floats(-2, 2))
def test_a_trend_is_its_formula_and_1_at_its_reference(x, theta):
    formulas = {
        "power": (x / 70) ** theta,
        "linear": 1 + theta * (x - 70),
        "exponential": np.exp(theta * (x - 70)),
    }
    for kind, factor in formulas.items():
        found = trend(kind, theta, 70.0).factor(np.array([x, 70.0]))
        assert found == pytest.approx([factor, 1.0], rel=1e-12)


def test_a_level_has_its_factor_and_an_unknown_one_is_refused():
    effect = ByLevel(covariate="sex", factors={"female": 0.5, "male": 1.0}, **GIVEN)
    assert effect.factor(np.array(["male", "female"])).tolist() == [1, 0.5]
    with pytest.raises(ModelError, match="Did you mean 'female'"):
        effect.factor(np.array(["male", "femal"]))


@pytest.mark.parametrize("x", [np.array([70.0, np.nan]), np.array(["70"]), np.array([0.0])])
def test_a_trend_of_what_is_no_number_above_0_is_refused(x):
    with pytest.raises(ModelError, match="weight is not"):
        trend("power", 0.75, 70.0).factor(x)


def test_a_trend_nobody_knows_or_about_no_reference_is_refused():
    with pytest.raises(ModelError, match="Did you mean 'power'"):
        trend("powr", 0.75, 70.0)
    with pytest.raises(ModelError, match="reference"):
        trend("power", 0.75, 0.0)


# ---- uncertainty


def test_a_posterior_recovers_its_covariance_on_the_scale_of_eta():
    """ln CL and logit F together: each entry within four standard errors of 200 000 draws."""
    omega = Omega.from_sd({"CL": 0.1, "F": 0.4}, {("CL", "F"): -0.7})
    drawn = Posterior(covariance=omega, **GIVEN).draw(
        {"CL": 7.0, "F": 0.1}, {"CL": "lognormal", "F": "logitnormal"}, N, 1
    )
    scaled = np.array([np.log(drawn["CL"]), np.log(drawn["F"] / (1 - drawn["F"]))])
    variances = np.diagonal(omega.matrix)
    error = np.sqrt((np.outer(variances, variances) + omega.matrix**2) / N)
    assert (np.abs(np.cov(scaled) - omega.matrix) <= 4 * error).all()
    centre = [np.log(7), np.log(0.1 / 0.9)]
    assert (np.abs(scaled.mean(axis=1) - centre) <= 4 * np.sqrt(variances / N)).all()


def test_draws_of_a_table_are_its_rows():
    table = PosteriorTable(
        table={"CL": np.array([1.0, 2.0, 3.0]), "V": np.array([10.0, 20.0, 30.0])}, **GIVEN
    )
    drawn = table.draw({}, {}, 1000, 1)
    assert (drawn["V"] == 10 * drawn["CL"]).all() and set(drawn["CL"]) == {1, 2, 3}
    assert (table.draw({}, {}, 10, 1, 500)["CL"] == drawn["CL"][500:510]).all()


def test_a_table_of_draws_that_is_ragged_or_empty_is_refused():
    for columns in ({"CL": np.zeros(2), "V": np.zeros(3)}, {}, {"CL": np.zeros(0)}):
        with pytest.raises(ModelError, match="posterior draws"):
            PosteriorTable(table=columns, **GIVEN)
