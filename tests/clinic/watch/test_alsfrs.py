"""ALSFRS-R by items: sums, stages by the published rules, slopes within one form."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.finding import Severity
from thecal.clinic.watch.alsfrs import ITEMS, Assessment, kings, mitos, structure
from thecal.clinic.watch.alsfrs_file import read_alsfrs
from thecal.clinic.watch.function import function_figures, function_findings, since_onset
from thecal.course import Course, Dose, Event, Observation
from thecal.errors import DataFileError
from thecal.interop.records import parse_course

DAYS = Course(patient_id="p", start=None, doses=(Dose(time_d=0, amount_mg=100),))


def rated(time_d: float = 0, form: str = "clinician", gastrostomy: bool = False, **scores: int):
    return Assessment(
        time_d=time_d,
        form=form,
        rater="nurse",
        mode="in_person",
        scores={item: scores.get(item, 4) for item in ITEMS},
        gastrostomy=gastrostomy,
    )


scores = st.fixed_dictionaries({item: st.integers(0, 4) for item in ITEMS})


@given(scores)
def test_the_domains_add_up_to_the_total(given_scores):
    one = rated(**given_scores)
    assert sum(one.domains().values()) == one.total == sum(given_scores.values())
    assert all(0 <= score <= 12 for score in one.domains().values())


def test_the_domains_are_bulbar_fine_motor_gross_motor_and_respiratory():
    """Items 1 to 3, 4 to 6, 7 to 9, 10 to 12."""
    one = rated(q2=0, q5=1, q8=2, q11=3)
    assert one.domains() == {"bulbar": 8, "fine motor": 9, "gross motor": 10, "respiratory": 11}


def kings_again(s: dict[str, int], gastrostomy: bool) -> str:
    """King's stage, written down a second time from the rule as two public programs have it."""
    breathing = s["q10"] == 0 or s["q12"] != 4
    if gastrostomy and breathing:
        return "4"
    if gastrostomy:
        return "4A"
    if breathing:
        return "4B"
    bulbar = s["q1"] + s["q2"] + s["q3"] < 12
    upper = s["q4"] + s["q5"] < 8
    return str(bulbar + upper + (s["q8"] < 4)).replace("0", "")


def mitos_again(s: dict[str, int]) -> str:
    """MiToS stage, written down a second time from table 1 of Chiò et al. 2015."""
    movement = min(s["q8"], s["q6"]) < 2
    swallowing = s["q3"] < 2
    communicating = max(s["q1"], s["q4"]) < 2
    breathing = s["q10"] < 2 or s["q12"] < 3
    return str(movement + swallowing + communicating + breathing)


@given(scores, st.booleans())
def test_the_stages_agree_with_the_rules_written_down_again(given_scores, gastrostomy):
    one = rated(gastrostomy=gastrostomy, **given_scores)
    assert kings(one).name == kings_again(given_scores, gastrostomy)
    assert mitos(one).name == mitos_again(given_scores)


@pytest.mark.parametrize(
    ("changed", "king", "mito"),
    [
        ({}, "", "0"),
        ({"q8": 3}, "1", "0"),
        ({"q6": 0, "q7": 0, "q9": 0}, "", "1"),  # the trunk and the stairs are not seen
        ({"q1": 3, "q8": 3}, "2", "0"),
        ({"q3": 1, "q5": 3, "q8": 1}, "3", "2"),
        ({"q12": 3}, "4B", "0"),
        ({"q12": 2}, "4B", "1"),
        ({"q10": 1}, "", "1"),
        ({"q10": 0}, "4B", "1"),
        ({"q1": 1}, "1", "0"),
        ({"q1": 1, "q4": 1}, "2", "1"),
        ({"q1": 0, "q4": 0, "q3": 0, "q8": 0, "q12": 0}, "4B", "4"),
    ],
)
@pytest.mark.published
def test_known_scores_have_the_published_stage(changed, king, mito):
    """Balendra et al. 2014, through two public programs; Chiò et al. 2015, table 1."""
    assert kings(rated(**changed)).name == king
    assert mitos(rated(**changed)).name == mito


def test_a_gastrostomy_is_stage_4a():
    assert kings(rated(gastrostomy=True)).name == "4A"
    assert kings(rated(gastrostomy=True, q12=0)).name == "4"
    assert "item 5 rated as 5b" in kings(rated(gastrostomy=True)).why


def test_a_stage_says_what_it_cannot_see_and_whether_its_rule_was_confirmed():
    assert "needed and not given" in kings(rated()).cannot_see
    assert not kings(rated()).basis.is_confirmed
    assert mitos(rated()).basis.is_confirmed
    assert structure().mitos.cannot_see


# -- findings


def told(*ratings: Assessment, course: Course = DAYS):
    return {f.code: f for f in function_findings(course, ratings)}


def test_the_slope_is_in_points_a_month_and_since_onset():
    """(48 - 36) / 8 months; a month is 30.4375 days."""
    course = Course(
        patient_id="p",
        start=None,
        doses=(Dose(time_d=0, amount_mg=100),),
        events=(Event(time_d=-121.75, name="symptom_onset"),),
    )
    found = told(
        rated(0, q8=0), rated(60.875, q8=0, q9=0), rated(121.75, q8=0, q9=0, q1=0), course=course
    )
    message = found["alsfrs.course"].message
    assert (
        "44 on day 0, 40 on day 60.875 (-2.00 a month), 36 on day 121.75 (-2.00 a month)" in message
    )
    assert "since onset -1.50 a month" in message
    assert since_onset(course, 121.75, 36) == pytest.approx(1.5)
    assert since_onset(DAYS, 121.75, 36) is None
    assert since_onset(course, -121.75, 36) is None


def test_totals_of_different_forms_are_never_compared_in_silence():
    found = told(rated(0), rated(30, form="self_administered", q1=0), rated(60, q1=2))
    forms = found["alsfrs.forms"]
    assert forms.severity is Severity.CAUTION
    assert "clinician, self-administered" in forms.message
    series = [
        f
        for f in function_findings(
            DAYS, (rated(0), rated(30, form="self_administered", q1=0), rated(60, q1=2))
        )
        if f.code == "alsfrs.course"
    ]
    assert len(series) == 2
    assert "48 on day 0, 46 on day 60 (-1.01 a month)" in series[0].message
    assert "44 on day 30. " in series[1].message
    assert function_figures((rated(30, form="self_administered"), rated(60)))[1:] == ()


def test_a_changed_item_5_rater_or_mode_is_said():
    message = told(rated(0), rated(30, gastrostomy=True))["alsfrs.course"].message
    assert "item 5 changed between 5a and 5b" in message
    assert "changed" not in told(rated(0), rated(30))["alsfrs.course"].message


def test_items_and_course_file_that_differ_are_a_question_about_the_record():
    course = Course(
        patient_id="p",
        start=None,
        doses=(Dose(time_d=0, amount_mg=100),),
        observations=(Observation(time_d=0, kind="alsfrs_r", value=40, unit="points"),),
    )
    assert told(rated(0), course=course)["alsfrs.differs"].severity is Severity.CAUTION
    assert "alsfrs.differs" not in told(rated(0, q1=0, q2=0), course=course)
    assert "alsfrs.differs" not in told(rated(1), course=course)
    totals = {f.code: f for f in function_findings(course, ())}["alsfrs.course"]
    assert "form not recorded: 40 on day 0" in totals.message
    assert "no stage can be told" in totals.message


def test_the_figures_for_a_policy_are_of_the_last_rating_and_its_form():
    item, fall = function_figures((rated(0), rated(30.4375, q11=3, q1=2)))
    assert (item.measure, item.value) == ("alsfrs_respiratory_item", 3)
    assert (fall.measure, fall.value) == ("alsfrs_fall_per_month", pytest.approx(3))
    assert function_figures(()) == ()


# -- the file

ROWS = "{1: 4, 2: 4, 3: 4, 4: 3, 5a: 3, 6: 3, 7: 4, 8: 3, 9: 2, 10: 4, 11: 4, 12: 4}"
FILE = f"""\
ratings:
  - day: 0
    form: clinician
    rater: nurse
    mode: in_person
    items: {ROWS}
"""


def read(tmp_path, text: str, course: Course = DAYS):
    path = tmp_path / "Erika-Mustermann.yaml"
    path.write_text(text)
    return read_alsfrs(path, course)


def test_the_file_holds_twelve_scores_and_5a_or_5b(tmp_path):
    (one,) = read(tmp_path, FILE)
    assert (one.total, one.gastrostomy, one.form) == (42, False, "clinician")
    (tube,) = read(tmp_path, FILE.replace("5a", "5b"))
    assert (tube.total, tube.gastrostomy) == (42, True)


def test_a_date_is_read_where_the_course_has_dates(tmp_path):
    dated = parse_course(
        b"id,date,kind,value,unit,method\np,2026-01-12,dose,100,mg,intrathecal\n"
    ).course
    (one,) = read(tmp_path, FILE.replace("day: 0", "date: 2026-01-26"), dated)
    assert one.time_d == 14
    with pytest.raises(DataFileError, match="days and no dates"):
        read(tmp_path, FILE.replace("day: 0", "date: 2026-01-26"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("5a: 3", "5a: 3, 5b: 3", "one of the two"),
        ("5a: 3, ", "", "one of the two"),
        ("12: 4", "12: 5", "at most 4"),
        ("12: 4", "12: 3.5", "whole number"),
        (", 12: 4", "", "'12' is missing"),
        ("form: clinician", "form: paper", "expected one of clinician"),
        ("rater: nurse", "rater: Erika Mustermann", "characters of text"),
        ("day: 0", "day: 0\n    date: 2026-01-01", "one of the two"),
        ("    day: 0\n", "", "one of the two"),
        ("day: 0", "day: 1e9", "at most 40000"),
        ("ratings:", "visits:", "unknown key"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_is_expected_and_names_nobody(
    tmp_path, old, new, words
):
    text = FILE.replace("  - day", "  -\n    day").replace(old, new)
    with pytest.raises(DataFileError, match=words) as caught:
        read(tmp_path, text)
    assert "Mustermann" not in str(caught.value)


def test_two_ratings_of_one_form_on_one_day_are_refused(tmp_path):
    with pytest.raises(DataFileError, match="second rating"):
        read(tmp_path, FILE + FILE.removeprefix("ratings:\n"))


PLACES = ("form: {}", "rater: {}", "mode: {}", "day: {}", "date: {}", "items: {}", "{}: 1", "- {}")


@pytest.mark.parametrize(
    ("place", "canary"),
    list(product(PLACES, ("Erika Mustermann", "Klinik Musterstadt"))),
)
def test_no_message_repeats_what_may_be_a_name(tmp_path, place, canary):
    text = FILE + "    " + place.format(canary) + "\n"
    with pytest.raises(DataFileError) as caught:
        read(tmp_path, text)
    assert not [word for word in canary.split() if len(word) > 3 and word in str(caught.value)]


@given(data=st.binary(max_size=400))
def test_any_bytes_are_ratings_or_one_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("alsfrs") / "f.yaml"
    path.write_bytes(data)
    with pytest.raises(DataFileError):
        read_alsfrs(path, DAYS)


@given(at=st.integers(0, len(FILE) - 1), byte=st.integers(0, 255))
def test_one_wrong_byte_gives_ratings_or_one_error(tmp_path_factory, at, byte):
    data = bytearray(FILE.encode())
    data[at] = byte
    path = tmp_path_factory.mktemp("alsfrs") / "f.yaml"
    path.write_bytes(bytes(data))
    try:
        assert all(0 <= one.total <= 48 for one in read_alsfrs(path, DAYS))
    except DataFileError as error:
        assert str(error)
