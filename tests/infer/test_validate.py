"""Published numbers beside studies of their size: what an interval holds, and what it claims."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from thecal.datafile import DRUGS
from thecal.errors import ModelError
from thecal.infer.evidence import Target, load_evidence
from thecal.infer.predict import COUNTED, predict, simulated
from thecal.infer.validate import Z90, Validation, _verdict, structure_shares, validate
from thecal.model.modelfile import read_population
from thecal.model.population import Population
from thecal.model.variability import PosteriorTable
from thecal.trial.study import load_studies

EVIDENCE = load_evidence("tofersen")
STUDIES = load_studies("tofersen")
ASKED = [
    t
    for t in simulated(EVIDENCE)
    if t.study == "valor" and t.statistic in ("gmr", "mean change", "trough mean", "baseline mean")
]


@pytest.fixture(scope="module")
def prior() -> Population:
    """The prior with draws of a few of its numbers, in two structures."""
    one = read_population(DRUGS / "tofersen" / "prior.yaml")
    rng = np.random.default_rng(4)
    table = {
        name: one.numbers[name] * np.exp(0.3 * rng.standard_normal(50))
        for name in ("phi", "nfl_rise", "slope")
    }
    return replace(
        one,
        uncertainty=PosteriorTable(
            table=table,
            structures=("fraction",) * 30 + ("supralinear",) * 20,
            status="calibrated",
            source="a test",
        ),
    )


def held(population: Population, targets: list[Target], n: int = 40, seed: int = 1) -> Validation:
    return validate(population, targets, STUDIES, replicates=n, seed=seed)


# ---- one number


def verdict(values: np.ndarray, error: float = math.nan, **changes: object):
    return _verdict(replace(ASKED[0], **changes), values, error)


def test_an_interval_is_that_of_its_replicates():
    """0 … 100: the 5th, 50th and 95th percentile are 5, 50 and 95."""
    values = np.arange(101.0)
    found = verdict(values, 10.0, value=5.0, statistic="mean change", interval="")
    assert (found.lo, found.model, found.hi) == (5, 50, 95) and found.inside is True
    assert found.width == pytest.approx(90 / (2 * 1.6449 * 10))
    assert verdict(values, value=95.1, interval="").inside is False
    assert math.isnan(verdict(values, value=5.0, interval="").width)
    assert stats.norm.ppf(0.95) == pytest.approx(Z90, abs=1e-4)


def test_the_width_of_a_ratio_is_that_of_its_logarithm():
    values = np.exp(stats.norm.ppf(np.linspace(0, 1, 4003)[1:-1]) * 0.2)
    assert verdict(values, 0.2, statistic="gmr", interval="").width == pytest.approx(1, rel=0.005)
    published = {"lo": math.exp(-0.784), "hi": math.exp(0.784), "interval": "95 % CI"}
    assert verdict(values, 0.2, statistic="gmr", **published).width == pytest.approx(0.5, rel=0.005)


@pytest.mark.parametrize(
    ("lo", "hi", "value", "inside"),
    [
        (math.nan, 2.0, 6.0, True),  # from above, and the model reaches below
        (math.nan, 2.0, 4.0, False),
        (2.0, math.nan, 94.0, True),  # from below, and the model reaches above
        (2.0, math.nan, 96.0, False),
    ],
)
def test_a_bound_is_reached_or_not(lo, hi, value, inside):
    found = verdict(np.arange(101.0), 1.0, value=value, lo=lo, hi=hi, interval="bound")
    assert found.inside is inside and math.isnan(found.width)


def test_a_day_of_the_label_is_no_difference():
    days = np.full(9, 112.0)
    for value, inside in ((113.0, True), (111.0, True), (114.1, False)):
        assert verdict(days, statistic="plateau day", value=value, interval="").inside is inside


@pytest.mark.parametrize("values", [np.empty(0), np.array([1.0, np.nan, 2.0])])
def test_where_the_model_says_nothing_there_is_no_verdict(values):
    found = verdict(values)
    assert found.inside is None and math.isnan(found.model)


# ---- all numbers


def test_every_target_has_its_verdict_in_order(prior):
    targets = [*ASKED[::4], *(t for t in EVIDENCE if t.use == "none" or t.statistic == "adverse")]
    found = held(prior, targets, n=20)
    assert [v.target for v in found.verdicts] == targets
    for v in found.verdicts:
        if v.target in ASKED:
            assert v.lo <= v.model <= v.hi and v.inside is (v.lo <= v.target.value <= v.hi)
            assert v.width > 0 and v.used == (v.target.use in ("calibration", "input"))
        else:
            assert v.inside is None  # not predicted, or an adverse event without a model of safety
    inside, all_ = found.share_inside()
    assert all_ == len(ASKED[::4]) and inside == sum(bool(v.inside) for v in found.verdicts)
    parts = [found.share_inside(used=u, confirmed=c) for u in (True, False) for c in (True, False)]
    assert tuple(map(sum, zip(*parts, strict=True))) == (inside, all_)
    assert found == held(prior, targets, n=20)


def test_what_the_model_made_itself_lies_inside_nine_times_in_ten(prior):
    """Evidence is one study of the model at one of its draws: a 90 % interval holds 90 % of it.

    The targets of a study hang together, so that three studies of 40 numbers are worth fewer:
    0.7 is four standard errors below 0.9 if they are worth 36.
    """
    shares, some = [], ASKED[::2]
    for k in range(3):
        said = predict(some, prior, STUDIES, seed=100 + k, draws=[prior.uncertainty.row(11 * k)])
        made = [
            replace(t, value=float(said[t.id].values[0]), lo=math.nan, hi=math.nan, interval="")
            for t in some
        ]
        inside, count = held(prior, made, n=40, seed=k).share_inside()
        shares.append(inside / count)
    assert 0.7 < np.mean(shares) < 1, shares


def test_where_all_is_known_the_interval_is_the_error_of_sampling(prior):
    """Width 1: two percentiles of 200 replicates are good to 8 %, four of which are 0.3."""
    sure = replace(
        prior,
        uncertainty=PosteriorTable(
            table={"CL": np.array([prior.numbers["CL"]])}, status="calibrated", source="a test"
        ),
    )
    targets = [replace(t, lo=math.nan, hi=math.nan, interval="", n=0) for t in ASKED[::7]]
    known, unknown = (
        np.array([v.width for v in held(population, targets, n=n).verdicts])
        for population, n in ((sure, 200), (prior, 40))
    )
    np.testing.assert_allclose(known, 1, atol=0.3)
    assert unknown.mean() > known.mean()


def test_a_share_of_people_is_a_count_again(prior):
    """Beta-binomial with Jeffreys' prior: 97 of 166 again, beside scipy's quantiles."""
    share = next(t for t in EVIDENCE if t.statistic == "share" and t.n)
    (found,) = held(prior, [share], n=2000).verdicts
    per = 100 / share.n if share.unit == "%" else 1.0
    count = round(share.value / per)
    known = stats.betabinom(share.n, count + 0.5, share.n - count + 0.5)
    sd = known.std() * per
    assert found.lo == pytest.approx(known.ppf(0.05) * per, abs=0.1 * sd + per)
    assert found.hi == pytest.approx(known.ppf(0.95) * per, abs=0.1 * sd + per)
    assert found.inside
    for change in ({"n": 0}, {"value": 1e4}, {"value": -9.0}):
        with pytest.raises(ModelError, match="state n of a count"):
            held(prior, [replace(share, **change)])


def test_what_is_counted_is_not_of_a_study():
    assert not {t.statistic for t in simulated(EVIDENCE)} & set(COUNTED)


def test_without_draws_nothing_is_validated(prior):
    with pytest.raises(ModelError, match="no posterior draws; calibrate it first"):
        held(replace(prior, uncertainty=None), ASKED)
    assert structure_shares(replace(prior, uncertainty=None)) == {}
    assert structure_shares(prior) == {"fraction": 0.6, "supralinear": 0.4}
