"""Reactions and how often they come; frequency bands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from thecal.label.quantity import Quantity
from thecal.label.reading.claim import Claim
from thecal.label.reading.line import Line

_INTERVAL_AFTER = re.compile(r"\s?(?:confidence|ci\b)")
_NUMBER_CELL = re.compile(r"(?<![\w.,(])(\d{1,2}(?:\.\d)?)(?![\w.,/])\s?%?")
_THREE_LONG_WORDS = re.compile(r"[a-z]{4,} [a-z]{4,} [a-z]{4,}")
_PLACEBO_TAIL = re.compile(
    r"\W*(?:of (?:those |patients |people )?)?(?:on |in |with |for |given |"
    r"the )*(?:the )?(?:placebo|sham|control)"
)
_PLACEBO_HEAD = re.compile(
    r"(?:placebo|sham|control)\w*(?: group| arm)?\W{0,3}(?:\(|:|of|=|was|had)?\s?$"
)
_DRUG_TAIL = re.compile(r"\W*(?:on|in|with|of)? ?(?:the )?(?:active|drug|medicine|treated)")


class _Mark(NamedTuple):
    """A reaction that a sentence names."""

    start: int
    end: int
    name: str


def read_reactions(line: Line) -> Iterator[Claim]:
    """Read reactions: how often with the medicine and with placebo, in which band, or only named.

    Not read: pain or protein that is measured, in sections about what the medicine does.
    """
    text, area, reactions = line.text, line.context.area, line.lexicon.reactions
    marks = [
        _Mark(*m.span(), reactions[m[0]]) for m in line.lexicon.reaction_pattern.finditer(text)
    ]
    if not marks or (line.is_other and not line.names_medicine):
        return
    percents = [
        q
        for q in line.quantities
        if q.unit == "%" and not _INTERVAL_AFTER.match(text[q.end : q.end + 14])
    ]
    told: list[Claim] = []
    if not percents:
        if line.kind == "row" and area in ("adverse_reactions", "warnings", ""):
            told = list(_cells(line, marks[0]))
    elif area not in ("pharmacodynamics", "mechanism", "pharmacokinetics"):
        told = list(_percents(line, marks, percents))
    yield from told
    known = {claim.about for claim in told}
    band = line.context.band
    if band and not percents and area != "pharmacodynamics" and len(text) < 400:
        for mark in _new(marks, known):
            yield line.claim(
                _COMMON, "band", band, (mark.start, mark.end), unit="%", about=mark.name
            )
    if area in ("adverse_reactions", "") or line.has("side", "adverse", "reaction"):
        for mark in _new(marks, known):
            yield line.claim(_COMMON, "named", "named", (mark.start, mark.end), about=mark.name)


_COMMON = "adverse_reactions.common"


def _new(marks: list[_Mark], known: set[str]) -> Iterator[_Mark]:
    """Return the first mark of each reaction that is not yet known, which then it is."""
    for mark in marks:
        if mark.name not in known:
            known.add(mark.name)
            yield mark


def _cells(line: Line, mark: _Mark) -> Iterator[Claim]:
    """Read a row of a table without percent signs: medicine first, then placebo."""
    cells = _NUMBER_CELL.finditer(line.text[mark.end :])
    for arm, cell in zip(("drug_percent", "placebo_percent"), cells, strict=False):
        place = mark.end + cell.start(), mark.end + cell.end()
        yield line.claim(_COMMON, arm, float(cell[1]), place, unit="%", about=mark.name)


def _percents(line: Line, marks: list[_Mark], percents: list[Quantity]) -> Iterator[Claim]:
    """Read each percentage with the reaction and the arm it belongs to; not limits of a band."""
    text = line.text
    leads = _leads(text, marks, percents)
    for i, q in enumerate(percents):
        if q.hi > 100 or (q.bound in ("most", "least") and q.lo in (1, 5, 10, 0.1)):
            continue
        before = [mark for mark in marks if mark.end <= q.start]
        after = [mark for mark in marks if mark.start >= q.end]
        arm = "drug_percent"
        if before and not leads:
            mark = before[-1]
            earlier = [p for p in percents[:i] if p.start >= mark.end]
            if earlier:
                if len(earlier) > 1 or not _is_pair(text[mark.end : q.start]):
                    continue
                arm = "placebo_percent"
        elif after:
            mark = after[0]
        elif before:
            mark = before[-1]
        else:
            continue
        head, tail = text[max(0, q.start - 26) : q.start], text[q.end : q.end + 32]
        if _PLACEBO_TAIL.match(tail) or _PLACEBO_HEAD.search(head):
            arm = "placebo_percent"
        elif _DRUG_TAIL.match(tail):
            arm = "drug_percent"
        yield line.measure(_COMMON, arm, q, about=mark.name)


def _is_pair(between: str) -> bool:
    """Tell whether two percentages stand together: the medicine's, then that of placebo."""
    for words in ("placebo", "compared with", "patients"):
        between = between.replace(words, "")
    return not _THREE_LONG_WORDS.search(between)


_COUNTS_WHAT_FOLLOWS = re.compile(
    r"\W*(?:of (?:\w+ ){0,3})?(?:had|have|report\w*|experienc\w*|developed|felt|suffer\w*|with|"
    r"get|got|for)?\W*(?:\w+\W+){0,4}$"
)


def _leads(text: str, marks: list[_Mark], percents: list[Quantity]) -> bool:
    """Tell whether percentages stand before what they count: "42 % had pain, 17 % fatigue"."""
    first = percents[0]
    return first.start < marks[0].start and bool(
        _COUNTS_WHAT_FOLLOWS.match(text[first.end : marks[0].start])
    )


_BAND_OVER_10 = re.compile(r"(?:>|≥|more than|over|at least)\s?10\s?%?(?: of patients)?")
_BAND_1_TO_10 = re.compile(r"(?:from )?1\s?%?\s?(?:-|to)\s?10\s?%(?: of patients)?")
_BAND_BELOW_1 = re.compile(r"(?:<|less than|under)\s?1\s?%?")
_BAND_VERY_COMMON = re.compile(r"very common")
_BAND_COMMON = re.compile(r"common\b(?=\s*(?:\(|:|$|-|;))")
_ONE_IN_TEN = re.compile(r"1\s?/\s?10|1 in 10|1 in 100|≥")


def read_band(text: str) -> tuple[float, float] | None:
    """Read a line that gives a frequency to the reactions below it."""
    bare = text.strip(" :.*-•#|()")
    if _BAND_OVER_10.fullmatch(bare):
        return (10.0, 100.0)
    if _BAND_1_TO_10.fullmatch(bare):
        return (1.0, 10.0)
    if _BAND_BELOW_1.fullmatch(bare):
        return (0.0, 1.0)
    if _BAND_VERY_COMMON.match(bare):
        return (10.0, 100.0)
    if _BAND_COMMON.match(bare) and _ONE_IN_TEN.search(bare):
        return (1.0, 10.0)
    return None
