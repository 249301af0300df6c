"""The steps of one visit: a policy's list, made for one medicine by what its label says.

The order of the page and the steps of practice are data (`policies/visit.thecal.yaml`, or a
site's own file). Words, amounts and sections come from the label at hand, so another medicine
needs no code. What happened at a visit is `thecal.clinic.visit.visit`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from thecal.clinic.policy import BASIS, HEAD, HEAD_OPTIONAL, Basis, Head, read_basis, read_head
from thecal.clinic.visit.values import VALUES
from thecal.datafile import DataFile, Entry
from thecal.errors import VisitError
from thecal.label.label import Label, Silence, Statement, area, covers
from thecal.label.topics import AREAS
from thecal.source import Source

LABEL, PRACTICE, SITE = "label", "practice", "site"  # who asks for a step
PUNCTURE_PHASES = ("drug", "time_out", "procedure", "injection")  # a visit may end in them
PHASES = ("before", "days_before", "arrival", *PUNCTURE_PHASES, "after")
LEFT_OVER = {"preparation": "drug", "administration": "procedure"}  # areas of steps, all shown
# "[preparation.heat: words]" in a step's words: only where the label states that topic.
ASIDE = re.compile(r"\[([a-z_]+\.[a-z0-9_]+):([^\[\]]*)\]")
SILENT = ("preparation", "administration", "dosing.part_dose", "dosing.failed_puncture")

# Without these a wrong route, drug or volume could pass unseen: no policy may leave one out.
# For each: the steps that come before it, and whether a second person signs.
SAFETY: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "identity": ((), False),
    "symptoms": ((), False),
    "vial_check": ((), True),
    "out_of_refrigerator": ((), False),
    "time_out": (("identity",), True),
    "puncture": ((), False),
    "csf_out": (("puncture",), False),
    "patient_ready": ((), False),
    "draw_up": (("patient_ready", "vial_check"), True),
    "injection_start": (("time_out", "draw_up"), False),
    "injection_end": (("injection_start",), False),
    "outcome": ((), False),
    "next_date": (("outcome",), False),
    "headache_call": ((), False),
}
NEVER_SKIPPED = ("time_out", "vial_check", "patient_ready", "draw_up", "injection_start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why a step is there: a statement of the label, or somebody's practice.

    says          what the label says; empty for practice
    is_confirmed  whether somebody here read it in that source
    """

    source: Source
    says: str = ""
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, to time and to sign.

    key           stable name, such as ``draw_up``
    phase         one of PHASES
    words         what to do, short enough for the page
    grounds       where it stands: statements of the label, else the practice it is from
    required_by   LABEL, PRACTICE or SITE
    is_optional   left to the patient's condition: unrecorded, it is not missing
    second        a second person signs it
    may_skip      may be left out, with a reason
    after         keys of steps that must be recorded first, for safety
    asks          names of the values written down with it, from `visit_values.VALUES`
    expects       values that must be as written here, such as the route
    choices       the words that a list among `asks` may hold
    same_day      it belongs to the day of the visit
    """

    key: str
    phase: str
    words: str
    grounds: tuple[Ground, ...]
    required_by: str
    is_optional: bool = False
    second: bool = False
    may_skip: bool = True
    after: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    expects: Mapping[str, float | str] = field(default_factory=dict, hash=False)
    choices: tuple[str, ...] = ()
    same_day: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One whole dose by the label, and the vial it comes from."""

    amount_mg: float
    volume_mL: float
    strength_mg_per_mL: float
    source: Source

    def mg(self, volume_mL: float) -> float:
        """Return the amount in a volume. Dose and volume count, not the rounded strength."""
        return volume_mL * self.amount_mg / self.volume_mL


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """Everything to do at one visit with one medicine, under one label and one policy.

    amount    a whole dose
    route     in full and in capitals, as it is written at the time-out
    silences  what the label leaves open about preparing and giving it
    symptoms  what to ask about, as event names
    csf_share, csf_basis  how far from "about" the CSF taken out may be, as a share, and by whom
    call_h, call_basis    between which hours to call about headache, and by whom
    """

    label: Label
    policy: Head
    amount: Amount
    route: str
    titles: Mapping[str, str]
    steps: tuple[Step, ...]
    silences: tuple[Silence, ...]
    symptoms: tuple[str, ...]
    csf_share: float
    csf_basis: Basis
    call_h: tuple[float, float]
    call_basis: Basis

    def step(self, key: str) -> Step:
        """Return the step of this key. Raises VisitError where there is none."""
        found = next((step for step in self.steps if step.key == key), None)
        if found is None:
            raise VisitError(f"no such step in {self.policy}; there is {', '.join(self.keys)}")
        return found

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all steps, in the order of the page."""
        return tuple(step.key for step in self.steps)

    def about(self, topic: str) -> Statement | None:
        """Return what the label says on a topic, the first of several; None where nothing."""
        found = self.label.about(topic)
        return found[0] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A step as a policy file has it, before a label is read."""

    key: str
    phase: str
    words: str
    topics: tuple[str, ...]
    see: tuple[str, ...]
    basis: Basis
    optional: bool
    second: bool
    skip: bool
    site: bool
    after: tuple[str, ...]
    asks: tuple[str, ...]
    same_day: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPolicy:
    """A policy file as read; `checklist` makes it one medicine's."""

    head: Head
    titles: Mapping[str, str]
    drafts: tuple[_Draft, ...]
    symptoms: tuple[str, ...]
    csf_share: float
    csf_basis: Basis
    call_h: tuple[float, float]
    call_basis: Basis


def read_visit_policy(path: Path) -> VisitPolicy:
    """Read the steps of a visit (YAML). Raises DataFileError with every fault."""
    file = DataFile(path)
    own = ["grounds", "csf_removed", "headache_call", "symptoms", "phases"]
    top = file.read().fields([*HEAD, *own], HEAD_OPTIONAL)
    file.finish()
    head = read_head(top)
    grounds = {}
    for key, entry in top["grounds"].mapping().items():
        fields = entry.fields(BASIS)
        if len(fields) == len(BASIS):
            grounds[key] = read_basis(fields, head)
    csf = top["csf_removed"].fields(["share", "ground"])
    call = top["headache_call"].fields(["least_h", "most_h", "ground"])
    file.finish()
    titles: dict[str, str] = {}
    drafts: list[_Draft] = []
    for entry in top["phases"].items():
        phase = entry.fields(["key", "title", "same_day", "steps"])
        if len(phase) == 4:
            key = phase["key"].choice(PHASES)
            titles[key] = phase["title"].text()
            same_day = _yes(phase["same_day"])
            for step in phase["steps"].items():
                _read_step(step, key, same_day, grounds, drafts)
    file.finish()
    _check_safety(top["phases"], titles, drafts)
    policy = VisitPolicy(
        head=head,
        titles=titles,
        drafts=tuple(drafts),
        symptoms=_words(top["symptoms"]),
        csf_share=csf["share"].number(least=0, most=1),
        csf_basis=_basis(csf["ground"], grounds),
        call_h=(call["least_h"].number(least=0), call["most_h"].number(least=0)),
        call_basis=_basis(call["ground"], grounds),
    )
    file.finish()
    return policy


def _yes(entry: Entry) -> bool:
    return entry.choice(("yes", "no")) == "yes"


def _basis(entry: Entry, grounds: Mapping[str, Basis]) -> Basis:
    """Return a ground by its key; an unknown one is a fault, and any other stands for it."""
    return grounds.get(entry.choice(grounds), next(iter(grounds.values())))


def _words(entry: Entry | None) -> tuple[str, ...]:
    return () if entry is None else tuple(item.text() for item in entry.items())


def _read_step(
    entry: Entry,
    phase: str,
    same_day: bool,
    grounds: Mapping[str, Basis],
    drafts: list[_Draft],
) -> None:
    """Add one step to `drafts`; its faults go to the file."""
    flags = ("optional", "second", "skip", "site")
    told = entry.fields(["key", "words", "ground"], ["topics", "see", "after", "asks", *flags])
    if not {"key", "words", "ground"} <= told.keys() or not grounds:
        return
    earlier = [draft.key for draft in drafts]
    key, after, asks = told["key"].text(), _words(told.get("after")), _words(told.get("asks"))
    topics, see = _words(told.get("topics")), _words(told.get("see"))
    if not key.isidentifier() or not key.islower():
        told["key"].fault("expected a key of small letters and _, such as draw_up")
    if key in earlier:
        told["key"].fault(f"a step '{key}' stands above")
    for name in after:
        if name not in earlier:
            told["after"].fault(f"'{name}' is no step above this one")
    for name in asks:
        if name not in VALUES:
            told["asks"].fault(f"'{name}' is no value; there is {', '.join(VALUES)}")
    for topic in (*topics, *see):
        if area(topic) not in AREAS:
            entry.fault(f"'{topic}' is no topic of a label")
    set_to = {name: _yes(told[name]) for name in flags if name in told}
    drafts.append(
        _Draft(
            key=key,
            phase=phase,
            words=told["words"].text(),
            topics=topics,
            see=see,
            basis=_basis(told["ground"], grounds),
            optional=set_to.get("optional", False),
            second=set_to.get("second", False),
            skip=set_to.get("skip", True),
            site=set_to.get("site", False),
            after=after,
            asks=asks,
            same_day=same_day,
        )
    )


def _check_safety(phases: Entry, titles: Mapping[str, str], drafts: Sequence[_Draft]) -> None:
    """Refuse a policy that leaves out what keeps a wrong route, drug or volume from passing."""
    if tuple(titles) != PHASES:
        phases.fault(f"expected the phases {', '.join(PHASES)}, each once and in this order")
    by_key = {draft.key: draft for draft in drafts}
    for key, (before, second) in SAFETY.items():
        draft = by_key.get(key)
        if draft is None:
            phases.fault(f"the step '{key}' is missing; no policy may leave it out")
            continue
        for name in before:
            if name not in draft.after:
                phases.fault(f"'{key}' has to come after '{name}'")
        if second and not draft.second:
            phases.fault(f"'{key}' has to be signed by a second person")
        if draft.skip and key in NEVER_SKIPPED:
            phases.fault(f"'{key}' may not be skipped")


def checklist(policy: VisitPolicy, label: Label) -> Checklist:
    """Make a policy's steps those of one medicine under one label.

    Raises CatalogError where the label does not state dose, volume and route: a visit cannot be
    checked against nothing.
    """
    told = label.the("dosing.amount")
    amount = Amount(
        amount_mg=told.number("amount_mg"),
        volume_mL=told.number("volume_mL"),
        strength_mg_per_mL=told.number("strength_mg_per_mL"),
        source=told.source,
    )
    route = label.the("dosing.route").words("route")[0].upper()
    csf = label.about("administration.csf_removed")
    blanks = {
        "gene": _of(label, "indication", "gene", " ({})"),
        "route": route,
        "volume": f"{amount.volume_mL:g} mL ({amount.amount_mg:g} mg)",
        "csf": f"about {csf[0].number('volume_mL'):g} mL" if csf else "as the label says",
        "call": f", {policy.call_h[0]:g} to {policy.call_h[1]:g} h later",
    }
    expects: dict[str, float | str] = {
        "medicine": label.medicine,
        "amount_mg": amount.amount_mg,
        "volume_mL": amount.volume_mL,
        "route": route,
    }
    steps = [_step(draft, label, policy, blanks, expects) for draft in policy.drafts]
    named = {topic for draft in policy.drafts for topic in (*draft.topics, *draft.see)}
    for statement in label.statements:
        phase = LEFT_OVER.get(area(statement.topic))
        if phase is None or any(covers(topic, statement.topic) for topic in named):
            continue
        at = max(i for i, step in enumerate(steps) if step.phase == phase) + 1
        steps.insert(at, _left_over(statement, phase, {step.key for step in steps}))
    return Checklist(
        label=label,
        policy=policy.head,
        amount=amount,
        route=route,
        titles=policy.titles,
        steps=tuple(steps),
        silences=tuple(s for s in label.silences if any(covers(t, s.topic) for t in SILENT)),
        symptoms=policy.symptoms,
        csf_share=policy.csf_share,
        csf_basis=policy.csf_basis,
        call_h=policy.call_h,
        call_basis=policy.call_basis,
    )


def _of(label: Label, topic: str, name: str, form: str) -> str:
    """Return a word of the label in a form; empty where the label does not state it."""
    words = [word for s in label.about(topic) if s.topic == topic for word in s.words(name)]
    return form.format(words[0]) if words else ""


def _step(
    draft: _Draft,
    label: Label,
    policy: VisitPolicy,
    blanks: Mapping[str, str],
    expects: Mapping[str, float | str],
) -> Step:
    """Make one step of a policy the label's where the label asks for it."""
    stated = _stated(label, draft.topics)
    practice = Ground(source=draft.basis.source, is_confirmed=draft.basis.is_confirmed)
    grounds = (*(_grounds(stated) or (practice,)), *_grounds(_stated(label, draft.see)))
    words = ASIDE.sub(lambda aside: aside[2] if label.about(aside[1]) else "", draft.words)
    for name, value in blanks.items():
        words = words.replace("{" + name + "}", value)
    return Step(
        key=draft.key,
        phase=draft.phase,
        words=words,
        grounds=grounds,
        required_by=LABEL if stated else SITE if draft.site else PRACTICE,
        is_optional=draft.optional or (bool(stated) and all(map(_is_left_open, stated))),
        second=draft.second,
        may_skip=draft.skip,
        after=draft.after,
        asks=draft.asks,
        expects=expects if draft.key == "time_out" else {},
        choices=policy.symptoms if "symptoms" in draft.asks else (),
        same_day=draft.same_day,
    )


def _stated(label: Label, topics: Sequence[str]) -> list[Statement]:
    return [s for topic in topics for s in label.about(topic) if s.topic == topic]


def _grounds(statements: Sequence[Statement]) -> tuple[Ground, ...]:
    return tuple(Ground(source=s.source, says=s.says) for s in statements)


def _is_left_open(statement: Statement) -> bool:
    return statement.values.get("rule") in ("optional", "not required")


def _left_over(statement: Statement, phase: str, taken: set[str]) -> Step:
    """Make a step of a statement that no step of the policy names: nothing of a label is lost."""
    key = statement.topic.replace(".", "_")
    while key in taken:
        key += "_"
    return Step(
        key=key,
        phase=phase,
        words=statement.says,
        grounds=(Ground(source=statement.source, says=statement.says),),
        required_by=LABEL,
        is_optional=_is_left_open(statement) or not {"step", "rule"} & statement.values.keys(),
    )
