"""Quantities of the watch, each in one unit, wherever a course file holds them.

CSF cells, protein and albumin ratio are kinds of their own; opening pressure, platelets, INR and
urine protein stand as kind `other` under a name. Which names and units are read is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from thecal.clinic.watch.grading import SCALES
from thecal.course import Course, Observation
from thecal.datafile import DataFile, Entry
from thecal.units import same_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A quantity held as kind `other`.

    names        the words of `method` that stand for it, in lower case
    factors      by unit, what a value is multiplied with
    least, most  values outside are slips, in `unit`
    """

    key: str
    says: str
    unit: str
    names: tuple[str, ...]
    factors: Mapping[str, float]
    least: float
    most: float

    def read(self, observation: Observation) -> Observation | None:
        """Return an observation in the canonical unit; None where it cannot be read so."""
        factor = self.factors.get(same_unit(observation.unit))
        if factor is None:
            return None
        value = observation.value * factor
        if not self.least <= value <= self.most:
            return None
        return replace(observation, kind=self.key, value=value, unit=self.unit)

    def is_named(self, observation: Observation) -> bool:
        """Tell whether an observation is of this quantity, by its name."""
        return observation.kind == "other" and observation.method.casefold() in self.names


@cache
def measures() -> Mapping[str, Measure]:
    """Return the quantities that are read from kind `other`, by key."""
    return read_measures(SCALES / "measures.yaml")


def measured(course: Course, key: str) -> tuple[Observation, ...]:
    """Return the observations of a quantity, one a day: of several, the highest."""
    held = course.observed(key)
    if key in measures():
        measure = measures()[key]
        named = (o for o in course.observations if measure.is_named(o))
        held = tuple(read for o in named if (read := measure.read(o)))
    by_day: dict[float, Observation] = {}
    for observation in held:
        other = by_day.get(observation.time_d)
        if other is None or other.is_below or other.value < observation.value:
            by_day[observation.time_d] = observation
    return tuple(by_day.values())


def unread(course: Course) -> tuple[tuple[Measure, Observation], ...]:
    """Return observations that name a quantity in a unit or size that cannot be read."""
    return tuple(
        (measure, o)
        for o in course.observations
        for measure in measures().values()
        if measure.is_named(o) and measure.read(o) is None
    )


def read_measures(path: Path) -> Mapping[str, Measure]:
    """Read the quantities (YAML). Raises DataFileError."""
    file = DataFile(path)
    found = {key: _measure(key, entry) for key, entry in file.read().mapping().items()}
    file.finish()
    return {key: measure for key, measure in found.items() if measure}


def _measure(key: str, entry: Entry) -> Measure | None:
    told = entry.fields(["says", "unit", "names", "units", "least", "most"])
    if len(told) < 6:
        return None
    return Measure(
        key=key,
        says=told["says"].text(),
        unit=told["unit"].text(),
        names=tuple(name.text().casefold() for name in told["names"].items()),
        factors={same_unit(u): f.number(least=0) for u, f in told["units"].mapping().items()},
        least=told["least"].number(),
        most=told["most"].number(),
    )
