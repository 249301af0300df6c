"""A variant's name and its readings: in plain text, and as JSON for a program.

The JSON is ``thecal.variant/1``, described in ``schemas/variant.v1.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from thecal import __version__
from thecal.clinic.genetics.gene import Gene
from thecal.clinic.genetics.variant import Reading, Variant
from thecal.plan.answer import DISCLAIMER
from thecal.source import Source

WIDTH = 92
NUMBERINGS = {
    "hgvs": "HGVS numbering (the first methionine counted)",
    "legacy": "legacy numbering (the first methionine not counted)",
}
KINDS = {
    "start_lost": "start codon lost",
    "stop_lost": "stop codon lost",
    "in_frame": "in-frame change",
    "splice_site": "splice site",
    "untranslated": "outside the coding sequence",
}
NO_COURSE = "Typical course: thecal holds nothing published on it."
NOT_A_COURSE = (
    "What is published describes groups of people, not this one, and is no finding that the "
    "variant causes disease: that is the laboratory's classification."
)


def variant_text(variant: Variant, gene: Gene) -> str:
    """Say what a name means; where it means two things, the question first."""
    lines = []
    if variant.question:
        lines += [*_wrap(f"QUESTION  {variant.question}", indent=10), ""]
    documents = list(
        dict.fromkeys(
            _document(said.source) for reading in variant.readings for said in reading.published
        )
    )
    for number, reading in enumerate(variant.readings, 1):
        head = f"Reading {number} of {len(variant.readings)}: " if variant.question else ""
        lines += [*_reading_lines(reading, head, gene, documents), ""]
    for note in variant.notes:
        lines += [*_wrap(f"Note: {note}", indent=6), ""]
    if documents:
        lines += [line for n, each in enumerate(documents, 1) for line in _wrap(f"[{n}] {each}", 4)]
        lines += ["", *_wrap(NOT_A_COURSE), ""]
    return "\n".join([*lines, *_wrap(DISCLAIMER)])


def _reading_lines(reading: Reading, head: str, gene: Gene, documents: Sequence[str]) -> list[str]:
    names = " ".join(name for name in (reading.protein, reading.coding) if name)
    legacy = f" (legacy {reading.legacy})" if reading.legacy else ""
    where = f", {reading.region}" if reading.region else ""
    lines = _wrap(f"{head}{gene.symbol} {names}{legacy}", indent=2)
    for words in (
        f"{KINDS.get(reading.kind, reading.kind)}{where}",
        f"read in {NUMBERINGS[reading.numbering]}",
        _match_words(reading, gene),
    ):
        lines += _wrap(words, indent=4, first="  ")
    for said in reading.published:
        place = f"[{documents.index(_document(said.source)) + 1}, {said.source.section}]"
        mark = "" if said.is_confirmed else " (not confirmed)"
        words = f"{said.about.capitalize():13}{said.says}{mark} {place}"
        lines += _wrap(words, indent=15, first="  ")
    if not reading.published and reading.residue_matches:
        lines += _wrap(NO_COURSE, first="  ")
    return lines


def _document(source: Source) -> str:
    return f"{source.document}, {source.version}" if source.version else source.document


def _match_words(reading: Reading, gene: Gene) -> str:
    if reading.residue_matches is None:
        return "not checked: thecal holds no sequence for these bases, or the name gives none"
    if not reading.residue_matches:
        return f"does not fit: another residue stands there in {gene.protein_accession}"
    if reading.kind in ("intronic", "splice_site", "untranslated"):
        return "its base is that of the published name; thecal holds no sequence here"
    return f"fits {gene.protein_accession}, {gene.transcript}"


def variant_document(variant: Variant, gene: Gene) -> dict[str, Any]:
    """Return the answer of `thecal variant --json`."""
    return {
        "schema": "thecal.variant/1",
        "thecal": __version__,
        "text": variant.text,
        "gene": {
            "symbol": gene.symbol,
            "hgnc": gene.hgnc,
            "transcript": gene.transcript,
            "protein": gene.protein_accession,
            "uniprot": gene.uniprot,
            "version": gene.version,
            "sequence_source": _source(gene.source),
            "sequence_confirmed": gene.is_confirmed,
        },
        "readings": [_reading(reading) for reading in variant.readings],
        "question": variant.question or None,
        "notes": list(variant.notes),
        "disclaimer": DISCLAIMER,
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "protein": reading.protein or None,
        "numbering": reading.numbering,
        "residue_matches": reading.residue_matches,
        "legacy": reading.legacy or None,
        "coding": reading.coding or None,
        "kind": str(reading.kind),
        "region": reading.region or None,
        "published": [
            {
                "about": said.about,
                "says": said.says,
                "values": dict(said.values),
                "confirmed": said.is_confirmed,
                "source": _source(said.source),
            }
            for said in reading.published
        ],
    }


def _source(source: Source) -> dict[str, str | None]:
    return {
        "document": source.document,
        "version": source.version or None,
        "section": source.section,
    }


def _wrap(words: str, indent: int = 0, first: str = "") -> list[str]:
    return fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()
