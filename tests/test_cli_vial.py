"""`thecal vial check`, as a pharmacist and as a program meet it."""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator, FormatChecker

from thecal.cli import app
from thecal.report.vial_figure import MOST_POINTS, vial_figure

ROOT = Path(__file__).resolve().parents[1]
VIALS = ROOT / "examples" / "vial"
BERLIN = ("--zone", "Europe/Berlin")
CUSTODY = ("--custody", VIALS / "custody.csv")
CHECKS = {  # examples and options: the exit code and the verdict
    ("refrigerator.csv",): (0, "usable"),
    ("ward.csv", *BERLIN, *CUSTODY): (0, "usable_with_what_is_left"),
    ("ward.csv", *BERLIN, "--carton"): (0, "usable_with_what_is_left"),
    ("ward.csv", *BERLIN): (1, "quarantine"),
    ("ward.csv", *BERLIN, *CUSTODY, "--drug", "nusinersen"): (0, "usable_with_what_is_left"),
    ("ward.csv", *BERLIN, "--jurisdiction", "eu"): (1, "quarantine"),
    ("weekend.csv", "--dates", "mdy", "--drug", "nusinersen", "--version", "2020"): (
        1,
        "quarantine",
    ),
    ("parked.tsv", "--expires", "2027-01-31"): (1, "discard"),
    ("refrigerator.csv", "--expires", "2026-03-03"): (1, "discard"),
    ("refrigerator.csv", "--out-of-carton", "2026-03-02 08:00/2026-03-02 14:30"): (1, "discard"),
}


def run(*arguments: object):
    name, *options = arguments
    path = name if isinstance(name, Path) else VIALS / str(name)
    words = ["vial", "check", str(path), *map(str, options)]
    return CliRunner().invoke(app, words, catch_exceptions=False)


def schema() -> dict:
    text = files("thecal.report").joinpath("schemas/vial.v1.json").read_text(encoding="utf-8")
    return json.loads(text)


@pytest.mark.parametrize(("asked", "answer"), CHECKS.items(), ids=lambda value: str(value[0]))
def test_the_exit_code_and_the_first_word_are_the_verdict(asked, answer):
    """Exit 0 usable, 1 quarantine or discard: a script needs no words."""
    code, verdict = answer
    result = run(*asked)
    assert result.exit_code == code
    first = result.stdout.split()[0].rstrip(":,").lower()
    assert verdict.startswith(first)
    assert "not a medical device" in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 92


@pytest.mark.parametrize(("asked", "answer"), CHECKS.items(), ids=lambda value: str(value[0]))
def test_the_json_keeps_its_schema_and_says_the_same(asked, answer):
    code, verdict = answer
    result = run(*asked, "--json")
    assert result.exit_code == code
    document = json.loads(result.stdout)
    check = Draft202012Validator(schema(), format_checker=FormatChecker())
    assert not [f"{error.json_path}: {error.message}" for error in check.iter_errors(document)]
    assert document["verdict"] == document["grounds"][0]["verdict"] == verdict
    assert result.stdout == run(*asked, "--json").stdout


def test_the_schema_describes_every_key_and_allows_no_other():
    def walk(node, path="$"):
        if isinstance(node, dict):
            yield path, node
            for key, value in node.items():
                yield from walk(value, f"{path}.{key}")

    Draft202012Validator.check_schema(schema())
    for path, node in walk(schema()):
        for key, value in node.get("properties", {}).items():
            assert value.get("description", "").endswith("."), f"{path}.properties.{key}"
        if node.get("type") == "object":
            assert node["additionalProperties"] is False, path
            assert node["required"] == list(node["properties"]), path


def test_the_reading_that_decided_is_named_with_its_line_and_rule():
    """Line 35 of the file is the first reading at its highest, 32.5 °C."""
    words = " ".join(run("parked.tsv").stdout.split())
    line = (VIALS / "parked.tsv").read_text(encoding="utf-8").splitlines()[34]
    assert line.startswith("2026-07-06T14:30:00+02:00") and line.endswith("32.5 °C")
    assert "32.5 °C on Mon 2026-07-06 14:30 (line 35): above 30 °C" in words
    assert "[US label §16.2]" in words


def test_what_the_label_is_silent_on_is_said_where_it_bears():
    words = " ".join(run("ward.csv", *BERLIN, *CUSTODY).stdout.split())
    assert "Whether the 6 hours a day are per calendar day or per any 24 hours." in words
    assert "may both be used up" in words
    assert "0 and 2 °C" not in words
    assert "The label does not say" not in run("refrigerator.csv").stdout


def test_a_figure_without_a_source_is_shown_as_not_confirmed(tmp_path):
    """The label forbids freezing and names no temperature; 0 °C is the policy's."""
    log = tmp_path / "log.csv"
    log.write_text("Time,Temp °C\n2026-03-02 10:00,5\n2026-03-02 10:10,-0.5\n", encoding="utf-8")
    result = run(log)
    words = " ".join(result.stdout.split())
    assert result.exit_code == 1
    assert words.startswith("DISCARD, pending the maker's advice")
    assert "0 °C is that of policy 'vfc', version 1, not confirmed" in words
    assert "−0.5 °C" in words


def test_without_custody_the_stricter_assumption_is_said():
    words = " ".join(run("ward.csv", *BERLIN).stdout.split())
    assert "Nobody states it, so time above the range counts as out of the carton" in words
    assert "(--carton), the verdict is usable with what is left." in words


def test_what_was_not_read_in_a_label_is_not_invented():
    words = " ".join(run("ward.csv", *BERLIN, "--jurisdiction", "eu").stdout.split())
    assert "what the label allows there was not read" in words
    assert "Budgets of the label" not in words
    refused = run("ward.csv", "--jurisdiction", "jp")
    assert refused.exit_code == 2
    assert "The Japanese insert was not read" in refused.stderr


def test_a_policy_of_the_site_is_named(tmp_path):
    from thecal.clinic.policy import policy_path

    own = tmp_path / "own.yaml"
    text = policy_path("coldchain", "vfc").read_text(encoding="utf-8")
    own.write_text(text.replace("name: vfc", "name: ward7").replace("minutes: 30", "minutes: 500"))
    words = " ".join(run("weekend.csv", "--dates", "mdy", "--policy", own).stdout.split())
    assert "policy 'ward7'" in words and "gap" not in words
    refused = run("weekend.csv", "--policy", "vcf")
    assert refused.exit_code == 2 and "Did you mean 'vfc'?" in refused.stderr


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_picture_is_drawn(tmp_path, suffix):
    path = tmp_path / f"vial{suffix}"
    result = run("weekend.csv", "--dates", "mdy", "--figure", path)
    assert result.exit_code == 1
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG" if suffix == ".png" else b"<svg")
    if suffix == ".svg":
        for words in (b"QUARANTINE", b"gap", b"decided by", b"not stated", b"not a medical"):
            assert words in data


def test_a_picture_of_a_long_record_keeps_its_extremes():
    from thecal.clinic.coldchain.coldchain import check_vial
    from thecal.clinic.coldchain.limits import storage_of
    from thecal.clinic.coldchain.pieces import Reading
    from thecal.clinic.coldchain.policy import read_coldchain_policy
    from thecal.clinic.policy import policy_path
    from thecal.interop.stamps import read_zone
    from thecal.label.catalog import load_label

    readings = [Reading(60 * i, 5.0 + i % 7 / 10) for i in range(1, 20_000)]
    readings[7_000] = Reading(readings[7_000].at_s, 29.0)
    readings[9_000] = Reading(readings[9_000].at_s, 1.0)
    check = check_vial(
        readings,
        [],
        storage_of(load_label("tofersen", "us")),
        read_coldchain_policy(policy_path("coldchain", "vfc")),
        read_zone("UTC"),
    )
    view = vial_figure(check)["vconcat"][0]
    points = next(
        layer["data"]["values"] for layer in view["layer"] if layer["mark"]["type"] == "line"
    )
    values = [point["C"] for point in points]
    assert len(points) <= MOST_POINTS + 2
    assert (min(values), max(values)) == (1.0, 29.0)


@pytest.mark.parametrize(
    "options",
    [
        ("--zone", "Annegret"),
        ("--expires", "Annegret"),
        ("--out-of-carton", "Annegret"),
        ("--custody", "Annegret.csv"),
        ("--figure", "Annegret.gif"),
        ("--figure", "Annegret/a.png"),
        ("--out-of-carton", "2026-03-02 08:00/2026-03-02 09:00", *CUSTODY),
        ("--sensor", "2"),
        ("--unit", "F"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_names_nobody(options, tmp_path):
    log = tmp_path / "Annegret Mustermann.csv"
    log.write_bytes((VIALS / "ward.csv").read_bytes())
    result = run(log, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Anne" not in result.stderr
    assert result.stderr.startswith("thecal: vial check: ")


def test_a_file_that_is_not_there_is_not_named(tmp_path):
    result = run(tmp_path / "Annegret.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "thecal: vial check: No such file or directory\n"


def test_the_name_of_a_file_is_in_no_answer(tmp_path):
    log = tmp_path / "Annegret.csv"
    log.write_bytes((VIALS / "ward.csv").read_bytes())
    for options in ((), ("--json",), ("--figure", tmp_path / "Annegret.svg")):
        result = run(log, *options)
        assert "Anne" not in result.stdout + result.stderr
    assert "Anne" not in (tmp_path / "Annegret.svg").read_text(encoding="utf-8")


def test_an_expiry_that_nobody_stated_is_said_to_be_unchecked():
    """ "USABLE" must not be read as if the date on the vial had been looked at."""
    assert "Expiry: not stated, so not checked" in run("refrigerator.csv").stdout
    told = run("refrigerator.csv", "--expires", "2027-01-31").stdout
    assert "not checked" not in told and "Expires on 2027-01-31." in told


def _days_at_20(tmp_path: Path, *, days: int, minutes: int = 0) -> Path:
    start, end = dt.datetime(2026, 3, 2), dt.timedelta(days=days, minutes=minutes)
    at = [
        start + dt.timedelta(minutes=15 * i) for i in range(int(end / dt.timedelta(minutes=15)) + 1)
    ]
    path = tmp_path / "log.csv"
    path.write_text("Time,Temp °C\n" + "".join(f"{t:%Y-%m-%d %H:%M},20\n" for t in at), "utf-8")
    return path


def test_a_budget_passed_by_minutes_is_not_told_as_just_used_up(tmp_path):
    """ "used 14 d of 14 d" beside DISCARD explains nothing."""
    until = "2026-03-02 00:00,2026-03-16 00:{:02},carton\n"
    for minutes, used, code in ((0, "used  14 d of 14 d", 0), (15, "used  14 d 15 min of 14 d", 1)):
        custody = tmp_path / "custody.csv"
        custody.write_text("from,to,state\n" + until.format(minutes), "utf-8")
        log = _days_at_20(tmp_path, days=14, minutes=minutes)
        result = run(log, "--zone", "UTC", "--custody", custody)
        assert used in result.stdout and result.exit_code == code


def test_the_deciding_reading_is_not_said_to_have_passed_what_was_passed_later(tmp_path):
    """Two days out of the carton: by the 7th hour 6 h a day are passed, and not yet 36 h."""
    text = " ".join(run(_days_at_20(tmp_path, days=2), "--zone", "UTC").stdout.split())
    assert "2026-03-02 06:00 (line 26): the first limit was passed by then, and in the" in text
    assert "by then more than 36 h" not in text
    short = " ".join(
        run(_days_at_20(tmp_path, days=0, minutes=400), "--zone", "UTC").stdout.split()
    )
    assert "by then more than 6 h a day out of its carton" in short
