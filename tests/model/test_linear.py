"""Exact amounts against the matrix exponential, in 60 digits and in SciPy's floating point.

The 60-digit reference scales, sums and squares exp(K h) in `decimal`; it knows nothing of
modes, so equal rates are no special case there either.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from thecal.model.linear import Amounts, divided_difference, modes, phi_1, superpose

NAMES = ("k10", "k12", "k21", "k20", "e10", "e12", "e21")
EPS = 2.0**-52
LOADING_D = [0.0, 14.0, 28.0, 56.0]

TYPICAL = {"k10": 3.4, "k12": 0.38, "k21": 8e-4, "k20": 0.02, "e10": 4.3, "e12": 1.4, "e21": 0.015}
CASES = {
    "typical": TYPICAL,
    "tissue never returns": TYPICAL | {"k21": 0.0},
    "no uptake into tissue": TYPICAL | {"k12": 0.0},
    "no loss to plasma": TYPICAL | {"k10": 0.0},
    "no periphery": TYPICAL | {"e12": 0.0},
    "periphery keeps all": TYPICAL | {"e21": 0.0},
    "CSF and tissue alike": TYPICAL | {"k10": 0.5, "k12": 0.5, "k21": 0.0, "k20": 1.0},
    "CSF and plasma alike": dict.fromkeys(NAMES, 1.0),
    "CSF and plasma nearly alike": dict.fromkeys(NAMES, 1.0) | {"e10": 1 + 1e-9},
    "all rates zero": dict.fromkeys(NAMES, 0.0),
    "all tiny": {name: rate * 1e-9 for name, rate in TYPICAL.items()},
    "huge beside tiny": TYPICAL | {"k10": 400.0, "k21": 1e-9, "e10": 1e-6, "e21": 300.0},
}


def solve(
    rates: dict[str, float], steps_d: list[float], doses_mg: list[float], removed: float = 0.0
) -> Amounts:
    """One subject through `superpose`."""
    lanes = {name: np.array([rates[name]]) for name in NAMES}
    return superpose(
        **lanes,
        steps_d=np.array(steps_d, dtype=float),
        doses_mg=np.array(doses_mg, dtype=float),
        removed=np.array([removed]),
    )


def matrix(rates: dict[str, Any]) -> list[list[Any]]:
    """K of da/dt = K a for CSF, tissue, plasma, periphery."""
    k = rates
    return [
        [-(k["k10"] + k["k12"]), k["k21"], 0, 0],
        [k["k12"], -(k["k21"] + k["k20"]), 0, 0],
        [k["k10"], 0, -(k["e10"] + k["e12"]), k["e21"]],
        [0, 0, k["e12"], -k["e21"]],
    ]


def times(a: list[list[Decimal]], b: list[list[Decimal]]) -> list[list[Decimal]]:
    return [
        [sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)]
        for row in a
    ]


def decimal_expm(rates: dict[str, float], h_d: Decimal) -> list[list[Decimal]]:
    """exp(K h): scaled below 2⁻¹⁰, twelve Taylor terms (rest below 1e-45), squared back."""
    k = {name: Decimal(rate) for name, rate in rates.items()}
    scaled = [[entry * h_d for entry in row] for row in matrix(k)]
    norm = max(sum(abs(entry) for entry in row) for row in scaled)
    squarings = max(0, math.ceil(math.log2(norm)) + 10) if norm > 0 else 0
    scaled = [[entry / 2**squarings for entry in row] for row in scaled]
    unit = [[Decimal(int(i == j)) for j in range(4)] for i in range(4)]
    total, term = unit, unit
    for n in range(1, 13):
        term = [[entry / n for entry in row] for row in times(term, scaled)]
        total = [
            [x + y for x, y in zip(r, s, strict=True)] for r, s in zip(total, term, strict=True)
        ]
    for _ in range(squarings):
        total = times(total, total)
    return total


def decimal_amounts(
    rates: dict[str, float], steps_d: list[float], doses_mg: list[float], removed: float
) -> np.ndarray:
    """CSF, tissue, plasma at the start of each step, tissue at its middle and end: (5, step)."""
    rows = []
    with localcontext() as context:
        context.prec = 70
        a = [[Decimal(0)] for _ in range(4)]
        for h, dose in zip(steps_d, doses_mg, strict=True):
            row = [a[0][0], a[1][0], a[2][0]]
            if dose:
                a[0][0] = a[0][0] * (1 - Decimal(removed)) + Decimal(dose)
            half = decimal_expm(rates, Decimal(h) / 2)
            mid = times(half, a)
            a = times(half, mid)
            rows.append([*row, mid[1][0], a[1][0]])
        return np.array([[float(value) for value in row] for row in rows]).T


def stacked(amounts: Amounts) -> np.ndarray:
    """The same five rows from `superpose`."""
    return np.stack(
        [
            amounts.csf[:, 0],
            amounts.tissue[:, 0],
            amounts.plasma[:, 0],
            amounts.tissue_mid[:, 0],
            amounts.tissue_end[:, 0],
        ]
    )


def loading() -> tuple[list[float], list[float]]:
    """Four doses of 100 mg with steps from an hour to two weeks between them; one of zero."""
    edges = sorted({*LOADING_D, 1 / 24, 0.5, 3.0, 14.25, 21.0, 28.01, 40.0, 84.0})
    doses = [100.0 if edge in LOADING_D else 0.0 for edge in edges]
    return [*np.diff(edges), 0.0], doses


def relative_error(found: np.ndarray, right: np.ndarray) -> float:
    """Largest relative error; where the right value underflows, both must vanish."""
    floor = 1e-290
    assert (np.abs(found[right < floor]) < 10 * floor).all()
    seen = right >= floor
    return float(np.max(np.abs(found[seen] / right[seen] - 1), initial=0.0))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("removed", [0.0, 0.08, 1.0])
def test_amounts_agree_with_sixty_digit_arithmetic(case, removed):
    """1e-13 relative, of each amount by itself: measured 9e-15 at most.

    Rounding of an exponent rate · time costs its size in eps; the slowest rates of the cases
    reach 30 over 84 d. Amounts of a rate so fast that they vanish are compared as vanished.
    """
    steps, doses = loading()
    found = stacked(solve(CASES[case], steps, doses, removed))
    right = decimal_amounts(CASES[case], steps, doses, removed)
    assert relative_error(found, right) < 1e-13


@pytest.mark.parametrize("case", CASES)
def test_amounts_agree_with_the_matrix_exponential_of_scipy(case):
    """1e-11 of the doses given: SciPy's own error is relative to the norm of its matrix."""
    steps, doses = loading()
    found = solve(CASES[case], steps, doses, 0.08)
    k, a = np.array(matrix(CASES[case])), np.zeros(4)
    for n, (h, dose) in enumerate(zip(steps, doses, strict=True)):
        now = [found.csf[n, 0], found.tissue[n, 0], found.plasma[n, 0]]
        assert now == pytest.approx(a[:3], abs=1e-11 * sum(doses))
        if dose:
            a[0] = 0.92 * a[0] + dose
        a = expm(k * h) @ a


@pytest.mark.parametrize("h", [0.0, 1e-6, 0.1, 1.0, 30.0])
def test_equal_rates_give_the_gamma_closed_form(h):
    """CSF k → tissue k → gone: N(t) = k t e^{−k t}; CSF k → plasma k: the same."""
    k = 0.7
    tissue = {name: 0.0 for name in NAMES} | {"k12": k, "k20": k}
    plasma = {name: 0.0 for name in NAMES} | {"k10": k, "e10": k}
    right = 100 * k * h * math.exp(-k * h)
    assert solve(tissue, [h, 0], [100, 0]).tissue[1, 0] == pytest.approx(right, rel=1e-14)
    assert solve(plasma, [h, 0], [100, 0]).plasma[1, 0] == pytest.approx(right, rel=1e-14)


@pytest.mark.parametrize("gap", [1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 0.0])
def test_nothing_cancels_as_two_rates_come_together(gap):
    """Plasma after one bolus, where the textbook sum of exponentials loses 1e-10 / gap digits."""
    rates = dict.fromkeys(NAMES, 0.0) | {"k10": 1.0, "e10": 1 + gap}
    steps = [0.04, 0.96, 6.0, 0.0]
    found = stacked(solve(rates, steps, [100, 0, 0, 0]))
    right = decimal_amounts(rates, steps, [100, 0, 0, 0], 0.0)
    assert relative_error(found, right) < 1e-14


RATE = st.one_of(
    st.just(0.0),
    st.sampled_from([1e-3, 1.0, 24.0]),  # so that equal rates are common
    st.floats(-6, 3).map(lambda power: 10.0**power),
)
RATES = st.fixed_dictionaries({name: RATE for name in NAMES})
STEP = st.one_of(st.just(0.0), st.floats(-6, 2).map(lambda power: 10.0**power))
DOSE = st.one_of(st.just(0.0), st.floats(1e-3, 200))
PLAN = st.lists(st.tuples(STEP, DOSE), min_size=2, max_size=5)


@settings(max_examples=60)
@given(rates=RATES, plan=PLAN, removed=st.floats(0, 1))
def test_any_rates_and_steps_agree_with_sixty_digit_arithmetic(rates, plan, removed):
    """Each factor e^{−rate h} carries the rounding of rate · h: that, and 50 roundings more.

    Amounts below 1e-200 mg are left out: there the exponent alone has lost its digits.
    """
    steps, doses = [h for h, _ in plan], [dose for _, dose in plan]
    found = stacked(solve(rates, steps, doses, removed))
    right = decimal_amounts(rates, steps, doses, removed)
    fastest = max(
        rates["k10"] + rates["k12"] + rates["k21"] + rates["k20"],
        rates["e10"] + rates["e12"] + rates["e21"],
    )
    exponent = min(fastest * sum(steps), 500.0)
    seen = right > 1e-200
    error = np.max(np.abs(found[seen] / right[seen] - 1), initial=0.0)
    assert error <= (50 + 4 * exponent) * EPS
    assert (found[~seen] <= 1e-190).all()


@given(rates=RATES, plan=PLAN, removed=st.floats(0, 1))
def test_no_amount_is_ever_negative(rates, plan, removed):
    """Every term is positive, so no rounding can make a concentration negative."""
    found = stacked(solve(rates, [h for h, _ in plan], [dose for _, dose in plan], removed))
    assert np.isfinite(found).all() and (found >= 0).all()


@given(rates=RATES, plan=PLAN)
def test_doses_add(rates, plan):
    """With nothing removed the system is linear: all doses at once are each dose alone, summed."""
    steps, doses = [h for h, _ in plan], [dose for _, dose in plan]
    together = stacked(solve(rates, steps, doses))
    alone = sum(
        stacked(solve(rates, steps, [dose if i == n else 0.0 for i in range(len(doses))]))
        for n, dose in enumerate(doses)
    )
    assert together == pytest.approx(alone, rel=1e-13, abs=1e-250)


@given(rates=RATES, plan=PLAN, removed=st.floats(0, 1))
def test_twice_the_doses_give_exactly_twice_the_amounts(rates, plan, removed):
    """Also with CSF removed; doubling is exact in binary, so the results are equal to the bit."""
    steps, doses = [h for h, _ in plan], [dose for _, dose in plan]
    once = stacked(solve(rates, steps, doses, removed))
    twice = stacked(solve(rates, steps, [2 * dose for dose in doses], removed))
    usual = once > 1e-290  # below, numbers lose their last bits to underflow
    assert (twice[usual] == 2 * once[usual]).all()


@given(rates=RATES, plan=PLAN)
def test_without_any_loss_the_drug_stays(rates, plan):
    """No way to plasma and none lost in tissue: CSF and tissue hold the sum of the doses."""
    closed = rates | {"k10": 0.0, "k20": 0.0}
    steps, doses = [h for h, _ in plan], [dose for _, dose in plan]
    found = solve(closed, [*steps, 0.0], [*doses, 0.0])
    given_mg = np.concatenate([[0.0], np.cumsum(doses)])
    assert (found.csf + found.tissue)[:, 0] == pytest.approx(given_mg, rel=1e-12)


def quadrature(panels_d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre of 12 points a panel: edges and weights."""
    x, w = np.polynomial.legendre.leggauss(12)
    low, high = panels_d[:-1, None], panels_d[1:, None]
    points = np.hstack([low, (low + high) / 2 + (high - low) / 2 * x])
    weights = np.hstack([0 * low, (high - low) / 2 * w])
    edges = np.append(points.ravel(), panels_d[-1])
    return edges, np.append(weights.ravel(), 0.0)


def test_amounts_and_losses_sum_to_the_dose():
    """Without a periphery, C + N + P + ∫ (k20 N + e10 P) dt = 100 mg at the end of every panel.

    1e-12: 12 Gauss points integrate e^{−5 t} over a quarter of a day to rounding.
    """
    rates = TYPICAL | {"e12": 0.0, "k20": 0.3}
    edges, weights = quadrature(np.arange(0.0, 12.1, 0.25))
    found = solve(rates, [*np.diff(edges), 0.0], [100.0] + [0.0] * (len(edges) - 1))
    held = (found.csf + found.tissue + found.plasma)[:, 0]
    lost = np.cumsum(weights * (rates["k20"] * found.tissue + rates["e10"] * found.plasma)[:, 0])
    ends = np.flatnonzero(weights == 0)[1:]
    assert held[ends] + lost[ends] == pytest.approx(np.full(len(ends), 100.0), rel=1e-12)


def test_all_drug_that_reaches_plasma_is_cleared_in_the_end():
    """With a periphery, CL · AUC is that part of the dose: all of it if none is lost in tissue."""
    rates = TYPICAL | {"k20": 0.0, "k21": 0.5, "e21": 2.0}
    edges, weights = quadrature(np.concatenate([np.arange(0, 5, 0.25), np.arange(5, 101, 1.0)]))
    plasma = solve(rates, [*np.diff(edges), 0.0], [100.0] + [0.0] * (len(edges) - 1)).plasma[:, 0]
    assert rates["e10"] * weights @ plasma == pytest.approx(100.0, rel=1e-12)


def test_a_step_of_zero_changes_nothing():
    steps, doses = loading()
    found = stacked(solve(TYPICAL, steps, doses, 0.08))
    twice = stacked(
        solve(TYPICAL, [*steps[:3], 0.0, *steps[3:]], [*doses[:3], 0.0, *doses[3:]], 0.08)
    )
    assert (np.delete(twice, 3, axis=1) == found).all()


def test_one_long_step_is_many_short_ones():
    """The solution is a semigroup: 2e-12 is 1024 products, each with a few roundings."""
    many = solve(TYPICAL, [1 / 32] * 1024 + [0.0], [100.0] + [0.0] * 1024)
    one = solve(TYPICAL, [32.0, 0.0], [100.0, 0.0])
    for name in ("csf", "tissue", "plasma"):
        assert getattr(many, name)[-1] == pytest.approx(getattr(one, name)[-1], rel=2e-12)


def test_removing_all_csf_takes_the_drug_in_it_along():
    """The CSF is drawn before the dose: with all of it gone the second dose starts afresh."""
    found = solve(TYPICAL | {"k21": 0.0}, [1.0, 1.0, 0.0], [100.0, 100.0, 0.0], removed=1.0)
    assert found.csf[2, 0] == pytest.approx(found.csf[1, 0], rel=1e-14)


# ---- the pieces


def random_blocks(n: int) -> np.ndarray:
    return 10.0 ** np.random.default_rng(7).uniform(-3, 2, size=(4, n))


def test_modes_are_the_eigenvalues_of_the_block():
    """LAPACK's error is a few eps of the larger eigenvalue, so both are compared on its scale."""
    k10, k12, k21, k20 = random_blocks(300)
    found = modes(k10, k12, k21, k20)
    for i in range(300):
        block = [[-k10[i] - k12[i], k21[i]], [k12[i], -k21[i] - k20[i]]]
        slow, fast = np.sort(-np.linalg.eigvals(block).real)
        assert found.fast[i] == pytest.approx(fast, rel=1e-13)
        assert found.slow[i] == pytest.approx(slow, abs=1e-13 * fast)


def test_modes_keep_the_exact_trace_and_determinant_of_the_block():
    """In rationals: fast + slow = trace, fast · slow = determinant, each to 8 roundings."""
    k10, k12, k21, k20 = random_blocks(300)
    found = modes(k10, k12, k21, k20)
    for i in range(300):
        a, b, c, d = (Fraction(float(k[i])) for k in (k10, k12, k21, k20))
        fast, slow = Fraction(float(found.fast[i])), Fraction(float(found.slow[i]))
        assert abs((fast + slow) / (a + b + c + d) - 1) < 8 * EPS
        assert abs(fast * slow / (a * (c + d) + b * d) - 1) < 8 * EPS


@given(rates=st.tuples(RATE, RATE, RATE, RATE))
def test_mode_weights_are_shares(rates):
    """x(0) = a1 + a2 = 1 and neither is negative, repeated eigenvalues included."""
    found = modes(*(np.array([rate]) for rate in rates))
    assert found.a1 >= 0 and found.a2 >= 0 and found.fast >= found.slow >= 0
    assert found.a1 + found.a2 == pytest.approx(1.0, abs=4 * EPS)


@given(first=st.floats(0, 100), second=st.floats(0, 100), h=st.floats(0, 5))
def test_the_divided_difference_does_not_care_which_rate_comes_first(first, second, h):
    one, other = np.array([first]), np.array([second])
    assert divided_difference(one, other, h) == divided_difference(other, one, h)


def test_the_divided_difference_has_its_limits():
    """h e^{−l h} for equal rates, (1 − e^{−l h})/l against rate 0, h for two zeros, 0 for h = 0."""
    rate, zero = np.array([0.3]), np.array([0.0])
    assert divided_difference(rate, rate, 5.0)[0] == pytest.approx(5 * math.exp(-1.5), rel=4 * EPS)
    assert divided_difference(rate, zero, 5.0)[0] == pytest.approx(
        -math.expm1(-1.5) / 0.3, rel=4 * EPS
    )
    assert divided_difference(zero, zero, 5.0)[0] == 5.0
    assert divided_difference(rate, zero, 0.0)[0] == 0.0
    assert divided_difference(np.array([1e4]), rate, 5.0)[0] == pytest.approx(
        math.exp(-1.5) / (1e4 - 0.3), rel=8 * EPS
    )


def test_phi_1_is_one_at_zero_and_falls_from_there():
    y = np.array([0.0, 1e-300, 1e-16, 1e-3, 1.0, 30.0, 1e300])
    found = phi_1(y)
    assert found[:3] == pytest.approx([1.0, 1.0, 1.0], abs=EPS)
    assert found[4] == pytest.approx(1 - math.exp(-1), rel=2 * EPS)
    assert (np.diff(found) <= 0).all() and found[-1] == pytest.approx(1e-300)
