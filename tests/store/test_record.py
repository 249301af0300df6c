"""The record keeps what it was given, shows what was known then, and refuses what would hurt."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from thecal.errors import StoreError, ThecalError
from thecal.store.fact import MOST_BYTES
from thecal.store.outcome import ROLES, Refused, Written
from thecal.store.record import Author, Entry, Record, new_stream
from thecal.store.rules import MOST_FACTS
from thecal.store.trail import looks
from thecal.store.transfer import export

NURSE = Author(actor="nurse.1", role="nurse")
DOCTOR = Author(actor="doctor.1", role="prescriber")
MONDAY = dt.date(2026, 1, 5)
PLAN = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})
NUSINERSEN = Entry(kind="plan", body={"medicine": "nusinersen", "jurisdiction": "us"})
VIAL = Entry(kind="vial", body={"lot": "L1", "expiry": "2040-01-01"})


def dose(day: int, of: str = "", **more: Any) -> Entry:
    date = str(MONDAY + dt.timedelta(days=day))
    body = {"date": date, "amount_mg": 100, "route": "intrathecal", **more}
    return Entry(kind="dose", body=body, of=of)


def note(text: str, of: str = "") -> Entry:
    return Entry(kind="note", body={"text": text}, of=of)


class Clinic:
    """A record and a pen: every change has a new key, and expects what stands there."""

    def __init__(self, record: Record) -> None:
        self.record, self.keys = record, 0

    def write(self, stream: str, *entries: Entry, by: Author = NURSE, **more: Any) -> Any:
        self.keys += 1
        more.setdefault("key", f"key-{self.keys:08}")
        if "expected" not in more:
            try:
                more["expected"] = self.record.read(stream, NURSE).version
            except StoreError:
                more["expected"] = 0
        if any(entry.of for entry in entries):
            more.setdefault("reason", "entered wrongly")
        return self.record.add(stream, entries, by, **more)

    def patient(self, *days: int, plan: Entry = PLAN) -> str:
        stream = new_stream("P")
        written = self.write(stream, plan, *map(dose, days))
        assert isinstance(written, Written), written
        return stream

    def vial(self) -> str:
        stream = new_stream("V")
        assert isinstance(self.write(stream, VIAL), Written)
        return stream

    def days(self, stream: str) -> list[int]:
        return [d.time_d for d in self.record.read(stream, NURSE).course.doses]


@pytest.fixture
def clinic(where):
    return Clinic(where.make())


def rows(where, table: str) -> int:
    return where.raw().execute(f"SELECT count(*) FROM {table}").fetchone()[0]


# -- what was known when


class Known(RuleBasedStateMachine):
    """A stream beside a plain dictionary of it, copied at every change."""

    record: Record
    clock: list[dt.datetime]

    @initialize()
    def begin(self) -> None:
        self.stream, self.version, self.n = new_stream("P"), 0, 0
        self.now: dict[str, Any] = {}
        self.past: list[tuple[str, int, dict[str, Any]]] = []
        self._write([PLAN], {}, step=0)

    def _write(self, entries: list[Entry], after: dict[str, Any], step: int) -> None:
        self.clock[0] += dt.timedelta(seconds=step)  # it may stand still, or go backwards
        self.n += 1
        written = self.record.add(
            self.stream,
            entries,
            NURSE,
            expected=self.version,
            key=f"{self.stream}-{self.n}",
            reason="so it was",
        )
        assert isinstance(written, Written)
        self.version += 1
        assert written.version == self.version
        self.now = after
        self.past.append((written.at, self.version, after))

    @rule(
        texts=st.lists(st.text("abc \nß€", min_size=1).filter(str.strip), min_size=1, max_size=3),
        step=st.integers(-5, 20),
    )
    def add(self, texts: list[str], step: int) -> None:
        names = [f"{self.version + 1}.{place}" for place in range(1, len(texts) + 1)]
        entries = [note(text) for text in texts]
        self._write(entries, self.now | dict(zip(names, texts, strict=True)), step)

    @precondition(lambda self: self.now)
    @rule(data=st.data(), step=st.integers(-5, 20))
    def correct(self, data: st.DataObject, step: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.now)))
        self._write([note("better", of=name)], self.now | {name: "better"}, step)

    @precondition(lambda self: self.now)
    @rule(data=st.data(), step=st.integers(-5, 20))
    def withdraw(self, data: st.DataObject, step: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.now)))
        after = {key: value for key, value in self.now.items() if key != name}
        self._write([Entry(kind="note", body=None, of=name)], after, step)

    @rule(behind=st.integers(-2, 2).filter(bool))
    def come_too_late(self, behind: int) -> None:
        self.n += 1
        expected, key = self.version + behind, f"{self.stream}-{self.n}"
        refused = self.record.add(self.stream, [note("x")], NURSE, expected=expected, key=key)
        assert isinstance(refused, Refused) and refused.code == "stale"

    @invariant()
    def what_stands_is_what_was_written(self) -> None:
        chart = self.record.read(self.stream, NURSE)
        assert {fact.fact: fact.body["text"] for fact in chart.of("note")} == self.now
        assert chart.version == self.version

    def teardown(self) -> None:
        if not hasattr(self, "past"):
            return
        for at in {at for at, _, _ in self.past}:
            moment = dt.datetime.fromisoformat(at)
            for seen in (moment, moment + dt.timedelta(microseconds=1)):
                _, version, known = [row for row in self.past if row[0] <= at][-1]
                chart = self.record.read(self.stream, NURSE, as_of=seen)
                assert {fact.fact: fact.body["text"] for fact in chart.of("note")} == known
                assert chart.version == version
        before = dt.datetime.fromisoformat(self.past[0][0]) - dt.timedelta(microseconds=1)
        with pytest.raises(StoreError, match="did not know this code yet"):
            self.record.read(self.stream, NURSE, as_of=before)
        history = self.record.history(self.stream, NURSE)
        assert [change.at for change in history] == [at for at, _, _ in self.past]


def test_at_every_past_moment_the_record_shows_what_was_known_then(where):
    """Issue 6, build 6; judged by a dictionary that was copied after every change."""
    clock = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]
    record = where.make(clock=lambda: clock[0])

    def machine() -> Known:
        made = Known()
        made.record, made.clock = record, clock
        return made

    # The record is one for all examples; each has a stream of its own.
    health = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=8, stateful_step_count=12, suppress_health_check=health),
    )
    assert where.found().is_whole


def test_a_correction_keeps_what_stood_before_with_author_and_reason(clinic):
    patient = clinic.patient(0)
    clinic.write(patient, dose(1, of="1.2"), by=DOCTOR, reason="it was Tuesday")
    first, second = clinic.record.history(patient, NURSE)
    assert first.facts[1].body["date"] == "2026-01-05" and first.facts[1].version == 1
    assert second.facts[0].body["date"] == "2026-01-06" and second.facts[0].version == 2
    assert (second.actor, second.role, second.reason) == (
        "doctor.1",
        "prescriber",
        "it was Tuesday",
    )


def test_a_correction_without_a_reason_is_refused(clinic):
    patient = clinic.patient(0)
    with pytest.raises(StoreError, match="a correction says why"):
        clinic.write(patient, dose(1, of="1.2"), reason=" ")


@pytest.mark.parametrize("of", ["9.9", "1.1", "2.1"])
def test_a_correction_of_what_does_not_stand_there_is_refused(clinic, of):
    """An unknown fact, a fact of another kind, and one that was withdrawn."""
    patient = clinic.patient(0)
    clinic.write(patient, note("x"))
    clinic.write(patient, Entry(kind="note", body=None, of="2.1"))
    refused = clinic.write(patient, note("y", of=of))
    assert isinstance(refused, Refused) and refused.code == "not_there"


def test_a_clock_that_goes_backwards_never_turns_the_log_round(where):
    clock = [dt.datetime(2026, 6, 1, tzinfo=dt.UTC)]
    clinic = Clinic(where.make(clock=lambda: clock[0]))
    patient = clinic.patient(0)
    clock[0] -= dt.timedelta(days=400)
    clinic.write(patient, note("written by a clock that was set back"))
    times = [change.at for change in clinic.record.history(patient, NURSE)]
    assert times == sorted(set(times)) and {time[:10] for time in times} == {"2026-06-01"}
    assert where.found().is_whole


@pytest.mark.parametrize(
    "as_of",
    [
        dt.datetime(2026, 1, 1),
        dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=3))),
        dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=-3))),
        dt.datetime(900, 1, 1, tzinfo=dt.UTC),
    ],
)
def test_a_moment_without_a_zone_or_outside_the_calendar_is_refused(clinic, as_of):
    patient = clinic.patient(0)
    with pytest.raises(StoreError):
        clinic.record.read(patient, NURSE, as_of=as_of)


# -- one change, once


def test_replays_of_one_key_make_one_change(where):
    """Issue 6; a thousand of them, from four threads, in test_races.py."""
    clinic = Clinic(where.make())
    patient = clinic.patient(0)
    first = clinic.write(patient, dose(14), key="the one key", expected=1)
    for _ in range(30):
        again = clinic.write(patient, dose(14), key="the one key", expected=1)
        assert again.replayed and (again.version, again.facts, again.at) == (2, ("2.1",), first.at)
    assert clinic.days(patient) == [0, 14]
    assert rows(where, "change") == 3  # the record itself, and two of the patient
    assert where.found().is_whole


def test_a_key_used_for_another_change_is_refused(clinic):
    patient = clinic.patient(0)
    clinic.write(patient, note("a"), key="the one key")
    changed = [
        clinic.write(patient, note("b"), key="the one key"),
        clinic.write(patient, note("a"), key="the one key", by=DOCTOR),
        clinic.write(patient, note("a"), key="the one key", reason="for another reason"),
        clinic.write(new_stream("P"), PLAN, key="the one key"),
        clinic.write(new_stream("V"), VIAL, key="the one key"),
    ]
    assert [refused.code for refused in changed] == ["key_reused"] * 5
    assert clinic.record.read(patient, NURSE).version == 2


def test_a_key_of_a_refused_change_may_be_used_again(clinic):
    """Nothing of a refused change was kept, so nothing stands in the way of a better one."""
    patient = clinic.patient(0)
    assert clinic.write(patient, dose(13), key="the one key").code == "dose"
    assert isinstance(clinic.write(patient, dose(14), key="the one key"), Written)


def test_who_saw_another_version_is_told_to_look_again(clinic):
    patient = clinic.patient(0)
    clinic.write(patient, note("a"))
    for expected in (0, 1, 3):
        refused = clinic.write(patient, note("b"), expected=expected)
        assert (refused.code, refused.version) == ("stale", 2)
        assert "Read it again" in refused.message
    assert clinic.write(new_stream("P"), PLAN, expected=1).code == "stale"


# -- doses too close


def test_two_doses_on_one_day_are_refused_whoever_asks(clinic):
    patient = clinic.patient(0, 14)
    for by, override in ((NURSE, ""), (DOCTOR, ""), (DOCTOR, "I insist")):
        refused = clinic.write(patient, dose(14), by=by, override=override)
        assert refused.code == "dose" and not refused.may_override
    assert clinic.write(new_stream("P"), PLAN, dose(0), dose(0)).code == "dose"
    assert clinic.days(patient) == [0, 14]


@pytest.mark.parametrize(
    ("given", "soonest"),
    [((0,), 14), ((0, 14), 28), ((0, 14, 28), 56), ((0, 14, 28, 56), 84), ((0, 20), 34)],
)
def test_a_dose_closer_than_the_tofersen_interval_is_refused_and_on_its_day_kept(
    clinic, given, soonest
):
    """US PI 2.1: three loading doses 14 days apart, then every 28 days, from the last given."""
    patient = clinic.patient(*given)
    for day in (given[-1] + 1, soonest - 1):
        refused = clinic.write(patient, dose(day))
        assert refused.code == "dose" and refused.may_override
        (finding,) = refused.findings
        assert finding.code == "dose.too_close" and finding.source.jurisdiction == "us"
    assert isinstance(clinic.write(patient, dose(soonest)), Written)
    assert clinic.days(patient) == [*given, soonest]


def test_a_nusinersen_dose_is_held_against_the_grid_of_its_label(clinic):
    """US PI 2023, 2.1: days 0, 14, 28, 58; after a late dose the next may follow at 14 days."""
    patient = clinic.patient(0, 14, 28, plan=NUSINERSEN)
    assert clinic.write(patient, dose(57)).code == "dose"
    assert isinstance(clinic.write(patient, dose(58)), Written)
    assert clinic.write(patient, dose(58 + 13)).code == "dose"


def test_a_dose_entered_late_between_two_others_is_held_against_both(clinic):
    patient = clinic.patient(0, 14, 28, 100)
    for day in (1, 13, 15, 27, 29, 55, 73, 99):
        assert clinic.write(patient, dose(day)).code == "dose", day
    assert isinstance(clinic.write(patient, dose(60)), Written)
    assert clinic.days(patient) == [0, 14, 28, 60, 100]


def test_a_corrected_date_may_not_move_a_dose_too_close(clinic):
    patient = clinic.patient(0, 14, 28)
    for day in (1, 13, 15, 27):
        assert clinic.write(patient, dose(day, of="1.4")).code == "dose", day
    assert clinic.write(patient, dose(14, of="1.4")).code == "dose"
    assert isinstance(clinic.write(patient, dose(30, of="1.4")), Written)


def test_two_doses_of_one_change_are_held_against_each_other(clinic):
    assert clinic.write(new_stream("P"), PLAN, dose(0), dose(13)).code == "dose"


def test_a_prescriber_may_override_with_a_reason_that_is_kept(clinic):
    patient = clinic.patient(0)
    written = clinic.write(patient, dose(10), by=DOCTOR, override="travels tomorrow")
    assert isinstance(written, Written) and written.findings
    (kept,) = clinic.record.read(patient, NURSE).of("override")
    assert kept.body == {"of": ["dose.too_close"], "reason": "travels tomorrow"}
    assert clinic.record.history(patient, NURSE)[1].reason == "travels tomorrow"


@pytest.mark.parametrize("role", [role for role in ROLES if role != "prescriber"])
def test_nobody_but_a_prescriber_overrides(clinic, role):
    patient = clinic.patient(0)
    refused = clinic.write(patient, dose(10), by=Author(actor="x", role=role), override="please")
    assert refused.code == "role" and clinic.days(patient) == [0]


def test_an_override_of_nothing_and_a_blank_one_are_refused(clinic):
    patient = clinic.patient(0)
    assert clinic.write(patient, dose(14), by=DOCTOR, override="just in case").code == "override"
    with pytest.raises(StoreError, match="an override says why"):
        clinic.write(patient, dose(10), by=DOCTOR, override="  ")


@pytest.mark.parametrize("role", ["viewer", "auditor", "admin"])
def test_who_reads_does_not_write(clinic, role):
    patient = clinic.patient(0)
    reader = Author(actor="x", role=role)
    assert clinic.write(patient, note("x"), by=reader).code == "role"
    assert clinic.record.read(patient, NURSE).version == 1


def test_an_admin_sees_no_chart_and_the_attempt_is_noted(where):
    """Who keeps the machine has no business in a chart (reference: HIPAA, need to know)."""
    clinic = Clinic(where.make())
    patient = clinic.patient(0)
    admin = Author(actor="admin.1", role="admin")
    record = clinic.record
    for look in (
        lambda: record.read(patient, admin),
        lambda: record.history(patient, admin),
        lambda: record.due(admin, MONDAY),
        lambda: looks(record, patient, admin),
        lambda: export(record, patient, admin),
    ):
        with pytest.raises(StoreError, match="sees no chart"):
            look()
    noted = where.raw().execute("SELECT action, detail FROM event WHERE actor = 'admin.1'")
    assert [tuple(row) for row in noted] == [("refuse", "role")] * 5


# -- what cannot be, and who is there already


def test_what_lies_ahead_is_refused_and_today_is_not_wherever_on_earth(where):
    """A record holds what has happened; on Kiritimati the day begins 14 hours before UTC."""
    now = dt.datetime(2026, 3, 1, 9, 59, tzinfo=dt.UTC)
    clinic = Clinic(where.make(clock=lambda: now))
    seen = {"kind": "csf_wbc", "value": 3, "unit": "cells/uL"}
    for body, kind in ((dose(0).body, "dose"), (seen, "observation"), ({"name": "x"}, "event")):
        ahead, today = ({**body, "date": f"2026-03-0{day}"} for day in (2, 1))
        refused = clinic.write(new_stream("P"), PLAN, Entry(kind=kind, body=ahead))
        assert isinstance(refused, Refused) and refused.code == "date" and not refused.may_override
        written = clinic.write(new_stream("P"), PLAN, Entry(kind=kind, body=today))
        assert isinstance(written, Written), written
    now += dt.timedelta(minutes=1)
    ahead = Entry(kind="dose", body={**dose(0).body, "date": "2026-03-02"})
    assert isinstance(clinic.write(new_stream("P"), PLAN, ahead), Written)
    patient = clinic.patient(0)
    assert clinic.write(patient, dose(300, of="1.2")).code == "date"


def test_a_read_is_never_at_the_moment_of_a_later_change(where):
    """While the clock stands or was set back, too: what was read then is read as of then."""
    clock = [dt.datetime(2026, 6, 1, tzinfo=dt.UTC)]
    clinic = Clinic(where.make(clock=lambda: clock[0]))
    patient = clinic.patient(0)
    for back_h in (0, 0, 5):
        clock[0] -= dt.timedelta(hours=back_h)
        then = clinic.record.read(patient, NURSE)
        clinic.write(patient, note("later"))
        moment = dt.datetime.fromisoformat(then.as_of)
        again = clinic.record.read(patient, NURSE, as_of=moment)
        assert (again.version, again.facts) == (then.version, then.facts)


def test_a_chart_is_never_said_to_be_as_known_at_a_time_to_come(clinic):
    patient = clinic.patient(0)
    chart = clinic.record.read(patient, NURSE, as_of=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    assert chart.version == 1 and chart.as_of < "2999"


def person(**body: str) -> Entry:
    return Entry(kind="person", body=body)


def test_one_person_is_not_kept_in_two_charts_of_one_medicine(clinic):
    """In the second chart nothing would stand against the same dose once more."""
    first = new_stream("P")
    clinic.write(first, person(local_id='M"R%N_1', name="A"), PLAN, dose(0))
    twin = clinic.write(new_stream("P"), person(local_id='M"R%N_1'), PLAN, dose(0))
    assert isinstance(twin, Refused) and twin.code == "person" and first in twin.message
    assert "M" not in twin.message.replace("P-", "").split("local id")[0].replace(first, "")
    later = clinic.patient(0)
    assert clinic.write(later, person(local_id='M"R%N_1')).code == "person"
    for other in (person(local_id='M"RxN_1'), person(local_id='m"r%n_1')):
        assert isinstance(clinic.write(new_stream("P"), other, PLAN), Written)
    same = clinic.write(first, person(local_id='M"R%N_1', name="B", site="S"))
    assert isinstance(same, Written)
    elsewhere = clinic.write(new_stream("P"), person(local_id='M"R%N_1', site="T"), PLAN)
    assert isinstance(elsewhere, Written), "another site gives its own numbers"
    by_another = clinic.write(new_stream("P"), person(local_id='M"R%N_1'), NUSINERSEN)
    assert isinstance(by_another, Written), "another medicine is another course"


def test_a_local_id_that_was_corrected_is_free_again(clinic):
    first = new_stream("P")
    clinic.write(first, person(local_id="MRN-1"), PLAN)
    clinic.write(first, Entry(kind="person", body={"local_id": "MRN-2"}, of="1.1"))
    assert isinstance(clinic.write(new_stream("P"), person(local_id="MRN-1"), PLAN), Written)
    assert clinic.write(new_stream("P"), person(local_id="MRN-2"), PLAN).code == "person"


def test_doses_do_not_become_those_of_another_medicine(clinic):
    """A second plan would count 100 mg of tofersen as the first loading dose of nusinersen."""
    patient = clinic.patient(0)
    assert clinic.write(patient, NUSINERSEN).code == "plan"
    european = Entry(kind="plan", body={**PLAN.body, "jurisdiction": "eu"})
    assert isinstance(clinic.write(patient, european), Written)
    corrected = clinic.write(patient, Entry(kind="plan", body=NUSINERSEN.body, of="1.1"))
    assert isinstance(corrected, Written)
    assert isinstance(clinic.write(clinic.patient(), NUSINERSEN), Written), "no dose yet"


def test_a_plan_names_a_label_that_is_there(clinic):
    """A misspelt medicine would be one by whose label no dose ever comes too soon."""
    for body in ({"medicine": "tofresen"}, {"jurisdiction": "xx"}, {"edition": "1999"}):
        plan = Entry(kind="plan", body={**PLAN.body, **body})
        assert clinic.write(new_stream("P"), plan, dose(0)).code == "plan"
    assert clinic.write(new_stream("P"), dose(0)).code == "dose"


# -- vials


def test_a_vial_serves_one_dose(clinic):
    vial, first, second = clinic.vial(), clinic.patient(0), clinic.patient(0)
    assert isinstance(clinic.write(first, dose(14, vial=vial)), Written)
    for patient, day in ((first, 28), (second, 14)):
        assert clinic.write(patient, dose(day, vial=vial)).code == "vial"
    other = clinic.vial()
    twice = clinic.write(new_stream("P"), PLAN, dose(0, vial=other), dose(14, vial=other))
    assert twice.code == "vial"
    (used,) = clinic.record.read(vial, NURSE).of("vial_used")
    assert used.body == {"patient": first, "change": 2}


def test_a_corrected_dose_takes_its_new_vial_and_frees_the_old_one(clinic):
    scanned, given = clinic.vial(), clinic.vial()
    first, second = clinic.patient(0), clinic.patient(0)
    clinic.write(first, dose(14, vial=scanned))
    corrected = clinic.write(first, dose(14, of="2.1", vial=given), reason="the wrong one scanned")
    assert isinstance(corrected, Written)
    assert clinic.write(second, dose(14, vial=given)).code == "vial"
    assert isinstance(clinic.write(second, dose(14, vial=scanned)), Written)
    gone = Entry(kind="dose", body=None, of="2.1")
    assert isinstance(clinic.write(first, gone), Written)
    assert isinstance(clinic.write(second, dose(28, vial=given)), Written)


def test_a_vial_that_is_not_good_is_refused(clinic):
    """Quarantined, discarded, expired, of another medicine, unknown; a later check may free it."""
    patient, vial = clinic.patient(0), clinic.vial()
    for verdict in ("quarantine", "discard"):
        clinic.write(vial, Entry(kind="vial_check", body={"verdict": verdict}))
        assert clinic.write(patient, dose(14, vial=vial)).code == "vial"
    assert clinic.write(patient, dose(14, vial=new_stream("V"))).code == "vial"
    assert clinic.write(patient, dose(14, vial=new_stream("P"))).code == "vial"
    old, other = new_stream("V"), new_stream("V")
    clinic.write(old, Entry(kind="vial", body={"lot": "L", "expiry": "2026-01-18"}))
    clinic.write(other, Entry(kind="vial", body={**VIAL.body, "medicine": "nusinersen"}))
    for bad in (old, other):
        assert clinic.write(patient, dose(14, vial=bad)).code == "vial"
    clinic.write(vial, Entry(kind="vial_check", body={"verdict": "usable"}))
    assert isinstance(clinic.write(patient, dose(14, vial=vial)), Written)


# -- what a refusal leaves, and what it never says


def test_a_refused_change_leaves_an_event_and_nothing_else(where):
    clinic = Clinic(where.make())
    patient = clinic.patient(0)
    before = rows(where, "change"), rows(where, "fact"), rows(where, "event")
    for entries, more in (
        ([dose(1)], {}),
        ([note("x")], {"expected": 0}),
        ([note("x")], {"by": Author(actor="v", role="viewer")}),
        ([dose(14, vial=new_stream("V"))], {}),
    ):
        clinic.write(patient, *entries, **{"expected": 1, **more})
    after = rows(where, "change"), rows(where, "fact"), rows(where, "event")
    assert after == (*before[:2], before[2] + 4)
    said = where.raw().execute("SELECT detail FROM event WHERE action = 'refuse' ORDER BY seq")
    assert [row[0] for row in said] == ["dose", "stale", "role", "vial"]
    assert where.found().is_whole


def test_every_look_is_an_event_with_who_when_what_and_the_state_seen(where):
    """Issue 6: actor, UTC time, patient, action, before and after hash, reason."""
    clinic = Clinic(where.make())
    patient = clinic.patient(0)
    reader = Author(actor="auditor.7", role="auditor")
    chart = clinic.record.read(patient, reader, reason="complaint 12")
    clinic.record.history(patient, reader, reason="complaint 12")
    clinic.record.due(reader, MONDAY)
    columns = "action, actor, role, stream, version, before, after, reason"
    query = f"SELECT {columns} FROM event WHERE actor = 'auditor.7' ORDER BY seq"
    seen = ("auditor.7", "auditor", patient, 1, chart.state, chart.state, "complaint 12")
    found = [tuple(row) for row in where.raw().execute(query)]
    assert found[0] == ("read", *seen) and found[1] == ("history", *seen)
    assert found[2][:4] == ("due", "auditor.7", "auditor", "*")
    (at,) = where.raw().execute("SELECT at FROM event WHERE seq = 1").fetchone()
    assert dt.datetime.fromisoformat(at).tzinfo == dt.UTC


CANARIES = ("Ruth", "Canary", "Kanarienvogel", "LOT-9X7Q")


def test_no_refusal_repeats_a_name_a_site_or_a_lot(clinic):
    """Issue 6, 7: whoever types a name where none belongs does not find it in an error text."""
    patient, name = clinic.patient(0), "Ruth Canary Kanarienvogel LOT-9X7Q"
    wrong: list[dict[str, Any]] = [
        {"stream": name},
        {"entries": [Entry(kind=name, body={})]},
        {"entries": [Entry(kind="note", body={name: name})]},
        {"entries": [Entry(kind="note", body={"text": name + "\ud800"})]},
        {"entries": [Entry(kind="person", body={"name": name, "birth_date": name})]},
        {"entries": [Entry(kind="vial", body={"lot": name, "expiry": name})]},
        {"entries": [Entry(kind="dose", body={"amount_mg": name, "route": name, "date": name})]},
        {"entries": [dose(14, route=name)]},
        {"entries": [dose(14, vial=name)]},
        {"entries": [Entry(kind="event", body={"name": name, "date": "2026-02-02"})]},
        {"entries": [Entry(kind="observation", body={"kind": name, "value": 1, "unit": name})]},
        {"entries": [Entry(kind="plan", body={"medicine": name, "jurisdiction": name})]},
        {"entries": [note("x", of=name)], "reason": name},
        {"entries": [dose(1, note=name)]},
        {"key": name * 9},
        {"reason": name + "\0"},
        {"by": Author(actor="v", role="viewer"), "reason": name},
    ]
    for case in wrong:
        words = {"stream": patient, "entries": [note("x")], "by": NURSE, "expected": 1} | case
        try:
            said = clinic.write(words.pop("stream"), *words.pop("entries"), **words)
            assert isinstance(said, Refused), case
            text = repr(said)
        except ThecalError as error:
            text = str(error)
        assert not [canary for canary in CANARIES if canary in text], (case, text)
    for author in ((name, name), ("", "nurse"), (name + "\n", "nurse")):
        with pytest.raises(StoreError) as caught:
            Author(actor=author[0], role=author[1])
        assert not [canary for canary in CANARIES if canary in str(caught.value)]


def test_all_that_is_wrong_with_a_change_is_said_at_once(clinic):
    with pytest.raises(StoreError) as caught:
        clinic.record.add(
            new_stream("P"),
            [
                VIAL,
                Entry(kind="override", body={"of": ["x"], "reason": "y"}),
                Entry(kind="dose", body={"amount_mg": "much", "where": 1}),
                dose(0, amount_mg=-1),
                dose(0, route="iv"),
            ],
            NURSE,
            expected=0,
            key="short",
        )
    for fault in (
        "an idempotency key has",
        "a fact of kind vial does not belong",
        "facts of kind override are written by thecal alone",
        "'route' is missing",
        "amount_mg: expected a number",
        "5 characters of text is not known",
        "amount_mg is outside",
        "the route is intrathecal",
    ):
        assert fault in str(caught.value)


@pytest.mark.parametrize(
    "words", [{"reason": "a\0b"}, {"reason": "\ud800"}, {"reason": "x" * 2_001}]
)
def test_a_reason_that_no_database_keeps_is_refused_in_one_sentence(clinic, words):
    patient = clinic.patient(0)
    for ask in (
        lambda: clinic.record.read(patient, NURSE, **words),
        lambda: clinic.record.history(patient, NURSE, **words),
        lambda: clinic.record.note(NURSE, "backup", **words),
        lambda: clinic.write(patient, note("x"), **words),
    ):
        with pytest.raises(StoreError, match="a reason is text of at most"):
            ask()


@pytest.mark.parametrize("stream", ["", "P", "P-000000000", "P-000000000i", "p-0000000000", "C "])
def test_what_is_no_code_is_refused(clinic, stream):
    for ask in (clinic.record.read, clinic.record.history):
        with pytest.raises(StoreError, match="no code of a patient or a vial"):
            ask(stream, NURSE)


def test_a_code_the_record_does_not_know_is_refused_and_leaves_no_trace(where):
    clinic = Clinic(where.make())
    before = rows(where, "event")
    for ask in (clinic.record.read, clinic.record.history):
        with pytest.raises(StoreError, match="no patient and no vial"):
            ask(new_stream("P"), NURSE)
    assert rows(where, "event") == before


# -- sizes


def test_a_change_of_two_thousand_facts_is_kept_whole_and_one_more_is_refused(where):
    clinic = Clinic(where.make())
    patient = new_stream("P")
    entries = [PLAN, *(note(f"n{i}") for i in range(MOST_FACTS - 1))]
    assert isinstance(clinic.write(patient, *entries), Written)
    chart = clinic.record.read(patient, NURSE)
    assert [fact.body["text"] for fact in chart.of("note")] == [f"n{i}" for i in range(1_999)]
    with pytest.raises(StoreError, match="1 to 2000 facts"):
        clinic.write(new_stream("P"), *entries, note("one more"))
    with pytest.raises(StoreError, match="1 to 2000 facts"):
        clinic.write(patient)
    assert where.found().is_whole


def test_a_change_that_uses_many_vials_leaves_the_chain_signed(where):
    clinic = Clinic(where.make())
    vials = [clinic.vial() for _ in range(110)]
    doses = [dose(-28 * i, vial=vial) for i, vial in enumerate(vials)]
    assert isinstance(clinic.write(new_stream("P"), PLAN, *doses), Written)
    assert where.found().is_whole


def test_the_largest_body_is_kept_as_it_was_and_a_larger_one_refused(clinic):
    patient = clinic.patient(0)
    steps = {f"step {i}": "ü" * 2_000 for i in range(60)}
    assert len(json.dumps(steps, ensure_ascii=False).encode()) < MOST_BYTES
    assert isinstance(clinic.write(patient, Entry(kind="visit", body={"visit": steps})), Written)
    assert clinic.record.read(patient, NURSE).of("visit")[0].body == {"visit": steps}
    steps |= {f"step {i}": "ü" * 2_000 for i in range(70)}
    with pytest.raises(StoreError, match="more than 256000 bytes"):
        clinic.write(patient, Entry(kind="visit", body={"visit": steps}))


# -- any body

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMED = st.dictionaries(
    st.sampled_from(
        "date day part_d amount_mg route note source vial kind value unit is_below method name "
        "text visit medicine jurisdiction edition lot expiry verdict check".split()
    )
    | st.text(max_size=4),
    JSON
    | st.sampled_from(["2026-01-05", "intrathecal", "", "us", "tofersen", "nfl", "pg/mL", "1e999"])
    | st.sampled_from([0, 1, -1, 0.5, 100, 1e300, 10**400, "9999-12-31", "0001-01-01", -0.0]),
    max_size=6,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(
        "person plan dose observation event variant visit override note vial vial_check vial_used "
        "vial_returned record".split()
    )
    | JSON,
    body=NAMED | JSON,
    prefix=st.sampled_from("PV"),
)
def test_any_json_as_a_fact_is_kept_as_it_was_or_refused_by_one_error(where, kind, body, prefix):
    global ANY
    if ANY is None or ANY[0] is not where:
        ANY = (where, Clinic(where.make()))
    clinic, stream = ANY[1], new_stream(prefix)
    before = [PLAN] if prefix == "P" else [VIAL]
    try:
        outcome = clinic.write(stream, *before, Entry(kind=kind, body=body), expected=0)
    except StoreError:
        return
    if isinstance(outcome, Written):
        chart = clinic.record.read(stream, NURSE)
        assert chart.facts[1].body == body
        if prefix == "P":
            clinic.record.due(NURSE, MONDAY)
            assert chart.course is not None


ANY: tuple[Any, Clinic] | None = None
