"""The course file under any input: laws of reading and writing, and input that means harm."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.course import Course, Dose, Event, Observation
from thecal.errors import RecordError
from thecal.interop.records import Reading, format_course, parse_course
from thecal.units import QUANTITIES

EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = dt.date(2199, 12, 31)

# A file cannot carry NUL, which CSV refuses, nor a lone surrogate, which is no character.
prose = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.text(
    ",;\t\"'\r\n é", max_size=6
)
trimmed = prose.map(str.strip)  # around ids, units and methods a space is a slip and is dropped
words = st.from_regex(r"[a-z][a-z0-9]{0,5}(_[a-z0-9]{1,5}){0,2}", fullmatch=True)
times = st.integers(-3_000, 3_000) | st.floats(-3_000, 3_000)
texts = {"note": prose, "source": prose}


def numbers(quantity, is_below: bool):
    if quantity.is_whole:
        return st.integers(int(quantity.least), int(quantity.most))
    return st.floats(quantity.least, quantity.most, exclude_min=is_below and quantity.least == 0)


@st.composite
def observations(draw):
    kind = draw(st.sampled_from([*(k for k in QUANTITIES if k != "dose"), "other"]))
    is_below = draw(st.booleans()) and kind != "alsfrs_r"
    common = {name: draw(text) for name, text in texts.items()}
    common |= {"time_d": draw(times), "kind": kind, "is_below": is_below}
    if kind == "other":
        unit = draw(trimmed.filter(lambda u: not u.isdecimal() or u == "1"))
        value = draw(st.floats(allow_nan=False, allow_infinity=False))
        return Observation(value=value, unit=unit, method=draw(trimmed.filter(bool)), **common)
    quantity = QUANTITIES[kind]
    value = draw(numbers(quantity, is_below))
    return Observation(value=value, unit=quantity.unit, method=draw(trimmed), **common)


@st.composite
def courses(draw):
    gaps = draw(st.lists(st.integers(1, 90), max_size=6))
    days = [sum(gaps[:n]) for n in range(len(gaps))]
    start = draw(st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)))
    doses = [
        Dose(
            time_d=day - days[0],
            amount_mg=draw(st.floats(1, 500)),
            route=draw(st.sampled_from(["", "intrathecal"])),
            note=draw(prose),
            source=draw(prose),
        )
        for day in days
    ]
    measured = draw(st.lists(observations(), max_size=6))
    noted = draw(
        st.lists(
            st.builds(Event, time_d=times, name=words, method=trimmed, note=prose, source=prose),
            min_size=0 if doses or measured else 1,
            max_size=4,
        )
    )
    return Course(
        patient_id=draw(trimmed.filter(bool)),
        start=start,
        doses=tuple(doses),
        observations=tuple(sorted(measured, key=lambda o: o.time_d)),
        events=tuple(sorted(noted, key=lambda e: e.time_d)),
    )


@settings(max_examples=300, deadline=None)
@given(courses())
def test_what_was_written_reads_back_as_the_same_course(course):
    assert parse_course(format_course(course).encode(), today=TODAY).course == course


@settings(deadline=None)
@given(courses())
def test_writing_again_changes_nothing(course):
    text = format_course(course)
    assert format_course(parse_course(text.encode(), today=TODAY).course) == text


@settings(deadline=None)
@given(st.sampled_from(["munich", "iceland1", "dresden"]), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(name, rng: random.Random):
    data = (EXAMPLES / f"{name}.csv").read_bytes()
    head, *rows = data.splitlines(keepends=True)
    rng.shuffle(rows)
    assert parse_course(head + b"".join(rows)).course == parse_course(data).course


@settings(deadline=None)
@given(courses(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_in_any_course(course, rng):
    text = format_course(course)
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    rng.shuffle(rows)
    shuffled = io.StringIO(newline="")
    csv.writer(shuffled, quoting=csv.QUOTE_ALL).writerows([head, *rows])
    assert parse_course(shuffled.getvalue().encode(), today=TODAY).course == course


def reads_or_refuses(data: bytes) -> None:
    began = time.monotonic()
    try:
        assert isinstance(parse_course(data, today=TODAY), Reading)
    except RecordError as error:
        assert error.faults and all(fault.message for fault in error.faults)
        assert all(
            0 <= fault.line <= data.count(b"\n") + data.count(b"\r") + 1 for fault in error.faults
        )
    assert time.monotonic() - began < 5


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    reads_or_refuses(data)


@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_any_text_is_read_or_refused(text):
    reads_or_refuses(text.encode())


cells = (
    st.sampled_from(
        "p q dose event other svc alsfrs_r csf_wbc 0 1 -1 1e999 nan <5 5,6 1,234 1.234 mg mL % "
        "IT intrathecal points /uL 2026-01-12 2026-02-30 9999-12-31 1900-01-01 -40000 40000 "
        "0.5".split()
    )
    | prose
    | st.floats().map(str)
)
headers = st.permutations("id day date kind value unit method note source".split())


@settings(deadline=None)
@given(headers, st.lists(st.lists(cells, max_size=10), max_size=12), st.sampled_from(",;\t"))
def test_any_cells_below_a_header_are_read_or_refused(header, rows, separator):
    reads_or_refuses("\n".join(separator.join(row) for row in [header, *rows]).encode())


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["munich", "iceland2"]),
    st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 8), st.binary(max_size=4)),
        min_size=1,
        max_size=6,
    ),
)
def test_a_mutated_file_is_read_or_refused(name, edits):
    data = bytearray((EXAMPLES / f"{name}.csv").read_bytes())
    for at, length, new in edits:
        data[at : at + length] = new
    reads_or_refuses(bytes(data))


@pytest.mark.parametrize(
    "line",
    [
        "p,1,{n}zzzzz,9,x,,,",  # a nearest kind is looked for
        "p,1,dose,100,mL,iv,,",
        "{n},x,dose,1,234,,,",
        "p,0,dose,100,mg,,,",
        "p,1,event,A {n},,,,",
        'p,1,event,a,,,"{n}',
    ],
)
def test_fifty_thousand_bad_rows_are_refused_in_bounded_time(line):
    head = "id,day,kind,value,unit,method,note,source\n"
    reads = head + "\n".join(line.format(n=n) for n in range(50_000))
    began = time.monotonic()
    with pytest.raises(RecordError) as caught:
        parse_course(reads.encode())
    assert str(caught.value)
    assert time.monotonic() - began < 10
