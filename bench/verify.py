"""Every solver against every oracle, for a modeller who decides whether to trust them.

    make verify                              writes docs/verification.md; fails if a bound is broken
    .venv/bin/python bench/verify.py         prints the page
    .venv/bin/python bench/verify.py --check says only what is not held; exit code 1 if anything

An oracle shares no code with what it judges: formulas in plain floats, matrix exponentials in 60
digits, equations written out here by hand and given to SciPy, what other programs answered.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import math
import platform
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
from jobs import (
    H_PER_D,
    LUU,
    LUU_DOSES,
    LUU_MODEL,
    PER_HOUR,
    WEEKS_D,
    YEAR,
    YEAR_MODEL,
    luu_people,
    year_schedules,
)
from scipy.integrate import solve_ivp
from scipy.special import lambertw

from thecal.model.chunk import run
from thecal.model.events import Dosing, Event
from thecal.model.modelfile import load_population
from thecal.model.ode import integrate
from thecal.model.solve import solve
from thecal.model.structure import (
    Compartments,
    Equation,
    Model,
    Output,
    Parameter,
    Transit,
    Turnover,
)
from thecal.model.task import prepare
from thecal.model.variability import Stepwise

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "verification.md"
NONMEM = ROOT / ".." / "shared" / "data" / "poppk" / "nonmem_events.csv"

Values = Mapping[str, Any]
FLOOR = 1e-290  # mg; below, numbers lose bits to underflow and only have to vanish too
SMALLEST = 1e-15  # shown: what lies below differs between processors


@dataclass(frozen=True, kw_only=True)
class Check:
    """One comparison.

    compared  what the error is a share of
    bound     what thecal promises
    error     the largest error found
    needs     a file that may not be handed on: compared where it is
    """

    problem: str
    oracle: str
    compared: str
    bound: float
    error: Callable[[], float]
    needs: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What stands in the page whatever the machine."""
        return self.problem, self.oracle, self.compared, power(self.bound)

    def row(self) -> tuple[tuple[str, ...], bool]:
        """Return the cells of the row, and whether the bound is held."""
        if self.needs is not None and not self.needs.exists():
            return (*self.names[:3], "not here", self.names[3], "not compared"), True
        error = self.error()
        held = error <= self.bound
        return (*self.names[:3], shown(error), self.names[3], "yes" if held else "**no**"), held


@dataclass(frozen=True, kw_only=True)
class Order:
    """How the error of a state falls as steps are halved, fitted.

    least   the order promised
    errors  with default steps, and halved one to four times
    """

    problem: str
    state: str
    read: str
    least: float
    errors: Callable[[], Sequence[float]]

    @property
    def names(self) -> tuple[str, ...]:
        """What stands in the page whatever the machine."""
        return self.problem, self.state, self.read, f"{self.least:g}"

    def row(self) -> tuple[tuple[str, ...], bool]:
        """Return the cells of the row, and whether the order is reached."""
        errors = self.errors()
        order = fitted(errors)
        held = order >= self.least
        first, last = shown(errors[0]), shown(errors[-1])
        orders = f"{order:.1f}", f"{fitted(errors[-2:]):.1f}"
        cells = (*self.names[:3], first, last, *orders, self.names[3])
        return (*cells, "yes" if held else "**no**"), held


@dataclass(frozen=True, kw_only=True)
class Table:
    """The checks of one solver."""

    title: str
    words: str
    checks: tuple[Check, ...] | tuple[Order, ...]

    @property
    def head(self) -> tuple[str, ...]:
        """The columns."""
        if isinstance(self.checks[0], Order):
            return (
                "problem",
                "state",
                "read",
                "error",
                "halved 4 times",
                "order",
                "of the last halving",
                "at least",
                "held",
            )
        return ("problem", "oracle", "error as a share of", "error", "bound", "held")


def shown(error: float) -> str:
    """Round an error up to 1, 2 or 5 times a power of ten: another machine says the same."""
    if not error > SMALLEST:
        return "≤ 1e-15" if error >= 0 else "none"
    if not math.isfinite(error):
        return "without bound"
    decade = math.floor(math.log10(error))
    for digit in (1, 2, 5, 10):
        limit = digit * 10.0**decade
        if error <= limit * (1 + 1e-9):
            return f"≤ {power(limit)}"
    raise AssertionError(error)


def power(value: float) -> str:
    """Write a number of one digit: 5e-8."""
    return f"{value:.0e}".replace("e-0", "e-")


def fitted(errors: Sequence[float]) -> float:
    """Return the slope of log error against log step, least squares; each step half the last."""
    steps = -math.log(2) * np.arange(len(errors))
    return float(np.polyfit(steps, np.log(np.maximum(errors, 1e-300)), 1)[0])


# --- what an error is a share of ---------------------------------------------------------------

ITSELF = "each value"
LARGEST = "each person's largest"
RANGE = "each person's range"


def of_itself(found: Any, right: Sequence[Any]) -> float:
    """Return the largest relative error of numbers; where one vanishes, the other has to."""
    worst = 0.0
    for ours, theirs in zip(np.ravel(found).tolist(), right, strict=True):
        if theirs < FLOOR:
            worst = max(worst, 0.0 if 0 <= ours < 10 * FLOOR else math.inf)
        else:
            worst = max(worst, abs(float((mp.mpf(ours) - theirs) / theirs)))
    return worst


def of_largest(found: np.ndarray, right: np.ndarray) -> float:
    """Largest error of (time, …) as a share of the largest value at any time."""
    scale = np.abs(right).max(axis=0)
    return float((np.abs(found - right) / np.where(scale > 0, scale, 1.0)).max())


def of_range(found: np.ndarray, right: np.ndarray) -> float:
    """Largest error of (time, …) as a share of the range covered over time.

    Of the largest value where nothing moves, as NfL does not in who has a normal one.
    """
    covered, largest = np.ptp(right, axis=0), np.abs(right).max(axis=0)
    scale = np.where(covered > 1e-9 * largest, covered, largest)
    return float((np.abs(found - right) / scale).max())


# --- closed forms, in plain floats -------------------------------------------------------------


def compartments(name: str, names: str, flows: Mapping[str, str], **options: Any) -> Model:
    """Compartments with a parameter for every name in their rates."""
    needed = dict.fromkeys([*flows.values(), *(v for o in options.values() for v in o.values())])
    units = {"F": "1", "lag": "d", "share": "1"}
    return Model(
        name=name,
        parameters=tuple(Parameter(n, units.get(n, "1/d")) for n in needed),
        parts=(Compartments(names, flows, **options),),
        outputs=tuple(Output(n, "mg", "", n) for n in names.split()),
    )


ONE = compartments("one", "body", {"body >": "k"})
ORAL = compartments(
    "oral",
    "depot body",
    {"depot > body": "ka", "body >": "k"},
    F={"depot": "F"},
    lag={"depot": "lag"},
)
TWO = compartments("two", "body rest", {"body > rest": "k12", "rest > body": "k21", "body >": "k"})
LINKS = 8
CHAIN = compartments(
    "chain",
    " ".join(f"x{i}" for i in range(LINKS)),
    {f"x{i} > " + (f"x{i + 1}" if i + 1 < LINKS else ""): "k" for i in range(LINKS)},
)
READ_D = np.array([0.02, 0.1, 0.5, 1.0, 2.0, 3.5, 7.0, 14.0, 28.0])


def amounts(
    model: Model, values: Values, dosing: Dosing, times_d: np.ndarray, **options: Any
) -> np.ndarray:
    """(time, output) of one subject, in NumPy unless said otherwise."""
    return solve(model, values, dosing, times_d, **{"backend": "numpy", **options}).values[0]


def many_boluses(method: str) -> float:
    """A(t) = Σ A₀ e^{−k (t − tⱼ)} over doses before t."""
    k = 0.13
    given = np.atleast_1d(LUU_DOSES.times_d)
    right = [math.fsum(100 * math.exp(-k * (t - u)) for u in given if u < t) for t in WEEKS_D]
    found = amounts(ONE, {"k": k}, LUU_DOSES, WEEKS_D, method=method)
    return of_itself(found[1:], right[1:])


def absorbed(method: str) -> float:
    """Bateman: F A₀ ka/(ka − k) (e^{−k u} − e^{−ka u}), u after the lag."""
    ka, k, F, lag = 7.0, 0.4, 0.6, 0.01
    right = []
    for t in READ_D:
        fast, slow = math.exp(-ka * (t - lag)), math.exp(-k * (t - lag))
        right += [F * 100 * fast, F * 100 * ka / (ka - k) * (slow - fast)]
    values = {"ka": ka, "k": k, "F": F, "lag": lag}
    return of_itself(
        amounts(ORAL, values, Dosing.bolus([0.0], 100.0), READ_D, method=method), right
    )


def alike(method: str) -> float:
    """ka = k, where the sum of exponentials has no value: A₀ k t e^{−k t}."""
    k = 0.7
    right = [x for t in READ_D for x in (100 * math.exp(-k * t), 100 * k * t * math.exp(-k * t))]
    values = {"ka": k, "k": k, "F": 1.0, "lag": 0.0}
    return of_itself(
        amounts(ORAL, values, Dosing.bolus([0.0], 100.0), READ_D, method=method), right
    )


def two_compartments(method: str) -> float:
    """The textbook's α and β, of rates that lie well apart."""
    k, k12, k21 = 1.3, 0.9, 0.2
    total = k + k12 + k21
    root = math.sqrt(total**2 - 4 * k * k21)
    a, b = (total + root) / 2, (total - root) / 2
    right = []
    for t in READ_D:
        ea, eb = math.exp(-a * t), math.exp(-b * t)
        right += [
            100 * ((a - k21) * ea + (k21 - b) * eb) / (a - b),
            100 * k12 * (eb - ea) / (a - b),
        ]
    values = {"k": k, "k12": k12, "k21": k21}
    return of_itself(amounts(TWO, values, Dosing.bolus([0.0], 100.0), READ_D, method=method), right)


def chain() -> float:
    """Eight compartments of one rate in a row: 100 (k t)ⁿ e^{−k t} / n!."""
    k = 2.0
    right = [
        100 * (k * t) ** n / math.factorial(n) * math.exp(-k * t)
        for t in READ_D
        for n in range(LINKS)
    ]
    return of_itself(amounts(CHAIN, {"k": k}, Dosing.bolus([0.0], 100.0), READ_D), right)


def infused() -> float:
    """R/k (1 − e^{−k t}) while it runs, then e^{−k t}."""
    k, rate, lasts = 0.4, 30.0, 2.0
    right = [
        rate / k * -math.expm1(-k * min(t, lasts)) * math.exp(-k * max(t - lasts, 0))
        for t in READ_D
    ]
    given = Dosing.of([Event(time_d=0.0, amount_mg=rate * lasts, duration_d=lasts)])
    return of_itself(amounts(ONE, {"k": k}, given, READ_D), right)


def changing() -> float:
    """e^{−(k₁ u₁ + k₂ u₂)} where the rate constant changes from k₁ to k₂ on day 3."""
    right = [100 * math.exp(-(0.4 * min(t, 3.0) + 0.1 * max(t - 3.0, 0.0))) for t in READ_D]
    k = Stepwise(np.array([0.0, 3.0]), np.array([[0.4], [0.1]]))
    return of_itself(amounts(ONE, {"k": k}, Dosing.bolus([0.0], 100.0), READ_D), right)


# --- sixty digits ------------------------------------------------------------------------------

BODY = ("csf", "cns", "plasma", "tissue")
TYPICAL = {
    name: float(value) * (H_PER_D if name in PER_HOUR else 1.0) for name, value in LUU.items()
} | {"Imax": 0.85}
ALONE = {"Qcsf": 0.0, "Qp": 0.0, "Vcsf": 1.0, "Vp": 1.0, "CLcsf": 1.0}
FLOWS = ("CLcsf", "Qcsf", "CLp", "Qp")
NEAR_D = (0.04, 1.0, 7.0)


def flows_times(factor: float) -> dict[str, float]:
    """Every flow of the kinetics, and so every rate, times a factor."""
    return {name: TYPICAL[name] * factor for name in FLOWS}


PITFALLS: dict[str, tuple[dict[str, float], tuple[float, ...]]] = {
    "typical rates": ({}, NEAR_D),
    **{
        f"gap {power(gap) if gap else 0}": (ALONE | {"CLp": 1 + gap}, NEAR_D)
        for gap in (1.0, 1e-2, 1e-4, 1e-6, 1e-10, 1e-15, 0.0)
    },
    "every rate × 1e-6": (flows_times(1e-6), NEAR_D),
    "every rate × 1e6": (flows_times(1e6), (1e-6, *NEAR_D)),
    "one step of 1e-6 d": ({}, (1e-6,)),
    "one step of 3650 d": ({}, (3650.0,)),
    "one step of 1e5 d": ({}, (1e5,)),
    "Qcsf × 1e-12": ({"Qcsf": TYPICAL["Qcsf"] * 1e-12}, NEAR_D),
    "Qp × 1e-12": ({"Qp": TYPICAL["Qp"] * 1e-12}, NEAR_D),
    "CLcsf = 0": ({"CLcsf": 0.0}, NEAR_D),
    "CLp = 0": ({"CLp": 0.0}, NEAR_D),
    "exchange × 1e4, loss × 1e-4": (
        {"Qcsf": 1e4 * TYPICAL["Qcsf"], "CLcsf": 1e-4 * TYPICAL["CLcsf"]},
        NEAR_D,
    ),
}


@cache
def sixty_digits(people: tuple[tuple[str, float], ...], h: float, sources: tuple[str, ...]) -> Any:
    """e^{Kh} of the kinetics of job (a) as (to, from) to a number; a source gives 1 mg/d."""
    p = {name: mp.mpf(value) for name, value in people}
    ids = [*BODY, *(f"→{name}" for name in sources)]
    at = {name: i for i, name in enumerate(ids)}
    with mp.workdps(60):
        K = mp.zeros(len(ids))
        for source, to, rate in (
            ("csf", "cns", p["Qcsf"] / p["Vcsf"]),
            ("cns", "csf", p["Qcsf"] / p["Vcns"]),
            ("csf", "plasma", p["CLcsf"] / p["Vcsf"]),
            ("plasma", "tissue", p["Qp"] / p["Vp"]),
            ("tissue", "plasma", p["Qp"] / p["Vsys"]),
            ("plasma", "", p["CLp"] / p["Vp"]),
        ):
            K[at[source], at[source]] -= rate
            if to:
                K[at[to], at[source]] += rate
        for name in sources:
            K[at[name], at[f"→{name}"]] = mp.mpf(1)
        E = mp.expm(K * mp.mpf(h))
        return {(i, j): E[at[i], at[j]] for i in ids for j in ids}


def propagator(people: Values, h: float, sources: tuple[str, ...] = ()) -> Any:
    """The same from parameters of one person by name."""
    names = ("CLcsf", "Qcsf", "CLp", "Qp", "Vcsf", "Vcns", "Vp", "Vsys")
    return sixty_digits(tuple((name, float(people[name])) for name in names), h, sources)


def pitfall(case: str, outputs: tuple[str, ...]) -> float:
    """One bolus of 100 mg into CSF, every amount at every reading by itself."""
    changes, times_d = PITFALLS[case]
    people = TYPICAL | changes
    right = [100 * propagator(people, t)[name, "csf"] for t in times_d for name in outputs]
    return of_itself(
        amounts(LUU_MODEL, people, Dosing.bolus([0.0], 100.0), np.array(times_d), outputs=outputs),
        right,
    )


def weekly(outputs: tuple[str, ...], n: int = 8) -> float:
    """15 doses, 53 weekly readings, n people of job (a)."""
    people = luu_people(n)
    found = solve(LUU_MODEL, people, LUU_DOSES, WEEKS_D, outputs=outputs, backend="numpy").values
    days = set(LUU_DOSES.times_d.tolist())
    worst = 0.0
    for person in range(n):
        E = propagator({name: value[person] for name, value in people.items()}, 7.0)
        held = dict.fromkeys(BODY, mp.mpf(0))
        for i, day in enumerate(WEEKS_D):
            worst = max(worst, of_itself(found[person, i], [held[name] for name in outputs]))
            held["csf"] += 100 if day in days else 0
            held = {i: sum(E[i, j] * held[j] for j in BODY) for i in BODY}
    return worst


def infusions() -> float:
    """200 mg into CSF over 2 d and, from day 1, 30 mg into plasma over half a day."""
    given = Dosing.of(
        [
            Event(time_d=0.0, amount_mg=200.0, duration_d=2.0),
            Event(time_d=1.0, amount_mg=30.0, rate_mg_per_d=60.0, into="plasma"),
        ]
    )
    times_d = np.array([1e-6, 1.0, 1.25, 1.5, 2.0, 9.0, 3650.0])
    found = amounts(LUU_MODEL, TYPICAL, given, times_d, outputs=BODY)
    held, now, worst = dict.fromkeys(BODY, mp.mpf(0)), 0.0, 0.0
    for row, then in zip(found, times_d.tolist(), strict=True):
        E = propagator(TYPICAL, then - now, ("csf", "plasma"))
        held |= {"→csf": mp.mpf(100) * (now < 2), "→plasma": mp.mpf(60) * (1 <= now < 1.5)}
        held = {i: sum(E[i, j] * held[j] for j in held) for i in BODY}
        worst, now = max(worst, of_itself(row, [held[name] for name in BODY])), then
    return worst


# --- what another program answered -------------------------------------------------------------

COMPARED = Model(  # as K. Baron's comparison of mrgsolve with NONMEM states it
    name="compared",
    parameters=(
        *(Parameter(name, unit) for name, unit in (("ka", "1/d"), ("CL", "L/d"), ("V", "L"))),
        *(Parameter(name, unit) for name, unit in (("F", "1"), ("lag", "d"))),
        *(Parameter(name, unit) for name, unit in (("infused", "mg/d"), ("lasts", "d"))),
    ),
    parts=(
        Compartments(
            "depot central",
            {"depot > central": "ka", "central >": "CL / V"},
            F={"central": "F"},
            lag={"central": "lag"},
            rate={"depot": "infused", "central": "infused"},
            duration={"depot": "lasts", "central": "lasts"},
        ),
    ),
    outputs=(Output("cp", "mg/L", "", "central / V"),),
)


def nonmem() -> float:
    """26 schedules in the order of records; the largest difference of a value it prints."""
    schedules: dict[int, list[dict[str, float]]] = {}
    with NONMEM.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            row = {name: float(value) for name, value in line.items()}
            schedules.setdefault(int(row["id"]), []).append(row)
    worst = 0.0
    for rows in schedules.values():
        read = [row for row in rows if row["evid"] == 0]
        events = [
            Event(
                time_d=row["time"] / 24,
                evid=int(row["evid"]),
                amount_mg=row["amt"],
                into=int(row["cmt"]),
                rate_mg_per_d=row["rate"] * (24 if row["rate"] > 0 else 1),
                addl=int(row["addl"]),
                ii_d=row["ii"] / 24,
                ss=int(row["ss"]),
            )
            for row in rows
            if row["evid"] > 0
        ]
        first = rows[0]
        values = {"ka": 36.0, "CL": 26.4, "V": 20.0, "F": first["bioav"], "lag": first["lagt"] / 24}
        values |= {"infused": first["rat2"] * 24, "lasts": first["dur2"] / 24}
        times_d = np.array([row["time"] for row in read]) / 24
        is_after = np.ones(len(read), dtype=bool)
        found = amounts(COMPARED, values, Dosing.of(events), times_d, after=is_after)[:, 0] * 1000
        right = np.array([row["cp"] for row in read])
        apart, scale = np.abs(found - right), np.abs(right)
        worst = max(worst, float((apart / np.where(scale > 0, scale, 1.0)).max()))
    return worst


AGAINST = ROOT / "tests" / "against"
TOOLS = ("mrgsolve", "rxode2")
# What a program treats otherwise, as its test says and shows: schedules, and readings at a dose.
OTHERWISE = {"rxode2": ((7, 12), (True,))}


@cache
def asked_of_tools() -> Any:
    """The models and schedules that other programs were asked, as their tests state them."""
    spec = importlib.util.spec_from_file_location("asked_of_tools", AGAINST / "conftest.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _without(tool: str, model: str) -> str:
    left_out, _ = OTHERWISE.get(tool, ((), ()))
    return f" (not {', '.join(map(str, left_out))})" if model == "oral" and left_out else ""


def answered(
    tool: str,
    model: str,
    outputs: tuple[str, ...],
    schedules: Sequence[int],
    share: Callable[[np.ndarray, np.ndarray], float],
    how: Mapping[str, str],
) -> float:
    """Largest error of schedules, read before and after the doses of a time."""
    asked = asked_of_tools()
    stated = {"oral": asked.ORAL, "effect": asked.EFFECT, "luu": asked.LUU}[model]
    rows, worst = asked.rows_of(AGAINST / tool / f"{model}.csv"), 0.0
    left_out, orders = OTHERWISE.get(tool, ((), (False, True)))
    for schedule in schedules:
        if model == "oral" and schedule in left_out:
            continue
        values, dosing = asked.schedule_of(model, schedule)
        for is_after in orders:
            seen = [
                row
                for row in rows
                if int(row.get("schedule", 1)) == schedule and int(row["after"]) == is_after
            ]
            right = np.array([[float(row[name]) for name in outputs] for row in seen])
            times_d = np.array([float(row["TIME"]) for row in seen])
            after = np.full(len(seen), is_after)
            found = amounts(stated, values, dosing, times_d, outputs=outputs, after=after, **how)
            worst = max(worst, share(found, right))
    return worst


def stored(
    problem: str,
    model: str,
    outputs: tuple[str, ...],
    bound: float,
    *,
    schedules: Sequence[int] = (1,),
    of: str = LARGEST,
    **how: str,
) -> Iterator[Check]:
    """One check for each program whose answers are stored."""
    share = of_range if of == RANGE else of_largest
    for tool in TOOLS:
        words = (AGAINST / tool / "version.txt").read_text(encoding="utf-8").split()
        yield Check(
            problem=problem,
            oracle=f"{tool} {words[words.index(tool) + 1]}, stored" + _without(tool, model),
            compared=of,
            bound=bound,
            error=partial(answered, tool, model, outputs, schedules, share, how),
        )


# --- steady states -----------------------------------------------------------------------------

AT_D = 50.0
SINCE_D = np.array([0.0, 0.3, 1.0, 2.0, 2.9])


def steady(model: Model, values: Values, outputs: tuple[str, ...] = (), **event: Any) -> np.ndarray:
    """(time, output) after a record with SS = 1 on day 50, read after what happens then."""
    given = Dosing.of([Event(time_d=AT_D, ss=1, **event)])
    is_after = np.ones(len(SINCE_D), dtype=bool)
    return amounts(model, values, given, AT_D + SINCE_D, outputs=outputs, after=is_after)


def steady_boluses() -> float:
    """A e^{−k u} / (1 − e^{−k II})."""
    k, ii = 0.4, 3.0
    right = [100 * math.exp(-k * u) / -math.expm1(-k * ii) for u in SINCE_D]
    return of_itself(steady(ONE, {"k": k}, amount_mg=100.0, ii_d=ii), right)


def steady_oral() -> float:
    """The Bateman function with both exponentials summed over all doses before."""
    ka, k, ii = 7.0, 0.4, 3.0
    right = []
    for u in SINCE_D:
        fast = math.exp(-ka * u) / -math.expm1(-ka * ii)
        slow = math.exp(-k * u) / -math.expm1(-k * ii)
        right += [100 * fast, 100 * ka / (ka - k) * (slow - fast)]
    values = {"ka": ka, "k": k, "F": 1.0, "lag": 0.0}
    return of_itself(steady(ORAL, values, amount_mg=100.0, ii_d=ii), right)


def steady_infusions() -> float:
    """What earlier infusions leave, and the one that runs: R/k (1 − e^{−k u})."""
    k, ii, lasts, rate = 0.4, 3.0, 2.0, 50.0
    one = rate / k * -math.expm1(-k * lasts)  # at the end of one
    left = one * math.exp(-k * (ii - lasts)) / -math.expm1(-k * ii)  # just before the next
    right = []
    for u in SINCE_D:
        ran = rate / k * -math.expm1(-k * min(u, lasts)) * math.exp(-k * max(u - lasts, 0.0))
        right.append(left * math.exp(-k * u) + ran)
    found = steady(ONE, {"k": k}, amount_mg=rate * lasts, duration_d=lasts, ii_d=ii)
    return of_itself(found, right)


def steady_constant() -> float:
    """R/k at the record, where a constant infusion ends."""
    found = steady(ONE, {"k": 0.4}, rate_mg_per_d=50.0)
    return of_itself(found, [50 / 0.4 * math.exp(-0.4 * u) for u in SINCE_D])


def periodic(people: Values, ii: float) -> dict[str, Any]:
    """Amounts just after a dose of 100 mg at steady state: (I − M) x = dose, 60 digits."""
    with mp.workdps(60):
        E = propagator(people, ii)
        A = mp.matrix(4, 4)
        for i, to in enumerate(BODY):
            for j, source in enumerate(BODY):
                A[i, j] = (1 if i == j else 0) - E[to, source]
        return dict(zip(BODY, mp.lu_solve(A, mp.matrix([100, 0, 0, 0])), strict=True))


def steady_body(n: int = 4) -> float:
    """Four compartments, every 28 d."""
    people, worst = luu_people(n), 0.0
    for i in range(n):
        person = {name: float(value[i]) for name, value in people.items()}
        x = periodic(person, 28.0)
        found = steady(LUU_MODEL, person, BODY, amount_mg=100.0, ii_d=28.0)
        for row, u in zip(found, SINCE_D.tolist(), strict=True):
            E = propagator(person, u)
            worst = max(worst, of_itself(row, [sum(E[i, j] * x[j] for j in BODY) for i in BODY]))
    return worst


def steady_effect() -> float:
    """One interval of DOP853 from the state at the record has to come back to it."""
    given = Dosing.of([Event(time_d=AT_D, ss=1, amount_mg=100.0, ii_d=28.0)])
    begin = amounts(LUU_MODEL, TYPICAL, given, np.array([AT_D]), after=np.array([True]))[0]
    (after,) = stepped(luu_slopes(TYPICAL), begin, [28.0], {}, "DOP853")
    after = after + np.array([100.0, 0, 0, 0, 0, 0, 0])
    return float((np.abs(after - begin) / np.abs(begin)).max())


# --- equations by hand, for SciPy --------------------------------------------------------------

Slopes = Callable[[float, np.ndarray], list[float]]
Act = Callable[[np.ndarray], np.ndarray]


def stepped(
    slopes: Slopes,
    start: np.ndarray,
    times_d: Sequence[float],
    acts: Mapping[float, Act],
    method: str,
    rtol: float = 1e-12,
    atol: Any = 1e-14,
    jac: Any = None,
) -> list[np.ndarray]:
    """States at the times, read before what happens then; every step ends at the next of them."""
    y, now, found = np.array(start, dtype=float), 0.0, []
    more = {} if jac is None else {"jac": jac}
    for then in sorted({*map(float, times_d), *acts}):
        if then > max(times_d):
            break
        if then > now:
            ran = solve_ivp(slopes, (now, then), y, method, rtol=rtol, atol=atol, **more)
            assert ran.success, ran.message
            y, now = ran.y[:, -1], then
        found += [y] * list(times_d).count(then)
        y = acts[then](y) if then in acts else y
    return found


def adding(mg: float, drawn: float = 0.0, second: float = 0.0) -> Act:
    """Draw a share of the first compartment, then add a dose, a share of it to the second."""

    def act(y: np.ndarray) -> np.ndarray:
        return np.array([y[0] * (1 - drawn) + (1 - second) * mg, y[1] + second * mg, *y[2:]])

    return act


def luu_slopes(p: Values) -> Slopes:
    """Job (a)."""
    k10, k12, k21 = p["CLcsf"] / p["Vcsf"], p["Qcsf"] / p["Vcsf"], p["Qcsf"] / p["Vcns"]
    k30, k34, k43 = p["CLp"] / p["Vp"], p["Qp"] / p["Vp"], p["Qp"] / p["Vsys"]
    kM, kP, kN, imax, half = p["kM"], p["kP"], p["kN"], p["Imax"], p["IC50"] * p["Vcns"]

    def slopes(_: float, y: np.ndarray) -> list[float]:
        csf, cns, plasma, tissue, M, P, N = y.tolist()
        return [
            k21 * cns - (k10 + k12) * csf,
            k12 * csf - k21 * cns,
            k10 * csf + k43 * tissue - (k30 + k34) * plasma,
            k34 * plasma - k43 * tissue,
            kM * (1 - imax * cns / (half + cns) - M),
            kP * (M - P),
            kN * (P - N),
        ]

    return slopes


@cache
def luu_by_hand(person: int, method: str = "DOP853") -> np.ndarray:
    """(week, state) of one of the people of job (a)."""
    p = {name: float(value[person]) for name, value in luu_people(person + 1).items()}
    acts = {float(day): adding(100.0) for day in LUU_DOSES.times_d}
    begin = np.array([0.0, 0, 0, 0, 1, 1, 1])
    return np.array(stepped(luu_slopes(p), begin, WEEKS_D.tolist(), acts, method))


PEOPLE = 3


def year_values() -> dict[str, Any]:
    """The typical person of job (b)."""
    return {name: float(value) for name, value in YEAR.items()} | {"Imax": 0.85}


@cache
def year_by_hand(person: int) -> np.ndarray:
    """(week, output) of a typical person of job (b) on the schedule of one subject."""
    p = year_values()
    k10, k12, k21 = p["CLcsf"] / p["Vcsf"], p["Qcsf"] / p["Vcsf"], p["Qcsf"] / p["Vcns"]
    k30, k34, k43 = p["CLp"] / p["Vp"], p["Qp"] / p["Vp"], p["Qp"] / p["Vsys"]
    half, g = p["IC50"] * p["Vcns"], p["g"]

    def slopes(_: float, y: np.ndarray) -> list[float]:
        csf, cns, plasma, tissue, M, P, S, N, _lost = y.tolist()
        x = (max(cns, 0.0) / half) ** g
        return [
            k21 * cns - (k10 + k12) * csf,
            k12 * csf - k21 * cns,
            k10 * csf + k43 * tissue - (k30 + k34) * plasma,
            k34 * plasma - k43 * tissue,
            p["kM"] * (1 - p["Imax"] * x / (1 + x) - M),
            p["kP"] * (M - P),
            p["kS"] * (P - S),
            p["kN"] * (1.5 * P / (P + 0.5) - N),
            p["slope"] * 2 * P / (P + 1),
        ]

    schedule = year_schedules(0, PEOPLE)
    acts = {
        float(day): adding(float(mg))
        for day, mg in zip(schedule.times_d[person], schedule.amounts_mg[person], strict=True)
        if mg > 0
    }
    begin = np.array([0.0, 0, 0, 0, 1, 1, 1, 1, 0])
    y = np.array(stepped(slopes, begin, WEEKS_D.tolist(), acts, "DOP853"))
    drug = y[:, :3] / np.array([p["Vcsf"], p["Vcns"], p["Vp"]])
    return np.column_stack([drug, y[:, 4:8], 40 - y[:, 8]])


MONTH_D = 30.4375


def aso_score(p: Values, burden_d: float) -> float:
    """ALSFRS-R after so many untreated days of disease."""
    return min(max(p["alsfrs_r_baseline"] - p["slope"] * burden_d / MONTH_D, 0.0), 48.0)


def aso_slopes(p: Values) -> Slopes:
    """The intrathecal model, as docs/model.md writes it."""
    ka, ln2, loss = p["ka"], math.log(2), math.log(2) / p["t_half_cns"]
    k30, k34, k43 = p["CL"] / p["V"], p["Q"] / p["V"], p["Q"] / p["V_per"]
    km, ks, kf = ln2 / p["t_half_mrna"], ln2 / p["t_half_sod1"], p["Q_csf"] / p["V_csf"]
    kh, kx, kn = 3 / p["delay_function"], 2 / p["delay_nfl"], ln2 / p["t_half_nfl"]
    floor = min(p["nfl_normal"] / p["nfl_baseline"], 1.0)

    def slopes(_: float, y: np.ndarray) -> list[float]:
        C, N, P, T, X, M, S, F, drift, D1, D2, D3, A1, A2, B, H, _svc, _lost = y.tolist()
        x = (max(X, 0.0) / p["IC50"]) ** p["hill"]
        harm = S ** p["gamma"]
        rise = math.exp(p["nfl_rise"] * (1 - math.exp(-H / p["t_rise"])))
        points, decline = 48 - aso_score(p, H), min(p["slope"] * D3, 4.0)
        return [
            p["phi"] * loss * N - ka * C,
            -loss * N,
            ka * C - (k30 + k34) * P + k43 * T,
            k34 * P - k43 * T,
            (N / p["W_cns"] - X) / p["delay_site"],
            km * (1 - p["Imax"] * x / (1 + x) - M),
            ks * (M - S),
            kf * (1 - p["f_csf"] + p["f_csf"] * S - F),
            (p["sod1_drift"] - drift) / p["t_drift"],
            kh * (harm - D1),
            kh * (D1 - D2),
            kh * (D2 - D3),
            kx * (harm - A1),
            kx * (A1 - A2),
            kn * (floor + (1 - floor) * A2 * rise - B),
            D3,
            D1,
            p["hazard"]
            / MONTH_D
            * math.exp(p["hazard_score"] * points + p["hazard_slope"] * decline),
        ]

    return slopes


ASO = load_population("tofersen")
ASO_TIMES_D = {
    "weekly for a year": WEEKS_D,
    "in the first day": np.array([1, 2, 4, 8, 12, 24]) / 24,
}
ASO_OUTPUTS = (
    *("csf", "plasma", "sod1_mrna", "sod1_cns", "csf_sod1"),
    *("nfl", "alsfrs_r", "svc", "survival"),
)


def aso_person(person: int) -> dict[str, float]:
    """The typical patient (0) or one drawn."""
    if person == 0:
        return {name: float(np.ravel(value)[0]) for name, value in ASO.typical().items()}
    return {name: float(value[person]) for name, value in ASO.draw(8, seed=1).items()}


@cache
def aso_by_hand(person: int, read: str, method: str) -> np.ndarray:
    """(time, output) of one patient."""
    p = aso_person(person)
    drawn = min(p["removed"] / p["V_csf"], 1.0)
    into_cns = p["F_cns"] / (1 + 100.0 / p["D_cns"])
    acts = {float(day): adding(100.0, drawn, into_cns) for day in LUU_DOSES.times_d}
    begin = np.array([0.0] * 5 + [1.0] * 3 + [0.0] + [1.0] * 6 + [0.0] * 3)
    times_d = ASO_TIMES_D[read].tolist()
    atol = 1e-14 if method == "DOP853" else 1e-13
    y = np.array(stepped(aso_slopes(p), begin, times_d, acts, method, atol=atol))
    capacity = p["svc_baseline"] - p["svc_slope"] * p["slope"] * y[:, 16] / MONTH_D
    return np.column_stack(
        [
            y[:, 0] / p["V_csf"],
            y[:, 2] / p["V"],
            y[:, 5:7],
            y[:, 7] * np.exp(y[:, 8]),
            y[:, 14],
            [aso_score(p, burden_d) for burden_d in y[:, 15]],
            np.maximum(capacity, 0.0),
            np.exp(-y[:, 17]),
        ]
    )


# --- cascades ----------------------------------------------------------------------------------


def halved(model: Model, values: Values, dosing: Dosing, times_d: np.ndarray, n: int) -> np.ndarray:
    """(time, output) with every default step halved n times."""
    task = prepare(model, values, dosing, times_d)
    return run(replace(task, halvings=n), "numpy")[0][:, :, 0]


@cache
def luu_cascade(person: int, n: int) -> np.ndarray:
    values = {name: value[person : person + 1] for name, value in luu_people(person + 1).items()}
    return halved(LUU_MODEL, values, LUU_DOSES, WEEKS_D, n)


@cache
def aso_cascade(person: int, read: str, n: int) -> np.ndarray:
    return halved(ASO.model, aso_person(person), LUU_DOSES, ASO_TIMES_D[read], n)


HALVINGS = {"default": 0, "high": 1, "highest": 3}
EFFECTS = slice(4, 7)  # of job (a), the states that are not drug; of the others see below
YEAR_EFFECTS, ASO_EFFECTS = slice(3, 8), slice(2, 9)


def luu_error(accuracy: str, people: int = PEOPLE) -> float:
    """Job (a), stages."""
    return max(
        of_range(luu_cascade(i, HALVINGS[accuracy])[:, EFFECTS], luu_by_hand(i)[:, EFFECTS])
        for i in range(people)
    )


def year_error(accuracy: str, people: int = PEOPLE) -> float:
    """Job (b), stages; every person with a schedule of their own."""
    given = year_schedules(0, PEOPLE).rows(slice(0, people))
    values = {name: np.full(people, value) for name, value in year_values().items()}
    found = solve(YEAR_MODEL, values, given, WEEKS_D, accuracy=accuracy, backend="numpy").values
    return max(
        of_range(found[i][:, YEAR_EFFECTS], year_by_hand(i)[:, YEAR_EFFECTS]) for i in range(people)
    )


def aso_error(accuracy: str, read: str, method: str, people: int = PEOPLE) -> float:
    """The intrathecal model, stages."""
    return max(
        of_range(
            aso_cascade(i, read, HALVINGS[accuracy])[:, ASO_EFFECTS],
            aso_by_hand(i, read, method)[:, ASO_EFFECTS],
        )
        for i in range(people)
    )


def luu_errors(state: int) -> list[float]:
    """Errors of one stage of job (a) as steps are halved, weekly."""
    right = luu_by_hand(0)[:, state]
    return [of_range(luu_cascade(0, n)[:, state], right) for n in range(5)]


def aso_errors(output: int, read: str) -> list[float]:
    """Errors of one output of the intrathecal model as steps are halved."""
    right = aso_by_hand(0, read, "DOP853")[:, output]
    return [of_range(aso_cascade(0, read, n)[:, output], right) for n in range(5)]


# --- the general ODE solver --------------------------------------------------------------------

SATURABLE = Model(
    name="saturable",
    parameters=(Parameter("Vmax", "mg/d"), Parameter("Km", "mg")),
    parts=(Compartments("body", {"body >": "Vmax / (Km + body)"}),),
    outputs=(Output("body", "mg", "", "body"),),
)
LOGISTIC = Model(
    name="logistic",
    parameters=(Parameter("r", "1/d"), Parameter("K", "1")),
    parts=(Equation("N", "r * N * (1 - N / K)", "1", start="0.01"),),
    outputs=(Output("N", "1", "", "N"),),
)
OSCILLATOR = Model(
    name="oscillator",
    parameters=(Parameter("mu", "1"), Parameter("one", "1/d")),
    parts=(
        Equation("x", "one * y", "1", start="2"),
        Equation("y", "one * (mu * (1 - x * x) * y - x)", "1", start="0"),
    ),
    outputs=(Output("x", "1", "", "x"),),
)
MARROW = Model(
    name="marrow",
    parameters=(
        Parameter("k", "1/d"),
        Parameter("slope", "1/mg"),
        Parameter("ktr", "1/d"),
        Parameter("gamma", "1"),
    ),
    parts=(
        Compartments("body", {"body >": "k"}),
        Equation("prol", "ktr * prol * ((1 - slope * body) / circ**gamma - 1)", "1", start="1"),
        Transit("mature", of="prol", n=3, ktr="ktr", unit="1"),
        Turnover("circ", kin="ktr * mature", kout="ktr", start="1", unit="1"),
    ),
    outputs=(Output("circ", "1", "", "circ"),),
)
NOTHING = Dosing.none()
OdeError = Callable[[str], float]


def by_ode(
    model: Model, values: Values, dosing: Dosing, times_d: np.ndarray, how: str
) -> np.ndarray:
    """(time, output) of one subject by Tsit5, at an accuracy, or by Kvaerno5."""
    if how == "Kvaerno5":
        return integrate(prepare(model, values, dosing, times_d), stiff=True)[0][:, :, 0]
    profile = solve(model, values, dosing, times_d, method="ode", accuracy=how)
    assert profile.solved == "ode Tsit5, diffrax float64", profile.solved
    return profile.values[0]


def ode_oral(how: str) -> float:
    """Bateman."""
    ka, k = 7.0, 0.4
    right = []
    for t in READ_D:
        fast, slow = math.exp(-ka * t), math.exp(-k * t)
        right.append([100 * fast, 100 * ka / (ka - k) * (slow - fast)])
    values = {"ka": ka, "k": k, "F": 1.0, "lag": 0.0}
    return of_largest(
        by_ode(ORAL, values, Dosing.bolus([0.0], 100.0), READ_D, how), np.array(right)
    )


def ode_saturable(how: str) -> float:
    """A = Km W(A₀/Km e^{(A₀ − Vmax t)/Km})."""
    top, half, a0 = 30.0, 20.0, 100.0
    x = a0 / half * np.exp((a0 - top * READ_D) / half)
    right = half * np.real(lambertw(x))[:, None]
    values = {"Vmax": top, "Km": half}
    return of_largest(by_ode(SATURABLE, values, Dosing.bolus([0.0], a0), READ_D, how), right)


def ode_logistic(how: str) -> float:
    """K / (1 + (K/N₀ − 1) e^{−r t})."""
    r, K = 0.5, 3.0
    right = K / (1 + (K / 0.01 - 1) * np.exp(-r * READ_D))[:, None]
    return of_largest(by_ode(LOGISTIC, {"r": r, "K": K}, NOTHING, READ_D, how), right)


def ode_luu(how: str) -> float:
    """Job (a) without the closed form, all seven states."""
    values = {name: float(value[0]) for name, value in luu_people(1).items()}
    return of_largest(by_ode(LUU_MODEL, values, LUU_DOSES, WEEKS_D, how), luu_by_hand(0))


def ode_aso(how: str) -> float:
    """The intrathecal model without its cascade, all outputs."""
    found = by_ode(ASO.model, aso_person(0), LUU_DOSES, WEEKS_D, how)
    return of_largest(found, aso_by_hand(0, "weekly for a year", "LSODA"))


def ode_marrow(how: str) -> float:
    """Cells that feed back on their own growth, after two doses."""
    k, slope, ktr, gamma = 1.25, 0.04, 4 * 24 / 88.7, 0.161
    given, times_d = [0.0, 21.0], np.arange(0.0, 61.0, 3.0)

    def slopes(_: float, y: np.ndarray) -> list[float]:
        a, prol, t1, t2, t3, circ = y.tolist()
        return [
            -k * a,
            ktr * prol * ((1 - slope * a) * circ**-gamma - 1),
            ktr * (prol - t1),
            ktr * (t1 - t2),
            ktr * (t2 - t3),
            ktr * (t3 - circ),
        ]

    acts = {day: adding(20.0) for day in given}
    begin = np.array([0.0, 1, 1, 1, 1, 1])
    right = np.array(stepped(slopes, begin, times_d.tolist(), acts, "LSODA"))[:, 5:]
    values = {"k": k, "slope": slope, "ktr": ktr, "gamma": gamma}
    return of_largest(by_ode(MARROW, values, Dosing.bolus(given, 20.0), times_d, how), right)


def ode_oscillator(how: str) -> float:
    """Van der Pol's, μ = 1000 (Hairer and Wanner 1996)."""
    times_d, mu = np.array([10.0, 600.0, 850.0]), 1000.0

    def jac(_: float, y: np.ndarray) -> list[list[float]]:
        return [[0, 1], [-2 * mu * y[0] * y[1] - 1, mu * (1 - y[0] ** 2)]]

    def slopes(_: float, y: np.ndarray) -> list[float]:
        return [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]

    y = stepped(slopes, np.array([2.0, 0.0]), times_d.tolist(), {}, "Radau", 1e-9, 1e-11, jac)
    found = by_ode(OSCILLATOR, {"mu": mu, "one": 1.0}, NOTHING, times_d, how)
    return of_largest(found, np.array(y)[:, :1])


# --- two backends, two precisions --------------------------------------------------------------

Pair = tuple[dict[str, Any], dict[str, Any]]
BACKENDS: Pair = ({"backend": "jax"}, {"backend": "numpy"})
SINGLE: Pair = ({"backend": "numpy", "dtype": np.float32}, {"backend": "numpy"})
SINGLE_JAX: Pair = ({"backend": "jax", "dtype": np.float32}, {"backend": "numpy"})


def both(
    pair: Pair,
    model: Model,
    values: Values,
    dosing: Dosing,
    times_d: np.ndarray,
    outputs: tuple[str, ...] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Solve twice."""
    one, two = (
        solve(model, values, dosing, times_d, outputs=outputs, **options).values for options in pair
    )
    return one, two


def pair_kinetics(pair: Pair, outputs: tuple[str, ...], seen_mg: float) -> float:
    """Every set of rates of the pitfalls at once; amounts above `seen_mg` each by itself."""
    sets = [TYPICAL | changes for changes, _ in PITFALLS.values()]
    people = {name: np.array([one[name] for one in sets]) for name in TYPICAL}
    times_d = np.array([1e-6, 0.04, 1.0, 7.0])
    given = Dosing.bolus([0.0], 100.0)
    found, right = both(pair, LUU_MODEL, people, given, times_d, outputs=outputs)
    seen = right > seen_mg
    assert (found[~seen] < 1.1 * seen_mg).all()
    return float(np.abs(found[seen] / right[seen] - 1).max())


def pair_steady(pair: Pair) -> float:
    """SS = 1 every 28 d."""
    given = Dosing.of([Event(time_d=AT_D, ss=1, amount_mg=100.0, ii_d=28.0)])
    found, right = both(pair, LUU_MODEL, luu_people(8), given, AT_D + SINCE_D + 0.1, outputs=BODY)
    return float(np.abs(found / right - 1).max())


def of_people(found: np.ndarray, right: np.ndarray, share: Callable[..., float]) -> float:
    """Largest of (subject, time, output)."""
    return max(share(one, two) for one, two in zip(found.astype(float), right, strict=True))


def pair_luu(pair: Pair, share: Callable[..., float], n: int = 64) -> float:
    """Job (a), seven states."""
    found, right = both(pair, LUU_MODEL, luu_people(n), LUU_DOSES, WEEKS_D)
    return of_people(found, right, share)


def pair_year(pair: Pair, share: Callable[..., float], n: int = 64) -> float:
    """Job (b): a schedule for every person."""
    values = {name: np.full(n, value) for name, value in year_values().items()}
    found, right = both(pair, YEAR_MODEL, values, year_schedules(0, n), WEEKS_D)
    return of_people(found, right, share)


def pair_aso(pair: Pair, share: Callable[..., float], n: int = 64) -> float:
    """The intrathecal model, people drawn."""
    found, right = both(pair, ASO.model, ASO.draw(n, seed=1), LUU_DOSES, WEEKS_D[1:])
    return of_people(found, right, share)


# --- every table -------------------------------------------------------------------------------

EXACT = 1e-12  # of each amount by itself
CLOSED = "formula in plain floats"
DIGITS = "e^{Kh} in 60 digits, mpmath"
DOP = "SciPy DOP853, rtol 1e-12"
LSODA = "SciPy LSODA, rtol 1e-12"
FIFTEEN = "15 doses, weekly for a year"
JOB_A, JOB_B, INTRATHECAL = "peers' problem", "year, schedules of their own", "intrathecal_aso"
JOB_A_YEAR, ASO_YEAR = f"{JOB_A}, {FIFTEEN}", f"{INTRATHECAL}, {FIFTEEN}"


def exactly(problem: str, oracle: str, error: Callable[[], float]) -> Check:
    """A check that promises every amount by itself."""
    return Check(problem=problem, oracle=oracle, compared=ITSELF, bound=EXACT, error=error)


def compartment_checks(method: str, outputs: tuple[str, ...]) -> Iterator[Check]:
    """What both exact solvers are asked."""
    yield exactly(f"one compartment, {FIFTEEN}", CLOSED, partial(many_boluses, method))
    yield exactly("two compartments, bolus, α and β", CLOSED, partial(two_compartments, method))
    yield exactly("oral dose with F and lag (Bateman)", CLOSED, partial(absorbed, method))
    yield exactly("oral dose, ka = k", CLOSED, partial(alike, method))
    for case in PITFALLS:
        yield exactly(f"intrathecal bolus, {case}", DIGITS, partial(pitfall, case, outputs))
    yield exactly(f"intrathecal, {FIFTEEN}, 8 people", DIGITS, partial(weekly, outputs))


def cascade_checks() -> Iterator[Check]:
    effects = ("M", "P", "N")
    yield from stored(
        f"high: {JOB_A_YEAR}, and hourly at first", "luu", effects, 1e-5, of=RANGE, accuracy="high"
    )
    bounds = {"default": 5e-5, "high": 2e-6, "highest": 1e-7}
    for accuracy, bound in bounds.items():
        for problem, oracle, factor, error in (
            (JOB_A_YEAR, DOP, 1, partial(luu_error, accuracy)),
            (f"{JOB_B}, 3 people", DOP, 1, partial(year_error, accuracy)),
            *(
                (
                    f"{INTRATHECAL}, {read}, 3 people",
                    oracle,
                    10,  # its mRNA turns over in a day, and a dose reaches it as t^hill
                    partial(aso_error, accuracy, read, oracle.split()[1].strip(",")),
                )
                for read in ASO_TIMES_D
                for oracle in (DOP, LSODA)
            ),
        ):
            yield Check(
                problem=f"{accuracy}: {problem}",
                oracle=oracle,
                compared=RANGE,
                bound=bound * factor,
                error=error,
            )


def order_checks() -> Iterator[Order]:
    for state, name in ((4, "M"), (5, "P"), (6, "N")):
        yield Order(
            problem=JOB_A, state=name, read="weekly", least=3.7, errors=partial(luu_errors, state)
        )
    for read in ASO_TIMES_D:
        for output, name in enumerate(ASO_OUTPUTS):
            if output < 2 or (output > 4 and "first" in read):
                continue  # drug is exact, and on the first day what follows SOD1 has not moved
            slow = "first" in read or name == "csf_sod1"
            yield Order(
                problem=INTRATHECAL,
                state=name,
                read=read,
                least=3.0 if slow else 3.7,
                errors=partial(aso_errors, output, read),
            )


def ode_checks() -> Iterator[Check]:
    asked: tuple[tuple[str, str, OdeError, tuple[str, ...]], ...] = (
        ("oral dose (Bateman)", CLOSED, ode_oral, ("default",)),
        ("saturable loss (Lambert W)", "SciPy lambertw", ode_saturable, ("default", "high")),
        ("logistic growth", CLOSED, ode_logistic, ("default", "high")),
        ("cells with feedback, 2 doses", LSODA, ode_marrow, ("default", "high")),
        (JOB_A_YEAR, DOP, ode_luu, ("default", "high", "Kvaerno5")),
        (ASO_YEAR, LSODA, ode_aso, ("default", "high")),
        ("Van der Pol, μ = 1000", "SciPy Radau, rtol 1e-9", ode_oscillator, ("Kvaerno5",)),
    )
    high: dict[str, Any] = {"method": "ode", "accuracy": "high", "backend": "auto"}
    states = (*BODY, "M", "P", "N")
    yield from stored(f"Tsit5, high: {JOB_A_YEAR}", "luu", states, 1e-7, **high)
    yield from stored(
        "Tsit5, high: saturable loss and stimulation",
        "effect",
        ("cp", "peripheral", "R"),
        1e-7,
        schedules=(1, 2, 3),
        **high,
    )
    for problem, oracle, error, ways in asked:
        for how in ways:
            yield Check(
                problem=f"{'Kvaerno5' if how == 'Kvaerno5' else f'Tsit5, {how}'}: {problem}",
                oracle=oracle,
                compared=LARGEST,
                bound=1e-7 if how == "high" else 1e-5,
                error=partial(error, how),
            )


def pair_checks(
    pair: Pair, bounds: tuple[float, float], seen_mg: float, way: str
) -> Iterator[Check]:
    """What two backends or two precisions are both asked."""
    second = "NumPy float64"
    drug, effect = bounds
    asked: tuple[tuple[str, str, float, Callable[[], float]], ...] = (
        *(
            (
                f"intrathecal bolus, all {len(PITFALLS)} sets of rates, {name}",
                ITSELF if seen_mg == FLOOR else f"{ITSELF} above {power(seen_mg)} mg",
                drug,
                partial(pair_kinetics, pair, outputs, seen_mg),
            )
            for name, outputs in (("closed form", BODY[:3]), ("exact", BODY))
        ),
        ("steady state, every 28 d, 8 people", ITSELF, drug, partial(pair_steady, pair)),
        (f"{JOB_A_YEAR}, 64 people", RANGE, effect, partial(pair_luu, pair, of_range)),
        (f"{JOB_B}, 64 people", RANGE, effect, partial(pair_year, pair, of_range)),
        (f"{ASO_YEAR}, 64 people", RANGE, effect, partial(pair_aso, pair, of_range)),
    )
    for problem, compared, bound, error in asked:
        yield Check(
            problem=f"{way}: {problem}", oracle=second, compared=compared, bound=bound, error=error
        )


TABLES = (
    Table(
        title="Closed form (`Blocks`)",
        words="One or two pairs of compartments, bolus doses. Every amount at every reading by "
        "itself, however small. *Gap* is by how much the rate at which plasma loses drug differs "
        "from that at which CSF passes it on: a textbook sum of exponentials loses its digits as "
        "they come closer.",
        checks=tuple(compartment_checks("auto", BODY[:3])),
    ),
    Table(
        title="Exact (`Doubling`)",
        words="Any linear compartments, infusions, resets, rates that change in time. The same "
        "questions with the periphery read too, and more. NONMEM's file may not be handed on: it "
        "is read where present, and holds 5 digits. What mrgsolve answered lies with its scripts "
        "in `tests/against`; it steps by LSODA at 1e-13.",
        checks=(
            *compartment_checks("exact", BODY),
            exactly("8 compartments in a row, one rate (Erlang)", CLOSED, chain),
            exactly("infusion, during and after", CLOSED, infused),
            exactly("rate constant that changes on day 3", CLOSED, changing),
            exactly("infusions into CSF and plasma at once", DIGITS, infusions),
            Check(
                problem="26 schedules: lag, F, infusions, SS, ADDL, resets",
                oracle="NONMEM 7.4.3",
                compared=ITSELF,
                bound=5e-5,
                error=nonmem,
                needs=NONMEM,
            ),
            *stored(
                "14 schedules: lag, F, infusions, SS, resets",
                "oral",
                ("depot", "cp"),
                1e-10,
                schedules=range(1, 15),
            ),
            *stored(f"intrathecal, {FIFTEEN}, and hourly at first", "luu", BODY, 1e-10),
        ),
    ),
    Table(
        title="Steady state",
        words="A record with SS = 1, read at it and up to three days later. Compartments are "
        "summed exactly; stages below them come from a run of doses.",
        checks=(
            exactly("boluses every 3 d, one compartment", CLOSED, steady_boluses),
            exactly("oral doses every 3 d", CLOSED, steady_oral),
            exactly("infusions of 2 d every 3 d", CLOSED, steady_infusions),
            exactly("constant infusion, then its end", CLOSED, steady_constant),
            exactly(
                "intrathecal every 28 d, 4 people",
                "(I − e^{Kτ})⁻¹ in 60 digits, mpmath",
                steady_body,
            ),
            Check(
                problem=f"{JOB_A} every 28 d: an interval comes back to its start",
                oracle=DOP,
                compared="each state",
                bound=1e-5,
                error=steady_effect,
            ),
        ),
    ),
    Table(
        title="Cascade",
        words="Stages of turnover below exact compartments, order 4, at each accuracy. An error is "
        "a share of the range that a stage covers over the readings, the hardest measure: on the "
        "first day a stage has hardly moved; what does not move at all is judged by its size. "
        "SciPy is started anew at each dose and stops at each reading.",
        checks=tuple(cascade_checks()),
    ),
    Table(
        title="Order of convergence",
        words="Default steps halved 0 to 4 times; order is the slope of log error against log "
        "step, by least squares, against SciPy DOP853 at rtol 1e-12. Smooth drives give 4. After "
        "a first dose the effect of `intrathecal_aso` starts as t^hill with hill "
        f"{ASO.estimates['hill'].value:.1f}, which is smooth only if hill is a whole number: on "
        "the first day the order of SOD1 mRNA, and of what follows it, tends to 1 + hill, where "
        "that is below 4, as steps get ever shorter. SOD1 in CSF turns over within hours, far less "
        "than a late step; until steps are as short its order is between 3 and 4.",
        checks=tuple(order_checks()),
    ),
    Table(
        title="General ODE solver",
        words="diffrax, for any right-hand side; Kvaerno5 where Tsit5 gives up because the system "
        'is stiff. Its tolerance is 1e-6 a step, 1e-8 if "high". Models that have a better solver '
        "are asked here as well: they share the statement of the model and the list of events, "
        "and no step.",
        checks=tuple(ode_checks()),
    ),
    Table(
        title="JAX against NumPy",
        words="The same steps on another backend. What differs is the order of sums and the "
        "functions of the processor.",
        checks=tuple(pair_checks(BACKENDS, (EXACT, EXACT), FLOOR, "float64")),
    ),
    Table(
        title="float32 against float64",
        words="A float32 holds 7 digits. It is for very many subjects, never for a fit.",
        checks=(
            *pair_checks(SINGLE, (1e-5, 1e-4), 1e-12, "NumPy"),
            *pair_checks(SINGLE_JAX, (1e-5, 1e-4), 1e-12, "JAX"),
        ),
    ),
)


# --- the page ----------------------------------------------------------------------------------


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def page(report: Callable[[str], None] = lambda _: None) -> tuple[str, list[str]]:
    """Run every check; return the page, and the rows that break their bound.

    report  is told which table comes next
    """
    tools = ("numpy", "jax", "diffrax", "scipy", "mpmath")
    versions = ", ".join(f"{tool} {version(tool)}" for tool in tools)
    n_checks = sum(len(table.checks) for table in TABLES)
    words = (
        f"{n_checks} comparisons. `error` is the largest found, rounded up to 1, 2 or 5 times a "
        "power of ten; `bound` is what thecal promises. The models are stated in `bench/jobs.py` "
        "(peers' problem, year), `src/thecal/model/intrathecal.py`, `tests/against` and "
        "`bench/verify.py`, the other oracles in the last."
    )
    lines = [
        "# Verification",
        "",
        "Every solver against every oracle that is not itself, for a modeller who decides whether",
        "to trust them. `make verify` computes this page anew and fails if a bound is not held.",
        "",
        *textwrap.wrap(
            f"thecal {version('thecal')} with {versions}; Python {platform.python_version()}.", 100
        ),
        "",
        *textwrap.wrap(words, 100, break_on_hyphens=False),
    ]
    broken = []
    for table in TABLES:
        report(table.title)
        told = textwrap.wrap(table.words, 100, break_on_hyphens=False)
        lines += ["", f"## {table.title}", "", *told, ""]
        lines += [line(table.head), line(["---"] * len(table.head))]
        for check in table.checks:
            cells, held = check.row()
            lines.append(line(cells))
            if not held:
                broken.append(f"{table.title}: {line(cells)}")
    return "\n".join(lines) + "\n", broken


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or write the page, or only check; 1 if a bound is not held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--check", action="store_true", help="say only what is not held")
    way.add_argument("--write", action="store_true", help="write docs/verification.md")
    asked = parser.parse_args(arguments)
    text, broken = page(lambda title: print(title, file=sys.stderr, flush=True))
    if asked.write:
        PAGE.write_text(text, encoding="utf-8")
    elif not asked.check:
        print(text, end="")
    for row in broken:
        print(f"not held: {row}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
