"""One sentence, as readers see it: its words and quantities, and what several readers ask of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from thecal.label.lexicon import Lexicon
from thecal.label.monograph import Span
from thecal.label.quantity import Quantity, quantities
from thecal.label.reading import grammar, phases
from thecal.label.reading.claim import Claim, Context, Said

# Where something stands in a line: as a pattern or a quantity found it, or its two ends.
Place: TypeAlias = re.Match[str] | Quantity | tuple[int, int]

_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+")


def ends_of(place: Place) -> tuple[int, int]:
    """Return where a place begins and ends."""
    if isinstance(place, tuple):
        return place
    if isinstance(place, Quantity):
        return place.start, place.end
    return place.span()


@dataclass(eq=False)
class Line:
    """One sentence; what several readers need of it is found once.

    text  in lower case, blanks folded; spans count its characters
    kind  "heading", "item", "row" or "text"
    """

    text: str
    kind: str
    context: Context
    lexicon: Lexicon

    # -- what stands in it

    @cached_property
    def words(self) -> frozenset[str]:
        """Return its words, hyphenated ones whole and in parts."""
        words = set(_TOKEN.findall(self.text))
        for word in [w for w in words if "-" in w]:
            words.update(word.split("-"))
        return frozenset(words)

    @cached_property
    def starts(self) -> frozenset[str]:
        """Return the first one to four letters of its words."""
        return frozenset(word[:n] for word in self.words for n in (1, 2, 3, 4))

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Return the numbers with a unit, in order."""
        return tuple(quantities(self.text))

    def has(self, *stems: str) -> bool:
        """Tell whether one of its words begins with one of these."""
        return any(word.startswith(stems) for word in self.words)

    # -- what it is about

    @cached_property
    def names_medicine(self) -> bool:
        """Tell whether it names the medicine."""
        return not self.lexicon.names.isdisjoint(self.words)

    @cached_property
    def is_other(self) -> bool:
        """Tell whether it is about another medicine, or a whole class of them."""
        if grammar.OTHER_OF_CLASS.search(self.text):
            return True
        if "oligonucleotides" in self.words and not self.names_medicine:
            return True
        return not self.words.isdisjoint(self.lexicon.others) or self.has(*grammar.OTHER_STEMS)

    @cached_property
    def in_animals(self) -> bool:
        """Tell whether it is about animals or cells."""
        return grammar.ANIMALS.search(self.text) is not None

    @property
    def is_aside(self) -> bool:
        """Tell whether it is about another medicine or not about people: nothing a label says."""
        return self.is_other or self.in_animals

    @property
    def is_question(self) -> bool:
        """Tell whether it asks."""
        return self.text.rstrip().endswith("?")

    @cached_property
    def on_half_life(self) -> bool:
        """Tell whether it, or the words before it, are about a half-life."""
        return bool(grammar.HALF_LIFE.search(self.text)) or "half-life" in self.context.lead

    @cached_property
    def on_peak(self) -> bool:
        """Tell whether it, or the words before it, are about the highest concentration."""
        return bool(grammar.PEAK.search(self.text)) or "tmax" in self.context.lead

    @cached_property
    def missed(self) -> str:
        """Say which dose it takes as missed, as `phases.which_missed` does; "" for none."""
        return phases.which_missed(self.text, self.context)

    @cached_property
    def _phases(self) -> phases.Phases:
        return phases.read_phases(self.text, self.context.phase)

    @property
    def names_phase(self) -> bool:
        """Tell whether it or its heading names a phase, not only a sentence before."""
        return self._phases.named or bool(phases.phase_of(self.context.lead))

    def phase(self, place: Place) -> str:
        """Return the phase that a place speaks of, or ""."""
        return self._phases.at(self.text, *ends_of(place)) or self.context.phase

    # -- what it says of a thing

    def denies(self, place: Place) -> bool:
        """Tell whether what stands there is negated."""
        return grammar.denied(self.text, *ends_of(place))

    def rule(self, place: Place, plain: str = "required") -> str:
        """Say whether it asks for a thing, allows it, leaves it or forbids it; else `plain`."""
        return grammar.rule(self.text, *ends_of(place), plain)

    # -- claims

    def claim(
        self,
        topic: str,
        name: str,
        value: Said,
        place: Place,
        *,
        unit: str = "",
        about: str = "",
        phase: str = "",
        hedged: bool = False,
    ) -> Claim:
        """Make a claim of what stands there."""
        return Claim(
            topic=topic,
            name=name,
            value=value,
            unit=unit,
            span=Span(*ends_of(place)),
            quote="",
            about=about,
            phase=phase,
            hedged=hedged,
        )

    def measure(
        self, topic: str, name: str, q: Quantity, *, about: str = "", phase: str = ""
    ) -> Claim:
        """Make a claim of a quantity."""
        return Claim(
            topic=topic,
            name=name,
            value=q.value,
            unit=q.unit,
            span=Span(q.start, q.end),
            quote="",
            about=about,
            phase=phase,
            bound=q.bound,
        )
