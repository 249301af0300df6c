"""Claims against a label, or two pages with each other: Differences, by class and severity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from thecal.label.claims import Claim
from thecal.label.label import Label, Statement
from thecal.label.monograph import Monograph, Span


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where a page and a label part.

    kind, severity  its class, and how much it matters
    topic           as a label statement has it
    quote           what the page says there; empty for an omission
    span            where; None for an omission
    line, column    the same in the file, from 1; 0 for an omission
    label_value     what the label says instead, in short
    statement       the label's statement; None where the label is silent
    why             one sentence: why it matters
    against         the other place in the page, for a page that contradicts itself
    """

    kind: Kind
    severity: Severity
    topic: str
    quote: str
    span: Span | None
    line: int
    column: int
    label_value: str
    statement: Statement | None
    why: str
    against: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A page held against a label."""

    monograph: Monograph
    label: Label
    claims: tuple[Claim, ...]
    differences: tuple[Difference, ...]  # worst first, then in the order of the page
