"""A regimen in words, given to people who do not exist: what a population would show.

The people are drawn from the model's population, each with a draw of its uncertain numbers where
it states them; nobody is late, nobody stops. What is summed up are predicted values, without
measurement error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.model.events import Dosing, Event
from thecal.model.grid import compartment
from thecal.model.population import Population
from thecal.model.reduce import MeanSd, Moments, Quantiles, Reducer
from thecal.model.simulate import Cohort, simulate_many
from thecal.model.structure import Output
from thecal.regimen.regimen import Regimen
from thecal.regimen.sentence import PlannedDose, RegimenSentence, read_sentence
from thecal.shapes import Float
from thecal.source import Source

PROBABILITIES = (0.05, 0.5, 0.95)
MOST_TIMES = 20_000
VIRTUAL_CAVEAT = (
    "Virtual people under a model of published summaries, without measurement error, lateness or "
    "drop-out. Not fitted to anybody and not fit to dose by."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRegimen:
    """The regimen of a label as a sentence, and where it stands."""

    sentence: RegimenSentence
    source: Source

    @classmethod
    def of(cls, regimen: Regimen) -> LabelRegimen:
        """Write a label's regimen as a sentence."""
        return cls(sentence=read_sentence(label_sentence(regimen)), source=regimen.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be simulated.

    regimen     what is given
    is_typed    whether somebody typed that; else it is the label's own
    label       the regimen of the label; None where none was read, and the regimen is typed
    every_d     values are kept from day 0 on, this far apart, and on the last day
    outputs     names; empty for all of the model
    """

    population: Population
    regimen: RegimenSentence
    is_typed: bool
    label: LabelRegimen | None
    n: int
    until_d: float
    every_d: float
    outputs: tuple[str, ...]
    seed: int

    @property
    def times_d(self) -> Float[np.ndarray, " time"]:
        """The days at which values are kept."""
        if not (0 < self.every_d <= self.until_d < np.inf):
            raise ModelError(
                f"values every {self.every_d:g} d until day {self.until_d:g}; expected a distance "
                "above 0 and at most the last day"
            )
        every_d, until_d = _exact(self.every_d), _exact(self.until_d)
        count = int(until_d / every_d)
        if count > MOST_TIMES:
            raise ModelError(f"{count} times; at most {MOST_TIMES}: keep values further apart")
        # Rounded once, as the times of doses are: a value at a dose time is read before the dose.
        above, below = every_d.as_integer_ratio()
        times = [k * above / below for k in range(count + 1)]
        return np.array(times if times[-1] >= self.until_d else [*times, self.until_d])

    @property
    def doses(self) -> tuple[PlannedDose, ...]:
        """The doses of the regimen before the last day."""
        return self.regimen.doses(self.until_d)

    @property
    def is_as_label(self) -> bool | None:
        """Whether the doses until the last day are the label's; None where there is no label's."""
        if self.label is None:
            return None
        return self._given(self.regimen) == self._given(self.label.sentence)

    def _given(self, regimen: RegimenSentence) -> tuple[PlannedDose, ...]:
        model = self.population.model
        names = {name.lower(): name for name in model.amounts}  # a sentence has no capitals
        return tuple(
            replace(dose, into=compartment(model, names.get(dose.into or "", dose.into or "")))
            for dose in regimen.doses(self.until_d)
        )

    @property
    def dosing(self) -> Dosing:
        """The doses as events of the model."""
        return Dosing.of(
            [
                Event(
                    time_d=dose.time_d,
                    amount_mg=dose.amount_mg,
                    duration_d=dose.duration_d,
                    into=dose.into or "",
                )
                for dose in self._given(self.regimen)
            ]
        )

    @property
    def extrapolations(self) -> tuple[str, ...]:
        """What lies outside the studies behind the model, in words; empty where nothing does."""
        found: dict[str, None] = {}
        studied = self.population.studied
        doses = self.doses
        if dose := studied.get("dose"):
            for amount in dict.fromkeys(d.amount_mg for d in doses):
                if not dose.least <= amount <= dose.most:
                    found[
                        f"a dose of {amount:g} mg; studied were {dose.least:g} to {dose.most:g} mg"
                        f" ({dose.source})"
                    ] = None
        if interval := studied.get("interval"):
            for a, b in pairwise(doses):
                apart_d = b.time_d - a.time_d
                if not interval.least <= apart_d <= interval.most:
                    found[
                        f"doses {apart_d:g} d apart; studied were {interval.least:g} to "
                        f"{interval.most:g} d ({interval.source})"
                    ] = None
        return tuple(found)

    @property
    def kept(self) -> tuple[Output, ...]:
        """The outputs that are kept."""
        model = self.population.model
        for name in self.outputs:
            if self.outputs.count(name) > 1:
                raise ModelError(f"output '{name[:40]}' is asked for twice; name each output once")
        return tuple(map(model.output, self.outputs)) if self.outputs else model.outputs


def _exact(days: float) -> Fraction:
    """Return the simple fraction that was rounded to `days`: an hour is 1/24."""
    simple = Fraction(days).limit_denominator(10**6)
    return simple if float(simple) == days else Fraction(days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a virtual population showed: mean, SD and percentiles by time and output."""

    asked: Asked
    cohort: Cohort
    moments: MeanSd
    percentiles: Float[np.ndarray, "probability time output"]

    @property
    def is_complete(self) -> bool:
        """Whether everybody asked for was simulated."""
        return self.cohort.is_complete


def label_sentence(regimen: Regimen) -> str:
    """Write the regimen of a label as a sentence: loading, then maintenance."""
    phases = []
    for phase in regimen.phases:
        if not phase.interval.days:
            raise ModelError(
                f"the {phase.name} phase of the label counts in calendar months; give a regimen "
                "in days"
            )
        count = "" if phase.doses is None else f" x{phase.doses}"
        phases.append(f"{regimen.amount_in(phase):g} mg q{phase.interval.days}d{count}")
    return " then ".join(phases)


def ask(
    population: Population,
    regimen: str | Regimen,
    *,
    label: Regimen | None = None,
    n: int,
    until_d: float,
    every_d: float = 7.0,
    outputs: tuple[str, ...] = (),
    seed: int = 1,
) -> Asked:
    """Read the regimen, typed or the label's, and check everything before work starts.

    label  what a typed regimen is compared with
    """
    known = None if label is None else LabelRegimen.of(label)
    if isinstance(regimen, str):
        given = read_sentence(regimen)
    else:
        known = LabelRegimen.of(regimen)
        given = known.sentence
    asked = Asked(
        population=population,
        regimen=given,
        is_typed=isinstance(regimen, str),
        label=known,
        n=n,
        until_d=until_d,
        every_d=every_d,
        outputs=outputs,
        seed=seed,
    )
    asked.kept, asked.times_d, asked.dosing  # noqa: B018 - each refuses what cannot be done
    return asked


def simulate_virtual(
    asked: Asked,
    *,
    write: Reducer[Any] | None = None,
    progress: Callable[[int], None] | None = None,
    accuracy: str = "default",
    backend: str = "auto",
    dtype: Any = np.float64,
) -> Summary:
    """Simulate the people asked for and sum them up.

    write     a reducer that sees every value on its way: a file (`interop.table`), say
    progress  called with how many are done; it may raise KeyboardInterrupt to stop there, with
              all that was summed up and written of the same people
    """
    reducers: Mapping[str, Reducer[Any]] = {
        "moments": Moments(),
        "percentiles": Quantiles(PROBABILITIES),
        **({"written": write} if write is not None else {}),
    }
    cohort = simulate_many(
        asked.population,
        asked.dosing,
        asked.times_d,
        asked.n,
        seed=asked.seed,
        reducers=reducers,
        outputs=asked.outputs,
        accuracy=accuracy,
        backend=backend,
        dtype=dtype,
        uncertain=asked.population.uncertainty is not None,
        progress=progress,
    )
    return Summary(
        asked=asked,
        cohort=cohort,
        moments=cohort.results["moments"],
        percentiles=cohort.results["percentiles"],
    )
