"""The numbers of tofersen are all accounted for; a malformed file is refused with its lines."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from thecal.errors import CatalogError, DataFileError
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.population import (
    DRUGS,
    STATUSES,
    Estimate,
    Population,
    deviates,
    load_population,
    read_population,
)

MODEL = DRUGS / "tofersen" / "model.yaml"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "model.md"
PARAMETERS = [parameter.name for parameter in INTRATHECAL_ASO.parameters]


@pytest.fixture(scope="module")
def tofersen() -> Population:
    return load_population("tofersen")


def estimate(value: float, distribution: str, sd: float) -> Estimate:
    return Estimate(
        value=value, unit="1", distribution=distribution, sd=sd, status="assumed", source="a test"
    )


# ---- what stands in the file


def test_tofersen_has_every_parameter_of_its_model_and_no_other(tofersen):
    assert sorted(tofersen.estimates) == sorted(PARAMETERS)


def test_no_number_stands_without_its_status_and_source(tofersen):
    for found in [*tofersen.estimates.values(), *tofersen.from_record.values()]:
        assert np.isfinite(found.value) and found.sd >= 0
        assert found.status in STATUSES and len(found.source) > 5
        assert bool(found.distribution) == (found.sd > 0)


def test_numbers_are_converted_once_from_the_unit_of_their_source(tofersen):
    """By hand: 0.142/h · 24 = 3.408/d; 7.20 L/h · 24 = 172.8 L/d; 0.35 mL/min · 1.44 = 0.504."""
    by_hand = {"ka": 3.408, "V_csf": 0.13, "removed": 0.01, "CL": 172.8, "Q": 55.2, "Q_csf": 0.504}
    for name, value in by_hand.items():
        assert tofersen.estimates[name].value == pytest.approx(value, rel=1e-12)


def test_a_cv_becomes_the_spread_of_a_lognormal(tofersen):
    """ω² = ln(1 + CV²): a CV of 49.8 % is 0.4706 on the log scale, and back."""
    sd = tofersen.estimates["ka"].sd
    assert sd == pytest.approx(0.4706, abs=1e-4)
    assert np.sqrt(np.expm1(sd**2)) == pytest.approx(0.498, rel=1e-12)


def test_the_page_shows_every_number_of_the_file():
    """docs/model.md: one row a parameter, with value, unit and status as they stand in the file."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M))
    stated = yaml.safe_load(MODEL.read_text(encoding="utf-8"))
    for name, entry in (stated["parameters"] | stated["from_record"]).items():
        value, unit, spread, status, *_ = rows[name].split(" | ")
        assert (float(value), unit, status) == (
            float(entry["value"]),
            entry["unit"],
            entry["status"],
        )
        numbers = re.findall(r"[\d.e-]+\d", spread)
        expected = entry.get("sd", entry.get("cv_percent"))
        assert [float(number) for number in numbers] == (
            [] if expected is None else [float(expected)]
        )


# ---- virtual people


def test_the_first_people_stay_the_same_however_many_are_drawn(tofersen):
    few, many = tofersen.draw(7, 2023), tofersen.draw(500, 2023)
    for name in PARAMETERS:
        assert (many[name][:7] == few[name]).all()


def test_a_stream_belongs_to_its_parameter_alone(tofersen):
    """Streams are keyed by name: fewer parameters, or another order, move no deviate."""
    some = Population(
        medicine="tofersen",
        model=tofersen.model,
        about="half of it",
        estimates=dict(reversed(list(tofersen.estimates.items())[:10])),
        from_record={},
    )
    one, all_of_them = some.draw(20, 3), tofersen.draw(20, 3)
    for name in one:
        assert (one[name] == all_of_them[name]).all()


def test_streams_of_different_parameters_and_seeds_are_unrelated():
    """20 000 deviates: |r| below 4/√n = 0.028 for every pair, a 1 in 16 000 event each."""
    drawn = np.array(
        [deviates(name, 20_000, 1) for name in PARAMETERS] + [deviates("ka", 20_000, 2)]
    )
    r = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(r).max() < 4 / np.sqrt(20_000)


def test_deviates_are_standard_normal():
    """400 000 of them: mean within 5/√n = 0.008, variance within 5 √(2/n), 5 % below -1.645."""
    z = deviates("ka", 400_000, 1)
    assert abs(z.mean()) < 0.008 and abs(z.var() - 1) < 0.012
    assert (z < -1.6449).mean() == pytest.approx(0.05, abs=0.002)


def test_a_large_draw_has_the_medians_and_spreads_of_the_file(tofersen):
    """50 000 people: median within 5 · 1.25 sd/√n, spread within 5/√(2n) = 1.6 %, on its scale."""
    n = 50_000
    scales = {
        "lognormal": np.log,
        "logitnormal": lambda x: np.log(x / (1 - x)),
        "normal": lambda x: x,
        "": lambda x: x,
    }
    for name, values in tofersen.draw(n, 4).items():
        found = tofersen.estimates[name]
        scale = scales[found.distribution]
        middle = scale(np.array(found.value))
        margin = 6.3 * found.sd / np.sqrt(n) + 1e-12 * abs(middle)
        assert np.median(scale(values)) == pytest.approx(middle, abs=margin)
        assert scale(values).std() == pytest.approx(found.sd, rel=0.016, abs=1e-12)


@given(value=st.floats(0.01, 0.99), sd=st.floats(0, 3), z=st.lists(st.floats(-6, 6), min_size=1))
def test_a_logit_normal_never_leaves_zero_to_one(value, sd, z):
    found = estimate(value, "logitnormal", sd).at(np.array(z))
    assert (found > 0).all() and (found < 1).all()


@given(value=st.floats(1e-6, 1e6), sd=st.floats(0, 3), z=st.floats(-6, 6))
def test_a_lognormal_is_symmetric_about_its_typical_value_as_a_ratio(value, sd, z):
    found = estimate(value, "lognormal", sd).at(np.array([-z, 0.0, z]))
    assert (found > 0).all()
    assert found[0] * found[2] == pytest.approx(value**2, rel=1e-12)
    assert found[1] == value


def test_the_typical_patient_has_every_random_effect_at_zero(tofersen):
    for name, value in tofersen.typical().items():
        assert value == pytest.approx([tofersen.estimates[name].value], rel=1e-14)


# ---- what is refused


def compact(text: str) -> str:
    """The real file with one line for each number, so that a test can change one line."""
    held = yaml.safe_load(text)
    rows = [f"{key}: {held[key]}" for key in ("medicine", "model", "about")]
    for group in ("parameters", "from_record"):
        rows.append(f"{group}:")
        for name, fields in held[group].items():
            cells = ", ".join(f"{key}: {cell(key, value)}" for key, value in fields.items())
            rows.append(f"  {name}: {{{cells}}}")
    return "\n".join(rows) + "\n"


def cell(key: str, value: object) -> str:
    return f'"{value}"' if key == "source" or value == "1" else str(value)


GOOD = compact(MODEL.read_text(encoding="utf-8"))


def test_the_compact_form_is_read_like_the_file(tofersen, tmp_path):
    """Else the tests below would change another file than the real one."""
    path = tmp_path / "model.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_population(path).estimates == tofersen.estimates


def faults_of(tmp_path: Path, text: str) -> dict[int, str]:
    """The faults of a file by line."""
    path = tmp_path / "model.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as refused:
        read_population(path)
    return {fault.line: fault.message for fault in refused.value.faults}


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("  phi: {", "  phy: {", "Did you mean 'phi'?"),
        ("value: 33.0, unit: d,", "value: 33.0, unit: h,", "'h' cannot be read as d"),
        ("value: 1.4, unit: kg", "value: nan, unit: kg", "found 'nan'"),
        ("value: 1.4, unit: kg", "value: many, unit: kg", "found 'many'"),
        ("value: 1.4, unit: kg", "value: .inf, unit: kg", "expected a number"),
        ("{value: 1.4, unit: kg", "{unit: kg", "'value' is missing"),
        ("kg, status: assumed", "kg, status: tune", "Did you mean 'tuned'?"),
        ("kg, status: assumed", "kg", "'status' is missing"),
        ("kg, status", "kg, varies: lognormal, status", "variability needs"),
        ("kg, status", "kg, sd: 0.3, status", "variability needs"),
        ("kg, status", "kg, varies: lognormal, sd: 1, cv_percent: 9, status", "variability needs"),
        ("kg, status", "kg, varies: normal, cv_percent: 9, status", "is for a lognormal"),
        ("kg, status", "kg, varies: lognormal, sd: -0.3, status", "at least 0, found -0.3"),
        ("kg, status", "kg, varies: uniform, sd: 0.3, status", "expected one of lognormal"),
        ("value: 0.85, unit", "value: 1.0, unit", "cannot be the typical value of a logitnormal"),
        ("value: 2.63, unit", "value: 0, unit", "0 mg/kg is not above 0 and at most inf"),
    ],
)
def test_a_slip_in_one_number_is_named_with_its_line(tmp_path, old, new, why):
    """Each row changes one line of the real file and nothing else."""
    assert GOOD.count(old) == 1
    faults = faults_of(tmp_path, GOOD.replace(old, new))
    assert why in faults[line_of(GOOD, old)]


def test_a_number_without_a_source_is_refused(tmp_path):
    text = GOOD.replace(', source: "US PI 2.2, CSF removed before the dose"', "")
    assert "'source' is missing" in faults_of(tmp_path, text)[line_of(text, "  removed:")]


def test_a_parameter_left_out_is_named(tmp_path):
    line = next(row for row in GOOD.splitlines(keepends=True) if row.startswith("  removed:"))
    assert "'removed' is missing" in "".join(faults_of(tmp_path, GOOD.replace(line, "")).values())


def test_all_faults_of_a_file_are_raised_at_once(tmp_path):
    text = (
        GOOD.replace("value: 1.4, unit: kg", "value: nan, unit: kg")
        .replace("value: 33.0, unit: d,", "value: 33.0, unit: h,")
        .replace("unit: points, varies: normal", "unit: points, varies: gamma")
        .replace("  hill: {", "  hil: {")
    )
    faults = faults_of(tmp_path, text)
    lines = [
        line_of(GOOD, piece)
        for piece in ("  W_cns:", "  t_half_cns:", "  alsfrs_r_base", "  hill:")
    ]
    assert set(lines) <= set(faults)


def test_a_model_nobody_wrote_is_refused(tmp_path):
    faults = faults_of(tmp_path, GOOD.replace("model: intrathecal_aso", "model: intrathecal_asso"))
    assert "Did you mean 'intrathecal_aso'?" in "".join(faults.values())


def test_a_medicine_without_a_model_is_a_catalog_error():
    with pytest.raises(CatalogError, match="no model of 'nosuchdrug'"):
        load_population("nosuchdrug")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("W_cns: {value: 1.4,", "W_cns: {value: -1.4,"),
        ("removed: {value: 10,", "removed: {value: 0,"),
        ("phi: {value: 0.0387,", "phi: {value: 1.1,"),
        ("alsfrs_r_baseline: {value: 36.9,", "alsfrs_r_baseline: {value: 49,"),
    ],
)
def test_a_value_outside_what_its_parameter_can_be_is_refused(tmp_path, old, new):
    """A negative clearance or a share above 1 would give curves that mean nothing."""
    assert GOOD.count(old) == 1
    assert "is not above" in faults_of(tmp_path, GOOD.replace(old, new))[line_of(GOOD, old)]
