"""The usual headings of pages about a medicine, and the label area each speaks about.

A page calls a thing what it likes: "How is it given?", "4.2 Posology", "Conservación". The table
beside this module, headings.csv, gives each usual heading its area of `thecal.label.topics`;
``site`` is what speaks about the page and not the medicine. What is not in the table has the area
"", which is no fault.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

SITE = "site"

# One row a heading: its area, the heading without number and accents, and whether it counts
# where it stands as words within a longer one (the longest that does wins).
TABLE = Path(__file__).with_name("headings.csv")

# A section of its own within its area: one level below the others.
_SUB = {
    "absorption", "distribution", "metabolism", "biotransformation", "elimination", "excretion",
    "elimination and excretion", "loading dose", "loading doses", "maintenance dose",
    "maintenance doses",
}  # fmt: skip

# Section codes of SPL (LOINC), for labels read as XML. [K]: from memory, not confirmed against the
# FDA's list.
LOINC: dict[str, str] = {
    "34066-1": "warnings",  # boxed warning
    "34067-9": "indication",  # [K]
    "34068-7": "dosing",
    "34069-5": "identity",  # how supplied [K]
    "34070-3": "contraindications",
    "34071-1": "warnings",  # [K]
    "34073-7": "interactions",
    "34074-5": "interactions",
    "34076-0": "",  # patient information: speaks about everything [K]
    "34081-0": "populations",  # [K]
    "34083-6": "nonclinical",
    "34084-4": "adverse_reactions",
    "34088-5": "dosing",  # overdosage [K]
    "34089-3": "identity",  # description
    "34090-1": "mechanism",  # clinical pharmacology
    "34091-9": "nonclinical",
    "34092-7": "clinical_results",
    "42228-7": "populations",  # [K]
    "43678-2": "identity",  # dosage forms and strengths
    "43679-0": "mechanism",  # [K]
    "43680-8": "nonclinical",  # [K]
    "43681-6": "pharmacodynamics",
    "43682-4": "pharmacokinetics",  # [K]
    "43684-0": "populations",  # [K]
    "43685-7": "warnings",
    "44425-7": "storage",  # [K]
    "48780-1": "identity",  # product data [K]
    "51945-4": "identity",  # what is printed on the package [K]
    "90374-0": "adverse_reactions",
}

LONGEST = 160  # characters of a heading that are looked at
_NUMBER = re.compile(r"(?:section |part )?(?:\d{1,2}(?:\.\d{1,2}){0,4}[.):]?|[ivx]{1,4}[.)])\s+")
_NOT_WORDS = re.compile(r"[^\w・]+")
_ASIDE = re.compile(r"\([^()]*+\)")
_MARKS = re.compile("[\u0300-\u036f]")


@lru_cache(maxsize=64)  # one line is looked up several times in a row
def key(heading: str) -> str:
    """Fold a heading for look-up: small letters, no number, no accents, no marks."""
    folded = heading[:LONGEST].lower()
    if not folded.isascii():
        folded = _MARKS.sub("", unicodedata.normalize("NFKD", folded)).casefold()
    folded = _ASIDE.sub(" ", folded).lstrip(" .*#-") or folded
    if number := _NUMBER.match(folded):
        folded = folded[number.end() :]
    return _NOT_WORDS.sub(" ", folded.replace("&", " and ").replace("'s", "")).strip()


def _table() -> tuple[dict[str, str], set[str]]:
    """Read the table: the area of every heading, and those that count only as a whole."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [(key(row["heading"]), row) for row in csv.DictReader(file)]
    return (
        {words: row["area"] for words, row in rows},
        {words for words, row in rows if row["within"] == "no"},
    )


_AREA, _WHOLE_ONLY = _table()


def _by_first_word() -> dict[str, list[str]]:
    """Order the headings that may stand within another by their first word, longest first."""
    index: dict[str, list[str]] = {}
    for words in sorted(_AREA, key=len, reverse=True):
        if words not in _WHOLE_ONLY and words.isascii():
            index.setdefault(words.partition(" ")[0], []).append(words)
    return index


_BY_FIRST_WORD = _by_first_word()
_OTHER_SCRIPTS = sorted((w for w in _AREA if not w.isascii()), key=len, reverse=True)


def _phrases(words: str) -> list[str]:
    """Return the headings that stand as words within folded words."""
    found = []
    padded = words + " "
    at = 0
    for word in words.split():
        for phrase in _BY_FIRST_WORD.get(word, ()):
            if padded.startswith(phrase + " ", at):
                found.append(phrase)
                break
        at += len(word) + 1
    if not words.isascii():
        found += [phrase for phrase in _OTHER_SCRIPTS if phrase in words]
    return found


# Headings with the medicine's name in the middle, as patterns on folded words; the first that
# fits. Those before the line outdo a usual heading that stands within the same words.
_PATTERNS = r"""
missed_dose        \b(?:miss(?:ed)?|forg[eo]t\w*|skip(?:ped)?)\b
missed_dose        \b(?:olvid|dimentic|oubli|vergess|versaum|uitat)\w*\b
contraindications  \bwho (?:should|must|can|may) ?not\b|\bwho cannot\b
----
missed_dose        \b(?:late|delay(?:ed)?)\b
storage            ^how (?:do|should|can|must|is|are|to)\b.{0,60}\b(?:stored?|keep|kept)\b
dosing             ^how (?:often|much|many)\b|\bschedule\b
dosing             ^when (?:is|are|do) .{0,60}\b(?:given|doses?)\b
administration     ^(?:how|who|where)\b.{0,60}\b(?:given?|administered|injected|receive)\b
administration     \bgiving the (?:injection|dose|medicine)\b
mechanism          ^how (?:does|do)? ?.{1,60} works?$
clinical_results   ^how (?:effective|well)\b|^(?:does|is) .{1,60} (?:work|effective)$
identity           ^what (?:else )?(?:is|are) in\b|^what .{0,60} contains$
maker              ^who (?:makes|made|sells)\b
populations        ^(?:can|is|are|should|may|what about) .{0,60}\b(?:pregnan\w+|child\w*)\b
populations        ^(?:can|is|are|should|may|what about) .{0,60}\b(?:breast ?feed\w*|elderly)\b
interactions       ^(?:can|may|should) .{0,60}\b(?:with|alongside)\b
interactions       ^(?:can|may|what) .{0,60}\bother (?:medicines?|drugs?|medications?)\b
indication         ^what (?:is|are|s|does) .{0,60}\b(?:used for|for|treat)$
indication         ^why\b.{0,60}\b(?:used?|given|prescribed|need|tak(?:e|ing))\b
indication         ^(?:what(?: is| are| s)?|que es|cos e|was \w{3}|ce este) (?!the\b|in\b)\w+$
storage            ^wie \w+ .{0,60} aufzubewahren$
administration     ^wie \w+ .{0,60} (?:anzuwenden|angewendet|verabreicht)$
storage            ^(?:come|como|comment|cum)\b.{0,60}\b(?:conserv|pastr)
administration     ^(?:come|como|comment|cum)\b.{0,60}\b(?:usa|somministr|adminis|util)
"""


def _patterns(text: str) -> list[tuple[str, re.Pattern[str]]]:
    lines = (line.split(None, 1) for line in text.strip().splitlines())
    return [(area, re.compile(pattern)) for area, pattern in lines]


_FIRST, _THEN = (_patterns(text) for text in _PATTERNS.split("----"))


def _fitting(patterns: list[tuple[str, re.Pattern[str]]], words: str) -> str:
    return next((area for area, pattern in patterns if pattern.search(words)), "")


@lru_cache(maxsize=4096)
def area_of(heading: str) -> str:
    """Return the label area that a heading speaks about; empty if none is known."""
    words = key(heading)
    if words in _AREA:
        return _AREA[words]
    if area := _fitting(_FIRST, words):
        return area
    phrase = max(_phrases(words), key=len, default="")
    area = _fitting(_THEN, words) if len(phrase) < 10 else ""
    return area or _AREA.get(phrase, "")


@lru_cache(maxsize=4096)
def is_known(heading: str) -> bool:
    """Say whether a line is a usual heading as it stands, or little more than one."""
    words = key(heading)
    if words in _AREA:
        return True
    if len(words) > 100 or any(c.isdigit() for c in words):
        return False
    return any(2 * len(phrase) >= len(words) for phrase in _phrases(words))


@lru_cache(maxsize=4096)
def is_usual(words: str) -> bool:
    """Say whether words are a usual heading and nothing more."""
    return key(words) in _AREA


def is_sub(heading: str) -> bool:
    """Say whether a usual heading stands below another of the same area."""
    return key(heading) in _SUB
