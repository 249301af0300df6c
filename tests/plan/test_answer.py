"""A question about one course: the day it is asked for, and what comes with the answer."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from thecal.course import Course, Dose, Event, Observation
from thecal.datafile import DRUGS
from thecal.errors import CatalogError, CourseError, DataFileError
from thecal.label.catalog import load_label
from thecal.plan.answer import DISCLAIMER, MODEL_CAVEAT, answer, day_asked, when_due
from thecal.regimen.window import Tolerance, WindowPolicy

US = load_label("tofersen", "us")
INVENTED = Path(__file__).resolve().parents[1] / "label" / "drugs"  # a label and no model
START = dt.date(2026, 1, 12)


def course(*days: int, start: dt.date | None = None) -> Course:
    doses = tuple(Dose(time_d=day, amount_mg=100) for day in days)
    baseline = (Observation(time_d=0, kind="alsfrs_r", value=40, unit="points"),)
    return Course(patient_id="p", start=start, doses=doses, observations=baseline)


@pytest.mark.parametrize(
    ("on", "days_to_due"), [(None, None), (28, 28), (55, 1), (56, 0), (57, -1), (400, -344)]
)
def test_days_to_the_due_day_are_counted_from_the_day_asked(on, days_to_due):
    assert when_due(course(0, 14, 28), US, on=on).schedule.days_to_due == days_to_due


@pytest.mark.parametrize("days_on", [28, 56, 60, 500])
def test_a_date_asks_about_the_same_day_as_its_number(days_on):
    dated = course(0, 14, 28, start=START)
    by_date = when_due(dated, US, on=START + dt.timedelta(days=days_on))
    assert by_date == when_due(dated, US, on=days_on)
    assert by_date.schedule.on_d == days_on


def test_a_date_cannot_be_asked_of_a_course_without_dates():
    with pytest.raises(CourseError, match=r"days and no dates; ask with a day number"):
        when_due(course(0, 14), US, on=START)


@pytest.mark.parametrize("on", [13, 0, -5])
def test_a_day_before_the_last_dose_cannot_be_asked_about(on):
    """What was due then is not what the whole course says."""
    with pytest.raises(CourseError, match=r"before the last record on day 14"):
        when_due(course(0, 14), US, on=on)
    assert day_asked(course(0, 14), 14) == 14


def test_a_gap_is_open_on_the_day_asked_and_not_before():
    assert not when_due(course(0, 14, 28), US, on=80).schedule.label_silent
    (question,) = when_due(course(0, 14, 28), US, on=150).schedule.label_silent
    assert question.topic == "dosing.gap"
    assert "122 days without a dose by day 150" in question.here


def test_a_policy_of_the_site_is_passed_on():
    policy = WindowPolicy(
        name="Ward 7",
        source="policy",
        phases={"loading": Tolerance(early_d=1, overdue_d=2, latest_d=3)},
    )
    slot = when_due(course(0), US, policy=policy).schedule.next
    assert (slot.policy, slot.earliest_d, slot.latest_d) == ("Ward 7", 13, 17)


def test_a_label_without_a_dosing_statement_answers_nothing():
    with pytest.raises(CatalogError, match="was not read"):
        when_due(course(0), load_label("tofersen", "jp"))


def test_an_answer_holds_the_due_date_the_findings_and_the_forecast_of_one_course():
    due = when_due(course(0, 14, 50), US, on=60)
    full = answer(due, until_d=120)
    assert full.due is due
    assert [f.code for f in full.due.findings] == ["dose.missed"]
    assert full.forecast.given_d == (0, 14, 50)
    assert full.forecast.planned_d[0] == due.schedule.next.due_d == 78
    assert {float(s.times_d[-1]) for s in full.forecast.series.values()} == {120}


def test_what_a_person_reads_says_that_it_is_no_medical_device():
    assert "not a medical device" in DISCLAIMER
    assert "not fitted to this person" in MODEL_CAVEAT


def test_a_question_far_past_the_last_dose_is_refused_as_a_slip():
    with pytest.raises(CourseError, match="ask within 3650"):
        when_due(course(0, 14, 28), US, on=28 + 3651)


def test_a_course_without_a_dose_has_no_days_to_go():
    """Nobody knows when day 0 will be."""
    assert when_due(course(), US, on=30).schedule.days_to_due is None


def test_what_was_not_read_of_a_label_is_not_called_silent():
    """The EU text on part doses was not read; the US text was, and is silent."""
    part = Course(patient_id="p", start=None, doses=(Dose(time_d=0, amount_mg=50),))
    for jurisdiction, is_read in (("us", True), ("eu", False)):
        (question,) = when_due(part, load_label("tofersen", jurisdiction)).schedule.label_silent
        assert question.topic == "dosing.part_dose"
        assert question.is_read is is_read
        assert ("silent" in question.standing) is is_read


def test_a_prediction_ends_after_the_last_dose():
    with pytest.raises(CourseError, match="expected a day after the last dose on day 28"):
        answer(when_due(course(0, 14, 28), US), until_d=28)


def test_a_record_later_on_the_day_asked_is_no_later_record():
    """Blood is drawn hours after the dose; the day is the same."""
    seen = (Observation(time_d=14.1667, kind="plasma_tofersen", value=0.7, unit="mg/L"),)
    doses = tuple(Dose(time_d=day, amount_mg=100) for day in (0, 14))
    asked = Course(patient_id="p", start=None, doses=doses, observations=seen)
    assert when_due(asked, US, on=14).schedule.on_d == 14


def test_after_a_death_no_days_are_counted_and_no_window_is_drawn():
    """A policy's dates for somebody who has died would be cruel, and wrong."""
    doses = tuple(Dose(time_d=day, amount_mg=100) for day in (0, 14, 28))
    dead = Course(
        patient_id="p", start=START, doses=doses, events=(Event(time_d=40, name="death"),)
    )
    tolerance = Tolerance(early_d=3, overdue_d=3, latest_d=7)
    phases = {"loading": tolerance, "maintenance": tolerance}
    policy = WindowPolicy(name="w", source="s", phases=phases)
    found = when_due(dead, US, policy=policy, on=90).schedule
    assert (found.days_to_due, found.next.policy, found.next.latest_d) == (None, None, None)


def test_before_the_first_dose_the_loading_days_are_named():
    (question,) = when_due(course(), US).schedule.label_silent
    assert question.arithmetic == "from the day of dose 1 on, loading falls on days 0, 14, 28"


# -- a medicine without a model


def invented(folder: Path = INVENTED):
    doses = tuple(Dose(time_d=day, amount_mg=10) for day in (0, 7))
    dated = Course(patient_id="p", start=dt.date(2031, 1, 24), doses=doses)
    return when_due(dated, load_label("fablersen", "us", folder))


@pytest.mark.parametrize("folder", [None, INVENTED])
def test_a_medicine_without_a_model_is_answered_without_a_forecast(folder):
    due = invented()
    full = answer(due, folder=folder)
    assert full.forecast is None
    assert full.due is due


def test_a_day_to_predict_to_is_checked_without_a_model_too():
    with pytest.raises(CourseError, match="expected a day after the last dose on day 7"):
        answer(invented(), until_d=7)


def test_a_model_of_the_reader_s_own_is_taken_from_the_folder_of_the_label(tmp_path):
    shutil.copytree(INVENTED / "fablersen", tmp_path / "fablersen")
    model = (DRUGS / "nusinersen" / "model.yaml").read_text(encoding="utf-8")
    model = model.replace("medicine: nusinersen", "medicine: fablersen")
    (tmp_path / "fablersen" / "model.yaml").write_text(model, encoding="utf-8")
    found = answer(invented(tmp_path), folder=tmp_path).forecast
    assert found is not None
    assert (found.population.medicine, list(found.series)) == ("fablersen", ["csf", "plasma"])


def test_a_model_that_is_there_and_broken_is_no_missing_model(tmp_path):
    """Nothing predicted would look like nothing to predict."""
    shutil.copytree(INVENTED / "fablersen", tmp_path / "fablersen")
    (tmp_path / "fablersen" / "model.yaml").write_text("medicine: fablersen\n", encoding="utf-8")
    with pytest.raises(DataFileError, match="'parameters' is missing"):
        answer(invented(tmp_path), folder=tmp_path)
