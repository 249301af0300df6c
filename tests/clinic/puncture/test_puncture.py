"""Lumbar-puncture safety: only by a named policy, item by item, with hours counted exactly."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.eligibility.patient import Antithrombotic, Lab, Patient, read_patient
from thecal.clinic.moment import Moment, moment
from thecal.clinic.policy import policy_path, shipped
from thecal.clinic.puncture.antithrombotics import groups, medicines
from thecal.clinic.puncture.policy import PuncturePolicy, read_puncture_policy
from thecal.clinic.puncture.puncture import Clearance, Item, PunctureSafety, puncture_safety
from thecal.errors import DataFileError, ThecalError

ROOT = Path(__file__).resolve().parents[3]
CLEAR, HOLD, NOT_CLEAR = Clearance.CLEAR, Clearance.HOLD, Clearance.NOT_CLEAR
MISSING, SILENT, NOT_READ = Clearance.MISSING, Clearance.SILENT, Clearance.NOT_READ
NOT_BARRED = Clearance.NOT_BARRED
ON = "2026-11-23T09:00+00:00"
KIDNEY = Lab(test="creatinine_clearance", value=80, on=moment("2026-01-01"))


def policy(name: str) -> PuncturePolicy:
    return read_puncture_policy(policy_path("puncture", name))


ABN = policy("abn")


def lab(test: str, value: float, on: str = "2026-11-23T07:00+00:00") -> Lab:
    return Lab(test=test, value=value, on=moment(on))


def taking(medicine: str, last: str | None = None, use: str | None = None, *labs: Lab) -> Patient:
    taken = Antithrombotic(medicine=medicine, use=use, last_dose=moment(last) if last else None)
    return Patient(antithrombotics=(taken,), labs=(KIDNEY, *labs))


def item(safety: PunctureSafety, what: str) -> Item:
    (found,) = [each for each in safety.items if each.what == what]
    return found


def only(patient: Patient, named: PuncturePolicy = ABN, on: str | None = ON) -> Item:
    safety = puncture_safety(patient, named, moment(on) if on else None)
    found = [each for each in safety.items if "medicine" in each.inputs]
    assert len(found) == 1
    return found[0]


# -- the ABN table, row by row

# medicine, use, hours to stop (the longer end), hours until it may be given again
ABN_TABLE = [
    ("clopidogrel", None, 168, "6 h"),
    ("prasugrel", None, 168, "6 h"),
    ("ticagrelor", None, 168, "6 h"),
    ("tirofiban", None, 8, "24 h"),
    ("eptifibatide", None, 8, "24 h"),
    ("abciximab", None, 48, "24 h"),
    ("dipyridamole", None, 24, "6 h"),
    ("cilostazol", None, 42, "6 h"),
    ("warfarin", None, 120, "12 h"),
    ("enoxaparin", "prophylaxis", 12, "4 h"),
    ("dalteparin", "treatment", 24, "4 h after the puncture, 24 h if it was traumatic"),
    ("fondaparinux", "prophylaxis", 36, "6 to 12 h"),
    ("heparin", "infusion", 6, "1 h"),
]


@pytest.mark.published
@pytest.mark.parametrize(("medicine", "use", "stop_h", "restart"), ABN_TABLE)
def test_a_hold_of_the_abn_table_ends_to_the_minute(medicine, use, stop_h, restart):
    """ABN guideline table; 7 days are 168 hours, 5 days 120."""
    last = dt.datetime(2026, 11, 10, 8, 30, tzinfo=dt.UTC)
    ends = last + dt.timedelta(hours=stop_h)
    patient = taking(medicine, last.isoformat(), use)
    early = only(patient, on=(ends - dt.timedelta(minutes=1)).isoformat())
    assert (early.verdict, early.until) == (HOLD, ends)
    late = only(patient, on=ends.isoformat())
    assert (late.verdict, late.until) == (CLEAR, None)
    assert late.restart.startswith(restart)
    assert late.source is not None and "Neurologists" in late.source.document


def test_the_table_here_holds_every_row_that_the_policy_has():
    """So that a row added there is checked here."""
    here = {(groups_of(medicine), use or "") for medicine, use, _, _ in ABN_TABLE}
    assert here == {(hold.group, hold.use) for hold in ABN.holds if hold.stop is not None}
    others = {(hold.group, hold.use) for hold in ABN.holds if hold.stop is None}
    assert others == {("fondaparinux", "treatment"), ("doac", "")}


def groups_of(medicine: str) -> str:
    return next(name for name, group in groups().items() if medicine in group.medicines)


def test_no_puncture_on_fondaparinux_at_treatment_dose():
    """ABN: avoid."""
    found = only(taking("fondaparinux", "2026-10-01T08:00+00:00", "treatment"))
    assert found.verdict is NOT_CLEAR and "avoid" in found.says


@pytest.mark.parametrize("medicine", ["apixaban", "rivaroxaban", "edoxaban", "dabigatran"])
def test_the_rows_of_the_direct_oral_anticoagulants_were_not_read_and_clear_nobody(medicine):
    """Held 24 to 72 hours; which is which could not be read. A month ago clears nobody here."""
    found = only(taking(medicine, "2026-10-01T08:00+00:00"))
    assert found.verdict is NOT_READ and not found.is_confirmed and found.until is None


@pytest.mark.parametrize("medicine", ["aspirin", "phenprocoumon", "acenocoumarol", "other"])
def test_a_medicine_without_a_row_is_for_a_clinician(medicine):
    found = only(taking(medicine, "2026-10-01T08:00+00:00"))
    assert found.verdict is SILENT and found.gates and "clinician decides" in found.says


@pytest.mark.parametrize(
    ("medicine", "use", "verdict"),
    [
        ("enoxaparin", None, MISSING),
        ("fondaparinux", None, MISSING),
        ("heparin", None, MISSING),
        ("heparin", "prophylaxis", SILENT),
        ("enoxaparin", "infusion", SILENT),
        ("clopidogrel", "treatment", CLEAR),
    ],
)
def test_a_row_that_depends_on_the_use_needs_it(medicine, use, verdict):
    assert only(taking(medicine, "2026-10-01T08:00+00:00", use)).verdict is verdict


def test_the_end_of_a_range_that_is_later_counts_and_the_earlier_is_told():
    """ABN: heparin infusion 4 to 6 hours."""
    patient = taking("heparin", "2026-11-23T04:00+00:00", "infusion")
    found = only(patient)
    assert found.verdict is HOLD and "shorter end of the range has passed" in found.says
    assert "shorter end" not in only(patient, on="2026-11-23T07:59+00:00").says


def test_a_membership_of_general_knowledge_is_told_as_not_confirmed():
    clopidogrel = only(taking("clopidogrel", "2026-11-01T08:00+00:00"))
    assert not clopidogrel.is_confirmed and "not confirmed" in clopidogrel.says
    assert only(taking("dipyridamole", "2026-11-01T08:00+00:00")).is_confirmed


# -- time


@pytest.mark.parametrize(
    ("last", "on", "until"),
    [
        # 08:30 +01:00 is 07:30 UTC; 24 h later, shown in the zone of the day asked
        ("2026-11-22T08:30+01:00", "2026-11-23T07:29+00:00", "2026-11-23T07:30+00:00"),
        ("2026-11-22T08:30+01:00", "2026-11-23T07:30+00:00", None),
        ("2026-11-22T23:30-05:00", "2026-11-23T23:00-05:00", "2026-11-23T23:30-05:00"),
        # across the end of summer time in Europe: 24 h are 24 h, one hour earlier on the clock
        ("2026-10-24T12:00+02:00", "2026-10-25T10:59+01:00", "2026-10-25T11:00+01:00"),
        ("2026-10-24T12:00+02:00", "2026-10-25T11:00+01:00", None),
        # a day asked stands for its beginning, in the zone of the last dose
        ("2026-11-22T08:30+01:00", "2026-11-23", "2026-11-23T08:30+01:00"),
        ("2026-11-22T08:30+01:00", "2026-11-24", None),
        # a last dose of which the day is known counts from its end
        ("2026-11-22", "2026-11-23T12:00+01:00", "2026-11-24T00:00+01:00"),
        ("2026-11-22", "2026-11-24T00:00+01:00", None),
        # no zone named at all: the clinic's clock
        ("2026-11-22", "2026-11-23", "2026-11-24T00:00"),
        ("2026-11-22", "2026-11-24", None),
        # a dose after the time asked is held like any other
        ("2026-11-25T08:00+00:00", "2026-11-23T08:00+00:00", "2026-11-26T08:00+00:00"),
    ],
)
def test_a_hold_of_24_hours_is_exact_in_every_zone(last, on, until):
    found = only(taking("dipyridamole", last), on=on)
    assert found.verdict is (CLEAR if until is None else HOLD)
    expected = None if until is None else dt.datetime.fromisoformat(until)
    assert found.until == expected
    assert until is None or found.until.isoformat() == expected.isoformat()  # the zone as well


@given(
    last=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)),
    gap_s=st.integers(-86_400 * 10, 86_400 * 30),
    zones=st.tuples(st.integers(-14 * 60, 14 * 60), st.integers(-14 * 60, 14 * 60)),
    row=st.sampled_from(ABN_TABLE),
)
def test_clear_and_hold_part_at_one_instant_whatever_the_zones(last, gap_s, zones, row):
    """The second witness: seconds since the epoch, without zones or calendars."""
    medicine, use, stop_h, _ = row
    there, here = (dt.timezone(dt.timedelta(minutes=minutes)) for minutes in zones)
    last = last.replace(microsecond=0, tzinfo=dt.UTC)
    asked = last + dt.timedelta(seconds=gap_s)
    taken = Antithrombotic(
        medicine=medicine,
        use=use,
        last_dose=Moment(day=last.astimezone(there).date(), at=last.astimezone(there)),
    )
    on = Moment(day=asked.astimezone(here).date(), at=asked.astimezone(here))
    kidney = Lab(test="creatinine_clearance", value=80, on=moment("2019-01-01"))
    safety = puncture_safety(Patient(antithrombotics=(taken,), labs=(kidney,)), ABN, on)
    (found,) = [each for each in safety.items if "medicine" in each.inputs]
    is_over = asked.timestamp() - last.timestamp() >= stop_h * 3600
    assert found.verdict is (CLEAR if is_over else HOLD)
    assert is_over or found.until.timestamp() == last.timestamp() + stop_h * 3600


@given(st.integers(0, 400), st.sampled_from(ABN_TABLE))
def test_waiting_longer_never_brings_a_hold_back(hours, row):
    medicine, use, _, _ = row
    patient = taking(medicine, "2026-11-01T08:00+00:00", use)
    at = dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
    later = at + dt.timedelta(hours=1)
    if only(patient, on=at.isoformat()).verdict is CLEAR:
        assert only(patient, on=later.isoformat()).verdict is CLEAR


def test_without_a_time_no_hold_is_over():
    found = only(taking("dipyridamole", "2020-01-01T08:00+00:00"), on=None)
    assert found.verdict is HOLD and "no time was asked about" in found.says


def test_without_a_last_dose_the_hold_is_missing():
    assert only(taking("dipyridamole")).verdict is MISSING


# -- kidneys, under which alone the ABN table holds


@pytest.mark.parametrize(
    ("clearance", "verdict"), [(50, CLEAR), (49.9, SILENT), (120, CLEAR), (None, MISSING)]
)
def test_the_abn_table_is_for_a_clearance_of_at_least_50(clearance, verdict):
    labs = () if clearance is None else (lab("creatinine_clearance", clearance),)
    taken = Antithrombotic(medicine="dipyridamole", last_dose=moment("2026-11-01T08:00Z"))
    patient = Patient(antithrombotics=(taken,), labs=labs)
    assert only(patient).verdict is verdict


def test_a_hold_that_is_not_over_stays_one_where_the_clearance_is_missing():
    taken = Antithrombotic(medicine="dipyridamole", last_dose=moment("2026-11-23T08:00Z"))
    found = only(Patient(antithrombotics=(taken,)))
    assert found.verdict is HOLD and "no result is recorded" in found.says


# -- limits of tests


@pytest.mark.published
@pytest.mark.parametrize(
    ("named", "test", "value", "verdict"),
    [
        # a radiology protocol: INR at most 1.5, platelets above 50
        ("radiology", "inr", 1.5, CLEAR),
        ("radiology", "inr", 1.51, NOT_CLEAR),
        ("radiology", "platelets", 51, CLEAR),
        ("radiology", "platelets", 50, NOT_CLEAR),
        # a textbook: INR at most 1.5, platelets below 20 contraindicated, and nothing above
        ("textbook", "inr", 1.5, CLEAR),
        ("textbook", "inr", 1.6, NOT_CLEAR),
        ("textbook", "platelets", 20, NOT_BARRED),
        ("textbook", "platelets", 19.9, NOT_CLEAR),
        ("textbook", "platelets", 300, NOT_BARRED),
    ],
)
def test_a_result_stands_as_the_named_policy_says(named, test, value, verdict):
    safety = puncture_safety(Patient(labs=(lab(test, value),)), policy(named), moment(ON))
    (found,) = [each for each in safety.items if test in each.inputs]
    assert found.verdict is verdict and found.gates
    (other,) = [each for each in safety.items if each.gates and each is not found]
    assert other.verdict is MISSING


@pytest.mark.published
@pytest.mark.parametrize(
    ("inr", "on", "verdict"),
    [
        (1.4, "2026-11-23T07:00+00:00", CLEAR),
        (1.41, "2026-11-23T07:00+00:00", NOT_CLEAR),
        (1.0, "2026-11-22T23:00+00:00", MISSING),
        (1.0, "2026-11-23", CLEAR),
    ],
)
def test_on_warfarin_the_abn_asks_for_an_inr_of_the_day(inr, on, verdict):
    """ABN: INR at most 1.4 on the day."""
    patient = taking("warfarin", "2026-11-01T08:00+00:00", None, lab("inr", inr, on))
    assert item(puncture_safety(patient, ABN, moment(ON)), "INR").verdict is verdict


def test_the_day_of_a_result_is_that_of_the_place_of_the_puncture():
    """A result of 23:30 UTC on the 22nd is of the 23rd in Berlin."""
    patient = taking(
        "warfarin", "2026-11-01T08:00+00:00", None, lab("inr", 1.0, "2026-11-22T23:30+00:00")
    )
    safety = puncture_safety(patient, ABN, moment("2026-11-23T09:00+01:00"))
    assert item(safety, "INR").verdict is CLEAR


@pytest.mark.parametrize(("ratio", "verdict"), [(1.4, CLEAR), (1.5, NOT_CLEAR), (None, MISSING)])
def test_on_heparin_the_abn_asks_for_the_aptt_ratio(ratio, verdict):
    """ABN: APTT ratio at most 1.4."""
    labs = [] if ratio is None else [lab("aptt_ratio", ratio)]
    patient = taking("heparin", "2026-11-01T08:00+00:00", "infusion", *labs)
    assert item(puncture_safety(patient, ABN, moment(ON)), "APTT ratio").verdict is verdict


def test_a_limit_for_those_on_a_medicine_only_informs_the_others():
    """Labs that gate are kept apart from labs that inform."""
    patient = Patient(antithrombotics=(), labs=(lab("inr", 1.45), lab("platelets", 200)))
    safety = puncture_safety(patient, ABN, moment(ON))
    inr = item(safety, "INR")
    assert (inr.verdict, inr.gates) == (SILENT, False) and "warfarin" in inr.says
    assert not item(safety, "platelets").gates
    assert safety.is_clear


def test_a_result_that_another_policy_forbids_no_longer_only_informs():
    """The guidelines disagree, and thecal shows it: the ABN notes no platelet limit."""
    others = [policy(name) for name in shipped("puncture")]
    patient = Patient(antithrombotics=(), labs=(lab("platelets", 15),))
    found = item(puncture_safety(patient, ABN, moment(ON), others), "platelets")
    assert found.gates and "'radiology'" in found.says and "'textbook'" in found.says
    assert not puncture_safety(patient, ABN, moment(ON), others).is_clear
    patient = Patient(labs=(lab("platelets", 45), lab("inr", 1)))
    textbook = puncture_safety(patient, policy("textbook"), moment(ON), others)
    assert "'radiology'" in item(textbook, "platelets").says
    assert "'textbook'" not in item(textbook, "platelets").says


def test_urine_protein_never_gates():
    """A review of 57 people found no urine result that stopped a dose."""
    for name in shipped("puncture"):
        patient = Patient(antithrombotics=(), labs=(lab("urine_protein", 9),))
        assert not item(puncture_safety(patient, policy(name)), "urine protein").gates


def test_an_age_that_the_policy_does_not_limit_is_shown_and_does_not_count():
    old = Patient(labs=(lab("platelets", 200, "2020-01-01"), lab("inr", 1, "2020-01-01")))
    safety = puncture_safety(old, policy("radiology"), moment(ON))
    assert item(safety, "platelets").verdict is CLEAR
    assert "does not say how old" in item(safety, "platelets").says
    assert "days old" in item(safety, "platelets").says


@pytest.mark.parametrize(
    ("on", "verdict"),
    [
        ("2026-11-16T09:00+00:00", CLEAR),
        ("2026-11-16T08:59+00:00", MISSING),
        ("2026-11-16", MISSING),  # a day may mean its first hour
        ("2026-11-17", CLEAR),
    ],
)
def test_an_age_that_the_policy_limits_counts_to_the_hour(on, verdict):
    """The invented policy of the examples: 168 hours."""
    named = read_puncture_policy(ROOT / "examples" / "puncture.yaml")
    patient = Patient(labs=(lab("platelets", 200, on),))
    assert item(puncture_safety(patient, named, moment(ON)), "platelets").verdict is verdict
    assert item(puncture_safety(patient, named), "platelets").verdict is MISSING


# -- what is not recorded, and what no rule is for


def test_what_is_not_recorded_is_missing_where_the_policy_has_rows():
    nobody = puncture_safety(Patient(), ABN, moment(ON))
    assert item(nobody, "medicines against clotting").verdict is MISSING
    assert not nobody.is_clear
    none = puncture_safety(Patient(antithrombotics=()), ABN, moment(ON))
    assert item(none, "medicines against clotting").verdict is CLEAR


def test_where_a_policy_has_no_rows_medicines_are_not_asked_for_but_never_overlooked():
    radiology = policy("radiology")
    nobody = puncture_safety(Patient(), radiology, moment(ON))
    assert "medicines against clotting" in nobody.not_recorded
    labs = (lab("platelets", 200), lab("inr", 1))
    assert puncture_safety(Patient(labs=labs), radiology, moment(ON)).is_clear
    taken = Antithrombotic(medicine="apixaban", last_dose=moment(ON))
    patient = Patient(labs=labs, antithrombotics=(taken,))
    safety = puncture_safety(patient, radiology, moment(ON))
    assert item(safety, "apixaban").verdict is SILENT and not safety.is_clear


@pytest.mark.parametrize(
    "fact", ["infection_at_site", "raised_pressure_signs", "spinal_hardware", "spinal_deformity"]
)
def test_a_fact_about_the_back_without_a_rule_is_for_a_clinician(fact):
    """No policy that was read has a rule for them; thecal makes none up."""
    for name in shipped("puncture"):
        safety = puncture_safety(Patient(is_so={fact: True}), policy(name), moment(ON))
        (found,) = [each for each in safety.items if fact in each.inputs]
        assert found.verdict is SILENT and found.gates and not safety.is_clear


@pytest.mark.parametrize(("known", "verdict"), [(True, NOT_CLEAR), (False, CLEAR), (None, MISSING)])
def test_a_condition_of_a_site_decides(known, verdict):
    named = read_puncture_policy(ROOT / "examples" / "puncture.yaml")
    patient = Patient(is_so={} if known is None else {"infection_at_site": known})
    found = item(puncture_safety(patient, named, moment(ON)), "infection at the puncture site")
    assert found.verdict is verdict


def test_a_policy_that_decides_nothing_clears_nobody():
    """The German additions are advice; with nothing recorded there is no item at all."""
    german = policy("german-s1")
    assert not puncture_safety(Patient(antithrombotics=()), german, moment(ON)).is_clear
    assert len(german.advice) == 4


@pytest.mark.parametrize("name", sorted(shipped("puncture")))
def test_every_shipped_policy_names_its_version_and_what_is_not_confirmed(name):
    head = policy(name).head
    assert head.name == name and head.version and head.title and head.not_confirmed


@pytest.mark.parametrize("medicine", medicines())
@pytest.mark.parametrize("name", sorted(shipped("puncture")))
def test_every_medicine_has_an_item_under_every_policy(name, medicine):
    """None is overlooked, and only the ABN's rows clear anybody."""
    found = only(taking(medicine, "2026-01-01T08:00+00:00"), policy(name))
    assert found.verdict is not CLEAR or name == "abn"


# -- policy files

HEAD = 'name: x\ntitle: x\nversion: "1"\nsources: {A: {title: a, version: "1"}}\n'
TAIL = "source: A, section: '1', confirmed: yes}\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (HEAD, "the policy says nothing"),
        (HEAD + "limits:\n- {test: inr, " + TAIL, "exactly one of at_least"),
        (HEAD + "limits:\n- {test: inr, at_most: 1, at_least: 1, " + TAIL, "exactly one of"),
        (HEAD + "limits:\n- {test: inrr, at_most: 1, " + TAIL, "Did you mean 'inr'?"),
        (HEAD + "limits:\n" + ("- {test: inr, at_most: 1, " + TAIL) * 2, "a second limit for inr"),
        (HEAD + "limits:\n- {test: inr, at_most: 1, with: [warfrin], " + TAIL, "'warfarin'?"),
        (HEAD + "holds:\n- {group: doac, " + TAIL, "exactly one of stop_h, avoid, not_read"),
        (HEAD + "holds:\n- {group: doac, stop_h: 9000, " + TAIL, "at most 8784"),
        (HEAD + "holds:\n- {group: doac, stop_h: -1, " + TAIL, "at least 0"),
        (HEAD + "holds:\n- {group: doac, stop_h: 6, stop_most_h: 4, " + TAIL, "the first is"),
        (HEAD + "holds:\n- {group: doac, avoid: no, restart_most_h: 4, " + TAIL, "a range begins"),
        (HEAD + "holds:\n" + ("- {group: doac, stop_h: 6, " + TAIL) * 2, "a second row for doac"),
        (HEAD + "holds:\n- {group: doac, stop_h: 6}\n", "'source' is missing"),
        (HEAD + "conditions:\n- {fact: tattoo, says: x, " + TAIL, "infection_at_site"),
        (HEAD + "advice:\n- {says: x, source: B, section: x, confirmed: yes}", "expected one of A"),
        (HEAD + "advice:\n- {says: x, source: A, section: x, confirmed: so}", "yes, no"),
        ("name: x", "'title' is missing"),
    ],
)
def test_a_policy_with_a_fault_is_refused(tmp_path, text, part):
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        read_puncture_policy(path)
    assert part in str(caught.value)


BYTES = policy_path("puncture", "abn").read_bytes()


@given(data=st.data())
def test_any_bytes_give_a_policy_or_one_error(tmp_path_factory, data):
    at = data.draw(st.integers(0, len(BYTES)))
    until = data.draw(st.integers(at, min(len(BYTES), at + 60)))
    path = tmp_path_factory.getbasetemp() / "policy.yaml"
    path.write_bytes(BYTES[:at] + data.draw(st.binary(max_size=20)) + BYTES[until:])
    try:
        read = read_puncture_policy(path)
    except ThecalError as error:
        assert str(error)
    else:
        puncture_safety(taking("clopidogrel", ON), read, moment(ON))


def test_the_person_of_the_examples_is_clear_when_the_hold_is_over():
    """Clopidogrel at 08:00 on the 16th: 7 days later at 08:00."""
    patient = read_patient(ROOT / "examples" / "patient.yaml")
    assert not puncture_safety(patient, ABN, moment("2026-11-23T07:59Z")).is_clear
    assert puncture_safety(patient, ABN, moment("2026-11-23T08:00Z")).is_clear


def test_a_result_that_passes_here_and_by_another_policy_would_not_is_not_clear():
    """Platelets of 21: no contraindication in the textbook, too few by the radiology protocol."""
    others = [policy(name) for name in shipped("puncture")]
    low = Patient(labs=(lab("platelets", 21), lab("inr", 1)))
    assert not puncture_safety(low, policy("textbook"), moment(ON), others).is_clear
    plenty = Patient(labs=(lab("platelets", 200), lab("inr", 1)))
    assert puncture_safety(plenty, policy("textbook"), moment(ON), others).is_clear


def test_platelets_and_inr_that_nobody_recorded_are_named_though_the_policy_has_no_limit():
    """A missing result must not look like one that was asked for and found good."""
    nobody = puncture_safety(Patient(antithrombotics=()), ABN, moment(ON))
    assert {"platelets", "INR"} <= set(nobody.not_recorded)
    tested = Patient(antithrombotics=(), labs=(lab("inr", 1.0), lab("platelets", 200)))
    assert not {"platelets", "INR"} & set(puncture_safety(tested, ABN, moment(ON)).not_recorded)
    asked = puncture_safety(Patient(), policy("radiology"), moment(ON))
    assert not {"platelets", "INR"} & set(asked.not_recorded)  # there they are missing, by a rule
