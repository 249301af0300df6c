"""One course as one page: self-contained, readable offline, on a phone and in print.

Nothing is fetched: styles, scripts and data stand in the file, and its content policy forbids
connections. The timeline is there as a still picture before any script runs, so it also
prints and shows without scripts.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from thecal import __version__
from thecal.outfile import write_whole
from thecal.plan.answer import DISCLAIMER, Answer
from thecal.report import tables
from thecal.report.figures import alternative, key_words, svg, timeline
from thecal.report.words import (
    caveat_words,
    day_words,
    given_words,
    headline,
    if_late_words,
    known_words,
    status_words,
    where,
    window_words,
)

if TYPE_CHECKING:
    from thecal.model.population import Estimate

TEMPLATES = Path(__file__).parent / "templates"


def write_page(answer: Answer, path: Path, remarks: Sequence[str] = ()) -> None:
    """Write the page of a course; the old file stays if this fails.

    remarks  what was said while the course file was read
    """
    write_whole(path, page(answer, remarks).encode())


def page(answer: Answer, remarks: Sequence[str] = ()) -> str:
    """Return the page of a course as HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    spec = timeline(answer)
    del spec["title"]  # the page says it in text
    library = inert(_chart_library())
    script = (TEMPLATES / "course.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("course.html").render(
        answer=answer,
        due=answer.due,
        slot=answer.due.schedule.next,
        label=answer.due.label,
        headline=headline(answer.due),
        status=status_words(answer.due.label),
        if_late=if_late_words(answer.due),
        window=window_words(answer.due),
        day_words=lambda day: day_words(answer.due.course, day),
        where=lambda source: where(source, answer.due.label),
        given=given_words(answer.due),
        sentence=sentence,
        known=known_words(answer),
        tables=[tables.doses(answer), tables.predictions(answer), tables.observed(answer)],
        alternative=alternative(answer),
        key=key_words(answer),
        remarks=remarks,
        estimates=_estimates(answer),
        disclaimer=DISCLAIMER,
        caveat=caveat_words(answer),
        version=__version__,
        picture=Markup(svg(spec)),
        spec=Markup(inert_json(spec)),
        library=Markup(library),
        script=Markup(script),
        policy=policy(library, script),
    )


def _estimates(answer: Answer) -> dict[str, Estimate]:
    """Return the numbers of the model by name; none where there is no model."""
    if answer.forecast is None:
        return {}
    population = answer.forecast.population
    return {**population.estimates, **population.from_record}


def sentence(words: str) -> str:
    """Begin words with a capital and leave their full stop to the page."""
    return words[:1].upper() + words[1:].rstrip(".")


def _chart_library() -> str:
    """Return Vega-Embed as one script.

    Bundling takes two seconds and always gives the same, so the result is kept in the user's
    cache under the versions it was made from; a cache that cannot be used is done without.
    """
    import vl_convert

    versions = (vl_convert.get_vega_version(), vl_convert.get_vega_embed_version())
    made_by = importlib.metadata.version("vl-convert-python")
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "thecal"
    kept = folder / f"vega-{'-'.join(versions)}-by-{made_by}.js"
    try:
        return kept.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(kept, bundle.encode())
    return bundle


def inert(code: str) -> str:
    """Keep code inside a script element from ending it, by escapes a JavaScript string allows."""
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def inert_json(value: object) -> str:
    """Write JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def policy(*scripts: str) -> str:
    """Return a content policy: only these scripts run, and nothing is fetched or sent."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
