"""How quick the record is for a whole clinic, and how large: one run on this machine.

    .venv/bin/python bench/record.py                            200 patients, in a file
    .venv/bin/python bench/record.py --patients 10000           a clinic of 10,000, 60 doses each
    .venv/bin/python bench/record.py --where postgresql://...   an empty database of a server

The clinic is written as the program writes it (every dose a change with its event, every chain
signed), but many to a transaction. Bounds are those of the record's first issue, on two cores.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from thecal.store.backup import back_up
from thecal.store.chain import EMPTY, digest
from thecal.store.fact import Entry
from thecal.store.journal import Key, Page
from thecal.store.record import Author, Record, new_stream
from thecal.store.tables import CHANGE, EVENT, FACT
from thecal.store.verify import verify

NURSE = Author(actor="nurse.1", role="nurse")
PLAN = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})
TODAY = dt.date(2026, 6, 1)
DOSES = 60


class Waiting:
    """A connection that keeps rows until they are many: the same rows, in fewer statements."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.rows: dict[Any, list[Any]] = {CHANGE: [], FACT: [], EVENT: []}

    def execute(self, statement: Any, rows: Any = None) -> Any:
        if rows is None:
            self.let_go()
            return self.connection.execute(statement)
        self.rows[statement.table] += rows if isinstance(rows, list) else [rows]

    def let_go(self) -> None:
        for table, rows in self.rows.items():
            if rows:
                self.connection.execute(table.insert(), rows)
                rows.clear()


def dose(number: int, start: dt.date) -> Entry:
    """Three doses every 14 days, then one every 28."""
    day = 14 * min(number, 2) + 28 * max(number - 2, 0)
    body = {"date": str(start + dt.timedelta(days=day)), "amount_mg": 100, "route": "intrathecal"}
    return Entry(kind="dose", body=body)


def fill(record: Record, patients: int) -> list[str]:
    """Write a clinic: each patient's last dose 60 to 1 days ago."""
    streams = [new_stream("P") for _ in range(patients)]
    for at in range(0, patients, 50):
        with record.journal.page() as page:
            waiting = Waiting(page.connection)
            # `Waiting` does what a page asks of a connection.
            quick = Page(waiting, page.head, page.record, page.seal, page.clock)  # type: ignore[arg-type]
            for number, stream in enumerate(streams[at : at + 50], start=at):
                start = TODAY - dt.timedelta(days=14 * 2 + 28 * (DOSES - 3) + 1 + number % 60)
                standing = (0, EMPTY)
                for version, entries in enumerate(
                    [[PLAN, dose(0, start)], *([dose(n, start)] for n in range(1, DOSES))], start=1
                ):
                    key = Key(f"{stream}-{version}", digest(stream, version))
                    written = quick.change(stream, standing, entries, NURSE, key)
                    standing = (written.version, written.state)
                quick.check()
            waiting.let_go()
            page.head = quick.head
    record.rebuild_due()
    return streams


def times(ask: Callable[[int], object], often: int) -> tuple[float, float, float]:
    """Return median and 95th percentile, and the mean of our own CPU time, in ms."""
    took, cpu = [], time.process_time()
    for number in range(often):
        began = time.perf_counter()
        ask(number)
        took.append(1e3 * (time.perf_counter() - began))
    cpu = 1e3 * (time.process_time() - cpu) / often
    return statistics.median(took), statistics.quantiles(took, n=20)[-1], cpu


def line(name: str, value: str, bound: str = "") -> None:
    print(f"{name:46} {value:>26}  {bound}", flush=True)


def measure(where: str, key: Path, folder: Path, patients: int) -> None:
    began = time.perf_counter()
    record = Record.make(where, NURSE, key=key)
    streams = fill(record, patients)
    line(
        f"{patients:,} patients, {DOSES} doses each, written",
        f"{time.perf_counter() - began:.0f} s",
    )

    def read(number: int) -> None:
        chart = record.read(streams[number * 7919 % patients], NURSE)
        assert len(chart.course.doses) == DOSES

    def write(number: int) -> None:
        entry = dose(DOSES, TODAY - dt.timedelta(days=14 * 2 + 28 * (DOSES - 3)))
        stream = streams[number % patients]
        outcome = record.add(stream, [entry], NURSE, expected=DOSES, key=f"bench-{number:06}")
        assert outcome.version == DOSES + (not hasattr(outcome, "code"))

    def due(_: int) -> None:
        assert len(record.due(NURSE, TODAY)) == patients

    def tell(name: str, found: tuple[float, float, float], bound: str) -> None:
        line(name, f"{found[0]:.1f} / {found[1]:.1f} / {found[2]:.1f} ms", bound)

    read(0)
    tell("one chart, p50 / p95 / CPU", times(read, 200), "p95 150 ms")
    due(0)
    tell("due list of the whole clinic, p50 / p95 / CPU", times(due, 20), "p95 300 ms")
    tell("recording a dose, p50 / p95 / CPU", times(write, min(100, patients)), "")
    began = time.perf_counter()
    copied = back_up(record, folder / "bench.backup", NURSE)
    line("backup", f"{time.perf_counter() - began:.1f} s")
    size = (folder / "bench.backup").stat().st_size / 1e6
    line("backup, size", f"{size:.1f} MB")
    is_file = record.engine.dialect.name == "sqlite"
    if not is_file:
        with record.engine.connect() as connection:
            query = "SELECT pg_database_size(current_database())"
            size = connection.exec_driver_sql(query).scalar_one() / 1e6
    record.close()  # the last one to close a file leaves it whole
    size = Path(where).stat().st_size / 1e6 if is_file else size
    line("database, size", f"{size:.0f} MB")
    began = time.perf_counter()
    record = Record.open(where, key=key)
    record.read(streams[0], NURSE)
    line("open and first chart", f"{time.perf_counter() - began:.2f} s", "5 s")
    began, cpu = time.perf_counter(), time.process_time()
    found = verify(record.engine, public=record.journal.seal.public, witness=record.journal.witness)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert found.is_whole, found.breaks
    pace = f"{found.events / took:,.0f} events/s"
    line(f"verify, {found.events:,} events, {copied.rows['fact']:,} facts", pace, "50,000 events/s")
    line("verify, by its own CPU time", f"{found.events / cpu:,.0f} events/s")
    record.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--where", help="URL of an empty database; a file of its own if left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        where = options.where or str(folder / "record.db")
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        measure(where, folder / "record.key", folder, options.patients)


if __name__ == "__main__":
    main()
