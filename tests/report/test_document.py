"""The page and the picture: what is in them, that nothing leaves, that input stays text."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from thecal.course import Course, Dose, Event, Observation
from thecal.interop.records import read_course
from thecal.label.catalog import load_label
from thecal.plan.answer import DISCLAIMER, answer, when_due
from thecal.report import tables
from thecal.report.document import inert_json, page, write_page
from thecal.report.figures import PANELS, alternative, timeline, write_figure
from thecal.report.terminal import course_text

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
INVENTED = ROOT / "tests" / "label" / "drugs"  # a medicine with a label and no model
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


# -- a model of kinetics alone, and no model

SEEN = (
    Observation(time_d=-2, kind="nfl_csf", value=900, unit="pg/mL"),
    Observation(time_d=28, kind="nfl_csf", value=700, unit="pg/mL"),
    Observation(time_d=28, kind="csf_protein", value=300, unit="mg/L"),
)
OF_TOFERSEN = ("SOD1", "NfL", "ALSFRS", "vital capacity", "SVC", "tofersen", "untreated")


@pytest.fixture(scope="module")
def nusinersen():
    course = read_course(ROOT / "tests" / "cases" / "nusinersen.csv").course
    return answer(when_due(course, load_label("nusinersen", "us"), on=dt.date(2025, 1, 15)))


@pytest.fixture(scope="module")
def invented():
    """Two loading doses and one of maintenance, with three values measured."""
    doses = tuple(Dose(time_d=day, amount_mg=10) for day in (0, 7, 35))
    course = Course(
        patient_id="p", start=dt.date(2031, 1, 24), doses=doses, observations=SEEN, events=()
    )
    return answer(when_due(course, load_label("fablersen", "us", INVENTED)), folder=INVENTED)


def titles(spec) -> list[str]:
    return [view["title"] for view in spec["vconcat"]]


def test_panels_and_tables_are_those_of_the_model(nusinersen):
    assert titles(timeline(nusinersen)) == ["Doses and events", "Drug in CSF", "Drug in plasma"]
    head = ("day", "CSF drug, ng/mL", "plasma drug, ng/mL")
    assert tables.predictions(nusinersen).head == head
    assert not tables.observed(nusinersen).rows


def test_a_trough_is_shown_where_the_model_has_drug_in_csf(nusinersen):
    """By hand from the forecast: what is in CSF before the fourth dose, mg/L to ng/mL."""
    shown = dict(zip(tables.doses(nusinersen).head, tables.doses(nusinersen).rows[3], strict=True))
    typical, lo, hi = (1e3 * x for x in nusinersen.forecast.series["csf"].at(58))
    words = f"{typical:.0f} ({lo:.0f}–{hi:.0f})"
    assert shown["CSF trough, predicted, ng/mL"] == words
    assert typical > 1


def test_nothing_is_said_of_outputs_that_the_model_does_not_have(nusinersen):
    html = page(nusinersen)
    head = html.partition("<script>")[0]  # the library's own text comes after
    assert "Drug in plasma" in head
    for words in (course_text(nusinersen), head, alternative(nusinersen)):
        assert not [name for name in OF_TOFERSEN if name.lower() in words.lower()]


def test_what_a_model_is_of_stands_beside_its_curves(nusinersen):
    """Kinetics of children are no kinetics of adults: text, page and picture say whose they are."""
    about = nusinersen.forecast.population.about
    assert "adults are outside the data" in about
    assert about in " ".join(course_text(nusinersen).split())
    assert about in page(nusinersen)
    assert about in " ".join(timeline(nusinersen)["title"]["subtitle"])


def test_a_log_axis_reaches_down_to_what_is_left_after_months(nusinersen):
    """Before a dose 4 months on, the typical child has less than 1 ng/mL in plasma."""
    (plasma,) = [v for v in timeline(nusinersen)["vconcat"] if v["title"] == "Drug in plasma"]
    low, _ = plasma["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low <= min(row["lo"] for row in plasma["data"]["values"])


def test_without_a_model_one_sentence_says_so_and_all_else_is_there(invented):
    says = "There is no model of fablersen here"
    words = " ".join(course_text(invented).split())
    assert words.count(says) == 1
    for part in ("Doses given", "Dose 4 is due on Mon 2031-03-31", "Findings", "CSF protein up to"):
        assert part in words
    for part in ("Predicted", "From the record", "curves", "virtual"):
        assert part not in words
    assert tables.doses(invented).head == ("dose", "day", "date", "interval, d", "late, d", "mg")


def test_the_page_without_a_model_has_no_empty_part(invented):
    head = page(invented).partition("<script>")[0]
    visible = re.sub(r'aria-label="[^"]*"', "", head)
    assert "There is no model of fablersen here" in visible
    assert "Dose 4 is due on Mon 2031-03-31" in visible
    for part in ("Where the numbers of the model come from", "Predicted", "None", "Line: typical"):
        assert part not in visible


def test_what_no_model_predicts_is_drawn_as_it_was_measured(invented):
    spec = timeline(invented)
    measured = ["CSF protein, measured", "Neurofilament light in CSF, measured"]
    assert titles(spec) == ["Doses and events", *measured]
    drawn = spec["vconcat"][2]["layer"][1]["data"]["values"]
    assert [(row["day"], row["seen"]) for row in drawn] == [(-2, 900), (28, 700)]
    low, high = spec["vconcat"][2]["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert low < 700 and high > 900
    days = [row["day"] for row in spec["vconcat"][0]["layer"][0]["data"]["values"]]
    assert days[0] < -2 and days[1] > 66  # the day the next dose is due


def test_a_measured_value_that_the_model_predicts_is_drawn_once(dresden):
    assert not [t for t in titles(timeline(dresden)) if t.startswith("Neurofilament light in")]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_course_without_a_model_has_a_picture(invented, suffix, tmp_path):
    write_figure(invented, tmp_path / f"a{suffix}")
    start = {".png": b"\x89PNG", ".svg": b"<svg"}[suffix]
    assert (tmp_path / f"a{suffix}").read_bytes().startswith(start)


def test_a_first_dose_alone_has_a_time_axis_without_a_model():
    course = Course(patient_id="p", start=None, doses=(Dose(time_d=0, amount_mg=10),))
    due = when_due(course, load_label("fablersen", "us", INVENTED))
    spec = timeline(answer(due, folder=INVENTED))
    first, last = (row["day"] for row in spec["vconcat"][0]["layer"][0]["data"]["values"])
    assert last - first >= 28


@pytest.mark.parametrize(("edition", "is_said"), [("2020", True), (None, False)])
def test_a_superseded_label_is_called_so_where_its_date_stands(edition, is_said):
    course = read_course(ROOT / "tests" / "cases" / "nusinersen.csv").course
    found = answer(when_due(course, load_label("nusinersen", "us", edition=edition)))
    says = "SUPERSEDED: another version is in force"
    for words in (course_text(found), page(found)):
        assert (says in " ".join(words.split())) is is_said
