"""Data files: whatever stands in one, the answer is its values or every fault with its line."""

from __future__ import annotations

import datetime as dt
import math
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from thecal.datafile import MAX_BYTES, MAX_DEPTH, DataFile, Entry
from thecal.errors import DataFileError, Fault


@pytest.fixture
def root(tmp_path):
    """Write a file and read its root."""

    def read(content: str | bytes) -> Entry:
        path = tmp_path / "site.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return DataFile(path).read()

    return read


@pytest.fixture
def refused(root):
    """Return the faults with which a file is refused at once."""

    def read(content: str | bytes) -> tuple[Fault, ...]:
        with pytest.raises(DataFileError, match=r"site.yaml cannot be read") as caught:
            root(content)
        return caught.value.faults

    return read


def faults(entry: Entry) -> list[str]:
    """What `finish` raises, fault by fault."""
    with pytest.raises(DataFileError) as caught:
        entry.file.finish()
    return [str(fault) for fault in caught.value.faults]


# -- files that are not read at all


@pytest.mark.parametrize("content", ["", "\n\n", "# only a remark\n", "---\n"])
def test_an_empty_file_is_refused(content, root):
    """A file with a document mark has an empty scalar for a root: no mapping, so a fault too."""
    with pytest.raises(DataFileError, match=r"empty|found nothing"):
        entry = root(content)
        entry.fields(["name"])
        entry.file.finish()


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("a: 1\nb: [1, 2\n", 3, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("a: 1\nb: 'open\n", 3, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 1\nb: *nowhere\n", 2, "alias"),
        ("a: 1\nb: \x07\n", 2, "U+0007"),
        ("a: 1\nb: 2\nc: \x00\n", 3, "U+0000"),
        (b"a: 1\nb: k\xe9\n", 2, "UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "UTF-8"),
    ],
)
def test_what_is_no_yaml_in_utf8_is_refused_at_its_line(content, line, words, refused):
    (fault,) = refused(content)
    assert fault.line == line
    assert words in fault.message


def test_a_file_that_is_too_big_is_refused_before_it_is_read(refused):
    (fault,) = refused(b"a: " + b"x" * MAX_BYTES)
    assert str(MAX_BYTES) in fault.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_nesting_bomb_is_refused_and_does_not_crash(opening, refused):
    """The YAML library recurses in C and takes the process down at about 100 000 levels."""
    began_s = time.monotonic()
    (fault,) = refused("a: 1\nb:\n  " + opening * 200_000)
    assert fault == Fault(3, f"nested more than {MAX_DEPTH} levels deep; a data file is flat")
    assert time.monotonic() - began_s < 5  # refused at level 21 of 200 000


def test_the_deepest_nesting_that_is_read_is_the_one_named(root, refused):
    root("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    refused("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_an_alias_bomb_is_refused_at_the_first_alias(refused):
    """Nine levels of nine references each are a billion entries in a few hundred bytes."""
    levels = ["a0: &a0 [x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    (fault,) = refused("\n".join(levels))
    assert fault == Fault(2, "alias '*a0'; write the value out")


def test_an_alias_to_itself_is_refused(refused):
    (fault,) = refused("? &a [*a]\n: 1\n")
    assert "alias" in fault.message


def test_a_folder_or_a_missing_file_is_an_os_error(tmp_path):
    """The command line turns OSError into a message of its own."""
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(OSError):
            DataFile(path).read()


# -- values


def test_a_word_stays_a_word(root):
    """YAML 1.1 reads no as false, 1:30 as 90 and 012 as 10; here a scalar is what it says."""
    entries = root("a: no\nb: 1:30\nc: 012\nd: null\ne: 2026-01-02\n").mapping()
    assert [e.text() for e in entries.values()] == ["no", "1:30", "012", "null", "2026-01-02"]
    assert entries["c"].number() == 12
    assert entries["e"].date() == dt.date(2026, 1, 2)


@pytest.mark.parametrize("words", ["ten", "1,5", "nan", "inf", "-.inf", "1e999", "0x10", "12 mg"])
def test_what_is_not_a_finite_number_is_a_fault(words, root):
    entry = root(f"days: '{words}'").mapping()["days"]
    assert math.isnan(entry.number()) or math.isinf(entry.number())
    assert faults(entry)[0] == f"line 1: days: expected a number, found '{words}'"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-1", "at least 0, found -1"),
        ("367", "at most 366, found 367"),
        ("1.5", "whole number, found 1.5"),
        ("1e300", "at most 366"),
    ],
)
def test_a_number_outside_its_range_is_a_fault(words, message, root):
    entry = root(f"days: {words}").mapping()["days"]
    entry.integer(least=0, most=366)
    assert message in faults(entry)[0]


@pytest.mark.parametrize("words", ["2026-02-30", "01/02/2026", "yesterday"])
def test_what_is_not_a_date_is_a_fault(words, root):
    entry = root(f"on: {words}").mapping()["on"]
    entry.date()
    assert "expected a date as YYYY-MM-DD" in faults(entry)[0]


def test_an_unknown_key_names_the_nearest_and_what_is_expected(root):
    entry = root("early_d: 1\noverdu_d: 2\n")
    entry.fields(["early_d", "overdue_d"])
    assert faults(entry) == [
        "line 1: 'overdue_d' is missing",
        "line 2: overdu_d: unknown key; expected early_d, overdue_d. Did you mean 'overdue_d'?",
    ]


def test_a_word_outside_a_choice_names_the_nearest(root):
    entry = root("a: uss").mapping()["a"]
    entry.choice(["us", "eu"])
    assert faults(entry) == ["line 1: a: expected one of us, eu; found 'uss'. Did you mean 'us'?"]


def test_a_key_given_twice_is_a_fault_at_its_second_line(root):
    entry = root("a: 1\nb: 2\na: 3\n")
    entry.mapping()
    assert faults(entry) == ["line 3: 'a' is given twice"]


def test_a_key_that_is_no_word_is_a_fault(root):
    entry = root("a: 1\n? [b, c]\n: 2\n")
    assert list(entry.mapping()) == ["a"]
    assert faults(entry) == ["line 2: expected a word as key, found a list"]


def test_every_fault_is_told_at_once_in_the_order_of_the_lines(root):
    entry = root("c: x\nb: [1]\na: {}\n")
    entries = entry.mapping()
    entries["a"].text()
    entries["b"].mapping()
    entries["c"].number()
    assert faults(entry) == [
        "line 1: c: expected a number, found 'x'",
        "line 2: b: expected a mapping, found a list",
        "line 3: a: expected text, found a mapping",
    ]


def test_a_message_repeats_no_long_value_and_no_control_character(root):
    """A message is printed to a terminal: an escape sequence in it would be obeyed."""
    entries = root('a: "\\e[31mred"\nb: "' + "x" * 5000 + '"\n').mapping()
    for entry in entries.values():
        entry.number()
    first, second = faults(entries["a"])
    assert "\\x1b[31mred" in first and "\x1b" not in first
    assert len(second) < 120


def test_the_place_of_a_nested_fault_is_named(root):
    entry = root("phases:\n  loading:\n    days:\n      - 1\n      - x\n")
    inner = entry.mapping()["phases"].mapping()["loading"].mapping()["days"].items()
    inner[1].number()
    assert faults(entry) == ["line 5: phases.loading.days[1]: expected a number, found 'x'"]


# -- any text


def read_everything(entry: Entry, depth: int = 0) -> None:
    """Ask every question of every node, whatever it is."""
    for ask in (entry.text, entry.number, entry.integer, entry.date, entry.mapping, entry.items):
        ask()
    entry.choice(["a", "b"])
    entry.fields(["a"], ["b"])
    if depth < 3:
        for inner in [*entry.mapping().values(), *entry.items()]:
            read_everything(inner, depth + 1)


YAML_SIGNS = st.text(alphabet="ab:-[]{}&*!|>'\"#%@`?, \n\t\\0~<=\u2028\x85é", max_size=60)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(max_size=60).map(str.encode) | YAML_SIGNS.map(str.encode) | st.binary())
@example(content=b"!!python/object/apply:os.system [ls]")
@example(content=b"<<: {a: 1}\na: 2")
@example(content=b"? {a: b}\n: c")
@example(content=b"!!binary aGk=")
@example(content=b"\xef\xbb\xbfa: 1")
def test_any_bytes_are_a_value_or_a_data_file_error(content, tmp_path):
    """Never another exception, and never code run from a tag."""
    path: Path = tmp_path / "fuzz.yaml"
    path.write_bytes(content)
    try:
        entry = DataFile(path).read()
        read_everything(entry)
        entry.file.finish()
    except DataFileError as error:
        assert str(error).startswith("fuzz.yaml cannot be read")
        assert error.faults == tuple(sorted(error.faults))
