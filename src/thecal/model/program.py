"""A model made ready to be stepped: compartments exactly, stages to order 4, on either backend.

What does not change between events is worked out once; the rest is one step from edge to edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.model import backend as backends
from thecal.model.backend import Array
from thecal.model.expression import Expression
from thecal.model.linear import Blocks, Doubling
from thecal.model.structure import AMT, Model
from thecal.model.turnover import Weights, weights

Values = Mapping[str, Array]
OPTIONS = ("F", "lag", "rate", "duration")
ROUNDING = 1e-12  # by which shares that leave nothing may add up to more than 1


@dataclass(frozen=True, slots=True)
class Driven:
    """A stage as the solver steps it.

    kin     what is left of its production once fixed parts are taken out
    kout    name of its loss rate among the fixed quantities, "" for none
    scaled  whether kin still has to be multiplied by kout (it was a factor of it)
    mid     whether a stage below needs its value at the middle of a step
    """

    name: str
    kin: Expression
    kout: str
    scaled: bool
    start: Expression | None
    mid: bool


@dataclass(frozen=True)
class Program:
    """A model made ready for some of its outputs."""

    model: Model
    outputs: tuple[str, ...]

    @cached_property
    def stages(self) -> tuple[Driven, ...]:
        """The stages that the outputs need, in order."""
        kept = [stage for stage in self.model.stages if stage.name in self._needed]
        used = {
            name for stage in kept if isinstance(stage.kin, Expression) for name in stage.kin.names
        }
        made = []
        for stage in kept:
            assert isinstance(stage.kin, Expression)
            kin, scaled = (stage.kin, False) if stage.kout is None else stage.kin.over(stage.kout)
            rest, _ = kin.split(self.model.fixed)
            kout = "" if stage.kout is None else f"kout:{stage.kout.text}"
            made.append(Driven(stage.name, rest, kout, scaled, stage.start, stage.name in used))
        return tuple(made)

    @cached_property
    def _needed(self) -> frozenset[str]:
        need = {name for output in self.outputs for name in self.model.readings[output].names}
        for stage in reversed(self.model.stages):
            if stage.name in need and isinstance(stage.kin, Expression):
                need |= stage.kin.names
        return frozenset(need)

    @cached_property
    def nodes(self) -> frozenset[str]:
        """Compartments that drive a stage: their amount is needed within a step."""
        return frozenset(n for s in self.stages for n in s.kin.names if n in self.model.amounts)

    @cached_property
    def amounts(self) -> frozenset[str]:
        """Compartments whose amount is needed at all."""
        read = {n for o in self.outputs for n in self.model.readings[o].names}
        return self.nodes | (read & frozenset(self.model.amounts))

    @cached_property
    def read(self) -> tuple[str, ...]:
        """States that are read at the times asked for."""
        names = {n for o in self.outputs for n in self.model.readings[o].names}
        return tuple(name for name in self.model.states if name in names)

    @cached_property
    def fixed(self) -> dict[str, Expression]:
        """What is worked out once, by name, in order: definitions, rates, parts of stages."""
        found = dict(self.model.definitions)
        for source, to, rate in self.model.flows:
            found[f"flow:{source}>{to}"] = rate
        held = self.model.compartments
        if held is not None:
            for name, share in held.drawn.items():
                found[f"drawn:{name}"] = Expression.read(share)
        for stage in self.model.stages:
            if stage.name not in self._needed:
                continue
            assert isinstance(stage.kin, Expression)
            kin = stage.kin
            if stage.kout is not None:
                found[f"kout:{stage.kout.text}"] = stage.kout
                kin, _ = stage.kin.over(stage.kout)
            found |= kin.split(self.model.fixed)[1]
            if stage.start is not None:
                found[f"start:{stage.name}"] = stage.start
        return found

    def work_out(self, xp: Any, dtype: Any, people: Values) -> dict[str, Array]:
        """Work out every fixed quantity from parameter values of any one shape."""
        calls = backends.functions(xp, dtype)
        known = dict(people)
        for name, expression in self.fixed.items():
            order = tuple(sorted(expression.names))
            value = expression.function(calls, order)(*(known[n] for n in order))
            known[name] = value if hasattr(value, "shape") else xp.full((1,), value, dtype=dtype)
        return known

    def options(self, people: Values) -> dict[str, dict[str, np.ndarray]]:
        """Work out F, lag, rate and duration of each compartment, in NumPy."""
        held = self.model.compartments
        if held is None:
            return {}
        known = self._defined(people)
        found: dict[str, dict[str, np.ndarray]] = {}
        for option in OPTIONS:
            for name, text in getattr(held, option).items():
                found.setdefault(option, {})[name] = _value(Expression.read(text), known)
        _check_options(found)
        return found

    def shares(self, people: Values) -> Callable[[str, np.ndarray], dict[str, np.ndarray]]:
        """Return where doses go, in NumPy: a function of their compartment and mg before F.

        It gives the share of each compartment, first of the one the dose names: (subject,), or
        (1,) where neither parameters nor amounts differ.
        """
        with np.errstate(all="ignore"):
            known = self._defined(people) if self.model.splits else {}

        def shares(into: str, amount_mg: np.ndarray) -> dict[str, np.ndarray]:
            found: dict[str, np.ndarray] = {}
            for source, to, share in self.model.splits:
                if source == into:
                    with np.errstate(all="ignore"):
                        value = _value(share, {**known, AMT: amount_mg})
                    found[to] = np.where(amount_mg > 0, value, 0.0)  # a dose missed has no share
                    _check_share(f"split {into} > {to}", found[to], amount_mg)
            if not found:
                return {into: np.ones(1)}
            total = np.sum(np.broadcast_arrays(*found.values()), axis=0)
            every = ", ".join(f"{into} > {to}" for to in found)
            _check_share(f"splits {every} together", total, amount_mg, 1.0 + ROUNDING)
            return {into: np.maximum(1.0 - total, 0.0), **found}

        return shares

    def _defined(self, people: Values) -> dict[str, np.ndarray]:
        """Return parameters and what is defined of them, in NumPy."""
        known = dict(people)
        for name, expression in self.model.definitions.items():
            known[name] = _value(expression, known)
        return known


def _value(expression: Expression, known: Values) -> np.ndarray:
    order = tuple(sorted(expression.names))
    function = expression.function(backends.functions(np, np.float64), order)
    return np.atleast_1d(np.asarray(function(*(known[n] for n in order)), dtype=np.float64))


def _check_options(found: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    for option, values in found.items():
        for name, value in values.items():
            if not np.isfinite(value).all() or (value < 0).any():
                raise ModelError(f"{option} of {name} is negative or not a finite number")


def _check_share(what: str, share: np.ndarray, amount_mg: np.ndarray, most: float = 1.0) -> None:
    is_share = (share >= 0) & (share <= most)
    if not is_share.all():
        lane = int(np.argmin(is_share))
        value, mg = (float(a[lane]) for a in np.broadcast_arrays(share, amount_mg))
        raise ModelError(
            f"{what}: a share of {value:.12g} of a dose of {mg:g} mg; it has to be from 0 to 1"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides how a program is stepped, beside its numbers (a key of compiled programs)."""

    program: Program
    kinetics: Blocks | Doubling | None
    shared: bool
    squarings: int
    halves: tuple[int, ...]
    added: tuple[str, ...]
    drawn: tuple[str, ...]
    rates: tuple[str, ...]
    levels: tuple[str, ...]
    resets: bool
    moving: tuple[str, ...]
    dtype: str

    @property
    def carried(self) -> tuple[bool, ...]:
        """For each stage, whether the end of a step's drive is the start of the next one's."""
        broken = {*self.added, *self.drawn, *self.moving}
        return tuple(
            not self.resets and not (stage.kin.names & broken) for stage in self.program.stages
        )


def core(
    plan: Plan,
    xp: Any,
    walk: Callable[..., list[Array]],
    people: Values,
    moving: Values,
    distinct: tuple[Array, Array] | None,
    rows: Any,
    n: int,
    at: Array,
    lanes: int,
) -> list[Array]:
    """Step a program over its grid and return its states at the readings, each (time, subject).

    people    parameters that stay, each (subject,) or (1,)
    moving    parameters that change: (piece, subject)
    distinct  for shared steps: distinct lengths, and the piece of each; rows then hold their
              index `u` and not the length `h`
    """
    program, kinetics = plan.program, plan.kinetics
    dtype = np.dtype(plan.dtype)
    stages = program.stages
    calls = backends.functions(xp, dtype)
    drives = [
        (s, o, s.kin.function(calls, o)) for s in stages for o in [tuple(sorted(s.kin.names))]
    ]
    state_names = {*program.model.states}

    def known_at(values: Values) -> dict[str, Array]:
        return program.work_out(xp, dtype, values)

    still = known_at({**people, **{k: v[0] for k, v in moving.items()}})
    rate_names = {(source, to): f"flow:{source}>{to}" for source, to, _ in program.model.flows}

    def rates_of(known: Values) -> dict[tuple[str, str], Array]:
        return {ends: known[name] for ends, name in rate_names.items()}

    keys = sorted({(s.kout, s.scaled) for s in stages})

    def factors(h: Array, known: Values) -> tuple[tuple[Array, ...], tuple[Weights, ...]]:
        move: tuple[Array, ...] = ()
        if isinstance(kinetics, Blocks):
            move = kinetics.factors(xp, kinetics.prepare(xp, rates_of(known)), h, program.nodes)
        elif kinetics is not None:
            rates = rates_of(known)
            move = kinetics.factors(xp, rates, h, program.nodes, plan.squarings, plan.halves)
        turn = []
        for kout, scaled in keys:
            k = known[kout] if kout else xp.zeros((1,), dtype=dtype)
            turn.append(weights(xp, k, h, k if scaled else None))
        return move, tuple(turn)

    made: Any = ()
    if isinstance(kinetics, Blocks):
        made = kinetics.prepare(xp, rates_of(still))
    table: Any = None
    if distinct is not None:
        h, piece = distinct
        wide = {name: values[piece] for name, values in moving.items()}
        table = factors(h[:, None], known_at({**people, **wide}) if moving else still)
        if xp is np:
            table = [_row(table, u) for u in range(len(h))]
    weight_of = [keys.index((s.kout, s.scaled)) for s in stages]
    zero = xp.zeros((lanes,), dtype=dtype)
    starts = tuple(zero + s for s in _starts(program, still, calls, zero))
    carried = plan.carried

    def now(row: Any) -> Values:
        if not moving:
            return still
        piece = row["piece"]
        if plan.shared:
            values = {name: value[piece] for name, value in moving.items()}
        else:
            values = {name: value[piece, xp.arange(lanes)] for name, value in moving.items()}
        return known_at({**people, **values})

    def read_amounts(state: Any) -> dict[str, Array]:
        return kinetics.read(state, made) if kinetics is not None else {}

    def step(carry: Any, row: Any) -> Any:
        state, levels, ends = carry
        known = now(row)
        if plan.resets:
            hit = row["reset"] > 0
            blank = kinetics.start(zero) if kinetics is not None else ()
            state = tuple(xp.where(hit, b, s) for b, s in zip(blank, state, strict=True))
            fresh = []
            for stage, start, level in zip(stages, starts, levels, strict=True):
                to = start
                if stage.name in plan.levels:
                    asked = row[f"level:{stage.name}"]
                    to = xp.where(asked == asked, asked, start)
                fresh.append(xp.where(hit, to, level))
            levels = tuple(fresh)
        if table is not None:
            move, turn = table[row["u"]] if xp is np else _row(table, row["u"])
        else:
            move, turn = factors(row["h"], known)
        before: dict[str, Array] = {}
        mid: dict[str, Array] = {}
        after: dict[str, Array] = {}
        if kinetics is not None:
            drawn = {name: row[f"drawn:{name}"] * known[f"drawn:{name}"] for name in plan.drawn}
            added = {name: row[f"added:{name}"] for name in plan.added}
            if drawn or added:
                state = kinetics.act(xp, state, made, drawn, added)
            if not all(carried):
                before = read_amounts(state)
            running = {name: row[f"rate:{name}"] for name in plan.rates}
            state, mid = kinetics.advance(state, made, move, program.nodes, running)
            if program.nodes:
                after = read_amounts(state)
        if not all(carried):
            before = before | {s.name: v for s, v in zip(stages, levels, strict=True)}
        new_levels, new_ends = [], []
        for i, (stage, order, kin) in enumerate(drives):
            w = turn[weight_of[i]]
            if carried[i]:
                k0 = ends[i]
            else:
                k0 = kin(*(before[n] if n in state_names else known[n] for n in order))
            k1 = kin(*(mid[n] if n in state_names else known[n] for n in order))
            k2 = kin(*(after[n] if n in state_names else known[n] for n in order))
            y = levels[i]
            end = w.decay * y + w.end0 * k0 + w.end1 * k1 + w.end2 * k2
            if stage.mid:
                mid[stage.name] = w.decay_half * y + w.mid0 * k0 + w.mid1 * k1 + w.mid2 * k2
                after[stage.name] = end
            new_levels.append(end)
            new_ends.append(k2 if carried[i] else zero)
        return state, tuple(new_levels), tuple(new_ends)

    def read(carry: Any, row: Any) -> tuple[Array, ...]:
        state, levels, _ = carry
        held = read_amounts(state)
        held |= {s.name: v for s, v in zip(stages, levels, strict=True)}
        return tuple(zero + held[name] for name in program.read)

    state = kinetics.start(zero) if kinetics is not None else ()
    held = {name: zero for name in program.model.amounts}
    held |= {s.name: v for s, v in zip(stages, starts, strict=True)}
    ends = []
    for _, order, kin in drives:
        ends.append(zero + kin(*(held[n] if n in state_names else still[n] for n in order)))
    return walk(step, read, (state, starts, tuple(ends)), rows, n, at)


def _starts(program: Program, known: Values, calls: Any, zero: Array) -> list[Array]:
    """Return the start of every stage: what it states, or its steady state with no drug."""
    held: dict[str, Array] = {name: zero for name in program.model.amounts}
    found = []
    for stage in program.stages:
        if stage.start is not None:
            value = known[f"start:{stage.name}"]
        else:
            order = tuple(sorted(stage.kin.names))
            value = stage.kin.function(calls, order)(
                *(held[n] if n in held else known[n] for n in order)
            )
            if not stage.scaled:
                value = value / known[stage.kout]
        held[stage.name] = zero + value
        found.append(held[stage.name])
    return found


def _row(table: tuple[tuple[Array, ...], tuple[Weights, ...]], u: Any) -> Any:
    move, turn = table
    return tuple(a[u] for a in move), tuple(Weights(*(a[u] for a in w)) for w in turn)


@lru_cache(maxsize=64)
def program_of(model: Model, outputs: tuple[str, ...]) -> Program:
    """Return the program of a model for some outputs; made once."""
    return Program(model, outputs)


def outputs_of(
    program: Program, xp: Any, dtype: Any, people: Values, states: list[Array]
) -> list[Array]:
    """Return each output at the readings, (time, subject), from states there."""
    calls = backends.functions(xp, dtype)
    known = {**program.work_out(xp, dtype, people), **dict(zip(program.read, states, strict=True))}
    found = []
    for name in program.outputs:
        expression = program.model.readings[name]
        order = tuple(sorted(expression.names))
        found.append(expression.function(calls, order)(*(known[n] for n in order)))
    return found
