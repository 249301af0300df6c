"""Reducers against NumPy on the whole population, for any chunking and order of merging."""

from __future__ import annotations

import math
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.errors import ModelError
from thecal.model.reduce import Each, Histogram, Kept, Moments, Quantiles, Reducer

BOUND = 2.0**-9 + 2.0**-23
"""The relative error of a value as documented: a bucket's width and the rounding to it."""

TINY = 2.3e-41
"""The width of a bucket where numbers of single precision are denormal."""

P = (0.0, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 1.0)


def population(n: int, times: int = 5, outputs: int = 3, seed: int = 1) -> np.ndarray:
    """Values of both signs and many sizes, with zeros, subjects next to each other."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(times, outputs, n)) * np.exp(3 * rng.normal(size=(times, outputs, n)))
    values[0] = np.abs(values[0])
    values[1, 0] = 0.0
    values[1, 1][rng.random(n) < 0.3] = 0.0
    values[2, 0] = 48.0
    return values.transpose(2, 0, 1)


def fill(reducer, values: np.ndarray, cuts=()):
    """A reducer after the chunks of a population cut at these subjects."""
    edges = [0, *sorted(cuts), len(values)]
    for start, end in pairwise(edges):
        reducer.update(values[start:end], start)
    return reducer


def merged(make, values: np.ndarray, cuts, order):
    """The same through one reducer for each chunk, merged in some order."""
    edges = [0, *sorted(cuts), len(values)]
    whole = make()
    for k in order:
        whole.merge(fill_from(make(), values[edges[k] : edges[k + 1]], edges[k]))
    return whole


def fill_from(reducer, chunk: np.ndarray, first: int):
    reducer.update(chunk, first)
    return reducer


def bucketed(values: np.ndarray, p: float) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of one column by NumPy, and the error allowed: that of the two values it uses."""
    ordered = np.sort(values)
    place = p * (len(values) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return np.quantile(values, p), max(BOUND * max(abs(low), abs(high)), TINY)


def assert_quantiles_within_bound(values: np.ndarray):
    """`values` is one column, given as one time and one output."""
    found = fill(Quantiles(P), values[:, None, None]).result()[:, 0, 0]
    for p, have in zip(P, found, strict=True):
        right, error = bucketed(values, p)
        assert abs(have - right) <= error * (1 + 1e-6), (p, have, right)
    assert (np.diff(found) >= 0).all()


some_cuts = st.lists(st.integers(0, 200), max_size=6)


# ---- quantiles: the error


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 1001, 20_000])
@pytest.mark.parametrize("kind", ["positive", "negative", "both", "zeros", "wide", "narrow"])
def test_a_quantile_is_within_the_bound_of_numpy(kind, n, dtype):
    rng = np.random.default_rng(7)
    normal = rng.normal(size=n)
    values = {
        "positive": np.exp(0.5 * normal),
        "negative": -np.exp(0.5 * normal),
        "both": normal,
        "zeros": np.where(rng.random(n) < 0.4, 0.0, normal),
        "wide": np.exp(25 * normal.clip(-3, 3)),
        "narrow": 1 + 1e-6 * normal,
    }[kind]
    assert_quantiles_within_bound(values.astype(dtype))


@given(
    st.lists(
        st.one_of(
            st.floats(width=32, allow_nan=False, allow_infinity=False),
            st.sampled_from(
                [0.0, -0.0, 1e-45, -1e-45, 1e-40, 1.2e-38, 3.4028235e38, -3.4028235e38]
            ),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_no_values_break_the_bound(values):
    """Denormals, zeros of both signs and the largest numbers of single precision included."""
    assert_quantiles_within_bound(np.array(values, np.float32))


@pytest.mark.parametrize("value", [0.0, -0.0, 48.0, -3.3, 1e-45, 1e38, np.float32(0.1)])
def test_a_constant_has_itself_as_every_quantile(value):
    found = fill(Quantiles(P), np.full((100, 1, 1), value, np.float32)).result()
    assert (found == np.float32(value)).all()
    assert not np.signbit(found[found == 0]).any()


def test_zeros_among_other_values_stay_zero():
    values = np.concatenate([np.zeros(600), np.full(400, 5.0)])[:, None, None]
    assert fill(Quantiles([0.2, 0.5, 0.9]), values).result()[:2].tolist() == [[[0.0]], [[0.0]]]


def test_the_smallest_and_the_largest_value_are_exact():
    values = population(500).astype(np.float32)
    found = fill(Quantiles([0.0, 1.0]), values).result()
    assert (found[0] == values.min(axis=0)).all()
    assert (found[1] == values.max(axis=0)).all()


def test_many_values_in_a_bucket_make_the_median_a_hundred_times_better_than_the_bound():
    """1e6 values over 10 %: 20 000 a bucket, where the ranks are as good as a finer grid."""
    values = np.random.default_rng(3).uniform(1.0, 1.1, (1_000_000, 1, 1))
    found = float(fill(Quantiles([0.5]), values).result()[0, 0, 0])
    assert found == pytest.approx(float(np.median(values)), rel=BOUND / 100)


def test_quantiles_come_by_probability_time_and_output():
    values = population(2000)
    found = fill(Quantiles([0.9, 0.1]), values).result()
    right = np.quantile(values, [0.9, 0.1], axis=0)
    assert found.shape == right.shape == (2, 5, 3)
    assert found == pytest.approx(right, rel=2 * BOUND)


# ---- quantiles: to the last bit


@given(cuts=some_cuts, order=st.permutations(range(7)), seed=st.integers(0, 5))
def test_quantiles_are_the_same_to_the_last_bit_however_the_work_is_cut(cuts, order, seed):
    """One chunk; chunks in a row; a reducer for each chunk, merged in any order."""
    values = population(200, seed=seed)
    whole = fill(Quantiles(P), values).result()
    assert fill(Quantiles(P), values, cuts).result().tobytes() == whole.tobytes()
    order = [k for k in order if k <= len(cuts)]
    assert merged(lambda: Quantiles(P), values, cuts, order).result().tobytes() == whole.tobytes()


def test_a_long_and_a_short_chunk_are_counted_alike():
    """A chunk shorter than the table of buckets is counted by another way of NumPy."""
    values = population(9000)
    whole, single = fill(Quantiles(P), values), fill(Quantiles(P), values, range(1, 9000, 997))
    assert whole.result().tobytes() == single.result().tobytes()


def test_a_merge_leaves_the_other_as_it_was():
    values = population(100)
    one, other = fill(Quantiles(P), values[:50]), fill(Quantiles(P), values[50:])
    before = other.result()
    one.merge(other)
    fill(one, values[:10])
    assert other.result().tobytes() == before.tobytes()


@pytest.mark.parametrize("make", [Moments, lambda: Quantiles(P), lambda: Kept(40)])
def test_the_layout_in_memory_changes_nothing(make):
    values = population(40)
    plain = np.ascontiguousarray(values)
    backwards = values[::-1].copy()[::-1]
    for layout in (plain, backwards, np.asfortranarray(values)):
        have, want = fill(make(), layout).result(), fill(make(), values).result()
        if isinstance(want, np.ndarray):
            assert (have == want).all()
        else:
            assert (have.mean == want.mean).all()
            assert (have.sd == want.sd).all()


def test_more_cells_than_a_block_and_no_multiple_of_it_are_all_counted():
    """11 times of 7 outputs: blocks of 8 cells, and 5 left over."""
    values = population(300, 11, 7)
    found = fill(Quantiles([0.5]), values).result()[0]
    assert found == pytest.approx(np.quantile(values, 0.5, axis=0), rel=2 * BOUND, abs=1e-3)


@pytest.mark.parametrize("make", [Moments, lambda: Quantiles(P), lambda: Histogram(EDGES)])
def test_ten_times_the_subjects_take_no_more_memory(make):
    """A quarter more: rarer values reach buckets further out."""
    reducer, held = make(), []
    tracemalloc.start()
    for chunk in range(20):
        reducer.update(population(2000, seed=chunk), 2000 * chunk)
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[-1] < 1.25 * held[1] + 50_000


# ---- what is refused


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "make", [Moments, lambda: Quantiles(P), lambda: Histogram([np.array([0.0, 1.0])] * 3)]
)
def test_a_value_that_is_no_number_is_refused_and_its_output_named(make, bad):
    values = population(50)
    values[17, 3, 2] = bad
    with pytest.raises(ModelError, match="output 2 at time number 3"):
        fill(make(), values)


def test_a_value_too_large_for_single_precision_is_refused():
    with pytest.raises(ModelError, match=r"output 0 .* at most 3.4e\+38"):
        fill(Quantiles([0.5]), np.full((3, 1, 1), 1e39))


@pytest.mark.parametrize("make", [Moments, lambda: Quantiles(P)])
def test_chunks_of_other_times_or_outputs_are_refused(make):
    one = fill(make(), population(10))
    with pytest.raises(ModelError, match="4 times and 3 outputs after chunks of 5 and 3"):
        fill(one, population(10, 4))
    with pytest.raises(ModelError, match="after chunks of"):
        one.merge(fill(make(), population(10, 5, 2)))


@pytest.mark.parametrize("make", [Moments, lambda: Quantiles(P)])
def test_there_is_no_result_without_a_subject(make):
    with pytest.raises(ModelError, match="no subject"):
        make().result()
    with pytest.raises(ModelError, match="no subject"):
        fill(make(), population(3)[:0]).result()


@pytest.mark.parametrize("probabilities", [[], [1.1], [-0.1], [math.nan]])
def test_probabilities_outside_0_to_1_are_refused(probabilities):
    with pytest.raises(ModelError, match="from 0 to 1"):
        Quantiles(probabilities)


def test_quantiles_of_other_probabilities_are_not_merged():
    with pytest.raises(ModelError, match="different probabilities"):
        Quantiles([0.5]).merge(Quantiles([0.4]))


# ---- mean and sd


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mean_and_sd_are_those_of_numpy(dtype):
    values = population(3000).astype(dtype)
    found = fill(Moments(), values, [10, 11, 1500]).result()
    assert found.n == 3000
    assert found.mean == pytest.approx(values.astype(np.float64).mean(axis=0), rel=1e-11)
    assert found.sd == pytest.approx(values.astype(np.float64).std(axis=0, ddof=1), rel=1e-11)


def test_a_small_spread_on_a_large_mean_is_kept():
    """The sum of squares would lose it: (1e8)² holds 1e16, and the spread is 1."""
    values = 1e8 + np.random.default_rng(2).normal(size=(4000, 1, 1))
    found = fill(Moments(), values, range(100, 4000, 100)).result()
    assert found.sd == pytest.approx(values.std(axis=0, ddof=1), rel=1e-6)


@given(cuts=some_cuts, order=st.permutations(range(7)))
def test_moments_do_not_depend_on_chunks_or_order(cuts, order):
    """1e-12: a few roundings of values of one size; for seed 1 no sum cancels further."""
    values = population(200)
    order = [k for k in order if k <= len(cuts)]
    whole = fill(Moments(), values).result()
    for found in (fill(Moments(), values, cuts), merged(Moments, values, cuts, order)):
        assert found.result().n == 200
        assert found.result().mean == pytest.approx(whole.mean, rel=1e-12, abs=1e-12)
        assert found.result().sd == pytest.approx(whole.sd, rel=1e-12)


def test_one_subject_has_a_mean_and_no_sd():
    found = fill(Moments(), population(1)).result()
    assert np.isfinite(found.mean).all()
    assert np.isnan(found.sd).all()


# ---- histogram

EDGES = [np.array([0.0, 1.0, 2.0, 4.0]), np.linspace(-3, 3, 13), np.array([-1.0, 1.0])]


@given(cuts=some_cuts, order=st.permutations(range(7)))
def test_a_histogram_counts_as_numpy_does_however_the_work_is_cut(cuts, order):
    values = population(200).round(1)  # many values on an edge
    order = [k for k in order if k <= len(cuts)]
    for found in (
        fill(Histogram(EDGES), values, cuts).result(),
        merged(lambda: Histogram(EDGES), values, cuts, order).result(),
    ):
        for output, (binned, edges) in enumerate(zip(found, EDGES, strict=True)):
            for time in range(5):
                x = values[:, time, output]
                assert (binned.counts[time] == np.histogram(x, edges)[0]).all()
                assert binned.below[time] == (x < edges[0]).sum()
                assert binned.above[time] == (x > edges[-1]).sum()


@pytest.mark.parametrize("edges", [[1.0], [0.0, 0.0], [1.0, 0.0], [0.0, math.inf]])
def test_edges_that_do_not_increase_are_refused(edges):
    with pytest.raises(ModelError, match="output 1"):
        Histogram([np.array([0.0, 1.0]), np.array(edges)])


def test_edges_are_wanted_for_every_output():
    with pytest.raises(ModelError, match="2 sets of edges for 3 outputs"):
        fill(Histogram(EDGES[:2]), population(5))


def test_histograms_of_other_edges_are_not_merged():
    with pytest.raises(ModelError, match="different edges"):
        Histogram(EDGES).merge(Histogram(EDGES[::-1]))


# ---- the caller's own, and everything


def test_the_results_of_a_function_come_in_the_order_of_subjects():
    values = population(30)
    late, early = Each(len), Each(len)
    late.update(values[20:], 20)
    late.update(values[5:20], 5)
    early.update(values[:5], 0)
    late.merge(early)
    assert late.result() == [5, 15, 10]


def test_the_same_subjects_twice_are_refused():
    each, kept = Each(len), Kept(10)
    for reducer in (each, kept):
        reducer.update(population(4), 0)
    with pytest.raises(ModelError, match="each is simulated once"):
        each.update(population(4), 0)
    with pytest.raises(ModelError, match="each subject is simulated once"):
        kept.update(population(4), 3)


@given(cuts=some_cuts, order=st.permutations(range(7)))
def test_what_is_kept_is_what_came(cuts, order):
    values = population(200)
    order = [k for k in order if k <= len(cuts)]
    assert (fill(Kept(200), values, cuts).result() == values).all()
    assert (merged(lambda: Kept(200), values, cuts, order).result() == values).all()


def test_values_are_kept_in_the_precision_they_have():
    assert fill(Kept(4), population(4).astype(np.float32)).result().dtype == np.float32


def test_subjects_are_missed():
    kept = Kept(10)
    with pytest.raises(ModelError, match="10 of 10 subjects"):
        kept.result()
    kept.update(population(4), 3)
    with pytest.raises(ModelError, match="6 of 10 subjects"):
        kept.result()


@pytest.mark.parametrize("first", [-1, 7, 10])
def test_a_subject_without_room_is_refused(first):
    with pytest.raises(ModelError, match="where 10 are kept"):
        Kept(10).update(population(4), first)


def test_every_reducer_here_is_one():
    """Checked by mypy too; here so that a renamed method fails by name."""
    every: list[Reducer] = [Moments(), Quantiles(P), Histogram(EDGES), Each(len), Kept(1)]
    for reducer in every:
        assert {"update", "merge", "result"} <= set(dir(reducer))
