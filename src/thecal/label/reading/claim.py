"""A claim, and what a page was speaking of before the sentence that holds it."""

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
    unit      of a number: mg, mL, mg/mL, d, weeks, month, h, min, C, F, %, doses, patients
    span      where it stands; `quote` is the sentence around it
    about     what it is about where the topic is not enough: a reaction, an event, an arm
    phase     "loading", "maintenance" or "" for a dose, a route or an interval
    bound     "most", "least", "about" or ""
    hedged    said to be possible ("may", "could"), not stated
    """

    topic: str
    name: str
    value: Said
    unit: str
    span: Span
    quote: str
    about: str = ""
    phase: str = ""
    bound: str = ""
    hedged: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What the page was speaking of before a sentence.

    area    label area of the section
    lead    words before the colon, or the heading, in lower case
    phase   "loading" or "maintenance", as a line before said
    band    least and most percent of the reactions that follow
    missed  which dose was missed, as the sentence before said
    aside   what the lines around are about: "animals", "children" or ""
    """

    area: str = ""
    lead: str = ""
    phase: str = ""
    band: tuple[float, float] | None = None
    missed: str = ""
    aside: str = ""
