"""thecal against the published case tables, and against the rules by hand that wrote them.

`cases/by_hand.py` is a second implementation of each label's dosing text; it shares no code with
thecal. docs/cases holds what it says, for a pharmacist to check.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from thecal.course import Course, Dose
from thecal.errors import CatalogError
from thecal.label.catalog import load_all, load_label, medicines
from thecal.label.label import Label
from thecal.plan.answer import Due, when_due
from thecal.regimen.regimen import Regimen, from_label
from thecal.regimen.schedule import schedule
from thecal.regimen.silent import Open

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "cases"))
try:
    import by_hand
    import case_tables
finally:
    sys.path.remove(str(HERE / "cases"))

labels = pytest.mark.parametrize("hand", by_hand.LABELS, ids=lambda hand: hand.name)


def label_of(hand: by_hand.Label) -> Label:
    return load_label(hand.medicine, hand.jurisdiction, edition=hand.edition)


def rows_of(hand: by_hand.Label) -> list[dict[str, str]]:
    with case_tables.path_of(hand).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- every row


def asked_of_thecal(row: dict[str, str], label: Label) -> Due:
    """The answer to a row: a course of dates, or of days where the row counts in days."""
    cells = row["history"].split(";")
    is_dated = "-" in cells[0]
    start = date.fromisoformat(cells[0]) if is_dated else None
    times_d = [(date.fromisoformat(cell) - start).days if start else int(cell) for cell in cells]
    amounts = [100.0] * len(times_d) if label.medicine == "tofersen" else amounts_of(row, label)
    course = Course(
        patient_id="p",
        start=start,
        doses=tuple(
            Dose(time_d=day, amount_mg=mg) for day, mg in zip(times_d, amounts, strict=True)
        ),
    )
    on = date.fromisoformat(row["asked"]) if start else int(row["asked"])
    return when_due(course, label, on=on)


def amounts_of(row: dict[str, str], label: Label) -> list[float]:
    """12 mg each; of the high dose 50 mg twice, then 28 mg."""
    count = row["history"].count(";") + 1
    return [50.0, 50.0, *[28.0] * count][:count] if label.edition == "2026" else [12.0] * count


def shown(due: Due, day: int) -> str:
    found = due.course.date(day)
    return str(day) if found is None else found.isoformat()


def verdict(questions: Sequence[Open], due: str) -> str:
    """The date, or why the label does not name it, as the tables say it."""
    deciding = [q for q in questions if q.topic not in by_hand.READINGS]
    if not deciding:
        return due
    is_read = all(q.is_read for q in deciding)
    return case_tables.SILENT if is_read else case_tables.NOT_READ


def differences(rows: Sequence[dict[str, str]], label: Label) -> list[str]:
    """What thecal says otherwise than the rows, in words."""
    found = []
    for row in rows:
        due = asked_of_thecal(row, label)
        plan, slot = due.schedule, due.schedule.next
        now = [q for q in plan.label_silent if q not in plan.open_then]
        date_of = shown(due, slot.due_d)
        said = {
            "expected": verdict(now, date_of),
            "arithmetic": date_of if verdict(now, date_of) != date_of else "",
            "dose": f"{slot.amount_mg:g} mg",
            "then": verdict(plan.open_then, shown(due, plan.if_given.due_d))
            if plan.if_given
            else "",
            "open": ";".join(sorted({q.topic for q in plan.label_silent})),
            "section": slot.rule.source.section,
        }
        found += [
            f"{row['case']}: {name} is {row[name]!r}, thecal says {value!r}"
            for name, value in said.items()
            if row[name] != value
        ]
    return found


@pytest.mark.published
@labels
def test_every_case_of_the_table_comes_out_as_it_says(hand):
    """Tofersen US 2.1, EU 4.2; nusinersen US 2.1 of 2020 and 2023, EU 4.2; high dose as told."""
    assert not differences(rows_of(hand), label_of(hand))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("expected", "2031-01-01"),
        ("dose", "13 mg"),
        ("then", "2031-01-01"),
        ("open", "dosing.early"),
        ("section", "2.7"),
    ],
)
def test_a_table_with_one_wrong_cell_is_caught(name, value):
    (hand,) = [hand for hand in by_hand.LABELS if hand.name == "nusinersen.us.2023"]
    rows = rows_of(hand)[:40]
    rows[20] = {**rows[20], name: value}
    (found,) = differences(rows, label_of(hand))
    assert rows[20]["case"] in found and value in found


# -- the tables themselves


@labels
def test_a_table_is_what_the_rules_by_hand_write(hand):
    """Else: python tests/cases/case_tables.py --write, and look at what changed."""
    assert case_tables.path_of(hand).read_text(encoding="utf-8") == case_tables.table(hand)


@labels
def test_a_table_holds_200_different_cases_but_where_the_rules_were_not_read(hand):
    rows = rows_of(hand)
    histories = {(row["history"], row["asked"]) for row in rows}
    assert len(histories) == len(rows) == len({row["case"] for row in rows})
    assert len(rows) >= (60 if label_of(hand).status == "in part" else 200)


def test_every_version_whose_dosing_was_read_has_a_table_and_nothing_else_has():
    known = set()
    for label in (label for medicine in medicines() for label in load_all(medicine)):
        try:
            from_label(label)
        except CatalogError:
            continue
        known.add(f"{label.medicine}.{label.jurisdiction}.{label.edition}.csv")
    assert known == {path.name for path in case_tables.CASES.glob("*.csv")}


def test_the_page_counts_the_cases_of_every_table():
    page = (case_tables.CASES / "README.md").read_text(encoding="utf-8")
    for hand in by_hand.LABELS:
        (line,) = [line for line in page.splitlines() if f"({hand.name}.csv)" in line]
        assert line.endswith(f"| {len(rows_of(hand))} |")


@pytest.mark.parametrize(
    ("late", "expected", "then"),
    [("2025-10-20", "2025-11-06", ""), ("2025-10-30", "label silent", "2026-03-06")],
)
def test_the_example_of_the_page_is_true(late, expected, then):
    """Loading ended on 6 March 2025; a dose of July that comes in October."""
    (hand,) = [hand for hand in by_hand.LABELS if hand.name == "nusinersen.us.2023"]
    given = [*case_tables.loaded_on(hand, date(2025, 3, 6)), date.fromisoformat(late)]
    row = case_tables.row(hand, case_tables.Case("example", tuple(given)))
    assert (row["expected"], row["arithmetic"]) == (expected, then)
    assert not differences([row], label_of(hand))


def test_the_second_implementation_knows_nothing_of_thecal():
    for path in (HERE / "cases").glob("*.py"):
        code = path.read_text(encoding="utf-8").split('"""', 2)[2]
        assert "thecal" not in code, path.name


@labels
def test_what_the_tables_call_silent_is_listed_in_the_label_file(hand):
    silent = {gap.topic for gap in label_of(hand).silences}
    assert set(hand.read) <= silent


# -- any history


def random_history(hand: by_hand.Label, random: Random) -> list[date]:
    """Up to 14 doses: on time, early, late, and at and around the months at which rules change."""
    start = date(1996, 1, 1) + timedelta(days=random.randrange(40 * 365))
    if random.random() < 0.3:  # the last of a month, so that months are cut short
        start = start.replace(day=1) - timedelta(days=random.randint(1, 3))
    given = [start]
    for _ in range(random.randrange(14)):
        due, kind = hand.rules(given).due, random.random()
        if kind < 0.45:
            day = due
        elif kind < 0.6:
            day = due + timedelta(days=random.randint(1, 20))
        elif kind < 0.7:
            day = due - timedelta(days=random.randint(1, 25))
        elif kind < 0.8:
            day = due + timedelta(days=random.randint(60, 130))
        elif kind < 0.92:
            months = random.choice([8, 8, 12, 16, 40])
            day = by_hand.months_after(given[-1], months) + timedelta(days=random.randint(-1, 1))
        else:
            day = due + timedelta(days=random.randint(1, 1500))
        given.append(max(day, given[-1] + timedelta(days=1)))
    return given


def disagreement(hand: by_hand.Label, regimen: Regimen, given: list[date]) -> str:
    """How thecal and the rules by hand differ about a history; empty where they agree."""
    days = [(day - given[0]).days for day in given]
    doses = tuple(Dose(time_d=day, amount_mg=regimen.amount_mg) for day in days)
    plan = schedule(Course(patient_id="p", start=given[0], doses=doses), regimen)
    asked_of_amounts = ("dosing.part_dose", "dosing.above_label")
    topics = {q.topic: q.is_read for q in plan.label_silent if q.topic not in asked_of_amounts}
    expected = hand.rules(given)
    found = (
        given[0] + timedelta(days=plan.next.due_d),
        plan.next.amount_mg,
        topics,
        plan.next.rule.source.section,
    )
    right = (
        expected.due,
        expected.mg,
        {topic: topic in hand.read for topic in expected.open},
        expected.section,
    )
    return "" if found == right else f"{[str(day) for day in given]}: {found}, by hand {right}"


@labels
def test_random_histories_come_out_as_by_hand(hand):
    """1,300 histories for each version, more than 10,000 together."""
    assert len(by_hand.LABELS) * 1300 > 10_000
    regimen, random = from_label(label_of(hand)), Random(20261122)
    found = [disagreement(hand, regimen, random_history(hand, random)) for _ in range(1300)]
    assert not any(found), next(words for words in found if words)


@pytest.mark.slow
@labels
def test_a_hundred_thousand_random_histories_come_out_as_by_hand(hand):
    regimen, random = from_label(label_of(hand)), Random(5)
    count = 100_000 // len(by_hand.LABELS)
    for _ in range(count):
        assert not disagreement(hand, regimen, random_history(hand, random))
