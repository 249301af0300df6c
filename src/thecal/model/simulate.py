"""A model, numbers and doses to a Profile: for a few people kept whole, for many in chunks.

    profile = simulate(population, dosing, times_d, people=population.draw(500, seed=1))
    cohort = simulate_many(population, dosing, times_d, 1_000_000, seed=1,
                           reducers={"quantiles": Quantiles((0.05, 0.5, 0.95))})

What a person's own record fixes (a baseline measured) is put into `people` by the caller, in
place of what was drawn. Person i is the same person whatever n, the chunk, the number of
threads or the backend.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.model import backend as backends
from thecal.model.chunk import shared
from thecal.model.events import Dosing
from thecal.model.population import Population
from thecal.model.reduce import Reducer
from thecal.model.solve import CHUNK, chunks, solve
from thecal.model.structure import Output, Profile
from thecal.model.task import Given, prepare
from thecal.shapes import Float


def simulate(
    population: Population,
    dosing: Dosing,
    times_d: Float[np.ndarray, "*subject time"] | Sequence[float],
    *,
    people: Given | None = None,
    outputs: tuple[str, ...] = (),
    accuracy: str = "default",
    backend: str = "auto",
) -> Profile:
    """Predict outputs for each person, or for the typical one if none are given.

    times_d  increasing, from 0 on, d; a value at a dose time is read before the dose
    people   parameter values by name, each of shape (subject,); from `Population.draw`

    outputs, accuracy and backend as in `solve.solve`, which has more options and needs no
    population.
    """
    return solve(
        population.model,
        population.typical() if people is None else people,
        dosing,
        times_d,
        outputs=outputs,
        accuracy=accuracy,
        backend=backend,
    )


@contextmanager
def _whole() -> Iterator[None]:
    """Hold a Ctrl-C back until a chunk is taken in by every reducer, or by none."""
    pressed: list[int] = []
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if is_ours:
        signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """What is left of many simulated people: what each reducer made of them.

    asked, done  subjects; fewer are done than asked if it was interrupted
    solved       which solver did it, in words
    seconds      wall time
    """

    asked: int
    done: int
    times_d: Float[np.ndarray, " time"]
    outputs: tuple[Output, ...]
    results: Mapping[str, Any]
    solved: str
    seconds: float

    @property
    def is_complete(self) -> bool:
        """Whether every subject asked for was simulated."""
        return self.done == self.asked


def simulate_many(
    population: Population,
    dosing: Dosing | Callable[[int, int], Dosing],
    times_d: Float[np.ndarray, " time"] | Sequence[float],
    n: int,
    *,
    seed: int,
    reducers: Mapping[str, Reducer[Any]],
    outputs: tuple[str, ...] = (),
    accuracy: str = "default",
    backend: str = "auto",
    dtype: Any = np.float64,
    chunk: int = 0,
    threads: int = 0,
    uncertain: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Cohort:
    """Simulate n people drawn from a population, chunk by chunk; memory does not grow with n.

    dosing     one schedule for all, or a function (first, n) that makes the schedules of n people
    reducers   take in every chunk as (subject, time, output), in order; `reduce` has the usual
               ones, and any object with their three methods will do (a file is one)
    chunk      subjects at once; threads: at one time. Neither changes a person
    uncertain  draw typical values from their posterior too, for every person anew
    progress   called with how many are done

    Ctrl-C stops after the chunks under way and returns what there is: `Cohort.is_complete` is
    False then.
    """
    if n < 1:
        raise ModelError(f"{n} subjects asked for; at least 1 is needed")
    if seed < 0:
        raise ModelError(f"seed {seed} is negative; give a whole number from 0 on")
    model, times_d = population.model, np.asarray(times_d, dtype=np.float64)
    is_ode = model.method[0] == "ode"
    backend = "jax" if is_ode else backends.choose(backend, n)
    size = chunk or CHUNK[backend]
    laid = None

    def part(subjects: slice) -> Any:
        nonlocal laid
        first, count = subjects.start, subjects.stop - subjects.start
        extra = {"uncertain": True} if uncertain else {}
        people = population.draw(count, seed, first, **extra)
        given = dosing if isinstance(dosing, Dosing) else dosing(first, count)
        task = prepare(model, people, given, times_d, outputs, accuracy, dtype, None)
        task = task.alike(laid) if laid is not None else shared(task)
        if isinstance(dosing, Dosing):
            laid = task.grid
        return task

    began, done, words = time.perf_counter(), 0, dict[str, None]()
    try:
        for first, found, how in chunks(part, n, backend, size=size, threads=threads):
            words[how] = None
            if not np.isfinite(found).all():
                raise ModelError(
                    f"{model.name} gives no finite number for some of the subjects "
                    f"{first + 1} to {first + found.shape[-1]}"
                )
            with _whole():
                for reducer in reducers.values():
                    reducer.update(found.transpose(2, 0, 1), first)
                done = first + found.shape[-1]
            if progress is not None:
                progress(done)
    except KeyboardInterrupt:
        if done == 0:
            raise
    names = outputs or tuple(output.name for output in model.outputs)
    return Cohort(
        asked=n,
        done=done,
        times_d=times_d,
        outputs=tuple(model.output(name) for name in names),
        results={name: reducer.result() for name, reducer in reducers.items()},
        solved="; ".join(words),
        seconds=time.perf_counter() - began,
    )
