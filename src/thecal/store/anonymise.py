"""A copy of the record in which nobody is named: days, doses, values and known words, and no more.

What survives is listed here; whatever is not listed is left out, so that a field added tomorrow
stays inside until somebody lists it. Dates become days since the first dose. Free text, names,
sites, vials, lots, notes, sources, methods and unknown event names never leave. Each person gets a
new code by chance, in an order by chance, and nothing keeps the link.

What is said of a person (sex, decade of age, label, and the variant where it was asked for) is said
only where enough people share all of it (k-anonymity, with the k of a named policy); elsewhere it
becomes unknown, the most telling first.
"""

from __future__ import annotations

import csv
import io
import json
import math
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

from thecal import __version__
from thecal.clinic.genetics.variant import read_variant
from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, Head, read_basis, read_head
from thecal.clinic.watch.symptoms import symptom_table
from thecal.course import Course, Event, Observation
from thecal.datafile import DataFile
from thecal.errors import CatalogError, CourseError, StoreError, VariantError
from thecal.outfile import write_whole
from thecal.regimen.schedule import NOT_GIVEN, states
from thecal.store.due import label_of, planned
from thecal.store.engine import reading
from thecal.store.fact import INTRATHECAL, Fact, course_of
from thecal.store.outcome import Author
from thecal.store.record import ALPHABET, Record
from thecal.store.rows import facts_of
from thecal.units import QUANTITIES, iso_date

UNKNOWN = "unknown"
SEXES = ("female", "male")
# What is set to unknown where too few share it, in this order.
TELLING = ("variant", "age", "sex", "edition", "jurisdiction", "medicine")
FIGURES = ("people", "oldest", "band")
FILES = ("people.csv", "facts.csv", "about.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymity:
    """A named policy.

    people  how many share a combination, at least
    oldest  age in years from which on all are one class
    band    years of one class of age
    """

    head: Head
    people: int
    oldest: int
    band: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is said of one person; "unknown" where it is not said."""

    code: str
    sex: str = UNKNOWN
    age: str = UNKNOWN
    medicine: str = UNKNOWN
    jurisdiction: str = UNKNOWN
    edition: str = UNKNOWN
    variant: str = UNKNOWN

    @property
    def cell(self) -> tuple[str, ...]:
        """Everything that is said, as one combination."""
        return tuple(getattr(self, name) for name in TELLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One fact: a dose, a value measured, or an event by a known word.

    day  whole days since the first dose
    """

    code: str
    day: int
    kind: str
    value: str
    unit: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    """A copy without names.

    suppressed  how many people each thing was set to unknown for
    dropped     how much was left out, by what it was
    n_people    in the record, of whom there was something to say
    """

    policy: Anonymity
    with_variant: bool
    n_people: int
    people: tuple[Person, ...] = ()
    facts: tuple[Said, ...] = ()
    suppressed: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def is_enough(self) -> bool:
        """Whether there are people enough for a copy at all."""
        return self.n_people >= self.policy.people


def read_anonymity(path: Path) -> Anonymity:
    """Read a policy (YAML). Raises DataFileError."""
    file = DataFile(path)
    top = file.read().fields([*HEAD, "figures"], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    found = {}
    for name, entry in top["figures"].fields(FIGURES).items():
        told = entry.fields(["value", "says", *BASIS])
        if {"value", *BASIS} <= set(told):
            found[name] = told["value"].integer(least=1, most=1000)
            read_basis(told, head)
    file.finish()
    return Anonymity(head=head, **found)


def anonymise(
    record: Record, author: Author, policy: Anonymity, *, with_variant: bool = False
) -> Anonymous:
    """Return the whole record without names, noted as one look at everybody."""
    dropped: Counter[str] = Counter()
    found: list[tuple[Person, list[Said]]] = []
    patients = list(record.streams())
    secrets.SystemRandom().shuffle(patients)
    codes = _codes(len(patients))
    with reading(record.engine) as connection:
        for patient, code in zip(patients, codes, strict=True):
            facts = facts_of(connection, patient)
            try:
                course = course_of("", facts)
            except (CourseError, StoreError):
                dropped["patients whose facts make no course"] += 1
                continue
            plan = _plan(facts, record.folder)
            said = _said(code, course, _words(plan, record.folder), dropped)
            if not said:
                dropped["patients of whom nothing could be said"] += 1
                continue
            dropped.update(_unsaid(facts))
            found.append((_person(code, facts, course, plan, policy, with_variant), said))
    made = Anonymous(policy=policy, with_variant=with_variant, n_people=len(found))
    if made.is_enough:
        before = [person for person, _ in found]
        people = suppressed(before, policy.people)
        made = replace(
            made,
            people=tuple(people),
            facts=tuple(fact for _, said in found for fact in said),
            suppressed={
                name: sum(
                    getattr(a, name) != getattr(b, name)
                    for a, b in zip(before, people, strict=True)
                )
                for name in TELLING
            },
            dropped=dict(sorted(dropped.items())),
        )
    detail = f"{len(made.people)} people, policy {policy.head.name}, k {policy.people}"
    record.note(author, "anonymise", detail=detail)
    return made


def suppressed(people: Sequence[Person], k: int) -> list[Person]:
    """Set to unknown what too few share, until every combination is shared by k people.

    With fewer than k people in all there is no such copy; whoever asks has to see to that.
    """
    people = list(people)
    for name in TELLING:
        cells = Counter(person.cell for person in people)
        people = [p if cells[p.cell] >= k else replace(p, **{name: UNKNOWN}) for p in people]
    # Those of whom nothing is left to say are a combination, too: the next smallest joins them.
    nothing = (UNKNOWN,) * len(TELLING)
    while 0 < (cells := Counter(person.cell for person in people))[nothing] < k <= len(people):
        others = [(n, cell) for cell, n in cells.items() if cell != nothing]
        if not others:
            break
        smallest = min(others)[1]
        blank = dict.fromkeys(TELLING, UNKNOWN)
        people = [replace(p, **blank) if p.cell == smallest else p for p in people]
    return people


def _codes(n: int) -> list[str]:
    codes: set[str] = set()
    while len(codes) < n:
        codes.add("A-" + "".join(secrets.choice(ALPHABET) for _ in range(10)))
    return list(codes)


Plan: TypeAlias = tuple[str, str, str]  # medicine, jurisdiction, edition, as a label names itself


def _plan(facts: Sequence[Fact], folder: Path) -> Plan | None:
    """Return the label that is followed; None where the words of the plan name none."""
    plans = [fact.body for fact in facts if fact.kind == "plan" and fact.body]
    if not plans:
        return None
    try:
        label = label_of(*planned(plans[-1]), folder)
    except CatalogError:
        return None
    return label.medicine, label.jurisdiction, label.edition


def _person(
    code: str,
    facts: Sequence[Fact],
    course: Course,
    plan: Plan | None,
    policy: Anonymity,
    with_variant: bool,
) -> Person:
    told: dict[str, str] = {}
    if plan is not None:
        names = ("medicine", "jurisdiction", "edition")
        told = {name: word or UNKNOWN for name, word in zip(names, plan, strict=True)}
    for fact in facts:
        body = fact.body or {}
        if fact.kind == "person":
            sex = str(body.get("sex", "")).casefold()
            told["sex"] = sex if sex in SEXES else UNKNOWN
            if "birth_date" in body and course.start is not None and course.doses:
                born, first = iso_date(body["birth_date"]), course.start
                years = first.year - born.year
                years -= (first.month, first.day) < (born.month, born.day)
                told["age"] = _age(years, policy)
        elif fact.kind == "variant" and with_variant:
            told["variant"] = _variant(str(body.get("text", "")))
    return Person(code=code, **told)


def _age(years: int, policy: Anonymity) -> str:
    if years < 0:
        return UNKNOWN
    if years >= policy.oldest:
        return f"{policy.oldest} or older"
    low = years // policy.band * policy.band
    return f"{low} to {min(low + policy.band, policy.oldest) - 1}"


@cache
def _variant(text: str) -> str:
    """Return the protein name a text certainly means; free text may say anything else."""
    try:
        readings = read_variant(text).readings
    except VariantError:
        return UNKNOWN
    return readings[0].protein or UNKNOWN if len(readings) == 1 else UNKNOWN


@cache
def _words(plan: Plan | None, folder: Path) -> frozenset[str]:
    """Return the event names that mean something: a label's, a treatment's, and symptoms'."""
    words = {word for symptom in symptom_table().symptoms for word in symptom.words}
    words |= {*NOT_GIVEN, *states(plan[0] if plan else "treatment")}
    if plan is not None:
        medicine, jurisdiction, edition = plan
        for statement in label_of(medicine, jurisdiction, edition or None, folder).statements:
            words |= {*statement.words("events"), *statement.words("reaction_events")}
    return frozenset(words)


def _said(code: str, course: Course, words: frozenset[str], dropped: Counter[str]) -> list[Said]:
    said = [
        Said(
            code=code,
            day=dose.time_d,
            kind="dose",
            value=f"{dose.amount_mg:.12g}",
            unit="mg",
            method=INTRATHECAL if dose.route == INTRATHECAL else "",
        )
        for dose in course.doses
    ]
    for o in course.observations:
        quantity = QUANTITIES.get(o.kind)
        if quantity is None or o.unit != quantity.unit:
            dropped["values of kind other"] += 1
            continue
        value = ("<" if o.is_below else "") + f"{o.value:.12g}"
        said.append(_at(code, o, o.kind, value, quantity.unit))
    for event in course.events:
        if event.name in words:
            said.append(_at(code, event, "event", event.name))
        else:
            dropped["events by a word that is not known"] += 1
    return sorted(said, key=lambda fact: fact.day)


def _at(code: str, fact: Observation | Event, kind: str, value: str, unit: str = "") -> Said:
    return Said(code=code, day=math.floor(fact.time_d), kind=kind, value=value, unit=unit)


def _unsaid(facts: Sequence[Fact]) -> Counter[str]:
    kinds = ("person", "plan", "dose", "observation", "event", "variant")
    return Counter(f"facts of kind {fact.kind}" for fact in facts if fact.kind not in kinds)


# -- written


def write_anonymous(made: Anonymous, folder: Path) -> None:
    """Write the copy into a folder that is new or empty, each file whole.

    Raises StoreError where the folder holds anything: two copies side by side can be joined.
    """
    check_folder(folder)
    folder.mkdir(exist_ok=True)
    columns = [f.name for f in fields(Person) if f.name != "variant" or made.with_variant]
    texts = {
        "people.csv": _table(columns, [asdict(person) for person in made.people]),
        "facts.csv": _table([f.name for f in fields(Said)], [asdict(f) for f in made.facts]),
        "about.json": json.dumps(about(made), ensure_ascii=False, indent=2) + "\n",
    }
    for name in FILES:
        write_whole(folder / name, texts[name].encode())


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds anything, or that cannot be made."""
    if not folder.parent.is_dir():
        raise StoreError("there is no folder to make this one in; make it first")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError("the folder is not empty; name one that is new, or empty")


def about(made: Anonymous) -> dict[str, object]:
    """Return what a reader of the copy has to know, as ``thecal.record_anonymous/1``."""
    return {
        "schema": "thecal.record_anonymous/1",
        "thecal": __version__,
        "policy": {
            "name": made.policy.head.name,
            "title": made.policy.head.title,
            "version": made.policy.head.version,
            "not_confirmed": list(made.policy.head.not_confirmed),
        },
        "k": made.policy.people,
        "people": len(made.people),
        "facts": len(made.facts),
        "has_variant": made.with_variant,
        "set_to_unknown": dict(made.suppressed),
        "left_out": dict(made.dropped),
        "days": "whole days since the first dose",
    }


def _table(columns: Sequence[str], rows: Sequence[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
