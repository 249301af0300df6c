"""Whatever a file holds, an audit ends: with differences or with a `MonographError`.

Inputs made to be hard take well under a second of processor time each. They are read under a limit
of far more, which no machine reaches unless the work grows faster than the input.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from thecal.errors import MonographError
from thecal.label.catalog import load_all, load_label, medicines
from thecal.label.compare import SEVERITIES, Audit, Kind, audit, compare_pages
from thecal.label.label import Label
from thecal.label.monograph import read_monograph

PAGES = Path(__file__).parent / "monographs"
LIMIT_S = 60  # of processor time; a hang, not a speed


@cache
def labels(drug: str) -> tuple[Label, tuple[Label, ...], tuple[str, ...]]:
    label = load_label(drug, "us")
    others = tuple(other for other in load_all(drug) if other != label)
    return label, others, tuple(name for name in medicines() if name != drug)


def audited(data: bytes, drug: str = "tofersen") -> Audit:
    label, others, neighbours = labels(drug)
    return audit(read_monograph(data, "test"), label, others, neighbours)


@contextmanager
def ends() -> Iterator[None]:
    """Break off what has used up its processor time; the matching of patterns can be broken off."""

    def stop(*_: object) -> None:
        pytest.fail(f"did not end within {LIMIT_S} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def hold_true(found: Audit) -> None:
    """Check all that must hold for an audit of any page."""
    page = found.monograph
    size = len(page.text)
    for claim in found.claims:
        assert 0 <= claim.span.start < claim.span.end <= size
        assert page.quote(claim.span)
        assert any(
            sentence.span.start <= claim.span.start and claim.span.end <= sentence.span.end
            for sentence in page.sentences
        )
        if isinstance(claim.value, tuple):
            low, high = claim.value
            assert low <= high
    ranks = [SEVERITIES.index(d.severity) for d in found.differences]
    assert ranks == sorted(ranks)
    for d in found.differences:
        assert (d.span is None) == (d.kind is Kind.OMITS)
        if d.span is not None:
            assert (d.line, d.column) == page.place(d.span)
            assert 1 <= d.line <= page.source.count("\n") + 1
    # linear: so many claims and differences for so many characters, and no more
    assert len(found.claims) <= size + 1
    assert len(found.differences) <= 2 * len(found.claims) + 100


# -- any text, any bytes

WORDS = (
    *("tofersen", "qalsody", "nusinersen", "riluzole", "SOD1", "ALS", "SMA", "CSF", "NfL", "mice"),
    *("loading", "maintenance", "dose", "doses", "missed", "skip", "double", "restart", "route"),
    *("intrathecal", "vein", "thigh", "spine", "lumbar puncture", "bolus", "vial", "syringe"),
    *("store", "freeze", "light", "carton", "refrigerator", "room temperature", "dilute", "heat"),
    *("myelitis", "papilledema", "meningitis", "pain", "fatigue", "rare", "common", "serious"),
    *("half-life", "Tmax", "exonuclease", "CYP", "cure", "slow", "halt", "approved", "adults"),
    *("children", "pregnancy", "contraindicated", "none", "None.", "not", "no", "never", "may"),
    *("every", "each", "then", "after", "within", "up to", "at least", "about", "between", "and"),
    *("to", "or", "of", "with", "in", "for", "days", "weeks", "months", "hours", "minutes", "%"),
    *("mg", "mL", "mg/mL", "°C", "°F", "patients", "0", "1", "3", "4", "10", "14", "28", "100"),
    *("6.7", "1-3", "2 to 8", "q28d", "x3", "three", "fortnight", "monthly", "once a month"),
    *(".", ",", ";", ":", "?", "(", ")", "|", "-", "\u2013", "\n", "\n\n", "\n# ", "\n- ", "\n| "),
    *("<p>", "</p>", "<b>", "<td>", "<script>", "&nbsp;", "&#8211;", "&", "<", "**", "`", "\t"),
    *("\u00a0", "\u00ad", "\u200b", "\u202e", "\ufeff", "\x00", "\u0130", "\ufb01", "日", "か月"),
    *("Contraindications", "Side effects", "Storage", "Dosage", "días", "Wochen", "giorni", "zile"),
)
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=60).flatmap(
    lambda words: st.sampled_from([" ", "", "  ", "\n"]).map(lambda between: between.join(words))
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(SENTENCES, st.sampled_from(["tofersen", "nusinersen"]))
@example("", "tofersen")
@example("\x0c", "tofersen")
@example("None.", "tofersen")
@example("1" * 400 + " mg", "tofersen")
@example("day " + "9" * 400, "tofersen")
def test_any_words_give_an_audit_or_an_error_that_says_why(text: str, drug: str) -> None:
    try:
        found = audited(text.encode(), drug)
    except MonographError as error:
        assert str(error)
        return
    hold_true(found)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=400).map(str.encode), st.binary(max_size=400)))
def test_any_bytes_give_an_audit_or_an_error_that_says_why(data: bytes) -> None:
    try:
        found = audited(data)
    except MonographError as error:
        assert str(error)
        return
    hold_true(found)


FIXTURES = sorted(
    path
    for path in PAGES.iterdir()
    if path.suffix in (".txt", ".md", ".html", ".xml") and path.stem != "README"
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_page_that_was_cut_and_mended_still_gives_an_audit(data: st.DataObject) -> None:
    """Parts of real pages in any order, cut anywhere, in the midst of a tag or a character too."""
    parts = []
    for _ in range(data.draw(st.integers(1, 3))):
        page = data.draw(st.sampled_from(FIXTURES)).read_bytes()
        start = data.draw(st.integers(0, len(page)))
        parts.append(page[start : start + data.draw(st.integers(0, 1500))])
    try:
        found = audited(b"".join(parts))
    except MonographError:
        return
    hold_true(found)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(SENTENCES, SENTENCES)
def test_any_two_pages_can_be_compared(first: str, second: str) -> None:
    label, others, neighbours = labels("tofersen")
    try:
        one, two = (read_monograph(text.encode(), "test") for text in (first, second))
    except MonographError:
        return
    there = compare_pages(one, two, label, others, neighbours)
    assert len(there) == len(compare_pages(two, one, label, others, neighbours))
    assert compare_pages(one, one, label, others, neighbours) == []


# -- inputs made to be hard

HARD: dict[str, Callable[[int], str]] = {
    "one keyword": lambda n: "loading " * n,
    "no full stop": lambda n: "give 100 mg every 28 days " * n,
    "not": lambda n: "not " * n + "given into a vein",
    "never after": lambda n: "into a vein " + "is not " * n,
    "chained intervals": lambda n: "every 1 to 2 and 3 or " * n + "days",
    "chained numbers": lambda n: "1 to 2 to " * n + "mg",
    "days listed": lambda n: "days " + "0, 14 and 28, " * n,
    "digits": lambda n: "1" * n + " mg",
    "digits and commas": lambda n: "1,000" * n + " mg",
    "digits and blanks": lambda n: "1 000 " * n + "mg",
    "dots": lambda n: "1." * n,
    "decimals": lambda n: "0.1" * n + " mg",
    "brackets": lambda n: "(" * n + "100 mg" + ")" * n,
    "numbers in brackets": lambda n: "four (4) " * n + "weeks",
    "dashes": lambda n: "100 mg" + "-" * n + "28 days",
    "blanks": lambda n: "100" + " " * n + "mg",
    "line breaks": lambda n: "give\n" * n,
    "hyphenated": lambda n: "main-\n" * n + "tenance",
    "letters": lambda n: "a" * n + " mg",
    "number words": lambda n: "twenty-eight " * n + "days",
    "patients": lambda n: "6 a b c " * n + "patients",
    "every unit": lambda n: "1 mg 2 mL 3 mg/mL 4 d 5 weeks 6 months 7 h 8 min 9 s 2 °C 4 % " * n,
    "half-lives": lambda n: "half-life in CSF of plasma " * n + "4 weeks",
    "missed": lambda n: "missed second loading or third or maintenance dose " * n,
    "as soon as": lambda n: "as soon as " * n + "possible",
    "spinal fluid": lambda n: "remove CSF fluid take 10 mL " * n,
    "reactions": lambda n: "pain 42 % vs 22 %, fatigue 17 % " * n,
    "events": lambda n: "myelitis in 6 of 147 patients rare common " * n,
    "denials": lambda n: "no serious " * n + "side effects",
    "cells": lambda n: "| pain | 42 | 22 " * n,
    "rows": lambda n: "| pain | 42 % | 22 % |\n" * n,
    "headings": lambda n: "# Storage\n\n## Dosage\n\n" * n,
    "percent signs": lambda n: "%" * n,
    "degrees": lambda n: "2 ° " * n + "C",
    "minus signs": lambda n: "-" * n + "20 °C",
    "questions": lambda n: "is it 100 mg? " * n,
    "open tags": lambda n: "<b>" * n + "100 mg",
    "attributes": lambda n: "<p " + 'a="b" ' * n + ">100 mg</p>",
    "entities": lambda n: "&nbsp;" * n + "100 mg &" * n,
    "tables": lambda n: "<table><tr><td>" * n + "100 mg",
    "combining marks": lambda n: "mg" + "\u0301" * n + " 100 mg",
    "turned writing": lambda n: "\u202e" * n + "100 mg",
    "full width": lambda n: "\uff11\uff10\uff10 mg " * n,
    "Japanese": lambda n: "1回100mgを14日ごとに" * n,
}  # fmt: skip


def of_size(name: str, size: int) -> bytes:
    unit = max(1, len(HARD[name](2).encode()) - len(HARD[name](1).encode()))
    return HARD[name](size // unit).encode()


@pytest.mark.parametrize("name", HARD)
def test_a_hard_input_ends(name: str) -> None:
    data = of_size(name, 20_000)
    with ends():
        for drug in ("tofersen", "nusinersen"):
            try:
                hold_true(audited(data, drug))
            except MonographError as error:
                assert str(error)


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_a_large_hard_input_ends(name: str) -> None:
    """Twenty-five times the size: what grows with its square would take 625 times as long."""
    data = of_size(name, 500_000)
    with ends():
        try:
            assert audited(data).monograph.text
        except MonographError as error:
            assert str(error)


@pytest.mark.slow
def test_ten_megabytes_of_pages_end() -> None:
    pages = b"\n\n".join(path.read_bytes() for path in FIXTURES if path.suffix in (".txt", ".md"))
    data = pages * (10_000_000 // len(pages))
    with ends(), pytest.raises(MonographError, match="once, without repeats"):
        audited(data)


@pytest.mark.parametrize("name", ["no full stop", "reactions", "rows", "events"])
def test_twice_the_input_gives_no_more_than_twice_the_claims(name: str) -> None:
    """What is read of a part does not multiply with the length of the whole."""
    small, large = (len(audited(of_size(name, size)).claims) for size in (10_000, 20_000))
    assert 0 < small < large <= 2.2 * small


# -- the same every time

SCRIPT = """
import sys
from pathlib import Path
from thecal.label.catalog import load_all, load_label, medicines
from thecal.label.compare import audit
from thecal.label.monograph import read_monograph
for name in sys.argv[1:]:
    path = Path(name)
    drug = path.name.partition("_")[0]
    label = load_label(drug, "us")
    others = [other for other in load_all(drug) if other != label]
    found = audit(
        read_monograph(path.read_bytes(), path.name), label, others,
        [m for m in medicines() if m != drug],
    )
    for claim in found.claims:
        print(repr(claim))
    for d in found.differences:
        section = d.statement and (d.statement.topic, d.statement.source)
        print(d.kind, d.severity, d.topic, d.span, d.line, d.column, d.label_value, d.why, section)
"""


def run_with(seed: str, files: list[Path]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, files)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    assert done.stdout.count(b"\n") > 10 * len(files)
    return hashlib.sha256(done.stdout).hexdigest()


def test_the_same_pages_give_the_same_audit_in_every_process() -> None:
    files = FIXTURES[::2]
    assert len({run_with(seed, files) for seed in ("0", "1", "4242")}) == 1


def test_one_audit_leaves_nothing_behind_for_the_next() -> None:
    path = PAGES / "tofersen_questions.html"
    before = audited(path.read_bytes())
    for other in FIXTURES[:6]:
        audited(other.read_bytes())
    after = audited(path.read_bytes())
    assert (after.claims, after.differences) == (before.claims, before.differences)
