"""People with limits, in groups, with numbers of their own; what a file says of them is checked."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from thecal.datafile import DRUGS
from thecal.errors import DataFileError, ModelError
from thecal.model.modelfile import load_population, read_population
from thecal.model.population import Population, Prior, Studied
from thecal.model.variability import (
    DISTRIBUTIONS,
    Categorical,
    Grouped,
    Lognormal,
    Normal,
    PosteriorTable,
    Trend,
    Typical,
    between,
    deviates,
    probability,
)

PRIOR = DRUGS / "tofersen" / "prior.yaml"
TEXT = PRIOR.read_text(encoding="utf-8")
GIVEN = {"unit": "a", "status": "assumed", "source": "a test"}


def normal(mean: float, sd: float, least: float = -np.inf, most: float = np.inf) -> Normal:
    return Normal(mean=float(mean), sd=float(sd), least=float(least), most=float(most), **GIVEN)


def lognormal(median: float, sd: float, least: float = 0, most: float = np.inf) -> Lognormal:
    return Lognormal(
        median=float(median), sd=float(sd), least=float(least), most=float(most), **GIVEN
    )


@pytest.fixture(scope="module")
def prior() -> Population:
    return read_population(PRIOR)


# ---- limits


def test_the_probability_is_that_of_scipy():
    """Relative, as a limit cuts off a tail: rounding z is z² / 2 ulps of it, 1.5e-13 at 37."""
    z = np.linspace(-37, 8, 1001)
    np.testing.assert_allclose(probability(z), stats.norm.cdf(z), rtol=4e-13)


@given(st.floats(-9, 9), st.floats(0.01, 10), st.lists(st.floats(-4, 4), min_size=1, max_size=20))
def test_a_cut_normal_is_the_truncated_normal_of_scipy(least, width, z):
    """Tolerance: an error of 1e-16 in p is 1e-16 / φ(4) = 7e-13 in z, here and there."""
    z, most = np.array(z), least + width
    cut = between(z, least, most)
    lower = stats.truncnorm.ppf(stats.norm.cdf(z), least, most)
    upper = stats.truncnorm.isf(stats.norm.sf(z), least, most)
    np.testing.assert_allclose(cut, np.where(z < 0, lower, upper), atol=1e-9)


@given(
    st.floats(-9, 9) | st.just(-np.inf),
    st.floats(-9, 9) | st.just(np.inf),
    st.lists(st.floats(-8.3, 8.3), min_size=2, max_size=30),
)
def test_a_limit_keeps_the_order_of_people_and_nobody_lies_beyond(least, most, z):
    assume(most - least > 1e-9)  # else nobody is there, which is refused
    cut = between(np.sort(np.array(z)), least, most)
    assert (cut >= least).all() and (cut <= most).all() and np.isfinite(cut).all()
    assert (np.diff(cut) >= -1e-12).all()  # an ulp in the rational functions of the quantile


def test_without_limits_nobody_is_moved():
    z = deviates("anybody", 100, 1)
    assert between(z, -np.inf, np.inf) is z


@given(st.floats(-50, 50), st.floats(0.1, 30), st.floats(-20, 20), st.floats(0.01, 50))
def test_a_covariate_stays_within_its_limits_to_the_last_bit(mean, sd, low, width):
    """Hence `expected` bounds of a file hold exactly, whatever the rounding of mean + sd z."""
    z = np.array([-8.2, -3.0, 0.0, 3.0, 8.2])
    least, most = mean + low, mean + low + width
    assume(least < most and low / sd < 30 and (low + width) / sd > -30)
    drawn = normal(mean, sd=sd, least=least, most=most).at(z)
    assert drawn.min() >= least and drawn.max() <= most
    sd_of_log = sd / 30  # 0.003 to 1
    share = np.exp(sd_of_log * low / sd), np.exp(sd_of_log * (low + width) / sd)
    assume(share[0] < share[1])
    log = lognormal(1.0, sd=sd_of_log, least=share[0], most=share[1]).at(z)
    assert log.min() >= share[0] and log.max() <= share[1]


def test_people_cut_off_have_the_moments_of_the_closed_form():
    """Mean and SD of 40 000 within four standard errors of scipy's."""
    n = 40_000
    z = deviates("age", n, 5)
    age = normal(49.1, sd=12.4, least=18, most=60).at(z)
    known = stats.truncnorm((18 - 49.1) / 12.4, (60 - 49.1) / 12.4, loc=49.1, scale=12.4)
    assert age.mean() == pytest.approx(known.mean(), abs=4 * known.std() / n**0.5)
    assert age.std() == pytest.approx(known.std(), rel=4 / (2 * n) ** 0.5)
    nfl = lognormal(31.6, sd=0.77, least=20, most=600).at(z)
    cut = between(z, np.log(20 / 31.6) / 0.77, np.log(600 / 31.6) / 0.77)
    np.testing.assert_allclose(np.log(nfl / 31.6) / 0.77, cut, atol=1e-12)


def test_limits_in_the_wrong_order_or_around_nobody_are_refused():
    with pytest.raises(ModelError, match="give the lower one first"):
        normal(0, sd=1, least=2, most=1)
    with pytest.raises(ModelError, match="everybody is at 0"):
        normal(0, sd=0, least=1, most=2)
    with pytest.raises(ModelError, match="nobody lies between 40 and 41"):
        normal(0, sd=1, least=40, most=41).at(np.zeros(1))
    assert normal(3, sd=0, least=1, most=4).at(np.array([-9.0, 9.0])).tolist() == [
        3,
        3,
    ]


@given(st.floats(-600, 600))
def test_a_share_of_one_is_one_for_everybody(eta):
    """A logit-normal may be 1, where nobody differs; 0 stays refused."""
    logit = DISTRIBUTIONS["logitnormal"]
    assert logit.holds(1.0) and not logit.holds(0.0) and not logit.holds(1.0 + 1e-15)
    assert logit.at(1.0, np.array([eta]), 0.0).tolist() == [1.0]
    assert not DISTRIBUTIONS["lognormal"].holds(np.inf)


# ---- groups

WORDS = Categorical(levels=("a", "b"), probabilities=(0.3, 0.7), status="assumed", source="a test")
HEAVY = Grouped(
    by="group",
    each={
        "a": normal(60, sd=5, least=50, most=70),
        "b": lognormal(90, sd=0.1),
    },
    status="assumed",
    source="a test",
)


@given(st.lists(st.tuples(st.floats(-5, 5), st.sampled_from("ab")), min_size=1, max_size=30))
def test_a_covariate_in_groups_is_that_of_each_ones_group(people):
    z, group = np.array([z for z, _ in people]), np.array([g for _, g in people])
    found = HEAVY.at(z, group)
    for level, own in HEAVY.each.items():
        of = group == level
        np.testing.assert_array_equal(found[of], own.at(z[of]))


def test_the_longest_word_of_any_group_is_kept_whole():
    """NumPy cuts a word off where an array is made for shorter ones."""
    each = {
        "a": replace(WORDS, levels=("x", "y")),
        "b": replace(WORDS, levels=("longest", "longer")),
    }
    grouped = Grouped(by="group", each=each, status="assumed", source="a test")
    z = np.array([-3.0, -3.0, 3.0])
    assert grouped.at(z, np.array(["a", "b", "b"])).tolist() == ["x", "longest", "longer"]


def test_a_group_without_a_distribution_is_named():
    with pytest.raises(ModelError, match="no distribution for group 'c'; there are a, b"):
        HEAVY.at(np.zeros(2), np.array(["a", "c"]))
    assert HEAVY.at(np.zeros(0), np.array([], dtype=str)).shape == (0,)


def test_covariates_of_the_prior_are_those_of_their_group(prior):
    """The fraction of each group, and the least slope of those who are faster by slope alone."""
    n = 20_000
    drawn = prior.draw_covariates(n, 8)
    for level, p in zip(
        prior.covariates["group"].levels, prior.covariates["group"].probabilities, strict=True
    ):
        assert np.mean(drawn["group"] == level) == pytest.approx(
            p, abs=4 * (p * (1 - p) / n) ** 0.5
        )
    other, slower = drawn["group"] == "other", drawn["group"] == "slower"
    assert drawn["slope_pre"][other].min() >= 0.9 and drawn["slope_pre"][slower].max() <= 0.9
    assert set(drawn["variant"][drawn["group"] == "A5V"]) == {"A5V"}
    r = stats.pearsonr(np.log(drawn["nfl"][slower]), np.log(drawn["slope_pre"][slower]))[0]
    assert r == pytest.approx(0.5, abs=0.04)  # cutting off costs a little; 4 SE are 0.03


# ---- any chunk


@settings(max_examples=15)
@given(st.integers(0, 300), st.integers(1, 40))
def test_person_i_is_the_same_in_any_chunk_to_the_bit(prior, start, n):
    """Covariates that follow one another, and parameters with numbers of each one's own."""
    total = 340
    whole = prior.draw_covariates(total, 3)
    part = prior.draw_covariates(n, 3, start)
    for name, value in part.items():
        np.testing.assert_array_equal(value, whole[name][start : start + n])
    numbers = {"CL": np.linspace(50, 200, total), "sd(phi)": np.linspace(0.1, 1, total)}
    own = {name: value[start : start + n] for name, value in numbers.items()}
    everybody = prior.draw(total, 3, covariates=whole, numbers=numbers)
    for name, value in prior.draw(n, 3, start, covariates=part, numbers=own).items():
        np.testing.assert_array_equal(value, everybody[name][start : start + n])


def test_what_is_given_of_people_stays_and_what_follows_it_follows(prior):
    n = 50
    free = prior.draw_covariates(n, 2)
    given_ = prior.draw_covariates(n, 2, given={"group": np.full(n, "slower")})
    assert set(given_["group"]) == {"slower"}
    for name in ("age", "sex", "weight", "ada"):
        np.testing.assert_array_equal(given_[name], free[name])
    was = free["group"] == "slower"
    np.testing.assert_array_equal(given_["nfl"][was], free["nfl"][was])
    assert (given_["nfl"][~was] < free["nfl"][~was]).all()  # same deviate, lower median
    with pytest.raises(ModelError, match="no covariate 'grup'"):
        prior.draw_covariates(n, 2, given={"grup": np.full(n, "slower")})


# ---- numbers


def test_every_number_has_its_name(prior):
    """Typical values, SDs above 0, typical values at a level, powers; nothing else."""
    numbers = prior.numbers
    assert numbers["CL"] == prior.estimates["CL"].value
    assert numbers["sd(CL)"] == prior.estimates["CL"].sd and "sd(W_cns)" not in numbers
    assert numbers["sod1_drift@slower"] == -0.21 and numbers["slope~slope_pre"] == 0.65
    assert set(prior.priors) <= set(numbers)
    kinds = {re.sub(r"\w+", "x", name) for name in numbers}
    assert kinds == {"x", "x(x)", "x@x", "x~x"}


@settings(max_examples=25)
@given(st.data())
def test_numbers_put_in_are_the_numbers_read_out(prior, data):
    names = data.draw(st.lists(st.sampled_from(sorted(prior.priors)), unique=True))
    values = {name: data.draw(st.floats(0.05, 0.9)) for name in names}
    changed = prior.with_values(values)
    assert changed.numbers == {**prior.numbers, **values}
    assert changed.with_values(prior.numbers).numbers == prior.numbers


def test_a_number_nobody_has_is_refused(prior):
    for use in (
        lambda: prior.with_values({"CLL": 1.0}),
        lambda: prior.draw(
            1, 1, covariates=prior.draw_covariates(1, 1), numbers={"CLL": np.ones(1)}
        ),
    ):
        with pytest.raises(ModelError, match="no parameter 'CLL'"):
            use()


def test_numbers_of_each_one_make_the_same_person_as_a_population_of_theirs(prior):
    """One person a population; tolerance: an SD is scaled after the draw, which rounds once."""
    n = 6
    held = prior.draw_covariates(n, 4, given={"group": np.array(["slower", "A5V"] * 3)})
    numbers = {
        "CL": np.linspace(80, 160, n),
        "sd(CL)": np.linspace(0.2, 0.9, n),
        "sod1_drift@slower": np.linspace(-0.5, 0.1, n),
        "slope~slope_pre": np.linspace(0, 1, n),
        "F_cns": np.linspace(0.2, 0.99, n),
    }
    everybody = prior.draw(n, 4, covariates=held, numbers=numbers)
    for i in range(n):
        own = prior.with_values({name: float(value[i]) for name, value in numbers.items()})
        one = own.draw(1, 4, i, covariates={name: value[i : i + 1] for name, value in held.items()})
        for name, value in one.items():
            assert value[0] == pytest.approx(everybody[name][i], rel=1e-13)


def test_a_typical_value_at_a_level_replaces_and_a_factor_multiplies(prior):
    """By hand: eta of a person is the same with and without; CL takes bsa and antibodies."""
    n = 40
    held = prior.draw_covariates(n, 6)
    people, plain = prior.draw(n, 6, covariates=held), replace(prior, effects={}).draw(n, 6)
    off = np.where(held["group"] == "slower", -0.21 - 0.15, 0.0)
    np.testing.assert_allclose(people["sod1_drift"] - plain["sod1_drift"], off, atol=1e-14)
    factor = (held["bsa"] / 1.94) ** 1.26 * np.where(held["ada"] == "positive", 0.678, 1)
    np.testing.assert_allclose(people["CL"] / plain["CL"], factor, rtol=1e-13)


def test_the_typical_person_of_these_covariates_has_every_random_effect_at_zero(prior):
    one = {"bsa": np.array([1.5]), "ada": np.array(["positive"]), "group": np.array(["slower"])}
    typical, plain = prior.typical(one), prior.typical()
    by_hand = prior.estimates["CL"].value * (1.5 / 1.94) ** 1.26 * 0.678
    assert typical["CL"][0] == pytest.approx(by_hand, rel=1e-14)
    assert typical["sod1_drift"][0] == -0.21 and typical["nfl_rise"][0] == -0.08
    for name in set(plain) - {"CL", "sod1_drift", "nfl_rise"}:
        assert typical[name] == plain[name] == prior.estimates[name].value


def test_numbers_for_another_count_of_people_or_beside_posterior_draws_are_refused(prior):
    held = prior.draw_covariates(3, 1)
    with pytest.raises(ModelError, match="CL is given for 2 subjects, and 3 are drawn"):
        prior.draw(3, 1, numbers={"CL": np.ones(2)})
    with pytest.raises(ModelError, match="not of both"):
        prior.draw(3, 1, covariates=held, uncertain=True, numbers={"CL": np.ones(3)})


@given(
    st.sampled_from(("power", "linear", "exponential")),
    st.lists(st.tuples(st.floats(0.1, 10), st.floats(-2, 2)), min_size=1, max_size=9),
)
def test_a_trend_with_a_theta_each_is_the_trend_of_each(kind, people):
    x, theta = np.array([p[0] for p in people]), np.array([p[1] for p in people])
    trend = Trend(covariate="x", kind=kind, theta=9.0, reference=2.0, status="assumed", source="t")
    together = trend.factor(x, theta)
    for i in range(len(x)):
        one = replace(trend, theta=float(theta[i])).factor(x[i : i + 1])
        assert together[i] == pytest.approx(one[0], rel=1e-14)


# ---- posterior draws and structures

TABLE = PosteriorTable(
    table={"CL": np.array([1.0, 2.0, 3.0]), "gamma": np.array([1.0, 2.4, 2.5])},
    structures=("fraction", "supralinear", "supralinear"),
    status="calibrated",
    source="a test",
)


def test_rows_of_a_structure_are_its_own():
    own = TABLE.of("supralinear")
    assert own.n_rows == 2 and own.structures is None and own.table["CL"].tolist() == [2, 3]
    assert TABLE.n_rows == 3 and TABLE.row(1) == {"CL": 2.0, "gamma": 2.4}
    assert TABLE.row(4) == TABLE.row(1)
    for table in (TABLE, own):
        with pytest.raises(ModelError, match="no posterior draws of the structure 'linear'"):
            table.of("linear")
    with pytest.raises(ModelError, match="3 posterior draws of 1 structures"):
        replace(TABLE, structures=("fraction",))


def test_another_structure_has_its_own_values_priors_and_draws(prior):
    fixed = prior.structure("supralinear")
    assert (fixed.numbers["f_csf"], fixed.numbers["gamma"]) == (1, 2.4)
    assert "f_csf" not in fixed.priors and fixed.priors["gamma"].sd == 0.3
    assert set(fixed.structures) == {"supralinear"}
    assert fixed.structure("supralinear").numbers == fixed.numbers
    assert prior.structure("fraction").priors == prior.priors
    with pytest.raises(ModelError, match="no structure 'fractions'"):
        prior.structure("fractions")
    sure = replace(prior, uncertainty=TABLE).structure("supralinear").uncertainty
    assert isinstance(sure, PosteriorTable) and sure.n_rows == 2


def test_the_shipped_model_draws_both_structures_whole():
    """Each row's numbers are those of its structure: f_csf is 1 in one of them and no other."""
    model = load_population("tofersen")
    table = model.uncertainty
    assert isinstance(table, PosteriorTable) and table.structures is not None
    assert set(table.structures) == set(model.calibration) <= set(model.structures)
    for name in model.calibration:
        own, variant = table.of(name), model.structures[name]
        assert (own.table["f_csf"] == 1).all() == (variant.values.get("f_csf") == 1)
    row = model.draw_typical(5, 1).numbers
    drawn = model.draw(1, 1, 5, uncertain=True)
    assert row["W_cns"] == drawn["W_cns"][0]  # nobody differs in it
    assert row["f_csf"] in table.table["f_csf"]


# ---- what a file may not say


def faults_of(tmp_path: Path, text: str) -> dict[int, str]:
    path = tmp_path / "model.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        read_population(path)
    found: dict[int, str] = {}
    for fault in caught.value.faults:
        found[fault.line] = f"{found.get(fault.line, '')}\n{fault.message}"
    return found


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("  ka: {sd", "  kaa: {sd", "no number of this model has that name. Did you mean 'ka'?"),
        ("  sod1_drift@slower: {sd", "  sod1_drift@slow: {sd", "Did you mean 'sod1_drift@slower'?"),
        ("  sd(phi): {sd", "  sd(hill): {sd", "no number of this model has that name"),
        ("  ka: {sd: 0.15", "  ka: {sd: -0.15", "at least 0, found -0.15"),
        ("  phi: {sd: 1.0, source: wide}", "  phi: {sd: 1.0}", "'source' is missing"),
        ("      gamma: 2.4", "      gama: 2.4", "Did you mean 'gamma'?"),
        ("      gamma: 2.4", "      gamma: many", "expected a number, found 'many'"),
        ("      f_csf: 1\n", "      f_csf: 2\n", "2 cannot be the typical value of a logitnormal"),
        ("      f_csf: 1\n", "      W_cns: 0\n", "0 kg is not above 0"),
        ("      f_csf: 1\n", "      sd(phi): -1\n", "at least 0, found -1"),
        ("      gamma: {sd: 0.3", "      gama: {sd: 0.3", "Did you mean 'gamma'?"),
        ("dose: {least: 20", "dose: {least: 200", "'least' is above 'most'"),
        ("most: 28, unit: d", "most: 28, unit: h", "expected one of d; found 'h'"),
        ("  interval: {least", "  intervall: {least", "Did you mean 'interval'?"),
        ("sd: 0.10, least: 1.37", "sd: 0.10, least: 3.37", "give the lower one first"),
        ("    by: sex\n    unit: kg", "    by: sx\n    unit: kg", "Did you mean 'sex'?"),
        (
            "    by: sex\n    unit: kg",
            "    by: age\n    unit: kg",
            "expected one of group, variant, sex",
        ),
        ("    by: sex\n    unit: kg", "    by: riluzole\n    unit: kg", "found 'riluzole'"),
        ("      slower: {mean: 39.8", "      slow: {mean: 39.8", "Did you mean 'slower'?"),
        ("      A5V: {mean: 36.6", "      A5V: {median: 36.6", "expected mean, sd, least, most"),
        ("{slower: -0.21}", "{slow: -0.21}", "Did you mean 'slower'?"),
        (
            "kind: typical\n      values: {slower: -0.2",
            "kind: tipical\n      values: {slower: -0.2",
            "Did you",
        ),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path, old, new, why):
    """Each row changes the prior in one place; a key that is missing stands with its mapping."""
    assert TEXT.count(old) == 1
    faults = faults_of(tmp_path, TEXT.replace(old, new))
    line = line_of(TEXT, old)
    assert any(why in faults.get(line + k, "") for k in range(old.count("\n", 0, -1) + 1)), faults


def test_limits_of_one_covariate_are_told_where_it_stands(tmp_path):
    faults = faults_of(tmp_path, TEXT.replace("    least: 18\n", "    least: 81\n"))
    assert list(faults) == [line_of(TEXT, "    kind: normal\n    mean: 49.1")]
    assert "between 81 and 80" in faults[next(iter(faults))]


def test_what_follows_a_word_stands_behind_it(tmp_path):
    """Without a categorical before it, `by` names nothing."""
    start, end = TEXT.index("  group:\n"), TEXT.index("  variant:\n")
    text = TEXT[:start] + TEXT[end:]
    assert (
        "no covariate that is one of a few words stands before this one"
        in (faults_of(tmp_path, text)[line_of(text, "    by: group")])
    )


def test_a_typical_value_is_of_a_word(tmp_path):
    old = "- covariate: group\n      kind: typical\n      values: {slower: -0.21}"
    faults = faults_of(tmp_path, TEXT.replace(old, old.replace("group", "age")))
    assert "'typical' does not act on age, which is a number" in faults[line_of(TEXT, old)]


def test_what_is_read_is_what_stands_there(prior):
    assert prior.priors["phi"] == Prior(sd=1.0, source="wide")
    assert prior.studied["interval"] == Studied(
        least=14.0, most=28.0, unit="d", source="study 101; US PI 2.1"
    )
    (effect,) = prior.effects["sod1_drift"]
    assert isinstance(effect, Typical) and effect.values == {"slower": -0.21}
    bsa = prior.covariates["bsa"]
    assert isinstance(bsa, Grouped) and bsa.by == "sex"
    assert isinstance(bsa.each["male"], Lognormal) and bsa.each["male"].most == 2.71
    assert prior.structures["supralinear"].values == {"f_csf": 1, "gamma": 2.4, "Imax": 0.5}


# ---- a table of draws beside the file

WITH_TABLE = TEXT + "uncertainty: {table: posterior.csv, status: calibrated, source: a test}\n"
GOOD_ROWS = "structure,CL,f_csf,slope~slope_pre\nfraction,100,0.4,0.6\nsupralinear,120,1,0.7\n"


def write(tmp_path: Path, rows: bytes, text: str = WITH_TABLE) -> Path:
    (tmp_path / "posterior.csv").write_bytes(rows)
    (tmp_path / "model.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "model.yaml"


def test_draws_are_read_whole_rows(tmp_path):
    model = read_population(write(tmp_path, GOOD_ROWS.encode()))
    assert isinstance(model.uncertainty, PosteriorTable)
    assert model.uncertainty.structures == ("fraction", "supralinear")
    assert model.uncertainty.row(1) == {"CL": 120, "f_csf": 1, "slope~slope_pre": 0.7}
    f_csf = model.draw(200, 1, uncertain=True)["f_csf"]
    assert (f_csf == 1).any() and (f_csf < 1).any()
    other = model.structure("supralinear").uncertainty
    assert isinstance(other, PosteriorTable) and other.row(0)["CL"] == 120


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("structure,CL", "struct,CL", "expected a header"),
        ("f_csf,slope", "CL,slope", "expected a header"),
        ("fraction,100,0.4,0.6\nsupralinear,120,1,0.7\n", "", "1 to 20000 rows"),
        ("100,0.4", "100", "3 finite numbers in each row"),
        ("100,0.4", "many,0.4", "3 finite numbers"),
        ("100,0.4", "nan,0.4", "3 finite numbers"),
        ("100,0.4", "-100,0.4", "a draw of CL cannot be that of a lognormal"),
        ("100,0.4", "100,1.4", "a draw of f_csf cannot be that of a logitnormal"),
        ("structure,CL", "structure,CLL", "Did you mean 'CL'?"),
        ("fraction,100", "fractional,100", "Did you mean 'fraction'?"),
    ],
)
def test_a_table_that_cannot_be_is_refused_where_it_is_named(tmp_path, old, new, why):
    path = write(tmp_path, GOOD_ROWS.replace(old, new).encode())
    with pytest.raises(DataFileError) as caught:
        read_population(path)
    (fault,) = caught.value.faults
    assert why in fault.message and fault.line == line_of(WITH_TABLE, "uncertainty: {table")


def test_a_table_elsewhere_is_not_read(tmp_path):
    (tmp_path / "x.csv").write_text(GOOD_ROWS)
    for name in ("../x.csv", "none.csv"):
        text = WITH_TABLE.replace("posterior.csv", name)
        inner = tmp_path / "inner"
        inner.mkdir(exist_ok=True)
        with pytest.raises(DataFileError, match="no file"):
            read_population(write(inner, b"", text))


@settings(max_examples=40)
@given(
    st.binary(max_size=60)
    | st.text("structure,CL\n01.fraction-e", max_size=60).map(
        lambda t: b"structure,CL\n" + t.encode()
    )
)
def test_any_bytes_are_a_table_or_a_fault(tmp_path_factory, small, rows):
    path = write(tmp_path_factory.getbasetemp(), rows, small)
    try:
        read_population(path)
    except DataFileError:
        pass


@pytest.fixture(scope="module")
def small() -> str:
    """The file without what takes time to read."""
    start, end = TEXT.index("covariates:\n"), TEXT.index("residual:\n")
    text = TEXT[:start] + TEXT[end : TEXT.index("priors:\n")]
    return text + "structures: {fraction: {about: a test}}\n" + WITH_TABLE[len(TEXT) :]
