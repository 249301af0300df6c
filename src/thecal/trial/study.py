"""A study as its report describes it, and the same study in virtual people.

Designs are data (``drugs/<medicine>/studies.yaml``). A study is simulated in many replicates at
once: the same number of people as the real one in each, every replicate with numbers of its own
if its population differs. Everybody randomised is analysed; nobody's function is missing after
a withdrawal, as if it had been imputed at random.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import CatalogError, ModelError, nearest
from thecal.model.events import Dosing
from thecal.model.population import Population
from thecal.model.residual import Residual
from thecal.model.solve import solve
from thecal.model.variability import Categorical, deviates, uniforms
from thecal.shapes import Float, Shaped

PLACEBO = "placebo"
MOST_PEOPLE = 100_000  # in an arm
# Hours of a rich profile after a dose (not published: no median Tmax lies beyond 6 h), and
# the days on which the last interval is read for its area.
RICH_H = (0.0, 1.0, 2.0, 4.0, 6.0, 24.0)
INTERVAL_D = (0.0, 1 / 24, 2 / 24, 4 / 24, 6 / 24, 12 / 24, 1.0, 3.0, 7.0, 14.0, 21.0, 28.0)
# Which groups of the population the words of a report mean.
STRATA = {"faster": lambda group: group != "slower", "slower": lambda group: group == "slower"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Who gets what.

    doses_d    days of the doses; none on placebo
    amount_mg  of each
    n          people by stratum ("faster", "slower", or "all" as they come)
    """

    name: str
    doses_d: tuple[float, ...]
    amount_mg: float
    n: Mapping[str, int]

    @property
    def size(self) -> int:
        """How many people the arm has."""
        return sum(self.n.values())

    @property
    def dosing(self) -> Dosing:
        """The doses as events."""
        return Dosing.bolus(self.doses_d, self.amount_mg) if self.doses_d else Dosing.none()

    def times(self, factor: float) -> Arm:
        """Return the arm with another number of people in the same proportion."""
        n = {stratum: max(1, round(count * factor)) for stratum, count in self.n.items()}
        return Arm(name=self.name, doses_d=self.doses_d, amount_mg=self.amount_mg, n=n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Arms, and the days on which everybody is seen.

    withdrawal_per_month  hazard of leaving for another reason than death or permanent ventilation
    """

    name: str
    about: str
    source: str
    visits_d: tuple[float, ...]
    arms: Mapping[str, Arm]
    withdrawal_per_month: float = 0.0

    def arm(self, name: str) -> Arm:
        """Return one arm by name."""
        if name not in self.arms:
            raise ModelError(
                f"study {self.name} has no arm '{name[:40]}'; there are "
                f"{', '.join(self.arms)}.{nearest(name, self.arms)}"
            )
        return self.arms[name]


def load_studies(medicine: str, folder: Path = DRUGS) -> dict[str, Study]:
    """Read the designs of a medicine's studies. Raises DataFileError with every fault."""
    path = folder / medicine / "studies.yaml"
    if not path.is_file():
        raise CatalogError(f"no studies of '{medicine}': {path.name} is not in its folder")
    file = DataFile(path)
    top = file.read().fields(["medicine", "studies"])
    file.finish()
    found = {name: _study(name, entry) for name, entry in top["studies"].mapping().items()}
    file.finish()
    return found


def _study(name: str, entry: Entry) -> Study:
    needed = ["about", "source", "visits_d", "arms"]
    fields = entry.fields(needed, ["withdrawal_per_month"])
    if not set(needed) <= set(fields):
        return Study(name=name, about="", source="", visits_d=(), arms={})
    visits_d = _days(fields["visits_d"])
    if 0.0 not in visits_d:
        fields["visits_d"].fault("expected day 0, of the first dose, among the visits")
    arms = fields["arms"].mapping()
    if not arms:
        fields["arms"].fault("expected an arm")
    return Study(
        name=name,
        about=fields["about"].text(),
        source=fields["source"].text(),
        visits_d=visits_d,
        arms={word: _arm(word, item) for word, item in arms.items()},
        withdrawal_per_month=fields["withdrawal_per_month"].number(least=0)
        if "withdrawal_per_month" in fields
        else 0.0,
    )


def _days(entry: Entry) -> tuple[float, ...]:
    days = [item.number(least=0) for item in entry.items()]
    if any(not a < b for a, b in pairwise(days)):
        entry.fault("expected days that rise")
    return tuple(days)


def _arm(name: str, entry: Entry) -> Arm:
    fields = entry.fields(["n"], ["doses_d", "amount_mg"])
    if ("doses_d" in fields) != ("amount_mg" in fields):
        entry.fault("'doses_d' and 'amount_mg' go together; on placebo give neither")
    n: dict[str, int] = {}
    if "n" in fields:
        held = fields["n"].fields([], ["all", *STRATA])
        n = {word: item.integer(least=1, most=MOST_PEOPLE) for word, item in held.items()}
        if not n or ("all" in n and len(n) > 1):
            fields["n"].fault(f"expected people by {', '.join(STRATA)}, or 'all'")
    doses_d = _days(fields["doses_d"]) if "doses_d" in fields else ()
    if "doses_d" in fields and not doses_d:
        fields["doses_d"].fault("expected a day; on placebo leave 'doses_d' out")
    amount_mg = fields["amount_mg"].number(least=0) if "amount_mg" in fields else 0.0
    if "amount_mg" in fields and amount_mg == 0:
        fields["amount_mg"].fault("expected a dose above 0 mg; on placebo leave it out")
    return Arm(name=name, doses_d=doses_d, amount_mg=amount_mg, n=n)


# --- the same in virtual people -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmData:
    """What was seen in one arm, by replicate and person.

    stratum     (person,): which stratum each was taken from
    covariates  by name, (replicate, person)
    people      parameter values by name, (replicate, person)
    visits_d    (visit,)
    true        predicted values by output, (replicate, person, visit)
    measured    the same with error of measurement
    rich        plasma at RICH_H after the first dose, (replicate, person, hour), mg/L
    interval    plasma at INTERVAL_D after the last dose, (replicate, person, time), mg/L
    """

    arm: Arm
    stratum: Shaped[np.ndarray, " person"]
    covariates: Mapping[str, Shaped[np.ndarray, "replicate person"]]
    people: Mapping[str, Float[np.ndarray, "replicate person"]]
    visits_d: Float[np.ndarray, " visit"]
    true: Mapping[str, Float[np.ndarray, "replicate person visit"]]
    measured: Mapping[str, Float[np.ndarray, "replicate person visit"]]
    rich: Float[np.ndarray, "replicate person hour"] | None
    interval: Float[np.ndarray, "replicate person time"] | None

    def of(self, stratum: str) -> np.ndarray:
        """Return who belongs to a stratum, (person,); "all" is everybody."""
        if stratum == "all":
            return np.ones(len(self.stratum), dtype=bool)
        return np.asarray(self.stratum == stratum)

    def visit(self, day: float) -> int:
        """Return the number of the visit on a day of the study."""
        found = np.flatnonzero(self.visits_d == day)
        if not len(found):
            raise ModelError(f"nobody was seen on day {day:g}")
        return int(found[0])


def simulate_arm(
    arm: Arm,
    study: Study,
    population: Population,
    *,
    seed: int,
    outputs: tuple[str, ...],
    numbers: Mapping[str, Float[np.ndarray, " replicate"]] | None = None,
    stream: str = "",
    rich: str = "",
    ada_negative: bool = False,
    accuracy: str = "default",
    memory: dict[Any, Any] | None = None,
) -> ArmData:
    """Run one arm, in as many replicates as `numbers` has, or once.

    outputs       measured at the visits
    numbers       numbers of the population that differ between replicates
    stream        names the people: arms with one stream have the same people
    rich          "first" or "last": plasma is followed after that dose
    ada_negative  nobody has antibodies (they take months to come)
    memory        keeps covariates between calls that have the same people
    """
    numbers = numbers or {}
    n, count = arm.size, len(next(iter(numbers.values()), np.zeros(1)))
    visits_d = np.array(study.visits_d)
    first = _start(stream)

    def covariates() -> tuple[np.ndarray, dict[str, np.ndarray]]:
        group, stratum = _groups(arm, population, seed, stream, count)
        known = {"group": group}
        if ada_negative and "ada" in population.covariates:
            known["ada"] = np.full(count * n, "negative")
        return stratum, population.draw_covariates(count * n, seed, first, given=known)

    key = (study.name, arm.name, stream, seed, n, count, ada_negative)
    if memory is None:
        stratum, held = covariates()
    else:
        if key not in memory:
            memory[key] = covariates()
        stratum, held = memory[key]
    of_everybody = {name: np.repeat(value, n) for name, value in numbers.items()}
    people = population.draw(count * n, seed, first, covariates=held, numbers=of_everybody)
    values: dict[str, Any] = {name: np.asarray(value) for name, value in people.items()}

    def run(times_d: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        profile = solve(
            population.model,
            values,
            arm.dosing,
            times_d,
            outputs=names,
            backend="numpy",
            accuracy=accuracy,
        )
        return profile.values.reshape(count, n, len(times_d), len(names))

    at_visits = run(visits_d, outputs) if outputs else np.empty((count, n, 0, 0))
    true = {name: at_visits[..., j] for j, name in enumerate(outputs)}
    measured = {
        name: _measured(true[name], name, population, seed, first, f"{stream}:{arm.name}")
        for name in outputs
    }
    first_h = interval = None
    if rich == "first":
        first_h = run(np.array(RICH_H) / 24, ("plasma",))[..., 0]
        residual = population.residual.get("plasma")
        if residual is not None:
            eps = _eps(f"rich:{stream}:{arm.name}", count, n, len(RICH_H), seed, first)
            first_h = residual.at(first_h, eps)
    if rich == "last":
        interval = run(arm.doses_d[-1] + np.array(INTERVAL_D), ("plasma",))[..., 0]
    return ArmData(
        arm=arm,
        stratum=stratum,
        covariates={name: value.reshape(count, n) for name, value in held.items()},
        people={name: value.reshape(count, n) for name, value in values.items()},
        visits_d=visits_d,
        true=true,
        measured=measured,
        rich=first_h,
        interval=interval,
    )


def _start(stream: str) -> int:
    """Return the number of the first person of a stream: streams share nobody."""
    return (zlib.crc32(stream.encode()) % 4096) * 2**22


def _groups(
    arm: Arm, population: Population, seed: int, stream: str, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of everybody, replicate after replicate, and each one's stratum."""
    groups = population.covariates.get("group")
    if not isinstance(groups, Categorical):
        raise ModelError(
            f"the model of {population.medicine} has no covariate 'group' of the strata of its "
            "studies; state one"
        )
    levels = np.array(groups.levels)
    chance = np.array(groups.probabilities)
    n = arm.size
    u = uniforms("group", count * n, seed, _start(stream)).reshape(count, n)
    found = np.empty((count, n), dtype=levels.dtype)
    stratum = np.repeat(list(arm.n), list(arm.n.values()))
    for name in arm.n:
        held = np.ones(len(levels), dtype=bool) if name == "all" else STRATA[name](levels)
        share = np.cumsum(np.where(held, chance, 0.0))
        at = np.searchsorted(share / share[-1], u[:, stratum == name], side="right")
        found[:, stratum == name] = levels[np.minimum(at, len(levels) - 1)]
    return found.ravel(), stratum


def _eps(name: str, count: int, n: int, times: int, seed: int, start: int) -> np.ndarray:
    """Return standard normal deviates of everybody's measurements, (replicate, person, time)."""
    eps = [deviates(f"residual:{name}:{j}", count * n, seed, start) for j in range(times)]
    return np.stack(eps, axis=-1).reshape(count, n, times)


def _measured(
    true: np.ndarray,
    output: str,
    population: Population,
    seed: int,
    start: int,
    stream: str,
) -> np.ndarray:
    """Add the error of measurement; what is below the LLOQ stands as the LLOQ."""
    residual: Residual | None = population.residual.get(output)
    if residual is None:
        return true
    count, n, visits = true.shape
    eps = _eps(f"{stream}:{output}", count, n, visits, seed, start)
    values = residual.at(true, eps)
    return np.maximum(values, residual.lloq) if residual.lloq else values
