"""The numbers of tofersen are all accounted for; a malformed file is refused with its lines.

The file is that of the prior, which people write; the shipped model is written from it.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from thecal.datafile import DRUGS
from thecal.errors import CatalogError, DataFileError, ModelError
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.modelfile import load_population, read_population
from thecal.model.population import STATUSES, Correlation, Estimate, Population
from thecal.model.residual import Residual
from thecal.model.structure import Compartments, Model, Output, Parameter
from thecal.model.variability import (
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
)

PRIOR = DRUGS / "tofersen" / "prior.yaml"
PARAMETERS = [parameter.name for parameter in INTRATHECAL_ASO.parameters]


# Spread of CL and V on the log scale, ω² = ln(1 + CV²), of CVs of 69.6 and 129 %.
OMEGA_CL, OMEGA_V = (math.sqrt(math.log1p(cv**2)) for cv in (0.696, 1.29))


@pytest.fixture(scope="module")
def tofersen() -> Population:
    """The parameters of the file, with nothing that acts on them or ties them together."""
    return replace(read_population(PRIOR), correlations=(), covariates={}, effects={})


def estimate(value: float, distribution: str, sd: float, unit: str = "1") -> Estimate:
    return Estimate(
        value=value, unit=unit, distribution=distribution, sd=sd, status="assumed", source="a test"
    )


# ---- what stands in the file


def test_tofersen_has_every_parameter_of_its_model_and_no_other(tofersen):
    assert sorted(tofersen.estimates) == sorted(PARAMETERS)


@pytest.mark.parametrize("path", [PRIOR, PRIOR.with_name("model.yaml")], ids=lambda p: p.stem)
def test_no_number_stands_without_its_status_and_source(path):
    """Before calibration and after."""
    population = read_population(path)
    for found in [*population.estimates.values(), *population.from_record.values()]:
        assert np.isfinite(found.value) and found.sd >= 0
        assert found.status in STATUSES and len(found.source) > 5
        assert bool(found.distribution) == (found.sd > 0)


def test_numbers_are_converted_once_from_the_unit_of_their_source(tofersen):
    """By hand: 0.142/h · 24 = 3.408/d; 5.8 L/h · 24 = 139.2 L/d; 0.35 mL/min · 1.44 = 0.504."""
    by_hand = {"ka": 3.408, "V_csf": 0.13, "removed": 0.01, "CL": 139.2, "Q": 36, "Q_csf": 0.504}
    for name, value in by_hand.items():
        assert tofersen.estimates[name].value == pytest.approx(value, rel=1e-12)


def test_a_cv_becomes_the_spread_of_a_lognormal(tofersen):
    """ω² = ln(1 + CV²): a CV of 49.8 % is 0.4706 on the log scale, and back."""
    sd = tofersen.estimates["ka"].sd
    assert sd == pytest.approx(0.4706, abs=1e-4)
    assert np.sqrt(np.expm1(sd**2)) == pytest.approx(0.498, rel=1e-12)


# ---- virtual people


def test_the_first_people_stay_the_same_however_many_are_drawn(tofersen):
    few, many = tofersen.draw(7, 2023), tofersen.draw(500, 2023)
    for name in PARAMETERS:
        assert (many[name][:7] == few[name]).all()


def test_a_stream_belongs_to_its_parameter_alone(tofersen):
    """Streams are keyed by name: fewer parameters, or another order, move no deviate."""
    some = Population(
        medicine="tofersen",
        model=tofersen.model,
        about="half of it",
        estimates=dict(reversed(list(tofersen.estimates.items())[:10])),
        from_record={},
    )
    one, all_of_them = some.draw(20, 3), tofersen.draw(20, 3)
    for name in one:
        assert (one[name] == all_of_them[name]).all()


def test_streams_of_different_parameters_and_seeds_are_unrelated():
    """20 000 deviates: |r| below 4/√n = 0.028 for every pair, a 1 in 16 000 event each."""
    drawn = np.array(
        [deviates(name, 20_000, 1) for name in PARAMETERS] + [deviates("ka", 20_000, 2)]
    )
    r = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(r).max() < 4 / np.sqrt(20_000)


def test_deviates_are_standard_normal():
    """400 000 of them: mean within 5/√n = 0.008, variance within 5 √(2/n), 5 % below -1.645."""
    z = deviates("ka", 400_000, 1)
    assert abs(z.mean()) < 0.008 and abs(z.var() - 1) < 0.012
    assert (z < -1.6449).mean() == pytest.approx(0.05, abs=0.002)


def test_a_large_draw_has_the_medians_and_spreads_of_the_file(tofersen):
    """50 000 people: median within 5 · 1.25 sd/√n, spread within 5/√(2n) = 1.6 %, on its scale."""
    n = 50_000
    scales = {
        "lognormal": np.log,
        "logitnormal": lambda x: np.log(x / (1 - x)),
        "normal": lambda x: x,
        "": lambda x: x,
    }
    for name, values in tofersen.draw(n, 4).items():
        found = tofersen.estimates[name]
        scale = scales[found.distribution]
        middle = scale(np.array(found.value))
        margin = 6.3 * found.sd / np.sqrt(n) + 1e-12 * abs(middle)
        assert np.median(scale(values)) == pytest.approx(middle, abs=margin)
        assert scale(values).std() == pytest.approx(found.sd, rel=0.016, abs=1e-12)


@given(value=st.floats(0.01, 0.99), sd=st.floats(0, 3), z=st.lists(st.floats(-6, 6), min_size=1))
def test_a_logit_normal_never_leaves_zero_to_one(value, sd, z):
    found = estimate(value, "logitnormal", sd).at(np.array(z))
    assert (found > 0).all() and (found < 1).all()


@given(value=st.floats(1e-6, 1e6), sd=st.floats(0, 3), z=st.floats(-6, 6))
def test_a_lognormal_is_symmetric_about_its_typical_value_as_a_ratio(value, sd, z):
    found = estimate(value, "lognormal", sd).at(np.array([-z, 0.0, z]))
    assert (found > 0).all()
    assert found[0] * found[2] == pytest.approx(value**2, rel=1e-12)
    assert found[1] == value


def test_the_typical_patient_has_every_random_effect_at_zero(tofersen):
    for name, value in tofersen.typical().items():
        assert value == pytest.approx([tofersen.estimates[name].value], rel=1e-14)


# ---- correlations, occasions, covariates, uncertainty

FULL = """
correlations:
  - {between: [CL, V], value: 0.6, status: assumed, source: a test}
  - {between: [age, weight], value: -0.3, status: assumed, source: a test}
residual:
  csf: {kind: combined, sd_prop: 0.3, sd_add: 2, lloq: 5, unit: ng/mL, status: assumed, source: t}
  nfl: {kind: log, sd_prop: 0.2, status: assumed, source: a test}
covariates:
  weight: {kind: lognormal, median: 70, sd: 0.2, unit: kg, status: assumed, source: a test}
  age: {kind: normal, mean: 50, sd: 12, unit: y, status: assumed, source: a test}
  sex: {kind: categorical, levels: {female: 0.43, male: 0.57}, status: assumed, source: a test}
  pivotal:
    kind: empirical
    columns:
      height: {unit: cm, values: [160, 170, 180]}
      antibody: {values: [no, yes, no]}
    status: assumed
    source: a test
effects:
  CL:
    - {covariate: weight, kind: power, theta: 0.75, reference: 70, status: assumed, source: a test}
    - {covariate: antibody, kind: categorical, factors: {no: 1, yes: 0.7}, status: tuned, source: t}
  V:
    - {covariate: sex, kind: categorical, factors: {female: 0.4, male: 1}, status: tuned, source: t}
uncertainty:
  names: [CL, slope, nfl_rise]
  covariance: [[0.01, 0.002, 0], [0.002, 0.03, 0], [0, 0, 1e-8]]
  status: assumed
  source: a test
"""


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Population:
    """The real parameters with everything that may act on them; IOV on CL."""
    path = tmp_path_factory.mktemp("full") / "model.yaml"
    path.write_text(FULL_TEXT, encoding="utf-8")
    return read_population(path)


def test_everything_that_may_stand_in_a_file_is_read(full):
    assert full.correlations[0] == Correlation(
        between=("CL", "V"), value=0.6, status="assumed", source="a test"
    )
    assert full.residual["csf"] == Residual(
        kind="combined", sd_prop=0.3, sd_add=0.002, lloq=0.005, status="assumed", source="t"
    )
    assert full.covariates["age"] == Normal(
        mean=50.0, sd=12.0, unit="y", status="assumed", source="a test"
    )
    assert isinstance(full.covariates["weight"], Lognormal)
    assert isinstance(full.covariates["sex"], Categorical)
    assert isinstance(full.covariates["antibody"], Empirical)
    assert full.covariates["antibody"] is full.covariates["height"]
    assert [type(effect) for effect in full.effects["CL"]] == [Trend, ByLevel]
    assert isinstance(full.uncertainty, Posterior)
    assert full.estimates["CL"].iov_sd == 0.2


def test_omega_holds_variances_and_the_covariance_stated(full):
    """0.6 · ω · ω of CL and V; a parameter without variability has variance 0."""
    omega = full.omega
    i, j, k = (omega.names.index(name) for name in ("CL", "V", "W_cns"))
    assert omega.matrix[i, j] == pytest.approx(0.6 * OMEGA_CL * OMEGA_V, rel=1e-14)
    assert omega.matrix[i, i] == pytest.approx(OMEGA_CL**2) and omega.matrix[k, k] == 0
    assert np.count_nonzero(omega.matrix - np.diag(np.diagonal(omega.matrix))) == 2


def test_what_nobody_acts_on_is_drawn_as_without_any_of_this(full, tofersen):
    """Correlations, covariates and occasions of CL and V move no other parameter's bits."""
    one, other = full.draw(50, 8, occasions=Occasions(np.array([0.0, 28.0]))), tofersen.draw(50, 8)
    for name in set(PARAMETERS) - {"CL", "V"}:
        assert (one[name] == other[name]).all()


@given(start=st.integers(0, 80), n=st.integers(1, 20), uncertain=st.booleans())
def test_a_chunk_of_people_is_the_slice_of_all_to_the_bit(full, start, n, uncertain):
    occasions = Occasions(np.array([0.0, 28.0, 56.0]))
    whole = full.draw(100, 6, occasions=occasions, uncertain=uncertain)
    part = full.draw(n, 6, start, occasions=occasions, uncertain=uncertain)
    for name in PARAMETERS:
        if isinstance(whole[name], Stepwise):
            assert (part[name].values == whole[name].values[:, start : start + n]).all()
        else:
            assert (part[name] == whole[name][start : start + n]).all()


def test_variance_within_and_between_people_is_iov_and_iiv(full):
    """ln CL at two occasions: variance ω² + π², covariance ω²; 200 000 people, 4 standard errors.

    var(s²) = 2 σ⁴/n and var(s₁₂) = (σ⁴ + ω⁴)/n for normals. The weights are held at 70 kg.
    """
    n = 200_000
    same = {"weight": np.full(n, 70.0), "sex": np.full(n, "male"), "antibody": np.full(n, "no")}
    drawn = full.draw(n, 2, covariates=same, occasions=Occasions(np.array([0.0, 28.0])))["CL"]
    assert isinstance(drawn, Stepwise) and drawn.times_d.tolist() == [0, 28]
    found = np.cov(np.log(drawn.values))
    between, both = OMEGA_CL**2, OMEGA_CL**2 + 0.2**2
    assert np.diagonal(found) == pytest.approx(both, abs=4 * both * np.sqrt(2 / n))
    assert found[0, 1] == pytest.approx(between, abs=4 * np.sqrt((both**2 + between**2) / n))


def test_without_occasions_nobody_varies_between_them(full):
    """And the value then is the middle of those that occasions spread around it."""
    still = full.draw(30, 2)["CL"]
    moved = full.draw(30, 2, occasions=Occasions(np.zeros(1)))["CL"].values[0]
    kappa = 0.2 * deviates("CL@0", 30, 2)
    assert moved == pytest.approx(still * np.exp(kappa), rel=1e-14)


def test_a_covariate_multiplies_the_typical_value(full):
    """By hand: (140/70)^0.75 and 0.7 for antibodies on CL; 0.4 for women on V."""
    people = {
        "weight": np.array([70.0, 140.0]),
        "sex": np.array(["male", "female"]),
        "antibody": np.array(["no", "yes"]),
    }
    plain = replace(full, effects={}).draw(2, 3)
    found = full.draw(2, 3, covariates=people)
    assert found["CL"] == pytest.approx(plain["CL"] * [1, 2**0.75 * 0.7], rel=1e-14)
    assert found["V"] == pytest.approx(plain["V"] * [1, 0.4], rel=1e-14)


def test_a_covariate_that_changes_with_time_makes_a_parameter_stepwise(full):
    """Weight changes on day 10, the occasion on day 28: three pieces, each with its own two."""
    weight = Stepwise(np.array([0.0, 10.0]), np.array([[70.0, 70.0], [140.0, 70.0]]))
    fixed = {"sex": np.full(2, "male"), "antibody": np.full(2, "no")}
    occasions = Occasions(np.array([0.0, 28.0]))
    moved = full.draw(2, 3, covariates={"weight": weight, **fixed}, occasions=occasions)["CL"]
    still = full.draw(2, 3, covariates={"weight": np.full(2, 70.0), **fixed}, occasions=occasions)[
        "CL"
    ]
    assert moved.times_d.tolist() == [0, 10, 28]
    ratio = moved.values / still.on(moved.times_d)
    assert ratio == pytest.approx(np.array([[1, 1], [2**0.75, 1], [2**0.75, 1]]), rel=1e-14)


def test_covariates_have_their_correlation_and_rows_stay_together(full):
    """r of the deviates behind age and weight within 4 (1 − r²)/√n."""
    n = 200_000
    drawn = full.draw_covariates(n, 1)
    r = np.corrcoef(drawn["age"], np.log(drawn["weight"]))[0, 1]
    assert r == pytest.approx(-0.3, abs=4 * 0.91 / np.sqrt(n))
    assert set(zip(drawn["height"], drawn["antibody"], strict=True)) == {
        (160.0, "no"),
        (170.0, "yes"),
        (180.0, "no"),
    }
    assert (drawn["sex"] == "female").mean() == pytest.approx(0.43, abs=4 * 0.5 / np.sqrt(n))


def test_people_drawn_without_covariates_given_are_those_with_the_ones_drawn(full):
    given_ = full.draw(40, 5, covariates=full.draw_covariates(40, 5))
    for name, values in full.draw(40, 5).items():
        assert (values == given_[name]).all()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"weight": None}, "CL needs the covariate weight"),
        ({"weigt": np.full(3, 70.0)}, "Did you mean 'weight'"),
        ({"weight": np.full(4, 70.0)}, "of 4 subjects, and 3 are drawn"),
        ({"weight": np.array([70.0, -1.0, 70.0])}, "not above 0"),
        ({"sex": np.array(["male", "femal", "male"])}, "Did you mean 'female'"),
    ],
)
def test_covariates_that_do_not_fit_are_refused(full, change, why):
    good = {"weight": np.full(3, 70.0), "sex": np.full(3, "male"), "antibody": np.full(3, "no")}
    held = {name: x for name, x in {**good, **change}.items() if x is not None}
    with pytest.raises(ModelError, match=why):
        full.draw(3, 1, covariates=held)


def test_a_covariate_that_carries_a_share_above_1_is_refused(tofersen):
    """F_cns is 0.9; a factor of 11 leaves no logit."""
    up = Trend(
        covariate="age", kind="linear", theta=1.0, reference=0.0, status="assumed", source="t"
    )
    age = Normal(mean=10.0, sd=0.0, unit="y", status="assumed", source="t")
    odd = replace(tofersen, covariates={"age": age}, effects={"F_cns": (up,)})
    with pytest.raises(ModelError, match=r"typical value of F_cns to 9\.9"):
        odd.draw(3, 1)


def test_a_variability_beyond_floating_point_is_refused(tofersen):
    wild = replace(tofersen, estimates={"CL": estimate(1.0, "lognormal", 1e4, "L/d")})
    with pytest.raises(ModelError, match="CL is not a finite number"):
        wild.draw(100, 1)


# ---- uncertainty


def test_the_typical_values_of_a_replicate_are_those_of_the_person_with_its_number(full):
    """Without variability between people, person k of an uncertain draw is draw k."""
    fixed = {name: replace(e, sd=0.0) for name, e in full.estimates.items()}
    certain = replace(full, estimates=fixed, effects={}, correlations=())
    people = certain.draw(20, 4, uncertain=True)
    for k in (0, 7, 19):
        one = certain.draw_typical(k, 4)
        assert one.uncertainty is None
        for name in PARAMETERS:
            assert people[name][k] == one.estimates[name].value


def test_people_of_an_uncertain_draw_vary_by_both(full):
    """ln slope: variance ω² + 0.03, within 4 √(2/n) of it."""
    n = 200_000
    found = np.log(full.draw(n, 4, uncertain=True)["slope"]).var()
    assert found == pytest.approx(0.6**2 + 0.03, rel=4 * np.sqrt(2 / n))
    assert np.log(full.draw(n, 4)["slope"]).var() == pytest.approx(0.6**2, rel=4 * np.sqrt(2 / n))


def test_a_replicate_is_another_population_and_its_people_keep_their_deviates(full):
    one, two = full.draw_typical(1, 4), full.draw_typical(2, 4)
    assert one.estimates["slope"].value != two.estimates["slope"].value
    ratio = one.draw(50, 9)["slope"] / two.draw(50, 9)["slope"]
    assert ratio == pytest.approx(ratio[0], rel=1e-13)


def test_no_uncertainty_stated_is_none_drawn(tofersen):
    with pytest.raises(ModelError, match="states no uncertainty"):
        tofersen.draw(3, 1, uncertain=True)
    with pytest.raises(ModelError, match="states no uncertainty"):
        tofersen.draw_typical(0, 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"residual": {"csff": Residual(kind="log")}}, "no output 'csff'. Did you mean 'csf'"),
        ({"effects": {"cl": ()}}, "no parameter 'cl'"),
        (
            {
                "correlations": (
                    Correlation(between=("CL", "VV"), value=0.1, status="assumed", source="t"),
                )
            },
            "no random effect or covariate 'VV'",
        ),
        (
            {
                "uncertainty": Posterior(
                    covariance=Omega(("CLL",), np.eye(1)), status="assumed", source="t"
                )
            },
            "no parameter 'CLL'. Did you mean 'CL'",
        ),
    ],
)
def test_a_population_made_with_a_name_that_is_not_there_is_refused(tofersen, change, why):
    with pytest.raises(ModelError, match=re.escape(why)):
        replace(tofersen, **change)


# ---- what is refused


def compact(text: str) -> str:
    """The real parameters with one line for each, so that a test can change one line."""
    held = yaml.safe_load(text)
    rows = [f"{key}: {cell(key, held[key])}" for key in ("medicine", "model", "about")]
    for group in ("parameters", "from_record"):
        rows.append(f"{group}:")
        for name, fields in held[group].items():
            cells = ", ".join(f"{key}: {cell(key, value)}" for key, value in fields.items())
            rows.append(f"  {name}: {{{cells}}}")
    return "\n".join(rows) + "\n"


def cell(key: str, value: object) -> str:
    needs_quotes = key in ("about", "source") or str(value)[0] in "%1"
    return f'"{value}"' if isinstance(value, str) and needs_quotes else str(value)


GOOD = compact(PRIOR.read_text(encoding="utf-8"))
FULL_TEXT = GOOD.replace("cv_percent: 69.6", "cv_percent: 69.6, iov_sd: 0.2")
FULL_TEXT += FULL


def test_the_compact_form_is_read_like_the_file(tofersen, tmp_path):
    """Else the tests below would change another file than the real one."""
    path = tmp_path / "model.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_population(path).estimates == tofersen.estimates


def faults_of(tmp_path: Path, text: str) -> dict[int, str]:
    """The faults of a file by line."""
    path = tmp_path / "model.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as refused:
        read_population(path)
    found: dict[int, str] = {}
    for fault in refused.value.faults:
        found[fault.line] = f"{found.get(fault.line, '')}\n{fault.message}"
    return found


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("  phi: {", "  phy: {", "Did you mean 'phi'?"),
        ("value: 31, unit: d,", "value: 31, unit: h,", "'h' cannot be read as d"),
        ("value: 1.4, unit: kg", "value: nan, unit: kg", "found 'nan'"),
        ("value: 1.4, unit: kg", "value: many, unit: kg", "found 'many'"),
        ("value: 1.4, unit: kg", "value: .inf, unit: kg", "expected a number"),
        ("{value: 1.4, unit: kg", "{unit: kg", "'value' is missing"),
        ("kg, status: assumed", "kg, status: tune", "Did you mean 'tuned'?"),
        ("kg, status: assumed", "kg", "'status' is missing"),
        ("kg, status", "kg, varies: lognormal, status", "variability needs"),
        ("kg, status", "kg, sd: 0.3, status", "variability needs"),
        ("kg, status", "kg, varies: lognormal, sd: 1, cv_percent: 9, status", "variability needs"),
        ("kg, status", "kg, varies: normal, cv_percent: 9, status", "is for a lognormal"),
        ("kg, status", "kg, varies: lognormal, sd: -0.3, status", "at least 0, found -0.3"),
        ("kg, status", "kg, varies: uniform, sd: 0.3, status", "expected one of lognormal"),
        ("kg, status", "kg, varies: boxcox, sd: 0.3, status", "a boxcox needs it"),
        ("kg, status", "kg, varies: normal, sd: 0.3, shape: 1, status", "is for a boxcox"),
        ("kg, status", "kg, iov_sd: 0.3, status", "between occasions needs 'varies'"),
        ("value: 0.85, unit", "value: 1.1, unit", "cannot be the typical value of a logitnormal"),
        ("value: 15, unit", "value: 0, unit", "0 mg/kg is not above 0 and at most inf"),
    ],
)
def test_a_slip_in_one_number_is_named_with_its_line(tmp_path, old, new, why):
    """Each row changes one line of the real file and nothing else."""
    assert GOOD.count(old) == 1
    faults = faults_of(tmp_path, GOOD.replace(old, new))
    assert why in faults[line_of(GOOD, old)]


def test_a_number_without_a_source_is_refused(tmp_path):
    text = GOOD.replace(', source: "US PI 2.2, CSF removed before the dose"', "")
    assert "'source' is missing" in faults_of(tmp_path, text)[line_of(text, "  removed:")]


def test_a_parameter_left_out_is_named(tmp_path):
    line = next(row for row in GOOD.splitlines(keepends=True) if row.startswith("  removed:"))
    assert "'removed' is missing" in "".join(faults_of(tmp_path, GOOD.replace(line, "")).values())


def test_all_faults_of_a_file_are_raised_at_once(tmp_path):
    text, lines = GOOD, set()
    for old, new in (
        ("  W_cns: {value: 1.4,", "  W_cns: {value: nan,"),
        ("  t_half_cns: {value: 31, unit: d,", "  t_half_cns: {value: 31, unit: h,"),
        ("varies: normal, sd: 0.25", "varies: gamma, sd: 0.25"),
        ("  hill: {", "  hil: {"),
    ):
        assert GOOD.count(old) == 1
        text = text.replace(old, new)
        lines.add(line_of(GOOD, old))
    assert len(lines) == 4 and lines <= set(faults_of(tmp_path, text))


def test_a_model_nobody_wrote_is_refused(tmp_path):
    faults = faults_of(tmp_path, GOOD.replace("model: intrathecal_aso", "model: intrathecal_asso"))
    assert "Did you mean 'intrathecal_aso'?" in "".join(faults.values())


def test_a_medicine_without_a_model_is_a_catalog_error():
    with pytest.raises(CatalogError, match="no model of 'nosuchdrug'"):
        load_population("nosuchdrug")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("W_cns: {value: 1.4,", "W_cns: {value: -1.4,"),
        ("removed: {value: 10,", "removed: {value: 0,"),
        ("phi: {value: 0.0065,", "phi: {value: 1.1,"),
        ("alsfrs_r_baseline: {value: 37,", "alsfrs_r_baseline: {value: 49,"),
    ],
)
def test_a_value_outside_what_its_parameter_can_be_is_refused(tmp_path, old, new):
    """A negative clearance or a share above 1 would give curves that mean nothing."""
    assert GOOD.count(old) == 1
    assert "is not above" in faults_of(tmp_path, GOOD.replace(old, new))[line_of(GOOD, old)]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("between: [CL, V]", "between: [CLL, V]", "expected one of"),
        ("between: [CL, V]", "between: [CL, CL]", "two parameters that vary, or two covariates"),
        ("between: [CL, V]", "between: [CL, age]", "two parameters that vary, or two covariates"),
        ("between: [CL, V]", "between: [CL, hill]", "expected one of"),
        ("between: [CL, V], value: 0.6", "between: [CL, V], value: 1.6", "at most 1, found 1.6"),
        ("between: [CL, V], value: 0.6", "between: [CL, V]", "'value' is missing"),
        ("  csf: {kind", "  csff: {kind", "Did you mean 'csf'?"),
        ("kind: combined", "kind: combine", "Did you mean 'combined'?"),
        ("kind: combined", "kind: log", "'combined' has both"),
        ("unit: ng/mL, ", "", "need their 'unit', as mg/L"),
        ("unit: ng/mL", "unit: furlong", "'furlong' cannot be read as mg/L"),
        ("kind: lognormal, median: 70", "kind: lognormal, median: 0", "above 0"),
        ("kind: normal, mean", "kind: normel, mean", "Did you mean 'normal'?"),
        ("  age: {", "  CL: {", "name of another covariate or of a parameter"),
        ("female: 0.43", "female: 0.53", "sum to 1.1"),
        ("covariate: weight", "covariate: weigt", "Did you mean 'weight'?"),
        ("covariate: weight", "covariate: sex", "one of a few words; use 'categorical'"),
        ("covariate: sex", "covariate: age", "which is a number"),
        ("kind: power", "kind: powr", "Did you mean 'power'?"),
        ("reference: 70", "reference: 0", "reference of weight above 0"),
        ("factors: {no: 1, yes: 0.7}", "factors: {no: 1}", "'yes' is missing"),
        ("factors: {no: 1, yes: 0.7}", "factors: {no: 1, yess: 0.7, yes: 1}", "unknown key"),
        ("  names: [CL, slope", "  names: [CL, slop", "expected one of"),
        ("  names: [CL, slope", "  names: [CL, hill", "'varies', with 'sd: 0'"),
        ("[0, 0, 1e-8]", "[0, 0]", "expected 3 rows of 3 numbers"),
        ("iov_sd: 0.2", "iov_sd: -0.2", "at least 0"),
    ],
)
def test_a_slip_in_how_people_differ_is_named_with_its_line(tmp_path, old, new, why):
    """Each row changes one line of a file with everything in it."""
    assert FULL_TEXT.count(old) == 1
    faults = faults_of(tmp_path, FULL_TEXT.replace(old, new))
    assert why in faults[line_of(FULL_TEXT, old)]


def test_a_covariance_that_is_none_is_refused(tmp_path):
    faults = faults_of(tmp_path, FULL_TEXT.replace("[0.002, 0.03, 0]", "[0.003, 0.03, 0]"))
    assert "the other way round" in "".join(faults.values())


def test_correlations_that_contradict_each_other_are_refused(tmp_path):
    more = "".join(
        f"  - {{between: [{a}, {b}], value: {r}, status: assumed, source: a test}}\n"
        for a, b, r in (("V", "ka", 0.9), ("ka", "CL", -0.9))
    )
    text = FULL_TEXT.replace("residual:\n", more + "residual:\n")
    assert "contradict each other" in "".join(faults_of(tmp_path, text).values())


def test_the_same_pair_twice_is_refused(tmp_path):
    more = "  - {between: [V, CL], value: 0.6, status: assumed, source: a test}\nresidual:\n"
    faults = faults_of(tmp_path, FULL_TEXT.replace("residual:\n", more))
    assert "given twice" in "".join(faults.values())


def test_draws_of_a_posterior_are_read_in_their_unit(tmp_path):
    """7.2 L/h · 24 = 172.8 L/d; rows stay together."""
    text = GOOD + (
        "uncertainty:\n  draws:\n    CL: {unit: L/h, values: [7.2, 9]}\n"
        '    hill: {unit: "1", values: [1, 2]}\n  status: assumed\n  source: a test\n'
    )
    path = tmp_path / "model.yaml"
    path.write_text(text, encoding="utf-8")
    found = read_population(path)
    assert isinstance(found.uncertainty, PosteriorTable)
    pairs = {
        (round(one.estimates["CL"].value, 9), one.estimates["hill"].value)
        for one in (found.draw_typical(k, 1) for k in range(40))
    }
    assert pairs == {(172.8, 1.0), (216.0, 2.0)}
    for old, new, why in (
        ("values: [7.2, 9]", "values: [7.2, -9]", "cannot be the typical value of a lognormal"),
        ("values: [7.2, 9]", "values: [7.2]", "equally long"),
        ("values: [7.2, 9]", "values: []", "equally long"),
        ("  draws:", "  names: [CL]\n  draws:", "give 'names' and 'covariance', or 'draws'"),
        ("    CL: {unit: L/h", "    CLL: {unit: L/h", "Did you mean 'CL'?"),
    ):
        assert why in "".join(faults_of(tmp_path, text.replace(old, new)).values())


def test_all_faults_of_all_sections_are_raised_at_once(tmp_path):
    text = FULL_TEXT
    for old, new in (
        ("kg, status: assumed", "kg, status: tune"),
        ("between: [CL, V]", "between: [CLL, V]"),
        ("kind: combined", "kind: combine"),
        ("female: 0.43", "female: 0.53"),
        ("kind: power", "kind: powr"),
        ("[0, 0, 1e-8]", "[0, 0]"),
    ):
        assert text.count(old) == 1 or old.startswith("kg")
        text = text.replace(old, new)
    assert len(faults_of(tmp_path, text)) >= 6


# ---- numbers stated in Python, and for a model of one's own


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"Cl": estimate(1.0, "", 0.0, "L/d")}, "no parameter 'Cl'"),
        ({"CL": estimate(1.0, "", 0.0, "L/h")}, "CL is given in L/h; the model has it in L/d"),
        ({"CL": estimate(1.0, "lognormla", 0.3, "L/d")}, "no distribution 'lognormla'"),
        ({"CL": estimate(1.0, "", 0.3, "L/d")}, "CL varies; say on which scale"),
        ({"CL": estimate(1.0, "lognormal", -0.3, "L/d")}, "at least 0"),
        ({"CL": estimate(np.nan, "lognormal", 0.3, "L/d")}, "finite"),
        ({"CL": estimate(0.0, "", 0.0, "L/d")}, "CL is 0; it is above 0"),
        ({"D_cns": estimate(60.0, "logitnormal", 0.3, "mg")}, "cannot be the typical value"),
    ],
)
def test_a_number_stated_in_python_is_refused_as_one_in_a_file_is(tofersen, wrong, said):
    """A clearance per hour taken for one per day would be wrong by 24 and look like a number."""
    with pytest.raises(ModelError, match=re.escape(said)):
        replace(tofersen, estimates={**tofersen.estimates, **wrong})


def test_a_unit_written_otherwise_is_the_same_unit(tofersen):
    same = replace(tofersen.estimates["IC50"], unit="1/kg*mg")
    assert replace(tofersen, estimates={**tofersen.estimates, "IC50": same}).typical()


def test_a_file_may_name_a_model_of_ones_own():
    """examples/oral.yaml names the model of docs/modelling.md; 2 L/h is 48 L/d, 90 % is 0.9."""
    stated = {"ka": "1/d", "CL": "L/d", "V": "L", "F1": "1", "tlag": "d"}
    stated |= {"Imax": "1", "IC50": "mg/L", "kout": "1/d", "R0": "ng/mL"}
    oral = Model(
        name="oral",
        parameters=tuple(Parameter(name, unit) for name, unit in stated.items()),
        parts=(Compartments("depot central", {"depot > central": "ka", "central >": "CL / V"}),),
        outputs=(Output("cp", "mg/L", "", "central / V"),),
    )
    path = Path(__file__).parents[2] / "examples" / "oral.yaml"
    found = read_population(path, {"oral": oral})
    assert found.model is oral and not found.from_record
    assert found.estimates["CL"].value == pytest.approx(48.0, rel=1e-15)
    assert found.estimates["Imax"].value == pytest.approx(0.9, rel=1e-15)
    with pytest.raises(DataFileError, match="oral"):
        read_population(path)
