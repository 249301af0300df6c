"""`thecal visit …`: what a nurse and a program get, and with which exit code."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator, FormatChecker

from thecal.cli import app
from thecal.clinic.policy import policy_path

ROOT = Path(__file__).resolve().parents[1]
VISIT, COURSE = ROOT / "examples" / "visit.yaml", ROOT / "examples" / "visit" / "course.csv"
TEXT = VISIT.read_text(encoding="utf-8")
SCHEMA = json.loads(files("thecal.report").joinpath("schemas/visit.v1.json").read_text("utf-8"))


def run(*words: object):
    return CliRunner().invoke(app, ["visit", *map(str, words)], catch_exceptions=False)


def check(tmp_path: Path, *changes: tuple[str, str], more=("--course", COURSE)):
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "visit.yaml"
    path.write_text(text, encoding="utf-8")
    return run("check", path, *more)


PART = (
    ("volume_mL: 15, resistance", "volume_mL: 9, resistance"),
    ("outcome: given", "outcome: part_dose"),
)
VARIANTS = {
    "whole": (),
    "part": PART,
    "route IT": (("route: INTRATHECAL", "route: IT"),),
    "missing": (("  discard: {at: 9:55}\n", ""),),
    "symptoms": (("symptoms: none", "symptoms: [fever, infection_at_site]"),),
    "eu": (("jurisdiction: us", "jurisdiction: eu"), ('edition: "2024"\n', "")),
    "unknown": (("volume_mL: 15, resistance", "resistance"),),
}


@pytest.mark.parametrize(
    ("name", "code"),
    [("whole", 0), ("part", 0), ("route IT", 1), ("missing", 1), ("symptoms", 1), ("unknown", 1)],
)
def test_the_exit_code_says_whether_something_is_missing_or_serious(name, code, tmp_path):
    assert check(tmp_path, *VARIANTS[name]).exit_code == code


@pytest.mark.parametrize("more", [(), ("--course", COURSE)])
@pytest.mark.parametrize("name", VARIANTS)
def test_the_answer_keeps_its_schema(name, more, tmp_path):
    result = check(tmp_path, *VARIANTS[name], more=(*more, "--json"))
    document = json.loads(result.stdout)
    keeper = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
    assert [f"{e.json_path}: {e.message}" for e in keeper.iter_errors(document)] == []
    assert document["complete"] == (result.exit_code == 0)
    assert (document["next"] is None) == (not more or name == "unknown")


def test_the_schema_names_every_key_and_describes_it():
    Draft202012Validator.check_schema(SCHEMA)
    nodes = [SCHEMA, *SCHEMA["$defs"].values()]
    for node in nodes:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
        for key, value in node["properties"].items():
            assert value.get("description", "").endswith("."), key


def test_the_answer_names_nobody_and_no_lot(tmp_path):
    for more in ((), ("--json",)):
        result = check(tmp_path, ("by: N1", "by: Zanzibarovic"), ("EXAMPLE-LOT", "Zanzibarovic"),
                       ("patient_id: example", "patient_id: Zanzibarovic"), more=more)  # fmt: skip
        assert "Zanzibarovic" not in result.output


def test_the_next_date_comes_with_its_rule(tmp_path):
    words = " ".join(check(tmp_path).stdout.split())
    assert "Next: dose 5 on Mon 2025-07-14, 28 days after the last dose given" in words
    assert "SPL version 3, 13 Nov 2024, section 2.1" in words
    assert "6.7 mg/mL x 15 mL = 100.5 mg" in words


def test_where_the_label_is_silent_there_is_no_date(tmp_path):
    result = check(tmp_path, *PART)
    words = " ".join(result.stdout.split())
    assert "NO DATE. Label silent" in words
    assert "2025-07-14" not in words.split("Before the day")[0].split("Findings")[0]
    assert (
        json.loads(check(tmp_path, *PART, more=("--course", COURSE, "--json")).stdout)["next"][
            "date"
        ]
        is None
    )


def test_without_a_course_there_is_no_next_date_and_it_says_how_to_get_one(tmp_path):
    assert "name the course with --course" in " ".join(check(tmp_path, more=()).stdout.split())


def test_a_file_that_cannot_be_used_is_exit_2_and_names_no_word_of_it(tmp_path):
    result = check(tmp_path, ("level: L3/4", "level: Zanzibarovic"))
    assert result.exit_code == 2
    assert "steps.puncture.level" in result.stderr
    assert "Zanzibarovic" not in result.output and "visit.yaml" not in result.output
    assert run("check", tmp_path / "absent.yaml").exit_code == 2


def test_a_course_without_dates_is_exit_2(tmp_path):
    result = check(tmp_path, more=("--course", ROOT / "examples" / "munich.csv"))
    assert result.exit_code == 2
    assert "add a 'date'" in result.stderr


@pytest.mark.parametrize("medicine", ["tofersen", "nusinersen"])
@pytest.mark.parametrize("where", ["us", "eu"])
def test_the_checklist_says_the_route_in_full_and_never_short(medicine, where):
    result = run("checklist", "--drug", medicine, "--jurisdiction", where)
    assert result.exit_code == 0
    assert "INTRATHECAL" in result.stdout and "not a medical device" in result.stdout
    assert " IT " not in result.stdout


def test_the_checklist_of_a_course_says_which_dose_is_due():
    words = " ".join(run("checklist", "--course", COURSE, "--on", "2025-06-18").stdout.split())
    assert "Dose 4 falls due on Mon 2025-06-16" in words
    assert "this visit is 2 days after it" in words


def test_a_label_of_which_dosing_was_not_read_is_exit_2():
    result = run("checklist", "--jurisdiction", "jp")
    assert result.exit_code == 2
    assert "not read" in result.stderr


def test_a_page_is_written_the_same_every_time_and_asks_for_nothing(tmp_path):
    pages = []
    for name in ("a.html", "b.html"):
        assert run("checklist", "--out", tmp_path / name).exit_code == 0
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]
    assert b"<script" not in pages[0] and b"http" not in pages[0].replace(b"http-equiv", b"")
    assert run("checklist", "--out", tmp_path / "a.pdf").exit_code == 2


def test_a_site_gives_its_own_steps_and_a_name_that_is_not_there_is_exit_2(tmp_path):
    path = tmp_path / "ward.yaml"
    text = policy_path("visit", "thecal").read_text(encoding="utf-8")
    path.write_text(text.replace("name: thecal", "name: ward").replace("Consent valid", "Consent"))
    assert "policy 'ward'" in run("checklist", "--policy", path).stdout
    other = run("check", VISIT, "--policy", path, "--json")
    assert "visit.policy" not in other.stdout  # a file names no policy: it is held against this one
    assert run("checklist", "--policy", "warrd").exit_code == 2


@pytest.mark.parametrize("name", ["no/Anna_Mueller.html", "Anna_Mueller.pdf"])
def test_the_name_of_a_page_that_cannot_be_written_is_not_repeated(tmp_path, name):
    """A page is printed for one person, and its file may be named after them."""
    result = run("checklist", "--out", tmp_path / name)
    assert result.exit_code == 2 and "--out: " in result.stderr
    assert "Mueller" not in result.stdout + result.stderr
