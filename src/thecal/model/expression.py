"""The arithmetic in which a model is stated: names, numbers, + - * / **, and a few functions.

    "CL / V"        "kin * (1 - Imax * hill(cns / W, IC50, h))"        "clip(b - slope * H, 0, 48)"

An expression is read once, its names and units are checked, and it is turned into one plain
function of arrays that runs on any backend. Nothing else of Python can be written in it.

    exp log sqrt         of a plain number
    min max clip         of quantities of one unit
    hill(c, c50, h)      c^h / (c50^h + c^h), without overflow, 0 at c = 0
    ln2, month           ln 2;  30.4375 d a month
    t                    time in d, in a right-hand side
"""

from __future__ import annotations

import ast
import copy
import math
import operator
import re
import warnings
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from thecal.errors import ModelError, nearest, shown
from thecal.units import MONTH_D

LONGEST = 1000  # characters: more is a program, not an expression
DEEPEST = 40  # levels of brackets

CONSTANTS = {"ln2": (math.log(2), "1"), "month": (MONTH_D, "d/month")}
FUNCTIONS = {"exp": 1, "log": 1, "sqrt": 1, "min": 2, "max": 2, "clip": 3, "hill": 3}
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)

Unit = Mapping[str, Fraction]
PLAIN: Unit = {}

# Symbols a unit is made of, and what to write instead of those thecal does not use inside.
SYMBOLS = ("d", "L", "mg", "kg", "month", "points", "ng", "pg", "mL", "cells", "uL", "%")
ELSEWHERE = {
    "h": "d (1 h is 1/24 d)",
    "hr": "d (1 h is 1/24 d)",
    "min": "d (1 min is 1/1440 d)",
    "s": "d (1 s is 1/86400 d)",
    "day": "d",
    "days": "d",
    "wk": "d (a week is 7 d)",
    "week": "d (a week is 7 d)",
    "l": "L",
    "dL": "L (1 dL is 0.1 L)",
    "g": "mg (1 g is 1000 mg)",
    "ug": "mg (1 ug is 0.001 mg)",
    "point": "points",
}


def read_unit(text: str, more: Iterable[str] = ()) -> Unit:
    """Read "L/d", "mg/L", "1/d", "pg/mL", "1" or "ratio" as powers of symbols.

    more  symbols of the model's own, beside SYMBOLS
    """
    if not text.strip():
        raise ModelError("a unit is missing; write 1 for a plain number")
    powers: dict[str, Fraction] = {}
    known = (*SYMBOLS, *more)
    # "*", symbol, operator, symbol, …
    parts = ["*", *text.replace("*", " * ").replace("/", " / ").split()]
    if len(parts) % 2 or any((part in "*/") != (i % 2 == 0) for i, part in enumerate(parts)):
        raise ModelError(f"unit {shown(text)}: write symbols with * or / between them, as mg/L/d")
    for joined, part in zip(parts[::2], parts[1::2], strict=True):
        symbol, is_power, power = part.partition("^")
        if symbol in ("1", "ratio") and not is_power:
            continue
        if symbol not in known:
            alike = [name for name in known if name.lower() == symbol.lower()]
            better = ELSEWHERE.get(symbol) or ", ".join(alike)
            advice = f" Write {better}." if better else ""
            raise ModelError(
                f"unit {shown(text)}: {shown(symbol)} is none of {', '.join(known)}."
                f"{advice or nearest(symbol, known)}"
            )
        if is_power and not _POWER.fullmatch(power):
            raise ModelError(f"unit {shown(text)}: the power {shown(power)} is not a whole number")
        sign = 1 if joined == "*" else -1
        powers[symbol] = powers.get(symbol, Fraction(0)) + sign * int(power or 1)
    return {symbol: power for symbol, power in powers.items() if power}


_POWER = re.compile(r"-?[1-9][0-9]?")


def say_unit(unit: Unit) -> str:
    """Write a unit: "mg/L", "1/d", "1"."""

    def side(sign: int) -> str:
        return "*".join(
            s if abs(p) == 1 else f"{s}^{abs(p)}" for s, p in sorted(unit.items()) if p * sign > 0
        )

    above, below = side(1), side(-1)
    return (above or "1") + (f"/{below.replace('*', '/')}" if below else "")


def _times(a: Unit, b: Unit, power: Fraction = Fraction(1)) -> Unit:
    powers = {s: a.get(s, Fraction(0)) + power * b.get(s, Fraction(0)) for s in {*a, *b}}
    return {s: p for s, p in powers.items() if p}


class Functions(dict[str, Callable[..., Any]]):
    """What an expression may call, by name; alike only if it is the same object."""

    # A dict has no hash; these two make one that can key the compiled functions below.
    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression that has been read; `names` are the quantities it needs."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    @classmethod
    def read(cls, text: str) -> Expression:
        """Read an expression; ModelError says where it goes wrong."""
        if len(text) > LONGEST:
            raise ModelError(f"an expression of {len(text)} characters; at most {LONGEST}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of Python, about what is refused below
                tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            offset = error.offset if isinstance(error, SyntaxError) else None
            where = f" near character {offset}" if offset else ""
            raise ModelError(f"{shown(text, 60)} is not an expression{where}") from error
        names: set[str] = set()
        _check(tree, text, names, 0)
        return cls(text.strip(), tree, frozenset(names - CONSTANTS.keys()))

    def unit(self, units: Mapping[str, Unit | None]) -> Unit | None:
        """Return the unit of the value, None for a bare number; ModelError where units clash."""
        return _unit(self.tree, units, self.text)

    def function(self, functions: Functions, order: tuple[str, ...]) -> Callable[..., Any]:
        """Return a plain function of the quantities in `order`; made once for each `functions`."""
        return _function(self, functions, order)

    def over(self, divisor: Expression) -> tuple[Expression, bool]:
        """Return the expression divided by another where that is one of its factors.

        The flag says whether it was: "k * x" over "k" is x, "x / d" over "1 / d" is x.
        """
        rest: ast.expr | None = None
        match self.tree:
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                rest = right if _is_same(left, divisor.tree) else None
                rest = left if _is_same(right, divisor.tree) else rest
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                inverse = ast.BinOp(ast.Constant(1), ast.Div(), right)
                rest = left if _is_same(inverse, divisor.tree) else None
        if rest is None:
            return self, False
        names = {n.id for n in ast.walk(rest) if isinstance(n, ast.Name)}
        calls = {
            n.func.id
            for n in ast.walk(rest)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        used = (names - CONSTANTS.keys()) & (self.names | divisor.names) - (calls - self.names)
        return Expression(ast.unparse(rest), rest, frozenset(used)), True

    def split(self, fixed: frozenset[str]) -> tuple[Expression, dict[str, Expression]]:
        """Take out the largest parts that need only `fixed` names, as expressions of their own.

        They are computed once, where the rest is computed at every step.
        """
        parts: dict[str, Expression] = {}
        prefix = f"_{zlib.crc32(self.text.encode())}_"
        tree = _Hoist(fixed, parts, prefix).visit(_expand(self.tree))
        assert isinstance(tree, ast.expr)
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        return Expression(self.text, tree, frozenset(names - CALLABLE)), parts


def _is_same(a: ast.expr, b: ast.expr) -> bool:
    return ast.dump(a) == ast.dump(b)


# What may be called once hill(…) is written out; `hill` then is free to be a parameter's name.
CALLED_OR_NAMED = {"hill"}
CALLABLE = {*CONSTANTS, *FUNCTIONS, "sigmoid", "log0"} - CALLED_OR_NAMED


def _check(node: ast.expr, text: str, names: set[str], depth: int) -> float | None:
    """Refuse what may not stand in an expression; return the value of a part without names."""
    if depth > DEEPEST:
        raise ModelError(
            f"{shown(text, 60)} is more than {DEEPEST} levels deep; define parts of it by name"
        )
    inside: list[ast.expr]
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            inside = []
        case ast.Name(id=name):
            if name in FUNCTIONS and name not in CALLED_OR_NAMED:
                raise ModelError(f"{shown(text, 60)}: '{name}' is a function; write {name}(…)")
            names.add(name)
            return CONSTANTS[name][0] if name in CONSTANTS else None
        case ast.BinOp(op=op) if isinstance(op, OPERATORS):
            inside = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            inside = [node.operand]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            if name not in FUNCTIONS:
                raise ModelError(
                    f"{shown(text, 60)}: no function '{name[:40]}'; there are "
                    f"{', '.join(FUNCTIONS)}.{nearest(name, FUNCTIONS)}"
                )
            if len(args) != FUNCTIONS[name]:
                raise ModelError(
                    f"{shown(text, 60)}: {name} takes {FUNCTIONS[name]} values, not {len(args)}"
                )
            inside = args
        case _:
            raise ModelError(
                f"{shown(text, 60)}: only names, numbers, + - * / **, brackets and "
                f"{', '.join(FUNCTIONS)} can stand in an expression"
            )
    values = [_check(child, text, names, depth + 1) for child in inside]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    value = _worked_out(node, known)
    if value is None:
        raise ModelError(
            f"{shown(text, 60)}: '{ast.unparse(node)[:60]}' is not a finite real number"
        )
    return value


def _worked_out(node: ast.expr, of: list[float]) -> float | None:
    """Return the value of a part from its parts, None where it has no finite real one."""
    try:
        match node:
            case ast.Constant(value=number):
                value = float(number)  # type: ignore[arg-type]  # `_check` let numbers only through
            case ast.UnaryOp(op=op):
                value = -of[0] if isinstance(op, ast.USub) else of[0]
            case ast.BinOp(op=op):
                value = _ARITHMETIC[type(op)](*of)
            case ast.Call(func=ast.Name(id=name)):
                value = _VALUES[name](*of)
            case _:
                raise AssertionError(ast.dump(node))
    except (ArithmeticError, ValueError):
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None


def _hill(c: float, c50: float, h: float) -> Any:  # complex for what is refused then
    return 0.0 if c == 0 else 1 / (1 + (c50 / c) ** h)


_ARITHMETIC: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_VALUES: dict[str, Callable[..., Any]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
    "clip": lambda x, least, most: min(max(x, least), most),
    "hill": _hill,
}


def _same(
    parts: list[ast.expr], what: str, units: Mapping[str, Unit | None], text: str
) -> Unit | None:
    """Return the unit that parts share; bare numbers share any."""
    found = [(part, _unit(part, units, text)) for part in parts]
    named = [(part, unit) for part, unit in found if unit is not None]
    for part, unit in named[1:]:
        if unit != named[0][1]:
            raise ModelError(
                f"{shown(text, 80)}: {what} '{ast.unparse(named[0][0])[:60]}' in "
                f"{say_unit(named[0][1])} and '{ast.unparse(part)[:60]}' in {say_unit(unit)}"
            )
    return named[0][1] if named else None


def _plain(part: ast.expr, what: str, units: Mapping[str, Unit | None], text: str) -> Unit | None:
    """Refuse a part that has a unit."""
    unit = _unit(part, units, text)
    if unit:
        raise ModelError(
            f"{shown(text, 80)}: {what} '{ast.unparse(part)[:60]}' has the unit "
            f"{say_unit(unit)}; it has to be a plain number"
        )
    return unit


def _unit(node: ast.expr, units: Mapping[str, Unit | None], text: str) -> Unit | None:
    """Return the unit of a part; None for a bare number, which adds to and compares with any."""
    match node:
        case ast.Constant():
            return None
        case ast.Name(id=name):
            return read_unit(CONSTANTS[name][1]) if name in CONSTANTS else units[name]
        case ast.UnaryOp(operand=operand):
            return _unit(operand, units, text)
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return _same([node.left, node.right], "adds", units, text)
        case ast.BinOp(op=ast.Pow()):
            number = _plain(node.right, "the power", units, text)
            base = _unit(node.left, units, text)
            if not base:
                return PLAIN if base is not None or number is not None else None
            power = node.right
            sign = -1 if isinstance(power, ast.UnaryOp) and isinstance(power.op, ast.USub) else 1
            power = power.operand if isinstance(power, ast.UnaryOp) else power
            if not isinstance(power, ast.Constant):
                raise ModelError(
                    f"{shown(text, 80)}: '{ast.unparse(node.left)[:60]}' has the unit "
                    f"{say_unit(base)}; its power has to be a number. Divide by a reference first"
                )
            assert isinstance(power.value, int | float)
            exponent = Fraction(power.value).limit_denominator(100)
            return _times(PLAIN, base, sign * exponent)
        case ast.BinOp(op=op):
            left, right = _unit(node.left, units, text), _unit(node.right, units, text)
            if left is None and right is None:
                return None
            sign = 1 if isinstance(op, ast.Mult) else -1
            return _times(left or PLAIN, right or PLAIN, Fraction(sign))
        case ast.Call(func=ast.Name(id="sqrt"), args=[inside]):
            return _times(PLAIN, _unit(inside, units, text) or PLAIN, Fraction(1, 2))
        case ast.Call(func=ast.Name(id="min" | "max" | "clip"), args=args):
            return _same(args, "compares", units, text)
        case ast.Call(func=ast.Name(id="hill"), args=[c, c50, h]):
            _same([c, c50], "compares", units, text)
            _plain(h, "the steepness", units, text)
            return PLAIN
        case ast.Call(func=ast.Name(id=name), args=[inside]):
            _plain(inside, f"the argument of {name},", units, text)
            return PLAIN
    raise AssertionError(ast.dump(node))


class _Hill(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        assert isinstance(node.func, ast.Name)
        if node.func.id != "hill":
            return node
        c, c50, h = node.args
        if isinstance(h, ast.Constant) and h.value == 1:
            return ast.BinOp(c, ast.Div(), ast.BinOp(c50, ast.Add(), c))
        return _call(
            "sigmoid",
            ast.BinOp(
                ast.BinOp(h, ast.Mult(), _call("log0", c)),
                ast.Sub(),
                ast.BinOp(h, ast.Mult(), _call("log", c50)),
            ),
        )


def _expand(tree: ast.expr) -> ast.expr:
    """Write hill(c, c50, h) as sigmoid(h log0(c) − h log(c50)): fixed parts can be taken out."""
    expanded = _Hill().visit(copy.deepcopy(tree))
    assert isinstance(expanded, ast.expr)
    return expanded


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=list(args), keywords=[])


class _Hoist(ast.NodeTransformer):
    def __init__(self, fixed: frozenset[str], parts: dict[str, Expression], prefix: str) -> None:
        self.fixed, self.parts, self.prefix = fixed, parts, prefix

    def visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.expr) or isinstance(node, ast.Constant | ast.Name):
            return node
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - CALLABLE
        if names <= self.fixed:
            text = ast.unparse(node)
            name = f"{self.prefix}{len(self.parts)}"
            self.parts[name] = Expression(text, node, frozenset(names))
            return ast.Name(id=name, ctx=ast.Load())
        for field in ("left", "right", "operand"):
            if hasattr(node, field):
                setattr(node, field, self.visit(getattr(node, field)))
        if isinstance(node, ast.Call):
            # `visit` gives an expression for an expression, which its inherited type hides.
            node.args = [self.visit(arg) for arg in node.args]  # type: ignore[misc]
        return node


@lru_cache(maxsize=4096)
def _function(
    expression: Expression, functions: Functions, order: tuple[str, ...]
) -> Callable[..., Any]:
    """Compile a checked tree; every number becomes a float, so no power grows without end."""
    tree = _expand(expression.tree)  # a copy
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int | float)
            node.value = float(node.value)
    arguments = ast.arguments([], [ast.arg(arg=name) for name in order], None, [], [], None, [])
    whole = ast.fix_missing_locations(ast.Expression(ast.Lambda(args=arguments, body=tree)))
    scope = {"__builtins__": {}, **{name: value for name, (value, _) in CONSTANTS.items()}}
    made: Callable[..., Any] = eval(compile(whole, "<expression>", "eval"), {**scope, **functions})
    return made
