"""The commands `thecal visit …`: a checklist to print, and what a recorded visit means."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thecal.cli.options import (
    FILE,
    can_write,
    drugs_option,
    json_option,
    jurisdiction_option,
    refusing,
    version_option,
)
from thecal.units import iso_date

if TYPE_CHECKING:
    from thecal.course import Course


class Date(click.ParamType["dt.date"]):
    """A date as YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        """Read the text of the option; what is no date is refused by click, with exit 2."""
        try:
            return iso_date(str(value))
        except ValueError:
            self.fail("expected a date as YYYY-MM-DD", param, ctx)


course_option = click.option("--course", type=FILE, help="The records of the patient (CSV).")
policy_option = click.option(
    "--policy",
    default="thecal",
    show_default=True,
    help="Steps: the name of a policy, or a file of the site's own.",
)


@click.group("visit")
def visit_group() -> None:
    """Print the checklist of one visit, and read a visit that was recorded."""


@visit_group.command("checklist")
@click.option("--drug", default="tofersen", show_default=True, help="Medicine.")
@jurisdiction_option
@version_option
@drugs_option
@course_option
@click.option("--on", type=Date(), help="Day of the visit: YYYY-MM-DD.")
@policy_option
@click.option("--out", type=FILE, help="Write one page to print (.html).")
def checklist(
    drug: str,
    jurisdiction: str,
    edition: str | None,
    drugs: Path | None,
    course: Path | None,
    on: dt.date | None,
    policy: str,
    out: Path | None,
) -> None:
    """Print everything to do, time and sign at one visit, each with its place in the label.

    With --course it says which dose is due, and when.
    """
    with refusing("visit checklist"):
        from thecal.clinic.policy import policy_path
        from thecal.clinic.visit.course import before, day_of, next_due
        from thecal.clinic.visit.steps import checklist as checklist_of
        from thecal.clinic.visit.steps import read_visit_policy
        from thecal.datafile import DRUGS
        from thecal.label.catalog import load_label
        from thecal.report.visit import Occasion, checklist_text, write_page

        can_write("--out", out, (".html", ".htm"))
        label = load_label(drug, jurisdiction, drugs or DRUGS, edition)
        steps = checklist_of(read_visit_policy(policy_path("visit", policy)), label)
        due = None
        if course:
            read = _course(course)
            due = next_due(before(read, day_of(read, on)) if on else read, label)
        occasion = Occasion(on=on, due=due)
        if out is None:
            click.echo(checklist_text(steps, occasion))
        else:
            write_page(steps, out, occasion)
            click.echo(f"thecal: {out}", err=True)


@visit_group.command("check")
@click.argument("file", type=FILE)
@drugs_option
@course_option
@policy_option
@json_option
def check(file: Path, drugs: Path | None, course: Path | None, policy: str, as_json: bool) -> None:
    """Say what a recorded visit means: steps, clocks, volumes, outcome, next date.

    FILE holds one visit (YAML). Exit 1 if a step is missing or a finding is serious.
    """
    with refusing("visit check"):
        from thecal.clinic.policy import policy_path
        from thecal.clinic.visit.file import read_visit
        from thecal.clinic.visit.review import review
        from thecal.clinic.visit.steps import read_visit_policy
        from thecal.datafile import DRUGS

        steps = read_visit_policy(policy_path("visit", policy))
        visit, made = read_visit(file, steps, drugs or DRUGS)
        found = review(
            visit,
            made,
            now=dt.datetime.now(dt.UTC),
            course=_course(course) if course else None,
        )
    if as_json:
        from thecal.report.contract import dump
        from thecal.report.visit_json import visit_answer

        click.echo(dump(visit_answer(found)))
    else:
        from thecal.report.visit import review_text

        click.echo(review_text(found))
    if not found.is_complete:
        raise SystemExit(1)


def _course(path: Path) -> Course:
    from thecal.interop.records import read_course

    reading = read_course(path)
    for remark in reading.remarks:
        click.echo(f"thecal: note: {remark}", err=True)
    return reading.course
