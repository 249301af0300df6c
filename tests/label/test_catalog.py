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
from thecal.label.catalog import (
    check,
    editions,
    jurisdictions,
    load_all,
    load_label,
    medicines,
    read_label,
)
from thecal.label.topics import AREAS, ONE_OF, REQUIRED_VALUES, VALUES

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
        ("tofersn", "us", ["'tofersn'", "there is nusinersen, tofersen", "mean 'tofersen'?"]),
        ("zzz", "us", ["'zzz'", "there is nusinersen, tofersen"]),
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


# -- versions


def folder_of(tmp_path: Path, **files: str) -> Path:
    """A medicine's folder: by file name, the lines that its head has beside those of HEAD."""
    folder = tmp_path / "drugs" / "madeup"
    folder.mkdir(parents=True)
    for name, lines in files.items():
        file = folder / f"label.{name.replace('_', '.')}.yaml"
        file.write_text(HEAD + lines + "statements: []\n" + not_read())
    return folder.parent


def test_the_version_in_force_is_given_unless_another_is_asked_for(tmp_path):
    drugs = folder_of(tmp_path, us='edition: "2023"\n', us_2020='edition: "2020"\n')
    assert load_label("madeup", "us", drugs).edition == "2023"
    assert load_label("madeup", "us", drugs, "2023").edition == "2023"
    assert load_label("madeup", "US", drugs, "2020").edition == "2020"
    assert editions("madeup", "us", drugs) == ["2023", "2020"]
    assert [label.edition for label in load_all("madeup", drugs)] == ["2023", "2020"]
    assert jurisdictions("madeup", drugs) == ["us"]


def test_a_version_that_is_not_there_names_those_that_are(tmp_path):
    drugs = folder_of(tmp_path, us='edition: "2023"\n', us_2020='edition: "2020"\n')
    with pytest.raises(CatalogError) as caught:
        load_label("madeup", "us", drugs, "2021")
    assert "no version '2021'" in str(caught.value)
    assert "there is 2023, 2020" in str(caught.value)
    with pytest.raises(CatalogError, match=r"its versions have no edition"):
        load_label("tofersen", "jp", edition="2024")


def test_a_version_must_be_the_one_its_file_name_says(tmp_path):
    """Who asks for the rules of 2020 is never given those of 2021."""
    drugs = folder_of(tmp_path, us="", us_2020='edition: "2021"\n')
    with pytest.raises(DataFileError, match=r"the name says the version '2020', the file says"):
        load_label("madeup", "us", drugs, "2020")


def test_a_superseded_version_is_never_the_label_in_force(tmp_path):
    drugs = folder_of(tmp_path, us="status: superseded\n")
    with pytest.raises(DataFileError, match=r"a superseded version cannot be the label in force"):
        load_label("madeup", "us", drugs)


def test_versions_without_one_in_force_are_refused(tmp_path):
    drugs = folder_of(tmp_path, us_2020='edition: "2020"\n')
    with pytest.raises(CatalogError, match=r"label.us.yaml is missing .* none that is in force"):
        load_label("madeup", "us", drugs)


def test_two_files_cannot_be_the_same_version(tmp_path):
    drugs = folder_of(tmp_path, us='edition: "2020"\n', us_2020='edition: "2020"\n')
    with pytest.raises(DataFileError, match=r"label.us.2020.yaml is the version '2020', too"):
        load_label("madeup", "us", drugs)


def test_every_version_that_is_shipped_is_read_by_its_name():
    for medicine in medicines():
        labels = load_all(medicine)
        assert {label.jurisdiction for label in labels} == set(jurisdictions(medicine))
        for label in labels:
            edition = label.edition or None
            assert load_label(medicine, label.jurisdiction, edition=edition) == label


# -- checking a folder


def test_what_is_shipped_has_no_fault():
    found = check(DRUGS)
    assert {checked.name for checked in found} >= {
        "tofersen/label.us.yaml",
        "nusinersen/label.us.2020.yaml",
    }
    for checked in found:
        assert checked.faults == () and checked.label is not None, checked


def test_every_fault_of_every_file_of_a_folder_is_found_at_once(tmp_path):
    drugs = folder_of(
        tmp_path, us="status: old\n", us_2020='edition: "2019"\n', eu_2020='edition: "2020"\n'
    )
    folder = drugs / "madeup"
    (folder / "label.usa.2020.yml").write_text("medicine: madeup\n")
    (folder / "notes.txt").write_text("not a label")
    found = {c.name: [str(fault) for fault in c.faults] for c in check(drugs)}
    assert found.keys() == {
        "madeup/label.us.yaml",
        "madeup/label.us.2020.yaml",
        "madeup/label.eu.2020.yaml",
        "madeup/label.usa.2020.yml",
        "madeup",
    }
    assert any("found 'old'" in fault for fault in found["madeup/label.us.yaml"])
    assert any("'2020', the file says 'ed" in f for f in found["madeup/label.us.2020.yaml"])
    assert any("the file says madeup, us" in f for f in found["madeup/label.eu.2020.yaml"])
    assert any("under another name it is not" in f for f in found["madeup/label.usa.2020.yml"])
    assert any("'jurisdiction' is missing" in f for f in found["madeup/label.usa.2020.yml"])
    (missing,) = found["madeup"]
    assert missing.startswith("label.eu.yaml is missing")


def test_a_medicine_in_the_wrong_folder_is_found(tmp_path):
    drugs = folder_of(tmp_path, us="")
    (drugs / "madeup").rename(drugs / "othername")
    (found,) = check(drugs / "othername")
    assert "it stands where othername, us is expected" in str(found.faults[0])


def test_one_file_is_checked_wherever_it_stands(tmp_path):
    """Somebody writes the file first, and the folder later."""
    (found,) = check(write(tmp_path, GOOD, gaps=not_read("mechanism")))
    assert found.label is not None and found.name == "label.us.yaml"


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(CatalogError, match=r"no label in this folder"):
        check(tmp_path)


# -- what is refused


@pytest.mark.parametrize("area", sorted(AREAS))
def test_a_label_that_leaves_an_area_out_is_refused(area, tmp_path):
    (fault,) = faults(write(tmp_path, "  []\n", gaps=not_read(area)))
    assert f"nothing on '{area}' ({AREAS[area]})" in fault
    assert "'silent'" in fault and "'not_read'" in fault


@pytest.mark.parametrize("topic", sorted(REQUIRED_VALUES))
def test_a_statement_that_programs_read_must_carry_its_values(topic, tmp_path):
    found = faults(write(tmp_path, f'  - {{topic: {topic}, section: "1", says: words}}\n'))
    assert [fault for fault in found if "exactly one" not in fault] == [
        f"line 7: {topic}: a statement on this topic needs the value '{name}' ({VALUES[name]})"
        for name in sorted(REQUIRED_VALUES[topic])
    ]


@pytest.mark.parametrize("topic", sorted(ONE_OF))
def test_what_may_be_said_in_one_of_several_ways_is_said_in_exactly_one(topic, tmp_path):
    """An interval is in days or in calendar months, never in both and never in neither."""
    words = {"restart": "loading", "anchor": "original_grid"}
    values = [f"{name}: {words.get(name, 4)}" for name in ONE_OF[topic]]
    start = f'  - {{topic: {topic}, section: "1", says: words, values: {{from_months: 8, '

    def found(chosen: list[str]) -> list[str]:
        gaps = not_read(topic.split(".")[0])
        path = write(tmp_path, start + ", ".join(chosen) + "}}\n", gaps=gaps)
        try:
            read_label(path)
        except DataFileError as error:
            return [str(fault) for fault in error.faults]
        return []

    for value in values:
        assert found([value]) == []
    (neither,) = found([])
    assert neither.endswith(f"exactly one of the values {', '.join(ONE_OF[topic])}; found none")
    (both,) = found(values[:2])
    names = ", ".join(f"'{name}'" for name in ONE_OF[topic][:2])
    assert both.endswith(f"found {names}")


@pytest.mark.parametrize(
    ("topic", "values", "expected"),
    [
        (
            "dosing.amount",
            "amount_mg: 12, volume_mL: 5, strength_mg_per_mL: 24",
            "5 mL of 24 mg/mL is 120 mg, not 12 mg",
        ),
        (
            "administration.bolus",
            "least_min: 3, most_min: 1",
            "least_min is 3 and most_min is 1; the first is the lower one",
        ),
        (
            "dosing.loading",
            "doses: 4, interval_d: 14, days: ['0', '14', '28']",
            "4 doses on 3 days",
        ),
        (
            "dosing.loading",
            "doses: 3, interval_d: 28, days: ['0', '14', '28']",
            "the first interval is 28 days, and the days say 14",
        ),
        (
            "dosing.loading",
            "doses: 3, interval_d: 14, days: ['0', '14', '14']",
            "days rise from dose to dose; found 0, 14, 14",
        ),
        (
            "dosing.loading",
            "doses: 2, interval_d: 14, days: ['0', two weeks]",
            "days are whole numbers counted from the first dose; found 0, two weeks",
        ),
    ],
)
def test_numbers_of_a_statement_that_cannot_all_be_true_are_refused(
    topic, values, expected, tmp_path
):
    statement = f'  - {{topic: {topic}, section: "1", says: words, values: {{{values}}}}}\n'
    assert faults(write(tmp_path, statement)) == [f"line 7: {topic}: {expected}"]


def test_a_printed_strength_may_be_rounded(tmp_path):
    """6.7 mg/mL times 15 mL is 100.5 mg, and the label prints 100 mg."""
    values = "{amount_mg: 100, volume_mL: 15, strength_mg_per_mL: 6.7}"
    read_label(
        write(
            tmp_path,
            f'  - {{topic: dosing.amount, section: "1", says: words, values: {values}}}\n',
            gaps=not_read("dosing"),
        )
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("from_months: 8, to_months: 16", "from_months: 18", "ends at 16 months .* begins at 18"),
        ("from_months: 8, to_months: 16", "from_months: 12", "ends at 16 months .* begins at 12"),
        ("from_months: 8", "from_months: 16", "ends at inf months .* begins at 16"),
    ],
)
def test_gaps_after_a_last_dose_are_answered_once(first, second, expected, tmp_path):
    """A gap that two tiers answer, or none, would leave the date to the order of the file."""
    rows = [
        f'  - {{topic: missed_dose.gap, section: "1", says: x, values: {{{v}, extra_doses: 1}}}}\n'
        for v in (first, second)
    ]
    (fault,) = faults(write(tmp_path, "".join(rows), gaps=not_read("missed_dose")))
    assert re.search(expected, fault), fault


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
