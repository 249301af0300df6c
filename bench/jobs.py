"""The two fixed jobs of the bench: their models, people and schedules.

(a) The peers' problem: intrathecal kinetics of nusinersen (Luu 2017, typical values) with an
    assumed turnover cascade below, 15 doses, 53 weekly times, 7 states. What other programs take
    for it, measured once on two cores, stands in `PEERS`.
(b) A year of a richer cascade with 16 parameters, 8 outputs, doses up to 3 days early or late and
    5 % of them missed: every subject has a schedule of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from thecal.model.events import Dosing
from thecal.model.population import Estimate, Population
from thecal.model.structure import Compartments, Integral, Model, Output, Parameter, Turnover

H_PER_D = 24.0
WEEKS_D = np.arange(0, 365, 7.0)

# --- job (a) -----------------------------------------------------------------------------------

LUU = {  # L/h, L, mg/L, 1/h; half-lives of 3, 25 and 45 d and IC50 are assumed
    "CLp": 2.50,
    "Qp": 0.572,
    "CLcsf": 0.133,
    "Qcsf": 0.069,
    "Vcsf": 0.441,
    "Vp": 32.0,
    "Vsys": 429.0,
    "Vcns": 258.0,
    "IC50": 0.3,
    "kM": np.log(2) / 72,
    "kP": np.log(2) / 600,
    "kN": np.log(2) / 1080,
}
PER_HOUR = ("CLp", "Qp", "CLcsf", "Qcsf", "kM", "kP", "kN")
IMAX = 0.85
SEED = 20170401
LUU_DOSES = Dosing.bolus([0.0, 14.0, *(28.0 * k for k in range(1, 14))], 100.0)
PEERS = {  # s for 100,000 subjects on 2 cores, compiling not counted
    "C++ sketch of the closed form": 0.59,
    "compiled DP5(4), no interpreter": 18.0,
    "mrgsolve 2.0.2.9000, 2 processes": 71.0,
    "rxode2 4.1.1, dop853": 102.0,
}

INTRATHECAL = Compartments(
    "csf cns plasma tissue",
    {
        "csf > cns": "Qcsf / Vcsf",
        "cns > csf": "Qcsf / Vcns",
        "csf > plasma": "CLcsf / Vcsf",
        "plasma > tissue": "Qp / Vp",
        "tissue > plasma": "Qp / Vsys",
        "plasma >": "CLp / Vp",
    },
)
LUU_MODEL = Model(
    name="luu_cascade",
    parameters=(
        *(Parameter(name, "L/d") for name in ("CLp", "Qp", "CLcsf", "Qcsf")),
        *(Parameter(name, "L") for name in ("Vcsf", "Vp", "Vsys", "Vcns")),
        Parameter("IC50", "mg/L"),
        *(Parameter(name, "1/d") for name in ("kM", "kP", "kN")),
        Parameter("Imax", "1", most=1.0),
    ),
    parts=(
        INTRATHECAL,
        Turnover("M", kin="kM * (1 - Imax * hill(cns / Vcns, IC50, 1))", kout="kM"),
        Turnover("P", kin="kP * M", kout="kP"),
        Turnover("N", kin="kN * P", kout="kN"),
    ),
    outputs=(
        *(Output(name, "mg", "", name) for name in ("csf", "cns", "plasma", "tissue")),
        *(Output(name, "ratio", "", name) for name in ("M", "P", "N")),
    ),
)


LUU_PER_DAY = {k: v * (H_PER_D if k in PER_HOUR else 1.0) for k, v in LUU.items()}
REFERENCE = Path(__file__).parent / "reference.npz"  # LSODA, rtol 1e-12, restarted at each dose


def luu_error(values: np.ndarray) -> float:
    """Return the worst relative error of any state against the reference's subjects.

    Drug on day 0 is 0 and not counted.
    """
    reference = np.load(REFERENCE)["values"]
    found = values[: len(reference)]
    expected = reference[: len(found)]
    counted = expected != 0
    return float((np.abs(found - expected)[counted] / np.abs(expected)[counted]).max())


def population(model: Model, typical: Mapping[str, float]) -> Population:
    """Return people with a CV of 30 % in every parameter and a logit-normal Imax."""
    sd = float(np.sqrt(np.log(1.09)))

    def estimate(name: str) -> Estimate:
        unit = next(p.unit for p in model.parameters if p.name == name)
        if name == "Imax":
            value, distribution, spread = IMAX, "logitnormal", 0.3
        else:
            value, distribution, spread = float(typical[name]), "lognormal", sd
        return Estimate(
            value=value,
            unit=unit,
            distribution=distribution,
            sd=spread,
            status="assumed",
            source="bench",
        )

    return Population(
        medicine="bench",
        model=model,
        about="fixed numbers of the bench",
        estimates={p.name: estimate(p.name) for p in model.parameters},
        from_record={},
    )


def luu_people(n: int) -> dict[str, np.ndarray]:
    """Return the first n of 100,000 people: log-normal with a CV of 30 %, Imax logit-normal."""
    return {name: value[:n] for name, value in _everybody().items()}


@cache
def _everybody() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(SEED)
    sd = np.sqrt(np.log(1.09))
    people = {
        name: value * np.exp(sd * rng.standard_normal(100_000)) for name, value in LUU.items()
    }
    logit = np.log(IMAX / (1 - IMAX)) + 0.3 * rng.standard_normal(100_000)
    people["Imax"] = 1 / (1 + np.exp(-logit))
    return {name: value * (H_PER_D if name in PER_HOUR else 1.0) for name, value in people.items()}


# --- job (b) -----------------------------------------------------------------------------------

YEAR = {  # typical values; d, L, mg
    "CLcsf": 3.2,
    "Qcsf": 1.65,
    "Vcsf": 0.441,
    "Vcns": 258.0,
    "CLp": 60.0,
    "Qp": 13.7,
    "Vp": 32.0,
    "Vsys": 429.0,
    "IC50": 0.3,
    "g": 1.2,
    "kM": np.log(2) / 3,
    "kP": np.log(2) / 25,
    "kS": 0.7,
    "kN": np.log(2) / 45,
    "slope": 0.03,
}

YEAR_MODEL = Model(
    name="year_cascade",
    parameters=(
        *(Parameter(name, "L/d") for name in ("CLcsf", "Qcsf", "CLp", "Qp")),
        *(Parameter(name, "L") for name in ("Vcsf", "Vcns", "Vp", "Vsys")),
        Parameter("IC50", "mg/L"),
        Parameter("g", "1"),
        *(Parameter(name, "1/d") for name in ("kM", "kP", "kS", "kN")),
        Parameter("slope", "points/d"),
        Parameter("Imax", "1", most=1.0),
    ),
    parts=(
        INTRATHECAL,
        Turnover("M", kin="kM * (1 - Imax * hill(cns / Vcns, IC50, g))", kout="kM"),
        Turnover("P", kin="kP * M", kout="kP"),
        Turnover("S", kin="kS * P", kout="kS"),
        Turnover("N", kin="kN * (1.5 * P / (P + 0.5))", kout="kN"),
        Integral("lost", rate="slope * (2 * P / (P + 1))", unit="points"),
    ),
    outputs=(
        Output("csf", "mg/L", "", "csf / Vcsf"),
        Output("cns", "mg/L", "", "cns / Vcns"),
        Output("plasma", "mg/L", "", "plasma / Vp"),
        *(Output(name, "ratio", "", name) for name in ("M", "P", "S", "N")),
        Output("A", "points", "", "40 - lost"),
    ),
)
SLOTS_D = np.array([0.0, 14.0, *(28.0 * k for k in range(1, 14))])


def year_schedules(first: int, n: int, seed: int = 1) -> Dosing:
    """Return schedules of n subjects: each dose within 3 days of its slot, one in 20 missed."""
    rng = np.random.Generator(np.random.Philox(key=[seed, first]))
    jitter = rng.uniform(-3, 3, size=(n, len(SLOTS_D)))
    jitter[:, 0] = 0.0
    given = rng.random((n, len(SLOTS_D))) >= 0.05
    return Dosing(times_d=SLOTS_D + jitter, amounts_mg=100.0 * given)
