"""May the vial still be used? Held against a second, plain way to count, minute by minute.

The limits are the labels' (US PI 16.2 of tofersen; the same section of nusinersen), the rules of
the verdict docs/vial.md.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.clinic.coldchain.coldchain import Budget, Code, Question, Verdict, VialCheck, check_vial
from thecal.clinic.coldchain.limits import Storage, storage_of
from thecal.clinic.coldchain.meter import Day, Meter, by_date
from thecal.clinic.coldchain.pieces import (
    End,
    Gap,
    Piece,
    Reading,
    State,
    Stay,
    ends_of,
    gaps_of,
    pieces_of,
)
from thecal.clinic.coldchain.policy import read_coldchain_policy
from thecal.clinic.policy import policy_path
from thecal.datafile import DRUGS
from thecal.errors import CatalogError, DataFileError
from thecal.label.catalog import load_label
from thecal.units import celsius_of_fahrenheit

MIN, HOUR, DAY = 60, 3600, 86_400
BERLIN = ZoneInfo("Europe/Berlin")
START = int(dt.datetime(2026, 3, 2, tzinfo=dt.UTC).timestamp())  # a Monday, midnight
POLICY = read_coldchain_policy(policy_path("coldchain", "vfc"))
INSIDE, CARTON, OUT, UNSTATED = (
    State.REFRIGERATOR,
    State.CARTON,
    State.OUT_OF_CARTON,
    State.NOT_STATED,
)

FEW = settings(max_examples=min(40, settings().max_examples))  # fewer still under mutation


@cache
def storage(drug: str = "tofersen", jurisdiction: str = "us") -> Storage:
    return storage_of(load_label(drug, jurisdiction, DRUGS))


def log(*parts: tuple[float, float], step_min: int = 30, start: int = START) -> list[Reading]:
    """Readings of (hours, °C) one after the other; the last reading ends the last part."""
    readings, at_s = [], start
    for hours, degrees in parts:
        end_s = at_s + round(hours * HOUR)
        while at_s < end_s:
            readings.append(Reading(at_s, degrees))
            at_s = min(at_s + step_min * MIN, end_s)
    return [*readings, Reading(at_s, parts[-1][1])]


def stay(state: State, start_h: float, end_h: float) -> Stay:
    return Stay(
        start_s=START + round(start_h * HOUR), end_s=START + round(end_h * HOUR), state=state
    )


def judged(readings, *stays, drug="tofersen", zone=dt.UTC, otherwise=INSIDE, **more) -> VialCheck:
    of = more.pop("of", None) or storage(drug)
    policy = more.pop("policy", POLICY)
    return check_vial(readings, stays, of, policy, zone, otherwise=otherwise, **more)


def codes(check: VialCheck) -> list[str]:
    return [str(ground.code) for ground in check.grounds]


def budget(check: VialCheck, state: State) -> Budget:
    return next(b for b in check.budgets if b.allowance.state is state)


# -- the limits come from the label


def test_the_limits_of_tofersen_are_the_labels():
    """US PI 16.2: 2 to 8 °C; carton 14 days up to 30 °C; out of it 6 h a day, 6 days, 36 h."""
    limits = storage.__wrapped__()  # read anew
    assert (limits.least_C, limits.most_C) == (2, 8)
    carton, out = limits.allowances.values()
    assert (carton.state, carton.most_C, carton.most_s) == (CARTON, 30, 14 * DAY)
    assert (carton.most_day_s, carton.most_days) == (None, None)
    assert carton.rule.topic == "storage.carton_unrefrigerated"
    assert (out.state, out.most_C, out.most_s) == (OUT, 30, 36 * HOUR)
    assert (out.most_day_s, out.most_days) == (6 * HOUR, 6)
    assert out.rule.topic == "storage.out_of_carton"
    assert limits.freezing is not None and limits.freezing.topic == "storage.freezing"
    assert limits.refrigerated.topic == "storage.refrigerated"
    assert limits.label.medicine == "tofersen"


def test_the_limits_of_nusinersen_have_no_day():
    """US label of nusinersen 16.2: out of the carton 30 hours in all, up to 25 °C."""
    out = storage.__wrapped__("nusinersen").out_of_carton
    assert out is not None
    assert (out.most_C, out.most_s, out.most_day_s, out.most_days) == (25, 30 * HOUR, None, None)


def test_a_label_without_a_refrigerators_range_is_refused():
    with pytest.raises(CatalogError, match=r"storage\.refrigerated"):
        storage("tofersen", "jp")


def test_a_limit_that_was_not_read_is_none():
    """Of the EU label of tofersen only the assessment report's range was read."""
    limits = storage.__wrapped__("tofersen", "eu")
    assert (limits.carton, limits.out_of_carton, limits.freezing) == (None, None, None)
    assert limits.allowances == {}


# -- what decides


@pytest.mark.parametrize(
    ("degrees", "verdict", "code"),
    [
        (5.0, "usable", "in_range"),
        (8.0, "usable", "in_range"),
        (2.0, "usable", "in_range"),
        (8.1, "usable_with_what_is_left", "budget_used"),
        (30.0, "usable_with_what_is_left", "budget_used"),
        (30.1, "discard", "too_warm"),
        (1.9, "quarantine", "below_range"),
        (0.0, "quarantine", "below_range"),
        (-0.1, "discard", "frozen"),
    ],
)
def test_one_temperature_gives_its_verdict(degrees, verdict, code):
    """US PI 16.2: 2 to 8 °C, never freeze, up to 30 °C. Both ends of a range belong to it."""
    check = judged(log((1, 5), (0.5, degrees), (1, 5)))
    assert (check.verdict, check.deciding.code) == (verdict, code)
    assert check.deciding.reading.temperature_C == degrees or code == "in_range"


def test_the_warmest_and_the_coldest_reading_decide():
    warm = judged(log((1, 5), (0.5, 31), (0.5, 33), (0.5, 32), (1, 5)))
    assert warm.deciding.reading == Reading(START + 90 * MIN, 33)
    assert (warm.deciding.limit_C, warm.deciding.rule) == (30, storage().carton.rule)
    assert warm.deciding.waits_on == ()
    cold = judged(log((1, 5), (0.5, -1), (0.5, -3), (0.5, -2), (1, 5)))
    assert cold.deciding.reading == Reading(START + 90 * MIN, -3)
    assert (cold.deciding.limit_C, cold.deciding.rule) == (0, storage().freezing)
    assert cold.deciding.waits_on == ()
    dip = judged(log((1, 5), (0.5, 1), (0.5, 0.5), (0.5, 1.5), (1, 5)))
    assert dip.deciding.reading == Reading(START + 90 * MIN, 0.5)
    assert (dip.deciding.limit_C, dip.deciding.rule) == (2, storage().refrigerated)
    assert dip.deciding.waits_on == (Question.BELOW,)
    within = judged(log((1, 5), (0.5, 7), (1, 5)))
    assert within.deciding.reading == Reading(START + HOUR, 7)
    assert (within.deciding.limit_C, within.deciding.rule) == (8, storage().refrigerated)


def test_a_frozen_vial_is_not_also_one_below_its_range():
    assert codes(judged(log((1, 5), (0.5, -1), (0.5, 1), (1, 5)))) == ["frozen", "in_range"]


def test_freezing_that_was_not_read_in_a_label_is_a_question():
    check = judged(log((1, 5), (0.5, -1), (1, 5)), of=storage("tofersen", "eu"))
    assert check.verdict == "quarantine"
    assert check.deciding.code == "frozen"
    assert (check.deciding.waits_on, check.deciding.rule) == ((Question.LABEL,), None)


def test_the_limit_of_temperature_is_that_of_where_the_vial_was():
    """Nusinersen: up to 30 °C in the carton, up to 25 °C out of it."""
    readings = log((1, 5), (1, 27), (1, 5))
    of = {"drug": "nusinersen"}
    assert judged(readings, **of).verdict == "usable_with_what_is_left"
    assert judged(readings, stay(CARTON, 0, 3), **of).verdict == "usable_with_what_is_left"
    out = judged(readings, stay(OUT, 0, 3), **of)
    assert (out.verdict, out.deciding.code, out.deciding.limit_C) == ("discard", "too_warm", 25)
    unstated = judged(readings, otherwise=UNSTATED, **of)
    assert (unstated.verdict, unstated.deciding.limit_C) == ("quarantine", 25)
    assert unstated.deciding.waits_on == (Question.CUSTODY,)
    assert unstated.if_stated == "usable_with_what_is_left"
    hot = judged(log((1, 5), (1, 31), (1, 5)), otherwise=UNSTATED, **of)
    assert (hot.verdict, hot.deciding.limit_C, hot.deciding.waits_on) == ("discard", 30, ())


def test_of_several_too_warm_times_the_worst_is_named():
    """27 °C out of the carton is worse for nusinersen than 29 °C where nothing is stated."""
    readings = log((1, 5), (1, 27), (1, 5), (1, 29), (1, 5))
    check = judged(readings, stay(OUT, 1, 2), otherwise=UNSTATED, drug="nusinersen")
    assert check.verdict == "discard"
    assert check.deciding.reading.temperature_C == 27
    both = judged(readings, stay(OUT, 1, 2), stay(OUT, 3, 4), drug="nusinersen")
    assert both.deciding.reading.temperature_C == 29


# -- how time between two readings is counted


def test_the_time_between_two_readings_takes_the_worse_end():
    check = judged([Reading(START, 5), Reading(START + 600, 9), Reading(START + 1500, 5)])
    assert budget(check, CARTON).used_s == 1500
    assert [piece.warmest.temperature_C for piece in check.pieces] == [9, 9]
    assert [piece.coldest.temperature_C for piece in check.pieces] == [5, 5]


def test_readings_of_one_moment_count_by_the_worse():
    """A logger faster than its clock shows several readings in one minute."""
    check = judged(
        [Reading(START + 600 * i, value) for i, value in ((0, 5), (1, 9), (1, 5), (2, 5))]
    )
    assert budget(check, CARTON).used_s == 1200


def test_a_single_reading_is_judged():
    """A log of one moment proves nothing of the time around it: it is no all-clear."""
    check = judged([Reading(START, 5), Reading(START, 6)])
    assert (check.verdict, check.deciding.code) == ("quarantine", "no_duration")
    assert check.deciding.reading == Reading(START, 5)
    assert Question.GAP in check.deciding.waits_on
    assert judged([Reading(START, 5), Reading(START + 60, 5)]).verdict == "usable"
    check = judged([Reading(START, 31)])
    assert (check.verdict, budget(check, CARTON).used_s) == ("discard", 0)
    assert check.usual_interval_s == 0
    assert judged([Reading(START, 12)], otherwise=UNSTATED).budgets[1].rolling.days == 0


def test_a_reading_between_two_gaps_is_judged():
    for at in (0, 1, 2):
        values = [5.0, 5.0, 5.0]
        values[at] = 31.0
        readings = [Reading(START + i * 2 * HOUR, value) for i, value in enumerate(values)]
        check = judged(readings)
        assert check.verdict == "discard", at
        assert check.deciding.reading == readings[at]


def test_the_order_of_rows_does_not_matter():
    readings = log((1, 5), (2, 12), (1, 5))
    assert judged(readings[::-1]) == judged(readings)


def test_a_reading_at_the_moment_of_a_move_counts_for_both_places():
    """25 °C is the limit out of the carton for nusinersen; the reading is of 27 °C."""
    readings = [Reading(START, 5), Reading(START + 1800, 27), Reading(START + 3600, 5)]
    after = judged(readings, stay(OUT, 0.5, 1), drug="nusinersen")
    before = judged(readings, stay(OUT, 0, 0.5), drug="nusinersen")
    assert after.verdict == before.verdict == "discard"


# -- gaps


def test_an_interval_is_a_gap_from_the_first_second_beyond_the_policy():
    """Policy vfc: readings at least every 30 minutes, and a minute of rounding."""
    near = [Reading(START, 5), Reading(START + 31 * MIN, 5)]
    far = [Reading(START, 5), Reading(START + 31 * MIN + 1, 6), Reading(START + 40 * MIN, 5)]
    assert judged(near).gaps == ()
    check = judged(far)
    assert check.gaps == (Gap(start_s=START, end_s=START + 31 * MIN + 1, near=far[0]),)
    assert (check.verdict, check.deciding.code) == ("quarantine", "gap")
    assert check.deciding.waits_on == (Question.GAP,)


def test_a_gap_counts_as_out_of_range_for_its_whole_length():
    readings = log((1, 5)) + log((1, 5), start=START + 6 * HOUR)
    in_carton = budget(judged(readings), CARTON)
    assert (in_carton.used_s, in_carton.known_s) == (5 * HOUR, 0)
    unstated = budget(judged(readings, otherwise=UNSTATED), OUT)
    assert (unstated.used_s, unstated.known_s) == (5 * HOUR, 0)
    stated = budget(judged(readings, stay(OUT, 1, 6)), OUT)
    assert (stated.used_s, stated.known_s) == (5 * HOUR, 5 * HOUR)


def test_a_gap_alone_never_discards():
    """Nobody knows that the vial was warm; the budget is passed only if it was."""
    readings = log((1, 5)) + log((1, 5), start=START + 400 * HOUR)
    for otherwise, code in ((INSIDE, "carton_budget"), (UNSTATED, "out_of_carton_budget")):
        check = judged(readings, otherwise=otherwise)
        assert (check.verdict, check.deciding.code) == ("quarantine", code)
        assert Question.GAP in check.deciding.waits_on


def test_a_stated_time_out_of_the_carton_in_a_gap_is_known():
    readings = log((1, 5)) + log((1, 5), start=START + 40 * HOUR)
    assert judged(readings, stay(OUT, 1, 40)).verdict == "discard"


def test_the_longest_gap_is_named_by_the_reading_before_it():
    parts = [(0, 5.1), (2, 5.2), (9, 5.3), (12, 5.4)]
    check = judged([Reading(START + h * HOUR, value) for h, value in parts])
    assert check.deciding.code == "gap"
    assert check.deciding.reading.temperature_C == 5.2


def test_the_temperature_in_a_gap_is_not_that_of_its_ends():
    """Nusinersen: 27 °C in the carton, a gap, then out of it: at 27 °C nobody saw it there."""
    readings = log((1, 5), (0.5, 27)) + log((1, 5), start=START + 6 * HOUR)
    check = judged(readings, stay(OUT, 3, 7), drug="nusinersen")
    assert check.verdict == "quarantine"


def test_custody_beyond_the_readings_is_a_gap():
    readings = log((2, 5))
    before = judged(readings, stay(OUT, -3, -1))
    assert [(g.start_s, g.end_s) for g in before.gaps] == [(START - 3 * HOUR, START)]
    assert budget(before, OUT).known_s == 2 * HOUR
    assert budget(before, CARTON).used_s == HOUR
    after = judged(readings, stay(OUT, 1, 5))
    assert [(g.start_s, g.end_s) for g in after.gaps] == [(START + 2 * HOUR, START + 5 * HOUR)]
    assert (after.verdict, budget(after, OUT).used_s) == ("quarantine", 4 * HOUR)


def test_where_custody_reaches_beyond_the_readings_no_reading_is_judged():
    """Nusinersen: 27 °C in the carton; out of it were other hours, of which nothing is known."""
    readings = log((2, 27))
    for far in (stay(OUT, -5, -3), stay(OUT, 4, 6)):
        check = judged(readings, far, drug="nusinersen")
        assert (check.verdict, check.deciding.code) == ("quarantine", "gap")


def test_custody_a_few_minutes_beyond_the_readings_takes_the_nearest():
    check = judged(log((2, 5)), stay(OUT, -0.25, 2.25))
    assert check.gaps == ()
    assert (check.verdict, budget(check, OUT).used_s) == ("usable_with_what_is_left", 9000)


# -- budgets


def test_time_outside_the_refrigerator_counts_however_cold_it_was():
    readings = log((10, 5))
    check = judged(readings, stay(CARTON, 0, 4), stay(OUT, 5, 6))
    assert budget(check, CARTON).used_s == 4 * HOUR
    assert budget(check, OUT).used_s == HOUR


def test_the_carton_lasts_fourteen_days_to_the_second():
    """US PI 16.2: up to 14 days in the carton."""
    kept = judged(log((14 * 24, 12)), stay(CARTON, 0, 14 * 24))
    assert (kept.verdict, budget(kept, CARTON).left_s) == ("usable_with_what_is_left", 0)
    assert budget(kept, CARTON).share == 1
    readings = [*log((14 * 24, 12)), Reading(START + 14 * DAY + 1, 12)]
    over = judged(readings)
    assert (over.verdict, over.deciding.code) == ("discard", "carton_budget")
    assert (over.deciding.reading.at_s, over.deciding.waits_on) == (START + 14 * DAY, ())
    assert over.deciding.rule == storage().carton.rule
    assert budget(over, CARTON).left_s == 0


def test_six_hours_a_day_to_the_second():
    """US PI 16.2: at most 6 hours a day out of the carton."""
    readings = [*log((24, 5))]
    kept = judged(readings, stay(OUT, 8, 14))
    assert kept.verdict == "usable_with_what_is_left"
    assert budget(kept, OUT).left_day_s == 0
    second = Stay(start_s=START + 8 * HOUR, end_s=START + 14 * HOUR + 1, state=OUT)
    over = judged(readings, second)
    assert (over.verdict, over.deciding.code) == ("discard", "out_of_carton_budget")
    assert over.deciding.waits_on == ()
    assert over.deciding.reading.at_s == START + 14 * HOUR
    assert over.deciding.rule == storage().out_of_carton.rule


def test_both_readings_of_a_day_are_kept_and_the_stricter_taken():
    """4 h before and 4 h after midnight: 4 h a calendar day, 8 h in 24 hours. Label silent."""
    check = judged(log((48, 5)), stay(OUT, 20, 28))
    out = budget(check, OUT)
    assert out.calendar == Day(most_s=4 * HOUR, days=2, last_s=0)
    assert out.rolling == Day(most_s=8 * HOUR, days=1, last_s=4 * HOUR)
    assert (check.verdict, check.deciding.code) == ("quarantine", "out_of_carton_budget")
    assert check.deciding.waits_on == (Question.DAY,)
    assert check.deciding.reading.at_s == START + 26 * HOUR


def test_the_seventh_day_is_over_by_the_label():
    """US PI 16.2: on at most 6 days."""
    days = [stay(OUT, 24 * i + 9, 24 * i + 10) for i in range(7)]
    readings = log((7 * 24, 5))
    kept = judged(readings, *days[:6])
    out = budget(kept, OUT)
    assert (kept.verdict, out.share, out.left_s, out.left_days) == (
        "usable_with_what_is_left",
        1,
        0,
        0,
    )
    over = judged(readings, *days)
    assert over.verdict == "discard"
    assert over.deciding.reading.at_s in (START + (6 * 24 + 9) * HOUR, START + 6 * DAY + 9 * HOUR)
    assert (budget(over, OUT).calendar.days, budget(over, OUT).rolling.days) == (7, 7)


def test_six_calendar_days_may_be_seven_of_any_24_hours_and_the_other_way_round():
    """Around midnight one use falls on two calendar days and on one day of 24 hours."""
    night = judged(log((7 * 24, 5)), *(stay(OUT, 24 * i + 23, 24 * i + 25) for i in range(6)))
    out = budget(night, OUT)
    assert (out.calendar.days, out.rolling.days) == (7, 6)
    assert (night.verdict, night.deciding.waits_on) == ("quarantine", (Question.DAY,))


def test_what_is_certain_is_decided_by_what_is_certain():
    """3 h above the range that nobody places, then 7 h out of the carton: over in its 7th hour."""
    readings = log((1, 5), (3, 12), (1, 5), (7, 12), (1, 5))
    check = judged(readings, stay(OUT, 5, 12), otherwise=UNSTATED)
    assert (check.verdict, check.deciding.code) == ("discard", "out_of_carton_budget")
    assert check.deciding.reading.at_s == START + 11 * HOUR


@pytest.mark.parametrize(("zone", "passed_h"), [(dt.UTC, 30), (BERLIN, 29)])
def test_a_vial_is_over_for_certain_once_it_is_by_both_readings_of_a_day(zone, passed_h):
    """Out from 20:00 to 07:00 UTC: any 24 hours are over at 02:00, calendar days only later."""
    check = judged(log((48, 5)), stay(OUT, 20, 31), zone=zone)
    assert check.verdict == "discard"
    assert check.deciding.reading.at_s == START + passed_h * HOUR


def test_nusinersen_has_one_total():
    """30 hours in all, in one day or in thirty."""
    readings = log((31, 5))
    assert judged(readings, stay(OUT, 0, 30), drug="nusinersen").verdict != "discard"
    over = judged(readings, stay(OUT, 0, 30.5), drug="nusinersen")
    assert (over.verdict, over.deciding.code) == ("discard", "out_of_carton_budget")
    held = budget(over, OUT)
    assert (held.left_days, held.alone_days, held.left_day_s) == (None, None, None)
    assert (held.left_s, held.alone_s) == (0, 0)


def test_each_budget_is_kept_and_both_together_are_not():
    """Label silent on whether both may be used up: the parts used add up to more than one."""
    readings = log((400, 5))
    stays = [stay(CARTON, 0, 200), stay(OUT, 210, 216), stay(OUT, 240, 246), stay(OUT, 270, 273)]
    check = judged(readings, *stays)
    carton, out = budget(check, CARTON), budget(check, OUT)
    assert carton.share == Fraction(200, 336)
    assert out.share == Fraction(3, 6)
    assert (check.verdict, check.deciding.code) == ("quarantine", "budgets_together")
    assert check.deciding.waits_on == (Question.SUM,)
    assert check.deciding.rule == storage().out_of_carton.rule
    assert check.deciding.reading.at_s == START + 270 * HOUR
    assert (carton.left_s, out.left_s, out.left_days) == (0, 0, 0)
    assert (carton.alone_s, out.alone_s, out.alone_days) == (136 * HOUR, 18 * HOUR, 3)
    assert judged(readings, *stays[:3]).verdict == "usable_with_what_is_left"


def test_both_budgets_used_up_to_one_together_is_kept():
    check = judged(
        log((400, 5)), stay(CARTON, 0, 168), *(stay(OUT, d, d + 1) for d in (200, 230, 260))
    )
    assert sum(b.share for b in check.budgets) == 1
    assert check.verdict == "usable_with_what_is_left"


def test_a_budget_used_up_leaves_nothing_of_the_other():
    """The 14 days are used up and kept; an hour out of the carton is then more than one."""
    check = judged(log((400, 5)), stay(CARTON, 0, 336), stay(OUT, 340, 341))
    assert (check.verdict, check.deciding.code) == ("quarantine", "budgets_together")


@pytest.mark.parametrize("zone", [dt.UTC, BERLIN])
def test_the_sum_is_passed_after_it_is_reached(zone):
    """Half of the carton's days and three of six days are one allowance; the fourth day is over.

    In Berlin the fourth use, 22:30 to 23:30 UTC, begins before midnight: it is over at once, too.
    """
    days = [stay(OUT, at_h, at_h + 1) for at_h in (200, 230, 260)]
    fourth = stay(OUT, 286.5, 287.5)
    check = judged(log((400, 5)), stay(CARTON, 0, 168), *days, fourth, zone=zone)
    assert check.deciding.code == "budgets_together"
    assert check.deciding.reading.at_s == START + round(286.5 * HOUR)


def test_the_sum_is_passed_by_the_days_of_the_clinic():
    """22:30 to 23:30 UTC is two calendar days in Berlin, and the third and fourth use."""
    days = [stay(OUT, at_h, at_h + 1) for at_h in (200, 230)]
    late = stay(OUT, 262.5, 263.5)
    check = judged(log((400, 5)), stay(CARTON, 0, 168), *days, late, zone=BERLIN)
    assert check.deciding.code == "budgets_together"
    assert check.deciding.reading.at_s == START + 263 * HOUR


def test_what_waits_on_custody_and_gaps_is_said_for_the_sum_too():
    readings = log((1, 5), (3, 12), (1, 5)) + log((171, 5), start=START + 6 * HOUR)
    stays = [stay(OUT, d, d + 1) for d in (31, 57, 83)]
    check = judged(readings, *stays, stay(CARTON, 90, 174), otherwise=UNSTATED)
    together = (
        next(g for g in check.grounds if g.code is Code.BUDGETS_TOGETHER)
        if ("budgets_together" in codes(check))
        else None
    )
    assert together is None  # 4 of 6 days and a quarter of 14 days are less than one
    more = judged(readings, *stays, stay(CARTON, 58, 82), stay(CARTON, 84, 176), otherwise=UNSTATED)
    assert codes(more)[:2] == ["budgets_together", "gap"]
    assert more.deciding.waits_on == (Question.CUSTODY, Question.GAP, Question.SUM)


def test_what_is_left_is_the_stricter_of_both_readings():
    """One of 6 days used, and 24 h of 336: 6 - 1/6 - 1/14 of the allowance are left."""
    check = judged(log((60, 5)), stay(CARTON, 0, 24), stay(OUT, 30, 32))
    carton, out = budget(check, CARTON), budget(check, OUT)
    left = 1 - Fraction(1, 6) - Fraction(1, 14)
    assert (carton.left_s, out.left_s) == (int(left * 14 * DAY), int(left * 36 * HOUR))
    assert (out.left_days, out.alone_days) == (4, 5)
    assert (carton.alone_s, out.alone_s) == (13 * DAY, 30 * HOUR)
    assert (carton.left_days, carton.alone_days, carton.left_day_s) == (None, None, None)


def test_what_is_left_of_the_last_day_is_by_the_stricter_reading():
    """3 h yesterday evening and 1 h this morning: any 24 hours hold 4 h, today only 1 h."""
    check = judged(log((32, 5)), stay(OUT, 20, 23), stay(OUT, 28, 29))
    assert budget(check, OUT).left_day_s == 2 * HOUR
    other = judged(log((58, 5)), stay(OUT, 20, 23), stay(OUT, 52, 53))
    assert budget(other, OUT).left_day_s == 5 * HOUR
    passed = judged(log((24, 5)), stay(OUT, 8, 16))
    assert budget(passed, OUT).left_day_s == 0


def test_a_new_day_gives_back_no_hours_when_those_of_all_days_are_used():
    """US PI 16.2 of tofersen: 6 hours on each of 6 days are all 36; none are left on the 7th."""
    outside = [stay(OUT, 24 * day + 8, 24 * day + 14) for day in range(6)]
    spent = judged(log((6 * 24 + 20, 5)), *outside)
    assert budget(spent, OUT).used_s == 36 * HOUR
    assert budget(spent, OUT).left_day_s == 0
    nearly = judged(log((6 * 24 + 20, 5)), *outside[:5], stay(OUT, 5 * 24 + 8, 5 * 24 + 13))
    assert budget(nearly, OUT).left_day_s == 1 * HOUR


def test_a_calendar_day_is_that_of_the_clinic():
    """23:00 to 01:00 in Berlin is 22:00 to 24:00 in UTC."""
    night = stay(OUT, 22, 24)
    assert budget(judged(log((48, 5)), night), OUT).calendar.days == 1
    assert budget(judged(log((48, 5)), night, zone=BERLIN), OUT).calendar.days == 2


def test_where_nothing_is_stated_time_above_the_range_is_out_of_the_carton():
    """The stricter assumption; what it would be in the carton is said beside it."""
    readings = log((1, 5), (7, 12), (1, 5))
    check = judged(readings, otherwise=UNSTATED)
    assert (check.verdict, check.deciding.code) == ("quarantine", "out_of_carton_budget")
    assert check.deciding.waits_on == (Question.CUSTODY,)
    assert budget(check, OUT).known_s == 0
    assert budget(check, CARTON).used_s == 0
    assert check.if_stated == "usable_with_what_is_left"
    assert judged(readings).if_stated is None
    assert judged(log((1, 5)), otherwise=UNSTATED).if_stated is None


def test_what_the_verdict_would_be_in_the_carton_knows_stays_and_expiry():
    readings = log((1, 5), (1, 12), (1, 5))
    stated = judged(readings, stay(OUT, 1, 2), otherwise=UNSTATED, expires=dt.date(2026, 3, 1))
    assert stated.if_stated == "discard"  # expired, in the carton or not


def test_the_day_of_expiry_is_that_of_the_clinic_in_the_carton_too():
    """The log ends at 23:30 UTC, half past midnight of the next day in Berlin."""
    readings = log((20, 5), (1, 12), (2.5, 5))
    of = {"otherwise": UNSTATED, "zone": BERLIN}
    assert judged(readings, expires=dt.date(2026, 3, 2), **of).if_stated == "discard"
    assert judged(readings, expires=dt.date(2026, 3, 3), **of).if_stated == (
        "usable_with_what_is_left"
    )


def test_custody_is_asked_only_for_the_budget_it_bears_on():
    """A carton that was out for 15 days is out for 15 days, whatever else is not stated."""
    readings = log((15 * 24, 12), (2, 5), (1, 9), (1, 5))
    check = judged(readings, stay(CARTON, 0, 360), otherwise=UNSTATED)
    assert (check.verdict, check.deciding.code) == ("discard", "carton_budget")
    partly = judged(
        [r for r in readings if not START + 300 * HOUR < r.at_s < START + 310 * HOUR],
        stay(CARTON, 0, 300),
        stay(INSIDE, 300, 310),
        stay(CARTON, 310, 345),
        otherwise=INSIDE,
    )
    assert partly.verdict == "discard"


def test_time_that_nobody_states_is_certain_for_no_budget():
    readings = log((15 * 24, 12))
    check = judged(readings, stay(CARTON, 0, 330), otherwise=UNSTATED)
    assert budget(check, CARTON).known_s == 330 * HOUR
    assert (check.verdict, check.if_stated) == ("quarantine", "discard")


def test_time_outside_on_which_nothing_was_read_is_a_question():
    """The EU label of tofersen: the SmPC's section 6.4 was not read."""
    of = storage("tofersen", "eu")
    fine = judged(log((3, 5)), of=of)
    assert (fine.verdict, fine.budgets) == ("usable", ())
    check = judged(log((3, 5), (1, 9), (1, 5)), of=of)
    assert (check.verdict, check.deciding.code) == ("quarantine", "not_read")
    assert check.deciding.waits_on == (Question.LABEL,)
    assert check.deciding.reading.temperature_C == 9
    assert judged(log((3, 35)), of=of).verdict == "quarantine"
    assert judged(log((3, 35)), of=of, otherwise=UNSTATED).verdict == "quarantine"
    assert judged(log((3, 35)), stay(OUT, 0, 3), of=of).verdict == "quarantine"


def test_one_limit_that_was_read_is_not_certain_where_nothing_is_stated():
    of = replace(storage(), carton=None)
    check = judged(log((1, 5), (1, 31), (1, 5)), of=of, otherwise=UNSTATED)
    assert (check.verdict, check.deciding.code) == ("quarantine", "too_warm")
    assert "not_read" not in codes(check)
    carton = replace(storage(), out_of_carton=None)
    assert judged(log((1, 5), (1, 31), (1, 5)), of=carton, otherwise=UNSTATED).verdict == (
        "quarantine"
    )
    assert codes(judged(log((400, 12)), of=carton)) == ["carton_budget", "budget_used"]


# -- the rest


def test_a_vial_is_good_on_its_last_day_in_the_clinics_zone():
    """The log ends at 23:30 UTC, half past midnight of the next day in Berlin."""
    readings = log((23.5, 5))
    last = dt.date(2026, 3, 2)
    assert judged(readings, expires=last).verdict == "usable"
    over = judged(readings, zone=BERLIN, expires=last)
    assert (over.verdict, over.deciding.code) == ("discard", "expired")
    assert (over.deciding.reading, over.expires) == (readings[-1], last)
    assert judged(readings, zone=BERLIN, expires=dt.date(2026, 3, 3)).verdict == "usable"


def test_the_worst_ground_comes_first_and_all_are_told():
    readings = log((1, 5), (0.5, 31), (1, 5), (0.5, 1), (1, 5), (0.5, -2), (1, 5))
    check = judged(readings, expires=dt.date(2026, 1, 1))
    assert codes(check) == ["frozen", "too_warm", "expired", "budget_used"]
    assert [g.verdict for g in check.grounds] == [*["discard"] * 3, "usable_with_what_is_left"]
    assert check.grounds[-1].reading.temperature_C == 31


def test_verdicts_are_ranked():
    assert [verdict.rank for verdict in Verdict] == [0, 1, 2, 3]


def test_the_record_is_kept_with_the_answer():
    readings = log((1, 5), (1, 7.2), (1, 3.1), step_min=10)
    check = judged(readings, zone=BERLIN)
    assert check.readings == tuple(readings)
    assert (check.coldest.temperature_C, check.warmest.temperature_C) == (3.1, 7.2)
    assert (check.coldest.at_s, check.warmest.at_s) == (START + 2 * HOUR, START + HOUR)
    assert check.usual_interval_s == 600
    assert (check.zone, check.policy, check.storage) == (BERLIN, POLICY, storage())


def test_readings_closer_to_a_limit_than_the_logger_is_exact_are_named():
    """Policy vfc: ±0.5 °C. Half a degree away is far enough."""
    check = judged(log((1, 2.4), (1, 2.2), (1, 7.4), (1, 7.6), (1, 7.9), (1, 29.8), (1, 5)))
    assert [(n.limit_C, n.reading.temperature_C) for n in check.near] == [
        (2, 2.2),
        (8, 7.9),
        (30, 29.8),
    ]
    assert judged(log((1, 2.5), (1, 7.5), (1, 29.5), (1, 5))).near == ()
    both = judged(log((1, 2), (1, 8), (1, 24.9), (1, 5)), drug="nusinersen").near
    assert [(n.limit_C, n.reading.temperature_C) for n in both] == [(2, 2), (8, 8), (25, 24.9)]
    assert judged(log((1, 1.9), (1, 8.1), (1, 30.1))).near == ()


# -- a second way to count: minute by minute


def oracle(readings, stays, of: Storage, zone, otherwise) -> dict:
    """The same rules, said plainly and counted one minute at a time."""
    moments = sorted({r.at_s for r in readings})
    at = {m: [r.temperature_C for r in readings if r.at_s == m] for m in moments}
    begin = min([moments[0], *(s.start_s for s in stays)])
    end = max([moments[-1], *(s.end_s for s in stays)])
    edges = sorted({begin, end, *moments})

    def seen(edge):
        nearest = moments[0] if edge < moments[0] else moments[-1] if edge > moments[-1] else edge
        return at[nearest]

    def where(minute):
        for one in stays:
            if one.start_s <= minute < one.end_s:
                return one.state
        return otherwise

    used = {"strict": {CARTON: [], OUT: []}, "known": {CARTON: [], OUT: []}}
    verdicts = {0}
    if len({reading.at_s for reading in readings}) == 1:
        verdicts.add(2)  # one moment shows no length of time
    any_used = False

    def judge(state, temperatures):
        nonlocal any_used
        coldest, warmest = min(temperatures), max(temperatures)
        any_used |= warmest > of.most_C
        if coldest < 0:
            verdicts.add(3)
        elif coldest < of.least_C:
            verdicts.add(2)
        carton, out = of.carton.most_C, of.out_of_carton.most_C
        limit = out if state is OUT else max(carton, out) if state is UNSTATED else carton
        if warmest > limit:
            verdicts.add(3)
        elif state is UNSTATED and warmest > min(carton, out):
            verdicts.add(2)

    covered = set()
    edge = 0
    for minute in range(begin, end, MIN):
        while edges[edge + 1] <= minute:
            edge += 1
        left, right = edges[edge], edges[edge + 1]
        is_gap = right - left > POLICY.longest_interval_s + POLICY.leeway_s
        state = where(minute)
        temperatures = seen(left) + seen(right)
        if is_gap:
            verdicts.add(2)
        else:
            judge(state, temperatures)
            covered |= {left, right}
        outside = state in (CARTON, OUT)
        if not (outside or is_gap or max(temperatures) > of.most_C):
            continue
        any_used = True
        strict = state if outside else CARTON if state is INSIDE else OUT
        used["strict"][strict].append(minute)
        if outside or (state is INSIDE and not is_gap):
            used["known"][strict].append(minute)
    for moment in moments:
        if moment not in covered:
            judge(where(moment), at[moment])
    told = {}
    shares = 0
    for allowance in (of.carton, of.out_of_carton):
        state = allowance.state
        days = {}
        for world in ("strict", "known"):
            minutes = used[world][state]
            by_date = {}
            for minute in minutes:
                date = dt.datetime.fromtimestamp(minute, zone).date()
                by_date[date] = by_date.get(date, 0) + MIN
            held, most, first = [], 0, 0
            for minute in minutes:
                held.append(minute)
                while held[first] < minute + MIN - DAY:
                    first += 1
                most = max(most, (len(held) - first) * MIN)
            n_days, until = 0, None
            for minute in minutes:
                if until is None or minute >= until:
                    n_days, until = n_days + 1, minute + DAY
            days[world] = (
                len(minutes) * MIN,
                (max(by_date.values(), default=0), len(by_date)),
                (most, n_days),
            )

        def over(world, days=days, allowance=allowance):
            total, calendar, rolling = days[world]
            return [
                total > allowance.most_s
                or bool(allowance.most_day_s and most > allowance.most_day_s)
                or bool(allowance.most_days and count > allowance.most_days)
                for most, count in (calendar, rolling)
            ]

        if all(over("known")):
            verdicts.add(3)
        elif any(over("strict")):
            verdicts.add(2)
        total, calendar, rolling = days["strict"]
        share = Fraction(total, allowance.most_s)
        if allowance.most_days:
            share = max(share, Fraction(max(calendar[1], rolling[1]), allowance.most_days))
        shares += share
        told[state] = days["strict"]
    if shares > 1:
        verdicts.add(2)
    if any_used:
        verdicts.add(1)
    return {"verdict": max(verdicts), "used": told}


ZONES = [dt.UTC, BERLIN, ZoneInfo("America/St_Johns"), dt.timezone(dt.timedelta(hours=-9.5))]
# Ordinary days; the end and the beginning of summer time in Berlin; a clock that was set back over
# midnight, as in Newfoundland until 2011.
STARTS = [
    START,
    int(dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC).timestamp()),
    int(dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC).timestamp()),
    int(dt.datetime(2010, 11, 6, 12, tzinfo=dt.UTC).timestamp()),
]
DEGREES = st.sampled_from(
    [-1.0, 0.0, 1.5, 2.0, 5.0, 5.0, 5.0, 8.0, 8.5, 12.0, 20.0, 25.0, 26.0, 30.0, 31.0]
)
MILD = st.sampled_from([5.0, 5.0, 8.0, 9.0, 20.0])


@st.composite
def records(draw, degrees=DEGREES):
    """A log with gaps, and stays; every time is a whole minute."""
    start = draw(st.sampled_from(STARTS))
    readings, at_s = [], start
    for _ in range(draw(st.integers(1, 12))):
        value = draw(degrees)
        for _ in range(draw(st.sampled_from([1, 1, 2, 6, 14]))):
            readings.append(Reading(at_s, value))
            at_s += MIN * draw(st.sampled_from([0, 10, 30, 30, 30, 31]))
        at_s += MIN * draw(st.sampled_from([0, 0, 0, 0, 2, 300, 1300]))
    edges = draw(st.lists(st.integers(-60, (at_s - start) // MIN + 60), max_size=8, unique=True))
    edges.sort()
    stays = [
        Stay(start_s=start + a * MIN, end_s=start + b * MIN, state=draw(st.sampled_from(STATED)))
        for a, b in zip(edges[::2], edges[1::2], strict=False)
    ]
    return readings, stays


STATED = [INSIDE, CARTON, OUT]
OTHERWISE = st.sampled_from([INSIDE, UNSTATED])
DRUG = st.sampled_from(["tofersen", "nusinersen"])


@given(
    record=st.one_of(records(), records(MILD)),
    drug=DRUG,
    zone=st.sampled_from(ZONES),
    otherwise=OTHERWISE,
)
def test_minute_by_minute_gives_the_same_answer(record, drug, zone, otherwise):
    readings, stays = record
    check = judged(readings, *stays, drug=drug, zone=zone, otherwise=otherwise)
    told = oracle(readings, stays, storage(drug), zone, otherwise)
    assert check.verdict.rank == told["verdict"]
    for held in check.budgets:
        total, calendar, rolling = told["used"][held.allowance.state]
        assert held.used_s == total
        assert (held.calendar.most_s, held.calendar.days) == calendar
        assert (held.rolling.most_s, held.rolling.days) == rolling


# -- laws


@FEW
@given(record=records(MILD), drug=DRUG, otherwise=OTHERWISE, data=st.data())
def test_a_worse_reading_never_improves_the_verdict(record, drug, otherwise, data):
    """Warmer above the range, colder below it; or one more such reading where there is no gap."""
    readings, stays = record
    before = judged(readings, *stays, drug=drug, otherwise=otherwise)
    i = data.draw(st.integers(0, len(readings) - 1))
    worse = data.draw(st.sampled_from([9.0, 26.0, 31.0, 1.0, -2.0]))
    old = readings[i].temperature_C
    is_worse = worse > max(old, 8) or worse < min(old, 2)
    changed = [*readings]
    changed[i] = Reading(readings[i].at_s, worse)
    if is_worse:
        after = judged(changed, *stays, drug=drug, otherwise=otherwise)
        assert after.verdict.rank >= before.verdict.rank
    piece = before.pieces[i % len(before.pieces)]
    has_duration = readings[0].at_s != readings[-1].at_s  # one more reading would give it some
    if has_duration and not piece.is_gap and piece.end_s > piece.start_s:
        added = Reading(data.draw(st.integers(piece.start_s, piece.end_s)), worse)
        after = judged([*readings, added], *stays, drug=drug, otherwise=otherwise)
        assert after.verdict.rank >= before.verdict.rank


@FEW
@given(record=records(), drug=DRUG, otherwise=OTHERWISE, data=st.data())
def test_cutting_an_interval_in_two_changes_nothing(record, drug, otherwise, data):
    """A stay cut in two; an interval cut by readings that are no better than its ends."""
    readings, stays = record
    before = judged(readings, *stays, drug=drug, otherwise=otherwise)
    halves = [
        half
        for s in stays
        for cut in [data.draw(st.integers(s.start_s + 1, s.end_s - 1))]
        for half in (replace(s, end_s=cut), replace(s, start_s=cut))
    ]
    after = judged(readings, *halves, drug=drug, otherwise=otherwise)
    assert (after.grounds, after.budgets, after.gaps) == (
        before.grounds,
        before.budgets,
        before.gaps,
    )
    piece = data.draw(st.sampled_from(before.pieces))
    if piece.is_gap or piece.start_s == piece.end_s:
        return
    ends = [piece.coldest, piece.warmest]
    middle = data.draw(st.integers(piece.start_s, piece.end_s))
    cut = [Reading(middle, reading.temperature_C) for reading in ends]
    split = judged([*readings, *cut], *stays, drug=drug, otherwise=otherwise)
    assert split.verdict == before.verdict
    assert [b.used_s for b in split.budgets] == [b.used_s for b in before.budgets]
    assert [b.rolling for b in split.budgets] == [b.rolling for b in before.budgets]


@FEW
@given(record=records(), days=st.integers(-300, 300), otherwise=OTHERWISE)
def test_shifting_all_times_by_days_changes_nothing_for_any_24_hours(record, days, otherwise):
    readings, stays = record
    shift = days * DAY
    before = judged(readings, *stays, otherwise=otherwise)
    after = judged(
        [Reading(r.at_s + shift, r.temperature_C) for r in readings],
        *(replace(s, start_s=s.start_s + shift, end_s=s.end_s + shift) for s in stays),
        otherwise=otherwise,
    )
    assert after.verdict == before.verdict  # in UTC, where every day has 24 hours
    assert after.budgets == before.budgets


@FEW
@given(record=records(), otherwise=OTHERWISE)
def test_fahrenheit_gives_the_verdict_of_celsius(record, otherwise):
    """A logger prints °F to a tenth; 46.4 °F is 8 °C."""
    readings, stays = record
    printed = [
        Reading(r.at_s, celsius_of_fahrenheit(float(f"{r.temperature_C * 9 / 5 + 32:.1f}")))
        for r in readings
    ]
    assert printed == readings
    assert judged(printed, *stays, otherwise=otherwise) == judged(
        readings, *stays, otherwise=otherwise
    )


@FEW
@given(record=records(), zone=st.sampled_from(ZONES), otherwise=OTHERWISE)
def test_the_zone_changes_only_calendar_days(record, zone, otherwise):
    readings, stays = record
    here = judged(readings, *stays, otherwise=otherwise)
    there = judged(readings, *stays, zone=zone, otherwise=otherwise)
    for one, other in zip(here.budgets, there.budgets, strict=True):
        assert (one.used_s, one.known_s, one.rolling) == (
            other.used_s,
            other.known_s,
            other.rolling,
        )
    of = {"drug": "nusinersen", "otherwise": otherwise}
    assert (
        judged(readings, *stays, **of).verdict == judged(readings, *stays, zone=zone, **of).verdict
    )


# -- the parts


def days_of(start_s: int, end_s: int, zone: dt.tzinfo) -> list[tuple[dt.date, int]]:
    """Parts of a time by date; no more than there can be, so that a wrong line ends, too."""
    return list(islice(by_date(start_s, end_s, zone), 500))


def test_the_day_of_a_clock_set_back_over_midnight_has_two_parts():
    """Newfoundland, 7 Nov 2010: at 00:01 the clock went back to 23:01 of the day before."""
    zone = ZoneInfo("America/St_Johns")
    start = int(dt.datetime(2010, 11, 7, 2, 0, tzinfo=dt.UTC).timestamp())  # 23:30
    parts = days_of(start, start + 2 * HOUR, zone)
    assert parts == [
        (dt.date(2010, 11, 6), 30 * MIN),
        (dt.date(2010, 11, 7), MIN),
        (dt.date(2010, 11, 6), 59 * MIN),
        (dt.date(2010, 11, 7), 30 * MIN),
    ]
    assert days_of(start + 30 * MIN + 7, start + 32 * MIN, zone) == [
        (dt.date(2010, 11, 7), 53),
        (dt.date(2010, 11, 6), 60),
    ]


def test_a_midnight_that_is_shown_twice_begins_the_day_once():
    """Havana, 1 Nov 2026: at 01:00 the clock goes back to 00:00; the day has 25 hours."""
    zone = ZoneInfo("America/Havana")
    start = int(dt.datetime(2026, 11, 1, tzinfo=zone).timestamp())
    days = {}
    for date, seconds in days_of(start - HOUR, start + 26 * HOUR, zone):
        days[date] = days.get(date, 0) + seconds
    assert days == {
        dt.date(2026, 10, 31): HOUR,
        dt.date(2026, 11, 1): 25 * HOUR,
        dt.date(2026, 11, 2): HOUR,
    }


def test_a_midnight_that_is_skipped_begins_the_day_an_hour_later():
    """Beirut, 29 Mar 2026: at 00:00 the clock goes to 01:00; the day has 23 hours."""
    zone = ZoneInfo("Asia/Beirut")
    start = int(dt.datetime(2026, 3, 28, tzinfo=zone).timestamp())
    assert days_of(start, start + 48 * HOUR, zone) == [
        (dt.date(2026, 3, 28), 24 * HOUR),
        (dt.date(2026, 3, 29), 23 * HOUR),
        (dt.date(2026, 3, 30), HOUR),
    ]


def test_a_day_of_25_hours_is_one_calendar_day():
    """Berlin, 25 Oct 2026: 00:00 to 24:00 is 25 hours."""
    start = int(dt.datetime(2026, 10, 25, tzinfo=BERLIN).timestamp())
    assert days_of(start, start + 26 * HOUR, BERLIN) == [
        (dt.date(2026, 10, 25), 25 * HOUR),
        (dt.date(2026, 10, 26), HOUR),
    ]


def test_a_meter_forgets_what_is_24_hours_old():
    meter = Meter(dt.UTC)
    meter.add(START, START + HOUR)
    meter.add(START + 2 * HOUR, START + 3 * HOUR)
    assert meter.last_24h_s(START + DAY) == 2 * HOUR
    assert meter.last_24h_s(START + DAY + HOUR // 2) == 2 * HOUR - HOUR // 2
    assert meter.last_24h_s(START + DAY + HOUR) == HOUR
    assert meter.last_24h_s(START + DAY + 3 * HOUR) == 0
    assert meter.last_24h_s(START + 2 * DAY) == 0
    assert (meter.total_s, meter.days, meter.most_day_s) == (2 * HOUR, (1, 1), (2 * HOUR, 2 * HOUR))


def test_a_use_of_two_days_is_two_days_by_either_reading():
    meter = Meter(dt.UTC)
    meter.add(START + HOUR, START + 2 * DAY + HOUR)
    assert (meter.days, meter.most_day_s) == ((3, 2), (DAY, DAY))
    calendar, rolling = meter.until(START + 2 * DAY + 2 * HOUR)
    assert calendar == Day(most_s=DAY, days=3, last_s=HOUR)
    assert rolling == Day(most_s=DAY, days=2, last_s=23 * HOUR)


def test_a_day_of_24_hours_begins_with_the_first_use_after_the_last_one():
    meter = Meter(dt.UTC)
    for at_h in (9, 33, 58):  # 24 h later is another day; so is 25 h after that
        meter.add(START + at_h * HOUR, START + (at_h + 1) * HOUR)
    assert meter.rolling_days == 3
    meter = Meter(dt.UTC)
    for at_h in (9, 32, 34):  # within 24 h; across their end; then within the second
        meter.add(START + at_h * HOUR, START + at_h * HOUR + 2 * HOUR)
    assert meter.rolling_days == 2


def test_the_last_day_of_a_meter_is_that_of_its_zone():
    """23:30 UTC is half past midnight in Berlin."""
    meter = Meter(BERLIN)
    meter.add(START + 22 * HOUR, START + 23 * HOUR)
    calendar, _ = meter.until(START + 23 * HOUR + 30 * MIN)
    assert calendar.last_s == 0


def test_several_moves_within_one_interval_each_count():
    """One interval of 30 minutes after another, in which the vial is moved four times."""
    readings = log((2, 5))
    hours = [(0.1, 0.2), (0.5, 0.6), (1.0, 1.1), (1.1, 1.2), (1.25, 1.3), (1.3, 1.4)]
    states = [OUT, CARTON, OUT, CARTON, CARTON, OUT]
    stays = [stay(state, a, b) for state, (a, b) in zip(states, hours, strict=True)]
    pieces = list(islice(pieces_of(ends_of(readings, stays), stays, 30 * MIN, INSIDE), 100))
    told = [(p.state, (p.end_s - p.start_s) // MIN) for p in pieces]
    assert told == [
        *((INSIDE, 6), (OUT, 6), (INSIDE, 18)),
        *((CARTON, 6), (INSIDE, 24)),
        *((OUT, 6), (CARTON, 6), (INSIDE, 3), (CARTON, 3), (OUT, 6), (INSIDE, 6)),
        (INSIDE, 30),
    ]


def test_pieces_follow_each_other_without_a_hole():
    readings = log((2, 5)) + log((1, 9), start=START + 5 * HOUR)
    stays = [stay(OUT, 0.25, 0.3), stay(CARTON, 0.3, 1.75), stay(OUT, 4, 8)]
    ends = ends_of(readings, stays)
    pieces = list(pieces_of(ends, stays, 30 * MIN, INSIDE))
    assert [p.start_s for p in pieces[1:]] == [p.end_s for p in pieces[:-1]]
    assert (pieces[0].start_s, pieces[-1].end_s) == (START, START + 8 * HOUR)
    states = [(p.state, (p.end_s - p.start_s) / MIN, p.is_gap) for p in pieces]
    assert states == [
        (INSIDE, 15, False),
        (OUT, 3, False),
        (CARTON, 12, False),
        (CARTON, 30, False),
        (CARTON, 30, False),
        (CARTON, 15, False),
        (INSIDE, 15, False),
        (INSIDE, 120, True),
        (OUT, 60, True),
        (OUT, 30, False),
        (OUT, 30, False),
        (OUT, 120, True),
    ]
    gaps = list(gaps_of(ends, 30 * MIN))
    assert [(g.start_s, g.end_s) for g in gaps] == [
        (START + 2 * HOUR, START + 5 * HOUR),
        (START + 6 * HOUR, START + 8 * HOUR),
    ]
    assert gaps[1].near == readings[-1]


def test_the_first_of_two_equal_readings_is_named():
    one, two = Reading(START, 9.0), Reading(START + 600, 9.0)
    ends = [End(START, one, one), End(START + 600, two, two)]
    (piece,) = pieces_of(ends, [], 1800, INSIDE)
    assert (piece.coldest, piece.warmest) == (one, one)


def test_a_reading_alone_is_where_the_vial_is_at_that_moment():
    """At the moment a stay begins the vial is there; at the moment it ends it is not."""
    ends = [End(START, Reading(START, 5.0), Reading(START, 5.0))]
    moved = [stay(OUT, -1, 0), stay(CARTON, 0, 1)]
    assert [p.state for p in pieces_of(ends, moved, 1800, INSIDE)] == [CARTON]
    assert [p.state for p in pieces_of(ends, moved[:1], 1800, INSIDE)] == [INSIDE]
    assert [p.state for p in pieces_of(ends, [stay(OUT, 1, 2)], 1800, INSIDE)] == [INSIDE]


def test_a_gap_is_neither_cold_nor_warm():
    cold, warm = Reading(0, -9.0), Reading(1, 40.0)
    piece = Piece(start_s=0, end_s=1, state=INSIDE, is_gap=False, coldest=cold, warmest=warm)
    assert piece.is_below(-8.9) and not piece.is_below(-9.0)
    assert piece.is_above(39.9) and not piece.is_above(40.0)
    gap = replace(piece, is_gap=True)
    assert not gap.is_below(0) and not gap.is_above(0)


# -- the policy


def test_the_policy_sets_no_limit_for_the_vial(tmp_path):
    """It says how a record must be; where 0 °C comes from it says, too."""
    assert (POLICY.longest_interval_s, POLICY.leeway_s) == (1800, 60)
    assert (POLICY.accuracy_C, POLICY.freezing_C) == (0.5, 0)
    assert str(POLICY.head) == "policy 'vfc', version 1"
    sure = {key: basis.is_confirmed for key, basis in POLICY.bases.items()}
    assert sure == {"longest_interval": True, "leeway": False, "accuracy": True, "freezing": False}


def test_another_policy_changes_what_a_gap_is(tmp_path):
    text = policy_path("coldchain", "vfc").read_text(encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(text.replace("minutes: 30", "minutes: 90"), encoding="utf-8")
    own = read_coldchain_policy(path)
    readings = [Reading(START, 5), Reading(START + HOUR, 5)]
    assert judged(readings).verdict == "quarantine"
    assert judged(readings, policy=own).verdict == "usable"


def test_a_policy_with_slips_is_refused_with_every_line(tmp_path):
    text = policy_path("coldchain", "vfc").read_text(encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(text.replace("minutes: 30", "minutes: 0").replace("below_C: 0", "below_C: 9"))
    with pytest.raises(DataFileError) as refused:
        read_coldchain_policy(path)
    assert len(refused.value.faults) == 2
    path.write_text(text.replace("accuracy:", "exactness:"))
    with pytest.raises(DataFileError, match="exactness"):
        read_coldchain_policy(path)
