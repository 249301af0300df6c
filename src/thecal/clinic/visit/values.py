"""What may be written down with a step of a visit: names, units, ranges and words.

The ranges are ours: wide enough for any visit, narrow enough to catch a slip of the pen (a dose
in another unit, a lost decimal point). What the label says of a value is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from thecal.units import iso_date

Value: TypeAlias = float | str | tuple[str, ...]
NUMBER, WHOLE, WORD, WORDS, DATE, TEXT = "number", "whole number", "word", "words", "date", "text"
MOST_TEXT = 200  # characters: a reason, a lot, initials


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of value.

    form     NUMBER, WHOLE, WORD (one of `words`), WORDS (a list), DATE (YYYY-MM-DD) or TEXT
    stops    words with which a step says no: what depends on it must not go on
    """

    form: str
    says: str
    least: float = 0
    most: float = 0
    words: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()


NO_YES = ("no", "yes")
VALUES: Mapping[str, Kind] = {
    "symptoms": Kind(form=WORDS, says="new symptoms, or none"),
    "vials": Kind(form=WHOLE, says="vials", least=1, most=10),
    "lot": Kind(form=TEXT, says="lot"),
    "expiry": Kind(form=DATE, says="expiry"),
    "cold_chain": Kind(
        form=WORD,
        says="cold chain",
        words=("usable", "usable_with_budget_left", "quarantine", "discard"),
        stops=("quarantine", "discard"),
    ),
    "heat_source": Kind(form=WORD, says="heat source used", words=NO_YES, stops=("yes",)),
    "solution": Kind(
        form=WORD,
        says="solution",
        words=("clear", "particles", "discoloured", "cloudy"),
        stops=("particles", "discoloured", "cloudy"),
    ),
    "medicine": Kind(form=TEXT, says="drug"),
    "amount_mg": Kind(form=NUMBER, says="dose in mg", least=0.1, most=1000),
    "volume_mL": Kind(form=NUMBER, says="volume in mL", least=0, most=100),
    "route": Kind(form=TEXT, says="route, in full and in capitals"),
    "position": Kind(form=WORD, says="position", words=("lateral", "sitting", "prone")),
    "level": Kind(form=WORD, says="level", words=("L2/3", "L3/4", "L4/5", "L5/S1", "other")),
    "needle_gauge": Kind(form=WHOLE, says="gauge", least=16, most=30),
    "needle_type": Kind(form=WORD, says="needle", words=("atraumatic", "cutting")),
    "attempts": Kind(form=WHOLE, says="attempts", least=1, most=30),
    "guidance": Kind(
        form=WORD, says="guidance", words=("none", "ultrasound", "fluoroscopy", "CT", "other")
    ),
    "opening_pressure_cmH2O": Kind(form=NUMBER, says="cmH2O", least=0, most=100),
    "csf_mL_out": Kind(form=NUMBER, says="mL out", least=0, most=100),
    "appearance": Kind(form=WORD, says="CSF", words=("clear", "bloody", "xanthochromic", "cloudy")),
    "tubes": Kind(form=WHOLE, says="tubes", least=0, most=30),
    "resistance": Kind(form=WORD, says="resistance", words=NO_YES),
    "pain": Kind(form=WORD, says="pain", words=NO_YES),
    "outcome": Kind(
        form=WORD,
        says="outcome",
        words=("given", "part_dose", "failed_puncture", "aborted"),
    ),
    "next_date": Kind(form=DATE, says="next date"),
    "headache": Kind(form=WORD, says="headache", words=NO_YES),
}


def fault(name: str, value: object, choices: Sequence[str] = ()) -> str:
    """Say what is wrong with a value, without repeating it; empty where nothing is.

    choices  the words of a list, where the policy names them
    """
    kind = VALUES.get(name)
    if kind is None:
        return f"'{name}' is no value of a visit"
    if kind.form in (NUMBER, WHOLE):
        if not isinstance(value, float) or not kind.least <= value <= kind.most:
            return f"'{name}': expected a number from {kind.least:g} to {kind.most:g}"
        if kind.form == WHOLE and value != int(value):
            return f"'{name}': expected a whole number"
    elif kind.form == WORDS:
        if not isinstance(value, tuple) or any(word not in choices for word in value):
            return f"'{name}': expected a list of {', '.join(choices)}; or an empty list"
    elif kind.form == WORD:
        if value not in kind.words:
            return f"'{name}': expected one of {', '.join(kind.words)}"
    elif kind.form == DATE:
        if not _is_date(value):
            return f"'{name}': expected a date as YYYY-MM-DD"
    elif not isinstance(value, str) or not value.strip() or len(value) > MOST_TEXT:
        return f"'{name}': expected text of at most {MOST_TEXT} characters"
    return ""


def _is_date(value: object) -> bool:
    try:
        iso_date(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True
