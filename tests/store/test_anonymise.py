"""Is nobody named in an anonymous copy, and is nobody alone in it?

k is counted here from the files alone, by code that shares nothing with what wrote them.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from thecal.cli import app
from thecal.clinic.policy import policy_path
from thecal.errors import DataFileError, StoreError
from thecal.store.anonymise import (
    TELLING,
    UNKNOWN,
    Person,
    anonymise,
    read_anonymity,
    suppressed,
    write_anonymous,
)
from thecal.store.fact import Entry
from thecal.store.record import Author, Record, new_stream

NURSE = Author(actor="n.1", role="nurse")
POLICY = read_anonymity(policy_path("anonymous", "safe-harbor"))
CANARIES = [f"Zq{n:02d}Canary" for n in range(20)]
PEOPLE = ("sex", "age", "medicine", "jurisdiction", "edition")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fewest(table: list[dict[str, str]], columns: tuple[str, ...]) -> int:
    """How many people share the rarest combination: the k of a table, counted plainly."""
    together: dict[str, int] = {}
    for row in table:
        name = "|".join(row[column] for column in columns)
        together[name] = together.get(name, 0) + 1
    return min(together.values())


def patient(record: Record, *, born="1960-05-05", sex="female", variant="A5V", plan=None, more=()):
    code = new_stream("P")
    entries = [
        Entry(kind="plan", body=plan or {"medicine": "tofersen", "jurisdiction": "us"}),
        Entry(kind="person", body={"birth_date": born, "sex": sex, "name": "Ada"}),
        Entry(kind="variant", body={"text": variant}),
        *(
            Entry(kind="dose", body={"date": date, "amount_mg": 100, "route": "intrathecal"})
            for date in ("2025-03-03", "2025-03-17", "2025-03-31")
        ),
        *more,
    ]
    record.add(code, entries, NURSE, expected=0, key=f"key {code}")
    return code


@pytest.fixture
def record(tmp_path):
    made = Record.make(str(tmp_path / "r.db"), NURSE)
    yield made
    made.close()


def written(record: Record, folder: Path, **more):
    made = anonymise(record, NURSE, POLICY, **more)
    write_anonymous(made, folder)
    return made, rows(folder / "people.csv"), rows(folder / "facts.csv")


# -- k


@pytest.mark.parametrize("with_variant", [False, True])
def test_nobody_is_alone_whatever_the_clinic_looks_like(record, tmp_path, with_variant):
    """clinic.md 7: k >= 11, or suppressed."""
    chance = random.Random(7)
    for _ in range(90):
        patient(
            record,
            born=f"{chance.choice([1925, 1950, 1961, 1968, 1985, 2001])}-05-05",
            sex=chance.choice(["female", "male", "male", "diverse", "x"]),
            variant=chance.choice(["A5V", "A5V", "D91A", "p.Gly94Ala", "free words"]),
            plan={"medicine": "tofersen", "jurisdiction": chance.choice(["us", "us", "eu"])},
        )
    made, people, facts = written(record, tmp_path / "out", with_variant=with_variant)
    columns = (*PEOPLE, "variant") if with_variant else PEOPLE
    assert fewest(people, columns) >= 11
    for subset in ({"sex"}, {"age"}, {"sex", "age"}, set(columns)):
        assert fewest(people, tuple(subset)) >= 11
    assert len(people) == 90 and ("variant" in people[0]) == with_variant
    assert {row["code"] for row in facts} == {row["code"] for row in people}
    hidden = sum(row["sex"] == UNKNOWN for row in people)
    assert made.suppressed["sex"] <= hidden  # "diverse" was unknown before
    assert sum(made.suppressed.values()) > 0


def test_what_many_share_is_said(record, tmp_path):
    for _ in range(11):
        patient(record)
    for _ in range(11):
        patient(record, sex="male", variant="D91A")
    made, people, _ = written(record, tmp_path / "out", with_variant=True)
    assert not any(made.suppressed.values())
    assert Counter((r["sex"], r["age"], r["variant"]) for r in people) == {
        ("female", "60 to 69", "p.Ala5Val"): 11,
        ("male", "60 to 69", "p.Asp91Ala"): 11,
    }


def test_one_who_would_be_alone_takes_others_along(record, tmp_path):
    """One man among 22 women: he cannot be the only one of unknown sex either."""
    for _ in range(22):
        patient(record)
    patient(record, sex="male")
    _, people, _ = written(record, tmp_path / "out")
    assert fewest(people, PEOPLE) >= 11


def test_of_fewer_than_k_people_there_is_no_copy(record):
    for _ in range(10):
        patient(record)
    made = anonymise(record, NURSE, POLICY)
    assert not made.is_enough and made.people == () and made.facts == ()


CELL = st.fixed_dictionaries(
    {
        name: st.sampled_from([UNKNOWN, "a", "b", "c"])
        for name in ("variant", "age", "sex", "jurisdiction")
    }
)


@settings(max_examples=200)
@given(st.lists(CELL, min_size=11, max_size=70), st.integers(2, 11))
def test_every_combination_is_shared_by_k_people_for_any_people(cells, k):
    people = [Person(code=f"A-{i}", **cell) for i, cell in enumerate(cells)]
    found = suppressed(people, k)
    seen = [tuple(getattr(p, name) for name in TELLING) for p in found]
    assert all(seen.count(cell) >= k for cell in seen)
    for before, after in zip(people, found, strict=True):
        assert before.code == after.code
        assert all(getattr(after, n) in (UNKNOWN, getattr(before, n)) for n in TELLING)


@settings(max_examples=60)
@given(st.lists(CELL, min_size=11, max_size=40))
def test_who_shares_everything_with_k_people_keeps_it_unless_it_hides_others(cells):
    """A combination that is common stays, but for the smallest that hides the rest."""
    people = [Person(code=f"A-{i}", **cell) for i, cell in enumerate(cells)]
    common = {cell for cell, n in Counter(p.cell for p in people).items() if n >= 11}
    found = suppressed(people, 11)
    lost = {p.cell for p, q in zip(people, found, strict=True) if p.cell in common and p != q}
    assert len(lost) <= 1


# -- what is said of a person


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("1965-03-03", "60 to 69"),  # sixty on the day of the first dose
        ("1965-03-04", "50 to 59"),  # a day before
        ("1935-03-03", "90 or older"),
        ("1935-03-04", "80 to 89"),
        ("1921-01-01", "90 or older"),
        ("2025-01-01", "0 to 9"),
        ("2026-01-01", UNKNOWN),  # born after it: a slip
    ],
)
def test_age_is_a_decade_at_the_first_dose_and_pooled_from_90(record, tmp_path, born, age):
    """45 CFR 164.514(b)(2)(i)(C): ages over 89 are one class."""
    for _ in range(11):
        patient(record, born=born)
    _, people, _ = written(record, tmp_path / "out")
    assert {row["age"] for row in people} == {age}


def test_days_are_kept_and_dates_are_gone(record, tmp_path):
    more = [
        Entry(kind="event", body={"date": "2025-02-27", "name": "headache"}),
        Entry(
            kind="observation",
            body={
                "date": "2025-03-17",
                "part_d": 0.4,
                "kind": "csf_wbc",
                "value": 5,
                "unit": "cells/uL",
                "is_below": True,
            },
        ),
    ]
    for _ in range(11):
        patient(record, more=more)
    _, people, facts = written(record, tmp_path / "out")
    one = [row for row in facts if row["code"] == people[0]["code"]]
    assert [(r["day"], r["kind"], r["value"], r["unit"]) for r in one] == [
        ("-4", "event", "headache", ""),
        ("0", "dose", "100", "mg"),
        ("14", "dose", "100", "mg"),
        ("14", "csf_wbc", "<5", "cells/uL"),
        ("28", "dose", "100", "mg"),
    ]
    text = "".join(p.read_text("utf-8") for p in (tmp_path / "out").glob("*.csv"))
    assert "2025" not in text


def test_only_what_was_listed_survives(record, tmp_path):
    more = [
        Entry(kind="event", body={"date": "2025-03-20", "name": "moved_to_krakow"}),
        Entry(kind="event", body={"date": "2025-03-20", "name": "myelitis", "note": "in bed 4"}),
        Entry(
            kind="observation",
            body={
                "date": "2025-03-20",
                "kind": "other",
                "value": 4711,
                "unit": "bed",
                "method": "bed",
            },
        ),
        Entry(kind="note", body={"text": "a teacher"}),
    ]
    for _ in range(11):
        patient(record, more=more)
    made, _, facts = written(record, tmp_path / "out")
    assert {r["value"] for r in facts if r["kind"] == "event"} == {"myelitis"}
    assert {r["kind"] for r in facts} == {"dose", "event"}
    assert made.dropped == {
        "events by a word that is not known": 11,
        "facts of kind note": 11,
        "values of kind other": 11,
    }


def test_codes_and_order_are_by_chance_and_no_link_is_kept(record, tmp_path):
    codes = [patient(record, variant="A5V") for _ in range(12)]
    first = anonymise(record, NURSE, POLICY)
    second = anonymise(record, NURSE, POLICY)
    one, two = ({p.code for p in made.people} for made in (first, second))
    assert not one & two and not (one | two) & set(codes)
    assert all(re.fullmatch(r"A-[0-9A-HJKMNP-TV-Z]{10}", code) for code in one)
    with record.engine.connect() as connection:
        events = str(connection.exec_driver_sql("SELECT * FROM event").fetchall())
    assert not any(code in events for code in one | two)
    assert "anonymise" in events


def test_the_order_of_the_copy_is_not_that_of_the_record(record):
    """Ages tell who is who; the chance that 12 stand in order by chance is under 1e-8."""
    for n in range(12):
        patient(
            record,
            more=[
                Entry(
                    kind="observation",
                    body={"date": "2025-04-01", "kind": "alsfrs_r", "value": n, "unit": "points"},
                )
            ],
        )
    for _ in range(3):
        made = anonymise(record, NURSE, POLICY)
        order = [float(f.value) for f in made.facts if f.kind == "alsfrs_r"]
        assert sorted(order) == list(range(12))
        if order != sorted(order):
            return
    pytest.fail("three times in the order of entry")


def test_two_copies_do_not_lie_side_by_side(record, tmp_path):
    for _ in range(11):
        patient(record)
    written(record, tmp_path / "out")
    with pytest.raises(StoreError, match="not empty"):
        write_anonymous(anonymise(record, NURSE, POLICY), tmp_path / "out")


def test_what_goes_with_a_copy_keeps_its_schema(record, tmp_path):
    for _ in range(11):
        patient(record)
    written(record, tmp_path / "out")
    schema = files("thecal.report").joinpath("schemas/record_anonymous.v1.json").read_text("utf-8")
    document = json.loads((tmp_path / "out" / "about.json").read_text("utf-8"))
    Draft202012Validator(json.loads(schema)).validate(document)
    assert document["k"] == 11 and document["policy"]["name"] == "safe-harbor"


# -- the policy


def test_the_shipped_policy_says_eleven_ninety_and_ten():
    """clinic.md 7 for k; 45 CFR 164.514(b)(2)(i)(C) for ninety."""
    assert (POLICY.people, POLICY.oldest, POLICY.band) == (11, 90, 10)
    assert POLICY.head.not_confirmed


@pytest.mark.parametrize(
    ("old", "new"),
    [("value: 11", "value: many"), ("  people:", "  peoples:"), ("value: 90", "value: 0")],
)
def test_a_policy_that_cannot_be_read_is_refused_at_its_line(tmp_path, old, new):
    text = policy_path("anonymous", "safe-harbor").read_text("utf-8").replace(old, new, 1)
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match="line"):
        read_anonymity(path)


# -- canaries


def test_twenty_planted_words_are_found_nowhere(tmp_path):
    """Names, ids, sites, lots, dates, notes, methods, codes: in no file, file name or message."""
    where = tmp_path / "r.db"
    made = Record.make(str(where), Author(actor=CANARIES[0], role="nurse"))
    author = Author(actor=CANARIES[0], role="nurse")
    codes: list[str] = []
    for n in range(12):
        vial, code = new_stream("V"), new_stream("P")
        codes += [vial, code]
        lot = {"lot": CANARIES[1], "expiry": "2031-12-24", "gtin": CANARIES[2], "site": CANARIES[3]}
        made.add(vial, [Entry(kind="vial", body=lot)], author, expected=0, key=f"v {vial}")
        person = {
            "name": CANARIES[4],
            "local_id": f"{CANARIES[5]}{n}",
            "site": CANARIES[6],
            "note": CANARIES[7],
            "sex": CANARIES[8] if n % 2 else "female",
            "birth_date": "1961-07-13",
        }
        day = {"note": CANARIES[9], "source": CANARIES[10]}
        entries = [
            Entry(kind="plan", body={"medicine": "tofersen", "jurisdiction": "us"}),
            Entry(kind="person", body=person),
            Entry(kind="variant", body={"text": CANARIES[11], "zygosity": CANARIES[12], **day}),
            Entry(
                kind="dose",
                body={
                    "date": "2023-11-19",
                    "amount_mg": 100,
                    "route": "intrathecal",
                    "vial": vial,
                    **day,
                },
            ),
            Entry(
                kind="observation",
                body={
                    "date": "2023-11-19",
                    "kind": "other",
                    "value": 1,
                    "unit": CANARIES[13],
                    "method": CANARIES[14],
                    **day,
                },
            ),
            Entry(
                kind="observation",
                body={
                    "date": "2023-11-21",
                    "kind": "csf_wbc",
                    "value": 1,
                    "unit": "cells/uL",
                    "method": CANARIES[15],
                    **day,
                },
            ),
            Entry(kind="event", body={"date": "2023-11-20", "name": "zq16canary_moved"}),
            Entry(
                kind="event",
                body={"date": "2023-11-20", "name": "headache", "method": CANARIES[17]},
            ),
            Entry(kind="note", body={"text": CANARIES[18]}),
            Entry(kind="visit", body={"visit": {CANARIES[19]: CANARIES[19]}}),
        ]
        made.add(code, entries, author, expected=0, key=f"p {code}", reason=CANARIES[16])
    made.close()
    asked = ["record", "anonymise", "--variant", "--record", str(where)]
    asked += ["--actor", CANARIES[0], "--role", "nurse", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    said = result.stdout + result.stderr
    for path in (tmp_path / "out").rglob("*"):
        said += path.name + path.read_text("utf-8")
    never = [*CANARIES, *codes, "2023", "2031", "1961", "-11-19", "07-13"]
    assert not [word for word in never if word.casefold() in said.casefold()]
    assert len(rows(tmp_path / "out" / "people.csv")) == 12
    today = dt.date.today().isoformat()
    assert today not in said
