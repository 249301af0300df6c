"""Plain text, Markdown and the text of a PDF: which line is what, and which lines are one.

Nothing marks a heading in plain text, so usual headings, numbers, capitals, a question mark or
a colon at the end must do; a line that could be either stays text. Lines that were wrapped are
joined; page numbers and footers of printed pages are left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from thecal.label.draft import MAX_LINES, Draft, Line
from thecal.label.headings import is_known, is_sub, key

_LINE = re.compile(r"\S[^\n]*+")
_BULLET = re.compile(
    r"(?:[•·▪▫◦‣⁃●○■□►▶➢➤✓✔∙] *|[-+*] +|-(?=[A-Za-z])|\(?[a-z]\) +|\(?\d{1,2}\) +)(?=\S)"
)
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})(\.?)(?: +|(?=[^\x00-\x7f]))(?=\S)")
_UNIT = re.compile(
    r"(?:mg|ml|g|kg|mcg|μg|l|h|hours?|days?|weeks?|months?|years?|minutes?|min|patients?|doses?|"
    r"to|and|or|x|of|out)\b|[%°/-]",
    re.IGNORECASE,
)
_ASKED = re.compile(r"(?:Q(?:uestion)?|F|D|P)(?: ?\d{1,3})? ?[:.)-] *(?=\S)|Q\d{1,3} +(?=\S)")
_ANSWER = re.compile(r"A(?:nswer)?(?: ?\d{1,3})? ?[:.)] +(?=\S)")
_FURNITURE = re.compile(
    r"(?:reference id: ?\d+"
    r"|(?:page|seite|página|pagina) \d{1,4}(?: ?(?:of|von|de|di|din|/) ?\d{1,4})?"
    r"|\d{1,4} ?(?:/|of) ?\d{1,4}|- ?\d{1,4} ?-)",
    re.IGNORECASE,
)
_ANCHOR = re.compile(r"reference id: ?\d+", re.IGNORECASE)
_RULE = re.compile(r"(?:=+|-+|_+|\*+|~+|(?:[-*_] ){2,}[-*_]?)")
_LEAD = re.compile(r"[^:.!?|;]{1,60}? ?:(?=\s|$)")
_INTRODUCES = re.compile(
    r"\b(?:if|you|are|is|the|following|includes?|including|as|follows|with|of|to|for|were|was|"
    r"may|can|should|be|have|has|that|these|those|and|or|when|who|by|in|on|at|than|from)$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:\b(?:the|a|an|of|to|for|with|by|in|on|at|from|and|or|than|every|into|is|are|was|were|be|"
    r"that|which|as|over|after|before|within|least|about|approximately|per|de|la|el|der|die|das|"
    r"und|et|le|les|di|il|y|si)|[,(/&-])$",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[^.!?]{3,110}\?")
_GAP = re.compile(r"\t| {3}")
_NOT_HEADINGS = {
    "none", "none known", "adult", "adults", "pediatric", "pediatrics", "paediatric", "geriatric",
    "frequency not defined", "frequency not known", "not known", "unknown", "yes", "no", "common",
    "very common", "uncommon", "rare", "very rare", "n a", "not applicable", "not established",
    "no data", "not studied",
}  # fmt: skip


_CACHED = 4096  # lines that come again, as headings do
_LOOKED_AT = 400  # characters of a line that say what it is


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


_TEXT = Role("text")


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
        return Role("heading", 0, level, bool(numbered)) if _QUESTION.fullmatch(words) else None
    if is_known(words):
        return Role("heading", 0, 3 if is_sub(words) and not numbered else level)
    if last == ":":
        introduces = count > 6 or _INTRODUCES.search(words[:-1].rstrip())
        return None if introduces or not first.isupper() else Role("heading", 0, max(level, 3))
    if numbered or alone:
        return Role("heading", 0, level if numbered else 4) if _has_letters(words) else None
    if 1 < count <= 12 and words.isupper() and sum(c.isalpha() for c in words) >= 6:
        return Role("heading", 0, 3, False)
    return None


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
def _role(words: str, *, introduces: bool, first: bool, set_off: bool) -> Role:
    """Say what a line is.

    introduces  prose follows it, as a title that is no usual heading must
    first       nothing stands before it
    set_off     it comes after a blank line or the end of a sentence
    """
    if bullet := _BULLET.match(words):
        return Role("item", bullet.end())
    if asked := _ASKED.match(words):
        if _QUESTION.fullmatch(words, asked.end()):
            return Role("heading", asked.end(), 2, False)
    if answer := _ANSWER.match(words):
        return Role("text", answer.end())
    if number := _NUMBERED.match(words):
        rest, parts = words[number.end() :], number[1].count(".") + 1
        if not _UNIT.match(rest):
            role = heading_role(rest, numbered=parts)
            if role and (parts > 1 or is_known(rest) or rest[-1] == "?" or rest.isupper()):
                return role
            if role and number[2] and _is_title(rest):
                return role
            if number[2] and parts == 1:
                return Role("item", number.end())
    if role := heading_role(words):
        return role
    if (_GAP.search(words) or words.count(" | ") > 1) and not re.search(r"[.!?](?:\t|   )", words):
        return Role("row")
    if len(words) <= 100 and words[-1] not in ".,;:?!" and key(words) not in _NOT_HEADINGS:
        if first and 1 < words.count(" ") + 1 <= 14 and words[0].isupper() and ": " not in words:
            return Role("heading", 0, 1, False)
        if set_off and introduces and _is_title(words):
            return Role("heading", 0, 3, False)
    return _TEXT


class _Physical(NamedTuple):
    """A line of the file: where its words stand and what they are."""

    start: int
    end: int
    indent: int
    after_blank: bool
    words: str


class PlainReader:
    """Reads the lines of one page in order and writes the lines that a reader sees."""

    def __init__(self, draft: Draft, *, markdown: bool) -> None:
        self.draft = draft
        self.markdown = markdown
        self.stopped = len(draft.flat)
        self.lines = self._physical()
        self.width = _width([line.indent + len(line.words) for line in self.lines])

    def _physical(self) -> list[_Physical]:
        """Find the lines that hold anything, without page numbers and footers."""
        flat = self.draft.flat
        lines: list[_Physical] = []
        end, blank = 0, False
        for found in _LINE.finditer(flat):
            if len(lines) == MAX_LINES:
                self.stopped = found.start()
                break
            start, words = found.start(), found[0].rstrip()
            breaks = flat.count("\n", end, start)
            blank = blank or breaks > 1
            indent = start - flat.rfind("\n", end, start) - 1 if breaks else start - end
            end = found.end()
            if len(words) <= 40 and (words[-1].isdigit() or words[-1] == "-"):
                if self._is_furniture(words, lines):
                    continue
            lines.append(_Physical(start, start + len(words), indent, blank, words))
            blank = False
        return lines

    def _is_furniture(self, words: str, lines: list[_Physical]) -> bool:
        if _ANCHOR.fullmatch(words) and lines and lines[-1].words.isdigit():
            lines.pop()  # the page number above it
        return _FURNITURE.fullmatch(words) is not None

    def read(self) -> None:
        """Read the page."""
        i, count = 0, len(self.lines)
        while i < count:
            if self.draft.is_full:
                self.stopped = self.lines[i].start
                break
            if i and self.lines[i].after_blank:
                self.draft.put("\n", self.lines[i].start - 1)
            i = self._read(i)
        self.draft.rest(self.stopped)

    def _read(self, i: int) -> int:
        """Read what begins at line `i`; return where the next begins."""
        line = self.lines[i]
        words, following = line.words, self._words(i + 1)
        if self.markdown and (done := self._marked(line)):
            return i + done
        if _RULE.fullmatch(words) and len(words) > 2:
            return i + 1
        skip = _quoted(words) if self.markdown else 0
        role = self._role(i, words[skip : skip + _LOOKED_AT])
        last = i
        if role.kind in ("text", "item"):
            while last + 1 < len(self.lines) and self._goes_on(last, role.kind):
                last += 1
        begin = self._take(line.start + skip, line.end, role.skip)
        for k in range(i, last):
            self._join(self.lines[k], self.lines[k + 1])
        self._close(role, begin, self.lines[last].end)
        underlined = role.kind == "heading" and _is_underline(following)
        return last + 2 if underlined else last + 1

    def _words(self, i: int) -> str:
        return self.lines[i].words if i < len(self.lines) else ""

    def _role(self, i: int, words: str) -> Role:
        """Say what line `i` is."""
        following = self._words(i + 1)
        if _is_underline(following) and len(words) <= 120 and not self.lines[i + 1].after_blank:
            return Role("heading", 0, 1 if following[0] == "=" else 2)
        if self.markdown and (bold := _BOLD.fullmatch(words)):
            return heading_role(bold[2].strip(), alone=True) or _TEXT
        set_off = self.lines[i].after_blank or self._words(i - 1)[-1:] in ".!?:"
        return _role(words, introduces=len(following) >= 60, first=i == 0, set_off=set_off)

    def _goes_on(self, i: int, kind: str) -> bool:
        """Say whether line `i + 1` was one with line `i` before lines were wrapped."""
        line, following = self.lines[i], self.lines[i + 1]
        before, after = line.words, following.words
        if following.after_blank or before[-1] == ":":
            return False
        ended = before[-1] in ".!?;。"
        first_word = after.partition(" ")[0]
        length = line.indent + len(before)
        full = 0.5 * self.width <= length and length + 1 + len(first_word) > self.width > 0
        hangs = kind == "item" and following.indent > line.indent and not ended
        low = after[0].islower() or (after[0].isdigit() and not _NUMBERED.match(after))
        open_end = not ended and len(before) >= 20 and _GOES_ON.search(before) is not None
        if not (full or open_end or hangs or (low and not ended and self.width and length >= 35)):
            return False
        if self.markdown and after[0] in "#|>`":
            return False
        if _BULLET.match(after) or _GAP.search(after) or _LEAD.match(after):
            return False
        return (
            low
            or _role(after[:_LOOKED_AT], introduces=False, first=False, set_off=False).kind
            == "text"
        )

    def _join(self, line: _Physical, following: _Physical) -> None:
        """Write the line that follows as one with the line before."""
        self.draft.put(" ", line.end)
        skip = _quoted(following.words) if self.markdown else 0
        self._take(following.start + skip, following.end)

    def _close(self, role: Role, begin: int, at: int) -> None:
        if self.draft.length > begin:
            self.draft.lines.append(
                Line(begin, self.draft.length, role.kind, role.level, role.inherits)
            )
        self.draft.put("\n", at)

    # ---- Markdown

    def _take(self, start: int, end: int, skip: int = 0) -> int:
        """Take words over; return where they begin in the text, after a bullet of `skip`."""
        draft = self.draft
        if skip:
            draft.take(start, start + skip)
        begin, start = draft.length, start + skip
        if self.markdown:
            for mark in _INLINE.finditer(draft.flat, start, end):
                if draft.is_full:
                    break
                draft.take(start, mark.start())
                if mark[0][:3].lower() == "<br":
                    draft.put(" ", mark.start())
                start = mark.end()
        draft.take(start, end)
        return begin

    def _marked(self, line: _Physical) -> int:
        """Read a line that Markdown marks; return how many lines were read, 0 for none."""
        words = line.words
        if heading := _HASHES.match(words):
            begin = self._take(line.start + heading.end(), line.start + len(words.rstrip("# ")))
            self._close(Role("heading", 0, len(heading[1])), begin, line.end)
            return 1
        if words.startswith(("```", "~~~")):
            return 1
        if words.startswith("|") or words.count("|") > 1:
            if not _TABLE_RULE.fullmatch(words):
                self._row(line)
            return 1
        return 0

    def _row(self, line: _Physical) -> None:
        """Write the cells of a row on one line."""
        draft, at = self.draft, line.start
        begin = draft.length
        cells = line.words.split("|")
        for i, cell in enumerate(cells):
            words = cell.strip()
            if words or 0 < i < len(cells) - 1:
                if i > (line.words[0] == "|"):
                    draft.put(" | ", at - 1)
                if words:
                    start = at + len(cell) - len(cell.lstrip())
                    self._take(start, start + len(words))
            at += len(cell) + 1
        self._close(Role("row"), begin, line.end)


def _width(widths: list[int]) -> int:
    """Estimate the column at which the lines of a page were wrapped; 0 if they were not."""
    widths = sorted(widths)
    if not widths:
        return 0
    widest = widths[int(0.97 * (len(widths) - 1))]
    near = sum(1 for width in widths if widest - 12 <= width <= widest + 8)
    return widest if 40 <= widest <= 140 and near >= max(2, len(widths) // 6) else 0


def _is_underline(words: str) -> bool:
    return len(words) > 2 and words[0] in "=-" and not words.strip(words[0])


_HASHES = re.compile(r"(#{1,6}) +(?=\S)")
_QUOTE = re.compile(r"(?:> ?)++(?=\S)")
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_]+)\1:?")
_TABLE_RULE = re.compile(r"\|?(?: *:?-+:? *\|)* *(?::?-+:?)? *")
# Marks that are not words. It begins with one set of characters, as `SPECIAL` does.
_INLINE = re.compile(
    r"[*_`!\[\]<\\](?:"
    r"(?<=\*)(?:\*|(?<![\w*]\*)(?=\w)|(?<=[\w.,;:!?)%]\*)(?!\w))"  # ** or * around words
    r"|(?<=_)_|(?<=`)`*+"
    r"|(?:(?<=!)\[|(?<=\[))(?=[^\[\]\n]{0,300}\]\()|(?<=\])\([^()\n]{0,500}\)"  # a link
    r"|(?<=<)/?[A-Za-z][^<>\n]{0,300}>"
    r"|(?<=\\)(?=[\\`*_{}\[\]()#+.!|<>-]))"
)


def _quoted(words: str) -> int:
    found = _QUOTE.match(words)
    return found.end() if found else 0


def read_plain(draft: Draft, *, markdown: bool = False) -> None:
    """Read plain text or Markdown into the draft."""
    PlainReader(draft, markdown=markdown).read()


_SAMPLE = 200_000


def is_markdown(flat: str) -> bool:
    """Say whether text is Markdown: headings with #, rules of tables, words in bold."""
    sample = flat[:_SAMPLE]
    return (
        re.search(r"^#{1,6} \S", sample, re.MULTILINE) is not None
        or re.search(r"^\|?[ ]*:?-{2,}:?[ ]*\|", sample, re.MULTILINE) is not None
        or len(re.findall(r"\*\*\w[^*\n]{0,200}\*\*", sample)) > 1
    )
