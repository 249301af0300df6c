"""What every reader asks of a text: is it negated, what is said of it, is it an aside.

Patterns meet text in lower case, in the languages in which labels are often met. Nothing here
knows a topic.
"""

from __future__ import annotations

import re

# -- what a sentence says of a thing: asked for, allowed, left, forbidden

# A negation up to ten words before.
NOT_BEFORE = re.compile(
    r"(?:\w+n't|neither|nothing|refrain\w*|do(?:es)? not|don't|never|must not|"
    r"mustn't|should not|shouldn't|cannot|can't|can not|may not|not to be|not be|"
    r"avoid(?:ed|ing)?|without|\bno\b|\bnor\b|prohibit\w*|rather than|instead of|unlike|\bnot\b|"
    r"nicht|kein\w*|ohne|nunca|\bsin\b|non|ne pas|\bsans\b|"
    r"\bnu\b|fără|\bni\b)(?:\W+(?:\w|-)+){0,10}\W*$"
)
# A negation in the words that follow.
_NOT_AFTER = re.compile(
    r"^\W{0,4}(?:never|no|nein|nunca|forbidden)\b|"
    r"^\W*(?:\w+\W+){0,12}?(?:(?:is|are) (?:banned|outside|ruled out|out of the question|"
    r"off-label|excluded|a myth)|banned)|"
    r"^\W*(?:\w+\W+){0,3}?(?:not (?:be|permitted|allowed|recommended|advised|to be)|"
    r"(?:is|are) (?:not (?:to|allowed|permitted|recommended|needed|for|meant|used|given|an? )|"
    r"prohibited|forbidden)|prohibited|forbidden|(?:must|should) be avoided|"
    r"(?:must|should) (?:not|never)|vermeiden|evitar|nicht)\b"
)
_NO_NEED = re.compile(
    r"(?:not|isn't|aren't) (?:required|needed|necessary|essential)|unnecessary|no need|needn't|"
    r"need not|optional extra"
)
_MAY = re.compile(
    r"\b(?:consider\w*|may|might|could|can|option\w*|"
    r"if (?:needed|necessary|indicated|required|your|the|a|you|it)|"
    r"as (?:needed|indicated|required)|where|when (?:needed|indicated|clinically)|think about|"
    r"sometimes|some (?:people|patients|centers|centres)|possibly|perhaps|valorar|kann|erwägen|"
    r"puede|peut|può|in selected|case by case|depending|discretion)\b"
)
_MUST = re.compile(
    r"\b(?:must|always|every (?:patient|time|dose|procedure)|required|mandatory|routine\w*|"
    r"need(?:s|ed)? to|have to|all patients|necessary)\b"
)


def clause(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what stands before and after a place, within its clause."""
    left = max(text.rfind(c, 0, start) for c in ";:.") + 1
    rights = [at for c in ";." if (at := text.find(c, end)) >= 0]
    return text[left:start], text[end : min(rights, default=len(text))]


def denied(text: str, start: int, end: int) -> bool:
    """Tell whether what stands there is negated, within its clause."""
    before, after = clause(text, start, end)
    return _negated(before, after)


def _negated(before: str, after: str) -> bool:
    return bool(NOT_BEFORE.search(before[-70:]) or _NOT_AFTER.search(after[:60]))


def rule(text: str, start: int, end: int, plain: str = "required") -> str:
    """Say what a sentence says of a thing: "required", "optional", "not required", "forbidden".

    `plain` is the answer where it says none of these.
    """
    before, after = clause(text, start, end)
    near = before[-90:] + after[:90]
    if _NO_NEED.search(near):
        return "not required"
    if _negated(before, after):
        return "forbidden"
    if _MUST.search(near):
        return "required"
    if _MAY.search(near):
        return "optional"
    return plain


# -- where a sentence is not about this medicine in people

ANIMALS = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|monkeys?|cynomolgus|animals?|in vitro|preclinical|"
    r"nonclinical|ratones|animales|tiere)\b"
)
OTHER_OF_CLASS = re.compile(
    r"\bother (?:antisense|aso\b|asos\b|oligonucleotide|medicines of (?:this|the) class)"
)


OTHER_STEMS = ("corticosteroid", "immunoglobulin", "antibiotic", "steroid", "antikoag")

# -- words of several topics

# Beginnings of the words of what else the solution holds.
EXCIPIENT = (
    *("sodiu", "sodium", "natrium", "natrio", "sodio", "potassium", "kalium"),
    *("calcium", "magnesium", "chloride", "phosphate"),
)
# Cerebrospinal fluid, in the words of doctors, of leaflets and of other languages.
CSF = re.compile(
    r"\bcsf\b|cerebrospinal|cerebro-spinal|spinal (?:fluid|liquid|water)|"
    r"(?:brain|nerve) (?:fluid|water|liquid)|\blcr\b|líquido cefalorraqu\w+|\bliquor\w*|\blcs\b|"
    r"liquido cerebrospinale|脳脊髄液|spinal-fluid|\bfluid\b"
)
# Taking it out.
REMOVE = re.compile(
    r"\b(?:put back|swap\w*|leav(?:e|es|ing)|com(?:e|es|ing) (?:out|off)|out first|flow\w*|"
    r"tapp\w*|remov\w+|withdr[ae]w\w*|drain\w*|collect\w*|tak(?:e|es|en|ing)|extract\w*|"
    r"dr[ae]wn?\b|let out|take off|entnehm\w*|entnommen|entfern\w*|ablassen|abgelassen|abgenommen|"
    r"retir\w+|prél\w+|extra[eí]\w*|rimuov\w+|prelev\w+|rimoss\w+|採取|除去|"
    r"aspirat\w+|run off|drip)"
)
# What holds the medicine.
VIAL = re.compile(
    r"\b(?:flasks?|little bottle|containers?|vials?|bottles?|ampou?les?|ampules?|vial|flasch\w*|"
    r"durchstech\w*|syringe|into a syringe)\b"
)
# Ends just before an interval: "every", "apart by".
EVERY = re.compile(
    r"(?:\bevery|\beach|\bq|\bper|\bcada|\bogni|\balle|\btous les|\btoutes les|\bla fiecare|"
    r"\bonce (?:every|per|in)|\bonce|(?:intervals?|gaps?|spacing) (?:of|is|are|:)(?: about)?|"
    r"separated by|spaced(?: by)?|apart by|wait|leave|\bgaps?|spans? of|rhythm (?:is|of)|between|"
    r"(?:dividing|separating)[^.;]{0,30} is|給|ごとに?|im abstand von|a intervalos de|"
    r"ad intervalli di|\ba intervalli di|la intervale? de)\s?\(?$"
)
# Ends just before the shortest gap that is allowed.
MINIMUM = re.compile(
    r"(?:at least|minimum|no (?:less|sooner|earlier) than|mindestens|al menos)[^.;]{0,12}$"
)
HALF_LIFE = re.compile(
    r"half-?\s?li(?:fe|ves)|t1/2|halbwertszeit|semivida|vida media|emivita|demi-vie|"
    r"timp de înjumătățire|半減期"
)
PEAK = re.compile(
    r"zenith|summit|tmax|t max|time to (?:maximum|peak|max)|peak\w*|"
    r"maximum (?:plasma )?concentration|cmax|maximal\w* (?:plasma)?konzentration|"
    r"concentración máxima|highest (?:level|amount)|median times?"
)
# People who are not yet adult.
CHILD = re.compile(
    r"\b(?:(?:below|under) \d+ years|(?:from|aged?) (?:[2-9]|1[0-7]) years|kids?|year-olds?|"
    r"child(?:ren)?|p(?:a)?ediatric\w*|infants?|newborns?|babies|adolescen\w+|teen\w*|niños|"
    r"kinder\w*|bambini|enfants?|all ages|any age|of every age|neonat\w*)\b"
)
