"""The tables of the record, and what the database itself refuses.

A *stream* is one patient, one vial or the record itself. A stream grows by *changes*, numbered
from 1; a change holds *facts*. A correction is a further version of a fact, in a later change.
Whoever reads or writes leaves an *event*, each hashed with the one before; some of them sign
the chain. Rows of these three tables are only ever added: the database refuses UPDATE, DELETE and
TRUNCATE. `due` is what follows from the facts, kept so that the list of a whole clinic is quick;
it may be rebuilt from them at any time.

Times are text, UTC, to the microsecond, so that both databases hold the same bytes.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

CHANGE = Table(
    "change",
    METADATA,
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("key", Text, nullable=False),  # idempotency: one key, one change
    Column("request", Text, nullable=False),  # hash of what was asked with that key
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),  # hash of the stream with this change
    PrimaryKeyConstraint("stream", "version"),
    UniqueConstraint("key", "stream"),
)

FACT = Table(
    "fact",
    METADATA,
    Column("stream", Text, nullable=False),
    Column("fact", Text, nullable=False),  # "change.place" of its first version
    Column("version", Integer, nullable=False),
    Column("change", Integer, nullable=False),  # the change that brought this version
    Column("place", Integer, nullable=False),  # its place in that change
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON; "null" where it was withdrawn
    PrimaryKeyConstraint("stream", "fact", "version"),
    UniqueConstraint("stream", "change", "place"),
    ForeignKeyConstraint(["stream", "change"], ["change.stream", "change.version"]),
)

EVENT = Table(
    "event",
    METADATA,
    Column("seq", Integer, nullable=False, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("stream", Text, nullable=False),  # "*" where it was many
    Column("version", Integer, nullable=False),  # of the stream, after the action
    Column("before", Text, nullable=False),  # state of the stream before and after
    Column("after", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),  # of this row and the hash before it
    PrimaryKeyConstraint("seq"),
    Index("event_stream", "stream", "seq"),
)

DUE = Table(
    "due",
    METADATA,
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),  # of the stream it was computed from
    Column("label", Text, nullable=False),  # medicine, jurisdiction, edition
    Column("treatment", Text, nullable=False),
    Column("given", Integer, nullable=False),
    Column("last", Text),  # dates, or NULL where the course has none
    Column("due", Text),
    Column("silent", Text, nullable=False),  # topics the label leaves open for the next dose
    PrimaryKeyConstraint("stream"),
    Index("due_date", "due"),
)

APPEND_ONLY = (CHANGE, FACT, EVENT)
