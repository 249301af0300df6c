"""What is given and when: doses and other events, as a record file states them.

The words are those of NONMEM: EVID 1 dose, 2 other, 3 reset, 4 reset and dose; RATE, ADDL, II,
SS. Times in d, amounts in mg. What an event does is written once, here; every solver reads the
same list of actions.

- A value at the time of an event is read **before** it, as CSF is drawn before the injection.
  (NONMEM reads in the order of the records; `solve(…, after=…)` reads after it on request.)
- Events at one time act in the order given: reset, then what is drawn, then what is added.
- A bioavailability F multiplies the amount. An infusion with a RATE then lasts F·AMT/RATE; one
  whose duration is given runs at F·AMT/duration.
- A split (`Compartments.split`) then puts shares of the dose into other compartments, each with
  the time and the duration of the dose. The AMT it may name is that of the record.
- A lag delays a dose, each ADDL dose and each dose of a steady state alike. At the record itself
  a steady state (SS = 1, 2) is as far after its last dose as the lag leaves: the dose then comes
  after the lag.
- A reset (EVID 3, 4) ends infusions, cancels doses not yet given (ADDL, lag) and puts every
  state back to its start. The dose of an EVID 4 keeps its lag.
- SS = 1 replaces what is there; SS = 2 adds to it, which only linear models can do. AMT = 0
  with RATE > 0 is a constant infusion at its steady state, which ends at the record.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

import numpy as np

from thecal.errors import ModelError, counted
from thecal.shapes import Float

MODELLED_RATE = -1.0
MODELLED_DURATION = -2.0
MOST_DOSES = 100_000  # of one schedule, once ADDL is written out

Column = Float[np.ndarray, "..."]  # of a schedule; that its shape is that of the times is checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One record of what was done.

    into           compartment, by name or CMT number; "" the first
    rate_mg_per_d  infusion rate; 0 bolus, −1 the model's `rate`, −2 the model's `duration`
    duration_d     instead of a rate, how long an infusion lasts
    addl, ii_d     that many more doses, this far apart
    ss             0 no, 1 the system is at steady state with doses `ii_d` apart, 2 adds one
    """

    time_d: float
    amount_mg: float = 0.0
    evid: int = 1
    into: str | int = ""
    rate_mg_per_d: float = 0.0
    duration_d: float = 0.0
    addl: int = 0
    ii_d: float = 0.0
    ss: int = 0

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ModelError(f"event at day {self.time_d:g}: " + "; ".join(faults))

    @property
    def is_dose(self) -> bool:
        """Whether something is given."""
        return self.evid in (1, 4)


def _faults(event: Event) -> Iterable[str]:
    numbers = (event.time_d, event.amount_mg, event.rate_mg_per_d, event.duration_d, event.ii_d)
    if not all(math.isfinite(number) for number in numbers):
        yield "TIME, AMT, RATE, duration and II have to be finite numbers"
        return
    if event.time_d < 0:
        yield "TIME is before 0; day 0 is the first record"
    if event.evid not in (1, 2, 3, 4):
        yield _wrong_evid(event.evid)
    if event.ss not in (0, 1, 2):
        yield _wrong_ss(event.ss)
    if event.addl < 0 or event.ii_d < 0 or event.duration_d < 0:
        yield "ADDL, II and duration are never negative"
    rate = event.rate_mg_per_d
    if rate < 0 and rate not in (MODELLED_RATE, MODELLED_DURATION):
        yield _wrong_rate(rate)
    if not event.is_dose:
        if event.amount_mg or rate or event.addl or event.ss or event.duration_d:
            yield f"EVID {event.evid} gives nothing; AMT, RATE, ADDL and SS have to be 0"
        return
    if rate and event.duration_d:
        yield "RATE and duration are both given; one follows from the other, give one"
    is_constant = event.amount_mg == 0 and rate > 0 and event.ss == 1 and event.ii_d == 0
    if event.amount_mg <= 0 and not is_constant:
        yield f"AMT is {event.amount_mg:g} mg; a dose is above 0. Leave out a dose not given"
    if (event.addl or event.ss) and event.ii_d == 0 and not is_constant:
        yield "ADDL and SS need the interval II"
    if is_constant and event.addl:
        yield "a constant infusion at steady state has no further doses; ADDL has to be 0"


def _wrong_evid(evid: int) -> str:
    return f"EVID is {evid}; 1 dose, 2 other, 3 reset, 4 reset and dose (0 is no event)"


def _wrong_ss(ss: int) -> str:
    return f"SS is {ss}; it is 0, 1 or 2"


def _wrong_rate(rate: float) -> str:
    return f"RATE is {rate:g}; it is 0 or more, or -1 (modelled rate) or -2 (modelled duration)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosing:
    """A schedule: one column an event, in order of time, alike for all subjects or their own.

    times_d, amounts_mg      (event,), or (subject, event) where every subject has a schedule of
                             its own: there an amount of 0 is a dose missed
    into, evid, ss           one a column; empty: bolus doses into the first compartment
    rates_mg_per_d, durations_d, ii_d   as times_d; empty: 0

    ADDL is written out. Make one from `Event`s with `Dosing.of`, from many with `Dosing.each`.
    """

    times_d: Float[np.ndarray, "*subject event"]
    amounts_mg: Column
    into: tuple[str | int, ...] = ()
    evid: tuple[int, ...] = ()
    ss: tuple[int, ...] = ()
    rates_mg_per_d: Column | None = None
    durations_d: Column | None = None
    ii_d: Column | None = None

    def __post_init__(self) -> None:
        times, amounts = self.times_d, self.amounts_mg
        if times.shape != amounts.shape:
            raise ModelError(
                f"{times.shape[-1]} dose times and {amounts.shape[-1]} amounts "
                f"(shapes {times.shape} and {amounts.shape}); give one each"
            )
        if times.shape[-1] == 0:
            raise ModelError(
                "an empty schedule: nothing would be given. For people without treatment say "
                "Dosing.none()"
            )
        for name in ("into", "evid", "ss"):
            if len(getattr(self, name)) not in (0, times.shape[-1]):
                raise ModelError(f"{name} has another length than the dose times; give one each")
        for name in ("rates_mg_per_d", "durations_d", "ii_d"):
            column = getattr(self, name)
            if column is not None and column.shape != times.shape:
                raise ModelError(f"{name} has another shape than the dose times; give one each")
            if column is not None and not np.isfinite(column).all():
                raise ModelError(f"{name} holds what is not a finite number")
        if not (np.isfinite(times).all() and np.isfinite(amounts).all()):
            raise ModelError(
                "a dose time or amount is not a finite number; leave out a dose not given"
            )
        faults = [*self._unordered(), *self._impossible()]
        if faults:
            raise ModelError("schedule: " + "; ".join(faults))

    def _unordered(self) -> Iterable[str]:
        if (self.times_d < 0).any():
            first_d = float(self.times_d.min())
            yield f"a dose at day {first_d:g}, before day 0; day 0 is the first record"
        # Subjects of their own may have each kind in columns of its own (`each`), unless one
        # kind undoes another.
        kinds = self._kinds()
        together = self.is_shared or any(evid in (3, 4) or ss for _, evid, ss in kinds)
        for kind in [None] if together else dict.fromkeys(kinds):
            columns = [j for j in range(self.n) if kind is None or kinds[j] == kind]
            if (np.diff(self.times_d[..., columns], axis=-1) < 0).any():
                yield "dose times are not in increasing order; sort them"
                return

    def _impossible(self) -> Iterable[str]:
        """Yield what no record may say, as `Event` refuses it."""

        def column(values: np.ndarray | None) -> np.ndarray:
            return np.zeros_like(self.times_d) if values is None else values

        amounts, rates = self.amounts_mg, column(self.rates_mg_per_d)
        durations, ii = column(self.durations_d), column(self.ii_d)
        for _, evid, ss in dict.fromkeys(self._kinds()):
            if evid not in (1, 2, 3, 4):
                yield _wrong_evid(evid)
            if ss not in (0, 1, 2):
                yield _wrong_ss(ss)
        for what, values in (("AMT", amounts), ("duration", durations), ("II", ii)):
            if (values < 0).any():
                yield f"{what} is {values.min():g}, below 0; it is 0 or more"
        modelled = np.isin(rates, (MODELLED_RATE, MODELLED_DURATION))
        if ((rates < 0) & ~modelled).any():
            yield _wrong_rate(rates[(rates < 0) & ~modelled][0])
        if ((rates != 0) & (durations != 0)).any():
            yield "RATE and duration are both given; one follows from the other, give one"
        is_dose = np.array([evid in (1, 4) for _, evid, _ in self._kinds()], dtype=bool)
        if ((amounts != 0) | (rates != 0) | (durations != 0))[..., ~is_dose].any():
            yield "an EVID of 2 or 3 gives nothing; AMT, RATE and duration have to be 0"
        is_steady = np.array([ss != 0 for *_, ss in self._kinds()], dtype=bool)
        is_constant = (amounts == 0) & (rates > 0) & (ii == 0) & np.equal(self.ss or 0, 1)
        if (is_steady & (ii == 0) & ~is_constant).any():
            yield "SS needs the interval II"
        if self.is_shared and ((amounts == 0) & is_dose & ~is_constant).any():
            yield "a dose amount is not above 0 mg; leave out a dose not given"

    @property
    def n(self) -> int:
        """How many events a subject has."""
        return int(self.times_d.shape[-1])

    @property
    def is_shared(self) -> bool:
        """Whether all subjects have one schedule."""
        return self.times_d.ndim == 1

    @classmethod
    def none(cls) -> Dosing:
        """Nothing is given: people without treatment."""
        dosing = object.__new__(cls)
        for field in fields(cls):
            value = np.empty(0) if field.default is MISSING else field.default
            object.__setattr__(dosing, field.name, value)
        return dosing

    @classmethod
    def of(cls, events: Sequence[Event]) -> Dosing:
        """Make a schedule of events in any order; ADDL is written out, resets cut it short."""
        written = _written_out(sorted(events, key=lambda event: event.time_d))
        return cls(
            times_d=np.array([e.time_d for e in written]),
            amounts_mg=np.array([e.amount_mg for e in written]),
            into=tuple(e.into for e in written),
            evid=tuple(e.evid for e in written),
            ss=tuple(e.ss for e in written),
            rates_mg_per_d=np.array([e.rate_mg_per_d for e in written]),
            durations_d=np.array([e.duration_d for e in written]),
            ii_d=np.array([e.ii_d for e in written]),
        )

    @classmethod
    def bolus(cls, times_d: Any, amount_mg: Any) -> Dosing:
        """Bolus doses into the first compartment, all of one amount or one each; any numbers."""
        times = np.array(times_d, dtype=np.float64)
        amounts = np.array(amount_mg, dtype=np.float64)
        if amounts.ndim == 0:
            amounts = np.full(times.shape, amounts)
        return cls(times_d=times, amounts_mg=amounts)

    @classmethod
    def each(cls, schedules: Sequence[Dosing]) -> Dosing:
        """Put schedules of several subjects side by side.

        Events of one kind share columns; a subject with fewer has doses of 0 mg at its last time.
        Steady state and resets have to be the same for all: simulate such subjects one by one.
        """
        if not schedules:
            raise ModelError("no schedule at all; give one a subject")
        if not all(schedule.is_shared for schedule in schedules):
            raise ModelError("a schedule of several subjects among those of one; give one each")
        kinds = {kind for schedule in schedules for kind in schedule._kinds()}
        if any(evid in (3, 4) or ss for _, evid, ss in kinds):
            raise ModelError(
                "schedules with resets or steady states differ between subjects; "
                "simulate these subjects one by one"
            )
        blocks = []
        for kind in sorted(kinds, key=str):
            columns = [[j for j, k in enumerate(s._kinds()) if k == kind] for s in schedules]
            most = max(map(len, columns))
            block = np.zeros((4, len(schedules), most))
            for row, (schedule, found) in enumerate(zip(schedules, columns, strict=True)):
                last = schedule.times_d[-1] if schedule.n else 0.0
                block[0, row, :] = last
                for part, values in enumerate(
                    (
                        schedule.times_d,
                        schedule.amounts_mg,
                        schedule.rates_mg_per_d,
                        schedule.durations_d,
                    )
                ):
                    if values is not None:
                        block[part, row, : len(found)] = values[found]
            blocks.append((kind, block))
        return _side_by_side(blocks)

    def _kinds(self) -> list[tuple[str | int, int, int]]:
        return [
            (
                self.into[j] if self.into else "",
                self.evid[j] if self.evid else 1,
                self.ss[j] if self.ss else 0,
            )
            for j in range(self.n)
        ]

    def rows(self, part: slice) -> Dosing:
        """Return the schedules of some subjects; the shared one as it is."""
        if self.is_shared:
            return self

        def cut(column: np.ndarray | None) -> np.ndarray | None:
            return None if column is None else column[part]

        return replace(
            self,
            times_d=self.times_d[part],
            amounts_mg=self.amounts_mg[part],
            rates_mg_per_d=cut(self.rates_mg_per_d),
            durations_d=cut(self.durations_d),
            ii_d=cut(self.ii_d),
        )


def _side_by_side(blocks: list[tuple[tuple[str | int, int, int], np.ndarray]]) -> Dosing:
    """Join columns of different kinds; each kind is in order of time, the solver sorts the rest."""
    whole = np.concatenate([block for _, block in blocks], axis=2)
    kinds = [kind for kind, block in blocks for _ in range(block.shape[2])]
    return Dosing(
        times_d=whole[0],
        amounts_mg=whole[1],
        rates_mg_per_d=whole[2],
        durations_d=whole[3],
        into=tuple(kind[0] for kind in kinds),
        evid=tuple(kind[1] for kind in kinds),
        ss=tuple(kind[2] for kind in kinds),
    )


def _written_out(events: Sequence[Event]) -> list[Event]:
    """Write each ADDL dose as an event of its own, up to the next reset; in order of time."""
    ends = [
        (e.time_d, position) for position, e in enumerate(events) if e.evid in (3, 4) or e.ss == 1
    ]
    asked = sum(1 + e.addl for e in events)
    if asked > MOST_DOSES:
        raise ModelError(f"{counted(asked, 'dose')} with ADDL; at most {MOST_DOSES}")
    written = []
    for position, event in enumerate(events):
        later = [end for end in ends if end > (event.time_d, position)]
        end_d = min(later, default=(math.inf, 0))[0]
        written.append((event.time_d, position, replace(event, addl=0)))
        for k in range(1, event.addl + 1):
            time_d = event.time_d + k * event.ii_d
            if time_d >= end_d:
                break
            evid = 1 if event.evid == 4 else event.evid
            more = replace(event, time_d=time_d, addl=0, ss=0, evid=evid)
            written.append((time_d, position, more))
    return [event for *_, event in sorted(written, key=lambda item: item[:2])]
