"""Steady states against sums over past doses in plain Python, and against doses written out.

At a record with SS the doses have been given every II for ever, the last of them at the record,
each delayed by the lag. So what is there is a sum over doses at record + lag − m II, m = 0, 1, …,
of which those that have not arrived yet still come. One compartment with absorption, whose closed
form for 1 mg over T, u days after it begins, is with s = min(u, T)

    m(u, T, k) = (e^{−k(u−s)} − e^{−ku}) / kT        (e^{−ku} for T = 0)

and in the compartment below ka/(ka − k) (m(u, T, k) − m(u, T, ka)).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.errors import ModelError
from thecal.model.events import Dosing, Event
from thecal.model.solve import solve
from thecal.model.structure import (
    Compartments,
    Integral,
    Model,
    Output,
    Parameter,
    Transit,
    Turnover,
)
from thecal.model.variability import Stepwise

KA, CL, V = 1.7, 3.0, 12.0
K = CL / V
RECORD_D = 2.0

ROUNDING = 1e-13
"""Of the largest value: a sum of positive terms by doubling, some ten times."""

UNITS = {"F": "1", "lag": "d", "infused": "mg/d", "lasts": "d"}
OPTIONS = {
    f"{option}_{into}": 0.0 if option == "lag" else 1.0
    for option in UNITS
    for into in ("depot", "central")
}
BOTH = {option: {into: f"{option}_{into}" for into in ("depot", "central")} for option in UNITS}
ORAL = Model(
    name="oral",
    parameters=(
        Parameter("ka", "1/d"),
        Parameter("CL", "L/d"),
        Parameter("V", "L"),
        *(Parameter(name, UNITS[name.split("_")[0]]) for name in OPTIONS),
    ),
    parts=(
        Compartments(
            "depot central",
            {"depot > central": "ka", "central >": "CL / V"},
            F=BOTH["F"],
            lag=BOTH["lag"],
            rate=BOTH["infused"],
            duration=BOTH["lasts"],
        ),
    ),
    outputs=(Output("depot_mg", "mg", "", "depot"), Output("central_mg", "mg", "", "central")),
)
EFFECT = replace(
    ORAL,
    name="oral with an effect",
    parameters=(*ORAL.parameters, Parameter("kout", "1/d"), Parameter("IC50", "mg")),
    parts=(
        *ORAL.parts,
        Turnover("mrna", kin="kout * (1 - 0.9 * hill(central, IC50, 1.3))", kout="kout"),
        Transit("protein", of="mrna", n=2, ktr="2 * kout"),
    ),
    outputs=(
        *ORAL.outputs,
        Output("mrna", "ratio", "", "mrna"),
        Output("protein", "ratio", "", "protein"),
    ),
)
DRAWN = Model(
    name="drawn",
    parameters=(*ORAL.parameters[:3], Parameter("share", "1"), Parameter("back", "1/d")),
    parts=(
        Compartments(
            "csf plasma",
            {"csf > plasma": "ka", "plasma > csf": "back", "plasma >": "CL / V"},
            drawn={"csf": "share"},
        ),
    ),
    outputs=(Output("csf_mg", "mg", "", "csf"), Output("plasma_mg", "mg", "", "plasma")),
)
TIMES_D = RECORD_D + np.array([0.0, 0.3, 0.7, 1.0, 1.5, 2.0, 2.6, 3.0, 4.4, 7.0, 11.0])


def at(time_d: float, amount_mg: float = 0, **more) -> Event:
    """An event; whole numbers will do."""
    numbers = ("rate_mg_per_d", "duration_d", "ii_d")
    fields = {name: float(value) if name in numbers else value for name, value in more.items()}
    return Event(time_d=float(time_d), amount_mg=float(amount_mg), **fields)


def values(**more) -> dict[str, object]:
    return {"ka": KA, "CL": CL, "V": V, **OPTIONS, **more}


def predict(events, times_d=TIMES_D, model: Model = ORAL, **more) -> np.ndarray:
    """(subject, time, output), read after what happens at a time."""
    dosing = events if isinstance(events, Dosing) else Dosing.of(events)
    is_after = np.ones(len(times_d), dtype=bool)
    given = values(**more) if model is not DRAWN else more
    return solve(model, given, dosing, times_d, after=is_after, backend="numpy").values


def held(u: float, lasts: float, k: float) -> float:
    if lasts == 0:
        return math.exp(-k * u)
    since = u - min(u, lasts)
    return (math.exp(-k * since) - math.exp(-k * u)) / (k * lasts)


def one_dose(u: float, into: str, lasts: float) -> tuple[float, float]:
    """What 1 mg leaves in depot and central, u after it begins to arrive."""
    if u < 0:
        return 0.0, 0.0
    slow = held(u, lasts, K)
    if into == "central":
        return 0.0, slow
    fast = held(u, lasts, KA)
    return fast, KA / (KA - K) * (slow - fast)


def for_ever(
    mg: float,
    ii: float,
    into: str,
    *,
    lasts: float = 0.0,
    lag: float = 0.0,
    record: float = RECORD_D,
    times_d=TIMES_D,
) -> np.ndarray:
    """(time, compartment): every dose up to the record, back to where e^{−k m II} is 1e−18."""
    n = math.ceil((42 / K + lasts + lag) / ii)
    rows = []
    for t in times_d:
        each = [one_dose(t - record - lag + m * ii, into, lasts) for m in range(n)]
        rows.append([mg * math.fsum(column) for column in zip(*each, strict=True)])
    return np.array(rows)


def assert_close(found: np.ndarray, right: np.ndarray, error: float = ROUNDING) -> None:
    scale = np.abs(right).max()
    assert scale > 0
    np.testing.assert_allclose(found, right, rtol=0, atol=error * scale)


# ---- linear compartments, exactly


@pytest.mark.parametrize("lag", [0.0, 0.4, 1.0, 1.9, 2.0, 4.0, 5.3, 9.0])
@pytest.mark.parametrize("lasts", [0.0, 0.6, 2.0, 3.1, 7.5])
@pytest.mark.parametrize("into", ["depot", "central"])
def test_a_steady_state_is_the_sum_of_all_doses_before_it(into, lasts, lag):
    """Every 2 d: lags below, at and beyond II; infusions that end, touch and overlap."""
    event = at(RECORD_D, 10, into=into, duration_d=lasts, ss=1, ii_d=2)
    found = predict([event], **{f"lag_{into}": lag})
    assert_close(found[0], for_ever(10, 2, into, lasts=lasts, lag=lag))


def test_a_steady_state_of_boluses_is_the_geometric_series():
    """The textbook: D e^{−kt} / (1 − e^{−k II}), by another formula than the sum."""
    found = predict([at(RECORD_D, 10, into=2, ss=1, ii_d=1.5)])[0, :, 1]
    right = 10 * np.exp(-K * (TIMES_D - RECORD_D)) / -math.expm1(-K * 1.5)
    assert_close(found, right)


@pytest.mark.parametrize(
    ("event", "options", "mg", "lasts"),
    [
        ({"rate_mg_per_d": 5}, {"F_central": 0.6}, 6, 1.2),
        ({"duration_d": 5}, {"F_central": 0.6}, 6, 5.0),
        ({"rate_mg_per_d": -1}, {"F_central": 0.6, "infused_central": 1.5}, 6, 4.0),
        ({"rate_mg_per_d": -2}, {"F_central": 0.6, "lasts_central": 3.0}, 6, 3.0),
        ({}, {"F_central": 0.6}, 6, 0.0),
    ],
    ids=["RATE", "duration", "modelled rate", "modelled duration", "bolus"],
)
@pytest.mark.parametrize("lag", [0.0, 0.7, 3.2])
def test_bioavailability_acts_on_steady_doses_as_on_any(event, options, mg, lasts, lag):
    """F shortens what has a rate and slows what has a duration, in the past as now."""
    found = predict(
        [at(RECORD_D, 10, into="central", ss=1, ii_d=2, **event)], lag_central=lag, **options
    )
    assert_close(found[0], for_ever(mg, 2, "central", lasts=lasts, lag=lag))


def test_a_steady_state_replaces_what_is_there_and_what_is_still_to_come():
    """SS = 1 ends a running infusion, a lagged dose and ADDL; a reading before it is untouched."""
    earlier = [
        at(0, 50, into=2),
        at(0.5, 30, into=2, duration_d=9),
        at(1, 20, addl=5, ii_d=0.8),
    ]
    event = at(RECORD_D, 10, into="central", ss=1, ii_d=2)
    found = predict([*earlier, event], lag_depot=1.5)
    assert_close(found[0], for_ever(10, 2, "central"))
    before = solve(
        ORAL,
        values(lag_depot=1.5),
        Dosing.of([*earlier, event]),
        np.array([RECORD_D]),
        backend="numpy",
    ).values[0, 0]
    right = 50 * math.exp(-K * 2) + 30 * held(1.5, 9, K)
    np.testing.assert_allclose(before, [0, right], rtol=1e-13)


def test_a_reset_and_a_steady_state_in_one_record():
    """EVID 4 with SS = 1."""
    found = predict([at(0, 50), at(RECORD_D, 10, evid=4, ss=1, ii_d=2)])
    assert_close(found[0], for_ever(10, 2, "depot"))


@pytest.mark.parametrize("lag", [0.0, 0.4, 4.0, 5.3])
@pytest.mark.parametrize("lasts", [0.0, 3.1])
def test_addl_goes_on_from_a_steady_state_as_it_was(lag, lasts):
    """Two more doses: the sum up to the second dose after the record."""
    event = at(RECORD_D, 10, duration_d=lasts, ss=1, ii_d=2, addl=2)
    found = predict([event], lag_depot=lag)
    right = for_ever(10, 2, "depot", lasts=lasts, lag=lag, record=RECORD_D + 4)
    assert_close(found[0], right)


@pytest.mark.parametrize("lag", [0.0, 0.4, 5.3])
@pytest.mark.parametrize("lasts", [0.0, 3.1])
def test_ss_2_adds_a_steady_state_to_what_is_there(lag, lasts):
    """An evening dose beside a morning dose, and an earlier bolus that goes on."""
    found = predict(
        [
            at(0, 50, into=2),
            at(0.5, 4, into=2, duration_d=5),
            at(RECORD_D, 10, duration_d=lasts, ss=2, ii_d=2),
        ],
        lag_depot=lag,
    )
    earlier = [50 * math.exp(-K * t) + 4 * held(t - 0.5, 5, K) for t in TIMES_D]
    right = for_ever(10, 2, "depot", lasts=lasts, lag=lag) + np.array([[0, x] for x in earlier])
    assert_close(found[0], right)


def test_two_regimens_at_steady_state_add():
    """SS = 1 in the morning and SS = 2 in the evening are each the sum of their own past."""
    evening = RECORD_D + 0.3
    times_d = TIMES_D[1:]
    found = predict(
        [
            at(RECORD_D, 10, ss=1, ii_d=1, addl=20),
            at(evening, 5, into=2, ss=2, ii_d=1, addl=20),
        ],
        times_d,
    )
    morning = for_ever(10, 1, "depot", record=RECORD_D + 20, times_d=times_d)
    late = for_ever(5, 1, "central", record=evening + 20, times_d=times_d)
    assert_close(found[0], morning + late)


@pytest.mark.parametrize("into", ["depot", "central"])
def test_a_constant_infusion_is_at_rate_over_clearance_and_ends_at_the_record(into):
    """AMT = 0 with SS = 1: R/k in central (and R/ka in the depot), then it falls."""
    event = Event(time_d=RECORD_D, into=into, rate_mg_per_d=6.0, ss=1)
    found = predict([event], TIMES_D)[0]
    fast = 6 / KA * np.exp(-KA * (TIMES_D - RECORD_D)) if into == "depot" else 0 * TIMES_D
    # What the depot still holds goes through central on its way: by the same closed form.
    central = 6 / K * np.exp(-K * (TIMES_D - RECORD_D))
    if into == "depot":
        u = TIMES_D - RECORD_D
        central = central + 6 / KA * KA / (KA - K) * (np.exp(-K * u) - np.exp(-KA * u))
    assert_close(found, np.stack([fast, central], axis=1))


def test_a_constant_infusion_is_the_limit_of_a_long_one():
    """The second witness: 400 days of infusion written out."""
    found = predict([Event(time_d=400.0, rate_mg_per_d=6.0, ss=1)], TIMES_D + 398)
    long = predict([at(0, 2400, rate_mg_per_d=6)], TIMES_D + 398)
    assert_close(found, long)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_csf_is_drawn_before_every_dose_of_a_steady_state(share):
    """Doses of 240 d written out: what leaves slowest has 0.18/d, e^{−43} is below 1e−13."""
    n = 120
    options = {"ka": KA, "CL": CL, "V": V, "share": share, "back": 0.6}
    start = 2.0 * n
    times_d = start + np.array([0.0, 0.5, 1.9])
    steady = predict([at(start, 10, ss=1, ii_d=2)], times_d, DRAWN, **options)
    written = predict([at(0, 10, ii_d=2, addl=n)], times_d, DRAWN, **options)
    assert_close(steady, written)


def test_subjects_of_their_own_are_at_their_own_steady_state():
    """Lag, F, duration and clearance differ; each by the sum, with the last past two intervals."""
    lag, F, lasts = [0.0, 0.5, 4.6], [1.0, 0.4, 0.7], [3.5, 0.5, 2.0]
    found = predict(
        [at(RECORD_D, 10, into="central", rate_mg_per_d=-2, ss=1, ii_d=2, addl=1)],
        lag_central=np.array(lag),
        F_central=np.array(F),
        lasts_central=np.array(lasts),
    )
    for i in range(3):
        right = for_ever(10 * F[i], 2, "central", lasts=lasts[i], lag=lag[i], record=RECORD_D + 2)
        assert_close(found[i], right)


def test_amounts_intervals_and_kinds_of_each_subject_are_at_their_own_steady_state():
    """One column of records: a bolus for one, an infusion for the other, other intervals."""
    dosing = Dosing(
        times_d=np.full((3, 1), RECORD_D),
        amounts_mg=np.array([[10.0], [4.0], [0.0]]),
        into=("central",),
        ss=(1,),
        durations_d=np.array([[0.0], [1.2], [0.0]]),
        ii_d=np.array([[2.0], [1.0], [3.0]]),
    )
    found = predict(dosing)
    assert_close(found[0], for_ever(10, 2, "central"))
    assert_close(found[1], for_ever(4, 1, "central", lasts=1.2))
    assert (found[2] == 0).all()


@given(
    st.sampled_from([0.5, 1.0, 2.5]),
    st.floats(0.0, 6.0),
    st.sampled_from([0.0, 0.25, 2.5, 6.2]),
    st.sampled_from(["depot", "central"]),
)
@settings(max_examples=8)
def test_a_steady_state_is_many_doses_written_out(ii, lag, lasts, into):
    """By the solver itself: enough doses that the first has left no digit (e^{−180/4})."""
    n = math.ceil(180 / ii)
    start = n * ii
    times_d = start + np.array([0.05, 0.45, 1.3, 3.1, 8.0])
    options = {f"lag_{into}": lag}
    steady = predict(
        [at(start, 10, into=into, duration_d=lasts, ss=1, ii_d=ii)], times_d, **options
    )
    written = predict([at(0, 10, into=into, duration_d=lasts, ii_d=ii, addl=n)], times_d, **options)
    assert_close(steady, written, 1e-11)


# ---- an effect below the compartments


@pytest.mark.parametrize(
    ("ii", "lasts", "lag"), [(1.0, 0.0, 0.0), (2.0, 3.0, 0.4), (7.0, 0.0, 9.5)]
)
def test_an_effect_at_steady_state_is_that_after_many_doses(ii, lasts, lag):
    """Written out for 20 half-lives of the slowest stage; the grids differ, so to their error."""
    options = {"kout": 0.35, "IC50": 6.0, "lag_depot": lag}
    n = math.ceil(70 / ii)
    start = n * ii
    times_d = start + np.array([0.0, 0.5, 1.9, 5.0])
    steady = predict([at(start, 10, duration_d=lasts, ss=1, ii_d=ii)], times_d, EFFECT, **options)
    written = predict([at(0, 10, duration_d=lasts, ii_d=ii, addl=n)], times_d, EFFECT, **options)
    assert_close(steady[..., :2], written[..., :2], 1e-7)
    assert steady[0, 0, 2] < 0.9
    np.testing.assert_allclose(steady[..., 2:], written[..., 2:], rtol=3e-5)


def test_an_effect_under_a_constant_infusion_is_where_production_is_loss():
    """mrna = 1 − 0.9 hill(R/k, IC50, 1.3), and the chain below follows: by hand."""
    event = Event(time_d=RECORD_D, into="central", rate_mg_per_d=2.0, ss=1)
    found = predict([event], np.array([RECORD_D]), EFFECT, kout=0.35, IC50=6.0)[0, 0]
    x = (2.0 / K / 6.0) ** 1.3
    level = 1 - 0.9 * x / (1 + x)
    np.testing.assert_allclose(found, [0, 2 / K, level, level], rtol=1e-9)


def test_a_reset_after_a_steady_state_brings_the_effect_back_to_its_start():
    """Also where the two come at one time: levels of the steady state do not stay behind."""
    options = {"kout": 0.35, "IC50": 6.0}
    for when in (RECORD_D, RECORD_D + 1):
        found = predict(
            [at(RECORD_D, 10, ss=1, ii_d=1), at(when, evid=3)],
            np.array([RECORD_D + 1]),
            EFFECT,
            **options,
        )[0, 0]
        np.testing.assert_allclose(found, [0, 0, 1, 1], rtol=1e-14, atol=1e-300)


# ---- what is refused

STUCK = replace(
    ORAL,
    name="stuck",
    parts=(Compartments("depot central", {"depot > central": "ka"}),),
)
ADDING = replace(
    ORAL,
    name="adding",
    parts=(*ORAL.parts, Integral("burden", rate="central", unit="mg*d")),
    outputs=(*ORAL.outputs, Output("burden", "mg*d", "", "burden")),
)
SATURABLE = replace(
    ORAL,
    name="saturable",
    parts=(
        Compartments(
            "depot central", {"depot > central": "ka", "central >": "CL / (V + central / c)"}
        ),
    ),
    parameters=(*ORAL.parameters, Parameter("c", "mg/L")),
)


@pytest.mark.parametrize(
    ("model", "event", "options", "words"),
    [
        (
            STUCK,
            {"ss": 1, "ii_d": 2},
            {},
            "no steady state of doses into depot: what comes in does not leave",
        ),
        (
            ADDING,
            {"ss": 1, "ii_d": 2},
            {},
            "burden adds up and has no steady state; SS cannot be used",
        ),
        (
            EFFECT,
            {"ss": 2, "ii_d": 2},
            {"kout": 0.3, "IC50": 5.0},
            "SS = 2 .* only linear compartments can do; write the doses out",
        ),
        (
            EFFECT,
            {"ss": 1, "ii_d": 2},
            {"kout": 0.3, "IC50": 5.0, "F_depot": np.array([0.5, 1.0])},
            "whose dose differs between subjects .* write the doses out",
        ),
        (
            ORAL,
            {"ss": 1, "ii_d": 2},
            {"CL": Stepwise(np.array([0.0, 3.0]), np.array([[3.0], [4.0]]))},
            "parameters that change in time is not supported; write the doses out",
        ),
    ],
    ids=["nothing leaves", "an integral", "SS 2 of an effect", "own F of an effect", "stepwise"],
)
def test_a_steady_state_that_is_not_there_is_refused(model, event, options, words):
    """What was found, and what to do instead."""
    with pytest.raises(ModelError, match=words):
        predict([at(RECORD_D, 10, **event)], model=model, **options)


def test_a_steady_state_of_infusions_that_are_drawn_before_is_refused():
    """The draw falls inside of what still runs; not derived, so not guessed."""
    with pytest.raises(ModelError, match=r"infusions into csf, .* write the doses out"):
        predict(
            [at(RECORD_D, 10, duration_d=1, ss=1, ii_d=2)],
            model=DRAWN,
            ka=KA,
            CL=CL,
            V=V,
            share=0.2,
            back=0.1,
        )


def test_ss_2_where_fluid_is_drawn_is_refused():
    """Its past doses would have drawn what others gave."""
    with pytest.raises(ModelError, match=r"SS = 2 into csf, .* write the doses out"):
        predict(
            [at(RECORD_D, 10, ss=2, ii_d=2)],
            model=DRAWN,
            ka=KA,
            CL=CL,
            V=V,
            share=0.2,
            back=0.1,
        )


def test_a_steady_state_of_a_saturable_model_is_refused():
    """An ODE has no closed steady state; the message asks for the doses."""
    assert SATURABLE.method[0] == "ode"
    with pytest.raises(ModelError, match=r"solved as an ODE is not supported; write the doses out"):
        predict([at(RECORD_D, 10, ss=1, ii_d=2)], model=SATURABLE, c=2.0)


def test_a_constant_infusion_for_some_and_doses_for_others_are_refused():
    """One column, two meanings of II = 0."""
    dosing = Dosing(
        times_d=np.full((2, 1), RECORD_D),
        amounts_mg=np.array([[0.0], [4.0]]),
        ss=(1,),
        rates_mg_per_d=np.array([[5.0], [5.0]]),
        ii_d=np.array([[0.0], [1.0]]),
    )
    with pytest.raises(ModelError, match=r"constant infusion for some .* one by one"):
        predict(dosing)
