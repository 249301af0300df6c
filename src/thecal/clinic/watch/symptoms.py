"""Which recorded symptoms may belong to which serious reaction of a label: the table, read.

What the label says of a reaction, and asks for, is in the label. Here is only what to look for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thecal.clinic.finding import Severity
from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, Basis, Head, read_basis, read_head
from thecal.clinic.watch.grading import SCALES
from thecal.course import Course, Event
from thecal.datafile import DataFile, Entry
from thecal.label.label import Label

CSF = ("csf_wbc", "csf_protein")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Lowest and highest figure that was found, in the canonical unit."""

    lo: float
    hi: float
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A serious reaction; `key` is one of the events by which a label's warning names it.

    words  event names of it, for a label whose warnings were not read
    csf    what was found in CSF when the event was serious, by kind: context, not a threshold
    """

    key: str
    says: str
    words: tuple[str, ...]
    csf: Mapping[str, Range]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """A symptom: the event names for it, the reactions it fits, and how serious it is alone.

    also  a commoner cause, in words; empty where none is named
    """

    key: str
    words: tuple[str, ...]
    fits: tuple[str, ...]
    alone: Severity
    also: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomTable:
    """All of it; `near_d` is how many days apart symptoms are still shown together."""

    head: Head
    medicines: tuple[str, ...]
    near_d: float
    reactions: Mapping[str, Reaction]
    symptoms: tuple[Symptom, ...]
    treatments: tuple[str, ...]

    def symptom(self, event: str) -> Symptom | None:
        """Return the symptom an event name stands for, or None."""
        return next((s for s in self.symptoms if event in s.words), None)


@cache
def symptom_table() -> SymptomTable:
    """Return the shipped table."""
    return read_symptoms(SCALES / "symptoms.yaml")


def read_symptoms(path: Path) -> SymptomTable:
    """Read a table of symptoms (YAML). Raises DataFileError."""
    file = DataFile(path)
    keys = (*HEAD, "medicines", "near_d", "reactions", "symptoms", "treatments")
    top = file.read().fields(keys, HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    near = top["near_d"].fields(["days", *BASIS])
    treatments = top["treatments"].fields(["words", *BASIS])
    file.finish()
    read_basis(near, head)
    read_basis(treatments, head)
    reactions = {k: _reaction(k, e, head) for k, e in top["reactions"].mapping().items()}
    symptoms = [_symptom(k, e, head, reactions) for k, e in top["symptoms"].mapping().items()]
    table = SymptomTable(
        head=head,
        medicines=_words(top["medicines"]),
        near_d=near["days"].number(least=0, most=365),
        reactions=reactions,
        symptoms=tuple(symptom for symptom in symptoms if symptom),
        treatments=_words(treatments["words"]),
    )
    file.finish()
    return table


def _reaction(key: str, entry: Entry, head: Head) -> Reaction:
    told = entry.fields(["says", "words"], CSF)
    csf = {}
    for kind in CSF:
        if kind in told:
            found = told[kind].fields(["lo", "hi", *BASIS])
            if len(found) == 2 + len(BASIS):
                lo, hi = found["lo"].number(least=0), found["hi"].number(least=0)
                csf[kind] = Range(lo=lo, hi=hi, basis=read_basis(found, head))
    if not {"says", "words"} <= set(told):
        return Reaction(key=key, says="", words=(), csf={})
    return Reaction(key=key, says=told["says"].text(), words=_words(told["words"]), csf=csf)


def _symptom(
    key: str, entry: Entry, head: Head, reactions: Mapping[str, Reaction]
) -> Symptom | None:
    needed = ["words", "fits", "alone", *BASIS]
    told = entry.fields(needed, ["also"])
    if not set(needed) <= set(told):
        return None
    return Symptom(
        key=key,
        words=_words(told["words"]),
        fits=tuple(e.choice(reactions) for e in told["fits"].items()),
        alone=Severity(told["alone"].choice(Severity) or Severity.NOTE),
        also=told["also"].text() if "also" in told else "",
        basis=read_basis(told, head),
    )


def _words(entry: Entry) -> tuple[str, ...]:
    return tuple(word.text() for word in entry.items())


# -- in a course


def symptom_groups(
    course: Course, label: Label, table: SymptomTable
) -> tuple[tuple[Event, ...], ...]:
    """Return the recorded symptoms since the first dose, those near in time together."""
    if label.medicine not in table.medicines:
        return ()
    groups: list[list[Event]] = []
    for event in course.events:
        if event.time_d < 0 or table.symptom(event.name) is None:
            continue
        if groups and event.time_d - groups[-1][-1].time_d <= table.near_d:
            groups[-1].append(event)
        else:
            groups.append([event])
    return tuple(tuple(group) for group in groups)


def named_days(events: Sequence[Event]) -> str:
    """Name events, each with its days: "leg weakness (day 115, 121), fever (day 116)"."""
    names = dict.fromkeys(event.name for event in events)
    return ", ".join(f"{n.replace('_', ' ')} (day {each_day(events, n)})" for n in names)


def each_day(events: Sequence[Event], name: str) -> str:
    """Return the days of one event name, with commas between."""
    return ", ".join(f"{event.time_d:g}" for event in events if event.name == name)
