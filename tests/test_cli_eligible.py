"""`thecal eligible` as a person types it and as a program reads it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from thecal.cli import app
from thecal.clinic.policy import shipped
from thecal.plan.answer import DISCLAIMER

ROOT = Path(__file__).resolve().parents[1]
PATIENT = ROOT / "examples" / "patient.yaml"
ON = "2026-11-23T09:00+00:00"
CANARY = "Hollenstein"  # nobody's; must never come back


def run(*arguments: object) -> Result:
    words = ["eligible", *map(str, arguments)]
    return CliRunner().invoke(app, words, catch_exceptions=False)


@cache
def check(name: str) -> Draft202012Validator:
    text = files("thecal.report").joinpath(f"schemas/{name}.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def document(*arguments: object) -> dict:
    found = json.loads(run(*arguments, "--json").stdout)
    assert not [f"{e.json_path}: {e.message}" for e in check("eligible.v1").iter_errors(found)]
    return found


def words(text: str) -> str:
    return " ".join(text.split())


# -- in words


def test_every_answer_stands_under_a_heading_of_its_own():
    result = run(PATIENT, "--on", ON, "--payer", "us-plan", "--puncture", "abn")
    assert result.exit_code == 0
    headings = [line for line in result.stdout.splitlines() if line[:1].isupper()]
    assert headings[:5] == [
        "Asked about 2026-11-23 09:00 +00:00",
        "Indicated by the US label: YES",
        "Contraindicated by the US label: NO",
        "Cautions of the US label",
        "Meets the criteria of payer 'us-plan': YES",
    ]
    assert "Lumbar puncture by policy 'abn': 1 clear" in headings
    assert words(DISCLAIMER) in words(result.stdout)


def test_without_a_policy_there_is_no_verdict_on_the_puncture():
    """No default: the policies are listed, and one must be named."""
    text = words(run(PATIENT, "--on", ON).stdout)
    assert "Lumbar puncture: no policy named; thecal gives no verdict." in text
    assert all(name in text for name in shipped("puncture"))
    assert "clopidogrel" not in text
    assert document(PATIENT, "--on", ON)["puncture"] is None


def test_a_hold_says_until_when_and_what_it_rests_on():
    result = run(PATIENT, "--on", "2026-11-23T07:30+00:00", "--puncture", "abn")
    text = words(result.stdout)
    assert result.exit_code == 1
    assert "HOLD clopidogrel: until 2026-11-23 08:00 +00:00." in text
    assert "by general knowledge, not confirmed" in text
    assert "rests on what is not confirmed" in text


def test_every_document_that_is_numbered_is_written_out():
    import re

    text = run(PATIENT, "--on", ON, "--payer", "us-plan", "--puncture", "abn").stdout
    named = set(re.findall(r"(?<!^)\[(\d+)[],]", text, re.MULTILINE))
    assert named and named == set(re.findall(r"^\[(\d+)\] ", text, re.MULTILINE))


def test_missing_facts_are_listed_once(tmp_path):
    path = tmp_path / "patient.yaml"
    path.write_text("medicine: tofersen\n")
    result = run(path, "--on", ON, "--puncture", "radiology", "--payer", "us-plan")
    assert result.exit_code == 1
    tail = result.stdout.split("Missing facts\n")[1].split("\n\n")[0]
    assert words(tail).count("the age on the day asked") == 1
    for fact in ("the diagnosis", "a gene test of SOD1", "pregnant", "platelets", "INR"):
        assert fact in tail
    assert document(path, "--on", ON)["indicated"]["verdict"] == "missing facts"


def test_a_label_that_is_not_in_force_says_so_first():
    text = run(PATIENT, "--on", ON, "--jurisdiction", "jp").stdout
    assert text.splitlines()[2].startswith("IN PART")
    text = run(PATIENT, "--on", ON, "--drug", "nusinersen", "--version", "2020").stdout
    assert "SUPERSEDED" in text


def test_the_medicine_of_the_file_is_asked_about_unless_another_is_named(tmp_path):
    path = tmp_path / "patient.yaml"
    path.write_text("medicine: nusinersen\ndiagnosis: {disease: SMA}\n")
    assert document(path, "--on", ON)["medicine"] == "nusinersen"
    assert document(path, "--on", ON, "--drug", "tofersen")["medicine"] == "tofersen"
    path.write_text("{}")
    assert document(path, "--on", ON)["medicine"] == "tofersen"


# -- exit codes


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--on", ON), 0),
        (("--on", "2026-11-23"), 0),
        (("--on", ON, "--puncture", "abn"), 0),
        (("--on", ON, "--puncture", ROOT / "examples" / "puncture.yaml"), 0),
        (("--on", ON, "--payer", ROOT / "examples" / "payer.yaml"), 0),
        (("--on", "2026-11-23", "--puncture", "abn"), 1),
        (("--on", ON, "--puncture", "german-s1"), 1),
        (("--on", ON, "--payer", "us-plan-not-covered"), 1),
        (("--on", ON, "--jurisdiction", "eu"), 1),
        (("--on", ON, "--jurisdiction", "jp"), 1),
        (("--on", ON, "--drug", "nusinersen"), 1),
        (("--on", "1960-01-01"), 1),
        (("--on", "tomorrow"), 2),
        (("--on", "2026-11-23T09:00"), 2),
        (("--on", ON, "--puncture", "anb"), 2),
        (("--on", ON, "--payer", "nosuch.yaml"), 2),
        (("--on", ON, "--payer", ROOT / "examples" / "puncture.yaml"), 2),
        (("--on", ON, "--drug", "aspirin"), 2),
        (("--on", ON, "--jurisdiction", "uk"), 2),
        (("--on", ON, "--version", "1999"), 2),
    ],
)
def test_the_exit_code_says_how_it_stands(options, code):
    result = run(PATIENT, *options)
    assert result.exit_code == code, result.output
    assert (code == 2) == bool(result.stderr)


def test_a_patient_is_needed_unless_policies_are_asked_for():
    assert run().exit_code == 2
    assert run("--policies").exit_code == 0


# -- for a program


@pytest.mark.parametrize(
    ("drug", "jurisdiction"),
    [*(("tofersen", j) for j in ("us", "eu", "jp")), ("nusinersen", "us"), ("nusinersen", "eu")],
)
@pytest.mark.parametrize("puncture", [*sorted(shipped("puncture")), None])
def test_the_json_keeps_its_schema(jurisdiction, drug, puncture):
    asked = ("--drug", drug, "--jurisdiction", jurisdiction)
    named = ("--puncture", puncture, "--payer", "us-plan") if puncture else ()
    found = document(PATIENT, "--on", ON, *asked, *named)
    assert found["on"] == "2026-11-23T09:00:00+00:00"
    assert (found["puncture"] is None) == (puncture is None)


def test_the_json_of_everything_that_stands_against_it_keeps_its_schema(tmp_path):
    path = tmp_path / "patient.yaml"
    path.write_text(
        "medicine: tofersen\nage_years: 80\nhypersensitivity: {drug: yes}\npregnant: yes\n"
        "variants: [{gene: SOD1, name: p.Ile113Thr, classification: uncertain}]\n"
        "raised_pressure_signs: yes\ngene_therapy: yes\ncontraception: no\n"
        "antithrombotics: [{medicine: apixaban, last_dose: 2026-11-23}, {medicine: heparin},"
        " {medicine: dipyridamole, last_dose: 2026-11-23}]\n"
        "labs: [{test: platelets, value: 8, unit: G/L, on: 2026-11-23}]\n"
    )
    for named in shipped("puncture"):
        for on in (("--on", ON), ("--on", "2026-11-23"), ()):
            found = document(path, *on, "--puncture", named)
            assert found["indicated"]["verdict"] == "not established"
    assert document(path, "--puncture", "abn")["on"] is None


def test_the_list_of_policies_keeps_its_schema_and_names_no_default():
    found = json.loads(run("--policies", "--json").stdout)
    assert not list(check("policies.v1").iter_errors(found))
    assert {each["name"] for each in found["policies"]} == {
        *shipped("puncture"),
        *shipped("payer"),
    }
    assert "None is a default." in run("--policies").stdout


def test_the_same_question_gives_the_same_bytes_and_without_a_day_no_clock():
    asked = (PATIENT, "--puncture", "abn", "--json")
    assert run(*asked).stdout == run(*asked).stdout
    found = document(PATIENT, "--puncture", "abn")
    assert found["on"] is None
    assert found["indicated"]["missing"] == ["the age on the day asked"]


# -- names


def test_no_error_names_the_file_or_a_word_of_it(tmp_path):
    """The file may be called by the person's name."""
    path = tmp_path / f"{CANARY}.yaml"
    assert CANARY not in run(path).output  # there is none
    for text in (f"{CANARY}: 1", f"pregnant: {CANARY}", f"'{CANARY}", f"- {CANARY}", "\xff"):
        path.write_bytes(text.encode("latin-1"))
        result = run(path, "--on", ON)
        assert result.exit_code == 2
        assert CANARY not in result.output and "line 1" in result.stderr


def test_no_answer_names_the_file_or_a_birth_date(tmp_path):
    path = tmp_path / f"{CANARY}.yaml"
    path.write_bytes(PATIENT.read_bytes())
    for more in ((), ("--json",)):
        text = run(path, "--on", ON, "--puncture", "abn", *more).stdout
        assert CANARY not in text and "1971-04" not in text


def test_a_place_that_was_not_noted_is_said_so_and_one_that_is_none_is_left_out():
    """A pharmacist reads "section none" as the name of a section."""
    for jurisdiction in ("us", "jp"):
        text = " ".join(
            run(
                PATIENT, "--on", ON, "--puncture", "radiology", "--jurisdiction", jurisdiction
            ).stdout.split()
        )
        assert "section none" not in text and "section not noted" not in text
        assert "no section noted]" in text
