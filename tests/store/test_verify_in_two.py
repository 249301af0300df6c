"""A long log is checked by two processes; they say what one of them says."""

from __future__ import annotations

import pytest

from thecal.store import verify as module
from thecal.store.record import Author, Entry, new_stream

NURSE = Author(actor="n1", role="nurse")
PLAN = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})


@pytest.fixture
def filled(where):
    record = where.make(NURSE)
    for _ in range(3):
        patient = new_stream("P")
        record.add(patient, [PLAN], NURSE, expected=0, key=f"new {patient}")
        note = Entry(kind="note", body={"text": "seen"})
        record.add(patient, [note], NURSE, expected=1, key=f"note {patient}")
        record.read(patient, NURSE)
    record.close()
    return where


def test_two_processes_find_what_one_finds(filled, monkeypatch):
    alone = filled.found()
    taken = []
    monkeypatch.setattr(module, "MANY", 1)
    in_two = module._in_two
    monkeypatch.setattr(module, "_in_two", lambda *a: taken.append(in_two(*a)) or taken[-1])
    assert filled.found() == alone and alone.is_whole
    assert taken[0] is not None  # two did it, and nobody had to look again
    assert alone.changes == 7 and alone.facts == 7  # the record's own name, and two of each patient


@pytest.mark.parametrize(
    ("table", "set_to"),
    [
        ("fact", "body = '{\"text\":\"not seen\"}' WHERE kind = 'note'"),
        ("event", "actor = 'n2' WHERE seq = 4"),
        ("change", "reason = 'x' WHERE version = 2"),
    ],
)
def test_what_two_processes_see_is_told_as_by_one(filled, monkeypatch, table, set_to):
    raw = filled.raw()
    if not filled.is_file:
        raw.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    else:
        raw.execute(f"DROP TRIGGER {table}_no_update")
    raw.execute(f"UPDATE {table} SET {set_to}")
    raw.close()
    alone = filled.found()
    monkeypatch.setattr(module, "MANY", 1)
    assert filled.found() == alone
    assert any(table == "event" or "change" in str(b) for b in alone.breaks), alone.breaks


def test_an_event_taken_over_by_another_change_is_seen_by_two(filled, monkeypatch):
    """Both sides are whole by themselves; only held together do they differ."""
    monkeypatch.setattr(module, "MANY", 1)
    swapped = module._folded

    def moved(*given):
        rows = list(swapped(*given))
        rows[1], rows[2] = (rows[1][0], *rows[2][1:]), (rows[2][0], *rows[1][1:])
        return iter(rows)

    monkeypatch.setattr(module, "_folded", moved)
    assert not filled.found().is_whole
