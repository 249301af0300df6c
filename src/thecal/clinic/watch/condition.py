"""What must be recorded for a grade or a stage: "adl=self_care", "value>=50 and value<75".

A condition is true, false, or open, where a fact it needs was not recorded. Nothing is guessed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from thecal.datafile import Entry

Fact: TypeAlias = float | str
Facts: TypeAlias = Mapping[str, Fact]

COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
PART = re.compile(r"([a-z][a-z0-9_]*) ?(>=|<=|>|<|=) ?([a-z0-9_./]+)", re.ASCII)
NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """One comparison of a fact with a number, a word, or another fact."""

    name: str
    sign: str
    against: Fact

    def holds(self, facts: Facts) -> bool | None:
        """Tell whether it is so; None where a fact is missing."""
        found, against = facts.get(self.name), self.against
        if self.sign == "=":
            return None if found is None else found == against
        if isinstance(against, str):
            against = facts.get(against, "")
        if isinstance(found, str) or isinstance(against, str) or found is None:
            return None
        return COMPARE[self.sign](found, against)

    def missing(self, facts: Facts) -> set[str]:
        """Name the facts it needs and lacks."""
        needed = {self.name}
        if self.sign != "=" and isinstance(self.against, str):
            needed.add(self.against)
        return needed - set(facts)


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives, each of parts that must all hold."""

    alternatives: tuple[tuple[Part, ...], ...]

    def holds(self, facts: Facts) -> bool | None:
        """Tell whether one alternative holds; None where that depends on a missing fact."""
        return _any(_all(part.holds(facts) for part in parts) for parts in self.alternatives)

    def missing(self, facts: Facts) -> set[str]:
        """Name the missing facts of the alternatives that are still open."""
        needed: set[str] = set()
        for parts in self.alternatives:
            if _all(part.holds(facts) for part in parts) is None:
                needed.update(*(part.missing(facts) for part in parts))
        return needed


def _all(held: Iterable[bool | None]) -> bool | None:
    told = list(held)
    if False in told:
        return False
    return None if None in told else True


def _any(held: Iterable[bool | None]) -> bool | None:
    told = list(held)
    if True in told:
        return True
    return None if None in told else False


def number(text: str) -> float | None:
    """Read 12, 0.5 or 20/40, which is a visual acuity of 0.5; None for anything else."""
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    below = float(found[2]) if found[2] else 1.0
    return float(found[1]) / below if below else None


def read_condition(entry: Entry) -> Condition:
    """Read a list of conditions of which one is enough; faults go to the file."""
    lines = entry.items()
    return Condition(tuple(_parts(line) for line in lines))


def _parts(entry: Entry) -> tuple[Part, ...]:
    found = []
    for words in entry.text().split(" and "):
        told = PART.fullmatch(words)
        if told is None:
            entry.fault("expected conditions such as 'adl=self_care' or 'value>=50 and value<75'")
            return ()
        value = number(told[3])
        found.append(Part(told[1], told[2], told[3] if value is None else value))
    return tuple(found)
