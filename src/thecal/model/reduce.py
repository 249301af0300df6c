"""What is kept of a population whose profiles are too many to keep.

A simulation hands over its values chunk by chunk; a reducer takes from each what it needs
and forgets the rest, so memory does not grow with the number of subjects. Each thread may
fill a reducer of its own, and the reducers are merged afterwards, in any order. Where the
values come from is `simulate`; where they go on disk is `interop.table`.

A chunk is fastest to read if its subjects lie next to each other in memory: a view of an
array (time, output, subject). Any other layout gives the same result. A chunk may be
overwritten once `update` returns; only `Each` hands it on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from thecal.errors import ModelError
from thecal.shapes import Float, Float32, Float64, Int, Int64

Kind = TypeVar("Kind")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

Shape = tuple[int, int]
"""How many times and outputs every chunk has."""


@runtime_checkable
class Reducer(Protocol[Result_co]):
    """Takes chunks of a population and says something about all of it."""

    def update(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Take in one chunk, whose first subject is number `first`, counted from 0."""

    def merge(self: Kind, other: Kind) -> None:
        """Take in all that another reducer has seen; the other stays as it is."""

    def result(self) -> Result_co:
        """Say what is known after the chunks so far."""


def _agreed(known: Shape | None, found: Shape) -> Shape:
    """Return the shape of every chunk, or refuse one that differs."""
    if known is not None and known != found:
        raise ModelError(
            f"a chunk of {found[0]} times and {found[1]} outputs after chunks of {known[0]} and "
            f"{known[1]}; one reducer takes one set of times and outputs"
        )
    return found


def _seen(shape: Shape | None) -> Shape:
    """Return the shape of the chunks, or refuse if there were none."""
    if shape is None:
        raise ModelError("no subject has been simulated yet, so there is nothing to say")
    return shape


def _cells(values: Float[np.ndarray, "subject time output"]) -> Float[np.ndarray, "cell subject"]:
    """Lay out a chunk by time and output (a cell), the subjects of a cell next to each other."""
    n, times, outputs = values.shape
    return np.ascontiguousarray(values.transpose(1, 2, 0)).reshape(times * outputs, n)


BLOCK = 8
"""Cells worked on at once: with 4096 subjects a block and its copies stay in cache."""


def _blocks(cells: int) -> Iterator[slice]:
    for start in range(0, cells, BLOCK):
        yield slice(start, min(start + BLOCK, cells))


def _unbounded(cell: int, outputs: int, why: str) -> ModelError:
    return ModelError(
        f"output {cell % outputs} at time number {cell // outputs} (both counted from 0) {why}; "
        "a simulated value is a finite number. Look for a parameter far outside its range"
    )


# ---- mean and sd


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSd:
    """Mean and standard deviation (n − 1) over subjects; sd is not a number for one subject."""

    n: int
    mean: Float64[np.ndarray, "time output"]
    sd: Float64[np.ndarray, "time output"]


class Moments:
    """Mean and standard deviation, in double precision whatever the values are.

    With d = mean_b − mean_a the sums of two parts add exactly (Chan, Golub and LeVeque 1983):

        mean = mean_a + d n_b / n
        S    = S_a + S_b + d² n_a n_b / n          S = Σ (x − mean)²

    Rounding differs in the last digits with the order of the parts.
    """

    def __init__(self) -> None:
        self._shape: Shape | None = None
        self._n = 0
        self._mean: Float64[np.ndarray, " cell"] = np.zeros(0)
        self._squares: Float64[np.ndarray, " cell"] = np.zeros(0)

    def update(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Take in one chunk."""
        times, outputs = self._shape = _agreed(self._shape, values.shape[1:])
        n = len(values)
        if not n:
            return
        cells = _cells(values)
        mean, squares = np.empty(times * outputs), np.empty(times * outputs)
        with np.errstate(over="ignore", invalid="ignore"):
            room = np.empty((min(BLOCK, len(cells)), n))
            for block in _blocks(len(cells)):
                x = room[: block.stop - block.start]
                x[:] = cells[block]
                mean[block] = x.mean(axis=1)
                x -= mean[block, None]
                squares[block] = np.einsum("cs,cs->c", x, x)
        wild = ~(np.isfinite(mean) & np.isfinite(squares))
        if wild.any():
            why = "is not a finite number, or has a square that is not"
            raise _unbounded(int(wild.argmax()), outputs, why)
        self._add(n, mean, squares)

    def _add(
        self, n: int, mean: Float64[np.ndarray, " cell"], squares: Float64[np.ndarray, " cell"]
    ) -> None:
        if not self._n:
            self._n, self._mean, self._squares = n, mean.copy(), squares.copy()
            return
        total = self._n + n
        apart = mean - self._mean
        self._mean = self._mean + apart * (n / total)
        self._squares = self._squares + squares + apart**2 * (self._n * (n / total))
        self._n = total

    def merge(self, other: Moments) -> None:
        """Take in what another has seen."""
        if other._shape is not None:
            self._shape = _agreed(self._shape, other._shape)
        if other._n:
            self._add(other._n, other._mean, other._squares)

    def result(self) -> MeanSd:
        """Return n, mean and sd."""
        shape = _seen(self._shape if self._n else None)
        variance = self._squares / (self._n - 1) if self._n > 1 else self._squares * math.nan
        return MeanSd(
            n=self._n, mean=self._mean.reshape(shape), sd=np.sqrt(variance).reshape(shape)
        )


# ---- quantiles

SHIFT = 14
"""Bits of a single-precision number that a bucket forgets: 9 of 23 stay, 512 buckets an octave."""

NO_CODE = 1 << (31 - SHIFT)
"""Above the code of every number."""

Segment = tuple[int, int, Int64[np.ndarray, " _"]]
Place = tuple[
    Float64[np.ndarray, " rank"], Float64[np.ndarray, " rank"], Float64[np.ndarray, " rank"]
]

PAD = 64
"""A table grows by whole multiples of so many buckets, so that it rarely does."""

MOST_SINGLE = float(np.finfo(np.float32).max)


def _code(values: Float32[np.ndarray, " row"]) -> Int64[np.ndarray, " row"]:
    """Return the bucket of each magnitude: 0 below 2.3e-41, then upwards with it."""
    bits = np.abs(values).view(np.int32)
    codes: Int64[np.ndarray, " row"] = (bits >> SHIFT).astype(np.int64)
    return codes


def _edge(codes: Int64[np.ndarray, " any"]) -> Float64[np.ndarray, " any"]:
    """Return the least magnitude of each bucket."""
    return (codes << SHIFT).astype(np.int32).view(np.float32).astype(np.float64)


class _Counts:
    """How many values fall into each bucket, for each cell.

    The buckets of a cell run from its most negative one over zero to its most positive one.
    Buckets of a magnitude below the smallest one seen, other than zero, are left out: between
    1e-30 and zero lie 14 000.

        | neg … least | zero | least … pos |

    The cells of a block stand one after another in one array, counted at once.
    """

    __slots__ = ("_least", "_neg", "_pos", "_tables", "_zero")

    def __init__(self, cells: int) -> None:
        self._least = np.full(cells, NO_CODE)  # a cell without a bucket but zero
        self._neg, self._pos = np.zeros(cells, np.int64), np.zeros(cells, np.int64)
        self._zero = np.arange(cells) % BLOCK  # in the array of its block
        self._tables = [np.zeros(b.stop - b.start, np.int64) for b in _blocks(cells)]

    def _reach(
        self,
        block: slice,
        least: Int64[np.ndarray, " row"],
        neg: Int64[np.ndarray, " row"],
        pos: Int64[np.ndarray, " row"],
    ) -> None:
        """Make room in a block for buckets of these codes; 0 is none of that sign."""
        old = self._segments(block)
        least = np.minimum(self._least[block], np.maximum(least // PAD * PAD, 1))
        neg = np.maximum(self._neg[block], np.where(neg > 0, neg | (PAD - 1), 0))
        pos = np.maximum(self._pos[block], np.where(pos > 0, pos | (PAD - 1), 0))
        below, above = np.maximum(neg - least + 1, 0), np.maximum(pos - least + 1, 0)
        ends = np.cumsum(below + 1 + above)
        self._least[block], self._neg[block], self._pos[block] = least, neg, pos
        self._zero[block] = ends - above - 1
        self._tables[block.start // BLOCK] = np.zeros(int(ends[-1]), np.int64)
        self._add(block, old)

    def _segments(self, block: slice) -> list[Segment]:
        """Return for each cell its least code, how many buckets are negative, and the counts."""
        below = np.maximum(self._neg[block] - self._least[block] + 1, 0)
        parts = np.split(self._tables[block.start // BLOCK], (self._zero[block] - below)[1:])
        return list(zip(self._least[block].tolist(), below.tolist(), parts, strict=True))

    def _add(self, block: slice, segments: list[Segment]) -> None:
        """Add counts whose buckets all have room here."""
        table = self._tables[block.start // BLOCK]
        for cell, (least, below, counts) in enumerate(segments, block.start):
            zero, inward = int(self._zero[cell]), least - int(self._least[cell])
            above = len(counts) - below - 1
            table[zero] += counts[below]
            if below:
                table[zero - inward - below : zero - inward] += counts[:below]
            if above:
                table[zero + inward + 1 : zero + inward + 1 + above] += counts[below + 1 :]

    def count(
        self,
        cells: Float32[np.ndarray, "cell subject"],
        low: Float32[np.ndarray, " cell"],
        high: Float32[np.ndarray, " cell"],
    ) -> None:
        """Count finite values, which in each cell lie between `low` and `high`."""
        lowest, highest = _code(low), _code(high)
        neg, pos = np.where(low < 0, lowest, 0), np.where(high > 0, highest, 0)
        least = np.where(low > 0, lowest, 0)  # 0: a cell that has zeros or both signs, look again
        room = np.empty((min(BLOCK, len(cells)), cells.shape[1]), np.int32)
        for block, table in zip(_blocks(len(cells)), self._tables, strict=True):
            bits = cells[block].view(np.int32)
            codes = np.right_shift(bits, SHIFT, out=room[: len(bits)])
            is_plain = least[block].all()
            if not is_plain:
                codes &= NO_CODE - 1  # magnitudes
                codes -= 1  # and without a sign zero, now −1, is above them all
                least[block] = codes.view(np.uint32).min(axis=1).astype(np.int64) + 1
            if (
                (least[block] < self._least[block]).any()
                or (neg[block] > self._neg[block]).any()
                or (pos[block] > self._pos[block]).any()
            ):
                least[block] = np.minimum(least[block], NO_CODE)
                self._reach(block, least[block], neg[block], pos[block])
                table = self._tables[block.start // BLOCK]
            zero, inward = self._zero[block, None], self._least[block, None] - 1
            if is_plain:
                codes += (zero - inward).astype(np.int32)
            else:
                codes -= (inward - 1).astype(np.int32)
                np.maximum(codes, 0, out=codes)
                if neg[block].any():
                    sign = bits >> 31  # −1 below zero, else 0; (c ^ −1) + 1 = −c
                    codes ^= sign
                    codes -= sign
                codes += zero.astype(np.int32)
            if table.size <= codes.size:
                table += np.bincount(codes.reshape(-1), minlength=table.size)
            else:  # a long table would cost more to clear and to add than the values to count
                np.add.at(table, codes.reshape(-1).astype(np.int64), 1)

    def merge(self, other: _Counts) -> None:
        """Add the counts of as many cells."""
        for block in _blocks(len(self._least)):
            self._reach(block, other._least[block], other._neg[block], other._pos[block])
            self._add(block, other._segments(block))

    def find(self, ranks: Int64[np.ndarray, " rank"]) -> Iterator[Place]:
        """Find the values of these ranks, cell by cell.

        Yield the edges of their buckets, and how far in (0 to 1) the rank is among the values
        of its bucket.
        """
        for block in _blocks(len(self._least)):
            for least, below, counts in self._segments(block):
                upto = np.cumsum(counts)
                bucket = np.searchsorted(upto, ranks, side="right")
                inside = (ranks - (upto - counts)[bucket] + 0.5) / counts[bucket]
                step = bucket - below
                code = np.where(step == 0, 0, np.abs(step) + (least - 1))
                near, far = _edge(code), np.where(step == 0, 0.0, _edge(code + 1))
                yield np.where(step < 0, -far, near), np.where(step < 0, -near, far), inside


class Quantiles:
    """Quantiles over subjects, by counting how many values fall into each of many buckets.

    A value is rounded to single precision, and its bucket is the sign, the exponent and the
    first 9 bits of the fraction: 512 buckets to every factor of 2, and a bucket of its own for
    zero. Counts are whole numbers, so the result is the same to the last bit for any
    chunking, number of threads and order of merging.

    The quantile p of n values is that of NumPy's default (type 7): between the values of rank
    ⌊(n − 1) p⌋ and the next, counted from 0. A value of some rank is put into its bucket as
    far from the lower edge as its rank is among those in the bucket; the smallest and the
    largest value are kept besides, so that a constant comes out as itself. Hence each of the
    two values is found with

        |error| ≤ (2⁻⁹ + 2⁻²³) |value|      0.2 %; at most 2.3e-41 where |value| < 1.2e-38

    and where a bucket near the quantile holds many values, far better than that. Memory: 4 kB
    for every factor of 2 that the values of one time and output span.
    """

    def __init__(self, probabilities: Sequence[float]) -> None:
        self._probabilities = tuple(float(p) for p in probabilities)
        if not self._probabilities or not all(0 <= p <= 1 for p in self._probabilities):
            found = ", ".join(f"{p:g}" for p in self._probabilities) or "none"
            raise ModelError(f"probabilities of quantiles: {found}; expected numbers from 0 to 1")
        self._shape: Shape | None = None
        self._n = 0
        self._low: Float32[np.ndarray, " cell"] = np.zeros(0, np.float32)
        self._high: Float32[np.ndarray, " cell"] = np.zeros(0, np.float32)
        self._counts = _Counts(0)

    def _take(self, shape: Shape) -> None:
        """Agree to a shape; the first one makes the tables."""
        if self._shape is None:
            cells = shape[0] * shape[1]
            self._low = np.full(cells, math.inf, np.float32)
            self._high = np.full(cells, -math.inf, np.float32)
            self._counts = _Counts(cells)
        self._shape = _agreed(self._shape, shape)

    def update(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Take in one chunk; all values are finite and below 3.4e38."""
        self._take(values.shape[1:])
        if not len(values):
            return
        with np.errstate(over="ignore"):
            cells = _cells(values).astype(np.float32, copy=False)
        low, high = cells.min(axis=1), cells.max(axis=1)
        wild = ~(np.isfinite(low) & np.isfinite(high))
        if wild.any():
            why = f"is not a finite number of at most {MOST_SINGLE:.2g}"
            raise _unbounded(int(wild.argmax()), values.shape[2], why)
        self._counts.count(cells, low, high)
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        self._n += len(values)

    def merge(self, other: Quantiles) -> None:
        """Take in what another has seen."""
        if other._probabilities != self._probabilities:
            raise ModelError("quantiles of different probabilities cannot be merged; use the same")
        if other._shape is None:
            return
        self._take(other._shape)
        self._counts.merge(other._counts)
        self._low, self._high = (
            np.minimum(self._low, other._low),
            np.maximum(self._high, other._high),
        )
        self._n += other._n

    def result(self) -> Float64[np.ndarray, "probability time output"]:
        """Return the quantiles, in the order of the probabilities given."""
        times, outputs = _seen(self._shape if self._n else None)
        last = self._n - 1
        place = last * np.array(self._probabilities)
        lower = np.minimum(np.floor(place).astype(np.int64), last)
        ranks = np.concatenate([lower, np.minimum(lower + 1, last)])
        found = np.empty((len(ranks), times * outputs))
        for cell, (left, right, inside) in enumerate(self._counts.find(ranks)):
            low, high = float(self._low[cell]) + 0.0, float(self._high[cell]) + 0.0  # no −0
            left, right = np.clip(left, low, high), np.clip(right, low, high)
            at = left + (right - left) * inside
            found[:, cell] = np.where(ranks == 0, low, np.where(ranks == last, high, at))
        start, end = np.split(found, 2)
        between = start + (place - lower)[:, None] * (end - start)
        quantiles: Float64[np.ndarray, "probability time output"] = between.reshape(
            -1, times, outputs
        )
        return quantiles


# ---- histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """How many subjects had one output in each bin, at each time.

    A bin holds its left edge; the last one holds its right edge too. `below` and `above` count
    those outside.
    """

    edges: Float64[np.ndarray, " edge"]
    counts: Int64[np.ndarray, "time bin"]
    below: Int64[np.ndarray, " time"]
    above: Int64[np.ndarray, " time"]


class Histogram:
    """Counts in bins whose edges are given, increasing, for each output."""

    def __init__(self, edges: Sequence[Float[np.ndarray, " _"]]) -> None:
        self._edges = tuple(np.array(e, np.float64) for e in edges)
        for output, e in enumerate(self._edges):
            if len(e) < 2 or not np.isfinite(e).all() or (np.diff(e) <= 0).any():
                raise ModelError(
                    f"edges of the bins of output {output}: expected at least two finite numbers "
                    "in increasing order; what lies outside is counted apart"
                )
        self._shape: Shape | None = None
        self._counts: list[Int64[np.ndarray, "time slot"]] = []

    def _take(self, shape: Shape) -> None:
        if shape[1] != len(self._edges):
            raise ModelError(
                f"{len(self._edges)} sets of edges for {shape[1]} outputs; give one for each"
            )
        if self._shape is None:
            self._counts = [np.zeros((shape[0], len(e) + 1), np.int64) for e in self._edges]
        self._shape = _agreed(self._shape, shape)

    def update(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Take in one chunk; all values are finite."""
        self._take(values.shape[1:])
        for output, (edges, counts) in enumerate(zip(self._edges, self._counts, strict=True)):
            for time, row in enumerate(counts):
                x = np.ascontiguousarray(values[:, time, output])
                if not np.isfinite(x).all():
                    cell = time * len(self._edges) + output
                    raise _unbounded(cell, len(self._edges), "is not a finite number")
                slots = np.searchsorted(edges, x, side="right")
                slots[x == edges[-1]] -= 1  # the last bin holds its right edge
                row += np.bincount(slots, minlength=len(row))

    def merge(self, other: Histogram) -> None:
        """Take in what another has seen."""
        if len(self._edges) != len(other._edges) or not all(
            np.array_equal(a, b) for a, b in zip(self._edges, other._edges, strict=True)
        ):
            raise ModelError("histograms of different edges cannot be merged; use the same edges")
        if other._shape is None:
            return
        self._take(other._shape)
        for mine, theirs in zip(self._counts, other._counts, strict=True):
            mine += theirs

    def result(self) -> tuple[Binned, ...]:
        """Return the counts of each output."""
        _seen(self._shape)
        return tuple(
            Binned(
                edges=edges, counts=c[:, 1:-1].copy(), below=c[:, 0].copy(), above=c[:, -1].copy()
            )
            for edges, c in zip(self._edges, self._counts, strict=True)
        )


# ---- whatever the caller likes


class Each(Generic[Result]):
    """The results of a function of each chunk, in the order of the subjects.

    The chunk may be overwritten later: the function copies what it keeps of it.
    """

    def __init__(
        self, function: Callable[[Float[np.ndarray, "subject time output"]], Result]
    ) -> None:
        self._function = function
        self._results: dict[int, Result] = {}

    def _keep(self, first: int, result: Result) -> None:
        if first in self._results:
            raise ModelError(f"two chunks begin with subject {first}; each is simulated once")
        self._results[first] = result

    def update(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Call the function and keep what it returns."""
        self._keep(first, self._function(values))

    def merge(self, other: Each[Result]) -> None:
        """Take in what another has seen."""
        for first, result in other._results.items():
            self._keep(first, result)

    def result(self) -> list[Result]:
        """Return what the function returned, first subjects first."""
        return [self._results[first] for first in sorted(self._results)]


class Kept:
    """All values of all subjects, for populations that fit into memory.

    In memory the subjects lie next to each other, as in the chunks.
    """

    def __init__(self, n_subjects: int) -> None:
        if n_subjects < 1:
            raise ModelError(f"{n_subjects} subjects to keep; expected at least 1")
        self._values: Float[np.ndarray, "subject time output"] | None = None
        self._filled = np.zeros(n_subjects, np.bool_)

    def _room(
        self, like: Float[np.ndarray, "subject time output"]
    ) -> Float[np.ndarray, "n time output"]:
        n, times, outputs = len(self._filled), *like.shape[1:]
        if self._values is None:
            self._values = np.empty((times, outputs, n), like.dtype).transpose(2, 0, 1)
        _agreed(self._values.shape[1:], (times, outputs))
        if self._values.dtype != like.dtype:
            raise ModelError(
                f"a chunk of {like.dtype} after chunks of {self._values.dtype}; use one precision"
            )
        return self._values

    def _claim(self, wanted: Int[np.ndarray, " subject"] | slice) -> None:
        if self._filled[wanted].any():
            raise ModelError("a subject came twice; each subject is simulated once")
        self._filled[wanted] = True

    def update(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Copy one chunk to its place."""
        end = first + len(values)
        if first < 0 or end > len(self._filled):
            raise ModelError(
                f"subjects {first} to {end - 1} (counted from 0) where {len(self._filled)} "
                "are kept; make room for all of them"
            )
        room = self._room(values)
        self._claim(slice(first, end))
        room[first:end] = values

    def merge(self, other: Kept) -> None:
        """Take in what another has seen."""
        if len(other._filled) != len(self._filled):
            raise ModelError(
                f"{len(other._filled)} subjects merged into {len(self._filled)}; keep the same"
            )
        if other._values is None:
            return
        room, wanted = self._room(other._values), np.flatnonzero(other._filled)
        self._claim(wanted)
        room[wanted] = other._values[wanted]

    def result(self) -> Float[np.ndarray, "subject time output"]:
        """Return the values, once every subject is there."""
        missing = int((~self._filled).sum())
        if missing or self._values is None:
            raise ModelError(
                f"{missing} of {len(self._filled)} subjects have not been simulated; "
                "update with every chunk first"
            )
        return self._values
