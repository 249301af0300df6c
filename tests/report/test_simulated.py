"""A virtual population as words, tables and pictures: the right numbers, and what they are not."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.label.catalog import load_label
from thecal.model.modelfile import load_population
from thecal.model.structure import Output
from thecal.plan.answer import DISCLAIMER
from thecal.plan.virtual import VIRTUAL_CAVEAT, ask, simulate_virtual
from thecal.regimen.regimen import from_label
from thecal.report.figures import virtual, virtual_alternative, write_picture
from thecal.report.tables import days_shown, simulated, three_digits
from thecal.report.terminal import simulate_text
from thecal.report.words import origin_words

US = from_label(load_label("tofersen", "us"))
TOFERSEN = load_population("tofersen")


def asked(regimen=US, **options):
    return ask(TOFERSEN, regimen, **{"n": 40, "until_d": 364.0, "label": US, **options})


@pytest.fixture(scope="module")
def people():
    return simulate_virtual(asked())


def flat(words: str) -> str:
    return " ".join(words.split())


# -- tables


def test_the_days_shown_for_the_label_are_the_end_of_loading_and_troughs_near_each_quarter():
    """Quarter points of 364 are 91, 182 and 273; troughs are 28 days apart: 84, 168 and 280."""
    question = asked()
    assert [question.times_d[i] for i in days_shown(question)] == [0, 28, 84, 168, 280, 364]


@settings(max_examples=25)
@given(
    until_d=st.integers(1, 400),
    every_d=st.sampled_from([0.5, 1.0, 7.0, 10.0, 28.0]),
    text=st.sampled_from(
        ["100 mg once", "60 mg q28d x4 then 40 mg q84d", "1 mg q1d x9 then 2 mg q9h"]
    ),
)
def test_days_shown_are_a_handful_begin_at_0_end_at_the_end_and_are_troughs_if_there_are_any(
    until_d, every_d, text
):
    question = asked(text, until_d=float(until_d), every_d=min(every_d, float(until_d)))
    shown = days_shown(question)
    days = question.times_d[list(shown)].tolist()
    assert days[0] == 0 and days[-1] == until_d and days == sorted(set(days))
    assert 2 <= len(days) <= 8
    troughs = {dose.time_d for dose in question.doses[1:]} & set(question.times_d.tolist())
    assert not troughs or set(days[1:-1]) <= troughs


@given(st.floats(1e-3, 1e12))
def test_three_digits_are_within_half_a_unit_of_the_third_and_never_in_powers_of_ten(value):
    words = three_digits(value)
    assert "e" not in words
    assert abs(float(words) - value) <= 0.5000001 * 10.0 ** (math.floor(math.log10(value)) - 2)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.9996, "1.00"), (21.04, "21.0"), (999.6, "1000"), (12345, "12345"),
     (0.00123, "0.00123"), (-0.0456, "-0.0456"), (2e-7, "2.00e-07")],
)  # fmt: skip
def test_a_number_is_shown_with_three_digits(value, words):
    assert three_digits(value) == words


def test_a_table_shows_concentrations_in_ng_per_ml_and_the_rest_as_it_is(people):
    """mg/L times 1000 is ng/mL."""
    tables = simulated(people)
    names = [name for table in tables for name in table.head[1:]]
    assert names[0] == "CSF drug, ng/mL" and "ALSFRS-R, points" in names
    outputs = [output.name for output in people.cohort.outputs]
    assert len(names) == len(outputs)
    at = days_shown(people.asked)[-1]
    for table in tables:
        assert table.rows[-1][0] == "364"
    cells = [cell for table in tables for cell in table.rows[-1][1:]]
    for name, scale in (("csf", 1000), ("alsfrs_r", 1), ("survival", 1)):
        i = outputs.index(name)
        low, median, high = (three_digits(v) for v in people.percentiles[:, at, i] * scale)
        assert cells[i] == f"{median} ({low}–{high})"


def test_one_person_has_values_and_no_percentiles():
    (table,) = simulated(simulate_virtual(asked(n=1, outputs=("csf",))))
    assert "percentile" not in table.title
    assert all("(" not in row[1] for row in table.rows)


def test_the_text_says_what_it_is_and_what_it_is_not(people):
    words = flat(simulate_text(people))
    assert words.startswith("tofersen · 40 virtual people · seed 1 Regimen 100 mg q14d x3 then")
    assert "14 doses before day 364" in words and "section 2.1" in words
    assert people.cohort.solved in words and TOFERSEN.about in words
    assert words.endswith(f"{VIRTUAL_CAVEAT} {DISCLAIMER}")


def test_no_line_of_the_text_is_wider_than_a_terminal_of_100(people):
    assert max(map(len, simulate_text(people).splitlines())) <= 100


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (asked(), "the US label's, Qalsody"),
        (asked("100 mg q2w x3 then 100 mg q4w"), "typed, not a label's; until day 364 the same"),
        (asked("100 mg q28d"), "typed, not a label's; it DIFFERS from the US label"),
        (asked("100 mg q28d", label=None), "typed, not a label's; no regimen was read"),
    ],
)
def test_it_is_said_whose_regimen_it_is_and_whether_it_is_the_labels(question, words):
    assert origin_words(question).startswith(words)


# -- picture


def band(view):
    return view["data"]["values"]


def test_the_picture_draws_the_percentiles_of_each_output_over_one_time_axis(people):
    doses, *panels = virtual(people)["vconcat"]
    assert len(panels) == len(people.cohort.outputs) == len(TOFERSEN.model.outputs)
    spans = {
        tuple(row["day"] for row in layer["data"]["values"])
        for view in (doses, *panels)
        for layer in view["layer"]
        if layer["mark"] == {"type": "rule", "opacity": 0}
    }
    assert len(spans) == 1
    for i, (view, output) in enumerate(zip(panels, people.cohort.outputs, strict=True)):
        scale = 1000 if output.name in ("csf", "plasma") else 1
        last = band(view)[-1]
        low, median, high = people.percentiles[:, -1, i] * scale
        assert last["day"] == 364
        # Rows are rounded to four digits.
        np.testing.assert_allclose(
            [last["lo"], last["median"], last["hi"]], [low, median, high], rtol=5e-4
        )
        assert view["layer"][0]["encoding"]["y"]["title"]


def test_every_dose_is_drawn(people):
    rows = virtual(people)["vconcat"][0]["layer"][1]["data"]["values"]
    assert [row["day"] for row in rows] == [dose.time_d for dose in people.asked.doses]


def test_a_log_axis_reaches_below_the_band_and_an_effect_starts_at_0(people):
    _, csf, _, mrna, *_ = virtual(people)["vconcat"]
    least = min(row["lo"] for row in band(csf))
    scale = csf["layer"][0]["encoding"]["y"]["scale"]
    assert scale["type"] == "log" and scale["domain"][0] <= least
    assert mrna["layer"][0]["encoding"]["y"]["scale"]["domain"][0] == 0


def test_the_picture_has_words_for_a_reader_who_does_not_see_it(people):
    words = virtual_alternative(people)
    assert virtual(people)["description"] == words
    assert "40 virtual people on tofersen, 100 mg q14d x3 then 100 mg q28d. 14 doses" in words
    median = people.percentiles[1, -1, 0] * 1000
    assert f"Drug in CSF on day 364: median {median:.3g}" in words


def test_the_picture_says_whose_regimen_it_is_and_what_it_is_not(tmp_path):
    found = simulate_virtual(asked("60 mg q28d", n=1, outputs=("csf",)))
    write_picture(virtual(found), tmp_path / "a.svg")
    texts = ET.parse(tmp_path / "a.svg").getroot().iter("{http://www.w3.org/2000/svg}tspan")
    words = flat(" ".join(line.text or "" for line in texts))
    assert "it DIFFERS from the US label" in words and "Line: the one person." in words
    assert VIRTUAL_CAVEAT in words and DISCLAIMER in words
    write_picture(virtual(found), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_no_line_under_the_title_is_longer_than_the_picture_is_wide(people):
    """118 characters of 12 px system font fill about 700 px of the 680 and the axis."""
    assert max(map(len, virtual(people)["title"]["subtitle"])) <= 118


def test_an_output_that_thecal_does_not_know_is_shown_by_its_own_name_and_unit(people):
    from dataclasses import replace

    cohort = replace(
        people.cohort, outputs=(Output("x", "mg/L", "drug in muscle", ""), Output("y", "U/L"))
    )
    other = replace(people, cohort=cohort, percentiles=people.percentiles[:, :, :2])
    (table,) = simulated(other)
    assert table.head == ("day", "drug in muscle, ng/mL", "y, U/L")
    assert [view["title"] for view in virtual(other)["vconcat"]] == ["Doses", "drug in muscle", "y"]
