"""What a medicine does to people besides its effect: how often, in which arm, after which dose.

Read from ``drugs/<medicine>/safety.yaml``: counts of a pivotal trial, serious neurologic events
of everybody treated, white cells and protein in CSF. A count x of n is known as a posterior with
Jeffreys' prior, so that a virtual trial varies as a real one would. The counts are those of the
trial and say nothing beyond its last day: a longer exposure is refused. Whether one person will
have a reaction is not in them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thecal.errors import ModelError, nearest, shown
from thecal.model.variability import quantile, uniforms
from thecal.shapes import Float, Int, Shaped

ARMS = ("treated", "placebo")
CSF = ("csf_wbc", "csf_protein")
ANY_SERIOUS = "serious_neurologic"  # any of the kinds
YEAR_D = 365.25
CELLS = 8192  # of the grid on which a posterior is summed up


# ---- what is known


def _summed(
    u: Float[np.ndarray, " draw"],
    end: float,
    log_density: Callable[[Float[np.ndarray, " cell"]], Float[np.ndarray, " cell"]],
) -> Float[np.ndarray, " draw"]:
    """Return the quantiles u of a density from 0 to `end`, by the midpoint rule."""
    edges = np.linspace(0.0, end, CELLS + 1)
    height = log_density((edges[1:] + edges[:-1]) / 2)
    below = np.append(0.0, np.cumsum(np.exp(height - height.max())))
    return np.asarray(np.interp(u, below / below[-1], edges))


def beta_quantile(u: Float[np.ndarray, " draw"], a: float, b: float) -> Float[np.ndarray, " draw"]:
    """Return the quantiles u of Beta(a, b), where a and b are 1/2, 3/2 and so on.

    With p = sin² θ the density of θ on (0, π/2) is proportional to

        sin^(2a−1) θ cos^(2b−1) θ

    which has no pole; Jeffreys' prior a = b = 1/2 is flat in θ. Off by less than 1e-5.
    """
    theta = _summed(
        u,
        math.pi / 2,
        lambda t: (2 * a - 1) * np.log(np.sin(t)) + (2 * b - 1) * np.log(np.cos(t)),
    )
    return np.asarray(np.sin(theta) ** 2)


def gamma_quantile(u: Float[np.ndarray, " draw"], a: float) -> Float[np.ndarray, " draw"]:
    """Return the quantiles u of Gamma(a, 1), a at least 1.

    With g = s² the density of s is proportional to s^(2a−1) exp(−s²). Its SD is near 1/2, so it
    is summed to six above √a.
    """
    root = _summed(u, math.sqrt(a) + 6, lambda s: (2 * a - 1) * np.log(s) - s * s)
    return np.asarray(root**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of how many: x of n.

    The share p is known as Beta(x + 1/2, n − x + 1/2), the posterior under Jeffreys' prior.
    """

    x: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.x <= self.n or self.n < 1:
            raise ModelError(f"{self.x} of {self.n}; a count is at least 0 and at most all")

    @property
    def share(self) -> float:
        """The share that was seen."""
        return self.x / self.n

    def quantile(self, u: Float[np.ndarray, " draw"]) -> Float[np.ndarray, " draw"]:
        """Return quantiles of the posterior of the share."""
        return beta_quantile(u, self.x + 0.5, self.n - self.x + 0.5)

    def __add__(self, other: Count) -> Count:
        return Count(x=self.x + other.x, n=self.n + other.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The pivotal trial: when it doses, how long it lasts, how many are in an arm."""

    doses_d: tuple[float, ...]
    then_every_d: float
    duration_d: float
    n: Mapping[str, int]
    status: str
    source: str

    def dose_days(self, count: int) -> Float[np.ndarray, " dose"]:
        """Return the days of the first `count` doses, beyond the trial at its last interval."""
        more = self.doses_d[-1] + self.then_every_d * np.arange(1, count - len(self.doses_d) + 1)
        return np.append(self.doses_d, more)[:count].astype(float)

    @property
    def readings_d(self) -> Float[np.ndarray, " time"]:
        """Days on which CSF is read: before every dose, and at the end."""
        return np.append(self.doses_d, self.duration_d).astype(float)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRule:
    """Which reactions a label's table shows.

    At least `least_percent` on the medicine, and more than `more_than_points` above placebo; by
    the counts, not by rounded percentages.
    """

    least_percent: float
    more_than_points: float
    status: str
    source: str

    def holds(self, treated: Count, placebo: Count) -> bool:
        """Say whether a reaction with these counts stands in the table."""
        # Multiplied out: counts are whole numbers, and 5 of 100 is exactly 5 %.
        above = 100 * (treated.x * placebo.n - placebo.x * treated.n)
        return (
            100 * treated.x >= self.least_percent * treated.n
            and above > self.more_than_points * treated.n * placebo.n
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A reaction, and how many people of each arm had it at least once.

    is_of_puncture  comes from the lumbar puncture, which both arms have: one probability for both
    part_of         the reaction it is a part of, and is not shown beside; "" for none
    """

    name: str
    says: str
    seen: Mapping[str, Count]
    is_of_puncture: bool
    part_of: str
    status: str
    source: str

    def known(self, arm: str) -> Count:
        """Return the count that informs an arm: its own, or of both arms after a puncture."""
        return (
            self.seen["treated"] + self.seen["placebo"] if self.is_of_puncture else self.seen[arm]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number, how far to trust it and where it is from."""

    value: float
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CsfValue:
    """A value in CSF, in the canonical unit of its kind of record.

    shift            people with a value above `upper_limit` after one that was not, by arm
    reported_as      the reaction that reports it; those with the highest values have it
    baseline_median, baseline_sd   before the first dose; SD of the logarithm
    spread           SD of the logarithm of what rises after it
    """

    name: str
    says: str
    unit: str
    shift: Mapping[str, Count]
    reported_as: str
    upper_limit: Number
    baseline_median: Number
    baseline_sd: Number
    spread: Number
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Everybody on the medicine, among whom serious events were counted.

    How long each was exposed is not published; the exposures are taken as uniform between the
    shortest and the longest (assumed), their sum as printed.
    """

    participants: int
    with_event: int
    patient_years: float
    shortest_d: float
    longest_d: float
    status: str
    source: str

    @property
    def exposure_d(self) -> Float[np.ndarray, " participant"]:
        """Exposures of the participants as assumed: evenly spaced quantiles."""
        middle = (np.arange(self.participants) + 0.5) / self.participants
        return self.shortest_d + (self.longest_d - self.shortest_d) * middle

    def years_until(self, day: float) -> float:
        """Return the patient-years before a day of treatment: T E[min(X, t)] / E[X]."""
        short, long = self.shortest_d, self.longest_d
        late = min(max(day, short), long) - short
        seen_d = min(day, short) + late - (late**2 / (2 * (long - short)) if late else 0.0)
        return self.patient_years * seen_d / ((short + long) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of serious neurologic event.

    events        number in the pool
    doses_before  fewest and most doses before the onset, as published
    at_event      least and highest values in CSF at the event, canonical units
    in_trial      participants with it on the medicine in the pivotal trial; they are in the pool
    """

    name: str
    says: str
    events: int
    doses_before: tuple[int, int]
    at_event: Mapping[str, tuple[float, float]]
    in_trial: int
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Risks:
    """Probabilities by reaction or value in CSF, and arm; events the pool expects by kind.

    One row is one truth, known to all people of a trial.
    """

    reactions: Mapping[str, Mapping[str, Float[np.ndarray, " draw"]]]
    shifts: Mapping[str, Mapping[str, Float[np.ndarray, " draw"]]]
    events: Mapping[str, Float[np.ndarray, " draw"]]

    def row(self, k: int) -> Risks:
        """Return one of the truths."""
        shares = [
            {name: {arm: p[k : k + 1] for arm, p in arms.items()} for name, arms in held.items()}
            for held in (self.reactions, self.shifts)
        ]
        events = {name: g[k : k + 1] for name, g in self.events.items()}
        return Risks(reactions=shares[0], shifts=shares[1], events=events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """The numbers of one medicine, and what follows from them alone.

    overall  totals over everything reported, to compare with; they are not simulated
    """

    medicine: str
    about: str
    design: Design
    table_rule: TableRule
    reactions: Mapping[str, Reaction]
    overall: Mapping[str, Reaction]
    csf: Mapping[str, CsfValue]
    pool: Pool
    kinds: Mapping[str, Kind]

    @property
    def events(self) -> int:
        """Serious neurologic events in the pool."""
        return sum(kind.events for kind in self.kinds.values())

    def rate_per_100_years(self, u: Float[np.ndarray, " draw"]) -> Float[np.ndarray, " draw"]:
        """Return quantiles of the rate of serious neurologic events per 100 patient-years.

        Gamma(x + 1/2) / T, the posterior of a Poisson rate under Jeffreys' prior.
        """
        return 100 * gamma_quantile(u, self.events + 0.5) / self.pool.patient_years

    def window_d(self, kind: str) -> tuple[float, float]:
        """Return the days between which a kind begins, if every dose is given on schedule.

        From the dose after which it began earliest until the one after that of the latest.
        """
        fewest, most = self.kinds[kind].doses_before
        days = self.design.dose_days(most + 1)
        return float(days[fewest - 1]), float(days[most])

    def rate_in_window(self, kind: str, events: float) -> float:
        """Return the rate 1/d of a kind in its window, if the pool expects so many events."""
        first_d, end_d = self.window_d(kind)
        years = self.pool.years_until(end_d) - self.pool.years_until(first_d)
        return events / (years * YEAR_D)

    def seen(self) -> Risks:
        """Return the published shares and counts as they stand, one draw, without uncertainty."""
        shares = self._of_counts(lambda name, count: np.array([count.share]))
        return Risks(
            reactions=shares[0],
            shifts=shares[1],
            events={name: np.array([float(kind.events)]) for name, kind in self.kinds.items()},
        )

    def draw(self, n: int, seed: int, start: int = 0) -> Risks:
        """Return posterior draws start … start + n − 1.

            p ~ Beta(x + 1/2, n − x + 1/2)          a reaction or a shift, in an arm
            g ~ Gamma(x + 1/(2 K))                   events of one of K kinds in the pool

        The K priors of the kinds add up to Jeffreys' 1/2 for all events together.
        """
        shares = self._of_counts(
            lambda name, count: count.quantile(uniforms(f"posterior:{name}", n, seed, start))
        )
        prior = 0.5 / len(self.kinds)
        events = {
            name: gamma_quantile(
                uniforms(f"posterior:safety:{name}", n, seed, start), kind.events + prior
            )
            for name, kind in self.kinds.items()
        }
        return Risks(reactions=shares[0], shifts=shares[1], events=events)

    def _of_counts(
        self, share: Callable[[str, Count], Float[np.ndarray, " draw"]]
    ) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, np.ndarray]]]:
        reactions = {
            name: {
                # one stream for both arms where they share one count
                arm: share(f"safety:{'' if r.is_of_puncture else arm}:{name}", r.known(arm))
                for arm in ARMS
            }
            for name, r in {**self.reactions, **self.overall}.items()
        }
        shifts = {
            name: {arm: share(f"safety:{arm}:{name}", value.shift[arm]) for arm in ARMS}
            for name, value in self.csf.items()
        }
        return reactions, shifts


# ---- virtual people


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriousEvents:
    """Serious neurologic events, one row each; CSF at the event in canonical units."""

    participant: Int[np.ndarray, " event"]
    kind: Shaped[np.ndarray, " event"]
    onset_d: Float[np.ndarray, " event"]
    onset_dose: Int[np.ndarray, " event"]
    csf: Mapping[str, Float[np.ndarray, " event"]]

    def having(self, kind: str = ANY_SERIOUS) -> int:
        """Return how many participants had a kind, or any, at least once."""
        held = self.participant if kind == ANY_SERIOUS else self.participant[self.kind == kind]
        return len(np.unique(held))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedArm:
    """What happened in one arm.

    exposure_d  days from the first dose to the last day in the trial
    n_doses     doses (each a visit with a lumbar puncture) given before that day
    onset_dose  by reaction: the dose after which it began, 1 for the first; 0 for never
    readings_d  days on which CSF is read, before the dose of that day
    csf         by kind of value, canonical unit; NaN after the last day of a person
    """

    arm: str
    exposure_d: Float[np.ndarray, " participant"]
    n_doses: Int[np.ndarray, " participant"]
    onset_dose: Mapping[str, Int[np.ndarray, " participant"]]
    readings_d: Float[np.ndarray, " time"]
    csf: Mapping[str, Float[np.ndarray, "participant time"]]
    serious: SeriousEvents

    @property
    def n(self) -> int:
        """Number of participants."""
        return len(self.exposure_d)

    def having(self, reaction: str) -> Count:
        """Return how many had a reaction at least once."""
        return Count(x=int((self.onset_dose[reaction] > 0).sum()), n=self.n)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedSafety:
    """A virtual trial: its two arms, by name."""

    safety: Safety
    arms: Mapping[str, SimulatedArm]


def simulate_safety(
    safety: Safety,
    n_treated: int,
    n_placebo: int,
    *,
    seed: int,
    start: int = 0,
    draw: int | None = None,
    exposure_d: Mapping[str, Float[np.ndarray, " participant"]] | None = None,
) -> SimulatedSafety:
    """Simulate a trial of the pivotal design. Another seed is another trial.

    start       number of the first participant of each arm
    draw        number of the posterior draw that is true in this trial; None for the published
                shares as they stand
    exposure_d  by arm: days each participant was in the trial; all of it where not given
    """
    held = exposure_d or {}
    for arm in held:
        _check_arm(arm)
    risks = safety.seen() if draw is None else safety.draw(1, seed, draw)
    arms = {
        arm: simulate_arm(
            safety, arm, n, seed=seed, start=start, risks=risks, exposure_d=held.get(arm)
        )
        for arm, n in zip(ARMS, (n_treated, n_placebo), strict=True)
    }
    return SimulatedSafety(safety=safety, arms=arms)


def simulate_arm(
    safety: Safety,
    arm: str,
    n: int,
    *,
    seed: int,
    start: int = 0,
    risks: Risks | None = None,
    exposure_d: Float[np.ndarray, " participant"] | None = None,
) -> SimulatedArm:
    """Simulate participants start … start + n − 1 of one arm.

    A reaction with probability p over the V doses of the trial begins after dose j with the hazard

        h = 1 − (1 − p)^(1/V),    so that  P(begun by dose j) = 1 − (1 − p)^(j/V)

    and whoever stops after fewer doses has a smaller chance. Reactions of one person do not hang
    together, but for a part, which comes only with its whole, and a report of a value in CSF,
    which comes only to those in whom it is highest (`_csf_levels`). Both are assumed.

    risks  what is true in this trial; the published shares where not given. Its first row is taken
    """
    _check_arm(arm)
    if n < 1:
        raise ModelError(f"{n} participants in the arm {arm}; a trial has at least 1 in each")
    risks = safety.seen() if risks is None else risks
    design = safety.design
    exposure_d = _exposure(exposure_d, n, design.duration_d)
    n_doses = (np.array(design.doses_d) < exposure_d[:, None]).sum(axis=1)
    streams = {value.reported_as: value.name for value in safety.csf.values()}
    u = {
        name: uniforms(f"safety:{arm}:{streams.get(name, name)}", n, seed, start)
        for name in safety.reactions
    }
    onset = {
        name: _onset(float(risks.reactions[name][arm][0]), u[name], n_doses, len(design.doses_d))
        for name, reaction in safety.reactions.items()
        if not reaction.part_of
    }
    for name, reaction in safety.reactions.items():
        if reaction.part_of:
            whole = float(risks.reactions[reaction.part_of][arm][0])
            part = float(risks.reactions[name][arm][0]) / whole if whole else 0.0
            onset[name] = np.where(u[name] < part, onset[reaction.part_of], 0)
    if arm == "treated":
        serious = simulate_serious(safety, exposure_d, seed=seed, start=start, risks=risks)
    else:
        serious = _collected([])  # none was seen on placebo: they are the medicine's (assumed)
    return SimulatedArm(
        arm=arm,
        exposure_d=exposure_d,
        n_doses=n_doses,
        onset_dose={name: onset[name] for name in safety.reactions},
        readings_d=design.readings_d,
        csf={
            name: _csf_levels(safety, value, arm, risks, exposure_d, seed, start)
            for name, value in safety.csf.items()
        },
        serious=serious,
    )


def _check_arm(arm: str) -> None:
    if arm not in ARMS:
        raise ModelError(f"no arm {shown(arm)}; there are {', '.join(ARMS)}")


def _exposure(
    given: Float[np.ndarray, " participant"] | None, n: int, most_d: float
) -> Float[np.ndarray, " participant"]:
    exposure_d = np.full(n, float(most_d)) if given is None else np.asarray(given, dtype=float)
    if exposure_d.shape != (n,):
        raise ModelError(f"{exposure_d.size} exposures for {n} participants; give each one theirs")
    outside = exposure_d[~((exposure_d > 0) & (exposure_d <= most_d))]
    if len(outside):
        raise ModelError(
            f"an exposure of {outside[0]:g} d; expected above 0 and at most {most_d:g} d, which is "
            "as far as the published counts go"
        )
    return exposure_d


def _begun(p: float, n_visits: int) -> Float[np.ndarray, " dose"]:
    """Return the probability that it has begun by dose 0, 1 … V."""
    return np.asarray(1 - (1 - p) ** (np.arange(n_visits + 1) / n_visits))


def _onset(
    p: float,
    u: Float[np.ndarray, " participant"],
    n_doses: Int[np.ndarray, " participant"],
    n_visits: int,
) -> Int[np.ndarray, " participant"]:
    """Return the first dose by which the probability reaches u; 0 for never."""
    first = np.searchsorted(_begun(p, n_visits)[1:], u) + 1
    return np.where(first <= n_doses, first, 0)


def _csf_levels(
    safety: Safety,
    value: CsfValue,
    arm: str,
    risks: Risks,
    exposure_d: Float[np.ndarray, " participant"],
    seed: int,
    start: int,
) -> Float[np.ndarray, "participant time"]:
    """Return a value in CSF before each dose and at the end.

        value(i, j) = max(b_i, limit exp(spread (Φ⁻¹(F_j) + z_i)))

        b_i   before the first dose, log-normal and not above the limit
        F_j   1 − (1 − p)^(j/V) after j doses, p the share that shifts to high
        z_i   −Φ⁻¹(u_i), one standard normal deviate a person

    So the share above the limit is F_j, nobody comes down again, and a person is high by the
    visit at which the reaction is reported, which hangs on the same u_i. All of this but p is
    assumed. There is no error of measurement.
    """
    n, n_visits = len(exposure_d), len(safety.design.doses_d)
    reported = risks.reactions[value.reported_as][arm][0]
    p = max(float(risks.shifts[value.name][arm][0]), float(reported))  # who reports it has it
    limit = value.upper_limit.value
    up_to = math.log(limit / value.baseline_median.value) / value.baseline_sd.value
    normal = (1 + math.erf(up_to / math.sqrt(2))) / 2
    at_first = uniforms(f"safety:{arm}:{value.name}:baseline", n, seed, start)
    baseline = value.baseline_median.value * np.exp(
        value.baseline_sd.value * quantile(normal * at_first)
    )
    z = -quantile(uniforms(f"safety:{arm}:{value.name}", n, seed, start))
    rise = quantile(_begun(p, n_visits))  # −∞ before the first dose
    risen = limit * np.exp(value.spread.value * (rise + z[:, None]))
    level = np.maximum(baseline[:, None], risen)
    return np.where(safety.design.readings_d <= exposure_d[:, None], level, np.nan)


def simulate_serious(
    safety: Safety,
    exposure_d: Float[np.ndarray, " participant"],
    *,
    seed: int,
    start: int = 0,
    risks: Risks | None = None,
) -> SeriousEvents:
    """Simulate serious neurologic events of treated participants start … start + n − 1.

    A Poisson process of each kind while the number of doses given lies in the published range:

        rate = g / T_w,   g events the pool expects, T_w patient-years of the pool in that window

    so that people exposed as the pool was have g events, and none begins outside the range. Doses
    are taken as given on schedule. CSF at the event is log-uniform over the published range and
    not tied to the course of the person's values, which do not foretell the event
    (doi:10.1002/mus.28372). An exposure may be as long as the longest of the pool.
    """
    risks = safety.seen() if risks is None else risks
    n = len(exposure_d)
    exposure_d = _exposure(exposure_d, n, safety.pool.longest_d)
    found: list[SeriousEvents] = []
    for name, kind in safety.kinds.items():
        first_d, end_d = safety.window_d(name)
        rate = safety.rate_in_window(name, float(risks.events[name][0]))
        dose_days = safety.design.dose_days(kind.doses_before[1] + 1)
        until_d = np.minimum(exposure_d, end_d)
        onset_d, count = np.full(n, first_d), 0
        while (onset_d < until_d).any():
            stream = f"safety:{name}:{count}"
            onset_d = onset_d - np.log(uniforms(stream, n, seed, start)) / rate
            hit = np.flatnonzero(onset_d < until_d)
            csf = {
                value: low * (high / low) ** uniforms(f"{stream}:{value}", n, seed, start)[hit]
                for value, (low, high) in kind.at_event.items()
            }
            found.append(
                SeriousEvents(
                    participant=start + hit,
                    kind=np.full(len(hit), name),
                    onset_d=onset_d[hit],
                    onset_dose=np.searchsorted(dose_days, onset_d[hit], side="right"),
                    csf=csf,
                )
            )
            count += 1
    return _collected(found)


def _collected(found: Sequence[SeriousEvents]) -> SeriousEvents:
    """Put events together, in the order of participants and days."""
    participant = _joined((e.participant for e in found), np.zeros(0, dtype=np.int64))
    onset_d = _joined((e.onset_d for e in found), np.zeros(0))
    order = np.lexsort((onset_d, participant))
    return SeriousEvents(
        participant=participant[order],
        kind=_joined((e.kind for e in found), np.zeros(0, dtype=str))[order],
        onset_d=onset_d[order],
        onset_dose=_joined((e.onset_dose for e in found), np.zeros(0, dtype=np.int64))[order],
        csf={value: _joined((e.csf[value] for e in found), np.zeros(0))[order] for value in CSF},
    )


def _joined(parts: Iterable[np.ndarray], empty: np.ndarray) -> np.ndarray:
    return np.concatenate([empty, *parts])


# ---- the table of adverse events


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One reaction or kind of event: how many people had it at least once, by arm."""

    name: str
    says: str
    counts: Mapping[str, Count]

    def __str__(self) -> str:
        cells = "".join(f"{_cell(self.counts[arm]):>12}" for arm in ARMS)
        return f"  {self.says:<36}{cells}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEventTable:
    """The adverse events of a trial as a label prints them; `print` shows it.

    reactions  those the rule of the label selects (all, if no rule was applied), commonest first
    puncture   reactions of the lumbar puncture, which both arms have
    serious    serious neurologic events by kind, and any
    rule       what selected the reactions; None for all of them
    """

    medicine: str
    n: Mapping[str, int]
    reactions: tuple[TableRow, ...]
    puncture: tuple[TableRow, ...]
    serious: tuple[TableRow, ...]
    rule: TableRule | None

    def __str__(self) -> str:
        heads = "".join(f"{head:>12}" for head in (self.medicine, "placebo"))
        sizes = "".join(f"{f'n = {self.n[arm]}':>12}" for arm in ARMS)
        title = "Adverse reactions"
        if self.rule:
            least, points = self.rule.least_percent, self.rule.more_than_points
            title = f"At least {least:g} %, more than {points:g} points above placebo"
        lines = [f"{'People with at least one, n (%)':<38}{heads}", f"{'':38}{sizes}", title]
        lines += [str(row) for row in self.reactions] or ["  none"]
        lines += ["Of the lumbar puncture", *map(str, self.puncture)]
        lines += ["Serious neurologic events", *map(str, self.serious)]
        return "\n".join(lines)


def _cell(count: Count) -> str:
    # half up, as a label rounds; Python would round 2.5 to 2
    return f"{count.x} ({math.floor(100 * count.share + 0.5)})"


def adverse_event_table(trial: SimulatedSafety, *, by_label_rule: bool = True) -> AdverseEventTable:
    """Return the table of adverse events of a simulated trial.

    by_label_rule  whether to show only what the rule of the label's table selects
    """
    safety, arms = trial.safety, trial.arms
    return _table(
        safety,
        {
            name: {arm: arms[arm].having(name) for arm in ARMS}
            for name, reaction in safety.reactions.items()
            if not reaction.part_of
        },
        {
            kind: {arm: Count(x=arms[arm].serious.having(kind), n=arms[arm].n) for arm in ARMS}
            for kind in (*safety.kinds, ANY_SERIOUS)
        },
        safety.table_rule if by_label_rule else None,
    )


def published_table(safety: Safety, *, by_label_rule: bool = True) -> AdverseEventTable:
    """Return the same table of the pivotal trial, from its published counts."""
    n = safety.design.n
    in_trial = {name: kind.in_trial for name, kind in safety.kinds.items()}
    in_trial[ANY_SERIOUS] = sum(in_trial.values())  # each had one
    return _table(
        safety,
        {name: r.seen for name, r in safety.reactions.items() if not r.part_of},
        {
            name: {"treated": Count(x=x, n=n["treated"]), "placebo": Count(x=0, n=n["placebo"])}
            for name, x in in_trial.items()
        },
        safety.table_rule if by_label_rule else None,
    )


def _table(
    safety: Safety,
    reactions: Mapping[str, Mapping[str, Count]],
    serious: Mapping[str, Mapping[str, Count]],
    rule: TableRule | None,
) -> AdverseEventTable:
    rows = [
        TableRow(name=name, says=safety.reactions[name].says, counts=counts)
        for name, counts in reactions.items()
    ]
    rows.sort(key=lambda row: -row.counts["treated"].share)  # stable: else the order of the file
    puncture = [row for row in rows if safety.reactions[row.name].is_of_puncture]
    shown = [row for row in rows if row not in puncture]
    if rule is not None:
        shown = [row for row in rows if rule.holds(*(row.counts[arm] for arm in ARMS))]
    any_counts = serious[ANY_SERIOUS]
    return AdverseEventTable(
        medicine=safety.medicine,
        n={arm: any_counts[arm].n for arm in ARMS},
        reactions=tuple(shown),
        puncture=tuple(puncture),
        serious=tuple(
            TableRow(
                name=name,
                says="Any of these" if name == ANY_SERIOUS else safety.kinds[name].says,
                counts=counts,
            )
            for name, counts in serious.items()
        ),
        rule=rule,
    )


# ---- against what was published


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A number that a study printed, to hold the model against.

    of             a reaction, a total of `overall`, a value of `csf`, a kind of serious event or
                   ANY_SERIOUS
    n              participants, of whom x (or a percentage) had it at least once; or
    patient_years  the exposure in which x events of a serious kind were counted
    exposure_d     days of exposure, one for each or one for all; the pivotal trial if not given
    """

    id: str
    arm: str
    of: str
    x: int | None = None
    percent: float | None = None
    n: int | None = None
    patient_years: float | None = None
    exposure_d: float | Float[np.ndarray, " participant"] | None = None

    def __post_init__(self) -> None:
        _check_arm(self.arm)
        if (self.x is None) == (self.percent is None):
            raise ModelError(f"{self.id}: give the number that had it, x, or a percentage")
        if (self.n is None) == (self.patient_years is None):
            raise ModelError(f"{self.id}: give the size of the study, n, or its patient-years")
        if self.percent is not None and self.n is None:
            raise ModelError(f"{self.id}: a percentage is of n participants; give n")

    @property
    def observed(self) -> int:
        """The count: as given, or the nearest to the percentage."""
        if self.x is not None:
            return self.x
        return round((self.percent or 0.0) * (self.n or 0) / 100)


def predictive(
    safety: Safety, statistics: Sequence[Statistic], n: int, seed: int, start: int = 0
) -> dict[str, Int[np.ndarray, " draw"]]:
    """Return by id what studies of these sizes would count: posterior predictive draws, (draw,).

        x ~ Binomial(n, p)         p a posterior draw: beta-binomial
        x ~ Poisson(g T / T_pool)  g a posterior draw: negative binomial, for patient-years

    Participants with a serious event have p = 1 − exp(−Λ), Λ what the rate in its window comes to
    over their exposure. A study that the posterior was built on must come out inside; that tests
    the arithmetic and not the model.
    """
    risks = safety.draw(n, seed, start)
    found = {}
    for s in statistics:
        u = uniforms(f"predictive:{s.id}", n, seed, start)
        if s.n is not None:
            found[s.id] = _binomial(u, s.n, _probability(safety, risks, s))
        else:
            years = s.patient_years or 0.0
            found[s.id] = _poisson(u, _events(safety, risks, s) * years / safety.pool.patient_years)
    return found


def _kinds(safety: Safety, s: Statistic) -> list[str]:
    """Return the kinds of serious event a statistic counts; none if it counts another thing."""
    return list(safety.kinds) if s.of == ANY_SERIOUS else [k for k in safety.kinds if k == s.of]


def _events(safety: Safety, risks: Risks, s: Statistic) -> Float[np.ndarray, " draw"]:
    kinds = _kinds(safety, s)
    if not kinds:
        known = [*safety.kinds, ANY_SERIOUS]
        raise ModelError(
            f"{s.id}: events in patient-years are of a serious kind, not of {shown(s.of)}."
            f"{nearest(s.of, known)}"
        )
    total = np.asarray(sum(risks.events[kind] for kind in kinds))
    return total if s.arm == "treated" else np.zeros_like(total)


def _probability(safety: Safety, risks: Risks, s: Statistic) -> Float[np.ndarray, " draw"]:
    """Return the probability that a participant of the study has it at least once."""
    design, kinds = safety.design, _kinds(safety, s)
    most_d = safety.pool.longest_d if kinds else design.duration_d
    given = design.duration_d if s.exposure_d is None else s.exposure_d
    exposure_d = _exposure(np.atleast_1d(given).astype(float), np.size(given), most_d)
    if kinds:
        expected = np.zeros((len(next(iter(risks.events.values()))), len(exposure_d)))
        for kind in kinds if s.arm == "treated" else ():
            first_d, end_d = safety.window_d(kind)
            days = np.clip(exposure_d, first_d, end_d) - first_d
            expected += np.outer(risks.events[kind], safety.rate_in_window(kind, 1.0) * days)
        return np.asarray(-np.expm1(-expected).mean(axis=1))
    held = {**risks.reactions, **risks.shifts}
    if s.of not in held:
        raise ModelError(
            f"{s.id}: nothing is known of {shown(s.of)}."
            f"{nearest(s.of, [*held, *safety.kinds, ANY_SERIOUS])}"
        )
    part = (np.array(design.doses_d) < exposure_d[:, None]).sum(axis=1) / len(design.doses_d)
    return np.asarray((1 - (1 - held[s.of][s.arm][:, None]) ** part).mean(axis=1))


def _binomial(
    u: Float[np.ndarray, " draw"], n: int, p: Float[np.ndarray, " draw"]
) -> Int[np.ndarray, " draw"]:
    """Return the quantiles u of Binomial(n, p)."""
    x = np.arange(n)  # n itself is what is left
    ways = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(n)]
    p = np.clip(p, 1e-300, 1 - 2.0**-53)[:, None]
    return _below(u, np.array(ways) + x * np.log(p) + (n - x) * np.log1p(-p))


def _poisson(
    u: Float[np.ndarray, " draw"], mean: Float[np.ndarray, " draw"]
) -> Int[np.ndarray, " draw"]:
    """Return the quantiles u of Poisson(mean)."""
    highest = mean.max(initial=0.0)
    x = np.arange(int(highest + 12 * math.sqrt(highest)) + 40)
    log_factorial = np.array([math.lgamma(k + 1) for k in x])
    mean = np.maximum(mean, 1e-300)[:, None]
    return _below(u, x * np.log(mean) - mean - log_factorial)


def _below(
    u: Float[np.ndarray, " draw"], log_pmf: Float[np.ndarray, "draw x"]
) -> Int[np.ndarray, " draw"]:
    return np.asarray((np.cumsum(np.exp(log_pmf), axis=1) < u[:, None]).sum(axis=1))
