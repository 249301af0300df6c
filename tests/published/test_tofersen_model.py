"""The first model of tofersen against published summaries of study 101 and VALOR.

Sources: US prescribing information of 13 November 2024 (US PI); FDA Integrated Review of NDA
215887 (FDA); EMA assessment report EMA/276404/2024 (EMA); sponsor slides of 17 October 2021,
read off a figure to ± 0.02 (slides). Several of these numbers tuned the model (`model.yaml`
names which): for them this file shows that the tuning holds, not that the model predicts.
What the model misses stands in docs/model.md, whose figures are checked here too.

VALOR: 100 mg on days 0, 14, 28, then every 28 days, 8 doses; read at week 28. 108 people, 60 of
them faster (mITT). 400 virtual ones leave a Monte Carlo error of about 2 % in a geometric mean
and 4 % in a mean concentration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from thecal.model.events import Dosing
from thecal.model.population import Population, load_population
from thecal.model.simulate import simulate
from thecal.model.structure import Profile
from thecal.model.variability import deviates

pytestmark = pytest.mark.published

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model.md"
PEOPLE, SEED = 400, 2023
WEEK_4, WEEK_8, WEEK_16, WEEK_28 = 28.0, 56.0, 112.0, 196.0
TROUGHS_D = np.array([14.0, 28.0, 56.0, 84.0, 112.0, 140.0, 168.0, 196.0])
VALOR = Dosing(times_d=np.array([0.0, *TROUGHS_D[:-1]]), amounts_mg=np.full(8, 100.0))
NONE = Dosing.none()
NG_PER_ML = 1000.0  # in one mg/L


@dataclass(frozen=True)
class Valor:
    """The same virtual people with tofersen and without."""

    treated: Profile
    untreated: Profile
    faster: np.ndarray

    def to_placebo(self, output: str, day: float, who: np.ndarray | None = None) -> float:
        """Geometric mean of treated over untreated."""
        i = int(np.searchsorted(self.treated.times_d, day))
        ratio = self.treated.of(output)[:, i] / self.untreated.of(output)[:, i]
        return float(np.exp(np.log(ratio[slice(None) if who is None else who]).mean()))

    def to_baseline(self, output: str, day: float, who: np.ndarray) -> float:
        """Geometric mean of treated over the value on day 0."""
        i = int(np.searchsorted(self.treated.times_d, day))
        ratio = self.treated.of(output)[who, i] / self.treated.of(output)[who, 0]
        return float(np.exp(np.log(ratio).mean()))

    def points(self, profile: Profile) -> np.ndarray:
        """Change of ALSFRS-R to week 28, per person."""
        return profile.of("alsfrs_r")[:, -1] - profile.of("alsfrs_r")[:, 0]


@pytest.fixture(scope="module")
def tofersen() -> Population:
    return load_population("tofersen")


@pytest.fixture(scope="module")
def valor(tofersen) -> Valor:
    """Faster and slower people mixed 60 to 48, with NfL, slope and growth of their group.

    Geometric mean NfL 112 and 32 pg/mL with spreads, and slopes, after EMA table 5; growth of
    NfL on placebo to 1.20 and 0.95 over 28 weeks, US PI table 2.
    """
    people = tofersen.draw(PEOPLE, SEED)
    faster = np.arange(PEOPLE) < round(PEOPLE * 60 / 108)
    z_nfl, z_slope = (deviates(name, PEOPLE, SEED) for name in ("nfl_baseline", "slope"))
    people["nfl_baseline"] = np.where(faster, 112 * np.exp(0.55 * z_nfl), 32 * np.exp(0.75 * z_nfl))
    people["slope"] = np.where(faster, np.exp(0.83 * z_slope), 0.26 * np.exp(1.0 * z_slope))
    people["nfl_growth"] = np.where(faster, np.log(1.20) / 196, np.log(0.95) / 196)
    times_d = np.array([0.0, *TROUGHS_D])
    return Valor(
        treated=simulate(tofersen, VALOR, times_d, people=people),
        untreated=simulate(tofersen, NONE, times_d, people=people),
        faster=faster,
    )


@pytest.fixture(scope="module")
def troughs(valor) -> dict[float, float]:
    """Mean CSF trough by day, ng/mL."""
    means = valor.treated.of("csf").mean(axis=0) * NG_PER_ML
    return dict(zip(valor.treated.times_d, means, strict=True))


# ---- concentrations


@pytest.mark.parametrize(("day", "published"), [(28.0, 26.0), (196.0, 24.0)])
def test_the_mean_csf_trough_is_the_published_one(troughs, day, published):
    """FDA 14.2: 26 ng/mL (CV 137 %) before dose 3, 24 (CV 101 %) on day 197. Tuned (phi).

    12 %: about one standard error of the published means (1.37 · 26/√72 = 16 % and 12 %).
    """
    assert troughs[day] == pytest.approx(published, rel=0.12)


def test_the_csf_trough_falls_a_little_after_loading(troughs):
    """FDA 14.2: 24/26 = 0.92; each printed to a whole number, so between 0.89 and 0.96."""
    assert 23.5 / 26.5 <= troughs[196.0] / troughs[28.0] <= 24.5 / 25.5


def test_the_highest_trough_is_before_the_third_dose(troughs):
    """Two doses 14 days apart have been given by then; later ones are 28 days apart."""
    assert max(TROUGHS_D, key=lambda day: troughs[day]) == 28.0


def test_csf_accumulates_less_than_twofold(troughs):
    """EMA p41: below 2-fold after loading. Trough before dose 3 over that before dose 2."""
    assert 1.0 < troughs[28.0] / troughs[14.0] < 2.0


def first_day(tofersen: Population) -> tuple[np.ndarray, np.ndarray]:
    """Hours, and plasma in ng/mL of 400 people over 24 h after 100 mg."""
    hours = np.arange(0.0, 24.01, 0.25)
    once = Dosing(times_d=np.zeros(1), amounts_mg=np.array([100.0]))
    found = simulate(tofersen, once, hours / 24, people=tofersen.draw(PEOPLE, SEED))
    return hours, found.of("plasma") * NG_PER_ML


def test_the_mean_plasma_peak_is_the_published_one(tofersen):
    """FDA table 4: Cmax 704 ± 406 ng/mL. Tuned (Q). 14 %: two standard errors, 406/√72."""
    _, plasma = first_day(tofersen)
    assert plasma.max(axis=1).mean() == pytest.approx(704, rel=0.14)


def test_the_plasma_peak_comes_after_two_to_six_hours(tofersen):
    """FDA table 94 and 95: medians of 2 to 6 h over all doses; 4 h at 100 mg in VALOR."""
    hours, plasma = first_day(tofersen)
    assert 2 <= np.median(hours[plasma.argmax(axis=1)]) <= 6


@pytest.mark.parametrize("amount_mg", [10.0, 20.0, 40.0, 60.0])
def test_plasma_is_below_quantification_on_day_8_after_one_dose(tofersen, amount_mg):
    """EMA p41: below 1 ng/mL from day 8 (7 days after the dose) at 10 to 60 mg; typical patient."""
    once = Dosing(times_d=np.zeros(1), amounts_mg=np.array([amount_mg]))
    found = simulate(tofersen, once, np.array([0.0, 7.0, 8.0])).of("plasma")[0] * NG_PER_ML
    assert (found[1:] < 1.0).all()


def test_the_plasma_trough_lies_between_those_without_and_with_antibodies(tofersen):
    """EMA p45: 3.64 without and 9.33 ng/mL with them; the cohort mean of clearance lies between."""
    found = simulate(tofersen, VALOR, np.array([0.0, WEEK_28])).of("plasma")[0, 1]
    assert 3.64 <= found * NG_PER_ML <= 9.33


# ---- biomarkers, ratio to placebo at week 28 (US PI table 2; tuned: IC50, f_csf, delay_nfl)


def test_csf_sod1_is_lowered_as_in_valor(valor):
    """US PI table 2: ratio to placebo 0.66 (0.57-0.77). Tolerance: the interval."""
    assert 0.57 <= valor.to_placebo("csf_sod1", WEEK_28) <= 0.77


def test_plasma_nfl_is_lowered_as_in_valor(valor):
    """US PI table 2: 0.40 (0.33-0.49). Half the interval, as this number tuned the model."""
    assert valor.to_placebo("nfl", WEEK_28) == pytest.approx(0.40, abs=0.04)


def test_nfl_is_lowered_in_faster_and_slower_people_as_in_valor(valor):
    """EMA table 10: 0.33 (0.25-0.45) and 0.52 (0.43-0.63). Half the intervals.

    Nothing but the baseline over the normal level, and growth, tells the groups apart.
    """
    assert valor.to_placebo("nfl", WEEK_28, valor.faster) == pytest.approx(0.33, abs=0.05)
    assert valor.to_placebo("nfl", WEEK_28, ~valor.faster) == pytest.approx(0.52, abs=0.05)


def test_nfl_hardly_moves_in_the_first_four_weeks(valor):
    """Slides: 0.99 and 1.04 of baseline. Ours has begun to fall (a miss), by less than 8 %."""
    assert 0.92 < valor.to_placebo("nfl", WEEK_4) < 1.0


@pytest.mark.parametrize(
    ("day", "faster", "slower"),
    [(WEEK_8, 0.70, 0.85), (WEEK_16, 0.43, 0.57), (WEEK_28, 0.40, 0.49)],
)
def test_the_course_of_nfl_is_that_of_the_figure(valor, day, faster, slower):
    """Slides. 13 %: a log-SD of 0.4 over √39 and √33 people is 7 %, twice; ± 0.02 of reading."""
    assert valor.to_baseline("nfl", day, valor.faster) == pytest.approx(faster, rel=0.13)
    assert valor.to_baseline("nfl", day, ~valor.faster) == pytest.approx(slower, rel=0.13)


def test_most_of_the_fall_of_nfl_is_over_by_week_16(valor):
    """US PI 12.2: lowest from about week 16 on. At least 80 % of the fall to week 28 by then."""
    fallen = 1 - valor.to_placebo("nfl", WEEK_16)
    assert fallen / (1 - valor.to_placebo("nfl", WEEK_28)) > 0.8


def test_nfl_lags_behind_sod1(valor):
    """EMA p101: SOD1 first, NfL after. By week 4 SOD1 has more of its fall behind it."""
    share = [
        (1 - valor.to_placebo(name, WEEK_4)) / (1 - valor.to_placebo(name, WEEK_28))
        for name in ("csf_sod1", "nfl")
    ]
    assert share[0] > 2 * share[1]


# ---- function


def test_function_differs_from_placebo_as_in_valor(valor):
    """EMA table 8: 1.4 points (-1.3 to 4.1) at week 28. Half the interval; it tuned the delay."""
    difference = valor.points(valor.treated) - valor.points(valor.untreated)
    assert difference.mean() == pytest.approx(1.4, abs=1.35)
    assert (difference >= 0).all()


def test_untreated_people_lose_function_as_on_placebo(valor):
    """EMA table 8: -5.8 points. ± 1.4: FDA table 113 gives 0.22 points a month as its SE."""
    assert valor.points(valor.untreated).mean() == pytest.approx(-5.8, abs=1.4)


# ---- misses: not right, but as large as the page says


def stated_on_the_page() -> dict[str, float]:
    """The model's number of each row of the tables of docs/model.md."""
    rows = re.findall(r"^\| (.+?) \| ([−\d,.]+) \|", PAGE.read_text(encoding="utf-8"), re.M)
    return {name: float(number.replace(",", "").replace("−", "-")) for name, number in rows}


def test_the_agreements_are_those_the_page_says(tofersen, valor, troughs):
    """docs/model.md, table of what was tuned; 2 %, as the page rounds."""
    stated = stated_on_the_page()
    hours, plasma = first_day(tofersen)
    found = {
        "CSF trough day 28, mean, ng/mL": troughs[28.0],
        "CSF trough day 196, mean, ng/mL": troughs[196.0],
        "plasma Cmax, mean, ng/mL": plasma.max(axis=1).mean(),
        "plasma Tmax, median, h": np.median(hours[plasma.argmax(axis=1)]),
        "CSF SOD1 to placebo, week 28": valor.to_placebo("csf_sod1", WEEK_28),
        "NfL to placebo, week 28, all": valor.to_placebo("nfl", WEEK_28),
        "NfL to placebo, week 28, faster": valor.to_placebo("nfl", WEEK_28, valor.faster),
        "NfL to placebo, week 28, slower": valor.to_placebo("nfl", WEEK_28, ~valor.faster),
        "ALSFRS-R difference, week 28, points": (
            valor.points(valor.treated).mean() - valor.points(valor.untreated).mean()
        ),
        "ALSFRS-R change untreated, week 28": valor.points(valor.untreated).mean(),
    }
    for name, value in found.items():
        rounded = 0.05 if "points" in name else 0.0  # 1.0 is printed to one decimal
        assert stated[name] == pytest.approx(value, rel=0.02, abs=rounded), (name, value)


def test_the_misses_are_as_large_as_the_page_says(tofersen, valor):
    """docs/model.md names each miss with the model's number; 2 %, as the page rounds."""
    stated = stated_on_the_page()
    hours, plasma = first_day(tofersen)
    csf = valor.treated.of("csf")[:, 2]
    low = Dosing(times_d=VALOR.times_d, amounts_mg=np.full(8, 20.0))
    typical = [simulate(tofersen, d, np.array([0.0, 28.0])).of("csf")[0, 1] for d in (VALOR, low)]
    found = {
        "plasma AUC₀₋₂₄, mean, h·ng/mL": np.trapezoid(plasma, hours, axis=1).mean(),
        "CSF trough, 100 mg over 20 mg": typical[0] / typical[1],
        "CSF trough day 28, CV %": 100 * csf.std() / csf.mean(),
        "CSF SOD1 ratio to placebo, week 4": valor.to_placebo("csf_sod1", WEEK_4),
        "CSF SOD1 ratio to placebo, week 8": valor.to_placebo("csf_sod1", WEEK_8),
        "NfL of baseline, faster, week 4": valor.to_baseline("nfl", WEEK_4, valor.faster),
        "NfL of baseline, slower, week 4": valor.to_baseline("nfl", WEEK_4, ~valor.faster),
        "NfL of baseline, faster, week 28 over week 16": (
            valor.to_baseline("nfl", WEEK_28, valor.faster)
            / valor.to_baseline("nfl", WEEK_16, valor.faster)
        ),
    }
    for name, value in found.items():
        assert stated[name] == pytest.approx(value, rel=0.02), name
