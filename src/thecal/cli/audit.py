"""The commands `thecal label audit` and `compare`: whether a page says what the label says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
from thecal.errors import ThecalError

if TYPE_CHECKING:
    from thecal.label.claims import Claim
    from thecal.label.compare import Conflict, Difference
    from thecal.label.label import Label
    from thecal.label.monograph import Monograph

Command = TypeVar("Command", bound=Callable[..., Any])

STDIN = "-"
SEVERITIES = ("safety", "major", "minor", "info")


def holding(command: Command) -> Command:
    """Add the options of every question about a page and a label."""
    options = (
        click.option("--drug", default="tofersen", show_default=True, help="Medicine."),
        jurisdiction_option,
        version_option,
        drugs_option,
        click.option(
            "--fail-on",
            type=click.Choice(SEVERITIES),
            default="major",
            show_default=True,
            help="Exit with 1 if anything as bad as this is found.",
        ),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("audit")
@click.argument("file", type=FILE)
@holding
@click.option("--html", type=FILE, help="Write the page with every difference marked (.html).")
@click.option("--all", "is_long", is_flag=True, help="Show minor ones even where there are many.")
def label_audit(
    file: Path,
    drug: str,
    jurisdiction: str,
    edition: str | None,
    drugs: Path | None,
    fail_on: str,
    as_json: bool,
    html: Path | None,
    is_long: bool,
) -> None:
    """Say where a page about a medicine differs from its label, and how much it matters.

    FILE is text, HTML, Markdown or an SPL label (XML); - reads standard input. Exit code 0:
    nothing as bad as --fail-on was found; 1: something was; 2: the file cannot be read.
    """
    with refusing("label audit"):
        can_write("--html", html, (".html", ".htm"))
        from thecal.label.compare import audit

        page = _read(file)
        label, others, neighbours = _labels(drug, jurisdiction, edition, drugs)
        found = audit(page, label, others, neighbours)
        _note_nothing(page, found.claims, drug)
        if as_json:
            from thecal.report.contract import audit_document, dump

            click.echo(dump(audit_document(found), rows="claims"))
        else:
            from thecal.report.audit import audit_text

            click.echo(audit_text(found, is_long=is_long))
    if html:
        from thecal.report.audit import write_audit_page

        with refusing(f"--html {html.name}"):
            write_audit_page(found, html)
    _end(found.differences, fail_on)


@click.command("compare")
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
@holding
def label_compare(
    first: Path,
    second: Path,
    drug: str,
    jurisdiction: str,
    edition: str | None,
    drugs: Path | None,
    fail_on: str,
    as_json: bool,
) -> None:
    """Say where two pages about a medicine contradict each other, and which is as the label.

    FIRST and SECOND are as for `thecal label audit`; one of them may be - for standard input.
    """
    with refusing("label compare"):
        from thecal.label.compare import compare_pages

        if str(first) == str(second) == STDIN:
            raise ThecalError("both pages cannot come from standard input; name a file for one")
        pages = (_read(first), _read(second))
        label, others, neighbours = _labels(drug, jurisdiction, edition, drugs)
        found = compare_pages(*pages, label, others, neighbours)
        if as_json:
            from thecal.report.contract import compare_document, dump

            click.echo(dump(compare_document(*pages, label, found)))
        else:
            from thecal.report.audit import compare_text

            click.echo(compare_text(*pages, label, found))
    _end(found, fail_on)


def _read(file: Path) -> Monograph:
    """Read a page, from a file or from standard input, and say what its reading assumed."""
    from thecal.label.monograph import MAX_BYTES, read_monograph
    from thecal.report.marked import folded

    is_stdin = str(file) == STDIN
    name = "standard input" if is_stdin else file.name
    with refusing(folded(name)):
        with nullcontext(sys.stdin.buffer) if is_stdin else file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)  # no more is ever held, whatever the input is
        if len(data) > MAX_BYTES:
            raise ThecalError(
                f"more than {MAX_BYTES:,} bytes; give the part that is about the medicine"
            )
    page = read_monograph(data, name)
    for remark in page.remarks:
        click.echo(f"thecal: note: {folded(name)}: {folded(remark)}", err=True)
    return page


def _labels(
    drug: str, jurisdiction: str, edition: str | None, drugs: Path | None
) -> tuple[Label, list[Label], list[str]]:
    """Return the label asked for, every other label of the medicine, and the other medicines."""
    from thecal.datafile import DRUGS
    from thecal.label.catalog import load_all, load_label, medicines

    folder = drugs or DRUGS
    label = load_label(drug, jurisdiction, folder, edition)
    others = [other for other in load_all(drug, folder) if other != label]
    return label, others, [name for name in medicines(folder) if name != drug]


def _note_nothing(page: Monograph, claims: tuple[Claim, ...], drug: str) -> None:
    """Say aloud that a page on which nothing was read was not found to be right."""
    if not claims:
        from thecal.report.marked import folded

        words = f"no claim about {drug} was read in it, so nothing was checked"
        click.echo(f"thecal: note: {folded(page.name)}: {words}", err=True)


def _end(found: tuple[Difference, ...] | list[Conflict], fail_on: str) -> None:
    """End with exit code 1 if anything is at least as bad as asked."""
    from thecal.label.compare import Severity
    from thecal.report.audit import is_at_least

    if any(is_at_least(one.severity, Severity(fail_on)) for one in found):
        raise SystemExit(1)
