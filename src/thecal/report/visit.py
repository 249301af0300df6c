"""One visit for its readers: a page to print and tick, and plain text.

The page is one sheet, A4 or Letter, black on white; it holds no script and asks for nothing. The
same checklist gives the same bytes. docs/visit.md says how it is used.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from thecal import __version__
from thecal.clinic.finding import Finding
from thecal.clinic.visit.course import Next
from thecal.clinic.visit.facts import (
    ABORTED,
    FAILED,
    GIVEN,
    OPEN,
    PART,
    UNKNOWN,
    Clock,
    clocks,
    minutes_words,
)
from thecal.clinic.visit.review import Review, Standing, State
from thecal.clinic.visit.steps import Checklist, Ground, Step
from thecal.clinic.visit.values import VALUES, WORD, WORDS
from thecal.clinic.visit.visit import begin
from thecal.errors import counted
from thecal.label.label import Label
from thecal.outfile import write_whole
from thecal.plan.answer import DISCLAIMER
from thecal.regimen.schedule import ROUNDING
from thecal.report.leaflet import policy as content_policy
from thecal.report.terminal import NAMES, WIDTH
from thecal.report.words import status_words
from thecal.source import Source

TEMPLATES = Path(__file__).parent / "templates"
NOT_CONFIRMED = "not confirmed"
MARKS = {
    State.DONE: "[x]",
    State.SKIPPED: "[-]",
    State.MISSING: "[ ]",
    State.NOT_YET: "[ ]",
    State.NOT_REACHED: " . ",
    State.LEFT_OPEN: " . ",
}
STATES = {
    State.MISSING: "MISSING",
    State.NOT_YET: "not yet",
    State.NOT_REACHED: "not reached",
    State.LEFT_OPEN: "left to the patient's condition, not recorded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """For which day a checklist is printed; None where it is left to be filled in.

    on    day of the visit
    due   what the course says is due, where one was read
    """

    on: dt.date | None = None
    due: Next | None = None


# -- places


def _place(ground: Ground, label: Label) -> str:
    """Name in short where a step stands: "US §2.2", or the number of another source."""
    source = ground.source
    if (source.document, source.version) == (label.document, label.version):
        return f"{label.jurisdiction.upper()} {_section(source)}"
    return ""


def _section(source: Source) -> str:
    return f"§{source.section}" if source.section[:1].isdigit() else source.section


def _others(checklist: Checklist) -> list[tuple[Source, bool]]:
    """Return the sources beside the label, in the order the page meets them."""
    found: dict[tuple[str, str, str], tuple[Source, bool]] = {}
    for ground in _grounds(checklist):
        if not _place(ground, checklist.label):
            source = ground.source
            key = (source.document, source.version, source.jurisdiction)
            found.setdefault(key, (source, ground.is_confirmed))
    return list(found.values())


def _grounds(checklist: Checklist) -> Iterator[Ground]:
    for step in checklist.steps:
        yield from step.grounds
    for basis in (checklist.csf_basis, checklist.call_basis):
        yield Ground(source=basis.source, is_confirmed=basis.is_confirmed)


def marks(grounds: Sequence[Ground], checklist: Checklist) -> str:
    """Name every place of a step, once each: "US §2.2, [1]"."""
    others = [(s.document, s.version) for s, _ in _others(checklist)]
    places: dict[str, None] = {}
    for ground in grounds:
        at = _place(ground, checklist.label)
        if not at:
            source = ground.source
            number = others.index((source.document, source.version)) + 1
            is_labels = bool(source.jurisdiction)
            at = f"{_section(source)} [{number}]" if is_labels else f"practice [{number}]"
        places[at] = None
    return ", ".join(places)


def sources(checklist: Checklist) -> list[str]:
    """Name the label and then every other source, numbered as `marks` has them."""
    label = checklist.label
    rows = [f"{label.jurisdiction.upper()} label: {label.document}, {label.version}"]
    for number, (source, is_confirmed) in enumerate(_others(checklist), start=1):
        unsure = "" if is_confirmed else f" ({NOT_CONFIRMED})"
        version = f", {source.version}" if source.version else ""
        rows.append(f"[{number}] {source.document}{version}{unsure}")
    return rows


def blank(name: str, step: Step) -> tuple[str, tuple[str, ...]]:
    """Return what to write for a value, and the words to ring; no words, a line to fill."""
    kind = VALUES[name]
    if kind.form == WORD:
        return kind.says, tuple(word.replace("_", " ") for word in kind.words)
    if kind.form == WORDS:
        return "", tuple(word.replace("_", " ") for word in (*step.choices, "none"))
    return kind.says, ()


def silences(checklist: Checklist) -> list[str]:
    """Say what the label leaves open about the visit itself."""
    return [s.says.rstrip(".") for s in checklist.silences]


# -- the page


def write_page(checklist: Checklist, path: Path, occasion: Occasion) -> None:
    """Write the page of a checklist; the old file stays if this fails."""
    write_whole(path, page(checklist, occasion).encode())


def page(checklist: Checklist, occasion: Occasion) -> str:
    """Return the checklist as one page of HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    label = checklist.label
    brand = next((s.words("name")[0] for s in label.about("identity.brand") if s.values), "")
    limits = {clock.key: clock for clock in _limits(checklist)}
    return environment.get_template("visit.html").render(
        checklist=checklist,
        occasion=occasion,
        label=label,
        brand=brand,
        status=status_words(label),
        phases=_phases(checklist),
        marks=lambda step: marks(step.grounds, checklist),
        blanks=lambda step: [(name, *blank(name, step)) for name in step.asks if not step.expects],
        clocks=limits,
        clock_marks=lambda key: _mark(limits[key].source, checklist),
        due=due_words(occasion),
        sources=sources(checklist),
        silent=silences(checklist),
        disclaimer=DISCLAIMER,
        version=__version__,
        policy=content_policy,
    )


def _phases(checklist: Checklist) -> list[tuple[str, str, list[Step]]]:
    return [
        (key, title, [step for step in checklist.steps if step.phase == key])
        for key, title in checklist.titles.items()
    ]


def _limits(checklist: Checklist) -> tuple[Clock, ...]:
    """Return the clocks with nothing recorded: their limits."""
    return clocks(begin(checklist, "", dt.date.min), checklist)


def _mark(source: Source | None, checklist: Checklist) -> str:
    """Name one place as `marks` does, in full where no step rests on it."""
    if source is None:
        return ""
    try:
        return marks([Ground(source=source)], checklist)
    except ValueError:
        return str(source)


def due_words(occasion: Occasion) -> str:
    """Say which dose falls due when; empty where no course was read."""
    due = occasion.due
    if due is None:
        return ""
    if due.date is None:
        return f"Dose {due.number}: {due.why}"
    words = f"Dose {due.number} falls due on {_day(due.date)}, {due.reason}"
    if occasion.on and occasion.on != due.date:
        off = (occasion.on - due.date).days
        side = "after" if off > 0 else "before"
        words += f"; this visit is {counted(abs(off), 'day')} {side} it"
    return words


def _day(date: dt.date) -> str:
    return f"{date:%a} {date.isoformat()}"


# -- plain text


def checklist_text(checklist: Checklist, occasion: Occasion) -> str:
    """Return the checklist as plain text, to tick by hand."""
    amount, label = checklist.amount, checklist.label
    on = f" on {_day(occasion.on)}" if occasion.on else ""
    lines = [
        f"Visit{on}: {label.medicine} {amount.amount_mg:g} mg in {amount.volume_mL:g} mL, "
        f"{checklist.route}",
        *_wrap(status_words(label)),
        *_wrap(due_words(occasion)),
    ]
    for _, title, steps in _phases(checklist):
        lines += ["", title]
        for step in steps:
            who = " (second signature)" if step.second else ""
            skip = "" if step.may_skip else " (never skipped)"
            place = marks(step.grounds, checklist)
            lines += _wrap(f"{step.words}{who}{skip} [{place}]", "  [ ] ", " " * 6)
            told = [_blank_words(name, step) for name in step.asks if not step.expects]
            lines += _wrap("; ".join(told), " " * 6, " " * 6)
    lines += ["", "Clocks"]
    for clock in _limits(checklist):
        lines += _wrap(f"{clock.words}: {_limit_words(clock)}", "  ", " " * 4)
    if checklist.silences:
        lines += ["", "The label is silent on"]
        for silence in silences(checklist):
            lines += _wrap(silence, "  ", " " * 4)
    lines += ["", *(row for line in sources(checklist) for row in _wrap(line, "", "    "))]
    lines += _wrap(f"Steps: {checklist.policy.title}, {checklist.policy}", "", "    ")
    return "\n".join([*lines, "", *_wrap(DISCLAIMER)])


def _blank_words(name: str, step: Step) -> str:
    says, words = blank(name, step)
    return f"{says}: {' / '.join(words)}".strip(": ") if words else f"{says} ____"


def _limit_words(clock: Clock) -> str:
    if clock.least is None and clock.most is None:
        return clock.says.strip()
    if clock.least is None:
        words = f"at most {minutes_words(clock.most or 0)}"
    else:
        words = f"{minutes_words(clock.least)} to {minutes_words(clock.most or 0)}"
    return words if clock.is_confirmed else f"{words} ({NOT_CONFIRMED})"


def review_text(review: Review) -> str:
    """Say what a recorded visit means: outcome, next date, findings, clocks, steps."""
    checklist, visit = review.checklist, review.visit
    label, amount = checklist.label, checklist.amount
    lines = [
        f"Visit on {_day(visit.on)}: {label.medicine} {amount.amount_mg:g} mg in "
        f"{amount.volume_mL:g} mL, {checklist.route}",
        *_wrap(status_words(label)),
        *_wrap(_verdict(review)),
        "",
        *_wrap(f"Outcome: {outcome_words(review)}"),
        *_wrap(f"Next: {next_words(review)}"),
    ]
    if review.next is not None:
        for question in review.next.questions:
            words = f"{question.standing}: {question.says}"
            if words not in review.next.why:
                lines += _wrap(words, "  ", "  ")
            lines += _wrap(
                f"Plain arithmetic, which is no advice: {question.arithmetic}.", "  ", "  "
            )
    if review.findings:
        lines += ["", "Findings"]
        for finding in review.findings:
            lines += _finding_lines(finding, checklist)
    lines += ["", "Clocks"]
    for clock in review.clocks:
        lines += _wrap(_clock_words(clock), "  ", " " * 4)
    lines += ["", "Volumes", *_volume_lines(review)]
    phase = ""
    for standing in review.standings:
        if standing.step.phase != phase:
            phase = standing.step.phase
            lines += ["", checklist.titles[phase]]
        lines += _standing_lines(standing, checklist)
    lines += ["", *(row for line in sources(checklist) for row in _wrap(line, "", "    "))]
    lines += _wrap(f"Steps: {checklist.policy.title}, {checklist.policy}", "", "    ")
    return "\n".join([*lines, "", *_wrap(DISCLAIMER)])


def _verdict(review: Review) -> str:
    if review.is_complete:
        return "COMPLETE: no step is missing from the record, and nothing in it is serious."
    serious = sum(f.severity == "serious" for f in review.findings)
    words = [counted(len(review.missing), "step") + " missing"] if review.missing else []
    words += [counted(serious, "serious finding")] if serious else []
    return f"NOT COMPLETE: {' and '.join(words)}."


def outcome_words(review: Review) -> str:
    """Say how the visit ended, in one sentence."""
    outcome, volumes = review.outcome, review.volumes
    drawn = "after drug was drawn up" if outcome.is_drawn else "before drug was drawn up"
    tried = f" after {counted(outcome.attempts, 'attempt')}" if outcome.attempts else ""
    given = ""
    if volumes.given_mL is not None and volumes.given_mg is not None:
        given = (
            f"{volumes.given_mL:g} mL of {volumes.whole_mL:g} mL, "
            f"{volumes.given_mg:.3g} mg of {volumes.whole_mg:g} mg"
        )
    whole, more = f"the whole dose was given ({given})", volumes.given_mL or 0.0
    if more > volumes.whole_mL * (1 + ROUNDING):
        whole = f"MORE than a whole dose was given ({given})"
    elif more != volumes.whole_mL:
        percent = f"{ROUNDING * 100:g} %"
        whole += f"; thecal takes up to {percent} for rounding, the label names no tolerance"
    aborted = "; the injection was aborted" if outcome.stated == ABORTED else ""
    return {
        GIVEN: f"{whole}.",
        PART: f"a PART DOSE was given ({given}){aborted}. thecal counts it as a dose.",
        FAILED: f"FAILED PUNCTURE{tried}, {drawn}. No drug was given; thecal counts no dose.",
        ABORTED: f"ABORTED {drawn}. No drug was given; thecal counts no dose.",
        UNKNOWN: "not known: what was written down does not say how much went in.",
        OPEN: "not yet; nothing was injected so far.",
    }[outcome.kind]


def next_words(review: Review) -> str:
    """Say what is due next and by which rule, or why no date is given."""
    due = review.next
    if due is None:
        if review.outcome.kind in (OPEN, UNKNOWN):
            return "no date; the outcome is not known."
        return "no date; name the course with --course to count from the doses given."
    if due.date is None:
        return f"NO DATE. {due.why} The label's rule otherwise: {due.rule} [{due.section}]"
    return (
        f"dose {due.number} on {_day(due.date)}, {due.reason}. "
        f"The label says: {due.rule} [{due.section}]"
    )


def _finding_lines(finding: Finding, checklist: Checklist) -> list[str]:
    mark = _mark(finding.source, checklist)
    words = finding.message.rstrip(".") + "."
    words += f" [{mark}]" if mark else ""
    lines = _wrap(words, f"  {NAMES[finding.severity]:8} ", " " * 11)
    if finding.says:
        silent = "Label silent" if finding.label_silent else "It says"
        lines += _wrap(f"{silent}: {finding.says}", " " * 11, " " * 11)
    if finding.asks:
        lines += _wrap(finding.asks.rstrip(".") + ".", " " * 11, " " * 11)
    return lines


def _clock_words(clock: Clock) -> str:
    if clock.minutes is None:
        return f"{clock.words}: not recorded ({_limit_words(clock)})"
    if clock.verdict == "no limit":
        return f"{clock.words}: {minutes_words(clock.minutes)}. {_limit_words(clock)}"
    verdict = {"within": "within", "below": "BELOW", "above": "ABOVE"}[clock.verdict]
    return f"{clock.words}: {minutes_words(clock.minutes)}, {verdict} {_limit_words(clock)}"


def _volume_lines(review: Review) -> list[str]:
    volumes = review.volumes
    strength = review.checklist.amount.strength_mg_per_mL

    def told(value: float | None) -> str:
        return "not recorded" if value is None else f"{value:g} mL"

    lines = [
        f"  CSF out {told(volumes.csf_out_mL)}; drawn up {told(volumes.drawn_mL)}; "
        f"given {told(volumes.given_mL)}"
        + ("" if volumes.net is None else f"; net {volumes.net:+g} mL"),
    ]
    return lines + _wrap(
        f"{strength:g} mg/mL x {volumes.whole_mL:g} mL = {volumes.by_strength_mg:.4g} mg: "
        f"{volumes.strength_off:+.1%} off {volumes.whole_mg:g} mg, the rounding of the printed "
        "strength. Dose and volume count.",
        "  ",
        "  ",
    )


def _standing_lines(standing: Standing, checklist: Checklist) -> list[str]:
    step, record = standing.step, standing.record
    told = ""
    if record is not None:
        day = "" if step.same_day else f"{record.at:%Y-%m-%d} "
        told = f"{day}{record.at:%H:%M} "
        if record.skipped:
            told += f"skipped: {record.skipped}"
        elif record.second:
            told += "two signatures"
    state = STATES.get(standing.state, "")
    words = f"{MARKS[standing.state]} {step.words}: {(told or state).strip()}"
    return _wrap(f"{words} [{marks(step.grounds, checklist)}]", "  ", " " * 6)


def _wrap(words: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
