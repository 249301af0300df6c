"""Whether the record is what was written: every link, every signature, every fact.

Each event is hashed anew with the one before it, and each stream folded anew from its changes
and facts. A row that was edited, removed, put in or moved breaks a link or a state; a log that was
cut short no longer reaches the link the witness vouches for; one rewritten from some place on no
longer holds the signatures made over it. A trusted signature vouches for all that stands before
it, whoever signed there. What is found is a value: nothing is repaired.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Collection, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select
from sqlalchemy.exc import DBAPIError

from thecal.errors import CatalogError, CourseError, StoreError
from thecal.store.chain import EMPTY, EVENT_FIELDS, GENESIS, link, state_after
from thecal.store.due import planned, regimen_of
from thecal.store.engine import connect, reading
from thecal.store.fact import PATIENT
from thecal.store.rows import facts_of, head_of, identity
from thecal.store.rules import plan_of
from thecal.store.seal import CHECKPOINT, EVERY_EVENTS, Mark, is_signed, read_witness
from thecal.store.tables import APPEND_ONLY, CHANGE, DUE, EVENT, FACT

REBUILD = "`thecal record init --upgrade` computes it anew"
CHANGED = (AttributeError, LookupError, StoreError, TypeError, ValueError)  # told of elsewhere
MOST_FAULTS = 100  # told; the rest is counted
SLACK = 50  # events of one transaction, at whose end a checkpoint is made
AT_ONCE = 10_000  # rows
MANY = 20_000  # events from which a second process is worth its start
ODD = "a row that holds neither text nor number where it should"


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that is not as it was written: at an event, or at 0 for the record as a whole."""

    seq: int
    message: str

    def __str__(self) -> str:
        return f"event {self.seq}: {self.message}" if self.seq else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was checked, and what was found.

    head    the end of the chain: keep it somewhere else, and name it next time as the anchor
    breaks  what is not as it was written; the first hundred
    """

    record: str
    events: int
    changes: int
    facts: int
    checkpoints: int
    head: Mark
    breaks: tuple[Break, ...]
    n_breaks: int

    @property
    def is_whole(self) -> bool:
        """Whether everything is as it was written."""
        return self.n_breaks == 0


@dataclass(slots=True)
class _Found:
    breaks: list[Break] = field(default_factory=list)
    n: int = 0

    def say(self, seq: int, message: str) -> None:
        self.n += 1
        if len(self.breaks) < MOST_FAULTS:
            self.breaks.append(Break(seq, message))


@dataclass(slots=True)
class _Counts:
    changes: int = 0
    facts: int = 0


@dataclass(slots=True)
class _Chain:
    """What a walk along the events leaves to be held against the facts."""

    head: Mark = Mark(0, GENESIS)  # noqa: RUF009 - a Mark cannot change, so one may serve all
    events: int = 0
    checkpoints: int = 0
    writes: dict[tuple[str, int], tuple[int, str, str]] = field(default_factory=dict)
    at_marks: dict[int, str] = field(default_factory=dict)


def verify(
    engine: Engine,
    *,
    public: str,
    witness: Path | None,
    anchor: Mark | None = None,
    trusted: Collection[str] = (),
    with_due: bool = True,
) -> Verified:
    """Check a whole record.

    public    the key whose signatures are trusted; `trusted` may name others, of other places
    witness   file with the last link this installation vouched for; None to go without
    anchor    a link that somebody noted elsewhere
    with_due  whether the due list is there already: it is no part of a backup
    """
    found, chain, counts, record = _Found(), _Chain(), _Counts(), ""
    try:
        with reading(engine) as connection:
            record = _record(connection, found)
            marks = _marks(witness, record, public, anchor, found)
            keys = {public, *trusted}
            wanted, head = {mark.seq for mark in marks}, head_of(connection)
            quick = None
            if isinstance(head.seq, int) and head.seq >= MANY:
                quick = _in_two(engine, connection, record, keys, wanted, head.seq)
            if quick is not None:
                chain, counts = quick
            else:
                chain = _walk(connection, record, keys, wanted, found)
                counts = _streams(connection, chain.writes, found)
            for mark in marks:
                if chain.at_marks.get(mark.seq) != mark.hash:
                    say = "is missing" if mark.seq > chain.head.seq else "is not the one"
                    found.say(mark.seq, f"the link vouched for outside the record {say}")
            if with_due:
                _due(connection, found)
            _guards(connection, found)
    except StoreError as error:
        found.say(0, f"the record cannot be read to its end: {error}")
    return Verified(
        record=record,
        events=chain.events,
        changes=counts.changes,
        facts=counts.facts,
        checkpoints=chain.checkpoints,
        head=chain.head,
        breaks=tuple(found.breaks),
        n_breaks=found.n,
    )


def _record(connection: Connection, found: _Found) -> str:
    try:
        return identity(connection)
    except StoreError as error:
        found.say(0, str(error))
        return ""


def _marks(
    witness: Path | None, record: str, public: str, anchor: Mark | None, found: _Found
) -> list[Mark]:
    marks = [anchor] if anchor else []
    if witness is not None:
        try:
            mark = read_witness(witness, record, public)
        except StoreError as error:
            found.say(0, str(error))
        else:
            if mark is None:
                found.say(0, "the witness file is not there: a log cut short would go unseen")
            else:
                marks.append(mark)
    return marks


def _walk(
    connection: Connection,
    record: str,
    keys: set[str],
    wanted: set[int],
    found: _Found,
    until: int | None = None,
) -> _Chain:
    """Hash every event anew, to the end or to one of them; check each signature on the way."""
    chain, hash_before, seq, vouched = _Chain(), GENESIS, 0, 0
    at = EVENT_FIELDS.index
    n_fields, i_action, i_detail = len(EVENT_FIELDS), at("action"), at("detail")
    i_stream, i_version, i_before, i_after = at("stream"), at("version"), at("before"), at("after")
    query = select(*(EVENT.c[name] for name in (*EVENT_FIELDS, "hash"))).order_by(EVENT.c.seq)
    if until is not None:
        query = query.where(EVENT.c.seq <= until)
    for row in _rows(connection, query):
        fields, stored = row[:n_fields], row[n_fields]
        try:
            linked = link(hash_before, fields)
        except (TypeError, ValueError):
            found.say(seq, ODD)
            hash_before = str(stored)
            continue
        seq += 1
        if fields[0] != seq:
            found.say(seq, f"the log goes on with event {fields[0]} here: events are missing")
            seq = fields[0]
        if linked != stored:
            found.say(seq, "the event and its hash do not belong together")
        action = fields[i_action]
        if action == "write":
            place = (fields[i_stream], fields[i_version])
            if place in chain.writes:
                found.say(seq, "a second event for the same change")
            chain.writes[place] = (seq, fields[i_before], fields[i_after])
        elif action == CHECKPOINT:
            chain.checkpoints += 1
            key, _, signature = fields[i_detail].partition(" ")
            if not is_signed(key, record, Mark(seq - 1, hash_before), signature):
                found.say(seq, "the signature over the log so far does not hold")
            elif key in keys:
                vouched = seq
        if seq in wanted:
            chain.at_marks[seq] = stored
        hash_before = stored
        chain.events += 1
    chain.head = Mark(seq, hash_before)
    if not vouched or seq - vouched > EVERY_EVENTS + SLACK:
        found.say(vouched + 1, "from here on no trusted key has signed the log")
    return chain


def _in_two(
    engine: Engine,
    connection: Connection,
    record: str,
    keys: set[str],
    wanted: set[int],
    until: int,
) -> tuple[_Chain, _Counts] | None:
    """Walk a long log in a process of its own, while the streams are folded in this one.

    Both say what was written as one hash; where the hashes differ, or anything else is not as it
    was written, this returns None and the record is read again, one after the other, to say what.
    """
    address = engine.url.render_as_string(hide_password=False)
    found, counts, ledger = _Found(), _Counts(), hashlib.sha256()
    try:
        with (
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
            _uncollected(),
        ):
            asked = pool.submit(_events_alone, address, record, keys, wanted, until)
            for place, before, after in _folded(connection, counts, found):
                ledger.update(_entry(place, before, after))
            chain, n_breaks, told = asked.result()
    except (OSError, StoreError, BrokenExecutor):
        return None
    is_whole = not (found.n or n_breaks) and told == ledger.hexdigest()
    return (chain, counts) if is_whole else None


def _events_alone(
    address: str, record: str, keys: set[str], wanted: set[int], until: int
) -> tuple[_Chain, int, str]:
    """Walk the events of a record; return what was found, and one hash of all that they tell."""
    engine, found = connect(address), _Found()
    try:
        with reading(engine) as connection, _uncollected():
            chain = _walk(connection, record, keys, wanted, found, until)
    finally:
        engine.dispose()
    ledger = hashlib.sha256()
    for place, (_, before, after) in sorted(chain.writes.items()):
        ledger.update(_entry(place, before, after))
    chain.writes = {}
    return chain, found.n, ledger.hexdigest()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector from looking through a million rows, none of which is a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _entry(place: tuple[str, int], before: str, after: str) -> bytes:
    return f"{place[0]}\0{place[1]}\0{before}\0{after}\0".encode()


def _streams(
    connection: Connection, writes: dict[tuple[str, int], tuple[int, str, str]], found: _Found
) -> _Counts:
    """Hold every change against the event that tells of it; return how many there were."""
    counts = _Counts()
    for place, before, after in _folded(connection, counts, found):
        seq, *told = writes.pop(place, (0, "", ""))
        if not seq:
            found.say(0, "a change that no event tells of")
        elif told != [before, after]:
            found.say(seq, "the change this event tells of is not what was written")
    for seq, _, _ in writes.values():
        found.say(seq, "the change this event tells of is missing")
    return counts


def _folded(
    connection: Connection, counts: _Counts, found: _Found
) -> Iterator[tuple[tuple[str, int], str, str]]:
    """Fold every stream anew from its changes and facts.

    Yields each change in order of stream and version, with the state before it and the state after
    it; that is empty where the fold is not what is stored.
    """
    names = ("stream", "version", "key", "request", "at", "actor", "role", "reason", "state")
    changes = select(*(CHANGE.c[n] for n in names)).order_by(CHANGE.c.stream, CHANGE.c.version)
    columns = ("stream", "change", "fact", "version", "place", "kind", "body")
    facts = select(*(FACT.c[n] for n in columns)).order_by(
        FACT.c.stream, FACT.c.change, FACT.c.place
    )
    held = _typed(connection, facts, found)
    fact = next(held, None)
    stream, version, state = "", 0, EMPTY
    for row in _typed(connection, changes, found):
        if row[0] != stream:
            stream, version, state = row[0], 0, EMPTY
        version += 1
        place = (stream, row[1])
        if row[1] != version:
            found.say(0, "a change of a stream is missing")
            version = row[1]
        mine = []
        while fact is not None and fact[:2] <= place:
            counts.facts += 1
            if fact[:2] == place:
                mine.append(fact[2:])
            else:
                found.say(0, "a fact that belongs to no change")
            fact = next(held, None)
        counts.changes += 1
        stored = row[-1]
        yield place, state, stored if state_after(state, row[:-1], mine) == stored else ""
        state = stored
    while fact is not None:
        found.say(0, "a fact that belongs to no change")
        counts.facts, fact = counts.facts + 1, next(held, None)


def _due(connection: Connection, found: _Found) -> None:
    """Say where the due list was computed from another version of a patient, or leaves one out.

    A patient by a label whose dosing was not read is in no list.
    """
    last = select(CHANGE.c.stream, func.max(CHANGE.c.version)).group_by(CHANGE.c.stream)
    patients = last.where(CHANGE.c.stream.startswith(PATIENT))
    versions = {stream: version for stream, version in connection.execute(patients)}
    for stream, version in connection.execute(select(DUE.c.stream, DUE.c.version)):
        if versions.pop(stream, None) != version:
            found.say(0, f"the due list is not of the last version of a patient; {REBUILD}")
    for stream in versions:
        with suppress(CatalogError, CourseError, *CHANGED):
            regimen_of(*planned(plan_of(facts_of(connection, stream))))
            found.say(0, f"the due list leaves a patient out; {REBUILD}")


def _guards(connection: Connection, found: _Found) -> None:
    """Say whether the database still refuses whatever is not an addition."""
    verbs: tuple[str, ...] = ("no_update", "no_delete", "no_replace_0")
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    else:
        rows = connection.exec_driver_sql(
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE tgenabled IN ('O', 'A') AND relnamespace = current_schema()::regnamespace"
        )
        verbs = ("added_only", "not_truncated")
    there = set(rows.scalars())
    for table in APPEND_ONLY:
        if not {f"{table.name}_{verb}" for verb in verbs} <= there:
            found.say(0, f"the database no longer refuses changes of the table {table.name}")


def _typed(connection: Connection, query: Select[Any], found: _Found) -> Iterator[tuple[Any, ...]]:
    """Yield rows, but for those that hold something else than the text and numbers of a column."""
    kinds = tuple(column.type.python_type for column in query.selected_columns)
    for row in _rows(connection, query):
        if tuple(map(type, row)) == kinds:
            yield row
        else:
            found.say(0, ODD)


def _rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield rows as the driver gives them: plain tuples, for there are many."""
    driver, words = (
        connection.connection,
        str(query.compile(connection, compile_kwargs={"literal_binds": True})),
    )
    is_file = connection.dialect.name == "sqlite"
    # A server sends all rows at once unless the cursor is its own, and that has a name.
    cursor = driver.cursor() if is_file else driver.cursor(name=f"verify{id(query)}")
    try:
        cursor.execute(words)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError("verify", None, error) from None
    finally:
        with suppress(connection.dialect.loaded_dbapi.Error):
            cursor.close()
