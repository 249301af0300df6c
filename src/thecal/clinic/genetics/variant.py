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
from typing import Literal

from thecal.clinic.genetics.gene import RESIDUES, Gene, Published, load_gene, translate
from thecal.clinic.genetics.protein_change import (
    ONE_LETTER,
    PROTEINS,
    Change,
    Kind,
    compiled,
    read_change,
)
from thecal.clinic.genetics.transcript import PLACE, exons, kind_of, next_places, read_place, region
from thecal.errors import VariantError, guarded

LONGEST = 100  # characters; the longest name in use, ClinVar's, has under 60
Numbering = Literal["hgvs", "legacy"]
FORMS = "Expected a name such as p.Ala5Val, A5V, A4V, c.14C>T or c.358-10T>G"
NOT_COMPUTED = (
    "What it does to the protein is not computed: thecal translates a change of one coding base. "
    "Give the protein name with it."
)
TAKEN = "The protein name is the text's own: thecal did not compute it from the c. name."
ASK = "Ask the laboratory for the c. name."


# What a protein name may say beside a coding name whose consequence is not computed.
AGREES = {
    Kind.FRAMESHIFT: {Kind.FRAMESHIFT, Kind.NONSENSE},
    Kind.IN_FRAME: {Kind.IN_FRAME, Kind.MISSENSE, Kind.NONSENSE, Kind.SYNONYMOUS},
    Kind.START_LOST: {Kind.START_LOST},
    Kind.STOP_LOST: {Kind.STOP_LOST, Kind.FRAMESHIFT, Kind.IN_FRAME},
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

    text      the name as it was given, with single spaces
    readings  what it can mean; one, or several and a question
    question  what must be asked before the name is used; "" where there is one reading
    notes     what else a reader should know
    """

    text: str
    readings: tuple[Reading, ...]
    question: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """One name of a text, read."""

    readings: tuple[Reading, ...]
    question: str = ""
    notes: tuple[str, ...] = ()


CODING = rf"""
    c \s* \. \s* (?P<a> {PLACE} ) \s* (?: _ \s* (?P<b> {PLACE} ) \s* )?
    (?: (?P<old> [ACGT] ) \s* > \s* (?P<sub> [ACGT] )
      | (?P<edit> delins | ins ) \s* (?P<new> [ACGT]+ )
      | (?P<lost> del | dup ) \s* (?P<bases> [ACGT]* )
    )
    (?= $ | [\s,;/()] )
"""
ACCESSION = r"(?: [A-Z]{2,4}_? \d{3,} (?: \. \d+ )? (?: [tp] \d+ )? | P00441 )"
WORD = r"[A-Z] [A-Z0-9]* (?= [\s:()-] | $ )"


CODINGS = compiled(CODING)
REFERENCES = compiled(rf"(?P<name> {ACCESSION} | {WORD} ) [\s:()-]*")
BETWEEN = re.compile(r"[\s,;/()]*", re.ASCII)


def read_variant(text: str, gene: Gene | None = None) -> Variant:
    """Read a variant's name, in every numbering it fits.

    Several names in one text ("c.14C>T (p.Ala5Val)") must mean the same variant. Raises
    VariantError for a text that is no name, is another gene's or transcript's, or fits nowhere.
    """
    gene = gene or load_gene()
    text = _checked(text)
    coding: list[_Name] = []
    protein: list[_Name] = []
    at = _after(BETWEEN, text, 0)
    while at < len(text):
        if match := CODINGS.match(text, at):
            coding.append(_coding(match, gene))
        elif match := next(
            filter(None, (pattern.match(text, at) for pattern, _ in PROTEINS)), None
        ):
            protein.append(_protein(match, gene))
        elif match := REFERENCES.match(text, at):
            _check_reference(match["name"], gene, is_last=match.end() == len(text))
        else:
            raise _unread(text[at:])
        at = _after(BETWEEN, text, match.end())
    names = [*coding, *protein]
    if not names:
        raise VariantError(f"no variant is named. {FORMS}")
    found = names[0]
    for other in coding[1:]:
        first, second = (name.readings[0].coding for name in (found, other))
        if first != second:
            raise _two(first, second)
    for other in protein[not coding :]:
        found = _together(found, other)
    return Variant(text=text, readings=found.readings, question=found.question, notes=found.notes)


def _checked(text: str) -> str:
    """Refuse what is too long, not plain, or has a bracket that does not close."""
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise VariantError(f"{len(text)} characters; a name has at most {LONGEST}. {FORMS}")
    odd = next((c for c in text if not (c.isascii() and c.isprintable())), None)
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


def _check_reference(name: str, gene: Gene, *, is_last: bool) -> None:
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
    if is_last:
        raise _unread(name)
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


def _protein(match: re.Match[str], gene: Gene) -> _Name:
    """Read a protein name in both numberings; "p." says HGVS."""
    change = read_change(match)
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
        return _Name(readings=(hgvs,), notes=(note,) if fits[1] else ())
    if match["p"]:
        stands = RESIDUES[gene.residue(change.at)]
        question = (
            f"p. says HGVS numbering, and there residue {change.at} is {stands}. In legacy "
            f"numbering {written} is {legacy.protein}. Is that meant? {ASK}"
        )
        return _Name(readings=(hgvs, legacy), question=question)
    if all(fits):
        question = (
            f"{written} fits both numberings: {hgvs.protein} if the first methionine is counted "
            f"(HGVS), {legacy.protein} if it is not (legacy). Which does the report use? {ASK}"
        )
        return _Name(readings=(hgvs, legacy), question=question)
    return _Name(readings=(hgvs if fits[0] else legacy,))


def _what_stands(change: Change, gene: Gene) -> str:
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


def _reading(change: Change, numbering: Numbering, matches: bool, gene: Gene) -> Reading:
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
        region=exons(3 * change.at - 2, 3 * change.to, gene),
        published=tuple(said for each in known for said in each.published),
    )


def _coding(match: re.Match[str], gene: Gene) -> _Name:
    """Read a c. name on the coding sequence; its bases must be those that stand there."""
    end = len(gene.coding)
    a = read_place(match["a"], gene)
    b = read_place(match["b"], gene) if match["b"] else a
    what = "sub" if match["sub"] else (match["edit"] or match["lost"]).lower()
    if match["b"] and (b <= a or what == "sub"):
        raise VariantError("a range runs from a lower to a higher base, and is deleted or doubled")
    is_coding = all(p.offset == 0 and 1 <= p.base <= end for p in (a, b))
    if what == "ins" and b not in next_places(a):
        raise VariantError("an insertion names the two bases on its sides, as in c.383_384insT")
    old = (match["old"] or match["bases"] or "").upper()
    new = (match["sub"] or match["new"] or "").upper()
    if old and old == new:
        raise VariantError("the name changes nothing: the base before and after > is the same")
    place = a.written(end) if a == b else f"{a.written(end)}_{b.written(end)}"
    name = f"c.{place}{old}>{new}" if what == "sub" else f"c.{place}{what}{new}"
    known = [each for each in gene.known if each.coding == name]
    if is_coding and old:
        _check_bases(old, a.base, b.base, gene)
    if is_coding and what == "sub":
        found = _reading(_consequence(a.base, new, gene), "hgvs", True, gene)
        return _Name(readings=(replace(found, coding=name, region=exons(a.base, a.base, gene)),))
    kind = kind_of(what, a, b, len(new), gene)
    reading = Reading(
        protein="",
        numbering="hgvs",
        residue_matches=True if known or (is_coding and old) else None,
        legacy="",
        coding=name,
        kind=kind,
        region=region(a, b, gene),
        published=tuple(said for each in known for said in each.published),
    )
    return _Name(readings=(reading,), notes=(NOT_COMPUTED,))


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


def _consequence(base: int, new: str, gene: Gene) -> Change:
    """Translate the codon that one base changes."""
    codon = (base - 1) // 3
    changed = gene.coding[: base - 1] + new + gene.coding[base:]
    residue = translate(changed[3 * codon : 3 * codon + 3])
    first = gene.residue(codon + 1)
    residue = "?" if codon == 0 and residue != first else residue
    return Change(first=first, at=codon + 1, last=first, to=codon + 1, what="sub", new=residue)


def _together(one: _Name, other: _Name) -> _Name:
    """Keep the readings that two names of one text share; refuse two variants."""
    if one.readings == other.readings:
        return one
    both = [_joined(x, y) for x in one.readings for y in other.readings if _is_same(x, y)]
    if not both:
        raise _two(*(" or ".join(r.protein or r.coding for r in n.readings) for n in (one, other)))
    return _Name(
        readings=tuple(both),
        question=(one.question or other.question) if len(both) > 1 else "",
        notes=one.notes if one.readings[0].protein else (TAKEN,),
    )


def _two(first: str, second: str) -> VariantError:
    return VariantError(
        f"the text names two variants, {first} and {second}; give one, or names that agree"
    )


def _is_same(x: Reading, y: Reading) -> bool:
    if x.residue_matches is False or y.residue_matches is False:
        return False
    if x.protein:
        return _effect(x) == _effect(y)
    return y.kind in AGREES.get(x.kind, set(Kind))


def _effect(reading: Reading) -> str:
    """Name the effect without what one of two names may leave open: p.Met1?, extTer?."""
    is_start_lost = reading.kind is Kind.START_LOST
    return Kind.START_LOST if is_start_lost else reading.protein.partition("ext")[0]


def _joined(x: Reading, y: Reading) -> Reading:
    if x.protein:
        return x
    return replace(
        y,
        coding=x.coding,
        region=x.region,
        published=(*x.published, *y.published),
    )
