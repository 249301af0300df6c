"""A regimen in one sentence: what is typed is what is given, or is refused where it stands."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from thecal.errors import SentenceError, ThecalError
from thecal.label.catalog import load_label
from thecal.regimen.regimen import from_label
from thecal.regimen.sentence import LONGEST_TEXT, Phase, PlannedDose, read_sentence
from thecal.regimen.walk import next_slot

TOFERSEN = "100 mg q14d x3 then 100 mg q28d"


def days(text: str, until_d: float = 400) -> list[float]:
    return [dose.time_d for dose in read_sentence(text).doses(until_d)]


def refused(text: str) -> str:
    with pytest.raises(SentenceError) as caught:
        read_sentence(text)
    return str(caught.value)


def test_the_first_maintenance_dose_comes_28_days_after_the_third_loading_dose():
    """Tofersen US label 2.1: three loading doses every 14 days, then one every 28 days."""
    assert days(TOFERSEN, 113) == [0, 14, 28, 56, 84, 112]
    assert {dose.amount_mg for dose in read_sentence(TOFERSEN).doses(113)} == {100}


def test_the_sentence_gives_the_days_that_the_schedule_of_the_label_gives():
    """A second witness: the same days, from the label's data instead of the sentence."""
    regimen, given_d = from_label(load_label("tofersen", "us")), [0]
    while len(given_d) < 12:
        given_d.append(next_slot(regimen, given_d).due_d)
    assert days(TOFERSEN, given_d[-1] + 1) == given_d


def test_a_fourth_loading_dose_at_another_distance_can_be_said():
    """Nusinersen, EU SmPC 4.2: days 0, 14, 28 and 63, then every 4 months (here 120 days)."""
    text = "12 mg q14d x3 then pause 35d then 12 mg q120d"
    assert days(text, 304) == [0, 14, 28, 63, 183, 303]


@pytest.mark.parametrize(
    ("text", "until_d", "expected"),
    [
        ("100 mg once", 10, [(0, 100, 0, None)]),
        ("  100MG ONCE  ", 10, [(0, 100, 0, None)]),
        ("0.5 mg Q12H X3", 10, [(0, 0.5, 0, None), (0.5, 0.5, 0, None), (1, 0.5, 0, None)]),
        (".5mg q 1 w", 8, [(0, 0.5, 0, None), (7, 0.5, 0, None)]),
        ("100 mg into csf q28d", 29, [(0, 100, 0, "csf"), (28, 100, 0, "csf")]),
        ("100 mg over 6h once", 1, [(0, 100, 0.25, None)]),
        ("100 mg over 6h into CSF once", 1, [(0, 100, 0.25, "csf")]),
        ("100 mg into csf_2 over 6 h once", 1, [(0, 100, 0.25, "csf_2")]),
        ("1 mg q1d x2,then 2 mg q2d x1", 9, [(0, 1, 0, None), (1, 1, 0, None), (3, 2, 0, None)]),
        ("1 mg q1d x2 , THEN 2 mg q2d", 5, [(0, 1, 0, None), (1, 1, 0, None), (3, 2, 0, None)]),
        ("1 mg once then 2 mg q28d", 29, [(0, 1, 0, None), (28, 2, 0, None)]),
        ("1 mg once then pause 28d then 50 mg once", 99, [(0, 1, 0, None), (28, 50, 0, None)]),
        (
            "1 mg q14d x2, then pause 4w, then 2 mg q1d x2",
            99,
            [(0, 1, 0, None), (14, 1, 0, None), (42, 2, 0, None), (43, 2, 0, None)],
        ),
    ],
)
def test_a_good_sentence_gives_its_doses(text, until_d, expected):
    doses = read_sentence(text).doses(until_d)
    assert [(d.time_d, d.amount_mg, d.duration_d, d.into) for d in doses] == expected


def test_a_pause_is_counted_from_the_last_dose_and_replaces_the_first_interval():
    """The definition at the top of the module: not 14 + 28 + 14 days."""
    assert days("1 mg q14d x2 then pause 28d then 1 mg q14d x2") == [0, 14, 42, 56]


def test_a_pause_may_be_shorter_than_the_interval_after_it():
    assert days("1 mg once then pause 1d then 1 mg q28d x2") == [0, 1, 29]


def test_a_dose_on_the_last_day_is_left_out():
    """A value at a dose time is read before the dose (STYLE, Units): it would change nothing."""
    assert days(TOFERSEN, 56) == [0, 14, 28]
    assert days(TOFERSEN, math.nextafter(56, 57)) == [0, 14, 28, 56]
    assert days(TOFERSEN, 0) == days(TOFERSEN, -1) == []


@pytest.mark.parametrize(("every_h", "each_day"), [(12, 2), (8, 3), (1, 24)])
def test_hours_meet_whole_days_exactly(every_h, each_day):
    """Every eighth hour adds up to days without a rounding error, also after a year of them."""
    times_d = days(f"1 mg q{every_h}h", 400)
    assert times_d[::each_day] == list(range(400))


def test_a_decimal_interval_is_that_decimal():
    """Three times 0.1 is 0.30000000000000004 in floats; the nearest float to 0.3 is 0.3."""
    assert days("1 mg q0.1d", 0.35) == [0, 0.1, 0.2, 0.3]


def test_the_text_is_kept_without_extra_blanks():
    assert read_sentence("  100 mg\tq28d \n x3 ").text == "100 mg q28d x3"


def test_a_phase_says_what_was_read():
    first, second = read_sentence("100 mg q12h x3 then pause 2w then 50 mg over 6h q1d").phases
    half_day, day = Fraction(1, 2), Fraction(1)
    assert first == Phase(amount_mg=100, wait_d=Fraction(0), interval_d=half_day, count=3)
    assert second == Phase(
        amount_mg=50, duration_d=0.25, wait_d=Fraction(14), interval_d=day, count=None
    )


@pytest.mark.parametrize(
    ("text", "character", "expected", "found", "do"),
    [
        ("", 1, "an amount such as '100 mg'", "nothing", "Write it as in '100 mg q14d x3"),
        ("   ", 4, "an amount", "nothing", "Write it as in"),
        ("mg 100 once", 1, "an amount", "'mg'", "Write it as in"),
        ("-5 mg once", 1, "an amount", "'-5'", "Write it as in"),
        ("１ mg once", 1, "an amount", "'１'", "Write it as in"),
        ("\x00", 1, "an amount", r"'\x00'", "Write it as in"),
        ("0 mg once", 1, "above 0 and at most 1000000 mg", "'0'", "Leave out a dose"),
        ("1000000.1 mg once", 1, "above 0 and at most 1000000 mg", "'1000000.1'", "Leave out"),
        ("0,5 mg once", 1, "an amount", "'0,5'", "Write decimals with a point"),
        ("1,000 mg once", 1, "an amount", "'1,000'", "thousands without a mark: 0.5, 1000"),
        ("1e3 mg once", 2, "'mg' after the amount", "'e3'", "Write the number out"),
        ("100 mgg q28d", 5, "'mg' after the amount", "'mgg'", "Did you mean 'mg'?"),
        ("100 q28d", 5, "'mg' after the amount", "'q28d'", "Write it as in"),
        ("1 g once", 3, "'mg'", "'g'", "1 g is 1000 mg"),
        ("1 µg once", 3, "'mg'", "'µg'", "1000 µg is 1 mg"),
        ("100 mg", 7, "'once', or 'q' and an interval", "nothing", "Write it as in"),
        ("100 mg every 28 d", 8, "'once', or 'q'", "'every'", "Write 'q', as in 'q28d'"),
        ("100 mg daily", 8, "'once', or 'q'", "'daily'", "Write 'q1d'"),
        ("100 mg monthly", 8, "'once', or 'q'", "'monthly'", "a month has no fixed length"),
        ("100 mg onec", 8, "'once', or 'q'", "'onec'", "Did you mean 'once'?"),
        ("100 mg x3 q14d", 8, "'once', or 'q'", "'x3'", "Write it as in '100 mg q14d x3"),
        ("1 mg over 1h over 2h once", 14, "'once', or 'q'", "'over'", "Say it once for each"),
        ("1 mg into csf into cns once", 15, "'once', or 'q'", "'into'", "Say it once for each"),
        ("1 mg ovr 1h once", 6, "'once', or 'q'", "'ovr'", "Did you mean 'over'?"),
        ("1 mg into q28d", 11, "the name of a compartment", "'q28d'", "as in 'into csf'"),
        ("1 mg into once", 11, "the name of a compartment", "'once'", "as in 'into csf'"),
        ("1 mg into 28", 11, "the name of a compartment", "'28'", "as in 'into csf'"),
        ("100 mg q28 days", 12, "'h', 'd' or 'w'", "'days'", "Write 'd'."),
        ("100 mg q4wk", 10, "'h', 'd' or 'w'", "'wk'", "Write 'w'."),
        ("100 mg over 3 min once", 15, "'h', 'd' or 'w'", "'min'", "30 minutes are 0.5h"),
        ("100 mg q1 month", 11, "'h', 'd' or 'w'", "'month'", "Write '28d' or '4w'"),
        ("100 mg q14dx3", 11, "'h', 'd' or 'w'", "'dx3'", "Write a blank before 'x'."),
        ("100 mg q28", 11, "'h', 'd' or 'w'", "nothing", "Write h for hours, d for days or w"),
        ("100 mg q d", 10, "a duration such as '28d' after 'q'", "'d'", "Write it as in"),
        ("100 mg q1,5d", 9, "a duration such as '28d'", "'1,5d'", "decimals with a point"),
        ("100 mg q0d", 9, "after 'q' from 0.001h to 36525d", "'0d'", "inside these bounds"),
        ("100 mg q36526d", 9, "from 0.001h to 36525d", "'36526d'", "inside these bounds"),
        ("100 mg over 0h once", 13, "after 'over' from 0.001h", "'0h'", "A bolus has no 'over'"),
        ("1 mg q28d x0", 12, "a whole number of doses from 1 to 10000", "'0'", "as 'x3'"),
        ("1 mg q28d x10001", 12, "a whole number of doses", "'10001'", "as 'x3'"),
        ("1 mg q28d x3.5", 12, "a whole number of doses", "'3.5'", "as 'x3'"),
        ("1 mg q28d x", 12, "a whole number of doses", "nothing", "as 'x3'"),
        ("1 mg q28d 3x", 11, "'then' or the end", "'3x'", "Write the count as 'x3'"),
        ("1 mg q28d ×3", 11, "'then' or the end", "'×3'", "Write the count as 'x3'"),
        ("1 mg q28d 3 doses", 11, "'then' or the end", "'3'", "Write the count as 'x3'"),
        ("1 mg q28d x3 x4", 14, "'then' or the end", "'x4'", "Write it as in"),
        ("1 mg once x3", 11, "'then' or the end", "'x3'", "Write it as in"),
        ("1 mg q28d x3 than 1 mg q1d", 14, "'then' or the end", "'than'", "Did you mean 'then'?"),
        ("1 mg q28d x3, 1 mg q1d", 15, "'then' after the comma", "'1'", "Write it as in"),
        ("1 mg q28d x3,", 14, "'then' after the comma", "nothing", "Write it as in"),
        ("1 mg q28d x3 then", 18, "an amount", "nothing", "Write it as in"),
        (
            "1 mg q14d then 1 mg q28d", 11, "a count before 'then'", "'then'",
            "say how many doses come first, as in 'q14d x3 then'",
        ),
        ("1 mg q14d, then pause 1d", 10, "a count before 'then'", "','", "goes on until the end"),
        (
            "1 mg q14d x3 then 50 mg once", 25, "a time for this dose", "'once'",
            "'then pause 28d then 50 mg once'",
        ),
        ("pause 28d then 1 mg once", 1, "an amount", "'pause'", "day 0 is the first dose"),
        ("1 mg once then pause 28d", 25, "a phase after the pause", "nothing", "leave the pause"),
        (
            "1 mg once then pause 1d then pause 2d then 1 mg once", 30, "an amount", "'pause'",
            "Add the two pauses up into one",
        ),
        ("1 mg once then paus 1d", 16, "an amount", "'paus'", "Did you mean 'pause'?"),
        ("1 mg once then pause 1 year", 24, "'h', 'd' or 'w'", "'year'", "no fixed length"),
    ],
)  # fmt: skip
def test_a_bad_sentence_is_refused_where_it_goes_wrong(text, character, expected, found, do):
    """STYLE, rule 1: what was found and where, what is expected, what to do."""
    message = refused(text)
    place, rest = message.split(": expected ", 1)
    assert place == f"regimen, character {character}"
    wanted, rest = rest.split(f", found {found}. ", 1)
    assert expected in wanted
    assert do in rest and rest[-1] in ".?"


def test_a_sentence_of_more_than_500_characters_is_refused_unread():
    blanks = " " * (LONGEST_TEXT - len("1 mg once"))
    assert days(f"1 mg once{blanks}") == [0]
    assert "a sentence of 501 characters; expected at most 500" in refused(f"1 mg once {blanks}")


def test_a_long_word_is_not_shown_in_full():
    assert len(refused("100 " + "m" * 400)) < 250


@pytest.mark.parametrize("digits", ["9" * 480, "0." + "0" * 470 + "1", "." + "9" * 480])
def test_a_number_of_hundreds_of_digits_is_refused_or_read(digits):
    for text in (f"{digits} mg once", f"1 mg q{digits}d", f"1 mg q1d x{digits}"):
        try:
            read_sentence(text).doses(100)
        except SentenceError as error:
            assert len(str(error)) < 300


def test_a_hundred_thousand_doses_are_planned_and_one_more_is_refused():
    sentence = read_sentence("1 mg q0.001h")
    last_d = 100_000 / 24_000
    assert len(sentence.doses(last_d)) == 100_000
    with pytest.raises(SentenceError, match=r"gives more than 100000 doses before day 10; .*earl"):
        sentence.doses(10)
    with pytest.raises(SentenceError, match="more than 100000 doses before day inf"):
        read_sentence(TOFERSEN).doses(math.inf)


def test_a_sentence_with_an_end_may_be_asked_for_all_of_it():
    assert days("100 mg q14d x3", math.inf) == [0, 14, 28]


def test_doses_until_no_day_are_refused():
    with pytest.raises(SentenceError, match="until no day"):
        read_sentence(TOFERSEN).doses(math.nan)


def test_a_refused_sentence_is_a_refusal_of_thecal():
    """The command line turns a ThecalError into one message and exit code 2."""
    assert issubclass(SentenceError, ThecalError)


def test_reading_a_sentence_needs_no_numpy():
    """STYLE, One direction: the clinic side does not load the mathematics."""
    code = "import sys, thecal.regimen.sentence; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# Random sentences, written out by hand here and read back there.

HOURS = {"h": Fraction(1), "d": Fraction(24), "w": Fraction(168)}
NAMES = st.sampled_from(["csf", "cns", "plasma", "tissue", "csf_2", "_x"])


@st.composite
def durations(draw) -> tuple[str, Fraction]:
    """A duration as it is typed and in exact days."""
    hundredths, unit = draw(st.integers(1, 9999)), draw(st.sampled_from("hdw"))
    number = Fraction(hundredths, 100)
    return f"{hundredths / 100}{draw(BLANKS)}{unit}", number * HOURS[unit] / 24


BLANKS = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def sentences(draw, most_phases: int = 5) -> tuple[str, tuple[Phase, ...]]:
    """A sentence as it is typed, with the phases it means."""
    n = draw(st.integers(1, most_phases))
    text, phases = "", []
    for i in range(n):
        wait_d = Fraction(0) if i == 0 else None
        if i:
            text += draw(st.sampled_from([" then ", ", then ", ",then "]))
            if draw(st.booleans()):
                typed, wait_d = draw(durations())
                text += f"pause {typed} then "
        amount_mg = draw(st.integers(1, 10**8)) / 100
        text += f"{amount_mg}{draw(BLANKS)}mg"
        duration_d, into = Fraction(0), None
        if draw(st.booleans()):
            typed, duration_d = draw(durations())
            text += f" over {typed}"
        if draw(st.booleans()):
            into = draw(NAMES)
            text += f" into {into}"
        if wait_d is not None and draw(st.booleans()):
            text += " once"
            interval_d, count = Fraction(0), 1
        else:
            typed, interval_d = draw(durations())
            text += f" q{draw(BLANKS)}{typed}"
            count = None if i == n - 1 and draw(st.booleans()) else draw(st.integers(1, 40))
            if count:
                text += f" x{draw(BLANKS)}{count}"
        phases.append(
            Phase(
                amount_mg=amount_mg,
                duration_d=float(duration_d),
                wait_d=interval_d if wait_d is None else wait_d,
                interval_d=interval_d,
                count=count,
                into=into,
            )
        )
    return draw(st.sampled_from([text, text.upper(), text.title()])), tuple(phases)


@given(sentences())
def test_a_sentence_written_out_reads_back_the_same(written):
    text, phases = written
    assert read_sentence(text).phases == phases


@given(sentences(), st.floats(0, 200))
def test_doses_come_one_after_the_other_from_day_0(written, until_d):
    times_d = days(written[0], until_d)
    assert times_d[:1] == ([0] if until_d > 0 else [])
    assert all(a < b for a, b in pairwise(times_d))
    assert all(time_d < until_d for time_d in times_d)


@given(sentences(), st.floats(-1, 30), st.floats(-1, 30))  # q0.01h for 30 days is 72,000 doses
def test_asking_for_longer_only_adds_doses_at_the_end(written, one_d, other_d):
    """A forecast that looks further must not move what it said before."""
    sentence = read_sentence(written[0])
    early, late = (sentence.doses(day) for day in sorted((one_d, other_d)))
    assert late[: len(early)] == early
    assert all(dose.time_d >= min(one_d, other_d) for dose in late[len(early) :])


@given(sentences())
def test_a_sentence_with_an_end_gives_every_dose_it_counts(written):
    """A second witness: the times added up one by one, rounded at the end."""
    text, phases = written
    if phases[-1].count is None:
        return
    expected, now_d = [], Fraction(0)
    for phase in phases:
        for number in range(phase.count):
            now_d += phase.interval_d if number else phase.wait_d
            expected.append(
                PlannedDose(
                    time_d=float(now_d),
                    amount_mg=phase.amount_mg,
                    duration_d=phase.duration_d,
                    into=phase.into,
                )
            )
    assert list(read_sentence(text).doses(math.inf)) == expected


PIECES = st.sampled_from(
    "100 0.5 mg q 28d 12h x3 x then once pause over into csf , then every 4 w - . é × \x00".split(
        " "
    )
)


@given(
    st.one_of(
        st.text(),
        st.lists(PIECES, max_size=25).map(" ".join),
        sentences().map(lambda written: written[0]),
    )
)
@example("İ" * 3)
@example("1 mg q28d x3 then ſ")
def test_any_text_is_a_regimen_or_is_refused(text):
    try:
        sentence = read_sentence(text)
    except SentenceError as error:
        assert str(error).startswith("regimen") and "expected" in str(error)
    else:
        assert sentence.doses(1)[0].time_d == 0


@given(sentences(), st.data())
def test_a_sentence_cut_or_mistyped_is_a_regimen_or_is_refused(written, data):
    text = written[0]
    at = data.draw(st.integers(0, len(text)))
    for other in (text[:at], text[:at] + data.draw(st.characters()) + text[at + 1 :]):
        try:
            read_sentence(other).doses(1)
        except SentenceError as error:
            assert "expected" in str(error)
