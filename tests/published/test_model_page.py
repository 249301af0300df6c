"""What docs/model.md says the model predicts is what it predicts.

The page was computed with 400 replicates; here there are 60. Their medians differ by chance with a
standard deviation of about 1.25 SD √(1/60 + 1/400) = 0.17 SD, SD being the half width of the page's
90 % interval over 1.645; four of them are allowed.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from thecal.model.modelfile import load_population
from thecal.trial.study import ArmData, load_studies, simulate_arm

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model.md"
REPLICATES = 60
OUTPUTS = {
    "ALSFRS-R, points": "alsfrs_r",
    "SVC, % of predicted": "svc",
    "NfL, ratio": "nfl",
    "CSF SOD1, ratio": "csf_sod1",
}
CELL = re.compile(r"([−\d.]+) \(([−\d.]+) to ([−\d.]+)\)")


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def rows() -> list[tuple[int, str, str, list[tuple[float, float, float]]]]:
    """Week, stratum, quantity, and the three cells of each row of the page's predictions."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0].isdigit() and cells[2] in OUTPUTS:
            values = [tuple(map(number, CELL.fullmatch(c).groups())) for c in cells[3:]]
            found.append((int(cells[0]), cells[1], cells[2], values))
    return found


@cache
def arms() -> dict[str, ArmData]:
    population = load_population("tofersen")
    study = load_studies("tofersen")["extension"]
    table = population.uncertainty
    at = (np.arange(REPLICATES) * table.n_rows) // REPLICATES
    numbers = {name: column[at] for name, column in table.table.items()}
    return {
        name: simulate_arm(
            arm,
            study,
            population,
            seed=5,
            outputs=tuple(OUTPUTS.values()),
            numbers=numbers,
            stream=f"page:{name}",
        )
        for name, arm in study.arms.items()
    }


def change(data: ArmData, output: str, who: str, week: int) -> np.ndarray:
    seen = data.measured[output][:, data.of(who)]
    first, last = seen[..., 0], seen[..., data.visit(7.0 * week)]
    if output in ("nfl", "csf_sod1"):
        return np.exp(np.log(last / first).mean(axis=-1))
    return (last - first).mean(axis=-1)


def test_the_page_predicts_early_and_delayed_start_at_three_times():
    assert {(week, who) for week, who, _, _ in rows()} == {
        (week, who) for week in (28, 52, 148) for who in ("all", "faster", "slower")
    }


@pytest.mark.published
@pytest.mark.parametrize("week", [28, 52, 148])
def test_predictions_are_the_model_s(week):
    for at, who, quantity, stated in rows():
        if at != week:
            continue
        output = OUTPUTS[quantity]
        early, late = (
            change(arms()[name], output, who, week) for name in ("early start", "delayed start")
        )
        apart = early / late if output in ("nfl", "csf_sod1") else early - late
        for values, (middle, lo, hi) in zip((early, late, apart), stated, strict=True):
            sd = (hi - lo) / 2 / 1.645
            rounded = 0.005 if output in ("nfl", "csf_sod1") else 0.05
            allowed = 4 * 0.17 * sd + 2 * rounded
            assert np.median(values) == pytest.approx(middle, abs=allowed), (who, quantity)
