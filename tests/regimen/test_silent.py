"""What the label leaves open is asked with the figures a prescriber needs to answer it.

The sentences expected here are counted by hand from the label's intervals; a question that named
a wrong dose, day or number of days would send the prescriber to the wrong date.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from thecal.course import Course, Dose, Event
from thecal.label.catalog import load_label
from thecal.regimen.regimen import (
    Interval,
    Phase,
    Regimen,
    Rule,
    from_label,
)
from thecal.regimen.schedule import Schedule, schedule
from thecal.regimen.silent import Open, ask
from thecal.source import Source

TOFERSEN = from_label(load_label("tofersen", "us"))
NUSINERSEN = from_label(load_label("nusinersen", "us", edition="2023"))
NUSINERSEN_2020 = from_label(load_label("nusinersen", "us", edition="2020"))
EU = from_label(load_label("nusinersen", "eu", edition="2025"))
BEGUN = dt.date(2025, 1, 6)  # loading on days 0, 14, 28, 58; maintenance from 5 July 2025, day 180
LOADED = (0, 14, 28, 58)
HERE = Source(document="made up", section="1")


def seen(
    regimen: Regimen,
    *days: int,
    on_d: int | None = None,
    amounts: dict[int, float] | None = None,
    events: tuple[tuple[float, str], ...] = (),
    start: dt.date | None = BEGUN,
    route: str = "intrathecal",
) -> Schedule:
    """A course of these days, each dose of the label's amount but those of `amounts`."""
    doses = tuple(
        Dose(time_d=day, amount_mg=(amounts or {}).get(number, regimen.amount_mg), route=route)
        for number, day in enumerate(days, 1)
    )
    noted = tuple(Event(time_d=day, name=name) for day, name in events)
    course = Course(patient_id="p", start=start, doses=doses, events=noted)
    return schedule(course, regimen, on_d=on_d)


def the(topic: str, found: Schedule) -> Open:
    """The question of a topic about the next dose."""
    (question,) = [question for question in found.label_silent if question.topic == topic]
    return question


def on(date: str) -> int:
    return (dt.date.fromisoformat(date) - BEGUN).days


# -- a dose that comes late


def without_late_rules(regimen: Regimen) -> Regimen:
    return replace(regimen, late_rules={})


@pytest.mark.parametrize(
    ("regimen", "days", "topic", "here", "then"),
    [
        (
            without_late_rules(TOFERSEN),
            (0, 15),
            "missed_dose.loading",
            "dose 2, a loading dose, came 1 day late",
            29,
        ),
        (
            without_late_rules(TOFERSEN),
            (0, 14, 28, 59),
            "missed_dose.maintenance",
            "dose 4, a maintenance dose, came 3 days late",
            87,
        ),
        (
            NUSINERSEN_2020,
            (*LOADED, 190),
            "missed_dose.anchor",
            "dose 5 came 10 days late",
            313,
        ),
        (TOFERSEN, (0, 14, 28, 112), "dosing.gap", "dose 4 came 84 days after the one before", 140),
        (EU, (*LOADED, 310), "missed_dose.gap", "dose 5 came 252 days after the one before", 423),
        (
            NUSINERSEN,
            (*LOADED, on("2025-11-03")),
            "missed_dose.grid_too_close",
            "dose 5 came on day 301, 2 days before the date of the original grid, day 303",
            423,
        ),
        (
            NUSINERSEN,
            (*LOADED, on("2025-12-01"), on("2025-12-20")),
            "missed_dose.additional",
            "dose 6, an additional one, came 5 days late",
            469,
        ),
    ],
)
def test_a_late_dose_is_asked_about_with_its_number_and_its_days(regimen, days, topic, here, then):
    """The intervals: 14, 14, then 28 days (tofersen); 4 months on the grid from 5 March 2025, day
    58: 5 July is day 180, 5 November 303, 5 March 423 (nusinersen; in 2020 from the late dose)."""
    found = seen(regimen, *days)
    assert the(topic, found).here == here
    assert the(topic, found).arithmetic.endswith(f"is day {then}")
    assert the(topic, found) in found.given[-1].label_silent


@pytest.mark.parametrize(
    ("regimen", "days", "on_d", "topic", "here"),
    [
        (
            without_late_rules(TOFERSEN),
            (0,),
            16,
            "missed_dose.loading",
            "dose 2, a loading dose, is 2 days late on day 16",
        ),
        (
            without_late_rules(TOFERSEN),
            (0, 14, 28),
            57,
            "missed_dose.maintenance",
            "dose 4, a maintenance dose, is 1 day late on day 57",
        ),
        (NUSINERSEN_2020, LOADED, 190, "missed_dose.anchor", "dose 5 is 10 days late on day 190"),
        (TOFERSEN, (0, 14, 28), 112, "dosing.gap", "84 days without a dose by day 112"),
        (EU, LOADED, 310, "missed_dose.gap", "252 days without a dose by day 310"),
        (
            NUSINERSEN,
            LOADED,
            on("2025-11-04"),
            "missed_dose.grid_too_close",
            "given on day 302, dose 5 comes 1 day before the date of the original grid, day 303",
        ),
        (
            NUSINERSEN,
            (*LOADED, on("2025-12-01")),
            on("2025-12-20"),
            "missed_dose.additional",
            "dose 6, an additional one, is 5 days late on day 348",
        ),
    ],
)
def test_a_dose_still_to_come_is_asked_about_as_of_the_day_asked(regimen, days, on_d, topic, here):
    """The same cases before the dose is given: nothing is said to have come."""
    found = seen(regimen, *days, on_d=on_d)
    assert the(topic, found).here == here
    assert the(topic, found) in found.open_then


def test_a_question_about_a_day_on_which_a_dose_may_come_counts_out_both_dates():
    """US PI 2.1: 28 days after day 28, and after day 112 on which dose 4 would be given."""
    (question,) = seen(TOFERSEN, 0, 14, 28, on_d=112).open_then
    assert question.arithmetic == (
        "28 days after the last dose given (dose 3, day 28) is day 56; given on day 112, the dose "
        "after it falls on day 140"
    )


def test_a_dose_on_time_after_a_silent_rule_is_not_asked_about():
    assert not seen(without_late_rules(TOFERSEN), 0, 14, 28, 56, on_d=84).label_silent


# -- when a gap is one that the label does not speak of


@pytest.mark.parametrize(("gap_d", "is_open"), [(223, False), (224, True)])
def test_a_gap_within_loading_is_measured_from_the_dose_before_and_not_from_the_first(
    gap_d, is_open
):
    """8 months have at least 224 days; here they follow dose 2, on day 14."""
    found = seen(NUSINERSEN, 0, 14, 14 + gap_d, start=None)
    assert ("dosing.gap" in [q.topic for q in found.label_silent]) is is_open


@pytest.mark.parametrize(("date", "is_open"), [("2025-09-19", False), ("2025-09-20", True)])
def test_with_dates_a_gap_within_loading_ends_on_the_calendar(date, is_open):
    """8 months after 20 January 2025 is 20 September, 243 days on."""
    found = seen(NUSINERSEN, 0, 14, on(date))
    assert ("dosing.gap" in [q.topic for q in found.label_silent]) is is_open


# -- other questions about the next dose


def test_a_failed_attempt_is_asked_about_with_its_day_and_the_date_that_stands():
    found = seen(TOFERSEN, 0, 14, 28, events=((56, "failed_puncture"),))
    question = the("dosing.failed_puncture", found)
    assert question.here == "failed puncture on day 56; it does not count as a dose"
    assert question.arithmetic == "28 days after the last dose given (dose 3, day 28) is day 56"


def test_a_hold_is_asked_about_with_its_day_and_the_date_that_would_have_been():
    question = the("dosing.gap", seen(TOFERSEN, 0, 14, events=((20.5, "treatment_held"),)))
    assert question.here == "treatment recorded as held on day 20.5"
    assert question.arithmetic == "14 days after the last dose given (dose 2, day 14) is day 28"


def test_before_the_first_dose_the_days_of_loading_are_told():
    """US PI 2.1: three loading doses 14 days apart."""
    question = the("dosing.start", seen(TOFERSEN))
    assert question.here == "no dose given yet"
    assert question.arithmetic == "from the day of dose 1 on, loading falls on days 0, 14, 28"


def test_before_the_first_dose_of_a_medicine_without_loading_no_loading_is_told():
    only = replace(TOFERSEN, phases=TOFERSEN.phases[-1:])
    found = seen(only, events=((-2, "failed_puncture"),))
    for topic in ("dosing.start", "dosing.failed_puncture"):
        assert the(topic, found).arithmetic == (
            "the first dose starts the course: its day is day 0"
        )


def test_before_a_single_loading_dose_one_day_is_told():
    once = Phase(name="loading", doses=1, interval=Interval(days=14), rule=Rule("once", HERE))
    question = the("dosing.start", seen(replace(TOFERSEN, phases=(once, TOFERSEN.phases[-1]))))
    assert question.arithmetic == "from the day of dose 1 on, loading falls on days 0"


def test_loading_in_months_is_told_on_the_calendar_of_the_course():
    """From 6 January 2025: 31 days to 6 February, 28 more to 6 March."""
    months = Phase(name="loading", doses=3, interval=Interval(months=1), rule=Rule("monthly", HERE))
    monthly = replace(TOFERSEN, phases=(months, TOFERSEN.phases[-1]))
    question = the("dosing.start", seen(monthly))
    assert question.arithmetic.endswith("loading falls on days 0, 31, 59")


def test_a_month_without_such_a_day_is_asked_about_with_the_day_taken():
    """4 months after 31 October 2025 is no 31 February; its last day is the 28th."""
    question = the("dosing.month_end", seen(NUSINERSEN, *LOADED, start=dt.date(2025, 9, 3)))
    assert question.arithmetic == (
        "4 calendar months after the last dose given (dose 4, day 58), or the last day of the "
        "month: day 178"
    )


def test_after_a_death_no_date_is_asked_about():
    found = seen(NUSINERSEN, *LOADED, start=dt.date(2025, 9, 3), events=((60, "death"),))
    assert found.treatment == "ended"
    assert not found.label_silent


@pytest.mark.parametrize(
    ("facts", "topic", "here"),
    [
        ({"amounts": {2: 40}}, "dosing.part_dose", "dose 2 was 40 mg of 100 mg; it counts"),
        ({"amounts": {2: 150}}, "dosing.above_label", "dose 2 was 150 mg, above 100 mg"),
        (
            {"route": "intravenous"},
            "dosing.route_other",
            "dose 2 is recorded as given by 'intravenous'",
        ),
    ],
)
def test_a_dose_that_is_not_the_labels_is_asked_about_with_what_was_given(facts, topic, here):
    """It counts all the same: the next is due 14 days after it."""
    question = the(topic, seen(TOFERSEN, 0, 14, **facts))
    assert question.here == here
    assert question.arithmetic == "14 days after the last dose given (dose 2, day 14) is day 28"


# -- how the label stands to a question


def asked(topic: str, **gaps: dict[str, str]) -> Open:
    bare = replace(TOFERSEN, silences={}, not_read={})
    return ask(replace(bare, **gaps), topic, "here", "arithmetic")


def test_a_silence_stands_above_what_was_not_read():
    both = asked("dosing.gap", silences={"dosing.gap": "silent"}, not_read={"dosing.gap": "unread"})
    assert (both.says, both.is_read, both.standing) == ("silent", True, "Label silent")


def test_an_area_that_nobody_read_answers_for_each_of_its_topics():
    """'missed_dose' not read: nobody knows what the label says of missed_dose.gap."""
    question = asked("missed_dose.gap", not_read={"missed_dose": "Not read.", "dosing": "Other."})
    assert (question.says, question.is_read) == ("Not read.", False)
    assert question.standing == "Label not read on this"


def test_a_topic_stands_above_its_area():
    question = asked("dosing.gap", not_read={"dosing": "All.", "dosing.gap": "Long gaps."})
    assert question.says == "Long gaps."


def test_a_question_of_which_the_label_file_says_nothing_sends_the_reader_to_the_label():
    question = asked("dosing.gap")
    assert not question.is_read
    assert question.says == (
        "Look in the label itself; whether it speaks of this was not read here."
    )
    assert (question.topic, question.here, question.arithmetic) == (
        "dosing.gap", "here", "arithmetic",
    )  # fmt: skip
