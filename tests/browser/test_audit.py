"""Can a person read a page with marks, and can a hostile one do nothing? In a real Chromium."""

from __future__ import annotations

import shutil

import pytest

from thecal.label.catalog import load_label
from thecal.label.compare import Audit, Difference, Kind, Severity
from thecal.label.monograph import Monograph, Span, read_monograph
from thecal.report.audit import write_audit_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
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
LABEL = load_label("tofersen", "us")
ERRORS = """# Tofersen

## Dose

The maintenance dose is 100 mg injected into the thigh every month.

- One dose is 100 mg.
- Contraindications: none. Never give it with an allergy.

| Where | How long |
|---|---|
| Below 30 °C | 30 days |
"""
HOSTILE = (
    "<script>alert(1)</script><img src=https://example.org/x onerror=alert(2)></style>"
    "<a href='javascript:alert(3)'>go</a> <svg onload=alert(4)> \u202eevil \x1b \u05d0\u05d1\u05d2 "
    + "longwordwithoutanyblank" * 40
    + " into the thigh\n"
)
VIEWS = {
    "desktop": (1200, "light"),
    "phone": (375, "light"),
    "desktop, dark": (1200, "dark"),
    "phone, dark": (375, "dark"),
}


def difference(page: Monograph, words: str, severity: Severity, other: str = "") -> Difference:
    """Mark the first place of some words, or an omission where there are none."""
    start = page.text.index(words)
    against = page.text.index(other) if other else 0
    return Difference(
        kind=Kind.CONTRADICTS if words else Kind.OMITS,
        severity=severity,
        topic="dosing.route",
        quote=words,
        span=Span(start, start + len(words)) if words else None,
        line=page.place(Span(start, start))[0] if words else 0,
        column=1 if words else 0,
        label_value=f"not {words}",
        statement=LABEL.the("dosing.route"),
        why="It matters.",
        against=Span(against, against + len(other)) if other else None,
    )


def audits() -> dict[str, Audit]:
    errors = read_monograph(ERRORS.encode(), "errors.md")
    hostile = Monograph(
        name=f"{HOSTILE}.txt", form="text", source=HOSTILE, text=HOSTILE, sections=()
    )
    return {
        "errors": Audit(
            monograph=errors,
            label=LABEL,
            claims=(),
            differences=(
                difference(errors, "into the thigh", Severity.SAFETY),
                difference(errors, "100 mg injected into", Severity.MAJOR),
                difference(errors, "an allergy", Severity.MAJOR, other="none"),
                difference(errors, "", Severity.MAJOR),
                difference(errors, "30 days", Severity.MINOR),
                difference(errors, "every month", Severity.INFO),
            ),
        ),
        "hostile": Audit(
            monograph=hostile,
            label=LABEL,
            claims=(),
            differences=(
                difference(hostile, "into the thigh", Severity.SAFETY),
                difference(hostile, "<script>alert(1)</script><img", Severity.MINOR),
            ),
        ),
        "clean": Audit(monograph=errors, label=LABEL, claims=(), differences=()),
    }


@pytest.fixture(scope="module")
def page_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    files = {}
    for name, found in audits().items():
        files[name] = folder / f"{name}.html"
        write_audit_page(found, files[name])
    return files


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(params=VIEWS, scope="module")
def view(request, browser):
    """A window of one width, in one scheme, that notes what its pages ask for and say."""
    width, scheme = VIEWS[request.param]
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
    yield page
    page.close()


@pytest.fixture(params=["errors", "hostile", "clean"])
def shown(request, view, page_files):
    view.asked.clear()
    view.said.clear()
    view.goto(page_files[request.param].as_uri())
    view.file = page_files[request.param]
    return view


def test_the_page_asks_for_nothing_runs_nothing_and_does_not_complain(shown):
    assert shown.asked == [shown.file.as_uri()]
    assert shown.said == []
    assert shown.locator("script, img, iframe, svg, [onerror], [onload]").count() == 0


def test_nothing_is_wider_than_the_window(shown):
    assert shown.evaluate("document.documentElement.scrollWidth") <= shown.viewport_size["width"]


def test_the_page_has_no_serious_fault_of_accessibility(shown):
    """axe-core, the rules of WCAG 2.1 A and AA."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(shown).response["violations"]
    assert [v for v in found if v["impact"] in ("serious", "critical")] == []


def test_the_label_stands_beside_its_mark_or_below_it_where_there_is_no_room(view, page_files):
    view.goto(page_files["errors"].as_uri())
    mark = view.locator("mark.safety").last.bounding_box()
    note = view.locator("#d1").bounding_box()
    if view.viewport_size["width"] > 1000:
        assert note["x"] > mark["x"] + mark["width"]
        assert abs(note["y"] - mark["y"]) < 60
    else:
        assert note["y"] >= mark["y"] + mark["height"]


def test_a_person_goes_from_the_summary_to_the_mark_and_its_note_by_keyboard(view, page_files):
    view.goto(page_files["errors"].as_uri())
    view.get_by_role("link", name="S1 line 5, contradicts").focus()
    view.keyboard.press("Enter")
    assert view.url.endswith("#m1")
    view.keyboard.press("Tab")  # the first link after the mark's place
    focused = view.evaluate("document.activeElement.getAttribute('href')")
    assert focused in ("#d1", "#d2")
    assert view.locator("mark.safety").first.is_visible()


def test_a_note_folds_without_a_script(browser, page_files):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_files["errors"].as_uri())
    why = page.locator("#d1").get_by_text("It matters.")
    assert why.is_visible()
    page.locator("#d1 summary").click()
    assert not why.is_visible()
    context.close()


def test_a_mark_is_told_from_another_without_colour(view, page_files):
    view.goto(page_files["errors"].as_uri())
    styles = {
        view.locator(f"mark.{severity}").first.evaluate(
            "e => [getComputedStyle(e).borderBottomStyle, getComputedStyle(e).fontWeight].join()"
        )
        for severity in ("safety", "major", "minor", "info")
    }
    assert len(styles) == 4
    names = view.get_by_role("link", name="go to its note").all_inner_texts()
    assert sorted(names) == ["I6", "M2", "M3", "N5", "S1", "also M3"]


def test_what_the_page_leaves_out_stands_at_the_top(view, page_files):
    view.goto(page_files["errors"].as_uri())
    left_out = view.get_by_role("heading", name="Left out").bounding_box()
    page = view.get_by_role("heading", name="The page, with marks").bounding_box()
    assert left_out["y"] < page["y"]


def test_the_page_prints_tagged_on_paper(browser, page_files):
    page = browser.new_page()
    page.goto(page_files["errors"].as_uri())
    data = page.pdf(format="A4", tagged=True)
    page.close()
    assert data.startswith(b"%PDF")
    assert b"/StructTreeRoot" in data
