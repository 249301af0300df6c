"""What two labels of a medicine say differently, statement by statement.

Two versions of one label, or the labels of two jurisdictions. A statement is paired with the one
about the same thing under the same topic. What stands in one label and was not read in the other,
or is missing in a label read in part, is no difference: it is kept apart, since nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from thecal.label.label import Label, Silence, Statement, Value, covers

# Values that name the thing a statement is about; where one differs, it is about another thing.
NAMING = ("reaction", "name", "endpoint", "from_months", "system")
OF_A_GROUP = ("reaction", "endpoint")  # what was found in one group of people, not in another
# Not what a label says: words for programs that read courses and pages, and the order of steps.
FOR_PROGRAMS = ("events", "reaction_events", "synonyms", "step")


class Change(StrEnum):
    """How a statement differs between two labels.

    REWORDED carries the same numbers and words of the closed lists; only our words differ.
    """

    ADDED = "added"
    GONE = "gone"
    CHANGED = "changed"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementChange:
    """One statement that differs: `old` is None where it was added, `new` where it is gone."""

    change: Change
    topic: str
    old: Statement | None
    new: Statement | None

    def values(self) -> dict[str, tuple[Value | None, Value | None]]:
        """Return the values that differ, old and new by name; None where there is none."""
        old = {} if self.old is None else _values(self.old)
        new = {} if self.new is None else _values(self.new)
        return {
            name: (old.get(name), new.get(name))
            for name in [*old, *(name for name in new if name not in old)]
            if old.get(name) != new.get(name)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionChange:
    """A question that only one of the labels leaves open, or that both leave open differently."""

    topic: str
    old: Silence | None
    new: Silence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDiff:
    """What `new` says differently from `old`.

    changes    by topic; within one, in the order of the files
    questions  what one label leaves open, by topic
    not_read   statements of one label whose topic was not read in the other, by topic
    """

    old: Label
    new: Label
    changes: tuple[StatementChange, ...]
    questions: tuple[QuestionChange, ...]
    not_read: tuple[StatementChange, ...]


def compare_labels(old: Label, new: Label) -> LabelDiff:
    """Say what `new` states, leaves out and changes, held against `old`."""
    changes: list[StatementChange] = []
    not_read: list[StatementChange] = []
    for topic in sorted({s.topic for s in (*old.statements, *new.statements)}):
        for change in _pairs(topic, _under(topic, old), _under(topic, new)):
            unread = (change.old is None and _is_unread(old, topic)) or (
                change.new is None and _is_unread(new, topic)
            )
            (not_read if unread else changes).append(change)
    return LabelDiff(
        old=old,
        new=new,
        changes=tuple(changes),
        questions=tuple(_questions(old, new)),
        not_read=tuple(not_read),
    )


def _under(topic: str, label: Label) -> list[Statement]:
    return [s for s in label.statements if s.topic == topic]


def _is_unread(label: Label, topic: str) -> bool:
    """Tell whether what a label leaves out under a topic may only not have been read."""
    return label.status == "in part" or any(covers(gap.topic, topic) for gap in label.not_read)


def _pairs(topic: str, old: list[Statement], new: list[Statement]) -> Iterable[StatementChange]:
    """Pair the statements of one topic, and tell those that differ."""
    left, differing = list(new), []
    for statement in old:  # what is the same first, so that nothing else takes its partner
        twin = next((s for s in left if _same(statement, s)), None)
        if twin is None:
            differing.append(statement)
        else:
            left.remove(twin)
    for statement in differing:
        partner = next((s for s in left if _about_the_same(statement, s)), None)
        if partner is None:
            yield StatementChange(change=Change.GONE, topic=topic, old=statement, new=None)
            continue
        left.remove(partner)
        values = _values(statement)
        is_reworded = bool(values) and values == _values(partner)
        change = Change.REWORDED if is_reworded else Change.CHANGED
        yield StatementChange(change=change, topic=topic, old=statement, new=partner)
    for statement in left:
        yield StatementChange(change=Change.ADDED, topic=topic, old=None, new=statement)


def _values(statement: Statement) -> dict[str, Value]:
    return {name: v for name, v in statement.values.items() if name not in FOR_PROGRAMS}


def _same(one: Statement, other: Statement) -> bool:
    return one.says == other.says and _values(one) == _values(other)


def _about_the_same(one: Statement, other: Statement) -> bool:
    events, others = one.words("events"), other.words("events")
    if events and others and not set(events) & set(others):
        return False
    is_of_a_group = any(name in one.values for name in OF_A_GROUP)
    return not any(
        name in one.values and name in other.values and one.values[name] != other.values[name]
        for name in (*NAMING, *(("population",) if is_of_a_group else ()))
    )


def _questions(old: Label, new: Label) -> Iterable[QuestionChange]:
    for topic in sorted({gap.topic for gap in (*old.silences, *new.silences)}):
        before, after = old.silence(topic), new.silence(topic)
        if before is not None and after is not None and before.says == after.says:
            continue
        if (before is None and _is_unread(old, topic)) or (
            after is None and _is_unread(new, topic)
        ):
            continue
        yield QuestionChange(topic=topic, old=before, new=after)
