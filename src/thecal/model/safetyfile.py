"""A safety file read: the counts of one medicine, every fault with its line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import CatalogError, shown
from thecal.model.population import STATUSES
from thecal.model.safety import (
    ANY_SERIOUS,
    ARMS,
    CSF,
    Count,
    CsfValue,
    Design,
    Kind,
    Number,
    Pool,
    Reaction,
    Safety,
    TableRule,
)
from thecal.units import QUANTITIES, scale

MOST_DOSES = 1000  # before an onset; more is a slip


def load_safety(medicine: str, folder: Path = DRUGS) -> Safety:
    """Read the safety of a medicine. Raises CatalogError, or DataFileError with every fault."""
    path = folder / medicine / "safety.yaml"
    if not path.is_file():
        raise CatalogError(f"no safety of '{medicine}': {path.name} is not in its folder")
    return read_safety(path)


def read_safety(path: Path) -> Safety:
    """Read one safety file. Raises DataFileError with every fault and its line."""
    file = DataFile(path)
    top = file.read().fields(
        ["medicine", "about", "trial", "table_rule", "reactions", "overall", "csf", "serious"]
    )
    file.finish()
    serious = top["serious"].fields(["pool", "trial", "units", "kinds"])
    file.finish()
    reactions = _reactions(top["reactions"])
    safety = Safety(
        medicine=top["medicine"].text(),
        about=top["about"].text(),
        design=_design(top["trial"]),
        table_rule=_rule(top["table_rule"]),
        reactions=reactions,
        overall={
            name: _reaction(name, entry, is_total=True)
            for name, entry in top["overall"].mapping().items()
        },
        csf={
            name: _csf_value(name, entry, reactions)
            for name, entry in top["csf"].fields(CSF).items()
        },
        pool=_pool(serious["pool"]),
        kinds=_serious_kinds(serious),
    )
    file.finish()
    named = [top[key].mapping() for key in ("reactions", "overall", "csf")]
    named.append(serious["kinds"].mapping())
    for k, entries in enumerate(named):
        for name, entry in entries.items():
            if name == ANY_SERIOUS or any(name in others for others in named[:k]):
                entry.fault("this name has another meaning already; give it another")
    for name, entry in serious["kinds"].mapping().items():
        if safety.window_d(name)[0] >= safety.pool.longest_d:
            entry.mapping()["doses_before"].fault(
                f"nobody of the pool, {safety.pool.longest_d:g} d at most, had so many doses"
            )
    if safety.pool.with_event > min(safety.events, safety.pool.participants):
        serious["pool"].mapping()["with_event"].fault(
            f"{safety.pool.with_event} participants of {safety.pool.participants} with "
            f"{safety.events} events; each of them has one at least"
        )
    file.finish()
    return safety


# A field that is missing is a fault already: what stands for it is never used.


def _text(fields: Mapping[str, Entry], name: str) -> str:
    return fields[name].text() if name in fields else ""


def _whole(fields: Mapping[str, Entry], name: str, *, least: int = 0) -> int:
    return max(fields[name].integer(least=least), least) if name in fields else least


def _above_0(fields: Mapping[str, Entry], name: str) -> float:
    value = fields[name].number() if name in fields else 1.0
    if value <= 0:
        fields[name].fault(f"expected a number above 0, found {value:g}")
    return value


def _status(fields: Mapping[str, Entry]) -> str:
    return fields["status"].choice(STATUSES) if "status" in fields else ""


def _range(fields: Mapping[str, Entry], name: str, *, least: float) -> tuple[float, float]:
    """Read the least and the highest of what was seen."""
    if name not in fields:
        return least, least
    ends = [item.number() for item in fields[name].items()]
    if len(ends) != 2 or not least <= ends[0] <= ends[1]:
        fields[name].fault(f"expected the least and the highest, from {least:g} on")
        return least, least
    return ends[0], ends[1]


def _power(fields: Mapping[str, Entry], name: str, kind: str) -> int:
    """Read a unit; return the power of ten from it to the canonical one of this kind."""
    if name not in fields:
        return 0
    unit = fields[name].text()
    power = QUANTITIES[kind].power(unit)
    if power is None:
        units = ", ".join(QUANTITIES[kind].units)
        fields[name].fault(f"{shown(unit)} is no unit of {kind}; there are {units}")
    return power or 0


def _counts(fields: Mapping[str, Entry]) -> dict[str, Count]:
    """Read x of n for each arm."""
    found = {arm: Count(x=0, n=1) for arm in ARMS}
    for arm in set(ARMS) & set(fields):
        held = fields[arm].fields(["count", "of"])
        x, n = _whole(held, "count"), _whole(held, "of", least=1)
        if x > n:
            fields[arm].fault(f"{x} of {n}; expected at most all")
        found[arm] = Count(x=min(x, n), n=n)
    return found


def _design(entry: Entry) -> Design:
    keys = ["doses_d", "then_every_d", "duration_d", *ARMS]
    fields = entry.fields([*keys, "status", "source"])
    days = [item.number() for item in fields["doses_d"].items()] if "doses_d" in fields else [0.0]
    duration_d = _above_0(fields, "duration_d") if "duration_d" in fields else math.inf
    if not days or days[0] != 0 or days != sorted(set(days)) or not days[-1] < duration_d:
        fields["doses_d"].fault(
            "expected the days of the doses: from 0 on, increasing, before 'duration_d'"
        )
    return Design(
        doses_d=tuple(days),
        then_every_d=_above_0(fields, "then_every_d"),
        duration_d=duration_d,
        n={arm: _whole(fields, arm, least=1) for arm in ARMS},
        status=_status(fields),
        source=_text(fields, "source"),
    )


def _rule(entry: Entry) -> TableRule:
    keys = ("least_percent", "more_than_points")
    fields = entry.fields([*keys, "status", "source"])
    least, points = (
        fields[key].number(least=0, most=100) if key in fields else 0.0 for key in keys
    )
    return TableRule(
        least_percent=least,
        more_than_points=points,
        status=_status(fields),
        source=_text(fields, "source"),
    )


def _reaction(name: str, entry: Entry, *, is_total: bool = False) -> Reaction:
    required = ["says", *ARMS, "status", "source"]
    if is_total:
        fields = entry.fields(required)
    else:
        fields = entry.fields([*required, "lumbar_puncture"], ["part_of"])
    answer = fields.get("lumbar_puncture")
    return Reaction(
        name=name,
        says=_text(fields, "says"),
        seen=_counts(fields),
        is_of_puncture=answer is not None and answer.choice(("yes", "no")) == "yes",
        part_of=_text(fields, "part_of"),
        status=_status(fields),
        source=_text(fields, "source"),
    )


def _reactions(entry: Entry) -> dict[str, Reaction]:
    entries = entry.mapping()
    found = {name: _reaction(name, item) for name, item in entries.items()}
    wholes = {name: r for name, r in found.items() if not r.part_of}
    for name, part in found.items():
        if part.part_of:
            place = entries[name].mapping()["part_of"]
            whole = wholes.get(place.choice(wholes))
            if part.is_of_puncture or (whole and whole.is_of_puncture):
                place.fault("a reaction of the puncture has no parts, and is none")
            if whole and any(part.seen[arm].share > whole.seen[arm].share for arm in ARMS):
                place.fault(f"{name} is commoner than {whole.name}; a part is at most as common")
    return found


def _number(fields: Mapping[str, Entry], name: str, power: int = 0) -> Number:
    held = fields[name].fields(["value", "status", "source"]) if name in fields else {}
    return Number(
        value=scale(_above_0(held, "value"), power),
        status=_status(held),
        source=_text(held, "source"),
    )


def _csf_value(name: str, entry: Entry, reactions: Mapping[str, Reaction]) -> CsfValue:
    numbers = ["upper_limit", "baseline_median", "baseline_sd", "spread"]
    fields = entry.fields(["says", "unit", "shift", "reported_as", *numbers])
    power = _power(fields, "unit", name)
    shift = fields["shift"].fields([*ARMS, "status", "source"]) if "shift" in fields else {}
    seen = _counts(shift)
    for arm in set(ARMS) & set(shift):
        if seen[arm].x == seen[arm].n:
            shift[arm].fault("everybody above normal leaves no level to draw; expected fewer")
    reports = [key for key, r in reactions.items() if not r.part_of and not r.is_of_puncture]
    return CsfValue(
        name=name,
        says=_text(fields, "says"),
        unit=QUANTITIES[name].unit,
        shift=seen,
        reported_as=fields["reported_as"].choice(reports) if "reported_as" in fields else "",
        upper_limit=_number(fields, "upper_limit", power),
        baseline_median=_number(fields, "baseline_median", power),
        baseline_sd=_number(fields, "baseline_sd"),
        spread=_number(fields, "spread"),
        status=_status(shift),
        source=_text(shift, "source"),
    )


def _pool(entry: Entry) -> Pool:
    keys = ["participants", "with_event", "patient_years", "exposure_weeks"]
    fields = entry.fields([*keys, "status", "source"])
    shortest, longest = _range(fields, "exposure_weeks", least=0.1)
    return Pool(
        participants=_whole(fields, "participants", least=1),
        with_event=_whole(fields, "with_event"),
        patient_years=_above_0(fields, "patient_years"),
        shortest_d=7 * shortest,
        longest_d=7 * longest,
        status=_status(fields),
        source=_text(fields, "source"),
    )


def _serious_kinds(serious: Mapping[str, Entry]) -> dict[str, Kind]:
    """Read the kinds of serious events, and how many of each the pivotal trial had."""
    units = serious["units"].fields(CSF)
    powers = {value: _power(units, value, value) for value in CSF}
    entries = serious["kinds"].mapping()
    if not entries:
        serious["kinds"].fault("expected at least one kind of serious event")
    trial = serious["trial"].fields([*ARMS, "status", "source"])
    _status(trial)
    _text(trial, "source")
    seen = trial["treated"].fields(list(entries)) if "treated" in trial else {}
    if _whole(trial, "placebo"):
        trial["placebo"].fault("expected 0: the model has no serious neurologic event on placebo")
    found = {}
    for name, entry in entries.items():
        fields = entry.fields(["says", "events", "doses_before", *CSF, "status", "source"])
        events, in_trial = _whole(fields, "events", least=1), _whole(seen, name)
        if in_trial > events:
            seen[name].fault(f"the pool has {events}, those of the trial among them")
        doses = _range(fields, "doses_before", least=1.0)
        if any(end != int(end) or end > MOST_DOSES for end in doses):
            fields["doses_before"].fault(f"expected whole numbers of doses, at most {MOST_DOSES}")
            doses = (1.0, 1.0)
        at_event = {value: _range(fields, value, least=0.1) for value in CSF}
        found[name] = Kind(
            name=name,
            says=_text(fields, "says"),
            events=events,
            doses_before=(int(doses[0]), int(doses[1])),
            at_event={
                value: (scale(low, powers[value]), scale(high, powers[value]))
                for value, (low, high) in at_event.items()
            },
            in_trial=in_trial,
            status=_status(fields),
            source=_text(fields, "source"),
        )
    return found
