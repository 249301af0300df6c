"""A spreadsheet's CSV as rows: text, separator, header and numbers, with faults at their lines.

What the rows mean is `thecal.interop.records`. Lines are counted as an editor counts them, so
a line break inside quotes does not shift a message.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from thecal.errors import Fault, RecordError, guarded, nearest, shown

MAX_BYTES = 8 * 1024 * 1024  # the longest published course is 14 kB
MAX_ROWS = 50_000
MAX_COLUMNS = 100
MAX_FAULTS = 1_000  # a reader corrects the first hundred, then reads again
COLUMNS = ("id", "day", "date", "kind", "value", "unit", "method", "note", "source")
REQUIRED = ("id", "kind", "value", "unit")
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}

NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
COMMA_OR_THOUSANDS = re.compile(r"[+-]?0*[1-9]\d*,\d{3}", re.ASCII)
DOT_OR_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
SEPARATOR_LINE = re.compile(r"sep=.(?=[\r\n])", re.IGNORECASE)
LINE_END = re.compile(r"\r\n|\r|\n")  # as an editor and the csv module count lines


@dataclass(slots=True)
class Sheet:
    """A file being read: its faults, and what there is to say about it."""

    last: dt.date
    is_last_given: bool
    faults: list[Fault] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    converted: Counter[tuple[str, str]] = field(default_factory=Counter)
    separator: str = ","
    commas: int = 0
    dotted: list[tuple[int, str]] = field(default_factory=list)

    def fault(self, line: int, message: str) -> None:
        """Record a fault; at `MAX_FAULTS` reading stops and all are raised."""
        self.faults.append(Fault(line, message))
        if len(self.faults) == MAX_FAULTS:
            self.faults.append(Fault(0, f"reading stopped at {MAX_FAULTS} faults"))
            raise RecordError(self.faults, what="course file")


@dataclass(slots=True)
class Row:
    """One row being read; where a reader records a fault, the file is refused.

    Kind, day, date and time are filled in by `thecal.interop.records`.
    """

    sheet: Sheet
    line: int
    cells: dict[str, str]
    kind: str = ""
    day: float | None = None
    date: dt.date | None = None
    time_d: float = 0.0

    def fault(self, message: str) -> None:
        """Record a fault at the line of this row."""
        self.sheet.fault(self.line, message)

    def number(self, column: str, text: str, example: str) -> float | None:
        """Read a finite number; its decimal mark is a point, or a comma that is nothing else."""
        text = text.replace("−", "-")  # the minus of a printed table
        value = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            self.fault(f"{column}: expected a number such as {example}, found {guarded(text)}")
            return None
        if COMMA_OR_THOUSANDS.fullmatch(text):
            whole, decimals = text.split(",")
            self.fault(
                f"{column}: {shown(text)} may be {shown(whole + decimals)} or "
                f"{shown(whole + '.' + decimals)}; write the one that is meant, without a comma"
            )
            return None
        self.sheet.commas += "," in text
        if DOT_OR_THOUSANDS.fullmatch(text):
            self.sheet.dotted.append((self.line, text))
        return value


def decode(sheet: Sheet, data: bytes) -> str:
    """Return the text of a file, or refuse what is no text."""
    if len(data) > MAX_BYTES:
        raise refusal(0, too_long(f"more than {MAX_BYTES}"))
    save = "Save it as 'CSV UTF-8 (comma delimited)'."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refusal(0, f"the text is UTF-16; expected UTF-8. {save}")
    if data.startswith(b"PK\x03\x04"):
        raise refusal(0, f"this is a spreadsheet workbook; expected CSV. {save}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = _line_at(data[: error.start].decode())
        raise refusal(line, f"byte {error.start} of the file is not UTF-8. {save}") from None
    if "\0" in text:
        line = _line_at(text[: text.index("\0")])
        raise refusal(line, f"a NUL byte, which no text holds; is the file UTF-16? {save}")
    if text.startswith("\ufeff"):
        sheet.said.append("a byte order mark at the start of the file was dropped")
    return text.removeprefix("\ufeff")


def read_rows(sheet: Sheet, text: str) -> Iterator[Row]:
    """Read the rows below the header; around all but prose, spaces are dropped."""
    if SEPARATOR_LINE.match(text):  # a spreadsheet's own note; its line keeps its number
        text = SEPARATOR_LINE.sub("", text, count=1)
        sheet.said.append("the first line, which names the separator, was passed over")
    separator = max(SEPARATORS, key=lambda mark: _n_known_columns(text, mark))
    lines = _cells(text, separator, sheet)
    line, names = next(lines, (0, []))
    if not names:
        raise RecordError(sheet.faults or [Fault(0, "the file is empty")], what="course file")
    names = [name.strip().casefold() for name in names]
    _check_header(sheet, line, names)
    sheet.separator = separator
    if separator != ",":
        sheet.said.append(f"the separator is a {SEPARATORS[separator]}")
    n_rows = 0
    for line, cells in lines:
        n_rows += 1
        if n_rows > MAX_ROWS:
            raise refusal(0, f"more than {MAX_ROWS} rows; one course holds far fewer")
        if len(cells) > len(names):
            hint = "quote a value that holds the separator"
            if separator == ",":
                hint = "a decimal comma needs quotes, or write a decimal point; " + hint
            sheet.fault(line, f"{len(cells)} fields, the header has {len(names)}; {hint}")
            continue
        # Notes and sources are prose and stay as they are; around all else a space is a slip.
        given = dict.fromkeys(COLUMNS, "") | dict(zip(names, cells, strict=False))
        for name in COLUMNS:
            if name not in ("note", "source"):
                given[name] = given[name].strip()
        yield Row(sheet, line, given)
    if not n_rows:
        raise RecordError(
            sheet.faults or [Fault(0, "no row below the header; write one row per dose")],
            what="course file",
        )


def _n_known_columns(text: str, separator: str) -> int:
    _, names = next(_cells(text, separator), (0, []))
    return sum(name.strip().casefold() in COLUMNS for name in names)


def _cells(
    text: str, separator: str, sheet: Sheet | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Give each row that is not blank, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        if sheet is None:
            return
        if "field limit" in str(error):
            what = f"a field is longer than {csv.field_size_limit()} characters; is a quote open?"
        elif "unexpected end" in str(error):
            what = 'a quotation mark (") in this row is never closed; close it, or delete it'
        else:
            what = 'a quotation mark (") stands inside a quoted field; write it twice ("")'
        sheet.fault(line, what)


def _check_header(sheet: Sheet, line: int, names: Sequence[str]) -> None:
    """Refuse a header that lacks a column or has one twice; say which are not read."""
    # Only a name close to a known one is shown: a file without a header begins with an id.
    faults = [
        f"column '{name}' is missing.{nearest(name, set(names) - set(COLUMNS))}"
        for name in REQUIRED
        if name not in names
    ]
    if "day" not in names and "date" not in names:
        hint = nearest("day", set(names) - set(COLUMNS))
        faults.append(f"column 'day' or 'date' is missing.{hint}")
    if faults:
        faults.append(f"the first row names the columns: {', '.join(COLUMNS)}")
    faults += [f"column '{name}' stands twice" for name in COLUMNS if names.count(name) > 1]
    if len(names) > MAX_COLUMNS:
        faults.append(f"{len(names)} columns; a course file has at most {MAX_COLUMNS}")
    if faults:
        raise RecordError([Fault(line, message) for message in faults], what="course file")
    for name in dict.fromkeys(names):
        if name and name not in COLUMNS:
            hint = nearest(name, set(COLUMNS) - set(names))
            sheet.said.append(f"column {shown(name)} is not read.{hint}")


def check_decimal_points(sheet: Sheet) -> None:
    """Refuse 1.234 where a point may part the thousands.

    So it is in a file with decimal commas, and in one parted by semicolons, which is what a
    spreadsheet writes in a country of decimal commas.
    """
    for line, text in sheet.dotted if sheet.commas or sheet.separator == ";" else ():
        sheet.fault(
            line,
            f"{shown(text)} may be {shown(text.replace('.', ''))} in a file with decimal commas or "
            "semicolons; write that, or the decimal number with more or fewer decimals (12.60)",
        )


def _line_at(before: str) -> int:
    return len(LINE_END.findall(before)) + 1


def refusal(line: int, message: str) -> RecordError:
    """Return the error of one fault that leaves nothing else to read."""
    return RecordError([Fault(line, message)], what="course file")


def too_long(found: str) -> str:
    """Say that a file is too long to be a course."""
    return f"{found} bytes; a course file is at most {MAX_BYTES} bytes. Is it the right file?"
