"""What one reads in a terminal: plain words for a due date, tables for a course."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING

from thecal.clinic.finding import Finding, Severity
from thecal.course import Course
from thecal.label.label import Label, Silence, Statement, area
from thecal.label.topics import AREAS
from thecal.plan.answer import DISCLAIMER, MODEL_CAVEAT, Answer, Due

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 92
NAMES = {Severity.SERIOUS: "SERIOUS", Severity.CAUTION: "CAUTION", Severity.NOTE: "note"}


def due_text(due: Due) -> str:
    """Say when the next dose is due, by which rule, and what the label leaves open."""
    slot, regimen = due.schedule.next, due.schedule.regimen
    lines = [headline(due)]
    lines += _item("Dose", f"{regimen.amount_mg:g} mg, {regimen.route.upper()}, {slot.phase}")
    lines += _item("Why", slot.reason)
    lines += _item("Label", slot.rule.says)
    lines += _item("Source", str(slot.rule.source))
    lines += _item("Window", window_words(due))
    for question in due.schedule.label_silent:
        lines += _item(
            "SILENT",
            f"{question.here}. Label silent: {question.says} The ordinary rule, which is not a "
            f"recommendation: {question.arithmetic}. A prescriber decides.",
        )
    return "\n".join([*lines, "", *_wrap(DISCLAIMER)])


def headline(due: Due) -> str:
    """Say in one line which dose is due and when."""
    slot, schedule = due.schedule.next, due.schedule
    if not schedule.given:
        return "No dose is recorded: dose 1 starts the course, its day is day 0."
    when = day_words(due.course, slot.due_d)
    if schedule.treatment in ("held", "stopped"):
        since = day_words(due.course, schedule.treatment_since_d or 0)
        return (
            f"Treatment is recorded as {schedule.treatment.upper()} since {since}. "
            f"No dose is planned; dose {slot.number} would by arithmetic fall on {when}."
        )
    return f"Dose {slot.number} is due on {when}{_status(due)}."


def day_words(course: Course, time_d: float) -> str:
    """Name a day, by its date where the course has dates."""
    date = course.date(time_d)
    return f"day {time_d:g}" if date is None else f"{date:%a} {date.isoformat()} (day {time_d:g})"


def _status(due: Due) -> str:
    days = due.days_to_due
    if days is None or due.on_d is None:
        return ""
    on = due.course.date(due.on_d)
    asked = f"on {on}" if on else f"on day {due.on_d}"
    if days > 0:
        return f", {_days(days)} from the day asked ({asked})"
    if days == 0:
        return f", the day asked ({asked})"
    return f", OVERDUE by {_days(-days)} {asked}"


def window_words(due: Due) -> str:
    """Say what tolerance there is around the due date, and whose."""
    slot = due.schedule.next
    if slot.policy is None:
        return "none: the label gives none, and no policy of the site was named"
    dates = (("earliest", slot.earliest_d), ("overdue", slot.overdue_d), ("latest", slot.latest_d))
    words = [f"{name} {day_words(due.course, day)}" for name, day in dates if day is not None]
    return f"{', '.join(words)}; site policy '{slot.policy}', not the label"


def course_text(answer: Answer, *, width: int | None = None) -> str:
    """Show a course: doses and troughs, the next dose, what is predicted and seen, findings."""
    from rich.console import Console

    console = Console(width=width or WIDTH, highlight=False, no_color=True, record=True, file=None)
    with console.capture() as capture:
        console.print(_head(answer.due))
        console.print()
        console.print(_doses(answer))
        console.print()
        console.print(due_text(answer.due).rsplit("\n\n", 1)[0])
        console.print()
        console.print(_predicted(answer))
        console.print("\n".join(_wrap(_known(answer))))
        console.print()
        console.print("\n".join(_findings(answer.findings)))
        console.print()
        console.print("\n".join(_wrap(MODEL_CAVEAT)))
        console.print("\n".join(_wrap(DISCLAIMER)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _head(due: Due) -> str:
    label = due.label
    return (
        f"{label.medicine} · {label.jurisdiction.upper()} label, {label.version}\n"
        f"{len(due.schedule.given)} doses given, treatment {due.schedule.treatment}"
    )


def _table(title: str) -> Table:
    from rich import box
    from rich.table import Table

    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _doses(answer: Answer) -> Table:
    table = _table("Doses given")
    for name in ("dose", "day", "date", "interval d", "late d", "mg"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("CSF before dose, ng/mL\npredicted (90 % band)", justify="right")
    table.add_column("")
    csf = answer.forecast.series["csf"]
    for given in answer.due.schedule.given:
        dose = given.dose
        typical, lo, hi = (1e6 * value for value in csf.at(dose.time_d))
        trough = f"{typical:.0f} ({lo:.0f}–{hi:.0f})" if given.number > 1 else "–"
        date = answer.due.course.date(dose.time_d)
        table.add_row(
            str(given.number),
            str(dose.time_d),
            date.isoformat() if date else "",
            "" if given.interval_d is None else str(given.interval_d),
            "" if given.late_d is None else f"{given.late_d:+d}" if given.late_d else "0",
            f"{dose.amount_mg:g}",
            trough,
            ", ".join(q.topic.removeprefix("dosing.").replace("_", " ") for q in given.label_silent)
            and "label silent: "
            + ", ".join(
                q.topic.removeprefix("dosing.").replace("_", " ") for q in given.label_silent
            ),
        )
    return table


SHOWN = (
    ("csf_sod1", "CSF SOD1, ratio to baseline"),
    ("nfl", "NfL, ratio to baseline"),
    ("alsfrs_r", "ALSFRS-R, points"),
)


def _predicted(answer: Answer) -> Table:
    table = _table("Observed beside predicted (typical, 90 % of virtual patients)")
    table.add_column("day", justify="right", no_wrap=True)
    for _, name in SHOWN:
        table.add_column(name, justify="right")
    forecast = answer.forecast
    seen = {(o.time_d, o.output): o for o in forecast.observed}
    next_d = float(answer.due.schedule.next.due_d)
    end_d = float(forecast.series["nfl"].times_d[-1])
    ahead_d = {next_d, end_d} if next_d <= end_d else {end_d}
    for time_d in sorted({o.time_d for o in forecast.observed if o.time_d > 0} | ahead_d):
        cells = []
        for name, _ in SHOWN:
            typical, lo, hi = forecast.series[name].at(time_d)
            digits = 0 if name == "alsfrs_r" else 2
            observed = seen.get((time_d, name))
            mark = f"{observed.value:.{digits}f} seen; " if observed else ""
            cells.append(f"{mark}{typical:.{digits}f} ({lo:.{digits}f}–{hi:.{digits}f})")
        note = " next" if time_d == next_d else " end" if time_d == end_d else ""
        table.add_row(f"{time_d:g}{note}", *cells)
    return table


def _known(answer: Answer) -> str:
    known = answer.forecast.known
    if not known:
        return "From the record: nothing before the first dose; all baselines are the trial's."
    return f"From the record: {'; '.join(known.values())}. The rest is the trial population."


def _findings(findings: Iterable[Finding]) -> list[str]:
    lines = []
    for finding in findings:
        where = f" [{finding.source}]" if finding.source else ""
        asks = f" → {finding.asks}" if finding.asks else ""
        text = f"{NAMES[finding.severity]:8}{finding.message}{asks}{where}"
        lines += _wrap(text, indent=8)
    return ["Findings", *(lines or ["none"])]


def label_text(
    label: Label,
    statements: Iterable[Statement],
    silences: Iterable[Silence],
    not_read: Iterable[Silence],
) -> str:
    """Show what a label says, what it is silent about, and what was not read."""
    lines = [f"{label.medicine} · {label.jurisdiction.upper()} · {label.document}, {label.version}"]
    current = ""
    for statement in statements:
        if area(statement.topic) != current:
            current = area(statement.topic)
            lines += ["", f"{current.replace('_', ' ').upper()}: {AREAS[current]}"]
        other = "" if statement.source.document == label.document else str(statement.source)
        section = other or f"§{statement.source.section}"
        lines += _wrap(f"{statement.says} [{section}]", indent=2, first="  ")
    for title, gaps in (("LABEL SILENT", list(silences)), ("NOT READ", list(not_read))):
        if gaps:
            lines += ["", title]
            for gap in gaps:
                lines += _wrap(f"{gap.topic}: {gap.says}", indent=2, first="  ")
    return "\n".join([*lines, "", *_wrap(DISCLAIMER)])


def _item(name: str, words: str) -> list[str]:
    return _wrap(f"  {name:7} {words}", indent=10)


def _wrap(words: str, indent: int = 0, first: str = "") -> list[str]:
    return fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
