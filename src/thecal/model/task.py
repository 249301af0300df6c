"""What is asked of a model, checked and put into arrays: the task of one chunk of subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thecal.errors import ModelError, nearest
from thecal.model.events import Dosing
from thecal.model.grid import Grid
from thecal.model.program import Program, program_of
from thecal.model.structure import Model
from thecal.model.variability import Stepwise

Values = Mapping[str, Any]
Given = Mapping[str, float | np.ndarray | Stepwise]

# How often the steps of a cascade are halved: each time the error falls to a sixteenth.
ACCURACY = {"default": 0, "high": 1, "highest": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Everything that decides the values of one chunk of subjects.

    people   parameter values, (subject,) or (1,), checked
    moving   parameters that change in time: (piece, subject), from the days `pieces_d` on
    after    readings that come after what happens at their time (strict order of records)
    first    how many subjects stand before this chunk
    """

    program: Program
    people: Mapping[str, np.ndarray]
    moving: Mapping[str, np.ndarray]
    pieces_d: np.ndarray
    dosing: Dosing
    times_d: np.ndarray
    halvings: int
    dtype: Any
    after: np.ndarray | None
    lanes: int
    is_ode: bool = False
    is_general: bool = False  # compartments by `Doubling` even where the closed form fits
    first: int = 0
    grid: Grid | None = None  # steps all chunks share; None where they depend on the subjects

    def part(self, subjects: slice) -> Task:
        """Return the task of some of the subjects."""
        return replace(
            self,
            people={k: v[subjects] if len(v) > 1 else v for k, v in self.people.items()},
            moving={k: v[:, subjects] for k, v in self.moving.items()},
            dosing=self.dosing.rows(subjects),
            times_d=self.times_d if self.times_d.ndim == 1 else self.times_d[subjects],
            lanes=len(range(self.lanes)[subjects]),
        )

    def alike(self, grid: Grid) -> Task:
        """Return the task with steps that were laid out for others on the same schedule."""
        return replace(self, grid=grid)


def prepare(
    model: Model,
    values: Given,
    dosing: Dosing,
    times_d: np.ndarray,
    outputs: tuple[str, ...] = (),
    accuracy: str = "default",
    dtype: Any = np.float64,
    after: np.ndarray | None = None,
) -> Task:
    """Check what is asked for and put it into arrays; ModelError says what is wrong."""
    names = tuple(outputs) or tuple(output.name for output in model.outputs)
    for name in names:
        model.output(name)
    if accuracy not in ACCURACY:
        raise ModelError(f"accuracy '{accuracy[:20]}'; there are {', '.join(ACCURACY)}")
    if np.dtype(dtype) not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ModelError(f"numbers of type {np.dtype(dtype)}; there are float64 and float32")
    _check_times(times_d)
    if after is not None and after.shape != times_d.shape[-1:]:
        raise ModelError("`after` has another length than the times; give one flag a time")
    people, moving, pieces_d, lanes = _values(model, values)
    for what, count in (("schedules", dosing.times_d), ("rows of times", times_d)):
        if count.ndim == 2 and len(count) != lanes:
            if lanes > 1:
                raise ModelError(f"{len(count)} {what} for {lanes} subjects; give one each")
            lanes = len(count)
    return Task(
        program=program_of(model, names),
        people=people,
        moving={k: np.broadcast_to(v, (len(v), lanes)) for k, v in moving.items()},
        pieces_d=pieces_d,
        dosing=dosing,
        times_d=times_d,
        halvings=ACCURACY[accuracy],
        dtype=dtype,
        after=after,
        lanes=lanes,
    )


def _check_times(times_d: np.ndarray) -> None:
    if times_d.shape[-1] == 0 or not np.isfinite(times_d).all():
        raise ModelError("the times asked for are empty or not finite numbers")
    if (times_d < 0).any() or (np.diff(times_d, axis=-1) < 0).any():
        raise ModelError("the times asked for are not increasing from day 0 on; sort them")


def _values(
    model: Model, values: Given
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray, int]:
    """Sort values into those that stay and those that change, checked by name and length."""
    needed = [parameter.name for parameter in model.parameters]
    faults = [
        f"'{name[:40]}' is no parameter of {model.name}.{nearest(name, needed)}"
        for name in values
        if name not in needed
    ]
    if faults:
        raise ModelError("; ".join(faults))
    missing = [name for name in needed if name not in values]
    if missing:
        raise ModelError(f"{model.name} needs a value for {', '.join(missing)}")
    people: dict[str, np.ndarray] = {}
    stepwise: dict[str, Stepwise] = {}
    for name in needed:
        value = values[name]
        if isinstance(value, Stepwise):
            stepwise[name] = value
            continue
        array = np.atleast_1d(np.asarray(value, dtype=np.float64))
        if array.ndim != 1 or len(array) == 0:
            raise ModelError(f"{name} has shape {array.shape}; give one number, or one a subject")
        people[name] = array
    lengths = {len(array): name for name, array in people.items() if len(array) > 1}
    lengths |= {s.values.shape[1]: name for name, s in stepwise.items() if s.values.shape[1] > 1}
    if len(lengths) > 1:
        said = ", ".join(f"{name} has {n}" for n, name in sorted(lengths.items()))
        raise ModelError(f"values for different numbers of subjects: {said}")
    broken = [name for name, array in people.items() if not np.isfinite(array).all()]
    broken += [name for name, s in stepwise.items() if not np.isfinite(s.values).all()]
    if broken:
        raise ModelError(f"a value of {', '.join(broken)} is not a finite number")
    pieces_d = np.unique(np.concatenate([np.zeros(1), *(s.times_d for s in stepwise.values())]))
    moving = {
        name: s.values[np.searchsorted(s.times_d, pieces_d, side="right") - 1]
        for name, s in stepwise.items()
    }
    return people, moving, pieces_d, next(iter(lengths), 1)


def values_in(task: Task, piece: int = 0) -> dict[str, np.ndarray]:
    """Return parameter values in one piece of time, the first by default."""
    return {**task.people, **{name: value[piece] for name, value in task.moving.items()}}


def at_readings(task: Task) -> dict[str, np.ndarray]:
    """Return parameter values at the readings: (subject,), (1,), or (time, subject)."""
    if not task.moving:
        return dict(task.people)
    piece = piece_of(task, task.times_d)
    if piece.ndim == 1:
        return {**task.people, **{name: value[piece] for name, value in task.moving.items()}}
    lanes = np.arange(task.lanes)
    return {**task.people, **{n: value[piece.T, lanes] for n, value in task.moving.items()}}


def needs(model: Model, names: frozenset[str]) -> set[str]:
    """Return the parameters that names stand for, definitions followed."""
    found: set[str] = set()
    for name in names:
        if name in model.definitions:
            found |= needs(model, model.definitions[name].names)
        else:
            found.add(name)
    return found


def rates_of(program: Program, people: Values) -> dict[tuple[str, str], np.ndarray]:
    """Return the rate constant of every flow, (from, to) to 1/d; refuse what is no rate."""
    with np.errstate(all="ignore"):
        known = program.work_out(np, np.float64, people)
    found = {(s, t): known[f"flow:{s}>{t}"] for s, t, _ in program.model.flows}
    for (source, to), value in found.items():
        if not np.isfinite(value).all() or (value < 0).any():
            raise ModelError(
                f"the rate constant {source} > {to} is negative or not a finite number for "
                "these parameters"
            )
    for stage in program.stages:
        if stage.kout and not (np.isfinite(known[stage.kout]) & (known[stage.kout] >= 0)).all():
            raise ModelError(
                f"kout of {stage.name} is negative or not a finite number for these parameters"
            )
    return found


def piece_of(task: Task, times_d: np.ndarray) -> np.ndarray:
    """Return the piece of time that each of these times lies in; a piece begins at its day."""
    return np.searchsorted(task.pieces_d, times_d, side="right") - 1
