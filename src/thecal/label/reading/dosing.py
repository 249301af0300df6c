"""Doses: how much, in which volume and strength, and by which route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from thecal.label.quantity import Quantity
from thecal.label.reading.claim import Claim
from thecal.label.reading.csf import is_csf_out
from thecal.label.reading.grammar import CSF, EXCIPIENT, REMOVE
from thecal.label.reading.line import Line

_TRIAL = re.compile(
    r"\b(?:cohorts?|ascending|dose-ranging|dose levels?|phase (?:1|i|2|ii)\b|part (?:a|b)\b|"
    r"lower doses|dose[- ]finding|escalat\w*|settled on|first-in-human)"
)
_BILLING = re.compile(r"hcpcs|\bunits?\b ?=|= ?1 unit|billing|per unit|\bj\d{4}\b")
_PER_ML_BEFORE = re.compile(
    r"\b(?:each|one|1|every|per|un|ein|une|jeder|cada|fiecare|ogni) ?(?:ml|"
    r"millilit\w+) (?:\w+ ){0,3}$"
)
_SALT_BEFORE = re.compile(r"(?:chloride|phosphate|sodium|potassium|calcium|magnesium)\s?[:(]?\s?$")
_NOT_A_DOSE_AFTER = re.compile(r"\s?(?:of )?(?:protein|glucose|/dl|/ ?g\b)")
_PER_ML_AFTER = re.compile(r"\s?(?:per|in each|in one|in 1|in every|je|por) ?(?:ml|millilit)")
_EACH_ML_BEFORE = re.compile(r"each (?:ml|millilit\w+)[^.]{0,30}$")
_TWICE_THE_DOSE = re.compile(r"doubl|two doses|both doses|catch up|at once|together")
_VESSEL_OR_FLUSH = re.compile(r"(?:type i|glass|size|capacity|syringe|flush\w*|saline|wash)")
_EACH_BEFORE = re.compile(r"\b(?:each|one|every|per|1)\s?$|^1")
_HOLDS = re.compile(r"\s?(?:holds|contains|has|of solution)")
_MG_PER_BEFORE = re.compile(r"mg (?:in|per|/|je|por) ?$")
_HOLDS_ANY = re.compile(r"\s?(?:holds?|contains?|has\b|of solution|are\b|enthält|contiene|conține)")
_RATE_AFTER = re.compile(r"\s?(?:/|per) ?(?:h|min|day)")


def read_dose(line: Line) -> Iterator[Claim]:
    """Read amounts, volumes and strengths.

    Not read: another medicine, animals, billing codes, and the dose levels of a trial.
    """
    text = line.text
    if line.is_aside or line.context.aside == "animals" or _BILLING.search(text):
        return
    trial = bool(_TRIAL.search(text))
    for q in line.quantities:
        if q.unit in ("mg/mL", "g/mL"):
            if not line.has(*EXCIPIENT):
                yield line.measure("identity.strength", "strength_mg_per_mL", q)
        elif q.unit in ("mg", "mcg", "g"):
            yield from _amount(line, q, trial)
        elif q.unit in ("mL", "l"):
            yield from _volume(line, q, trial)


def _amount(line: Line, q: Quantity, trial: bool) -> Iterator[Claim]:
    """Read a mass: a strength told as "100 mg in each 15 mL", an excipient, or a dose."""
    text = line.text
    before, after = text[: q.start], text[q.end :]
    if q.unit == "mg" and any(word in after[:24] for word in EXCIPIENT):
        yield line.measure("identity.excipient", "amount_mg", q)
    elif _PER_ML_BEFORE.search(before):
        yield line.measure("identity.strength", "strength_mg_per_mL", replace(q, unit="mg/mL"))
    elif q.unit == "g" and (q.hi > 5 or any(word in text for word in EXCIPIENT)):
        return  # a box, a salt
    elif trial or _SALT_BEFORE.search(before) or _NOT_A_DOSE_AFTER.match(after):
        return
    elif _PER_ML_AFTER.match(after[:16]) or _EACH_ML_BEFORE.search(before):
        yield line.measure("identity.strength", "strength_mg_per_mL", replace(q, unit="mg/mL"))
    elif line.missed and _TWICE_THE_DOSE.search(text):
        yield line.measure("missed_dose.maintenance", "amount_mg", q)
    else:
        yield line.measure("dosing.amount", "amount_mg", q, phase=line.phase(q))


def _volume(line: Line, q: Quantity, trial: bool) -> Iterator[Claim]:
    """Read a volume: CSF that is taken out, or the volume of a dose.

    Not read: the size of a vial or a syringe, a flush, a rate, "each 1 mL holds 6.7 mg".
    """
    text = line.text
    before, after = text[max(0, q.start - 70) : q.start], text[q.end : q.end + 70]
    if _VESSEL_OR_FLUSH.search(text[max(0, q.start - 14) : q.end + 14]):
        return
    if q.lo == 1 and (_MG_PER_BEFORE.search(before) or _HOLDS_ANY.match(after)):
        return
    if q.lo == 1 and _EACH_BEFORE.search(text[: q.end][-8:]) and _HOLDS.match(after):
        return
    if CSF.search(text) and REMOVE.search(text) and is_csf_out(text, q, before, after):
        yield line.measure("administration.csf_removed", "volume_mL", q)
    elif not trial and not _RATE_AFTER.match(after[:8]):
        yield line.measure("dosing.amount", "volume_mL", q, phase=line.phase(q))


_ROUTES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "intrathecal": (
            r"intra-?\s?thecal\w*|intrathek\w+|intratec\w+|intratekal\w*|intrathécal\w*|"
            r"lumbar (?:puncture|punction|injection|tap)|lumbalpunktion|spinal tap|punción lumbar|"
            r"puntura lombare|rachicentesi|ponction lombaire|puncți\w+ lombar\w+|髄腔内|"
            r"(?:in|into|to) (?:the |your |their |his |her )?(?:cerebrospinal fluid|csf|"
            r"spinal (?:fluid|canal|space)|(?:sub)?arachnoid space|spinal (?:liquid|water)|"
            r"fluid (?:around|surround\w+|that surrounds|in|of) )|intraspinal\w*|\blp\b(?! shunt)|"
            r"(?:spinal|lumbar) needle|\bthecal (?:sac|space)|intervertebral|"
            r"between (?:two |the )?vertebrae|lumbar (?:space|level)"
        ),
        "spine": (
            r"(?:in|into) (?:the |your |their )?(?:spine|spinal column|spinal cord|back)\b|"
            r"spinal injection"
        ),
        "intravenous": (
            r"intra-?venous\w*|\biv\b|\bi\.v\.|"
            r"(?:in|into|through) (?:a |the |your )?(?:peripheral |arm )?veins?|"
            r"\bdrip\b(?! (?:out|off))|endoven\w+|intraven\w+|\bvein\b"
        ),
        "subcutaneous": (
            r"sub-?cutaneous\w*|\bsc\b|\bs\.c\.|\bsubq\b|\bsq\b|"
            r"(?:under|beneath|below) (?:the |your )?(?:\w+ )?skin|subkutan\w*|subcut[áa]ne\w*|"
            r"sottocutan\w+|sous-cutan\w+"
        ),
        "intramuscular": (
            r"intra-?muscular\w*|\bi\.m\.|"
            r"(?:in|into|to) (?:a |the |your |his |her |their )?(?:\w+ )?(?:muscle|thighs?|"
            r"upper arm|arm|deltoid|buttocks?|hips?|leg|calf|shoulder)\b(?! (?:or|and|weak|pain))|"
            r"\b(?:thigh|upper arm|buttock|belly|deltoid)\b[^.;]{0,24}(?:can|may|is|"
            r"are) (?:also )?(?:be )?(?:used|chosen|fine|possible|an option|ok)|intramuskul\w+|"
            r"muslo|oberschenkel"
        ),
        "abdominal": r"(?:in|into) (?:the |your )?(?:abdomen|belly|stomach|abdominal)\w*",
        "oral": (
            r"\boral(?:ly)?\b|by mouth|\btablets?\b|\bcapsules?\b|"
            r"swallow (?:it|the|this|them|whole|one)|swallowed (?:with|whole|after|before)|\bpo\b|"
            r"\bp\.o\.|\bpills?\b|vía oral|per os"
        ),
        "epidural": r"\bepidural\w*|peridural\w*|extradural\w*",
        "intraventricular": (
            r"intra-?(?:cerebro)?-?ventricular\w*|into the (?:brain|ventricle)\w*|ommaya"
        ),
        "inhaled": r"\binhal\w+|nebuli[sz]\w+",
        "nasal": r"intranasal\w*|nasal spray",
        "topical": r"transdermal\w*|topical\w*|skin patch|\bpatch(?:es)?\b",
        "intradermal": r"intradermal\w*",
    }.items()
)
_GIVES = re.compile(
    r"\b(?:giv\w+|gave|administ\w+|inject\w*|infus\w*|deliver\w*|dos(?:e|es|ed|ing)|route|shots?|"
    r"tak(?:e|en|ing)|use\b|used|form|available|jab\w*|verabreich\w*|gegeben|injiz\w*|"
    r"administra\w*|inyec\w*|inietta\w*|swallow\w*|drip|have it|goes in|push\w*|placed|insert\w*|"
    r"put|needle goes|goes)\b"
)
_ROUTE_ASIDE = re.compile(
    r"h(?:a)?ematoma|abscess|blood patch|contracepti|fluids?\b(?! (?:around|surround))|hydrat|"
    r"sedati|an(?:a)?esth|catheter|line\b|access\b|bronch|feeding|diet|hygiene|thrush|swallowing|"
    r"medicines? you|other (?:medicines|drugs)|supplement|vitamin|blood draw|blood test"
)
_FLUID_BEFORE = re.compile(r"(?:fluid|csf|liquid|needle)[^.;]{0,60}$")
_SYMPTOM_BEFORE = re.compile(
    r"(?:pain|ache|weakness|numb\w*|tingl\w*|stiff\w*|feeling|swell\w*|rash|lying|lie|"
    r"hours?) [^.;]{0,24}$"
)
_ROUTE_COMPARED = re.compile(
    r"(?:bypass|instead of|rather than|compared|unlike|versus|vs|whereas|other)"
)
_CROSSES = re.compile(
    r"(?:need(?:s|ed)? to|must|has to|able to|can|will|"
    r"to) cross(?:es)? the blood[- ]brain barrier|crosses the blood[- ]brain barrier"
)
_NOT_CROSSING = re.compile(r"cannot|can't|not|poorly|bypass|unable")


def read_route(line: Line) -> Iterator[Claim]:
    """Read how the medicine is given, and that it is said to cross the blood-brain barrier.

    Of "intrathecal" one mention is enough; every other route is told each time.
    """
    text = line.text
    if line.in_animals or line.context.aside == "animals":
        return
    inside = False
    for name, pattern in _ROUTES:
        for m in pattern.finditer(text):
            if name == "intrathecal":
                inside = True
                told = not line.denies(m) and _is_intrathecal(line, m)
            elif name == "spine":
                told = not inside and _is_into_spine(line, m)
            else:
                told = _is_given(line, name, m)
            if told:
                yield line.claim("dosing.route", "route", name, m, phase=line.phase(m))
            if name == "intrathecal":
                break
    cross = _CROSSES.search(text)
    if cross and not line.denies(cross):
        if not _NOT_CROSSING.search(text[max(0, cross.start() - 40) : cross.end()]):
            yield line.claim("dosing.route", "reason", "crosses the barrier", cross)


def _is_intrathecal(line: Line, m: re.Match[str]) -> bool:
    """Tell whether it is this medicine that goes there, not a thing that is found there."""
    if line.is_other and not line.names_medicine:
        return False
    return not m[0].startswith("in ") or _GIVES.search(line.text) is not None


def _is_into_spine(line: Line, m: re.Match[str]) -> bool:
    """Tell whether something is given "into the spine", not a pain or a needle there."""
    return (
        _GIVES.search(line.text) is not None
        and not line.has("pain", "ache", "weak")
        and not _FLUID_BEFORE.search(line.text[: m.start()])
    )


def _is_given(line: Line, name: str, m: re.Match[str]) -> bool:
    """Tell whether the medicine is given by another route than intrathecally.

    Not a symptom in that part of the body, nor what else is given there: fluids, a sedative.
    """
    text = line.text
    if line.is_other or line.denies(m) or not _GIVES.search(text) or _ROUTE_ASIDE.search(text):
        return False
    if _SYMPTOM_BEFORE.search(text[: m.start()]):
        return False
    return not (name in ("intravenous", "oral") and _ROUTE_COMPARED.search(text))
