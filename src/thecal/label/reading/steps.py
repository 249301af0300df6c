"""What is done and not done with vial and person, and who injects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import VIAL
from thecal.label.reading.line import Line

# Each step, what a mention says of it that says nothing else, and how it is named.
_STEPS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (topic, plain, re.compile(pattern))
    for topic, plain, pattern in (
        (
            "administration.sedation",
            "mentioned",
            r"sedat\w+|general an(?:a)?esthe\w+|"
            r"(?:put\w*|go\w*) (?:\w+ ){0,3}?(?:to )?(?:a )?(?:deep )?sleep|asleep|sedier\w*|"
            r"sedaci\w+|sédation",
        ),
        (
            "administration.imaging",
            "mentioned",
            r"imaging|ultrasound\w*|fluoroscop\w*|x-?ray\w*|ct[- ]guid\w*|bildgebung\w*|"
            r"imagen\b|ultraschall|ecograf\w*",
        ),
        (
            "preparation.shaking",
            "required",
            r"\bsh(?:ake|aken|aking)\b|agitat\w+|schütteln|geschüttelt|agitar|agite",
        ),
        (
            "preparation.dilution",
            "required",
            r"\bdilut\w+|\bdiluer\b|verdünn\w*|diluir\w*|diluy\w*|dilué\w*|"
            r"mix(?:ed)? (?:it |the \w+ )?(?:with|into|in) (?:saline|sodium|water|dextrose|"
            r"glucose|other)|reconstitut\w+|added to (?:an? )?(?:saline|infusion|bag)",
        ),
        (
            "preparation.filter",
            "required",
            r"filter\w*",
        ),
        (
            "preparation.heat",
            "required",
            r"(?:external )?heat(?: source|ing)?s?\b|\bheated\b|microwav\w*|"
            r"(?:hot|warm) water|water bath|warming (?:pad|cabinet|device|plate|plates|oven)|"
            r"hair ?dryer|heating pad|radiator|wärmequelle\w*|fuentes? de calor|mikrowelle",
        ),
        (
            "administration.skin",
            "mentioned",
            r"(?:infect\w*|inflam\w*|broken) (?:\w+ )?(?:skin|sites?|areas?)|"
            r"(?:skin|site)[^.;]{0,20}(?:infected|inflamed|broken)",
        ),
        (
            "storage.freezing",
            "required",
            r"\bfr[eo]e?z\w*|\bfrozen\b|einfrieren|eingefroren|congel\w+|kühlfach|tiefk.hl\w*",
        ),
    )
)
_IMAGING_FOR_DIAGNOSIS = re.compile(r"mri\b|myelitis|papill|diagnos|workup|work-up|brain imaging")
_LOCAL_ONLY = re.compile(r"local|respiratory depress|sedative\w* (?:drugs|medic)")
_FREEZER = re.compile(r"freezer")
_NEAR_THE_FREEZER = re.compile(r"(?:near|next to|back of|away|behind|beside)")
_IF_FROZEN = re.compile(
    r"if (?:it )?(?:has been |was |is )?(?:frozen|freez)|discard|throw|has been frozen|"
    r"been frozen|freezing (?:damages|destroys|ruins|point)"
)
_AS_IT_IS = re.compile(r"undiluted|unverdünnt|sin diluir|ready to use|ready-to-use")
_DEEP_SLEEP = re.compile(r"to sleep|asleep|general")
_UNDILUTED = re.compile(r"undiluted|unverdünnt|sin diluir")
_TO_ROOM = re.compile(
    r"(?:allow|let|warm\w*|bring|come|reach|stand|equilibrat|erwärmen|alcance|"
    r"raggiung)[^.;]{0,70}(?:room|ambient|raumtemperatur|temperatura)[^.;]{0,14}"
)
_STORE_OR_DAYS = re.compile(r"store|days")
_INJECT_COLD = re.compile(
    r"\b(?:inject|give|administer|use)\b[^.;]{0,30}(?:\bcold\b(?! chain)|"
    r"straight from the (?:fridge|refrigerator)|directly from the (?:fridge|refrigerator))"
)
_DISCARD = re.compile(
    r"(?:discard|throw (?:away|out)|dispos\w+|verwerf\w*|desech\w*|destroy)[^.;]{0,40}"
)
_LEFT_OVER = re.compile(
    r"unused|remain\w*|rest\b|leftover|left over|vial|contents|portion|what is left|sobrante|"
    r"reste?\b|single|any"
)
_TIMED_DISCARD = re.compile(r"4 hours|four hours|within|if not used")
_REUSE = re.compile(
    r"(?:save|keep|store|reuse|re-use|retain|use)\w*[^.;]{0,30}(?:rest|remain\w+|leftover|"
    r"left over|unused|what is left|residue|surplus|excess)[^.;]{0,50}|"
    r"(?:rest|remain\w+|leftover|left over|unused|what is left|"
    r"left in the (?:vial|bottle))[^.;]{0,40}(?:may|can|should|be) (?:be )?(?:kept|saved|stored|"
    r"reused|re-used|used|returned)[^.;]{0,40}|"
    r"(?:opened|open|punctured|started) (?:vial|bottle)[^.;]{0,30}(?:may|can|should) be (?:kept|"
    r"used|stored|saved)|(?:may|can) be used again|\bre-?cap\b|"
    r"(?:vial|rest|syringe|remainder)[^.;]{0,40}(?:second|another|next|other|two) (?:patient|"
    r"child|person)\w*|share (?:a|the|one) (?:vial|syringe)|multi-?dose vial|"
    r"vial (?:can|may) be (?:shared|used (?:for|again|twice))|split (?:one|a|the) vial"
)
_NOT_REUSED = re.compile(r"discard|throw|dispose|not be|unopened|must not|do not|never|carton")
_LIGHT = re.compile(
    r"\blight\b|lichtschutz|licht\b|sunlight|de la luz|dalla luce|de la lumière|遮光|lumin"
)
_PROTECT = re.compile(
    r"protect|shield|keep|out of|away|carton|box|dark|schutz|schützen|proteger|proteg|abri|"
    r"shelter|sensitive|exposed?"
)
_OTHER_LIGHT = re.compile(r"light chain|lightheaded|lighter|flash|headlight|bright light|look")
_LIGHT_ALLOWED = re.compile(
    r"(?:need not|not need|no need|not (?:required|necessary|sensitive|affected)|"
    r"(?:is|be) (?:left|kept|stored) in (?:the )?(?:light|sun)|may be exposed|can be exposed|"
    r"not have to)"
)


def read_steps(line: Line) -> Iterator[Claim]:
    """Read whether a step is asked for, allowed, left or forbidden: the first mention of each."""
    for topic, plain, pattern in _STEPS:
        if (m := pattern.search(line.text)) and (value := _said_of(line, topic, m, plain)):
            yield line.claim(topic, "rule", value, m)
    m = _UNDILUTED.search(line.text)
    if m and "dilut" not in line.text.replace("undiluted", ""):
        yield line.claim("preparation.dilution", "rule", "forbidden", m)
    yield from _warming(line)
    yield from _discarding(line)
    yield from _light(line)


def _said_of(line: Line, topic: str, m: re.Match[str], plain: str) -> str:
    """Say what a line says of a step; "" where it speaks of something else."""
    text, area = line.text, line.context.area
    value = line.rule(m, plain)
    match topic:
        case "administration.sedation":
            if _LOCAL_ONLY.search(text):
                return ""
            if _DEEP_SLEEP.search(m[0]) and value in ("optional", "required", "mentioned"):
                return "general anaesthesia" if value == "optional" else "must sleep"
        case "administration.imaging":
            return "" if _IMAGING_FOR_DIAGNOSIS.search(text) else value
        case "preparation.shaking":  # elsewhere hands shake, not vials
            told = VIAL.search(text) or area in ("preparation", "administration", "storage")
            return value if told or value == "forbidden" else ""
        case "preparation.dilution":
            return "forbidden" if _AS_IT_IS.search(text) else value
        case "preparation.heat":
            return "" if area in ("warnings", "adverse_reactions") else value
        case "storage.freezing":
            if _FREEZER.search(m[0]) and _NEAR_THE_FREEZER.search(text):
                return "forbidden"
            if value != "forbidden" and _IF_FROZEN.search(text):
                return "forbidden"
    return value


def _warming(line: Line) -> Iterator[Claim]:
    """Read that the vial comes to room temperature, or is injected cold."""
    if m := _TO_ROOM.search(line.text):
        if not _STORE_OR_DAYS.search(m[0]):
            yield line.claim("preparation.warm_up", "rule", line.rule(m), m)
    elif (m := _INJECT_COLD.search(line.text)) and not line.denies(m):
        yield line.claim("preparation.warm_up", "rule", "not required", m)


def _discarding(line: Line) -> Iterator[Claim]:
    """Read what becomes of the rest of a vial; not that a syringe is discarded after a time."""
    text = line.text
    m = _DISCARD.search(text)
    if m and _LEFT_OVER.search(text) and not _TIMED_DISCARD.search(text):
        value = "forbidden" if line.denies((m.start(), m.start() + 1)) else "required"
        yield line.claim("administration.discard", "rule", value, m)
    m = _REUSE.search(text)
    if m and not line.denies((m.start(), m.start() + 1)) and not _NOT_REUSED.search(m[0]):
        if not line.has("discard", "csf", "interval", "missed"):
            yield line.claim("administration.discard", "rule", "forbidden", m)


def _light(line: Line) -> Iterator[Claim]:
    """Read whether the vial is kept from light."""
    text = line.text
    m = _LIGHT.search(text)
    if m and _PROTECT.search(text) and not _OTHER_LIGHT.search(text):
        value = "not required" if _LIGHT_ALLOWED.search(text) else "required"
        yield line.claim("storage.light", "rule", value, m)


_ROOM_STORE = re.compile(
    r"(?:stor(?:e|ed|age)|keep|kept)[^.;]{0,30}(?:at|in) (?:normal |"
    r"ordinary )?(?:room temperature|a (?:cupboard|drawer|cabinet)|ambient)"
)
_ON_A_SHELF = re.compile(
    r"(?:\bliv(?:e|es)|kept?|keep|stor(?:e|ed|age)|sits?|stays?|left)\b[^.;]{0,40}\b(?:cupboard|"
    r"drawer|cabinet|locker|window ?sill|counter|desk|shelf(?! of the fridge))\b"
)
_FRIDGE_OR_SHELF_LIFE = re.compile(r"refrigerat|fridge|shelf life")
_SHORT_STAY = re.compile(
    r"unrefrigerat|short|if |briefly|up to|until|within|once|syringe|without refrig|no refrig|"
    r"must be|temporar"
)


def read_store(line: Line) -> Iterator[Claim]:
    """Read that the medicine is stored at room temperature for good; a time there is no such."""
    text = line.text
    m = _ON_A_SHELF.search(text)
    if m and not line.denies(m) and not _FRIDGE_OR_SHELF_LIFE.search(text):
        yield line.claim("storage.refrigerated", "range", "room temperature", m)
        return
    timed = any(q.unit in ("d", "h", "weeks") for q in line.quantities)
    m = _ROOM_STORE.search(text)
    if m and not line.denies(m) and not timed and not _SHORT_STAY.search(text):
        yield line.claim("storage.refrigerated", "range", "room temperature", m)


_SELF = re.compile(
    r"self-?(?:inject|administ)\w*|"
    r"(?:do|give|have) (?:the |it |this |your )?(?:injection|shot|dose)?s? ?(?:by )?(?:yourself|"
    r"on your own|at home)|inject (?:it |the \w+ )?(?:yourself|at home)|"
    r"(?:you|patients?|family|families|carers?|relatives?|a nurse at home) (?:can|may|will|"
    r"learn to) (?:inject|give (?:it|the (?:injection|dose|shot)))|kitchen table"
)


def read_who(line: Line) -> Iterator[Claim]:
    """Read who gives the injection, where it is not a professional."""
    text = line.text
    m = _SELF.search(text)
    if m and not line.denies(m) and not line.is_other:
        yield line.claim("administration.who", "by", "the patient", m)
