"""`simulate` hands questions to the solver; `simulate_many` asks them of any number of people."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from thecal.errors import ModelError
from thecal.model.events import Dosing
from thecal.model.modelfile import load_population
from thecal.model.population import Population
from thecal.model.simulate import Cohort, simulate, simulate_many
from thecal.model.variability import Stepwise

DOSING = Dosing(times_d=np.array([0.0, 14.0]), amounts_mg=np.array([100.0, 100.0]))
TIMES_D = np.array([0.0, 7.0, 14.0, 21.0])


@pytest.fixture(scope="module")
def tofersen() -> Population:
    return load_population("tofersen")


# ---- a few people


def test_without_people_the_typical_patient_is_simulated(tofersen):
    alone = simulate(tofersen, DOSING, TIMES_D)
    named = simulate(tofersen, DOSING, TIMES_D, people=tofersen.typical())
    assert alone.values.shape == (1, 4, len(tofersen.model.outputs))
    assert (alone.values == named.values).all()


def test_a_profile_gives_each_output_by_its_name(tofersen):
    profile = simulate(tofersen, DOSING, TIMES_D, people=tofersen.draw(3, 1))
    for i, output in enumerate(profile.outputs):
        assert (profile.of(output.name) == profile.values[:, :, i]).all()


def test_times_may_be_a_list(tofersen):
    as_list = simulate(tofersen, DOSING, TIMES_D.tolist())
    assert (as_list.values == simulate(tofersen, DOSING, TIMES_D).values).all()
    assert (as_list.times_d == TIMES_D).all()


def test_outputs_come_in_the_order_asked_for(tofersen):
    asked = ("nfl", "csf")
    profile = simulate(tofersen, DOSING, TIMES_D, outputs=asked)
    everything = simulate(tofersen, DOSING, TIMES_D)
    assert tuple(output.name for output in profile.outputs) == asked
    for name in asked:
        assert profile.of(name) == pytest.approx(everything.of(name), rel=1e-13)


def test_an_unknown_output_is_refused_with_the_known_ones(tofersen):
    profile = simulate(tofersen, DOSING, TIMES_D)
    with pytest.raises(ModelError, match="no output 'svd'; there are csf, plasma"):
        profile.of("svd")
    with pytest.raises(ModelError, match=r"no output 'alsfrs'.*alsfrs_r"):
        simulate(tofersen, DOSING, TIMES_D, outputs=("alsfrs",))


@pytest.mark.parametrize(
    ("times_d", "why"),
    [
        ([], "empty"),
        ([0.0, np.nan], "not finite"),
        ([0.0, np.inf], "not finite"),
        ([-1.0, 0.0], "from day 0 on"),
        ([7.0, 0.0], "not increasing"),
    ],
)
def test_times_that_have_no_order_are_refused(tofersen, times_d, why):
    with pytest.raises(ModelError, match=why):
        simulate(tofersen, DOSING, np.array(times_d))


def test_a_time_asked_for_twice_is_answered_twice(tofersen):
    """Two samples on one day, as a record may have them."""
    found = simulate(tofersen, DOSING, np.array([0.0, 7.0, 7.0, 21.0])).values[0]
    once = simulate(tofersen, DOSING, np.array([0.0, 7.0, 21.0])).values[0]
    assert (found[1] == found[2]).all()
    assert (found[[0, 1, 3]] == once).all()


def test_people_without_a_parameter_are_refused_by_its_name(tofersen):
    people = tofersen.draw(3, 1)
    del people["IC50"], people["slope"]
    with pytest.raises(ModelError, match="needs a value for IC50, slope"):
        simulate(tofersen, DOSING, TIMES_D, people=people)


def test_people_of_different_numbers_are_refused(tofersen):
    people = tofersen.draw(3, 1) | {"IC50": np.ones(2)}
    with pytest.raises(ModelError, match="IC50 has 2"):
        simulate(tofersen, DOSING, TIMES_D, people=people)


def test_an_accuracy_that_does_not_exist_is_refused(tofersen):
    with pytest.raises(ModelError, match="there are default, high"):
        simulate(tofersen, DOSING, TIMES_D, accuracy="perfect")


def test_a_single_time_may_be_asked_for(tofersen):
    """Day 0 alone: nothing has been given yet."""
    profile = simulate(tofersen, DOSING, np.array([0.0]))
    assert profile.of("csf")[0, 0] == 0 and profile.of("nfl")[0, 0] == 1


def test_the_same_question_has_the_same_answer(tofersen):
    first, second = (
        simulate(tofersen, DOSING, TIMES_D, people=tofersen.draw(20, 9)).values for _ in range(2)
    )
    assert (first == second).all()


def test_each_person_may_be_read_at_times_of_their_own(tofersen):
    """Two people in one question are what they are in two."""
    people = tofersen.draw(2, 4)
    rows_d = np.array([[0.0, 3.5, 14.0], [1.0, 14.0, 30.0]])
    together = simulate(tofersen, DOSING, rows_d, people=people).values
    for i, times_d in enumerate(rows_d):
        one = {name: v[[i]] for name, v in people.items()}
        alone = simulate(tofersen, DOSING, times_d, people=one).values[0]
        # Other steps, so another error: both are within 5e-5 of the largest value.
        assert together[i] == pytest.approx(alone, rel=1e-4, abs=1e-12)


def test_a_parameter_may_change_in_time(tofersen):
    """A slope of 1 point a month for a month, then of 0: ALSFRS-R reads the slope of its day."""
    slope = Stepwise(np.array([0.0, 20.0]), np.array([[1.0], [0]]))
    people = tofersen.typical() | {"slope": slope, "alsfrs_r_baseline": np.array([36.9])}
    found = simulate(tofersen, Dosing.none(), np.array([10.0, 30.0]), people=people)
    assert found.of("alsfrs_r")[0] == pytest.approx([36.9 - 10 / 30.4375, 36.9])


def test_shapes_are_checked_while_tests_run(tofersen):
    """The import hook of conftest.py is at work: times that are whole numbers fail at the door."""
    with pytest.raises(Exception, match="times_d"):
        simulate(tofersen, DOSING, np.zeros(2, dtype=int))


# ---- many people


@dataclass
class Kept:
    """A reducer that keeps everything, and in which order it came."""

    values: list[np.ndarray] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)

    def update(self, values: np.ndarray, first: int) -> None:
        self.values.append(values.copy())
        self.firsts.append(first)

    def merge(self, other: Kept) -> None:
        self.values += other.values

    def result(self) -> np.ndarray:
        return np.concatenate(self.values)


def many(tofersen: Population, n: int = 50, **more: object) -> Cohort:
    given = {"seed": 9, "reducers": {"all": Kept()}, "outputs": ("csf", "nfl"), "backend": "numpy"}
    return simulate_many(tofersen, more.pop("dosing", DOSING), TIMES_D, n, **(given | more))


def test_many_people_are_the_people_of_a_draw(tofersen):
    """Two ways to the same numbers: in chunks, and drawn and simulated at once."""
    found = many(tofersen, chunk=16, threads=1)
    people = tofersen.draw(50, 9)
    whole = simulate(tofersen, DOSING, TIMES_D, people=people, outputs=("csf", "nfl")).values
    assert found.results["all"] == pytest.approx(whole, rel=1e-13)
    assert (found.asked, found.done, found.is_complete) == (50, 50, True)
    assert [output.name for output in found.outputs] == ["csf", "nfl"]
    assert found.solved == "cascade on exact kinetics, NumPy float64"


@pytest.mark.parametrize(("chunk", "threads"), [(1, 1), (7, 1), (7, 3), (64, 2)])
def test_neither_chunks_nor_threads_change_a_person(tofersen, chunk, threads):
    """To rounding: vectorised exponentials differ in the last bit with the length of the array."""
    whole, parts = many(tofersen), many(tofersen, chunk=chunk, threads=threads)
    assert parts.results["all"] == pytest.approx(whole.results["all"], rel=1e-13)


def test_threads_change_nothing_at_all(tofersen):
    one, three = (many(tofersen, chunk=7, threads=n).results["all"] for n in (1, 3))
    assert (one == three).all()


def test_more_people_leave_the_first_ones_as_they_are(tofersen):
    few, more = many(tofersen, 20, chunk=10), many(tofersen, 40, chunk=10)
    assert (more.results["all"][:20] == few.results["all"]).all()


def test_chunks_come_to_a_reducer_in_order(tofersen):
    kept, seen = Kept(), []
    many(tofersen, chunk=7, threads=3, reducers={"all": kept}, progress=seen.append)
    assert kept.firsts == list(range(0, 50, 7))
    assert seen == [*range(7, 50, 7), 50]


def test_every_person_may_have_a_schedule_of_their_own(tofersen):
    """Person i comes i/10 days late to the second dose; each is what they are alone."""

    def late(first: int, n: int) -> Dosing:
        late_d = np.arange(first, first + n) / 10
        times_d = np.stack([np.zeros(n), 7.0 + late_d], axis=1)
        return Dosing(times_d=times_d, amounts_mg=np.full((n, 2), 100.0))

    found = many(tofersen, 20, dosing=late, chunk=8).results["all"]
    people = tofersen.draw(20, 9)
    for i in (0, 9, 19):
        one = {name: v[[i]] for name, v in people.items()}
        own = Dosing.bolus([0.0, 7.0 + i / 10], 100.0)
        alone = simulate(tofersen, own, TIMES_D, people=one, outputs=("csf", "nfl")).values[0]
        # Concentrations are exact; the effect is within 5e-5 on either grid.
        assert found[i, :, 0] == pytest.approx(alone[:, 0], rel=1e-10)
        assert found[i, :, 1] == pytest.approx(alone[:, 1], abs=1e-4)


def test_an_interruption_leaves_what_was_done(tofersen):
    """Ctrl-C during the third chunk: two are whole, and the cohort says that it is not."""
    kept, calls = Kept(), itertools.count(1)

    def stop(done: int) -> None:
        if next(calls) == 2:
            raise KeyboardInterrupt

    found = many(tofersen, chunk=10, threads=1, reducers={"all": kept}, progress=stop)
    assert (found.asked, found.done, found.is_complete) == (50, 20, False)
    assert found.results["all"].shape == (20, 4, 2)


def test_an_interruption_before_anybody_is_done_is_passed_on(tofersen):
    def stop(first: int, n: int) -> Dosing:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        many(tofersen, dosing=stop)


@pytest.mark.parametrize(
    ("n", "seed", "why"),
    [(0, 1, "0 subjects asked for"), (-3, 1, "-3 subjects"), (5, -1, "seed -1 is negative")],
)
def test_nobody_or_a_seed_that_cannot_be_is_refused(tofersen, n, seed, why):
    with pytest.raises(ModelError, match=why):
        many(tofersen, n, seed=seed)


def test_an_uncertainty_that_no_file_states_is_refused(tofersen):
    certain = replace(tofersen, uncertainty=None)
    with pytest.raises(ModelError, match="states no uncertainty"):
        many(certain, uncertain=True)


def test_uncertain_people_are_those_of_an_uncertain_draw_and_other_than_certain_ones(tofersen):
    """In chunks as drawn at once; to rounding, and from one posterior draw a person."""
    found = many(tofersen, chunk=16, uncertain=True).results["all"]
    people = tofersen.draw(50, 9, uncertain=True)
    whole = simulate(tofersen, DOSING, TIMES_D, people=people, outputs=("csf", "nfl")).values
    assert found == pytest.approx(whole, rel=1e-13)
    assert (found[:, -1, 1] != many(tofersen).results["all"][:, -1, 1]).all()


def test_a_person_with_no_finite_number_is_named_by_their_chunk(tofersen):
    """A dose so large that its concentration, moments later, overflows."""
    absurd = Dosing.bolus([6.9999], 1.7e308)
    with pytest.raises(ModelError, match="no finite number for some of the subjects 1 to 10"):
        many(tofersen, dosing=absurd, chunk=10)
