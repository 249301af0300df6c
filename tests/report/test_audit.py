"""A page held against a label, as it is shown: in a terminal, as a page with marks, as JSON."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from thecal.cli import app
from thecal.label.catalog import load_label
from thecal.label.claims import Claim
from thecal.label.compare import Audit, Conflict, Difference, Kind, Severity
from thecal.label.monograph import MAX_BYTES, Monograph, Span, read_monograph
from thecal.report.audit import MOST_MARKED, audit_page, audit_text, compare_text, right_page
from thecal.report.contract import audit_document, compare_document, dump
from thecal.report.marked import HARMLESS, MOST_CHARACTERS, around, blocks, visible

ROOT = Path(__file__).resolve().parents[2]
ERRORS = ROOT / "examples" / "page-with-errors.md"
LABEL = load_label("tofersen", "us")
ROUTE = LABEL.the("dosing.route")
THIGH = "The maintenance dose is 100 mg injected into the thigh every 28 days.\n"


def page(text: str, name: str = "page.txt") -> Monograph:
    return read_monograph(text.encode(), name)


def at(page: Monograph, words: str) -> Span:
    start = page.text.index(words)
    return Span(start, start + len(words))


def difference(
    page: Monograph,
    words: str = "",
    severity: Severity = Severity.MAJOR,
    span: Span | None = None,
    **other: object,
) -> Difference:
    span = span or (at(page, words) if words else None)
    line, column = page.place(span) if span else (0, 0)
    given = {
        "kind": Kind.CONTRADICTS if span else Kind.OMITS,
        "topic": "dosing.route",
        "label_value": "intrathecal",
        "statement": ROUTE,
        "why": "It would not reach the cord.",
    }
    return Difference(
        severity=severity,
        quote=page.quote(span) if span else "",
        span=span,
        line=line,
        column=column,
        **{**given, **other},
    )


def audited(page: Monograph, *differences: Difference, claims: tuple[Claim, ...] = ()) -> Audit:
    return Audit(monograph=page, label=LABEL, claims=claims, differences=differences)


def claim(page: Monograph, words: str, value: object, unit: str = "") -> Claim:
    return Claim(
        topic="dosing.maintenance",
        name="interval_d",
        value=value,
        unit=unit,
        span=at(page, words),
        quote=words,
    )


# -- text cut at marks

texts = st.text(alphabet=st.sampled_from("ab \n\t\u202e\x1b<&"), max_size=60)
places = st.integers(0, 70)
spans = st.lists(st.tuples(places, places).map(sorted).map(lambda p: Span(*p)), max_size=6)


def bare(text: str) -> Monograph:
    """A monograph without sections, as nobody reads it: for what holds of any text."""
    return Monograph(name="x", form="text", source=text, text=text, sections=())


@given(texts, spans)
def test_the_blocks_hold_every_character_of_the_text_in_its_order(text, spans):
    found = blocks(bare(text), dict(enumerate(spans)))
    shown = ["".join(piece.text for piece in block.pieces) for block in found]
    assert shown == [visible(line) for line in text.split("\n") if line.strip()]


@given(texts, spans)
def test_a_mark_over_words_begins_once_and_ends_once_and_what_is_between_lies_under_it(text, spans):
    pieces = [p for b in blocks(bare(text), dict(enumerate(spans))) for p in b.pieces]
    for number, span in enumerate(spans):
        begins = [i for i, piece in enumerate(pieces) if number in piece.begins]
        ends = [i for i, piece in enumerate(pieces) if number in piece.ends]
        assert len(begins) == len(ends) <= 1
        words = text[span.start : span.end].strip()
        if not words:
            continue
        inside = pieces[begins[0] : ends[0] + 1]
        assert "".join(p.text for p in inside) == visible(words.replace("\n", "")) or "\n" in words
        assert all(p.worst is not None and p.worst <= number for p in inside)


@given(texts, spans)
def test_what_lies_under_no_mark_is_not_marked(text, spans):
    under = {i for span in spans for i in range(span.start, span.end)}
    free = [visible(c) for i, c in enumerate(text) if i not in under and not c.isspace()]
    pieces = [p for b in blocks(bare(text), dict(enumerate(spans))) for p in b.pieces]
    assert "".join("".join(p.text.split()) for p in pieces if p.worst is None) == "".join(free)


def test_of_two_marks_over_the_same_words_the_worse_one_is_seen():
    text = page("A dose goes into the thigh today.\n")
    found = blocks(text, {0: at(text, "thigh"), 1: at(text, "goes into the thigh")})
    assert [(p.text, p.worst) for p in found[0].pieces] == [
        ("A dose ", None),
        ("goes into the ", 1),
        ("thigh", 0),
        (" today.", None),
    ]
    assert found[0].pieces[2].ends == (0, 1)


def test_headings_items_and_rows_are_those_that_the_reader_found():
    text = page("# Drug\n\n## Dose\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nSaid.\n")
    kinds = [(block.kind, block.level) for block in blocks(text, {})]
    assert kinds == [
        *(("heading", 1), ("heading", 2), ("item", 0), ("item", 0)),
        *(("row", 0), ("row", 0), ("text", 0)),
    ]


def test_no_level_of_headings_is_left_out_on_the_way_down():
    text = page("<h1>Drug</h1><h5>Dose</h5><p>Said.</p><h5>Storage</h5><p>Cold.</p><br><br>")
    assert [block.level for block in blocks(text, {}) if block.kind == "heading"] == [1, 2, 2]


def test_a_very_long_text_is_shown_around_its_marks_and_says_how_much_is_left_out():
    filler = "Nothing of note stands in this line.\n" * (MOST_CHARACTERS // 30)
    text = page(filler + THIGH + filler)
    found = blocks(text, {0: at(text, "into the thigh")})
    shown = sum(len(p.text) for b in found for p in b.pieces)
    assert shown < 5_000
    assert [p.text for b in found for p in b.pieces if p.worst == 0] == ["into the thigh"]
    gaps = [block.left_out for block in found if block.kind == "gap"]
    assert len(gaps) == 2
    assert sum(gaps) + shown == pytest.approx(len(text.text), abs=200)  # line ends are in neither


def test_one_line_of_a_million_characters_is_cut_around_its_mark():
    text = page("word " * 200_000 + "into the thigh " + "word " * 200_000)
    found = blocks(text, {0: at(text, "into the thigh")})
    assert sum(len(p.text) for b in found for p in b.pieces) < 5_000
    assert "into the thigh" in [p.text for b in found for p in b.pieces]


@given(st.text())
def test_no_character_that_acts_is_shown(text):
    assert all(c.isprintable() or c in HARMLESS for c in visible(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("\x9b2J", "⟨U+009B⟩2J"),
        ("\ud800", "⟨U+D800⟩"),
        ("5\u00a0mL", "5 mL"),
        ("á ß 髄注 µg", "á ß 髄注 µg"),
    ],
)
def test_a_character_that_acts_is_spelled_and_a_letter_is_not(text, shown):
    assert visible(text) == shown


@given(texts, places, places, st.integers(10, 40))
def test_the_words_around_a_span_stay_on_one_line_and_are_short(text, a, b, room):
    shown = around(text, Span(min(a, b), max(a, b)), room)
    assert "\n" not in shown
    assert len(shown) <= room + 12 + 7 * len(text)  # a spelled character is eight long


def test_the_words_around_a_span_say_where_they_are_cut():
    words = "one two three four five six INSIDE seven eight nine ten eleven twelve"
    shown = around(words, Span(words.index("INSIDE"), words.index("INSIDE") + 6), 30)
    assert shown == "… five six «INSIDE» seven …"
    assert around("INSIDE", Span(0, 6), 30) == "INSIDE"


# -- in a terminal


def test_the_table_is_sorted_by_severity_and_then_as_the_page():
    text = page("First words. Second words. Third words.\n")
    shown = audit_text(
        audited(
            text,
            difference(text, "Second", Severity.MINOR),
            difference(text, "First", Severity.INFO),
            difference(text, "Third", Severity.SAFETY),
        )
    )
    rows = re.findall(r"^(SAFETY|major|minor|info) +(\d+:\d+)", shown, re.MULTILINE)
    assert rows == [("SAFETY", "1:28"), ("minor", "1:14"), ("info", "1:1")]


def test_a_difference_shows_its_words_the_label_with_section_and_version_and_why():
    text = page(THIGH)
    shown = audit_text(audited(text, difference(text, "into the thigh", Severity.SAFETY)))
    flat = " ".join(shown.split())
    assert "SAFETY 1:41 contradicts dosing.route" in flat
    assert "100 mg injected «into the thigh» every 28 days." in flat
    assert f"intrathecal [US label §{ROUTE.source.section}, {ROUTE.source.version}]" in flat
    assert "why It would not reach the cord." in flat
    assert "1 difference: 1 safety." in flat


def test_an_omission_has_no_line_and_a_page_against_itself_names_the_other_place():
    text = page("Contraindications: none.\n\nNever give it to a person with an allergy to it.\n")
    itself = difference(text, "Never give it", against=at(text, "none"))
    shown = audit_text(audited(text, itself, difference(text)))
    assert re.search(r"^major +– +omits", shown, re.MULTILINE)
    assert "itself line 1: Contraindications: «none»." in " ".join(shown.split())


def test_of_many_differences_the_minor_ones_are_counted_unless_all_are_asked_for():
    text = page(" ".join(f"word{i}" for i in range(45)) + "\n")
    many = audited(
        text,
        *(difference(text, f"word{i}", Severity.MAJOR) for i in range(10, 13)),
        *(difference(text, f"word{i}", Severity.MINOR) for i in range(10, 45)),
        *(difference(text, f"word{i}", Severity.INFO) for i in range(10, 16)),
    )
    short, long = audit_text(many), audit_text(many, is_long=True)
    assert len(re.findall(r"^major ", short, re.MULTILINE)) == 3
    assert not re.findall(r"^(?:minor|info) ", short, re.MULTILINE)
    assert "Not shown: 35 minor and 6 info" in short
    assert len(re.findall(r"^(?:minor|info) ", long, re.MULTILINE)) == 41
    assert "Not shown" not in long
    assert "44 differences: 3 major, 35 minor, 6 info." in short


def test_a_clean_page_is_not_said_to_be_right():
    text = page(THIGH)
    shown = " ".join(audit_text(audited(text, claims=(claim(text, "28 days", 28.0, "d"),))).split())
    assert "No difference was found." in shown
    assert "1 claim read, on 1 topic (dosing)." in shown
    assert "that does not make the page right" in shown
    assert "not a medical device" in shown


def test_a_page_of_which_nothing_was_read_says_so():
    assert "no claim could be checked" in audit_text(audited(page("Hello.\n")))


def test_nothing_in_a_page_acts_on_the_terminal():
    text = bare("A \x1b[2Jdose \u202egoes\u2069 \x9b31m into the thigh.")
    shown = audit_text(
        audited(text, difference(text, "into the thigh", label_value="\x1b]0;x\x07"))
    )
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert "⟨U+001B⟩" in shown and "⟨U+202E⟩" in shown


def conflict(
    first_ok: bool | None = True, second_ok: bool | None = False
) -> tuple[Monograph, Monograph, Conflict]:
    first, second = page("Given every 28 days.\n", "a.txt"), page("Every month.\n", "b.txt")
    found = Conflict(
        topic="dosing.maintenance",
        name="interval_d",
        first=claim(first, "28 days", 28.0, "d"),
        second=claim(second, "month", (1.0, 1.5), "month"),
        severity=Severity.MAJOR,
        why="A month is longer.",
        first_ok=first_ok,
        second_ok=second_ok,
        label_value="every 28 days",
    )
    return first, second, found


def test_two_pages_show_what_each_says_and_which_is_as_the_label():
    first, second, found = conflict()
    flat = " ".join(compare_text(first, second, LABEL, [found]).split())
    assert "A a.txt" in flat and "B b.txt" in flat
    assert "major A dosing.maintenance interval_d" in flat
    assert "A 1:13 28 d: Given every «28 days»." in flat
    assert "B 1:7 1 to 1.5 month: Every «month»." in flat
    assert "label every 28 days why A month is longer. 1 conflict: 1 major." in flat


def test_two_pages_that_agree_are_not_said_to_be_right():
    first, second, _ = conflict()
    flat = " ".join(compare_text(first, second, LABEL, []).split())
    assert "No conflict was found." in flat and "both may be wrong" in flat


@pytest.mark.parametrize(
    ("first_ok", "second_ok", "right"),
    [
        (True, False, "first"),
        (False, True, "second"),
        (True, True, "both"),
        (False, False, "neither"),
        (True, None, "first"),
        (False, None, None),
        (None, None, None),
    ],
)
def test_a_page_is_as_the_label_only_where_the_label_speaks(first_ok, second_ok, right):
    assert right_page(conflict(first_ok, second_ok)[2]) == right


# -- the page with marks


class Seen(HTMLParser):
    """The tags, attributes, ids and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, name: str) -> list[str | None]:
        return [value for key, value in self.attributes if key == name]


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)></style><style>*{display:none}</style>"
    "</article></main><a href='javascript:alert(3)'>go</a>{{ 7*7 }}{% raw %}<!-- "
    "<svg onload=alert(4)> &lt;b&gt; ]]> \u202eevil\u202c \x00\x1b \ud83d into the thigh"
)


def hostile() -> Audit:
    text = bare(f"{HOSTILE}\n- {HOSTILE}\n")
    return audited(
        Monograph(name=f"{HOSTILE}.html", form="html", source="", text=text.text, sections=()),
        difference(text, "into the thigh", why=HOSTILE, label_value=HOSTILE),
        difference(text, "<script>alert(1)</script>", Severity.SAFETY),
        difference(text, "onerror=alert(2)></style>", Severity.MINOR),
        difference(text, label_value=HOSTILE),
    )


def test_a_hostile_page_becomes_words_and_no_element_of_its_own():
    plain = bare("x into the thigh\n- x\n")
    tame = Seen(audit_page(audited(plain, difference(plain, "into the thigh"))))
    seen = Seen(audit_page(hostile()))
    assert set(seen.tags) <= set(tame.tags) | {"ul", "li", "section"}
    assert not {"script", "img", "svg", "iframe", "link", "object", "form"} & set(seen.tags)
    assert seen.tags.count("style") == seen.tags.count("article") == seen.tags.count("main") == 1
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "style"]
    assert all(str(href).startswith("#") for href in seen.values("href"))
    assert not seen.values("src")
    assert "".join(seen.words).count("{{ 7*7 }}{% raw %}") >= 4


def test_a_page_with_marks_shows_no_character_that_acts_and_can_be_written():
    html = audit_page(hostile())
    assert not set(html) & set("\x00\x1b\u202e\u202c\ud83d")
    assert "⟨U+202E⟩evil⟨U+202C⟩ ⟨U+0000⟩⟨U+001B⟩ ⟨U+D83D⟩" in html
    assert html.encode()


def test_the_content_policy_allows_its_own_style_and_nothing_else():
    import base64
    import hashlib

    html = audit_page(audited(page(THIGH)))
    style = html.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    allowed = policy[1].replace("&#39;", "'").split("; ")
    assert allowed[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert "unsafe" not in policy[1] and "<script" not in html


def test_every_link_finds_its_place_and_no_place_is_there_twice():
    text = page("Contraindications: none.\n\nAn allergy forbids it. 28 days in the thigh.\n")
    seen = Seen(
        audit_page(
            audited(
                text,
                difference(text, "allergy", against=at(text, "none")),
                difference(text, "in the thigh", Severity.SAFETY),
                difference(text, "28 days in the", Severity.MINOR),
                difference(text, span=Span(0, len(text.text)), severity=Severity.INFO),
                difference(text),
            )
        )
    )
    ids = seen.values("id")
    assert len(ids) == len(set(ids))
    assert {str(href)[1:] for href in seen.values("href")} <= set(ids)
    assert {"m1", "m2", "m4", "m5", "b2", "d1", "d2", "d3", "d4", "d5"} <= set(ids)
    assert "m3" not in ids  # left out by the page: it has a note and no mark


def test_a_mark_tells_its_severity_in_letters_and_its_note_names_the_section():
    text = page(THIGH)
    html = audit_page(audited(text, difference(text, "into the thigh", Severity.SAFETY)))
    assert '<mark class="safety">into the thigh</mark>' in html
    assert 'aria-label="S1, safety: go to its note">S1</a>' in html
    assert f"[US label §{ROUTE.source.section}, {ROUTE.source.version}]" in html


def test_a_mark_whose_words_are_not_shown_is_told_beside_the_page():
    text = bare("   \n\n")
    lost = difference(text, span=Span(1, 2), severity=Severity.SAFETY)
    html = audit_page(audited(text, lost))
    assert "Without a place in the text" in html
    assert 'href="#d1"' in html and 'href="#m1"' not in html


def test_a_page_of_ten_megabytes_with_many_differences_stays_a_page_to_open():
    line = "The maintenance dose is injected into the thigh.\n"
    text = page(line * (10_000_000 // len(line)))
    step = len(line)
    found = [
        difference(text, span=Span(i * step + 28, i * step + 46)) for i in range(0, 200_000, 200)
    ]
    html = audit_page(audited(text, *found))
    assert len(html) < 2_000_000
    assert html.count("<mark") == MOST_MARKED
    assert f"{len(found) - MOST_MARKED} more are not on this page" in html


# -- JSON


def schema(name: str) -> dict:
    text = files("thecal.report").joinpath(f"schemas/{name}.v1.json").read_text(encoding="utf-8")
    return json.loads(text)


def keeps(document: dict, name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    faults = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema(name)).iter_errors(document)
    ]
    assert not faults


def test_the_answer_of_an_audit_keeps_its_schema_and_its_keys():
    text = page("Contraindications: none.\n\nNever with an allergy. Every 28 days.\n")
    found = audited(
        text,
        difference(text, "allergy", against=at(text, "none")),
        difference(text, statement=None, label_value=""),
        claims=(
            claim(text, "28 days", 28.0, "d"),
            claim(text, "Every 28", (1.0, 1.5), "month"),
            claim(text, "none", "none"),
            claim(text, "Never", float("inf"), "d"),
        ),
    )
    document = json.loads(dump(audit_document(found), rows="claims"))
    keeps(document, "audit")
    assert document == json.loads(dump(audit_document(found)))
    first, second = document["differences"]
    assert {"class", "severity", "topic", "quote", "line", "column"} <= set(first)
    assert {"label_value", "label_section", "label_version", "label_document", "why"} <= set(first)
    assert (first["line"], first["quote"], first["label_section"]) == (3, "allergy", "2.1")
    assert first["elsewhere"] == {"line": 1, "column": 20, "quote": "none"}
    assert (second["line"], second["class"], second["label_section"]) == (0, "omits", None)
    assert [c["value"] for c in document["claims"]] == [28, [1, 1.5], "none", None]
    assert {"topic", "name", "value", "unit", "line", "column", "quote", "hedged"} <= set(
        document["claims"][0]
    )
    assert document["counts"] == {"safety": 0, "major": 2, "minor": 0, "info": 0}


def test_the_answer_of_a_comparison_keeps_its_schema():
    first, second, found = conflict()
    document = json.loads(dump(compare_document(first, second, LABEL, [found])))
    keeps(document, "compare")
    assert document["conflicts"][0]["as_label"] == "first"
    assert document["conflicts"][0]["second"]["value"] == [1, 1.5]


@pytest.mark.parametrize("name", ["audit", "compare"])
def test_every_key_is_described(name):
    def check(node: object, where: str) -> None:
        if isinstance(node, dict):
            for key, value in node.get("properties", {}).items():
                assert value.get("description"), f"{where}.{key}"
            for key, value in node.items():
                check(value, f"{where}.{key}")
        elif isinstance(node, list):
            for value in node:
                check(value, where)

    check(schema(name), name)


@given(st.text(alphabet=st.characters(codec=None), max_size=30))
def test_json_holds_the_page_s_characters_and_none_that_acts_on_a_terminal(text):
    written = dump({"quote": text, "rows": [{"quote": text}]}, rows="rows")
    assert json.loads(written) == {"quote": text, "rows": [{"quote": text}]}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", written)
    assert written.encode()


# -- the commands


def run(*arguments: object, text: str | bytes | None = None):
    return CliRunner().invoke(app, ["label", *map(str, arguments)], input=text)


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (THIGH, (), 1),
        (THIGH, ("--fail-on", "safety"), 1),
        ("Tofersen is given intrathecally, 100 mg in 15 mL.\n", ("--fail-on", "safety"), 0),
        ("%PDF-1.7 x", (), 2),
        (THIGH, ("--drug", "nothing-such"), 2),
        (THIGH, ("--version", "1066"), 2),
        (THIGH, ("--fail-on", "everything"), 2),
        (THIGH, ("--html", "out.txt"), 2),
    ],
)
def test_the_exit_code_tells_clean_from_different_from_unreadable(text, options, code):
    result = run("audit", "-", *options, text=f"Tofersen\n\n{text}" if text == THIGH else text)
    assert result.exit_code == code, result.output
    assert bool(result.stderr) == (code == 2)
    assert bool(result.stdout) == (code != 2)


def test_a_file_that_is_not_there_a_folder_and_endless_input_are_refused(tmp_path):
    missing, folder = run("audit", tmp_path / "no.txt"), run("audit", tmp_path)
    assert missing.exit_code == folder.exit_code == 2
    assert str(tmp_path) not in missing.stderr + folder.stderr
    endless = run("audit", "-", text=b"a" * (MAX_BYTES + 2))
    assert endless.exit_code == 2 and "more than 20,000,000 bytes" in endless.stderr


def test_json_names_the_file_and_no_folder(tmp_path):
    file = tmp_path / "leaflet.txt"
    file.write_text("Tofersen\n\n" + THIGH, encoding="utf-8")
    result = run("audit", file, "--json")
    document = json.loads(result.stdout)
    keeps(document, "audit")
    assert document["file"] == "leaflet.txt" and str(tmp_path) not in result.stdout
    assert result.exit_code == 1
    thigh = [d for d in document["differences"] if d["topic"] == "dosing.route"]
    assert [(d["class"], d["severity"], d["line"]) for d in thigh] == [("contradicts", "safety", 3)]


def test_the_page_is_written_beside_the_answer(tmp_path):
    out = tmp_path / "marked.html"
    result = run("audit", ERRORS, "--html", out)
    assert result.exit_code == 1 and "SAFETY" in result.stdout
    assert '<mark class="safety">' in out.read_text(encoding="utf-8")


def test_a_page_of_which_nothing_was_read_is_noted_aloud():
    result = run("audit", "-", text="Hello, world.\n")
    assert result.exit_code == 0
    assert "nothing was checked" in result.stderr


def test_two_pages_are_compared_and_only_one_can_come_from_standard_input(tmp_path):
    file = tmp_path / "other.txt"
    file.write_text("Tofersen\n\nThe bolus goes in over 1 to 3 minutes.\n", encoding="utf-8")
    words = "Tofersen\n\nThe bolus goes in over 10 minutes.\n"
    result = run("compare", file, "-", "--json", "--fail-on", "info", text=words)
    document = json.loads(result.stdout)
    keeps(document, "compare")
    assert result.exit_code == bool(document["conflicts"])
    assert [f["file"] for f in document["files"]] == ["other.txt", "standard input"]
    assert run("compare", file, file, "--fail-on", "info").exit_code == 0
    assert run("compare", "-", "-", text=words).exit_code == 2


def test_the_example_page_holds_an_error_that_could_hurt():
    document = json.loads(run("audit", ERRORS, "--json").stdout)
    keeps(document, "audit")
    assert document["counts"]["safety"] >= 2


def test_the_entry_shown_in_the_documents_is_one_of_the_answer():
    text = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    entry = text.split("```text\n")[1].split("```")[0]
    assert entry.startswith("SAFETY")
    assert entry in run("audit", ERRORS).stdout
