"""Figures are shown as they moved; no verdict is drawn from them here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.finding import Severity
from thecal.clinic.watch.figures import csf_figures, figure_findings, trends
from thecal.clinic.watch.measures import measured, measures
from thecal.course import Course, Dose, Event, Observation
from thecal.label.catalog import load_label

US, EU, JP = (load_label("tofersen", where) for where in ("us", "eu", "jp"))


def course(*seen: Observation, events: tuple[tuple[float, str], ...] = ()) -> Course:
    return Course(
        patient_id="p",
        start=None,
        doses=tuple(Dose(time_d=day, amount_mg=100) for day in (0, 14, 28, 56)),
        observations=tuple(sorted(seen, key=lambda o: o.time_d)),
        events=tuple(Event(time_d=day, name=name) for day, name in events),
    )


def wbc(*values: tuple[float, float], below: tuple[int, ...] = ()) -> list[Observation]:
    return [
        Observation(time_d=d, kind="csf_wbc", value=v, unit="cells/uL", is_below=i in below)
        for i, (d, v) in enumerate(values)
    ]


def other(day: float, method: str, value: float, unit: str) -> Observation:
    return Observation(time_d=day, kind="other", value=value, unit=unit, method=method)


def the(code: str, *seen: Observation, label=US, events=()):
    found = figure_findings(course(*seen, events=events), label)
    (finding,) = [f for f in found if f.code == code]
    return finding


def test_a_trend_says_where_it_began_how_high_it_went_and_where_it_is():
    """The figures of one published course (dresden): 1, 3, 21."""
    finding = the("trend.csf_wbc", *wbc((0, 1), (61, 3), (274, 21)))
    assert finding.message == (
        "CSF white cells up to 21 cells/uL on day 274, 1 before the first dose, 21 times the value "
        "before, risen 2 times in a row"
    )
    assert finding.severity is Severity.NOTE
    assert finding.inputs["fold"] == 21
    assert finding.inputs["rises"] == 2
    assert finding.inputs["grade"].startswith("thecal grade, not CTCAE, CSF pleocytosis: grade 1")


def test_a_fall_after_a_treatment_names_it():
    finding = the(
        "trend.csf_wbc", *wbc((0, 1), (20, 25), (60, 6)), events=((30, "methylprednisolone"),)
    )
    assert "fallen from 25 since methylprednisolone on day 30" in finding.message
    assert "last 6 cells/uL on day 60" in finding.message
    before = the(
        "trend.csf_wbc", *wbc((0, 1), (20, 25), (60, 6)), events=((60, "methylprednisolone"),)
    )
    assert "fallen" not in before.message
    risen = the("trend.csf_wbc", *wbc((0, 1), (20, 5), (60, 6)), events=((30, "prednisolone"),))
    assert "fallen" not in risen.message


def test_a_raised_count_is_a_note_however_high_and_names_symptoms_near_it():
    alone = the("trend.csf_wbc", *wbc((0, 1), (56, 50_000)))
    assert alone.severity is Severity.NOTE
    assert "symptoms" not in alone.message
    near = the("trend.csf_wbc", *wbc((0, 1), (56, 60)), events=((70, "leg_weakness"),))
    assert near.severity is Severity.NOTE
    assert near.message.endswith("; symptoms within 14 d of it: leg weakness (day 70)")
    far = the("trend.csf_wbc", *wbc((0, 1), (56, 60)), events=((70.5, "leg_weakness"),))
    assert "symptoms" not in far.message


@pytest.mark.parametrize(
    ("values", "below", "rises", "fold"),
    [
        ([(0, 2), (14, 4), (28, 8)], (), 2, 4),
        ([(0, 2), (14, 8), (28, 4)], (), 0, 2),
        ([(0, 2), (14, 1), (28, 4)], (), 1, 2),
        ([(0, 5), (14, 21)], (0,), 1, None),
        ([(0, 2), (14, 5)], (1,), 0, None),
        ([(0, 0), (14, 5)], (), 1, None),
        ([(-9, 7), (0, 2), (14, 3)], (), 1, 1.5),
        ([(14, 3), (28, 4)], (), 1, None),
    ],
)
def test_rises_in_a_row_and_the_fold_are_counted_from_the_last_value_before(
    values, below, rises, fold
):
    (found,) = trends(course(*wbc(*values, below=below)))
    assert found.rises == rises
    assert found.fold == fold


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8))
def test_rises_count_the_last_run_of_larger_values(values):
    (found,) = trends(course(*wbc(*((i + 1, v) for i, v in enumerate(values)))))
    run = 0
    while run + 1 < len(values) and values[-run - 1] > values[-run - 2]:
        run += 1
    assert found.rises == run


def test_a_figure_for_a_policy_is_the_last_value():
    (figure,) = csf_figures(course(*wbc((0, 2), (14, 8), (28, 4))))
    assert (figure.measure, figure.value, figure.time_d) == ("csf_wbc", 4, 28)
    assert (figure.fold, figure.rises) == (2, 0)
    (only,) = csf_figures(course(*wbc((14, 8))))
    assert only.rises is None
    assert csf_figures(course(*wbc((0, 8)))) == ()


# -- quantities under kind `other`


@pytest.mark.parametrize(
    ("method", "value", "unit", "key", "read"),
    [
        ("CSF opening pressure", 18, "cmH2O", "csf_pressure", 18),
        ("opening pressure", 180, "mmH2O", "csf_pressure", 18),
        ("Platelets", 212, "G/L", "platelets", 212),
        ("platelet count", 212_000, "/uL", "platelets", 212),
        ("INR", 1.1, "1", "inr", 1.1),
        ("urine protein 24 h", 150, "mg/d", "urine_protein_24h", 0.15),
    ],
)
def test_a_quantity_is_read_by_its_name_and_unit(method, value, unit, key, read):
    (found,) = measured(course(other(28, method, value, unit)), key)
    assert found.value == pytest.approx(read)
    assert (found.kind, found.unit) == (key, measures()[key].unit)


def test_one_millimetre_of_mercury_is_13_6_of_water():
    """Density of mercury 13.5951 g/mL at 0 °C (conventional millimetre of mercury)."""
    (found,) = measured(course(other(28, "opening pressure", 20, "mmHg")), "csf_pressure")
    assert found.value == pytest.approx(20 * 13.5951 / 10)


def test_of_two_values_of_a_day_the_higher_counts():
    """trial08 has two opening pressures on one day."""
    seen = [other(28, "opening pressure", v, "cmH2O") for v in (20, 18)]
    (found,) = measured(course(*seen), "csf_pressure")
    assert found.value == 20


@pytest.mark.parametrize(("value", "unit"), [(18, "bar"), (18, ""), (1800, "cmH2O")])
def test_a_value_that_cannot_be_read_is_said_and_judged_by_nothing(value, unit):
    finding = the("lab.not_read", other(28, "CSF opening pressure", value, unit))
    assert finding.severity is Severity.CAUTION
    assert finding.asks == "write it in cmH2O"
    assert trends(course(other(28, "CSF opening pressure", value, unit))) == ()


def test_a_laboratory_value_carries_its_grade_and_who_decides():
    note = the("lab.platelets", other(28, "platelets", 60, "G/L"))
    assert note.severity is Severity.NOTE
    assert note.inputs["grade"].startswith("CTCAE v5, Platelet count decreased: grade 2")
    assert note.label_silent
    grave = the(
        "lab.platelets", other(14, "platelets", 300, "G/L"), other(28, "platelets", 40, "G/L")
    )
    assert grave.severity is Severity.CAUTION
    assert "platelets 40 10^9/L on day 28" in grave.message
    eu = the("lab.platelets", other(28, "platelets", 60, "G/L"), label=EU)
    assert eu.rule == "monitoring.platelets_coagulation"
    assert "if clinically indicated" in eu.says


def test_the_japanese_label_asks_for_the_pressure_at_each_dose():
    """Japanese insert: CSF pressure at each dose."""
    finding = the(
        "monitoring.csf_pressure",
        *(other(d, "opening pressure", 15, "cmH2O") for d in (0, 28)),
        label=JP,
    )
    assert finding.message == "no opening pressure is recorded for the doses on day 14, 56"
    assert finding.rule == "monitoring.csf_pressure"
    all_of_them = [other(d + 0.2, "opening pressure", 15, "cmH2O") for d in (0, 14, 28, 56)]
    codes = [f.code for f in figure_findings(course(*all_of_them), JP)]
    assert "monitoring.csf_pressure" not in codes
    assert "monitoring.csf_pressure" not in [f.code for f in figure_findings(course(), US)]


def test_a_grade_says_of_which_value_it_is():
    """The headline is the highest; the grade is of the last, and must not be read as the peak's."""
    finding = the("trend.csf_wbc", *wbc((0, 1), (20, 60), (60, 6)))
    assert finding.message.startswith("CSF white cells up to 60 cells/uL on day 20")
    assert finding.inputs["grade"].endswith("below 50), of 6 cells/uL on day 60")


def test_a_value_below_a_limit_of_detection_has_no_grade():
    """ "<5" is not 5: by the figure alone it would be a pleocytosis of grade 1."""
    finding = the("trend.csf_wbc", *wbc((0, 1), (20, 25), (60, 5), below=(2,)))
    assert "grade" not in finding.inputs


def test_a_hundredfold_rise_is_written_as_people_write_it():
    assert "350 times the value before" in the("trend.csf_wbc", *wbc((0, 2), (60, 700))).message
    assert ", 99 times the value before" in the("trend.csf_wbc", *wbc((0, 1), (60, 99))).message
    assert ", 100 times the value before" in the("trend.csf_wbc", *wbc((0, 1), (60, 100))).message


def test_a_raised_pressure_names_the_label_s_warning_of_it():
    """US 5.2: raised intracranial pressure is a serious reaction by the label."""
    pressure = other(56, "opening pressure", 45, "cmH2O")
    assert the("trend.csf_pressure", pressure).source.section == "5.2"
    assert the("trend.csf_pressure", pressure, label=JP).source is None
