"""Course: facts in order of time, and days that become dates."""

from __future__ import annotations

import datetime as dt
from dataclasses import FrozenInstanceError
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.course import Course, Dose, Event, Observation
from thecal.errors import CourseError


def course(*doses: Dose, **changes) -> Course:
    return Course(**{"patient_id": "p", "start": None, "doses": doses, **changes})


def dose(day: int, amount_mg: float = 100) -> Dose:
    return Dose(time_d=day, amount_mg=amount_mg)


@pytest.mark.parametrize("amount_mg", [0, -100, float("nan")])
def test_a_dose_that_is_not_above_zero_is_refused(amount_mg):
    with pytest.raises(CourseError, match="above 0 mg"):
        dose(0, amount_mg)


def test_facts_out_of_order_are_refused():
    with pytest.raises(CourseError, match="order of time"):
        course(dose(14), dose(0))
    with pytest.raises(CourseError, match="order of time"):
        course(events=(Event(time_d=2, name="a"), Event(time_d=1, name="b")))


def test_two_doses_on_one_day_are_refused():
    with pytest.raises(CourseError, match="one day"):
        course(dose(0), dose(0, 50))


def test_a_first_dose_that_is_not_on_day_0_is_refused():
    with pytest.raises(CourseError, match="day 0 is the first dose"):
        course(dose(1))


def test_facts_of_one_time_have_no_order_of_their_own():
    facts = [
        Observation(time_d=0, kind=kind, value=value, unit="u", method=method)
        for kind, value, method in [("a", 2, ""), ("a", 1, "z"), ("a", 1, "y"), ("b", 0, "")]
    ]
    courses = {course(dose(0), observations=order) for order in permutations(facts)}
    assert len(courses) == 1


def test_a_course_without_a_start_has_no_dates():
    assert course(dose(0)).date(3) is None
    assert course(dose(0)).day(dt.date(2026, 1, 1)) is None


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)), st.integers(-10_000, 10_000))
def test_a_day_becomes_its_date_and_a_date_its_day(start, day):
    dated = course(start=start)
    assert dated.day(dated.date(day)) == day


@pytest.mark.parametrize(("time_d", "date"), [(0.9, 1), (1.0, 2), (-0.1, 31)])
def test_a_part_of_a_day_belongs_to_the_day_it_began_on(time_d, date):
    assert course(start=dt.date(2026, 1, 1)).date(time_d).day == date


def test_observed_gives_one_kind_only():
    values = tuple(
        Observation(time_d=d, kind=k, value=1, unit="u") for d, k in [(0, "a"), (1, "b"), (2, "a")]
    )
    assert [o.time_d for o in course(observations=values).observed("a")] == [0, 2]


def test_a_course_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        course(dose(0)).patient_id = "q"
