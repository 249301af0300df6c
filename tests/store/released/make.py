"""Write the seed of every released version of the tables: an SQLite file as text, key beside it.

    python tests/store/released/make.py

Run it once, when a migration is released; a seed that is there is history and is never made anew.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from thecal.store.engine import migrate
from thecal.store.record import Author, Entry, Record

HERE = Path(__file__).resolve().parent
VERSIONS = ("0001", "0002")
NURSE = Author(actor="nurse.1", role="nurse")
DOCTOR = Author(actor="doctor.1", role="prescriber")
PATIENT, VIAL = "P-0000000001", "V-0000000001"


def clock() -> dt.datetime:
    return dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)


def dose(date: str, of: str = "", **more: str) -> Entry:
    body = {"date": date, "amount_mg": 100, "route": "intrathecal", **more}
    return Entry(kind="dose", body=body, of=of)


def write(folder: Path, key: Path) -> Record:
    """Keep what every version could keep: facts of several kinds, a correction, an override."""
    record = Record.make(str(folder / "record.db"), NURSE, key=key, clock=clock)
    vial = Entry(kind="vial", body={"lot": "L1", "expiry": "2030-01-01"})
    plan = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})
    gone = Entry(kind="note", body=None, of="2.2")
    note = Entry(kind="note", body={"text": "zwei Zeilen,\nmit 'Zeichen' \"ü\" ß €"})
    for number, (stream, entries, author, expected, more) in enumerate(
        (
            (VIAL, [vial], NURSE, 0, {}),
            (PATIENT, [plan, dose("2026-01-05", vial=VIAL)], NURSE, 0, {}),
            (PATIENT, [dose("2026-01-19"), note], NURSE, 1, {}),
            (PATIENT, [dose("2026-01-20", of="2.1")], NURSE, 2, {"reason": "a day later"}),
            (PATIENT, [gone], NURSE, 3, {"reason": "entered wrongly"}),
            (PATIENT, [dose("2026-01-30")], NURSE, 4, {}),
            (PATIENT, [dose("2026-01-30")], DOCTOR, 4, {"override": "travels"}),
        )
    ):
        key_name = f"released-{number}"
        record.add(stream, entries, author, expected=expected, key=key_name, **more)
    record.read(PATIENT, NURSE, reason="a look")
    return record


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record = write(folder, folder / "record.key")
        for version in VERSIONS:
            seed = HERE / f"{version}.sql"
            if seed.exists():
                sys.exit(f"{seed.name} is there: it is history")
            migrate(record.engine, "0001", down=True)
            migrate(record.engine, version)
            if version != "0001":
                record.rebuild_due()
            with closing(sqlite3.connect(folder / "record.db")) as raw:
                seed.write_text("\n".join(raw.iterdump()) + "\n", encoding="utf-8")
        record.close()
        for suffix in ("key", "witness"):
            (HERE / f"record.{suffix}").write_bytes((folder / f"record.{suffix}").read_bytes())


if __name__ == "__main__":
    main()
