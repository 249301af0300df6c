"""Any text about a medicine, with the place of every character kept.

Bytes become a `Monograph`: the text that a reader sees, in sections under the usual headings,
in sentences. What the sentences say is for `thecal.label.claims`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from thecal.errors import MonographError, shown
from thecal.label.draft import Draft, Line, Pieces
from thecal.label.headings import SITE, area_of, is_usual
from thecal.label.markup import count_tags, is_spl, read_html, read_spl
from thecal.label.plaintext import is_markdown, read_plain
from thecal.label.sentences import cut_long, cut_prose

MAX_BYTES = 20_000_000
MAX_SENTENCES = 250_000


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
    if 4 * max(head[::2].count(0), head[1::2].count(0)) > len(head) > 7:
        return MonographError(f"{name} looks like UTF-16 without its mark: save it as UTF-8.")
    return MonographError(
        f"{name} is not text: it begins with {shown(data[:12].decode('latin-1'))}. "
        "Give a text, HTML, Markdown or SPL XML file."
    )


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
    tags, marked = count_tags(source), is_markdown(draft.flat)
    if is_spl(source):
        form = "spl"
        read_spl(draft)
    elif tags > (20 if marked else 0):
        form = "html"
        read_html(draft)
    elif marked:
        form = "markdown"
        read_plain(draft, markdown=True)
    else:
        form = "text"
        read_plain(draft)
    text = draft.text()
    sections, sentences = _Arranger(draft, text).arrange()
    return Monograph(
        name=name,
        form=form,
        source=source,
        text=text,
        sections=sections,
        sentences=sentences,
        remarks=tuple(draft.remarks),
        about=tuple(draft.about.items()),
        pieces=draft.pieces,
    )


# ---- from lines to sections and sentences

# The words that may lead a line: up to a colon, a full stop or something else that ends them.
_LEAD = re.compile(
    r"[^:.!?;|\n(]{1,60}+(?:\([^():\n]{0,40}\)[^:.!?;|\n(]{0,40}+)?+",
)
_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s")
_CACHED = 2_000  # characters of a line that may come again


@dataclass(slots=True)
class _Splitter:
    """Cuts lines into sentences; after too many marks, into pieces."""

    text: str
    marks: int = 0
    known: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def cuts(self, line: Line) -> list[tuple[int, int]]:
        """Return where the sentences of a line stand within it."""
        words = self.text[line.start : line.end]
        if line.coarse:
            return cut_long(words, "\n")
        if line.kind not in ("text", "item"):
            return cut_long(words, " | ")
        cuts = self.known.get(words)
        if cuts is None:
            cuts, marks = cut_prose(words, max(0, MAX_SENTENCES - self.marks))
            self.marks += marks
            if len(words) < _CACHED and len(self.known) < MAX_SENTENCES:
                self.known[words] = cuts
        return cuts


class _Arranger:
    """Turns lines into sections that cover the text, and sentences within them."""

    def __init__(self, draft: Draft, text: str) -> None:
        self.draft, self.text = draft, text
        self.sections: list[Section] = []
        self.starts: list[int] = []
        self.sentences: list[Sentence] = []
        self.outer: list[tuple[int, str]] = []  # level and area of the headings around a line
        self.titled = False  # a heading of the first level was read: the page's title
        self.numbered: dict[str, str] = {}  # area by the number of a heading
        self.last: dict[int, Section] = {}  # the section that was read last, by frame
        self.intro = ""

    def arrange(self) -> tuple[tuple[Section, ...], tuple[Sentence, ...]]:
        """Return the sections and the sentences."""
        splitter = _Splitter(self.text)
        frame = 0
        for line in self.draft.lines:
            if line.kind == "heading":
                self._begin(line.start, self._headed(line), line.frame)
            elif not self.sections or line.frame != frame:
                self._begin(line.start, self._resumed(line.frame), line.frame)
            frame = line.frame
            section = self.sections[-1]
            lead, area = self._lead(line, section.area)
            number, start = len(self.sections) - 1, line.start
            self.sentences += [
                Sentence(
                    span=Span(start + begin, start + end),
                    section=number,
                    kind=line.kind,
                    area=area,
                    lead=lead,
                )
                for begin, end in splitter.cuts(line)
            ]
        if splitter.marks > MAX_SENTENCES:
            self.draft.remarks.append(
                f"more than {MAX_SENTENCES:,} sentences: the rest was read in pieces"
            )
        if not self.sections:
            self._begin(0, Section(heading="", area="", level=0, span=Span(0, 0)), 0)
        ends = [*self.starts[1:], len(self.text)]
        return (
            tuple(
                Section(
                    heading=section.heading,
                    area=section.area,
                    level=section.level,
                    span=Span(start, end),
                )
                for section, start, end in zip(self.sections, self.starts, ends, strict=True)
            ),
            tuple(self.sentences),
        )

    def _begin(self, at: int, section: Section, frame: int) -> None:
        self.starts.append(at if self.sections else 0)
        self.sections.append(section)
        self.last[frame] = section

    def _headed(self, line: Line) -> Section:
        """Return the section that a heading begins."""
        heading = " ".join(self.text[line.start : line.end].rstrip(" :").split())
        if line.level == 0:  # the title of the file is about all of it
            return Section(heading=heading, area="", level=1, span=Span(0, 0))
        area = self.draft.frames[line.frame].area
        if area != SITE:
            while self.outer and self.outer[-1][0] >= line.level:
                self.outer.pop()
            number = _NUMBER.match(heading)
            if line.level > 1 or self.titled or is_usual(heading):
                area = area_of(heading) or area
            self.titled = self.titled or line.level == 1
            if not area and number:
                area = self.numbered.get(number[1].rpartition(".")[0], "")
            if not area and line.inherits and self.outer:
                area = self.outer[-1][1]
            if number:
                self.numbered[number[1]] = area
            self.outer.append((line.level, area))
        return Section(heading=heading, area=area, level=line.level, span=Span(0, 0))

    def _resumed(self, frame: int) -> Section:
        """Return the section that goes on, or begins without a heading, in a frame."""
        if frame in self.last:
            return self.last[frame]
        area = self.draft.frames[frame].area
        parent = frame
        while not area and parent:  # a section without title or code belongs to the one around
            parent = self.draft.frames[parent].parent
            area = self.draft.frames[parent].area
        return Section(heading="", area=area, level=1 if area == SITE else 0, span=Span(0, 0))

    def _lead(self, line: Line, area: str) -> tuple[str, str]:
        """Return the words that introduce a line, and the area it speaks about."""
        text = self.text
        if line.kind == "heading" or line.coarse:
            self.intro = ""
            return "", area
        if line.kind == "row":
            cell = text[line.start : min(line.end, line.start + 200)].split(" | ")[0].strip(" :|")
            return cell, area_of(cell) if area != SITE and is_usual(cell) else area
        lead, found_area = self._led(line), ""
        if line.kind == "text":
            ends_open = text[line.end - 1] == ":"
            self.intro = text[max(line.start, line.end - 160) : line.end - 1] if ends_open else ""
        elif not lead:
            lead = self.intro
        if lead and area not in (SITE, "missed_dose"):  # "Loading dose 2: …", when it is missed
            found_area = area_of(lead)
        return lead, found_area if found_area not in ("", SITE) else area

    def _led(self, line: Line) -> str:
        """Return the words that lead a line: "Drug class: …", "Storage. …", "Dose - …"."""
        text, stop = self.text, line.end
        words = text[line.start : line.start + min(line.lead, 80)].strip()
        if words and (words[-1] in ":.?-" or is_usual(words)):  # in bold
            return words.rstrip(" :.?-")
        found = _LEAD.match(text, line.start, stop)
        if found is None:
            return ""
        words, end = found[0], found.end()
        after = text[end + 1 : end + 2] if end + 1 < stop else " "
        if end < stop and text[end] == ":":
            if (after == " " or max(after, words[-1]) > "\x7f") and not words.strip().isdigit():
                return words.strip()
        elif end < stop and text[end] == "." and after == " ":
            if len(words) <= 40 and is_usual(words):
                return words.strip()
        elif "- " in words:
            words = words[: words.index("- ")].strip()
            if is_usual(words):
                return words
        return ""
