"""What a visit and a vial's check leave in the record."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from thecal.cli import app
from thecal.clinic.policy import policy_path
from thecal.clinic.visit.file import read_visit, visit_from_document
from thecal.clinic.visit.steps import read_visit_policy
from thecal.errors import StoreError
from thecal.store.record import Author, Entry, Record, Refused, Written, new_stream
from thecal.store.visits import entries_of_visit, entry_of_check

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NURSE = Author(actor="n1", role="nurse")
PRESCRIBER = Author(actor="d1", role="prescriber")
PLAN = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"})


def visit_of(tmp_path, *changes: tuple[str, str]):
    """The example's visit, with some words of its file replaced."""
    words = (EXAMPLES / "visit.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in words
        words = words.replace(old, new)
    file = tmp_path / "visit.yaml"
    file.write_text(words, encoding="utf-8")
    return read_visit(file, read_visit_policy(policy_path("visit", "thecal")))


@pytest.fixture
def record(tmp_path):
    made = Record.make(str(tmp_path / "clinic.db"), NURSE)
    yield made
    made.close()


def new_vial(record: Record, **more: str) -> str:
    vial = new_stream("V")
    body = {"lot": "LOT", "expiry": "2027-01-31", **more}
    entry = Entry(kind="vial", body=body)
    assert isinstance(record.add(vial, [entry], NURSE, expected=0, key=vial), Written)
    return vial


def test_a_visit_is_kept_whole_with_the_dose_it_gave(record, tmp_path):
    visit, checklist = visit_of(tmp_path)
    patient, vial = new_stream("P"), new_vial(record)
    entries = [PLAN, *entries_of_visit(visit, checklist, vial=vial)]
    assert isinstance(record.add(patient, entries, NURSE, expected=0, key=patient), Written)
    chart = record.read(patient, NURSE)
    (dose,) = chart.of("dose")
    assert dose.body == {
        "date": "2025-06-16", "amount_mg": 100, "route": "intrathecal", "vial": vial,
    }  # fmt: skip
    (kept,) = chart.of("visit")
    assert visit_from_document(kept.body["visit"]) == visit
    (used,) = record.read(vial, NURSE).of("vial_used")
    assert used.body == {"patient": patient, "change": 1}


def test_a_part_dose_is_the_amount_in_the_volume_given(record, tmp_path):
    """US label section 3: 100 mg in 15 mL, so 9 mL hold 60 mg."""
    visit, checklist = visit_of(
        tmp_path,
        ("by: D1, volume_mL: 15, resistance: no", "by: D1, volume_mL: 9, resistance: no"),
        ("outcome: given", "outcome: part_dose"),
    )
    _, dose = entries_of_visit(visit, checklist)
    assert dose.kind == "dose" and dose.body["amount_mg"] == pytest.approx(60)


def test_a_failed_puncture_is_an_event_and_no_dose(tmp_path):
    words = (EXAMPLES / "visit.yaml").read_text(encoding="utf-8")
    cut = words[words.index("  csf_out:") : words.index("  outcome:")]
    visit, checklist = visit_of(tmp_path, (cut, ""), ("outcome: given", "outcome: failed_puncture"))
    _, event = entries_of_visit(visit, checklist)
    assert event == Entry(kind="event", body={"date": "2025-06-16", "name": "failed_puncture"})


def test_a_visit_without_an_outcome_is_not_kept(tmp_path):
    words = (EXAMPLES / "visit.yaml").read_text(encoding="utf-8")
    cut = words[words.index("  injection_start:") :]
    visit, checklist = visit_of(tmp_path, (cut, ""))
    with pytest.raises(StoreError, match="no outcome yet"):
        entries_of_visit(visit, checklist)


def test_a_visit_whose_time_out_names_another_medicine_gives_no_dose(tmp_path):
    visit, checklist = visit_of(
        tmp_path, ("second: N2, medicine: tofersen", "second: N2, medicine: nusinersen")
    )
    with pytest.raises(StoreError, match="another medicine or dose"):
        entries_of_visit(visit, checklist)


@pytest.mark.parametrize(
    ("verdict", "expiry", "code"),
    [
        ("quarantine", "2027-01-31", "vial.quarantine"),
        ("discard", "2027-01-31", "vial.discard"),
        ("usable", "2025-06-15", "vial.expired"),
    ],
)
def test_a_dose_from_a_vial_that_should_not_be_used_needs_a_prescriber(
    record, verdict, expiry, code
):
    """What happened must be recordable, but nobody records it without noticing."""
    patient, vial = new_stream("P"), new_vial(record, expiry=expiry)
    check = entry_of_check({"schema": "thecal.vial/1", "verdict": verdict})
    assert isinstance(record.add(vial, [check], NURSE, expected=1, key="check-1-of-it"), Written)
    body = {"date": "2025-06-16", "amount_mg": 100, "route": "intrathecal", "vial": vial}
    dose = [PLAN, Entry(kind="dose", body=body)]
    refused = record.add(patient, dose, NURSE, expected=0, key="dose-of-it-1")
    assert isinstance(refused, Refused) and refused.code == "vial" and refused.may_override
    assert [finding.code for finding in refused.findings] == [code]
    kept = record.add(patient, dose, PRESCRIBER, expected=0, key="dose-of-it-2", override="given")
    assert isinstance(kept, Written)
    (override,) = record.read(patient, NURSE).of("override")
    assert override.body == {"of": [code], "reason": "given"}


def test_the_last_day_of_a_vial_is_a_day_of_use(record):
    patient, vial = new_stream("P"), new_vial(record, expiry="2025-06-16")
    body = {"date": "2025-06-16", "amount_mg": 100, "route": "intrathecal", "vial": vial}
    entries = [PLAN, Entry(kind="dose", body=body)]
    assert isinstance(record.add(patient, entries, NURSE, expected=0, key="last-day"), Written)


def test_a_vial_of_another_medicine_is_refused_whoever_asks(record):
    patient, vial = new_stream("P"), new_vial(record, medicine="nusinersen")
    body = {"date": "2025-06-16", "amount_mg": 100, "route": "intrathecal", "vial": vial}
    entries = [PLAN, Entry(kind="dose", body=body)]
    refused = record.add(patient, entries, PRESCRIBER, expected=0, key="other-one", override="x")
    assert isinstance(refused, Refused) and "another medicine" in refused.message


def test_a_withdrawn_dose_gives_its_vial_back(record):
    patient, vial = new_stream("P"), new_vial(record)
    body = {"date": "2025-06-16", "amount_mg": 100, "route": "intrathecal", "vial": vial}
    record.add(patient, [PLAN, Entry(kind="dose", body=body)], NURSE, expected=0, key="dose-it-1")
    gone = Entry(kind="dose", body=None, of="1.2")
    out = record.add(patient, [gone], NURSE, expected=1, key="dose-it-2", reason="wrong patient")
    assert isinstance(out, Written)
    assert record.read(vial, NURSE).of("vial_used") == ()
    other = new_stream("P")
    out = record.add(
        other, [PLAN, Entry(kind="dose", body=body)], NURSE, expected=0, key="dose-it-3"
    )
    assert isinstance(out, Written), out


@pytest.mark.parametrize("document", [{}, {"schema": "thecal.vial/1", "verdict": "fine"}])
def test_an_answer_that_is_no_check_is_refused(document):
    with pytest.raises(StoreError, match="thecal vial check --json"):
        entry_of_check(document)


def test_from_the_command_line_a_visit_is_kept_once_and_only_with_its_patient(tmp_path):
    run = CliRunner(env={
        "THECAL_RECORD": str(tmp_path / "c.db"), "THECAL_ACTOR": "n1", "THECAL_ROLE": "nurse",
    })  # fmt: skip

    def call(*words: str, code: int = 0) -> str:
        done = run.invoke(app, ["record", *words])
        assert done.exit_code == code, done.output
        return done.output

    call("init")
    call("import", str(EXAMPLES / "visit" / "course.csv"), "--jurisdiction", "us")
    due = json.loads(call("due", "--on", "2025-06-16", "--json"))
    (patient,) = [row["code"] for row in due["patients"]]
    kept = call("visit", patient, str(EXAMPLES / "visit.yaml"))
    assert "version 2 written" in kept
    again = call("visit", patient, str(EXAMPLES / "visit.yaml"))
    assert "nothing was written again" in again
    assert "2025-06-16, kept whole" in call("show", patient)
    other = tmp_path / "other.yaml"
    words = (EXAMPLES / "visit.yaml").read_text(encoding="utf-8")
    other.write_text(words.replace("patient_id: example", "patient_id: MARKER"), encoding="utf-8")
    refused = call("visit", patient, str(other), code=2)
    assert "another patient" in refused and "MARKER" not in refused
    due = json.loads(call("due", "--on", "2025-06-16", "--json"))
    assert [row["due"] for row in due["patients"]] == [str(dt.date(2025, 7, 14))]


def test_from_the_command_line_a_vials_check_counts_from_now_on(tmp_path):
    run = CliRunner(env={
        "THECAL_RECORD": str(tmp_path / "c.db"), "THECAL_ACTOR": "p1", "THECAL_ROLE": "pharmacist",
    })  # fmt: skip
    assert run.invoke(app, ["record", "init"]).exit_code == 0
    made = run.invoke(
        app, ["record", "add", "--new-vial", "--file", str(EXAMPLES / "record-vial.yaml")]
    )
    vial = made.output.split()[0]
    check = run.invoke(
        app, ["vial", "check", str(EXAMPLES / "vial" / "ward.csv"), "--zone", "UTC", "--json"]
    )
    answer = tmp_path / "check.json"
    answer.write_text(check.stdout, encoding="utf-8")
    kept = run.invoke(app, ["record", "vial-check", vial, str(answer)])
    assert kept.exit_code == 0, kept.output
    assert "quarantine" in run.invoke(app, ["record", "show", vial]).output
    answer.write_bytes(b"\xff{")
    assert run.invoke(app, ["record", "vial-check", vial, str(answer)]).exit_code == 2


def test_the_check_among_the_examples_is_what_thecal_says_of_the_log_beside_it():
    """The pages keep it with a vial: it should be a true answer."""
    log = EXAMPLES / "vial" / "refrigerator.csv"
    said = CliRunner().invoke(app, ["vial", "check", str(log), "--zone", "Europe/Berlin", "--json"])
    assert said.stdout == (EXAMPLES / "vial" / "check.json").read_text(encoding="utf-8")


def test_a_vial_found_bad_after_its_dose_is_told_with_the_patient(record):
    patient, vial = new_stream("P"), new_vial(record)
    body = {"date": "2025-06-16", "amount_mg": 100, "route": "intrathecal", "vial": vial}
    record.add(patient, [PLAN, Entry(kind="dose", body=body)], NURSE, expected=0, key="dose-it-1")
    check = entry_of_check({"schema": "thecal.vial/1", "verdict": "discard"})
    done = record.add(vial, [check], NURSE, expected=2, key="check-after")
    assert isinstance(done, Written) and [finding.code for finding in done.told] == ["vial.used"]
    assert patient in done.told[0].message


def test_where_a_label_was_not_read_it_is_said_that_no_interval_was_checked(record):
    """The dosing of tofersen's Japanese label was read by nobody here."""
    patient = new_stream("P")
    plan = Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "jp"})
    doses = [
        Entry(kind="dose", body={"date": date, "amount_mg": 100, "route": "intrathecal"})
        for date in ("2025-06-16", "2025-06-17")
    ]
    first = record.add(patient, [plan, doses[0]], NURSE, expected=0, key="first-dose")
    assert isinstance(first, Written) and first.told == ()
    second = record.add(patient, [doses[1]], NURSE, expected=1, key="second-dose")
    assert isinstance(second, Written)
    assert [finding.code for finding in second.told] == ["dose.interval_not_read"]
