"""Kinetics, trials, and other numbers that a page tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thecal.label.quantity import number
from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import HALF_LIFE
from thecal.label.reading.line import Line

_VAGUE_TIME = re.compile(r"\b(?:weeks|days|months|hours)\b")
_NOT_VAGUE_BEFORE = re.compile(r"long|several|not")
_EXONUCLEASE = re.compile(
    r"exo-?nuclease\w*|\bnucleases?\b|exonukleas\w*|exonucleasa\w*|exonucleasi"
)
_LIVER_ENZYMES = re.compile(
    r"\bcyp\s?\w*|cytochrome|p450|(?:liver|hepatic) enzymes?|"
    r"(?:metaboli[sz]ed|broken down|cleared|metabolism) (?:\w+ ){0,3}(?:in|by) the liver|"
    r"hepatic(?:ally)? metaboli\w+|liver metaboli\w+"
)
_NONE_OF_IT = re.compile(
    r"\b(?:not|no|nor|neither|unlikely|without|isn't|doesn't|non|underdo|nicht|none|little)\b"
)
_CLEARED = re.compile(r"break\w* (?:it )?down|metaboli|broken|clear|degrad|elimin|process")


def read_kinetics(line: Line) -> Iterator[Claim]:
    """Read half-lives, the time to the highest concentration, and how the medicine is broken down.

    Not read: that liver enzymes have no part in it.
    """
    text = line.text
    if line.is_aside:
        return
    half = HALF_LIFE.search(text)
    if line.on_half_life:
        yield from _half_life(line, half)
    if line.on_peak and not half:
        for q in line.quantities:
            if q.unit in ("h", "min", "d"):
                yield line.measure("pharmacokinetics.plasma_tmax", "range", q)
    split = next((m for m in _EXONUCLEASE.finditer(text) if not line.denies(m)), None)
    if split:
        yield line.claim("pharmacokinetics.metabolism", "pathway", "exonuclease", split)
    liver = _LIVER_ENZYMES.search(text)
    if liver and not _NONE_OF_IT.search(text) and _CLEARED.search(text):
        yield line.claim("pharmacokinetics.metabolism", "pathway", "CYP", liver)


def _half_life(line: Line, named: re.Match[str] | None) -> Iterator[Claim]:
    """Read half-lives in numbers; where there is none, that it is said to be "weeks"."""
    told = [q for q in line.quantities if q.unit in ("h", "d", "weeks", "month", "min", "years")]
    for q in told:
        fluid = _fluid(line.text, q.start)
        yield line.measure(f"pharmacokinetics.{fluid}_half_life", "value", q)
    vague = _VAGUE_TIME.search(line.text)
    if named and not told and vague:
        if not _NOT_VAGUE_BEFORE.search(line.text[: vague.start()][-14:]):
            place = named.start(), vague.end()
            yield line.claim("pharmacokinetics.csf_half_life", "value", "vague", place)


_CSF_WORD = re.compile(r"csf|cerebrospinal|spinal fluid|liquor|lcr")
_PLASMA_WORD = re.compile(r"plasma|serum|blood")
_IN_WORD = re.compile(r"\bin\b")


def _fluid(text: str, at: int) -> str:
    """Say which fluid a half-life speaks of: the nearest one named before it, else after it."""
    marks = [(m.start(), "csf") for m in _CSF_WORD.finditer(text)]
    marks += [(m.start(), "plasma") for m in _PLASMA_WORD.finditer(text)]
    marks.sort()
    after = [
        name for start, name in marks if at < start < at + 28 and _IN_WORD.search(text[at:start])
    ]
    before = [name for start, name in marks if start < at]
    if before and at - max(start for start, _ in marks if start < at) < 14:
        return before[-1]  # "in plasma 63 to 87 days"
    if after:
        return after[0]
    return before[-1] if before else marks[0][1] if marks else "csf"


_NFL = re.compile(r"\bnfl\b|neurofilament|neurofilam")
_ANTIBODIES = re.compile(r"antibod\w*|anti-?drug|\bada\b|immunogen\w*")
_CHANGED = re.compile(
    r"reduc\w*|lower\w*|fell|fall\w*|decreas\w*|declin\w*|drop\w*|rose|ris\w+|increas\w*|"
    r"difference|chang\w*|less|versus|vs|ratio|down"
)
_SHARE_OF_CASES = re.compile(
    r"familial|of (?:all )?als|cases|inherited|prevalence|account|confidence"
)
_PREVALENCE = re.compile(
    r"account\w*|familial|prevalen\w*|of (?:all )?(?:als|people with als|sma|cases)|cases"
)


def read_results(line: Line) -> Iterator[Claim]:
    """Read percentages of people with antibodies and of the change of a marker.

    Not read: how many cases of a disease are of one kind.
    """
    text = line.text
    if _NFL.search(text):
        marker = "NfL"
    elif "sod1" in text:
        marker = "SOD1"
    else:
        marker = "NfL" if _NFL.search(line.context.lead) else ""
    for q in line.quantities:
        if q.unit != "%":
            continue
        if _ANTIBODIES.search(text):
            yield line.measure("immunogenicity.ada", "value", q)
        elif marker and q.hi <= 100 and _CHANGED.search(text) and not _SHARE_OF_CASES.search(text):
            yield line.measure("pharmacodynamics", "percent", q, about=marker)


_N_EQUALS = re.compile(r"\bn ?= ?(?P<n>\d{1,4})\b")
_N_OF = re.compile(
    r"(?<![\w.])(?P<n>\d{1,4}) (?:of|out of) (?:the )?(?P<of>\d{2,4})\b(?! ?%)|"
    r"(?<![\w./])(?P<k>\d{1,4})/(?P<m>\d{2,4})(?![\w/]|[.,]\d)"
)
_NOT_PEOPLE = re.compile(r"\bpage\b|\brev\b|version")
_OF_PEOPLE = re.compile(r"patients|\(|%|antibod|had")
_PERCENT = re.compile(r"percent|%|per cent")
_STUDY_AFTER = re.compile(r"\s?-?\s?(?:study|trial|period|placebo|double|randomi[sz]ed|treatment)")
_WEEK_N = re.compile(r"\b(?:at |by |to )?week (?P<n>\d{1,3})\b")
_OUTCOME = re.compile(
    r"\b(?P<n>one|two|three|four|five|six|\d{1,3}) (?:\w+ )?(?:stopp\w+|discontinu\w+|recover\w+|"
    r"resolv\w+|continu\w+|serious|cases?\b|went on)"
)
_IN_N = re.compile(
    r"\b(?:in|by) (?P<n>one|two|three|four|five|six|seven|ten|\d{1,2})(?=[,;]|\.(?!\d)|$|"
    r" (?:and|papill|asep|trial))"
)


def read_counts(line: Line) -> Iterator[Claim]:
    """Read the size of a trial or a group, and its weeks: numbers told and not compared."""
    text = line.text
    if line.in_animals:
        return
    yield from _group_sizes(line)
    serious = bool(line.lexicon.event_pattern.search(text))
    for q in line.quantities:
        if q.unit == "patients":
            if not serious and q.lo == q.hi and not _PERCENT.search(text[q.start : q.end]):
                yield line.measure("clinical_results.design", "n", q)
        elif q.unit == "weeks" and _STUDY_AFTER.match(text[q.end :]):
            yield line.measure("clinical_results.design", "week", q)
    for m in _WEEK_N.finditer(text):
        n, place = float(m["n"]), m.span("n")
        yield line.claim("clinical_results.design", "week", n, place, unit="weeks")
    if serious:
        yield from _people_with_events(line)


def _group_sizes(line: Line) -> Iterator[Claim]:
    """Read "n = 72", "2 of 104" and "2/104"; not pages, versions, years."""
    for m in _N_EQUALS.finditer(line.text):
        yield _people(line, "n", m)
    for m in _N_OF.finditer(line.text):
        if _NOT_PEOPLE.search(line.text) or float(m["of"] or m["m"]) >= 1900:
            continue
        if not m["k"] or _OF_PEOPLE.search(line.text):
            yield from (_people(line, name, m) for name in ("n", "of", "k", "m") if m[name])


def _people(line: Line, name: str, m: re.Match[str]) -> Claim:
    n, place = float(m[name]), m.span(name)
    return line.claim("clinical_results.design", "n", n, place, unit="patients")


def _people_with_events(line: Line) -> Iterator[Claim]:
    """Read how many had a serious event, and what became of them."""
    text, lexicon = line.text, line.lexicon
    for m in _OUTCOME.finditer(text):
        yield line.claim("warnings.serious", "outcome", number(m["n"]), m, unit="patients")
    events = list(lexicon.event_pattern.finditer(text))
    for m in _IN_N.finditer(text):
        nearest = min((abs(e.end() - m.start()), i) for i, e in enumerate(events))[1]
        n, event = number(m["n"]), lexicon.events[events[nearest][0]]
        yield line.claim(
            "warnings.serious", "patients", n, m.span("n"), unit="patients", about=event
        )


_BINDING = re.compile(r"protein[- ](?:bind|bound)|bound to|binding")
_SHELF_LIFE = re.compile(r"shelf[- ]life|haltbarkeit|expir\w+ \(")
_PER_YEAR = re.compile(r"\s?(?:per|a|each|in a|every) year")
_OLDER = re.compile(r"\b(?:65|75) (?:years )?(?:and|or) (?:older|over|above)|elderly|geriatric")
_BY_DAY_N = re.compile(r"\b(?:about |by |until |after |around )day (?P<n>\d{2,3})\b")
_MARKER_FALLS = re.compile(r"nfl|neurofilament|sod1|plateau|level|fall|declin|lowest|reduc")


def read_told_numbers(line: Line) -> Iterator[Claim]:
    """Read numbers that are told and that a label is seldom asked about."""
    text = line.text
    if line.is_aside:
        return
    for q in line.quantities:
        if q.unit == "%" and _BINDING.search(text):
            yield line.measure("pharmacokinetics.protein_binding", "value", q)
        elif q.unit in ("month", "years") and _SHELF_LIFE.search(text + line.context.lead):
            yield line.measure("identity.shelf_life", "value", q)
        elif q.unit == "doses" and _PER_YEAR.match(text[q.end :]):
            yield line.measure("dosing.maintenance", "doses_per_year", q)
        elif q.unit == "%" and _OLDER.search(text):
            yield line.measure("populations.age_65", "value", q)
    if _MARKER_FALLS.search(text):
        for m in _BY_DAY_N.finditer(text):
            day, place = float(m["n"]), m.span("n")
            yield line.claim("pharmacodynamics.plateau", "value", day, place, unit="d")
