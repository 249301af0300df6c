"""rxode2 gives the same numbers, but for three schedules that it treats otherwise.

rxode2 is the R package of the nlmixr2 team (GPL ≥ 3); `version.txt` says which, `run.R` asked it,
with liblsoda at 1e-13 a step. Readings stand after the doses of their time (`after` 1): before them
rxode2 4.1.1 still reads what a steady-state dose at that time leaves.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent

CLOSED = {"rtol": 1e-11, "atol": 1e-10}
"""What hundreds of LSODA steps of 1e-13 may add up to, in mg or mg/L. Found: 2e-12 relative."""

CASCADE = {"rtol": 5e-7, "atol": 0.0}
"""Accuracy "high" of a cascade, of which LSODA has none of the error. Found: 2e-7."""

STEPPED = {"rtol": 3e-8, "atol": 1e-8}
"""Accuracy "high" of the general solver: 1e-8 a step, 1e-12 of a dose. Found: 4e-9."""

SAME = [k for k in range(1, 15) if k not in (7, 12)]


@pytest.mark.parametrize("schedule", SAME)
def test_rxode2_agrees_on_lag_f_infusions_and_steady_states(asked, stored, schedule):
    theirs = stored(HERE / "oral.csv", schedule, is_after=True)
    ours = asked("oral", theirs["TIME"], schedule, is_after=True, backend="numpy")
    for name in ("depot", "cp"):
        np.testing.assert_allclose(ours.of(name)[0], theirs[name], **CLOSED)


def test_rxode2_agrees_on_a_year_of_intrathecal_doses(asked, stored):
    """15 doses; weekly, and hourly on day 0: amounts to 11 digits, the cascade to 6."""
    theirs = stored(HERE / "luu.csv", is_after=True)
    ours = asked("luu", theirs["TIME"], is_after=True, backend="numpy")
    for name in ("csf", "cns", "plasma", "tissue"):
        np.testing.assert_allclose(ours.of(name)[0], theirs[name], **CLOSED)
    for name in ("M", "P", "N"):
        np.testing.assert_allclose(ours.of(name)[0], theirs[name], **CASCADE)


@pytest.mark.parametrize("schedule", [1, 2, 3])
def test_rxode2_agrees_with_the_general_solver(asked, stored, schedule):
    """Saturable elimination with an effect that stimulates."""
    pytest.importorskip("diffrax", reason="the general solver needs the extra ode")
    theirs = stored(HERE / "effect.csv", schedule, is_after=True)
    ours = asked("effect", theirs["TIME"], schedule, is_after=True, method="ode")
    for output in ours.outputs:
        np.testing.assert_allclose(ours.of(output.name)[0], theirs[output.name], **STEPPED)


def test_an_infusion_longer_than_its_interval_is_nearly_the_same_at_steady_state(asked, stored):
    """Schedule 7: rxode2 comes to the steady state by repetition and stops 3e-5 short of it.

    mrgsolve, asked for the same, agrees with thecal to 11 digits.
    """
    theirs = stored(HERE / "oral.csv", 7, is_after=True)
    ours = asked("oral", theirs["TIME"], 7, is_after=True, backend="numpy").of("cp")[0]
    apart = ours / theirs["cp"] - 1
    assert 1e-5 < apart.max() < 5e-5
    assert (apart > 0).all()


def test_rxode2_goes_below_zero_where_a_reset_cuts_an_infusion_and_we_do_not(asked, stored):
    """Schedule 12: EVID 3 in the middle of an infusion, which NONMEM and mrgsolve stop.

    rxode2 4.1.1 takes its rate off once more where it would have ended.
    """
    theirs = stored(HERE / "oral.csv", 12, is_after=True)
    ours = asked("oral", theirs["TIME"], 12, is_after=True, backend="numpy").of("cp")[0]
    assert theirs["cp"].min() < -0.1
    assert ours.min() >= 0
    is_early = theirs["TIME"] <= 4.0
    np.testing.assert_allclose(ours[is_early], theirs["cp"][is_early], **CLOSED)


def test_rxode2_gives_additional_doses_from_before_a_reset_as_mrgsolve_does(asked, stored):
    """Schedule 15: here they are cancelled; the two others agree with each other."""
    theirs = stored(HERE / "oral.csv", 15, is_after=True)
    others = stored(HERE.parent / "mrgsolve" / "oral.csv", 15, is_after=True)
    np.testing.assert_allclose(theirs["cp"], others["cp"], **CLOSED)
    ours = asked("oral", theirs["TIME"], 15, is_after=True, backend="numpy").of("cp")[0]
    assert (ours[theirs["TIME"] > 3] < 0.7 * theirs["cp"][theirs["TIME"] > 3]).all()
