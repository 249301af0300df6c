"""A gene as its reference describes it, and what is published about its variants.

Data only: a gene is a file of ``genes/``. What a name means is `variant`; this module holds the
sequence it is read against and says which exon a base stands in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise, product
from pathlib import Path

from thecal.datafile import SHIPPED, DataFile, Entry
from thecal.source import Source

GENES = SHIPPED / "genes"
RESIDUES = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu",
    "G": "Gly", "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe",
    "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp",  # codespell:ignore ser
    "Y": "Tyr", "V": "Val", "*": "Ter",
}  # fmt: skip
# The standard genetic code (NCBI translation table 1), codons in the order TTT, TTC, TTA, …
CODE = dict(
    zip(
        ("".join(bases) for bases in product("TCAG", repeat=3)),
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
        strict=True,
    )
)
ABOUT = (
    "survival",
    "progression",
    "inheritance",
    "penetrance",
    "frequency",
    "trial rule",
    "function",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One thing a publication says about a variant.

    about         what it speaks of, one of ABOUT
    says          the statement, in our words
    values        its figures, each named with its unit
    source        where it stands
    is_confirmed  it was read in that source; otherwise it only points there
    """

    about: str
    says: str
    source: Source
    is_confirmed: bool
    values: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A variant that is published: its names, and what is said of it."""

    protein: str
    coding: str
    published: tuple[Published, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gene:
    """A gene's reference: accessions, protein with its first methionine, coding sequence.

    legacy_offset  what a legacy name subtracts from an HGVS position
    exons          first and last coding base of each exon, from 1
    is_confirmed   the sequence was read in its source
    known          published variants
    """

    symbol: str
    version: str
    hgnc: str
    transcript: str
    protein_accession: str
    uniprot: str
    legacy_offset: int
    protein: str
    coding: str
    exons: tuple[tuple[int, int], ...]
    source: Source
    is_confirmed: bool
    known: tuple[Known, ...]

    def residue(self, position: int) -> str:
        """Return the residue at an HGVS position, "*" for the stop codon, "" outside."""
        return (self.protein + "*")[position - 1] if 1 <= position <= len(self.protein) + 1 else ""

    def exon(self, base: int) -> int:
        """Return the number of the exon that holds a coding base."""
        return next(n for n, (_, last) in enumerate(self.exons, 1) if base <= last)


def translate(coding: str) -> str:
    """Translate whole codons; "*" is a stop."""
    return "".join(CODE[coding[i : i + 3]] for i in range(0, len(coding) - 2, 3))


@cache
def load_gene(symbol: str = "SOD1") -> Gene:
    """Read the gene that is shipped under this symbol."""
    return read_gene(GENES / f"{symbol.lower()}.yaml")


def read_gene(path: Path) -> Gene:
    """Read a gene file. Raises DataFileError with every fault of it."""
    file = DataFile(path)
    top = file.read().fields(
        [
            "gene",
            "title",
            "version",
            "reference",
            "legacy_offset",
            "sequence",
            "sources",
            "variants",
        ]
    )
    file.finish()
    reference = top["reference"].fields(["hgnc", "transcript", "protein", "uniprot"])
    sequence = top["sequence"].fields(
        ["source", "section", "confirmed", "protein", "coding", "exons"]
    )
    documents = {
        name: entry.fields(["document"], ["version"])
        for name, entry in top["sources"].mapping().items()
    }
    file.finish()
    sources = {
        name: (fields["document"].text(), fields["version"].text() if "version" in fields else "")
        for name, fields in documents.items()
    }
    protein = _letters(sequence["protein"], "".join(RESIDUES))
    coding = _letters(sequence["coding"], "ACGT")
    if not file.faults and translate(coding) != protein + "*":
        sequence["coding"].fault("does not translate to the protein and a stop codon")
    starts = [entry.integer(least=1, most=len(coding)) for entry in sequence["exons"].items()]
    if starts[:1] != [1] or any(a >= b for a, b in pairwise(starts)):
        sequence["exons"].fault("expected the first coding base of each exon, from 1, rising")
    gene = Gene(
        symbol=top["gene"].text(),
        version=top["version"].text(),
        hgnc=reference["hgnc"].text(),
        transcript=reference["transcript"].text(),
        protein_accession=reference["protein"].text(),
        uniprot=reference["uniprot"].text(),
        legacy_offset=top["legacy_offset"].integer(),
        protein=protein,
        coding=coding,
        exons=tuple((a, b - 1) for a, b in pairwise([*starts, len(coding) + 1])),
        source=_source(sequence, sources),
        is_confirmed=_is_confirmed(sequence),
        known=tuple(_known(entry, sources) for entry in top["variants"].items()),
    )
    file.finish()
    return gene


def _letters(entry: Entry, alphabet: str) -> str:
    letters = entry.text().replace(" ", "")
    if not re.fullmatch(f"[{re.escape(alphabet)}]+", letters):
        entry.fault(f"expected only the letters {alphabet}")
    return letters


def _source(fields: Mapping[str, Entry], sources: Mapping[str, tuple[str, str]]) -> Source:
    name = fields["source"].choice(sources)
    document, version = sources.get(name, ("", ""))
    return Source(document=document, version=version, section=fields["section"].text())


def _is_confirmed(fields: Mapping[str, Entry]) -> bool:
    return fields["confirmed"].choice(["yes", "no"]) == "yes"


def _known(entry: Entry, sources: Mapping[str, tuple[str, str]]) -> Known:
    fields = entry.fields([], ["protein", "coding", "published"])
    said = fields["published"].items() if "published" in fields else []
    return Known(
        protein=fields["protein"].text() if "protein" in fields else "",
        coding=fields["coding"].text() if "coding" in fields else "",
        published=tuple(
            found for found in (_published(each, sources) for each in said) if found is not None
        ),
    )


def _published(entry: Entry, sources: Mapping[str, tuple[str, str]]) -> Published | None:
    required = ["about", "says", "source", "section", "confirmed"]
    fields = entry.fields(required, ["values"])
    if not set(required) <= set(fields):
        return None
    values = fields["values"].mapping() if "values" in fields else {}
    return Published(
        about=fields["about"].choice(ABOUT),
        says=fields["says"].text(),
        values={name: each.number() for name, each in values.items()},
        source=_source(fields, sources),
        is_confirmed=_is_confirmed(fields),
    )
