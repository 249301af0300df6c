"""A page held against a label, as a reader sees it: in a terminal, and as a page with marks.

The page with marks shows the text that was found in the file, never its markup. It runs no script
and fetches nothing; its content policy forbids both.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from textwrap import fill

from thecal import __version__
from thecal.errors import counted
from thecal.label.claims import Claim, Said
from thecal.label.compare import SEVERITIES, Audit, Conflict, Difference, Kind, Severity
from thecal.label.label import Label, area
from thecal.label.monograph import Monograph
from thecal.label.topics import AREAS
from thecal.outfile import write_whole
from thecal.plan.answer import DISCLAIMER
from thecal.report.marked import around, blocks, folded
from thecal.report.words import where
from thecal.source import Source

LETTERS = {Severity.SAFETY: "S", Severity.MAJOR: "M", Severity.MINOR: "N", Severity.INFO: "I"}
SEVERITY_WORDS = {
    Severity.SAFETY: "could hurt somebody who follows it",
    Severity.MAJOR: "changes what a reader would do or believe",
    Severity.MINOR: "wrong or loose, with little to follow from it",
    Severity.INFO: "worth knowing, not an error",
}
KIND_WORDS = {
    Kind.CONTRADICTS: "the page says something else than the label, or than itself",
    Kind.SUPERSEDED: "the page says what an earlier version of the label said",
    Kind.ELSEWHERE: "the page says what the label of another place says",
    Kind.OMITS: "the page leaves out what it should say",
    Kind.ADDS: "the page says something that the label does not",
    Kind.BLURS: "the page says it so loosely that the label's meaning is lost",
    Kind.OVERCLAIMS: "the page promises more than was shown",
}
AUDIT_CAVEAT = (
    "What is not listed was not found by these readers; that does not make the page right, nor "
    "complete. They read rules of wording and numbers, and the label as restated in thecal."
)
COMPARE_CAVEAT = (
    "Only what both pages say and these readers read was compared; where both say the same, both "
    "may be wrong. Hold each against the label with `thecal label audit`."
)
RIGHT = {"first": "A", "second": "B", "both": "both", "neither": "neither", None: "not known"}
NO_CONFLICT = "No conflict was found."
WIDTH, ROOM = 92, 150  # characters of a line, and of a page's words around a difference
MOST_SHOWN = 40  # differences in a terminal; beyond, minor ones and remarks are counted
MOST_MARKED = 500  # differences on the page with marks, the worst


def counts(differences: Iterable[Difference | Conflict]) -> dict[Severity, int]:
    """Count by severity, worst first; none is 0."""
    found = Counter(difference.severity for difference in differences)
    return {severity: found[severity] for severity in SEVERITIES}


def is_at_least(severity: Severity, least: Severity) -> bool:
    """Tell whether a severity is as bad as `least`, or worse."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(least)


def worst_first(differences: Iterable[Difference]) -> list[Difference]:
    """Return differences by severity; within one in the order they came."""
    return sorted(differences, key=lambda d: SEVERITIES.index(d.severity))


def count_words(found: dict[Severity, int]) -> str:
    """Say how many differences of each severity there are."""
    if not any(found.values()):
        return "No difference was found."
    each = ", ".join(f"{count} {severity}" for severity, count in found.items() if count)
    return f"{counted(sum(found.values()), 'difference')}: {each}."


def read_words(claims: Sequence[Claim]) -> str:
    """Say how much was read of a page, and about what."""
    if not claims:
        return "Nothing that the readers know was found on the page: no claim could be checked."
    topics = {claim.topic for claim in claims}
    areas = [name.replace("_", " ") for name in AREAS if name in {area(topic) for topic in topics}]
    on = counted(len(topics), "topic")
    return f"{counted(len(claims), 'claim')} read, on {on} ({', '.join(areas)})."


def label_words(label: Label) -> str:
    """Name a label with its version, and say if it is not the one in force."""
    name = f"{label.jurisdiction.upper()} label: {label.document}, {label.version}"
    return name if label.status == "current" else f"{name}; {label.status}"


def place_words(source: Source | None, label: Label) -> str:
    """Name section and version of a statement."""
    if source is None:
        return ""
    short = where(source, label)
    return f"{short}, {source.version}" if source.document == label.document else short


def said_words(claim: Claim) -> str:
    """Say the value of a claim with its unit."""
    unit = "" if claim.unit in ("", "-") or isinstance(claim.value, str) else f" {claim.unit}"
    return f"{_said(claim.value)}{unit}"


def _said(value: Said) -> str:
    if isinstance(value, tuple):
        return " to ".join(f"{number:g}" for number in value)
    return folded(value) if isinstance(value, str) else f"{value:g}"


def audit_text(audit: Audit, *, is_long: bool = False) -> str:
    """Show the differences of a page, worst first, and what was read.

    is_long  show minor differences and remarks, too, where there are many differences
    """
    found = worst_first(audit.differences)
    shown = found
    if len(found) > MOST_SHOWN and not is_long:
        shown = [d for d in found if is_at_least(d.severity, Severity.MAJOR)]
    page = audit.monograph
    counted_lines = _wrap(count_words(counts(found)))
    if len(shown) < len(found):
        left = counts(found[len(shown) :])
        each = " and ".join(f"{n} {severity}" for severity, n in left.items() if n)
        counted_lines += _wrap(f"Not shown: {each}; --all shows them, --json has every one.")
    parts = [
        "\n".join(_wrap(f"{folded(page.name)} · {page.form} · {label_words(audit.label)}")),
        _listed(
            ("severity", "line", "class", "topic"),
            [_entry(difference, audit) for difference in shown],
        ),
        "\n".join([*counted_lines, *_wrap(read_words(audit.claims))]),
        "\n".join([*_wrap(AUDIT_CAVEAT), *_wrap(DISCLAIMER)]),
    ]
    return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of a table, and what stands below it: a name and words for each."""

    cells: tuple[str, ...]
    below: tuple[tuple[str, str], ...]


def _entry(difference: Difference, audit: Audit) -> _Entry:
    page, span, against = audit.monograph, difference.span, difference.against
    below = [("page", around(page.text, span, ROOM) if span else "does not say it")]
    if against is not None:
        below += [("itself", f"line {page.place(against)[0]}: {around(page.text, against, ROOM)}")]
    below += [("label", label_says(difference, audit.label)), ("why", folded(difference.why))]
    return _Entry(
        (
            _severity(difference.severity),
            f"{difference.line}:{difference.column}" if difference.line else "–",
            str(difference.kind),
            difference.topic,
        ),
        tuple(below),
    )


def _severity(severity: Severity) -> str:
    return severity.upper() if severity is Severity.SAFETY else str(severity)


def label_says(difference: Difference, label: Label) -> str:
    """Say what the label says instead, with section and version."""
    statement = difference.statement
    if statement is None:
        return folded(difference.label_value) or "says nothing about it"
    words = folded(difference.label_value or statement.says)
    return f"{words} [{place_words(statement.source, label)}]"


def compare_text(
    first: Monograph, second: Monograph, label: Label, conflicts: Sequence[Conflict]
) -> str:
    """Show where two pages say different things, and which of them the label bears out."""
    found = sorted(conflicts, key=lambda c: SEVERITIES.index(c.severity))
    each = ", ".join(f"{n} {severity}" for severity, n in counts(found).items() if n)
    parts = [
        "\n".join(
            [
                *_wrap(f"A {folded(first.name)} · {first.form}"),
                *_wrap(f"B {folded(second.name)} · {second.form}"),
                *_wrap(label_words(label)),
            ]
        ),
        _listed(
            ("severity", "as the label", "topic", "value"),
            [_conflict_entry(conflict, first, second) for conflict in found],
        ),
        f"{counted(len(found), 'conflict')}: {each}." if found else NO_CONFLICT,
        "\n".join([*_wrap(COMPARE_CAVEAT), *_wrap(DISCLAIMER)]),
    ]
    return "\n\n".join(part for part in parts if part)


def _conflict_entry(conflict: Conflict, first: Monograph, second: Monograph) -> _Entry:
    below = []
    for name, page, claim in (("A", first, conflict.first), ("B", second, conflict.second)):
        line, column = page.place(claim.span)
        words = f"{line}:{column} {said_words(claim)}: {around(page.text, claim.span, ROOM)}"
        below.append((name, words))
    if conflict.label_value:
        below.append(("label", folded(conflict.label_value)))
    below.append(("why", folded(conflict.why)))
    cells = (_severity(conflict.severity), RIGHT[right_page(conflict)], conflict.topic)
    return _Entry((*cells, conflict.name), tuple(below))


def right_page(conflict: Conflict) -> str | None:
    """Say which page the label bears out; None where it does not speak of one that may be."""
    first, second = conflict.first_ok, conflict.second_ok
    if first is None and second is None:
        return None
    if first and second:
        return "both"
    if first or second:
        return "first" if first else "second"
    return "neither" if first is False and second is False else None


def _listed(head: tuple[str, ...], entries: Sequence[_Entry]) -> str:
    """Draw entries under aligned heads, the words of each below it; without any, nothing."""
    if not entries:
        return ""
    rows = [head, *(entry.cells for entry in entries)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]

    def line(cells: tuple[str, ...]) -> str:
        return "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()

    indent = widths[0] + 2
    drawn = [line(head), "─" * WIDTH]
    for entry in entries:
        drawn.append(line(entry.cells))
        for name, words in entry.below:
            drawn += _wrap(words, first=f"{'':{indent}}{name:6} ", indent=indent + 7)
        drawn.append("")
    return "\n".join(drawn[:-1])


def _wrap(words: str, first: str = "", indent: int = 0) -> list[str]:
    return fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    ).splitlines()


# -- the page with marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A difference as it stands beside its mark; its words are safe to show.

    mark       letter and number, such as "S1"
    says       the page's words, shortened
    label      what the label says in short
    statement  the same in full, beside a mark
    source     section and version of the label; empty where it is silent
    elsewhere  line and words of the other place, for a page that contradicts itself
    is_marked  the place is marked in the text that is shown
    """

    mark: str
    severity: Severity
    kind: Kind
    topic: str
    line: int
    column: int
    says: str
    label: str
    statement: str
    source: str
    why: str
    elsewhere: tuple[int, str] | None
    is_marked: bool = False


def write_audit_page(audit: Audit, path: Path) -> None:
    """Write the page with marks; the old file stays if this fails."""
    write_whole(path, audit_page(audit).encode())


def audit_page(audit: Audit) -> str:
    """Return the page as HTML: its own text, differences marked, the label's words beside them.

    The worst MOST_MARKED differences are marked; of a very long text only the lines around them
    are there (`thecal.report.marked`). What is left out is counted.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from thecal.report.document import TEMPLATES

    found = worst_first(audit.differences)
    shown = found[:MOST_MARKED]
    spans = {i: d.span for i, d in enumerate(shown) if d.span is not None}
    others = {len(shown) + i: d.against for i, d in enumerate(shown) if d.against is not None}
    body = blocks(audit.monograph, {**spans, **others})
    marked = {number for block in body for number in block.begins}
    notes = [_note(i, d, audit, is_marked=i in marked) for i, d in enumerate(shown)]
    absent = [note for note in notes if not note.is_marked]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "audit.css").read_text(encoding="utf-8")
    return environment.get_template("audit.html").render(
        name=folded(audit.monograph.name),
        form=audit.monograph.form,
        label=label_words(audit.label),
        medicine=audit.label.medicine,
        found=count_words(counts(found)),
        read=read_words(audit.claims),
        more=len(found) - len(shown),
        notes=notes,
        absent=absent,
        absent_title="Left out"
        if all(note.kind is Kind.OMITS for note in absent)
        else "Without a place in the text",
        groups=[
            (severity, [note for note in notes if note.severity is severity])
            for severity in SEVERITIES
        ],
        runs=[(kind, list(run)) for kind, run in groupby(body, key=lambda block: block.kind)],
        letters=LETTERS,
        severity_words=SEVERITY_WORDS,
        kind_words=KIND_WORDS,
        kinds=[kind for kind in Kind if any(note.kind is kind for note in notes)],
        note_of=lambda number: notes[number % len(shown)],
        is_other=lambda number: number >= len(shown),
        number_of=lambda number: number % len(shown) + 1,
        caveat=AUDIT_CAVEAT,
        disclaimer=DISCLAIMER,
        version=__version__,
        style=Markup(style),
        policy=_policy(style),
    )


def _policy(style: str) -> str:
    """Return a content policy: this style alone, no script, nothing fetched or sent."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _note(i: int, difference: Difference, audit: Audit, *, is_marked: bool) -> Note:
    page, statement = audit.monograph, difference.statement
    span, against = difference.span, difference.against
    full = folded(statement.says) if statement else ""
    short = folded(difference.label_value)
    return Note(
        mark=f"{LETTERS[difference.severity]}{i + 1}",
        severity=difference.severity,
        kind=difference.kind,
        topic=difference.topic,
        line=difference.line,
        column=difference.column,
        says="" if span is None else around(page.text, span),
        label=short or full or "The label says nothing about it.",
        statement=full if is_marked and short and full != short else "",
        source=place_words(statement.source, audit.label) if statement else "",
        why=folded(difference.why),
        elsewhere=None if against is None else (page.place(against)[0], around(page.text, against)),
        is_marked=is_marked,
    )
