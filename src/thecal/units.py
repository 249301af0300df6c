"""The unit of each kind of record, and the only conversions.

Inside thecal there is one unit per kind; a reader converts at the edge and an unknown unit
is refused. Factors are exact powers of ten.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONTH_D = 30.4375  # mean month of the Julian year, 365.25 / 12


@dataclass(frozen=True, slots=True)
class Quantity:
    """What one kind of record measures.

    unit         the canonical unit, in which thecal holds every value of the kind
    least, most  values outside are slips (a wrong unit, a lost decimal point), in `unit`
    others       other accepted spellings: power of ten from each to `unit`
    is_whole     only whole numbers are values
    """

    unit: str
    least: float
    most: float
    others: Mapping[str, int]
    is_whole: bool = False

    @property
    def units(self) -> tuple[str, ...]:
        """Every accepted spelling, the canonical one first."""
        return (self.unit, *self.others)

    def power(self, unit: str) -> int | None:
        """Return the power of ten from a unit to the canonical one, or None if it is unknown."""
        powers = {same_unit(known): power for known, power in self.others.items()}
        return (powers | {same_unit(self.unit): 0}).get(same_unit(unit))


def same_unit(unit: str) -> str:
    """Return what two spellings of a unit share: case, spaces and the code point of µ do not count.

    Without case, g/L (grams) and G/L (giga) are one word; a kind knows only one of the two.
    """
    return "".join(unit.casefold().split()).replace("μ", "u")


def scale(value: float, power: int) -> float:
    """Multiply by a power of ten as on paper: 0.07 G/L is 70 cells/uL, not 70.00000000000001."""
    digits, _, exponent = repr(float(value)).partition("e")
    return float(f"{digits}e{int(exponent or 0) + power}") if power else value


_COUNT = {
    **dict.fromkeys(("/uL", "1/uL", "cells/mm3", "/mm3", "MPt/L", "10^6/L", "10*6/L"), 0),
    **dict.fromkeys(("G/L", "GPt/L", "10^9/L", "10*9/L"), 3),
}
_PG_PER_ML = {"ng/L": 0, "ng/mL": 3, "ug/L": 3}
_MG_PER_L = {"ug/mL": 0, "ng/mL": -3, "ug/L": -3}

# The ranges are ours: wide enough for any illness or assay, narrow enough to catch a value
# written in another unit of the same kind where that cannot be a real result.
QUANTITIES: dict[str, Quantity] = {
    "dose": Quantity("mg", 1, 500, {}),
    "csf_wbc": Quantity("cells/uL", 0, 100_000, _COUNT),
    "csf_protein": Quantity("mg/L", 10, 50_000, {"ug/mL": 0, "mg/dL": 1, "g/L": 3}),
    "albumin_ratio": Quantity("1e-3", 0.5, 500, {"10^-3": 0, "10-3": 0, "10*-3": 0, "1": 3}),
    "nfl_csf": Quantity("pg/mL", 10, 1_000_000, _PG_PER_ML),
    "nfl_plasma": Quantity("pg/mL", 0.1, 20_000, _PG_PER_ML),
    "nfl_serum": Quantity("pg/mL", 0.1, 20_000, _PG_PER_ML),
    "pnfh_csf": Quantity("pg/mL", 1, 1_000_000, _PG_PER_ML),
    "pnfh_plasma": Quantity("pg/mL", 1, 1_000_000, _PG_PER_ML),
    "csf_sod1": Quantity("ng/mL", 0.1, 10_000, {"ug/L": 0, "pg/mL": -3}),
    "csf_tofersen": Quantity("mg/L", 0, 5_000, _MG_PER_L),
    "plasma_tofersen": Quantity("mg/L", 0, 100, _MG_PER_L),
    "alsfrs_r": Quantity("points", 0, 48, {"point": 0}, is_whole=True),
    "svc": Quantity("% predicted", 0, 200, {"%": 0, "% pred": 0}),
}
KINDS = (*QUANTITIES, "event", "other")  # an event is a word; `other` keeps the unit it came in


def celsius_of_fahrenheit(value: float) -> float:
    """Convert °F to °C, to the millionth of a degree: 46.4 °F is 8 °C, not 7.999999999999999."""
    return round((value - 32) * 5 / 9, 6)


def iso_date(text: str) -> dt.date:
    """Read a calendar date written YYYY-MM-DD and no other way; ValueError for anything else."""
    if not ISO_DATE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not YYYY-MM-DD")
    return dt.date.fromisoformat(text)
