"""Any text about a medicine, with the place of every character kept.

Bytes become a `Monograph`: the text that a reader sees, in sections under the usual headings,
in sentences. What the sentences say is for `thecal.label.claims`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from thecal.errors import MonographError, shown
from thecal.label.draft import Draft, Frame, Line, Pieces
from thecal.label.headings import SITE, area_of
from thecal.label.markup import is_html, read_html, read_spl
from thecal.label.plaintext import is_markdown, read_plain

MAX_BYTES = 20_000_000
MAX_SENTENCES = 300_000
LONGEST_SENTENCE = 1_000  # characters: so that readers of sentences are bounded


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to before `end` of a monograph's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a monograph under one heading.

    heading  its words; empty before the first heading
    area     the label area it speaks about (`thecal.label.topics.AREAS`); "site" for what is
             about the page and not the medicine; empty if not known
    level    1 for the outermost heading
    """

    heading: str
    area: str
    level: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence, an item of a list, a row of a table or a heading.

    span     where it stands; it holds no line break
    section  number of its section
    kind     "heading", "item", "row" or "text"
    area     what it speaks about: by its lead if that is a usual heading, else by its section
    lead     the words that introduce it: "Drug class" in "Drug class: …", the first cell of a
             row, the line that introduces a list; empty if there are none
    """

    span: Span
    section: int
    kind: str
    area: str = ""
    lead: str = ""


def _no_sentences() -> tuple[Sentence, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Monograph:
    """A page about a medicine, as read.

    name       what to call it: the file's name
    form       "text", "html", "markdown" or "spl"
    source     the text of the file, its line ends as one character; lines and columns count in it
    text       the text that a reader sees, in plain characters; spans count in it
    sections   in order; they cover the text
    sentences  in order; they do not overlap
    remarks    what the reading had to assume or leave out
    about      what the file says of itself: set_id, version and effective of an SPL label
    """

    name: str
    form: str
    source: str
    text: str
    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...] = field(default_factory=_no_sentences, repr=False)
    remarks: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    # (start in text, start in source) of every piece that was taken over unchanged
    pieces: Pieces = field(default_factory=Pieces, repr=False, compare=False)
    _starts: _LineStarts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", _LineStarts(self.source))

    def quote(self, span: Span) -> str:
        """Return the characters of a span, blanks folded."""
        return " ".join(self.text[span.start : span.end].split())

    def source_at(self, at: int) -> int:
        """Return the place in the source of a character of the text."""
        return self.pieces.source(at)

    def place(self, span: Span) -> tuple[int, int]:
        """Return line and column of a span's start in the file, both from 1."""
        return self._starts.place(self.source_at(span.start))


class _LineStarts:
    """Lines and columns of a source, found from marks at every `STEP` characters."""

    STEP = 4096
    __slots__ = ("_lines", "_source", "_starts")

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[int] = []  # line breaks before each mark
        self._starts: list[int] = []  # where the line that holds the mark begins

    def place(self, at: int) -> tuple[int, int]:
        if not self._lines:
            line = start = 0
            for mark in range(0, len(self._source) + 1, self.STEP):
                if mark:
                    line += self._source.count("\n", mark - self.STEP, mark)
                    start = self._source.rfind("\n", mark - self.STEP, mark) + 1 or start
                self._lines.append(line)
                self._starts.append(start)
        i = at // self.STEP
        mark = i * self.STEP
        line = self._lines[i] + self._source.count("\n", mark, at)
        start = self._source.rfind("\n", mark, at) + 1 or self._starts[i]
        return line + 1, at - start + 1


# ---- from bytes to text

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF", "extract its text first (pdftotext -layout) and read that"),
    (b"PK\x03\x04", "a zip archive or an Office document", "save it as text or HTML"),
    (b"PK\x05\x06", "an empty zip archive", "read the page itself"),
    (b"\xd0\xcf\x11\xe0", "an Office document of the old kind", "save it as text or HTML"),
    (b"{\\rtf", "a rich text document", "save it as text or HTML"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"BZh", "a bzip2 archive", "unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (b"Rar!\x1a", "a RAR archive", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "unpack it first"),
    (b"\x89PNG", "a picture (PNG)", "read its text first"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "read its text first"),
    (b"GIF8", "a picture (GIF)", "read its text first"),
    (b"II*\x00", "a picture (TIFF)", "read its text first"),
    (b"MM\x00*", "a picture (TIFF)", "read its text first"),
    (b"\x7fELF", "a program", "give the page itself"),
    (b"SQLite format 3", "a database", "give the page itself"),
)
_CHARSETS = {
    "shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "cp932", "euc-jp", "iso-2022-jp",
    "iso-8859-2", "iso-8859-15", "iso-8859-16", "windows-1250", "windows-1251", "windows-1257",
    "gb2312", "gbk", "gb18030", "big5", "euc-kr",
}  # fmt: skip
_CHARSET = re.compile(rb"(?:charset|encoding)\s{0,4}=\s{0,4}[\"']?([A-Za-z0-9_-]{2,20})", re.I)


def _decoded(data: bytes, name: str) -> tuple[str, list[str]]:
    """Decode a file's bytes; what had to be assumed is said in remarks."""
    if len(data) > MAX_BYTES:
        raise MonographError(
            f"{name} has {len(data):,} bytes; a page is read up to {MAX_BYTES:,}. "
            "Give the part that is about the medicine."
        )
    remarks: list[str] = []
    for mark, codec in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            text = data.decode(codec, "replace")
            if "\x00" in text:
                raise _binary(name, data)
            if "\ufffd" in text:
                remarks.append(f"some bytes are not {codec[:6].upper()}; they stand as '\ufffd'")
            return text, remarks
    begin = data[:1024].lstrip()
    for signature, what, remedy in _SIGNATURES:
        if begin.startswith(signature):
            raise MonographError(f"{name} is {what}, not text: {remedy}.")
    if b"\x00" in data:
        raise _binary(name, data)
    sample = data[:65_536]
    controls = len(sample) - len(sample.translate(None, bytes(range(1, 9)) + bytes(range(14, 32))))
    if controls > 20 + len(sample) // 20:
        raise _binary(name, data)
    try:
        return data.decode("utf-8"), remarks
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(data, 0, 2048)
    charset = declared.group(1).decode("ascii").lower() if declared else ""
    if charset in _CHARSETS:
        remarks.append(f"read as {charset}, as the page says")
        return data.decode(charset, "replace"), remarks
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for c in text[:1_000_000] if c > "\x7f") - bad
    if bad * 4 <= good:
        remarks.append("some bytes are not UTF-8; they stand as '\ufffd'")
        return text, remarks
    remarks.append("not UTF-8; read as Windows-1252")
    return data.decode("cp1252", "replace"), remarks


def _binary(name: str, data: bytes) -> MonographError:
    if b"%PDF-" in data[:1024]:
        return MonographError(f"{name} is a PDF, not text: extract its text first and read that.")
    head = data[:4000]
    if len(head) > 8 and (
        head[1::2].count(0) * 2 > len(head) // 2 or head[::2].count(0) * 2 > len(head) // 2
    ):
        return MonographError(f"{name} looks like UTF-16 without its mark: save it as UTF-8.")
    return MonographError(
        f"{name} is not text: it begins with {shown(data[:12].decode('latin-1'))}. "
        "Give a text, HTML, Markdown or SPL XML file."
    )


_SPL = re.compile(r"<(?:\w{1,20}:)?document\b[^<>]{0,2000}urn:hl7-org:v3")


def read_monograph(data: bytes, name: str) -> Monograph:
    """Read a page about a medicine.

    The form is recognised from the content, not from the name. Raises `MonographError` for
    what is no text, or larger than `MAX_BYTES`.
    """
    source, remarks = _decoded(data, name)
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    draft = Draft(source)
    draft.remarks += remarks
    if _SPL.search(source, 0, 20_000):
        form = "spl"
        read_spl(draft)
    elif is_html(source):
        form = "html"
        read_html(draft)
    elif is_markdown(draft.flat):
        form = "markdown"
        read_plain(draft, markdown=True)
    else:
        form = "text"
        read_plain(draft)
    text = draft.text()
    sections, sentences = _arranged(draft, text)
    return Monograph(
        name=name,
        form=form,
        source=source,
        text=text,
        sections=tuple(sections),
        sentences=tuple(sentences),
        remarks=tuple(draft.remarks),
        about=tuple(draft.about.items()),
        pieces=draft.pieces,
    )


# ---- from lines to sections and sentences

_MARK = re.compile(r"[.!?;]+[)\]\"']*(?=\s|$)|[。！？]")
_WORD = re.compile(r"[\w.]*\Z")
_LEAD = re.compile(r"([^:.!?;|\n]{1,60}?) ?:(?= |$|[^\x00-\x7f])")
_ABBREVIATIONS = {
    "e.g", "i.e", "eg", "ie", "approx", "vs", "dr", "mr", "mrs", "prof", "no", "nr", "fig", "cf",
    "u.s", "u.k", "e.u", "incl", "resp", "ca", "z.b", "d.h", "bzw", "ggf", "p.ex", "st", "ref",
    "refs", "n.b", "viz", "sec", "art", "al", "i.v", "i.m", "s.c", "i.th", "num", "aprox", "es",
    "ev", "dott", "sig", "env", "u.a", "inkl", "evtl", "vol", "temp", "max", "pat",
}  # fmt: skip
_BEFORE_LOWER = {
    "ml", "mg", "g", "kg", "l", "mcg", "min", "mins", "sec", "hr", "hrs", "h", "d", "wk", "wks",
    "mo", "yr", "yrs", "inc", "ltd", "co", "corp", "etc", "tab", "inj", "conc", "sol", "m.d",
    "ph.d", "u.s.a", "b.v", "a.m", "p.m", "s.a",
}  # fmt: skip
_AFTER_ORDINAL = re.compile(
    r"\s+(?:Tag|Woche|Monat|Dosis|Januar|Februar|März|April|Mai|Juni|Juli|August|September|"
    r"Oktober|November|Dezember|[a-zäöü])"
)


def _ends(text: str, start: int, mark: re.Match[str], stop: int) -> bool:
    """Say whether a mark ends the sentence that began at `start`."""
    if mark.group()[0] != "." or mark.end() >= stop:
        return True
    at = mark.start()
    if mark.group() != ".":
        return True
    low = max(start, at - 12)
    found = _WORD.search(text, low, at)
    word = found.group().lower() if found else ""
    if not word:
        return True
    if word in _ABBREVIATIONS:
        after = text[mark.end() : mark.end() + 2].strip()
        return word == "no" and not after.isdigit()
    if len(word) == 1 and word.isalpha() and text[at - 1].isupper():
        return False
    if word in _BEFORE_LOWER:
        after = text[mark.end() : mark.end() + 4].lstrip()
        return not (after[:1].islower() or after[:1] in "(,")
    if word.isdigit():
        return at - len(word) > start and not _AFTER_ORDINAL.match(text, mark.end())
    return True


def _sentence_spans(text: str, line: Line) -> list[tuple[int, int]]:
    """Cut one line into sentences."""
    start, stop = line.start, line.end
    spans: list[tuple[int, int]] = []
    if line.kind in ("text", "item") and not line.coarse:
        begin = start
        for mark in _MARK.finditer(text, start, stop):
            if _ends(text, begin, mark, stop):
                spans.append((begin, mark.end()))
                begin = mark.end()
        spans.append((begin, stop))
    else:
        spans.append((start, stop))
    cut: list[tuple[int, int]] = []
    for a, b in spans:
        while a < b and text[a].isspace():
            a += 1
        while b - a > LONGEST_SENTENCE:
            blank = max(
                text.rfind("\n", a + 1, a + LONGEST_SENTENCE) if line.coarse else -1,
                text.rfind(" ", a + LONGEST_SENTENCE // 2, a + LONGEST_SENTENCE),
            )
            end = blank if blank > 0 else a + LONGEST_SENTENCE
            cut.append((a, end))
            a = end
            while a < b and text[a].isspace():
                a += 1
        while b > a and text[b - 1].isspace():
            b -= 1
        if a < b:
            cut.append((a, b))
    return cut


def _arranged(draft: Draft, text: str) -> tuple[list[Section], list[Sentence]]:
    """Turn lines into sections that cover the text, and sentences within them."""
    sections: list[Section] = []
    sentences: list[Sentence] = []
    outer: list[tuple[int, str]] = []  # level and area of the headings that enclose a line
    current = Section(heading="", area="", level=0, span=Span(0, 0))
    resume = current
    frame = 0
    intro = ""

    def begin(at: int, section: Section) -> Section:
        if sections:
            last = sections[-1]
            sections[-1] = replace(last, span=Span(last.span.start, at))
        section = replace(section, span=Span(at if sections else 0, len(text)))
        sections.append(section)
        return section

    for line in draft.lines:
        if line.frame != frame:
            frame = line.frame
            if draft.frames[frame].area == SITE:
                resume = current
                current = begin(
                    line.start, Section(heading="", area=SITE, level=1, span=Span(0, 0))
                )
            elif sections:
                current = begin(line.start, resume)
        elif not sections and line.kind != "heading":
            current = begin(0, current)
        lead, area = "", current.area
        if line.kind == "heading":
            intro = ""
            heading = " ".join(text[line.start : line.end].rstrip(" :").split())
            in_site = draft.frames[frame].area == SITE
            area = SITE if in_site else area_of(heading)
            while outer and outer[-1][0] >= line.level:
                outer.pop()
            if not area and line.inherits and outer:
                area = outer[-1][1]
            if not in_site:
                outer.append((line.level, area))
            current = begin(
                line.start, Section(heading=heading, area=area, level=line.level, span=Span(0, 0))
            )
        elif line.kind == "row":
            lead = text[line.start : line.end].split("|", 1)[0].strip()[:80]
        else:
            found = _LEAD.match(text, line.start, line.end)
            if found and any(c.isalpha() for c in found.group(1)):
                lead = found.group(1).strip()
            if line.kind == "text":
                intro = text[line.start : line.end - 1][-160:] if text[line.end - 1] == ":" else ""
            elif intro and not lead:
                lead = intro
            if lead and area != SITE:
                area = area_of(lead) or area
        number = len(sections) - 1
        for a, b in _sentence_spans(text, line):
            sentences.append(
                Sentence(span=Span(a, b), section=number, kind=line.kind, area=area, lead=lead)
            )
    if not sections:
        begin(0, current)
    return sections, sentences


__all__ = ["Frame", "Monograph", "Section", "Sentence", "Span", "read_monograph"]
