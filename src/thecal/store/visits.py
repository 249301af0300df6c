"""What a visit and a vial's check leave in the record.

A visit is kept whole, and what it gave beside it: a dose, or the event that says why there was
none. The three stand in one change, so that no visit is without its dose and no dose without its
visit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thecal.clinic.coldchain.coldchain import Verdict
from thecal.clinic.visit.facts import GIVEN, PART, differs, outcome, volumes
from thecal.clinic.visit.file import visit_document
from thecal.clinic.visit.review import EVENTS
from thecal.clinic.visit.steps import Checklist
from thecal.clinic.visit.visit import Visit
from thecal.errors import StoreError
from thecal.store.fact import Body, Entry


def entries_of_visit(visit: Visit, checklist: Checklist, *, vial: str = "") -> list[Entry]:
    """Return a visit as facts; StoreError where it has not ended, or contradicts itself.

    vial  code of the vial the dose came from; empty where it is not known
    """
    ended, given_mg = outcome(visit, checklist), volumes(visit, checklist).given_mg or 0.0
    if given_mg and differs(visit, checklist):
        raise StoreError(
            "the time-out names another medicine or dose than the visit: correct the one or the "
            "other; what really was given otherwise is entered by hand, as an event and a note"
        )
    entries = [Entry(kind="visit", body={"visit": visit_document(visit)})]
    date = str(visit.on)
    if ended.kind in (GIVEN, PART) and given_mg:
        said = visit.done("time_out")
        route = said.word("route").lower() if said else ""
        body: dict[str, Any] = {"date": date, "amount_mg": given_mg, "route": route}
        entries.append(Entry(kind="dose", body=body | ({"vial": vial} if vial else {})))
    elif ended.kind in EVENTS:
        entries.append(Entry(kind="event", body={"date": date, "name": EVENTS[ended.kind]}))
    else:
        raise StoreError(
            "the visit has no outcome yet: given, part dose, failed puncture or aborted, and what "
            "was given; write it into the visit first"
        )
    return entries


def entry_of_check(document: Mapping[str, Any]) -> Entry:
    """Return the answer of `thecal vial check --json` as a fact of the vial."""
    if document.get("schema") != "thecal.vial/1" or document.get("verdict") not in list(Verdict):
        raise StoreError("expected what `thecal vial check --json` printed, thecal.vial/1")
    body: Body = {"verdict": str(document["verdict"]), "check": dict(document)}
    return Entry(kind="vial_check", body=body)
