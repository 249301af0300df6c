"""The times of a logger's export as moments: date forms, clocks, zones, summer time.

What could mean two moments is refused, unless the file itself or the reader of it says which.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

from thecal.errors import ThecalError, counted, guarded

ORDERS = ("dmy", "mdy")
FIRST_YEAR, LAST_YEAR = 2000, 2099  # a logger whose clock was never set says 1970 or 1980
EPOCH = dt.date(1970, 1, 1).toordinal()

# A date, a clock of 12 or 24 hours, an offset. Of a date only its extent is read here.
SHAPE = re.compile(
    r"(?P<date>[^\sT:][^T:\n]{4,18}?(?<=\d))(?:T|[ ,]{1,3})"
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?"
    r"(?: ?(?P<offset>Z|(?:UTC|GMT) ?(?:[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}(?::?\d{2})?))?",
    re.ASCII | re.IGNORECASE,
)
YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
NAMED = re.compile(r"(\d{1,2})[-/. ]([a-z]{3,9})\.?[-/., ]{1,2}(\d{4})", re.ASCII | re.IGNORECASE)
NAMED_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2}),? (\d{4})", re.ASCII | re.IGNORECASE)
OFFSET = re.compile(
    r"(?:UTC|GMT|Z)? ?(?:([+-]) ?(\d{1,2})(?::?(\d{2}))?)?", re.ASCII | re.IGNORECASE
)
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)


def hidden(text: str) -> str:
    """Say how long a text is, and not what: a cell may be a name, a lot or a serial number."""
    return counted(len(text), "character")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as it stands in the file.

    date      year, month, day; or, `is_open`, the first and the second number and the year
    second    of the day
    offset_s  from UTC, None where none is given
    """

    line: int
    date: tuple[int, int, int]
    is_open: bool
    second: int
    offset_s: int | None


@dataclass(slots=True)
class Calendar:
    """Reads stamps, and learns from them in which order the numbers of a date stand.

    order   "dmy" or "mdy", where the reader of the file or its header says so
    said    what was done while the dates were read
    """

    fault: Callable[[int, str], None]
    order: str | None = None
    dates: dict[str, tuple[tuple[int, int, int], bool] | str] = field(default_factory=dict)
    first_open: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    dropped_parts: int = 0

    def read(self, line: int, text: str) -> Stamp | None:
        """Read one time, or record a fault."""
        match = SHAPE.fullmatch(text)
        if match is None:
            self.fault(line, f"expected a time such as 2026-03-02 14:30, found {hidden(text)}")
            return None
        words = match["date"]
        found = self.dates.get(words)
        if found is None:
            found = self.dates[words] = self._date(words)
        if isinstance(found, str):
            self.fault(line, found)
            return None
        date, is_open = found
        if is_open:
            self.first_open.setdefault(words, line)
        second = _second(match)
        if second is None:
            self.fault(line, f"{guarded(text)} has an hour, minute or second that no clock shows")
            return None
        if match["part"] and match["part"].strip("0"):
            self.dropped_parts += 1
        offset_s = None
        if match["offset"]:
            offset_s = read_offset(match["offset"])
            if offset_s is None:
                self.fault(line, f"{guarded(text)} has an offset from UTC that no place has")
                return None
        return Stamp(line, date, is_open, second, offset_s)

    def _date(self, words: str) -> tuple[tuple[int, int, int], bool] | str:
        """Read a date: its numbers and whether their order is open, or what is wrong with it."""
        wrong = f"{hidden(words)} that are no date"
        if match := YEAR_FIRST.fullmatch(words):
            return _checked((int(match[1]), int(match[3]), int(match[4])), wrong)
        if match := NAMED.fullmatch(words):
            return _checked((int(match[3]), _month(match[2]), int(match[1])), wrong)
        if match := NAMED_FIRST.fullmatch(words):
            return _checked((int(match[3]), _month(match[1]), int(match[2])), wrong)
        match = YEAR_LAST.fullmatch(words)
        if match is None:
            return (
                "expected a date such as 2026-03-02, 02.03.2026 or 02/03/2026, found "
                f"{hidden(words)}"
            )
        wrong = f"{guarded(words)} is no date"
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if is_short := len(match[4]) == 2:
            year += 2000
        # With points the day stands first; but of 02.03.26 the 02 may be the year.
        if match[2] == "." and self.order != "mdy" and not (is_short and self.order is None):
            return _checked((year, second, first), wrong)
        either = (_checked((year, *pair), wrong) for pair in ((second, first), (first, second)))
        if all(isinstance(found, str) for found in either):
            return wrong
        return (first, second, year), True

    def decide(self) -> None:
        """Decide in which order open dates stand; record a fault where nothing decides."""
        is_dmy, is_mdy = {}, {}
        for words, line in self.first_open.items():
            found = self.dates[words]
            (first, second, _), _ = found if not isinstance(found, str) else ((0, 0, 0), False)
            if first > 12:
                is_dmy[words] = line
            if second > 12:
                is_mdy[words] = line
        evidence = {"dmy": is_dmy, "mdy": is_mdy}
        if is_dmy and is_mdy:
            (dmy, line), (mdy, other) = next(iter(is_dmy.items())), next(iter(is_mdy.items()))
            self.fault(
                max(line, other),
                f"{guarded(dmy)} and {guarded(mdy)} stand in one file; in one the day is first, "
                "in the other the month. Correct the file.",
            )
        elif self.order is not None:
            against = evidence["mdy" if self.order == "dmy" else "dmy"]
            for words, line in list(against.items())[:1]:
                n = len(against) - 1
                more = f"; nor can {counted(n, 'other date')}" if n else ""
                self.fault(line, f"{guarded(words)} cannot be {self.order}, as said{more}")
        elif is_mdy or any(not _is_short(words) for words in is_dmy):
            self.order = "mdy" if is_mdy else "dmy"
            if short := next(filter(_is_short, is_mdy), None):
                self.said.append(
                    f"the month stands first in a date, the year last: {guarded(short)} can be "
                    "read in no other way"
                )
        elif short := next(filter(_is_short, self.first_open), None):
            n = sum(map(_is_short, self.first_open))
            more = f", and so {'have' if n > 2 else 'has'} {counted(n - 1, 'other date')}"
            self.fault(
                self.first_open[short],
                f"{guarded(short)} has a year of two digits{more if n > 1 else ''}; say --dates "
                "dmy or --dates mdy",
            )
        else:
            twofold = [w for w in self.first_open if not _same_either_way(w)]
            if twofold:
                self.fault(
                    self.first_open[twofold[0]],
                    f"{guarded(twofold[0])} may be two dates, and no date in the file decides; "
                    "say --dates dmy (day first) or --dates mdy (month first)",
                )
            self.order = "dmy"

    def wall_s(self, stamp: Stamp) -> int:
        """Return what the clock shows, as seconds since 1970 on that clock."""
        year, month, day = stamp.date
        if stamp.is_open:
            first, second, year = stamp.date
            month, day = (second, first) if self.order == "dmy" else (first, second)
        return (dt.date(year, month, day).toordinal() - EPOCH) * 86_400 + stamp.second


def _checked(date: tuple[int, int, int], wrong: str) -> tuple[tuple[int, int, int], bool] | str:
    try:
        dt.date(*date)
    except ValueError:
        return wrong
    if not FIRST_YEAR <= date[0] <= LAST_YEAR:
        return f"a year outside {FIRST_YEAR} to {LAST_YEAR}; was the logger's clock set?"
    return date, False


def _is_short(words: str) -> bool:
    """Tell whether a date has a year of two digits: its first number may be a year, too."""
    match = YEAR_LAST.fullmatch(words)
    return match is not None and len(match[4]) == 2


def _same_either_way(words: str) -> bool:
    match = YEAR_LAST.fullmatch(words)
    return match is not None and int(match[1]) == int(match[3])


def _month(name: str) -> int:
    """Return the number of a month by its English name or its first three letters, or 0."""
    low = name.lower()
    found = [i for i, month in enumerate(MONTHS, 1) if low in (month, month[:3])]
    return found[0] if found else 9 if low == "sept" else 0


def _second(match: re.Match[str]) -> int | None:
    """Return the second of the day, or None for what no clock shows."""
    hour, minute, second = int(match["h"]), int(match["m"]), int(match["s"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return hour * 3_600 + minute * 60 + second


def read_offset(text: str) -> int | None:
    """Read Z, UTC, GMT, +01:00, UTC+1 or -0500 as seconds from UTC; None for anything else."""
    match = OFFSET.fullmatch(text.strip())
    if match is None or not text.strip():
        return None
    if match[1] is None:
        return 0
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14 or minutes > 59:
        return None
    return (hours * 3_600 + minutes * 60) * (-1 if match[1] == "-" else 1)


def read_zone(text: str) -> dt.tzinfo:
    """Read a zone such as Europe/Berlin, or a fixed offset such as +01:00. Raises ThecalError."""
    offset_s = read_offset(text)
    if offset_s is not None:
        return dt.timezone(dt.timedelta(seconds=offset_s)) if offset_s else dt.UTC
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ThecalError(
            "--zone: expected a zone such as Europe/Berlin or America/New_York, or a fixed offset "
            f"such as +01:00, found {guarded(text)}"
        ) from None


def local_s(wall_s: int, zone: dt.tzinfo) -> tuple[int, ...]:
    """Return the moments at which a clock in a zone shows a time: one, two, or none.

    Two where the clocks go back and show it again, none where they go forward over it.
    """
    if isinstance(zone, dt.timezone):
        return (wall_s - round(zone.utcoffset(None).total_seconds()),)
    naive = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=wall_s)
    first = round(naive.replace(tzinfo=zone, fold=0).timestamp())
    second = round(naive.replace(tzinfo=zone, fold=1).timestamp())
    if first == second:
        return (first,)
    return (first, second) if first < second else ()


def moments_of(
    stamps: Sequence[Stamp],
    calendar: Calendar,
    zone: dt.tzinfo | None,
    fault: Callable[[int, str], None],
    said: list[str],
) -> list[int]:
    """Return the moment of each stamp, in seconds since 1970 in UTC.

    Stamps with an offset have one moment. Others are taken by the clock of the zone; in the hour
    that is repeated when the clocks go back, by the order of the file. Without a zone they are
    taken by one clock that is never changed, and a file in which it goes back is refused.
    """
    walls = [calendar.wall_s(stamp) for stamp in stamps]
    is_falling = _is_falling(walls)
    if is_falling:
        said.append("the file begins with the newest reading; it was read from its end")
    moments = [0] * len(stamps)
    before_s, n_twice = None, 0
    backward: list[int] = []
    skipped: list[int] = []
    for i in reversed(range(len(stamps))) if is_falling else range(len(stamps)):
        stamp, wall_s = stamps[i], walls[i]
        if stamp.offset_s is not None:
            moments[i] = wall_s - stamp.offset_s
        elif zone is None:
            if before_s is not None and wall_s < before_s:
                backward.append(stamp.line)
            moments[i] = wall_s
        else:
            shown = local_s(wall_s, zone)
            if not shown:
                skipped.append(stamp.line)
                continue
            n_twice += len(shown) > 1
            later = [at_s for at_s in shown if before_s is None or at_s >= before_s]
            moments[i] = (later or shown)[0]
        before_s = moments[i]
    if backward:
        fault(
            min(backward),
            "the clock goes back here, and the file names no zone; say --zone, such as "
            "Europe/Berlin, so that summer time is known",
        )
    if skipped:
        fault(
            min(skipped),
            f"from here {counted(len(skipped), 'time')} that no clock of the zone shows, in the "
            "hour skipped when summer time begins; if the logger's clock is never changed, say "
            "--zone with an offset such as +01:00",
        )
    if n_twice:
        said.append(
            f"{counted(n_twice, 'time')} in the hour that the clocks show twice when summer time "
            "ends, taken in the order of the file"
        )
    return moments


def _is_falling(walls: Sequence[int]) -> bool:
    steps = [after - before for before, after in pairwise(walls)]
    return sum(step < 0 for step in steps) > sum(step > 0 for step in steps)
