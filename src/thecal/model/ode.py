"""Any right-hand side, by diffrax: flows that depend on states, feedback, equations of one's own.

Between two edges of the grid states follow y' = f(t, y) without a jump; at each edge what happens
there is done and the solver starts anew. A block of subjects is one system of equations and takes
the same steps, which end at the edges of each subject; every step is as short as its most demanding
subject needs. Subjects of like speed share a block, so that few wait for others.

    Tsit5       explicit, order 5: tried first
    Kvaerno5    implicit, order 5, each subject with steps of its own: for a block that Tsit5
                cannot finish, as it has fast states that no longer move (stiff)

What a subject gets depends, within the tolerance, on who shares the block.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from thecal.errors import ModelError
from thecal.model import backend as backends
from thecal.model.expression import Expression, Functions
from thecal.model.structure import Model

if TYPE_CHECKING:
    from thecal.model.task import Task

Array = Any
Values = Mapping[str, Array]

RTOL = 1e-6
"""Error of one step, of the value: the usual choice, 1/10 000 of what an assay can tell."""

ATOL = 1e-10
"""The same for values near 0, of the scale of a state: its start, else 1; of an amount, the
largest dose. A trough is 1e-4 of a dose of fast drug and has 6 digits too. It costs a tenth more
than 1e-8, with which such a trough has 4."""

FINER = 100.0
"""What accuracy "high" divides both by."""

BLOCK = 256
"""Subjects that share steps: what a step needs stays in the cache of a core. For 7 states, 128 and
512 cost a subject a tenth more, 1024 three times as much."""

STEPS = 4096
"""Steps from one edge to the next, after which Tsit5 is given up and Kvaerno5 tried."""

MOST_STEPS = 65_536
"""Steps from one edge to the next, after which there is no solution."""

SHORTEST = 1e-13
"""The shortest step, as a share of the way to the next edge; a solution that needs less ends."""


@dataclass(frozen=True)
class Equations:
    """The right-hand side of a model, with what does not depend on states taken out.

    fixed   what is worked out once for a set of parameters, by name, in order
    flows   (from, to, rate constant)
    stages  (name, production, loss rate or None)
    drawn   name of the share drawn from a compartment
    """

    model: Model
    fixed: Mapping[str, Expression]
    flows: tuple[tuple[str, str, Expression], ...]
    stages: tuple[tuple[str, Expression | Callable[..., Any], Expression | None], ...]
    drawn: Mapping[str, str]

    @classmethod
    def of(cls, model: Model) -> Equations:
        """Read a model."""
        fixed: dict[str, Expression] = dict(model.definitions)

        def rest(expression: Expression) -> Expression:
            left, parts = expression.split(model.fixed)
            fixed.update(parts)
            return left

        flows = tuple((source, to, rest(rate)) for source, to, rate in model.flows)
        stages = tuple(
            (
                stage.name,
                rest(stage.kin) if isinstance(stage.kin, Expression) else stage.kin,
                None if stage.kout is None else rest(stage.kout),
            )
            for stage in model.stages
        )
        drawn = {}
        if model.compartments is not None:
            for name, share in model.compartments.drawn.items():
                drawn[name] = f"drawn:{name}"
                fixed[drawn[name]] = Expression.read(share)
        return cls(model, fixed, flows, stages, drawn)

    def known(self, calls: Functions, people: Values) -> dict[str, Array]:
        """Work out what is fixed from parameter values."""
        known = dict(people)
        for name, expression in self.fixed.items():
            known[name] = _worth(expression, calls, known)
        return known

    def derivative(self, calls: Functions, values: Values, running: Values) -> dict[str, Array]:
        """Return y' of every state, per d.

        values   states, parameters, what is fixed, and t
        running  infusions, mg/d
        """
        change: dict[str, Array] = {name: 0.0 for name in self.model.amounts} | dict(running)
        for source, to, rate in self.flows:
            moved = _worth(rate, calls, values) * values[source]
            change[source] = change[source] - moved
            if to:
                change[to] = change[to] + moved
        for name, kin, kout in self.stages:
            if isinstance(kin, Expression):
                made = _worth(kin, calls, values)
            else:
                made = _asked(name, kin, values)
            lost = 0.0 if kout is None else _worth(kout, calls, values) * values[name]
            change[name] = made - lost
        return change


def _worth(expression: Expression, calls: Functions, values: Values) -> Array:
    order = tuple(sorted(expression.names))
    return expression.function(calls, order)(*(values[name] for name in order))


def _asked(name: str, rate: Callable[..., Any], values: Values) -> Array:
    """Ask a right-hand side that is a function, in the words it is documented to know."""
    told = {key: value for key, value in values.items() if key.isidentifier() and key[0] != "_"}
    try:
        return rate(told.pop("t"), told) * 1.0
    except KeyError as error:
        raise ModelError(
            f"the right-hand side of {name} asks for {error}, which the model does not have"
        ) from error
    except Exception as error:
        raise ModelError(
            f"the right-hand side of {name} fails with {type(error).__name__}: "
            f"{str(error).splitlines()[0] if str(error) else ''}. It may use operators and "
            "functions of jax.numpy, and no branches on values"
        ) from error


@lru_cache(maxsize=64)
def equations_of(model: Model) -> Equations:
    """Return the equations of a model; made once."""
    return Equations.of(model)


def starts(equations: Equations, people: Values) -> dict[str, np.ndarray]:
    """Return the start of every state: what it says, or where it would stay without drug.

    A turnover that states no start begins at kin / kout, with every compartment empty; the stages
    that drive it have to have a start before it does.
    """
    model = equations.model
    calls = backends.functions(np, np.float64)
    found: dict[str, np.ndarray] = {name: np.zeros(1) for name in model.amounts}
    with np.errstate(all="ignore"):
        known = equations.known(calls, people)
        for stage in model.stages:
            if stage.start is not None:
                found[stage.name] = np.atleast_1d(_worth(stage.start, calls, known))
        waiting = [stage for stage in model.stages if stage.start is None]
        while waiting:
            ready = [
                stage
                for stage in waiting
                if isinstance(stage.kin, Expression)
                and stage.kout is not None
                and (stage.kin.names | stage.kout.names) <= {*known, *found}
            ]
            if not ready:
                break
            for stage in ready:
                assert isinstance(stage.kin, Expression)
                assert stage.kout is not None
                made, lost = (_worth(e, calls, {**known, **found}) for e in (stage.kin, stage.kout))
                found[stage.name] = np.atleast_1d(np.asarray(made / lost, dtype=np.float64))
            waiting = [stage for stage in waiting if stage.name not in found]
    if waiting:
        stage = waiting[0]
        assert isinstance(stage.kin, Expression)
        names = stage.kin.names | (stage.kout.names if stage.kout else frozenset())
        missing = ", ".join(sorted(names - {*known, *found}))
        raise ModelError(
            f"{stage.name} has no steady state to start from: it depends on {missing}, which has "
            f"none either. Give start= to a Turnover or an Equation in this circle"
        )
    for name, value in found.items():
        if not np.isfinite(value).all():
            raise ModelError(
                f"the start of {name} is not a finite number for these parameters; give start="
            )
    return found


# --- one chunk of subjects ---------------------------------------------------------------------


def integrate(task: Task, stiff: bool | None = None) -> tuple[np.ndarray, str]:
    """Solve one chunk; outputs as (time, output, subject), and which solver did it.

    stiff  whether to solve by Kvaerno5 (True) or Tsit5 (False); None tries Tsit5 first
    """
    from thecal.model.chunk import schedule
    from thecal.model.task import rates_of, values_in

    if find_spec("diffrax") is None:
        raise ModelError(
            f"{task.program.model.name} is solved as an ODE, which needs diffrax; "
            "install thecal[ode]"
        )
    backends.load_jax()
    model = task.program.model
    equations = equations_of(model)
    still = values_in(task)
    is_exact = model.method[0] != "ode"  # a steady state then is known
    grid = schedule(task, refined=False, rates=rates_of(task.program, still) if is_exact else {})
    begin = starts(equations, still)
    rows: dict[str, np.ndarray] = {"t": grid.edges_d, "h": grid.steps_d}
    for kind in ("added", "drawn", "rates", "levels"):
        rows |= {f"{kind}:{name}": value for name, value in getattr(grid, kind).items()}
    if grid.reset is not None:
        rows["reset"] = grid.reset
    if task.moving:
        piece = np.searchsorted(task.pieces_d, grid.edges_d, side="right") - 1
        lanes = () if piece.ndim == 1 else (np.arange(task.lanes),)
        rows |= {f"moving:{name}": v[(piece, *lanes)] for name, v in task.moving.items()}

    scales = _scales(model, begin, rows)
    people = dict(task.people)
    people |= {f"start:{name}": value for name, value in begin.items()}
    people |= {f"scale:{name}": value for name, value in scales.items()}
    width = min(BLOCK, 1 << max(task.lanes - 1, 0).bit_length())
    order = np.arange(task.lanes)
    if task.lanes > width:
        order = np.argsort(_speed(equations, still, begin, scales, task.lanes), kind="stable")

    found = np.empty((task.times_d.shape[-1], len(task.program.outputs), task.lanes))
    used: set[str] = set()
    for first in range(0, task.lanes, width):
        some = order[first : first + width]
        block = np.concatenate([some, np.repeat(some[-1:], width - len(some))])
        inputs = (
            {name: _wide(value, task.lanes)[block] for name, value in people.items()},
            {
                name: value if value.ndim == 1 else _wide(value, task.lanes)[:, block]
                for name, value in rows.items()
            },
            grid.at if grid.at.ndim == 1 else _wide(grid.at, task.lanes)[:, block],
        )
        solver, values, failed = "Tsit5", None, None
        if not stiff:
            values, failed = _solved(task, "Tsit5", STEPS if stiff is None else MOST_STEPS, inputs)
        if stiff or (failed is not None and stiff is None):
            solver = "Kvaerno5"
            values, failed = _solved(task, "Kvaerno5", MOST_STEPS, inputs)
        if failed is not None:
            raise ModelError(_told(task, solver, some, failed, grid.edges_d))
        assert values is not None
        found[:, :, some] = values[:, :, : len(some)]
        used.add(solver)
    return found, f"ode {' and '.join(sorted(used, reverse=True))}, diffrax float64"


def _wide(value: np.ndarray, lanes: int) -> np.ndarray:
    return np.broadcast_to(value, (*value.shape[:-1], lanes))


def _scales(model: Model, begin: Values, rows: Values) -> dict[str, np.ndarray]:
    """Return the scale of every state, a power of 2, for each subject: what errors compare to."""
    largest: np.ndarray = np.zeros(1)
    for name, value in rows.items():
        if name.startswith("added:"):
            largest = np.maximum(largest, value.max(axis=0))
        if name.startswith("rates:"):
            h = rows["h"] if rows["h"].ndim == value.ndim else rows["h"][:, None]
            largest = np.maximum(largest, (value * h).max(axis=0))
    scales = {name: largest for name in model.amounts}
    scales |= {stage.name: np.abs(begin[stage.name]) for stage in model.stages}
    return {
        name: np.atleast_1d(np.exp2(np.round(np.log2(np.where(value > 0, value, 1.0)))))
        for name, value in scales.items()
    }


def _speed(
    equations: Equations, people: Values, begin: Values, scales: Values, lanes: int
) -> np.ndarray:
    """Return the fastest rate of each subject as far as it can be told, 1/d."""
    calls = backends.functions(np, np.float64)
    with np.errstate(all="ignore"):
        known = {"t": 0.0, **equations.known(calls, people), **begin}
        known |= {name: scales[name] for name in equations.model.amounts}
        out: dict[str, np.ndarray] = {}
        for source, _, rate in equations.flows:
            out[source] = out.get(source, np.zeros(1)) + _worth(rate, calls, known)
        for name, _, kout in equations.stages:
            if kout is not None:
                out[name] = np.asarray(_worth(kout, calls, known))
    fastest = np.zeros(lanes)
    for value in out.values():
        fastest = np.fmax(fastest, value)
    return fastest


def _told(
    task: Task,
    solver: str,
    some: np.ndarray,
    failed: np.ndarray,
    edges_d: np.ndarray,
) -> str:
    """Say where a solver failed: (step,) for all subjects of a block, or (step, subject)."""
    if failed.ndim == 2:
        lane = int(np.argmax(failed[:, : len(some)].any(axis=0)))
        step = int(np.argmax(failed[:, lane]))
        who = f"subject {task.first + some[lane] + 1}"
    else:
        lane, step = 0, int(np.argmax(failed))
        who = f"subject {task.first + some[0] + 1}"
        if len(some) > 1:
            who = f"one of {len(some)} subjects solved together, {who} among them,"
    days = edges_d if edges_d.ndim == 1 else edges_d[:, some[lane]]
    return (
        f"{task.program.model.name}: {solver} finds no solution for {who} between day "
        f"{days[step]:g} and day {days[min(step + 1, len(days) - 1)]:g}; a state may grow without "
        "end, or a right-hand side may give no number. Look at its parameters"
    )


def _of(kind: str, row: Values) -> dict[str, Array]:
    """Return the rows of one kind by the name they are about."""
    return {
        name.removeprefix(f"{kind}:"): v for name, v in row.items() if name.startswith(f"{kind}:")
    }


# --- one block, compiled -----------------------------------------------------------------------

_COMPILING = threading.Lock()
_compiled: set[Any] = set()


def _solved(
    task: Task, solver: str, most: int, inputs: tuple[Any, ...]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Solve one block; return outputs (time, output, subject), and where it failed if it did."""
    people, rows, at = inputs
    wide = tuple(sorted(name for name, value in rows.items() if value.ndim > 1))
    with _COMPILING:  # or every thread makes the same, here and below
        run = _program(task.program.model, task.program.outputs, solver, most, task.halvings, wide)
    shapes = (run, len(rows["h"]), at.shape, next(iter(people.values())).shape)
    if shapes in _compiled:
        values, worked = run(people, rows, at)
    else:
        with _COMPILING:
            values, worked = run(people, rows, at)
            _compiled.add(shapes)
    worked = np.asarray(worked)
    return np.asarray(values), None if worked.all() else ~worked


@lru_cache(maxsize=64)
def _program(
    model: Model,
    outputs: tuple[str, ...],
    solver: str,
    most: int,
    finer: int,
    wide: tuple[str, ...],
) -> Any:
    """Return one block as a compiled function; JAX compiles it for each set of shapes.

    wide  rows that subjects do not share
    """
    jax = backends.load_jax()
    import diffrax

    jnp, lax = jax.numpy, jax.lax
    calls = backends.functions(jnp, np.float64)
    equations, states = equations_of(model), model.states
    sharper = FINER**finer

    def norm(errors: Array) -> Array:
        """Return the largest error of any subject, of each the root mean square of its states."""
        return jnp.sqrt(jnp.max(jnp.mean(errors * errors, axis=0)))

    # Steps that grow and shrink by the last error alone: fewer steps than with smoother control.
    control = diffrax.PIDController(
        rtol=RTOL / sharper,
        atol=ATOL / sharper,
        norm=norm,
        dtmin=SHORTEST,
        force_dtmin=False,
    )
    method = diffrax.Kvaerno5() if solver == "Kvaerno5" else _tsit5()

    def field(s: Array, z: Array, given: Any) -> Array:
        """Return dz/ds, with z = y / scale and s from 0 to 1 over one step of the grid."""
        t, h, known, scale, running = given
        values = dict(zip(states, z * scale, strict=True))
        change = equations.derivative(calls, {**known, **values, "t": t + s * h}, running)
        return jnp.stack([jnp.broadcast_to(change[n], z.shape[1:]) for n in states]) * (h / scale)

    term = diffrax.ODETerm(field)

    def whole(people: Values, rows: Values, at: Array) -> tuple[Array, Array]:
        people = dict(people)
        begin = tuple(people.pop(f"start:{name}") for name in states)
        scale = jnp.stack([people.pop(f"scale:{name}") for name in states])
        zero = jnp.zeros_like(scale[0])
        is_still = not _of("moving", rows)
        still = equations.known(calls, people) if is_still else {}

        def step(carry: Any, row: Values) -> tuple[Any, Any]:
            y, fine = carry
            known = still if is_still else equations.known(calls, people | _of("moving", row))
            seen = dict(zip(states, y, strict=True))
            told = {**known, **seen}
            read = jnp.stack([zero + _worth(model.readings[o], calls, told) for o in outputs])
            for i, name in enumerate(states):
                if "reset" in row:
                    to = begin[i]
                    if f"levels:{name}" in row:
                        level = row[f"levels:{name}"]
                        to = jnp.where(level == level, level, to)
                    seen[name] = jnp.where(row["reset"] > 0, to, seen[name])
                if f"drawn:{name}" in row:
                    share = row[f"drawn:{name}"] * known[equations.drawn[name]]
                    seen[name] = seen[name] - share * seen[name]
                if f"added:{name}" in row:
                    seen[name] = seen[name] + row[f"added:{name}"]
            running = _of("rates", row)
            h = jnp.where(fine, row["h"], 0.0)
            y = jnp.stack([jnp.where(fine, seen[n], b) for n, b in zip(states, begin, strict=True)])
            solution = diffrax.diffeqsolve(
                term,
                method,
                0.0,
                1.0,
                None,
                y / scale,
                (row["t"], h, known, scale, running),
                saveat=diffrax.SaveAt(t1=True),
                stepsize_controller=control,
                max_steps=most,
                adjoint=diffrax.ForwardMode(),
                throw=False,
            )
            worked = solution.result == diffrax.RESULTS.successful
            return (solution.ys[0] * scale, fine & worked), (read, worked)

        _, (read, worked) = lax.scan(step, (jnp.stack(begin), jnp.array(True)), rows)
        if at.ndim == 1 or zero.ndim == 0:
            return read[at], worked
        return jnp.take_along_axis(read, at[:, None, :], axis=0), worked

    if solver != "Kvaerno5":
        return jax.jit(whole)

    def one_by_one(people: Values, rows: Values, at: Array) -> tuple[Array, Array]:
        own = {name: -1 if name in wide else None for name in rows}
        each = jax.vmap(whole, in_axes=(-1, own, None if at.ndim == 1 else -1), out_axes=-1)
        values, worked = each(people, rows, at)
        return values, worked

    return jax.jit(one_by_one)


@lru_cache(maxsize=1)
def _tsit5() -> Any:
    """Return Tsit5 with its stages written out, which is faster for wide arrays.

    diffrax's own runs them in a loop over a buffer. Tsitouras 2011,
    doi:10.1016/j.camwa.2011.06.002.
    """
    jax = backends.load_jax()
    import diffrax

    table = diffrax.Tsit5.tableau

    class WrittenOut(diffrax.AbstractAdaptiveSolver[Any]):
        """Tsit5; the last derivative of a step is the first of the next."""

        term_structure = diffrax.ODETerm
        interpolation_cls = diffrax.LocalLinearInterpolation

        def order(self, terms: Any) -> int:
            return 5

        def init(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any) -> Any:
            return terms.vf(t0, y0, args)

        def func(self, terms: Any, t0: Any, y0: Any, args: Any) -> Any:
            return terms.vf(t0, y0, args)

        def step(
            self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, first: Any, made_jump: Any
        ) -> Any:
            h, slopes = t1 - t0, [first]

            def along(weights: Any, *parts: Any) -> Any:
                return h * sum(float(w) * p for w, p in zip(weights, parts, strict=True))

            for weights, c in zip(table.a_lower, table.c, strict=True):
                # The barrier keeps XLA from working out one stage again inside the next.
                y1 = jax.lax.optimization_barrier(y0 + along(weights, *slopes))
                slope = terms.vf(t0 + float(c) * h, y1, args)
                slopes.append(jax.lax.optimization_barrier(slope))
            error = along(table.b_error, *slopes)
            return y1, error, {"y0": y0, "y1": y1}, slopes[-1], diffrax.RESULTS.successful

    return WrittenOut()
