"""One patient or vial of the record: the chart, its history, and what was written or refused.

In words, and as JSON for a program (`schemas/record_….v1.json`). Screens are seen by others: who
the person is, and the lot of a vial, stand in an answer only where they were asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from textwrap import fill
from typing import Any

from thecal import __version__
from thecal.clinic.finding import Finding
from thecal.course import Course
from thecal.errors import counted
from thecal.plan.answer import DISCLAIMER, Due
from thecal.report.contract import UNSAFE, due_document
from thecal.report.terminal import NAMES, WIDTH, due_text
from thecal.report.words import where
from thecal.source import Source
from thecal.store.fact import KINDS, TIMED, Body, Fact
from thecal.store.outcome import Change, Chart, Outcome, Refused, Written
from thecal.store.trail import Look

Json = dict[str, Any]
HIDDEN = {  # fields shown only with --identity
    "person": ("name", "local_id", "birth_date", "sex", "site", "note"),
    "vial": ("lot", "gtin", "site", "note"),
}
TITLES = {
    "person": "Person",
    "plan": "Label followed",
    "variant": "Variant",
    "dose": "Doses",
    "observation": "Observations",
    "event": "Events",
    "visit": "Visits",
    "override": "Overrides",
    "note": "Notes",
    "vial": "Vial",
    "vial_check": "Checks",
    "vial_used": "Used",
    "vial_returned": "Returned",
}
NOT_SHOWN = "recorded; shown with --identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A chart, and what follows from it.

    due          None where no date can be computed
    why_not      why there is none
    is_named     who the person is, and the lot of a vial, were asked for
    """

    chart: Chart
    due: Due | None
    why_not: str
    is_named: bool


# -- words


def safe(text: str) -> str:
    """Return text without what would act on a terminal."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(text: str) -> str:
    """Return the same on one line."""
    return safe(" ".join(text.split()))


def moment(at: str) -> str:
    """Return a time of the record to the second: "2026-01-05 09:30:12 UTC"."""
    return f"{at[:10]} {at[11:19]} UTC"


def wrapped(words: str, indent: int = 0, first: str = "") -> list[str]:
    """Break words into lines of a terminal."""
    return fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()


def fact_words(kind: str, body: Body | None, *, is_named: bool) -> str:
    """Say in one line what a fact holds."""
    if body is None:
        return "withdrawn"
    if kind not in KINDS:
        return "of a kind that is not known here"
    hidden = () if is_named else HIDDEN.get(kind, ())
    seen = {name: value for name, value in body.items() if name not in hidden}
    match kind:
        case "plan":
            words = f"{body['medicine']}, {body['jurisdiction']}"
            words += f", edition {body['edition']}" if "edition" in body else ", edition in force"
        case "dose":
            words = (
                f"{body['amount_mg']:g} mg, {str(body['route']).upper() or 'route not recorded'}"
            )
            words += f", vial {body['vial']}" if "vial" in body else ""
        case "observation":
            sign = "<" if body.get("is_below") else ""
            words = f"{body['kind']} {sign}{body['value']:g} {body['unit']}"
        case "event":
            words = str(body["name"]).replace("_", " ")
        case "note":
            words = str(body["text"])
        case "override":
            words = f"{', '.join(body['of'])}: {body['reason']}"
        case "vial_used":
            words = f"for {body['patient']}, its change {body['change']}"
        case "visit":
            words = f"{body['visit'].get('on', 'no date')}, kept whole; see --json"
        case "vial_check":
            words = str(body["verdict"]).replace("_", " ")
        case _:
            words = ", ".join(f"{name}: {value}" for name, value in seen.items())
    words += "".join(
        f"; {name}: {body[name]}"
        for name in ("method", "note", "source")
        if kind in (*TIMED, "vial_check") and body.get(name)
    )
    if len(seen) < len(body):
        names = ", ".join(name for name in body if name in hidden)
        words += f"{', ' if words else ''}{names}: {NOT_SHOWN}"
    return plain(words)


def chart_text(standing: Standing) -> str:
    """Show a chart as a nurse reads it: the facts by kind, the findings, then the next dose."""
    chart = standing.chart
    lines = [f"{chart.stream} · version {chart.version} · as known {moment(chart.as_of)}"]
    course = standing.due.course if standing.due else None
    for kind, title in TITLES.items():
        facts = sorted(chart.of(kind), key=_when)
        if facts:
            lines += ["", title, *(_row(fact, course, standing) for fact in facts)]
    if not chart.facts:
        lines += ["", "No fact stands: each was withdrawn."]
    if standing.due is None:
        if chart.stream.startswith("P"):
            lines += ["", *wrapped(f"No due date: {standing.why_not}")]
            lines += ["", *wrapped(DISCLAIMER)]
        return "\n".join(lines)
    lines += ["", "Findings", *finding_lines(standing.due.findings, standing.due)]
    return "\n".join([*lines, "", due_text(standing.due)])


def _row(fact: Fact, course: Course | None, standing: Standing) -> str:
    when = _when_words(fact.body or {}, course)
    mark = f"  [corrected, version {fact.version}]" if fact.version > 1 else ""
    words = fact_words(fact.kind, fact.body, is_named=standing.is_named)
    first = f"  {fact.fact:6} {when:22}" if fact.kind in TIMED else f"  {fact.fact:6} "
    return "\n".join(wrapped(words + mark, indent=len(first), first=first))


def _when(fact: Fact) -> tuple[str, float, int, int]:
    body = fact.body or {}
    return str(body.get("date", "")), float(body.get("day", 0)), fact.change, fact.place


def _when_words(body: Body, course: Course | None) -> str:
    if "date" not in body:
        return f"day {body['day']:g}" if "day" in body else ""
    day = course.day(dt.date.fromisoformat(body["date"])) if course else None
    return str(body["date"]) if day is None else f"{body['date']}  day {day}"


def finding_lines(findings: Iterable[Finding], due: Due | None = None) -> list[str]:
    """Say each finding with what the label says, what it asks for, and where it stands."""
    lines = []
    for finding in findings:
        place = where(finding.source, due.label) if due else str(finding.source or "")
        says = f": {finding.says}" if finding.says else ""
        asks = f" → {finding.asks}" if finding.asks else ""
        rule = "; ".join(part for part in (finding.rule and f"rule {finding.rule}", place) if part)
        text = f"{NAMES[finding.severity]:8}{(finding.message + says).rstrip('.')}{asks}"
        lines += wrapped(safe(f"{text.rstrip('.')} [{rule}]"), indent=10, first="  ")
    return lines or ["  none"]


def history_text(
    code: str, changes: Sequence[Change], looks: Sequence[Look] | None, *, is_named: bool
) -> str:
    """Show every change: who, when, in which role, why, and what it brought; and every look."""
    lines = [f"{code} · {counted(len(changes), 'change')}" if code != "*" else "The whole clinic"]
    for change in changes:
        head = f"{change.version:>3}  {moment(change.at)}  {change.actor} ({change.role})"
        lines += ["", *wrapped(safe(head), indent=5)]
        if change.reason:
            lines += wrapped(plain(f"why: {change.reason}"), indent=10, first="     ")
        for fact in change.facts:
            what = "corrected: " if fact.version > 1 and fact.body is not None else ""
            when = _when_words(fact.body or {}, None)
            words = fact_words(fact.kind, fact.body, is_named=is_named)
            words = f"{fact.kind}: {what}{when + '  ' if when else ''}{words}"
            lines += wrapped(words, indent=12, first=f"     {fact.fact:6} ")
    if looks is not None:
        lines += ["", counted(len(looks), "look")]
    for look in looks or ():
        more = "".join(f"; {words}" for words in (look.reason, look.detail) if words)
        head = f"  {moment(look.at)}  {look.actor} ({look.role})  {look.action}{more}"
        lines += wrapped(safe(head), indent=10)
    return "\n".join(lines)


def outcome_text(outcome: Outcome) -> str:
    """Say what was kept and under which names; or that nothing was, why, and by which rule."""
    if isinstance(outcome, Refused):
        lines = wrapped(plain(f"NOT WRITTEN. {outcome.message}"))
        against = "What stands against it"
    else:
        again = "was written before with this key; nothing was written again"
        done = again if outcome.replayed else f"written, {moment(outcome.at)}"
        lines = [f"{outcome.stream} version {outcome.version} {done}"]
        lines += [f"  facts {', '.join(outcome.facts)}"]
        against = "Overridden"
    if outcome.findings:
        lines += ["", against, *finding_lines(outcome.findings)]
    if isinstance(outcome, Written) and outcome.told:
        lines += ["", "To know", *finding_lines(outcome.told)]
    return "\n".join(lines)


# -- JSON


def chart_document(standing: Standing) -> Json:
    """Return the answer of `thecal record show --json`."""
    chart = standing.chart
    return {
        "schema": "thecal.record_chart/1",
        "thecal": __version__,
        "code": chart.stream,
        "version": chart.version,
        "state": chart.state,
        "as_of": chart.as_of,
        "facts": [_fact(fact, is_named=standing.is_named) for fact in chart.facts],
        "due": None if standing.due is None else due_document(standing.due),
        "why_no_due": standing.why_not or None,
        "disclaimer": DISCLAIMER,
    }


def history_document(
    code: str, changes: Sequence[Change], looks: Sequence[Look] | None, *, is_named: bool
) -> Json:
    """Return the answer of `thecal record history --json`."""
    return {
        "schema": "thecal.record_history/1",
        "thecal": __version__,
        "code": code,
        "changes": [
            {
                "version": change.version,
                "at": change.at,
                "actor": change.actor,
                "role": change.role,
                "reason": change.reason or None,
                "facts": [_fact(fact, is_named=is_named) for fact in change.facts],
            }
            for change in changes
        ],
        "looks": None if looks is None else [asdict(look) for look in looks],
    }


def _fact(fact: Fact, *, is_named: bool) -> Json:
    hidden = () if is_named else HIDDEN.get(fact.kind, ())
    body: Mapping[str, Any] | None = fact.body
    kept = None if body is None else {k: v for k, v in body.items() if k not in hidden}
    return {
        "fact": fact.fact,
        "version": fact.version,
        "change": fact.change,
        "kind": fact.kind,
        "body": kept,
        "withheld": [name for name in body or {} if name in hidden],
    }


def outcome_document(outcome: Outcome) -> Json:
    """Return the answer of `thecal record add --json`: what was written, or why nothing was."""
    written = outcome if isinstance(outcome, Written) else None
    refused = outcome if isinstance(outcome, Refused) else None
    return {
        "schema": "thecal.record_written/1",
        "thecal": __version__,
        "code": outcome.stream if outcome.version else None,
        "is_written": written is not None,
        "version": outcome.version,
        "at": written and written.at,
        "state": written and written.state,
        "facts": list(written.facts) if written else [],
        "is_replay": written is not None and written.replayed,
        "refusal": refused
        and {
            "code": refused.code,
            "message": refused.message,
            "may_override": refused.may_override,
        },
        "findings": [_finding(finding) for finding in outcome.findings],
        "told": [_finding(finding) for finding in written.told] if written else [],
        "disclaimer": DISCLAIMER,
    }


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "says": finding.says,
        "asks": finding.asks,
        "rule": finding.rule,
        "source": _source(finding.source),
    }


def _source(source: Source | None) -> Json | None:
    if source is None:
        return None
    return {
        "document": source.document,
        "section": source.section,
        "version": source.version,
        "jurisdiction": source.jurisdiction,
    }
