"""The command `thecal vial check`: whether a vial may still be used, by its temperatures."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from thecal.cli.options import (
    FILE,
    PICTURES,
    drugs_option,
    json_option,
    jurisdiction_option,
    refusing,
    version_option,
)
from thecal.errors import ThecalError
from thecal.units import iso_date


@click.group("vial")
def vial_group() -> None:
    """Judge a vial by what is recorded of it."""


@vial_group.command("check")
@click.argument("file", metavar="LOGGER", type=FILE)
@click.option("--drug", default="tofersen", show_default=True, help="Medicine.")
@jurisdiction_option
@version_option
@drugs_option
@click.option("--zone", help="Zone of the clinic, such as Europe/Berlin, or an offset (+01:00).")
@click.option("--dates", type=click.Choice(["dmy", "mdy"]), help="Order of 03/04/2026, if open.")
@click.option("--unit", type=click.Choice(["C", "F"]), help="Unit, if the file names none.")
@click.option("--sensor", type=click.IntRange(1, 100), help="Which of several sensors, from 1.")
@click.option("--custody", type=FILE, help="Where the vial was (CSV: from,to,state).")
@click.option("--carton", is_flag=True, help="In its carton wherever nothing else is stated.")
@click.option("--out-of-carton", multiple=True, metavar="FROM/TO", help="Out of its carton then.")
@click.option("--expires", help="Last day of use, as printed on the vial: YYYY-MM-DD.")
@click.option(
    "--policy",
    default="vfc",
    show_default=True,
    help="What a temperature record must be like: a policy by name, or a file (YAML).",
)
@click.option("--figure", type=FILE, help="Draw it as .svg or .png.")
@json_option
def vial_check(
    file: Path,
    drug: str,
    jurisdiction: str,
    edition: str | None,
    drugs: Path | None,
    zone: str | None,
    dates: str | None,
    unit: str | None,
    sensor: int | None,
    custody: Path | None,
    carton: bool,
    out_of_carton: tuple[str, ...],
    expires: str | None,
    policy: str,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Judge a vial by LOGGER, a temperature logger's export (CSV).

    Usable, usable with what is left, quarantine, or discard; with the reading that decided it,
    what is used and left of the label's budgets, and what the label leaves open. Exit 0: usable;
    1: quarantine or discard; 2: the input could not be used.
    """
    with refusing("vial check"):  # a file's name may be a patient's
        from thecal.clinic.coldchain.coldchain import Verdict, check_vial
        from thecal.clinic.coldchain.limits import storage_of
        from thecal.clinic.coldchain.pieces import State
        from thecal.clinic.coldchain.policy import read_coldchain_policy
        from thecal.clinic.policy import policy_path
        from thecal.datafile import DRUGS
        from thecal.interop.custody import read_custody, read_span, without_overlap
        from thecal.interop.logger import read_log
        from thecal.label.catalog import load_label

        _can_draw(figure)
        last_day = _last_day(expires)
        storage = storage_of(load_label(drug, jurisdiction, drugs or DRUGS, edition))
        named = read_coldchain_policy(policy_path("coldchain", policy))
        log = read_log(file, zone=zone, dates=dates, unit=unit, sensor=sensor)
        stays = read_custody(custody, log.zone) if custody else ()
        spans = tuple(read_span(text, State.OUT_OF_CARTON, log.zone) for text in out_of_carton)
        check = check_vial(
            log.readings,
            without_overlap((*stays, *spans)),
            storage,
            named,
            log.zone,
            otherwise=State.REFRIGERATOR if carton else State.NOT_STATED,
            expires=last_day,
        )
        if figure is not None:
            from thecal.report.figures import write_picture
            from thecal.report.vial_figure import vial_figure

            write_picture(vial_figure(check), figure)
        if as_json:
            from thecal.report.contract import dump
            from thecal.report.vial_json import vial_document

            document = vial_document(check, log.said, is_zone_stated=log.is_zone_stated)
            click.echo(dump(document))
        else:
            from thecal.report.vial import vial_text

            click.echo(vial_text(check, log.said, is_zone_stated=log.is_zone_stated))
    if check.verdict in (Verdict.QUARANTINE, Verdict.DISCARD):
        raise SystemExit(1)


def _can_draw(figure: Path | None) -> None:
    """Refuse a picture that could not be written, without its name."""
    if figure is None:
        return
    if figure.suffix not in PICTURES:
        raise ThecalError(f"--figure: expected a name ending in {' or '.join(PICTURES)}")
    if not figure.parent.is_dir():
        raise ThecalError("--figure: its folder does not exist; make it first")


def _last_day(text: str | None) -> dt.date | None:
    try:
        return iso_date(text) if text else None
    except ValueError:
        raise ThecalError(
            "--expires: expected a date as YYYY-MM-DD; where the vial names only a month, write "
            "the day that your pharmacy reads it as"
        ) from None
