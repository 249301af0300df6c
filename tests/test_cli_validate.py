"""`thecal validate` and `thecal calibrate`: what is printed, written and refused."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from thecal.cli import app
from thecal.datafile import DRUGS
from thecal.infer.calibrate import Calibration, Number
from thecal.infer.evidence import load_evidence
from thecal.infer.validate import REPLICATES, SEED
from thecal.model.modelfile import read_population
from thecal.report.terminal import calibrate_text

FEW = ("--replicates", "6")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


@cache
def printed() -> tuple[Result, Path]:
    """What is printed, and the page that is written beside it."""
    page = Path(tempfile.mkdtemp()) / "held.md"
    return run("validate", *FEW, "--page", page), page


@cache
def answered(*more: str) -> dict:
    result = run("validate", "tofersen", *FEW, *more, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


# -- validate


def test_words_and_json_count_alike():
    """Two runs with one seed, so this also says that a seed gives the same studies."""
    result, _ = printed()
    assert result.exit_code == 0, result.stderr
    for count in answered()["summary"].values():
        assert f" {count['inside']} of {count['total']} " in result.stdout


def test_every_miss_is_printed_and_nothing_else_as_a_miss():
    _, _, after = printed()[0].stdout.partition(" outside\n")
    told = re.findall(r"^  (T\d+(?:\.cv)?) ", after, re.MULTILINE)
    assert told == [t["id"] for t in answered()["targets"] if t["inside"] is False]


def test_the_headlines_have_what_a_reader_looks_for_first():
    """Troughs on days 29 and 197, accumulation, plasma, biomarkers by stratum, function, SVC."""
    head, _, _ = printed()[0].stdout.partition(" outside\n")
    wanted = {"T001", "T002", "T004", "T015", "T016", "T018", "T174", "T175", "T165", "T166"}
    wanted |= {"T317", "T371", "T423"}
    assert wanted <= set(re.findall(r"^  (T\d+) ", head, re.MULTILINE))


def test_the_answer_says_where_more_is_and_what_it_is_not():
    words = " ".join(printed()[0].stdout.split())
    assert "docs/validation.md" in words and "not a medical device" in words
    assert "Nothing here says how well it predicts one person" in words


def test_without_options_it_takes_the_replicates_and_the_seed_of_the_engine():
    defaults = {p.name: p.default for p in app.commands["validate"].params}
    assert (defaults["replicates"], defaults["seed"]) == (REPLICATES, SEED)


def test_one_structure_alone_is_named_and_another_seed_gives_other_studies():
    document = answered("--structure", "fraction", "--seed", "5")
    assert document["structure"] == "fraction" and document["structures"] == {"fraction": 1}
    assert document["seed"] == 5 and document["targets"] != answered()["targets"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--structure", "fractoin"), "fraction"),
        (("tofersan",), "model.yaml"),
        (("nusinersen",), "evidence.csv"),
        (("--page", "v.html"), ".md"),
        (("--page", "no/such/folder/v.md"), "folder"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(arguments, words):
    result = run("validate", *FEW, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr and "Traceback" not in result.stderr


def test_the_page_is_written_with_its_pictures():
    _, page = printed()
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r"\]\((held/\w+\.svg)\)", text)
    assert len(pictures) == 6 and all((page.parent / p).is_file() for p in pictures)
    score = answered()["summary"]["all"]
    assert f"**{score['inside']} of {score['total']} published numbers" in text


# -- calibrate, on a problem of a few numbers and two of the published ones


@pytest.fixture
def small(tmp_path, monkeypatch) -> Path:
    """A folder of medicines with a small tofersen in it."""
    folder = tmp_path / "drugs" / "tofersen"
    shutil.copytree(DRUGS / "tofersen", folder)
    top = yaml.safe_load((folder / "prior.yaml").read_text(encoding="utf-8"))
    top["priors"] = {name: top["priors"][name] for name in ("IC50", "f_csf")}
    top["structures"]["supralinear"]["priors"].pop("gamma")
    (folder / "prior.yaml").write_text(yaml.safe_dump(top, sort_keys=False, allow_unicode=True))
    with (folder / "evidence.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with (folder / "evidence.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *(r for r in rows if r[0] in ("T239", "T221"))])
    monkeypatch.setattr("thecal.datafile.DRUGS", tmp_path / "drugs")
    monkeypatch.setattr("thecal.infer.calibrate.MOST_STEPS", 1)
    return folder


QUICK = ("--people", "60", "--evaluations", "24", "--workers", "1")


def test_a_calibration_is_written_where_asked_and_can_be_read(small, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    before = (small / "model.yaml").read_bytes()
    result = run("calibrate", "tofersen", *QUICK, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert (small / "model.yaml").read_bytes() == before
    population = read_population(out / "model.yaml")
    assert {name: set(held) for name, held in population.calibration.items()} == {
        "fraction": {"IC50", "f_csf"},
        "supralinear": {"IC50", "Imax"},
    }
    # T239: CSF SOD1 falls by a third in people of whom part of it comes from untreated tissue
    assert population.calibration["fraction"]["f_csf"].contraction > 0
    assert re.search(r"Structure 'fraction': weight .*draws weighted", result.stdout)
    assert "IC50" in result.stdout and "Combinations" in result.stdout
    assert "fraction, step 1" in result.stderr and "minutes" in result.stderr


def test_a_calibration_that_is_stopped_leaves_the_old_files(small, monkeypatch):
    """Ctrl-C in the middle of the first structure."""

    def pressed(*arguments, say, **options):
        say("step 1")
        raise KeyboardInterrupt

    monkeypatch.setattr("thecal.infer.calibrate.calibrate", pressed)
    before = {path.name: path.read_bytes() for path in small.iterdir()}
    result = run("calibrate", "tofersen", *QUICK)
    assert result.exit_code == 1
    assert "step 1" in result.stderr and "the old files stand" in result.stderr
    assert not result.stdout
    assert {path.name: path.read_bytes() for path in small.iterdir()} == before


def test_a_folder_that_is_not_there_is_refused_before_the_work(small, tmp_path):
    result = run("calibrate", "tofersen", "--out", tmp_path / "nowhere")
    assert result.exit_code == 2 and "make it first" in result.stderr


def test_a_folder_that_may_not_be_written_is_refused_before_the_work(small, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    result = run("calibrate", "tofersen")
    assert result.exit_code == 2
    assert "--out" in result.stderr and "step 1" not in result.stderr


def test_a_medicine_without_a_prior_or_evidence_is_refused(small):
    (small / "prior.yaml").unlink()
    assert run("calibrate", "tofersen").exit_code == 2
    assert "prior.yaml" in run("calibrate", "tofersen").stderr
    assert run("calibrate", "nusinersen").exit_code == 2


def test_the_summary_says_when_the_search_did_not_come_to_rest():
    rng = np.random.default_rng(1)
    c = Calibration(
        structure="made up",
        numbers=(
            Number(name="CL", scale="log", at=100.0, sd=0.3),
            Number(name="V", scale="log", at=40.0, sd=0.5),
        ),
        draws=rng.standard_normal((400, 2)) * [0.1, 1.0],
        mode=np.zeros(2),
        log_evidence=-3.0,
        effective=50.0,
        influence={"CL": ("T045",), "V": ()},
        converged=True,
        residuals={},
        evaluations=100,
    )
    calm = calibrate_text([c], [1.0])
    assert "WARNING" not in calm and "T045" in calm and "none" in calm
    # the prior of CL: 100 · exp(± 1.6449 · 0.3) = 61.05 and 163.8
    assert "100 (61.1 to 164)" in calm
    best, least = re.findall(r"^  (?:best|least) +(\S+) +1\.00 (\w+)$", calm, re.MULTILINE)
    # 400 draws: the error of an SD is 4 % of it
    assert best[1] == "CL" and float(best[0]) == pytest.approx(0.1, rel=0.15)
    assert least[1] == "V" and float(least[0]) == pytest.approx(1.0, rel=0.15)
    restless = calibrate_text([replace(c, converged=False, effective=1.5)], [1.0])
    assert "did not come to rest" in restless and "--evaluations" in restless


def test_the_commands_are_about_the_evidence_that_is_shipped():
    assert [t["id"] for t in answered()["targets"]] == [t.id for t in load_evidence("tofersen")]
