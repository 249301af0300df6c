"""A label in plain words, for the person who is given the medicine.

A leaflet has no words of its own but the few fixed ones below. Every other line is the `plain`
of a statement, or of a question that the label leaves open, and keeps the place it comes from.
Where nothing was written for a patient, the leaflet says so and whom to ask.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from thecal.errors import CatalogError, DataFileError, Fault, ThecalError
from thecal.label.label import Label, Silence, Statement, covers
from thecal.source import Source

Entry: TypeAlias = Statement | Silence

# ---- the fixed words. Nothing here is a fact about a medicine; {name} and the like are filled in.

NOTICES = (
    "This leaflet does not replace the one that comes with the medicine, or what your doctor "
    "tells you.",
    "Do not start, stop or change your treatment because of it.",
)
SUPERSEDED = (
    "OLD VERSION: this label is no longer in force. Do not use this leaflet for your treatment."
)
IN_PART = "Only a part of this label was read. Where something is missing here, ask your doctor."
NOTHING = "This leaflet has no line on this. Ask your doctor or nurse."
NOT_READ = "The label text on this was not read. Ask your doctor or nurse."
PART_READ = "Not all of the label text on this was read. Ask your doctor or nurse for the rest."
NO_SIGNS = (
    "This leaflet does not list the signs of these problems. Ask your doctor which signs to look "
    "for."
)
LEARN = "You can find out more in the full label: {document}, {version}."

BANDS = (
    (10.0, "Very common: 10 or more of every 100 people"),
    (1.0, "Common: 1 or more, but fewer than 10, of every 100 people"),
    (0.0, "Less common: fewer than 1 of every 100 people"),
)
NO_BAND = "How common is not said"
# Words for how common it is that a label uses in place of a figure, as percent.
CLASSES = {"very common": 10.0, "common": 1.0, "uncommon": 0.1, "rare": 0.01, "very rare": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One question of the leaflet, and which topics of a label answer it.

    topics  in the order of their lines; the longest topic that covers a statement decides
    must    areas that the leaflet cannot pass over: an unread one is said
    first   fixed lines before those of the label, and `last` after them
    """

    key: str
    words: str
    topics: tuple[str, ...]
    must: tuple[str, ...]
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


HEADINGS = (
    Heading(
        key="what",
        words="What is {name}?",
        topics=(
            "identity.inn",
            "identity.brand",
            "identity.pronunciation",
            "identity.class",
            "mechanism",
            "identity",
        ),
        must=(),
    ),
    Heading(
        key="why",
        words="Why is it used?",
        topics=("indication", "clinical_results", "pharmacodynamics"),
        must=("indication",),
    ),
    Heading(
        key="how",
        words="How is it given?",
        topics=("dosing.route", "dosing.amount", "administration", "preparation"),
        must=("administration",),
    ),
    Heading(
        key="when",
        words="When is it given?",
        topics=("dosing.loading", "dosing.maintenance", "dosing"),
        must=("dosing",),
    ),
    Heading(
        key="missed",
        words="What if you miss a dose?",
        topics=("missed_dose", "dosing.start", "dosing.gap"),
        must=("missed_dose",),
        first=("Call your clinic as soon as you know that you will miss a dose.",),
    ),
    Heading(
        key="before",
        words="What should you tell your doctor before you have it?",
        topics=(
            "contraindications",
            "populations",
            "interactions",
            "monitoring",
            "continuation",
            "pharmacokinetics",
            "nonclinical",
        ),
        must=("contraindications", "populations", "interactions"),
        first=("Tell your doctor about all your health problems and all the medicines you take.",),
    ),
    Heading(
        key="effects",
        words="What side effects can it have?",
        topics=("adverse_reactions", "immunogenicity"),
        must=("adverse_reactions",),
        last=("Tell your doctor about any side effect, even if it is not listed here.",),
    ),
    Heading(
        key="warnings",
        words="What are the warning signs, and what should you do now?",
        topics=("warnings",),
        must=("warnings",),
        first=(
            "Call your doctor right away if you have a new problem, or one that gets worse.",
            "Do not wait for your next visit.",
            "If you need help at once, call the emergency number where you live.",
        ),
    ),
    Heading(
        key="storage",
        words="How is it kept?",
        topics=("storage",),
        must=("storage",),
    ),
    Heading(
        key="more",
        words="Where can you learn more?",
        topics=("maker",),
        must=(),
        first=("Ask your doctor, nurse or pharmacist.",),
    ),
)
SAID = "What is {name}, and how do you say it?"  # the first heading, where the label's file tells
SOURCES = "Where does each line come from?"
MARKS = (
    "The number beside a line leads to its place in this list. A line without a number does "
    "not come from the label."
)


# ---- the leaflet


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a leaflet: its words, and where they come from; a fixed line has no source."""

    words: str
    topic: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Lines under a title of their own, such as how common a side effect is; it may be empty."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the leaflet says to one of its questions."""

    key: str
    heading: str
    groups: tuple[Group, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Return its lines in order, whatever their group."""
        return tuple(line for group in self.groups for line in group.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaflet:
    """A label in plain words.

    label    what it was made from
    name     the name of the medicine, as used in the text
    brand    the name it is sold under; empty where no statement gives it
    notices  fixed sentences that come before everything else
    parts    in the fixed order of `HEADINGS`
    sources  each place that a line comes from, once, in the order of the lines
    """

    label: Label
    name: str
    brand: str
    notices: tuple[str, ...]
    parts: tuple[Part, ...]
    sources: tuple[Source, ...]

    @property
    def title(self) -> str:
        """Name the medicine as a heading: "Tofersen (Qalsody)"."""
        name = self.name[:1].upper() + self.name[1:]
        return f"{name} ({self.brand})" if self.brand else name

    def mark(self, line: Line) -> int | None:
        """Return the number of the place a line comes from, from 1; None for a fixed line."""
        return None if line.source is None else self.sources.index(line.source) + 1

    def text(self) -> str:
        """Return what a patient reads, without marks and places: one heading or line a line."""
        rows = [self.title, *self.notices]
        for part in self.parts:
            rows.append(part.heading)
            for group in part.groups:
                rows += [group.title] if group.title else []
                rows += [line.words for line in group.lines]
        return "\n".join(rows)


def leaflet(label: Label) -> Leaflet:
    """Write the leaflet of a label.

    Raises CatalogError where the label has no plain words at all, DataFileError where plain words
    give a number that their statement does not give.
    """
    faults = unfounded(label)
    if faults:
        raise DataFileError(
            [Fault(0, fault) for fault in faults],
            what=f"the plain words of {label.medicine}, {label.jurisdiction}",
        )
    told = [entry for entry in _entries(label) if entry.plain]
    if not told:
        raise CatalogError(
            f"the {label.jurisdiction} label of {label.medicine} has no words for a patient in the "
            f"version '{label.version}'; write them under 'plain' of its statements"
        )
    name = _name(label, "identity.inn") or label.medicine
    parts = tuple(_part(heading, label, told, name) for heading in HEADINGS)
    sources = dict.fromkeys(
        line.source for part in parts for line in part.lines if line.source is not None
    )
    return Leaflet(
        label=label,
        name=name,
        brand=_name(label, "identity.brand"),
        notices=(*_standing(label), *NOTICES),
        parts=parts,
        sources=tuple(sources),
    )


def _entries(label: Label) -> tuple[Entry, ...]:
    return (*label.statements, *label.silences, *label.not_read)


def _standing(label: Label) -> tuple[str, ...]:
    """Say first what keeps a reader from trusting the whole."""
    said = (SUPERSEDED,) if label.status == "superseded" else ()
    must = {name for heading in HEADINGS for name in heading.must}
    is_in_part = label.status == "in part" or any(gap.topic in must for gap in label.not_read)
    return (*said, IN_PART) if is_in_part else said


def _name(label: Label, topic: str) -> str:
    names = [name for s in label.about(topic) for name in s.words("name")]
    return names[0] if names else ""


def _part(heading: Heading, label: Label, told: list[Entry], name: str) -> Part:
    mine = [t for t in told if _heading(t.topic) is heading]
    mine.sort(key=lambda t: _rank(heading, t.topic))  # stable: then as in the label's file
    first, last = list(heading.first), list(heading.last)
    unread = {gap.topic for gap in label.not_read} & set(heading.must)
    if heading.key == "warnings" and not any(covers("warnings.signs", t.topic) for t in mine):
        last.append(NO_SIGNS)
    if heading.key == "more":
        last.append(LEARN.format(document=label.document, version=label.version))
    elif not mine:
        last.append(NOT_READ if unread else NOTHING)
    elif unread:
        last.append(PART_READ)
    words = heading.words
    if any(covers("identity.pronunciation", t.topic) for t in mine):
        words = SAID
    middle = _by_band(mine) if heading.key == "effects" else [Group(title="", lines=_lines(mine))]
    groups = [
        Group(title="", lines=tuple(Line(words=words) for words in first)),
        *middle,
        Group(title="", lines=tuple(Line(words=words) for words in last)),
    ]
    return Part(
        key=heading.key,
        heading=words.format(name=name),
        groups=tuple(group for group in groups if group.lines),
    )


def _heading(topic: str) -> Heading:
    """Return the heading under which a topic stands."""
    found = [
        (len(prefix), heading)
        for heading in HEADINGS
        for prefix in heading.topics
        if covers(prefix, topic)
    ]
    return max(found, key=lambda pair: pair[0])[1]


def _rank(heading: Heading, topic: str) -> int:
    """Return where a topic stands under its heading."""
    ranks = [(len(p), -i) for i, p in enumerate(heading.topics) if covers(p, topic)]
    return -max(ranks)[1]


def _lines(told: list[Entry]) -> tuple[Line, ...]:
    return tuple(Line(words=t.plain, topic=t.topic, source=t.source) for t in told)


def _by_band(told: list[Entry]) -> list[Group]:
    """Group side effects by how common they are, the most common first."""
    effects = [t for t in told if isinstance(t, Statement) and "reaction" in t.values]
    others = [t for t in told if not (isinstance(t, Statement) and "reaction" in t.values)]
    groups = [Group(title="", lines=_lines(others))]
    left = {id(t): percent_of(t) for t in effects}
    for least, title in BANDS:
        mine = [t for t in effects if (p := left.get(id(t))) is not None and p >= least]
        mine.sort(key=lambda t: -(left[id(t)] or 0))
        groups.append(Group(title=title, lines=_lines([*mine])))
        for t in mine:
            del left[id(t)]
    groups.append(Group(title=NO_BAND, lines=_lines([t for t in effects if id(t) in left])))
    return groups


def percent_of(statement: Statement) -> float | None:
    """Return how common a reaction is, in percent; None where nothing says it.

    A word such as "common (derived)" counts as the lower end of its class.
    """
    percent = statement.values.get("drug_percent")
    if isinstance(percent, float):
        return percent
    count, n = statement.values.get("drug_count"), statement.values.get("drug_n")
    if isinstance(count, float) and isinstance(n, float) and n > 0:
        return 100 * count / n
    words = str(statement.values.get("frequency", "")).split(" (")[0].strip().lower()
    return CLASSES.get(words)


# ---- does every number come from the statement?

WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth".split()  # a first is no figure
SPELLED = (
    {word: float(i) for i, word in enumerate(WORDS)}
    | {word: float(i) for i, word in enumerate(ORDINALS, start=3)}
    | {"second": 2.0, "twice": 2.0}
)
# Digits that do not belong to a name, such as SOD1, and words for numbers.
FIGURE = re.compile(
    rf"(?P<about>\babout )?(?<![\w.,])(?:(?P<digits>\d+(?:,\d\d\d)*(?:\.\d+)?)"
    rf"|(?P<word>{'|'.join(SPELLED)})\b)",
    re.IGNORECASE,
)
FAHRENHEIT = re.compile(r"(\d+)(?: to (\d+))? °F")


def unfounded(label: Label) -> list[str]:
    """Return what plain words say in numbers that their statement does not, a sentence each.

    A number may be spelled out. After "about" it may be rounded to a whole one; a percentage may
    be said as so many of 100, a temperature in °F as well.
    """
    return [
        f"{told.topic}: '{shown}' in '{told.plain}' is not in the statement"
        for told in _entries(label)
        for shown in _unfounded(told)
    ]


def _unfounded(told: Entry) -> Iterator[str]:
    given = set(_figures(told.says))
    percent = "%" in told.says
    if isinstance(told, Statement):
        for name, value in told.values.items():
            percent |= name.endswith("_percent") or value == "%"
            if isinstance(value, float):
                given.add(abs(value))
            else:
                for text in (value,) if isinstance(value, str) else value:
                    given |= set(_figures(text))
    rounded = {float(math.floor(number + 0.5)) for number in given}
    in_F = {float(math.floor(number * 9 / 5 + 32.5)) for number in given}
    plain = told.plain
    for match in FAHRENHEIT.finditer(plain):
        for number in filter(None, match.groups()):
            if float(number) not in in_F:
                yield f"{number} °F"
    for match in FIGURE.finditer(FAHRENHEIT.sub("°F", plain)):
        number = _figure(match)
        found = given | (rounded if match["about"] else set()) | ({100.0} if percent else set())
        if number not in found:
            yield match[0]


def _figures(text: str) -> Iterator[float]:
    return (_figure(match) for match in FIGURE.finditer(text))


def _figure(match: re.Match[str]) -> float:
    if match["word"]:
        return SPELLED[match["word"].lower()]
    return float(match["digits"].replace(",", ""))


# ---- is it easy to read?

MOST_GRADE = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How many years of school a text asks for, by two formulas; the first one is judged."""

    flesch_kincaid: float
    smog: float

    @property
    def is_plain(self) -> bool:
        """Tell whether the judged grade is at most 8."""
        return self.flesch_kincaid <= MOST_GRADE


def reading(leaflet: Leaflet) -> Reading:
    """Grade what a patient reads; a heading or line without a full stop counts as a sentence.

    Raises ThecalError where textstat is not installed.
    """
    try:
        import textstat
    except ImportError as error:
        raise ThecalError(
            "the reading grade needs textstat 0.7.7; install it by pip install 'thecal[grade]'"
        ) from error
    rows = leaflet.text().splitlines()
    text = "\n".join(row if row.endswith((".", "?", "!")) else row + "." for row in rows)
    return Reading(
        flesch_kincaid=float(textstat.flesch_kincaid_grade(text)),
        smog=float(textstat.smog_index(text)),
    )


def unanswered(leaflet: Leaflet) -> tuple[str, ...]:
    """Return the headings under which no line of the label stands."""
    return tuple(
        part.heading
        for part in leaflet.parts
        if part.key != "more" and not any(line.source for line in part.lines)
    )
