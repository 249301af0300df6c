"""Contraindications, cautions, blood tests, and doses that are changed for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thecal.label.reading.claim import Claim
from thecal.label.reading.line import Line

_CONTRA = re.compile(
    r"contra-?\s?indicat\w*|contraindicaci\w+|gegenanzeig\w+|controindicazion\w+|"
    r"contre-indicat\w+|禁忌"
)
_NONE = re.compile(
    r"\b(?:none|no contra-?indications?|no known contra-?indications?|there are no contra|"
    r"nil|ninguna|keine|nessuna|aucune|does not (?:list|name|have) any contra|"
    r"no absolute contra|lists no contra|without contra)\b"
)
_BAD_FOR: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "hypersensitivity": (
            r"hypersensitiv\w*|allerg\w*|überempfindlich\w*|hipersensib\w*|ipersensib\w*|"
            r"hypersensib\w*|anaphyla\w*"
        ),
        "pregnancy": r"pregnan\w*|schwanger\w*|embaraz\w*|breast-?feed\w*|lactat\w*|nursing",
        "bleeding": (
            r"bleed\w*|anti-?coagul\w*|blood[- ]thinn\w*|coagul\w*|warfarin|thrombocytop\w*|"
            r"platelet\w*|haemorrhag\w*|hemorrhag\w*|clotting"
        ),
        "infection": r"infect\w*|sepsis",
        "liver": r"liver|hepat\w*|cirrhosis",
        "kidney": r"kidney|renal\w*|dialysis",
        "heart": r"heart|cardiac|arrhythm\w*|qt\b",
        "seizures": r"seizure\w*|epilep\w*",
        "raised pressure": r"intracranial|hydrocephal\w*|shunt",
        "age": r"elderly|over 65|older than|children|under 18",
        "spine": r"scoliosis|spinal (?:fusion|surgery|deformit\w*|hardware)",
        "ventilation": r"ventilat\w*",
        "diabetes": r"diabet\w*",
        "vaccines": r"vaccin\w*",
        "alcohol": r"alcohol",
        "grapefruit": r"grapefruit",
        "painkillers": r"nsaids?\b|ibuprofen|aspirin",
    }.items()
)
# What a person has or takes: a caution, not a contraindication.
_HABITS = ("bleeding", "vaccines", "alcohol", "grapefruit", "painkillers")
_AVOIDED_IN = (
    "liver",
    "kidney",
    "heart",
    "seizures",
    "raised pressure",
    "ventilation",
    "diabetes",
    "spine",
    "hypersensitivity",
)
# Areas in which "None." alone answers what is contraindicated.
_NONE_IN = ("", "contraindications", "adverse_reactions", "warnings", "mechanism")
_AVOID = re.compile(
    r"(?:must|should|may) not be (?:taken|used|given|combined|mixed) (?:together )?with|"
    r"should not (?:receive|be (?:given|used|treated|taken)|get|have|take|use|start)|"
    r"must not (?:receive|be (?:given|used|treated)|get|have|take|use)|"
    r"do not (?:use|give|take|receive|start)|not recommended|should be avoided|"
    r"avoid(?:ed)? (?:in|during|use|if|for)|not (?:be )?(?:suitable|appropriate|safe) (?:for|in)|"
    r"cannot (?:receive|have|be given|take)|nicht angewendet|prohibited in|off limits"
)
_RARE_OR_BOX = re.compile(r"\brare|box")
_ABOUT_REACTIONS = re.compile(
    r"^\W*(?:warnings?|precautions?|boxed)\b|\breactions?\b(?! to)|toxicity|frequent|most common|"
    r"\breported\b"
)
_NO_CONTRA = re.compile(r"(?:not|no) (?:\w+ ){0,3}contra")
_OTHER_CONTRA = re.compile(
    r"lumbar puncture (?:is|may be|was|itself)|(?:is|are) not contra|"
    r"if (?:any|you have any) contra|check for contra|relative contra\w+ to (?:lumbar|the)|"
    r"contraindications? (?:to|for) (?:a |the )?(?:lumbar|lp|sedation|imaging)"
)
_CAUTION = re.compile(r"caution|not recommended|avoid")
_NO_ALLERGY = re.compile(r"no (?:known )?(?:hyper|allerg)")
_ASK_OR_WATCH = re.compile(r"\b(?:ask|tell|talk|report|monitor|consider|caution|risk)\b")


def read_contra(line: Line) -> Iterator[Claim]:
    """Read for whom the medicine is contraindicated, or that there is no such person.

    Not read: contraindications of the lumbar puncture or of another medicine, and a list of
    reactions. Pregnancy is read by `people.read_pregnancy` too.
    """
    text, area = line.text, line.context.area
    m = _CONTRA.search(text)
    headed = area == "contraindications" or bool(_CONTRA.search(line.context.lead))
    none = _NONE.search(text)
    if none and (m or headed) and len(text) < 160:
        yield line.claim("contraindications", "for", "none", none)
        return
    if none and text.strip(" .*-•") == "none" and area in (*_NONE_IN, "interactions"):
        if area != "interactions" and not _RARE_OR_BOX.search(line.context.lead):
            yield line.claim("contraindications", "for", "none", none)
        return
    avoid = _AVOID.search(text)
    if line.kind == "heading" or not (m or headed or avoid):
        return
    if line.is_other and not line.names_medicine:
        return
    if not m and (line.is_other or _ABOUT_REACTIONS.search(text)):
        return
    if m and not avoid and (line.denies(m) or _NO_CONTRA.search(text)):
        return
    if _OTHER_CONTRA.search(text):
        return
    for name, pattern in _BAD_FOR:
        if found := pattern.search(text):
            yield from _bad_for(line, name, found, named=bool(m), headed=headed, avoid=bool(avoid))


def _bad_for(
    line: Line, name: str, found: re.Match[str], *, named: bool, headed: bool, avoid: bool
) -> Iterator[Claim]:
    """Read one thing that a person may have.

    named   the sentence says "contraindicated"
    headed  its heading does
    avoid   it says "must not", "avoid"
    """
    text = line.text
    if name == "pregnancy" and not (named or (headed and len(text) < 60)):
        return
    if name == "age" and not (named or headed):
        return
    only_cautious = not named and _CAUTION.search(text)
    if (named or headed) and not only_cautious and not _NO_ALLERGY.search(text):
        asks = not named and not avoid and _ASK_OR_WATCH.search(text)
        if not asks or name == "hypersensitivity":
            yield line.claim("contraindications", "for", name, found)
    elif avoid and name in _HABITS:
        yield line.claim("interactions", "caution", name, found)
    elif avoid and name in _AVOIDED_IN:
        yield line.claim("contraindications", "for", name, found)


_BLEEDING = re.compile(
    r"bleeding (?:disorder|risk|problem|tendenc|complication)\w*|risk of bleeding|"
    r"anti-?coagula\w*|blood[- ]thinn\w*|platelet counts?|thrombocytop\w*"
)


def read_cautions(line: Line) -> Iterator[Claim]:
    """Read that care is taken where a person bleeds easily; what is to be avoided is `_bad_for`."""
    text = line.text
    if (line.context.area == "contraindications" and "caution" not in text) or _AVOID.search(text):
        return
    bleeding = _BLEEDING.search(text)
    if bleeding and not line.denies(bleeding):
        yield line.claim("interactions", "caution", "bleeding", bleeding, hedged=True)


_ADJUST = re.compile(
    r"(?:halv\w+|half (?:the|of the) dose|reduc\w+ (?:the )?dos\w+|lower (?:the )?dos\w+|"
    r"dos\w+ (?:should|must|may|can|is|are|to) (?:be )?(?:halved|reduced|lowered|increased|"
    r"doubled|adjusted)|increase (?:the )?dos\w+|"
    r"dos\w+ (?:reduction|adjustment)s? (?:of|by|to|is|are)|by half|half-dose|\d+ ?mg/kg|per kg|"
    r"per kilogram|weight-based|dosed? by weight|body weight dos\w+)"
)
_UNCHANGED = re.compile(r"\b(?:no|not|nor|never|without|unlikely|isn't|need(?:n't| not))\b")


def read_adjusted(line: Line) -> Iterator[Claim]:
    """Read a dose that is to be changed for a person: for kidneys, liver, age, weight."""
    m = _ADJUST.search(line.text)
    if not m or line.is_aside or line.context.aside == "animals":
        return
    if not _UNCHANGED.search(line.text):
        yield line.claim("dosing.amount", "fixed", "changed", m)


_TESTS = re.compile(
    r"\blabs?\b|urine tests?|tests? (?:of|before|for)|\bbloods\b|platelet (?:count|test)\w*|"
    r"platelets|coagulation|prothrombin|\baptt\b|\bpt\b/|urine protein|protein in (?:the )?urine|"
    r"urine test\w*|blood and urine|blood tests?|laborator\w+|lab tests?|thrombozyten|"
    r"eiwei. im urin|proteinuria|plaquetas"
)
_NO_TESTS = re.compile(
    r"(?:baseline only|at baseline only|no|not|none|enough|unnecessary|stop|skip|without|need not|"
    r"never|only (?:once|if|when|before the first)|once\b|yearly|annual\w*|every year|"
    r"(?:a|per) year|wenn es klinisch|if (?:clinically|your doctor)|when clinically|sees a reason)"
)
_NO_ANSWER = re.compile(r"no\b[,. ]")
_TEST_ASKED = re.compile(
    r"test\w*|check\w*|measur\w*|monitor\w*|baseline|before|prior|each|every|perform\w*|obtain\w*|"
    r"bestimm\w*|needed|required|repeat\w*|see|done|taken"
)
_EACH_TIME = re.compile(
    r"(?:before|prior to|at|with) (?:each|every)|each (?:dose|visit|injection)|"
    r"every (?:dose|visit|injection)"
)
_TEST_NOT_ASKED = re.compile(
    r"(?:no|not|none) (?:\w+ ){0,4}(?:test|need|requir|necess|check|want)|are enough|is enough|"
    r"unnecessary|baseline only|only at baseline|no need to repeat|not (?:be )?repeated|need not|"
    r"once\b|yearly|annual|(?:once|one time) (?:a|per) year|if clinically|klinisch angezeigt|"
    r"when clinically|sees a reason|every year|only before"
)


def read_monitoring(line: Line) -> Iterator[Claim]:
    """Read whether blood and urine tests are asked for; "No." to a question about them counts."""
    text, lead = line.text, line.context.lead
    m = _TESTS.search(text)
    if not m:
        if _NO_ANSWER.match(text) and lead.rstrip().endswith("?") and _TESTS.search(lead):
            yield line.claim("monitoring", "rule", "not required", (0, 2))
        return
    if line.is_aside:
        return
    if not _TEST_ASKED.search(text) and line.context.area != "monitoring" and line.kind != "item":
        return
    left = _NO_TESTS.search(text) and not _EACH_TIME.search(text) and _TEST_NOT_ASKED.search(text)
    yield line.claim("monitoring", "rule", "not required" if left else "asked for", m)
