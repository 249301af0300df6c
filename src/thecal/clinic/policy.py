"""What every named policy has in common: a name, a version, and a ground for each figure.

A label leaves much to the clinic: who may have a lumbar puncture, what a raised cell count asks
for, what a payer wants to see. thecal answers such a question only by a policy that somebody
named: a file shipped in `policies/`, or a file of the clinic's own. Nothing is a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thecal.datafile import SHIPPED, Entry
from thecal.errors import PolicyError, nearest
from thecal.source import Source

POLICIES = SHIPPED / "policies"
HEAD = ("name", "title", "version", "sources")  # keys every policy file has
HEAD_OPTIONAL = ("not_confirmed",)
BASIS = ("source", "section", "confirmed")  # keys every figure and every rule has


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where a figure or a rule stands, and whether somebody here read it there.

    A figure that is not confirmed is shown as such, and never decides alone without saying so.
    """

    source: Source
    is_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Which policy it is.

    name           by which it is asked for, such as "abn"
    title          what it is, as it would be cited
    version        its version or date, or that none was noted
    sources        the documents it rests on: title and version, by key
    not_confirmed  what was left out or could not be confirmed, in words
    """

    name: str
    title: str
    version: str
    sources: Mapping[str, tuple[str, str]]
    not_confirmed: tuple[str, ...]

    def __str__(self) -> str:
        return f"policy '{self.name}', version {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something a policy says that decides nothing here, and where it stands."""

    says: str
    basis: Basis


def read_head(top: Mapping[str, Entry]) -> Head:
    """Read the keys of HEAD and HEAD_OPTIONAL out of the fields of a policy file.

    top  the file's fields, those of HEAD present; faults go to the file
    """
    sources = {}
    for key, entry in top["sources"].mapping().items():
        told = entry.fields(["title", "version"])
        if len(told) == 2:
            sources[key] = (told["title"].text(), told["version"].text())
    if not sources:
        top["sources"].fault("a policy rests on a source; name at least one")
    unsure = top["not_confirmed"].items() if "not_confirmed" in top else []
    return Head(
        name=top["name"].text(),
        title=top["title"].text(),
        version=top["version"].text(),
        sources=sources,
        not_confirmed=tuple(entry.text() for entry in unsure),
    )


def read_basis(fields: Mapping[str, Entry], head: Head) -> Basis:
    """Read the keys of BASIS out of the fields of one figure or rule, all present."""
    key = fields["source"].choice(head.sources)
    document, version = head.sources.get(key, ("", ""))
    return Basis(
        source=Source(document=document, section=fields["section"].text(), version=version),
        is_confirmed=fields["confirmed"].choice(("yes", "no")) == "yes",
    )


def read_told(entry: Entry | None, head: Head) -> tuple[Told, ...]:
    """Read a list of things said, each with its basis."""
    rows = entry.items() if entry is not None else []
    return tuple(told for row in rows if (told := read_one(row, head)) is not None)


def read_one(entry: Entry, head: Head) -> Told | None:
    """Read one thing said; None where the entry has a fault."""
    fields = entry.fields(["says", *BASIS])
    if len(fields) < len(BASIS) + 1:
        return None
    return Told(says=fields["says"].text(), basis=read_basis(fields, head))


def shipped(kind: str) -> dict[str, Path]:
    """Return the policies shipped for one kind of question ("puncture"), by name."""
    return {path.name.split(".")[1]: path for path in sorted(POLICIES.glob(f"{kind}.*.yaml"))}


def policy_path(kind: str, named: str) -> Path:
    """Find a policy by its shipped name, or a file by its path. Raises PolicyError."""
    known = shipped(kind)
    if named in known:
        return known[named]
    path = Path(named)
    if path.is_file():
        return path
    raise PolicyError(
        f"no {kind} policy of that name is shipped, and no file has it; there is "
        f"{', '.join(known)}, or a YAML file of your own.{nearest(named, known)}"
    )
