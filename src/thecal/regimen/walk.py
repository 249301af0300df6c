"""Which dose is next, and by which rule: a fold over the doses *actually given*.

What was not given does not count. Where a label counts from the last dose, a missed dose needs
no case of its own: with two loading intervals of 14 days and 28 from then on,

    next_due(history) = last given + 14 d while fewer than 3 are given, + 28 d from then on

Where it keeps an original grid, each dose takes the date it was due on, and a gap may ask for
additional doses, from the last of which a new grid begins, or for loading anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from thecal.regimen.regimen import Anchor, GapTier, Interval, Phase, Regimen, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One dose to come: four dates (earliest, due, overdue, latest) and the rule behind them.

    It falls due `times` intervals after day `from_d`; the first dose of a course on day 0.

    number       of the dose in the course; `place` is its number since loading last began
    late_rule    what the label says follows if this dose is late, as long as no gap tier speaks
    after_number, after_d   the last dose given, and its day
    due_d        day it falls due
    interval     the label's interval; None for the first dose
    closest_d    no dose comes before this day, by the label; None where it names no distance
    grid_from    the dose whose day an original grid counts from; None where there is no grid
    passed_d     the date of the grid that was left out, for it came too soon after that dose
    step         which additional dose of a gap's ladder it is, from 1; 0 for none
    steps        how many that ladder has
    anew_from    the dose with which loading began anew; None where it did not
    policy       the site's window policy; None without one
    earliest_d, overdue_d, latest_d   from that policy; None without one
    """

    number: int
    place: int
    phase: str
    amount_mg: float
    rule: Rule
    late_rule: Rule | None
    after_number: int
    after_d: int | None
    due_d: int = 0
    interval: Interval | None = None
    from_d: int = 0
    times: int = 0
    closest_d: int | None = None
    grid_from: int | None = None
    passed_d: int | None = None
    step: int = 0
    steps: int = 0
    anew_from: int | None = None
    policy: str | None = None
    earliest_d: int | None = None
    overdue_d: int | None = None
    latest_d: int | None = None

    @property
    def reason(self) -> str:
        """The rule in words, with the inputs it was applied to."""
        if self.interval is None:
            return "the first dose starts the course: its day is day 0"
        last = f"the last dose given (dose {self.after_number}, day {self.after_d})"
        if self.grid_from is not None and (self.grid_from, self.times) != (self.after_number, 1):
            words = (
                f"the original grid, every {self.interval} from dose {self.grid_from} "
                f"(day {self.from_d}), after {last}"
            )
        else:
            words = f"{self.interval} after {last}"
        if self.step:
            words += f", as additional dose {self.step} of {self.steps} after a long gap"
        if self.anew_from is not None and self.grid_from is None and not self.step:
            words += f"; loading began anew with dose {self.anew_from}"
        return words

    @property
    def arithmetic(self) -> str:
        """What the label's ordinary rule gives: the rule, and the day it comes to."""
        return self.reason if self.interval is None else f"{self.reason} is day {self.due_d}"

    def missed(self, day: int, start: dt.date | None) -> int:
        """Count the doses that fell out by `day`: a second whole interval passed is one."""
        if self.interval is None:
            return 0
        return max(0, self.interval.passed(self.from_d, start, day) - self.times)


@dataclass(slots=True)
class _Place:
    """Where a course stands in its regimen: what the doses so far leave to be given.

    done      doses since loading last began
    grid      number of the dose that maintenance counts from, and its day
    taken     dates of the grid that were taken by a dose or passed over
    tier      of the last gap; `step` of its additional doses were given
    anew      number of the dose with which loading began anew; None where it did not
    """

    regimen: Regimen
    start: dt.date | None
    done: int = 0
    grid: tuple[int, int] = (0, 0)
    taken: int = 0
    tier: GapTier | None = None
    step: int = 0
    anew: int | None = None

    def give(self, slot: Slot, day: int) -> GapTier | None:
        """Take the dose of `slot`, given on `day`; return the tier of the gap it ends."""
        tier = self._gap(slot, day)
        self.done += 1
        if tier:
            self.tier, self.step = tier, 0
            if tier.ladder is None:
                self.done, self.anew = 1, slot.number
        elif slot.step:
            self.step = slot.step
        if tier or slot.step or self.done <= max(self.regimen.loading_doses, 1):
            self.grid, self.taken = (slot.number, day), 0
        else:
            self.taken = slot.times
        return tier

    def _gap(self, slot: Slot, day: int) -> GapTier | None:
        """Return the tier of the gap that a dose of `slot`, given on `day`, ends; None for none.

        A tier is for a late maintenance dose, an additional one included; loading has rules of
        its own.
        """
        is_loading = slot.place <= self.regimen.loading_doses
        if slot.after_d is None or day <= slot.due_d or is_loading:
            return None
        return self.regimen.tier(slot.after_d, day, self.start)

    def slot(self, number: int, after_d: int | None) -> Slot:
        """Return the next dose after a dose `number - 1` on day `after_d`."""
        place = self.done + 1
        phase = self.regimen.phase(place)
        slot = Slot(
            number=number,
            place=place,
            phase=phase.name,
            amount_mg=self.regimen.amount_in(phase),
            rule=phase.rule,
            late_rule=self.regimen.late_rule(place),
            after_number=number - 1,
            after_d=after_d,
            anew_from=self.anew,
        )
        if after_d is None:
            return slot
        ladder = self.tier.ladder if self.tier else None
        if self.tier and ladder and self.step < ladder.doses:
            slot = replace(slot, step=self.step + 1, steps=ladder.doses)
            slot = replace(slot, rule=self.tier.rule, late_rule=None)
            return self._counted(slot, ladder.interval, after_d)
        if phase.anchor is Anchor.ORIGINAL_GRID:
            return self._on_grid(slot, phase, after_d)
        return self._counted(slot, phase.interval, after_d)

    def _counted(self, slot: Slot, interval: Interval, from_d: int, times: int = 1) -> Slot:
        due_d = interval.after(from_d, self.start, times)
        return replace(slot, due_d=due_d, interval=interval, from_d=from_d, times=times)

    def _on_grid(self, slot: Slot, phase: Phase, after_d: int) -> Slot:
        """Put a slot on the first date of the grid that is free and far enough from `after_d`."""
        (grid_from, from_d), times = self.grid, self.taken + 1
        closest_d, passed_d = after_d + phase.apart_d, None
        while (point_d := phase.interval.after(from_d, self.start, times)) < closest_d:
            passed_d = point_d if point_d >= after_d else None
            times += 1
        slot = replace(slot, grid_from=grid_from, closest_d=closest_d, passed_d=passed_d)
        return self._counted(slot, phase.interval, from_d, times)


def walk(
    regimen: Regimen, given_d: Sequence[int], start: dt.date | None = None, *, ahead: int = 1
) -> list[tuple[Slot, GapTier | None]]:
    """Return the slot of each dose given with the tier of the gap it ended, and the slots ahead.

    given_d  days of the doses given, in order, day 0 first
    ahead    how many slots to look ahead, each as if the ones before were given when due
    """
    place = _Place(regimen, start)
    slot, walked = place.slot(1, None), []
    for number in range(1, len(given_d) + ahead):
        day = given_d[number - 1] if number <= len(given_d) else slot.due_d
        walked.append((slot, place.give(slot, day)))
        slot = place.slot(number + 1, day)
    return [*walked, (slot, None)]


def next_slot(regimen: Regimen, given_d: Sequence[int], start: dt.date | None = None) -> Slot:
    """Find the next dose from the days of the doses given (in order, day 0 first)."""
    return walk(regimen, given_d, start)[-1][0]


def slots_ahead(
    regimen: Regimen, given_d: Sequence[int], count: int, start: dt.date | None = None
) -> list[Slot]:
    """Return the next `count` slots, each counted as if the ones before were given when due."""
    if count < 1:
        return []
    return [slot for slot, _ in walk(regimen, given_d, start, ahead=count)[len(given_d) :]]
