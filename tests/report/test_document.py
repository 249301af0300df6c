"""The page and the picture: what is in them, that nothing leaves, that input stays text."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from thecal.course import Course, Dose, Event, Observation
from thecal.interop.records import read_course
from thecal.label.catalog import load_label
from thecal.plan.answer import DISCLAIMER, answer, when_due
from thecal.report.document import inert_json, page, write_page
from thecal.report.figures import PANELS, timeline, write_figure

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def dresden():
    course = read_course(EXAMPLES / "dresden.csv").course
    return answer(when_due(course, load_label("tofersen", "us")))


@pytest.fixture(scope="module")
def dresden_page(dresden):
    return page(dresden, ["rows were sorted"])


def test_the_page_asks_for_nothing_from_outside(dresden_page):
    """Self-contained: no element that loads, and a policy that forbids connections."""
    without_library = re.sub(r"<script>.*?</script>", "", dresden_page, flags=re.DOTALL)
    assert not re.findall(r"<(?:link|iframe|img|object|embed|script[^>]+src)", without_library)
    assert "default-src &#39;none&#39;" in dresden_page
    assert "connect-src" not in dresden_page  # so default-src 'none' holds for connections
    assert "unsafe-eval" not in dresden_page


def test_the_policy_names_the_hash_of_each_script(dresden_page):
    scripts = re.findall(r"<script>(.*?)</script>", dresden_page, flags=re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"sha256-{digest}" in dresden_page


def test_the_page_says_what_it_is_not_at_its_head_and_at_its_foot(dresden_page):
    assert dresden_page.count(DISCLAIMER) == 2


def test_the_page_gives_the_answer_and_its_source_before_the_picture(dresden_page):
    before = dresden_page[: dresden_page.index('id="timeline"')]
    assert "Dose 33 is due on day 897" in before
    assert "section 2.1" in before
    assert "INTRATHECAL" in before


def test_the_picture_has_words_for_a_reader_who_does_not_see_it(dresden_page):
    words = re.search(r'role="img" aria-label="([^"]+)"', dresden_page)
    assert words is not None
    assert "32 doses given from day 0 to day 869" in words[1]
    for panel in PANELS:
        assert panel.title in words[1]


def test_what_was_done_to_read_the_file_is_on_the_page(dresden_page):
    assert "rows were sorted" in dresden_page


def test_a_hostile_record_stays_text():
    """Names, notes and events come from a file anybody may have made."""
    course = Course(
        patient_id=HOSTILE,
        start=None,
        doses=(Dose(time_d=0, amount_mg=60, note=HOSTILE),),
        observations=(
            Observation(time_d=0, kind="nfl_plasma", value=90, unit=HOSTILE, method=HOSTILE),
        ),
        events=(Event(time_d=3, name=HOSTILE, note=HOSTILE),),
    )
    html = page(answer(when_due(course, load_label("tofersen", "us"))), [HOSTILE])
    assert "<script>alert" not in html
    head, *scripts = html.split("<script>")  # the library's own text may speak of <img
    assert "<img" not in head
    assert len(scripts) == 2


def test_json_in_a_script_cannot_end_it():
    assert "<" not in inert_json({"a": HOSTILE, "b": "<!--"})


def test_the_same_course_gives_the_same_page(dresden, dresden_page):
    assert page(dresden, ["rows were sorted"]) == dresden_page


def test_every_panel_shares_one_time_axis_and_names_its_unit(dresden):
    views = timeline(dresden)["vconcat"]
    spans = set()
    for view in views:
        frame = next(
            layer for layer in view["layer"] if layer["mark"] == {"type": "rule", "opacity": 0}
        )
        spans.add(tuple(row["day"] for row in frame["data"]["values"]))
    assert len(spans) == 1
    assert all(layer["encoding"]["y"]["title"] for view in views[1:] for layer in view["layer"][:1])


def test_doses_events_and_observations_are_all_drawn(dresden):
    """Count marks against the course: 32 doses, 3 assumed ones, every event from day -60 on."""
    course = dresden.due.course
    rows = timeline(dresden)["vconcat"][0]["layer"][1]["data"]["values"]
    kinds = [row["kind"] for row in rows]
    assert kinds.count("dose given") == 32
    assert kinds.count("dose assumed") == 3
    events = sum(event.time_d >= -60 for event in course.events)
    assert kinds.count("event") + kinds.count("serious event") == events
    seen = sum(
        len(layer["data"]["values"])
        for view in timeline(dresden)["vconcat"][1:]
        for layer in view["layer"]
        if isinstance(layer["mark"], dict) and layer["mark"]["type"] == "point"
    )
    drawn = ("nfl_csf", "alsfrs_r", "csf_wbc", "csf_protein", "albumin_ratio")
    assert seen == sum(o.kind in drawn and o.time_d >= -60 for o in course.observations)


def test_a_picture_is_written_as_png_and_as_svg(dresden, tmp_path):
    write_figure(dresden, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n")
    write_figure(dresden, tmp_path / "a.svg")
    words = "".join(ET.parse(tmp_path / "a.svg").getroot().itertext())
    assert "not a medical device" in words
    assert "ALSFRS-R" in words


def test_a_page_is_written_whole(dresden, tmp_path):
    write_page(dresden, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
