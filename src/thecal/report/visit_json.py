"""What a program reads of a visit: the answer of `thecal visit check --json`.

Its schema stands beside it (`schemas/visit.v1.json`); it names nobody and no vial.
"""

from __future__ import annotations

from typing import Any

from thecal import __version__
from thecal.clinic.finding import Finding
from thecal.clinic.visit.course import Next
from thecal.clinic.visit.review import Review, Standing
from thecal.plan.answer import DISCLAIMER
from thecal.report.contract import label_block
from thecal.source import Source

Json = dict[str, Any]


def visit_answer(review: Review) -> Json:
    """Return the answer of `thecal visit check --json`; it names nobody and no vial."""
    checklist, volumes = review.checklist, review.volumes
    label, outcome = checklist.label, review.outcome
    return {
        "schema": "thecal.visit/1",
        "thecal": __version__,
        "medicine": label.medicine,
        "label": label_block(label),
        "policy": {
            "name": checklist.policy.name,
            "title": checklist.policy.title,
            "version": checklist.policy.version,
        },
        "on": review.visit.on.isoformat(),
        "route": checklist.route,
        "complete": review.is_complete,
        "steps": [_standing_json(standing) for standing in review.standings],
        "missing": [step.key for step in review.missing],
        "clocks": [
            {
                "key": clock.key,
                "from": clock.start,
                "to": clock.end,
                "minutes": _rounded(clock.minutes),
                "least_min": clock.least,
                "most_min": clock.most,
                "verdict": clock.verdict,
                "says": clock.says.strip(),
                "confirmed": clock.is_confirmed,
                "source": None if clock.source is None else _source_json(clock.source),
            }
            for clock in review.clocks
        ],
        "volumes": {
            "whole_mg": volumes.whole_mg,
            "whole_mL": volumes.whole_mL,
            "strength_mg_per_mL": checklist.amount.strength_mg_per_mL,
            "by_strength_mg": _rounded(volumes.by_strength_mg),
            "drawn_mL": volumes.drawn_mL,
            "given_mL": volumes.given_mL,
            "given_mg": _rounded(volumes.given_mg),
            "csf_out_mL": volumes.csf_out_mL,
        },
        "outcome": {
            "kind": outcome.kind,
            "stated": outcome.stated or None,
            "attempts": outcome.attempts,
            "drawn_up": outcome.is_drawn,
        },
        "next": None if review.next is None else _next_json(review.next),
        "findings": [_finding_json(finding) for finding in review.findings],
        "disclaimer": DISCLAIMER,
    }


def _standing_json(standing: Standing) -> Json:
    step, record = standing.step, standing.record
    return {
        "key": step.key,
        "phase": step.phase,
        "words": step.words,
        "required_by": step.required_by,
        "optional": step.is_optional,
        "second_signature": step.second,
        "may_skip": step.may_skip,
        "state": str(standing.state),
        "at": None if record is None else record.at.isoformat(),
        "sources": [
            {**_source_json(ground.source), "confirmed": ground.is_confirmed}
            for ground in step.grounds
        ],
    }


def _next_json(due: Next) -> Json:
    return {
        "date": due.date and due.date.isoformat(),
        "number": due.number,
        "why_no_date": due.why or None,
        "reason": due.reason,
        "rule": due.rule,
        "label_silent": [
            {"topic": q.topic, "says": q.says, "read": q.is_read, "arithmetic": q.arithmetic}
            for q in due.questions
        ],
    }


def _finding_json(finding: Finding) -> Json:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "says": finding.says,
        "asks": finding.asks,
        "label_silent": finding.label_silent,
        "rule": finding.rule,
        "source": None if finding.source is None else _source_json(finding.source),
    }


def _source_json(source: Source) -> Json:
    return {
        "document": source.document,
        "section": source.section,
        "version": source.version,
        "jurisdiction": source.jurisdiction,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
