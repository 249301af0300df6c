"""A monograph's text as blocks, cut where marks begin and end, every character made visible.

Nothing of the original markup is here: only the text that the reader of the file found. A very
long text is shown around its marks alone, so that a page of any size stays readable.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from thecal.label.monograph import Monograph, Span

MOST_CHARACTERS = 300_000  # a text up to here is shown in whole; a whole label is half of it
AROUND = 400  # characters shown before and after a mark of a longer text
LONGEST_MARK = 2_000  # characters of one mark shown in a longer text
FIRST = 2_000  # characters shown of the beginning of a longer text

BLANKS = re.compile(r"\s+")
# Joiners shape a letter; a soft hyphen or a zero-width blank shows nothing: all do no harm.
HARMLESS = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
ODD = re.compile(r"[^\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u05ff\u3040-\u9fff]")
NOT_BLANKS = frozenset("\x1c\x1d\x1e\x1f")  # Python counts these controls as blanks

ENDS, BEGINS, ENDS_EMPTY = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Characters of one block that stand under the same marks.

    text    as it may be shown, see `visible`
    worst   the lowest number of the marks over it; None outside every mark
    begins  the marks that begin with it
    ends    the marks that end with it
    """

    text: str
    worst: int | None = None
    begins: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One line of the text, or a gap where text is left out.

    kind       "heading", "text", "item", "row" (of a table) or "gap"
    level      of a heading, from 1
    is_spaced  an empty line stands before it
    left_out   characters that a gap stands for
    """

    kind: str
    pieces: tuple[Piece, ...]
    level: int = 0
    is_spaced: bool = False
    left_out: int = 0

    @property
    def has_bullet(self) -> bool:
        """Tell whether an item carries its own bullet or number."""
        return bool(self.pieces) and not self.pieces[0].text.lstrip()[:1].isalpha()

    @property
    def begins(self) -> tuple[int, ...]:
        """Return the marks that begin in this block, in their order there."""
        return tuple(number for piece in self.pieces for number in piece.begins)


def visible(text: str) -> str:
    """Return text that does nothing but show: no control, no change of direction, one line.

    A character that would do something is spelled as its number, ⟨U+202E⟩; blanks of every kind
    and line ends become blanks.
    """
    return ODD.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    character = found[0]
    if character in HARMLESS or character.isprintable():
        return character
    if character.isspace() and character not in NOT_BLANKS:
        return " "
    return f"⟨U+{ord(character):04X}⟩"


def folded(text: str) -> str:
    """Return text on one line, blanks folded, every character visible."""
    return BLANKS.sub(" ", visible(text)).strip()


def around(text: str, span: Span, room: int = 120) -> str:
    """Return the words around a span on its line, about `room` characters, «the span» marked.

    A span longer than that is shown with its beginning and its end.
    """
    span = trimmed(text, span, LONGEST_MARK)
    inside = folded(text[span.start : span.end])
    if len(inside) > room:
        return f"«{inside[: room // 2].rstrip()} … {inside[-(room // 2) :].lstrip()}»"
    low, high = _line_around(text, span, room)
    before = BLANKS.sub(" ", visible(text[low : span.start])).lstrip()
    after = BLANKS.sub(" ", visible(text[span.end : high])).rstrip()
    if not before and not after:
        return inside
    spare = room - len(inside)
    left = max(spare // 2, spare - len(after))
    right = spare - min(left, len(before))
    if len(before) > left or (low > 0 and text[low - 1] != "\n"):
        before = "… " + before[max(0, len(before) - left) :].partition(" ")[2]
    if len(after) > right or (high < len(text) and text[high] != "\n"):
        after = after[:right].rpartition(" ")[0] + " …"
    return f"{before}«{inside}»{after}"


def trimmed(text: str, span: Span, longest: int) -> Span:
    """Return a span inside the text, without blanks at its ends, at most `longest` characters."""
    start = min(max(span.start, 0), len(text))
    end = min(max(span.end, start), len(text), start + longest)
    inside = text[start:end].rstrip()
    return Span(start + len(inside) - len(inside.lstrip()), start + len(inside))


def blocks(monograph: Monograph, spans: Mapping[int, Span]) -> list[Block]:
    """Return the text of a monograph in blocks, marked at `spans`; a lower number is worse.

    Spans may overlap, nest, be empty and go over several lines. A text of more than
    MOST_CHARACTERS is shown where it begins and around the spans.
    """
    text = monograph.text
    is_whole = len(text) <= MOST_CHARACTERS
    longest = len(text) if is_whole else LONGEST_MARK
    marks = {number: trimmed(text, span, longest) for number, span in spans.items()}
    windows = [Span(0, len(text))] if is_whole else _windows(text, marks.values())
    starts = [sentence.span.start for sentence in monograph.sentences]
    cutter = _Cutter(text, marks)
    found: list[Block] = []
    outer: list[int] = []  # levels of the headings around a line
    was = 0
    for window in windows:
        is_spaced = window.start > was
        if is_spaced:
            found.append(Block(kind="gap", pieces=(), left_out=window.start - was))
        for line in _lines(text, window):
            if not text[line.start : line.end].strip():
                is_spaced = True
                continue
            i = bisect_left(starts, line.start)
            is_known = i < len(starts) and starts[i] < line.end
            sentence = monograph.sentences[i] if is_known else None
            kind = sentence.kind if sentence else "text"
            if sentence and kind == "heading":
                own = monograph.sections[sentence.section].level
                while outer and outer[-1] >= own:
                    outer.pop()
                outer.append(own)  # so that no level is left out on the way down
            found.append(
                Block(
                    kind=kind,
                    pieces=tuple(cutter.cut(line)),
                    level=len(outer) if kind == "heading" else 0,
                    is_spaced=is_spaced,
                )
            )
            is_spaced = False
        was = window.end
    if was < len(text):
        found.append(Block(kind="gap", pieces=(), left_out=len(text) - was))
    return found


class _Cutter:
    """Cuts one line after the other at the edges of marks, and knows which marks are open.

    At one place marks end before others begin, and an empty mark begins and then ends.
    """

    def __init__(self, text: str, marks: Mapping[int, Span]) -> None:
        self.text = text
        self.edges = sorted(
            edge
            for number, mark in marks.items()
            for edge in (
                (mark.start, BEGINS, number),
                (mark.end, ENDS if mark.end > mark.start else ENDS_EMPTY, number),
            )
        )
        self.next = 0
        self.open: set[int] = set()

    def cut(self, line: Span) -> Iterator[Piece]:
        """Return the pieces of a line; edges that were passed over count at its start."""
        start = line.start
        while start < line.end or self._before(line.end + 1):
            begins: list[int] = []
            ends: list[int] = []
            while self._before(start + 1):
                _, which, number = self._take()
                (begins if which == BEGINS else ends).append(number)
            self.open.update(begins)
            over = self.open.difference(ends) if start < line.end else self.open
            end = min(self._place(), line.end)
            while self._before(end + 1) and self.edges[self.next][1] == ENDS:
                ends.append(self._take()[2])
            yield Piece(
                text=visible(self.text[start:end]),
                worst=min(over, default=None),
                begins=tuple(begins),
                ends=tuple(sorted(ends)),
            )
            self.open.difference_update(ends)
            start = end

    def _place(self) -> int:
        return self.edges[self.next][0] if self.next < len(self.edges) else len(self.text) + 1

    def _before(self, place: int) -> bool:
        return self._place() < place

    def _take(self) -> tuple[int, int, int]:
        self.next += 1
        return self.edges[self.next - 1]


def _line_around(text: str, span: Span, reach: int) -> tuple[int, int]:
    """Return the ends of the line that a span stands on, at most `reach` away from it."""
    least, most = max(0, span.start - reach), min(len(text), span.end + reach)
    before, after = text.rfind("\n", least, span.start), text.find("\n", span.end, most)
    return least if before < 0 else before + 1, most if after < 0 else after


def _windows(text: str, marks: Iterable[Span]) -> list[Span]:
    """Return the parts of a long text around its marks, joined where they meet."""
    found = [Span(0, FIRST)]
    for mark in sorted(marks, key=lambda mark: mark.start):
        low, high = _line_around(text, mark, AROUND)
        if low <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, high))
        else:
            found.append(Span(low, high))
    return found


def _lines(text: str, window: Span) -> Iterator[Span]:
    start = window.start
    while start < window.end:
        end = text.find("\n", start, window.end)
        end = window.end if end < 0 else end
        yield Span(start, end)
        start = end + 1
