"""A regimen in one sentence, as a modeller types it: "100 mg q14d x3 then 100 mg q28d".

    regimen   phase { [","] "then" ( phase | "pause" duration "then" phase ) }
    phase     number "mg" [ "over" duration ] [ "into" compartment ]
              ( "once" | "q" duration [ "x" count ] )
    duration  number ( "h" | "d" | "w" )

Capitals and extra blanks do not matter. A dose without "over" is a bolus, one without "into"
goes where the model's doses go. Only the last phase may have no count: it goes on until the
end that is asked for.

The first dose of the sentence is at day 0. The first dose of a phase after "then" comes one
of its own intervals after the last dose before it. So speaks the tofersen label (US 2.1):
three loading doses 14 days apart, then maintenance every 28 days, the first of them 28 days
after the third loading dose: days 0, 14, 28, 56, 84. A pause, counted from the last dose
given, replaces that first interval; "once" has no interval, so it needs a pause before it.

A sentence is somebody's question, not a label's rule: the label's is `regimen`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from thecal.errors import SentenceError, nearest, shown

EXAMPLE = "100 mg q14d x3 then 100 mg q28d"
LONGEST_TEXT = 500  # characters
MOST_MG = 10**6
MOST_COUNT = 10_000
MOST_DOSES = 100_000  # before the end asked for
UNITS_D = {"h": Fraction(1, 24), "d": Fraction(1), "w": Fraction(7)}
SHORTEST_D, LONGEST_D = Fraction(1, 24_000), Fraction(36_525)  # 0.001 hours to 100 years

_AMOUNT = "an amount such as '100 mg'"
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_WORD = re.compile(r"[^\W\d_]+|,")
_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
_CHUNK = re.compile(r"[^\s,]+(?:,[0-9][^\s,]*)?|,")
_DECIMAL_COMMA = re.compile(r",[0-9]")
_BLANKS = re.compile(r"\s*")
_TAKEN_NAME = re.compile(r"(?:mg|over|into|once|pause|then)|[qx][0-9]*[hdw]?")
_DURATION = re.compile(rf"\s*({_NUMBER.pattern})\s*([^\W\d_]*)\s*")
_TURNED_COUNT = re.compile(r"([0-9]+)\s*(?:x|×|\*|times|doses?)|[×*]\s*([0-9]+)", re.IGNORECASE)

# What people write in other places, and how it is written here.
_MEANT = {
    **dict.fromkeys(("every", "each"), "'q', as in 'q28d'"),
    **dict.fromkeys(("daily", "qd", "od"), "'q1d'"),
    **dict.fromkeys(("weekly", "qw"), "'q1w'"),
    **dict.fromkeys(("monthly", "qm"), "'q28d' or 'q4w': a month has no fixed length"),
    "bid": "'q12h'",
    "tid": "'q8h'",
    **dict.fromkeys(("times", "for"), "the count as 'x3'"),
    **dict.fromkeys(("to", "in"), "'into' and a compartment"),
    **dict.fromkeys(("followed", "and"), "'then'"),
    "e": "the number out: 1000, not 1e3",
    **dict.fromkeys(("g", "gram", "grams"), "'mg': 1 g is 1000 mg"),
    **dict.fromkeys(("µg", "μg", "ug", "mcg"), "'mg': 1000 µg is 1 mg"),
    **dict.fromkeys(("milligram", "milligrams", "mgs"), "'mg'"),
}
_MEANT_UNIT = {
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "'h'"),
    **dict.fromkeys(("day", "days"), "'d'"),
    **dict.fromkeys(("wk", "wks", "week", "weeks"), "'w'"),
    **dict.fromkeys(("hx", "dx", "wx"), "a blank before 'x'"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "hours: 30 minutes are 0.5h"),
    **dict.fromkeys(("mo", "month", "months"), "'28d' or '4w': a month has no fixed length"),
    **dict.fromkeys(("y", "yr", "year", "years"), "days or weeks: a year has no fixed length"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A run of equal doses, as `read_sentence` checked it.

    Distances are exact fractions of days, so that no time is rounded more than once.

    duration_d  how long one dose runs in; 0 for a bolus
    wait_d      from the last dose of the phase before to the first of this one
    interval_d  between doses of this phase; 0 where there is one dose and no interval
    count       how many doses; None for until the end
    into        the compartment, in lower case; None for where the model's doses go
    """

    amount_mg: float
    duration_d: float = 0.0
    wait_d: Fraction
    interval_d: Fraction
    count: int | None
    into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDose:
    """One dose that a sentence asks for, `time_d` days after the first."""

    time_d: float
    amount_mg: float
    duration_d: float = 0.0
    into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenSentence:
    """What `read_sentence` understood; `text` is what was typed, without extra blanks."""

    text: str
    phases: tuple[Phase, ...]

    def doses(self, until_d: float) -> tuple[PlannedDose, ...]:
        """Plan the doses from day 0 to before day `until_d`.

        A dose at `until_d` itself is left out: a value at a dose time is read before the
        dose, so that dose would change nothing that is seen.
        """
        if math.isnan(until_d):
            raise SentenceError("doses until no day (NaN) were asked for; give a day, such as 365")
        planned: list[PlannedDose] = []
        last_d = Fraction(0)
        for phase in self.phases:
            first_d = last_d + phase.wait_d
            for k in range(phase.count or MOST_DOSES + 1):
                last_d = first_d + k * phase.interval_d
                if float(last_d) >= until_d:
                    return tuple(planned)
                if len(planned) == MOST_DOSES:
                    raise SentenceError(
                        f"{shown(self.text)} gives more than {MOST_DOSES} doses before day "
                        f"{until_d:g}; expected at most {MOST_DOSES}. Ask for an earlier end, "
                        "or for longer intervals."
                    )
                planned.append(
                    PlannedDose(
                        time_d=float(last_d),
                        amount_mg=phase.amount_mg,
                        duration_d=phase.duration_d,
                        into=phase.into,
                    )
                )
        return tuple(planned)


def read_sentence(text: str) -> RegimenSentence:
    """Read a regimen from one sentence, or say at which character it cannot be understood."""
    if len(text) > LONGEST_TEXT:
        raise SentenceError(
            f"regimen: a sentence of {len(text)} characters; expected at most {LONGEST_TEXT}. "
            "Write equal doses as one phase with a count, as in 'q14d x3'."
        )
    reader = _Reader(text)
    phases: list[Phase] = []
    wait_d: Fraction | None = Fraction(0)  # before the next phase; None for its own interval
    while True:
        if reader.word() == "pause":
            if not phases:
                reader.refuse(_AMOUNT, do="Begin with a dose: day 0 is the first dose.")
            if wait_d is not None:
                reader.refuse(_AMOUNT, do="Add the two pauses up into one.")
            reader.take("pause")
            wait_d = reader.duration("pause")
        else:
            phases.append(_read_phase(reader, wait_d))
            wait_d = None
        if not reader.goes_on(phases[-1]):
            break
    if wait_d is not None:
        reader.refuse(
            "'then' and a phase after the pause",
            do="Nothing is given after the last dose anyway: leave the pause out, or say what "
            "follows it.",
        )
    return RegimenSentence(text=" ".join(text.split()), phases=tuple(phases))


def read_duration_d(text: str) -> float:
    """Read a duration such as "364d", "52w", "36h", or a plain number of days; return days."""
    found = _DURATION.fullmatch(text)
    unit = found[2].lower() or "d" if found else ""
    if not found or unit not in UNITS_D:
        meant = _MEANT_UNIT.get(unit, "'364d', '52w', or '364' for days")
        raise SentenceError(
            f"{shown(text)}: expected a duration such as '364d' or '52w'. Write {meant}."
        )
    duration_d = Fraction(found[1]) * UNITS_D[unit]
    if not SHORTEST_D <= duration_d <= LONGEST_D:
        raise SentenceError(f"{shown(text)}: expected a duration from 0.001h to {LONGEST_D}d")
    return float(duration_d)


def _read_phase(reader: _Reader, wait_d: Fraction | None) -> Phase:
    """Read one phase, which begins `wait_d` after the last dose (None: its own interval)."""
    amount_mg = reader.amount_mg()
    if not reader.take("mg"):
        reader.refuse("'mg' after the amount", ("mg",))
    duration_d, into = Fraction(0), None
    while True:
        if not duration_d and reader.take("over"):
            duration_d = reader.duration("over")
        elif into is None and reader.take("into"):
            into = reader.compartment()
        else:
            break
    at = reader.at
    if reader.take("once"):
        if wait_d is None:
            reader.refuse(
                "a time for this dose",
                at=at,
                do="Say how long after the last dose it comes: 'then pause 28d then 50 mg once'.",
            )
        interval_d = Fraction(0)
        count: int | None = 1
    elif reader.take("q"):
        interval_d = reader.duration("q")
        count = reader.count() if reader.take("x") else None
    else:
        reader.refuse(
            "'once', or 'q' and an interval such as 'q28d'",
            ("once", "q", "over", "into"),
            do="Say it once for each phase." if reader.word() in ("over", "into") else "",
        )
    return Phase(
        amount_mg=amount_mg,
        duration_d=float(duration_d),
        wait_d=interval_d if wait_d is None else wait_d,
        interval_d=interval_d,
        count=count,
        into=into,
    )


class _Reader:
    """A place in a sentence; each method reads one piece from there or refuses it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._go(0)

    def _go(self, at: int) -> None:
        """Stand at `at`, or after the blanks there."""
        blanks = _BLANKS.match(self.text, at)
        self.at = blanks.end() if blanks else at

    def refuse(
        self, expected: str, known: Iterable[str] = (), *, at: int | None = None, do: str = ""
    ) -> NoReturn:
        """Say what stands at `at`, what was expected there, and what to do."""
        at = self.at if at is None else at
        found, word = _CHUNK.match(self.text, at), _WORD.match(self.text, at)
        written = word.group().lower() if word else ""
        if not do and written in _MEANT:
            do = f"Write {_MEANT[written]}."
        do = do or nearest(written, known).strip() or f"Write it as in '{EXAMPLE}'."
        raise SentenceError(
            f"regimen, character {at + 1}: expected {expected}, "
            f"found {shown(found.group() if found else '')}. {do}"
        )

    def word(self) -> str:
        """Return the word or comma that stands here, in lower case, and stay before it."""
        found = _WORD.match(self.text, self.at)
        return found.group().lower() if found else ""

    def take(self, word: str) -> bool:
        """Pass `word` if it stands here."""
        if self.word() != word:
            return False
        self._go(self.at + len(word))
        return True

    def goes_on(self, phase: Phase) -> bool:
        """Pass the "then" after `phase`, or after a pause behind it; False at the end."""
        at = self.at
        if at == len(self.text):
            return False
        comma = self.take(",")
        if not self.take("then"):
            turned = _TURNED_COUNT.match(self.text, self.at)
            self.refuse(
                "'then' after the comma" if comma else "'then' or the end",
                ("then",),
                do=f"Write the count as 'x{turned[1] or turned[2]}', once, after the interval."
                if turned
                else "",
            )
        if phase.count is None:
            self.refuse(
                "a count before 'then'",
                at=at,
                do="A phase without a count goes on until the end: say how many doses come "
                "first, as in 'q14d x3 then'.",
            )
        return True

    def amount_mg(self) -> float:
        """Pass the number of an amount."""
        at = self.at
        amount_mg = self._number(_AMOUNT, ("pause",))
        if not (amount_mg <= MOST_MG and float(amount_mg) > 0):
            self.refuse(
                f"an amount above 0 and at most {MOST_MG} mg",
                at=at,
                do="Leave out a dose that is not given; 'pause 28d' waits.",
            )
        return float(amount_mg)

    def duration(self, after: str) -> Fraction:
        """Pass a number and its unit; return days."""
        at = self.at
        number = self._number(f"a duration such as '28d' after '{after}'")
        unit = self.word()
        if unit not in UNITS_D:
            self.refuse(
                "'h', 'd' or 'w' after the number",
                do=f"Write {_MEANT_UNIT.get(unit, 'h for hours, d for days or w for weeks')}.",
            )
        self.take(unit)
        duration_d = number * UNITS_D[unit]
        if not SHORTEST_D <= duration_d <= LONGEST_D:
            self.refuse(
                f"a duration after '{after}' from 0.001h to {LONGEST_D}d",
                at=at,
                do="A bolus has no 'over'."
                if after == "over"
                else "Give one inside these bounds; a phase without a count goes on until the end.",
            )
        return duration_d

    def count(self) -> int:
        """Pass the number of doses of a phase."""
        at = self.at
        found = _NUMBER.match(self.text, at)
        if not found or not found.group().isdigit() or not 1 <= int(found.group()) <= MOST_COUNT:
            self.refuse(
                f"a whole number of doses from 1 to {MOST_COUNT} after 'x'",
                do="Write three doses as 'x3'; without a count the last phase goes on until the "
                "end.",
            )
        self._go(found.end())
        return int(found.group())

    def compartment(self) -> str:
        """Pass the name of a compartment."""
        found = _NAME.match(self.text, self.at)
        name = found.group().lower() if found else ""
        if not found or _TAKEN_NAME.fullmatch(name):
            self.refuse(
                "the name of a compartment after 'into'",
                do="Name it, as in 'into csf', or leave 'into' out.",
            )
        self._go(found.end())
        return name

    def _number(self, expected: str, known: Iterable[str] = ()) -> Fraction:
        found = _NUMBER.match(self.text, self.at)
        if not found:
            self.refuse(expected, known)
        if _DECIMAL_COMMA.match(self.text, found.end()):
            self.refuse(
                expected,
                do="Write decimals with a point and thousands without a mark: 0.5, 1000.",
            )
        self._go(found.end())
        return Fraction(found.group())
