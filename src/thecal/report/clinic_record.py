"""The record of a clinic as a whole: who is due, whether it is whole, what left it unnamed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from thecal import __version__
from thecal.errors import counted
from thecal.plan.answer import DISCLAIMER
from thecal.report.record import plain, wrapped
from thecal.store.anonymise import Anonymous
from thecal.store.due import DueRow
from thecal.store.verify import Verified

Json = dict[str, Any]


def due_list_text(rows: Sequence[DueRow], on: dt.date) -> str:
    """Show who is due, the longest overdue first; then those without a date, and why."""
    dated = [row for row in rows if row.due is not None]
    lines = [f"Due on {on}: {counted(len(dated), 'patient')}, the longest overdue first"]
    if dated:
        lines.append(f"\n  {'patient':14}{'due':13}{'':22}{'last dose':13}{'given':>5}  label")
    for row in dated:
        lines.append(
            f"  {row.patient:14}{row.due!s:13}{_late(row):22}{row.last!s:13}{row.given:>5}"
            f"  {row.label}{_open(row)}"
        )
    without = [row for row in rows if row.due is None]
    if without:
        lines += ["", f"Without a due date: {counted(len(without), 'patient')}"]
        lines += [
            f"  {row.patient:14}{_why_not(row):35}{row.last or '-'!s:13}{row.given:>5}  {row.label}"
            for row in without
        ]
    lines += (
        [
            "",
            *wrapped(
                "OPEN: the label leaves a question open here, and a prescriber decides; "
                "`thecal record show` says which."
            ),
        ]
        if any(map(_open, dated))
        else []
    )
    return "\n".join([*lines, "", *wrapped(DISCLAIMER)])


def _late(row: DueRow) -> str:
    late_d = row.late_d or 0
    if late_d > 0:
        return f"OVERDUE {counted(late_d, 'day')}"
    return f"in {counted(-late_d, 'day')}" if late_d else "today"


def _open(row: DueRow) -> str:
    # An early dose is asked about only if someone plans one; all else may change this date.
    topics = [topic for topic in row.silent if topic != "dosing.early"]
    return f"  OPEN: {', '.join(topics)}" if topics else ""


def _why_not(row: DueRow) -> str:
    if row.treatment == "ongoing":
        return "its course has no dates"
    return f"treatment {row.treatment}"


def due_list_document(rows: Sequence[DueRow], on: dt.date) -> Json:
    """Return the answer of `thecal record due --json`."""
    return {
        "schema": "thecal.record_due/1",
        "thecal": __version__,
        "on": str(on),
        "patients": [
            {
                "code": row.patient,
                "label": row.label,
                "treatment": row.treatment,
                "given": row.given,
                "last": row.last and str(row.last),
                "due": row.due and str(row.due),
                "late_d": row.late_d,
                "label_silent": list(row.silent),
            }
            for row in rows
        ],
        "disclaimer": DISCLAIMER,
    }


def verified_text(found: Verified) -> str:
    """Say whether the record is whole, and which link to note elsewhere."""
    counts = (
        f"{counted(found.events, 'event')}, {counted(found.changes, 'change')}, "
        f"{counted(found.facts, 'fact')}, {counted(found.checkpoints, 'signature')}"
    )
    if not found.is_whole:
        lines = [f"NOT WHOLE: {counted(found.n_breaks, 'break')} in {counts}", ""]
        for each in found.breaks:
            lines += wrapped(plain(str(each)), indent=4, first="  ")
        more = found.n_breaks - len(found.breaks)
        lines += [f"  and {more} more"] if more else []
        return "\n".join([*lines, "", *wrapped(BROKEN)])
    lines = [f"Whole: {counts}", "", f"Anchor  {found.head.seq}:{found.head.hash}", ""]
    return "\n".join([*lines, *wrapped(ANCHOR)])


BROKEN = (
    "Keep the database as it is and write nothing more to it: it is evidence. What was written is "
    "in the last backup, up to its own end."
)
ANCHOR = (
    "Note the anchor where nobody who can write to the record can: next time, `--anchor` shows "
    "that this much of it is still there."
)


def verified_document(found: Verified) -> Json:
    """Return the answer of `thecal record verify --json`."""
    return {
        "schema": "thecal.record_verify/1",
        "thecal": __version__,
        "record": found.record,
        "is_whole": found.is_whole,
        "events": found.events,
        "changes": found.changes,
        "facts": found.facts,
        "checkpoints": found.checkpoints,
        "anchor": f"{found.head.seq}:{found.head.hash}",
        "n_breaks": found.n_breaks,
        "breaks": [{"event": each.seq, "message": each.message} for each in found.breaks],
    }


def anonymous_text(made: Anonymous) -> str:
    """Say what was written, and what was taken out; or that there are too few."""
    if not made.is_enough:
        return "\n".join(
            wrapped(
                f"NOT WRITTEN. The record has something to say of {made.n_people}, and among fewer "
                f"than {made.policy.people} nobody is hidden ({made.policy.head})."
            )
        )
    n = len(made.people)
    people = f"{n} {'person' if n == 1 else 'people'}, {counted(len(made.facts), 'fact')}"
    lines = [f"{people}; each combination is shared by at least {made.policy.people}", ""]
    for title, counts in (("Set to unknown", made.suppressed), ("Left out", made.dropped)):
        lines += [title, *(f"  {n:>7}  {what}" for what, n in counts.items() if n)]
        lines += [] if any(counts.values()) else ["  nothing"]
    return "\n".join([*lines, "", *wrapped(NOT_PROOF)])


NOT_PROOF = (
    "SOD1-ALS is rare: whoever knows when somebody was treated may still find them by the pattern "
    "of days. Give this only to people who are bound not to try."
)
