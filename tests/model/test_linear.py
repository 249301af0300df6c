"""Exact amounts against the matrix exponential in 60 digits, and two solvers against each other.

The reference scales, sums and squares e^{Kh} in `mpmath`; it knows nothing of modes or of what
leaves, so equal, tiny and huge rates are no special case there either.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from thecal.model.events import Dosing, Event
from thecal.model.linear import Blocks, Doubling, divided_difference, modes, tanhc
from thecal.model.solve import solve
from thecal.model.structure import Compartments, Model, Output, Parameter

EPS = 2.0**-52
FLOOR = 1e-290  # amounts below are held against 0: there numbers lose bits to underflow
# A rate and a time that are rounded leave x eps of e^{−x}; above the floor x is at most 668, and
# 668 eps is 1.5e-13.
TOLERANCE = 1e-12

Arrows = Mapping[tuple[str, str], float]


# --- sixty digits ----------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _exact(
    names: tuple[str, ...], rates: tuple[tuple[str, str, float], ...], h: Any, sources: tuple
) -> dict[tuple[str, str], Any]:
    ids = [*names, *(f"→{name}" for name in sources), ""]
    at = {name: i for i, name in enumerate(ids)}
    with mp.workdps(80):
        K = mp.zeros(len(ids))
        for source, to, rate in rates:
            K[at[to], at[source]] += mp.mpf(rate)
            K[at[source], at[source]] -= mp.mpf(rate)
        for name in sources:
            K[at[name], at[f"→{name}"]] = mp.mpf(1)
        K *= mp.mpf(h)
        norm = max(abs(entry) for entry in K)
        squarings = max(0, int(mp.ceil(mp.log(norm, 2))) + 8) if norm > 0 else 0
    with mp.workdps(70 + squarings // 3):  # every squaring costs a bit
        K = K / mp.mpf(2) ** squarings
        term = total = mp.eye(len(ids))
        for n in range(1, 26):  # 2^-200 / 25! is below 1e-80
            term = term * K / n
            total = total + term
        for _ in range(squarings):
            total = total * total
    return {(i, j): total[at[i], at[j]] for i in ids for j in ids}


def exact(
    names: Sequence[str], rates: Arrows, h: Any, sources: Sequence[str] = ()
) -> dict[tuple[str, str], Any]:
    """e^{Kh} by (to, from), what is lost as "", in 60 digits and more; a source gives 1 mg/d."""
    listed = tuple((source, to, rate) for (source, to), rate in rates.items())
    return _exact(tuple(names), listed, h, tuple(sources))


def relative_error(found: Any, right: Any) -> float:
    """Error of one number against its 60 digits; 0 where both have vanished."""
    found = float(np.ravel(found)[0])
    if right < FLOOR:
        return 0.0 if 0 <= found < 10 * FLOOR else math.inf
    return float(abs(mp.mpf(found) / right - 1))


def lanes(rates: Arrows) -> dict[tuple[str, str], np.ndarray]:
    return {ends: np.array([rate]) for ends, rate in rates.items()}


# --- models ----------------------------------------------------------------------------------


def model_of(names: Sequence[str], arrows: Sequence[tuple[str, str]], **options: Any) -> Model:
    """Compartments with one parameter for each flow, and every amount to be read."""
    parameters = {ends: f"k_{ends[0]}_{ends[1]}" for ends in arrows}
    extra = options.pop("extra", ())
    return Model(
        name="compartments",
        parameters=(*(Parameter(name, "1/d") for name in parameters.values()), *extra),
        parts=(
            Compartments(
                " ".join(names),
                {f"{source} > {to}": parameters[source, to] for source, to in arrows},
                **options,
            ),
        ),
        outputs=tuple(Output(name, "mg", "", name) for name in names),
    )


def values_of(rates: Arrows) -> dict[str, float]:
    return {f"k_{source}_{to}": rate for (source, to), rate in rates.items()}


BODY = ("csf", "cns", "plasma", "periphery")
HELD = BODY[:3]  # what the closed form can tell
TYPICAL: dict[tuple[str, str], float] = {
    ("csf", "plasma"): 3.4,
    ("csf", "cns"): 0.38,
    ("cns", "csf"): 8e-4,
    ("cns", ""): 0.02,
    ("plasma", ""): 4.3,
    ("plasma", "periphery"): 1.4,
    ("periphery", "plasma"): 0.015,
}
INTRATHECAL = model_of(
    BODY, list(TYPICAL), drawn={"csf": "removed"}, extra=(Parameter("removed", "1"),)
)


def typical(**changed: float) -> dict[tuple[str, str], float]:
    """The typical rates, some of them changed, by "from_to"."""
    return TYPICAL | {tuple(name.split("_")): rate for name, rate in changed.items()}  # type: ignore[misc]


# CSF → plasma at 1/d and plasma → gone at 1 + gap: the textbook sum of exponentials loses
# 1e-16 / gap of its digits.
def nearly_equal(gap: float) -> dict[tuple[str, str], float]:
    return dict.fromkeys(TYPICAL, 0.0) | {("csf", "plasma"): 1.0, ("plasma", ""): 1 + gap}


PITFALLS = {
    "typical": TYPICAL,
    **{f"gap {gap:g}": nearly_equal(gap) for gap in (1.0, 1e-2, 1e-4, 1e-6, 1e-10, 1e-15, 0.0)},
    "all times 1e-6": {ends: rate * 1e-6 for ends, rate in TYPICAL.items()},
    "all times 1e6": {ends: rate * 1e6 for ends, rate in TYPICAL.items()},
    "uptake times 1e-12": typical(csf_cns=0.38e-12, cns_csf=8e-16),
    "periphery times 1e-12": typical(plasma_periphery=1.4e-12, periphery_plasma=1.5e-14),
    "nothing goes to plasma": typical(csf_plasma=0.0),
    "tissue never returns": typical(cns_csf=0.0),
    "no loss at all": typical(**{"cns_": 0.0, "plasma_": 0.0}),
    "periphery keeps all": typical(periphery_plasma=0.0),
    "equal everywhere": dict.fromkeys(TYPICAL, 1.0),
    "all zero": dict.fromkeys(TYPICAL, 0.0),
    "fast beside slow": typical(csf_plasma=1e4, cns_csf=1e-6, periphery_plasma=1e-6),
    "slow beside fast": typical(csf_plasma=1e-6, csf_cns=1e-6, **{"plasma_": 1e4}),
    "fast exchange, slow loss": typical(csf_cns=1e4, cns_csf=1e4, **{"cns_": 1e-6}),
}
STEPS_D = (1e-6, 0.04, 1.0, 7.0, 3650.0, 1e5)


# --- one dose, through `solve` -----------------------------------------------------------------


def body(
    rates: Arrows,
    dosing: Dosing,
    times_d: Sequence[float],
    outputs: tuple[str, ...],
    removed: float = 0.0,
    **options: Any,
) -> tuple[np.ndarray, str]:
    """Amounts of the intrathecal chain as (time, output), and which solver told them."""
    found, solved = crowd([rates], dosing, times_d, outputs, removed, **options)
    return found[0], solved


def crowd(
    people: Sequence[Arrows],
    dosing: Dosing,
    times_d: Sequence[float],
    outputs: tuple[str, ...],
    removed: float = 0.0,
    backend: str = "numpy",
    **options: Any,
) -> tuple[np.ndarray, str]:
    """The same for many subjects: (subject, time, output)."""
    values = {f"k_{s}_{t}": np.array([rates[s, t] for rates in people]) for s, t in TYPICAL}
    profile = solve(
        INTRATHECAL,
        {**values, "removed": removed},
        dosing,
        np.array(times_d),
        outputs=outputs,
        backend=backend,
        **options,
    )
    return profile.values, profile.solved


@pytest.mark.parametrize("case", PITFALLS)
@pytest.mark.parametrize(
    ("outputs", "solver"), [(HELD, "closed form"), (BODY, "exact")], ids=["Blocks", "Doubling"]
)
def test_amounts_after_a_dose_agree_with_sixty_digits(case, outputs, solver):
    """Every amount at every time by itself: 1e-12 relative, measured 2e-13 at most."""
    rates = PITFALLS[case]
    found, solved = body(rates, Dosing.bolus([0.0], 100.0), STEPS_D, outputs)
    assert solved.startswith(solver)
    for time_d, row in zip(STEPS_D, found, strict=True):
        right = exact(BODY, rates, time_d)
        for name, amount in zip(outputs, row, strict=True):
            error = relative_error(amount, 100 * right[name, "csf"])
            assert error < TOLERANCE, (name, time_d, amount, error)


@pytest.mark.parametrize("step_d", STEPS_D)
@pytest.mark.parametrize(
    ("outputs", "solver"), [(HELD, "closed form"), (BODY, "exact")], ids=["Blocks", "Doubling"]
)
def test_a_second_dose_adds_to_what_is_left_of_the_first(step_d, outputs, solver):
    """With a tenth of the CSF drawn before it, by the 60-digit propagator of one interval."""
    found, solved = body(
        TYPICAL, Dosing.bolus([0.0, step_d], 100.0), [step_d, 2 * step_d], outputs, 0.1
    )
    assert solved.startswith(solver)
    E = exact(BODY, TYPICAL, step_d)
    once = {name: 100 * E[name, "csf"] for name in BODY}
    then = once | {"csf": once["csf"] * (1 - mp.mpf(0.1)) + 100}
    twice = {i: sum(E[i, j] * then[j] for j in BODY) for i in BODY}
    for row, right in zip(found, (once, twice), strict=True):
        for name, amount in zip(outputs, row, strict=True):
            assert relative_error(amount, right[name]) < TOLERANCE


@pytest.mark.parametrize("case", ["typical", "equal everywhere", "fast beside slow"])
def test_the_sixty_digits_agree_with_the_matrix_exponential_of_scipy(case):
    """The reference itself; SciPy's error is relative to the norm of the matrix."""
    rates = PITFALLS[case]
    K = np.zeros((4, 4))
    for (source, to), rate in rates.items():
        K[BODY.index(source), BODY.index(source)] -= rate
        if to:
            K[BODY.index(to), BODY.index(source)] += rate
    right = exact(BODY, rates, 1.0)
    found = [[float(right[i, j]) for j in BODY] for i in BODY]
    assert expm(K) == pytest.approx(np.array(found), abs=1e-11)


@pytest.mark.parametrize("h", [0.0, 1e-6, 0.1, 1.0, 30.0])
def test_equal_rates_give_the_gamma_closed_form(h):
    """CSF at rate k into tissue or plasma, which lose it at k: N(t) = 100 k t e^{−k t}."""
    k = 0.7
    right = 100 * k * h * math.exp(-k * h)
    zero = dict.fromkeys(TYPICAL, 0.0)
    for name in ("cns", "plasma"):
        rates = zero | {("csf", name): k, (name, ""): k}
        for outputs in (HELD, BODY):
            found, _ = body(rates, Dosing.bolus([0.0], 100.0), [h], outputs)
            assert found[0, outputs.index(name)] == pytest.approx(right, rel=1e-14)


# --- infusions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", PITFALLS)
def test_amounts_during_and_after_an_infusion_agree_with_sixty_digits(case):
    """200 mg into CSF over 2 d and 30 mg into plasma over 0.5 d, by an augmented matrix."""
    rates = PITFALLS[case]
    dosing = Dosing.of(
        [
            Event(time_d=0.0, amount_mg=200.0, duration_d=2.0),
            Event(time_d=1.0, amount_mg=30.0, rate_mg_per_d=60.0, into="plasma"),
        ]
    )
    times_d = [1e-6, 1.0, 1.25, 1.5, 2.0, 9.0, 3650.0]
    found, solved = body(rates, dosing, times_d, BODY)
    assert solved.startswith("exact")
    held = dict.fromkeys(BODY, mp.mpf(0))
    now = 0.0
    for time_d, row in zip(times_d, found, strict=True):
        E = exact(BODY, rates, time_d - now, ("csf", "plasma"))
        running = {"csf": 100 * (now < 2), "plasma": 60 * (1 <= now < 1.5)}
        held = {
            i: sum(E[i, j] * held[j] for j in BODY)
            + sum(E[i, f"→{j}"] * rate for j, rate in running.items())
            for i in BODY
        }
        for name, amount in zip(BODY, row, strict=True):
            assert relative_error(amount, held[name]) < TOLERANCE, (name, time_d)
        now = time_d


def test_a_long_infusion_comes_to_what_goes_in_over_what_goes_out():
    """All drug passes plasma, so at steady state its loss is the input: P = R / k; R = 5 mg/d."""
    rates = typical(**{"cns_": 0.0})
    found, _ = body(
        rates, Dosing.of([Event(time_d=0.0, amount_mg=5e6, rate_mg_per_d=5.0)]), [1e5], BODY
    )
    assert found[0, 2] == pytest.approx(5.0 / 4.3, rel=1e-13)


# --- the two solvers by themselves ---------------------------------------------------------------


def chain(n: int, rate: float) -> tuple[tuple[str, ...], dict[tuple[str, str], float]]:
    names = tuple(f"c{i}" for i in range(n))
    return names, dict.fromkeys(zip(names, (*names[1:], ""), strict=True), rate)


def ring(n: int, rate: float, loss: float) -> tuple[tuple[str, ...], dict[tuple[str, str], float]]:
    names = tuple(f"c{i}" for i in range(n))
    return names, dict.fromkeys(zip(names, (*names[1:], names[0]), strict=True), rate) | {
        ("c0", ""): loss
    }


def tree(up: float, down: float, loss: float) -> tuple[tuple[str, ...], Any]:
    """Six compartments, every flow both ways."""
    names = tuple(f"c{i}" for i in range(6))
    rates: dict[tuple[str, str], float] = {("c0", ""): loss}
    for a, b in ((0, 1), (0, 2), (1, 3), (1, 4), (2, 5)):
        rates |= {(f"c{a}", f"c{b}"): up, (f"c{b}", f"c{a}"): down}
    return names, rates


NETWORKS = {
    "chain of 6, equal": chain(6, 1.0),
    "chain of 6, slow": chain(6, 1e-6),
    "chain of 6, fast": chain(6, 1e4),
    "ring of 3, closed": ring(3, 1.0, 0.0),
    "ring of 6, fast, slow loss": ring(6, 1e4, 1e-6),
    "ring of 4, slow, fast loss": ring(4, 1e-6, 1e4),
    "tree": tree(10.0, 3.0, 1e-5),
    "tree, nearly one way": tree(1.0, 1e-12, 1.0),
    "one fast, one slow": (
        ("a", "b"),
        {("a", "b"): 1e4, ("b", "a"): 1e-6, ("b", ""): 1e-6},
    ),
    "two fast, slow loss": (("a", "b"), {("a", "b"): 1e4, ("b", "a"): 1e4, ("b", ""): 1e-6}),
    "alone, no loss": (("a",), {("a", ""): 0.0}),
}


def grown(
    names: Sequence[str], rates: Arrows, h: float, sources: Sequence[str] = ()
) -> dict[tuple[str, str], np.ndarray]:
    solver = Doubling(tuple(names), frozenset(rates), tuple(sources))
    some = lanes(rates)
    return solver.propagator(np, some, np.array([h]), solver.squarings(some, h))


@pytest.mark.parametrize("case", NETWORKS)
@pytest.mark.parametrize("h", [1e-6, 1.0, 3650.0, 1e5])
def test_every_entry_of_a_doubled_propagator_agrees_with_sixty_digits(case, h):
    """Entry by entry, also what is lost and what a source gives; measured 2e-14 at most.

    A ring that turns 1e9 times loses nothing: each doubling brings the columns back to 1.
    """
    names, rates = NETWORKS[case]
    found = grown(names, rates, h, names[:1])
    right = exact(names, rates, h, names[:1])
    for key, entry in found.items():
        assert relative_error(entry, right[key]) < TOLERANCE, key
    for key, entry in right.items():  # what is left out is zero
        inner = key[0] in names and key[1] in (*names, f"→{names[0]}")
        assert key in found or not inner or entry == 0, key


@pytest.mark.parametrize("squarings", [0, 1, 5, 20])
def test_more_doublings_than_needed_do_no_harm(squarings):
    names, rates = tree(1.0, 0.3, 1e-3)
    solver = Doubling(names, frozenset(rates))
    found = solver.propagator(np, lanes(rates), np.array([0.01]), squarings)
    right = exact(names, rates, 0.01)
    assert max(relative_error(entry, right[key]) for key, entry in found.items()) < 1e-14


@pytest.mark.parametrize("case", PITFALLS)
def test_one_step_in_closed_form_agrees_with_sixty_digits_at_its_middle_and_end(case):
    """`Blocks.factors` as a cascade uses them: amounts at h/2 drive what is below."""
    rates = PITFALLS[case]
    blocks = Blocks(*BODY)
    made = blocks.prepare(np, lanes(rates))
    nodes = frozenset(HELD)
    for h in STEPS_D:
        state = blocks.act(np, blocks.start(np.zeros(1)), made, {}, {"csf": np.ones(1)})
        factors = blocks.factors(np, made, np.array([h]), nodes)
        state, mid = blocks.advance(state, made, factors, nodes, {})
        end = blocks.read(state, made)
        for name in HELD:
            whole, half = exact(BODY, rates, h), exact(BODY, rates, mp.mpf(h) / 2)
            assert relative_error(end[name], whole[name, "csf"]) < TOLERANCE, (name, h)
            assert relative_error(mid[name], half[name, "csf"]) < TOLERANCE, (name, h)


@pytest.mark.parametrize("h", [0.04, 7.0])
def test_one_doubled_step_agrees_with_sixty_digits_at_its_middle_and_end(h):
    """The half step is made first and squared, so a cascade gets both for one."""
    solver = Doubling(BODY, frozenset(TYPICAL), ("csf",))
    some = lanes(TYPICAL)
    nodes = frozenset({"cns", "plasma"})
    factors = solver.factors(np, some, np.array([h]), nodes, solver.squarings(some, h))
    state = solver.act(np, solver.start(np.zeros(1)), some, {}, {"csf": np.ones(1)})
    state, mid = solver.advance(state, some, factors, nodes, {"csf": np.array([5.0])})
    assert mid.keys() == nodes
    for found, steps in ((solver.read(state, some), mp.mpf(h)), (mid, mp.mpf(h) / 2)):
        right = exact(BODY, TYPICAL, steps, ("csf",))
        for name, amount in found.items():
            assert relative_error(amount, right[name, "csf"] + 5 * right[name, "→csf"]) < TOLERANCE


# --- laws ----------------------------------------------------------------------------------------

RATE = st.one_of(
    st.just(0.0),
    st.sampled_from([1e-3, 1.0, 24.0]),  # so that equal rates are common
    st.floats(-6, 3).map(lambda power: 10.0**power),
)
RATES = st.fixed_dictionaries({ends: RATE for ends in TYPICAL})
PEOPLE = st.lists(RATES, min_size=1, max_size=24)  # solved at once, each as if alone
few = settings(max_examples=8)
STEP = st.floats(-6, 2).map(lambda power: 10.0**power)
PLAN = st.lists(st.tuples(STEP, st.floats(1e-3, 200)), min_size=1, max_size=4)


@st.composite
def networks(draw: Any) -> tuple[tuple[str, ...], dict[tuple[str, str], float]]:
    """Any topology of one to five compartments."""
    names = tuple("abcde"[: draw(st.integers(1, 5))])
    every = [(s, t) for s in names for t in (*names, "") if s != t]
    arrows = draw(st.lists(st.sampled_from(every), min_size=1, max_size=8, unique=True))
    return names, {ends: draw(RATE) for ends in arrows}


def planned(plan: list[tuple[float, float]]) -> tuple[Dosing, list[float]]:
    """Doses with steps between them, and times just before each later dose and after the last."""
    edges = np.concatenate([[0.0], np.cumsum([step for step, _ in plan])])
    return Dosing.bolus(list(edges[:-1]), [dose for _, dose in plan]), list(edges[1:])


@settings(max_examples=30)
@given(network=networks(), h=STEP)
def test_any_network_agrees_with_sixty_digits(network, h):
    names, rates = network
    found, right = grown(names, rates, h, names[-1:]), exact(names, rates, h, names[-1:])
    assert max(relative_error(entry, right[key]) for key, entry in found.items()) < TOLERANCE


@settings(max_examples=40)
@given(network=networks(), h=STEP)
def test_mass_is_kept_and_nothing_is_ever_negative(network, h):
    """What is held and what was lost is the dose, in any network: to 20 roundings."""
    names, rates = network
    found = grown(names, rates, h)
    for j in names:
        column = np.array([entry[0] for (_, source), entry in found.items() if source == j])
        assert (column >= 0).all()
        assert column.sum() == pytest.approx(1.0, abs=20 * EPS)


@settings(max_examples=30)
@given(network=networks(), one=STEP, other=STEP)
def test_two_steps_are_one_step_of_their_sum(network, one, other):
    """e^{K(s+t)} = e^{Ks} e^{Kt}, for steps of very different length.

    The sum s + t is rounded: that is worth x eps, as above.
    """
    names, rates = network
    first, second = grown(names, rates, one), grown(names, rates, other)
    both = grown(names, rates, one + other)
    for (i, j), entry in both.items():
        if i and entry > FLOOR:
            product = sum(
                second[i, k] * first[k, j] for k in names if (i, k) in second and (k, j) in first
            )
            assert product == pytest.approx(entry, rel=TOLERANCE)


@few
@given(people=PEOPLE, plan=PLAN, removed=st.floats(0, 0.9))
def test_closed_form_and_doubling_agree_for_any_rates(people, plan, removed):
    """Two solvers that share no formula: 1e-12 of each amount, for rates of nine decades."""
    dosing, times_d = planned(plan)
    closed, by_blocks = crowd(people, dosing, times_d, HELD, removed)
    doubled, by_doubling = crowd(people, dosing, times_d, BODY, removed)
    assert by_blocks.startswith("closed form") and by_doubling.startswith("exact")
    doubled = doubled[:, :, :3]
    seen = doubled > FLOOR
    assert closed[seen] == pytest.approx(doubled[seen], rel=TOLERANCE)
    assert (np.abs(closed[~seen]) < 10 * FLOOR).all()


@few
@given(people=PEOPLE, plan=PLAN, removed=st.floats(0, 1))
def test_no_amount_is_ever_negative(people, plan, removed):
    dosing, times_d = planned(plan)
    for outputs in (HELD, BODY):
        found, _ = crowd(people, dosing, times_d, outputs, removed)
        assert np.isfinite(found).all() and (found >= 0).all()


@few
@given(people=PEOPLE, plan=PLAN)
def test_doses_add(people, plan):
    """With nothing drawn the system is linear: all doses at once are each dose alone, summed."""
    dosing, times_d = planned(plan)
    for outputs in (HELD, BODY):
        together, _ = crowd(people, dosing, times_d, outputs)
        alone = sum(
            crowd(people, Dosing.bolus([time], dose), times_d, outputs)[0]
            for time, dose in zip(dosing.times_d.tolist(), dosing.amounts_mg.tolist(), strict=True)
        )
        assert together == pytest.approx(alone, rel=TOLERANCE, abs=FLOOR)


@few
@given(people=PEOPLE, plan=PLAN, removed=st.floats(0, 1))
def test_twice_the_doses_give_exactly_twice_the_amounts(people, plan, removed):
    """Also with CSF drawn; doubling is exact in binary, so the results are equal to the bit."""
    dosing, times_d = planned(plan)
    more = Dosing.bolus(dosing.times_d.tolist(), (2 * dosing.amounts_mg).tolist())
    for outputs in (HELD, BODY):
        once, _ = crowd(people, dosing, times_d, outputs, removed)
        twice, _ = crowd(people, more, times_d, outputs, removed)
        usual = once > FLOOR
        assert (twice[usual] == 2 * once[usual]).all()


@few
@given(people=PEOPLE, plan=PLAN)
def test_without_any_loss_the_drug_stays(people, plan):
    """All four amounts sum to the doses given; 1e-13 is a few roundings a step."""
    closed = [rates | {("cns", ""): 0.0, ("plasma", ""): 0.0} for rates in people]
    dosing, times_d = planned(plan)
    found, _ = crowd(closed, dosing, times_d, BODY)
    given_mg = np.broadcast_to(np.cumsum(dosing.amounts_mg), found.shape[:2])
    assert found.sum(axis=2) == pytest.approx(given_mg, rel=1e-13)


@pytest.mark.parametrize("outputs", [HELD, BODY], ids=["Blocks", "Doubling"])
def test_one_long_step_is_many_short_ones(outputs):
    """256 readings between do not change the last: 1e-12 is 256 products of few roundings."""
    dosing = Dosing.bolus([0.0], 100.0)
    many, _ = body(TYPICAL, dosing, list(np.arange(1, 257) / 8), outputs)
    one, _ = body(TYPICAL, dosing, [32.0], outputs)
    assert many[-1] == pytest.approx(one[0], rel=1e-12)


def test_drawing_all_csf_takes_the_drug_in_it_along():
    """With nothing returning from tissue, CSF after the second dose is as after the first."""
    rates = typical(cns_csf=0.0)
    for outputs in (HELD, BODY):
        found, _ = body(rates, Dosing.bolus([0.0, 1.0], 100.0), [1.0, 2.0], outputs, 1.0)
        assert found[1, 0] == pytest.approx(found[0, 0], rel=1e-14)


# --- one precision, two backends -----------------------------------------------------------------


@pytest.mark.parametrize("case", PITFALLS)
@pytest.mark.parametrize("outputs", [HELD, BODY], ids=["Blocks", "Doubling"])
def test_single_precision_keeps_six_digits(case, outputs):
    """eps is 1.2e-7 and exponents reach 30 in the first week: 1e-5 relative where above 1e-12."""
    rates = PITFALLS[case]
    times_d = [1e-6, 0.04, 1.0, 7.0]
    dosing = Dosing.bolus([0.0], 100.0)
    single, solved = body(rates, dosing, times_d, outputs, dtype=np.float32)
    double, _ = body(rates, dosing, times_d, outputs)
    assert single.dtype == np.float32 and solved.endswith("float32")
    seen = double > 1e-12
    assert single[seen] == pytest.approx(double[seen], rel=1e-5)
    assert (single[~seen] < 1.1e-12).all()


@pytest.mark.parametrize("outputs", [HELD, BODY], ids=["Blocks", "Doubling"])
def test_numpy_and_jax_agree_for_every_pitfall_at_once(outputs):
    """The same step on two array libraries: 1e-12 of every amount, each pitfall one subject."""
    pytest.importorskip("jax", reason="the extra jax is not installed")
    dosing, times_d = Dosing.bolus([0.0, 1.0], 100.0), [0.04, 1.0, 7.0, 3650.0]
    people = list(PITFALLS.values())
    one, by_numpy = crowd(people, dosing, times_d, outputs, 0.1)
    other, by_jax = crowd(people, dosing, times_d, outputs, 0.1, backend="jax")
    assert "NumPy" in by_numpy and "JAX" in by_jax
    seen = one > FLOOR
    assert other[seen] == pytest.approx(one[seen], rel=TOLERANCE)
    assert (other[~seen] < 10 * FLOOR).all()


def test_numpy_and_jax_agree_on_infusions():
    pytest.importorskip("jax", reason="the extra jax is not installed")
    dosing = Dosing.of([Event(time_d=0.0, amount_mg=200.0, duration_d=2.0)])
    one, _ = body(TYPICAL, dosing, [1.0, 3.0], BODY)
    other, solved = body(TYPICAL, dosing, [1.0, 3.0], BODY, backend="jax")
    assert "JAX" in solved
    assert other == pytest.approx(one, rel=TOLERANCE)


# --- where the closed form fits ------------------------------------------------------------------


def recognised(model: Model, dosed: str = "a", read: str = "a") -> Blocks | None:
    return Blocks.of(model, frozenset(dosed.split()), frozenset(read.split()))


FITS = {
    "one compartment": ("a", "a>", "a", Blocks("a")),
    "two that exchange": ("a b", "a>b b>a a>", "a b", Blocks("a", "b")),
    "two in a row": ("a b", "a>b b>", "a b", Blocks("a", "", "b")),
    "absorption into two": ("a b c", "a>b b>c c>b b>", "a b", Blocks("a", "", "b", "c")),
    "exchange, then one": ("a b c", "a>b b>a a>c c>", "a b c", Blocks("a", "b", "c")),
    "exchange, then exchange": (
        "a b c d",
        "a>b b>a a>c c>d d>c b> c>",
        "a b c",
        Blocks("a", "b", "c", "d"),
    ),
    "what feeds the entry is empty": ("a b", "b>a a>", "a", Blocks("a")),
}

REFUSED = {
    "exit flows back into the entry": ("a b c", "a>b b>c c>b c>a c>", "a b", "a"),
    "exit flows back in a circle of three": ("a b c", "a>b b>c c>a c>", "a b c", "a"),
    "the second feeds the exit": ("a b c", "a>b b>a b>c c>", "a b c", "a"),
    "entry and second both feed the exit": ("a b c", "a>b b>a a>c b>c c>", "a b c", "a"),
    "entry feeds two": ("a b c", "a>b a>c b> c>", "a b c", "a"),
    "three that exchange in a row": ("a b c", "a>b b>a b>c c>b a>", "a b c", "a"),
    "exit feeds a third block": ("a b c", "a>b b>c c>", "a b c", "a"),
    "doses into two": ("a b", "a>b b>", "a b", "a b"),
    "the last compartment is read": ("a b c", "a>b b>c c>b b>", "a b c", "a"),
    "what is not reached is read": ("a b", "b>a a>", "a b", "a"),
}


def drawn_up(names: str, flows: str) -> tuple[Model, dict[tuple[str, str], float]]:
    """A model of "a>b b>" with rates that are all different."""
    arrows = [tuple(arrow.split(">")) for arrow in flows.split()]
    rates = {ends: 0.3 * 1.7**i for i, ends in enumerate(arrows)}
    return model_of(names.split(), arrows), rates  # type: ignore[arg-type]


@pytest.mark.parametrize("case", FITS)
def test_the_closed_form_is_taken_where_it_fits(case):
    """And what it tells there is right, by 60 digits."""
    names, flows, read, blocks = FITS[case]
    model, rates = drawn_up(names, flows)
    assert recognised(model, "a", read) == blocks
    outputs = tuple(read.split())
    profile = solve(
        model, values_of(rates), Dosing.bolus([0.0], 1.0), np.array([2.0]), outputs=outputs
    )
    assert profile.solved.startswith("closed form")
    right = exact(names.split(), rates, 2.0)
    for name, amount in zip(outputs, profile.values[0, 0], strict=True):
        assert relative_error(amount, right[name, "a"]) < 1e-14


@pytest.mark.parametrize("case", REFUSED)
def test_the_closed_form_is_refused_where_it_does_not_fit_and_doubling_is_right(case):
    names, flows, read, dosed = REFUSED[case]
    model, rates = drawn_up(names, flows)
    assert recognised(model, dosed, read) is None
    doses = Dosing.of([Event(time_d=0.0, amount_mg=1.0, into=into) for into in dosed.split()])
    outputs = tuple(read.split())
    profile = solve(model, values_of(rates), doses, np.array([2.0]), outputs=outputs)
    assert profile.solved.startswith("exact")
    right = exact(names.split(), rates, 2.0)
    for name, amount in zip(outputs, profile.values[0, 0], strict=True):
        assert relative_error(amount, sum(right[name, into] for into in dosed.split())) < 1e-14


def test_every_topology_of_three_compartments_is_solved_right():
    """All 64 ways to connect three compartments, each with a loss, by whichever solver fits.

    The dose goes into `a`; `a` and `b` are read. Both solvers come up many times.
    """
    every = [(s, t) for s in "abc" for t in "abc" if s != t]
    chosen = {Blocks: 0, Doubling: 0}
    for on in itertools.product([False, True], repeat=6):
        arrows = [ends for ends, is_on in zip(every, on, strict=True) if is_on]
        arrows += [("a", ""), ("b", ""), ("c", "")]
        rates = {ends: 0.3 * 1.4 ** every.index(ends) if ends[1] else 0.2 for ends in arrows}
        some, h, zero = lanes(rates), np.array([2.0]), np.zeros(1)
        blocks = recognised(model_of("abc", arrows), "a", "a b")
        solver: Any = blocks or Doubling(("a", "b", "c"), frozenset(arrows))
        chosen[type(solver)] += 1
        made = solver.prepare(np, some)
        more = () if blocks else (solver.squarings(some, 2.0),)
        factors = solver.factors(np, made, h, frozenset(), *more)
        state = solver.act(np, solver.start(zero), made, {}, {"a": zero + 1})
        state, _ = solver.advance(state, made, factors, frozenset(), {})
        found, right = solver.read(state, made), exact("abc", rates, 2.0)
        for name in "ab":
            if name in found:
                assert relative_error(found[name], right[name, "a"]) < 1e-14, arrows
            else:
                assert right[name, "a"] == 0, arrows
    assert min(chosen.values()) >= 10


# --- the pieces ----------------------------------------------------------------------------------


def random_blocks(n: int) -> np.ndarray:
    return 10.0 ** np.random.default_rng(7).uniform(-3, 2, size=(4, n))


def test_modes_are_the_eigenvalues_of_the_block():
    """LAPACK's error is a few eps of the larger eigenvalue, so both are compared on its scale."""
    k10, k12, k21, k20 = random_blocks(300)
    found = modes(np, k10, k12, k21, k20)
    for i in range(300):
        block = [[-k10[i] - k12[i], k21[i]], [k12[i], -k21[i] - k20[i]]]
        slow, fast = np.sort(-np.linalg.eigvals(block).real)
        assert found.fast[i] == pytest.approx(fast, rel=1e-13)
        assert found.slow[i] == pytest.approx(slow, abs=1e-13 * fast)


def test_modes_keep_the_exact_trace_and_determinant_of_the_block():
    """In rationals: fast + slow = trace, fast · slow = determinant, each to 8 roundings."""
    k10, k12, k21, k20 = random_blocks(300)
    found = modes(np, k10, k12, k21, k20)
    for i in range(300):
        a, b, c, d = (Fraction(float(k[i])) for k in (k10, k12, k21, k20))
        fast, slow = Fraction(float(found.fast[i])), Fraction(float(found.slow[i]))
        assert abs((fast + slow) / (a + b + c + d) - 1) < 8 * EPS
        assert abs(fast * slow / (a * (c + d) + b * d) - 1) < 8 * EPS


@given(rates=st.tuples(RATE, RATE, RATE, RATE))
def test_mode_weights_are_shares(rates):
    """x(0) = a1 + a2 = 1 and neither is negative, repeated eigenvalues included."""
    found = modes(np, *(np.array([rate]) for rate in rates))
    assert found.a1 >= 0 and found.a2 >= 0 and found.fast >= found.slow >= 0
    assert found.a1 + found.a2 == pytest.approx(1.0, abs=4 * EPS)


def between(first: float, second: float, h: float) -> float:
    one, other, step = np.array([first]), np.array([second]), np.array([h])
    e = [np.exp(-rate * step) for rate in (one, other)]
    return float(divided_difference(np, one, other, step, *e)[0])


@given(first=st.floats(0, 100), second=st.floats(0, 100), h=st.floats(0, 5))
def test_the_divided_difference_does_not_care_which_rate_comes_first(first, second, h):
    assert between(first, second, h) == between(second, first, h)


@given(first=st.floats(0, 100), second=st.floats(0, 100), h=st.floats(1e-9, 5))
def test_the_divided_difference_is_its_definition_in_sixty_digits(first, second, h):
    """(e^{−l h} − e^{−m h}) / (m − l) where the rates differ; 500 eps: exponents reach 500."""
    assume(first != second)
    with mp.workdps(400):
        l, m, step = mp.mpf(first), mp.mpf(second), mp.mpf(h)  # noqa: E741
        right = (mp.exp(-l * step) - mp.exp(-m * step)) / (m - l)
    assert relative_error(between(first, second, h), right) < 500 * EPS


def test_the_divided_difference_has_its_limits():
    """h e^{−l h} for equal rates, (1 − e^{−l h})/l against rate 0, h for two zeros, 0 for h = 0."""
    assert between(0.3, 0.3, 5.0) == pytest.approx(5 * math.exp(-1.5), rel=4 * EPS)
    assert between(0.3, 0.0, 5.0) == pytest.approx(-math.expm1(-1.5) / 0.3, rel=4 * EPS)
    assert between(0.0, 0.0, 5.0) == 5.0
    assert between(0.3, 0.0, 0.0) == 0.0
    assert between(1e4, 0.3, 5.0) == pytest.approx(math.exp(-1.5) / (1e4 - 0.3), rel=8 * EPS)


def test_tanhc_is_one_at_zero_and_falls_from_there():
    x = np.array([0.0, 5e-324, 1e-16, 1e-3, 1.0, 30.0, 1e300])
    found = tanhc(np, x)
    assert found[:3].tolist() == [1.0, 1.0, 1.0]
    assert found[4] == pytest.approx(math.tanh(1), rel=2 * EPS)
    assert (np.diff(found) <= 0).all() and found[-1] == pytest.approx(1e-300)
    assert (tanhc(np, -x) == found).all()
