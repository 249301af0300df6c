"""Is the checklist one sheet that a nurse can print, tick and sign? In a real Chromium."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest

from thecal.clinic.policy import policy_path
from thecal.clinic.visit.course import before, next_due
from thecal.clinic.visit.steps import checklist, read_visit_policy
from thecal.interop.records import read_course
from thecal.label.catalog import load_label
from thecal.report.visit import Occasion, write_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
COURSE = Path(__file__).resolve().parents[2] / "examples" / "visit" / "course.csv"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]
LABELS = {
    "tofersen us": ("tofersen", "us", None),
    "tofersen eu": ("tofersen", "eu", None),
    "nusinersen us": ("nusinersen", "us", None),
    "nusinersen us 2020": ("nusinersen", "us", "2020"),
    "nusinersen eu": ("nusinersen", "eu", None),
}


def occasion(label) -> Occasion:
    """A day and a dose that is due, which fill the head of the page."""
    if label.medicine != "tofersen":
        return Occasion()
    course = read_course(COURSE).course
    return Occasion(on=dt.date(2025, 6, 18), due=next_due(before(course, 58), label))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, policy = (
        tmp_path_factory.mktemp("visit"),
        read_visit_policy(policy_path("visit", "thecal")),
    )
    found = {}
    for name, (medicine, where, edition) in LABELS.items():
        label = load_label(medicine, where, edition=edition)
        found[name] = folder / f"{name.replace(' ', '-')}.html"
        write_page(checklist(policy, label), found[name], occasion(label))
    return found


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(params=LABELS)
def shown(request, browser, files):
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.asked, page.said, page.file = [], [], files[request.param]
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(page.file.as_uri())
    yield page
    page.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_exactly_one_sheet(shown, paper):
    data = shown.pdf(format=paper, tagged=True)
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    assert b"/StructTreeRoot" in data


@pytest.mark.parametrize(("width_mm", "height_mm"), [(210, 297), (215.9, 279.4)])
def test_nothing_stands_beyond_the_edge_of_the_sheet(shown, width_mm, height_mm):
    """Chromium shrinks a page that is too wide, which makes boxes too small to tick."""
    shown.emulate_media(media="print")
    pixels = round((width_mm - 16) * 96 / 25.4)
    shown.set_viewport_size({"width": pixels, "height": 1000})
    over = shown.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => "
        "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
    )
    assert over == []
    for box in shown.locator(".step .box").all():
        assert box.bounding_box()["width"] > 4.4 * 96 / 25.4
    for cell in shown.locator(".cell").all():
        assert cell.bounding_box()["height"] > 5 * 96 / 25.4


def test_the_page_asks_for_nothing_and_does_not_complain(shown):
    assert shown.asked == [shown.file.as_uri()]
    assert shown.said == []


@pytest.mark.parametrize("width", [1000, 375])
def test_the_page_has_no_serious_fault_of_accessibility(shown, width):
    """axe-core, the rules of WCAG 2.1 A and AA."""
    from axe_playwright_python.sync_playwright import Axe

    shown.set_viewport_size({"width": width, "height": 900})
    found = Axe().run(shown).response["violations"]
    assert [v for v in found if v["impact"] in ("serious", "critical")] == []
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_it_is_black_on_white(shown):
    colours = shown.evaluate(
        "[...new Set([...document.querySelectorAll('body, body *')].flatMap(e => "
        "[getComputedStyle(e).color, getComputedStyle(e).backgroundColor]))]"
    )
    for colour in colours:
        parts = [float(x) for x in re.findall(r"[\d.]+", colour)]
        assert len(set(parts[:3])) == 1, colour  # no hue
        is_ground = parts[0] == 255 or (len(parts) == 4 and parts[3] == 0)
        assert is_ground or parts[0] <= 0x55, colour


def test_a_nurse_finds_the_time_out_with_the_route_in_full_and_a_second_checker(shown):
    card = shown.locator(".card")
    assert "INTRATHECAL" in card.inner_text()
    assert "second checker" in card.inner_text()
    assert not re.search(r"\bIT\b", shown.locator("body").inner_text())
    assert shown.get_by_text("not a medical device").is_visible()
