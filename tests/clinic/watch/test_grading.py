"""Grades come from recorded facts; where they do not suffice, what is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.watch.condition import number
from thecal.clinic.watch.grading import event_facts, grade_event, grade_value, read_scale, scales
from thecal.course import Event
from thecal.errors import DataFileError


def graded(name: str, method: str):
    return grade_event(Event(time_d=1, name=name, method=method))


@pytest.mark.parametrize(
    ("name", "method", "grade"),
    [
        ("myelitis", "symptoms=none", 1),
        ("myelitis", "severity=moderate", 2),
        ("myelitis", "adl=instrumental", 2),
        ("myelitis", "severity=severe", 3),
        ("myelitis", "adl=self_care", 3),
        ("myelitis", "adl=self_care; life_threatening=yes", 4),
        ("myelitis", "fatal=yes", 5),
        ("radiculitis", "severity=mild", 1),
        ("polyradiculitis", "severity=moderate, adl=instrumental", 2),
        ("papilloedema", "symptoms=none", 1),
        ("papilledema", "symptoms=some acuity=20/40", 2),
        ("papilledema", "severity=mild acuity=20/30", 2),
        ("papilledema", "acuity=20/50", 3),
        ("papilledema", "acuity=20/200", 4),
        ("papilledema", "acuity=0.05", 4),
        ("aseptic_meningitis", "care=invasive", 3),
        ("aseptic_meningitis", "deficit=focal", 3),
        ("headache", "severity=severe", 3),
        ("post_lp_headache", "severity=mild care=none", 1),
        ("post_lp_headache", "care=patch", 2),
    ],
)
@pytest.mark.published
def test_an_event_has_the_grade_of_ctcae(name, method, grade):
    """CTCAE v5.0 of 27 Nov 2017, spreadsheet of the NCI, read in a copy."""
    found = graded(name, method)
    assert found.grade == grade
    assert str(found).startswith(f"CTCAE v5, {found.term.name}: grade {grade} (")


def test_meningitis_has_no_grade_below_three():
    """CTCAE v5: grades 1 and 2 of Meningitis do not exist."""
    found = graded("aseptic_meningitis", "care=medical deficit=none life_threatening=no")
    assert found.grade == 0
    assert str(found) == "CTCAE v5, Meningitis: below its lowest grade, 3"


@pytest.mark.parametrize("method", ["", "MRI", "severity=terrible", "acuity=20/0", "acuity=near"])
def test_what_was_not_recorded_is_not_guessed(method):
    found = graded("papilledema", method)
    assert found.grade is None
    assert str(found).endswith("not gradable from what is recorded: needs acuity, symptoms")


def test_a_grade_that_could_be_higher_says_what_is_missing():
    found = graded("myelitis", "adl=self_care")
    assert (found.grade, found.missing) == (3, ("life_threatening",))
    assert str(found).endswith("; whether it is higher needs life_threatening")
    assert graded("myelitis", "adl=self_care life_threatening=no").missing == ()


def test_facts_follow_from_facts():
    assert event_facts(Event(time_d=0, name="x", method="symptoms=none"))["severity"] == "none"
    assert event_facts(Event(time_d=0, name="x", method="SEVERITY = Mild"))["symptoms"] == "some"
    assert event_facts(Event(time_d=0, name="x", method="adl=none")).get("symptoms") is None


def test_what_has_no_term_has_no_grade():
    assert graded("fatigue", "severity=severe") is None
    assert grade_value("albumin_ratio", 20) is None


@pytest.mark.parametrize(
    ("measure", "value", "grade"),
    [
        *(("platelets", v, g) for v, g in ((74.9, 2), (50, 2), (49.9, 3), (25, 3), (24.9, 4))),
        *(("platelets", v, None) for v in (75, 140, 400)),
        *(("inr", v, g) for v, g in ((1.2, 0), (1.21, 1), (1.5, 1), (1.51, 2), (2.5, 2), (2.6, 3))),
        *(("urine_protein_24h", v, g) for v, g in ((0.99, None), (1, 2), (3.49, 2), (3.5, 3))),
    ],
)
@pytest.mark.published
def test_a_laboratory_value_has_the_grade_of_ctcae(measure, value, grade):
    """CTCAE v5.0; a platelet count from 75 on needs the laboratory's own lower limit."""
    assert grade_value(measure, value).grade == grade


@pytest.mark.parametrize(
    ("measure", "value", "grade"),
    [("csf_wbc", v, g) for v, g in ((4.9, 0), (5, 1), (49, 1), (50, 2), (499, 2), (500, 3))]
    + [("csf_protein", v, g) for v, g in ((499, 0), (500, 1), (1000, 2), (2000, 3))],
)
def test_where_ctcae_has_no_term_the_grade_says_whose_it_is(measure, value, grade):
    found = grade_value(measure, value)
    assert found.grade == grade
    assert str(found).startswith("thecal grade, not CTCAE, ")
    assert not found.term.basis.is_confirmed


@given(st.floats(0, 6000), st.sampled_from(["platelets", "inr", "csf_wbc", "csf_protein"]))
def test_every_value_has_at_most_one_grade(value, measure):
    found = grade_value(measure, value)
    held = [
        step
        for step, (_, when) in found.term.grades.items()
        if when.holds({"value": value}) is True
    ]
    assert len(held) <= 1
    assert found.grade in (None, 0, *held)


def test_an_own_grade_never_stands_for_a_ctcae_term():
    ctcae, own = scales()
    assert not {t.name for t in ctcae.terms} & {t.name for t in own.terms}
    names = [name for scale in scales() for term in scale.terms for name in term.events]
    assert len(names) == len(set(names))
    assert "verify" in ctcae.note


@pytest.mark.parametrize(
    ("text", "value"), [("20/40", 0.5), ("0.5", 0.5), ("12", 12), ("1/0", None), ("x", None)]
)
def test_an_acuity_is_read_as_a_fraction_or_a_number(text, value):
    assert number(text) == value


SCALE = """\
name: a
title: A
version: "1"
kind: own
note: n
sources: {s: {title: S, version: "1"}}
terms:
  - term: T
    events: [x]
    source: s
    section: p
    confirmed: yes
    grades: {1: {says: slight, when: [adl=none]}}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("when: [adl=none]", "when: [adl is none]", "expected conditions such as"),
        ("{1: {", "{6: {", "expected a grade from 1 to 5"),
        ("    events: [x]\n", "", "one of the two"),
        ("events: [x]", "events: [x]\n    measure: y", "one of the two"),
        ("source: s\n", "source: t\n", "expected one of s"),
        ("kind: own\n", "", "'kind' is missing"),
    ],
)
def test_a_scale_that_cannot_be_read_says_where_and_what_is_expected(tmp_path, old, new, words):
    path = tmp_path / "scale.yaml"
    path.write_text(SCALE)
    assert read_scale(path).terms[0].grades.keys() == {1}
    path.write_text(SCALE.replace(old, new))
    with pytest.raises(DataFileError, match=words):
        read_scale(path)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_scale_or_one_error(tmp_path_factory, data):
    path: Path = tmp_path_factory.mktemp("scale") / "s.yaml"
    path.write_bytes(data)
    with pytest.raises(DataFileError):
        read_scale(path)
