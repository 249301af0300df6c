"""How severe an event or a value is: CTCAE v5 where it has a term, an own labelled grade elsewhere.

A grade is read from recorded facts and from nothing else. Where they do not suffice the answer is
what is missing. The facts of an event stand in its `method`, as "adl=self_care severity=severe".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, Basis, Head, read_basis, read_head
from thecal.clinic.watch.condition import Condition, Fact, Facts, number, read_condition
from thecal.course import Event
from thecal.datafile import SHIPPED, DataFile, Entry

SCALES = SHIPPED / "scales"
FACT = re.compile(r"([a-z_]+) ?= ?([a-z0-9_./]+)", re.ASCII)
# The facts an event may carry, and the words each may be; None: a number.
WORDS: dict[str, tuple[str, ...] | None] = {
    "symptoms": ("none", "some"),
    "severity": ("mild", "moderate", "severe"),
    "adl": ("none", "instrumental", "self_care"),
    "care": ("none", "medical", "patch", "invasive", "antimicrobial"),
    "deficit": ("none", "focal"),
    "acuity": None,
    "life_threatening": ("yes", "no"),
    "fatal": ("yes", "no"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One gradable thing: an event by its names, or a measured quantity.

    grades  by grade, lowest first: what it is in words, and what must be recorded for it
    """

    name: str
    events: tuple[str, ...]
    measure: str
    grades: Mapping[int, tuple[str, Condition]]
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Terms of one grading; `kind` is what its grades are called wherever they are shown."""

    head: Head
    kind: str
    note: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A grade, or what is missing for one.

    grade    the highest that the facts allow; 0 if all are excluded, None if none can be told
    missing  facts that could raise it, or that are needed for any; empty where it is final
    """

    scale: Scale
    term: Term
    grade: int | None
    missing: tuple[str, ...]

    def __str__(self) -> str:
        name = f"{self.scale.kind}, {self.term.name}"
        needs = ", ".join(self.missing)
        if self.grade is None:
            return f"{name}: not gradable from what is recorded: needs {needs}"
        if self.grade == 0:
            return f"{name}: below its lowest grade, {min(self.term.grades)}"
        said = f"{name}: grade {self.grade} ({self.term.grades[self.grade][0]})"
        return f"{said}; whether it is higher needs {needs}" if needs else said


def grade(scale: Scale, term: Term, facts: Facts) -> Grade:
    """Return the highest grade that the facts allow, and what could raise it."""
    missing: set[str] = set()
    for step in sorted(term.grades, reverse=True):
        _, condition = term.grades[step]
        held = condition.holds(facts)
        if held:
            return Grade(scale=scale, term=term, grade=step, missing=tuple(sorted(missing)))
        if held is None:
            missing |= condition.missing(facts)
    found = None if missing else 0
    return Grade(scale=scale, term=term, grade=found, missing=tuple(sorted(missing)))


def grade_event(event: Event) -> Grade | None:
    """Grade an event by the facts in its `method`; None where no scale has a term for it."""
    for scale in scales():
        for term in scale.terms:
            if event.name in term.events:
                return grade(scale, term, event_facts(event))
    return None


def grade_value(measure: str, value: float) -> Grade | None:
    """Grade a value in the canonical unit of its measure; None where no scale has a term."""
    for scale in scales():
        for term in scale.terms:
            if term.measure == measure:
                return grade(scale, term, {"value": value})
    return None


def event_facts(event: Event) -> dict[str, Fact]:
    """Read the facts in the `method` of an event; other words there are left alone.

    Some follow from others: without symptoms nothing is limited, and whoever has severe ones has
    some. An event that ended in death is recorded so, as fatal=yes.
    """
    facts: dict[str, Fact] = {"fatal": "no"}
    for name, said in FACT.findall(event.method.casefold()):
        words = WORDS.get(name, ())
        value = number(said) if words is None else said
        if value is not None and (words is None or value in words):
            facts[name] = value
    if facts.get("symptoms") == "none":
        facts = {"severity": "none", "adl": "none", **facts}
    elif "severity" in facts or facts.get("adl", "none") != "none":
        facts["symptoms"] = "some"
    return facts


@cache
def scales() -> tuple[Scale, ...]:
    """Return the shipped scales, CTCAE first."""
    return tuple(read_scale(SCALES / name) for name in ("ctcae.v5.yaml", "grades.thecal.yaml"))


def read_scale(path: Path) -> Scale:
    """Read a scale (YAML). Raises DataFileError."""
    file = DataFile(path)
    top = file.read().fields([*HEAD, "kind", "note", "terms"], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    terms = [_term(entry, head) for entry in top["terms"].items()]
    scale = Scale(
        head=head,
        kind=top["kind"].text(),
        note=top["note"].text(),
        terms=tuple(term for term in terms if term),
    )
    file.finish()
    return scale


def _term(entry: Entry, head: Head) -> Term | None:
    told = entry.fields(["term", *BASIS, "grades"], ["events", "measure"])
    if not {"term", *BASIS, "grades"} <= set(told):
        return None
    if ("events" in told) is ("measure" in told):
        entry.fault("a term is graded by its events or by a measure: one of the two")
    grades = {}
    for step, graded in told["grades"].mapping().items():
        said = graded.fields(["says", "when"])
        if step not in "12345" or len(said) < 2:
            graded.fault("expected a grade from 1 to 5 with 'says' and 'when'")
            continue
        grades[int(step)] = (said["says"].text(), read_condition(said["when"]))
    return Term(
        name=told["term"].text(),
        events=tuple(e.text() for e in told["events"].items()) if "events" in told else (),
        measure=told["measure"].text() if "measure" in told else "",
        grades=dict(sorted(grades.items())),
        basis=read_basis(told, head),
    )
