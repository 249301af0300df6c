"""A page while it is being read: the text that a reader sees, and where it came from.

A reader of one form (markup, plain text) takes pieces of the source over into the draft and
says where lines end and what they are. Characters are normalised one to one, so that a place
in the text is a place in the source. The few that are not one to one (a ligature, an entity,
a soft hyphen) begin a piece of their own.
"""

from __future__ import annotations

import io
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple

# Beyond these a page is taken over as it stands: 10 MB of real pages stay far below.
MAX_LINES = 150_000
MAX_PIECES = 400_000

_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_SPACES += "\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u00b4\u02b9\u02bc\uff07"
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"
_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"

ONE_TO_ONE: dict[str, str] = {
    **{chr(code): " " for code in range(0x20) if code not in (9, 10)},
    **{chr(code): " " for code in range(0x7F, 0xA0)},
    **{c: " " for c in _SPACES},
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{c: "-" for c in _DASHES},
    **{c: "'" for c in _SINGLE},
    **{c: '"' for c in _DOUBLE},
    **{c: "\n" for c in _LINE_ENDS},
    "\u00b5": "\u03bc",  # the micro sign to the Greek letter
    "\u00ba": "°",  # many pages write degrees so
    "\u02da": "°",
    "\u301c": "~",
}
_TABLE = str.maketrans(ONE_TO_ONE)
_ASCII = {c: plain for c, plain in ONE_TO_ONE.items() if c.isascii()}

_INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
_LIGATURES = dict(zip("ﬀﬁﬂﬃﬄﬅﬆ", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
# UTF-8 that was read as Windows-1252, but only pairs that no writer means: a capital letter
# before a closing quote is not one of them.
_TRAIL = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# It begins with one set of characters, which lets the search run over all others at once.
SPECIAL = re.compile(
    f"[{_INVISIBLE}ﬀ-ﬆÂÃÎÏÄÅÈâãï](?:(?<=[{_INVISIBLE}])[{_INVISIBLE}]*+|(?<=[ﬀ-ﬆ])"
    f"|(?<=[ÂÃÎÏ])[{_TRAIL}]|(?<=[ÄÅÈ])[\u0080-\u00bfƒŸ™›ž˜]"
    f"|(?<=â)[€\u0081‚ƒ„…†‡ˆ‰Š][{_TRAIL}]|(?<=ã)[€\u0081‚ƒ][{_TRAIL}]|(?<=ï)[¼½][{_TRAIL}]"
    r"|(?<=Â)(?=[\s<&]|$))"
)


def normalised(text: str) -> str:
    """Return the text with every character in its plain form, one for one."""
    if len(text) < 1000:
        return text.translate(_TABLE)
    # a page has few of these characters, and replacing one is faster than looking all up
    found = [c for c in (_ASCII if text.isascii() else set(text)) if c in ONE_TO_ONE]
    if len(found) > 60:
        return text.translate(_TABLE)
    for character in found:
        text = text.replace(character, ONE_TO_ONE[character])
    return text


@lru_cache(1024)
def spelled(special: str) -> str:
    """Return what stands in the text for a match of `SPECIAL`; it may be nothing."""
    first = special[0]
    if first in _LIGATURES:
        return _LIGATURES[first]
    if special == "Â":
        return " "  # a no-break space of which half was lost
    if not "Â" <= first <= "ï":
        return ""
    try:
        # Windows-1252 leaves five codes open; programs pass them through
        as_bytes = b"".join(
            c.encode("latin-1" if "\x80" <= c <= "\x9f" else "cp1252") for c in special
        )
        return normalised(SPECIAL.sub("", as_bytes.decode("utf-8")))
    except UnicodeError:
        return normalised(special)


def plain(text: str) -> str:
    """Return the text as it is written into a draft."""
    return normalised(SPECIAL.sub(lambda found: spelled(found[0]), text))


ENTITY = re.compile(
    r"&(?:#(?:([0-9]{1,12})|[xX]([0-9A-Fa-f]{1,10}));?|([A-Za-z][A-Za-z0-9]{1,31});?)"
)


def entity(source: str, at: int) -> tuple[str, int]:
    """Return the characters of the entity at a place and where it ends; none if it is none."""
    found = ENTITY.match(source, at)
    if found is None:
        return "", at
    decimal, hexadecimal, name = found.groups()
    if name is None:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        if 0x80 <= code < 0xA0:
            return bytes([code]).decode("cp1252", "replace"), found.end()
        if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            return "\ufffd", found.end()
        return chr(code), found.end()
    if source[found.end() - 1] == ";" and name + ";" in html5:
        return html5[name + ";"], found.end()
    for n in range(min(6, len(name)), 1, -1):  # the few that need no semicolon
        if name[:n] in html5:
            return html5[name[:n]], found.start() + 1 + n
    return "", found.start()


class Pieces:
    """Pairs (start in text, start in source) of every piece taken over without a break."""

    __slots__ = ("_in_source", "_in_text")

    def __init__(self) -> None:
        self._in_text = array("Q", (0,))
        self._in_source = array("Q", (0,))

    def add(self, in_text: int, in_source: int) -> None:
        """Say that the text from here on came from that place."""
        if self._in_text[-1] == in_text:
            self._in_source[-1] = in_source
        elif self._in_source[-1] - self._in_text[-1] != in_source - in_text:
            self._in_text.append(in_text)
            self._in_source.append(in_source)

    def source(self, at: int) -> int:
        """Return the place in the source of a character of the text."""
        i = bisect_right(self._in_text, at) - 1
        return self._in_source[i] + at - self._in_text[i]

    def __len__(self) -> int:
        return len(self._in_text)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._in_text, self._in_source, strict=True)


class Frame(NamedTuple):
    """What encloses a line: a section of an SPL label, or a block that is not about the drug.

    area    its label area if the markup says so; "site" for navigation and the like
    parent  number of the frame around it
    """

    area: str = ""
    parent: int = 0


class Line(NamedTuple):
    """One line of the text.

    start, end  where it stands in the text, without bullet and blanks
    kind        "heading", "item", "row" or "text"
    level       of a heading, from 1; 0 for the title of the file
    inherits    a heading that is not known speaks about what the one above it speaks about
    frame       number of the frame it stands in
    lead        characters of its beginning that are set off as a heading within the line
    coarse      not looked at further: too many lines
    """

    start: int
    end: int
    kind: str
    level: int = 0
    inherits: bool = True
    frame: int = 0
    lead: int = 0
    coarse: bool = False


@dataclass(slots=True)
class Draft:
    """The text so far."""

    source: str
    flat: str = field(init=False)  # the source, normalised, at the same offsets
    is_special: bool = field(init=False)  # it has characters that `SPECIAL` finds
    pieces: Pieces = field(default_factory=Pieces)
    lines: list[Line] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=lambda: [Frame()])
    remarks: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    length: int = 0
    # the run of the source that is to be written next
    _run: tuple[int, int] = (0, 0)
    _out: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self.flat = normalised(self.source)
        self.is_special = not self.source.isascii() and SPECIAL.search(self.source) is not None

    @property
    def is_full(self) -> bool:
        """There are so many pieces that no more are told apart."""
        return len(self.pieces) > MAX_PIECES

    def take(self, start: int, end: int) -> None:
        """Take characters of the source over."""
        if self.is_special:
            for found in SPECIAL.finditer(self.source, start, end):
                if self.is_full:
                    break
                self.copy(start, found.start())
                self.put(spelled(found.group()), found.start())
                start = found.end()
        self.copy(start, end)

    def copy(self, start: int, end: int) -> None:
        """Take characters of the source over as they stand, normalised."""
        if start >= end:
            return
        begin, stop = self._run
        if start == stop != 0:
            self._run = (begin, end)
        else:
            if stop:
                self._flush()
            self.pieces.add(self.length, start)
            self._run = (start, end)
        self.length += end - start

    def put(self, text: str, at: int) -> None:
        """Write characters that stand for what the source has at a place."""
        begin, stop = self._run
        if stop:
            if at == stop and text == self.flat[at : at + 1]:
                self._run = (begin, at + 1)
                self.length += 1
                return
            self._flush()
        for character in text:
            self.pieces.add(self.length, at)
            self._out.write(character)
            self.length += 1

    def _flush(self) -> None:
        start, end = self._run
        self._out.write(self.flat[start:end])
        self._run = (0, 0)

    def rest(self, at: int) -> None:
        """Take over what is left of the source from a place on, and look at it no further."""
        if at < len(self.source):
            begin = self.length
            self.copy(at, len(self.source))
            self.lines.append(Line(begin, self.length, "text", coarse=True))
            self.put("\n", len(self.source))
            self.remarks.append(
                "too many parts to tell apart: what follows character "
                f"{at + 1:,} was read in pieces, not line by line"
            )

    def since(self, start: int) -> str:
        """Return the text from `start` on."""
        self._flush()
        self._out.seek(start)
        return self._out.read()

    def text(self) -> str:
        """Return the text."""
        self._flush()
        return self._out.getvalue()
