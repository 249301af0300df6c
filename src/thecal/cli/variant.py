"""The command `thecal variant`: what a SOD1 variant's name means, in every numbering."""

from __future__ import annotations

import click

from thecal.cli.options import json_option, refusing


@click.command()
@click.argument("name", nargs=-1, required=True)
@json_option
def variant(name: tuple[str, ...], as_json: bool) -> None:
    """Say what a SOD1 variant's NAME means, in legacy and HGVS numbering.

    NAME is p.Ala5Val, A5V, A4V, "c.14C>T" (in quotes: a shell takes > for a file) or several that
    must agree. Exit 0: one reading; 1: two readings and a question; 2: refused.
    """
    with refusing("variant"):
        from thecal.clinic.genetics.gene import load_gene
        from thecal.clinic.genetics.variant import read_variant

        gene = load_gene()
        found = read_variant(" ".join(name), gene)
        if as_json:
            from thecal.report.contract import dump
            from thecal.report.variant import variant_document

            click.echo(dump(variant_document(found, gene)))
        else:
            from thecal.report.variant import variant_text

            click.echo(variant_text(found, gene))
    if found.question:
        raise SystemExit(1)
