"""Neurofilament and function against closed forms: untreated, knocked down, and between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.model.disease import alsfrs_r, damage, nfl_ratio
from thecal.model.turnover import Nodes
from thecal.units import MONTH_D

EDGES_D = np.arange(0.0, 2000.0, 2.0)  # 16 mean delays: e^{−kt} is gone
STEPS_D = np.diff(EDGES_D)
TIMES_D = EDGES_D[:-1]


def constant(level: float) -> Nodes:
    """A toxic load that never changes, for one subject."""
    grid = np.full((len(STEPS_D), 1), level)
    return Nodes(grid, grid, grid)


def nfl(load: Nodes, floor: float = 0.1, growth_per_d: float = 0.0) -> np.ndarray:
    _, burden_d = damage(load, np.array([125.0]), STEPS_D)
    return nfl_ratio(
        load,
        burden_d,
        delay_d=np.array([16.3]),
        half_life_d=np.array([12.0]),
        floor=np.array([floor]),
        growth_per_d=np.array([growth_per_d]),
        steps_d=STEPS_D,
    ).start[:, 0]


def test_untreated_damage_is_one_and_its_integral_is_time():
    stage, burden_d = damage(constant(1.0), np.array([125.0]), STEPS_D)
    assert stage.end == pytest.approx(np.ones((len(STEPS_D), 1)), abs=1e-12)
    assert burden_d.start[:, 0] == pytest.approx(TIMES_D, rel=1e-12)


def test_untreated_nfl_without_growth_stays_at_baseline():
    assert nfl(constant(1.0)) == pytest.approx(np.ones(len(STEPS_D)), abs=1e-12)


@pytest.mark.parametrize("growth_per_d", [-3e-3, 5.78e-4, 3e-3])
def test_untreated_nfl_with_growth_follows_its_closed_form(growth_per_d):
    """N = floor + (1 − floor) (k e^{gt} + g e^{−kt}) / (k + g): 1e-7 on steps of 2 d, order 4."""
    k, g = np.log(2) / 12, growth_per_d
    grown = (k * np.exp(g * TIMES_D) + g * np.exp(-k * TIMES_D)) / (k + g)
    assert nfl(constant(1.0), growth_per_d=g) == pytest.approx(0.1 + 0.9 * grown, rel=1e-7)


def test_damage_after_complete_knock_down_dies_away_as_an_erlang_tail():
    """Load 0 from day 0: D3 = e^{−kt} (1 + kt + (kt)²/2), k = 3/125 per d; 1e-6 on steps of 2 d."""
    stage, burden_d = damage(constant(0.0), np.array([125.0]), STEPS_D)
    x = 3 / 125 * TIMES_D
    assert stage.start[:, 0] == pytest.approx(np.exp(-x) * (1 + x + x**2 / 2), abs=1e-6)
    right = 125 - np.exp(-x) * (125 + 250 / 3 * x + 125 / 6 * x**2)
    assert burden_d.start[:, 0] == pytest.approx(right, abs=1e-5 * 125)


def test_after_complete_knock_down_only_the_mean_delay_is_still_lost():
    """∫ D3 = mean delay: a decline of 1 point a month stops after 125/30.4375 = 4.1 points."""
    _, burden_d = damage(constant(0.0), np.array([125.0]), STEPS_D)
    assert burden_d.end[-1, 0] == pytest.approx(125.0, rel=1e-6)
    left = alsfrs_r(np.array([40.0]), np.array([1.0]), burden_d.end[-1])
    assert left[0] == pytest.approx(40 - 125 / MONTH_D, abs=1e-4)


def test_nfl_after_complete_knock_down_falls_to_normal_and_not_below():
    found = nfl(constant(0.0), floor=0.25, growth_per_d=5.78e-4)
    assert found[-1] == pytest.approx(0.25, abs=1e-12)
    assert (np.diff(found) <= 1e-15).all()


def test_half_the_load_halves_the_excess_of_nfl_and_the_slope():
    """At steady state both are proportional to the load above nothing."""
    assert nfl(constant(0.5), floor=0.2)[-1] == pytest.approx(0.2 + 0.8 / 2, rel=1e-9)
    _, burden_d = damage(constant(0.5), np.array([125.0]), STEPS_D)
    assert burden_d.end[-1, 0] - burden_d.start[-1, 0] == pytest.approx(STEPS_D[-1] / 2, rel=1e-9)


def test_at_the_normal_level_there_is_nothing_to_lower():
    """A baseline at normal (floor 1): NfL does not move, whatever the drug does."""
    assert nfl(constant(0.0), floor=1.0) == pytest.approx(np.ones(len(STEPS_D)), abs=1e-12)


def test_alsfrs_r_loses_exactly_the_slope_each_untreated_month():
    months = np.arange(13.0)
    found = alsfrs_r(np.array([40.0]), np.array([1.5]), months * MONTH_D)
    assert found == pytest.approx(40 - 1.5 * months, rel=1e-14)


@given(baseline=st.floats(-10, 60), slope=st.floats(-5, 20), burden_d=st.floats(0, 10_000))
def test_alsfrs_r_never_leaves_its_scale(baseline, slope, burden_d):
    found = alsfrs_r(np.array([baseline]), np.array([slope]), np.array([burden_d]))[0]
    right = baseline - slope * burden_d / MONTH_D
    assert found == (0 if right < 0 else 48 if right > 48 else pytest.approx(right))


@settings(max_examples=15)  # two thousand-step solutions each
@given(low=st.floats(0, 1), more=st.floats(0, 1))
def test_a_larger_load_never_means_less_nfl_or_damage(low, more):
    small, large = constant(low * (1 - more)), constant(low)
    assert (nfl(small) <= nfl(large) + 1e-12).all()
    burdens = [damage(load, np.array([125.0]), STEPS_D)[1].end for load in (small, large)]
    assert (burdens[0] <= burdens[1] + 1e-9).all()
