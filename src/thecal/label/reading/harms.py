"""Serious events: named, denied or played down, how often, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from thecal.label.quantity import number
from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import NOT_BEFORE, clause
from thecal.label.reading.line import Line, Place, ends_of

_STANDING = re.compile(
    r"\b(?P<very>very|extremely|most|quite|fairly|relatively|two|the|also|are|is|be|"
    r"and)?\s?(?P<w>uncommon|rare|rarely|common|commonly|frequent|frequently|unusual|mild|"
    r"harmless|minor|expected|usual)\b"
)
_DENY = re.compile(
    r"(?:\bno\b|not (?:cause|associated with|linked to)|without|never|free of|does not|"
    r"doesn't|do not|zero)(?! (?:\w+ )?predict)[^.;]{0,30}(?:serious|severe|major|"
    r"dangerous|neurologic\w*|life-threatening)[^.;]{0,20}"
    r"(?:side effects?|adverse|reactions?|events?|risks?|"
    r"complications?)|(?:no|without) (?:known )?(?:serious|severe) (?:side|adverse)|"
    r"(?:serious|severe)[^.;]{0,24}(?:side effects?|reactions?)[^.;]{0,12}(?:have|has|were|was|"
    r"are) (?:not|never) (?:been )?(?:seen|reported|observed|found)|"
    r"(?:these|such|the) (?:reactions?|effects?|side effects?|events?) are (?:\w+ )?harmless|"
    r"nothing to worry about|"
    r"(?:completely|entirely|perfectly|totally) (?:safe|harmless)|no side effects|"
    r"no safety (?:concerns|warnings)"
)
_ACTION = re.compile(
    r"interrupt\w*|discontinu\w*|stop\w*|work-?up|diagnos\w*|standard of care|call\b|contact|"
    r"tell (?:your|the)|talk to|doctor|seek|emergency|urgent\w*|treat\w*|evaluat\w*|hold\b|"
    r"managed?|911|report (?:any|to)|hospital|neurologist|right away|at once|arzt|médico|medico"
)


def read_action(line: Line) -> Iterator[Claim]:
    """Read that a page says what to do about a serious reaction."""
    if line.context.area == "warnings" or line.lexicon.event_pattern.search(line.text):
        if m := _ACTION.search(line.text):
            yield line.claim("warnings.serious", "action", "told", m)


# What a denial is about, by the beginning of the word for the organ.
_ORGANS = {
    "kidn": "renal toxicity",
    "plat": "thrombocytopenia",
    "clot": "thrombocytopenia",
    "blee": "thrombocytopenia",
}
_DENIES_ELSE = re.compile(
    r"were reported in (?:the )?placebo|new|unexpected|in (?:the )?(?:placebo|sham|control)|"
    r"not all|additional"
)
_PLAYED_DOWN = re.compile(
    r"(?:kidney|platelet|bleeding|spinal|nerve)\w*[^.;]{0,24}(?:\bmyth|rumou?r|nonsense|"
    r"exaggerat\w*)|(?:need(?:ed|s)?|requir\w+) no (?:action|treatment|work-?up)|"
    r"no (?:action|treatment) (?:is |was )?(?:needed|required|necessary)|"
    r"can (?:safely )?be ignored|(?:bruis\w+|nosebleeds?|foamy urine|bleeding|numbness|weakness|"
    r"stiff neck|blurred vision)[^.;]{0,40}(?:is|are) (?:\w+ )?(?:normal|good sign|harmless|"
    r"expected|nothing)|no need to (?:ring|call|tell|see|contact|report|phone|worry)|"
    r"(?:kidneys?|platelets?|clotting|nerves?|spinal cord|brain|liver|"
    r"bleeding)[^.;]{0,24}(?:cannot|can not|can't|never|is less|are less|is not|are not|will not|"
    r"won't|does not|do not|unaffected)[^.;]{0,24}(?:hurt|harm\w*|damag\w*|affect\w*|likely|fall|"
    r"drop|risk|problem\w*|change\w*)|"
    r"does not (?:affect|harm|touch|change) (?:the |your )?(?:kidneys?|platelets?|clotting|blood)"
)
_PLAYED_DOWN_BARE = re.compile(r"no |need|requir|can ")
_ONLY_MILD = re.compile(
    r"side effects? (?:\w+ ){0,2}?(?:are|is|were) (?:\w+ ){0,2}?(?P<w>mild|minor|harmless|"
    r"trivial)\b"
)
_MOST_OF_THEM = re.compile(r"\b(?:most|many|usually|often|some)\b")
_NEGATION = re.compile(r"\b(?:no|not|never)\b")
_NOT_A_DENIAL = re.compile(r"if you|have not|not all|not only|has not|serious|related|due to|known")
_NEVER_SEEN = re.compile(
    r"[^.;]{0,40}\b(?:has|have|had|was|were|is|are|does|do) (?:never|"
    r"not) (?:\w+ )?(?:been )?(?:seen|reported|observed|linked|associated|occur\w*|happen\w*|"
    r"found|a (?:risk|concern|problem))"
)
_DENIES_OTHER_CAUSE = re.compile(r"bacter|infect|placebo|sham")
_SEEN = re.compile(r"cause|report|seen|occur|risk|been|cases?|observ|\b(?:had|got|developed)\b")
_RESOLVED = re.compile(r"\bdid not|resolv|bacter|infect")
_UNCOMMON_BUT = re.compile(r"less common but|uncommon but")
_LESS_THIS_AND_THAT = re.compile(r"\bless [a-z]+ and \w+ are")
_DEGREE_BEFORE = re.compile(r"\b(?:less|un|most|more)\s?$")
_STANDING_OF_ELSE = re.compile(
    r"\s?(?:side|adverse|reaction|symptom|sign|term|in (?:people|patients) with als|cause)"
)
_SIDE_EFFECTS_ARE = re.compile(
    r"\s?side effects? (?:is|are|include)[^.;]{0,40}(?:myel|radic|papil|menin)"
)
_IS_BEFORE = re.compile(r"\b(?:are|is|be|usually|always|only)\s?$")
_OUT_OF_BEFORE = re.compile(r"(?:of|n\s?=|in all|all|total of|among|out of|/)\s?$")
_OF_WORD = re.compile(r"\bof\b")
_WHAT_BECAME = re.compile(
    r"discontinu\w*|stopp\w*|withdr\w*|resol\w*|recover\w*|continu\w*|went on|these|"
    r"of (?:them|whom|the)"
)
_TREATED = re.compile(r"treated")
_CONFIDENCE_AFTER = re.compile(r"\s?(?:ci\b|conf)")
_PLACEBO_AFTER = re.compile(r"\W*(?:of|on|in)? ?(?:the )?(?:placebo|sham|control)")
_AGAINST_BEFORE = re.compile(r"(?:vs\.?|versus|against|compared (?:with|to)|than)\s?$")
_SHARE = re.compile(
    r"(?P<n>\d{1,4}|one|two|three|four|five|six|seven|ten)\s?(?:of|/|out of|"
    r"in)\s?(?:the )?(?P<of>\d{2,4})(?! ?%)"
)


class _Event(NamedTuple):
    """A serious event that a sentence names."""

    start: int
    end: int
    name: str


def _nearest(events: list[_Event], place: Place) -> str:
    """Name the event that stands nearest to a number."""
    start, end = ends_of(place)
    return min(events, key=lambda e: min(abs(e.start - end), abs(start - e.end))).name


def read_warnings(line: Line) -> Iterator[Claim]:
    """Read serious events: which are named, denied or played down, how often, in how many.

    What a page denies without naming an event ("no serious side effects") is read too. Not read:
    a long heading, animals.
    """
    if line.kind == "heading" and len(line.text) > 90:
        return
    yield from _denials(line)
    lexicon = line.lexicon
    events = [
        _Event(*m.span(), lexicon.events[m[0]]) for m in lexicon.event_pattern.finditer(line.text)
    ]
    if not events or line.context.aside == "animals":
        return
    said: set[str] = set()
    for event in events:
        if event.name not in said:
            said.add(event.name)
            yield from _event(line, event)
    yield from _standing(line, events[0].name)
    yield from _how_many(line, events)


def _denials(line: Line) -> Iterator[Claim]:
    """Read that harm is denied or played down: "no serious side effects", "rarely a problem"."""
    text = line.text
    if (m := _DENY.search(text)) and not _DENIES_ELSE.search(text):
        yield line.claim("warnings.serious", "denied", "denied", m)
    for m in _PLAYED_DOWN.finditer(text):
        if _PLAYED_DOWN_BARE.match(m[0]) and not line.lexicon.event_pattern.search(text):
            continue
        about = _ORGANS.get(m[0][:4], "")
        yield line.claim("warnings.serious", "denied", "denied", m, about=about)
    mild = _ONLY_MILD.search(text)
    if mild and not _MOST_OF_THEM.search(mild[0] + text[max(0, mild.start() - 12) : mild.start()]):
        yield line.claim("warnings.serious", "standing", "only mild", mild)


def _event(line: Line, event: _Event) -> Iterator[Claim]:
    """Read that a serious event is named, and that it is said not to happen."""
    text, start = line.text, event.start
    before, after = clause(text, start, event.end)
    denied = (
        NOT_BEFORE.search(before[-40:])
        and _NEGATION.search(text[max(0, start - 34) : start])
        and not _NOT_A_DENIAL.search(text[max(0, start - 60) : start])
        and _SEEN.search(text)
        and not _RESOLVED.search(text)
    )
    never = _NEVER_SEEN.match(after) and not _DENIES_OTHER_CAUSE.search(text)
    place = (start, event.end)
    if never or denied:
        yield line.claim("warnings.serious", "denied", "denied", place, about=event.name)
    yield line.claim("warnings.serious", "events", "named", place, about=event.name)


_DEGREES = {
    "rare": "rare", "rarely": "rare", "uncommon": "rare", "unusual": "rare",
    "mild": "harmless", "harmless": "harmless", "minor": "harmless",
}  # fmt: skip
_NEEDS_IS = ("mild", "minor", "expected", "usual", "unusual")


def _standing(line: Line, about: str) -> Iterator[Claim]:
    """Read how common or grave serious events are said to be: the first word that says so.

    Not read: "less common but serious", "most common side effects", "mild" of a symptom.
    """
    text = line.text
    if _UNCOMMON_BUT.search(text) and not _LESS_THIS_AND_THAT.search(text):
        return
    for m in _STANDING.finditer(text):
        word, very, after = m["w"], m["very"] or "", text[m.end() :]
        before = text[max(0, m.start() - 12) : m.start()]
        if word in ("common", "commonly", "frequent") and _DEGREE_BEFORE.search(before + very):
            continue
        if (
            word in ("common", "frequent", "expected", "usual", "minor", "mild")
            and _STANDING_OF_ELSE.match(after)
            and not _SIDE_EFFECTS_ARE.match(after)
        ):
            continue
        if word in _NEEDS_IS and not _IS_BEFORE.search(text[: m.start("w")]):
            continue
        value = _DEGREES.get(word, "common")
        if value == "common" and very in ("very", "extremely", "most"):
            value = "very common"
        yield line.claim("warnings.serious", "standing", value, m, about=about)
        return


def _how_many(line: Line, events: list[_Event]) -> Iterator[Claim]:
    """Read in how many people serious events were seen: patients, percent, "2 of 104".

    Not read: of how many, how many stopped or recovered, and percent beside other reactions.
    """
    text = line.text
    for q in line.quantities:
        if q.unit != "patients" or _OF_WORD.search(text[q.start : q.end]):
            continue
        became = _WHAT_BECAME.search(text[q.end : q.end + 45])
        if became and not _TREATED.search(became[0]):
            continue
        if not _OUT_OF_BEFORE.search(text[max(0, q.start - 9) : q.start]):
            yield line.measure("warnings.serious", "patients", q, about=_nearest(events, q))
    if not line.lexicon.reaction_pattern.search(text):
        first = True
        for q in line.quantities:
            if q.unit != "%" or _CONFIDENCE_AFTER.match(text[q.end :]):
                continue
            placebo = _PLACEBO_AFTER.match(text[q.end : q.end + 30]) or (
                not first and _AGAINST_BEFORE.search(text[: q.start])
            )
            first = False
            arm = "placebo_percent" if placebo else "drug_percent"
            yield line.measure("warnings.serious", arm, q, about=_nearest(events, q))
    for m in _SHARE.finditer(text):
        share, about = (number(m["n"]), number(m["of"])), _nearest(events, m)
        yield line.claim("warnings.serious", "share", share, m, unit="patients", about=about)


_UNLISTED = re.compile(
    r"\b(?:encephalitis|strokes?|liver failure|hepatotoxicity|liver damage|hepatitis|"
    r"heart attacks?|myocardial infarction|cardiac arrest|cancer|lymphoma|leuk(?:a)?emia|"
    r"progressive multifocal|blindness|dementia|pancreatitis|stevens-johnson|agranulocytosis|"
    r"an(?:a)?emia|hydrocephalus|seizures?|suicid\w+|hair loss|tumou?rs?|kidney failure|"
    r"renal failure|liver injury|bone marrow|pml\b|psychosis|thyroid)\b"
)
_AS_SIDE_EFFECT = re.compile(
    r"side effects?|reactions?|can occur|may occur|risk|cause|include|serious|severe|rare|common|"
    r"reported|warning|events?|such as"
)
_HISTORY = re.compile(r"medical history|if you have|tell your|history of")


def read_unlisted(line: Line) -> Iterator[Claim]:
    """Read a grave event that labels of such medicines do not list, said to be a side effect.

    Not read: a person's own history, a denial, another medicine.
    """
    text, area = line.text, line.context.area
    m = _UNLISTED.search(text)
    if not m or line.denies(m) or line.is_aside or _HISTORY.search(text):
        return
    told = area in ("", "administration", "contraindications") and _AS_SIDE_EFFECT.search(text)
    if told or area in ("adverse_reactions", "warnings"):
        yield line.claim("warnings.unlisted", "event", m[0], m, about=m[0])
