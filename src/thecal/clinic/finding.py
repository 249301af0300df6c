"""Something a reader must judge: a value, never raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from thecal.source import Source


class Severity(StrEnum):
    """How soon someone should look; in that order."""

    SERIOUS = "serious"  # the label warns of it
    CAUTION = "caution"  # a prescriber decides, the label is silent
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding, with the rule it comes from.

    code          stable name, ``area.detail``
    message       what was seen, with its inputs
    says          what the label says on it; empty if nothing
    asks          what the label asks for, or who decides; empty if nothing
    time_d        day it refers to; None for the whole course
    source        where the rule stands; None where it is no label's
    label_silent  the label leaves the question open
    rule          the rule that found it: a topic of the label, or a named policy and its version
    inputs        what the rule read, by name, as it was recorded
    """

    code: str
    severity: Severity
    message: str
    says: str = ""
    asks: str = ""
    time_d: float | None = None
    source: Source | None = None
    label_silent: bool = False
    rule: str = ""
    inputs: Mapping[str, float | str] = field(default_factory=dict, hash=False)
