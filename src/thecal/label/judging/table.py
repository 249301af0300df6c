"""Which judge a topic has: the one table from topic to rule.

A topic without a judge of its own goes to that of its area, and one without either is not judged.
The judges stand in `dosing`, `handling`, `people` and `medicine`; how grave
a fault is, in `faults`.
"""

from __future__ import annotations

from thecal.label.claims import Claim
from thecal.label.judging import dosing, handling, medicine, people
from thecal.label.judging.verdict import UNKNOWN, Judge, Verdict
from thecal.label.label import Label

JUDGES: dict[str, Judge] = {
    "dosing.amount": dosing.amount,
    "dosing.route": dosing.route,
    "dosing.loading": dosing.phase,
    "dosing.maintenance": dosing.phase,
    "identity.strength": dosing.strength,
    "missed_dose": dosing.missed,
    "administration": handling.rule,
    "administration.csf_removed": handling.fluid_removed,
    "administration.bolus": handling.injection,
    "administration.in_syringe": handling.in_syringe,
    "administration.rest_after": handling.left_open,
    "administration.who": handling.by_whom,
    "preparation": handling.rule,
    "preparation.warm_up": handling.warming,
    "storage": handling.rule,
    "storage.refrigerated": handling.refrigerated,
    "storage.carton_unrefrigerated": handling.outside,
    "storage.out_of_carton": handling.outside,
    "indication": people.indication,
    "populations.children": people.children,
    "populations.pregnancy": people.pregnancy,
    "contraindications": people.contraindication,
    "interactions": people.caution,
    "warnings.caution": people.caution,
    "warnings.serious": people.serious,
    "warnings.unlisted": people.unlisted,
    "adverse_reactions": people.reaction,
    "monitoring": people.tests,
    "pharmacokinetics.csf_half_life": medicine.half_life,
    "pharmacokinetics.plasma_half_life": medicine.half_life,
    "pharmacokinetics.plasma_tmax": medicine.peak_time,
    "pharmacokinetics.metabolism": medicine.pathway,
    "mechanism": medicine.mechanism,
    "mechanism.target": medicine.variant,
    "identity.class": medicine.drug_class,
    "identity.approval": medicine.approval,
    "identity.brand": medicine.brand,
    "clinical_results.benefit": medicine.benefit,
    "pharmacodynamics": medicine.trial_percent,
    "immunogenicity": medicine.antibodies,
    "maker": medicine.maker,
}


def judge(claim: Claim, label: Label) -> Verdict:
    """Ask a label about a claim."""
    topic = claim.topic
    while topic not in JUDGES and "." in topic:
        topic = topic.rpartition(".")[0]
    return JUDGES[topic](claim, label) if topic in JUDGES else UNKNOWN
