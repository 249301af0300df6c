"""How the medicine is approved, its brand, and who makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thecal.label.reading.claim import Claim
from thecal.label.reading.line import Line

_STATUS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "accelerated",
        re.compile(
            r"accelerated[- ]approv\w+|approv\w+ (?:\w+ ){0,4}accelerated|continued approval|"
            r"confirmatory (?:trial|stud)\w*|beschleunigt\w*|aprobación acelerada|"
            r"accelerated pathway"
        ),
    ),
    ("conditional", re.compile(r"conditional(?:ly)? (?:approv\w+|marketing|authori\w+)")),
    (
        "exceptional circumstances",
        re.compile(r"exceptional circumstances|außergewöhnlichen umständen"),
    ),
    (
        "full",
        re.compile(
            r"(?:full|traditional|regular|standard|unconditional|complete|definitive|"
            r"permanent) (?:\(\w+\) )?(?:fda |regulatory |marketing )?(?:approv\w+|"
            r"authori[sz]ation|licen[cs]e)|"
            r"full[^.;]{0,14}(?:endorsement|licen[cs]e|authori[sz]ation|clearance)|"
            r"fully (?:approved|licen[cs]ed|authori[sz]ed)|"
            r"approv\w+ (?:is |was )?(?:full|traditional|unconditional)\b"
        ),
    ),
    (
        "not approved",
        re.compile(
            r"(?:has not been|is not|not yet|never) (?:yet )?(?:fda[- ])?approved|"
            r"investigational (?:drug|medicine|product|agent|therapy)|still experimental|"
            r"awaiting approval"
        ),
    ),
)
_NOT_YET = re.compile(
    r"\b(?:if|could|may|might|not|toward\w*|convert\w*|before|until|seek\w*|pending|rather than|"
    r"needed for|required for)\b"
)
_NOT_APPROVED_FOR = re.compile(
    r"children|pediatric|paediatric|other|under|outside|for any|use|presymptomatic|below"
)


def read_status(line: Line) -> Iterator[Claim]:
    """Read how the medicine is approved; not what approval it may have one day."""
    text = line.text
    if line.is_other or line.is_question:
        return
    for value, pattern in _STATUS:
        for m in pattern.finditer(text):
            if value in ("full", "conditional") and (
                line.denies(m) or _NOT_YET.search(text[max(0, m.start() - 50) : m.start()])
            ):
                continue
            if value == "not approved" and (
                _NOT_APPROVED_FOR.search(text) or not line.names_medicine
            ):
                continue
            yield line.claim("identity.approval", "status", value, m)
            break


_BRAND = re.compile(r"(?:brand|trade) names?(?: is|:| \||,)? ?(?P<name>[a-z-]+)")


def read_brand(line: Line) -> Iterator[Claim]:
    """Read the brand that a line gives, if it is the name of some medicine that is known."""
    known = line.lexicon.brands | line.lexicon.others
    for m in _BRAND.finditer(line.text):
        if m["name"] in known and not line.is_question:
            yield line.claim("identity.brand", "name", m["name"], m.span("name"))


_MAKES = re.compile(
    r"manufactur|made by|maker|market\w*|produced|distribut|holder|sold by|company|hersteller|"
    r"labeler|\binc\b|\bby\b|\bfrom\b|name"
)
_DEVELOPED = re.compile(r"develop|licen|partner|discover|together|collabor|former|originally|news")


_FIRMS = (
    "biogen ionis novartis roche pfizer amylyx genentech sanofi mitsubishi lilly ultragenyx novo"
).split()


def read_maker(line: Line) -> Iterator[Claim]:
    """Read who makes the medicine: the first firm that is named as maker or holder.

    Who developed or licensed it is told as possible (`hedged`): that is often another firm.
    """
    text = line.text
    firm = next((firm for firm in _FIRMS if firm in line.words), "")
    if firm and not line.is_other and _MAKES.search(text + line.context.lead):
        at = text.index(firm)
        developed = bool(_DEVELOPED.search(text))
        yield line.claim("maker", "name", firm, (at, at + len(firm)), hedged=developed)
