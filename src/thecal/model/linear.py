"""Linear compartments, solved exactly: from one event to the next by factors that never cancel.

Amounts a in mg obey  a' = K a  between events, K[i, j] the rate constant from j to i (1/d). Two
ways to carry them over a step, each exact and each made of positive terms only, so that equal or
nearly equal rates, tiny and huge ones are no special cases:

`Blocks`     the closed form of one or two pairs of compartments, the first feeding the second,
             for bolus doses into the first: divided differences of exponentials
`Doubling`   any number of compartments, any topology, infusions: e^{Kh} grown from a short step
             by squaring, its diagonal kept by what leaves (as in Grassmann, Taksar, Heyman 1985;
             entrywise accuracy: Xue and Ye 2013, doi:10.1090/S0025-5718-2013-02677-4)

Arrays of rates have subjects last; a step h is a number, an array of subjects, or a column of
distinct steps against subjects.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from thecal.model.backend import repeat
from thecal.model.structure import Model

Array = Any  # of the backend in use: numpy or jax.numpy
Rates = Mapping[tuple[str, str], Array]  # (from, to) -> 1/d; to "" is loss
Entries = dict[tuple[str, str], Array]  # of a matrix: (to, from) -> share


def tanhc(xp: Any, x: Array) -> Array:
    """tanh(x)/x, 1 at 0."""
    safe = xp.where(x == 0, 1.0, x)
    return xp.where(x == 0, 1.0, xp.tanh(safe) / safe)


def divided_difference(
    xp: Any,
    l: Array,  # noqa: E741
    m: Array,
    h: Array,
    e_l: Array,
    e_m: Array,
) -> Array:
    """∫₀ʰ e^{−l (h−u)} e^{−m u} du = (e^{−l h} − e^{−m h}) / (m − l), without subtracting.

        = h/2 (e^{−l h} + e^{−m h}) tanh(x)/x,   x = (m − l) h / 2

    Every factor is positive, and equal rates are no special case. e_l and e_m are e^{−l h} and
    e^{−m h}, which the caller has.
    """
    return h / 2 * (e_l + e_m) * tanhc(xp, (m - l) * h / 2)


@dataclass(frozen=True, slots=True)
class Modes:
    """The two exponentials of a block: entry response x(t) = a1 e^{−fast t} + a2 e^{−slow t}."""

    fast: Array
    slow: Array
    a1: Array
    a2: Array


def modes(xp: Any, k10: Array, k12: Array, k21: Array, k20: Array) -> Modes:
    """Return rates (1/d) and weights of a two-compartment block, free of cancellation.

        d = k10 + k12 − k21 − k20,   q = √(d² + 4 k12 k21) = fast − slow
        fast − (k21 + k20) and (k21 + k20) − slow are the roots u, v of u v = k12 k21

    k10, k20  loss from the entry and the second compartment, 1/d
    k12, k21  exchange between them, 1/d
    """
    d = k10 + k12 - k21 - k20
    cross = k12 * k21
    square = d * d + 4 * cross
    q = xp.sqrt(xp.where(square > 0, square, 1.0)) * (square > 0)
    u = (xp.abs(d) + q) / 2
    v = cross / xp.where(u > 0, u, 1.0)
    p, m = xp.where(d > 0, u, v), xp.where(d > 0, v, u)
    fast = p + k21 + k20
    slow = (k10 * (k21 + k20) + k12 * k20) / xp.where(fast > 0, fast, 1.0)
    one = xp.where(q > 0, q, 1.0)
    return Modes(fast, slow, xp.where(q > 0, p / one, 1.0), xp.where(q > 0, m / one, 0.0))


def _total(terms: Sequence[Array]) -> Array:
    """Add from left to right, so that every backend rounds alike; 0.0 for nothing."""
    total: Array = 0.0
    for i, term in enumerate(terms):
        total = term if i == 0 else total + term
    return total


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the closed form fits: one block of one or two compartments, feeding at most one more.

    entry, second   the first block; doses enter at `entry`
    exit, last      the block fed from `entry`, or ""
    """

    entry: str
    second: str = ""
    exit: str = ""
    last: str = ""

    @classmethod
    def of(cls, model: Model, dosed: frozenset[str], read: frozenset[str]) -> Blocks | None:
        """Recognise the blocks of a model, or return None where the closed form does not fit.

        dosed  compartments that take bolus doses
        read   compartments whose amount is needed
        """
        arrows = {(source, to) for source, to, _ in model.flows}
        pairs = {frozenset((s, t)) for s, t in arrows if (t, s) in arrows}
        if len(dosed) > 1 or any(sum(name in pair for pair in pairs) > 1 for name in model.amounts):
            return None
        partner = {name: other for pair in pairs for name in pair for other in pair - {name}}
        entry = next(iter(dosed), model.amounts[0])
        second = partner.get(entry, "")
        onward = {
            (s, t) for s, t in arrows if s in (entry, second) and t not in ("", entry, second)
        }
        if not onward:
            found = cls(entry, second)
        else:
            ((source, exit_), *more) = onward
            if more or source != entry:
                return None
            found = cls(entry, second, exit_, partner.get(exit_, ""))
        block = {found.exit, found.last}
        beyond = {t for s, t in arrows if s in block and t not in {"", *block}}
        held = {found.entry, found.second, found.exit}
        return None if beyond or not read <= held else found

    def prepare(self, xp: Any, rates: Rates) -> tuple[Array, ...]:
        """Return what does not depend on the step, once per set of rates."""

        def rate(source: str, to: str) -> Array:
            return rates.get((source, to), 0.0) if source else 0.0

        # What goes on to the next block is a loss for this one.
        out = rate(self.entry, "") + (rate(self.entry, self.exit) if self.exit else 0.0)
        k12, k21 = rate(self.entry, self.second), rate(self.second, self.entry)
        if not self.second:
            k12 = 0.0
        first = modes(
            xp, out + k12 * 0, k12 + out * 0, k21 + out * 0, rate(self.second, "") + out * 0
        )
        parts = [first.fast, first.slow, first.a1, first.a2, k12]
        if self.exit:
            e10 = rate(self.exit, "")
            e12 = rate(self.exit, self.last) if self.last else 0.0
            e21, e20 = rate(self.last, self.exit), rate(self.last, "")
            zero = (e10 + e12 + e21 + e20) * 0
            body = modes(xp, e10 + zero, e12 + zero, e21 + zero, e20 + zero)
            parts += [body.fast, body.slow, body.a1, body.a2, rate(self.entry, self.exit)]
        return tuple(parts)

    def factors(
        self, xp: Any, made: tuple[Array, ...], h: Array, nodes: frozenset[str]
    ) -> tuple[Array, ...]:
        """Return what a step of length h multiplies by."""
        fast, slow, *_ = made
        half_fast, half_slow = xp.exp(-fast * (h / 2)), xp.exp(-slow * (h / 2))
        e_fast, e_slow = half_fast * half_fast, half_slow * half_slow
        tissue = divided_difference(xp, fast, slow, h, e_fast, e_slow)
        tissue_half = divided_difference(xp, fast, slow, h / 2, half_fast, half_slow)
        parts = [e_fast, e_slow, tissue, half_fast, half_slow, tissue_half]
        if self.exit:
            for steps, a, b in ((h, e_fast, e_slow), (h / 2, half_fast, half_slow)):
                if steps is not h and self.exit not in nodes:
                    continue
                for rate in made[5:7]:
                    e = xp.exp(-rate * steps)
                    parts += [
                        e,
                        divided_difference(xp, fast, rate, steps, a, e),
                        divided_difference(xp, slow, rate, steps, b, e),
                    ]
        return tuple(parts)

    def start(self, zero: Array) -> tuple[Array, ...]:
        """Return the state with no drug: the modes of CSF, their convolution, those of plasma."""
        return (zero,) * (7 if self.exit else 3)

    def read(self, state: tuple[Array, ...], made: tuple[Array, ...]) -> dict[str, Array]:
        """Return the amounts held in a state."""
        a1, a2, k12 = made[2:5]
        found = {self.entry: a1 * state[0] + a2 * state[1]}
        if self.second:
            found[self.second] = k12 * state[2]
        if self.exit:
            b1, b2, feed = made[7:10]
            found[self.exit] = feed * (
                b1 * (a1 * state[3] + a2 * state[4]) + b2 * (a1 * state[5] + a2 * state[6])
            )
        return found

    def act(
        self,
        xp: Any,
        state: tuple[Array, ...],
        made: tuple[Array, ...],
        drawn: Mapping[str, Array],
        added: Mapping[str, Array],
    ) -> tuple[Array, ...]:
        """Draw a share of the entry, then add a dose to it."""
        va, vb, *rest = state
        if self.entry in drawn:
            gone = drawn[self.entry] * (made[2] * va + made[3] * vb)
            va, vb = va - gone, vb - gone
        if self.entry in added:
            va, vb = va + added[self.entry], vb + added[self.entry]
        return (va, vb, *rest)

    def advance(
        self,
        state: tuple[Array, ...],
        made: tuple[Array, ...],
        factors: tuple[Array, ...],
        nodes: frozenset[str],
        rates_mg_per_d: Mapping[str, Array],
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        """Return the state after the step, and the amounts of `nodes` at its middle."""
        va, vb, w, *x = state
        e_fast, e_slow, tissue, half_fast, half_slow, tissue_half, *body = factors
        mid: dict[str, Array] = {}
        if self.entry in nodes:
            mid[self.entry] = made[2] * (half_fast * va) + made[3] * (half_slow * vb)
        if self.second in nodes:
            mid[self.second] = made[4] * (half_fast * w + tissue_half * vb)

        if self.exit in nodes:
            halfway = (va, vb, w, *_passed(body[6:], va, vb, x))
            mid[self.exit] = self.read(halfway, made)[self.exit]
        after = _passed(body, va, vb, x) if self.exit else []
        return (e_fast * va, e_slow * vb, e_fast * w + tissue * vb, *after), mid


SHORTEST = 0.125  # largest rate times step where the series of e^{Kh} begins
ALIKE = 4  # squarings come in steps of this: chunks of people who differ a little share a program
TERMS = 11  # of that series beyond the length of the chain: 0.25^11 / 11! is below 1e-14


@dataclass(frozen=True, slots=True)
class Doubling:
    """Any linear compartments: e^{Kh} entry by entry, by doubling a short step.

    Over the short step N = K h₀ + μ I has no negative entry, and e^{Kh₀} = e^{−μ} Σ Nᵐ/m! is a sum
    of positive terms. Doubling squares it. What leaves each compartment (to the others and for
    good) is carried beside it, and the diagonal is taken as 1 − what leaves while that is small:
    so a slow compartment beside a fast one keeps every digit.

    names    compartments
    arrows   (from, to) of every flow
    sources  compartments that take infusions: each adds a constant source of 1 mg/d
    """

    names: tuple[str, ...]
    arrows: frozenset[tuple[str, str]]
    sources: tuple[str, ...] = ()

    def _ids(self) -> tuple[str, ...]:
        return (*self.names, *(f"→{name}" for name in self.sources))

    @lru_cache(maxsize=256)  # noqa: B019 - a Doubling is a small value, alike ones share
    def _pattern(self) -> dict[tuple[str, str], None]:
        """Return which entries of e^{Kh} are not zero, as (to, from) off the diagonal."""
        reach = {(t, s) for s, t in self.arrows if t} | {(n, f"→{n}") for n in self.sources}
        while True:
            more = {(i, j) for i, k in reach for l, j in reach if k == l and i != j} - reach  # noqa: E741
            if not more:
                ids = self._ids()
                return dict.fromkeys((i, j) for i in ids for j in ids if (i, j) in reach)
            reach |= more

    def prepare(self, xp: Any, rates: Rates) -> Rates:
        """Nothing can be made before the step is known."""
        return rates

    def propagator(self, xp: Any, rates: Rates, h: Array, squarings: int) -> Entries:
        """Return e^{Kh} as {(to, from): entry}, h in d; "" as `to` is what has left for good.

        Entries are shares; those from a source are mg for each mg/d.

        squarings  such that the largest rate times h/2^squarings is at most SHORTEST
        """
        ids = self._ids()
        sources = {f"→{name}" for name in self.sources}
        short = h / 2.0**squarings
        flow: dict[tuple[str, str], Array] = {}
        for s, t in sorted(self.arrows):  # in an order that no hash seed changes
            flow[t, s] = rates[s, t] * short
        for name in self.sources:
            flow[name, f"→{name}"] = short + 0 * next(iter(rates.values()), 0.0)
        leaves = {
            j: _total([rate for (_, source), rate in flow.items() if source == j])
            for j in ids
            if j not in sources
        }
        shift: Array = 0.0
        for value in leaves.values():
            shift = xp.maximum(shift, value)
        # Columns of N; the loss for good is a compartment that keeps what it gets.
        N = {(i, j): flow[i, j] for i, j in flow}
        N |= {(j, j): shift - leaves[j] for j in leaves}
        N |= {(j, j): shift for j in sources} | {("", ""): shift}
        rows = {key: None for key in (*self._entries(), *(("", j) for j in self._lossy()))}
        zero = 0.0 * (shift + short)
        identity: Entries = {(i, j): zero + 1.0 * (i == j) for i, j in rows}

        def further(carry: tuple[Entries, Entries], order: Array) -> tuple[Entries, Entries]:
            term, total = carry
            new = {
                (i, j): _total(
                    [N[i, k] * term[k, j] for k in (*ids, "") if (i, k) in N and (k, j) in term]
                )
                / (order + 1)
                for i, j in rows
            }
            return new, {key: total[key] + value for key, value in new.items()}

        _, total = repeat(xp, further, (identity, identity), TERMS + len(ids))
        decay = xp.exp(-shift)
        E: Entries = {key: decay * value for key, value in total.items()}
        E = repeat(xp, lambda E, _: self.squared(xp, E), E, squarings)
        return E

    def squarings(self, rates: Rates, longest_d: float) -> int:
        """Return how often to double for steps of at most that length, for rates in NumPy."""
        fastest = 0.0
        for name in self.names:
            out = _total([rates[ends] for ends in sorted(self.arrows) if ends[0] == name])
            fastest = max(fastest, float(np.max(out)))
        product = fastest * longest_d / SHORTEST
        least = max(0, math.ceil(math.log2(product))) if product > 0 else 0
        return math.ceil(least / ALIKE) * ALIKE

    def squared(self, xp: Any, E: Entries) -> Entries:
        """Return e^{2Kh} of e^{Kh}."""
        return self._squared(xp, E, self._entries(), {f"→{name}" for name in self.sources})

    def _lossy(self) -> tuple[str, ...]:
        """Return the compartments from which drug can leave for good."""
        direct = {s for s, t in self.arrows if not t}
        return tuple(
            j for j in self.names if j in direct or any((i, j) in self._pattern() for i in direct)
        )

    @lru_cache(maxsize=256)  # noqa: B019
    def _entries(self) -> dict[tuple[str, str], None]:
        return {**self._pattern(), **{(j, j): None for j in self._ids()}}

    def _squared(
        self,
        xp: Any,
        E: Entries,
        entries: Mapping[tuple[str, str], None],
        sources: set[str],
    ) -> Entries:
        """Return E², of columns that sum to 1 again.

        A column is a share of one mg each: its diagonal is taken as 1 − what leaves while that is
        below one half, and the whole is divided by its sum. Squaring alone would double the
        rounding of the sum each time.
        """
        ids = self._ids()
        E = dict(E)
        for j in ids:
            if j in sources:
                E[j, j] = xp.ones_like(E[j, j])
                continue
            column = [i for i in (*ids, "") if i != j and (i, j) in E]
            gone = _total([E[i, j] for i in column])
            kept = xp.where(gone < 0.5, 1.0 - gone, E[j, j])
            whole = gone + kept
            E[j, j] = kept / whole
            for i in column:
                E[i, j] = E[i, j] / whole
        new: dict[tuple[str, str], Array] = {}
        for i, j in entries:
            new[i, j] = _total([E[i, k] * E[k, j] for k in ids if (i, k) in E and (k, j) in E])
        for j in ids:
            if j not in sources and ("", j) in E:
                new["", j] = E["", j] + _total(
                    [E["", k] * E[k, j] for k in ids if ("", k) in E and (k, j) in E]
                )
        return new

    def factors(
        self,
        xp: Any,
        made: Rates,
        h: Array,
        nodes: frozenset[str],
        squarings: int,
        halves: tuple[int, ...] = (),
    ) -> tuple[Array, ...]:
        """Return the entries of e^{Kh}, then those of e^{Kh/2} in the rows of `nodes`.

        halves  for a column of distinct steps, rising: the index of the step half as long, whose
                square this one is, or −1; empty for a step of each subject's own
        """
        keys, half_keys = self.keys(nodes)

        def both(made: Rates, h: Array) -> tuple[Entries, Entries]:
            if not nodes:
                return {}, self.propagator(xp, made, h, squarings)
            half = self.propagator(xp, made, h / 2, max(squarings - 1, 0))
            return half, self.squared(xp, half)

        if not halves:
            half, whole = both(made, h)
            return tuple([*(whole[key] for key in keys), *(half[key] for key in half_keys)])
        fresh = [u for u, half_step in enumerate(halves) if half_step < 0]
        root, level = [0] * len(halves), [0] * len(halves)
        for u, v in enumerate(halves):
            root[u], level[u] = (fresh.index(u), 0) if v < 0 else (root[v], level[v] + 1)
        there = {
            ends: rate[np.array(fresh)] if rate.ndim > 1 else rate for ends, rate in made.items()
        }
        half, whole = both(there, h[np.array(fresh)])
        longer = repeat(xp, lambda E, _: self.squared(xp, E), whole, max(level), keep=True)

        def row(key: tuple[str, str], levels: list[int]) -> Array:
            """Pick one entry for every step; level −1 is half of the fresh step."""
            if xp is np:
                ladder = [*([half[key]] if half else []), whole[key], *(E[key] for E in longer)]
                below = bool(half)
                return np.stack([ladder[k + below][r] for k, r in zip(levels, root, strict=True)])
            first = [half[key][None]] if half else []
            ladder = xp.concatenate([*first, whole[key][None], *([longer[key]] if longer else [])])
            return ladder[np.array(levels) + bool(half), np.array(root)]

        return tuple(
            [
                *(row(key, level) for key in keys),
                *(row(key, [k - 1 for k in level]) for key in half_keys),
            ]
        )

    @lru_cache(maxsize=256)  # noqa: B019
    def keys(
        self, nodes: frozenset[str]
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        """Return the (to, from) of each factor: of the whole step, then of half of it."""
        ids = self._ids()
        pattern = self._pattern()
        whole = tuple((i, j) for i in self.names for j in ids if (i, j) in pattern or i == j)
        return whole, tuple(key for key in whole if key[0] in nodes)

    def start(self, zero: Array) -> tuple[Array, ...]:
        """Return the amounts with no drug."""
        return (zero,) * len(self.names)

    def read(self, state: tuple[Array, ...], made: Any) -> dict[str, Array]:
        """Return the amounts held in a state."""
        return dict(zip(self.names, state, strict=True))

    def act(
        self,
        xp: Any,
        state: tuple[Array, ...],
        made: Any,
        drawn: Mapping[str, Array],
        added: Mapping[str, Array],
    ) -> tuple[Array, ...]:
        """Draw a share of a compartment, then add a dose to it."""
        amounts = list(state)
        for i, name in enumerate(self.names):
            if name in drawn:
                amounts[i] = amounts[i] - drawn[name] * amounts[i]
            if name in added:
                amounts[i] = amounts[i] + added[name]
        return tuple(amounts)

    def advance(
        self,
        state: tuple[Array, ...],
        made: Any,
        factors: tuple[Array, ...],
        nodes: frozenset[str],
        rates_mg_per_d: Mapping[str, Array],
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        """Return the amounts after the step, and those of `nodes` at its middle."""
        held = dict(zip(self.names, state, strict=True))
        held |= {f"→{name}": rates_mg_per_d[name] for name in self.sources}
        keys, half_keys = self.keys(nodes)

        after = _moved(keys, factors[: len(keys)], held)
        mid = _moved(half_keys, factors[len(keys) :], held)
        return tuple(after[name] for name in self.names), mid


def _moved(
    keys: Sequence[tuple[str, str]], factors: Sequence[Array], held: Mapping[str, Array]
) -> dict[str, Array]:
    """Return what each compartment holds, from the (to, from) factors of a step."""
    found: dict[str, Array] = {}
    for (i, j), factor in zip(keys, factors, strict=True):
        term = factor * held[j]
        found[i] = found[i] + term if i in found else term
    return found


def _passed(f: Sequence[Array], va: Array, vb: Array, x: Sequence[Array]) -> list[Array]:
    """Return the second pair after a step: what it held, and what the first passed on."""
    return [
        f[0] * x[0] + f[1] * va,
        f[0] * x[1] + f[2] * vb,
        f[3] * x[2] + f[4] * va,
        f[3] * x[3] + f[5] * vb,
    ]
