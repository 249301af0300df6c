"""The virtual people of the trial are in the stratum that the trial's own rule puts them in."""

from __future__ import annotations

import numpy as np
import pytest

from thecal.model.modelfile import load_population
from thecal.trial.strata import FAST_VARIANTS, stratum

PEOPLE = load_population("tofersen").draw_covariates(4000, seed=3)


def test_everybody_is_where_the_rule_puts_them():
    """EMA report table 4: a listed variant and 0.2 points a month, or any other and 0.9."""
    for group, variant, slope in zip(
        PEOPLE["group"], PEOPLE["variant"], PEOPLE["slope_pre"], strict=True
    ):
        # The others of the list are not told apart in the data.
        name = "A5T" if variant == "another listed variant" else str(variant)
        expected = "slower" if group == "slower" else "faster"
        assert stratum(float(slope), name) == expected


def test_a_listed_variant_is_known_by_its_legacy_number_with_met1():
    assert "A5V" in FAST_VARIANTS and "A4V" not in FAST_VARIANTS
    assert stratum(0.5, "A5V") == "faster" and stratum(0.5, "A4V") == "slower"


def test_all_a5v_are_faster_and_a_sixth_of_the_people():
    """EMA report: 17 of 108, all in the faster stratum; 4 standard errors of 4,000 people."""
    is_a5v = PEOPLE["variant"] == "A5V"
    assert (PEOPLE["group"][is_a5v] == "A5V").all()
    assert is_a5v.mean() == pytest.approx(17 / 108, abs=4 * 0.0058)


def test_faster_people_have_more_nfl_and_a_shorter_time_since_onset():
    """Months since onset are points lost over the decline: medians 8 and 36, EMA report table 5."""
    faster = PEOPLE["group"] != "slower"
    months = (48 - PEOPLE["alsfrs_r"]) / PEOPLE["slope_pre"]
    assert 6.5 < np.median(months[faster]) < 9.5
    assert 28 < np.median(months[~faster]) < 42
    ln_nfl = np.log(PEOPLE["nfl"])
    assert np.exp(ln_nfl[faster].mean() - ln_nfl[~faster].mean()) == pytest.approx(3.5, rel=0.1)
