"""Judges of dose, strength, route and intervals, and of what to do about a missed dose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from thecal.label.claims import Claim
from thecal.label.judging import faults
from thecal.label.judging.figures import figure, figures, first, near, numbers, printed
from thecal.label.judging.verdict import UNKNOWN, Judge, Verdict, right, wrong
from thecal.label.label import Label, Statement
from thecal.label.quantity import in_unit

# ---- amount, strength, route


_PHASED = ("dosing.amount", "dosing.loading", "dosing.maintenance")


def amount(claim: Claim, label: Label) -> Verdict:
    """Judge the amount or the volume of a dose: that of its phase, or of any if none is named."""
    if claim.name == "fixed":
        return _fixed(claim, label)
    name, unit = ("volume_mL", "mL") if claim.name == "volume_mL" else ("amount_mg", "mg")
    said = numbers(claim, unit)
    if said is None or not (label.about("dosing.amount") or label.about("dosing.loading")):
        return UNKNOWN
    allowed = figures(label.about(f"dosing.{claim.phase}"), name) if claim.phase else []
    if not allowed:
        topics = ["dosing.amount", "identity.strength"]
        if not claim.phase:
            topics += ["dosing.loading", "dosing.maintenance"]
        allowed = figures((s for topic in topics for s in label.about(topic)), name)
    if name == "volume_mL":
        containers = label.about("identity.container")
        allowed += figures((s for s in containers if s.values.get("unit") == "mL vial"), "value")
    if not allowed:
        return UNKNOWN
    for value, s in allowed:
        if near(said[0], value) and near(said[1], value):
            return right(s)
    for s in label.about(
        "dosing"
    ):  # an amount that only the label's words name, on a change of dose
        if s.topic not in _PHASED and re.search(rf"(?<![\d.]){printed(said[0])} {unit}\b", s.says):
            return right(s)
    value, s = allowed[0]
    fault = faults.WRONG_VOLUME if unit == "mL" else faults.WRONG_DOSE
    return wrong(fault, s, f"{printed(value)} {unit}")


def _fixed(claim: Claim, label: Label) -> Verdict:
    """Judge a dose that is changed or fitted to the patient."""
    s = first(label, "dosing.amount")
    if s is None:
        return UNKNOWN
    return wrong(
        faults.DOSE_CHANGED if claim.value == "changed" else faults.DOSE_FITTED,
        s,
        f"{printed(s.number('amount_mg'))} mg every time, the same for everybody",
    )


def strength(claim: Claim, label: Label) -> Verdict:
    """Judge milligrams per millilitre; another unit is an amount."""
    said = numbers(claim, "mg/mL")
    if said is None:
        return amount(claim, label)
    topics = ("dosing.amount", "identity.strength", "dosing")
    known = figures((s for t in topics for s in label.about(t)), "strength_mg_per_mL")
    if not known:
        return UNKNOWN
    for value, s in known:
        if near(said[0], value, 0.011):
            return right(s)
    value, s = known[0]
    return wrong(faults.WRONG_STRENGTH, s, f"{printed(value)} mg/mL")


def route(claim: Claim, label: Label) -> Verdict:
    """Judge where the dose goes."""
    s = first(label, "dosing.route")
    if s is None:
        return UNKNOWN
    labelled = s.words("route")[0]
    if claim.name == "reason":
        return wrong(faults.WRONG_REASON, s, f"{labelled}: given behind the barrier")
    if claim.value == labelled:
        return right(s)
    if claim.value == "spine":
        return wrong(faults.INTO_THE_SPINE, s, f"{labelled}, into the cerebrospinal fluid")
    return wrong(faults.WRONG_ROUTE, s, f"{labelled}, by lumbar puncture")


# ---- intervals, loading


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Time between two doses as the label has it: in days ("d"), or in months ("month")."""

    value: float
    unit: str
    statement: Statement

    def __str__(self) -> str:
        return f"{printed(self.value)} {'days' if self.unit == 'd' else 'months'}"

    def is_said(self, claim: Claim) -> bool:
        """Tell whether a claim says this interval, in whatever unit."""
        said = numbers(claim, self.unit)
        return said is not None and all(near(value, self.value, 0.001) for value in said)

    def is_blurred(self, claim: Claim) -> bool:
        """Tell whether a claim is this interval in the loose terms of the other calendar."""
        if isinstance(claim.value, (str, tuple)):
            return False
        if self.unit == "d" and claim.unit == "month":
            return 28 * claim.value <= self.value <= 31 * claim.value
        if self.unit == "month" and claim.unit in ("d", "weeks"):
            days = in_unit(claim.value, claim.unit, "d") or 0
            return 28 * self.value <= days <= 31 * self.value
        return False


def intervals(label: Label, phase: str) -> list[Interval]:
    """Return the label's intervals of a phase, in order."""
    found: list[Interval] = []
    for s in label.about(f"dosing.{phase}"):
        days = [float(day) for day in s.words("days")]
        steps = [b - a for a, b in pairwise(days)]
        every, months = figure(s, "interval_d"), figure(s, "interval_months")
        if every is not None and (not steps or phase == "maintenance"):
            steps.append(every)
        found += [Interval(value=step, unit="d", statement=s) for step in steps]
        if months is not None:
            found.append(Interval(value=months, unit="month", statement=s))
    return found


def phase(claim: Claim, label: Label) -> Verdict:
    """Judge what is said of loading or maintenance: doses, days, or the time between doses."""
    if claim.name == "doses":
        return _loading_doses(claim, label)
    if claim.name == "days":
        return _loading_days(claim, label)
    return _interval(claim, label) if claim.name == "interval" else UNKNOWN


def _interval(claim: Claim, label: Label) -> Verdict:
    """Judge the time between doses; where the phase is not sure, either phase bears it out."""
    if claim.value == "none":
        s = first(label, "dosing.maintenance")
        return wrong(faults.NO_MAINTENANCE, s) if s else UNKNOWN
    name = claim.topic.partition(".")[2]
    own = intervals(label, name)
    if not own:
        return UNKNOWN
    allowed = own
    if not claim.phase or claim.about == "after":
        allowed = own + intervals(label, "maintenance" if name == "loading" else "loading")
    for interval in allowed:
        if interval.is_said(claim):
            return right(interval.statement)
    for interval in reversed(allowed):
        if interval.is_blurred(claim):
            fault = faults.MONTHS_FOR_DAYS if interval.unit == "d" else faults.DAYS_FOR_MONTHS
            return wrong(fault, interval.statement, f"every {interval}")
    told = " and ".join(dict.fromkeys(str(interval) for interval in own))
    return wrong(faults.WRONG_INTERVAL, own[0].statement, f"{name}: {told}")


def _loading_doses(claim: Claim, label: Label) -> Verdict:
    """Judge how many loading doses there are ("the first two" may be fewer)."""
    s = first(label, "dosing.loading")
    said = numbers(claim, "doses")
    doses = figure(s, "doses") if s else None
    if said is None or doses is None:
        return UNKNOWN
    if said[0] == doses or (claim.about == "first" and said[0] < doses):
        return right(s)
    return wrong(faults.WRONG_COUNT, s, f"{printed(doses)} loading doses")


def _loading_days(claim: Claim, label: Label) -> Verdict:
    """Judge a list of days, from 0 or from 1; maintenance may follow in it."""
    s = first(label, "dosing.loading")
    if s is None or not s.words("days"):
        return UNKNOWN
    said = [float(day) for day in str(claim.value).split(", ")]
    days = [float(day) for day in s.words("days")]
    step = next((i.value for i in intervals(label, "maintenance") if i.unit == "d"), None)
    while step is not None and len(days) < len(said):
        days.append(days[-1] + step)
    shift = 1 if said[0] == 1 else 0
    if said == [day + shift for day in days[: len(said)]]:
        return right(s)
    return wrong(faults.WRONG_DAYS, s, f"days {', '.join(s.words('days'))}")


# ---- missed doses


def missed(claim: Claim, label: Label) -> Verdict:
    """Judge what to do about a missed dose, by what the claim speaks of."""
    if not label.about("missed_dose") or claim.name == "tolerance":
        return UNKNOWN
    return _MISSED.get(claim.name, _next_interval)(claim, label)


def _own(claim: Claim, label: Label) -> list[Statement]:
    """Return the statements on the dose that a claim says was missed; on any, if there are none."""
    held = label.about("missed_dose")
    return [s for s in held if s.topic == claim.topic] or list(held)


def _missed_amount(claim: Claim, label: Label) -> Verdict:
    s = first(label, "dosing.amount")
    said = numbers(claim, "mg")
    if s and said and near(said[0], s.number("amount_mg")):
        return right(s)
    return wrong(faults.DOUBLE_DOSE, _own(claim, label)[0], "one dose, as soon as possible")


def _give(claim: Claim, label: Label) -> Verdict:
    """Judge what to do with the missed dose itself: give it, skip it, double the next."""
    known = _gives(_own(claim, label)) or _gives(label.about("missed_dose"))
    if not known:
        return UNKNOWN
    if claim.value in known:
        return right(known[str(claim.value)])
    give, s = next(iter(known.items()))
    fault = faults.DOUBLE_DOSE if claim.value == "double" else faults.DOSE_SKIPPED
    return wrong(fault, s, f"{give}; one dose")


def _gives(statements: Iterable[Statement]) -> dict[str, Statement]:
    return {str(s.values["give"]): s for s in statements if "give" in s.values}


def _anchor(claim: Claim, label: Label) -> Verdict:
    """Judge what the dose after a late one is counted from."""
    held = label.about("missed_dose")
    every = [*held, *label.about("dosing.maintenance")]
    grid = next((s for s in every if s.values.get("anchor") == "original_grid"), None)
    if claim.value == "original_grid":
        if grid:
            return right(grid)
        late = figures(held, "next_interval_d")
        return wrong(faults.COUNTED_FROM_OLD_DATE, late[0][1]) if late else UNKNOWN
    if grid and not any(s.values.get("anchor") == "last_dose" for s in every):
        return wrong(faults.COUNTED_FROM_LATE_DOSE, grid, "the originally scheduled date")
    return UNKNOWN


def _restart(claim: Claim, label: Label) -> Verdict:
    """Judge whether loading begins again, after a gap of so many months or after any."""
    held = label.about("missed_dose")
    s = next((s for s in held if "restart" in s.values), None)
    if s:
        months = claim.about.removeprefix("gap of ")
        if months != claim.about and float(months) < (figure(s, "from_months") or 0):
            return wrong(faults.RESTARTED_TOO_SOON, s)
        return wrong(faults.NOT_RESTARTED, s) if claim.value == "none" else right(s)
    if claim.value == "none":
        return UNKNOWN
    if not claim.about.startswith("gap"):
        return wrong(faults.RESTARTED, held[0])
    return wrong(faults.NO_RULE_TO_RESTART, None, "no such rule")


def _extra_doses(claim: Claim, label: Label) -> Verdict:
    """Judge how many more doses a gap asks for: one of so many months, or any."""
    held = label.about("missed_dose")
    if claim.about:
        months = float(claim.about)
        s = next((s for s in held if s.values.get("from_months") == months), None)
        doses = figure(s, "extra_doses") if s else None
        if doses is not None:
            if claim.value == doses:
                return right(s)
            return wrong(faults.WRONG_EXTRA_DOSES, s, f"{printed(doses)} more")
    return _gap_figure(claim, figures(held, "extra_doses"), "")


def _gap_months(claim: Claim, label: Label) -> Verdict:
    """Judge from how many months on a gap asks for more."""
    return _gap_figure(
        claim, figures(label.about("missed_dose"), "from_months", "to_months"), " months"
    )


def _gap_figure(claim: Claim, known: list[tuple[float, Statement]], unit: str) -> Verdict:
    if not known:
        return UNKNOWN
    by_value = dict(known)
    for value, s in by_value.items():
        if claim.value == value:
            return right(s)
    told = ", ".join(printed(value) for value in sorted(by_value))
    return wrong(faults.WRONG_GAP, next(iter(by_value.values())), f"{told}{unit}")


def _next_interval(claim: Claim, label: Label) -> Verdict:
    """Judge the time from a late dose to the next one."""
    held = label.about("missed_dose")
    is_any = claim.topic in ("missed_dose.any", "missed_dose.apart")
    known = _intervals_after(held if is_any else _own(claim, label))
    precise = bool(known) and all(figure(i.statement, "next_interval_d") is not None for i in known)
    if not precise:
        known += _intervals_after(held)
        known += intervals(label, "loading") + intervals(label, "maintenance")
    if not known:
        return UNKNOWN
    for interval in known:
        if interval.is_said(claim):
            return right(interval.statement)
        if interval.is_blurred(claim):
            return wrong(faults.NEXT_DATE_IN_MONTHS, interval.statement, f"{interval} later")
    if claim.topic == "missed_dose.apart":
        apart = figures(held, "apart_d")
        if not apart:
            return UNKNOWN
        days, s = apart[0]
        return wrong(faults.TOO_CLOSE, s, f"at least {printed(days)} days apart")
    fault = faults.WRONG_NEXT_DATE if precise else faults.PERHAPS_WRONG_NEXT_DATE
    return wrong(fault, known[0].statement, f"{known[0]} later")


_AFTER_D = ("next_interval_d", "extra_interval_d", "apart_d", "interval_d")


def _intervals_after(statements: Iterable[Statement]) -> list[Interval]:
    found: list[Interval] = []
    for s in statements:
        found += [Interval(value=v, unit="d", statement=s) for v, _ in figures([s], *_AFTER_D)]
        months = figures([s], "interval_months")
        found += [Interval(value=v, unit="month", statement=s) for v, _ in months]
    return found


_MISSED: dict[str, Judge] = {
    "amount_mg": _missed_amount,
    "give": _give,
    "anchor": _anchor,
    "restart": _restart,
    "extra_doses": _extra_doses,
    "from_months": _gap_months,
}
