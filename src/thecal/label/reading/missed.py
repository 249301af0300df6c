"""What a page says to do about a missed or late dose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from thecal.label.quantity import Quantity, number, quantities
from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import MINIMUM
from thecal.label.reading.line import Line
from thecal.label.reading.phases import ASAP, RESTART

_SKIP = re.compile(
    r"do not come in|nothing (?:needs|has) to be (?:done|made up)|wait for the (?:next|following)|"
    r"\bskip (?:it|the|that|this|your|any)|"
    r"(?:do not|don't|no need to) (?:make (?:it )?up|give it|take it|replace)|"
    r"wait (?:until|for|till) (?:the |your |their )?(?:next|regular|usual)|"
    r"(?:leave|left) (?:it )?out|(?:simply|just) (?:continue|carry on|go on|resume|wait)|"
    r"(?:is|be) (?:not )?(?:made up|skipped|omitted|left out)|"
    r"(?:resume|continue|go on|carry on)[^.;]{0,20} (?:with|at|on) (?:the |your )?(?:next|regular|"
    r"usual) (?:scheduled|planned|regular|appointment|dose|visit)|"
    r"given? (?:at|on|with) (?:the |your )?next (?:scheduled|planned|regular|visit|appointment)"
)
_DOUBLE = re.compile(
    r"\bdoubl\w+|two doses (?:at once|together|at the same|on the same|in one)|both doses|"
    r"two doses (?:are |is )?(?:given |taken )?(?:together|at once)|"
    r"two doses (?:on )?(?:the )?same day|twofold|two-fold|"
    r"two (?:doses|portions|shots|injections) (?:at|on|in) (?:the|your|one)|"
    r"two (?:portions|shots|injections|vials) (?:at|together|on|in)|"
    r"twice (?:the|as) (?:dose|amount|much)|\btwo vials\b|2 doses (?:at once|together)|"
    r"extra dose to (?:make|catch)|combine[^.;]{0,20}dose"
)
_GRID = re.compile(
    r"original(?:ly)?[- ](?:scheduled|planned)? ?(?:date|schedule|grid|day|calendar|plan)|"
    r"per the originally|as (?:first |originally )(?:scheduled|planned)|"
    r"keeps? (?:its|the|to the) (?:planned|original|old|usual) (?:date|schedule)|"
    r"date (?:that )?(?:you|they) already had|ursprünglich\w* (?:termin|plan)|"
    r"planned date (?:stays|remains)|does not move the|(?:day|date) (?:first|originally) planned|"
    r"(?:keep|on|to) (?:the|your|its) (?:old|previous|planned|original) (?:date|calendar|schedule|"
    r"day)|back to (?:the|your) (?:old|usual|original) (?:calendar|schedule|date|day)"
)
_GAP_BEFORE = re.compile(
    r"(?:less than|more than|at least|within|fewer than|<|>|≥|under|over|up to|exceed\w*|to|"
    r"longer than|or more|since|not? more|or longer|past|below|above|beyond)\s?\(?$|"
    r"(?:between|from)[^.;]{0,14}$"
)
_GAP_AFTER = re.compile(
    r"\s?(?:or (?:more|longer|over|above)|and (?:up|above|more|over)|plus\b|\+|ago|"
    r"from (?:the )?last|since|have passed|but|and (?:less|under)|to (?:less|under))"
)
_LATE_BY_BEFORE = re.compile(
    r"\b(?:miss\w*|late|delay\w*|overdue)[^.;|]{0,14}(?:by|for)(?: up to| more than| less than|"
    r" at least)?\s?$"
)
_LATE_AFTER = re.compile(
    r"\s?(?:late\b|overdue|after (?:the|its) (?:due|scheduled|planned)|"
    r"of (?:the|its) (?:due|scheduled|planned))"
)
_APART_AFTER = re.compile(r"apart|between")
_THIRD = re.compile(r"\b(?:third|3rd|tercera|dritte\w*|troisième|terza)\b")


def missed_interval(line: Line, q: Quantity, before: str, after: str) -> Iterator[Claim]:
    """Read a span of time in a sentence about a missed dose.

    It is a gap from which another rule holds, a tolerance, the least gap between doses, or the
    interval to the next dose. A day or less is not read.
    """
    if q.unit in ("d", "weeks") and (q.hi if q.unit == "d" else q.hi * 7) <= 1:
        return
    bounded = _GAP_BEFORE.search(before[-26:]) or _GAP_AFTER.match(after)
    if bounded and RESTART.search(line.text):
        yield from (_gap(line, q, value) for value in {q.lo, q.hi})
    elif q.unit in ("month", "years") and bounded:
        yield from (_gap(line, q, value) for value in {q.lo, q.hi})
    elif q.unit == "month" and q.lo != q.hi:
        yield from (_gap(line, q, value) for value in (q.lo, q.hi))
    elif _LATE_BY_BEFORE.search(before[-34:]) or _LATE_AFTER.match(after):
        yield line.measure("missed_dose.window", "tolerance", q)
    elif MINIMUM.search(before) or _APART_AFTER.search(after[:24]):
        yield line.measure("missed_dose.apart", "apart", q)
    elif q.unit != "years":
        which = line.missed.split()
        topic = f"missed_dose.{_dose_of(which, line.text[: q.start][-90:])}"
        yield line.measure(topic, "next_interval", q, about=" ".join(which))


def _gap(line: Line, q: Quantity, value: float) -> Claim:
    one = replace(q, lo=value, hi=value)
    return line.measure("missed_dose.gap", "from_months", one, about="gap")


def _dose_of(which: list[str], before: str) -> str:
    """Say which missed dose an interval belongs to.

    "The third 14 days after the second" is about the second: what is due next is the third.
    """
    if which == ["loading_2"] or ("loading_2" in which and _THIRD.search(before)):
        return "loading_2"
    known = (name for name in ("loading_3", "maintenance", "loading_2") if name in which)
    return next(known, "any")


_DOUBLED_BARE = re.compile(
    r"two doses (?:at once|together|at the same time|on the same day)|"
    r"\bdouble (?:the )?(?:next )?dose|dose (?:is|can be|may be) doubled|"
    r"both doses (?:at once|together)"
)
_ASK_SOMEONE = re.compile(r"(?:call|tell|contact|phone|doctor|reschedul\w+|seek)[^.;]{0,40}$")
_GIVE = re.compile(r"give|administ|have|receiv|get")
_NOT_A_SKIP = re.compile(
    r"(?:if|should|when) (?:you|a|the patient|they) skip|original|at least \d+ days|"
    r"no need to (?:re-?start|reload)"
)
_LONG_GAP = re.compile(r"month|year|long|interrupt|gap\b|lapse|\d+ (?:days|weeks)")
_BELOW_MONTHS = re.compile(r"(?:less than|under|<|fewer than|up to) ?\d+ mo")
_GAP_WORD = re.compile(r"month|year|long|gap|interrupt")
_JUST_GOES_ON = re.compile(
    r"\b(?:4\d|forty) months?(?: ago)?(?: or (?:more|longer))?[^.;]{0,20}\b(?:just|simply|usual|"
    r"one dose|go on|goes on|continue|carry on)"
)
_COUNTED_FROM = re.compile(
    r"from (?:this|that|the (?:late|new|delayed|missed)|its) (?:dose|day|date|injection)|"
    r"from the (?:day|date) (?:it|that|of the (?:late|actual))|counted (?:anew )?from"
)
_MONTHS_AFTER_IT = re.compile(
    r"months? (?:after|from) (?:it\b|this dose|that dose|the (?:late|missed|delayed) (?:dose|one))"
)
_EXTRA_DOSES = re.compile(
    r"(?<![\w.-])(?P<n>one|two|three|1|2|3) (?:additional|extra|more|"
    r"further)\b(?! (?:than|time|mg|ml|day|week|month))|\bplus (?P<plus>one|two|1|2)\b"
)


def read_missed(line: Line) -> Iterator[Claim]:
    """Read what to do about a missed dose: give it, skip it, double it, begin again.

    That two doses are given at once is read wherever it stands.
    """
    text = line.text
    if line.is_other and not line.names_medicine:
        return
    if line.missed:
        yield from _give(line)
        yield from _restart(line)
        yield from _anchor(line)
        yield from _extra(line)
        return
    m = _DOUBLED_BARE.search(text)
    if m and not _denies_start(line, m):
        yield line.claim("missed_dose.any", "give", "double", m)


def _denies_start(line: Line, m: re.Match[str]) -> bool:
    """Tell whether what begins there is negated: a negation within it is part of it."""
    return line.denies((m.start(), m.start() + 1))


def _give(line: Line) -> Iterator[Claim]:
    """Read whether the dose is given at once, skipped or doubled."""
    text, which = line.text, line.missed
    topic = f"missed_dose.{which.split()[-1]}"
    m = ASAP.search(text)
    if (
        m
        and (
            not _ASK_SOMEONE.search(text[: m.start()])  # "call your doctor as soon as possible"
            or _GIVE.search(text[max(0, m.start() - 40) : m.start()])
        )
    ):
        yield line.claim(topic, "give", "as soon as possible", m, about=which)
    if (m := _DOUBLE.search(text)) and not _denies_start(line, m):
        yield line.claim(topic, "give", "double", m, about=which)
        return
    m = _SKIP.search(text)
    if m and not _denies_start(line, m) and not _NOT_A_SKIP.search(text):
        yield line.claim(topic, "give", "skip", m, about=which)


def _months(line: Line) -> list[Quantity]:
    """Return the months that a line and its heading name."""
    return [q for q in quantities(f"{line.context.lead} | {line.text}") if q.unit == "month"]


def _restart(line: Line) -> Iterator[Claim]:
    """Read whether loading begins again after a gap, and after how many months."""
    text = line.text
    m = RESTART.search(text)
    if m and not line.denies(m):
        about = "gap" if _LONG_GAP.search(text) else line.missed
        if since := [q.lo for q in _months(line)]:
            below = _BELOW_MONTHS.search(f"{line.context.lead} | {text}")
            about = f"gap of {0 if below else min(since):g}"
        yield line.claim("missed_dose.gap", "restart", "loading", m, about=about)
    elif m and _GAP_WORD.search(text):
        yield line.claim("missed_dose.gap", "restart", "none", m, about="gap")
    elif not m and (long := _JUST_GOES_ON.search(text)):
        yield line.claim("missed_dose.gap", "restart", "none", long, about="gap")


def _anchor(line: Line) -> Iterator[Claim]:
    """Read from which day later doses are counted: as first planned, or from the late dose."""
    if m := _GRID.search(line.text):
        if not _denies_start(line, m):
            yield line.claim("missed_dose.maintenance", "anchor", "original_grid", m)
    elif (m := _MONTHS_AFTER_IT.search(line.text)) and _BELOW_MONTHS.search(
        f"{line.context.lead} | {line.text}"
    ):
        yield line.claim("missed_dose.maintenance", "anchor", "last_dose", m)
    elif "maintenance" in line.missed and (m := _COUNTED_FROM.search(line.text)):
        yield line.claim("missed_dose.maintenance", "anchor", "last_dose", m)


def _extra(line: Line) -> Iterator[Claim]:
    """Read how many doses are given in addition, and from which gap on."""
    found = list(_EXTRA_DOSES.finditer(line.text))
    if not found:
        return
    months = _months(line)
    least = f"{min(q.lo for q in months):g}" if months else ""
    tier = least if len({v for q in months for v in (q.lo, q.hi)}) > 1 else ""
    for m in found:
        n = number(m["n"] or m["plus"])
        yield line.claim("missed_dose.gap", "extra_doses", n, m, unit="doses", about=tier)
