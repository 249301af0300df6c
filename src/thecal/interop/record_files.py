"""Course files brought into the record, and copies of patients and vials written out of it.

Many files are brought in together: all are read and judged before the first is written, so that
either all can be or none is. A file is told by its place among them, for its name may be a
person's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from thecal.clinic.finding import Finding
from thecal.errors import CourseError, RecordError, StoreError, counted
from thecal.interop.records import format_course, read_course
from thecal.outfile import write_whole
from thecal.store.fact import Entry, entries_of, faults_of
from thecal.store.journal import stamp
from thecal.store.outcome import OVERRIDES, Author, Refused, Written
from thecal.store.record import Record, new_stream
from thecal.store.rows import with_entries
from thecal.store.rules import MOST_FACTS, check_stream, date_problem, doses_too_close
from thecal.store.transfer import export, key_of, known

FORMS = ("json", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFile:
    """One course file as facts of a new patient; `place` counts from 1."""

    place: int
    local_id: str
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...]

    @property
    def key(self) -> str:
        """The idempotency key: the same content has the same one, under whichever label."""
        return key_of(self.local_id, [e for e in self.entries if e.kind != "plan"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What may become of a file.

    there     the patient this very file made before; empty if none
    problem   why it is not taken in; empty if it is
    findings  doses that come too soon
    """

    file: CourseFile
    there: str = ""
    problem: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What became of a file: a new patient, one that was there, or a refusal."""

    place: int
    code: str
    is_new: bool
    refused: Refused | None = None


def read_all(paths: Sequence[Path], plan: Mapping[str, str]) -> tuple[CourseFile, ...]:
    """Read course files; raises StoreError with every fault of every file."""
    found, faults = [], []
    for place, path in enumerate(paths, start=1):
        try:
            reading = read_course(path)
        except RecordError as error:
            faults.append(f"file {place} of {len(paths)}: {error}")
            continue
        except OSError as error:
            faults.append(f"file {place} of {len(paths)}: {error.strerror or 'cannot be read'}")
            continue
        local_id = reading.course.patient_id
        entries = (
            Entry(kind="person", body={"local_id": local_id}),
            Entry(kind="plan", body=dict(plan)),
            *entries_of(reading.course),
        )
        wrong = [fault for entry in entries for fault in faults_of(entry, "P")]
        if len(entries) > MOST_FACTS:
            wrong.append(f"{len(entries)} facts; a change holds at most {MOST_FACTS}")
        faults += [f"file {place} of {len(paths)}: {words}" for words in dict.fromkeys(wrong)]
        found.append(
            CourseFile(place=place, local_id=local_id, entries=entries, remarks=reading.remarks)
        )
    if faults:
        raise StoreError("nothing was written\n" + "\n".join(faults))
    return tuple(found)


def judge(
    record: Record, author: Author, files: Sequence[CourseFile], override: str
) -> tuple[Judged, ...]:
    """Say of each file what may become of it; nothing is written but that somebody looked."""
    judged, seen = [], dict[str, CourseFile]()
    for file in files:
        looked = known(record, author, key=file.key, local_id=file.local_id)
        twin = seen.setdefault(file.local_id, file)
        facts = with_entries([], file.entries, 1)
        findings: tuple[Finding, ...] = ()
        there, problem = looked.stream, date_problem(file.entries, stamp(record.journal.clock()))
        try:
            findings = doses_too_close([], facts, record.folder)
        except (CourseError, StoreError) as error:
            problem = problem or str(error)
        if there:
            problem, findings = "", ()
        elif looked.same_id:
            problem = (
                f"its id is that of {', '.join(looked.same_id)} already, with other facts; add "
                "what is new with `thecal record add`"
            )
        elif twin is not file and twin.key != file.key:
            problem = f"its id is that of file {twin.place}; one person is one file"
        elif findings and not problem:
            if not override:
                problem = "doses stand too close; a prescriber may take it in, with --override"
            elif author.role not in OVERRIDES:
                problem = "only a prescriber may override, and says why"
        judged.append(Judged(file=file, there=there, problem=problem, findings=findings))
    return tuple(judged)


def take_in(record: Record, author: Author, judged: Judged, override: str) -> TakenIn:
    """Make a patient of a file that was judged, unless it is there."""
    place = judged.file.place
    if judged.there:
        return TakenIn(place=place, code=judged.there, is_new=False)
    outcome = record.add(
        new_stream("P"),
        judged.file.entries,
        author,
        expected=0,
        key=judged.file.key,
        reason="import",
        override=override if judged.findings else "",
    )
    if isinstance(outcome, Written):
        return TakenIn(place=place, code=outcome.stream, is_new=True)
    if outcome.code == "key_reused":  # the same file, by another hand or earlier in this call
        there = known(record, author, key=judged.file.key, local_id=judged.file.local_id).stream
        return TakenIn(place=place, code=there, is_new=False)
    return TakenIn(place=place, code="", is_new=False, refused=outcome)


def give(record: Record, author: Author, code: str, form: str, target: Path, *, reason: str) -> str:
    """Write a copy of a patient or a vial, noted as an export; return why not, or nothing.

    form  "json": every version of every fact; "csv": the course as it stands
    Raises StoreError where the record knows no such code.
    """
    check_stream(code)
    if form == "json":
        document = export(record, code, author, reason=reason)
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    else:
        if not code.startswith("P"):
            return "a vial has no course; take --format json"
        chart = record.read(code, author, reason=reason, action="export")
        if not any(map(chart.of, ("dose", "observation", "event"))):
            return "no dose, value or event yet; take --format json"
        try:
            text = format_course(chart.course)
        except (CourseError, StoreError) as error:
            return str(error)
    write_whole(target, text.encode(), is_private=True)
    return ""


def taken_words(taken: TakenIn, n: int) -> str:
    """Say what became of a file."""
    head = f"file {taken.place} of {n}: "
    if taken.refused:
        return f"{head}NOT WRITTEN. {taken.refused.message}"
    if taken.is_new:
        return f"{head}{taken.code} is new"
    return f"{head}{taken.code} has it already; nothing was written"


def refusal_words(judged: Sequence[Judged]) -> str:
    """Say which files were refused, and that therefore none was written."""
    n, refused = len(judged), [one for one in judged if one.problem]
    lines = [f"NOTHING WRITTEN: {len(refused)} of {counted(n, 'file')} refused."]
    for one in refused:
        lines.append(f"  file {one.file.place}: {one.problem}")
        for finding in one.findings:
            lines.append(f"    {finding.message}. {finding.says} [{finding.source}]")
    return "\n".join(lines)
