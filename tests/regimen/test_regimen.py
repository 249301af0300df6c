"""Regimens: built from a label without choosing for it, and calendar months that never drift."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.errors import CatalogError, CourseError
from thecal.label.catalog import load_label
from thecal.label.label import Label, Statement
from thecal.regimen.regimen import (
    Anchor,
    GapTier,
    Interval,
    Ladder,
    Phase,
    Regimen,
    Rule,
    add_months,
    from_label,
)
from thecal.source import Source

HERE = Source(document="made up", section="1")
RULE = Rule("made up", HERE)


def changed(topic: str, *, medicine: str = "tofersen", **values: object) -> Label:
    """The US label with some values of the statements on one topic replaced; None drops one."""
    label = load_label(medicine, "us")

    def change(statement: Statement) -> Statement:
        if statement.topic != topic:
            return statement
        kept = {**statement.values, **values}
        return replace(statement, values={k: v for k, v in kept.items() if v is not None})

    return replace(label, statements=tuple(change(s) for s in label.statements))


def with_statement(topic: str, *, medicine: str = "tofersen", **values: float | str) -> Label:
    label = load_label(medicine, "us")
    more = Statement(topic=topic, says="made up", values=values, source=HERE)
    return replace(label, statements=(*label.statements, more))


# -- from a label


@pytest.mark.published
@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_the_tofersen_regimen_is_three_doses_14_days_apart_then_every_28(jurisdiction):
    """US PI 2.1, EU SmPC 4.2; 100 mg, intrathecal."""
    regimen = from_label(load_label("tofersen", jurisdiction))
    loading, maintenance = regimen.phases
    assert (regimen.amount_mg, regimen.route) == (100, "intrathecal")
    assert (loading.doses, loading.interval) == (3, Interval(days=14))
    assert (maintenance.doses, maintenance.interval) == (None, Interval(days=28))
    assert all(phase.anchor is Anchor.LAST_DOSE for phase in regimen.phases)
    assert not regimen.gap_tiers
    assert sorted(regimen.late_rules) == [0, 2, 3]


def test_every_rule_of_a_regimen_names_its_section_and_version():
    regimen = from_label(load_label("tofersen", "us"))
    for rule in [*(p.rule for p in regimen.phases), *regimen.late_rules.values()]:
        assert rule.source.section == "2.1"
        assert rule.source.version


def test_the_japanese_label_has_no_regimen_because_it_was_not_read():
    """label.jp.yaml: nobody here has read the insert; nothing is carried over from the US."""
    with pytest.raises(CatalogError, match=r"jp label .* no statement on dosing.* was not read"):
        from_label(load_label("tofersen", "jp"))


@pytest.mark.parametrize(
    ("topic", "next_interval_d"),
    [("missed_dose.loading_2", 28), ("missed_dose.loading_3", 14), ("missed_dose.maintenance", 27)],
)
def test_a_label_that_contradicts_itself_is_refused(topic, next_interval_d):
    """Nobody here may choose between two sentences of a label."""
    with pytest.raises(CatalogError, match="contradicts itself") as caught:
        from_label(changed(topic, next_interval_d=float(next_interval_d)))
    assert topic in str(caught.value)
    assert f"{next_interval_d} days" in str(caught.value)


@pytest.mark.parametrize(
    ("topic", "values", "words"),
    [
        ("dosing.loading", {"interval_d": 14.5}, "'interval_d' is 14.5, not a whole number"),
        ("dosing.loading", {"doses": 2.5}, "'doses' is 2.5, not a whole number"),
        ("dosing.loading", {"doses": 0.0}, "0 doses; expected 1 or more"),
        ("dosing.loading", {"interval_d": 0.0}, "0 days and 0 months"),
        ("dosing.maintenance", {"interval_d": -28.0}, "-28 days"),
        ("dosing.maintenance", {"interval_d": None}, "'interval_d' is missing"),
        ("dosing.amount", {"amount_mg": 0.0}, "0 mg; expected above 0"),
        ("dosing.amount", {"amount_mg": "much"}, "'much', not a number"),
    ],
)
def test_a_number_that_cannot_be_dosed_by_is_refused_and_never_rounded(topic, values, words):
    with pytest.raises(CatalogError) as caught:
        from_label(changed(topic, **values))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "topic",
    ["missed_dose", "missed_dose.other", "missed_dose.loading_0", "missed_dose.loading_4"],
)
def test_a_missed_dose_rule_for_no_dose_of_the_regimen_is_refused(topic):
    with pytest.raises(CatalogError, match="missed_dose"):
        from_label(with_statement(topic, next_interval_d=28.0))


def test_a_label_without_missed_dose_rules_still_has_a_regimen():
    label = load_label("tofersen", "us")
    kept = tuple(s for s in label.statements if not s.topic.startswith("missed_dose"))
    regimen = from_label(replace(label, statements=kept))
    assert regimen.late_rule(2) is None


# -- the other shape: unequal loading, an original grid in months, tiers, amounts by phase

FORTNIGHT = Interval(days=14)


def without(label: Label, *topics: str) -> Label:
    """The label without its statements on these topics, as if nobody had entered them."""
    kept = tuple(s for s in label.statements if s.topic not in topics)
    return replace(label, statements=kept)


@pytest.mark.published
def test_the_nusinersen_regimen_of_2023_has_unequal_loading_a_grid_and_three_tiers():
    """US PI 2.1: 14, 14 and 30 days, then 4 months; 8, 16 and 40 months since the last dose."""
    regimen = from_label(load_label("nusinersen", "us", edition="2023"))
    first, fourth, maintenance = regimen.phases
    assert (regimen.amount_mg, regimen.loading_doses) == (12, 4)
    assert (first.doses, first.interval) == (3, FORTNIGHT)
    assert (fourth.doses, fourth.interval) == (1, Interval(days=30))
    assert {first.name, fourth.name} == {"loading"}
    assert (maintenance.interval, maintenance.apart_d) == (Interval(months=4), 14)
    assert regimen.keeps_grid
    assert regimen.late_until == Interval(months=8)
    assert [(t.at_least.months, t.below and t.below.months) for t in regimen.gap_tiers] == [
        (8, 16),
        (16, 40),
        (40, None),
    ]
    assert [t.ladder and (t.ladder.doses, t.ladder.interval) for t in regimen.gap_tiers] == [
        (1, FORTNIGHT),
        (2, FORTNIGHT),
        None,
    ]
    assert sorted(regimen.late_rules) == [0, 2, 3, 4]


@pytest.mark.published
@pytest.mark.parametrize(
    ("jurisdiction", "edition", "fourth_d", "keeps_grid"),
    [("us", "2020", 30, False), ("eu", "2025", 35, True), ("eu", "2020", 35, False)],
)
def test_other_versions_of_nusinersen_differ_in_the_fourth_dose_and_the_grid(
    jurisdiction, edition, fourth_d, keeps_grid
):
    """US day 58, EU day 63; before the tables a late dose is given and dosing goes on."""
    regimen = from_label(load_label("nusinersen", jurisdiction, edition=edition))
    assert regimen.phases[1].interval == Interval(days=fourth_d)
    assert regimen.keeps_grid is keeps_grid
    assert regimen.phases[-1].anchor_is_stated is keeps_grid
    assert not regimen.gap_tiers  # before 2023 there are none; of the EU they were not read


@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_the_high_dose_has_an_amount_of_its_own_in_each_phase(jurisdiction):
    """50 mg twice, then 28 mg; no dosing.amount was read in the US, and none is needed."""
    regimen = from_label(load_label("nusinersen", jurisdiction, edition="2026"))
    assert [regimen.amount_in(phase) for phase in regimen.phases] == [50, 28]
    assert not regimen.late_rules


def test_the_order_of_the_tiers_in_a_label_decides_nothing():
    label = load_label("nusinersen", "us")
    turned = replace(label, statements=label.statements[::-1])
    assert from_label(turned).gap_tiers == from_label(label).gap_tiers


@pytest.mark.parametrize(
    ("topic", "values", "words"),
    [
        ("dosing.loading", {"interval_d": 15.0}, "says 15 days and the days begin with 14 days"),
        ("dosing.loading", {"doses": 3.0}, "says 3 doses and names 4 days"),
        ("dosing.maintenance", {"interval_d": 120.0}, "counts in days and in calendar months"),
        ("dosing.maintenance", {"anchor": "last_dose"}, "anchor last_dose, missed_dose.maintenanc"),
        ("dosing.maintenance", {"apart_d": 7.0}, "apart_d 7.0, missed_dose.maintenance has 14.0"),
        ("dosing.maintenance", {"interval_months": 3.0}, "every 4 calendar months, dosing.maint"),
        ("missed_dose.maintenance", {"to_months": 9.0}, "less than 9 calendar months, missed_dose"),
        ("missed_dose.maintenance", {"interval_months": 3.0}, "goes on every 3 calendar months"),
        ("missed_dose.maintenance", {"next_interval_d": 120.0}, "counts from the late dose"),
        ("missed_dose.loading", {"apart_d": 20.0}, "20 days apart, the loading interval is 14"),
        ("missed_dose.loading", {"next_interval_d": 14.0}, "the interval that follows is 30 days"),
    ],
)
def test_sentences_of_a_label_that_disagree_are_refused(topic, values, words):
    with pytest.raises(CatalogError, match="contradicts itself") as caught:
        from_label(changed(topic, medicine="nusinersen", **values))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"from_months": 12.0, "restart": "loading"}, "two rules for a gap of 12 calendar months"),
        ({"from_months": 50.0, "restart": "loading"}, "two rules for a gap of 50 calendar months"),
        ({"from_months": 6.0, "to_months": 8.0, "restart": "loading"}, "less than 8 calendar mon"),
        (
            {"from_months": 4.0, "to_months": 8.0, "restart": "loading"},
            "doses are 4 calendar months",
        ),
        ({"from_months": 9.0, "to_months": 9.0, "restart": "loading"}, "from 9 calendar months to"),
    ],
)
def test_two_rules_for_one_gap_are_refused(values, words):
    with pytest.raises(CatalogError, match="contradicts itself") as caught:
        from_label(with_statement("missed_dose.gap", medicine="nusinersen", **values))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("topic", "values", "words"),
    [
        ("dosing.loading", {"days": ("7", "14", "28", "58")}, "expected days that rise from 0"),
        ("dosing.loading", {"days": ("0", "28", "14", "58")}, "expected days that rise from 0"),
        ("dosing.loading", {"days": ("0", "14", "28", "?")}, "expected whole numbers"),
        ("missed_dose.maintenance", {"give": "skip"}, "'skip'; a date can only be counted where"),
        ("missed_dose.loading", {"give": "double"}, "'double'; a date can only be counted where"),
        ("missed_dose.gap", {"extra_doses": -1.0}, "-1 extra doses; expected 0 or more"),
        ("missed_dose.gap", {"extra_interval_d": None}, "'extra_interval_d' is missing"),
    ],
)
def test_words_of_a_label_that_give_no_date_are_refused(topic, values, words):
    with pytest.raises(CatalogError) as caught:
        from_label(changed(topic, medicine="nusinersen", **values))
    assert words in str(caught.value)


def test_a_label_of_which_dosing_was_not_read_is_refused_with_all_that_is_missing():
    label = without(load_label("nusinersen", "us"), "dosing.amount", "dosing.route")
    with pytest.raises(CatalogError, match=r"no statement on dosing\.amount, dosing\.route"):
        from_label(label)
    label = without(load_label("tofersen", "us"), "dosing.loading", "dosing.maintenance")
    with pytest.raises(CatalogError, match=r"dosing\.loading, dosing\.maintenance"):
        from_label(label)


def test_an_amount_may_stand_with_each_phase_but_not_with_one_of_them_alone():
    amounts = {"dosing.loading": 50.0, "dosing.maintenance": 28.0}
    label = without(load_label("nusinersen", "us"), "dosing.amount")
    for topic, amount_mg in amounts.items():
        with pytest.raises(CatalogError, match=r"no statement on dosing\.amount"):
            from_label(label)
        label = replace(
            label,
            statements=tuple(
                replace(s, values={**s.values, "amount_mg": amount_mg}) if s.topic == topic else s
                for s in label.statements
            ),
        )
    assert [from_label(label).amount_in(p) for p in from_label(label).phases] == [50, 50, 28]


def test_a_label_without_loading_says_so_and_has_one_phase():
    label = without(load_label("tofersen", "us"), "dosing.loading", "missed_dose.loading_2")
    label = without(label, "missed_dose.loading_3")
    none = replace(label.silences[0], topic="dosing.loading", says="The label has no loading.")
    regimen = from_label(replace(label, silences=(*label.silences, none)))
    assert [phase.name for phase in regimen.phases] == ["maintenance"]
    assert regimen.loading_doses == 0


def test_loading_in_calendar_months_without_days_is_read():
    label = changed("dosing.loading", days=None, interval_d=None, interval_months=1.0)
    kept = tuple(s for s in label.statements if not s.topic.startswith("missed_dose"))
    loading, _ = from_label(replace(label, statements=kept)).phases
    assert (loading.doses, loading.interval) == (3, Interval(months=1))


def test_a_tier_may_ask_for_no_additional_dose_and_only_begin_a_new_grid():
    label = changed("missed_dose.gap", medicine="nusinersen", extra_doses=0.0, restart=None)
    assert {tier.ladder.doses for tier in from_label(label).gap_tiers} == {0}


def test_a_tier_holds_from_its_first_day_to_the_day_before_the_next():
    tier = GapTier(
        at_least=Interval(months=8),
        below=Interval(months=16),
        ladder=Ladder(doses=1, interval=FORTNIGHT),
        rule=RULE,
    )
    start = dt.date(2025, 6, 30)  # 8 months on is 28 February 2026, 16 months 30 October 2026
    edges = [dt.date(2026, 2, 28), dt.date(2026, 10, 30)]
    held = [tier.holds(0, (day - start).days + by, start) for day in edges for by in (-1, 0)]
    assert held == [False, True, True, False]


# -- phases


def test_a_late_rule_belongs_to_its_dose_and_to_every_maintenance_dose():
    regimen = from_label(load_label("tofersen", "us"))
    assert regimen.late_rule(1) is None
    assert regimen.late_rule(2) is regimen.late_rules[2]
    assert regimen.late_rule(3) is regimen.late_rules[3]
    assert regimen.late_rule(4) is regimen.late_rule(400) is regimen.late_rules[0]


def test_a_dose_belongs_to_the_phase_that_its_number_reaches():
    phases = (
        Phase(name="first", doses=3, interval=Interval(days=14), rule=RULE),
        Phase(name="bridge", doses=1, interval=Interval(days=30), rule=RULE),
        Phase(name="on", doses=None, interval=Interval(months=4), rule=RULE),
    )
    regimen = Regimen(medicine="m", amount_mg=1, route="r", phases=phases, source=HERE)
    assert [regimen.phase(n).name for n in (1, 3, 4, 5, 500)] == [
        "first", "first", "bridge", "on", "on",
    ]  # fmt: skip
    assert regimen.loading_doses == 4


@pytest.mark.parametrize("counts", [(), (3,), (None, None), (None, 3)])
def test_a_regimen_ends_in_one_phase_without_an_end(counts):
    phases = tuple(
        Phase(name="p", doses=count, interval=Interval(days=1), rule=RULE) for count in counts
    )
    with pytest.raises(CatalogError, match="last phase"):
        Regimen(medicine="m", amount_mg=1, route="r", phases=phases, source=HERE)


# -- intervals


@pytest.mark.parametrize("parts", [{}, {"days": 1, "months": 1}, {"days": -1}, {"months": -4}])
def test_an_interval_is_days_or_months_and_above_zero(parts):
    with pytest.raises(CatalogError, match="give one of the two"):
        Interval(**parts)


def test_calendar_months_without_dates_are_refused():
    """No month has a length in days until it is known which month."""
    with pytest.raises(CourseError, match="needs dates"):
        Interval(months=4).after(0, None)
    assert Interval(days=28).after(3, None, times=2) == 59


@pytest.mark.parametrize(
    ("origin", "months", "expected"),
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2000-01-31", 1, "2000-02-29"),
        ("2100-01-31", 1, "2100-02-28"),  # not a leap year, although divisible by 4
        ("2025-01-31", 2, "2025-03-31"),
        ("2025-01-31", 3, "2025-04-30"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-02-29", 4, "2024-06-29"),
        ("2025-10-31", 4, "2026-02-28"),
        ("2027-10-31", 4, "2028-02-29"),
        ("2025-12-31", 1, "2026-01-31"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2025-08-31", 1, "2025-09-30"),
        ("2025-05-15", 0, "2025-05-15"),
    ],
)
def test_a_month_on_is_the_same_day_or_the_last_of_a_shorter_month(origin, months, expected):
    date = add_months(dt.date.fromisoformat(origin), months)
    assert date == dt.date.fromisoformat(expected)


def oracle_months(date: dt.date, months: int) -> dt.date:
    """By stepping: the first of each month in turn, then the day, cut to the month's length."""
    first = date.replace(day=1)
    for _ in range(months):
        first = (first + dt.timedelta(days=31)).replace(day=1)
    following = (first + dt.timedelta(days=31)).replace(day=1)
    return first + dt.timedelta(days=min(date.day, (following - first).days) - 1)


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)), st.integers(0, 600))
def test_months_agree_with_a_count_month_by_month(date, months):
    assert add_months(date, months) == oracle_months(date, months)


@given(
    st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)),
    st.integers(0, 5000),
    st.integers(1, 24),
    st.integers(1, 10),
)
def test_an_interval_in_months_counts_from_the_date_of_its_day(start, day, months, times):
    after = Interval(months=months).after(day, start, times)
    origin = start + dt.timedelta(days=day)
    assert start + dt.timedelta(days=after) == oracle_months(origin, months * times)


def test_an_interval_names_its_unit():
    assert [str(Interval(days=1)), str(Interval(days=28))] == ["1 day", "28 days"]
    assert [str(Interval(months=1)), str(Interval(months=4))] == [
        "1 calendar month",
        "4 calendar months",
    ]


def test_doses_kept_no_day_apart_are_refused():
    """A grid that allowed it would ask for the date on which a dose was just given."""
    with pytest.raises(CatalogError, match="0 days apart; expected 1 or more"):
        Phase(name="p", doses=None, interval=Interval(days=1), rule=RULE, apart_d=0)
