"""One question about one person, answered: a verdict, its reasons, and what is missing.

There is never one boolean: what a label says, what it forbids and what a payer asks are three
rulings, and a condition that no fact settles makes none of them a yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from thecal.clinic.policy import Basis
from thecal.source import Source


class Verdict(StrEnum):
    """How a question stands."""

    YES = "yes"
    NO = "no"
    NOT_ESTABLISHED = "not established"  # the facts are there, and nobody knows what they mean
    MISSING = "missing facts"
    NOT_READ = "label not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One condition of a ruling, and how it stands.

    verdict       of this condition alone
    says          what is asked and what was found
    source        where the condition stands
    rule          a label's topic, or a named policy and its version
    reading       how thecal reads a word that the source does not define; empty if it need not
    read_by       where that reading stands
    is_confirmed  the condition was read in its source
    missing       the fact to be found out; empty if none
    inputs        the facts it read, by name
    """

    verdict: Verdict
    says: str
    source: Source | None = None
    rule: str = ""
    reading: str = ""
    read_by: Basis | None = None
    is_confirmed: bool = True
    missing: str = ""
    inputs: dict[str, str | float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The answer to one question.

    question  in words, as "Indicated by the US label"
    verdict   yes, no, not established, missing facts, or label not read
    reasons   its conditions, each with its source
    """

    question: str
    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that were asked for and not recorded, each once."""
        return tuple(dict.fromkeys(r.missing for r in self.reasons if r.missing))


# Of several conditions the first of these that occurs decides.
ALL_MET = (Verdict.NO, Verdict.NOT_READ, Verdict.NOT_ESTABLISHED, Verdict.MISSING, Verdict.YES)
ANY_MET = (Verdict.YES, Verdict.NOT_ESTABLISHED, Verdict.MISSING, Verdict.NOT_READ, Verdict.NO)


def ruling(question: str, reasons: Sequence[Reason], order: Sequence[Verdict]) -> Ruling:
    """Decide by the first verdict of `order` that a reason has; there is at least one reason."""
    held = {reason.verdict for reason in reasons}
    verdict = next(verdict for verdict in order if verdict in held)
    return Ruling(question=question, verdict=verdict, reasons=tuple(reasons))
