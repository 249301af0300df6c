"""The schedule against the label: what is due when, how late it is, and what the label leaves open.

The oracles here are written from the text of US PI 2.1 alone and share no code with thecal.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import accumulate, pairwise, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.course import Course, Dose, Event
from thecal.errors import CourseError
from thecal.label.catalog import load_label
from thecal.regimen.regimen import (
    Anchor,
    GapTier,
    Interval,
    Ladder,
    Phase,
    Regimen,
    Rule,
    from_label,
)
from thecal.regimen.schedule import NOT_GIVEN, Schedule, schedule, states
from thecal.regimen.walk import next_slot, slots_ahead
from thecal.regimen.window import Tolerance, WindowPolicy
from thecal.source import Source

STATES = states("tofersen")
NOT_PLANNED = [name for name, state in STATES.items() if state in ("held", "stopped")]
GOES_ON = [name for name, state in STATES.items() if state == "ongoing"]

TOFERSEN = from_label(load_label("tofersen", "us"))
START = dt.date(2026, 1, 12)


def course(
    *days: int,
    amounts: dict[int, float] | None = None,
    events: tuple[tuple[float, str], ...] = (),
    start: dt.date | None = None,
    route: str = "intrathecal",
) -> Course:
    """A course with a dose on each of these days; `amounts` by dose number, else 100 mg."""
    doses = [
        Dose(time_d=day, amount_mg=(amounts or {}).get(number, 100), route=route)
        for number, day in enumerate(days, 1)
    ]
    noted = tuple(Event(time_d=day, name=name) for day, name in sorted(events))
    return Course(patient_id="p", start=start, doses=tuple(doses), events=noted)


def seen(*days: int, on_d: int | None = None, **facts) -> Schedule:
    return schedule(course(*days, **facts), TOFERSEN, on_d=on_d)


def topics(questions) -> list[str]:
    return [question.topic for question in questions]


# -- next due, for any history


def label_next_due(given_d: list[int]) -> int:
    """US PI 2.1, sentence by sentence, for the day after which no dose is recorded.

    Three loading doses 14 days apart; then every 28 days. A missed second loading dose: give
    it, the third 14 days later. A missed third: give it, the next 28 days later. A missed
    maintenance dose: give it, the next 28 days later.
    """
    match len(given_d):
        case 0:
            return 0
        case 1 | 2:
            return given_d[-1] + 14
        case _:
            return given_d[-1] + 28


histories = st.lists(st.integers(1, 400), max_size=40).map(
    lambda intervals: list(accumulate(intervals, initial=0))
)


@given(histories)
def test_the_next_dose_falls_14_days_after_the_first_two_and_28_after_any_other(given_d):
    """US PI 2.1 and EU SmPC 4.2, missed dose."""
    slot = next_slot(TOFERSEN, given_d)
    assert slot.due_d == label_next_due(given_d)
    assert slot.number == len(given_d) + 1
    assert slot.phase == ("loading" if len(given_d) < 3 else "maintenance")


@given(histories, st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)))
def test_dates_and_days_give_the_same_answer(given_d, start):
    dated = schedule(course(*given_d, start=start), TOFERSEN)
    counted = schedule(course(*given_d), TOFERSEN)
    assert dated.next == counted.next
    assert course(*given_d, start=start).date(dated.next.due_d) == start + dt.timedelta(
        days=label_next_due(given_d)
    )


@given(histories, st.integers(1, 30))
def test_no_plan_asks_for_two_doses_closer_than_the_loading_interval(given_d, count):
    """However early or late the doses were given."""
    planned_d = [slot.due_d for slot in slots_ahead(TOFERSEN, given_d, count)]
    assert all(b - a >= 14 for a, b in pairwise([given_d[-1], *planned_d]))


@given(histories)
def test_a_plan_is_the_label_followed_to_the_day(given_d):
    """The label read by hand, dose after dose, as if each were given when due."""
    days = list(given_d)
    for slot in slots_ahead(TOFERSEN, given_d, 6):
        assert (slot.number, slot.due_d) == (len(days) + 1, label_next_due(days))
        days.append(slot.due_d)


def test_the_slots_ahead_are_as_many_as_asked_and_begin_with_the_next():
    for count in (1, 2, 5):
        slots = slots_ahead(TOFERSEN, [0, 14], count)
        assert slots[0] == next_slot(TOFERSEN, [0, 14])
        assert len(slots) == count
    assert slots_ahead(TOFERSEN, [0, 14], 0) == []


attempts = st.lists(
    st.tuples(st.integers(-100, 20_000), st.sampled_from(sorted(NOT_GIVEN))), max_size=8
)


@given(histories, attempts)
def test_a_dose_that_was_not_given_never_changes_what_is_due(given_d, events):
    """A failed puncture is no dose: the label counts from doses given."""
    bare, noted = seen(*given_d), seen(*given_d, events=tuple(events))
    assert noted.next == bare.next
    assert noted.given == bare.given
    assert len(noted.not_given) == len(events)


@given(histories, st.lists(st.sampled_from([1, 50, 99, 150, 500]), max_size=8))
def test_the_amount_of_a_dose_never_changes_what_is_due(given_d, amounts):
    """The label has no rule for a part dose; it counts, and the question is shown."""
    by_number = dict(enumerate(amounts, 1))
    assert seen(*given_d, amounts=by_number).next == seen(*given_d).next


@given(histories)
def test_every_interval_is_on_time_early_or_late_and_says_by_how_much(given_d):
    for dose, before in zip(seen(*given_d).given[1:], given_d, strict=False):
        due_d = label_next_due(given_d[: dose.number - 1])
        assert dose.interval_d == dose.dose.time_d - before
        assert dose.late_d == dose.dose.time_d - due_d
        assert (dose.label_rule is not None) == (dose.late_d > 0)


# -- a table of cases, by an enumerator of its own

# Intervals before doses 2 to 5: early, on time, late, one missed, two missed.
LOADING = (7, 13, 14, 15, 21, 28, 41, 42)
MAINTENANCE = (14, 27, 28, 29, 56, 83, 84, 200)


def enumerate_cases() -> list[tuple[tuple[int, ...], dict]]:
    """Every history of one to four doses, and 64 of five, with what the label makes of it."""
    cases = []
    steps = (LOADING, LOADING, MAINTENANCE)
    for n in range(4):
        for intervals in product(*steps[:n]):
            cases.append(intervals)
    cases += [(14, 14, a, b) for a in MAINTENANCE for b in MAINTENANCE]
    return [(intervals, expectation(intervals)) for intervals in cases]


def expectation(intervals: tuple[int, ...]) -> dict:
    days = tuple(accumulate(intervals, initial=0))
    needed = [14, 14, 28, 28][: len(intervals)]
    open_topics = []
    if intervals and intervals[-1] < needed[-1]:
        open_topics.append("dosing.early")
    if intervals and intervals[-1] >= 3 * needed[-1]:  # two doses in a row fell out
        open_topics.append("dosing.gap")
    return {
        "days": days,
        "due_d": days[-1] + (14 if len(days) < 3 else 28),
        "phase": "loading" if len(days) < 3 else "maintenance",
        "late": [None, *(i - n for i, n in zip(intervals, needed, strict=True))],
        "missed": [0, *(max(0, i // n - 1) for i, n in zip(intervals, needed, strict=True))],
        "open": open_topics,
    }


CASES = enumerate_cases()


def test_the_table_holds_at_least_200_cases():
    assert len({intervals for intervals, _ in CASES}) >= 200


@pytest.mark.parametrize("amount_mg", [100, 40, 150])
def test_every_case_of_the_table_comes_out_as_the_label_says(amount_mg):
    """Each history as given, with a part dose last, and with a dose above the label last."""
    more = {40: ["dosing.part_dose"], 150: ["dosing.above_label"]}.get(amount_mg, [])
    for intervals, expected in CASES:
        days = expected["days"]
        found = seen(*days, amounts={len(days): amount_mg})
        assert found.next.due_d == expected["due_d"], intervals
        assert found.next.phase == expected["phase"], intervals
        assert [g.late_d for g in found.given] == expected["late"], intervals
        assert [g.missed for g in found.given] == expected["missed"], intervals
        assert topics(found.label_silent) == [*expected["open"], *more], intervals


@pytest.mark.parametrize(
    ("given_d", "due_d", "why"),
    [
        ([], 0, "the first dose makes day 0"),
        ([0], 14, "second loading dose"),
        ([0, 14], 28, "third loading dose"),
        ([0, 14, 28], 56, "first maintenance dose"),
        ([0, 14, 28, 56], 84, "every 28 days from then on"),
        ([0, 21], 35, "loading 2 a week late: the third 14 days after it, not on day 28"),
        ([0, 40], 54, "loading 2 missed past the day of loading 3: still 14 days"),
        ([0, 14, 35], 63, "loading 3 a week late: the next 28 days after it, not on day 56"),
        ([0, 14, 28, 66], 94, "a maintenance dose ten days late starts the count anew"),
        ([0, 14, 28, 56, 86, 114, 142, 226], 254, "84 days: two missed, 28 days on"),
        ([0, 14, 28, 400], 428, "a year without: the label has no rule to load again"),
        ([0, 7], 21, "loading 2 a week early: 14 days from it"),
        ([0, 7, 14], 42, "all of loading in half the time: 28 days from the third"),
        ([0, 14, 28, 49], 77, "a maintenance dose a week early moves the next one up"),
    ],
)
def test_what_is_due_after_an_instructive_history(given_d, due_d, why):
    assert next_slot(TOFERSEN, given_d).due_d == due_d, why


def test_a_late_dose_names_the_sentence_of_the_label_that_speaks_of_it():
    second, third, fourth = seen(0, 15, 30, 59).given[1:]
    assert second.label_rule is TOFERSEN.late_rules[2]
    assert third.label_rule is TOFERSEN.late_rules[3]
    assert fourth.label_rule is TOFERSEN.late_rules[0]


def test_the_first_dose_is_on_day_0_and_counts_from_nothing():
    first = next_slot(TOFERSEN, [])
    assert (first.due_d, first.from_d, first.times, first.after_number) == (0, 0, 0, 0)
    counted = (first.interval, first.after_d, first.grid_from, first.passed_d, first.anew_from)
    dates = (first.closest_d, first.earliest_d, first.overdue_d, first.latest_d, first.policy)
    assert counted == dates == (None,) * 5
    assert (first.step, first.steps) == (0, 0)


def test_the_doses_of_a_course_are_three_of_loading_and_then_of_maintenance():
    phases = [dose.phase for dose in seen(0, 14, 28, 56, 84).given]
    assert phases == ["loading"] * 3 + ["maintenance"] * 2


def test_a_slot_names_its_rule_and_the_inputs_it_was_applied_to():
    slot = seen(0, 14, 28, 60).next
    assert slot.reason == "28 days after the last dose given (dose 4, day 60)"
    assert slot.rule.source.section == "2.1"
    assert seen().next.reason == "the first dose starts the course: its day is day 0"


# -- what the label leaves open


def test_a_regular_history_leaves_nothing_open():
    regular = seen(0, 14, 28, *range(56, 900, 28))
    assert not regular.label_silent
    assert not any(dose.label_silent for dose in regular.given)
    assert regular.treatment == "ongoing"


def test_late_doses_alone_leave_nothing_open():
    """The label speaks of a missed dose: give it, count from it."""
    assert not seen(0, 20, 47, 75 + 27, 75 + 27 + 55).label_silent


def test_no_dose_yet_leaves_the_start_open():
    assert topics(seen().label_silent) == ["dosing.start"]
    assert seen().treatment == "not started"


def test_a_dose_one_day_early_is_open_and_says_so():
    found = seen(0, 14, 28, 55)
    assert topics(found.label_silent) == ["dosing.early"]
    assert found.label_silent[0].here == "dose 4 came 1 day before it was due"
    assert found.label_silent[0].says == TOFERSEN.silences["dosing.early"]
    assert "is day 83" in found.label_silent[0].arithmetic


@pytest.mark.parametrize(
    ("day", "missed", "is_open"), [(55, 0, False), (56, 1, False), (83, 1, False), (84, 2, True)]
)
def test_one_missed_dose_is_the_labels_case_and_two_in_a_row_are_not(day, missed, is_open):
    """US PI 2.1 speaks of *a* missed maintenance dose."""
    found = seen(0, 14, 28, 28 + day)
    assert found.given[-1].missed == missed
    assert topics(found.label_silent) == (["dosing.gap"] if is_open else [])


@pytest.mark.parametrize("amount_mg", [99, 99.5, 100, 100.5, 101])
def test_an_amount_within_one_percent_is_the_labels_amount(amount_mg):
    """15 mL of a vial printed as 6.7 mg/mL is 100.5 mg."""
    assert not seen(0, 14, amounts={2: amount_mg}).label_silent


@pytest.mark.parametrize(
    ("amount_mg", "topic"),
    [
        (98.9, "dosing.part_dose"),
        (1, "dosing.part_dose"),
        (101.1, "dosing.above_label"),
        (500, "dosing.above_label"),
    ],
)
def test_an_amount_further_off_is_open(amount_mg, topic):
    found = seen(0, 14, amounts={2: amount_mg})
    assert topics(found.label_silent) == [topic]
    assert f"{amount_mg:g} mg" in found.label_silent[0].here


def test_a_part_dose_before_the_last_stays_with_its_dose():
    found = seen(0, 14, 28, amounts={2: 50})
    assert topics(found.given[1].label_silent) == ["dosing.part_dose"]
    assert not found.label_silent


@pytest.mark.parametrize(("route", "is_open"), [("intravenous", True), ("", False)])
def test_another_route_is_open_and_an_unrecorded_one_is_not(route, is_open):
    assert topics(seen(0, route=route).label_silent) == ["dosing.route_other"] * is_open


@pytest.mark.parametrize("name", sorted(NOT_GIVEN))
@pytest.mark.parametrize(("day", "is_open"), [(27, False), (28, False), (28.5, True), (30, True)])
def test_a_failed_attempt_is_open_only_after_the_last_dose(name, day, is_open):
    """On the day of a dose the puncture was tried again, and the dose was given."""
    found = seen(0, 14, 28, events=((day, name),))
    assert topics(found.label_silent) == ["dosing.failed_puncture"] * is_open
    assert len(found.not_given) == 1


def test_a_failed_attempt_before_any_dose_is_open_on_whatever_day_it_was():
    """A course of dates without a dose counts from its earliest row; days may be negative."""
    for day in (-3, 0, 3):
        found = seen(events=((day, "failed_puncture"),))
        assert topics(found.label_silent) == ["dosing.failed_puncture", "dosing.start"]


@pytest.mark.parametrize(
    "name", ["failed_puncture", "dose_not_given", "dose_missed", "procedure_aborted"]
)
def test_an_attempt_or_a_planned_dose_that_came_to_nothing_is_known_by_its_name(name):
    """Spelled out here, for a name that fell out of the program's list would go unseen."""
    found = seen(0, 14, events=((20, name),))
    assert [event.name for event in found.not_given] == [name]
    assert topics(found.label_silent) == ["dosing.failed_puncture"]


@pytest.mark.parametrize(
    ("words", "treatment"),
    [
        (("held", "interrupted", "paused"), "held"),
        (("stopped", "discontinued"), "stopped"),
        (("resumed",), "ongoing"),
    ],
)
@pytest.mark.parametrize("before", ["treatment_", "tofersen_", ""])
def test_a_word_of_how_treatment_stands_is_known_with_three_beginnings(words, treatment, before):
    """Spelled out here; of another medicine, it says nothing about this one."""
    for word in words:
        found = seen(0, 14, events=((15, "treatment_held"), (20, f"{before}{word}")))
        assert found.treatment == treatment
        assert states("tofersen")[f"{before}{word}"] == treatment
        assert seen(0, 14, events=((20, f"nusinersen_{word}"),)).treatment == "ongoing"


@pytest.mark.parametrize("name", ["death", "died", "deceased"])
def test_a_death_is_known_by_each_of_its_names(name):
    found = seen(0, 14, events=((20, name),))
    assert (found.treatment, found.treatment_since_d) == ("ended", 20)
    assert states("tofersen")[name] == "ended"


@pytest.mark.parametrize("name", sorted(NOT_PLANNED))
def test_a_treatment_held_or_stopped_is_open(name):
    found = seen(0, 14, 28, events=((40, name),))
    assert found.treatment == STATES[name]
    assert found.treatment_since_d == 40
    assert topics(found.label_silent) == ["dosing.gap"]
    assert found.next.due_d == 56  # arithmetic, not a plan


@pytest.mark.parametrize("name", sorted(NOT_PLANNED))
def test_a_dose_after_a_hold_means_that_treatment_went_on(name):
    found = seen(0, 14, 28, 56, events=((40, name),))
    assert (found.treatment, found.treatment_since_d) == ("ongoing", None)
    assert not found.label_silent


@pytest.mark.parametrize("name", sorted(NOT_PLANNED))
def test_a_hold_or_stop_on_the_day_of_the_last_dose_is_later_than_the_dose(name):
    """Nobody gives a dose after treatment was stopped; the dose was given, then it was stopped."""
    found = seen(0, 14, 28, events=((28, name),))
    assert (found.treatment, found.treatment_since_d) == (STATES[name], 28)


@pytest.mark.parametrize("resumed", sorted(GOES_ON))
def test_a_treatment_resumed_is_ongoing_before_its_next_dose(resumed):
    found = seen(0, 14, 28, events=((40, "treatment_held"), (50, resumed)))
    assert (found.treatment, found.treatment_since_d) == ("ongoing", None)
    assert found.label_silent == ()


def test_the_last_state_recorded_holds():
    events = ((40, "treatment_held"), (50, "treatment_resumed"), (60, "treatment_stopped"))
    found = seen(0, 14, 28, events=events)
    assert (found.treatment, found.treatment_since_d) == ("stopped", 60)


@pytest.mark.parametrize(
    ("on_d", "days_to_due", "is_overdue"),
    [(None, None, False), (50, 6, False), (56, 0, False), (57, -1, True), (100, -44, True)],
)
def test_a_dose_is_overdue_from_the_day_after_it_was_due(on_d, days_to_due, is_overdue):
    """Dose 4 is due on day 56."""
    found = seen(0, 14, 28, on_d=on_d)
    assert (found.days_to_due, found.is_overdue) == (days_to_due, is_overdue)


@pytest.mark.parametrize(
    ("overdue_d", "on_d", "is_overdue"),
    [(3, 58, False), (3, 59, True), (1, 57, True), (0, 56, False), (0, 57, True)],
)
def test_a_site_says_from_which_day_on_a_dose_is_overdue_but_never_on_the_day_it_is_due(
    overdue_d, on_d, is_overdue
):
    tolerance = Tolerance(early_d=0, overdue_d=overdue_d, latest_d=10)
    phases = {"loading": tolerance, "maintenance": tolerance}
    policy = WindowPolicy(name="Ward 7", source="made up", phases=phases)
    found = schedule(course(0, 14, 28), TOFERSEN, policy=policy, on_d=on_d)
    assert found.is_overdue is is_overdue


def test_what_was_never_begun_is_held_or_has_ended_is_not_overdue():
    """Without a first dose there is no due day to count to; after a hold the date is no plan."""
    never, ended = seen(on_d=10), seen(0, 14, events=((20, "death"),), on_d=100)
    held = seen(0, 14, events=((20, "treatment_held"),), on_d=100)
    assert (never.days_to_due, never.is_overdue, never.is_planned) == (None, False, True)
    assert (ended.days_to_due, ended.is_overdue, ended.is_planned) == (None, False, False)
    assert (held.days_to_due, held.is_overdue, held.is_planned) == (-72, False, False)
    assert (held.if_given, held.late_rule) == (None, TOFERSEN.late_rules[3])


@pytest.mark.parametrize(
    ("on_d", "is_open"), [(None, False), (28, False), (111, False), (112, True)]
)
def test_a_gap_that_is_open_on_the_day_asked_is_seen(on_d, is_open):
    """Doses on days 0, 14, 28; 84 days without one are over on day 112."""
    found = seen(0, 14, 28, on_d=on_d)
    assert topics(found.label_silent) == ["dosing.gap"] * is_open
    assert found.next.due_d == 56


def test_several_open_questions_are_all_shown():
    found = seen(0, 14, 28, 40, amounts={4: 50}, events=((41, "failed_puncture"),), on_d=300)
    assert topics(found.label_silent) == [
        "dosing.early",
        "dosing.part_dose",
        "dosing.failed_puncture",
        "dosing.gap",
    ]


def test_a_question_that_the_label_file_does_not_list_is_not_called_silent():
    """The EU SmPC was read in part: nobody here knows what it says of a part dose."""
    eu = from_label(load_label("tofersen", "eu"))
    (question,) = schedule(course(0, amounts={1: 50}), eu).label_silent
    assert not question.is_read
    assert "was not read for it" in question.says


# -- a second anchor: an original grid in calendar months, with ladders after long gaps

HERE = Source(document="made up", section="1")
GRID_RULE = Rule("every 4 months on the original grid", HERE)
SHORT_GAP, LONG_GAP = Rule("from 8 months", HERE), Rule("from 16 months", HERE)
ANEW = Rule("from 40 months", HERE)
FORTNIGHT = Interval(days=14)
GRID = Regimen(
    medicine="madeup",
    amount_mg=12,
    route="intrathecal",
    phases=(
        Phase(name="loading", doses=3, interval=FORTNIGHT, rule=Rule("loading", HERE)),
        Phase(name="loading", doses=1, interval=Interval(days=30), rule=Rule("fourth", HERE)),
        Phase(
            name="maintenance",
            doses=None,
            interval=Interval(months=4),
            rule=GRID_RULE,
            anchor=Anchor.ORIGINAL_GRID,
            apart_d=14,
        ),
    ),
    source=HERE,
    gap_tiers=(
        GapTier(
            at_least=Interval(months=8),
            below=Interval(months=16),
            ladder=Ladder(doses=1, interval=FORTNIGHT),
            rule=SHORT_GAP,
        ),
        GapTier(
            at_least=Interval(months=16),
            below=Interval(months=40),
            ladder=Ladder(doses=2, interval=FORTNIGHT),
            rule=LONG_GAP,
        ),
        GapTier(at_least=Interval(months=40), below=None, ladder=None, rule=ANEW),
    ),
    late_until=Interval(months=8),
)
ORIGIN = dt.date(2025, 10, 31)
LOADED = [0, 14, 28, 58]  # the fourth loading dose falls on ORIGIN
FIRST = ORIGIN - dt.timedelta(days=58)


def grid(k: int, origin: dt.date = ORIGIN) -> dt.date:
    """Point `k` of the grid: 4k months after the origin, by counting the month's own length."""
    month = origin.month - 1 + 4 * k
    first = dt.date(origin.year + month // 12, month % 12 + 1, 1)
    length = ((first + dt.timedelta(days=32)).replace(day=1) - first).days
    return first.replace(day=min(origin.day, length))


def due(*given: dt.date) -> dt.date:
    """What is due after loading and these maintenance doses."""
    slot = next_slot(GRID, [*LOADED, *((date - FIRST).days for date in given)], FIRST)
    return FIRST + dt.timedelta(days=slot.due_d)


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


def test_loading_on_a_grid_counts_from_the_dose_before():
    for given_d, due_d in [([0], 14), ([0, 20], 34), ([0, 20, 34], 64), ([0, 14, 28], 58)]:
        assert next_slot(GRID, given_d, FIRST).due_d == due_d


@pytest.mark.parametrize("late_d", [0, 1, 30, 90])
def test_a_late_dose_leaves_the_grid_where_it_was(late_d):
    assert due(grid(1) + days(late_d)) == grid(2)


def test_a_dose_keeps_its_grid_point_while_14_days_remain():
    assert due(grid(2) - days(14)) == grid(2)
    assert due(grid(2) - days(13)) == grid(3)


def test_an_early_dose_takes_the_point_it_was_due_on():
    """Also after points were passed over: a dose on the way to a point is not asked for twice."""
    assert due(grid(1) - days(20)) == grid(2)
    assert due(grid(2) - days(5), grid(3) - days(20)) == grid(4)
    assert due(grid(1), grid(3) - days(4), grid(4) - days(40)) == grid(5)


def test_a_grid_in_months_never_drifts_in_fifty_years():
    """From 31 October: 28 or 29 February, 30 June, 31 October, 150 times over."""
    slots = slots_ahead(GRID, LOADED, 150, FIRST)
    assert [FIRST + days(slot.due_d) for slot in slots] == [grid(k) for k in range(1, 151)]
    assert {(FIRST + days(s.due_d)).day for s in slots[2::3]} == {31}


@given(st.lists(st.integers(1, 200), max_size=20))
def test_a_next_dose_lies_on_the_grid_and_14_days_off_or_on_a_ladder(intervals):
    given_d = list(accumulate(intervals, initial=LOADED[-1]))
    slot = next_slot(GRID, [*LOADED[:-1], *given_d], FIRST)
    assert slot.due_d - given_d[-1] >= 14
    points = {grid(k) for k in range(60)}
    assert FIRST + days(slot.due_d) in points  # no gap of 200 days reaches 8 months


def test_a_reason_on_a_grid_names_the_grid_and_not_the_last_dose_as_its_start():
    slot = next_slot(GRID, [*LOADED, 200], FIRST)
    assert slot.reason == (
        "the original grid, every 4 calendar months from dose 4 (day 58), after the last dose "
        "given (dose 5, day 200)"
    )


def months_on(date: dt.date, months: int) -> dt.date:
    """The same day of a later month; only asked for days that every month has."""
    month = date.month - 1 + months
    return date.replace(year=date.year + month // 12, month=month % 12 + 1)


def test_a_gap_climbs_down_to_the_ladder_of_its_length():
    """8 months: two doses 14 days apart; 16 months: three; then a new grid from the last."""
    last = grid(1)  # 28 February 2026
    short, long = months_on(last, 8), months_on(last, 16)
    assert due(last, short - days(1)) in {grid(k) for k in range(10)}
    for gap, rungs in ((short, 1), (long - days(1), 1), (long, 2)):
        given = [last, gap]
        for _ in range(rungs):
            assert due(*given) == given[-1] + days(14)
            given.append(given[-1] + days(14))
        assert due(*given) == grid(1, origin=given[-1])
        given.append(grid(1, origin=given[-1]) + days(9))
        assert due(*given) == grid(2, origin=given[-2])


def test_a_rung_of_a_ladder_names_the_rule_of_its_tier():
    gap_d = (months_on(grid(1), 8) - FIRST).days
    slot = next_slot(GRID, [*LOADED, (grid(1) - FIRST).days, gap_d], FIRST)
    assert (slot.rule, slot.interval, slot.grid_from) == (SHORT_GAP, FORTNIGHT, None)


def test_a_long_gap_within_loading_lets_the_grid_begin_at_the_last_loading_dose():
    gap_d = (months_on(FIRST, 9) - FIRST).days
    given_d = [0, gap_d, gap_d + 14]
    assert next_slot(GRID, [0, gap_d], FIRST).due_d == gap_d + 14  # the ladder
    assert next_slot(GRID, given_d, FIRST).due_d == gap_d + 14 + 30  # the fourth loading dose
    given_d.append(gap_d + 44)
    fourth = FIRST + days(gap_d + 44)
    assert FIRST + days(next_slot(GRID, given_d, FIRST).due_d) == grid(1, origin=fourth)


def test_a_grid_in_months_without_dates_is_refused():
    with pytest.raises(CourseError, match=r"calendar months needs dates"):
        next_slot(GRID, LOADED)


def test_a_medicine_of_one_phase_counts_its_grid_from_the_first_dose():
    every = replace(GRID.phases[-1], interval=Interval(days=30))
    only = replace(GRID, phases=(every,), gap_tiers=())
    assert [slot.due_d for slot in slots_ahead(only, [], 3)] == [0, 30, 60]
    assert next_slot(only, [0, 40]).due_d == 60
    assert next_slot(only, [0, 50]).due_d == 90


def test_a_gap_of_40_months_begins_loading_anew_with_its_own_grid_after_it():
    last = grid(1)
    given = [last, months_on(last, 40)]
    for interval_d in (14, 14, 30):
        assert due(*given) == given[-1] + days(interval_d)
        given.append(due(*given))
    assert due(*given) == grid(1, origin=given[-1])
    given.append(grid(1, origin=given[-1]) + days(20))
    assert due(*given) == grid(2, origin=given[-2])


def test_additional_doses_are_counted_on_from_where_loading_began():
    """Dose 6 is the late one, 7 and 8 its additional ones, 9 the first of the new grid."""
    given_d = [*LOADED, (grid(1) - FIRST).days, (months_on(grid(1), 16) - FIRST).days]
    slots = slots_ahead(GRID, given_d, 3, FIRST)
    assert [(slot.number, slot.place, slot.step) for slot in slots] == [
        (7, 7, 1), (8, 8, 2), (9, 9, 0),
    ]  # fmt: skip
    assert [slot.steps for slot in slots] == [2, 2, 0]


def test_loading_anew_names_the_loading_rule_and_the_dose_it_began_with():
    anew_d = (months_on(grid(1), 40) - FIRST).days
    slot = next_slot(GRID, [*LOADED, (grid(1) - FIRST).days, anew_d], FIRST)
    assert (slot.number, slot.place, slot.phase) == (7, 2, "loading")
    assert (slot.rule, slot.anew_from) == (GRID.phases[0].rule, 6)
    assert slot.reason == (
        f"14 days after the last dose given (dose 6, day {anew_d}); loading began anew with dose 6"
    )


def test_a_long_gap_within_loading_is_not_answered_by_the_tiers_but_asked_about():
    """The tiers are of maintenance; loading only moves, and 8 months of it raise a question."""
    eight_d = (months_on(FIRST, 8) - FIRST).days
    for gap_d, is_open in ((eight_d - 1, False), (eight_d, True), (2000, True)):
        given_d = (0, gap_d)
        assert next_slot(GRID, given_d, FIRST).due_d == gap_d + 14
        found = schedule(course(*given_d, amounts={1: 12, 2: 12}, start=FIRST), GRID)
        late = {"missed_dose.loading"}  # the made-up label has no rule for a late loading dose
        assert set(topics(found.label_silent)) - late == ({"dosing.gap"} if is_open else set())


def test_loading_goes_without_dates_and_asks_about_a_gap_by_the_shortest_months():
    """8 months have at least 224 days; loading counts in days, and needs no date."""
    for gap_d, is_open in ((223, False), (224, True)):
        found = schedule(course(0, gap_d), GRID)
        assert found.next.due_d == gap_d + 14
        assert ("dosing.gap" in topics(found.label_silent)) is is_open


def test_a_dose_given_on_time_is_in_no_tier_however_long_the_interval_is():
    """A tier is for a dose that came late."""
    yearly = replace(GRID.phases[-1], interval=Interval(months=12), apart_d=1)
    regimen = replace(GRID, phases=(*GRID.phases[:-1], yearly))
    on_time = ORIGIN.replace(year=2026)
    slot = next_slot(regimen, [*LOADED, (on_time - FIRST).days], FIRST)
    assert FIRST + days(slot.due_d) == ORIGIN.replace(year=2027)


US = from_label(load_label("nusinersen", "us", edition="2023"))
EU = from_label(load_label("nusinersen", "eu", edition="2025"))
BEGUN = dt.date(2025, 1, 6)  # loading ends on 5 March 2025, so maintenance is on the 5th
ON_TIME = (0, 14, 28, 58)


def nusinersen(*dates: str, on: str | None = None, regimen: Regimen = US) -> Schedule:
    """Loading on time, then doses on these dates."""
    given_d = [*ON_TIME, *((dt.date.fromisoformat(d) - BEGUN).days for d in dates)]
    doses = tuple(Dose(time_d=day, amount_mg=12) for day in given_d)
    on_d = (dt.date.fromisoformat(on) - BEGUN).days if on else None
    return schedule(Course(patient_id="p", start=BEGUN, doses=doses), regimen, on_d=on_d)


def dated(day: int) -> str:
    return str(BEGUN + days(day))


@pytest.mark.parametrize(
    ("on", "tier", "then", "left_open"),
    [
        ("2025-07-06", None, "2025-11-05", []),
        ("2025-10-22", None, "2025-11-05", []),
        ("2025-10-23", None, "2026-03-05", ["missed_dose.grid_too_close"]),
        ("2025-11-04", None, "2026-03-05", ["missed_dose.grid_too_close"]),
        ("2025-11-05", 0, "2025-11-19", []),
        ("2026-07-04", 0, "2026-07-18", []),
        ("2026-07-05", 1, "2026-07-19", []),
        ("2028-07-04", 1, "2028-07-18", []),
        ("2028-07-05", 2, "2028-07-19", []),
    ],
)
def test_the_rule_for_an_overdue_dose_is_that_of_the_day_asked(on, tier, then, left_open):
    """US PI 2.1 of 2023: under 8 months, 8, 16 and 40 months since the last dose, 5 March 2025."""
    found = nusinersen(on=on)
    assert dated(found.next.due_d) == "2025-07-05"
    assert found.late_rule == (US.late_rules[0] if tier is None else US.gap_tiers[tier].rule)
    assert dated(found.if_given.due_d) == then
    assert topics(found.open_then) == topics(found.label_silent) == left_open


def test_before_a_dose_is_overdue_nothing_is_said_of_a_day_on_which_it_is_given():
    for on in (None, "2025-07-04", "2025-07-05"):
        found = nusinersen(on=on)
        assert (found.if_given, found.open_then) == (None, ())
        assert found.late_rule == US.late_rules[0]


def test_a_gap_that_no_rule_was_read_for_leaves_every_later_date_of_the_grid_open():
    """EU: the rows of the table from 8 months on were not read (label.eu.yaml)."""
    after_gap = nusinersen("2026-01-10", regimen=EU)
    assert topics(after_gap.label_silent) == ["missed_dose.gap"]
    later = nusinersen("2026-01-10", dated(after_gap.next.due_d), regimen=EU)
    assert topics(later.label_silent) == ["missed_dose.gap"]
    assert not later.label_silent[0].is_read
    assert not nusinersen("2025-08-01", "2025-11-10", regimen=EU).label_silent


def test_a_gap_before_an_additional_dose_leaves_the_grid_that_begins_with_it_open():
    """Of a label that was read for gaps of 8 to 16 months: the additional dose came after 20."""
    in_part = replace(GRID, gap_tiers=GRID.gap_tiers[:1])
    late = months_on(grid(1), 8)
    given = [grid(1), late, months_on(late, 20)]
    for _ in range(2):
        days_d = [*LOADED, *((date - FIRST).days for date in given)]
        found = schedule(
            course(*days_d, amounts=dict.fromkeys(range(1, 9), 12), start=FIRST), in_part
        )
        assert "missed_dose.gap" in topics(found.label_silent)
        given.append(FIRST + days(found.next.due_d))


def test_a_date_that_its_month_does_not_have_is_asked_about():
    start = dt.date(2025, 9, 3)  # the fourth loading dose falls on 31 October
    doses = tuple(Dose(time_d=day, amount_mg=12) for day in ON_TIME)
    (question,) = schedule(Course(patient_id="p", start=start, doses=doses), US).label_silent
    assert (question.topic, question.is_read) == ("dosing.month_end", True)
    assert question.here == "dose 5 counts from 2025-10-31, and 2026-02 has no such day"
    assert not nusinersen().label_silent


def test_a_late_maintenance_dose_before_2023_is_counted_from_with_the_question_shown():
    """US 2.1 of 2020: as soon as possible, and on every 4 months; from which day is not said."""
    regimen = from_label(load_label("nusinersen", "us", edition="2020"))
    found = nusinersen("2025-07-20", regimen=regimen)
    assert dated(found.next.due_d) == "2025-11-20"
    assert topics(found.label_silent) == ["missed_dose.anchor"]
    assert found.label_silent[0].is_read
    assert not nusinersen("2025-07-05", regimen=regimen).label_silent


@pytest.mark.parametrize("late_d", [1, 30])
def test_a_late_dose_of_a_label_without_a_rule_for_it_is_asked_about(late_d):
    """The high dose: its text on missed doses was not read."""
    regimen = from_label(load_label("nusinersen", "us", edition="2026"))
    doses = (Dose(time_d=0, amount_mg=50), Dose(time_d=14 + late_d, amount_mg=50))
    found = schedule(Course(patient_id="p", start=BEGUN, doses=doses), regimen)
    assert "missed_dose.loading" in topics(found.label_silent)
    assert not any(question.is_read for question in found.label_silent)
    assert "was not read" in found.label_silent[0].says
    assert found.given[1].label_rule is None


def test_doses_that_fell_out_are_counted_along_the_grid():
    """Due in July and again in November; a dose of 20 December missed one of them wholly."""
    found = nusinersen("2025-07-30", "2025-12-20")
    assert [given.missed for given in found.given[-2:]] == [0, 0]
    found = nusinersen("2025-07-30", "2026-03-05")
    assert [given.missed for given in found.given[-2:]] == [0, 1]


def test_a_dose_after_a_gap_names_the_rule_of_its_tier():
    found = nusinersen("2025-12-01")
    assert found.given[-1].label_rule == US.gap_tiers[0].rule
    assert found.next.reason == (
        "14 days after the last dose given (dose 5, day 329), as additional dose 1 of 1 after a "
        "long gap"
    )


def test_the_rule_for_a_late_maintenance_dose_is_not_that_of_an_additional_one():
    """US PI 2.1 of 2023 does not say what follows an additional dose that is itself late."""
    assert US.late_rules[0] is not None
    assert nusinersen("2025-12-01").next.late_rule is None
    assert nusinersen("2025-12-01", on="2025-12-20").late_rule is None


def test_a_dose_on_time_has_no_rule_for_a_late_one():
    course = Course(
        patient_id="p",
        start=None,
        doses=tuple(Dose(time_d=day, amount_mg=100) for day in (0, 14, 28, 56)),
    )
    assert [g.label_rule for g in schedule(course, TOFERSEN).given] == [None] * 4


def test_a_death_ends_treatment_whatever_else_is_recorded():
    for others in ((), ((40, "treatment_stopped"),), ((50, "treatment_resumed"),)):
        events = sorted([(40, "death"), *others])
        course = Course(
            patient_id="p",
            start=None,
            doses=tuple(Dose(time_d=day, amount_mg=100) for day in (0, 14, 28)),
            events=tuple(Event(time_d=day, name=name) for day, name in events),
        )
        found = schedule(course, TOFERSEN, on_d=90)
        assert (found.treatment, found.is_planned, found.is_overdue) == ("ended", False, False)


@pytest.mark.slow
def test_a_hundred_thousand_histories_agree_with_the_label_read_by_hand():
    """US PI 2.1, read again and apart from the code: count, then 14 or 28 days on."""
    random = Random(20261121)
    for _ in range(100_000):
        days = [0]
        for _ in range(random.randrange(12)):
            days.append(days[-1] + random.randint(1, 120))
        assert next_slot(TOFERSEN, days).due_d == days[-1] + (14 if len(days) < 3 else 28)
