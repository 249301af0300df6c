"""CSF that is taken before the injection: whether, how much, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from thecal.label.quantity import Quantity
from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import CSF, REMOVE, VIAL
from thecal.label.reading.line import Line

_DRUG_SIDE = re.compile(
    r"\b(?:vial|syringe|dose|drug|medicine|solution|inject|administer|deliver|give)"
)
_GOES_IN = re.compile(
    r"\s?(?:of \w+ )?(?:then )?(?:goes?|go|going|is|are|was)? ?(?:put|pushed|given|injected)? ?in\b"
)
_INTO = re.compile(r"\b(?:into|in)\b")
_GIVEN_BEFORE = re.compile(r"inject|administ|give")
_PUT_IN_BEFORE = re.compile(r"inject|administ|\bgive|push|replac")


def is_csf_out(text: str, q: Quantity, before: str, after: str) -> bool:
    """Tell whether a volume is CSF that is taken out, not drug that is drawn up or given."""
    csf_after = CSF.search(after[:48])
    csf_before = CSF.search(before)
    vial_near = _DRUG_SIDE.search(after[:26])
    if _GOES_IN.match(after):
        return False
    if csf_after and not (vial_near and vial_near.start() < csf_after.start()):
        between = text[q.end : q.end + csf_after.start()]
        if not _INTO.search(between):
            return True
    if REMOVE.search(after[:40]) and not VIAL.search(after[:60]):
        return bool(csf_before or csf_after) and not _GIVEN_BEFORE.search(before[-30:])
    if csf_before and REMOVE.search(text[: q.start]) and not _PUT_IN_BEFORE.search(before[-45:]):
        return not VIAL.search(before[-30:])
    return False


_NO_CSF = re.compile(
    r"(?:(?:csf|fluid|liquor)[^.;|]{0,12}\|[^|]{0,12}\b(?:nil|none|no|not|0)\b|draining is not|"
    r"no (?:csf|liquor|cerebrospinal fluid|spinal fluid)[^.;]{0,40}(?:remov|withdr|taken|drain|"
    r"needs|has to|is)|without (?:removing|withdrawing|taking|draining)[^.;]{0,30}(?:csf|fluid)|"
    r"(?:do(?:es)? not|don't|no need to|need not|never)[^.;]{0,30}(?:remove|withdraw|take|drain|"
    r"let)[^.;]{0,30}(?:csf|fluid)|"
    r"(?:csf|fluid)[^.;]{0,30}(?:need not|does not need to|is not|should not|"
    r"must not)[^.;]{0,20}(?:remov|withdr|taken|drain))"
)
_SMALL_CSF = re.compile(
    r"(?:small|little|tiny|few drops|some)[^.;]{0,30}(?:amount|sample|quantity|volume|portion|"
    r"drops)?[^.;]{0,30}(?:csf|cerebrospinal fluid|spinal fluid)"
)
_CSF_AFTER_DRUG = re.compile(
    r"(?:remov\w*|take|taken|drain\w*|withdr\w*|put back|collect\w*)[^.;]{0,40}(?:csf|fluid|"
    r"liquid)[^.;]{0,24}\bafter (?:giving|the (?:injection|dose|drug|bolus)|injecting|it)|"
    r"put back[^.;]{0,30}(?:csf|fluid|liquid)|"
    r"(?:when|once|after) (?:the )?(?:drug|dose|medicine|injection|bolus)[^.;]{0,24}\b(?:in|given|"
    r"done|over|injected)\b[^.;]{0,14}(?:let out|remov\w*|drain\w*|withdr\w*|"
    r"take)[^.;]{0,20}(?:csf|fluid|liquid)"
)
_NOT_OF_CSF = re.compile(r"within|hours|blood")


def read_csf(line: Line) -> Iterator[Claim]:
    """Read that no CSF is taken, a little, or only after the medicine is in.

    How many millilitres is read with the doses (`dosing.read_dose`).
    """
    text = line.text
    if not CSF.search(text):
        return
    if m := _CSF_AFTER_DRUG.search(text):
        yield line.claim("administration.csf_removed", "order", "after", m)
    if m := _NO_CSF.search(text):
        if not _NOT_OF_CSF.search(m[0]):
            yield line.claim("administration.csf_removed", "volume_mL", "none", m)
        return
    told = any(q.unit == "mL" for q in line.quantities) or line.has("trough", "level")
    m = _SMALL_CSF.search(text)
    if m and not told and REMOVE.search(text):
        yield line.claim("administration.csf_removed", "volume_mL", "small", m)
