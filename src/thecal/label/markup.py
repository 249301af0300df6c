"""HTML and SPL XML: tags to lines, by a scanner that goes over the source once.

It builds no tree, so nothing can nest too deep; what is never closed ends where the source
ends. Scripts, styles and comments are not text. Entities that a document type declares are
never expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from thecal.label.draft import (
    ENTITY,
    MAX_LINES,
    Draft,
    Frame,
    Line,
    entity,
    plain,
)
from thecal.label.headings import LOINC, SITE
from thecal.label.roles import goes_on, heading_role

MAX_TAGS = 400_000

_MARK = re.compile(r"<(?:(/?)([A-Za-z][^\s/>]*+)[^>\"']*+|!--|!\[CDATA\[|[!?])")
_QUOTED = re.compile(r"(?:\"[^\"]*+\"|'[^']*+')[^>\"']*+")
_SUBSET_END = re.compile(r"\]\s*+>")
_BLANKS = re.compile(r"\s(?:\s++|(?<=[\n\t]))")
_CLOSERS = re.compile(
    r"</(noscript|template|svg|select|object|canvas|audio|video|rt|rp|sup)\b", re.IGNORECASE
)
_ANY_TAG = re.compile(r"<[^<>]*+>")
# A reference number set high, which would read as a digit of the number before it.
_CITATION = re.compile(r"\s*\[?\s*(?:\d{1,3}(?:\s*[,-]\s*\d{1,3}){0,9}|[a-h*†‡§¶])\s*\]?\s*")

# (start and end of the text before it, its name, does it close, its start, its end)
Tag: TypeAlias = tuple[int, int, str, bool, int, int]


class Scanner:
    """The tags of a source, in order, each with the run of text before it."""

    def __init__(self, draft: Draft, *, xml: bool) -> None:
        self.draft = draft
        self.source = draft.source
        self.xml = xml
        self.stopped = len(draft.source)  # where scanning ended, if there were too many tags
        self._no_more_quotes = False
        self._closers: dict[str, int] | None = None

    def tags(self) -> Iterator[Tag]:
        """Yield every tag; the last one has no name and comes after the last text."""
        source, n, xml = self.source, len(self.source), self.xml
        last = source.rfind(">")
        at = text = 0
        for _ in range(MAX_TAGS):
            found = _MARK.search(source, at, last) if at < last else None
            if found is None:
                yield text, n, "", False, n, n
                return
            start, name = found.start(), found[2]
            if name is None:
                end = self._declaration(start, found.end())
                if xml and source.startswith("<![CDATA[", start):
                    yield text, start, "", False, start, start
                    yield start + 9, max(start + 9, end - 3), "#cdata", True, end, end
                else:
                    yield text, start, "", False, start, start
                at = text = end
                continue
            end = found.end()
            if source[end] != ">":
                end = self._end_of_tag(start, end)
            end += 1
            name = name.rpartition(":")[2] if xml else name.lower()
            yield text, start, name, bool(found[1]), start, end
            at = text = end
            if not xml and name in _RAW and not found[1]:
                closer = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(source, end)
                if closer is None:
                    self._left_out(f"<{name}>")
                    yield n, n, "", False, n, n
                    return
                at = text = closer.start()
        self.stopped = text

    def _end_of_tag(self, start: int, end: int) -> int:
        """Find the '>' of a tag that holds quotes; a quote that never closes is none."""
        while not self._no_more_quotes:
            quoted = _QUOTED.match(self.source, end)
            if quoted is None or quoted.end() == len(self.source):
                self._no_more_quotes = True
                break
            end = quoted.end()
            if self.source[end] == ">":
                return end
        return self.source.index(">", start)

    def _declaration(self, start: int, end: int) -> int:
        """Return the end of a comment, of CDATA or of a declaration."""
        source = self.source
        if source.startswith("<!--", start):
            if source.startswith((">", "->"), end):
                return source.index(">", end) + 1
            close = source.find("-->", end)
            if close < 0:
                self._left_out("a comment")
            return close + 3 if close >= 0 else len(source)
        if self.xml and source.startswith("<![CDATA[", start):
            close = source.find("]]>", end)
            return close + 3 if close >= 0 else len(source)
        close = source.index(">", start)
        if start < 2000 and (bracket := source.find("[", start, close)) >= 0:
            # an internal subset: declarations, none of which is ever used
            found = _SUBSET_END.search(source, bracket)
            return found.end() if found else close + 1
        return close + 1

    def _left_out(self, what: str) -> None:
        self.draft.remarks.append(f"{what} is never closed: what follows it was left out")

    def closes_after(self, name: str, at: int) -> bool:
        """Say whether an element that is not text is closed anywhere after a place."""
        if self._closers is None:
            self._closers = {}
            for found in _CLOSERS.finditer(self.source):
                self._closers[found[1].lower()] = found.start()
        return self._closers.get(name, -1) >= at

    def attribute(self, tag: Tag, name: str) -> str:
        """Return the value of a tag's attribute; empty if it has none."""
        found = re.search(
            rf"\s{name}\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))",
            self.source[tag[4] : min(tag[5], tag[4] + 4000)],
            re.IGNORECASE,
        )
        return (found[1] or found[2] or found[3] or "") if found else ""


_HEADING = 130  # characters: no heading is longer


class Writer:
    """Lines of the draft as markup makes them: blanks folded, ended by blocks."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.begin = draft.length  # of the line being written
        self.blank = True  # the line is empty, or ends in a blank
        self.gap = ""  # to be put before the next words
        self.gap_at = 0
        self.written = False  # the line holds words
        self.plain = False  # the line holds words that are not bold
        self.lead = 0  # where the bold words that begin the line end
        self.full = False

    def text(self, start: int, end: int, *, bold: bool = False, raw: bool = False) -> None:
        """Take a run of text over: entities resolved, blanks folded to one."""
        draft = self.draft
        words = draft.flat[start:end]
        if words.isspace():
            if not self.gap:
                self.gap, self.gap_at = " ", start
            return
        if self.gap:
            if self.gap != " " or not self.blank:
                draft.put(self.gap, self.gap_at)
                self.blank = True
            self.gap = ""
        before = draft.length
        if raw or "&" not in words:
            self._run(start, end)
        else:
            at = start
            for found in ENTITY.finditer(draft.source, start, end):
                if draft.is_full:
                    break
                characters, after = entity(draft.source, found.start())
                if characters:
                    self._run(at, found.start())
                    self._entity(characters, found.start())
                    at = after
            self._run(at, end)
        if draft.length > before:
            self.written = True
            if not bold:
                self.plain = True
            elif not self.plain:
                self.lead = draft.length

    def _entity(self, characters: str, at: int) -> None:
        """Write what an entity stands for."""
        for c in plain(characters):
            if not c.isspace():
                self.draft.put(c, at)
                self.blank = False
            elif not self.blank:
                self.draft.put(" ", at)
                self.blank = True

    def _run(self, start: int, end: int) -> None:
        """Take over a run without entities."""
        draft, flat = self.draft, self.draft.flat
        while self.blank and start < end and flat[start].isspace():
            start += 1
        if start == end:
            return
        for blanks in _BLANKS.finditer(flat, start, end):
            if draft.is_full:
                break
            draft.take(start, blanks.start())
            draft.put(" ", blanks.start())
            start = blanks.end()
            self.blank = True
        if start < end:
            draft.take(start, end)
            self.blank = flat[end - 1].isspace()

    def separate(self, gap: str, at: int) -> None:
        """Put something between what was written and what may come."""
        if len(self.gap) < 200:  # columns: more are none
            self.gap = gap if self.gap == " " else self.gap.rstrip() + gap
            self.gap_at = at

    def words(self, most: int) -> str:
        """Return the end of the line as far as it is written, at most so many characters."""
        return self.draft.since(max(self.begin, self.draft.length - most)).strip()

    def close(self, at: int, kind: str, level: int = 0, *, frame: int = 0) -> None:
        """End the line, if it holds anything."""
        draft = self.draft
        self.gap = ""
        if self.written:
            lead = self.lead - self.begin if self.plain and self.lead > self.begin else 0
            draft.lines.append(Line(self.begin, draft.length, kind, level, frame=frame, lead=lead))
            self.full = len(draft.lines) >= MAX_LINES or draft.is_full
            self.written, self.plain, self.lead = False, False, 0
        if draft.length > self.begin:
            draft.put("\n", at)
            self.begin = draft.length
        self.blank = True


# ---- HTML

_RAW = {"script", "style", "iframe", "noembed", "noframes", "xmp", "textarea"}
_UNSEEN = {"noscript", "template", "svg", "select", "object", "canvas", "audio", "video"}
_UNSEEN |= {"rt", "rp"}
_BOLD = {"b", "strong"}
_LISTS = {"ul", "ol", "menu", "dir"}
_PARTS = {"tbody", "thead", "tfoot", "colgroup", "col"}
_SITE_TAGS = {"nav", "footer", "aside", "header"}
_HEADINGS = {"title": 0, "dt": 6, "caption": 6, "summary": 5, "figcaption": 6, "legend": 6}
_HEADINGS |= {f"h{n}": n for n in range(1, 7)}
_BLOCKS = {
    "address", "article", "blockquote", "body", "br", "button", "center", "dd", "details",
    "dialog", "div", "dl", "fieldset", "figure", "form", "head", "hr", "html", "li", "main", "p",
    "pre", "section", "table", "td", "th", "tr",
    *_LISTS, *_PARTS, *_SITE_TAGS, *_HEADINGS,
}  # fmt: skip
_OUT_OF_CELL = {"h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main"} | _SITE_TAGS
_ENCLOSING = {"article", "main", "div", "section", "ul"} | _SITE_TAGS
_SITE_ROLES = {"navigation", "contentinfo", "banner", "search"}
_MARGIN = 2  # a heading by its words alone stands below those that the page marks


class HtmlReader:
    """Reads the tags of one page in order and writes its lines."""

    def __init__(self, draft: Draft) -> None:
        draft.frames.append(Frame(SITE))
        self.draft, self.out = draft, Writer(draft)
        self.scanner = Scanner(draft, xml=False)
        self.heading = -1  # level of the heading being read, -1 outside of one
        self.lists = self.bold = self.articles = 0
        self.item = self.pre = False
        self.tables: list[bool] = []  # of each open table: is it there for the layout only?
        self.cells = 0  # begun in the row being read
        self.unseen, self.unseen_depth = "", 0
        self.site, self.site_depth, self.site_from = "", 0, 0

    def read(self) -> None:
        """Read the page."""
        out = self.out
        for tag in self.scanner.tags():
            start, end, name, closes, at, _ = tag
            if out.full:
                self.scanner.stopped = min(start, self.scanner.stopped)
                break
            if self.unseen:
                if name == self.unseen:
                    self.unseen_depth += -1 if closes else 1
                if self.unseen_depth <= 0 or not self.scanner.closes_after(self.unseen, at):
                    self.unseen = ""
                continue
            if start < end:
                if self.pre:
                    self._preformatted(start, end)
                else:
                    out.text(start, end, bold=self.bold > 0)
            if name in _BLOCKS:
                self._block(tag)
            elif name in _BOLD:
                self.bold = max(0, self.bold + (-1 if closes else 1))
            elif name in _UNSEEN:
                if not closes and self.scanner.closes_after(name, at):
                    self.unseen, self.unseen_depth = name, 1
            elif name == "sup" and not closes and self._is_citation(tag):
                self.unseen, self.unseen_depth = name, 1
        self._close(len(self.draft.source))
        if self.site:
            # never closed: it would hide the rest of the page
            lines = self.draft.lines
            lines[self.site_from :] = [line._replace(frame=0) for line in lines[self.site_from :]]
        self.draft.rest(self.scanner.stopped)

    def _is_citation(self, tag: Tag) -> bool:
        if not self.scanner.closes_after("sup", tag[5]):
            return False
        end = self.draft.source.find("</", tag[5] + 1, tag[5] + 400)
        end = self.draft.source.find("</sup", tag[5], tag[5] + 400) if end >= 0 else -1
        if end < 0 or not _CITATION.fullmatch(_ANY_TAG.sub("", self.draft.flat[tag[5] : end])):
            return False
        before = self.out.words(2) if self.out.written else ""
        return not before.endswith(("10", "m", "^"))  # a power, not a reference

    def _preformatted(self, start: int, end: int) -> None:
        """Take over text whose line breaks count."""
        find = self.draft.source.find
        while (line_end := find("\n", start, end)) >= 0:
            if start < line_end:
                self.out.text(start, line_end, bold=self.bold > 0)
            self._close(line_end)
            start = line_end + 1
            if self.out.full:
                self.scanner.stopped = start
                return
        if start < end:
            self.out.text(start, end, bold=self.bold > 0)

    def _close(self, at: int) -> None:
        """End the line being read; what encloses it says what it is."""
        out, frame = self.out, 1 if self.site else 0
        if not out.written:
            out.close(at, "text")
        elif self.heading >= 0:
            out.close(at, "heading", self.heading, frame=frame)
        elif self.tables and not self.tables[-1]:
            out.close(at, "row", frame=frame)
        elif self.lists or self.item:
            out.close(at, "item", frame=frame)
        elif self.draft.length - out.begin <= _HEADING and (
            role := heading_role(out.words(_HEADING), alone=not out.plain)
        ):
            out.close(at, "heading", role.level + _MARGIN, frame=frame)
        else:
            out.close(at, "text", frame=frame)

    def _block(self, tag: Tag) -> None:
        """Follow a tag that begins or ends a block."""
        _, _, name, closes, at, _ = tag
        in_row = bool(self.tables) and not self.tables[-1]
        if name in ("td", "th"):
            if not in_row:
                self._close(at)
            elif not closes:
                self.cells += 1
                if self.cells > 1:
                    self.out.separate(" | ", at)
            return
        if in_row and name not in ("table", "tr", "caption"):
            if name in _OUT_OF_CELL:
                self.tables[-1] = True
            elif name in _PARTS:
                self._close(at)
                return
            else:
                if self.out.written and not self.out.gap.strip():
                    self.out.separate("; " if name == "li" and not closes else " ", at)
                return
        if name == "br" and (
            self.heading >= 0 or (self.out.written and goes_on(self.out.words(40)))
        ):
            self.out.separate(" ", at)
            return
        self._close(at)
        if name == "br":
            return
        self.bold = 0
        if name in _HEADINGS:
            self.heading = -1 if closes else _HEADINGS[name]
            if name[0] == "h":
                self.lists, self.item = 0, False
        elif name in _LISTS:
            self.lists = max(0, self.lists + (-1 if closes else 1))
            self.item = False
        elif name == "li":
            self.item = not closes
        elif name == "pre":
            self.pre = not closes
        elif name == "table":
            if not closes:
                if self.tables:
                    self.tables[-1] = True
                self.tables.append(False)
            elif self.tables:
                self.tables.pop()
            self.cells, self.heading = 0, -1
        elif name == "tr":
            self.cells = 0
        elif name not in _PARTS:
            self.heading = -1
        if self.site or name in _ENCLOSING:
            self._enclose(tag)

    def _enclose(self, tag: Tag) -> None:
        """Follow the blocks that say whether a line is about the medicine or about the site."""
        _, _, name, closes, _, _ = tag
        if name in ("article", "main"):
            self.articles = max(0, self.articles + (-1 if closes else 1))
            if name == "main" and not closes:
                self.site = ""
        if self.site:
            if name == self.site:
                self.site_depth += -1 if closes else 1
                if self.site_depth <= 0:
                    self.site = ""
        elif not closes and (
            (name in _SITE_TAGS and not (self.articles and name in ("header", "aside")))
            or (
                name in ("div", "section", "ul")
                and self.scanner.attribute(tag, "role").lower() in _SITE_ROLES
            )
        ):
            self.site, self.site_depth, self.site_from = name, 1, len(self.draft.lines)


def read_html(draft: Draft) -> None:
    """Read HTML into the draft."""
    HtmlReader(draft).read()


# ---- SPL

_SPL_BLOCKS = {
    "caption", "td", "th", "tr", "table", "thead", "tbody", "tfoot", "list", "item", "paragraph",
    "text", "title", "section", "br", "name", "desc", "component", "footnote", "highlight",
    "document", "structuredBody",
}  # fmt: skip
_SPL_WORDS = {"title", "text", "name", "desc"}


class SplReader:
    """Reads the tags of one SPL label in order and writes its lines."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.out = draft, Writer(draft)
        self.scanner = Scanner(draft, xml=True)
        self.frames = [0]  # the section being read and those around it
        self.coded = True  # the section being read has its code
        self.words: list[str] = []  # open elements whose characters are text
        self.bold: list[bool] = []
        self.lists = self.tables = self.cells = 0
        self.caption = False

    def read(self) -> None:
        """Read the label."""
        out = self.out
        for tag in self.scanner.tags():
            start, end, name, closes, at, after = tag
            if out.full:
                self.scanner.stopped = start
                break
            if start < end and self.words:
                out.text(start, end, bold=any(self.bold[-1:]), raw=name == "#cdata")
            if name in _SPL_BLOCKS:
                empty = not closes and self.draft.source.startswith("/>", after - 2)
                self._block(name, closes, at, empty=empty)
            elif name == "content":
                if closes:
                    del self.bold[-1:]
                elif not self.draft.source.startswith("/>", after - 2):
                    self.bold.append("bold" in self.scanner.attribute(tag, "styleCode").lower())
            elif name == "code" and not self.coded:
                self._code(self.scanner.attribute(tag, "code"))
            elif name in ("setId", "versionNumber", "effectiveTime") and not closes:
                self._about(tag)
        self._close(len(self.draft.source))
        self.draft.rest(self.scanner.stopped)

    def _about(self, tag: Tag) -> None:
        """Keep what the document says of itself; only its first, as sections repeat it."""
        key, attribute = {
            "setId": ("set_id", "root"),
            "versionNumber": ("version", "value"),
            "effectiveTime": ("effective", "value"),
        }[tag[2]]
        value = self.scanner.attribute(tag, attribute)[:80]
        if value and len(self.frames) == 1:
            self.draft.about.setdefault(key, value)

    def _code(self, code: str) -> None:
        self.coded = True
        frame = self.frames[-1]
        self.draft.frames[frame] = self.draft.frames[frame]._replace(area=LOINC.get(code, ""))

    def _close(self, at: int) -> None:
        """End the line being read; what encloses it says what it is."""
        out, frame = self.out, self.frames[-1]
        if not out.written:
            out.close(at, "text")
        elif "title" in self.words:
            out.close(at, "heading", len(self.frames), frame=frame)
        elif self.caption:
            out.close(at, "heading", len(self.frames) + 4, frame=frame)
        elif self.tables:
            out.close(at, "row", frame=frame)
        elif self.lists:
            out.close(at, "item", frame=frame)
        elif not out.plain and (role := heading_role(out.words(_HEADING), alone=True)):
            out.close(at, "heading", len(self.frames) + role.level, frame=frame)
        else:
            out.close(at, "text", frame=frame)

    def _block(self, name: str, closes: bool, at: int, *, empty: bool) -> None:
        """Follow a tag that begins or ends a block."""
        if name in ("td", "th"):
            if not closes:
                self.cells += 1
                if self.cells > 1:
                    self.out.separate(" | ", at)
            return
        if name == "br" and "title" in self.words:
            self.out.separate(" ", at)
            return
        if self.tables and name in ("paragraph", "list", "item", "br", "footnote"):
            if self.out.written and not self.out.gap.strip():
                self.out.separate("; " if name == "item" and not closes else " ", at)
            return
        self._close(at)
        if empty:
            return
        if name in _SPL_WORDS:
            if not closes:
                self.words.append(name)
            elif name in self.words[-20:]:
                while self.words.pop() != name:
                    pass
        if name == "section":
            if not closes:
                self.draft.frames.append(Frame(parent=self.frames[-1]))
                self.frames.append(len(self.draft.frames) - 1)
                self.coded = False
            elif len(self.frames) > 1:
                self.frames.pop()
                self.coded = True
            self.words, self.bold, self.lists, self.tables = [], [], 0, 0
        elif name == "list":
            self.lists = max(0, self.lists + (-1 if closes else 1))
        elif name == "table":
            self.tables = max(0, self.tables + (-1 if closes else 1))
            self.cells = 0
        elif name == "tr":
            self.cells = 0
        elif name == "caption":
            self.caption = not closes


def read_spl(draft: Draft) -> None:
    """Read a label in SPL XML into the draft."""
    SplReader(draft).read()


# ---- which form is it?

_SPL_ROOT = re.compile(r"<(?:\w{1,20}:)?document\b[^<>]{0,4000}urn:hl7-org:v3")
_HTML_START = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TAGS = re.compile(
    r"<(/?)(?:html|head|body|p|div|br|h[1-6]|ul|ol|li|table|tr|td|span|section|b|i|strong|em|a|"
    r"dl|dt|dd|article|main|nav|script|style|title|meta|pre|blockquote)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_SAMPLE = 200_000


def is_spl(source: str) -> bool:
    """Say whether text is a label in SPL XML."""
    return _SPL_ROOT.search(source, 0, 20_000) is not None


def count_tags(source: str) -> int:
    """Count the HTML tags at the beginning of a text; a page that says it is HTML has many."""
    if _HTML_START.match(source):
        return _SAMPLE
    found = _TAGS.findall(source, 0, _SAMPLE)
    return len(found) if "/" in found or len(found) > 2 else 0
