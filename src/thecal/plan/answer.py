"""Everything thecal says about one course, computed once for whoever shows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thecal.clinic.finding import Finding
from thecal.clinic.review import review
from thecal.course import Course
from thecal.errors import CourseError
from thecal.label.label import Label
from thecal.regimen.regimen import from_label
from thecal.regimen.schedule import Schedule, schedule
from thecal.regimen.window import WindowPolicy

if TYPE_CHECKING:  # the numerical library is not loaded for a due date
    from thecal.plan.forecast import Forecast

DISCLAIMER = (
    "Decision support for professionals: not a medical device, not a prescription. "
    "The label in force where the patient is treated decides."
)
MODEL_CAVEAT = (
    "The curves show a typical patient and 90 % of virtual patients under a model calibrated to "
    "published summaries of trials. They are not fitted to this person and not fit to dose by. "
    "SOD1 inside the CNS is not known: two structures of the model differ in it, and its line is "
    "of one."
)
OTHER_CAVEAT = (  # of a model that predicts no SOD1, or that was not calibrated
    "The curves show a typical patient and 90 % of virtual patients under a model. They are not "
    "fitted to this person and not fit to dose by. The model:"
)
FARTHEST_D = 3650  # ten years past the last dose: a date beyond is a slip
LONGEST_D = 1096  # three years past the last dose: how far a prediction may go


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When the next dose is due, and what needs attention: a course against a label."""

    course: Course
    label: Label
    schedule: Schedule
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A due date with what needs attention, and what the model says along the course.

    forecast  None where there is no model of the medicine
    """

    due: Due
    forecast: Forecast | None


def when_due(
    course: Course,
    label: Label,
    *,
    policy: WindowPolicy | None = None,
    on: dt.date | int | None = None,
) -> Due:
    """Say when the next dose is due.

    on  the day asked about, as a date or as a day of the course
    """
    on_d = day_asked(course, on)
    against = schedule(course, from_label(label), policy=policy, on_d=on_d)
    return Due(
        course=course, label=label, schedule=against, findings=review(course, against, label)
    )


def answer(due: Due, *, until_d: int | None = None, folder: Path | None = None) -> Answer:
    """Add the forecast to a due date, where there is a model of the medicine.

    until_d  last day to predict, after the last dose given
    folder   medicines of the reader's own: the model is the one there, or else that installed
    """
    from thecal.datafile import DRUGS
    from thecal.model.modelfile import load_population
    from thecal.plan.forecast import forecast

    last_d = due.course.doses[-1].time_d if due.course.doses else 0
    if until_d is not None and not last_d < until_d <= last_d + LONGEST_D:
        raise CourseError(
            f"--until {until_d}: expected a day after the last dose on day {last_d}, and at most "
            f"{LONGEST_D} days after it, for the model means nothing beyond a few years"
        )
    medicine = due.label.medicine
    folders = (DRUGS,) if folder is None else (folder, DRUGS)
    held = next((f for f in folders if (f / medicine / "model.yaml").is_file()), None)
    if held is None:
        return Answer(due=due, forecast=None)
    population = load_population(medicine, held)
    return Answer(due=due, forecast=forecast(due.course, due.schedule, population, until_d=until_d))


def day_asked(course: Course, on: dt.date | int | None) -> int | None:
    """Return the day of the course asked about. Raises CourseError where it has none."""
    if on is None:
        return None
    if isinstance(on, dt.date):
        day = course.day(on)
        if day is None:
            raise CourseError(
                f"--on {on}: the course has days and no dates; ask with a day number, or add a "
                "'date' to one row that has a day"
            )
    else:
        day = on
    if day < int(course.last_d):  # a record of that day, at any hour, is no later record
        raise CourseError(
            f"--on is day {day}, before the last record on day {course.last_d:g}; ask about that "
            "day or later"
        )
    last_d = course.doses[-1].time_d if course.doses else 0
    if day - last_d > FARTHEST_D:
        raise CourseError(
            f"--on is day {day}, {day - last_d} days after the last dose; ask within {FARTHEST_D}"
        )
    return day
