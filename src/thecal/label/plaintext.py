"""Plain text, Markdown and the text of a PDF, line by line.

Lines that were wrapped are joined; page numbers, footers and running heads of printed pages are
left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from thecal.label.draft import MAX_LINES, SPECIAL, Draft, Line, entity, plain
from thecal.label.roles import (
    BULLET,
    GAP,
    LEAD,
    LOOKED_AT,
    NUMBERED,
    TEXT,
    UNIT,
    Role,
    goes_on,
    heading_role,
    role_of,
)

_LINE = re.compile(r"\S[^\n]*+")
# A line that only counts pages, with or without a running head on the same line.
_PAGE = (
    r"(?:reference id: ?\d+|(?:page|seite|página|pagina) \d{1,4}"
    r"(?: ?(?:of|von|de|di|din|/) ?\d{1,4})?|\d{1,4} ?(?:/|of) ?\d{1,4}|- ?\d{1,4} ?-)"
)
_FOOTER = re.compile(
    rf"(?:[^\t]{{0,80}}?(?: {{3,}}|\t+))?{_PAGE}(?:(?: {{3,}}|\t+)\S[^\t]{{0,80}})?", re.IGNORECASE
)
_RULE = re.compile(r"(?:=+|-+|_+|\*+|~+|(?:[-*_] ){2,}[-*_]?)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\dA-Fa-f]{1,6}|[A-Za-z]\w{1,31});")
_LONE_BULLETS = set("•·▪▫◦‣⁃●○■□►▶➢➤✓✔∙")
_CELLS = re.compile(r" *\t\s*| {3,}")
_SMALL = re.compile(r"[a-zß-ÿ]{2,}")
_AFTER_HYPHEN = {
    "based", "blind", "controlled", "dependent", "dose", "free", "label", "mediated", "monthly",
    "related", "specific", "term", "treated", "up", "use", "weekly", "daily", "onset",
}  # fmt: skip
MAX_CELLS = 1000  # of a row: more are none
_PROSE = 5_000  # characters: a longer line is prose, whatever marks it holds
_RAGGED = 6  # columns that a line of a PDF may fall short by


class _Physical(NamedTuple):
    """A line of the file.

    start, end  where it stands, without the mark of a citation
    words       what a reader sees of it
    bold        it is set in bold, all of it
    bulleted    a bullet stands before it, on a line of its own
    """

    start: int
    end: int
    indent: int
    after_blank: bool
    words: str
    bold: bool = False
    bulleted: bool = False


class PlainReader:
    """Reads the lines of one page in order and writes the lines that a reader sees."""

    def __init__(self, draft: Draft, *, markdown: bool) -> None:
        self.draft = draft
        self.markdown = markdown
        self.marks = _INLINE if markdown else _ENTITY if _ENTITY.search(draft.flat) else None
        self.stopped = len(draft.flat)
        self.lines = self._physical()
        self.width = _width([line.indent + len(line.words) for line in self.lines])
        self.counted: Counter[str] | None = None

    def _physical(self) -> list[_Physical]:
        """Find the lines that hold anything, without page numbers and footers."""
        draft, flat = self.draft, self.draft.flat
        changes = draft.is_special or self.marks is not None
        lines: list[_Physical] = []
        pages: list[int] = []  # numbers of the lines that follow a page number
        end, blank, bulleted = 0, False, False
        for found in _LINE.finditer(flat):
            if len(lines) == MAX_LINES:
                self.stopped = found.start()
                break
            start, words = found.start(), found[0].rstrip()
            breaks = flat.count("\n", end, start)
            blank = blank or breaks > 1
            indent = start - flat.rfind("\n", end, start) - 1 if breaks else start - end
            end, stop, bold = found.end(), start + len(words), False
            if _may_be_footer(words) and _FOOTER.fullmatch(words):
                pages.append(len(lines))
                continue
            if words in _LONE_BULLETS:
                bulleted = True
                continue
            if self.markdown:
                bold = _BOLD.fullmatch(words) is not None
                start += _quoted(words)
            if (
                changes
                and stop - start < _PROSE
                and (self.marks or SPECIAL.search(draft.source, start, stop))
            ):
                words = self._seen(start, stop)
            if words.strip():
                lines.append(_Physical(start, stop, indent, blank, words, bold, bulleted))
                blank = bulleted = False
        return _without_running_heads(lines, pages) if pages else lines

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Yield runs of the source, and what stands in place of the mark after each."""
        if self.marks is not None:
            for mark in self.marks.finditer(self.draft.flat, start, end):
                instead = ""
                if mark[0][0] == "&":
                    instead = plain(entity(self.draft.source, mark.start())[0])
                    if not instead:
                        continue
                    instead = " " if instead.isspace() else instead
                elif mark[0][:3].lower() == "<br":
                    instead = " "
                yield start, mark.start(), instead
                start = mark.end() - (mark[0][0] == "\\")  # what is escaped stays
        yield start, end, ""

    def _seen(self, start: int, end: int) -> str:
        source = self.draft.source
        return "".join(plain(source[a:b]) + instead for a, b, instead in self._parts(start, end))

    def _take(self, start: int, end: int) -> None:
        """Write what a reader sees of a line."""
        draft = self.draft
        if self.marks is None:
            draft.take(start, end)
            return
        for a, b, instead in self._parts(start, end):
            draft.take(a, b)
            if instead:
                draft.put(instead, b)
            if draft.is_full:
                draft.copy(b, end)
                break

    def read(self) -> None:
        """Read the page."""
        i, count = 0, len(self.lines)
        while i < count:
            if self.draft.is_full:
                self.stopped = self.lines[i].start
                break
            if i and self.lines[i].after_blank:
                self.draft.put("\n", self.lines[i - 1].end)
            i = self._read(i)
        self.draft.rest(self.stopped)

    def _read(self, i: int) -> int:
        """Read what begins at line `i`; return where the next begins."""
        line = self.lines[i]
        if self.markdown and self._marked(line):
            return i + 1
        if len(line.words) > 2 and _RULE.fullmatch(line.words):
            return i + 1
        role = self._role(i)
        begin = self.draft.length
        if role.kind == "row":
            self._cells(line, begin)
            return i + 1
        if role.kind in ("text", "item"):
            while i + 1 < len(self.lines) and self._goes_on(i, role.kind):
                line, following = self.lines[i], self.lines[i + 1]
                if self._is_hyphenated(line.words, following.words):
                    self._take(line.start, line.end - 1)
                else:
                    self._take(line.start, line.end)
                    if line.words[-1] != "-":
                        self.draft.put(" ", line.end)
                i += 1
        self._take(self.lines[i].start, self.lines[i].end)
        self._close(role, begin, self.lines[i].end)
        underlined = role.kind == "heading" and _is_underline(self._words(i + 1))
        return i + 2 if underlined else i + 1

    def _words(self, i: int) -> str:
        return self.lines[i].words if i < len(self.lines) else ""

    def _role(self, i: int) -> Role:
        """Say what line `i` is."""
        line, following = self.lines[i], self._words(i + 1)
        words = line.words[:LOOKED_AT]
        if _is_underline(following) and len(words) <= 120 and not self.lines[i + 1].after_blank:
            return Role("heading", 0, 1 if following[0] == "=" else 2)
        if line.bulleted:
            return Role("item")
        if line.bold:
            return heading_role(words, alone=True) or TEXT
        set_off = line.after_blank or self._words(i - 1)[-1:] in ".!?:"
        return role_of(words, len(following) >= 60, i == 0 and following != "", set_off)

    def _goes_on(self, i: int, kind: str) -> bool:
        """Say whether line `i + 1` was one with line `i` before lines were wrapped."""
        line, following = self.lines[i], self.lines[i + 1]
        before, after = line.words, following.words
        if following.after_blank or following.bold or following.bulleted or before[-1] == ":":
            return False
        ended = before[-1] in ".!?;。"
        if ended and not self.width:
            return False
        length = line.indent + len(before)
        full = (
            0.5 * self.width <= length
            and length + _RAGGED + len(after.partition(" ")[0]) > self.width > 0
        )
        hangs = kind == "item" and following.indent > line.indent and not ended
        number = NUMBERED.match(after)
        small = after[0].islower()
        low = small or (
            after[0].isdigit() and (not number or UNIT.match(after, number.end()) is not None)
        )
        open_end = not ended and (
            goes_on(before) or (before[-1].isdigit() and small and UNIT.match(after) is not None)
        )
        wrapped = not ended and (
            (low and 35 <= length <= self.width) or (small and 50 <= length <= 140)
        )
        if not (full or open_end or hangs or wrapped):
            return False
        if self.markdown and self.draft.flat[following.start] in "#|`":
            return False
        if BULLET.match(after) or GAP.search(after):
            return False
        if low:
            return True
        if LEAD.match(after):
            return False
        role = role_of(after[:LOOKED_AT], False, False, False)
        return role.kind == "text"

    def _is_hyphenated(self, before: str, after: str) -> bool:
        """Say whether a hyphen at a line's end was put there to break the word.

        It stays if what follows it is a word of the page by itself ("single-dose").
        """
        if not (len(before) > 2 and before[-1] == "-" and before[-2].islower()):
            return False
        found = _SMALL.match(after)
        if found is None or found[0] in _AFTER_HYPHEN:
            return False
        if self.counted is None:
            self.counted = Counter(_SMALL.findall(self.draft.flat, 0, _SAMPLE))
        return self.counted[found[0]] < 2

    def _close(self, role: Role, begin: int, at: int) -> None:
        if self.draft.length > begin:
            self.draft.lines.append(
                Line(begin + role.skip, self.draft.length, role.kind, role.level, role.inherits)
            )
        self.draft.put("\n", at)

    def _cells(self, line: _Physical, begin: int) -> None:
        """Write the cells of a row that blanks or tabs part."""
        start, draft = line.start, self.draft
        for gap in _CELLS.finditer(draft.flat, line.start, line.end):
            if draft.is_full:
                break
            self._take(start, gap.start())
            draft.put(" | ", gap.start())
            start = gap.end()
        self._take(start, line.end)
        self._close(Role("row"), begin, line.end)

    # ---- Markdown

    def _marked(self, line: _Physical) -> bool:
        """Read a line that Markdown marks; say whether it was one."""
        words = self.draft.flat[line.start : line.end]
        begin = self.draft.length
        if heading := _HASHES.match(words):
            self._take(line.start + heading.end(), line.start + len(words.rstrip("# ")))
            self._close(Role("heading", 0, len(heading[1])), begin, line.end)
            return True
        if words.startswith(("```", "~~~")):
            return True
        if words.startswith("|") or words.count("|") > 1:
            if not _TABLE_RULE.fullmatch(words):
                self._row(line, words)
            return True
        return False

    def _row(self, line: _Physical, words: str) -> None:
        """Write the cells of a row on one line."""
        draft, at = self.draft, line.start
        begin = draft.length
        cells = words.split("|", MAX_CELLS)
        for i, cell in enumerate(cells):
            inner = cell.strip()
            if inner or 0 < i < len(cells) - 1:
                if i > (words[0] == "|"):
                    draft.put(" | ", at - 1)
                if inner:
                    start = at + len(cell) - len(cell.lstrip())
                    self._take(start, start + len(inner))
            at += len(cell) + 1
        self._close(Role("row"), begin, line.end)


def _may_be_footer(words: str) -> bool:
    return len(words) <= 160 and (
        words[-1].isdigit() or words[-1] == "-" or words[:4].lower() in ("page", "refe", "seit")
    )


def _without_running_heads(lines: list[_Physical], pages: list[int]) -> list[_Physical]:
    """Leave out what stands beside a page number, if it does so again and again."""
    beside = [i for page in pages for i in (page - 1, page) if 0 <= i < len(lines)]
    times = Counter(lines[i].words for i in set(beside) if len(lines[i].words) <= 100)
    gone = {i for i in beside if times[lines[i].words] > 1 or lines[i].words.isdigit()}
    turned = set(pages) | {i + 1 for i in gone}
    kept: list[_Physical] = []
    for i, line in enumerate(lines):
        if i in gone:
            continue
        unfinished = kept and kept[-1].words[-1] not in ".!?:;。"
        if i in turned and unfinished and line.words[0].islower():
            line = line._replace(after_blank=False)  # the sentence goes on over the page
        kept.append(line)
    return kept


def _width(widths: list[int]) -> int:
    """Estimate the column at which the lines of a page were wrapped; 0 if they were not."""
    widths = sorted(widths)
    if not widths:
        return 0
    widest = widths[-1 - len(widths) // 100]
    near = sum(1 for width in widths if widest - 12 <= width <= widest + 8)
    return widest if 40 <= widest <= 140 and near >= max(2, len(widths) // 6) else 0


def _is_underline(words: str) -> bool:
    return len(words) > 2 and words[0] in "=-" and not words.strip(words[0])


_HASHES = re.compile(r"(#{1,6}) +(?=\S)")
_QUOTE = re.compile(r"(?:> ?)++(?=[^\s\d])")  # ">10%" is a frequency
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_]+)\1:?")
_TABLE_RULE = re.compile(r"\|?(?: *+:?-++:? *+\|)*+(?: *+:?-++:?)? *+")
# Marks that are not words. It begins with one set of characters, as `SPECIAL` does.
_INLINE = re.compile(
    r"[*_`!\[\]<&\\](?:"
    r"(?<=\*)(?:\*|(?<![\w*]\*)(?=\w)|(?<=[\w.,;:!?)%]\*)(?!\w))"  # ** or * around words
    r"|(?<=_)_|(?<=`)`*+"
    r"|(?:(?<=!)\[|(?<=\[))(?=[^\[\]\n]{0,300}\]\()|(?<=\])\([^()\n]{0,500}\)"  # a link
    r"|(?<=<)/?[A-Za-z][^<>\n]{0,300}>|(?<=&)(?:#\d{1,7}|#[xX][\dA-Fa-f]{1,6}|[A-Za-z]\w{1,31});"
    r"|(?<=\\)[\\`*_{}\[\]()#+.!|<>-])"
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
