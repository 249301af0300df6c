"""Times and temperatures: the injection, the syringe, warming up, the fridge and the carton."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from thecal.label.quantity import Quantity
from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import EVERY
from thecal.label.reading.line import Line

_BOLUS = re.compile(
    r"\b(?:bolus|inject\w*|push\w*|infus\w*|administ\w+|giv\w+|over|deliver\w*|takes?|lasts?|"
    r"slowly|instill\w*|empties|runs in|inyecci\w+|injektion\w*|iniezione|dura\b|dauert|durante|"
    r"über|während|inietta\w*|bolo)\b"
)
_SYRINGE_TOMORROW = re.compile(
    r"(?:syringe|drawn[- ]up|prepared dose)[^.;]{0,60}\b(?P<w>tomorrow|next day|overnight|"
    r"following day|next (?:morning|visit|patient|week)|any time)\b"
)
_DISCARDED = re.compile(r"discard|throw|must not|not be")
_DRAWN_NEAR = re.compile(
    r"(?:from|removal from|left|leaves|out of) (?:the )?(?:vial|bottle)|drawn up|"
    r"in (?:the|a) syringe"
)
_USE_WITHIN = re.compile(r"within|use|up to|stable|keep|kept")
_WARMING_NEAR = re.compile(
    r"warm\w*|incubat\w*|oven|room temp\w*|\bstand\b|\bsit\b|refrigerator|fridge|microwav\w*|"
    r"raumtemperatur|temperatura ambiente"
)
_INJECTED_OVER = re.compile(r"inject|bolus|\bover\s?$")
_RESTING_NEAR = re.compile(
    r"lie|lying|rest\b|flat|observ\w*|monitor\w*|afterwards|recover|bed\b|watch"
)
_OVER_OR_BOLUS = re.compile(r"\bover\s?$|bolus")
_ASKS_SPEED = re.compile(
    r"how (?:long|fast)[^.;]{0,30}(?:inject|given|take|shot)|\bspeed|duration of inj|rate of inj|"
    r"injection time|instill"
)
_WHOLE_VISIT = re.compile(r"visit|whole|appointment")
_INJECTION_AFTER = re.compile(r"[^.;]{0,24}(?:inject|bolus|push|infus)")
_OVER = re.compile(r"over|durante|über")
_VISIT_LENGTH = re.compile(
    r"visit|appointment|procedure|session|in all|altogether|takes about|whole"
)
_INJECTION = re.compile(r"bolus|inject|push|infus")
_COLD_NEAR = re.compile(
    r"carton|refrigerat\w*|fridge|cooler|ice (?:chest|box)|cold box|unopened|per day|a day|"
    r"each day|\btotal|out of (?:the )?(?:box|cold)|cumulative|kühl\w*|daily|combined|umkarton|"
    r"cart[óo]n|nevera|frigor\w*"
)
_DRAWN_UP = re.compile(
    r"syringe|drawn|draws?\b|withdraw\w*|"
    r"(?:from|left|leaves|leaving|out of|removal from) (?:the )?vial|prepar\w+|spritze|jeringa|"
    r"siringa|seringue|aufgezogen|aufziehen|draw\w*|ampoule|vial"
)
_USE_BARE = re.compile(r"\W*(?:use|inject|give|administer) (?:it |this )?within")
_DAILY_BUDGET = re.compile(
    r"per day|a day|\btotal|carton|unopened|cumulative|daily|combined|each day"
)
_PER_DAY_AFTER = re.compile(r"^\s?(?:\w+ ){0,2}?(?:per|a|each|/|daily|any) ?(?:day|24)?|^ daily")
_DAY_WORD = re.compile(r"day|daily|24")
_INJECTION_LASTS = re.compile(
    r"(?:shot|injection|infusion|bolus|push|instillation|bag|drip)\b[^.;]{0,40}\b(?:takes?|lasts?|"
    r"over|runs?|occupies|empties in)\s?(?:about )?$"
)
_OVER_BEFORE = re.compile(r"\bover\s?(?:about )?$")
_RESTING = re.compile(r"lie|lying|rest\b|flat|observ\w*|monitor\w*|bed\b")
_PREPARED_BEFORE = re.compile(
    r"syringe|drawn[- ]up|once drawn|filled|prepared|(?:removal|removed|taken) from (?:the )?vial"
)
_AFTER_DRAWING = re.compile(
    r"\s?(?:of|after|from) (?:removal|drawing|removing|preparation|being drawn)"
)
_STORED_WHERE = re.compile(
    r"refrigerat|fridge|carton|room temperature|unrefrigerated|°|\bbox\b|30 c|kühl|raumtemperatur|"
    r"nevera|frigor|vial"
)
_STORED = re.compile(
    r"store\w*|keep|kept|refrigerat\w*|fridge|carton|room|up to|temperature|last\w*|tage|días|"
    r"giorni|jours|zile|box|unopened|stay|lager\w*|aufbewahr\w*|conserv\w*|within|for|days"
)
_HOURS_A_DAY = re.compile(r"carton|hours|6 h|six h|per day|a day")
_HOURS_THEN_DAYS = re.compile(
    r"(?:hours?|h)\b[^.;]{0,60}$|for (?:a )?max\w*(?: of)?\s?$|6 days|six days"
)
_HOUR_WORD = re.compile(r"hour|\bh\b")


# A topic and the name of a value within it.
Told: TypeAlias = tuple[str, str]


def read_duration(line: Line) -> Iterator[Claim]:
    """Read times: of the injection, in the syringe, to warm up, at rest, out of the fridge.

    Not read: how long a visit takes, a half-life, the time to the highest concentration.
    """
    text = line.text
    m = _SYRINGE_TOMORROW.search(text)
    if m and not line.denies(m.span("w")) and not _DISCARDED.search(m[0]):
        yield line.claim("administration.in_syringe", "most_h", "a day or more", m.span("w"))
    if line.is_aside:
        return
    for q in line.quantities:
        before, after = text[max(0, q.start - 60) : q.start], text[q.end : q.end + 60]
        told: Told | None = None
        if q.unit in ("min", "s"):
            told = _minutes(line, before, after)
        elif q.unit == "h":
            told = _hours(line, before, after)
        elif q.unit in ("d", "weeks", "month"):
            told = _days(line, q, before, after)
        if told:
            yield line.measure(*told, q)


def _minutes(line: Line, before: str, after: str) -> Told | None:
    """Say what minutes are told of."""
    if _DRAWN_NEAR.search(before + after[:30]) and _USE_WITHIN.search(before):
        return "administration.in_syringe", "most_h"
    if _WARMING_NEAR.search(before + after[:40]) and not _INJECTED_OVER.search(before[-30:]):
        return "preparation.warm_up", "least_min"
    if _RESTING_NEAR.search(before[-40:] + after[:30]) and not _OVER_OR_BOLUS.search(before):
        return "administration.rest_after", "least_min"
    if _ASKS_SPEED.search(line.context.lead) and not _WHOLE_VISIT.search(line.text):
        return "administration.bolus", "duration"
    given = (
        _BOLUS.search(before)
        or _INJECTION_AFTER.match(after)
        or (line.context.area == "administration" and _OVER.search(before))
    )
    visit = _VISIT_LENGTH.search(before[-50:] + after[:24]) and not _INJECTION.search(before[-40:])
    return ("administration.bolus", "duration") if given and not visit else None


def _hours(line: Line, before: str, after: str) -> Told | None:
    """Say what hours are told of."""
    if line.on_half_life or line.on_peak:
        return None
    near = before + after
    cold = _COLD_NEAR.search(near)
    if line.context.area in ("preparation", "administration", "dosing") and _USE_BARE.match(
        line.text
    ):
        return "administration.in_syringe", "most_h"
    if _DRAWN_UP.search(near) and not (cold and _DAILY_BUDGET.search(near)):
        return "administration.in_syringe", "most_h"
    if cold or line.context.area == "storage":
        daily = _PER_DAY_AFTER.search(after) and _DAY_WORD.search(after[:18])
        return "storage.out_of_carton", "most_h_per_day" if daily else "most_h"
    if _INJECTION_LASTS.search(before) or (
        _INJECTION.search(before[-30:]) and _OVER_BEFORE.search(before[-12:])
    ):
        return "administration.bolus", "duration"
    return ("administration.rest_after", "least_h") if _RESTING.search(near) else None


def _days(line: Line, q: Quantity, before: str, after: str) -> Told | None:
    """Say what days, weeks or months are told of: a syringe, or a carton out of the fridge."""
    text = line.text
    drawn = _PREPARED_BEFORE.search(before) or _AFTER_DRAWING.match(after)
    if drawn and q.unit != "month":
        return "administration.in_syringe", "most_h"
    if line.context.area != "storage" and not _STORED_WHERE.search(text):
        return None
    if EVERY.search(before) or not _STORED.search(text):
        return None
    if (  # "up to 6 hours a day, for at most 6 days"
        _HOURS_A_DAY.search(text)
        and _HOURS_THEN_DAYS.search(before + text[q.start : q.end])
        and _HOUR_WORD.search(text)
    ):
        return "storage.out_of_carton", "most_d"
    return "storage.carton_unrefrigerated", "most_d"


_ROOM_BEFORE = re.compile(r"room|unrefrigerat|outside|raumtemperatur|temperatura ambiente")
_FRIDGE = re.compile(r"refrigerat|fridge")
_STAYS = re.compile(r"store\w*|keep|kept|stor(?:ed|age)|lager|aufbewahr|conserv")
_EXCURSION = re.compile(r"excursion|permitted|short")
_ROOM_JUST_BEFORE = re.compile(
    r"(?:room|ambient|umgebung\w*|raum\w*|ambiente?|\bto|temperature) ?\w* ?\(?\s?$"
)
_STORED_NEAR = re.compile(r"store|keep|kept|up to|below|above|unrefrig|days|tage\b|días")
_CELSIUS_BEFORE = re.compile(r"2[0-6] ?°? ?c ?[(/]? ?$")
_WARMED = re.compile(r"warm\w*|incubat\w*|heat\w*|come to|reach|allow|bring|brought|equilibrat")
_ROOM_TEMPERATURE_BEFORE = re.compile(r"room temperature\s?\(?\s?(?:about |around |of )?$")
_KEPT = re.compile(r"store|keep|kept")
_REACHES = re.compile(r"warm\w*|come|reach|allow|bring")
_BELOW_BEFORE = re.compile(r"below|under|fall|never")
_OUT_OF_CARTON = re.compile(
    r"out(?:side)? (?:of )?(?:the |its )?(?:carton|box|original)|"
    r"removed from (?:the |its )?(?:carton|box)|hours|umkarton|per day"
)
_ANY_STORAGE = re.compile(
    r"stable|car\b|summer|travel|carton|box|room|unrefrigerat|refrigerat|outside|up to|below|"
    r"under|not (?:above|exceed)|exceed|at or|store|keep|days|<|≤|without|above|bis|über"
)


_WARM_UP: Told = ("preparation.warm_up", "temperature")
_UNREFRIGERATED: Told = ("storage.carton_unrefrigerated", "most_C")


def read_temperature(line: Line) -> Iterator[Claim]:
    """Read temperatures of storage and of warming up; not those of a fever."""
    text = line.text
    if line.has("fever", "pyrexia", "body"):
        return
    for q in line.quantities:
        if q.unit in ("C", "F"):
            before, after = text[max(0, q.start - 70) : q.start], text[q.end : q.end + 40]
            told = _range(line, q, before) if q.lo != q.hi else _degrees(line, q, before, after)
            if told:
                yield line.measure(*told, q)


def _range(line: Line, q: Quantity, before: str) -> Told:
    """Say what a range of temperatures is told of; most are those of the fridge."""
    room = _ROOM_BEFORE.search(before[-50:]) and not _FRIDGE.search(before[-30:])
    stays = line.context.area == "storage" or _STAYS.search(line.text)
    if room and not stays and not (q.lo <= 15 and q.hi >= 25):
        return _WARM_UP
    return _UNREFRIGERATED if _EXCURSION.search(before) else ("storage.refrigerated", "range")


def _degrees(line: Line, q: Quantity, before: str, after: str) -> Told | None:
    """Say what one temperature is told of."""
    stored = line.context.area == "storage"
    room = 20 <= q.hi <= 26 if q.unit == "C" else 68 <= q.hi <= 79
    near = before + after
    if room and _ROOM_JUST_BEFORE.search(before[-26:]) and not _STORED_NEAR.search(near):
        return _WARM_UP
    if room and q.unit == "F" and _CELSIUS_BEFORE.search(before[-12:]) and not stored:
        return _WARM_UP
    if _WARMED.search(before) or (_ROOM_TEMPERATURE_BEFORE.search(before) and not stored):
        return _UNREFRIGERATED if _KEPT.search(before) and not _REACHES.search(before) else _WARM_UP
    if q.hi <= (0 if q.unit == "C" else 32) and not _BELOW_BEFORE.search(before[-20:]):
        return "storage.freezing", "temperature"
    if _OUT_OF_CARTON.search(near):
        return "storage.out_of_carton", "most_C"
    return _UNREFRIGERATED if _ANY_STORAGE.search(near) else None
