"""A day, or an instant with its zone: how a clinic writes when something was.

A day without a time stands for all its hours, so that a rule counted in hours can take the
end of it that is on the safe side.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from thecal.datafile import Entry
from thecal.units import iso_date

INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?) ?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
FIRST, LAST = 1900, 2199  # years: a date outside is a slip, and arithmetic stays in bounds
EXPECTED = "a date as 2026-11-20, or a time with its zone as 2026-11-20T08:30+01:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something was or is asked about.

    day  the date, as it was written
    at   the instant, with its zone; None where only the day is known
    """

    day: dt.date
    at: dt.datetime | None = None

    @property
    def zone(self) -> dt.tzinfo | None:
        """Zone in which it was written; None for a day."""
        return self.at.tzinfo if self.at else None

    def earliest(self, zone: dt.tzinfo | None = None) -> dt.datetime:
        """Return the first instant it may mean; a day is one of `zone`, or else of UTC."""
        return self.at or dt.datetime.combine(self.day, dt.time(), zone or dt.UTC)

    def latest(self, zone: dt.tzinfo | None = None) -> dt.datetime:
        """Return the last instant it may mean: of a day, its end."""
        return self.at or self.earliest(zone) + dt.timedelta(days=1)

    def day_in(self, zone: dt.tzinfo | None) -> dt.date:
        """Return its date by the calendar of a zone; of a day, the day."""
        return self.at.astimezone(zone).date() if self.at and zone else self.day

    def is_after(self, other: Moment) -> bool:
        """Tell whether it surely lies after another moment, all of whose hours have passed."""
        begun, over = self.earliest(other.zone), other.latest(self.zone)
        return begun > over if other.at else begun >= over

    @property
    def iso(self) -> str:
        """The same for a program: a date, or a time with its zone."""
        return self.at.isoformat() if self.at else self.day.isoformat()

    def __str__(self) -> str:
        return time_words(self.at) if self.at else self.day.isoformat()


def time_words(at: dt.datetime) -> str:
    """Write an instant: "2026-11-20 08:30 +01:00", or without a zone where none was named."""
    text = at.isoformat(sep=" ", timespec="seconds" if at.second else "minutes")
    return f"{text[:-6]} {text[-6:]}" if at.tzinfo else text


def moment(text: str) -> Moment:
    """Read a date, or an instant with its zone. ValueError says what is expected."""
    found = INSTANT.fullmatch(text)
    if found is None:
        day = iso_date(text)
        at = None
    else:
        date, time, zone = found.groups()
        if zone is None:
            raise ValueError("a time needs its zone, as 08:30+01:00 or 08:30Z")
        day = iso_date(date)
        at = dt.datetime.fromisoformat(f"{date}T{time}{zone}")
    if not FIRST <= day.year <= LAST:
        raise ValueError(f"expected a year from {FIRST} to {LAST}")
    return Moment(day=day, at=at)


def read_moment(entry: Entry) -> Moment:
    """Read a moment out of a data file; what is none is a fault of the file."""
    words = entry.text()
    try:
        return moment(words)
    except ValueError as error:
        if words:
            why = f"; {error}" if str(error).startswith(("a time", "expected")) else ""
            entry.fault(f"expected {EXPECTED}{why}")
        return Moment(day=dt.date(FIRST, 1, 1))
