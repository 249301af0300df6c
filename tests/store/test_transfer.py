"""Does a copy hold everything, and does a course that was taken in come out as it went in?"""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.course import Course, Dose, Event, Observation
from thecal.datafile import DataFile
from thecal.errors import CourseError, DataFileError, StoreError
from thecal.interop.facts import entries_of as typed_entries
from thecal.interop.facts import read_facts, read_words
from thecal.interop.record_files import give, judge, read_all, take_in
from thecal.interop.records import format_course, parse_course
from thecal.store.fact import Entry, Fact, course_of, entries_of
from thecal.store.record import Author, Record, new_stream
from thecal.store.rows import with_entries
from thecal.store.transfer import export, is_whole

NURSE = Author(actor="n.1", role="nurse")
PLAN = {"medicine": "tofersen", "jurisdiction": "us"}
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    made = Record.make(str(tmp_path_factory.mktemp("r") / "r.db"), NURSE)
    yield made
    made.close()


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)
WORD = st.from_regex(r"[a-z]{1,8}(_[a-z0-9]{1,4})?", fullmatch=True)
TIMES = st.one_of(
    st.integers(-400, 900).map(float),
    st.integers(-400 * 48, 900 * 48).map(lambda n: n / 48),
)
DAYS = st.lists(st.integers(0, 40), max_size=6).map(
    lambda gaps: [
        14 * (i > 0) + 28 * max(i - 1, 0) + sum(gaps[1 : i + 1]) for i in range(len(gaps))
    ]
)


@st.composite
def courses(draw) -> Course:
    """Courses whose doses keep the label's distance, with values and events around them."""
    days = draw(DAYS)
    about = {"note": draw(WORDS), "source": draw(WORDS)}
    doses = [
        Dose(
            time_d=day,
            amount_mg=draw(st.floats(1, 500)),
            route=draw(st.sampled_from(["", "intrathecal"])),
            **about,
        )
        for day in days
    ]
    observations = [
        Observation(
            time_d=t, kind="csf_wbc", value=v, unit="cells/uL", is_below=b and v > 0, **about
        )
        for t, v, b in draw(
            st.lists(st.tuples(TIMES, st.floats(0, 1000), st.booleans()), max_size=5)
        )
    ]
    events = [
        Event(time_d=t, name=name, method=draw(WORDS), **about)
        for t, name in draw(st.lists(st.tuples(TIMES, WORD), min_size=not days, max_size=4))
    ]
    start = draw(st.none() | st.dates(dt.date(1990, 1, 1), dt.date(2020, 1, 1)))
    times = sorted(fact.time_d for fact in (*observations, *events))
    if not doses and start is not None and not observations and not events:
        start = None
    if not doses and start is not None:  # day 0 is then the date of the earliest fact
        shift = times[0] // 1
        start += dt.timedelta(days=int(shift))
        observations = [_moved(o, shift) for o in observations]
        events = [_moved(e, shift) for e in events]

    def when(fact):
        return fact.time_d

    return Course(
        patient_id="P-0000000000",
        start=start,
        doses=tuple(doses),
        observations=tuple(sorted(observations, key=when)),
        events=tuple(sorted(events, key=when)),
    )


def _moved(fact, by):
    from dataclasses import replace

    return replace(fact, time_d=fact.time_d - by)


@given(courses())
def test_a_course_as_facts_makes_the_same_course(course):
    facts = with_entries([], entries_of(course), 1)
    assert course_of(course.patient_id, facts) == course


@settings(max_examples=40)
@given(course=courses())
def test_a_course_taken_in_comes_out_as_the_same_course_file(record, tmp_path_factory, course):
    """CSV in, the record, CSV out: what `thecal course` reads is the same."""
    try:
        text = format_course(course)
    except CourseError:  # the format cannot hold it
        return
    was = parse_course(text.encode(), today=dt.date(2199, 12, 31)).course
    code = new_stream("P")
    entries = [Entry(kind="plan", body=PLAN), *entries_of(was)]
    record.add(code, entries, NURSE, expected=0, key=f"key of {code}")
    out = tmp_path_factory.mktemp("out") / "a.csv"
    assert give(record, NURSE, code, "csv", out, reason="") == ""
    back = parse_course(out.read_bytes(), today=dt.date(2199, 12, 31)).course
    assert back.patient_id == code
    assert (back.start, back.doses, back.observations, back.events) == (
        was.start,
        was.doses,
        was.observations,
        was.events,
    )


@pytest.mark.parametrize("name", ["dresden", "iceland1", "iceland2"])
def test_a_published_course_goes_in_and_comes_out(record, tmp_path, name):
    [file] = read_all([EXAMPLES / f"{name}.csv"], PLAN)
    [judged] = judge(record, NURSE, [file], "")
    taken = take_in(record, NURSE, judged, "")
    out = tmp_path / "a.csv"
    give(record, NURSE, taken.code, "csv", out, reason="")
    was = parse_course((EXAMPLES / f"{name}.csv").read_bytes()).course
    back = parse_course(out.read_bytes()).course
    assert (back.doses, back.observations, back.events) == (was.doses, was.observations, was.events)


# -- a complete copy


@pytest.fixture
def copied(record) -> dict:
    """The copy of a patient with a correction and a withdrawal, as it is read back from JSON."""
    code = new_stream("P")
    entries = [
        Entry(kind="plan", body=PLAN),
        Entry(kind="person", body={"name": "Ä. Żółć", "local_id": f"7 {code}"}),
        Entry(kind="dose", body={"date": "2026-01-05", "amount_mg": 100.0, "route": "intrathecal"}),
        Entry(kind="event", body={"date": "2026-01-06", "name": "nausea"}),
    ]
    record.add(code, entries, NURSE, expected=0, key=f"one {code}")
    corrected = [
        Entry(
            kind="dose",
            body={"date": "2026-01-04", "amount_mg": 100, "route": "intrathecal"},
            of="1.3",
        ),
        Entry(kind="event", body=None, of="1.4"),
    ]
    record.add(code, corrected, NURSE, expected=1, key=f"two {code}", reason="slip")
    return json.loads(json.dumps(export(record, code, NURSE), ensure_ascii=False, indent=1))


def test_a_copy_holds_every_version_of_every_fact_with_who_when_and_why(copied):
    first, second = copied["changes"]
    assert [f["body"] and f["body"].get("date") for f in first["facts"]][2:] == [
        "2026-01-05",
        "2026-01-06",
    ]
    assert [(f["fact"], f["version"]) for f in second["facts"]] == [("1.3", 2), ("1.4", 2)]
    assert second["facts"][1]["body"] is None
    assert (second["actor"], second["role"], second["reason"]) == ("n.1", "nurse", "slip")
    assert second["at"] >= first["at"]


def test_a_copy_folds_to_the_state_it_names(copied):
    assert is_whole(copied)


def edits(node: object, path: tuple = ()):
    """Every leaf of a document that the state covers, with the place it stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from edits(value, (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from edits(value, (*path, i))
    else:
        yield path


def test_no_word_of_a_copy_can_be_changed_unseen(copied):
    """Every leaf in turn; the heading's version of thecal, record and time are not of the state."""
    n = 0
    for path in edits(copied):
        if path[0] in ("schema", "thecal", "record", "as_of"):
            continue
        other = copy.deepcopy(copied)
        node = other
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = "other" if node[path[-1]] != "other" else "another"
        try:
            whole = is_whole(other)
        except (TypeError, ValueError):
            whole = False
        assert not whole, path
        n += 1
    assert n > 40


def test_no_change_and_no_fact_of_a_copy_can_be_left_out_unseen(copied):
    for take in (
        lambda d: d["changes"].pop(),
        lambda d: d["changes"].pop(0),
        lambda d: d["changes"][1]["facts"].pop(),
        lambda d: d["changes"][0]["facts"].reverse(),
    ):
        other = copy.deepcopy(copied)
        take(other)
        assert not is_whole(other)


# -- facts as people type them


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_are_facts_or_one_error(data):
    file = DataFile(Path("-"), is_private=True)
    try:
        asked = read_facts(file.parse(data))
        file.finish()
    except DataFileError:
        return
    assert asked


BEGIN = "- dose: {date: 2026-01-05, amount_mg: 100, route: intrathecal}\n"


@settings(max_examples=300)
@given(st.integers(0, len(BEGIN) - 1), st.characters(codec="utf-8"))
def test_a_file_with_one_character_changed_is_facts_or_one_error(at, other):
    data = (BEGIN[:at] + other + BEGIN[at + 1 :]).encode()
    file = DataFile(Path("-"), is_private=True)
    try:
        asked = read_facts(file.parse(data))
        file.finish()
        typed_entries(asked, [])
    except (DataFileError, StoreError):
        return


@given(st.lists(st.text(max_size=20), max_size=5), st.text(max_size=10))
def test_any_words_are_a_fact_or_one_error(words, kind):
    try:
        read_words(kind, words)
    except StoreError as error:
        assert len(str(error)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "- Zebrowski: {name: x}\n",
        "- person: {name: Zebrowski, name: Zebrowski}\n",
        "- visit: {visit: {Zebrowski: 1, Zebrowski: 2}}\n",
        "- visit: {visit: {Zebrowski: {Zebrowski: 1, Zebrowski: 2}}}\n",
        "- person: {Zebrowski: [}\n",
        "- person: [Zebrowski, Zebrowski]\n",
        "- person: *Zebrowski\n",
        "Zebrowski\n",
        "- withdraws: Zebrowski\n  dose: {}\n",
        "- [Zebrowski]\n",
        "- {Zebrowski: [Zebrowski]}\n",
        "- {[Zebrowski]: 1}\n",
    ],
)
def test_a_fault_of_a_file_repeats_no_word_of_it(text):
    file = DataFile(Path("-"), is_private=True)
    with pytest.raises(DataFileError) as caught:
        read_facts(file.parse(text.encode()))
        file.finish()
    assert "Zebrowski" not in str(caught.value)
    assert "line 1" in str(caught.value)


def test_a_correction_keeps_what_it_does_not_name():
    held = [
        Fact(
            fact="1.1",
            version=1,
            change=1,
            place=1,
            kind="event",
            body={"name": "nausea", "day": 3},
        )
    ]
    asked = [read_words("event", ["day=4"], corrects="1.1")]
    [entry] = typed_entries(asked, held)
    assert entry == Entry(kind="event", body={"name": "nausea", "day": 4}, of="1.1")


def test_a_document_keeps_text_that_was_quoted_and_reads_numbers_that_were_not():
    text = (
        '- visit: {visit: {lot: "0123", n: 15, plain: 0123, ok: true, none: ~, list: [1, "1"]}}\n'
    )
    file = DataFile(Path("-"), is_private=True)
    [asked] = read_facts(file.parse(text.encode()))
    assert asked.fields["visit"] == {
        "lot": "0123",
        "n": 15,
        "plain": "0123",
        "ok": True,
        "none": None,
        "list": [1, "1"],
    }
