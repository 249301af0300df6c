"""What a temperature record must be like to be believed: a named policy.

It sets no limit for the vial, which is the label's to do. It says from which interval on two
readings have a gap between them, how exact a reading is taken to be, and, since a label that
forbids freezing names no temperature, below which one a vial counts as frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, Basis, Head, read_basis, read_head
from thecal.datafile import DataFile

FIGURES = {  # key, the name of its number, the least and the most that is no slip
    "longest_interval": ("minutes", 1, 1440),
    "leeway": ("minutes", 0, 60),
    "accuracy": ("plus_minus_C", 0, 5),
    "freezing": ("below_C", -20, 2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdchainPolicy:
    """A named policy on temperature records.

    head                which policy it is
    longest_interval_s  two readings further apart than this and `leeway_s` have a gap between them
    accuracy_C          a reading this close to a limit may lie on its other side
    freezing_C          a vial that was colder than this counts as frozen
    bases               where each figure stands, by its key in the file
    """

    head: Head
    longest_interval_s: int
    leeway_s: int
    accuracy_C: float
    freezing_C: float
    bases: Mapping[str, Basis]


def read_coldchain_policy(path: Path) -> ColdchainPolicy:
    """Read a policy on temperature records (YAML). Raises DataFileError."""
    file = DataFile(path)
    top = file.read().fields([*HEAD, *FIGURES], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    file.finish()
    figures, bases = {}, {}
    for key, (name, least, most) in FIGURES.items():
        fields = top[key].fields([name, *BASIS])
        if len(fields) == 1 + len(BASIS):
            figures[key] = fields[name].number(least=least, most=most)
            bases[key] = read_basis(fields, head)
    file.finish()
    return ColdchainPolicy(
        head=head,
        longest_interval_s=round(figures["longest_interval"] * 60),
        leeway_s=round(figures["leeway"] * 60),
        accuracy_C=figures["accuracy"],
        freezing_C=figures["freezing"],
        bases=bases,
    )
