"""What the watch says of one course: in plain text, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

from thecal import __version__
from thecal.clinic.finding import Finding, Severity
from thecal.clinic.policy import Basis
from thecal.clinic.watch.figures import trends
from thecal.clinic.watch.rules import WatchPolicy
from thecal.clinic.watch.symptoms import symptom_table
from thecal.course import Course
from thecal.label.label import Label
from thecal.plan.answer import DISCLAIMER
from thecal.report.contract import Json, finding_document, label_block
from thecal.report.words import day_words, status_words, where

WIDTH = 92
TITLES = {
    Severity.SERIOUS: "SERIOUS: look at these first",
    Severity.CAUTION: "CAUTION: for a prescriber or the clinic to decide",
    Severity.NOTE: "Notes",
}
NO_POLICY = (
    "none named: figures are shown and no verdict is drawn. No label here gives a threshold for "
    "CSF, and no published consensus was found; a clinic may name its own with --policy"
)
CAVEAT = (
    "Symptoms are held against the label's serious reactions to ask for a look, not to make a "
    "diagnosis. What is not recorded cannot be seen: no finding does not mean no reaction. "
    "Grades are thecal's paraphrase; verify CTCAE wording against the NCI."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What was asked and found.

    course    as it was known by the end of the day asked
    asked_d   the day asked; None for the whole course
    """

    course: Course
    label: Label
    policies: tuple[WatchPolicy, ...]
    findings: tuple[Finding, ...]
    asked_d: int | None

    @property
    def is_serious(self) -> bool:
        """Whether something serious is there."""
        return any(finding.severity is Severity.SERIOUS for finding in self.findings)


def safety_document(watch: Watch) -> Json:
    """Return the answer of `thecal safety --json`."""
    label = watch.label
    return {
        "schema": "thecal.safety/1",
        "thecal": __version__,
        "medicine": label.medicine,
        "label": label_block(label),
        "asked_on_day": watch.asked_d,
        "is_serious": watch.is_serious,
        "policies": [
            {"name": p.head.name, "version": p.head.version, "title": p.head.title}
            for p in watch.policies
        ],
        "findings": [finding_document(finding, watch.course) for finding in watch.findings],
        "context": list(context_words(watch)),
        "caveat": CAVEAT,
        "disclaimer": DISCLAIMER,
    }


def safety_text(watch: Watch) -> str:
    """Say what was seen, the most serious first, with what the label asks and the rule."""
    label = watch.label
    lines = _wrap(
        f"{label.medicine} · {label.jurisdiction.upper()} label: {label.document}, {label.version}"
    )
    if status := status_words(label):
        lines += _wrap(status)
    lines += _wrap(f"Seen    {_until(watch)}", indent=8)
    policies = "; ".join(f"{p.head.title} ({p.head})" for p in watch.policies)
    lines += _wrap(f"Policy  {policies or NO_POLICY}", indent=8)
    for policy in watch.policies:
        for words in policy.head.not_confirmed:
            lines += _wrap(f"        not confirmed: {words}", indent=8)
    for severity, title in TITLES.items():
        found = [f for f in watch.findings if f.severity is severity]
        if found:
            lines += ["", title]
            for finding in found:
                lines += _finding_lines(finding, label)
    if not watch.course.doses:
        lines += ["", "Nothing was held against the label: this is no all-clear."]
    elif not watch.is_serious:
        lines += ["", "No finding is serious, by this label and these tables."]
    if context := list(context_words(watch)):
        lines += ["", "Context, no threshold"]
        for words in context:
            lines += _wrap(f"  {words}", indent=2)
    return "\n".join([*lines, "", *_wrap(CAVEAT), *_wrap(DISCLAIMER)])


def _until(watch: Watch) -> str:
    course = watch.course
    if watch.asked_d is not None:
        asked = f"what was recorded up to {day_words(course, watch.asked_d)}"
        return (
            asked if course.doses else f"{asked}: no dose was given, so there is nothing to watch"
        )
    if not course.doses:
        return "no dose is recorded, so there is nothing to watch"
    return f"the whole record, up to {day_words(course, course.last_d)}"


def _finding_lines(finding: Finding, label: Label) -> Iterator[str]:
    day = "" if finding.time_d is None else f"day {finding.time_d:g}"
    yield from _wrap(f"  {day:9} {finding.message}", indent=12)
    place = where(finding.source, label)
    if finding.says:
        yield from _wrap(f"            Says: {finding.says}", indent=12)
    if finding.asks:
        yield from _wrap(f"            Asks: {finding.asks}", indent=12)
    if grade := finding.inputs.get("grade"):
        yield from _wrap(f"            Grade: {grade}", indent=12)
    silent = "; label silent" if finding.label_silent else ""
    rule = "" if finding.rule == "none" else finding.rule  # the message says that no rule read it
    if ground := " · ".join(filter(None, (place, rule))) + silent:
        yield from _wrap(f"            [{ground}]", indent=12)


def context_words(watch: Watch) -> Iterator[str]:
    """Say what was found in CSF at serious events in the trials, where CSF was measured here."""
    table = symptom_table()
    if watch.label.medicine not in table.medicines:
        return
    if not any(trend.key in UNITS for trend in trends(watch.course)):
        return
    places: dict[str, list[str]] = {}
    for reaction in table.reactions.values():
        if reaction.csf:
            figures = [f"{f.lo:g} to {f.hi:g} {UNITS[kind]}" for kind, f in reaction.csf.items()]
            ground = "; ".join(dict.fromkeys(_place(f.basis) for f in reaction.csf.values()))
            places.setdefault(ground, []).append(f"{reaction.says} {', '.join(figures)}")
    for place, told in places.items():
        yield f"CSF when such an event was serious in the trials: {'; '.join(told)} ({place})."
    for statement in watch.label.about("warnings.csf_prediction"):
        yield f"{statement.says} ({statement.source})"


UNITS = {"csf_wbc": "cells/uL", "csf_protein": "mg/L"}


def _place(basis: Basis) -> str:
    return f"{basis.source}{'' if basis.is_confirmed else ', NOT CONFIRMED'}"


def _wrap(words: str, indent: int = 0) -> list[str]:
    return fill(
        words,
        WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()
