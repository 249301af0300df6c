"""What a recorded visit means: what is missing, what must be judged, what is due next.

A finding names the label's statement or the policy it rests on. What was recorded is
`thecal.clinic.visit.visit`, its clocks and volumes `thecal.clinic.visit.facts`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from thecal.clinic.finding import Finding, Severity
from thecal.clinic.visit.course import Next, due_findings, next_due, recorded_findings, with_visit
from thecal.clinic.visit.facts import (
    ABORTED,
    FAILED,
    GIVEN,
    PART,
    UNKNOWN,
    Clock,
    Outcome,
    Volumes,
    clocks,
    differs,
    minutes_words,
    outcome,
    route_given,
    volumes,
)
from thecal.clinic.visit.steps import LABEL, PUNCTURE_PHASES, Checklist, Step
from thecal.clinic.visit.visit import Record, Visit, objections, policy_name, stops
from thecal.clinic.watch.symptoms import symptom_table
from thecal.course import Course
from thecal.errors import counted
from thecal.label.label import Statement
from thecal.regimen.schedule import ROUNDING
from thecal.source import Source

ORDER = list(Severity)
EVENTS = {FAILED: "failed_puncture", ABORTED: "procedure_aborted"}  # words of a course file
# Where a label file records that the label is silent on such an outcome.
TOPICS = {
    PART: "dosing.part_dose",
    FAILED: "dosing.failed_puncture",
    ABORTED: "dosing.failed_puncture",
}


class State(StrEnum):
    """How a step stands."""

    DONE = "done"
    SKIPPED = "skipped"
    MISSING = "missing"
    NOT_YET = "not yet"  # its time has not passed
    NOT_REACHED = "not reached"  # the visit ended before it
    LEFT_OPEN = "left open"  # left to the patient's condition, and not recorded


@dataclass(frozen=True, slots=True)
class Standing:
    """One step of the checklist and how it stands."""

    step: Step
    state: State
    record: Record | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything thecal says about one recorded visit.

    next  None without a course, or while the outcome is not known
    """

    visit: Visit
    checklist: Checklist
    standings: tuple[Standing, ...]
    clocks: tuple[Clock, ...]
    volumes: Volumes
    outcome: Outcome
    next: Next | None
    findings: tuple[Finding, ...] = field(default=())

    @property
    def missing(self) -> tuple[Step, ...]:
        """Steps that should be recorded and are not."""
        return tuple(s.step for s in self.standings if s.state is State.MISSING)

    @property
    def is_complete(self) -> bool:
        """Nothing is missing and nothing is serious."""
        serious = any(f.severity is Severity.SERIOUS for f in self.findings)
        return not self.missing and not serious


def review(
    visit: Visit,
    checklist: Checklist,
    *,
    now: dt.datetime | None = None,
    course: Course | None = None,
) -> Review:
    """Read a visit against its checklist.

    now     the time on the clock; None where nobody asks what lies in the future
    course  of the same person, with or without this visit; the next date needs it
    """
    ended, amounts = outcome(visit, checklist), volumes(visit, checklist)
    standings, times = _standings(visit, checklist, ended, now), clocks(visit, checklist)
    findings = [
        *_objected(visit, checklist, now),
        *_skipped(standings),
        *_symptoms(visit, checklist),
        *_timed(times, checklist),
        *_measured(visit, checklist, amounts),
        *_ended(visit, checklist, ended, amounts),
    ]
    following = None
    if course is not None:
        findings += due_findings(visit, course, checklist.label)
        if ended.kind in (GIVEN, PART, FAILED, ABORTED):
            given_mg = amounts.given_mg or 0.0
            findings += recorded_findings(course, visit.on, given_mg, checklist.label)
            after = with_visit(
                course,
                visit.on,
                given_mg,
                EVENTS.get(ended.kind, ""),
                route_given(visit, checklist),
            )
            following = next_due(after, checklist.label)
            if differs(visit, checklist):
                why = "The time-out names another medicine or dose. A prescriber decides."
                following = replace(following, date=None, why=why)
            findings += _booked(visit, following)
    findings.sort(key=lambda f: (ORDER.index(f.severity), f.code))
    return Review(
        visit=visit,
        checklist=checklist,
        standings=standings,
        clocks=times,
        volumes=amounts,
        outcome=ended,
        next=following,
        findings=tuple(findings),
    )


def _standings(
    visit: Visit, checklist: Checklist, ended: Outcome, now: dt.datetime | None
) -> tuple[Standing, ...]:
    is_cut = ended.stated in (FAILED, ABORTED)
    found = []
    for step in checklist.steps:
        record = visit.record(step.key)
        if record is not None:
            state = State.SKIPPED if record.skipped else State.DONE
        elif is_cut and step.phase in PUNCTURE_PHASES and step.key != "outcome":
            state = State.NOT_REACHED
        elif step.is_optional:
            state = State.LEFT_OPEN
        elif step.key == "headache_call" and _may_wait(visit, checklist, now):
            state = State.NOT_YET
        else:
            state = State.MISSING
        found.append(Standing(step, state, record))
    return tuple(found)


def _may_wait(visit: Visit, checklist: Checklist, now: dt.datetime | None) -> bool:
    """Tell whether the call about headache may still come."""
    last = visit.done("injection_end") or visit.done("outcome")
    if now is None or last is None:
        return False
    return now < last.at + dt.timedelta(hours=checklist.call_h[1])


# -- what must be judged


def _source(step: Step) -> Source:
    return step.grounds[0].source


def _stated_at(checklist: Checklist, topic: str) -> Source | None:
    told = checklist.about(topic)
    return None if told is None else told.source


def _objected(visit: Visit, checklist: Checklist, now: dt.datetime | None) -> Iterator[Finding]:
    """Yield what would have been refused, had it been recorded step by step."""
    if visit.policy != policy_name(checklist):
        yield Finding(
            code="visit.policy",
            severity=Severity.NOTE,
            message="the visit was recorded under another policy, or another version of it",
            rule=str(checklist.policy),
        )
    for record in visit.records:
        if record.step not in checklist.keys:
            yield Finding(
                code="visit.step",
                severity=Severity.SERIOUS,
                message="a step is recorded that the checklist does not have",
                asks="read it; nothing here judges it",
                rule=str(checklist.policy),
            )
            continue
        step = checklist.step(record.step)
        for reason in objections(visit, step, record, now=now):
            yield Finding(
                code=f"visit.{reason.code}",
                severity=Severity.CAUTION if reason.code == "day" else Severity.SERIOUS,
                message=f"{step.key}: {reason.words}",
                source=_source(step),
                rule=str(checklist.policy),
            )
        for name, words in stops(record, visit.on):
            yield Finding(
                code=f"visit.{name}",
                severity=Severity.SERIOUS,
                message=f"{step.key}: {name.replace('_', ' ')} is {words}",
                says=" ".join(g.says for g in step.grounds if g.says),
                asks="do not give what is in doubt; a pharmacist decides",
                source=_source(step),
                inputs={name: words},
            )
        absent = [name for name in step.asks if name not in record.values]
        if not record.skipped and absent and not step.expects:
            yield Finding(
                code="visit.not_written",
                severity=Severity.CAUTION,
                message=f"{step.key}: not written down: {', '.join(absent)}",
                source=_source(step),
                rule=str(checklist.policy),
            )


def _skipped(standings: Sequence[Standing]) -> Iterator[Finding]:
    for standing in standings:
        step = standing.step
        if standing.state is State.SKIPPED and not step.is_optional:
            is_labels = step.required_by == LABEL
            yield Finding(
                code="visit.skipped_label" if is_labels else "visit.skipped",
                severity=Severity.CAUTION if is_labels else Severity.NOTE,
                message=f"skipped, with a reason: {step.words}",
                says=step.grounds[0].says if is_labels else "",
                asks="the label asks for it; a prescriber judges the reason" if is_labels else "",
                source=step.grounds[0].source,
            )


def _symptoms(visit: Visit, checklist: Checklist) -> Iterator[Finding]:
    """Yield each new symptom; which reactions it may belong to, the watch's table says."""
    record, table, label = visit.done("symptoms"), symptom_table(), checklist.label
    seen = record.values.get("symptoms", ()) if record else ()
    for symptom in seen if isinstance(seen, tuple) else ():
        known = table.symptom(symptom) if label.medicine in table.medicines else None
        points, warned = "", list[Statement]()
        if known is not None:
            reactions = " or ".join(table.reactions[key].says for key in known.fits)
            sure = "" if known.basis.is_confirmed else ", not confirmed"
            points = f"; it may belong to {reactions} (thecal's table '{table.head.name}'{sure})"
            warned = [
                statement
                for statement in label.about("warnings")
                if not set(known.fits).isdisjoint(statement.words("events"))
            ]
        actions = dict.fromkeys(words for s in warned for words in s.words("action"))
        yield Finding(
            code=f"symptom.{symptom}",
            severity=Severity.SERIOUS,
            message=f"new at this visit: {symptom.replace('_', ' ')}{points}",
            says=" ".join(statement.says for statement in warned),
            asks=" ".join(actions) or "a prescriber decides, before anything is injected",
            source=warned[0].source if warned else None,
            rule=str(checklist.policy),
            inputs={"symptom": symptom},
        )


def _timed(times: Sequence[Clock], checklist: Checklist) -> Iterator[Finding]:
    for clock in times:
        if clock.verdict not in ("below", "above") or clock.minutes is None:
            continue
        is_labels = clock.key != "headache_call"
        edge = clock.least if clock.verdict == "below" else clock.most
        too = {"below": "too short", "above": "too long"}[clock.verdict]
        if clock.key == "injection":
            too = {"below": "too fast", "above": "too slow"}[clock.verdict]
        yield Finding(
            code=f"clock.{clock.key}",
            severity=Severity.SERIOUS if is_labels else Severity.NOTE,
            message=f"{clock.words}: {minutes_words(clock.minutes)}, {too}; "
            f"the limit is {minutes_words(edge or 0)}",
            says=clock.says,
            source=clock.source,
            rule=clock.key if is_labels else str(checklist.policy),
            inputs={"minutes": clock.minutes},
        )


def _measured(visit: Visit, checklist: Checklist, amounts: Volumes) -> Iterator[Finding]:
    """Yield volumes that do not fit the label, or each other."""
    source = checklist.amount.source
    if abs(amounts.strength_off) > ROUNDING:
        yield Finding(
            code="volume.strength",
            severity=Severity.CAUTION,
            message=f"printed strength times volume is {amounts.by_strength_mg:.4g} mg, the dose "
            f"{amounts.whole_mg:g} mg",
            source=source,
        )
    given, drawn = amounts.given_mL, amounts.drawn_mL
    for code, words, volume in (("drawn", "drawn up", drawn), ("given", "given", given)):
        if volume is not None and volume > amounts.whole_mL * (1 + ROUNDING):
            yield Finding(
                code=f"volume.{code}_above",
                severity=Severity.SERIOUS,
                message=f"{volume:g} mL {words}; a whole dose is {amounts.whole_mL:g} mL",
                source=source,
                inputs={"volume_mL": volume},
            )
    if given is not None and drawn is not None and given > drawn * (1 + ROUNDING):
        yield Finding(
            code="volume.more_than_drawn",
            severity=Severity.SERIOUS,
            message=f"{given:g} mL given of {drawn:g} mL drawn up; one of them is wrong",
            asks="correct the record",
        )
    yield from _csf(checklist, amounts)
    yield from _vials(visit, checklist)


def _csf(checklist: Checklist, amounts: Volumes) -> Iterator[Finding]:
    told, out_mL = checklist.about("administration.csf_removed"), amounts.csf_out_mL
    if told is None or out_mL is None:
        return
    about_mL = told.number("volume_mL")
    if abs(out_mL - about_mL) > checklist.csf_share * about_mL + 1e-9:
        basis = checklist.csf_basis
        yield Finding(
            code="volume.csf_out",
            severity=Severity.CAUTION,
            message=f"{out_mL:g} mL CSF out; the label has {about_mL:g} mL and no limits. More "
            f"than {checklist.csf_share:.0%} off is told here by {checklist.policy} "
            f"({basis.source.document}{'' if basis.is_confirmed else '; not confirmed'})",
            says=told.says,
            source=told.source,
            rule=str(checklist.policy),
            inputs={"csf_mL_out": out_mL},
        )


def _vials(visit: Visit, checklist: Checklist) -> Iterator[Finding]:
    record, vial = visit.done("vial_check"), checklist.about("identity.strength")
    count = record.number("vials") if record else None
    if count is None or vial is None or "volume_mL" not in vial.values:
        return
    needed = -(-checklist.amount.volume_mL // vial.number("volume_mL"))
    if count != needed:
        yield Finding(
            code="volume.vials",
            severity=Severity.CAUTION,
            message=f"{counted(int(count), 'vial')} opened; a whole dose is "
            f"{counted(int(needed), 'vial')}",
            says=vial.says,
            source=vial.source,
            inputs={"vials": count},
        )


def _ended(
    visit: Visit, checklist: Checklist, ended: Outcome, amounts: Volumes
) -> Iterator[Finding]:
    """Yield what the outcome leaves open, and where it contradicts what was injected."""
    source = checklist.amount.source
    is_partly = ended.stated == ABORTED and ended.kind == PART
    if ended.stated and ended.kind != ended.stated and not is_partly:
        went_in = "not written down" if amounts.given_mL is None else f"{amounts.given_mL:g} mL"
        yield Finding(
            code="outcome.contradicts",
            severity=Severity.SERIOUS,
            message=f"the outcome is '{ended.stated.replace('_', ' ')}' and the volume given is "
            f"{went_in}",
            asks="correct the record: what went in decides what counts",
            source=source,
        )
    elif ended.kind == UNKNOWN:
        yield Finding(
            code="outcome.unknown",
            severity=Severity.SERIOUS,
            message="an injection began and the volume given is not written down",
            asks="find out; until then nobody knows whether the dose counts",
            source=source,
        )
    topic = TOPICS.get(ended.kind)
    if topic is not None:
        silence = checklist.label.silence(topic)
        what = (
            f"{amounts.given_mL:g} mL of {amounts.whole_mL:g} mL was given, "
            f"{amounts.given_mg:.3g} mg; thecal counts it as a dose"
            if ended.kind == PART
            else "no drug was given; thecal does not count it as a dose"
        )
        yield Finding(
            code=topic,
            severity=Severity.CAUTION,
            message=what,
            says=silence.says if silence else "",
            asks="a prescriber decides",
            source=silence.source if silence else source,
            label_silent=silence is not None,
            rule=topic,
        )
    if ended.kind not in (FAILED, ABORTED):
        return
    if not ended.is_drawn:
        unopened = [
            s.says
            for topic in ("preparation.ready_before_cap", "storage.out_of_carton")
            for s in checklist.label.about(topic)
        ]
        yield Finding(
            code="outcome.vial_unopened",
            severity=Severity.NOTE,
            message="no drug was drawn up: the vial may still be good",
            says=" ".join(unopened),
            asks="count the time it was out of the refrigerator against its budget",
            source=_stated_at(checklist, "storage.out_of_carton"),
        )
    else:
        kept = checklist.about("administration.in_syringe")
        yield Finding(
            code="outcome.drawn_not_given",
            severity=Severity.CAUTION,
            message="drug was drawn up and not given",
            says=kept.says if kept else "",
            asks="discard it, and count the vial as used",
            source=kept.source if kept else None,
        )


def _booked(visit: Visit, following: Next) -> Iterator[Finding]:
    record = visit.done("next_date")
    booked = record.word("next_date") if record else ""
    if booked and following.date is not None and booked != following.date.isoformat():
        yield Finding(
            code="next.booked",
            severity=Severity.CAUTION,
            message=f"booked is {booked}; by the label dose {following.number} falls due on "
            f"{following.date}",
            says=following.rule,
            asks="move it, or write down why not",
            inputs={"booked": booked, "due": following.date.isoformat()},
        )
