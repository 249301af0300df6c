"""What a vial's temperature record says, in words that are read in ten seconds.

The same as JSON is `vial_json`, as a picture `vial_figure`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from textwrap import fill

from thecal.clinic.coldchain.coldchain import (
    Budget,
    Code,
    Ground,
    Question,
    Verdict,
    VialCheck,
)
from thecal.clinic.coldchain.limits import Allowance
from thecal.clinic.coldchain.pieces import Gap, Reading, State
from thecal.errors import counted
from thecal.label.label import Label
from thecal.plan.answer import DISCLAIMER
from thecal.report.words import status_words, where

WIDTH = 92
MOST_GAPS = 5  # the rest are counted
VERDICTS = {
    Verdict.USABLE: "USABLE: no budget of the label was used in the time of the log.",
    Verdict.WITH_LEFT: "USABLE, with what is left of its budgets.",
    Verdict.QUARANTINE: (
        "QUARANTINE: do not use this vial yet. Keep it apart, marked, at {range}, until what is "
        "asked below is answered."
    ),
    Verdict.DISCARD: (
        "DISCARD, pending the maker's advice: do not use this vial. Keep it apart, marked; the "
        "maker is asked before it is destroyed."
    ),
}
PLACES = {
    State.REFRIGERATOR: "in its carton, in the refrigerator",
    State.CARTON: "in its carton, outside the refrigerator",
    State.OUT_OF_CARTON: "out of its carton",
    State.NOT_STATED: "not stated",
}
SILENT = (Question.DAY, Question.SUM, Question.BELOW)
OPEN = {
    Question.DAY: "Whether the hours a day are per calendar day or per any 24 hours.",
    Question.SUM: "Whether the time in the carton and the time out of it may both be used up.",
    Question.BELOW: "What a dip below the refrigerator's range does to the vial.",
}
TAKEN = {
    Question.DAY: "both were counted, and the stricter one taken",
    Question.SUM: "they are taken to share one allowance, the stricter reading",
    Question.BELOW: "taken as a reason for quarantine",
}


def vial_text(check: VialCheck, said: Sequence[str] = (), *, is_zone_stated: bool = True) -> str:
    """Answer for a pharmacist: the verdict, what decided it, what is left, what is not known.

    said  what was done while the log was read
    """
    storage, label = check.storage, check.storage.label
    head = VERDICTS[check.verdict].format(range=_range(check))
    parts = [
        _wrap(head),
        _wrap(f"Decided by  {ground_words(check.deciding, check)}", 14, "  "),
        list(_others(check)),
        _asked(check),
        ["", *_budget_lines(check)] if storage.allowances else [],
        _silent_lines(check),
        ["", *_gap_lines(check)] if check.gaps else [],
        ["", *_log_lines(check, said, is_zone_stated)],
        ["", *_wrap(f"Label: {label.document}, {label.version}.")],
        _wrap(status_words(label)) if status_words(label) else [],
        _wrap(DISCLAIMER),
    ]
    return "\n".join(line for part in parts for line in part)


def ground_words(ground: Ground, check: VialCheck) -> str:
    """Say one ground in a sentence: the reading, the limit, the rule and where it stands."""
    seen, label = reading_words(ground.reading, check.zone), check.storage.label
    rule = f" [{where(ground.rule.source, label)}]" if ground.rule else ""
    budgets = {budget.allowance.rule.topic: budget for budget in check.budgets}
    match ground.code:
        case Code.FROZEN:
            basis = check.policy.bases["freezing"]
            says = f"the label: {ground.rule.says}" if ground.rule else "not read in the label"
            sure = "" if basis.is_confirmed else ", not confirmed"
            return (
                f"{seen}: below {ground.limit_C:g} °C; {says}{rule} The label names no temperature "
                f"of freezing: {ground.limit_C:g} °C is that of {check.policy.head}{sure}."
            )
        case Code.TOO_WARM:
            return f"{seen}: above {ground.limit_C:g} °C, the label's limit {_place(ground)}{rule}."
        case Code.CARTON_BUDGET | Code.OUT_OF_CARTON_BUDGET if ground.rule:
            budget = budgets[ground.rule.topic]
            passed, place = _passed(budget), PLACES[budget.allowance.state]
            if len(passed) == 1:
                return f"{seen}: by then {passed[0]} {place}{rule}."
            return (
                f"{seen}: the first limit was passed by then, and in the whole log "
                f"{' and '.join(passed)} {place}{rule}."
            )
        case Code.EXPIRED:
            return f"the vial expired on {check.expires}; the log ends with {seen}."
        case Code.BELOW_RANGE:
            return f"{seen}: below {ground.limit_C:g} °C, and on this the label is silent{rule}."
        case Code.BUDGETS_TOGETHER:
            shares = " and ".join(
                f"{_percent(b)} of the time {PLACES[b.allowance.state]}" for b in check.budgets
            )
            return f"{seen}: by then {shares} were used, together more than one allowance{rule}."
        case Code.NOT_READ:
            return (
                f"{seen}: outside the refrigerator's range, or stated to be outside the "
                "refrigerator; what the label allows there was not read."
            )
        case Code.GAP:
            longest = max(check.gaps, key=lambda gap: gap.end_s - gap.start_s)
            return (
                f"{seen}: the reading beside a gap of {duration(longest.end_s - longest.start_s)}, "
                "in which the temperature is not known."
            )
        case Code.NO_DURATION:
            return f"{seen}: the log is of this one moment, and shows no length of time."
        case Code.BUDGET_USED:
            return f"{seen}: the warmest reading while a budget was used. All limits were kept."
        case _:
            return f"{seen}: the warmest reading. All are from {_range(check)}{rule}."


def reading_words(reading: Reading, zone: dt.tzinfo) -> str:
    """Name a reading: temperature, time, and the line it stands on."""
    line = f" (line {reading.line})" if reading.line else ""
    return f"{degrees(reading.temperature_C)} on {moment(reading.at_s, zone)}{line}"


def degrees(value_C: float) -> str:
    """Write a temperature to a hundredth of a degree at most, with a true minus."""
    return f"{value_C:.2f}".rstrip("0").rstrip(".").replace("-", "−") + " °C"


def moment(at_s: int, zone: dt.tzinfo) -> str:
    """Write a moment as the clock of the zone shows it."""
    return dt.datetime.fromtimestamp(at_s, zone).strftime("%a %Y-%m-%d %H:%M")


def duration(seconds: int) -> str:
    """Write a duration in days, hours and minutes: the first two of them that are not 0."""
    minutes = round(seconds / 60)
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [
        f"{value} {unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if value
    ]
    return " ".join(parts[:2]) or "0 min"


def hours(seconds: int) -> str:
    """Write a duration in hours and minutes."""
    minutes = round(seconds / 60)
    whole, rest = divmod(minutes, 60)
    return f"{whole} h {rest} min" if rest else f"{whole} h"


def _range(check: VialCheck) -> str:
    return f"{check.storage.least_C:g} to {check.storage.most_C:g} °C"


def _place(ground: Ground) -> str:
    topic = ground.rule.topic if ground.rule else ""
    return "out of the carton" if topic.endswith("out_of_carton") else "in the carton"


def _percent(budget: Budget) -> str:
    return f"{float(budget.share):.0%}".replace("%", " %")


def _passed(budget: Budget) -> list[str]:
    """Say which parts of an allowance were exceeded."""
    allowance, told = budget.allowance, list[str]()
    if budget.used_s > allowance.most_s:
        told.append(f"more than {_length(allowance, allowance.most_s)} in all")
    if allowance.most_day_s is not None:
        most_s = max(budget.calendar.most_s, budget.rolling.most_s)
        if most_s > allowance.most_day_s:
            told.append(f"more than {hours(allowance.most_day_s)} a day")
    if allowance.most_days is not None:
        if max(budget.calendar.days, budget.rolling.days) > allowance.most_days:
            told.append(f"more than {allowance.most_days} days")
    return told


def _length(allowance: Allowance, seconds: int) -> str:
    """Write a time in the label's measure: days for a budget of days, else hours."""
    return duration(seconds) if allowance.state is State.CARTON else hours(seconds)


def _others(check: VialCheck) -> Iterator[str]:
    """Say the other grounds that are as bad as a quarantine."""
    for ground in check.grounds[1:]:
        if ground.verdict in (Verdict.QUARANTINE, Verdict.DISCARD):
            yield from _wrap(f"Also ({ground.verdict})  {ground_words(ground, check)}", 14, "  ")


def _asked(check: VialCheck) -> list[str]:
    """Say what a quarantine waits for, and what the verdict would be in the carton."""
    questions = list(
        dict.fromkeys(
            question
            for ground in check.grounds
            if ground.verdict is Verdict.QUARANTINE
            for question in ground.waits_on
        )
    )
    lines = []
    if Question.CUSTODY in questions:
        lines.append(
            "Where was the vial? Nobody states it, so time above the range counts as out of the "
            "carton. Say it with --carton, --out-of-carton or --custody."
        )
    if Question.GAP in questions:
        lines.append("What was its temperature when nothing is logged? Another logger may show it.")
    if any(question in SILENT for question in questions):
        lines.append("The label is silent (below): ask the maker.")
    if Question.LABEL in questions:
        lines.append("Read the label in force on this: its text was not read here.")
    wrapped = [line for words in lines for line in _wrap(words, 9, "  Asked  ")]
    if check.if_stated not in (None, check.verdict):
        wrapped += _wrap(
            "If it was in its carton wherever nothing is stated (--carton), the verdict is "
            f"{str(check.if_stated).replace('_', ' ')}.",
            9,
            "         ",
        )
    return ["", *wrapped] if wrapped else []


def _budget_lines(check: VialCheck) -> Iterator[str]:
    label = check.storage.label
    yield "Budgets of the label"
    for budget in check.budgets:
        allowance = budget.allowance
        place = PLACES[allowance.state]
        place = place[:1].upper() + place[1:]
        yield from _wrap(
            f"{place}, at up to {allowance.most_C:g} °C [{where(allowance.rule.source, label)}]",
            4,
            "  ",
        )
        most = _length(allowance, allowance.most_s)
        by_day = ""
        if allowance.most_days is not None:
            days = max(budget.calendar.days, budget.rolling.days)
            by_day = f"; {days} of {counted(allowance.most_days, 'day')}"
        if allowance.most_day_s is not None:
            by_day += (
                f"; most in a day {hours(max(budget.calendar.most_s, budget.rolling.most_s))}"
                f" of {hours(allowance.most_day_s)}"
            )
        yield from _wrap(f"used  {_length(allowance, budget.used_s)} of {most}{by_day}", 10, "    ")
        if budget.known_s != budget.used_s:
            rest = ["gaps"] if check.gaps else []
            if check.if_stated is not None:
                rest.append("time for which nobody states where the vial was")
            yield from _wrap(
                f"of that {_length(allowance, budget.known_s)} for certain; the rest is "
                f"{' and '.join(rest)}",
                10,
                "          ",
            )
        if check.verdict is Verdict.DISCARD:
            continue
        left = _length(allowance, budget.left_s)
        if budget.left_days is not None:
            left += f", on {counted(budget.left_days, 'day')}"
        alone = ""
        if (budget.alone_s, budget.alone_days) != (budget.left_s, budget.left_days):
            alone = f" ({_length(allowance, budget.alone_s)}"
            if budget.alone_days is not None:
                alone += f" on {counted(budget.alone_days, 'day')}"
            alone += " if both budgets may be used up)"
        today = ""
        if budget.left_day_s is not None and budget.calendar.last_s + budget.rolling.last_s:
            today = f"; of the log's last day {hours(budget.left_day_s)}"
        released = ", if it is released" if check.verdict is Verdict.QUARANTINE else ""
        yield from _wrap(f"left  {left}{alone}{today}{released}", 10, "    ")


def _silent_lines(check: VialCheck) -> list[str]:
    """Say what the label leaves open, as far as it bears on this vial."""
    used = {budget.allowance.state: budget for budget in check.budgets if budget.used_s}
    out = used.get(State.OUT_OF_CARTON)
    bears = {
        Question.DAY: out is not None and out.allowance.most_day_s is not None,
        Question.SUM: bool(used) and len(check.budgets) > 1,
        Question.BELOW: any(ground.code is Code.BELOW_RANGE for ground in check.grounds),
    }
    lines = [
        line
        for question in SILENT
        if bears[question]
        for line in _wrap(
            f"{silence_words(question, check.storage.label)} Here: {TAKEN[question]}.", 4, "  "
        )
    ]
    return ["", "The label does not say", *lines] if lines else []


def silence_words(question: Question, label: Label) -> str:
    """Say what the label leaves open, and where it would stand."""
    silence = label.silence(str(question))
    if silence is None:
        return f"{OPEN[question]} [no statement was read]"
    return f"{silence.says} [{where(silence.source, label)}]"


def _gap_lines(check: VialCheck) -> Iterator[str]:
    gaps = sorted(check.gaps, key=lambda gap: gap.start_s - gap.end_s)
    total = sum(gap.end_s - gap.start_s for gap in gaps)
    most = duration(check.policy.longest_interval_s)
    yield from _wrap(
        f"{counted(len(gaps), 'gap')} without a reading for more than {most} "
        f"({check.policy.head}), {duration(total)} in all; each counts as out of range for its "
        "whole length",
        2,
    )
    for gap in gaps[:MOST_GAPS]:
        yield f"  {gap_words(gap, check.zone)}"
    if len(gaps) > MOST_GAPS:
        yield f"  and {len(gaps) - MOST_GAPS} shorter"


def gap_words(gap: Gap, zone: dt.tzinfo) -> str:
    """Name a gap by its ends and its length."""
    ends = f"{moment(gap.start_s, zone)} to {moment(gap.end_s, zone)}"
    return f"{ends}, {duration(gap.end_s - gap.start_s)}"


def _log_lines(check: VialCheck, said: Sequence[str], is_zone_stated: bool) -> Iterator[str]:
    first, last = check.readings[0], check.readings[-1]
    every = f", usually every {duration(check.usual_interval_s)}" if check.usual_interval_s else ""
    yield from _wrap(
        f"Log: {counted(len(check.readings), 'reading')} from {moment(first.at_s, check.zone)} to "
        f"{moment(last.at_s, check.zone)}{every}; {degrees(check.coldest.temperature_C)} to "
        f"{degrees(check.warmest.temperature_C)}. Nothing is known before and after.",
        2,
    )
    zone = zone_words(check.zone) if is_zone_stated else "not stated: the logger's clock as it is"
    yield from _wrap(f"Zone of times and calendar days: {zone}.", 2)
    if check.expires is not None and check.deciding.code is not Code.EXPIRED:
        yield f"Expires on {check.expires}."
    if check.expires is None:
        yield "Expiry: not stated, so not checked; look at the vial, or say it with --expires."
    for near in check.near:
        yield from _wrap(
            f"Note: {reading_words(near.reading, check.zone)} keeps the limit of "
            f"{near.limit_C:g} °C by less than a logger is exact "
            f"(±{check.policy.accuracy_C:g} °C, {check.policy.head}).",
            2,
        )
    for words in said:
        yield from _wrap(f"Read: {words}.", 2)


def zone_words(zone: dt.tzinfo) -> str:
    """Name a zone."""
    return str(getattr(zone, "key", None) or zone)


def _wrap(words: str, indent: int = 0, first: str = "") -> list[str]:
    return fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()
