"""What a line of text is, by its words: a heading, an item, a row, or text.

Nothing marks a heading in plain text, so usual headings, numbers, capitals, a question mark or
a colon at the end must do; a line that could be either stays text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from thecal.label.headings import is_known, is_sub, key

BULLET = re.compile(
    r"(?:[•·▪▫◦‣⁃●○■□►▶➢➤✓✔∙] *|[-+*] +|-(?=[A-Za-z])|\(?[a-z]\) +|\(?\d{1,2}\) +)(?=\S)"
)
NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})(\.?)(?: +|(?=[ぁ-鿿]))(?=\S)")
UNIT = re.compile(
    r"(?:mg|m[lL]|g|kg|mcg|μg|L|h|hours?|days?|weeks?|months?|years?|minutes?|min|patients?|doses?|"
    r"to|and|or|x|of|out)\b|[%°/-]"
)
_ASKED = re.compile(r"(?:Question|Q|F|D|P)(?: ?\d{1,3})? ?[:.)-] *(?=\S)|Q\d{1,3} +(?=\S)")
_ANSWER = re.compile(r"A(?:nswer)?(?: ?\d{1,3})? ?[:.)] +(?=\S)")
LEAD = re.compile(r"(?:[^:.!?;|()]|\([^():]{0,40}\)){1,60}? ?:(?=\s|$)")
_INTRODUCES = re.compile(
    r"\b(?:if|you|are|is|the|following|includes?|including|as|follows|with|of|to|for|were|was|"
    r"may|can|should|be|have|has|that|these|those|and|or|when|who|by|in|on|at|than|from)$",
    re.IGNORECASE,
)
# A line that begins a page but says something, so that it is no title.
_SAYS = re.compile(
    r"\b(?:is|are|was|were|be|must|should|may|can|will|has|have|do|not|every|per|keep|store|give|"
    r"given|inject|take|takes|sind|est|sont|es|son|este|sono)\b|\d ?(?:mg|ml|%|°|days?)"
    r"|\bist\b",  # codespell:ignore ist
    re.IGNORECASE,
)
_GOES_ON = set(
    "the a an of to for with by in on at from and or than every into is are was were be that which "
    "as over after before within below above least about approximately per de la el der die das "
    "und et le les di il y si".split()
)
_QUESTION = re.compile(r"[^.!?]{3,110}\?")
GAP = re.compile(r"\t| {3}| \| ")
# Blanks after the end of a sentence or after a lead part no cells.
_NO_ROW = re.compile(r"[.!?](?:\t|   )|^[^:\t]{1,60}:(?:(?!\t|   ).)*(?:\t|   +)(?:(?!\t|   ).)*$")
_NOT_HEADINGS = {
    "none", "none known", "adult", "adults", "pediatric", "pediatrics", "paediatric", "geriatric",
    "frequency not defined", "frequency not known", "not known", "unknown", "yes", "no", "common",
    "very common", "uncommon", "rare", "very rare", "n a", "not applicable", "not established",
    "no data", "not studied",
    # they stand alone within a page, and what follows goes on as before
    "advertisement", "share", "share this", "follow us", "read more", "subscribe", "menu",
}  # fmt: skip
_CACHED = 4096  # lines that come again, as headings do
LOOKED_AT = 400  # characters of a line that say what it is


class Role(NamedTuple):
    """What a line is.

    skip      characters before its words: a bullet, a number
    level     of a heading
    inherits  a heading that is not known speaks about what the one above it speaks about
    """

    kind: str
    skip: int = 0
    level: int = 0
    inherits: bool = True


TEXT = Role("text")


@lru_cache(_CACHED)
def heading_role(words: str, *, numbered: int = 0, alone: bool = False) -> Role | None:
    """Say whether a line is a heading by its words; None if it is not.

    numbered  how many parts the number before it has, 0 for none
    alone     the page sets it off (in bold), so less is asked of the words
    """
    if not words or len(words) > 120 or words[-1] in ".,;":
        return None
    count = words.count(" ") + 1
    last, first = words[-1], words[0]
    if count > 16 or (first.islower() and count > 1) or (last not in ":?" and ": " in words):
        return None
    if key(words) in _NOT_HEADINGS:
        return None
    level = 1 + numbered if numbered else 2
    if last == "?":
        return Role("heading", 0, level, False) if _QUESTION.fullmatch(words) else None
    if is_known(words):
        return Role("heading", 0, 3 if is_sub(words) and not numbered else level)
    if last == ":":
        introduces = count > 6 or _INTRODUCES.search(words[:-1].rstrip())
        return None if introduces or not first.isupper() else Role("heading", 0, max(level, 3))
    if numbered and _has_letters(words):
        return Role("heading", 0, level, False)  # its number says what is above it
    if alone and _has_letters(words):
        return Role("heading", 0, 4)
    if 1 < count <= 12 and words.isupper() and sum(c.isalpha() for c in words) >= 6:
        return Role("heading", 0, 3, False)
    return None


def goes_on(words: str) -> bool:
    """Say whether a line ends where no sentence and no entry of a list can end."""
    last = words[-20:].rpartition(" ")[2].lower()
    return last in _GOES_ON or (words[-1:] in ",(/&-" and len(words) > 20)


def _has_letters(words: str) -> bool:
    return sum(c.isalpha() for c in words) > 2


def _is_title(words: str) -> bool:
    """Say whether words are written Like a Title."""
    parts = words.split()
    long = [w for w in parts if len(w) > 3 and w[0].isalpha()]
    return (
        len(long) > 1
        and len(parts) <= 12
        and parts[0][0].isupper()
        and all(w[0].isupper() for w in long)
        and not any(c.isdigit() for c in words)
    )


@lru_cache(_CACHED)
def role_of(words: str, introduces: bool, first: bool, set_off: bool) -> Role:
    """Say what a line is.

    introduces  prose follows it, as a title that is no usual heading must
    first       it begins the page, and is not all of it
    set_off     it comes after a blank line or the end of a sentence
    """
    if bullet := BULLET.match(words):
        return Role("item", bullet.end())
    if asked := _ASKED.match(words):
        if _QUESTION.fullmatch(words, asked.end()):
            return Role("heading", asked.end(), 2, False)
    if answer := _ANSWER.match(words):
        return Role("text", answer.end())
    if number := NUMBERED.match(words):
        rest, parts = words[number.end() :], number[1].count(".") + 1
        if not UNIT.match(rest):
            role = heading_role(rest, numbered=parts)
            if role and (parts > 1 or is_known(rest) or rest[-1] == "?" or rest.isupper()):
                return role
            if role and number[2] and _is_title(rest):
                return role
            if number[2] and parts == 1:
                return Role("item", number.end())
    if role := heading_role(words):
        return role
    if GAP.search(words) and not _NO_ROW.search(words):
        return Role("row")
    if len(words) <= 100 and words[-1] not in ".,;:?!" and key(words) not in _NOT_HEADINGS:
        if first and " " in words and words[0].isupper() and not _SAYS.search(words):
            lead = LEAD.match(words)
            if not (lead and is_known(lead[0])):
                return Role("heading", 0, 1, False)
        if set_off and introduces and _is_title(words):
            return Role("heading", 0, 3, False)
    return TEXT
