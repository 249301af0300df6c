"""The general solver against closed forms, SciPy and our own exact solvers."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import lambertw

from thecal.errors import ModelError
from thecal.model import ode
from thecal.model import solve as solving
from thecal.model.events import Dosing, Event
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.solve import solve
from thecal.model.structure import (
    Compartments,
    Equation,
    Integral,
    Model,
    Output,
    Parameter,
    Transit,
    Turnover,
)
from thecal.model.task import prepare
from thecal.model.variability import Stepwise

pytest.importorskip("diffrax")

CLOSE = 5e-6
"""Of the largest value of a state: 5 times the tolerance of one step (ode.RTOL)."""


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


# --- closed forms ------------------------------------------------------------------------------

SATURABLE = Model(
    name="saturable",
    parameters=(
        Parameter("ka", "1/d"),
        Parameter("Vmax", "mg/d"),
        Parameter("Km", "mg/L"),
        Parameter("V", "L"),
        Parameter("by_mouth", "1"),
        Parameter("by_vein", "1"),
    ),
    parts=(
        Compartments(
            "depot central",
            {"depot > central": "ka", "central >": "Vmax / (Km * V + central)"},
            F={"depot": "by_mouth", "central": "by_vein"},
        ),
        Integral("gone", rate="Vmax * central / (Km * V + central)", unit="mg"),
    ),
    outputs=(
        Output("depot", "mg", "", "depot"),
        Output("cp", "mg/L", "", "central / V"),
        Output("gone", "mg", "", "gone"),
    ),
)

BOTH_WAYS = Dosing.of(
    [
        Event(time_d=0.0, amount_mg=100.0, into="depot"),
        Event(time_d=0.0, amount_mg=100.0, into="central"),
    ]
)
DAYS = np.array([0.0, 0.1, 0.5, 1.0, 2.0, 3.5, 5.0, 8.0])
PEOPLE = {
    # The first two take it by mouth and are far from saturation, the others by vein.
    "ka": np.array([2.0, 30.0, 1.0, 1.0, 1.0]),
    "Vmax": np.array([1e9, 4e9, 50.0, 200.0, 15.0]),
    "Km": np.array([1e8, 1e8, 2.0, 0.1, 30.0]),
    "V": np.array([20.0, 8.0, 10.0, 5.0, 3.0]),
    "by_mouth": np.array([1.0, 0.5, 0.0, 0.0, 0.0]),
    "by_vein": np.array([0.0, 0.0, 1.0, 1.0, 1.0]),
}


@lru_cache(maxsize=1)
def saturable():
    return solve(SATURABLE, PEOPLE, BOTH_WAYS, DAYS)


def test_an_oral_dose_far_from_saturation_follows_the_sum_of_two_exponentials():
    """Bateman's formula, with CL = Vmax / Km; C/Km is below 1e-6 of the rate."""
    profile = saturable()
    assert profile.solved == "ode Tsit5, diffrax float64"
    for i in (0, 1):
        ka, V = PEOPLE["ka"][i], PEOPLE["V"][i]
        k = PEOPLE["Vmax"][i] / PEOPLE["Km"][i] / V
        dose = 100 * PEOPLE["by_mouth"][i]
        expected = dose * ka / V / (ka - k) * (np.exp(-k * DAYS) - np.exp(-ka * DAYS))
        assert apart(profile.of("cp")[i, 1:], expected[1:]) < CLOSE


def test_saturable_elimination_follows_lambert_w():
    """Beal 1982 / Schnell and Mendoza 1997: C = Km W(C₀/Km exp((C₀ − Vmax t)/Km))."""
    profile = saturable()
    for i in (2, 3, 4):
        Km, Vm = PEOPLE["Km"][i], PEOPLE["Vmax"][i] / PEOPLE["V"][i]
        c0 = 100 / PEOPLE["V"][i]
        # w + ln w = ln(C₀/Km) + (C₀ − Vm t)/Km, where exp would overflow: by fixed point.
        x = math.log(c0 / Km) + (c0 - Vm * DAYS[1:]) / Km
        small = x < 500
        w = np.where(small, lambertw(np.exp(np.where(small, x, 0.0))).real, x - np.log(np.abs(x)))
        for _ in range(50):
            w = np.where(small, w, x - np.log(np.where(small, 1.0, w)))
        assert apart(profile.of("cp")[i, 1:], Km * w) < CLOSE


def test_no_drug_is_made_or_lost():
    """What is in the compartments and what left add up: a linear invariant, kept to rounding."""
    profile = saturable()
    held = profile.of("depot") + profile.of("cp") * PEOPLE["V"][:, None] + profile.of("gone")
    dose = 100 * (PEOPLE["by_mouth"] + PEOPLE["by_vein"])
    np.testing.assert_allclose(held[:, 1:], np.broadcast_to(dose[:, None], (5, 7)), rtol=1e-11)


def test_a_subject_is_the_same_in_blocks_of_any_width(monkeypatch):
    """Blocks sort subjects by speed; each comes back to its place, within the tolerance."""
    whole = saturable()
    monkeypatch.setattr(ode, "BLOCK", 2)
    narrow = solve(SATURABLE, PEOPLE, BOTH_WAYS, DAYS)
    for i in range(5):
        for name in ("cp", "gone"):
            assert apart(narrow.of(name)[i], whole.of(name)[i]) < CLOSE
    assert not np.array_equal(narrow.values, whole.values)  # they did take other steps


def logistic(t, values):
    return values["r"] * values["N"] * (1 - values["N"] / values["K"])


GROWTH = Model(
    name="growth",
    parameters=(
        Parameter("r", "1/d"),
        Parameter("K", "1"),
        Parameter("N0", "1"),
    ),
    parts=(
        Equation("N", logistic, "1", start="N0"),
        Equation("M", "r * M * (1 - M / K)", "1", start="N0"),
        Equation("season", "exp(-t * r) * t * r * r", "1"),
    ),
    outputs=(
        Output("N", "1", "", "N"),
        Output("M", "1", "", "M"),
        Output("season", "1", "", "season"),
    ),
)
GROWING = {"r": np.array([0.3, 1.0, 2.5]), "K": np.array([1.0, 40.0, 7.0]), "N0": 0.01}
NO_DOSE = Dosing.none()


def grown(accuracy: str):
    return solve(GROWTH, GROWING, NO_DOSE, np.array([0.0, 1.0, 4.0, 10.0, 30.0]), accuracy=accuracy)


def test_growth_is_logistic_by_a_function_and_by_text():
    """N = K / (1 + (K/N₀ − 1) e^{−rt}), in textbooks; ∫ t r² e^{−rt} = 1 − (1 + rt) e^{−rt}."""
    profile = grown("default")
    t, r, K = profile.times_d, GROWING["r"][:, None], GROWING["K"][:, None]
    expected = K / (1 + (K / 0.01 - 1) * np.exp(-r * t))
    for i in range(3):
        assert apart(profile.of("N")[i], expected[i]) < CLOSE
        assert apart(profile.of("season")[i], (1 - (1 + r * t) * np.exp(-r * t))[i]) < CLOSE
    np.testing.assert_allclose(profile.of("M"), profile.of("N"), rtol=1e-12)


def test_high_accuracy_has_a_tenth_of_the_error_or_less():
    """Tolerances are divided by 100; errors of accepted steps follow roughly."""
    r, K = GROWING["r"][:, None], GROWING["K"][:, None]
    errors = []
    for accuracy in ("default", "high"):
        profile = grown(accuracy)
        expected = K / (1 + (K / 0.01 - 1) * np.exp(-r * profile.times_d))
        errors.append(max(apart(profile.of("N")[i], expected[i]) for i in range(3)))
    assert errors[1] < errors[0] / 10
    assert errors[1] < 1e-7


# --- stiff, and no solution --------------------------------------------------------------------

OSCILLATOR = Model(
    name="oscillator",
    parameters=(Parameter("mu", "1"), Parameter("one", "1/d"), Parameter("grows", "1/d")),
    parts=(
        Equation("x", "one * y", "1", start="2"),
        Equation("y", "one * (mu * (1 - x * x) * y - x)", "1", start="0"),
        Equation("z", "grows * z * z", "1", start="1"),
    ),
    outputs=(Output("x", "1", "", "x"), Output("z", "1", "", "z")),
)
LATE = np.array([0.0, 10.0, 600.0, 850.0])


def oscillating(**values):
    return {"mu": np.array([1000.0, 500.0]), "one": 1.0, "grows": np.zeros(2), **values}


def test_a_stiff_oscillator_is_given_to_the_implicit_solver_and_agrees_with_radau():
    """Van der Pol with mu = 1000, the stiff test of Hairer and Wanner 1996; SciPy's Radau."""
    profile = solve(OSCILLATOR, oscillating(), NO_DOSE, LATE)
    assert profile.solved == "ode Kvaerno5, diffrax float64"
    for i, mu in enumerate((1000.0, 500.0)):
        found = solve_ivp(
            lambda t, y, mu=mu: [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]],
            (0, LATE[-1]),
            [2.0, 0.0],
            "Radau",
            t_eval=LATE,
            jac=lambda t, y, mu=mu: [[0, 1], [-2 * mu * y[0] * y[1] - 1, mu * (1 - y[0] ** 2)]],
            rtol=1e-8,
            atol=1e-10,
        )
        assert apart(profile.of("x")[i], found.y[0]) < 1e-5


def test_a_state_that_grows_without_end_is_an_error_that_names_subject_and_day():
    """z' = g z² from 1 is 1/(1 − g t): with g = 1/100 there is none beyond day 100."""
    with pytest.raises(ModelError, match=r"no solution for subject 2 between day 10 and day 600"):
        solve(OSCILLATOR, oscillating(grows=np.array([0.0, 0.01])), NO_DOSE, LATE)


def test_the_subject_named_is_counted_over_all_chunks(monkeypatch):
    """The fourth of four, in the second chunk of two."""
    monkeypatch.setitem(solving.CHUNK, "jax", 2)
    values = {"mu": 1000.0, "one": 1.0, "grows": np.array([0.0, 0.0, 0.0, 0.01])}
    with pytest.raises(ModelError, match="subject 4 between day 10 and day 600"):
        solve(OSCILLATOR, values, NO_DOSE, LATE)


def test_the_explicit_solver_alone_says_that_it_gives_up(monkeypatch):
    """Asked for Tsit5 only, nothing else is tried, and no number comes back."""
    monkeypatch.setattr(ode, "MOST_STEPS", ode.STEPS)
    task = prepare(OSCILLATOR, oscillating(), NO_DOSE, LATE)
    with pytest.raises(ModelError, match=r"Tsit5 finds no solution for one of 2 subjects"):
        ode.integrate(task, stiff=False)


# --- feedback ----------------------------------------------------------------------------------

MARROW = Model(
    name="marrow",
    parameters=(
        Parameter("CL", "L/d"),
        Parameter("V", "L"),
        Parameter("slope", "L/mg"),
        Parameter("ktr", "1/d"),
        Parameter("gamma", "1"),
        Parameter("circ0", "cells/L"),
        Parameter("kr", "1/d"),
        Parameter("kt", "1/d"),
        Parameter("IC50", "mg/L"),
    ),
    parts=(
        Compartments("central", {"central >": "CL / V"}),
        Equation(
            "prol",
            "ktr * prol * ((1 - slope * central / V) * (circ0 / circ)**gamma - 1)",
            "cells/L",
            start="circ0",
        ),
        Transit("mature", of="prol", n=3, ktr="ktr", unit="cells/L"),
        Turnover("circ", kin="ktr * mature", kout="ktr", unit="cells/L"),
        Turnover("response", kin="kr * (1 - hill(central / V, IC50, 1))", kout="kr * moderator"),
        Turnover("moderator", kin="kt * response", kout="kt", start="1"),
    ),
    outputs=(
        Output("circ", "cells/L", "", "circ"),
        Output("response", "ratio", "", "response"),
        Output("moderator", "ratio", "", "moderator"),
    ),
)
MARROW_VALUES = {
    "CL": 250.0,
    "V": 200.0,
    "slope": 8.0,
    "ktr": 4 * 24 / 88.7,
    "gamma": 0.161,
    "circ0": 5.05e9,
    "kr": 2.0,
    "kt": 0.2,
    "IC50": 0.05,
}


def test_feedback_with_an_infusion_agrees_with_lsoda():
    """Friberg 2002 (docetaxel-like) and tolerance with rebound; SciPy's LSODA, event by event."""
    given = [(0.0, 180.0, 1 / 24), (21.0, 180.0, 0.5)]
    dosing = Dosing.of([Event(time_d=t, amount_mg=a, duration_d=d) for t, a, d in given])
    times = np.array([0.0, 0.02, 0.5, 2.0, 7.0, 10.0, 21.0, 21.3, 25.0, 40.0, 60.0])
    profile = solve(MARROW, MARROW_VALUES, dosing, times)
    p = MARROW_VALUES

    def slopes(t, y, rate):
        a, prol, t1, t2, t3, circ, response, moderator = y
        c = a / p["V"]
        feedback = (p["circ0"] / circ) ** p["gamma"]
        k = p["ktr"]
        return [
            rate - p["CL"] * c,
            k * prol * (1 - p["slope"] * c) * feedback - k * prol,
            k * (prol - t1),
            k * (t1 - t2),
            k * (t2 - t3),
            k * (t3 - circ),
            p["kr"] * (p["IC50"] / (p["IC50"] + c)) - p["kr"] * moderator * response,
            p["kt"] * (response - moderator),
        ]

    edges = sorted({*times, *(t for t, _, _ in given), *(t + d for t, _, d in given)})
    y, seen = np.array([0.0] + [p["circ0"]] * 5 + [1.0, 1.0]), {0.0: np.array([p["circ0"], 1, 1])}
    for start, end in pairwise(edges):
        rate = sum(a / d for t, a, d in given if t <= start < t + d)
        scale = np.array([100.0] + [1e9] * 5 + [1.0, 1.0])
        found = solve_ivp(
            slopes, (start, end), y, "LSODA", args=(rate,), rtol=1e-11, atol=1e-12 * scale
        )
        y = found.y[:, -1]
        seen[end] = y[5:]
    expected = np.array([seen[t] for t in times])
    for j in range(3):
        assert apart(profile.values[0, :, j], expected[:, j]) < CLOSE
    assert profile.of("circ").min() < 0.2 * p["circ0"]  # there was something to get right
    assert profile.of("response").max() > 1.1  # rebound


# --- against our own solvers -------------------------------------------------------------------


def test_the_intrathecal_model_agrees_with_its_cascade():
    """Two ways: exact kinetics and exponential steps, and diffrax, with CSF drawn at each visit."""
    values = {
        "ka": 4.0, "V_csf": 0.15, "removed": 0.01, "F_cns": np.array([0.3, 0.9]), "D_cns": 50.0,
        "t_half_cns": 60.0, "phi": 0.2, "W_cns": 1.4, "CL": 60.0, "V": 20.0, "Q": 10.0,
        "V_per": 80.0, "delay_site": 5.0, "Imax": 0.8, "IC50": 3.0,
        "hill": np.array([1.0, 1.7]), "t_half_mrna": 3.0, "t_half_sod1": np.array([20.0, 35.0]),
        "f_csf": 0.7, "Q_csf": 0.5, "sod1_drift": np.array([0.2, -0.3]), "t_drift": 60.0,
        "gamma": np.array([1.0, 2.4]), "delay_nfl": 30.0, "t_half_nfl": 20.0, "nfl_normal": 10.0,
        "nfl_baseline": 80.0, "nfl_rise": np.array([0.4, -0.2]), "t_rise": 200.0,
        "delay_function": 90.0, "alsfrs_r_baseline": 40.0, "slope": 1.0, "svc_baseline": 80.0,
        "svc_slope": 2.0, "hazard": 0.002, "hazard_score": 0.15, "hazard_slope": 0.5,
    }  # fmt: skip
    dosing = Dosing.bolus([0.0, 14.0, 28.0, 56.0], 100.0)
    times = np.array([0.0, 1.0, 7.0, 14.0, 28.0, 56.0, 70.0, 120.0])
    exact = solve(INTRATHECAL_ASO, values, dosing, times, accuracy="high", backend="numpy")
    profile = solve(INTRATHECAL_ASO, values, dosing, times, method="ode")
    assert profile.solved.startswith("ode")
    for j, output in enumerate(INTRATHECAL_ASO.outputs):
        for i in range(2):
            assert apart(profile.values[i, :, j], exact.values[i, :, j]) < 1e-5, output.name


TWO = Model(
    name="two",
    parameters=(
        Parameter("CL", "L/d"),
        Parameter("V", "L"),
        Parameter("Q", "L/d"),
        Parameter("V2", "L"),
        Parameter("share", "1"),
        Parameter("delay", "d", least=-1.0),
    ),
    parts=(
        Compartments(
            "central peripheral",
            {
                "central > peripheral": "Q / V",
                "peripheral > central": "Q / V2",
                "central >": "CL / V",
            },
            lag={"central": "delay"},
            drawn={"central": "share"},
        ),
    ),
    outputs=(
        Output("cp", "mg/L", "", "central / V"),
        Output("peripheral", "mg", "", "peripheral"),
    ),
)
TWO_VALUES = {"CL": 3.0, "V": 5.0, "Q": 2.0, "V2": 12.0, "share": 0.2, "delay": 0.0}


def both(values, dosing, times, **more):
    """Solve linear compartments exactly and as an ODE, and compare them."""
    exact = solve(TWO, values, dosing, times, backend="numpy", **more)
    profile = solve(TWO, values, dosing, times, method="ode", **more)
    assert exact.solved.startswith(("exact", "closed form"))
    assert profile.solved.startswith("ode")
    assert exact.values.max() > 1
    for i in range(len(exact.values)):
        for j in range(2):
            assert apart(profile.values[i, :, j], exact.values[i, :, j]) < CLOSE


def test_infusion_reset_fluid_drawn_and_a_changing_clearance_agree_with_the_exact_solver():
    """The exact solver has closed forms of its own in test_linear."""
    dosing = Dosing.of(
        [
            Event(time_d=0.0, amount_mg=100.0, addl=2, ii_d=2.0),
            Event(time_d=3.0, amount_mg=50.0, duration_d=0.5),
            Event(time_d=8.0, amount_mg=40.0, evid=4),
            Event(time_d=9.0, amount_mg=60.0, into="peripheral"),
        ]
    )
    times = np.array([0.0, 0.0, 1.0, 2.0, 3.0, 3.2, 5.0, 8.0, 8.0, 8.5, 9.0, 12.0])
    after = np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0], dtype=bool)
    clearance = Stepwise(np.array([0.0, 2.5, 8.25]), np.array([[3.0, 5.0], [1.0, 9.0], [4.0, 2.0]]))
    both({**TWO_VALUES, "CL": clearance}, dosing, times, after=after)


def schedules():
    """Values, a schedule and times of three subjects, each with its own."""
    dosing = Dosing.each(
        [
            Dosing.bolus([0.0, 3.0, 7.0], 100.0),
            Dosing.bolus([1.0], 30.0),
            Dosing.bolus([0.5, 2.0], 80.0),
        ]
    )
    times = np.array([[0.0, 1, 3, 7, 10], [1.0, 1.2, 2, 5, 6], [0.0, 2, 2.5, 4, 20]])
    delay = np.array([0.0, 0.25, 1.5])
    return {**TWO_VALUES, "delay": delay, "Q": np.array([2.0, 9.0, 0.5])}, dosing, times


def test_schedules_lags_and_readings_of_each_subject_agree_with_the_exact_solver():
    """Every subject has its own edges, padded with steps of no length."""
    both(*schedules())


def test_the_implicit_solver_keeps_the_schedules_of_subjects_apart():
    """The same, by Kvaerno5 for each subject alone."""
    values, dosing, times = schedules()
    exact = solve(TWO, values, dosing, times, backend="numpy")
    found, words = ode.integrate(prepare(TWO, values, dosing, times), stiff=True)
    assert words == "ode Kvaerno5, diffrax float64"
    for i in range(3):
        for j in range(2):
            assert apart(found[:, j, i], exact.values[i, :, j]) < CLOSE


def test_a_steady_state_can_be_asked_of_linear_compartments_solved_as_an_ode():
    """SS = 1, then more doses: amounts of the steady state are exact, the rest is diffrax."""
    dosing = Dosing.of([Event(time_d=0.0, amount_mg=100.0, ss=1, ii_d=2.0, addl=2)])
    times = np.array([0.0, 0.5, 2.0, 3.0, 7.0])
    both({**TWO_VALUES, "share": 0.0}, dosing, times)


def test_a_steady_state_of_a_cascade_can_be_asked_for_solved_as_an_ode():
    """Stages begin where doses without end have brought them, as in the cascade solver."""
    model = Model(
        name="effect",
        parameters=(Parameter("k", "1/d"), Parameter("half", "mg")),
        parts=(
            Compartments("a", {"a >": "k"}),
            Turnover("y", kin="k * (1 - 0.9 * hill(a, half, 1))", kout="k"),
        ),
        outputs=(Output("y", "ratio", "", "y"),),
    )
    dosing = Dosing.of([Event(time_d=0.0, amount_mg=100.0, ss=1, ii_d=7.0, addl=2)])
    times = np.array([0.0, 0.5, 7.0, 8.0, 20.0])
    exact = solve(model, {"k": 0.3, "half": 50.0}, dosing, times, accuracy="high", backend="numpy")
    profile = solve(model, {"k": 0.3, "half": 50.0}, dosing, times, method="ode")
    assert exact.values[0, 1, 0] < 0.8  # untreated, it would be above 0.9 half a day after a dose
    assert apart(profile.values, exact.values) < 1e-5


def test_a_steady_state_of_a_feedback_model_is_refused():
    """There is no closed form; a message says to write the doses out."""
    dosing = Dosing.of([Event(time_d=0.0, amount_mg=1.0, ss=1, ii_d=1.0)])
    with pytest.raises(ModelError, match="write the doses out"):
        solve(MARROW, MARROW_VALUES, dosing, np.array([1.0]))


# --- what is refused ---------------------------------------------------------------------------


def small(*parts, **values):
    """Solve a model of a few ratios with one parameter k."""
    model = Model(
        name="small",
        parameters=(Parameter("k", "1/d"),),
        parts=parts,
        outputs=(Output("y", "ratio", "", "y"),),
    )
    return solve(model, {"k": 1.0, **values}, NO_DOSE, np.array([0.0, 1.0]))


def test_stages_in_a_circle_without_a_start_are_refused():
    """Neither has a steady state that the other's does not need."""
    with pytest.raises(ModelError, match=r"depends on z, which has none either. Give start="):
        small(Turnover("y", kin="k * z", kout="k"), Turnover("z", kin="k * y", kout="k"))


def test_a_start_that_is_no_number_is_refused():
    """kin / kout where both are 0."""
    with pytest.raises(ModelError, match="start of y is not a finite number"):
        small(
            Turnover("y", kin="k", kout="k"),
            Equation("z", lambda t, values: values["z"], "ratio"),
            k=0.0,
        )


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (lambda t, values: values["nobody"], "asks for 'nobody', which the model does not have"),
        (lambda t, values: math.exp(values["y"]), "fails with .* operators and functions of jax"),
        (lambda t, values: 1.0 if values["y"] > 0 else 0.0, "no branches on values"),
    ],
)
def test_a_right_hand_side_that_cannot_be_traced_is_told_so(rate, words):
    """A function of one's own fails in words of the model."""
    with pytest.raises(ModelError, match=words):
        small(Equation("y", rate, "ratio", start="1"))


def test_without_the_extra_one_is_told_what_to_install(monkeypatch):
    """thecal[ode] is an extra."""
    monkeypatch.setattr(ode, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"install thecal\[ode\]"):
        small(Equation("y", "k * y", "ratio", start="1"))
