"""Whatever the bytes, a page is read or refused, every character is at its place, in linear time.

The laws of `hold_true` are checked on pages of every form, on what is left of them after damage,
and on text made to hurt a reader.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from thecal.errors import MonographError
from thecal.label import draft, markup, monograph, plaintext
from thecal.label.draft import SPECIAL, entity, normalised, plain
from thecal.label.monograph import Monograph, read_monograph
from thecal.label.sentences import LONGEST

HERE = Path(__file__).resolve().parent
FILES = sorted(
    path
    for folder in (HERE / "forms", HERE / "monographs", HERE.parents[2] / "shared" / "monographs")
    for path in folder.glob("*.*")
    if path.suffix in (".txt", ".html", ".md", ".xml") and path.name != "README.md"
)
STARTS = ("", "<html>", '<document xmlns="urn:hl7-org:v3"><section><text>', "# a\n|-|\n")
# What a reader of text and markup may stumble over.
TOKENS = (
    *("<", ">", "</", "/>", "<!--", "-->", "<!", "<?", "<![CDATA[", "]]>", "<!DOCTYPE x [", "]"),
    *("<p>", "</p>", "<b>", "</b>", "<br>", "<ul><li>", "</ul>", "<h2>", "</h2>", "<pre>"),
    *("<table>", "<tr><td>", "</table>", "<td>", "<nav>", "</nav>", "<main>", "<svg>", "</svg>"),
    *("<script>", "</script>", "<title>", "</title>", "<sup>", "1</sup>", "<a href='", '<a b="'),
    *("<section>", "</section>", '<code code="34068-7"/>', "<text>", "</text>", "<paragraph>"),
    *("<content styleCode='bold'>", "</content>", "<list><item>", "<caption>", "<dt>", "<dd>"),
    *("&", "&#", "&#x", "&amp;", "&shy;", "&#55296;", "&#9999999999", "&nbsp", "&NotEqualTilde;"),
    *("\n", "\n\n", "\r", "\r\n", "\t", "   ", " ", "\f", "\x0b", "\x1f", "\u2028", "\u00a0"),
    *("# ", "**", "*", "__", "`", "[", "](", ")", "|", "|-|", "> ", "- ", "1. ", "2.1 ", "---"),
    *("Dosage", "Storage:", "NONE", "What is it?", "Q: ", "A: ", "e.g. ", "10 mg", "28.", ". "),
    *("\u200b", "\u00ad", "ﬁ", "Â ", "â€™", "Ã©", "é", "‐", "－", "１", "禁忌", "。", "İ", "ß"),
    *("😀", "===", "; ", "-\n", "Page 3 of 9\n", "Reference ID: 12\n", "7\n", "word "),
    *("x" * 1100, "a" * 130 + " "),
)  # fmt: skip


def could_stand_for(source: str, at: int, character: str) -> bool:
    """Say whether a character of the text may come from that place of the source."""
    here = source[at : at + 1]
    if here and normalised(here) == character:
        return True
    # a line end, a tag, the edge of a cell, a run of blanks
    if here in ("", "<", "|") or normalised(here).isspace():
        return character in " \n|;"
    if here == "Â" and character == " ":  # half of a no-break space
        return True
    if (found := SPECIAL.match(source, at)) and character in plain(found[0]):
        return True
    stands_for = plain(entity(source, at)[0])
    return here == "&" and (character in stands_for or (stands_for.isspace() and character == " "))


def hold_true(page: Monograph) -> None:
    """Check all that must hold for any page."""
    assert page.sections[0].span.start == 0
    assert page.sections[-1].span.end == len(page.text)
    for before, after in pairwise(page.sections):
        assert before.span.end == after.span.start
    end = 0
    for sentence in page.sentences:
        span, section = sentence.span, page.sections[sentence.section]
        assert end <= span.start < span.end <= len(page.text)
        assert section.span.start <= span.start and span.end <= section.span.end
        assert span.end - span.start <= LONGEST
        words = page.text[span.start : span.end]
        assert words == words.strip() and page.quote(span)
        end = span.end
    for at, character in enumerate(page.text):
        place = page.source_at(at)
        assert could_stand_for(page.source, place, character), (
            f"{character!r} at {at} is said to come from {page.source[place:][:12]!r}"
        )
    for sentence in page.sentences[:: max(1, len(page.sentences) // 20)]:
        before_it = page.source[: page.source_at(sentence.span.start)]
        column = len(before_it) - (before_it.rfind("\n") + 1) + 1
        assert page.place(sentence.span) == (before_it.count("\n") + 1, column)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_character_of_a_page_is_at_its_place(path: Path):
    page = read_monograph(path.read_bytes(), path.name)
    hold_true(page)
    assert len(page.sentences) > 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_page_cut_off_anywhere_is_read(path: Path):
    data = path.read_bytes()
    for end in range(0, len(data), max(1, len(data) // 40)):
        hold_true(read_monograph(data[:end], path.name))


@given(data=st.binary(max_size=400), start=st.sampled_from(STARTS))
@example(data=b"\x80", start="")
@example(data=b"\xff\xfe\x00", start="")
@example(data=b"\xff\xfe\x00\xd8", start="")
@example(data=b"\xef\xbb\xbf\xff", start="")
def test_any_bytes_are_a_page_or_refused(data: bytes, start: str):
    try:
        page = read_monograph(start.encode() + data, "bytes")
    except MonographError as refusal:
        assert str(refusal).startswith("bytes ")
    else:
        hold_true(page)


@settings(max_examples=400)
@given(start=st.sampled_from(STARTS), tokens=st.lists(st.sampled_from(TOKENS), max_size=40))
def test_any_tokens_are_a_page(start: str, tokens: list[str]):
    hold_true(read_monograph((start + "".join(tokens)).encode(), "tokens"))


@settings(max_examples=200)
@given(text=st.text(max_size=200), start=st.sampled_from(STARTS))
def test_any_text_is_a_page_unless_it_looks_like_something_else(text: str, start: str):
    try:
        page = read_monograph((start + text).encode(), "text")
    except MonographError:
        assert any(c < " " for c in text) or text.lstrip()[:2] in ("PK", "BZ", "{\\")
    else:
        hold_true(page)


@settings(max_examples=200)
@given(data=st.data(), path=st.sampled_from(FILES))
def test_a_damaged_page_is_read(data: st.DataObject, path: Path):
    text = path.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from((0, 1, 2, 10, 300)))
        token = data.draw(st.sampled_from(("", *TOKENS, text[at : at + 300] * 2)))
        text = text[:at] + token + text[at + length :]
    hold_true(read_monograph(text.encode("utf-8", "replace"), path.name))


# ---- cost

HURTFUL = {
    "opened": ("<html>", "<"),
    "comments": ("<html>", "<!--"),
    "comments that end": ("<html>", "<!---->"),
    "entities": ("<html>", "&#"),
    "entities that are some": ("<html>", "&lt;"),
    "tags without end": ("<html>", "<a "),
    "quotes": ("<html>", '<a "'),
    "two quotes": ("<html>", "<p '\"><p \"'>"),
    "tables": ("<html>", "<table><tr><td>"),
    "cells": ("<html><table><tr>", "<td>"),
    "full cells": ("<html><table><tr>", "<td>a"),
    "lists": ("<html>", "<ul><li>x"),
    "blocks": ("<html>", "<nav><p>x"),
    "unseen": ("<html>", "<svg><template>"),
    "unseen and closed": ("<html></svg>", "<svg>x</svg>"),
    "scripts": ("<html>", "<script>x</script>"),
    "breaks": ("<html>", "a<br>"),
    "breaks within": ("<html><h1>", "a<br>"),
    "bold": ("<html>", "<b>a</b>"),
    "raised": ("<html>", "1<sup>2</sup>"),
    "raised without end": ("<html>", "1<sup>"),
    "declarations": ("<html>", "<!DOCTYPE ["),
    "sections": (STARTS[2], "<section><code code='34068-7'/><title>a</title>"),
    "cdata": (STARTS[2], "<![CDATA["),
    "cdata that ends": (STARTS[2], "<![CDATA[x]]>"),
    "one line": ("", "A"),
    "empty lines": ("", "\n"),
    "blanks": ("", " \n"),
    "ends": ("", "A. "),
    "short sentences": ("", "Ab. "),
    "abbreviations": ("", "e.g. "),
    "colons": ("", "a: "),
    "brackets": ("", "(a "),
    "leads": ("", "Dose (x): a\n"),
    "dots": ("", "."),
    "bullets": ("", "- a\n"),
    "hyphens": ("", "fifty characters of words that end in a hyphen a-\nb "),
    "titles": ("", "Nice Title\n"),
    "capitals": ("", "AB CD EF\n"),
    "pages": ("", "Page 3 of 9\nhead\n"),
    "columns": ("", "a   "),
    "tabs": ("", "a\tb\n"),
    "invisible": ("", "a\u200b"),
    "mojibake": ("", "Â°"),
    "wide": ("", "Ａ。"),
    "stars": ("# a\n", "**a** "),
    "star": ("# a\n", "*"),
    "links": ("# a\n", "["),
    "links within": ("# a\n", "[a]("),
    "pipes": ("# a\n|-|\n", "|a|b\n"),
    "one row": ("# a\n|-|\n", "|"),
    "citations": ("# a\n", "> "),
    "rules": ("# a\n", "- "),
    "table rules": ("# a\n", "|-"),
    "backslashes": ("# a\n", "\\"),
}


@pytest.mark.parametrize("name", HURTFUL)
def test_a_hurtful_page_is_read_and_keeps_its_places(name: str):
    start, unit = HURTFUL[name]
    hold_true(read_monograph((start + unit * (20_000 // len(unit))).encode(), name))


def steps(data: bytes) -> int:
    """Count the calls that reading takes, of Python and of C."""
    count = 0

    def counting(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        read_monograph(data, "page")
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", HURTFUL)
def test_a_page_twice_as_long_takes_at_most_about_twice_the_steps(name: str):
    start, unit = HURTFUL[name]
    once, twice = (
        steps((start + unit * (size // len(unit))).encode()) for size in (15_000, 30_000)
    )
    assert twice <= 2.2 * once + 200


@pytest.mark.parametrize("name", HURTFUL)
def test_a_long_hurtful_page_ends(name: str):
    """A scan that starts anew at every character would take minutes."""
    start, unit = HURTFUL[name]
    page = read_monograph((start + unit * (200_000 // len(unit))).encode(), name)
    assert page.sections[-1].span.end == len(page.text)


# ---- bounds


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("bound", ["lines", "pieces", "tags", "sentences"])
def test_beyond_the_bounds_a_page_is_read_in_pieces_and_nothing_is_lost(
    path: Path, bound: str, monkeypatch: pytest.MonkeyPatch
):
    whole = read_monograph(path.read_bytes(), path.name)
    if bound == "lines":
        monkeypatch.setattr(markup, "MAX_LINES", 9)
        monkeypatch.setattr(plaintext, "MAX_LINES", 9)
    elif bound == "pieces":
        monkeypatch.setattr(draft, "MAX_PIECES", 9)
    elif bound == "tags":
        monkeypatch.setattr(markup, "MAX_TAGS", 40)
    else:
        monkeypatch.setattr(monograph, "MAX_SENTENCES", 3)
    page = read_monograph(path.read_bytes(), path.name)
    hold_true(page)
    if bound == "tags" and page.form in ("text", "markdown"):
        assert page == whole
    elif page != whole:
        assert any("in pieces" in remark for remark in page.remarks)
    last = [word for word in whole.text.split() if word.isalpha()][-1]
    assert last in page.text
