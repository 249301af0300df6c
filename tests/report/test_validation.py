"""The validation: its JSON, its page and its pictures say what the verdicts say."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from thecal.datafile import DRUGS
from thecal.infer.bands import MEANS, bands
from thecal.infer.calibrate import numbers_of
from thecal.infer.evidence import load_evidence
from thecal.infer.validate import Validation, Verdict, structure_shares, validate
from thecal.model.modelfile import load_population, read_population
from thecal.model.population import Population
from thecal.model.safetyfile import load_safety
from thecal.model.variability import PosteriorTable
from thecal.report.contract import dump, validate_document
from thecal.report.figures import svg
from thecal.report.validation import (
    AREAS,
    SHARES,
    area_of,
    axis_words,
    learned,
    misses,
    number_words,
    numbers_before,
    published_words,
    validation_page,
    write_validation,
)
from thecal.report.validation_figures import figures, place
from thecal.trial.study import load_studies

ROOT = Path(__file__).resolve().parents[2]
TARGETS = load_evidence("tofersen")
IDS = [t.id for t in TARGETS]
REPLICATES = 8
ROW = re.compile(r"^\| (T\d[^ ]*) \|.*\| (yes|\*\*no\*\*) \| (\w+) \|[^|]*\|$", re.MULTILINE)
MISS = re.compile(r"^\*\*(T\d\S*)\*\* ", re.MULTILINE)
SCORE = re.compile(r"^\*\*(\d+) of (\d+) published numbers", re.MULTILINE)


@cache
def population() -> Population:
    return load_population("tofersen")


@cache
def found() -> Validation:
    return validate(
        population(),
        TARGETS,
        load_studies("tofersen"),
        load_safety("tofersen"),
        replicates=REPLICATES,
    )


@cache
def simulated():
    return bands(population(), load_studies("tofersen"), replicates=REPLICATES)


@cache
def page() -> str:
    return validation_page(found(), population(), {})


def document() -> dict:
    return json.loads(dump(validate_document(found(), structure_shares(population()))))


def schema() -> dict:
    text = files("thecal.report").joinpath("schemas/validate.v1.json").read_text("utf-8")
    return json.loads(text)


def verdict(target_id: str, **changes: object) -> Verdict:
    (held,) = (v for v in found().verdicts if v.target.id == target_id)
    return replace(held, **changes)


# -- JSON


def test_the_answer_keeps_its_schema():
    Draft202012Validator.check_schema(schema())
    faults = list(Draft202012Validator(schema()).iter_errors(document()))
    assert not faults, faults[:3]


def test_the_schema_is_closed_and_describes_every_key():
    objects = [schema(), *schema()["$defs"].values(), schema()["properties"]["summary"]]
    for node in objects:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
        for key, value in node["properties"].items():
            assert value["description"].endswith("."), key


@pytest.mark.parametrize("change", [{"extra": 1}, {"seed": "1"}, {"targets": None}])
def test_the_schema_refuses_what_is_not_in_it(change):
    assert not Draft202012Validator(schema()).is_valid({**document(), **change})


def test_every_number_of_the_evidence_is_listed_once_in_its_order():
    assert [t["id"] for t in document()["targets"]] == IDS


def test_the_counts_are_those_of_the_verdicts():
    answer = document()
    held = [t for t in answer["targets"] if t["inside"] is not None]
    asked = {
        "all": held,
        "confirmed": [t for t in held if t["confirmed"]],
        "used": [t for t in held if t["use"] in ("calibration", "input")],
        "not_used": [t for t in held if t["use"] == "validation"],
        "confirmed_not_used": [t for t in held if t["use"] == "validation" and t["confirmed"]],
    }
    assert answer["summary"] == {
        key: {"inside": sum(t["inside"] for t in some), "total": len(some)}
        for key, some in asked.items()
    }
    assert list(answer["summary"]) == list(SHARES)


def test_what_is_not_known_is_null_and_never_nan():
    text = dump(validate_document(found(), structure_shares(population())))
    assert "NaN" not in text and "Infinity" not in text
    for t in document()["targets"]:
        if t["use"] == "none":
            assert (t["model"], t["lo"], t["hi"], t["inside"], t["width"]) == (None,) * 5
            assert t["why"], t["id"]
        else:
            assert t["lo"] <= t["model"] <= t["hi"] and t["why"] is None, t["id"]


def test_what_the_safety_data_would_tell_is_null_without_them():
    without = validate(
        population(),
        [t for t in TARGETS if t.statistic == "adverse"][:2],
        load_studies("tofersen"),
        replicates=2,
    )
    for t in validate_document(without, {})["targets"]:
        assert t["inside"] is None and t["why"]


# -- areas and words


def test_every_number_that_is_predicted_has_an_area():
    """Only counts of people (who finished, who had antibodies) belong to none of the others."""
    for t in (t for t in TARGETS if t.is_predicted):
        assert area_of(t) in AREAS
        if area_of(t) == "other":
            assert not t.output and t.unit in ("%", f"of {t.n}"), t.id


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (-0.0712, "−0.0712"),
        (0.61, "0.610"),
        (12.04, "12.0"),
        (13566.2, "13,566"),
        (4.0, "4"),
        (0.00031, "3.10e−04"),
    ],
)
def test_a_number_is_written_with_three_digits(value, words):
    assert number_words(value) == words


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("T165", "0.4 (0.33 to 0.49, 95 % CI)"),
        ("T133", "−1.41 (SE 0.31)"),
        ("T016", "13566 (SD 8082)"),
        ("T004", "at most 2"),
        ("T176", "0.74"),
    ],
)
def test_a_published_number_is_written_with_its_interval(target, words):
    assert published_words(verdict(target).target) == words


def test_an_axis_is_written_by_its_largest_parts():
    assert axis_words(["a", "b", "c"], np.array([0.1, -0.8, 0.6])) == "0.80 b − 0.60 c"


# -- bands


def test_a_band_passes_through_the_prediction_interval_of_every_mean():
    """The same studies, read two ways: by target, and by visit."""
    of = {(b.arm, b.stratum, b.output): b for b in simulated()}
    compared = 0
    for v in found().verdicts:
        t = v.target
        if t.study != "valor" or t.statistic not in ("gmr", "mean change", "trough mean"):
            continue
        band = of[t.arm, t.stratum, t.output]
        k = band.visits_d.tolist().index(t.day)
        # The same numbers by the same arithmetic; only the order of sums may differ.
        assert (band.lo[k], band.median[k], band.hi[k]) == pytest.approx((v.lo, v.model, v.hi))
        compared += 1
    assert compared > 60


def test_there_is_a_band_for_each_arm_stratum_and_mean():
    assert len(simulated()) == 2 * 3 * len(MEANS)
    for b in simulated():
        assert (b.lo <= b.median).all() and (b.median <= b.hi).all()
        start = 1.0 if b.output in ("csf_sod1", "nfl") else 0.0
        if b.output != "csf":
            assert b.lo[0] == b.hi[0] == start, "nothing has changed at baseline"


# -- pictures


def test_a_number_lies_beyond_one_exactly_if_it_is_outside():
    for v in found().verdicts:
        if v.inside is not None and v.target.interval != "bound":
            assert (abs(place(v)) <= 1 + 1e-6) == v.inside, v.target.id


def test_every_picture_is_drawn_and_says_in_words_what_it_shows():
    drawn = figures(found(), simulated())
    assert list(drawn) == ["plasma", "csf", "sod1", "nfl", "function", "targets"]
    for spec in drawn.values():
        text = svg(spec)
        assert text.startswith("<svg") and "NaN" not in text
        assert spec["description"].startswith(spec["title"]["text"])


def test_the_pictures_of_a_week_hold_every_published_mean_of_that_output():
    def held(node: object) -> set[str]:
        if isinstance(node, dict):
            own = {node["id"]} if "id" in node and "seen" in node else set()
            return own.union(*map(held, node.values()), set())
        return set().union(*map(held, node)) if isinstance(node, list) else set()

    drawn = figures(found(), simulated())
    for name, outputs, statistic in (
        ("sod1", ("csf_sod1",), "gmr"),
        ("nfl", ("nfl",), "gmr"),
        ("function", ("alsfrs_r", "svc"), "mean change"),
    ):
        expected = {
            t.id
            for t in TARGETS
            if t.study == "valor" and t.output in outputs and t.statistic == statistic
        }
        assert held(drawn[name]) == expected


# -- the page


def test_the_page_has_every_predicted_number_in_one_table():
    rows = ROW.findall(page())
    predicted = {v.target.id for v in found().verdicts if v.inside is not None}
    assert sorted(r[0] for r in rows) == sorted(predicted)
    assert {r[0]: r[1] == "yes" for r in rows} == {
        v.target.id: v.inside for v in found().verdicts if v.inside is not None
    }


def test_the_page_names_every_number_of_the_evidence():
    assert set(re.findall(r"\bT\d+(?:\.cv)?\b", page())) >= set(IDS)


def test_the_misses_are_exactly_those_outside_each_with_its_numbers():
    assert sorted(MISS.findall(page())) == sorted(v.target.id for v in misses(found()))
    for v in misses(found()):
        (line,) = re.findall(rf"^\*\*{re.escape(v.target.id)}\*\* (.*)$", page(), re.MULTILINE)
        assert published_words(v.target, unit=True) in line and number_words(v.model) in line


def test_what_is_noted_of_a_miss_stands_in_its_paragraph():
    noted = replace(verdict("T165").target, note="The reason why")
    miss = verdict("T165", target=noted, inside=False)
    alike = verdict("T166", inside=False)
    alike = replace(alike, target=replace(alike.target, note="The reason why."))
    text = validation_page(replace(found(), verdicts=(miss, alike)), population(), {})
    first, second = (p for p in text.split("## Misses")[1].split("\n\n") if p.startswith("**T"))
    assert first.endswith("The reason why.")
    assert second.endswith("As said of T165."), "a remark is not said twice"


def test_without_a_miss_the_page_says_so():
    inside = tuple(replace(v, inside=True) for v in found().verdicts if v.inside is not None)
    text = validation_page(replace(found(), verdicts=inside), population(), {})
    assert "## Misses\n\nNone." in text and not MISS.findall(text)


def test_the_page_is_written_with_its_pictures_beside_it(tmp_path):
    written = write_validation(tmp_path / "v.md", found(), population(), simulated())
    text = written[0].read_text(encoding="utf-8")
    linked = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert [str(p.relative_to(tmp_path)) for p in written[1:]] == linked
    assert all((tmp_path / p).stat().st_size > 1000 for p in linked)


# -- the page that is shipped: other draws of chance, so never compared number by number


def shipped() -> str:
    return (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")


def test_the_shipped_page_has_every_number_of_the_evidence():
    tabled = [row[0] for row in ROW.findall(shipped())]
    assert sorted(tabled) == sorted(t.id for t in TARGETS if t.is_predicted)
    assert set(re.findall(r"\bT\d+(?:\.cv)?\b", shipped())) >= set(IDS)


def test_the_shipped_page_counts_what_its_own_tables_show():
    rows = ROW.findall(shipped())
    inside = [r for r in rows if r[1] == "yes"]
    assert [tuple(map(int, s)) for s in SCORE.findall(shipped())] == [(len(inside), len(rows))]
    assert sorted(MISS.findall(shipped())) == sorted(r[0] for r in rows if r[1] != "yes")
    for word, of in (("not used", [r for r in rows if r[2] == "no"]),):
        count = sum(r[1] == "yes" for r in of)
        assert f"| {word} | {count} of {len(of)} |" in shipped()


# -- what the data inform


def drawn_from(shares: dict[str, int]) -> Population:
    """The same population with made up draws: IC50 and phi move together, the rest alone."""
    base = population()
    numbers = {n.name: n for n in numbers_before(base, "fraction")}
    rng = np.random.default_rng(4)
    count = sum(shares.values())
    z = {name: rng.standard_normal(count) for name in numbers}
    z["phi"] = 0.9 * z["IC50"] + math.sqrt(1 - 0.9**2) * z["phi"]
    table = PosteriorTable(
        table={name: numbers[name].value(z[name]) for name in numbers},
        status="assumed",
        source="made up",
        structures=tuple(name for name, n in shares.items() for _ in range(n)),
    )
    return replace(base, uncertainty=table)


def test_correlations_and_axes_are_found_in_draws_made_with_them():
    made = drawn_from({"fraction": 4000})
    known = learned(made, "fraction")
    # 4000 draws: the error of a correlation of 0.9 is 0.003, of an SD of 1 0.011
    ((a, b, r),) = known.correlations
    assert {a, b} == {"IC50", "phi"} and r == pytest.approx(0.9, abs=0.015)
    # eigenvalues of [[1, ρ], [ρ, 1]]: 1 ± ρ, the wide one along (1, 1)/√2
    assert known.sds[-1] == pytest.approx(math.sqrt(1.9), abs=0.05)
    wide = dict(zip(known.names, np.abs(known.axes[-1]), strict=True))
    assert wide["IC50"] == pytest.approx(math.sqrt(0.5), abs=0.03)
    assert wide["phi"] == pytest.approx(math.sqrt(0.5), abs=0.03)
    assert known.is_enough


def test_a_number_before_calibration_is_what_the_prior_file_says():
    """In every structure: what one of them changes has a prior of its own there."""
    prior = read_population(DRUGS / "tofersen" / "prior.yaml")
    for structure in population().calibration:
        expected = {n.name: n for n in numbers_of(prior.structure(structure))}
        found = {n.name: n for n in numbers_before(population(), structure)}
        assert set(found) == set(expected)
        for name, n in found.items():
            assert n.scale == expected[name].scale
            # written with six digits
            assert (n.at, n.sd) == pytest.approx((expected[name].at, expected[name].sd), rel=1e-5)


def test_of_few_draws_no_combination_is_shown():
    made = drawn_from({"fraction": 4})
    assert not learned(made, "fraction").is_enough
    text = validation_page(found(), made, {})
    assert "4 different draws for" in text and "Combinations" not in text


def test_a_structure_without_draws_is_said_to_have_none():
    made = drawn_from({"fraction": 400})
    held = {"fraction": population().calibration["fraction"]}
    made = replace(made, calibration={**held, "supralinear": held["fraction"]})
    text = validation_page(found(), made, {})
    assert "### Structure 'supralinear'" in text
    assert text.count("No posterior draws are of this structure.") == 1
    part = text.split("### Structure 'fraction'")[1]
    assert "least known | 1.3" in part, "the combination that was made widest: √1.9 = 1.38"
    assert "phi and IC50 +0.90" in text or "IC50 and phi +0.90" in text


def test_every_calibrated_number_is_in_the_page():
    for structure, held in population().calibration.items():
        part = page().split(f"### Structure '{structure}'")[1]
        for name in held:
            assert f"| {name} |" in part
