"""What a label can speak about: the closed list of topics, and the values each carries.

A topic is ``area`` or ``area.detail``. Every label covers every area: it states something,
it is silent, or its text was not read; the loader refuses a label that leaves one out.
"""

from __future__ import annotations

AREAS: dict[str, str] = {
    "identity": "names, codes, class, composition, approval",
    "indication": "for whom",
    "contraindications": "for whom not",
    "dosing": "how much, how often",
    "missed_dose": "what to do when a dose was late or missed",
    "preparation": "from the refrigerator to the syringe",
    "administration": "the lumbar puncture and the injection",
    "storage": "temperatures, light, time out of the refrigerator",
    "warnings": "serious events, their counts and what to do",
    "adverse_reactions": "how common, in both arms",
    "monitoring": "tests the label asks for",
    "continuation": "when to go on, when to stop",
    "interactions": "other medicines",
    "populations": "pregnancy, children, age, kidneys, liver",
    "mechanism": "how it works",
    "pharmacodynamics": "what it does to SOD1, NfL, the heart",
    "pharmacokinetics": "where it goes and for how long",
    "immunogenicity": "antibodies against the drug",
    "nonclinical": "animal studies",
    "clinical_results": "what the trials found",
    "maker": "who makes it",
}

# Details that a program reads, with the values a statement about them must carry.
REQUIRED_VALUES: dict[str, tuple[str, ...]] = {
    "dosing.amount": ("amount_mg", "volume_mL", "strength_mg_per_mL"),
    "dosing.route": ("route",),
    "dosing.loading": ("doses", "interval_d"),
    "missed_dose.loading_2": ("next_interval_d",),
    "missed_dose.loading_3": ("next_interval_d",),
    "missed_dose.gap": ("from_months",),
    "administration.csf_removed": ("volume_mL",),
    "administration.bolus": ("least_min", "most_min"),
    "adverse_reactions.common": ("reaction", "drug_percent", "placebo_percent"),
    "warnings.serious": ("events", "action"),
}

# Details of which exactly one of these values says what counts. An interval is in days or in
# calendar months, never in both; a late maintenance dose moves the next one by an interval, or
# leaves it where it was; a long gap asks for further doses, or for loading anew.
ONE_OF: dict[str, tuple[str, ...]] = {
    "dosing.maintenance": ("interval_d", "interval_months"),
    "missed_dose.maintenance": ("next_interval_d", "interval_months", "anchor"),
    "missed_dose.gap": ("extra_doses", "restart"),
}

# Pairs of values of which the first is the lower one.
ORDERED: tuple[tuple[str, str], ...] = (
    ("least_min", "most_min"),
    ("least_d", "most_d"),
    ("least_C", "most_C"),
    ("lo", "hi"),
    ("difference_lo", "difference_hi"),
    ("from_months", "to_months"),
)

NUMBER, TEXT, TEXTS = "number", "text", "list of texts"

# Every value a statement may carry. Units stand in the name.
VALUES: dict[str, str] = {
    "amount_mg": NUMBER,
    "volume_mL": NUMBER,
    "strength_mg_per_mL": NUMBER,
    "route": TEXT,
    "doses": NUMBER,
    "interval_d": NUMBER,
    "days": TEXTS,
    "next_interval_d": NUMBER,
    "least_min": NUMBER,
    "most_min": NUMBER,
    "most_h": NUMBER,
    "most_h_per_day": NUMBER,
    "least_d": NUMBER,
    "most_d": NUMBER,
    "counted_from": TEXT,
    "least_C": NUMBER,
    "most_C": NUMBER,
    "temperature_C": NUMBER,
    "step": NUMBER,
    "events": TEXTS,
    "action": TEXT,
    "outcome": TEXT,
    "patients": NUMBER,
    "discontinued": NUMBER,
    "reaction": TEXT,
    "reaction_events": TEXTS,
    "drug_percent": NUMBER,
    "placebo_percent": NUMBER,
    "drug_count": NUMBER,
    "placebo_count": NUMBER,
    "drug_n": NUMBER,
    "placebo_n": NUMBER,
    "frequency": TEXT,
    "endpoint": TEXT,
    "population": TEXT,
    "week": NUMBER,
    "drug_value": NUMBER,
    "placebo_value": NUMBER,
    "difference": NUMBER,
    "difference_lo": NUMBER,
    "difference_hi": NUMBER,
    "unit": TEXT,
    "value": NUMBER,
    "lo": NUMBER,
    "hi": NUMBER,
    "n": NUMBER,
    "code": TEXT,
    "system": TEXT,
    "name": TEXT,
    "synonyms": TEXTS,  # other words for `name` or for the thing the statement is about
    # what an audit of a page compares: each from a closed set of words, see WORDS
    "rule": TEXT,
    "standing": TEXT,
    "status": TEXT,
    "give": TEXT,
    "ages": TEXT,
    "direction": TEXT,
    "pathway": TEXT,
    "shown": TEXTS,
    "gene": TEXT,
    "variant": TEXT,
    "disease": TEXTS,
    # intervals in calendar months, an original grid, and what a long gap asks for
    "interval_months": NUMBER,
    "anchor": TEXT,
    "apart_d": NUMBER,
    "from_months": NUMBER,
    "to_months": NUMBER,
    "extra_doses": NUMBER,
    "extra_interval_d": NUMBER,
    "restart": TEXT,
}

# Values that are one of a few words.
WORDS: dict[str, tuple[str, ...]] = {
    # of a step or a precaution: does the label ask for it, allow it, leave it, forbid it
    "rule": ("required", "optional", "not required", "forbidden", "none"),
    # of a use in a group of people
    "standing": ("not established", "established", "no data", "weigh benefit"),
    # of a marketing authorisation
    "status": ("full", "accelerated", "conditional", "exceptional circumstances"),
    # of a missed dose
    "give": ("as soon as possible", "skip", "double"),
    "ages": ("adults", "adults and children", "children"),
    # of the protein that the medicine acts on
    "direction": ("lowers", "raises"),
    "pathway": ("exonuclease", "CYP"),
    "variant": ("normal and mutant", "mutant"),
    # of a benefit that a trial behind the label showed; `slow` is of progression
    "shown": ("biomarker", "slow", "halt", "reverse", "cure", "function", "survival"),
    "anchor": ("last_dose", "original_grid"),
    # of a gap so long that a phase begins again from its first dose
    "restart": ("loading",),
}
