"""The gold tables belong to their pages: every line number and every word is where it should be."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLASSES = {
    "contradicts",
    "superseded version",
    "other jurisdiction",
    "omits",
    "adds",
    "blurs",
    "overclaims",
}
SEVERITIES = {"safety", "major", "minor", "info"}
UNITS = {
    *("mg", "mL", "mg/mL", "g/L", "d", "month", "h", "min", "C", "F", "%"),
    *("doses", "patients", "weeks", "years"),
}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


INDEX = rows(HERE / "index.csv")
PAGES = [row["page"] for row in INDEX]


def facts(page: str) -> list[dict[str, str]]:
    return rows((HERE / page).with_suffix(".facts.csv"))


def differences(page: str) -> list[dict[str, str]]:
    return rows((HERE / page).with_suffix(".differences.csv"))


def lines(page: str) -> list[str]:
    return (HERE / page).read_text(encoding="utf-8").split("\n")


def seen(text: str) -> str:
    """As a reader sees it: no tags, entities resolved, white space single."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())


@pytest.mark.parametrize("page", PAGES)
def test_the_words_of_every_fact_begin_in_its_line(page: str) -> None:
    text = lines(page)
    for fact in facts(page):
        at = int(fact["line"]) - 1
        assert fact["words"] in seen("\n".join(text[at : at + 2])), fact
        assert fact["words"] not in seen("\n".join(text[at + 1 : at + 2])) or fact["words"] in seen(
            text[at]
        ), fact
        assert fact["unit"] in UNITS, fact
        float(fact["value"])


@pytest.mark.parametrize("page", PAGES)
def test_every_difference_stands_in_a_line_with_text_or_is_an_omission(page: str) -> None:
    text = lines(page)
    for difference in differences(page):
        assert difference["class"] in CLASSES, difference
        assert difference["severity"] in SEVERITIES, difference
        line = int(difference["line"])
        assert (line == 0) == (difference["class"] == "omits"), difference
        if line:
            assert seen(text[line - 1]), difference


def test_a_clean_page_has_nothing_above_minor_and_a_planted_one_has() -> None:
    for row in INDEX:
        grave = [d for d in differences(row["page"]) if d["severity"] in ("safety", "major")]
        assert (row["clean"] == "no") == bool(grave), row["page"]


def test_both_medicines_have_clean_pages_and_planted_ones_of_every_class() -> None:
    count = {(row["drug"], row["clean"]): 0 for row in INDEX}
    for row in INDEX:
        count[row["drug"], row["clean"]] += 1
    assert count == {
        ("tofersen", "yes"): 6,
        ("tofersen", "no"): 10,
        ("nusinersen", "yes"): 5,
        ("nusinersen", "no"): 7,
    }
    planted = {
        d["class"] for row in INDEX if row["clean"] == "no" for d in differences(row["page"])
    }
    assert planted == CLASSES
