"""The patient file: every fact optional, every fault with its line, and no word of it repeated."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.clinic.eligibility.patient import (
    OTHER_FACTS,
    YES_OR_NO,
    Lab,
    Measured,
    Patient,
    read_patient,
)
from thecal.clinic.moment import Moment, moment, time_words
from thecal.clinic.puncture.antithrombotics import groups, medicines
from thecal.errors import DataFileError, ThecalError

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "patient.yaml"
CANARY = "Hollenstein"  # nobody's; must never come back


@pytest.fixture
def read(tmp_path):
    def reading(text: str | bytes) -> Patient:
        path = tmp_path / f"{CANARY}.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_patient(path)

    return reading


def refusal(read, text: str) -> DataFileError:
    with pytest.raises(DataFileError) as caught:
        read(text)
    return caught.value


# -- what it reads


def test_the_example_holds_every_fact_that_there_is():
    """So that a clinic sees the whole form in one place."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for name in {*OTHER_FACTS, *YES_OR_NO} - {"age_years"}:
        assert f"\n{name}:" in text


def test_the_example_is_read_as_it_is_written():
    patient = read_patient(EXAMPLE)
    assert patient.medicine == "tofersen"
    assert patient.birth_date == dt.date(1971, 4, 2)
    assert patient.diagnosis is not None and patient.diagnosis.certainty == "definite"
    assert patient.variants is not None and patient.variants[0].name == "p.Ala5Val"
    assert patient.hypersensitivity == {"drug": False, "excipient": False}
    assert patient.is_so["contraception"] is True and patient.is_so["pregnant"] is False
    assert patient.alsfrs_r == Measured(value=41, on=moment("2026-11-02"))
    assert [lab.value for lab in patient.labs] == [212, 1, 84]
    assert patient.antithrombotics is not None
    assert patient.antithrombotics[0].last_dose == moment("2026-11-16T08:00+00:00")


def test_a_file_without_a_fact_leaves_every_fact_unknown(read):
    """No default: a fact that is not written is not known."""
    assert read("{}") == Patient()


@pytest.mark.parametrize("name", [*OTHER_FACTS, *YES_OR_NO])
def test_any_one_fact_may_be_left_out(read, name):
    lines, keep = [], True
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha():
            keep = not line.startswith(f"{name}:")
        if keep:
            lines.append(line)
    if name == "medicine":  # which hypersensitivity needs
        lines = [line for line in lines if not line.startswith("hypersensitivity")]
    read("\n".join(lines))


def test_no_and_none_taken_are_not_the_same_as_nothing_recorded(read):
    assert read("antithrombotics: []").antithrombotics == ()
    assert read("pregnant: no").antithrombotics is None
    assert "breastfeeding" not in read("pregnant: no").is_so


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(212, "10^9/L", 212), (212, "G/L", 212), (212_000, "/uL", 212), (212, "10^3/uL", 212)],
)
def test_a_platelet_count_is_the_same_in_every_unit(read, value, unit, expected):
    """212 G/L are 212,000 per microlitre."""
    labs = [{"test": "platelets", "value": value, "unit": unit, "on": "2026-11-20"}]
    assert read(json.dumps({"labs": labs})).labs[0].value == expected


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("1971-04-02", "2026-04-01", 54),
        ("1971-04-02", "2026-04-02", 55),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
        ("2026-11-23", "2026-11-22", None),
    ],
)
def test_the_age_is_counted_in_completed_years(read, born, on, age):
    assert read(f"birth_date: {born}").age(moment(on)) == age


def test_a_birth_date_gives_no_age_where_no_day_was_asked_about(read):
    """The answer must not depend on the clock."""
    assert read("birth_date: 1971-04-02").age(None) is None
    assert read("age_years: 54").age(None) == 54


def test_the_latest_result_counts_and_none_of_the_future():
    def at(text: str, value: float) -> Lab:
        return Lab(test="platelets", value=value, on=moment(text))

    patient = Patient(
        labs=(at("2026-11-20T08:00Z", 100), at("2026-11-21", 90), at("2026-12-01", 10))
    )

    def found(on: str) -> float | None:
        lab = patient.lab("platelets", moment(on))
        return lab.value if lab else None

    assert found("2026-11-23") == 90
    assert found("2026-11-20T07:59Z") is None
    assert found("2026-11-20T08:00Z") == 100
    assert found("2026-11-20") == 100  # a day holds all its hours
    assert found("2026-12-31") == 10
    assert patient.lab("inr", moment("2026-12-31")) is None


# -- what it refuses


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("pregnant: maybe", 1, "expected one of yes, no"),
        ("\npregnnt: no", 2, "Did you mean 'pregnant'?"),
        ("age_years: 54\nbirth_date: 1971-04-02", 1, "both"),
        ("age_years: 140", 1, "at most 120"),
        ("age_years: -1", 1, "at least 0"),
        ("birth_date: 02.04.1971", 1, "expected a date"),
        ("birth_date: 1871-04-02", 1, "year from 1900"),
        ("medicine: Tofersen", 1, "lower case"),
        ("diagnosis: {certainty: definite}", 1, "'disease' is missing"),
        ("diagnosis: {disease: MND}", 1, "expected one of ALS"),
        ("variants: []", 1, "none_found"),
        ("variants:\n- {gene: sod1}", 2, "capitals"),
        ("variants:\n- {gene: SOD1, classification: vus}", 2, "uncertain"),
        ("variants:\n- {gene: SOD1, name: p.Gly5Val}", 2, "Ala"),
        ("variants:\n- {gene: SOD1, name: A5V, classification: none_found}", 2, "one of them"),
        ("hypersensitivity: {drug: no}", 1, "to which medicine"),
        ("hypersensitivity: {excipient: yes}", 1, "to which medicine"),
        ("alsfrs_r: {score: 49}", 1, "at most 48"),
        ("alsfrs_r: {score: 40.5}", 1, "whole number"),
        ("svc: {percent: 0.8e3}", 1, "at most 200"),
        ("ventilation: {kind: none, hours_per_day: 5}", 1, "no ventilation"),
        ("ventilation: {kind: invasive}", 1, "expected one of none, non_invasive, permanent"),
        ("labs:\n- {test: platelets, value: 212, on: 2026-11-20}", 2, "'unit' is missing"),
        ("labs:\n- {test: platelets, value: 212000, unit: G/L, on: 2026-11-20}", 2, "another unit"),
        ("labs:\n- {test: platelets, value: 212, unit: mg, on: 2026-11-20}", 2, "10^9/L"),
        ("labs:\n- {test: inr, value: 0, on: 2026-11-20}", 2, "outside"),
        ("labs:\n- {test: inr, value: 1}", 2, "'on' is missing"),
        ("labs:\n- {test: inr, value: 1, on: 2026-11-20T08:00}", 2, "needs its zone"),
        ("antithrombotics:\n- {medicine: warfrin}", 2, "Did you mean 'warfarin'?"),
        ("antithrombotics:\n- {medicine: heparin, use: daily}", 2, "prophylaxis"),
        ("antithrombotics:\n- {medicine: heparin, last_dose: 2026-11-31}", 2, "expected a date"),
        ("- pregnant: no", 1, "expected a mapping"),
    ],
)
def test_a_fault_is_told_with_its_line(read, text, line, part):
    faults = refusal(read, text).faults
    assert any(fault.line == line and part in fault.message for fault in faults), faults


def test_two_results_of_one_day_that_differ_need_their_times(read):
    """Nobody can say which of the two is the later one, and one of them may forbid a puncture."""
    rows = "labs:\n- {test: inr, value: 1, on: 2026-11-20}\n- {test: inr, value: 3, on: %s}\n"
    assert "give both their times" in str(refusal(read, rows % "2026-11-20"))
    assert "give both their times" in str(refusal(read, rows % "2026-11-20T08:00Z"))
    assert len(read(rows % "2026-11-21").labs) == 2


def test_all_faults_of_a_file_are_told_at_once(read):
    text = "pregnant: maybe\nage_years: 200\nlabs:\n- {test: inr}\n- {test: nir, value: 1, on: x}\n"
    assert [fault.line for fault in refusal(read, text).faults] == [1, 2, 4, 4, 5, 5]


# -- moments


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-20T08:00", "20.11.2026", "2026-13-01", "2026-11-20T25:00Z", "now", ""),
        *("2026-11-20T08:00+99:00", "2026-11-20T08:00:61Z", "1899-12-31", "2200-01-01"),
    ],
)
def test_what_is_no_date_and_no_zoned_time_is_refused(text):
    with pytest.raises(ValueError):
        moment(text)


def test_an_instant_is_the_same_in_every_zone():
    assert moment("2026-11-20T08:30+01:00").at == moment("2026-11-20 07:30Z").at
    assert time_words(moment("2026-11-20T08:30+01:00").earliest()) == "2026-11-20 08:30 +01:00"


@pytest.mark.parametrize(
    ("first", "second", "is_after"),
    [
        ("2026-11-21", "2026-11-20", True),
        ("2026-11-20", "2026-11-20", False),
        ("2026-11-20T23:59Z", "2026-11-20", False),
        ("2026-11-20T08:00Z", "2026-11-20T08:00Z", False),
        ("2026-11-20T08:01Z", "2026-11-20T08:00Z", True),
        ("2026-11-20", "2026-11-20T08:00Z", False),
        ("2026-11-21T00:00Z", "2026-11-20", True),
        ("2026-11-21T00:30+09:00", "2026-11-20", True),
    ],
)
def test_what_may_have_been_before_is_not_after(first, second, is_after):
    assert moment(first).is_after(moment(second)) is is_after


def test_a_day_holds_its_24_hours_in_the_zone_of_the_other():
    zone = dt.timezone(dt.timedelta(hours=9))
    day = moment("2026-11-20")
    assert day.earliest(zone) == moment("2026-11-19T15:00Z").at
    assert day.latest(zone) == moment("2026-11-20T15:00Z").at
    assert Moment(day=day.day).at is None


# -- medicines against clotting


def test_no_medicine_stands_in_two_groups():
    """Or a policy would have two rows for it."""
    assert len(set(medicines())) == len(medicines())


def test_what_general_knowledge_says_of_a_group_is_marked_as_not_confirmed():
    """The reading of the guideline named these groups and not their members."""
    unsure = {name for name, group in groups().items() if not group.basis.is_confirmed}
    assert {"p2y12_blocker", "lmwh", "doac"} <= unsure
    assert groups()["warfarin"].basis.is_confirmed


# -- fuzz and canaries

BYTES = EXAMPLE.read_bytes()


@settings(max_examples=300)
@given(data=st.data())
def test_any_bytes_give_a_patient_or_one_error_that_repeats_nothing(tmp_path_factory, data):
    """The example with bytes changed, cut or put in; or any bytes at all."""
    at = data.draw(st.integers(0, len(BYTES)))
    until = data.draw(st.integers(at, min(len(BYTES), at + 40)))
    put = data.draw(st.binary(max_size=30))
    text = data.draw(st.sampled_from((BYTES[:at] + put + BYTES[until:], put)))
    path = tmp_path_factory.getbasetemp() / f"{CANARY}.yaml"
    path.write_bytes(text)
    try:
        assert isinstance(read_patient(path), Patient)
    except ThecalError as error:
        assert CANARY not in str(error)


@settings(max_examples=200)
@given(
    facts=st.dictionaries(
        st.sampled_from([*OTHER_FACTS, *YES_OR_NO]) | st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["gene", "name", "test", "value", "on", "unit", "medicine", "kind"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_any_shape_of_facts_gives_a_patient_or_one_error(tmp_path_factory, facts):
    path = tmp_path_factory.getbasetemp() / "shape.yaml"
    path.write_text(json.dumps(facts), encoding="utf-8")
    try:
        read_patient(path)
    except ThecalError as error:
        assert str(error)


PLACES = [
    "{0}: no",
    "{0}: no\n{0}: yes",
    "pregnant: {0}",
    "pregnant: no\n? [{0}]\n: x",
    "birth_date: {0}",
    "age_years: {0}",
    "medicine: {0}",
    "diagnosis: {0}",
    "diagnosis: {{disease: {0}}}",
    "diagnosis: {{disease: ALS, {0}: 1}}",
    "variants: {0}",
    "variants: [{0}]",
    "variants: [{{gene: {0}}}]",
    "variants: [{{gene: SOD1, name: {0}}}]",
    "variants: [{{gene: SOD1, name: p.{0}5Val}}]",
    "variants: [{{gene: SOD1, reported: {0}}}]",
    "hypersensitivity: {{{0}: yes}}",
    "labs: [{{test: {0}, value: 1, on: 2026-11-20}}]",
    "labs: [{{test: inr, value: {0}, on: 2026-11-20}}]",
    "labs: [{{test: platelets, value: 1, unit: {0}, on: 2026-11-20}}]",
    "labs: [{{test: inr, value: 1, on: {0}}}]",
    "antithrombotics: [{{medicine: {0}}}]",
    "antithrombotics: [{{medicine: heparin, use: {0}}}]",
    "ventilation: {{kind: {0}}}",
    "svc: {{percent: {0}}}",
    "*{0}",
    "a: &{0} [1",
    "!{0} x: [",
    "%{0}\n--- x",
    "'{0}",
    "{0}: [1, 2",
    "{0}",
    "- {0}",
    "pregnant: !!{0} no\nx",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_name_in_any_place_of_the_file_never_comes_back(read, place):
    """Nor does the name of the file, which may be the person's."""
    error = refusal(read, place.format(CANARY))
    assert CANARY.lower() not in str(error).lower()


def test_a_name_does_not_come_back_by_the_python_reader_either(read, monkeypatch):
    """Where libyaml is not installed, messages of the parser quote the file."""
    import yaml

    monkeypatch.setattr("thecal.datafile.LOADER", yaml.SafeLoader)
    for place in PLACES:
        assert CANARY.lower() not in str(refusal(read, place.format(CANARY))).lower(), place


def test_a_very_large_file_is_refused_and_many_results_too(read):
    assert "at most" in str(refusal(read, "#" * 2_000_001))
    many = "labs:\n" + "- {test: inr, value: 1, on: 2026-11-20}\n" * 501
    assert "expected at most 500, found 501" in str(refusal(read, many))
