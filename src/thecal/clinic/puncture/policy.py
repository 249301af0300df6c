"""A named policy for lumbar punctures: limits of tests, and holds of medicines against clotting.

The file says of each figure where it stands. What a policy does not say stays unsaid: a test
without a limit only informs, and a result's age counts only where the policy gives one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thecal.clinic.eligibility.patient import SITE, TESTS, USES
from thecal.clinic.policy import (
    BASIS,
    HEAD,
    HEAD_OPTIONAL,
    Basis,
    Head,
    Told,
    read_basis,
    read_head,
    read_told,
)
from thecal.clinic.puncture.antithrombotics import groups
from thecal.datafile import DataFile, Entry

BOUNDS = ("at_least", "more_than", "at_most", "contraindicated_below")
HOURS = ("stop_most_h", "restart_h", "restart_most_h", "restart_if_traumatic_h")
MOST_H = 24 * 366  # a hold of more than a year is a slip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What the result of a test has to be.

    bound      one of BOUNDS; "contraindicated_below" forbids and calls nothing enough
    value      in the unit of the test
    only_with  groups of medicines for whose takers alone it holds; empty for everyone
    on_the_day a result of the day of the puncture is asked for
    within_h   how old a result may be; None where the policy does not say
    """

    test: str
    bound: str
    value: float
    basis: Basis
    only_with: tuple[str, ...] = ()
    on_the_day: bool = False
    within_h: float | None = None

    @property
    def only_bars(self) -> bool:
        """It forbids below its value, and calls no value enough."""
        return self.bound == "contraindicated_below"

    def is_met(self, value: float) -> bool:
        """Tell whether a result does not stand against the puncture."""
        if self.bound == "more_than":
            return value > self.value
        return value <= self.value if self.bound == "at_most" else value >= self.value

    def __str__(self) -> str:
        unit = TESTS[self.test].unit
        words = f"{self.bound.replace('_', ' ')} {self.value:g}{'' if unit == '1' else ' ' + unit}"
        return words + (" on the day" if self.on_the_day else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hours, or a range of them where the policy gives one."""

    least_h: float
    most_h: float

    def __str__(self) -> str:
        if self.least_h == self.most_h:
            return _hours(self.most_h)
        return f"{self.least_h:g} to {self.most_h:g} h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What the policy says of one group of medicines, taken for one use.

    use       "prophylaxis", "treatment" or "infusion"; empty for any
    stop      how long before the puncture the last dose has to be; None with `avoid`, `not_read`
    restart   when it may be given again, in words; empty where the policy does not say
    avoid     no puncture while it is taken, in words
    not_read  the policy has a row, and it could not be read: what is known of it
    """

    group: str
    basis: Basis
    use: str = ""
    stop: Span | None = None
    restart: str = ""
    avoid: str = ""
    not_read: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A fact about the person that stands against a puncture where it is so."""

    fact: str
    says: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class PuncturePolicy:
    """A named policy.

    holds_if  the result under which alone the holds are said; None where there is no such condition
    """

    head: Head
    limits: tuple[Limit, ...]
    holds: tuple[Hold, ...]
    holds_if: Limit | None
    conditions: tuple[Condition, ...]
    advice: tuple[Told, ...]


def read_puncture_policy(path: Path) -> PuncturePolicy:
    """Read a policy (YAML). Raises DataFileError with every fault and its line."""
    file = DataFile(path)
    parts = ["limits", "holds", "holds_if", "conditions", "advice"]
    root = file.read()
    top = root.fields(HEAD, [*HEAD_OPTIONAL, *parts])
    file.finish()
    head = read_head(top)

    def rows(name: str) -> list[Entry]:
        return top[name].items() if name in top else []

    if not {"limits", "holds", "conditions", "advice"} & set(top):
        root.fault("the policy says nothing; expected limits, holds, conditions or advice")
    policy = PuncturePolicy(
        head=head,
        limits=tuple(filter(None, (_limit(row, head) for row in rows("limits")))),
        holds=tuple(filter(None, (_hold(row, head) for row in rows("holds")))),
        holds_if=_limit(top["holds_if"], head) if "holds_if" in top else None,
        conditions=tuple(filter(None, (_condition(row, head) for row in rows("conditions")))),
        advice=read_told(top.get("advice"), head),
    )
    for row, key in _twice(rows("holds"), [(hold.group, hold.use) for hold in policy.holds]):
        row.fault(f"a second row for {' '.join(filter(None, key))}; one row decides")
    for row, limited in _twice(rows("limits"), [(limit.test, "") for limit in policy.limits]):
        row.fault(f"a second limit for {limited[0]}; one limit decides")
    file.finish()
    return policy


def _twice(rows: list[Entry], keys: list[tuple[str, str]]) -> list[tuple[Entry, tuple[str, str]]]:
    """Return the rows whose key stood before; nothing while rows have other faults."""
    found, seen = [], set()
    for row, key in zip(rows, keys, strict=False):
        if key in seen and len(rows) == len(keys):
            found.append((row, key))
        seen.add(key)
    return found


def _limit(entry: Entry, head: Head) -> Limit | None:
    fields = entry.fields(["test", *BASIS], [*BOUNDS, "with", "on_the_day", "within_h"])
    if not {"test", *BASIS} <= set(fields):
        return None
    bounds = [name for name in BOUNDS if name in fields]
    if len(bounds) != 1:
        entry.fault(f"expected exactly one of {', '.join(BOUNDS)}")
        return None
    return Limit(
        test=fields["test"].choice(TESTS),
        bound=bounds[0],
        value=fields[bounds[0]].number(least=0),
        only_with=tuple(item.choice(groups()) for item in fields["with"].items())
        if "with" in fields
        else (),
        on_the_day="on_the_day" in fields and fields["on_the_day"].choice(("yes", "no")) == "yes",
        within_h=fields["within_h"].number(least=0, most=MOST_H) if "within_h" in fields else None,
        basis=read_basis(fields, head),
    )


def _hold(entry: Entry, head: Head) -> Hold | None:
    kinds = ["stop_h", "avoid", "not_read"]
    fields = entry.fields(["group", *BASIS], ["use", *kinds, *HOURS])
    if not {"group", *BASIS} <= set(fields):
        return None
    if sum(kind in fields for kind in kinds) != 1:
        entry.fault(f"expected exactly one of {', '.join(kinds)}")
        return None
    restart = _span(fields, "restart")
    traumatic = _span(fields, "restart_if_traumatic")
    after = f"{restart} after the puncture" if restart else ""
    return Hold(
        group=fields["group"].choice(groups()),
        use=fields["use"].choice(USES) if "use" in fields else "",
        stop=_span(fields, "stop"),
        restart=f"{after}, {traumatic} if it was traumatic" if traumatic else after,
        avoid=fields["avoid"].text() if "avoid" in fields else "",
        not_read=fields["not_read"].text() if "not_read" in fields else "",
        basis=read_basis(fields, head),
    )


def _span(fields: Mapping[str, Entry], name: str) -> Span | None:
    """Read `name`_h, and `name`_most_h where the policy gives a range."""
    least, most = f"{name}_h", f"{name}_most_h"
    if least not in fields:
        if most in fields:
            fields[most].fault(f"a range begins with '{least}'")
        return None
    from_h = fields[least].number(least=0, most=MOST_H)
    to_h = fields[most].number(least=0, most=MOST_H) if most in fields else from_h
    if from_h > to_h:
        fields[most].fault(f"{least} is {from_h:g} and {most} is {to_h:g}; the first is the lower")
    return Span(least_h=from_h, most_h=to_h)


def _condition(entry: Entry, head: Head) -> Condition | None:
    fields = entry.fields(["fact", "says", *BASIS])
    if len(fields) < 2 + len(BASIS):
        return None
    return Condition(
        fact=fields["fact"].choice(SITE),
        says=fields["says"].text(),
        basis=read_basis(fields, head),
    )


def _hours(hours: float) -> str:
    return f"{hours / 24:g} days" if hours >= 72 and hours % 24 == 0 else f"{hours:g} h"
