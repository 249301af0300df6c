"""A fact of the record: what kind it is, what its body may hold, and the course facts make.

A body is a small JSON object. It is kept as *canonical* JSON, one text for one value, so that its
hash means something. What a body cannot be is refused before anything is written, with all that
is wrong with it and without repeating its words: they may name a person, a site or a vial.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from thecal.clinic.coldchain.coldchain import Verdict
from thecal.course import Course, Dose, Event, Observation
from thecal.errors import StoreError, guarded, nearest
from thecal.units import QUANTITIES, iso_date

Body: TypeAlias = Mapping[str, Any]

PATIENT, VIAL, CLINIC = "P", "V", "C"  # what a stream is, by the first letter of its name
STREAM = re.compile(r"(?:[PV]-[0-9A-HJKMNP-TV-Z]{10}|C)", re.ASCII)
SNAKE_CASE = re.compile(r"[a-z][a-z0-9_]{0,79}", re.ASCII)
INTRATHECAL = "intrathecal"
MOST_CHARACTERS = 4_000  # of one text
MOST_BYTES = 256_000  # of one body; a visit with every step is about 20 kB
MOST_DEPTH = 12
FARTHEST_D = 40_000  # a day of a course lies within a lifetime of the first dose
FIRST, LAST = dt.date(1850, 1, 1), dt.date(2200, 1, 1)  # no clinic kept or planned beyond
LARGEST = 1e300  # a number that every reader of JSON takes

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something to be added: a new fact, or with `of` a new version of one that is there.

    body  None withdraws the fact: it was entered in error
    """

    kind: str
    body: Body | None
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One version of one fact, as it stands in the record.

    fact     its name within the stream, "change.place" of its first version
    version  1, and one more with every correction
    change   the change of the stream that brought this version
    body     None where it was withdrawn
    """

    fact: str
    version: int
    change: int
    place: int
    kind: str
    body: Body | None


def canonical(value: object) -> str:
    """Write a JSON value as its one text: keys sorted, nothing between, no NaN."""
    return _encode(value)


# -- what a body may hold

Check: TypeAlias = Callable[[Any], str]  # what is wrong with a value, or nothing


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        return "expected text"
    if len(value) > MOST_CHARACTERS:
        return f"expected at most {MOST_CHARACTERS} characters, found {len(value)}"
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) < 0xE000 for c in value):
        return "a character that cannot stand in text"
    return ""


def _optional_text(value: Any) -> str:
    return "" if value == "" else _text(value)


def _number(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if is_number and -LARGEST < value < LARGEST else "expected a number"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "expected true or false"


def _date(value: Any) -> str:
    try:
        date = iso_date(value if isinstance(value, str) else "")
    except ValueError:
        return "expected a date as YYYY-MM-DD"
    return "" if FIRST <= date < LAST else f"expected a date of {FIRST.year} to {LAST.year - 1}"


def _day(value: Any) -> str:
    return _number(value) or ("" if abs(value) <= FARTHEST_D else "expected a day of the course")


def _part(value: Any) -> str:
    return _number(value) or ("" if 0 < value < 1 else "expected a part of a day, above 0 below 1")


def _stream(value: Any) -> str:
    is_stream = isinstance(value, str) and STREAM.fullmatch(value)
    return "" if is_stream else "expected the code of a patient or a vial"


def _verdict(value: Any) -> str:
    return "" if value in list(Verdict) else f"expected one of {', '.join(Verdict)}"


def _texts(value: Any) -> str:
    is_list = isinstance(value, list | tuple) and all(not _text(v) for v in value)
    return "" if is_list else "expected a list of texts"


def _document(value: Any) -> str:
    if not isinstance(value, dict):
        return "expected an object"
    return "" if _is_json(value, MOST_DEPTH) else "expected plain values, and not nested too deep"


def _is_json(value: Any, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(not _optional_text(k) and _is_json(v, depth - 1) for k, v in value.items())
    if isinstance(value, list | tuple):
        return all(_is_json(v, depth - 1) for v in value)
    if value is None or isinstance(value, bool):
        return True
    return not (_optional_text(value) if isinstance(value, str) else _number(value))


_WHEN: dict[str, Check] = {"date": _date, "part_d": _part, "day": _day}
_ABOUT: dict[str, Check] = {"note": _optional_text, "source": _optional_text}
TIMED = ("dose", "observation", "event")  # kinds that make a course


@dataclass(frozen=True, slots=True)
class Kind:
    """What the body of one kind of fact holds, and of which streams it is."""

    stream: str
    needs: Mapping[str, Check]
    may: Mapping[str, Check]


KINDS: dict[str, Kind] = {
    # who it is. The only kind that names a person; an anonymous copy leaves it out
    "person": Kind(
        PATIENT,
        {},
        {
            "name": _text,
            "local_id": _text,
            "birth_date": _date,
            "sex": _text,
            "site": _text,
            "note": _text,
        },
    ),
    # which label is followed
    "plan": Kind(PATIENT, {"medicine": _text, "jurisdiction": _text}, {"edition": _text}),
    "dose": Kind(
        PATIENT,
        {"amount_mg": _number, "route": _optional_text},
        _WHEN | _ABOUT | {"vial": _stream},
    ),
    "observation": Kind(
        PATIENT,
        {"kind": _text, "value": _number, "unit": _optional_text},
        _WHEN | _ABOUT | {"is_below": _flag, "method": _optional_text},
    ),
    "event": Kind(PATIENT, {"name": _text}, _WHEN | _ABOUT | {"method": _optional_text}),
    "variant": Kind(
        PATIENT, {"text": _text}, {"classification": _text, "zygosity": _text} | _ABOUT
    ),
    "visit": Kind(PATIENT, {"visit": _document}, {}),
    "override": Kind(PATIENT, {"of": _texts, "reason": _text}, {}),
    "note": Kind("", {"text": _text}, {}),
    "vial": Kind(
        VIAL,
        {"lot": _text, "expiry": _date},
        {"medicine": _text, "gtin": _text, "received": _date, "site": _text, "note": _text},
    ),
    "vial_check": Kind(VIAL, {"verdict": _verdict}, {"check": _document} | _ABOUT),
    "vial_used": Kind(VIAL, {"patient": _stream, "change": _number}, {}),
    "vial_returned": Kind(VIAL, {"reason": _text}, {}),
    "record": Kind(CLINIC, {"id": _text}, {"name": _text}),
}
WRITTEN_BY_US = ("override", "vial_used", "record")  # nobody may enter these by hand


def faults_of(entry: Entry, stream: str) -> list[str]:
    """Say everything that is wrong with an entry, without repeating its words."""
    kind = KINDS.get(entry.kind) if isinstance(entry.kind, str) else None
    if kind is None:
        return [f"kind {guarded(str(entry.kind))} is not known.{nearest(str(entry.kind), KINDS)}"]
    if kind.stream and not stream.startswith(kind.stream):
        return [f"a fact of kind {entry.kind} does not belong to this stream"]
    if entry.body is None:
        return [] if entry.of else [f"{entry.kind}: a new fact has a body"]
    if not isinstance(entry.body, Mapping):
        return [f"{entry.kind}: expected an object of named values"]
    faults = []
    known = {**kind.needs, **kind.may}
    for name in kind.needs:
        if name not in entry.body:
            faults.append(f"{entry.kind}: '{name}' is missing")
    for name, value in entry.body.items():
        if name not in known:
            faults.append(
                f"{entry.kind}: {guarded(str(name))} is not known; expected {', '.join(known)}"
            )
        elif problem := known[name](value):
            faults.append(f"{entry.kind}: {name}: {problem}")
    if not faults:
        if entry.kind in TIMED:
            faults += _timed_faults(entry.kind, entry.body)
        if len(canonical(entry.body).encode()) > MOST_BYTES:
            faults.append(f"{entry.kind}: more than {MOST_BYTES} bytes")
    return faults


def _timed_faults(kind: str, body: Body) -> Iterable[str]:
    if ("date" in body) == ("day" in body):
        yield f"{kind}: expected either a date or a day of the course"
    if "part_d" in body and ("date" not in body or kind == "dose"):
        yield f"{kind}: part_d goes with a date, and a dose has none"
    if kind == "dose":
        least, most = QUANTITIES["dose"].least, QUANTITIES["dose"].most
        if not least <= body["amount_mg"] <= most:
            yield f"dose: amount_mg is outside {least:g} to {most:g} mg"
        if body["route"] not in ("", INTRATHECAL):
            yield f"dose: the route is {INTRATHECAL}, written in full, or empty where not recorded"
        if body.get("day", 0) != int(body.get("day", 0)):
            yield "dose: the day of a dose is a whole number"
    elif kind == "event":
        if not SNAKE_CASE.fullmatch(body["name"]):
            yield "event: expected one word of a-z, 0-9 and _, such as aseptic_meningitis"
    elif body["kind"] != "other":
        yield from _value_faults(body)


def _value_faults(body: Body) -> Iterable[str]:
    quantity = QUANTITIES.get(body["kind"])
    if quantity is None or body["kind"] == "dose":
        known = [k for k in QUANTITIES if k != "dose"]
        yield f"observation: kind is not known; expected {', '.join(known)} or other"
        return
    if body["unit"] != quantity.unit:
        yield f"observation: the unit of {body['kind']} is {quantity.unit}"
    least = 0.0 if body.get("is_below") else quantity.least
    if not least <= body["value"] <= quantity.most:
        yield (
            f"observation: {body['kind']} is outside {quantity.least:g} to {quantity.most:g} "
            f"{quantity.unit}"
        )
    if quantity.is_whole and body["value"] != int(body["value"]):
        yield f"observation: {body['kind']} is a whole number"


# -- facts to a course and back


def course_of(patient: str, facts: Iterable[Fact]) -> Course:
    """Return the course that facts make. Raises CourseError, StoreError where they make none."""
    timed = [(f.kind, f.body) for f in facts if f.kind in TIMED and f.body is not None]
    dates = [iso_date(body["date"]) for _, body in timed if "date" in body]
    if dates and len(dates) < len(timed):
        raise StoreError(
            "some facts have a date and others a day of the course; a course has the one or the "
            "other throughout"
        )
    given = [iso_date(body["date"]) for kind, body in timed if kind == "dose" and "date" in body]
    start = min(given or dates) if dates else None
    doses, observations, events = [], [], []
    for kind, body in timed:
        about = {"note": body.get("note", ""), "source": body.get("source", "")}
        time_d = _time_d(body, start)
        if kind == "dose":
            amount_mg, route = float(body["amount_mg"]), str(body["route"])
            doses.append(Dose(time_d=int(time_d), amount_mg=amount_mg, route=route, **about))
            continue
        about["method"] = body.get("method", "")
        if kind == "event":
            events.append(Event(time_d=time_d, name=body["name"], **about))
        else:
            observations.append(
                Observation(
                    time_d=time_d,
                    kind=body["kind"],
                    value=float(body["value"]),
                    unit=body["unit"],
                    is_below=bool(body.get("is_below", False)),
                    **about,
                )
            )
    return Course(
        patient_id=patient,
        start=start,
        doses=tuple(sorted(doses, key=_when)),
        observations=tuple(sorted(observations, key=_when)),
        events=tuple(sorted(events, key=_when)),
    )


def _when(fact: Dose | Observation | Event) -> float:
    return fact.time_d


def _time_d(body: Body, start: dt.date | None) -> float:
    if start is None:
        return float(body["day"])
    return (iso_date(body["date"]) - start).days + float(body.get("part_d", 0))


def entries_of(course: Course) -> list[Entry]:
    """Return a course as entries; `course_of` makes the same course of them."""
    entries = []
    timed: tuple[Dose | Observation | Event, ...]
    timed = (*course.doses, *course.observations, *course.events)
    for fact in timed:
        body: dict[str, Any] = {"day": fact.time_d}
        if course.start is not None:
            whole = math.floor(fact.time_d)
            body = {"date": str(course.start + dt.timedelta(days=whole))}
            if fact.time_d != whole:
                body["part_d"] = fact.time_d - whole
        body |= {name: text for name in ("note", "source") if (text := getattr(fact, name))}
        match fact:
            case Dose():
                kind = "dose"
                body |= {"amount_mg": fact.amount_mg, "route": fact.route}
            case Observation():
                kind = "observation"
                body |= {"kind": fact.kind, "value": fact.value, "unit": fact.unit}
                body |= {"is_below": True} if fact.is_below else {}
                body |= {"method": fact.method} if fact.method else {}
            case Event():
                kind = "event"
                body |= {"name": fact.name}
                body |= {"method": fact.method} if fact.method else {}
        entries.append(Entry(kind=kind, body=body))
    return entries
