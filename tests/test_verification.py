"""Is docs/verification.md what bench/verify.py would write, and do its judges judge?

The page itself takes minutes: `make verify`, and the slow test at the end.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
try:
    import verify
finally:
    sys.path.remove(str(ROOT / "bench"))

pytest.importorskip("diffrax", reason="the general solver needs the extra ode")


def rows_of(text: str) -> dict[str, list[list[str]]]:
    """The cells of each table of a page, by heading, below the names of the columns."""
    found: dict[str, list[list[str]]] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith("## "):
            title = line[3:]
        elif line.startswith("| ") and title:
            found.setdefault(title, []).append([cell.strip() for cell in line[1:-1].split("|")])
    return {title: rows[2:] for title, rows in found.items()}


PAGE = rows_of(verify.PAGE.read_text(encoding="utf-8"))


def named(row: list[str]) -> tuple[str, ...]:
    """Return what a row compares, and with what bound, without what was measured."""
    return (*row[:3], row[-2])


# --- the page ----------------------------------------------------------------------------------


def test_the_page_has_the_rows_that_are_computed():
    """A check added, dropped or promised more loosely without `make verify` is found here."""
    assert list(PAGE) == [table.title for table in verify.TABLES]
    for table in verify.TABLES:
        written = [named(row) for row in PAGE[table.title]]
        assert written == [check.names for check in table.checks], table.title


def test_every_bound_on_the_page_is_held_or_could_not_be_compared():
    """And at most NONMEM's file, which may not be handed on, is not here."""
    verdicts = [(row[-1], row[1]) for rows in PAGE.values() for row in rows]
    assert len(verdicts) > 100
    assert {oracle for verdict, oracle in verdicts if verdict != "yes"} <= {"NONMEM 7.4.3"}


def test_what_the_page_says_was_found_is_within_its_bound():
    """The verdict of a row and its two numbers are written apart."""
    for title, rows in PAGE.items():
        for row in rows:
            if title == "Order of convergence":
                assert float(row[5]) >= float(row[7]), row
            elif row[-1] == "yes":
                assert float(row[3].removeprefix("≤ ")) <= float(row[4]), row


def test_no_two_rows_of_a_table_compare_the_same():
    for table in verify.TABLES:
        names = [check.names for check in table.checks]
        assert len(set(names)) == len(names), table.title


# --- some of the checks ------------------------------------------------------------------------

QUICK = {
    "Closed form (`Blocks`)": lambda name: True,
    "Exact (`Doubling`)": lambda name: "26 schedules" not in name and "14 schedules" not in name,
    "Steady state": lambda name: "an interval comes back" not in name and "4 people" not in name,
    "float32 against float64": lambda name: name.startswith("NumPy: intrathecal bolus"),
}


@pytest.mark.parametrize("title", QUICK)
def test_the_quick_checks_of_a_table_hold(title):
    """Those that SciPy, JAX and stored files have no part in."""
    (table,) = [table for table in verify.TABLES if table.title == title]
    asked = [check for check in table.checks if QUICK[title](check.problem)]
    assert asked
    assert [check.row()[0] for check in asked if not check.row()[1]] == []


def test_the_cascade_agrees_with_scipy_on_the_first_day():
    """One patient, every accuracy; the page has three and a year as well."""
    errors = [
        verify.aso_error(accuracy, "in the first day", "DOP853", people=1)
        for accuracy in ("default", "high", "highest")
    ]
    for error, bound in zip(errors, (5e-4, 5e-5, 5e-7), strict=True):
        assert 0 < error < bound


def test_stored_answers_of_mrgsolve_are_read_and_agree():
    """One schedule with lag and F, before and after its doses."""
    for schedule in (1, 4):
        error = verify.answered(
            "mrgsolve", "oral", ("depot", "cp"), (schedule,), verify.of_largest, {}
        )
        assert 0 < error < 1e-10


# --- the judges --------------------------------------------------------------------------------


def check(error: float, **more) -> verify.Check:
    """A check that finds this error, promised to be at most 1e-6."""
    fields = {"problem": "p", "oracle": "o", "compared": "each value", "bound": 1e-6, **more}
    return verify.Check(error=lambda: error, **fields)


@pytest.mark.parametrize("error", [2e-6, math.inf, math.nan])
def test_a_broken_bound_is_said_and_ends_with_exit_code_1(error, monkeypatch, capsys):
    """Also where nothing finite was found."""
    table = verify.Table(title="t", words="w", checks=(check(1e-7), check(error)))
    monkeypatch.setattr(verify, "TABLES", (table,))
    assert verify.main(["--check"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("not held") == 1


def test_bounds_that_are_held_end_with_exit_code_0(monkeypatch, capsys):
    """The page goes to stdout, with each row as it was found."""
    table = verify.Table(title="t", words="w", checks=(check(3e-7),))
    monkeypatch.setattr(verify, "TABLES", (table,))
    assert verify.main([]) == 0
    assert "| p | o | each value | ≤ 5e-7 | 1e-6 | yes |" in capsys.readouterr().out


def test_writing_replaces_the_page(monkeypatch, tmp_path):
    table = verify.Table(title="t", words="w", checks=(check(0.0),))
    monkeypatch.setattr(verify, "TABLES", (table,))
    monkeypatch.setattr(verify, "PAGE", tmp_path / "page.md")
    assert verify.main(["--write"]) == 0
    assert rows_of((tmp_path / "page.md").read_text("utf-8"))["t"][0][3] == "≤ 1e-15"


def test_a_file_that_is_not_here_is_no_agreement(tmp_path):
    """The row says so; it neither holds nor breaks."""
    cells, held = check(1.0, needs=tmp_path / "absent.csv").row()
    assert held and cells[3:] == ("not here", "1e-6", "not compared")


def test_an_order_too_low_is_a_broken_bound():
    """Errors that fall by 4 each halving have order 2."""
    order = verify.Order(
        problem="p", state="s", read="weekly", least=3.0, errors=lambda: [4.0**-n for n in range(5)]
    )
    cells, held = order.row()
    assert not held and cells[5:7] == ("2.0", "2.0")


@pytest.mark.parametrize("order", [1.0, 2.5, 4.0])
def test_the_fitted_order_is_the_power_of_the_step(order):
    assert verify.fitted([3e-4 * 2 ** (-order * n) for n in range(5)]) == pytest.approx(order)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (0.0, "≤ 1e-15"),
        (9e-16, "≤ 1e-15"),
        (1.1e-15, "≤ 2e-15"),
        (2e-8, "≤ 2e-8"),
        (2.1e-8, "≤ 5e-8"),
        (5.1e-5, "≤ 1e-4"),
        (math.inf, "without bound"),
        (math.nan, "none"),
    ],
)
def test_an_error_is_rounded_up_to_one_digit(error, words):
    assert verify.shown(error) == words


def test_an_error_of_one_value_among_many_is_seen():
    """By each measure: a millionth too much in the smallest value."""
    right = np.array([[100.0], [50.0], [1.0]])
    found = right * np.array([[1.0], [1.0], [1.001]])
    assert verify.of_itself(found, right.ravel().tolist()) == pytest.approx(1e-3)
    assert verify.of_largest(found, right) == pytest.approx(1e-5)
    assert verify.of_range(found, right) == pytest.approx(1e-3 / 99)


def test_what_has_vanished_has_to_vanish_in_both():
    assert verify.of_itself(np.array([1e-295]), [1e-300]) == 0
    assert verify.of_itself(np.array([1e-5]), [1e-300]) == math.inf
    assert verify.of_itself(np.array([-1e-295]), [1e-300]) == math.inf
    assert math.isnan(verify.of_largest(np.array([[math.nan]]), np.array([[1.0]])))


@pytest.mark.slow
def test_every_bound_is_held():
    """All of the page, computed anew."""
    _, broken = verify.page()
    assert broken == []
