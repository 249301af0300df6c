"""What may stand in an expression, its units, and that taking it apart changes no value."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.errors import ModelError
from thecal.model.backend import functions
from thecal.model.expression import LONGEST, Expression, read_unit, say_unit

NUMPY = functions(np, np.dtype(np.float64))


def value_of(expression: Expression, values: dict[str, Any]) -> Any:
    order = tuple(sorted(expression.names))
    return expression.function(NUMPY, order)(*(values[name] for name in order))


def refusal(text: str) -> str:
    with pytest.raises(ModelError) as refused:
        Expression.read(text)
    return str(refused.value)


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a + b * 2", 2 + 3 * 2),
        ("a ^ 2", 4),
        ("-a ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("a / b / 2", 1 / 3),
        ("exp(log(a))", 2),
        ("sqrt(a * 8)", 4),
        ("min(a, b) + max(a, b)", 5),
        ("clip(a, 2.5, 48)", 2.5),
        ("hill(a, b, 2)", 4 / 13),
        ("hill(a, b, 1)", 0.4),
        ("ln2 / month", math.log(2) / 30.4375),
        ("  a\t", 2),
        ("1e-3 * a", 2e-3),
        ("hill * hill(a, b, 1)", 2.8),
    ],
)
def test_an_expression_has_the_value_of_its_arithmetic(text, right):
    """By hand; ^ is a power, as in the field, and a parameter may be called `hill`."""
    expression = Expression.read(text)
    assert value_of(expression, {"a": 2.0, "b": 3.0, "hill": 7.0}) == pytest.approx(
        right, rel=1e-14
    )


def test_an_expression_names_what_it_needs_and_no_function_or_constant():
    assert Expression.read("ln2 * CL / hill(V, c50, h) + t").names == {"CL", "V", "c50", "h", "t"}


@pytest.mark.parametrize(
    "text",
    [
        "a.b",
        "a[0]",
        "a.__class__.__mro__",
        "lambda: a",
        "[a for a in b]",
        "{a: b}",
        "(a, b)",
        "a if b else c",
        "a < b",
        "a and b",
        "not a",
        "~a",
        "a // b",
        "a % b",
        "a @ b",
        "f'{a}'",
        "'text'",
        "b'text'",
        "True",
        "None",
        "...",
        "1j",
        "(a := b)",
        "await a",
        "*a",
        "__import__('os').system('true')",
        "open('x')",
        "min(a, key=b)",
        "min(*a, b)",
        "(lambda: a)()",
        "exp(a)(b)",
        "exp.x(a)",
    ],
)
def test_nothing_else_of_python_can_stand_in_an_expression(text):
    said = refusal(text)
    assert "can stand in an expression" in said or "no function" in said or "not an" in said


@pytest.mark.parametrize(
    "text", ["", "   ", "a +", "(a", "a)", "a b", "1a", "a = b", "a; b", "\0", "\ud800"]
)
def test_what_is_no_expression_is_said_to_be_none(text):
    assert "is not an expression" in refusal(text)


def test_a_wrong_function_is_told_the_nearest():
    assert "Did you mean 'sqrt'?" in refusal("sqr(a)")
    assert "exp takes 1 values, not 2" in refusal("exp(a, b)")
    assert "'exp' is a function; write exp(…)" in refusal("exp * a")
    assert "no function 'sigmoid'" in refusal("sigmoid(a)")  # its own tools are not for models


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9",
        "9^9^9^9",
        "a + 1/0",
        "(-8)**0.5",
        "exp(1000) * a",
        "log(0)",
        "sqrt(-1)",
        "month ** 1000",
        "9" * 500,
        "1e999",
        "hill(-1, 1, 0.5)",
        "1 / (2 - 2)",
    ],
)
def test_a_part_without_a_finite_real_value_is_refused_when_read_and_at_once(text):
    """Python would work for ever on the first; the others would surface only in a result."""
    begun = time.perf_counter()
    assert "is not a finite real number" in refusal(text)
    assert time.perf_counter() - begun < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100 + "a" + ")" * 100,
        "(" * 499 + "a" + ")" * 499,
        "-" * 900 + "a",
        "exp(" * 90 + "a" + ")" * 90,
        "+".join("a" * 400),
        "**".join("a" * 300),
        "a" * 100_000,
        "+" * 100_000,
        "[" * 900,
        "a." * 400,
    ],
)
def test_what_is_too_long_or_too_deep_is_refused_quickly(text):
    begun = time.perf_counter()
    try:
        deep = len(Expression.read(text).names) > 1
    except ModelError as error:
        deep = False
        assert len(str(error)) < 300
    assert not deep and time.perf_counter() - begun < 1.0


def test_the_limits_are_told():
    assert f"at most {LONGEST}" in refusal("a" * (LONGEST + 1))
    assert "40 levels deep; define parts of it by name" in refusal("+".join("a" * 60))
    assert Expression.read("+".join("a" * 40)).names == {"a"}


@settings(max_examples=200)
@given(text=st.text(alphabet="ab1.0e+-*/^(), \n'\"[]{}:=!<>&|~%@#\\lnexphilt_é\0", max_size=60))
def test_any_text_of_such_letters_is_an_expression_or_refused(text):
    begun = time.perf_counter()
    try:
        expression = Expression.read(text)
        assert all(name.isidentifier() for name in expression.names)
        expression.function(NUMPY, tuple(sorted(expression.names)))  # and compiles
    except ModelError as error:
        assert str(error)
    assert time.perf_counter() - begun < 1.0


@given(text=st.text(max_size=80))
def test_any_text_at_all_is_an_expression_or_refused(text):
    try:
        Expression.read(text)
    except ModelError as error:
        assert len(str(error)) < 1000


@given(text=st.text(alphabet="dLmgk1/*^-² \t23ratio%uh", max_size=12))
def test_any_text_is_a_unit_or_refused_and_what_is_said_reads_back(text):
    try:
        unit = read_unit(text)
    except ModelError as error:
        assert str(error)
    else:
        assert read_unit(say_unit(unit)) == unit


# --- units -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "powers"),
    [
        ("1", {}),
        ("ratio", {}),
        ("mg/L", {"mg": 1, "L": -1}),
        ("mg/L/d", {"mg": 1, "L": -1, "d": -1}),
        ("1/d", {"d": -1}),
        ("mg * d / L", {"mg": 1, "d": 1, "L": -1}),
        ("L^2/d^-1", {"L": 2, "d": 1}),
        ("mg/mg", {}),
        ("pg/mL", {"pg": 1, "mL": -1}),
        ("points/month", {"points": 1, "month": -1}),
    ],
)
def test_a_unit_is_read_as_powers_of_its_symbols(text, powers):
    assert read_unit(text) == powers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a unit is missing"),
        ("1/h", "Write d (1 h is 1/24 d)."),
        ("L/day", "Write d."),
        ("ug/L", "Write mg (1 ug is 0.001 mg)."),
        ("pg/ml", "Write mL."),
        ("MG/L", "Write mg."),
        ("l/d", "Write L."),
        ("month/pionts", "Did you mean 'points'?"),
        ("mg/", "write symbols with * or / between them"),
        ("mg L", "write symbols with * or / between them"),
        ("mg**2", "write symbols with * or / between them"),
        ("mg^x", "the power 'x' is not a whole number"),
        ("mg^²", "is not a whole number"),
        ("mg^--1", "is not a whole number"),
        ("mg^" + "9" * 5000, "is not a whole number"),
        ("furlong", "'furlong' is none of d, L, mg"),
    ],
)
def test_a_wrong_unit_is_refused_with_what_to_write(text, says):
    with pytest.raises(ModelError) as refused:
        read_unit(text)
    assert says in str(refused.value) and len(str(refused.value)) < 300


UNITS = {
    name: read_unit(unit)
    for name, unit in {
        "CL": "L/d",
        "V": "L",
        "A": "mg",
        "k": "1/d",
        "h": "1",
        "c50": "mg/L",
        "slope": "points/month",
        "H": "d",
        "b": "points",
    }.items()
}


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("CL / V", "1/d"),
        ("2 * CL", "L/d"),
        ("A / V + 1", "mg/L"),
        ("A / V + c50", "mg/L"),
        ("(A / V) ** 2", "mg^2/L^2"),
        ("V ** -1", "1/L"),
        ("V ** 0.75", "L^3/4"),
        ("sqrt(V * V)", "L"),
        ("h ** h", "1"),
        ("exp(k * H)", "1"),
        ("hill(A / V, c50, h)", "1"),
        ("min(A / V, c50)", "mg/L"),
        ("clip(b - slope * H / month, 0, 48)", "points"),
        ("-CL", "L/d"),
        ("ln2 / H", "1/d"),
        ("k / k", "1"),
    ],
)
def test_a_unit_follows_the_arithmetic(text, unit):
    assert say_unit(Expression.read(text).unit(UNITS) or {}) == unit


@pytest.mark.parametrize("text", ["2", "1 / 12", "-3", "2 * 3 + 1", "2 ** 3", "min(1, 2)"])
def test_a_bare_number_has_whatever_unit_its_place_needs(text):
    """A rate of 1 / 12 may be written out as 0.0833 may."""
    assert Expression.read(text).unit(UNITS) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("CL + V", "adds 'CL' in L/d and 'V' in L"),
        ("A - A / V", "adds 'A' in mg and 'A / V' in mg/L"),
        ("exp(V)", "the argument of exp, 'V' has the unit L; it has to be a plain number"),
        ("log(A / V)", "the argument of log, 'A / V' has the unit mg/L"),
        ("h ** V", "the power 'V' has the unit L"),
        ("V ** h", "its power has to be a number. Divide by a reference first"),
        ("min(CL, V)", "compares 'CL' in L/d and 'V' in L"),
        ("hill(A, c50, h)", "compares 'A' in mg and 'c50' in mg/L"),
        ("hill(A / V, c50, V)", "the steepness 'V' has the unit L"),
        ("b - slope * H", "adds 'b' in points and 'slope * H' in d*points/month"),
    ],
)
def test_units_that_do_not_go_together_are_named(text, says):
    with pytest.raises(ModelError) as refused:
        Expression.read(text).unit(UNITS)
    assert says in str(refused.value)


# --- taken apart -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "divisor", "rest"),
    [
        ("k * x", "k", "x"),
        ("x * k", "k", "x"),
        ("k * (1 - a)", "k", "1 - a"),
        ("x / d", "1 / d", "x"),
        ("(k * a) * (x + y)", "k * a", "x + y"),
        ("x / (a * b)", "1 / (a * b)", "x"),
        ("hill * hill(x, a, 2)", "hill", "hill(x, a, 2)"),
    ],
)
def test_a_loss_that_is_a_factor_of_production_is_taken_out(text, divisor, rest):
    found, was = Expression.read(text).over(Expression.read(divisor))
    assert was and found.text == rest


@pytest.mark.parametrize(
    ("text", "divisor"),
    [
        ("k * a * x", "k"),  # (k a) x: k is no factor at the top
        ("k + x", "k"),
        ("x / (a * b)", "1 / a * b"),  # b / a
        ("x / (a + b)", "1 / a + b"),
        ("x ** k", "k"),
        ("k", "k"),
    ],
)
def test_what_is_no_factor_is_left_alone(text, divisor):
    expression = Expression.read(text)
    found, was = expression.over(Expression.read(divisor))
    assert not was and found is expression


NAMES = ("a", "b", "c", "x", "y")


def expressions() -> st.SearchStrategy[str]:
    """Expressions that are finite for positive values."""
    leaf = st.one_of(st.sampled_from(NAMES), st.sampled_from(["1", "0.5", "3", "ln2"]))

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        two = st.tuples(inner, inner)
        return st.one_of(
            st.tuples(two, st.sampled_from("+-*")).map(lambda p: f"({p[0][0]} {p[1]} {p[0][1]})"),
            two.map(lambda p: f"{p[0]} / (1 + ({p[1]}) ** 2)"),
            two.map(lambda p: f"min({p[0]}, {p[1]})"),
            two.map(lambda p: f"hill(({p[0]}) ** 2, 1 + ({p[1]}) ** 2, 1.5)"),
            inner.map(lambda e: f"exp(-({e}) ** 2)"),
            inner.map(lambda e: f"-({e})"),
        )

    return st.recursive(leaf, wider, max_leaves=8)


VALUES = st.fixed_dictionaries({name: st.floats(0.1, 3) for name in NAMES})


@given(text=expressions(), values=VALUES, fixed=st.sets(st.sampled_from(NAMES)))
def test_what_is_computed_once_and_the_rest_give_the_same_value(text, values, fixed):
    """`split` takes out every part of fixed names alone; the rest needs no other fixed part."""
    whole = Expression.read(text)
    rest, parts = whole.split(frozenset(fixed))
    known = dict(values)
    for name, part in parts.items():
        assert part.names <= fixed
        known[name] = value_of(part, values)
    assert rest.names <= {*values, *parts}
    assert value_of(rest, known) == pytest.approx(value_of(whole, values), rel=1e-12, abs=1e-12)


SHAPES = {  # production, and the loss that is a factor of it
    "({k}) * ({x})": "{k}",
    "({x}) * ({k})": "{k}",
    "({x}) / ({k})": "1 / ({k})",
    "{x}": "{k}",
}


@settings(max_examples=60)
@given(kin=expressions(), kout=expressions(), values=VALUES, shape=st.sampled_from(sorted(SHAPES)))
def test_production_over_loss_times_loss_is_production(kin, kout, values, shape):
    """Where `over` took the loss out as a factor, what is left times the loss is production."""
    try:
        production = Expression.read(shape.format(k=kout, x=kin))
        loss = Expression.read(SHAPES[shape].format(k=kout))
    except ModelError:  # a number divided by 1 - 1
        return
    found, was = production.over(loss)
    assert was or shape == "{x}"
    if not was:
        assert found is production
        return
    assert found.names <= production.names
    arrays = {name: np.array([value]) for name, value in values.items()}
    with np.errstate(all="ignore"):
        by = np.broadcast_to(value_of(loss, arrays), 1)
        right = np.broadcast_to(value_of(production, arrays), 1)
        if np.isfinite(right).all():
            whole = value_of(found, arrays) * by
            assert whole == pytest.approx(right, rel=1e-12, abs=1e-12)


def test_the_same_expression_is_compiled_once():
    expression = Expression.read("a * b")
    assert expression.function(NUMPY, ("a", "b")) is expression.function(NUMPY, ("a", "b"))


def test_a_function_takes_arrays_and_nothing_of_python_is_in_its_reach():
    made = Expression.read("clip(a, 0, 1)").function(NUMPY, ("a",))
    assert made(np.array([-1.0, 0.5, 2.0])).tolist() == [0.0, 0.5, 1.0]
    assert made.__globals__["__builtins__"] == {}
