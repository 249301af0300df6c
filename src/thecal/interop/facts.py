"""Facts of the record as people type them: a YAML file of several, or words such as `value=12`.

A file is a list; each item is one fact, under its kind:

    - dose: {date: 2026-01-05, amount_mg: 100, route: intrathecal}
    - dose: {date: 2026-01-19}
      corrects: "2.1"
    - withdraws: "2.2"

What a body may hold is `thecal.store.fact`. The file speaks of a person: a fault names the line,
and never the words that stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from thecal.datafile import Entry as Node
from thecal.errors import StoreError, guarded
from thecal.store.fact import KINDS, WRITTEN_BY_US, Entry, Fact

NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
WORDS = {"true": True, "false": False}
FROM_FILE = ("person", "vial")  # kinds that name somebody, or a lot
WHY_FROM_FILE = (
    "a fact of kind {} names a person or a lot, and what is typed on a command line stays in the "
    "history of the shell; write it in a file and name that with --file, or give it on standard "
    "input with --file -"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One fact as it was typed: a new one, a correction of another, or its withdrawal.

    fields  those named; a correction keeps the others, and loses those that are None here
    """

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    corrects: str = ""
    withdraws: str = ""


def read_words(kind: str, words: Iterable[str], *, corrects: str = "") -> Asked:
    """Read one fact from the words of a command line. Raises StoreError."""
    if kind in FROM_FILE:
        raise StoreError(WHY_FROM_FILE.format(kind))
    fields: dict[str, Any] = {}
    for place, word in enumerate(words, start=1):
        name, mark, text = word.partition("=")
        if not mark or not name:
            raise StoreError(
                f"word {place} after the kind is no field; write each as name=value, and quote a "
                "value that holds spaces"
            )
        if name in fields:
            raise StoreError(f"{guarded(name)} is given twice")
        fields[name] = typed(kind, name, text)
    return Asked(kind=kind, fields=fields, corrects=corrects)


def typed(kind: str, name: str, text: str) -> Any:
    """Return a text as the value its field holds; a text that fits nothing stays as it is.

    Empty means none: a correction takes the field away.
    """
    if text == "":
        return None
    known = KINDS.get(kind)
    check = {**known.needs, **known.may}.get(name) if known else None
    if check is None or not check(text):
        return text
    value = _plain(text)
    return text if check(value) else value


def _plain(text: str) -> Any:
    if NUMBER.fullmatch(text):
        return float(text) if any(c in text for c in ".eE") else int(text)
    return WORDS.get(text, text)


def read_facts(root: Node) -> tuple[Asked, ...]:
    """Read a file of facts; its faults are left to `DataFile.finish`."""
    asked = []
    for item in root.items():
        entries = item.mapping()
        kinds = [name for name in entries if name in KINDS]
        for name, entry in entries.items():
            if name not in (*KINDS, "corrects", "withdraws"):
                entry.at("").fault(f"no kind of fact; expected {_kinds()}")
        if "withdraws" in entries:
            if len(entries) > 1:
                item.fault("a withdrawal stands alone")
            asked.append(Asked(kind="", withdraws=entries["withdraws"].text()))
        elif len(kinds) != 1:
            item.fault(f"expected one fact under its kind: {_kinds()}")
        else:
            kind = kinds[0]
            fields = {
                name: _value(kind, name, entry) for name, entry in entries[kind].mapping().items()
            }
            corrects = entries["corrects"].text() if "corrects" in entries else ""
            asked.append(Asked(kind=kind, fields=fields, corrects=corrects))
    if not asked and not root.file.faults:
        root.fault("no fact; expected a list, one item for each")
    return tuple(asked)


def _kinds() -> str:
    return ", ".join(kind for kind in KINDS if kind not in WRITTEN_BY_US)


def _value(kind: str, name: str, entry: Node) -> Any:
    """Return what a field of a file holds; a document may hold lists and mappings."""
    node = entry.node
    if isinstance(node.value, str) and not _is_null(node):
        return typed(kind, name, node.value)
    return _document(entry)


def _is_null(node: Any) -> bool:
    return not node.style and node.value in ("", "null", "~")


def _document(entry: Node) -> Any:
    node, entry = entry.node, entry.at("")  # a key may be a name
    if isinstance(node.value, str):
        if node.style:  # quoted: a text, whatever it looks like
            return node.value
        return None if _is_null(node) else _plain(node.value)
    if node.value and not isinstance(node.value[0], tuple):
        return [_document(item) for item in entry.items()]
    return {name: _document(value) for name, value in entry.mapping().items()}


def entries_of(asked: Iterable[Asked], held: Iterable[Fact]) -> list[Entry]:
    """Return what was typed as entries, corrections upon the facts that stand. StoreError."""
    standing = {fact.fact: fact for fact in held}
    entries = []
    for one in asked:
        named = one.corrects or one.withdraws
        if named and named not in standing:
            raise StoreError(
                f"there is no fact {guarded(named)} here to correct; `thecal record show` names "
                "each by its number"
            )
        if one.withdraws:
            entries.append(Entry(kind=standing[named].kind, body=None, of=named))
            continue
        if named and one.kind != standing[named].kind:
            raise StoreError(
                f"fact {named} is of kind {standing[named].kind}; a correction keeps the kind. "
                "Withdraw it, and add another"
            )
        body = {**(standing[named].body or {}), **one.fields} if named else dict(one.fields)
        kept = {name: value for name, value in body.items() if value is not None}
        entries.append(Entry(kind=one.kind, body=kept, of=named))
    return entries
