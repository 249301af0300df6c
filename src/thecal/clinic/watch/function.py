"""How function moves: the ALSFRS-R from rating to rating and since onset, within one form.

A course file holds totals, a file of items (`thecal.clinic.watch.alsfrs_file`) the twelve scores.
Totals of different forms are kept apart, and it is said that they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.watch.alsfrs import MOST, Assessment, Stage, kings, mitos, per_month
from thecal.clinic.watch.rules import Figure
from thecal.course import Course

RULE = "ALSFRS-R, item structure and stages, version 1"
Total = tuple[float, float]  # day, points


def function_findings(course: Course, ratings: Sequence[Assessment]) -> Iterator[Finding]:
    """Yield what the ratings say; without items, what the totals of the course file say."""
    if not ratings:
        yield from _totals(course)
        return
    for form in dict.fromkeys(rated.form for rated in ratings):
        yield _series(course, form, [rated for rated in ratings if rated.form == form])
    forms = list(dict.fromkeys(rated.form for rated in ratings))
    if len(forms) > 1:
        yield Finding(
            code="alsfrs.forms",
            severity=Severity.CAUTION,
            message=f"{len(forms)} forms are in use: {', '.join(map(_words, forms))}. Their "
            "anchors differ, so totals are compared within a form only",
            asks="a reader judges; keep to one form",
            rule=RULE,
            inputs={form: _days([r for r in ratings if r.form == form]) for form in forms},
        )
    yield from _differing(course, ratings)


def function_figures(ratings: Sequence[Assessment]) -> tuple[Figure, ...]:
    """Return the figures a named policy may judge: of the last rating, and of its form."""
    if not ratings:
        return ()
    last = ratings[-1]
    figures = [
        Figure(
            measure="alsfrs_respiratory_item",
            value=min(last.scores[item] for item in ("q10", "q11", "q12")),
            unit="points",
            time_d=last.time_d,
        )
    ]
    same = [rated for rated in ratings if rated.form == last.form]
    if len(same) > 1:
        before = same[-2]
        fall = per_month(before.total - last.total, last.time_d - before.time_d)
        figures.append(
            Figure(
                measure="alsfrs_fall_per_month",
                value=fall,
                unit="points a month",
                time_d=last.time_d,
            )
        )
    return tuple(figures)


def onset_d(course: Course) -> float | None:
    """Return the day of symptom onset, the first recorded; None where it is not."""
    return next((e.time_d for e in course.events if e.name == "symptom_onset"), None)


def since_onset(course: Course, time_d: float, points: float) -> float | None:
    """Return the mean loss since onset, (48 - score) / months; None without an earlier onset."""
    began_d = onset_d(course)
    if began_d is None or began_d >= time_d:
        return None
    return per_month(MOST - points, time_d - began_d)


def _series(course: Course, form: str, rated: Sequence[Assessment]) -> Finding:
    last = rated[-1]
    changed = [
        f"{what} changed"
        for what in ("rater", "mode")
        if len({getattr(r, what) for r in rated}) > 1
    ]
    if len({r.gastrostomy for r in rated}) > 1:
        changed.append("item 5 changed between 5a and 5b, whose anchors differ")
    totals = [(r.time_d, float(r.total)) for r in rated]
    domains = ", ".join(f"{name} {score}" for name, score in last.domains().items())
    stages = f"{_stage('King', kings(last))}; {_stage('MiToS', mitos(last))}"
    noted = "".join(f"; {words}" for words in changed)
    return Finding(
        code="alsfrs.course",
        severity=Severity.NOTE,
        message=f"ALSFRS-R, {_words(form)} form: {_moved(course, totals)}. "
        f"Day {last.time_d:g}: {domains} of 12. {stages}{noted}",
        asks="a stage from items is an estimate; the clinic's own stage goes before it",
        time_d=last.time_d,
        source=mitos(last).basis.source,
        rule=RULE,
        inputs={
            "form": form,
            "rater": last.rater,
            "mode": last.mode,
            **{
                f"total_day_{day:g}".replace("-", "minus_").replace(".", "_"): points
                for day, points in totals
            },
            "kings": kings(last).name or "none",
            "mitos": mitos(last).name,
        },
    )


def _stage(name: str, stage: Stage) -> str:
    told = f"{name} {stage.name}" if stage.name else f"{name}: no stage"
    unsure = "" if stage.basis.is_confirmed else "; rule NOT CONFIRMED in the paper"
    return f"{told} ({stage.why}{unsure}; does not see {stage.cannot_see})"


def _totals(course: Course) -> Iterator[Finding]:
    """Show the totals of the course file, by the form that `method` names."""
    seen = course.observed("alsfrs_r")
    for method in dict.fromkeys(o.method for o in seen):
        held = [(o.time_d, o.value) for o in seen if o.method == method]
        form = "form as recorded" if method else "form not recorded"
        yield Finding(
            code="alsfrs.course",
            severity=Severity.NOTE,
            message=f"ALSFRS-R, {form}: {_moved(course, held)}. Totals only: no domain and no "
            "stage can be told",
            asks="" if method else "record the form in 'method'; forms must not be compared",
            time_d=held[-1][0],
            rule=RULE,
            inputs={f"total_{n}": points for n, (_, points) in enumerate(held, 1)},
        )


def _moved(course: Course, totals: Sequence[Total]) -> str:
    """Say each total and the slope to it, and the mean loss since onset at the last."""
    day, points = totals[0]
    told = [f"{points:g} on day {day:g}"]
    for (before_d, before), (day, points) in pairwise(totals):
        slope = f" ({per_month(points - before, day - before_d):+.2f} a month)"
        told.append(f"{points:g} on day {day:g}{slope if day > before_d else ''}")
    lost = since_onset(course, day, points)
    since = "" if lost is None else f"; since onset {-lost:+.2f} a month"
    return ", ".join(told) + since


def _differing(course: Course, ratings: Sequence[Assessment]) -> Iterator[Finding]:
    """Name days on which the items and the course file give different totals."""
    for rated in ratings:
        for seen in course.observed("alsfrs_r"):
            if seen.time_d == rated.time_d and seen.value != rated.total:
                yield Finding(
                    code="alsfrs.differs",
                    severity=Severity.CAUTION,
                    message=f"on day {rated.time_d:g} the items sum to {rated.total} and the "
                    f"course file says {seen.value:g}",
                    asks="correct the record, or name the form of the other total",
                    time_d=rated.time_d,
                    rule=RULE,
                    inputs={"items": rated.total, "course_file": seen.value},
                )


def _days(rated: Sequence[Assessment]) -> str:
    return "day " + ", ".join(f"{r.time_d:g}" for r in rated)


def _words(form: str) -> str:
    return form.replace("_", "-")
