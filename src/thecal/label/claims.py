"""What a page says about a medicine: sections to claims, one small reader per topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from thecal.label.monograph import Span

Said: TypeAlias = float | tuple[float, float] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing a page says, in the words of `thecal.label.topics`.

    topic     as a label statement has it, such as ``dosing.maintenance``
    name      the value within the statement, such as ``interval_d``
    value     a number, a range (lowest, highest), or a word of the topic's closed list
    unit      canonical unit of a number: mg, mL, mg/mL, d, month, h, min, C, %, doses, patients
    span      where it stands; `quote` is the sentence around it
    hedged    said to be possible ("may", "could"), not stated
    """

    topic: str
    name: str
    value: Said
    unit: str
    span: Span
    quote: str
    hedged: bool = False
