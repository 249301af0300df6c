"""What a population says about published numbers: each statistic as the report defined it.

The studies behind the targets are run in virtual people (`trial.study`), and every target is
read from them. With many replicates of the real size the spread of a statistic is its sampling
error; with one replicate of many more people its value is the expected one, and the standard
error at the real size follows from the spread between people.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from thecal.errors import ModelError
from thecal.infer.evidence import Target
from thecal.model.population import Population
from thecal.model.variability import ByLevel
from thecal.shapes import Float
from thecal.trial import endpoints
from thecal.trial.study import INTERVAL_D, PLACEBO, RICH_H, ArmData, Study, simulate_arm
from thecal.units import MONTH_D

TREATED = "tofersen 100 mg"
BOTH = (TREATED, PLACEBO)
ARMS: Mapping[str, tuple[str, ...]] = {  # words of the reports that are no arm of a study
    "all": BOTH,
    "both": BOTH,
    "tofersen vs placebo": BOTH,
    "tofersen minus placebo/delayed": BOTH,
    "100 mg vs 20 mg": (TREATED, "tofersen 20 mg"),
    "tofersen": (TREATED,),
    "tofersen 10 mg single dose": ("tofersen 10 mg",),
    "tofersen 10-60 mg": ("tofersen 60 mg",),  # the highest says most of a bound from above
}
AGAINST_PLACEBO = (  # statistics that need both, whichever arm they are of
    "gmr ratio",
    "gmr percent difference",
    "difference",
    "adjusted difference",
    "adjusted mean change",
)
ANALYSED = 166  # people behind the regulators' population model
OTHER_STRUCTURE = 0.15  # relative: how far the same number of another structure may lie; ours
FULL_DOSE_MG = 100.0
RUN_IN_D = 42.0  # from screening to the first visit after the first dose
SHARED = "mad"  # study whose first doses stand for those of others, in many people
RICH = ("auc24", "auc interval", "cmax", "tmax")
NEEDS = {  # outputs that a statistic reads at the visits, beside its own
    "spearman nfl change": ("alsfrs_r",),
    "deaths": ("survival",),
    "completed": ("survival",),
    "plasma late": ("plasma",),
}
AT_BASELINE = ("baseline mean", "baseline geometric mean", "baseline median", "run-in change")
COUNTED = ("share", "adverse", "serious in trial", "serious in pool")  # not of these studies

Seen = Float[np.ndarray, "replicate person"]
Values = Float[np.ndarray, "replicate person *time"]
Numbers = Float[np.ndarray, " replicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the model says about one target, by replicate.

    values  the statistic, in the unit of the target
    error   its standard error at the size of the real study (of ln for a ratio); NaN if unknown
    """

    values: Numbers
    error: Numbers


def simulated(targets: Iterable[Target]) -> list[Target]:
    """Return the targets that these studies tell about."""
    return [t for t in targets if t.is_predicted and t.statistic not in COUNTED]


def predict(
    targets: Iterable[Target],
    population: Population,
    studies: Mapping[str, Study],
    *,
    seed: int,
    draws: Sequence[Mapping[str, float]] = (),
    people: int = 0,
    accuracy: str = "default",
    memory: dict[object, object] | None = None,
) -> dict[str, Prediction]:
    """Predict every target that rests on a study, once for each draw of the population's numbers.

    draws   numbers that differ between replicates; none for one replicate of the population
    people  about how many in each arm instead of the real number; the arms of a study then have
            the same people (common random numbers), so a difference carries little noise
    memory  keeps the covariates of people, which no calibrated number changes: hand the same
            dict to the next call with the same people
    """
    asked = simulated(targets)
    seen = _Seen(population, draws, studies, seed, people, accuracy, asked, memory)
    found = {}
    for target in asked:
        with np.errstate(all="ignore"):
            found[target.id] = _STATISTICS[target.statistic](target, seen)
    return found


class _Seen:
    """The arms that targets need, each simulated once and only as far as it is needed."""

    def __init__(
        self,
        population: Population,
        draws: Sequence[Mapping[str, float]],
        studies: Mapping[str, Study],
        seed: int,
        people: int,
        accuracy: str,
        targets: Iterable[Target],
        memory: dict[object, object] | None,
    ) -> None:
        self.memory = memory
        self.population, self.draws, self.studies = population, draws or [{}], studies
        self.numbers = {name: np.array([d[name] for d in self.draws]) for name in self.draws[0]}
        self.seed, self.people, self.accuracy = seed, people, accuracy
        self.outputs: dict[tuple[str, str], dict[str, None]] = {}
        self.rich: set[tuple[str, str]] = set()
        self.made: dict[tuple[str, str, bool], ArmData] = {}
        for target in targets:
            for arm in arms_of(target) if target.study else ():
                key = (target.study, arm)
                wanted = self.outputs.setdefault(key, {})
                if target.statistic in AT_BASELINE:
                    names: tuple[str, ...] = ()
                elif target.statistic in RICH:
                    if target.statistic == "auc interval":
                        self.rich.add(key)
                    names = ()
                else:
                    names = (*NEEDS.get(target.statistic, ()), *filter(None, [target.output]))
                wanted.update(dict.fromkeys(names))

    def arm(self, study: str, arm: str, *, first_dose: bool = False) -> ArmData:
        """Return one arm; `first_dose` with plasma after it, when nobody has antibodies yet."""
        if first_dose and self.people and SHARED in self.studies:
            # The first dose is the same in every study, and so are many people.
            study = SHARED if arm in self.studies[SHARED].arms else study
        key = (study, arm, first_dose)
        if key not in self.made:
            held = self.studies[study].arm(arm)
            if self.people:
                # In the proportions of the largest arm, so that arms have the same people.
                most = max(self.studies[study].arms.values(), key=lambda a: a.size)
                held = replace(held, n=most.times(self.people / most.size).n)
            self.made[key] = simulate_arm(
                held,
                self.studies[study],
                self.population,
                numbers=self.numbers,
                seed=self.seed,
                outputs=() if first_dose else tuple(self.outputs.get((study, arm), ())),
                stream=study if self.people else f"{study}:{arm}",
                rich="first" if first_dose else "last" if (study, arm) in self.rich else "",
                ada_negative=first_dose,
                accuracy=self.accuracy,
                memory=self.memory,
            )
        return self.made[key]

    def size(self, target: Target, arm: str) -> int:
        """How many people of the real study a target rests on in an arm."""
        real = self.studies[target.study].arm(arm)
        count = real.size if target.stratum == "all" else real.n[target.stratum]
        one_arm = target.n and arms_of(target) == (arm,)
        return min(target.n, count) if one_arm else count


def arms_of(target: Target) -> tuple[str, ...]:
    """Return the arms of its study that a target rests on, the treated one first."""
    arms = ARMS.get(target.arm, (target.arm,))
    if target.statistic in AGAINST_PLACEBO:
        return (TREATED if arms[0] == PLACEBO else arms[0], PLACEBO)
    return arms


# --- the statistics -----------------------------------------------------------------------


def _of_mean(values: Seen, n: int, unit: float = 1.0) -> Prediction:
    """Return the mean of people, and its standard error among n of them."""
    spread = values.std(axis=-1, ddof=1) if values.shape[-1] > 1 else values[..., 0] * np.nan
    return Prediction(values=unit * values.mean(-1), error=unit * spread / math.sqrt(n))


def _of_median(values: Seen, n: int) -> Prediction:
    # the asymptotic error of a median of a normal: √(π/2) times that of the mean
    spread = values.std(axis=-1, ddof=1) if values.shape[-1] > 1 else values[..., 0] * np.nan
    error = math.sqrt(math.pi / 2) * spread / math.sqrt(n)
    return Prediction(values=np.median(values, axis=-1), error=error)


def _some(values: Values, n: int) -> Float[np.ndarray, "replicate some *time"]:
    """Return n of the people, of every stratum in proportion."""
    held = values.shape[1]
    return values[:, (np.arange(min(n, held)) * held) // min(n, held)]


def _rng(seen: _Seen, *words: str) -> np.random.Generator:
    """Return a generator for what one target adds to the study, named by these words."""
    return np.random.default_rng([seen.seed, zlib.crc32(":".join(words).encode())])


def _column(target: Target, seen: _Seen, output: str, day: float, arm: str) -> tuple[Seen, int]:
    data = seen.arm(target.study, arm)
    values = data.measured[output][:, data.of(target.stratum), data.visit(day)]
    return values, seen.size(target, arm)


def _trough(target: Target, seen: _Seen, day: float, arm: str) -> tuple[Seen, int]:
    values, n = _column(target, seen, target.output, day, arm)
    return values * 1000, n  # mg/L to ng/mL


def _trough_mean(target: Target, seen: _Seen) -> Prediction:
    return _of_mean(*_trough(target, seen, target.day, arms_of(target)[0]))


def _trough_cv(target: Target, seen: _Seen) -> Prediction:
    values, n = _trough(target, seen, target.day, arms_of(target)[0])
    cv = endpoints.cv_percent(values)
    # of a log-normal sample, to first order: CV √((1/2 + CV²)/n)
    share = cv / 100
    return Prediction(values=cv, error=cv * np.sqrt((0.5 + share**2) / n))


def _trough_ratio(target: Target, seen: _Seen) -> Prediction:
    parts = [_trough(target, seen, target.day, arm) for arm in arms_of(target)]
    means = [_of_mean(values, n) for values, n in parts]
    error = np.sqrt(sum((m.error / m.values) ** 2 for m in means))
    return Prediction(values=means[0].values / means[1].values, error=error)


def _trough_accumulation(target: Target, seen: _Seen) -> Prediction:
    arm = arms_of(target)[0]
    late, n = _trough(target, seen, target.day, arm)
    early, _ = _trough(target, seen, 28.0, arm)
    ratio = late.mean(-1) / early.mean(-1)
    spread = np.log(late / early).std(axis=-1, ddof=1)
    return Prediction(values=ratio, error=ratio * spread / math.sqrt(n))


def _largest(target: Target, seen: _Seen) -> Prediction:
    values, _ = _trough(target, seen, target.day, arms_of(target)[0])
    size = seen.size(target, arms_of(target)[0])
    return Prediction(values=_some(values, size).max(-1), error=np.full(len(values), np.nan))


def _plasma_late(target: Target, seen: _Seen) -> Prediction:
    values, n = _trough(target, seen, target.day, arms_of(target)[0])
    return _of_median(values, n)


def _plasma_trough(target: Target, seen: _Seen) -> Prediction:
    """Return the typical trough with or without antibodies: the regulators' is typical too."""
    arm = arms_of(target)[0]
    data = seen.arm(target.study, arm)
    values = np.log(data.true["plasma"][..., data.visit(target.day)] * 1000)
    has = data.covariates["ada"] == target.statistic.removeprefix("plasma trough ")
    middle = np.exp(np.where(has, values, 0).sum(-1) / has.sum(-1))
    off = np.where(has, values - np.log(middle)[:, None], 0)
    spread = np.sqrt((off**2).sum(-1) / has.sum(-1))
    error = np.hypot(spread / math.sqrt(target.n or 1), OTHER_STRUCTURE)
    return Prediction(values=middle, error=middle * error)


def _rich(target: Target, seen: _Seen) -> tuple[Values, int]:
    arm = arms_of(target)[0]
    data = seen.arm(target.study, arm, first_dose=True)
    assert data.rich is not None
    n = target.n or seen.size(target, arm)
    held = data.rich if seen.people else _some(data.rich, n)
    return held * 1000, n


def _auc24(target: Target, seen: _Seen) -> Prediction:
    values, n = _rich(target, seen)
    return _of_mean(endpoints.auc(np.array(RICH_H), values), n)


def _cmax(target: Target, seen: _Seen) -> Prediction:
    values, n = _rich(target, seen)
    return _of_mean(values.max(-1), n)


def _tmax(target: Target, seen: _Seen) -> Prediction:
    values, n = _rich(target, seen)
    return _of_median(endpoints.tmax(np.array(RICH_H), values), n)


def _auc_interval(target: Target, seen: _Seen) -> Prediction:
    arm = arms_of(target)[0]
    data = seen.arm(target.study, arm)
    assert data.interval is not None
    n = target.n or seen.size(target, arm)
    held = data.interval if seen.people else _some(data.interval, n)
    return _of_mean(endpoints.auc(np.array(INTERVAL_D) * 24, held * 1000), n)


def _baseline(target: Target, seen: _Seen) -> tuple[Seen, int]:
    """Return a covariate of everybody in the arms named."""
    name = target.output.removeprefix("-")
    sign = -1.0 if target.output.startswith("-") else 1.0
    parts = []
    for arm in arms_of(target):
        data = seen.arm(target.study, arm)
        held = data.covariates
        value = (48 - held["alsfrs_r"]) / held["slope_pre"] if name == "months" else held[name]
        parts.append(value[:, data.of(target.stratum)])
    n = target.n or sum(seen.size(target, arm) for arm in arms_of(target))
    return sign * np.concatenate(parts, axis=-1), n


def _baseline_mean(target: Target, seen: _Seen) -> Prediction:
    return _of_mean(*_baseline(target, seen))


def _baseline_geometric_mean(target: Target, seen: _Seen) -> Prediction:
    values, n = _baseline(target, seen)
    log = _of_mean(np.log(values), n)
    return Prediction(values=np.exp(log.values), error=log.error)


def _baseline_median(target: Target, seen: _Seen) -> Prediction:
    return _of_median(*_baseline(target, seen))


def _run_in(target: Target, seen: _Seen) -> Prediction:
    """Six weeks of decline as in the study if untreated, between two measured scores."""
    arm = arms_of(target)[0]
    data = seen.arm(target.study, arm)
    slope = data.people["slope"][:, data.of(target.stratum)]
    rng = _rng(seen, target.statistic, target.study, arm, target.stratum)
    error = math.sqrt(2) * seen.population.residual["alsfrs_r"].sd_add
    change = -slope * RUN_IN_D / MONTH_D + error * rng.standard_normal(slope.shape)
    return _of_mean(change, target.n or seen.size(target, arm))


def _change(target: Target, seen: _Seen, arm: str) -> tuple[Seen, int]:
    last, n = _column(target, seen, target.output, target.day, arm)
    first, _ = _column(target, seen, target.output, 0.0, arm)
    if target.output in ("csf_sod1", "nfl"):
        return endpoints.log_change(last, first), n
    return last - first, n


def _gmr(target: Target, seen: _Seen) -> Prediction:
    log = _of_mean(*_change(target, seen, arms_of(target)[0]))
    return Prediction(values=np.exp(log.values), error=log.error)


def _gmr_percent(target: Target, seen: _Seen) -> Prediction:
    ratio = _gmr(target, seen)
    return Prediction(values=(ratio.values - 1) * 100, error=ratio.values * ratio.error * 100)


def _two(target: Target, seen: _Seen) -> tuple[Prediction, Prediction]:
    first, second = (_of_mean(*_change(target, seen, arm)) for arm in arms_of(target))
    return first, second


def _gmr_ratio(target: Target, seen: _Seen) -> Prediction:
    a, b = _two(target, seen)
    return Prediction(values=np.exp(a.values - b.values), error=np.hypot(a.error, b.error))


def _gmr_difference(target: Target, seen: _Seen) -> Prediction:
    a, b = _two(target, seen)
    first, second = np.exp(a.values), np.exp(b.values)
    error = np.hypot(first * a.error, second * b.error)
    return Prediction(values=(first - second) * 100, error=error * 100)


def _mean_change(target: Target, seen: _Seen) -> Prediction:
    return _of_mean(*_change(target, seen, arms_of(target)[0]))


def _difference(target: Target, seen: _Seen) -> Prediction:
    a, b = _two(target, seen)
    return Prediction(values=a.values - b.values, error=np.hypot(a.error, b.error))


def _adjusted(target: Target, seen: _Seen) -> Prediction:
    """At the pooled mean of ln NfL at baseline."""
    parts = [_change(target, seen, arm) for arm in (TREATED, PLACEBO)]
    logs = []
    for arm in (TREATED, PLACEBO):
        data = seen.arm(target.study, arm)
        logs.append(np.log(data.covariates["nfl"][:, data.of(target.stratum)]))
    a, b, apart = endpoints.adjusted(parts[0][0], parts[1][0], (logs[0], logs[1]))
    errors = [_of_mean(values, n).error for values, n in parts]
    if target.statistic == "adjusted difference":
        return Prediction(values=apart, error=np.hypot(*errors))
    is_placebo = target.arm == PLACEBO
    return Prediction(values=b if is_placebo else a, error=errors[is_placebo])


def _slope(target: Target, seen: _Seen) -> Prediction:
    arm = arms_of(target)[0]
    data = seen.arm(target.study, arm)
    until = data.visits_d <= target.day
    values = data.measured[target.output][:, data.of(target.stratum)][..., until]
    slopes = endpoints.slope_per_month(data.visits_d[until], values, MONTH_D)
    return _of_mean(slopes, target.n or seen.size(target, arm))


def _spearman(target: Target, seen: _Seen) -> Prediction:
    arm = arms_of(target)[0]
    data = seen.arm(target.study, arm)
    change, _ = _change(target, seen, arm)
    n = target.n or seen.size(target, arm)
    r = endpoints.spearman(data.covariates["nfl"][:, data.of(target.stratum)], change)
    return Prediction(values=r, error=(1 - r**2) / math.sqrt(n - 1))


def _plateau(target: Target, seen: _Seen) -> Prediction:
    arm = arms_of(target)[0]
    data = seen.arm(target.study, arm)
    values = data.measured[target.output][:, data.of(target.stratum)]
    curve = np.exp(np.log(values / values[..., :1]).mean(axis=1))
    days = endpoints.plateau_day(data.visits_d, curve)
    return Prediction(values=days, error=np.full(len(days), np.nan))


def _deaths(target: Target, seen: _Seen) -> Prediction:
    """How many died or needed permanent ventilation: a count of people with these chances."""
    total: Numbers = np.zeros(len(seen.draws))
    expected: Numbers = np.zeros(len(seen.draws))
    for arm in arms_of(target):
        data = seen.arm(target.study, arm)
        risk = 1 - data.true["survival"][:, data.of(target.stratum), data.visit(target.day)]
        n = seen.size(target, arm)
        expected = expected + risk.mean(-1) * n
        rng = _rng(seen, target.statistic, target.study, arm, target.stratum)
        total = total + (rng.random(risk.shape) < risk).sum(-1)
    if seen.people:
        return Prediction(values=expected, error=np.sqrt(np.maximum(expected, 0.7)))
    return Prediction(values=total, error=np.full(len(total), np.nan))


def _completed(target: Target, seen: _Seen) -> Prediction:
    """Return how many stayed: alive without permanent ventilation, and not withdrawn."""
    study = seen.studies[target.study]
    stays = math.exp(-study.withdrawal_per_month * target.day / MONTH_D)
    total: Numbers = np.zeros(len(seen.draws))
    expected: Numbers = np.zeros(len(seen.draws))
    for arm in arms_of(target):
        data = seen.arm(target.study, arm)
        chance = stays * data.true["survival"][:, data.of(target.stratum), data.visit(target.day)]
        expected = expected + chance.mean(-1) * seen.size(target, arm)
        rng = np.random.default_rng([seen.seed, len(arm), len(target.stratum), 8])
        total = total + (rng.random(chance.shape) < chance).sum(-1)
    error = np.sqrt(expected * (1 - expected / max(target.n, 1)))
    return Prediction(values=expected if seen.people else total, error=error)


def _number(target: Target, seen: _Seen) -> Prediction:
    """Return a number of the regulators' population models, from the numbers of this one."""
    asked = (seen.population.with_values(draw) for draw in seen.draws)
    found = [NUMBERS[target.output](population) for population in asked]
    values = np.array([value for value, _ in found])
    error = np.array([sd for _, sd in found]) / math.sqrt(target.n or ANALYSED)
    error = np.maximum(error, OTHER_STRUCTURE)
    if not seen.people:  # an estimate of theirs errs, too
        rng = _rng(seen, target.statistic, target.output)
        values = values * np.exp(error * rng.standard_normal(len(values)))
    return Prediction(values=values, error=np.abs(values) * error)


def _uptake(population: Population) -> float:
    e = population.estimates
    return e["F_cns"].value / (1 + FULL_DOSE_MG / e["D_cns"].value)


def _apparent(name: str) -> Callable[[Population], tuple[float, float]]:
    def number(population: Population) -> tuple[float, float]:
        e = population.estimates[name]
        unit = 1 / 24 if name == "CL" else 1.0
        return e.value * unit / (1 - _uptake(population)), e.sd

    return number


def _apparent_csf(population: Population) -> tuple[float, float]:
    """Dose over the step of the trough: the volume of a one-compartment model of CSF troughs."""
    e = {name: estimate.value for name, estimate in population.estimates.items()}
    k = math.log(2) / e["t_half_cns"]
    step = _uptake(population) * FULL_DOSE_MG * e["phi"] * k / (e["ka"] * e["V_csf"])
    return FULL_DOSE_MG / step, math.hypot(population.estimates["phi"].sd, 0.3)


def _cl_at(bsa: float) -> Callable[[Population], tuple[float, float]]:
    def number(population: Population) -> tuple[float, float]:
        value, sd = _apparent("CL")(population)
        theta = population.numbers["CL~bsa"]
        return value * (bsa / 1.94) ** theta, sd

    return number


def _stated(
    value: Callable[[Population], float],
) -> Callable[[Population], tuple[float, float]]:
    """Take over a number as it was printed; its error is not published."""
    return lambda population: (value(population), 0.1 * math.sqrt(ANALYSED))


def _factor(population: Population, parameter: str, level: str) -> float:
    (effect,) = (e for e in population.effects[parameter] if isinstance(e, ByLevel))
    return effect.factors[level]


def _cv(name: str) -> Callable[[Population], float]:
    return lambda population: 100 * math.sqrt(math.expm1(population.estimates[name].sd ** 2))


NUMBERS: Mapping[str, Callable[[Population], tuple[float, float]]] = {
    "t_half_cns": lambda p: (p.estimates["t_half_cns"].value, 0.73),
    "K": lambda p: (math.log(2) / p.estimates["t_half_cns"].value / 24, 0.73),
    "V apparent csf": _apparent_csf,
    "CL apparent": _apparent("CL"),
    "V apparent": _apparent("V"),
    "CL bsa 1.37": _cl_at(1.37),
    "CL bsa 2.71": _cl_at(2.71),
    "ka": lambda p: (p.estimates["ka"].value / 24, p.estimates["ka"].sd),
    "residual csf": _stated(lambda p: 100 * math.sqrt(math.expm1(p.residual["csf"].sd_prop ** 2))),
    "V female": _stated(lambda p: 100 * (_factor(p, "V", "female") - 1)),
    "CL~bsa": _stated(lambda p: p.numbers["CL~bsa"]),
    "cv V_per": _stated(_cv("V_per")),
    "cv Q": _stated(_cv("Q")),
    "CL ada": _stated(lambda p: 100 * (1 - _factor(p, "CL", "positive"))),
    "csf_to_plasma_nfl": _stated(lambda p: p.from_record["csf_to_plasma_nfl"].value),
}

_STATISTICS: Mapping[str, Callable[[Target, _Seen], Prediction]] = {
    "trough mean": _trough_mean,
    "trough cv": _trough_cv,
    "trough 100:20": _trough_ratio,
    "trough accumulation": _trough_accumulation,
    "trough largest": _largest,
    "plasma late": _plasma_late,
    "plasma trough positive": _plasma_trough,
    "plasma trough negative": _plasma_trough,
    "auc24": _auc24,
    "auc interval": _auc_interval,
    "cmax": _cmax,
    "tmax": _tmax,
    "number": _number,
    "baseline mean": _baseline_mean,
    "baseline geometric mean": _baseline_geometric_mean,
    "baseline median": _baseline_median,
    "run-in change": _run_in,
    "spearman nfl change": _spearman,
    "slope": _slope,
    "gmr": _gmr,
    "gmr ratio": _gmr_ratio,
    "gmr percent": _gmr_percent,
    "gmr percent difference": _gmr_difference,
    "plateau day": _plateau,
    "mean change": _mean_change,
    "difference": _difference,
    "adjusted mean change": _adjusted,
    "adjusted difference": _adjusted,
    "deaths": _deaths,
    "completed": _completed,
}


def check_known(targets: Iterable[Target], studies: Mapping[str, Study]) -> None:
    """Refuse a target whose study, arm, stratum or number nobody knows."""
    for target in simulated(targets):
        if target.statistic == "number":
            if target.output not in NUMBERS:
                raise ModelError(f"{target.id}: no number '{target.output}'")
            continue
        if target.study not in studies:
            raise ModelError(f"{target.id}: no study '{target.study}'")
        for arm in arms_of(target):
            strata = ("all", *studies[target.study].arm(arm).n)
            if target.stratum not in strata:
                raise ModelError(
                    f"{target.id}: no stratum '{target.stratum[:40]}' in {arm} of {target.study}; "
                    f"there are {', '.join(dict.fromkeys(strata))}"
                )
