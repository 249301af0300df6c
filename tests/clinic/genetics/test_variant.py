"""SOD1 variant names: every numbering they fit, and no guess.

Witnesses: the protein of UniProt P00441, typed here anew; a genetic code written as a table of
amino acids; published pairs of names; mavehgvs, a parser of HGVS names that is not ours.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mavehgvs.variant import Variant as MaveVariant

from thecal.clinic.genetics.gene import load_gene
from thecal.clinic.genetics.protein_change import Kind
from thecal.clinic.genetics.variant import Reading, Variant, read_variant
from thecal.errors import ThecalError, VariantError

P00441 = (
    "MATKAVCVLKGDGPVQGIINFEQKESNGPVKVWGSIKGLTEGLHGFHVHEFGDNTAGCTSAGPHFNPLSRKHGGPKDEERHVGDLGNV"
    "TADKDGVADVSIEDSVISLSGDHCIIGRTLVVHEKADDLGKGGNEESTKTGNAGSRLACGVIGIAQ"
)
NAMES = dict(
    zip(
        "ARNDCQEGHILKMFPSTWYV",
        "Ala Arg Asn Asp Cys Gln Glu Gly His Ile Leu Lys Met Phe Pro "
        "Ser Thr Trp Tyr Val".split(),  # codespell:ignore ser
        strict=True,
    )
)
# The 39 legacy names of the clinical literature that were tried against the protein.
LEGACY = (
    "A4V H46R D90A G93C R115G L144F H43R N65S H48R I113T A4T C6G V14G G16S G37R L38V G41S G41D "
    "L84V L84F G85R N86S G93A G93D G93R G93S E100G D101N I104F S105L C111Y I112T D125H L126S N139K "
    "G141E L144S A145T V148G"
).split()
AMBIGUOUS = {18: "I", 73: "G", 78: "E", 113: "I", 119: "V", 125: "D", 130: "G", 133: "E"}
# Codons by amino acid: another form of the genetic code than the one in `gene`.
CODONS = {
    "F": "TTT TTC", "L": "TTA TTG CTT CTC CTA CTG", "I": "ATT ATC ATA", "M": "ATG",
    "V": "GTT GTC GTA GTG", "S": "TCT TCC TCA TCG AGT AGC", "P": "CCT CCC CCA CCG",
    "T": "ACT ACC ACA ACG", "A": "GCT GCC GCA GCG", "Y": "TAT TAC", "*": "TAA TAG TGA",
    "H": "CAT CAC", "Q": "CAA CAG", "N": "AAT AAC", "K": "AAA AAG", "D": "GAT GAC",
    "E": "GAA GAG", "C": "TGT TGC", "W": "TGG", "R": "CGT CGC CGA CGG AGA AGG",
    "G": "GGT GGC GGA GGG",
}  # fmt: skip
MEANING = {codon: amino for amino, codons in CODONS.items() for codon in codons.split()}
PUBLISHED = [  # a c. name and the protein name published with it
    ("c.14C>T", "p.Ala5Val"),
    ("c.140A>G", "p.His47Arg"),
    ("c.272A>C", "p.Asp91Ala"),
    ("c.280G>T", "p.Gly94Cys"),
]
FORMS = "Expected a name such as p.Ala5Val, A5V, A4V, c.14C>T or c.358-10T>G"
NOT_COMPUTED = (
    "What it does to the protein is not computed: thecal translates a change of one coding base. "
    "Give the protein name with it."
)
TAKEN = "The protein name is the text's own: thecal did not compute it from the c. name."

positions = st.integers(1, len(P00441))
residues = st.sampled_from(sorted(NAMES))


def only(text: str) -> Reading:
    """Read a name that must have one reading and no question."""
    variant = read_variant(text)
    assert variant.question == "", variant
    (reading,) = variant.readings
    return reading


def refused(text: str) -> str:
    with pytest.raises(VariantError) as caught:
        read_variant(text)
    return str(caught.value)


def short(reading: Reading) -> tuple:
    return (reading.protein, reading.numbering, reading.residue_matches, reading.legacy,
            reading.coding, str(reading.kind), reading.region)  # fmt: skip


# The names of the issue


@pytest.mark.parametrize(
    ("text", "numbering"),
    [
        ("p.Ala5Val", "hgvs"),
        ("p.(Ala5Val)", "hgvs"),
        ("p. ( Ala 5 Val )", "hgvs"),
        ("P.ALA5VAL", "hgvs"),
        ("p.A5V", "hgvs"),
        ("Ala5Val", "hgvs"),
        ("A5V", "hgvs"),
        ("A4V", "legacy"),
        ("  a4v ", "legacy"),
        ("A 4 V", "legacy"),
        ("A04V", "legacy"),
        ("(A4V)", "legacy"),
        ("Ala4Val", "legacy"),
        ("SOD1 A4V", "legacy"),
        ("sod1 A4V", "legacy"),
        ("SOD1-A4V", "legacy"),
        ("A4V SOD1", "legacy"),
        ("SOD1:p.Ala5Val", "hgvs"),
        ("NP_000445.1:p.Ala5Val", "hgvs"),
        ("NP_000445.1:p.(Ala5Val)", "hgvs"),
        ("P00441 A5V", "hgvs"),
        ("c.14C>T", "hgvs"),
        ("c. 14 c > t", "hgvs"),
        ("C.014C>T", "hgvs"),
        ("NM_000454.5:c.14C>T", "hgvs"),
        ("nm_000454.5 : c.14C>T", "hgvs"),
        ("NM_000454.5(SOD1):c.14C>T (p.Ala5Val)", "hgvs"),
        ("c.14C>T; p.(Ala5Val); A4V", "hgvs"),
        ("A4V, A5V", "legacy"),
        ("A5V/A4V", "hgvs"),
        ("c.14C>T c.14C>T", "hgvs"),
    ],
)
def test_every_way_to_write_a4v_is_p_ala5val(text, numbering):
    """Issue 6: the forms to accept; clinic notes 2.4: A4V is p.Ala5Val is c.14C>T."""
    reading = only(text)
    expected = ("p.Ala5Val", numbering, True, "A4V", "c.14C>T", "missense", "exon 1")
    assert short(reading) == expected
    assert read_variant(text).notes == ()
    assert read_variant(text).text == " ".join(text.split())


@pytest.mark.parametrize("name", LEGACY)
def test_a_legacy_name_is_one_residue_before_its_hgvs_name(name):
    """All 39 names of the literature; the residue is looked up in the protein typed above."""
    first, position, last = name[0], int(name[1:-1]), name[-1]
    assert P00441[position] == first, "legacy position n is residue n + 1"
    hgvs = f"p.{NAMES[first]}{position + 1}{NAMES[last]}"
    readings = {r.protein: r for r in read_variant(name).readings}
    assert readings[hgvs].numbering == "legacy" and readings[hgvs].legacy == name
    assert readings[hgvs].residue_matches is True and readings[hgvs].kind is Kind.MISSENSE
    assert only(hgvs).legacy == name
    assert len(readings) == (2 if position in AMBIGUOUS else 1)


def test_there_are_39_legacy_names_and_one_of_them_is_ambiguous():
    assert len(set(LEGACY)) == 39
    assert [n for n in LEGACY if read_variant(n).question] == ["I113T", "D125H"]


@pytest.mark.parametrize(("text", "protein", "legacy"), [
    ("R116G", "p.Arg116Gly", "R115G"),
    ("D91A", "p.Asp91Ala", "D90A"),
    ("L145F", "p.Leu145Phe", "L144F"),
])  # fmt: skip
def test_one_letter_names_of_german_papers_are_read_as_hgvs(text, protein, legacy):
    """Wiesenfarth 2024 prints HGVS positions in one-letter form."""
    reading = only(text)
    assert (reading.protein, reading.numbering, reading.legacy) == (protein, "hgvs", legacy)


def test_the_ambiguous_positions_are_the_eight_where_neighbours_are_alike():
    alike = {n: a for n, (a, b) in enumerate(pairwise(P00441), 1) if a == b}
    assert alike == AMBIGUOUS


@pytest.mark.parametrize(("position", "residue"), AMBIGUOUS.items())
def test_an_ambiguous_name_has_two_readings_and_a_question(position, residue):
    for text in (f"{residue}{position}W", f"{NAMES[residue]}{position}Trp"):
        variant = read_variant(text)
        hgvs, legacy = (f"p.{NAMES[residue]}{n}Trp" for n in (position, position + 1))
        assert [(r.protein, r.numbering, r.residue_matches) for r in variant.readings] == [
            (hgvs, "hgvs", True),
            (legacy, "legacy", True),
        ]
        assert variant.question == (
            f"{residue}{position}W fits both numberings: {hgvs} if the first methionine is counted "
            f"(HGVS), {legacy} if it is not (legacy). Which does the report use? "
            "Ask the laboratory for the c. name."
        )
        assert variant.notes == ()


def test_a_p_name_at_an_ambiguous_position_is_hgvs_and_says_so():
    variant = read_variant("p.Ile113Thr")
    assert [r.protein for r in variant.readings] == ["p.Ile113Thr"] and variant.question == ""
    assert variant.notes == (
        "p. says HGVS numbering. In legacy numbering I113T would be p.Ile114Thr; "
        "a report that mixes the two should be asked about.",
    )


def test_a_second_name_answers_the_question():
    assert only("p.Ile114Thr (I113T)").protein == "p.Ile114Thr"
    reading = only("I113T (p.Ile114Thr)")
    assert (reading.protein, reading.numbering) == ("p.Ile114Thr", "legacy")
    assert only("I113T, I112T").protein == "p.Ile113Thr"
    assert only("c.341T>C I113T").protein == "p.Ile114Thr"
    assert only("I113T c.338T>C").protein == "p.Ile113Thr"
    assert only("p.Ala4Val (A4V)").protein == "p.Ala5Val"


def test_a_name_that_leaves_the_question_open_does_not_answer_it():
    variant = read_variant("c.400_402del E133del")
    assert [r.protein for r in variant.readings] == ["p.Glu133del", "p.Glu134del"]
    assert variant.question == read_variant("E133del").question != ""
    assert {r.coding for r in variant.readings} == {"c.400_402del"}


def test_a_reading_that_does_not_fit_agrees_with_no_other_name():
    assert only("c.13_15delinsGTT p.Ala4Val").protein == "p.Ala5Val"
    assert "names two variants" in refused("p.Ala1Val p.Ala1Thr")


def test_the_same_name_twice_answers_nothing():
    assert read_variant("I113T Ile113Thr").question == read_variant("I113T").question
    assert len(read_variant("p.Ala4Val p.A4V").readings) == 2


def test_a_p_name_that_fits_only_as_legacy_is_asked_about_and_not_converted():
    """HGVS: "p." counts the first methionine; a report that does not is asked about."""
    variant = read_variant("p.Ala4Val")
    assert [short(r) for r in variant.readings] == [
        ("p.Ala4Val", "hgvs", False, "", "", "missense", "exon 1"),
        ("p.Ala5Val", "legacy", True, "A4V", "c.14C>T", "missense", "exon 1"),
    ]
    assert variant.readings[0].published == () and variant.readings[1].published
    assert variant.question == (
        "p. says HGVS numbering, and there residue 4 is Lys. In legacy numbering A4V is p.Ala5Val. "
        "Is that meant? Ask the laboratory for the c. name."
    )
    assert "residue 154 is Gln" in read_variant("p.Ter154Gln").question


# Protein names other than one residue for another


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L126X", ("p.Leu127Ter", "legacy", True, "L126*", "", "nonsense", "exon 5")),
        ("L126*", ("p.Leu127Ter", "legacy", True, "L126*", "", "nonsense", "exon 5")),
        ("L126stop", ("p.Leu127Ter", "legacy", True, "L126*", "", "nonsense", "exon 5")),
        ("p.Leu127Ter", ("p.Leu127Ter", "hgvs", True, "L126*", "", "nonsense", "exon 5")),
        ("p.(Leu127*)", ("p.Leu127Ter", "hgvs", True, "L126*", "", "nonsense", "exon 5")),
        ("Q153X", ("p.Gln154Ter", "legacy", True, "Q153*", "", "nonsense", "exon 5")),
        ("p.Ala5=", ("p.Ala5=", "hgvs", True, "A4=", "", "synonymous", "exon 1")),
        ("p.Ala5Ala", ("p.Ala5=", "hgvs", True, "A4=", "", "synonymous", "exon 1")),
        ("p.Met1?", ("p.Met1?", "hgvs", True, "", "", "start_lost", "exon 1")),
        ("M1V", ("p.Met1Val", "hgvs", True, "", "", "start_lost", "exon 1")),
        ("A1V", ("p.Ala2Val", "legacy", True, "A1V", "", "missense", "exon 1")),
        ("p.Ter155Gln",
         ("p.Ter155GlnextTer?", "hgvs", True, "*154Qext*?", "", "stop_lost", "exon 5")),
        ("p.*155Qext*9",
         ("p.Ter155GlnextTer9", "hgvs", True, "*154Qext*9", "", "stop_lost", "exon 5")),
        ("L126fs", ("p.Leu127fs", "legacy", True, "L126fs", "", "frameshift", "exon 5")),
        ("L126GfsX6",
         ("p.Leu127GlyfsTer6", "legacy", True, "L126Gfs*6", "", "frameshift", "exon 5")),
        ("p.Gly38Valfs*?",
         ("p.Gly38ValfsTer?", "hgvs", True, "G37Vfs*?", "", "frameshift", "exon 2")),
        ("p.Gly38fsTer12",
         ("p.Gly38fsTer12", "hgvs", True, "G37fs*12", "", "frameshift", "exon 2")),
        ("p.Glu134del", ("p.Glu134del", "hgvs", True, "E133del", "", "in_frame", "exon 5")),
        ("p.Glu133_Glu134del",
         ("p.Glu133_Glu134del", "hgvs", True, "E132_E133del", "", "in_frame", "exon 5")),
        ("p.Gly57_Cys58dup",
         ("p.Gly57_Cys58dup", "hgvs", True, "G56_C57dup", "", "in_frame", "exons 2 and 3")),
        ("p.Lys129_Gly130insTerVal",
         ("p.Lys129_Gly130insTerVal", "hgvs", True, "K128_G129ins*V", "", "nonsense", "exon 5")),
        ("K128_G129insTER",  # one-letter residues: threonine, glutamate, arginine
         ("p.Lys129_Gly130insThrGluArg", "legacy", True, "K128_G129insTER", "", "in_frame",
          "exon 5")),
        ("p.Leu127delinsTrpSer",
         ("p.Leu127delinsTrpSer", "hgvs", True, "L126delinsWS", "", "in_frame", "exon 5")),
        ("p.Val6_Val149del",
         ("p.Val6_Val149del", "hgvs", True, "V5_V148del", "", "in_frame", "exons 1 to 5")),
    ],
)  # fmt: skip
def test_a_protein_name_is_read_as_it_is_written(text, expected):
    """HGVS protein nomenclature; old papers write X for a stop codon."""
    assert short(only(text)) == expected


@pytest.mark.parametrize(("codon", "region"), [
    (1, "exon 1"), (24, "exon 1"), (25, "exon 2"), (56, "exon 2"), (57, "exons 2 and 3"),
    (58, "exon 3"), (79, "exon 3"), (80, "exons 3 and 4"), (119, "exon 4"), (120, "exon 5"),
    (154, "exon 5"),
])  # fmt: skip
def test_a_residue_stands_in_the_exons_of_its_codon(codon, region):
    """RefSeq NM_000454: exons begin at c.1, c.73, c.170, c.240 and c.358."""
    assert only(f"p.{NAMES[P00441[codon - 1]]}{codon}Ter").region == region


# Coding names


@pytest.mark.published
@pytest.mark.parametrize(("coding", "protein"), PUBLISHED)
def test_a_published_coding_name_translates_to_the_protein_name_published_with_it(coding, protein):
    """ClinVar, on NM_000454.5."""
    for text in (coding, f"NM_000454.5:{coding}", f"NM_000454.5(SOD1):{coding} ({protein})"):
        reading = only(text)
        assert (reading.protein, reading.coding, reading.residue_matches) == (protein, coding, True)


@given(base=st.integers(1, 465), new=st.sampled_from("ACGT"))
@example(base=1, new="G")
@example(base=3, new="A")
@example(base=463, new="C")
@example(base=465, new="G")
def test_one_changed_base_has_the_consequence_of_its_codon(base, new):
    """Derived again here: by this file's protein and its table of codons."""
    coding = load_gene().coding
    old = coding[base - 1]
    name = f"c.{base}{old}>{new}"
    if old == new:
        assert "changes nothing" in refused(name)
        return
    n = (base + 2) // 3
    codon = list(coding[3 * n - 3 : 3 * n])
    codon[(base - 1) % 3] = new
    before, after = (P00441 + "*")[n - 1], MEANING["".join(codon)]
    named = NAMES | {"*": "Ter"}
    if n == 1:
        expected = ("p.Met1?", Kind.START_LOST)
    elif before == after:
        expected = (f"p.{named[before]}{n}=", Kind.SYNONYMOUS)
    elif before == "*":
        expected = (f"p.Ter155{named[after]}extTer?", Kind.STOP_LOST)
    else:
        kind = Kind.NONSENSE if after == "*" else Kind.MISSENSE
        expected = (f"p.{named[before]}{n}{named[after]}", kind)
    reading = only(name)
    assert (reading.protein, reading.kind) == expected
    assert (reading.coding, reading.numbering, reading.residue_matches) == (name, "hgvs", True)
    starts = [1, 73, 170, 240, 358]
    assert reading.region == f"exon {sum(base >= start for start in starts)}"


@given(base=st.integers(1, 465), old=st.sampled_from("ACGT"), new=st.sampled_from("ACGT"))
def test_a_coding_name_with_another_base_is_refused_with_what_stands_there(base, old, new):
    stands = load_gene().coding[base - 1]
    if old in (stands, new):
        return
    n = (base + 2) // 3
    residue = (NAMES | {"*": "Ter"})[(P00441 + "*")[n - 1]]
    assert refused(f"c.{base}{old}>{new}") == (
        f"the name says {old} at c.{base}, and there NM_000454.5 has {stands} "
        f"(residue {n}, {residue}). Check the report"
    )


@pytest.mark.parametrize(
    ("text", "matches", "kind", "region"),
    [
        ("c.358-10T>G", True, "intronic", "intron 4, 10 bases before exon 5"),
        ("c.358-11T>G", None, "intronic", "intron 4, 11 bases before exon 5"),
        ("c.239+1G>A", None, "splice_site", "intron 3, 1 base after exon 3"),
        ("c.239+2T>A", None, "splice_site", "intron 3, 2 bases after exon 3"),
        ("c.239+3A>G", None, "intronic", "intron 3, 3 bases after exon 3"),
        ("c.72+1G>T", None, "splice_site", "intron 1, 1 base after exon 1"),
        ("c.73-2A>G", None, "splice_site", "intron 1, 2 bases before exon 2"),
        ("c.170-3C>G", None, "intronic", "intron 2, 3 bases before exon 3"),
        ("c.-34A>T", None, "untranslated", "before the start codon"),
        ("c.-1A>T", None, "untranslated", "before the start codon"),
        ("c.*12T>C", None, "untranslated", "after the stop codon"),
        ("c.*5_*7del", None, "untranslated", "after the stop codon"),
        ("c.-5_-4insA", None, "untranslated", "before the start codon"),
        ("c.-1_1insA", None, "untranslated", "before the start codon to exon 1"),
        ("c.-3_2dup", None, "untranslated", "before the start codon to exon 1"),
        ("c.-1_1del", None, "start_lost", "before the start codon to exon 1"),
        ("c.3del", None, "start_lost", "exon 1"),
        ("c.4del", None, "frameshift", "exon 1"),
        ("c.1dup", None, "frameshift", "exon 1"),
        ("c.3dup", None, "frameshift", "exon 1"),
        ("c.2_3delinsCC", None, "start_lost", "exon 1"),
        ("c.465dup", None, "frameshift", "exon 5"),
        ("c.465_*1insA", None, "untranslated", "exon 5 to after the stop codon"),
        ("c.465_*2dup", None, "untranslated", "exon 5 to after the stop codon"),
        ("c.464_*3del", None, "stop_lost", "exon 5 to after the stop codon"),
        ("c.463del", None, "stop_lost", "exon 5"),
        ("c.463_464delinsGG", None, "stop_lost", "exon 5"),
        ("c.462del", None, "frameshift", "exon 5"),
        ("c.112del", None, "frameshift", "exon 2"),
        ("c.112_113del", None, "frameshift", "exon 2"),
        ("c.112_114del", None, "in_frame", "exon 2"),
        ("c.112_114dup", None, "in_frame", "exon 2"),
        ("c.369_372dup", None, "frameshift", "exon 5"),
        ("c.383_384insTA", None, "frameshift", "exon 5"),
        ("c.383_384insTAG", None, "in_frame", "exon 5"),
        ("c.112_114delinsAT", None, "frameshift", "exon 2"),
        ("c.112_114delinsATGCCC", None, "in_frame", "exon 2"),
        ("c.112_113delinsATGCC", None, "in_frame", "exon 2"),
        ("c.112_113delinsA", None, "frameshift", "exon 2"),
        ("c.70_75del", None, "in_frame", "exon 1 to exon 2"),
        ("c.239+5_240-5del", None, "intronic",
         "intron 3, 5 bases after exon 3 to intron 3, 5 bases before exon 4"),
        ("c.239+5_240-2del", None, "splice_site",
         "intron 3, 5 bases after exon 3 to intron 3, 2 bases before exon 4"),
        ("c.239+5_357+5del", None, "splice_site",
         "intron 3, 5 bases after exon 3 to intron 4, 5 bases after exon 4"),
        ("c.240-7_240-5del", None, "intronic",
         "intron 3, 7 bases before exon 4 to intron 3, 5 bases before exon 4"),
        ("c.240-7_240del", None, "splice_site", "intron 3, 7 bases before exon 4 to exon 4"),
        ("c.239_239+7del", None, "splice_site", "exon 3 to intron 3, 7 bases after exon 3"),
        ("c.239+3_239+4insA", None, "intronic",
         "intron 3, 3 bases after exon 3 to intron 3, 4 bases after exon 3"),
        ("c.240-1_240insA", None, "splice_site", "intron 3, 1 base before exon 4 to exon 4"),
    ],
)  # fmt: skip
def test_a_coding_name_whose_consequence_is_not_computed_says_so(text, matches, kind, region):
    """Introns have no sequence here: only the base of a published name is known."""
    variant = read_variant(text)
    assert [short(r) for r in variant.readings] == [("", "hgvs", matches, "", text, kind, region)]
    assert variant.notes == (NOT_COMPUTED,) and variant.question == ""


def test_stated_bases_of_a_deletion_are_checked_and_left_out_of_the_name():
    """HGVS advises against naming the deleted bases; they must still stand there."""
    reading = only("c.6_7delga")
    assert (reading.coding, reading.residue_matches) == ("c.6_7del", True)
    assert only("c.14dupC").coding == "c.14dup"
    assert refused("c.6_7delGG") == (
        "the name says GG at c.6_7, and there NM_000454.5 has GA (residue 2, Ala). Check the report"
    )
    assert "says 13 bases at c.1_13, and there NM_000454.5 has 13 bases (res" in refused(
        "c.1_13delAAAAAAAAAAAAA"
    )
    assert "says AAAAAAAAAAAA at c.1_12, and" in refused("c.1_12delAAAAAAAAAAAA")


@pytest.mark.parametrize(("text", "protein", "kind"), [
    ("c.112del (p.Gly38Valfs*6)", "p.Gly38ValfsTer6", Kind.FRAMESHIFT),
    ("c.112del p.Gly38Ter", "p.Gly38Ter", Kind.NONSENSE),
    ("c.400_402del E133del p.Glu134del", "p.Glu134del", Kind.IN_FRAME),
    ("c.400_402del p.Glu134del", "p.Glu134del", Kind.IN_FRAME),
    ("c.13_15delinsGTT p.Ala5Val", "p.Ala5Val", Kind.MISSENSE),
    ("c.13_15delinsTAA p.Ala5Ter", "p.Ala5Ter", Kind.NONSENSE),
    ("c.13_15delinsGCG p.Ala5=", "p.Ala5=", Kind.SYNONYMOUS),
    ("c.358-10T>G p.Val120fs", "p.Val120fs", Kind.FRAMESHIFT),
    ("c.239+1G>A p.Arg80Val", "p.Arg80Val", Kind.MISSENSE),
    ("c.1_3del p.Met1?", "p.Met1?", Kind.START_LOST),
    ("c.463_465del p.Ter155GlnextTer3", "p.Ter155GlnextTer3", Kind.STOP_LOST),
])  # fmt: skip
def test_a_protein_name_beside_a_coding_name_is_taken_as_the_texts_own(text, protein, kind):
    variant = read_variant(text)
    (reading,) = variant.readings
    assert (reading.protein, reading.kind) == (protein, kind)
    assert reading.coding == only(text.split()[0]).coding
    assert reading.region == only(text.split()[0]).region
    assert reading.residue_matches is True and variant.notes == (TAKEN,)


def test_what_is_published_on_either_name_is_kept():
    one, both = only("c.358-10T>G"), only("c.358-10T>G p.Ala5Val")
    assert [said.about for said in one.published] == ["function"]
    assert both.published == (*one.published, *only("A4V").published)
    assert read_variant("c.13_15delinsGTT p.Ala5Val A4V").notes == (TAKEN,)


def test_names_that_leave_open_what_the_other_says_agree():
    """One base tells that the start or the stop is lost, not what comes of it."""
    assert only("c.1A>G p.Met1Val").protein == "p.Met1?"
    assert only("c.463T>C p.Ter155GlnextTer9").protein == "p.Ter155GlnextTer?"
    assert "names two variants" in refused("c.463T>C p.Ter155LysextTer9")


@pytest.mark.parametrize(("text", "first", "second"), [
    ("A4V D90A", "p.Ala5Val", "p.Asp91Ala"),
    ("c.14C>T;c.272A>C", "c.14C>T", "c.272A>C"),
    ("c.15C>A c.15C>T", "c.15C>A", "c.15C>T"),
    ("c.112del c.113del", "c.112del", "c.113del"),
    ("c.14C>T (p.Ala5Thr)", "p.Ala5Val", "p.Ala5Thr"),
    ("I113T p.Ile18Thr", "p.Ile113Thr or p.Ile114Thr", "p.Ile18Thr"),
    ("c.14del p.Ala5Val", "c.14del", "p.Ala5Val"),
    ("c.400_402del p.Val120fs", "c.400_402del", "p.Val120fs"),
    ("c.1del p.Gly38fs", "c.1del", "p.Gly38fs"),
    ("c.463del p.Ala5Val", "c.463del", "p.Ala5Val"),
    ("c.*12T>C p.Ala5Val", "c.*12T>C", "p.Ala5Val"),
    ("p.Ala4Val p.Lys4Val", "p.Ala4Val or p.Ala5Val", "p.Lys4Val"),
])  # fmt: skip
def test_two_variants_in_one_text_are_refused(text, first, second):
    assert refused(text) == (
        f"the text names two variants, {first} and {second}; give one, or names that agree"
    )


# Laws


@given(
    position=positions, new=residues, style=st.sampled_from(["one", "three", "p", "p()", "SOD1"])
)
def test_every_substitution_is_read_in_hgvs_numbering(position, new, style):
    """Every residue by every other; what is read is what this file derives from the protein."""
    old = P00441[position - 1]
    one, three = f"{old}{position}{new}", f"{NAMES[old]}{position}{NAMES[new]}"
    text = {"one": one, "three": three, "p": f"p.{three}", "p()": f"p.({three})",
            "SOD1": f"SOD1 {one}"}[style]  # fmt: skip
    variant = read_variant(text)
    protein = f"p.{NAMES[old]}{position}=" if new == old else f"p.{three}"
    assert (variant.readings[0].protein, variant.readings[0].numbering) == (protein, "hgvs")
    is_open = position in AMBIGUOUS and style not in ("p", "p()")
    assert bool(variant.question) is is_open and len(variant.readings) == 1 + is_open
    assert all(reading.residue_matches for reading in variant.readings)


@given(position=st.integers(1, len(P00441) - 1), new=residues)
def test_every_substitution_is_read_in_legacy_numbering(position, new):
    old = P00441[position]
    variant = read_variant(f"{old}{position}{new}")
    legacy = [reading for reading in variant.readings if reading.numbering == "legacy"]
    change = "=" if new == old else NAMES[new]
    assert [r.protein for r in legacy] == [f"p.{NAMES[old]}{position + 1}{change}"]
    assert legacy[0].legacy == f"{old}{position}{'=' if new == old else new}"


@given(position=positions, new=residues)
def test_a_reading_is_read_again_as_itself(position, new):
    """The names that are written are names that are read: the HGVS one means just that."""
    old = P00441[position - 1]
    for reading in read_variant(f"{old}{position}{new}").readings:
        again = only(reading.protein)
        assert replace(again, numbering=reading.numbering) == reading
        if reading.legacy:
            assert reading.protein in [r.protein for r in read_variant(reading.legacy).readings]


@given(first=residues, position=st.integers(1, 400), new=residues)
def test_a_residue_that_stands_in_neither_numbering_is_refused_with_what_does(first, position, new):
    def stands(n: int) -> str:
        at = (P00441 + "*" + "-" * 400)[n - 1]
        return (NAMES | {"*": "Ter", "-": "beyond the end"})[at]

    if NAMES[first] in (stands(position), stands(position + 1)):
        return
    assert refused(f"{first}{position}{new}") == (
        f"{first}{position}{'=' if first == new else new} fits in no numbering of SOD1: residue "
        f"{position} is {stands(position)} in HGVS numbering, {stands(position + 1)} in legacy "
        "numbering. Check the report. Ask the laboratory for the c. name."
    )


def test_both_ends_of_a_range_must_stand_in_the_same_numbering():
    assert "A5_A6del fits in no numbering" in refused("p.Ala5_Ala6del")
    assert "V4_V5del fits in no numbering" in refused("V4_V5del")


def test_a_range_that_fits_nowhere_says_what_stands_at_both_ends():
    assert refused("A7_A9del") == (
        "A7_A9del fits in no numbering of SOD1: residue 7 is Cys in HGVS numbering, Val in legacy "
        "numbering; residue 9 is Leu in HGVS numbering, Lys in legacy numbering. "
        "Check the report. Ask the laboratory for the c. name."
    )


@given(position=positions, new=residues)
def test_names_agree_with_mavehgvs(position, new):
    """mavehgvs reads what we write, as the same position and residues."""
    old = P00441[position - 1]
    if old == new or position == 1:
        return
    mave = MaveVariant(only(f"p.{NAMES[old]}{position}{NAMES[new]}").protein)
    assert mave.variant_type == "sub" and mave.sequence == (NAMES[old], NAMES[new])
    assert (mave.positions.position, mave.positions.amino_acid) == (position, NAMES[old])


@pytest.mark.parametrize("name", [
    "c.14C>T", "c.358-10T>G", "c.239+1G>A", "c.*12T>C", "c.-34A>T", "c.112del", "c.112_114del",
    "c.369_372dup", "c.383_384insTA", "c.112_114delinsAT", "c.240-7_240-5del",
])  # fmt: skip
def test_coding_names_agree_with_mavehgvs(name):
    assert str(MaveVariant(name)) == only(name).coding == name


@pytest.mark.parametrize("name", [
    "p.Leu127Ter", "p.Glu133_Glu134del", "p.Gly57_Cys58dup", "p.Lys129_Gly130insVal",
    "p.Leu127delinsTrpSer", "p.Leu127fs", "p.Ala5=",
])  # fmt: skip
def test_protein_names_agree_with_mavehgvs(name):
    assert str(MaveVariant(name)) == only(name).protein == name


# What is refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"no variant is named. {FORMS}"),
        (" ( ) ", f"no variant is named. {FORMS}"),
        ("SOD1", f"no variant is named. {FORMS}"),
        ("NM_000454.5:", f"no variant is named. {FORMS}"),
        ("NM_000454.4:c.14C>T",
         "the reference is NM_000454.5, and the text names version 4 of it. "
         "Give the name on NM_000454.5, or the protein name (p. …)"),
        ("NM_000454:c.14C>T",
         "the reference is NM_000454.5, and the text names it without a version. "
         "Give the name on NM_000454.5, or the protein name (p. …)"),
        ("NP_000445.2:p.Ala5Val",
         "the reference is NP_000445.1, and the text names version 2 of it. "
         "Give the name on NP_000445.1, or the protein name (p. …)"),
        ("FUS R521C", "'FUS' stands before or beside the name; thecal reads SOD1 only, "
         f"on NM_000454.5 and NP_000445.1. {FORMS}"),
        ("TARDBP:p.Ala382Thr",
         "6 characters of text stands before or beside the name; thecal reads SOD1 only, "
         f"on NM_000454.5 and NP_000445.1. {FORMS}"),
        ("SOD2 A4V", "'SOD2' stands before or beside the name; thecal reads SOD1 only, "
         f"on NM_000454.5 and NP_000445.1. {FORMS}"),
        ("NM_004960.4:c.14C>T",
         "'NM_004960.4' stands before or beside the name; thecal reads SOD1 only, "
         f"on NM_000454.5 and NP_000445.1. {FORMS}"),
        ("c.14C", "the name ends before its change. In a shell > writes a file: "
         "put the name in quotes"),
        ("c.358-10T", "the name ends before its change. In a shell > writes a file: "
         "put the name in quotes"),
        ("c. 14", "the name ends before its change. In a shell > writes a file: "
         "put the name in quotes"),
        ("g.31659783C>T", "a name that begins with g. is not read; give the c. or p. name"),
        ("M.3243A>G", "a name that begins with m. is not read; give the c. or p. name"),
        ("c.[14C>T];[=]", "alleles in [ ] are not read; give one variant"),
        ("p.?", "the name does not say what changes; give the c. name"),
        ("p.(=)", "the name does not say what changes; give the c. name"),
        ("p. 0", "the name does not say what changes; give the c. name"),
        ("p.Ala5?", "the name does not say what changes; give the c. name"),
        ("Z4V", f"'Z4V' is not a variant's name. {FORMS}"),
        ("4V", f"'4V' is not a variant's name. {FORMS}"),
        ("A12345V", f"'A12345V' is not a variant's name. {FORMS}"),
        ("A4Val", f"'A4Val' is not a variant's name. {FORMS}"),
        ("Ala4V", f"'Ala4V' is not a variant's name. {FORMS}"),
        ("A4V5", f"'A4V5' is not a variant's name. {FORMS}"),
        ("c.14C=", f"'c.14C=' is not a variant's name. {FORMS}"),
        ("p.Ala5Xaa", f"'p.Ala5Xaa' is not a variant's name. {FORMS}"),
        ("A4V > B", f"'> B' is not a variant's name. {FORMS}"),
        ("A0V", "position 0; positions count from 1"),
        ("M0V", "position 0; positions count from 1"),
        ("c.0A>G", "position 0; positions count from 1"),
        ("c.-0A>G", "position 0; positions count from 1"),
        ("c.358-0T>G", "position 0; positions count from 1"),
        ("p.Glu134_Glu133del",
         "a range runs from a lower to a higher position, and is deleted or doubled"),
        ("p.Glu133_Glu133del",
         "a range runs from a lower to a higher position, and is deleted or doubled"),
        ("p.Glu133_Glu134Val",
         "a range runs from a lower to a higher position, and is deleted or doubled"),
        ("p.Glu133_Glu134fs",
         "a range runs from a lower to a higher position, and is deleted or doubled"),
        ("p.Lys129insVal",
         "an insertion names the two residues on its sides, as in Lys129_Gly130ins…"),
        ("p.Lys129_Gly131insVal",
         "an insertion names the two residues on its sides, as in Lys129_Gly130ins…"),
        ("p.Ala5ValextTer5",
         "ext follows the loss of the stop codon only, as in p.Ter155GlnextTer?"),
        ("c.5_3del", "a range runs from a lower to a higher base, and is deleted or doubled"),
        ("c.5_5del", "a range runs from a lower to a higher base, and is deleted or doubled"),
        ("c.383_384C>T", "a range runs from a lower to a higher base, and is deleted or doubled"),
        ("c.383insT", "an insertion names the two bases on its sides, as in c.383_384insT"),
        ("c.383_385insT", "an insertion names the two bases on its sides, as in c.383_384insT"),
        ("c.239+1_240insA", "an insertion names the two bases on its sides, as in c.383_384insT"),
        ("c.239+1_239+3insA", "an insertion names the two bases on its sides, as in c.383_384insT"),
        ("c.14C>C", "the name changes nothing: the base before and after > is the same"),
        ("c.358-10T>T", "the name changes nothing: the base before and after > is the same"),
        ("c.466A>G", "c.466 lies beyond the coding sequence, which ends at c.465; "
         "a base after the stop codon is written c.*1"),
        ("c.-5+3A>T", "c.-5+3 lies in no intron that thecal holds; "
         "it holds those between coding exons"),
        ("c.*5-3A>T", "c.*5-3 lies in no intron that thecal holds; "
         "it holds those between coding exons"),
        ("c.100-10T>G", "c.100-10 lies in no intron: before - stands the first base of an exon, "
         "c.73, c.170, c.240, c.358"),
        ("c.1-10T>G", "c.1-10 lies in no intron: before - stands the first base of an exon, "
         "c.73, c.170, c.240, c.358"),
        ("c.240+10T>G", "c.240+10 lies in no intron: before + stands the last base of an exon, "
         "c.72, c.169, c.239, c.357"),
        ("c.465+10T>G", "c.465+10 lies in no intron: before + stands the last base of an exon, "
         "c.72, c.169, c.239, c.357"),
        ("p.(Ala5Val", f"a bracket is left open or closed twice. {FORMS}"),
        ("A4V)", f"a bracket is left open or closed twice. {FORMS}"),
        ("c.358–10T>G",
         "character U+2013 (en dash) stands in it; a name has plain letters, digits, - and >. "
         "Type it anew"),
        ("A4V\x00", "character U+0000 (no name) stands in it; a name has plain letters, digits, "
         "- and >. Type it anew"),
        ("A" * 101, f"101 characters; a name has at most 100. {FORMS}"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_name_is_refused_with_the_reason(text, said):
    assert refused(text) == said


def test_a_name_of_100_characters_is_read():
    assert only("A4V " + "," * 96).protein == "p.Ala5Val"
    assert "101 characters" in refused("A4V " + "," * 97)


@pytest.mark.parametrize("text", [
    "Kowalski A4V", "A4V Kowalski", "A4V Kowalski ", "Kowalski",
    "A4V, patient Kowalski, 12 March", "Kowalski:A4V",
    "p.Kowalski", "c.Kowalski", "[Kowalski]", "(Kowalski) A4V", "A4V-Kowalski", "Kowalski-4711",
    "NM_000454.5(Kowalski):c.14C>T",
])  # fmt: skip
def test_a_refusal_repeats_nobodys_name(text):
    """STYLE: error texts never hold names of people; a variant field is where one may slip in."""
    said = refused(text)
    assert "owalsk" not in said and "KOWALSKI" not in said.upper()


SPELLINGS = st.sampled_from(
    [*LEGACY, *(c for c, _ in PUBLISHED), "p.", "c.", "(", ")", " ", ">", "_", "del", "ins", "dup",
     "fs", "Ter", "*", "X", "ext", "SOD1", ":", "NM_000454.5", "358-10", "+", "-", "0", "9" * 9,
     "Ala", "Val", "?", "=", "[", "\n", "\u2013", "\U0001f600"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=120), st.lists(SPELLINGS, max_size=12).map("".join)))
@example("p.(" * 33)
@example("A" * 100)
@example("c." + "1" * 97)
@example("9" * 100)
def test_any_text_is_a_variant_or_one_error(text):
    try:
        variant = read_variant(text)
    except ThecalError as error:
        assert isinstance(error, VariantError) and 10 < len(str(error)) < 600
        return
    assert isinstance(variant, Variant) and variant.readings
    assert bool(variant.question) is (len(variant.readings) > 1)
    assert len({reading.protein or reading.coding for reading in variant.readings}) == len(
        variant.readings
    )


@given(st.binary(max_size=150))
def test_any_bytes_read_as_latin_1_are_a_variant_or_one_error(data):
    try:
        read_variant(data.decode("latin-1"))
    except VariantError as error:
        assert str(error)


@given(st.sampled_from(LEGACY), st.integers(0, 3), st.characters())
def test_a_slip_of_the_finger_never_gives_another_variant_unasked(name, where, slip):
    """One character replaced: refused, or a reading in which every letter typed was used."""
    text = name[:where] + slip + name[where + 1 :]
    try:
        variant = read_variant(text)
    except VariantError:
        return
    digits = re.sub(r"\D", "", text)
    numbers = {re.sub(r"\D", "", r.protein) for r in variant.readings}
    assert numbers <= {str(int(digits)), str(int(digits) + 1)}


# What is published


def test_what_is_published_comes_with_the_reading_and_its_source():
    survival = [p for p in only("A4V").published if p.about == "survival"]
    assert survival[0].values["median_survival_y"] == 1.2
    assert "Bali" in survival[0].source.document and survival[0].is_confirmed
    assert only("A5W").published == ()


@pytest.mark.parametrize("name", "A5V A5T L39V G42S H44R L85V G94A L107V V149G".split())
def test_the_nine_variants_of_the_trial_rule_are_marked_as_the_protocols_list(name):
    """CHMP assessment report, table 4: the variants of the faster-progressing group."""
    rules = [p for p in only(name).published if p.about == "trial rule"]
    assert [p.says for p in rules] == [
        "listed as fast-progressing by the protocol of the pivotal trial (VALOR)"
    ]


def test_no_other_variant_is_marked_by_the_trial_rule():
    known = load_gene().known
    assert sum(any(p.about == "trial rule" for p in each.published) for each in known) == 9
