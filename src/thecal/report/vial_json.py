"""What a vial's temperature record says, as a program reads it: `thecal.vial/1`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from thecal import __version__
from thecal.clinic.coldchain.coldchain import Budget, Ground, VialCheck
from thecal.clinic.coldchain.pieces import Reading
from thecal.label.label import Statement
from thecal.plan.answer import DISCLAIMER
from thecal.report.contract import Json
from thecal.report.vial import OPEN, SILENT, ground_words, zone_words


def vial_document(
    check: VialCheck, said: Sequence[str] = (), *, is_zone_stated: bool = True
) -> Json:
    """Return the answer of `thecal vial check --json`."""
    storage, label, policy = check.storage, check.storage.label, check.policy
    first, last = check.readings[0], check.readings[-1]
    return {
        "schema": "thecal.vial/1",
        "thecal": __version__,
        "medicine": label.medicine,
        "label": {
            "jurisdiction": label.jurisdiction,
            "document": label.document,
            "version": label.version,
            "edition": label.edition or None,
            "status": label.status,
        },
        "verdict": str(check.verdict),
        "grounds": [_ground(ground, check) for ground in check.grounds],
        "if_in_carton": None if check.if_stated is None else str(check.if_stated),
        "budgets": [_budget(budget) for budget in check.budgets],
        "gaps": [
            {"from": _iso(gap.start_s, check.zone), "to": _iso(gap.end_s, check.zone)}
            for gap in check.gaps
        ],
        "near_limits": [
            {"limit_C": near.limit_C, "reading": _reading(near.reading, check.zone)}
            for near in check.near
        ],
        "silent": [
            {"topic": str(q), "says": OPEN[q], "is_in_label_data": label.silence(q) is not None}
            for q in SILENT
        ],
        "refrigerator": {
            "least_C": storage.least_C,
            "most_C": storage.most_C,
            **_rule(storage.refrigerated),
        },
        "expires": None if check.expires is None else check.expires.isoformat(),
        "log": {
            "readings": len(check.readings),
            "first": _reading(first, check.zone),
            "last": _reading(last, check.zone),
            "coldest": _reading(check.coldest, check.zone),
            "warmest": _reading(check.warmest, check.zone),
            "usual_interval_s": check.usual_interval_s,
            "zone": zone_words(check.zone) if is_zone_stated else None,
            "said": list(said),
        },
        "policy": {
            "name": policy.head.name,
            "version": policy.head.version,
            "longest_interval_s": policy.longest_interval_s,
            "leeway_s": policy.leeway_s,
            "accuracy_C": policy.accuracy_C,
            "freezing_C": policy.freezing_C,
            "not_confirmed": [k for k, basis in policy.bases.items() if not basis.is_confirmed],
        },
        "disclaimer": DISCLAIMER,
    }


def _ground(ground: Ground, check: VialCheck) -> Json:
    return {
        "code": str(ground.code),
        "verdict": str(ground.verdict),
        "message": ground_words(ground, check),
        "reading": _reading(ground.reading, check.zone),
        "limit_C": ground.limit_C,
        "rule": None if ground.rule is None else _rule(ground.rule),
        "waits_on": [str(question) for question in ground.waits_on],
    }


def _rule(rule: Statement) -> Json:
    return {
        "topic": rule.topic,
        "says": rule.says,
        "document": rule.source.document,
        "section": rule.source.section,
    }


def _reading(reading: Reading, zone: dt.tzinfo) -> Json:
    return {
        "at": _iso(reading.at_s, zone),
        "temperature_C": reading.temperature_C,
        "line": reading.line or None,
    }


def _iso(at_s: int, zone: dt.tzinfo) -> str:
    return dt.datetime.fromtimestamp(at_s, zone).isoformat()


def _budget(budget: Budget) -> Json:
    allowance = budget.allowance
    return {
        "state": str(allowance.state),
        "rule": _rule(allowance.rule),
        "most_C": allowance.most_C,
        "most_s": allowance.most_s,
        "most_day_s": allowance.most_day_s,
        "most_days": allowance.most_days,
        "used_s": budget.used_s,
        "known_s": budget.known_s,
        "share": round(float(budget.share), 6),
        "by_day": {
            name: {"most_s": day.most_s, "days": day.days, "last_s": day.last_s}
            for name, day in (("calendar", budget.calendar), ("rolling", budget.rolling))
        },
        "left_s": budget.left_s,
        "left_days": budget.left_days,
        "alone_s": budget.alone_s,
        "alone_days": budget.alone_days,
        "left_day_s": budget.left_day_s,
    }
