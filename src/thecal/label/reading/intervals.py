"""When doses are given: days of loading, intervals, and how many loading doses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thecal.label.quantity import Quantity, number
from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import EVERY, EXCIPIENT, MINIMUM
from thecal.label.reading.line import Line, Place
from thecal.label.reading.missed import missed_interval

_APART = re.compile(
    r"^\s?\)?\s?-?\s?(?:(?:dosing )?intervals?\b|apart|d'intervall?e|intervall\w*|interval\w*|"
    r"between (?:each|the|doses|them|injections)|間隔|ごと|毎|separation|separates?\b|between\b|"
    r"in (?:the )?(?:loading|maintenance)\b|from then on|gap\b|after the (?:one|dose) before|"
    r"after the previous|from the previous|later)"
)
_LATER = re.compile(
    r"^\s?\)?,?\s?(?:later|after(?:wards?)?\b|thereafter|from\b|following|post\b|nach\b|später|"
    r"después|dopo|après|on\b)"
)
_NAMED = re.compile(
    r"\b(?P<month>monthly|q\s?1?\s?mo\b|once(?: a| per| each| every) (?:calendar )?month|"
    r"(?:every|each|per|a) (?:calendar )?month|month-by-month|mensual\w*|mensil\w*|monatlich|"
    r"mensuel\w*|una vez al mes|une fois par mois|einmal (?:im|pro) monat)\b|"
    r"\b(?P<fortnight>every (?:other|second) week|fort?nightly|(?:every|a|one) fortnight|"
    r"once a fortnight|bi-?weekly|every two weeks|twice (?:a|per) month|vierzehntäg\w*)\b|"
    r"\b(?P<week>weekly|once (?:a|per) week|(?:every|each) week|wöchentlich|semanal\w*)\b|"
    r"\b(?P<day>daily\b(?! (?:skills|life|activit|living|function|tasks|routine|care))|"
    r"once (?:a|per) day|(?:every|each) day|täglich|diari\w+)\b|"
    r"\b(?P<month2>every (?:other|second) month|bi-?monthly)\b|"
    r"\b(?P<month3>quarterly|once a quarter|every quarter)\b|"
    r"\b(?P<month4>three times (?:a|per) year|3 times (?:a|per) year)\b|"
    r"\b(?P<month6>twice (?:a|per) year|semi-?annual\w*|half-?yearly)\b|"
    r"\b(?P<month12>yearly|annual(?:ly)?|once (?:a|per) year|every year)\b"
)
_NAMED_VALUE = {
    "month": (1.0, "month"), "fortnight": (14.0, "d"), "week": (7.0, "d"), "day": (1.0, "d"),
    "month2": (2.0, "month"), "month3": (3.0, "month"), "month4": (4.0, "month"),
    "month6": (6.0, "month"), "month12": (12.0, "month"),
}  # fmt: skip
_DOSING = re.compile(
    r"\b(?:dos(?:e|es|ed|ing|age|is|i|en)|portions?|jabs?|giv\w+|administ\w+|inject\w*|"
    r"maintenance|loading|treatments?|infus\w*|shots?|therap\w+|regimen|schedule|mg|received?|"
    r"lumbar punctures?|cada|mantenimiento|erhaltung\w*)\b"
)
_NOT_DOSING = re.compile(
    r"\b(?:follow-?up|visits?|blood tests?|monitor\w*|platelets?|urine|nfl|neurofilament|"
    r"check-?ups?|assess\w*|measur\w*|samples?|newsletter|reviewed|updated|"
    r"points? (?:a|per) month|per month of|background|premium|cost|copay|pays?|claims?|calls?|"
    r"decline\w*|survey)\b"
)
_DAYS = re.compile(
    r"\b(?:days?|d|tage?n?|días?|giorni|jours?|"
    r"zile)\s?:?\s?(?P<list>\d{1,3}(?:\s?(?:,|and|&|/|then|und|y|e|et|și|-|\band\b)\s?(?:and |"
    r"on )?(?:day )?\d{1,3}){1,9})(?!\s?(?:mg|ml|%|\d|hours|h\b))"
)
_NOT_ABOUT_DOSES = (
    "storage",
    "monitoring",
    "pharmacokinetics",
    "adverse_reactions",
    "warnings",
    "clinical_results",
    "nonclinical",
)
_DAY_N = re.compile(r"\bday (?P<n>\d{1,3})\b")
_DAY_CELL = re.compile(r"(?:^|\|)\s?(?:days?|d|tag|día)\b")
_SPACED = re.compile(
    r"\b(?:every|apart|intervals?|gaps?|between|rhythm|spans?|separat\w+|"
    r"abstand|intervall\w*|intervalo\w*|cada|ogni|tous|toutes|fiecare|alle)\b|ごと|毎|投与|用量"
)
_NO_MAINTENANCE = re.compile(
    r"no (?:maintenance|further (?:doses|treatment)|more doses) (?:\w+ ){0,2}(?:needed|required|"
    r"necessary|given)|(?:one|a single) (?:dose|course)[^.;]{0,40}(?:lasts|for life|lifetime|"
    r"is enough)|maintenance[^.;]{0,20}(?:is not|not) (?:needed|required|necessary)"
)
_DIGITS = re.compile(r"\d+")
_DAY_FIRST = re.compile(
    r"(?:^|\|)\s?(?:on )?(?:day|d|tag|día)\s?(?P<n>\d{1,3})\s?(?=$|\||:|,|\(|-)"
)
_DAYS_ROW = re.compile(r"days? \| ?(?P<list>\d{1,3}(?:(?:, ?| and | & )\d{1,3}){1,9})\s*$")
_APART_OR_LATER = re.compile(r"apart|later")
_CYCLE_AFTER = re.compile(r"^\s?-?\s?(?:cycle|schedule)")
_UNIT_BEFORE = re.compile(r"(?:week|day|month)s?\s?$")
_INTERVAL_ROW = re.compile(
    r"\W*(?:loading|maintenance|load|keep|interval|frequency|spacing|rhythm)[^|]{0,24}\|"
)
_WHOLE_LENGTH = re.compile(r"total|phase lasts|duration")
_OF_CONTROLS = re.compile(r"\b(?:\d+ controls|sham|placebo)\b")
_NTH = re.compile(
    r"\b(?:third|3rd|second|2nd|fourth|4th|first|last|final|each|previous|prior|dose \d|l\d)\b"
)


def read_interval(line: Line) -> Iterator[Claim]:
    """Read the days of loading and the intervals between doses; of a missed dose, what follows.

    Not read: a half-life, visits, tests, costs, how a controlled trial dosed, and intervals where
    a page is not about dosing.
    """
    text = line.text
    if line.is_aside or line.context.aside == "animals":
        return
    yield from _single_days(line)
    if not _is_about_doses(line):
        return
    if m := _NO_MAINTENANCE.search(text):
        yield line.claim("dosing.maintenance", "interval", "none", m)
    if not line.missed:
        yield from _lists_of_days(line)
    if _OF_CONTROLS.search(text):
        return
    for q in line.quantities:
        if q.unit in ("d", "weeks", "month", "years", "h"):
            yield from _interval(line, q)
    if not (_NOT_DOSING.search(text) or line.missed or line.has(*EXCIPIENT)):
        yield from _named_intervals(line)


def _is_about_doses(line: Line) -> bool:
    """Tell whether a line is about doses, by its words or by what the page speaks of."""
    area = line.context.area
    return bool(
        (line.kind in ("row", "item") and _DAY_CELL.search(line.text))
        or (_SPACED.search(line.text) and area not in _NOT_ABOUT_DOSES)
        or _DOSING.search(line.text)
        or area in ("dosing", "missed_dose")
        or line.context.phase
    )


def _loading_days(line: Line, listed: list[float], place: Place) -> Claim:
    days = ", ".join(f"{day:g}" for day in listed)
    return line.claim("dosing.loading", "days", days, place, unit="d", phase="loading")


def _loading_day(line: Line, day: str, place: Place) -> Claim:
    return line.claim("dosing.loading", "day", float(day), place, unit="d", phase="loading")


def _each_day(line: Line, m: re.Match[str]) -> Iterator[Claim]:
    """Read each day of the list that a pattern found."""
    first = m.start("list")
    for d in _DIGITS.finditer(m["list"]):
        yield _loading_day(line, d[0], (first + d.start(), first + d.end()))


def _is_loading(days: list[float]) -> bool:
    """Tell whether days can be those of loading: in order, from the first day."""
    return days == sorted(days) and days[0] in (0, 1)


def _single_days(line: Line) -> Iterator[Claim]:
    """Read days that are named one by one: "day 1, then day 15, then day 29"."""
    found = list(_DAY_N.finditer(line.text))
    if len(found) < 3 or _DAYS.search(line.text):
        return
    days = [float(m["n"]) for m in found]
    if _is_loading(days):
        yield _loading_days(line, days, (found[0].start(), found[-1].end()))
        for m in found:
            yield _loading_day(line, m["n"], m.span("n"))


def _lists_of_days(line: Line) -> Iterator[Claim]:
    """Read days in a list ("days 1, 15 and 29") and days that head a row of a table."""
    for m in _DAYS.finditer(line.text):
        days = [float(d) for d in _DIGITS.findall(m["list"])]
        if len(days) > 1 and _is_loading(days):
            yield _loading_days(line, days, m)
            yield from _each_day(line, m)
    if line.kind not in ("row", "item") or line.context.area not in ("", "dosing"):
        return
    for m in _DAY_FIRST.finditer(line.text):
        yield _loading_day(line, m["n"], m.span("n"))
    if row := _DAYS_ROW.match(line.text):
        yield _loading_days(
            line, [float(d) for d in _DIGITS.findall(row["list"])], row.span("list")
        )
        yield from _each_day(line, row)


def _interval(line: Line, q: Quantity) -> Iterator[Claim]:
    """Read one span of time as an interval: "every 28 days", "14 days apart", "28 days later"."""
    text = line.text
    before, after = text[max(0, q.start - 60) : q.start], text[q.end : q.end + 40]
    bare = before.rstrip()
    every = EVERY.search(bare + " " if before.endswith(" ") else before) or EVERY.search(bare)
    later = _LATER.match(after)
    if line.on_half_life or _NOT_DOSING.search(text[max(0, q.start - 50) : q.end + 30]):
        return
    if q.unit == "h":
        gap = line.missed and _APART_OR_LATER.search(after[:12])
        if not gap and not (every and line.has("dose", "doses", "give", "inject")):
            return
    if line.missed and (later or not every or "gap" in every[0]):
        yield from missed_interval(line, q, before, after)
        return
    phase = line.phase(q)
    spaced = every or _APART.match(after) or _CYCLE_AFTER.search(after)
    if spaced and not _UNIT_BEFORE.search(before[-8:]):
        if not (line.missed and MINIMUM.search(before)):
            own = phase if line.names_phase else ""
            yield line.measure(f"dosing.{phase or 'maintenance'}", "interval", q, phase=own)
    elif q.unit in ("d", "weeks", "month") and not later and _is_interval_row(line):
        yield line.measure(f"dosing.{phase or 'maintenance'}", "interval", q, phase=phase)
    elif later and q.unit != "h" and (phase or _DOSING.search(text)) and _names_nth(line, q):
        phase = phase or "loading"  # "the second dose 14 days after the first"
        # by which phase it is held is open: "28 days after the third loading dose" is maintenance
        yield line.measure(f"dosing.{phase}", "interval", q)


def _is_interval_row(line: Line) -> bool:
    """Tell whether a line is a row of two cells such as "Interval | 28 days"."""
    text = line.text
    return (
        line.kind == "row"
        and _INTERVAL_ROW.match(text) is not None
        and not _WHOLE_LENGTH.search(text)
        and text.count("|") == 1
    )


def _names_nth(line: Line, q: Quantity) -> bool:
    """Tell whether a line counts doses ("the third") near an interval or beside the word."""
    nth = _NTH.search(line.text)
    if not nth:
        return False
    return (
        line.has("dose", "doses", "loading", "injection", "dosis", "one")
        or q.start - 40 <= nth.start() <= q.end + 30
        or line.context.area == "dosing"
    )


def _named_intervals(line: Line) -> Iterator[Claim]:
    """Read intervals that are words: "monthly", "twice a year"."""
    text = line.text
    told = len(text) < 120 and (line.context.area == "dosing" or line.context.phase)
    if not told and not _DOSING.search(text):
        return
    for m in _NAMED.finditer(text):
        if line.denies(m):
            continue
        value, unit = _NAMED_VALUE[str(m.lastgroup)]
        phase = line.phase(m)
        topic, own = f"dosing.{phase or 'maintenance'}", phase if line.names_phase else ""
        yield line.claim(topic, "interval", value, m, unit=unit, phase=own)


_COUNT = re.compile(
    r"(?P<n>\d{1,2}|one|two|three|four|five|six|seven|eight|ten|dos|tres|cuatro|due|tre|quattro|zwei|drei|vier|deux|trois|"
    r"quatre|trei|patru|doi|două)"
    r"(?! (?:days?|weeks?|months?|hours?|years?|minutes?|times|ml|mg|am|pm))"
    r"(?: \(\d\))?\s?(?:[a-z]+ ){0,2}?(?:(?:loading|load|initial|"
    r"starting|starter|induction)(?:[ -](?:loading|dose|intrathecal|injection))?s?(?: doses?|"
    r" injections?| infusions?)?|aufs.ttigungsdosen|initialdosen|ladedosen|"
    r"dosis (?:iniciales )?de carga|dosi di carico|doses de charge|doze de încărcare)\b"
)
_TIMES = re.compile(
    r"(?:x|×|for|total of|series of)\s?(?P<n>\d{1,2}|two|three|four|five|six)\s?(?:loading |"
    r"initial )?(?:doses?|injections?|times|treatments?)\b"
)
_COUNT_OF = re.compile(
    r"(?:loading|load|initial) (?:phase|period|doses?|course|regimen)[^.;]{0,24}?(?:of|:|"
    r"consists? of|comprises?|is|x)\s?(?P<n>\d{1,2}|two|three|four|five|six)\s?(?:doses?|"
    r"injections?)"
)
_NOT_A_COUNT_BEFORE = re.compile(r"(?:\bdoses?|no\.?|next|last|remaining|after|missed?|other)\s$")
_PER_YEAR_AFTER = re.compile(r"\s?(?:,|per|a|each|in (?:a|12|the first)) ?(?:year|months)")
_UP_TO_BEFORE = re.compile(r"(?:up to|year \w+:?) ?$")
_SPREAD = re.compile(
    r"[^.;|]{0,24}?\b(?:apart|every|each|\d+ (?:days|weeks)|(?:one|two|three|four|\d) weeks?)\b"
)
_STARTS_OR_COUNTS = re.compile(r"\d|week|day|fortnight|load|start|begin|first|initia|carga|aufs|,")
_FIRST_BEFORE = re.compile(r"\bfirst\s$")
_ONE_MORE_AFTER = re.compile(r"\b(?:fourth|4th|then (?:a|one)|followed by (?:a|one)|last one)\b")
_TIMES_SIGN = re.compile(r"(?<![\w.])[x×]\s?(?P<n>\d)\b(?!\s?(?:m[gl]|,|\d))")
_LOADING_IS = re.compile(
    r"(?:loading|initial|starting) (?:doses?|phase|injections?)\s?[:=|]\s?(?P<n>\d|one|two|three|"
    r"four|five|six)\b(?! ?(?:mg|ml|d\b|days|weeks|x))"
)
_N_TIMES = re.compile(
    r"(?P<n>two|three|four|five|\d) times,? (?:\w+ ){0,2}?(?:apart|every|weeks|days)"
)
_OF_A_TRIAL = re.compile(r"\b(?:trial|study|part [a-c]|randomi[sz]ed|placebo|sham)\b")
_ORDINAL_BEFORE = re.compile(r"(?:no\.|number|dose|#|day|week|section|-|/|\.)\s?$")
_SOME_OF_BEFORE = re.compile(r"\b(?:first|next|last|other|remaining)\s$")


def read_count(line: Line) -> Iterator[Claim]:
    """Read how many loading doses there are.

    Not read: which dose it is ("dose 3"), some of them ("the next two"), doses of a year.
    """
    text = line.text
    if line.is_aside or line.missed or _OF_A_TRIAL.search(text):
        return
    seen: set[int] = set()  # where a number stands that was read
    for q in line.quantities:
        if q.unit == "doses" and _counts_loading(line, q):
            seen.add(q.start)
            first = _FIRST_BEFORE.search(text[: q.start]) or _ONE_MORE_AFTER.search(text[q.end :])
            yield _doses(line, q.lo, q, about="first" if first else "")
    for m in _TIMES_SIGN.finditer(text):
        if line.phase(m) == "loading" and m.start("n") not in seen:
            seen.add(m.start("n"))
            yield _doses(line, number(m["n"]), m.span("n"))
    for m in _LOADING_IS.finditer(text):
        if m.start("n") not in seen and number(m["n"]) > 1:
            seen.add(m.start("n"))
            yield _doses(line, number(m["n"]), m.span("n"))
    for m in _N_TIMES.finditer(text):
        yield _doses(line, number(m["n"]), m.span("n"))
    for pattern in (_COUNT, _COUNT_OF, _TIMES):
        for m in pattern.finditer(text):
            at, n = m.start("n"), number(m["n"])
            if at in seen or _ORDINAL_BEFORE.search(text[:at]):
                continue
            if pattern is _TIMES and line.phase((at, m.end())) == "maintenance":
                continue
            if _SOME_OF_BEFORE.search(text[:at]):
                continue
            seen.add(at)
            if n > 1 or (n == 1 and line.has("only", "single")):
                yield _doses(line, n, (at, m.end()))


def _doses(line: Line, n: float, place: Place, about: str = "") -> Claim:
    return line.claim(
        "dosing.loading", "doses", n, place, unit="doses", phase="loading", about=about
    )


def _counts_loading(line: Line, q: Quantity) -> bool:
    """Tell whether a number of doses is that of loading."""
    text = line.text
    if q.lo != q.hi or q.lo != int(q.lo) or not 2 <= q.lo <= 20:
        return False
    if _NOT_A_COUNT_BEFORE.search(text[: q.start]) or "maintenance" in text[q.start : q.end]:
        return False
    if _PER_YEAR_AFTER.match(text[q.end :]) or _UP_TO_BEFORE.search(text[: q.start]):
        return False
    phase = line.phase(q)
    if phase == "loading" and (len(text) < 40 or _STARTS_OR_COUNTS.search(text)):
        return True
    return phase != "maintenance" and _SPREAD.match(text[q.end :]) is not None
