"""A complete copy of one patient or vial, and what the record knows of a file it may hold already.

The copy holds every version of every fact, with who wrote it, when and why, and the hashes that
chain them: whoever holds it can fold the state anew and see that nothing was changed or left out.
Bringing course files in is `thecal.interop.records` and `Record.add`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from thecal import __version__
from thecal.errors import StoreError
from thecal.store.chain import EMPTY, digest, state_after
from thecal.store.fact import Entry, canonical
from thecal.store.outcome import Author
from thecal.store.record import UNKNOWN, Record
from thecal.store.rows import CHANGED, fact_of, patients_of, rows_of, standing
from thecal.store.rules import check_stream
from thecal.store.tables import CHANGE

Json = dict[str, Any]
SCHEMA = "thecal.record_export/1"
CHANGE_FIELDS = ("version", "key", "request", "at", "actor", "role", "reason")
FACT_FIELDS = ("fact", "version", "place", "kind", "body")


def export(record: Record, stream: str, author: Author, *, reason: str = "") -> Json:
    """Return everything the record holds about one patient or vial, noted as an export.

    Raises StoreError where it knows no such code.
    """
    check_stream(stream)
    record.check_reader(author, stream)
    with record.journal.page() as page:
        version, state = standing(page.connection, stream)
        if not version:
            raise StoreError(UNKNOWN)
        query = select(CHANGE).where(CHANGE.c.stream == stream).order_by(CHANGE.c.version)
        changes: list[Json] = [
            {name: getattr(row, name) for name in (*CHANGE_FIELDS, "state")} | {"facts": []}
            for row in page.connection.execute(query)
        ]
        by_version = {change["version"]: change["facts"] for change in changes}
        for row in page.connection.execute(rows_of(stream)):
            fact = fact_of(row)
            if fact.change not in by_version:
                raise StoreError(CHANGED)
            held = {name: getattr(fact, name) for name in FACT_FIELDS}
            by_version[fact.change].append(held)
        page.note(author, "export", stream, (version, state), reason=reason)
    return {
        "schema": SCHEMA,
        "thecal": __version__,
        "record": record.journal.record,
        "code": stream,
        "version": version,
        "state": state,
        "as_of": page.head.at,
        "changes": changes,
    }


def is_whole(document: Mapping[str, Any]) -> bool:
    """Tell whether a copy folds to the state it names: nothing was changed, added or left out."""
    state = EMPTY
    for change in document["changes"]:
        fields = [document["code"], *(change[name] for name in CHANGE_FIELDS)]
        facts = [
            [*(fact[name] for name in FACT_FIELDS[:-1]), canonical(fact["body"])]
            for fact in change["facts"]
        ]
        try:
            state = state_after(state, fields, facts)
        except (TypeError, ValueError):
            return False
        if state != change["state"]:
            return False
    return bool(state == document["state"] and len(document["changes"]) == document["version"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the record knows of a file that is to be brought in.

    stream    the patient that this very file made; empty if none
    same_id   patients that bear the same local id
    """

    stream: str
    same_id: tuple[str, ...]


def key_of(local_id: str, entries: list[Entry]) -> str:
    """Return the idempotency key of a file: the same content has the same one."""
    return f"import {digest(local_id, [(entry.kind, entry.body) for entry in entries])}"


def known(record: Record, author: Author, *, key: str, local_id: str) -> Known:
    """Say whether a file was brought in before, or another of the same person; noted as a look."""
    with record.journal.page() as page:
        made = page.connection.execute(
            select(CHANGE.c.stream).where(CHANGE.c.key == key).order_by(CHANGE.c.stream)
        ).scalar()
        same = patients_of(page.connection, local_id)
        page.note(author, "find", "*", detail=f"{len(same)} of the same local id")
    return Known(stream=made or "", same_id=tuple(same))
