"""A calibration written down: from ``prior.yaml`` to ``model.yaml`` and ``posterior.csv``.

The model file is the prior file with calibrated numbers in place of the prior ones, each with the
evidence that holds it, and a section that says what was learned. The posterior draws stand beside
it, a row a draw, the structures in proportion to what is believed of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
import yaml

from thecal.errors import ModelError
from thecal.infer.calibrate import Calibration
from thecal.infer.evidence import fingerprint
from thecal.model.modelfile import CONVERSIONS
from thecal.model.population import Population
from thecal.outfile import write_whole

HEADER = """\
# Written by `thecal calibrate`; do not edit. What was known before stands in prior.yaml, what it
# was held against in evidence.csv, the posterior draws in posterior.csv.
"""


def weights(found: Sequence[Calibration]) -> list[float]:
    """Return what is believed of each structure, all alike before the evidence."""
    logs = np.array([c.log_evidence for c in found])
    shares = np.exp(logs - logs.max())
    return [float(share) for share in shares / shares.sum()]


def write_calibration(
    folder: Path,
    population: Population,
    found: Sequence[Calibration],
    *,
    seed: int,
    people: int,
    program: str,
    draws: int = 400,
    target_folder: Path | None = None,
) -> tuple[Path, Path]:
    """Write the model and its posterior draws; return both paths.

    found          the first is the structure that the file states by itself; others differ from it
    folder         of prior.yaml and evidence.csv
    target_folder  where to write; by default there
    """
    out = target_folder or folder
    if population.structures[found[0].structure].values:
        raise ModelError(
            f"'{found[0].structure}' differs from the structure of the file; hand over first the "
            "one that states no values of its own"
        )
    shares = weights(found)
    top: dict[str, Any] = yaml.safe_load((folder / "prior.yaml").read_text(encoding="utf-8"))
    first, *others = found
    middle = first.middle()
    top["about"] = (
        f"Calibrated to published summaries of the trials, without individual data. Typical values "
        f"are of the structure '{first.structure}'; predictions draw from all. See docs/model.md."
    )
    for name, value in middle.items():
        _put(top, name, value, population, first.influence.get(name, ()))
    for calibration in others:
        held = top["structures"][calibration.structure]
        variant = population.structures[calibration.structure]
        values = {**variant.values, **calibration.middle()}
        held["values"] = {name: _short(value) for name, value in values.items()}
        priors = population.structure(calibration.structure).priors
        held["priors"] = {n: {"sd": p.sd, "source": p.source} for n, p in priors.items()}
    rows = "\n".join(_rows(population, found, shares, draws)) + "\n"
    top["uncertainty"] = {
        "table": "posterior.csv",
        "sha256": hashlib.sha256(rows.encode()).hexdigest(),
        "status": "calibrated",
        "source": "draws of the posterior over both structures, given evidence.csv and prior.yaml",
    }
    top["calibration"] = {
        "program": f"{program}, NumPy {np.__version__}, Python {python_version()}",
        "seed": seed,
        "people": people,
        "draws": draws,
        "evidence": fingerprint(folder / "evidence.csv"),
        "structures": {
            c.structure: {
                "weight": _short(share),
                "effective_draws": round(c.effective),
                "numbers": _learned(c),
            }
            for c, share in zip(found, shares, strict=True)
        },
    }
    model, table = out / "model.yaml", out / "posterior.csv"
    text = yaml.safe_dump(top, sort_keys=False, width=100, allow_unicode=True)
    write_whole(table, rows.encode())
    write_whole(model, (HEADER + text).encode())
    return model, table


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _learned(c: Calibration) -> dict[str, dict[str, Any]]:
    contraction = c.contraction()
    middle, draws = c.middle(), c.values()
    found = {}
    for j, number in enumerate(c.numbers):
        lo, hi = np.quantile(draws[number.name], (0.05, 0.95))
        found[number.name] = {
            "value": _short(middle[number.name]),
            "lo": _short(float(lo)),
            "hi": _short(float(hi)),
            "prior": _short(number.at),
            "prior_sd": _short(number.sd),
            "contraction": round(float(contraction[j]), 3),
            "targets": " ".join(c.influence.get(number.name, ())) or "none",
        }
    return found


def _rows(
    population: Population, found: Sequence[Calibration], shares: Sequence[float], draws: int
) -> list[str]:
    """Return a header and a line for each draw, with every number that any structure changes."""
    names = list(dict.fromkeys(n.name for c in found for n in c.numbers))
    names += [
        name
        for variant in population.structures.values()
        for name in variant.values
        if name not in names
    ]
    counts = [max(1, round(share * draws)) for share in shares]
    counts[int(np.argmax(counts))] += draws - sum(counts)
    lines = [",".join(["structure", *names])]
    for c, count in zip(found, counts, strict=True):
        fixed = {**population.numbers, **population.structures[c.structure].values}
        values = c.values()
        for k in (np.arange(count) * len(c.draws)) // count:
            cells = [values[n][k] if n in values else fixed[n] for n in names]
            lines.append(",".join([c.structure, *(f"{cell:.6g}" for cell in cells)]))
    return lines


def _put(
    top: dict[str, Any],
    name: str,
    value: float,
    population: Population,
    targets: Sequence[str],
) -> None:
    """Put one calibrated number where it stands in the file, in the unit of the file."""
    held_by = "as the prior; nothing informs it"
    if targets:
        held_by = f"calibrated to {', '.join(targets)}"
    if match := re.fullmatch(r"sd\((\w+)\)", name):
        entry = top["parameters"][match[1]]
        is_in_unit = entry["varies"] == "normal"  # else on a scale without one
        entry.pop("cv_percent", None)
        entry["sd"] = _short(value / _factor(entry, match[1], population) if is_in_unit else value)
        entry["source"] = f"{entry['source']}. Spread {held_by}"
        return
    if "@" in name or "~" in name:
        parameter, sign, word = re.split(r"([@~])", name)
        factor = _factor(top["parameters"][parameter], parameter, population)
        for effect in top["effects"][parameter]:
            if sign == "~" and effect["covariate"] == word and "theta" in effect:
                effect["theta"] = _short(value)
            elif sign == "@" and word in effect.get("values", {}):
                effect["values"][word] = _short(value / factor)
            else:
                continue
            _held_by(effect, held_by)
        return
    entry = top["parameters"][name]
    entry["value"] = _short(value / _factor(entry, name, population))
    _held_by(entry, held_by)


def _held_by(entry: dict[str, Any], words: str) -> None:
    entry["status"], entry["source"] = "calibrated", f"{words}; before: {entry['source']}"


def _factor(entry: Mapping[str, Any], name: str, population: Population) -> float:
    """Return what turns the unit of a parameter in the file into the canonical one."""
    unit = next(p.unit for p in population.model.parameters if p.name == name)
    return 1.0 if entry["unit"] == unit else CONVERSIONS[entry["unit"], unit]
