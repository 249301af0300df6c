"""What a program reads: the JSON of `due`, `course`, `simulate`, `validate` and `label …`.

Documented in docs/json.md, checked by the schemas beside this file, versioned by `schema`:
a key is never renamed or dropped within a version. Numbers are rounded to six significant
digits so that the same input gives the same bytes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from thecal import __version__
from thecal.clinic.finding import Finding
from thecal.course import Course
from thecal.label.label import Label, Silence, Statement, Value
from thecal.plan.answer import DISCLAIMER, Answer, Due
from thecal.regimen.schedule import Given
from thecal.regimen.silent import Open
from thecal.report.words import caveat_words, if_late_words
from thecal.source import Source

if TYPE_CHECKING:  # the numerical library is not loaded for a due date
    from thecal.infer.validate import Validation, Verdict
    from thecal.label.claims import Claim, Said
    from thecal.label.compare import Audit, Conflict, Difference
    from thecal.label.diff import LabelDiff
    from thecal.label.monograph import Monograph
    from thecal.plan.virtual import Summary

Json = dict[str, Any]
NUMBERS = re.compile(r"\[\n[\s\d.,eE+-]*\]")
# What would control a terminal, turn the direction of its text, or cannot be written as UTF-8.
UNSAFE = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def dump(document: Json, *, rows: str = "") -> str:
    """Write a document as JSON text, the same bytes for the same input.

    One key a line, and a list of numbers on one line. Characters that would act on a terminal
    are escaped, which a reader of JSON does not notice.

    rows  key of a list that may be very long: its items stand on one line each
    """
    text = json.dumps(
        {**document, rows: []} if rows else document, ensure_ascii=False, indent=2, allow_nan=False
    )
    text = NUMBERS.sub(lambda numbers: " ".join(numbers[0].split()), text)
    if rows and document[rows]:
        encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
        items = ",\n    ".join(map(encode, document[rows]))
        text = text.replace(f'"{rows}": []', f'"{rows}": [\n    {items}\n  ]', 1)
    return UNSAFE.sub(lambda character: f"\\u{ord(character[0]):04x}", text)


def due_document(due: Due) -> Json:
    """Return the answer of `thecal due --json`."""
    return {"schema": "thecal.due/1", **_due(due)}


def course_document(answer: Answer) -> Json:
    """Return the answer of `thecal course --json`."""
    forecast = answer.forecast
    if forecast is None:
        return _course_without_model(answer)
    days = {"given_d": forecast.given_d, "planned_d": forecast.planned_d}
    return {
        "schema": "thecal.course/1",
        **_due(answer.due),
        "profile": {
            name: {
                "unit": series.output.unit,
                "meaning": series.output.meaning,
                "times": _numbers(series.times_d),
                "typical": _numbers(series.typical),
                "lo": _numbers(series.lo),
                "hi": _numbers(series.hi),
                "untreated": None if series.untreated is None else _numbers(series.untreated),
            }
            for name, series in forecast.series.items()
        },
        "observed": [
            {
                "output": o.output,
                "kind": o.observation.kind,
                "day": _number(o.time_d),
                "value": _number(o.value),
                "is_below": o.observation.is_below,
                "typical": _number(o.typical),
                "lo": _number(o.lo),
                "hi": _number(o.hi),
            }
            for o in forecast.observed
        ],
        "model": {
            "name": forecast.population.model.name,
            "about": forecast.population.about,
            "band": "5th to 95th percentile of virtual patients, without measurement error",
            "subjects": forecast.subjects,
            "seed": forecast.seed,
            "doses": {key: list(value) for key, value in days.items()},
            "known": dict(forecast.known),
            "caveat": caveat_words(answer),
        },
    }


def _course_without_model(answer: Answer) -> Json:
    """Return the same keys where nothing is predicted; the caveat says so."""
    return {
        "schema": "thecal.course/1",
        **_due(answer.due),
        "profile": {},
        "observed": [],
        "model": {
            "name": None,
            "about": None,
            "band": None,
            "subjects": 0,
            "seed": None,
            "doses": {"given_d": [], "planned_d": []},
            "known": {},
            "caveat": caveat_words(answer),
        },
    }


def simulate_document(summary: Summary, *, accuracy: str = "default") -> Json:
    """Return the answer of `thecal simulate --json`."""
    from thecal.plan.virtual import VIRTUAL_CAVEAT

    asked, cohort = summary.asked, summary.cohort
    population, label = asked.population, asked.label
    low, median, high = summary.percentiles
    mean, sd = summary.moments.mean, summary.moments.sd
    nothing = [None] * len(cohort.times_d)
    return {
        "schema": "thecal.simulate/1",
        "thecal": __version__,
        "medicine": population.medicine,
        "regimen": {
            "text": asked.regimen.text,
            "is_typed": asked.is_typed,
            "is_as_label": asked.is_as_label,
            "label": None
            if label is None
            else {"text": label.sentence.text, "source": _source(label.source)},
        },
        "extrapolations": list(asked.extrapolations),
        "doses": [
            {
                "day": _number(dose.time_d),
                "amount_mg": _number(dose.amount_mg),
                "duration_d": _number(dose.duration_d),
                "into": dose.into,
            }
            for dose in asked.doses
        ],
        "people": {
            "asked": cohort.asked,
            "done": cohort.done,
            "is_complete": cohort.is_complete,
            "seed": asked.seed,
        },
        "times": _numbers(cohort.times_d),
        "outputs": {
            output.name: {
                "unit": output.unit,
                "meaning": output.meaning,
                "mean": _numbers(mean[:, i]),
                "sd": nothing if cohort.done == 1 else _numbers(sd[:, i]),
                "p05": _numbers(low[:, i]),
                "p50": _numbers(median[:, i]),
                "p95": _numbers(high[:, i]),
            }
            for i, output in enumerate(cohort.outputs)
        },
        "solver": {"words": cohort.solved, "accuracy": accuracy},
        "model": {
            "name": population.model.name,
            "about": population.about,
            "caveat": VIRTUAL_CAVEAT,
        },
        "disclaimer": DISCLAIMER,
    }


def validate_document(
    validation: Validation, shares: Mapping[str, float], *, structure: str = "both"
) -> Json:
    """Return the answer of `thecal validate --json`.

    shares     of posterior draws, by structure
    structure  which was asked for
    """
    from thecal.report.validation import SHARES, VALIDATION_CAVEAT

    return {
        "schema": "thecal.validate/1",
        "thecal": __version__,
        "medicine": validation.medicine,
        "replicates": validation.replicates,
        "seed": validation.seed,
        "structure": structure,
        "structures": {name: _number(share) for name, share in shares.items()},
        "summary": {
            key: dict(zip(("inside", "total"), validation.share_inside(**asked), strict=True))
            for key, asked in SHARES.items()
        },
        "targets": [_verdict(verdict) for verdict in validation.verdicts],
        "caveat": VALIDATION_CAVEAT,
        "disclaimer": DISCLAIMER,
    }


def _verdict(verdict: Verdict) -> Json:
    from thecal.report.validation import area_of, why_words

    t = verdict.target
    return {
        "id": t.id,
        "area": None if verdict.inside is None else area_of(t),
        "quantity": t.quantity,
        "arm": t.arm,
        "population": t.population,
        "time": t.time,
        "unit": t.unit,
        "published": _found(t.value),
        "published_lo": _found(t.lo),
        "published_hi": _found(t.hi),
        "interval": t.interval or None,
        "n": t.n or None,
        "confirmed": t.is_confirmed,
        "model": _found(verdict.model),
        "lo": _found(verdict.lo),
        "hi": _found(verdict.hi),
        "inside": verdict.inside,
        "used_for_calibration": t.use == "calibration",
        "use": t.use,
        "width": _found(verdict.width),
        "source": t.source,
        "note": t.note.strip() or None,
        "why": why_words(verdict) if verdict.inside is None else None,
    }


def _found(value: float) -> float | int | None:
    """Return a number; what is not known is null."""
    return _number(value) if math.isfinite(value) else None


def label_document(label: Label, statements: Iterable[Statement], gaps: Json) -> Json:
    """Return the answer of `thecal label show --json`."""
    return {
        "schema": "thecal.label/1",
        "thecal": __version__,
        **_version(label),
        "statements": [_statement(statement) for statement in statements],
        **gaps,
        "disclaimer": DISCLAIMER,
    }


def label_list_document(labels: Iterable[Label]) -> Json:
    """Return the answer of `thecal label list --json`."""
    return {
        "schema": "thecal.label_list/1",
        "thecal": __version__,
        "labels": [
            {
                **_version(label),
                "statements": len(label.statements),
                "silent": len(label.silences),
                "not_read": len(label.not_read),
            }
            for label in labels
        ],
        "disclaimer": DISCLAIMER,
    }


def label_diff_document(diff: LabelDiff) -> Json:
    """Return the answer of `thecal label diff --json`."""
    return {
        "schema": "thecal.label_diff/1",
        "thecal": __version__,
        "from": _version(diff.old),
        "to": _version(diff.new),
        "changes": [
            {
                "change": str(change.change),
                "topic": change.topic,
                "from": change.old and _statement(change.old),
                "to": change.new and _statement(change.new),
                "values": {
                    name: {"from": _value(old), "to": _value(new)}
                    for name, (old, new) in change.values().items()
                },
            }
            for change in diff.changes
        ],
        "silent": [
            {
                "topic": question.topic,
                "from": question.old and question.old.says,
                "to": question.new and question.new.says,
            }
            for question in diff.questions
        ],
        "not_read": [
            {
                "topic": change.topic,
                "from": change.old and _statement(change.old),
                "to": change.new and _statement(change.new),
            }
            for change in diff.not_read
        ],
        "disclaimer": DISCLAIMER,
    }


def audit_document(audit: Audit) -> Json:
    """Return the answer of `thecal label audit --json`."""
    from thecal.report.audit import AUDIT_CAVEAT, counts

    page, label = audit.monograph, audit.label
    return {
        "schema": "thecal.audit/1",
        "thecal": __version__,
        "file": page.name,
        "form": page.form,
        "remarks": list(page.remarks),
        "drug": label.medicine,
        "jurisdiction": label.jurisdiction,
        "label": _asked_of(label),
        "counts": {str(severity): n for severity, n in counts(audit.differences).items()},
        "differences": [_difference(difference, page) for difference in audit.differences],
        "claims": [_claim(claim, page) for claim in audit.claims],
        "caveat": AUDIT_CAVEAT,
        "disclaimer": DISCLAIMER,
    }


def compare_document(
    first: Monograph, second: Monograph, label: Label, conflicts: Iterable[Conflict]
) -> Json:
    """Return the answer of `thecal label compare --json`."""
    from thecal.report.audit import COMPARE_CAVEAT, counts, right_page

    found = list(conflicts)
    return {
        "schema": "thecal.compare/1",
        "thecal": __version__,
        "files": [
            {"file": page.name, "form": page.form, "remarks": list(page.remarks)}
            for page in (first, second)
        ],
        "drug": label.medicine,
        "jurisdiction": label.jurisdiction,
        "label": _asked_of(label),
        "counts": {str(severity): n for severity, n in counts(found).items()},
        "conflicts": [
            {
                "severity": str(conflict.severity),
                "topic": conflict.topic,
                "name": conflict.name,
                "first": _claim(conflict.first, first),
                "second": _claim(conflict.second, second),
                "as_label": right_page(conflict),
                "label_value": conflict.label_value or None,
                "why": conflict.why,
            }
            for conflict in found
        ],
        "caveat": COMPARE_CAVEAT,
        "disclaimer": DISCLAIMER,
    }


def _asked_of(label: Label) -> Json:
    """Return which label was asked."""
    return {
        "document": label.document,
        "version": label.version,
        "edition": label.edition or None,
        "status": label.status,
    }


def _difference(difference: Difference, page: Monograph) -> Json:
    statement, against = difference.statement, difference.against
    source = statement and _source(statement.source)
    elsewhere = None
    if against is not None:
        line, column = page.place(against)
        elsewhere = {"line": line, "column": column, "quote": page.quote(against)}
    return {
        "class": str(difference.kind),
        "severity": str(difference.severity),
        "topic": difference.topic,
        "quote": difference.quote,
        "line": difference.line,
        "column": difference.column,
        "label_value": difference.label_value,
        "label_section": source and source["section"],
        "label_version": source and source["version"],
        "label_document": source and source["document"],
        "why": difference.why,
        "elsewhere": elsewhere,
    }


def _claim(claim: Claim, page: Monograph) -> Json:
    line, column = page.place(claim.span)
    return {
        "topic": claim.topic,
        "name": claim.name,
        "value": _claimed(claim.value),
        "unit": claim.unit,
        "line": line,
        "column": column,
        "quote": claim.quote,
        "hedged": claim.hedged,
        "about": claim.about,
        "phase": claim.phase,
        "bound": claim.bound,
    }


def _claimed(value: Said) -> float | str | list[float | int | None] | None:
    """Return a number, a range as [lowest, highest], or a word."""
    if isinstance(value, tuple):
        return [_found(number) for number in value]
    return value if isinstance(value, str) else _found(value)


def _version(label: Label) -> Json:
    return {
        "medicine": label.medicine,
        "jurisdiction": label.jurisdiction,
        "edition": label.edition or None,
        "status": label.status,
        "document": label.document,
        "version": label.version,
        "effective": label.effective and label.effective.isoformat(),
    }


def label_block(label: Label) -> Json:
    """Return which label an answer rests on: its jurisdiction, document, version and standing."""
    return {
        "jurisdiction": label.jurisdiction,
        "document": label.document,
        "version": label.version,
        "edition": label.edition or None,
        "status": label.status,
        "effective": label.effective and label.effective.isoformat(),
    }


def _statement(statement: Statement) -> Json:
    return {
        "topic": statement.topic,
        "says": statement.says,
        "values": {name: _value(value) for name, value in statement.values.items()},
        "source": _source(statement.source),
    }


def _value(value: Value | None) -> float | str | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


def gap_document(gaps: Iterable[Silence]) -> list[Json]:
    """Return silences or unread topics."""
    return [{"topic": g.topic, "says": g.says, "source": _source(g.source)} for g in gaps]


def _due(due: Due) -> Json:
    course, schedule = due.course, due.schedule
    regimen = schedule.regimen
    return {
        "thecal": __version__,
        "medicine": regimen.medicine,
        "label": label_block(due.label),
        "amount_mg": _number(schedule.next.amount_mg),
        "route": regimen.route,
        "treatment": schedule.treatment,
        "treatment_since_day": _number(schedule.treatment_since_d),
        "asked_on_day": schedule.on_d,
        "days_to_due": schedule.days_to_due,
        "next": _slot(due),
        "doses": [_given(given, course) for given in schedule.given],
        "not_given": [
            {"day": _number(e.time_d), "date": _date(course, e.time_d), "name": e.name}
            for e in schedule.not_given
        ],
        "findings": [finding_document(finding, course) for finding in due.findings],
        "disclaimer": DISCLAIMER,
    }


def _slot(due: Due) -> Json:
    course, schedule, slot = due.course, due.schedule, due.schedule.next
    ended = schedule.treatment == "ended"
    has_date = course.doses and course.start and not ended
    return {
        "number": slot.number,
        "phase": slot.phase,
        "due": _date(course, slot.due_d) if has_date else None,
        "due_day": None if ended else slot.due_d,
        "earliest_day": slot.earliest_d,
        "overdue_day": slot.overdue_d,
        "latest_day": slot.latest_d,
        "earliest": _date(course, slot.earliest_d),
        "overdue": _date(course, slot.overdue_d),
        "latest": _date(course, slot.latest_d),
        "window_policy": slot.policy,
        "rule": slot.rule.says,
        "reason": slot.reason,
        "inputs": {
            "doses_given": slot.after_number,
            "last_dose_day": slot.after_d,
            "interval": None if slot.interval is None else str(slot.interval),
        },
        "source": _source(slot.rule.source),
        "if_late": if_late_words(due) or None,
        "label_silent": [_open(question) for question in schedule.label_silent],
    }


def _given(given: Given, course: Course) -> Json:
    return {
        "number": given.number,
        "phase": given.phase,
        "day": given.dose.time_d,
        "date": _date(course, given.dose.time_d),
        "amount_mg": _number(given.dose.amount_mg),
        "route": given.dose.route,
        "interval_d": given.interval_d,
        "late_d": given.late_d,
        "missed": given.missed,
        "label_rule": given.label_rule.says if given.label_rule else None,
        "label_silent": [_open(question) for question in given.label_silent],
    }


def _open(question: Open) -> Json:
    return {
        "topic": question.topic,
        "says": question.says,
        "is_read": question.is_read,
        "here": question.here,
        "arithmetic": question.arithmetic,
    }


def finding_document(finding: Finding, course: Course) -> Json:
    """Return one finding; `course` gives its day a date."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "says": finding.says,
        "asks": finding.asks,
        "day": _number(finding.time_d),
        "date": _date(course, finding.time_d),
        "label_silent": finding.label_silent,
        "source": None if finding.source is None else _source(finding.source),
        "rule": finding.rule,
        "inputs": {
            name: value if isinstance(value, str) else _number(value)
            for name, value in finding.inputs.items()
        },
    }


def _source(source: Source) -> Json:
    return {
        "document": source.document,
        "section": source.section,
        "version": source.version,
        "jurisdiction": source.jurisdiction,
    }


def _date(course: Course, time_d: float | None) -> str | None:
    date = None if time_d is None else course.date(time_d)
    return None if date is None else date.isoformat()


def _number(value: float | None) -> float | int | None:
    """Round to six significant digits; a whole number is written without a point."""
    if value is None:
        return None
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded == int(rounded) else rounded


def _numbers(values: Iterable[float]) -> list[float | int | None]:
    return [_number(float(value)) for value in values]
