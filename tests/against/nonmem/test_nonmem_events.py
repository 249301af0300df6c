"""26 schedules with what NONMEM 7.4.3 gives for them: lag, F, infusions, SS, ADDL, resets.

The file is K. Baron's comparison of mrgsolve with NONMEM, in h, mg and µg/L. It is not ours to
hand on, so these tests run only where it lies beside the repository.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from thecal.model.events import Dosing, Event
from thecal.model.solve import solve
from thecal.model.structure import Compartments, Model, Output, Parameter

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / ".." / "shared" / "data" / "poppk" / "nonmem_events.csv"
pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="nonmem_events.csv may not be handed on and is not here"
)

PRINTED = 5.0e-5
"""NONMEM's table holds 5 significant digits: half a unit in the fifth, at worst of 10000."""

# Lag and F belong to the central compartment in that comparison; its doses that have them go there.
ORAL = Model(
    name="oral",
    parameters=(
        Parameter("ka", "1/d"),
        Parameter("CL", "L/d"),
        Parameter("V", "L"),
        Parameter("F_central", "1"),
        Parameter("lag_central", "d"),
        Parameter("infused", "mg/d"),
        Parameter("lasts", "d"),
    ),
    parts=(
        Compartments(
            "depot central",
            {"depot > central": "ka", "central >": "CL / V"},
            F={"central": "F_central"},
            lag={"central": "lag_central"},
            rate={"depot": "infused", "central": "infused"},
            duration={"depot": "lasts", "central": "lasts"},
        ),
    ),
    outputs=(Output("cp", "mg/L", "", "central / V"),),
)

# Where a value read before the event at its time is another one than NONMEM's, which stands below
# the dose in the file and is read after it: (h, what happens then).
READ_BEFORE: dict[int, list[tuple[float, str]]] = {
    9: [(0, "SS 1")],
    10: [(0, "SS 1")],
    11: [(0, "SS 1")],
    12: [(0, "SS 1")],
    13: [(0, "SS 1")],
    14: [(0, "SS 1")],
    15: [(0, "SS 1"), *((4 + 24 * k, "lagged bolus") for k in range(4))],
    16: [(5 + 24 * k, "lagged bolus") for k in range(4)],
    17: [(1, "lagged bolus")],
    19: [(0, "SS 1")],
    20: [(50, "reset and dose")],
    21: [(0, "reset and SS 1")],
    22: [(0, "reset and SS 1")],
    23: [(50, "reset")],
    24: [(50, "reset")],
    25: [(0, "SS 1"), (12, "SS 2")],
    26: [(0, "end of a constant infusion")],
}


@cache
def records() -> dict[int, list[dict[str, float]]]:
    """The rows of each schedule, as numbers."""
    found: dict[int, list[dict[str, float]]] = {}
    with FILE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(int(row["id"]), []).append({k: float(v) for k, v in row.items()})
    return found


def event(row: dict[str, float]) -> Event:
    rate = row["rate"]
    return Event(
        time_d=row["time"] / 24,
        evid=int(row["evid"]),
        amount_mg=row["amt"],
        into=int(row["cmt"]),
        rate_mg_per_d=rate * 24 if rate > 0 else rate,
        addl=int(row["addl"]),
        ii_d=row["ii"] / 24,
        ss=int(row["ss"]),
    )


def predicted(schedule: int, *, is_after: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in h, NONMEM's values and ours in µg/L, of one schedule."""
    rows = records()[schedule]
    read = [row for row in rows if row["evid"] == 0]
    times_h = np.array([row["time"] for row in read])
    first = rows[0]
    profile = solve(
        ORAL,
        {
            "ka": 1.5 * 24,
            "CL": 1.1 * 24,
            "V": 20.0,
            "F_central": first["bioav"],
            "lag_central": first["lagt"] / 24,
            "infused": first["rat2"] * 24,
            "lasts": first["dur2"] / 24,
        },
        Dosing.of([event(row) for row in rows if row["evid"] > 0]),
        times_h / 24,
        after=np.ones(len(times_h), dtype=bool) if is_after else None,
        backend="numpy",
    )
    return times_h, np.array([row["cp"] for row in read]), profile.of("cp")[0] * 1000


def differing(times_h: np.ndarray, theirs: np.ndarray, ours: np.ndarray) -> list[float]:
    """Times at which the two are further apart than the digits printed."""
    return times_h[np.abs(ours - theirs) > PRINTED * np.abs(theirs)].tolist()


@pytest.mark.parametrize("schedule", range(1, 27))
def test_nonmem_agrees_to_its_printed_digits_in_the_order_of_records(schedule):
    """NONMEM 7.4.3, every row of every schedule: 5 significant digits."""
    assert differing(*predicted(schedule, is_after=True)) == []


@pytest.mark.parametrize("schedule", range(1, 27))
def test_nonmem_differs_only_where_a_value_is_read_before_what_happens_then(schedule):
    """Our order: CSF is drawn before the injection. Nothing but those rows may move."""
    expected = [float(hour) for hour, _ in READ_BEFORE.get(schedule, [])]
    assert differing(*predicted(schedule, is_after=False)) == expected


def test_the_file_holds_the_corners_it_is_read_for():
    """26 schedules; SS 1 and 2, EVID 3 and 4, RATE −2, a constant infusion, lags and F."""
    assert list(records()) == list(range(1, 27))
    rows = [row for rows in records().values() for row in rows]
    assert len(rows) > 1000
    assert {row["evid"] for row in rows} == {0, 1, 3, 4}
    assert {row["ss"] for row in rows} == {0, 1, 2}
    assert any(row["rate"] == -2 for row in rows)
    assert any(row["amt"] == 0 and row["rate"] > 0 for row in rows)
