"""The watch: symptoms before diagnoses, the label's own words for what is asked, nothing hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.watch.safety import ORDER, as_of, ordered, severity_of, standing, watch
from thecal.clinic.watch.symptoms import symptom_table
from thecal.course import Course, Dose, Event, Observation
from thecal.label.catalog import load_label

US, EU, JP = (load_label("tofersen", where) for where in ("us", "eu", "jp"))
NUSINERSEN = load_label("nusinersen", "us")
TABLE = symptom_table()
REGULAR = (0, 14, 28, 56, 84, 112)
SERIOUS, CAUTION, NOTE = Severity.SERIOUS, Severity.CAUTION, Severity.NOTE
WORK_UP = "If symptoms fit, start the work-up and treatment by the standard of care"


def course(*events: tuple[float, str] | tuple[float, str, str], doses=REGULAR, seen=()) -> Course:
    """A person who does not exist: events by day, with a `method` where a third word is given."""
    made = [Event(time_d=e[0], name=e[1], method=e[2] if len(e) > 2 else "") for e in events]
    return Course(
        patient_id="p",
        start=None,
        doses=tuple(Dose(time_d=day, amount_mg=100) for day in doses),
        observations=tuple(
            Observation(time_d=day, kind=kind, value=value, unit="u") for day, kind, value in seen
        ),
        events=tuple(sorted(made, key=lambda e: e.time_d)),
    )


def found(*events, label=US, doses=REGULAR, seen=()) -> list[Finding]:
    return list(watch(course(*events, doses=doses, seen=seen), label))


def symptoms(*events, label=US) -> list[Finding]:
    return [f for f in found(*events, label=label) if f.code == "symptoms.recorded"]


def the(code: str, findings: list[Finding]) -> Finding:
    (finding,) = [f for f in findings if f.code == code]
    return finding


# -- the table itself


def test_every_reaction_of_the_table_is_one_the_us_label_warns_of():
    """US PI 5.1 to 5.3."""
    named = {w for s in US.about("warnings.serious") for w in s.words("events")}
    for reaction in TABLE.reactions.values():
        assert reaction.key in named
        assert set(reaction.words) <= named


def test_no_word_stands_for_two_symptoms_or_for_a_reaction():
    words = [w for s in TABLE.symptoms for w in s.words]
    words += [w for r in TABLE.reactions.values() for w in r.words]
    assert len(words) == len(set(words))


# -- symptoms


@pytest.mark.parametrize(
    ("name", "severity", "sections"),
    [
        ("leg_weakness", SERIOUS, ("§5.1",)),
        ("sensory_level", SERIOUS, ("§5.1",)),
        ("urinary_retention", SERIOUS, ("§5.1",)),
        ("blurred_vision", SERIOUS, ("§5.2", "§5.3")),
        ("neck_stiffness", SERIOUS, ("§5.3",)),
        ("confusion", SERIOUS, ("§5.2", "§5.3")),
        ("radicular_pain", CAUTION, ("§5.1",)),
        ("pseudoradicular_pain", CAUTION, ("§5.1",)),
        ("photophobia", CAUTION, ("§5.3",)),
        ("headache", NOTE, ("§5.2", "§5.3")),
        ("fever", NOTE, ("§5.3",)),
        ("back_pain", NOTE, ("§5.1",)),
    ],
)
def test_a_symptom_alone_names_the_reactions_it_may_belong_to(name, severity, sections):
    (finding,) = symptoms((60, name))
    assert (finding.severity, finding.time_d) == (severity, 60)
    assert finding.message.startswith(f"{name.replace('_', ' ')} (day 60): may belong to ")
    for section in ("§5.1", "§5.2", "§5.3"):
        assert (section in finding.message) is (section in sections)
    assert finding.source.section == sections[0].removeprefix("§")
    assert finding.source.version == US.version
    assert finding.rule == "warnings.serious; table 'symptoms', version 1"
    assert finding.inputs[name] == "60"


def test_what_is_asked_is_the_action_of_the_label_and_only_51_names_interruption():
    """US PI 5.1 speaks of interruption or discontinuation; 5.2 and 5.3 do not."""
    (cord,) = symptoms((60, "leg_weakness"))
    assert cord.asks == US.about("warnings.serious")[0].words("action")[0]
    assert "interrupted or stopped" in cord.asks
    (neck,) = symptoms((60, "neck_stiffness"))
    assert neck.asks == f"{WORK_UP}."
    (both,) = symptoms((60, "leg_weakness"), (61, "neck_stiffness"))
    assert both.asks == (
        f"§5.1: {WORK_UP}; tofersen may have to be interrupted or stopped. §5.3: {WORK_UP}."
    )
    (eyes,) = symptoms((60, "visual_loss"))
    assert eyes.asks == f"{WORK_UP}."


def test_a_label_that_was_not_read_asks_for_nothing_and_says_so():
    (eu,) = symptoms((60, "leg_weakness"), label=EU)
    assert eu.severity is SERIOUS
    assert (
        eu.asks == "What the SmPC asks for was not read; look up section 4.4 of the current SmPC."
    )
    (jp,) = symptoms((60, "leg_weakness"), label=JP)
    assert jp.severity is SERIOUS
    assert jp.asks == "not known here: The Japanese insert was not read."
    assert jp.source is None
    assert "may belong to myelitis or radiculitis;" in jp.message


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (("headache", "fever"), CAUTION),  # two notes of one reaction
        (("back_pain", "restless_legs"), CAUTION),
        (("headache", "photophobia"), SERIOUS),  # a note and a caution
        (("back_pain", "sciatica"), SERIOUS),
        (("back_pain", "headache"), NOTE),  # of no common reaction
        (("radicular_pain", "fever"), CAUTION),
        (("headache", "post_lp_headache"), NOTE),  # one symptom, two words for it
        (("headache", "severe_headache"), SERIOUS),  # it grew
        (("leg_weakness", "sensory_level"), SERIOUS),
    ],
)
def test_two_symptoms_that_fit_one_reaction_are_one_step_more_serious(names, severity):
    (finding,) = symptoms((60, names[0]), (62, names[1]))
    assert finding.severity is severity


@pytest.mark.parametrize(("apart", "groups"), [(0, 1), (1, 1), (14, 1), (14.5, 2), (15, 2)])
def test_symptoms_up_to_14_days_apart_are_one_finding(apart, groups):
    """symptoms.yaml, near_d: 14 days, thecal's own choice."""
    assert len(symptoms((60, "headache"), (60 + apart, "fever"))) == groups


def test_days_are_counted_from_the_symptom_before_not_from_the_first():
    (finding,) = symptoms((60, "headache"), (74, "headache"), (88, "fever"))
    assert finding.time_d == 60
    assert finding.message.startswith("headache (day 60, 74), fever (day 88): may belong to ")
    assert finding.inputs["headache"] == "60, 74"
    assert finding.inputs["fever"] == "88"
    assert finding.inputs["may_belong_to"] == "papilledema, aseptic_meningitis"


def test_a_commoner_cause_is_named_once():
    (finding,) = symptoms((60, "leg_weakness"), (61, "leg_weakness"))
    assert finding.message.count("ALS itself weakens the legs") == 1


def test_a_symptom_from_before_the_first_dose_is_said_and_is_no_finding():
    assert symptoms((-20, "leg_weakness")) == []
    (finding,) = symptoms((-20, "paraparesis"), (0, "leg_weakness"))
    assert "Recorded before the first dose, too: paraparesis (day -20)" in finding.message
    (other,) = symptoms((-20, "headache"), (9, "leg_weakness"))
    assert "before the first dose" not in other.message


def test_a_symptom_is_not_also_shown_as_a_listed_reaction():
    """Pain along a limb is in table 1 of US PI 6.1, too: one fact, one finding."""
    codes = [f.code for f in found((60, "pseudoradicular_pain"), (90, "headache"))]
    assert codes == ["symptoms.recorded", "symptoms.recorded"]


def test_symptoms_that_led_to_a_diagnosis_are_shown_with_it():
    findings = found((60, "leg_weakness"), (66, "leg_weakness"), (70, "myelitis"))
    finding = the("symptoms.recorded", findings)
    assert finding.severity is NOTE
    assert finding.message.endswith(". Then recorded: myelitis (day 70), see there")
    assert finding.asks == ""
    myelitis = the("event.myelitis", findings)
    assert myelitis.severity is SERIOUS
    assert "; symptoms before: leg weakness (day 60, 66); no dose" not in myelitis.message
    assert "; symptoms before: leg weakness (day 60, 66); next dose on day 84" in myelitis.message


@pytest.mark.parametrize(
    ("day", "severity"), [(59, SERIOUS), (60, NOTE), (74, NOTE), (74.5, SERIOUS)]
)
def test_only_a_diagnosis_soon_after_accounts_for_symptoms(day, severity):
    finding = the("symptoms.recorded", found((60, "leg_weakness"), (day, "myelitis")))
    assert finding.severity is severity


def test_a_diagnosis_accounts_only_for_the_symptoms_that_fit_it():
    """Myelitis explains no blurred vision: that stays serious."""
    findings = found((60, "leg_weakness"), (61, "blurred_vision"), (64, "transverse_myelitis"))
    finding = the("symptoms.recorded", findings)
    assert finding.severity is SERIOUS
    assert finding.message.endswith(
        ". Then recorded: transverse myelitis (day 64), see there. "
        "That does not account for blurred vision (day 61)"
    )
    assert finding.asks
    fever = the("symptoms.recorded", found((60, "leg_weakness"), (61, "fever"), (64, "myelitis")))
    assert fever.severity is NOTE  # as fever alone
    assert "does not account for fever (day 61)" in fever.message


def test_the_grade_of_a_symptom_is_told_where_there_is_a_term():
    (finding,) = symptoms((60, "headache", "severity=severe"), (61, "fever"))
    assert finding.inputs["grade"].startswith("CTCAE v5, Headache: grade 3")
    assert "grade" not in symptoms((60, "leg_weakness"))[0].inputs


def test_a_medicine_without_a_table_does_not_pass_symptoms_in_silence():
    findings = found((60, "leg_weakness"), (61, "myelitis"), label=NUSINERSEN)
    finding = the("event.not_held", findings)
    assert finding.severity is CAUTION
    assert "leg weakness (day 60), myelitis (day 61): there is no table" in finding.message
    assert (finding.time_d, finding.rule) == (60, "table 'symptoms', version 1")
    assert finding.asks == "a reader judges"
    assert finding.inputs == {"leg_weakness": "60", "myelitis": "61"}
    assert [f.code for f in findings] == ["event.not_held"]


def test_a_reaction_that_a_label_as_read_does_not_name_is_serious_all_the_same():
    """Of the Japanese insert no warning was read: that is no all-clear."""
    finding = the("event.not_held", found((60, "aseptic_meningitis"), label=JP))
    assert finding.severity is SERIOUS
    assert "does not name" in finding.message
    assert finding.asks == "not known here: The Japanese insert was not read."
    assert [f.code for f in found((60, "aseptic_meningitis"))] == ["event.aseptic_meningitis"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 200),
            st.sampled_from(sorted(w for s in TABLE.symptoms for w in s.words)),
        ),
        max_size=8,
    )
)
def test_every_symptom_is_in_exactly_one_finding(events):
    findings = symptoms(*events)
    told = [name for f in findings for name in f.inputs if name not in ("may_belong_to", "grade")]
    days = sum(
        len(str(days).split(", "))
        for f in findings
        for name, days in f.inputs.items()
        if name not in ("may_belong_to", "grade")
    )
    assert set(told) == {name for _, name in events}
    assert days == len(events)


# -- events


@pytest.mark.parametrize(
    ("topic", "severity", "words"),
    [
        ("warnings.serious", SERIOUS, "a serious reaction by the label"),
        ("contraindications.hypersensitivity", SERIOUS, "a contraindication by the label"),
        ("warnings.class_effect", CAUTION, "a warning of the label"),
        ("adverse_reactions.common", NOTE, "a listed reaction"),
    ],
)
def test_an_event_stands_as_the_topic_of_its_statement_does(topic, severity, words):
    assert standing(topic) == (severity, words)


def test_a_serious_event_carries_rule_source_inputs_and_what_is_asked():
    finding = the("event.myelitis", found((60, "myelitis", "adl=self_care life_threatening=no")))
    statement = US.about("warnings.serious")[0]
    assert finding.says == statement.says
    assert finding.asks == statement.words("action")[0]
    assert finding.rule == "warnings.serious"
    assert finding.source == statement.source
    assert finding.inputs["myelitis"] == "day 60"
    assert finding.inputs["grade"].startswith("CTCAE v5, Myelitis: grade 3 (")
    assert finding.message == (
        "myelitis recorded on day 60, a serious reaction by the label; no symptom recorded in the "
        "14 days before; next dose on day 84; no end of it recorded"
    )


def test_what_was_done_after_a_serious_event_is_beside_it():
    findings = found(
        (60, "radiculitis"),
        (60, "methylprednisolone"),
        (63, "tofersen_held"),
        (70, "radiculitis_resolved"),
        (75, "prednisolone"),
        doses=(0, 14, 28, 56),
    )
    assert the("event.radiculitis", findings).message.endswith(
        "; recorded on the same day: methylprednisolone; then recorded: radiculitis resolved "
        "(day 70); tofersen held, day 63; no dose since"
    )
    assert the("event.not_read", findings).inputs == {"prednisolone": "75"}


def test_a_hold_after_the_end_of_a_reaction_is_not_told_as_its_consequence():
    findings = found(
        (60, "aseptic_meningitis"), (70, "aseptic_meningitis_resolved"), (71, "tofersen_stopped")
    )
    assert "stopped" not in the("event.aseptic_meningitis", findings).message
    findings = found(
        (60, "aseptic_meningitis"), (70, "aseptic_meningitis_resolved"), (70, "tofersen_stopped")
    )
    assert "tofersen stopped, day 70" in the("event.aseptic_meningitis", findings).message
    assert "held" not in the("event.myelitis", found((1, "tofersen_held"), (2, "myelitis"))).message
    assert (
        "tofersen held, day 2"
        in the("event.myelitis", found((2, "tofersen_held"), (2, "myelitis"))).message
    )
    resumed = found((2, "myelitis"), (3, "tofersen_resumed"), (4, "tofersen_stopped"))
    assert "tofersen stopped, day 4" in the("event.myelitis", resumed).message
    assert "resumed" not in the("event.myelitis", resumed).message


def test_a_dose_on_the_day_of_the_event_is_not_the_next_dose():
    assert "next dose on day 84" in the("event.myelitis", found((56, "myelitis"))).message


def test_the_end_of_another_reaction_is_not_the_end_of_this_one():
    findings = found((60, "myelitis"), (70, "radiculitis_resolved"))
    finding = the("event.myelitis", findings)
    assert "then recorded: radiculitis resolved (day 70)" in finding.message
    assert finding.message.endswith("no end of it recorded")
    other = found((60, "myelitis"), (70, "papilledema_resolved"))
    assert the("event.not_read", other).inputs == {"papilledema_resolved": "70"}


def test_an_end_without_a_beginning_is_named():
    assert the("event.not_read", found((60, "myelitis_resolved"))).time_d == 60
    early = found((60, "myelitis_resolved"), (61, "myelitis"))
    assert the("event.not_read", early).inputs == {"myelitis_resolved": "60"}


@pytest.mark.parametrize(("day", "is_before"), [(45, False), (46, True), (60, True), (61, False)])
def test_symptoms_of_the_fortnight_before_an_event_are_named(day, is_before):
    finding = the("event.myelitis", found((day, "back_pain"), (60, "myelitis")))
    assert ("symptoms before: back pain" in finding.message) is is_before
    assert ("no symptom recorded in the 14 days before" in finding.message) is not is_before


def test_a_symptom_of_another_reaction_is_not_said_to_have_come_before():
    finding = the("event.myelitis", found((55, "headache"), (60, "myelitis")))
    assert "no symptom recorded" in finding.message


def test_a_contraindication_is_not_asked_for_symptoms():
    """EU SmPC 4.3: hypersensitivity."""
    finding = the("event.anaphylaxis", found((1, "anaphylaxis"), label=EU))
    assert finding.severity is SERIOUS
    assert "symptom" not in finding.message


def test_a_listed_reaction_is_a_note_without_an_aftermath():
    finding = the("event.fatigue", found((60, "fatigue")))
    assert finding.severity is NOTE
    assert finding.message == "fatigue recorded on day 60, a listed reaction"
    assert finding.asks == ""
    assert finding.inputs == {"fatigue": "day 60"}
    assert finding.rule == "adverse_reactions.common"


def test_what_nothing_reads_is_named_with_its_days():
    finding = the("event.not_read", found((1, "holiday"), (9, "holiday"), (5, "move_of_house")))
    assert finding.message == (
        "recorded, and read by no rule here: holiday (day 1, 9), move of house (day 5)"
    )
    assert finding.severity is NOTE
    assert (finding.time_d, finding.rule) == (9, "none")
    assert "a reader judges" in finding.asks
    assert finding.inputs == {"holiday": "1, 9", "move_of_house": "5"}


@pytest.mark.parametrize(
    "name", ["failed_puncture", "tofersen_held", "treatment_stopped", "death", "dose_not_given"]
)
def test_what_the_schedule_reads_is_not_called_unread(name):
    assert found((60, name)) == []


def test_events_before_the_first_dose_are_no_reactions():
    earlier = found((-1, "myelitis"), (-1, "holiday"))
    assert [finding.code for finding in earlier] == ["event.before_treatment"]
    assert [f.code for f in found((0, "myelitis"))] == ["event.myelitis"]


def test_without_a_dose_nothing_is_watched():
    assert found((0, "myelitis"), doses=()) == []


def test_figures_are_watched_with_events():
    findings = found(seen=[(0, "csf_wbc", 1), (56, "csf_wbc", 21)])
    assert [f.code for f in findings] == ["trend.csf_wbc"]


# -- a day, and an order


@given(st.integers(-5, 130))
def test_as_of_a_day_holds_what_had_happened_by_its_end_and_nothing_later(on_d):
    whole = course(
        (-3, "symptom_onset"), (50.5, "headache"), (90, "myelitis"), seen=[(60.9, "csf_wbc", 4)]
    )
    known = as_of(whole, on_d)
    for name in ("doses", "events", "observations"):
        kept = getattr(known, name)
        assert kept == tuple(f for f in getattr(whole, name) if f.time_d < on_d + 1)
    assert as_of(whole, 200) == whole


def test_a_fact_of_the_day_asked_is_known_and_one_of_the_next_day_is_not():
    whole = course((60, "myelitis"), (61, "fever"))
    assert [e.name for e in as_of(whole, 60).events] == ["myelitis"]
    assert [d.time_d for d in as_of(whole, 56).doses] == [0, 14, 28, 56]


def test_the_most_serious_comes_first_then_the_earliest_then_the_code():
    def made(severity, time_d, code):
        return Finding(code=code, severity=severity, message="m", time_d=time_d)

    wanted = [
        made(SERIOUS, 9, "a.b"),
        made(SERIOUS, None, "a.a"),
        made(CAUTION, 1, "a.a"),
        made(NOTE, 2, "a.a"),
        made(NOTE, 2, "a.b"),
        made(NOTE, 3, "a.a"),
    ]
    assert list(ordered(wanted[::-1])) == wanted
    assert ORDER == (SERIOUS, CAUTION, NOTE)


def test_severity_of_symptoms_never_goes_beyond_serious():
    weak = TABLE.symptom("leg_weakness")
    level = TABLE.symptom("sensory_level")
    assert severity_of([weak, level]) is SERIOUS
    assert severity_of([weak, weak]) is SERIOUS
    assert severity_of([TABLE.symptom("fever")] * 3) is NOTE


def test_no_file_of_the_scales_names_a_person_or_a_machine():
    for path in (Path(__file__).parents[3] / "src/thecal/scales").glob("*.yaml"):
        assert "/work" not in path.read_text(encoding="utf-8")


def test_a_symptom_alone_is_told_in_these_words_and_no_more():
    (finding,) = symptoms((0, "leg_weakness"))
    assert finding.message == (
        "leg weakness (day 0): may belong to myelitis (§5.1) or radiculitis (§5.1); "
        "ALS itself weakens the legs"
    )
    (two,) = symptoms((60, "leg_weakness"), (61, "headache"))
    assert "; ALS itself weakens the legs; in the pivotal trial" in two.message
    (three,) = symptoms((60, "leg_weakness"), (61, "confusion"))
    assert "§5.2, §5.3: If symptoms fit" in three.asks


def test_each_of_two_serious_events_has_its_day_and_its_own_aftermath():
    findings = found(
        (50, "myelitis"),
        (52, "prednisolone"),
        (60, "myelitis_resolved"),
        (60, "plasma_exchange"),
        (70, "papilledema"),
        (72, "acetazolamide"),
        (80, "papilledema_resolved"),
    )
    assert [(f.code, f.time_d) for f in findings] == [
        ("event.myelitis", 50),
        ("event.papilledema", 70),
    ]
    assert "prednisolone (day 52), plasma exchange (day 60), myelitis res" in findings[0].message
    assert "acetazolamide (day 72), papilledema resolved (day 80)" in findings[1].message


@pytest.mark.parametrize("name", ["severe_headache", "progressive_headache"])
def test_a_severe_or_growing_headache_is_not_taken_for_that_of_the_puncture(name):
    """A note would leave exit code 0 beside what may be raised pressure."""
    (finding,) = symptoms((60, name))
    assert finding.severity is Severity.CAUTION
    (common,) = symptoms((60, "headache"))
    assert common.severity is Severity.NOTE


def test_a_reaction_that_was_there_before_the_first_dose_is_not_passed_over():
    """Papilledema before treatment bears on every puncture; a watch from day 0 on loses it."""
    findings = found((-20, "papilledema"), (-5, "papilledema"), (-9, "rash"), doses=(0, 14))
    (told,) = [f for f in findings if f.code == "event.before_treatment"]
    assert told.message == (
        "papilledema (day -20, -5): recorded before the first dose, and by the label a serious "
        "reaction to look for"
    )
    assert (told.severity, told.time_d) == (Severity.CAUTION, -5)
    assert (told.source.section, told.rule) == ("5.2", "warnings.serious")
    assert told.asks.startswith("a prescriber decides;")
    assert told.inputs == {"papilledema": "-20, -5"}
    since = found((0, "papilledema"), doses=(0, 14))
    assert "event.before_treatment" not in [f.code for f in since]
