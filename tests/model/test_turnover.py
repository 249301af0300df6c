"""Turnover against closed forms, in floating point and in 120 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.model.turnover import Nodes, accumulate, inhibition, phis, turnover

EPS = 2.0**-52


def nodes(function: Callable[[np.ndarray], np.ndarray], edges_d: np.ndarray) -> Nodes:
    """A function of time at the start, middle and end of each step, for one subject."""
    start, end = edges_d[:-1, None], edges_d[1:, None]
    return Nodes(function(start), function((start + end) / 2), function(end))


def follow(
    function: Callable[[np.ndarray], np.ndarray], rate: float, edges_d: np.ndarray, start: float
) -> Nodes:
    """`turnover` for one subject and a drive that is a function of time."""
    drive = nodes(function, edges_d)
    return turnover(np.array([rate]), drive, np.diff(edges_d), np.array([start]))


# ---- φ


def exact_phis(y: float) -> tuple[float, float, float]:
    """The definition, in so many digits that its cancellation (y³ of them) does no harm."""
    with localcontext() as context:
        context.prec = 120
        d = Decimal(y)
        one = (1 - (-d).exp()) / d
        two = (1 - one) / d
        three = (Decimal("0.5") - two) / d
        return float(one), float(two), float(three)


AROUND_ONE = [1.0, np.nextafter(1.0, 0), np.nextafter(1.0, 2), 0.999, 1.001]


@pytest.mark.parametrize("y", [*10.0 ** np.arange(-20, 4), *AROUND_ONE, 0.3, 0.7, 2.0, 5.0])
def test_phis_agree_with_120_digit_arithmetic(y):
    """3e-14: the series of φ₃ ends at y¹⁴/17! = 3e-15 of a φ₃ of 0.13, at y just below 1."""
    found = [float(phi[0]) for phi in phis(np.array([float(y)]))]
    assert found == pytest.approx(exact_phis(float(y)), rel=3e-14)


def test_phis_at_zero_are_their_limits():
    """1, 1/2!, 1/3!."""
    found = [float(phi[0]) for phi in phis(np.zeros(1))]
    assert found == [1.0, 0.5, 1 / 6]


def test_phis_do_not_jump_where_series_and_definition_meet():
    below, above = phis(np.array([np.nextafter(1.0, 0)])), phis(np.array([1.0]))
    for low, high in zip(below, above, strict=True):
        assert low == pytest.approx(high, rel=3e-14)


# ---- y' = k (g − y)

EDGES = np.array([0.0, 0.01, 0.5, 0.5, 3.0, 20.0])  # one step is zero
RATES = [1e-6, 1e-3, 0.7, 40.0, 1e4, 1e9]


@pytest.mark.parametrize("rate", RATES)
def test_a_constant_input_is_approached_exponentially(rate):
    """y(t) = c + (y0 − c) e^{−k t}, at the middle and the end of every step."""
    found = follow(lambda t: np.full_like(t, 0.25), rate, EDGES, 1.0)
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    for have, t in ((found.start, EDGES[:-1]), (found.mid, middle), (found.end, EDGES[1:])):
        assert have[:, 0] == pytest.approx(0.25 + 0.75 * np.exp(-rate * t), rel=1e-13)


@pytest.mark.parametrize("rate", [0.1, 0.7, 40.0, 1e4, 1e9])
def test_a_ramp_is_followed_exactly(rate):
    """g = t: y(t) = t − 1/k + (y0 + 1/k) e^{−k t}; steps of any length, so no step is too long."""
    found = follow(lambda t: t, rate, EDGES, 2.0)
    right = EDGES[1:] - 1 / rate + (2 + 1 / rate) * np.exp(-rate * EDGES[1:])
    assert found.end[:, 0] == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize("rate", [0.1, 0.7, 40.0, 1e4])
def test_a_parabola_is_followed_exactly(rate):
    """g = t²: y(t) = t² − 2 t/k + 2/k² + (y0 − 2/k²) e^{−k t}, also at the middle of a step."""
    found = follow(np.square, rate, EDGES, 2.0)
    for have, t in ((found.end, EDGES[1:]), (found.mid, (EDGES[1:] + EDGES[:-1]) / 2)):
        right = t**2 - 2 * t / rate + 2 / rate**2 + (2 - 2 / rate**2) * np.exp(-rate * t)
        assert have[:, 0] == pytest.approx(right, rel=1e-11, abs=1e-11)


def error_of(rate: float, n: int) -> float:
    """Largest error over n equal steps for g = e^{−t} and y0 = 1.

    y(t) = k (e^{−t} − e^{−k t}) / (k − 1) + e^{−k t}
    """
    edges = np.linspace(0.0, 4.0, n + 1)
    found = follow(lambda t: np.exp(-t), rate, edges, 1.0)
    errors = []
    for have, t in ((found.end, edges[1:]), (found.mid, (edges[1:] + edges[:-1]) / 2)):
        right = rate * (np.exp(-t) - np.exp(-rate * t)) / (rate - 1) + np.exp(-rate * t)
        errors.append(np.abs(have[:, 0] - right).max())
    return float(max(errors))


@pytest.mark.parametrize("rate", [0.3, 3.0])
def test_half_the_step_leaves_a_sixteenth_of_the_error(rate):
    """Order 4 at ends and middles: 16 ± 2 per halving, from 32 steps (asymptotic) to 256."""
    errors = [error_of(rate, n) for n in (32, 64, 128, 256)]
    for coarse, fine in pairwise(errors):
        assert 14 < coarse / fine < 18


@pytest.mark.parametrize("rate", [1e3, 1e6, 1e12])
def test_a_very_fast_turnover_sits_on_its_input(rate):
    """Stiff: y = g − g'/k + O(1/k²), bounded for any k h; 1e12 · 1 d is no trouble."""
    edges = np.linspace(0.0, 5.0, 6)
    found = follow(np.cos, rate, edges, 1.0)
    assert np.abs(found.end[:, 0] - np.cos(edges[1:])).max() < 2 / rate + 1e-12


@given(
    rate=st.floats(1e-6, 1e6),
    levels=st.lists(st.floats(0, 1), min_size=2, max_size=6),
    step=st.floats(1e-3, 30),
    start=st.floats(0, 1),
)
def test_a_level_between_constant_inputs_never_leaves_their_range(rate, levels, step, start):
    """For an input constant over each step the update is a weighted mean: it cannot overshoot."""
    grid = np.array(levels)[:, None]
    found = turnover(
        np.array([rate]), Nodes(grid, grid, grid), np.full(len(levels), step), np.array([start])
    )
    low, high = min([start, *levels]), max([start, *levels])
    for have in (found.start, found.mid, found.end):
        assert (have >= low - 1e-13).all() and (have <= high + 1e-13).all()


def test_a_turnover_of_rate_zero_keeps_its_start():
    found = follow(np.cos, 0.0, EDGES, 0.4)
    assert (found.end == 0.4).all()


def test_subjects_do_not_mix():
    """Two rates in one call give, to the bit, what each gives alone."""
    drive = nodes(np.cos, EDGES)
    both = Nodes(*(np.repeat(g, 2, axis=1) for g in (drive.start, drive.mid, drive.end)))
    found = turnover(np.array([0.2, 5.0]), both, np.diff(EDGES), np.array([1.0, 0.0]))
    for i, (rate, start) in enumerate([(0.2, 1.0), (5.0, 0.0)]):
        assert (found.end[:, i] == follow(np.cos, rate, EDGES, start).end[:, 0]).all()


# ---- ∫


def test_the_integral_of_a_cubic_is_exact_over_a_step():
    """Simpson's rule: ∫ t³ − 2 t² + 5 = t⁴/4 − 2 t³/3 + 5 t, over uneven steps."""
    found = accumulate(nodes(lambda t: t**3 - 2 * t**2 + 5, EDGES), np.diff(EDGES))
    t = EDGES[1:]
    assert found.end[:, 0] == pytest.approx(t**4 / 4 - 2 * t**3 / 3 + 5 * t, rel=1e-14)
    assert found.start[:, 0] == pytest.approx(np.concatenate([[0.0], found.end[:-1, 0]]))


def test_the_integral_of_a_parabola_is_exact_to_the_middle_of_a_step():
    found = accumulate(nodes(lambda t: 3 * t**2 + 1, EDGES), np.diff(EDGES))
    t = (EDGES[1:] + EDGES[:-1]) / 2
    assert found.mid[:, 0] == pytest.approx(t**3 + t, rel=1e-14)


def test_the_integral_has_order_four():
    """∫ cos = sin: sixteen times less error for half the step, at ends and middles together."""
    errors = []
    for n in (8, 16, 32):
        edges = np.linspace(0, 3, n + 1)
        found = accumulate(nodes(np.cos, edges), np.diff(edges))
        middle = (edges[1:] + edges[:-1]) / 2
        errors.append(
            max(
                np.abs(found.end[:, 0] - np.sin(edges[1:])).max(),
                np.abs(found.mid[:, 0] - np.sin(middle)).max(),
            )
        )
    assert 14 < errors[0] / errors[1] < 18 and 14 < errors[1] / errors[2] < 18


# ---- inhibition


def inhibited(c: float, Imax: float = 0.85, IC50: float = 2.63, hill: float = 1.5) -> float:
    return float(inhibition(*(np.array([x]) for x in (c, Imax, IC50, hill)))[0])


@pytest.mark.parametrize("hill", [0.05, 0.5, 1.0, 1.5, 4.0, 40.0])
def test_inhibition_is_half_its_most_at_ic50(hill):
    assert inhibited(2.63, hill=hill) == pytest.approx(0.425, rel=4 * EPS)


@pytest.mark.parametrize("hill", [0.05, 0.5, 1.0, 1.5, 4.0, 40.0])
def test_nothing_is_inhibited_without_drug(hill):
    """Exactly 0, for a shallow curve too, where C = 1e-12 would still count."""
    assert inhibited(0.0, hill=hill) == 0.0


def test_inhibition_is_imax_at_any_excess_and_never_more():
    """No power overflows: Cʰ of 1e300 and h = 40 would."""
    for c in (1e6, 1e100, 1e300):
        assert inhibited(c, hill=40.0) == 0.85
        assert inhibited(c) <= 0.85


@given(c=st.floats(1e-9, 1e6), IC50=st.floats(1e-3, 1e3), hill=st.floats(0.3, 4))
def test_inhibition_is_the_power_formula(c, IC50, hill):
    """Imax Cʰ/(IC50ʰ + Cʰ) as printed; where it is above e⁻⁶⁰, the floor of the logistic."""
    right = 0.85 * c**hill / (IC50**hill + c**hill)
    assert inhibited(c, IC50=IC50, hill=hill) == pytest.approx(right, rel=1e-12, abs=math.exp(-60))


@given(c=st.floats(0, 1e3), more=st.floats(0, 1e3))
def test_more_drug_never_inhibits_less(c, more):
    assert inhibited(c + more) >= inhibited(c) - EPS
