"""The steps a solver takes: edges at every event and reading, and what happens at each edge.

Between two edges nothing happens. An event acts at the start of the step that begins at its
time; a reading comes first. Where all subjects share a schedule, edges are (step,); where each
has its own (jitter, lag, infusions that last differently) they are (step, subject), padded with
steps of length 0, which change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from thecal.errors import ModelError, nearest
from thecal.model.events import MODELLED_DURATION, MODELLED_RATE, Dosing
from thecal.model.structure import Compartments, Model
from thecal.shapes import Float, Int

Values = Mapping[str, np.ndarray]
Edges = Float[np.ndarray, "step *subject"]
Happening = Float[np.ndarray, "step *lane"]  # by subject where doses differ on shared steps

# Where an effect builds up, steps are short at first. After the first event of all, where the
# effect starts from nothing (as c^hill, which is not smooth), they are shorter still. Chosen by
# trial on three models for the least error of a given number of steps. All are 7 d over a power
# of two, or few of them, so that few lengths occur and one step's factors give the next by
# squaring.
OFFSETS_D = tuple(7 / 128 * k for k in (1, 2, 4, 8, 16, 32, 64, 96, 192))
FIRST_OFFSETS_D = tuple(7 / 512 * k for k in (1, 2))
LONGEST_STEP_D = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Steps of a solver, and what happens at the start of each.

    edges_d, steps_d  where each step begins, and its length; the last has length 0
    added             mg put into a compartment, by name
    drawn             1 where a share of the compartment is taken out before that
    rates             mg/d running into a compartment during the step
    reset             1 where every state goes back to its start, or to `levels`
    levels            values of stages at a reset that is a steady state
    at                the edge of each reading
    """

    edges_d: Edges
    steps_d: Edges
    added: Mapping[str, Happening]
    drawn: Mapping[str, Happening]
    rates: Mapping[str, Happening]
    reset: Happening | None
    levels: Mapping[str, Happening]
    at: Int[np.ndarray, "time *subject"]  # noqa: F821, UP037

    @property
    def is_shared(self) -> bool:
        """Whether all subjects take the same steps."""
        return self.edges_d.ndim == 1


@dataclass
class _Actions:
    """What events come to, each at a time that is one number or one a subject."""

    doses: list[tuple[np.ndarray, str, np.ndarray]] = field(default_factory=list)
    infusions: list[tuple[np.ndarray, np.ndarray, str, np.ndarray]] = field(default_factory=list)
    resets: list[tuple[np.ndarray, Mapping[str, np.ndarray]]] = field(default_factory=list)
    drawn: list[tuple[np.ndarray, str, np.ndarray]] = field(default_factory=list)
    marks: list[np.ndarray] = field(default_factory=list)

    def cut(self, at: np.ndarray) -> None:
        """Cancel at a reset what is not yet given, and stop what runs."""
        self.doses = [(t, into, np.where(t >= at, 0.0, mg)) for t, into, mg in self.doses]
        self.infusions = [
            (start, np.minimum(end, at), into, rate) for start, end, into, rate in self.infusions
        ]
        self.drawn = [(t, into, np.where(t >= at, 0.0, share)) for t, into, share in self.drawn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """One request for a steady state: doses `ii_d` apart, the last `since_d` ago.

    duration_d  0 for a bolus; inf for a constant infusion at `rate`
    draws       1 where a dose arrives just then: what it draws is already gone
    """

    into: str
    amount_mg: np.ndarray
    rate_mg_per_d: np.ndarray
    duration_d: np.ndarray
    ii_d: np.ndarray
    since_d: np.ndarray
    draws: np.ndarray
    adds: bool


SteadyState = Callable[[Steady], Mapping[str, np.ndarray]]
Shares = Callable[[str, np.ndarray], Mapping[str, np.ndarray]]  # of doses into a compartment, mg


def lay_out(
    model: Model,
    dosing: Dosing,
    options: Mapping[str, Values],
    times_d: Float[np.ndarray, "*subject time"],
    *,
    shares: Shares,
    steady: SteadyState,
    refined: bool,
    halvings: int = 0,
    after: np.ndarray | None = None,
    marks_d: np.ndarray | None = None,
) -> Grid:
    """Lay out the steps of a schedule for the subjects of a chunk.

    options  values of F, lag, rate, duration by compartment, each (subject,) or (1,)
    shares   returns which share of a dose goes into which compartment, each (subject,) or (1,)
    steady   returns the states of a steady state
    refined  take short steps after each event, as an effect needs, and none above a week
    after    where a reading at the time of an event comes after it (strict order of records)
    marks_d  other times at which a step must begin: pieces of covariates, occasions
    """
    actions = _actions(model, dosing, options, shares, steady)
    until = times_d[..., -1:].max()
    shared = [np.zeros(1)]
    own: list[np.ndarray] = []

    def put(time: np.ndarray) -> None:
        (shared if time.shape == (1,) else own).append(time)

    if times_d.ndim == 1:
        shared.append(times_d)
        if after is not None and after.any():
            shared.append(times_d)  # twice: before and after what happens then
    else:
        own.extend(times_d.T)
    events = [np.asarray(t) for t, *_ in (*actions.doses, *actions.resets)]
    events += [np.asarray(t) for t in actions.marks]
    events += [t for start, end, *_ in actions.infusions for t in (start, end)]
    for time in events:
        put(np.atleast_1d(time))
    if marks_d is not None:
        shared.append(np.asarray(marks_d, dtype=np.float64))
    if refined:
        shared.append(np.arange(0.0, until, LONGEST_STEP_D))
        extra = [] if marks_d is None else [np.array([mark]) for mark in marks_d]
        for time in _refinement([np.atleast_1d(e) for e in events] + extra):
            (shared if time.ndim == 1 else own).append(time)
    edges = _edges(shared, own, until, twice=after is not None and bool(after.any()))
    at = _reading(edges, times_d, after)
    for _ in range(halvings):
        middle = (edges[1:] + edges[:-1]) / 2
        finer = np.empty((2 * len(edges) - 1, *edges.shape[1:]))
        finer[::2], finer[1::2] = edges, middle
        edges, at = finer, at * 2
    return _filled(edges, at, actions)


def _option(options: Mapping[str, Values], kind: str, into: str, missing: float) -> np.ndarray:
    return np.atleast_1d(options.get(kind, {}).get(into, np.array([missing])))


def _one(value: np.ndarray) -> np.ndarray:
    """Return one number for a value that all subjects share."""
    value = np.atleast_1d(value)
    return value[:1] if len(value) > 1 and (value == value[0]).all() else value


def compartment(model: Model, into: str | int) -> str:
    """Return the compartment a dose names, by its name or CMT number; "" is the first."""
    names = model.amounts
    if not names:
        raise ModelError(f"{model.name} has no compartment that could take a dose")
    if into == "" or into == 0:
        return names[0]
    if isinstance(into, int):
        if 1 <= into <= len(names):
            return names[into - 1]
        raise ModelError(
            f"CMT {into}: {model.name} has compartments 1 to {len(names)} ({', '.join(names)})"
        )
    if into not in names:
        raise ModelError(
            f"dose into '{into[:40]}': the compartments are {', '.join(names)}."
            f"{nearest(into, names)}"
        )
    return into


def _actions(
    model: Model,
    dosing: Dosing,
    options: Mapping[str, Values],
    shares: Shares,
    steady: SteadyState,
) -> _Actions:
    """Write events as what happens: doses, infusions, draws, resets."""
    done = _Actions()
    held = model.compartments or Compartments("", {})
    for j in range(dosing.n):
        evid = dosing.evid[j] if dosing.evid else 1
        time = np.atleast_1d(dosing.times_d[..., j])
        if evid in (3, 4):
            done.cut(time)
            done.resets.append((time, {}))
        if evid == 2:
            done.marks.append(time)
        if evid not in (1, 4):
            continue
        into = compartment(model, dosing.into[j] if dosing.into else "")

        stated = np.atleast_1d(dosing.amounts_mg[..., j])
        is_given = 1.0 * (stated > 0)
        amount = _one(stated * _option(options, "F", into, 1.0))
        parts = shares(into, stated)
        lag = _option(options, "lag", into, 0.0)
        rate, lasting = _column_of(dosing.rates_mg_per_d, j), _column_of(dosing.durations_d, j)
        ii, ss = _column_of(dosing.ii_d, j), dosing.ss[j] if dosing.ss else 0
        if (rate == MODELLED_RATE).any():
            rate = np.where(rate == MODELLED_RATE, _modelled(options, "rate", into, model), rate)
        if (rate == MODELLED_DURATION).any():
            modelled = _modelled(options, "duration", into, model)
            lasting = np.where(rate == MODELLED_DURATION, modelled, lasting)
            rate = np.where(rate == MODELLED_DURATION, 0.0, rate)
        is_constant = bool(ss and (ii == 0).all())
        if is_constant:
            lasting = np.array([np.inf])
        elif (rate > 0).any():
            lasting = np.where(rate > 0, amount / np.where(rate > 0, rate, 1.0), lasting)
        given = time + lag
        pending = [(given, np.ones(1))]
        if ss:
            if len(parts) > 1:
                raise ModelError(
                    f"SS into {into}, whose doses are split with {', '.join([*parts][1:])}, is "
                    "not supported; write the doses out"
                )
            if not is_constant and (ii == 0).any():
                raise ModelError(
                    "a steady state that is a constant infusion for some subjects and doses for "
                    "others; simulate these subjects one by one"
                )
            if ss == 2 and into in held.drawn:
                raise ModelError(
                    f"SS = 2 into {into}, which is drawn from before each dose, is not supported; "
                    "write the doses out"
                )
            since = ii - lag if is_constant else ii - np.mod(lag, ii)
            request = Steady(
                into=into,
                amount_mg=amount,
                rate_mg_per_d=rate if is_constant else _rate(amount, lasting),
                duration_d=lasting,
                ii_d=ii,
                since_d=since,
                draws=1.0 * (since == ii),
                adds=ss == 2,
            )
            values = steady(request)
            if ss == 1:
                done.cut(time)
                stages = {stage.name for stage in model.stages}
                done.resets.append((time, {n: v for n, v in values.items() if n in stages}))
            for name in model.amounts:
                if name in values:
                    done.doses.append((time, name, values[name]))
            if is_constant:
                continue
            # Infusions of the steady state that still run at the record.
            k = 0
            while (lasting > since + k * ii).any():
                left = np.maximum(lasting - since - k * ii, 0.0)
                done.infusions.append(
                    (time, _one(time + left), into, np.where(left > 0, _rate(amount, lasting), 0.0))
                )
                k += 1
            # Doses of the steady state that a lag longer than II still holds back.
            passed = np.floor_divide(lag, ii)
            for k in range(int(passed.max()), 0, -1):
                waits = np.mod(lag, ii) + np.maximum(passed - k, 0.0) * ii
                pending.append((time + waits, 1.0 * (passed >= k)))
        for given, holds in pending:
            mg = _one(amount * holds)
            if into in held.drawn:
                done.drawn.append((_one(given), into, is_given * holds))
            run, bolus = _rate(mg, lasting), np.where(lasting > 0, 0.0, mg)
            # A share of 0 is put down too: which compartments are dosed, and so the solver, then
            # does not depend on who is in the chunk.
            for place, share in parts.items():
                if (lasting > 0).any():
                    end = _one(given + lasting)
                    done.infusions.append((_one(given), end, place, _one(run * share)))
                if (bolus > 0).any():
                    done.doses.append((_one(given), place, bolus * share))
    return done


def _column_of(values: np.ndarray | None, j: int) -> np.ndarray:
    return np.zeros(1) if values is None else np.atleast_1d(values[..., j])


def _rate(amount: np.ndarray, lasting: np.ndarray) -> np.ndarray:
    return np.where(lasting > 0, amount / np.where(lasting > 0, lasting, 1.0), 0.0)


def _modelled(options: Mapping[str, Values], kind: str, into: str, model: Model) -> np.ndarray:
    if into not in options.get(kind, {}):
        number = -1 if kind == "rate" else -2
        raise ModelError(
            f"RATE {number} asks for a modelled {kind} into {into}, and {model.name} states none; "
            f"give its Compartments {kind}={{'{into}': …}}"
        )
    value = np.atleast_1d(options[kind][into])
    if (value <= 0).any():
        raise ModelError(
            f"the modelled {kind} into {into} is {value.min():g}; it has to be above 0"
        )
    return value


def _refinement(events: list[np.ndarray]) -> list[np.ndarray]:
    """Return short steps after every event, up to the next one."""
    if not events:
        return []
    offsets = np.array(OFFSETS_D)
    if all(event.shape == (1,) for event in events):
        times = np.unique(np.concatenate([*events, [np.inf]]))
        after = times[:-1, None] + offsets
        return [times[0] + np.array(FIRST_OFFSETS_D), after[after < times[1:, None]]]
    width = max(len(event) for event in events)
    times = np.stack([np.broadcast_to(event, (width,)) for event in events])
    times.sort(axis=0)
    nexts = np.concatenate([times[1:], np.full((1, width), np.inf)])
    after = np.minimum(times[:, None] + offsets[:, None], nexts[:, None])
    first = np.minimum(times[0] + np.array(FIRST_OFFSETS_D)[:, None], nexts[0])
    return [first, after.reshape(-1, width)]


def _edges(
    shared: list[np.ndarray], own: list[np.ndarray], until: float, *, twice: bool
) -> np.ndarray:
    common = np.concatenate(shared)
    common = common[common <= until]
    if not own:
        if not twice:
            return np.unique(common)
        times, counts = np.unique(common, return_counts=True)
        return np.repeat(times, np.minimum(counts, 2))
    common = np.sort(common) if twice else np.unique(common)
    width = max(a.shape[-1] for a in own)
    rows = [np.broadcast_to(a, (width,))[None] if a.ndim == 1 else a for a in own]
    stacked = np.concatenate([*rows, np.broadcast_to(common[:, None], (len(common), width))])
    stacked = np.ascontiguousarray(np.minimum(stacked, until).T)
    stacked.sort(axis=1)
    return np.ascontiguousarray(stacked.T)


def _reading(edges: np.ndarray, times_d: np.ndarray, after: np.ndarray | None) -> np.ndarray:
    """Return the edge of each reading: the first at its time, or the last if read after."""
    if edges.ndim == 1 and times_d.ndim == 1:
        first = np.searchsorted(edges, times_d)
        if after is None:
            return first
        return np.where(after, np.searchsorted(edges, times_d, side="right") - 1, first)
    times = times_d.T if times_d.ndim > 1 else times_d[:, None]
    width = edges.shape[1] if edges.ndim > 1 else times.shape[1]
    edges = edges if edges.ndim > 1 else edges[:, None]
    at = (
        _Search(edges).before(times)
        if edges.shape[1] == width
        else np.stack([np.searchsorted(edges[:, 0], row) for row in times])
    )
    if after is not None:
        for j in np.flatnonzero(after):
            at[j] = (edges <= times[j]).sum(axis=0) - 1
    return at


class _Search:
    """Finds edges in all subjects at once, by bisection; edges (step, subject) rise."""

    def __init__(self, edges: np.ndarray) -> None:
        self.count, self.width = edges.shape
        self.rows = np.ascontiguousarray(edges.T).ravel()
        self.starts = np.arange(self.width) * self.count

    def before(self, times: np.ndarray) -> np.ndarray:
        """Return how many edges of each subject lie before each time, (time, subject).

        times  (time, subject) or (time, 1)
        """
        below = np.zeros((len(times), self.width), dtype=np.int64)
        step = 1 << (self.count.bit_length() - 1)
        while step:
            trial = below + step
            inside = trial <= self.count
            value = self.rows[self.starts + np.where(inside, trial, 1) - 1]
            below = np.where(inside & (value < times), trial, below)
            step >>= 1
        return below


def _filled(edges: np.ndarray, at: np.ndarray, actions: _Actions) -> Grid:
    """Put every action onto the edge of its time."""
    steps = np.diff(edges, axis=0, append=edges[-1:])
    until = edges[-1].max()
    width = 1
    groups = (actions.doses, actions.infusions, actions.drawn)
    arrays = [a for group in groups for row in group for a in row]
    arrays += [a for _, values in actions.resets for a in values.values()]
    for array in arrays:
        if isinstance(array, np.ndarray):
            width = max(width, array.shape[-1])
    if edges.ndim > 1:
        width = edges.shape[1]
    wide = edges.ndim > 1 or width > 1

    def blank() -> np.ndarray:
        return np.zeros((len(edges), width) if wide else len(edges))

    lanes = np.arange(width)
    search = _Search(edges) if edges.ndim > 1 else None

    def place(into: np.ndarray, time: np.ndarray, value: np.ndarray | float, *, sets: bool) -> None:
        """Add or set a value at the first edge not before a time, where that is in reach."""
        if edges.ndim == 1:
            n = int(np.searchsorted(edges, time[0]))
            if n >= len(edges) or time[0] > until:
                return
            amount = value if wide else np.ravel(value)[0]
            into[n] = amount if sets else into[n] + amount
            return
        assert search is not None
        n = search.before(time[None])[0]
        inside = np.broadcast_to(time <= until, (width,)) & (n < len(edges))
        n = np.minimum(n, len(edges) - 1)
        value = np.broadcast_to(value, (width,))
        before = into[n, lanes]
        into[n, lanes] = np.where(inside, value if sets else before + value, before)

    added: dict[str, np.ndarray] = {}
    drawn: dict[str, np.ndarray] = {}
    rates: dict[str, np.ndarray] = {}
    levels: dict[str, np.ndarray] = {}
    for time, into, amount in actions.doses:
        place(added.setdefault(into, blank()), time, amount, sets=False)
    for time, into, is_given in actions.drawn:
        place(drawn.setdefault(into, blank()), time, _one(is_given), sets=False)
    for start, end, into, rate in actions.infusions:
        runs = (edges >= _column(start, edges)) & (edges < _column(end, edges))
        row = rates.setdefault(into, blank())
        runs = runs[:, None] if wide and runs.ndim == 1 else runs
        row += np.where(runs, rate if wide else np.ravel(rate)[0], 0.0)
    reset = None
    for time, values in actions.resets:
        reset = blank() if reset is None else reset
        place(reset, time, 1.0, sets=True)
        for name in levels.keys() - values.keys():
            place(levels[name], time, np.nan, sets=True)
        for name, value in values.items():
            place(levels.setdefault(name, np.full_like(blank(), np.nan)), time, value, sets=True)
    return Grid(
        edges_d=edges,
        steps_d=steps,
        added=added,
        drawn={into: np.minimum(times, 1.0) for into, times in drawn.items()},  # once at one time
        rates=rates,
        reset=reset,
        levels=levels,
        at=at,
    )


def _column(time: np.ndarray, edges: np.ndarray) -> np.ndarray | float:
    return float(time[0]) if edges.ndim == 1 else time
