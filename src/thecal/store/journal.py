"""The journal: one transaction of the record, with its events and checkpoints.

What a transaction does and the event that says so are kept together or not at all. Once they are
kept, the witness vouches for the new end of the chain, if the chain holds what it vouched for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from thecal.errors import StoreError
from thecal.store.chain import EMPTY, link, state_after
from thecal.store.engine import writing
from thecal.store.fact import Entry, canonical
from thecal.store.outcome import Author, Written, check_words
from thecal.store.rows import Head, hashed, head_of
from thecal.store.seal import (
    CHECKPOINT,
    EVERY,
    EVERY_EVENTS,
    Mark,
    Seal,
    read_witness,
    write_witness,
)
from thecal.store.tables import CHANGE, EVENT, FACT

THECAL = Author(actor="thecal", role="admin")  # who signs


def utc_now() -> dt.datetime:
    """Return the time of the clock, in UTC."""
    return dt.datetime.now(dt.UTC)


def stamp(at: dt.datetime) -> str:
    """Write a time as the record does: UTC, to the microsecond."""
    if at.tzinfo is None:
        raise StoreError("a time without a zone; add its offset, such as +01:00 or Z")
    try:
        plain = at.astimezone(dt.UTC).replace(tzinfo=None)
    except OverflowError:
        raise StoreError("a time outside the calendar") from None
    return plain.isoformat(timespec="microseconds") + "Z"


@dataclass(frozen=True, slots=True)
class Key:
    """What a writer calls a change, and the hash of what was asked for under that name."""

    key: str
    request: str


@dataclass(slots=True)
class Page:
    """One transaction: a connection that holds the record alone, and the end of the chain."""

    connection: Connection
    head: Head
    record: str
    seal: Seal
    clock: Callable[[], dt.datetime]

    def now(self) -> str:
        """Return the time of the next event: the clock's, but always after the last event.

        So a moment is before or after each event, even while the clock stands, or was set back.
        """
        at, last = stamp(self.clock()), self.head.at
        if at > last:
            return at
        return stamp(dt.datetime.fromisoformat(last) + dt.timedelta(microseconds=1))

    def note(
        self,
        author: Author,
        action: str,
        stream: str,
        standing: tuple[int, str] = (0, EMPTY),
        *,
        before: str | None = None,
        reason: str = "",
        detail: str = "",
    ) -> None:
        """Add an event to the chain.

        standing  version and state of the stream after it
        before    its state before, where that is another
        """
        check_words(reason)
        check_words(detail)
        version, after = standing
        row = {
            "seq": self.head.seq + 1,
            "at": self.now(),
            "actor": author.actor,
            "role": author.role,
            "action": action,
            "stream": stream,
            "version": version,
            "before": after if before is None else before,
            "after": after,
            "reason": reason,
            "detail": detail,
        }
        self.head = Head(self.head.seq + 1, str(row["at"]), link(self.head.hash, row.values()))
        self.connection.execute(EVENT.insert(), row | {"hash": self.head.hash})

    def change(
        self,
        stream: str,
        standing: tuple[int, str],
        entries: Sequence[Entry],
        author: Author,
        key: Key,
        reason: str = "",
    ) -> Written:
        """Write one change with its facts and its event.

        standing  version and state of the stream as it is
        """
        (version, state), at = standing, self.now()
        version += 1
        versions = self._versions(stream, [entry.of for entry in entries if entry.of])
        facts = [
            {
                "stream": stream,
                "fact": entry.of or f"{version}.{place}",
                "version": versions.get(entry.of, 0) + 1,
                "change": version,
                "place": place,
                "kind": entry.kind,
                "body": canonical(entry.body),
            }
            for place, entry in enumerate(entries, start=1)
        ]
        row = {
            "stream": stream,
            "version": version,
            "key": key.key,
            "request": key.request,
            "at": at,
            "actor": author.actor,
            "role": author.role,
            "reason": reason,
        }
        after = state_after(state, row.values(), [hashed(fact) for fact in facts])
        self.connection.execute(CHANGE.insert(), row | {"state": after})
        self.connection.execute(FACT.insert(), facts)
        self.note(author, "write", stream, (version, after), before=state, reason=reason)
        names = tuple(str(fact["fact"]) for fact in facts)
        return Written(stream=stream, version=version, at=at, state=after, facts=names)

    def _versions(self, stream: str, corrected: Sequence[str]) -> dict[str, int]:
        if not corrected:
            return {}
        last = (
            select(FACT.c.fact, func.max(FACT.c.version))
            .where(FACT.c.stream == stream, FACT.c.fact.in_(corrected))
            .group_by(FACT.c.fact)
        )
        return {fact: version for fact, version in self.connection.execute(last)}

    def check(self, *, always: bool = False) -> None:
        """Sign the end of the chain, if it is time to: every 100 events, or every hour."""
        query = select(EVENT.c.seq, EVENT.c.at).where(EVENT.c.action == CHECKPOINT)
        last = self.connection.execute(query.order_by(EVENT.c.seq.desc()).limit(1)).first()
        head = self.head
        if last and not always and head.seq - last.seq < EVERY_EVENTS:
            passed = dt.datetime.fromisoformat(head.at) - dt.datetime.fromisoformat(last.at)
            if passed < EVERY:
                return
        signature = self.seal.sign(self.record, Mark(head.seq, head.hash))
        self.note(THECAL, CHECKPOINT, "*", detail=f"{self.seal.public} {signature}")


@dataclass(frozen=True, slots=True)
class Journal:
    """How one installation writes to a record: with its key, its witness and its clock."""

    engine: Engine
    record: str
    seal: Seal
    witness: Path
    clock: Callable[[], dt.datetime] = utc_now

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Hold the record alone until the end of the block, then keep all of it or nothing."""
        with writing(self.engine) as connection:
            head, may_vouch = head_of(connection), self._may_vouch(connection)
            page = Page(connection, head, self.record, self.seal, self.clock)
            yield page
            if page.head.seq > head.seq:
                page.check()
        if page.head.seq > head.seq and may_vouch:
            mark = Mark(page.head.seq, page.head.hash)
            write_witness(self.witness, self.record, self.seal, mark)

    def _may_vouch(self, connection: Connection) -> bool:
        """Tell whether the chain still holds the link vouched for last.

        The witness does not follow a log that was cut short and then goes on: it stays where it
        is, and says so whenever the record is verified.
        """
        try:
            mark = read_witness(self.witness, self.record, self.seal.public)
        except StoreError:
            return False
        if mark is None:
            return False
        held = connection.execute(select(EVENT.c.hash).where(EVENT.c.seq == mark.seq)).scalar()
        return held == mark.hash
