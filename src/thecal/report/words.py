"""Sentences said alike in the terminal, on the page and on a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thecal.course import Course
from thecal.errors import counted
from thecal.label.label import Label
from thecal.plan.answer import MODEL_CAVEAT, OTHER_CAVEAT, Answer, Due
from thecal.source import Source

if TYPE_CHECKING:  # the numerical library is not loaded for a due date
    from thecal.model.simulate import Cohort
    from thecal.plan.virtual import Asked, Summary


STATUS_WORDS = {
    "superseded": "another version is in force; do not dose by this one",
    "in part": "too little of this version was read to rely on it",
}


def status_words(label: Label) -> str:
    """Say that a version of a label is not to be relied on; empty for the one in force."""
    words = STATUS_WORDS.get(label.status)
    return f"{label.status.upper()}: {words}" if words else ""


def headline(due: Due) -> str:
    """Say in one line which dose is due and when."""
    slot, schedule = due.schedule.next, due.schedule
    since = day_words(due.course, schedule.treatment_since_d or 0)
    if schedule.treatment == "ended":
        return f"Death is recorded on {since}. No dose is planned."
    if not schedule.given:
        return "No dose is recorded: dose 1 starts the course, its day is day 0."
    when = day_words(due.course, slot.due_d)
    if not schedule.is_planned:
        return (
            f"Treatment is recorded as {schedule.treatment.upper()} since {since}. "
            f"No dose is planned; dose {slot.number} would by arithmetic fall on {when}."
        )
    return f"Dose {slot.number} is due on {when}{_status(due)}."


def _status(due: Due) -> str:
    days, on_d = due.schedule.days_to_due, due.schedule.on_d
    if days is None or on_d is None:
        return ""
    on = due.course.date(on_d)
    asked = f"on {on}" if on else f"on day {on_d}"
    if days > 0:
        return f", {counted(days, 'day')} from the day asked ({asked})"
    if days == 0:
        return f", the day asked ({asked})"
    if not due.schedule.is_overdue:
        return f", {counted(-days, 'day')} ago {asked}; not yet overdue by the site's policy"
    return f", OVERDUE by {counted(-days, 'day')} {asked}"


def given_words(due: Due) -> str:
    """Count the doses given."""
    return f"{counted(len(due.schedule.given), 'dose')} given"


def if_late_words(due: Due) -> str:
    """Say what the label asks for once the next dose is late; empty if none is planned.

    Where it is overdue on the day asked, say by that day's rule what would follow it.
    """
    schedule, then = due.schedule, due.schedule.if_given
    if not schedule.is_planned:
        return ""
    says = [schedule.late_rule.says] if schedule.late_rule else []
    if then is not None and then.after_d is not None:
        by = "would by arithmetic fall" if schedule.open_then else "falls"
        given, next_d = (day_words(due.course, day) for day in (then.after_d, then.due_d))
        step = f", additional dose {then.step} of {then.steps}," if then.step else ""
        says.append(f"Given on {given}, the dose after it{step} {by} on {next_d}.")
    return " ".join(says)


def day_words(course: Course, time_d: float) -> str:
    """Name a day, by its date where the course has dates."""
    date = course.date(time_d)
    return f"day {time_d:g}" if date is None else f"{date:%a} {date.isoformat()} (day {time_d:g})"


def window_words(due: Due) -> str:
    """Say what tolerance there is around the due date, and whose."""
    slot, schedule = due.schedule.next, due.schedule
    if not schedule.given:
        return "none: the first dose has no due day"
    if slot.policy is None:
        is_silent = "dosing.window" in schedule.regimen.silences
        label = "the label gives none" if is_silent else "none was read in the label"
        return f"none: {label}, and no policy of the site was named"
    dates = (("earliest", slot.earliest_d), ("overdue", slot.overdue_d), ("latest", slot.latest_d))
    words = [f"{name} {day_words(due.course, day)}" for name, day in dates if day is not None]
    return f"{', '.join(words)}; site policy '{slot.policy}', not the label"


def no_model_words(due: Due) -> str:
    """Say that there is no model of the medicine."""
    return (
        f"There is no model of {due.label.medicine} here, so nothing is predicted: no exposure and "
        "no effect."
    )


def caveat_words(answer: Answer) -> str:
    """Say what the curves are not, and where there are none, why."""
    if answer.forecast is None:
        return no_model_words(answer.due)
    population = answer.forecast.population
    if population.calibration and "sod1_cns" in answer.forecast.series:
        return MODEL_CAVEAT
    return f"{OTHER_CAVEAT} {population.about}"


def known_words(answer: Answer) -> str:
    """Say what the record fixed in the prediction; empty where nothing is predicted."""
    if answer.forecast is None:
        return ""
    if not answer.forecast.has_baselines:
        return "From the record: the doses. Nothing else that it holds changes this prediction."
    known = answer.forecast.known
    if not known:
        return "From the record: nothing before the first dose; all baselines are the trial's."
    return f"From the record: {'; '.join(known.values())}. The rest is the trial population."


def where(source: Source | None, label: Label) -> str:
    """Name a place in short where it is the label at hand, else in full."""
    if source is None:
        return ""
    if source.document == label.document:
        return f"{label.jurisdiction.upper()} label {source.place}".rstrip()
    return str(source)


def people_words(cohort: Cohort) -> str:
    """Say how many virtual people there are, and how many there should have been."""
    if cohort.is_complete:
        return f"{cohort.done} virtual {'person' if cohort.done == 1 else 'people'}"
    return f"STOPPED: {cohort.done} of {cohort.asked} virtual people"


def regimen_words(asked: Asked) -> str:
    """Say what is given, whose regimen that is, and whether a typed one is as the label's."""
    return f"{asked.regimen.text}: {origin_words(asked)}"


def origin_words(asked: Asked) -> str:
    """Say whose regimen is given, and whether a typed one is as the label's."""
    label, until = asked.label, f"{asked.until_d:g}"
    if label is None:
        return "typed, not a label's; no regimen was read in the label to compare it with"
    name = f"{(label.source.jurisdiction or '').upper()} label"
    if not asked.is_typed:
        return f"the {name}'s, {label.source}"
    if asked.is_as_label:
        return f"typed, not a label's; until day {until} the same doses as by the {name}"
    return (
        f"typed, not a label's; it DIFFERS from the {name}, by which it is "
        f"{label.sentence.text} ({label.source})"
    )


def written_words(summary: Summary, name: str) -> str:
    """Say what was written to a table of this name."""
    cohort = summary.cohort
    rows = cohort.done * len(cohort.times_d)
    columns = ("ID", "TIME", *(output.name for output in cohort.outputs))
    return (
        f"{name}: {people_words(cohort)}, {counted(rows, 'row')}, "
        f"{len(columns)} columns ({', '.join(columns)})"
    )


def beyond_words(extrapolation: str) -> str:
    """Say that something lies outside what was studied."""
    return f"Extrapolation: {extrapolation}. The studies say nothing about it."
