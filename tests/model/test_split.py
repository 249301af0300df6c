"""Doses that put a share of themselves into other compartments, against doses given there.

The witnesses are the same model without a split, dosed with two events, whose solver is tested
elsewhere, and one-compartment decay by hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.errors import ModelError
from thecal.model.chunk import shared
from thecal.model.events import Dosing, Event
from thecal.model.population import Estimate, Population
from thecal.model.simulate import simulate_many
from thecal.model.solve import CHUNK, solve
from thecal.model.structure import Compartments, Model, Output, Parameter, Turnover
from thecal.model.task import prepare
from thecal.model.variability import Stepwise

NAMES = "csf cns plasma gone"
SHARE = "F_cns / (1 + AMT / D_cns)"
PLAIN = Model(
    name="plain",
    parameters=(
        Parameter("ka", "1/d"),
        Parameter("k_cns", "1/d"),
        Parameter("k", "1/d"),
        Parameter("F_cns", "1"),
        Parameter("D_cns", "mg"),
        Parameter("F_csf", "1"),
        Parameter("lag_csf", "d"),
        Parameter("lasts", "d"),
        Parameter("removed", "1"),
    ),
    parts=(
        Compartments(
            NAMES,
            {"csf > plasma": "ka", "cns > csf": "k_cns", "plasma > gone": "k"},
            F={"csf": "F_csf"},
            lag={"csf": "lag_csf"},
            duration={"csf": "lasts"},
            drawn={"csf": "removed"},
        ),
    ),
    outputs=tuple(Output(f"{name}_mg", "mg", "", name) for name in NAMES.split()),
)
VALUES = {"ka": 1.3, "k_cns": 0.05, "k": 2.0, "F_cns": 0.8, "D_cns": 40.0}
VALUES |= {"F_csf": 1.0, "lag_csf": 0.0, "lasts": 0.5, "removed": 0.0}
TIMES_D = np.array([0.0, 0.1, 0.6, 1.0, 2.5, 7.0, 9.0, 14.0, 20.0])


def split(model: Model = PLAIN, **shares: str) -> Model:
    """The model with doses into csf that are split: `cns="0.3"`, or as they saturate."""
    (held, *rest) = model.parts
    arrows = {f"csf > {to}": share for to, share in (shares or {"cns": SHARE}).items()}
    return replace(model, name="split", parts=(replace(held, split=arrows), *rest))


def at(time_d: float, amount_mg: float = 0.0, **more) -> Event:
    """An event with any numbers."""
    own = {k: float(v) if k.endswith(("_d", "_mg")) else v for k, v in more.items()}
    return Event(time_d=float(time_d), amount_mg=float(amount_mg), **own)


def share(mg: float, F: float = 0.8, D: float = 40.0) -> float:
    return F / (1 + mg / D)


def into_two(dose: Event, F: float = 1.0, lag_d: float = 0.0) -> list[Event]:
    """A dose into csf as two that arrive as they are, for `PLAIN` with F 1 and no lag."""
    parts = {"csf": 1 - share(dose.amount_mg), "cns": share(dose.amount_mg)}
    return [
        replace(dose, into=into, time_d=dose.time_d + lag_d, amount_mg=F * dose.amount_mg * part)
        for into, part in parts.items()
    ]


# ---- what a split is


@pytest.mark.parametrize("mg", [1.0, 20.0, 100.0, 1e4])
@pytest.mark.parametrize("method", ["auto", "exact", "ode"])
def test_each_part_of_a_dose_decays_where_it_is(mg, method):
    """csf = (1 − s) D e^{−ka t}, cns = s D e^{−k t}, and s falls with D."""
    if method == "ode":
        pytest.importorskip("diffrax")
    apart = replace(
        PLAIN,
        parts=(Compartments("csf cns", {"csf >": "ka", "cns >": "k"}),),
        outputs=PLAIN.outputs[:2],
    )
    found = solve(split(apart), VALUES, Dosing.bolus([0.0], mg), TIMES_D[1:], method=method)
    csf = (1 - share(mg)) * mg * np.exp(-1.3 * TIMES_D[1:])
    cns = share(mg) * mg * np.exp(-2.0 * TIMES_D[1:])
    # An ODE has its tolerance of one step, the exact way the rounding of some twenty doublings.
    near = {"rel": 1e-4, "abs": 1e-8 * mg} if method == "ode" else {"rel": 1e-12}
    assert found.of("csf_mg")[0] == pytest.approx(csf, **near)
    assert found.of("cns_mg")[0] == pytest.approx(cns, **near)


def test_uptake_that_saturates_is_less_than_in_proportion():
    """Five times the dose: five times the rest would be too little, of uptake too much."""
    few, many = (
        solve(split(), VALUES, Dosing.bolus([0.0], mg), [0.0, 1e-9]).values[0, 1]
        for mg in (20.0, 100.0)
    )
    assert many[1] / few[1] == pytest.approx(5 * (1 + 20 / 40) / (1 + 100 / 40), rel=1e-6)
    assert many[0] / few[0] > 5


doses = st.tuples(
    st.sampled_from([0.0, 0.25, 1.0, 3.0]),
    st.floats(0.5, 500.0),
    st.sampled_from([{}, {"duration_d": 0.7}, {"addl": 2, "ii_d": 1.5}]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(doses, min_size=1, max_size=4), st.floats(0.2, 1.0), st.floats(0.0, 2.0))
def test_a_split_is_two_doses(events, F, lag_d):
    """The same model without a split, dosed in both places by hand; F and lag are of the source.

    The two grids are the same to the last bit; amounts are multiplied in another order.
    """
    events = [at(time_d, mg, **how) for time_d, mg, how in events]
    options = {"F_csf": F, "lag_csf": lag_d}
    found = solve(split(), VALUES | options, Dosing.of(events), TIMES_D).values
    two = Dosing.of([part for event in events for part in into_two(event, F, lag_d)])
    right = solve(PLAIN, VALUES, two, TIMES_D).values
    np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-12 * right.max())


@pytest.mark.parametrize(
    ("asked", "lasts_d"),
    [({"rate_mg_per_d": 40.0}, 0.6 * 60 / 40), ({"rate_mg_per_d": -2.0}, 0.5)],
    ids=["RATE", "modelled duration"],
)
def test_an_infusion_runs_into_each_place_as_long_as_the_whole_would(asked, lasts_d):
    """With a RATE that is F·AMT/RATE of the whole dose, not of a part."""
    found = solve(
        split(),
        VALUES | {"F_csf": 0.6},
        Dosing.of([at(0.5, 60, **asked)]),
        TIMES_D,
    ).values
    two = into_two(at(0.5, 60, duration_d=lasts_d), F=0.6)
    right = solve(PLAIN, VALUES, Dosing.of(two), TIMES_D).values
    np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-12 * right.max())


def test_amt_is_the_amount_before_bioavailability():
    """A share of AMT / 100 mg: 0.5 of 50 mg, however little of it F leaves."""
    model = split(cns="AMT / D_cns")
    values = VALUES | {"D_cns": 100.0, "F_csf": 0.1}
    found = solve(model, values, Dosing.bolus([0.0], 50.0), [0.0, 1e-9])
    assert found.of("cns_mg")[0, 1] == pytest.approx(50 * 0.1 * 0.5, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(doses, min_size=1, max_size=4), st.floats(0.0, 0.6), st.floats(0.0, 0.4))
def test_nothing_is_lost_of_a_dose_with_several_parts(events, one, two):
    """What is in the compartments is what was given; every loss is kept in one of them."""
    model = split(cns="F_cns", plasma="F_csf")
    (held,) = model.parts
    model = replace(model, parts=(replace(held, F={}),))
    dosing = Dosing.of([at(time_d, mg, **how) for time_d, mg, how in events])
    found = solve(model, VALUES | {"F_cns": one, "F_csf": two}, dosing, [0.0, 60.0]).values
    assert found[0, 1].sum() == pytest.approx(dosing.amounts_mg.sum(), rel=1e-12)


def test_a_dose_into_the_other_place_is_not_split_and_shares_do_not_go_on():
    """csf > cns and cns > plasma: a dose into csf puts nothing into plasma."""
    (held,) = PLAIN.parts
    still = replace(held, flows={"plasma > gone": "k"})
    both = replace(still, split={"csf > cns": "0.4", "cns > plasma": "0.25"})
    events = [at(0, 10), at(0, 100, into="cns")]
    for event, right in zip(events, ([6, 4, 0], [0, 75, 25]), strict=True):
        found = solve(replace(PLAIN, parts=(both,)), VALUES, Dosing.of([event]), [0.0, 1e-12])
        assert found.values[0, 1, :3] == pytest.approx(right, rel=1e-9)


def test_what_is_drawn_is_what_was_there_before_the_dose():
    """A share of CSF, before each dose into it, whatever share of the dose stays."""
    values = VALUES | {"removed": 0.3}
    dosing = Dosing.bolus([0.0, 2.5], [50.0, 90.0])
    found = solve(split(), values, dosing, [2.5, 2.5], after=np.array([False, True])).values[0]
    before, after = found
    assert after[0] == pytest.approx(0.7 * before[0] + 90 * (1 - share(90)), rel=1e-12)
    assert after[1] == pytest.approx(before[1] + 90 * share(90), rel=1e-12)


def test_a_reset_cancels_every_part_that_has_not_come():
    """A lag holds both parts of the dose back, and the reset takes both."""
    events = [at(0, 10), at(0.5, evid=3)]
    found = solve(split(), VALUES | {"lag_csf": 0.7}, Dosing.of(events), TIMES_D).values
    assert (found == 0).all()


def test_shares_may_add_up_to_one_but_for_rounding():
    """0.33 + 0.56 + 0.11 is 1 + 2e-16 in floating point; nothing is left, and nothing below 0."""
    assert 0.33 + 0.56 + 0.11 > 1
    model = split(cns="0.33", plasma="0.56", gone="0.11")
    (held,) = model.parts
    still = replace(model, parts=(replace(held, flows={"plasma > gone": "k"}),))
    found = solve(still, VALUES, Dosing.bolus([0.0], 100.0), [0.0, 1e-12]).values[0, 1]
    assert found == pytest.approx([0, 33, 56, 11], rel=1e-9)
    assert found[0] == 0


def test_a_split_of_nothing_is_no_split():
    """Exact as before, though no longer by the closed form."""
    dosing = Dosing.bolus([0.0, 7.0], [50.0, 90.0])
    found, right = (solve(m, VALUES, dosing, TIMES_D) for m in (split(cns="0"), PLAIN))
    assert found.solved == "exact, NumPy float64"
    np.testing.assert_allclose(found.values, right.values, rtol=1e-11, atol=1e-12)


# ---- people who differ


def people(n: int) -> dict[str, np.ndarray | float]:
    """Uptake that differs; the fastest rate does not, so that all chunks double alike."""
    return VALUES | {"F_cns": np.linspace(0.0, 1.0, n), "D_cns": np.linspace(10.0, 90.0, n)}


def one_of(values: dict[str, np.ndarray | float], i: int) -> dict[str, float]:
    return {name: float(v[i]) if np.ndim(v) else v for name, v in values.items()}


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_everyone_has_a_share_and_a_schedule_of_their_own(backend):
    """Each as they are alone; an amount of 0 mg is a dose missed, and gives nothing."""
    pytest.importorskip("jax")
    values = people(4)
    times_d = np.array([[0.0, 3.0], [0.0, 3.5], [0.2, 3.0], [1.0, 2.0]])
    amounts_mg = np.array([[20.0, 100.0], [60.0, 0.0], [0.0, 30.0], [5.0, 500.0]])
    own = Dosing(times_d=times_d, amounts_mg=amounts_mg)
    found = solve(split(), values, own, TIMES_D, backend=backend).values
    for i in range(4):
        given = amounts_mg[i] > 0
        alone = Dosing.bolus(times_d[i, given], amounts_mg[i, given])
        right = solve(split(), one_of(values, i), alone, TIMES_D).values[0]
        np.testing.assert_allclose(found[i], right, rtol=1e-11, atol=1e-12 * right.max())


def test_the_share_of_a_dose_missed_is_not_asked_for():
    """log(AMT) of 0 mg is no number, and of no dose."""
    model = split(cns="clip(0.1 * log(AMT / D_cns), 0, 1) + 0 * log(AMT / D_cns)")
    dosing = Dosing(times_d=np.array([[0.0], [0.0]]), amounts_mg=np.array([[0.0], [80.0]]))
    found = solve(model, VALUES | {"k": np.array([2.0, 2.0])}, dosing, [0.0, 1e-12])
    right = [0.0, 80 * 0.1 * math.log(2)]
    assert found.of("cns_mg")[:, 1] == pytest.approx(right, rel=1e-9)


def test_steps_are_shared_by_chunks_only_where_shares_are_alike():
    """Then they are laid out once; a chunk of one does not know what the next will be like."""

    def is_shared(**more: np.ndarray) -> bool:
        task = prepare(split(), VALUES | more, Dosing.bolus([0.0], 50.0), TIMES_D)
        return shared(task).grid is not None

    assert is_shared(k=np.array([1.0, 2.0]), F_csf=np.ones(1))
    assert not is_shared(D_cns=np.array([10.0, 20.0]))
    assert not is_shared(D_cns=np.array([10.0]))


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_a_chunk_does_not_change_a_person(backend):
    """Three people beyond the first chunk are what they are among few.

    To the bit in NumPy, where a chunk is an array of another length and no more: the rates are
    the same for all. XLA compiles each length anew, and rounds as it likes.
    """
    pytest.importorskip("jax")
    n = CHUNK[backend] + 3
    values = people(n)
    dosing = Dosing.of([at(0, 20), at(1, 100, duration_d=0.5)])
    found = solve(split(), values, dosing, TIMES_D[:5], backend=backend).values
    for some in (slice(0, 5), slice(n - 6, n)):
        few = {name: v[some] if np.ndim(v) else v for name, v in values.items()}
        right = solve(split(), few, dosing, TIMES_D[:5], backend=backend).values
        if backend == "numpy":
            assert (found[some] == right).all()
        np.testing.assert_allclose(found[some], right, rtol=1e-12, atol=1e-12)


def test_people_whose_tissue_takes_nothing_up_are_solved_as_the_others_are():
    """A chunk with no uptake, or with nothing but uptake: the closed form would fit it."""
    held = Compartments("csf cns", {"csf >": "ka", "cns >": "k"})
    model = split(replace(PLAIN, parts=(held,), outputs=PLAIN.outputs[:1]))
    dosing = Dosing.bolus([0.0, 7.0], 50.0)
    whole = VALUES | {"F_cns": np.array([0.0, 1.0, 0.3]), "D_cns": 1e300}
    together = solve(model, whole, dosing, TIMES_D)
    for i in range(3):
        alone = solve(model, one_of(whole, i), dosing, TIMES_D)
        assert alone.solved == together.solved == "exact, NumPy float64"
        assert (alone.values[0] == together.values[i]).all()


@dataclass
class Kept:
    """A reducer that keeps everything."""

    values: list[np.ndarray] = field(default_factory=list)

    def update(self, values: np.ndarray, first: int) -> None:
        self.values.append(values.copy())

    def merge(self, other: Kept) -> None:
        self.values += other.values

    def result(self) -> np.ndarray:
        return np.concatenate(self.values)


@pytest.mark.parametrize("chunk", [1, 4, 7])
def test_many_people_are_the_same_in_chunks_of_any_size(chunk):
    """Each chunk has shares of its own; rates are alike, so chunks double alike: to the bit."""
    estimates = {
        p.name: Estimate(
            value=max(VALUES[p.name], 1e-6),
            unit=p.unit,
            distribution="lognormal" if p.name == "D_cns" else "",
            sd=0.5 if p.name == "D_cns" else 0.0,
            status="assumed",
            source="a test",
        )
        for p in PLAIN.parameters
    }
    population = Population(medicine="test", model=split(), about="", estimates=estimates)
    dosing = Dosing.bolus([0.0, 7.0], [20.0, 100.0])

    def many(**more: int) -> np.ndarray:
        made = simulate_many(
            population, dosing, TIMES_D, 20, seed=3, reducers={"all": Kept()}, **more
        )
        return np.asarray(made.results["all"])

    whole = many()
    assert np.unique(whole[:, 4, 1]).size == 20
    assert (many(chunk=chunk) == whole).all()


# ---- other solvers

CASCADE = replace(
    PLAIN,
    parts=(*PLAIN.parts, Turnover("R", kin="k * (1 - cns / (cns + D_cns))", kout="k")),
    outputs=(*PLAIN.outputs, Output("R", "ratio", "", "R")),
)
EVENTS = [
    at(0, 20, addl=2, ii_d=3),
    at(1, 100, duration_d=0.7),
    at(2, 30, into="plasma"),
]


@pytest.mark.parametrize("model", [PLAIN, CASCADE], ids=["compartments", "cascade"])
def test_numpy_and_jax_give_the_same_values(model):
    """Two backends, one program: 1e-12 of the largest value."""
    pytest.importorskip("jax")
    ask = (split(model), people(5), Dosing.of(EVENTS), TIMES_D)
    found, other = (solve(*ask, backend=backend).values for backend in ("numpy", "jax"))
    for i in range(found.shape[2]):
        np.testing.assert_allclose(
            other[..., i], found[..., i], rtol=0, atol=1e-12 * found[..., i].max()
        )


@pytest.mark.parametrize("model", [PLAIN, CASCADE], ids=["compartments", "cascade"])
def test_the_ode_solver_gives_what_the_exact_one_does(model):
    """Its tolerance is 1e-6 a step; the effect has the error of its steps, 1e-4, besides."""
    pytest.importorskip("diffrax")
    ask = (split(model), people(3), Dosing.of(EVENTS), TIMES_D)
    exact, ode = solve(*ask, accuracy="highest").values, solve(*ask, method="ode").values
    for i in range(exact.shape[2]):
        scale = exact[..., i].max()
        np.testing.assert_allclose(ode[..., i], exact[..., i], rtol=0, atol=1e-5 * scale)


def test_a_model_that_is_an_ode_may_split_its_doses():
    """Loss that saturates: the split is still two doses."""
    pytest.importorskip("diffrax")
    (held,) = PLAIN.parts
    flows = {**held.flows, "plasma > gone": "k / (1 + plasma / D_cns)"}
    model = replace(PLAIN, parts=(replace(held, flows=flows),))
    assert model.method[0] == "ode"
    found = solve(split(model), VALUES, Dosing.of([EVENTS[1]]), TIMES_D).values
    right = solve(model, VALUES, Dosing.of(into_two(EVENTS[1])), TIMES_D).values
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-5 * right.max())


# ---- what is refused

FAULTS: dict[str, tuple[dict[str, str], str]] = {
    "no compartment to": (
        {"csf > cnss": "0.1"},
        "split 'csf > cnss': no compartment 'cnss'; there are csf, cns, plasma, gone. "
        "Did you mean 'cns'?",
    ),
    "no compartment from": ({"cfs > cns": "0.1"}, "no compartment 'cfs'"),
    "to itself": ({"csf > csf": "0.1"}, "split 'csf > csf' goes to where it comes from"),
    "out of the system": ({"csf >": "0.1"}, "split 'csf >': write 'from > to'"),
    "from nowhere": ({"> cns": "0.1"}, "split '> cns': write 'from > to'"),
    "no arrow": ({"cns": "0.1"}, "split 'cns': write 'from > to'"),
    "twice": (
        {"csf > cns": "0.1", "csf>cns": "0.2"},
        "split 'csf>cns' is given twice; add the two shares up",
    ),
    "an amount": ({"csf > cns": "AMT"}, "split csf > cns: 'AMT' has the unit mg; 1 is expected"),
    "units that clash": ({"csf > cns": "F_cns / (1 + AMT)"}, "split csf > cns: "),
    "a state": (
        {"csf > cns": "plasma / D_cns"},
        "'plasma / D_cns' names 'plasma', which is not a parameter or AMT",
    ),
    "a name that is none": ({"csf > cns": "F_cn"}, "'F_cn'"),
    "no expression": ({"csf > cns": "F_cns /"}, "split csf > cns: 'F_cns /' is not an expression"),
}


def faults(model: Model = PLAIN, define: dict[str, str] | None = None, **changed: object) -> str:
    (held,) = model.parts
    with pytest.raises(ModelError) as refused:
        replace(model, define=define or {}, parts=(replace(held, **changed),))
    return str(refused.value)


@pytest.mark.parametrize("name", FAULTS)
def test_a_split_that_cannot_be_is_refused_when_the_model_is_made(name):
    arrows, said = FAULTS[name]
    assert said in faults(split=arrows)


def test_every_fault_is_said_at_once():
    said = faults(split={"csf > cnss": "0.1", "cns": "AMT"}, F={"csf": "D_cns", "cs": "1"})
    assert all(word in said for word in ("cnss", "write 'from > to'", "has the unit mg", "F of"))


def test_amt_is_a_word_of_splits_alone():
    """No parameter, compartment, stage or definition has its name, and nothing else may ask it."""
    reserved = "'AMT' is the amount of a dose, which a split may name; choose another name"
    assert reserved in faults(names="csf cns plasma AMT")
    assert reserved in faults(define={"AMT": "D_cns"})
    for change in (
        {"parameters": (*PLAIN.parameters, Parameter("AMT", "mg"))},
        {"parts": (*PLAIN.parts, Turnover("AMT", "k", "k"))},
    ):
        with pytest.raises(ModelError, match=reserved):
            replace(PLAIN, **change)
    assert "F of csf: 'AMT / D_cns' names 'AMT', which is not a" in faults(F={"csf": "AMT / D_cns"})
    assert "names 'AMT', which is not a" in faults(define={"x": "AMT / D_cns"})
    with pytest.raises(ModelError, match="output x: 'AMT' names 'AMT', which is not in the model"):
        replace(PLAIN, outputs=(Output("x", "mg", "", "AMT"),))


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"cns": "AMT / D_cns"}, "split csf > cns: a share of 1.5 of a dose of 60 mg"),
        ({"cns": "F_cns - 1"}, "split csf > cns: a share of -0.2 of a dose of 20 mg"),
        ({"cns": "F_cns / (F_csf - 1)"}, "split csf > cns: a share of inf of a dose of 20 mg"),
        ({"cns": "log(F_cns - 1)"}, "split csf > cns: a share of nan of a dose of 20 mg"),
        (
            {"cns": "F_cns", "plasma": "0.3"},
            "splits csf > cns, csf > plasma together: a share of 1.1 of a dose of 20 mg",
        ),
    ],
    ids=["above 1", "below 0", "infinite", "no number", "together"],
)
def test_a_share_that_is_none_is_refused_with_its_value_and_amount(shares, said):
    """Of one subject of two, and of the second dose of two."""
    values = VALUES | {"k": np.array([1.0, 2.0])}
    with pytest.raises(ModelError, match=f"{said}; it has to be from 0 to 1"):
        solve(split(**shares), values, Dosing.bolus([0.0, 7.0], [20.0, 60.0]), TIMES_D)
    with pytest.raises(ModelError, match=f"{said}; it has to be from 0 to 1"):
        own = Dosing.each([Dosing.bolus([0.0], [20.0]), Dosing.bolus([0.0, 7.0], [20.0, 60.0])])
        solve(split(**shares), values, own, TIMES_D)


def test_the_subject_whose_share_is_none_is_the_one_told():
    values = VALUES | {"F_cns": np.array([0.2, 7.0, 0.5])}
    with pytest.raises(ModelError, match=r"a share of 3\.5 of a dose of 40 mg"):
        solve(split(), values, Dosing.bolus([0.0], 40.0), TIMES_D)


@pytest.mark.parametrize(
    "steady",
    [
        {"amount_mg": 10.0, "ss": 1, "ii_d": 7.0},
        {"amount_mg": 10.0, "ss": 2, "ii_d": 7.0},
        {"rate_mg_per_d": 10.0, "ss": 1},
    ],
    ids=["SS 1", "SS 2", "constant infusion"],
)
def test_a_steady_state_of_doses_that_are_split_is_refused(steady):
    with pytest.raises(ModelError, match=r"SS into csf, .* split with cns.*write the doses out"):
        solve(split(), VALUES, Dosing.of([at(0, **steady)]), TIMES_D)


def test_a_steady_state_of_other_doses_is_not():
    events = [at(0, 10, into="cns", ss=1, ii_d=7)]
    gone = replace(PLAIN, parts=(replace(PLAIN.parts[0], flows={"cns >": "k_cns"}),))
    found, right = (
        solve(model, VALUES, Dosing.of(events), TIMES_D).values for model in (split(gone), gone)
    )
    assert (found == right).all() and found.max() > 0


@pytest.mark.parametrize("name", ["D_cns", "F_cns"])
def test_a_share_that_changes_in_time_is_refused(name):
    """Also through a definition."""
    model = split(replace(PLAIN, define={"uptake": "F_cns"}), cns="uptake / (1 + AMT / D_cns)")
    moving = Stepwise(np.array([0.0, 5.0]), np.array([[0.5], [0.6]]))
    with pytest.raises(ModelError, match=f"split depends on {name}, which changes in time"):
        solve(model, VALUES | {name: moving}, Dosing.bolus([0.0], 50.0), TIMES_D)
