"""`simulate` hands questions to the solver and refuses those that have no answer."""

from __future__ import annotations

import numpy as np
import pytest

from thecal.errors import ModelError
from thecal.model.population import Population, load_population
from thecal.model.simulate import simulate
from thecal.model.structure import Dosing

DOSING = Dosing(times_d=np.array([0.0, 14.0]), amounts_mg=np.array([100.0, 100.0]))
TIMES_D = np.array([0.0, 7.0, 14.0, 21.0])


@pytest.fixture(scope="module")
def tofersen() -> Population:
    return load_population("tofersen")


def test_without_people_the_typical_patient_is_simulated(tofersen):
    alone = simulate(tofersen, DOSING, TIMES_D)
    named = simulate(tofersen, DOSING, TIMES_D, people=tofersen.typical())
    assert alone.values.shape == (1, 4, 7)
    assert (alone.values == named.values).all()


def test_a_profile_gives_each_output_by_its_name(tofersen):
    profile = simulate(tofersen, DOSING, TIMES_D, people=tofersen.draw(3, 1))
    for i, output in enumerate(profile.outputs):
        assert (profile.of(output.name) == profile.values[:, :, i]).all()


def test_an_unknown_output_is_refused_with_the_known_ones(tofersen):
    profile = simulate(tofersen, DOSING, TIMES_D)
    with pytest.raises(ModelError, match="no output 'svc'; there are csf, plasma"):
        profile.of("svc")


@pytest.mark.parametrize(
    ("times_d", "why"),
    [
        ([], "empty"),
        ([0.0, np.nan], "not finite"),
        ([0.0, np.inf], "not finite"),
        ([-1.0, 0.0], "from day 0 on"),
        ([0.0, 7.0, 7.0], "not increasing"),
        ([7.0, 0.0], "not increasing"),
    ],
)
def test_times_that_have_no_order_are_refused(tofersen, times_d, why):
    with pytest.raises(ModelError, match=why):
        simulate(tofersen, DOSING, np.array(times_d))


def test_people_without_a_parameter_are_refused_by_its_name(tofersen):
    people = tofersen.draw(3, 1)
    del people["IC50"], people["slope"]
    with pytest.raises(ModelError, match="needs a value for IC50, slope"):
        simulate(tofersen, DOSING, TIMES_D, people=people)


def test_a_single_time_may_be_asked_for(tofersen):
    """Day 0 alone: nothing has been given yet."""
    profile = simulate(tofersen, DOSING, np.array([0.0]))
    assert profile.of("csf")[0, 0] == 0 and profile.of("nfl")[0, 0] == 1


def test_the_same_question_has_the_same_answer(tofersen):
    first, second = (
        simulate(tofersen, DOSING, TIMES_D, people=tofersen.draw(20, 9)).values for _ in range(2)
    )
    assert (first == second).all()


def test_shapes_are_checked_while_tests_run(tofersen):
    """The import hook of conftest.py is at work: times of two dimensions fail at the door."""
    with pytest.raises(Exception, match="times_d"):
        simulate(tofersen, DOSING, np.zeros((2, 2)))
