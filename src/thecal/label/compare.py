"""Claims against a label, or two pages with each other: Differences, by class and severity.

Each topic has one judge: a function of a claim and a label that says whether the label bears the
claim out. A claim that the label does not bear out is then put before the other labels of the
medicine: one that an older version of the same jurisdiction bears out is "superseded version", one
that another country's label bears out is "other jurisdiction". What a page leaves out counts only
where it speaks of the matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from thecal.label.claims import Claim, read_claims
from thecal.label.label import Label, Statement, covers
from thecal.label.lexicon import lexicon
from thecal.label.monograph import Monograph, Span
from thecal.label.quantity import in_unit


class Kind(StrEnum):
    """How a page differs from a label."""

    CONTRADICTS = "contradicts"
    SUPERSEDED = "superseded version"
    ELSEWHERE = "other jurisdiction"
    OMITS = "omits"
    ADDS = "adds"
    BLURS = "blurs"
    OVERCLAIMS = "overclaims"


class Severity(StrEnum):
    """How much a difference matters, worst first."""

    SAFETY = "safety"
    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"


SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where a page and a label part.

    kind, severity  its class, and how much it matters
    topic           as a label statement has it
    quote           what the page says there; empty for an omission
    span            where; None for an omission
    line, column    the same in the file, from 1; 0 for an omission
    label_value     what the label says instead, in short
    statement       the label's statement; None where the label is silent
    why             one sentence: why it matters
    against         the other place in the page, for a page that contradicts itself
    """

    kind: Kind
    severity: Severity
    topic: str
    quote: str
    span: Span | None
    line: int
    column: int
    label_value: str
    statement: Statement | None
    why: str
    against: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A page held against a label."""

    monograph: Monograph
    label: Label
    claims: tuple[Claim, ...]
    differences: tuple[Difference, ...]  # worst first, then in the order of the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two pages say different things about one topic.

    first_ok, second_ok  whether the label bears each out; None where it does not speak of it
    """

    topic: str
    name: str
    first: Claim
    second: Claim
    severity: Severity
    why: str
    first_ok: bool | None
    second_ok: bool | None
    label_value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a label says to a claim; `ok` is None where it does not speak of it."""

    ok: bool | None
    label_value: str = ""
    statement: Statement | None = None
    kind: Kind = Kind.CONTRADICTS
    severity: Severity = Severity.MINOR
    why: str = ""


_FINE = Verdict(ok=True)
_UNKNOWN = Verdict(ok=None)
Judge = Callable[[Claim, Label], Verdict]


def audit(
    page: Monograph, label: Label, others: Sequence[Label] = (), neighbours: Iterable[str] = ()
) -> Audit:
    """Hold a page against a label.

    others      every other label of the medicine: older versions, other jurisdictions
    neighbours  names of other medicines, whose doses and routes are their own
    """
    claims = read_claims(page, lexicon([label, *others], neighbours))
    found = list(_against(page, claims, label, others))
    found += _within(page, claims, label, others)
    found += _left_out(page, claims, label, others)
    return Audit(
        monograph=page, label=label, claims=claims, differences=tuple(_in_order(_once(found)))
    )


def compare_pages(
    first: Monograph,
    second: Monograph,
    label: Label,
    others: Sequence[Label] = (),
    neighbours: Iterable[str] = (),
) -> list[Conflict]:
    """Find where two pages say different things about one topic, worst first."""
    words = lexicon([label, *others], neighbours)
    ours, theirs = (_by_subject(read_claims(page, words)) for page in (first, second))
    conflicts = []
    for subject, mine in ours.items():
        both = [
            (a, b)
            for phase in ("loading", "maintenance", "")
            for a in mine
            for b in theirs.get(subject, ())
            if a.phase in (phase, "") and b.phase in (phase, "") and (a.phase or b.phase) == phase
        ]
        pair = next(((a, b) for a, b in both if _said(a) != _said(b)), None)
        agreed = {a.phase or b.phase for a, b in both if _said(a) == _said(b)}
        if pair is None or (pair[0].phase or pair[1].phase) in agreed:
            continue
        a, b = pair
        one, two = judge(a, label), judge(b, label)
        worst = one if one.ok is False else two
        conflicts.append(
            Conflict(
                topic=a.topic,
                name=a.name,
                first=a,
                second=b,
                severity=worst.severity if False in (one.ok, two.ok) else Severity.INFO,
                why=worst.why or "The two pages cannot both be right.",
                first_ok=one.ok,
                second_ok=two.ok,
                label_value=worst.label_value or one.label_value or two.label_value,
            )
        )
    return sorted(conflicts, key=lambda c: SEVERITIES.index(c.severity))


def _by_subject(claims: Iterable[Claim]) -> dict[tuple[str, str, str], list[Claim]]:
    found: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        if claim.value not in ("named", "vague", "told"):
            found.setdefault((claim.topic, claim.name, claim.about), []).append(claim)
    return found


def _said(claim: Claim) -> object:
    """Return what a claim says, numbers of one dimension in one unit."""
    if isinstance(claim.value, str):
        return claim.value
    values = claim.value if isinstance(claim.value, tuple) else (claim.value,)
    for unit in ("d", "C", "mg"):
        turned = [in_unit(v, claim.unit, unit) for v in values]
        if None not in turned:
            return (unit, *(round(float(v or 0), 2) for v in turned))
    return (claim.unit, *values)


# ---- judging


def judge(claim: Claim, label: Label) -> Verdict:
    """Ask a label about a claim."""
    topic = claim.topic
    while topic not in _JUDGES and "." in topic:
        topic = topic.rpartition(".")[0]
    return _JUDGES[topic](claim, label) if topic in _JUDGES else _UNKNOWN


def _against(
    page: Monograph, claims: Sequence[Claim], label: Label, others: Sequence[Label]
) -> Iterator[Difference]:
    abroad = country(page)
    told = frozenset(o.edition for o in others if _is_told(o, label, claims))
    known: dict[Claim, Verdict] = {}  # what is said twice is asked once
    for claim in claims:
        said = replace(claim, span=_NOWHERE, quote=claim.quote[:61])
        if said not in known:
            verdict = judge(said, label)
            if verdict.ok is False:
                verdict = _elsewhere(said, verdict, label, others, abroad, told)
            known[said] = verdict
        if known[said].ok is False:
            yield _difference(page, claim, known[said])


_COUNTRY = {
    "eu": re.compile(
        r"summary of product characteristics|\bsmpc\b|\bepar\b|european (?:medicines|commission|union)|marketing authori[sz]ation holder|"
        r"posology and method|fachinformation|ficha técnica|riassunto delle caratteristiche|résumé des caractéristiques|rezumatul caracteristicilor|"
        r"nationally authori[sz]ed|\bema\b|\bmhra\b|\bnhs\b|gebrauchsinformation|durchstechflasche|"
        r"papilloedema|paediatric|oedema|haemorrhag",
        re.I,
    ),
    "jp": re.compile(r"[\u3040-\u30ff]|\bpmda\b|\bjapan", re.I),
}
_US = re.compile(r"\bfda\b|prescribing information|\bu\.s\.|united states|medication guide", re.I)


def country(page: Monograph) -> str:
    """Say for which country a page seems to be written, by its words: "eu", "jp" or "us"."""
    text = page.text[:200_000]
    marks = {name: len(pattern.findall(text)) for name, pattern in _COUNTRY.items()}
    best = max(marks, key=lambda name: marks[name])
    return best if marks[best] > len(_US.findall(text)) else "us"


# Topics on which labels differ by version and country; elsewhere agreement would be chance.
_BY_LABEL = (
    "dosing", "missed_dose", "administration", "storage", "preparation", "contraindications",
    "adverse_reactions", "pharmacokinetics", "identity.approval", "interactions", "warnings",
    "populations", "monitoring", "immunogenicity", "identity.strength",
)  # fmt: skip


# What is right in another country matters less, and still moves a date or a limit here.
_ABROAD = {
    Severity.SAFETY: Severity.MINOR,
    Severity.MAJOR: Severity.MINOR,
    Severity.MINOR: Severity.INFO,
    Severity.INFO: Severity.INFO,
}


def _elsewhere(
    claim: Claim,
    verdict: Verdict,
    label: Label,
    others: Sequence[Label],
    abroad: str,
    told: frozenset[str],
) -> Verdict:
    """Ask the other labels of the medicine about a claim that this one does not bear out."""
    if not any(covers(topic, claim.topic) for topic in _BY_LABEL) or claim.value == "none":
        return verdict
    if verdict.kind in (Kind.BLURS, Kind.OVERCLAIMS):
        return verdict
    same = [o for o in others if o.jurisdiction == label.jurisdiction]
    for other in [*same, *(o for o in others if o not in same)]:
        theirs = judge(claim, other)
        if theirs.ok is not True or theirs.statement is None:
            continue
        where = f"{other.jurisdiction.upper()} label, {other.edition or other.version}"
        place = f"section {theirs.statement.source.section}"
        if other in same and other.status == "superseded":
            return replace(
                verdict,
                kind=Kind.SUPERSEDED,
                severity=min(verdict.severity, Severity.MAJOR, key=_lesser),
                why=f"This is the older text ({where}, {place}). {verdict.why}",
            )
        if other in same and other.edition not in told:
            continue
        if other in same:
            return replace(
                verdict,
                kind=Kind.ADDS,
                severity=Severity.INFO,
                why=f"Another version says so ({where}, {place}); make sure which one applies.",
            )
        is_abroad = other.jurisdiction == abroad or verdict.severity is not Severity.SAFETY
        return replace(
            verdict,
            kind=Kind.ELSEWHERE,
            severity=_ABROAD[verdict.severity] if is_abroad else verdict.severity,
            why=f"Another country's label says so ({where}, {place}). {verdict.why}",
        )
    return verdict


def _is_told(other: Label, label: Label, claims: Sequence[Claim]) -> bool:
    """Tell whether a page speaks of another version's doses: an amount that only it has."""
    return any(
        judge(c, other).ok is True and judge(c, label).ok is False
        for c in claims
        if c.topic == "dosing.amount" and c.name == "amount_mg"
    )


def _lesser(severity: Severity) -> int:
    return -SEVERITIES.index(severity)


def _difference(
    page: Monograph, claim: Claim, verdict: Verdict, against: Span | None = None
) -> Difference:
    line, column = page.place(claim.span)
    return Difference(
        kind=verdict.kind,
        severity=verdict.severity,
        topic=verdict.statement.topic if verdict.statement else claim.topic,
        quote=claim.quote or page.quote(claim.span),
        span=claim.span,
        line=line,
        column=column,
        label_value=verdict.label_value,
        statement=verdict.statement,
        why=verdict.why,
        against=against,
    )


def _once(found: Iterable[Difference]) -> Iterator[Difference]:
    """Leave out what says the same of the same words."""
    seen: set[tuple[object, ...]] = set()
    for d in found:
        key = (
            d.kind,
            d.topic,
            d.line,
            d.label_value,
            d.span.start if d.span and d.kind is Kind.CONTRADICTS else "",
        )
        if key not in seen:
            seen.add(key)
            yield d


def _in_order(found: Iterable[Difference]) -> list[Difference]:
    return sorted(
        found,
        key=lambda d: (SEVERITIES.index(d.severity), d.line == 0, d.line, d.column, d.topic),
    )


def _wrong(
    statement: Statement | None,
    value: str,
    severity: Severity,
    why: str,
    kind: Kind = Kind.CONTRADICTS,
) -> Verdict:
    return Verdict(
        ok=False, label_value=value, statement=statement, kind=kind, severity=severity, why=why
    )


def _right(statement: Statement | None) -> Verdict:
    return Verdict(ok=True, statement=statement)


def _first(label: Label, topic: str) -> Statement | None:
    return next(iter(label.about(topic)), None)


def _numbers(claim: Claim, unit: str) -> tuple[float, float] | None:
    """Return a claim's number or range in a unit; None where it is of another dimension."""
    if isinstance(claim.value, str):
        return None
    lo, hi = claim.value if isinstance(claim.value, tuple) else (claim.value, claim.value)
    turned = in_unit(lo, claim.unit, unit), in_unit(hi, claim.unit, unit)
    if turned[0] is None or turned[1] is None:
        return None
    return turned[0], turned[1]


def _near(a: float, b: float, share: float = 0.01) -> bool:
    """Tell whether two printed numbers are one: 6.7 x 15 is 100.5, printed 100."""
    return abs(a - b) <= share * max(abs(a), abs(b))


def _f(value: float) -> str:
    return f"{value:g}"


# -- dose and route


def _judge_amount(claim: Claim, label: Label) -> Verdict:
    if claim.name == "fixed":
        severity = Severity.SAFETY if claim.value == "changed" else Severity.MAJOR
        statement = _first(label, "dosing.amount")
        if statement is None:
            return _UNKNOWN
        amount = _f(statement.number("amount_mg"))
        return _wrong(
            statement,
            f"{amount} mg every time, the same for everybody",
            severity,
            "Dose and interval are fixed; a dose fitted to the patient is not the labelled one.",
        )
    name, unit = ("volume_mL", "mL") if claim.name == "volume_mL" else ("amount_mg", "mg")
    found = _numbers(claim, unit)
    statement = _first(label, "dosing.amount") or _first(label, "dosing.loading")
    if found is None or statement is None:
        return _UNKNOWN
    topics = ["dosing.amount", "identity.strength"]
    if claim.phase:
        topics.insert(0, f"dosing.{claim.phase}")
    else:
        topics += ["dosing.loading", "dosing.maintenance"]
    allowed = [
        (value, s)
        for topic in topics
        for s in label.about(topic)
        if isinstance(value := s.values.get(name), float)
    ]
    if claim.phase and allowed and allowed[0][1].topic == topics[0]:
        allowed = [a for a in allowed if a[1].topic == topics[0]]
    if name == "volume_mL":
        allowed += [
            (float(s.values["value"]), s)  # type: ignore[arg-type]
            for s in label.about("identity.container")
            if s.values.get("unit") == "mL vial"
        ]
    if not allowed:
        return _UNKNOWN
    for value, s in allowed:
        if _near(found[0], value) and _near(found[1], value):
            return _right(s)
    told = f"{_f(allowed[0][0])} {unit}"
    return _wrong(
        allowed[0][1],
        told,
        Severity.SAFETY,
        f"A wrong {'volume' if unit == 'mL' else 'dose'} in the spinal fluid cannot be taken back.",
    )


def _judge_strength(claim: Claim, label: Label) -> Verdict:
    found = _numbers(claim, "mg/mL")
    if found is None:
        return _judge_amount(claim, label)
    held = [s for t in ("dosing.amount", "identity.strength", "dosing") for s in label.about(t)]
    for s in held:
        value = s.values.get("strength_mg_per_mL")
        if isinstance(value, float) and _near(found[0], value, 0.011):
            return _right(s)
    s = next((s for s in held if isinstance(s.values.get("strength_mg_per_mL"), float)), None)
    if s is None:
        return _UNKNOWN
    return _wrong(
        s, f"{_f(s.number('strength_mg_per_mL'))} mg/mL", Severity.SAFETY,
        "Who draws up by the strength draws up the wrong dose.",
    )  # fmt: skip


def _judge_route(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "dosing.route")
    if s is None:
        return _UNKNOWN
    route = s.words("route")[0]
    if claim.name == "reason":
        return _wrong(
            s, f"{route}: given behind the barrier", Severity.MINOR,
            "The medicine is put into the spinal fluid because it does not cross from the blood.",
        )  # fmt: skip
    if claim.value == route:
        return _right(s)
    if claim.value == "spine":
        return _wrong(
            s, f"{route}, into the cerebrospinal fluid", Severity.MINOR,
            "The spine is not the space: it goes into the fluid around the cord.", Kind.BLURS,
        )  # fmt: skip
    return _wrong(
        s, f"{route}, by lumbar puncture", Severity.SAFETY,
        "By any other route the medicine does not reach the cord, and harm is possible.",
    )  # fmt: skip


def _intervals(label: Label, phase: str) -> list[tuple[float, str, Statement]]:
    """Return the intervals of a phase, each with unit and statement."""
    found: list[tuple[float, str, Statement]] = []
    for s in label.about(f"dosing.{phase}"):
        days = [float(d) for d in s.words("days")]
        if len(days) > 1:
            found += [(b - a, "d", s) for a, b in zip(days, days[1:], strict=False)]
        elif isinstance(s.values.get("interval_d"), float):
            found.append((s.number("interval_d"), "d", s))
        if isinstance(s.values.get("interval_months"), float):
            found.append((s.number("interval_months"), "month", s))
        elif phase == "maintenance" and isinstance(s.values.get("interval_d"), float):
            found.append((s.number("interval_d"), "d", s))
    return list(dict.fromkeys((v, u, id(s)) for v, u, s in found)) and found


def _told(value: float, unit: str) -> str:
    return f"{_f(value)} {'days' if unit == 'd' else 'months'}"


def _judge_interval(claim: Claim, label: Label) -> Verdict:
    phase = claim.topic.partition(".")[2]
    if claim.name == "doses":
        return _judge_count(claim, label)
    if claim.name == "days":
        return _judge_days(claim, label)
    if claim.name != "interval":
        return _UNKNOWN
    if claim.value == "none":
        s = _first(label, "dosing.maintenance")
        return (
            _wrong(s, s.says, Severity.SAFETY, "Treatment goes on; without it the effect fades.")
            if s
            else _UNKNOWN
        )
    mine = _intervals(label, phase)
    every = mine + _intervals(label, "maintenance" if phase == "loading" else "loading")
    allowed = mine if claim.phase and claim.about != "after" else every
    if not mine:
        return _UNKNOWN
    blurred = None
    for value, unit, s in allowed:
        found = _numbers(claim, unit)
        if found and _near(found[0], value, 0.001) and _near(found[1], value, 0.001):
            return _right(s)
        if _is_blurred(claim, value, unit):
            blurred = (value, unit, s)
    if blurred:
        value, unit, s = blurred
        return _wrong(
            s, f"every {_told(value, unit)}", Severity.MINOR,
            "A month is not 28 days: booked by the month, one dose a year is lost."
            if unit == "d"
            else "Calendar months are not a number of days: dates drift from the label's.",
            Kind.BLURS,
        )  # fmt: skip
    listed = list(dict.fromkeys(_told(v, u) for v, u, _ in mine))
    return _wrong(
        mine[0][2], f"{phase}: {' and '.join(listed)}", Severity.SAFETY,
        "Doses too close or too far apart change what the medicine does and its risks.",
    )  # fmt: skip


def _is_blurred(claim: Claim, value: float, unit: str) -> bool:
    """Tell whether a claim is the label's interval in the loose terms of the other calendar."""
    if isinstance(claim.value, str) or isinstance(claim.value, tuple):
        return False
    if unit == "d" and claim.unit == "month":
        return 28 * claim.value <= value <= 31 * claim.value
    if unit == "month" and claim.unit in ("d", "weeks"):
        days = in_unit(claim.value, claim.unit, "d") or 0
        return 28 * value <= days <= 31 * value
    return False


def _judge_count(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "dosing.loading")
    found = _numbers(claim, "doses")
    if s is None or found is None or not isinstance(s.values.get("doses"), float):
        return _UNKNOWN
    if found[0] == s.number("doses") or (claim.about == "first" and found[0] < s.number("doses")):
        return _right(s)
    return _wrong(
        s, f"{_f(s.number('doses'))} loading doses", Severity.SAFETY,
        "Another number of loading doses moves every later date.",
    )  # fmt: skip


def _judge_days(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "dosing.loading")
    if s is None or not s.words("days"):
        return _UNKNOWN
    given = [float(d) for d in str(claim.value).split(", ")]
    expected = [float(d) for d in s.words("days")]
    for value, unit, _ in _intervals(label, "maintenance"):
        if unit == "d":
            while len(expected) < len(given):
                expected.append(expected[-1] + value)
    shifted = [d + (1 if given[0] == 1 else 0) for d in expected[: len(given)]]
    if given == shifted:
        return _right(s)
    return _wrong(
        s, f"days {', '.join(s.words('days'))}", Severity.SAFETY,
        "These are not the label's days.",
    )  # fmt: skip


# -- missed doses


def _judge_missed(claim: Claim, label: Label) -> Verdict:
    held = label.about("missed_dose")
    if not held:
        return _UNKNOWN
    own = [s for s in held if s.topic == claim.topic] or list(held)
    if claim.name == "amount_mg":
        amount = _first(label, "dosing.amount")
        found = _numbers(claim, "mg")
        if amount and found and _near(found[0], amount.number("amount_mg")):
            return _right(amount)
        return _wrong(
            own[0], "one dose, as soon as possible", Severity.SAFETY,
            "Two doses at once is an overdose in the spinal fluid.",
        )  # fmt: skip
    if claim.name == "give":
        gives = {str(s.values["give"]): s for s in own if "give" in s.values} or {
            str(s.values["give"]): s for s in held if "give" in s.values
        }
        if not gives:
            return _UNKNOWN
        if claim.value in gives:
            return _right(gives[str(claim.value)])
        s = next(iter(gives.values()))
        return _wrong(
            s, f"{next(iter(gives))}; one dose", Severity.SAFETY,
            "Two doses at once is an overdose in the spinal fluid."
            if claim.value == "double"
            else "A skipped dose leaves a gap that the label does not allow for.",
        )  # fmt: skip
    if claim.name == "anchor":
        return _judge_anchor(claim, label, held)
    if claim.name == "restart":
        s = next((s for s in held if "restart" in s.values), None)
        since = claim.about.removeprefix("gap of ")
        if s and since != claim.about and float(since) < float(s.values.get("from_months", 0)):  # type: ignore[arg-type]
            return _wrong(
                s, s.says, Severity.MAJOR, "Loading begins again only after a longer gap."
            )
        if claim.value == "none":
            return (
                _wrong(s, s.says, Severity.MAJOR, "After a long gap loading begins again.")
                if s
                else _UNKNOWN
            )
        if s:
            return _right(s)
        if not claim.about.startswith("gap"):
            return _wrong(
                held[0],
                held[0].says,
                Severity.SAFETY,
                "One missed dose is given as soon as possible; loading does not begin again.",
            )
        return _wrong(
            None, "no such rule", Severity.MAJOR,
            "The label has no rule to load again; the next dose follows the late one.", Kind.ADDS,
        )  # fmt: skip
    if claim.name == "tolerance":
        return _UNKNOWN
    if claim.name == "extra_doses" and claim.about:
        s = next((s for s in held if s.values.get("from_months") == float(claim.about)), None)
        if s and isinstance(s.values.get("extra_doses"), float):
            if claim.value == s.number("extra_doses"):
                return _right(s)
            return _wrong(
                s,
                f"{_f(s.number('extra_doses'))} more",
                Severity.MAJOR,
                "After a gap of this length another number of doses is due.",
            )
    if claim.name in ("from_months", "extra_doses"):
        names = ("from_months", "to_months") if claim.name == "from_months" else ("extra_doses",)
        known = {s.values[n]: s for s in held for n in names if isinstance(s.values.get(n), float)}
        if not known:
            return _UNKNOWN
        if claim.value in known:
            return _right(known[claim.value])
        told = ", ".join(_f(float(v)) for v in sorted(known, key=float))  # type: ignore[arg-type]
        return _wrong(
            next(iter(known.values())), f"{told} months" if "months" in names[0] else told,
            Severity.MAJOR, "After a long gap another number of doses is due.",
        )  # fmt: skip
    return _judge_missed_interval(claim, label, own, list(held))


def _judge_anchor(claim: Claim, label: Label, held: Sequence[Statement]) -> Verdict:
    """Judge what the dose after a late one is counted from."""
    every = [*held, *label.about("dosing.maintenance")]
    grid = next((s for s in every if s.values.get("anchor") == "original_grid"), None)
    if claim.value == "original_grid":
        late = next((s for s in held if isinstance(s.values.get("next_interval_d"), float)), None)
        if grid or late is None:
            return _right(grid) if grid else _UNKNOWN
        return _wrong(
            late,
            late.says,
            Severity.MAJOR,
            "The next dose is counted from the late one; by the old date it comes too early.",
        )
    if grid and not any(s.values.get("anchor") == "last_dose" for s in every):
        return _wrong(
            grid,
            "the originally scheduled date",
            Severity.MAJOR,
            "A late dose does not move the later ones.",
        )
    return _UNKNOWN


def _judge_missed_interval(
    claim: Claim, label: Label, own: list[Statement], held: list[Statement]
) -> Verdict:
    names = ("next_interval_d", "extra_interval_d", "apart_d", "interval_d")
    known: list[tuple[float, str, Statement]] = []
    for s in own if claim.topic not in ("missed_dose.any", "missed_dose.apart") else held:
        known += [(v, "d", s) for n in names if isinstance(v := s.values.get(n), float)]
        if isinstance(v := s.values.get("interval_months"), float):
            known.append((v, "month", s))
    precise = bool(known) and all(
        isinstance(s.values.get("next_interval_d"), float) for _, _, s in known
    )
    if not precise:
        for s in held:
            known += [(v, "d", s) for n in names if isinstance(v := s.values.get(n), float)]
            if isinstance(v := s.values.get("interval_months"), float):
                known.append((v, "month", s))
        known += _intervals(label, "loading") + _intervals(label, "maintenance")
    if not known:
        return _UNKNOWN
    for value, unit, s in known:
        found = _numbers(claim, unit)
        if found and _near(found[0], value, 0.001) and _near(found[1], value, 0.001):
            return _right(s)
        if _is_blurred(claim, value, unit):
            return _wrong(
                s, f"{_told(value, unit)} later", Severity.MINOR,
                "A month is not 28 days.", Kind.BLURS,
            )  # fmt: skip
    if claim.topic == "missed_dose.apart":
        apart = next((s for s in held if isinstance(s.values.get("apart_d"), float)), None)
        if apart is None:
            return _UNKNOWN
        return _wrong(
            apart,
            f"at least {_f(apart.number('apart_d'))} days apart",
            Severity.MAJOR,
            "Doses would come too close.",
        )
    value, unit, s = known[0]
    return _wrong(
        s, f"{_told(value, unit)} later", Severity.SAFETY if precise else Severity.MAJOR,
        "The date after a missed dose is counted wrong.",
    )  # fmt: skip


# -- the injection, the syringe, the vial


def _judge_csf(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "administration.csf_removed")
    if s is None:
        return _UNKNOWN
    volume = s.number("volume_mL")
    told = f"about {_f(volume)} mL"
    if claim.name == "order":
        return _wrong(
            s, f"{told}, before the dose", Severity.SAFETY, "The fluid is taken out first."
        )
    if claim.value == "none":
        return _wrong(
            s,
            told,
            Severity.SAFETY,
            "Without fluid taken out first, the dose adds its whole volume.",
        )
    if claim.value == "small":
        return _wrong(
            s, told, Severity.MINOR, "It is not a small sample: it makes room for the dose.",
            Kind.BLURS,
        )  # fmt: skip
    found = _numbers(claim, "mL")
    if found is None:
        return _UNKNOWN
    if _near(found[0], volume, 0.2) and _near(found[1], volume, 0.2):
        return _right(s)
    if found[0] <= volume <= found[1]:
        return _wrong(s, told, Severity.MAJOR, "The range is wider than the label's volume.")
    return _wrong(
        s, told, Severity.SAFETY,
        "The volume of fluid changes with what is taken out and what is put in.",
    )  # fmt: skip


def _judge_bolus(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "administration.bolus")
    found = _numbers(claim, "min")
    if s is None or found is None:
        return _UNKNOWN
    least, most = s.number("least_min"), s.number("most_min")
    if found[1] <= most * 1.001 and (found[0] >= least * 0.999 or claim.bound == "most"):
        return _right(s)
    return _wrong(
        s, f"over {_f(least)} to {_f(most)} minutes", Severity.SAFETY,
        "Too fast raises the pressure; too slow is not the bolus that was studied.",
    )  # fmt: skip


def _judge_syringe(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "administration.in_syringe")
    found = _numbers(claim, "h")
    if s is not None and isinstance(claim.value, str):
        found = (24.0, 24.0)
    if s is None or found is None:
        return _UNKNOWN
    most = s.number("most_h")
    if _near(found[1], most):
        return _right(s)
    return _wrong(
        s, f"within {_f(most)} hours", Severity.SAFETY if found[1] > most else Severity.MINOR,
        "The solution has no preservative: a syringe kept too long may be contaminated."
        if found[1] > most
        else "The label allows longer; a good dose may be thrown away.",
    )  # fmt: skip


def _judge_who(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "administration.who")
    if s is None:
        return _UNKNOWN
    return _wrong(s, s.says, Severity.SAFETY, "A lumbar puncture is for trained professionals.")


def _judge_silent(claim: Claim, label: Label) -> Verdict:
    gap = label.silence(claim.topic) or label.silence(f"{claim.topic}_minutes")
    minor = claim.topic == "preparation.warm_up"
    told = "the label gives none" if gap else ""
    if not gap:
        return _UNKNOWN
    return _wrong(
        None, told, Severity.MINOR if minor else Severity.INFO,
        "The label leaves this open; the number is somebody else's.", Kind.ADDS,
    )  # fmt: skip


def _judge_warm(claim: Claim, label: Label) -> Verdict:
    if claim.name == "rule":
        return _judge_rule(claim, label)
    if claim.unit in ("min", "s", "h"):
        return _judge_silent(claim, label)
    s = _first(label, "preparation.warm_up")
    found = _numbers(claim, "C")
    if s is None or found is None or not isinstance(s.values.get("temperature_C"), float):
        return _UNKNOWN
    target = s.number("temperature_C")
    if found[0] - 0.6 <= target <= found[1] + 0.6 or (found[0] >= 15 and found[1] <= 30):
        return _right(s)
    return _wrong(
        s, f"room temperature, {_f(target)} °C", Severity.SAFETY,
        "Heat may spoil the medicine; cold fluid in the spine hurts.",
    )  # fmt: skip


def _judge_cold(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "storage.refrigerated")
    if s is None:
        return _UNKNOWN
    least, most = s.number("least_C"), s.number("most_C")
    told = f"in the refrigerator, {_f(least)} to {_f(most)} °C"
    found = _numbers(claim, "C")
    if found and abs(found[0] - least) < 0.6 and abs(found[1] - most) < 0.6:
        return _right(s)
    return _wrong(
        s, told, Severity.SAFETY, "A vial kept otherwise may have lost its effect, unseen."
    )


def _judge_out(claim: Claim, label: Label) -> Verdict:
    statements = [
        *label.about("storage.carton_unrefrigerated"),
        *label.about("storage.out_of_carton"),
    ]
    statements += [s for s in label.about("storage") if s.topic.startswith("storage.stability")]
    unit = {"C": "C", "F": "C", "h": "h", "min": "h", "d": "d", "weeks": "d"}.get(claim.unit, "")
    found = _numbers(claim, unit) if unit else None
    if not statements or found is None:
        return _UNKNOWN
    names = {"C": ("most_C",), "d": ("most_d",), "h": ("most_h", "most_h_per_day")}[unit]
    if claim.name == "most_h_per_day" and any("most_h_per_day" in s.values for s in statements):
        names = ("most_h_per_day",)
    known = [(v, s) for s in statements for n in names if isinstance(v := s.values.get(n), float)]
    if unit == "h" and not known:
        return _UNKNOWN
    for value, s in known:
        if abs(found[1] - value) < 0.6 or (unit == "h" and found[1] in (24 * v for v, _ in known)):
            return _right(s)
    if not known:
        return _UNKNOWN
    mine = [(v, s) for v, s in known if s.topic == claim.topic] or known
    told = " or ".join(
        dict.fromkeys(
            f"{_f(v)} {'°C' if unit == 'C' else 'hours' if unit == 'h' else 'days'}"
            for v, _ in mine
        )
    )
    limit = max(v for v, _ in mine)
    beyond = found[1] > limit
    if beyond and unit != "C" and found[1] >= 2 * limit:
        return _wrong(
            mine[0][1],
            f"at most {told}",
            Severity.SAFETY,
            "A vial kept out this long may have lost its effect.",
        )
    return _wrong(
        mine[0][1], f"at most {told}", Severity.MAJOR if beyond else Severity.MINOR,
        "A vial kept out too long or too warm may have lost its effect."
        if beyond
        else "The label allows more; a good vial may be thrown away.",
    )  # fmt: skip


_RULE_TOPICS = {
    "preparation.dilution": ("preparation.no_dilution", "preparation.dilution"),
    "preparation.shaking": ("preparation.no_shaking", "preparation.shaking"),
}
_RULE_WHY = {
    "preparation.dilution": (Severity.SAFETY, "Diluted, the volume and what is injected change."),
    "preparation.shaking": (Severity.SAFETY, "Shaking is to be avoided."),
    "preparation.heat": (Severity.SAFETY, "Heat may spoil the medicine."),
    "preparation.filter": (Severity.MINOR, "A filter is not needed."),
    "preparation.warm_up": (Severity.MAJOR, "Cold fluid in the spine hurts."),
    "storage.freezing": (Severity.SAFETY, "A frozen vial is spoilt and may not be used."),
    "storage.light": (Severity.MAJOR, "Light may spoil the medicine."),
    "administration.discard": (
        Severity.SAFETY,
        "There is no preservative: what is left in a vial may be contaminated.",
    ),
    "administration.sedation": (Severity.MINOR, "Sedation is for those whose condition needs it."),
    "administration.imaging": (Severity.MINOR, "Imaging is for those whose condition needs it."),
}


def _judge_rule(claim: Claim, label: Label) -> Verdict:
    statements = [
        s
        for topic in _RULE_TOPICS.get(claim.topic, (claim.topic,))
        for s in label.about(topic)
        if "rule" in s.values
    ]
    if not statements:
        return _UNKNOWN
    s, rule, said = statements[0], str(statements[0].values["rule"]), str(claim.value)
    severity, why = _RULE_WHY.get(claim.topic, (Severity.MINOR, "The label says otherwise."))
    told = s.says
    if claim.name == "temperature" or said == rule:
        return _right(s) if said == rule else _wrong(s, told, severity, why)
    if said == "must sleep":
        return _wrong(
            s,
            told,
            Severity.MAJOR,
            "Sleep is more than sedation, and breathing is weak in these patients.",
        )
    if said == "general anaesthesia":
        return _wrong(
            s, told, Severity.MAJOR,
            "Sleep is more than sedation, and breathing is weak in these patients.", Kind.BLURS,
        )  # fmt: skip
    if rule == "forbidden" and said in ("required", "optional"):
        return _wrong(s, told, severity, why)
    if rule == "required" and said in ("forbidden", "not required"):
        return _wrong(s, told, severity, why)
    if rule == "optional" and said == "required":
        return _wrong(s, told, Severity.MINOR, why)
    if rule == "optional" and said == "forbidden":
        return _wrong(s, told, Severity.MINOR, why)
    if rule == "not required" and said == "required":
        return _wrong(s, told, Severity.MINOR, why)
    return _right(s)


# -- who it is for, and who not


def _judge_indication(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "indication")
    if s is None:
        return _UNKNOWN
    gene = s.values.get("gene")
    if claim.name == "ages":
        ages = s.values.get("ages")
        if ages is None or claim.value == ages:
            return _right(s)
        if ages == "adults":
            return _wrong(
                s, s.says, Severity.SAFETY, "In children, safety and effect are not established."
            )
        if claim.value == "children":
            return _wrong(s, s.says, Severity.MAJOR, "Adults would go without it.")
        return _UNKNOWN  # "adults" on a page for adults leaves children to other lines
    if claim.value == "presymptomatic" and gene:
        return _wrong(
            s, s.says, Severity.MAJOR, "It is for people who have the disease, not for carriers."
        )
    if claim.value == "anyone" or (claim.value == "all" and gene):
        return _wrong(
            s, s.says, Severity.SAFETY, "Without the mutation the medicine has nothing to act on."
        )
    if claim.value == "gene without mutation":
        return _wrong(
            s, s.says, Severity.MAJOR, "Everybody has the gene; it is for people with a mutation.",
            Kind.BLURS,
        )  # fmt: skip
    return _right(s)


def _judge_children(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "populations.children")
    if s is None or claim.name != "standing":
        return _UNKNOWN
    standing = s.values.get("standing")
    if standing is None or claim.value == standing:
        return _right(s)
    return _wrong(
        s, s.says, Severity.SAFETY if standing == "not established" else Severity.MAJOR,
        "In children, safety and effect are not established."
        if standing == "not established"
        else "Children would go without a treatment that the label gives them.",
    )  # fmt: skip


def _judge_contra(claim: Claim, label: Label) -> Verdict:
    held = label.about("contraindications")
    if not held:
        return _UNKNOWN
    none = next((s for s in held if s.values.get("rule") == "none"), None)
    if claim.value == "none":
        if none:
            return _right(none)
        return _wrong(
            held[0], held[0].says, Severity.MAJOR, "The label does name a contraindication."
        )
    for s in held:
        if any(str(claim.value)[:6] in word for word in s.words("events")):
            return _right(s)
    return _wrong(
        none or held[0], (none or held[0]).says, Severity.MAJOR,
        "A contraindication that the label does not have may keep somebody from treatment.",
    )  # fmt: skip


_MENTIONS = {
    "bleeding": r"bleed|coagul|platelet|thrombocyt",
    "liver": r"liver injury|hepatotox",
    "kidney": r"renal tox|kidney.{0,20}harm|harmed the kidney|glomerulo|proteinuria",
    "heart": r"cardiac tox",
    "seizures": r"seizure",
    "raised pressure": r"hydroceph|intracranial",
    "ventilation": r"ventilat",
    "spine": r"scoliosis|spinal fusion",
    "diabetes": r"diabet",
}


def _mentions(label: Label, pattern: str) -> Statement | None:
    """Return a statement of a label on safety that speaks of something."""
    wanted = re.compile(pattern, re.I)
    for area in (
        "warnings",
        "monitoring",
        "adverse_reactions",
        "interactions",
        "contraindications",
        "populations",
    ):
        for s in label.about(area):
            if wanted.search(s.says) or any(wanted.search(w) for w in s.words("events")):
                return s
    return None


def _judge_caution(claim: Claim, label: Label) -> Verdict:
    s = _mentions(label, _MENTIONS.get(str(claim.value), re.escape(str(claim.value))))
    if s and claim.hedged:
        return _right(s)
    return _wrong(
        None, "no such caution", Severity.MINOR if claim.hedged else Severity.MAJOR,
        "A caution that the label does not have may keep somebody from treatment.", Kind.ADDS,
    )  # fmt: skip


def _judge_pregnancy(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "populations.pregnancy")
    if s is None:
        return _UNKNOWN
    if claim.name == "category":
        return _wrong(
            s, s.says, Severity.MINOR, "US labels have had no letter categories since 2015.",
            Kind.ADDS,
        )  # fmt: skip
    if claim.value == "safe":
        return _wrong(s, s.says, Severity.MAJOR, "Nobody knows that it is safe: data are missing.")
    if claim.value == "forbidden":
        return _wrong(
            s,
            s.says,
            Severity.MAJOR,
            "The label does not forbid it; it says that data are missing.",
        )
    if claim.value == "avoid":
        return _wrong(
            s, s.says, Severity.MINOR, "The label does not say so; it says that data are missing.",
            Kind.ADDS,
        )  # fmt: skip
    return _right(s)


# -- serious warnings and adverse reactions


def _serious(label: Label, event: str) -> Statement | None:
    for s in label.about("warnings"):
        if any(word.replace("_", " ") == event for word in s.words("events")):
            return s
    return None


def _judge_serious(claim: Claim, label: Label) -> Verdict:
    s = _serious(label, claim.about) or _first(label, "warnings.serious")
    if s is None or claim.name in ("events", "outcome", "action"):
        return _UNKNOWN
    if claim.name in ("drug_percent", "placebo_percent"):
        return _judge_event_percent(claim, label, s)
    if claim.name == "denied":
        return _wrong(
            s,
            s.says,
            Severity.SAFETY,
            "Who is told that nothing serious happens does not look for it.",
        )
    if claim.name == "standing" and claim.value == "only mild":
        return _wrong(
            s, s.says, Severity.MAJOR, "The label warns of serious reactions.", Kind.BLURS
        )
    if claim.name == "standing":
        return _judge_standing(claim, label, s)
    found = _numbers(claim, "patients")
    if found is None:
        return _UNKNOWN
    if claim.name == "share":
        return _judge_share(found, label, s)
    held = label.about("warnings")
    keys = (
        "patients",
        "discontinued",
        "n",
        "drug_count",
        "drug_n",
        "placebo_n",
        "placebo_count",
    )
    known = {v for x in held for k in keys if isinstance(v := x.values.get(k), float)}
    known |= {
        x.number("patients") - x.number("discontinued")
        for x in held
        if isinstance(x.values.get("patients"), float)
        and isinstance(x.values.get("discontinued"), float)
    }
    own = s.values.get("patients")
    if found[0] == own:
        return _right(s)
    if (
        claim.bound != "of"
        and isinstance(own, float)
        and s.topic == "warnings.serious"
        and found[0] not in known
    ):
        return _wrong(
            s, f"{_f(own)} patients", Severity.MAJOR, "How often it happened is told wrong."
        )
    if not isinstance(own, float) and found[0] not in known and claim.bound == "of":
        return _UNKNOWN
    if claim.bound == "of" and known and found[0] not in known and isinstance(own, float):
        return _wrong(
            s, f"{_f(own)} patients", Severity.MAJOR, "How often it happened is told wrong."
        )
    return _right(s) if found[0] in known else _UNKNOWN


def _judge_share(found: tuple[float, float], label: Label, s: Statement) -> Verdict:
    """Judge "24 of 146": the label's count out of the same number of people."""
    for x in label.about("warnings"):
        for arm in ("drug", "placebo"):
            count, n = x.values.get(f"{arm}_count"), x.values.get(f"{arm}_n")
            if isinstance(count, float) and n == found[1]:
                if count == found[0]:
                    return _right(x)
                return _wrong(
                    x, f"{_f(count)} of {_f(found[1])}", Severity.MAJOR,
                    "How often it happened is told wrong.",
                )  # fmt: skip
    if found[0] == s.values.get("patients"):
        return _right(s)
    return _UNKNOWN


def _percent(statement: Statement, arm: str) -> float | None:
    """Return the percentage of an arm, counted where the label prints counts."""
    value = statement.values.get(f"{arm}_percent")
    if isinstance(value, float):
        return value
    count, n = statement.values.get(f"{arm}_count"), statement.values.get(f"{arm}_n")
    return 100 * count / n if isinstance(count, float) and isinstance(n, float) else None


def _judge_event_percent(claim: Claim, label: Label, s: Statement) -> Verdict:
    found = _numbers(claim, "%")
    rows = [
        x
        for area in ("warnings", "adverse_reactions")
        for x in label.about(area)
        if _percent(x, "drug") is not None
        and (s is x or x.topic.startswith("warnings") or x.values.get("reaction") == claim.about)
    ]
    if found is None:
        return _UNKNOWN
    if not rows:
        patients, n = s.values.get("patients"), 147.0
        if isinstance(patients, float) and found[0] == patients:
            return _wrong(
                s, f"{_f(patients)} patients, not {_f(patients)} %", Severity.MAJOR,
                "A count of patients is told as a percentage.",
            )  # fmt: skip
        return _UNKNOWN
    own = next((x for x in rows if x is s), None)
    for x in rows:
        for arm in ("drug", "placebo"):
            value = _percent(x, arm)
            if value is not None and abs(found[0] - value) <= 0.6 and (own is None or x is own):
                return _right(x)
    own = next((x for x in rows if x is s), None)
    if own is None:
        return _UNKNOWN
    return _wrong(
        own,
        f"{_percent(own, 'drug') or 0:.0f} %",
        Severity.MAJOR,
        "How often it happened is told wrong.",
    )


def _judge_standing(claim: Claim, label: Label, s: Statement) -> Verdict:
    frequency = str(s.values.get("frequency", ""))
    said = str(claim.value)
    if frequency and said == frequency.removesuffix(" (derived)"):
        return _UNKNOWN if "derived" in frequency else _right(s)
    if s.topic != "warnings.serious":
        return _UNKNOWN
    if said == "harmless":
        return _wrong(
            s,
            s.says,
            Severity.SAFETY,
            "Told as harmless, a serious reaction is no longer looked for.",
        )
    if said == "rare":
        return _wrong(
            s, s.says, Severity.MAJOR, "The label does not call it rare; it names it as serious.",
            Kind.BLURS,
        )  # fmt: skip
    if frequency and said == "common":
        return _UNKNOWN
    return _wrong(
        s, s.says, Severity.MAJOR,
        "Told as common or harmless, a serious reaction is no longer looked for."
        if said == "harmless"
        else "It is a serious reaction in a few people, not a common one.",
    )  # fmt: skip


def _judge_unlisted(claim: Claim, label: Label) -> Verdict:
    word = re.escape(str(claim.about)[:7])
    s = _mentions(label, word)
    if s:
        return _right(s)
    return _wrong(
        None, "not in the label", Severity.MINOR, "The label does not name this reaction.",
        Kind.ADDS,
    )  # fmt: skip


def _blurred_reaction(claim: Claim, label: Label) -> Verdict | None:
    """Find a finding in spinal fluid that a list gives without the fluid."""
    fluid = re.compile(r"csf|spinal|fluid|liquor|lcr|pleocyt", re.I)
    if not claim.about.startswith("CSF ") or len(claim.quote) > 60 or fluid.search(claim.quote):
        return None
    s = next(
        (s for s in label.about("adverse_reactions") if s.values.get("reaction") == claim.about),
        None,
    )
    return s and _wrong(
        s, claim.about, Severity.INFO, "In blood it would mean something else.", Kind.BLURS
    )


def _judge_reaction(claim: Claim, label: Label) -> Verdict:
    blurred = _blurred_reaction(claim, label)
    if blurred or claim.name == "named":
        return blurred or _UNKNOWN
    rows = [
        s
        for s in label.about("adverse_reactions")
        if s.values.get("reaction") == claim.about
        and isinstance(s.values.get("drug_percent"), float)
    ]
    if not rows:
        return _UNKNOWN
    if claim.name == "band" and isinstance(claim.value, tuple):
        lo, hi = claim.value
        held = [s for s in rows if lo <= s.number("drug_percent") <= hi]
        if held:
            return _right(held[0])
        s = rows[0]
        return _wrong(
            s, f"{_f(s.number('drug_percent'))} %", Severity.MINOR, "It stands in the wrong band."
        )
    found = _numbers(claim, "%")
    if found is None:
        return _UNKNOWN
    for s in rows:
        value = s.values.get(claim.name)
        if isinstance(value, float) and found[0] - 0.6 <= value <= found[1] + 0.6:
            return _right(s)
    s = next((s for s in rows if isinstance(s.values.get(claim.name), float)), None)
    if s is None:
        return _UNKNOWN
    arm = "on placebo" if claim.name == "placebo_percent" else "on the medicine"
    return _wrong(
        s, f"{claim.about}: {_f(s.number(claim.name))} % {arm}", Severity.MINOR,
        "How common it is is told wrong.",
    )  # fmt: skip


def _judge_monitoring(claim: Claim, label: Label) -> Verdict:
    held = [s for s in label.about("monitoring") if s.values.get("rule") == "required"]
    if claim.value == "not required":
        if not held:
            return (
                _right(_first(label, "warnings.class_effect"))
                if label.about("warnings.class_effect")
                else _UNKNOWN
            )
        return _wrong(
            held[0], held[0].says, Severity.SAFETY,
            "The tests find falling platelets and kidney harm before the next dose.",
        )  # fmt: skip
    return _right(held[0]) if held else _UNKNOWN


# -- pharmacology, class, approval, benefit


def _judge_half_life(claim: Claim, label: Label) -> Verdict:
    fluid = "plasma" if "plasma" in claim.topic else "csf"
    held = [
        s
        for s in label.about("pharmacokinetics")
        if "half_life" in s.topic and ("plasma" in s.topic) == (fluid == "plasma")
    ]
    if not held:
        return _UNKNOWN
    s = held[0]
    values = [float(v) for n in ("lo", "hi", "value") if isinstance(v := s.values.get(n), float)]
    if not values:
        return _UNKNOWN
    unit = str(s.values.get("unit", ""))
    unit = {"day": "d", "days": "d", "hours": "h", "week": "weeks"}.get(unit, unit)
    lo, hi = min(values), max(values)
    told = f"{_f(lo)}{f' to {_f(hi)}' if hi > lo else ''} {unit}"
    if claim.value == "vague":
        return _wrong(s, told, Severity.MINOR, "The label gives a number.", Kind.BLURS)
    found = _numbers(claim, unit)
    if found is None:
        if claim.unit == "month" and not isinstance(claim.value, (str, tuple)):
            days = in_unit(lo, unit, "d") or 0, in_unit(hi, unit, "d") or 0
            if days[0] * 0.9 <= claim.value * 31 and claim.value * 28 <= days[1] * 1.1:
                return _right(s)
        elif claim.unit != "month":
            return _UNKNOWN
        return _wrong(s, told, Severity.MAJOR, "It decides how long the medicine stays.")
    if found[1] >= lo * 0.95 and found[0] <= hi * 1.05:
        return _right(s)
    return _wrong(s, told, Severity.MAJOR, "It decides how long the medicine stays.")


def _judge_tmax(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "pharmacokinetics.plasma_tmax")
    found = _numbers(claim, "h")
    if s is None or found is None:
        return _UNKNOWN
    lo, hi = s.number("lo"), s.number("hi")
    if found[0] >= lo - 0.3 and found[1] <= hi + 0.3:
        return _right(s)
    return _wrong(s, f"{_f(lo)} to {_f(hi)} hours", Severity.MINOR, "The time of the plasma peak.")


def _judge_pathway(claim: Claim, label: Label) -> Verdict:
    s = next((s for s in label.about("pharmacokinetics") if "pathway" in s.values), None)
    if s is None:
        return _UNKNOWN
    if s.values["pathway"] == claim.value:
        return _right(s)
    return _wrong(
        s, s.says, Severity.MAJOR, "Liver enzymes would mean interactions that the label excludes."
    )


def _judge_mechanism(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "mechanism")
    if s is None or "direction" not in s.values:
        return _UNKNOWN
    name = str(s.values.get("name", "")).upper()
    if claim.name == "acts":
        return _wrong(s, s.says, Severity.MAJOR, "It acts on the messenger, not on the gene.")
    if claim.value in (s.values["direction"], "lowers and raises"):
        return _right(s)
    return _wrong(
        s,
        s.says,
        Severity.MAJOR,
        f"It {s.values['direction']} the protein of {name}, not the reverse.",
    )


def _judge_variant(claim: Claim, label: Label) -> Verdict:
    s = next((s for s in label.about("mechanism") if "variant" in s.values), None)
    if s is None or s.values["variant"] != "normal and mutant":
        return _UNKNOWN
    if claim.value == "mutant only":
        return _wrong(s, s.says, Severity.MAJOR, "It lowers the normal protein as well.")
    return _wrong(s, s.says, Severity.MINOR, "It lowers the normal protein as well.", Kind.BLURS)


def _judge_class(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "identity.class")
    if s is None:
        return _UNKNOWN
    name = str(s.values.get("name", ""))
    if claim.value == name.lower():
        return _right(s)
    if claim.value == "vague":
        return _wrong(s, name, Severity.MINOR, "It tells nothing of what it is.", Kind.BLURS)
    return _wrong(s, name, Severity.MAJOR, "It is another kind of medicine.")


def _judge_status(claim: Claim, label: Label) -> Verdict:
    s = next((s for s in label.about("identity") if "status" in s.values), None)
    if s is None:
        return _UNKNOWN
    status = str(s.values["status"])
    if claim.value == status:
        return _right(s)
    return _wrong(
        s, f"{status} approval" if status != "exceptional circumstances" else f"under {status}",
        Severity.MAJOR, "It decides how far the benefit is held to be shown.",
    )  # fmt: skip


def _judge_benefit(claim: Claim, label: Label) -> Verdict:
    s = _first(label, "clinical_results.benefit")
    if s is None:
        return _UNKNOWN
    shown = s.words("shown")
    if claim.value in shown or (claim.value == "slow" and claim.hedged):
        return _right(s)
    if claim.value == "slow" and "halt" in shown:
        return _right(s)
    return _wrong(
        s, s.says, Severity.MINOR if claim.about == "animals" else Severity.MAJOR,
        "The label does not show this; hope is sold as a result.", Kind.OVERCLAIMS,
    )  # fmt: skip


def _judge_maker(claim: Claim, label: Label) -> Verdict:
    held = [str(s.values.get("name", "")).lower() for s in label.about("maker")]
    if not held or claim.hedged or any(str(claim.value) in name for name in held):
        return _UNKNOWN if not held else _right(None)
    s = _first(label, "maker")
    return _wrong(s, s.says if s else "", Severity.MINOR, "Questions would go to the wrong firm.")


def _judge_percent(claim: Claim, label: Label) -> Verdict:
    found = _numbers(claim, "%")
    if found is None:
        return _UNKNOWN
    known: list[tuple[float, Statement]] = []
    for area in ("pharmacodynamics", "clinical_results"):
        for s in label.about(area):
            if claim.about.lower() not in str(s.values.get("endpoint", "")).lower():
                continue
            ratio = s.values.get("unit") == "ratio"
            for n in (
                "drug_value",
                "placebo_value",
                "difference",
                "difference_lo",
                "difference_hi",
                "value",
            ):
                v = s.values.get(n)
                if isinstance(v, float):
                    known.append((abs(1 - v) * 100 if ratio else abs(v), s))
    if not known:
        return _UNKNOWN
    for value, s in known:
        if found[0] - 1.1 <= value <= found[1] + 1.1:
            return _right(s)
    drug = next((s for v, s in known if s.topic.startswith("pharmacodynamics")), known[0][1])
    return _wrong(drug, drug.says, Severity.MINOR, "The trial's figure is another.")


def _judge_ada(claim: Claim, label: Label) -> Verdict:
    found = _numbers(claim, "%")
    held = label.about("immunogenicity")
    known = [
        (abs(v), s)
        for s in held
        for n in ("value", "drug_percent")
        if isinstance(v := s.values.get(n), float) and s.values.get("unit", "%") == "%"
    ]
    if found is None or not known:
        return _UNKNOWN
    for value, s in known:
        if abs(found[0] - value) <= 1:
            return _right(s)
    return _wrong(known[0][1], known[0][1].says, Severity.MINOR, "The label's figure is another.")


_NOWHERE = Span(0, 0)
_JUDGES: dict[str, Judge] = {
    "dosing.amount": _judge_amount,
    "identity.strength": _judge_strength,
    "dosing.route": _judge_route,
    "dosing.loading": _judge_interval,
    "dosing.maintenance": _judge_interval,
    "missed_dose": _judge_missed,
    "administration.csf_removed": _judge_csf,
    "administration.bolus": _judge_bolus,
    "administration.in_syringe": _judge_syringe,
    "administration.rest_after": _judge_silent,
    "administration": _judge_rule,
    "administration.who": _judge_who,
    "preparation": _judge_rule,
    "preparation.warm_up": _judge_warm,
    "storage.refrigerated": _judge_cold,
    "storage.carton_unrefrigerated": _judge_out,
    "storage.out_of_carton": _judge_out,
    "storage": _judge_rule,
    "indication": _judge_indication,
    "populations.children": _judge_children,
    "populations.pregnancy": _judge_pregnancy,
    "contraindications": _judge_contra,
    "interactions": _judge_caution,
    "warnings.caution": _judge_caution,
    "warnings.unlisted": _judge_unlisted,
    "warnings.serious": _judge_serious,
    "adverse_reactions": _judge_reaction,
    "monitoring": _judge_monitoring,
    "pharmacokinetics.csf_half_life": _judge_half_life,
    "pharmacokinetics.plasma_half_life": _judge_half_life,
    "pharmacokinetics.plasma_tmax": _judge_tmax,
    "pharmacokinetics.metabolism": _judge_pathway,
    "mechanism": _judge_mechanism,
    "mechanism.target": _judge_variant,
    "identity.class": _judge_class,
    "identity.approval": _judge_status,
    "clinical_results.benefit": _judge_benefit,
    "maker": _judge_maker,
    "pharmacodynamics": _judge_percent,
    "immunogenicity": _judge_ada,
}


# ---- a page against itself


def _within(
    page: Monograph, claims: Sequence[Claim], label: Label, others: Sequence[Label]
) -> Iterator[Difference]:
    """Find where a page says one thing here and another there."""
    contra = [c for c in claims if c.topic == "contraindications"]
    none = next((c for c in contra if c.value == "none"), None)
    named = next((c for c in contra if c.value != "none"), None)
    if none and named:
        line, _ = page.place(none.span)
        s = _first(label, "contraindications")
        yield _difference(
            page,
            named,
            _wrong(
                s,
                s.says if s else "",
                Severity.MAJOR,
                f"The page contradicts itself: in line {line} it says none.",
            ),
            against=none.span,
        )


# ---- what a page leaves out


def _left_out(
    page: Monograph, claims: Sequence[Claim], label: Label, others: Sequence[Label]
) -> Iterator[Difference]:
    said = {(c.topic, c.name) for c in claims}
    topics = {c.topic for c in claims}

    def omits(topic: str, severity: Severity, why: str, value: str = "") -> Iterator[Difference]:
        s = _first(label, topic)
        if s is not None:
            yield Difference(
                kind=Kind.OMITS,
                severity=severity,
                topic=s.topic,
                quote="",
                span=None,
                line=0,
                column=0,
                label_value=value or s.says,
                statement=s,
                why=why,
            )

    def tells(*wanted: str) -> bool:
        return any(covers(w, t) for w in wanted for t in topics)

    amount = ("dosing.amount", "amount_mg") in said
    loading = any(t == "dosing.loading" for t in topics)
    maintenance = ("dosing.maintenance", "interval") in said
    dosed = amount and (loading or maintenance)
    if dosed and not tells("dosing.route"):
        yield from omits("dosing.route", Severity.SAFETY, "The dose is told and not where it goes.")
    if amount and ("dosing.loading", "interval") in said and not maintenance:
        yield from omits(
            "dosing.maintenance", Severity.MAJOR, "Loading is told, and not that treatment goes on."
        )
    if amount and maintenance and not loading:
        yield from omits(
            "dosing.loading", Severity.MINOR, "Maintenance is told, and not the loading before it."
        )
    if loading and maintenance and not tells("missed_dose"):
        yield from omits(
            "missed_dose", Severity.MINOR, "Doses are told, and not what to do when one is missed."
        )
    yield from _omits_missed(page, claims, label, others)
    steps = [
        t
        for t in ("administration.csf_removed", "administration.bolus", "administration.in_syringe")
        if tells(t)
    ]
    if steps:
        for topic in (
            "administration.csf_removed",
            "administration.bolus",
            "administration.in_syringe",
        ):
            if topic not in steps:
                yield from omits(
                    topic, Severity.MINOR, "How it is given is told, and this step is not."
                )
    yield from _omits_serious(claims, label, omits)
    if tells("storage.refrigerated") and not tells(
        "storage.carton_unrefrigerated", "storage.out_of_carton"
    ):
        yield from omits(
            "storage.carton_unrefrigerated", Severity.INFO, "Not how long it may stand outside."
        )
    status = next(
        (s for s in label.about("identity") if s.values.get("status") == "accelerated"), None
    )
    if status and tells("indication") and not tells("identity.approval"):
        yield from omits(
            "indication.accelerated"
            if label.about("indication.accelerated")
            else "identity.approval",
            Severity.MINOR,
            "Whom it is for is told, and not that approval rests on a marker.",
        )
    tests = [s for s in label.about("monitoring") if s.values.get("rule") == "required"]
    if tests and not tells("monitoring") and (steps or dosed):
        yield from omits(
            "monitoring",
            Severity.MAJOR if len(steps) > 1 else Severity.MINOR,
            "The label asks for tests before each dose.",
            tests[0].says,
        )
    yield from _omits_common(claims, label, omits)
    yield from _vague_patients(page, claims, label)


def _omits_missed(
    page: Monograph, claims: Sequence[Claim], label: Label, others: Sequence[Label]
) -> Iterator[Difference]:
    """Find an older missed-dose rule, told where the label goes by the length of the gap."""
    tiers = label.about("missed_dose.gap")
    older = next(
        (
            o
            for o in others
            if o.jurisdiction == label.jurisdiction
            and o.status == "superseded"
            and not o.about("missed_dose.gap")
        ),
        None,
    )
    told = [c for c in claims if covers("missed_dose", c.topic)]
    if not tiers or not told or any(c.topic == "missed_dose.gap" for c in told):
        return
    claim = next((c for c in told if c.topic == "missed_dose.maintenance"), None)
    if claim is None or claim.value in ("double", "skip"):
        return
    now = "it depends on the months since the last dose"
    why = "The rule now goes by the length of the gap; after a long one more doses are due."
    kind = Kind.SUPERSEDED if older else Kind.OMITS
    if older:
        why = f"This is the older rule ({label.jurisdiction.upper()} label, {older.edition}). {why}"
    yield _difference(page, claim, _wrong(tiers[0], now, Severity.MAJOR, why, kind))


def _omits_serious(
    claims: Sequence[Claim],
    label: Label,
    omits: Callable[..., Iterator[Difference]],
) -> Iterator[Difference]:
    groups = [s for s in label.about("warnings.serious") if s.words("events")]
    if not groups:
        return
    named = {c.about for c in claims if c.topic == "warnings.serious" and c.about}
    told = any(c.topic == "warnings.serious" and c.name == "action" for c in claims)
    if len(named) >= 2 and not told:
        yield from omits(
            "warnings.serious", Severity.MINOR,
            "Serious reactions are named, and not what to do when they come.",
            str(groups[0].values.get("action", "")),
        )  # fmt: skip
    reactions = {c.about for c in claims if c.topic == "adverse_reactions.common"}
    if not named and len(reactions) >= 2:
        yield from omits(
            "warnings.serious", Severity.MAJOR,
            "Side effects are told, and not the serious ones that the label warns of.",
        )  # fmt: skip
        return
    if not named:
        return
    for s in groups:
        if not any(word.replace("_", " ") in named for word in s.words("events")):
            yield from (
                replace(d, statement=s, label_value=s.says)
                for d in omits(
                    "warnings.serious",
                    Severity.MINOR,
                    "Some serious reactions are told, and not this one.",
                )
            )


def _omits_common(
    claims: Sequence[Claim], label: Label, omits: Callable[..., Iterator[Difference]]
) -> Iterator[Difference]:
    """Find common reactions of the label's table that a page with a list of them leaves out."""
    table = [s for s in label.about("adverse_reactions.common") if "reaction" in s.values]
    told = {c.about for c in claims if c.topic == "adverse_reactions.common"}
    left = [str(s.values["reaction"]) for s in table if s.values["reaction"] not in told]
    if len(table) - len(left) >= 3 and left and len(table) <= 12:
        yield from omits(
            "adverse_reactions.common", Severity.INFO,
            "The list of common reactions is not whole.", ", ".join(dict.fromkeys(left)),
        )  # fmt: skip


def _vague_patients(page: Monograph, claims: Sequence[Claim], label: Label) -> Iterator[Difference]:
    s = _first(label, "indication")
    told = [c for c in claims if c.topic == "indication" and c.name == "population"]
    if s is None or not told:
        return
    gene = str(s.values.get("gene", "")).lower()
    if gene and gene not in page.text.lower() and not any(c.value != "disease" for c in told):
        yield _difference(
            page, told[0],
            _wrong(s, s.says, Severity.MINOR, "It is for people with the mutation only.", Kind.BLURS),
        )  # fmt: skip
    ages = {c.value for c in claims if c.topic == "indication" and c.name == "ages"}
    if s.values.get("ages") != "adults" or ages:
        return
    anybody = [c for c in told if _PEOPLE.search(c.quote) and _TREATED.search(c.quote)]
    for claim in list({page.place(c.span)[0]: c for c in reversed(anybody)}.values())[-3:]:
        yield _difference(
            page,
            claim,
            _wrong(s, s.says, Severity.MINOR, "The label says adults.", Kind.BLURS),
        )


_PEOPLE = re.compile(r"\b(?:people|patients?|persons?|individuals?|those|someone|anyone)\b", re.I)
_TREATED = re.compile(r"\b(?:treat\w*|indicated|used|approved|prescribed|licen[cs]ed)\b", re.I)
