"""Faster and slower progression, by the rule of the pivotal trial of tofersen.

Source: EMA assessment report Qalsody, table 4. The slope is that before randomisation: points of
ALSFRS-R lost a month since onset.
"""

from __future__ import annotations

# Legacy numbering with Met1 counted, as the report lists them.
FAST_VARIANTS = ("A5V", "A5T", "L39V", "G42S", "H44R", "L85V", "G94A", "L107V", "V149G")
FAST_SLOPE = 0.9  # points/month, with any other variant
FAST_VARIANT_SLOPE = 0.2  # with one of the listed
LEAST_SVC = {"faster": 65.0, "slower": 50.0}  # % of predicted at screening


def stratum(slope: float, variant: str = "") -> str:
    """Return "faster" or "slower" for a slope in points/month and a variant, "" if unknown."""
    limit = FAST_VARIANT_SLOPE if variant in FAST_VARIANTS else FAST_SLOPE
    return "faster" if slope >= limit else "slower"
