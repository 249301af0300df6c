"""Labels in plain text: which there are, whether files are good, how two versions differ."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from thecal.errors import counted
from thecal.label.catalog import LABEL_FILE, Checked
from thecal.label.diff import Change, LabelDiff, QuestionChange, StatementChange
from thecal.label.label import Label, Statement, Value
from thecal.plan.answer import DISCLAIMER

WIDTH = 92
# What a value is called in words, and its unit: the longest ending of its name decides.
UNITS = {
    "_mg_per_mL": " mg/mL",
    "_mg": " mg",
    "_mL": " mL",
    "_min": " min",
    "_h_per_day": " h a day",
    "_h": " h",
    "_d": " days",
    "_months": " calendar months",
    "_C": " °C",
    "_percent": " %",
}


def label_list_text(labels: Sequence[Label]) -> str:
    """List labels, a line each: what they are, and how much of them was read."""
    head = ("medicine", "label", "edition", "status", "effective", "states", "silent", "not read")
    rows = [
        (
            label.medicine,
            label.jurisdiction,
            label.edition or "-",
            label.status,
            label.effective.isoformat() if label.effective else "not known",
            f"{len(label.statements)}",
            f"{len(label.silences)}",
            f"{len(label.not_read)}",
        )
        for label in labels
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if i >= 5 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "─" * (sum(widths) + 2 * len(widths) - 2))
    versions = [
        line
        for label in labels
        for line in _wrap(
            f"{label.medicine} {_name(label)}: {label.document}, {label.version}", indent=2
        )
    ]
    return "\n".join([*lines, "", *versions, "", *_wrap(DISCLAIMER)])


def checked_text(found: Checked) -> str:
    """Say what a label file holds, or list its faults."""
    if found.label is None:
        faults = "\n".join(f"  {fault}" for fault in found.faults)
        return f"{found.name or 'the folder'}, {counted(len(found.faults), 'fault')}:\n{faults}"
    label = found.label
    edition = f" {label.edition}" if label.edition else ""
    status = "" if label.status == "current" else f", {label.status}"
    is_found = LABEL_FILE.fullmatch(found.name.rsplit("/", 1)[-1])
    name = "" if is_found else f" Named label.{label.jurisdiction}.yaml, it is found."
    return (
        f"{found.name}: {label.medicine}, {label.jurisdiction}{edition}{status}: "
        f"{len(label.statements)} statements, {len(label.silences)} silences, "
        f"{len(label.not_read)} topics not read.{name}"
    )


def diff_text(diff: LabelDiff) -> str:
    """Say what two labels state differently: by topic, old beside new, with their sections."""
    old, new = diff.old, diff.new
    lines = [f"{old.medicine} · from {_name(old)} to {_name(new)}"]
    lines += _wrap(f"from  {old.document}, {old.version}", indent=6, first="  ")
    lines += _wrap(f"to    {new.document}, {new.version}", indent=6, first="  ")
    told = [change for change in diff.changes if change.change is not Change.REWORDED]
    reworded = [change for change in diff.changes if change.change is Change.REWORDED]
    lines += ["", _summary(diff, told)]
    for change in told:
        lines += ["", *_change_lines(change, diff)]
    if diff.questions:
        lines += ["", "LABEL SILENT"]
        for question in diff.questions:
            lines += _question_lines(question)
    if reworded:
        topics = ", ".join(dict.fromkeys(change.topic for change in reworded))
        lines += ["", *_wrap(f"Same values, and our words differ: {topics}", indent=2)]
    lines += _not_read_lines(diff)
    return "\n".join([*lines, "", *_wrap(DISCLAIMER)])


def _title(change: StatementChange, diff: LabelDiff) -> str:
    """Name a change; between two jurisdictions nothing is added or gone."""
    if diff.old.jurisdiction != diff.new.jurisdiction:
        if change.change is Change.ADDED:
            return f"only in {_name(diff.new)}"
        if change.change is Change.GONE:
            return f"only in {_name(diff.old)}"
    return str(change.change)


def _summary(diff: LabelDiff, told: Sequence[StatementChange]) -> str:
    titles = [_title(change, diff) for change in told]
    words = [f"{titles.count(title)} {title}" for title in dict.fromkeys(sorted(titles))]
    return ", ".join(words) if words else "No statement differs."


def _change_lines(change: StatementChange, diff: LabelDiff) -> list[str]:
    lines = [f"{change.topic}: {_title(change, diff)}"]
    for name, statement, label in (("from", change.old, diff.old), ("to", change.new, diff.new)):
        if statement is not None:
            words = f"{name:4}  {statement.says} [{_place(statement, label)}]"
            lines += _wrap(words, indent=8, first="  ")
    differing = change.values()
    if change.old is not None and change.new is not None:
        for name, (old, new) in differing.items():
            words = f"{words_of(name)}: {value_words(name, old)} → {value_words(name, new)}"
            lines += _wrap(words, indent=10, first="        ")
    elif differing:
        words = "; ".join(
            f"{words_of(name)} {value_words(name, new if old is None else old)}"
            for name, (old, new) in differing.items()
        )
        lines += _wrap(words, indent=10, first="        ")
    return lines


def _question_lines(question: QuestionChange) -> list[str]:
    lines = []
    for name, gap in (("from", question.old), ("to", question.new)):
        says = "no longer left open" if name == "to" else "not left open"
        words = f"{name:4}  {says if gap is None else gap.says}"
        lines += _wrap(words, indent=8, first="  ")
    return [f"  {question.topic}", *(f"  {line}" for line in lines)]


def _not_read_lines(diff: LabelDiff) -> list[str]:
    lines = []
    only_old = dict.fromkeys(c.topic for c in diff.not_read if c.new is None)
    only_new = dict.fromkeys(c.topic for c in diff.not_read if c.old is None)
    for label, topics in ((diff.new, only_old), (diff.old, only_new)):
        if topics:
            words = f"NOT READ in {_name(label)}, and so not compared: {', '.join(topics)}"
            lines += ["", *_wrap(words, indent=2)]
    return lines


def words_of(name: str) -> str:
    """Return a value's name in words, without its unit: "interval_d" is "interval"."""
    return name.removesuffix(_ending(name)).replace("_", " ")


def value_words(name: str, value: Value | None) -> str:
    """Return a value with its unit, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, float):
        return f"{value:g}{UNITS.get(_ending(name), '')}"
    return value.replace("_", " ") if isinstance(value, str) else ", ".join(value)


def _ending(name: str) -> str:
    return max((e for e in UNITS if name.endswith(e)), key=len, default="")


def _name(label: Label) -> str:
    edition = f" {label.edition}" if label.edition else ""
    status = "" if label.status == "current" else f" ({label.status})"
    return f"{label.jurisdiction.upper()}{edition}{status}"


def _place(statement: Statement, label: Label) -> str:
    source = statement.source
    is_own = (source.document, source.version) == (label.document, label.version)
    return f"§{source.section}" if is_own else str(source)


def _wrap(words: str, indent: int = 0, first: str = "") -> list[str]:
    return fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()
