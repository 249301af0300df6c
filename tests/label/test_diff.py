"""Two versions of a label, held against each other: what is new, gone, changed, and not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from thecal.label.catalog import load_all, load_label, medicines, read_label
from thecal.label.diff import Change, compare_labels
from thecal.label.label import Label
from thecal.label.topics import AREAS
from thecal.report.labels import diff_text, value_words, words_of


def label(
    tmp_path: Path,
    name: str,
    statements: str,
    *,
    silent: str = "",
    not_read: tuple[str, ...] = (),
    head: str = "",
) -> Label:
    """A label with these statements, which leaves every other area open."""
    stated = {
        line.split("topic: ")[1].split(",")[0].split(".")[0]
        for line in statements.split("\n")
        if "topic" in line
    }
    path = tmp_path / f"{name}.yaml"
    gaps = "".join(
        f"  - {{topic: {a}, says: open}}\n" for a in AREAS if a not in stated | set(not_read)
    )
    unread = "".join(f"  - {{topic: {t}, says: not read}}\n" for t in not_read)
    path.write_text(
        f"medicine: madeup\njurisdiction: us\nedition: {name}\ndocument: Madeup label\n"
        f"version: text of {name}\n{head}statements:\n{statements}silent:\n{silent}{gaps}"
        + (f"not_read:\n{unread}" if unread else "")
    )
    return read_label(path)


def says(topic: str, words: str, values: str = "") -> str:
    more = f", values: {{{values}}}" if values else ""
    return f'  - {{topic: {topic}, section: "1", says: {words}{more}}}\n'


def told(old: Label, new: Label) -> list[tuple[str, str]]:
    return [(str(c.change), c.topic) for c in compare_labels(old, new).changes]


# -- what a difference is


def test_what_is_new_gone_or_changed_is_told_by_topic(tmp_path):
    old = label(
        tmp_path,
        "one",
        says("dosing.amount", "Give it.", "amount_mg: 12, volume_mL: 5, strength_mg_per_mL: 2.4")
        + says("dosing.route", "By puncture.", "route: intrathecal"),
    )
    new = label(
        tmp_path,
        "two",
        says("dosing.amount", "Give it.", "amount_mg: 50, volume_mL: 5, strength_mg_per_mL: 10")
        + says("dosing.early", "Never early."),
    )
    assert told(old, new) == [
        ("changed", "dosing.amount"),
        ("added", "dosing.early"),
        ("gone", "dosing.route"),
    ]
    change = compare_labels(old, new).changes[0]
    assert change.values() == {"amount_mg": (12, 50), "strength_mg_per_mL": (2.4, 10)}


def test_our_words_alone_are_no_change_of_a_label_with_the_same_values(tmp_path):
    old = label(tmp_path, "one", says("dosing.route", "By puncture.", "route: intrathecal"))
    new = label(tmp_path, "two", says("dosing.route", "Into the CSF.", "route: intrathecal"))
    assert told(old, new) == [("reworded", "dosing.route")]


def test_other_words_without_values_may_be_another_meaning(tmp_path):
    old = label(tmp_path, "one", says("administration.who", "A nurse may."))
    new = label(tmp_path, "two", says("administration.who", "A nurse may not."))
    assert told(old, new) == [("changed", "administration.who")]


def test_the_order_of_statements_and_of_steps_is_no_difference(tmp_path):
    first = says("preparation.filter", "No filter.", "step: 3, rule: not required")
    second = says("identity.excipient", "Salt.", "name: salt")
    old = label(tmp_path, "one", first + second)
    new = label(tmp_path, "two", second + first.replace("step: 3", "step: 7"))
    assert told(old, new) == []


def test_a_statement_is_held_against_the_one_about_the_same_thing(tmp_path):
    """Three reactions under one topic: the middle one is gone, the last one changed."""

    def table(*rows: tuple[str, int]) -> str:
        return "".join(
            says(
                "adverse_reactions.common",
                f"{name}.",
                f"reaction: {name}, population: infants, drug_percent: {n}, placebo_percent: 1",
            )
            for name, n in rows
        )

    old = label(tmp_path, "one", table(("cough", 9), ("rash", 8), ("fever", 7)))
    new = label(tmp_path, "two", table(("cough", 9), ("fever", 6)))
    changes = compare_labels(old, new).changes
    assert [(c.change, (c.old or c.new).values["reaction"]) for c in changes] == [
        (Change.GONE, "rash"),
        (Change.CHANGED, "fever"),
    ]


# -- what is not known


def test_what_was_not_read_is_no_difference(tmp_path):
    """A page of one version that nobody read cannot be said to have lost a warning."""
    old = label(tmp_path, "one", says("nonclinical.monkey", "Monkeys."))
    new = label(tmp_path, "two", "  []\n", not_read=("nonclinical",))
    found = compare_labels(old, new)
    assert found.changes == ()
    assert [c.topic for c in found.not_read] == ["nonclinical.monkey"]
    assert "NOT READ in US two, and so not compared: nonclinical.monkey" in diff_text(found)


def test_a_version_read_in_part_lacks_nothing(tmp_path):
    old = label(tmp_path, "one", says("dosing.route", "By puncture.", "route: intrathecal"))
    part = says("dosing.maintenance", "28 mg.", "interval_months: 4, amount_mg: 28")
    new = label(tmp_path, "two", part, head="status: in part\n")
    found = compare_labels(old, new)
    assert [(c.change, c.topic) for c in found.changes] == [(Change.ADDED, "dosing.maintenance")]
    assert [c.topic for c in found.not_read] == ["dosing.route"]
    assert found.questions == ()


def test_a_question_that_one_version_answers_is_told(tmp_path):
    silent = "  - {topic: dosing.gap, says: How long a gap may be.}\n"
    old = label(tmp_path, "one", "  []\n", silent=silent)
    new = label(tmp_path, "two", "  []\n")
    (question,) = compare_labels(old, new).questions
    assert question.topic == "dosing.gap"
    assert question.old is not None and question.new is None
    assert "no longer left open" in diff_text(compare_labels(old, new))


# -- laws


ALL = [held for medicine in medicines() for held in load_all(medicine)]


@pytest.mark.parametrize("held", ALL, ids=lambda x: f"{x.medicine} {x.jurisdiction} {x.edition}")
def test_a_label_does_not_differ_from_itself(held):
    found = compare_labels(held, held)
    assert (found.changes, found.questions, found.not_read) == ((), (), ())
    assert "No statement differs." in diff_text(found)


PAIRS = [(a, b) for a in ALL for b in ALL if a.medicine == b.medicine]


def named(pair: tuple[Label, Label]) -> str:
    return " to ".join(f"{x.medicine} {x.jurisdiction} {x.edition}" for x in pair)


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_what_is_added_one_way_is_gone_the_other_way(pair):
    there, back = compare_labels(*pair), compare_labels(*reversed(pair))

    def words(diff, change, side):
        return sorted(getattr(c, side).says for c in diff.changes if c.change is change)

    assert words(there, Change.ADDED, "new") == words(back, Change.GONE, "old")
    assert words(there, Change.GONE, "old") == words(back, Change.ADDED, "new")
    assert len(there.not_read) == len(back.not_read)


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_every_statement_is_in_exactly_one_place(pair):
    """Nothing is told twice, and nothing is lost between the same and the different."""
    old, new = pair
    found = compare_labels(old, new)
    for held, side in ((old, "old"), (new, "new")):
        told = [getattr(c, side) for c in (*found.changes, *found.not_read)]
        told = [statement for statement in told if statement is not None]
        assert len({id(statement) for statement in told}) == len(told)
        assert all(statement in held.statements for statement in told)


# -- the second medicine


def test_the_missed_dose_rules_of_2023_are_what_changed_since_2020():
    old, new = (load_label("nusinersen", "us", edition=e) for e in ("2020", "2023"))
    found = compare_labels(old, new)
    assert [(str(c.change), c.topic) for c in found.changes] == [
        ("changed", "dosing.maintenance"),
        ("added", "missed_dose.gap"),
        ("added", "missed_dose.gap"),
        ("added", "missed_dose.gap"),
        ("changed", "missed_dose.loading"),
        ("changed", "missed_dose.maintenance"),
    ]
    text = diff_text(found)
    assert "from 8 calendar months; to 16 calendar months" in text
    assert "apart: 14 days → nothing" in text


def test_the_fourth_dose_differs_between_europe_and_the_united_states():
    europe, states = load_label("nusinersen", "eu"), load_label("nusinersen", "us")
    (loading,) = [c for c in compare_labels(europe, states).changes if c.topic == "dosing.loading"]
    assert loading.values() == {"days": (("0", "14", "28", "63"), ("0", "14", "28", "58"))}
    text = " ".join(diff_text(compare_labels(europe, states)).split())
    assert "days: 0, 14, 28, 63 → 0, 14, 28, 58" in text
    assert "contraindications.hypersensitivity: only in EU 2025" in text
    assert ": gone" not in text and ": added" not in text


# -- words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("interval_d", 14.0, "interval 14 days"),
        ("interval_months", 4.0, "interval 4 calendar months"),
        ("strength_mg_per_mL", 2.4, "strength 2.4 mg/mL"),
        ("most_h_per_day", 6.0, "most 6 h a day"),
        ("drug_percent", 55.0, "drug 55 %"),
        ("days", ("0", "14"), "days 0, 14"),
        ("anchor", "original_grid", "anchor original grid"),
        ("doses", 4.0, "doses 4"),
        ("placebo_n", 41.0, "placebo n 41"),
    ],
)
def test_a_value_is_shown_in_words_with_its_unit(name, value, words):
    assert f"{words_of(name)} {value_words(name, value)}" == words
