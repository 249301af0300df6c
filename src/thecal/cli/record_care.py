"""The commands `thecal record visit` and `thecal record vial-check`: what was done, kept."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from thecal.cli.desk import Desk, GuardedCommand, at_desk, reason_option
from thecal.cli.options import FILE, json_option
from thecal.cli.record import tell
from thecal.cli.visit import policy_option
from thecal.errors import StoreError

if TYPE_CHECKING:
    from thecal.store.fact import Entry

MOST_BYTES = 1_000_000  # of the answer of a check

once_option = click.option("--once", help="A key of your own: what bears it is written once.")


@click.command("visit", cls=GuardedCommand)
@at_desk
@click.argument("code")
@click.argument("file", type=FILE)
@click.option("--vial", help="Code of the vial the dose came from.")
@policy_option
@once_option
@click.option("--override", default="", help="Why a prescriber records what stands against it.")
@reason_option
@json_option
def record_visit(
    desk: Desk,
    code: str,
    file: Path,
    vial: str | None,
    policy: str,
    once: str | None,
    override: str,
    reason: str,
    as_json: bool,
) -> None:
    """Keep a visit (YAML) of patient CODE, with the dose it gave or the reason for none.

    What `thecal visit check` finds serious is told on standard error; it is kept as it was.
    """
    from thecal.clinic.finding import Severity
    from thecal.clinic.policy import policy_path
    from thecal.clinic.visit.file import read_visit
    from thecal.clinic.visit.review import review
    from thecal.clinic.visit.steps import read_visit_policy
    from thecal.store.visits import entries_of_visit

    recorded, made = read_visit(file, read_visit_policy(policy_path("visit", policy)))
    entries = entries_of_visit(recorded, made, vial=vial or "")
    with desk.open() as (record, author):
        chart = record.read(code, author)
        plan = chart.plan or {}
        if plan.get("medicine") != recorded.medicine:
            raise StoreError("the visit is of another medicine than the one planned")
        people = [fact.body or {} for fact in chart.of("person")]
        known = {code, *(str(person.get("local_id", "")) for person in people)}
        if recorded.patient_id not in known:
            raise StoreError(
                "the visit is of another patient: its patient_id is neither this code nor the "
                "local id in the record"
            )
        course = replace(chart.course, patient_id=recorded.patient_id)
        found = review(recorded, made, now=dt.datetime.now(dt.UTC), course=course)
        outcome = record.add(
            code,
            entries,
            author,
            expected=chart.version,
            key=once or f"visit {entries_key(entries)}",
            reason=reason,
            override=override,
        )
    for finding in found.findings:
        if finding.severity is Severity.SERIOUS:
            click.echo(f"thecal: serious: {finding.message}", err=True)
    tell(outcome, as_json)


def entries_key(entries: Sequence[Entry]) -> str:
    """Return a key of what is written: the same visit twice is written once."""
    from thecal.store.chain import digest

    return digest([(entry.kind, entry.body) for entry in entries])[:40]


@click.command("vial-check", cls=GuardedCommand)
@at_desk
@click.argument("code")
@click.argument("file", type=FILE)
@once_option
@reason_option
@json_option
def record_vial_check(
    desk: Desk, code: str, file: Path, once: str | None, reason: str, as_json: bool
) -> None:
    """Keep the answer of `thecal vial check --json` with vial CODE; its verdict counts from now."""
    from thecal.store.visits import entry_of_check

    with file.open("rb") as source:
        data = source.read(MOST_BYTES + 1)
    try:
        document = json.loads(data) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise StoreError("expected what `thecal vial check --json` printed, thecal.vial/1")
    entries = [entry_of_check(document)]
    with desk.open() as (record, author):
        chart = record.read(code, author)
        outcome = record.add(
            code,
            entries,
            author,
            expected=chart.version,
            key=once or f"check {entries_key(entries)}",
            reason=reason,
        )
    tell(outcome, as_json)
