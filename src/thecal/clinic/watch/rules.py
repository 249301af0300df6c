"""A clinic's own rules for what is watched: a named policy, read and held against a figure.

No threshold for CSF cells, protein or pressure stands in a label, and no published consensus was
found. So a verdict is drawn only by a policy that somebody named, and it carries that name. No
rule makes a figure serious: symptoms do (US PI 5.1 to 5.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.policy import (
    BASIS,
    HEAD,
    HEAD_OPTIONAL,
    Basis,
    Head,
    policy_path,
    read_basis,
    read_head,
    shipped,
)
from thecal.datafile import DataFile, Entry

KINDS = ("csf", "alsfrs")  # of policies for the watch, as shipped
# What a rule may speak about, and what it is called.
MEASURES = {
    "csf_wbc": "CSF white cells",
    "csf_protein": "CSF protein",
    "albumin_ratio": "albumin ratio",
    "csf_pressure": "CSF opening pressure",
    "alsfrs_respiratory_item": "lowest respiratory item",
    "alsfrs_fall_per_month": "fall of the ALSFRS-R",
}
TESTS = ("at_least", "above", "below", "fold", "rises", "above_by_age")
SEVERITIES = (Severity.NOTE, Severity.CAUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure a rule may judge.

    is_below  the value is a limit of quantification: the truth lies below it
    fold      over the value before the first dose; None where that is not known
    rises     how many times in a row it rose; None where that means nothing
    """

    measure: str
    value: float
    unit: str
    time_d: float
    is_below: bool = False
    fold: float | None = None
    rises: int | None = None

    def __str__(self) -> str:
        sign = "<" if self.is_below else ""
        return f"{MEASURES[self.measure]} {sign}{self.value:.4g} {self.unit} on day {self.time_d:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRule:
    """One rule: the test with its limit, what it says, what to repeat, and who is told.

    limit  for above_by_age the limit at birth; `per_year` is added for each year
    """

    measure: str
    test: str
    limit: float
    per_year: float
    says: str
    severity: Severity
    repeat: str
    tell: str
    basis: Basis

    def holds(self, figure: Figure, age_y: float | None) -> bool | None:
        """Tell whether a figure meets the rule; None where something it needs is not recorded."""
        match self.test:
            case "fold":
                return None if figure.fold is None else figure.fold >= self.limit
            case "rises":
                return None if figure.rises is None else figure.rises >= self.limit
            case "above_by_age":
                if age_y is None:
                    return None
                return self._beyond(figure, self.limit + self.per_year * age_y)
        return self._beyond(figure, self.limit)

    def _beyond(self, figure: Figure, limit: float) -> bool | None:
        value = figure.value
        if self.test == "below":
            return True if value < limit else None if figure.is_below else False
        if figure.is_below:  # the truth is lower: surely not beyond where even the limit is not
            return False if value <= limit else None
        return value >= limit if self.test == "at_least" else value > limit

    @property
    def needs(self) -> str:
        """What is missing where the rule cannot be judged."""
        return {
            "fold": "a value before the first dose",
            "rises": "more than one value",
            "above_by_age": "the age",
        }.get(self.test, "a value above the limit of quantification")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPolicy:
    """A named policy: its head and its rules."""

    head: Head
    rules: tuple[WatchRule, ...]


def judge(
    policy: WatchPolicy, figures: Sequence[Figure], age_y: float | None = None
) -> Iterator[Finding]:
    """Yield a finding for each rule a figure meets, and one each for what is within or open."""
    within: list[str] = []
    for figure in figures:
        rules = [rule for rule in policy.rules if rule.measure == figure.measure]
        held = [(rule, rule.holds(figure, age_y)) for rule in rules]
        for rule, is_met in held:
            if is_met:
                yield _met(policy, rule, figure)
            elif is_met is None:
                yield Finding(
                    code="policy.not_judged",
                    severity=Severity.NOTE,
                    message=f"{figure}: not judged, for {rule.needs} is not recorded",
                    says=rule.says,
                    time_d=figure.time_d,
                    source=rule.basis.source,
                    rule=str(policy.head),
                    inputs=_inputs(figure),
                )
        if held and not any(is_met is not False for _, is_met in held):
            within.append(str(figure))
    if within:
        yield Finding(
            code="policy.within",
            severity=Severity.NOTE,
            message=f"within {policy.head}: {'; '.join(within)}",
            rule=str(policy.head),
            inputs={f.measure: f.value for f in figures if str(f) in within},
        )


def _met(policy: WatchPolicy, rule: WatchRule, figure: Figure) -> Finding:
    unsure = "" if rule.basis.is_confirmed else "; this rule is NOT CONFIRMED in its source"
    asks = [f"repeat: {rule.repeat}"] if rule.repeat else []
    asks += [f"tell: {rule.tell}"] if rule.tell else []
    return Finding(
        code=f"policy.{figure.measure}",
        severity=rule.severity if rule.basis.is_confirmed else Severity.NOTE,
        message=f"{figure}, by {policy.head}{unsure}",
        says=rule.says,
        asks="; ".join(asks) or "the policy names nothing to repeat and nobody to tell",
        time_d=figure.time_d,
        source=rule.basis.source,
        rule=str(policy.head),
        inputs=_inputs(figure),
    )


def _inputs(figure: Figure) -> Mapping[str, float | str]:
    found: dict[str, float | str] = {figure.measure: figure.value, "unit": figure.unit}
    if figure.fold is not None:
        found["fold"] = figure.fold
    if figure.rises is not None:
        found["rises"] = figure.rises
    return found


def load_watch_policy(named: str) -> WatchPolicy:
    """Read a policy by its shipped name or by its path. Raises PolicyError, DataFileError."""
    kind = next((kind for kind in KINDS if named in shipped(kind)), KINDS[0])
    return read_watch_policy(policy_path(kind, named))


def read_watch_policy(path: Path) -> WatchPolicy:
    """Read a policy for the watch (YAML). Raises DataFileError."""
    file = DataFile(path)
    top = file.read().fields([*HEAD, "rules"], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    rules = [_rule(entry, head) for entry in top["rules"].items()]
    file.finish()
    return WatchPolicy(head=head, rules=tuple(rule for rule in rules if rule))


def _rule(entry: Entry, head: Head) -> WatchRule | None:
    needed = ["measure", "says", *BASIS]
    told = entry.fields(needed, [*TESTS, "severity", "repeat", "tell"])
    tests = [test for test in TESTS if test in told]
    if len(tests) != 1:
        entry.fault(f"expected one of {', '.join(TESTS)}; found {len(tests)}")
    if not set(needed) <= set(told) or len(tests) != 1:
        return None
    (test,) = tests
    limit, per_year = 0.0, 0.0
    if test == "above_by_age":
        by_age = told[test].fields(["at_0", "per_year"])
        if len(by_age) == 2:
            limit, per_year = by_age["at_0"].number(), by_age["per_year"].number()
    elif test == "rises":
        limit = told[test].integer(least=1, most=100)
    else:
        limit = told[test].number(least=0)
    word = told["severity"].choice(SEVERITIES) if "severity" in told else ""
    return WatchRule(
        measure=told["measure"].choice(MEASURES),
        test=test,
        limit=limit,
        per_year=per_year,
        says=told["says"].text(),
        severity=Severity(word) if word in SEVERITIES else Severity.NOTE,
        repeat=told["repeat"].text() if "repeat" in told else "",
        tell=told["tell"].text() if "tell" in told else "",
        basis=read_basis(told, head),
    )
