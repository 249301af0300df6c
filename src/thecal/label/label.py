"""What one version of a label says in one jurisdiction, statement by statement.

A `Label` also says what it does not say: `silences` are questions the label leaves open, and
`not_read` are topics whose text nobody here has read. Neither is ever filled in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from thecal.errors import CatalogError
from thecal.label.topics import AREAS
from thecal.source import Source

Value: TypeAlias = float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing the label says, in our own words, with its numbers.

    topic   ``area`` or ``area.detail``, from `thecal.label.topics`
    says    the statement restated
    values  its numbers and words, named with their units
    source  document, section, version and jurisdiction
    plain   the same for a patient, in plain words; empty where it is not for a leaflet
    """

    topic: str
    says: str
    values: Mapping[str, Value]
    source: Source
    plain: str = ""

    def number(self, name: str) -> float:
        """Return the value `name` as a number."""
        value = self.values.get(name)
        if not isinstance(value, float):
            found = "missing" if value is None else f"{value!r}, not a number"
            raise CatalogError(f"{self.topic}: '{name}' is {found}")
        return value

    def whole(self, name: str) -> int:
        """Return the value `name` as a whole number."""
        value = self.number(name)
        if value != int(value):
            raise CatalogError(f"{self.topic}: '{name}' is {value:g}, not a whole number")
        return int(value)

    def words(self, name: str) -> tuple[str, ...]:
        """Return the list of texts `name`; empty where the statement has none."""
        value = self.values.get(name, ())
        if isinstance(value, float):
            raise CatalogError(f"{self.topic}: '{name}' is a number, not a list of texts")
        return (value,) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A question that the label leaves open (`why` it matters), or a topic not read.

    plain   the same for a patient, and whom to ask; empty where it is not for a leaflet
    """

    topic: str
    says: str
    source: Source
    plain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The label of one medicine in one jurisdiction, at one version.

    edition    a short name for the version, such as "2023", by which it is asked for
    status     "current", "superseded", or "in part" for a version of which too little was read
    effective  date of that version; None where it is not known
    """

    medicine: str
    jurisdiction: str
    document: str
    version: str
    edition: str
    status: str
    effective: dt.date | None
    statements: tuple[Statement, ...]
    silences: tuple[Silence, ...]
    not_read: tuple[Silence, ...]
    _by_topic: Mapping[str, tuple[Statement, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, list[Statement]] = {}
        for statement in self.statements:
            for name in {area(statement.topic), statement.topic}:
                found.setdefault(name, []).append(statement)
        index = {name: tuple(held) for name, held in found.items()}
        object.__setattr__(self, "_by_topic", index)

    def about(self, topic: str) -> tuple[Statement, ...]:
        """Return the statements on a topic; an area includes its details."""
        return self._by_topic.get(topic, ())

    def the(self, topic: str) -> Statement:
        """Return the one statement on a detail; absent, the error says why."""
        found = self.about(topic)
        if len(found) == 1:
            return found[0]
        if not found:
            gap = next((g for g in self.not_read if covers(g.topic, topic)), None)
            why = f": {gap.says}" if gap else ""
            raise CatalogError(
                f"the {self.jurisdiction} label of {self.medicine} holds no statement on "
                f"{topic}{why}"
            )
        raise CatalogError(f"{len(found)} statements on {topic}; one is expected")

    def silence(self, topic: str) -> Silence | None:
        """Return what the label leaves open about a topic, or None."""
        return next((s for s in self.silences if s.topic == topic), None)


def covers(topic: str, other: str) -> bool:
    """Tell whether `other` is `topic` or one of its details."""
    return other == topic or other.startswith(topic + ".")


def area(topic: str) -> str:
    """Return the area a topic belongs to."""
    return topic.split(".", 1)[0]


def missing_areas(statements: tuple[Statement, ...], *gaps: tuple[Silence, ...]) -> list[str]:
    """Return the areas that are neither stated, nor silent, nor marked as not read."""
    covered = {area(s.topic) for s in statements}
    covered |= {area(g.topic) for group in gaps for g in group}
    return [name for name in AREAS if name not in covered]
