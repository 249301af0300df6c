"""The commands `thecal record show|history|due`: what the record holds, read and noted as read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from thecal.cli.desk import Desk, GuardedCommand, at_desk, identity_option, reason_option
from thecal.cli.options import json_option
from thecal.errors import StoreError, ThecalError
from thecal.units import iso_date

if TYPE_CHECKING:
    from thecal.report.record import Standing
    from thecal.store.outcome import Chart


@click.command("show", cls=GuardedCommand)
@at_desk
@click.argument("code")
@click.option("--as-of", "as_of", help="As it was known at this time: a date, or date and time.")
@click.option("--on", help="Day the next dose is asked about: YYYY-MM-DD.  [default: today]")
@identity_option
@reason_option
@json_option
def record_show(
    desk: Desk,
    code: str,
    as_of: str | None,
    on: str | None,
    identity: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Show the chart of the patient or vial CODE, and when the next dose is due.

    --as-of shows what was known then: later facts and corrections are left out.
    """
    from thecal.report.contract import dump
    from thecal.report.record import chart_document, chart_text

    then = _moment(as_of)
    day = _date("--on", on)
    with desk.open() as (record, author):
        action = "read identity" if identity else "read"
        chart = record.read(code, author, as_of=then, reason=reason, action=action)
    if day is None and not as_json:
        day = then.date() if then else dt.date.today()
    standing = _standing(chart, day, is_named=identity)
    click.echo(dump(chart_document(standing)) if as_json else chart_text(standing))


def _standing(chart: Chart, day: dt.date | None, *, is_named: bool) -> Standing:
    """Ask when the next dose is due; a chart from which no date follows says why."""
    from thecal.label.catalog import load_label
    from thecal.plan.answer import FARTHEST_D, when_due
    from thecal.report.record import Standing

    if chart.stream.startswith("V"):
        return Standing(chart=chart, due=None, why_not="", is_named=is_named)
    try:
        course, plan = chart.course, chart.plan
        if plan is None:
            raise StoreError("the record does not say which label is followed")
        label = load_label(plan["medicine"], plan["jurisdiction"], edition=plan.get("edition"))
        on = None
        if day is not None and course.start is not None:
            on = max(day, course.start + dt.timedelta(days=int(course.last_d)))
            given = course.doses[-1].time_d if course.doses else 0
            if (on - course.start).days - given > FARTHEST_D:
                on = None  # a course long past: nobody asked when it is due today
        due = when_due(course, label, on=on)
    except ThecalError as error:
        return Standing(chart=chart, due=None, why_not=str(error), is_named=is_named)
    return Standing(chart=chart, due=due, why_not="", is_named=is_named)


def _date(option: str, text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return iso_date(text)
    except ValueError:
        raise StoreError(f"{option}: expected a date as YYYY-MM-DD") from None


def _moment(text: str | None) -> dt.datetime | None:
    """Read a moment: a time with its zone (none: UTC), or a date, which is its last moment."""
    if text is None:
        return None
    try:
        if len(text) == 10:
            return dt.datetime.combine(iso_date(text), dt.time.max, dt.UTC)
        found = dt.datetime.fromisoformat(text)
        return (found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise StoreError(
            "--as-of: expected a date, or a date and time such as 2026-01-05T09:30:00+01:00; "
            "without a zone it is UTC"
        ) from None


@click.command("history", cls=GuardedCommand)
@at_desk
@click.argument("code", required=False)
@click.option("--looks", is_flag=True, help="Show who looked at it, too.")
@identity_option
@reason_option
@json_option
def record_history(
    desk: Desk, code: str | None, looks: bool, identity: bool, reason: str, as_json: bool
) -> None:
    """Show every change of CODE: who, when (UTC), in which role, why, and what.

    Without CODE: who looked at the whole clinic (due lists, searches, backups).
    """
    from thecal.report.contract import dump
    from thecal.report.record import history_document, history_text
    from thecal.store.trail import EVERYBODY
    from thecal.store.trail import looks as looks_at

    with desk.open() as (record, author):
        action = "history identity" if identity else "history"
        changes = record.history(code, author, reason=reason, action=action) if code else ()
        code = code or EVERYBODY
        is_asked = looks or code == EVERYBODY
        seen = looks_at(record, code, author, reason=reason) if is_asked else None
    click.echo(
        dump(history_document(code, changes, seen, is_named=identity))
        if as_json
        else history_text(code, changes, seen, is_named=identity)
    )


@click.command("due", cls=GuardedCommand)
@at_desk
@click.option("--on", help="Day asked about: YYYY-MM-DD.  [default: today]")
@click.option("--within", type=click.IntRange(0, 3650), help="Leave out who is due later: days.")
@json_option
def record_due(desk: Desk, on: str | None, within: int | None, as_json: bool) -> None:
    """List who of the clinic is due, the longest overdue first."""
    from thecal.report.clinic_record import due_list_document, due_list_text
    from thecal.report.contract import dump

    day = _date("--on", on) or dt.date.today()
    until = None if within is None else day + dt.timedelta(days=within)
    with desk.open() as (record, author):
        rows = record.due(author, day, until=until)
    click.echo(dump(due_list_document(rows, day)) if as_json else due_list_text(rows, day))
