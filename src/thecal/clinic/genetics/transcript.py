"""A base of the transcript, as a c. name gives it: coding, in an intron, or untranslated.

Only coding bases have a sequence here. A base in an intron is counted from the edge of the exon
beside it, c.358-10, and an exon that has no such edge is refused. (HGVS nomenclature, numbering.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from thecal.clinic.genetics.gene import Gene
from thecal.clinic.genetics.protein_change import Kind
from thecal.errors import VariantError

SPLICE_SITE = 2  # bases of an intron next to an exon
PLACE = r"[*-]? \d{1,5} (?: [+-] \d{1,6} )?"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A base of the transcript: a coding base, and how far into the intron beside it.

    Bases before the start count down from 0, those after the stop up from the last coding base.
    """

    base: int
    offset: int = 0

    def written(self, end: int) -> str:
        """Write the place as a c. name does; the coding sequence has `end` bases."""
        if self.base < 1:
            return f"-{1 - self.base}"
        if self.base > end:
            return f"*{self.base - end}"
        return f"{self.base}{self.offset:+}" if self.offset else f"{self.base}"


def read_place(written: str, gene: Gene) -> Place:
    """Read a position of a c. name; one in an intron counts from the edge of its exon."""
    match = re.fullmatch(r"([*-]?)(\d+)([+-]\d+)?", written)
    assert match is not None
    side, digits, into = match.groups()
    number, offset, end = int(digits), int(into or 0), len(gene.coding)
    if number == 0 or (into and offset == 0):
        raise VariantError("position 0; positions count from 1")
    if side:
        if into:
            raise VariantError(
                f"c.{side}{number}{into} lies in no intron that thecal holds; "
                "it holds those between coding exons"
            )
        return Place(1 - number if side == "-" else end + number)
    if number > end:
        raise VariantError(
            f"c.{number} lies beyond the coding sequence, which ends at c.{end}; "
            f"a base after the stop codon is written c.*{number - end}"
        )
    if into:
        firsts = [first for first, _ in gene.exons[1:]]
        lasts = [last for _, last in gene.exons[:-1]]
        edges = firsts if offset < 0 else lasts
        if number not in edges:
            side = "first" if offset < 0 else "last"
            raise VariantError(
                f"c.{number}{into} lies in no intron: before {into[0]} stands the {side} base of "
                f"an exon, {', '.join(f'c.{edge}' for edge in edges)}"
            )
    return Place(number, offset)


def next_places(place: Place) -> list[Place]:
    """Return the places that can follow this one."""
    after = [Place(place.base, place.offset + 1)]
    return after if place.offset else [*after, Place(place.base + 1)]


def kind_of(what: str, a: Place, b: Place, n_new: int, gene: Gene) -> Kind:
    """Say what a change of several bases, or outside the coding sequence, is."""
    end = len(gene.coding)
    if b.base < 1 or a.base > end:
        return Kind.UNTRANSLATED
    if a.offset or b.offset:
        has_exon = a.base + (a.offset > 0) <= b.base - (b.offset < 0)
        is_near = min(abs(a.offset), abs(b.offset)) <= SPLICE_SITE
        return Kind.SPLICE_SITE if has_exon or is_near else Kind.INTRONIC
    if what in ("ins", "dup") and (a.base < 1 or b.base > end):
        return Kind.UNTRANSLATED
    if what in ("del", "delins") and a.base <= 3:
        return Kind.START_LOST
    if what in ("del", "delins") and b.base > end - 3:
        return Kind.STOP_LOST
    n_old = b.base - a.base + 1
    longer = {"ins": n_new, "dup": n_old, "del": -n_old, "delins": n_new - n_old}[what]
    return Kind.IN_FRAME if longer % 3 == 0 else Kind.FRAMESHIFT


def exons(first: int, last: int, gene: Gene) -> str:
    """Name the exons of coding bases: "exon 4", or "exons 2 and 3"."""
    end = len(gene.coding)
    if first > end:
        return ""
    a, b = gene.exon(first), gene.exon(min(last, end))
    return f"exon {a}" if a == b else f"exons {a} {'and' if b == a + 1 else 'to'} {b}"


def region(a: Place, b: Place, gene: Gene) -> str:
    """Say where two places lie."""
    return " to ".join(dict.fromkeys(_where(place, gene) for place in (a, b)))


def _where(place: Place, gene: Gene) -> str:
    """Say where a base lies: exon, intron and the exon near it, or outside the coding part."""
    if place.base < 1:
        return "before the start codon"
    if place.base > len(gene.coding):
        return "after the stop codon"
    exon = gene.exon(place.base)
    if place.offset == 0:
        return f"exon {exon}"
    n = abs(place.offset)
    bases = f"{n} base{'' if n == 1 else 's'}"
    if place.offset < 0:
        return f"intron {exon - 1}, {bases} before exon {exon}"
    return f"intron {exon}, {bases} after exon {exon}"
