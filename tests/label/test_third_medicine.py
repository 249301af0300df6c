"""A medicine is data alone: an invented one, in a folder outside the package, is dosed by thecal.

`drugs/fablersen` holds it. Its dates are worked out here by hand, from the words of its label:
two loading doses 7 days apart, then one each calendar month on the dates first planned; a gap of 3
months asks for one more dose 7 days on, one of 6 months for loading anew.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

import thecal
from thecal.cli import app
from thecal.clinic.finding import Severity
from thecal.course import Course, Dose, Event
from thecal.label.catalog import editions, jurisdictions, load_label, medicines
from thecal.label.topics import AREAS
from thecal.plan.answer import when_due
from thecal.regimen.regimen import Interval, from_label
from thecal.regimen.schedule import schedule

DRUGS = Path(__file__).resolve().parent / "drugs"
PACKAGE = Path(thecal.__file__).resolve().parent
NAMES = ("fablersen", "fablevo", "fabl1", "fable ataxia")
LABEL = load_label("fablersen", "us", DRUGS)
BEFORE = load_label("fablersen", "us", DRUGS, "2029")


def course(*dates: str, mg: float = 10, events: tuple[Event, ...] = ()) -> Course:
    given = [date.fromisoformat(text) for text in dates]
    doses = tuple(Dose(time_d=(day - given[0]).days, amount_mg=mg) for day in given)
    return Course(patient_id="p", start=given[0], doses=doses, events=events)


def due(*dates: str) -> tuple[str, list[str]]:
    """The date that thecal names after these, and the topics that the label leaves open."""
    asked = course(*dates)
    plan = schedule(asked, from_label(LABEL))
    return str(asked.date(plan.next.due_d)), sorted(q.topic for q in plan.label_silent)


# -- no line of code is about it


def test_no_file_of_the_package_knows_its_name():
    for path in PACKAGE.rglob("*"):
        if path.suffix in (".py", ".yaml", ".html", ".js", ".json", ".csv"):
            text = path.read_text(encoding="utf-8").lower()
            assert not [name for name in NAMES if name in text], path.name


def words_of(path: Path) -> Iterator[str]:
    """Every name and text that a module computes with; what it only explains is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    explained = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in explained:
                yield node.value.lower()
        elif isinstance(node, ast.Name):
            yield node.id.lower()


@pytest.mark.parametrize("module", ["regimen", "clinic", "label/catalog.py", "label/topics.py"])
def test_no_medicine_is_named_where_doses_are_dated_and_labels_are_read(module):
    """Not this one, and no other either: what differs between medicines is in their files."""
    place = PACKAGE / module
    brands = [
        name.lower()
        for medicine in medicines()
        for statement in load_label(medicine, "us").about("identity.brand")
        for name in statement.words("name")
    ]
    assert len(brands) >= 2
    for path in [place] if place.is_file() else place.glob("*.py"):
        for words in words_of(path):
            assert not [name for name in (*medicines(), *brands) if name in words], path.name


# -- its label


def test_a_folder_outside_the_package_is_a_catalog_of_its_own():
    assert medicines(DRUGS) == ["fablersen"]
    assert jurisdictions("fablersen", DRUGS) == ["us"]
    assert editions("fablersen", "us", DRUGS) == ["2031", "2029"]
    assert "fablersen" not in medicines()


def test_its_label_states_or_leaves_open_every_area():
    told = (*LABEL.statements, *LABEL.silences, *LABEL.not_read)
    assert {item.topic.split(".")[0] for item in told} == set(AREAS)


def test_its_regimen_is_what_its_label_says():
    regimen = from_label(LABEL)
    loading, maintenance = regimen.phases
    assert (regimen.amount_mg, loading.doses, loading.interval) == (10, 2, Interval(days=7))
    assert (maintenance.interval, maintenance.apart_d) == (Interval(months=1), 7)
    assert regimen.keeps_grid
    one_more, anew = regimen.gap_tiers
    assert (one_more.at_least, one_more.below) == (Interval(months=3), Interval(months=6))
    assert (one_more.ladder.doses, one_more.ladder.interval) == (1, Interval(days=7))
    assert (anew.at_least, anew.below, anew.ladder) == (Interval(months=6), None, None)


# -- its dates, worked out by hand

LOADED = ("2031-01-24", "2031-01-31")
MONTH_END = "dosing.month_end"
TOO_CLOSE = "missed_dose.grid_too_close"
GAP = (*LOADED, "2031-02-28", "2031-05-28")  # 3 months to the day


@pytest.mark.parametrize(
    ("given", "expected", "left_open"),
    [
        (("2031-01-24",), "2031-01-31", []),
        (LOADED, "2031-02-28", [MONTH_END]),
        ((*LOADED, "2031-02-28"), "2031-03-31", []),
        ((*LOADED, "2031-02-28", "2031-03-31"), "2031-04-30", [MONTH_END]),
        (("2032-01-24", "2032-01-31"), "2032-02-29", [MONTH_END]),
        (("2031-01-24", "2031-02-10"), "2031-03-10", []),
        ((*LOADED, "2031-03-10"), "2031-03-31", []),
        ((*LOADED, "2031-03-24"), "2031-03-31", []),
        ((*LOADED, "2031-03-25"), "2031-04-30", [MONTH_END, TOO_CLOSE]),
        ((*LOADED, "2031-04-02"), "2031-04-30", [MONTH_END]),
        ((*LOADED, "2031-02-20"), "2031-03-31", ["dosing.early"]),
        ((*LOADED, "2031-02-28", "2031-05-27"), "2031-06-30", [MONTH_END, TOO_CLOSE]),
        (GAP, "2031-06-04", []),
        ((*GAP, "2031-06-04"), "2031-07-04", []),
        ((*GAP, "2031-06-04", "2031-07-20"), "2031-08-04", []),
        ((*GAP, "2031-06-09"), "2031-07-09", ["missed_dose.additional"]),
        ((*LOADED, "2031-02-28", "2031-08-27"), "2031-09-03", []),
        ((*LOADED, "2031-02-28", "2031-08-28"), "2031-09-04", []),
        ((*LOADED, "2031-02-28", "2031-08-28", "2031-09-04"), "2031-10-04", []),
        ((*LOADED, "2031-02-28", "2031-08-27", "2031-09-03"), "2031-10-03", []),
        (("2031-01-24", "2031-04-24"), "2031-05-24", ["dosing.gap"]),
    ],
)
def test_what_is_due_after_an_instructive_history(given, expected, left_open):
    assert due(*given) == (expected, left_open)


def test_loading_begins_anew_with_the_first_dose_after_six_months():
    plan = schedule(course(*LOADED, "2031-02-28", "2031-08-28"), from_label(LABEL))
    assert (plan.next.phase, plan.next.anew_from) == ("loading", 4)
    assert plan.next.reason.endswith("loading began anew with dose 4")


def months_on(day: date, count: int) -> list[date]:
    """The same day of the next months, one after the other; the last of a month too short."""
    dates, first = [], day.replace(day=1)
    for _ in range(count):
        first = (first + timedelta(days=31)).replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        dates.append(min(first + timedelta(days=day.day - 1), last))
    return dates


def by_hand(given: list[date]) -> date:
    """The label of 2031, with the planned dates on a list from which they are crossed off."""
    planned: list[date] = []
    due, last, begun, owed = None, None, 0, False
    for day in given:
        is_late = due is not None and day > due
        if begun == 2 and is_late and day >= months_on(last, 6)[-1]:
            begun, owed, due = 1, False, day + timedelta(days=7)
        elif begun == 2 and is_late and day >= months_on(last, 3)[-1]:
            owed, due = True, day + timedelta(days=7)
        elif begun < 2 or owed:
            begun, owed = min(begun + 1, 2), False
            planned = months_on(day, 90) if begun == 2 else []
            due = planned[0] if planned else day + timedelta(days=7)
        else:
            planned = [p for p in planned[1:] if p >= day + timedelta(days=7)]
            due = planned[0]
        last = day
    return due


def test_random_histories_come_out_as_by_hand():
    random, regimen = Random(2031), from_label(LABEL)
    for _ in range(400):
        given = [date(2031, 1, 1) + timedelta(days=random.randrange(800))]
        for _ in range(random.randrange(10)):
            due, off = by_hand(given), random.choice([0, 0, 0, 1, 5, 20, 24, 40, 100, 250, -3])
            if random.random() < 0.3:
                due = months_on(given[-1], random.choice([3, 6]))[-1]
                off = random.randint(-1, 1)
            given.append(max(due + timedelta(days=off), given[-1] + timedelta(days=1)))
        asked = course(*map(str, given))
        found = asked.date(schedule(asked, regimen).next.due_d)
        assert found == by_hand(given), [str(day) for day in given]


# -- its version before: amounts by phase, weeks, counted from the last dose


@pytest.mark.parametrize(("count", "due_d", "mg"), [(1, 7, 8), (2, 28, 8), (3, 70, 5), (4, 112, 5)])
def test_the_version_before_has_its_own_days_and_amounts(count, due_d, mg):
    days = (0, 7, 28, 70)[:count]
    doses = tuple(Dose(time_d=d, amount_mg=8 if d < 70 else 5) for d in days)
    plan = schedule(Course(patient_id="p", start=None, doses=doses), from_label(BEFORE))
    assert (plan.next.due_d, plan.next.amount_mg) == (due_d, mg)
    assert not plan.label_silent


@pytest.mark.parametrize(
    ("amounts", "topic", "words"),
    [
        ((5, 8, 8, 5), "dosing.part_dose", "dose 1 was 5 mg of 8 mg"),
        ((8, 8, 8, 8), "dosing.above_label", "dose 4 was 8 mg, above 5 mg"),
    ],
)
def test_an_amount_of_the_wrong_phase_is_asked_about(amounts, topic, words):
    doses = tuple(
        Dose(time_d=d, amount_mg=mg) for d, mg in zip((0, 7, 28, 70), amounts, strict=True)
    )
    plan = schedule(Course(patient_id="p", start=None, doses=doses), from_label(BEFORE))
    (question,) = [q for dose in plan.given for q in dose.label_silent]
    assert question.topic == topic
    assert question.here.startswith(words)


def test_a_late_loading_dose_that_the_version_before_is_silent_on_is_asked_about():
    doses = tuple(Dose(time_d=day, amount_mg=8) for day in (0, 9))
    (question,) = schedule(
        Course(patient_id="p", start=None, doses=doses), from_label(BEFORE)
    ).label_silent
    assert (question.topic, question.is_read) == ("missed_dose.loading", True)


# -- what the program says of it

ROWS = "id,date,kind,value,unit,method\n" + "".join(
    f"x,{day},dose,10,mg,intrathecal\n" for day in (*LOADED, "2031-02-28")
)


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "course.csv"
    path.write_text(ROWS)
    return path


def run(*arguments: object) -> Result:
    given = [str(argument) for argument in (*arguments, "--drugs", DRUGS)]
    return CliRunner().invoke(app, given, catch_exceptions=False)


def test_due_names_the_date_the_rule_and_the_version(file):
    said = run("due", file, "--drug", "fablersen", "--on", "2031-03-20")
    assert said.exit_code == 0, said.output
    assert "Dose 4 is due on Mon 2031-03-31 (day 66), 11 days from the day asked" in said.stdout
    assert "10 mg, INTRATHECAL, maintenance" in said.stdout
    assert "one dose follows every calendar month" in said.stdout
    assert "Fablevo (fablersen) invented prescribing information, edition of 2031" in said.stdout


def test_due_says_by_the_day_asked_which_rule_a_missed_dose_falls_under(file):
    said = {
        on: json.loads(run("due", file, "--drug", "fablersen", "--on", on, "--json").stdout)["next"]
        for on in ("2031-04-10", "2031-05-28", "2031-08-28")
    }
    assert {entry["due"] for entry in said.values()} == {"2031-03-31"}
    assert said["2031-04-10"]["if_late"].endswith("falls on Wed 2031-04-30 (day 96).")
    assert "one more 7 days later" in said["2031-05-28"]["if_late"]
    assert "additional dose 1 of 1, falls on Wed 2031-06-04" in said["2031-05-28"]["if_late"]
    assert "begins anew" in said["2031-08-28"]["if_late"]
    assert "falls on Thu 2031-09-04" in said["2031-08-28"]["if_late"]


def test_another_version_is_asked_for_by_its_edition(file):
    said = json.loads(
        run(
            "due", file, "--drug", "fablersen", "--version", "2029", "--on", "2031-03-20", "--json"
        ).stdout
    )
    assert said["next"]["due"] == "2031-04-11"  # 42 days after 28 February
    assert said["amount_mg"] == 5
    assert said["label"]["version"] == "edition of 2029, invented"


def test_its_label_is_shown_and_checked_like_any_other(file):
    shown = run("label", "show", "fablersen", "--topic", "missed_dose")
    assert shown.exit_code == 0 and "one more 7 days later" in shown.stdout
    checked = CliRunner().invoke(app, ["label", "check", str(DRUGS)])
    assert checked.exit_code == 0, checked.output


def test_an_event_is_judged_by_its_own_label():
    """It names low platelets as a contraindication, and hydrocephalus as serious."""
    events = (Event(time_d=10, name="low_platelets"), Event(time_d=11, name="hydrocephalus"))
    found = when_due(course(*LOADED, events=events), LABEL).findings
    serious = {f.code: f.source.section for f in found if f.severity is Severity.SERIOUS}
    assert serious == {"event.low_platelets": "4", "event.hydrocephalus": "5.1"}


def test_its_own_name_says_how_treatment_stands():
    held = (Event(time_d=10, name="fablersen_held"),)
    assert when_due(course(*LOADED, events=held), LABEL).schedule.treatment == "held"
    other = (Event(time_d=10, name="tofersen_held"),)
    assert when_due(course(*LOADED, events=other), LABEL).schedule.treatment == "ongoing"
