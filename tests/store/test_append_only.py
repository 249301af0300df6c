"""The database itself refuses whatever is not an addition, whoever asks and by whatever driver."""

from __future__ import annotations

import sqlite3

import pytest

from thecal.store.record import Author, Entry, new_stream

NURSE = Author(actor="nurse.1", role="nurse")
TABLES = {
    "change": ("reason", ("stream", "version")),
    "fact": ("body", ("stream", "fact", "version")),
    "event": ("detail", ("seq",)),
}


@pytest.fixture
def kept(where):
    """A record with a few rows in every table, and a bare connection to it."""
    record = where.make()
    note = Entry(kind="note", body={"text": "x"})
    vial = new_stream("V")
    first = Entry(kind="vial", body={"lot": "L", "expiry": "2030-01-01"})
    record.add(vial, [first, note], NURSE, expected=0, key="key-00001")
    record.add(vial, [note], NURSE, expected=1, key="key-00002")
    return where, where.raw()


def rows(raw, table: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in raw.execute(f"SELECT * FROM {table}"))


def refused(raw, statement: str) -> str:
    try:
        raw.execute(statement)
    except Exception as error:  # each driver has its own
        return str(error)
    return ""


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_updated_or_deleted(kept, table):
    where, raw = kept
    column, key = TABLES[table]
    before = rows(raw, table)
    every = [
        f"UPDATE {table} SET {column} = 'forged'",
        f"UPDATE {table} SET {column} = {column}",
        f"UPDATE {table} SET {key[-1]} = {key[-1]} WHERE {key[0]} IS NOT NULL",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE {column} = '{before[0][-1]}' OR 1 = 1",
    ]
    every += [f"TRUNCATE {table} CASCADE"] if not where.is_file else []
    every += [f"UPDATE OR REPLACE {table} SET {column} = 'x'"] if where.is_file else []
    for statement in every:
        assert "only ever added" in refused(raw, statement), statement
        assert rows(raw, table) == before
    assert where.found().is_whole


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_put_in_place_of_another(kept, table):
    """A conflict may not turn an addition into a change."""
    where, raw = kept
    column, key = TABLES[table]
    before = rows(raw, table)
    same = f"INTO {table} SELECT * FROM {table}"
    every = [f"INSERT {same}"]
    if where.is_file:
        every += [f"INSERT OR REPLACE {same}", f"REPLACE {same}"]
        every += [f"INSERT {same} WHERE 1 ON CONFLICT DO UPDATE SET {column} = 'forged'"]
    else:
        wanted = ", ".join(key)
        every += [f"INSERT {same} ON CONFLICT ({wanted}) DO UPDATE SET {column} = 'forged'"]
    for statement in every:
        assert refused(raw, statement), statement
        assert rows(raw, table) == before
    assert where.found().is_whole


def test_no_row_is_put_in_place_of_another_by_its_row_number(new_place):
    """SQLite's own number of a row is a second key, unless the table has none."""
    where = new_place("sqlite")
    where.make()
    raw = where.raw()
    for table in ("change", "fact"):
        columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
        values = ", ".join(
            "1" if name in ("version", "change", "place") else "'z'" for name in columns
        )
        names = ", ".join(f'"{name}"' for name in columns)
        before = rows(raw, table)
        with pytest.raises(sqlite3.Error):
            raw.execute(f"INSERT OR REPLACE INTO {table} (rowid, {names}) VALUES (1, {values})")
        assert rows(raw, table) == before
    event = [row[1] for row in raw.execute("PRAGMA table_info(event)")]
    values = ", ".join("1" if name in ("seq", "version") else "'z'" for name in event)
    for number in ("rowid", "seq"):
        names = ", ".join([number, *event[1:]])
        with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
            raw.execute(f"INSERT OR REPLACE INTO event ({names}) VALUES ({values})")
    assert where.found().is_whole


def test_a_row_that_is_added_by_hand_is_found(kept):
    """Additions are allowed by the database; what the chain does not tell of is found."""
    where, raw = kept
    raw.execute(
        "INSERT INTO change SELECT stream, version + 9, key || 'x', request, at, actor, role, "
        "reason, state FROM change"
    )
    assert not where.found().is_whole
