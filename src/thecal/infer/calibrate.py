"""A population from published summaries: prior and evidence to a posterior of its numbers.

    u ~ N(0, I)                       each number on its own scale, in SDs of its prior
    y_i ~ N(s_i(u), σ_i²)             a published statistic, s_i what the model expects of it

The studies are simulated in many virtual people, the same for every u (common random numbers), so
s is smooth in u. The mode is found by Gauss-Newton steps (Levenberg's damping, derivatives by
differences); then draws from a multivariate t around it are weighted by prior times likelihood
over proposal, in rounds of which each proposes from what the rounds before have learned
(population Monte Carlo, Cappé et al. 2004, doi:10.1198/106186004X12803; all rounds weighted
together as in Owen and Zhou 2000, doi:10.1080/01621459.2000.10473909). The mean weight is the
evidence for the structure.
"""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.infer.evidence import Target
from thecal.infer.predict import Prediction, check_known, predict
from thecal.model.population import Population
from thecal.shapes import Float
from thecal.trial.study import Study

STEP = 0.05  # of a difference, in SDs of the prior
MOST_STEPS = 12
STILL = 0.02  # largest step at the mode, in SDs of the prior
LEVEL = 0.02  # gain in log density that is not worth another step
DEGREES = 30.0  # of freedom of the proposal: tails a little heavier than the posterior's
ROUNDS = (0.4, 0.3, 0.3)  # shares of the draws
DIGITISED = 0.02  # absolute error of a ratio read off a figure
WITHIN = 0.5  # correlation of visits of one arm, for the error of each (ours)
SPREAD_ERROR = 0.2  # of ln of a published standard error: its own sampling, another analysis
RELATIVE = (  # statistics above 0 whose error grows with their value
    "trough mean",
    "trough cv",
    "trough 100:20",
    "auc24",
    "cmax",
    "number",
    "plasma trough positive",
    "plasma trough negative",
)
COUNTS = ("deaths",)
COMPARED = ("gmr ratio", "difference")  # whose published interval tells how people vary


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number to be calibrated.

    at, sd  prior median in canonical units; SD on `scale` ("log", "logit" or "identity")
    """

    name: str
    scale: str
    at: float
    sd: float

    def value(self, u: Any) -> Any:
        """Return the number at u SDs from its prior median."""
        if self.scale == "log":
            return self.at * np.exp(self.sd * u)
        if self.scale == "logit":
            odds = self.at / (1 - self.at) * np.exp(self.sd * u)
            return odds / (1 + odds)
        return self.at + self.sd * u


def numbers_of(population: Population) -> tuple[Number, ...]:
    """Return the numbers of a population that have a prior, in order."""
    held, found = population.numbers, []
    for name, prior in population.priors.items():
        if name not in held:
            raise ModelError(f"a prior of '{name}', which is no number of {population.medicine}")
        # A number at a level has the scale of its parameter; a power may have either sign.
        base = population.estimates.get(name.partition("@")[0])
        scale = "log"
        if base is not None and base.distribution == "logitnormal":
            scale = "logit"
        elif "~" in name or (base is not None and base.distribution == "normal"):
            scale = "identity"
        if (scale == "log" and held[name] <= 0) or (scale == "logit" and not 0 < held[name] < 1):
            raise ModelError(f"{name} is {held[name]:g}; it cannot vary on the scale of its prior")
        found.append(Number(name=name, scale=scale, at=held[name], sd=prior.sd))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The posterior of one structure.

    draws         posterior draws in SDs of the prior, (draw, number), each as likely
    mode          where the posterior is highest
    log_evidence  ln of the mean weight: how well the structure expected the evidence
    effective     how many independent draws the weights are worth
    influence     by number: targets that hold it most, at the mode
    converged     whether the steps to the mode came to rest
    residuals     by target: (published − expected) / error at the mode
    """

    structure: str
    numbers: tuple[Number, ...]
    draws: Float[np.ndarray, "draw number"]
    mode: Float[np.ndarray, " number"]
    log_evidence: float
    effective: float
    influence: Mapping[str, tuple[str, ...]]
    converged: bool
    residuals: Mapping[str, float]
    evaluations: int

    def values(self) -> dict[str, Float[np.ndarray, " draw"]]:
        """Return the draws by name, in canonical units."""
        return {n.name: np.asarray(n.value(self.draws[:, j])) for j, n in enumerate(self.numbers)}

    def middle(self) -> dict[str, float]:
        """Return the posterior mean of each number on its scale, in canonical units."""
        mean = self.draws.mean(axis=0)
        return {n.name: float(n.value(mean[j])) for j, n in enumerate(self.numbers)}

    def contraction(self) -> Float[np.ndarray, " number"]:
        """Return 1 − SD of the posterior / SD of the prior."""
        return np.asarray(1 - self.draws.std(axis=0))

    def directions(self) -> tuple[Float[np.ndarray, " number"], Float[np.ndarray, "number number"]]:
        """Return SDs and axes of the posterior in SDs of the prior, the best informed first."""
        variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(self.draws.T)))
        return np.sqrt(np.maximum(variances, 0)), axes.T


class Fit:
    """One structure held against evidence: residuals at any u."""

    def __init__(
        self,
        population: Population,
        targets: Sequence[Target],
        studies: Mapping[str, Study],
        *,
        seed: int,
        people: int,
    ) -> None:
        check_known(targets, studies)
        self.population, self.studies = population, studies
        self.seed, self.people = seed, people
        self.numbers = numbers_of(population)
        self.used = [
            t for t in targets if (t.use == "calibration" and t.statistic not in NOT_SIMULATED)
        ]
        self.spread = [
            t
            for t in targets
            if t.study == "valor" and t.statistic in COMPARED and t.interval == "95 % CI"
        ]
        asked = {t.id: t for t in (*self.used, *self.spread)}
        self.asked = tuple(asked.values())
        self.memory: dict[Any, Any] = {}
        self.repeats = _repeats(self.used)
        self.errors: dict[str, float] = {}
        self.learn(np.zeros(len(self.numbers)))

    def learn(self, u: Float[np.ndarray, " number"]) -> None:
        """Take the errors of what has no published one from people as they are at u."""
        found = self.predict(u)
        for t in self.used:
            self.errors[t.id] = _error(t, found[t.id]) * math.sqrt(self.repeats[t.id])

    def at(self, u: Float[np.ndarray, " number"]) -> Population:
        """Return the population at u."""
        values = {n.name: float(n.value(u[j])) for j, n in enumerate(self.numbers)}
        return self.population.with_values(values)

    def predict(self, u: Float[np.ndarray, " number"]) -> dict[str, Prediction]:
        """Return what the model expects of each target at u."""
        return predict(
            self.asked,
            self.at(u),
            self.studies,
            seed=self.seed,
            people=self.people,
            memory=self.memory,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What each residual is of."""
        return (*(t.id for t in self.used), *(f"{t.id}.interval" for t in self.spread))

    def residuals(self, u: Float[np.ndarray, " number"]) -> Float[np.ndarray, " residual"]:
        """Return (published − expected) / error of each target; a large number where impossible."""
        try:
            found = self.predict(u)
        except ModelError:  # no person has such numbers
            return np.full(len(self.names), IMPOSSIBLE)
        parts = [
            (_transformed(t, t.value) - _transformed(t, float(found[t.id].values[0])))
            / self.errors[t.id]
            for t in self.used
        ]
        for t in self.spread:
            parts.append(
                math.log(max(float(found[t.id].error[0]), TINY) / t.standard_error()) / SPREAD_ERROR
            )
        found_all = np.array(parts)
        return np.asarray(
            np.nan_to_num(found_all, nan=IMPOSSIBLE, posinf=IMPOSSIBLE, neginf=-IMPOSSIBLE)
        )


IMPOSSIBLE = 1e3
TINY = 1e-12  # instead of 0, where a logarithm is taken
NOT_SIMULATED = ("adverse", "share", "serious in trial", "serious in pool")


def _transformed(target: Target, value: float) -> float:
    if target.statistic in COUNTS:
        return 2 * math.sqrt(value + 3 / 8)  # of a Poisson count, with unit variance (Anscombe)
    if target.is_ratio or target.statistic in RELATIVE:
        return math.log(max(value, TINY))
    return value


def _error(target: Target, found: Prediction) -> float:
    """Return the standard error on the scale of `_transformed`: published, or of such people."""
    if target.statistic in COUNTS:
        return 1.0
    expected, error = float(found.values[0]), float(found.error[0])
    if target.statistic in RELATIVE and not target.is_ratio:
        return error / expected
    if target.statistic == "trough 100:20":
        return error
    published = target.standard_error()
    if not math.isnan(published):
        error = published
    elif math.isnan(error):
        raise ModelError(f"{target.id} has no standard error; it cannot be used for calibration")
    if not target.is_confirmed:
        error = math.hypot(error, DIGITISED / target.value if target.is_ratio else 10 * DIGITISED)
    return error


def _repeats(targets: Iterable[Target]) -> dict[str, float]:
    """Return by how much to inflate variances of statistics that rest on the same people."""
    targets = list(targets)

    def key(t: Target) -> tuple[str, ...]:
        return (t.study, t.arm, t.stratum, t.output)

    counts: dict[tuple[str, ...], int] = {}
    for t in targets:
        counts[key(t)] = counts.get(key(t), 0) + 1
    return {t.id: 1 + WITHIN * (counts[key(t)] - 1) if t.study else 1.0 for t in targets}


# --- many evaluations side by side ----------------------------------------------------------

_fit: Fit | None = None  # of a worker process


def _begin(fit: Fit) -> None:
    global _fit
    _fit = fit
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started it


def _evaluate(u: Float[np.ndarray, " number"]) -> Float[np.ndarray, " residual"]:
    assert _fit is not None
    return _fit.residuals(u)


Many = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


@contextmanager
def _workers(fit: Fit, count: int) -> Iterator[Many]:
    """Evaluate residuals in `count` processes; their number changes no value.

    The processes import the program anew, so a script that calls this needs the usual
    ``if __name__ == "__main__"``.
    """
    if count <= 1:
        yield lambda points: [fit.residuals(u) for u in points]
        return
    from multiprocessing import get_context

    context = get_context("spawn")  # a fork would take the threads of JAX with it, where it runs
    with ProcessPoolExecutor(count, context, initializer=_begin, initargs=(fit,)) as pool:
        yield lambda points: list(pool.map(_evaluate, points))


# --- the posterior ----------------------------------------------------------------------------


def calibrate(
    population: Population,
    structure: str,
    targets: Sequence[Target],
    studies: Mapping[str, Study],
    *,
    seed: int = 1,
    people: int = 1000,
    evaluations: int = 600,
    draws: int = 400,
    workers: int = 0,
    say: Callable[[str], None] = lambda words: None,
) -> Calibration:
    """Find the posterior of one structure.

    people       virtual people in the largest arm of each study
    evaluations  draws that are weighted; draws: how many are kept of them
    workers      processes; 0 for one a core. They change no result
    """
    fit = Fit(population, targets, studies, seed=seed, people=people)
    count = workers or os.cpu_count() or 1
    with _workers(fit, count) as many:
        mode, jacobian, residuals, converged = _mode(fit, many, say)
    fit.learn(mode)  # errors of people as the data have them
    with _workers(fit, count) as many:
        mode, jacobian, residuals, converged = _mode(fit, many, say, start=mode)
        found = _population_monte_carlo(mode, jacobian, many, seed, evaluations, draws, say)
    kept, log_evidence, effective = found
    # The errors are learned in each structure: their density has to count.
    log_evidence -= sum(math.log(error) for error in fit.errors.values())
    influence = {}
    for j, number in enumerate(fit.numbers):
        order = np.argsort(-np.abs(jacobian[:, j]))
        strong = [i for i in order[:5] if abs(jacobian[i, j]) > 0.05]
        influence[number.name] = tuple(fit.names[i] for i in strong)
    return Calibration(
        structure=structure,
        numbers=fit.numbers,
        draws=kept,
        mode=mode,
        log_evidence=log_evidence,
        effective=effective,
        influence=influence,
        converged=converged,
        residuals=dict(zip(fit.names, residuals.tolist(), strict=True)),
        evaluations=evaluations,
    )


def _loss(residuals: np.ndarray, u: np.ndarray) -> float:
    return 0.5 * float(residuals @ residuals + u @ u)


def _mode(
    fit: Fit, many: Many, say: Callable[[str], None], start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """Climb to the highest posterior density; return it with the Jacobian and residuals there."""
    n = len(fit.numbers)
    u = np.zeros(n) if start is None else start
    damping, converged = 1.0 if start is None else 0.01, False
    residuals = many([u])[0]
    for step in range(MOST_STEPS):
        jacobian = _jacobian(u, many)
        gradient = jacobian.T @ residuals + u
        curvature = jacobian.T @ jacobian + np.eye(n)
        levels = [damping * 10.0**k for k in (-1, 0, 1, 2)]
        trials = [
            u - np.clip(np.linalg.solve(curvature + level * np.eye(n), gradient), -1.5, 1.5)
            for level in levels
        ]
        tried = many(trials)
        losses = [_loss(r, t) for r, t in zip(tried, trials, strict=True)]
        best = int(np.argmin(losses))
        before = _loss(residuals, u)
        say(f"step {step + 1}: {before:.2f} to {min(losses):.2f}")
        if losses[best] >= before - LEVEL:
            # At rest, unless the slope promises more than any step gave.
            converged = bool(gradient @ np.linalg.solve(curvature, gradient) < 1)
            break
        moved = float(np.abs(trials[best] - u).max())
        u, residuals, damping = trials[best], tried[best], max(levels[best], 1e-3)
        if moved < STILL:
            converged = True
            break
    return u, _jacobian(u, many), residuals, converged


def _jacobian(u: np.ndarray, many: Many) -> np.ndarray:
    n = len(u)
    points = [u + sign * STEP * np.eye(n)[j] for j in range(n) for sign in (1, -1)]
    found = np.array(many(points))
    return np.asarray((found[::2] - found[1::2]).T / (2 * STEP))


@dataclass(frozen=True, slots=True)
class _T:
    """A multivariate t: mean, Cholesky factor of its scale matrix."""

    mean: np.ndarray
    factor: np.ndarray

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        z = rng.standard_normal((n, len(self.mean)))
        w = rng.chisquare(DEGREES, n) / DEGREES
        return np.asarray(self.mean + (z @ self.factor.T) / np.sqrt(w)[:, None])

    def log_density(self, x: np.ndarray) -> np.ndarray:
        n = len(self.mean)
        z = np.linalg.solve(self.factor, (x - self.mean).T)
        log_det = np.log(np.diagonal(self.factor)).sum()
        constant = math.lgamma((DEGREES + n) / 2) - math.lgamma(DEGREES / 2)
        constant -= n / 2 * math.log(DEGREES * math.pi) + log_det
        off = np.log1p((z * z).sum(axis=0) / DEGREES)
        return np.asarray(constant - (DEGREES + n) / 2 * off)


def _population_monte_carlo(
    mode: np.ndarray,
    jacobian: np.ndarray,
    many: Many,
    seed: int,
    evaluations: int,
    draws: int,
    say: Callable[[str], None],
) -> tuple[np.ndarray, float, float]:
    """Return posterior draws, ln of the evidence and the effective number of draws."""
    n = len(mode)
    laplace = np.linalg.inv(jacobian.T @ jacobian + np.eye(n))
    proposals = [_T(mode, np.linalg.cholesky(laplace))]
    rng = np.random.default_rng([seed, 2004])
    points, log_posts, counts = np.empty((0, n)), np.empty(0), []
    weights = np.empty(0)
    log_mean = math.nan
    for share in ROUNDS:
        fresh = proposals[-1].draw(max(8, round(share * evaluations)), rng)
        found = many(list(fresh))
        log_post = np.array([-_loss(r, u) for r, u in zip(found, fresh, strict=True)])
        log_post -= n / 2 * math.log(2 * math.pi)  # of the prior; the likelihood is up to its σ
        points, log_posts = np.concatenate([points, fresh]), np.concatenate([log_posts, log_post])
        counts.append(len(fresh))
        parts = [
            math.log(count / sum(counts)) + t.log_density(points)
            for t, count in zip(proposals, counts, strict=True)
        ]
        log_w = log_posts - np.logaddexp.reduce(parts, axis=0)
        weights = np.exp(log_w - log_w.max())
        # No draw counts for more than √n average ones: truncated importance sampling (Ionides
        # 2008, doi:10.1198/106186008X320456), which trades a little bias for a variance that ends.
        weights = np.minimum(weights, weights.mean() * math.sqrt(len(weights)))
        log_mean = float(log_w.max() + math.log(weights.mean()))
        weights /= weights.sum()
        effective = 1 / float((weights**2).sum())
        say(f"{len(points)} draws, worth {effective:.0f}; ln evidence {log_mean:.2f}")
        # What was learned, mixed with the curvature at the mode in proportion to what it is worth.
        trust = effective / (effective + n)
        mean = trust * (weights @ points) + (1 - trust) * mode
        off = points - weights @ points
        covariance = trust * (off.T * weights @ off) + (1 - trust) * laplace
        proposals.append(_T(mean, np.linalg.cholesky(covariance)))
    # Systematic resampling: each draw as often as its weight says, to within one.
    at = np.searchsorted(np.cumsum(weights), (np.arange(draws) + rng.random()) / draws)
    return points[np.minimum(at, len(points) - 1)], log_mean, effective
