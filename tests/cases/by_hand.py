"""The dosing rules of each label by hand: a second implementation that shares nothing with thecal.

Each function below is one label's text, sentence by sentence, for the dates on which doses were
given. It answers which date comes next, how much is given then, and what the text leaves open.
`case_tables.py` writes the case tables of docs/cases with it; the tests hold thecal against it.

Where thecal counts intervals from an anchor, the maintenance dates of a grid are here written into
a calendar once and crossed off, as a ward does it on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Of these the text names a date all the same; there are two ways to read it, and one is taken.
READINGS = ("missed_dose.anchor", "dosing.month_end")


@dataclass(frozen=True)
class Next:
    """The next dose: its date, amount and rule, where the rule stands, and what is left open."""

    due: date
    mg: float
    rule: str
    section: str
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """A label: its rules, and which of the questions they leave open nobody has read it for.

    read  questions that the text, once read, leaves open; any other was not looked for
    """

    medicine: str
    jurisdiction: str
    edition: str
    rules: Callable[[Sequence[date]], Next]
    read: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.medicine}.{self.jurisdiction}.{self.edition}"


def days(count: int) -> timedelta:
    return timedelta(days=count)


def length(year: int, month: int) -> int:
    """Days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def months_after(day: date, count: int) -> date:
    """The same day of the month `count` months on; the last day of that month if it is shorter."""
    year, month = day.year, day.month
    for _ in range(count):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return date(year, month, min(day.day, length(year, month)))


def every_four_months(first: date, until: date) -> list[date]:
    """The dates 4, 8, 12 ... months after a day, past `until`; each counted from that day."""
    dates, year, month = [], first.year, first.month
    while not dates or dates[-1] <= until:
        year, month = (year, month + 4) if month <= 8 else (year + 1, month - 8)
        dates.append(date(year, month, min(first.day, length(year, month))))
    return dates


# -- tofersen: US 2.1 and EU 4.2 say the same


def tofersen(section: str) -> Callable[[Sequence[date]], Next]:
    def rules(given: Sequence[date]) -> Next:
        """Three doses 14 days apart, then one every 28 days; after a late one the same again.

        A missed second dose: as soon as possible, the third 14 days later. A missed third: as
        soon as possible, the next 28 days later. A missed maintenance dose: the same.
        """
        left_open: list[str] = []
        for n in range(1, len(given)):
            usual = 14 if n < 3 else 28
            gap = (given[n] - given[n - 1]).days
            left_open = ["dosing.early"] if gap < usual else []
            if gap >= 3 * usual:  # two doses in a row fell out; the text speaks of one
                left_open.append("dosing.gap")
        if len(given) < 3:
            due, rule = given[-1] + days(14), "loading: 14 days after the last dose given"
        else:
            due, rule = given[-1] + days(28), "maintenance: 28 days after the last dose given"
        return Next(due, 100, rule, section, tuple(left_open))

    return rules


# -- nusinersen 12 mg


def nusinersen_tiers(given: Sequence[date]) -> Next:
    """US 2.1 of 2023: loading on days 0, 14, 28, 58, then every 4 months on dates first planned.

    A missed loading dose: as soon as possible, the later ones move with it. A missed maintenance
    dose, by the time since the last dose: under 8 months, as soon as possible and the next on its
    planned date if 14 days remain; 8 to under 16, as soon as possible and one more 14 days later;
    16 to under 40, as soon as possible and two more 14 days apart; then 4 months on. From 40
    months on, the loading doses from the beginning.
    """
    loading: list[date] = []
    calendar: list[date] = []
    origin = given[0]
    owed = 0
    last = due = None
    rule = ""
    for day in given:
        left_open = []
        late = due is not None and last is not None and day > due
        if due is not None and day < due:
            left_open.append("dosing.early")
        months = [m for m in (8, 16, 40) if late and day >= months_after(last, m)]
        if len(loading) < 4:
            loading.append(day)
            if months:
                left_open.append("dosing.gap")
            if len(loading) < 4:
                wait = (14, 14, 30)[len(loading) - 1]
                due, rule = day + days(wait), f"loading: {wait} days after the last dose given"
            else:
                origin, calendar = day, every_four_months(day, given[-1] + days(400))
                due, rule = calendar[0], "maintenance: 4 months after the last loading dose"
        else:
            if late and owed:
                left_open.append("missed_dose.additional")
            if 40 in months:
                loading, calendar, owed = [day], [], 0
                due = day + days(14)
                rule = "40 months or more: loading anew; 14 days after its first dose"
            elif months:
                owed = 2 if 16 in months else 1
                due = day + days(14)
                rule = (
                    "16 to under 40 months: the first of two additional doses, 14 days after"
                    if owed == 2
                    else "8 to under 16 months: one additional dose, 14 days after"
                )
            elif owed:
                owed -= 1
                if owed:
                    due = day + days(14)
                    rule = "the second of two additional doses, 14 days after the first"
                else:
                    origin, calendar = day, every_four_months(day, given[-1] + days(400))
                    due, rule = calendar[0], "maintenance: 4 months after the last additional dose"
            else:
                rule = "maintenance: the next date first planned"
                del calendar[0]  # the date that this dose was planned for
                while calendar[0] < day:
                    del calendar[0]
                if late and calendar[0] < day + days(14):
                    left_open.append("missed_dose.grid_too_close")
                    rule += f" that is 14 days off; {calendar[0]} is not"
                    del calendar[0]
                due = calendar[0]
        last = day
    if calendar and not owed and due.day != origin.day:
        left_open.append("dosing.month_end")
    return Next(due, 12, rule, "2.1", _in_order(left_open))


def nusinersen_as_soon_as_possible(
    fourth: int, sections: tuple[str, str]
) -> Callable[[Sequence[date]], Next]:
    def rules(given: Sequence[date]) -> Next:
        """US 2.1 and EU 4.2 of 2020: a late dose as soon as possible, and on from it.

        A late loading dose: as soon as possible, at least 14 days apart, then as prescribed. A
        late maintenance dose: as soon as possible, and every 4 months; from which day is not
        said, and it is read from the late dose.
        """
        due, left_open = None, []
        for n, day in enumerate(given):
            left_open = []
            if due is not None and day < due:
                left_open.append("dosing.early")
            if due is not None and day > due:
                if n >= 4:
                    left_open.append("missed_dose.anchor")
                    third = months_after(given[n - 1], 12)
                else:
                    third = given[n - 1] + days(3 * (14, 14, fourth)[n - 1])
                if day >= third:  # two doses in a row fell out; the text speaks of one
                    left_open.append("dosing.gap")
            if n < 3:
                wait = (14, 14, fourth)[n]
                due, rule = day + days(wait), f"loading: {wait} days after the last dose given"
            else:
                due, rule = months_after(day, 4), "maintenance: 4 months after the last dose given"
        if len(given) >= 4 and due.day != given[-1].day:
            left_open.append("dosing.month_end")
        return Next(due, 12, rule, sections[len(given) >= 4], _in_order(left_open))

    return rules


def nusinersen_eu(given: Sequence[date]) -> Next:
    """EU: loading on days 0, 14, 28, 63, then every 4 months on the dates first planned.

    A late loading dose: as soon as possible, the later ones keep their intervals. A late
    maintenance dose, under 8 months from the last: as soon as possible, the next on its planned
    date, 14 days between the two. What holds from 8 months on was not read.
    """
    calendar: list[date] = []
    doubt: list[str] = []
    last = due = None
    for n, day in enumerate(given):
        left_open = list(doubt)
        late = due is not None and day > due
        long = late and day >= months_after(last, 8)
        if due is not None and day < due:
            left_open.append("dosing.early")
        if n < 3:
            if long:
                left_open.append("dosing.gap")
            wait = (14, 14, 35)[n]
            due, rule = day + days(wait), f"loading: {wait} days after the last dose given"
        elif n == 3:
            if long:
                left_open.append("dosing.gap")
            calendar = every_four_months(day, given[-1] + days(400))
            due, rule = calendar[0], "maintenance: 4 months after the last loading dose"
        else:
            if long:
                left_open.append("missed_dose.gap")
                doubt.append("missed_dose.gap")
            rule = "maintenance: the next date first planned"
            del calendar[0]
            while calendar[0] < day:
                del calendar[0]
            if late and calendar[0] < day + days(14):
                left_open.append("missed_dose.grid_too_close")
                rule += f" that is 14 days off; {calendar[0]} is not"
                del calendar[0]
            due = calendar[0]
        last = day
    if calendar and due.day != given[3].day:
        left_open.append("dosing.month_end")
    section = "usage and table 1" if len(given) >= 4 else "4.2"
    return Next(due, 12, rule, section, _in_order(left_open))


# -- nusinersen, high dose: only the regimen as it was announced


def high_dose(given: Sequence[date]) -> Next:
    """50 mg twice, 14 days apart, then 28 mg every 4 months. The rules for late doses: not read."""
    due, left_open = None, []
    for n, day in enumerate(given):
        left_open = []
        if due is not None and day < due:
            left_open.append("dosing.early")
        if due is not None and day > due:
            left_open.append("missed_dose.loading" if n < 2 else "missed_dose.maintenance")
            third = given[n - 1] + days(42) if n < 2 else months_after(given[n - 1], 12)
            if day >= third:
                left_open.append("dosing.gap")
        if n < 1:
            due, mg, rule = day + days(14), 50, "loading: 14 days after the last dose given"
        else:
            due, mg = months_after(day, 4), 28
            rule = "maintenance: 4 months after the last dose given"
    if len(given) >= 2 and due.day != given[-1].day:
        left_open.append("dosing.month_end")
    return Next(due, mg, rule, "text", _in_order(left_open))


def _in_order(topics: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(topics)))


SILENT_2023 = (
    "dosing.early",
    "dosing.gap",
    "dosing.month_end",
    "missed_dose.additional",
    "missed_dose.grid_too_close",
)
SILENT_2020 = ("dosing.early", "dosing.gap", "dosing.month_end", "missed_dose.anchor")
LABELS = (
    Label("tofersen", "us", "2024", tofersen("2.1"), ("dosing.early", "dosing.gap")),
    Label("tofersen", "eu", "2024", tofersen("4.2"), ("dosing.early", "dosing.gap")),
    Label("nusinersen", "us", "2023", nusinersen_tiers, SILENT_2023),
    Label(
        "nusinersen", "us", "2020", nusinersen_as_soon_as_possible(30, ("2.1", "2.1")), SILENT_2020
    ),
    Label("nusinersen", "eu", "2025", nusinersen_eu, ("dosing.early", "dosing.month_end")),
    Label(
        "nusinersen",
        "eu",
        "2020",
        nusinersen_as_soon_as_possible(35, ("4.2", "4.2")),
        ("dosing.gap",),
    ),
    Label("nusinersen", "us", "2026", high_dose, ()),
    Label("nusinersen", "eu", "2026", high_dose, ()),
)
