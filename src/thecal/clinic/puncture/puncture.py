"""Whether a lumbar puncture is safe, by a policy that somebody named, item by item.

Guidelines disagree on platelets, INR and how long to hold a medicine against clotting, so there
is no default: without a policy there is no verdict. Results that gate are kept apart from those
that only inform. Hours are counted exactly, from the last dose in its zone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from thecal.clinic.eligibility.patient import (
    SITE,
    TEST_WORDS,
    TESTS,
    YES_OR_NO,
    Antithrombotic,
    Lab,
    Patient,
)
from thecal.clinic.moment import Moment, time_words
from thecal.clinic.puncture.antithrombotics import OTHER, Group, group_of
from thecal.clinic.puncture.policy import Hold, Limit, PuncturePolicy, Span
from thecal.source import Source


class Clearance(StrEnum):
    """How one item stands under the policy."""

    CLEAR = "clear"
    NOT_BARRED = "not contraindicated"  # the policy names what forbids, and not what is enough
    HOLD = "hold"
    NOT_CLEAR = "not clear"
    MISSING = "missing"
    SILENT = "policy silent"
    NOT_READ = "policy not read"  # the policy has a rule, and it could not be read


Ruled: TypeAlias = tuple[Hold | None, Clearance, str, dt.datetime | None]
BLEEDING = ("platelets", "inr")
PASSED = (Clearance.CLEAR, Clearance.NOT_BARRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that may stand against the puncture.

    what          a test, a medicine or a condition, in words
    verdict       how it stands
    says          the rule, and what was found
    gates         it decides; otherwise it only informs
    is_disputed   it passes, and by another shipped policy it would not
    until         the instant before which to hold; only where the verdict is `hold`
    restart       when the medicine may be given again after the puncture; empty if not said
    source        where the rule stands; None where the policy has none
    is_confirmed  the rule, and that the medicine falls under it, were read in their sources
    inputs        the facts it read, by name
    """

    what: str
    verdict: Clearance
    says: str
    gates: bool = True
    is_disputed: bool = False
    until: dt.datetime | None = None
    restart: str = ""
    source: Source | None = None
    is_confirmed: bool = True
    inputs: Mapping[str, str | float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PunctureSafety:
    """What one policy says about a puncture of one person at one time.

    not_recorded  facts that were not recorded and that the policy has no rule for
    """

    policy: PuncturePolicy
    on: Moment | None
    items: tuple[Item, ...]
    not_recorded: tuple[str, ...]

    @property
    def is_clear(self) -> bool:
        """There is an item that gates, and none of them stands against the puncture.

        What another policy forbids is not clear: guidelines disagree, and a clinician decides.
        """
        gating = [item for item in self.items if item.gates]
        return bool(gating) and all(
            item.verdict in PASSED and not item.is_disputed for item in gating
        )


def puncture_safety(
    patient: Patient,
    policy: PuncturePolicy,
    on: Moment | None = None,
    others: Sequence[PuncturePolicy] = (),
) -> PunctureSafety:
    """Hold one person's facts against a named policy.

    on      when the puncture is planned; a day stands for its beginning, so that a hold ending on
            it still holds. Without it no hold can be over.
    others  policies that decide nothing here; a result that they forbid is said to be so
    """
    asked = _Asked(patient, policy, on, tuple(o for o in others if o.head != policy.head))
    ruled = {condition.fact for condition in policy.conditions}
    is_unasked = patient.antithrombotics is None and not policy.holds
    items = (*asked.limits(), *asked.medicines(), *asked.conditions(), *asked.informing())
    shown = {item.what for item in items}
    return PunctureSafety(
        policy=policy,
        on=on,
        items=items,
        not_recorded=(
            # Guidelines weigh these two, even where the one that was named has no limit for them.
            *(words for test in BLEEDING if (words := TEST_WORDS[test]) not in shown),
            *(["medicines against clotting"] if is_unasked else []),
            *(YES_OR_NO[fact] for fact in SITE if fact not in patient.is_so and fact not in ruled),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    patient: Patient
    policy: PuncturePolicy
    on: Moment | None
    others: tuple[PuncturePolicy, ...]

    # ---- results of tests

    def limits(self) -> Iterator[Item]:
        for limit in self.policy.limits:
            if self._applies(limit):
                yield self._limit(limit)

    def _applies(self, limit: Limit) -> bool:
        """Tell whether a limit is for this person: it may be one for those on a medicine only."""
        taken = {group_of(each.medicine).name for each in self.patient.antithrombotics or ()}
        return not limit.only_with or not taken.isdisjoint(limit.only_with)

    def _limit(self, limit: Limit) -> Item:
        lab = self.patient.lab(limit.test, self.on)
        if lab is None:
            return self._of(limit, Clearance.MISSING, f"{limit}; no result is recorded")
        found = f"{limit}; found {lab.amount} on {lab.on}"
        if limit.on_the_day:
            if self.on is None:
                return self._of(limit, Clearance.MISSING, f"{found}, and no day was asked about")
            if lab.on.day_in(self.on.zone) != self.on.day:
                return self._of(
                    limit, Clearance.MISSING, f"{found}; a result of the day is asked for", lab
                )
        if limit.within_h is not None:
            if self.on is None:
                return self._of(limit, Clearance.MISSING, f"{found}, and no time was asked about")
            age_h = math.ceil(_age(lab, self.on) / dt.timedelta(hours=1))
            if age_h > limit.within_h:
                found += f"; it may be {age_h} h old, and {limit.within_h:g} h are allowed"
                return self._of(limit, Clearance.MISSING, found, lab)
        elif not limit.on_the_day:
            found += f"{self._aged(lab)}; the policy does not say how old a result may be"
        if not limit.is_met(lab.value):
            return self._of(limit, Clearance.NOT_CLEAR, found, lab)
        passed = Clearance.NOT_BARRED if limit.only_bars else Clearance.CLEAR
        if limit.only_bars:
            found += "; it names no value that is enough"
        dissent = self._dissent(lab)
        return self._of(limit, passed, found + dissent, lab, is_disputed=bool(dissent))

    def _of(
        self,
        limit: Limit,
        verdict: Clearance,
        says: str,
        lab: Lab | None = None,
        *,
        is_disputed: bool = False,
    ) -> Item:
        return Item(
            what=TEST_WORDS[limit.test],
            verdict=verdict,
            is_disputed=is_disputed,
            says=says,
            source=limit.basis.source,
            is_confirmed=limit.basis.is_confirmed,
            inputs={} if lab is None else {lab.test: lab.value, f"{lab.test}.on": str(lab.on)},
        )

    def informing(self) -> Iterator[Item]:
        """Yield the results that no limit is for; one that another policy forbids does gate."""
        gating = {limit.test for limit in self.policy.limits if self._applies(limit)}
        if self.policy.holds_if is not None and self.patient.antithrombotics:
            gating.add(self.policy.holds_if.test)
        for test in TESTS:
            lab = self.patient.lab(test, self.on)
            if test in gating or lab is None:
                continue
            others = [limit for limit in self.policy.limits if limit.test == test]
            whom = (
                ", ".join(name.replace("_", " ") for name in others[0].only_with) if others else ""
            )
            no_limit = f"limits it only for those on {whom}" if others else "has no limit for it"
            dissent = self._dissent(lab)
            yield Item(
                what=TEST_WORDS[test],
                verdict=Clearance.SILENT,
                says=f"{lab.amount} on {lab.on}; the policy {no_limit}{dissent}",
                gates=bool(dissent),
                inputs={test: lab.value, f"{test}.on": str(lab.on)},
            )

    def _dissent(self, lab: Lab) -> str:
        """Say by which other policies a result would not pass; guidelines disagree."""
        against = [
            f"'{other.head.name}' ({limit})"
            for other in self.others
            for limit in other.limits
            if limit.test == lab.test and self._applies(limit) and not limit.is_met(lab.value)
        ]
        return (
            f"; it would not pass by {', '.join(against)}: a clinician decides" if against else ""
        )

    def _aged(self, lab: Lab) -> str:
        if self.on is None:
            return ""
        hours = math.ceil(_age(lab, self.on) / dt.timedelta(hours=1))
        return f", up to {hours} h old" if hours <= 72 else f", up to {-(-hours // 24)} days old"

    # ---- medicines against clotting

    def medicines(self) -> Iterator[Item]:
        taken, what = self.patient.antithrombotics, "medicines against clotting"
        if self.policy.holds and taken is None:
            says = "not recorded; an empty list says that none is taken"
            yield Item(what=what, verdict=Clearance.MISSING, says=says)
        elif self.policy.holds and not taken:
            yield Item(what=what, verdict=Clearance.CLEAR, says="recorded: none is taken")
        for each in taken or ():
            yield self._medicine(each)

    def _medicine(self, taken: Antithrombotic) -> Item:
        group = group_of(taken.medicine)
        name = group.called if taken.medicine == OTHER else taken.medicine
        row, verdict, says, until = self._by_row(taken, group)
        is_member = row is not None and group.called != name
        if is_member:
            unsure = "" if group.basis.is_confirmed else ", by general knowledge, not confirmed"
            says += f"; {name} is read as {group.called}{unsure}"
        inputs: dict[str, str | float] = {"medicine": taken.medicine}
        if taken.use:
            inputs["use"] = taken.use
        if taken.last_dose:
            inputs["last_dose"] = str(taken.last_dose)
        kidney = self._kidney() if row is not None and row.stop is not None else None
        if kidney is not None:
            inputs[kidney.test] = kidney.value
        return Item(
            what=f"{name}, {taken.use}" if taken.use else name,
            verdict=verdict,
            says=says,
            until=until,
            restart=row.restart if row else "",
            source=row.basis.source if row else None,
            is_confirmed=row is None
            or (row.basis.is_confirmed and (group.basis.is_confirmed or not is_member)),
            inputs=inputs,
        )

    def _by_row(self, taken: Antithrombotic, group: Group) -> Ruled:
        """Find the row of the policy for a medicine and what it comes to."""
        rows = [hold for hold in self.policy.holds if hold.group == group.name]
        uses = ", ".join(row.use for row in rows if row.use)
        if not rows:
            return None, Clearance.SILENT, "the policy has no row for it; a clinician decides", None
        if uses and taken.use is None:
            says = f"its row depends on the use ({uses}), which is not recorded"
            return None, Clearance.MISSING, says, None
        row = next((row for use in (taken.use, "") for row in rows if row.use == use), None)
        if row is None:
            says = f"the policy has a row for {uses} only; a clinician decides"
            return None, Clearance.SILENT, says, None
        if row.stop is None:
            verdict = Clearance.NOT_CLEAR if row.avoid else Clearance.NOT_READ
            return row, verdict, row.avoid or f"{row.not_read} A clinician decides", None
        verdict, says, until = self._hold(row.stop, taken.last_dose)
        return row, *self._if_kidneys(verdict, says, until)

    def _hold(self, stop: Span, last: Moment | None) -> tuple[Clearance, str, dt.datetime | None]:
        """Count the hold from the last dose; of a range the longer end counts."""
        rule = f"stop {stop} before"
        if last is None:
            return Clearance.MISSING, f"{rule}; the time of the last dose is not recorded", None
        zone = (self.on.zone if self.on else None) or last.zone
        begun = last.latest(zone)
        ends = begun + dt.timedelta(hours=stop.most_h)
        shown = ends.astimezone(zone) if zone else ends.replace(tzinfo=None)
        given = f"{rule}; last dose {last}" + ("" if last.at else ", counted from its end")
        if self.on is None:
            says = f"{given}, so not before {time_words(shown)}; no time was asked about"
            return Clearance.HOLD, says, shown
        asked = self.on.earliest(zone)
        if asked >= ends:
            return Clearance.CLEAR, f"{given}, over since {time_words(shown)}", None
        if asked >= begun + dt.timedelta(hours=stop.least_h):
            given += "; the shorter end of the range has passed, the longer has not"
        return Clearance.HOLD, given, shown

    def _if_kidneys(
        self, verdict: Clearance, says: str, until: dt.datetime | None
    ) -> tuple[Clearance, str, dt.datetime | None]:
        """Hold the policy's condition for its rows against the result that it names."""
        condition = self.policy.holds_if
        if condition is None:
            return verdict, says, until
        lab, rule = self._kidney(), f"its row is for {TEST_WORDS[condition.test]} {condition}"
        if lab is None:
            missing = Clearance.MISSING if verdict is Clearance.CLEAR else verdict
            return missing, f"{says}; {rule}, and no result is recorded", until
        if not condition.is_met(lab.value):
            says = f"{rule}, and recorded is {lab}; a clinician decides"
            return Clearance.SILENT, says, None
        return verdict, f"{says}; {rule}, and recorded is {lab}", until

    def _kidney(self) -> Lab | None:
        condition = self.policy.holds_if
        return None if condition is None else self.patient.lab(condition.test, self.on)

    # ---- the place of the needle

    def conditions(self) -> Iterator[Item]:
        ruled = {condition.fact: condition for condition in self.policy.conditions}
        for fact in SITE:
            known, condition = self.patient.is_so.get(fact), ruled.get(fact)
            found = "not recorded" if known is None else f"recorded: {'yes' if known else 'no'}"
            inputs = {} if known is None else {fact: "yes" if known else "no"}
            if condition is not None:
                verdict = Clearance.NOT_CLEAR if known else Clearance.CLEAR
                yield Item(
                    what=YES_OR_NO[fact],
                    verdict=Clearance.MISSING if known is None else verdict,
                    says=f"{condition.says} {found}",
                    source=condition.basis.source,
                    is_confirmed=condition.basis.is_confirmed,
                    inputs=inputs,
                )
            elif known:
                yield Item(
                    what=YES_OR_NO[fact],
                    verdict=Clearance.SILENT,
                    says=f"{found}; the policy has no rule for it; a clinician decides",
                    inputs=inputs,
                )


def _age(lab: Lab, on: Moment) -> dt.timedelta:
    """Return how old a result may be at most: days count from their first hour to their last."""
    return on.latest(lab.on.zone) - lab.on.earliest(on.zone)
