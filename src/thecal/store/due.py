"""When each patient of the record is due: what follows from the facts, kept for the whole clinic.

Each row is `thecal.regimen.schedule` over one patient's course, by that patient's label, written
in the same transaction as the facts it follows from. Lateness is left to whoever asks: it changes
every day and no row does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, delete, select

from thecal.course import Course
from thecal.datafile import DRUGS
from thecal.label.catalog import load_label
from thecal.label.label import Label
from thecal.regimen.regimen import Regimen, from_label
from thecal.regimen.schedule import schedule
from thecal.store.fact import Body
from thecal.store.tables import DUE
from thecal.units import iso_date


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """When one patient is due.

    label      medicine, jurisdiction and edition by which it was computed
    treatment  as recorded: not started, ongoing, held, stopped or ended
    given      doses given; `last` is the date of the last
    due        date of the next dose; None before the first, for a course without dates and where
               treatment is not going on
    silent     topics that the label leaves open and that bear on the next dose
    late_d     days from `due` to the day asked; negative while it is still to come
    """

    patient: str
    label: str
    treatment: str
    given: int
    last: dt.date | None
    due: dt.date | None
    silent: tuple[str, ...]
    late_d: int | None


@cache
def label_of(medicine: str, jurisdiction: str, edition: str | None, folder: Path = DRUGS) -> Label:
    """Return the label a patient's plan names. Raises CatalogError where there is none."""
    return load_label(medicine, jurisdiction, folder, edition)


@cache
def regimen_of(
    medicine: str, jurisdiction: str, edition: str | None, folder: Path = DRUGS
) -> Regimen:
    """Return the regimen of that label. Raises CatalogError where its dosing was not read."""
    return from_label(label_of(medicine, jurisdiction, edition, folder))


def planned(body: Body) -> tuple[str, str, str | None]:
    """Return medicine, jurisdiction and edition of a plan."""
    return body["medicine"], body["jurisdiction"], body.get("edition")


def keep_due(
    connection: Connection, patient: str, version: int, course: Course, regimen: Regimen, label: str
) -> None:
    """Compute when a patient is due, and put it in place of what stood there."""
    against = schedule(course, regimen)
    due = against.next.due_d if against.is_planned and course.doses else None
    connection.execute(delete(DUE).where(DUE.c.stream == patient))
    connection.execute(
        DUE.insert(),
        {
            "stream": patient,
            "version": version,
            "label": label,
            "treatment": against.treatment,
            "given": len(course.doses),
            "last": _text(course, course.doses[-1].time_d if course.doses else None),
            "due": _text(course, due),
            "silent": " ".join(q.topic for q in against.label_silent),
        },
    )


def _text(course: Course, time_d: int | None) -> str | None:
    date = None if time_d is None else course.date(time_d)
    return None if date is None else str(date)


def read_due(connection: Connection, on: dt.date, until: dt.date | None) -> list[DueRow]:
    """Return who is due, the longest overdue first; those without a due date come last.

    until  leave out whoever is due after that date
    """
    columns = ("stream", "label", "treatment", "given", "last", "due", "silent")
    query = select(*(DUE.c[name] for name in columns))
    if until is not None:
        query = query.where(DUE.c.due.is_(None) | (DUE.c.due <= str(until)))
    rows, date = [], cache(iso_date)  # a clinic of thousands shares its few hundred days
    for patient, label, treatment, given, last, due, silent in connection.execute(query):
        due_on = date(due) if due else None
        rows.append(
            DueRow(
                patient=patient,
                label=label,
                treatment=treatment,
                given=given,
                last=date(last) if last else None,
                due=due_on,
                silent=tuple(silent.split()),
                late_d=(on - due_on).days if due_on else None,
            )
        )
    return sorted(rows, key=lambda row: (row.due is None, row.due or on, row.patient))
