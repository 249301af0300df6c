"""Whether what a gene test found is the mutation that a label or a payer asks for.

The laboratory's class decides, by a named reading of the word "mutation". A variant of uncertain
significance is not a yes, and a name that can mean two things is a question before it is one.
"""

from __future__ import annotations

from thecal.clinic.eligibility.patient import READABLE, GeneTest, Patient
from thecal.clinic.eligibility.reading import words
from thecal.clinic.genetics.variant import Variant, read_variant
from thecal.clinic.ruling import ANY_MET, Reason, Verdict, ruling
from thecal.source import Source

GENE_TEST = "a gene test of {gene} with the laboratory's classification"


def mutation_reason(patient: Patient, gene: str, source: Source | None, rule: str) -> Reason:
    """Say whether a mutation of a gene is there; of several findings of the gene one is enough."""
    found = gene_reasons(patient, gene, source, rule)
    best = ruling("", found, ANY_MET).verdict
    return next(reason for reason in found if reason.verdict is best)


def gene_reasons(patient: Patient, gene: str, source: Source | None, rule: str) -> list[Reason]:
    """Say of each finding of a gene test whether it is a mutation of that gene.

    source, rule  where a mutation is asked for; how a class is read is told beside it
    """
    tests = [test for test in patient.variants or () if test.gene == gene]
    if not tests:
        return [
            Reason(
                verdict=Verdict.MISSING,
                says=f"a mutation of {gene} is asked for; no test of this gene is recorded",
                source=source,
                rule=rule,
                missing=GENE_TEST.format(gene=gene),
            )
        ]
    return [_gene_reason(test, source, rule) for test in tests]


def _gene_reason(test: GeneTest, source: Source | None, rule: str) -> Reason:
    variant = read_variant(test.name) if test.name and test.gene == READABLE else None
    inputs: dict[str, str | float] = {"gene": test.gene}
    inputs |= {
        name: value
        for name, value in (("classification", test.classification), ("zygosity", test.zygosity))
        if value
    }
    which = named(test, variant)
    asked = f"a mutation of {test.gene} is asked for"
    if test.classification is None:
        return Reason(
            verdict=Verdict.MISSING,
            says=f"{asked}; {which} is recorded without a classification",
            source=source,
            rule=rule,
            missing=f"the laboratory's classification of {which}",
            inputs=inputs,
        )
    read = words().of_class(test.classification)
    found = test.classification.replace("_", " ")
    if read.verdict is Verdict.YES and variant is not None and variant.question:
        return Reason(
            verdict=Verdict.MISSING,
            says=f"{asked}; the variant is reported as {found}, and its name can mean two things",
            source=source,
            rule=rule,
            missing=variant.question,
            inputs=inputs,
        )
    return Reason(
        verdict=read.verdict,
        says=f"{asked}; {which} is reported as {found}",
        reading=read.says,
        read_by=read.basis,
        source=source,
        rule=rule,
        inputs=inputs,
    )


def named(test: GeneTest, variant: Variant | None) -> str:
    """Name what a test found, by its one reading where its name has one."""
    if test.classification == "none_found":
        return f"a test of {test.gene}"
    if variant is None or variant.question:
        return f"a variant of {test.gene}"
    return f"{test.gene} {variant.readings[0].protein or variant.readings[0].coding}"
