"""The gene file: its sequence against the protein, and every fault of a file at its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.clinic.genetics.gene import CODE, GENES, Published, load_gene, read_gene, translate
from thecal.clinic.genetics.variant import read_variant
from thecal.errors import DataFileError

GENE = """\
gene: SOD1
title: made up for a test
version: "1"
reference: {hgnc: HGNC:1, transcript: NM_1.1, protein: NP_1.1, uniprot: P1}
legacy_offset: 1
sequence:
  source: paper
  section: "1"
  confirmed: "yes"
  protein: MK V
  coding: ATG AAAGTT TAA
  exons: [1, 5]
sources:
  paper: {document: A paper, version: 2026}
variants:
  - protein: p.Lys2Ala
    coding: ""
    published:
      - {about: survival, says: long, values: {years_y: 3}, source: paper, section: "2",
         confirmed: "no"}
"""


def made(tmp_path: Path, old: str = "", new: str = "") -> Path:
    text = GENE.replace('    coding: ""\n', "")
    assert old in text
    path = tmp_path / "sod1.yaml"
    path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return path


def test_the_reference_of_sod1_is_the_mane_transcript():
    """Clinic notes 2.4: NM_000454.5, NP_000445.1, P00441, HGNC:11179; 154 residues with Met."""
    gene = load_gene()
    assert (gene.symbol, gene.hgnc) == ("SOD1", "HGNC:11179")
    assert (gene.transcript, gene.protein_accession) == ("NM_000454.5", "NP_000445.1")
    assert (gene.uniprot, gene.legacy_offset, len(gene.protein)) == ("P00441", 1, 154)
    assert len(gene.coding) == 465 and gene.is_confirmed


@pytest.mark.published
def test_the_coding_sequence_is_that_of_the_refseq_record():
    """NCBI RefSeq NM_000454.4, ORIGIN bases 149 to 613, typed here from the record by its lines."""
    record = (
        "atggcgacgaag gccgtgtgcg tgctgaaggg cgacggccca gtgcagggca tcatcaattt cgagcagaag gaaagtaatg"
        "gaccagtgaa ggtgtgggga agcattaaag gactgactga aggcctgcat ggattccatg ttcatgagtt tggagataat"
        "acagcaggct gtaccagtgc aggtcctcac tttaatcctc tatccagaaa acacggtggg ccaaaggatg aagagaggca"
        "tgttggagac ttgggcaatg tgactgctga caaagatggt gtggccgatg tgtctattga agattctgtg atctcactct"
        "caggagacca ttgcatcatt ggccgcacac tggtggtcca tgaaaaagca gatgacttgg gcaaaggtgg aaatgaagaa"
        "agtacaaaga caggaaacgc tggaagtcgt ttggcttgtg gtgtaattgg gatcgcccaa taa"
    )
    assert load_gene().coding == record.replace(" ", "").upper()


@pytest.mark.published
def test_the_last_exon_is_that_of_the_human_genome():
    """UCSC knownGene uc002ypa.3, exon 5, GRCh37 chr21:33040784-33040891: a second witness."""
    exon = (
        "GTCCATGAAAAAGCAGATGACTTGGGCAAAGGTGGAAATGAAGAAAGTACAAAGACAGGAAACGCTGGAAGTCGTTTGGCTTGTGGTG"
        "TAATTGGGATCGCCCAATAA"
    )
    gene = load_gene()
    first, last = gene.exons[4]
    assert gene.coding[first - 1 : last] == exon and last - first == 33040891 - 33040784


@pytest.mark.published
def test_exons_are_those_of_the_refseq_record():
    """NM_000454.4: CDS 149..613; exons 1..220, 221..317, 318..387, 388..505, 506..966."""
    ends = [220, 317, 387, 505, 613]
    starts = [149, 221, 318, 388, 506]
    expected = tuple((a - 148, b - 148) for a, b in zip(starts, ends, strict=True))
    assert load_gene().exons == expected
    assert [load_gene().exon(base) for base in (1, 72, 73, 357, 358, 465)] == [1, 1, 2, 4, 5, 5]


@pytest.mark.published
@pytest.mark.parametrize(("base", "position"), [(140, 31663857), (272, 31667290), (280, 31667298)])
def test_coding_bases_stand_in_their_exon_on_the_genome(base, position):
    """ClinVar, GRCh38 chr21: two names in exon 4 are as far apart there as in the transcript."""
    other = {140: (140, 31663857), 272: (280, 31667298), 280: (272, 31667290)}[base]
    assert load_gene().exon(base) == load_gene().exon(other[0])
    assert base - other[0] == position - other[1]


def test_the_genetic_code_has_61_codons_and_three_stops():
    assert len(CODE) == 64 and [c for c in CODE if CODE[c] == "*"] == ["TAA", "TAG", "TGA"]
    assert (CODE["ATG"], CODE["TGG"], CODE["GCC"]) == ("M", "W", "A")
    assert translate(load_gene().coding) == load_gene().protein + "*"
    assert translate("ATGAA") == "M"


def test_every_published_variant_is_read_as_itself():
    """A misprint in the data file would be a variant that does not fit the protein."""
    known = load_gene().known
    assert len({k.protein or k.coding for k in known}) == len(known) == 25
    for each in known:
        (reading,) = read_variant(each.protein or each.coding).readings
        assert reading.published == each.published and reading.published
        assert (reading.protein, reading.coding) == (each.protein, each.coding)
        assert reading.residue_matches is True
        if each.protein and each.coding:
            assert read_variant(each.coding).readings[0].protein == each.protein


def test_every_published_statement_names_a_place_that_can_be_opened():
    for each in load_gene().known:
        for said in each.published:
            assert len(said.source.document) > 15 and said.source.section, said
            numbers = [f"{value:g}" for value in said.values.values()]
            assert all(number in said.says for number in numbers), said


def test_what_was_not_read_is_marked():
    unread = [
        said for each in load_gene().known for said in each.published if not said.is_confirmed
    ]
    assert [said.about for said in unread] == ["function"]


def test_a_gene_of_another_file_is_read(tmp_path):
    gene = read_gene(made(tmp_path))
    assert (gene.protein, gene.coding, gene.exons) == ("MKV", "ATGAAAGTTTAA", ((1, 4), (5, 12)))
    assert [gene.residue(n) for n in (0, 1, 3, 4, 5)] == ["", "M", "V", "*", ""]
    (said,) = gene.known[0].published
    assert said == Published(
        about="survival", says="long", values={"years_y": 3}, source=said.source, is_confirmed=False
    )
    assert str(said.source) == "A paper, 2026, section 2"
    assert read_variant("K1A", gene).readings[0].protein == "p.Lys2Ala"
    assert read_variant("c.4A>G", gene).readings[0].region == "exon 1"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("gene: SOD1\n", "", 1, "'gene' is missing"),
        ("AAAGTT", "AAAGCT", 11, "does not translate to the protein and a stop codon"),
        ("AAAGTT", "AAAGUT", 11, "expected only the letters ACGT"),
        ("MK V", "MK B", 10, "expected only the letters ARNDCQEGHILKMFPSTWYV*"),
        ("[1, 5]", "[2, 5]", 12, "expected the first coding base of each exon, from 1, rising"),
        ("[1, 5]", "[1, 5, 5]", 12, "expected the first coding base of each exon, from 1, rising"),
        ("[1, 5]", "[1, 50]", 12, "expected a number of at most 12, found 50"),
        ("source: paper\n", "source: papers\n", 7, "expected one of paper; found 'papers'"),
        ("about: survival", "about: weather", 18, "expected one of survival, progression"),
        ("years_y: 3", "years_y: many", 18, "expected a number, found 'many'"),
        ("says: long, ", "", 18, "'says' is missing"),
        ('confirmed: "no"', "confirmed: perhaps", 19, "expected one of yes, no"),
        ('confirmed: "yes"', "confirmed: perhaps", 9, "expected one of yes, no"),
    ],
)
def test_a_fault_of_a_gene_file_is_told_with_its_line(tmp_path, old, new, line, said):
    with pytest.raises(DataFileError) as caught:
        read_gene(made(tmp_path, old, new))
    assert [fault for fault in caught.value.faults if fault.line == line and said in fault.message]


@given(st.binary(max_size=300), st.integers(0, 600))
def test_any_bytes_in_a_gene_file_are_a_gene_or_one_error(tmp_path_factory, data, where):
    path = tmp_path_factory.mktemp("gene") / "sod1.yaml"
    text = GENE.encode()
    path.write_bytes(text[:where] + data + text[where + len(data) :])
    try:
        read_gene(path)
    except DataFileError as error:
        assert error.faults


def test_the_shipped_file_is_where_it_is_looked_for():
    assert [path.name for path in GENES.glob("*.yaml")] == ["sod1.yaml"]
