"""Where a vial was, as somebody states it: a small CSV file, or a time given with a command.

from,to,state
2026-03-02 08:00,2026-03-02 16:30,carton
2026-03-03 09:10,2026-03-03 09:40,out of carton
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from thecal.clinic.coldchain.pieces import State, Stay
from thecal.errors import Fault, LoggerError, ThecalError, guarded
from thecal.interop.stamps import Calendar, Stamp, hidden, local_s

MAX_BYTES = 1_000_000
MAX_LINE = 1_000
MAX_FAULTS = 100
WHAT = "custody file"
COLUMNS = ["from", "to", "state"]
STATES = {str(state): state for state in State if state is not State.NOT_STATED}


def read_custody(path: Path, zone: dt.tzinfo) -> tuple[Stay, ...]:
    """Read a custody file. Raises LoggerError with every fault, and OSError.

    zone  of the times that name no offset from UTC
    """
    with path.open("rb") as file:
        return parse_custody(file.read(MAX_BYTES + 1), zone)


def parse_custody(data: bytes, zone: dt.tzinfo) -> tuple[Stay, ...]:
    """Read the bytes of a custody file, as `read_custody` does."""
    faults: list[Fault] = []

    def fault(line: int, message: str) -> None:
        faults.append(Fault(line, message))
        if len(faults) >= MAX_FAULTS:
            raise LoggerError(faults, what=WHAT)

    if len(data) > MAX_BYTES:
        raise LoggerError([Fault(0, f"more than {MAX_BYTES} bytes")], what=WHAT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LoggerError([Fault(line, "not UTF-8; save the file as UTF-8")], what=WHAT) from None
    lines = text.splitlines()
    if any(len(line) > MAX_LINE for line in lines):
        raise LoggerError([Fault(0, f"a line of more than {MAX_LINE} characters")], what=WHAT)
    rows = [
        (line, [cell.strip() for cell in next(csv.reader([words]), [])])
        for line, words in enumerate(lines, 1)
        if words.strip()
    ]
    if not rows or [cell.casefold() for cell in rows[0][1]] != COLUMNS:
        raise LoggerError(
            [Fault(rows[0][0] if rows else 0, "the first row must be from,to,state")], what=WHAT
        )
    found: list[tuple[int, Stay]] = []
    for line, cells in rows[1:]:
        if len(cells) != len(COLUMNS):
            fault(line, f"{len(cells)} cells; expected from, to and state")
            continue
        state = STATES.get(cells[2].casefold().replace(" ", "_"))
        if state is None:
            fault(line, f"expected a state of {', '.join(STATES)}, found {hidden(cells[2])}")
        stay = _stay(line, cells[0], cells[1], state or State.CARTON, zone, fault)
        if stay is not None:
            found.append((line, stay))
    found.sort(key=lambda pair: pair[1].start_s)
    for (_, before), (line, after) in pairwise(found):
        if after.start_s < before.end_s:
            fault(line, "it begins before the stay before it ends; a vial is in one place")
    if faults:
        raise LoggerError(faults, what=WHAT)
    return tuple(stay for _, stay in found)


def read_span(text: str, state: State, zone: dt.tzinfo) -> Stay:
    """Read FROM/TO, such as "2026-03-03 09:10/2026-03-03 09:40". Raises ThecalError."""
    faults: list[str] = []
    start, slash, end = text.partition("/")
    if not slash:
        raise ThecalError(
            "expected FROM/TO, such as '2026-03-03 09:10/2026-03-03 09:40', found " + hidden(text)
        )
    stay = _stay(0, start.strip(), end.strip(), state, zone, lambda _, m: faults.append(m))
    if stay is None:
        raise ThecalError("; ".join(faults))
    return stay


def without_overlap(stays: tuple[Stay, ...]) -> tuple[Stay, ...]:
    """Return stays in the order of time. Raises ThecalError where two overlap."""
    ordered = tuple(sorted(stays, key=lambda stay: stay.start_s))
    if any(after.start_s < before.end_s for before, after in pairwise(ordered)):
        raise ThecalError("two times of custody overlap; a vial is in one place")
    return ordered


def _stay(
    line: int,
    start: str,
    end: str,
    state: State,
    zone: dt.tzinfo,
    fault: Callable[[int, str], None],
) -> Stay | None:
    start_s, end_s = (_moment(line, text, zone, fault) for text in (start, end))
    if start_s is None or end_s is None:
        return None
    if end_s <= start_s:
        fault(line, "it ends before it begins, or at once")
        return None
    return Stay(start_s=start_s, end_s=end_s, state=state)


def _moment(line: int, text: str, zone: dt.tzinfo, fault: Callable[[int, str], None]) -> int | None:
    """Read one time, year first; the hour that clocks show twice needs its offset."""
    calendar = Calendar(fault)
    stamp: Stamp | None = calendar.read(line, text)
    if stamp is None:
        return None
    if stamp.is_open:
        fault(line, f"{guarded(text)}: write the year first, as in 2026-03-02 14:30")
        return None
    wall_s = calendar.wall_s(stamp)
    if stamp.offset_s is not None:
        return wall_s - stamp.offset_s
    shown = local_s(wall_s, zone)
    if len(shown) == 1:
        return shown[0]
    often = "twice" if shown else "never"
    fault(
        line,
        f"{guarded(text)}: clocks of the zone show it {often}, by summer time; add the offset from "
        "UTC, as in 2026-10-25 02:30+01:00",
    )
    return None
