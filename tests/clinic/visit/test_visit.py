"""One visit: order where safety hangs on it, clocks and volumes of the label, outcome, next date.

What the labels say is written here anew, from US PI 2.1, 2.2 and clinic practice, and shares no
number with thecal.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thecal.clinic.finding import Severity
from thecal.clinic.policy import policy_path
from thecal.clinic.visit.facts import minutes_words
from thecal.clinic.visit.file import read_visit, visit_document, visit_from_document
from thecal.clinic.visit.review import State, review
from thecal.clinic.visit.steps import (
    NEVER_SKIPPED,
    PHASES,
    SAFETY,
    checklist,
    read_visit_policy,
)
from thecal.clinic.visit.values import VALUES, fault
from thecal.clinic.visit.visit import Record, Refusal, Visit, begin, do
from thecal.clinic.watch.symptoms import symptom_table
from thecal.course import Course, Dose, Event
from thecal.errors import CatalogError, CourseError, DataFileError, ThecalError, VisitError
from thecal.label.catalog import editions, load_label
from thecal.report.visit import outcome_words

ROOT = Path(__file__).resolve().parents[3]
INVENTED = ROOT / "tests" / "label" / "drugs"
EXAMPLE = (ROOT / "examples" / "visit.yaml").read_text(encoding="utf-8")
POLICY_FILE = policy_path("visit", "thecal")
POLICY = read_visit_policy(POLICY_FILE)
US = checklist(POLICY, load_label("tofersen", "us"))
EU = checklist(POLICY, load_label("tofersen", "eu"))
NUSINERSEN = checklist(POLICY, load_label("nusinersen", "us"))
ALL = [
    pytest.param(checklist(POLICY, load_label(medicine, where)), id=f"{medicine}-{where}")
    for medicine in ("tofersen", "nusinersen")
    for where in ("us", "eu")
]
CACHED = {
    "load_label": cache(load_label),
    "editions": cache(editions),
}
ZONE = dt.timezone(dt.timedelta(hours=2))
ON = dt.date(2025, 6, 16)
NOW = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
COURSE = Course(
    patient_id="p",
    start=dt.date(2025, 4, 21),
    doses=tuple(Dose(time_d=day, amount_mg=100) for day in (0, 14, 28)),
)


def at(clock: str, day: dt.date = ON) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), ZONE)


def record(step: str, clock: str = "10:00", **told) -> Record:
    known = {name: told.pop(name) for name in ("by", "second", "skipped") if name in told}
    return Record(step=step, at=at(clock), by=known.pop("by", "n1"), values=told, **known)


def whole(amount) -> list[Record]:
    """The records of a visit without a fault: times by hand, in the order of the US label."""
    return [
        record("identity", "08:40"),
        record("symptoms", "08:45", symptoms=()),
        record("out_of_refrigerator", "08:50"),
        record("vial_check", "08:55", second="n2", vials=1.0, lot="L", expiry="2026-01-31",
               cold_chain="usable"),
        record("warm_up", "09:30", heat_source="no"),
        record("inspect", "09:31", solution="clear"),
        record("time_out", "09:35", second="n2", medicine=amount["medicine"],
               amount_mg=amount["mg"], volume_mL=amount["mL"], route="INTRATHECAL"),
        record("puncture", "09:40", position="lateral", level="L3/4", needle_gauge=22.0,
               needle_type="atraumatic", attempts=1.0, guidance="none"),
        record("csf_out", "09:45", csf_mL_out=amount["csf"], appearance="clear"),
        record("patient_ready", "09:46"),
        record("draw_up", "09:50", second="n2", volume_mL=amount["mL"]),
        record("injection_start", "09:52"),
        record("injection_end", "09:54", volume_mL=amount["mL"], resistance="no", pain="no"),
        record("outcome", "09:56", outcome="given"),
    ]  # fmt: skip


TOFERSEN_DOSE = {"medicine": "tofersen", "mg": 100.0, "mL": 15.0, "csf": 10.0}  # US PI 2.1, 2.2
NUSINERSEN_DOSE = {"medicine": "nusinersen", "mg": 12.0, "mL": 5.0, "csf": 5.0}


def filled(steps, records) -> Visit:
    """A visit in which what takes no order and no value is done too, and what comes after."""
    held = {r.step for r in records}
    later = {
        "next_date": record("next_date", "11:00", next_date="2025-07-14"),
        "headache_call": replace(
            record("headache_call", headache="no"), at=at("10:00", ON + dt.timedelta(days=2))
        ),
    }
    more = [
        later.get(step.key) or record(step.key, "09:00")
        for step in steps.steps
        if step.key not in held
        and not step.is_optional
        and (step.key in later or not (step.asks or step.after or step.key in SAFETY))
    ]
    return replace(begin(steps, "p", ON), records=(*records, *more))


def changed(records: list[Record], step: str, clock: str = "", **told) -> list[Record]:
    """The same records with one of them changed; a value None is taken out."""
    found = []
    for one in records:
        if one.step == step:
            fields = {k: told[k] for k in ("by", "second", "skipped") if k in told}
            values = {**one.values, **{k: v for k, v in told.items() if k not in fields}}
            values = {k: v for k, v in values.items() if v is not None}
            one = replace(one, at=at(clock) if clock else one.at, values=values, **fields)
        found.append(one)
    return found


def without(records: list[Record], *steps: str) -> list[Record]:
    return [one for one in records if one.step not in steps]


def codes(found, severity: Severity | None = None) -> set[str]:
    return {f.code for f in found.findings if severity in (None, f.severity)}


def reviewed(records, steps=US, **more):
    return review(filled(steps, records), steps, now=NOW, **more)


WHOLE = whole(TOFERSEN_DOSE)


def done_up_to(step: str, records=WHOLE, steps=US) -> Visit:
    """A visit recorded step by step, to the one before `step`."""
    visit = begin(steps, "p", ON)
    for one in records:
        if one.step == step:
            return visit
        after = do(visit, steps.step(one.step), one, now=NOW)
        assert isinstance(after, Visit), str(after)
        visit = after
    raise AssertionError(step)


def refused(visit: Visit, one: Record, steps=US, now=NOW) -> set[str]:
    found = do(visit, steps.step(one.step), one, now=now)
    assert isinstance(found, Refusal), f"{one.step} was recorded"
    return {reason.code for reason in found.reasons}


def of(step: str, records=WHOLE) -> Record:
    return next(one for one in records if one.step == step)


# -- the steps


@pytest.mark.parametrize("steps", ALL)
def test_every_statement_on_preparing_and_giving_belongs_to_a_step(steps):
    said = {ground.says for step in steps.steps for ground in step.grounds}
    for area in ("preparation", "administration"):
        for statement in steps.label.about(area):
            assert statement.says in said, statement.topic


@pytest.mark.parametrize("steps", ALL)
def test_a_step_names_who_asks_for_it_and_where(steps):
    for step in steps.steps:
        assert step.grounds
        is_labels = step.grounds[0].source.jurisdiction == steps.label.jurisdiction
        assert (step.required_by == "label") == is_labels, step.key
    assert [step.phase for step in steps.steps] == sorted(
        (step.phase for step in steps.steps), key=PHASES.index
    )


def test_the_words_take_nothing_from_one_label_to_another():
    """Not shaking and not diluting are tofersen's; what was read of nusinersen's has neither."""
    assert "not shaken" in US.step("inspect").words
    assert "not shaken" not in NUSINERSEN.step("inspect").words
    assert "not diluted" in US.step("draw_up").words
    assert "not diluted" not in NUSINERSEN.step("draw_up").words
    assert "SOD1" in US.step("genetic_report").words
    assert "SOD1" not in NUSINERSEN.step("genetic_report").words


def test_practice_that_was_not_confirmed_is_marked_so():
    assert not US.step("headache_call").grounds[0].is_confirmed
    assert not US.csf_basis.is_confirmed
    assert US.step("time_out").grounds[0].is_confirmed


def test_a_label_that_states_no_dose_gives_no_checklist():
    """Nobody here has read the Japanese insert."""
    with pytest.raises(CatalogError, match=r"dosing\.amount.*Japanese insert was not read"):
        checklist(POLICY, load_label("tofersen", "jp"))


def test_a_third_medicine_needs_no_code():
    """Kept at room temperature, not warmed, 2 to 5 minutes: an invented label."""
    steps = checklist(POLICY, load_label("fablersen", "us", INVENTED))
    assert steps.step("warm_up").is_optional
    found = review(begin(steps, "p", ON), steps, now=NOW)
    clock = next(c for c in found.clocks if c.key == "injection")
    assert (clock.least, clock.most) == (2, 5)
    assert next(c for c in found.clocks if c.key == "in_syringe").most == 120  # its 2 hours


# -- a policy of a site


WAITS = "skip: no\n        after: [identity]"


def policy_faults(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = POLICY_FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        read_visit_policy(path)
    return str(caught.value)


@pytest.mark.parametrize("key", SAFETY)
def test_no_policy_leaves_out_a_step_that_safety_hangs_on(key, tmp_path):
    text = POLICY_FILE.read_text(encoding="utf-8")
    (named,) = re.findall(rf"key: {key}(?:,|\n +words)", text)
    renamed = named.replace(key, f"own_{key}", 1)
    faults = policy_faults(tmp_path, (named, renamed), *_unhung(key))
    assert f"the step '{key}' is missing" in faults


def _unhung(key: str) -> list[tuple[str, str]]:
    """Take a step out of the lists of steps that wait for it, which is a fault of its own."""
    lines = re.findall(r"after: \[[^\]]*\]", POLICY_FILE.read_text(encoding="utf-8"))
    waits = [line for line in lines if key in re.findall(r"\w+", line)[1:]]
    return [(line, re.sub(rf"\b{key}\b", f"own_{key}", line)) for line in waits]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((f"second: yes\n        {WAITS}", WAITS),
         "'time_out' has to be signed by a second person"),
        (("after: [time_out, draw_up, csf_out]", "after: [draw_up]"),
         "'injection_start' has to come after 'time_out'"),
        (("after: [patient_ready, vial_check, inspect, warm_up]", "after: [vial_check]"),
         "'draw_up' has to come after 'patient_ready'"),
        ((WAITS, "after: [identity]"), "'time_out' may not be skipped"),
        (("asks: [heat_source]", "asks: [heat_sauce]"), "'heat_sauce' is no value"),
        (("topics: [preparation.aseptic]", "topics: [prep.aseptic]"), "is no topic of a label"),
        (("after: [injection_start]", "after: [headache_call]"), "no step above this one"),
        (("key: aseptic", "key: sedation"), "a step 'sedation' stands above"),
        (("share: 0.2", "share: 20"), "at most 1"),
        (("key: days_before", "key: before"), "expected the phases"),
        (("ground: abn}", "ground: abm}"), "Did you mean 'abn'"),
    ],
)  # fmt: skip
def test_a_policy_that_weakens_a_check_is_refused(change, expected, tmp_path):
    if change[0] not in POLICY_FILE.read_text(encoding="utf-8"):
        change = (change[0].rstrip("}"), change[1].rstrip("}"))
    assert expected in policy_faults(tmp_path, change)


def test_a_site_may_add_a_step_of_its_own(tmp_path):
    text = POLICY_FILE.read_text(encoding="utf-8").replace(
        "      - {key: discharge,",
        "      - {key: call_bell, words: Call bell in reach, ground: practice, site: yes}\n"
        "      - {key: discharge,",
    )
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    steps = checklist(read_visit_policy(path), load_label("tofersen", "us"))
    assert steps.step("call_bell").required_by == "site"


# -- recording


def test_a_visit_recorded_in_order_is_complete_and_never_changed():
    visit, kept = begin(US, "p", ON), []
    for one in WHOLE:
        kept.append(visit)
        visit = do(visit, US.step(one.step), one, now=NOW)
        assert isinstance(visit, Visit)
    assert [len(earlier.records) for earlier in kept] == list(range(len(WHOLE)))
    assert visit.records == tuple(WHOLE)


@pytest.mark.parametrize("left_out", ["time_out", "draw_up", "csf_out"])
def test_nothing_is_injected_before(left_out):
    """Time-out by policy of intrathecal chemotherapy; drawing up and CSF by US PI 2.2."""
    visit = done_up_to("injection_start")
    gap = replace(visit, records=tuple(without(visit.records, left_out)))
    assert refused(gap, of("injection_start")) == {"order"}


@pytest.mark.parametrize("left_out", ["patient_ready", "vial_check", "inspect", "warm_up"])
def test_the_cap_stays_on_before(left_out):
    """US PI 2.2: the patient is ready before the cap comes off; the solution is looked at."""
    visit = done_up_to("draw_up")
    gap = replace(visit, records=tuple(without(visit.records, left_out)))
    assert refused(gap, of("draw_up")) == {"order"}


@pytest.mark.parametrize("step", ["time_out", "vial_check", "draw_up"])
@pytest.mark.parametrize("second", ["", "N 1", "n1"])
def test_a_second_signature_is_of_another_person(step, second):
    assert refused(done_up_to(step), replace(of(step), second=second)) == {"unsigned"}


@pytest.mark.parametrize(
    "route", ["IT", "it", "I.T.", "intrathecal", "Intrathecal", "INTRAVENOUS", "IV", "I.V.", ""]
)
def test_the_route_is_written_in_full_and_in_capitals(route):
    one = of("time_out")
    found = refused(done_up_to("time_out"), replace(one, values={**one.values, "route": route}))
    assert "route" in found


@pytest.mark.parametrize(
    ("name", "value"),
    [("medicine", "nusinersen"), ("amount_mg", 98.0), ("amount_mg", 102.0), ("volume_mL", 5.0),
     ("volume_mL", None)],
)  # fmt: skip
def test_the_time_out_reads_what_the_label_has(name, value):
    (one,) = changed([of("time_out")], "time_out", **{name: value})
    assert refused(done_up_to("time_out"), one) == {"expects"}


def test_printed_strength_times_volume_passes_the_time_out():
    """6.7 mg/mL times 15 mL is 100.5 mg: the rounding of the print, within 1 %."""
    (one,) = changed([of("time_out")], "time_out", amount_mg=100.5)
    assert isinstance(do(done_up_to("time_out"), US.step("time_out"), one, now=NOW), Visit)


@pytest.mark.parametrize(
    ("step", "name", "value", "stopped"),
    [
        ("vial_check", "cold_chain", "quarantine", "draw_up"),
        ("vial_check", "cold_chain", "discard", "draw_up"),
        ("vial_check", "expiry", "2025-06-15", "draw_up"),
        ("inspect", "solution", "particles", "draw_up"),
        ("warm_up", "heat_source", "yes", "draw_up"),
    ],
)
def test_a_vial_in_doubt_is_not_drawn_up(step, name, value, stopped):
    records = changed(WHOLE, step, **{name: value})
    assert refused(done_up_to(stopped, records), of(stopped)) == {"stopped"}


def test_a_vial_may_be_used_on_the_day_it_expires():
    records = changed(WHOLE, "vial_check", expiry="2025-06-16")
    done_up_to("injection_start", records)


def test_a_step_is_not_dated_before_one_it_depends_on():
    one = replace(of("injection_start"), at=at("09:34"))
    assert refused(done_up_to("injection_start"), one) == {"order"}


def test_a_step_is_not_dated_in_the_future():
    assert refused(begin(US, "p", ON), of("identity"), now=at("08:39")) == {"future"}
    assert isinstance(
        do(begin(US, "p", ON), US.step("identity"), of("identity"), now=at("08:40")), Visit
    )


def test_two_zones_are_one_time():
    """10:54 at +03:00 is 09:54 at +02:00."""
    visit = done_up_to("injection_end")
    late = dt.datetime(2025, 6, 16, 10, 54, tzinfo=dt.timezone(dt.timedelta(hours=3)))
    after = do(visit, US.step("injection_end"), replace(of("injection_end"), at=late), now=NOW)
    assert isinstance(after, Visit)
    clock = next(c for c in review(after, US).clocks if c.key == "injection")
    assert clock.minutes == 2


@pytest.mark.parametrize("step", NEVER_SKIPPED)
def test_what_safety_hangs_on_is_never_skipped(step):
    one = replace(of(step), skipped="no time", values={}, second="")
    assert refused(done_up_to(step), one) == {"skipped"}


def test_a_step_may_be_skipped_with_a_reason_and_the_next_goes_on():
    records = [
        replace(one, skipped="dry tap", values={}) if one.step == "csf_out" else one
        for one in WHOLE
    ]
    visit = done_up_to("injection_end", records)
    found = review(visit, US, now=NOW)
    assert "visit.skipped_label" in codes(found, Severity.CAUTION)


def test_a_step_is_recorded_once():
    visit = done_up_to("symptoms")
    assert refused(visit, of("identity")) == {"twice"}
    wrong = do(begin(US, "p", ON), US.step("symptoms"), of("identity"), now=NOW)
    assert isinstance(wrong, Refusal) and "step" in {reason.code for reason in wrong.reasons}
    with pytest.raises(VisitError, match="recorded twice: identity"):
        replace(visit, records=(*visit.records, *visit.records))


def test_a_value_of_another_step_or_out_of_range_is_refused():
    visit = done_up_to("csf_out")
    assert refused(visit, record("csf_out", "09:45", volume_mL=15.0)) == {"value"}
    assert refused(visit, record("csf_out", "09:45", csf_mL_out=1000.0)) == {"value"}


def test_a_time_without_a_zone_is_no_time():
    with pytest.raises(VisitError, match="no zone"):
        Record(step="identity", at=dt.datetime(2025, 6, 16, 10, 0), by="n1")


@pytest.mark.parametrize(
    ("told", "expected"),
    [({"by": " "}, "'by' is empty"), ({"by": "x" * 201}, "longer than 200"),
     ({"skipped": "x", "values": {"pain": "no"}}, "a skipped step has no values")],
)  # fmt: skip
def test_a_record_refuses_nonsense(told, expected):
    with pytest.raises(VisitError, match=expected):
        Record(**{"step": "identity", "at": at("10:00"), "by": "n1", **told})


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, "", "x" * 201, ("x",), 0.5])
def test_no_value_takes_nonsense(name, value):
    is_text = VALUES[name].form == "text" and isinstance(value, str)
    is_half = VALUES[name].form == "number" and value == 0.5
    assert fault(name, value) or is_half or (is_text and 0 < len(value) <= 200)


# -- what was read live is found again in the record


@given(
    st.permutations(WHOLE),
    st.lists(st.integers(0, 13), max_size=4, unique=True),
)
@settings(max_examples=150)
def test_a_record_is_refused_while_it_is_made_or_found_serious_when_it_is_read(order, dropped):
    """Any order, any gap: what `do` refuses in the end has a serious finding in the review."""
    order = [one for i, one in enumerate(order) if i not in dropped]
    visit, was_refused = begin(US, "p", ON), set()
    for one in order:
        after = do(visit, US.step(one.step), one, now=NOW)
        if isinstance(after, Visit):
            visit = after
        else:
            was_refused.add(one.step)
    assert not codes(review(visit, US, now=NOW), Severity.SERIOUS) & {
        "visit.order", "visit.unsigned", "visit.route", "visit.future",
    }  # fmt: skip
    held = {one.step for one in visit.records}
    if "injection_start" in held:
        assert {"time_out", "draw_up", "patient_ready", "vial_check"} <= held


# -- clocks


def clock_of(found, key):
    return next(c for c in found.clocks if c.key == key)


def test_a_visit_without_a_fault_has_no_serious_finding_and_nothing_missing():
    found = reviewed(WHOLE, course=COURSE)
    assert found.is_complete
    assert not codes(found, Severity.SERIOUS) and not codes(found, Severity.CAUTION)
    assert found.outcome.kind == "given"


@pytest.mark.parametrize(
    ("end", "verdict"),
    [("09:52:59", "below"), ("09:53", "within"), ("09:55", "within"), ("09:55:01", "above")],
)
def test_the_injection_takes_one_to_three_minutes(end, verdict):
    """US PI 2.2."""
    records = changed(WHOLE, "injection_end", end)
    found = reviewed(changed(records, "outcome", "09:58"))
    assert clock_of(found, "injection").verdict == verdict
    assert ("clock.injection" in codes(found, Severity.SERIOUS)) == (verdict != "within")


@pytest.mark.parametrize(("end", "is_over"), [("13:50", False), ("13:50:01", True)])
def test_the_us_label_counts_four_hours_from_the_vial(end, is_over):
    records = changed(WHOLE, "injection_start", "13:48:30")
    records = changed(changed(records, "injection_end", end), "outcome", "14:00")
    found = reviewed(records)
    assert clock_of(found, "in_syringe").start == "draw_up"
    assert ("clock.in_syringe" in codes(found, Severity.SERIOUS)) == is_over


def test_the_eu_report_counts_them_from_the_refrigerator():
    """CHMP report p19; from the vial this visit would be far within."""
    records = changed(WHOLE, "out_of_refrigerator", "05:53")
    found = reviewed(records, EU)
    clock = clock_of(found, "in_syringe")
    assert (clock.start, clock.minutes, clock.verdict) == ("out_of_refrigerator", 241, "above")
    assert clock_of(reviewed(records, US), "in_syringe").verdict == "within"


@pytest.mark.parametrize("clock", ["08:50", "09:49"])
def test_warming_up_has_no_limit_for_the_label_names_no_minutes(clock):
    records = changed(changed(WHOLE, "out_of_refrigerator", clock), "warm_up", "09:49")
    found = reviewed(records)
    warm = clock_of(found, "warm_up")
    assert (warm.least, warm.most, warm.verdict) == (None, None, "no limit")
    assert "names no minutes" in warm.says
    assert found.is_complete


def test_the_call_about_headache_is_practice_and_no_serious_matter():
    visit = filled(US, WHOLE)
    records = [
        replace(one, at=at("09:53", ON + dt.timedelta(days=1))) if one.step == "headache_call"
        else one for one in visit.records
    ]  # fmt: skip
    found = review(replace(visit, records=tuple(records)), US, now=NOW)
    assert "clock.headache_call" in codes(found, Severity.NOTE)
    assert not clock_of(found, "headache_call").is_confirmed
    assert found.is_complete


def test_before_its_time_has_passed_the_call_is_not_missing():
    visit = filled(US, WHOLE)
    visit = replace(visit, records=tuple(without(visit.records, "headache_call")))
    for now, state in (
        (at("12:00"), State.NOT_YET),
        (at("09:54") + dt.timedelta(hours=72), State.MISSING),
    ):
        found = review(visit, US, now=now)
        standing = next(s for s in found.standings if s.step.key == "headache_call")
        assert standing.state is state
        assert found.is_complete == (state is State.NOT_YET)


# -- volumes


@given(st.floats(0.1, 15))
def test_a_part_holds_its_share_of_the_dose(volume_mL):
    """mg = mL x 100 / 15: dose and volume are primary, the printed 6.7 mg/mL is not."""
    found = reviewed(changed(WHOLE, "injection_end", volume_mL=volume_mL))
    assert found.volumes.given_mg == pytest.approx(volume_mL * 100 / 15)


def test_the_printed_strength_is_half_a_percent_off():
    volumes = reviewed(WHOLE).volumes
    assert volumes.by_strength_mg == pytest.approx(100.5)
    assert volumes.strength_off == pytest.approx(0.005)
    assert volumes.net == 5  # 10 mL out, 15 mL in


@pytest.mark.parametrize(
    ("csf_mL", "is_told"), [(8.0, False), (7.9, True), (12.0, False), (12.1, True), (10.0, False)]
)
def test_csf_far_from_about_10_ml_is_told_and_the_tolerance_is_named_as_ours(csf_mL, is_told):
    found = reviewed(changed(WHOLE, "csf_out", csf_mL_out=csf_mL))
    told = [f for f in found.findings if f.code == "volume.csf_out"]
    assert bool(told) == is_told
    for finding in told:
        assert "Choice of thecal, from no source; not confirmed" in finding.message
        assert finding.severity is Severity.CAUTION


@pytest.mark.parametrize(
    ("step", "volume_mL", "code"),
    [("draw_up", 15.2, "volume.drawn_above"), ("injection_end", 15.2, "volume.given_above"),
     ("draw_up", 14.0, "volume.more_than_drawn")],
)  # fmt: skip
def test_volumes_that_do_not_fit_are_serious(step, volume_mL, code):
    assert code in codes(reviewed(changed(WHOLE, step, volume_mL=volume_mL)), Severity.SERIOUS)


def test_two_vials_for_one_dose_are_told():
    """Each vial holds one dose: US PI 3."""
    assert "volume.vials" in codes(reviewed(changed(WHOLE, "vial_check", vials=2.0)))
    assert "volume.vials" not in codes(reviewed(WHOLE))


def test_nusinersen_is_5_ml_out_and_5_ml_in():
    found = reviewed(whole(NUSINERSEN_DOSE), NUSINERSEN)
    assert not codes(found, Severity.SERIOUS) and not codes(found, Severity.CAUTION)
    assert (found.volumes.given_mg, found.volumes.net) == (12, 0)
    too_much = reviewed(changed(whole(NUSINERSEN_DOSE), "csf_out", csf_mL_out=10.0), NUSINERSEN)
    assert "volume.csf_out" in codes(too_much)


# -- readiness


@pytest.mark.parametrize("symptom", US.symptoms)
def test_a_new_symptom_is_serious_and_says_what_the_label_asks_for(symptom):
    found = reviewed(changed(WHOLE, "symptoms", symptoms=(symptom,)))
    (told,) = [f for f in found.findings if f.code.startswith("symptom.")]
    assert told.severity is Severity.SERIOUS and told.asks
    assert (told.source is None) == (symptom == "infection_at_site")


@pytest.mark.parametrize("symptom", US.symptoms)
def test_a_symptom_asked_for_at_a_visit_is_one_that_the_safety_watch_knows(symptom):
    """One table says which reaction a symptom may belong to; the checklist has none of its own."""
    known = symptom_table().symptom(symptom)
    assert (known is None) == (symptom == "infection_at_site")
    if known is not None:
        found = reviewed(changed(WHOLE, "symptoms", symptoms=(symptom,)))
        (told,) = [f for f in found.findings if f.code == f"symptom.{symptom}"]
        for key in known.fits:
            assert symptom_table().reactions[key].says in told.message
        assert "thecal's table" in told.message  # the label names no symptoms


def test_a_visit_of_another_person_is_serious():
    found = reviewed(WHOLE, course=replace(COURSE, patient_id="other"))
    (told,) = [f for f in found.findings if f.code == "visit.patient"]
    assert told.severity is Severity.SERIOUS and "other" not in told.message


@pytest.mark.parametrize(
    ("days", "code", "is_silent"), [(-3, "dosing.early", True), (5, "dose.late", False)]
)
def test_a_dose_off_its_day_is_told(days, code, is_silent):
    """US PI 2.1: day 56 is due; the label is silent on how early a dose may be given."""
    course = replace(COURSE, start=COURSE.start - dt.timedelta(days=days))
    (told,) = [f for f in reviewed(WHOLE, course=course).findings if f.code == code]
    assert told.label_silent == is_silent


@pytest.mark.parametrize("event", ["treatment_held", "tofersen_stopped"])
def test_a_dose_while_treatment_is_held_or_stopped_is_serious(event):
    course = replace(COURSE, events=(Event(time_d=40, name=event),))
    found = reviewed(WHOLE, course=course)
    assert {"treatment.held", "treatment.stopped"} & codes(found, Severity.SERIOUS)


# -- outcome, and what is due next


def test_after_a_whole_dose_the_next_is_28_days_later():
    found = reviewed(WHOLE, course=COURSE)
    assert found.next.date == ON + dt.timedelta(days=28)
    assert (found.next.number, found.next.why) == (5, "")


def test_a_course_that_holds_the_visit_gives_the_same_next_date():
    held = replace(COURSE, doses=(*COURSE.doses, Dose(time_d=56, amount_mg=100)))
    assert reviewed(WHOLE, course=held).next == reviewed(WHOLE, course=COURSE).next
    other = replace(COURSE, doses=(*COURSE.doses, Dose(time_d=56, amount_mg=50)))
    assert "visit.course" in codes(reviewed(WHOLE, course=other), Severity.SERIOUS)


def test_a_first_dose_starts_the_course():
    for course in (
        Course(patient_id="p", start=None, doses=()),
        Course(patient_id="p", start=dt.date(2025, 1, 1), doses=(),
               events=(Event(time_d=3, name="symptom_onset"),)),
    ):  # fmt: skip
        found = reviewed(changed(WHOLE, "outcome"), course=course)
        assert found.next.date == ON + dt.timedelta(days=14)
        assert found.next.number == 2


def test_a_part_dose_counts_and_has_no_date_for_the_label_is_silent():
    found = reviewed(
        changed(changed(WHOLE, "injection_end", volume_mL=9.0), "outcome", outcome="part_dose"),
        course=COURSE,
    )
    assert found.outcome.kind == "part_dose"
    assert (found.next.date, found.next.number) == (None, 5)
    assert "Label silent" in found.next.why
    assert "dosing.part_dose" in {q.topic for q in found.next.questions}
    (told,) = [f for f in found.findings if f.code == "dosing.part_dose"]
    assert told.label_silent and "60 mg" in told.message


FAILED = [
    *without(WHOLE, "csf_out", "patient_ready", "draw_up", "injection_start", "injection_end"),
]


def test_a_failed_puncture_does_not_count_and_the_label_is_silent():
    records = changed(
        changed(FAILED, "outcome", outcome="failed_puncture"), "puncture", attempts=4.0
    )
    visit = begin(US, "p", ON)
    visit = replace(visit, records=tuple(records))
    found = review(visit, US, now=NOW, course=COURSE)
    assert (found.outcome.kind, found.outcome.attempts) == ("failed_puncture", 4)
    assert (found.next.date, found.next.number) == (None, 4)
    assert "Label silent" in found.next.why
    states = {s.step.key: s.state for s in found.standings}
    assert states["draw_up"] is states["injection_start"] is State.NOT_REACHED
    assert "outcome.vial_unopened" in codes(found)


def test_drug_drawn_up_and_not_given_is_discarded():
    records = without(WHOLE, "injection_start", "injection_end")
    found = reviewed(changed(records, "outcome", outcome="aborted"), course=COURSE)
    assert "outcome.drawn_not_given" in codes(found)


def test_what_went_in_decides_and_another_word_for_it_is_serious():
    found = reviewed(changed(WHOLE, "injection_end", volume_mL=3.0))
    assert found.outcome.kind == "part_dose"
    assert "outcome.contradicts" in codes(found, Severity.SERIOUS)
    aborted = reviewed(
        changed(changed(WHOLE, "injection_end", volume_mL=3.0), "outcome", outcome="aborted")
    )
    assert "outcome.contradicts" not in codes(aborted)
    nothing = reviewed(without(WHOLE, "injection_start", "injection_end"))
    assert "outcome.contradicts" in codes(nothing, Severity.SERIOUS)


def test_an_injection_of_which_nobody_wrote_the_volume_has_no_next_date():
    found = reviewed(changed(WHOLE, "injection_end", volume_mL=None), course=COURSE)
    assert found.outcome.kind == "unknown"
    assert found.next is None
    assert not found.is_complete


def test_a_booking_off_the_date_is_told():
    visit = filled(US, WHOLE)
    records = changed(list(visit.records), "next_date", next_date="2025-07-16")
    found = review(replace(visit, records=tuple(records)), US, now=NOW, course=COURSE)
    (told,) = [f for f in found.findings if f.code == "next.booked"]
    assert "2025-07-16" in told.message and "2025-07-14" in told.message


def test_a_course_of_days_without_dates_is_refused_with_what_to_do():
    with pytest.raises(CourseError, match="add a 'date'"):
        reviewed(WHOLE, course=replace(COURSE, start=None))


def test_a_nusinersen_dose_in_loading_gives_its_own_next_date():
    """US: days 0, 14, 28, 58."""
    course = Course(
        patient_id="p", start=ON - dt.timedelta(days=28),
        doses=tuple(Dose(time_d=day, amount_mg=12) for day in (0, 14)),
    )  # fmt: skip
    found = reviewed(whole(NUSINERSEN_DOSE), NUSINERSEN, course=course)
    assert found.next.date == ON + dt.timedelta(days=30)


# -- the document


TIMES = st.datetimes(
    dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m))),
)  # fmt: skip
TEXT = st.text(min_size=1, max_size=30).filter(lambda text: text.strip())
VALUE = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20),
    st.lists(st.text(max_size=10), max_size=3).map(tuple),
)  # fmt: skip


@st.composite
def visits(draw):
    steps = draw(st.lists(st.sampled_from(US.keys), unique=True, max_size=8))
    records = []
    for step in steps:
        skipped = draw(st.just("") | TEXT)
        values = {} if skipped else draw(st.dictionaries(st.sampled_from(list(VALUES)), VALUE))
        records.append(
            Record(step=step, at=draw(TIMES), by=draw(TEXT), second=draw(st.just("") | TEXT),
                   skipped=skipped, values=values)
        )  # fmt: skip
    return Visit(
        patient_id=draw(TEXT), on=draw(st.dates()), medicine=draw(TEXT), jurisdiction="us",
        edition=draw(TEXT), policy=draw(TEXT), records=tuple(records),
    )  # fmt: skip


@given(visits())
def test_a_visit_goes_to_its_document_and_back(visit):
    document = visit_document(visit)
    again = visit_from_document(json.loads(json.dumps(document)))
    assert again == visit
    assert visit_document(again) == document


@given(visits())
@settings(max_examples=60)
def test_any_visit_is_reviewed_without_a_fall(visit):
    """Whatever a document holds, the review judges it."""
    found = review(visit, US, now=NOW)
    assert len(found.standings) == len(US.steps)


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@given(visits(), st.data())
def test_a_document_that_was_damaged_gives_a_visit_or_one_error(visit, data):
    document = json.loads(json.dumps(visit_document(visit)))
    places = [document, *document["records"], *(r["values"] for r in document["records"])]
    place = data.draw(st.sampled_from(places))
    if place:
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSONS)
    try:
        visit_from_document(document)
    except VisitError:
        pass


# -- the file


@pytest.fixture(autouse=True)
def labels_are_read_once(monkeypatch):
    """Hundreds of files are read below, against one label."""
    for name, held in CACHED.items():
        monkeypatch.setattr(f"thecal.clinic.visit.file.{name}", held)


def read(tmp_path: Path, text: str | bytes):
    path = tmp_path / "visit.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_visit(path, POLICY)


def test_the_example_is_complete_and_reads_as_it_stands(tmp_path):
    visit, steps = read(tmp_path, EXAMPLE)
    found = review(visit, steps, now=NOW, course=replace(COURSE, patient_id="example"))
    assert found.is_complete
    assert [f.code for f in found.findings] == ["visit.skipped"]
    assert visit.record("draw_up").at == at("09:49")
    assert visit.record("draw_up").by == "N1"
    assert visit_from_document(visit_document(visit)) == visit


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('zone: "+02:00"\n', ""), r"the time has no zone; add one, as \+02:00"),
        (("by: N1\n", ""), r"steps.due_window: 'by' is missing"),
        (("at: 9:40", "at: 24:40"), r"steps.puncture.at: no such time of day"),
        (("at: 9:40", "at: soon"), r"steps.puncture.at: expected a time as 10:05"),
        (("2025-04-14T10:00", "2025-02-30T10:00"), r"no such date"),
        (("volume_mL: 15, resistance", "volume_mL: 1500, resistance"), r"at most 100"),
        (("vials: 1", "vials: 1.5"), r"expected a whole number"),
        (("symptoms: none", "symptoms: [leg_weaknes]"), r"Did you mean 'leg_weakness'"),
        (("solution: clear", "solution: fine"), r"expected one of clear, particles"),
        (("expiry: 2026-11-30", "expiry: 11/26"), r"expected a date as YYYY-MM-DD"),
        (("medicine: tofersen", "medicine: tofersn"), r"Did you mean 'tofersen'"),
        (('edition: "2024"', 'edition: "2023"'), r"edition: expected one of 2024"),
        (("  aseptic:", "  asceptic:"), r"no such step. Did you mean 'aseptic'"),
        (("volume_mL: 15,\n", "volume: 15,\n"), r"unknown key.*Did you mean 'volume_mL'"),
        (("visit: 1", "visit: 2"), r"visit: expected one of 1"),
        (('zone: "+02:00"', "zone: CET"), r"expected a zone as \+02:00"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_is_expected(change, expected, tmp_path):
    assert change[0] in EXAMPLE
    with pytest.raises(DataFileError) as caught:
        read(tmp_path, EXAMPLE.replace(*change, 1))
    assert re.search(expected, str(caught.value)), str(caught.value)
    assert "line " in str(caught.value)


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    text = EXAMPLE.replace("9:40", "9:99").replace("vials: 1", "vials: x").replace("L3/4", "L9")
    with pytest.raises(DataFileError) as caught:
        read(tmp_path, text)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("route", ["IT", "INTRAVENOUS"])
def test_a_recorded_route_other_than_in_full_is_serious(route, tmp_path):
    visit, steps = read(tmp_path, EXAMPLE.replace("route: INTRATHECAL", f"route: {route}"))
    assert "visit.route" in codes(review(visit, steps, now=NOW), Severity.SERIOUS)


CANARY = "Zanzibarovic"


def test_no_fault_and_no_finding_repeats_a_name_or_a_lot(tmp_path):
    """Every scalar and every key of the file in turn is somebody's name."""
    name = CANARY
    for found in re.finditer(r"[^\s:,{}\[\]#][^,{}\[\]#\n:]*", EXAMPLE):
        if EXAMPLE.rfind("#", EXAMPLE.rfind("\n", 0, found.start()), found.start()) >= 0:
            continue  # a comment
        text = EXAMPLE[: found.start()] + name + EXAMPLE[found.end() :]
        try:
            visit, steps = read(tmp_path, text)
        except ThecalError as error:
            assert name not in str(error), text[max(0, found.start() - 40) : found.end() + 40]
            continue
        told = review(visit, steps, now=NOW, course=COURSE)
        assert name not in repr(told.findings)


def test_no_refusal_repeats_a_name():
    one = replace(of("time_out"), by=CANARY, second=CANARY)
    one = replace(one, values={**one.values, "route": CANARY, "medicine": CANARY})
    refusal = do(begin(US, CANARY, ON), US.step("time_out"), one, now=NOW)
    assert isinstance(refusal, Refusal)
    assert CANARY not in str(refusal)


@given(st.data())
@settings(
    max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_bytes_give_a_visit_or_one_error(tmp_path, data):
    base = bytearray(EXAMPLE.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(base)))
        stop = min(len(base), start + data.draw(st.integers(0, 12)))
        base[start:stop] = data.draw(st.binary(max_size=8))
    try:
        visit, steps = read(tmp_path, bytes(base))
    except ThecalError:
        return
    review(visit, steps, now=NOW, course=COURSE)


@given(st.binary(max_size=200))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_are_no_visit_give_one_error(tmp_path, data):
    with pytest.raises(ThecalError):
        read(tmp_path, data)


# -- what a sceptical reader found


@pytest.mark.parametrize("second", ["N1", "n 1", "N.1.", "n-1", " N_1"])
def test_one_person_written_in_another_way_is_no_second_checker(second):
    found = reviewed(changed(WHOLE, "time_out", second=second))
    assert "visit.unsigned" in codes(found, Severity.SERIOUS)


def test_the_marks_on_a_letter_do_not_make_another_person():
    found = reviewed(changed(WHOLE, "time_out", by="René", second="Rene"))
    assert "visit.unsigned" in codes(found, Severity.SERIOUS)
    assert "visit.unsigned" not in codes(reviewed(changed(WHOLE, "time_out", by="?", second="!")))


@pytest.mark.parametrize("route", ["IT", "INTRAVENOUS", "i.v."])
def test_no_date_is_given_for_a_dose_whose_route_is_another_or_unclear(route):
    """28 days after a dose by another route is a date that no label gives."""
    found = reviewed(changed(WHOLE, "time_out", route=route), course=COURSE)
    assert "visit.route" in codes(found, Severity.SERIOUS)
    assert found.next.date is None and route not in found.next.why


@pytest.mark.parametrize("told", [{"medicine": "nusinersen"}, {"amount_mg": 12.0}])
def test_no_date_is_given_where_the_time_out_names_another_medicine_or_dose(told):
    """What was given then is not what the label counts 28 days from."""
    found = reviewed(changed(WHOLE, "time_out", **told), course=COURSE)
    assert found.next.date is None and "another medicine or dose" in found.next.why
    rounded = reviewed(changed(WHOLE, "time_out", amount_mg=100.5), course=COURSE)
    assert rounded.next.date is not None  # 15 mL of 6.7 mg/mL, the printed strength


def test_a_route_in_small_letters_is_told_and_is_the_label_s():
    found = reviewed(changed(WHOLE, "time_out", route="intrathecal"), course=COURSE)
    assert "visit.route" in codes(found, Severity.SERIOUS) and found.next.date is not None


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (240, "4 h"),
        (240 + 1 / 3, "4 h 0 min 20 s"),
        (251, "4 h 11 min"),
        (3, "3 min"),
        (181 / 60, "3.02 min"),
        (59 / 60, "59 s"),
    ],
)
def test_a_time_just_over_a_limit_is_not_told_as_the_limit(minutes, words):
    """ "4 h, too long; the limit is 4 h" helps nobody."""
    assert minutes_words(minutes) == words


@pytest.mark.parametrize(
    ("mL", "words"),
    [
        (15.0, "the whole dose was given (15 mL of 15 mL, 100 mg of 100 mg)."),
        (14.9, "the label names no tolerance."),
        (15.1, "the label names no tolerance."),
        (16.0, "MORE than a whole dose was given (16 mL of 15 mL, 107 mg of 100 mg)."),
        (14.0, "a PART DOSE was given (14 mL of 15 mL, 93.3 mg of 100 mg). thecal counts it as"),
    ],
)
def test_a_volume_off_the_whole_dose_says_whose_tolerance_it_is_under(mL, words):
    """A rule of thecal's must not be told as the label's."""
    assert words in outcome_words(reviewed(changed(WHOLE, "injection_end", volume_mL=mL)))
