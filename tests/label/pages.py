"""What the tests of the reader share: pages of every form, and what must hold for any page."""

from __future__ import annotations

from itertools import pairwise

from thecal.label.draft import ENTITY, SPECIAL, entity, normalised, plain
from thecal.label.monograph import Monograph

TEXT = """Fable: what a nurse should know

Drug class: antisense oligonucleotide
USES
For adults with a mutation in the FAB1 gene.

Dosage
The loading dose is 10 mg every 14 days, three times; then 10 mg
every 28 days. Warm the vial first, e.g. on the bench, for 25 min. before use.
   • Missed: give it as soon as possible
   • Take off 10 mL of CSF

Adverse effects
>10%
Pain
1-10%
Neuralgia
Frequency not defined
Myelitis
Contraindications: None
How is it stored?
Between 2\u00a0°C \u2013 8 °C. Don\u2019t freeze.
About the author
Nobody.
"""

HTML = """<!DOCTYPE html>
<html><head><title>Fable | A site</title><style>p { dose: 7 mg }</style>
<script>document.write("<p>Give 9 mg</p>")</script></head><body>
<nav><ul><li>Home<li>Drugs</ul></nav>
<main><h1>Fable</h1>
<p>Fable (<b>fablersen</b>)&nbsp;is given by
   lumbar puncture &mdash; 10&#160;mg.<!-- Give 8 mg --></p>
<h2>Side effects</h2>
<table><caption>Table 1</caption>
<tr><th></th><th>Fable<br>N=72</th><th>Placebo</th></tr>
<tr><td>Pain</td><td></td><td>22<sup>a</sup> %</td></tr></table>
<p><strong>Storage:</strong> at 2&deg;C to 8&#xB0;C, A&amp;B.</p>
<ul><li>Loading: three doses<li>Then every 28<sup>[1]</sup> days</ul>
<p><b>Contraindications</b></p>None
<dl><dt>Half-life</dt><dd>4 weeks</dd></dl>
</main><footer>Copyright</footer></body></html>
"""

MARKDOWN = """# Fable

**Drug class:** antisense
**Route:** intrathecal

## How is it given?

Three *loading* doses, then [every 28 days](https://example.org/x).<br>Slowly.

- Loading: 10 mg
- Maintenance: 10 mg
  every 28 days

| Reaction | Fable (n=72) | Placebo |
|---|--:|---|
| Pain | 42 % | |

> **Warning.** Serious `myelitis` has happened &ndash; report it.

Storage
-------
Keep at 2&deg;C.
"""

SPL = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE document [ <!ENTITY trap "give 99 mg"> <!ENTITY more "&trap;&trap;"> ]>
<document xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <title>Fable<br/>injection</title>
 <effectiveTime value="20241113"/><setId root="81-aa"/><versionNumber value="3"/>
 <component><structuredBody>
  <component><section><code code="48780-1"/>
   <subject><manufacturedProduct><name>FABLE</name></manufacturedProduct></subject>
  </section></component>
  <component><section><id root="x"/><code code="34067-9" displayName="INDICATIONS"/>
   <title>1 WHAT FOR</title>
   <text><paragraph>For adults &more; with <content styleCode="bold">FAB1</content>.</paragraph>
   </text></section></component>
  <component><section><code code="34068-7"/><title>2 DOSAGE</title>
   <component><section><code code="42229-5"/><title>2.1 Something unusual</title>
    <text><list><item>Loading: three</item><item><paragraph>Then: 28 d</paragraph></item></list>
    <table><thead><tr><th>Reaction</th><th>%</th></tr></thead>
    <tbody><tr><td><paragraph>Pain</paragraph></td><td>42</td></tr></tbody></table></text>
   </section></component>
   <text><paragraph>Back in two.</paragraph></text>
  </section></component>
 </structuredBody></component>
</document>
"""

PAGES = {"text": TEXT, "html": HTML, "markdown": MARKDOWN, "spl": SPL}


def could_stand_for(source: str, at: int, character: str) -> bool:
    """Say whether a character of the text may come from that place of the source."""
    here = source[at : at + 1]
    if here and normalised(here) == character:
        return True
    if here in ("", "\n", "<", "|") or here.isspace():  # a line end, a tag, the edge of a cell
        return character in " \n|;"
    if (found := SPECIAL.match(source, at)) and character in plain(found[0]):
        return True
    return here == "&" and character in plain(entity(source, at)[0])


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
        assert span.end - span.start <= 1000
        words = page.text[span.start : span.end]
        assert words == words.strip() and page.quote(span)
        end = span.end
    for at, character in enumerate(page.text):
        assert could_stand_for(page.source, page.source_at(at), character), (
            at,
            character,
            page.source[page.source_at(at) :][:10],
        )


def told(page: Monograph, kind: str = "") -> list[str]:
    """Return the sentences of a page, in words."""
    return [page.quote(s.span) for s in page.sentences if kind in ("", s.kind)]


def areas(page: Monograph) -> dict[str, str]:
    """Return the area of every heading of a page."""
    return {s.heading: s.area for s in page.sections}
