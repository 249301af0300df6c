"""Can a person read the page of a course? In a real Chromium, at desktop and phone width."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from thecal.course import Course, Dose, Observation
from thecal.interop.records import read_course
from thecal.label.catalog import load_label
from thecal.plan.answer import answer, when_due
from thecal.report.document import write_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
INVENTED = ROOT / "tests" / "label" / "drugs"  # a medicine with a label and no model
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]
WIDTHS = {"desktop": (1200, 900), "phone": (375, 800)}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "dresden.html"
    course = read_course(EXAMPLES / "dresden.csv").course
    write_page(answer(when_due(course, load_label("tofersen", "us"))), path)
    return path


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(params=WIDTHS, scope="module")
def shown(request, browser, page_file):
    """The page, drawn, with what it asked for and what it complained about."""
    width, height = WIDTHS[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(page_file.as_uri())
    page.wait_for_selector("#timeline-hint:not([hidden])", timeout=15_000)
    yield page
    page.close()


def test_the_page_asks_the_network_for_nothing_and_does_not_complain(shown, page_file):
    assert shown.asked == [page_file.as_uri()]
    assert shown.said == []


def test_nothing_is_wider_than_the_window(shown):
    width = shown.viewport_size["width"]
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_a_person_finds_the_answer_the_findings_and_the_picture(shown):
    assert shown.get_by_label("Next dose").get_by_text("Dose 33 is due on day 897.").is_visible()
    assert shown.get_by_role("heading", name="What needs attention").is_visible()
    assert shown.get_by_role("img", name="Timeline of the course").is_visible()
    assert shown.get_by_role("table", name="Doses given").get_by_role("row").count() == 33
    assert shown.get_by_text("not a medical device").first.is_visible()


def test_dragging_across_the_doses_narrows_the_time_axis(shown):
    """The window set in the first strip is the time axis of every panel."""
    shown.evaluate("document.getElementById('timeline').scrollIntoView()")
    chart = shown.locator("#timeline svg")
    before = chart.text_content()
    area = shown.locator("#timeline .mark-group.role-scope .background").first.bounding_box()
    y = area["y"] + area["height"] / 2
    shown.mouse.move(area["x"] + area["width"] * 0.2, y)
    shown.mouse.down()
    shown.mouse.move(area["x"] + area["width"] * 0.4, y, steps=8)
    shown.mouse.up()
    for _ in range(50):
        if chart.text_content() != before:
            break
        shown.wait_for_timeout(100)
    assert chart.text_content() != before


def test_the_page_has_no_serious_fault_of_accessibility(shown):
    """axe-core, the rules of WCAG 2.1 A and AA."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(shown).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert serious == []


def test_the_page_prints_tagged_on_paper(browser, page_file, tmp_path):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_selector("#timeline-hint:not([hidden])", state="attached", timeout=15_000)
    data = page.pdf(format="A4", tagged=True)
    page.close()
    assert data.startswith(b"%PDF")
    assert b"/StructTreeRoot" in data


def test_without_scripts_the_still_picture_is_there(browser, page_file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("#timeline svg").bounding_box()["height"] > 500
    context.close()


def other(name: str):
    """A course on nusinersen, whose model is kinetics alone; one on a medicine without a model."""
    if name == "nusinersen":
        course = read_course(ROOT / "tests" / "cases" / "nusinersen.csv").course
        return answer(when_due(course, load_label("nusinersen", "us")))
    doses = tuple(Dose(time_d=day, amount_mg=10) for day in (0, 7))
    seen = (Observation(time_d=7, kind="csf_protein", value=300, unit="mg/L"),)
    start = dt.date(2031, 1, 24)
    course = Course(patient_id="p", start=start, doses=doses, observations=seen)
    return answer(when_due(course, load_label("fablersen", "us", INVENTED)), folder=INVENTED)


@pytest.mark.parametrize(
    ("name", "panels"),
    [
        ("nusinersen", ["Doses and events", "Drug in CSF", "Drug in plasma"]),
        ("fablersen", ["Doses and events", "CSF protein, measured"]),
    ],
)
def test_the_page_of_another_medicine_is_drawn_and_read(name, panels, browser, tmp_path):
    """On a phone: the panels it has, nothing asked for, no complaint, no fault of axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / f"{name}.html"
    write_page(other(name), path)
    page = browser.new_page(viewport={"width": 375, "height": 800})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("#timeline-hint:not([hidden])", timeout=15_000)
    shown = page.locator("#timeline svg .role-title-text text").all_text_contents()
    assert shown == panels
    assert (asked, said) == ([path.as_uri()], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    violations = Axe().run(page).response["violations"]
    assert [v for v in violations if v["impact"] in ("serious", "critical")] == []
    page.close()
