"""What the database is told, and what is told of it."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import StatementError

from thecal.errors import StoreError
from thecal.store import engine as engine_of
from thecal.store.record import Author, Entry, new_stream
from thecal.store.tables import FACT

NURSE = Author(actor="nurse.1", role="nurse")
PLAN = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})


def test_who_waits_too_long_for_another_writer_is_told_so_and_nothing_is_done(where, monkeypatch):
    monkeypatch.setattr(engine_of, "WAIT_S", 1)
    record, patient = where.make(), new_stream("P")
    raw = where.raw()
    if where.is_file:
        raw.execute("BEGIN IMMEDIATE")
    else:
        raw.execute(f"SELECT pg_advisory_lock({engine_of.LOCK})")
    with pytest.raises(StoreError, match="others have been writing for 1 s; nothing was done"):
        record.add(patient, [PLAN], NURSE, expected=0, key="key-00001")
    raw.execute("COMMIT" if where.is_file else "SELECT pg_advisory_unlock_all()")
    assert record.add(patient, [PLAN], NURSE, expected=0, key="key-00001").version == 1


def test_a_writer_whose_machine_is_gone_lets_go_of_a_server(new_place, monkeypatch):
    """It is silent within its transaction, and all others would wait for it for ever."""
    monkeypatch.setattr(engine_of, "IDLE_S", 1)
    where = new_place("postgresql")
    record, patient = where.make(), new_stream("P")
    with pytest.raises(StoreError), engine_of.writing(record.engine):
        assert record.add(patient, [PLAN], NURSE, expected=0, key="key-00001").version == 1


def test_no_exception_of_the_database_library_holds_what_was_to_be_written(where):
    """It may be logged by whoever uses thecal as a library."""
    record = where.make()
    row = dict.fromkeys(FACT.columns.keys(), "zqname") | {"version": object()}
    with pytest.raises(StatementError) as error, record.engine.begin() as connection:
        connection.execute(FACT.insert(), row)
    assert "zqname" not in str(error.value)
