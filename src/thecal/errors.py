"""Every exception thecal raises, drawn as a tree.

    ThecalError
    ├── DataFileError    a file of drugs/ (label, model) or of a site breaks its schema
    ├── PolicyError      a named policy that is not there
    ├── CatalogError     a medicine, jurisdiction or topic that is not there
    ├── MonographError   a page about a medicine that cannot be read
    ├── RecordError      a course file that cannot be read
    ├── LoggerError      a temperature log that cannot be read
    ├── CourseError      facts that cannot belong to one course
    ├── VariantError     a variant name that fits no reading, or another gene's
    ├── StoreError       a record of many courses that cannot be opened, read or written
    ├── VisitError       facts that cannot belong to one visit
    ├── SentenceError    a regimen in one sentence that cannot be read or followed
    └── ModelError       a model asked for something it cannot compute

An exception says what was found and where, what is expected, and what to do. Whatever a
reader must judge (a late dose, a conflict) is a value, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, as " Did you mean …?", or nothing."""
    from difflib import get_close_matches  # only a fault needs it, and it slows every start

    close = get_close_matches(word[:40], sorted(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


def shown(text: str, longest: int = 40) -> str:
    """Quote what was found: at most its beginning, with control characters escaped."""
    if not text:
        return "nothing"
    escaped = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: longest + 1]
    )
    return f"'{escaped}'" if len(escaped) <= longest else f"'{escaped[: longest - 1]}…'"


def guarded(text: str) -> str:
    """Quote what was found unless it holds words, which may be somebody's name."""
    letters = run = 0
    for character in text:
        run = run + 1 if character.isalpha() else 0
        letters = max(letters, run)
    return shown(text) if letters < 4 else counted(len(text), "character") + " of text"


def counted(count: int, noun: str) -> str:
    """Say a number of things: "1 dose", "2 doses"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


class ThecalError(Exception):
    """Something thecal cannot go on from; its text is written for the reader."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a file: the line it stands on and what to do about it."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


class FileError(ThecalError):
    """All faults of one file at once, in the order of their lines (line 0: the whole file)."""

    def __init__(self, faults: Sequence[Fault], *, what: str = "file") -> None:
        self.faults = tuple(sorted(faults))
        self.what = what
        super().__init__(str(self))

    def __str__(self) -> str:
        n = len(self.faults)
        if n == 1:
            return f"{self.what} cannot be read: {self.faults[0]}"
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        return f"{self.what} cannot be read, {n} faults:\n{lines}"


class DataFileError(FileError):
    """A data file (label, model, site policy) breaks its schema."""


class PolicyError(ThecalError):
    """A named policy that is neither shipped nor a file."""


class CatalogError(ThecalError):
    """A medicine, jurisdiction or topic that the catalog does not hold."""


class MonographError(ThecalError):
    """A page about a medicine that is no text, or too large to read."""


class RecordError(FileError):
    """A course file that cannot be read."""


class LoggerError(FileError):
    """A temperature log, or the custody file beside it, that cannot be read."""


class CourseError(ThecalError):
    """Facts that cannot belong to one course."""


class VariantError(ThecalError):
    """A variant name that cannot be read, or that fits the gene in no numbering."""


class StoreError(ThecalError):
    """A record of many courses that cannot be opened, read or written."""


class VisitError(ThecalError):
    """Facts that cannot belong to one visit, or a visit that a label says too little for."""


class SentenceError(ThecalError):
    """A regimen in one sentence that cannot be read, or that plans too many doses."""


class ModelError(ThecalError):
    """A model asked for something it cannot compute."""
