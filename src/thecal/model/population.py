"""The numbers of a model: typical values, how people differ, and where each number is from.

Read from ``drugs/<medicine>/model.yaml``. A number stands there in the unit of its source
and is converted once, here. Every number names its source, or the target it was tuned to.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import CatalogError
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.structure import Model, Parameter

MODELS = {model.name: model for model in (INTRATHECAL_ASO,)}

# (unit in the file, canonical unit) -> factor.
CONVERSIONS = {
    ("1/h", "1/d"): 24.0,
    ("L/h", "L/d"): 24.0,
    ("mL/min", "L/d"): 1.44,
    ("mL", "L"): 1e-3,
    ("ug/g", "mg/kg"): 1.0,
    ("%", "1"): 1e-2,
}

# Numbers that turn what a record holds about a person into parameters, with their unit.
FROM_RECORD = (
    Parameter("csf_to_plasma_nfl", "1", "NfL in CSF over NfL in plasma"),
    Parameter("slope_ratio", "1", "ALSFRS-R slope from the first dose on over that since onset"),
)

STATUSES = ("published", "derived", "physiology", "borrowed", "tuned", "assumed")
DISTRIBUTIONS = ("lognormal", "logitnormal", "normal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A typical value, how people vary around it, and where both are from.

    value         in the canonical unit of its parameter
    distribution  "lognormal" (ln x normal), "logitnormal" (logit x normal), "normal", or ""
    sd            standard deviation on that scale; 0 for no variability
    status        one of STATUSES: how far to trust the number
    source        document and place, or the targets it was tuned to
    """

    value: float
    unit: str
    distribution: str
    sd: float
    status: str
    source: str

    def at(self, z: Float[np.ndarray, " subject"]) -> Float[np.ndarray, " subject"]:
        """Return the values of people whose standard normal deviate is z."""
        if self.distribution == "lognormal":
            return self.value * np.exp(self.sd * z)
        if self.distribution == "logitnormal":
            logit = np.log(self.value / (1 - self.value)) + self.sd * z
            return np.asarray(1 / (1 + np.exp(-logit)))
        return self.value + self.sd * z


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The numbers of one model for one medicine, by parameter name.

    from_record  numbers that turn a person's own record into parameters (FROM_RECORD)
    """

    medicine: str
    model: Model
    about: str
    estimates: Mapping[str, Estimate]
    from_record: Mapping[str, Estimate]

    def typical(self) -> dict[str, Float[np.ndarray, " subject"]]:
        """Return one subject with every random effect at zero."""
        return {name: e.at(np.zeros(1)) for name, e in self.estimates.items()}

    def draw(self, n: int, seed: int) -> dict[str, Float[np.ndarray, " subject"]]:
        """Draw n virtual people: parameter values by name, each of shape (subject,)."""
        return {name: e.at(deviates(name, n, seed)) for name, e in self.estimates.items()}


def deviates(name: str, n: int, seed: int) -> Float[np.ndarray, " subject"]:
    """Return n standard normal deviates from the stream of one parameter.

    The stream is keyed by seed and name: person i stays the same whatever n is, and a new
    parameter moves no other.
    """
    stream = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(name.encode())]))
    return stream.standard_normal(n)


def load_population(medicine: str, folder: Path = DRUGS) -> Population:
    """Read the model of a medicine. Raises CatalogError, or DataFileError with every fault."""
    path = folder / medicine / "model.yaml"
    if not path.is_file():
        raise CatalogError(f"no model of '{medicine}': {path.name} is not in its folder")
    return read_population(path)


def read_population(path: Path) -> Population:
    """Read one model file. Raises DataFileError with every fault and its line."""
    file = DataFile(path)
    top = file.read().fields(["medicine", "model", "about", "parameters", "from_record"])
    file.finish()
    name = top["model"].choice(MODELS)
    file.finish()
    model = MODELS[name]
    population = Population(
        medicine=top["medicine"].text(),
        model=model,
        about=top["about"].text(),
        estimates=_estimates(top["parameters"], model.parameters),
        from_record=_estimates(top["from_record"], FROM_RECORD),
    )
    file.finish()
    return population


def _estimates(entry: Entry, parameters: Sequence[Parameter]) -> dict[str, Estimate]:
    known = {parameter.name: parameter for parameter in parameters}
    return {
        name: _estimate(field, known[name]) for name, field in entry.fields(list(known)).items()
    }


def _estimate(entry: Entry, parameter: Parameter) -> Estimate:
    unit = parameter.unit
    fields = entry.fields(["value", "unit", "status", "source"], ["varies", "sd", "cv_percent"])
    given = fields["unit"].text() if "unit" in fields else unit
    factor = 1.0 if given == unit else CONVERSIONS.get((given, unit), np.nan)
    if not np.isfinite(factor):
        fields["unit"].fault(f"'{given}' cannot be read as {unit}")
    distribution = fields["varies"].choice(DISTRIBUTIONS) if "varies" in fields else ""
    if bool(distribution) != (("sd" in fields) + ("cv_percent" in fields)):
        entry.fault("variability needs 'varies' and one of 'sd' (on that scale) or 'cv_percent'")
    if "cv_percent" in fields:
        # CV = √(exp ω² − 1) of a log-normal
        sd = float(np.sqrt(np.log1p((fields["cv_percent"].number(least=0) / 100) ** 2)))
        if distribution != "lognormal":
            entry.fault("'cv_percent' is for a lognormal; give 'sd' on the scale of 'varies'")
    elif "sd" in fields:
        sd = fields["sd"].number(least=0) * (factor if distribution == "normal" else 1.0)
    else:
        sd = 0.0
    value = fields["value"].number() * factor if "value" in fields else np.nan
    if (distribution == "lognormal" and value <= 0) or (
        distribution == "logitnormal" and (value <= 0 or value >= 1)
    ):
        fields["value"].fault(f"{value:g} cannot be the typical value of a {distribution}")
    if np.isfinite(value) and not parameter.least < value <= parameter.most:
        fields["value"].fault(
            f"{value:g} {unit} is not above {parameter.least:g} and at most {parameter.most:g}"
        )
    return Estimate(
        value=value,
        unit=unit,
        distribution=distribution,
        sd=sd,
        status=fields["status"].choice(STATUSES) if "status" in fields else "",
        source=fields["source"].text() if "source" in fields else "",
    )
