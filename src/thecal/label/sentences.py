"""Where the sentences of a line begin and end."""

from __future__ import annotations

import re

LONGEST = 400  # characters: so that readers of sentences are bounded

# The end of a sentence, but not "J. Smith" (8 C. is one) and not within "3.5". It begins with
# one set of characters, which lets the search run over all others at once.
_MARK = re.compile(r"[.!?;。](?:(?<=。)|(?:(?<=[!?;])|(?<!\D\s[A-Z]\.))[.!?]*+[)\]\"']*+(?=\s|$))")
_WORD = re.compile(r"[\w.]*\Z")
_ABBREVIATIONS = {
    "e.g", "i.e", "eg", "ie", "approx", "vs", "dr", "mr", "mrs", "prof", "no", "nr", "fig", "cf",
    "u.s", "u.k", "e.u", "incl", "resp", "ca", "z.b", "d.h", "bzw", "ggf", "p.ex", "st", "ref",
    "refs", "n.b", "viz", "art", "al", "i.v", "i.m", "s.c", "i.th", "num", "dott", "env",
    "aprox",  # codespell:ignore aprox
    "u.a", "inkl", "evtl", "vol", "temp", "max", "pat",
}  # fmt: skip
# These end a sentence unless it goes on in small letters.
_BEFORE_SMALL = {
    "ml", "mg", "g", "kg", "l", "mcg", "min", "mins", "sec", "hr", "hrs", "h", "d", "wk", "wks",
    "mo", "yr", "yrs", "inc", "ltd", "co", "corp", "etc", "tab", "inj", "conc", "sol", "m.d",
    "ph.d", "u.s.a", "b.v", "a.m", "p.m", "s.a",
}  # fmt: skip
_AFTER_ORDINAL = re.compile(
    r"\s+(?:Tag|Woche|Monat|Dosis|März|April|Mai|August|September|November|[a-zäöü]"
    r"|Jan|Feb|Jun|Jul|Okt|Dez)"
)


def _ends(words: str, begin: int, mark: re.Match[str]) -> bool:
    """Say whether a mark ends the sentence that began at `begin`."""
    at, end = mark.span()
    if mark[0] != "." or end == len(words):
        return True
    found = _WORD.search(words, max(begin, at - 12), at)
    word = found[0].lower() if found else ""
    if word in _ABBREVIATIONS:
        return word == "no" and not words[end : end + 2].strip().isdigit()
    if word in _BEFORE_SMALL:
        after = words[end : end + 4].lstrip()[:1]
        return not (after.islower() or after in ("(", ","))
    if word.isdigit():  # "1. Remove" begins with its number; "am 15. Tag" is an ordinal
        return at - len(word) > begin and not _AFTER_ORDINAL.match(words, end)
    return True


def cut_prose(words: str, most: int) -> tuple[list[tuple[int, int]], int]:
    """Cut a line into sentences; return where they stand, and how many marks were looked at.

    After `most` marks the rest of the line is cut by length alone.
    """
    cuts: list[tuple[int, int]] = []
    begin = marks = 0
    for mark in _MARK.finditer(words):
        marks += 1
        if marks > most:
            break
        if _ends(words, begin, mark):
            _cut(cuts, words, begin, mark.end(), " ")
            begin = mark.end()
    _cut(cuts, words, begin, len(words), " ")
    return cuts, marks


def cut_long(words: str, at: str) -> list[tuple[int, int]]:
    """Cut words that are no prose only where they are too long: at `at`, else at a blank."""
    cuts: list[tuple[int, int]] = []
    _cut(cuts, words, 0, len(words), at)
    return cuts


def _cut(cuts: list[tuple[int, int]], words: str, begin: int, end: int, at: str) -> None:
    """Add one sentence without its outer blanks, cut where it is too long."""
    while end - begin > LONGEST:
        stop = words.rfind(at, begin + 1, begin + LONGEST)
        if stop < 0 or at == " ":  # in prose rather at a comma, if it is not far back
            comma = words.rfind(", ", begin + LONGEST // 2, begin + LONGEST)
            stop = comma + 1 if comma > 0 else words.rfind(" ", begin + 1, begin + LONGEST)
        if stop < 0:
            stop = begin + LONGEST
        _strip(cuts, words, begin, stop)
        begin = stop
    _strip(cuts, words, begin, end)


def _strip(cuts: list[tuple[int, int]], words: str, begin: int, end: int) -> None:
    piece = words[begin:end]
    left = len(piece) - len(piece.lstrip())
    if left < len(piece):
        cuts.append((begin + left, begin + len(piece.rstrip())))
