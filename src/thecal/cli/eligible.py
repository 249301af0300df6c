"""The command `thecal eligible`: whether treatment may start, as separate answers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thecal.cli.options import (
    FILE,
    drugs_option,
    json_option,
    jurisdiction_option,
    refusing,
    version_option,
)

if TYPE_CHECKING:
    from thecal.clinic.moment import Moment

KINDS = ("puncture", "payer")


class DateOrTime(click.ParamType["Moment"]):
    """A date, or a time with its zone."""

    name = "date or time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Moment:
        """Read the text of the option; what is neither is refused by click, with exit 2."""
        from thecal.clinic.moment import EXPECTED, moment

        try:
            return moment(str(value))
        except ValueError:
            self.fail(f"expected {EXPECTED}", param, ctx)


@click.command()
@click.argument("patient", type=FILE, required=False)
@jurisdiction_option
@click.option("--drug", help="Medicine.  [default: the file's `medicine`, or else tofersen]")
@version_option
@drugs_option
@click.option("--payer", help="Criteria of a payer: a name of --policies, or a YAML file.")
@click.option("--puncture", help="Lumbar-puncture policy: a name of --policies, or a YAML file.")
@click.option(
    "--on",
    type=DateOrTime(),
    help="Day or time asked about: 2026-11-23, or 2026-11-23T09:00+01:00.  [default: now]",
)
@click.option("--policies", is_flag=True, help="List the policies that are shipped.")
@json_option
def eligible(
    patient: Path | None,
    jurisdiction: str,
    drug: str | None,
    edition: str | None,
    drugs: Path | None,
    payer: str | None,
    puncture: str | None,
    on: Moment | None,
    policies: bool,
    as_json: bool,
) -> None:
    """Say whether treatment may start, and how safe the puncture is.

    PATIENT holds what is known of one person (YAML); see docs/eligibility.md. The label, its
    contraindications and cautions, a payer and the puncture are answered apart. Exit 0: yes by
    the label and nothing against it; 1: something is no, missing or not read; 2: no usable input.
    """
    if policies:
        _list(as_json)
        return
    if patient is None:
        raise click.UsageError(
            "name a patient file, or ask with --policies which policies there are"
        )
    with refusing("patient file"):
        from thecal.clinic.eligibility.eligibility import eligibility
        from thecal.clinic.eligibility.patient import read_patient
        from thecal.clinic.eligibility.payer import by_payer, read_payer
        from thecal.clinic.moment import Moment
        from thecal.clinic.policy import policy_path, shipped
        from thecal.clinic.puncture.policy import read_puncture_policy
        from thecal.clinic.puncture.puncture import puncture_safety
        from thecal.datafile import DRUGS
        from thecal.label.catalog import load_label
        from thecal.report.eligible import Eligible

        facts = read_patient(patient)
        if on is None and not as_json:  # JSON never depends on the clock
            now = dt.datetime.now().astimezone().replace(microsecond=0)
            on = Moment(day=now.date(), at=now)
    with refusing("eligible"):
        medicine = drug or facts.medicine or "tofersen"
        label = load_label(medicine, jurisdiction, drugs or DRUGS, edition)
        criteria = read_payer(policy_path("payer", payer)) if payer else None
        rules = read_puncture_policy(policy_path("puncture", puncture)) if puncture else None
        others = [read_puncture_policy(path) for path in shipped("puncture").values() if rules]
        found = Eligible(
            eligibility=eligibility(facts, label, on),
            payer=None if criteria is None else (criteria, by_payer(facts, criteria, on, medicine)),
            puncture=None if rules is None else puncture_safety(facts, rules, on, others),
            shipped={kind: tuple(shipped(kind)) for kind in KINDS},
        )
    if as_json:
        from thecal.report.contract import dump
        from thecal.report.eligible import eligible_document

        click.echo(dump(eligible_document(found)))
    else:
        from thecal.report.eligible import eligible_text

        click.echo(eligible_text(found))
    if not found.is_clean:
        raise SystemExit(1)


def _list(as_json: bool) -> None:
    from thecal.clinic.eligibility.payer import read_payer
    from thecal.clinic.policy import shipped
    from thecal.clinic.puncture.policy import read_puncture_policy

    with refusing("eligible --policies"):
        heads = {
            "puncture": [read_puncture_policy(path).head for path in shipped("puncture").values()],
            "payer": [read_payer(path).head for path in shipped("payer").values()],
        }
    if as_json:
        from thecal.report.contract import dump
        from thecal.report.eligible import policies_document

        click.echo(dump(policies_document(heads)))
    else:
        from thecal.report.eligible import policies_text

        click.echo(policies_text(heads))
