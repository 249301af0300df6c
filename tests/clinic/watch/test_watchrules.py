"""A verdict on a figure needs a named policy; it carries the name, and never makes an alarm."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.finding import Severity
from thecal.clinic.watch.rules import (
    MEASURES,
    Figure,
    judge,
    load_watch_policy,
    read_watch_policy,
)
from thecal.errors import DataFileError, PolicyError

ROOT = Path(__file__).resolve().parents[3]
DGN, HEGEN, LOCAL = (load_watch_policy(name) for name in ("dgn", "hegen", "local"))
EXAMPLE = load_watch_policy(str(ROOT / "examples" / "csf-policy.yaml"))


def figure(measure: str, value: float, **more) -> Figure:
    return Figure(measure=measure, value=value, unit="u", time_d=60, **more)


def codes(policy, *figures: Figure, age_y: float | None = None) -> list[str]:
    return [f.code for f in judge(policy, figures, age_y)]


@pytest.mark.parametrize(
    ("measure", "within", "beyond"),
    [
        ("csf_wbc", 4.9, 5),
        ("csf_protein", 499, 500),
        ("albumin_ratio", 10, 10.1),
        ("csf_pressure", 25, 25.1),
    ],
)
@pytest.mark.published
def test_the_reference_ranges_are_those_of_the_guideline(measure, within, beyond):
    """S1 guideline 2020, table 4; opening pressure by Lee and Lueck 2014."""
    assert codes(DGN, figure(measure, within)) == ["policy.within"]
    assert codes(DGN, figure(measure, beyond)) == [f"policy.{measure}"]


@pytest.mark.parametrize(("age_y", "limit"), [(20, 8.8), (50, 10.0), (75, 11.0)])
@pytest.mark.published
def test_the_limit_of_the_albumin_ratio_grows_with_age(age_y, limit):
    """Hegen et al., abstract: age / 25 + 8."""
    assert codes(HEGEN, figure("albumin_ratio", limit), age_y=age_y) == ["policy.within"]
    above = codes(HEGEN, figure("albumin_ratio", limit + 0.01), age_y=age_y)
    assert above == ["policy.albumin_ratio"]


def test_without_the_age_a_limit_by_age_is_not_judged():
    (finding,) = judge(HEGEN, [figure("albumin_ratio", 30)])
    assert finding.code == "policy.not_judged"
    assert "the age is not recorded" in finding.message


def test_a_finding_carries_the_policy_the_source_and_what_to_do():
    (finding,) = judge(EXAMPLE, [figure("csf_wbc", 56, fold=56, rises=1)])
    assert finding.rule == "policy 'example-csf', version 1"
    assert finding.severity is Severity.CAUTION
    assert finding.source.document == "invented for the documentation"
    assert "repeat: count, protein and pressure" in finding.asks
    assert "tell: the treating neurologist" in finding.asks
    assert finding.inputs == {"csf_wbc": 56, "unit": "u", "fold": 56, "rises": 1}


@pytest.mark.parametrize(
    ("measure", "more", "expected"),
    [
        ("csf_wbc", {"rises": 2}, "policy.csf_wbc"),
        ("csf_wbc", {"rises": 1}, "policy.within"),
        ("csf_wbc", {"rises": None}, "policy.not_judged"),
        ("csf_protein", {"fold": 2.0}, "policy.csf_protein"),
        ("csf_protein", {"fold": 1.99}, "policy.within"),
        ("csf_protein", {"fold": None}, "policy.not_judged"),
    ],
)
def test_folds_and_rises_are_judged_where_they_are_known(measure, more, expected):
    assert codes(EXAMPLE, figure(measure, 10, **more)) == [expected]


@pytest.mark.parametrize(
    ("policy", "measure", "value", "expected"),
    [
        (DGN, "csf_wbc", 5, "policy.within"),  # <5 lies below 5
        (DGN, "csf_wbc", 4, "policy.within"),
        (DGN, "csf_wbc", 10, "policy.not_judged"),  # <10 may be 7 or 2
        (LOCAL, "alsfrs_respiratory_item", 3, "policy.alsfrs_respiratory_item"),
        (LOCAL, "alsfrs_respiratory_item", 5, "policy.not_judged"),
    ],
)
def test_a_value_below_the_limit_of_quantification_is_judged_only_where_it_is_sure(
    policy, measure, value, expected
):
    assert codes(policy, figure(measure, value, is_below=True)) == [expected]


def test_a_rule_that_is_not_confirmed_says_so_and_is_a_note():
    (finding,) = judge(LOCAL, [figure("alsfrs_fall_per_month", 1)])
    assert "NOT CONFIRMED" in finding.message
    assert finding.severity is Severity.NOTE
    assert codes(LOCAL, figure("alsfrs_fall_per_month", 0.99)) == ["policy.within"]


@given(
    measure=st.sampled_from(sorted(MEASURES)),
    value=st.floats(0, 1e6),
    is_below=st.booleans(),
    fold=st.none() | st.floats(0, 1e4),
    rises=st.none() | st.integers(0, 20),
    age_y=st.none() | st.floats(0, 120),
)
def test_no_figure_is_ever_serious(measure, value, is_below, fold, rises, age_y):
    """A raised figure without symptoms is an observation, never an alarm by itself."""
    seen = figure(measure, value, is_below=is_below, fold=fold, rises=rises)
    for policy in (DGN, HEGEN, LOCAL, EXAMPLE):
        for finding in judge(policy, [seen], age_y):
            assert finding.severity is not Severity.SERIOUS
            assert finding.rule == str(policy.head)
            assert finding.inputs


POLICY = """\
name: a
title: A
version: "1"
sources: {s: {title: S, version: "1"}}
rules:
  - {measure: csf_wbc, at_least: 5, says: words, source: s, section: p, confirmed: yes}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("at_least: 5, ", "", "expected one of at_least"),
        ("at_least: 5, ", "at_least: 5, above: 6, ", "found 2"),
        ("csf_wbc", "csf_cells", "expected one of csf_wbc"),
        ("says: words", "says: words, severity: serious", "expected one of note, caution"),
        ("at_least: 5", "rises: 0.5", "whole number"),
        ("at_least: 5", "at_least: many", "expected a number"),
        ("at_least: 5", "above_by_age: {at_0: 8}", "'per_year' is missing"),
        (", confirmed: yes", "", "'confirmed' is missing"),
    ],
)
def test_a_policy_that_cannot_be_read_says_why(tmp_path, old, new, words):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    assert len(read_watch_policy(path).rules) == 1
    path.write_text(POLICY.replace(old, new))
    with pytest.raises(DataFileError, match=words):
        read_watch_policy(path)


def test_a_policy_that_is_not_there_is_refused_by_naming_those_that_are():
    with pytest.raises(PolicyError, match="dgn"):
        load_watch_policy("dng")


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_policy_or_one_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("policy") / "p.yaml"
    path.write_bytes(data)
    with pytest.raises(DataFileError):
        read_watch_policy(path)
