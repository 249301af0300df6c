"""The catalog: labels are found, or refused with file, line, topic and what is expected."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thecal.datafile import DRUGS
from thecal.errors import CatalogError, DataFileError
from thecal.label.catalog import jurisdictions, load_label, medicines, read_label
from thecal.label.topics import AREAS, REQUIRED_VALUES, VALUES

US = DRUGS / "tofersen" / "label.us.yaml"

HEAD = """\
medicine: madeup
jurisdiction: us
document: Madeup prescribing information
version: "1"
effective: 2026-01-01
"""


def not_read(*but: str) -> str:
    rows = (f"  - {{topic: {name}, says: not read}}\n" for name in AREAS if name not in but)
    return "not_read:\n" + "".join(rows)


def write(tmp_path: Path, statements: str, *, head: str = HEAD, gaps: str | None = None) -> Path:
    path = tmp_path / "label.us.yaml"
    path.write_text(head + "statements:\n" + statements + (not_read() if gaps is None else gaps))
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(DataFileError, match=r"label.us.yaml cannot be read") as caught:
        read_label(path)
    return [str(fault) for fault in caught.value.faults]


GOOD = '  - {topic: mechanism, section: "1", says: It binds., values: {value: 1, unit: nM}}\n'


def test_a_label_that_keeps_the_schema_is_read(tmp_path):
    label = read_label(write(tmp_path, GOOD, gaps=not_read("mechanism")))
    (statement,) = label.statements
    assert (statement.says, dict(statement.values)) == ("It binds.", {"value": 1, "unit": "nM"})
    assert str(statement.source) == "Madeup prescribing information, 1, section 1"
    assert {gap.topic for gap in label.not_read} == set(AREAS) - {"mechanism"}


def test_every_label_in_the_catalog_is_found_by_medicine_and_jurisdiction():
    assert "tofersen" in medicines()
    for medicine in medicines():
        for jurisdiction in jurisdictions(medicine):
            label = load_label(medicine, jurisdiction)
            assert (label.medicine, label.jurisdiction) == (medicine, jurisdiction)


@pytest.mark.parametrize(
    ("medicine", "jurisdiction", "words"),
    [
        ("tofersn", "us", ["'tofersn'", "there is tofersen", "Did you mean 'tofersen'?"]),
        ("zzz", "us", ["'zzz'", "there is tofersen"]),
        ("tofersen", "usa", ["'usa'", "there is eu, jp, us", "Did you mean 'us'?"]),
        ("tofersen", "ch", ["'ch'", "there is eu, jp, us"]),
        ("../tofersen", "us", ["'../tofersen'"]),
        ("*", "us", ["'*'"]),
        ("tofersen", "*", ["'*'"]),
    ],
)
def test_an_unknown_medicine_or_jurisdiction_names_what_there_is(medicine, jurisdiction, words):
    with pytest.raises(CatalogError) as caught:
        load_label(medicine, jurisdiction)
    for word in words:
        assert word in str(caught.value)


def test_an_empty_folder_has_no_label_of_anything(tmp_path):
    with pytest.raises(CatalogError, match=r"none at all"):
        load_label("tofersen", "us", tmp_path)


def test_a_folder_of_the_users_own_is_read(tmp_path):
    (tmp_path / "tofersen").mkdir()
    shutil.copy(US, tmp_path / "tofersen")
    assert jurisdictions("tofersen", tmp_path) == ["us"]
    assert load_label("tofersen", "us", tmp_path) == load_label("tofersen", "us")


def test_a_file_that_holds_another_label_than_its_name_says_is_refused(tmp_path):
    """Who asks for the US label is never given the European one."""
    (tmp_path / "tofersen").mkdir()
    shutil.copy(DRUGS / "tofersen" / "label.eu.yaml", tmp_path / "tofersen" / "label.us.yaml")
    with pytest.raises(DataFileError, match=r"the file says tofersen, eu"):
        load_label("tofersen", "us", tmp_path)


# -- what is refused


@pytest.mark.parametrize("area", sorted(AREAS))
def test_a_label_that_leaves_an_area_out_is_refused(area, tmp_path):
    (fault,) = faults(write(tmp_path, "  []\n", gaps=not_read(area)))
    assert f"nothing on '{area}' ({AREAS[area]})" in fault
    assert "'silent'" in fault and "'not_read'" in fault


@pytest.mark.parametrize("topic", sorted(REQUIRED_VALUES))
def test_a_statement_that_programs_read_must_carry_its_values(topic, tmp_path):
    found = faults(write(tmp_path, f'  - {{topic: {topic}, section: "1", says: words}}\n'))
    assert found == [
        f"line 7: {topic}: a statement on this topic needs the value '{name}' ({VALUES[name]})"
        for name in sorted(REQUIRED_VALUES[topic])
    ]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "{topic: dosng.amount, section: x, says: y}",
            r"line 7: .*'dosng' is not an area; known are .*Did you mean 'dosing'\?",
        ),
        ("{topic: Dosing, section: x, says: y}", "line 7: .*'Dosing' is not a topic; write area"),
        ("{topic: dosing.a.b, section: x, says: y}", "line 7: .*is not a topic"),
        ("{topic: mechanism, says: y}", r"line 7: statements\[0\]: 'section' is missing"),
        ("{section: x, says: y}", "line 7: .*'topic' is missing"),
        (
            "{topic: mechanism, section: x, says: y, sayss: z}",
            r"line 7: .*sayss: unknown key; expected .*Did you mean 'says'\?",
        ),
        ("{topic: mechanism, section: x, says: ''}", "line 7: .*expected text, found nothing"),
        ("{topic: mechanism, section: x, says: [y]}", "line 7: .*expected text, found a list"),
        (
            "{topic: mechanism, section: x, says: y, values: {volume_ml: 1}}",
            r"line 7: mechanism: volume_ml: unknown value. Did you mean 'volume_mL'\?",
        ),
        (
            "{topic: mechanism, section: x, says: y, values: {value: much}}",
            "line 7: mechanism: value: expected a number, found 'much'",
        ),
        (
            "{topic: mechanism, section: x, says: y, values: {events: one}}",
            "line 7: mechanism: events: expected a list, found 'one'",
        ),
        (
            "{topic: mechanism, section: x, says: y, source: EMA}",
            "line 7: .*source: expected one of .*; found 'EMA'",
        ),
        ("just words", r"line 7: statements\[0\]: expected a mapping, found 'just words'"),
    ],
)
def test_a_malformed_statement_names_line_topic_and_what_is_expected(statement, expected, tmp_path):
    found = faults(write(tmp_path, f"  - {statement}\n"))
    assert any(re.fullmatch(expected + ".*", fault) for fault in found), found


def test_a_top_that_lacks_its_keys_is_refused_with_each_of_them(tmp_path):
    path = tmp_path / "label.us.yaml"
    path.write_text("medicine: madeup\nstatement: []\n")
    found = faults(path)
    for name in ("jurisdiction", "document", "version", "statements"):
        assert f"line 1: '{name}' is missing" in found
    assert any("statement: unknown key" in f and "Did you mean 'statements'?" in f for f in found)


def test_a_wrong_jurisdiction_or_date_is_refused(tmp_path):
    head = HEAD.replace("jurisdiction: us", "jurisdiction: uk").replace("2026-01-01", "soon")
    first, second = faults(write(tmp_path, "  []\n", head=head))
    assert first == "line 2: jurisdiction: expected one of us, eu, jp; found 'uk'."
    assert second == "line 5: effective: expected a date as YYYY-MM-DD, found 'soon'"


def test_all_faults_of_a_label_are_told_at_once(tmp_path):
    text = US.read_text()
    for good, bad in [
        ("jurisdiction: us", "jurisdiction: uss"),
        ("  - topic: dosing.loading\n", "  - topic: dosing_loading\n"),
        ("values: {interval_d: 28}", "values: {interval_d: four weeks}"),
        ("  - topic: mechanism.target\n", "  - topic: mechansm.target\n"),
    ]:
        assert text.count(good) == 1
        text = text.replace(good, bad)
    path = tmp_path / "label.us.yaml"
    path.write_text(text)
    found = faults(path)
    lines = [int(fault.split(":")[0].removeprefix("line ")) for fault in found]
    assert lines == sorted(lines)
    for words in ("'uss'", "'dosing_loading'", "four weeks", "'mechansm'"):
        assert sum(words in fault for fault in found) == 1, found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_label_is_read_or_refused_and_never_breaks(data, tmp_path):
    """Any run of characters of a true label struck out or written over."""
    lines = US.read_text().splitlines(keepends=True)
    text = "".join(lines[:12] + lines[155:200])  # the dosing part: small, and all faults shown
    at = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 40))
    new = data.draw(st.text(alphabet="ab:-[]{}&*'\"#\n \t0", max_size=8))
    path = tmp_path / "label.us.yaml"
    path.write_text(text[:at] + new + text[at + gone :])
    try:
        read_label(path)
    except DataFileError as error:
        assert all(fault.message for fault in error.faults)


# -- what is asked of a label


def test_a_topic_that_was_not_read_is_refused_in_those_words():
    """Nobody here has read the Japanese insert: docs and label.jp.yaml."""
    with pytest.raises(CatalogError, match=r"no statement on dosing.amount: .*was not read"):
        load_label("tofersen", "jp").the("dosing.amount")


def test_one_statement_asked_for_is_not_one_of_several():
    with pytest.raises(CatalogError, match=r"statements on identity.excipient; one is expected"):
        load_label("tofersen", "us").the("identity.excipient")


def test_a_value_that_is_missing_or_of_another_kind_is_refused():
    amount = load_label("tofersen", "us").the("dosing.amount")
    route = load_label("tofersen", "us").the("dosing.route")
    with pytest.raises(CatalogError, match=r"'interval_d' is missing"):
        amount.number("interval_d")
    with pytest.raises(CatalogError, match=r"'intrathecal'.*not a number"):
        route.number("route")
    with pytest.raises(CatalogError, match=r"not a list of texts"):
        amount.words("amount_mg")
    with pytest.raises(CatalogError, match=r"6.7, not a whole number"):
        amount.whole("strength_mg_per_mL")
    assert amount.words("events") == ()


def test_a_silence_is_found_by_its_topic():
    label = load_label("tofersen", "us")
    assert label.silence("dosing.gap") is not None
    assert label.silence("dosing.amount") is None
