"""Who looked at a patient, a vial or the whole clinic: the events that are no change."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from thecal.errors import StoreError
from thecal.store.outcome import Author
from thecal.store.record import UNKNOWN, Record
from thecal.store.rows import standing
from thecal.store.rules import check_stream
from thecal.store.seal import CHECKPOINT
from thecal.store.tables import EVENT

EVERYBODY = "*"  # the stream of an event that is of no one patient or vial
NO_LOOKS = ("write", CHECKPOINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One event: somebody read, exported, or was refused.

    seq      its number in the chain
    action   what was done, such as "read identity"
    version  of the stream that was seen
    detail   what more is known, such as the moment asked about
    """

    seq: int
    at: str
    actor: str
    role: str
    action: str
    version: int
    reason: str
    detail: str


def looks(record: Record, stream: str, author: Author, *, reason: str = "") -> tuple[Look, ...]:
    """Return every look at a patient or vial, the first one first; noted as a look itself.

    stream  a code; "*" for the looks at the whole clinic (due lists, searches, backups), which are
            no event of one patient
    Raises StoreError where the record knows no such code.
    """
    if stream != EVERYBODY:
        check_stream(stream)
    record.check_reader(author, stream)
    names = ("seq", "at", "actor", "role", "action", "version", "reason", "detail")
    query = select(*(EVENT.c[name] for name in names))
    query = query.where(EVENT.c.stream == stream, EVENT.c.action.not_in(NO_LOOKS))
    with record.journal.page() as page:
        now = standing(page.connection, stream)
        if not now[0] and stream != EVERYBODY:
            raise StoreError(UNKNOWN)
        rows = page.connection.execute(query.order_by(EVENT.c.seq)).all()
        page.note(author, "looks", stream, now, reason=reason)
    return tuple(Look(**row._mapping) for row in rows)
