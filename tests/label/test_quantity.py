"""Numbers with units, as people print them: what is read is what stands there."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.label.monograph import read_monograph
from thecal.label.quantity import Quantity, in_unit, number, quantities


def read(text: str) -> list[tuple[float | tuple[float, float], str]]:
    """The quantities of a text, as the reader of a page meets it: plain signs, lower case."""
    page = read_monograph(text.encode(), "test")
    return [(q.value, q.unit) for q in quantities(page.text.lower())]


def only(text: str) -> Quantity:
    (found,) = quantities(text.lower())
    return found


# -- one number


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("100 mg", 100, "mg"),
        ("100mg", 100, "mg"),
        ("100-mg", 100, "mg"),
        ("100 MG", 100, "mg"),
        ("100\u00a0mg", 100, "mg"),
        ("100\u202fmg", 100, "mg"),
        ("one hundred mg", 100, "mg"),
        ("a hundred milligrams", 100, "mg"),
        ("twelve milligrammes", 12, "mg"),
        ("1,000 mg", 1000, "mg"),
        ("1 000 mg", 1000, "mg"),
        ("10 µg", 10, "mcg"),  # micro sign
        ("10 μg", 10, "mcg"),  # Greek letter
        ("10 micrograms", 10, "mcg"),
        ("2 g", 2, "g"),
        ("15 ml", 15, "mL"),
        ("15 cc", 15, "mL"),
        ("15 millilitres", 15, "mL"),
        ("0.5 liters", 0.5, "l"),
        ("6.7 mg/mL", 6.7, "mg/mL"),
        ("6.7 mg / ml", 6.7, "mg/mL"),
        ("6.7 mg per mL", 6.7, "mg/mL"),
        ("6.7 milligrams per millilitre", 6.7, "mg/mL"),
        ("6,7 mg/ml", 6.7, "mg/mL"),
        ("0.0067 g/mL", 0.0067, "g/mL"),
        ("5 mg/kg", 5, "mg/kg"),
        ("28 days", 28, "d"),
        ("28-day", 28, "d"),
        ("28d", 28, "d"),
        ("q28d", 28, "d"),
        ("q 28 d", 28, "d"),
        ("q4w", 4, "weeks"),
        ("four (4) weeks", 4, "weeks"),
        ("twenty-eight days", 28, "d"),
        ("twenty eight (28) days", 28, "d"),
        ("one day", 1, "d"),
        ("a fortnight", 14, "d"),
        ("two fortnights", 28, "d"),
        ("4 months", 4, "month"),
        ("4 mo", 4, "month"),
        ("18 years", 18, "years"),
        ("36 h", 36, "h"),
        ("36 hrs", 36, "h"),
        ("an hour", 1, "h"),
        ("half an hour", 0.5, "h"),
        ("1/2 hour", 0.5, "h"),
        ("½ hour", 0.5, "h"),
        ("1½ hours", 1.5, "h"),
        ("90 mins", 90, "min"),
        ("10 seconds", 10, "s"),
        ("25 °C", 25, "C"),
        ("25°C", 25, "C"),
        ("25 º C", 25, "C"),
        ("25 ℃", 25, "C"),
        ("25 degrees Celsius", 25, "C"),
        ("25 degrees C", 25, "C"),
        ("86 °F", 86, "F"),
        ("86 degrees Fahrenheit", 86, "F"),
        ("-20 °C", -20, "C"),
        ("at \u221220 °C", -20, "C"),  # minus sign
        ("(-20 °C)", -20, "C"),
        ("42%", 42, "%"),
        ("42 %", 42, "%"),
        ("42 percent", 42, "%"),
        ("42 per cent", 42, "%"),
        ("6.8 %", 6.8, "%"),
        ("three doses", 3, "doses"),
        ("3 loading doses", 3, "doses"),
        ("six patients", 6, "patients"),
        ("147 people", 147, "patients"),
    ],
)
def test_a_number_and_its_unit_are_read(text: str, value: float, unit: str) -> None:
    assert read(f"It is {text}, we think.") == [(value, unit)]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("1-3 min", 1, 3, "min"),
        ("1\u20133 min", 1, 3, "min"),  # en dash
        ("1 \u2013 3 min", 1, 3, "min"),
        ("1\u20143 min", 1, 3, "min"),  # em dash
        ("1\u20103 min", 1, 3, "min"),  # hyphen
        ("1\u20113 min", 1, 3, "min"),  # hyphen that does not break
        ("1 to 3 minutes", 1, 3, "min"),
        ("one to three minutes", 1, 3, "min"),
        ("between 1 and 3 minutes", 1, 3, "min"),
        ("1 min to 3 min", 1, 3, "min"),
        ("2 to 8 °C", 2, 8, "C"),
        ("2-8°C", 2, 8, "C"),
        ("2°-8°C", 2, 8, "C"),
        ("2 °C to 8 °C", 2, 8, "C"),
        ("2 °C and 8 °C", 2, 8, "C"),
        ("2 and 8 °C", 2, 8, "C"),
        ("36 °F to 46 °F", 36, 46, "F"),
        ("8 to less than 16 months", 8, 16, "month"),
        ("6 % to 17 %", 6, 17, "%"),
    ],
)
def test_a_range_is_one_quantity(text: str, low: float, high: float, unit: str) -> None:
    assert read(f"It is {text}, we think.") == [((low, high), unit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 mg/15 mL", [(100, "mg"), (15, "mL")]),
        ("100 mg (15 mL)", [(100, "mg"), (15, "mL")]),
        ("100 mg in 15 mL (6.7 mg/mL)", [(100, "mg"), (15, "mL"), (6.7, "mg/mL")]),
        ("12mg/5mL", [(12, "mg"), (5, "mL")]),
        ("30 °C (86 °F)", [(30, "C"), (86, "F")]),
        ("30 °C/86 °F", [(30, "C"), (86, "F")]),
        ("2 °C to 8 °C (36 °F to 46 °F)", [((2, 8), "C"), ((36, 46), "F")]),
        ("6 hours a day for 6 days (36 hours)", [(6, "h"), (6, "d"), (36, "h")]),
        ("14 days and 30 days", [(14, "d"), (30, "d")]),
        ("100 mg every 28 days", [(100, "mg"), (28, "d")]),
        ("q14d x3 then q28d", [(14, "d"), (28, "d")]),
    ],
)
def test_several_quantities_are_read_in_order(
    text: str, expected: list[tuple[float | tuple[float, float], str]]
) -> None:
    assert read(f"It is {text}.") == expected


@pytest.mark.parametrize("text", ["0, 14 and 28 days", "14 and 28 days", "28 or 14 days"])
def test_a_list_is_no_range(text: str) -> None:
    assert all(isinstance(value, int | float) for value, _ in read(f"On {text}."))


@pytest.mark.parametrize(
    "text",
    [
        "It came in 2023.",
        "Section 2.1 says so.",
        "HCPCS J1304, NDC 64406-109-01.",
        "version 1.2.3 mg",
        "CO2 and B12",
        "no number at all, days, mg, ml",
        "Adults and children",
        "protein above 0.45 mg/dL",
        "5 C-fiber",
        "q.d.",
    ],
)
def test_what_is_no_quantity_of_a_label_is_not_read_as_one(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("up to 30 °C", "most"),
        ("no more than 4 hours", "most"),
        ("no longer than 4 hours", "most"),
        ("within 4 hours", "most"),
        ("not to exceed 4 hours", "most"),
        ("a maximum of 36 hours", "most"),
        ("less than 1 %", "most"),
        ("<1 %", "most"),
        ("≤ 30 °C", "most"),
        ("below 30 °C", "most"),
        ("bis zu 14 Tage", "most"),  # codespell:ignore
        ("hasta 30 °C", "most"),
        ("fino a 14 giorni", "most"),
        ("jusqu'à 14 jours", "most"),
        ("at least 14 days", "least"),
        ("more than 10 %", "least"),
        (">10 %", "least"),
        ("≥ 5 %", "least"),
        ("above 30 °C", "least"),
        ("mindestens 14 Tage", "least"),  # codespell:ignore
        ("al menos 14 días", "least"),
        ("about 10 mL", "about"),
        ("approximately 10 mL", "about"),
        ("approx. 10 mL", "about"),
        ("~10 mL", "about"),
        ("ca. 10 mL", "about"),
        ("10 mL", ""),
        ("take 10 mL", ""),
    ],
)
def test_a_bound_is_read_from_the_words_before(text: str, bound: str) -> None:
    assert only(text).bound == bound


def test_a_bound_belongs_to_the_number_behind_it_alone() -> None:
    first, second = quantities("at least 14 days, then 28 days")
    assert (first.bound, second.bound) == ("least", "")


# -- other languages


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("100 miligramos", 100, "mg"),
        ("15 mililitros", 15, "mL"),
        ("cada catorce días", 14, "d"),
        ("cada 4 semanas", 4, "weeks"),
        ("4 meses", 4, "month"),
        ("de 1 a 3 minutos", (1, 3), "min"),
        ("entre 2 °C y 8 °C", (2, 8), "C"),
        ("6,7 mg/ml", 6.7, "mg/mL"),
        ("100 Milligramm", 100, "mg"),
        ("alle 28 Tage", 28, "d"),  # codespell:ignore
        ("alle vier Wochen", 4, "weeks"),  # codespell:ignore
        ("1 bis 3 Minuten", (1, 3), "min"),
        ("4 Monate", 4, "month"),
        ("30 Stunden", 30, "h"),
        ("100 milligrammi", 100, "mg"),
        ("ogni 28 giorni", 28, "d"),
        ("ogni quattro settimane", 4, "weeks"),
        ("da 1 a 3 minuti", (1, 3), "min"),
        ("tous les 28 jours", 28, "d"),
        ("quatorze jours", 14, "d"),
        ("quatre semaines", 4, "weeks"),
        ("1 à 3 minutes", (1, 3), "min"),
        ("14 zile", 14, "d"),
        ("la fiecare 28 de zile", 28, "d"),
        ("100 de miligrame", 100, "mg"),
        ("patru săptămâni", 4, "weeks"),
        ("100ミリグラム", 100, "mg"),
        ("15ミリリットル", 15, "mL"),
        ("100mgを", 100, "mg"),
        ("28日ごと", 28, "d"),
        ("4週", 4, "weeks"),
        ("4か月", 4, "month"),
        ("1~3分", (1, 3), "min"),
        ("1分から3分", (1, 3), "min"),
    ],
)
def test_numbers_of_other_languages_are_read(
    text: str, value: float | tuple[float, float], unit: str
) -> None:
    assert (value, unit) in read(f"Fablersen: {text}")


# -- numbers alone


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        (" three ", 3),
        ("Three", 3),
        ("6.7", 6.7),
        ("6,7", 6.7),
        ("1,000", 1000),
        ("a", 1),
        ("an", 1),
        ("half an", 0.5),
        ("catorce", 14),
        ("fünf", 5),
        ("două", 2),
    ],
)
def test_a_number_is_read_from_digits_or_words(text: str, value: float) -> None:
    assert number(text) == value


# -- conversions


@pytest.mark.parametrize(
    ("value", "unit", "other", "expected"),
    [
        (2, "weeks", "d", 14),
        (28, "d", "weeks", 4),
        (36, "h", "d", 1.5),
        (1, "d", "h", 24),
        (90, "s", "min", 1.5),
        (1, "h", "min", 60),
        (86, "F", "C", 30),
        (36, "F", "C", 2.2222),
        (-4, "F", "C", -20),
        (30, "C", "F", 86),
        (0.0067, "g/mL", "mg/mL", 6.7),
        (0.015, "l", "mL", 15),
        (0.1, "g", "mg", 100),
        (100_000, "mcg", "mg", 100),
        (2, "years", "month", 24),
        (5, "mL", "mL", 5),
    ],
)
def test_a_value_is_turned_into_another_unit(
    value: float, unit: str, other: str, expected: float
) -> None:
    turned = in_unit(value, unit, other)
    assert turned is not None and math.isclose(turned, expected, rel_tol=1e-4)


@pytest.mark.parametrize(
    ("unit", "other"),
    [("month", "d"), ("d", "month"), ("years", "d"), ("mg", "mL"), ("%", "patients"), ("C", "d")],
)
def test_what_has_no_fixed_length_or_another_dimension_is_not_turned(unit: str, other: str) -> None:
    """A calendar month is no number of days."""
    assert in_unit(1, unit, other) is None


SIZES = st.floats(min_value=-1e6, max_value=1e6)
SAME = [("d", "weeks"), ("d", "h"), ("h", "min"), ("min", "s"), ("C", "F")]


@given(SIZES, st.sampled_from(SAME))
def test_there_and_back_is_the_same(value: float, units: tuple[str, str]) -> None:
    there = in_unit(value, *units)
    assert there is not None
    back = in_unit(there, *reversed(units))
    assert back is not None and math.isclose(back, value, rel_tol=1e-9, abs_tol=1e-6)


@given(SIZES, SIZES, st.sampled_from(SAME))
def test_the_larger_one_stays_the_larger_one(a: float, b: float, units: tuple[str, str]) -> None:
    turned = [in_unit(value, *units) for value in sorted((a, b))]
    assert turned[0] is not None and turned[1] is not None and turned[0] <= turned[1]


# -- laws

UNITS = {
    "mg": "mg", "ml": "mL", "mg/ml": "mg/mL", "days": "d", "weeks": "weeks", "months": "month",
    "years": "years", "hours": "h", "minutes": "min", "seconds": "s", "°c": "C", "°f": "F",
    "%": "%", "doses": "doses", "patients": "patients",
}  # fmt: skip
PRINTED = st.decimals(min_value=0, max_value=9999, places=2).map(lambda d: f"{d.normalize():f}")


@given(PRINTED, st.sampled_from(sorted(UNITS)), st.sampled_from([" ", "", "-", "\u00a0"]))
def test_what_is_printed_is_read_back(value: str, unit: str, between: str) -> None:
    if unit == "seconds" and float(value) > 900:
        return  # "the 1980s" is no time
    (found,) = quantities(f"it is {value}{between.replace(chr(0xA0), ' ')}{unit}.")
    assert (found.value, found.unit) == (float(value), UNITS[unit])


@given(PRINTED, PRINTED, st.sampled_from(sorted(UNITS)), st.sampled_from([" to ", "-", " - "]))
def test_a_printed_range_is_read_back(low: str, high: str, unit: str, join: str) -> None:
    if float(low) >= float(high) or (unit == "seconds" and float(high) > 900):
        return
    (found,) = quantities(f"it is {low}{join}{high} {unit}.")
    assert (found.value, found.unit) == ((float(low), float(high)), UNITS[unit])


PIECES = st.sampled_from(
    [
        *UNITS, "1", "28", "6.7", "6,7", "1,000", "three", "a hundred", "half an", "an", "twenty",
        "to", "and", "or", "-", "(4)", "every", "up to", "at least", "q", "28d", ".", ",", "\n",
        "°", "µg", "mg/kg", "fortnight", "not", "x", "a", "e", "日", "から", "~", "<", "≥",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).flatmap(
    lambda parts: st.sampled_from([" ", ""]).map(lambda between: between.join(parts))
)


@given(st.one_of(TEXTS, st.text(max_size=200).map(str.lower)))
def test_any_text_gives_quantities_in_order_that_do_not_overlap(text: str) -> None:
    found = list(quantities(text))
    for q in found:
        assert 0 <= q.start < q.end <= len(text)
        assert math.isfinite(q.lo) and q.lo <= q.hi
        assert q.bound in ("most", "least", "about", "")
        assert q.value == (q.lo if q.lo == q.hi else (q.lo, q.hi))
    for before, after in pairwise(found):
        assert before.end <= after.start


@given(TEXTS)
def test_every_quantity_stands_in_the_words_it_was_read_from(text: str) -> None:
    """Cut out alone, the words of a quantity give its unit and its highest number again."""
    for q in quantities(text):
        words = text[q.start : q.end]
        again = list(quantities(words))
        assert [(abs(r.hi), r.unit) for r in again] == [(abs(q.hi), q.unit)], words


@given(TEXTS, TEXTS)
def test_a_sentence_before_does_not_change_what_is_read(before: str, text: str) -> None:
    alone = [(q.value, q.unit) for q in quantities(text)]
    after = [(q.value, q.unit) for q in quantities(f"{before}. nothing of it.\n\n {text}")]
    assert after[len(after) - len(alone) :] == alone
