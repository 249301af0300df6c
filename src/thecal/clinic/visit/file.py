"""A visit written down: as a file that a nurse can type (YAML), and as a document for the record.

`read_visit` reads the file against the label and the policy that it names, with every fault at
its line. A visit speaks of people and vials: no fault repeats what stands in the file.
`visit_document` and `visit_from_document` carry every fact there and back.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thecal.clinic.visit.steps import Checklist, Step, VisitPolicy, checklist
from thecal.clinic.visit.values import DATE, NUMBER, VALUES, WHOLE, WORD, WORDS, Value, fault
from thecal.clinic.visit.visit import Record, Visit, begin
from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import VisitError, nearest
from thecal.label.catalog import editions, jurisdictions, load_label, medicines
from thecal.units import ISO_DATE, iso_date

FORM = "1"  # version of the form
DOCUMENT = "thecal.visit.record/1"
NONE = "none"  # how an empty list of symptoms is written
TIME = re.compile(
    r"(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
ZONE = re.compile(r"Z|[+-]\d{2}:\d{2}", re.ASCII)
SIGNED = ("at", "by", "second", "skipped")
HEAD = ("visit", "patient_id", "on", "medicine", "jurisdiction", "steps")
Json = dict[str, Any]


def read_visit(path: Path, policy: VisitPolicy, folder: Path = DRUGS) -> tuple[Visit, Checklist]:
    """Read a visit, and the checklist it is held against. Raises DataFileError, CatalogError.

    folder  where the medicines are
    """
    file = DataFile(path, is_private=True)
    top = file.read().fields(HEAD, ["edition", "zone", "by"])
    file.finish()
    top["visit"].choice([FORM])
    on = top["on"].date()
    medicine = top["medicine"].choice(medicines(folder))
    file.finish()
    jurisdiction = top["jurisdiction"].choice(jurisdictions(medicine, folder))
    file.finish()
    edition = None
    if "edition" in top:
        edition = top["edition"].choice(editions(medicine, jurisdiction, folder))
    patient_id = top["patient_id"].text()
    zone, by = _zone(top.get("zone")), top["by"].text() if "by" in top else ""
    file.finish()
    steps = checklist(policy, load_label(medicine, jurisdiction, folder, edition))
    records = []
    for key, entry in top["steps"].mapping().items():
        if key not in steps.keys:
            entry.at("steps").fault(f"no such step.{nearest(key, steps.keys)}")
            continue
        record = _record(entry, steps.step(key), on, zone, by)
        if record is not None:
            records.append(record)
    file.finish()
    opened = begin(steps, patient_id, on)
    visit = Visit(
        **{name: getattr(opened, name) for name in opened.__slots__ if name != "records"},
        records=tuple(records),
    )
    return visit, steps


def _record(
    entry: Entry, step: Step, on: dt.date, zone: dt.timezone | None, by: str
) -> Record | None:
    told = entry.fields(["at"], [*SIGNED[1:], *step.asks])
    faults = len(entry.file.faults)
    values = {name: _value(told[name], name, step) for name in step.asks if name in told}
    texts = {name: told[name].text() for name in ("by", "second", "skipped") if name in told}
    at = _time(told["at"], on, zone) if "at" in told else None
    if at is None or len(entry.file.faults) > faults:
        return None
    if not texts.get("by") and not by:
        entry.fault("'by' is missing; write who did it here, or once for all at the top")
        return None
    try:
        return Record(
            step=step.key,
            at=at,
            by=texts.get("by") or by,
            second=texts.get("second", ""),
            skipped=texts.get("skipped", ""),
            values=values,
        )
    except VisitError as error:
        entry.fault(str(error))
        return None


def _value(entry: Entry, name: str, step: Step) -> Value:
    kind = VALUES[name]
    value: Value
    if kind.form == NUMBER:
        return entry.number(least=kind.least, most=kind.most)
    if kind.form == WHOLE:
        value = entry.number(least=kind.least, most=kind.most)
        if math.isfinite(value) and value != int(value):
            entry.fault("expected a whole number")
        return value
    if kind.form == WORD:
        return entry.choice(kind.words)
    if kind.form == DATE:
        return entry.date().isoformat()
    if kind.form == WORDS:
        if not isinstance(entry.node.value, list) and entry.text() == NONE:
            return ()
        value = tuple(item.choice(step.choices) for item in entry.items())
    else:
        value = entry.text()
    if wrong := fault(name, value, step.choices):
        entry.fault(wrong)
    return value


def _zone(entry: Entry | None) -> dt.timezone | None:
    if entry is None:
        return None
    words = entry.text()
    if not ZONE.fullmatch(words):
        entry.fault("expected a zone as +02:00, or Z for UTC")
        return None
    return _offset(words, entry)


def _offset(words: str, entry: Entry) -> dt.timezone | None:
    if words == "Z":
        return dt.UTC
    sign, hours, minutes = -1 if words[0] == "-" else 1, int(words[1:3]), int(words[4:6])
    if hours > 14 or minutes > 59:
        entry.fault("a zone is at most 14 hours from UTC")
        return None
    return dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes))


def _time(entry: Entry, on: dt.date, zone: dt.timezone | None) -> dt.datetime | None:
    """Read "10:05" (of the visit's day), or a date and a time; with a zone, here or at the top."""
    words = entry.text()
    found = TIME.fullmatch(words)
    if found is None:
        if words:
            entry.fault("expected a time as 10:05, or 2025-06-16T10:05+02:00")
        return None
    if found[3]:
        zone = _offset(found[3], entry)
        if zone is None:
            return None
    if zone is None:
        entry.fault("the time has no zone; add one, as +02:00, or 'zone' once at the top")
        return None
    try:
        day = iso_date(found[1]) if found[1] else on
        clock = dt.time.fromisoformat(found[2].rjust(8 if found[2].count(":") > 1 else 5, "0"))
        at = dt.datetime.combine(day, clock, zone)
        at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        entry.fault("no such time of day, or no such date")
        return None
    return at


# -- the document of the record


def visit_document(visit: Visit) -> Json:
    """Return every fact of a visit as JSON-ready values, the same for the same visit."""
    return {
        "schema": DOCUMENT,
        "patient_id": visit.patient_id,
        "on": visit.on.isoformat(),
        "medicine": visit.medicine,
        "jurisdiction": visit.jurisdiction,
        "edition": visit.edition,
        "policy": visit.policy,
        "records": [
            {
                "step": record.step,
                "at": record.at.isoformat(),
                "by": record.by,
                "second": record.second,
                "skipped": record.skipped,
                "values": {
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in sorted(record.values.items())
                },
            }
            for record in visit.records
        ],
    }


def visit_from_document(document: Mapping[str, Any]) -> Visit:
    """Return the visit of a document. Raises VisitError, which names the place and no content."""
    texts = ("patient_id", "on", "medicine", "jurisdiction", "edition", "policy")
    told = _keys(document, ("schema", *texts, "records"), "the document")
    if told["schema"] != DOCUMENT:
        raise VisitError(f"the document has another schema; expected {DOCUMENT}")
    head = {name: _text(told[name], name) for name in texts}
    on = head.pop("on")
    if not ISO_DATE.fullmatch(on):
        raise VisitError("on: expected a date as YYYY-MM-DD")
    if not isinstance(told["records"], list):
        raise VisitError("records: expected a list")
    records = [_from_document(item, f"records[{i}]") for i, item in enumerate(told["records"])]
    try:
        day = iso_date(on)
    except ValueError as error:
        raise VisitError("on: no such date") from error
    return Visit(on=day, records=tuple(records), **head)


def _from_document(item: object, place: str) -> Record:
    told = _keys(item, ("step", *SIGNED, "values"), place)
    texts = {name: _text(told[name], f"{place}.{name}") for name in ("step", *SIGNED)}
    try:
        at = dt.datetime.fromisoformat(texts.pop("at"))
    except ValueError as error:
        raise VisitError(f"{place}.at: expected a time as 2025-06-16T10:05+02:00") from error
    if not isinstance(told["values"], Mapping):
        raise VisitError(f"{place}.values: expected a mapping")
    values: dict[str, Value] = {}
    for name, value in told["values"].items():
        if name not in VALUES:
            raise VisitError(f"{place}.values: a name that is no value of a visit")
        where = f"{place}.values.{name}"
        if isinstance(value, list):
            values[name] = tuple(_text(word, where) for word in value)
        elif isinstance(value, str):
            values[name] = value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            values[name] = _finite(value, where)
        else:
            raise VisitError(f"{where}: expected a number, text, or a list of words")
    return Record(at=at, values=values, **texts)


def _finite(value: float, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise VisitError(f"{where}: expected a finite number")
    return number


def _keys(item: object, names: tuple[str, ...], place: str) -> Mapping[str, Any]:
    if not isinstance(item, Mapping) or set(item) != set(names):
        raise VisitError(f"{place}: expected the keys {', '.join(names)}, and no other")
    return item


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise VisitError(f"{place}: expected text")
    return value
