"""The chain: every event hashed with the one before, so that no change of the log goes unseen.

    hash(n) = SHA-256( hash(n - 1), fields of row n )        hash(0) = SHA-256("thecal record 1")

What is hashed stands one after the other with a NUL between, which no field may hold; numbers are
written in decimal. Whoever has the rows can do it anew with any tool. The row names the state of
the stream before and after, itself a hash over every change and fact of the stream so far; so the
chain covers the facts, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from thecal.store.fact import canonical

_hash = hashlib.sha256
GENESIS = hashlib.sha256(b"thecal record 1").hexdigest()
EMPTY = hashlib.sha256(b"thecal stream 1").hexdigest()  # the state of a stream with no change
EVENT_FIELDS = (
    "seq",
    "at",
    "actor",
    "role",
    "action",
    "stream",
    "version",
    "before",
    "after",
    "reason",
    "detail",
)


def digest(*values: Any) -> str:
    """Return the SHA-256 of JSON values, in hexadecimal."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def link(before: str, row: Iterable[Any]) -> str:
    """Return the hash of an event: the hash before it, and its fields as in `EVENT_FIELDS`.

    Raises TypeError, ValueError where a field is of another kind than its column.
    """
    seq, at, actor, role, action, stream, version, *rest = row
    fields = (before, f"{seq:d}", at, actor, role, action, stream, f"{version:d}", *rest)
    return _hash("\0".join(fields).encode()).hexdigest()


def state_after(before: str, change: Iterable[Any], facts: Sequence[Iterable[Any]]) -> str:
    """Return the state of a stream after a change.

    change  stream, version, key, request, at, actor, role, reason
    facts   fact, version, place, kind, body of each, in the order of their places

    How many facts there are is hashed before them, so that no two are taken for one. Raises as
    `link` does.
    """
    stream, version, *rest = change
    fields = [before, stream, f"{version:d}", *rest, f"{len(facts)}"]
    for fact, number, place, kind, body in facts:
        fields += (fact, f"{number:d}", f"{place:d}", kind, body)
    return _hash("\0".join(fields).encode()).hexdigest()
