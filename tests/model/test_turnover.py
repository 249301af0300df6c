"""Turnover stages against closed forms in 100 digits, by themselves and through `solve`."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from thecal.model.chunk import run
from thecal.model.events import Dosing, Event
from thecal.model.program import program_of
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
from thecal.model.turnover import Weights, phis, weights

EPS = 2.0**-52


# --- φ ---------------------------------------------------------------------------------------


def exact_phis(y: float) -> tuple[Any, Any, Any]:
    """The definition, in so many digits that its cancellation (y³ of them) does no harm."""
    with mp.workdps(120):
        if y == 0:
            return mp.mpf(1), mp.mpf(1) / 2, mp.mpf(1) / 6
        one = (1 - mp.exp(-mp.mpf(y))) / y
        two = (1 - one) / y
        return one, two, (mp.mpf("0.5") - two) / y


JOINTS = [np.nextafter(y, side) for y in (0.125, 1.0) for side in (0.0, y, 2.0)]
POINTS = np.array([0.0, *JOINTS, *np.logspace(-20, 4, 300), *np.linspace(0.05, 1.5, 200)])


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 2e-13), (np.float32, 1e-6)], ids=["float64", "float32"]
)
def test_phis_agree_with_120_digits(dtype, tolerance):
    """From 0 to 1e4, both sides of where series and definition meet included.

    Worst is φ₃ just above that: 1.93e-13 of rounding in float64, 5.7e-7 in float32.
    """
    y = POINTS.astype(dtype)
    found = phis(np, y, np.exp(-y))
    assert all(phi.dtype == dtype for phi in found)
    for i, value in enumerate(y):
        for phi, right in zip(found, exact_phis(float(value)), strict=True):
            assert float(abs(mp.mpf(float(phi[i])) / right - 1)) < tolerance, value


# --- one step of y' = kin − k y ----------------------------------------------------------------


def weighed(k: float, h: float, scale: float | None = None) -> Weights:
    given_scale = None if scale is None else np.array([scale])
    return weights(np, np.array([k]), np.array([h]), given_scale)


def stepped(w: Weights, y: float, kin: tuple[float, float, float]) -> tuple[float, float]:
    """The middle and the end of a step from y, for kin at its start, middle and end."""
    a, b, c = kin
    mid = w.decay_half * y + w.mid0 * a + w.mid1 * b + w.mid2 * c
    end = w.decay * y + w.end0 * a + w.end1 * b + w.end2 * c
    return float(mid[0]), float(end[0])


def exact_step(k: float, t: Any, y: float, c: tuple[float, float, float]) -> Any:
    """y(t) for kin = c0 + c1 t + c2 t², by ∫₀ᵗ sⁿ e^{−k (t−s)} ds, in 100 digits."""
    with mp.workdps(150):
        k, t = mp.mpf(k), mp.mpf(t)
        if k == 0:
            return mp.mpf(y) + sum(cn * t ** (n + 1) / (n + 1) for n, cn in enumerate(c))
        decay = mp.exp(-k * t)
        moments = [(1 - decay) / k]
        for n in (1, 2):
            moments.append((t**n - n * moments[-1]) / k)
        return decay * y + sum(cn * m for cn, m in zip(c, moments, strict=True))


@pytest.mark.parametrize("k", [0.0, 1e-9, 1e-3, 0.1, 0.24, 0.26, 0.7, 40.0, 1e4, 1e9])
@pytest.mark.parametrize("h", [1e-6, 0.02734375, 1.0, 7.0, 365.0])
def test_a_quadratic_production_is_followed_exactly(k, h):
    """At the middle and the end of a step of any length, k = 0 and k h = 1e11 included.

    2e-12 of the largest term: φ₃ is good to 2e-13 and enters with weights up to 8.
    """
    c = (2.0, -0.8 / h, 1.3 / h**2)
    kin = tuple(c[0] + c[1] * t + c[2] * t**2 for t in (0.0, h / 2, h))
    mid, end = stepped(weighed(k, h), 0.4, kin)
    for found, t in ((mid, mp.mpf(h) / 2), (end, mp.mpf(h))):
        assert found == pytest.approx(float(exact_step(k, t, 0.4, c)), rel=2e-12)


@pytest.mark.parametrize("h", [1e-6, 1.0, 7.0])
def test_without_loss_the_weights_are_those_of_simpson(h):
    """h/6 (1, 4, 1) to the end, h/24 (5, 8, −1) to the middle, both of the same parabola."""
    w = weighed(0.0, h)
    assert float(w.decay[0]) == float(w.decay_half[0]) == 1.0
    ends = [float(x[0]) for x in (w.end0, w.end1, w.end2)]
    mids = [float(x[0]) for x in (w.mid0, w.mid1, w.mid2)]
    assert ends == pytest.approx([h / 6, 4 * h / 6, h / 6], rel=1e-14)
    assert mids == pytest.approx([5 * h / 24, 8 * h / 24, -h / 24], rel=1e-14)


@given(k=st.floats(0, 1e12), h=st.floats(1e-6, 1e5))
def test_the_weights_of_a_constant_production_sum_to_its_integral(k, h):
    """∫₀ʰ e^{−k (h−s)} ds, the middle likewise; with k as its factor they sum to 1 − e^{−k h}."""
    w, scaled = weighed(k, h), weighed(k, h, k)
    for parts, times, step in (
        ((w.end0, w.end1, w.end2), (scaled.end0, scaled.end1, scaled.end2), h),
        ((w.mid0, w.mid1, w.mid2), (scaled.mid0, scaled.mid1, scaled.mid2), h / 2),
    ):
        right = -math.expm1(-k * step) / k if k * step > 1e-300 else step
        assert float(sum(parts)[0]) == pytest.approx(right, rel=1e-12)
        assert float(sum(times)[0]) == pytest.approx(-math.expm1(-k * step), rel=1e-12, abs=1e-300)


@given(k=st.floats(0, 1e9), h=st.floats(0, 1e5))
def test_a_step_never_amplifies(k, h):
    """Stable for any k h: decay is at most 1, and production within ±k adds 5/4 (1 − decay).

    5/4 is how far a parabola through values within ±1 can leave them.
    """
    w = weighed(k, h, k)
    assert 0 <= float(w.decay[0]) <= float(w.decay_half[0]) <= 1
    reach = 1.25 * -math.expm1(-k * h) + 1e-12
    assert sum(abs(float(x[0])) for x in (w.end0, w.end1, w.end2)) <= reach
    assert sum(abs(float(x[0])) for x in (w.mid0, w.mid1, w.mid2)) <= reach


@given(k=st.floats(0, 1e3), h=st.floats(0, 100), scale=st.floats(0, 1e3))
def test_a_scale_multiplies_the_weights_of_production_and_no_other(k, h, scale):
    w, scaled = weighed(k, h), weighed(k, h, scale)
    assert scaled.decay == w.decay and scaled.decay_half == w.decay_half
    for name in ("end0", "end1", "end2", "mid0", "mid1", "mid2"):
        right = scale * getattr(w, name)
        assert getattr(scaled, name) == pytest.approx(right, rel=1e-15, abs=1e-300)


@given(k=st.floats(0, 1e4), h=st.floats(1e-3, 30), y=st.floats(0, 1), kin=st.floats(0, 1))
def test_a_level_between_start_and_constant_input_stays_between(k, h, y, kin):
    for found in stepped(weighed(k, h, k), y, (kin, kin, kin)):
        assert min(y, kin) - 1e-12 <= found <= max(y, kin) + 1e-12


# --- stages through `solve` ----------------------------------------------------------------------

NO_DOSES = Dosing.none()
DRUG = (Parameter("ke", "1/d"), Parameter("k", "1/d"), Parameter("IC50", "mg"))


def driven(
    *parts: Any, outputs: tuple[Output, ...], parameters: tuple[Parameter, ...] = DRUG
) -> Model:
    """Stages driven by one compartment that is lost at `ke`."""
    held = Compartments("drug", {"drug >": "ke"})
    return Model(name="driven", parameters=parameters, parts=(held, *parts), outputs=outputs)


CASCADE = driven(
    Turnover("mrna", kin="k * (1 - 0.8 * hill(drug, IC50, 1.5))", kout="k"),
    Turnover("protein", kin="k / 3 * mrna", kout="k / 3"),
    Transit("harm", of="protein", n=2, ktr="k / 2"),
    Integral("burden", rate="harm", unit="d"),
    outputs=tuple(
        Output(name, unit, "", name)
        for name, unit in (("mrna", "1"), ("protein", "1"), ("harm", "1"), ("burden", "d"))
    ),
)
CASCADE_VALUES = {"ke": 0.03, "k": 0.4, "IC50": 4.0}


def cascade_by_scipy(times_d: np.ndarray) -> np.ndarray:
    """The same cascade as an ODE, DOP853 at 1e-12; outputs as (time, output)."""
    ke, k, ic50 = CASCADE_VALUES.values()

    def slope(_: float, y: np.ndarray) -> list[float]:
        a, m, p, h1, h2, _b = y
        drive = a**1.5 / (ic50**1.5 + a**1.5)
        return [
            -ke * a,
            k * (1 - 0.8 * drive - m),
            k / 3 * (m - p),
            k / 2 * (p - h1),
            k / 2 * (h1 - h2),
            h2,
        ]

    found = solve_ivp(
        slope, (0, times_d[-1]), [100, 1, 1, 1, 1, 0], "DOP853", times_d, rtol=1e-12, atol=1e-13
    )
    return found.y[[1, 2, 4, 5]].T


def test_a_cascade_agrees_with_an_ode_solver():
    """Default steps: 3e-4 of each level, measured 1.3e-4; `high` less than an eighth."""
    times_d = np.array([1.0, 7.0, 30.0, 90.0, 365.0])
    right = cascade_by_scipy(times_d)
    dosing = Dosing.bolus([0.0], 100.0)
    default = solve(CASCADE, CASCADE_VALUES, dosing, times_d, backend="numpy")
    high = solve(CASCADE, CASCADE_VALUES, dosing, times_d, backend="numpy", accuracy="high")
    assert default.solved.startswith("cascade on closed form kinetics")
    error = np.abs(default.values[0] / right - 1).max()
    finer = np.abs(high.values[0] / right - 1).max()
    assert error < 3e-4 and finer < error / 8


def test_half_the_step_leaves_a_sixteenth_of_the_error():
    """Order 4 through a cascade: 16 ± 3 a halving, at times where every drive is smooth."""
    times_d = np.array([20.0, 60.0, 120.0])
    right = cascade_by_scipy(times_d)
    task = prepare(CASCADE, CASCADE_VALUES, Dosing.bolus([0.0], 100.0), times_d)
    errors = []
    for halvings in range(4):
        found, _ = run(replace(task, halvings=halvings), "numpy")
        errors.append(np.abs(found[:, :, 0] - right).max())
    for coarse, fine in list(pairwise(errors))[:2]:
        assert 12 < coarse / fine < 20, errors


def test_a_stage_starts_at_its_steady_state_with_no_drug():
    """kin / kout, stage by stage, and stays there without a dose; a stated start is kept."""
    model = driven(
        Turnover("first", kin="2 * k * (1 - hill(drug, IC50, 1))", kout="k"),
        Turnover("second", kin="k * first / (1 + first)", kout="k / 4"),
        Turnover("own", kin="k", kout="k", start="5"),
        Transit("late", of="first", n=3, ktr="k"),
        Integral("sum", rate="k * second", unit="1", start="7"),
        outputs=tuple(Output(n, "1", "", n) for n in ("first", "second", "own", "late", "sum")),
    )
    times_d = np.array([0.0, 3.0, 100.0])
    found = solve(model, CASCADE_VALUES, NO_DOSES, times_d, backend="numpy")
    k = CASCADE_VALUES["k"]
    for name, right in {
        "first": [2.0] * 3,
        "second": [8 / 3] * 3,
        "own": 1 + 4 * np.exp(-k * times_d),
        "late": [2.0] * 3,
        "sum": 7 + k * 8 / 3 * times_d,
    }.items():
        assert found.of(name)[0] == pytest.approx(np.array(right), rel=1e-12), name


@pytest.mark.parametrize("n", [1, 3, 10])
def test_a_transit_chain_that_is_filled_empties_as_erlang_says(n):
    """From 1 to the drive 0: the share that is left is P(Erlang(n, ktr) > t) = Q(n, ktr t).

    The chain begins at 1 because its drive did; with drive 0 from the start of a dose that
    saturates inhibition. 1e-8: default steps leave 2e-4, halved four times 65536 times less.
    """
    model = driven(
        Transit("late", of="1 - hill(drug, IC50, 1)", n=n, ktr="k"),
        outputs=(Output("late", "1", "", "late"),),
    )
    times_d = np.array([0.5, 5.0, 20.0, 60.0])
    values = {"ke": 0.0, "k": 0.4, "IC50": 1e-10}
    task = prepare(model, values, Dosing.bolus([0.0], 100.0), times_d)
    found, _ = run(replace(task, halvings=4), "numpy")
    right = [float(mp.gammainc(n, 0.4 * t, regularized=True)) for t in times_d]
    assert found[:, 0, 0] == pytest.approx(right, abs=1e-8)


def test_an_integral_of_an_exponential_drive_is_its_closed_form():
    """∫ 100 e^{−ke t} dt, of amounts known exactly at the nodes of Simpson's rule.

    1e-6: (ke h)⁴/2880 is 7e-7 for steps of a week at ke = 0.03.
    """
    model = driven(
        Integral("auc", rate="drug", unit="mg*d"), outputs=(Output("auc", "mg*d", "", "auc"),)
    )
    times_d = np.array([1.0, 10.0, 100.0, 365.0])
    found = solve(model, CASCADE_VALUES, Dosing.bolus([0.0], 100.0), times_d, backend="numpy")
    assert found.of("auc")[0] == pytest.approx(100 / 0.03 * -np.expm1(-0.03 * times_d), rel=1e-6)


def test_a_very_fast_turnover_sits_on_its_input():
    """Stiff: y = g − g'/k + O(1/k²), bounded for any k h; 1e9 / d over a week is no trouble."""
    model = driven(
        Turnover("y", kin="k * drug / IC50", kout="k", unit="1"),
        outputs=(Output("y", "1", "", "y"),),
    )
    times_d = np.array([1.0, 7.0, 50.0])
    values = {"ke": 0.03, "k": 1e9, "IC50": 100.0}
    found = solve(model, values, Dosing.bolus([0.0], 100.0), times_d, backend="numpy")
    assert found.of("y")[0] == pytest.approx(np.exp(-0.03 * times_d), rel=1e-9)


def test_an_equation_of_states_above_it_is_stepped_like_an_integral():
    """A right-hand side without feedback needs no ODE solver: both give the same to the bit."""
    outputs = (Output("auc", "mg*d", "", "auc"),)
    one = driven(Integral("auc", rate="drug", unit="mg*d"), outputs=outputs)
    other = driven(Equation("auc", rate="drug", unit="mg*d"), outputs=outputs)
    dosing, times_d = Dosing.bolus([0.0], 100.0), np.array([3.0, 30.0])
    found = [solve(m, CASCADE_VALUES, dosing, times_d, backend="numpy") for m in (one, other)]
    assert (found[0].values == found[1].values).all()


def test_stages_below_an_infusion_are_driven_by_its_exact_amounts():
    """y' = k (a − y) with a' = R − ke a from 0: two exponentials; 1e-5 at default steps."""
    model = driven(
        Turnover("y", kin="k * drug", kout="k", unit="mg"), outputs=(Output("y", "mg", "", "y"),)
    )
    R, ke, k = 5.0, 0.03, 0.4
    dosing = Dosing.of([Event(time_d=0.0, amount_mg=R * 100, rate_mg_per_d=R)])
    t = np.array([1.0, 10.0, 100.0])
    found = solve(model, CASCADE_VALUES, dosing, t, backend="numpy")
    assert "exact" in found.solved
    right = R / ke * (1 - (k * np.exp(-ke * t) - ke * np.exp(-k * t)) / (k - ke))
    assert found.of("y")[0] == pytest.approx(right, rel=1e-5)


def test_only_the_stages_that_an_output_needs_are_stepped():
    """And leaving others out changes no value."""
    dosing, times_d = Dosing.bolus([0.0], 100.0), np.array([3.0, 30.0])
    whole = solve(CASCADE, CASCADE_VALUES, dosing, times_d, backend="numpy")
    part = solve(CASCADE, CASCADE_VALUES, dosing, times_d, backend="numpy", outputs=("protein",))
    assert [s.name for s in program_of(CASCADE, ("protein",)).stages] == ["mrna", "protein"]
    assert (part.of("protein") == whole.of("protein")).all()


def test_numpy_and_jax_step_a_cascade_alike():
    pytest.importorskip("jax", reason="the extra jax is not installed")
    dosing, times_d = Dosing.bolus([0.0, 28.0], 100.0), np.array([3.0, 30.0, 90.0])
    people = {"ke": np.array([0.03, 3.0]), "k": np.array([0.4, 1e-3]), "IC50": 4.0}
    one = solve(CASCADE, people, dosing, times_d, backend="numpy")
    other = solve(CASCADE, people, dosing, times_d, backend="jax")
    assert "JAX" in other.solved
    assert other.values == pytest.approx(one.values, rel=1e-12)


# --- hill ------------------------------------------------------------------------------------

HILL = driven(
    outputs=(Output("effect", "1", "", "hill(drug, IC50, steep)"),),
    parameters=(*DRUG, Parameter("steep", "1")),
)


def effect(
    amount_mg: float | list[float], IC50: float, steep: float, dtype: Any = np.float64
) -> np.ndarray:
    """hill(C, C50, h) as a model computes it, for amounts that stay where they are."""
    amounts = np.atleast_1d(amount_mg)
    values = {"ke": 0.0, "k": 1.0, "IC50": np.full(len(amounts), IC50), "steep": steep}
    dosing = Dosing(times_d=np.zeros((len(amounts), 1)), amounts_mg=amounts[:, None].astype(float))
    found = solve(HILL, values, dosing, np.array([1.0]), backend="numpy", dtype=dtype)
    return found.values[:, 0, 0]


@pytest.mark.parametrize("steep", [0.05, 0.5, 1.0, 1.5, 4.0, 40.0])
def test_hill_is_a_half_at_c50_nothing_without_drug_and_one_at_any_excess(steep):
    """No power overflows: (1e300)⁴⁰ would. 1e300 at h = 0.05 is (1e300)^0.05 = 1e15 of excess."""
    found = effect([2.63, 0.0, 1e300], 2.63, steep)
    assert found[0] == pytest.approx(0.5, rel=8 * EPS)
    assert found[1] == pytest.approx(0.0, abs=1e-14 if steep < 0.1 else 1e-100)
    assert found[2] == pytest.approx(1.0, abs=2e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_hill_is_finite_in_either_precision(dtype):
    """The exponent is cut where e^x ends: 88 in float32, 709 in float64."""
    found = effect([0.0, 1e-30, 1e30], 2.63, 40.0, dtype)
    assert found.dtype == dtype and np.isfinite(found).all()
    assert found[1] < 1e-30 and found[2] == 1.0


@settings(max_examples=10)
@given(
    amounts=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20),
    IC50=st.floats(1e-3, 1e3),
    steep=st.floats(0.3, 4),
)
def test_hill_is_the_power_formula_and_never_falls(amounts, IC50, steep):
    """Cʰ / (C50ʰ + Cʰ) as printed; 1e-12: h ln C of up to 60 carries 60 eps."""
    rising = np.sort(amounts)
    found = effect(rising.tolist(), IC50, steep)
    assert found == pytest.approx(rising**steep / (IC50**steep + rising**steep), rel=1e-12)
    assert (np.diff(found) >= -EPS).all()
