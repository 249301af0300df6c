"""What the record answers: a chart, its history, a change that was kept or was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from thecal.clinic.finding import Finding
from thecal.course import Course
from thecal.errors import StoreError
from thecal.store.fact import Body, Fact, course_of

ROLES = ("viewer", "nurse", "pharmacist", "prescriber", "auditor", "admin")
READERS = ("viewer", "nurse", "pharmacist", "prescriber", "auditor")  # not who keeps the machine
WRITERS = ("nurse", "pharmacist", "prescriber")
OVERRIDES = ("prescriber",)


MOST_REASON = 2_000  # characters


def check_words(words: str) -> None:
    """Refuse a reason that no database keeps as it was given."""
    if len(words) > MOST_REASON or any(0xD800 <= ord(c) < 0xE000 or c == "\0" for c in words):
        raise StoreError(f"a reason is text of at most {MOST_REASON} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who asks, and in which role. Who it really is was settled before: here it is only kept."""

    actor: str
    role: str

    def __post_init__(self) -> None:
        if not 0 < len(self.actor.strip()) <= 200 or not self.actor.isprintable():
            raise StoreError("nobody is named as the author; name yourself with --actor")
        if self.role not in ROLES:
            raise StoreError(f"the role of the author is one of {', '.join(ROLES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A change that was kept.

    version   of the stream, with this change
    facts     names of the facts it holds
    findings  what was overridden
    told      what its author should know, and what stands against nothing
    replayed  the same key had brought the same change before: nothing was written again
    """

    stream: str
    version: int
    at: str
    state: str
    facts: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    told: tuple[Finding, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A change that was not made: nothing of it was kept but the event that says so.

    code       stale, key_reused, role, not_there, date, person, plan, dose, vial, override
    version    of the stream as it is
    findings   what stands against it, where a prescriber may decide otherwise
    may_override   whether a prescriber may, with a reason
    """

    stream: str
    code: str
    message: str
    version: int
    findings: tuple[Finding, ...] = ()
    may_override: bool = False


Outcome: TypeAlias = Written | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One stream at one moment: its facts in the order they were first entered."""

    stream: str
    version: int
    state: str
    as_of: str
    facts: tuple[Fact, ...]

    def of(self, kind: str) -> tuple[Fact, ...]:
        """Return the facts of one kind."""
        return tuple(fact for fact in self.facts if fact.kind == kind)

    @property
    def plan(self) -> Body | None:
        """Which label is followed; the last plan counts."""
        plans = self.of("plan")
        return plans[-1].body if plans else None

    @property
    def course(self) -> Course:
        """What happened to this patient. Raises CourseError, StoreError if that cannot be."""
        try:
            return course_of(self.stream, self.facts)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise StoreError("the facts of this patient are not what thecal wrote") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a stream, with every fact it brought."""

    version: int
    at: str
    actor: str
    role: str
    reason: str
    facts: tuple[Fact, ...]
