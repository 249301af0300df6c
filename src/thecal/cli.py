"""The command `thecal`: each subcommand reads, asks and prints.

Answers go to stdout, trouble to stderr. Exit 0: answered; 1: the answer is no; 2: the input
could not be used. Heavy libraries are imported inside the commands that need them.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thecal.errors import ThecalError, nearest

if TYPE_CHECKING:
    from thecal.plan.answer import Due

app = typer.Typer(
    help="The executable model of an intrathecal medicine. Decision support, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
label_app = typer.Typer(help="What the labels say.", no_args_is_help=True)
app.add_typer(label_app, name="label")

CourseFile = Annotated[Path, typer.Argument(help="Records of one patient (CSV).", metavar="FILE")]
Drug = Annotated[str, typer.Option(help="Medicine.")]
Jurisdiction = Annotated[str, typer.Option(help="Whose label decides: us, eu or jp.")]
On = Annotated[
    str | None, typer.Option(help="Day asked about: a date (YYYY-MM-DD) or a day number.")
]
Window = Annotated[
    Path | None, typer.Option(help="The site's window policy (YAML). Default: none.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


@contextmanager
def refusing(subject: object) -> Iterator[None]:
    """Turn what thecal cannot go on from into one message and exit code 2."""
    try:
        yield
    except ThecalError as error:
        typer.echo(f"thecal: {subject}: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"thecal: {subject}: {error.strerror or error}", err=True)
        raise typer.Exit(2) from error


@app.command()
def due(
    file: CourseFile,
    on: On = None,
    jurisdiction: Jurisdiction = "us",
    drug: Drug = "tofersen",
    window: Window = None,
    as_json: AsJson = False,
) -> None:
    """Say when the next dose is due, and by which rule of the label."""
    with refusing(file.name):
        answer, _ = _due(file, on, jurisdiction, drug, window, today=not as_json)
        if as_json:
            from thecal.report.contract import due_document, dump

            typer.echo(dump(due_document(answer)))
        else:
            from thecal.report.terminal import due_text

            typer.echo(due_text(answer))


@app.command()
def course(
    file: CourseFile,
    on: On = None,
    jurisdiction: Jurisdiction = "us",
    drug: Drug = "tofersen",
    window: Window = None,
    until: Annotated[int | None, typer.Option(help="Last day to predict.", min=1)] = None,
    as_json: AsJson = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a page that works offline (.html).")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Write the timeline as a picture (.png or .svg).")
    ] = None,
) -> None:
    """Say what a course of treatment means: next dose, exposure, effect, findings."""
    from thecal.plan.answer import answer as answer_for

    with refusing(file.name):
        if figure and figure.suffix not in (".png", ".svg"):
            raise ThecalError(f"--figure {figure.name}: expected a name ending in .png or .svg")
        asked, remarks = _due(file, on, jurisdiction, drug, window, today=not as_json)
        answer = answer_for(asked, until_d=until)
        if as_json:
            from thecal.report.contract import course_document, dump

            typer.echo(dump(course_document(answer)))
        else:
            from thecal.report.terminal import course_text

            typer.echo(course_text(answer))
        if report:
            from thecal.report.document import write_page

            write_page(answer, report, remarks)
        if figure:
            from thecal.report.figures import write_figure

            write_figure(answer, figure)


def _due(
    file: Path, on: str | None, jurisdiction: str, drug: str, window: Path | None, *, today: bool
) -> tuple[Due, tuple[str, ...]]:
    """Read a course and ask when the next dose is due.

    Asked in words and for a course with dates, the day asked is today if none is given; JSON
    never depends on the clock.
    """
    from thecal.interop.records import read_course
    from thecal.label.catalog import load_label
    from thecal.plan.answer import when_due
    from thecal.regimen.window import read_window_policy

    asked = _day_or_date(on)
    reading = read_course(file, today=asked if isinstance(asked, dt.date) else None)
    for remark in reading.remarks:
        typer.echo(f"thecal: note: {remark}", err=True)
    last_given = reading.course.last_given
    if asked is None and today and last_given is not None:
        asked = max(dt.date.today(), last_given)
    answer = when_due(
        reading.course,
        load_label(drug, jurisdiction),
        policy=read_window_policy(window) if window else None,
        on=asked,
    )
    return answer, reading.remarks


def _day_or_date(text: str | None) -> dt.date | int | None:
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ThecalError(
            f"--on '{text[:40]}': expected a date as YYYY-MM-DD, or a day number"
        ) from None


@label_app.command("show")
def label_show(
    drug: Annotated[str, typer.Argument(help="Medicine.")],
    jurisdiction: Jurisdiction = "us",
    topic: Annotated[str | None, typer.Option(help="Only this topic, such as dosing.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a label says, what it is silent about, and what was not read."""
    from thecal.label.catalog import load_label
    from thecal.label.label import area, covers
    from thecal.label.topics import AREAS

    with refusing(f"label of {drug}"):
        label = load_label(drug, jurisdiction)
        if topic is not None and area(topic) not in AREAS:
            raise ThecalError(
                f"no topic '{topic}'; there is {', '.join(AREAS)}.{nearest(topic, AREAS)}"
            )
        statements = label.about(topic) if topic else label.statements
        silences = [g for g in label.silences if topic is None or covers(topic, g.topic)]
        not_read = [
            g
            for g in label.not_read
            if topic is None or covers(topic, g.topic) or covers(g.topic, topic)
        ]
        if as_json:
            from thecal.report.contract import dump, gap_document, label_document

            gaps = {"silent": gap_document(silences), "not_read": gap_document(not_read)}
            typer.echo(dump(label_document(label, statements, gaps)))
        else:
            from thecal.report.terminal import label_text

            typer.echo(label_text(label, statements, silences, not_read))


@label_app.command("check")
def label_check(
    file: Annotated[Path, typer.Argument(help="A label file (YAML).", metavar="FILE")],
) -> None:
    """Check a label file of your own against the schema; every fault is told with its line."""
    from thecal.label.catalog import read_label

    with refusing(file.name):
        label = read_label(file)
        typer.echo(
            f"{file.name}: {label.medicine}, {label.jurisdiction}: {len(label.statements)} "
            f"statements, {len(label.silences)} silences, {len(label.not_read)} topics not read."
        )


def main() -> None:
    """Run the command `thecal`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # the same bytes whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()
