"""Rows of the record read as what they mean: where a stream stands, which facts hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from thecal.errors import StoreError
from thecal.store.chain import EMPTY, GENESIS
from thecal.store.fact import CLINIC, Entry, Fact, canonical
from thecal.store.tables import CHANGE, EVENT, FACT

CHANGED = (
    "a fact of the record cannot be read: it was changed from outside; see `thecal record verify`"
)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: its last event."""

    seq: int
    at: str
    hash: str


def head_of(connection: Connection) -> Head:
    """Return the end of the chain."""
    row = connection.execute(
        select(EVENT.c.seq, EVENT.c.at, EVENT.c.hash).order_by(EVENT.c.seq.desc()).limit(1)
    ).first()
    return Head(row.seq, row.at, row.hash) if row else Head(0, "", GENESIS)


def hashed(fact: Any) -> tuple[Any, ...]:
    """Return what of a row of `fact` is hashed; its stream and change are hashed beside it."""
    return tuple(fact[name] for name in ("fact", "version", "place", "kind", "body"))


def identity(connection: Connection) -> str:
    """Return the name a record gave itself."""
    body = connection.execute(
        select(FACT.c.body).where(FACT.c.stream == CLINIC, FACT.c.kind == "record")
    ).scalar()
    try:
        return str(json.loads(body or "")["id"])
    except (ValueError, KeyError, TypeError):
        raise StoreError("the record does not say which record it is; restore a backup") from None


def standing(
    connection: Connection, stream: str, *, until: str = "", version: int | None = None
) -> tuple[int, str]:
    """Return version and state of a stream, now or then; 0 and empty where it is none."""
    query = select(CHANGE.c.version, CHANGE.c.state).where(CHANGE.c.stream == stream)
    if until:
        query = query.where(CHANGE.c.at <= until)
    if version is not None:
        query = query.where(CHANGE.c.version <= version)
    row = connection.execute(query.order_by(CHANGE.c.version.desc()).limit(1)).first()
    return (row.version, row.state) if row else (0, EMPTY)


def rows_of(stream: str) -> Select[Any]:
    """Return the query for every version of every fact of a stream, in the order they came."""
    return select(FACT).where(FACT.c.stream == stream).order_by(FACT.c.change, FACT.c.place)


def fact_of(row: Row[Any]) -> Fact:
    """Read one row of `fact`. Raises StoreError where its body is no JSON object."""
    try:
        body = json.loads(row.body)
    except ValueError:
        raise StoreError(CHANGED) from None
    if body is not None and not isinstance(body, dict):
        raise StoreError(CHANGED)
    return Fact(
        fact=row.fact,
        version=row.version,
        change=row.change,
        place=row.place,
        kind=row.kind,
        body=body,
    )


def facts_of(connection: Connection, stream: str, until: int | None = None) -> list[Fact]:
    """Return the facts of a stream that stand after a change, each at the place of its first."""
    query = rows_of(stream)
    if until is not None:
        query = query.where(FACT.c.change <= until)
    last: dict[str, Fact] = {}
    for row in connection.execute(query):
        last[row.fact] = fact_of(row)
    return [fact for fact in last.values() if fact.body is not None]


def patients_of(connection: Connection, local_id: str) -> dict[str, list[Fact]]:
    """Return the patients that bear a local id now, each with its facts."""
    held = FACT.c.body.contains(canonical({"local_id": local_id})[1:-1], autoescape=True)
    query = select(FACT.c.stream).where(FACT.c.kind == "person", held).distinct()
    found = {name: facts_of(connection, name) for name in connection.execute(query).scalars()}
    return {
        name: facts
        for name, facts in sorted(found.items())
        if any(f.kind == "person" and (f.body or {}).get("local_id") == local_id for f in facts)
    }


def with_entries(facts: Sequence[Fact], entries: Sequence[Entry], change: int) -> list[Fact]:
    """Return the facts as they stand after a change; KeyError where it corrects none of them."""
    held = {fact.fact: fact for fact in facts}
    for place, entry in enumerate(entries, start=1):
        if entry.of and held[entry.of].kind != entry.kind:
            raise KeyError(entry.of)
        version = held[entry.of].version + 1 if entry.of else 1
        name = entry.of or f"{change}.{place}"
        held[name] = Fact(
            fact=name,
            version=version,
            change=change,
            place=place,
            kind=entry.kind,
            body=entry.body,
        )
    return [fact for fact in held.values() if fact.body is not None]
