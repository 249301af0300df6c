"""Write docs/cases: what is due after which history, by the rules read by hand in `by_hand.py`.

    python tests/cases/case_tables.py            say which tables are not as they should be
    python tests/cases/case_tables.py --write    write them anew

It stands among the tests and not in bench/: it is their second witness, and goes where they go.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

from by_hand import LABELS, READINGS, Label, days, months_after

CASES = Path(__file__).resolve().parents[2] / "docs" / "cases"
COLUMNS = (
    "case", "history", "asked", "expected", "arithmetic", "dose", "then", "open", "rule", "section",
)  # fmt: skip
SILENT, NOT_READ = "label silent", "label not read"

MONDAY = date(2025, 1, 6)
DAY_0 = date(2001, 1, 1)  # of the histories that are shown in days, where no month matters
LATE = (1, 2, 3, 5, 7, 10, 13, 14, 21, 27)
EARLY = (1, 2, 3, 7, 13)


@dataclass(frozen=True)
class Case:
    """A history and the day on which somebody asks; that of the last dose if none is given."""

    name: str
    given: tuple[date, ...]
    asked: date | None = None
    in_days: bool = False


# -- histories


def on_time(label: Label, given: Sequence[date], count: int) -> tuple[date, ...]:
    """The history with `count` further doses, each on the day it was due."""
    dates = list(given)
    for _ in range(count):
        dates.append(label.rules(dates).due)
    return tuple(dates)


def with_dose(label: Label, given: Sequence[date], late: int) -> tuple[date, ...]:
    """The history with the next dose, `late` days after it was due."""
    return (*given, label.rules(given).due + days(late))


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def named(label: Label, number: int) -> str:
    n = LOADING[label.medicine, label.edition]
    return f"loading {number}" if number <= n else f"maintenance {number - n}"


LOADING = {(x.medicine, x.edition): 2 if x.edition == "2026" else 4 for x in LABELS}
LOADING[("tofersen", "2024")] = 3


def regular(label: Label, start: date, upto: int, *, about: str = "") -> Iterator[Case]:
    for n in range(1, upto + 1):
        yield Case(f"on time up to {named(label, n)}{about}", on_time(label, [start], n - 1))


def one_late(label: Label, start: date, numbers: Iterable[int], late: Iterable[int]):
    for n, by in product(numbers, late):
        given = with_dose(label, on_time(label, [start], n - 2), by)
        yield Case(f"{named(label, n)}: {counted(by, 'day')} late", given)


def one_early(label: Label, start: date, numbers: Iterable[int], early: Iterable[int]):
    for n, by in product(numbers, early):
        given = with_dose(label, on_time(label, [start], n - 2), -by)
        yield Case(f"{named(label, n)}: {counted(by, 'day')} early", given)


def after_late(label: Label, start: date, number: int, late: int, more: int) -> Iterator[Case]:
    """A late dose, and then the doses after it on time."""
    given = with_dose(label, on_time(label, [start], number - 2), late)
    for k in range(1, more + 1):
        given = on_time(label, given, 1)
        name = f"{named(label, number)}: {counted(late, 'day')} late; the next {k} on time"
        yield Case(name, given)


def several_late(label: Label, start: date, choices: Sequence[tuple[int, ...]]) -> Iterator[Case]:
    for offsets in choices:
        given: tuple[date, ...] = (start,)
        for late in offsets:
            given = with_dose(label, given, late)
        words = " ".join(f"{late:+d}" for late in offsets)
        yield Case(f"doses 2 to {len(offsets) + 1} off by {words} days", given)


def asked_late(label: Label, start: date, numbers: Iterable[int], after: Iterable[int]):
    """A dose that was not given yet when somebody asks."""
    for n, by in product(numbers, after):
        given = on_time(label, [start], n - 2)
        asked = label.rules(given).due + days(by)
        name = "due today" if by == 0 else f"{counted(by, 'day')} overdue"
        if by < 0:
            name = f"due in {counted(-by, 'day')}"
        yield Case(f"asked when {named(label, n)} is {name}", given, asked)


def in_days(cases: Iterable[Case]) -> Iterator[Case]:
    for case in cases:
        yield Case(case.name, case.given, case.asked, in_days=True)


# -- the cases of each label


def tofersen_cases(label: Label) -> Iterator[Case]:
    yield from in_days(tofersen_in_days(label))
    for start in (date(2024, 1, 31), date(2024, 2, 15), date(2023, 2, 15), date(2025, 12, 18)):
        yield from regular(label, start, 6, about=f"; begun on {start}")
    for start in (date(2024, 2, 1), date(2023, 2, 1)):
        for late in (0, 1, 2):
            given = with_dose(label, [start, start + days(14)], late)
            name = (
                f"loading 3: {counted(late, 'day')} late; across the end of February {start.year}"
            )
            yield Case(name, given)
    for asked in (27, 28, 29, 56, 84, 85):
        given = on_time(label, [MONDAY], 5)
        name = f"asked on a date: {counted(asked, 'day')} after maintenance 3"
        yield Case(name, given, given[-1] + days(asked))


def tofersen_in_days(label: Label) -> Iterator[Case]:
    start = DAY_0
    yield from regular(label, start, 14)
    yield from one_late(label, start, (2, 3), LATE)
    yield from one_late(label, start, (4, 5, 8), (1, 3, 7, 14, 20, 27, 28, 29, 40, 55))
    yield from one_early(label, start, (2, 3, 4, 7), EARLY)
    for n, late in ((2, 9), (3, 9), (4, 9), (4, 30)):
        yield from after_late(label, start, n, late, 3)
    for n, usual in ((2, 14), (3, 14), (4, 28), (6, 28)):
        for fell_out, by in product((1, 2, 3), (-1, 0, 1)):
            given = with_dose(label, on_time(label, [start], n - 2), fell_out * usual + by)
            gap = (given[-1] - given[-2]).days
            yield Case(f"{named(label, n)} comes {gap} days after the dose before", given)
    yield from several_late(label, start, [*product((0, 4), (0, 10), (0, 3)), (7, 7, 7, 7, 7, 7)])
    yield from several_late(label, start, [(-1, 1, 5), (3, -2, 6), (-3, -3, -3), (0, 0, 50, -20)])
    given = on_time(label, [start], 6)
    for gap in (100, 168, 196, 365, 730):
        late = (*given, given[-1] + days(gap))
        yield Case(f"maintenance 5 comes {gap} days after the dose before", late)
        yield Case(
            f"maintenance 5 comes {gap} days after the dose before; maintenance 6 on time",
            on_time(label, late, 1),
        )
    yield from asked_late(label, start, (2, 3), (-3, 0, 1, 7, 13, 14, 27, 28, 29))
    yield from asked_late(label, start, (4, 9), (-3, 0, 1, 14, 27, 28, 55, 56, 57, 365))


FOUR_MONTHS = (-15, -14, -13, -12, -7, -1)  # days before the date after, when a dose comes late
BOUNDARIES = (8, 16, 40)
ENDS = (  # a day on which the fourth loading dose falls, and what is special about it
    (date(2023, 6, 30), "30 June; 8 months on is the end of February"),
    (date(2024, 2, 29), "a leap day"),
    (date(2025, 8, 31), "31 August"),
)


def loaded_on(label: Label, last: date) -> tuple[date, ...]:
    """Loading on time that ends on a day."""
    first = last - (on_time(label, [DAY_0], LOADING[label.medicine, label.edition] - 1)[-1] - DAY_0)
    return on_time(label, [first], LOADING[label.medicine, label.edition] - 1)


def nusinersen_cases(label: Label) -> Iterator[Case]:
    start = MONDAY
    loading = LOADING[label.medicine, label.edition]
    first = loading + 1
    yield from regular(label, start, loading + 12)
    yield from one_late(
        label, start, range(2, loading + 1), (1, 2, 3, 5, 7, 10, 14, 16, 20, 30, 41)
    )
    yield from one_early(label, start, range(2, loading + 1), (1, 3, 7))
    for n in range(2, loading + 1):
        yield from after_late(label, start, n, 9, 3)
        given = on_time(label, [start], n - 2)
        for by in (-1, 0, 1):
            day = months_after(given[-1], 8) + days(by)
            yield Case(f"{named(label, n)} comes 8 months{after(by)} after the dose before",
                       (*given, day))  # fmt: skip
    yield from one_late(
        label, start, (first, first + 1, first + 4), (1, 3, 7, 14, 30, 60, 90, 100, 106)
    )
    yield from one_early(label, start, (first, first + 3), (1, 7, 20, 60))
    for n, late in ((first, 5), (first, 60), (first, 110), (first + 3, 100)):
        yield from after_late(label, start, n, late, 3)
    for last, words in ((months_after(MONDAY, 2), "an ordinary day"), *ENDS):
        yield from near_the_next(label, last, words)
        yield from gaps(label, last, words)
    for month in range(1, 13):
        last = months_after(date(2023, month, 1), 1) - days(1)
        given = loaded_on(label, last)
        for n in range(1, 4):
            yield Case(
                f"loading ends on {last}; on time up to maintenance {n}", on_time(label, given, n)
            )
    for last in (date(2024, 2, 29), date(2024, 10, 30), date(2024, 10, 29)):
        for n in range(7):
            given = on_time(label, loaded_on(label, last), n)
            yield Case(f"loading ends on {last}; on time; {n} of maintenance", given)
    for late in product((0, 20), (0, 100), (0, 112, 60)):
        given = on_time(label, [start], loading - 1)
        for by in late:
            given = with_dose(label, given, by)
        words = " ".join(f"{by:+d}" for by in late)
        yield Case(f"maintenance 1 to {len(late)} off by {words} days", given)
    yield from asked_late(label, start, range(2, loading + 1), (-2, 0, 1, 14, 28, 60, 92))
    yield from asked_late(label, start, (first, first + 2), (-5, 0, 1, 30, 100, 107, 108, 109, 119))
    given = on_time(label, [start], loading + 1)
    for months, by in product(BOUNDARIES, (-1, 0, 1)):
        asked = months_after(given[-1], months) + days(by)
        name = f"asked {months} months{after(by)} after maintenance 2; the next not given"
        yield Case(name, given, asked)


def after(by: int) -> str:
    return "" if by == 0 else f" {'less' if by < 0 else 'and'} {counted(abs(by), 'day')}"


def near_the_next(label: Label, last: date, words: str) -> Iterator[Case]:
    """A maintenance dose so late that the next date of the calendar is near."""
    given = on_time(label, loaded_on(label, last), 1)
    following = months_after(last, 12)
    for by in FOUR_MONTHS:
        name = f"maintenance 2 comes {counted(-by, 'day')} before the date of the third"
        ended = f"loading ended on {last} ({words})"
        yield Case(f"{name}; {ended}", (*given, following + days(by)))


def gaps(label: Label, last: date, words: str) -> Iterator[Case]:
    """A gap of 8, 16 and 40 months to the day, and around, after the last loading dose."""
    given = loaded_on(label, last)
    for months, by in product(BOUNDARIES, (-1, 0, 1)):
        day = months_after(last, months) + days(by)
        yield Case(
            f"{months} months{after(by)} without a dose after {last} ({words})", (*given, day)
        )


def tier_cases(label: Label) -> Iterator[Case]:
    """What follows a gap, dose after dose, where the label has tiers."""
    given = on_time(label, loaded_on(label, months_after(MONDAY, 2)), 3)
    for months in (8, 9, 12, 15, 16, 20, 30, 39, 40, 41, 60):
        late = (*given, months_after(given[-1], months))
        for k in range(1, 7 if months >= 40 else 5):
            name = f"{months} months without a dose; then {counted(k, 'dose')} on time"
            yield Case(name, on_time(label, late, k))
    for months, by in product((10, 20), (1, 5, 30, 100)):
        late = (*given, months_after(given[-1], months))
        yield Case(
            f"{months} months without a dose; the additional dose {counted(by, 'day')} late",
            with_dose(label, late, by),
        )
    late = (*given, months_after(given[-1], 20))
    late = on_time(label, late, 1)
    for by in (-3, 2, 14):
        words = f"{counted(abs(by), 'day')} {'late' if by > 0 else 'early'}"
        yield Case(f"20 months without a dose; the second additional dose {words}",
                   with_dose(label, late, by))  # fmt: skip
    for months in (8, 16, 40):
        day = months_after(late[-1], months)
        yield Case(
            f"20 months without a dose; one additional dose; then {months} months", (*late, day)
        )
    again = (*given, months_after(given[-1], 9))
    again = on_time(label, again, 3)
    for months in (8, 16, 40):
        day = months_after(again[-1], months)
        yield Case(f"9 months without a dose; dosing went on; then {months} months", (*again, day))
    anew = (*given, months_after(given[-1], 40))
    for late_by in (1, 7, 30):
        name = f"loading anew after 40 months; its second dose {counted(late_by, 'day')} late"
        yield Case(name, with_dose(label, anew, late_by))
    anew = on_time(label, anew, 5)
    for by in (-9, 10, 50):
        words = f"{counted(abs(by), 'day')} {'late' if by > 0 else 'early'}"
        yield Case(
            f"loading anew after 40 months; its third maintenance dose {words}",
            with_dose(label, anew, by),
        )
    twice = (*anew, months_after(anew[-1], 41))
    for k in range(5):
        name = f"loading anew after 40 months and after 41; then {counted(k, 'dose')}"
        yield Case(name, on_time(label, twice, k))


def high_dose_cases(label: Label) -> Iterator[Case]:
    """Only what the regimen as announced decides, and that a late dose was not read."""
    yield from regular(label, MONDAY, 14)
    for month in range(1, 13):
        last = months_after(date(2026, month, 1), 1) - days(1)
        for n in range(10):
            given = on_time(label, loaded_on(label, last), n)
            yield Case(f"loading ends on {last}; on time; {n} of maintenance", given)
    for last in (date(2028, 2, 29), *(date(2027, 10, day) for day in (28, 29, 30))):
        for n in range(10):
            given = on_time(label, loaded_on(label, last), n)
            yield Case(f"loading ends on {last}; on time; {n} of maintenance", given)
    yield from one_late(label, MONDAY, (2, 3, 5), (1, 7, 14, 28, 60))
    yield from one_early(label, MONDAY, (2, 3, 5), (1, 7))
    yield from asked_late(label, MONDAY, (2, 3, 4), (-2, 0, 1, 30, 300))


# -- the tables


def cases_of(label: Label) -> list[Case]:
    """The cases of a label; of two with one history and one day asked, the first."""
    if label.medicine == "tofersen":
        cases = [*tofersen_cases(label)]
    elif label.edition == "2026":
        cases = [*high_dose_cases(label)]
    else:
        cases = [*nusinersen_cases(label)]
        if label.edition == "2023":
            cases += tier_cases(label)
    kept: dict[object, Case] = {}
    for case in cases:
        kept.setdefault((case.given, case.asked or case.given[-1], case.in_days), case)
    return list(kept.values())


def row(label: Label, case: Case) -> dict[str, str]:
    answer = label.rules(case.given)
    asked = case.asked or case.given[-1]
    left_open, rule = set(answer.open), answer.rule
    expected, then = verdict(label, answer.open, shown(case, answer.due)), ""
    if asked > answer.due:
        following = label.rules((*case.given, asked))
        raised = [t for t in following.open if t != "dosing.month_end" and t not in answer.open]
        then = verdict(label, raised, shown(case, following.due))
        left_open |= set(raised)
        rule += f"; overdue: as soon as possible, then {following.rule}"
    return {
        "case": case.name,
        "history": ";".join(shown(case, day) for day in case.given),
        "asked": shown(case, asked),
        "expected": expected,
        "arithmetic": "" if expected == shown(case, answer.due) else shown(case, answer.due),
        "dose": f"{answer.mg:g} mg",
        "then": then,
        "open": ";".join(sorted(left_open)),
        "rule": rule,
        "section": answer.section,
    }


def verdict(label: Label, topics: Iterable[str], due: str) -> str:
    """The date, or why the label does not name it."""
    deciding = [topic for topic in topics if topic not in READINGS]
    if not deciding:
        return due
    return SILENT if all(topic in label.read for topic in deciding) else NOT_READ


def shown(case: Case, day: date) -> str:
    return str((day - case.given[0]).days) if case.in_days else day.isoformat()


def table(label: Label) -> str:
    """The table of a label as it stands in its file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row(label, case) for case in cases_of(label))
    return text.getvalue()


def path_of(label: Label) -> Path:
    return CASES / f"{label.name}.csv"


def main(write: bool) -> int:
    stale = []
    for label in LABELS:
        text, path = table(label), path_of(label)
        if write:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
        print(f"{label.name}: {text.count(chr(10)) - 1} cases")
    if stale:
        print(f"not as they should be: {', '.join(stale)}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--write" in sys.argv[1:]))
