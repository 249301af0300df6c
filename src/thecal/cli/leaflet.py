"""The command `thecal leaflet`: a label in plain words, for a patient."""

from __future__ import annotations

from pathlib import Path

import click

from thecal.cli.options import (
    FILE,
    can_write,
    drugs_option,
    jurisdiction_option,
    refusing,
    version_option,
)


@click.command()
@click.argument("drug")
@jurisdiction_option
@version_option
@drugs_option
@click.option("--out", type=FILE, help="Write it as a page (.html) or a tagged PDF (.pdf).")
@click.option("--large", is_flag=True, help="No letter below 16 points.")
@click.option("--dark", is_flag=True, help="Light letters on a dark ground.")
@click.option("--check", is_flag=True, help="Print the reading grade; exit 1 if it is above 8.")
def leaflet(
    drug: str,
    jurisdiction: str,
    edition: str | None,
    drugs: Path | None,
    out: Path | None,
    large: bool,
    dark: bool,
    check: bool,
) -> None:
    """Write the label of DRUG in plain words, for a patient.

    Every line comes from a statement of the label and names its place. Without --out the leaflet
    is printed as text. With --check a leaflet that is too hard to read is not written.
    """
    if (large or dark) and out is None:
        raise click.UsageError("--large and --dark are for a file; name one with --out")
    with refusing(f"leaflet of {drug}"):
        from thecal.datafile import DRUGS
        from thecal.label.catalog import load_label
        from thecal.label.leaflet import leaflet as leaflet_of
        from thecal.label.leaflet import reading
        from thecal.report.leaflet import SUFFIXES, check_text, leaflet_text, write_leaflet

        can_write("--out", out, SUFFIXES)
        made = leaflet_of(load_label(drug, jurisdiction, drugs or DRUGS, edition))
        is_plain = True
        if check:
            grades = reading(made)
            is_plain = grades.is_plain
            click.echo(check_text(made, grades))
        elif out is None:
            click.echo(leaflet_text(made))
        if out is not None and is_plain:
            write_leaflet(made, out, large=large, dark=dark)
            click.echo(f"thecal: {out}", err=True)
    if not is_plain:
        raise SystemExit(1)
