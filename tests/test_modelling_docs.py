"""Does docs/modelling.md tell the truth where no example can? What it says is there and refused.

Its examples are run by `test_docs`, with those of every other page.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from thecal.errors import ModelError
from thecal.model import backend, residual, structure, task, variability
from thecal.model.events import Dosing, Event
from thecal.model.expression import CONSTANTS, FUNCTIONS
from thecal.model.solve import METHODS, solve
from thecal.model.structure import Compartments, Integral, Model, Output, Parameter, Turnover
from thecal.model.variability import Stepwise

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "modelling.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"\w+", PAGE))

NAMED = {
    "parts of a model": [part.__name__ for part in structure.Part.__args__],
    "options of compartments": [f.name for f in fields(Compartments) if f.name != "names"],
    "fields of an event": [f.name for f in fields(Event)],
    "functions and constants": [*FUNCTIONS, *CONSTANTS],
    "distributions": list(variability.DISTRIBUTIONS),
    "effects": list(variability.TRENDS),
    "residual errors": list(residual.KINDS),
    "accuracies": list(task.ACCURACY),
    "methods": list(METHODS),
    "reducers": ["Moments", "Quantiles", "Histogram", "Each", "Kept", "TableWriter"],
}


@pytest.mark.parametrize("what", NAMED)
def test_the_page_names_all_there_is(what):
    assert [name for name in NAMED[what] if name not in WORDS] == []


def test_the_page_shows_the_example_file_as_it_is():
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    assert block[1] == (ROOT / "examples" / "oral.yaml").read_text(encoding="utf-8")


def test_the_page_says_from_how_many_people_jax_is_taken():
    stated = re.search(r"JAX, where installed, from ([\d ]+) people on", PAGE)
    assert stated is not None
    assert int(stated[1].replace(" ", "")) == backend.JAX_FROM


# ---- the table of columns: what it says is refused is refused

VALUES = {"CL": 10.0, "V": 20.0, "M50": 1.0}
KINETICS = (Parameter("CL", "L/d"), Parameter("V", "L"), Parameter("M50", "mg"))
CHANGING = VALUES | {"CL": Stepwise(np.array([0.0, 1.0]), np.array([[1.0], [2.0]]))}


def model(*stages, loss="CL / V", option=None) -> Model:
    return Model(
        name="one",
        parameters=KINETICS,
        parts=(Compartments("central", {"central >": loss}, **(option or {})), *stages),
        outputs=tuple(Output(s.name, s.unit, "", s.name) for s in stages)
        or (Output("cp", "mg/L", "", "central / V"),),
    )


EFFECT = Turnover("R", kin="CL / V", kout="CL / V")
EXPOSURE = Integral("AUC", rate="central / V", unit="mg*d/L")
STEADY = {"time_d": 0.0, "amount_mg": 1.0, "ss": 1, "ii_d": 1.0}
ONE = {"time_d": 0.0, "amount_mg": 1.0}


def give(of: Model, *given: Event, values=VALUES) -> None:
    solve(of, values, Dosing.of(given), [0.0, 1.0], backend="numpy")


REFUSED = {
    "TIME below 0": lambda: Event(time_d=-1.0, amount_mg=1.0),
    "AMT of 0": lambda: Event(time_d=0.0, amount_mg=0.0),
    "EVID 0 as an event": lambda: Event(time_d=0.0, evid=0),
    "EVID above 4": lambda: Event(time_d=0.0, evid=5),
    "CMT below 0": lambda: give(model(), Event(**ONE, into=-1)),
    "CMT of a stage": lambda: give(model(EFFECT), Event(**ONE, into="R")),
    "RATE of -3": lambda: Event(**ONE, rate_mg_per_d=-3.0),
    "RATE of -1 unstated": lambda: give(model(), Event(**ONE, rate_mg_per_d=-1.0)),
    "RATE of -2 unstated": lambda: give(model(), Event(**ONE, rate_mg_per_d=-2.0)),
    "ADDL without II": lambda: Event(**ONE, addl=1),
    "SS of 3": lambda: Event(**{**STEADY, "ss": 3}),
    "SS in an ODE model": lambda: give(
        model(loss="CL / V * M50 / (M50 + central)"), Event(**STEADY)
    ),
    "SS with parameters that change": lambda: give(model(), Event(**STEADY), values=CHANGING),
    "SS where an Integral is needed": lambda: give(model(EXPOSURE), Event(**STEADY)),
    "SS = 2 with stages": lambda: give(model(EFFECT), Event(**{**STEADY, "ss": 2})),
    "SS in schedules that differ": lambda: Dosing.each([Dosing.of([Event(**STEADY)])] * 2),
    "EVID 3 in schedules that differ": lambda: Dosing.each(
        [Dosing.of([Event(time_d=0.0, evid=3)])] * 2
    ),
    "lag that changes": lambda: give(
        model(option={"lag": {"central": "V / CL"}}), Event(**ONE), values=CHANGING
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_page_calls_refused_is_refused(what):
    with pytest.raises(ModelError):
        REFUSED[what]()


def test_what_stands_beside_a_refusal_is_not_refused():
    """The same requests without what is wrong with them: the refusals above have their reason."""
    give(model(), Event(**STEADY))
    give(model(EFFECT), Event(**STEADY))
    give(model(), Event(**{**STEADY, "ss": 2}))
    give(model(EXPOSURE), Event(**ONE))
    give(model(), Event(**ONE), values=CHANGING)
    give(model(), Event(**ONE, into=1), Event(time_d=0.5, evid=3))
    give(model(option={"lag": {"central": "V / CL"}}), Event(**ONE))
