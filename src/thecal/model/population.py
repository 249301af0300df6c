"""The numbers of a model: typical values, how people differ, and where each number is from.

Every number names its source, or the target it was tuned to. Virtual people are drawn here; how
random numbers, random effects and covariates work is `variability`, and how a file of numbers is
read is `modelfile`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, overload

import numpy as np

from thecal.errors import ModelError, counted, nearest
from thecal.model.expression import read_unit
from thecal.model.residual import Residual
from thecal.model.structure import Model, Parameter
from thecal.model.variability import (
    DISTRIBUTIONS,
    ByLevel,
    Covariate,
    Effect,
    Empirical,
    Grouped,
    Occasions,
    Omega,
    Posterior,
    PosteriorTable,
    Quantity,
    Stepwise,
    Trend,
    Typical,
    deviates,
    stepped,
)
from thecal.shapes import Float, Shaped

# Numbers that turn what a record holds about a person into parameters, with their unit.
FROM_RECORD = (Parameter("csf_to_plasma_nfl", "1", "NfL in CSF over NfL in plasma"),)

STATUSES = (
    *("published", "derived", "physiology", "borrowed", "tuned", "assumed"),
    "calibrated",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A typical value, how people vary around it, and where both are from.

    value         in the canonical unit of its parameter
    distribution  one of DISTRIBUTIONS: the scale on which people are normal; "" for none
    sd            standard deviation between people on that scale; 0 for no variability
    status        one of STATUSES: how far to trust the number
    source        document and place, or the targets it was tuned to
    shape         of a Box-Cox; 0 is the log-normal
    iov_sd        standard deviation between occasions of one person, on the same scale
    """

    value: float
    unit: str
    distribution: str
    sd: float
    status: str
    source: str
    shape: float = 0.0
    iov_sd: float = 0.0

    def at(self, z: Float[np.ndarray, " subject"]) -> Float[np.ndarray, " subject"]:
        """Return the values of people whose standard normal deviate is z."""
        return self.of(self.sd * z)

    def of(
        self,
        eta: Float[np.ndarray, "*eta"],
        typical: float | Float[np.ndarray, "*typical"] | None = None,
    ) -> Float[np.ndarray, "*value"]:
        """Return the values of people whose random effect is eta.

        typical  their typical value, where it is not `value`
        """
        middle = self.value if typical is None else typical
        return DISTRIBUTIONS[self.distribution or "normal"].at(middle, eta, self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """The correlation of two random effects, or of the deviates behind two covariates."""

    between: tuple[str, str]
    value: float
    status: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """How sure a number was before it was held against evidence.

    sd  on the scale of the number: ln for what is above 0, logit for a logit-normal share, the
        number itself for what may be negative
    """

    sd: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One of several structures that the data do not tell apart: numbers that differ in it.

    values  of `Population.numbers`, canonical units; those without a prior are fixed
    """

    about: str
    values: Mapping[str, float] = field(default_factory=dict)
    priors: Mapping[str, Prior] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """Between which limits something was studied; beyond is extrapolation."""

    least: float
    most: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What a calibration made of one number: its posterior in one structure.

    lo, hi       5th and 95th percentile, canonical units
    contraction  1 − SD of the posterior / SD of the prior: 0 nothing learned, 1 everything
    targets      evidence that moves it most
    """

    value: float
    lo: float
    hi: float
    prior: float
    prior_sd: float
    contraction: float
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The numbers of one model for one medicine, by parameter name.

    from_record   numbers that turn a person's own record into parameters (FROM_RECORD)
    correlations  of random effects, and of covariates; other pairs are not correlated
    residual      error of measurement by output
    covariates    what virtual people are like, by name; an Empirical stands at each of its columns
    effects       what covariates do to a parameter: factors on its typical value, multiplied
    uncertainty   what is known of the typical values together; None where nothing is stated
    priors        how sure a number was before calibration, by name of `numbers`
    structures    numbers that differ in other structures; `uncertainty` draws over all of them
    studied       limits of dose and interval in the studies
    calibration   by structure and number: what was learned
    """

    medicine: str
    model: Model
    about: str
    estimates: Mapping[str, Estimate]
    from_record: Mapping[str, Estimate] = field(default_factory=dict)
    correlations: tuple[Correlation, ...] = ()
    residual: Mapping[str, Residual] = field(default_factory=dict)
    covariates: Mapping[str, Covariate] = field(default_factory=dict)
    effects: Mapping[str, tuple[Effect, ...]] = field(default_factory=dict)
    uncertainty: Posterior | PosteriorTable | None = None
    priors: Mapping[str, Prior] = field(default_factory=dict)
    structures: Mapping[str, Variant] = field(default_factory=dict)
    studied: Mapping[str, Studied] = field(default_factory=dict)
    calibration: Mapping[str, Mapping[str, Calibrated]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        acting = [effect.covariate for effects in self.effects.values() for effect in effects]
        uncertain = self.uncertainty.names if self.uncertainty else ()
        faults = [*_unfit(self.estimates, self.model.parameters, self.model.units)]
        faults += _unfit(self.from_record, FROM_RECORD)
        if faults:
            lines = "\n".join(f"  {fault}" for fault in faults)
            raise ModelError(f"the numbers of '{self.medicine}' cannot be used:\n{lines}")
        _check_known(self.effects, self.estimates, "parameter")
        _check_known(uncertain, self.numbers, "parameter")
        _check_known(acting, self.covariates, "covariate")
        _check_known(self.residual, [output.name for output in self.model.outputs], "output")
        for correlation in self.correlations:
            held = self.estimates if correlation.between[0] in self.estimates else self.covariates
            _check_known(correlation.between, held, "random effect or covariate")

    def structure(self, name: str) -> Population:
        """Return the population of one structure, without uncertainty over structures."""
        _check_known([name], self.structures, "structure")
        variant = self.structures[name]
        one = self.with_values(variant.values)
        table = self.uncertainty
        if isinstance(table, PosteriorTable) and table.structures is not None:
            table = table.of(name)
        return replace(
            one,
            uncertainty=table,
            priors={
                **{k: v for k, v in self.priors.items() if k not in variant.values},
                **variant.priors,
            },
            structures={name: variant},
        )

    @property
    def omega(self) -> Omega:
        """Covariance of the random effects between people, in the order of the model."""
        order = [p.name for p in self.model.parameters if p.name in self.estimates]
        sds = {name: self.estimates[name].sd for name in order}
        return Omega.from_sd(sds, self._correlations(self.estimates))

    def typical(
        self, covariates: Mapping[str, Shaped[np.ndarray, " one"]] | None = None
    ) -> dict[str, Float[np.ndarray, " subject"]]:
        """Return one subject with every random effect at zero.

        covariates  of this person; what acts through another leaves the typical value
        """
        middles = {name: self._middle(name, covariates or {}, {}) for name in self.estimates}
        return {
            name: np.asarray(e.of(np.zeros(1), np.asarray(middles[name])))
            for name, e in self.estimates.items()
        }

    @overload
    def draw(
        self, n: int, seed: int, start: int = 0, *, uncertain: bool = False
    ) -> dict[str, Float[np.ndarray, " subject"]]: ...
    @overload
    def draw(
        self,
        n: int,
        seed: int,
        start: int = 0,
        *,
        covariates: Mapping[str, Quantity],
        occasions: Occasions | None = None,
        uncertain: bool = False,
        numbers: Mapping[str, Float[np.ndarray, " subject"]] | None = None,
    ) -> dict[str, Quantity]: ...
    @overload
    def draw(
        self,
        n: int,
        seed: int,
        start: int = 0,
        *,
        covariates: None = None,
        occasions: Occasions,
        uncertain: bool = False,
    ) -> dict[str, Quantity]: ...
    def draw(
        self,
        n: int,
        seed: int,
        start: int = 0,
        *,
        covariates: Mapping[str, Quantity] | None = None,
        occasions: Occasions | None = None,
        uncertain: bool = False,
        numbers: Mapping[str, Float[np.ndarray, " subject"]] | None = None,
    ) -> dict[str, Any]:
        """Draw virtual people start … start + n − 1: parameter values by name, (subject,).

            value = h(typical · Π factor(covariate), eta + kappa),   eta ~ N(0, Ω) a person,
            kappa ~ N(0, iov_sd²) a person and occasion; h is that of DISTRIBUTIONS

        A parameter that varies with the occasion or with a covariate over time is Stepwise.

        covariates  of these people; drawn from their models where not given
        occasions   without them nobody varies between occasions
        uncertain   `numbers` of person i are posterior draw i; else those of the file
        numbers     or: some of `numbers`, one for each person
        """
        if uncertain and numbers:
            raise ModelError("people of the numbers given, or of posterior draws; not of both")
        drawn = self._drawn(n, seed, start) if uncertain else dict(numbers or {})
        _check_known(drawn, self.numbers, "parameter")
        for name, each in drawn.items():
            if each.shape != (n,):
                raise ModelError(
                    f"{name} is given for {counted(each.size, 'subject')}, and {n} are "
                    "drawn; give each one theirs"
                )
        held_by = self._held(n, seed, start, covariates)
        people: dict[str, Quantity] = {}
        for name, eta in self.omega.etas(n, seed, start).items():
            estimate = self.estimates[name]
            if f"sd({name})" in drawn:
                eta = eta * (drawn[f"sd({name})"] / estimate.sd)
            effect: Quantity = eta
            if occasions is not None and estimate.iov_sd > 0:
                kappa = [
                    estimate.iov_sd * deviates(f"{name}@{k}", n, seed, start)
                    for k in range(len(occasions.times_d))
                ]
                effect = Stepwise(occasions.times_d, eta + np.array(kappa))
            middle = self._middle(name, held_by, drawn)
            if name in self.effects:
                held = middle.values if isinstance(middle, Stepwise) else np.asarray(middle)
                if not DISTRIBUTIONS[estimate.distribution or "normal"].holds(held):
                    raise ModelError(
                        f"its covariates carry the typical value of {name} to {held.min():g} … "
                        f"{held.max():g}, which no {estimate.distribution or 'number'} has; look "
                        "at the covariates, or at the kind of effect"
                    )
            value = stepped(estimate.of, effect, middle)
            held = value.values if isinstance(value, Stepwise) else value
            if not np.isfinite(held).all():
                raise ModelError(
                    f"{name} is not a finite number for everyone; its variability is too large"
                )
            people[name] = value
        return {name: people[name] for name in self.estimates}

    def draw_covariates(
        self,
        n: int,
        seed: int,
        start: int = 0,
        *,
        given: Mapping[str, Shaped[np.ndarray, " subject"]] | None = None,
    ) -> dict[str, Shaped[np.ndarray, " subject"]]:
        """Draw the covariates of people start … start + n − 1.

        given  covariates known of these people, which stay; what follows them (`Grouped`) does
        """
        free = {name: 1.0 for name, c in self.covariates.items() if not isinstance(c, Empirical)}
        z = Omega.from_sd(free, self._correlations(free)).etas(n, seed, start, stream="covariate:")
        found: dict[str, Shaped[np.ndarray, " subject"]] = {}
        _check_known(given or {}, self.covariates, "covariate")
        for name, c in self.covariates.items():
            if given is not None and name in given:
                found[name] = np.asarray(given[name])
            elif isinstance(c, Empirical):
                found[name] = c.draw(name, n, seed, start)
            elif isinstance(c, Grouped):
                found[name] = c.at(z[name], found[c.by])
            else:
                found[name] = c.at(z[name])
        return found

    def draw_typical(self, k: int, seed: int) -> Population:
        """Return the population of posterior draw k: a trial's truth, known to all its people.

        Its numbers are those of person k of `draw(…, uncertain=True)`; it has no uncertainty left.
        """
        drawn = {name: float(value[0]) for name, value in self._drawn(1, seed, k).items()}
        return replace(self.with_values(drawn), uncertainty=None)

    @property
    def numbers(self) -> dict[str, float]:
        """Every number that may be uncertain, by name, in canonical units.

        CL           typical value                    sd(CL)       SD between people
        CL@female    typical value at a level         CL~weight    theta of an effect
        """
        return numbers_of(self.estimates, self.effects)

    def with_values(self, values: Mapping[str, float]) -> Population:
        """Return the population with some of its `numbers` replaced."""
        _check_known(values, self.numbers, "parameter")
        estimates = {
            name: replace(e, value=values.get(name, e.value), sd=values.get(f"sd({name})", e.sd))
            for name, e in self.estimates.items()
        }
        effects: dict[str, tuple[Effect, ...]] = {}
        for name, listed in self.effects.items():
            changed: list[Effect] = []
            for effect in listed:
                if isinstance(effect, Typical):
                    at = {k: values.get(f"{name}@{k}", v) for k, v in effect.values.items()}
                    changed.append(replace(effect, values=at))
                elif isinstance(effect, Trend):
                    theta = values.get(f"{name}~{effect.covariate}", effect.theta)
                    changed.append(replace(effect, theta=theta))
                else:
                    changed.append(effect)
            effects[name] = tuple(changed)
        return replace(self, estimates=estimates, effects=effects)

    def _drawn(self, n: int, seed: int, start: int) -> dict[str, Float[np.ndarray, " n"]]:
        """Return posterior draws of the uncertain numbers, by name."""
        if self.uncertainty is None:
            raise ModelError(
                f"the model of {self.medicine} states no uncertainty of its typical values; add "
                "'uncertainty' to its file, or draw without"
            )
        return self.uncertainty.draw(
            {name: e.value for name, e in self.estimates.items()},
            {name: e.distribution or "normal" for name, e in self.estimates.items()},
            n,
            seed,
            start,
        )

    def _held(
        self, n: int, seed: int, start: int, covariates: Mapping[str, Quantity] | None
    ) -> Mapping[str, Quantity]:
        """Return the covariates that act on a parameter, checked to be of n people."""
        if covariates is None:
            return self.draw_covariates(n, seed, start) if self.effects else {}
        _check_known(covariates, self.covariates, "covariate")
        for parameter, effects in self.effects.items():
            for effect in effects:
                if effect.covariate not in covariates:
                    raise ModelError(f"{parameter} needs the covariate {effect.covariate}; give it")
                given = covariates[effect.covariate]
                count = (given.values[0] if isinstance(given, Stepwise) else given).size
                if count != n:
                    raise ModelError(
                        f"the covariate {effect.covariate} is of {counted(count, 'subject')}, and "
                        f"{n} are drawn; give each one theirs"
                    )
        return covariates

    def _middle(
        self,
        name: str,
        covariates: Mapping[str, Quantity],
        drawn: Mapping[str, Float[np.ndarray, " n"]],
    ) -> float | Quantity:
        """Return the typical value of people with these covariates: by level, then factors."""
        middle: float | Quantity = drawn.get(name, self.estimates[name].value)
        effects = [e for e in self.effects.get(name, ()) if e.covariate in covariates]
        for effect in effects:
            if isinstance(effect, Typical):
                for level, stated in effect.values.items():
                    value = drawn.get(f"{name}@{level}", stated)
                    is_there = stepped(partial(np.equal, level), covariates[effect.covariate])
                    middle = stepped(np.where, is_there, value, middle)
        for effect in effects:
            if isinstance(effect, Trend):
                theta = drawn.get(f"{name}~{effect.covariate}")
                factor = stepped(partial(effect.factor, theta=theta), covariates[effect.covariate])
            elif isinstance(effect, ByLevel):
                factor = stepped(effect.factor, covariates[effect.covariate])
            else:
                continue
            middle = stepped(np.multiply, factor, middle)
        return middle

    def _correlations(self, names: Iterable[str]) -> dict[tuple[str, str], float]:
        held = set(names)
        return {c.between: c.value for c in self.correlations if c.between[0] in held}


def numbers_of(
    estimates: Mapping[str, Estimate], effects: Mapping[str, tuple[Effect, ...]]
) -> dict[str, float]:
    """Return the `numbers` of a population with these estimates and effects."""
    found = {name: e.value for name, e in estimates.items()}
    found |= {f"sd({name})": e.sd for name, e in estimates.items() if e.sd > 0}
    for name, listed in effects.items():
        for effect in listed:
            if isinstance(effect, Typical):
                found |= {f"{name}@{level}": v for level, v in effect.values.items()}
            elif isinstance(effect, Trend):
                found[f"{name}~{effect.covariate}"] = effect.theta
    return found


def _unfit(
    estimates: Mapping[str, Estimate], parameters: Sequence[Parameter], units: Iterable[str] = ()
) -> Iterable[str]:
    """Yield why an estimate cannot be the number of its parameter."""
    known = {parameter.name: parameter for parameter in parameters}
    for name, e in estimates.items():
        if name not in known:
            yield f"no parameter '{name[:40]}'.{nearest(name, known)}"
            continue
        parameter = known[name]
        if e.distribution not in ("", *DISTRIBUTIONS):
            yield (
                f"{name}: no distribution '{e.distribution[:40]}'; there are "
                f"{', '.join(DISTRIBUTIONS)}.{nearest(e.distribution, DISTRIBUTIONS)}"
            )
            continue
        try:
            is_canonical = read_unit(e.unit, units) == read_unit(parameter.unit, units)
        except ModelError:
            is_canonical = False
        if not is_canonical:
            yield f"{name} is given in {e.unit}; the model has it in {parameter.unit}: convert it"
        if not (math.isfinite(e.sd + e.iov_sd) and e.sd >= 0 and e.iov_sd >= 0):
            yield f"{name}: a standard deviation is a finite number of at least 0"
        if (e.sd or e.iov_sd) and not e.distribution:
            yield f"{name} varies; say on which scale: {', '.join(DISTRIBUTIONS)}"
        if not math.isfinite(e.value):
            yield f"{name} is {e.value:g}; a typical value is a finite number"
        elif not parameter.least < e.value <= parameter.most:
            least, most = parameter.least, parameter.most
            yield f"{name} is {e.value:g}; it is above {least:g} and at most {most:g}"
        elif e.distribution and not DISTRIBUTIONS[e.distribution].holds(e.value):
            yield f"{name}: {e.value:g} cannot be the typical value of a {e.distribution}"


def _check_known(names: Iterable[str], known: Iterable[str], what: str) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            raise ModelError(f"no {what} '{name}'.{nearest(name, known)}")
