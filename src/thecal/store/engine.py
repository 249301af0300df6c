"""Open the database of a record: a file (SQLite) or a server (PostgreSQL), by URL.

Every change of the chain is made by one writer at a time: SQLite begins it with the write lock,
PostgreSQL takes one advisory lock for the length of the transaction. Readers wait for nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from thecal.errors import StoreError

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
HEAD = "0002"  # the newest of the migrations; a test holds it against their folder
LOCK = 0x7468_6563_616C  # "thecal": the advisory lock of whoever appends
DAMAGED = "the record holds what thecal did not write; see `thecal record verify`"
WAIT_S = 30  # how long a writer waits for the one before it
IDLE_S = 60  # how long a writer may be silent
# On a server: wait no longer than for a file; a writer whose machine is gone lets go of the lock;
# and where the server forgets what it acknowledged when it stops, not so here.
TERMS = (
    "SELECT set_config('lock_timeout', :wait, true), "
    "set_config('idle_in_transaction_session_timeout', :idle, true), "
    "CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN set_config('synchronous_commit', 'local', true) END"
)
ALONE = "SELECT pg_advisory_xact_lock(:key)"  # to the end of the transaction
LOCKED = ("database is locked", "canceling statement due to lock timeout")


def url_of(where: str) -> URL:
    """Read a database URL, or the name of an SQLite file."""
    try:
        if "://" not in where:
            path = Path(where).expanduser()
            os.access(path, os.R_OK)  # a name that no file can have is a ValueError
            return URL.create("sqlite", database=str(path))
        url = make_url(where)
    except (ArgumentError, ValueError, RuntimeError):
        raise StoreError(
            "the address of the record is no URL; expected a file name, or "
            "postgresql://user@host/database"
        ) from None
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database:
        return url
    raise StoreError("a record is kept in an SQLite file or in PostgreSQL, and nowhere else")


def connect(where: str) -> Engine:
    """Return an engine for the URL or file; nothing is opened yet."""
    url = url_of(where)
    try:
        if url.get_backend_name() == "sqlite":
            engine = create_engine(url, hide_parameters=True, connect_args={"timeout": WAIT_S})
            event.listen(engine, "connect", _sqlite_connected)
            event.listen(engine, "begin", _sqlite_begin)
            return engine
        return create_engine(url, hide_parameters=True)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            "PostgreSQL needs psycopg, which is not installed; install thecal[postgres]"
        ) from None


def _sqlite_connected(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged outlives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA trusted_schema = OFF")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Hold the record alone until the end of the block; then everything is kept, or nothing."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        # Whatever the server's defaults: what is read after the lock is what the last one wrote.
        options["isolation_level"] = "READ COMMITTED"
    with _refused(), engine.connect().execution_options(**options) as connection:
        with connection.begin():
            if engine.dialect.name == "postgresql":
                terms = {"wait": f"{WAIT_S}s", "idle": f"{IDLE_S}s"}
                connection.execute(text(TERMS), terms)
                connection.execute(text(ALONE), {"key": LOCK})
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """See the record as it is at one moment, while others go on writing."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _refused(), engine.connect().execution_options(**options) as connection:
        with connection.begin():
            yield connection


@contextmanager
def _refused() -> Iterator[None]:
    """Say what the database said, without what was to be written: it may name a person."""
    try:
        yield
    except DBAPIError as error:
        first = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reason"
        if first.startswith("connection"):
            raise StoreError(
                "the server of the record does not answer, or refuses this name and password; "
                "look at the address of the record"
            ) from None
        if first.startswith(LOCKED):
            raise StoreError(
                f"others have been writing for {WAIT_S} s; nothing was done, try again"
            ) from None
        raise StoreError(f"the database refused: {_bare(first)}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A row that thecal cannot have written: SQLite keeps any type in any column.
        raise StoreError(DAMAGED) from error


def _bare(words: str) -> str:
    """Cut what a database quotes from a row, which may be somebody's name."""
    for mark in ('"', "'", "(", "«", "»", "„", "“"):
        words = words.split(mark)[0]
    return words.strip(" :") or "no reason that may be shown"


def revision(engine: Engine) -> str | None:
    """Return the migration the database stands at; None where it holds no record."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)


@contextmanager
def new_place(engine: Engine) -> Iterator[None]:
    """Hold an empty place while a record is made there, or brought back; what fails leaves nothing.

    Raises StoreError where something is. A file is made here, for its owner alone: so of two who
    come to one name at once, the second is refused and undoes nothing of the first.
    """
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    is_ours = False
    with suppress(OSError, ValueError):  # where it cannot be made, opening it says why
        if file:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            is_ours = True
    try:
        if revision(engine) is not None:
            raise StoreError("there is a record already")
        with reading(engine) as connection:
            if inspect(connection).get_table_names():
                raise StoreError("the database holds other tables; a record has one of its own")
        if file and not is_ours:
            raise StoreError(
                "there is a file already, though an empty one: remove it, or name another"
            )
        yield
    except BaseException:
        engine.dispose()
        if is_ours:
            for suffix in ("", "-wal", "-shm"):
                with suppress(OSError):
                    os.unlink(f"{file}{suffix}")
        raise


def existing(where: str) -> tuple[Engine, str]:
    """Return the database of a record that is there, and the migration it stands at."""
    engine = connect(where)
    if engine.dialect.name == "sqlite" and not os.path.isfile(engine.url.database or ""):
        raise StoreError("there is no record; make one with `thecal record init`")
    with let_go(engine):
        stands = revision(engine)
        if stands is None:
            raise StoreError("the database holds no record; make one with `thecal record init`")
    return engine, stands


@contextmanager
def let_go(engine: Engine) -> Iterator[None]:
    """Let go of a database that turns out not to be the one wanted."""
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


def migrate(engine: Engine, to: str = HEAD, *, down: bool = False) -> None:
    """Bring the tables to a migration; signed rows stay as they are, byte for byte."""
    with writing(engine) as connection:
        migrate_within(connection, to, down=down)


def migrate_within(connection: Connection, to: str = HEAD, *, down: bool = False) -> None:
    """Do the same as a part of a transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, to)
