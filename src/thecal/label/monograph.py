"""Any text about a medicine, with the place of every character kept."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to before `end` of a monograph's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a monograph under one heading.

    heading  its words; empty before the first heading
    area     the label area it speaks about (`thecal.label.topics.AREAS`); empty if not known
    level    1 for the outermost heading
    """

    heading: str
    area: str
    level: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Monograph:
    """A page about a medicine, as read.

    name      what to call it: the file's name
    form      "text", "html", "markdown" or "spl"
    source    the text of the file; lines and columns count in it
    text      the text that a reader sees; spans count in it
    sections  in order; they cover the text
    """

    name: str
    form: str
    source: str
    text: str
    sections: tuple[Section, ...]
    # (start in text, start in source) of every piece that was taken over unchanged
    pieces: tuple[tuple[int, int], ...] = field(default=((0, 0),), repr=False)

    def quote(self, span: Span) -> str:
        """Return the characters of a span, blanks folded."""
        return " ".join(self.text[span.start : span.end].split())

    def place(self, span: Span) -> tuple[int, int]:
        """Return line and column of a span's start in the file, both from 1."""
        i = bisect_right(self.pieces, (span.start, len(self.source) + 1)) - 1
        in_text, in_source = self.pieces[i]
        at = in_source + span.start - in_text
        line = self.source.count("\n", 0, at) + 1
        return line, at - (self.source.rfind("\n", 0, at) + 1) + 1
