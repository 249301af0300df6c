"""How thecal reads words that a label uses and does not define: "adult", "mutation".

A label says for whom it is in words. Where a number or a laboratory's class has to be held
against such a word, the reading is a named file with its sources, and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from thecal.clinic.policy import (
    BASIS,
    HEAD,
    HEAD_OPTIONAL,
    POLICIES,
    Basis,
    Head,
    read_basis,
    read_head,
)
from thecal.clinic.ruling import Verdict
from thecal.datafile import DataFile

FILE = POLICIES / "reading.thecal.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adult:
    """The age from which a label's "adult" begins."""

    from_years: float
    says: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """Whether a disease recorded with these degrees of certainty is the one that a label names."""

    certainties: tuple[str, ...]
    verdict: Verdict
    says: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """Whether a variant of these classes is what a label calls a mutation."""

    classes: tuple[str, ...]
    verdict: Verdict
    says: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A word of an indication that asks for a gene."""

    word: str
    gene: str
    says: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The readings, by word."""

    head: Head
    diagnosis: tuple[Certainty, ...]
    adult: Adult
    mutation: tuple[Mutation, ...]
    genes: tuple[Meant, ...]

    def of_certainty(self, name: str | None) -> Certainty | None:
        """Return how a degree of certainty is read; None for one that needs no reading."""
        return next((each for each in self.diagnosis if name in each.certainties), None)

    def of_class(self, name: str) -> Mutation:
        """Return how a class of variants is read."""
        return next(each for each in self.mutation if name in each.classes)


@cache
def words() -> Words:
    """Return the readings that are shipped. Raises DataFileError."""
    file = DataFile(FILE)
    top = file.read().fields([*HEAD, "diagnosis", "adult", "mutation", "genes"], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    certainty = [
        e.fields(["certainties", "verdict", "says", *BASIS]) for e in top["diagnosis"].items()
    ]
    adult = top["adult"].fields(["from_years", "says", *BASIS])
    mutation = [e.fields(["classes", "verdict", "says", *BASIS]) for e in top["mutation"].items()]
    genes = [e.fields(["word", "gene", "says", *BASIS]) for e in top["genes"].items()]
    file.finish()
    read = Words(
        head=head,
        diagnosis=tuple(
            Certainty(
                certainties=tuple(entry.text() for entry in row["certainties"].items()),
                verdict=Verdict(row["verdict"].choice(Verdict)),
                says=row["says"].text(),
                basis=read_basis(row, head),
            )
            for row in certainty
        ),
        adult=Adult(
            from_years=adult["from_years"].number(least=0),
            says=adult["says"].text(),
            basis=read_basis(adult, head),
        ),
        mutation=tuple(
            Mutation(
                classes=tuple(entry.text() for entry in row["classes"].items()),
                verdict=Verdict(row["verdict"].choice(Verdict)),
                says=row["says"].text(),
                basis=read_basis(row, head),
            )
            for row in mutation
        ),
        genes=tuple(
            Meant(
                word=row["word"].text(),
                gene=row["gene"].text(),
                says=row["says"].text(),
                basis=read_basis(row, head),
            )
            for row in genes
        ),
    )
    file.finish()
    return read
