"""Judges of people: who it is for and who not, serious warnings, adverse reactions, tests."""

from __future__ import annotations

import re

from thecal.label.claims import Claim
from thecal.label.judging import faults
from thecal.label.judging.figures import figure, figures, first, numbers, printed
from thecal.label.judging.verdict import UNKNOWN, Verdict, right, wrong
from thecal.label.label import Label, Statement

# Two printed percentages are one within this.
_ROUNDED = 0.6

# ---- who it is for, and who not


def indication(claim: Claim, label: Label) -> Verdict:
    """Judge for whom the medicine is: by age, by disease, by mutation."""
    s = first(label, "indication")
    if s is None:
        return UNKNOWN
    if claim.name == "ages":
        return _ages(claim, s)
    gene = s.values.get("gene")
    if claim.value == "presymptomatic" and gene:
        return wrong(faults.CARRIERS, s)
    if claim.value == "anyone" or (claim.value == "all" and gene):
        return wrong(faults.WITHOUT_MUTATION, s)
    if claim.value == "gene without mutation":
        return wrong(faults.GENE_FOR_MUTATION, s)
    return right(s)


def _ages(claim: Claim, s: Statement) -> Verdict:
    ages = s.values.get("ages")
    if ages is None or claim.value == ages:
        return right(s)
    if ages == "adults":
        return wrong(faults.CHILDREN_TOO, s)
    if claim.value == "children":
        return wrong(faults.CHILDREN_ONLY, s)
    return UNKNOWN  # "adults" on a page for adults leaves children to other lines


def children(claim: Claim, label: Label) -> Verdict:
    """Judge how the use in children stands."""
    s = first(label, "populations.children")
    if s is None or claim.name != "standing":
        return UNKNOWN
    standing = s.values.get("standing")
    if standing is None or claim.value == standing:
        return right(s)
    is_open = standing == "not established"
    return wrong(faults.CHILDREN_TOO if is_open else faults.NOT_FOR_CHILDREN, s)


def pregnancy(claim: Claim, label: Label) -> Verdict:
    """Judge what is said of pregnancy."""
    s = first(label, "populations.pregnancy")
    if s is None:
        return UNKNOWN
    if claim.name == "category":
        return wrong(faults.PREGNANCY_LETTER, s)
    fault = {
        "safe": faults.PREGNANCY_SAFE,
        "forbidden": faults.PREGNANCY_FORBIDDEN,
        "avoid": faults.PREGNANCY_AVOIDED,
    }.get(str(claim.value))
    return wrong(fault, s) if fault else right(s)


def contraindication(claim: Claim, label: Label) -> Verdict:
    """Judge a contraindication, or that there is none."""
    held = label.about("contraindications")
    if not held:
        return UNKNOWN
    none = next((s for s in held if s.values.get("rule") == "none"), None)
    if claim.value == "none":
        return right(none) if none else wrong(faults.CONTRAINDICATION_DENIED, held[0])
    stem = str(claim.value)[:6]
    for s in held:
        if any(stem in word for word in s.words("events")):
            return right(s)
    return wrong(faults.CONTRAINDICATION_INVENTED, none or held[0])


# How labels speak of what a caution is about, where another word than its own is used.
_MENTIONS = {
    "bleeding": r"bleed|coagul|platelet|thrombocyt",
    "liver": r"liver injury|hepatotox",
    "kidney": r"renal tox|kidney.{0,20}harm|harmed the kidney|glomerulo|proteinuria",
    "heart": r"cardiac tox",
    "seizures": r"seizure",
    "raised pressure": r"hydroceph|intracranial",
    "ventilation": r"ventilat",
    "spine": r"scoliosis|spinal fusion",
    "diabetes": r"diabet",
}
_ON_SAFETY = (
    "contraindications",
    "warnings",
    "monitoring",
    "adverse_reactions",
    "interactions",
    "populations",
)


def _mentions(label: Label, pattern: str) -> Statement | None:
    """Return the first statement of a label on safety that speaks of something."""
    wanted = re.compile(pattern, re.I)
    for area in _ON_SAFETY:
        for s in label.about(area):
            if wanted.search(s.says) or any(wanted.search(word) for word in s.words("events")):
                return s
    return None


def caution(claim: Claim, label: Label) -> Verdict:
    """Judge a caution: that the label mentions the thing bears out a possible one only."""
    about = str(claim.value)
    s = _mentions(label, _MENTIONS.get(about, re.escape(about)))
    if s and (claim.hedged or s.topic.startswith("contraindications")):
        return right(s)
    fault = faults.POSSIBLE_CAUTION_INVENTED if claim.hedged else faults.CAUTION_INVENTED
    return wrong(fault, None, "no such caution")


# ---- serious warnings


def serious(claim: Claim, label: Label) -> Verdict:
    """Judge what is said of serious reactions: that there are any, how grave, how often."""
    s = _warning(label, claim.about) or first(label, "warnings.serious")
    if s is None or claim.name in ("events", "outcome", "action"):
        return UNKNOWN
    if claim.name in ("drug_percent", "placebo_percent"):
        return _event_percent(claim, label, s)
    if claim.name == "denied":
        return wrong(faults.SERIOUS_DENIED, s)
    if claim.name == "standing":
        return _standing(claim, s)
    said = numbers(claim, "patients")
    if said is None:
        return UNKNOWN
    return _share(said, label, s) if claim.name == "share" else _patients(claim, said, label, s)


def _warning(label: Label, event: str) -> Statement | None:
    for s in label.about("warnings"):
        if any(word.replace("_", " ") == event for word in s.words("events")):
            return s
    return None


_COUNTS = (
    "patients",
    "discontinued",
    "n",
    "drug_count",
    "drug_n",
    "placebo_n",
    "placebo_count",
)


def _patients(claim: Claim, said: tuple[float, float], label: Label, s: Statement) -> Verdict:
    """Judge a number of patients: any count of the label's warnings bears it out."""
    known = {value for value, _ in figures(label.about("warnings"), *_COUNTS)}
    for x in label.about("warnings"):
        had, stopped = figure(x, "patients"), figure(x, "discontinued")
        if had is not None and stopped is not None:
            known.add(had - stopped)
    if said[0] in known:
        return right(s)
    own = figure(s, "patients")
    if own is not None and (claim.bound == "of" or s.topic == "warnings.serious"):
        return wrong(faults.WRONG_FREQUENCY, s, f"{printed(own)} patients")
    return UNKNOWN


def _share(said: tuple[float, float], label: Label, s: Statement) -> Verdict:
    """Judge "24 of 146": the label's count out of the same number of people."""
    for x in label.about("warnings"):
        for arm in ("drug", "placebo"):
            count, n = figure(x, f"{arm}_count"), figure(x, f"{arm}_n")
            if count is not None and n == said[1]:
                if count == said[0]:
                    return right(x)
                return wrong(faults.WRONG_FREQUENCY, x, f"{printed(count)} of {printed(said[1])}")
    return right(s) if said[0] == figure(s, "patients") else UNKNOWN


def _percent(statement: Statement, arm: str) -> float | None:
    """Return the percentage of an arm, counted where the label prints counts."""
    value = figure(statement, f"{arm}_percent")
    if value is not None:
        return value
    count, n = figure(statement, f"{arm}_count"), figure(statement, f"{arm}_n")
    return None if count is None or n is None else 100 * count / n


def _event_percent(claim: Claim, label: Label, s: Statement) -> Verdict:
    """Judge how common a serious event is said to be."""
    said = numbers(claim, "%")
    if said is None:
        return UNKNOWN
    own = _percent(s, "drug")
    rows = [s] if own is not None else _rows_with_percent(label, claim.about)
    for x in rows:
        for arm in ("drug", "placebo"):
            value = _percent(x, arm)
            if value is not None and abs(said[0] - value) <= _ROUNDED:
                return right(x)
    if own is not None:
        return wrong(faults.WRONG_FREQUENCY, s, f"{own:.0f} %")
    patients = figure(s, "patients")
    if not rows and patients is not None and said[0] == patients:
        count = printed(patients)
        return wrong(faults.COUNT_AS_PERCENT, s, f"{count} patients, not {count} %")
    return UNKNOWN


def _rows_with_percent(label: Label, reaction: str) -> list[Statement]:
    rows = [
        *label.about("warnings"),
        *(s for s in label.about("adverse_reactions") if s.values.get("reaction") == reaction),
    ]
    return [s for s in rows if _percent(s, "drug") is not None]


def _standing(claim: Claim, s: Statement) -> Verdict:
    """Judge a serious reaction that is called mild, harmless, rare or common."""
    if claim.value == "only mild":
        return wrong(faults.SERIOUS_MILD, s)
    frequency = str(s.values.get("frequency", ""))
    if frequency and claim.value == frequency.removesuffix(" (derived)"):
        return UNKNOWN if "derived" in frequency else right(s)
    if s.topic != "warnings.serious" or (frequency and claim.value == "common"):
        return UNKNOWN
    if claim.value == "harmless":
        return wrong(faults.SERIOUS_HARMLESS, s)
    return wrong(faults.SERIOUS_RARE if claim.value == "rare" else faults.SERIOUS_COMMON, s)


# ---- adverse reactions, tests


def unlisted(claim: Claim, label: Label) -> Verdict:
    """Judge a reaction that is in no list of the label's: it may still mention it."""
    s = _mentions(label, re.escape(claim.about[:7]))
    return right(s) if s else wrong(faults.REACTION_NOT_NAMED, None, "not in the label")


def reaction(claim: Claim, label: Label) -> Verdict:
    """Judge how common a reaction is, by its percentage or by the band it stands in."""
    rows = [s for s in label.about("adverse_reactions") if s.values.get("reaction") == claim.about]
    if rows and _leaves_fluid_out(claim):
        return wrong(faults.REACTION_WITHOUT_FLUID, rows[0], claim.about)
    known = figures(rows, "drug_percent")
    if claim.name == "named" or not known:
        return UNKNOWN
    if claim.name == "band" and isinstance(claim.value, tuple):
        lo, hi = claim.value
        for value, s in known:
            if lo <= value <= hi:
                return right(s)
        value, s = known[0]
        return wrong(faults.WRONG_BAND, s, f"{printed(value)} %")
    said = numbers(claim, "%")
    own = figures((s for _, s in known), claim.name)
    if said is None or not own:
        return UNKNOWN
    for value, s in own:
        if said[0] - _ROUNDED <= value <= said[1] + _ROUNDED:
            return right(s)
    value, s = own[0]
    arm = "on placebo" if claim.name == "placebo_percent" else "on the medicine"
    return wrong(faults.WRONG_REACTION_PERCENT, s, f"{claim.about}: {printed(value)} % {arm}")


_FLUID = re.compile(r"csf|spinal|fluid|liquor|lcr|pleocyt", re.I)


def _leaves_fluid_out(claim: Claim) -> bool:
    """Tell whether a list gives a finding in spinal fluid without the fluid."""
    if not claim.about.startswith("CSF ") or len(claim.quote) > 60:
        return False
    return not _FLUID.search(claim.quote)


def tests(claim: Claim, label: Label) -> Verdict:
    """Judge whether tests are needed."""
    required = [s for s in label.about("monitoring") if s.values.get("rule") == "required"]
    if claim.value != "not required":
        return right(required[0]) if required else UNKNOWN
    if required:
        return wrong(faults.NO_TESTS, required[0])
    optional = next(
        (s for s in label.about("monitoring") if s.values.get("rule") == "optional"), None
    )
    not_needed = optional or first(label, "warnings.class_effect")
    return right(not_needed) if not_needed else UNKNOWN
