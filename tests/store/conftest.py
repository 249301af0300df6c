"""Where a record may be kept: a file, or a real PostgreSQL server that the tests start and stop.

`where` gives every test both. The server is Debian's own (`apt-get install postgresql`), one for
each test worker, without a port, its socket in a folder of its own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from thecal.store.engine import connect
from thecal.store.record import Author, Record
from thecal.store.seal import Mark, read_seal
from thecal.store.verify import Verified, verify

NURSE = Author(actor="nurse.1", role="nurse")
MEMORY = Path("/dev/shm")
NewPlace: TypeAlias = "Callable[[str], Where]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place for one record, with the key that signs it; what it opened is closed at the end."""

    url: str
    key: Path
    is_file: bool
    closing: ExitStack

    def make(self, author: Author = NURSE, **more: Any) -> Record:
        record = Record.make(self.url, author, key=self.key, **more)
        self.closing.callback(record.close)
        return record

    def open(self, **more: Any) -> Record:
        record = Record.open(self.url, key=self.key, **more)
        self.closing.callback(record.close)
        return record

    def found(self, anchor: Mark | None = None) -> Verified:
        """Verify what is there as another process would, from the key and the witness file."""
        engine, public = connect(self.url), read_seal(self.key).public
        try:
            return verify(engine, public=public, witness=self.witness, anchor=anchor)
        finally:
            engine.dispose()

    @property
    def witness(self) -> Path:
        return self.key.with_suffix(".witness")

    def raw(self) -> Any:
        """Return a connection of the bare driver, as somebody has who goes round thecal."""
        if self.is_file:
            connection: Any = sqlite3.connect(self.url, isolation_level=None)
        else:
            import psycopg

            connection = psycopg.connect(self.url, autocommit=True)
        self.closing.callback(connection.close)
        return connection


class Server:
    """A PostgreSQL server of our own, stopped and removed at the end."""

    def __init__(self, binaries: Path, *settings: str, folder: Path | None = None) -> None:
        self.binaries, self.settings = binaries, settings
        self.made, self.free = 0, list[str]()
        self.folder = Path(tempfile.mkdtemp(prefix="thecal-pg-", dir=folder))
        self.sockets = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path is short
        self.become: list[str] = []
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            postgres = pwd.getpwnam("postgres")
            for folder in (self.folder, self.sockets):
                os.chown(folder, postgres.pw_uid, postgres.pw_gid)
            self.become = ["setpriv", "--reuid=postgres", f"--regid={postgres.pw_gid}"]
            self.become.append("--clear-groups")
        self.data = self.folder / "data"
        self.run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def run(self, program: str, *words: str) -> None:
        command = [*self.become, str(self.binaries / program), "-D", str(self.data), *words]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=120)

    def start(self) -> None:
        settings = ("listen_addresses=", f"unix_socket_directories={self.sockets}", *self.settings)
        options = " ".join(f"-c {setting}" for setting in settings)
        self.run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-w", "-m", mode, "stop")

    def database(self) -> str:
        """Return the URL of an empty database."""
        import psycopg

        if self.free:
            return self.free.pop()
        self.made += 1
        name = f"record{self.made}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def take_back(self, url: str) -> None:
        """Empty a database, for the next test."""
        import psycopg

        others = "datname = current_database() AND pid <> pg_backend_pid()"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        self.free.append(url)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def remove(self) -> None:
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.rmtree(self.sockets, ignore_errors=True)


def binaries() -> Path:
    """Return where the programs of a PostgreSQL server are; skip the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if config := shutil.which("pg_config"):
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        found.append(Path(asked.stdout.strip()) / "initdb")
    found = [path for path in found if path.exists()]
    if not found:
        pytest.skip("no PostgreSQL server on this machine; install the package postgresql")
    if os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("a PostgreSQL server does not run as root, and setpriv is not there")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    return found[0].parent


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The PostgreSQL server of this test worker; quick, and safe against no power cut."""
    quick = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60")
    made = Server(binaries(), *quick, folder=MEMORY if os.access(MEMORY, os.W_OK) else None)
    yield made
    made.remove()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has one: thousands of writes wait for no disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="thecal-", dir=MEMORY))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def new_place(request: pytest.FixtureRequest, folder: Path) -> Iterator[NewPlace]:
    """Make empty places for records, in "sqlite" or "postgresql"."""
    made: list[Where] = []
    closing = ExitStack()

    def make(engine: str) -> Where:
        inside = folder / f"place{len(made)}"
        inside.mkdir()
        key, is_file = inside / "record.key", engine == "sqlite"
        url = str(inside / "record.db")
        if not is_file:
            url = request.getfixturevalue("server").database()
        made.append(Where(url=url, key=key, is_file=is_file, closing=closing))
        return made[-1]

    with closing:
        yield make
    for place in made:
        if not place.is_file:
            request.getfixturevalue("server").take_back(place.url)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, new_place: NewPlace) -> Where:
    """An empty place for a record: every test that takes it runs on both."""
    return new_place(request.param)


@pytest.fixture
def careful_place(folder: Path) -> Iterator[tuple[Server, Where]]:
    """A place on a server as a clinic runs it, which a test may stop in the middle of its work."""
    made = Server(binaries())
    with ExitStack() as closing:
        closing.callback(made.remove)
        key = folder / "careful.key"
        yield made, Where(url=made.database(), key=key, is_file=False, closing=closing)
