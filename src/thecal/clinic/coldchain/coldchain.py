"""A vial's remaining budget, from a logger's readings and where the vial was.

The label keeps a vial in its carton at 2 to 8 °C and allows two exceptions: a time in the carton
outside the refrigerator, and a time out of the carton. Time counts against one of them while the
vial is stated to be outside the refrigerator, while a reading is above the refrigerator's range,
and in a gap, for its whole length.

One principle gives the verdict. **Discard**: a limit of the label was passed, however the label is
read and whatever is not known. **Quarantine**: one was passed by the stricter reading of what the
label leaves open, or something is not known. Otherwise the vial is **usable**, with what is left.
Discard is by the label; the maker may know more, and is asked before anything is destroyed.

The words are `report.vial`; files are read in `interop.logger` and `interop.custody`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from statistics import median_low

from thecal.clinic.coldchain.limits import Allowance, Storage
from thecal.clinic.coldchain.meter import Day, Meter, local_date
from thecal.clinic.coldchain.pieces import (
    OUTSIDE,
    Gap,
    Piece,
    Reading,
    State,
    Stay,
    ends_of,
    gaps_of,
    pieces_of,
)
from thecal.clinic.coldchain.policy import ColdchainPolicy
from thecal.label.label import Statement


class Verdict(StrEnum):
    """What may be done with the vial; each is worse than the one before."""

    USABLE = "usable"
    WITH_LEFT = "usable_with_what_is_left"
    QUARANTINE = "quarantine"
    DISCARD = "discard"

    @property
    def rank(self) -> int:
        """Return 0 for the best verdict, 3 for the worst."""
        return list(Verdict).index(self)


class Code(StrEnum):
    """Why a verdict is what it is; of those that give the same one, the first decides."""

    FROZEN = "frozen"
    TOO_WARM = "too_warm"
    CARTON_BUDGET = "carton_budget"
    OUT_OF_CARTON_BUDGET = "out_of_carton_budget"
    EXPIRED = "expired"
    BELOW_RANGE = "below_range"
    BUDGETS_TOGETHER = "budgets_together"
    NOT_READ = "not_read"
    GAP = "gap"
    NO_DURATION = "no_duration"
    BUDGET_USED = "budget_used"
    IN_RANGE = "in_range"


class Question(StrEnum):
    """What a quarantine waits for."""

    CUSTODY = "custody"  # where was the vial
    GAP = "gap"  # what was its temperature
    DAY = "storage.day_meaning"  # the label does not say what a day is
    SUM = "storage.budgets_add"  # nor whether both budgets may be used up
    BELOW = "storage.below_2c"  # nor what a dip below the range does
    LABEL = "not_read"  # the label's text on it was not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An allowance, what was used of it and what is left.

    used_s      counting gaps, and what is not stated as out of the carton
    known_s     counting neither
    calendar    by calendar days in the clinic's zone; rolling: by any 24 hours
    share       the part used up, by the stricter reading of a day; above 1 it is exceeded
    left_s      in all, and left_days on how many days, if both budgets share one allowance, which
                is the stricter reading; alone_s and alone_days if each may be used up by itself
    left_day_s  still on the last day of the record; None where the label has no limit for a day
    """

    allowance: Allowance
    used_s: int
    known_s: int
    calendar: Day
    rolling: Day
    share: Fraction
    left_s: int
    left_days: int | None
    alone_s: int
    alone_days: int | None
    left_day_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One reason for a verdict.

    reading   the reading that shows it
    limit_C   the limit of temperature that it is held against, if it is one
    rule      the statement of the label; None where the ground is not the label's
    waits_on  the open questions, where the verdict is quarantine
    """

    code: Code
    verdict: Verdict
    reading: Reading
    limit_C: float | None = None
    rule: Statement | None = None
    waits_on: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """The reading closest to a limit that it keeps, by less than the logger is exact."""

    limit_C: float
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class VialCheck:
    """What the record of one vial says.

    grounds    every reason found, that which decides first
    budgets    what is used and left of each allowance that was read in the label
    pieces     the whole time, in order
    zone       in which calendar days were counted
    if_stated  the verdict if the vial had been in its carton wherever nothing is stated; None where
               everything that matters is stated
    """

    grounds: tuple[Ground, ...]
    budgets: tuple[Budget, ...]
    gaps: tuple[Gap, ...]
    near: tuple[Near, ...]
    pieces: tuple[Piece, ...]
    readings: tuple[Reading, ...]
    storage: Storage
    policy: ColdchainPolicy
    zone: dt.tzinfo
    expires: dt.date | None
    if_stated: Verdict | None

    @property
    def deciding(self) -> Ground:
        """The ground that gives the verdict."""
        return self.grounds[0]

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.deciding.verdict

    @property
    def coldest(self) -> Reading:
        """The coldest reading, the first of several."""
        return _coldest(self.readings)

    @property
    def warmest(self) -> Reading:
        """The warmest reading, the first of several."""
        return _warmest(self.readings)

    @property
    def usual_interval_s(self) -> int:
        """The median time between two readings; 0 for a single one."""
        steps = [after.at_s - before.at_s for before, after in pairwise(self.readings)]
        return median_low(steps) if steps else 0


def check_vial(
    readings: Iterable[Reading],
    stays: Iterable[Stay],
    storage: Storage,
    policy: ColdchainPolicy,
    zone: dt.tzinfo,
    *,
    otherwise: State = State.NOT_STATED,
    expires: dt.date | None = None,
) -> VialCheck:
    """Judge a vial by its temperature record.

    readings   at least one, in any order
    stays      where the vial was; no two overlap
    zone       in which calendar days are counted
    otherwise  where the vial was when no stay says so: REFRIGERATOR, or NOT_STATED, by which all
               time above the range counts as out of the carton
    expires    the last day of use, as printed on the vial
    """
    ordered = tuple(sorted(readings))
    moves = sorted(stays, key=lambda stay: stay.start_s)
    ends = ends_of(ordered, moves)
    longest_s = policy.longest_interval_s + policy.leeway_s
    pieces = tuple(pieces_of(ends, moves, longest_s, otherwise))
    gaps = tuple(gaps_of(ends, longest_s))
    used = [piece for piece in pieces if _uses(piece, storage.most_C)]
    strict, known = (_measure(used, zone, is_known) for is_known in (False, True))
    grounds = [
        *_temperature_grounds(pieces, storage, policy),
        *_budget_grounds(used, storage, strict, known),
        *_together_ground(used, storage, strict),
        *_not_read_ground(used, storage),
        *_gap_ground(gaps),
        *_no_duration_ground(ordered),
        *_expired_ground(ordered[-1], expires, zone),
        _quiet_ground(used, storage, ordered),
    ]
    codes = list(Code)
    grounds.sort(key=lambda ground: (-ground.verdict.rank, codes.index(ground.code)))
    if_stated = None
    if any(piece.state is State.NOT_STATED for piece in used):
        if_stated = check_vial(
            ordered, moves, storage, policy, zone, otherwise=State.REFRIGERATOR, expires=expires
        ).verdict
    return VialCheck(
        grounds=tuple(grounds),
        budgets=tuple(_budgets(storage, strict, known, pieces[-1].end_s)),
        gaps=gaps,
        near=tuple(_near(ordered, storage, policy.accuracy_C)),
        pieces=pieces,
        readings=ordered,
        storage=storage,
        policy=policy,
        zone=zone,
        expires=expires,
        if_stated=if_stated,
    )


def _coldest(readings: Iterable[Reading]) -> Reading:
    return min(readings, key=lambda reading: reading.temperature_C)


def _warmest(readings: Iterable[Reading]) -> Reading:
    return max(readings, key=lambda reading: reading.temperature_C)


def _uses(piece: Piece, most_C: float) -> bool:
    """Tell whether a time counts against a budget at all."""
    return piece.state in OUTSIDE or piece.is_gap or piece.is_above(most_C)


def _budget_of(piece: Piece) -> State:
    """Return which budget a time that counts is counted against: CARTON or OUT_OF_CARTON."""
    return (
        State.CARTON if piece.state in (State.CARTON, State.REFRIGERATOR) else State.OUT_OF_CARTON
    )


def _is_known(piece: Piece) -> bool:
    """Tell whether a time counts for certain.

    Nobody knows it of a gap, unless the vial is stated to have been outside the refrigerator, nor
    against which budget it counts where nobody states where the vial was.
    """
    return piece.state in OUTSIDE or (piece.state is State.REFRIGERATOR and not piece.is_gap)


def _measure(used: Iterable[Piece], zone: dt.tzinfo, is_known: bool) -> dict[State, Meter]:
    """Add up what is used of both allowances; `is_known` leaves out what is not certain."""
    meters = {state: Meter(zone) for state in OUTSIDE}
    for piece in used:
        if not is_known or _is_known(piece):
            meters[_budget_of(piece)].add(piece.start_s, piece.end_s)
    return meters


def _temperature_grounds(
    pieces: Sequence[Piece], storage: Storage, policy: ColdchainPolicy
) -> Iterator[Ground]:
    """Find the worst reading below the range, and the worst above what its state allows."""
    cold = [piece.coldest for piece in pieces if piece.is_below(storage.least_C)]
    if cold and _coldest(cold).temperature_C < policy.freezing_C:
        is_read = storage.freezing is not None
        yield Ground(
            code=Code.FROZEN,
            verdict=Verdict.DISCARD if is_read else Verdict.QUARANTINE,
            reading=_coldest(cold),
            limit_C=policy.freezing_C,
            rule=storage.freezing,
            waits_on=() if is_read else (Question.LABEL,),
        )
    elif cold:
        yield Ground(
            code=Code.BELOW_RANGE,
            verdict=Verdict.QUARANTINE,
            reading=_coldest(cold),
            limit_C=storage.least_C,
            rule=storage.refrigerated,
            waits_on=(Question.BELOW,),
        )
    warm = [
        Ground(
            code=Code.TOO_WARM,
            verdict=verdict,
            reading=_warmest(over),
            limit_C=allowance.most_C,
            rule=allowance.rule,
            waits_on=() if verdict is Verdict.DISCARD else (Question.CUSTODY,),
        )
        for state in State
        for allowance, verdict in _limits(state, storage)
        if (
            over := [p.warmest for p in pieces if p.state is state and p.is_above(allowance.most_C)]
        )
    ]
    if warm:
        yield max(warm, key=lambda ground: (ground.verdict.rank, ground.reading.temperature_C))


def _limits(state: State, storage: Storage) -> list[tuple[Allowance, Verdict]]:
    """Return what a reading above an allowance's limit means, by where the vial is.

    Where that is not stated, the higher limit is passed for certain, the lower one perhaps.
    """
    allowances = storage.allowances
    if state is State.NOT_STATED:
        rising = sorted(allowances.values(), key=lambda allowance: allowance.most_C)
        verdicts = (
            [Verdict.DISCARD, Verdict.QUARANTINE] if len(rising) == 2 else [Verdict.QUARANTINE]
        )
        return list(zip(reversed(rising), verdicts, strict=False))
    place = State.OUT_OF_CARTON if state is State.OUT_OF_CARTON else State.CARTON
    return [(allowances[place], Verdict.DISCARD)] if place in allowances else []


def _budget_grounds(
    used: Sequence[Piece],
    storage: Storage,
    strict: dict[State, Meter],
    known: dict[State, Meter],
) -> Iterator[Ground]:
    """Find the allowances that were exceeded, for certain or by the stricter reading."""
    for state, allowance in storage.allowances.items():
        by_day = allowance.passed_by(strict[state])
        if not any(by_day):
            continue
        counted = [piece for piece in used if _budget_of(piece) is state]
        waits_on = _not_known(counted)
        if by_day[0] != by_day[1]:
            waits_on.append(Question.DAY)
        is_certain = all(allowance.passed_by(known[state]))
        if is_certain:
            counted, waits_on = list(filter(_is_known, counted)), []
        meter, passed = Meter(strict[state].zone), all if is_certain else any
        for piece in counted:
            meter.add(piece.start_s, piece.end_s)
            if passed(allowance.passed_by(meter)):
                break
        yield Ground(
            code=Code.CARTON_BUDGET if state is State.CARTON else Code.OUT_OF_CARTON_BUDGET,
            verdict=Verdict.DISCARD if is_certain else Verdict.QUARANTINE,
            reading=piece.warmest,
            rule=allowance.rule,
            waits_on=tuple(waits_on),
        )


def _not_known(counted: Sequence[Piece]) -> list[Question]:
    """Name what counts against a budget and is not known to."""
    questions = []
    if any(piece.state is State.NOT_STATED for piece in counted):
        questions.append(Question.CUSTODY)
    if any(piece.is_gap for piece in counted):
        questions.append(Question.GAP)
    return questions


def _together_ground(
    used: Iterable[Piece], storage: Storage, strict: dict[State, Meter]
) -> Iterator[Ground]:
    """Find that each allowance is kept, and both together are more than one of them."""
    allowances = storage.allowances
    shares = [allowance.share_of(strict[state]) for state, allowance in allowances.items()]
    if sum(shares) <= 1 or max(shares) > 1:
        return
    meters = {state: Meter(meter.zone) for state, meter in strict.items()}
    counted = []
    for piece in used:
        counted.append(piece)
        meters[_budget_of(piece)].add(piece.start_s, piece.end_s)
        if sum(a.share_of(meters[state]) for state, a in allowances.items()) > 1:
            break
    yield Ground(
        code=Code.BUDGETS_TOGETHER,
        verdict=Verdict.QUARANTINE,
        reading=counted[-1].warmest,
        rule=allowances[State.OUT_OF_CARTON].rule,
        waits_on=(*_not_known(counted), Question.SUM),
    )


def _not_read_ground(used: Iterable[Piece], storage: Storage) -> Iterator[Ground]:
    """Find time outside the refrigerator on which nothing was read in the label."""
    unread = [piece for piece in used if _budget_of(piece) not in storage.allowances]
    if unread:
        yield Ground(
            code=Code.NOT_READ,
            verdict=Verdict.QUARANTINE,
            reading=unread[0].warmest,
            waits_on=(Question.LABEL,),
        )


def _gap_ground(gaps: Sequence[Gap]) -> Iterator[Ground]:
    """Name the longest gap, by the reading before it."""
    if gaps:
        longest = max(gaps, key=lambda gap: gap.end_s - gap.start_s)
        yield Ground(
            code=Code.GAP,
            verdict=Verdict.QUARANTINE,
            reading=longest.near,
            waits_on=(Question.GAP,),
        )


def _no_duration_ground(readings: Sequence[Reading]) -> Iterator[Ground]:
    """Ask for more where all readings are of one moment: they show no length of time."""
    if readings[0].at_s == readings[-1].at_s:
        yield Ground(
            code=Code.NO_DURATION,
            verdict=Verdict.QUARANTINE,
            reading=readings[0],
            waits_on=(Question.GAP,),
        )


def _expired_ground(last: Reading, expires: dt.date | None, zone: dt.tzinfo) -> Iterator[Ground]:
    if expires is not None and local_date(last.at_s, zone) > expires:
        yield Ground(code=Code.EXPIRED, verdict=Verdict.DISCARD, reading=last)


def _quiet_ground(used: Sequence[Piece], storage: Storage, readings: Iterable[Reading]) -> Ground:
    """Say what stands where nothing is wrong: whether a budget was used, and the reading for it."""
    if used:
        reading = _warmest(piece.warmest for piece in used)
        return Ground(code=Code.BUDGET_USED, verdict=Verdict.WITH_LEFT, reading=reading)
    return Ground(
        code=Code.IN_RANGE,
        verdict=Verdict.USABLE,
        reading=_warmest(readings),
        limit_C=storage.most_C,
        rule=storage.refrigerated,
    )


def _budgets(
    storage: Storage, strict: dict[State, Meter], known: dict[State, Meter], end_s: int
) -> Iterator[Budget]:
    """Say what is used and left of each allowance."""
    shares = {s: a.share_of(strict[s]) for s, a in storage.allowances.items()}
    together = max(1 - sum(shares.values()), Fraction(0))
    for state, allowance in storage.allowances.items():
        used_s = strict[state].total_s
        calendar, rolling = strict[state].until(end_s)
        alone = max(1 - shares[state], Fraction(0))
        days, day_s = allowance.most_days, allowance.most_day_s
        left_day_s = None
        if day_s is not None:
            rest_s = day_s - max(calendar.last_s, rolling.last_s)
            left_day_s = max(min(rest_s, allowance.most_s - used_s), 0)
        yield Budget(
            allowance=allowance,
            used_s=used_s,
            known_s=known[state].total_s,
            calendar=calendar,
            rolling=rolling,
            share=shares[state],
            left_s=int(together * allowance.most_s),
            left_days=None if days is None else int(together * days),
            alone_s=int(alone * allowance.most_s),
            alone_days=None if days is None else int(alone * days),
            left_day_s=left_day_s,
        )


def _near(readings: Sequence[Reading], storage: Storage, accuracy_C: float) -> Iterator[Near]:
    """Find the readings that keep a limit by less than the logger is exact, one for each limit."""
    least_C = storage.least_C
    above = [r for r in readings if 0 <= r.temperature_C - least_C < accuracy_C]
    if above:
        yield Near(limit_C=least_C, reading=_coldest(above))
    for most_C in sorted({storage.most_C, *(a.most_C for a in storage.allowances.values())}):
        below = [r for r in readings if 0 <= most_C - r.temperature_C < accuracy_C]
        if below:
            yield Near(limit_C=most_C, reading=_warmest(below))
