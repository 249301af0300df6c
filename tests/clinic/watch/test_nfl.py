"""NfL is compared within one method and one fluid, or not at all."""

from __future__ import annotations

import pytest

from thecal.clinic.finding import Severity
from thecal.clinic.watch.nfl import nfl_findings, nfl_table, read_nfl
from thecal.course import Course, Dose, Observation
from thecal.errors import DataFileError
from thecal.label.catalog import load_label

US = load_label("tofersen", "us")
MAYO = "Mayo chemiluminescent enzyme immunoassay"


def found(*seen: tuple[float, str, float, str], age_y: float | None = None):
    course = Course(
        patient_id="p",
        start=None,
        doses=(Dose(time_d=0, amount_mg=100),),
        observations=tuple(
            Observation(time_d=d, kind=k, value=v, unit="pg/mL", method=m) for d, k, v, m in seen
        ),
    )
    return list(nfl_findings(course, US, age_y))


def test_one_method_in_one_fluid_is_compared_as_a_ratio():
    (finding,) = found(
        (-9, "nfl_plasma", 80, "A"), (0, "nfl_plasma", 100, "A"), (113, "nfl_plasma", 45, "a")
    )
    assert finding.severity is Severity.NOTE
    assert finding.message == (
        "NfL in plasma, one method: 100 pg/mL on day 0, last 45 pg/mL on day 113, 0.45 times the "
        "first"
    )
    assert finding.inputs["ratio"] == pytest.approx(0.45)
    assert "55 %" in finding.says


def test_a_method_that_was_not_recorded_is_said():
    (finding,) = found((0, "nfl_csf", 100, ""), (113, "nfl_csf", 45, ""))
    assert "method not recorded" in finding.message
    assert "means something only if the assay was one" in finding.message
    assert finding.asks.startswith("record the method; ")
    assert "72 hours without high-dose biotin" in finding.asks


def test_methods_and_fluids_are_never_compared():
    findings = found(
        (0, "nfl_plasma", 100, "A"), (113, "nfl_plasma", 45, "B"), (113, "nfl_serum", 50, "A")
    )
    assert not [f for f in findings if "ratio" in f.inputs]
    (apart,) = [f for f in findings if f.code == "nfl.not_compared"]
    assert "plasma was measured by 2 methods" in apart.message
    assert apart.source.document.startswith("Labcorp")


@pytest.mark.parametrize(
    ("age_y", "value", "words"),
    [
        (42, 17.3, "within 17.3"),
        (42, 17.4, "above 17.3"),
        (39.9, 15.4, "above 15.3"),
        (45, 19.7, "within 19.7"),
        (65, 32.7, "within 32.7"),
        (69.9, 32.8, "above 32.7"),
        (99, 54.4, "above 54.3"),
        (18, 10, "no limit is given below age 20"),
        (None, 10, "depends on age, which is not known here"),
    ],
)
@pytest.mark.published
def test_a_limit_by_age_holds_for_its_own_method_only(age_y, value, words):
    """Mayo Clinic Laboratories, test NFLP: at most 17.3 pg/mL at 40 to 44, 32.7 at 65 to 69."""
    (limit,) = [
        f for f in found((9, "nfl_plasma", value, MAYO), age_y=age_y) if f.code == "nfl.age_limit"
    ]
    assert words in limit.message
    for kind, method in (("nfl_plasma", "Simoa"), ("nfl_plasma", ""), ("nfl_serum", MAYO)):
        codes = [f.code for f in found((9, kind, value, method), age_y=age_y)]
        assert "nfl.age_limit" not in codes


def test_the_two_methods_of_one_laboratory_have_limits_of_their_own():
    """Bornhorst et al. 2022, Simoa: at most 15.4 pg/mL in the forties."""
    (limit,) = [
        f for f in found((9, "nfl_plasma", 16, "Mayo Simoa"), age_y=42) if f.code == "nfl.age_limit"
    ]
    assert "above 15.4" in limit.message


def test_limits_rise_with_age_in_both_methods():
    for method in nfl_table().methods:
        values = [method.limits[age] for age in sorted(method.limits)]
        assert values == sorted(values)


def test_a_table_that_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("name: a\n")
    with pytest.raises(DataFileError, match="'methods' is missing"):
        read_nfl(path)
