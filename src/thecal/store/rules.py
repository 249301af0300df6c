"""What a change must be to be kept: facts, a course that can be, doses far enough apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete

from thecal.clinic.admit import too_close
from thecal.clinic.coldchain.coldchain import Verdict
from thecal.clinic.finding import Finding, Severity
from thecal.errors import CatalogError, CourseError, StoreError
from thecal.store.due import keep_due, label_of, planned, regimen_of
from thecal.store.fact import (
    STREAM,
    TIMED,
    WRITTEN_BY_US,
    Body,
    Entry,
    Fact,
    course_of,
    faults_of,
)
from thecal.store.outcome import Author, check_words
from thecal.store.tables import DUE

MOST_FACTS = 2_000  # of one change
FIRST_OF_THE_DAY = dt.timedelta(hours=14)  # where a day begins first, it does so ahead of UTC
NOT_USABLE = (Verdict.QUARANTINE, Verdict.DISCARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A change as it is asked for; `expected` is the version its author saw, 0 for a new stream."""

    stream: str
    entries: tuple[Entry, ...]
    author: Author
    expected: int
    key: str
    reason: str
    override: str

    @property
    def is_patient(self) -> bool:
        """Whether the stream is a patient."""
        return self.stream.startswith("P")


def check_stream(stream: str) -> None:
    """Refuse what is no code of a patient or a vial."""
    if not STREAM.fullmatch(stream):
        raise StoreError(
            "no code of a patient or a vial; expected P- or V- and ten characters, as thecal "
            "gave it"
        )


def check(asked: Asked) -> None:
    """Refuse what could be no change, with all that is wrong with it."""
    check_stream(asked.stream)
    faults = []
    if not 0 < len(asked.entries) <= MOST_FACTS:
        faults.append(f"a change holds 1 to {MOST_FACTS} facts")
    if not 8 <= len(asked.key) <= 200 or not asked.key.isprintable():
        faults.append("an idempotency key has 8 to 200 characters")
    for entry in asked.entries[:MOST_FACTS]:
        if entry.kind in WRITTEN_BY_US:
            faults.append(f"facts of kind {entry.kind} are written by thecal alone")
        faults += faults_of(entry, asked.stream)
    corrected = [entry.of for entry in asked.entries if entry.of]
    if corrected and not asked.reason.strip():
        faults.append("a correction says why: give a reason")
    if asked.override and not asked.override.strip():
        faults.append("an override says why: give a reason")
    if len(corrected) > len(set(corrected)):
        faults.append("one fact is corrected twice in one change")
    for words in (asked.reason, asked.override):
        try:
            check_words(words)
        except StoreError as error:
            faults.append(str(error))
    first = [entry.kind for entry in asked.entries]
    if not asked.expected and not asked.is_patient and "vial" not in first:
        faults.append("a new vial begins with a fact of kind vial, with lot and expiry")
    if faults:
        raise StoreError("; ".join(dict.fromkeys(faults)))


def plan_of(facts: Iterable[Fact]) -> Body:
    """Return which label is followed. Raises CourseError where nothing says so."""
    plans = [fact.body for fact in facts if fact.kind == "plan" and fact.body]
    if not plans:
        raise CourseError(
            "the record of a patient says which label is followed: add a fact of kind plan, with "
            "medicine and jurisdiction"
        )
    return plans[-1]


def plan_problem(entries: Iterable[Entry], folder: Path) -> str:
    """Say where a change plans by a label that is not there; nothing if none does.

    A misspelt medicine would else be one by whose label no dose ever comes too soon.
    """
    for entry in entries:
        if entry.kind == "plan" and entry.body is not None:
            try:
                label_of(*planned(entry.body), folder)
            except CatalogError:
                return (
                    "no label of this medicine, jurisdiction and edition is here; "
                    "`thecal label list` says which are"
                )
    return ""


def medicine_problem(entries: Iterable[Entry], held: Sequence[Fact]) -> str:
    """Say why a patient's medicine cannot change: the doses that stand would become another's."""
    if not any(fact.kind == "dose" for fact in held):
        return ""
    medicine = plan_of(held)["medicine"]
    for entry in entries:
        if entry.kind == "plan" and not entry.of and (entry.body or {})["medicine"] != medicine:
            return (
                "the doses here are of another medicine, and would be counted as doses of this "
                "one; another medicine is another course, under a code of its own (--new-patient). "
                "If the medicine was entered wrongly, correct the plan"
            )
    return ""


def date_problem(entries: Iterable[Entry], now: str) -> str:
    """Say which facts lie ahead: the record holds what has happened, wherever on earth.

    now  as the record writes times
    """
    today = (dt.datetime.fromisoformat(now) + FIRST_OF_THE_DAY).date()
    ahead = [
        f"{entry.kind} of {entry.body['date']}"
        for entry in entries
        if entry.kind in TIMED and entry.body and entry.body.get("date", "") > str(today)
    ]
    if not ahead:
        return ""
    return (
        f"the record holds what has happened, and the clock says {now[:10]} (UTC): "
        f"{', '.join(ahead[:5])}"
    )


def twins_of(after: Sequence[Fact], others: Mapping[str, Sequence[Fact]]) -> list[str]:
    """Return who among others is this very person, treated with the same medicine.

    after   facts of a patient with a local id
    others  patients that bear the same local id; at two sites it may be given to two people
    """
    medicine, sites = plan_of(after)["medicine"], _sites(after)
    twins = []
    for stream, facts in others.items():
        plans = [fact.body for fact in facts if fact.kind == "plan" and fact.body]
        elsewhere = sites and _sites(facts) and not sites & _sites(facts)
        if not elsewhere and (not plans or plans[-1]["medicine"] == medicine):
            twins.append(stream)
    return twins


def _sites(facts: Iterable[Fact]) -> set[str]:
    bodies = [fact.body for fact in facts if fact.kind == "person" and fact.body]
    return {str(body["site"]) for body in bodies if "site" in body}


def doses_too_close(
    before: Sequence[Fact], after: Sequence[Fact], folder: Path
) -> tuple[Finding, ...]:
    """Say which doses of a change come too soon; CourseError where the facts make no course."""
    plan, course = plan_of(after), course_of("", after)
    old = {_when(fact) for fact in before if fact.kind == "dose"}
    new = {_when(fact) for fact in after if fact.kind == "dose"} - old
    if not new:
        return ()
    added_d = [
        dose.time_d
        for dose in course.doses
        if (str(course.date(dose.time_d)) if course.start else str(dose.time_d)) in new
    ]
    try:
        regimen = regimen_of(*planned(plan), folder)
    except CatalogError:
        return ()  # its dosing was not read: no interval can be held against a dose
    return too_close(course, regimen, added_d)


def told(
    before: Sequence[Fact], after: Sequence[Fact], folder: Path, *, is_patient: bool
) -> tuple[Finding, ...]:
    """Say what whoever wrote a change should know, and what stands against nothing."""
    if is_patient:
        n_doses = [sum(fact.kind == "dose" for fact in facts) for facts in (before, after)]
        try:
            if n_doses[1] > max(n_doses[0], 1):
                regimen_of(*planned(plan_of(after)), folder)
        except CatalogError:
            return (
                Finding(
                    code="dose.interval_not_read",
                    severity=Severity.CAUTION,
                    message="the distance between doses was not checked: the dosing of the label "
                    "that is followed was not read here",
                    asks="look at the dates of the doses yourself, by the label in force",
                    rule="the label of the patient's plan",
                ),
            )
        return ()
    verdicts = [fact.body["verdict"] for fact in after if fact.kind == "vial_check" and fact.body]
    used = [fact.body for fact in after if fact.kind == "vial_used" and fact.body]
    if used and verdicts and verdicts[-1] in NOT_USABLE and len(before) < len(after):
        return (
            Finding(
                code="vial.used",
                severity=Severity.SERIOUS,
                message=f"the check says {verdicts[-1]}, and a dose came from this vial: "
                f"{used[-1]['patient']}, change {used[-1]['change']}",
                asks="tell the prescriber of that patient",
                rule="the vial's own record",
            ),
        )
    return ()


def _when(fact: Fact) -> str:
    body = fact.body or {}
    return str(body["date"]) if "date" in body else str(int(body["day"]))


def vials_of(facts: Iterable[Fact]) -> dict[str, list[Body]]:
    """Return the vials doses came from, each with the doses that name it."""
    vials: dict[str, list[Body]] = {}
    for fact in facts:
        if fact.kind == "dose" and fact.body and "vial" in fact.body:
            vials.setdefault(str(fact.body["vial"]), []).append(fact.body)
    return vials


def vial_problem(facts: Sequence[Fact], doses: Sequence[Body], patient: str, medicine: str) -> str:
    """Say why a vial cannot be the one that doses came from; nothing if it can.

    facts  of the vial
    """
    vial = next((fact.body for fact in facts if fact.kind == "vial" and fact.body), None)
    if vial is None:
        return "the record knows no such vial; add it first"
    users = [fact.body["patient"] for fact in facts if fact.kind == "vial_used" and fact.body]
    if len(doses) > 1 or any(user != patient for user in users):
        return "this vial was used before; a vial serves one dose"
    if vial.get("medicine", medicine) != medicine:
        return "this vial holds another medicine than the one planned"
    return ""


def not_usable(facts: Sequence[Fact], doses: Sequence[Body]) -> tuple[Finding, ...]:
    """Say why a vial should not have been used: if it was, the record has to be able to say so.

    facts  of the vial, of which `vial_problem` has nothing to say
    """
    expiry = next(fact.body["expiry"] for fact in facts if fact.kind == "vial" and fact.body)
    checks = [fact.body for fact in facts if fact.kind == "vial_check" and fact.body]
    found = []
    if str(doses[0].get("date", "")) > expiry:
        found.append(("vial.expired", "the vial expired before the day of the dose"))
    if checks and checks[-1]["verdict"] in NOT_USABLE:
        verdict = checks[-1]["verdict"]
        found.append((f"vial.{verdict}", f"the last check of the vial says: {verdict}"))
    return tuple(
        Finding(
            code=code,
            severity=Severity.SERIOUS,
            message=message,
            asks="do not use it; if it was used, a prescriber says so with the reason",
            rule="the vial's own record",
        )
        for code, message in found
    )


def follow(
    connection: Connection, patient: str, version: int, facts: Sequence[Fact], folder: Path
) -> None:
    """Keep when a patient is due, as the facts now say; nothing where the dosing was not read."""
    plan = planned(plan_of(facts))
    try:
        label, regimen = label_of(*plan, folder), regimen_of(*plan, folder)
    except CatalogError:
        connection.execute(delete(DUE).where(DUE.c.stream == patient))
        return
    name = f"{label.medicine} {label.jurisdiction} {label.edition}"
    keep_due(connection, patient, version, course_of(patient, facts), regimen, name)
