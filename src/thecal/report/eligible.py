"""Whether treatment may start: in plain text, and as JSON for a program.

The JSON is ``thecal.eligible/1``, described in ``schemas/eligible.v1.json``. Every answer stands
alone: there is no line and no key that sums them up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from textwrap import fill

from thecal import __version__
from thecal.clinic.eligibility.eligibility import Eligibility
from thecal.clinic.eligibility.payer import PayerPolicy
from thecal.clinic.finding import Finding, Severity
from thecal.clinic.moment import Moment, time_words
from thecal.clinic.policy import Basis, Head
from thecal.clinic.puncture.puncture import Clearance, Item, PunctureSafety
from thecal.clinic.ruling import Reason, Ruling, Verdict
from thecal.plan.answer import DISCLAIMER
from thecal.report.contract import Json, label_block
from thecal.report.words import status_words
from thecal.source import Source

WIDTH = 92
NAMES = {Severity.SERIOUS: "SERIOUS", Severity.CAUTION: "CAUTION", Severity.NOTE: "note"}
NOT_CONFIRMED = "not confirmed in that source"
NO_PUNCTURE = "Lumbar puncture: no policy named; thecal gives no verdict."
NO_PAYER = "Payer: no criteria named."
TITLES = {"puncture": "Lumbar puncture (--puncture)", "payer": "Payers (--payer)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible:
    """What was asked of one person, answered.

    payer     criteria and what they come to; None where none was named
    puncture  None where no policy was named
    shipped   names of the policies there are, by kind
    """

    eligibility: Eligibility
    payer: tuple[PayerPolicy, Ruling] | None
    puncture: PunctureSafety | None
    shipped: Mapping[str, Sequence[str]]

    @property
    def on(self) -> Moment | None:
        """The day or time asked about."""
        return self.eligibility.on

    @property
    def is_clean(self) -> bool:
        """Yes by the label, and in nothing that was asked does anything stand against it."""
        return (
            self.eligibility.is_clean
            and (self.payer is None or self.payer[1].verdict is Verdict.YES)
            and (self.puncture is None or self.puncture.is_clear)
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Every fact that some answer asked for in vain, each once."""
        asked = self.eligibility
        found = [*asked.indicated.missing, *asked.contraindicated.missing, *asked.unknown]
        if self.payer:
            found += self.payer[1].missing
        if self.puncture:
            found += [
                f"for the puncture, {item.what}: {item.says}"
                for item in self.puncture.items
                if item.verdict is Clearance.MISSING
            ]
        return tuple(dict.fromkeys(found))


# ---- in words


def eligible_text(found: Eligible) -> str:
    """Say each answer with its reasons, what is missing, and where everything stands."""
    page = _Page(found)
    asked, label = found.eligibility, found.eligibility.label
    head = _wrap(
        f"{label.medicine} · {label.jurisdiction.upper()} label: {label.document}, {label.version}"
    )
    if status := status_words(label):
        head += _wrap(status)
    head += _wrap(f"Asked about {found.on}" if found.on else "No day was asked about.")
    parts = [
        head,
        page.ruling(asked.indicated),
        page.ruling(asked.contraindicated),
        page.cautions(),
        page.payer(),
        page.puncture(),
        page.missing(),
        page.documents(),
        _wrap(DISCLAIMER),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def policies_text(heads: Mapping[str, Sequence[Head]]) -> str:
    """List the policies that are shipped, by what they are for; none is a default."""
    lines: list[str] = []
    for kind, held in heads.items():
        lines += [TITLES[kind]]
        for head in held:
            lines += _item(head.name, f"{head.title}; version: {head.version}", wide=20)
            for words in head.not_confirmed:
                lines += _item("", f"not confirmed: {words}", wide=20)
        lines += [""]
    lines += _wrap("None is a default. A YAML file of your own may be named instead.")
    return "\n".join([*lines, "", *_wrap(DISCLAIMER)])


class _Page:
    """Collects the documents that the lines name, so that each is written out once."""

    def __init__(self, found: Eligible) -> None:
        self.found = found
        self.named: list[str] = []

    def ruling(self, ruling: Ruling) -> list[str]:
        lines = _wrap(f"{ruling.question}: {str(ruling.verdict).upper()}", indent=2)
        for reason in ruling.reasons:
            lines += self._reason(reason)
        return lines

    def _reason(self, reason: Reason) -> list[str]:
        unsure = "" if reason.is_confirmed else f" ({NOT_CONFIRMED})"
        lines = _item(str(reason.verdict), f"{reason.says}{unsure}{self._at(reason.source)}")
        if reason.reading and reason.read_by:
            lines += _item("", f"thecal reads: {reason.reading}{self._basis(reason.read_by)}")
        return lines

    def cautions(self) -> list[str]:
        asked = self.found.eligibility
        lines = [f"Cautions of the {asked.label.jurisdiction.upper()} label"]
        for finding in asked.cautions:
            lines += self._finding(finding)
        for words in asked.unknown:
            lines += _item("missing", f"{words}: not recorded")
        for gap in asked.not_read:
            lines += _item("not read", f"{gap.topic}: {gap.says}")
        if len(lines) == 1:
            lines += _item("none", "nothing that is recorded meets a caution of the label")
        return lines

    def _finding(self, finding: Finding) -> list[str]:
        told = filter(None, (finding.message, finding.says, finding.asks))
        words = " ".join(
            sentence if sentence.endswith(".") else f"{sentence}." for sentence in told
        )
        return _item(NAMES[finding.severity], f"{words}{self._at(finding.source)}")

    def payer(self) -> list[str]:
        if self.found.payer is None:
            return _wrap(f"{NO_PAYER} {self._shipped('payer')}", indent=2)
        policy, ruling = self.found.payer
        lines = self.ruling(ruling)
        for told in policy.terms:
            lines += _item("terms", f"{told.says}{self._basis(told.basis)}")
        return lines + _head(policy.head)

    def puncture(self) -> list[str]:
        safety = self.found.puncture
        if safety is None:
            return _wrap(f"{NO_PUNCTURE} {self._shipped('puncture')}", indent=2)
        gating = [item for item in safety.items if item.gates]
        counts = [
            f"{sum(item.verdict is verdict for item in gating)} {verdict}"
            for verdict in Clearance
            if any(item.verdict is verdict for item in gating)
        ]
        told = ", ".join(counts) or "the policy decides nothing here"
        lines = _wrap(f"Lumbar puncture by policy '{safety.policy.head.name}': {told}", indent=2)
        for item in gating:
            lines += self._gate(item)
        for item in safety.items:
            if not item.gates:
                lines += _item("informs", f"{item.what}: {item.says}")
        for told_ in safety.policy.advice:
            lines += _item("advice", f"{told_.says}{self._basis(told_.basis)}")
        if safety.not_recorded:
            asked = ", ".join(safety.not_recorded)
            lines += _item("not asked", f"not recorded, and the policy has no rule for it: {asked}")
        return lines + _head(safety.policy.head)

    def _gate(self, item: Item) -> list[str]:
        name = str(item.verdict)
        if item.verdict in (Clearance.HOLD, Clearance.NOT_CLEAR):
            name = name.upper()
        until = f"until {time_words(item.until)}. " if item.until else ""
        unsure = "" if item.is_confirmed else " [rests on what is not confirmed]"
        restart = f". May be given again {item.restart}" if item.restart else ""
        words = f"{item.what}: {until}{item.says}{restart}{unsure}{self._at(item.source)}"
        return _item(name, words)

    def missing(self) -> list[str]:
        if not self.found.missing:
            return []
        lines = ["Missing facts"]
        for words in self.found.missing:
            lines += _item("-", words, wide=1)
        return lines

    def documents(self) -> list[str]:
        lines: list[str] = []
        for number, document in enumerate(self.named, 1):
            lines += _wrap(f"[{number}] {document}", indent=4)
        return lines

    def _shipped(self, kind: str) -> str:
        return f"There is {', '.join(self.found.shipped[kind])}; or name a file of your own."

    def _basis(self, basis: Basis) -> str:
        unsure = "" if basis.is_confirmed else f" ({NOT_CONFIRMED})"
        return f"{self._at(basis.source)}{unsure}"

    def _at(self, source: Source | None) -> str:
        """Name a place in short; the document is written out at the end."""
        if source is None:
            return ""
        label = self.found.eligibility.label
        place = f", {source.place}" if source.place else ""
        if (source.document, source.version) == (label.document, label.version):
            return f" [{label.jurisdiction.upper()} label{place}]"
        document = f"{source.document}; version: {source.version or 'not noted'}"
        if document not in self.named:
            self.named.append(document)
        return f" [{self.named.index(document) + 1}{place}]"


def _head(head: Head) -> list[str]:
    lines = _item("policy", f"{head.title}; version: {head.version}")
    for words in head.not_confirmed:
        lines += _item("not confirmed", words)
    return lines


def _sentence(words: str) -> str:
    """Begin it large and end it with a full stop."""
    return f"{words[0].upper()}{words[1:].removesuffix('.')}."


def _item(name: str, words: str, wide: int = 19) -> list[str]:
    return _wrap(f"  {name:{wide}} {words}", indent=wide + 3)


def _wrap(words: str, indent: int = 0) -> list[str]:
    return fill(
        words,
        WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).splitlines()


# ---- for a program


def eligible_document(found: Eligible) -> Json:
    """Return the answer of `thecal eligible --json`."""
    asked, label = found.eligibility, found.eligibility.label
    return {
        "schema": "thecal.eligible/1",
        "thecal": __version__,
        "medicine": label.medicine,
        "label": label_block(label),
        "on": found.on and found.on.iso,
        "indicated": _ruling(asked.indicated),
        "contraindicated": _ruling(asked.contraindicated),
        "cautions": {
            "findings": [_finding(finding) for finding in asked.cautions],
            "missing": list(asked.unknown),
            "not_read": [{"topic": gap.topic, "says": gap.says} for gap in asked.not_read],
        },
        "payer": None if found.payer is None else _payer(*found.payer),
        "puncture": None if found.puncture is None else _puncture(found.puncture),
        "missing": list(found.missing),
        "policies": {kind: list(names) for kind, names in found.shipped.items()},
        "disclaimer": DISCLAIMER,
    }


def policies_document(heads: Mapping[str, Sequence[Head]]) -> Json:
    """Return the answer of `thecal eligible --policies --json`."""
    return {
        "schema": "thecal.policies/1",
        "thecal": __version__,
        "policies": [
            {"kind": kind, **_policy(head)} for kind, held in heads.items() for head in held
        ],
        "disclaimer": DISCLAIMER,
    }


def _ruling(ruling: Ruling) -> Json:
    return {
        "question": ruling.question,
        "verdict": str(ruling.verdict),
        "reasons": [
            {
                "verdict": str(reason.verdict),
                "says": reason.says,
                "rule": reason.rule,
                "source": _source(reason.source),
                "is_confirmed": reason.is_confirmed,
                "reading": None
                if reason.read_by is None
                else {"says": reason.reading, **_basis(reason.read_by)},
                "missing": reason.missing or None,
                "inputs": dict(reason.inputs),
            }
            for reason in ruling.reasons
        ],
        "missing": list(ruling.missing),
    }


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "says": finding.says,
        "asks": finding.asks,
        "label_silent": finding.label_silent,
        "source": _source(finding.source),
        "rule": finding.rule,
        "inputs": dict(finding.inputs),
    }


def _payer(policy: PayerPolicy, ruling: Ruling) -> Json:
    terms = [{"says": told.says, **_basis(told.basis)} for told in policy.terms]
    return {"policy": _policy(policy.head), **_ruling(ruling), "terms": terms}


def _puncture(safety: PunctureSafety) -> Json:
    return {
        "policy": _policy(safety.policy.head),
        "items": [
            {
                "what": item.what,
                "verdict": str(item.verdict),
                "gates": item.gates,
                "until": item.until and item.until.isoformat(),
                "says": item.says,
                "restart": item.restart or None,
                "source": _source(item.source),
                "is_confirmed": item.is_confirmed,
                "inputs": dict(item.inputs),
            }
            for item in safety.items
        ],
        "advice": [{"says": told.says, **_basis(told.basis)} for told in safety.policy.advice],
        "not_recorded": list(safety.not_recorded),
    }


def _policy(head: Head) -> Json:
    return {
        "name": head.name,
        "title": head.title,
        "version": head.version,
        "sources": [
            {"document": title, "version": version} for title, version in head.sources.values()
        ],
        "not_confirmed": list(head.not_confirmed),
    }


def _basis(basis: Basis) -> Json:
    return {"source": _source(basis.source), "is_confirmed": basis.is_confirmed}


def _source(source: Source | None) -> Json | None:
    return None if source is None else asdict(source)
