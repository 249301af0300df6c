"""What events do, corner by corner, against closed forms written here in plain Python.

The reference is one compartment with first-order absorption. A dose of 1 mg that runs in over T
leaves in a compartment that loses at rate k, u days after its start and with s = min(u, T),

    m(u, T, k) = (e^{−k(u−s)} − e^{−ku}) / kT        (e^{−ku} for T = 0)

and in the compartment below, ka/(ka − k) (m(u, T, k) − m(u, T, ka)). Doses add. Values at the time
of an event are read before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.errors import ModelError
from thecal.model.events import Dosing, Event
from thecal.model.solve import solve
from thecal.model.structure import Compartments, Integral, Model, Output, Parameter, Turnover
from thecal.model.variability import Stepwise

KA, CL, V = 1.7, 3.0, 12.0
K = CL / V

ROUNDING = 1e-13
"""Of the largest value: exact kinetics, some ten doublings, some hundred steps."""

OPTIONS = {
    f"{option}_{into}": 0.0 if option == "lag" else 1.0
    for into in ("depot", "central")
    for option in ("F", "lag", "infused", "lasts")
}
UNITS = {"F": "1", "lag": "d", "infused": "mg/d", "lasts": "d"}
KINETICS = (Parameter("ka", "1/d"), Parameter("CL", "L/d"), Parameter("V", "L"))
FLOWS = {"depot > central": "ka", "central >": "CL / V"}


def compartments(flows=FLOWS, names="depot central", **more) -> Compartments:
    by_option = {
        option: {into: f"{option}_{into}" for into in ("depot", "central")} for option in UNITS
    }
    return Compartments(
        names,
        flows,
        F=by_option["F"],
        lag=by_option["lag"],
        rate=by_option["infused"],
        duration=by_option["lasts"],
        **more,
    )


ORAL = Model(
    name="oral",
    parameters=(*KINETICS, *(Parameter(name, UNITS[name.split("_")[0]]) for name in OPTIONS)),
    parts=(compartments(),),
    outputs=(Output("depot_mg", "mg", "", "depot"), Output("central_mg", "mg", "", "central")),
)
KEPT = replace(
    ORAL,
    name="oral, what leaves kept",
    parts=(
        compartments(
            {"depot > central": "ka", "central > lost": "CL / V"}, names="depot central lost"
        ),
    ),
    outputs=(*ORAL.outputs, Output("lost_mg", "mg", "", "lost")),
)
DRIVEN = replace(
    ORAL,
    name="oral, with an effect and an integral",
    parts=(
        *ORAL.parts,
        Turnover("effect", kin="kout * (1 - central / (central + EC50))", kout="kout"),
        Integral("passed", rate="CL / V * central", unit="mg"),
    ),
    parameters=(*ORAL.parameters, Parameter("kout", "1/d"), Parameter("EC50", "mg")),
    outputs=(
        *ORAL.outputs,
        Output("effect", "ratio", "", "effect"),
        Output("passed_mg", "mg", "", "passed"),
    ),
)
BARE = replace(
    ORAL,
    name="oral, no dose options",
    parameters=KINETICS,
    parts=(Compartments("depot central", FLOWS),),
)
DRAWN = Model(
    name="drawn",
    parameters=(*KINETICS, Parameter("share", "1"), Parameter("lag_csf", "d")),
    parts=(
        Compartments(
            "csf plasma",
            {"csf > plasma": "ka", "plasma >": "CL / V"},
            drawn={"csf": "share"},
            lag={"csf": "lag_csf"},
        ),
    ),
    outputs=(Output("csf_mg", "mg", "", "csf"), Output("plasma_mg", "mg", "", "plasma")),
)
SOME_D = np.array([0.0, 0.5, 1.3, 2.0, 3.0, 4.1, 5.5, 9.0, 14.0])
TIMES_D = np.unique(np.concatenate([np.arange(0.0, 20.0, 0.5), [0.3, 1.3, 2.6, 6.35, 13.7]]))


# ---- the closed form


@dataclass(frozen=True)
class Shot:
    """An amount that arrives: at once, or evenly over `lasts`; a reset takes it at `gone`."""

    time_d: float
    mg: float
    into: str = "depot"
    lasts_d: float = 0.0
    gone_d: float = math.inf


def held(u: float, lasts: float, k: float) -> float:
    """What is left of 1 mg, u after it began to arrive."""
    if lasts == 0:
        return math.exp(-k * u)
    since = u - min(u, lasts)
    return (math.exp(-k * since) - math.exp(-k * u)) / (k * lasts)


def amounts(t: float, shots: Sequence[Shot], ka: float = KA, k: float = K) -> tuple[float, float]:
    """Amounts in depot and central, read before what happens at t."""
    depot = central = 0.0
    for shot in shots:
        u = t - shot.time_d
        if u <= 0 or t > shot.gone_d:
            continue
        if shot.into == "depot":
            depot += shot.mg * held(u, shot.lasts_d, ka)
            fast, slow = held(u, shot.lasts_d, ka), held(u, shot.lasts_d, k)
            central += shot.mg * ka / (ka - k) * (slow - fast)
        else:
            central += shot.mg * held(u, shot.lasts_d, k)
    return depot, central


def reference(times_d, shots: Sequence[Shot]) -> np.ndarray:
    return np.array([amounts(float(t), shots) for t in times_d])


def kinetics(**values) -> dict[str, object]:
    return {"ka": KA, "CL": CL, "V": V, **values}


def oral(**values) -> dict[str, object]:
    return kinetics(**OPTIONS) | values


def given_to(events: Sequence[Event]) -> Dosing:
    """Return the schedule of one subject, who may get nothing."""
    return Dosing.of(events) if events else Dosing.none()


def predict(
    dosing: Dosing | Sequence[Event], times_d=TIMES_D, model: Model = ORAL, **values
) -> np.ndarray:
    """(subject, time, output)."""
    dosing = dosing if isinstance(dosing, Dosing) else given_to(dosing)
    given = oral(**values) if model is not BARE else kinetics(**values)
    return solve(model, given, dosing, times_d, backend="numpy").values


def assert_close(found: np.ndarray, right: np.ndarray, error: float = ROUNDING) -> None:
    """Within an error relative to the largest value that is right, which is above 0."""
    scale = np.abs(right).max()
    assert scale > 0
    np.testing.assert_allclose(found, right, rtol=0, atol=error * scale)


def at(time_d: float, amount_mg: float = 0, **more) -> Event:
    """An event; whole numbers will do."""
    numbers = ("rate_mg_per_d", "duration_d", "ii_d")
    fields = {name: float(value) if name in numbers else value for name, value in more.items()}
    return Event(time_d=float(time_d), amount_mg=float(amount_mg), **fields)


# ---- every corner

S = Shot
CASES: dict[str, tuple[list[Event], dict[str, float], list[Shot]]] = {
    "F multiplies a bolus": ([at(1, 10)], {"F_depot": 0.3}, [S(1, 3)]),
    "F of one compartment leaves the other alone": (
        [at(1, 10), at(1, 4, into="central")],
        {"F_depot": 0.3},
        [S(1, 3), S(1, 4, "central")],
    ),
    "a lag delays a bolus": ([at(1, 10)], {"lag_depot": 0.3}, [S(1.3, 10)]),
    "F and a lag act together": (
        [at(1, 10)],
        {"lag_depot": 0.3, "F_depot": 0.4},
        [S(1.3, 4)],
    ),
    "a lag past the last reading hides the dose": (
        [at(1, 10), at(2, 1, into="central")],
        {"lag_depot": 30.0},
        [S(2, 1, "central")],
    ),
    "a lag delays every ADDL dose": (
        [at(1, 10, addl=2, ii_d=4)],
        {"lag_depot": 5.2},
        [S(6.2, 10), S(10.2, 10), S(14.2, 10)],
    ),
    "doses overtake each other by their lags": (
        [at(1, 10), at(2, 5, into="central")],
        {"lag_depot": 4.0},
        [S(5, 10), S(2, 5, "central")],
    ),
    "F shortens an infusion that has a RATE": (
        [at(1, 10, into="central", rate_mg_per_d=4)],
        {"F_central": 0.5},
        [S(1, 5, "central", 1.25)],
    ),
    "F slows an infusion that has a duration": (
        [at(1, 10, into="central", duration_d=4)],
        {"F_central": 0.5},
        [S(1, 5, "central", 4)],
    ),
    "F above 1 prolongs an infusion that has a RATE": (
        [at(1, 10, into="central", rate_mg_per_d=4)],
        {"F_central": 1.6},
        [S(1, 16, "central", 4)],
    ),
    "F shortens an infusion of modelled rate": (
        [at(1, 10, into="central", rate_mg_per_d=-1)],
        {"F_central": 0.5, "infused_central": 2.0},
        [S(1, 5, "central", 2.5)],
    ),
    "F slows an infusion of modelled duration": (
        [at(1, 10, into="central", rate_mg_per_d=-2)],
        {"F_central": 0.5, "lasts_central": 3.0},
        [S(1, 5, "central", 3)],
    ),
    "F, a lag and a modelled rate act together": (
        [at(1, 10, rate_mg_per_d=-1, addl=1, ii_d=6)],
        {"F_depot": 0.5, "infused_depot": 2.0, "lag_depot": 0.7},
        [S(1.7, 5, "depot", 2.5), S(7.7, 5, "depot", 2.5)],
    ),
    "F, a lag and a modelled duration act together": (
        [at(1, 10, rate_mg_per_d=-2)],
        {"F_depot": 0.5, "lasts_depot": 3.0, "lag_depot": 0.7},
        [S(1.7, 5, "depot", 3)],
    ),
    "a lag delays start and end of an infusion": (
        [at(1, 10, into=2, rate_mg_per_d=5)],
        {"lag_central": 1.6},
        [S(2.6, 10, "central", 2)],
    ),
    "two doses at one time into one compartment": (
        [at(1, 10), at(1, 7)],
        {},
        [S(1, 17)],
    ),
    "two doses at one time into two compartments": (
        [at(1, 10), at(1, 7, into="central")],
        {},
        [S(1, 10), S(1, 7, "central")],
    ),
    "a bolus and an infusion begin at one time": (
        [at(1, 10, into=2), at(1, 7, into=2, duration_d=3)],
        {},
        [S(1, 10, "central"), S(1, 7, "central", 3)],
    ),
    "infusions into one compartment overlap": (
        [at(1, 10, into=2, duration_d=6, addl=2, ii_d=2)],
        {},
        [S(1 + 2 * j, 10, "central", 6) for j in range(3)],
    ),
    "infusions into two compartments overlap": (
        [
            at(1, 10, into=1, duration_d=6),
            at(2, 9, into=2, duration_d=2),
        ],
        {},
        [S(1, 10, "depot", 6), S(2, 9, "central", 2)],
    ),
    "an infusion ends where a bolus is given": (
        [at(1, 10, into=2, duration_d=2), at(3, 7, into=2)],
        {},
        [S(1, 10, "central", 2), S(3, 7, "central")],
    ),
    "an infusion ends where the next begins": (
        [at(1, 10, into=2, duration_d=2, addl=3, ii_d=2)],
        {},
        [S(1, 40, "central", 8)],
    ),
    "an infusion runs past the last reading": (
        [at(1, 10, into=2, duration_d=200)],
        {},
        [S(1, 10, "central", 200)],
    ),
    "a bolus at the last reading comes after it": (
        [at(1, 10), at(float(TIMES_D[-1]), 10, into=2)],
        {},
        [S(1, 10)],
    ),
    "doses after the last reading": (
        [at(1, 10), at(50, 10, duration_d=1)],
        {},
        [S(1, 10)],
    ),
    "a bolus at day 0": ([at(0, 10, into=2)], {}, [S(0, 10, "central")]),
    "an EVID 2 changes nothing": (
        [at(1, 10), at(2.2, evid=2)],
        {},
        [S(1, 10)],
    ),
    "an EVID 3 empties every compartment": (
        [at(1, 10), at(4, evid=3)],
        {},
        [S(1, 10, gone_d=4)],
    ),
    "an EVID 3 stops a running infusion": (
        [at(1, 10, into=2, duration_d=8), at(4, evid=3)],
        {},
        [S(1, 10, "central", 8, gone_d=4)],
    ),
    "an EVID 3 cancels a dose that its lag holds back": (
        [
            at(0, 3, into=2),
            at(3, 10),
            at(3, 10, duration_d=2),
            at(4, evid=3),
        ],
        {"lag_depot": 2.0},
        [S(0, 3, "central", gone_d=4)],
    ),
    "an EVID 3 cancels later ADDL doses": (
        [at(0, 10, addl=8, ii_d=2), at(5, evid=3)],
        {},
        [S(2 * j, 10, gone_d=5) for j in range(3)],
    ),
    "an EVID 3 cancels an ADDL dose of its own time": (
        [at(0, 10, addl=8, ii_d=2), at(4, evid=3)],
        {},
        [S(2 * j, 10, gone_d=4) for j in range(2)],
    ),
    "an EVID 3 leaves doses after it alone": (
        [
            at(0, 10),
            at(4, evid=3),
            at(6, 7, addl=1, ii_d=3),
        ],
        {"lag_depot": 0.3},
        [S(0.3, 10, gone_d=4), S(6.3, 7), S(9.3, 7)],
    ),
    "a dose, then a reset at one time": (
        [
            at(1, 5),
            at(4, 10, addl=3, ii_d=2),
            at(4, evid=3),
        ],
        {},
        [S(1, 5, gone_d=4)],
    ),
    "a reset, then a dose at one time": (
        [at(1, 5), at(4, evid=3), at(4, 10, into=2)],
        {},
        [S(1, 5, gone_d=4), S(4, 10, "central")],
    ),
    "an EVID 4 resets, then gives its dose": (
        [at(1, 5), at(4, 10, evid=4, into=2)],
        {},
        [S(1, 5, gone_d=4), S(4, 10, "central")],
    ),
    "an EVID 4 resets at its time and its dose keeps the lag": (
        [
            at(0, 7, into=2),
            at(3, 5),
            at(4, 10, evid=4, addl=1, ii_d=5),
        ],
        {"lag_depot": 1.3},
        [S(0, 7, "central", gone_d=4), S(5.3, 10), S(10.3, 10)],
    ),
    "an EVID 4 whose dose is an infusion": (
        [
            at(0, 7, into=2, duration_d=9),
            at(4, 10, evid=4, into=2, rate_mg_per_d=5),
        ],
        {"lag_central": 0.5, "F_central": 0.5},
        [S(0.5, 3.5, "central", 9, gone_d=4), S(4.5, 5, "central", 1)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_schedule_is_the_sum_of_what_its_records_say_arrives(name):
    """The closed form above, with the amounts, times and durations worked out by hand."""
    events, options, shots = CASES[name]
    assert_close(predict(events, **options)[0], reference(TIMES_D, shots))


def test_a_value_at_a_dose_is_read_before_it_and_after_it_on_request():
    """What the records' order asks for: both readings at one time, either side of a bolus."""
    profile = solve(
        ORAL,
        oral(),
        Dosing.of([at(2, 10, into=2), at(3, evid=3)]),
        np.array([2.0, 2.0, 3.0, 3.0]),
        after=np.array([False, True, False, True]),
        backend="numpy",
    )
    left = 10 * math.exp(-K)
    np.testing.assert_allclose(profile.of("central_mg")[0], [0, 10, left, 0], rtol=ROUNDING)


def test_readings_after_events_are_right_where_subjects_have_their_own_lag():
    """At day 2 the bolus of the first has arrived just then, of the second half a day ago."""
    profile = solve(
        ORAL,
        oral(lag_central=np.array([1.0, 0.5, 1.5])),
        Dosing.of([at(1, 10, into=2)]),
        np.array([2.0, 2.0]),
        after=np.array([False, True]),
        backend="numpy",
    )
    half = 10 * math.exp(-K / 2)
    np.testing.assert_allclose(
        profile.of("central_mg"), [[0, 10], [half, half], [0, 0]], rtol=ROUNDING
    )


def test_doses_after_the_last_reading_change_no_digit():
    """They are beyond the grid."""
    early = [at(1, 10), at(3, 10, duration_d=1)]
    late = [*early, at(19.6, 99), at(30, 3, evid=4)]
    assert (predict(early) == predict(late)).all()


# ---- fluid drawn before a dose


def drawn_reference(times_d, doses: Sequence[tuple[float, float]], share: float) -> np.ndarray:
    """CSF by recursion; a draw is a bolus below 0 of what is there."""
    shots: list[Shot] = []
    for t in sorted({t for t, _ in doses}):
        shots.append(Shot(t, -share * amounts(t, shots)[0]))
        shots += [Shot(since, mg) for since, mg in doses if since == t]
    return reference(times_d, shots)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_csf_is_drawn_before_each_dose(share):
    """By hand: csf → (1 − share) csf + dose; a share of 1 leaves only the dose."""
    doses = [(0.0, 10.0), (1.0, 10.0), (1.5, 5.0), (9.0, 10.0)]
    found = solve(
        DRAWN,
        kinetics(share=share, lag_csf=0.0),
        Dosing.of([at(t, mg) for t, mg in doses]),
        TIMES_D,
        backend="numpy",
    )
    assert_close(found.values[0], drawn_reference(TIMES_D, doses, share))


def test_two_doses_at_one_time_draw_once():
    """One lumbar puncture: half of the CSF goes, not three quarters."""
    doses = [(0.0, 10.0), (1.0, 4.0), (1.0, 6.0)]
    found = solve(
        DRAWN,
        kinetics(share=0.5, lag_csf=0.0),
        Dosing.of([at(t, mg) for t, mg in doses]),
        TIMES_D,
        backend="numpy",
    )
    right = drawn_reference(TIMES_D, [(0.0, 10.0), (1.0, 10.0)], 0.5)
    assert_close(found.values[0], right)


def test_an_infusion_into_csf_draws_where_it_begins():
    """By hand: the draw at day 1, then 4 mg over two days."""
    found = solve(
        DRAWN,
        kinetics(share=0.5, lag_csf=0.0),
        Dosing.of([at(0, 10), at(1, 4, duration_d=2)]),
        TIMES_D,
        backend="numpy",
    )
    shots = [S(0, 10), S(1, -5 * math.exp(-KA)), S(1, 4, "depot", 2)]
    assert_close(found.values[0], reference(TIMES_D, shots))


def test_a_dose_elsewhere_draws_no_csf():
    """Only doses into the compartment itself do."""
    found = solve(
        DRAWN,
        kinetics(share=0.5, lag_csf=0.0),
        Dosing.of([at(0, 10), at(1, 4, into="plasma")]),
        TIMES_D,
        backend="numpy",
    )
    assert_close(found.values[0], reference(TIMES_D, [S(0, 10), S(1, 4, "central")]))


def test_a_dose_that_a_reset_cancels_draws_nothing():
    """The lagged dose of day 1 would have drawn at day 3 what flowed back since the reset."""
    flows = {"csf > plasma": "ka", "plasma > csf": "ka / 2", "plasma >": "CL / V"}
    part = replace(DRAWN.compartments, flows=flows)
    after = [at(2, evid=3), at(2, 8, into="plasma"), at(2.1, 5, into="csf")]
    found = [
        solve(
            replace(DRAWN, parts=(part,)),
            kinetics(share=0.5, lag_csf=2.0),
            Dosing.of(events),
            np.array([2.9, 3.1, 3.9]),
            backend="numpy",
        ).values[0]
        for events in ([at(1, 4), *after], after)
    ]
    assert found[1].min() > 1
    assert_close(found[0], found[1])


def test_a_missed_dose_draws_no_csf():
    """No puncture, no draw: the second subject has only the first dose."""
    found = solve(
        DRAWN,
        kinetics(share=0.5, lag_csf=0.0),
        Dosing(
            times_d=np.array([[0.0, 1.0], [0.0, 1.0]]),
            amounts_mg=np.array([[10.0, 10.0], [10.0, 0.0]]),
        ),
        TIMES_D,
        backend="numpy",
    )
    right = [
        drawn_reference(TIMES_D, [(0.0, 10.0), (1.0, 10.0)], 0.5),
        reference(TIMES_D, [S(0, 10)]),
    ]
    assert_close(found.values, np.array(right))


def test_filling_up_a_shorter_schedule_takes_no_draw_away():
    """`each` fills with doses of 0 mg at the subject's last time, which is a real dose."""
    schedules = [Dosing.bolus([0.0, 1.0, 4.0], 10.0), Dosing.bolus([0.0, 1.0], 10.0)]
    found = solve(
        DRAWN,
        kinetics(share=0.5, lag_csf=0.0),
        Dosing.each(schedules),
        TIMES_D,
        backend="numpy",
    )
    right = [
        drawn_reference(TIMES_D, [(float(t), 10.0) for t in s.times_d], 0.5) for s in schedules
    ]
    assert_close(found.values, np.array(right))


# ---- schedules, options and readings of each subject's own

PEOPLE = [
    [at(0, 10), at(2, 7), at(9, 3)],
    [at(1, 8, into="central", duration_d=3)],
    [],
    [
        at(3, 4, into=2, rate_mg_per_d=8),
        at(3, 6),
        at(4, evid=2),
        at(5, 6, addl=2, ii_d=1.5),
    ],
    [at(0.25, 5, rate_mg_per_d=-2), at(0.5, 2, rate_mg_per_d=-1)],
]


def test_subjects_with_schedules_of_their_own_are_as_each_alone():
    """Different numbers, kinds, compartments, and one subject with nothing at all."""
    own = {
        "lag_depot": np.array([0.0, 0.4, 0.0, 0.2, 1.1]),
        "F_depot": np.array([1.0, 0.5, 0.7, 0.9, 0.3]),
        "infused_depot": np.array([1.0, 2.0, 3.0, 4.0, 5.0]),
        "lasts_depot": np.array([5.0, 4.0, 3.0, 2.0, 1.0]),
        "ka": np.array([1.7, 1.0, 2.0, 0.9, 3.0]),
    }
    together = predict(Dosing.each([given_to(events) for events in PEOPLE]), SOME_D, **own)
    assert together.shape[0] == len(PEOPLE)
    for i, events in enumerate(PEOPLE):
        alone = predict(events, SOME_D, **{name: float(values[i]) for name, values in own.items()})[
            0
        ]
        np.testing.assert_allclose(together[i], alone, rtol=0, atol=ROUNDING * 10)
    assert (together[2] == 0).all()


def test_subjects_with_schedules_of_their_own_are_the_closed_form():
    """The second witness: the sums by hand for the first, second and fourth."""
    found = predict(Dosing.each([given_to(events) for events in PEOPLE]), SOME_D)
    assert_close(found[0], reference(SOME_D, [S(0, 10), S(2, 7), S(9, 3)]))
    assert_close(found[1], reference(SOME_D, [S(1, 8, "central", 3)]))
    shots = [S(3, 4, "central", 0.5), S(3, 6), S(5, 6), S(6.5, 6), S(8, 6)]
    assert_close(found[3], reference(SOME_D, shots))


def test_a_missed_dose_is_an_amount_of_0():
    """One schedule, moved and thinned: by hand for each."""
    dosing = Dosing(
        times_d=np.array([[0.0, 2.0, 4.0], [0.0, 2.5, 4.1], [0.0, 2.0, 4.0]]),
        amounts_mg=np.array([[10.0, 0.0, 10.0], [10.0, 9.0, 8.0], [0.0, 0.0, 0.0]]),
    )
    found = predict(dosing, SOME_D)
    assert_close(found[0], reference(SOME_D, [S(0, 10), S(4, 10)]))
    assert_close(found[1], reference(SOME_D, [S(0, 10), S(2.5, 9), S(4.1, 8)]))
    assert (found[2] == 0).all()


@pytest.mark.parametrize("into", ["depot", "central"])
def test_lag_bioavailability_and_duration_of_each_subject_are_the_closed_form(into):
    """Edges differ between subjects; so do the ends of their infusions."""
    lag, F, lasts = [0.0, 0.75, 2.6], [1.0, 0.5, 1.2], [2.0, 0.4, 7.0]
    events = [
        at(0, 9, into=into),
        at(1, 10, into=into, rate_mg_per_d=-2, addl=1, ii_d=5),
        at(2, 6, into=into, rate_mg_per_d=3),
    ]
    own = {f"lag_{into}": lag, f"F_{into}": F, f"lasts_{into}": lasts}
    found = predict(events, SOME_D, **{name: np.array(value) for name, value in own.items()})
    for i in range(3):
        shots = [
            S(lag[i], 9 * F[i], into),
            S(1 + lag[i], 10 * F[i], into, lasts[i]),
            S(6 + lag[i], 10 * F[i], into, lasts[i]),
            S(2 + lag[i], 6 * F[i], into, 2 * F[i]),
        ]
        assert_close(found[i], reference(SOME_D, shots))


def test_a_reset_of_each_subject_cuts_off_what_its_own_lag_holds_back():
    """The reset of day 4 finds the dose of day 3 given to one and not yet to the other."""
    events = [at(3, 10), at(4, evid=3), at(5, 2, into=2)]
    found = predict(events, SOME_D, lag_depot=np.array([0.5, 1.5]))
    late = S(5, 2, "central")
    assert_close(found[0], reference(SOME_D, [S(3.5, 10, gone_d=4), late]))
    assert_close(found[1], reference(SOME_D, [late]))


@pytest.mark.parametrize("is_own", [False, True])
def test_readings_of_each_subject_are_those_of_the_same_times_for_all(is_own):
    """Readings move, values do not; with shared and with own edges."""
    rng = np.random.default_rng(7)
    times_d = np.sort(rng.choice(TIMES_D, size=(3, 8)), axis=1)
    lag = np.array([0.0, 0.4, 1.3]) if is_own else np.full(3, 0.4)
    events = [at(0, 10), at(3, 5, into=2, duration_d=2.2)]
    found = predict(events, times_d, lag_depot=lag)
    for i in range(3):
        shots = [S(lag[i], 10), S(3, 5, "central", 2.2)]
        assert_close(found[i], reference(times_d[i], shots))


# ---- parameters that change in time


def stepped(times_d, pieces, infusion, bolus_mg: float) -> list[float]:
    """Central amount by recursion over the pieces (from, k), with one infusion (start, end, R)."""
    start, end, rate = infusion
    found = []
    for t in times_d:
        marks = sorted(
            {0.0, t, *(m for m in (start, end) if m < t), *(p for p, _ in pieces if p < t)}
        )
        amount = bolus_mg
        for a, b in pairwise(marks):
            k = [k for since, k in pieces if since <= a][-1]
            running = rate if start <= a < end else 0.0
            amount = amount * math.exp(-k * (b - a)) + running / k * -math.expm1(-k * (b - a))
        found.append(amount)
    return found


@pytest.mark.parametrize("mark_d", [2.0, 3.0, 4.4])
def test_a_clearance_that_changes_before_in_or_at_the_end_of_an_infusion(mark_d):
    """mrgsolve issue 741: the end of an infusion and a new covariate at one time."""
    infusion = (2.0, 4.4, 5.0)
    values = np.array([[3.0, 1.0], [9.0, 1.0], [1.5, 6.0]])
    clearance = Stepwise(np.array([0.0, mark_d, 8.0]), values)
    found = predict(
        [
            at(0, 10, into=2),
            at(2, 12, into=2, duration_d=2.4),
        ],
        CL=clearance,
    )
    for i in range(2):
        pieces = list(zip((0.0, mark_d, 8.0), values[:, i] / V, strict=True))
        right = stepped(TIMES_D, pieces, infusion, 10.0)
        assert_close(found[i, 1:, 1], np.array(right)[1:])


def test_a_piece_begins_with_its_time_and_subjects_keep_their_own_lag():
    """A change at day 3 under lags that differ: each subject as alone."""
    clearance = Stepwise(np.array([0.0, 3.0]), np.array([[3.0, 2.0], [9.0, 1.0]]))
    events = [at(1, 10), at(2, 5, into=2, duration_d=1.5)]
    lag = np.array([0.3, 2.4])
    together = predict(events, SOME_D, lag_depot=lag, CL=clearance)
    for i in range(2):
        one = Stepwise(clearance.times_d, clearance.values[:, i : i + 1])
        alone = predict(events, SOME_D, lag_depot=float(lag[i]), CL=one)
        assert_close(together[i], alone[0])


@pytest.mark.parametrize("option", ["F", "lag"])
def test_dose_options_that_change_in_time_are_refused(option):
    """Which value holds for a dose in between is not settled; so not guessed."""
    moving = Stepwise(np.array([0.0, 3.0]), np.array([[0.5], [0.7]]))
    with pytest.raises(ModelError, match=rf"{option} depends on {option}_depot, which changes"):
        predict([at(1, 10)], **{f"{option}_depot": moving})


# ---- laws

some_times = st.integers(0, 36).map(lambda n: n / 2)
some_amounts = st.integers(1, 40).map(float)


some_kinds = st.sampled_from(
    [
        {},
        {"rate_mg_per_d": 2.0},
        {"rate_mg_per_d": 15.0},
        {"rate_mg_per_d": -2.0},
        {"duration_d": 0.5},
        {"duration_d": 4.25},
    ]
)
some_repeats = st.sampled_from([{}, {"addl": 1, "ii_d": 0.5}, {"addl": 2, "ii_d": 3.0}])


def some_doses(least: int = 1) -> st.SearchStrategy:
    """Doses of every kind, with ADDL: day, mg, compartment and the rest, for `events_of`."""
    into = st.sampled_from(["depot", "central"])
    dose = st.tuples(some_times, some_amounts, into, some_kinds, some_repeats)
    return st.lists(dose, min_size=least, max_size=4)


def events_of(doses) -> list[Event]:
    return [at(t, mg, into=into, **kind, **more) for t, mg, into, kind, more in doses]


@given(some_doses(), some_doses())
@settings(max_examples=12)
def test_what_two_schedules_do_together_is_the_sum_of_what_each_does(first, second):
    """Superposition: the kinetics are linear."""
    first, second = events_of(first), events_of(second)
    whole = predict([*first, *second], SOME_D, lag_depot=0.3, F_depot=0.6)
    parts = predict(first, SOME_D, lag_depot=0.3, F_depot=0.6) + predict(
        second, SOME_D, lag_depot=0.3, F_depot=0.6
    )
    np.testing.assert_allclose(whole, parts, rtol=0, atol=1e-11)


@given(some_doses(), st.floats(0.01, 100))
@settings(max_examples=12)
def test_amounts_are_proportional_to_the_dose(doses, times):
    """Rates given scale with the amount, or the infusion would last longer."""
    doses = events_of(doses)
    more = [
        replace(
            dose,
            amount_mg=dose.amount_mg * times,
            rate_mg_per_d=dose.rate_mg_per_d * (times if dose.rate_mg_per_d > 0 else 1),
        )
        for dose in doses
    ]
    right = times * predict(doses, SOME_D)
    np.testing.assert_allclose(predict(more, SOME_D), right, rtol=0, atol=1e-11 * max(1.0, times))


def arrived(t: float, doses: Sequence[Event], F: float) -> float:
    """Everything given before t, by hand."""
    total = 0.0
    for dose in doses:
        for j in range(dose.addl + 1):
            u = t - dose.time_d - j * dose.ii_d
            mg = dose.amount_mg * F
            lasts = {True: 1.0, False: dose.duration_d}[dose.rate_mg_per_d < 0]
            if dose.rate_mg_per_d > 0:
                lasts = mg / dose.rate_mg_per_d
            if u > 0:
                total += mg * (min(u / lasts, 1.0) if lasts else 1.0)
    return total


@given(some_doses(), st.sampled_from([0.4, 1.0]))
@settings(max_examples=12)
def test_everything_given_is_somewhere(doses, F):
    """Mass balance: depot + central + lost is what has arrived."""
    doses = events_of(doses)
    found = predict(doses, SOME_D, model=KEPT, F_depot=F, F_central=F)[0].sum(axis=1)
    right = [arrived(float(t), doses, F) for t in SOME_D]
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-11)


def test_what_an_integral_says_was_lost_is_what_was_lost():
    """Two ways: a compartment that keeps the loss, and a stage of order 4 (1.4e−6 measured)."""
    events = [at(0, 10), at(2, 8, into=2, duration_d=3.1)]
    lost = predict(events, model=KEPT)[0, :, 2]
    passed = predict(events, model=DRIVEN, kout=0.1, EC50=5.0)[0, :, 3]
    np.testing.assert_allclose(passed, lost, rtol=0, atol=18 * 5e-6)


@given(some_doses(least=2), st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_the_order_in_which_doses_are_listed_changes_nothing(doses, random):
    """To the rounding of sums in another order."""
    doses = events_of(doses)
    mixed = list(doses)
    random.shuffle(mixed)
    np.testing.assert_allclose(predict(mixed, SOME_D), predict(doses, SOME_D), rtol=0, atol=1e-12)


@given(some_doses())
@settings(max_examples=12)
def test_addl_is_the_doses_written_out(doses):
    """To the rounding of sums in another order."""
    doses = events_of(doses)
    written = [
        replace(dose, time_d=dose.time_d + j * dose.ii_d, addl=0, ii_d=0.0)
        for dose in doses
        for j in range(dose.addl + 1)
    ]
    np.testing.assert_allclose(predict(written, SOME_D), predict(doses, SOME_D), rtol=0, atol=1e-12)


@given(some_doses())
@settings(max_examples=12)
def test_every_schedule_is_the_closed_form(doses):
    """The reference of the corners, for schedules nobody chose."""
    doses = events_of(doses)
    shots = []
    for dose in doses:
        lasts = dose.amount_mg / dose.rate_mg_per_d if dose.rate_mg_per_d > 0 else dose.duration_d
        lasts = 1.0 if dose.rate_mg_per_d < 0 else lasts
        for j in range(dose.addl + 1):
            shots.append(S(dose.time_d + j * dose.ii_d, dose.amount_mg, str(dose.into), lasts))
    np.testing.assert_allclose(
        predict(doses, SOME_D)[0], reference(SOME_D, shots), rtol=0, atol=1e-11
    )


@pytest.mark.parametrize("into", ["depot", "central"])
def test_an_infusion_tends_to_a_bolus_as_it_gets_shorter(into):
    """The difference falls in proportion to the duration: a factor of 10, then 10 again."""
    bolus = predict([at(1, 10, into=into)], np.array([3.0]))[0, 0, 1]
    errors = []
    for lasts in (1e-2, 1e-3, 1e-4):
        short = [at(1, 10, into=into, duration_d=lasts)]
        errors.append(abs(predict(short, np.array([3.0]))[0, 0, 1] - bolus))
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.02)
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize("schedule", ["shared", "own"])
def test_subjects_are_the_same_in_chunks_of_any_size(schedule):
    """Chunks share only how often a step is doubled: equal but for its rounding."""
    from thecal.model.chunk import run
    from thecal.model.solve import chunks
    from thecal.model.task import prepare

    n = 5
    values = oral(
        ka=np.linspace(0.5, 9.0, n), lag_depot=np.linspace(0, 1.0, n), F_central=np.ones(n)
    )
    dosing = Dosing.of([at(1, 10, addl=1, ii_d=3), *PEOPLE[1]])
    if schedule == "own":
        dosing = Dosing.each([given_to(PEOPLE[i % len(PEOPLE)]) for i in range(n)])
    task = prepare(ORAL, values, dosing, SOME_D[::2])
    whole, _ = run(task, "numpy")
    for size in (2, 3):
        parts = [found for _, found, _ in chunks(task.part, n, "numpy", size=size)]
        np.testing.assert_allclose(np.concatenate(parts, axis=2), whole, rtol=0, atol=1e-12)


JAX_CASES = {
    "resets, infusions and lags": (
        ORAL,
        [
            at(0, 10, addl=2, ii_d=3),
            at(1, 7, into=2, duration_d=3),
            at(8, 5, evid=4, rate_mg_per_d=-1),
        ],
        {"lag_depot": np.array([0.1, 0.7, 1.5]), "infused_depot": 2.0},
    ),
    "an effect below": (
        DRIVEN,
        [
            at(0, 10, addl=2, ii_d=3),
            at(1, 7, into=2, duration_d=3),
            at(12, evid=3),
        ],
        {"EC50": np.array([5.0, 2.0, 1.0]), "kout": 0.3},
    ),
}


@pytest.mark.parametrize("name", JAX_CASES)
def test_numpy_and_jax_give_the_same_values_with_events(name):
    """Two backends, one program: 1e-12 of the largest value."""
    pytest.importorskip("jax")
    model, events, options = JAX_CASES[name]
    found = [
        solve(model, oral(**options), Dosing.of(events), SOME_D, backend=backend).values
        for backend in ("numpy", "jax")
    ]
    for output in range(found[0].shape[2]):
        assert_close(found[1][..., output], found[0][..., output], 1e-12)


# ---- what is refused, and what the message says

EVENTS_REFUSED: dict[str, tuple[dict[str, object], str, str]] = {
    "a time that is no number": ({"time_d": math.nan}, "TIME", "finite"),
    "an amount that is no number": ({"amount_mg": math.inf}, "AMT", "finite"),
    "a time before 0": ({"time_d": -1.0}, "before 0", "day 0 is the first record"),
    "a RATE of −3": ({"rate_mg_per_d": -3.0}, "RATE is -3", "-1 .modelled rate. or -2"),
    "an SS of 3": ({"ss": 3, "ii_d": 1.0}, "SS is 3", "it is 0, 1 or 2"),
    "an EVID of 7": ({"evid": 7, "amount_mg": 0.0}, "EVID is 7", "1 dose, 2 other, 3 reset"),
    "an EVID of 0": ({"evid": 0, "amount_mg": 0.0}, "EVID is 0", "0 is no event"),
    "a bolus of nothing": ({"amount_mg": 0.0}, "AMT is 0 mg", "Leave out a dose not given"),
    "a dose below 0": ({"amount_mg": -5.0}, "AMT is -5 mg", "a dose is above 0"),
    "a RATE and a duration": ({"rate_mg_per_d": 2.0, "duration_d": 1.0}, "both", "give one"),
    "ADDL without II": ({"addl": 3}, "ADDL and SS", "need the interval II"),
    "SS without II": ({"ss": 1}, "ADDL and SS", "need the interval II"),
    "ADDL below 0": ({"addl": -1, "ii_d": 1.0}, "ADDL", "never negative"),
    "a reset that gives": ({"evid": 3}, "EVID 3 gives nothing", "have to be 0"),
    "ADDL of a constant infusion": (
        {"amount_mg": 0.0, "rate_mg_per_d": 5.0, "ss": 1, "addl": 2},
        "constant infusion",
        "ADDL has to be 0",
    ),
}


@pytest.mark.parametrize("name", EVENTS_REFUSED)
def test_an_event_that_cannot_be_is_refused_with_what_was_found_and_what_to_do(name):
    """Both halves of the message, and the day it is about."""
    fields, found, remedy = EVENTS_REFUSED[name]
    with pytest.raises(ModelError, match=rf"event at day .*{found}.*{remedy}"):
        Event(**{"time_d": 2.0, "amount_mg": 10.0, **fields})


def test_every_fault_of_an_event_is_said_at_once():
    """Not one a run."""
    with pytest.raises(ModelError) as caught:
        Event(time_d=-1.0, evid=7, ss=3)
    assert all(word in str(caught.value) for word in ("before 0", "EVID is 7", "SS is 3"))


def one(**columns) -> dict[str, object]:
    return {"times_d": np.array([0.0, 1.0]), "amounts_mg": np.array([5.0, 5.0]), **columns}


SCHEDULES_REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "times out of order": (one(times_d=np.array([1.0, 0.0])), "not in increasing order; sort them"),
    "a subject's times out of order": (
        one(times_d=np.array([[0.0, 1.0], [1.0, 0.0]]), amounts_mg=np.ones((2, 2))),
        "not in increasing order; sort them",
    ),
    "a time before 0": (one(times_d=np.array([-1.0, 0.0])), "day -1, before day 0"),
    "a time that is no number": (one(times_d=np.array([0.0, math.nan])), "not a finite number"),
    "a rate that is no number": (one(rates_mg_per_d=np.array([0.0, math.inf])), "not a finite"),
    "more amounts than times": (one(amounts_mg=np.ones(3)), "2 dose times and 3 amounts"),
    "fewer rates than times": (one(rates_mg_per_d=np.zeros(1)), "another shape .* give one each"),
    "fewer names than times": (one(into=("depot",)), "into has another length .* give one each"),
    "an amount of 0": (one(amounts_mg=np.array([0.0, 5.0])), "leave out a dose not given"),
    "an amount of 0 beside its EVID": (
        one(amounts_mg=np.array([0.0, 5.0]), evid=(1, 1)),
        "leave out a dose not given",
    ),
    "an amount below 0": (one(amounts_mg=np.array([5.0, -5.0])), "AMT is -5, below 0"),
    "a duration below 0": (one(durations_d=np.array([0.0, -1.0])), "duration is -1, below 0"),
    "a RATE of −3": (one(rates_mg_per_d=np.array([0.0, -3.0])), "RATE is -3; it is 0 or more"),
    "a RATE and a duration": (
        one(rates_mg_per_d=np.array([0.0, 3.0]), durations_d=np.array([0.0, 1.0])),
        "both given; .* give one",
    ),
    "an EVID of 7": (one(evid=(1, 7)), "EVID is 7; 1 dose, 2 other"),
    "an EVID of 0": (one(evid=(1, 0)), "EVID is 0; .*0 is no event"),
    "an SS of 3": (one(ss=(0, 3), ii_d=np.ones(2)), "SS is 3; it is 0, 1 or 2"),
    "SS without II": (one(ss=(0, 1)), "SS needs the interval II"),
    "a reset that gives": (one(evid=(1, 3)), "gives nothing"),
}


@pytest.mark.parametrize("name", SCHEDULES_REFUSED)
def test_a_schedule_that_cannot_be_is_refused(name):
    """The same rules as for records, for arrays made directly."""
    fields, words = SCHEDULES_REFUSED[name]
    with pytest.raises(ModelError, match=words):
        Dosing(**fields)


SOLVES_REFUSED: dict[str, tuple[Event, Model, str]] = {
    "an unknown compartment": (
        at(1, 5, into="centrl"),
        ORAL,
        "dose into 'centrl': the compartments are depot, central.*'central'",
    ),
    "a CMT out of range": (
        at(1, 5, into=3),
        ORAL,
        r"CMT 3: oral has compartments 1 to 2 \(depot, central\)",
    ),
    "a CMT below 0": (at(1, 5, into=-1), ORAL, "CMT -1: .* 1 to 2"),
    "a modelled rate the model lacks": (
        at(1, 5, rate_mg_per_d=-1),
        BARE,
        "RATE -1 asks for a modelled rate into depot, .* states none; give its Compartments rate=",
    ),
    "a modelled duration the model lacks": (
        at(1, 5, rate_mg_per_d=-2, into=2),
        BARE,
        "RATE -2 asks for a modelled duration into central, .* give its Compartments duration=",
    ),
}


@pytest.mark.parametrize("name", SOLVES_REFUSED)
def test_a_dose_that_the_model_cannot_take_is_refused(name):
    """Found, known, and the nearest name or the part to add."""
    event, model, words = SOLVES_REFUSED[name]
    with pytest.raises(ModelError, match=words):
        predict([event], model=model)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("infused_depot", 0.0, "modelled rate into depot is 0; it has to be above 0"),
        ("lag_depot", -1.0, "lag of depot is negative"),
        ("F_depot", -0.5, "F of depot is negative"),
    ],
)
def test_dose_options_that_cannot_be_are_refused(option, value, words):
    """An infusion at 0 mg/d never ends; a lag below 0 gives before the record."""
    with pytest.raises(ModelError, match=words):
        predict([at(1, 5, rate_mg_per_d=-1)], **{option: value})


def test_too_many_doses_are_refused_before_they_are_made():
    """A typing error in ADDL must not fill the memory."""
    with pytest.raises(ModelError, match=r"100[ ,]?001 doses with ADDL; at most 100000"):
        Dosing.of([at(0, 1, addl=100_000, ii_d=1)])


def test_schedules_that_cannot_stand_side_by_side_are_refused():
    """Resets and steady states of some; none at all; one that is already of several."""
    plain = Dosing.bolus([0.0, 1.0], 5.0)
    reset = Dosing.of([at(0, 5), at(1, evid=3)])
    steady = Dosing.of([at(0, 5, ss=1, ii_d=1)])
    for other in (reset, steady):
        with pytest.raises(ModelError, match=r"resets or steady states .* one by one"):
            Dosing.each([plain, other])
    with pytest.raises(ModelError, match="no schedule at all; give one a subject"):
        Dosing.each([])
    with pytest.raises(ModelError, match=r"of several subjects .* give one each"):
        Dosing.each([plain, Dosing.each([plain, plain])])


def test_amounts_of_boluses_are_one_or_one_each():
    """Not three for two doses."""
    assert Dosing.bolus([0.0, 1.0], [5.0, 6.0]).amounts_mg.tolist() == [5.0, 6.0]
    with pytest.raises(ModelError, match=r"2 dose times and 3 amounts .* give one each"):
        Dosing.bolus([0.0, 1.0], [5.0, 6.0, 7.0])


@pytest.mark.parametrize(
    ("times_d", "words"),
    [
        (np.array([0.0, math.nan]), "not finite"),
        (np.array([]), "empty"),
        (np.array([-1.0, 2.0]), "sort them"),
        (np.array([3.0, 2.0]), "sort them"),
    ],
)
def test_readings_that_cannot_be_are_refused(times_d, words):
    """As for doses."""
    with pytest.raises(ModelError, match=words):
        predict([at(1, 5)], times_d)


def test_flags_of_another_length_than_the_readings_are_refused():
    """`after` is one flag a time."""
    with pytest.raises(ModelError, match="give one flag a time"):
        solve(
            ORAL,
            oral(),
            Dosing.bolus([0.0], 5.0),
            np.array([1.0, 2.0]),
            after=np.array([True]),
            backend="numpy",
        )


@pytest.mark.parametrize("made", [lambda: Dosing.of([]), lambda: Dosing.bolus([], 5.0)])
def test_an_empty_schedule_is_refused_and_no_treatment_is_asked_for_by_name(made):
    """A schedule read from nothing is a slip; people without treatment are meant."""
    with pytest.raises(ModelError, match=r"empty schedule.*Dosing.none\(\)"):
        made()
    assert Dosing.none().n == 0
