"""Medicines against clotting, and the groups by which a guideline names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, POLICIES, Basis, read_basis, read_head
from thecal.datafile import DataFile

FILE = POLICIES / "antithrombotics.yaml"
OTHER = "other"  # a medicine that the list lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Medicines that a guideline treats as one.

    name       by which a policy names the group
    called     the same in words
    medicines  its members, by international name
    basis      who says that they are members
    """

    name: str
    called: str
    medicines: tuple[str, ...]
    basis: Basis


@cache
def groups() -> Mapping[str, Group]:
    """Return the groups that are known, by name. Raises DataFileError."""
    file = DataFile(FILE)
    top = file.read().fields([*HEAD, "groups"], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    rows = [
        entry.fields(["group", "called", "medicines", *BASIS]) for entry in top["groups"].items()
    ]
    file.finish()
    found = [
        Group(
            name=row["group"].text(),
            called=row["called"].text(),
            medicines=tuple(entry.text() for entry in row["medicines"].items()),
            basis=read_basis(row, head),
        )
        for row in rows
    ]
    file.finish()
    return {group.name: group for group in found}


@cache
def group_of(medicine: str) -> Group:
    """Return the group of a medicine that is known."""
    return next(group for group in groups().values() if medicine in group.medicines)


@cache
def medicines() -> tuple[str, ...]:
    """Return every medicine that is known, and the word for one that is not."""
    return tuple(name for group in groups().values() for name in group.medicines)
