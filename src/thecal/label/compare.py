"""Claims against a label, or two pages with each other: Differences, by class and severity.

The judges (`judging`) say whether a label bears a claim out, and what a page leaves out. A claim
that the label does not bear out is then put before the other labels of the medicine: one that an
older version of the same jurisdiction bears out is "superseded version", one that another country's
label bears out is "other jurisdiction". How grave each fault is stands in `judging.faults`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from thecal.label.claims import Claim, read_claims
from thecal.label.judging import faults
from thecal.label.judging.figures import comparable, first
from thecal.label.judging.omissions import left_out
from thecal.label.judging.table import judge
from thecal.label.judging.verdict import SEVERITIES, Kind, Severity, Verdict, wrong
from thecal.label.label import Label, Statement, covers
from thecal.label.lexicon import lexicon
from thecal.label.monograph import Monograph, Span

__all__ = [
    "SEVERITIES",
    "Audit",
    "Conflict",
    "Difference",
    "Kind",
    "Severity",
    "audit",
    "compare_pages",
    "country",
    "judge",
]


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


# ---- a page against a label


def audit(
    page: Monograph, label: Label, others: Sequence[Label] = (), neighbours: Iterable[str] = ()
) -> Audit:
    """Hold a page against a label.

    others      every other label of the medicine: older versions, other jurisdictions
    neighbours  names of other medicines, whose doses and routes are their own
    """
    claims = read_claims(page, lexicon([label, *others], neighbours))
    found = [
        *_against(page, claims, label, others),
        *_within(page, claims, label),
        *(_difference(page, *gap) for gap in left_out(page, claims, label, others)),
    ]
    differences = tuple(sorted(_once(found), key=_rank))
    return Audit(monograph=page, label=label, claims=claims, differences=differences)


_NOWHERE = Span(0, 0)


def _against(
    page: Monograph, claims: Sequence[Claim], label: Label, others: Sequence[Label]
) -> Iterator[Difference]:
    """Find the claims that the label does not bear out."""
    written_for = country(page)
    told = frozenset(o.edition for o in others if _is_told(o, label, claims))
    known: dict[Claim, Verdict] = {}  # what is said twice is asked once
    for claim in claims:
        said = replace(claim, span=_NOWHERE, quote=claim.quote[:61])
        if said not in known:
            verdict = judge(said, label)
            if verdict.ok is False:
                verdict = _elsewhere(said, verdict, label, others, written_for, told)
            known[said] = verdict
        if known[said].ok is False:
            yield _difference(page, claim, known[said])


def _within(page: Monograph, claims: Sequence[Claim], label: Label) -> Iterator[Difference]:
    """Find where a page says one thing here and another there: none, and a contraindication."""
    contra = [c for c in claims if c.topic == "contraindications"]
    none = next((c for c in contra if c.value == "none"), None)
    named = next((c for c in contra if c.value != "none"), None)
    if none and named:
        line, _ = page.place(none.span)
        s = first(label, "contraindications")
        verdict = wrong(faults.CONTRAINDICATIONS_CLASH, s, line=line)
        yield replace(_difference(page, named, verdict), against=none.span)


def _difference(page: Monograph, claim: Claim | None, verdict: Verdict) -> Difference:
    """Return a verdict as a difference at the place of a claim; of an omission, at none."""
    line, column = page.place(claim.span) if claim else (0, 0)
    topic = verdict.statement.topic if verdict.statement else claim.topic if claim else ""
    return Difference(
        kind=verdict.kind,
        severity=verdict.severity,
        topic=topic,
        quote=(claim.quote or page.quote(claim.span)) if claim else "",
        span=claim.span if claim else None,
        line=line,
        column=column,
        label_value=verdict.label_value,
        statement=verdict.statement,
        why=verdict.why,
    )


def _once(found: Iterable[Difference]) -> Iterator[Difference]:
    """Leave out what says the same of the same words."""
    seen: set[tuple[object, ...]] = set()
    for d in found:
        at = d.span.start if d.span and d.kind is Kind.CONTRADICTS else ""
        key = (d.kind, d.topic, d.line, d.label_value, at)
        if key not in seen:
            seen.add(key)
            yield d


def _rank(d: Difference) -> tuple[object, ...]:
    """Order the worst first, then by the page; omissions come last."""
    return (SEVERITIES.index(d.severity), d.line == 0, d.line, d.column, d.topic)


# ---- the other labels of the medicine

# Topics on which labels differ by version and country; elsewhere agreement would be chance.
_BY_LABEL = (
    "identity.approval",
    "identity.strength",
    "dosing",
    "missed_dose",
    "administration",
    "preparation",
    "storage",
    "contraindications",
    "warnings",
    "adverse_reactions",
    "monitoring",
    "interactions",
    "populations",
    "pharmacokinetics",
    "immunogenicity",
)


def _elsewhere(
    claim: Claim,
    verdict: Verdict,
    label: Label,
    others: Sequence[Label],
    written_for: str,
    told: frozenset[str],
) -> Verdict:
    """Ask the other labels of the medicine about a claim that this one does not bear out.

    written_for  the country for which the page seems to be written
    told         editions of whose doses the page speaks
    """
    if not any(covers(topic, claim.topic) for topic in _BY_LABEL) or claim.value == "none":
        return verdict
    if verdict.kind in (Kind.BLURS, Kind.OVERCLAIMS):
        return verdict
    for other in sorted(others, key=lambda o: o.jurisdiction != label.jurisdiction):
        theirs = judge(claim, other)
        if theirs.ok is not True or theirs.statement is None:
            continue
        is_here = other.jurisdiction == label.jurisdiction
        where = (
            f"{other.jurisdiction.upper()} label, {other.edition or other.version}, "
            f"section {theirs.statement.source.section}"
        )
        if is_here and other.status == "superseded":
            return replace(
                verdict,
                kind=Kind.SUPERSEDED,
                severity=faults.severity_of_older(verdict.severity),
                why=f"This is the older text ({where}). {verdict.why}",
            )
        if is_here and other.edition in told:
            return replace(
                verdict,
                kind=Kind.ADDS,
                severity=Severity.INFO,
                why=f"Another version says so ({where}); make sure which one applies.",
            )
        if not is_here:
            written_there = other.jurisdiction == written_for
            return replace(
                verdict,
                kind=Kind.ELSEWHERE,
                severity=faults.severity_abroad(verdict.severity, written_there=written_there),
                why=f"Another country's label says so ({where}). {verdict.why}",
            )
    return verdict


def _is_told(other: Label, label: Label, claims: Sequence[Claim]) -> bool:
    """Tell whether a page speaks of another version's doses: an amount that only it has."""
    return any(
        judge(c, other).ok is True and judge(c, label).ok is False
        for c in claims
        if c.topic == "dosing.amount" and c.name == "amount_mg"
    )


_WORDS_OF = {
    "eu": re.compile(
        r"summary of product characteristics|\bsmpc\b|\bepar\b|"
        r"european (?:medicines|commission|union)|marketing authori[sz]ation holder|"
        r"posology and method|fachinformation|ficha técnica|"
        r"riassunto delle caratteristiche|résumé des caractéristiques|rezumatul caracteristicilor|"
        r"nationally authori[sz]ed|\bema\b|\bmhra\b|\bnhs\b|gebrauchsinformation|durchstechflasche|"
        r"papilloedema|paediatric|oedema|haemorrhag",
        re.I,
    ),
    "jp": re.compile(r"[\u3040-\u30ff]|\bpmda\b|\bjapan", re.I),
    "us": re.compile(
        r"\bfda\b|prescribing information|\bu\.s\.|united states|medication guide", re.I
    ),
}
_LOOKED_AT = 200_000  # characters of a page that say for which country it is written


def country(page: Monograph) -> str:
    """Say for which country a page seems to be written, by its words: "eu", "jp" or "us"."""
    text = page.text[:_LOOKED_AT]
    marks = {name: len(words.findall(text)) for name, words in _WORDS_OF.items()}
    abroad = max(("eu", "jp"), key=lambda name: marks[name])
    return abroad if marks[abroad] > marks["us"] else "us"


# ---- two pages


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
    conflicts = [
        _conflict(*pair, label)
        for subject, mine in ours.items()
        if (pair := _parting(mine, theirs.get(subject, [])))
    ]
    return sorted(conflicts, key=lambda c: SEVERITIES.index(c.severity))


def _by_subject(claims: Iterable[Claim]) -> dict[tuple[str, str, str], list[Claim]]:
    found: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        if claim.value not in ("named", "vague", "told"):
            found.setdefault((claim.topic, claim.name, claim.about), []).append(claim)
    return found


def _parting(ours: Sequence[Claim], theirs: Sequence[Claim]) -> tuple[Claim, Claim] | None:
    """Return the first two claims that part, unless the pages agree elsewhere on that phase."""
    pairs = [
        (a, b)
        for phase in ("loading", "maintenance", "")
        for a in ours
        for b in theirs
        if a.phase in (phase, "") and b.phase in (phase, "") and _phase(a, b) == phase
    ]
    agreed = {_phase(a, b) for a, b in pairs if comparable(a) == comparable(b)}
    parting = next(((a, b) for a, b in pairs if comparable(a) != comparable(b)), None)
    return parting if parting and _phase(*parting) not in agreed else None


def _phase(a: Claim, b: Claim) -> str:
    return a.phase or b.phase


def _conflict(first: Claim, second: Claim, label: Label) -> Conflict:
    """Return two claims that part, with what the label says to each."""
    one, two = judge(first, label), judge(second, label)
    worst = one if one.ok is False else two
    return Conflict(
        topic=first.topic,
        name=first.name,
        first=first,
        second=second,
        severity=worst.severity if worst.ok is False else Severity.INFO,
        why=worst.why or "The two pages cannot both be right.",
        first_ok=one.ok,
        second_ok=two.ok,
        label_value=worst.label_value or one.label_value or two.label_value,
    )
