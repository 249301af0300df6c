"""A leaflet says what the label says, in plain words, and nothing of its own."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.datafile import DRUGS
from thecal.errors import CatalogError, DataFileError, ThecalError
from thecal.label import leaflet as module
from thecal.label.catalog import load_all, load_label, medicines, read_label
from thecal.label.label import Label, Silence, Statement
from thecal.label.leaflet import HEADINGS, Leaflet, leaflet, percent_of, reading, unfounded
from thecal.label.topics import AREAS
from thecal.source import Source

SHIPPED = [label for medicine in medicines() for label in load_all(medicine)]
IN_PLAIN_WORDS = [
    label
    for label in SHIPPED
    if any(told.plain for told in (*label.statements, *label.silences, *label.not_read))
]


def name_of(label: Label) -> str:
    return f"{label.medicine} {label.jurisdiction} {label.edition}"


@pytest.fixture(params=IN_PLAIN_WORDS, ids=name_of)
def label(request) -> Label:
    return request.param


@pytest.fixture
def us() -> Label:
    return load_label("tofersen", "us")


SOURCE = Source(document="Invented label", section="1", version="1", jurisdiction="us")


def statement(topic: str, says: str, plain: str, **values: object) -> Statement:
    kept = {name: float(v) if isinstance(v, int | float) else v for name, v in values.items()}
    return Statement(topic=topic, says=says, values=kept, source=SOURCE, plain=plain)  # type: ignore[arg-type]


def invented(*statements: Statement, **changed: object) -> Label:
    """A label with these statements and nothing else."""
    label = Label(
        medicine="inventersen",
        jurisdiction="us",
        document="Invented label",
        version="1",
        edition="",
        status="current",
        effective=None,
        statements=statements,
        silences=(),
        not_read=(),
    )
    return replace(label, **changed)  # type: ignore[arg-type]


def gap(topic: str, says: str = "Not read.", plain: str = "") -> Silence:
    return Silence(topic=topic, says=says, source=SOURCE, plain=plain)


def part(made: Leaflet, key: str) -> list[str]:
    (found,) = [p for p in made.parts if p.key == key]
    return [line.words for line in found.lines]


# -- what it says, and from where


def test_the_labels_of_both_medicines_have_a_leaflet():
    """Guards the list below: a label left out of it would pass without being read."""
    names = {(label.medicine, label.jurisdiction) for label in IN_PLAIN_WORDS}
    assert {(m, j) for m in ("tofersen", "nusinersen") for j in ("us", "eu")} <= names


def test_the_questions_stand_in_a_fixed_order(us):
    assert [part.heading for part in leaflet(us).parts] == [
        "What is tofersen, and how do you say it?",
        "Why is it used?",
        "How is it given?",
        "When is it given?",
        "What if you miss a dose?",
        "What should you tell your doctor before you have it?",
        "What side effects can it have?",
        "What are the warning signs, and what should you do now?",
        "How is it kept?",
        "Where can you learn more?",
    ]


FIXED = {
    *module.NOTICES,
    *(words for heading in HEADINGS for words in (*heading.first, *heading.last)),
    module.SUPERSEDED,
    module.IN_PART,
    module.NOTHING,
    module.NOT_READ,
    module.PART_READ,
    module.NO_SIGNS,
}


def test_every_line_is_the_plain_words_of_a_statement_or_one_of_few_fixed_ones(label):
    told = {(t.plain, t.topic, t.source) for t in label.statements if t.plain}
    told |= {(t.plain, t.topic, t.source) for t in (*label.silences, *label.not_read) if t.plain}
    learn = module.LEARN.format(document=label.document, version=label.version)
    made = leaflet(label)
    for line in (line for part in made.parts for line in part.lines):
        if line.source is None:
            assert line.words in {*FIXED, learn}
        else:
            assert (line.words, line.topic, line.source) in told
    assert set(made.notices) <= FIXED


def test_the_fixed_words_hold_no_figure():
    """A fact about a medicine would mostly be one."""
    assert [words for words in FIXED if any(c.isdigit() for c in words)] == []


def test_no_plain_words_are_lost_and_none_come_twice(label):
    told = [t.plain for t in (*label.statements, *label.silences, *label.not_read) if t.plain]
    said = [line.words for part in leaflet(label).parts for line in part.lines if line.source]
    assert sorted(said) == sorted(told)


def test_every_line_of_a_label_leads_to_a_document_with_section_and_version(label):
    made = leaflet(label)
    for line in (line for part in made.parts for line in part.lines if line.source):
        place = made.sources[made.mark(line) - 1]
        assert place == line.source
        assert place.document
        # a question left open, or a topic not read, may have no section of its own
        assert place.section or line.topic in {
            g.topic for g in (*label.silences, *label.not_read) if not g.source.section
        }


def test_every_area_of_a_label_has_a_heading():
    homes = {name: module._heading(name).key for name in AREAS}
    assert homes["warnings"] == "warnings" and homes["storage"] == "storage"
    assert module._heading("dosing.route").key == "how"
    assert module._heading("dosing.loading").key == "when"
    assert module._heading("dosing.gap").key == "missed"


def test_lines_follow_the_order_of_topics_and_then_the_file():
    made = leaflet(
        invented(
            statement("dosing.maintenance", "x", "Then this."),
            statement("administration.bolus", "x", "It is put in."),
            statement("dosing.loading", "x", "First this."),
            statement("dosing.route", "x", "It is given so."),
            statement("administration.who", "x", "They give it."),
        )
    )
    assert part(made, "how") == ["It is given so.", "It is put in.", "They give it."]
    assert part(made, "when") == ["First this.", "Then this."]


def test_the_route_is_said_once_in_full(label):
    text = leaflet(label).text()
    assert text.count("INTRATHECAL") == 1
    assert text.lower().count("intrathecal") == 1
    (line,) = [line for line in text.splitlines() if "INTRATHECAL" in line]
    assert "fluid around your spinal cord" in line


def test_how_the_name_is_said_is_promised_only_where_it_is_told(us):
    told = tuple(s for s in us.statements if s.topic != "identity.pronunciation")
    mute = replace(us, statements=told)
    assert leaflet(us).parts[0].heading == "What is tofersen, and how do you say it?"
    assert leaflet(mute).parts[0].heading == "What is tofersen?"


def test_what_was_left_open_is_said_and_sends_the_reader_to_ask(us):
    said = " ".join(part(leaflet(us), "when"))
    assert "The label does not say how early you may have a dose." in said
    assert "Ask your doctor before you move a visit." in said
    assert "how long to lie down" in " ".join(part(leaflet(us), "how"))


def test_whatever_is_left_open_or_unread_sends_the_reader_to_ask(label):
    for told in (*label.silences, *label.not_read):
        assert not told.plain or "Ask" in told.plain or "Tell your doctor" in told.plain


def test_symptoms_are_not_made_up(us):
    """The label names conditions and no signs: headache is in the leaflet as a side effect only."""
    said = " ".join(part(leaflet(us), "warnings"))
    assert module.NO_SIGNS in said
    for word in ("headache", "fever", "blurred", "weakness", "numbness", "stiff neck", "vomit"):
        assert word not in said.lower()


def test_signs_that_a_label_gives_are_not_denied():
    signs = statement("warnings.signs", "Watch for rash.", "Look out for a rash.")
    assert part(leaflet(invented(signs)), "warnings")[-1] == "Look out for a rash."


def test_the_leaflet_says_what_to_do_before_it_names_a_problem(label):
    lines = part(leaflet(label), "warnings")
    assert lines[0].startswith("Call your doctor right away")


# -- what is missing


def test_a_superseded_version_says_so_before_all_else():
    old = invented(statement("indication", "x", "For you."), status="superseded")
    assert leaflet(old).notices[0] == module.SUPERSEDED
    assert module.SUPERSEDED not in leaflet(replace(old, status="current")).notices


def test_a_label_read_in_part_says_so_before_all_else():
    read = invented(statement("indication", "x", "For you."))
    assert leaflet(read).notices == module.NOTICES
    assert leaflet(replace(read, status="in part")).notices[0] == module.IN_PART
    unread = replace(read, not_read=(gap("warnings"),))
    assert leaflet(unread).notices[0] == module.IN_PART


def test_nothing_told_and_nothing_read_are_two_things():
    told = invented(statement("indication", "x", "For you."), not_read=(gap("storage"),))
    assert part(leaflet(told), "storage") == [module.NOT_READ]
    assert part(leaflet(told), "missed")[-1] == module.NOTHING
    some = replace(told, statements=(*told.statements, statement("storage.light", "x", "Dark.")))
    assert part(leaflet(some), "storage") == ["Dark.", module.PART_READ]


def test_a_label_without_plain_words_gives_no_leaflet():
    with pytest.raises(CatalogError, match=r"us label of inventersen has no words for a patient"):
        leaflet(invented(statement("indication", "For adults.", "")))


def test_the_japanese_label_gives_no_leaflet_because_it_was_not_read():
    with pytest.raises(CatalogError, match=r"jp label of tofersen has no words for a patient"):
        leaflet(load_label("tofersen", "jp"))


# -- side effects by how common


def effect(plain: str, **values: object) -> Statement:
    return statement("adverse_reactions.common", "x 10 100", plain, reaction="r", **values)


def test_side_effects_stand_by_how_common_they_are():
    made = leaflet(
        invented(
            effect("Rare.", drug_percent=0.4),
            effect("Unsaid."),
            effect("Ten.", drug_percent=10),
            effect("Half.", drug_count=36, drug_n=72),
            effect("Nearly ten.", drug_percent=9.9),
            effect("By word.", frequency="very common (derived)"),
            statement("adverse_reactions.base", "x", "A trial."),
        )
    )
    (effects,) = [p for p in made.parts if p.key == "effects"]
    assert [(g.title, [line.words for line in g.lines]) for g in effects.groups[:-1]] == [
        ("", ["A trial."]),
        (module.BANDS[0][1], ["Half.", "Ten.", "By word."]),
        (module.BANDS[1][1], ["Nearly ten."]),
        (module.BANDS[2][1], ["Rare."]),
        (module.NO_BAND, ["Unsaid."]),
    ]


def test_no_side_effect_of_a_label_stands_in_a_band_that_its_figure_denies(label):
    (effects,) = [p for p in leaflet(label).parts if p.key == "effects"]
    least = {title: least for least, title in module.BANDS}
    for group in effects.groups:
        for line in group.lines:
            percents = [
                percent_of(s)
                for s in label.statements
                if (s.plain, s.topic) == (line.words, line.topic)
            ]
            if group.title in least:
                assert any(p is not None and p >= least[group.title] for p in percents)


def test_side_effects_fall_within_a_band(us):
    (effects,) = [p for p in leaflet(us).parts if p.key == "effects"]
    for group in effects.groups:
        found = [
            percent_of(s) for line in group.lines for s in us.statements if s.plain == line.words
        ]
        shown = [percent for percent in found if percent is not None]
        assert all(more >= less for more, less in pairwise(shown))


# -- numbers


def test_every_number_in_plain_words_is_in_its_statement(label):
    assert unfounded(label) == []


SAYS = "Give 3 doses of 28 mg, at 2 to 8 °C, every twelve days."


@pytest.mark.parametrize(
    "plain",
    [
        "You have 3 doses.",
        "You have three doses, every 12 days.",
        "The third dose.",
        "Your first dose.",  # a first is no figure
        "At 36 to 46 °F.",
        "Up to 46 °F.",
        "SOD1 and SMN2 are names.",
        "About 46 of 100 people.",
        "45.8 % of people.",
        "Nobody knows.",
    ],
)
def test_a_number_of_the_statement_may_be_said_in_other_words(plain):
    told = statement("dosing.loading", SAYS, plain, drug_percent=45.8)
    assert unfounded(invented(told)) == []


@pytest.mark.parametrize(
    ("plain", "wrong"),
    [
        ("You have 4 doses.", "4"),
        ("You have four doses.", "four"),
        ("The fourth dose.", "fourth"),
        ("Every 128 days.", "128"),
        ("2.8 mg.", "2.8"),
        ("1,000 mg.", "1,000"),
        ("At 36 to 47 °F.", "47 °F"),
        ("46 of 100 people.", "46"),  # rounded, and not said to be
        ("About 45 of 100 people.", "About 45"),
        ("Twenty days.", "Twenty"),
        ("Day 0.", "0"),
    ],
)
def test_a_number_that_the_statement_does_not_give_is_refused(plain, wrong):
    told = statement("dosing.loading", SAYS, plain, drug_percent=45.8)
    (fault,) = unfounded(invented(told))
    assert fault.startswith(f"dosing.loading: '{wrong}' in")
    with pytest.raises(DataFileError, match="is not in the statement"):
        leaflet(invented(told))


def test_of_100_needs_a_percentage():
    assert unfounded(invented(statement("indication", "It is 3.", "3 of 100 people.")))
    assert not unfounded(invented(statement("indication", "It is 3 %.", "3 of 100 people.")))


def test_all_wrong_numbers_are_told_at_once():
    bad = [statement("storage.light", "x", "For 5 days."), gap("dosing.early", plain="For 6 days.")]
    with pytest.raises(DataFileError) as caught:
        leaflet(invented(bad[0], not_read=(bad[1],)))  # type: ignore[arg-type]
    assert len(caught.value.faults) == 2


@given(number=st.integers(0, 10**6), given_=st.integers(0, 10**6))
def test_a_number_is_found_exactly_when_it_was_given(number, given_):
    told = statement("indication", "x", f"It is {number:,} or so.", value=given_)
    assert bool(unfounded(invented(told))) == (number != given_)


# -- reading grade


def test_every_leaflet_asks_for_at_most_eight_years_of_school(label):
    grades = reading(leaflet(label))
    assert grades.flesch_kincaid <= 8
    assert grades.smog <= 8
    assert grades.is_plain


def test_the_grade_is_that_of_textstat_on_what_a_patient_reads(us):
    import textstat

    made = leaflet(us)
    assert reading(made).flesch_kincaid == pytest.approx(
        textstat.flesch_kincaid_grade(made.text()), abs=1.0
    )


def test_words_that_are_hard_to_read_are_found_out():
    hard = (
        "Intrathecal administration of antisense oligonucleotides necessitates periodic evaluation "
        "of cerebrospinal inflammatory abnormalities, including lymphocytic pleocytosis, "
        "notwithstanding uncomplicated neurological examinations."
    )
    made = leaflet(invented(*(statement("warnings.serious", "x", hard) for _ in range(8))))
    assert not reading(made).is_plain


def test_without_textstat_the_user_is_told_what_to_install(us, monkeypatch):
    monkeypatch.setitem(sys.modules, "textstat", None)
    with pytest.raises(ThecalError, match=r"pip install 'thecal\[grade\]'"):
        reading(leaflet(us))


# -- a medicine from data alone


def test_a_label_in_a_folder_of_the_users_own_gives_the_same_leaflet(tmp_path, us):
    (tmp_path / "tofersen").mkdir()
    shutil.copy(DRUGS / "tofersen" / "label.us.yaml", tmp_path / "tofersen")
    assert leaflet(load_label("tofersen", "us", tmp_path)) == leaflet(us)


INVENTED = """\
medicine: inventersen
jurisdiction: eu
document: Inventa summary
version: "7"
statements:
  - {topic: identity.brand, section: "1", says: It is Inventa., values: {name: Inventa}}
  - topic: dosing.loading
    section: "4.2"
    says: Two doses, 21 days apart.
    values: {doses: 2, interval_d: 21}
    plain: You have two doses, 21 days apart.
silent:
  - {topic: dosing.early, section: "4.2", says: How early., plain: Ask how early it may be.}
not_read:
"""


def invent(folder: Path, text: str = INVENTED) -> Path:
    path = folder / "label.eu.yaml"
    told = ("identity", "dosing")
    rows = "".join(f"  - {{topic: {a}, says: not read}}\n" for a in AREAS if a not in told)
    path.write_text(text + rows, encoding="utf-8")
    return path


def test_an_invented_medicine_has_a_leaflet_from_its_file_alone(tmp_path):
    made = leaflet(read_label(invent(tmp_path)))
    assert made.title == "Inventersen (Inventa)"
    assert part(made, "when") == ["You have two doses, 21 days apart.", "Ask how early it may be."]
    assert made.notices[0] == module.IN_PART
    assert part(made, "storage") == [module.NOT_READ]


def test_a_wrong_number_in_an_invented_medicine_is_refused(tmp_path):
    text = INVENTED.replace("two doses, 21 days apart.\n", "two doses, 12 days apart.\n")
    assert text != INVENTED
    with pytest.raises(DataFileError, match=r"dosing\.loading: '12' in"):
        leaflet(read_label(invent(tmp_path, text)))
