"""Calibration beside problems whose posterior is known, and to evidence the model made itself."""

from __future__ import annotations

import csv
import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from thecal import outfile
from thecal.datafile import DRUGS
from thecal.errors import ModelError
from thecal.infer.calibrate import (
    _T,
    DEGREES,
    IMPOSSIBLE,
    Calibration,
    Fit,
    Number,
    _mode,
    _population_monte_carlo,
    _repeats,
    calibrate,
    numbers_of,
)
from thecal.infer.evidence import Target, load_evidence
from thecal.infer.record import weights, write_calibration
from thecal.model.modelfile import read_population
from thecal.model.population import Population, Prior
from thecal.model.variability import PosteriorTable
from thecal.trial.study import Arm, Study, load_studies

FOLDER = DRUGS / "tofersen"
EVIDENCE = load_evidence("tofersen")


def quiet(words: str) -> None:
    pass


@pytest.fixture(scope="module")
def prior() -> Population:
    return read_population(FOLDER / "prior.yaml")


# ---- a number and its scale


@given(st.floats(0.01, 0.99), st.floats(0.01, 2), st.floats(-8, 8))
def test_u_counts_sds_of_the_prior_on_the_scale_of_a_number(at, sd, u):
    """ln, logit and the number itself move by sd u; a share stays one."""
    log, logit, identity = (
        Number(name="x", scale=s, at=at, sd=sd) for s in ("log", "logit", "identity")
    )
    assert math.log(log.value(u) / at) == pytest.approx(sd * u, abs=1e-12)
    assert identity.value(u) - at == pytest.approx(sd * u, abs=1e-12)
    share = logit.value(u)
    assert 0 < share <= 1
    if share < 1 - 1e-6:
        moved = math.log(share / (1 - share)) - math.log(at / (1 - at))
        assert moved == pytest.approx(sd * u, abs=1e-8)


def test_the_scale_follows_from_how_a_number_varies(prior):
    scales = {n.name: n.scale for n in numbers_of(prior)}
    assert list(scales) == list(prior.priors)
    assert scales["CL"] == scales["sd(phi)"] == scales["hill"] == "log"
    assert scales["F_cns"] == scales["f_csf"] == "logit"
    for name in ("sod1_drift", "sod1_drift@slower", "slope~slope_pre"):
        assert scales[name] == "identity"
    odd = replace(prior, priors={"CLL": Prior(sd=1.0, source="a test")})
    with pytest.raises(ModelError, match="a prior of 'CLL'"):
        numbers_of(odd)


# ---- a posterior that is known


class Line(Fit):
    """Residuals r + J u: the posterior is normal, with precision I + JᵀJ and mean −P⁻¹ Jᵀ r."""

    def __init__(self, r: np.ndarray, jacobian: np.ndarray) -> None:
        self.r, self.jacobian = r, jacobian
        n = jacobian.shape[1]
        self.numbers = tuple(
            Number(name=f"x{j}", scale="identity", at=0.0, sd=1.0) for j in range(n)
        )
        self.precision = np.eye(n) + jacobian.T @ jacobian
        self.mean = -np.linalg.solve(self.precision, jacobian.T @ r)
        # ∫ N(u; 0, I) exp(−½ |r + J u|²) du = exp(−½ rᵀ (I + J Jᵀ)⁻¹ r) / √det(I + JᵀJ)
        within = np.eye(len(r)) + jacobian @ jacobian.T
        self.log_evidence = -0.5 * (r @ np.linalg.solve(within, r))
        self.log_evidence -= 0.5 * np.linalg.slogdet(self.precision)[1]

    def residuals(self, u: np.ndarray) -> np.ndarray:
        return self.r + self.jacobian @ u

    def many(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [self.residuals(u) for u in points]


RNG = np.random.default_rng(8)
LINES = [Line(RNG.normal(0, 2, m), RNG.normal(0, 1, (m, n))) for m, n in ((1, 1), (5, 3), (3, 6))]


@pytest.mark.parametrize("line", LINES)
def test_the_mode_is_that_of_the_normal_posterior(line):
    """Steps end where they gain less than 0.02 in log density: within 0.2 SDs of the posterior."""
    u, jacobian, residuals, converged = _mode(line, line.many, quiet)
    assert converged
    off = u - line.mean
    assert 0.5 * off @ line.precision @ off < 0.02
    np.testing.assert_allclose(jacobian, line.jacobian, atol=1e-12)
    np.testing.assert_allclose(residuals, line.residuals(u), atol=1e-14)


@pytest.mark.parametrize("line", LINES)
def test_draws_and_evidence_are_those_of_the_normal_posterior(line):
    """Four standard errors of 2000 draws, worth nearly as many; the evidence to 0.03 in ln.

    Weights of a t with 30 degrees over a normal have a CV of 0.1 to 0.3, over √2000.
    """
    drawn, log_evidence, effective = _population_monte_carlo(
        line.mean, line.jacobian, line.many, 1, 2000, 2000, quiet
    )
    assert 0.8 * 2000 < effective <= 2000
    assert log_evidence == pytest.approx(line.log_evidence, abs=0.03)
    covariance = np.linalg.inv(line.precision)
    sds = np.sqrt(np.diagonal(covariance))
    # Drawn again from the weighted, which costs up to as much again.
    error = 4 * math.sqrt(2 / effective)
    np.testing.assert_allclose((drawn.mean(axis=0) - line.mean) / sds, 0, atol=error)
    found = np.atleast_2d(np.cov(drawn.T)) / np.outer(sds, sds)
    np.testing.assert_allclose(found, covariance / np.outer(sds, sds), atol=1.5 * error)


def test_a_mode_that_is_off_is_found_again_by_its_rounds():
    """Proposed a posterior SD away, three rounds still know the evidence, if less well."""
    line = LINES[1]
    sds = np.sqrt(np.diagonal(np.linalg.inv(line.precision)))
    drawn, log_evidence, effective = _population_monte_carlo(
        line.mean + sds / 2, line.jacobian, line.many, 1, 2000, 2000, quiet
    )
    assert effective > 1000
    assert log_evidence == pytest.approx(line.log_evidence, abs=0.1)
    np.testing.assert_allclose((drawn.mean(axis=0) - line.mean) / sds, 0, atol=0.15)


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(0, 99))
def test_the_density_of_a_proposal_is_the_multivariate_t_of_scipy(n, seed):
    rng = np.random.default_rng(seed)
    factor = np.tril(rng.normal(size=(n, n)), -1) + np.diag(rng.uniform(0.5, 2, n))
    mean, x = rng.normal(size=n), rng.normal(size=(6, n)) * 3
    known = stats.multivariate_t(mean, factor @ factor.T, df=DEGREES).logpdf(x)
    np.testing.assert_allclose(_T(mean, factor).log_density(x), known, rtol=1e-10)


def test_a_proposal_draws_what_its_density_says():
    """Mean and covariance of 40 000: the scale matrix times ν / (ν − 2)."""
    t = _T(np.array([1.0, -2.0]), np.array([[1.0, 0.0], [0.8, 0.5]]))
    x = t.draw(40_000, np.random.default_rng(3))
    known = t.factor @ t.factor.T * DEGREES / (DEGREES - 2)
    np.testing.assert_allclose(x.mean(axis=0), t.mean, atol=4 / 200)
    np.testing.assert_allclose(np.cov(x.T), known, atol=0.05)


def test_statistics_of_the_same_people_are_worth_less():
    """By hand: three visits of one arm, each variance 1 + 0.5 · 2; another output stays alone."""
    targets = [t for t in EVIDENCE if t.statistic == "gmr" and t.stratum == "faster"]
    same = [t for t in targets if t.output == "nfl" and t.arm == "placebo"][:3]
    alone = [t for t in targets if t.output == "csf_sod1"][:1]
    number = next(t for t in EVIDENCE if t.statistic == "number")
    found = _repeats([*same, *alone, number])
    assert [found[t.id] for t in same] == [2, 2, 2]
    assert found[alone[0].id] == 1 and found[number.id] == 1


# ---- a few numbers of the medicine

INFORMED = ("phi", "f_csf", "sd(phi)")
TRUTH = np.array([0.4, -0.5, 0.4])  # in SDs of the prior
ARM = Arm(
    name="tofersen 100 mg",
    doses_d=(0.0, 14.0, 28.0),
    amount_mg=100.0,
    n={"faster": 39, "slower": 33},
)
SHORT = {
    "valor": Study(
        name="valor",
        about="VALOR, cut short: one arm, three doses",
        source="a test",
        visits_d=(0.0, 28.0, 56.0, 84.0),
        arms={ARM.name: ARM},
    )
}
RUN = {"seed": 1, "people": 80, "evaluations": 40, "draws": 60, "workers": 1}


@pytest.fixture(scope="module")
def few(prior) -> Population:
    one = prior.structure("fraction")
    return replace(one, priors={name: one.priors[name] for name in INFORMED})


@pytest.fixture(scope="module")
def made(few) -> list[Target]:
    """Return evidence that the model made itself, at known numbers: what it expects there."""
    by_id = {t.id: t for t in EVIDENCE}
    trough, cv = by_id["T001"], by_id["T001.cv"]
    ratio = next(t for t in EVIDENCE if t.statistic == "gmr" and t.arm == ARM.name)
    ratio = replace(ratio, output="csf_sod1", stratum="all", use="calibration", interval="95 % CI")
    asked = [
        *(replace(t, id=f"{t.id}.{day:g}", day=day) for t in (trough, cv) for day in (28.0, 56.0)),
        *(replace(ratio, id=f"R.{day:g}", day=day) for day in (56.0, 84.0)),
    ]
    found = []
    for target, said in zip(
        asked, Fit(few, asked, SHORT, seed=1, people=80).predict(TRUTH).values(), strict=True
    ):
        value = float(said.values[0])
        found.append(replace(target, value=value, lo=value / 1.1, hi=value * 1.1))
    return found


@pytest.fixture(scope="module")
def found(few, made) -> Calibration:
    return calibrate(few, "fraction", made, SHORT, **RUN)


def test_a_calibration_to_what_the_model_says_gets_its_numbers_back(found):
    """The truth lies in the 90 % interval of each number, and every interval is informed."""
    lo, hi = np.quantile(found.draws, (0.05, 0.95), axis=0)
    assert ((lo < TRUTH) & (TRUTH < hi)).all(), (lo, TRUTH, hi)
    assert (found.contraction() > 0.15).all()
    # The prior pulls, by less than the error of any statistic.
    assert max(map(abs, found.residuals.values())) < 0.5


def test_the_same_seed_gives_the_same_draws_to_the_bit_whatever_the_workers(few, made, found):
    again = calibrate(few, "fraction", made, SHORT, **{**RUN, "workers": 2})
    np.testing.assert_array_equal(again.draws, found.draws)
    np.testing.assert_array_equal(again.mode, found.mode)
    assert (again.log_evidence, again.effective) == (found.log_evidence, found.effective)
    assert again.residuals == found.residuals and again.influence == found.influence


def test_another_seed_gives_the_same_posterior_within_its_error(few, made, found):
    """Other people and other draws.

    A statistic of 72 people errs by one standard error; of the 80 simulated, by √(72/80) of one,
    in both runs. So posterior means differ by up to √(2 · 72/80) = 1.3 posterior SDs from that,
    and by √(2/15) from 15 effective draws: 1.4 together, of which three are allowed.
    """
    other = calibrate(few, "fraction", made, SHORT, **{**RUN, "seed": 2})
    assert not np.array_equal(other.draws, found.draws)
    sds = np.sqrt((found.draws.var(axis=0) + other.draws.var(axis=0)) / 2)
    off = (other.draws.mean(axis=0) - found.draws.mean(axis=0)) / sds
    assert np.abs(off).max() < 3 * 1.4


def test_what_was_found_fits_together(few, made, found):
    assert found.converged and found.evaluations == 40 and found.effective > 15
    assert found.draws.shape == (60, 3) and tuple(n.name for n in found.numbers) == INFORMED
    assert np.abs(found.draws.mean(axis=0) - found.mode).max() < 0.5
    for j, number in enumerate(found.numbers):
        values = found.values()[number.name]
        np.testing.assert_allclose(values, number.value(found.draws[:, j]))
        assert values.min() < found.middle()[number.name] < values.max()
    assert found.influence["phi"][0].startswith("T001.")
    assert found.influence["f_csf"] == ("R.84", "R.56")
    sds, axes = found.directions()
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose((sds**2).sum(), found.draws.var(axis=0, ddof=1).sum(), rtol=1e-9)
    assert (np.diff(sds) >= 0).all()
    one = replace(found, numbers=found.numbers[:1], draws=found.draws[:, :1], mode=found.mode[:1])
    assert one.directions()[0][0] == pytest.approx(found.draws[:, 0].std(ddof=1))
    fit = Fit(few, made, SHORT, seed=1, people=80)
    fit.learn(found.mode)  # errors were learnt at the mode before the last, which is close by
    again = dict(zip(fit.names, fit.residuals(found.mode), strict=True))
    assert again == pytest.approx(found.residuals, abs=0.05)


def test_a_residual_is_how_far_the_published_number_lies_in_its_errors(few):
    """By hand for a ratio, a difference's interval, and a number whose error is that of people."""
    by_id = {t.id: t for t in EVIDENCE}
    asked = [by_id["T166"], by_id["T311"], by_id["T001"]]
    fit = Fit(few, asked, load_studies("tofersen"), seed=1, people=40)
    ratio, apart, trough = (fit.predict(np.zeros(3))[t.id] for t in asked)
    found = dict(zip(fit.names, fit.residuals(np.zeros(3)), strict=True))
    assert set(found) == {"T001", "T166", "T166.interval", "T311.interval"}
    error = math.log(asked[0].hi / asked[0].lo) / 3.92
    by_hand = math.log(asked[0].value / ratio.values[0]) / error
    assert found["T166"] == pytest.approx(by_hand)
    assert found["T166.interval"] == pytest.approx(math.log(ratio.error[0] / error) / 0.2)
    error = (asked[1].hi - asked[1].lo) / 3.92
    assert found["T311.interval"] == pytest.approx(math.log(apart.error[0] / error) / 0.2)
    error = trough.error[0] / trough.values[0]
    assert found["T001"] == pytest.approx(math.log(asked[2].value / trough.values[0]) / error)


def test_numbers_that_nobody_can_have_are_far_from_all_evidence(few, made):
    one = replace(few, priors={"F_cns": few.priors["phi"]})
    fit = Fit(one, made, SHORT, seed=1, people=9)
    assert (fit.residuals(np.array([40.0])) == IMPOSSIBLE).all()  # a share above 0.999
    assert np.abs(fit.residuals(np.zeros(1))).max() < 100


# ---- written down


def made_up(population: Population, structure: str, log_evidence: float) -> Calibration:
    """Return a calibration that learned something of everything, at random."""
    numbers = numbers_of(population.structure(structure))
    rng = np.random.default_rng(len(structure))
    mode = rng.uniform(-0.5, 0.5, len(numbers))
    draws = mode + 0.3 * rng.standard_normal((50, len(numbers)))
    return Calibration(
        structure=structure,
        numbers=numbers,
        draws=draws,
        mode=mode,
        log_evidence=log_evidence,
        effective=40.0,
        influence={n.name: ("T001", "T002") for n in numbers if n.name != "ka"},
        converged=True,
        residuals={},
        evaluations=80,
    )


def written(folder: Path, population: Population, target: Path) -> list[Calibration]:
    both = [made_up(population, "fraction", -60.0), made_up(population, "supralinear", -61.0)]
    write_calibration(
        folder,
        population,
        both,
        seed=1,
        people=80,
        program="a test",
        draws=100,
        target_folder=target,
    )
    return both


def test_structures_are_believed_in_proportion_to_their_evidence(prior):
    """By hand: e⁻⁶⁰ to e⁻⁶¹ is 0.731 to 0.269."""
    both = [made_up(prior, "fraction", -60.0), made_up(prior, "supralinear", -61.0)]
    assert weights(both) == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.e)])
    assert weights([replace(both[0], log_evidence=-1e5), replace(both[1], log_evidence=-1e4)]) == [
        0,
        1,
    ]


def test_what_is_written_reads_back_to_six_digits(prior, tmp_path):
    first, second = written(FOLDER, prior, tmp_path)
    model = read_population(tmp_path / "model.yaml")
    assert model.numbers == pytest.approx({**prior.numbers, **first.middle()}, rel=1e-5)
    other = model.structure("supralinear").numbers
    assert {k: other[k] for k in second.middle()} == pytest.approx(second.middle(), rel=1e-5)
    assert other["f_csf"] == 1
    table = model.uncertainty
    assert isinstance(table, PosteriorTable) and table.structures is not None
    assert table.structures.count("fraction") == 73 and table.n_rows == 100
    for calibration in (first, second):
        own = table.of(calibration.structure)
        assert set(own.names) >= set(calibration.values()) | {"gamma", "f_csf"}
        rows = (np.arange(own.n_rows) * 50) // own.n_rows
        for name, values in calibration.values().items():
            np.testing.assert_allclose(own.table[name], values[rows], rtol=5.1e-6)
    assert (table.of("supralinear").table["f_csf"] == 1).all()
    assert (table.of("fraction").table["gamma"] == 1).all()
    learned = model.calibration["fraction"]["CL"]
    assert learned.value == pytest.approx(first.middle()["CL"], rel=1e-5)
    assert learned.targets == ("T001", "T002") and learned.prior_sd == 0.3
    lo, hi = np.quantile(first.values()["CL"], (0.05, 0.95))
    assert (learned.lo, learned.hi) == pytest.approx((lo, hi), rel=1e-5)
    assert model.estimates["CL"].status == "calibrated"
    assert "T001, T002; before:" in model.estimates["CL"].source
    assert "nothing informs it" in model.estimates["ka"].source
    assert model.estimates["W_cns"] == prior.estimates["W_cns"]


def test_a_number_is_written_in_the_unit_of_its_file(prior, tmp_path):
    """Drift in per cent of the canonical unit: value, SD and value at a level all convert."""
    text = (FOLDER / "prior.yaml").read_text(encoding="utf-8")
    old = '    value: 0.15\n    unit: "1"\n    varies: normal\n    sd: 0.25\n'
    assert text.count(old) == 1 and text.count("{slower: -0.21}") == 1
    text = text.replace(old, '    value: 15\n    unit: "%"\n    varies: normal\n    sd: 25\n')
    text = text.replace("{slower: -0.21}", "{slower: -21}")
    folder = tmp_path / "percent"
    folder.mkdir()
    (folder / "prior.yaml").write_text(text, encoding="utf-8")
    shutil.copy(FOLDER / "evidence.csv", folder)
    same = read_population(folder / "prior.yaml")
    assert same.numbers == pytest.approx(prior.numbers, rel=1e-12)
    first, _ = written(folder, same, tmp_path)
    model = read_population(tmp_path / "model.yaml")
    assert model.numbers == pytest.approx({**prior.numbers, **first.middle()}, rel=1e-5)


@pytest.mark.parametrize("at", [0, 1])
def test_an_interrupted_write_leaves_the_old_file(prior, tmp_path, monkeypatch, at):
    """At the first file nothing is new; at the second the model is the old one still."""
    for name in ("model.yaml", "posterior.csv"):
        (tmp_path / name).write_text("old")
    calls, put = [], outfile.os.replace

    def interrupted(*names: object) -> None:
        calls.append(names)
        if len(calls) > at:
            raise KeyboardInterrupt
        put(*names)

    monkeypatch.setattr(outfile.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        written(FOLDER, prior, tmp_path)
    assert (tmp_path / "model.yaml").read_text() == "old"
    with (tmp_path / "posterior.csv").open() as file:
        assert (next(csv.reader(file)) == ["old"]) == (at == 0)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_structure_of_the_file_comes_first(prior, tmp_path):
    other = made_up(prior, "supralinear", -60.0)
    with pytest.raises(ModelError, match="hand over first the one that states no values"):
        write_calibration(
            FOLDER, prior, [other], seed=1, people=9, program="x", target_folder=tmp_path
        )
    assert not list(tmp_path.iterdir())
