"""The record of a clinic: many patients and vials, every fact kept, every look at one noted.

    add      a new patient or vial, or facts to one there is; corrections are new versions
    read     one stream as it is, or as it was known at any moment
    history  every change of it, with who, when and why
    due      the whole clinic, by due date

Each of these is one transaction with its event in the chain (`thecal.store.chain`): what could
not be noted is not done and not shown. What the record will not do is a value, `Refused`, with
its reason: another wrote first, a key was used for something else, a dose comes too soon.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select

from thecal.clinic.finding import Finding
from thecal.datafile import DRUGS
from thecal.errors import CourseError, StoreError
from thecal.store.chain import EMPTY, digest
from thecal.store.due import DueRow, read_due
from thecal.store.engine import (
    HEAD,
    connect,
    existing,
    let_go,
    migrate,
    new_place,
    reading,
    url_of,
    writing,
)
from thecal.store.fact import CLINIC, PATIENT, Entry, Fact
from thecal.store.journal import Journal, Key, Page, stamp, utc_now
from thecal.store.outcome import (
    OVERRIDES,
    READERS,
    WRITERS,
    Author,
    Change,
    Chart,
    Outcome,
    Refused,
    Written,
)
from thecal.store.rows import (
    fact_of,
    facts_of,
    identity,
    patients_of,
    rows_of,
    standing,
    with_entries,
)
from thecal.store.rules import (
    Asked,
    check,
    check_stream,
    date_problem,
    doses_too_close,
    follow,
    medicine_problem,
    not_usable,
    plan_of,
    plan_problem,
    told,
    twins_of,
    vial_problem,
    vials_of,
)
from thecal.store.seal import Mark, Seal, begin_witness, check_no_witness, make_seal, read_seal
from thecal.store.tables import CHANGE, FACT

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U, which are misread
AT_ONCE = 100  # patients
UNKNOWN = "no patient and no vial of the record has this code"


def new_stream(prefix: str, key: str = "") -> str:
    """Make the code of a new patient ("P") or vial ("V"): it tells nothing.

    By chance alone; from an idempotency key it is always the same one, so that a new patient
    written again under the same key is the same patient.
    """
    drawn = hashlib.sha256(f"{prefix} {key}".encode()).digest() if key else secrets.token_bytes(10)
    return f"{prefix}-{''.join(ALPHABET[byte % len(ALPHABET)] for byte in drawn[:10])}"


def beside(where: str, suffix: str) -> Path:
    """Return the file that stands beside a record kept in a file: its key, or its witness."""
    url = url_of(where)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise StoreError(
            "a record on a server has its key here; name the file with --key or THECAL_RECORD_KEY"
        )
    return Path(f"{url.database}.{suffix}")


class Record:
    """An open record.

    folder  the medicines whose labels are followed
    """

    def __init__(self, journal: Journal, folder: Path = DRUGS) -> None:
        self.journal, self.folder = journal, folder

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.journal.engine

    # -- open and close

    @classmethod
    def make(
        cls,
        where: str,
        author: Author,
        *,
        key: Path | None = None,
        folder: Path = DRUGS,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> Record:
        """Make a record in an empty database; a key that signs it is made unless it is there."""
        engine = connect(where)
        with new_place(engine):
            key = key or beside(where, "key")
            witness = key.with_suffix(".witness")
            check_no_witness(witness)
            seal = read_seal(key) if key.exists() else make_seal(key)
            migrate(engine)
            name = secrets.token_hex(16)
            made = cls(Journal(engine, name, seal, witness, clock), folder)
            with made.journal.page() as page:
                entries = [Entry(kind="record", body={"id": name})]
                page.change(CLINIC, (0, EMPTY), entries, author, Key(name, digest("make", name)))
                page.check(always=True)
            begin_witness(witness, name, seal, Mark(page.head.seq, page.head.hash))
        return made

    @classmethod
    def open(
        cls,
        where: str,
        *,
        key: Path | None = None,
        folder: Path = DRUGS,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> Record:
        """Open a record that is there."""
        engine, stands = existing(where)
        with let_go(engine):
            if stands > HEAD:
                raise StoreError(
                    f"the record was kept by a newer thecal (tables {stands[:10]}, here {HEAD}); "
                    "take that one"
                )
            if stands != HEAD:
                raise StoreError(
                    f"the record was kept by an older thecal (tables {stands[:10]}, here {HEAD}); "
                    "back it up with that one, then bring it up with `thecal record init --upgrade`"
                )
            with reading(engine) as connection:
                name = identity(connection)
            key = key or beside(where, "key")
            seal = read_seal(key)
        journal = Journal(engine, name, seal, key.with_suffix(".witness"), clock)
        return cls(journal, folder)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    # -- write

    def add(
        self,
        stream: str,
        entries: Sequence[Entry],
        author: Author,
        *,
        expected: int,
        key: str,
        reason: str = "",
        override: str = "",
    ) -> Outcome:
        """Add a change: to a stream of which its author saw version `expected`, 0 for a new one.

        key       of the caller's choice; the same key with the same change changes nothing more
        reason    why; a correction needs one
        override  why a prescriber records a dose that stands too close to another
        Raises StoreError where the entries are no facts.
        """
        asked = Asked(
            stream=stream,
            entries=tuple(entries),
            author=author,
            expected=expected,
            key=key,
            reason=reason,
            override=override,
        )
        check(asked)
        with self.journal.page() as page:
            outcome = self._judge(page, asked)
            if isinstance(outcome, Refused):
                now = standing(page.connection, stream)
                page.note(author, "refuse", stream, now, detail=outcome.code)
        return outcome

    def _judge(self, page: Page, asked: Asked) -> Outcome:
        """Keep a change, or say why not."""
        version, state = standing(page.connection, asked.stream)
        said = [(entry.kind, entry.body, entry.of) for entry in asked.entries]
        author = asked.author
        request = digest(
            asked.stream, said, author.actor, author.role, asked.reason, asked.override
        )
        key = Key(asked.key, request)

        def refused(code: str, message: str, findings: tuple[Finding, ...] = ()) -> Refused:
            return Refused(
                stream=asked.stream,
                code=code,
                message=message,
                version=version,
                findings=findings,
                may_override=bool(findings),
            )

        before = self._brought_by(page, asked, key, (version, state))
        if before == "another":
            message = "this key was used before, for another change; a new change has a new key"
            return refused("key_reused", message)
        if isinstance(before, Written):
            return before
        if author.role not in WRITERS:
            return refused("role", f"the role {author.role} reads and does not write")
        if asked.override and author.role not in OVERRIDES:
            return refused("role", "only a prescriber may override, and says why")
        if asked.expected != version:
            return refused(
                "stale",
                f"the stream stands at version {version}, not at {asked.expected}: another wrote "
                "since. Read it again, then decide again.",
            )
        held = facts_of(page.connection, asked.stream)
        try:
            after = with_entries(held, asked.entries, version + 1)
        except KeyError:
            return refused("not_there", "a correction names a fact that this stream does not hold")
        if problem := date_problem(asked.entries, page.now()):
            return refused("date", problem)
        if problem := plan_problem(asked.entries, self.folder):
            return refused("plan", problem)
        if problem := medicine_problem(asked.entries, held):
            return refused("plan", problem)
        findings: tuple[Finding, ...] = ()
        if asked.is_patient:
            try:
                findings = doses_too_close(held, after, self.folder)
            except (CourseError, StoreError) as error:
                return refused("dose", str(error))
            if twins := self._twins(page, asked, after):
                return refused(
                    "person",
                    f"the local id is that of {', '.join(twins)} already, with the same medicine: "
                    "write there. One person in two charts is given one dose twice.",
                )
        before_used, used = vials_of(held), vials_of(after)
        for vial in sorted(used):
            if used[vial] == before_used.get(vial):
                continue
            facts = facts_of(page.connection, vial)
            if problem := vial_problem(
                facts, used[vial], asked.stream, str(plan_of(after)["medicine"])
            ):
                return refused("vial", problem)
            findings += not_usable(facts, used[vial])
        if findings and not asked.override:
            more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
            message = f"{findings[0].message}{more}. A prescriber may override, with a reason."
            return refused(findings[0].code.partition(".")[0], message, findings)
        if asked.override and not findings:
            return refused("override", "nothing here needs an override; leave it out")
        written = self._keep(page, asked, key, (version, state), findings, after)
        self._use_vials(page, asked, key, written, before_used.keys(), used.keys())
        aside = told(held, after, self.folder, is_patient=asked.is_patient)
        return replace(written, told=aside)

    def _twins(self, page: Page, asked: Asked, after: Sequence[Fact]) -> list[str]:
        """Return the other charts of the person that this change names."""
        named = [entry.body or {} for entry in asked.entries if entry.kind == "person"]
        twins: list[str] = []
        for local_id in {str(body["local_id"]) for body in named if "local_id" in body}:
            others = patients_of(page.connection, local_id)
            others.pop(asked.stream, None)
            twins += twins_of(after, others)
        return sorted(twins)

    def _keep(
        self,
        page: Page,
        asked: Asked,
        key: Key,
        now: tuple[int, str],
        findings: tuple[Finding, ...],
        after: Sequence[Fact],
    ) -> Written:
        """Write a change, and what follows from it."""
        entries = list(asked.entries)
        if findings:
            of = sorted({finding.code for finding in findings})
            entries.append(Entry(kind="override", body={"of": of, "reason": asked.override}))
        reason = asked.reason or asked.override
        written = page.change(asked.stream, now, entries, asked.author, key, reason)
        if asked.is_patient:
            follow(page.connection, asked.stream, written.version, after, self.folder)
        return replace(written, findings=findings)

    def _use_vials(
        self,
        page: Page,
        asked: Asked,
        key: Key,
        written: Written,
        before: Collection[str],
        after: Collection[str],
    ) -> None:
        """Note in each vial that a dose came from it, or that after a correction none did."""
        for vial in sorted(set(after) ^ set(before)):
            of = ""
            body = {"patient": asked.stream, "change": written.version}
            if vial in before:
                facts = facts_of(page.connection, vial)
                of = next(fact.fact for fact in facts if fact.kind == "vial_used")
            use = Entry(kind="vial_used", body=None if of else body, of=of)
            now = standing(page.connection, vial)
            page.change(vial, now, [use], asked.author, key, asked.reason)

    def _brought_by(
        self, page: Page, asked: Asked, key: Key, now: tuple[int, str]
    ) -> Written | str:
        """Return what the same key brought before, "another" change, or nothing."""
        query = select(CHANGE).where(CHANGE.c.key == key.key)
        rows = page.connection.execute(query).all()
        row = next((row for row in rows if row.stream == asked.stream), None)
        if row is None or row.request != key.request:
            return "another" if rows else ""
        names = select(FACT.c.fact).where(FACT.c.stream == row.stream, FACT.c.change == row.version)
        facts = page.connection.execute(names.order_by(FACT.c.place)).scalars()
        page.note(asked.author, "replay", asked.stream, now, detail=str(row.version))
        return Written(
            stream=row.stream,
            version=row.version,
            at=row.at,
            state=row.state,
            facts=tuple(facts),
            replayed=True,
        )

    # -- read

    def check_reader(self, author: Author, stream: str) -> None:
        """Refuse, and note, who looks after the machine and wants to see a patient."""
        if author.role in READERS:
            return
        with self.journal.page() as page:
            page.note(author, "refuse", stream, standing(page.connection, stream), detail="role")
        raise StoreError(f"the role {author.role} keeps the record, and sees no chart in it")

    def read(
        self,
        stream: str,
        author: Author,
        *,
        as_of: dt.datetime | None = None,
        version: int | None = None,
        reason: str = "",
        action: str = "read",
    ) -> Chart:
        """Return a stream as it is, as it was known at a moment, or as it stood at a version.

        Raises StoreError if it was unknown then.
        """
        check_stream(stream)
        moment = "" if as_of is None else stamp(as_of)
        self.check_reader(author, stream)
        with self.journal.page() as page:
            now = seen = standing(page.connection, stream)
            if not now[0]:
                raise StoreError(UNKNOWN)
            if moment:
                seen = standing(page.connection, stream, until=moment)
            if version is not None:
                seen = standing(page.connection, stream, version=min(version, now[0]))
            if not seen[0]:
                raise StoreError("at that moment the record did not know this code yet")
            facts = facts_of(page.connection, stream, seen[0])
            detail = f"as of {moment}" if moment else ""
            detail = f"version {seen[0]}" if seen[0] < now[0] and not moment else detail
            page.note(author, action, stream, now, reason=reason, detail=detail)
        return Chart(
            stream=stream,
            version=seen[0],
            state=seen[1],
            as_of=min(moment or page.head.at, page.head.at),
            facts=tuple(facts),
        )

    def history(
        self, stream: str, author: Author, *, reason: str = "", action: str = "history"
    ) -> tuple[Change, ...]:
        """Return every change of a stream, the first one first."""
        check_stream(stream)
        self.check_reader(author, stream)
        with self.journal.page() as page:
            now = standing(page.connection, stream)
            if not now[0]:
                raise StoreError(UNKNOWN)
            query = select(CHANGE).where(CHANGE.c.stream == stream).order_by(CHANGE.c.version)
            changes = page.connection.execute(query).all()
            facts: dict[int, list[Fact]] = {}
            for row in page.connection.execute(rows_of(stream)):
                facts.setdefault(row.change, []).append(fact_of(row))
            page.note(author, action, stream, now, reason=reason)
        return tuple(
            Change(
                version=row.version,
                at=row.at,
                actor=row.actor,
                role=row.role,
                reason=row.reason,
                facts=tuple(facts.get(row.version, ())),
            )
            for row in changes
        )

    def due(
        self, author: Author, on: dt.date, *, until: dt.date | None = None
    ) -> tuple[DueRow, ...]:
        """Return who of the clinic is due, the longest overdue first."""
        self.check_reader(author, "*")
        with self.journal.page() as page:
            rows = tuple(read_due(page.connection, on, until))
            seen = digest([row.patient for row in rows])
            page.note(author, "due", "*", detail=f"{on}, {len(rows)} patients, {seen}")
        return rows

    def note(self, author: Author, action: str, *, reason: str = "", detail: str = "") -> Mark:
        """Add an event about the record as a whole, such as a backup; return the chain's end."""
        with self.journal.page() as page:
            page.note(author, action, "*", reason=reason, detail=detail)
            page.check(always=True)
        return Mark(page.head.seq, page.head.hash)

    def streams(self, prefix: str = PATIENT) -> tuple[str, ...]:
        """Return the codes of all patients ("P") or vials ("V")."""
        with reading(self.engine) as connection:
            first = select(CHANGE.c.stream).where(CHANGE.c.version == 1)
            held = first.where(CHANGE.c.stream.startswith(prefix)).order_by(CHANGE.c.stream)
            return tuple(connection.execute(held).scalars())

    def rebuild_due(self) -> int:
        """Compute anew what follows from the facts of every patient; return how many they are."""
        patients = self.streams()
        for at in range(0, len(patients), AT_ONCE):  # others write in between
            with writing(self.engine) as connection:
                for patient in patients[at : at + AT_ONCE]:
                    version, _ = standing(connection, patient)
                    follow(connection, patient, version, facts_of(connection, patient), self.folder)
        return len(patients)


__all__ = ["Author", "Change", "Chart", "Entry", "Outcome", "Record", "Refused", "Seal", "Written"]
