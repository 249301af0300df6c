"""The command `thecal safety`: what to watch for, and what was seen."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from thecal.cli.options import (
    FILE,
    drugs_option,
    json_option,
    jurisdiction_option,
    refusing,
    version_option,
)
from thecal.errors import CourseError
from thecal.units import iso_date

if TYPE_CHECKING:
    from thecal.clinic.watch.alsfrs import Assessment
    from thecal.course import Course
    from thecal.label.label import Label
    from thecal.report.safety import Watch


@click.command()
@click.argument("file", type=FILE)
@click.option("--on", help="As known by the end of that day: YYYY-MM-DD, or a day number.")
@jurisdiction_option
@click.option("--drug", default="tofersen", show_default=True, help="Medicine.")
@version_option
@drugs_option
@click.option(
    "--policy",
    "policies",
    multiple=True,
    help="A named policy: dgn, hegen, local, or a YAML file; may be given again.  [default: none]",
)
@click.option("--alsfrs", type=FILE, help="Item scores of the ALSFRS-R (YAML).")
@click.option(
    "--age", type=click.FloatRange(0, 120), help="Age in years, where a limit depends on it."
)
@json_option
def safety(
    file: Path,
    on: str | None,
    jurisdiction: str,
    drug: str,
    edition: str | None,
    drugs: Path | None,
    policies: tuple[str, ...],
    alsfrs: Path | None,
    age: float | None,
    as_json: bool,
) -> None:
    """Say what to watch for and what was seen, symptoms first.

    FILE holds the records of one patient (CSV). Exit 1 if something serious is there.
    """
    with refusing("course file"):  # its name may be a person's
        from thecal.datafile import DRUGS
        from thecal.interop.records import read_course
        from thecal.label.catalog import load_label

        reading = read_course(file)
        for remark in reading.remarks:
            click.echo(f"thecal: note: {remark}", err=True)
        label = load_label(drug, jurisdiction, drugs or DRUGS, edition)
        watch = _watch(reading.course, label, on, policies, alsfrs, age)
        if as_json:
            from thecal.report.contract import dump
            from thecal.report.safety import safety_document

            click.echo(dump(safety_document(watch)))
        else:
            from thecal.report.safety import safety_text

            click.echo(safety_text(watch))
    if watch.is_serious:
        raise SystemExit(1)


def _watch(
    whole: Course,
    label: Label,
    on: str | None,
    named: tuple[str, ...],
    alsfrs: Path | None,
    age_y: float | None,
) -> Watch:
    from thecal.clinic.watch.alsfrs_file import read_alsfrs
    from thecal.clinic.watch.figures import csf_figures
    from thecal.clinic.watch.function import function_figures, function_findings
    from thecal.clinic.watch.nfl import nfl_findings
    from thecal.clinic.watch.rules import judge, load_watch_policy
    from thecal.clinic.watch.safety import as_of, ordered, watch
    from thecal.report.safety import Watch

    policies = []
    for name in named:
        with refusing("--policy"):
            policies.append(load_watch_policy(name))
    asked_d = None if on is None else _day(whole, on)
    course = whole if asked_d is None else as_of(whole, asked_d)
    ratings: tuple[Assessment, ...] = ()
    if alsfrs is not None:
        with refusing("--alsfrs"):
            ratings = read_alsfrs(alsfrs, whole)
    if asked_d is not None:
        ratings = tuple(rated for rated in ratings if rated.time_d < asked_d + 1)
    figures = [*csf_figures(course), *function_figures(ratings)]
    findings = [
        *watch(course, label),
        *function_findings(course, ratings),
        *nfl_findings(course, label, age_y),
        *(finding for policy in policies for finding in judge(policy, figures, age_y)),
    ]
    return Watch(
        course=course,
        label=label,
        policies=tuple(policies),
        findings=ordered(findings),
        asked_d=asked_d,
    )


def _day(course: Course, on: str) -> int:
    """Read the day asked about. Raises CourseError."""
    if on.isascii() and on.isdigit() and len(on) <= 6:
        return int(on)
    try:
        date: dt.date = iso_date(on)
    except ValueError:
        raise CourseError("--on: expected a date as YYYY-MM-DD, or a day number") from None
    day = course.day(date)
    if day is None:
        raise CourseError(
            "--on is a date and the course has days only; ask with a day number, or add a 'date' "
            "to one row that has a day"
        )
    return day
