"""What the medicine does: its class, its mechanism, the benefit that is claimed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from thecal.label.reading.claim import Claim
from thecal.label.reading.line import Line

_LOWERS = re.compile(
    r"\b(?:reduc\w+|lower\w*|decreas\w+|degrad\w+|suppress\w*|silenc\w*|cut(?:s|ting)?|less|"
    r"knock\w*|breaks? down|destr\w+|block\w*|inhibit\w*|limit\w*|prevent\w*|fewer|senkt|reduz\w+|"
    r"verringert|disminu\w+|reduce\w*)\b"
)
_RAISES = re.compile(
    r"\b(?:heighten\w*|elevat\w+|amplif\w+|ramp\w*|increas\w+|rais(?:e|es|ing)|boost\w*|restor\w+|"
    r"enhanc\w+|more|promot\w+|replac\w+|stimulat\w*|augment\w*|higher|erhöht|aument\w+|inclusion|"
    r"full-length|functional)\b"
)
_WRONG_CLASS = re.compile(
    r"gene[- ](?:replacement )?therap\w+|gene[- ]edit\w+|crispr|monoclonal antibod\w+|"
    r"small[- ]molecule\w*|enzyme replacement|stem[- ]cell\w*|viral vector\w*|\bvaccine|"
    r"corticosteroid|\bsirna\b|protease inhibitor|glutamate (?:blocker|antagonist)|"
    r"immunosuppress\w+|kinase inhibitor|antioxidant|cell therapy|peptide\b"
)
_CLASS_OF_ELSE = re.compile(
    r"unlike|trial|future|other|also being|research|different from|differs|prime editing|previous|"
    r"prior|after|received"
)
_IT_OR_CLASS = re.compile(r"\b(?:it|this (?:drug|medicine)|the (?:drug|medicine)|class|type)\b")
_IS_A = re.compile(r"\b(?:is|are|a|an|the|class|type|category|works as|called)\b")
_CLASS_VAGUE = re.compile(
    r"(?:drug class|class(?:ification)?|pharmacologic class)\s?:?[^.;]{0,16}(?:agents? that|misc\b|"
    r"miscellaneous|various|central nerv|other|uncategori)"
)
_DISEASE_CAUSED = re.compile(
    r"mutations? (?:\w+ ){0,4}(?:cause|lead|result|produc|make)|people with|caused by"
)
_ACTS = re.compile(r"\b(?:works?|acts?|designed|reduc\w+|lower\w*|binds?|target\w*|inhibit\w*)\b")
_THE_DRUG = re.compile(
    r"\b(?:it|drug|medicine|medication|works?|treatment|therapy|acts?|binds?|aso|antisense|"
    r"oligonucleotide|mechanism|action|once administered)\b"
)
_CHANGES_GENE = re.compile(
    r"(?:repair\w*|correct\w*|edit\w*|replac\w+|fix\w*|remov\w+) (?:\w+ ){0,4}gene\b"
)
_MUTANT = re.compile(r"\b(?:mutant|mutated|faulty|toxic|defective|abnormal|misfolded)\b")
_LESS_OF = re.compile(
    r"reduc\w+|lower\w*|bind\w*|target\w*|decreas\w*|degrad\w*|amount|remov\w*|made\b|block\w*|"
    r"silenc\w*"
)
_BOTH_FORMS = re.compile(r"wild-?type|normal|both|healthy")
_ONLY = re.compile(
    r"\b(?:only|solely|exclusively|selectively|specifically|leaves? the (?:normal|healthy)|"
    r"spares?)\b"
)
_SPARES_NORMAL = re.compile(
    r"(?:spares?|leav\w+|without (?:touching|affecting)|does not affect)[^.;]{0,24}(?:normal|"
    r"wild-?type|healthy)"
)
_NORMAL = re.compile(r"normal|wild-?type|healthy")


@lru_cache(maxsize=64)
def _mutant_of(gene: str) -> re.Pattern[str]:
    return re.compile(
        r"(?:mutant|mutated|faulty|toxic|defective|abnormal|misfolded)[^.;]{0,16}"
        rf"(?:{re.escape(gene)}|protein|mrna|gene)"
    )


def read_mechanism(line: Line) -> Iterator[Claim]:
    """Read the class, what becomes of the protein, and whether only its mutant form is meant.

    Not read: how the disease comes about, animals.
    """
    yield from _class(line)
    text, gene = line.text, line.lexicon.gene
    at = next(
        (text.find(name) for name in (line.lexicon.protein, gene) if name and name in text), -1
    )
    if at < 0 or line.in_animals or (_DISEASE_CAUSED.search(text) and not _ACTS.search(text)):
        return
    about = line.context.area in ("mechanism", "pharmacodynamics")
    if line.names_medicine or about or _THE_DRUG.search(text):
        yield from _direction(line, at)
        if gene:
            yield from _variant(line, gene)


def _class(line: Line) -> Iterator[Claim]:
    """Read the class: its own, another one, or one that says nothing."""
    text, lead, classes = line.text, line.context.lead, line.lexicon.classes
    if word := next(
        (word for word in classes if word in (text if len(word) > 3 else line.words)), ""
    ):
        at = text.index(word)
        yield line.claim("identity.class", "name", classes[0], (at, at + len(word)))
    m = _WRONG_CLASS.search(text)
    if m and not line.denies(m) and not line.is_other and not _CLASS_OF_ELSE.search(text):
        named = line.names_medicine or _IT_OR_CLASS.search(text + lead)
        if named and _IS_A.search(text[: m.start()] + lead):
            yield line.claim("identity.class", "name", m[0], m)
    if line.kind != "heading" and len(text) < 160 and _CLASS_VAGUE.search(f"{lead}: {text}"):
        if not any(word in text for word in classes):
            yield line.claim("identity.class", "name", "vague", (0, len(text)))


def _direction(line: Line, at: int) -> Iterator[Claim]:
    """Read whether the protein that stands at a place is lowered or raised."""
    low = _LOWERS.search(line.text)
    high = list(_RAISES.finditer(line.text))
    if low:
        yield line.claim("mechanism", "direction", "lowers and raises" if high else "lowers", low)
    else:
        near = next((m for m in high if abs(m.start() - at) < 60 and m[0] != "more"), None)
        if near and not line.denies(near):
            yield line.claim("mechanism", "direction", "raises", near)
    m = _CHANGES_GENE.search(line.text)
    if m and not line.denies(m):
        yield line.claim("mechanism", "acts", "changes the gene", m)


def _variant(line: Line, gene: str) -> Iterator[Claim]:
    """Read that only the mutant form is acted on; labels of both forms say otherwise."""
    text = line.text
    if _SPARES_NORMAL.search(text) and (m := _NORMAL.search(text)):
        yield line.claim("mechanism.target", "variant", "mutant only", m)
    elif _mutant_of(gene).search(text):
        m = _MUTANT.search(text)
        if m and _LESS_OF.search(text) and not _BOTH_FORMS.search(text):
            variant = "mutant only" if _ONLY.search(text) else "mutant"
            yield line.claim("mechanism.target", "variant", variant, m)


_BENEFITS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "cure": r"\bcur(?:e|es|ed|ing|ative)\b|heilt\b|heilung",
        "reverse": (
            r"\brevers(?:e|es|ed|al|ing)\b|"
            r"\b(?:get|gets|gain|regain\w*|recover\w*|got|win)\b[^.;]{0,24}(?:strength|function|"
            r"movement|lost|ability|muscle)\b|\bundo(?:es|ing)?\b"
        ),
        "halt": (
            r"\bhalt(?:s|ed|ing)?\b|\bstop(?:s|ped|ping)?\b[^.;]{0,30}(?:progress\w*|disease|"
            r"als\b|decline|degenerat\w*|worsen\w*|in its tracks|sma\b)|"
            r"arrest(?:s|ed)? (?:the )?(?:disease|progress\w*|decline)|"
            r"prevent(?:s|ed|ing)? (?:\w+ ){0,3}(?:progress\w*|paralysis|als|degenerat\w*|death)\b"
        ),
        "function": (
            r"improv\w+ (?:\w+ ){0,3}?(?:muscle|motor|physical|daily|limb|"
            r"breathing)?\s?(?:function\w*|strength|mobility|ability|movement)|"
            r"(?:better|restor\w+) (?:\w+ )?(?:function|strength|mobility)|stronger muscles|"
            r"walk again"
        ),
        "survival": (
            r"(?:increas|extend|prolong|lengthen|improv|longer|add)\w*[^.;]{0,30}(?:lifespan|"
            r"life span|life expectancy|survival|\blives?\b|life\b|years of life)|live longer|"
            r"longer li(?:fe|ves)|(?:gain|benefit|advantage) in survival|"
            r"survival (?:gain|benefit|advantage)|adds? (?:\w+ ){0,3}years|survive longer|"
            r"doubles? survival"
        ),
        "slow": (
            r"primary end ?point[^.;]{0,40}(?:was|has been|is) (?:met|reached)|"
            r"met (?:its|the) primary end ?point|"
            r"\bslow(?:s|ed|ing)?\b[^.;]{0,50}(?:progress\w*|decline\w*|disease|degenerat\w*|"
            r"worsen\w*|loss|als\b|sma\b)|"
            r"(?:delay\w*|reduc\w+|less)[^.;]{0,24}(?:progression|decline)\b|"
            r"(?:progress\w*|decline\w*|disease)[^.;]{0,30}\b(?:slow\w*|delay\w*)\b"
        ),
    }.items()
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|can|possibl\w+|potential\w*|suggest\w*|hop\w+|likely|thought|believed|"
    r"expected|aim\w*|help\w*|appear\w*|seem\w*|trend\w*|numerical\w*|would|reasonably|designed)\b"
)
_NOT_TOLD = re.compile(
    r"\b(?:are not|were not|i wish|would like|whether|if|hope\w*|aim\w*|goal|trial is|"
    r"test(?:s|ed|ing)?|investigat\w*|not (?:shown|proven|proved|known|"
    r"significan\w*|statistically|yet|reach|differ|been|establish\w*|demonstrat\w*|met)|"
    r"did not|does not|doesn't|didn't|"
    r"no (?:cure|evidence|proof|significant|difference)|failed|cannot|can't|unknown|nor\b|never|"
    r"unclear|fell short|not a cure|neither|is not|has not|have not|isn't|confirm\w*|verif\w*|"
    r"contingent|without)\b"
)
_DENIED_AFTER = re.compile(r"[^.;]{0,20}\b(?:is|are|was|were|has|have) not\b")
_STOPS_ELSE = re.compile(
    r"stop\w* (?:treatment|taking|the (?:drug|medicine)|injection)|protein|production|mrna|"
    r"myelitis|stopping"
)
_PROGRESSION = re.compile(r"progress|disease|als\b|degenerat")
_LIFE_ELSE = re.compile(r"quality of life|daily life|life-threat|half-life|life-long|lifelong")
_REVERSE_ELSE = re.compile(
    r"revers\w+ (?:transcript|the order)|recover\w* (?:from|fully|in)|strength of"
)
_SCALE = re.compile(r"alsfrs|revised|rating scale|measure|assess|score")
_SLOW_ELSE = re.compile(
    r"slow (?:vital|bolus|inject)|slowly (?:inject|over|push|giv)|slow-progress|"
    r"slower (?:group|progress\w*)|slow(?:er)? progressors|"
    r"reduc\w+ (?:in )?(?:sod1|nfl|plasma|neurofil|protein)|reduction"
)
_WITHOUT_IT = re.compile(r"natural(?:ly)?|untreated|without treatment|riluzole")
_DOSE_VARIES = re.compile(
    r"(?:dos(?:e|age|ing))\b[^.;]{0,40}(?:frequency)?[^.;]{0,30}(?:depend\w*|vary|varies|"
    r"adjust\w*|individuali[sz]\w*|tailor\w*|based on|according to)[^.;]{0,60}(?:condition|"
    r"response|weight|age|severity|need\w*|patient|tolera\w+|mg/kg)"
)
_DOSE_FIXED = re.compile(r"\bno\b|\bnot\b|regardless|same|without")
_VARIES = re.compile(
    r"depend\w*|vary|varies|adjust\w*|individuali[sz]\w*|tailor\w*|based on|according to"
)


def read_benefit(line: Line) -> Iterator[Claim]:
    """Read a benefit that is claimed, and a dose that varies from person to person.

    Not read: what is hoped, tested, unproven or seen without the medicine; another medicine.
    """
    text = line.text
    if line.is_other or line.is_question or (line.kind == "heading" and not line.names_medicine):
        return
    about = "animals" if line.in_animals or "animal" in text else ""
    hedged = bool(_HEDGE.search(text))
    untold = bool(_NOT_TOLD.search(text))
    said = False
    for name, pattern in () if _WITHOUT_IT.search(text) else _BENEFITS:
        m = pattern.search(text)
        if not m or (name == "slow" and said) or _is_else(name, m):
            continue
        if untold and (name == "slow" or _NOT_TOLD.search(text[max(0, m.start() - 60) : m.end()])):
            continue
        if _DENIED_AFTER.match(text[m.end() :]):
            continue
        said = True
        yield line.claim("clinical_results.benefit", "shown", name, m, hedged=hedged, about=about)
    if _DOSE_VARIES.search(text) and not _DOSE_FIXED.search(text) and (m := _VARIES.search(text)):
        yield line.claim("dosing.amount", "fixed", "by patient", m)


def _is_else(name: str, m: re.Match[str]) -> bool:
    """Tell whether words of a benefit mean something else: "slow bolus", "stop treatment"."""
    text, start, end = m.string, m.start(), m.end()
    match name:
        case "halt":
            stops = _STOPS_ELSE.search(m[0] + text[end : end + 10])
            return bool(stops) and not _PROGRESSION.search(m[0])
        case "survival":
            return bool(_LIFE_ELSE.search(text[start : end + 12]))
        case "reverse":
            return bool(_REVERSE_ELSE.search(text[start : end + 14]) or _SCALE.search(m[0]))
        case "function":
            return bool(_SCALE.search(m[0]))
        case "slow":
            return bool(_SLOW_ELSE.search(m[0]))
    return False
