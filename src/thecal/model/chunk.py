"""One chunk of subjects, solved: its steps laid out, then walked by a backend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.model import backend as backends
from thecal.model.events import Dosing
from thecal.model.expression import Expression
from thecal.model.grid import Grid, Steady, lay_out
from thecal.model.linear import Blocks, Doubling, Rates
from thecal.model.program import OPTIONS, Plan, core, outputs_of, program_of
from thecal.model.steady import steady_amounts
from thecal.model.structure import Compartments, Model, Output
from thecal.model.task import Task, at_readings, needs, piece_of, rates_of, values_in

MOST_DRAWN = 0.9  # share of a compartment drawn at once, for the closed form
STEPS_ALIKE, LENGTHS_ALIKE = 32, 8  # JAX compiles once for so many steps, lengths of steps
BLOCK = 2048  # subjects that JAX walks through together: what fits the cache of a core


def run(task: Task, backend: str, width: int = 0) -> tuple[np.ndarray, str]:
    """Solve one chunk; outputs as (time, output, subject), and which solver did it.

    width  for JAX: how many subjects the program is for; by default the next power of two
    """
    kind = "NumPy" if backend == "numpy" else "JAX"
    if task.is_ode:
        from thecal.model.ode import integrate

        return integrate(task)
    plan, grid = lay(task)
    what = "closed form" if isinstance(plan.kinetics, Blocks) else "exact"
    if plan.kinetics is None:
        what = "cascade"
    elif task.program.stages:
        what = f"cascade on {what} kinetics"
    words = f"{what}, {kind} {plan.dtype}"
    if backend == "jax":
        return _in_jax(task, plan, grid, width), words
    states = _in_numpy(task, plan, grid)
    with np.errstate(all="ignore"):
        found = outputs_of(task.program, np, np.dtype(plan.dtype), at_readings(task), states)
    stacked = np.empty((task.times_d.shape[-1], len(found), task.lanes), dtype=plan.dtype)
    for i, value in enumerate(found):
        stacked[:, i] = value
    return stacked, words


# --- how it is stepped -----------------------------------------------------------------------


def lay(task: Task) -> tuple[Plan, Grid]:
    """Decide how a chunk is stepped, and lay out its steps."""
    program, model, dosing = task.program, task.program.model, task.dosing
    now = values_in(task)
    rates = rates_of(program, now)
    grid = task.grid or schedule(task, refined=bool(program.stages), rates=rates)
    if not program.amounts:
        kinetics: Blocks | Doubling | None = None
        halves: tuple[int, ...]
        squarings, halves = 0, ()
    else:
        dosed = frozenset(grid.added) | frozenset(grid.drawn)
        moves = task.moving.keys() & {
            n for _, _, rate in model.flows for n in needs(model, rate.names)
        }
        plain = (
            not task.is_general
            and not grid.rates
            and grid.reset is None
            and not moves
            and not any(dosing.ss)
        )
        # A draw that leaves next to nothing would cancel in the closed form.
        shares = [program.work_out(np, np.float64, now)[f"drawn:{n}"].max() for n in grid.drawn]
        plain = plain and max(shares, default=0.0) <= MOST_DRAWN
        blocks = Blocks.of(model, dosed, program.amounts) if plain else None
        if blocks is not None:
            kinetics, squarings, halves = blocks, 0, ()
        else:
            kinetics = Doubling(model.amounts, frozenset(rates), tuple(grid.rates))
            every = [rates]
            if moves:
                every = [rates_of(program, values_in(task, q)) for q in range(len(task.pieces_d))]
            longest, halves = float(grid.steps_d.max()), ()
            if grid.is_shared:
                lengths, _, pieces = distinct(task, grid)
                halves = doubled(lengths, pieces)
                longest = max(h for h, half in zip(lengths, halves, strict=True) if half < 0)
            squarings = max(kinetics.squarings(r, longest) for r in every)
    plan = Plan(
        program=program,
        kinetics=kinetics,
        shared=grid.is_shared,
        squarings=squarings,
        halves=halves,
        added=tuple(grid.added) if kinetics else (),
        drawn=tuple(grid.drawn) if kinetics else (),
        rates=tuple(grid.rates) if kinetics else (),
        levels=tuple(grid.levels),
        resets=grid.reset is not None,
        moving=tuple(task.moving),
        dtype=np.dtype(task.dtype).name,
    )
    return plan, grid


def schedule(task: Task, *, refined: bool, rates: Rates) -> Grid:
    """Lay out the steps of a task: `refined` where an effect needs short ones after each dose."""
    program, model, dosing = task.program, task.program.model, task.dosing
    if task.moving and dosing.n:
        for option, needed in _dose_options(model):
            moves = needed & task.moving.keys()
            if moves:
                raise ModelError(
                    f"{option} depends on {', '.join(sorted(moves))}, which changes in time; "
                    "that is not supported"
                )
    return lay_out(
        model,
        dosing,
        program.options(values_in(task)) if dosing.n else {},
        task.times_d,
        shares=program.shares(values_in(task)),
        steady=lambda request: _steady(task, request, rates),
        refined=refined,
        halvings=task.halvings if refined else 0,
        after=task.after,
        marks_d=task.pieces_d[1:] if task.moving else None,
    )


def shared(task: Task) -> Task:
    """Lay out the steps once, where they are the same for every subject."""
    dosing = task.dosing
    if task.is_ode or not dosing.is_shared or task.times_d.ndim > 1 or any(dosing.ss):
        return task
    # Of a chunk of one, nothing tells what is this subject's own.
    values = values_in(task)
    own = {name for name, value in values.items() if len(value) > 1 or task.lanes == 1}
    if dosing.n and any(needed & own for _, needed in _dose_options(task.program.model)):
        return task
    return replace(task, grid=schedule(task, refined=bool(task.program.stages), rates={}))


def _dose_options(model: Model) -> Iterator[tuple[str, set[str]]]:
    """Yield what decides how a dose arrives: each option, and the parameters it needs."""
    for option in (*OPTIONS, "split"):
        for text in getattr(model.compartments, option, {}).values():
            yield option, needs(model, Expression.read(text).names)


# --- steady states ---------------------------------------------------------------------------

MOST_DOSES_IN = 8192  # of a run towards a steady state


def _steady(task: Task, request: Steady, rates: Rates) -> dict[str, np.ndarray]:
    """Return every state at a steady state: compartments exactly, stages by a run of doses."""
    model, program = task.program.model, task.program
    if task.moving:
        raise ModelError(
            "a steady state (SS) with parameters that change in time is not supported; write the "
            "doses out"
        )
    if request.adds and (model.method[0] == "ode" or program.stages):
        raise ModelError(
            "SS = 2 adds a steady state to what is there, which only linear compartments can do; "
            "write the doses out"
        )
    if model.method[0] == "ode":
        raise ModelError(
            "a steady state (SS) of a model solved as an ODE is not supported; write the doses out"
        )
    kinetics = Doubling(model.amounts, frozenset(rates), (request.into,))
    with np.errstate(all="ignore"):
        share = program.work_out(np, np.float64, task.people).get(f"drawn:{request.into}")
    amounts = steady_amounts(kinetics, rates, request, share)
    return amounts if not program.stages else {**amounts, **_run_in(task, request)}


def _run_in(task: Task, request: Steady) -> dict[str, np.ndarray]:
    """Give twice as many doses until the stages stay where they were."""
    model, stages = task.program.model, task.program.stages
    for stage in stages:
        if not stage.kout:
            raise ModelError(f"{stage.name} adds up and has no steady state; SS cannot be used")
    one = [request.amount_mg, request.rate_mg_per_d, request.ii_d, request.since_d]
    if any((value != value[0]).any() for value in (*one, request.duration_d)):
        raise ModelError(
            "a steady state of an effect whose dose differs between subjects (F, lag, duration) "
            "is not supported; write the doses out"
        )
    amount_mg, rate, ii_d, since_d = (float(value[0]) for value in one)
    lasts_d = float(request.duration_d[0])
    is_constant = bool(np.isinf(lasts_d))
    bare = _bare(model, tuple(stage.name for stage in stages))
    with np.errstate(all="ignore"):
        known = task.program.work_out(np, np.float64, task.people)
    slowest = min(float(known[stage.kout].min()) for stage in stages)
    period_d = 7.0 if is_constant else ii_d
    count = max(16, math.ceil(min(16 / max(slowest * period_d, 1e-9), 1e9)))
    earlier: np.ndarray | None = None
    while count <= MOST_DOSES_IN:
        if is_constant:  # one infusion until the end
            span_d = period_d * count
            dosing = _given(np.zeros(1), rate * span_d, request.into, span_d)
            times_d = np.array([span_d])
        else:
            dosing = _given(np.arange(count) * ii_d, amount_mg, request.into, lasts_d)
            times_d = np.array([(count - 1) * ii_d + since_d])
        inner = replace(
            task,
            program=program_of(bare, tuple(output.name for output in bare.outputs)),
            dosing=dosing,
            times_d=times_d,
            after=None,
            is_ode=False,
            grid=None,
        )
        (at,), _ = run(inner, "numpy")
        # What half as many doses miss by 1e-6, this run misses by the square of that. Steps are
        # not alike in every interval, so what is left are their errors.
        if earlier is not None and (np.abs(at - earlier) <= 1e-6 * np.abs(at)).all():
            return {output.name: at[i] for i, output in enumerate(bare.outputs)}
        earlier = at
        count *= 2
    raise ModelError(
        f"{model.name} comes to no steady state within {MOST_DOSES_IN} doses; write the doses out"
    )


def _given(times_d: np.ndarray, amount_mg: float, into: str, lasts_d: float) -> Dosing:
    return Dosing(
        times_d=times_d,
        amounts_mg=np.full(len(times_d), amount_mg),
        into=(into,) * len(times_d),
        durations_d=np.full(len(times_d), lasts_d),
    )


@lru_cache(maxsize=64)
def _bare(model: Model, names: tuple[str, ...]) -> Model:
    """Return the model with states for outputs, and doses that arrive as they are."""
    units = {stage.name: stage.unit for stage in model.stages}
    parts = [
        replace(part, F={}, lag={}) if isinstance(part, Compartments) else part
        for part in model.parts
    ]
    outputs = tuple(Output(name, units[name], "", name) for name in names)
    return replace(model, parts=tuple(parts), outputs=outputs)


# --- the two backends ------------------------------------------------------------------------


def _columns(task: Task, plan: Plan, grid: Grid) -> tuple[dict[str, np.ndarray], Any]:
    """Return what each step needs, by name, and the distinct steps where they are shared."""
    columns: dict[str, np.ndarray] = {}
    dtype = np.dtype(plan.dtype)
    if task.moving:
        columns["piece"] = piece_of(task, grid.edges_d).astype(np.int32)
    shared = None
    if grid.is_shared:
        lengths, index, pieces = distinct(task, grid)
        columns["u"] = index.astype(np.int32)
        shared = (lengths.astype(dtype), pieces.astype(np.int32))
    else:
        columns["h"] = grid.steps_d.astype(dtype)
    kinds = {"added": plan.added, "drawn": plan.drawn, "rates": plan.rates, "levels": plan.levels}
    for kind, names in kinds.items():
        word = {"rates": "rate", "levels": "level"}.get(kind, kind)
        for name in names:
            columns[f"{word}:{name}"] = getattr(grid, kind)[name].astype(dtype)
    if grid.reset is not None:
        columns["reset"] = grid.reset.astype(dtype)
    return columns, shared


def _in_numpy(task: Task, plan: Plan, grid: Grid) -> list[np.ndarray]:
    """Step one chunk in NumPy; states at the readings, each (time, subject)."""
    columns, shared = _columns(task, plan, grid)
    steps = {name: list(value) for name, value in columns.items()}
    if "u" in columns:
        steps["u"] = columns["u"].tolist()
    names, rows = list(steps), list(zip(*steps.values(), strict=True))

    def row(i: int) -> dict[str, Any]:
        return dict(zip(names, rows[i], strict=True))

    with np.errstate(all="ignore"):
        return core(
            plan,
            np,
            backends.walk,
            _cast(task.people, plan.dtype),
            _cast(task.moving, plan.dtype),
            shared,
            row,
            len(grid.steps_d),
            grid.at,
            task.lanes,
        )


def distinct(task: Task, grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the different steps of a shared grid, rising; the one each step is; their pieces.

    The last step, of length 0, is never taken; it passes for the first.
    """
    pairs = grid.steps_d + 1j * (piece_of(task, grid.edges_d) if task.moving else 0)
    unique, index = np.unique(pairs[: max(len(pairs) - 1, 1)], return_inverse=True)
    index = np.append(index, [0] * (len(pairs) - len(index)))
    return np.real(unique), index, np.imag(unique).astype(np.int64)


def doubled(lengths_d: np.ndarray, pieces: np.ndarray) -> tuple[int, ...]:
    """For each step, the index of the one exactly half as long in its piece, or −1."""
    place = {(h, piece): u for u, (h, piece) in enumerate(zip(lengths_d, pieces, strict=True))}
    return tuple(
        place.get((h / 2, piece), -1) if h > 0 else -1
        for h, piece in zip(lengths_d, pieces, strict=True)
    )


def _cast(values: Mapping[str, np.ndarray], dtype: str) -> dict[str, np.ndarray]:
    return {name: value.astype(dtype, copy=False) for name, value in values.items()}


def _in_jax(task: Task, plan: Plan, grid: Grid, width: int) -> np.ndarray:
    """Step one chunk in JAX; outputs at the readings, (time, output, subject).

    Subjects are padded to `width` or a power of two, steps with steps of length 0, readings with
    the last: so that few shapes are ever compiled.
    """
    columns, shared = _columns(task, plan, grid)
    at = grid.at
    if not task.moving:
        at = _padded(at, STEPS_ALIKE // 2, at[-1:])
        columns = {name: _padded(column, STEPS_ALIKE) for name, column in columns.items()}
        if shared is not None:
            lengths, pieces = shared
            count = len(lengths)
            shared = (_padded(lengths, LENGTHS_ALIKE), _padded(pieces, LENGTHS_ALIKE))
            columns["u"][len(grid.steps_d) :] = count  # the first length put there, which is 0
            if plan.halves:
                more = len(shared[0]) - count
                plan = replace(plan, halves=plan.halves + (-1,) * more)
    lanes = max(width, 1 << max(task.lanes - 1, 0).bit_length())

    def wide(value: np.ndarray) -> np.ndarray:
        if value.ndim == 0 or value.shape[-1] != task.lanes or lanes == task.lanes:
            return value
        return np.concatenate(
            [value, np.repeat(value[..., -1:], lanes - task.lanes, axis=-1)], axis=-1
        )

    people = {k: wide(v) if len(v) > 1 else v for k, v in _cast(task.people, plan.dtype).items()}
    moving = {k: wide(v) for k, v in _cast(task.moving, plan.dtype).items()}
    readings = {
        k: wide(v) if v.shape[-1] > 1 else v
        for k, v in _cast(at_readings(task), plan.dtype).items()
        if k in moving
    }
    rows = {k: wide(v) if v.ndim > 1 else v for k, v in columns.items()}
    at = wide(at) if at.ndim > 1 else at
    found = _compiled(plan, lanes)(people, moving, readings, shared, rows, at)
    return np.asarray(found)[: task.times_d.shape[-1], :, : task.lanes]


def _padded(column: np.ndarray, alike: int, fill: np.ndarray | float = 0.0) -> np.ndarray:
    """Lengthen a column to the next multiple of `alike`, and always by one at least."""
    more = alike - len(column) % alike
    filled = np.broadcast_to(np.asarray(fill, dtype=column.dtype), (more, *column.shape[1:]))
    return np.concatenate([column, filled])


@lru_cache(maxsize=256)
def _compiled(plan: Plan, lanes: int) -> Any:
    """Return the program as one compiled function; JAX compiles it for each set of shapes."""
    jax = backends.load_jax()
    jnp, lax = jax.numpy, jax.lax

    def whole(people: Any, moving: Any, readings: Any, shared: Any, rows: Any, at: Any) -> Any:
        n = next(iter(rows.values())).shape[0]

        def walk(step: Any, read: Any, carry: Any, _: Any, n: int, at: Any) -> list[Any]:
            if at.ndim == 1:
                # Readings go into one buffer, a row each; what nobody reads into a spare row.
                spare = at.shape[0]
                slot = jnp.full((n,), spare).at[at].set(jnp.arange(spare))
                first = jax.tree.map(lambda row: row[0], rows)
                buffers = [jnp.zeros((spare + 1, *v.shape), v.dtype) for v in read(carry, first)]

                def body(carry: Any, now: Any) -> Any:
                    inner, kept = carry
                    row, k = now
                    kept = [
                        lax.dynamic_update_index_in_dim(b, value, k, 0)
                        for b, value in zip(kept, read(inner, row), strict=True)
                    ]
                    return (step(inner, row), kept), None

                (_, kept), _ = lax.scan(body, (carry, buffers), (rows, slot))
                return [buffer[slot[at]] for buffer in kept]

            def each(carry: Any, row: Any) -> Any:
                return step(carry, row), read(carry, row)

            _, found = lax.scan(each, carry, rows)
            return [jnp.take_along_axis(value, at, axis=0) for value in found]

        width = min(lanes, BLOCK)
        states = core(plan, jnp, walk, people, moving, shared, None, n, at, width)
        dtype = np.dtype(plan.dtype)
        found = outputs_of(plan.program, jnp, dtype, {**people, **readings}, states)
        shape = states[0].shape
        return jnp.stack([jnp.broadcast_to(value, shape) for value in found], axis=1)

    if lanes <= BLOCK:
        return jax.jit(whole)

    def parted(tree: Any, axes: int) -> Any:
        """Cut the last axis, subjects, into blocks and put those first."""
        return {
            name: value.reshape(*value.shape[:-1], -1, BLOCK).swapaxes(0, -2)
            for name, value in tree.items()
            if value.ndim >= axes and value.shape[-1] == lanes
        }

    def blocks(people: Any, moving: Any, readings: Any, shared: Any, rows: Any, at: Any) -> Any:
        """Walk through blocks of subjects, each small enough for the cache of a core."""
        trees = (people, moving, readings, rows, {"at": at})
        own = tuple(parted(tree, axes) for tree, axes in zip(trees, (1, 2, 2, 2, 2), strict=True))

        def one(own: Any) -> Any:
            some = [{**tree, **mine} for tree, mine in zip(trees, own, strict=True)]
            inner_people, inner_moving, inner_readings, inner_rows, where = some
            return whole(
                inner_people, inner_moving, inner_readings, shared, inner_rows, where["at"]
            )

        found = lax.map(one, own)
        return jnp.moveaxis(found, 0, 2).reshape(*found.shape[1:3], lanes)

    return jax.jit(blocks)
