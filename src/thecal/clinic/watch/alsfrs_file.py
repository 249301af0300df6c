"""The item scores of one person's ALSFRS-R, read from a file.

The file is about a person: a fault names the line and repeats none of its words.
"""

from __future__ import annotations

from pathlib import Path

from thecal.clinic.watch.alsfrs import FORMS, ITEMS, MODES, RATERS, Assessment
from thecal.course import Course
from thecal.datafile import DataFile, Entry

MOST_RATINGS = 1_000  # one a week for 19 years
MOST_D = 40_000  # days from the first dose; as far as a course file goes
KEYS = (*("1", "2", "3", "4"), *("6", "7", "8", "9", "10", "11", "12"))


def read_alsfrs(path: Path, course: Course) -> tuple[Assessment, ...]:
    """Read the ratings of a person (YAML), in order of time.

    A rating has a day of the course, or a date where the course has dates. Raises DataFileError.
    """
    file = DataFile(path, is_private=True)
    top = file.read().fields(["ratings"])
    file.finish()
    entries = top["ratings"].items()
    if len(entries) > MOST_RATINGS:
        top["ratings"].fault(f"{len(entries)} ratings; a person has at most {MOST_RATINGS}")
        entries = []
    found: dict[tuple[float, str], Assessment] = {}
    for entry in entries:
        rated = _rating(entry, course)
        if rated is None:
            continue
        if (rated.time_d, rated.form) in found:
            entry.fault("a second rating by the same form on the same day; delete one")
        found[rated.time_d, rated.form] = rated
    file.finish()
    return tuple(sorted(found.values(), key=lambda rated: (rated.time_d, rated.form)))


def _rating(entry: Entry, course: Course) -> Assessment | None:
    told = entry.fields(["form", "rater", "mode", "items"], ["day", "date"])
    if not {"form", "rater", "mode", "items"} <= set(told):
        return None
    time_d = _day(entry, told, course)
    form, rater = told["form"].choice(FORMS), told["rater"].choice(RATERS)
    mode = told["mode"].choice(MODES)
    scored = _scores(told["items"])
    if time_d is None or scored is None or not form:
        return None
    scores, gastrostomy = scored
    return Assessment(
        time_d=time_d, form=form, rater=rater, mode=mode, scores=scores, gastrostomy=gastrostomy
    )


def _day(entry: Entry, told: dict[str, Entry], course: Course) -> float | None:
    if ("day" in told) is ("date" in told):
        entry.fault("expected 'day' (days from the first dose) or 'date': one of the two")
        return None
    if "day" in told:
        return told["day"].number(least=-MOST_D, most=MOST_D)
    day = course.day(told["date"].date())
    if day is None:
        told["date"].fault("the course has days and no dates; write the day of the rating")
        return None
    if abs(day) > MOST_D:
        told["date"].fault(f"more than {MOST_D} days from the first dose; correct the date")
        return None
    return day


def _scores(entry: Entry) -> tuple[dict[str, int], bool] | None:
    told = entry.fields(KEYS, ["5a", "5b"])
    if ("5a" in told) is ("5b" in told):
        entry.fault("item 5 is rated as 5a (no gastrostomy) or as 5b (gastrostomy): one of the two")
        return None
    scores = {f"q{key.rstrip('ab')}": item.integer(most=4) for key, item in told.items()}
    return (scores, "5b" in told) if set(scores) == set(ITEMS) else None
