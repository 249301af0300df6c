"""A record of any released version goes up and down, and every signed row stays byte for byte."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from thecal.errors import StoreError
from thecal.store.engine import HEAD, MIGRATIONS, connect, migrate, reading, revision, writing
from thecal.store.record import Author, Entry
from thecal.store.tables import METADATA
from thecal.store.upgrade import upgrade

NURSE = Author(actor="nurse.1", role="nurse")
RELEASED = Path(__file__).with_name("released")
VERSIONS = sorted(seed.stem for seed in RELEASED.glob("*.sql"))
TABLES = ("change", "fact", "event")
PATIENT = "P-0000000001"


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def all_rows(where) -> dict[str, list[tuple[object, ...]]]:
    raw = where.raw()
    rows = {name: [tuple(row) for row in raw.execute(f"SELECT * FROM {name}")] for name in TABLES}
    raw.close()
    return {name: sorted(held) for name, held in rows.items()}


def seeded(where, version: str):
    """Bring the seed of a version to a place; return an engine and the rows as they were kept."""
    for suffix in (".key", ".witness"):
        shutil.copy(RELEASED / f"record{suffix}", where.key.with_suffix(suffix))
    text = (RELEASED / f"{version}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(where.url if where.is_file else ":memory:")) as seed:
        seed.executescript(text)
        kept = {
            name: [dict(zip([c[0] for c in rows.description], row, strict=True)) for row in rows]
            for name in TABLES
            for rows in [seed.execute(f"SELECT * FROM {name}")]
        }
    engine = connect(where.url)
    where.closing.callback(engine.dispose)
    if not where.is_file:
        migrate(engine, version)
        with writing(engine) as connection:
            for name in TABLES:
                connection.execute(METADATA.tables[name].insert(), kept[name])
    assert revision(engine) == version
    return engine, {name: sorted(tuple(row.values()) for row in kept[name]) for name in TABLES}


def test_there_is_a_seed_of_every_version_and_the_newest_is_the_head():
    assert scripts().get_heads() == [HEAD]
    assert [script.revision for script in scripts().walk_revisions()][::-1] == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_up_down_and_up_again_keeps_every_signed_row_byte_for_byte(where, version):
    """Issue 6."""
    engine, kept = seeded(where, version)
    assert all_rows(where) == kept
    for to, down in ((HEAD, False), ("0001", True), (HEAD, False), (version, True), (HEAD, False)):
        if revision(engine) != to:
            migrate(engine, to, down=down)
        assert revision(engine) == to
        assert all_rows(where) == kept
        for table in TABLES:
            with pytest.raises(Exception, match="only ever added"):
                where.raw().execute(f"DELETE FROM {table}")
    record = where.open()
    assert record.rebuild_due() == 1
    assert where.found().is_whole
    (row,) = record.due(NURSE, dt.date(2026, 2, 1))
    assert (row.patient, row.given, row.due) == (PATIENT, 3, dt.date(2026, 2, 27))
    note = Entry(kind="note", body={"text": "and it goes on"})
    record.add(PATIENT, [note], NURSE, expected=5, key="after-upgrade")
    assert where.found().is_whole


@pytest.mark.parametrize("version", [version for version in VERSIONS if version != HEAD])
def test_a_record_of_older_tables_is_refused_with_what_to_do_and_brought_up_on_demand(
    where, version
):
    _, kept = seeded(where, version)
    with pytest.raises(StoreError, match=r"older thecal.*thecal record init --upgrade"):
        where.open()
    assert upgrade(where.url, NURSE, key=where.key) == version
    rows = all_rows(where)
    assert (rows["change"], rows["fact"]) == (kept["change"], kept["fact"])
    assert rows["event"][: len(kept["event"])] == kept["event"]
    assert len(where.open().due(NURSE, dt.date(2026, 2, 1))) == 1
    assert where.found().is_whole


def test_a_record_of_newer_tables_is_refused(where):
    engine, _ = seeded(where, HEAD)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer thecal"):
        where.open()
    with pytest.raises(StoreError, match="newer thecal"):
        upgrade(where.url, NURSE, key=where.key)


def test_below_the_first_version_there_is_nothing_to_go_to(where):
    engine, kept = seeded(where, HEAD)
    with pytest.raises(NotImplementedError, match="destroy"):
        migrate(engine, "base", down=True)
    assert revision(engine) == HEAD and all_rows(where) == kept


def test_the_migrations_make_the_tables_that_the_program_uses(where):
    engine = where.make().engine
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_released_migration_was_not_changed_since(new_place, version):
    """The seed holds the tables as they were made then; the migration makes the same today."""
    old, new = new_place("sqlite"), new_place("sqlite")
    seeded(old, version)
    engine = connect(new.url)
    new.closing.callback(engine.dispose)
    migrate(engine, version)

    def made(where) -> dict[str, str]:
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        return {name: re.sub(r"\s+", " ", sql) for name, sql in where.raw().execute(query)}

    assert made(old) == made(new)
