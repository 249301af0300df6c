"""A model is structure without numbers: named parameters in, named outputs out.

How it is solved is the model's own business: callers hand over parameters and doses and get
values at times (`Solver`). Numbers live in a `thecal.model.population.Population`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from thecal.errors import ModelError


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number the model needs for every subject, in its canonical unit.

    least, most  a typical value lies above `least` and is at most `most`
    """

    name: str
    unit: str
    meaning: str
    least: float = 0.0
    most: float = math.inf


@dataclass(frozen=True, slots=True)
class Output:
    """A quantity the model predicts."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosing:
    """Bolus doses into CSF, in order of time; a value at a dose time is read before it."""

    times_d: Float[np.ndarray, " dose"]
    amounts_mg: Float[np.ndarray, " dose"]

    def __post_init__(self) -> None:
        if len(self.times_d) != len(self.amounts_mg):
            raise ModelError(
                f"{len(self.times_d)} dose times and {len(self.amounts_mg)} amounts; give one each"
            )
        if (self.times_d < 0).any():
            raise ModelError("a dose before day 0; day 0 is the first dose")
        if not (np.isfinite(self.times_d).all() and np.isfinite(self.amounts_mg).all()):
            raise ModelError("a dose time or amount is not a finite number")
        if (np.diff(self.times_d) <= 0).any():
            raise ModelError("dose times are not in increasing order; sort them, one dose a time")
        if (self.amounts_mg <= 0).any():
            raise ModelError("a dose amount is not above 0 mg; leave out a dose not given")


@runtime_checkable
class Solver(Protocol):
    """Computes the outputs of a model for many subjects under one dosing."""

    def __call__(
        self,
        parameters: Mapping[str, Float[np.ndarray, " subject"]],
        dosing: Dosing,
        times_d: Float[np.ndarray, " time"],
    ) -> Float[np.ndarray, "subject time output"]:
        """Return values at `times_d` (increasing, from 0 on), before any dose at that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Structure: what the model needs, what it predicts, and how it is solved."""

    name: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    solver: Solver


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Predicted values: times in d, values by subject, time and output."""

    times_d: Float[np.ndarray, " time"]
    values: Float[np.ndarray, "subject time output"]
    outputs: tuple[Output, ...]

    def of(self, name: str) -> Float[np.ndarray, "subject time"]:
        """Return the values of one output."""
        names = [output.name for output in self.outputs]
        if name not in names:
            raise ModelError(f"no output '{name}'; there are {', '.join(names)}")
        return self.values[:, :, names.index(name)]
