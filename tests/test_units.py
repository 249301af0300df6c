"""Units: one canonical unit per kind, exact powers of ten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.units import KINDS, QUANTITIES, same_unit, scale


@pytest.mark.parametrize("kind", QUANTITIES)
def test_no_two_units_of_a_kind_are_one_word_without_case(kind):
    """Case-insensitive matching is safe only if g/L and G/L never meet in one kind."""
    words = [same_unit(unit) for unit in QUANTITIES[kind].units]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "expected"),
    [
        ("csf_wbc", 12, "MPt/L", 12),
        ("csf_wbc", 12, "mpt/l", 12),
        ("csf_wbc", 12, "cells/\u00b5L", 12),
        ("csf_wbc", 12, "cells/\u03bcL", 12),
        ("csf_wbc", 12, "/\u00b5l", 12),
        ("csf_wbc", 0.07, "G/L", 70),
        ("csf_protein", 79, "mg/dL", 790),
        ("csf_protein", 0.45, "g/L", 450),
        ("csf_protein", 450, "ug/mL", 450),
        ("albumin_ratio", 0.0056, "1", 5.6),
        ("albumin_ratio", 5.6, "10^-3", 5.6),
        ("nfl_csf", 7.485, "ng/mL", 7485),
        ("nfl_csf", 632, "ng/L", 632),
        ("csf_sod1", 120_000, "pg/mL", 120),
        ("csf_tofersen", 25, "ng/mL", 0.025),
        ("plasma_tofersen", 1, "ug/mL", 1),
        ("svc", 80, "%Predicted", 80),
        ("svc", 80, " % pred ", 80),
    ],
)
def test_a_value_converts_by_hand_to_the_canonical_unit(kind, value, unit, expected):
    """1 ng/mL = 1 ug/L = 0.001 mg/L; 1 G/L = 10^9/L = 1000/uL; and so on, on paper."""
    power = QUANTITIES[kind].power(unit)
    assert power is not None
    assert scale(value, power) == expected


def test_a_unit_of_another_kind_is_unknown():
    assert QUANTITIES["csf_protein"].power("G/L") == QUANTITIES["csf_protein"].power("g/L") == 3
    assert QUANTITIES["csf_wbc"].power("mg/L") is None
    assert QUANTITIES["dose"].power("mL") is None
    assert QUANTITIES["dose"].power("") is None


@pytest.mark.parametrize("kind", QUANTITIES)
def test_the_canonical_unit_changes_no_value(kind):
    assert QUANTITIES[kind].power(QUANTITIES[kind].unit) == 0


@given(st.floats(allow_nan=False), st.sampled_from([0]))
def test_a_power_of_nought_is_the_identity(value, power):
    assert scale(value, power) == value


@given(st.integers(1, 10**15 - 1), st.integers(-12, 12))
def test_there_and_back_is_the_same_value(digits, power):
    """Fifteen digits survive a conversion and its inverse."""
    assert scale(scale(digits, power), -power) == pytest.approx(digits, rel=1e-15)


def test_every_kind_of_the_published_courses_is_known():
    """The kinds of the case collection, as its README lists them."""
    known = "dose csf_wbc csf_protein albumin_ratio nfl_csf nfl_plasma nfl_serum pnfh_csf alsfrs_r"
    assert set(f"{known} svc event other".split()) <= set(KINDS)
