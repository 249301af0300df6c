"""What a label says to a claim: it bears it out, it parts from it, or it does not speak of it.

A judge answers with a `Verdict`. The ways in which a page can part from a label stand in `faults`,
each with its class, its severity and the reason why it matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from thecal.label.claims import Claim
from thecal.label.label import Label, Statement


class Kind(StrEnum):
    """How a page differs from a label."""

    CONTRADICTS = "contradicts"
    SUPERSEDED = "superseded version"
    ELSEWHERE = "other jurisdiction"
    OMITS = "omits"
    ADDS = "adds"
    BLURS = "blurs"
    OVERCLAIMS = "overclaims"


class Severity(StrEnum):
    """How much a difference matters, worst first."""

    SAFETY = "safety"
    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"


SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a page parts from a label.

    why  one sentence: why it matters; a word in braces is filled in by `wrong`
    """

    kind: Kind
    severity: Severity
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a label says to a claim.

    ok           whether it bears the claim out; None where it does not speak of it
    label_value  what it says instead, in short
    statement    by which it was judged; None where the label is silent
    """

    ok: bool | None
    label_value: str = ""
    statement: Statement | None = None
    kind: Kind = Kind.CONTRADICTS
    severity: Severity = Severity.MINOR
    why: str = ""


Judge: TypeAlias = Callable[[Claim, Label], Verdict]

UNKNOWN = Verdict(ok=None)


def right(statement: Statement | None) -> Verdict:
    """Say that a statement bears a claim out."""
    return Verdict(ok=True, statement=statement)


def wrong(
    fault: Fault, statement: Statement | None, label_value: str | None = None, **words: object
) -> Verdict:
    """Say in what way a claim parts from a statement.

    label_value  what the label says instead, in short; the whole statement if not given
    words        for the braces in the fault's sentence
    """
    if label_value is None:
        label_value = statement.says if statement else ""
    return Verdict(
        ok=False,
        label_value=label_value,
        statement=statement,
        kind=fault.kind,
        severity=fault.severity,
        why=fault.why.format(**words) if words else fault.why,
    )
