"""A record kept by an older thecal, brought to the tables of this one.

Rows that were signed stay as they are, byte for byte; what follows from them is computed anew.
"""

from __future__ import annotations

from pathlib import Path

from thecal.errors import StoreError
from thecal.store.engine import HEAD, existing, migrate
from thecal.store.outcome import Author
from thecal.store.record import Record, beside
from thecal.store.seal import read_seal


def upgrade(where: str, author: Author, *, key: Path | None = None) -> str:
    """Bring a record up; return the migration it stood at, which is HEAD if none was to do.

    When each patient is due is computed anew in any case: labels that came with this thecal may say
    another date.
    """
    engine, stands = existing(where)
    try:
        if stands > HEAD:
            raise StoreError(
                f"the record was kept by a newer thecal (tables {stands}, here {HEAD}); take that "
                "one"
            )
        read_seal(key or beside(where, "key"))  # without it the event below could not be kept
        if stands != HEAD:
            migrate(engine)
    finally:
        engine.dispose()
    record = Record.open(where, key=key)
    try:
        record.rebuild_due()
        record.note(author, "upgrade", detail=f"tables {stands} to {HEAD}")
    finally:
        record.close()
    return stands
