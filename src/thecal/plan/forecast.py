"""One course to what comes next: exposure and effect along it, with their uncertainty.

The typical patient and a band of virtual ones take the doses that were given, then those
that fall due. What the record holds about this person (ALSFRS-R, SVC, NfL and symptom onset
before the first dose) replaces what would have been drawn, if the model starts from it. Nothing
here is fitted to the course. The band holds what differs between people and what is not known of
the model. Which outputs there are is the model's: kinetics alone have drug in CSF and plasma.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from thecal.course import Course, Observation
from thecal.errors import CourseError, ModelError
from thecal.model.events import Dosing
from thecal.model.population import Population
from thecal.model.simulate import simulate
from thecal.model.structure import Output
from thecal.model.variability import Trend
from thecal.regimen.schedule import Schedule
from thecal.regimen.walk import Slot, slots_ahead
from thecal.shapes import Float
from thecal.trial.strata import stratum
from thecal.units import MONTH_D

SUBJECTS = 400  # the 5th and 95th percentile of 400 rest on 20 people each
SEED = 2023
BAND = (0.05, 0.95)
DOSES_AHEAD = 3
AFTER_STOP_D = 84  # how far to look where no further dose is planned
BASELINE_D = 365  # a value measured longer before the first dose is no baseline
FULL_SCORE = 48  # of ALSFRS-R; who has lost nothing yet has no slope of their own
AFTER_DOSE_D = (1 / 24, 4 / 24, 0.5, 1.0, 3.0, 7.0)

NOT_SHOWN = ("survival",)  # how long one person lives is nothing this model may say

RATIOS = {  # kind of record -> output it is compared with, as a ratio to its own baseline
    "nfl_plasma": "nfl",
    "nfl_serum": "nfl",
    "nfl_csf": "nfl",
    "csf_sod1": "csf_sod1",
}
DIRECT = {"alsfrs_r": "alsfrs_r", "svc": "svc"}
DRUG = {"csf": "csf", "plasma": "plasma"}  # of kinds such as csf_tofersen, each of one medicine
FROM_BASELINE = ("alsfrs_r", "slope_pre", "svc", "nfl")  # covariates that a record may fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One output over time: typical patient, band, and the typical patient untreated.

    untreated  None for an output that is nothing without the drug (concentrations)
    """

    output: Output
    times_d: Float[np.ndarray, " time"]
    typical: Float[np.ndarray, " time"]
    lo: Float[np.ndarray, " time"]
    hi: Float[np.ndarray, " time"]
    untreated: Float[np.ndarray, " time"] | None

    def at(self, time_d: float) -> tuple[float, float, float]:
        """Return typical, lo and hi at a time that was asked for."""
        i = int(np.searchsorted(self.times_d, time_d))
        if i == len(self.times_d) or self.times_d[i] != time_d:
            raise ModelError(f"day {time_d:g} was not predicted; ask for it when simulating")
        return float(self.typical[i]), float(self.lo[i]), float(self.hi[i])


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A record beside its prediction, in the unit of the output."""

    output: str
    time_d: float
    value: float
    observation: Observation
    typical: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the model says along one course.

    series     by output, in the order of the model
    planned_d  days of the doses assumed from now on; empty where treatment is held or stopped
    known      what the record fixed, by parameter, in words
    """

    series: Mapping[str, Series]
    observed: tuple[Observed, ...]
    given_d: tuple[int, ...]
    planned_d: tuple[int, ...]
    known: Mapping[str, str]
    population: Population
    subjects: int
    seed: int

    @property
    def end_d(self) -> float:
        """Last day predicted."""
        return max(float(series.times_d[-1]) for series in self.series.values())

    @property
    def has_baselines(self) -> bool:
        """Whether the model starts from values that a record may hold, such as ALSFRS-R."""
        return any(name in self.population.covariates for name in FROM_BASELINE)

    def predicts(self, kind: str) -> bool:
        """Whether a kind of record has a prediction that it could be set beside."""
        return output_of(kind, self.population.medicine) in self.series


def forecast(
    course: Course,
    schedule: Schedule,
    population: Population,
    *,
    until_d: int | None = None,
) -> Forecast:
    """Predict a course and what follows.

    A dose that is overdue on the day asked about is assumed to be given that day.

    until_d  last day to predict; by default the day the dose after the planned ones falls due, or
             where that cannot be counted without dates, AFTER_STOP_D days after the last of them
    """
    given_d = [dose.time_d for dose in course.doses]
    planned, end_d = _plan(course, schedule)
    end_d = end_d if until_d is None else until_d
    planned = {day: amount_mg for day, amount_mg in planned.items() if day < end_d}
    planned_d = list(planned)
    times_d = _times(course, given_d + planned_d, end_d)
    amounts_mg = [dose.amount_mg for dose in course.doses]
    amounts_mg += planned.values()
    none = Dosing.none()
    dosing = Dosing.bolus(given_d + planned_d, amounts_mg) if amounts_mg else none
    given, known = _known(course, population)
    people = _people(population, given)
    typical = population.typical({**_middle(population, given), **_arrays(given, 1)})
    first = {name: np.concatenate([typical[name], people[name]]) for name in typical}
    shown = tuple(o.name for o in population.model.outputs if o.name not in NOT_SHOWN)
    treated = simulate(population, dosing, times_d, people=first, outputs=shown)
    untreated = simulate(population, none, times_d, people=typical, outputs=shown)
    series = {}
    for output in treated.outputs:
        values, without = treated.of(output.name), untreated.of(output.name)[0]
        lo, hi = np.quantile(values[1:], BAND, axis=0)
        series[output.name] = Series(
            output=output,
            times_d=times_d,
            typical=values[0],
            lo=lo,
            hi=hi,
            untreated=without if without.any() else None,
        )
    return Forecast(
        series=series,
        observed=_observed(course, series, population.medicine),
        given_d=tuple(given_d),
        planned_d=tuple(planned_d),
        known=known,
        population=population,
        subjects=SUBJECTS,
        seed=SEED,
    )


def _plan(course: Course, schedule: Schedule) -> tuple[dict[int, float], int]:
    """Return the doses to assume, mg by day, and the day to stop predicting."""
    given_d = [dose.time_d for dose in course.doses]
    if schedule.treatment == "ended" and schedule.treatment_since_d is not None:
        last_given_d = given_d[-1] if given_d else 0
        return {}, max(int(schedule.treatment_since_d), last_given_d, 0) + 1
    if not schedule.is_planned:
        return {}, max(int(course.last_d), 0) + AFTER_STOP_D
    first_d = schedule.next.due_d
    if schedule.on_d is not None and given_d:
        first_d = max(first_d, schedule.on_d)
    planned = {first_d: schedule.next.amount_mg}
    later = _later(schedule, [*given_d, first_d], course)
    if len(later) == DOSES_AHEAD:
        *later, last = later
        end_d = last.due_d
    else:
        end_d = max([first_d, *(slot.due_d for slot in later)]) + AFTER_STOP_D
    return planned | {slot.due_d: slot.amount_mg for slot in later}, end_d


def _later(schedule: Schedule, given_d: list[int], course: Course) -> list[Slot]:
    """Return the slots after these doses: fewer where a calendar month comes without a date."""
    for count in range(DOSES_AHEAD, 0, -1):
        try:
            return slots_ahead(schedule.regimen, given_d, count, course.start)
        except CourseError:
            if course.start is not None:
                raise
    return []


def _times(course: Course, doses_d: list[int], end_d: int) -> Float[np.ndarray, " time"]:
    """Return the days to predict: every dose and what follows it, every record, every week."""
    after_d = np.add.outer(np.array(doses_d, dtype=float), np.array([0.0, *AFTER_DOSE_D])).ravel()
    records_d = [o.time_d for o in course.observations]
    times_d = np.unique(
        np.concatenate([after_d, records_d, np.arange(0.0, end_d, 7.0), [0.0, float(end_d)]])
    )
    return times_d[(times_d >= 0) & (times_d <= end_d)]


def _known(course: Course, population: Population) -> tuple[dict[str, float | str], dict[str, str]]:
    """Return the covariates that the record fixes, and what they are from, in words.

    What the model does not start from is left out.
    """
    given: dict[str, float | str] = {}
    known: dict[str, str] = {}
    starts = population.covariates
    before = _baseline(course, "alsfrs_r")
    if before is not None and "alsfrs_r" in starts:
        given["alsfrs_r"] = before.value
        known["alsfrs_r_baseline"] = f"ALSFRS-R {before.value:g} on day {before.time_d:g}"
    onsets = [e for e in course.events if e.name == "symptom_onset" and e.time_d < 0]
    onset = onsets[0] if onsets and "slope_pre" in starts else None
    if before and onset and before.time_d > onset.time_d and before.value < FULL_SCORE:
        months = (before.time_d - onset.time_d) / MONTH_D
        given["slope_pre"] = (FULL_SCORE - before.value) / months
        known["slope"] = (
            f"{given['slope_pre']:.2f} points a month from onset (day {onset.time_d:g}) to day "
            f"{before.time_d:g}"
        )
    breath = _baseline(course, "svc")
    if breath is not None and breath.value > 0 and "svc" in starts:
        given["svc"] = breath.value
        known["svc_baseline"] = f"SVC {breath.value:g} % on day {breath.time_d:g}"
    for kind in ("nfl_plasma", "nfl_serum", "nfl_csf") if "nfl" in starts else ():
        first = _baseline(course, kind)
        if first is not None:
            scale = population.from_record["csf_to_plasma_nfl"].value if kind == "nfl_csf" else 1.0
            given["nfl"] = first.value / scale
            known["nfl_baseline"] = f"{kind} {first.value:g} {first.unit} on day {first.time_d:g}"
            break
    return given, known


def _people(population: Population, given: Mapping[str, float | str]) -> dict[str, np.ndarray]:
    """Draw virtual people who share what is known, of the group that their slope puts them in."""
    held = _arrays(given, SUBJECTS)
    if "slope_pre" in given and "group" in population.covariates:
        drawn = population.draw_covariates(SUBJECTS, SEED)["group"]
        held["group"] = _group(float(given["slope_pre"]), drawn)
    covariates = population.draw_covariates(SUBJECTS, SEED, given=held)
    people = population.draw(
        SUBJECTS, SEED, covariates=covariates, uncertain=population.uncertainty is not None
    )
    return {name: np.asarray(value) for name, value in people.items()}


def _group(slope: float, drawn: np.ndarray) -> np.ndarray:
    """Return groups that fit a slope: who was drawn of the other stratum has a usual variant."""
    if stratum(slope) == "slower":
        return np.full_like(drawn, "slower")
    return np.where(drawn == "slower", "other", drawn)


def _middle(population: Population, given: Mapping[str, float | str]) -> dict[str, np.ndarray]:
    """Return the group of the typical person: by the slope known, or that the effects refer to."""
    if "group" not in population.covariates:
        return {}
    slope = given.get("slope_pre")
    if slope is None:
        trends = (e for e in population.effects.get("slope", ()) if isinstance(e, Trend))
        slope = next((e.reference for e in trends), 0.0)
    return {"group": np.array(["other" if stratum(float(slope)) == "faster" else "slower"])}


def _arrays(given: Mapping[str, float | str], n: int) -> dict[str, np.ndarray]:
    return {name: np.full(n, value) for name, value in given.items()}


def _baseline(course: Course, kind: str) -> Observation | None:
    """Return the last record of a kind in the year up to day 0, before the first dose."""
    before = [o for o in course.observed(kind) if -BASELINE_D <= o.time_d <= 0 and not o.is_below]
    return before[-1] if before else None


def output_of(kind: str, medicine: str) -> str | None:
    """Return the output that a kind of record is compared with; None where it is none's.

    A concentration is one of the medicine in its name, and says nothing of another.
    """
    where, _, of = kind.partition("_")
    if of == medicine and where in DRUG:
        return DRUG[where]
    return RATIOS.get(kind) or DIRECT.get(kind)


def _observed(course: Course, series: Mapping[str, Series], medicine: str) -> tuple[Observed, ...]:
    """Set each record that has a prediction beside it; before a first dose there is none."""
    found: list[Observed] = []
    if not course.doses:
        return ()
    for record in course.observations:
        name = output_of(record.kind, medicine)
        if name is None or name not in series:
            continue
        if not 0 <= record.time_d <= series[name].times_d[-1]:
            continue
        scale = 1.0
        if record.kind in RATIOS:
            first = _baseline(course, record.kind)
            if first is None or first.value <= 0:
                continue
            scale = first.value
        typical, lo, hi = series[name].at(record.time_d)
        found.append(
            Observed(
                output=name,
                time_d=record.time_d,
                value=record.value / scale,
                observation=record,
                typical=typical,
                lo=lo,
                hi=hi,
            )
        )
    return tuple(found)
