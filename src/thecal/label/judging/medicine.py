"""Judges of the medicine itself: its kinetics, how it works, approval, benefit, trials, maker."""

from __future__ import annotations

from thecal.label.claims import Claim
from thecal.label.judging import faults
from thecal.label.judging.figures import figures, first, numbers, printed
from thecal.label.judging.verdict import UNKNOWN, Verdict, right, wrong
from thecal.label.label import Label, Statement
from thecal.label.quantity import in_unit

# ---- where it goes, and for how long

_UNITS = {"day": "d", "days": "d", "hours": "h", "week": "weeks"}


def half_life(claim: Claim, label: Label) -> Verdict:
    """Judge the half-life in plasma or in spinal fluid."""
    in_plasma = "plasma" in claim.topic
    held = [
        s
        for s in label.about("pharmacokinetics")
        if "half_life" in s.topic and ("plasma" in s.topic) == in_plasma
    ]
    values = [value for value, _ in figures(held[:1], "lo", "hi", "value")]
    if not values:
        return UNKNOWN
    s, lo, hi = held[0], min(values), max(values)
    unit = str(s.values.get("unit", ""))
    unit = _UNITS.get(unit, unit)
    told = f"{printed(lo)}{f' to {printed(hi)}' if hi > lo else ''} {unit}"
    if claim.value == "vague":
        return wrong(faults.HALF_LIFE_VAGUE, s, told)
    said = numbers(claim, unit)
    if said is not None:
        agrees = said[1] >= lo * 0.95 and said[0] <= hi * 1.05
    elif claim.unit != "month":
        return UNKNOWN
    else:
        agrees = _is_in_months(claim, in_unit(lo, unit, "d") or 0, in_unit(hi, unit, "d") or 0)
    return right(s) if agrees else wrong(faults.WRONG_HALF_LIFE, s, told)


def _is_in_months(claim: Claim, lo_d: float, hi_d: float) -> bool:
    """Tell whether a number of months may be that many days."""
    if isinstance(claim.value, (str, tuple)):
        return False
    return lo_d * 0.9 <= claim.value * 31 and claim.value * 28 <= hi_d * 1.1


def peak_time(claim: Claim, label: Label) -> Verdict:
    """Judge the hours to the peak in plasma."""
    s = first(label, "pharmacokinetics.plasma_tmax")
    said = numbers(claim, "h")
    if s is None or said is None:
        return UNKNOWN
    lo, hi = s.number("lo"), s.number("hi")
    if said[0] >= lo - 0.3 and said[1] <= hi + 0.3:
        return right(s)
    return wrong(faults.WRONG_PEAK, s, f"{printed(lo)} to {printed(hi)} hours")


def pathway(claim: Claim, label: Label) -> Verdict:
    """Judge how the medicine is broken down."""
    s = next((s for s in label.about("pharmacokinetics") if "pathway" in s.values), None)
    if s is None:
        return UNKNOWN
    return right(s) if s.values["pathway"] == claim.value else wrong(faults.WRONG_PATHWAY, s)


# ---- what it is and how it works


def mechanism(claim: Claim, label: Label) -> Verdict:
    """Judge what the medicine acts on, and whether it lowers or raises the protein."""
    s = first(label, "mechanism")
    if s is None or "direction" not in s.values:
        return UNKNOWN
    if claim.name == "acts":
        return wrong(faults.ACTS_ON_GENE, s)
    direction = s.values["direction"]
    if claim.value in (direction, "lowers and raises"):
        return right(s)
    gene = str(s.values.get("name", "")).upper()
    return wrong(faults.WRONG_DIRECTION, s, direction=direction, gene=gene)


def variant(claim: Claim, label: Label) -> Verdict:
    """Judge a page that speaks of the mutant protein where the normal one is lowered as well."""
    s = next((s for s in label.about("mechanism") if "variant" in s.values), None)
    if s is None or s.values["variant"] != "normal and mutant":
        return UNKNOWN
    is_only = claim.value == "mutant only"
    return wrong(faults.MUTANT_ONLY if is_only else faults.MUTANT_NAMED_ALONE, s)


def drug_class(claim: Claim, label: Label) -> Verdict:
    """Judge what kind of medicine it is."""
    s = first(label, "identity.class")
    if s is None:
        return UNKNOWN
    name = str(s.values.get("name", ""))
    if claim.value == name.lower():
        return right(s)
    return wrong(faults.CLASS_VAGUE if claim.value == "vague" else faults.WRONG_CLASS, s, name)


# ---- approval, benefit, trials, maker


def approval(claim: Claim, label: Label) -> Verdict:
    """Judge the kind of approval."""
    s = next((s for s in label.about("identity") if "status" in s.values), None)
    if s is None:
        return UNKNOWN
    status = str(s.values["status"])
    if claim.value == status:
        return right(s)
    is_exception = status == "exceptional circumstances"
    told = f"under {status}" if is_exception else f"{status} approval"
    return wrong(faults.WRONG_APPROVAL, s, told)


def benefit(claim: Claim, label: Label) -> Verdict:
    """Judge a promise by what the label shows."""
    s = first(label, "clinical_results.benefit")
    if s is None:
        return UNKNOWN
    shown = s.words("shown")
    is_slower = claim.value == "slow" and (claim.hedged or "halt" in shown)
    if claim.value in shown or is_slower:
        return right(s)
    in_animals = claim.about == "animals"
    return wrong(faults.BENEFIT_IN_ANIMALS if in_animals else faults.BENEFIT_NOT_SHOWN, s)


def maker(claim: Claim, label: Label) -> Verdict:
    """Judge who makes it; what is said to be possible, or is part of a name, is no fault."""
    held = label.about("maker")
    if not held:
        return UNKNOWN
    names = [str(s.values.get("name", "")).lower() for s in held]
    if claim.hedged or any(str(claim.value) in name for name in names):
        return right(None)
    return wrong(faults.WRONG_MAKER, held[0])


def brand(claim: Claim, label: Label) -> Verdict:
    """Judge under which brand it is sold."""
    held = label.about("identity.brand")
    if not held:
        return UNKNOWN
    names = {str(s.values.get("name", "")).lower(): s for s in held}
    return (
        right(names.get(str(claim.value)))
        if claim.value in names
        else (wrong(faults.WRONG_BRAND, held[0]))
    )


_RESULTS = (
    "drug_value",
    "placebo_value",
    "difference",
    "difference_lo",
    "difference_hi",
    "value",
)


def trial_percent(claim: Claim, label: Label) -> Verdict:
    """Judge a percentage from a trial: any figure of the same endpoint bears it out."""
    said = numbers(claim, "%")
    known: list[tuple[float, Statement]] = []
    for s in (*label.about("pharmacodynamics"), *label.about("clinical_results")):
        if claim.about.lower() in str(s.values.get("endpoint", "")).lower():
            is_ratio = s.values.get("unit") == "ratio"
            known += [
                (abs(1 - value) * 100 if is_ratio else abs(value), s)
                for value, _ in figures([s], *_RESULTS)
            ]
    if said is None or not known:
        return UNKNOWN
    for value, s in known:
        if said[0] - 1.1 <= value <= said[1] + 1.1:
            return right(s)
    return wrong(faults.WRONG_TRIAL_FIGURE, known[0][1])


def antibodies(claim: Claim, label: Label) -> Verdict:
    """Judge the percentage of people with antibodies against the medicine."""
    said = numbers(claim, "%")
    rows = (s for s in label.about("immunogenicity") if s.values.get("unit", "%") == "%")
    known = figures(rows, "value", "drug_percent")
    if said is None or not known:
        return UNKNOWN
    for value, s in known:
        if abs(said[0] - abs(value)) <= 1:
            return right(s)
    return wrong(faults.WRONG_ANTIBODIES, known[0][1])
