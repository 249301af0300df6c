"""`thecal variant` as one types it."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from thecal.cli import app


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["variant", *arguments], catch_exceptions=False)


def words(result: Result) -> str:
    return " ".join(result.stdout.split())


def schema() -> Draft202012Validator:
    text = files("thecal.report").joinpath("schemas/variant.v1.json").read_text(encoding="utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def test_a4v_is_answered_with_its_names_and_what_is_published():
    result = run("A4V")
    assert result.exit_code == 0 and result.stderr == ""
    said = words(result)
    assert said.startswith("SOD1 p.Ala5Val c.14C>T (legacy A4V) missense, exon 1")
    assert "read in legacy numbering (the first methionine not counted)" in said
    assert "median survival 1.2 years" in said and "[1, abstract]" in said
    assert "[1] Bali et al." in said
    assert "is no finding that the variant causes disease" in said
    assert said.endswith("The label in force where the patient is treated decides.")


def test_words_need_no_quotes():
    assert run("SOD1", "A4V").stdout == run("SOD1 A4V").stdout


def test_an_ambiguous_name_is_a_question_and_exit_1():
    result = run("I113T")
    assert result.exit_code == 1
    said = words(result)
    assert said.startswith("QUESTION I113T fits both numberings")
    assert "Reading 1 of 2: SOD1 p.Ile113Thr (legacy I112T)" in said
    assert "Typical course: thecal holds nothing published on it." in said
    assert "Reading 2 of 2: SOD1 p.Ile114Thr (legacy I113T)" in said


def test_a_name_that_fits_nowhere_is_refused_with_exit_2():
    result = run("A7V")
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr.startswith("thecal: variant: A7V fits in no numbering of SOD1")


def test_a_reading_that_does_not_fit_says_so():
    said = words(run("p.Ala4Val"))
    assert "does not fit: another residue stands there in NP_000445.1" in said


def test_an_intronic_name_says_what_was_not_checked_and_what_is_not_confirmed():
    said = words(run("c.358-10T>G"))
    assert "intronic, intron 4, 10 bases before exon 5" in said
    assert "its base is that of the published name" in said and "(not confirmed) [1, " in said
    assert "Note: What it does to the protein is not computed" in said
    assert "not checked: thecal holds no sequence" in words(run("c.358-11T>G"))
    assert "Typical course" not in words(run("c.358-11T>G"))


@pytest.mark.parametrize(("name", "said"), [
    ("p.Met1?", "start codon lost, exon 1"), ("p.Ter155Gln", "stop codon lost, exon 5"),
    ("E132del", "in-frame change, exon 5"), ("c.239+1G>A", "splice site, intron 3, 1 base after"),
    ("c.*5T>C", "outside the coding sequence, after the stop codon"),
    ("c.112del", "not checked: thecal holds no sequence for these bases, or the name gives none"),
])  # fmt: skip
def test_kinds_are_said_in_words(name, said):
    assert said in words(run(name))


@pytest.mark.parametrize("name", [
    "A4V", "I113T", "p.Ala4Val", "c.14C>T", "c.358-10T>G", "c.112del", "M1V", "p.Ile113Thr",
    "p.Ter155Gln", "H43R",
])  # fmt: skip
def test_the_json_keeps_its_schema_and_its_bytes(name):
    result = run(name, "--json")
    document = json.loads(result.stdout)
    assert list(schema().iter_errors(document)) == []
    assert result.stdout == run(name, "--json").stdout
    assert result.exit_code == (1 if document["question"] else 0)
    assert "not a medical device" in document["disclaimer"]


def test_the_json_says_what_the_words_say():
    document = json.loads(run("A4V", "--json").stdout)
    assert document["schema"] == "thecal.variant/1" and document["text"] == "A4V"
    assert document["gene"]["transcript"] == "NM_000454.5"
    assert document["gene"]["sequence_source"]["version"].startswith("NM_000454.4")
    (reading,) = document["readings"]
    assert (reading["protein"], reading["numbering"]) == ("p.Ala5Val", "legacy")
    assert reading["residue_matches"] is True and reading["coding"] == "c.14C>T"
    assert reading["published"][0]["values"] == {"median_survival_y": 1.2}
    assert reading["published"][0]["confirmed"] is True
    both = json.loads(run("I113T", "--json").stdout)["readings"]
    assert [r["protein"] for r in both] == ["p.Ile113Thr", "p.Ile114Thr"]
    assert [r["numbering"] for r in both] == ["hgvs", "legacy"]
    none = json.loads(run("c.358-11T>G", "--json").stdout)["readings"][0]
    assert (none["protein"], none["legacy"], none["residue_matches"]) == (None, None, None)


def test_the_schema_refuses_what_is_not_in_it():
    document = json.loads(run("A4V", "--json").stdout)
    document["readings"][0]["certainty"] = 1
    assert list(schema().iter_errors(document))
