"""The command `thecal`: each subcommand reads, asks and prints.

Answers go to stdout, trouble to stderr. Exit 0: answered; 2: the input could not be used; 1 is
kept for commands whose answer is no. Heavy libraries are imported inside the commands that need
them.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from thecal import __version__
from thecal.errors import ThecalError, nearest
from thecal.units import iso_date

if TYPE_CHECKING:
    from thecal.plan.answer import Due

Command = TypeVar("Command", bound=Callable[..., Any])


class DayOrDate(click.ParamType["dt.date | int"]):
    """A date as YYYY-MM-DD, or a day number of the course."""

    name = "date or day"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date | int:
        """Read the text of the option; what is neither is refused by click, with exit 2."""
        text = str(value)
        if text.isascii() and text.isdigit() and len(text) <= 6:
            return int(text)
        try:
            return iso_date(text)
        except ValueError:
            self.fail(f"{text[:40]!r}: expected a date as YYYY-MM-DD, or a day number", param, ctx)


FILE = click.Path(path_type=Path)
course_file = click.argument("file", type=FILE)
jurisdiction_option = click.option(
    "--jurisdiction", default="us", show_default=True, help="Whose label decides: us, eu or jp."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")


def asking(command: Command) -> Command:
    """Add the options of every question about a course."""
    options = (
        course_file,
        click.option(
            "--on", type=DayOrDate(), help="Day asked about: YYYY-MM-DD, or a day number."
        ),
        jurisdiction_option,
        click.option("--drug", default="tofersen", show_default=True, help="Medicine."),
        click.option(
            "--window", type=FILE, help="The site's window policy (YAML).  [default: none]"
        ),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def refusing(subject: str) -> Iterator[None]:
    """Turn what thecal cannot go on from into one message and exit code 2."""
    try:
        yield
    except ThecalError as error:
        click.echo(f"thecal: {subject}: {error}", err=True)
        raise SystemExit(2) from error
    except OSError as error:
        click.echo(f"thecal: {subject or 'file'}: {error.strerror or error}", err=True)
        raise SystemExit(2) from error


@click.group(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="thecal")
def app() -> None:
    """Run the executable model of an intrathecal medicine.

    Decision support for professionals: not a medical device, not a prescription.
    """


@app.command()
@asking
def due(
    file: Path,
    on: dt.date | int | None,
    jurisdiction: str,
    drug: str,
    window: Path | None,
    as_json: bool,
) -> None:
    """Say when the next dose is due, and by which rule of the label.

    FILE holds the records of one patient (CSV).
    """
    with refusing(file.name):
        answer, _ = _due(file, on, jurisdiction, drug, window, today=not as_json)
        if as_json:
            from thecal.report.contract import due_document, dump

            click.echo(dump(due_document(answer)))
        else:
            from thecal.report.terminal import due_text

            click.echo(due_text(answer))


@app.command()
@asking
@click.option("--until", type=click.IntRange(1, 20_000), help="Last day to predict.")
@click.option("--report", type=FILE, help="Write a page that works offline (.html).")
@click.option("--figure", type=FILE, help="Write the timeline as a picture (.png or .svg).")
def course(
    file: Path,
    on: dt.date | int | None,
    jurisdiction: str,
    drug: str,
    window: Path | None,
    as_json: bool,
    until: int | None,
    report: Path | None,
    figure: Path | None,
) -> None:
    """Say what a course means: next dose, exposure, effect, findings.

    FILE holds the records of one patient (CSV).
    """
    from thecal.plan.answer import answer as answer_for

    with refusing(file.name):
        if figure and figure.suffix not in (".png", ".svg"):
            raise ThecalError(f"--figure {figure.name}: expected a name ending in .png or .svg")
        if report and report.suffix not in (".html", ".htm"):
            raise ThecalError(f"--report {report.name}: expected a name ending in .html")
        for option, path in (("--report", report), ("--figure", figure)):
            if path and not path.parent.is_dir():
                raise ThecalError(f"{option} {path.name}: its folder does not exist; make it first")
        asked, remarks = _due(file, on, jurisdiction, drug, window, today=not as_json)
        answer = answer_for(asked, until_d=until)
        if as_json:
            from thecal.report.contract import course_document, dump

            click.echo(dump(course_document(answer)))
        else:
            from thecal.report.terminal import course_text

            click.echo(course_text(answer))
    if report:
        from thecal.report.document import write_page

        with refusing(f"--report {report.name}"):
            write_page(answer, report, remarks)
    if figure:
        from thecal.report.figures import write_figure

        with refusing(f"--figure {figure.name}"):
            write_figure(answer, figure)


def _due(
    file: Path,
    on: dt.date | int | None,
    jurisdiction: str,
    drug: str,
    window: Path | None,
    *,
    today: bool,
) -> tuple[Due, tuple[str, ...]]:
    """Read a course and ask when the next dose is due.

    Asked in words and for a course with dates, the day asked is today if none is given; JSON
    never depends on the clock.
    """
    from thecal.interop.records import read_course
    from thecal.label.catalog import load_label
    from thecal.plan.answer import FARTHEST_D, when_due
    from thecal.regimen.window import read_window_policy

    reading = read_course(file, today=on if isinstance(on, dt.date) else None)
    for remark in reading.remarks:
        click.echo(f"thecal: note: {remark}", err=True)
    course = reading.course
    if on is None and today and course.doses and course.start:
        on = max(dt.date.today(), course.start + dt.timedelta(days=int(course.last_d)))
        if (on - course.start).days - course.doses[-1].time_d > FARTHEST_D:
            on = None  # a course long past: nobody asked when it is due today
    policy = None
    if window:
        with refusing(window.name):
            policy = read_window_policy(window)
    answer = when_due(course, load_label(drug, jurisdiction), policy=policy, on=on)
    return answer, reading.remarks


@app.group("label")
def label_group() -> None:
    """Show what the labels say."""


@label_group.command("show")
@click.argument("drug")
@jurisdiction_option
@click.option("--topic", help="Only this topic, such as dosing or dosing.loading.")
@json_option
def label_show(drug: str, jurisdiction: str, topic: str | None, as_json: bool) -> None:
    """Show what a label says, leaves open, and what was not read."""
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
        if not (statements or silences or not_read):
            details = sorted({s.topic for s in label.about(area(topic or ""))})
            hint = nearest(topic or "", details)
            raise ThecalError(f"nothing on '{topic}'; there is {', '.join(details)}.{hint}")
        if as_json:
            from thecal.report.contract import dump, gap_document, label_document

            gaps = {"silent": gap_document(silences), "not_read": gap_document(not_read)}
            click.echo(dump(label_document(label, statements, gaps)))
        else:
            from thecal.report.terminal import label_text

            click.echo(label_text(label, statements, silences, not_read))


@label_group.command("check")
@click.argument("file", type=FILE)
def label_check(file: Path) -> None:
    """Check a label FILE (YAML) of your own; every fault is told with its line."""
    from thecal.label.catalog import read_label

    with refusing(file.name):
        label = read_label(file)
        click.echo(
            f"{file.name}: {label.medicine}, {label.jurisdiction}: {len(label.statements)} "
            f"statements, {len(label.silences)} silences, {len(label.not_read)} topics not read."
        )


def main() -> None:
    """Run the command `thecal`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # the same bytes whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()
