"""`thecal simulate`: what is printed, written and refused, and what Ctrl-C leaves."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from thecal.cli import app
from thecal.cli.app import progress_of, stoppable
from thecal.model.intrathecal import INTRATHECAL_ASO

# `thecal.cli.app` is the command; the module of that name holds its parts
COMMANDS = sys.modules["thecal.cli.app"]
THECAL = Path(sys.executable).with_name("thecal")
OUTPUTS = {output.name for output in INTRATHECAL_ASO.outputs}
QUICK = ("--n", "20", "--until", "84d", "--outputs", "csf,nfl")


@cache
def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", *arguments], catch_exceptions=False)


def fresh(*arguments: object) -> Result:
    """Run again, for what is written."""
    return CliRunner().invoke(app, ["simulate", *map(str, arguments)], catch_exceptions=False)


def flat(words: str) -> str:
    return " ".join(words.split())


def keeps(document: dict) -> None:
    text = files("thecal.report").joinpath("schemas/simulate.v1.json").read_text("utf-8")
    check = Draft202012Validator(json.loads(text))
    faults = [f"{error.json_path}: {error.message}" for error in check.iter_errors(document)]
    assert not faults


# -- what is printed


def test_without_any_option_the_label_is_given_to_1000_people():
    result = subprocess.run([THECAL, "simulate"], capture_output=True, text=True, check=True)
    words = flat(result.stdout)
    assert words.startswith("tofersen · 1000 virtual people · seed 1 Regimen 100 mg q14d x3 then")
    assert "NumPy float64" in words  # nothing larger is loaded for a thousand
    assert "the US label's, Qalsody" in words


def test_the_same_question_has_the_same_bytes_and_time_goes_to_stderr():
    first, second = run(*QUICK), fresh(*QUICK)
    assert first.stdout == second.stdout
    assert "a second" in first.stderr and "a second" not in first.stdout


def test_52_weeks_are_364_days():
    again = fresh(*QUICK, "--every", "1w", "--until", "12w")
    assert again.stdout == run(*QUICK).stdout


def test_another_seed_gives_other_people():
    lines = run(*QUICK).stdout.splitlines()
    other = fresh(*QUICK, "--seed", 2).stdout.splitlines()
    assert "seed 2" in other[0] and other[1:] != lines[1:]


def test_a_typed_regimen_that_is_not_the_labels_says_so_plainly():
    words = flat(run(*QUICK, "--regimen", "60 mg q4w").stdout)
    assert "Regimen 60 mg q4w; 3 doses before day 84" in words
    assert "typed, not a label's; it DIFFERS from the US label" in words


def test_the_japanese_label_was_not_read_so_a_regimen_has_to_be_typed():
    refused = run("--jurisdiction", "jp")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "was not read" in refused.stderr and "Give one with --regimen" in refused.stderr
    typed = run(*QUICK, "--jurisdiction", "jp", "--regimen", "100 mg q28d")
    assert typed.exit_code == 0
    assert "no regimen was read in the label to compare it with" in flat(typed.stdout)


def test_a_backend_and_precision_asked_for_are_the_ones_used():
    assert "NumPy float32" in run(*QUICK, "--float32", "--backend", "numpy").stdout


# -- JSON


def test_the_json_keeps_its_schema_and_its_bytes():
    document = json.loads(run(*QUICK, "--json").stdout)
    keeps(document)
    assert fresh(*QUICK, "--json").stdout == run(*QUICK, "--json").stdout
    assert document["people"] == {"asked": 20, "done": 20, "is_complete": True, "seed": 1}
    assert document["regimen"]["is_as_label"] is True
    assert [dose["day"] for dose in document["doses"]] == [0, 14, 28, 56]
    assert document["times"] == list(range(0, 85, 7))


def test_the_json_of_one_person_has_no_sd():
    document = json.loads(run("--n", "1", "--until", "28d", "--json").stdout)
    keeps(document)
    assert document["outputs"].keys() == OUTPUTS
    for values in document["outputs"].values():
        assert values["sd"] == [None] * 5
        assert values["p05"] == values["p50"] == values["p95"]
        # Quantiles are taken of single precision, and both are written to six digits.
        assert values["p50"] == pytest.approx(values["mean"], rel=2e-5)


def test_the_json_of_a_typed_regimen_keeps_its_schema():
    regimen = "50 mg over 2h into CNS q7d x2 then pause 30d then 10 mg once"
    document = json.loads(run(*QUICK, "--regimen", regimen, "--json").stdout)
    keeps(document)
    assert document["doses"][-1] == {"day": 37, "amount_mg": 10, "duration_d": 0, "into": None}
    assert document["doses"][0]["into"] == "cns"
    assert document["regimen"]["is_as_label"] is False
    unread = json.loads(run(*QUICK, "--jurisdiction=jp", "--regimen=1 mg q1d", "--json").stdout)
    keeps(unread)
    assert (unread["regimen"]["label"], unread["regimen"]["is_as_label"]) == (None, None)


def test_the_schema_refuses_what_is_not_in_it():
    document = json.loads(run(*QUICK, "--json").stdout)
    for change in ({"extra": 1}, {"times": []}, {"outputs": {"csf": {}}}, {"people": None}):
        with pytest.raises(AssertionError):
            keeps({**document, **change})


# -- files


def test_a_table_holds_the_people_that_the_summary_sums_up(tmp_path):
    """The median of the column, by Python's own `statistics`, is the median of the summary."""
    out = tmp_path / "people.csv"
    written = fresh(*QUICK, "--out", out)
    assert written.stdout == (
        "people.csv: 20 virtual people, 260 rows, 4 columns (ID, TIME, csf, nfl)\n"
    )
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert {row["ID"] for row in rows} == {str(i) for i in range(1, 21)}
    document = json.loads(run(*QUICK, "--json").stdout)
    for at, day in enumerate(document["times"]):
        values = [float(row["csf"]) for row in rows if float(row["TIME"]) == day]
        assert document["outputs"]["csf"]["p50"][at] == pytest.approx(
            statistics.median(values), rel=2.1e-3
        )
        assert document["outputs"]["csf"]["sd"][at] == pytest.approx(
            statistics.stdev(values), rel=1e-5
        )


def test_the_first_people_are_the_same_whatever_their_number(tmp_path):
    few, many = tmp_path / "few.csv", tmp_path / "many.csv"
    fresh("--n", 3, "--until", 28, "--out", few)
    fresh("--n", 9, "--until", 28, "--out", many)
    assert many.read_text().startswith(few.read_text())


def test_the_summary_is_printed_beside_a_table_where_it_is_asked_for(tmp_path):
    both = fresh(*QUICK, "--out", tmp_path / "p.csv", "--summary")
    *_, last = both.stdout.splitlines()
    assert both.stdout == run(*QUICK).stdout + last + "\n" and last.startswith("p.csv: 20 virtual")


def test_json_beside_a_table_is_json_alone(tmp_path):
    both = fresh(*QUICK, "--out", tmp_path / "p.csv", "--json")
    assert both.stdout == run(*QUICK, "--json").stdout
    assert "p.csv: 20 virtual people" in both.stderr


def test_parquet_says_what_was_simulated(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    fresh(*QUICK, "--seed", 3, "--float32", "--out", tmp_path / "p.parquet")
    table = parquet.read_table(tmp_path / "p.parquet")
    facts = parquet.read_metadata(tmp_path / "p.parquet").metadata
    assert facts[b"thecal_regimen"] == b"100 mg q14d x3 then 100 mg q28d"
    assert (facts[b"thecal_seed"], facts[b"thecal_complete"]) == (b"3", b"true")
    assert b"not fit to dose by" in facts[b"thecal_caveat"]
    assert str(table.schema.field("csf").type) == "float" and table.num_rows == 260


def test_a_picture_is_written_beside_the_summary(tmp_path):
    shown = fresh(*QUICK, "--figure", tmp_path / "p.svg")
    assert shown.stdout == run(*QUICK).stdout
    assert "Neurofilament light" in (tmp_path / "p.svg").read_text()


def test_a_medicine_without_a_label_is_given_what_is_typed():
    """Nusinersen ships as a model alone: there is no label to compare the regimen with."""
    words = ("--drug", "nusinersen", "--regimen", "12 mg q14d x3 then 12 mg q120d", "--n", "20")
    result = run(*words, "--outputs", "csf", "--json")
    document = json.loads(result.stdout)
    keeps(document)
    assert result.exit_code == 0 and document["regimen"]["is_as_label"] is None


# -- what is refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--n", "0"], "0 is not in the range"),
        (["--n", "-5"], "-5 is not in the range"),
        (["--n", "many"], "'many' is not a valid"),
        (["--n", "1.5"], "'1.5' is not a valid"),
        (["--n", "1000000000000", "--out", "{}/p.csv"], "TB and its disk has"),
        (["--until", "3", "--every", "7"], "values every 7 d until day 3"),
        (["--until", "1y"], "a year has no fixed length"),
        (["--every", "often"], "expected a duration"),
        (["--every", "0.01h"], "keep values further apart"),
        (["--seed", "-1"], "-1 is not in the range"),
        (["--drug", "tofersn"], "Did you mean 'tofersen'?"),
        (["--drug", "tofersn", "--regimen", "1 mg q1d"], "Did you mean 'tofersen'?"),
        (["--drug", "nusinersen"], "Give one with --regimen"),
        (["--jurisdiction", "uk"], "there is eu, jp, us"),
        (["--jurisdiction", "uk", "--regimen", "1 mg q1d"], "there is eu, jp, us"),
        (["--outputs", "csf,alsfrs"], "Did you mean 'alsfrs_r'?"),
        (["--outputs", "csf,"], "a name is missing"),
        (["--outputs", ""], "a name is missing"),
        (["--outputs", "csf,csf"], "asked for twice"),
        (["--regimen", "100 mg into csv q28d"], "Did you mean 'csf'?"),
        (["--regimen", "100 mg every 28 days"], "character 8"),
        (["--regimen", ""], "character 1"),
        (["--out", "{}/p.xlsx"], "expected a name ending in .parquet or .csv"),
        (["--out", "{}/no/p.csv"], "its folder does not exist"),
        (["--figure", "{}/p.pdf"], "expected a name ending in .png or .svg"),
        (["--figure", "{}/no/p.png"], "its folder does not exist"),
        (["--accuracy", "highest"], "'highest' is not one of"),
        (["--backend", "torch"], "'torch' is not one of"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_one_message(arguments, words, tmp_path):
    result = fresh(*[a.format(tmp_path) for a in arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_jax_that_is_not_installed_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr("thecal.model.backend.has_jax", lambda: False)
    result = fresh("--n", 1, "--backend", "jax")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "install thecal[jax]" in result.stderr


# -- Ctrl-C


@contextmanager
def pressed():
    yield lambda: True


def test_a_stopped_simulation_shows_how_many_of_how_many_and_answers_1(monkeypatch, tmp_path):
    monkeypatch.setattr(COMMANDS, "stoppable", pressed)
    many = ("--n", 9000, "--until", "14d", "--outputs", "csf", "--backend", "numpy")
    result = fresh(*many, "--out", tmp_path / "p.csv", "--figure", tmp_path / "p.svg", "--summary")
    assert result.exit_code == 1
    assert result.stdout.startswith("tofersen · STOPPED: 4096 of 9000 virtual people")
    assert "p.partial.csv: STOPPED: 4096 of 9000" in result.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.partial.csv", "p.svg"]
    assert "STOPPED: 4096 of 9000" in (tmp_path / "p.svg").read_text()
    document = json.loads(fresh(*many, "--json").stdout)
    keeps(document)
    assert (document["people"]["done"], document["people"]["is_complete"]) == (4096, False)


def test_a_stop_that_comes_after_everybody_is_done_changes_nothing(monkeypatch):
    monkeypatch.setattr(COMMANDS, "stoppable", pressed)
    result = fresh(*QUICK)
    assert (result.exit_code, result.stdout) == (0, run(*QUICK).stdout)


def begun(folder: Path) -> subprocess.Popen[str]:
    """Start a simulation that would take minutes, and wait until some people are written."""
    code = (
        "import signal; from thecal.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background\n"
        "main()"
    )
    many = ("--n", "3000000", "--backend", "numpy", "--outputs", "csf", "--every", "91d")
    process = subprocess.Popen(
        [sys.executable, "-c", code, "simulate", *many, "--summary", "--out", "p.csv"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        if any(draft.stat().st_size > 1000 for draft in folder.glob(".p.csv.*.tmp")):
            return process
        time.sleep(0.02)
    process.kill()
    pytest.fail(f"nothing was written: {process.communicate()}")


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_keeps_the_people_done_in_a_table_that_says_it_is_partial(tmp_path):
    process = begun(tmp_path)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    done = int(stdout.split("STOPPED: ")[1].split(" of 3000000")[0])
    assert 0 < done < 3_000_000 and done % 4096 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["p.partial.csv"]
    header, *rows = (tmp_path / "p.partial.csv").read_text().splitlines()
    assert header == "ID,TIME,csf"
    assert [row.split(",")[:2] for row in rows[-5:]] == [
        [str(done), day] for day in ("0", "91", "182", "273", "364")
    ]
    assert len(rows) == 5 * done
    assert str(tmp_path / "p.partial.csv") in stderr and "Traceback" not in stderr


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_twice_ends_at_once_and_leaves_no_draft(tmp_path):
    process = begun(tmp_path)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in stderr
    assert not list(tmp_path.glob(".*")) and not (tmp_path / "p.csv").exists()


def test_ctrl_c_is_as_it_was_once_the_simulation_has_ended():
    before = signal.getsignal(signal.SIGINT)
    with stoppable() as is_stopped:
        assert not is_stopped()
    assert signal.getsignal(signal.SIGINT) is before


# -- progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_many_are_done_of_a_long_simulation(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress_of(200_000) as show:
        show(50_000)
    assert "50,000 of 200,000 people" in terminal.getvalue()


def test_a_short_simulation_draws_no_progress(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress_of(1000) as show:
        show(500)
    assert terminal.getvalue() == ""


# -- what is loaded


def test_the_command_line_starts_without_numbers_and_one_person_needs_no_jax():
    code = (
        "import sys; from thecal.cli import app\n"
        "print(sorted({'numpy', 'jax', 'rich', 'pyarrow'} & set(sys.modules)))\n"
        "app(['simulate', '--n', '1', '--json'], standalone_mode=False)\n"
        "heavy = {'jax', 'diffrax', 'pyarrow', 'vl_convert', 'jinja2'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[0] == "[]"
    assert result.stderr.splitlines()[-1] == "[]"
