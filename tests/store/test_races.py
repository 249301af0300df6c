"""Of two who write to one stream at once, one is heard and the other is told."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from thecal.store.outcome import Refused, Written
from thecal.store.record import Author, Entry, new_stream

NURSE = Author(actor="nurse.1", role="nurse")
VIAL = Entry(kind="vial", body={"lot": "L", "expiry": "2030-01-01"})
WRITER = Path(__file__).with_name("writer.py")


def note(text: str) -> Entry:
    return Entry(kind="note", body={"text": text})


def race_threads(where, races: int) -> None:
    where.make()
    stream, barrier = new_stream("V"), Barrier(2, timeout=60)
    records = [where.open(), where.open()]
    records[0].add(stream, [VIAL], NURSE, expected=0, key="key-begin")

    def run(me: int) -> list[Written | Refused]:
        came = []
        for version in range(1, races + 1):
            barrier.wait()
            key = f"key-{me}-{version:06}"
            came.append(records[me].add(stream, [note(str(me))], NURSE, expected=version, key=key))
        return came

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(run, (0, 1)))
    for version, pair in enumerate(zip(*both, strict=True), start=2):
        won = [outcome for outcome in pair if isinstance(outcome, Written)]
        lost = [outcome for outcome in pair if isinstance(outcome, Refused)]
        assert len(won) == len(lost) == 1, version
        assert won[0].version == lost[0].version == version and lost[0].code == "stale"
    chart = records[0].read(stream, NURSE)
    assert chart.version == races + 1
    winners = [
        next(i for i in (0, 1) if isinstance(p[i], Written)) for p in zip(*both, strict=True)
    ]
    assert [fact.body["text"] for fact in chart.of("note")] == [str(who) for who in winners]
    assert where.found().is_whole


def test_of_two_writers_exactly_one_wins_each_race(where):
    """Issue 6: two writers, 1,000 races; the whole thousand is in the slow set."""
    race_threads(where, 150)


@pytest.mark.slow
def test_of_two_writers_exactly_one_wins_each_of_a_thousand_races(where):
    race_threads(where, 1_000)


def race_processes(where, tmp_path: Path, times: int) -> None:
    record, stream = where.make(), new_stream("V")
    record.add(stream, [VIAL], NURSE, expected=0, key="key-begin")
    start = tmp_path / "start"
    fixed = [where.url, str(where.key), stream, str(times)]
    racers = [
        subprocess.Popen(
            [sys.executable, str(WRITER), "race", *fixed, name, str(start)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("first-one", "second-one")
    ]
    try:
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        start.touch()
        said = [racer.communicate(timeout=300)[0].splitlines() for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
            racer.stdout.close()
    tried = [{int(v): came for v, came, _ in map(str.split, lines)} for lines in said]
    assert [len(lines) for lines in said] == [times, times]
    assert {came for one in tried for came in one.values()} <= {"won", "stale"}
    contested = tried[0].keys() & tried[1].keys()
    assert contested, "they ran one after the other: this was no race"
    for version in contested:
        assert sorted((tried[0][version], tried[1][version])) == ["stale", "won"]
    wins = [v for one in tried for v, came in one.items() if came == "won"]
    assert sorted(wins) == list(range(1, len(wins) + 1))
    assert record.read(stream, NURSE).version == len(wins) + 1
    assert where.found().is_whole


def test_of_two_processes_exactly_one_wins_each_race(where, tmp_path):
    race_processes(where, tmp_path, 60)


@pytest.mark.slow
def test_of_two_processes_exactly_one_wins_each_of_a_thousand_races(where, tmp_path):
    race_processes(where, tmp_path, 1_000)


def replay(where, times: int) -> None:
    """Send one change again and again, from four threads."""
    where.make()
    stream = new_stream("V")

    def run(_: int) -> list[bool]:
        record = where.open()
        came = [
            record.add(stream, [VIAL], NURSE, expected=0, key="the one key")
            for _ in range(times // 4)
        ]
        assert all(isinstance(w, Written) and w.version == 1 for w in came), came
        return [outcome.replayed for outcome in came]

    with ThreadPoolExecutor(4) as pool:
        replayed = [one for many in pool.map(run, range(4)) for one in many]
    assert replayed.count(False) == 1 and len(replayed) == times
    raw = where.raw()
    counts = "SELECT count(*) FROM {} WHERE stream = '{}'"
    for table in ("change", "fact"):
        assert raw.execute(counts.format(table, stream)).fetchone()[0] == 1
    (events,) = raw.execute(counts.format("event", stream)).fetchone()
    assert events == times, "every replay is an event"
    assert where.found().is_whole


def test_replays_of_one_key_from_four_threads_make_one_record(where):
    """Issue 6: 1,000 replays of one idempotency key; on PostgreSQL they are in the slow set."""
    replay(where, 1_000 if where.is_file else 200)


@pytest.mark.slow
def test_a_thousand_replays_of_one_key_from_four_threads_make_one_record(where):
    replay(where, 1_000)


def test_what_a_server_sets_by_default_does_not_let_two_win(new_place):
    """A server may begin transactions with a view from before the lock was taken."""
    where = new_place("postgresql")
    raw = where.raw()
    name = raw.info.dbname
    raw.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    raw.execute(f"ALTER DATABASE {name} SET synchronous_commit = 'off'")
    try:
        race_threads(where, 40)
    finally:
        raw.execute(f"ALTER DATABASE {name} RESET ALL")
