"""What an export says of its columns: which hold times and temperatures, in which unit and order.

The names are those of the field's programs, in the languages they come in; anything else in a
header may be a label somebody typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

UNIT = re.compile(
    r"[°º]\s*([cf])(?![a-z])|[(\[]\s*(?:deg\.?\s*)?([cf])\s*[)\]]|\bdeg\.?\s*([cf])\b"
    r"|\b(c)elsius|\b(f)ahrenheit|temp(?:erature)?[ _]([cf])(?![a-z])"
)
UNIT_LINE = re.compile(r"\bunits?\b|\beinheit|temp")
DATE_ORDER = re.compile(r"\b(dd?)[-/](mm?)[-/]yy|\b(mm?)[-/](dd?)[-/]yy")
DATE_WORDS = frozenset(("date", "datum", "fecha", "data"))
TIME_WORDS = frozenset(("time", "uhrzeit", "zeit", "heure", "hora", "ora"))
BOTH_WORDS = frozenset(("datetime", "timestamp", "zeitstempel", "horodatage"))
NO_TIME_WORDS = frozenset(("elapsed", "duration", "delay", "total", "zone", "format"))
OTHER = re.compile(
    r"dew|taupunkt|humid|feuchte|\brh\b|alarm|limit|thresh|set ?point|kinetic|\bmkt\b|unit|einheit"
    r"|\b(?:min|max|mean|avg|average|low|high|lower|upper|minimum|maximum)\b"
)
SENSOR_WORDS = frozenset(("sensor", "probe", "channel", "kanal", "device", "logger"))


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row things stand, and what the header says of them."""

    time: tuple[int, ...]  # one column, or date and time of day
    temperature: tuple[int, ...]
    unit: int | None
    sensor: int | None
    names: tuple[str, ...]


def columns_of(cells: Sequence[str]) -> Columns | None:
    """Read the names of the columns; None where a time or a temperature is not among them."""
    names = tuple(" ".join(cell.casefold().split()) for cell in cells)
    words = [frozenset(re.findall(r"[^\W\d_]+", name.split("(")[0])) for name in names]
    both = [
        i
        for i, w in enumerate(words)
        if not w & NO_TIME_WORDS and (w & BOTH_WORDS or (w & DATE_WORDS and w & TIME_WORDS))
    ]
    dates = [i for i, w in enumerate(words) if w & DATE_WORDS and not w & NO_TIME_WORDS]
    times = [i for i, w in enumerate(words) if w & TIME_WORDS and not w & NO_TIME_WORDS]
    temperature = tuple(i for i, name in enumerate(names) if _is_temperature(name))
    if both:
        time: tuple[int, ...] = (both[0],)
    elif dates and times:
        time = (dates[0], times[0])
    else:
        time = tuple((dates or times)[:1])
    temperature = tuple(i for i in temperature if i not in time)
    if not time or not temperature:
        return None
    units = [i for i, w in enumerate(words) if w & {"unit", "units", "einheit"}]
    sensors = [i for i, w in enumerate(words) if w & SENSOR_WORDS and i not in temperature]
    return Columns(
        time=time,
        temperature=temperature,
        unit=units[0] if units else None,
        sensor=sensors[0] if sensors else None,
        names=names,
    )


def _is_temperature(name: str) -> bool:
    own = name.split("(")[0]
    if OTHER.search(own) or name[:1].isdigit():  # "8.1 °C" is a value, of a preamble
        return False
    return "temp" in own or bool(re.search(r"[°º] ?[cf]\b|[(\[] ?(?:deg\.? ?)?[cf] ?[)\]]", name))


def unit_in(text: str) -> str | None:
    """Find a unit in a header or a line of the preamble: "C", "F" or None."""
    found = UNIT.search(text.casefold())
    return next(group for group in found.groups() if group).upper() if found else None


def order_of(lines: Sequence[str]) -> str | None:
    """Find in the header in which order the numbers of a date stand, as in dd/mm/yyyy."""
    for line in lines:
        if found := DATE_ORDER.search(line.casefold()):
            return "dmy" if found[1] else "mdy"
    return None


def unit_above(preamble: Sequence[str]) -> str | None:
    """Find the unit in the lines above the header, if all that name one agree."""
    found = {
        unit_in(line) or _bare_unit(line) for line in preamble if UNIT_LINE.search(line.casefold())
    } - {None}
    return found.pop() if len(found) == 1 else None


def _bare_unit(line: str) -> str | None:
    match = re.search(r"[,;:\t= ]\"?([CF])\"?[,;\t ]*$", line.rstrip("\r\n"))
    return match[1] if match else None
