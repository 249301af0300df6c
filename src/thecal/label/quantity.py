"""Quantities in running text: a number or a range, and a unit, as people write them.

Numbers may be digits with a point or a comma ("6,7 mg/ml") or words ("three doses"); a range is
written with "to", a dash or "and"; a unit may come once or twice ("2 °C to 8 °C") or joined with
a hyphen ("14-day"). What is compared is compared in one unit (`in_unit`), what is told is told as
the page has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Words for small numbers, in the languages in which labels are often met.
_WORDS = {
    "1/2": 0.5, "½": 0.5, "1½": 1.5, "2½": 2.5, "zero": 0, "one": 1, "two": 2, "three": 3,
    "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "twenty": 20, "twenty-one": 21, "twenty-four": 24,
    "twenty-eight": 28, "twenty eight": 28, "thirty": 30, "forty": 40, "sixty": 60,
    "half an": 0.5, "half a": 0.5, "hundred": 100, "one hundred": 100, "a hundred": 100,
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "diez": 10, "catorce": 14,
    "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "sei": 6, "dieci": 10, "quattordici": 14,
    "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "zehn": 10, "vierzehn": 14,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "quatorze": 14,
    "doi": 2, "două": 2, "trei": 3, "patru": 4,
}  # fmt: skip

# Unit as written to unit as told. Longer spellings stand before shorter ones they begin with.
_UNITS = {
    "mg/ml": r"mg\s?(?:/|per)\s?(?:ml|milliliters?|millilitres?)|milligrams? per millilit(?:er|re)",
    "g/ml": r"g\s?/\s?(?:ml|millilit\w+)",
    "ng/ml": r"(?:h\s?[·*.x]\s?)?ng\s?(?:[·*.x]\s?h)?\s?/\s?ml",
    "mg/kg": r"mg\s?/\s?kg",
    "mg": (
        r"mg\b(?!\s?/\s?(?:d?l\b|kg|m2|m²|day|week))|milligram(?:me)?s?\b|miligramos?\b|"
        r"milligramm[io]?\b|miligrame?\b|ミリグラム"
    ),
    "mcg": r"mcg\b|[µμ]g\b|micrograms?\b",
    "g": r"g\b(?!\s?/)|grams?\b",
    "ml": r"ml\b|cc\b|millilit(?:er|re)s?\b|mililitros?\b|millilitri\b|mililitri\b|ミリリットル",
    "l": r"lit(?:er|re)s?\b",
    "patients": (
        r"(?:[a-z0-9]+[ -]){0,3}?(?:patients?|people|participants?|persons?|subjects?|"
        r"individuals?|pacientes?|patienten|pazienti|pacienți)\b"
    ),
    "doses": (
        r"(?:(?:loading|initial|starting|maintenance|additional|extra|more|further|consecutive|"
        r"biweekly|separate|injections? as|intrathecal|equal) ){0,3}(?:doses?|portions?|"
        r"injections?|treatments?|shots?|jabs?|administrations?)\b|dosis(?: de carga)?\b|"
        r"dosi(?: di carico)?\b|(?:aufs.ttigungs|lade|initial)dosen\b|dosen\b"
    ),
    "fortnight": r"fort?nights?\b",
    "d": r"days?\b|d\b|d[ií]as?\b|giorni\b|giorno\b|tage?n?\b|jours?\b|zile\b|日",
    "weeks": (
        r"weeks?\b|wks?\b|w\b|semanas?\b|settiman[ae]\b|wochen?\b|semaines?\b|"
        r"s[ăa]pt[ăa]m[âa]ni\b|週"
    ),
    "month": (
        r"(?:calendar )?months?\b|mos?\b|mes(?:es)?\b|mes[ei]\b|monate?n?\b|mois\b|lun[iă]\b|"
        r"か月|ヶ月|カ月"
    ),
    "years": r"years?\b|yrs?\b|y/o\b|a.os\b|anni\b|jahre?n?\b|ans\b|ani\b|歳",
    "h": r"hours?\b|hrs?\b|h\b|horas?\b|or[ea]\b|stunden?\b|heures?\b|ore\b|時間",
    "min": r"minutes?\b|mins?\b|minutos?\b|minut[io]\b|minuten\b|分",
    "s": r"seconds?\b|secs?\b|(?<=\d )s\b|(?<=\d)s\b|segundos?\b|sekunden\b",
    "c": r"[°º˚]\s?c\b|℃|degrees? (?:c\b|celsius)|celsius\b|(?<=\d)\s?c\b(?![-'.]\w)",
    "f": r"[°º˚]\s?f\b|℉|degrees? (?:f\b|fahrenheit)|fahrenheit\b|(?<=\d)\s?f\b(?![-'.]\w)",
    "%": (
        r"%|％|percent\b|per cent\b|(?:of|in|out of|per) (?:every )?(?:100|a hundred|"
        r"one hundred)\b(?! ?(?:mg|ml))(?: (?:patients|people|children|infants|babies|adults))?"
    ),
}
_TOLD = {"mg/ml": "mg/mL", "g/ml": "g/mL", "ng/ml": "ng/mL", "ml": "mL", "c": "C", "f": "F"}

_WORD = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:[ ,]\d{3}){1,2}(?![\d.,]*\d)|\d{1,7}(?:[.,]\d{1,4})?(?!\d)"
_NUMBER = (
    rf"(?:{_DIGITS}|(?<![a-z])an?(?= (?:hour|minute|fortnight)s?\b)|"
    rf"(?<![a-zà-ÿ])(?:{_WORD})(?![a-zà-ÿ]))"
)
# A unit ends where no Latin letter follows: Japanese puts no blank after it.
_ENDED = {name: pattern.replace(r"\b", r"(?![a-zà-ÿ0-9])") for name, pattern in _UNITS.items()}
_UNIT = "|".join(f"(?P<u{i}>{pattern})" for i, pattern in enumerate(_ENDED.values()))
_SMALL = "|".join(
    f"(?:{pattern})" for name, pattern in _ENDED.items() if name not in ("patients", "doses")
)
_JOIN = r"-|to\b|and\b|or\b|through\b|bis\b|und\b|a\b|à\b|y\b|e\b|et\b|al?\b|până la\b|~|〜|から"
_QUANTITY = re.compile(
    rf"(?:(?<![a-zà-ÿ0-9_.,])|(?<=\bq))(?P<a>{_NUMBER})(?:\s?\((?:\d+|{_WORD})\))?"
    rf"(?:(?:\s?(?P<first>{_SMALL}|[°º]))?\s?(?P<join>{_JOIN})"
    r"\s?(?:less than |under |below |[<≤]\s?)?"
    rf"(?P<b>{_NUMBER})(?:\s?\((?:\d+|{_WORD})\))?)?"
    rf"\s?-?\s?(?:de )?(?:{_UNIT})"
)
_NAMES = list(_UNITS)
# A unit alone after a number that already took one: "2 °C", "100 mg".
_ALONE = re.compile(
    rf"(?:(?<![a-zà-ÿ0-9_.,])|(?<=\bq))(?P<a>{_NUMBER})(?:\s?\((?:\d+|{_WORD})\))?"
    rf"\s?-?\s?(?:de )?(?:{_UNIT})"
)

IN_D = {"d": 1.0, "weeks": 7.0, "h": 1 / 24, "min": 1 / 1440, "s": 1 / 86400}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or range with its unit: characters `start` to before `end` of the text read.

    lo, hi  equal for a single number
    bound   "most", "least", "about" or "", as the words before it say
    """

    lo: float
    hi: float
    unit: str
    start: int
    end: int
    bound: str = ""

    @property
    def value(self) -> float | tuple[float, float]:
        """The number, or the pair of a range."""
        return self.lo if self.lo == self.hi else (self.lo, self.hi)


_MOST = re.compile(
    r"(?:up to|at most|no (?:more|longer) than|"
    r"not (?:exceed(?:ing)?|above|over|more than|to exceed)|maximum(?: of)?|max\.?|below|under|"
    r"less than|within|or below|<=?|≤|h.chstens|bis zu|hasta|fino a|jusqu'.)\s?\(?$"
)
_LEAST = re.compile(
    r"(?:at least|more than|above|minimum(?: of)?|>=?|≥|mindestens|al menos)\s?\(?$"
)
_ABOUT = re.compile(r"(?:about|approximately|approx\.?|roughly|around|some|~|ca\.?|etwa|circa)\s?$")


def quantities(text: str) -> Iterator[Quantity]:
    """Find the quantities of a text in lower case, in order. Linear in its length."""
    at = 0
    while found := _QUANTITY.search(text, at):
        joined = found["b"] is not None
        if joined and not _is_range(text, found):
            found = _ALONE.match(text, found.start()) or _after_first(text, found)
            if found is None:
                break
            joined = False
        lo = _number(found["a"]) * (-1 if _is_negative(text, found.start()) else 1)
        hi = _number(found["b"]) if joined else lo
        unit = _NAMES[int(str(found.lastgroup)[1:])]  # the unit's group closes last
        if unit == "fortnight":
            lo, hi, unit = lo * 14, hi * 14, "d"
        if unit == "s" and hi > 900:
            at = max(found.end(), at + 1)  # "the 1980s"
            continue
        before = text[max(0, found.start() - 24) : found.start()]
        bound = (
            "most" if _MOST.search(before)
            else "least" if _LEAST.search(before)
            else "about" if _ABOUT.search(before)
            else ""
        )  # fmt: skip
        yield Quantity(lo, hi, _TOLD.get(unit, unit), found.start(), found.end(), bound)
        at = max(found.end(), at + 1)


_LIST = re.compile(r"(?:^|[^\w.,])\d+(?:[.,]\d+)?\s?(?:%|[°º]?\s?[cf])?\s$")


def _is_negative(text: str, at: int) -> bool:
    """Tell whether the dash before a number is a minus: "-20", not "2 -8" or "1-3"."""
    if at == 0 or text[at - 1] != "-" or not text[at].isdigit():
        return False
    if at >= 2 and text[at - 2] not in " (|":
        return False
    return not _LIST.search(text[max(0, at - 16) : at - 1])


def _is_range(text: str, found: re.Match[str]) -> bool:
    """Tell whether two joined numbers are a range: "2 to 8", "between 2 and 8", not "0 and 14"."""
    join = found["join"]
    if _number(found["a"]) >= _number(found["b"]):
        return False
    if join in ("and", "und", "y", "e", "et", "or", "a", "à", "al"):
        before = text[max(0, found.start() - 12) : found.start()]
        temperature = found[f"u{_NAMES.index('c')}"] or found[f"u{_NAMES.index('f')}"]
        if join in ("a", "à", "al"):
            return True
        return bool(re.search(r"(between|zwischen|entre|tra|fra)\s?$", before) or temperature)
    return True


def _after_first(text: str, found: re.Match[str]) -> re.Match[str] | None:
    """Take the second number of a joined pair alone, when the first has no unit of its own."""
    return _ALONE.search(text, found.start("b"))


def _number(text: str) -> float:
    if text in ("a", "an"):
        return 1.0
    if text in _WORDS:
        return float(_WORDS[text])
    if re.fullmatch(r"\d{1,3}(?:[ ,]\d{3})+", text):
        return float(re.sub(r"[ ,]", "", text))
    return float(text.replace(",", "."))


def number(text: str) -> float:
    """Read a number as the page has it, digits or a word."""
    return _number(text.strip().lower())


def in_unit(value: float, unit: str, other: str) -> float | None:
    """Turn a value into another unit of the same dimension; None where that is another dimension.

    A calendar month has no fixed length: it turns into nothing but years.
    """
    if unit == other:
        return value
    if unit in IN_D and other in IN_D:
        return value * IN_D[unit] / IN_D[other]
    if (unit, other) == ("F", "C"):
        return (value - 32) / 1.8
    if (unit, other) == ("C", "F"):
        return value * 1.8 + 32
    if (unit, other) == ("g/mL", "mg/mL"):
        return value * 1000
    if (unit, other) == ("l", "mL"):
        return value * 1000
    if (unit, other) == ("g", "mg"):
        return value * 1000
    if (unit, other) == ("mcg", "mg"):
        return value / 1000
    if (unit, other) == ("years", "month"):
        return value * 12
    return None
