"""Any bytes as the file, the key or the witness of a record: an answer, or one StoreError."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thecal.errors import StoreError
from thecal.store.backup import back_up
from thecal.store.engine import connect
from thecal.store.record import Author, Entry, Record
from thecal.store.seal import read_seal
from thecal.store.verify import verify

NURSE = Author(actor="nurse.1", role="nurse")
PATIENT = "P-0000000001"
SHARED = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def kept(new_place):
    """A small record, closed, in one file."""
    where = new_place("sqlite")
    record = where.make()
    plan = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})
    dose = {"amount_mg": 100, "route": "intrathecal"}
    doses = [Entry(kind="dose", body={**dose, "date": f"2026-0{m}-05"}) for m in (1, 2, 3)]
    record.add(PATIENT, [plan, *doses], NURSE, expected=0, key="key-00001")
    record.close()
    with closing(sqlite3.connect(where.url)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    return where


def ask_all(where, folder: Path) -> None:
    """Ask everything one can ask of a record; each answer is a value or one StoreError."""
    engine = connect(where.url)
    try:
        public = read_seal(where.key).public
        found = verify(engine, public=public, witness=where.witness)
        assert str(found.breaks[:3]) is not None
    except StoreError:
        pass
    finally:
        engine.dispose()
    try:
        record = Record.open(where.url, key=where.key)
    except StoreError as error:
        assert str(error)
        return
    note = Entry(kind="note", body={"text": "x"})
    wants = (
        lambda: record.read(PATIENT, NURSE).course,
        lambda: record.history(PATIENT, NURSE),
        lambda: record.due(NURSE, dt.date(2026, 6, 1)),
        lambda: record.add(PATIENT, [note], NURSE, expected=1, key="key-00002"),
        lambda: record.streams(),
        lambda: record.rebuild_due(),
        lambda: back_up(record, folder / "fuzzed.backup", NURSE),
    )
    try:
        for want in wants:
            try:
                want()
            except StoreError as error:
                assert str(error)
    finally:
        record.close()


@SHARED
@given(data=st.binary(max_size=300), as_header=st.booleans())
def test_any_bytes_as_the_file_of_a_record(kept, folder, data, as_header):
    Path(kept.url).write_bytes((b"SQLite format 3\0" if as_header else b"") + data)
    ask_all(kept, folder)


def test_a_record_whose_file_is_damaged_anywhere(kept, folder):
    """Bytes of a real file changed, lost, or put in."""
    data, chance = Path(kept.url).read_bytes(), random.Random(5)
    for number in range(80):
        broken = bytearray(data)
        at = chance.randrange(len(broken)) if number % 3 else chance.randrange(200)
        match number % 4:
            case 0 | 1:
                for _ in range(chance.choice((1, 1, 20))):
                    broken[at % len(broken)] ^= 1 << chance.randrange(8)
                    at += chance.randrange(400)
            case 2:
                del broken[at : at + chance.choice((1, 512, 4096, len(broken)))]
            case 3:
                broken[at : at + 40] = chance.randbytes(40)
        for path in Path(kept.url).parent.glob("record.db-*"):
            path.unlink()
        Path(kept.url).write_bytes(broken)
        ask_all(kept, folder)


def test_rows_that_hold_what_no_column_takes(kept, folder):
    """SQLite keeps any type in any column for whoever writes to it directly."""
    with closing(sqlite3.connect(kept.url, isolation_level=None)) as raw:
        for (name,) in raw.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            raw.execute(f"DROP TRIGGER {name}")
    original, chance = Path(kept.url).read_bytes(), random.Random(7)
    odd = ("x'ff00'", "1e400", "-9223372036854775808", "''", "'null'", "'[1]'", "'{\"id\":5}'",
           "CAST(x'80' AS TEXT)", "'2026-13-45'", "'[[['")  # fmt: skip
    for table, columns in {
        "change": ("version", "at", "state", "key"),
        "fact": ("version", "change", "place", "kind", "body", "fact"),
        "event": ("at", "version", "hash", "detail", "action"),
        "due": ("version", "given", "last", "due", "silent"),
        "alembic_version": ("version_num",),
    }.items():
        for column in columns:
            for value in chance.sample(odd, 3):
                for path in Path(kept.url).parent.glob("record.db-*"):
                    path.unlink()
                Path(kept.url).write_bytes(original)
                with closing(sqlite3.connect(kept.url, isolation_level=None)) as raw:
                    raw.execute(f'UPDATE OR IGNORE {table} SET "{column}" = {value}')
                ask_all(kept, folder)


@SHARED
@given(data=st.binary(max_size=250) | st.text("0123456789abcdefg \n", max_size=80).map(str.encode))
def test_any_bytes_as_the_key(kept, folder, data):
    kept.key.write_bytes(data)
    ask_all(kept, folder)


@SHARED
@given(data=st.binary(max_size=600) | st.text("0123456789abcdef \n", max_size=600).map(str.encode))
def test_any_bytes_as_the_witness(kept, folder, data):
    kept.witness.write_bytes(data)
    engine = connect(kept.url)
    found = verify(engine, public=read_seal(kept.key).public, witness=kept.witness)
    engine.dispose()
    assert not found.is_whole
    ask_all(kept, folder)


@pytest.mark.parametrize("which", ["url", "key", "witness"])
def test_a_folder_in_the_place_of_a_file(kept, folder, which):
    path = Path(getattr(kept, which))
    path.unlink()
    path.mkdir()
    ask_all(kept, folder)
    with pytest.raises(StoreError):
        kept.make()
    shutil.rmtree(path)


@pytest.mark.parametrize(
    "where",
    [
        "nowhere/at/all/record.db",
        "postgresql://nobody@/none?host=/nowhere",
        "postgresql://nobody@localhost:1/none",
        "mysql://x/y",
        "://",
        "postgresql://[",
        "sqlite://",
        "sqlite:///",
        "postgresql://a:b@c:notaport/d",
        "\0",
        "x\0y",
        "a" * 5_000,
        "~nobody-of-this-name/record.db",
        "x\ud800",
    ],
)
def test_an_address_where_no_record_can_be(where, folder):
    for ask in (Record.open, lambda where, key: Record.make(where, NURSE, key=key)):
        with pytest.raises(StoreError):
            ask(where, key=folder / "record.key")
