"""The commands `thecal label …`: what the labels say, and whether a page says the same."""

from __future__ import annotations

from pathlib import Path

import click

from thecal.cli.options import (
    FILE,
    drugs_option,
    json_option,
    jurisdiction_option,
    refusing,
    version_option,
)
from thecal.errors import ThecalError, nearest


@click.group("label")
def label_group() -> None:
    """Show what the labels say."""


@label_group.command("list")
@drugs_option
@json_option
def label_list(drugs: Path | None, as_json: bool) -> None:
    """List every label there is: medicine, jurisdiction, version, status, how much was read."""
    from thecal.datafile import DRUGS
    from thecal.label.catalog import load_all, medicines

    folder = drugs or DRUGS
    with refusing("label list"):
        labels = [label for drug in medicines(folder) for label in load_all(drug, folder)]
        if not labels:
            raise ThecalError(
                "no label in this folder; a label is a file <medicine>/label.<jurisdiction>.yaml"
            )
        if as_json:
            from thecal.report.contract import dump, label_list_document

            click.echo(dump(label_list_document(labels)))
        else:
            from thecal.report.labels import label_list_text

            click.echo(label_list_text(labels))


@label_group.command("show")
@click.argument("drug")
@jurisdiction_option
@version_option
@click.option("--topic", help="Only this topic, such as dosing or dosing.loading.")
@drugs_option
@json_option
def label_show(
    drug: str,
    jurisdiction: str,
    edition: str | None,
    topic: str | None,
    drugs: Path | None,
    as_json: bool,
) -> None:
    """Show what a label says, leaves open, and what was not read."""
    from thecal.datafile import DRUGS
    from thecal.label.catalog import load_label
    from thecal.label.label import area, covers
    from thecal.label.topics import AREAS

    with refusing(f"label of {drug}"):
        label = load_label(drug, jurisdiction, drugs or DRUGS, edition)
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
@click.argument("path", type=FILE)
def label_check(path: Path) -> None:
    """Check labels (YAML) of your own; every fault of every file is told with its line.

    PATH is a label file, the folder of a medicine, or a folder of such folders.
    """
    from thecal.label.catalog import check
    from thecal.report.labels import checked_text

    with refusing(path.name):
        found = check(path)
    for checked in found:
        is_bad = checked.label is None
        click.echo(
            f"thecal: {checked_text(checked)}" if is_bad else checked_text(checked), err=is_bad
        )
    if any(checked.label is None for checked in found):
        raise SystemExit(2)


@label_group.command("diff")
@click.argument("drug")
@click.option("--from", "old", required=True, help="A version such as 2020, or eu:2020.")
@click.option("--to", "new", required=True, help="The version held against it, or eu:2025.")
@jurisdiction_option
@drugs_option
@json_option
def label_diff(
    drug: str, old: str, new: str, jurisdiction: str, drugs: Path | None, as_json: bool
) -> None:
    """Show what one version of a label says differently from another.

    A version is named by its edition, with a jurisdiction and a colon before it where it is not
    that of --jurisdiction; a jurisdiction alone is its label in force.
    """
    from thecal.datafile import DRUGS
    from thecal.label.catalog import load_label
    from thecal.label.diff import compare_labels

    with refusing(f"label diff {drug}"):
        folder = drugs or DRUGS
        before, after = (
            load_label(drug, where, folder, edition)
            for where, edition in (_version(old, jurisdiction), _version(new, jurisdiction))
        )
        found = compare_labels(before, after)
        if as_json:
            from thecal.report.contract import dump, label_diff_document

            click.echo(dump(label_diff_document(found)))
        else:
            from thecal.report.labels import diff_text

            click.echo(diff_text(found))


def _version(words: str, jurisdiction: str) -> tuple[str, str | None]:
    """Read "2020", "eu:2020" or "eu" as a jurisdiction and an edition; None is that in force."""
    from thecal.label.catalog import JURISDICTIONS

    where, colon, edition = words.partition(":")
    if colon:
        return where, edition or None
    return (words, None) if words.lower() in JURISDICTIONS else (jurisdiction, words)
