"""A model file read: the numbers of one medicine, every fault with its line.

``drugs/<medicine>/model.yaml`` states each number in the unit of its source; it is converted once,
here. What the numbers are and how people are drawn from them is `population`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import CatalogError, ModelError, nearest
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.intrathecal_pk import INTRATHECAL_PK4, INTRATHECAL_PK6
from thecal.model.population import (
    FROM_RECORD,
    STATUSES,
    Calibrated,
    Correlation,
    Estimate,
    Population,
    Prior,
    Studied,
    Variant,
    numbers_of,
)
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
    Grouped,
    Lognormal,
    Normal,
    Omega,
    Posterior,
    PosteriorTable,
    Trend,
    Typical,
)
from thecal.shapes import Float, Shaped

MODELS = {model.name: model for model in (INTRATHECAL_ASO, INTRATHECAL_PK4, INTRATHECAL_PK6)}

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

LIMITS = ["least", "most"]  # of people who are drawn: nobody lies outside
MOST_DRAWS = 20_000  # rows of a table of posterior draws


def load_population(medicine: str, folder: Path = DRUGS) -> Population:
    """Read the model of a medicine. Raises CatalogError, or DataFileError with every fault."""
    path = folder / medicine / "model.yaml"
    if not path.is_file():
        raise CatalogError(f"no model of '{medicine}': {path.name} is not in its folder")
    return read_population(path)


def read_population(path: Path, models: Mapping[str, Model] = MODELS) -> Population:
    """Read one model file. Raises DataFileError with every fault and its line.

    models  what the file may name as its model: {model.name: model} for one of your own

    `from_record` is for a model of MODELS that starts from a person's NfL and slope: who predicts
    one course needs it.
    """
    file = DataFile(path)
    root = file.read()
    top = root.fields(
        ["medicine", "model", "about", "parameters"],
        [
            *("from_record", "correlations", "covariates", "effects", "residual", "uncertainty"),
            *("priors", "structures", "studied", "calibration"),
        ],
    )
    file.finish()
    name = top["model"].choice(models)
    file.finish()
    model = models[name]
    starts = {"nfl_baseline", "slope"} & {parameter.name for parameter in model.parameters}
    if models is MODELS and starts and "from_record" not in top:
        root.fault("'from_record' is missing")
    medicine, about = top["medicine"].text(), top["about"].text()
    estimates, factors = _estimates(top["parameters"], model.parameters)
    from_record = _estimates(top["from_record"], FROM_RECORD)[0] if "from_record" in top else {}
    covariates = _covariates(top["covariates"], estimates) if "covariates" in top else {}
    effects = (
        _effects(top["effects"], model.parameters, covariates, factors) if "effects" in top else {}
    )
    correlations = (
        _correlations(top["correlations"], estimates, covariates) if "correlations" in top else ()
    )
    residual = _residuals(top["residual"], model) if "residual" in top else {}
    numbers = numbers_of(estimates, effects)
    priors = _priors(top["priors"], numbers) if "priors" in top else {}
    structures = (
        _structures(top["structures"], numbers, estimates, model.parameters)
        if "structures" in top
        else {}
    )
    uncertainty = (
        _uncertainty(top["uncertainty"], estimates, factors, numbers, structures, path.parent)
        if "uncertainty" in top
        else None
    )
    studied = _studied(top["studied"]) if "studied" in top else {}
    calibration = _calibration(top["calibration"]) if "calibration" in top else {}
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
        priors=priors,
        structures=structures,
        studied=studied,
        calibration=calibration,
    )


def _named(entry: Entry, numbers: Iterable[str]) -> dict[str, Entry]:
    """Read a mapping of which each key is one of `Population.numbers`."""
    found = entry.mapping()
    for name, item in found.items():
        if name not in numbers:
            item.fault(f"no number of this model has that name.{nearest(name, numbers)}")
    return {name: item for name, item in found.items() if name in numbers}


def _priors(entry: Entry, numbers: Mapping[str, float]) -> dict[str, Prior]:
    found = {}
    for name, item in _named(entry, numbers).items():
        fields = item.fields(["sd", "source"])
        sd = fields["sd"].number(least=0) if "sd" in fields else math.nan
        found[name] = Prior(sd=sd, source=_source(fields))
    return found


def _structures(
    entry: Entry,
    numbers: Mapping[str, float],
    estimates: Mapping[str, Estimate],
    parameters: Sequence[Parameter],
) -> dict[str, Variant]:
    known, found = {parameter.name: parameter for parameter in parameters}, {}
    for name, item in entry.mapping().items():
        fields = item.fields(["about"], ["values", "priors"])
        values = {}
        for key, stated in _named(fields["values"], numbers).items() if "values" in fields else ():
            values[key] = stated.number(least=0 if key.startswith("sd(") else -math.inf)
            if key in estimates:
                _check_value(stated, values[key], known[key], estimates[key].distribution)
        found[name] = Variant(
            about=fields["about"].text() if "about" in fields else "",
            values=values,
            priors=_priors(fields["priors"], numbers) if "priors" in fields else {},
        )
    return found


def _studied(entry: Entry) -> dict[str, Studied]:
    found = {}
    for name, item in entry.fields([], ["dose", "interval"]).items():
        fields = item.fields(["least", "most", "unit", "source"])
        if len(fields) == 4:
            found[name] = Studied(
                least=fields["least"].number(least=0),
                most=fields["most"].number(least=0),
                unit=fields["unit"].choice(["mg" if name == "dose" else "d"]),
                source=fields["source"].text(),
            )
            if found[name].least > found[name].most:
                item.fault("'least' is above 'most'; give the lower limit as 'least'")
    return found


def _calibration(entry: Entry) -> dict[str, dict[str, Calibrated]]:
    keys = ("value", "lo", "hi", "prior", "prior_sd", "contraction")
    about = ["program", "seed", "people", "evidence", "draws", "structures"]
    fields = entry.fields(about)
    found: dict[str, dict[str, Calibrated]] = {}
    for name, item in (fields["structures"].mapping() if "structures" in fields else {}).items():
        inner = item.fields(["weight", "effective_draws", "numbers"])
        numbers = inner["numbers"].mapping() if "numbers" in inner else {}
        found[name] = {}
        for number, cells in numbers.items():
            held = cells.fields([*keys, "targets"])
            if len(held) == len(keys) + 1:
                found[name][number] = Calibrated(
                    **{key: held[key].number() for key in keys},
                    targets=tuple(held["targets"].text().split()),
                )
    return found


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
    if "value" in fields:
        _check_value(fields["value"], value, parameter, distribution)
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


def _check_value(entry: Entry, value: float, parameter: Parameter, distribution: str) -> None:
    """Record why a value cannot be the typical value of its parameter, canonical unit."""
    if math.isnan(value):
        return
    if distribution in DISTRIBUTIONS and not DISTRIBUTIONS[distribution].holds(value):
        entry.fault(f"{value:g} cannot be the typical value of a {distribution}")
    if math.isfinite(value) and not parameter.least < value <= parameter.most:
        entry.fault(
            f"{value:g} {parameter.unit} is not above {parameter.least:g} and at most "
            f"{parameter.most:g}"
        )


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
        limits = LIMITS if "sd" in keys[kind] else []
        try:
            if "by" in held:
                follows = _grouped(item, kind, keys[kind], limits, found)
                made: Mapping[str, Covariate] = {} if follows is None else {name: follows}
            else:
                fields = item.fields(["kind", *keys[kind], "status", "source"], limits)
                if not set(keys[kind]) <= set(fields):
                    continue
                made = _covariate(name, kind, fields)
            for one, covariate in made.items():
                if one in found or one in estimates:
                    item.fault(f"'{one}' is the name of another covariate or of a parameter")
                found[one] = covariate
        except ModelError as error:
            item.fault(str(error))
    return found


def _grouped(
    item: Entry, kind: str, own: list[str], limits: list[str], found: Mapping[str, Covariate]
) -> Grouped | None:
    """Read a covariate whose distribution follows the level of one that stands before it."""
    unit = ["unit"] if "unit" in own else []
    fields = item.fields(["kind", "by", "each", *unit, "status", "source"])
    if not {"by", "each", *unit} <= set(fields):
        return None
    before = [name for name, c in found.items() if _levels(name, c)]
    if not before:
        fields["by"].fault("no covariate that is one of a few words stands before this one")
        return None
    by = fields["by"].choice(before)
    if by not in before:
        return None
    each: dict[str, Normal | Lognormal | Categorical] = {}
    for level, entry in fields["each"].fields(_levels(by, found[by])).items():
        inner = entry.fields([key for key in own if key != "unit"], limits)
        if set(own) - {"unit"} <= set(inner):
            shared = {key: fields[key] for key in (*unit, "status", "source")}
            try:
                made = _covariate(level, kind, {**inner, **shared})
            except ModelError as error:
                entry.fault(str(error))
                continue
            each |= {k: v for k, v in made.items() if not isinstance(v, Empirical | Grouped)}
    return Grouped(by=by, each=each, status=_status(fields), source=_source(fields))


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
    given: dict[str, Any] = {
        "sd": fields["sd"].number(least=0),
        "unit": fields["unit"].text(),
        "status": status,
        "source": source,
        **{limit: fields[limit].number() for limit in LIMITS if limit in fields},
    }
    if kind == "normal":
        return {name: Normal(mean=fields["mean"].number(), **given)}
    return {name: Lognormal(median=fields["median"].number(), **given)}


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
    factors: Mapping[str, float],
) -> dict[str, tuple[Effect, ...]]:
    known = [parameter.name for parameter in parameters]
    found = {}
    for name, listed in entry.fields([], known).items():
        effects = [_effect(item, covariates, factors[name]) for item in listed.items()]
        found[name] = tuple(effect for effect in effects if effect is not None)
    return found


def _effect(entry: Entry, covariates: Mapping[str, Covariate], factor: float) -> Effect | None:
    """Read one effect; `factor` turns the unit of its parameter into the canonical one."""
    held = entry.mapping()
    own_of = {"categorical": ["factors"], "typical": ["values"]}
    own_of |= {trend: ["theta", "reference"] for trend in TRENDS}
    kind = held["kind"].choice(own_of) if "kind" in held else ""
    if "kind" in held and kind not in own_of:
        return None
    own = own_of.get(kind, [])
    fields = entry.fields(["covariate", "kind", *own, "status", "source"])
    status, source = _status(fields), _source(fields)
    name = fields["covariate"].choice(covariates) if "covariate" in fields else ""
    if name not in covariates or not {"kind", *own} <= set(fields):
        return None
    levels = _levels(name, covariates[name])
    if (kind in ("categorical", "typical")) != bool(levels):
        entry.fault(
            f"'{kind}' does not act on {name}, which is "
            + ("one of a few words; use 'categorical' or 'typical'" if levels else "a number")
        )
        return None
    if kind == "typical":
        values = {
            level: e.number() * factor for level, e in fields["values"].fields([], levels).items()
        }
        return Typical(covariate=name, values=values, status=status, source=source)
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
    if isinstance(covariate, Grouped):
        each = covariate.each.items()
        return list(dict.fromkeys(w for level, c in each for w in _levels(level, c)))
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


def _table(
    entry: Entry,
    estimates: Mapping[str, Estimate],
    known: Iterable[str],
    structures: Iterable[str],
    folder: Path,
    *,
    sha256: str,
    status: str,
    source: str,
) -> PosteriorTable | None:
    """Read posterior draws from a CSV beside the model: a row a draw, canonical units.

    known, structures  `numbers` and structures of the model, which columns and rows are of
    sha256             of the file as the model was written with it; "" if the model does not say
    """
    name = entry.text()
    path = folder / name
    if Path(name).name != name or not path.is_file():
        entry.fault(f"no file '{name[:60]}' beside the model")
        return None
    if sha256 and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        entry.fault(f"{name} is not the file this model was written with; calibrate anew")
        return None
    try:
        with path.open(encoding="utf-8") as file:
            lines = [line.rstrip("\n").split(",") for line in islice(file, MOST_DRAWS + 2)]
    except UnicodeDecodeError:
        entry.fault(f"{name}: it is not UTF-8; save it as UTF-8")
        return None
    header, *rows = lines or [[""]]
    fits = header[0] == "structure" and 1 < len(header) == len(set(header))
    if not fits or not 0 < len(rows) <= MOST_DRAWS:
        entry.fault(f"{name}: expected a header 'structure,…' and 1 to {MOST_DRAWS} rows")
        return None
    try:
        numbers = np.array([row[1:] for row in rows], dtype=float)
    except ValueError:
        numbers = np.full((1, 1), np.nan)
    if numbers.shape != (len(rows), len(header) - 1) or not np.isfinite(numbers).all():
        entry.fault(f"{name}: expected {len(header) - 1} finite numbers in each row")
        return None
    table = dict(zip(header[1:], np.ascontiguousarray(numbers.T), strict=True))
    for column, values in table.items():
        if column not in known:
            entry.fault(f"{name}: no number '{column[:40]}' of this model.{nearest(column, known)}")
        elif column in estimates:
            distribution = estimates[column].distribution or "normal"
            if not DISTRIBUTIONS[distribution].holds(values):
                entry.fault(f"{name}: a draw of {column} cannot be that of a {distribution}")
    for structure in dict.fromkeys(row[0] for row in rows):
        if structure not in structures:
            entry.fault(
                f"{name}: no structure '{structure[:40]}' of this model."
                f"{nearest(structure, structures)}"
            )
    return PosteriorTable(
        table=table,
        structures=tuple(row[0] for row in rows),
        status=status,
        source=source,
    )


def _uncertainty(
    entry: Entry,
    estimates: Mapping[str, Estimate],
    factors: Mapping[str, float],
    numbers: Mapping[str, float],
    structures: Mapping[str, Variant],
    folder: Path,
) -> Posterior | PosteriorTable | None:
    """Read a covariance of typical values on the scale of 'varies', or a table of draws."""
    fields = entry.fields(["status", "source"], ["names", "covariance", "draws", "table", "sha256"])
    status, source = _status(fields), _source(fields)
    if set(fields) - {"sha256"} == {"status", "source", "table"}:
        return _table(
            *(fields["table"], estimates, numbers, structures, folder),
            sha256=fields["sha256"].text() if "sha256" in fields else "",
            status=status,
            source=source,
        )
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
