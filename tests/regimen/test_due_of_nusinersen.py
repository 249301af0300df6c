"""`thecal due` on a dated course of nusinersen: date, rule, section, version, and what is open.

The course is invented (tests/cases/nusinersen.csv): loading on time, which ends on 29 March 2024,
so maintenance is planned for the 29th; the dose of November came three days late.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from thecal.cli import app

FILE = Path(__file__).resolve().parents[1] / "cases" / "nusinersen.csv"


def asked(*options: str) -> str:
    command = ["due", str(FILE), "--drug", "nusinersen", *options]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def next_dose(*options: str) -> dict:
    return json.loads(asked(*options, "--json"))["next"]


def test_the_answer_names_date_amount_rule_section_and_version():
    said = asked("--on", "2025-03-25")
    assert "Dose 7 is due on Sat 2025-03-29 (day 423), 4 days from the day asked" in said
    assert "12 mg, INTRATHECAL, maintenance" in said
    assert "the original grid, every 4 calendar months from dose 4 (day 58)" in said
    assert "12 mg text of 2023" in said and "section 2.1" in said
    assert "OPEN" not in said


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("2025-05-01", "the dose after it falls on Tue 2025-07-29"),
        ("2025-07-20", "the dose after it would by arithmetic fall on Sat 2025-11-29"),
        ("2025-08-01", "the dose after it falls on Sat 2025-11-29"),
        ("2025-08-02", "the dose after it, additional dose 1 of 1, falls on Sat 2025-08-16"),
        ("2026-04-02", "the dose after it, additional dose 1 of 2, falls on Thu 2026-04-16"),
        ("2028-04-01", "the dose after it, additional dose 1 of 2, falls on Sat 2028-04-15"),
        ("2028-04-02", "treatment begins anew"),
    ],
)
def test_if_late_says_which_rule_holds_on_the_day_asked_and_what_follows(on, words):
    """The last dose was on 2 December 2024: 8, 16 and 40 months on are 2 August, April, April."""
    said = next_dose("--on", on)
    assert said["due"] == "2025-03-29"
    assert "as soon as possible" in said["if_late"] or "anew" in said["if_late"]
    assert words in said["if_late"]


def test_a_day_on_which_the_planned_date_is_too_near_is_called_label_silent():
    said = next_dose("--on", "2025-07-20")
    (question,) = said["label_silent"]
    assert (question["topic"], question["is_read"]) == ("missed_dose.grid_too_close", True)
    assert question["here"].startswith("given on day 536, dose 7 comes 9 days before the date")
    assert question["arithmetic"].endswith("the dose after it falls on day 668")


def test_the_superseded_version_counts_from_the_late_dose_and_says_that_it_is_one_reading():
    said = next_dose("--version", "2020", "--on", "2025-03-25")
    assert said["due"] == "2025-04-02"
    assert [question["topic"] for question in said["label_silent"]] == ["missed_dose.anchor"]
    assert "2020" in said["source"]["version"]


def test_the_european_fourth_dose_is_due_on_day_63():
    """Given on day 58, it came 5 days before it was due."""
    said = json.loads(asked("--jurisdiction", "eu", "--on", "2025-03-25", "--json"))
    fourth = said["doses"][3]
    assert (fourth["late_d"], fourth["label_silent"][0]["topic"]) == (-5, "dosing.early")


def test_the_high_dose_asks_about_the_amounts_of_its_own_phases():
    said = json.loads(asked("--version", "2026", "--on", "2025-03-25", "--json"))
    assert said["amount_mg"] == 28
    topics = [dose["label_silent"][0]["topic"] for dose in said["doses"]]
    assert topics[0] == "dosing.part_dose"
    assert "12 mg of 50 mg" in said["doses"][0]["label_silent"][0]["here"]
