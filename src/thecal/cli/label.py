"""The commands `thecal label …`: what the labels say, and whether a page says the same."""

from __future__ import annotations

from pathlib import Path

import click

from thecal.cli.options import FILE, json_option, jurisdiction_option, refusing
from thecal.errors import ThecalError, nearest


@click.group("label")
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
