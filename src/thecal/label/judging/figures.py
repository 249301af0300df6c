"""The numbers of claims and of statements, set beside each other.

Two printed numbers are the same where rounding may have parted them; a claim is turned into the
unit of the label before it is compared.
"""

from __future__ import annotations

from collections.abc import Iterable

from thecal.label.claims import Claim
from thecal.label.label import Label, Statement
from thecal.label.quantity import in_unit


def first(label: Label, topic: str) -> Statement | None:
    """Return the first statement on a topic; None where the label has none."""
    return next(iter(label.about(topic)), None)


def figure(statement: Statement, name: str) -> float | None:
    """Return the number `name` of a statement; None where it carries none."""
    value = statement.values.get(name)
    return value if isinstance(value, float) else None


def figures(statements: Iterable[Statement], *names: str) -> list[tuple[float, Statement]]:
    """Return every number under any of the names, each with its statement, in order."""
    return [
        (value, s) for s in statements for name in names if (value := figure(s, name)) is not None
    ]


def numbers(claim: Claim, unit: str) -> tuple[float, float] | None:
    """Return a claim's number or range in a unit; None where it is of another dimension."""
    if isinstance(claim.value, str):
        return None
    lo, hi = claim.value if isinstance(claim.value, tuple) else (claim.value, claim.value)
    least, most = in_unit(lo, claim.unit, unit), in_unit(hi, claim.unit, unit)
    return None if least is None or most is None else (least, most)


def near(a: float, b: float, share: float = 0.01) -> bool:
    """Tell whether two printed numbers are one: 6.7 x 15 is 100.5, printed 100."""
    return abs(a - b) <= share * max(abs(a), abs(b))


def printed(value: float) -> str:
    """Return a number as a label prints it: 100, 6.7."""
    return f"{value:g}"


def comparable(claim: Claim) -> object:
    """Return what a claim says, equal for equal things: numbers of one dimension in one unit."""
    if isinstance(claim.value, str):
        return claim.value
    for unit in ("d", "C", "mg"):
        turned = numbers(claim, unit)
        if turned is not None:
            once = turned if isinstance(claim.value, tuple) else turned[:1]
            # 36 and 46 °F are printed for 2 and 8 °C
            return (unit, *(round(value, 0 if unit == "C" else 2) for value in once))
    return (claim.unit, *(claim.value if isinstance(claim.value, tuple) else (claim.value,)))
