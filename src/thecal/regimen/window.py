"""A site's tolerance around a due date.

The tofersen label gives none, so none is the default. A site that has one writes it in a
file with a name and a source, and every date drawn from it carries that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thecal.datafile import DataFile
from thecal.regimen.regimen import PHASES

MOST_D = 366  # a tolerance of more than a year is a slip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Days around the due day: may be given `early_d` before, is overdue and at the latest."""

    early_d: int
    overdue_d: int
    latest_d: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPolicy:
    """A named policy: a tolerance for each phase of the regimen it speaks about."""

    name: str
    source: str
    phases: Mapping[str, Tolerance]


def read_window_policy(path: Path) -> WindowPolicy:
    """Read a site's window policy (YAML: name, source, phases). Raises DataFileError."""
    file = DataFile(path)
    top = file.read().fields(["name", "source", "phases"])
    file.finish()
    phases = {}
    for name, entry in top["phases"].fields(PHASES).items():
        days = entry.fields(["early_d", "overdue_d", "latest_d"])
        if len(days) < 3:
            continue
        tolerance = Tolerance(**{key: value.integer(most=MOST_D) for key, value in days.items()})
        if tolerance.latest_d < tolerance.overdue_d:
            entry.fault(
                f"latest_d is {tolerance.latest_d}, before overdue_d {tolerance.overdue_d}; "
                "a dose is overdue first and too late after"
            )
        phases[name] = tolerance
    policy = WindowPolicy(name=top["name"].text(), source=top["source"].text(), phases=phases)
    file.finish()
    return policy
