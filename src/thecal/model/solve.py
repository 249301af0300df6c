"""Values of a model for given parameters and a schedule: which solver, on which backend.

    profile = solve(model, {"ka": 36.0, "CL": 26.4, "V": 20.0}, dosing, times_d)
    profile.solved        "closed form, NumPy float64"

The solver follows from the structure (`Model.method`) and the schedule:

    closed form      compartments in one or two pairs, bolus doses into the first (`linear.Blocks`)
    exact            any other linear compartments (`linear.Doubling`)
    cascade          either of these, and stages below them to order 4 (`turnover`)
    ode              anything else (`ode`; needs the extra `ode`)

`check` solves twice, by two methods, and says how far they are apart; `step_error` does so with
the steps of a cascade halved.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.model import backend as backends
from thecal.model.chunk import run, shared
from thecal.model.events import Dosing
from thecal.model.structure import Model, Profile
from thecal.model.task import Given, Task, prepare
from thecal.shapes import Float

METHODS = ("auto", "exact", "ode")
CHUNK = {"numpy": 4096, "jax": 4096}  # subjects at once
# JAX leaves Python while it works, so threads use every core. NumPy comes back after each short
# operation, and two threads waiting for each other were no faster than one.
THREADS = {"numpy": 1, "jax": os.cpu_count() or 1}


def solve(
    model: Model,
    values: Given,
    dosing: Dosing,
    times_d: Float[np.ndarray, "*subject time"] | Sequence[float],
    *,
    outputs: tuple[str, ...] = (),
    accuracy: str = "default",
    backend: str = "auto",
    dtype: Any = np.float64,
    after: np.ndarray | None = None,
    method: str = "auto",
) -> Profile:
    """Predict the outputs of a model for one or many subjects.

    values    by name: a number, an array (subject,), or a `Stepwise` that changes in time
    times_d   increasing, from 0 on, d; (time,), or (subject, time) for readings of their own
    outputs   names; empty for all
    accuracy  of a cascade: "default", "high" (every step halved, a sixteenth of the error) or
              "highest" (halved three times, for reference); an ODE's tolerances fall by 100 each
              time. `step_error` says what is left
    backend   "auto" (JAX where it pays and is installed), "numpy" or "jax"
    after     for each time, whether it is read after what happens then; by default before
    method    "auto" by the structure; "exact" never takes the closed form, "ode" is the general
              solver whatever the structure: other ways to the same values
    """
    if method not in METHODS:
        raise ModelError(f"method '{method[:20]}'; there are {', '.join(METHODS)}")
    times_d = np.asarray(times_d, dtype=np.float64)
    task = prepare(model, values, dosing, times_d, outputs, accuracy, dtype, after)
    is_ode = method == "ode" or model.method[0] == "ode"
    task = replace(task, is_ode=is_ode, is_general=method == "exact")
    backend = "jax" if task.is_ode else backends.choose(backend, task.lanes)
    task = shared(task)
    names = task.program.outputs
    whole = np.empty((task.times_d.shape[-1], len(names), task.lanes), dtype=task.dtype)
    words: dict[str, None] = {}
    for first, found, how in chunks(task.part, task.lanes, backend):
        words[how] = None
        if not np.isfinite(found).all():
            raise ModelError(f"{model.name} gives no finite number for these parameters")
        whole[:, :, first : first + found.shape[-1]] = found
    return Profile(
        times_d=times_d,
        values=whole.transpose(2, 0, 1),
        outputs=tuple(model.output(name) for name in names),
        solved="; ".join(words),
    )


def chunks(
    part: Callable[[slice], Task], n: int, backend: str, *, size: int = 0, threads: int = 0
) -> Iterator[tuple[int, np.ndarray, str]]:
    """Solve n subjects chunk by chunk, on all cores, and hand the chunks over in order.

    part     makes the task of some subjects; it is called in order, in this thread
    size     subjects at once; by default what fits the cache of a core
    threads  by default `THREADS`; results do not depend on it

    Yields the first subject of each chunk, its outputs as (time, output, subject), and words on
    how they were solved.
    """
    size, threads = size or CHUNK[backend], threads or THREADS[backend]
    width = size if n > size else 0  # every chunk of one shape is one program

    def task(first: int) -> Task:
        return replace(part(slice(first, min(first + size, n))), first=first)

    starts = list(range(0, n, size))
    # The first alone: JAX compiles it, which every thread would do at once.
    yield (0, *run(task(0), backend, width))
    if threads == 1:
        for first in starts[1:]:
            yield (first, *run(task(first), backend, width))
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="thecal") as pool:
        waiting: deque[tuple[int, Future[tuple[np.ndarray, str]]]] = deque()
        try:
            for first in starts[1:]:
                waiting.append((first, pool.submit(run, task(first), backend, width)))
                if len(waiting) > threads:
                    first, done = waiting.popleft()
                    yield (first, *done.result())
            while waiting:
                first, done = waiting.popleft()
                yield (first, *done.result())
        finally:
            for _, future in waiting:
                future.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two solvers are apart on one question.

    first, second  how each was solved, in words
    apart          by output: the largest difference at any time and subject, as a share of the
                   subject's largest value of that output
    """

    first: str
    second: str
    apart: Mapping[str, float]

    @property
    def largest(self) -> float:
        """The largest difference of any output."""
        return max(self.apart.values())

    def __str__(self) -> str:
        worst = max(self.apart, key=lambda name: self.apart[name])
        return f"{self.first} and {self.second}: at most {self.largest:.1e} apart ({worst})"


def check(
    model: Model,
    values: Given,
    dosing: Dosing,
    times_d: Float[np.ndarray, "*subject time"] | Sequence[float],
    *,
    outputs: tuple[str, ...] = (),
    accuracy: str = "default",
) -> Agreement:
    """Solve twice by different methods and say how far they are apart.

    The second is the general ODE solver where the extra `ode` is installed. Without it,
    compartments are solved by the other exact method, and a cascade with every step halved twice.
    A model that is solved as an ODE is solved again with tolerances 100 times smaller.
    """
    has_ode = find_spec("diffrax") is not None
    kind = model.method[0]
    ask: dict[str, Any] = {"outputs": outputs, "backend": "numpy"}
    one = solve(model, values, dosing, times_d, accuracy=accuracy, **ask)
    if has_ode or kind == "ode":
        two = solve(model, values, dosing, times_d, accuracy="high", method="ode", **ask)
    elif kind == "linear":
        two = solve(model, values, dosing, times_d, method="exact", **ask)
    else:
        two = solve(model, values, dosing, times_d, accuracy="highest", **ask)
    return _agreement(one, two)


def step_error(
    model: Model,
    values: Given,
    dosing: Dosing,
    times_d: Float[np.ndarray, "*subject time"] | Sequence[float],
    *,
    outputs: tuple[str, ...] = (),
    accuracy: str = "default",
) -> Agreement:
    """Estimate the error that the steps of a cascade leave, by solving again with finer ones.

    Halving the steps leaves a sixteenth of the error, so what the two are apart is the error of
    the first to within a fifteenth of it, where the effect is smooth. Compartments alone have none.
    """
    finer = {"default": "high", "high": "highest"}
    if accuracy not in finer:
        raise ModelError(
            f"the steps of accuracy '{accuracy[:20]}' have no finer ones to be held against; ask "
            f"about {' or '.join(finer)}"
        )
    one, two = (
        solve(model, values, dosing, times_d, outputs=outputs, accuracy=level, backend="numpy")
        for level in (accuracy, finer[accuracy])
    )
    return _agreement(one, replace(two, solved=f"the same, {finer[accuracy]} accuracy"))


def _agreement(one: Profile, two: Profile) -> Agreement:
    scale = np.abs(one.values).max(axis=1, keepdims=True)
    apart = np.abs(one.values - two.values) / np.where(scale > 0, scale, 1.0)
    names = [output.name for output in one.outputs]
    return Agreement(
        first=one.solved,
        second=two.solved,
        apart=dict(zip(names, apart.max(axis=(0, 1)).tolist(), strict=True)),
    )
