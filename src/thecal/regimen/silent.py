"""What a label leaves open: the question, what in this course raises it, what arithmetic gives.

Where the label is silent nobody here decides. The ordinary rule is still counted out, so that a
reader sees what it would come to; it is never a recommendation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from thecal.errors import counted
from thecal.label.label import area
from thecal.regimen.regimen import GapTier, Regimen
from thecal.regimen.walk import Slot

# Without a rule for long gaps a label speaks of *a* missed dose; from two in a row on it is silent.
LONG_GAP = 2
NOBODY_READ = "Look in the label itself; whether it speaks of this was not read here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A question the label leaves open here, with what plain arithmetic gives.

    topic       where the label file records the silence, e.g. ``dosing.gap``
    says        what the label is silent about
    is_read     False where nobody has read whether the label speaks of it
    here        what in this course raises the question
    arithmetic  what the label's ordinary rule would give, which is not a recommendation
    """

    topic: str
    says: str
    is_read: bool
    here: str
    arithmetic: str

    @property
    def standing(self) -> str:
        """Say how the label stands to the question, before `says`."""
        return "Label silent" if self.is_read else "Label not read on this"


def ask(regimen: Regimen, topic: str, here: str, arithmetic: str) -> Open:
    """Return the question of a topic with what the label's file says of it."""
    says, unread = _on(topic, regimen.silences), _on(topic, regimen.not_read)
    return Open(
        topic=topic,
        says=says or unread or NOBODY_READ,
        is_read=bool(says),
        here=here,
        arithmetic=arithmetic,
    )


def _on(topic: str, gaps: Mapping[str, str]) -> str | None:
    """Return what gaps say on a topic, or on its whole area."""
    return gaps.get(topic) or gaps.get(area(topic))


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """The dose of a slot coming late on `day`: as it was given, or as it would be if given then.

    gap_d      days since the dose before
    tier       of the gap that it ends; None where it ends none
    following  what is due after it
    is_asked   whether it is not given yet, and `day` is the day asked about
    """

    regimen: Regimen
    start: dt.date | None
    slot: Slot
    day: int
    gap_d: int
    tier: GapTier | None
    following: Slot
    is_asked: bool = False

    def questions(self, arithmetic: str) -> list[Open]:
        """Return what the label leaves open of it."""
        return [ask(self.regimen, topic, here, arithmetic) for topic, here in self._raised()]

    def _raised(self) -> Iterator[tuple[str, str]]:
        """Yield the topics that it raises, each with what raises it."""
        slot, tier, regimen = self.slot, self.tier, self.regimen
        is_loading = slot.place <= regimen.loading_doses
        if slot.step:
            yield "missed_dose.additional", self._late(", an additional one,")
        elif slot.late_rule is None and tier is None:
            yield f"missed_dose.{slot.phase}", self._late(f", a {slot.phase} dose,")
        elif tier is None and not is_loading and not regimen.phases[-1].anchor_is_stated:
            yield "missed_dose.anchor", self._late()
        if tier is None and self._is_open_gap():
            has_end = regimen.late_until is not None and not is_loading
            yield ("missed_dose.gap" if has_end else "dosing.gap"), self._gap()
        if self.following.passed_d is not None:
            yield "missed_dose.grid_too_close", self._close(self.following.passed_d)

    def _is_open_gap(self) -> bool:
        """Tell whether a gap that no tier holds is longer than a late dose's rule speaks of."""
        until = self.regimen.late_until
        if until is None:
            return self.slot.missed(self.day, self.start) >= LONG_GAP
        if self.start is None:  # loading goes without dates
            return self.gap_d >= until.shortest_d
        return self.day >= until.after(self.day - self.gap_d, self.start)

    def _late(self, which: str = "") -> str:
        dose, late = f"dose {self.slot.number}{which}", counted(self.day - self.slot.due_d, "day")
        return (
            f"{dose} is {late} late on day {self.day}"
            if self.is_asked
            else f"{dose} came {late} late"
        )

    def _gap(self) -> str:
        if self.is_asked:
            return f"{self.gap_d} days without a dose by day {self.day}"
        return f"dose {self.slot.number} came {self.gap_d} days after the one before"

    def _close(self, passed_d: int) -> str:
        number, day = self.slot.number, self.day
        comes = f"given on day {day}, dose {number} comes"
        came = f"dose {number} came on day {day},"
        left = counted(passed_d - day, "day")
        return (
            f"{comes if self.is_asked else came} {left} before the date of the original grid, "
            f"day {passed_d}"
        )
