"""A study's design as it was read, and the same study in virtual people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.datafile import DRUGS
from thecal.errors import CatalogError, DataFileError, ModelError
from thecal.model.modelfile import read_population
from thecal.model.population import Population
from thecal.model.variability import Categorical
from thecal.trial.endpoints import log_change
from thecal.trial.strata import stratum
from thecal.trial.study import (
    INTERVAL_D,
    PLACEBO,
    RICH_H,
    Arm,
    ArmData,
    Study,
    load_studies,
    simulate_arm,
)

TEXT = (DRUGS / "tofersen" / "studies.yaml").read_text(encoding="utf-8")
STUDIES = load_studies("tofersen")
VALOR = STUDIES["valor"]
TREATED = "tofersen 100 mg"


@pytest.fixture(scope="module")
def prior() -> Population:
    return read_population(DRUGS / "tofersen" / "prior.yaml")


def run(population: Population, arm: str, **changes: object) -> ArmData:
    given_: dict[str, object] = {"seed": 5, "outputs": ("csf_sod1",), **changes}
    return simulate_arm(VALOR.arm(arm), VALOR, population, **given_)


# ---- designs


def test_the_designs_are_those_of_the_reports():
    """EMA assessment report: VALOR 72 and 36, of whom 39 and 21 faster; eight doses in 24 weeks."""
    treated, placebo = VALOR.arm(TREATED), VALOR.arm(PLACEBO)
    assert (treated.size, placebo.size) == (72, 36)
    assert (treated.n["faster"], placebo.n["faster"]) == (39, 21)
    assert treated.doses_d == (0, 14, 28, 56, 84, 112, 140, 168) and not placebo.doses_d
    assert VALOR.visits_d[-1] == 28 * 7
    assert len(STUDIES["mad"].arms) == 5 and STUDIES["sad"].arm("tofersen 10 mg").amount_mg == 10


def test_an_arm_or_a_medicine_that_is_not_there_is_refused():
    with pytest.raises(ModelError, match="no arm 'tofersen 10 mg'; there are tofersen 100 mg"):
        VALOR.arm("tofersen 10 mg")
    with pytest.raises(CatalogError, match="no studies of 'aspirin'"):
        load_studies("aspirin")


@given(st.dictionaries(st.sampled_from(["faster", "slower"]), st.integers(1, 500), min_size=1))
def test_an_arm_of_more_people_has_them_in_proportion(n):
    """To within the rounding of half a person each, and never nobody."""
    arm = Arm(name="a", doses_d=(), amount_mg=0.0, n=n)
    for factor in (0.001, 0.5, 7.3):
        for word, count in arm.times(factor).n.items():
            assert count == 1 or abs(count - factor * n[word]) <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("slope", "variant", "word"),
    [
        (0.9, "", "faster"),
        (0.89, "", "slower"),
        (0.89, "I114T", "slower"),
        (0.2, "A5V", "faster"),
        (0.19, "A5V", "slower"),
        (0.5, "G94A", "faster"),
    ],
)
def test_the_rule_of_the_trial(slope, variant, word):
    assert stratum(slope, variant) == word


# ---- faults of a file


def faults_of(folder: Path, text: str) -> dict[int, str]:
    (folder / "x").mkdir(exist_ok=True)
    (folder / "x" / "studies.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        load_studies("x", folder)
    return {fault.line: fault.message for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("n: {faster: 39, slower: 33}", "n: {faster: some, slower: 33}", "expected a number"),
        ("n: {faster: 39, slower: 33}", "n: {faster: 3.9, slower: 33}", "a whole number"),
        ("n: {faster: 39, slower: 33}", "n: {faster: 1e300, slower: 33}", "at most 100000"),
        ("n: {faster: 39, slower: 33}", "n: {all: 39, slower: 33}", "or 'all'"),
        ("n: {faster: 39, slower: 33}", "n: {}", "expected people by faster, slower"),
        ("n: {faster: 39, slower: 33}", "n: {fast: 39, slower: 33}", "Did you mean 'faster'?"),
        ("n: {faster: 39, slower: 33}", "m: {faster: 39, slower: 33}", "unknown key"),
        ("[0, 14, 28, 56, 84, 112, 140, 168, 196]", "[0, 28, 14]", "expected days that rise"),
        ("[0, 14, 28, 56, 84, 112, 140, 168, 196]", "[7, 14]", "expected day 0"),
        ("[0, 14, 28, 56, 84, 112, 140, 168, 196]", "[0, x]", "expected a number, found 'x'"),
        ("[0, 14, 28, 56, 84, 112, 140, 168, 196]", "[0, -1]", "at least 0, found -1"),
        ("amount_mg: 20, doses_d: [0, 14, 28, 56, 84]", "amount_mg: 20", "go together"),
        ("amount_mg: 20, doses_d: [0, 14", "amount_mg: 0, doses_d: [0, 14", "a dose above 0 mg"),
        ("amount_mg: 20, doses_d: [0, 14, 28, 56, 84]", "amount_mg: 20, doses_d: []", "a day"),
        ("amount_mg: 20, doses_d: [0, 14", "amount_mg: 20, doses_d: [0, 0", "days that rise"),
        ("    source: EMA assessment report p42\n", "    source:\n", "expected text"),
        ("medicine: tofersen", "drug: tofersen", "unknown key"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path, old, new, why):
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    assert why in faults_of(tmp_path, text).get(line, ""), faults_of(tmp_path, text)


def test_a_study_without_an_arm_is_refused(tmp_path):
    start = TEXT.index("    arms:\n")
    text = TEXT[:start] + "    arms: {}\n"
    assert "expected an arm" in faults_of(tmp_path, text)[TEXT[:start].count("\n") + 1]


NODES = st.recursive(
    st.sampled_from(["0", "-1", "nan", "1e999", "all", "faster", "''", "x"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from("n all faster doses_d amount_mg arms visits_d about source".split()),
            inner,
            max_size=5,
        ).map(lambda held: "{" + ", ".join(f"{k}: {v}" for k, v in held.items()) + "}"),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(NODES, st.sampled_from(["studies", "x", "arms", "arm"]))
def test_any_tree_is_read_or_refused(tmp_path_factory, node, place):
    """Whatever stands where a study, its arms or an arm belong: faults, no other exception."""
    whole = {
        "studies": node,
        "x": f"{{x: {node}}}",
        "arms": f"{{x: {{about: a, source: s, visits_d: [0], arms: {node}}}}}",
        "arm": f"{{x: {{about: a, source: s, visits_d: [0], arms: {{a: {node}}}}}}}",
    }
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    (folder / "x").mkdir(parents=True, exist_ok=True)
    text = f"medicine: x\nstudies: {whole[place]}\n"
    (folder / "x" / "studies.yaml").write_text(text, encoding="utf-8")
    try:
        for study in load_studies("x", folder).values():
            assert study.visits_d[0] == 0
            for arm in study.arms.values():
                assert arm.size > 0
                assert bool(arm.doses_d) == (arm.amount_mg > 0)
    except DataFileError as error:
        assert all(fault.line >= 1 for fault in error.faults)


# ---- in virtual people


def test_a_stratum_has_only_its_groups_and_its_number(prior):
    for arm in (TREATED, PLACEBO):
        data = run(prior, arm, outputs=(), numbers={"CL": np.full(5, 100.0)})
        for word, count in VALOR.arm(arm).n.items():
            group = data.covariates["group"][:, data.of(word)]
            assert group.shape == (5, count)
            assert ((group == "slower") == (word == "slower")).all()
        assert data.of("all").all() and not data.of("nobody").any()


def test_groups_come_in_their_proportions(prior):
    """Within the faster, of 100 replicates; four standard errors. An impossible one never comes."""
    data = run(prior, PLACEBO, outputs=(), numbers={"CL": np.full(100, 100.0)})
    groups = prior.covariates["group"]
    assert isinstance(groups, Categorical)
    chance = dict(zip(groups.levels, groups.probabilities, strict=True))
    faster = data.covariates["group"][:, data.of("faster")]
    for level in ("A5V", "listed", "other"):
        p = chance[level] / (1 - chance["slower"])
        assert np.mean(faster == level) == pytest.approx(
            p, abs=4 * (p * (1 - p) / faster.size) ** 0.5
        )
    levels, p = (*groups.levels, "never"), (*groups.probabilities, 0.0)
    with_none = {**prior.covariates, "group": replace(groups, levels=levels, probabilities=p)}
    # Only the groups are asked for, so nothing has to follow the new one.
    data = run(
        replace(prior, covariates={"group": with_none["group"]}, effects={}, correlations=()),
        PLACEBO,
        outputs=(),
    )
    assert "never" not in data.covariates["group"]


def test_arms_of_one_stream_have_the_same_people_and_of_another_none(prior):
    """So a difference of arms of one stream carries no difference of people."""
    mad = STUDIES["mad"]
    n = {"all": 25}
    arms = [replace(mad.arm(name), n=n) for name in (TREATED, "tofersen 20 mg", PLACEBO)]
    made = [
        simulate_arm(arm, mad, prior, seed=1, outputs=(), stream=stream)
        for arm, stream in zip(arms, ("mad", "mad", "other"), strict=True)
    ]
    for name, value in made[0].covariates.items():
        np.testing.assert_array_equal(value, made[1].covariates[name])
    for name, value in made[0].people.items():
        np.testing.assert_array_equal(value, made[1].people[name])
    assert not np.isin(made[0].covariates["age"], made[2].covariates["age"]).any()


def test_a_replicate_is_the_same_however_many_there_are(prior):
    three = run(prior, PLACEBO, numbers={"CL": np.array([90.0, 100, 110])})
    one = run(prior, PLACEBO, numbers={"CL": np.array([90.0])})
    np.testing.assert_array_equal(one.covariates["nfl"], three.covariates["nfl"][:1])
    np.testing.assert_array_equal(one.people["CL"], three.people["CL"][:1])
    # The solver steps everybody together, which costs the last digits.
    np.testing.assert_allclose(one.measured["csf_sod1"], three.measured["csf_sod1"][:1], rtol=1e-9)
    assert not np.isin(three.covariates["age"][0], three.covariates["age"][1:]).any()


def test_numbers_of_a_replicate_are_those_of_its_population(prior):
    numbers = {"sod1_drift@slower": -0.4, "sd(phi)": 0.2, "slope~slope_pre": 0.1}
    data = run(prior, TREATED, numbers={name: np.array([v]) for name, v in numbers.items()})
    own = run(prior.with_values(numbers), TREATED)
    for name, value in own.people.items():
        np.testing.assert_allclose(data.people[name], value, rtol=1e-13)
    np.testing.assert_allclose(data.true["csf_sod1"], own.true["csf_sod1"], rtol=1e-9)


def test_what_nobody_treats_and_nothing_moves_keeps_its_ratio_of_one(prior):
    """No drift, no error of measurement: the solver's tolerance is all that is left."""
    still = replace(
        prior,
        estimates={
            **prior.estimates,
            "sod1_drift": replace(prior.estimates["sod1_drift"], value=0.0, sd=0.0),
        },
        effects={k: v for k, v in prior.effects.items() if k != "sod1_drift"},
        residual={},
    )
    values = run(still, PLACEBO).measured["csf_sod1"]
    ratio = np.exp(log_change(values, values[..., :1]).mean(axis=1))
    np.testing.assert_allclose(ratio, 1, atol=1e-9)
    treated = run(still, TREATED).measured["csf_sod1"]
    assert np.exp(log_change(treated, treated[..., :1]).mean(axis=1))[0, -1] < 0.8


def test_what_is_measured_errs_by_its_residual_and_stands_at_the_lloq(prior):
    """SD of ln: 0.15 for CSF SOD1, over 5 · 36 · 9 readings; placebo has no drug to quantify."""
    numbers = {"CL": np.full(5, 100.0)}
    data = run(prior, PLACEBO, outputs=("csf_sod1", "csf"), numbers=numbers)
    off = np.log(data.measured["csf_sod1"] / data.true["csf_sod1"])
    assert off.std() == pytest.approx(0.15, rel=4 / (2 * off.size) ** 0.5)
    assert abs(off.mean()) < 4 * 0.15 / off.size**0.5
    assert np.abs(np.corrcoef(off.reshape(-1, 9).T) - np.eye(9)).max() < 4 / 180**0.5
    assert (data.true["csf"] == 0).all() and (data.measured["csf"] == 0.001).all()


def test_a_rich_profile_follows_one_dose(prior):
    """The interval begins before the last dose, with the value that the visit reads."""
    quiet = replace(prior, residual={})
    last = run(quiet, TREATED, outputs=("plasma",), rich="last")
    assert last.interval is not None and last.rich is None
    assert last.interval.shape == (1, 72, len(INTERVAL_D))
    np.testing.assert_allclose(
        last.interval[..., 0], last.true["plasma"][..., last.visit(168.0)], rtol=1e-6
    )
    assert (last.interval.max(axis=-1) > last.interval[..., 0]).all()
    first = run(quiet, TREATED, outputs=(), rich="first", ada_negative=True)
    assert first.rich is not None and first.rich.shape == (1, 72, len(RICH_H))
    assert (first.rich[..., 0] == 0).all() and (first.rich[..., 1:] > 0).all()
    assert set(first.covariates["ada"].ravel()) == {"negative"}
    noisy = run(prior, TREATED, outputs=(), rich="first", ada_negative=True)
    assert noisy.rich is not None
    off = np.log(noisy.rich[..., 1:] / first.rich[..., 1:])
    assert off.std() == pytest.approx(0.25, rel=4 / (2 * off.size) ** 0.5)


def test_memory_changes_nothing_and_holds_what_no_number_changes(prior):
    memory: dict[object, object] = {}
    plain = run(prior, PLACEBO)
    first = run(prior, PLACEBO, memory=memory)
    assert len(memory) == 1
    again = run(prior.with_values({"sod1_drift": 0.3}), PLACEBO, memory=memory)
    assert len(memory) == 1
    np.testing.assert_array_equal(first.measured["csf_sod1"], plain.measured["csf_sod1"])
    np.testing.assert_array_equal(again.covariates["nfl"], first.covariates["nfl"])
    assert (again.people["sod1_drift"] != first.people["sod1_drift"]).any()


def test_what_cannot_be_simulated_is_refused(prior):
    with pytest.raises(ModelError, match="nobody was seen on day 7"):
        run(prior, PLACEBO, outputs=()).visit(7.0)
    without = {k: v for k, v in prior.covariates.items() if k == "sex"}
    with pytest.raises(ModelError, match="no covariate 'group'"):
        run(replace(prior, covariates=without, effects={}, correlations=()), PLACEBO)


def test_a_study_is_seen_on_its_days(prior):
    data = run(prior, PLACEBO)
    assert tuple(data.visits_d) == VALOR.visits_d and data.visit(196.0) == 8
    assert isinstance(VALOR, Study) and data.measured["csf_sod1"].shape == (1, 36, 9)
