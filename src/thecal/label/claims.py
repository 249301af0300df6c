"""What a page says about a medicine: sentences to claims, one small reader per topic.

A reader looks at one sentence, its quantities and its words, and at what the page was speaking of
before (section, phase, frequency band, missed dose). Words that differ between medicines come from
the `Lexicon`. Every pattern is bounded: a sentence has at most about 1,000 characters, so the time
is linear in the length of the page. A sentence that stands in a page twice is read once for each
context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from thecal.errors import MonographError
from thecal.label.lexicon import Lexicon
from thecal.label.monograph import Monograph, Span
from thecal.label.reading.claim import Claim, Context, Said
from thecal.label.reading.line import Line
from thecal.label.reading.table import context_after, read_line

__all__ = ["Claim", "Said", "numbers", "read_claims"]

# Characters of different sentences that are read: more than a whole label has. What is repeated
# is read once, so a page may be far longer than this.
MOST_TEXT = 200_000
# A real page makes some hundred claims.
MOST_CLAIMS = 20_000


def read_claims(page: Monograph, lexicon: Lexicon) -> tuple[Claim, ...]:
    """Read everything a page says about the medicine, in the order of the page."""
    claims: list[Claim] = []
    known: dict[tuple[str, str, Context], tuple[tuple[Claim, ...], Context]] = {}
    lower = _lower(page.text)
    context = Context()
    section = asked_in = -1
    column = -1  # of the medicine, in a table that compares it with others
    question = ""
    read_so_far = 0
    for sentence in page.sentences:
        part = page.sections[sentence.section]
        if sentence.section != section:
            section = sentence.section
            same = sentence.area in ("", context.area)
            context = Context(
                phase=context.phase if same or sentence.area == "dosing" else "",
                band=context.band if sentence.area in ("", "adverse_reactions") else None,
                aside=context.aside if same else "",
            )
        area = sentence.area
        if area == "site":
            if not sentence.lead or part.area == "site":
                continue
            area = part.area  # "Comments: …" within a section about dosing
        text = lower[sentence.span.start : sentence.span.end]
        if sentence.kind == "heading" or sentence.section != asked_in:
            question = ""
        if sentence.kind != "row":
            column = -1
        elif column < 0:
            column = _own_column(text, lexicon)
        else:
            text = _masked(text, column)
        own = sentence.lead or question
        lead = f"{part.heading}: {own}" if own else part.heading
        if text.rstrip().endswith("?"):
            question, asked_in = text, sentence.section
        context = replace(context, area=area, lead=lead.lower()[:160])
        key = (text, sentence.kind, context)
        if key not in known:
            read_so_far += len(text)
            if read_so_far > MOST_TEXT:
                raise MonographError(
                    f"{page.name} holds more than {MOST_TEXT:,} characters of different sentences; "
                    "a page about a medicine has less. Give the part that is about the medicine."
                )
            plain, places = unwrapped(text)
            line = Line(plain, sentence.kind, context, lexicon)
            read = tuple(_placed(claim, places) for claim in read_line(line))
            known[key] = (read, context_after(line))
        found, after = known[key]
        if found:
            quote = page.quote(sentence.span)
            claims += (_moved(claim, sentence.span.start, quote) for claim in found)
            if len(claims) > MOST_CLAIMS:
                raise MonographError(
                    f"{page.name} says more than {MOST_CLAIMS:,} things about the medicine; a page "
                    "says some hundred. Give the page once, without repeats."
                )
        context = after
    return tuple(claims)


def _own_column(header: str, lexicon: Lexicon) -> int:
    """Find the column of the medicine in a table's first row; 0 where it is not a comparison."""
    cells = header.split("|")
    others = [i for i, cell in enumerate(cells) if not words_in(cell).isdisjoint(lexicon.others)]
    own = [i for i, cell in enumerate(cells) if not words_in(cell).isdisjoint(lexicon.names)]
    return own[0] if others and own else 0


def words_in(text: str) -> set[str]:
    """Return the words of a text."""
    return set(re.findall(r"[^\W\d_]+", text))


def _masked(row: str, column: int) -> str:
    """Blank the cells of a row but the first and the medicine's own, each in its place."""
    if not column:
        return row
    cells = row.split("|")
    return "|".join(cell if i in (0, column) else " " * len(cell) for i, cell in enumerate(cells))


_FOLDED = re.compile(r"(?<=[a-zà-ÿ])-\s+(?=[a-zà-ÿ])|\s+")


def unwrapped(text: str) -> tuple[str, list[int] | None]:
    """Fold blanks and join words that were hyphenated at a line's end.

    Returns the text and the place of each of its characters before; None if nothing changed.
    """
    if "  " not in text and "- " not in text and not re.search(r"[^\S ]", text):
        return text, None
    parts: list[str] = []
    places: list[int] = []
    at = 0
    for m in _FOLDED.finditer(text):
        parts.append(text[at : m.start()])
        places += range(at, m.start())
        if not m[0].startswith("-"):
            parts.append(" ")
            places.append(m.start())
        at = m.end()
    parts.append(text[at:])
    places += range(at, len(text) + 1)
    return "".join(parts), places


def _placed(claim: Claim, places: list[int] | None) -> Claim:
    if places is None:
        return claim
    return replace(claim, span=Span(places[claim.span.start], places[claim.span.end]))


def _moved(claim: Claim, at: int, quote: str) -> Claim:
    """Set a claim read from a sentence at its place in the page."""
    return Claim(
        topic=claim.topic,
        name=claim.name,
        value=claim.value,
        unit=claim.unit,
        span=Span(at + claim.span.start, at + claim.span.end),
        quote=quote,
        about=claim.about,
        phase=claim.phase,
        bound=claim.bound,
        hedged=claim.hedged,
    )


def _lower(text: str) -> str:
    """Return the text in lower case, each character still in its place."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def numbers(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that are numbers."""
    return [claim for claim in claims if not isinstance(claim.value, str)]
