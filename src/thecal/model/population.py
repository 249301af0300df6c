"""The numbers of a model: typical values, how people differ, and where each number is from.

Read from ``drugs/<medicine>/model.yaml``. A number stands there in the unit of its source
and is converted once, here. Every number names its source, or the target it was tuned to.
How random numbers, random effects and covariates work is `variability`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import CatalogError, ModelError, counted, nearest
from thecal.model.expression import read_unit
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.residual import KINDS, Residual
from thecal.model.structure import Model, Parameter
from thecal.model.variability import (
    DISTRIBUTIONS,
    TRENDS,
    ByLevel,
    Categorical,
    Covariate,
    Effect,
    Empirical,
    Lognormal,
    Normal,
    Occasions,
    Omega,
    Posterior,
    PosteriorTable,
    Quantity,
    Stepwise,
    Trend,
    deviates,
    stepped,
)
from thecal.shapes import Float, Shaped

__all__ = [
    "DRUGS",
    "FROM_RECORD",
    "MODELS",
    "STATUSES",
    "Correlation",
    "Estimate",
    "Population",
    "deviates",
    "load_population",
    "read_population",
]

MODELS = {model.name: model for model in (INTRATHECAL_ASO,)}

# (unit in the file, canonical unit) -> factor.
CONVERSIONS = {
    ("1/h", "1/d"): 24.0,
    ("L/h", "L/d"): 24.0,
    ("mL/min", "L/d"): 1.44,
    ("mL", "L"): 1e-3,
    ("ug/g", "mg/kg"): 1.0,
    ("ng/mL", "mg/L"): 1e-3,
    ("%", "1"): 1e-2,
}

# Numbers that turn what a record holds about a person into parameters, with their unit.
FROM_RECORD = (
    Parameter("csf_to_plasma_nfl", "1", "NfL in CSF over NfL in plasma"),
    Parameter("slope_ratio", "1", "ALSFRS-R slope from the first dose on over that since onset"),
)

STATUSES = ("published", "derived", "physiology", "borrowed", "tuned", "assumed")


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
class Population:
    """The numbers of one model for one medicine, by parameter name.

    from_record   numbers that turn a person's own record into parameters (FROM_RECORD)
    correlations  of random effects, and of covariates; other pairs are not correlated
    residual      error of measurement by output
    covariates    what virtual people are like, by name; an Empirical stands at each of its columns
    effects       what covariates do to a parameter: factors on its typical value, multiplied
    uncertainty   what is known of the typical values together; None where nothing is stated
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

    def __post_init__(self) -> None:
        acting = [effect.covariate for effects in self.effects.values() for effect in effects]
        uncertain = self.uncertainty.names if self.uncertainty else ()
        faults = [*_unfit(self.estimates, self.model.parameters, self.model.units)]
        faults += _unfit(self.from_record, FROM_RECORD)
        if faults:
            lines = "\n".join(f"  {fault}" for fault in faults)
            raise ModelError(f"the numbers of '{self.medicine}' cannot be used:\n{lines}")
        _check_known([*self.effects, *uncertain], self.estimates, "parameter")
        _check_known(acting, self.covariates, "covariate")
        _check_known(self.residual, [output.name for output in self.model.outputs], "output")
        for correlation in self.correlations:
            held = self.estimates if correlation.between[0] in self.estimates else self.covariates
            _check_known(correlation.between, held, "random effect or covariate")

    @property
    def omega(self) -> Omega:
        """Covariance of the random effects between people, in the order of the model."""
        order = [p.name for p in self.model.parameters if p.name in self.estimates]
        sds = {name: self.estimates[name].sd for name in order}
        return Omega.from_sd(sds, self._correlations(self.estimates))

    def typical(self) -> dict[str, Float[np.ndarray, " subject"]]:
        """Return one subject with every random effect at zero and every covariate factor at 1."""
        return {name: e.at(np.zeros(1)) for name, e in self.estimates.items()}

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
    ) -> dict[str, Any]:
        """Draw virtual people start … start + n − 1: parameter values by name, (subject,).

            value = h(typical · Π factor(covariate), eta + kappa),   eta ~ N(0, Ω) a person,
            kappa ~ N(0, iov_sd²) a person and occasion; h is that of DISTRIBUTIONS

        A parameter that varies with the occasion or with a covariate over time is Stepwise.

        covariates  of these people; drawn from their models where not given
        occasions   without them nobody varies between occasions
        uncertain   typical values of person i are posterior draw i; else those of the file
        """
        middles = self._typical_draws(n, seed, start) if uncertain else {}
        factors = self._factors(n, seed, start, covariates)
        people: dict[str, Quantity] = {}
        for name, eta in self.omega.etas(n, seed, start).items():
            estimate = self.estimates[name]
            effect: Quantity = eta
            if occasions is not None and estimate.iov_sd > 0:
                kappa = [
                    estimate.iov_sd * deviates(f"{name}@{k}", n, seed, start)
                    for k in range(len(occasions.times_d))
                ]
                effect = Stepwise(occasions.times_d, eta + np.array(kappa))
            middle: float | Quantity = middles.get(name, estimate.value)
            if name in factors:
                middle = stepped(np.multiply, factors[name], middle)
                held = middle.values if isinstance(middle, Stepwise) else middle
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
        self, n: int, seed: int, start: int = 0
    ) -> dict[str, Shaped[np.ndarray, " subject"]]:
        """Draw the covariates of people start … start + n − 1."""
        free = {name: 1.0 for name, c in self.covariates.items() if not isinstance(c, Empirical)}
        z = Omega.from_sd(free, self._correlations(free)).etas(n, seed, start, stream="covariate:")
        return {
            name: c.draw(name, n, seed, start) if isinstance(c, Empirical) else c.at(z[name])
            for name, c in self.covariates.items()
        }

    def draw_typical(self, k: int, seed: int) -> Population:
        """Return the population of posterior draw k: a trial's truth, known to all its people.

        Its typical values are those of person k of `draw(…, uncertain=True)`; it has no
        uncertainty left.
        """
        drawn = self._typical_draws(1, seed, k)
        estimates = {
            name: replace(e, value=float(drawn[name][0])) if name in drawn else e
            for name, e in self.estimates.items()
        }
        return replace(self, estimates=estimates, uncertainty=None)

    def _typical_draws(self, n: int, seed: int, start: int) -> dict[str, Float[np.ndarray, " n"]]:
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

    def _factors(
        self, n: int, seed: int, start: int, covariates: Mapping[str, Quantity] | None
    ) -> dict[str, Quantity]:
        """Return the factor on each parameter that a covariate acts on."""
        held: Mapping[str, Quantity]
        if covariates is None:
            held = self.draw_covariates(n, seed, start) if self.effects else {}
        else:
            held = covariates
            _check_known(held, self.covariates, "covariate")
        factors: dict[str, Quantity] = {}
        for parameter, effects in self.effects.items():
            for effect in effects:
                if effect.covariate not in held:
                    raise ModelError(f"{parameter} needs the covariate {effect.covariate}; give it")
                given = held[effect.covariate]
                count = (given.values[0] if isinstance(given, Stepwise) else given).size
                if count != n:
                    raise ModelError(
                        f"the covariate {effect.covariate} is of {counted(count, 'subject')}, and "
                        f"{n} are drawn; give each one theirs"
                    )
                factor = stepped(effect.factor, given)
                before = factors.get(parameter)
                factors[parameter] = (
                    factor if before is None else stepped(np.multiply, before, factor)
                )
        return factors

    def _correlations(self, names: Iterable[str]) -> dict[tuple[str, str], float]:
        held = set(names)
        return {c.between: c.value for c in self.correlations if c.between[0] in held}


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


def load_population(medicine: str, folder: Path = DRUGS) -> Population:
    """Read the model of a medicine. Raises CatalogError, or DataFileError with every fault."""
    path = folder / medicine / "model.yaml"
    if not path.is_file():
        raise CatalogError(f"no model of '{medicine}': {path.name} is not in its folder")
    return read_population(path)


def read_population(path: Path, models: Mapping[str, Model] = MODELS) -> Population:
    """Read one model file. Raises DataFileError with every fault and its line.

    models  what the file may name as its model: {model.name: model} for one of your own, which
            needs no `from_record`
    """
    file = DataFile(path)
    top = file.read().fields(
        [
            "medicine",
            "model",
            "about",
            "parameters",
            *(["from_record"] if models is MODELS else []),
        ],
        ["from_record", "correlations", "covariates", "effects", "residual", "uncertainty"],
    )
    file.finish()
    name = top["model"].choice(models)
    file.finish()
    model = models[name]
    medicine, about = top["medicine"].text(), top["about"].text()
    estimates, factors = _estimates(top["parameters"], model.parameters)
    from_record = _estimates(top["from_record"], FROM_RECORD)[0] if "from_record" in top else {}
    covariates = _covariates(top["covariates"], estimates) if "covariates" in top else {}
    effects = (
        _effects(top["effects"], model.parameters, covariates, estimates)
        if "effects" in top
        else {}
    )
    correlations = (
        _correlations(top["correlations"], estimates, covariates) if "correlations" in top else ()
    )
    residual = _residuals(top["residual"], model) if "residual" in top else {}
    uncertainty = (
        _uncertainty(top["uncertainty"], estimates, factors) if "uncertainty" in top else None
    )
    file.finish()
    return Population(
        medicine=medicine,
        model=model,
        about=about,
        estimates=estimates,
        from_record=from_record,
        correlations=correlations,
        residual=residual,
        covariates=covariates,
        effects=effects,
        uncertainty=uncertainty,
    )


def _estimates(
    entry: Entry, parameters: Sequence[Parameter]
) -> tuple[dict[str, Estimate], dict[str, float]]:
    """Return the estimates by name, and the factors of their units."""
    known = {parameter.name: parameter for parameter in parameters}
    read = {
        name: _estimate(field, known[name]) for name, field in entry.fields(list(known)).items()
    }
    return (
        {name: estimate for name, (estimate, _) in read.items()},
        {name: factor for name, (_, factor) in read.items()},
    )


def _estimate(entry: Entry, parameter: Parameter) -> tuple[Estimate, float]:
    unit = parameter.unit
    fields = entry.fields(
        ["value", "unit", "status", "source"], ["varies", "sd", "cv_percent", "shape", "iov_sd"]
    )
    factor = _factor(fields, unit)
    distribution = fields["varies"].choice(DISTRIBUTIONS) if "varies" in fields else ""
    if bool(distribution) != (("sd" in fields) + ("cv_percent" in fields)):
        entry.fault("variability needs 'varies' and one of 'sd' (on that scale) or 'cv_percent'")
    on_scale = factor if distribution == "normal" else 1.0
    if "cv_percent" in fields:
        # CV = √(exp ω² − 1) of a log-normal
        sd = float(np.sqrt(np.log1p((fields["cv_percent"].number(least=0) / 100) ** 2)))
        if distribution != "lognormal":
            entry.fault("'cv_percent' is for a lognormal; give 'sd' on the scale of 'varies'")
    elif "sd" in fields:
        sd = fields["sd"].number(least=0) * on_scale
    else:
        sd = 0.0
    if "iov_sd" in fields and not distribution:
        fields["iov_sd"].fault("variability between occasions needs 'varies' and 'sd', if only 0")
    if ("shape" in fields) != (distribution == "boxcox"):
        entry.fault("'shape' is for a boxcox, and a boxcox needs it")
    value = fields["value"].number() * factor if "value" in fields else np.nan
    if distribution in DISTRIBUTIONS and not (
        np.isnan(value) or DISTRIBUTIONS[distribution].holds(value)
    ):
        fields["value"].fault(f"{value:g} cannot be the typical value of a {distribution}")
    if np.isfinite(value) and not parameter.least < value <= parameter.most:
        fields["value"].fault(
            f"{value:g} {unit} is not above {parameter.least:g} and at most {parameter.most:g}"
        )
    estimate = Estimate(
        value=value,
        unit=unit,
        distribution=distribution,
        sd=sd,
        status=_status(fields),
        source=_source(fields),
        shape=fields["shape"].number() if "shape" in fields else 0.0,
        iov_sd=fields["iov_sd"].number(least=0) * on_scale if "iov_sd" in fields else 0.0,
    )
    return estimate, factor


def _factor(fields: Mapping[str, Entry], unit: str) -> float:
    """Return what turns the unit of a number into the canonical one."""
    given = fields["unit"].text() if "unit" in fields else unit
    factor = 1.0 if given == unit else CONVERSIONS.get((given, unit), math.nan)
    if not math.isfinite(factor):
        fields["unit"].fault(f"'{given}' cannot be read as {unit}")
    return factor


def _status(fields: Mapping[str, Entry]) -> str:
    return fields["status"].choice(STATUSES) if "status" in fields else ""


def _source(fields: Mapping[str, Entry]) -> str:
    return fields["source"].text() if "source" in fields else ""


def _correlations(
    entry: Entry, estimates: Mapping[str, Estimate], covariates: Mapping[str, Covariate]
) -> tuple[Correlation, ...]:
    """Read a list of pairs: of parameters that vary, or of covariates that are no table."""
    vary = [name for name, e in estimates.items() if e.sd > 0]
    free = [name for name, c in covariates.items() if not isinstance(c, Empirical)]
    found: dict[frozenset[str], Correlation] = {}
    for item in entry.items():
        fields = item.fields(["between", "value", "status", "source"])
        value = fields["value"].number(least=-1, most=1) if "value" in fields else 0.0
        status, source = _status(fields), _source(fields)
        pair = fields["between"].items() if "between" in fields else []
        names = [name.choice([*vary, *free]) for name in pair]
        if not set(names) <= {*vary, *free}:
            continue
        if len(set(names)) != 2 or len({name in vary for name in names}) != 1:
            item.fault("a correlation is between two parameters that vary, or two covariates")
            continue
        if frozenset(names) in found:
            item.fault(f"the correlation of {names[0]} and {names[1]} is given twice")
        found[frozenset(names)] = Correlation(
            between=(names[0], names[1]), value=value, status=status, source=source
        )
    for held in (vary, free):
        pairs = {c.between: c.value for c in found.values() if c.between[0] in held}
        names = [name for name in held if any(name in pair for pair in pairs)]
        if names and all(-1 <= value <= 1 for value in pairs.values()):
            try:
                Omega.from_sd(dict.fromkeys(names, 1.0), pairs)
            except ModelError as error:
                entry.fault(str(error))
    return tuple(found.values())


def _covariates(entry: Entry, estimates: Mapping[str, Estimate]) -> dict[str, Covariate]:
    """Read the covariates by name; a table gives one for each of its columns."""
    found: dict[str, Covariate] = {}
    keys = {
        "normal": ["mean", "sd", "unit"],
        "lognormal": ["median", "sd", "unit"],
        "categorical": ["levels"],
        "empirical": ["columns"],
    }
    for name, item in entry.mapping().items():
        held = item.mapping()
        kind = held["kind"].choice(keys) if "kind" in held else ""
        if kind not in keys:
            if "kind" not in held:
                item.fault("'kind' is missing")
            continue
        fields = item.fields(["kind", *keys[kind], "status", "source"])
        if not set(keys[kind]) <= set(fields):
            continue
        try:
            for one, covariate in _covariate(name, kind, fields).items():
                if one in found or one in estimates:
                    item.fault(f"'{one}' is the name of another covariate or of a parameter")
                found[one] = covariate
        except ModelError as error:
            item.fault(str(error))
    return found


def _covariate(name: str, kind: str, fields: Mapping[str, Entry]) -> dict[str, Covariate]:
    status, source = _status(fields), _source(fields)
    if kind == "empirical":
        table = Empirical(
            table={column: _column(e) for column, e in fields["columns"].mapping().items()},
            status=status,
            source=source,
        )
        return dict.fromkeys(table.table, table)
    if kind == "categorical":
        levels = {level: e.number(least=0) for level, e in fields["levels"].mapping().items()}
        if any(math.isnan(p) for p in levels.values()):
            return {}
        return {
            name: Categorical(
                levels=tuple(levels),
                probabilities=tuple(levels.values()),
                status=status,
                source=source,
            )
        }
    sd, unit = fields["sd"].number(least=0), fields["unit"].text()
    if kind == "normal":
        mean = fields["mean"].number()
        return {name: Normal(mean=mean, sd=sd, unit=unit, status=status, source=source)}
    median = fields["median"].number()
    return {name: Lognormal(median=median, sd=sd, unit=unit, status=status, source=source)}


def _column(entry: Entry) -> Shaped[np.ndarray, " row"]:
    """Read a column of a table: numbers if it has a unit, else words."""
    fields = entry.fields(["values"], ["unit"])
    cells = fields["values"].items() if "values" in fields else []
    if "unit" in fields:
        fields["unit"].text()
        return np.array([cell.number() for cell in cells], dtype=float)
    return np.array([cell.text() for cell in cells], dtype=str)


def _effects(
    entry: Entry,
    parameters: Sequence[Parameter],
    covariates: Mapping[str, Covariate],
    estimates: Mapping[str, Estimate],
) -> dict[str, tuple[Effect, ...]]:
    known = [parameter.name for parameter in parameters]
    found = {}
    for name, listed in entry.fields([], known).items():
        effects = [_effect(item, covariates) for item in listed.items()]
        found[name] = tuple(effect for effect in effects if effect is not None)
    return found


def _effect(entry: Entry, covariates: Mapping[str, Covariate]) -> Effect | None:
    held = entry.mapping()
    kind = held["kind"].choice([*TRENDS, "categorical"]) if "kind" in held else ""
    if "kind" in held and kind not in (*TRENDS, "categorical"):
        return None
    own = ["factors"] if kind == "categorical" else ["theta", "reference"]
    fields = entry.fields(["covariate", "kind", *own, "status", "source"])
    status, source = _status(fields), _source(fields)
    name = fields["covariate"].choice(covariates) if "covariate" in fields else ""
    if name not in covariates or not {"kind", *own} <= set(fields):
        return None
    levels = _levels(name, covariates[name])
    if (kind == "categorical") != bool(levels):
        entry.fault(
            f"'{kind}' does not act on {name}, which is "
            + ("one of a few words; use 'categorical'" if levels else "a number")
        )
        return None
    if kind == "categorical":
        factors = {
            level: e.number(least=0) for level, e in fields["factors"].fields(levels).items()
        }
        return ByLevel(covariate=name, factors=factors, status=status, source=source)
    try:
        return Trend(
            covariate=name,
            kind=kind,
            theta=fields["theta"].number(),
            reference=fields["reference"].number(),
            status=status,
            source=source,
        )
    except ModelError as error:
        entry.fault(str(error))
        return None


def _levels(name: str, covariate: Covariate) -> list[str]:
    """Return the words a covariate can be; none for a number."""
    if isinstance(covariate, Categorical):
        return list(covariate.levels)
    if isinstance(covariate, Empirical) and covariate.table[name].dtype.kind == "U":
        return sorted(set(map(str, covariate.table[name])))
    return []


def _residuals(entry: Entry, model: Model) -> dict[str, Residual]:
    units = {output.name: output.unit for output in model.outputs}
    found = {}
    for name, item in entry.fields([], list(units)).items():
        fields = item.fields(["kind", "status", "source"], ["sd_prop", "sd_add", "lloq", "unit"])
        factor = _factor(fields, units[name])
        if ("sd_add" in fields or "lloq" in fields) and "unit" not in fields:
            item.fault(f"'sd_add' and 'lloq' need their 'unit', as {units[name]}")
        kind = fields["kind"].choice(KINDS) if "kind" in fields else ""
        sd_prop, sd_add, lloq = (
            fields[key].number(least=0) if key in fields else 0.0
            for key in ("sd_prop", "sd_add", "lloq")
        )
        status, source = _status(fields), _source(fields)
        if kind not in KINDS or not math.isfinite(sd_prop + (sd_add + lloq) * factor):
            continue
        try:
            found[name] = Residual(
                kind=kind,
                sd_prop=sd_prop,
                sd_add=sd_add * factor,
                lloq=lloq * factor,
                status=status,
                source=source,
            )
        except ModelError as error:
            item.fault(str(error))
    return found


def _uncertainty(
    entry: Entry, estimates: Mapping[str, Estimate], factors: Mapping[str, float]
) -> Posterior | PosteriorTable | None:
    """Read a covariance of typical values on the scale of 'varies', or a table of draws."""
    fields = entry.fields(["status", "source"], ["names", "covariance", "draws"])
    status, source = _status(fields), _source(fields)
    is_table = "draws" in fields
    if ("names" in fields, "covariance" in fields) != (not is_table, not is_table):
        entry.fault("give 'names' and 'covariance', or 'draws'")
        return None
    try:
        if is_table:
            table = {
                name: _posterior_column(column, estimates[name])
                for name, column in fields["draws"].fields([], list(estimates)).items()
            }
            return PosteriorTable(table=table, status=status, source=source)
        # Between people a parameter may be fixed; its estimate is uncertain on some scale still.
        scaled = [name for name, e in estimates.items() if e.distribution]
        names = []
        for item in fields["names"].items():
            name = item.choice(estimates)
            if name in estimates and name not in scaled:
                item.fault(f"say on which scale {name} is uncertain: 'varies', with 'sd: 0'")
            names.append(name)
        rows = [[cell.number() for cell in row.items()] for row in fields["covariance"].items()]
        if not set(names) <= set(scaled):
            return None
        if {len(rows), *map(len, rows)} != {len(names)}:
            fields["covariance"].fault(f"expected {len(names)} rows of {len(names)} numbers")
            return None
        normal = [
            factors[name] if estimates[name].distribution == "normal" else 1.0 for name in names
        ]
        matrix = np.array(rows) * np.outer(normal, normal)
        if np.isnan(matrix).any():
            return None
        return Posterior(covariance=Omega(tuple(names), matrix), status=status, source=source)
    except ModelError as error:
        entry.fault(str(error))
        return None


def _posterior_column(entry: Entry, estimate: Estimate) -> Float[np.ndarray, " row"]:
    fields = entry.fields(["values", "unit"])
    factor = _factor(fields, estimate.unit)
    cells = fields["values"].items() if "values" in fields else []
    distribution = DISTRIBUTIONS[estimate.distribution or "normal"]
    found = []
    for cell in cells:
        value = cell.number() * factor
        if math.isfinite(value) and not distribution.holds(value):
            cell.fault(f"{value:g} cannot be the typical value of a {estimate.distribution}")
        found.append(value)
    return np.array(found, dtype=float)
