"""The nusinersen labels against figures typed by hand from copies of their documents.

US 2023: the 12 mg text with the missed-dose tiers, as mirrors of DailyMed have it (April 2024).
US 2020: the text before it. EU: the SmPC through a copy of 2020, a Hong Kong copy and, for the
missed-dose table, a Swiss text of November 2022. 2026: news of the two high-dose approvals.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest

from thecal.datafile import DRUGS
from thecal.errors import CatalogError
from thecal.label.catalog import editions, jurisdictions, load_all, load_label
from thecal.label.label import Label, Statement, area
from thecal.label.topics import AREAS

pytestmark = pytest.mark.published

ALL = load_all("nusinersen")
NAMES = [f"{label.jurisdiction} {label.edition}" for label in ALL]
OF_12_MG = [("us", "2023"), ("us", "2020"), ("eu", "2025"), ("eu", "2020")]


@pytest.fixture(scope="module")
def us() -> Label:
    return load_label("nusinersen", "us")


@pytest.fixture(scope="module")
def eu() -> Label:
    return load_label("nusinersen", "eu")


@pytest.fixture(params=ALL, ids=NAMES)
def label(request: pytest.FixtureRequest) -> Label:
    return request.param


def holds(statement: Statement, **expected: object) -> None:
    """The statement carries exactly these values, and no others."""
    assert dict(statement.values) == expected


# -- every version


def test_the_versions_are_these_and_the_first_of_each_is_in_force():
    assert jurisdictions("nusinersen") == ["eu", "us"]
    assert editions("nusinersen", "us") == ["2023", "2026", "2020"]
    assert editions("nusinersen", "eu") == ["2025", "2026", "2020"]
    assert {(x.jurisdiction, x.edition): x.status for x in ALL} == {
        ("us", "2023"): "current",
        ("us", "2026"): "in part",
        ("us", "2020"): "superseded",
        ("eu", "2025"): "current",
        ("eu", "2026"): "in part",
        ("eu", "2020"): "superseded",
    }


def test_only_the_day_of_the_us_high_dose_text_is_known():
    dates = {(x.jurisdiction, x.edition): x.effective for x in ALL if x.effective}
    assert dates == {("us", "2026"): dt.date(2026, 4, 6)}


def test_every_version_says_that_it_was_read_through_copies_or_not_at_all(label):
    words = "read" if label.status == "in part" else "through"
    assert words in label.version


def test_every_statement_names_a_document_and_a_section(label):
    for statement in label.statements:
        assert statement.source.document.strip(), statement.topic
        assert statement.source.section.strip(), statement.topic
        assert statement.source.jurisdiction == label.jurisdiction


def test_every_version_covers_every_area(label):
    covered = {area(s.topic) for s in (*label.statements, *label.silences, *label.not_read)}
    assert covered == set(AREAS)


def test_no_topic_is_both_left_open_and_unread(label):
    left_open = [gap.topic for gap in label.silences]
    unread = [gap.topic for gap in label.not_read]
    assert len(set(left_open)) == len(left_open) and len(set(unread)) == len(unread)
    assert not set(left_open) & set(unread)


def test_every_event_word_is_snake_case_and_answers_to_one_warning_or_reaction(label):
    words = [
        word
        for topic in ("warnings.serious", "adverse_reactions.common", "contraindications")
        for s in label.about(topic)
        for word in (*s.words("events"), *s.words("reaction_events"))
    ]
    assert [w for w in words if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", w)] == []
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize(
    "path", sorted((DRUGS / "nusinersen").glob("label.*")), ids=lambda p: p.name
)
def test_a_label_file_is_at_most_100_columns_wide(path):
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 100


# -- dosing


@pytest.mark.parametrize(("jurisdiction", "edition"), OF_12_MG)
def test_a_dose_is_12_mg_in_5_ml(jurisdiction, edition):
    found = load_label("nusinersen", jurisdiction, edition=edition)
    holds(found.the("dosing.amount"), amount_mg=12, volume_mL=5, strength_mg_per_mL=2.4)
    holds(found.the("dosing.route"), route="intrathecal")


@pytest.mark.parametrize(("jurisdiction", "edition"), OF_12_MG)
def test_the_fourth_loading_dose_is_on_day_58_in_the_us_and_63_in_europe(jurisdiction, edition):
    found = load_label("nusinersen", jurisdiction, edition=edition)
    fourth = {"us": "58", "eu": "63"}[jurisdiction]
    loading = found.the("dosing.loading")
    holds(loading, doses=4, interval_d=14, days=("0", "14", "28", fourth))


@pytest.mark.parametrize(("jurisdiction", "edition"), OF_12_MG)
def test_maintenance_is_every_4_calendar_months(jurisdiction, edition):
    found = load_label("nusinersen", jurisdiction, edition=edition)
    assert found.the("dosing.maintenance").number("interval_months") == 4
    assert "interval_d" not in found.the("dosing.maintenance").values


def test_the_grid_stays_since_2023_and_not_before(us, eu):
    for found in (us, eu):
        maintenance = found.the("dosing.maintenance").values
        assert (maintenance["anchor"], maintenance["apart_d"]) == ("original_grid", 14)
    for jurisdiction in ("us", "eu"):
        before = load_label("nusinersen", jurisdiction, edition="2020")
        assert "anchor" not in before.the("dosing.maintenance").values


# -- missed doses (US 2.1)


def test_a_missed_loading_dose_moves_the_later_ones(us):
    holds(us.the("missed_dose.loading"), give="as soon as possible")


def test_below_8_months_the_next_dose_stays_on_its_date_14_days_apart(us):
    holds(
        us.the("missed_dose.maintenance"),
        give="as soon as possible",
        to_months=8,
        anchor="original_grid",
        apart_d=14,
    )


def test_the_tiers_begin_at_8_16_and_40_months(us):
    """One more dose, two more doses, then loading anew; 4 months after the last of them."""
    first, second, third = us.about("missed_dose.gap")
    same = {"give": "as soon as possible", "extra_interval_d": 14, "interval_months": 4}
    holds(first, from_months=8, to_months=16, extra_doses=1, **same)
    holds(second, from_months=16, to_months=40, extra_doses=2, **same)
    holds(third, from_months=40, restart="loading")


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_the_superseded_rule_goes_on_every_4_months_and_has_no_tiers(jurisdiction):
    before = load_label("nusinersen", jurisdiction, edition="2020")
    holds(before.the("missed_dose.loading"), give="as soon as possible", apart_d=14)
    holds(before.the("missed_dose.maintenance"), give="as soon as possible", interval_months=4)
    assert before.about("missed_dose.gap") == ()
    assert before.silence("dosing.gap") is not None


def test_the_european_table_was_read_up_to_8_months_only(eu):
    holds(eu.the("missed_dose.loading"), give="as soon as possible", apart_d=14)
    maintenance = eu.the("missed_dose.maintenance")
    holds(
        maintenance,
        give="as soon as possible",
        from_months=4,
        to_months=8,
        anchor="original_grid",
        apart_d=14,
    )
    assert "Swiss" in maintenance.source.document
    assert eu.about("missed_dose.gap") == ()
    assert "missed_dose.gap" in {gap.topic for gap in eu.not_read}


# -- the high dose


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_the_high_dose_is_50_mg_twice_then_28_mg_every_4_months(jurisdiction):
    high = load_label("nusinersen", jurisdiction, edition="2026")
    loading, maintenance = high.the("dosing.loading"), high.the("dosing.maintenance")
    assert (loading.values["doses"], loading.values["amount_mg"]) == (2, 50)
    assert loading.words("days") == ("0", "14")
    assert (maintenance.values["interval_months"], maintenance.values["amount_mg"]) == (4, 28)
    for topic in ("missed_dose.maintenance", "dosing.amount"):
        with pytest.raises(CatalogError, match=r"holds no statement on"):
            high.the(topic)


@pytest.mark.parametrize(("strength", "mg", "mg_per_mL"), [("50", 50, 10), ("28", 28, 5.6)])
def test_the_european_high_dose_vials_hold_5_ml(strength, mg, mg_per_mL):
    high = load_label("nusinersen", "eu", edition="2026")
    vial = high.the(f"identity.strength_{strength}")
    holds(vial, amount_mg=mg, volume_mL=5, strength_mg_per_mL=mg_per_mL)


# -- preparation, storage


@pytest.mark.parametrize(
    ("jurisdiction", "hours", "since"), [("us", 4, "vial"), ("eu", 6, "syringe")]
)
def test_the_drawn_up_dose_keeps_4_hours_in_the_us_and_6_in_europe(jurisdiction, hours, since):
    found = load_label("nusinersen", jurisdiction)
    for topic in ("administration.in_syringe", "storage.in_syringe"):
        values = found.the(topic).values
        assert (values["most_h"], values["counted_from"]) == (hours, since)


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_5_ml_of_csf_come_out_and_the_bolus_takes_1_to_3_minutes(jurisdiction):
    found = load_label("nusinersen", jurisdiction)
    assert found.the("administration.csf_removed").number("volume_mL") == 5
    bolus = found.the("administration.bolus")
    assert (bolus.number("least_min"), bolus.number("most_min")) == (1, 3)


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_each_step_is_asked_for_allowed_or_forbidden(jurisdiction):
    found = load_label("nusinersen", jurisdiction)
    rules = {
        "preparation.warm_up": "required",
        "preparation.heat": "forbidden",
        "preparation.filter": "not required",
        "administration.sedation": "optional",
        "administration.imaging": "optional",
        "administration.discard": "required",
        "administration.skin": "forbidden",
        "storage.light": "required",
    }
    assert {topic: found.the(topic).values["rule"] for topic in rules} == rules


def test_dilution_is_forbidden_in_europe_and_was_not_read_in_the_us(us, eu):
    assert eu.the("preparation.no_dilution").values["rule"] == "forbidden"
    assert "preparation.no_dilution" in {gap.topic for gap in us.not_read}


def test_the_vial_keeps_14_days_at_30_degrees_in_its_carton_and_30_hours_out_of_it(us):
    holds(us.the("storage.refrigerated"), least_C=2, most_C=8)
    holds(us.the("storage.carton_unrefrigerated"), most_C=30, most_d=14)
    holds(us.the("storage.out_of_carton"), most_C=25, most_h=30)
    holds(us.the("storage.freezing"), rule="forbidden")


# -- warnings, reactions, tests


def test_contraindications_differ(us, eu):
    assert us.the("contraindications").topic == "contraindications.none"
    assert eu.the("contraindications").topic == "contraindications.hypersensitivity"


@pytest.mark.parametrize(
    ("event", "section", "counts"),
    [("thrombocytopenia", "5.1", (24, 146, 10, 72)), ("proteinuria", "5.2", (71, 123, 22, 65))],
)
def test_the_us_warnings_carry_both_arms(us, event, section, counts):
    (warning,) = [s for s in us.about("warnings.serious") if event in s.words("events")]
    assert warning.source.section == section
    names = ("drug_count", "drug_n", "placebo_count", "placebo_n")
    assert tuple(warning.number(name) for name in names) == counts


def test_the_lowest_platelet_count_was_10_000(us):
    lowest = us.the("warnings.platelets_lowest")
    assert (lowest.number("patients"), lowest.number("value")) == (2, 10_000)


def test_tests_are_required_before_each_dose_in_the_us_and_optional_in_europe(us, eu):
    for topic in ("monitoring.platelets", "monitoring.coagulation", "monitoring.urine_protein"):
        assert us.the(topic).values["rule"] == "required"
        assert eu.the(topic).values["rule"] == "optional"
    assert us.the("monitoring.urine_protein").number("value") == 0.2


INFANTILE = {
    "lower respiratory infection": (55, 37),
    "constipation": (35, 22),
    "teething": (18, 7),
    "urinary tract infection": (9, 0),
    "upper respiratory tract congestion": (8, 2),
    "ear infection": (6, 2),
    "flatulence": (5, 2),
    "decreased weight": (5, 2),
}
LATER = {
    "pyrexia": (43, 36),
    "headache": (29, 7),
    "vomiting": (29, 12),
    "back pain": (25, 0),
    "epistaxis": (7, 0),
    "fall": (5, 0),
    "respiratory tract congestion": (5, 2),
    "seasonal allergy": (5, 2),
}


@pytest.mark.parametrize("edition", ["2023", "2020"])
@pytest.mark.parametrize(
    ("population", "table", "n"),
    [("infantile onset", INFANTILE, (80, 41)), ("later onset", LATER, (84, 42))],
)
def test_the_tables_of_adverse_reactions_carry_both_arms(edition, population, table, n):
    found = load_label("nusinersen", "us", edition=edition)
    rows = [
        s for s in found.about("adverse_reactions.common") if s.values["population"] == population
    ]
    assert {
        s.values["reaction"]: (s.values["drug_percent"], s.values["placebo_percent"]) for s in rows
    } == table
    assert {(s.number("drug_n"), s.number("placebo_n")) for s in rows} == {n}


# -- pharmacology, results


@pytest.mark.parametrize(
    ("topic", "lo", "hi", "unit"),
    [
        ("csf_half_life", 135, 177, "days"),
        ("plasma_half_life", 63, 87, "days"),
        ("plasma_tmax", 1.7, 6, "h"),
    ],
)
def test_the_kinetics_are_those_of_section_12_3(us, topic, lo, hi, unit):
    statement = us.the(f"pharmacokinetics.{topic}")
    holds(statement, lo=lo, hi=hi, unit=unit)
    assert statement.source.section == "12.3"


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_exonucleases_break_it_down_and_smn_protein_rises(jurisdiction):
    found = load_label("nusinersen", jurisdiction)
    assert found.the("pharmacokinetics.metabolism").values["pathway"] == "exonuclease"
    mechanism = found.the("mechanism").values
    assert (mechanism["name"], mechanism["direction"]) == ("SMN2", "raises")
    assert found.the("clinical_results.benefit").words("shown") == ("function", "survival")


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_it_is_for_spinal_muscular_atrophy_at_any_age(jurisdiction):
    found = load_label("nusinersen", jurisdiction)
    indication = next(s for s in found.about("indication") if s.topic == "indication")
    assert indication.values["ages"] == "adults and children"
    assert "spinal muscular atrophy" in indication.words("disease")
    assert found.the("populations.children").values["standing"] == "established"
    assert found.the("populations.pregnancy").values["standing"] == "no data"
    assert found.the("identity.approval").values["status"] == "full"


def test_the_codes_are_those_of_the_us_product(us):
    codes = {s.values["system"]: s.values["code"] for s in us.statements if "system" in s.values}
    assert codes == {
        "ATC": "M09AX07",
        "CAS": "1258984-36-9",
        "NDC": "64406-058-01",
        "SPL set id": "dd70cd5f-b0fc-4ba4-a5ea-89a34778bd94",
    }


def test_half_of_the_infants_reached_a_milestone_and_the_motor_score_rose_by_6(us):
    """ENDEAR: 37 of 73 against 0 of 37; CHERISH: 5.9 points (3.7 to 8.1)."""
    response = us.the("clinical_results.motor_response")
    counts = ("drug_count", "drug_n", "placebo_count", "placebo_n")
    assert [response.number(name) for name in counts] == [37, 73, 0, 37]
    assert response.number("drug_value") == pytest.approx(100 * 37 / 73, abs=0.5)
    score = us.the("clinical_results.hfmse")
    assert [score.number(f"difference{end}") for end in ("", "_lo", "_hi")] == [5.9, 3.7, 8.1]
    assert score.number("drug_value") - score.number("placebo_value") == pytest.approx(5.9)
