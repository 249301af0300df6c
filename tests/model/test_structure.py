"""A model in a few lines works end to end, and every kind of fault in one is named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from thecal.errors import ModelError
from thecal.model.events import Dosing
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.solve import solve
from thecal.model.structure import (
    Compartments,
    Equation,
    Integral,
    Model,
    Output,
    Parameter,
    Transit,
    Turnover,
)

PARAMETERS = (
    Parameter("ka", "1/d"),
    Parameter("CL", "L/d"),
    Parameter("V", "L"),
    Parameter("kout", "1/d"),
    Parameter("C50", "mg/L"),
)
ORAL = Compartments("depot central", {"depot > central": "ka", "central >": "CL / V"})
CP = Output("cp", "mg/L", "drug in plasma", "central / V")
RESPONSE = Turnover("R", kin="kout * (1 - hill(central / V, C50, 1))", kout="kout")
VALUES = {"ka": 36.0, "CL": 26.4, "V": 20.0, "kout": 0.5, "C50": 1.0}
DOSE = Dosing.bolus([0.0], 100.0)
TIMES_D = np.array([0.0, 0.1, 1.0])


def oral(**changed: Any) -> Model:
    whole: dict[str, Any] = {"parameters": PARAMETERS, "parts": (ORAL, RESPONSE), "outputs": (CP,)}
    return Model(name="oral", **whole | changed)


def faults(**changed: Any) -> str:
    with pytest.raises(ModelError) as refused:
        oral(**changed)
    return str(refused.value)


# --- end to end ------------------------------------------------------------------------------


def test_a_model_of_a_few_lines_gives_bateman():
    """C = D ka / (V (ka − ke)) (e^{−ke t} − e^{−ka t}); ten lines from structure to numbers."""
    found = solve(oral(), VALUES, DOSE, TIMES_D, outputs=("cp",))
    ke = 26.4 / 20
    right = 100 / 20 * 36 / (36 - ke) * (np.exp(-ke * TIMES_D) - np.exp(-36 * TIMES_D))
    assert found.of("cp")[0] == pytest.approx(right, rel=1e-13, abs=1e-15)
    assert found.solved == "closed form, NumPy float64"


def test_names_of_compartments_states_and_flows_are_told():
    model = oral(parts=(Transit("late", of="R", n=2, ktr="kout"), RESPONSE, ORAL))
    assert model.amounts == ("depot", "central")
    assert model.states == ("depot", "central", "R", "late_1", "late")  # each below what drives it
    assert [(source, to) for source, to, _ in model.flows] == [
        ("depot", "central"),
        ("central", ""),
    ]
    assert model.fixed == {p.name for p in PARAMETERS}


def test_a_definition_stands_for_its_expression():
    named = Compartments("depot central", {"depot > central": "ka", "central >": "ke"})
    one = solve(oral(define={"ke": "CL / V"}, parts=(named,)), VALUES, DOSE, TIMES_D)
    other = solve(oral(parts=(ORAL,)), VALUES, DOSE, TIMES_D)
    assert (one.values == other.values).all()


# --- which solver ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "method", "reason"),
    [
        ((ORAL,), "linear", "compartments only"),
        ((ORAL, RESPONSE), "cascade", "no stage feeds back"),
        ((ORAL, Integral("auc", rate="central", unit="mg*d")), "cascade", "no stage feeds back"),
        (
            (ORAL, Turnover("A", kin="kout * B", kout="kout"), Turnover("B", "kout * A", "kout")),
            "ode",
            "A depends on B, which is not above it",
        ),
        (
            (
                Compartments(
                    "depot central",
                    {"depot > central": "ka", "central >": "CL / V / (1 + central / V / C50)"},
                ),
            ),
            "ode",
            "the flow central > depends on central",
        ),
        (
            (ORAL, Turnover("R", kin="kout", kout="kout * (1 + central / V / C50)")),
            "ode",
            "the loss of R depends on a state",
        ),
        (
            (ORAL, Equation("y", rate="-kout * y", unit="1", start="1")),
            "ode",
            "y depends on y, which is not above it",
        ),
        (
            (ORAL, Equation("y", rate=lambda t, values: values["central"], unit="mg")),
            "ode",
            "y has a right-hand side of its own",
        ),
        ((ORAL, Equation("y", rate="t * kout", unit="d")), "ode", "y depends on t"),
    ],
    ids=[
        "compartments",
        "cascade",
        "integral",
        "feedback",
        "Michaelis-Menten",
        "kout of a state",
        "own decay",
        "Python",
        "time",
    ],
)
def test_the_solver_follows_from_the_structure(parts, method, reason):
    found, why = oral(parts=parts).method
    assert found == method and why.startswith(reason)


def test_the_intrathecal_model_is_a_cascade():
    assert INTRATHECAL_ASO.method[0] == "cascade"


# --- faults ------------------------------------------------------------------------------------


def flows(**arrows: str) -> tuple[Any, ...]:
    held = {"depot > central": "ka", "central >": "CL / V"}
    return (
        Compartments("depot central", held | {k.replace("_", " > "): v for k, v in arrows.items()}),
    )


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a name that is not there": (
        {"outputs": (Output("cp", "mg/L", "", "centrall / V"),)},
        "output cp: 'centrall / V' names 'centrall', which is not in the model. "
        "Did you mean 'central'?",
    ),
    "a state where a parameter is needed": (
        {"parts": (ORAL, Integral("auc", rate="central", unit="mg*d", start="central * 1"))},
        "auc, start: 'central * 1' names 'central', which is not a parameter",
    ),
    "a wrong unit of an output": (
        {"outputs": (Output("cp", "mg", "", "central / V"),)},
        "output cp: 'central / V' has the unit mg/L; mg is expected",
    ),
    "a unit that is none": (
        {"parameters": (*PARAMETERS[:4], Parameter("C50", "mg/l"))},
        "C50: unit 'mg/l': 'l' is none of",
    ),
    "a wrong unit of a flow": (
        {"parts": flows(central_depot="CL")},
        "flow central > depot: 'CL' has the unit L/d; 1/d is expected",
    ),
    "a wrong unit of kin": (
        {"parts": (ORAL, Turnover("R", kin="central", kout="kout"))},
        "R, its rate: 'central' has the unit mg; 1/d is expected",
    ),
    "a wrong unit of kout": (
        {"parts": (ORAL, Turnover("R", kin="kout", kout="CL"))},
        "R, kout: 'CL' has the unit L/d; 1/d is expected",
    ),
    "a wrong unit of a start": (
        {"parts": (ORAL, Turnover("R", kin="kout", kout="kout", start="V"))},
        "R, start: 'V' has the unit L; 1 is expected",
    ),
    "a wrong unit of a lag": (
        {"parts": (Compartments("depot central", dict(ORAL.flows), lag={"depot": "ka"}),)},
        "lag of depot: 'ka' has the unit 1/d; d is expected",
    ),
    "units that clash within": (
        {"define": {"k": "CL + V"}},
        "k: 'CL + V': adds 'CL' in L/d and 'V' in L",
    ),
    "a parameter twice": ({"parameters": (*PARAMETERS, PARAMETERS[0])}, "'ka' is used twice"),
    "a state named as a parameter": (
        {"parts": (ORAL, Turnover("V", kin="kout", kout="kout"))},
        "'V' is used twice; parameters and states share one set of names",
    ),
    "a stage of a chain named as another": (
        {"parts": (ORAL, Transit("x", "1", 2, "kout"), Turnover("x_1", "kout", "kout"))},
        "'x_1' is used twice",
    ),
    "an output twice": ({"outputs": (CP, CP)}, "output 'cp' is given twice"),
    "no outputs": ({"outputs": ()}, "no outputs; name at least one quantity to predict"),
    "nothing in it": ({"parts": ()}, "no compartments and no stages"),
    "two sets of compartments": (
        {"parts": (ORAL, Compartments("other", {"other >": "ka"}))},
        "more than one set of Compartments",
    ),
    "a flow to an unknown compartment": (
        {"parts": flows(central_centrl="ka")},
        "no compartment 'centrl'; there are depot, central. Did you mean 'central'?",
    ),
    "a flow to itself": ({"parts": flows(depot_depot="ka")}, "goes to where it comes from"),
    "a flow that is none": (
        {
            "parts": (Compartments("depot", {"depot": "ka"}),),
            "outputs": (Output("a", "mg", "", "depot"),),
        },
        "flow 'depot': write 'from > to', or 'from >' for loss",
    ),
    "a flow twice": (
        {"parts": (Compartments("depot central", {**ORAL.flows, "depot>central": "kout"}),)},
        "flow 'depot>central' is given twice; add the two rate constants up",
    ),
    "an option of an unknown compartment": (
        {"parts": (Compartments("depot central", dict(ORAL.flows), F={"depo": "0.5"}),)},
        "F of 'depo': no such compartment; there are depot, central. Did you mean 'depot'?",
    ),
    "a chain of no stages": (
        {"parts": (ORAL, Transit("x", "1", 0, "kout"))},
        "x has 0 stages; a chain has 1 to 100",
    ),
    "a keyword for a name": (
        {"parameters": (*PARAMETERS, Parameter("lambda", "1/d"))},
        "'lambda' cannot be a name",
    ),
    "a letter Python reads as another": (
        {"parameters": (*PARAMETERS, Parameter("\u00b5", "1/d"))},
        "'\u00b5' cannot be a name",
    ),
    "a name with a meaning": (
        {"parameters": (*PARAMETERS, Parameter("exp", "1"))},
        "'exp' has a meaning of its own; choose another name",
    ),
    "time for a name": ({"parameters": (*PARAMETERS, Parameter("t", "1"))}, "'t' has a meaning"),
    "an expression that is none": (
        {"parts": (ORAL, Turnover("R", kin="kout *", kout="kout"))},
        "R, its rate: 'kout *' is not an expression",
    ),
    "brackets that close only together": (
        {"parts": (ORAL, RESPONSE, Transit("x", of="R) * (R", n=1, ktr="kout"))},
        "x, of: 'R) * (R' is not an expression",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_with_its_place(case):
    changed, says = FAULTS[case]
    said = faults(**changed)
    assert said.startswith("model 'oral' cannot be used:\n")
    assert says in said
    assert len(said.splitlines()) == 2, said  # one fault, said once


def test_all_faults_are_said_at_once():
    said = faults(
        parts=(
            Compartments("depot central", {"depot > centrl": "CL", "central >": "CL / W"}),
            Turnover("R", kin="central", kout="V"),
        ),
        outputs=(Output("cp", "mg", "", "central / V"), Output("x", "mg/h", "", "central")),
    ).splitlines()[1:]
    about = ["'centrl'", "'CL' has", "'W'", "R, its rate", "R, kout", "output cp", "output x"]
    assert len(said) == len(about)
    for words in about:
        assert sum(words in line for line in said) == 1, words


def test_expressions_that_cannot_be_read_are_all_said_at_once():
    said = faults(parts=(ORAL, Turnover("R", kin="1 +", kout="a.b"), Integral("I", "f(", "1")))
    for words in ("R, its rate", "R, kout", "I, its rate"):
        assert words in said


# --- what is asked of it --------------------------------------------------------------------------


def test_a_profile_names_its_outputs():
    profile = solve(oral(), VALUES, DOSE, TIMES_D)
    assert profile.of("cp").shape == (1, 3)
    with pytest.raises(ModelError, match=r"no output 'cpp'; there are cp\. Did you mean 'cp'\?"):
        profile.of("cpp")


ASKED: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt parameter": (
        {"values": {**VALUES, "Cl_": 1.0}},
        r"'Cl_' is no parameter of oral",
    ),
    "a near name": ({"values": {**VALUES, "kaa": 1.0}}, r"'kaa' .* Did you mean 'ka'\?"),
    "a missing parameter": ({"values": {"ka": 1.0, "V": 1.0}}, "needs a value for CL, kout, C50"),
    "not a number": ({"values": {**VALUES, "V": math.nan}}, "a value of V is not a finite number"),
    "endless": ({"values": {**VALUES, "V": math.inf}}, "a value of V is not a finite number"),
    "different numbers of people": (
        {"values": {**VALUES, "V": np.ones(2), "CL": np.ones(3)}},
        "different numbers of subjects: V has 2, CL has 3",
    ),
    "a table for a parameter": (
        {"values": {**VALUES, "V": np.ones((2, 2))}},
        r"V has shape \(2, 2\); give one number, or one a subject",
    ),
    "a negative rate": (
        {"values": {**VALUES, "ka": -1.0}},
        "the rate constant depot > central is negative",
    ),
    "nothing to divide by": (
        {"values": {**VALUES, "V": 0.0}},
        "the rate constant central >  is negative or not a finite number",
    ),
    "times out of order": ({"times_d": np.array([1.0, 0.5])}, "not increasing .*; sort them"),
    "a time before the first dose": ({"times_d": np.array([-1.0, 0.5])}, "from day 0 on"),
    "a time that is none": ({"times_d": np.array([0.0, math.nan])}, "not finite numbers"),
    "no times": ({"times_d": np.zeros(0)}, "the times asked for are empty"),
    "an unknown output": ({"outputs": ("cpp",)}, r"no output 'cpp'; there are cp\. Did you mean"),
    "an unknown accuracy": ({"accuracy": "best"}, "accuracy 'best'; there are default, high"),
    "an unknown backend": ({"backend": "cuda"}, "backend 'cuda'; there are auto, numpy and jax"),
    "an unknown method": ({"method": "euler"}, "method 'euler'; there are auto, exact, ode"),
    "whole numbers": ({"dtype": np.int64}, "numbers of type int64; there are float64 and float32"),
    "more rows of times than people": (
        {"values": {**VALUES, "V": np.ones(3)}, "times_d": np.zeros((2, 1))},
        "2 rows of times for 3 subjects",
    ),
    "flags of another length": ({"after": np.array([True])}, "`after` has another length"),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_cannot_be_solved_is_refused_in_words(case):
    changed, says = ASKED[case]
    asked: dict[str, Any] = {"values": VALUES, "dosing": DOSE, "times_d": TIMES_D}
    with pytest.raises(ModelError, match=says):
        solve(oral(), **asked | changed)
