"""Findings: what the label warns of is serious, what it leaves open is shown, and nothing is judged
that the label does not judge."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.review import review
from thecal.course import Course, Dose, Event, Observation
from thecal.interop.records import read_course
from thecal.label.catalog import load_label
from thecal.regimen.regimen import from_label
from thecal.regimen.schedule import schedule

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / ".." / "shared" / "data" / "cases"
US = load_label("tofersen", "us")
REGULAR = (0, 14, 28, 56, 84)


def findings(
    *days: int,
    amounts: dict[int, float] | None = None,
    events: tuple[tuple[float, str], ...] = (),
    observations: tuple[Observation, ...] = (),
    route: str = "intrathecal",
    on_d: int | None = None,
) -> tuple[Finding, ...]:
    course = Course(
        patient_id="p",
        start=None,
        doses=tuple(
            Dose(time_d=day, amount_mg=(amounts or {}).get(number, 100), route=route)
            for number, day in enumerate(days, 1)
        ),
        events=tuple(Event(time_d=day, name=name) for day, name in sorted(events)),
        observations=observations,
    )
    return review(course, schedule(course, from_label(US), on_d=on_d), US)


def codes(found: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in found]


def the(code: str, found: tuple[Finding, ...]) -> Finding:
    (finding,) = [finding for finding in found if finding.code == code]
    return finding


def csf(kind: str, *values: tuple[float, float], below: tuple[int, ...] = ()):
    """Values of one kind by day; `below` are the places that are limits of quantification."""
    return tuple(
        Observation(time_d=day, kind=kind, value=value, unit="u", is_below=i in below)
        for i, (day, value) in enumerate(values)
    )


def test_a_regular_course_has_no_finding():
    assert findings(*REGULAR) == ()
    assert findings() == ()


# -- events


@pytest.mark.parametrize(
    ("event", "section"),
    [
        ("myelitis", "5.1"),
        ("radiculitis", "5.1"),
        ("papilloedema", "5.2"),
        ("papilledema", "5.2"),
        ("aseptic_meningitis", "5.3"),
    ],
)
@pytest.mark.published
def test_an_event_the_label_warns_of_is_serious_with_its_section(event, section):
    """US PI 5.1 myelitis and radiculitis, 5.2 raised pressure, 5.3 aseptic meningitis."""
    found = the(f"event.{event}", findings(*REGULAR, events=((60, event),)))
    assert found.severity is Severity.SERIOUS
    assert found.source.section == section
    assert (found.time_d, found.label_silent) == (60, False)
    assert found.asks


def test_a_common_reaction_is_a_note():
    found = the("event.myalgia", findings(*REGULAR, events=((60, "myalgia"),)))
    assert found.severity is Severity.NOTE
    assert found.source.section.startswith("6.1")


@pytest.mark.parametrize("event", ["holiday", "verstorben", "aseptic_meningitis_resolved"])
def test_an_event_that_nothing_reads_is_named_and_judges_nothing(event):
    """Else a misspelt death or myelitis would pass in silence."""
    (found,) = findings(*REGULAR, events=((60, event),))
    assert (found.code, found.severity) == ("event.not_read", Severity.NOTE)
    assert f"{event.replace('_', ' ')} (day 60)" in found.message


def test_two_doses_far_closer_than_any_interval_are_a_question_about_the_record():
    """Half the shortest interval: a day early is common, a day apart is a slip."""
    close = the("dose.close", findings(0, 14, 28, 29))
    assert close.severity is Severity.CAUTION
    assert "doses 3 and 4 are 1 d apart" in close.message
    assert "dose.close" not in codes(findings(0, 13, 27, 54))


def test_a_contraindication_that_happened_is_serious_where_the_label_names_it():
    """EU SmPC 4.3 names hypersensitivity; the US label has no contraindication."""
    course = Course(
        patient_id="p",
        start=None,
        doses=(Dose(time_d=0, amount_mg=100),),
        events=(Event(time_d=1, name="anaphylaxis"),),
    )
    for jurisdiction, expected in (("eu", Severity.SERIOUS), ("us", Severity.NOTE)):
        label = load_label("tofersen", jurisdiction)
        found = review(course, schedule(course, from_label(label)), label)
        assert [f.severity for f in found if f.code.startswith("event.")] == [expected]


def test_reactions_of_the_european_pool_and_class_warnings_are_found():
    course = Course(
        patient_id="p",
        start=None,
        doses=(Dose(time_d=0, amount_mg=100, route="intrathecal"),),
        events=(Event(time_d=1, name="fever"), Event(time_d=2, name="thrombocytopenia")),
    )
    label = load_label("tofersen", "eu")
    found = review(course, schedule(course, from_label(label)), label)
    assert [(f.code, f.severity) for f in found] == [
        ("event.thrombocytopenia", Severity.CAUTION),
        ("symptoms.recorded", Severity.NOTE),
    ]


def test_a_hold_that_is_over_is_not_forgotten():
    found = findings(0, 14, 28, events=((43, "treatment_held"), (64, "treatment_resumed")))
    assert "held on day 43" in the("treatment.history", found).message


def test_facts_after_a_death_are_a_contradiction_that_is_said():
    found = findings(0, 14, 28, events=((20, "death"),))
    assert "one of them is wrong" in the("treatment.after_death", found).message


def test_each_time_an_event_happened_is_a_finding():
    found = findings(*REGULAR, events=((30, "myelitis"), (60, "myelitis")))
    assert [finding.time_d for finding in found] == [30, 60]


# -- doses


def test_late_doses_are_one_note():
    """The label has a rule for them: nobody need look twice."""
    found = the("dose.late", findings(0, 14, 28, 57, 86))
    assert found.severity is Severity.NOTE
    assert "doses 4, 5 came 1 d late" in found.message
    assert not found.label_silent


def test_a_missed_dose_is_a_note_with_the_labels_rule():
    found = the("dose.missed", findings(0, 14, 28, 84))
    assert found.severity is Severity.NOTE
    assert found.message == "dose 4 came 28 d late, 56 d after the one before"
    assert US.the("missed_dose.maintenance").says in found.asks


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"days": (0, 14, 28, 112)}, "dosing.gap"),
        ({"days": REGULAR, "amounts": {5: 40}}, "dosing.part_dose"),
        ({"days": REGULAR, "amounts": {5: 150}}, "dosing.above_label"),
        ({"days": REGULAR, "route": "intravenous"}, "dosing.route_other"),
    ],
)
def test_what_the_label_leaves_open_about_a_dose_asks_the_prescriber(facts, code):
    facts = dict(facts)  # the table stays as it is, for a second run
    days = facts.pop("days")
    found = [f for f in findings(*days, **facts) if f.code == code]
    assert found
    for finding in found:
        assert finding.severity is Severity.CAUTION
        assert finding.label_silent
        assert "a prescriber decides" in finding.asks
        assert US.silence(code).says in finding.message


def test_early_doses_are_one_note():
    found = the("dosing.early", findings(0, 13, 26, 49))
    assert found.severity is Severity.NOTE
    assert found.label_silent
    assert "1, 1, 5 d" in found.message


@pytest.mark.parametrize("name", ["failed_puncture", "dose_not_given"])
def test_a_dose_not_given_is_shown_and_does_not_count(name):
    found = the(f"dose.{name}", findings(*REGULAR, events=((110, name),)))
    assert found.severity is Severity.CAUTION
    assert found.label_silent
    assert "does not count" in found.message


@pytest.mark.parametrize("state", ["held", "stopped"])
def test_a_treatment_held_or_stopped_is_for_the_prescriber(state):
    found = the(f"treatment.{state}", findings(*REGULAR, events=((100, f"tofersen_{state}"),)))
    assert found.severity is Severity.CAUTION
    assert "since day 100" in found.message
    assert "prescriber" in found.asks


def test_a_route_that_is_not_written_is_shown_once():
    found = the("dose.route_not_recorded", findings(*REGULAR, route=""))
    assert "5 doses" in found.message
    assert "intrathecal" in found.asks


# -- trends


@pytest.mark.parametrize("kind", ["csf_wbc", "csf_protein"])
def test_a_rise_in_csf_is_shown_without_a_verdict(kind):
    """The label names no threshold."""
    found = the(f"trend.{kind}", findings(*REGULAR, observations=csf(kind, (0, 2), (56, 21))))
    assert found.severity is Severity.NOTE
    assert found.label_silent
    assert "up to 21 u on day 56, 2 before the first dose" in found.message
    assert "no threshold" in found.asks
    assert found.source.section.startswith("6.1")


def test_a_rise_that_went_back_shows_the_last_value():
    rise = csf("csf_wbc", (0, 1), (56, 25), (84, 6))
    found = the("trend.csf_wbc", findings(*REGULAR, observations=rise))
    assert "last 6 u on day 84" in found.message


@pytest.mark.parametrize(
    "values", [[(0, 5), (56, 5)], [(0, 5), (56, 4)], [(0, 5)], [(-30, 2), (0, 9), (56, 8)]]
)
def test_no_rise_over_the_last_value_before_treatment_is_no_finding(values):
    assert findings(*REGULAR, observations=csf("csf_wbc", *values)) == ()


def test_a_value_below_the_limit_is_no_rise():
    """Below 5 may be 0: nobody can say that it rose from 2."""
    values = csf("csf_wbc", (0, 2), (56, 5), below=(1,))
    assert findings(*REGULAR, observations=values) == ()


def test_a_baseline_below_the_limit_is_shown_as_one():
    values = csf("csf_wbc", (0, 5), (56, 21), below=(0,))
    found = the("trend.csf_wbc", findings(*REGULAR, observations=values))
    assert "<5 before the first dose" in found.message


# -- order


known = sorted(
    {"myelitis", "headache", "failed_puncture", "papilloedema", "tofersen_held", "unknown"}
)


@given(st.lists(st.tuples(st.integers(-50, 200), st.sampled_from(known)), max_size=10))
def test_every_finding_names_its_rule_and_what_it_read(events):
    found = findings(0, 13, 28, 120, amounts={2: 50}, events=tuple(events), route="", on_d=300)
    assert found
    for finding in found:
        assert finding.rule, finding.code
        assert finding.inputs, finding.code


@given(st.lists(st.tuples(st.integers(-50, 200), st.sampled_from(known)), max_size=10))
def test_the_most_serious_comes_first_then_by_day(events):
    found = findings(0, 13, 28, 120, amounts={2: 50}, events=tuple(events))
    words = ("serious", "caution", "note")
    keys = [
        (words.index(f.severity), float("inf") if f.time_d is None else f.time_d) for f in found
    ]
    assert keys == sorted(keys)


# -- published courses


@pytest.mark.published
def test_trial08_has_meningitis_papilloedema_and_an_84_day_gap():
    """FDA integrated review of NDA 215887, table 80; the eighth dose is placed 84 days on."""
    path = CASES / "trial08.csv"
    if not path.exists():
        pytest.skip("the trial courses are CC BY-NC-ND and not part of the project")
    course = read_course(path).course
    plan = schedule(course, from_label(US))
    assert plan.given[7].interval_d == 84
    assert plan.next.due_d == 254
    assert plan.treatment == "ongoing"
    assert [q.topic for q in plan.label_silent] == ["dosing.gap"]
    found = review(course, plan, US)
    serious = {f.code: f.source.section for f in found if f.severity is Severity.SERIOUS}
    assert serious == {"event.aseptic_meningitis": "5.3", "event.papilloedema": "5.2"}
    assert the("dosing.gap", found).severity is Severity.CAUTION
    assert "317" in the("trend.csf_wbc", found).message


@pytest.mark.published
def test_dresden_has_32_doses_and_polyradiculitis():
    """doi:10.1007/s00415-025-13415-3; the last dose is placed on day 869."""
    course = read_course(ROOT / "examples" / "dresden.csv").course
    plan = schedule(course, from_label(US))
    assert (len(plan.given), plan.next.number, plan.next.due_d) == (32, 33, 897)
    found = review(course, plan, US)
    assert the("event.polyradiculitis_mri", found).source.section == "5.1"


@pytest.mark.published
def test_munich_was_stopped_after_myelitis():
    """doi:10.1007/s00415-023-12130-1."""
    course = read_course(ROOT / "examples" / "munich.csv").course
    plan = schedule(course, from_label(US))
    assert plan.treatment == "stopped"
    found = review(course, plan, US)
    assert the("event.myelitis", found).severity is Severity.SERIOUS
    assert the("treatment.stopped", found).severity is Severity.CAUTION


def test_a_dose_that_is_overdue_on_the_day_asked_is_a_finding():
    """US PI 2.1: as soon as possible. In time, or not asked, there is nothing to find."""
    for on_d, is_overdue in ((None, False), (56, False), (57, True)):
        assert ("dose.overdue" in codes(findings(0, 14, 28, on_d=on_d))) is is_overdue


def test_a_gap_that_is_open_on_the_day_asked_is_a_finding():
    """Two maintenance doses missed and none given since: 84 days."""
    assert "dosing.gap" not in codes(findings(0, 14, 28, on_d=28 + 83))
    assert "dosing.gap" in codes(findings(0, 14, 28, on_d=28 + 84))


def test_an_event_before_the_first_dose_is_no_reaction_to_it():
    assert "event.myelitis" not in codes(findings(0, events=((-3, "myelitis"),)))
    assert "event.myelitis" in codes(findings(0, events=((3, "myelitis"),)))


def test_after_a_death_nothing_is_overdue():
    found = codes(findings(0, 14, 28, events=((40, "death"),), on_d=300))
    assert "treatment.ended" in found
    assert not {"dose.overdue", "dosing.gap"} & set(found)


def test_a_threshold_that_was_not_read_is_not_called_silent():
    """The US label was read whole; of the EU one, nothing on CSF counts was."""
    course = Course(
        patient_id="p",
        start=None,
        doses=tuple(Dose(time_d=day, amount_mg=100) for day in REGULAR),
        observations=csf("csf_wbc", (0, 1), (56, 25)),
    )
    for jurisdiction, words in (("us", "gives no threshold"), ("eu", "no threshold was read")):
        label = load_label("tofersen", jurisdiction)
        found = the("trend.csf_wbc", review(course, schedule(course, from_label(label)), label))
        assert words in found.asks
        assert found.label_silent is (jurisdiction == "us")
