"""A leaflet as a page, as a tagged PDF, and as text.

The page is self-contained and holds no script; its content policy forbids everything but its own
style. The PDF is the same page set on paper, in PDF/UA-1. The same leaflet gives the same bytes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import re
import textwrap
from pathlib import Path

from thecal.errors import ThecalError
from thecal.label.leaflet import MARKS, SOURCES, Leaflet, Reading, unanswered
from thecal.outfile import write_whole
from thecal.source import Source

TEMPLATES = Path(__file__).parent / "templates"
UNIT = re.compile(r"(?<=\d) (?=(?:mg|mL|°[CF]|%)(?!\w))")
SUFFIXES = (".html", ".pdf")
KIND = "A leaflet for patients"
PDF_NEEDS = (
    "A PDF needs WeasyPrint and the system library Pango. Install WeasyPrint by "
    "pip install 'thecal[pdf]'; Pango on Debian or Ubuntu by apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0, on a Mac by brew install pango. Or write .html and "
    "print that from a browser"
)


def write_leaflet(leaflet: Leaflet, path: Path, *, large: bool = False, dark: bool = False) -> None:
    """Write the leaflet as .html or .pdf, by the name of the file; the old file stays if it fails.

    large  no letter below 16 points
    dark   light letters on a dark ground
    """
    if path.suffix == ".pdf":
        write_whole(path, leaflet_pdf(leaflet, large=large, dark=dark))
    else:
        write_whole(path, leaflet_html(leaflet, large=large, dark=dark).encode())


def leaflet_html(
    leaflet: Leaflet, *, large: bool = False, dark: bool = False, paper: bool = False
) -> str:
    """Return the leaflet as a page.

    paper  the page is to become a PDF: a dark one stays dark, where a browser prints it light
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("leaflet.html").render(
        leaflet=leaflet,
        kind=KIND,
        origin=origin(leaflet),
        bound=bound,
        sources_heading=SOURCES,
        marks=MARKS,
        places=[place(source) for source in leaflet.sources],
        variant=" ".join(
            name for name, on in (("large", large), ("dark", dark), ("paper", paper)) if on
        ),
        policy=policy,
    )


def leaflet_pdf(leaflet: Leaflet, *, large: bool = False, dark: bool = False) -> bytes:
    """Return the leaflet as PDF/UA-1, tagged, on A4.

    Raises ThecalError where WeasyPrint or its system libraries are missing.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints advice of its own
            from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise ThecalError(f"{PDF_NEEDS} ({str(error).splitlines()[0]})") from error
    page = leaflet_html(leaflet, large=large, dark=dark, paper=True)
    data: bytes = HTML(string=page).write_pdf(pdf_variant="pdf/ua-1")
    return data


def policy(style: str) -> str:
    """Return a content policy: this style, and nothing else, is used."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def bound(words: str) -> str:
    """Keep a figure and its unit on one line."""
    return UNIT.sub("\u00a0", words)


def origin(leaflet: Leaflet) -> str:
    """Say which label the leaflet was made from; its version and a full stop follow."""
    label = leaflet.label
    return f"Made from the {label.jurisdiction.upper()} label: {label.document},"


def place(source: Source) -> str:
    """Name the document, version and section that a line comes from."""
    section = source.section
    if section[:1].isdigit():
        section = f"section {section}"
    return ", ".join(part for part in (source.document, source.version, section) if part) + "."


def leaflet_text(leaflet: Leaflet, width: int = 80) -> str:
    """Return the leaflet as plain text, with the number of its place after each line."""
    rows = [
        leaflet.title,
        "=" * len(leaflet.title),
        KIND,
        *_wrap(f"{origin(leaflet)} {leaflet.label.version}.", width),
        "",
    ]
    for notice in leaflet.notices:
        rows += _wrap(notice, width)
    for part in leaflet.parts:
        rows += ["", part.heading, "-" * len(part.heading)]
        for i, group in enumerate(part.groups):
            if group.title:
                rows += ["", *_wrap(group.title, width)]
            elif i:
                rows.append("")
            for line in group.lines:
                mark = leaflet.mark(line)
                rows += _wrap(line.words + (f" [{mark}]" if mark else ""), width, "- ")
    rows += ["", SOURCES, "-" * len(SOURCES), *_wrap(MARKS, width)]
    for number, source in enumerate(leaflet.sources, start=1):
        rows += _wrap(place(source), width, f"[{number}] ")
    return "\n".join(rows)


def _wrap(words: str, width: int, start: str = "") -> list[str]:
    return textwrap.wrap(
        words,
        width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def check_text(leaflet: Leaflet, reading: Reading) -> str:
    """Say how hard the leaflet is to read, and what it has no line on."""
    verdict = "at most 8, as it should be" if reading.is_plain else "above 8: too hard"
    numbered = sum(line.source is not None for part in leaflet.parts for line in part.lines)
    rows = [
        f"Flesch-Kincaid grade  {reading.flesch_kincaid:4.1f}  {verdict}; this one is judged",
        f"SMOG index            {reading.smog:4.1f}  for comparison",
        f"{numbered} lines from {len(leaflet.sources)} places; every number in them is in its "
        "statement.",
    ]
    missing = unanswered(leaflet)
    rows += [f"No line of the label under: {heading}" for heading in missing]
    return "\n".join(rows)
