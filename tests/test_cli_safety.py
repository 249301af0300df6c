"""`thecal safety`: what it prints, with which exit code, on made-up and on published courses."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from thecal.cli import app

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
CASES = ROOT / ".." / "shared" / "data" / "cases"
US_51 = (
    "If symptoms fit, start the work-up and treatment by the standard of care; tofersen may have "
    "to be interrupted or stopped."
)
US_REST = "If symptoms fit, start the work-up and treatment by the standard of care."
HEAD = "id,day,kind,value,unit,method\n"
DOSES = "".join(f"p,{day},dose,100,mg,intrathecal\n" for day in (0, 14, 28, 56, 84))
# A person who does not exist, whose legs grow weak a week before anybody looks.
LOOK_ALIKE = (
    HEAD
    + DOSES
    + (
        "p,0,csf_wbc,2,cells/uL,\np,84,csf_wbc,40,cells/uL,\np,90,event,leg_weakness,,\n"
        "p,93,event,urinary_retention,,\np,97,event,myelitis,,severity=moderate\n"
        "p,97,event,tofersen_held,,\np,120,event,myelitis_resolved,,\n"
    )
)


def run(*arguments: object):
    return CliRunner().invoke(app, ["safety", *map(str, arguments)], catch_exceptions=False)


def asked(*arguments: object) -> dict:
    result = run(*arguments, "--json")
    assert result.exit_code in (0, 1), result.stderr
    document = json.loads(result.stdout)
    assert document["is_serious"] is (result.exit_code == 1)
    return document


def case(name: str) -> Path:
    """A published course: one of the examples, or one that must not be part of the project."""
    for folder in (EXAMPLES, CASES):
        if (folder / f"{name}.csv").exists():
            return folder / f"{name}.csv"
    pytest.skip("the trial courses are CC BY-NC-ND and not part of the project")


def seen(document: dict, code: str, day: float) -> list[dict]:
    return [f for f in document["findings"] if f["code"] == code and f["day"] == day]


@cache
def schema() -> dict:
    return json.loads(files("thecal.report").joinpath("schemas/safety.v1.json").read_text("utf-8"))


def keeps(document: dict) -> None:
    check = Draft202012Validator(schema(), format_checker=FormatChecker())
    assert not [f"{e.json_path}: {e.message}" for e in check.iter_errors(document)]


# -- published courses


@pytest.mark.parametrize(
    ("name", "on", "code", "day", "severity", "section", "asks"),
    [
        # munich: leg weakness on days 115 and 121, myelitis found on day 125
        ("munich", 114, None, None, None, None, None),
        ("munich", 115, "symptoms.recorded", 115, "serious", "5.1", US_51),
        ("munich", 124, "symptoms.recorded", 115, "serious", "5.1", US_51),
        ("munich", 125, "symptoms.recorded", 115, "note", "5.1", ""),
        ("munich", 125, "event.myelitis", 125, "serious", "5.1", US_51),
        ("munich", 236, "event.myelitis", 125, "serious", "5.1", US_51),
        # dresden: root pain at the first dose, polyradiculitis and meningitis later
        ("dresden", 10, "symptoms.recorded", 0, "caution", "5.1", US_51),
        ("dresden", 375, None, None, None, None, None),
        ("dresden", 376, "event.polyradiculitis_mri", 376, "serious", "5.1", US_51),
        ("dresden", 869, "event.aseptic_meningitis", 521, "serious", "5.3", US_REST),
        # the participants of the trials
        ("trial01", 97, None, None, None, None, None),
        ("trial01", 98, "event.myelitis", 98, "serious", "5.1", US_51),
        ("trial03", 153, None, None, None, None, None),
        ("trial03", 154, "event.myelitis", 154, "serious", "5.1", US_51),
        ("trial06", 6, None, None, None, None, None),
        ("trial06", 7, "event.radiculitis", 7, "serious", "5.1", US_51),
        ("trial07", 153, None, None, None, None, None),
        ("trial07", 154, "event.aseptic_meningitis", 154, "serious", "5.3", US_REST),
        ("trial08", 89, None, None, None, None, None),
        ("trial08", 90, "event.aseptic_meningitis", 90, "serious", "5.3", US_REST),
        ("trial08", 146, "event.aseptic_meningitis", 90, "serious", "5.3", US_REST),
        ("trial08", 147, "event.papilloedema", 147, "serious", "5.2", US_REST),
    ],
)
@pytest.mark.published
def test_a_published_event_is_seen_on_its_day_and_not_before(
    name, on, code, day, severity, section, asks
):
    """doi:10.1007/s00415-023-12130-1, 10.1007/s00415-025-13415-3, 10.1002/mus.28372.

    What is asked is what US PI 5.1 to 5.3 say, restated in the label file.
    """
    document = asked(case(name), "--on", on)
    if code is None:
        assert not document["is_serious"]
        return
    (finding,) = seen(document, code, day)
    assert (finding["severity"], finding["source"]["section"]) == (severity, section)
    assert finding["asks"] == asks
    assert finding["source"]["version"] == "SPL version 3, 13 Nov 2024"
    assert finding["rule"].startswith("warnings.serious")


@pytest.mark.parametrize(
    ("name", "event", "words"),
    [
        ("munich", "myelitis", "symptoms before: leg weakness (day 115, 121)"),
        ("munich", "myelitis", "tofersen stopped, day 139; no dose since"),
        ("trial01", "myelitis", "tofersen stopped, day 281"),
        ("trial03", "myelitis", "no symptom recorded in the 14 days before"),
        ("trial07", "aseptic_meningitis", "tofersen stopped, day 154; no dose since"),
        ("trial07", "aseptic_meningitis", "aseptic meningitis resolved (day 168)"),
        ("trial08", "aseptic_meningitis", "next dose on day 114"),
        ("trial08", "papilloedema", "tofersen held, day 170; next dose on day 226"),
    ],
)
@pytest.mark.published
def test_what_happened_around_a_published_event_is_beside_it(name, event, words):
    (finding,) = [f for f in asked(case(name))["findings"] if f["code"] == f"event.{event}"]
    assert words in finding["message"]


@pytest.mark.published
def test_dresden_shows_the_rise_of_cells_protein_and_albumin_ratio():
    """Neurol Res Pract 2023, table 1: 1, 3, 21 cells; 483, 764, 1235 mg/L; 5.6, 12.85, 18.65."""
    document = asked(EXAMPLES / "dresden.csv", "--on", 274)
    told = {f["code"]: f for f in document["findings"]}
    for code, first, last in (
        ("trend.csf_wbc", 1, 21),
        ("trend.csf_protein", 483, 1235),
        ("trend.albumin_ratio", 5.6, 18.65),
    ):
        assert (told[code]["inputs"]["baseline"], told[code]["inputs"]["last"]) == (first, last)
        assert told[code]["inputs"]["rises"] == 2
        assert told[code]["severity"] == "note"
    assert document["policies"] == []
    assert not [code for code in told if code.startswith("policy.")]
    assert "do not predict" in " ".join(document["context"])


def test_a_named_policy_draws_a_verdict_and_carries_its_name():
    document = asked(EXAMPLES / "dresden.csv", "--on", 274, "--policy", "dgn")
    told = {f["code"]: f for f in document["findings"]}
    assert told["policy.csf_wbc"]["rule"] == "policy 'dgn', version 2020; file 1"
    assert told["policy.csf_wbc"]["severity"] == "note"
    assert [p["name"] for p in document["policies"]] == ["dgn"]
    both = asked(
        EXAMPLES / "dresden.csv", "--policy", "dgn", "--policy", "hegen", "--age", 41, "--on", 274
    )
    assert {f["rule"] for f in both["findings"] if f["code"] == "policy.albumin_ratio"} == {
        "policy 'dgn', version 2020; file 1",
        "policy 'hegen', version 2016; file 1",
    }


@pytest.mark.parametrize("name", ["munich", "dresden", "iceland1", "trial03", "trial08"])
def test_the_course_shows_the_same_findings_and_none_twice(name):
    """`thecal course` has them through the review; policies, NfL and function it does not ask."""
    path = case(name)
    result = CliRunner().invoke(app, ["due", str(path), "--json"], catch_exceptions=False)
    reviewed = [json.dumps(f) for f in json.loads(result.stdout)["findings"]]
    assert len(reviewed) == len(set(reviewed))
    watched = [
        json.dumps(f)
        for f in asked(path)["findings"]
        if not f["code"].startswith(("nfl.", "alsfrs."))
    ]
    assert watched
    assert set(watched) <= set(reviewed)


# -- a made-up course


@pytest.fixture
def look_alike(tmp_path) -> Path:
    path = tmp_path / "course.csv"
    path.write_text(LOOK_ALIKE)
    return path


@pytest.mark.parametrize(
    ("on", "code", "severity"),
    [
        (89, "trend.csf_wbc", "note"),
        (90, "symptoms.recorded", "serious"),
        (96, "symptoms.recorded", "serious"),
        (97, "symptoms.recorded", "note"),
        (97, "event.myelitis", "serious"),
    ],
)
def test_symptoms_are_seen_before_the_diagnosis(look_alike, on, code, severity):
    result = run(look_alike, "--on", on)
    assert result.exit_code == (0 if on < 90 else 1)
    (finding,) = [f for f in asked(look_alike, "--on", on)["findings"] if f["code"] == code]
    assert finding["severity"] == severity


def test_the_text_names_label_version_rule_asks_and_grade(look_alike):
    text = " ".join(run(look_alike).stdout.split())
    for words in (
        "Qalsody (tofersen) US prescribing information, SPL version 3, 13 Nov 2024",
        "SERIOUS: look at these first day 97 myelitis recorded on day 97",
        f"Asks: {US_51}",
        "Grade: CTCAE v5, Myelitis: grade 2",
        "[US label §5.1 · warnings.serious]",
        "Policy none named: figures are shown and no verdict is drawn",
        "not a medical device",
        "no finding does not mean no reaction",
    ):
        assert words in text


def test_without_a_serious_finding_the_text_gives_no_all_clear(look_alike):
    result = run(look_alike, "--on", 60)
    assert result.exit_code == 0
    assert "No finding is serious, by this label and these tables." in result.stdout
    early = run(look_alike, "--on", 0)
    assert "up to day 0" in early.stdout


def test_a_date_is_asked_for_where_the_course_has_dates(tmp_path, look_alike):
    dated = tmp_path / "dated.csv"
    dated.write_text(
        "id,date,kind,value,unit,method\np,2026-01-12,dose,100,mg,intrathecal\n"
        "p,2026-01-20,event,myelitis,,\n"
    )
    assert run(dated, "--on", "2026-01-19").exit_code == 0
    assert run(dated, "--on", "2026-01-20").exit_code == 1
    before = run(dated, "--on", "2026-01-11")
    assert before.exit_code == 0
    assert "nothing to watch" in before.stdout
    assert run(look_alike, "--on", "2026-01-20").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--on", "soon"),
        ("--policy", "dng"),
        ("--policy", "nowhere.yaml"),
        ("--alsfrs", "nowhere.yaml"),
        ("--jurisdiction", "xx"),
        ("--drug", "aspirin"),
        ("--age", "-3"),
    ],
)
def test_what_cannot_be_used_is_refused_with_exit_2(look_alike, arguments):
    result = run(look_alike, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_item_scores_are_read_up_to_the_day_asked():
    told = asked(EXAMPLES / "munich.csv", "--alsfrs", EXAMPLES / "alsfrs.yaml", "--policy", "local")
    (rated,) = [f for f in told["findings"] if f["code"] == "alsfrs.course"]
    assert (rated["inputs"]["kings"], rated["inputs"]["mitos"]) == ("2", "0")
    assert [f for f in told["findings"] if f["code"] == "policy.alsfrs_fall_per_month"]
    early = asked(EXAMPLES / "munich.csv", "--alsfrs", EXAMPLES / "alsfrs.yaml", "--on", 83)
    (rated,) = [f for f in early["findings"] if f["code"] == "alsfrs.course"]
    assert rated["day"] == 0


# -- the contract


@pytest.mark.parametrize("name", ["munich", "dresden", "iceland1", "trial01", "trial08"])
@pytest.mark.parametrize("jurisdiction", ["us", "eu", "jp"])
def test_the_answer_keeps_its_schema(name, jurisdiction):
    keeps(asked(case(name), "--jurisdiction", jurisdiction))


def test_the_answer_of_every_part_keeps_its_schema(look_alike):
    keeps(asked(look_alike, "--policy", "dgn", "--policy", EXAMPLES / "csf-policy.yaml"))
    keeps(asked(look_alike, "--alsfrs", EXAMPLES / "alsfrs.yaml", "--policy", "local", "--on", 97))


def test_the_schema_names_every_key_and_describes_it():
    Draft202012Validator.check_schema(schema())

    def walk(node):
        if isinstance(node, dict):
            yield node
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    for node in walk(schema()):
        if node.get("type") == "object" and "propertyNames" not in node:
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
            assert all(v.get("description", "").endswith(".") for v in node["properties"].values())


def test_the_same_input_gives_the_same_bytes(look_alike):
    assert run(look_alike, "--json").stdout == run(look_alike, "--json").stdout


# -- names


CANARY = "Mustermann-Erika"


def test_no_error_and_no_answer_repeats_the_persons_id_or_the_name_of_the_file(tmp_path):
    path = tmp_path / f"{CANARY}.csv"
    path.write_text(LOOK_ALIKE.replace("p,", f"{CANARY},"))
    for arguments in ((), ("--json",), ("--on", "never"), ("--policy", "x"), ("--alsfrs", path)):
        result = run(path, *arguments)
        assert CANARY not in result.output + result.stderr
    path.write_text(LOOK_ALIKE.replace("p,0,dose", f"{CANARY},0,{CANARY}"))
    result = run(path)
    assert result.exit_code == 2
    assert CANARY not in result.stderr


@given(data=st.binary(max_size=200))
def test_any_bytes_give_an_answer_or_one_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "course.csv"
    path.write_bytes(HEAD.encode() + data)
    result = run(path)
    assert result.exit_code in (0, 1, 2)


def test_what_no_rule_reads_stands_without_a_bare_none():
    """ "[none]" looks like a finding without a ground; the message says that no rule reads it."""
    text = run(EXAMPLES / "munich.csv").stdout
    assert "read by no rule here" in text and "[none]" not in text


def test_what_was_recorded_on_the_day_of_a_reaction_did_not_come_after_it():
    text = " ".join(run(EXAMPLES / "munich.csv").stdout.split())
    assert "recorded on the same day: prednisolone; then recorded: prednisolone (day 131)" in text


def test_a_record_without_a_dose_is_given_no_all_clear(tmp_path):
    """A course whose doses were not typed in yet may hold a myelitis: nothing was looked at."""
    path = tmp_path / "course.csv"
    path.write_text(HEAD + "p,1,event,myelitis,,\n", "utf-8")
    text = run(path).stdout
    assert "no all-clear" in text and "No finding is serious" not in text
