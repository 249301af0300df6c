"""What one reads in a terminal: plain words for a due date, tables for a course."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from textwrap import fill
from typing import TYPE_CHECKING

from thecal.clinic.finding import Finding, Severity
from thecal.errors import counted
from thecal.label.label import Label, Silence, Statement, area
from thecal.label.topics import AREAS
from thecal.plan.answer import DISCLAIMER, Answer, Due
from thecal.report import tables
from thecal.report.words import (
    beyond_words,
    caveat_words,
    given_words,
    headline,
    if_late_words,
    known_words,
    origin_words,
    people_words,
    status_words,
    where,
    window_words,
)

if TYPE_CHECKING:  # the numerical library is not loaded for a due date
    from thecal.infer.calibrate import Calibration
    from thecal.infer.validate import Validation
    from thecal.plan.virtual import Summary

WIDTH = 92
NAMES = {Severity.SERIOUS: "SERIOUS", Severity.CAUTION: "CAUTION", Severity.NOTE: "note"}


def due_text(due: Due) -> str:
    """Say when the next dose is due, by which rule, what is open, and what is serious."""
    lines = _next_lines(due)
    for finding in filter(_bears_on_next(due), due.findings):
        place = where(finding.source, due.label)
        words = f"{finding.message} [{place}]" if place else finding.message
        lines += _item(NAMES[finding.severity], words)
    return "\n".join([*lines, "", *_wrap(DISCLAIMER)])


def _bears_on_next(due: Due) -> Callable[[Finding], bool]:
    """Return which findings stand beside a due date; `thecal course` shows them all."""
    given = due.schedule.given
    last_d = given[-1].dose.time_d if given else 0

    def bears(finding: Finding) -> bool:
        if finding.code == "event.not_read":  # it may be the word for a stop, or for a death
            return (finding.time_d or 0) >= last_d
        return finding.severity is Severity.SERIOUS or finding.code in (
            "dose.close",
            "treatment.after_death",
        )

    return bears


def _next_lines(due: Due) -> list[str]:
    slot, regimen = due.schedule.next, due.schedule.regimen
    lines = [headline(due)]
    if due.schedule.treatment == "ended":
        return lines
    lines += _item("Dose", f"{slot.amount_mg:g} mg, {regimen.route.upper()}, {slot.phase}")
    lines += _item("Why", slot.reason)
    lines += _item("Label", slot.rule.says)
    lines += _item("Source", str(slot.rule.source))
    if status := status_words(due.label):
        lines += _item("Status", status)
    if if_late := if_late_words(due):
        lines += _item("If late", if_late)
    lines += _item("Window", window_words(due))
    for question in due.schedule.label_silent:
        lines += _item(
            "OPEN",
            f"{question.here}. {question.standing}: {question.says} The ordinary rule, which is "
            f"not a recommendation: {question.arithmetic}. A prescriber decides.",
        )
    return lines


def course_text(answer: Answer) -> str:
    """Show a course: doses and troughs, the next dose, what is predicted and seen, findings."""
    due = answer.due
    label, treatment = due.label, due.schedule.treatment
    predicted = tables.predictions(answer)
    parts = [
        f"{label.medicine} · {label.jurisdiction.upper()} label: {label.document}, "
        f"{label.version}\n{given_words(due)}, treatment {treatment}",
        _drawn(tables.doses(answer)),
        "\n".join(_next_lines(due)),
        _drawn(predicted, only=() if len(predicted.head) <= MOST_COLUMNS else ("day", *SHOWN)),
        _drawn(tables.observed(answer)),
        "\n".join(_wrap(known_words(answer))),
        "\n".join(_findings(answer)),
        "\n".join([*_wrap(caveat_words(answer)), *_wrap(DISCLAIMER)]),
    ]
    return "\n\n".join(part for part in parts if part)


MOST_COLUMNS = 5  # of predictions, the day among them; of more, those in SHOWN
SHOWN = tuple(c.name for c in tables.COLUMNS if c.output in ("csf", "csf_sod1", "nfl", "alsfrs_r"))


def simulate_text(summary: Summary) -> str:
    """Show what a virtual population showed: what was asked, a few days of each output."""
    from thecal.plan.virtual import VIRTUAL_CAVEAT

    asked, cohort = summary.asked, summary.cohort
    population = asked.population
    doses = counted(len(asked.doses), "dose")
    head = [
        f"{population.medicine} · {people_words(cohort)} · seed {asked.seed}",
        *_item("Regimen", f"{asked.regimen.text}; {doses} before day {asked.until_d:g}"),
        *_item("Source", origin_words(asked)),
        *(line for words in asked.extrapolations for line in _item("BEYOND", beyond_words(words))),
        *_item("Model", f"{population.model.name}. {population.about}"),
        *_item("Solver", cohort.solved),
    ]
    first, *more = tables.simulated(summary)
    parts = [
        "\n".join(head),
        f"{first.title}\n{_drawn(replace(first, title=''))}",
        *map(_drawn, more),
        "\n".join([*_wrap(VIRTUAL_CAVEAT), *_wrap(DISCLAIMER)]),
    ]
    return "\n\n".join(parts)


COUNTED_BY_ARM = ("deaths",)


def validate_text(validation: Validation, shares: Mapping[str, float]) -> str:
    """Show how many published numbers lie inside, the headlines, and every miss."""
    from thecal.report import validation as page

    counts = [
        f"  {'{} of {}'.format(*validation.share_inside(**page.SHARES[key])):>12}  {words}"
        for key, words in page.SHARE_WORDS.items()
    ]
    headlines = ["Headlines: published, model (90 % prediction interval), inside"]
    for topic, held in page.by_area(filter(page.is_headline, validation.verdicts)).items():
        headlines += ["", page.AREAS[topic]]
        for v in held:
            t = v.target
            who = "" if t.stratum == "all" else t.stratum
            arm = t.arm if t.statistic in COUNTED_BY_ARM else ""
            what = ", ".join(p for p in (t.statistic, arm, who, t.time) if p and p != "-")
            published = page.published_words(t).replace(f", {t.interval})", ")")
            answer = "yes" if v.inside else "NO"
            words = f"  {t.id:6}{what:41} {published:20} {page.model_words(v):26} {answer}"
            headlines.append(words)
    missed = page.misses(validation)
    parts = [
        f"{validation.medicine} · {validation.replicates} replicates of each study · seed "
        f"{validation.seed} · {page.structure_words(shares)}",
        "\n".join(
            [
                *_wrap(
                    f"{page.score_words(validation)} the model's 90 % prediction interval for a "
                    "study of that size."
                ),
                *counts,
            ]
        ),
        "\n".join(headlines),
        "\n".join(
            [
                counted(len(missed), "number") + " outside",
                *(line for v in missed for line in _item(v.target.id, page.miss_words(v))),
            ]
        ),
        "\n".join(
            [
                *_wrap(
                    "More: docs/validation.md has every number and pictures; --page writes it "
                    "anew, --json is for programs."
                ),
                *_wrap(page.VALIDATION_CAVEAT),
                *_wrap(DISCLAIMER),
            ]
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def calibrate_text(found: Sequence[Calibration], weights: Sequence[float]) -> str:
    """Show what a calibration learned in each structure, and what it did not."""
    return "\n\n".join(
        part for c, weight in zip(found, weights, strict=True) for part in _calibrated(c, weight)
    )


def _calibrated(c: Calibration, weight: float) -> Iterable[str]:
    import numpy as np

    from thecal.report import validation as page

    yield (
        f"Structure '{c.structure}': weight {weight:.2g}, ln evidence {c.log_evidence:.2f}; "
        f"{c.evaluations} draws weighted, worth {c.effective:.0f}"
    )
    if not c.converged:
        yield "\n".join(
            _wrap(
                "WARNING: the search for the mode did not come to rest. Draws start from where it "
                "stood; trust them only if they are worth many."
            )
        )
    if c.effective < len(c.numbers):
        yield "\n".join(
            _wrap(
                f"WARNING: the draws are worth fewer than there are numbers ({len(c.numbers)}): "
                "intervals are rough. Ask for more --evaluations."
            )
        )
    middle, values, contraction = c.middle(), c.values(), c.contraction()
    rows = []
    for j, number in enumerate(c.numbers):
        lo, hi = np.quantile(values[number.name], (0.05, 0.95))
        rows.append(
            (
                number.name,
                page.prior_words(number),
                f"{page.number_words(middle[number.name])} "
                f"({page.number_words(float(lo))} to {page.number_words(float(hi))})",
                f"{contraction[j]:.2f}",
                " ".join(c.influence.get(number.name, ())[:3]) or "none",
            )
        )
    head = ("number", "prior (90 %)", "posterior (90 %)", "contraction", "evidence")
    yield _drawn(tables.Table("", head, tuple(rows)))
    sds, axes = c.directions()
    names = [number.name for number in c.numbers]
    k = max(1, min(3, len(names) // 2))
    lines = ["Combinations, in SDs of the prior"]
    for word, order in (("best", range(k)), ("least", range(-1, -k - 1, -1))):
        for i in order:
            lines += _item(word, f"{sds[i]:.2f}  {page.axis_words(names, axes[i])}")
    yield "\n".join(lines)


def _drawn(table: tables.Table, only: tuple[str, ...] = ()) -> str:
    """Draw a table in plain characters; an empty one is left out."""
    if not table.rows:
        return ""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=f"{table.title}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    shown = [i for i, name in enumerate(table.head) if not only or name in only]
    for i in shown:
        is_words = table.head[i] == "label silent"
        drawn.add_column(table.head[i], justify="left" if is_words else "right", max_width=30)
    for row in table.rows:
        drawn.add_row(*(row[i] for i in shown))
    console = Console(width=WIDTH + 8, no_color=True, highlight=False, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(drawn)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join(line for line in lines if line)


def _findings(answer: Answer) -> list[str]:
    lines = []
    for finding in answer.due.findings:
        place = where(finding.source, answer.due.label)
        says = f": {finding.says}" if finding.says else ""
        asks = f" → {finding.asks}" if finding.asks else ""
        text = (
            f"{NAMES[finding.severity]:8}{(finding.message + says).rstrip('.')}{asks.rstrip('.')}"
        )
        lines += _wrap(f"{text} [{place}]" if place else text, indent=8)
    return ["Findings", *(lines or ["none"])]


def label_text(
    label: Label,
    statements: Iterable[Statement],
    silences: Iterable[Silence],
    not_read: Iterable[Silence],
) -> str:
    """Show what a label says, what it is silent about, and what was not read."""
    which = f"{label.jurisdiction.upper()} {label.edition}".rstrip()
    lines = _wrap(f"{label.medicine} · {which} · {label.document}, {label.version}", indent=2)
    if status := status_words(label):
        lines += _wrap(status, indent=2)
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
