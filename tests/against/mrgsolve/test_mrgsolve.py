"""mrgsolve gives the same numbers: `run.R` ran it, its answers lie here with all their digits.

mrgsolve is the R package of Metrum Research Group (GPL ≥ 2); `version.txt` says which. It steps
with LSODA, here asked for 1e-13 a step; nothing of thecal is solved that way. Files hold both
orders of records: `after` 0 reads before the doses of a time, 1 after them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thecal.model.solve import solve

HERE = Path(__file__).parent

CLOSED = {"rtol": 1e-11, "atol": 1e-11}
"""What hundreds of LSODA steps of 1e-13 may add up to. Found: 3e-12 at worst."""

CASCADE = {"rtol": 5e-7, "atol": 0.0}
"""Accuracy "high" of a cascade, of which LSODA has none of the error. Found: 1.5e-7."""

STEPPED = {"rtol": 3e-8, "atol": 1e-8}
"""Accuracy "high" of the general solver: 1e-8 a step, 1e-12 of a dose. Found: a third of this."""

BOTH = pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])


@BOTH
@pytest.mark.parametrize("schedule", range(1, 15))
def test_mrgsolve_agrees_on_lag_f_infusions_resets_and_steady_states(
    asked, stored, schedule, is_after
):
    """One compartment with absorption: 14 schedules, each read before and after its doses."""
    theirs = stored(HERE / "oral.csv", schedule, is_after=is_after)
    ours = asked("oral", theirs["TIME"], schedule, is_after=is_after, backend="numpy")
    for name in ("depot", "cp"):
        np.testing.assert_allclose(ours.of(name)[0], theirs[name], **CLOSED)


def test_mrgsolve_goes_on_with_additional_doses_from_before_a_reset_and_we_do_not(
    asked, stored, both_ways
):
    """Schedule 15: EVID 4 on day 2.5 while doses of days 3, 4 and 5 are due by ADDL.

    Here they are cancelled, as NONMEM cancels them at SS = 1; in mrgsolve they are given. Written
    out as records of their own, they give mrgsolve's values: nothing else differs.
    """
    theirs = stored(HERE / "oral.csv", 15)
    times_d, cp = theirs["TIME"], theirs["cp"]
    ours = asked("oral", times_d, 15, backend="numpy").of("cp")[0]
    is_early = times_d <= 3
    np.testing.assert_allclose(ours[is_early], cp[is_early], **CLOSED)
    assert (ours[~is_early] < 0.7 * cp[~is_early]).all()

    model, values, dosing = both_ways
    written = solve(model, values, dosing, times_d, outputs=("cp",), backend="numpy").of("cp")[0]
    np.testing.assert_allclose(written, cp, **CLOSED)


@BOTH
def test_mrgsolve_agrees_on_a_year_of_intrathecal_doses(asked, stored, is_after):
    """15 doses; weekly, and hourly on day 0: amounts to 11 digits, the cascade to 6."""
    theirs = stored(HERE / "luu.csv", is_after=is_after)
    ours = asked("luu", theirs["TIME"], is_after=is_after, backend="numpy")
    for name in ("csf", "cns", "plasma", "tissue"):
        np.testing.assert_allclose(ours.of(name)[0], theirs[name], **CLOSED)
    for name in ("M", "P", "N"):
        np.testing.assert_allclose(ours.of(name)[0], theirs[name], **CASCADE)


@BOTH
@pytest.mark.parametrize(("model", "schedule"), [("luu", 1), *(("effect", k) for k in (1, 2, 3))])
def test_mrgsolve_agrees_with_the_general_solver(asked, stored, model, schedule, is_after):
    """The same year as an ODE; and saturable elimination with an effect that stimulates."""
    pytest.importorskip("diffrax", reason="the general solver needs the extra ode")
    theirs = stored(HERE / f"{model}.csv", schedule, is_after=is_after)
    ours = asked(model, theirs["TIME"], schedule, is_after=is_after, method="ode")
    assert "diffrax" in ours.solved
    for output in ours.outputs:
        np.testing.assert_allclose(ours.of(output.name)[0], theirs[output.name], **STEPPED)


def test_the_two_orders_of_records_differ_only_where_a_dose_falls_on_a_reading(stored):
    """Or the files would say nothing about the order: a bolus a day, seen on days 0 to 6."""
    before = stored(HERE / "effect.csv", 1)
    after = stored(HERE / "effect.csv", 1, is_after=True)
    gained = after["depot"] - before["depot"]
    is_dose = np.isin(before["TIME"], range(7))
    np.testing.assert_allclose(gained[is_dose], 100.0, rtol=1e-11)
    np.testing.assert_allclose(gained[~is_dose], 0.0, atol=1e-10)
