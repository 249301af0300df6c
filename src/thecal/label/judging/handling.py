"""Judges of handling: the lumbar puncture and the injection, the syringe, the vial, storage."""

from __future__ import annotations

from thecal.label.claims import Claim
from thecal.label.judging import faults
from thecal.label.judging.figures import figure, figures, first, near, numbers, printed
from thecal.label.judging.verdict import UNKNOWN, Verdict, right, wrong
from thecal.label.label import Label

# Two printed temperatures or hours are one within this.
_ROUNDED = 0.6

# ---- the injection and the syringe


def fluid_removed(claim: Claim, label: Label) -> Verdict:
    """Judge how much spinal fluid is taken out, and when."""
    s = first(label, "administration.csf_removed")
    if s is None:
        return UNKNOWN
    volume = s.number("volume_mL")
    told = f"about {printed(volume)} mL"
    if claim.name == "order":
        return wrong(faults.FLUID_TAKEN_LATER, s, f"{told}, before the dose")
    if claim.value == "none":
        return wrong(faults.NO_FLUID_TAKEN, s, told)
    if claim.value == "small":
        return wrong(faults.SMALL_SAMPLE, s, told)
    said = numbers(claim, "mL")
    if said is None:
        return UNKNOWN
    if near(said[0], volume, 0.2) and near(said[1], volume, 0.2):
        return right(s)
    if said[0] <= volume <= said[1]:
        return wrong(faults.FLUID_RANGE_TOO_WIDE, s, told)
    return wrong(faults.WRONG_FLUID, s, told)


def injection(claim: Claim, label: Label) -> Verdict:
    """Judge over how many minutes the dose is injected."""
    s = first(label, "administration.bolus")
    said = numbers(claim, "min")
    if s is None or said is None:
        return UNKNOWN
    least, most = s.number("least_min"), s.number("most_min")
    if said[1] <= most * 1.001 and (said[0] >= least * 0.999 or claim.bound == "most"):
        return right(s)
    return wrong(faults.WRONG_SPEED, s, f"over {printed(least)} to {printed(most)} minutes")


def in_syringe(claim: Claim, label: Label) -> Verdict:
    """Judge how long the dose may stay in the syringe; a word ("overnight") is a day."""
    s = first(label, "administration.in_syringe")
    said = (24.0, 24.0) if isinstance(claim.value, str) else numbers(claim, "h")
    if s is None or said is None:
        return UNKNOWN
    most = s.number("most_h")
    if near(said[1], most):
        return right(s)
    too_long = said[1] > most
    return wrong(
        faults.SYRINGE_KEPT_TOO_LONG if too_long else faults.SYRINGE_THROWN_AWAY,
        s,
        f"within {printed(most)} hours",
    )


def by_whom(claim: Claim, label: Label) -> Verdict:
    """Judge who gives the dose: a claim is read only where it is somebody else."""
    s = first(label, "administration.who")
    return wrong(faults.WRONG_HANDS, s) if s else UNKNOWN


def left_open(claim: Claim, label: Label) -> Verdict:
    """Judge a number for something that the label leaves open."""
    if not (label.silence(claim.topic) or label.silence(f"{claim.topic}_minutes")):
        return UNKNOWN
    is_warming = claim.topic == "preparation.warm_up"
    fault = faults.SOMEBODY_ELSES_WARMING if is_warming else faults.SOMEBODY_ELSES_NUMBER
    return wrong(fault, None, "the label gives none")


# ---- the vial


def warming(claim: Claim, label: Label) -> Verdict:
    """Judge whether, how warm and how long a vial is warmed."""
    if claim.name == "rule":
        return rule(claim, label)
    if claim.unit in ("min", "s", "h"):
        return left_open(claim, label)
    s = first(label, "preparation.warm_up")
    said = numbers(claim, "C")
    target = figure(s, "temperature_C") if s else None
    if said is None or target is None:
        return UNKNOWN
    is_room = said[0] >= 15 and said[1] <= 30
    if is_room or said[0] - _ROUNDED <= target <= said[1] + _ROUNDED:
        return right(s)
    return wrong(faults.WRONG_WARMING, s, f"room temperature, {printed(target)} °C")


def refrigerated(claim: Claim, label: Label) -> Verdict:
    """Judge the temperature of the refrigerator."""
    s = first(label, "storage.refrigerated")
    if s is None:
        kept = first(label, "storage.room_temperature")
        said = numbers(claim, "C")
        if kept is None or said is None:
            return UNKNOWN
        least, most = kept.number("least_C"), kept.number("most_C")
        if said[0] >= least - _ROUNDED and said[1] <= most + _ROUNDED:
            return right(kept)
        return wrong(faults.WRONG_COLD, kept, f"at {printed(least)} to {printed(most)} °C")
    least, most = s.number("least_C"), s.number("most_C")
    said = numbers(claim, "C")
    if said and abs(said[0] - least) < _ROUNDED and abs(said[1] - most) < _ROUNDED:
        return right(s)
    told = f"in the refrigerator, {printed(least)} to {printed(most)} °C"
    return wrong(faults.WRONG_COLD, s, told)


# Unit of a claim; the unit it is judged in, the values that hold the limit, and its name.
_OUTSIDE = {
    **dict.fromkeys(("C", "F"), ("C", ("most_C",), "°C")),
    **dict.fromkeys(("h", "min"), ("h", ("most_h", "most_h_per_day"), "hours")),
    **dict.fromkeys(("d", "weeks"), ("d", ("most_d",), "days")),
}


def outside(claim: Claim, label: Label) -> Verdict:
    """Judge how long and how warm a vial may stand outside the refrigerator."""
    if claim.unit not in _OUTSIDE:
        return UNKNOWN
    unit, names, unit_name = _OUTSIDE[claim.unit]
    held = [
        *label.about("storage.carton_unrefrigerated"),
        *label.about("storage.out_of_carton"),
        *(s for s in label.about("storage") if s.topic.startswith("storage.stability")),
    ]
    if claim.name == "most_h_per_day" and any("most_h_per_day" in s.values for s in held):
        names = ("most_h_per_day",)
    said = numbers(claim, unit)
    known = figures(held, *names)
    if said is None or not known:
        return UNKNOWN
    days = [24 * value for value, _ in known] if unit == "h" else []
    for value, s in known:
        if abs(said[1] - value) < _ROUNDED or said[1] in days:
            return right(s)
    own = [(value, s) for value, s in known if s.topic == claim.topic] or known
    limit = max(value for value, _ in own)
    if said[1] <= limit:
        fault = faults.VIAL_THROWN_AWAY
    elif unit != "C" and said[1] >= 2 * limit:
        fault = faults.OUT_FAR_TOO_LONG
    else:
        fault = faults.OUT_TOO_LONG
    told = " or ".join(dict.fromkeys(f"{printed(value)} {unit_name}" for value, _ in own))
    return wrong(fault, own[0][1], f"at most {told}")


# ---- what is asked for, left open or forbidden

# Topics under which labels state one rule.
_SAME_RULE = {
    "preparation.dilution": ("preparation.no_dilution", "preparation.dilution"),
    "preparation.shaking": ("preparation.no_shaking", "preparation.shaking"),
}
# The label's rule, and what a page says that parts from it.
_CLASHES = {
    "forbidden": ("required", "optional"),
    "required": ("forbidden", "not required"),
    "optional": ("required", "forbidden"),
    "not required": ("required",),
}


def rule(claim: Claim, label: Label) -> Verdict:
    """Judge a rule: whether something is asked for, left open or forbidden."""
    topics = _SAME_RULE.get(claim.topic, (claim.topic,))
    s = next((s for t in topics for s in label.about(t) if "rule" in s.values), None)
    if s is None:
        return UNKNOWN
    labelled, said = str(s.values["rule"]), str(claim.value)
    if said == labelled:
        return right(s)
    if claim.name == "temperature":
        return wrong(faults.of_rule(claim.topic, left_open=False), s)
    if said == "must sleep":
        return wrong(faults.MUST_SLEEP, s)
    if said == "general anaesthesia":
        return wrong(faults.ASLEEP, s)
    if said in _CLASHES.get(labelled, ()):
        is_open = labelled in ("optional", "not required")
        return wrong(faults.of_rule(claim.topic, left_open=is_open), s)
    return right(s)
