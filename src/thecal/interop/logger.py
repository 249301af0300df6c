"""A temperature logger's export as readings, with every fault at its line.

Exports differ by maker, program and country: a preamble of any length, comma, semicolon or tab,
°C or °F, one column of time or two, several sensors, a footer. They agree on this: a row names
the columns, one of them a time and one a temperature, and a row is one moment. Everything else in
the file may be somebody's name or the number of a device, and is never repeated.

What a time means is `interop.stamps`, what the readings mean `clinic.coldchain`.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from thecal.clinic.coldchain.pieces import Reading
from thecal.errors import Fault, LoggerError, counted
from thecal.interop.logger_header import Columns, columns_of, order_of, unit_above, unit_in
from thecal.interop.stamps import Calendar, Stamp, hidden, moments_of, read_offset, read_zone
from thecal.units import celsius_of_fahrenheit

MAX_BYTES = 32 * 1024 * 1024  # a year of readings every minute is about 15 MB
MAX_ROWS = 1_000_000
MAX_LINE = 10_000  # characters
MAX_COLUMNS = 100
MAX_FAULTS = 100  # a reader corrects these, then reads again
PREAMBLE = 300  # lines in which the names of the columns are looked for
WHAT = "temperature log"

SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma"}
TEMPERATURE = re.compile(
    r"([+-]?(?:\d{1,4}(?:[.,]\d{1,6})?|[.,]\d{1,6}))\s*(?:[°º]|deg\.?)?\s*"
    r"(?:(C|Celsius)|(F|Fahrenheit))?",
    re.ASCII | re.IGNORECASE,
)
DIGIT = re.compile(r"\d", re.ASCII)
NO_READING = frozenset(("", "-", "--", "---", "n/a", "na", "nan", "null", "none", "err", "error"))
LEAST_C, MOST_C = -100.0, 100.0  # of a reading; beyond it the sensor was not connected
ZONE_LINE = re.compile(r"time ?zone|zeitzone|fuseau|utc.?offset|gmt.?offset")
ZONE = re.compile(r"\b(?:utc|gmt) ?(?:[+-] ?\d{1,2}(?::?\d{2})?)?", re.ASCII | re.IGNORECASE)
ZONE_NAME = re.compile(r"\b[A-Z][a-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b", re.ASCII)
# All values of a file lie here, by its unit: in °F the vial would be frozen, in °C cooked, all the
# time, and in the other unit they are those of a refrigerator or a room. A slip is likelier.
SLIPS = {"F": (-5.0, 32.0), "C": (30.0, 100.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureLog:
    """The readings of one sensor.

    readings        in the order of time, at least one
    zone            the zone of the reader, or of the file; UTC where neither names one, and the
                    times are then those of the logger's clock as it stands
    is_zone_stated  whether anybody named a zone
    said            what was done while the file was read, for whoever relies on it
    """

    readings: tuple[Reading, ...]
    zone: dt.tzinfo
    is_zone_stated: bool
    said: tuple[str, ...]


@dataclass(slots=True)
class _File:
    """A file being read: its faults, and what there is to say about it."""

    faults: list[Fault] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def fault(self, line: int, message: str) -> None:
        """Record a fault; at `MAX_FAULTS` reading stops and all are raised."""
        self.faults.append(Fault(line, message))
        if len(self.faults) >= MAX_FAULTS:
            self.faults.append(Fault(0, f"reading stopped at {MAX_FAULTS} faults"))
            self.finish()

    def refuse(self, line: int, message: str) -> NoReturn:
        """Raise a fault that leaves nothing else to read."""
        raise LoggerError(_once([*self.faults, Fault(line, message)]), what=WHAT)

    def finish(self) -> None:
        """Raise all faults found so far, if there are any."""
        if self.faults:
            raise LoggerError(_once(self.faults), what=WHAT)


def _once(faults: Sequence[Fault]) -> list[Fault]:
    """Tell what is wrong in the same way on many lines once, with the first line and the last."""
    lines: dict[str, list[int]] = {}
    for fault in faults:
        lines.setdefault(fault.message, []).append(fault.line)
    return [
        Fault(at[0], message)
        if len(at) == 1
        else Fault(
            at[0], f"{message} (the same on {counted(len(at) - 1, 'line')} more, to {at[-1]})"
        )
        for message, at in lines.items()
    ]


def read_log(
    path: Path,
    *,
    zone: str | None = None,
    dates: str | None = None,
    unit: str | None = None,
    sensor: int | None = None,
) -> TemperatureLog:
    """Read a logger's export. Raises LoggerError with every fault, and OSError.

    zone    a zone such as Europe/Berlin, or an offset such as +01:00, where the file names none
    dates   "dmy" or "mdy", where the dates of the file leave it open
    unit    "C" or "F", where the file names none
    sensor  which of several sensors, counted from 1 in the order of the file
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    return parse_log(data, zone=zone, dates=dates, unit=unit, sensor=sensor)


def parse_log(
    data: bytes,
    *,
    zone: str | None = None,
    dates: str | None = None,
    unit: str | None = None,
    sensor: int | None = None,
) -> TemperatureLog:
    """Read the bytes of a logger's export, as `read_log` does."""
    asked_zone = read_zone(zone) if zone else None
    file = _File()
    lines = _decode(file, data).splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            file.refuse(number, f"{len(line)} characters; a line has at most {MAX_LINE}")
    header, separator, columns = _find_header(file, lines)
    if separator != ",":
        file.said.append(f"the separator is a {SEPARATORS[separator]}")
    preamble = lines[:header]
    header_zone = _zone_of(file, preamble, columns, asked_zone)
    calendar = Calendar(file.fault, dates or order_of(lines[: header + 1]), said=file.said)
    rows = _rows(file, lines, header, separator, columns)
    stamps, degrees = _read_rows(file, rows, columns, calendar, unit, preamble, sensor)
    calendar.decide()
    file.finish()
    clock = header_zone or asked_zone
    moments = moments_of(stamps, calendar, clock, file.fault, file.said)
    file.finish()
    if calendar.dropped_parts:
        file.said.append("fractions of a second were dropped")
    readings = [
        Reading(at_s, value, stamp.line)
        for at_s, value, stamp in zip(moments, degrees, stamps, strict=True)
    ]
    own = {stamp.offset_s for stamp in stamps}
    its_zone = asked_zone or header_zone
    if its_zone is None and own != {None}:
        offset_s = stamps[0].offset_s or 0
        its_zone = dt.timezone(dt.timedelta(seconds=offset_s)) if offset_s else dt.UTC
    if None in own and len(own) > 1 and clock is None:
        bare = next(stamp.line for stamp in stamps if stamp.offset_s is None)
        file.refuse(bare, "no offset from UTC here, and others have one; say --zone")
    return TemperatureLog(
        readings=tuple(_in_order(file, readings)),
        zone=its_zone or dt.UTC,
        is_zone_stated=its_zone is not None,
        said=tuple(file.said),
    )


def _decode(file: _File, data: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 or Latin-1."""
    if len(data) > MAX_BYTES:
        file.refuse(0, f"more than {MAX_BYTES} bytes; export a shorter time, or one sensor")
    if data.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        file.refuse(0, "this is a workbook or a PDF; export the readings as CSV or text")
    codec = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16"
    elif data[1:2] == b"\0" or data[:1] == b"\0":
        codec = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        if codec != "utf-8-sig":
            file.refuse(0, "it begins as UTF-16 text and is none; export it again")
        text = data.decode("latin-1")
        file.said.append("the file is not UTF-8; it was read as Latin-1")
    if "\0" in text:
        file.refuse(text[: text.index("\0")].count("\n") + 1, "a NUL byte, which no text holds")
    if not text.strip():
        file.refuse(0, "the file is empty")
    return text.replace("\x0b", " ").replace("\x0c", " ").replace("\x85", " ")


def _find_header(file: _File, lines: Sequence[str]) -> tuple[int, str, Columns]:
    """Find the row that names the columns; return its index, the separator and what it says."""
    for i, line in enumerate(lines[:PREAMBLE]):
        for separator in SEPARATORS:
            if separator not in line:
                continue
            columns = columns_of(next(csv.reader([line], delimiter=separator), []))
            if columns is not None:
                if len(columns.names) > MAX_COLUMNS:
                    file.refuse(i + 1, f"more than {MAX_COLUMNS} columns")
                return i, separator, columns
    file.refuse(
        0,
        f"no row of the first {PREAMBLE} names a column of times and one of temperatures, such as "
        "'Date,Time,Temperature (°C)'; if the export has no such row, write it above the readings",
    )


def _zone_of(
    file: _File, preamble: Sequence[str], columns: Columns, asked: dt.tzinfo | None
) -> dt.tzinfo | None:
    """Find the zone that the header names."""
    for i in columns.time:
        if found := ZONE.search(columns.names[i]):
            offset_s = read_offset(found[0])
            if offset_s is not None:
                return dt.timezone(dt.timedelta(seconds=offset_s)) if offset_s else dt.UTC
    for line, text in enumerate(preamble, 1):
        if not ZONE_LINE.search(text.casefold()):
            continue
        if found := ZONE.search(text):
            offset_s = read_offset(found[0])
            if offset_s is not None:
                return dt.timezone(dt.timedelta(seconds=offset_s)) if offset_s else dt.UTC
        if found := ZONE_NAME.search(text):
            return read_zone(found[0])
        if asked is None:
            file.fault(line, "a time zone is named here in words that cannot be read; say --zone")
    return None


def _rows(
    file: _File, lines: Sequence[str], header: int, separator: str, columns: Columns
) -> Iterator[tuple[int, list[str]]]:
    """Give each row that is not blank, with the line on which it begins."""
    reader = csv.reader(lines[header + 1 :], delimiter=separator, strict=True)
    line = header + 2
    n_rows, width = 0, len(columns.names)
    try:
        for cells in reader:
            if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                hint = "a decimal comma needs another separator" if separator == "," else "correct"
                file.fault(line, f"{len(cells)} cells, the header has {width}; {hint}")
            elif any(cell.strip() for cell in cells):
                n_rows += 1
                if n_rows > MAX_ROWS:
                    file.refuse(line, f"more than {MAX_ROWS} rows; export a shorter time")
                yield line, cells
            line = header + 2 + reader.line_num
    except csv.Error:
        file.fault(line, 'a quotation mark (") that is not closed, or stands inside a cell')


def _read_rows(
    file: _File,
    rows: Iterator[tuple[int, list[str]]],
    columns: Columns,
    calendar: Calendar,
    unit: str | None,
    preamble: Sequence[str],
    sensor: int | None,
) -> tuple[list[Stamp], list[float]]:
    """Read the time and the temperature of each row of one sensor."""
    column = _column(file, columns, sensor)
    named = unit_in(columns.names[column]) or unit_above(preamble)
    if named and unit and named != unit:
        file.fault(0, f"the file says °{named} and --unit says {unit}; which is it?")
    stamps: list[Stamp] = []
    values: list[tuple[float, str | None]] = []
    loose: list[int] = []
    sensors: dict[str, int] = {}
    n_empty = 0
    for line, cells in rows:
        text = " ".join(cells[i].strip() for i in columns.time if i < len(cells)).strip()
        given = cells[column].strip() if column < len(cells) else ""
        if not DIGIT.search(text):  # a footer, if no reading follows
            loose.append(line)
            continue
        for other in loose:
            file.fault(other, "a row without a time between rows that have one; delete or mend it")
        loose.clear()
        if columns.sensor is not None and columns.sensor < len(cells):
            number = sensors.setdefault(cells[columns.sensor].strip(), len(sensors) + 1)
            if len(columns.temperature) == 1 and sensor is not None and number != sensor:
                continue
        stamp = calendar.read(line, text)
        if given.casefold() in NO_READING:
            n_empty += 1
            continue
        match = TEMPERATURE.fullmatch(given.replace("−", "-"))
        if match is None:
            file.fault(line, f"expected a temperature such as 5.1, found {hidden(given)}")
            continue
        cell = _unit_of_cell(file, line, match, cells, columns)
        if stamp is not None:
            stamps.append(stamp)
            values.append((float(match[1].replace(",", ".")), cell))
    if len(columns.temperature) == 1:
        _check_sensor(file, len(sensors), sensor)
    if not stamps:
        file.finish()
        file.refuse(0, "no row below the names of the columns holds a time and a temperature")
    if loose:
        file.said.append(f"{counted(len(loose), 'row')} after the last reading not read")
    if n_empty:
        file.said.append(f"{counted(n_empty, 'row')} without a temperature: no reading")
    return stamps, _degrees(file, stamps, values, named or unit, is_told=unit is not None)


def _column(file: _File, columns: Columns, sensor: int | None) -> int:
    n = len(columns.temperature)
    if n == 1:
        return columns.temperature[0]
    if sensor is None:
        where = ", ".join(str(i + 1) for i in columns.temperature)
        file.refuse(
            0, f"{n} sensors, in columns {where}; say which with --sensor 1 to --sensor {n}"
        )
    if not 1 <= sensor <= n:
        file.refuse(0, f"--sensor {sensor}: the file has {counted(n, 'sensor')}")
    return columns.temperature[sensor - 1]


def _check_sensor(file: _File, n_sensors: int, sensor: int | None) -> None:
    """Refuse rows of several sensors of which none was chosen, and a choice that is not there."""
    n = max(n_sensors, 1)
    if n > 1 and sensor is None:
        file.fault(0, f"rows of {n} sensors; say which with --sensor 1 to --sensor {n}")
    if sensor is not None and not 1 <= sensor <= n:
        file.fault(0, f"--sensor {sensor}: the file has {counted(n, 'sensor')}")


def _unit_of_cell(
    file: _File, line: int, match: re.Match[str], cells: Sequence[str], columns: Columns
) -> str | None:
    """Read the unit beside a number, or in a column of units."""
    if match[2] or match[3]:
        return "C" if match[2] else "F"
    text = (
        cells[columns.unit].strip()
        if columns.unit is not None and columns.unit < len(cells)
        else ""
    )
    unit = text.upper() if text.upper() in ("C", "F") else unit_in(text)
    if text and unit is None:
        file.fault(line, f"expected °C or °F in the column of units, found {hidden(text)}")
    return unit


def _degrees(
    file: _File,
    stamps: Sequence[Stamp],
    values: Sequence[tuple[float, str | None]],
    named: str | None,
    *,
    is_told: bool,
) -> list[float]:
    """Return temperatures in °C; a unit that is missing or cannot be right is a fault."""
    degrees = []
    for stamp, (value, cell) in zip(stamps, values, strict=True):
        unit = cell or named
        if unit is None:
            file.fault(
                stamp.line,
                "no unit: neither the header nor this cell says °C or °F; say --unit C or --unit F",
            )
            return []
        if cell and named and cell != named:
            file.fault(stamp.line, f"°{cell} here, and °{named} in the header; which is it?")
        value_C = celsius_of_fahrenheit(value) if unit == "F" else value
        if not LEAST_C <= value_C <= MOST_C:
            file.fault(
                stamp.line,
                f"{value:g} °{unit} is no temperature of a vial; if the logger writes it for a "
                "lost sensor, empty the cell, and it counts as no reading",
            )
        degrees.append(value_C)
    units = {cell or named for _, cell in values}
    if len(units) == 1 and not is_told:
        (unit,) = units
        low, high = SLIPS[str(unit)]
        if all(low < value < high for value, _ in values):
            would, other = ("frozen", "C") if unit == "F" else ("hotter than any room", "F")
            file.fault(
                0,
                f"the file says °{unit}, by which the vial was {would} throughout; in °{other} its "
                "values are those of a refrigerator or a room. Look at the logger; "
                f"--unit {unit} says that °{unit} is right",
            )
    return degrees


def _in_order(file: _File, readings: list[Reading]) -> list[Reading]:
    """Put readings in the order of time, and drop those that stand twice."""
    is_sorted = all(a.at_s <= b.at_s for a, b in pairwise(readings))
    is_falling = all(a.at_s >= b.at_s for a, b in pairwise(readings))
    if not (is_sorted or is_falling):
        file.said.append("rows out of order were put in the order of time")
    kept: list[Reading] = []
    for reading in sorted(readings):
        if not kept or reading != kept[-1]:
            kept.append(reading)
    if len(kept) < len(readings):
        twice = counted(len(readings) - len(kept), "row")
        file.said.append(f"{twice} with the time and temperature of another dropped")
    return kept
