"""A record copied whole while it is in use, and brought back elsewhere.

A backup is one compressed file of lines of JSON, the same for both databases: a heading, every row
of the record as it stood at one moment, and a last line that counts and hashes them. It is read
from one snapshot, so writers go on meanwhile. What can be computed from the rows (the due list) is
not in it, and neither is the key that signs: keep that apart.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, insert, select

from thecal.errors import StoreError
from thecal.store.engine import HEAD, connect, migrate_within, new_place, reading, writing
from thecal.store.fact import canonical
from thecal.store.outcome import Author
from thecal.store.record import Record, beside
from thecal.store.rows import head_of, identity
from thecal.store.seal import Mark, begin_witness, check_no_witness, make_seal, read_seal
from thecal.store.tables import APPEND_ONLY
from thecal.store.verify import verify

FORMAT = "thecal backup 1"
MOST_LINE = 1_000_000  # bytes; the body of a fact has at most a quarter of it
AT_ONCE = 2_000  # rows
NOT_A_BACKUP = "the file is no backup of a record, or is damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a backup holds: rows of each table, and the end of the chain at its moment."""

    record: str
    head: Mark
    rows: dict[str, int]


def back_up(record: Record, path: Path, author: Author) -> Copied:
    """Write a backup of a record in use; the file is there whole or not at all, for its owner only.

    No file is replaced: it might be the backup before, or the record itself. The event that tells
    of the backup comes after the moment it holds.
    """
    target = Path(os.path.realpath(path))
    if target.exists():
        raise StoreError(
            "there is a file already where the backup would be written, and a backup replaces "
            "none; name a new one, such as with the date"
        )
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with reading(record.engine) as connection:
                copied, digest = _write(connection, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            why = error.strerror or "no reason given"
            raise StoreError(f"the backup cannot be written where it was named: {why}") from None
        raise
    record.note(author, "backup", detail=f"to event {copied.head.seq}, {digest}")
    return copied


def _write(connection: Connection, file: IO[bytes]) -> tuple[Copied, str]:
    head, name = head_of(connection), identity(connection)
    rows, hashed = {}, hashlib.sha256()
    # No name and no time in the wrapping: one moment of a record is always the same file.
    with gzip.GzipFile("", "wb", compresslevel=3, fileobj=file, mtime=0) as out:

        def put(value: object) -> None:
            line = canonical(value).encode() + b"\n"
            hashed.update(line)
            out.write(line)

        put({"format": FORMAT, "record": name, "tables": HEAD, "head": [head.seq, head.hash]})
        for table in APPEND_ONLY:
            rows[table.name] = 0
            query = select(table).order_by(*table.primary_key.columns)
            held = connection.execution_options(yield_per=AT_ONCE).execute(query)
            for row in held:
                put([table.name, *row])
                rows[table.name] += 1
        digest = hashed.hexdigest()
        put({"rows": rows, "digest": digest})
    return Copied(record=name, head=Mark(head.seq, head.hash), rows=rows), digest


def restore(path: Path, where: str, author: Author, *, key: Path | None = None) -> Copied:
    """Bring a backup back into an empty database, and check it there.

    key  file of the key that signs; without one there, a new key is made, which from now on
         vouches for all that was brought back
    Raises StoreError, and leaves nothing behind, where the file is no whole backup or the database
    holds a record already.
    """
    engine = connect(where)
    with new_place(engine):
        key = key or beside(where, "key")
        witness = key.with_suffix(".witness")
        check_no_witness(witness)
        is_new_key = not key.exists()
        seal = make_seal(key) if is_new_key else read_seal(key)
        is_kept = False
        try:
            with writing(engine) as connection:
                migrate_within(connection)
                copied = _load(connection, path)
            is_kept = True
            found = verify(
                engine, public=seal.public, witness=None, anchor=copied.head, with_due=False
            )
            if found.record != copied.record:
                raise StoreError(NOT_A_BACKUP)
            breaks = [b for b in found.breaks if not is_new_key or "trusted key" not in b.message]
            if breaks:
                raise StoreError(f"the backup holds a record that is not whole: {breaks[0]}")
            begin_witness(witness, copied.record, seal, copied.head)
        except BaseException:
            if is_new_key:
                key.unlink(missing_ok=True)
            if is_kept:
                _undo(engine)
            raise
    engine.dispose()
    record = Record.open(where, key=key)
    try:
        record.note(author, "restore", detail=f"to event {copied.head.seq}")
        record.rebuild_due()
    finally:
        record.close()
    return copied


def _load(connection: Connection, path: Path) -> Copied:
    """Insert every row of a backup; the caller's transaction keeps all of them or none."""
    tables = {table.name: table for table in APPEND_ONLY}
    rows = dict.fromkeys(tables, 0)
    heading: dict[str, Any] | None = None
    hashed, last = hashlib.sha256(), None
    waiting: list[list[Any]] = []

    def insert_waiting() -> None:
        if waiting:
            name = waiting[0][0]
            columns = [column.name for column in tables[name].columns]
            values = [dict(zip(columns, row[1:], strict=True)) for row in waiting]
            connection.execute(insert(tables[name]), values)
            rows[name] += len(values)
            waiting.clear()

    try:
        for line in _lines(path):
            if last is not None:
                raise StoreError(NOT_A_BACKUP)
            value = json.loads(line)
            if heading is None:
                heading = _heading(value)
            elif isinstance(value, dict):
                insert_waiting()
                last = value
                if value != {"rows": rows, "digest": hashed.hexdigest()}:
                    raise StoreError("the backup is damaged: its rows are not those it counted")
            else:
                if len(waiting) == AT_ONCE or (waiting and waiting[0][0] != value[0]):
                    insert_waiting()
                waiting.append(value)
            hashed.update(line)
    except (ValueError, TypeError, LookupError, RecursionError):
        raise StoreError(NOT_A_BACKUP) from None
    if heading is None or last is None:
        raise StoreError("the backup is cut short: its last line is missing")
    return Copied(record=heading["record"], head=Mark(*heading["head"]), rows=rows)


def _heading(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise StoreError(NOT_A_BACKUP)
    if value["tables"] != HEAD:
        raise StoreError(
            f"the backup has tables of version {value['tables']!s:.10}, here it is {HEAD}; restore "
            "it with the thecal that made it, then bring the record up"
        )
    if not isinstance(value["record"], str) or len(value["head"]) != 2:
        raise StoreError(NOT_A_BACKUP)
    return value


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a compressed file, each of bounded length."""
    try:
        with gzip.open(path, "rb") as file:
            while line := file.readline(MOST_LINE):
                if not line.endswith(b"\n"):
                    raise StoreError("the backup is cut short, or is none")
                yield line
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise StoreError(NOT_A_BACKUP) from None
    except OSError:
        raise StoreError("the file of the backup is not there, or cannot be read") from None


def _undo(engine: Engine) -> None:
    """Take back the tables of a restore that turned out wrong; a file goes as a whole."""
    if engine.dialect.name == "sqlite":
        return
    with suppress(StoreError), writing(engine) as connection:
        for name in ("due", *(table.name for table in reversed(APPEND_ONLY)), "alembic_version"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS record_refuse")


__all__ = ["Copied", "back_up", "restore"]
