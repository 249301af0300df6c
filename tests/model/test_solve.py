"""Two solvers on one question, the error steps leave, and chunks of one shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from thecal.errors import ModelError
from thecal.model import chunk
from thecal.model import solve as solving
from thecal.model.events import Dosing, Event
from thecal.model.modelfile import load_population
from thecal.model.solve import check, solve, step_error
from thecal.model.structure import Compartments, Equation, Model, Output, Parameter

TOFERSEN = load_population("tofersen")
MONTHLY = Dosing.bolus([0.0, 14.0, 28.0, 56.0], 100.0)
WEEKS_D = np.arange(0, 85, 7.0)
STEPS = 2e-4  # of the largest value: what default steps may leave (test_intrathecal)

DEPOT = Model(
    name="depot",
    parameters=(Parameter("ka", "1/d"), Parameter("CL", "L/d"), Parameter("V", "L")),
    parts=(Compartments("depot central", {"depot > central": "ka", "central >": "CL / V"}),),
    outputs=(Output("cp", "mg/L", "", "central / V"),),
)
VALUES = {"ka": 3.0, "CL": 2.0, "V": 10.0}


@pytest.fixture
def no_diffrax(monkeypatch):
    monkeypatch.setattr(solving, "find_spec", lambda name: None)


def test_two_methods_agree_on_a_cascade_and_are_named():
    pytest.importorskip("diffrax")
    agreement = check(TOFERSEN.model, TOFERSEN.typical(), MONTHLY, WEEKS_D)
    assert "cascade" in agreement.first
    assert "ode" in agreement.second
    assert agreement.apart.keys() == {output.name for output in TOFERSEN.model.outputs}
    # The steps of the cascade, and rtol 1e-8 of the other; measured 6e-5, mRNA after a dose.
    assert 0 < agreement.largest < STEPS


def test_without_diffrax_compartments_are_checked_by_the_other_exact_method(no_diffrax):
    agreement = check(DEPOT, VALUES, Dosing.bolus([0.0, 1.0], 100.0), np.arange(0, 10, 0.5))
    assert (agreement.first[:11], agreement.second[:5]) == ("closed form", "exact")
    assert agreement.largest < 1e-13


def test_without_diffrax_a_cascade_is_checked_by_finer_steps(no_diffrax):
    agreement = check(TOFERSEN.model, TOFERSEN.typical(), MONTHLY, WEEKS_D)
    assert 1e-7 < agreement.largest < STEPS


def test_an_ode_is_checked_by_smaller_tolerances():
    pytest.importorskip("diffrax")
    saturable = Model(
        name="saturable",
        parameters=(Parameter("Vm", "mg/d"), Parameter("Km", "mg")),
        parts=(
            Compartments("central", {"central >": "Vm / (Km + central)"}),
            Equation("gone", "Vm * central / (Km + central)", "mg"),
        ),
        outputs=(Output("central", "mg", "", "central"), Output("gone", "mg", "", "gone")),
    )
    agreement = check(saturable, {"Vm": 20.0, "Km": 5.0}, Dosing.bolus([0.0], 100.0), WEEKS_D)
    assert agreement.largest < 1e-5


def test_a_check_notices_a_solver_that_is_wrong(monkeypatch, no_diffrax):
    """The other method is made to answer with one part in a thousand too much."""
    right = solving.solve

    def wrong(*asked: Any, method: str = "auto", **options: Any) -> Any:
        profile = right(*asked, method=method, **options)
        factor = 1.001 if method == "exact" else 1.0
        return replace(profile, values=factor * profile.values)

    monkeypatch.setattr(solving, "solve", wrong)
    agreement = check(DEPOT, VALUES, Dosing.bolus([0.0], 100.0), np.arange(0, 10, 0.5))
    assert agreement.largest == pytest.approx(1e-3, rel=1e-6)
    assert "1.0e-03 apart (cp)" in str(agreement)


def test_the_step_error_is_the_error_to_a_tenth():
    """Against steps halved three times, whose own error is 1/4096 of it."""
    asked = (TOFERSEN.model, TOFERSEN.typical(), MONTHLY, WEEKS_D)
    estimated = step_error(*asked, outputs=("sod1_cns", "nfl"))
    exact = solve(*asked, outputs=("sod1_cns", "nfl"), accuracy="highest", backend="numpy").values
    found = solve(*asked, outputs=("sod1_cns", "nfl"), backend="numpy").values
    true = (np.abs(found - exact) / np.abs(exact).max(axis=1, keepdims=True)).max(axis=(0, 1))
    assert list(estimated.apart.values()) == pytest.approx(true.tolist(), rel=0.1)


def test_a_dose_every_day_leaves_a_larger_step_error_and_says_so():
    """The grid is made for slow effects; a fast one shows in the estimate, less so in "high"."""
    daily = Dosing.of([Event(time_d=0.0, amount_mg=5.0, addl=27, ii_d=1.0)])
    asked = (TOFERSEN.model, TOFERSEN.typical(), daily, np.arange(0.0, 28.5, 0.5))
    rough, fine = (step_error(*asked, accuracy=level).largest for level in ("default", "high"))
    assert fine < rough / 4


def test_compartments_alone_have_no_step_error():
    assert step_error(DEPOT, VALUES, MONTHLY, WEEKS_D).largest == 0


def test_the_finest_steps_have_nothing_to_be_held_against():
    with pytest.raises(ModelError, match="ask about default or high"):
        step_error(DEPOT, VALUES, MONTHLY, WEEKS_D, accuracy="highest")


def test_every_chunk_of_many_subjects_is_one_program(monkeypatch):
    """The last chunk is short; it is padded to the others' width and compiles nothing."""
    pytest.importorskip("jax")
    widths = []

    def spy(plan: Any, lanes: int) -> Any:
        widths.append(lanes)
        return lambda *tables: np.ones((64, len(plan.program.outputs), lanes))

    monkeypatch.setattr(chunk, "_compiled", spy)
    monkeypatch.setitem(solving.CHUNK, "jax", 16)
    values = {"ka": np.linspace(1, 2, 40), "CL": 2.0, "V": 10.0}
    found = solve(DEPOT, values, MONTHLY, WEEKS_D, backend="jax")
    assert widths == [16, 16, 16]
    assert found.values.shape == (40, len(WEEKS_D), 1)
