"""The tofersen labels against figures typed by hand from their documents.

US: prescribing information of 13 November 2024 (SPL version 3), with FDA's Integrated Review.
EU: SmPC as of 2024, read in part, with the EMA assessment report of 22 February 2024.
JP: single facts through secondary reading.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from thecal.datafile import DRUGS
from thecal.errors import CatalogError
from thecal.label.catalog import jurisdictions, load_label
from thecal.label.label import Label, Statement, area
from thecal.label.topics import AREAS

pytestmark = pytest.mark.published

JURISDICTIONS = ("us", "eu", "jp")
CASES = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "cases"
PUBLISHED_SERIOUS = {
    "myelitis",
    "radiculitis",
    "aseptic_meningitis",
    "papilloedema",
    "polyradiculitis_mri",
}


@pytest.fixture(scope="module")
def us() -> Label:
    return load_label("tofersen", "us")


@pytest.fixture(scope="module")
def eu() -> Label:
    return load_label("tofersen", "eu")


@pytest.fixture(scope="module")
def jp() -> Label:
    return load_label("tofersen", "jp")


@pytest.fixture(scope="module", params=JURISDICTIONS)
def label(request: pytest.FixtureRequest) -> Label:
    return load_label("tofersen", request.param)


def holds(statement: Statement, section: str, **expected: float) -> None:
    """The statement stands in that section and carries exactly these numbers."""
    assert statement.source.section == section
    assert {name: statement.values.get(name) for name in expected} == expected


def by_reaction(label: Label, topic: str) -> dict[str, Statement]:
    """The statements of a topic by reaction, none of them given twice."""
    found = {str(s.values["reaction"]): s for s in label.about(topic)}
    assert len(found) == len(label.about(topic))
    return found


def serious(label: Label, event: str) -> Statement:
    """The one serious warning that answers an event."""
    found = [s for s in label.about("warnings.serious") if event in s.words("events")]
    assert len(found) == 1, f"{event}: {len(found)} warnings"
    return found[0]


# ---- all three


def test_tofersen_has_a_us_a_eu_and_a_jp_label():
    assert set(JURISDICTIONS) <= set(jurisdictions("tofersen"))


def test_every_label_names_its_medicine_version_and_date(label):
    expected = {"us": "2024-11-13", "eu": "2024-02-22", "jp": None}  # not known in Japan
    assert label.medicine == "tofersen"
    found = label.effective and label.effective.isoformat()
    assert found == expected[label.jurisdiction]
    assert label.document
    assert label.version


def test_the_us_version_names_the_spl_and_the_others_say_how_far_they_were_read(us, eu, jp):
    assert us.version == "SPL version 3, 13 Nov 2024"
    assert "read in part" in eu.version
    assert "secondary reading" in jp.document
    assert jp.version == "not known"


def test_every_statement_names_a_document_and_a_section(label):
    for statement in label.statements:
        assert statement.source.document.strip(), statement.topic
        assert statement.source.section.strip(), statement.topic
        assert statement.source.jurisdiction == label.jurisdiction


def test_every_label_covers_every_area(label):
    covered = {area(s.topic) for s in label.statements}
    covered |= {area(s.topic) for s in (*label.silences, *label.not_read)}
    assert covered == set(AREAS)


def test_no_topic_is_both_left_open_and_unread(label):
    left_open = {s.topic for s in label.silences}
    unread = {s.topic for s in label.not_read}
    assert len(left_open) == len(label.silences)
    assert len(unread) == len(label.not_read)
    assert not left_open & unread


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_a_label_file_is_at_most_100_columns_wide(jurisdiction):
    text = (DRUGS / "tofersen" / f"label.{jurisdiction}.yaml").read_text(encoding="utf-8")
    assert max(len(line) for line in text.splitlines()) <= 100


def test_every_event_word_is_snake_case_and_answers_to_one_warning_or_reaction(label):
    for topics in (
        ("warnings.serious", "warnings.class_effect", "adverse_reactions.common"),
        ("warnings.serious", "warnings.class_effect", "adverse_reactions.pooled"),
        ("warnings.serious", "adverse_reactions.common", "adverse_reactions.procedural"),
    ):
        words = [
            word
            for topic in topics
            for s in label.about(topic)
            for word in (*s.words("events"), *s.words("reaction_events"))
        ]
        assert [w for w in words if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", w)] == []
        assert sorted(words) == sorted(set(words))


# ---- dosing


@pytest.mark.parametrize(("jurisdiction", "section"), [("us", "2.1"), ("eu", "4.2")])
def test_a_dose_is_100_mg_in_15_ml(jurisdiction, section):
    dose = load_label("tofersen", jurisdiction).the("dosing.amount")
    holds(dose, section, amount_mg=100, volume_mL=15, strength_mg_per_mL=6.7)


@pytest.mark.parametrize("topic", ["dosing.amount", "identity.strength"])
def test_amount_over_volume_is_the_printed_strength(us, topic):
    """The label rounds 6.67 to 6.7 mg/mL, which is 0.5 % off; 1 % allows for that only."""
    dose = us.the(topic)
    strength_mg_per_mL = dose.number("amount_mg") / dose.number("volume_mL")
    assert dose.number("strength_mg_per_mL") == pytest.approx(strength_mg_per_mL, rel=0.01)


@pytest.mark.parametrize(("jurisdiction", "section"), [("us", "2.1"), ("eu", "4.2")])
def test_three_loading_doses_14_days_apart_then_every_28_days(jurisdiction, section):
    label = load_label("tofersen", jurisdiction)
    holds(label.the("dosing.loading"), section, doses=3, interval_d=14)
    assert label.the("dosing.loading").words("days") == ("0", "14", "28")
    holds(label.the("dosing.maintenance"), section, interval_d=28)
    assert label.the("dosing.route").values["route"] == "intrathecal"


@pytest.mark.parametrize(("jurisdiction", "section"), [("us", "2.1"), ("eu", "4.2")])
@pytest.mark.parametrize(("missed", "next_d"), [("loading_2", 14), ("loading_3", 28)])
def test_a_late_loading_dose_sets_the_next_interval(jurisdiction, section, missed, next_d):
    label = load_label("tofersen", jurisdiction)
    holds(label.the(f"missed_dose.{missed}"), section, next_interval_d=next_d)


@pytest.mark.parametrize(("jurisdiction", "section"), [("us", "2.1"), ("eu", "4.2")])
def test_a_late_maintenance_dose_is_followed_28_days_later(jurisdiction, section):
    label = load_label("tofersen", jurisdiction)
    holds(label.the("missed_dose.maintenance"), section, next_interval_d=28)


def test_the_us_label_leaves_these_questions_open(us):
    assert {s.topic for s in us.silences} == {
        "pharmacokinetics.protein_binding",
        "pharmacodynamics.csf_sod1_plateau",
        "dosing.window",
        "dosing.early",
        "dosing.gap",
        "dosing.part_dose",
        "dosing.failed_puncture",
        "dosing.start",
        "dosing.reduction",
        "dosing.above_label",
        "dosing.route_other",
        "administration.needle",
        "administration.rest_after",
        "preparation.warm_up_minutes",
        "monitoring",
        "continuation",
        "storage.day_meaning",
        "storage.budgets_add",
        "storage.below_2c",
        "interactions",
    }
    assert us.not_read == ()


def test_the_us_label_states_nothing_where_it_is_silent(us):
    for topic in {s.topic for s in us.silences} - {"interactions"}:
        assert us.about(topic) == (), topic


def test_eu_silence_on_dosing_is_only_about_the_part_that_was_read(eu):
    assert {s.topic for s in eu.silences} == {"dosing.window", "dosing.early", "dosing.gap"}
    assert all("part of the SmPC read" in s.says for s in eu.silences)
    assert {"dosing.part_dose", "dosing.above_label"} <= {s.topic for s in eu.not_read}


# ---- preparation, administration, storage


def test_us_steps_are_numbered_1_to_14_without_a_gap(us):
    steps = sorted(s.number("step") for s in us.statements if "step" in s.values)
    assert steps == list(range(1, 15))
    assert {s.source.section for s in us.statements if "step" in s.values} == {"2.2"}


def test_10_ml_of_csf_come_out_before_15_ml_go_in_over_1_to_3_minutes(us):
    holds(us.the("administration.csf_removed"), "2.2", step=9, volume_mL=10)
    holds(us.the("preparation.withdraw"), "2.2", step=10, volume_mL=15, amount_mg=100)
    holds(us.the("administration.bolus"), "2.2", step=12, least_min=1, most_min=3)
    holds(us.the("preparation.warm_up"), "2.2", step=2, temperature_C=25)


def test_the_us_clock_of_4_hours_starts_at_the_vial_and_the_eu_report_s_at_the_refrigerator(us, eu):
    for topic in ("administration.in_syringe", "storage.in_syringe"):
        holds(us.the(topic), "2.2", most_h=4)
        assert us.the(topic).values["counted_from"] == "vial"
    holds(eu.the("administration.in_syringe"), "p19", most_h=4)
    assert eu.the("administration.in_syringe").values["counted_from"] == "refrigerator"
    assert "check the current SmPC" in eu.the("administration.in_syringe").says


def test_us_storage_limits_are_those_of_section_16_2(us):
    holds(us.the("storage.refrigerated"), "16.2", least_C=2, most_C=8)
    holds(us.the("storage.carton_unrefrigerated"), "16.2", most_C=30, most_d=14)
    out = us.the("storage.out_of_carton")
    holds(out, "16.2", most_C=30, most_h_per_day=6, most_d=6, most_h=36)
    assert out.number("most_h_per_day") * out.number("most_d") == out.number("most_h")
    assert us.about("storage.freezing")
    assert us.about("storage.light")


def test_the_eu_file_gives_no_limit_out_of_the_refrigerator_only_stability_results(eu):
    assert eu.about("storage.out_of_carton") == eu.about("storage.carton_unrefrigerated") == ()
    holds(eu.the("storage.stability_in_carton"), "p21", most_C=30, most_d=14)
    holds(eu.the("storage.stability_in_light"), "p21", most_h=36)
    assert "storage" in {s.topic for s in eu.not_read}


# ---- contraindications and tests: where the three differ


def test_only_the_us_label_has_no_contraindication(us, eu, jp):
    assert [s.topic for s in us.about("contraindications")] == ["contraindications.none"]
    assert us.the("contraindications.none").source.section == "4"
    for label in (eu, jp):
        found = [s.topic for s in label.about("contraindications")]
        assert found == ["contraindications.hypersensitivity"]
    assert eu.the("contraindications.hypersensitivity").source.section == "4.3"


def test_routine_tests_differ_in_all_three(us, eu, jp):
    assert us.about("monitoring") == ()
    assert us.silence("monitoring") is not None
    eu_tests = {s.topic for s in eu.about("monitoring")}
    assert eu_tests == {"monitoring.platelets_coagulation", "monitoring.urine_protein"}
    assert all("if clinically indicated" in s.says for s in eu.about("monitoring"))
    jp_tests = {s.topic for s in jp.about("monitoring")}
    assert jp_tests == {"monitoring.csf_pressure", "monitoring.csf_tests"}
    assert "each dose" in jp.the("monitoring.csf_pressure").says


def test_only_the_eu_label_asks_for_a_regular_review(us, eu, jp):
    assert eu.the("continuation.review").source.section == "4.2"
    assert us.about("continuation") == jp.about("continuation") == ()


# ---- warnings


@pytest.mark.parametrize(
    ("event", "section", "patients", "discontinued"),
    [("myelitis", "5.1", 6, 2), ("papilledema", "5.2", 4, 0), ("aseptic_meningitis", "5.3", 2, 1)],
)
def test_us_serious_warnings_carry_their_counts(us, event, section, patients, discontinued):
    holds(serious(us, event), section, patients=patients, discontinued=discontinued)
    assert "standard of care" in str(serious(us, event).values["action"])


def test_us_has_three_serious_warnings_and_myelitis_shares_one_with_radiculitis(us):
    assert len(us.about("warnings.serious")) == 3
    assert serious(us, "radiculitis") is serious(us, "myelitis")
    assert serious(us, "chemical_meningitis") is serious(us, "aseptic_meningitis")
    assert "1 called chemical (treatment stopped)" in serious(us, "chemical_meningitis").says


@pytest.mark.parametrize(
    ("event", "percent"),
    [("myelitis", 2.7), ("radiculitis", 2.7), ("papilloedema", 5.4), ("aseptic_meningitis", 4.1)],
)
def test_eu_serious_warnings_carry_the_pool_of_147(eu, event, percent):
    holds(serious(eu, event), "p150 table 42", drug_percent=percent, drug_n=147)
    assert serious(eu, event).values["frequency"] == "common (derived)"
    assert "assessment report" in serious(eu, event).source.document


def test_eu_frequency_classes_follow_from_the_percentages(eu):
    """Very common is 10 % and above, common 1 % to under 10 %."""
    classed = [s for s in eu.statements if "frequency" in s.values]
    assert len(classed) == 11
    for s in classed:
        word = "very common" if s.number("drug_percent") >= 10 else "common"
        assert s.number("drug_percent") >= 1
        assert s.values["frequency"] == f"{word} (derived)"


def test_us_and_eu_answer_the_same_serious_events(us, eu):
    words = [{w for s in x.about("warnings.serious") for w in s.words("events")} for x in (us, eu)]
    assert words[0] == words[1]
    assert words[0] >= PUBLISHED_SERIOUS


def test_every_published_serious_event_matches_a_warning(us, eu):
    if not CASES.is_dir():
        pytest.skip("the published courses are not beside this checkout")
    seen = set()
    for path in sorted(CASES.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            seen |= {row["value"] for row in csv.DictReader(file) if row["kind"] == "event"}
    assert seen >= PUBLISHED_SERIOUS
    for event in PUBLISHED_SERIOUS:
        assert serious(us, event).words("action")
        assert serious(eu, event).words("action")


# ---- adverse reactions


def test_us_table_1_has_these_eight_reactions_in_both_arms(us):
    printed = {
        "pain": (42, 22),
        "fatigue": (17, 6),
        "arthralgia": (14, 6),
        "CSF white blood cell count increased": (14, 0),
        "myalgia": (14, 6),
        "CSF protein increased": (8, 3),
        "musculoskeletal stiffness": (6, 0),
        "neuralgia": (6, 0),
    }
    held = by_reaction(us, "adverse_reactions.common")
    assert set(held) == set(printed)
    for reaction, (drug, placebo) in printed.items():
        holds(held[reaction], "6.1 table 1", drug_percent=drug, placebo_percent=placebo)
        holds(held[reaction], "6.1 table 1", drug_n=72, placebo_n=36)


def test_us_table_1_keeps_its_own_rule(us):
    """At least 5 % on tofersen and more than 5 points above placebo (rounded: 8 v 3 is 5.6)."""
    for s in us.about("adverse_reactions.common"):
        assert s.number("drug_percent") >= 5
        assert s.number("drug_percent") - s.number("placebo_percent") >= 5


def test_fda_counts_round_to_the_printed_percentages(us):
    """Two documents agree: counts of the FDA review's table 26, percentages of label 6.1."""
    counted = by_reaction(us, "adverse_reactions.counted")
    printed = by_reaction(us, "adverse_reactions.common")
    both = set(counted) & set(printed)
    assert both == {
        "fatigue",
        "arthralgia",
        "myalgia",
        "CSF protein increased",
        "musculoskeletal stiffness",
        "neuralgia",
    }
    for reaction in both:
        drug, placebo = (counted[reaction].number(f"{arm}_count") for arm in ("drug", "placebo"))
        assert round(100 * drug / 72) == printed[reaction].number("drug_percent")
        assert round(100 * placebo / 36) == printed[reaction].number("placebo_percent")


def test_counts_of_the_review_are_not_given_as_the_label_s(us):
    assert all("drug_count" not in s.values for s in us.about("adverse_reactions.common"))
    assert all("FDA" in s.source.document for s in us.about("adverse_reactions.counted"))


def test_puncture_complaints_are_as_common_on_placebo(us):
    printed = {
        "procedural pain": (56.9, 58.3),
        "headache": (45.8, 44.4),
        "post-lumbar-puncture syndrome": (18.1, 30.6),
        "nausea": (12.5, 16.7),
        "neck pain": (5.6, 11.1),
    }
    held = by_reaction(us, "adverse_reactions.procedural")
    assert set(held) == set(printed)
    for reaction, (drug, placebo) in printed.items():
        holds(held[reaction], "table 26", drug_percent=drug, placebo_percent=placebo)
        assert held[reaction].source.document.startswith("FDA Integrated Review")


def test_other_reactions_of_fda_table_26_are_not_called_procedural(us):
    printed = {
        "fall": (23.6, 41.7),
        "pyrexia": (4.2, 2.8),
        "respiratory failure": (4.2, 0),
        "pulmonary embolism": (4.2, 2.8),
    }
    held = by_reaction(us, "adverse_reactions.other")
    assert set(held) == set(printed)
    for reaction, (drug, placebo) in printed.items():
        holds(held[reaction], "table 26", drug_percent=drug, placebo_percent=placebo)


def test_eu_pool_has_these_seven_reactions_and_no_placebo_arm(eu):
    printed = {
        "pain": 66.0,
        "arthralgia": 34.0,
        "fatigue": 28.6,
        "CSF white blood cell count increased": 26.5,
        "CSF protein increased": 26.5,
        "myalgia": 19.0,
        "pyrexia": 18.4,
    }
    held = by_reaction(eu, "adverse_reactions.pooled")
    assert set(held) == set(printed)
    for reaction, percent in printed.items():
        holds(held[reaction], "p150 table 42", drug_percent=percent, drug_n=147)
        assert "placebo_percent" not in held[reaction].values
    assert eu.about("adverse_reactions.common") == ()


def test_pleocytosis_is_found_under_csf_white_cells(us, eu):
    for label, topic in ((us, "adverse_reactions.common"), (eu, "adverse_reactions.pooled")):
        found = [s for s in label.about(topic) if "pleocytosis" in s.words("reaction_events")]
        assert [s.values["reaction"] for s in found] == ["CSF white blood cell count increased"]


# ---- pharmacology, antibodies, trial


def test_97_of_166_had_antibodies_14_in_passing_and_83_to_stay(us):
    ada = us.the("immunogenicity.ada")
    holds(ada, "12.6", patients=97, n=166, value=58.4)
    holds(us.the("immunogenicity.ada_transient"), "12.6", patients=14, n=166)
    holds(us.the("immunogenicity.ada_persistent"), "12.6", patients=83, n=166)
    assert round(100 * 97 / 166, 1) == ada.number("value")
    assert 14 + 83 == ada.number("patients")


def test_eu_antibody_figures_are_of_147_on_100_mg(eu):
    holds(eu.the("immunogenicity.ada"), "table 42", value=63.3, n=147)
    holds(eu.the("immunogenicity.ada_persistent"), "table 42", value=51.7, n=147)


def test_us_half_life_in_csf_is_4_weeks_and_the_highest_trough_the_third_dose(us):
    holds(us.the("pharmacokinetics.csf_half_life"), "12.3", value=4)
    assert us.the("pharmacokinetics.csf_half_life").values["unit"] == "weeks"
    holds(us.the("pharmacokinetics.csf_trough"), "12.3", value=3)
    holds(us.the("pharmacokinetics.plasma_tmax"), "12.3", lo=2, hi=6)


@pytest.mark.parametrize(
    ("endpoint", "drug", "placebo"), [("csf_sod1", -35, -2), ("plasma_nfl", -55, 12)]
)
def test_us_percent_changes_agree_with_the_ratios_of_table_2(us, endpoint, drug, placebo):
    change = us.the(f"pharmacodynamics.{endpoint}")
    holds(change, "12.2", drug_value=drug, placebo_value=placebo, week=28)
    table = us.about(f"clinical_results.{endpoint}")
    (itt,) = [s for s in table if s.values["population"] == "ITT"]
    holds(itt, "14 table 2", week=28)
    for arm in ("drug_value", "placebo_value"):
        assert 100 * (itt.number(arm) - 1) == pytest.approx(change.number(arm), abs=0.5)
    assert 100 * (itt.number("difference") - 1) == pytest.approx(change.number("difference"))


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_the_primary_endpoint_missed(jurisdiction):
    """ALSFRS-R at week 28, mITT: -6.98 v -8.14, difference 1.2 (-3.2 to 5.5)."""
    label = load_label("tofersen", jurisdiction)
    table = label.about("clinical_results.alsfrs_r")
    (primary,) = [s for s in table if s.values["population"] == "mITT"]
    holds(primary, "table 8", drug_value=-6.98, placebo_value=-8.14, week=28)
    holds(primary, "table 8", difference=1.2, difference_lo=-3.2, difference_hi=5.5)


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_every_difference_lies_inside_its_interval_and_near_the_arms(jurisdiction):
    """Differences are adjusted, so they may leave the difference of the arms by a little.

    0.1 of the larger arm, plus 0.1 for rounding, covers every row of the printed tables.
    """
    label = load_label("tofersen", jurisdiction)
    rows = [s for s in label.about("clinical_results") if "difference" in s.values]
    assert len(rows) >= 4
    for s in rows:
        drug, placebo = s.number("drug_value"), s.number("placebo_value")
        plain = drug / placebo if s.values["unit"] == "ratio" else drug - placebo
        difference = s.number("difference")
        if "difference_lo" in s.values:  # the slower group's SOD1 ratio is printed without one
            assert s.number("difference_lo") < difference < s.number("difference_hi")
        slack = 0.1 + 0.1 * max(abs(drug), abs(placebo))
        assert difference == pytest.approx(plain, abs=slack), s.says


def test_identity_codes_are_as_published(us):
    expected = {
        "identity.unii": "2NU6F9601K",
        "identity.cas": "2088232-70-4",
        "identity.drugbank": "DB14782",
        "identity.atc": "N07XX22",
        "identity.ndc": "64406-109-01",
        "identity.application": "NDA 215887",
        "identity.hcpcs": "J1304",
        "identity.set_id": "81356b45-1cb7-4eef-88ea-e44cc18b47c5",
    }
    assert {topic: us.the(topic).values["code"] for topic in expected} == expected


def test_the_base_sequence_is_a_20_mer(us):
    assert len(str(us.the("identity.sequence").values["code"])) == 20


def test_the_six_salts_are_those_of_section_11(us):
    salts = {
        str(s.values["name"]): s.number("value")
        for s in us.about("identity.excipient")
        if "value" in s.values
    }
    assert salts == {
        "calcium chloride dihydrate": 0.21,
        "disodium phosphate": 0.11,
        "magnesium chloride hexahydrate": 0.16,
        "monosodium phosphate": 0.03,
        "potassium chloride": 0.22,
        "sodium chloride": 8.77,
    }


def test_the_salts_of_15_ml_hold_the_sodium_that_the_eu_label_prints(us, eu):
    """Two documents agree: sodium of the US formula in 15 mL is the EU's 52 mg, to 2 %."""
    sodium_share = {
        "sodium chloride": 22.99 / 58.44,
        "disodium phosphate": 2 * 22.99 / 141.96,
        "monosodium phosphate": 22.99 / 119.98,
    }
    per_mL_mg = sum(
        s.number("value") * sodium_share.get(str(s.values["name"]), 0)
        for s in us.about("identity.excipient")
        if "value" in s.values
    )
    vial_mg = per_mL_mg * us.the("dosing.amount").number("volume_mL")
    assert eu.the("identity.sodium").number("value") == pytest.approx(vial_mg, rel=0.02)


# ---- Japan: what nobody read is not there


def test_the_japanese_file_states_no_dose_and_says_that_it_was_not_read(jp):
    assert jp.about("dosing") == jp.about("missed_dose") == ()
    with pytest.raises(CatalogError, match="not read"):
        jp.the("dosing.amount")


def test_the_japanese_file_holds_these_five_facts_and_no_silence(jp):
    assert {s.topic for s in jp.statements} == {
        "contraindications.hypersensitivity",
        "monitoring.csf_pressure",
        "monitoring.csf_tests",
        "populations.contraception",
        "administration.procedure_time",
    }
    assert jp.silences == ()
    assert {s.topic for s in jp.not_read} == set(AREAS)


def test_japan_asks_for_contraception_until_7_days_after_the_last_dose(jp):
    assert jp.the("populations.contraception").number("least_d") == 7


def test_the_15_minutes_are_the_maker_s_page_and_not_the_label(jp):
    quarter = jp.the("administration.procedure_time")
    assert quarter.number("least_min") == 15
    assert quarter.source.document != jp.document
    assert "Maker's Japanese page" in quarter.source.document
