"""Neurofilament light chain: compared within one method and one fluid, or not at all.

Laboratories warn that values of different methods or fluids must not be compared, and limits by
age hold for the method they were made with. A value whose method was not recorded is compared as
a ratio, and it is said that this needs the assay to have been one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, Basis, Head, read_basis, read_head
from thecal.clinic.watch.grading import SCALES
from thecal.course import Course, Observation
from thecal.datafile import DataFile, Entry
from thecal.label.label import Label, Statement

RULE = "NfL within one method and one fluid"
FLUIDS = {"nfl_csf": "CSF", "nfl_plasma": "plasma", "nfl_serum": "serum"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One laboratory's method: its names, the fluid, and the upper limit from each age on."""

    kind: str
    names: tuple[str, ...]
    limits: Mapping[int, float]
    basis: Basis

    def limit(self, age_y: float) -> tuple[int, float] | None:
        """Return the age from which the limit holds, and the limit in pg/mL; None below all."""
        from_y = max((age for age in self.limits if age <= age_y), default=None)
        return None if from_y is None else (from_y, self.limits[from_y])


@dataclass(frozen=True, slots=True, kw_only=True)
class NflTable:
    """Limits by method, what a laboratory asks before a sample, and what it warns of."""

    head: Head
    biotin_h: float
    biotin: str
    comparing: str
    comparing_basis: Basis
    methods: tuple[Method, ...]


def nfl_findings(course: Course, label: Label, age_y: float | None = None) -> Iterator[Finding]:
    """Yield what NfL did since the first dose, fluid by fluid and method by method."""
    table = nfl_table()
    for kind, fluid in FLUIDS.items():
        seen = course.observed(kind)
        methods = list(dict.fromkeys(o.method.casefold() for o in seen))
        for method in methods:
            values = [o for o in seen if o.method.casefold() == method]
            yield _series(fluid, method, values, table, label)
            yield from _limit(fluid, values[-1], table, age_y)
        if len(methods) > 1:
            yield Finding(
                code="nfl.not_compared",
                severity=Severity.NOTE,
                message=f"NfL in {fluid} was measured by {len(methods)} methods (or the method is "
                "not recorded on some): values are compared within a method only",
                says=table.comparing,
                time_d=seen[-1].time_d,
                source=table.comparing_basis.source,
                rule=RULE,
                inputs={"methods": len(methods)},
            )


def _series(
    fluid: str, method: str, values: list[Observation], table: NflTable, label: Label
) -> Finding:
    before = [o for o in values if o.time_d <= 0]
    first, last = (before or values)[-1 if before else 0], values[-1]
    told = f"NfL in {fluid}, {'one method' if method else 'method not recorded'}: {_value(first)}"
    inputs: dict[str, float | str] = {"first": first.value, "first_day": first.time_d}
    if last is not first:
        told += f", last {_value(last)}"
        inputs |= {"last": last.value, "last_day": last.time_d}
        if not (first.is_below or last.is_below):
            told += f", {last.value / first.value:.2g} times the first"
            inputs["ratio"] = last.value / first.value
            if not method:
                told += ", a ratio that means something only if the assay was one"
    else:
        told += ", nothing to compare it with"
    trial: tuple[Statement, ...] = ()
    if fluid == "plasma" and last is not first:
        trial = label.about("pharmacodynamics.plasma_nfl")
    return Finding(
        code="nfl.course",
        severity=Severity.NOTE,
        message=told,
        says=trial[0].says if trial else "",
        asks=("" if method else "record the method; ")
        + f"before a sample: {table.biotin_h:g} hours without high-dose biotin, if the laboratory "
        "asks for it",
        time_d=last.time_d,
        source=trial[0].source if trial else table.comparing_basis.source,
        rule=RULE,
        inputs=inputs,
    )


def _limit(
    fluid: str, last: Observation, table: NflTable, age_y: float | None
) -> Iterator[Finding]:
    """Hold the last value against the limit by age, where its very method has one."""
    named = last.method.casefold()
    method = next((m for m in table.methods if m.kind == last.kind and named in m.names), None)
    if method is None:
        return
    held = None if age_y is None else method.limit(age_y)
    message = f"NfL in {fluid} {_value(last)}: the limit depends on age, which is not known here"
    inputs: dict[str, float | str] = {"value": last.value}
    if age_y is not None:
        inputs["age_y"] = age_y
        message = f"NfL in {fluid} {_value(last)}: no limit is given below age {min(method.limits)}"
    if held is not None:
        from_y, limit = held
        inputs["limit"] = limit
        side = "within" if last.value <= limit else "above"
        if last.is_below and side == "above":
            side = "not surely within"
        message = (
            f"NfL in {fluid} {_value(last)}, {side} {limit:g} pg/mL, the limit from age {from_y}"
        )
    yield Finding(
        code="nfl.age_limit",
        severity=Severity.NOTE,
        message=message,
        asks="the limit is one laboratory's, for people without neurological disease",
        time_d=last.time_d,
        source=method.basis.source,
        rule=str(table.head),
        inputs=inputs,
    )


def _value(observation: Observation) -> str:
    sign = "<" if observation.is_below else ""
    return f"{sign}{observation.value:g} {observation.unit} on day {observation.time_d:g}"


@cache
def nfl_table() -> NflTable:
    """Return the shipped limits."""
    return read_nfl(SCALES / "nfl.mayo.yaml")


def read_nfl(path: Path) -> NflTable:
    """Read limits of NfL by method and age (YAML). Raises DataFileError."""
    file = DataFile(path)
    top = file.read().fields([*HEAD, "biotin", "comparing", "methods"], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    biotin = top["biotin"].fields(["hours", "says", *BASIS])
    comparing = top["comparing"].fields(["says", *BASIS])
    file.finish()
    read_basis(biotin, head)
    methods = [_method(entry, head) for entry in top["methods"].items()]
    table = NflTable(
        head=head,
        biotin_h=biotin["hours"].number(least=0),
        biotin=biotin["says"].text(),
        comparing=comparing["says"].text(),
        comparing_basis=read_basis(comparing, head),
        methods=tuple(method for method in methods if method),
    )
    file.finish()
    return table


def _method(entry: Entry, head: Head) -> Method | None:
    told = entry.fields(["kind", "names", "limits", *BASIS])
    if len(told) < 3 + len(BASIS):
        return None
    limits = {}
    for age, limit in told["limits"].mapping().items():
        if not (age.isascii() and age.isdigit()):
            limit.fault("expected an age in whole years")
            continue
        limits[int(age)] = limit.number(least=0)
    return Method(
        kind=told["kind"].choice(FLUIDS),
        names=tuple(name.text().casefold() for name in told["names"].items()),
        limits=limits,
        basis=read_basis(told, head),
    )
