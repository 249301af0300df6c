"""How well an audit reads and judges whole pages: the measures that it is held to.

`monographs/` holds pages of both medicines, each with a table of the numbers in it and a table of
its differences from the label; its README says what counts. `expected/` holds the tables of two
pages that circulate, which are not part of this repository. A page is held against the US label,
with every other label of the medicine at hand, as the program does it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from thecal.label.catalog import load_all, load_label, medicines
from thecal.label.compare import Audit, Difference, Severity, audit
from thecal.label.monograph import read_monograph

HERE = Path(__file__).parent
PAGES = HERE / "monographs"
OUTSIDE = HERE.parents[1].parent / "shared" / "monographs"
GRAVE = (Severity.SAFETY, Severity.MAJOR)
NEAR = 1  # a sentence may begin in the line before or after

Row: TypeAlias = dict[str, str]
Fact: TypeAlias = tuple[int, float, str]  # line, value, unit


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


INDEX = {row["page"]: row for row in rows(PAGES / "index.csv")}


@cache
def audited(path: Path, drug: str) -> Audit:
    label = load_label(drug, "us")
    others = [other for other in load_all(drug) if other != label]
    page = read_monograph(path.read_bytes(), path.name)
    return audit(page, label, others, [name for name in medicines() if name != drug])


def of(page: str) -> Audit:
    return audited(PAGES / page, INDEX[page]["drug"])


def expected(page: str) -> list[Row]:
    return rows((PAGES / page).with_suffix(".differences.csv"))


def place(row: Row | Difference) -> int:
    return int(row["line"]) if isinstance(row, dict) else row.line


def told(row: Row | Difference) -> str:
    if isinstance(row, dict):
        return " ".join(row[name] for name in ("line", "class", "severity", "topic", "note"))
    return f"{row.line} {row.kind} {row.severity} {row.topic}: {row.quote[:90]!r}"


def listed(what: str, found: Iterable[object]) -> str:
    return "\n  ".join([what, *map(str, found)])


def area(topic: str) -> str:
    return topic.partition(".")[0]


def stands_with(row: Row, difference: Difference) -> bool:
    """Tell whether a difference is where a row of a table says, or leaves out the same."""
    if place(row) == 0:
        return difference.line == 0 and area(difference.topic) == area(row["topic"])
    return difference.line != 0 and abs(difference.line - place(row)) <= NEAR


# -- numbers


def in_one_unit(value: float, unit: str) -> tuple[float, str]:
    """As the tables count: weeks are days, seconds are minutes."""
    if unit == "weeks":
        return value * 7, "d"
    if unit == "s":
        return round(value / 60, 3), "min"
    return round(value, 3), unit


def facts(page: str) -> set[Fact]:
    return {
        (int(row["line"]), *in_one_unit(float(row["value"]), row["unit"]))
        for row in rows((PAGES / page).with_suffix(".facts.csv"))
    }


def numbers(found: Audit) -> set[Fact]:
    """Every number that was read; a band is told by a heading and is no number of the page."""
    read: set[Fact] = set()
    for claim in found.claims:
        if claim.name == "band" or isinstance(claim.value, str):
            continue
        line, _ = found.monograph.place(claim.span)
        values = claim.value if isinstance(claim.value, tuple) else (claim.value,)
        read |= {(line, *in_one_unit(value, claim.unit)) for value in values}
    return read


def near(fact: Fact, others: set[Fact]) -> bool:
    line, value, unit = fact
    return any((line + step, value, unit) in others for step in range(-NEAR, NEAR + 1))


@dataclass(frozen=True, slots=True)
class Count:
    right: int
    missed: list[str]
    extra: list[str]

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + len(self.missed) + len(self.extra))

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.3f}: {self.right} numbers of the tables read, {len(self.missed)} not, "
            f"{len(self.extra)} read that no table has\n"
            + listed("not read:", self.missed)
            + "\n"
            + listed("in no table:", self.extra)
        )


def counted(pages: Iterable[str]) -> Count:
    right, missed, extra = 0, [], []
    for page in pages:
        table, read = facts(page), numbers(of(page))
        right += sum(near(fact, read) for fact in table)
        missed += [f"{page}: {fact}" for fact in sorted(table) if not near(fact, read)]
        extra += [f"{page}: {fact}" for fact in sorted(read) if not near(fact, table)]
    return Count(right, missed, extra)


@pytest.mark.parametrize("drug", ["tofersen", "nusinersen"])
def test_the_numbers_of_a_medicines_pages_are_read_with_an_f1_of_at_least_0_95(drug: str) -> None:
    count = counted(page for page, row in INDEX.items() if row["drug"] == drug)
    assert count.f1 >= 0.95, str(count)


def test_the_numbers_of_all_pages_are_read_with_an_f1_of_at_least_0_95() -> None:
    count = counted(INDEX)
    assert count.f1 >= 0.95, str(count)


def test_a_number_that_is_not_in_the_table_of_its_page_counts_against_the_reader() -> None:
    """The measure itself: a page held against the table of another one fails it."""
    first, second = "tofersen_consumer.html", "nusinersen_news.txt"
    read, table = numbers(of(first)), facts(second)
    assert sum(near(fact, read) for fact in table) < len(table) / 2


# -- errors


@pytest.mark.parametrize("page", INDEX)
def test_every_error_that_can_hurt_is_found_as_such(page: str) -> None:
    found = of(page).differences
    missed = [
        row
        for row in expected(page)
        if row["severity"] == "safety"
        and not any(d.severity is Severity.SAFETY and stands_with(row, d) for d in found)
    ]
    assert not missed, listed("not found as safety:", map(told, missed))


def false_alarms(page: str) -> list[Difference]:
    """What is above minor and stands where the page's table has nothing."""
    table = expected(page)
    return [
        d
        for d in of(page).differences
        if d.severity in GRAVE and not any(stands_with(row, d) for row in table)
    ]


@pytest.mark.parametrize("page", [page for page, row in INDEX.items() if row["clean"] == "yes"])
def test_a_clean_page_has_at_most_one_false_alarm_above_minor(page: str) -> None:
    alarms = false_alarms(page)
    assert len(alarms) <= 1, listed("false alarms:", map(told, alarms))


def test_pages_with_errors_are_not_buried_under_false_alarms() -> None:
    """Not asked for page by page; all together they may have one in ten."""
    pages = [page for page, row in INDEX.items() if row["clean"] == "no"]
    alarms = {page: false_alarms(page) for page in pages}
    grave = sum(row["severity"] in ("safety", "major") for page in pages for row in expected(page))
    assert sum(map(len, alarms.values())) <= grave / 10, "\n".join(
        listed(page, map(told, found)) for page, found in alarms.items() if found
    )


@pytest.mark.parametrize("severity", ["safety", "major", "minor"])
def test_most_rows_of_the_tables_are_found_with_their_class(severity: str) -> None:
    missed, held = [], 0
    for page in INDEX:
        for row in expected(page):
            if row["severity"] != severity:
                continue
            held += 1
            if not any(
                stands_with(row, d) and d.kind == row["class"] for d in of(page).differences
            ):
                missed.append(f"{page} {told(row)}")
    assert len(missed) <= 0.15 * held, listed(f"{len(missed)} of {held} not found:", missed)


# -- two pages that circulate

TABLES = sorted((HERE / "expected").glob("*.csv"))


def outside(table: Path) -> Audit:
    page = OUTSIDE / f"{table.stem}.txt"
    if not page.is_file():
        pytest.skip(f"{page.name} is not part of this repository and is not beside it")
    return audited(page, "tofersen")


def answers(row: Row, difference: Difference) -> bool:
    same = difference.kind == row["class"] and difference.severity == row["severity"]
    if place(row) == 0:
        return same and stands_with(row, difference)
    return same and difference.line == place(row)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        pytest.param(table, row, id=f"{table.stem[:3]}-{row['line']}-{row['class']}-{row['topic']}")
        for table in TABLES
        for row in rows(table)
    ],
)
def test_a_row_of_the_expected_table_is_found_with_line_class_and_severity(
    table: Path, row: Row
) -> None:
    found = outside(table).differences
    nearby = [told(d) for d in found if stands_with(row, d)]
    assert any(answers(row, d) for d in found), listed(told(row) + "\ninstead:", nearby)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem[:3])
def test_nothing_above_minor_is_found_beyond_the_expected_table(table: Path) -> None:
    beyond = [
        d
        for d in outside(table).differences
        if d.severity in GRAVE
        and not any(d.line == place(row) and stands_with(row, d) for row in rows(table))
    ]
    assert not beyond, listed("beyond the table:", map(told, beyond))


def test_the_maintenance_dose_into_the_thigh_is_the_first_thing_said() -> None:
    (table,) = [table for table in TABLES if any("thigh" in row["note"] for row in rows(table))]
    first = outside(table).differences[0]
    assert (first.severity, first.topic, first.line) == (Severity.SAFETY, "dosing.route", 32)
    assert first.statement is not None and first.statement.source.section == "2.1"
    assert "thigh" in first.quote
