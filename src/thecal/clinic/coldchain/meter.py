"""How much of a time budget was used: in all, in a day, and on how many days.

A label that says "6 hours a day" does not say what a day is. Both readings are kept: calendar
days in the clinic's zone, and any 24 hours. By the second, the first day of use begins with the
first use and lasts 24 hours, and the next begins with the first use after it.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

MIN_S, DAY_S = 60, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What one reading of "a day" makes of the time used.

    most_s  most in one day
    days    on how many days
    last_s  on the last day: the calendar day of the last moment, or the 24 hours before it
    """

    most_s: int
    days: int
    last_s: int


@dataclass(slots=True)
class Meter:
    """Adds up time used, in the order of time; each second at most once."""

    zone: dt.tzinfo
    total_s: int = 0
    by_date: dict[dt.date, int] = field(default_factory=dict)
    calendar_most_s: int = 0
    rolling_most_s: int = 0
    rolling_days: int = 0
    rolling_until_s: int = 0
    window: deque[tuple[int, int]] = field(default_factory=deque)
    window_s: int = 0

    def add(self, start_s: int, end_s: int) -> None:
        """Count a time that begins at or after the end of the one before."""
        self.total_s += end_s - start_s
        for date, part_s in by_date(start_s, end_s, self.zone):
            self.by_date[date] = self.by_date.get(date, 0) + part_s
            self.calendar_most_s = max(self.calendar_most_s, self.by_date[date])
        self.window.append((start_s, end_s))
        self.window_s += end_s - start_s
        # What any 24 hours hold only grows while the vial is used, so it is most where a use ends.
        self.rolling_most_s = max(self.rolling_most_s, self.last_24h_s(end_s))
        while end_s > max(start_s, self.rolling_until_s):  # a use of no length is no day
            self.rolling_until_s = max(start_s, self.rolling_until_s) + DAY_S
            self.rolling_days += 1

    def last_24h_s(self, at_s: int) -> int:
        """Return what was used in the 24 hours before a moment, at or after the last one asked."""
        since_s = at_s - DAY_S
        while self.window and self.window[0][1] <= since_s:
            start_s, end_s = self.window.popleft()
            self.window_s -= end_s - start_s
        before_s = since_s - self.window[0][0] if self.window else 0
        return self.window_s - max(before_s, 0)

    @property
    def days(self) -> tuple[int, int]:
        """On how many days: calendar days, and days of 24 hours."""
        return len(self.by_date), self.rolling_days

    @property
    def most_day_s(self) -> tuple[int, int]:
        """Most on one day: of calendar days, and of any 24 hours."""
        return self.calendar_most_s, self.rolling_most_s

    def until(self, at_s: int) -> tuple[Day, Day]:
        """Return both readings of a day at the end, by calendar days and by any 24 hours."""
        last_s = self.by_date.get(local_date(at_s, self.zone), 0), self.last_24h_s(at_s)
        calendar, rolling = (
            Day(most_s=most, days=days, last_s=last)
            for most, days, last in zip(self.most_day_s, self.days, last_s, strict=True)
        )
        return calendar, rolling


def local_date(at_s: int, zone: dt.tzinfo) -> dt.date:
    """Return the date of a moment in a zone."""
    return dt.datetime.fromtimestamp(at_s, zone).date()


def by_date(start_s: int, end_s: int, zone: dt.tzinfo) -> Iterator[tuple[dt.date, int]]:
    """Cut a time at the midnights of a zone, into dates and seconds."""
    while start_s < end_s:
        date = local_date(start_s, zone)
        until_s = min(_same_date_until(start_s, date, zone), end_s)
        yield date, until_s - start_s
        start_s = until_s


def _same_date_until(at_s: int, date: dt.date, zone: dt.tzinfo) -> int:
    """Return until when a clock shows the date that it shows at a moment, or a part of that time.

    Where a clock is set back over midnight it shows midnight twice, and the date before it may
    come back between the two: there, and only there, we go on by single minutes.
    """
    _, second_s = _midnights(date, zone)
    if at_s < second_s:
        return at_s + MIN_S - at_s % MIN_S
    first_s, second_s = _midnights(date + dt.timedelta(days=1), zone)
    return first_s if at_s < first_s else second_s


@lru_cache(maxsize=64)
def _midnights(date: dt.date, zone: dt.tzinfo) -> tuple[int, int]:
    """Return when a date begins: twice the same, or both midnights of a clock that is set back.

    Where it is set forward over midnight, the date begins at that moment.
    """
    midnight = dt.datetime.combine(date, dt.time(), zone)
    first_s, second_s = (round(midnight.replace(fold=fold).timestamp()) for fold in (0, 1))
    return first_s, max(first_s, second_s)
