"""The record: changes, facts and events, to which rows are only ever added.

A migration is history: it spells its tables out, and never follows `thecal.store.tables`.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSAL = "rows of the record are only ever added"
UNIQUE = {
    "change": (("stream", "version"), ("key", "stream")),
    "fact": (("stream", "fact", "version"), ("stream", "change", "place")),
    "event": (("seq",),),
}


def upgrade() -> None:
    """Make the three tables, and have the database refuse all but additions."""
    op.create_table(
        "change",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("stream", "version"),
        sa.UniqueConstraint("key", "stream"),
        sqlite_with_rowid=False,  # a row number would be a way to replace a row unseen
    )
    op.create_table(
        "fact",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("stream", "fact", "version"),
        sa.UniqueConstraint("stream", "change", "place"),
        sa.ForeignKeyConstraint(["stream", "change"], ["change.stream", "change.version"]),
        sqlite_with_rowid=False,  # a row number would be a way to replace a row unseen
    )
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("event_stream", "event", ["stream", "seq"])
    for statement in guards(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Refuse: before this there is no record, and going there would destroy it."""
    raise NotImplementedError("there is nothing below the record; going there would destroy it")


def guards(dialect: str) -> Iterator[str]:
    """Yield the SQL that makes the database refuse whatever is not an addition."""
    if dialect == "postgresql":
        yield (
            "CREATE FUNCTION record_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
    for table, groups in UNIQUE.items():
        if dialect == "postgresql":
            yield (
                f"CREATE TRIGGER {table}_added_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION record_refuse()"
            )
            yield (
                f"CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION record_refuse()"
            )
            continue
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for verb in ("UPDATE", "DELETE"):
            yield f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {refuse}"
        # INSERT OR REPLACE deletes without a DELETE trigger: refuse it before it does.
        for number, columns in enumerate(groups):
            taken = " AND ".join(f'"{name}" = NEW."{name}"' for name in columns)
            yield (
                f"CREATE TRIGGER {table}_no_replace_{number} BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) {refuse}"
            )
