"""The course file: a CSV of one person's doses, observations and events.

`docs/course-file.md` tells a nurse what the file holds. Here it is read, with every fault at
its line and all faults at once, and written, so that reading gives the same course back.
What was understood but should be known (a converted unit, sorted rows) is a remark. Messages
are logged and mailed, and an id may be a name: ids and notes are never quoted, nor are words
that stand where a number, a date or a kind is expected.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from thecal.course import Course, Dose, Event, Observation
from thecal.errors import (
    CourseError,
    RecordError,
    counted,
    guarded,
    nearest,
    shown,
)
from thecal.interop.sheet import (
    COLUMNS,
    MAX_BYTES,
    Row,
    Sheet,
    check_decimal_points,
    decode,
    read_rows,
    refusal,
    too_long,
)
from thecal.outfile import write_whole
from thecal.units import ISO_DATE, KINDS, QUANTITIES, same_unit, scale

MAX_DOSES = 2_000  # one a fortnight for 75 years
MAX_DAYS = 40_000  # a hundred and ten years: no fact of one life lies further from its day 0
FIRST_DATE, LAST_DATE = dt.date(1900, 1, 1), dt.date(2199, 12, 31)  # further off is a slip
INTRATHECAL = "intrathecal"

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """A course as read, and what was done to read it."""

    course: Course
    remarks: tuple[str, ...]


def read_course(path: str | os.PathLike[str], *, today: dt.date | None = None) -> Reading:
    """Read a course file; `today` is the last date that may stand in it."""
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_size > MAX_BYTES:
            raise refusal(0, too_long(f"{status.st_size}"))
        return parse_course(file.read(MAX_BYTES + 1), today=today)


def parse_course(data: bytes, *, today: dt.date | None = None) -> Reading:
    """Read the bytes of a course file.

    Without `today`, the last date that may stand in it is the date it now is somewhere on
    earth (UTC+14), so that the answer does not depend on where the machine stands.
    """
    sheet = Sheet(last=today or _latest_date_on_earth(), is_last_given=today is not None)
    rows = [_started(row) for row in read_rows(sheet, decode(sheet, data))]
    start = _place(sheet, rows) if _is_one_person(sheet, rows) else None
    facts = [_fact(row) for row in sorted(rows, key=lambda row: row.time_d)]
    check_decimal_points(sheet)
    if sheet.faults:
        raise RecordError(sheet.faults, what="course file")
    course = Course(
        patient_id=rows[0].cells["id"],
        start=dt.date.fromordinal(start) if start else None,
        doses=tuple(fact for fact in facts if isinstance(fact, Dose)),
        observations=tuple(fact for fact in facts if isinstance(fact, Observation)),
        events=tuple(fact for fact in facts if isinstance(fact, Event)),
    )
    return Reading(course, tuple(_remarks(sheet, rows)))


def write_course(course: Course, path: str | os.PathLike[str]) -> None:
    """Write a course file; an interrupted write leaves the old file as it was."""
    write_whole(path, format_course(course).encode())


def format_course(course: Course) -> str:
    """Return the text of a course file, in canonical order and units.

    The text is read back before it is returned: a course that the format would change or
    refuse (no fact at all, an amount of 5 g) is refused here and not at the next reading.
    """
    try:
        text = "".join(",".join(map(_quoted, line)) + "\n" for line in _lines_of(course))
        is_same = parse_course(text.encode(), today=LAST_DATE).course == course
    except (RecordError, ValueError, OverflowError) as error:
        raise CourseError(f"this course cannot be written as a course file: {error}") from None
    if not is_same:
        raise CourseError(
            "this course cannot be written as a course file: it would read back changed. Trim "
            f"the id, units and methods, and write the route as '{INTRATHECAL}' or leave it empty."
        )
    return text


# -- writing


def _lines_of(course: Course) -> Iterator[list[str]]:
    """Give the cells of each line: by time, and on one day what was measured before the dose."""
    columns = [name for name in COLUMNS if name != "date" or course.start]
    yield columns
    facts: list[Observation | Event | Dose]
    facts = [*course.observations, *course.events, *course.doses]  # sorted() keeps this order
    for fact in sorted(facts, key=lambda fact: fact.time_d):
        cells = {"id": course.patient_id, "day": _number(fact.time_d)}
        cells |= {"date": str(course.date(fact.time_d)), "note": fact.note, "source": fact.source}
        match fact:
            case Dose():
                value = _number(fact.amount_mg)
                cells |= {"kind": "dose", "value": value, "unit": "mg", "method": fact.route}
            case Observation():
                value = "<" * fact.is_below + _number(fact.value)
                cells |= {"kind": fact.kind, "value": value, "unit": fact.unit}
                cells |= {"method": fact.method}
            case Event():
                cells |= {"kind": "event", "value": fact.name, "unit": "", "method": fact.method}
        yield [cells[name] for name in columns]


def _number(value: float) -> str:
    """Write a number so that it reads back as the same float."""
    is_plain = value == int(value) and abs(value) < 1e15
    return repr(int(value)) if is_plain else repr(float(value))


def _quoted(cell: str) -> str:
    # csv.writer leaves a lone carriage return bare, which every reader takes for a line end.
    if not any(char in cell for char in ',"\r\n'):
        return cell
    return '"' + cell.replace('"', '""') + '"'


# -- when


def _started(row: Row) -> Row:
    """Read what places a row: its kind, and its day or date."""
    day, date, kind = (row.cells[name] for name in ("day", "date", "kind"))
    row.kind = kind.casefold()
    if row.kind not in KINDS:
        hint = nearest(row.kind, KINDS) or f" Expected one of {', '.join(KINDS)}."
        row.fault(f"kind {guarded(kind)} is not known.{hint}" if kind else f"kind is empty.{hint}")
    if not day and not date:
        row.fault("neither day nor date; write days since the first dose, or a date YYYY-MM-DD")
    if day:
        row.day = _day(row, day)
    if date:
        row.date = _date(row, date)
    return row


def _day(row: Row, text: str) -> float | None:
    if ISO_DATE.fullmatch(text):
        row.fault(f"day: {shown(text)} is a date; write it in a column 'date'")
        return None
    day = row.number("day", text, "28")
    if day is not None and abs(day) > MAX_DAYS:
        row.fault(f"day: {shown(text)} is more than {MAX_DAYS} days from the first dose")
        return None
    if day is not None and row.kind == "dose" and day != int(day):
        row.fault(f"day: {shown(text)}; the day of a dose is a whole number")
        return None
    return day


def _date(row: Row, text: str) -> dt.date | None:
    if not ISO_DATE.fullmatch(text):
        row.fault(
            f"date: expected YYYY-MM-DD, found {guarded(text)}. Other forms are refused: "
            "01/02/2026 is 1 February in one country and 2 January in another. In a spreadsheet, "
            "give the column the format YYYY-MM-DD before saving."
        )
        return None
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        row.fault(f"date: there is no day {text}")
        return None
    if not FIRST_DATE <= date <= LAST_DATE:
        row.fault(f"date: {text} is outside {FIRST_DATE.year} to {LAST_DATE.year}")
        return None
    _check_not_future(row, date)
    return date


def _check_not_future(row: Row, date: dt.date) -> None:
    if date > row.sheet.last:
        remedy = "ask about a later day with --on" if row.sheet.is_last_given else "delete the row"
        row.fault(
            f"the date {date} lies after {row.sheet.last}; a course holds what has happened. "
            f"Correct the date, or {remedy}."
        )


def _is_one_person(sheet: Sheet, rows: Sequence[Row]) -> bool:
    """Refuse a file of several people, without naming them."""
    first_lines: dict[str, int] = {}
    for row in rows:
        if row.cells["id"]:
            first_lines.setdefault(row.cells["id"], row.line)
        else:
            row.fault("id is empty; every row names its person")
    if len(first_lines) > 1:
        lines = list(first_lines.values())
        sheet.fault(
            lines[1],
            f"{len(lines)} ids, beginning on {_at_lines(lines)}; a course is one person. "
            "Split the file, or correct the id.",
        )
    return len(first_lines) == 1


def _place(sheet: Sheet, rows: Sequence[Row]) -> int | None:
    """Give each row its time; return day 0 as the ordinal of its date, or None if unknown."""
    is_all_placed = not sheet.faults
    counted = [row for row in rows if row.day is not None and row.date is None]
    dated = [row for row in rows if row.day is None and row.date is not None]
    zeros = {
        row.line: row.date.toordinal() - math.floor(row.day)
        for row in rows
        if row.day is not None and row.date is not None
    }
    start: int | None = None
    if zeros:
        start = Counter(zeros.values()).most_common(1)[0][0]
        for line, zero in zeros.items():
            if zero != start:
                other, most = (_date_of(ordinal) for ordinal in (zero, start))
                sheet.fault(
                    line,
                    f"day and date make day 0 {other}, elsewhere it is {most}; correct either",
                )
    elif counted and dated:
        few = counted if len(counted) < len(dated) else dated
        name, other = ("date", "day") if few is counted else ("day", "date")
        sheet.fault(
            few[0].line,
            f"some rows have a day, others a date, and no row has both to join them. Write the "
            f"{name} instead of the {other} on {_at_lines([row.line for row in few])}, or give "
            "day and date on the row of the first dose.",
        )
        return None
    elif dated:
        doses = [row for row in dated if row.kind == "dose"]
        start = min(row.date.toordinal() for row in doses or dated if row.date)
        if not doses:
            sheet.said.append("no dose in the file: day 0 is the date of the earliest row")
    for row in rows:
        if row.day is not None:
            row.time_d = row.day
        elif row.date and start is not None:
            row.time_d = row.date.toordinal() - start
        if start is not None and row.day is not None and row.date is None:
            _check_not_future(row, dt.date.fromordinal(start + math.floor(row.day)))
    _check_doses([row for row in rows if row.kind == "dose" and (row.date or row.day is not None)])
    if is_all_placed:
        _check_day_zero(rows)
    return start


def _check_doses(doses: Sequence[Row]) -> None:
    """Refuse two doses on one day, and more doses than a life holds."""
    if len(doses) > MAX_DOSES:
        raise refusal(0, f"{len(doses)} doses; one person is given at most {MAX_DOSES}")
    first: dict[float, Row] = {}
    for row in doses:
        earlier = first.setdefault(row.time_d, row)
        if earlier is not row:
            row.fault(
                f"a second dose on {row.date or f'day {row.time_d:g}'}; the other is on line "
                f"{earlier.line}. Delete the row if it is a duplicate; if one dose was given in "
                "two parts, write the sum in one row."
            )


def _check_day_zero(rows: Sequence[Row]) -> None:
    """Refuse a file whose first dose is not on day 0."""
    doses = [row for row in rows if row.kind == "dose"]
    first = min(doses, key=lambda row: row.time_d, default=None)
    if first and first.time_d != 0:
        off = f"subtract {first.time_d:g} from" if first.time_d > 0 else f"add {-first.time_d:g} to"
        first.fault(
            f"the first dose is on day {first.time_d:g}; day 0 is the first dose. If it is the "
            f"first, {off} every day of the file; if not, add the earlier doses."
        )


# -- what


def _fact(row: Row) -> Dose | Observation | Event | None:
    match row.kind:
        case "dose":
            return _dose(row)
        case "event":
            return _event(row)
        case kind if kind in KINDS:
            return _observation(row)
    return None


def _dose(row: Row) -> Dose | None:
    """Read a dose: an amount in mg, given intrathecally."""
    text, unit, route = (row.cells[name] for name in ("value", "unit", "method"))
    amount_mg = row.number("value", text, "100")
    if same_unit(unit) == "ml":
        row.fault("a dose in mL; 15 mL of 6.7 mg/mL is 100 mg: write the mg given")
    elif QUANTITIES["dose"].power(unit) is None:
        row.fault(f"the unit of a dose is mg, found {shown(unit)}; write the mg given")
    elif amount_mg is not None:
        _check_amount(row, amount_mg)
    if route.casefold() not in ("", INTRATHECAL):
        _refuse_route(row, route)
    if amount_mg is None or amount_mg <= 0:
        return None
    note, source = row.cells["note"], row.cells["source"]
    route = route and INTRATHECAL
    return Dose(time_d=int(row.time_d), amount_mg=amount_mg, route=route, note=note, source=source)


def _check_amount(row: Row, amount_mg: float) -> None:
    least, most = QUANTITIES["dose"].least, QUANTITIES["dose"].most
    if amount_mg < 0:
        row.fault(f"a dose of {amount_mg:g} mg; a given dose is above 0 mg. Correct the amount.")
    elif amount_mg == 0:
        row.fault(
            "a dose of 0 mg is no dose; write kind event with value failed_puncture or "
            "dose_not_given"
        )
    elif amount_mg < least:
        row.fault(f"a dose of {amount_mg:g} mg, below {least:g} mg; was it written in g?")
    elif amount_mg > most:
        row.fault(
            f"a dose of {amount_mg:g} mg, above {most:g} mg: that is five vials of tofersen, "
            "75 mL. Correct the amount."
        )


def _refuse_route(row: Row, route: str) -> None:
    if route.casefold() in ("it", "i.t.", "i.th.", "ith"):
        row.fault(f"route {shown(route)} can be misread; write {INTRATHECAL} in full")
    else:
        row.fault(
            f"route {guarded(route)}; thecal knows {INTRATHECAL} doses only, written so. Correct a "
            "slip. If the drug really went elsewhere it is a medication error to report, and "
            "thecal computes no schedule from it."
        )


def _observation(row: Row) -> Observation | None:
    """Read a measured value, in the canonical unit of its kind."""
    text, unit, method = (row.cells[name] for name in ("value", "unit", "method"))
    is_below = text.startswith("<")
    if is_below and row.kind == "alsfrs_r":
        row.fault(f"alsfrs_r {shown(text)}; a score is known or not. Write the score.")
        return None
    value = row.number("value", text[is_below:].strip(), "12.5, or <5 below the limit,")
    if row.kind == "other":
        unit = _unit_of_other(row, unit)
    else:
        quantity = QUANTITIES[row.kind]
        power = quantity.power(unit)
        if power is None:
            what = f"unit {shown(unit)} is not known for" if unit else "no unit for"
            row.fault(f"{what} {row.kind}; expected {_or(quantity.units)}.{_split_number(unit)}")
            return None
        if value is not None:
            value = scale(value, power)
            _check_range(row, value, is_below)
            row.sheet.converted[row.kind, unit] += bool(power)
        unit = quantity.unit
    if value is None:
        return None
    return Observation(
        time_d=row.time_d,
        kind=row.kind,
        value=value,
        unit=unit,
        is_below=is_below,
        method=method,
        note=row.cells["note"],
        source=row.cells["source"],
    )


def _check_range(row: Row, value: float, is_below: bool) -> None:
    quantity = QUANTITIES[row.kind]
    if quantity.is_whole and value != int(value):
        row.fault(
            f"{row.kind} {value:g} is not a whole number; write a mean as kind other, with the "
            "quantity's name as method"
        )
    least = 0.0 if is_below else quantity.least
    if not least <= value <= quantity.most or (is_below and value == 0):
        row.fault(
            f"{row.kind} {value:g} {quantity.unit} is outside {quantity.least:g} to "
            f"{quantity.most:g} {quantity.unit}; check the value and its unit"
        )


def _unit_of_other(row: Row, unit: str) -> str:
    if not row.cells["method"]:
        row.fault("kind other has no method; write there what was measured, such as CSF IgG")
    if _split_number(unit):
        row.fault(f"unit {shown(unit)} is a number.{_split_number(unit)}")
    return unit


def _split_number(unit: str) -> str:
    """Hint at 5,60 that was cut in two by the separator; 1 is a unit, that of a ratio."""
    is_decimals = unit.isdecimal() and unit != "1"
    return " A decimal comma needs quotes, or write a decimal point." if is_decimals else ""


def _event(row: Row) -> Event | None:
    """Read the name of an event."""
    name = row.cells["value"]
    if not SNAKE_CASE.fullmatch(name):
        row.fault(
            f"event {guarded(name)} is not one word of a-z, 0-9 and _; join its words with _, in "
            "lower case, such as aseptic_meningitis"
        )
        return None
    return Event(
        time_d=row.time_d,
        name=name,
        method=row.cells["method"],
        note=row.cells["note"],
        source=row.cells["source"],
    )


# -- words


def _remarks(sheet: Sheet, rows: Sequence[Row]) -> Iterator[str]:
    yield from sheet.said
    n_early = sum(b.time_d < a.time_d for a, b in pairwise(rows))
    if n_early:
        yield f"rows were not in order of time ({n_early} earlier than the row above); sorted"
    for (kind, unit), n in sheet.converted.items():
        if n:
            yield f"{kind}: {counted(n, 'value')} converted from {unit} to {QUANTITIES[kind].unit}"
    if sheet.commas:
        yield f"{counted(sheet.commas, 'decimal comma')} read as decimal point"
    n_routes = sum(row.kind == "dose" and not row.cells["method"] for row in rows)
    if n_routes:
        yield f"route not recorded on {counted(n_routes, 'dose row')}; read as {INTRATHECAL}"
    n_units = sum(row.kind == "event" and bool(row.cells["unit"]) for row in rows)
    if n_units:
        yield f"unit on {counted(n_units, 'event row')} not read; an event has none"


def _at_lines(lines: Sequence[int]) -> str:
    shown = [str(line) for line in lines[:10]]
    if len(lines) > 10:
        return f"lines {', '.join(shown)} and {len(lines) - 10} more"
    if len(lines) == 1:
        return f"line {shown[0]}"
    return f"lines {', '.join(shown[:-1])} and {shown[-1]}"


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _date_of(ordinal: int) -> str:
    return str(dt.date.fromordinal(ordinal))


def _latest_date_on_earth() -> dt.date:
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=14))).date()
