"""HTML and SPL XML: tags to lines, by a scanner that never looks back.

The scanner goes over the source once. It builds no tree, so nothing can nest too deep; what is
never closed ends where the source ends. Scripts, styles and comments are not text. Entities
that a document type declares are never expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5

from thecal.label.draft import MAX_LINES, SPECIAL, Draft, Frame, Line, normalised, spelled
from thecal.label.headings import LOINC, SITE
from thecal.label.plaintext import heading_role

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*+)([^>\"']*+)")
_QUOTED_REST = re.compile(r"(?:\"[^\"]*+\"|'[^']*+')[^>\"']*+")
_ENTITY = re.compile(
    r"&(?:#(?:([0-9]{1,12})|[xX]([0-9A-Fa-f]{1,10}));?|([A-Za-z][A-Za-z0-9]{1,31});?)"
)
_BLANKS = re.compile(r"\s\s+|[\n\t]")

_RAW = {"script", "style", "iframe", "noembed", "noframes", "xmp", "textarea"}
_DROPPED = {"noscript", "template", "svg", "select", "object", "canvas", "audio", "video"}
_CLOSERS = re.compile(r"</(?:[A-Za-z]+)", re.ASCII)
_SITE_TAGS = {"nav", "footer", "aside", "header"}
_HEADING = {f"h{n}": n for n in range(1, 7)}
_LOW_HEADING = {"dt": 6, "caption": 6, "summary": 5, "figcaption": 6, "legend": 6}
_BOLD = {"b", "strong"}
_BLOCK = {
    "address", "article", "blockquote", "body", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "fieldset", "figure", "form", "head", "hr", "html", "li", "main", "menu", "ol",
    "p", "pre", "section", "tbody", "tfoot", "thead", "title", "ul", "br", "table", "tr",
    "paragraph", "option", "button", "footnote", "list", "item", "text",
    *_SITE_TAGS, *_HEADING, *_LOW_HEADING,
}  # fmt: skip
_LISTS = {"ul", "ol", "menu", "dir"}


class Tag:
    """A tag of the source: its name in small letters, whether it closes, its attributes."""

    __slots__ = ("closes", "end", "name", "rest", "start")

    def __init__(self, start: int, end: int, name: str, closes: bool, rest: str) -> None:
        self.start, self.end, self.name, self.closes, self.rest = start, end, name, closes, rest

    def attribute(self, name: str) -> str:
        """Return an attribute's value; empty if it has none."""
        found = re.search(
            rf"(?:^|\s){name}\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))",
            self.rest[:2000],
            re.IGNORECASE,
        )
        return (found.group(1) or found.group(2) or found.group(3) or "") if found else ""


class Scanner:
    """Text runs and tags of a source, in order, each character visited once."""

    def __init__(self, draft: Draft, *, xml: bool) -> None:
        self.draft = draft
        self.source = draft.source
        self.xml = xml
        self._closers: dict[str, int] | None = None
        self._unclosed_quote = False
        self._last_gt = draft.source.rfind(">")

    def __iter__(self) -> Iterator[tuple[int, int] | Tag]:
        """Yield (start, end) of text and `Tag`s."""
        source, n, xml = self.source, len(self.source), self.xml
        at = text = 0
        find = source.find
        while True:
            lt = find("<", at)
            if lt < 0 or lt >= self._last_gt:
                break
            tag = _TAG.match(source, lt)
            if tag is None:
                end = self._declaration(lt)
                if end < 0:
                    at = lt + 1
                    continue
                if lt > text:
                    yield text, lt
                if xml and source.startswith("<![CDATA[", lt):
                    close = end - 3 if source.startswith("]]>", end - 3) else end
                    yield -1 - (lt + 9), close
                at = text = end
                continue
            if lt > text:
                yield text, lt
            end = tag.end()
            if source[end : end + 1] != ">":
                end = self._tag_end(lt, end)
            slash, name, rest = tag.groups()
            name = name.rpartition(":")[2] if xml else name.lower()
            if end - tag.end() > 0:
                rest = source[tag.start(3) : end]
            at = text = min(end + 1, n)
            yield Tag(lt, at, name, slash == "/", rest)
            if not xml and not slash and (name in _RAW):
                close = self.closing(name, at)
                if close < 0:
                    self.draft.remarks.append(
                        f"<{name}> is never closed: what follows it was left out"
                    )
                    return
                at = text = close
        if text < n:
            yield text, n

    def _tag_end(self, lt: int, end: int) -> int:
        """Find the '>' of a tag that holds quotes; a quote never closed is no quote."""
        source = self.source
        while not self._unclosed_quote:
            quoted = _QUOTED_REST.match(source, end)
            if quoted is None:
                self._unclosed_quote = True
                break
            end = quoted.end()
            if end >= len(source):
                self._unclosed_quote = True
                break
            if source[end] == ">":
                return end
        end = source.find(">", lt)
        return end if end >= 0 else len(source)

    def _declaration(self, lt: int) -> int:
        """Return the end of a comment or declaration at `lt`; -1 if it is none."""
        source, n = self.source, len(self.source)
        after = source[lt + 1 : lt + 2]
        if after == "!":
            if source.startswith("<!--", lt):
                if source.startswith(("<!-->", "<!--->"), lt):
                    return source.index(">", lt) + 1
                end = source.find("-->", lt + 4)
                if end < 0:
                    self.draft.remarks.append(
                        "a comment is never closed: what follows it was left out"
                    )
                return end + 3 if end >= 0 else n
            if self.xml and source.startswith("<![CDATA[", lt):
                end = source.find("]]>", lt)
                return end + 3 if end >= 0 else n
            end = source.find(">", lt)
            if lt < 2000 and (bracket := source.find("[", lt, end)) >= 0:
                # an internal subset: declarations, none of which is ever used
                found = re.compile(r"\]\s*+>").search(source, bracket)
                end = found.end() - 1 if found else end
            return end + 1
        if after == "?" or (after == "/" and source[lt + 2 : lt + 3] not in ("", " ")):
            return source.find(">", lt) + 1
        return -1

    def closing(self, name: str, at: int) -> int:
        """Return the start of the next closing tag of a raw element; -1 if there is none."""
        found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(self.source, at)
        return found.start() if found else -1

    def last_closer(self, name: str) -> int:
        """Return where the last closing tag of that name stands; -1 if there is none."""
        if self._closers is None:
            self._closers = {}
            for found in _CLOSERS.finditer(self.source):
                self._closers[found.group()[2:].lower()] = found.start()
        return self._closers.get(name, -1)


def entity(source: str, at: int) -> tuple[str, int]:
    """Read the entity at `at`: its characters and where it ends; ("&", at + 1) if it is none."""
    found = _ENTITY.match(source, at)
    if found is None:
        return "&", at + 1
    decimal, hexadecimal, name = found.groups()
    if name is None:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        if 0x80 <= code < 0xA0:
            return bytes([code]).decode("cp1252", "replace"), found.end()
        if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            return "\ufffd", found.end()
        return chr(code), found.end()
    if found.group().endswith(";") and name + ";" in html5:
        return html5[name + ";"], found.end()
    for n in range(min(6, len(name)), 1, -1):
        if name[:n] in html5:
            return html5[name[:n]], at + 1 + n
    return "&", at + 1


class _Writer:
    """Lines of the draft as markup makes them: blanks folded, ended by blocks."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.begin = draft.length  # of the line being written
        self.blank = True  # the line is empty, or ends in a blank
        self.written = False
        self.plain = False  # the line holds words that are not bold
        self.gap = ""  # to be put before the next words
        self.full = False

    def text(self, start: int, end: int, *, bold: bool = False, raw: bool = False) -> None:
        """Take a run of text over: entities resolved, blanks folded to one."""
        draft, source = self.draft, self.draft.source
        if draft.flat[start:end].isspace():
            if not self.blank and not self.gap:
                self.gap = " "
            return
        if self.gap:
            if not (self.gap == " " and self.blank):
                draft.put(self.gap, max(0, start - 1))
                self.blank = True
            self.gap = ""
        before = draft.length
        at = start
        while not raw:
            amp = source.find("&", at, end)
            if amp < 0:
                break
            self._run(at, amp)
            characters, at = entity(source, amp)
            for c in normalised(characters):
                plain = spelled(c) if SPECIAL.fullmatch(c) else c
                if plain.isspace():
                    if not self.blank:
                        draft.put(" ", amp)
                        self.blank = True
                elif plain:
                    draft.put(plain, amp)
                    self.blank = False
        self._run(at, end)
        if draft.length > before:
            self.written = True
            self.plain = self.plain or not bold

    def _run(self, start: int, end: int) -> None:
        """Take over a run without entities."""
        flat = self.draft.flat
        if self.blank:
            while start < end and flat[start].isspace():
                start += 1
        for blanks in _BLANKS.finditer(flat, start, end):
            self.draft.take(start, blanks.start())
            self.draft.put(" ", blanks.start())
            start = blanks.end()
            self.blank = True
        if start < end:
            self.draft.take(start, end)
            self.blank = flat[end - 1].isspace()
        elif start == end and self.draft.length == self.begin:
            self.blank = True

    def close(
        self, at: int, kind: str, level: int = 0, inherits: bool = True, frame: int = 0
    ) -> None:
        """End the line, if it holds anything."""
        self.gap = ""
        draft = self.draft
        if not self.written:
            if draft.length > self.begin:
                draft.put("\n", at)
            self.begin, self.blank = draft.length, True
            return
        if len(draft.lines) < MAX_LINES:
            draft.lines.append(Line(self.begin, draft.length, kind, level, inherits, frame))
            draft.put("\n", at)
            self.begin = draft.length
        else:
            draft.put("\n", at)
            self.full = True
        self.blank, self.written, self.plain = True, False, False

    def finish(self, frame: int) -> None:
        """Say what was not told apart any more."""
        if self.full:
            self.draft.lines.append(
                Line(self.begin, self.draft.length, "text", frame=frame, coarse=True)
            )
            self.draft.remarks.append(
                f"more than {MAX_LINES:,} lines: what follows was read in pieces, not line by line"
            )


def _site_role(tag: Tag) -> bool:
    return tag.attribute("role").lower() in ("navigation", "contentinfo", "banner", "search")


def read_html(draft: Draft) -> None:
    """Read HTML into the draft."""
    draft.frames.append(Frame(SITE))
    scanner, out = Scanner(draft, xml=False), _Writer(draft)
    heading = 0  # level of the heading being read
    lists = bold = 0
    item = pre = False
    tables: list[bool] = []  # of each open table: is it there for the layout only?
    dropping, drop_depth = "", 0
    site, site_depth, site_from, frame = "", 0, 0, 0
    article = 0
    cells = 0

    def close(at: int) -> None:
        if not out.written:
            out.close(at, "text")
            return
        if heading:
            out.close(at, "heading", heading, True, frame)
        elif tables and not tables[-1]:
            out.close(at, "row", frame=frame)
        elif lists or item:
            out.close(at, "item", frame=frame)
        else:
            role = None
            if draft.length - out.begin <= 130:
                words = draft.tail(out.begin).strip()
                role = heading_role(words, alone=not out.plain)
            if role:
                level = 6 if not out.plain else 5
                out.close(at, "heading", level, True, frame)
            else:
                out.close(at, "text", frame=frame)

    for part in scanner:
        if not isinstance(part, Tag):
            if dropping:
                continue
            start, end = part
            if pre and "\n" in draft.source[start:end]:
                for piece in re.compile(r"[^\n]+").finditer(draft.source, start, end):
                    out.text(piece.start(), piece.end())
                    if piece.end() < end:
                        close(piece.end())
            else:
                out.text(start, end, bold=bold > 0)
            continue
        name, closes = part.name, part.closes
        if dropping:
            if name == dropping:
                drop_depth += -1 if closes else 1
            if drop_depth <= 0 or part.start > scanner.last_closer(dropping):
                dropping = ""
            continue
        if name in _BOLD:
            bold = max(0, bold + (-1 if closes else 1))
            continue
        if name in ("td", "th"):
            if tables and not tables[-1]:
                heading = 0
                if not closes:
                    cells += 1
                    if cells > 1:
                        out.gap = (out.gap.strip(" ") and out.gap) + " | "
                        out.gap = out.gap.replace("  ", " ")
            else:
                close(part.start)
            continue
        if name not in _BLOCK:
            if name in _DROPPED and not closes and part.start < scanner.last_closer(name):
                dropping, drop_depth = name, 1
            elif name == "img" or name == "input":
                pass
            elif name in ("div", "section") and not closes:
                close(part.start)
            continue
        # ---- blocks
        if tables and not tables[-1] and name not in ("table", "tr", "caption"):
            if (
                name in _HEADING
                or name in ("dl", "section", "article", "main")
                or name in _SITE_TAGS
            ):
                close(part.start)
                tables[-1] = True
            elif name in ("tbody", "thead", "tfoot"):
                close(part.start)
                continue
            else:
                if out.written and not out.gap:
                    out.gap = "; " if name == "li" and not closes and cells else " "
                continue
        close(part.start)
        if name == "br":
            continue
        bold = 0
        if name in _HEADING:
            heading = 0 if closes else _HEADING[name]
            lists = 0 if heading else lists
            item = False if heading else item
        elif name in _LOW_HEADING:
            heading = 0 if closes else _LOW_HEADING[name]
        elif name == "title":
            heading = 0 if closes else 1
        elif name in _LISTS:
            lists = max(0, lists + (-1 if closes else 1))
            item = False
        elif name == "li":
            item = not closes
        elif name == "pre":
            pre = not closes
        elif name == "table":
            if closes:
                if tables:
                    tables.pop()
            else:
                if tables:
                    tables[-1] = True
                tables.append(False)
                if len(tables) > 100:
                    del tables[0]
            cells = 0
        elif name == "tr":
            cells = 0
        else:
            heading = 0
        if name in ("article", "main"):
            article = max(0, article + (-1 if closes else 1))
            if name == "main" and not closes and site:
                site, frame = "", 0
        if site:
            if name == site:
                site_depth += -1 if closes else 1
                if site_depth <= 0:
                    site, frame = "", 0
        elif not closes and (
            (name in _SITE_TAGS and not (article and name in ("header", "aside")))
            or (name in ("div", "section", "ul") and "role" in part.rest and _site_role(part))
        ):
            site, site_depth, site_from, frame = name, 1, len(draft.lines), 1
    close(len(draft.source))
    if site:
        # never closed: it would hide the rest of the page
        draft.lines[site_from:] = [line._replace(frame=0) for line in draft.lines[site_from:]]
    out.finish(0)


def read_spl(draft: Draft) -> None:
    """Read a label in SPL XML into the draft."""
    read_html(draft)
    _ = LOINC


_TAGS = re.compile(
    r"</?(?:html|head|body|p|div|br|h[1-6]|ul|ol|li|table|tr|td|span|section|b|i|strong|em|a|dl|"
    r"article|main|nav|script|style|title|meta|pre|blockquote)\b[^<>]{0,300}>",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(r"\s*<(?:!doctype html|html|head|body|!--)", re.IGNORECASE)


def is_html(source: str) -> bool:
    """Say whether text is HTML."""
    if _DOCTYPE.match(source):
        return True
    return len(_TAGS.findall(source, 0, 200_000)) >= 3
