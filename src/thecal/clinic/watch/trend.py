"""How a measured quantity moves: before treatment, since, how often it rose, what came of care.

A trend draws no verdict. A named policy may (`thecal.clinic.watch.rules`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from thecal.clinic.watch.measures import measured, measures
from thecal.clinic.watch.symptoms import SymptomTable
from thecal.course import Course, Event, Observation

NAMES = {
    "csf_wbc": "CSF white cells",
    "csf_protein": "CSF protein",
    "albumin_ratio": "albumin ratio",
    "csf_pressure": "CSF opening pressure",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One quantity of one course.

    before   values up to the first dose, the last of which is the baseline
    after    values since, one a day; never empty
    treated  recorded treatments after which it may fall
    """

    key: str
    before: tuple[Observation, ...]
    after: tuple[Observation, ...]
    treated: tuple[Event, ...] = ()

    @property
    def name(self) -> str:
        """What it is, in words."""
        return NAMES.get(self.key) or measures()[self.key].says

    @property
    def baseline(self) -> Observation | None:
        """The last value before treatment, or None."""
        return self.before[-1] if self.before else None

    @property
    def last(self) -> Observation:
        """The last value."""
        return self.after[-1]

    @property
    def highest(self) -> Observation | None:
        """The highest value since the first dose; None where all lie below a limit."""
        return max((o for o in self.after if not o.is_below), key=lambda o: o.value, default=None)

    @property
    def fold(self) -> float | None:
        """The last value over the baseline; None where either is not known as a number above 0."""
        base = self.baseline
        if base is None or base.is_below or self.last.is_below or base.value <= 0:
            return None
        return self.last.value / base.value

    @property
    def rises(self) -> int:
        """How many times in a row it rose, up to the last value."""
        count = 0
        for earlier, later in pairwise((*self.before[-1:], *self.after)):
            count = count + 1 if is_rise(earlier, later) else 0
        return count

    @property
    def fall(self) -> tuple[Event, Observation] | None:
        """The last treatment since which it fell, and the value before; None where it did not."""
        values = (*self.before, *self.after)
        for event in reversed(self.treated):
            until = [o for o in values if o.time_d <= event.time_d]
            if until and self.last.time_d > event.time_d and is_rise(self.last, until[-1]):
                return event, until[-1]
        return None

    @property
    def has_risen(self) -> bool:
        """Whether the highest value lies above the baseline, or there is none to compare with."""
        if self.highest is None:
            return False
        return self.baseline is None or self.highest.value > self.baseline.value

    def inputs(self) -> Mapping[str, float | str]:
        """Return what was read, by name."""
        found: dict[str, float | str] = {"last": self.last.value, "last_day": self.last.time_d}
        found["unit"] = self.last.unit
        if self.last.is_below:
            found["last_is_below"] = "yes"
        if self.baseline is not None:
            found |= {"baseline": self.baseline.value, "baseline_day": self.baseline.time_d}
        if self.highest is not None:
            found |= {"highest": self.highest.value, "highest_day": self.highest.time_d}
        if self.fold is not None:
            found["fold"] = self.fold
        return found | {"rises": self.rises}


def is_rise(earlier: Observation, later: Observation) -> bool:
    """Tell whether a value surely lies above an earlier one; below a limit nothing is sure."""
    return not later.is_below and later.value > earlier.value


def trend(course: Course, key: str, table: SymptomTable) -> Trend | None:
    """Return the trend of a quantity; None before treatment, or without a value since."""
    values = measured(course, key)
    after = tuple(o for o in values if o.time_d > 0)
    if not course.doses or not after:
        return None
    return Trend(
        key=key,
        before=tuple(o for o in values if o.time_d <= 0),
        after=after,
        treated=tuple(e for e in course.events if e.name in table.treatments),
    )
