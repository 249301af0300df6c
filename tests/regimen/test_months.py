"""Calendar months, as docs/schedules.md tables them; and every open question stands in its list."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import pytest

from thecal.regimen import schedule as schedules
from thecal.regimen import silent
from thecal.regimen.regimen import Anchor, Interval, Phase, Regimen, Rule, add_months
from thecal.regimen.walk import slots_ahead
from thecal.source import Source

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "schedules.md").read_text(encoding="utf-8")
DATE = r"(\d{4}-\d{2}-\d{2})"
MONTHS = re.findall(rf"^\| {DATE} \| (\d+) \| {DATE} \|", PAGE, re.MULTILINE)
CHAIN = re.findall(rf"^\| (\d+) \| {DATE} \| {DATE} \|$", PAGE, re.MULTILINE)
HERE = Source(document="made up", section="1")
ORIGIN = dt.date(2025, 10, 31)


def test_the_page_tables_at_least_25_month_sums_and_a_chain_of_seven():
    """Guards the two expressions above: a table that is not found would pass without being run."""
    assert len(MONTHS) >= 25
    assert [int(row[0]) for row in CHAIN] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("origin", "months", "expected"), MONTHS)
def test_a_month_on_is_what_the_page_says(origin, months, expected):
    assert str(add_months(dt.date.fromisoformat(origin), int(months))) == expected


@pytest.mark.parametrize(("origin", "months", "expected"), MONTHS)
def test_an_interval_of_that_many_months_ends_on_that_day(origin, months, expected):
    start = dt.date.fromisoformat(origin)
    day = (dt.date.fromisoformat(expected) - start).days
    assert Interval(months=int(months)).after(0, start) == day


@pytest.mark.parametrize(
    ("column", "anchor"), [(1, Anchor.ORIGINAL_GRID), (2, Anchor.LAST_DOSE)], ids=lambda x: str(x)
)
def test_four_month_chains_come_out_as_the_page_says(column, anchor):
    """On a grid the 31st comes back; from dose to dose it is lost at the first February."""
    only = Phase(
        name="maintenance",
        doses=None,
        interval=Interval(months=4),
        rule=Rule("every 4 months", HERE),
        anchor=anchor,
    )
    regimen = Regimen(medicine="m", amount_mg=1, route="r", phases=(only,), source=HERE)
    slots = slots_ahead(regimen, [0], len(CHAIN), ORIGIN)
    found = [str(ORIGIN + dt.timedelta(days=slot.due_d)) for slot in slots]
    assert found == [row[column] for row in CHAIN]


@pytest.mark.parametrize("interval", [Interval(days=7), Interval(months=1), Interval(months=4)])
@pytest.mark.parametrize("start", ["2024-01-31", "2023-10-30", "2024-02-29", "2025-03-01"])
def test_intervals_passed_are_those_whose_last_day_has_come(interval, start):
    """By counting up, day after day, for three years."""
    begun = dt.date.fromisoformat(start)
    ends = [interval.after(5, begun, times) for times in range(1, 200)]
    assert all(a < b for a, b in pairwise(ends))
    for day in range(1100):
        assert interval.passed(5, begun, day) == sum(end <= day for end in ends)


def test_every_question_that_a_schedule_can_raise_is_explained():
    files = (schedules.__file__, silent.__file__)
    code = "".join(Path(file).read_text(encoding="utf-8") for file in files)
    topics = set(re.findall(r'"((?:dosing|missed_dose)\.[a-z_]+)"', code))
    topics |= {"missed_dose.loading", "missed_dose.maintenance"}
    assert len(topics) >= 12
    for topic in topics:
        assert f"| `{topic}`" in PAGE or f", `{topic}`" in PAGE, topic
