"""Nusinersen and tominersen, shipped as data alone, against what their papers print.

Sources: Luu and others 2017, doi:10.1002/jcph.884 (Luu); Yamamoto and others 2023,
doi:10.1002/psp4.13001 (Yamamoto). Both were read in a transcription. Nothing was tuned to any
number below. Those under "witnesses" are printed nowhere: they were computed from the same
parameters by another program before these files were written.

Half-lives and profiles have a witness that shares nothing with the solver or the reader: rates
written out here per hour, and NumPy's eigenvalues or SciPy's matrix exponential of them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.linalg import expm

from thecal.datafile import DRUGS
from thecal.errors import DataFileError
from thecal.model.events import Dosing, Event
from thecal.model.modelfile import load_population, read_population
from thecal.model.population import Population
from thecal.model.simulate import simulate
from thecal.model.variability import Occasions, Stepwise
from thecal.plan.virtual import ask, simulate_virtual

H_PER_D = 24.0
NG_PER_ML = 1000.0  # in one mg/L
Q16W_D = 112.0 * np.arange(5)  # Yamamoto: 1.5 years, read at the end of the fifth interval
TOFERSEN_D = np.array([0.0, 14.0, *(28.0 * k for k in range(1, 10))])
MEDIAN_ADULT = {"weight": 75.0, "csf_protein": 0.35, "age": 49.0, "sex": "male", "antibodies": "no"}


@pytest.fixture(scope="module")
def nusinersen() -> Population:
    return load_population("nusinersen")


@pytest.fixture(scope="module")
def tominersen() -> Population:
    return load_population("tominersen")


def person(population: Population, **covariates: float | str) -> dict[str, np.ndarray]:
    """The typical person with these covariates: no random effect."""
    fixed = {name: replace(e, sd=0.0, iov_sd=0.0) for name, e in population.estimates.items()}
    held = {name: np.array([value]) for name, value in covariates.items()}
    return replace(population, estimates=fixed).draw(1, 1, covariates=held)


def rates_per_h(medicine: str, weight: float | None = None) -> np.ndarray:
    """dA/dt = K A of the paper, from the numbers of the file as they are written: L and L/h.

    States: nusinersen CSF, CNS, plasma, tissue; tominersen CSF 1, 2, 3, plasma 1, 2, 3.
    """
    text = (DRUGS / medicine / "model.yaml").read_text(encoding="utf-8")
    p = {name: float(e["value"]) for name, e in yaml.safe_load(text)["parameters"].items()}
    if weight is not None:  # Luu, equations 5 to 7
        p["V_csf"] *= (weight / 15.2) ** 0.596
        p["V"] *= 1 + 0.047 * (weight - 15.2)
        p["CL"] *= (weight / 15.2) ** 0.689
    flows = {"nusinersen": [(0, 1, "Q_cns"), (2, 3, "Q")]}
    flows["tominersen"] = [(0, 1, "Q_cns"), (0, 2, "Q_cns2"), (3, 4, "Q"), (3, 5, "Q2")]
    volumes = {"nusinersen": ["V_csf", "V_cns", "V", "V_per"]}
    volumes["tominersen"] = ["V_csf", "V_cns", "V_cns2", "V", "V_per", "V_per2"]
    volume = np.array([p[name] for name in volumes[medicine]])
    plasma = len(volume) // 2
    K = np.zeros((len(volume), len(volume)))
    for i, j, flow in flows[medicine]:
        K[i, i] -= p[flow] / volume[i]
        K[j, i] += p[flow] / volume[i]
        K[j, j] -= p[flow] / volume[j]
        K[i, j] += p[flow] / volume[j]
    K[0, 0] -= p["CL_csf"] / volume[0]
    K[plasma, 0] += p["CL_csf"] / volume[0]
    K[plasma, plasma] -= p["CL"] / volume[plasma]
    return K


def half_lives_h(K: np.ndarray) -> np.ndarray:
    return np.sort(np.log(2) / -np.linalg.eigvals(K).real)


def amounts_mg(K: np.ndarray, doses_d: np.ndarray, dose_mg: float, time_d: float) -> np.ndarray:
    """Superposed matrix exponentials of the doses before time_d, all into the first state."""
    since_h = [H_PER_D * (time_d - day) for day in doses_d if day < time_d]
    return dose_mg * np.sum([expm(K * h)[:, 0] for h in since_h], axis=0)


# ---- what the papers print


@pytest.mark.published
def test_the_csf_half_life_of_nusinersen_is_the_published_one(nusinersen):
    """Luu, table 3: median 163 d, so 162.5 to 163.5; by eigenvalues, and by the solver."""
    assert half_lives_h(rates_per_h("nusinersen"))[-1] / H_PER_D == pytest.approx(163, abs=0.5)
    times_d = np.array([600.0, 800.0])  # the faster phases, of 26 d and less, are over
    csf = simulate(nusinersen, Dosing.bolus([0.0], 12.0), times_d).of("csf")[0]
    assert np.log(2) * 200 / np.log(csf[0] / csf[1]) == pytest.approx(163, abs=0.5)


@pytest.mark.published
def test_children_have_about_the_half_lives_that_are_published(nusinersen):
    """Luu, table 3: 123 to 310 d in 72 children, median 163. Here in 20 times as many.

    The median within 1 %, and nobody outside the published range. It is one-sided as here: the
    longest lie further from the median than the shortest.
    """
    people = nusinersen.draw(72 * 20, 1)
    times_d = np.array([900.0, 1200.0])
    csf = simulate(nusinersen, Dosing.bolus([0.0], 12.0), times_d, people=people).of("csf")
    half_lives_d = np.log(2) * 300 / np.log(csf[:, 0] / csf[:, 1])
    assert np.median(half_lives_d) == pytest.approx(163, rel=0.01)
    assert 123 < half_lives_d.min() and half_lives_d.max() < 310
    assert half_lives_d.max() - 163 > 163 - half_lives_d.min()


@pytest.mark.published
def test_the_csf_half_life_of_tominersen_is_about_a_month(tominersen):
    """Yamamoto, discussion: approximately 1 month; 28.1 d = ln 2 V3/Q3, less the loss meanwhile."""
    csf_alone = rates_per_h("tominersen")[:3, :3]
    half_life_d = half_lives_h(csf_alone)[-1] / H_PER_D
    assert half_life_d == pytest.approx(30, rel=0.1)
    assert half_life_d == pytest.approx(np.log(2) * 0.0117556 / 1.20953e-5 / H_PER_D, rel=0.01)
    csf = simulate(tominersen, Dosing.bolus([0.0], 100.0), [60.0, 120.0]).of("csf")[0]
    assert np.log(2) * 60 / np.log(csf[0] / csf[1]) == pytest.approx(half_life_d, rel=1e-6)


@pytest.mark.published
@pytest.mark.parametrize(
    ("name", "low", "high", "percent"),
    [
        ("antibodies", "no", "yes", 24),
        ("csf_protein", 0.19, 0.54, 46),
        ("age", 31.0, 64.0, 44),
    ],
)
def test_covariates_raise_the_csf_trough_by_the_published_percentage(
    tominersen, name, low, high, percent
):
    """Yamamoto, results: steady trough of 120 mg every 16 weeks, each printed to a whole per cent.

    No closed form gives these: form, reference and the disposition in CSF all enter.
    """
    given = Dosing.bolus(Q16W_D, 120.0)
    low_trough, high_trough = (
        simulate(
            tominersen, given, [560.0], people=person(tominersen, **{**MEDIAN_ADULT, name: value})
        ).of("csf")[0, 0]
        for value in (low, high)
    )
    assert 100 * (high_trough / low_trough - 1) == pytest.approx(percent, abs=0.51)


@pytest.mark.published
@pytest.mark.parametrize(
    ("change", "percent"), [({"sex": "female"}, 19), ({"antibodies": "yes"}, 67)]
)
def test_plasma_clearance_falls_by_the_published_percentage(tominersen, change, percent):
    """Yamamoto, results: about 19 % lower in women; table 2: 67.3 % with antibodies."""
    CL = person(tominersen, **{**MEDIAN_ADULT, **change})["CL"] / (10.7 * H_PER_D)
    assert 100 * (1 - CL[0]) == pytest.approx(percent, abs=0.5)


@pytest.mark.published
@pytest.mark.parametrize("weight", [52.0, 75.0, 95.5])
def test_weight_acts_on_plasma_with_the_published_exponents(tominersen, weight):
    """Yamamoto, table 2: 0.687 for every plasma clearance, 0.866 for every plasma volume; 75 kg.

    Nothing in CSF follows weight, and a man of 49 y with 0.35 g/L is the typical person there.
    """
    found = person(tominersen, **{**MEDIAN_ADULT, "weight": weight})
    for name, typical in tominersen.typical().items():
        exponent = {"CL": 0.687, "Q": 0.687, "Q2": 0.687}.get(name, 0.0)
        exponent = {"V": 0.866, "V_per": 0.866, "V_per2": 0.866}.get(name, exponent)
        assert found[name] == pytest.approx(typical * (weight / 75) ** exponent, rel=1e-12)


@pytest.mark.published
@pytest.mark.parametrize(("dose_mg", "median", "p95"), [(30, 0.074, 0.14), (120, 0.30, 0.54)])
def test_the_csf_troughs_of_a_population_are_near_the_published_ones(
    tominersen, dose_mg, median, p95
):
    """Yamamoto, results: ng/mL after 1.5 years of 30 and 120 mg every 16 weeks.

    8 or 9 % above in the median, 7 to 11 % at the 95th percentile; held to 12 and 15 %. Covariates
    are drawn independently here, and the joint ones of the simulation in the paper not printed.
    """
    people = tominersen.draw(4000, 1)
    given = Dosing.bolus(Q16W_D, float(dose_mg))
    found = simulate(tominersen, given, [560.0], people=people).of("csf") * NG_PER_ML
    assert np.median(found) == pytest.approx(median, rel=0.12)
    assert np.quantile(found, 0.95) == pytest.approx(p95, rel=0.15)


@pytest.mark.published
def test_the_plasma_troughs_of_a_population_miss_the_published_ones_as_the_page_says(tominersen):
    """Yamamoto, results: 0.065 (0.016-0.21) ng/mL. 17 % above in the median; far too wide above.

    docs/neighbours.md says so; a fall below 2 times would be news.
    """
    people = tominersen.draw(4000, 1)
    given = Dosing.bolus(Q16W_D, 120.0)
    found = simulate(tominersen, given, [560.0], people=people).of("plasma") * NG_PER_ML
    assert np.median(found) == pytest.approx(0.065, rel=0.25)
    assert 2 * 0.21 < np.quantile(found, 0.95) < 5 * 0.21


@pytest.mark.published
def test_troughs_every_four_weeks_are_steady_by_week_37(tominersen):
    """Yamamoto, results: every 4 weeks, steady at around week 37 at the latest; to 0.5 %."""
    given_d = 28.0 * np.arange(20)
    times_d = np.array([28.0, 252.0, 560.0])
    first, week_36, last = simulate(tominersen, Dosing.bolus(given_d, 120.0), times_d).of("csf")[0]
    assert first / last < 0.55
    assert week_36 / last == pytest.approx(1, abs=0.005)


@pytest.mark.published
@pytest.mark.parametrize(
    ("name", "mean", "sd", "low", "high"),
    [
        ("weight", 71.7, 13.3, 52, 95.5),
        ("csf_protein", 0.334, 0.113, 0.19, 0.54),
        ("age", 47.6, 9.47, 31, 64),
    ],
)
def test_virtual_adults_have_the_published_covariates(tominersen, name, mean, sd, low, high):
    """Yamamoto, table S1: mean and SD in GENERATION HD1; results: 5 and 95 % of all five studies.

    20 000 people: 2 % is three standard errors of an SD. The percentiles are of other people, and
    test the form of the distribution: 4 %.
    """
    drawn = tominersen.draw_covariates(20_000, 1)[name]
    assert [drawn.mean(), drawn.std()] == pytest.approx([mean, sd], rel=0.02)
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx([low, high], rel=0.04)


@pytest.mark.published
def test_virtual_children_have_the_published_spread_of_weights(nusinersen):
    """Luu, table 1: median 15.2 kg, and the heaviest of 72 has 83/5.1 times the lightest.

    In the middle of 200 such samples, to 15 %. Real weights are skewed even on the log scale: the
    range here is 3.8 to 58 kg.
    """
    weights = nusinersen.draw_covariates(72 * 200, 1)["weight"].reshape(200, 72)
    assert np.median(weights) == pytest.approx(15.2, rel=0.02)
    spread = weights.max(axis=1) / weights.min(axis=1)
    assert np.median(spread) == pytest.approx(83 / 5.1, rel=0.15)


# ---- witnesses: computed before, published nowhere


def test_the_half_lives_of_tominersen_are_those_computed_before():
    """0.97 h, 1.12 h, 6.4 h, 34 h, 28.1 d and 68 d, from the same parameters; as printed there."""
    found = half_lives_h(rates_per_h("tominersen"))
    assert found[:4] == pytest.approx([0.97, 1.12, 6.4, 34], rel=0.005)
    assert found[4:] / H_PER_D == pytest.approx([28.1, 68], rel=0.005)


def test_plasma_peaks_when_computed_before(tominersen):
    """1.75 h after 100 mg, by quarters of an hour."""
    hours = np.arange(1, 41) / 4
    plasma = simulate(tominersen, Dosing.bolus([0.0], 100.0), hours / H_PER_D).of("plasma")[0]
    assert hours[plasma.argmax()] == 1.75


def test_tominersen_on_the_regimen_of_tofersen_has_the_troughs_computed_before(tominersen):
    """100 mg on days 0, 14, 28, then every 28: ng/mL, two decimals. The highest is the second."""
    times_d = np.array([14.0, 28.0, 56.0, 84.0, 196.0])
    found = simulate(tominersen, Dosing.bolus(TOFERSEN_D, 100.0), times_d).of("csf")[0] * NG_PER_ML
    assert found == pytest.approx([2.85, 4.87, 4.46, 4.26, 4.06], abs=0.006)


def test_nusinersen_on_the_regimen_of_tofersen_has_the_troughs_computed_before(nusinersen):
    """At 75 kg, ng/mL, whole: they rise to day 252 and on, unlike those of tofersen."""
    times_d = np.array([14.0, 28.0, 56.0, 84.0, 252.0])
    people = person(nusinersen, weight=75.0)
    given = Dosing.bolus(TOFERSEN_D, 100.0)
    found = simulate(nusinersen, given, times_d, people=people).of("csf")[0] * NG_PER_ML
    assert found == pytest.approx([42, 82, 113, 140, 250], abs=0.6)


# ---- the solver against the rate matrix, and closed forms


@pytest.mark.parametrize(("medicine", "weight"), [("nusinersen", 40.0), ("tominersen", None)])
def test_the_solver_gives_the_matrix_exponential(medicine, weight):
    """Written out per hour above. Within 1e-9: expm of a stiff matrix over weeks loses digits."""
    population, K = load_population(medicine), rates_per_h(medicine, weight)
    people = None if weight is None else person(population, weight=weight)
    times_d = np.array([0.1, 1.0, 13.0, 14.0, 30.0, 200.0])
    found = simulate(population, Dosing.bolus(TOFERSEN_D, 100.0), times_d, people=people)
    values = population.typical() if people is None else people
    right = np.array([amounts_mg(K, TOFERSEN_D, 100.0, time_d) for time_d in times_d])
    plasma = len(K) // 2
    for name, i, volume in (("csf", 0, "V_csf"), ("plasma", plasma, "V")):
        assert found.of(name)[0] == pytest.approx(right[:, i] / values[volume], rel=1e-9)


@pytest.mark.parametrize("medicine", ["nusinersen", "tominersen"])
def test_a_steady_infusion_leaves_rate_over_clearance(medicine):
    """Everyone in and out at 1 mg/d: 1/CL_csf in CSF and 1/CL in plasma, whatever the volumes."""
    population = load_population(medicine)
    people = population.draw(50, 2)
    long_d = 1e6
    given = Dosing.of([Event(time_d=0.0, amount_mg=long_d, duration_d=long_d)])
    found = simulate(population, given, [0.9 * long_d], people=people)
    for name, clearance in (("csf", "CL_csf"), ("plasma", "CL")):
        assert found.of(name)[:, 0] * people[clearance] == pytest.approx(1.0, rel=1e-6)


# ---- a medicine is data

# Typed again from the tables, in L and L/h, with the spread as printed: in per cent.
PRINTED = {
    "nusinersen": {
        "CL": (2.36, 29.5),
        "CL_csf": (0.136, 24.4),
        "Q": (0.568, None),
        "Q_cns": (0.0712, None),
        "V": (29.0, 39.0),
        "V_per": (418, None),
        "V_csf": (0.433, 88.1),
        "V_cns": (263, None),
    },
    "tominersen": {
        "CL_csf": (0.0177, 16.5),
        "V_csf": (0.0436, 55.9),
        "Q_cns": (0.00982, 44.6),
        "V_cns": (0.0517, None),
        "Q_cns2": (0.0000121, None),
        "V_cns2": (0.0118, None),
        "CL": (10.7, 28.8),
        "V": (41.0, None),
        "Q": (13.4, 239),
        "V_per": (283, 64.5),
        "Q2": (0.267, None),
        "V_per2": (613, 60.6),
    },
}


@pytest.mark.published
def test_tominersen_has_the_residual_errors_of_table_2(tominersen):
    """Yamamoto, table 2: 31.2 and 53.6 % as SDs of the logarithm."""
    sds = {name: residual.sd(np.ones(1))[0] for name, residual in tominersen.residual.items()}
    assert sds == {"csf": 0.312, "plasma": 0.536}


@pytest.mark.published
@pytest.mark.parametrize("medicine", PRINTED)
def test_the_file_has_the_numbers_of_table_2(medicine):
    """A second entry against slips of the pen: value to three figures, and SD of the logarithm.

    Luu prints CVs, √(exp ω² − 1); Yamamoto 100 √ω², under the name of a CV.
    """
    population = load_population(medicine)
    assert set(population.estimates) == set(PRINTED[medicine])
    for name, (value, percent) in PRINTED[medicine].items():
        found = population.estimates[name]
        per_d = H_PER_D if found.unit == "L/d" else 1.0
        assert float(f"{found.value / per_d:.3g}") == float(f"{value:.3g}")
        share = (percent or 0) / 100
        sd = np.sqrt(np.log1p(share**2)) if medicine == "nusinersen" else share
        assert found.sd == pytest.approx(sd, rel=1e-12)


@pytest.mark.parametrize("medicine", ["nusinersen", "tominersen"])
def test_every_number_is_there_published_and_from_a_table(medicine):
    population = load_population(medicine)
    assert [p.name for p in population.model.parameters if p.name not in population.estimates] == []
    assert not population.from_record  # neither NfL nor function to start from a record
    assert {output.name for output in population.model.outputs} == set(population.residual)
    effects = [effect for listed in population.effects.values() for effect in listed]
    for found in [*population.estimates.values(), *effects, *population.residual.values()]:
        assert found.status == "published" and " table " in found.source
    for covariate in population.covariates.values():
        assert covariate.status in ("published", "derived") and " table " in covariate.source


def test_tofersen_still_needs_what_turns_a_record_into_parameters(tmp_path):
    """Its forecast starts from a person's NfL and slope; a file without these is refused."""
    text = (DRUGS / "tofersen" / "model.yaml").read_text(encoding="utf-8")
    path = tmp_path / "model.yaml"
    path.write_text(text[: text.index("from_record:")], encoding="utf-8")
    with pytest.raises(DataFileError, match="'from_record' is missing"):
        read_population(path)


@pytest.mark.parametrize(("reading", "sd"), [("0.494", 0.494), ("0.703", np.sqrt(0.494))])
def test_both_readings_of_the_residual_error_of_nusinersen_load(tmp_path, reading, sd):
    """Luu, table 2: 0.494, an SD or the variance of NONMEM; the file names the other reading."""
    text = (DRUGS / "nusinersen" / "model.yaml").read_text(encoding="utf-8")
    assert text.count("sd_prop: 0.494") == 2 and text.count("√0.494 = 0.703") == 2
    path = tmp_path / "model.yaml"
    path.write_text(text.replace("sd_prop: 0.494", f"sd_prop: {reading}"), encoding="utf-8")
    for residual in read_population(path).residual.values():
        assert residual.sd(np.array([2.0]))[0] == pytest.approx(2 * sd, rel=1e-3)


def test_clearance_from_csf_varies_between_occasions_as_published(nusinersen):
    """Luu, table 2: CV 38.1 % between occasions; 4 standard errors of an SD of 40 000 pairs."""
    occasions = Occasions(np.array([0.0, 28.0]))
    CL_csf = nusinersen.draw(40_000, 1, occasions=occasions)["CL_csf"]
    assert isinstance(CL_csf, Stepwise)
    sd = np.log(CL_csf.values).std(axis=0, ddof=1)  # of two values: E s² = sd²
    found = np.sqrt(np.expm1((sd**2).mean()))
    assert found == pytest.approx(0.381, rel=4 / np.sqrt(2 * 40_000))


def test_antibodies_that_come_later_lower_clearance_from_then_on(tominersen):
    """Day 100: the same until then; afterwards a trough above that of somebody without."""
    n, later = 3, {}
    for name, value in MEDIAN_ADULT.items():
        later[name] = np.full(n, value)
    never = tominersen.draw(n, 1, covariates=later)
    yes = Stepwise(np.array([0.0, 100.0]), np.array([["no"] * n, ["yes"] * n]))
    people = tominersen.draw(n, 1, covariates={**later, "antibodies": yes})
    given, times_d = Dosing.bolus(TOFERSEN_D, 100.0), np.array([84.0, 100.0, 196.0])
    without = simulate(tominersen, given, times_d, people=never).of("csf")
    found = simulate(tominersen, given, times_d, people=people).of("csf")
    assert found[:, :2] == pytest.approx(without[:, :2], rel=1e-12)
    assert (found[:, 2] > 1.1 * without[:, 2]).all()


def test_a_typed_regimen_is_given_to_virtual_people(nusinersen):
    """Half the dose is half of every percentile: the model is linear and people are the same."""
    found = {}
    for dose in (6, 12):
        words = f"{dose} mg q14d x3 then {dose} mg q120d"
        asked = ask(nusinersen, words, n=200, until_d=364, every_d=28, outputs=("csf",))
        assert asked.label is None and [d.time_d for d in asked.doses] == [0, 14, 28, 148, 268]
        found[dose] = simulate_virtual(asked).percentiles
    assert (found[12][:, 1:] > 0).all()
    assert found[12] == pytest.approx(2 * found[6], rel=1e-12)


def test_a_medicine_of_a_folder_of_ones_own_needs_no_code(tmp_path):
    """docs/neighbours.md: a file whose `model` is a structure that is shipped."""
    (tmp_path / "mine").mkdir()
    text = (DRUGS / "nusinersen" / "model.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine" / "model.yaml"
    path.write_text(text.replace("medicine: nusinersen", "medicine: mine"), encoding="utf-8")
    assert load_population("mine", tmp_path).medicine == "mine"
    assert Path(DRUGS / "mine").exists() is False
