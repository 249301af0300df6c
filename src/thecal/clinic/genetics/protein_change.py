"""A change of the protein, as people write it: p.Ala5Val, A4V, L126fs, K128_G129insV.

Residues stand by their one-letter names inside, positions as they were given: which numbering is
meant is `variant`. Stop codons are Ter, *, X or stop in what is read, and Ter or * in what is
written. (HGVS nomenclature, protein level.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from thecal.clinic.genetics.gene import RESIDUES, Gene
from thecal.errors import VariantError


class Kind(StrEnum):
    """What a variant does to the protein, as far as its name says."""

    MISSENSE = "missense"
    NONSENSE = "nonsense"
    SYNONYMOUS = "synonymous"
    START_LOST = "start_lost"
    STOP_LOST = "stop_lost"
    FRAMESHIFT = "frameshift"
    IN_FRAME = "in_frame"
    SPLICE_SITE = "splice_site"  # one of the two bases next to an exon
    INTRONIC = "intronic"
    UNTRANSLATED = "untranslated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of the protein as it is written: residues by one letter, positions as given.

    what  sub, del, dup, ins, delins or fs
    new   residues that come instead; of a frameshift the first of them, if named
    stop  where the new frame ends, if named
    """

    first: str
    at: int
    last: str
    to: int
    what: str
    new: str
    stop: str = ""

    def counted_from(self, offset: int) -> Change:
        """Count positions from another start."""
        return replace(self, at=self.at + offset, to=self.to + offset)

    def fits(self, gene: Gene) -> bool:
        """Say whether the residues it names stand there, counted as HGVS counts."""
        return gene.residue(self.at) == self.first and gene.residue(self.to) == self.last

    @property
    def kind(self) -> Kind:
        """Say what it does to the protein, counted as HGVS counts."""
        if self.what == "fs":
            return Kind.FRAMESHIFT
        if self.what == "sub":
            if self.new == self.first:
                return Kind.SYNONYMOUS
            if self.at == 1:
                return Kind.START_LOST
            if self.first == "*":
                return Kind.STOP_LOST
        if "*" in self.new:
            return Kind.NONSENSE
        return Kind.MISSENSE if self.what == "sub" else Kind.IN_FRAME

    def written(self, letters: dict[str, str]) -> str:
        """Write the change with these names of residues."""
        place = f"{letters[self.first]}{self.at}"
        if self.to != self.at:
            place += f"_{letters[self.last]}{self.to}"
        new = "".join(letters[each] for each in self.new if each != "?")
        if self.what == "fs":
            return f"{place}{new}fs" + (f"{letters['*']}{self.stop}" if self.stop else "")
        if self.what != "sub":
            return f"{place}{self.what}{new}"
        if self.kind is Kind.SYNONYMOUS:
            return f"{place}="
        if self.kind is Kind.STOP_LOST:
            return f"{place}{new}ext{letters['*']}{self.stop or '?'}"
        return f"{place}{new or '?'}"


LETTERS = {name.lower(): letter for letter, name in RESIDUES.items()} | {"stop": "*", "x": "*"}
ONE_LETTER = {letter: letter for letter in RESIDUES}
ANY_STOP = r"(?: Ter | Stop | X | \* )"
ONE = r"[ACDEFGHIKLMNPQRSTVWY*]"
THREE = "(?:" + "|".join(RESIDUES.values()) + r"|\*)"
PROTEIN = r"""
    (?P<p> p \s* \. \s* )? (?P<open> \( \s* )?
    (?P<first> {r} | {x} ) \s* (?P<at> \d{{1,4}} ) \s*
    (?: _ \s* (?P<last> {r} | {x} ) \s* (?P<to> \d{{1,4}} ) \s* )?
    (?: (?P<sub> {r} | {x} | [=?] ) (?: \s* ext \s* {x} \s* (?P<beyond> \d{{1,4}} | \? ) )?
      | (?P<shift> {r} )? \s* (?P<fs> fs ) (?: \s* {x} \s* (?P<stop> \d{{1,4}} | \? ) )?
      | (?P<edit> delins | ins ) \s* (?P<new> {r}+ )
      | (?P<lost> del | dup )
    )
    (?(open) \s* \) ) (?= $ | [\s,;/()] )
"""


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a verbose pattern that takes either case."""
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE | re.ASCII)


PROTEINS = [(compiled(PROTEIN.format(r=r, x=ANY_STOP)), re.compile(r, re.I)) for r in (ONE, THREE)]


def read_change(match: re.Match[str]) -> Change:
    """Read the parts of a protein name; refuse what contradicts itself."""
    residue = next(residue for pattern, residue in PROTEINS if pattern is match.re)
    first, at = _letter(match["first"]), int(match["at"])
    last, to = (_letter(match["last"]), int(match["to"])) if match["last"] else (first, at)
    new, stop, what = "", "", ""
    if match["sub"]:
        what, stop = "sub", match["beyond"] or ""
        new = first if match["sub"] == "=" else _letter(match["sub"])
    elif match["fs"]:
        what, stop = "fs", match["stop"] or ""
        new = _letter(match["shift"]) if match["shift"] else ""
    elif match["edit"]:
        what, new = match["edit"].lower(), "".join(map(_letter, residue.findall(match["new"])))
    else:
        what = match["lost"].lower()
    change = Change(first=first, at=at, last=last, to=to, what=what, new=new, stop=stop)
    if at < 1:
        raise VariantError("position 0; positions count from 1")
    if match["last"] and (to <= at or what in ("sub", "fs")):
        raise VariantError(
            "a range runs from a lower to a higher position, and is deleted or doubled"
        )
    if what == "ins" and to != at + 1:
        raise VariantError(
            "an insertion names the two residues on its sides, as in Lys129_Gly130ins…"
        )
    if match["beyond"] and change.kind is not Kind.STOP_LOST:
        raise VariantError("ext follows the loss of the stop codon only, as in p.Ter155GlnextTer?")
    if new == "?" and change.kind is not Kind.START_LOST:
        raise VariantError("the name does not say what changes; give the c. name")
    return change


def _letter(written: str) -> str:
    return LETTERS.get(written.lower(), written.upper())
