"""A regimen given to virtual people: whose it is, when values are read, what is summed up."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.errors import ModelError, SentenceError, ThecalError
from thecal.label.catalog import load_label
from thecal.model.modelfile import load_population
from thecal.model.reduce import Each, Kept
from thecal.model.simulate import simulate
from thecal.plan.virtual import PROBABILITIES, ask, label_sentence, simulate_virtual
from thecal.regimen.regimen import Interval, Phase, Regimen, Rule, from_label
from thecal.regimen.sentence import read_duration_d
from thecal.regimen.walk import slots_ahead
from thecal.source import Source

US = from_label(load_label("tofersen", "us"))
TOFERSEN = load_population("tofersen")
LABEL_TEXT = "100 mg q14d x3 then 100 mg q28d"


def asked(regimen=US, **options):
    return ask(TOFERSEN, regimen, **{"n": 3, "until_d": 364.0, "label": US, **options})


# -- whose regimen


@pytest.mark.published
def test_the_us_label_as_a_sentence_has_three_loading_doses_and_one_every_28_days():
    """Qalsody US prescribing information, 2.1: 100 mg; loading 14 days apart, then every 28."""
    assert label_sentence(US) == LABEL_TEXT


def test_the_doses_of_the_sentence_fall_due_when_the_label_has_them_due():
    """The schedule of one person who is never late is the other way to the same days."""
    due_d = [0, *(slot.due_d for slot in slots_ahead(US, [0], 13, None))]
    assert [dose.time_d for dose in asked().doses] == due_d
    assert {dose.amount_mg for dose in asked().doses} == {US.amount_mg}


@pytest.mark.parametrize(
    "text",
    [
        LABEL_TEXT.upper(),
        "100 mg q2w x3 then 100 mg into csf q672h",
        "100 mg q14d x2 then 100 mg q14d x1 then 100 mg q28d",
    ],
)
def test_a_typed_regimen_of_the_same_doses_is_as_the_label_and_still_typed(text):
    found = asked(text)
    assert (found.is_typed, found.is_as_label) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        "100 mg q28d",
        "99 mg q14d x3 then 100 mg q28d",
        "100 mg over 1h q14d x3 then 100 mg q28d",
        "100 mg into cns q14d x3 then 100 mg q28d",
        "100 mg q14d x3 then 100 mg q28d x9",
    ],
)
def test_one_dose_that_is_not_the_labels_makes_a_regimen_differ(text):
    assert asked(text).is_as_label is False


def test_regimens_are_compared_until_the_last_day_only():
    """Every 14 days gives 0, 14, 28, 42; the label 0, 14, 28, 56: apart from the dose of day 42."""
    assert asked("100 mg q14d", until_d=42.0).is_as_label is True
    assert asked("100 mg q14d", until_d=42.5).is_as_label is False


def test_without_a_label_that_was_read_nothing_is_compared():
    assert asked(LABEL_TEXT, label=None).is_as_label is None


def test_a_label_that_counts_in_calendar_months_is_no_sentence():
    source = Source(document="d", section="1", version="1", jurisdiction="us")
    rule = Rule("every four months", source)
    phase = Phase(name="maintenance", doses=None, interval=Interval(months=4), rule=rule)
    regimen = Regimen(
        medicine="m", amount_mg=12, route="intrathecal", phases=(phase,), source=source
    )
    with pytest.raises(ModelError, match="calendar months; give a regimen in days"):
        label_sentence(regimen)


# -- what is asked for


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"outputs": ("cfs",)}, "Did you mean 'csf'?"),
        ({"outputs": ("csf", "nfl", "csf")}, "'csf' is asked for twice"),
        ({"every_d": 400.0}, "every 400 d until day 364"),
        ({"every_d": 0.0}, "expected a distance above 0"),
        ({"every_d": float("nan")}, "expected a distance above 0"),
        ({"until_d": float("inf")}, "until day inf"),
        ({"every_d": 0.001}, "keep values further apart"),
        ({"regimen": "100 mg into cfs once"}, "the compartments are csf, cns"),
        ({"regimen": "100 mg fortnightly"}, "character 8"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_the_work_starts(options, words):
    with pytest.raises((ModelError, SentenceError)) as refusal:
        asked(**options)
    assert words in str(refusal.value)


@settings(max_examples=40)
@given(
    until=st.integers(1, 2_000),
    every=st.integers(1, 2_000),
    unit=st.sampled_from([Fraction(1), Fraction(1, 24), Fraction(1, 10), Fraction(7)]),
)
def test_values_are_kept_from_day_0_to_the_last_day_never_further_apart_than_asked(
    until, every, unit
):
    every = min(every, until)
    days = asked(until_d=float(until * unit), every_d=float(every * unit)).times_d
    exact = [float(k * every * unit) for k in range(until // every + 1)]
    assert days[: len(exact)].tolist() == exact  # rounded once, as the times of doses are
    assert days[0] == 0 and days[-1] == float(until * unit)
    assert (np.diff(days) > 0).all() and len(days) - len(exact) <= 1


def test_a_value_on_the_day_of_a_dose_is_the_trough_however_close_values_are():
    """140 times 0.1 is 14.000000000000002, after the dose: sums of rounded days would show it."""
    coarse = simulate_virtual(asked(until_d=15.0, every_d=7.0, outputs=("csf",)))
    fine = simulate_virtual(asked(until_d=15.0, every_d=0.1, outputs=("csf",)))
    trough = coarse.percentiles[1, 2, 0]
    assert fine.percentiles[1, 140, 0] == pytest.approx(trough, rel=5e-3)  # twice the buckets
    assert fine.percentiles[1, 141, 0] > 100 * trough


@pytest.mark.parametrize(
    ("text", "days"),
    [("364d", 364), ("52w", 364), ("364", 364), ("36h", 1.5), (" 0.5 D ", 0.5), ("0.1", 0.1)],
)
def test_a_duration_is_read_in_hours_days_and_weeks_and_a_plain_number_is_days(text, days):
    assert read_duration_d(text) == days


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found"),
        ("d", "'364d'"),
        ("1y", "a year has no fixed length"),
        ("2 months", "a month has no fixed length"),
        ("-7", "'364d'"),
        ("1e3", "'364d'"),
        ("7d 8h", "'364d'"),
        ("0", "from 0.001h"),
        ("99999999w", "36525d"),
        ("٣", "'364d'"),
    ],
)
def test_what_is_no_duration_is_refused(text, words):
    with pytest.raises(ThecalError) as refusal:
        read_duration_d(text)
    assert words in str(refusal.value) or not text
    assert "expected a duration" in str(refusal.value)


# -- what is summed up


def test_the_summary_is_that_of_the_same_people_simulated_and_kept_whole():
    """NumPy's own mean, SD and quantiles of what `simulate` returns are the other way."""
    question = asked(n=300, until_d=84.0, seed=7)
    found = simulate_virtual(question)
    people = TOFERSEN.draw(300, 7, uncertain=True)
    values = simulate(TOFERSEN, question.dosing, question.times_d, people=people).values
    # Sums are added in another order: 1e-12. Quantiles are found to 2⁻⁹ + 2⁻²³ each.
    np.testing.assert_allclose(found.moments.mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.moments.sd, values.std(axis=0, ddof=1), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        found.percentiles, np.quantile(values, PROBABILITIES, axis=0), rtol=2.1e-3
    )


def test_everybody_written_is_everybody_summed_up_in_order():
    kept = Kept(5)
    found = simulate_virtual(asked(n=5, outputs=("nfl", "csf")), write=kept)
    values = kept.result()
    assert values.shape == (5, 53, 2)
    np.testing.assert_allclose(found.moments.mean, values.mean(axis=0), rtol=1e-12)
    assert [output.name for output in found.cohort.outputs] == ["nfl", "csf"]


def test_single_precision_is_written_as_such_and_agrees_to_its_digits():
    kept = Kept(20)
    question = asked(n=20, until_d=84.0)
    single = simulate_virtual(question, dtype=np.float32, write=kept)
    double = simulate_virtual(question)
    assert kept.result().dtype == np.float32
    np.testing.assert_allclose(single.moments.mean, double.moments.mean, rtol=1e-4, atol=1e-7)


def test_a_stop_leaves_a_summary_of_the_people_written_and_of_no_others():
    """Stopped after the second chunk of 4096: moments, percentiles and file hold the same."""
    written = Each(np.copy)

    def stop(done: int) -> None:
        if done >= 8192:
            raise KeyboardInterrupt

    found = simulate_virtual(
        asked(n=20_000, until_d=28.0, outputs=("csf",)),
        write=written,
        progress=stop,
        backend="numpy",
    )
    values = np.concatenate(written.result())
    assert (found.cohort.done, len(values), found.moments.n) == (8192, 8192, 8192)
    assert not found.is_complete
    np.testing.assert_allclose(found.moments.mean, values.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        found.percentiles, np.quantile(values, PROBABILITIES, axis=0), rtol=2.1e-3
    )


def test_high_accuracy_changes_effects_by_little_and_kinetics_not_at_all():
    question = asked(n=3, until_d=84.0, outputs=("csf", "nfl"))
    usual, high = simulate_virtual(question), simulate_virtual(question, accuracy="high")
    assert (usual.moments.mean[:, 1] != high.moments.mean[:, 1]).any()
    np.testing.assert_allclose(usual.moments.mean, high.moments.mean, rtol=1e-4)
