"""What a page leaves out or leaves vague, where it speaks of the matter.

A page is not blamed for what it is not about: each rule says by which claims a page shows that it
covers a matter, and what it must then say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from thecal.label.claims import Claim
from thecal.label.judging import faults
from thecal.label.judging.figures import first
from thecal.label.judging.verdict import Fault, Verdict, wrong
from thecal.label.label import Label, Statement, covers
from thecal.label.monograph import Monograph

# A verdict, and the claim it is about; None for what the page does not say at all.
Gap: TypeAlias = tuple[Claim | None, Verdict]


def left_out(
    page: Monograph, claims: Sequence[Claim], label: Label, others: Sequence[Label]
) -> Iterator[Gap]:
    """Find what a page leaves out or leaves vague.

    others  every other label of the medicine
    """
    told = _Told(claims)
    yield from _of_dosing(page, told, label)
    yield from _of_gaps(told, label, others)
    yield from _of_steps(told, label)
    yield from _of_serious(told, label)
    yield from _of_storage(told, label)
    yield from _of_approval(told, label)
    yield from _of_tests(told, label)
    yield from _of_common(told, label)
    yield from _of_mutation(page, told, label)
    yield from _of_adults(page, told, label)


@dataclass(eq=False)
class _Told:
    """What a page speaks of."""

    claims: Sequence[Claim]

    @cached_property
    def topics(self) -> frozenset[str]:
        return frozenset(claim.topic for claim in self.claims)

    def of(self, *topics: str) -> bool:
        """Tell whether the page speaks of any of the topics or their details."""
        return any(covers(topic, told) for topic in topics for told in self.topics)

    def value(self, topic: str, name: str) -> bool:
        """Tell whether the page gives one value of a topic."""
        return any(self.named(topic, name))

    def named(self, topic: str, name: str) -> list[Claim]:
        """Return the claims about one value of a topic."""
        return [c for c in self.claims if c.topic == topic and c.name == name]

    def about(self, topic: str) -> set[str]:
        """Return what the claims on a topic are about: reactions, events."""
        return {c.about for c in self.claims if c.topic == topic and c.about}

    @cached_property
    def steps(self) -> list[str]:
        """Return the steps of the injection that the page tells."""
        return [topic for topic in _STEPS if self.of(topic)]

    @cached_property
    def is_dosed(self) -> bool:
        """Tell whether a reader could dose by the page: an amount, and when."""
        return self.value("dosing.amount", "amount_mg") and (
            "dosing.loading" in self.topics or self.value("dosing.maintenance", "interval")
        )


def _omits(label: Label, topic: str, fault: Fault, value: str | None = None) -> Iterator[Gap]:
    """Say that a page omits the first statement on a topic, if the label has one."""
    s = first(label, topic)
    if s is not None:
        yield None, wrong(fault, s, value or None)


# ---- dosing


# Words by which a page shows that it speaks of the spine, in whatever words.
_NEAR_THE_ROUTE = re.compile(
    r"spine|spinal (?!muscular)|lumb|thecal|puncture|"
    r"(?<!life in )(?<!life in the )(?:csf|cerebrospinal)",
    re.I,
)


def _of_dosing(page: Monograph, told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for the route of a dose, the other phase, and the missed dose."""
    amount = told.value("dosing.amount", "amount_mg")
    loading = "dosing.loading" in told.topics
    maintenance = told.value("dosing.maintenance", "interval")
    if told.is_dosed and not told.of("dosing.route"):
        near = _NEAR_THE_ROUTE.search(page.text)
        yield from _omits(label, "dosing.route", faults.NO_PLAIN_ROUTE if near else faults.NO_ROUTE)
    if amount and told.value("dosing.loading", "interval") and not maintenance:
        yield from _omits(label, "dosing.maintenance", faults.LOADING_ALONE)
    if amount and maintenance and not loading:
        yield from _omits(label, "dosing.loading", faults.MAINTENANCE_ALONE)
    if loading and maintenance and not told.of("missed_dose"):
        yield from _omits(label, "missed_dose", faults.NO_MISSED_DOSE)


def _of_gaps(told: _Told, label: Label, others: Sequence[Label]) -> Iterator[Gap]:
    """Find one rule for every missed dose where the label goes by the length of the gap."""
    tiers = label.about("missed_dose.gap")
    if not tiers or "missed_dose.gap" in told.topics:
        return
    claim = next((c for c in told.claims if c.topic == "missed_dose.maintenance"), None)
    if claim is None or claim.value in ("double", "skip"):
        return
    now = "it depends on the months since the last dose"
    older = next((o for o in others if _is_before_gaps(o, label)), None)
    if older:
        where = f"{label.jurisdiction.upper()} label, {older.edition}"
        yield claim, wrong(faults.GAPS_OF_BEFORE, tiers[0], now, where=where)
    else:
        yield claim, wrong(faults.NO_GAPS, tiers[0], now)


def _is_before_gaps(other: Label, label: Label) -> bool:
    return (
        other.jurisdiction == label.jurisdiction
        and other.status == "superseded"
        and not other.about("missed_dose.gap")
    )


# ---- the injection, storage, tests

_STEPS = ("administration.csf_removed", "administration.bolus", "administration.in_syringe")


def _of_steps(told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for every step of the injection where one is told."""
    for topic in _STEPS if told.steps else ():
        if topic not in told.steps:
            yield from _omits(label, topic, faults.STEP_LEFT_OUT)


def _of_storage(told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for the time outside the refrigerator where the refrigerator is told."""
    outside = ("storage.carton_unrefrigerated", "storage.out_of_carton")
    if told.of("storage.refrigerated") and not told.of(*outside):
        yield from _omits(label, outside[0], faults.NO_TIME_OUTSIDE)


def _of_tests(told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for the tests before a dose where a dose or a step of the injection is told."""
    tests = [s for s in label.about("monitoring") if s.values.get("rule") == "required"]
    if tests and not told.of("monitoring") and (told.steps or told.is_dosed):
        fault = faults.TESTS_LEFT_OUT_OF_STEPS if len(told.steps) > 1 else faults.TESTS_LEFT_OUT
        yield from _omits(label, "monitoring", fault, tests[0].says)


# ---- warnings and reactions


def _of_serious(told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for the serious reactions among side effects, for all of them, and for what to do."""
    groups = [s for s in label.about("warnings.serious") if s.words("events")]
    if not groups:
        return
    named = told.about("warnings.serious")
    if not named:
        if len(told.about("adverse_reactions.common")) >= 2:
            yield from _omits(label, "warnings.serious", faults.NO_SERIOUS)
        return
    if len(named) >= 2 and not told.value("warnings.serious", "action"):
        action = str(groups[0].values.get("action", ""))
        yield from _omits(label, "warnings.serious", faults.NO_ACTION, action)
    for s in groups:
        if not any(word.replace("_", " ") in named for word in s.words("events")):
            yield None, wrong(faults.SERIOUS_LEFT_OUT, s)


def _of_common(told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for the rest of the label's table, if short, where three of its reactions are told."""
    table: list[Statement] = [
        s for s in label.about("adverse_reactions.common") if "reaction" in s.values
    ]
    said = told.about("adverse_reactions.common")
    left = [str(s.values["reaction"]) for s in table if s.values["reaction"] not in said]
    if left and len(table) - len(left) >= 3 and len(table) <= 12:
        names = ", ".join(dict.fromkeys(left))
        yield from _omits(label, "adverse_reactions.common", faults.COMMON_LEFT_OUT, names)


# ---- for whom


def _of_approval(told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for the kind of approval where the indication is told and approval was accelerated."""
    is_accelerated = any(s.values.get("status") == "accelerated" for s in label.about("identity"))
    if is_accelerated and told.of("indication") and not told.of("identity.approval"):
        own = "indication.accelerated"
        topic = own if label.about(own) else "identity.approval"
        yield from _omits(label, topic, faults.NO_MARKER)


def _of_mutation(page: Monograph, told: _Told, label: Label) -> Iterator[Gap]:
    """Ask for the gene where the disease is told and the medicine is for a mutation of it."""
    s = first(label, "indication")
    people = told.named("indication", "population")
    gene = str(s.values.get("gene", "")).lower() if s else ""
    if not gene or not people or gene in page.text.lower():
        return
    if all(claim.value == "disease" for claim in people):
        yield people[0], wrong(faults.DISEASE_FOR_MUTATION, s)


_PEOPLE = re.compile(r"\b(?:people|patients?|persons?|individuals?|those|someone|anyone)\b", re.I)
_TREATED = re.compile(r"\b(?:treat\w*|indicated|used|approved|prescribed|licen[cs]ed)\b", re.I)


def _of_adults(page: Monograph, told: _Told, label: Label) -> Iterator[Gap]:
    """Find people treated at whatever age where the label says adults: in three lines at most."""
    s = first(label, "indication")
    if s is None or s.values.get("ages") != "adults" or told.value("indication", "ages"):
        return
    anybody = [
        claim
        for claim in told.named("indication", "population")
        if _PEOPLE.search(claim.quote) and _TREATED.search(claim.quote)
    ]
    by_line = {page.place(claim.span)[0]: claim for claim in reversed(anybody)}
    for claim in list(by_line.values())[-3:]:
        yield claim, wrong(faults.ANYBODY_FOR_ADULTS, s)
