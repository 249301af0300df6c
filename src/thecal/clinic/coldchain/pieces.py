"""The time of a vial in pieces: where it was, and how cold and how warm.

The time between two readings takes both the colder and the warmer of its two ends, so that what
happened between them is never better than what was seen. Where two readings are further apart
than a policy allows there is a gap, and its temperature is not known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby, pairwise


class State(StrEnum):
    """Where a vial is; outside the carton means outside the refrigerator, too."""

    REFRIGERATOR = "refrigerator"  # in its carton, in the refrigerator
    CARTON = "carton"  # in its carton, outside the refrigerator
    OUT_OF_CARTON = "out_of_carton"  # unopened, out of its carton and of the refrigerator
    NOT_STATED = "not_stated"


OUTSIDE = (State.CARTON, State.OUT_OF_CARTON)


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One temperature: seconds since 1970 in UTC, °C, and the line of the file it stands on."""

    at_s: int
    temperature_C: float
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A time for which somebody states where the vial was."""

    start_s: int
    end_s: int
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A time in which the vial stayed in one state; a single reading is a piece of no length.

    coldest, warmest  of the readings at both ends of the interval that the piece belongs to; in a
                      gap they are only the nearest
    """

    start_s: int
    end_s: int
    state: State
    is_gap: bool
    coldest: Reading
    warmest: Reading

    def is_below(self, least_C: float) -> bool:
        """Tell whether a reading at either end was colder than this."""
        return not self.is_gap and self.coldest.temperature_C < least_C

    def is_above(self, most_C: float) -> bool:
        """Tell whether a reading at either end was warmer than this."""
        return not self.is_gap and self.warmest.temperature_C > most_C


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without readings that is too long to be passed over; `near` is the reading before it.

    Where the vial's whereabouts are stated for longer than the log runs, `near` is its first or
    last reading.
    """

    start_s: int
    end_s: int
    near: Reading


@dataclass(frozen=True, slots=True)
class End:
    """An end of an interval, with the coldest and the warmest reading of that moment.

    is_read  a reading was taken then; else a stay reaches here, and the readings are the nearest
    """

    at_s: int
    coldest: Reading
    warmest: Reading
    is_read: bool = True


def ends_of(ordered: Sequence[Reading], stays: Sequence[Stay]) -> list[End]:
    """Return the moments that have readings, and those to which a stay reaches beyond them.

    Such a moment takes the nearest reading: close to it that is its temperature, as between two
    readings, and further away there is a gap.

    ordered  readings, at least one, in the order of their times and temperatures
    stays    in the order of their times
    """
    ends = []
    for at_s, group in groupby(ordered, key=lambda reading: reading.at_s):
        moment = list(group)
        ends.append(End(at_s, moment[0], moment[-1]))
    if stays and stays[0].start_s < ends[0].at_s:
        ends.insert(0, replace(ends[0], at_s=stays[0].start_s, is_read=False))
    if stays and stays[-1].end_s > ends[-1].at_s:
        ends.append(replace(ends[-1], at_s=stays[-1].end_s, is_read=False))
    return ends


def pieces_of(
    ends: Sequence[End], stays: Sequence[Stay], longest_s: int, otherwise: State
) -> Iterator[Piece]:
    """Cut the time at every reading, and wherever the vial was moved.

    longest_s  an interval longer than this is a gap
    otherwise  where the vial was when no stay says so
    """
    is_alone = True  # the reading at hand belongs to no interval yet
    for before, after in pairwise(ends):
        is_gap = after.at_s - before.at_s > longest_s
        if is_gap and is_alone and before.is_read:
            yield _moment(before, stays, otherwise)
        coldest, warmest = before.coldest, before.warmest
        if after.coldest.temperature_C < coldest.temperature_C:
            coldest = after.coldest
        if after.warmest.temperature_C > warmest.temperature_C:
            warmest = after.warmest
        for start_s, end_s, state in _cut(before.at_s, after.at_s, stays, otherwise):
            yield Piece(
                start_s=start_s,
                end_s=end_s,
                state=state,
                is_gap=is_gap,
                coldest=coldest,
                warmest=warmest,
            )
        is_alone = is_gap
    if is_alone and ends[-1].is_read:
        yield _moment(ends[-1], stays, otherwise)


def gaps_of(ends: Sequence[End], longest_s: int) -> Iterator[Gap]:
    """Find the intervals that are longer than `longest_s`."""
    for before, after in pairwise(ends):
        if after.at_s - before.at_s > longest_s:
            yield Gap(start_s=before.at_s, end_s=after.at_s, near=before.warmest)


def _moment(end: End, stays: Sequence[Stay], otherwise: State) -> Piece:
    """Return a reading that has no interval beside it, and is still to be judged."""
    i = bisect_right(stays, end.at_s, key=lambda stay: stay.end_s)
    is_stated = i < len(stays) and stays[i].start_s <= end.at_s
    return Piece(
        start_s=end.at_s,
        end_s=end.at_s,
        state=stays[i].state if is_stated else otherwise,
        is_gap=False,
        coldest=end.coldest,
        warmest=end.warmest,
    )


def _cut(
    start_s: int, end_s: int, stays: Sequence[Stay], otherwise: State
) -> Iterator[tuple[int, int, State]]:
    """Cut a time where the vial was moved."""
    i = bisect_right(stays, start_s, key=lambda stay: stay.end_s)
    while start_s < end_s:
        if i == len(stays):
            until_s, state = end_s, otherwise
        elif start_s < stays[i].start_s:
            until_s, state = min(end_s, stays[i].start_s), otherwise
        else:
            until_s, state = min(end_s, stays[i].end_s), stays[i].state
            i += 1
        yield start_s, until_s, state
        start_s = until_s
