"""The command `thecal`: each subcommand reads, asks and prints.

Answers go to stdout, trouble to stderr. Exit 0: answered; 2: the input could not be used; 1: the
answer is no, or only a part because it was stopped. Heavy libraries are imported inside the
commands that need them.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from thecal import __version__
from thecal.cli.audit import label_audit, label_compare
from thecal.cli.eligible import eligible
from thecal.cli.label import label_group
from thecal.cli.leaflet import leaflet
from thecal.cli.options import (
    FILE,
    PICTURES,
    can_write,
    drugs_option,
    json_option,
    jurisdiction_option,
    refusing,
    version_option,
)
from thecal.cli.record import record_group
from thecal.cli.record_care import record_vial_check, record_visit
from thecal.cli.record_read import record_due, record_history, record_show
from thecal.cli.safety import safety
from thecal.cli.variant import variant
from thecal.cli.vial import vial_group
from thecal.cli.visit import visit_group
from thecal.errors import ThecalError
from thecal.units import iso_date

if TYPE_CHECKING:
    from thecal.plan.answer import Due
    from thecal.plan.virtual import Asked

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


class Duration(click.ParamType["float"]):
    """A duration such as 364d or 52w, or a plain number of days; in days."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the text of the option; what cannot be read is refused by click, with exit 2."""
        from thecal.regimen.sentence import read_duration_d

        try:
            return read_duration_d(str(value))
        except ThecalError as error:
            self.fail(str(error), param, ctx)


MOST_PEOPLE, MOST_SEED = 10**12, 2**63 - 1
LONG = 50_000  # people from which a progress bar is there from the start
course_file = click.argument("file", type=FILE)


def asking(command: Command) -> Command:
    """Add the options of every question about a course."""
    options = (
        course_file,
        click.option(
            "--on", type=DayOrDate(), help="Day asked about: YYYY-MM-DD, or a day number."
        ),
        jurisdiction_option,
        click.option("--drug", default="tofersen", show_default=True, help="Medicine."),
        version_option,
        drugs_option,
        click.option(
            "--window", type=FILE, help="The site's window policy (YAML).  [default: none]"
        ),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


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
    edition: str | None,
    drugs: Path | None,
    window: Path | None,
    as_json: bool,
) -> None:
    """Say when the next dose is due, and by which rule of the label.

    FILE holds the records of one patient (CSV).
    """
    with refusing(file.name):
        answer, _ = _due(file, on, jurisdiction, drug, edition, drugs, window, today=not as_json)
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
    edition: str | None,
    drugs: Path | None,
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
        can_write("--figure", figure, PICTURES)
        can_write("--report", report, (".html", ".htm"))
        asked, remarks = _due(
            file, on, jurisdiction, drug, edition, drugs, window, today=not as_json
        )
        answer = answer_for(asked, until_d=until, folder=drugs)
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
    edition: str | None,
    drugs: Path | None,
    window: Path | None,
    *,
    today: bool,
) -> tuple[Due, tuple[str, ...]]:
    """Read a course and ask when the next dose is due.

    Asked in words and for a course with dates, the day asked is today if none is given; JSON
    never depends on the clock.
    """
    from thecal.datafile import DRUGS
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
    label = load_label(drug, jurisdiction, drugs or DRUGS, edition)
    answer = when_due(course, label, policy=policy, on=on)
    return answer, reading.remarks


@app.command()
@click.option("--drug", default="tofersen", show_default=True, help="Medicine.")
@jurisdiction_option
@click.option(
    "--regimen",
    help='A sentence such as "100 mg q14d x3 then 100 mg q28d".  [default: the label\'s]',
)
@click.option(
    "--n", type=click.IntRange(1, MOST_PEOPLE), default=1000, show_default=True, help="People."
)
@click.option(
    "--until", type=Duration(), default="364d", show_default=True, help="Last day: 364d or 52w."
)
@click.option(
    "--every", type=Duration(), default="7d", show_default=True, help="How far apart values are."
)
@click.option("--outputs", help="Names with commas between.  [default: all of the model]")
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), default=1, show_default=True, help="Of the people."
)
@click.option("--out", type=FILE, help="Write every value (.parquet or .csv).")
@click.option("--summary", is_flag=True, help="Print the summary beside --out, too.")
@click.option("--figure", type=FILE, help="Write medians and bands as a picture (.png or .svg).")
@json_option
@click.option(
    "--accuracy",
    type=click.Choice(["default", "high"]),
    default="default",
    show_default=True,
    help="Of effects: high halves every step.",
)
@click.option(
    "--backend",
    type=click.Choice(["auto", "numpy", "jax"]),
    default="auto",
    show_default=True,
    help="Array library; auto takes JAX for many people.",
)
@click.option("--float32", is_flag=True, help="Compute and write single precision.")
def simulate(
    drug: str,
    jurisdiction: str,
    regimen: str | None,
    n: int,
    until: float,
    every: float,
    outputs: str | None,
    seed: int,
    out: Path | None,
    summary: bool,
    figure: Path | None,
    as_json: bool,
    accuracy: str,
    backend: str,
    float32: bool,
) -> None:
    """Give a regimen to virtual people, and show what they would show.

    Ctrl-C stops after the people under way and shows those; a second one drops everything.
    """
    with refusing("simulate"), ExitStack() as stack:
        can_write("--figure", figure, PICTURES)
        asked = _asked(drug, jurisdiction, regimen, n, until, every, outputs, seed)
        import numpy as np

        from thecal.plan.virtual import VIRTUAL_CAVEAT, simulate_virtual

        dtype: Any = np.float32 if float32 else np.float64
        writer = None
        if out:
            from thecal.interop.table import TableWriter

            about = {
                "version": __version__,
                "medicine": drug,
                "regimen": asked.regimen.text,
                "seed": str(seed),
                "accuracy": accuracy,
                "caveat": VIRTUAL_CAVEAT,
            }
            if asked.extrapolations:
                about["extrapolations"] = "; ".join(asked.extrapolations)
            writer = stack.enter_context(
                TableWriter(out, asked.kept, asked.times_d, n_subjects=n, dtype=dtype, about=about)
            )
        with stoppable() as is_stopped, progress_of(n) as show:

            def progress(done: int) -> None:
                show(done)
                if is_stopped() and done < n:
                    raise KeyboardInterrupt

            found = simulate_virtual(
                asked,
                write=writer,
                progress=progress,
                accuracy=accuracy,
                backend=backend,
                dtype=dtype,
            )
        if writer and not found.is_complete:
            writer.stop_early(found.cohort.done)
    done, seconds = found.cohort.done, found.cohort.seconds
    speed = done / seconds
    rate = f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}"
    click.echo(f"thecal: {done:,} done in {seconds:.2g} s, {rate} a second", err=True)
    if as_json:
        from thecal.report.contract import dump, simulate_document

        click.echo(dump(simulate_document(found, accuracy=accuracy)))
    elif summary or not writer:
        from thecal.report.terminal import simulate_text

        click.echo(simulate_text(found))
    if writer and writer.written:
        from thecal.report.words import written_words

        click.echo(written_words(found, writer.written.name), err=as_json)
        if not found.is_complete:
            click.echo(f"thecal: stopped; what was done is in {writer.written}", err=True)
    if figure:
        from thecal.report.figures import virtual, write_picture

        with refusing(f"--figure {figure.name}"):
            write_picture(virtual(found), figure)
    if not found.is_complete:
        raise SystemExit(1)


def _asked(
    drug: str,
    jurisdiction: str,
    regimen: str | None,
    n: int,
    until_d: float,
    every_d: float,
    outputs: str | None,
    seed: int,
) -> Asked:
    """Read the regimen and check what is asked for, before anything large is made."""
    from thecal.datafile import DRUGS
    from thecal.label.catalog import load_label, medicines
    from thecal.model.modelfile import load_population
    from thecal.plan.virtual import ask, label_sentence
    from thecal.regimen.regimen import Regimen, from_label

    stated: Regimen | None = None
    if drug not in medicines() and (DRUGS / drug / "model.yaml").is_file():
        if regimen is None:
            raise ThecalError(f"no label of '{drug}' states a regimen. Give one with --regimen")
    else:
        label = load_label(drug, jurisdiction)
        try:
            stated = from_label(label)
            label_sentence(stated)
        except ThecalError as error:
            if regimen is None:
                raise ThecalError(f"{str(error).rstrip('.')}. Give one with --regimen") from error
            stated = None
    names = () if outputs is None else tuple(name.strip() for name in outputs.split(","))
    if "" in names:
        raise ThecalError("--outputs: a name is missing; write names with commas between")
    return ask(
        load_population(drug),
        regimen if regimen is not None else cast("Regimen", stated),
        label=stated,
        n=n,
        until_d=until_d,
        every_d=every_d,
        outputs=names,
        seed=seed,
    )


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C until somebody asks whether it was pressed; a second one ends the command."""
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        if pressed:
            raise click.Abort
        pressed = True
        words = "thecal: stopping after the people under way; Ctrl-C again drops everything\n"
        start = "\n" if sys.stderr.isatty() else ""  # there ^C stands on the line
        os.write(2, (start + words).encode())  # no stream: one may be in the middle of a line

    before = signal.getsignal(signal.SIGINT)
    is_ours = (
        before is signal.default_int_handler
        and threading.current_thread() is threading.main_thread()
    )
    if is_ours:
        signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, before)


@contextmanager
def progress_of(n: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many people are done, once that takes longer than a second."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    began = time.monotonic()
    with ExitStack() as stack:
        update: Callable[[int], None] | None = None

        def show(done: int) -> None:
            nonlocal update
            if update is None and done < n and time.monotonic() - began > 1:
                update = _bar(stack, n)
            if update is not None:
                update(done)

        if n >= LONG:  # the first people may take long, while their program is compiled
            update = _bar(stack, n)
        yield show


def _bar(stack: ExitStack, n: int) -> Callable[[int], None]:
    """Draw a progress bar on stderr until the stack is left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f} people/s")

    bar = stack.enter_context(
        Progress(
            BarColumn(),
            TextColumn("{task.completed:,} of {task.total:,} people"),
            Speed(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
    )
    task = bar.add_task("", total=n)
    return lambda done: bar.update(task, completed=done)


@app.command()
@click.argument("drug", default="tofersen")
@json_option
@click.option(
    "--replicates",
    type=click.IntRange(1, 100_000),
    default=400,
    show_default=True,
    help="How often each study is simulated.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, MOST_SEED),
    default=2024,
    show_default=True,
    help="Of the simulated studies.",
)
@click.option(
    "--structure",
    default="both",
    show_default=True,
    help="One structure of the model alone, such as fraction or supralinear.",
)
@click.option("--page", type=FILE, help="Write the page (.md), and its pictures beside it.")
def validate(
    drug: str, as_json: bool, replicates: int, seed: int, structure: str, page: Path | None
) -> None:
    """Hold the model of DRUG against every published number.

    Each study is simulated in virtual people, as many as it had, again and again; a published
    number should lie in the 90 % interval of what these studies show.
    """
    with refusing(f"validate {drug}"):
        can_write("--page", page, (".md",))
        from thecal.datafile import DRUGS
        from thecal.infer.evidence import load_evidence
        from thecal.infer.validate import structure_shares
        from thecal.infer.validate import validate as held_against
        from thecal.model.modelfile import load_population
        from thecal.model.safetyfile import load_safety
        from thecal.trial.study import load_studies

        population, targets = load_population(drug), load_evidence(drug)
        studies = load_studies(drug)
        has_safety = (DRUGS / drug / "safety.yaml").is_file()
        if structure != "both":
            population = population.structure(structure)
        shares = structure_shares(population) or {structure: 1.0}
        began = time.monotonic()
        found = held_against(
            population,
            targets,
            studies,
            load_safety(drug) if has_safety else None,
            replicates=replicates,
            seed=seed,
        )
        seconds = time.monotonic() - began
        click.echo(f"thecal: {replicates} replicates in {seconds:.2g} s", err=True)
    if as_json:
        from thecal.report.contract import dump, validate_document

        click.echo(dump(validate_document(found, shares, structure=structure)))
    else:
        from thecal.report.terminal import validate_text

        click.echo(validate_text(found, shares))
    if page:
        from thecal.infer.bands import bands
        from thecal.report.validation import write_validation

        with refusing(f"--page {page.name}"):
            drawn = bands(population, studies, replicates=replicates, seed=seed)
            written = write_validation(page, found, population, drawn)
            click.echo(f"thecal: {', '.join(str(path) for path in written)}", err=True)


@app.command()
@click.argument("drug")
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), default=1, show_default=True, help="Of the draws."
)
@click.option(
    "--people",
    type=click.IntRange(20, 100_000),
    default=800,
    show_default=True,
    help="Virtual people in the largest arm of each study.",
)
@click.option(
    "--evaluations",
    type=click.IntRange(24, 1_000_000),
    default=1200,
    show_default=True,
    help="Draws that are weighted, for each structure.",
)
@click.option("--out", type=FILE, help="Folder to write to.  [default: the medicine's own]")
@click.option(
    "--workers",
    type=click.IntRange(0, 1024),
    default=0,
    help="Processes; they change no number.  [default: one a core]",
)
def calibrate(
    drug: str, seed: int, people: int, evaluations: int, out: Path | None, workers: int
) -> None:
    """Calibrate the model of DRUG to its evidence file; takes minutes to an hour.

    Reads prior.yaml, evidence.csv and studies.yaml of the medicine; writes model.yaml and
    posterior.csv. Ctrl-C leaves the old files.
    """
    with refusing(f"calibrate {drug}"):
        from thecal.datafile import DRUGS
        from thecal.infer.calibrate import calibrate as posterior_of
        from thecal.infer.evidence import load_evidence
        from thecal.infer.record import weights, write_calibration
        from thecal.model.modelfile import read_population
        from thecal.report.terminal import calibrate_text
        from thecal.trial.study import load_studies

        targets, studies = load_evidence(drug, DRUGS), load_studies(drug, DRUGS)
        folder = DRUGS / drug
        if not (folder / "prior.yaml").is_file():
            raise ThecalError("prior.yaml is not in its folder: nothing to start from")
        _can_write_into(out or folder)
        population = read_population(folder / "prior.yaml")
        click.echo(
            f"thecal: {people} people, {evaluations} draws for each of "
            f"{', '.join(population.structures)}; this takes minutes, Ctrl-C leaves the old files",
            err=True,
        )
        began = time.monotonic()

        def say(words: str) -> None:
            click.echo(f"thecal: {time.monotonic() - began:.0f} s, {name}, {words}", err=True)

        found = []
        try:
            for name in population.structures:
                found.append(
                    posterior_of(
                        population.structure(name),
                        name,
                        targets,
                        studies,
                        seed=seed,
                        people=people,
                        evaluations=evaluations,
                        workers=workers,
                        say=say,
                    )
                )
        except KeyboardInterrupt:
            click.echo("thecal: stopped; the old files stand as they were", err=True)
            raise SystemExit(1) from None
        written = write_calibration(
            folder,
            population,
            found,
            seed=seed,
            people=people,
            program=f"thecal {__version__}",
            target_folder=out,
        )
        click.echo(calibrate_text(found, weights(found)))
        click.echo(f"thecal: {', '.join(str(path) for path in written)}", err=True)


def _can_write_into(folder: Path) -> None:
    """Refuse a folder that could not be written to, before the work starts."""
    if not folder.is_dir():
        raise ThecalError(f"--out {folder}: no such folder; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ThecalError(f"{folder} is not yours to write; name another folder with --out")


label_group.add_command(label_audit)
label_group.add_command(label_compare)
app.add_command(label_group)
app.add_command(eligible)
app.add_command(leaflet)
app.add_command(safety)
app.add_command(vial_group)
for command in (record_show, record_history, record_due, record_visit, record_vial_check):
    record_group.add_command(command)
app.add_command(record_group)
app.add_command(variant)
app.add_command(visit_group)


def main() -> None:
    """Run the command `thecal`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # the same bytes whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()
