"""What the programs in the folders here were asked, asked of thecal: three models, 19 schedules.

`records.csv` holds the schedules of two models in the words of NONMEM, in d and mg, each row with
the values of lag, F, duration and rate that hold for it. The third model has 15 boluses. Each
folder has the same models in its program's own language, and what came out with all digits.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from thecal.model.events import Dosing, Event
from thecal.model.solve import solve
from thecal.model.structure import Compartments, Model, Output, Parameter, Profile, Turnover

HERE = Path(__file__).parent

ORAL = Model(
    name="oral",
    parameters=(
        Parameter("ka", "1/d"),
        Parameter("CL", "L/d"),
        Parameter("V", "L"),
        Parameter("lag1", "d"),
        Parameter("F1", "1"),
        Parameter("lag2", "d"),
        Parameter("F2", "1"),
        Parameter("D2", "d"),
        Parameter("R2", "mg/d"),
    ),
    parts=(
        Compartments(
            "depot central",
            {"depot > central": "ka", "central >": "CL / V"},
            F={"depot": "F1", "central": "F2"},
            lag={"depot": "lag1", "central": "lag2"},
            duration={"central": "D2"},
            rate={"central": "R2"},
        ),
    ),
    outputs=(Output("depot", "mg", "", "depot"), Output("cp", "mg/L", "", "central / V")),
)

EFFECT = Model(
    name="effect",
    parameters=(
        Parameter("ka", "1/d"),
        Parameter("Vmax", "mg/d"),
        Parameter("Km", "mg/L"),
        Parameter("V", "L"),
        Parameter("Q", "L/d"),
        Parameter("V2", "L"),
        Parameter("kin", "1/d"),
        Parameter("kout", "1/d"),
        Parameter("Emax", "1"),
        Parameter("EC50", "mg/L"),
        Parameter("lag1", "d"),
        Parameter("F1", "1"),
    ),
    parts=(
        Compartments(
            "depot central peripheral",
            {
                "depot > central": "ka",
                "central > peripheral": "Q / V",
                "peripheral > central": "Q / V2",
                "central >": "Vmax / (Km + central / V) / V",
            },
            F={"depot": "F1"},
            lag={"depot": "lag1"},
        ),
        Turnover("R", kin="kin * (1 + Emax * hill(central / V, EC50, 1))", kout="kout"),
    ),
    outputs=(
        Output("cp", "mg/L", "", "central / V"),
        Output("peripheral", "mg", "", "peripheral"),
        Output("R", "ratio", "", "R"),
    ),
)

LUU = Model(
    name="luu",
    parameters=(
        *(Parameter(name, "L/d") for name in ("CLp", "Qp", "CLcsf", "Qcsf")),
        *(Parameter(name, "L") for name in ("Vcsf", "Vp", "Vsys", "Vcns")),
        Parameter("IC50", "mg/L"),
        Parameter("Imax", "1", most=1.0),
        *(Parameter(name, "1/d") for name in ("kM", "kP", "kN")),
    ),
    parts=(
        Compartments(
            "csf cns plasma tissue",
            {
                "csf > cns": "Qcsf / Vcsf",
                "cns > csf": "Qcsf / Vcns",
                "csf > plasma": "CLcsf / Vcsf",
                "plasma > tissue": "Qp / Vp",
                "tissue > plasma": "Qp / Vsys",
                "plasma >": "CLp / Vp",
            },
        ),
        Turnover("M", kin="kM * (1 - Imax * hill(cns / Vcns, IC50, 1))", kout="kM"),
        Turnover("P", kin="kP * M", kout="kP"),
        Turnover("N", kin="kN * P", kout="kN"),
    ),
    outputs=(
        *(Output(name, "mg", "", name) for name in ("csf", "cns", "plasma", "tissue")),
        *(Output(name, "ratio", "", name) for name in ("M", "P", "N")),
    ),
)

VALUES = {
    "oral": {"ka": 6.0, "CL": 12.0, "V": 20.0},
    "effect": {
        "ka": 6.0,
        "Vmax": 90.0,
        "Km": 1.5,
        "V": 20.0,
        "Q": 15.0,
        "V2": 45.0,
        "kin": 4.0,
        "kout": 0.4,
        "Emax": 2.5,
        "EC50": 0.8,
    },
    # Luu 2017, doi:10.1002/jcph.884, typical values; half-lives of 3, 25 and 45 d and IC50 assumed
    "luu": {
        "CLp": 60.0,
        "Qp": 13.728,
        "CLcsf": 3.192,
        "Qcsf": 1.656,
        "Vcsf": 0.441,
        "Vp": 32.0,
        "Vsys": 429.0,
        "Vcns": 258.0,
        "IC50": 0.3,
        "Imax": 0.85,
        "kM": np.log(2) / 3,
        "kP": np.log(2) / 25,
        "kN": np.log(2) / 45,
    },
}
LUU_DOSES = Dosing.of(
    [Event(time_d=day, amount_mg=100.0) for day in (0.0, 14.0, *(28.0 * k for k in range(1, 14)))]
)
OPTIONS = {"oral": ("lag1", "F1", "lag2", "F2", "D2", "R2"), "effect": ("lag1", "F1")}


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def event(row: dict[str, str]) -> Event:
    return Event(
        time_d=float(row["TIME"]),
        evid=int(row["EVID"]),
        amount_mg=float(row["AMT"]),
        rate_mg_per_d=float(row["RATE"]),
        into=int(row["CMT"]),
        addl=int(row["ADDL"]),
        ii_d=float(row["II"]),
        ss=int(row["SS"]),
    )


def schedule_of(model: str, schedule: int) -> tuple[dict[str, float], Dosing]:
    """Return the values and the doses of one schedule of `records.csv`."""
    if model == "luu":
        return VALUES["luu"], LUU_DOSES
    rows = [
        row
        for row in rows_of(HERE / "records.csv")
        if row["model"] == model and int(row["schedule"]) == schedule
    ]
    options = {name: float(rows[0][name]) for name in OPTIONS[model]}
    return {**VALUES[model], **options}, Dosing.of([event(row) for row in rows])


@pytest.fixture(scope="session")
def asked() -> Callable[..., Profile]:
    """Solve a model of this folder by its name."""

    def ask(
        model: str, times_d: np.ndarray, schedule: int = 1, *, is_after: bool = False, **how: str
    ) -> Profile:
        values, dosing = schedule_of(model, schedule)
        return solve(
            {"oral": ORAL, "effect": EFFECT, "luu": LUU}[model],
            values,
            dosing,
            times_d,
            after=np.full(len(times_d), is_after),
            accuracy="high",
            **how,
        )

    return ask


@pytest.fixture(scope="session")
def both_ways() -> tuple[Model, dict[str, float], Dosing]:
    """Return schedule 15, with the doses that its reset cancels as records of their own."""
    values, _ = schedule_of("oral", 15)
    rows = [row for row in rows_of(HERE / "records.csv") if row["schedule"] == "15"]
    first = [event({**rows[0], "TIME": str(k), "ADDL": "0", "II": "0"}) for k in range(6)]
    return ORAL, values, Dosing.of([*first, event(rows[1])])


@pytest.fixture(scope="session")
def stored() -> Callable[..., dict[str, np.ndarray]]:
    """Return columns of a stored file, of one schedule and one order of records."""

    def read(file: Path, schedule: int = 1, *, is_after: bool = False) -> dict[str, np.ndarray]:
        rows = [
            row
            for row in rows_of(file)
            if int(row.get("schedule", 1)) == schedule and int(row["after"]) == is_after
        ]
        return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}

    return read
