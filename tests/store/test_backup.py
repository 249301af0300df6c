"""A backup made while others write is one moment of the record; it comes back whole, or not."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import itertools
import json
import random
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from thecal.errors import StoreError
from thecal.store.backup import back_up, restore
from thecal.store.record import Author, Entry, new_stream
from thecal.store.tables import APPEND_ONLY

NURSE = Author(actor="nurse.1", role="nurse")
ADMIN = Author(actor="admin.1", role="admin")
TABLES = [table.name for table in APPEND_ONLY]
PAIRS = [("sqlite", "sqlite"), ("sqlite", "postgresql"), ("postgresql", "sqlite")]


def patient(record, number: int) -> str:
    stream = new_stream("P")
    plan = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})
    day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
    dose = {"date": str(day), "amount_mg": 100, "route": "intrathecal", "note": f"ü {number}"}
    entries = [plan, Entry(kind="dose", body=dose)]
    record.add(stream, entries, NURSE, expected=0, key=f"key-{stream}")
    return stream


def write_on(where, stream: str, stop: threading.Event, kept: list[int]) -> None:
    record = where.open()
    version = 1
    while not stop.is_set():
        entry = Entry(kind="note", body={"text": f"n{version}"})
        key = f"{stream}-{version}"
        version = record.add(stream, [entry], NURSE, expected=version, key=key).version
        kept.append(version)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_backup_under_load_comes_back_with_the_same_rows_chain_and_charts(
    new_place, folder, source, target
):
    """Issue 6: hot backup, restore elsewhere: same row counts, chain head and charts."""
    where, elsewhere = new_place(source), new_place(target)
    record = where.make()
    streams = [patient(record, number) for number in range(100)]
    stop = threading.Event()
    kept: list[list[int]] = [[], []]
    writers = [
        threading.Thread(target=write_on, args=(where, streams[n], stop, kept[n])) for n in (0, 1)
    ]
    for writer in writers:
        writer.start()
    try:
        while not all(kept):
            time.sleep(0.01)
        copied = back_up(record, folder / "record.backup", ADMIN)
        seen = [len(many) for many in kept]
        while [len(many) for many in kept] == seen:
            time.sleep(0.01)  # the writers go on
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert restore(folder / "record.backup", elsewhere.url, ADMIN, key=elsewhere.key) == copied
    raw, back = where.raw(), elsewhere.raw()
    (moment,) = raw.execute(f"SELECT at FROM event WHERE seq = {copied.head.seq}").fetchone()
    (link,) = back.execute(f"SELECT hash FROM event WHERE seq = {copied.head.seq}").fetchone()
    assert link == copied.head.hash
    for name in TABLES:
        # what was written before the moment is there, byte for byte, and nothing else
        if name == "event":
            until = f"WHERE seq <= {copied.head.seq}"
            then = [tuple(row) for row in raw.execute(f"SELECT * FROM {name} {until} ORDER BY 1")]
            now = [tuple(row) for row in back.execute(f"SELECT * FROM {name} {until} ORDER BY 1")]
        else:
            now = sorted(tuple(row) for row in back.execute(f"SELECT * FROM {name}"))
            then = sorted(
                row for row in map(tuple, raw.execute(f"SELECT * FROM {name}")) if row in set(now)
            )
        assert then == now and len(now) == copied.rows[name], name
    restored = elsewhere.open()
    as_of = dt.datetime.fromisoformat(moment)
    for stream in streams:
        before = record.read(stream, NURSE, as_of=as_of)
        after = restored.read(stream, NURSE)
        assert (after.facts, after.state) == (before.facts, before.state)
    on = dt.date(2026, 6, 1)
    first = {row.patient: row for row in record.due(NURSE, on)}
    assert {row.patient: row for row in restored.due(NURSE, on)} == first
    assert where.found().is_whole
    assert elsewhere.found(anchor=copied.head).is_whole
    written = restored.add(
        streams[5], [Entry(kind="note", body={"text": "x"})], NURSE, expected=1, key="goes-on-here"
    )
    assert written.version == 2 and elsewhere.found().is_whole


@pytest.fixture
def backup(new_place, folder) -> Path:
    """The backup of a small record."""
    record = new_place("sqlite").make()
    for number in range(3):
        patient(record, number)
    back_up(record, folder / "record.backup", ADMIN)
    return folder / "record.backup"


def lines_of(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def forge(path: Path, lines: list[bytes]) -> None:
    """Write a backup whose own count and hash are right."""
    rows = dict.fromkeys(TABLES, 0)
    for line in lines[1:-1]:
        rows[json.loads(line)[0]] += 1
    digest = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    last = json.dumps({"rows": rows, "digest": digest}).encode() + b"\n"
    path.write_bytes(gzip.compress(b"".join(lines[:-1]) + last, mtime=0))


def refused(path: Path, place) -> bool:
    """Try to restore; tell whether it was refused, with nothing left behind."""
    try:
        restore(path, place.url, ADMIN, key=place.key)
    except StoreError:
        assert not place.key.exists() and not place.witness.exists()
        if place.is_file:
            assert not list(Path(place.url).parent.iterdir())
        else:
            tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            functions = "SELECT count(*) FROM pg_proc WHERE proname = 'record_refuse'"
            raw = place.raw()
            assert raw.execute(tables).fetchone()[0] == 0
            assert raw.execute(functions).fetchone()[0] == 0
            raw.close()
        return True
    return False


def test_a_backup_cut_anywhere_is_refused_and_leaves_nothing(backup, where):
    data = backup.read_bytes()
    chance = random.Random(3)
    for end in (0, 1, 9, 10, 30, len(data) - 8, len(data) - 1, *chance.sample(range(len(data)), 8)):
        backup.write_bytes(data[:end])
        assert refused(backup, where), end
    lines = gzip.decompress(data).splitlines(keepends=True)
    for end in (1, 2, len(lines) - 1):
        backup.write_bytes(gzip.compress(b"".join(lines[:end]), mtime=0))
        assert refused(backup, where), end


def test_a_backup_with_any_byte_changed_is_refused_or_is_the_same_backup(backup, new_place):
    """A few bytes of a compressed file say nothing: when it was packed, and by which system."""
    data, chance = backup.read_bytes(), random.Random(4)
    plain = gzip.decompress(data)
    for _ in range(40):
        at = chance.randrange(len(data))
        backup.write_bytes(
            data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        )
        if not refused(backup, new_place("sqlite")):
            assert gzip.decompress(backup.read_bytes()) == plain


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1_000,
        b"not a backup",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"[]\n", mtime=0),
        gzip.compress(b"{}\n", mtime=0),
        gzip.compress(b'{"format":"thecal backup 1"}\n', mtime=0),
        gzip.compress(
            b'{"format":"thecal backup 1","tables":"9999","record":"x","head":[1,"x"]}\n'
        ),
        gzip.compress(b'{"format":"thecal backup 1","tables":"0002","record":1,"head":1}\n'),
        gzip.compress(
            b'{"format":"thecal backup 1","tables":"0002","record":"","head":[1,"x"]}\n5\n'
        ),
        gzip.compress(
            b'{"format":"thecal backup 1","tables":"0002","record":"","head":[1,1]}\n{}\n'
        ),
        gzip.compress(b"[" * 900_000 + b"\n", mtime=0),
        gzip.compress(b"x" * 5_000_000, mtime=0),
        gzip.compress(b"\xff\xfe\n", mtime=0),
    ],
    ids=itertools.count(),
)
def test_a_file_that_is_no_backup_is_refused_and_leaves_nothing(data, folder, where):
    (folder / "foreign").write_bytes(data)
    assert refused(folder / "foreign", where)


def test_a_backup_that_is_not_there_or_is_a_folder_is_refused(folder, where):
    assert refused(folder / "nowhere", where)
    assert refused(folder, where)


def test_a_forged_backup_is_refused_though_its_own_hash_is_right(backup, where):
    lines = lines_of(backup)
    fact = next(i for i, line in enumerate(lines) if b"amount_mg" in line)
    event = next(i for i, line in enumerate(lines) if line.startswith(b'["event"'))
    forgeries = {
        "edited": [*lines[:fact], lines[fact].replace(b"100", b"900"), *lines[fact + 1 :]],
        "a fact gone": [*lines[:fact], *lines[fact + 1 :]],
        "an event gone": [*lines[:event], *lines[event + 1 :]],
        "the last event gone": [*lines[:-2], lines[-1]],
        "twice": [*lines[:fact], lines[fact], *lines[fact:]],
        "wider": [*lines[:fact], lines[fact].replace(b"]\n", b",1]\n"), *lines[fact + 1 :]],
        "another table": [*lines[:fact], b'["alembic_version","9"]\n', *lines[fact:]],
        "another type": [*lines[:fact], b'["fact",{},[],{},1,1,1,1]\n', *lines[fact:]],
        "another head": [lines[0].replace(b'"head":[', b'"head":[1'), *lines[1:]],
        "another name": [lines[0].replace(b'"record":"', b'"record":"0'), *lines[1:]],
    }
    for what, forged in forgeries.items():
        try:
            forge(backup, forged)
        except KeyError:  # a table that no backup counts
            backup.write_bytes(gzip.compress(b"".join(forged), mtime=0))
        assert refused(backup, where), what


def test_a_backup_is_not_brought_back_over_a_record(backup, where):
    record = where.make()
    stream = patient(record, 1)
    with pytest.raises(StoreError, match="there is a record already"):
        restore(backup, where.url, ADMIN, key=where.key)
    assert record.read(stream, NURSE).version == 1 and where.found().is_whole


def test_a_backup_names_no_key_and_is_for_its_owner_alone(backup, new_place):
    assert backup.stat().st_mode & 0o777 == 0o600
    key = next(backup.parent.glob("place0/*.key")).read_bytes().strip()
    assert key not in gzip.decompress(backup.read_bytes())


def test_a_backup_that_cannot_be_written_leaves_nothing_and_says_so(new_place, folder):
    record = new_place("sqlite").make()
    with pytest.raises(StoreError):
        back_up(record, folder / "nowhere" / "record.backup", ADMIN)
    assert not list(folder.glob("*.tmp"))


def test_a_backup_replaces_no_file_least_of_all_the_record_itself(where, folder):
    """A name typed wrong must not cost what was to be saved."""
    record = where.make()
    stream = patient(record, 1)
    there = [where.key, where.witness, folder / "of yesterday"]
    there += [Path(where.url)] if where.is_file else []
    there[2].write_text("kept")
    held = [path.read_bytes() for path in there[:3]]
    for path in there:
        with pytest.raises(StoreError, match="replaces none"):
            back_up(record, path, ADMIN)
    assert [path.read_bytes() for path in there[:3]] == held
    assert record.read(stream, NURSE).version == 1 and where.found().is_whole


def test_of_two_restores_into_one_place_one_wins_and_nothing_of_it_is_undone(backup, where):
    """Whoever comes second is refused, and takes nothing away."""
    keys = [where.key.with_name(f"{n}.key") for n in range(3)]
    for key in keys:
        shutil.copy(next(backup.parent.glob("place0/*.key")), key)
    start, won = threading.Barrier(len(keys)), []

    def bring_back(key: Path) -> None:
        start.wait()
        with suppress(StoreError):
            won.append((key, restore(backup, where.url, ADMIN, key=key)))

    threads = [threading.Thread(target=bring_back, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((key, copied),) = won
    shutil.copy(key, where.key)
    shutil.copy(key.with_suffix(".witness"), where.witness)
    assert copied.rows["event"] and where.found(copied.head).is_whole
