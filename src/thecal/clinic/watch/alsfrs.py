"""The ALSFRS-R by its items: total, domains, and the stages computed from them.

Twelve items score 0 to 4; of item 5 either 5a (no gastrostomy) or 5b (gastrostomy) counts. There
are forms with anchors of their own (rated by a clinician, self-administered, self-explanatory):
totals of different forms are never compared. What a stage cannot see from items is said with it.
The wording of the items is nowhere here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, Basis, Head, read_basis, read_head
from thecal.clinic.watch.condition import Condition, Fact, read_condition
from thecal.clinic.watch.grading import SCALES
from thecal.datafile import DataFile, Entry
from thecal.units import MONTH_D

ITEMS = tuple(f"q{n}" for n in range(1, 13))
MOST = 48  # points; twelve items of 4
FORMS = ("clinician", "self_administered", "self_explanatory")
RATERS = ("neurologist", "nurse", "physiotherapist", "study_staff", "patient", "caregiver", "other")
MODES = ("in_person", "telephone", "video", "paper", "app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One rating: when, by which form, by whom and how; the scores by item (q1 to q12).

    gastrostomy  item 5 was rated as 5b
    """

    time_d: float
    form: str
    rater: str
    mode: str
    scores: Mapping[str, int]
    gastrostomy: bool

    @property
    def total(self) -> int:
        """Sum of the twelve items, 0 to 48 points."""
        return sum(self.scores[item] for item in ITEMS)

    def domains(self) -> Mapping[str, int]:
        """Return the score of each domain, 0 to 12 points."""
        return {
            name: sum(self.scores[item] for item in items)
            for name, items in structure().domains.items()
        }

    def facts(self) -> Mapping[str, Fact]:
        """Return what the conditions of a stage read."""
        scores = {item: float(score) for item, score in self.scores.items()}
        return {**scores, "gastrostomy": "yes" if self.gastrostomy else "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage, why it is that one, and what it cannot see; `name` is empty where none fits."""

    name: str
    why: str
    cannot_see: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """How a stage is computed: named conditions, its ground, and what it cannot see."""

    conditions: Mapping[str, Condition]
    basis: Basis
    cannot_see: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """The domains of the score and the two stagings, as data."""

    head: Head
    domains: Mapping[str, tuple[str, ...]]
    nutrition: Condition
    breathing: Condition
    kings: Staging
    mitos: Staging


def kings(rated: Assessment) -> Stage:
    """Return King's stage by the items: 4 where food or breath is supported, else the regions.

    (Balendra et al. 2014.) Without support or a region involved there is no stage: the clinic
    knows where the illness began, the items do not.
    """
    known, facts = structure(), rated.facts()
    staging = known.kings
    if known.nutrition.holds(facts):
        name, why = "4A", "gastrostomy (item 5 rated as 5b)"
        if known.breathing.holds(facts):
            name, why = "4", f"{why}, and breathing (item 10 or 12)"
    elif known.breathing.holds(facts):
        name, why = "4B", "breathing (item 10 or 12)"
    else:
        regions = [region for region, at in staging.conditions.items() if at.holds(facts)]
        name = str(len(regions)) if regions else ""
        why = ", ".join(regions) or "no region lost a point in the items that are read"
    return Stage(name=name, why=why, cannot_see=staging.cannot_see, basis=staging.basis)


def mitos(rated: Assessment) -> Stage:
    """Return the MiToS stage: how many of four functions lost their independence.

    (Chiò et al. 2015, table 1.)
    """
    staging = structure().mitos
    lost = [name for name, at in staging.conditions.items() if at.holds(rated.facts())]
    why = ", ".join(lost) or "no function lost its independence"
    return Stage(name=str(len(lost)), why=why, cannot_see=staging.cannot_see, basis=staging.basis)


def per_month(points: float, days: float) -> float:
    """Return points a month of 30.4375 days."""
    return points / (days / MONTH_D)


@cache
def structure() -> Structure:
    """Return the shipped structure of the score."""
    return read_structure(SCALES / "alsfrs.yaml")


def read_structure(path: Path) -> Structure:
    """Read the structure of the score and its stagings (YAML). Raises DataFileError."""
    file = DataFile(path)
    top = file.read().fields([*HEAD, "domains", "kings", "mitos"], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    of_kings = top["kings"].fields(["regions", "nutrition", "breathing", "cannot_see", *BASIS])
    of_mitos = top["mitos"].fields(["functions", "cannot_see", *BASIS])
    file.finish()
    domains = {
        name: tuple(item.choice(ITEMS) for item in items.items())
        for name, items in top["domains"].mapping().items()
    }
    if sorted(item for items in domains.values() for item in items) != sorted(ITEMS):
        top["domains"].fault("the domains hold each of the twelve items once")
    found = Structure(
        head=head,
        domains=domains,
        nutrition=read_condition(of_kings["nutrition"]),
        breathing=read_condition(of_kings["breathing"]),
        kings=_staging(of_kings, of_kings["regions"], head),
        mitos=_staging(of_mitos, of_mitos["functions"], head),
    )
    file.finish()
    return found


def _staging(told: Mapping[str, Entry], conditions: Entry, head: Head) -> Staging:
    return Staging(
        conditions={name: read_condition(e) for name, e in conditions.mapping().items()},
        basis=read_basis(told, head),
        cannot_see=told["cannot_see"].text(),
    )
