"""A variant's name read in every numbering it fits, and never guessed.

SOD1 has two numberings. HGVS counts the first methionine; older papers do not, so that A4V and
p.Ala5Val are one variant. A one-letter name is read in both, and kept where the residue it
names stands there. At eight positions both fit (I113T is p.Ile113Thr or p.Ile114Thr): then there
are two readings and a question. A name that begins with ``p.`` is HGVS by definition; if only its
legacy reading fits, that is a question too. A ``c.`` name is read on the coding sequence.

What is published about a reading comes from `gene`; what follows for a patient is `eligibility`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from thecal.clinic.gene import RESIDUES, Gene, Published, load_gene, translate
from thecal.errors import VariantError, guarded

LONGEST = 100  # characters; the longest name in use, ClinVar's, has under 60
Numbering = Literal["hgvs", "legacy"]
FORMS = "Expected a name such as p.Ala5Val, A5V, A4V, c.14C>T or c.358-10T>G"
ASK = "Ask the laboratory for the c. name."


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


# What a protein name may say beside a coding name whose consequence is not computed.
AGREES = {
    Kind.FRAMESHIFT: {Kind.FRAMESHIFT, Kind.NONSENSE},
    Kind.IN_FRAME: {Kind.IN_FRAME, Kind.MISSENSE, Kind.NONSENSE, Kind.SYNONYMOUS},
    Kind.START_LOST: {Kind.START_LOST},
    Kind.UNTRANSLATED: set[Kind](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One thing a name can mean.

    protein          HGVS protein name, without the brackets of a predicted one; "" where the
                     consequence is not computed
    numbering        the numbering in which the text was read
    residue_matches  the residue (of a c. name: the base) that the name gives stands there; None
                     where thecal holds no sequence to check it: in introns and untranslated parts
    legacy           the same in legacy numbering, one letter; "" where it has none
    coding           c. name, where it was given or published; otherwise ""
    kind             what it does to the protein
    region           exon or intron, from the first coding base
    published        what is published about it, with sources; empty where nothing was read
    """

    protein: str
    numbering: Numbering
    residue_matches: bool | None
    legacy: str
    coding: str
    kind: Kind
    region: str
    published: tuple[Published, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant's name and everything it can mean.

    text      the name as it was given, spaces at its ends left out
    readings  what it can mean; one, or several and a question
    question  what must be asked before the name is used; "" where there is one reading
    notes     what else a reader should know
    """

    text: str
    readings: tuple[Reading, ...]
    question: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
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

    def counted_from(self, offset: int) -> _Change:
        return replace(self, at=self.at + offset, to=self.to + offset)

    def fits(self, gene: Gene) -> bool:
        return gene.residue(self.at) == self.first and gene.residue(self.to) == self.last

    @property
    def kind(self) -> Kind:
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


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A base of the transcript: a coding base, and how far into the intron beside it.

    Bases before the start count down from 0, those after the stop up from the last coding base.
    """

    base: int
    offset: int = 0


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
PLACE = r"[*-]? \d{1,5} (?: [+-] \d{1,6} )?"
CODING = rf"""
    c \s* \. \s* (?P<a> {PLACE} ) \s* (?: _ \s* (?P<b> {PLACE} ) \s* )?
    (?: (?P<old> [ACGT] ) \s* > \s* (?P<sub> [ACGT] )
      | (?P<edit> delins | ins ) \s* (?P<new> [ACGT]+ )
      | (?P<lost> del | dup ) \s* (?P<bases> [ACGT]* )
    )
    (?= $ | [\s,;/()] )
"""
ACCESSION = r"(?: [A-Z]{2,4}_? \d{3,} (?: \. \d+ )? (?: [tp] \d+ )? | P00441 )"
WORD = r"[A-Z] [A-Z0-9]* (?= [\s:()-] )"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE | re.ASCII)


PROTEINS = [(_compiled(PROTEIN.format(r=r, x=ANY_STOP)), re.compile(r, re.I)) for r in (ONE, THREE)]
CODINGS = _compiled(CODING)
REFERENCES = _compiled(rf"(?P<name> {ACCESSION} | {WORD} ) [\s:()-]*")
BETWEEN = re.compile(r"[\s,;/()]*", re.ASCII)


def read_variant(text: str, gene: Gene | None = None) -> Variant:
    """Read a variant's name, in every numbering it fits.

    Several names in one text ("c.14C>T (p.Ala5Val)") must mean the same variant. Raises
    VariantError for a text that is no name, is another gene's or transcript's, or fits nowhere.
    """
    gene = gene or load_gene()
    text = _checked(text)
    coding: list[Variant] = []
    protein: list[Variant] = []
    at = _after(BETWEEN, text, 0)
    while at < len(text):
        if match := CODINGS.match(text, at):
            coding.append(_coding(match, gene))
        elif match := next(
            filter(None, (pattern.match(text, at) for pattern, _ in PROTEINS)), None
        ):
            protein.append(_protein(match, gene))
        elif match := REFERENCES.match(text, at):
            _check_reference(match["name"], gene)
        else:
            raise _unread(text[at:])
        at = _after(BETWEEN, text, match.end())
    names = [*coding, *protein]
    if not names:
        raise VariantError(f"no variant is named. {FORMS}")
    found = names[0]
    for other in names[1:]:
        found = _together(found, other, gene)
    return replace(found, text=text)


def _checked(text: str) -> str:
    """Refuse what is too long, not plain, or has a bracket that does not close."""
    text = text.strip()
    if len(text) > LONGEST:
        raise VariantError(f"{len(text)} characters; a name has at most {LONGEST}. {FORMS}")
    odd = next((c for c in text if not (c.isascii() and (c.isprintable() or c.isspace()))), None)
    if odd is not None:
        raise VariantError(
            f"character U+{ord(odd):04X} ({unicodedata.name(odd, 'no name').lower()}) stands in "
            "it; a name has plain letters, digits, - and >. Type it anew"
        )
    if text.count("(") != text.count(")"):
        raise VariantError(f"a bracket is left open or closed twice. {FORMS}")
    return text


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _check_reference(name: str, gene: Gene) -> None:
    """Refuse another gene, another transcript, or another version of one of ours."""
    known = (gene.symbol, gene.transcript, gene.protein_accession, gene.uniprot)
    if name.upper() in known:
        return
    stem, _, version = name.upper().partition(".")
    ours = next((each for each in known if each.partition(".")[0] == stem), None)
    if ours is not None:
        found = f"version {version} of it" if version else "it without a version"
        raise VariantError(
            f"the reference is {ours}, and the text names {found}. "
            f"Give the name on {ours}, or the protein name (p. …)"
        )
    raise VariantError(
        f"{guarded(name)} stands before or beside the name; thecal reads {gene.symbol} only, "
        f"on {gene.transcript} and {gene.protein_accession}. {FORMS}"
    )


def _unread(rest: str) -> VariantError:
    """Say why the text cannot be read from here on, as well as can be said."""
    compact = "".join(rest.split()).lower()
    if re.match(r"c\.[*-]?\d+([+-]\d+)?[acgt]?$", compact):
        why = "the name ends before its change. In a shell > writes a file: put the name in quotes"
    elif re.match(r"[gmnor]\.", compact):
        why = f"a name that begins with {compact[:2]} is not read; give the c. or p. name"
    elif "[" in compact:
        why = "alleles in [ ] are not read; give one variant"
    elif re.match(r"p\.\(?[?=0]", compact):
        why = "the name does not say what changes; give the c. name"
    else:
        why = f"{guarded(rest)} is not a variant's name. {FORMS}"
    return VariantError(why)


def _protein(match: re.Match[str], gene: Gene) -> Variant:
    """Read a protein name in both numberings; "p." says HGVS."""
    change = _change(match)
    offset = gene.legacy_offset
    as_hgvs, as_legacy = change, change.counted_from(offset)
    fits = as_hgvs.fits(gene), as_legacy.fits(gene)
    if not any(fits):
        raise VariantError(_what_stands(change, gene))
    hgvs = _reading(as_hgvs, "hgvs", fits[0], gene)
    legacy = _reading(as_legacy, "legacy", fits[1], gene)
    written = change.written(ONE_LETTER)
    if match["p"] and fits[0]:
        note = (
            f"p. says HGVS numbering. In legacy numbering {written} would be {legacy.protein}; "
            "a report that mixes the two should be asked about."
        )
        return Variant(text="", readings=(hgvs,), notes=(note,) if fits[1] else ())
    if match["p"]:
        stands = RESIDUES.get(gene.residue(change.at), "nothing")
        question = (
            f"p. says HGVS numbering, and there residue {change.at} is {stands}. In legacy "
            f"numbering {written} is {legacy.protein}. Is that meant? {ASK}"
        )
        return Variant(text="", readings=(hgvs, legacy), question=question)
    if all(fits):
        question = (
            f"{written} fits both numberings: {hgvs.protein} if the first methionine is counted "
            f"(HGVS), {legacy.protein} if it is not (legacy). Which does the report use? {ASK}"
        )
        return Variant(text="", readings=(hgvs, legacy), question=question)
    return Variant(text="", readings=(hgvs if fits[0] else legacy,))


def _change(match: re.Match[str]) -> _Change:
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
    change = _Change(first=first, at=at, last=last, to=to, what=what, new=new, stop=stop)
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


def _what_stands(change: _Change, gene: Gene) -> str:
    """Say that a name fits nowhere, and what stands at its positions in both numberings."""
    offset = gene.legacy_offset
    words = []
    for position in dict.fromkeys((change.at, change.to)):
        hgvs, legacy = (
            RESIDUES[residue] if residue else "beyond the end"
            for residue in (gene.residue(position), gene.residue(position + offset))
        )
        words.append(
            f"residue {position} is {hgvs} in HGVS numbering, {legacy} in legacy numbering"
        )
    return (
        f"{change.written(ONE_LETTER)} fits in no numbering of {gene.symbol}: {'; '.join(words)}. "
        f"Check the report. {ASK}"
    )


def _reading(change: _Change, numbering: Numbering, matches: bool, gene: Gene) -> Reading:
    """Make the reading of a change counted as HGVS counts."""
    protein = f"p.{change.written(RESIDUES)}"
    is_old = matches and change.at > gene.legacy_offset
    known = [each for each in gene.known if matches and each.protein == protein]
    return Reading(
        protein=protein,
        numbering=numbering,
        residue_matches=matches,
        legacy=change.counted_from(-gene.legacy_offset).written(ONE_LETTER) if is_old else "",
        coding=next((each.coding for each in known), ""),
        kind=change.kind,
        region=_exons(3 * change.at - 2, 3 * change.to, gene),
        published=tuple(said for each in known for said in each.published),
    )


def _coding(match: re.Match[str], gene: Gene) -> Variant:
    """Read a c. name on the coding sequence; its bases must be those that stand there."""
    a = _place(match["a"], gene)
    b = _place(match["b"], gene) if match["b"] else a
    what = "sub" if match["sub"] else (match["edit"] or match["lost"]).lower()
    if match["b"] and (b <= a or what == "sub"):
        raise VariantError("a range runs from a lower to a higher base, and is deleted or doubled")
    is_coding = all(p.offset == 0 and 1 <= p.base <= len(gene.coding) for p in (a, b))
    if what == "ins" and (not match["b"] or (is_coding and b.base != a.base + 1)):
        raise VariantError("an insertion names the two bases on its sides, as in c.383_384insT")
    old = (match["old"] or match["bases"] or "").upper()
    new = (match["sub"] or match["new"] or "").upper()
    if old and old == new:
        raise VariantError("the name changes nothing: the base before and after > is the same")
    place = "".join(match["a"].split())
    if match["b"]:
        place += "_" + "".join(match["b"].split())
    name = f"c.{place}{old}>{new}" if what == "sub" else f"c.{place}{what}{new}"
    known = [each for each in gene.known if each.coding == name]
    if is_coding and old:
        _check_bases(old, a.base, b.base, gene)
    if is_coding and what == "sub":
        found = _reading(_consequence(a.base, new, gene), "hgvs", True, gene)
        return Variant(
            text="", readings=(replace(found, coding=name, region=_exons(a.base, a.base, gene)),)
        )
    kind = _kind(what, a, b, len(new), gene)
    reading = Reading(
        protein="",
        numbering="hgvs",
        residue_matches=True if known or (is_coding and old) else None,
        legacy="",
        coding=name,
        kind=kind,
        region=_region(a, b, gene),
        published=tuple(said for each in known for said in each.published),
    )
    note = "What it does to the protein is not computed: the name on the protein must come with it."
    if not is_coding:
        note = "What it does to the protein is not computed: thecal holds the coding sequence only."
    return Variant(text="", readings=(reading,), notes=(note,))


def _place(written: str, gene: Gene) -> _Place:
    """Read a position of a c. name; one in an intron counts from the edge of its exon."""
    match = re.fullmatch(r"([*-]?)(\d+)([+-]\d+)?", written.replace(" ", ""))
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
        return _Place(-number if side == "-" else end + number)
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
    return _Place(number, offset)


def _check_bases(old: str, first: int, last: int, gene: Gene) -> None:
    """Refuse a name whose bases do not stand in the coding sequence."""
    stands = gene.coding[first - 1 : last]
    if old != stands:
        place = f"c.{first}" if first == last else f"c.{first}_{last}"
        codon = (first + 2) // 3
        residue = RESIDUES[gene.residue(codon)]
        raise VariantError(
            f"the name says {_short(old)} at {place}, and there {gene.transcript} has "
            f"{_short(stands)} (residue {codon}, {residue}). Check the report"
        )


def _short(bases: str) -> str:
    return bases if len(bases) <= 12 else f"{len(bases)} bases"


def _consequence(base: int, new: str, gene: Gene) -> _Change:
    """Translate the codon that one base changes."""
    codon = (base - 1) // 3
    changed = gene.coding[: base - 1] + new + gene.coding[base:]
    residue = translate(changed[3 * codon : 3 * codon + 3])
    first = gene.residue(codon + 1)
    residue = "?" if codon == 0 and residue != first else residue
    return _Change(first=first, at=codon + 1, last=first, to=codon + 1, what="sub", new=residue)


def _kind(what: str, a: _Place, b: _Place, n_new: int, gene: Gene) -> Kind:
    """Say what a change of several bases, or outside the coding sequence, is."""
    end = len(gene.coding)
    if b.base < 1 or a.base > end:
        return Kind.UNTRANSLATED
    if a.offset or b.offset:
        near = (a.base, b.base) != (a.base, a.base) or not (a.offset and b.offset)
        return Kind.SPLICE_SITE if near or min(abs(a.offset), abs(b.offset)) <= 2 else Kind.INTRONIC
    if a.base <= 3 and what != "ins":
        return Kind.START_LOST
    n_old = b.base - a.base + 1
    longer = {"ins": n_new, "dup": n_old, "del": -n_old, "delins": n_new - n_old}[what]
    return Kind.IN_FRAME if longer % 3 == 0 else Kind.FRAMESHIFT


def _exons(first: int, last: int, gene: Gene) -> str:
    """Name the exons of coding bases: "exon 4", or "exons 2 and 3"."""
    end = len(gene.coding)
    if first > end:
        return ""
    a, b = gene.exon(first), gene.exon(min(last, end))
    return f"exon {a}" if a == b else f"exons {a} {'and' if b == a + 1 else 'to'} {b}"


def _region(a: _Place, b: _Place, gene: Gene) -> str:
    return " to ".join(dict.fromkeys(_where(place, gene) for place in (a, b)))


def _where(place: _Place, gene: Gene) -> str:
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


def _together(one: Variant, other: Variant, gene: Gene) -> Variant:
    """Keep the readings that two names of one text share; refuse two variants."""
    both = [_joined(x, y) for x in one.readings for y in other.readings if _is_same(x, y)]
    if not both:
        first, second = (
            " or ".join(r.protein or r.coding for r in each.readings) for each in (one, other)
        )
        raise VariantError(
            f"the text names two variants, {first} and {second}; give one, or names that agree"
        )
    is_open = len(both) > 1
    return Variant(
        text="",
        readings=tuple(both),
        question=(one.question or other.question) if is_open else "",
        notes=one.notes,
    )


def _is_same(x: Reading, y: Reading) -> bool:
    if x.residue_matches is False or y.residue_matches is False:
        return False
    if x.protein and y.protein:
        return x.protein == y.protein
    if not x.protein and not y.protein:
        return x.coding == y.coding
    return y.kind in AGREES.get(x.kind, set(Kind))


def _joined(x: Reading, y: Reading) -> Reading:
    if x.protein:
        return x
    return replace(x, protein=y.protein, legacy=y.legacy, kind=y.kind, published=y.published)
