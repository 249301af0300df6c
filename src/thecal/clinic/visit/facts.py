"""What a recorded visit says of itself: its clocks, its volumes, and how it ended.

Every limit is the label's, or a policy's that is named beside it. A limit that the label does
not give (minutes of warming up) is not made up: the time is shown and judged by nobody. What
follows from it is `thecal.clinic.visit.review`.
"""

from __future__ import annotations

from dataclasses import dataclass

from thecal.clinic.visit.steps import Checklist
from thecal.clinic.visit.visit import Visit
from thecal.regimen.schedule import ROUNDING
from thecal.source import Source

GIVEN, PART, FAILED, ABORTED = "given", "part_dose", "failed_puncture", "aborted"
UNKNOWN, OPEN = "unknown", "open"  # volume not written down; visit not finished
# From which step a label's clock runs, by its own word `counted_from`.
RUNS_FROM = {"vial": "draw_up", "syringe": "draw_up", "refrigerator": "out_of_refrigerator"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A time between two steps, and what limits it.

    minutes       None where one of the two is not recorded
    least, most   limits in minutes; None where there is none
    says          what the label or the policy says, or that it says nothing
    source        where the limit stands; None where nobody gives one
    is_confirmed  whether somebody here read it there
    """

    key: str
    words: str
    start: str
    end: str
    minutes: float | None
    least: float | None = None
    most: float | None = None
    says: str = ""
    source: Source | None = None
    is_confirmed: bool = True

    @property
    def verdict(self) -> str:
        """Return "within", "below", "above", "no limit" or "not recorded"."""
        if self.minutes is None:
            return "not recorded"
        if self.least is None and self.most is None:
            return "no limit"
        if self.least is not None and self.minutes < self.least:
            return "below"
        return "above" if self.most is not None and self.minutes > self.most else "within"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """The volumes of the visit against the label; None where not written down.

    by_strength_mg  printed strength times volume, which rounding moves off the dose
    given_mg        what the volume given holds: dose and volume count, not the strength
    """

    whole_mg: float
    whole_mL: float
    by_strength_mg: float
    drawn_mL: float | None
    given_mL: float | None
    given_mg: float | None
    csf_out_mL: float | None

    @property
    def strength_off(self) -> float:
        """How far the printed strength times the volume is off the dose, as a share."""
        return self.by_strength_mg / self.whole_mg - 1

    @property
    def net(self) -> float | None:
        """Volume in less CSF out, in mL; None where one is not written down."""
        if self.given_mL is None or self.csf_out_mL is None:
            return None
        return self.given_mL - self.csf_out_mL


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the visit ended, from what was injected and what was written down.

    kind      GIVEN, PART, FAILED, ABORTED, UNKNOWN or OPEN
    stated    the word that was written down; empty where none was
    attempts  punctures tried; None where not written down
    is_drawn  whether drug had been drawn up
    """

    kind: str
    stated: str
    attempts: int | None
    is_drawn: bool


def volumes(visit: Visit, checklist: Checklist) -> Volumes:
    """Return the volumes of a visit, and the amount that the volume given holds."""
    amount, given_mL = checklist.amount, _injected(visit)
    drawn, csf = visit.done("draw_up"), visit.done("csf_out")
    return Volumes(
        whole_mg=amount.amount_mg,
        whole_mL=amount.volume_mL,
        by_strength_mg=amount.strength_mg_per_mL * amount.volume_mL,
        drawn_mL=drawn.number("volume_mL") if drawn else None,
        given_mL=given_mL,
        given_mg=None if given_mL is None else amount.mg(given_mL),
        csf_out_mL=csf.number("csf_mL_out") if csf else None,
    )


def _injected(visit: Visit) -> float | None:
    """Return the volume injected: 0 where no injection began, None where it is not known."""
    ended = visit.done("injection_end")
    if ended is not None:
        return ended.number("volume_mL")
    return None if visit.done("injection_start") else 0.0


def outcome(visit: Visit, checklist: Checklist) -> Outcome:
    """Say how the visit ended: what went in decides, not the word that was ringed."""
    told, puncture = visit.done("outcome"), visit.done("puncture")
    stated = told.word("outcome") if told else ""
    attempts = puncture.number("attempts") if puncture else None
    given_mL = _injected(visit)
    if given_mL is None:
        kind = UNKNOWN
    elif given_mL >= checklist.amount.volume_mL * (1 - ROUNDING):
        kind = GIVEN
    elif given_mL > 0:
        kind = PART
    else:
        kind = stated if stated in (FAILED, ABORTED) else UNKNOWN if stated else OPEN
    return Outcome(
        kind=kind,
        stated=stated,
        attempts=None if attempts is None else int(attempts),
        is_drawn=visit.done("draw_up") is not None,
    )


def clocks(visit: Visit, checklist: Checklist) -> tuple[Clock, ...]:
    """Return the times the label or the policy speaks about, each with its limit if it has one."""
    label = checklist.label
    silent = label.silence("preparation.warm_up_minutes")
    warm = checklist.about("preparation.warm_up")
    found = [
        Clock(
            key="warm_up",
            words="out of the refrigerator until drawn up",
            start="out_of_refrigerator",
            end="draw_up",
            minutes=_minutes(visit, "out_of_refrigerator", "draw_up"),
            says=f"{warm.says if warm else ''} "
            + ("The label names no minutes." if silent else "No minutes were read in the label."),
            source=silent.source if silent else warm.source if warm else None,
        )
    ]
    held = checklist.about("administration.in_syringe") or checklist.about("storage.in_syringe")
    if held is not None and "most_h" in held.values:
        begins = RUNS_FROM.get("".join(held.words("counted_from")), "draw_up")
        found.append(
            Clock(
                key="in_syringe",
                words=f"from the {''.join(held.words('counted_from')) or 'vial'} until injected",
                start=begins,
                end="injection_end",
                minutes=_minutes(visit, begins, "injection_end"),
                most=held.number("most_h") * 60,
                says=held.says,
                source=held.source,
            )
        )
    bolus = checklist.about("administration.bolus")
    found.append(
        Clock(
            key="injection",
            words="injection, from begin to end",
            start="injection_start",
            end="injection_end",
            minutes=_minutes(visit, "injection_start", "injection_end"),
            least=bolus.number("least_min") if bolus else None,
            most=bolus.number("most_min") if bolus else None,
            says=bolus.says if bolus else "No time for the injection was read in the label.",
            source=bolus.source if bolus else None,
        )
    )
    after = "injection_end" if visit.done("injection_end") else "outcome"
    least_h, most_h = checklist.call_h
    found.append(
        Clock(
            key="headache_call",
            words="until the call about headache",
            start=after,
            end="headache_call",
            minutes=_minutes(visit, after, "headache_call"),
            least=least_h * 60,
            most=most_h * 60,
            says=f"The policy asks for a call {least_h:g} to {most_h:g} hours later.",
            source=checklist.call_basis.source,
            is_confirmed=checklist.call_basis.is_confirmed,
        )
    )
    return tuple(found)


def _minutes(visit: Visit, start: str, end: str) -> float | None:
    first, last = visit.done(start), visit.done(end)
    return None if first is None or last is None else (last.at - first.at).total_seconds() / 60


def minutes_words(minutes: float) -> str:
    """Say a duration as people do: seconds, minutes, or hours and minutes.

    Seconds are named where they are there, so that 4 h 0 min 20 s is not told as 4 h.
    """
    if abs(minutes) < 1:
        return f"{minutes * 60:.0f} s"
    if abs(minutes) < 120:
        return f"{minutes:.3g} min"
    hours, seconds = divmod(round(minutes * 60), 3600)
    whole, rest = divmod(seconds, 60)
    if rest:
        return f"{hours} h {whole} min {rest} s"
    return f"{hours} h {whole} min" if whole else f"{hours} h"


def differs(visit: Visit, checklist: Checklist) -> bool:
    """Tell whether the time-out names another medicine or amount than the label's dose."""
    told = visit.done("time_out")
    if told is None:
        return False
    amount_mg, medicine = told.number("amount_mg"), told.word("medicine").casefold()
    whole_mg = checklist.amount.amount_mg
    is_other_amount = amount_mg is not None and abs(amount_mg / whole_mg - 1) > ROUNDING
    return is_other_amount or medicine not in ("", checklist.label.medicine)


def route_given(visit: Visit, checklist: Checklist) -> str:
    """Return the label's route, or "another or unclear" where the time-out has another word."""
    told = visit.done("time_out")
    written = told.word("route") if told else ""
    label = checklist.route.lower()
    return label if written.casefold() in ("", label) else "another or unclear"
