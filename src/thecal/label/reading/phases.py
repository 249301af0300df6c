"""Which part of the treatment a sentence speaks of: loading, maintenance, a missed dose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from thecal.label.reading.claim import Context

_LOADING = re.compile(
    r"\bload\w*|\b(?:stacking|beginning|opening|introductory|priming|charging|filling|start-up|"
    r"kick-?off) (?:portion|dose|shot|injection|treatment|phase)\w*|initial dos\w*|"
    r"starting dos\w*|\binduction|\binitiat\w*|carga\b|carico\b|aufs.ttigung\w*|ladedos\w*|"
    r"initialdos\w*|doses? de charge|încărcare|負荷|初回|starter dos\w*|\bstarting\b|"
    r"first (?:three|four|two|3|4|2)\b|build-?up\b|"
    r"\b(?:start|begin|open)\w*(?: \w+){0,2} with (?:\w+ )?(?:three|four|two|\d|loading)"
)
_MAINTENANCE = re.compile(
    r"\bmaint[ea]\w*|\b(?:support|supporting|sustaining|continuing|continuation|upkeep|follow-on|"
    r"regular|booster|ongoing) (?:portion|dose|shot|injection|treatment|phase)\w*|mantenimiento|"
    r"mantenimento|erhaltung\w*|entretien|întreținere|維持|upkeep|long-term dos\w*"
)
# Says that maintenance follows, in a sentence that names loading or nothing.
THEN = re.compile(
    r"\b(?:then|thereafter|afterwards?|followed by|after that|after this|after \||from then on|"
    r"ongoing|subsequent\w*|later\b(?=,| (?:on|she|he|they|you|the|one))|now it is|keep\b(?= |:)|"
    r"go(?:es|ing)? on|carr(?:y|ies) on|proceed\w*|danach|después|luego|poi|puis|apoi|"
    r"continu\w+)\b"
)
# "After loading", "after the third loading dose": what follows is maintenance.
_AFTER_BEFORE = re.compile(r"\bafter (?:the |all |your |these )?(?:\w+ ){0,2}$")
_INTERVALS = re.compile(
    r"\b(?:every|each|apart|intervals?|fort?night\w*|weekly|other week|weeks?|days?)\b"
)
_THEREAFTER = re.compile(r"\W{0,2}(?:thereafter|after (?:that|this)|from then on|afterwards?)\b")
# The phase after a number: "3 loading doses".
_BEHIND = re.compile(
    r"\s?(?!after\b|before\b)(?:\w{1,20} )?(?:(?P<l>loading|initial|starting)|(?P<m>maintenance))\b"
)


_NTH_BEFORE = re.compile(r"\b(?:second|third|2nd|3rd)\b[^.;|]{0,14}$")


@dataclass(frozen=True, slots=True)
class Phases:
    """Where a sentence speaks of loading and where of maintenance.

    marks   places of words that name a phase, and which
    strong  a phase is named by its name, not only by "then"
    then    where "then" divides a sentence that names none; -1 where it does not
    """

    marks: tuple[tuple[int, str], ...]
    strong: bool
    then: int

    @property
    def named(self) -> bool:
        """Tell whether the sentence itself says which phase it speaks of."""
        return self.strong or self.then >= 0 or bool(self.marks)

    def at(self, text: str, start: int, end: int) -> str:
        """Return the phase that a place of the text speaks of; "" where the text does not say."""
        if _THEREAFTER.match(text, end):
            # "the third 14 days after that" is still loading
            return "loading" if _NTH_BEFORE.search(text[:start]) else "maintenance"
        if self.then >= 0:
            return "maintenance" if start >= self.then else "loading"
        if behind := _BEHIND.match(text, end):
            return "loading" if behind["l"] else "maintenance"
        before = [phase for at, phase in self.marks if at <= start]
        if before:
            return before[-1]
        after = [phase for at, phase in self.marks if at < end + 60]
        return after[0] if after and self.strong else ""


def read_phases(text: str, phase: str) -> Phases:
    """Find where a sentence names a phase; `phase` is what the page was speaking of before."""
    marks = [
        (m.start(), "maintenance" if _AFTER_BEFORE.search(text[: m.start()]) else "loading")
        for m in _LOADING.finditer(text)
    ]
    marks += [(m.start(), "maintenance") for m in _MAINTENANCE.finditer(text)]
    strong, then = bool(marks), -1
    if (strong or phase) and all(named == "loading" for _, named in marks):
        marks += [(m.start(), "maintenance") for m in THEN.finditer(text)]
    if not strong and not phase:
        found = THEN.search(text)
        if found and found.start() > 12 and _INTERVALS.search(text[: found.start()]):
            then = found.start()
    return Phases(tuple(sorted(marks)), strong, then)


def phase_of(words: str) -> str:
    """Return the one phase that a heading or a short line names; "" for none or both."""
    loading, maintenance = _LOADING.search(words), _MAINTENANCE.search(words)
    if loading and not maintenance:
        return "loading"
    if maintenance and not loading:
        return "maintenance"
    return ""


# -- which dose was missed

# A dose was missed, late, forgotten.
MISS = re.compile(
    r"\b(?:miss(?:ed|es|ing)?|delay\w*|late\b|forg[eo]t\w*|skip\w*|omitted|overdue|olvid\w*|"
    r"dimentic\w*|vers.um\w*|ausgelassen|vergess\w*|oubli\w*|manqu\w*|omis\w*|ratat\w*|"
    r"verpasst\w*|retras\w*|omitid\w*)\b"
)
# Give it as soon as possible.
ASAP = re.compile(
    r"\b(?:give|dose|have|one|treat) (?:it |one )?now\b|^\W*now\b|: now\b|"
    r"as soon as (?:possible|you can|practical\w*|feasible|it can|they can|the clinic|a slot)|"
    r"right away|immediately|promptly|at once|without (?:further )?delay|"
    r"at the (?:next|earliest) (?:opportunity|possible)|earliest (?:opportunity|possible|chance)|"
    r"lo antes posible|tan pronto como|il prima possibile|appena possibile|so bald wie möglich|"
    r"sobald wie möglich|baldmöglichst|dès que possible|cât mai (?:curând|repede)|"
    r"できるだけ(?:早く|速やか)|"
    r"\basap\b|soonest"
)
# Begin loading again.
RESTART = re.compile(
    r"re-?start\w*|re-?load\w*|re-?initiat\w*|"
    r"(?:begin|start) (?:again|over|loading again|the loading[^.;]{0,20}again|"
    r"from (?:the beginning|scratch))|repeat (?:the )?loading|"
    r"loading (?:doses? )?(?:again|anew|from the beginning|"
    r"(?:must|should|have to|need to) be (?:given |repeated )again)|"
    r"(?:repeat|give|have) all (?:the )?loading|"
    r"loading[^.;]{0,20}(?:anew|over again|from dose one|from dose 1|be done again)|"
    r"(?:treatment|therapy) begins? (?:again|anew)|"
    r"loading (?:doses? )?(?:begins?|starts?|is started|is begun) (?:again|anew)|"
    r"loading is (?:not )?repeated|load again|new loading|new loading|as in recommended dosage"
)
# A row of a table by the time since the last dose: "4 to 8 months: …".
_TIER = re.compile(
    r"\W*(?:with |after |if (?:it is )?|when |a gap of )?(?:less than |under |below |over |"
    r"at least |from |[≥<>≤]=? ?)?\d+ ?(?:(?:-|to) ?(?:<|less than|under|below)? ?\d+ ?)?"
    r"(?:months?|mo)\b[^.;|]{0,24}(?:[:|]|gone by|since|have passed)"
)
_BREAK = re.compile(r"interrupt\w*|\bgap\b|lapse\w*|\bbreak\b")
# Missing data, a late onset: not a missed dose.
_NOT_MISSED = re.compile(
    r"(?:nothing|not|no) (?:is |be )?miss|miss(?:ing)? (?:data|values)|late-?onset|later-onset|"
    r"missense|delay\w* (?:in )?(?:disease|onset|progress|diagnos|start|milest)|late stage"
)
_SINCE_LAST = re.compile(
    r"(?:since|months? (?:after|from)) (?:the|your|their|his|her) (?:last|previous) "
    r"(?:dose|injection)"
)
_ABOUT_TREATMENT = re.compile(r"dos|inject|treat|appoint|visit|happen")
_NAMES_A_DOSE = re.compile(
    r"\bdos(?:e|es|is|i|en)\b|portion|\bshot|jab|inject|appointment|treatment|visit|loading|"
    r"maintenance|infusion|gabe|one\b"
)


def which_missed(text: str, context: Context) -> str:
    """Say which dose a sentence takes as missed: "loading_2", "maintenance", "any"; "" for none.

    A sentence that does not say so goes on from its heading or from the sentence before. Two are
    told as "loading_3 maintenance": what to do is the same for both.
    """
    about = MISS.search(text)
    if not about and RESTART.search(text):
        about = _BREAK.search(text)
    if about and _NOT_MISSED.search(text[max(0, about.start() - 16) : about.end() + 24]):
        about = None
    if not about:
        lead = context.lead
        if context.missed:
            return (_which(text) if ASAP.search(text) else "") or context.missed
        if _TIER.match(text):
            return "any"
        if _SINCE_LAST.search(text):
            return _which(text) or "any"
        if context.area == "missed_dose" or (MISS.search(lead) and _ABOUT_TREATMENT.search(lead)):
            return _which(text) or _which(lead) or "any"
        return ""
    if not _NAMES_A_DOSE.search(text):
        return context.missed
    return _which(text[about.start() - 60 if about.start() > 60 else 0 :]) or _which(text) or "any"


_SECOND_DOSE = re.compile(
    r"\b(?:loading (?:dose )?(?:no\.? ?)?2\b|dose 2\b|second|2nd|2\.|segunda|zweite\w*|deuxième|"
    r"seconda)\b[^.;]{0,30}?(?:load|carga|aufs|initial|charge|carico|or third|dose|portion|shot|"
    r"asap|:)"
)
_THIRD_DOSE = re.compile(
    r"\b(?:loading (?:dose )?(?:no\.? ?)?3\b|dose 3\b|third|3rd|3\.|tercera|dritte\w*|troisième|"
    r"terza)\b[^.;]{0,30}?(?:load|carga|aufs|initial|charge|carico|or (?:a|any)? ?maintenance|"
    r"dose|portion|shot|asap|:)"
)


def _which(text: str) -> str:
    """Name the doses, at most two, in the order of the text."""
    found = []
    if m := _SECOND_DOSE.search(text):
        found.append((m.start(), "loading_2"))
    if m := _THIRD_DOSE.search(text):
        found.append((m.start(), "loading_3"))
    if m := _MAINTENANCE.search(text):
        found.append((m.start(), "maintenance"))
    if not found and (m := _LOADING.search(text)):
        found.append((m.start(), "loading"))
    return " ".join(name for _, name in sorted(found)[:2])
