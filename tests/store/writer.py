"""Writers for the tests, in processes of their own.

    python writer.py nursery                          forks a writer for every line of its input
    python writer.py race WHERE KEY STREAM TIMES NAME START

A line to the nursery names WHERE, KEY, STREAM and VERSION, by tabs. Its writers add changes until
they are killed: each line they write is a change that was acknowledged. Whoever races tries every
version as soon as it hears of it, and says what came of it; START is a file that starts the race.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from thecal.store.record import Author, Entry, Record, Refused

NURSE = Author(actor="writer", role="nurse")


def note(text: str) -> Entry:
    return Entry(kind="note", body={"text": text})


def write_on(record: Record, stream: str, version: int) -> None:
    while True:
        key = f"{stream}-{version:06}"
        entries = [note(f"{version + 1}.{place}") for place in range(1, 2 + version % 4)]
        written = record.add(stream, entries, NURSE, expected=version, key=key)
        assert not isinstance(written, Refused), written
        version = written.version
        print(version, written.state, flush=True)


def nursery() -> None:
    """Fork writers that need not import anything; one lives at a time, and its end is awaited."""
    for line in sys.stdin:
        where, key, stream, version = line.rstrip("\n").split("\t")
        child = os.fork()
        if not child:
            print("pid", os.getpid(), flush=True)
            try:
                write_on(Record.open(where, key=Path(key)), stream, int(version))
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        print("\nended", flush=True)  # on a line of its own: a killed writer's last one may be cut


def race(where: str, key: str, stream: str, times: str, name: str, start: str) -> None:
    record = Record.open(where, key=Path(key))
    print("ready", flush=True)
    while not Path(start).exists():
        time.sleep(0.001)
    version = 1
    for number in range(int(times)):
        outcome = record.add(
            stream, [note(name)], NURSE, expected=version, key=f"{name}-{number:06}"
        )
        came = outcome.code if isinstance(outcome, Refused) else "won"
        print(version, came, outcome.version, flush=True)
        version = outcome.version


if __name__ == "__main__":
    race(*sys.argv[2:]) if sys.argv[1] == "race" else nursery()
