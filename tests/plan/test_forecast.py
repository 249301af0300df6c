"""A forecast: whose doses, whose baselines, how far, and what is set beside what."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from thecal.course import Course, Dose, Event, Observation
from thecal.errors import ModelError
from thecal.label.catalog import load_label
from thecal.model.events import Dosing
from thecal.model.modelfile import load_population
from thecal.model.simulate import simulate
from thecal.plan.forecast import AFTER_STOP_D, Forecast, forecast
from thecal.regimen.regimen import from_label
from thecal.regimen.schedule import schedule
from thecal.units import MONTH_D

REGIMEN = from_label(load_label("tofersen", "us"))
TOFERSEN = load_population("tofersen")
UNITS = {"alsfrs_r": "points", "csf_tofersen": "mg/L", "svc": "%"}


NUSINERSEN = load_population("nusinersen")
NUSINERSEN_REGIMEN = from_label(load_label("nusinersen", "us"))


def predict(
    *days,
    seen=(),
    events=(),
    amounts=None,
    amount_mg=100,
    on_d=None,
    until_d=None,
    population=TOFERSEN,
    regimen=REGIMEN,
    start=None,
) -> Forecast:
    """Predict a course of doses on these days; `seen` holds (day, kind, value)."""
    course = Course(
        patient_id="p",
        start=start,
        doses=tuple(Dose(time_d=d, amount_mg=(amounts or {}).get(d, amount_mg)) for d in days),
        observations=tuple(
            Observation(time_d=day, kind=kind, value=value, unit=UNITS.get(kind, "pg/mL"))
            for day, kind, value in sorted(seen)
        ),
        events=tuple(Event(time_d=day, name=name) for day, name in sorted(events)),
    )
    against = schedule(course, regimen, on_d=on_d)
    return forecast(course, against, population, until_d=until_d)


def test_the_typical_curve_is_the_model_s_own():
    """Two ways to the same numbers: the forecast, and the model asked for the same doses."""
    found = predict(0, 14, 28, amounts={14: 60}).series["csf"]
    days = np.array([0, 14, 28, 56, 84, 112], dtype=float)
    amounts = np.array([100, 60, 100, 100, 100, 100], dtype=float)
    direct = simulate(TOFERSEN, Dosing(times_d=days, amounts_mg=amounts), np.array([0.0, 28, 56]))
    for day, expected in zip((0, 28, 56), direct.of("csf")[0], strict=True):
        assert found.at(day)[0] == pytest.approx(expected, rel=1e-9)


def test_the_band_holds_nine_in_ten_virtual_patients():
    """The shares of an independent sample of 4,000 below lo and above hi, 5 % each.

    The percentiles of 400 people have a standard error of 1.1 points; four of them allowed. Each
    person has a posterior draw of their own, in the band as in the sample.
    """
    series = predict(0, 14, 28).series["csf"]
    people = TOFERSEN.draw(4000, seed=99, uncertain=True)
    days = np.array([0.0, 14.0])
    doses = Dosing(times_d=days, amounts_mg=np.full(2, 100.0))
    values = simulate(TOFERSEN, doses, np.array([28.0]), people=people).of("csf")[:, 0]
    _, lo, hi = series.at(28)
    assert np.mean(values < lo) == pytest.approx(0.05, abs=0.044)
    assert np.mean(values > hi) == pytest.approx(0.05, abs=0.044)


def test_what_is_not_known_of_the_model_moves_the_band_and_not_the_typical_curve():
    known = predict(0, 14, 28, population=replace(TOFERSEN, uncertainty=None)).series["nfl"]
    unknown = predict(0, 14, 28).series["nfl"]
    assert (known.typical == unknown.typical).all()
    assert known.at(112)[1:] != unknown.at(112)[1:]


def test_doses_to_come_are_those_that_fall_due():
    assert predict(0, 14, 28).planned_d == (56, 84, 112)
    assert predict(0).planned_d == (14, 28, 56)
    assert predict().planned_d == (0, 14, 28)


def test_an_overdue_dose_is_assumed_for_the_day_asked():
    assert predict(0, 14, 28, on_d=70).planned_d == (70, 98, 126)
    assert predict(0, 14, 28, on_d=50).planned_d == (56, 84, 112)


@pytest.mark.parametrize("word", ["treatment_held", "treatment_stopped"])
def test_no_dose_is_assumed_after_a_hold_or_a_stop(word):
    found = predict(0, 14, 28, events=((40, word),))
    assert found.planned_d == ()
    assert found.series["csf"].times_d[-1] == 40 + AFTER_STOP_D


def test_a_prediction_ends_with_a_death():
    found = predict(0, 14, 28, events=((40, "death"),))
    assert found.planned_d == ()
    assert found.series["nfl"].times_d[-1] == 41


def test_a_stop_long_before_any_dose_still_gives_a_prediction():
    assert predict(events=((-200, "treatment_held"),)).series["csf"].times_d[-1] == AFTER_STOP_D


def test_alsfrs_r_starts_at_the_last_score_before_the_first_dose():
    found = predict(0, seen=((-60, "alsfrs_r", 41), (-2, "alsfrs_r", 39), (14, "alsfrs_r", 38)))
    # A covariate passes through a power of a ratio: 1e-12, not to the bit.
    assert found.series["alsfrs_r"].at(0) == pytest.approx((39, 39, 39), rel=1e-12)
    assert "39 on day -2" in found.known["alsfrs_r_baseline"]


def test_a_score_older_than_a_year_is_no_baseline():
    assert "alsfrs_r_baseline" not in predict(0, seen=((-366, "alsfrs_r", 41),)).known


def since_onset(months, *, score=38, until_d=305):
    """Predict who lost the rest of 48 points in so many months before the first dose."""
    onset_d = -months * MONTH_D
    seen, events = ((0, "alsfrs_r", score),), ((onset_d, "symptom_onset"),)
    return predict(0, seen=seen, events=events, until_d=until_d)


@pytest.mark.parametrize("months", [4, 10, 40])
def test_the_slope_since_onset_is_carried_on_by_the_power_of_the_population(months):
    """slope · (points a month since onset / reference)^θ. By hand, untreated, for 305 days.

    ALSFRS-R of somebody untreated falls in a straight line, which the solver has to rounding.
    """
    found = since_onset(months)
    numbers, (effect,) = TOFERSEN.numbers, TOFERSEN.effects["slope"]
    carried = numbers["slope"] * (10 / months / effect.reference) ** numbers["slope~slope_pre"]
    lost = 38 - found.series["alsfrs_r"].untreated[-1]
    assert lost == pytest.approx(carried * 305 / MONTH_D, rel=1e-9)
    assert f"{10 / months:.2f} points a month" in found.known["slope"]


@pytest.mark.parametrize(("months", "number"), [(5, "sod1_drift"), (40, "sod1_drift@slower")])
def test_a_slope_says_which_stratum_a_person_is_of(months, number):
    """From 0.9 points a month on: faster (EMA assessment report, table 4).

    CSF SOD1 of the untreated drifts as that stratum's does, e^{drift (1 − e^{−t/84})}.
    """
    numbers, found = TOFERSEN.numbers, since_onset(months).series["csf_sod1"]
    right = np.exp(numbers[number] * -np.expm1(-found.times_d / numbers["t_drift"]))
    assert found.untreated == pytest.approx(right, rel=1e-12)


def test_a_band_has_the_nfl_of_the_stratum_of_the_slope():
    """Of the slower, NfL is nearer to normal before the first dose and so falls less far."""
    faster, slower = (since_onset(months, until_d=196).series["nfl"] for months in (5, 40))
    assert slower.at(112)[1] > faster.at(112)[1] + 0.05


def test_svc_starts_at_the_last_value_before_the_first_dose():
    found = predict(0, seen=((-30, "svc", 70), (-2, "svc", 66), (28, "svc", 60)))
    assert found.series["svc"].at(0) == pytest.approx((66, 66, 66), rel=1e-12)
    assert "66 % on day -2" in found.known["svc_baseline"]
    (record,) = found.observed
    assert (record.output, record.value) == ("svc", 60)


def test_who_has_lost_nothing_is_not_taken_to_lose_nothing_for_ever():
    found = predict(0, seen=((0, "alsfrs_r", 48),), events=((-300, "symptom_onset"),), until_d=700)
    assert "slope" not in found.known
    assert found.series["alsfrs_r"].at(700)[1] < 45


def test_nfl_in_csf_is_read_on_the_scale_of_plasma():
    """FDA review 14.7.2: 60 in CSF to 1 in plasma, so 9000 and 150 are the same person."""
    csf, plasma = (
        predict(0, 14, 28, seen=((0, kind, value),)).series["nfl"].typical
        for kind, value in (("nfl_csf", 9000), ("nfl_plasma", 150))
    )
    assert csf == pytest.approx(plasma, rel=1e-12)


def test_a_record_is_set_beside_its_prediction_as_a_ratio_to_its_own_kind():
    found = predict(
        0,
        14,
        28,
        seen=(
            (0, "nfl_csf", 9000),
            (0, "nfl_plasma", 150),
            (28, "nfl_csf", 4500),
            (28, "nfl_plasma", 50),
            (28, "nfl_serum", 70),
        ),
    )
    beside = {o.observation.kind: o.value for o in found.observed if o.time_d == 28}
    assert beside == {"nfl_csf": 0.5, "nfl_plasma": pytest.approx(1 / 3)}  # serum has no baseline


def test_a_concentration_is_set_beside_its_prediction_as_it_is():
    (record,) = predict(0, 14, seen=((14, "csf_tofersen", 0.02),)).observed
    assert (record.output, record.value) == ("csf", 0.02)
    assert record.lo < record.typical < record.hi


def test_before_a_first_dose_nothing_is_set_beside_a_treated_prediction():
    assert predict(seen=((0, "alsfrs_r", 40), (30, "alsfrs_r", 38))).observed == ()


def test_only_effects_have_an_untreated_course():
    series = predict(0).series
    assert {name for name, s in series.items() if s.untreated is None} == {"csf", "plasma"}


def test_a_day_that_was_not_predicted_is_not_made_up():
    with pytest.raises(ModelError, match="was not predicted"):
        predict(0).series["csf"].at(3.3)


# -- a model of kinetics alone, and a regimen that counts in calendar months


def predict_nusinersen(*days, **more) -> Forecast:
    return predict(*days, population=NUSINERSEN, regimen=NUSINERSEN_REGIMEN, amount_mg=12, **more)


def test_a_model_of_kinetics_alone_predicts_drug_and_nothing_else():
    """The typical curve is the model's own for the same doses, as it is for tofersen."""
    found = predict_nusinersen(0, 14, 28)
    assert list(found.series) == ["csf", "plasma"]
    assert {series.untreated for series in found.series.values()} == {None}
    days = np.array([0.0, 14, 28, 58])
    direct = simulate(NUSINERSEN, Dosing(times_d=days, amounts_mg=np.full(4, 12.0)), days)
    for name, values in zip(("csf", "plasma"), direct.values[0].T, strict=True):
        for day, expected in zip(days, values, strict=True):
            assert found.series[name].at(day)[0] == pytest.approx(expected, rel=1e-9)


def test_a_record_fixes_nothing_that_the_model_does_not_start_from():
    """ALSFRS-R, vital capacity, NfL and onset of somebody are no part of these kinetics."""
    seen = (
        *((-1, "alsfrs_r", 40), (-1, "svc", 80), (-1, "nfl_csf", 4000)),
        *((14, "alsfrs_r", 39), (14, "nfl_csf", 3000), (14, "csf_sod1", 90)),
    )
    full = predict_nusinersen(0, 14, seen=seen, events=((-200, "symptom_onset"),))
    assert (full.known, full.observed, full.has_baselines) == ({}, (), False)
    bare = predict_nusinersen(0, 14)
    for name, series in bare.series.items():
        assert series.at(28) == full.series[name].at(28)


def test_a_concentration_of_one_medicine_says_nothing_of_another():
    assert predict_nusinersen(0, 14, seen=((14, "csf_tofersen", 0.02),)).observed == ()
    other = replace(TOFERSEN, medicine="fablersen")
    assert predict(0, 14, seen=((14, "plasma_tofersen", 0.01),), population=other).observed == ()


def test_doses_months_apart_are_planned_on_their_dates():
    """The fourth dose is of 29 March: July, November and March follow, and the last is the end."""
    start = dt.date(2024, 1, 31)
    found = predict_nusinersen(0, 14, 28, 58, start=start)
    dates = [start + dt.timedelta(days=day) for day in (*found.planned_d, int(found.end_d))]
    assert [str(date) for date in dates] == ["2024-07-29", "2024-11-29", "2025-03-29", "2025-07-29"]


def test_a_gap_is_planned_by_the_rule_of_its_length():
    """From 16 months on, the missed dose and two more 14 days apart (US label, 2.1)."""
    start = dt.date(2024, 1, 31)
    found = predict_nusinersen(0, 14, 28, 58, start=start, on_d=58 + 500)
    assert found.planned_d == (558, 572, 586)


@pytest.mark.parametrize(
    ("given", "planned"), [((), (0, 14, 28)), ((0, 14), (28, 58)), ((0, 14, 28), (58,))]
)
def test_without_dates_doses_are_planned_as_far_as_days_can_be_counted(given, planned):
    """Loading falls on days 0, 14, 28 and 58; a calendar month after that needs a date."""
    found = predict_nusinersen(*given)
    assert found.planned_d == planned
    assert found.end_d == (58 if not given else 58 + AFTER_STOP_D)
