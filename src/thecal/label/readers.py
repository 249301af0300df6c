"""One small reader per topic: a sentence of a page to its claims.

Each reader is given a `Line` and yields claims whose spans count from the start of the sentence.
`READERS` names them; each runs only where one of its cue words stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from thecal.label.claims import Claim, Context, Line, Said
from thecal.label.monograph import Span
from thecal.label.quantity import Quantity, number, quantities

_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+")


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, hyphenated ones whole and in parts."""
    words = set(_TOKEN.findall(text))
    for word in [w for w in words if "-" in w]:
        words.update(word.split("-"))
    return frozenset(words)


def _claim(
    line: Line, topic: str, name: str, value: Said, start: int, end: int, **more: object
) -> Claim:
    return Claim(
        topic=topic,
        name=name,
        value=value,
        unit=str(more.pop("unit", "")),
        span=Span(start, end),
        quote="",
        **more,  # type: ignore[arg-type]
    )


def _of(line: Line, topic: str, name: str, q: Quantity, **more: object) -> Claim:
    """Make a claim of a quantity."""
    return _claim(line, topic, name, q.value, q.start, q.end, unit=q.unit, bound=q.bound, **more)


def _has(line: Line, *stems: str) -> bool:
    """Tell whether a word of the line begins with one of these."""
    return any(word.startswith(stems) for word in line.words)


# -- what a sentence says of a thing: asked for, allowed, left, forbidden

_NOT_BEFORE = re.compile(
    r"(?:\w+n't|neither|do(?:es)? not|don't|never|must not|mustn't|should not|shouldn't|cannot|can't|can not|may not|"
    r"not to be|not be|avoid(?:ed|ing)?|without|\bno\b|\bnor\b|prohibit\w*|rather than|instead of|unlike|\bnot\b|"
    r"nicht|kein\w*|ohne|nunca|\bsin\b|non|ne pas|\bsans\b|\bnu\b|fără|\bni\b)"
    r"(?:\W+(?:\w|-)+){0,10}\W*$"
)
_NOT_AFTER = re.compile(
    r"^\W{0,4}(?:never|no|nein|nunca|forbidden)\b|^\W*(?:\w+\W+){0,12}?(?:(?:is|are) (?:banned|outside|ruled out|out of the question|off-label|excluded|a myth)|banned)|^\W*(?:\w+\W+){0,3}?(?:not (?:be|permitted|allowed|recommended|advised|to be)|(?:is|are) (?:not (?:to|allowed|permitted|recommended|needed|for|meant|used|given|an? )|prohibited|forbidden)|"
    r"prohibited|forbidden|(?:must|should) be avoided|(?:must|should) (?:not|never)|vermeiden|evitar|nicht)\b"
)
_NO_NEED = re.compile(
    r"(?:not|isn't|aren't) (?:required|needed|necessary|essential)|unnecessary|no need|needn't|need not|optional extra"
)
_MAY = re.compile(
    r"\b(?:consider\w*|may|might|could|can|option\w*|if (?:needed|necessary|indicated|required|your|the|a|you|it)|"
    r"as (?:needed|indicated|required)|where|when (?:needed|indicated|clinically)|think about|sometimes|some (?:people|patients|centers|centres)|"
    r"possibly|perhaps|valorar|kann|erwägen|puede|peut|può|in selected|case by case|depending|discretion)\b"
)
_MUST = re.compile(
    r"\b(?:must|always|every (?:patient|time|dose|procedure)|required|mandatory|routine\w*|need(?:s|ed)? to|have to|all patients|necessary)\b"
)


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what stands before and after a place, within its clause."""
    left = max(text.rfind(c, 0, start) for c in ";:.") + 1
    rights = [at for c in ";." if (at := text.find(c, end)) >= 0]
    return text[left:start], text[end : min(rights, default=len(text))]


def _denied(text: str, start: int, end: int) -> bool:
    """Tell whether what stands there is negated."""
    before, after = _clause(text, start, end)
    return bool(_NOT_BEFORE.search(before[-70:]) or _NOT_AFTER.search(after[:60]))


def _rule(text: str, start: int, end: int, plain: str = "required") -> str:
    """Say whether a sentence asks for a thing, allows it, leaves it or forbids it."""
    before, after = _clause(text, start, end)
    near = before[-90:] + after[:90]
    if _NO_NEED.search(near):
        return "not required"
    if _NOT_BEFORE.search(before[-70:]) or _NOT_AFTER.search(after[:60]):
        return "forbidden"
    if _MUST.search(near):
        return "required"
    if _MAY.search(near):
        return "optional"
    return plain


# -- where a sentence is not about this medicine in people

_ANIMALS = re.compile(
    r"\b(?:mice|mouse|murine|rats?|rabbits?|monkeys?|cynomolgus|animals?|in vitro|preclinical|nonclinical|ratones|animales|tiere)\b"
)
_TRIAL = re.compile(
    r"\b(?:cohorts?|ascending|dose-ranging|dose levels?|phase (?:1|i|2|ii)\b|part (?:a|b)\b|lower doses|dose[- ]finding|escalat\w*|settled on|first-in-human)"
)


def _other(line: Line) -> bool:
    """Tell whether the sentence is about another medicine; found once."""
    if "_other" not in line.__dict__:
        line.__dict__["_other"] = _is_other(line)
    return bool(line.__dict__["_other"])


def _is_other(line: Line) -> bool:
    """Tell whether the sentence is about another medicine."""
    if re.search(
        r"\bother (?:antisense|aso\b|asos\b|oligonucleotide|medicines of (?:this|the) class)",
        line.text,
    ):
        return True
    if "oligonucleotides" in line.words and line.lexicon.names.isdisjoint(line.words):
        return True  # the whole class
    return not line.words.isdisjoint(line.lexicon.others) or _has(
        line, "corticosteroid", "immunoglobulin", "antibiotic", "steroid", "antikoag"
    )


# -- phases

_LOADING = re.compile(
    r"\bload\w*|\b(?:stacking|beginning|opening|introductory|priming|charging|filling|start-up|kick-?off) (?:portion|dose|shot|injection|treatment|phase)\w*|initial dos\w*|starting dos\w*|\binduction|\binitiat\w*|carga\b|carico\b|aufs.ttigung\w*|ladedos\w*|initialdos\w*|dose de charge|încărcare|負荷|初回|starter dos\w*|\bstarting\b|first (?:three|four|two|3|4|2)\b|build-?up\b|\b(?:start|begin|open)\w*(?: \w+){0,2} with (?:\w+ )?(?:three|four|two|\d|loading)"
)
_MAINTENANCE = re.compile(
    r"\bmaint[ea]\w*|\b(?:support|supporting|sustaining|continuing|continuation|upkeep|follow-on|regular|booster|ongoing) (?:portion|dose|shot|injection|treatment|phase)\w*|mantenimiento|mantenimento|erhaltung\w*|entretien|întreținere|維持|upkeep|long-term dos\w*"
)
_THEN = re.compile(
    r"\b(?:then|thereafter|afterwards?|followed by|after that|after this|after \||from then on|ongoing|subsequent\w*|later\b(?=,| (?:on|she|he|they|you|the|one))|now it is|keep\b(?= |:)|go(?:es|ing)? on|carr(?:y|ies) on|proceed\w*|danach|después|luego|poi|puis|apoi|continu\w+)\b"
)


_INTERVALS = re.compile(
    r"\b(?:every|each|apart|intervals?|fort?night\w*|weekly|other week|weeks?|days?)\b"
)


_THEREAFTER = re.compile(r"\W{0,2}(?:thereafter|after (?:that|this)|from then on|afterwards?)\b")
_BEHIND = re.compile(r"\s?(?:\w{1,20} )?(?:(?P<l>loading|initial|starting)|(?P<m>maintenance))\b")


def _phase_marks(line: Line) -> tuple[list[tuple[int, str]], bool, int]:
    """Return where a sentence names a phase, whether by its name, and where "then" divides it."""
    text = line.text
    marks = [(m.start(), "loading") for m in _LOADING.finditer(text)]
    marks += [(m.start(), "maintenance") for m in _MAINTENANCE.finditer(text)]
    strong, then = bool(marks), -1
    if not any(phase == "maintenance" for _, phase in marks) and (strong or line.context.phase):
        marks += [(m.start(), "maintenance") for m in _THEN.finditer(text)]
    if not strong and not line.context.phase:
        found = _THEN.search(text)
        if found and found.start() > 12 and _INTERVALS.search(text[: found.start()]):
            then = found.start()
    return sorted(marks), strong, then


def _phase(line: Line, q_start: int, q_end: int) -> str:
    """Return the phase that a place of the sentence speaks of, or ""."""
    if "_marks" not in line.__dict__:
        line.__dict__["_marks"] = _phase_marks(line)
    marks, strong, then = line.__dict__["_marks"]
    if _THEREAFTER.match(line.text, q_end):
        nth = re.search(r"\b(?:second|third|2nd|3rd)\b[^.;|]{0,14}$", line.text[:q_start])
        return "loading" if nth else "maintenance"
    if then >= 0:
        return "maintenance" if q_start >= then else "loading"
    if behind := _BEHIND.match(line.text, q_end):
        return "loading" if behind["l"] else "maintenance"
    before = [phase for at, phase in marks if at <= q_start]
    if before:
        return before[-1]
    after = [phase for at, phase in marks if at < q_end + 60]
    if after and strong:
        return after[0]
    return line.context.phase


def _phase_of(words: str) -> str:
    loading, maintenance = _LOADING.search(words), _MAINTENANCE.search(words)
    if loading and not maintenance:
        return "loading"
    if maintenance and not loading:
        return "maintenance"
    return ""


# -- dose, volume, strength

_EXCIPIENT = (
    "sodiu",
    "sodium",
    "chloride",
    "calcium",
    "potassium",
    "phosphate",
    "magnesium",
    "natrium",
    "natrio",
    "sodio",
    "kalium",
)
_CSF = re.compile(
    r"\bcsf\b|cerebrospinal|cerebro-spinal|spinal (?:fluid|liquid|water)|(?:brain|nerve) (?:fluid|water|liquid)|\blcr\b|líquido cefalorraqu\w+|\bliquor\w*|\blcs\b|liquido cerebrospinale|脳脊髄液|spinal-fluid|\bfluid\b"
)
_REMOVE = re.compile(
    r"\b(?:put back|swap\w*|leav(?:e|es|ing)|com(?:e|es|ing) (?:out|off)|out first|flow\w*|tapp\w*|remov\w+|withdr[ae]w\w*|drain\w*|collect\w*|tak(?:e|es|en|ing)|extract\w*|dr[ae]wn?\b|let out|take off|entnehm\w*|entnommen|entfern\w*|ablassen|abgelassen|abgenommen|retir\w+|prél\w+|extra[eí]\w*|rimuov\w+|prelev\w+|rimoss\w+|採取|除去|aspirat\w+|run off|drip)"
)
_VIAL = re.compile(
    r"\b(?:flasks?|little bottle|containers?|vials?|bottles?|ampou?les?|ampules?|vial|flasch\w*|durchstech\w*|syringe|into a syringe)\b"
)


def _dose(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line) or _ANIMALS.search(text) or line.context.aside == "animals":
        return
    trial = bool(_TRIAL.search(text))
    found = line.quantities
    removes = _CSF.search(text) and _REMOVE.search(text)
    if re.search(r"hcpcs|\bunits?\b ?=|= ?1 unit|billing|per unit|\bj\d{4}\b", text):
        return
    for q in found:
        if q.unit in ("mg/mL", "g/mL"):
            if not _has(line, *_EXCIPIENT):
                yield _of(line, "identity.strength", "strength_mg_per_mL", q)
        elif q.unit in ("mg", "mcg", "g"):
            near = text[max(0, q.start - 40) : q.end + 30]
            if re.search(
                r"\b(?:each|one|1|every|per|un|ein|une|jeder|cada|fiecare|ogni) ?(?:ml|millilit\w+) (?:\w+ ){0,3}$",
                text[: q.start],
            ):
                yield _of(line, "identity.strength", "strength_mg_per_mL", replace(q, unit="mg/mL"))
                continue
            if any(word in text[q.end : q.end + 24] for word in _EXCIPIENT) and q.unit == "mg":
                yield _of(line, "identity.excipient", "amount_mg", q)
                continue
            salt = re.search(
                r"(?:chloride|phosphate|sodium|potassium|calcium|magnesium)\s?[:(]?\s?$",
                text[: q.start],
            )
            if q.unit == "g" and any(word in text for word in _EXCIPIENT):
                continue
            if trial or salt or (q.unit == "g" and q.hi > 5):
                continue
            if re.match(r"\s?(?:of )?(?:protein|glucose|/dl)", text[q.end :]):
                continue
            if re.match(
                r"\s?(?:per|in each|in one|in 1|in every|je|por) ?(?:ml|millilit)",
                text[q.end : q.end + 16],
            ) or re.search(r"each (?:ml|millilit\w+)[^.]{0,30}$", text[: q.start]):
                yield _of(line, "identity.strength", "strength_mg_per_mL", replace(q, unit="mg/mL"))
                continue
            if _missed_here(line) and re.search(
                r"doubl|two doses|both doses|catch up|at once|together", text
            ):
                yield _of(line, "missed_dose.maintenance", "amount_mg", q)
                continue
            yield _of(line, "dosing.amount", "amount_mg", q, phase=_phase(line, q.start, q.end))
        elif q.unit in ("mL", "l"):
            before, after = text[max(0, q.start - 70) : q.start], text[q.end : q.end + 70]
            if re.search(
                r"(?:type i|glass|size|capacity|syringe|flush\w*|saline|wash)",
                text[max(0, q.start - 14) : q.end + 14],
            ):
                if not re.search(r"flush|saline", near_text(text, q)):
                    continue
                continue
            if (
                q.lo == 1
                and re.search(r"\b(?:each|one|every|per|1)\s?$|^1", text[: q.end][-8:])
                and re.match(r"\s?(?:holds|contains|has|of solution)", after)
            ):
                continue
            if q.lo == 1 and (
                re.search(r"mg (?:in|per|/|je|por) ?$", before)
                or re.match(
                    r"\s?(?:holds?|contains?|has\b|of solution|are\b|enthält|contiene|conține)",
                    after,
                )
            ):
                continue
            if removes and _is_csf_out(text, q, before, after):
                yield _of(line, "administration.csf_removed", "volume_mL", q)
            elif not trial:
                if re.match(r"\s?(?:/|per) ?(?:h|min|day)", text[q.end : q.end + 8]):
                    continue
                yield _of(line, "dosing.amount", "volume_mL", q, phase=_phase(line, q.start, q.end))


def near_text(text: str, q: Quantity) -> str:
    """Return what stands within a few words of a quantity."""
    return text[max(0, q.start - 30) : q.end + 30]


def _is_csf_out(text: str, q: Quantity, before: str, after: str) -> bool:
    """Tell whether a volume is CSF that is taken out, not drug that is drawn up or given."""
    csf_after = _CSF.search(after[:48])
    csf_before = _CSF.search(before)
    vial_near = re.search(
        r"\b(?:vial|syringe|dose|drug|medicine|solution|inject|administer|deliver|give)",
        after[:26],
    )
    if re.match(
        r"\s?(?:of \w+ )?(?:then )?(?:goes?|go|going|is|are|was)? ?(?:put|pushed|given|injected)? ?in\b",
        after,
    ):
        return False
    if csf_after and not (vial_near and vial_near.start() < csf_after.start()):
        between = text[q.end : q.end + csf_after.start()]
        if not re.search(r"\b(?:into|in)\b", between):
            return True
    if _REMOVE.search(after[:40]) and not _VIAL.search(after[:60]):
        return bool(csf_before or csf_after) and not re.search(
            r"inject|administ|give", before[-30:]
        )
    if (
        csf_before
        and _REMOVE.search(text[: q.start])
        and not re.search(r"inject|administ|\bgive|push|replac", before[-45:])
    ):
        return not _VIAL.search(before[-30:])
    return False


_NO_CSF = re.compile(
    r"(?:(?:csf|fluid|liquor)[^.;|]{0,12}\|[^|]{0,12}\b(?:nil|none|no|not|0)\b|draining is not|no (?:csf|liquor|cerebrospinal fluid|spinal fluid)[^.;]{0,40}(?:remov|withdr|taken|drain|needs|has to|is)|"
    r"without (?:removing|withdrawing|taking|draining)[^.;]{0,30}(?:csf|fluid)|"
    r"(?:do(?:es)? not|don't|no need to|need not|never)[^.;]{0,30}(?:remove|withdraw|take|drain|let)[^.;]{0,30}(?:csf|fluid)|"
    r"(?:csf|fluid)[^.;]{0,30}(?:need not|does not need to|is not|should not|must not)[^.;]{0,20}(?:remov|withdr|taken|drain))"
)
_SMALL_CSF = re.compile(
    r"(?:small|little|tiny|few drops|some)[^.;]{0,30}(?:amount|sample|quantity|volume|portion|drops)?[^.;]{0,30}(?:csf|cerebrospinal fluid|spinal fluid)"
)


def _csf(line: Line) -> Iterator[Claim]:
    text = line.text
    if not _CSF.search(text):
        return
    if m := re.search(
        r"(?:remov\w*|take|taken|drain\w*|withdr\w*|put back|collect\w*)[^.;]{0,40}(?:csf|fluid|liquid)[^.;]{0,24}\bafter (?:giving|the (?:injection|dose|drug|bolus)|injecting|it)|put back[^.;]{0,30}(?:csf|fluid|liquid)|(?:when|once|after) (?:the )?(?:drug|dose|medicine|injection|bolus)[^.;]{0,24}\b(?:in|given|done|over|injected)\b[^.;]{0,14}(?:let out|remov\w*|drain\w*|withdr\w*|take)[^.;]{0,20}(?:csf|fluid|liquid)",
        text,
    ):
        yield _claim(line, "administration.csf_removed", "order", "after", m.start(), m.end())
    if m := _NO_CSF.search(text):
        if not re.search(r"within|hours|blood", m[0]):
            yield _claim(
                line, "administration.csf_removed", "volume_mL", "none", m.start(), m.end()
            )
        return
    m = _SMALL_CSF.search(text)
    removed = _REMOVE.search(text)
    if (
        m
        and removed
        and not any(q.unit == "mL" for q in line.quantities)
        and not _has(line, "trough", "level")
    ):
        yield _claim(line, "administration.csf_removed", "volume_mL", "small", m.start(), m.end())


# -- route

_ROUTES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "intrathecal": r"intra-?\s?thecal\w*|intratec\w+|intratekal\w*|intrathécal\w*|lumbar (?:puncture|punction|injection|tap)|"
        r"lumbalpunktion|spinal tap|punción lumbar|puntura lombare|rachicentesi|ponction lombaire|puncți\w+ lombar\w+|髄腔内|"
        r"(?:in|into|to) (?:the |your |their |his |her )?(?:cerebrospinal fluid|csf|spinal (?:fluid|canal|space)|"
        r"(?:sub)?arachnoid space|spinal (?:liquid|water)|fluid (?:around|surround\w+|that surrounds|in|of) )|intraspinal\w*|\blp\b(?! shunt)|(?:spinal|lumbar) needle|\bthecal (?:sac|space)|intervertebral|between (?:two |the )?vertebrae|lumbar (?:space|level)",
        "spine": r"(?:in|into) (?:the |your |their )?(?:spine|spinal column|spinal cord|back)\b|spinal injection",
        "intravenous": r"intra-?venous\w*|\biv\b|\bi\.v\.|(?:in|into|through) (?:a |the |your )?(?:peripheral |arm )?veins?|\bdrip\b(?! (?:out|off))|endoven\w+|intraven\w+|\bvein\b",
        "subcutaneous": r"sub-?cutaneous\w*|\bsc\b|\bs\.c\.|\bsubq\b|\bsq\b|(?:under|beneath|below) (?:the |your )?(?:\w+ )?skin|subkutan\w*|subcut[áa]ne\w*|sottocutan\w+|sous-cutan\w+",
        "intramuscular": r"intra-?muscular\w*|\bi\.m\.|(?:in|into|to) (?:a |the |your |his |her |their )?(?:\w+ )?(?:muscle|thighs?|upper arm|arm|deltoid|buttocks?|hips?|leg|calf|shoulder)\b(?! (?:or|and|weak|pain))|\b(?:thigh|upper arm|buttock|belly|deltoid)\b[^.;]{0,24}(?:can|may|is|are) (?:also )?(?:be )?(?:used|chosen|fine|possible|an option|ok)|intramuskul\w+|muslo|oberschenkel",
        "abdominal": r"(?:in|into) (?:the |your )?(?:abdomen|belly|stomach|abdominal)\w*",
        "oral": r"\boral(?:ly)?\b|by mouth|\btablets?\b|\bcapsules?\b|swallow (?:it|the|this|them|whole|one)|swallowed (?:with|whole|after|before)|\bpo\b|\bp\.o\.|\bpills?\b|vía oral|per os",
        "epidural": r"\bepidural\w*|peridural\w*|extradural\w*",
        "intraventricular": r"intra-?(?:cerebro)?-?ventricular\w*|into the (?:brain|ventricle)\w*|ommaya",
        "inhaled": r"\binhal\w+|nebuli[sz]\w+",
        "nasal": r"intranasal\w*|nasal spray",
        "topical": r"transdermal\w*|topical\w*|skin patch|\bpatch(?:es)?\b",
        "intradermal": r"intradermal\w*",
    }.items()
)
_GIVES = re.compile(
    r"\b(?:giv\w+|gave|administ\w+|inject\w*|infus\w*|deliver\w*|dos(?:e|es|ed|ing)|route|shots?|tak(?:e|en|ing)|use\b|used|"
    r"form|available|jab\w*|verabreich\w*|gegeben|injiz\w*|administra\w*|inyec\w*|inietta\w*|swallow\w*|drip|have it|goes in|push\w*|placed|insert\w*|put|needle goes|goes)\b"
)
_ROUTE_ASIDE = re.compile(
    r"h(?:a)?ematoma|abscess|blood patch|contracepti|fluids?\b(?! (?:around|surround))|hydrat|sedati|an(?:a)?esth|catheter|"
    r"line\b|access\b|bronch|feeding|diet|hygiene|thrush|swallowing|medicines? you|other (?:medicines|drugs)|supplement|vitamin|blood draw|blood test"
)


def _route(line: Line) -> Iterator[Claim]:
    text = line.text
    if _ANIMALS.search(text) or line.context.aside == "animals":
        return
    inside = False
    for name, pattern in _ROUTES:
        for m in pattern.finditer(text):
            if name == "intrathecal":
                inside = True
                if not _denied(text, m.start(), m.end()):
                    yield _claim(
                        line,
                        "dosing.route",
                        "route",
                        name,
                        m.start(),
                        m.end(),
                        phase=_phase(line, m.start(), m.end()),
                    )
                break
            if name == "spine":
                if (
                    inside
                    or not _GIVES.search(text)
                    or _has(line, "pain", "ache", "weak")
                    or re.search(r"(?:fluid|csf|liquid|needle)[^.;]{0,60}$", text[: m.start()])
                ):
                    continue
                yield _claim(
                    line,
                    "dosing.route",
                    "route",
                    name,
                    m.start(),
                    m.end(),
                    phase=_phase(line, m.start(), m.end()),
                )
                continue
            if (
                _other(line)
                or _denied(text, m.start(), m.end())
                or not _GIVES.search(text)
                or _ROUTE_ASIDE.search(text)
            ):
                continue
            if re.search(
                r"(?:pain|ache|weakness|numb\w*|tingl\w*|stiff\w*|feeling|swell\w*|rash|lying|lie|hours?) [^.;]{0,24}$",
                text[: m.start()],
            ):
                continue
            if name in ("intravenous", "oral") and re.search(
                r"(?:bypass|instead of|rather than|compared|unlike|versus|vs|whereas|other)", text
            ):
                continue
            yield _claim(
                line,
                "dosing.route",
                "route",
                name,
                m.start(),
                m.end(),
                phase=_phase(line, m.start(), m.end()),
            )
    if m := re.search(
        r"(?:need(?:s|ed)? to|must|has to|able to|can|will|to) cross(?:es)? the blood[- ]brain barrier|crosses the blood[- ]brain barrier",
        text,
    ):
        if not _denied(text, m.start(), m.end()) and not re.search(
            r"cannot|can't|not|poorly|bypass|unable", text[max(0, m.start() - 40) : m.end()]
        ):
            yield _claim(line, "dosing.route", "reason", "crosses the barrier", m.start(), m.end())


# -- loading, maintenance, intervals

_EVERY = re.compile(
    r"(?:\bevery|\beach|\bq|\bper|\bcada|\bogni|\balle|\btous les|\btoutes les|\bla fiecare|\bonce (?:every|per|in)|\bonce|(?:intervals?|gaps?|spacing) (?:of|is|are|:)(?: about)?|separated by|spaced(?: by)?|apart by|wait|leave|\bgaps?|spans? of|rhythm (?:is|of)|between|(?:dividing|separating)[^.;]{0,30} is|給|ごとに?|im abstand von|a intervalos de|ad intervalli di)\s?\(?$"
)
_APART = re.compile(
    r"^\s?\)?\s?-?\s?(?:(?:dosing )?intervals?\b|apart|intervall\w*|interval\w*|between (?:each|the|doses|them|injections)|間隔|ごと|毎|separation|separates?\b|between\b|in (?:the )?(?:loading|maintenance)\b|from then on|gap\b|after the (?:one|dose) before|after the previous|from the previous|later)"
)
_LATER = re.compile(
    r"^\s?\)?,?\s?(?:later|after(?:wards?)?\b|thereafter|from\b|following|post\b|nach\b|später|después|dopo|après|on\b)"
)
_NAMED = re.compile(
    r"\b(?P<month>monthly|q\s?1?\s?mo\b|once(?: a| per| each| every) (?:calendar )?month|(?:every|each|per|a) (?:calendar )?month|month-by-month|mensual\w*|mensil\w*|monatlich|mensuel\w*|una vez al mes|une fois par mois|einmal (?:im|pro) monat)\b|"
    r"\b(?P<fortnight>every (?:other|second) week|fort?nightly|(?:every|a|one) fortnight|once a fortnight|bi-?weekly|every two weeks|twice (?:a|per) month|vierzehntäg\w*)\b|"
    r"\b(?P<week>weekly|once (?:a|per) week|(?:every|each) week|wöchentlich|semanal\w*)\b|"
    r"\b(?P<day>daily|once (?:a|per) day|(?:every|each) day|täglich|diari\w+)\b|"
    r"\b(?P<month2>every (?:other|second) month|bi-?monthly)\b|"
    r"\b(?P<month3>quarterly|once a quarter|every quarter)\b|"
    r"\b(?P<month4>three times (?:a|per) year|3 times (?:a|per) year)\b|"
    r"\b(?P<month6>twice (?:a|per) year|semi-?annual\w*|half-?yearly)\b|"
    r"\b(?P<month12>yearly|annual(?:ly)?|once (?:a|per) year|every year)\b"
)
_NAMED_VALUE = {
    "month": (1.0, "month"), "fortnight": (14.0, "d"), "week": (7.0, "d"), "day": (1.0, "d"),
    "month2": (2.0, "month"), "month3": (3.0, "month"), "month4": (4.0, "month"),
    "month6": (6.0, "month"), "month12": (12.0, "month"),
}  # fmt: skip
_DOSING = re.compile(
    r"\b(?:dos(?:e|es|ed|ing|age|is|i|en)|portions?|jabs?|giv\w+|administ\w+|inject\w*|maintenance|loading|treatments?|infus\w*|shots?|therap\w+|regimen|schedule|mg|received?|lumbar punctures?|cada|mantenimiento|erhaltung\w*)\b"
)
_NOT_DOSING = re.compile(
    r"\b(?:follow-?up|visits?|blood tests?|monitor\w*|platelets?|urine|nfl|neurofilament|check-?ups?|assess\w*|measur\w*|samples?|newsletter|reviewed|updated|points? (?:a|per) month|per month of|background|premium|cost|copay|pays?|claims?|calls?|decline\w*|survey)\b"
)
_DAYS = re.compile(
    r"\b(?:days?|d|tage?n?|días?|giorni|jours?|zile)\s?:?\s?(?P<list>\d{1,3}(?:\s?(?:,|and|&|/|then|und|y|e|et|și|-|\band\b)\s?(?:and |on )?(?:day )?\d{1,3}){1,9})(?!\s?(?:mg|ml|%|\d|hours|h\b))"
)
_NOT_ABOUT_DOSES = (
    "storage",
    "monitoring",
    "pharmacokinetics",
    "adverse_reactions",
    "warnings",
    "clinical_results",
    "nonclinical",
)
_MINIMUM = re.compile(
    r"(?:at least|minimum|no (?:less|sooner|earlier) than|mindestens|al menos)[^.;]{0,12}$"
)


def _is_own(line: Line) -> bool:
    """Tell whether the sentence or its heading names a phase, not only a sentence before."""
    marks, strong, then = line.__dict__.get("_marks") or _phase_marks(line)
    return bool(strong or then >= 0 or marks or _phase_of(line.context.lead))


def _interval(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line) or _ANIMALS.search(text) or line.context.aside == "animals":
        return
    single = list(re.finditer(r"\bday (?P<n>\d{1,3})\b", text))
    if len(single) >= 3 and not _DAYS.search(text):
        days = [float(m["n"]) for m in single]
        if days == sorted(days) and days[0] in (0, 1):
            listed = ", ".join(f"{d:g}" for d in days)
            at, end = single[0].start(), single[-1].end()
            yield _claim(line, "dosing.loading", "days", listed, at, end, unit="d", phase="loading")
            for m in single:
                yield _claim(
                    line,
                    "dosing.loading",
                    "day",
                    float(m["n"]),
                    m.start("n"),
                    m.end("n"),
                    unit="d",
                    phase="loading",
                )
    row = line.kind in ("row", "item") and re.search(r"(?:^|\|)\s?(?:days?|d|tag|día)\b", text)
    spaced = re.search(
        r"\b(?:every|apart|intervals?|gaps?|between|rhythm|spans?|separat\w+)\b", text
    )
    if not (
        row
        or (spaced and line.context.area not in _NOT_ABOUT_DOSES)
        or _DOSING.search(text)
        or line.context.area in ("dosing", "missed_dose")
        or line.context.phase
    ):
        return
    missed = _missed_here(line)
    if m := re.search(
        r"no (?:maintenance|further (?:doses|treatment)|more doses) (?:\w+ ){0,2}(?:needed|required|necessary|given)|(?:one|a single) (?:dose|course)[^.;]{0,40}(?:lasts|for life|lifetime|is enough)|maintenance[^.;]{0,20}(?:is not|not) (?:needed|required|necessary)",
        text,
    ):
        yield _claim(line, "dosing.maintenance", "interval", "none", m.start(), m.end())
    for m in _DAYS.finditer(text):
        days = [float(d) for d in re.findall(r"\d+", m["list"])]
        if len(days) > 1 and days == sorted(days) and days[0] in (0, 1) and not missed:
            listed = ", ".join(f"{d:g}" for d in days)
            yield _claim(
                line,
                "dosing.loading",
                "days",
                listed,
                m.start(),
                m.end(),
                unit="d",
                phase="loading",
            )
            for d in re.finditer(r"\d+", m["list"]):
                at = m.start("list") + d.start()
                yield _claim(
                    line,
                    "dosing.loading",
                    "day",
                    float(d[0]),
                    at,
                    at + len(d[0]),
                    unit="d",
                    phase="loading",
                )
    if line.kind in ("row", "item") and not missed and line.context.area in ("", "dosing"):
        for m in re.finditer(
            r"(?:^|\|)\s?(?:on )?(?:day|d|tag|día)\s?(?P<n>\d{1,3})\s?(?=$|\||:|,|\(|-)", text
        ):
            yield _claim(
                line,
                "dosing.loading",
                "day",
                float(m["n"]),
                m.start("n"),
                m.end("n"),
                unit="d",
                phase="loading",
            )
        if m := re.match(r"days? \| ?(?P<list>\d{1,3}(?:(?:, ?| and | & )\d{1,3}){1,9})\s*$", text):
            days = [float(d) for d in re.findall(r"\d+", m["list"])]
            yield _claim(
                line,
                "dosing.loading",
                "days",
                ", ".join(f"{d:g}" for d in days),
                m.start("list"),
                m.end("list"),
                unit="d",
                phase="loading",
            )
            for d in re.finditer(r"\d+", m["list"]):
                at = m.start("list") + d.start()
                yield _claim(
                    line,
                    "dosing.loading",
                    "day",
                    float(d[0]),
                    at,
                    at + len(d[0]),
                    unit="d",
                    phase="loading",
                )
    for q in line.quantities:
        if q.unit not in ("d", "weeks", "month", "years", "h"):
            continue
        before, after = text[max(0, q.start - 60) : q.start], text[q.end : q.end + 40]
        every = _EVERY.search(
            before.rstrip() + " " if before.endswith(" ") else before
        ) or _EVERY.search(before.rstrip())
        apart = _APART.match(after)
        later = _LATER.match(after)
        if _half_life_near(line) or _NOT_DOSING.search(text[max(0, q.start - 50) : q.end + 30]):
            continue
        gap = missed and re.search(r"apart|later", after[:12])
        if (
            q.unit == "h"
            and not gap
            and not (every and _has(line, "dose", "doses", "give", "inject"))
        ):
            continue
        if missed and not (every and not later):
            yield from _missed_interval(line, q, before, after)
        elif (every or apart or re.search(r"^\s?-?\s?(?:cycle|schedule)", after)) and not re.search(
            r"(?:week|day|month)s?\s?$", before[-8:]
        ):
            phase = _phase(line, q.start, q.end)
            if missed and _MINIMUM.search(before):
                continue
            topic = f"dosing.{phase or 'maintenance'}"
            yield _of(line, topic, "interval", q, phase=phase if _is_own(line) else "")
        elif (
            line.kind == "row"
            and q.unit in ("d", "weeks", "month")
            and re.match(
                r"\W*(?:loading|maintenance|load|keep|interval|frequency|spacing|rhythm)[^|]{0,24}\|",
                text,
            )
            and not re.search(r"total|phase lasts|duration", text)
            and text.count("|") == 1
            and not _LATER.match(after)
        ):
            phase = _phase(line, q.start, q.end)
            yield _of(line, f"dosing.{phase or 'maintenance'}", "interval", q, phase=phase)
        elif later and q.unit != "h" and (_phase(line, q.start, q.end) or _DOSING.search(text)):
            phase = _phase(line, q.start, q.end)
            nth = re.search(
                r"\b(?:third|3rd|second|2nd|fourth|4th|first|last|final|each|previous|prior|dose \d|l\d)\b",
                text,
            )
            told = _has(line, "dose", "doses", "loading", "injection", "dosis", "one")
            near = nth and q.start - 40 <= nth.start() <= q.end + 30
            if nth and (told or near or line.context.area == "dosing"):
                yield _of(
                    line, f"dosing.{phase or 'loading'}", "interval", q, phase=phase or "loading"
                )
    if _NOT_DOSING.search(text) or missed or _has(line, *_EXCIPIENT):
        return
    for m in _NAMED.finditer(text):
        value, unit = _NAMED_VALUE[str(m.lastgroup)]
        told = line.context.area == "dosing" or line.context.phase
        if not (_DOSING.search(text) or (told and len(text) < 120)):
            continue
        if _denied(text, m.start(), m.end()):
            continue
        phase = _phase(line, m.start(), m.end())
        yield _claim(
            line,
            f"dosing.{phase or 'maintenance'}",
            "interval",
            value,
            m.start(),
            m.end(),
            unit=unit,
            phase=phase if _is_own(line) else "",
        )


_COUNT = re.compile(
    r"(?P<n>\d{1,2}(?! (?:days?|weeks?|months?|hours?|years?|minutes?|ml|mg|am|pm))|one|two|three|four|five|six|seven|eight|ten|dos|tres|cuatro|due|tre|quattro|zwei|drei|vier|deux|trois|quatre|trei|patru|doi|două)(?: \(\d\))?\s?"
    r"(?:[a-z]+ ){0,2}?(?:(?:loading|load|initial|starting|starter|induction)(?:[ -](?:loading|dose|intrathecal|injection))?s?(?: doses?| injections?| infusions?)?|aufs.ttigungsdosen|initialdosen|ladedosen|dosis (?:iniciales )?de carga|dosi di carico|doses de charge|doze de încărcare)\b"
)
_TIMES = re.compile(
    r"(?:x|×|for|total of|series of)\s?(?P<n>\d{1,2}|two|three|four|five|six)\s?(?:loading |initial )?(?:doses?|injections?|times|treatments?)\b"
)
_COUNT_OF = re.compile(
    r"(?:loading|load|initial) (?:phase|period|doses?|course|regimen)[^.;]{0,24}?(?:of|:|consists? of|comprises?|is|x)\s?(?P<n>\d{1,2}|two|three|four|five|six)\s?(?:doses?|injections?)"
)


def _count(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line) or _ANIMALS.search(text) or _missed_here(line):
        return
    seen: set[int] = set()
    for q in line.quantities:
        if q.unit == "doses" and q.lo == q.hi and q.lo == int(q.lo) and 2 <= q.lo <= 20:
            nth = re.search(
                r"(?:\bdoses?|no\.?|next|last|remaining|after|missed?|other)\s$",
                text[: q.start],
            )
            if (
                nth
                or "maintenance" in text[q.start : q.end]
                or re.match(
                    r"\s?(?:,|per|a|each|in (?:a|12|the first)) ?(?:year|months)", text[q.end :]
                )
                or re.search(r"(?:up to|year \w+:?) ?$", text[: q.start])
            ):
                continue
            spread = re.match(
                r"[^.;|]{0,24}?\b(?:apart|every|each|\d+ (?:days|weeks)|(?:one|two|three|four|\d) weeks?)\b",
                text[q.end :],
            )
            short = len(text) < 40 and _phase(line, q.start, q.end) == "loading"
            if (
                short
                or (spread and _phase(line, q.start, q.end) != "maintenance")
                or _phase(line, q.start, q.end) == "loading"
                and re.search(
                    r"\d|week|day|fortnight|load|start|begin|first|initia|carga|aufs|,", text
                )
            ):
                seen.add(q.start)
                first = bool(
                    re.search(r"\bfirst\s$", text[: q.start])
                    or re.search(
                        r"\b(?:fourth|4th|then (?:a|one)|followed by (?:a|one)|last one)\b",
                        text[q.end :],
                    )
                )
                yield _claim(
                    line,
                    "dosing.loading",
                    "doses",
                    q.lo,
                    q.start,
                    q.end,
                    unit="doses",
                    phase="loading",
                    about="first" if first else "",
                )
    for m in re.finditer(r"(?<![\w.])[x×]\s?(?P<n>\d)\b(?!\s?(?:m[gl]|,|\d))", text):
        if _phase(line, m.start(), m.end()) == "loading" and m.start("n") not in seen:
            seen.add(m.start("n"))
            yield _claim(
                line,
                "dosing.loading",
                "doses",
                number(m["n"]),
                m.start("n"),
                m.end("n"),
                unit="doses",
                phase="loading",
            )
    for m in re.finditer(
        r"(?:loading|initial|starting) (?:doses?|phase|injections?)\s?[:=|]\s?(?P<n>\d|one|two|three|four|five|six)\b(?! ?(?:mg|ml|d\b|days|weeks|x))",
        text,
    ):
        if m.start("n") not in seen and number(m["n"]) > 1:
            seen.add(m.start("n"))
            at, end = m.start("n"), m.end("n")
            yield _claim(
                line,
                "dosing.loading",
                "doses",
                number(m["n"]),
                at,
                end,
                unit="doses",
                phase="loading",
            )
    for m in re.finditer(
        r"(?P<n>two|three|four|five|\d) times,? (?:\w+ ){0,2}?(?:apart|every|weeks|days)", text
    ):
        at, end = m.start("n"), m.end("n")
        yield _claim(
            line, "dosing.loading", "doses", number(m["n"]), at, end, unit="doses", phase="loading"
        )
    for pattern in (_COUNT, _COUNT_OF, _TIMES):
        for m in pattern.finditer(text):
            at = m.start("n")
            ordinal = re.search(r"(?:no\.|number|dose|#|day|week|section|-|/|\.)\s?$", text[:at])
            if at in seen or ordinal:
                continue
            if pattern is _TIMES and _phase(line, at, m.end()) == "maintenance":
                continue
            if re.search(r"\b(?:first|next|last|other|remaining)\s$", text[:at]):
                continue  # some of them, not how many there are
            seen.add(at)
            n = number(m["n"])
            if n < 1 or (n == 1 and not _has(line, "only", "single")):
                continue
            yield _claim(
                line, "dosing.loading", "doses", n, at, m.end(), unit="doses", phase="loading"
            )


# -- missed doses

_MISS = re.compile(
    r"\b(?:miss(?:ed|es|ing)?|delay\w*|late\b|forg[eo]t\w*|skip\w*|omitted|overdue|olvid\w*|dimentic\w*|vers.um\w*|ausgelassen|vergess\w*|oubli\w*|manqu\w*|omis\w*|ratat\w*|verpasst\w*|retras\w*|omitid\w*)\b"
)
_ASAP = re.compile(
    r"\b(?:give|dose|have|one|treat) (?:it |one )?now\b|^\W*now\b|: now\b|as soon as (?:possible|you can|practical\w*|feasible|it can|they can|the clinic|a slot)|right away|immediately|promptly|at once|without (?:further )?delay|at the (?:next|earliest) (?:opportunity|possible)|earliest (?:opportunity|possible|chance)|lo antes posible|tan pronto como|il prima possibile|appena possibile|so bald wie möglich|sobald wie möglich|baldmöglichst|dès que possible|cât mai (?:curând|repede)|できるだけ(?:早く|速やか)|\basap\b|soonest"
)
_SKIP = re.compile(
    r"do not come in|nothing (?:needs|has) to be (?:done|made up)|wait for the (?:next|following)|\bskip (?:it|the|that|this|your|any)|(?:do not|don't|no need to) (?:make (?:it )?up|give it|take it|replace)|"
    r"wait (?:until|for|till) (?:the |your |their )?(?:next|regular|usual)|(?:leave|left) (?:it )?out|"
    r"(?:simply|just) (?:continue|carry on|go on|resume|wait)|(?:is|be) (?:not )?(?:made up|skipped|omitted|left out)|"
    r"(?:resume|continue|go on|carry on)[^.;]{0,20} (?:with|at|on) (?:the |your )?(?:next|regular|usual) (?:scheduled|planned|regular|appointment|dose|visit)|"
    r"given? (?:at|on|with) (?:the |your )?next (?:scheduled|planned|regular|visit|appointment)"
)
_DOUBLE = re.compile(
    r"\bdoubl\w+|two doses (?:at once|together|at the same|on the same|in one)|both doses|two doses (?:on )?(?:the )?same day|twofold|two-fold|two (?:doses|portions|shots|injections) (?:at|on|in) (?:the|your|one)|two (?:portions|shots|injections|vials) (?:at|together|on|in)|twice (?:the|as) (?:dose|amount|much)|\btwo vials\b|2 doses (?:at once|together)|extra dose to (?:make|catch)|combine[^.;]{0,20}dose"
)
_RESTART = re.compile(
    r"re-?start\w*|re-?load\w*|re-?initiat\w*|(?:begin|start) (?:again|over|loading again|the loading[^.;]{0,20}again|from (?:the beginning|scratch))|repeat (?:the )?loading|loading (?:doses? )?(?:again|anew|from the beginning|(?:must|should|have to|need to) be (?:given |repeated )again)|(?:repeat|give|have) all (?:the )?loading|loading[^.;]{0,20}(?:anew|over again|from dose one|from dose 1|be done again)|loading is (?:not )?repeated|load again|new loading|new loading|as in recommended dosage"
)


_TIER = re.compile(
    r"\W*(?:less than |under |below |over |at least |from |[≥<>≤]=? ?)?\d+ ?(?:(?:-|to) ?(?:<|less than|under|below)? ?\d+ ?)?(?:months?|mo)\b[^.;|]{0,24}[:|]"
)
_GRID = re.compile(
    r"original(?:ly)?[- ](?:scheduled|planned)? ?(?:date|schedule|grid|day|calendar|plan)|per the originally|as (?:first |originally )(?:scheduled|planned)|keeps? (?:its|the|to the) (?:planned|original|old|usual) (?:date|schedule)|"
    r"date (?:that )?(?:you|they) already had|ursprünglich\w* (?:termin|plan)|planned date (?:stays|remains)|does not move the|(?:day|date) (?:first|originally) planned|(?:keep|on|to) (?:the|your|its) (?:old|previous|planned|original) (?:date|calendar|schedule|day)|back to (?:the|your) (?:old|usual|original) (?:calendar|schedule|date|day)"
)


def _missed_here(line: Line) -> str:
    """Say which dose a sentence takes as missed; found once."""
    if "_missed" not in line.__dict__:
        line.__dict__["_missed"] = _which_missed(line)
    return str(line.__dict__["_missed"])


def _which_missed(line: Line) -> str:
    """Say which dose a sentence takes as missed: "second loading", "any", … or ""."""
    text = line.text
    about = _MISS.search(text)
    if not about and _RESTART.search(text):
        about = re.search(r"interrupt\w*|\bgap\b|lapse\w*|\bbreak\b", text)
    if about and re.search(
        r"(?:nothing|not|no) (?:is |be )?miss|miss(?:ing)? (?:data|values)|late-?onset|later-onset|missense|delay\w* (?:in )?(?:disease|onset|progress|diagnos|start|milest)|late stage",
        text[max(0, about.start() - 16) : about.end() + 24],
    ):
        about = None
    if not about:
        lead = line.context.lead
        if line.context.missed:
            return (_which(text) if _ASAP.search(text) else "") or line.context.missed
        if _TIER.match(text):
            return "any"
        if re.search(
            r"since (?:the|your|their|his|her) (?:last|previous) (?:dose|injection)", text
        ):
            return _which(text) or "any"
        if line.context.area == "missed_dose" or (
            _MISS.search(lead) and re.search(r"dos|inject|treat|appoint|visit|happen", lead)
        ):
            return _which(text) or _which(lead) or "any"
        return ""
    if not re.search(
        r"\bdos(?:e|es|is|i|en)\b|portion|\bshot|jab|inject|appointment|treatment|visit|loading|maintenance|infusion|gabe|one\b",
        text,
    ):
        return line.context.missed
    return _which(text[about.start() - 60 if about.start() > 60 else 0 :]) or _which(text) or "any"


def _which(text: str) -> str:
    found = []
    if m := re.search(
        r"\b(?:loading (?:dose )?(?:no\.? ?)?2\b|dose 2\b|second|2nd|2\.|segunda|zweite\w*|deuxième|seconda)\b[^.;]{0,30}?(?:load|carga|aufs|initial|charge|carico|or third|dose|portion|shot|asap|:)",
        text,
    ):
        found.append((m.start(), "loading_2"))
    if m := re.search(
        r"\b(?:loading (?:dose )?(?:no\.? ?)?3\b|dose 3\b|third|3rd|3\.|tercera|dritte\w*|troisième|terza)\b[^.;]{0,30}?(?:load|carga|aufs|initial|charge|carico|or (?:a|any)? ?maintenance|dose|portion|shot|asap|:)",
        text,
    ):
        found.append((m.start(), "loading_3"))
    if m := _MAINTENANCE.search(text):
        found.append((m.start(), "maintenance"))
    if not found and (m := _LOADING.search(text)):
        found.append((m.start(), "loading"))
    return " ".join(name for _, name in sorted(found)[:2])


def _missed_interval(line: Line, q: Quantity, before: str, after: str) -> Iterator[Claim]:
    which = _missed_here(line).split()
    if q.unit in ("d", "weeks") and (q.hi if q.unit == "d" else q.hi * 7) <= 1:
        return
    if q.unit in ("month", "years") and (
        re.search(
            r"(?:less than|more than|at least|within|fewer than|<|>|≥|under|over|up to|exceed\w*|to|longer than|or more|since|not? more|or longer|past|below|above|beyond)\s?\(?$|(?:between|from)[^.;]{0,14}$",
            before[-26:],
        )
        or re.match(
            r"\s?(?:or (?:more|longer|over|above)|and (?:up|above|more|over)|plus\b|\+|ago|from (?:the )?last|since|have passed|but|and (?:less|under)|to (?:less|under))",
            after,
        )
    ):
        for value in {q.lo, q.hi}:
            yield _of(
                line, "missed_dose.gap", "from_months", replace(q, lo=value, hi=value), about="gap"
            )
        return
    if q.unit == "month" and q.lo != q.hi:
        for value in (q.lo, q.hi):
            yield _of(
                line, "missed_dose.gap", "from_months", replace(q, lo=value, hi=value), about="gap"
            )
        return
    if re.search(
        r"\b(?:miss\w*|late|delay\w*|overdue)[^.;|]{0,14}(?:by|for)(?: up to| more than| less than| at least)?\s?$",
        before[-34:],
    ) or re.match(
        r"\s?(?:late\b|overdue|after (?:the|its) (?:due|scheduled|planned)|of (?:the|its) (?:due|scheduled|planned))",
        after,
    ):
        yield _of(line, "missed_dose.window", "tolerance", q)
        return
    minimum = _MINIMUM.search(before) or re.search(r"apart|between", after[:24])
    if minimum:
        yield _of(line, "missed_dose.apart", "apart", q)
        return
    second_to_third = (
        re.search(
            r"\b(?:third|3rd|tercera|dritte\w*|troisième|terza)\b", line.text[: q.start][-90:]
        )
        and "loading_2" in which
    )
    if "loading_2" in which and (second_to_third or which == ["loading_2"]):
        topic = "missed_dose.loading_2"
    elif "loading_3" in which:
        topic = "missed_dose.loading_3"
    elif "maintenance" in which:
        topic = "missed_dose.maintenance"
    elif "loading_2" in which:
        topic = "missed_dose.loading_2"
    else:
        topic = "missed_dose.any"
    if q.unit != "years":
        yield _of(line, topic, "next_interval", q, about=" ".join(which))


def _missed(line: Line) -> Iterator[Claim]:
    which = _missed_here(line)
    text = line.text
    if not which:
        m = re.search(
            r"two doses (?:at once|together|at the same time|on the same day)|\bdouble (?:the )?(?:next )?dose|dose (?:is|can be|may be) doubled|both doses (?:at once|together)",
            text,
        )
        if m and not _denied(text, m.start(), m.start() + 1):
            yield _claim(line, "missed_dose.any", "give", "double", m.start(), m.end())
        return
    topic = f"missed_dose.{which.split()[-1]}"
    for value, pattern in (("as soon as possible", _ASAP), ("double", _DOUBLE), ("skip", _SKIP)):
        m = pattern.search(text)
        if not m:
            continue
        if (
            value == "as soon as possible"
            and re.search(
                r"(?:call|tell|contact|phone|doctor|reschedul\w+|seek)[^.;]{0,40}$",
                text[: m.start()],
            )
            and not re.search(
                r"give|administ|have|receiv|get", text[max(0, m.start() - 40) : m.start()]
            )
        ):
            continue
        if value != "as soon as possible" and _denied(text, m.start(), m.start() + 1):
            continue
        if value == "skip" and re.search(
            r"(?:if|should|when) (?:you|a|the patient|they) skip|original|at least \d+ days|no need to (?:re-?start|reload)",
            text,
        ):
            continue
        yield _claim(line, topic, "give", value, m.start(), m.end(), about=which)
        if value == "double":
            break
    if (m := _RESTART.search(text)) and not _denied(text, m.start(), m.end()):
        gap = re.search(r"month|year|long|interrupt|gap\b|lapse|\d+ (?:days|weeks)", text)
        since = [q.lo for q in quantities(f"{line.context.lead} | {text}") if q.unit == "month"]
        below = re.search(
            r"(?:less than|under|<|fewer than|up to) ?\d+ mo", f"{line.context.lead} | {text}"
        )
        yield _claim(
            line,
            "missed_dose.gap",
            "restart",
            "loading",
            m.start(),
            m.end(),
            about=f"gap of {0 if below else min(since):g}" if since else "gap" if gap else which,
        )
    elif m and re.search(r"month|year|long|gap|interrupt", text):
        yield _claim(line, "missed_dose.gap", "restart", "none", m.start(), m.end(), about="gap")
    elif not m and (
        long := re.search(
            r"\b(?:4\d|forty) months?(?: ago)?(?: or (?:more|longer))?[^.;]{0,20}\b(?:just|simply|usual|one dose|go on|goes on|continue|carry on)",
            text,
        )
    ):
        yield _claim(
            line, "missed_dose.gap", "restart", "none", long.start(), long.end(), about="gap"
        )
    if m := _GRID.search(text):
        if not _denied(text, m.start(), m.start() + 1):
            yield _claim(
                line, "missed_dose.maintenance", "anchor", "original_grid", m.start(), m.end()
            )
    elif "maintenance" in which and (
        m := re.search(
            r"from (?:this|that|the (?:late|new|delayed|missed)|its) (?:dose|day|date|injection)|from the (?:day|date) (?:it|that|of the (?:late|actual))|counted (?:anew )?from",
            text,
        )
    ):
        yield _claim(line, "missed_dose.maintenance", "anchor", "last_dose", m.start(), m.end())
    months = [q for q in quantities(f"{line.context.lead} | {text}") if q.unit == "month"]
    tier = (
        f"{min(q.lo for q in months):g}"
        if len({q.lo for q in months} | {q.hi for q in months}) > 1
        else ""
    )
    for m in re.finditer(
        r"(?<![\w.-])(?P<n>one|two|three|1|2|3) (?:additional|extra|more|further)\b(?! (?:than|time|mg|ml|day|week|month))|"
        r"\bplus (?P<plus>one|two|1|2)\b",
        text,
    ):
        yield _claim(
            line,
            "missed_dose.gap",
            "extra_doses",
            number(m["n"] or m["plus"]),
            m.start(),
            m.end(),
            unit="doses",
            about=tier,
        )


# -- the injection, the syringe, the vial

_BOLUS = re.compile(
    r"\b(?:bolus|inject\w*|push\w*|infus\w*|administ\w+|giv\w+|over|deliver\w*|takes?|lasts?|slowly|instill\w*|empties|runs in|inyecci\w+|injektion\w*|iniezione|dura\b|dauert|durante|über|während|inietta\w*|bolo)\b"
)


def _duration(line: Line) -> Iterator[Claim]:
    text = line.text
    if m := re.search(
        r"(?:syringe|drawn[- ]up|prepared dose)[^.;]{0,60}\b(?P<w>tomorrow|next day|overnight|following day|next (?:morning|visit|patient|week)|any time)\b",
        text,
    ):
        if not _denied(text, m.start("w"), m.end("w")) and not re.search(
            r"discard|throw|must not|not be", m[0]
        ):
            at, end = m.start("w"), m.end("w")
            yield _claim(line, "administration.in_syringe", "most_h", "a day or more", at, end)
    if _other(line) or _ANIMALS.search(text):
        return
    for q in line.quantities:
        before, after = text[max(0, q.start - 60) : q.start], text[q.end : q.end + 60]
        if q.unit in ("min", "s"):
            if re.search(
                r"(?:from|removal from|left|leaves|out of) (?:the )?(?:vial|bottle)|drawn up|in (?:the|a) syringe",
                before + after[:30],
            ) and re.search(r"within|use|up to|stable|keep|kept", before):
                yield _of(line, "administration.in_syringe", "most_h", q)
            elif re.search(
                r"warm\w*|incubat\w*|oven|room temp\w*|stand\b|sit\b|refrigerator|fridge|microwav\w*|raumtemperatur|temperatura ambiente",
                before + after[:40],
            ) and not re.search(r"inject|bolus|\bover\s?$", before[-30:]):
                yield _of(line, "preparation.warm_up", "least_min", q)
            elif re.search(
                r"lie|lying|rest\b|flat|observ\w*|monitor\w*|afterwards|recover|bed\b|watch",
                before[-40:] + after[:30],
            ) and not re.search(r"\bover\s?$|bolus", before):
                yield _of(line, "administration.rest_after", "least_min", q)
            elif re.search(
                r"how (?:long|fast)[^.;]{0,30}(?:inject|given|take|shot)|\bspeed|duration of inj|rate of inj|injection time|instill",
                line.context.lead,
            ) and not re.search(r"visit|whole|appointment", text):
                yield _of(line, "administration.bolus", "duration", q)
            elif (
                _BOLUS.search(before)
                or (re.match(r"[^.;]{0,24}(?:inject|bolus|push|infus)", after))
                or (
                    line.context.area == "administration"
                    and re.search(r"over|durante|über", before)
                )
            ):
                if re.search(
                    r"visit|appointment|procedure|session|in all|altogether|takes about|whole",
                    before[-50:] + after[:24],
                ) and not re.search(r"bolus|inject|push|infus", before[-40:]):
                    continue
                yield _of(line, "administration.bolus", "duration", q)
        elif q.unit == "h":
            near = before + after
            cold = re.search(
                r"carton|refrigerat\w*|fridge|cooler|ice (?:chest|box)|cold box|unopened|per day|a day|each day|\btotal|out of (?:the )?(?:box|cold)|cumulative|kühl\w*|daily|combined|umkarton|cart[óo]n|nevera|frigor\w*",
                near,
            )
            drawn = re.search(
                r"syringe|drawn|draws?\b|withdraw\w*|(?:from|left|leaves|leaving|out of|removal from) (?:the )?vial|prepar\w+|spritze|jeringa|siringa|seringue|aufgezogen|aufziehen|draw\w*|ampoule|vial",
                near,
            )
            if _half_life_near(line) or _tmax_near(line):
                continue
            if drawn and not (
                cold
                and re.search(
                    r"per day|a day|\btotal|carton|unopened|cumulative|daily|combined|each day",
                    near,
                )
            ):
                yield _of(line, "administration.in_syringe", "most_h", q)
            elif cold or line.context.area == "storage":
                daily = re.search(
                    r"^\s?(?:\w+ ){0,2}?(?:per|a|each|/|daily|any) ?(?:day|24)?|^ daily", after
                ) and re.search(r"day|daily|24", after[:18])
                yield _of(line, "storage.out_of_carton", "most_h_per_day" if daily else "most_h", q)
            elif re.search(
                r"(?:shot|injection|infusion|bolus|push|instillation|bag|drip)\b[^.;]{0,40}\b(?:takes?|lasts?|over|runs?|occupies|empties in)\s?(?:about )?$",
                before,
            ):
                yield _of(line, "administration.bolus", "duration", q)
            elif re.search(r"bolus|inject|push|infus", before[-30:]) and re.search(
                r"\bover\s?(?:about )?$", before[-12:]
            ):
                yield _of(line, "administration.bolus", "duration", q)
            elif re.search(r"lie|lying|rest\b|flat|observ\w*|monitor\w*|bed\b", near):
                yield _of(line, "administration.rest_after", "least_h", q)
        elif q.unit in ("d", "weeks") and (
            re.search(
                r"syringe|drawn[- ]up|once drawn|filled|prepared|(?:removal|removed|taken) from (?:the )?vial",
                before,
            )
            or re.match(r"\s?(?:of|after|from) (?:removal|drawing|removing|preparation)", after)
        ):
            yield _of(line, "administration.in_syringe", "most_h", q)
        elif q.unit in ("d", "weeks", "month") and (
            line.context.area == "storage"
            or re.search(
                r"refrigerat|fridge|carton|room temperature|unrefrigerated|°|\bbox\b|30 c|kühl|raumtemperatur|nevera|frigor|vial",
                text,
            )
        ):
            if _EVERY.search(before) or not re.search(
                r"store\w*|keep|kept|refrigerat\w*|fridge|carton|room|up to|temperature|last\w*|tage|días|giorni|jours|zile|box|unopened|stay|lager\w*|aufbewahr\w*|conserv\w*|within|for|days",
                text,
            ):
                continue
            if (
                re.search(r"carton|hours|6 h|six h|per day|a day", text)
                and re.search(
                    r"(?:hours?|h)\b[^.;]{0,60}$|for (?:a )?max\w*(?: of)?\s?$|6 days|six days",
                    before + text[q.start : q.end],
                )
                and re.search(r"hour|\bh\b", text)
            ):
                yield _of(line, "storage.out_of_carton", "most_d", q)
            else:
                yield _of(line, "storage.carton_unrefrigerated", "most_d", q)


_HALF = re.compile(
    r"half-?\s?li(?:fe|ves)|t1/2|halbwertszeit|semivida|vida media|emivita|demi-vie|timp de înjumătățire|半減期"
)
_TMAX = re.compile(
    r"zenith|summit|tmax|t max|time to (?:maximum|peak|max)|peak\w*|maximum (?:plasma )?concentration|cmax|maximal\w* (?:plasma)?konzentration|concentración máxima|highest (?:level|amount)|median times?"
)


def _half_life_near(line: Line) -> bool:
    return bool(_HALF.search(line.text)) or "half-life" in line.context.lead


def _tmax_near(line: Line) -> bool:
    return bool(_TMAX.search(line.text)) or "tmax" in line.context.lead


def _kinetics(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line) or _ANIMALS.search(text):
        return
    half = list(_HALF.finditer(text))
    if half or "half-life" in line.context.lead:
        told = False
        for q in line.quantities:
            if q.unit in ("h", "d", "weeks", "month", "min", "years"):
                fluid = _fluid(text, q.start)
                yield _of(line, f"pharmacokinetics.{fluid}_half_life", "value", q)
                told = True
        vague = re.search(r"\b(?:weeks|days|months|hours)\b", text)
        if (
            half
            and not told
            and vague
            and not re.search(r"long|several|not", text[: vague.start()][-14:])
        ):
            yield _claim(
                line,
                "pharmacokinetics.csf_half_life",
                "value",
                "vague",
                half[0].start(),
                vague.end(),
            )
    if _tmax_near(line):
        for q in line.quantities:
            if q.unit in ("h", "min", "d") and not half:
                yield _of(line, "pharmacokinetics.plasma_tmax", "range", q)
    for m in re.finditer(
        r"exo-?nuclease\w*|\bnucleases?\b|exonukleas\w*|exonucleasa\w*|exonucleasi", text
    ):
        if not _denied(text, m.start(), m.end()):
            yield _claim(
                line, "pharmacokinetics.metabolism", "pathway", "exonuclease", m.start(), m.end()
            )
            break
    for m in re.finditer(
        r"\bcyp\s?\w*|cytochrome|p450|(?:liver|hepatic) enzymes?|(?:metaboli[sz]ed|broken down|cleared|metabolism) (?:\w+ ){0,3}(?:in|by) the liver|hepatic(?:ally)? metaboli\w+|liver metaboli\w+",
        text,
    ):
        if re.search(
            r"\b(?:not|no|nor|neither|unlikely|without|isn't|doesn't|non|underdo|nicht|none|little)\b",
            text,
        ):
            continue
        if re.search(r"metaboli|broken|clear|degrad|elimin|process", text):
            yield _claim(line, "pharmacokinetics.metabolism", "pathway", "CYP", m.start(), m.end())
            break


def _fluid(text: str, at: int) -> str:
    """Say which fluid a half-life speaks of: the nearest one named before it, else after it."""
    marks = [
        (m.start(), "csf") for m in re.finditer(r"csf|cerebrospinal|spinal fluid|liquor|lcr", text)
    ]
    marks += [(m.start(), "plasma") for m in re.finditer(r"plasma|serum|blood", text)]
    marks.sort()
    after = [
        name
        for start, name in marks
        if at < start < at + 28 and re.search(r"\bin\b", text[at:start])
    ]
    before = [name for start, name in marks if start < at]
    if after:
        return after[0]
    return before[-1] if before else marks[0][1] if marks else "csf"


# -- temperatures


def _temperature(line: Line) -> Iterator[Claim]:
    text = line.text
    if _has(line, "fever", "pyrexia", "body"):
        return
    for q in line.quantities:
        if q.unit not in ("C", "F"):
            continue
        before, after = text[max(0, q.start - 70) : q.start], text[q.end : q.end + 40]
        if q.lo != q.hi:
            room = re.search(
                r"room|unrefrigerat|outside|raumtemperatur|temperatura ambiente", before[-50:]
            ) and not re.search(r"refrigerat|fridge", before[-30:])
            stays = re.search(r"store\w*|keep|kept|stor(?:ed|age)|lager|aufbewahr|conserv", text)
            if (
                room
                and not stays
                and line.context.area != "storage"
                and not (q.lo <= 15 and q.hi >= 25)
            ):
                yield _of(line, "preparation.warm_up", "temperature", q)
            elif re.search(r"excursion|permitted|short", before):
                yield _of(line, "storage.carton_unrefrigerated", "most_C", q)
            else:
                yield _of(line, "storage.refrigerated", "range", q)
        elif (
            re.search(
                r"(?:room|ambient|umgebung\w*|raum\w*|ambiente?|\bto|temperature) ?\w* ?\(?\s?$",
                before[-26:],
            )
            and (20 <= q.hi <= 26 if q.unit == "C" else 68 <= q.hi <= 79)
            and not re.search(
                r"store|keep|kept|up to|below|above|unrefrig|days|tage\b|días", before + after
            )
        ):
            yield _of(line, "preparation.warm_up", "temperature", q)
        elif (
            q.unit == "F"
            and 68 <= q.hi <= 79
            and re.search(r"2[0-6] ?°? ?c ?[(/]? ?$", before[-12:])
            and line.context.area != "storage"
        ):
            yield _of(line, "preparation.warm_up", "temperature", q)
        elif re.search(
            r"warm\w*|incubat\w*|heat\w*|come to|reach|allow|bring|brought|equilibrat", before
        ) or (
            re.search(r"room temperature\s?\(?\s?(?:about |around |of )?$", before)
            and line.context.area != "storage"
        ):
            if re.search(r"store|keep|kept", before) and not re.search(
                r"warm\w*|come|reach|allow|bring", before
            ):
                yield _of(line, "storage.carton_unrefrigerated", "most_C", q)
            else:
                yield _of(line, "preparation.warm_up", "temperature", q)
        elif q.hi <= (0 if q.unit == "C" else 32) and not re.search(
            r"below|under|fall|never", before[-20:]
        ):
            yield _of(line, "storage.freezing", "temperature", q)
        elif re.search(
            r"out(?:side)? (?:of )?(?:the |its )?(?:carton|box|original)|removed from (?:the |its )?(?:carton|box)|hours|umkarton|per day",
            before + after,
        ):
            yield _of(line, "storage.out_of_carton", "most_C", q)
        elif re.search(
            r"stable|car\b|summer|travel|carton|box|room|unrefrigerat|refrigerat|outside|up to|below|under|not (?:above|exceed)|exceed|at or|store|keep|days|<|≤|without|above|bis|über",
            before + after,
        ):
            yield _of(line, "storage.carton_unrefrigerated", "most_C", q)


# -- steps: asked for, allowed, left, forbidden

_STEPS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (topic, re.compile(pattern), plain)
    for topic, pattern, plain in (
        ("administration.sedation", r"sedat\w+|general an(?:a)?esthe\w+|(?:put\w*|go\w*) (?:\w+ ){0,3}?(?:to )?(?:a )?(?:deep )?sleep|asleep|sedier\w*|sedaci\w+|sédation", "mentioned"),
        ("administration.imaging", r"imaging|ultrasound\w*|fluoroscop\w*|x-?ray\w*|ct[- ]guid\w*|bildgebung\w*|imagen\b|ultraschall|ecograf\w*", "mentioned"),
        ("preparation.shaking", r"\bsh(?:ake|aken|aking)\b|agitat\w+|schütteln|geschüttelt|agitar|agite", "required"),
        ("preparation.dilution", r"\bdilut\w+|verdünn\w*|diluir\w*|diluy\w*|dilué\w*|mix(?:ed)? (?:it |the \w+ )?(?:with|into|in) (?:saline|sodium|water|dextrose|glucose|other)|reconstitut\w+|added to (?:an? )?(?:saline|infusion|bag)", "required"),
        ("preparation.filter", r"filter\w*", "required"),
        ("preparation.heat", r"(?:external )?heat(?: source|ing)?s?\b|\bheated\b|microwav\w*|(?:hot|warm) water|water bath|warming (?:pad|cabinet|device|plate|plates|oven)|hair ?dryer|heating pad|radiator|wärmequelle\w*|fuentes? de calor|mikrowelle", "required"),
        ("administration.skin", r"(?:infect\w*|inflam\w*|broken) (?:\w+ )?(?:skin|sites?|areas?)|(?:skin|site)[^.;]{0,20}(?:infected|inflamed|broken)", "mentioned"),
        ("storage.freezing", r"\bfr[eo]e?z\w*|\bfrozen\b|einfrieren|eingefroren|congel\w+|kühlfach|tiefk.hl\w*", "required"),
    )
)  # fmt: skip


def _steps(line: Line) -> Iterator[Claim]:
    text = line.text
    for topic, pattern, plain in _STEPS:
        for m in pattern.finditer(text):
            value = _rule(text, m.start(), m.end(), plain)
            if topic == "preparation.shaking" and not (
                _VIAL.search(text)
                or line.context.area in ("preparation", "administration", "storage")
                or value == "forbidden"
            ):
                break
            if topic == "administration.imaging" and re.search(
                r"mri\b|myelitis|papill|diagnos|workup|work-up|brain imaging", text
            ):
                break
            if topic == "administration.sedation" and re.search(
                r"local|respiratory depress|sedative\w* (?:drugs|medic)", text
            ):
                break
            if topic == "preparation.heat" and line.context.area in (
                "warnings",
                "adverse_reactions",
            ):
                break
            if (
                topic == "storage.freezing"
                and re.search(r"freezer", m[0])
                and re.search(r"(?:near|next to|back of|away|behind|beside)", text)
            ):
                value = "forbidden"
            if (
                topic == "storage.freezing"
                and value == "required"
                and re.search(
                    r"if (?:it )?(?:has been |was |is )?(?:frozen|freez)|discard|throw|has been frozen|been frozen|freezing (?:damages|destroys|ruins|point)",
                    text,
                )
            ):
                value = "forbidden"
            if topic == "preparation.dilution" and re.search(
                r"undiluted|unverdünnt|sin diluir|ready to use|ready-to-use", text
            ):
                value = "forbidden"
            if (
                topic == "administration.sedation"
                and re.search(r"to sleep|asleep|general", m[0])
                and value in ("optional", "required", "mentioned")
            ):
                value = "general anaesthesia" if value == "optional" else "must sleep"
            yield _claim(line, topic, "rule", value, m.start(), m.end())
            break
    if re.search(r"undiluted|unverdünnt|sin diluir", text) and "dilut" not in text.replace(
        "undiluted", ""
    ):
        m = re.search(r"undiluted|unverdünnt|sin diluir", text)
        if m:
            yield _claim(line, "preparation.dilution", "rule", "forbidden", m.start(), m.end())
    if m := re.search(
        r"(?:allow|let|warm\w*|bring|come|reach|stand|equilibrat|erwärmen|alcance|raggiung)[^.;]{0,70}(?:room|ambient|raumtemperatur|temperatura)[^.;]{0,14}",
        text,
    ):
        if not re.search(r"store|days", m[0]):
            yield _claim(
                line,
                "preparation.warm_up",
                "rule",
                _rule(text, m.start(), m.end()),
                m.start(),
                m.end(),
            )
    elif m := re.search(
        r"\b(?:inject|give|administer|use)\b[^.;]{0,30}(?:\bcold\b(?! chain)|straight from the (?:fridge|refrigerator)|directly from the (?:fridge|refrigerator))",
        text,
    ):
        if not _denied(text, m.start(), m.end()):
            yield _claim(line, "preparation.warm_up", "rule", "not required", m.start(), m.end())
    if m := re.search(
        r"(?:discard|throw (?:away|out)|dispos\w+|verwerf\w*|desech\w*|destroy)[^.;]{0,40}", text
    ):
        if re.search(
            r"unused|remain\w*|rest\b|leftover|left over|vial|contents|portion|what is left|sobrante|reste?\b|single|any",
            text,
        ) and not re.search(r"4 hours|four hours|within|if not used", text):
            yield _claim(
                line,
                "administration.discard",
                "rule",
                "forbidden" if _denied(text, m.start(), m.start() + 1) else "required",
                m.start(),
                m.end(),
            )
    if m := re.search(
        r"(?:save|keep|store|reuse|re-use|retain|use)\w*[^.;]{0,30}(?:rest|remain\w+|leftover|left over|unused|what is left|residue|surplus|excess)[^.;]{0,50}|"
        r"(?:rest|remain\w+|leftover|left over|unused|what is left|left in the (?:vial|bottle))[^.;]{0,40}(?:may|can|should|be) (?:be )?(?:kept|saved|stored|reused|re-used|used|returned)[^.;]{0,40}|"
        r"(?:opened|open|punctured|started) (?:vial|bottle)[^.;]{0,30}(?:may|can|should) be (?:kept|used|stored|saved)|(?:may|can) be used again|\bre-?cap\b|(?:vial|rest|syringe|remainder)[^.;]{0,40}(?:second|another|next|other|two) (?:patient|child|person)\w*|share (?:a|the|one) (?:vial|syringe)|"
        r"multi-?dose vial|vial (?:can|may) be (?:shared|used (?:for|again|twice))|split (?:one|a|the) vial",
        text,
    ):
        if (
            not _denied(text, m.start(), m.start() + 1)
            and not re.search(
                r"discard|throw|dispose|not be|unopened|must not|do not|never|carton", m[0]
            )
            and not _has(line, "discard", "csf")
        ):
            yield _claim(line, "administration.discard", "rule", "forbidden", m.start(), m.end())
    if m := re.search(
        r"\blight\b|lichtschutz|licht\b|sunlight|de la luz|dalla luce|de la lumière|遮光|lumin",
        text,
    ):
        if re.search(
            r"protect|shield|keep|out of|away|carton|box|dark|schutz|schützen|proteger|proteg|abri|shelter|sensitive|exposed?",
            text,
        ) and not re.search(
            r"light chain|lightheaded|lighter|flash|headlight|bright light|look", text
        ):
            value = "required"
            if re.search(
                r"(?:need not|not need|no need|not (?:required|necessary|sensitive|affected)|(?:is|be) (?:left|kept|stored) in (?:the )?(?:light|sun)|may be exposed|can be exposed|not have to)",
                text,
            ):
                value = "not required"
            yield _claim(line, "storage.light", "rule", value, m.start(), m.end())


_ROOM_STORE = re.compile(
    r"(?:stor(?:e|ed|age)|keep|kept)[^.;]{0,30}(?:at|in) (?:normal |ordinary )?(?:room temperature|a (?:cupboard|drawer|cabinet)|ambient)"
)


def _store(line: Line) -> Iterator[Claim]:
    text = line.text
    if m := re.search(
        r"(?:\bliv(?:e|es)|kept?|keep|stor(?:e|ed|age)|sits?|stays?|left)\b[^.;]{0,40}\b(?:cupboard|drawer|cabinet|locker|window ?sill|counter|desk|shelf(?! of the fridge))\b",
        text,
    ):
        if not _denied(text, m.start(), m.end()) and not re.search(
            r"refrigerat|fridge|shelf life", text
        ):
            yield _claim(
                line, "storage.refrigerated", "range", "room temperature", m.start(), m.end()
            )
            return
    if (m := _ROOM_STORE.search(text)) and not _denied(text, m.start(), m.end()):
        if not any(q.unit in ("d", "h", "weeks") for q in line.quantities) and not re.search(
            r"unrefrigerat|short|if |briefly|up to|until|within|once|syringe|without refrig|no refrig|must be|temporar",
            text,
        ):
            yield _claim(
                line, "storage.refrigerated", "range", "room temperature", m.start(), m.end()
            )


# -- who it is for

_FOR = re.compile(
    r"\b(?:indicat\w+|approved|licen[cs]ed|authori[sz]ed|treat(?:s|ment|ing|ed)?|used (?:to|for|in)|use in|for (?:people|patients|adults|children)|prescribed|zugelassen|angezeigt|behandlung|tratamiento|indicad\w+|indikation|trattamento|adult\w*|erwachsen\w*|use:)\b"
)
_ADULTS = re.compile(r"\badults?\b|erwachsen\w+|adultos?|adulti|adultes?|成人|18 years")
_CHILD = re.compile(
    r"\b(?:(?:below|under) \d+ years|(?:from|aged?) (?:[2-9]|1[0-7]) years|kids?|year-olds?|child(?:ren)?|p(?:a)?ediatric\w*|infants?|newborns?|babies|adolescen\w+|teen\w*|niños|kinder\w*|bambini|enfants?|all ages|any age|of every age|neonat\w*)\b"
)
_MUTATION = re.compile(
    r"mutat\w+|mutaci\w+|variants?|pathogenic|genetic(?:ally)?|faulty gene|gene (?:has been )?(?:chang|alter)\w+|changed|alteration|defect\w*|sod1[- ]?(?:als|related|associated|linked|positive)|familial|inherited|change in|error in|fault\w*|carriers?|gene fault|chang\w* (?:of|in|to|on)\b"
)


def _indication(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line) or _ANIMALS.search(text):
        return
    lexicon = line.lexicon
    if re.search(r"indicated", text) and lexicon.gene in text and not _MUTATION.search(text):
        if m := re.search(
            rf"(?:have|has|with|carry) (?:the )?{re.escape(lexicon.gene)}\b"
            if lexicon.gene
            else r"(?!)",
            text,
        ):
            yield _claim(
                line, "indication", "population", "gene without mutation", m.start(), m.end()
            )
            return
    ill = next(
        (
            m
            for d in lexicon.disease
            if (m := re.search(rf"(?<![a-z]){re.escape(d)}(?![a-z])", text))
        ),
        None,
    )
    for_whom = bool(_FOR.search(text)) or line.context.area == "indication"
    trial = re.search(
        r"\b(?:trial|study|studies|studied|investigat\w*|atlas|research\w*|participants?|enrol\w*)\b",
        text,
    )
    if m := re.search(
        r"(?:gene|genetic) test\w* (?:is|are) not (?:needed|necessary|required)|sporadic (?:disease|als|cases?|patients?)[^.;]{0,20}(?:qualif|also|can be|may be|eligible)|no (?:gene|genetic)(?:tic)? test\w*[^.;]{0,30}(?:need|requir|necess)|(?:anyone|everyone|everybody) with (?:\w+ ){0,2}(?:weakness|als|sma|motor)",
        text,
    ):
        yield _claim(line, "indication", "population", "anyone", m.start(), m.end())
        return
    only_young = re.search(
        r"adults (?:cannot|can not|must not|should not|are not)|(?:babies|infants|children) (?:\w+ ){0,4}only\b|\bonly (?:for|in|to) (?:\w+ )?(?:babies|infants|children|newborns|toddlers)",
        text,
    )
    if only_young and (for_whom or "treated" in text):
        at, end = only_young.span()
        yield _claim(line, "indication", "ages", "children", at, end)
    early = re.search(
        r"pre-?symptomatic|before (?:any )?symptoms|without symptoms|carriers?\b(?! of a)|healthy",
        text,
    )
    offered = for_whom or re.search(r"covered|eligible|suitable", text)
    if lexicon.gene and early and offered and not trial and lexicon.gene in text:
        if not _denied(text, early.start(), early.end()):
            yield _claim(
                line, "indication", "population", "presymptomatic", early.start(), early.end()
            )
            return
    if ill and for_whom and not trial:
        gene = lexicon.gene and (
            re.sub(r"\d+$", "", lexicon.gene) in text or re.search(r"\bgen(?:e|etic)\b|mutat", text)
        )
        counted = re.search(r"\d ?%|percent|of all (?:people|patients|als|cases)|most|some", text)
        if (
            not counted
            and re.search(
                r"(?:all|any|every|both)[^.;]{0,20}(?:patients?|people|adults?|persons?|forms?|types?|kinds?|cases?|als\b)|everyone|anyone|everybody|regardless of|irrespective of|whatever the|whether or not|sporadic (?:and|als|or)",
                text,
            )
            and not re.search(
                r"(?:not|only|isn't|except)[^.;]{0,30}(?:all|any|every|sporadic|everyone)|regardless of (?:age|sex|weight|age,)|sma type|all types of sma|all forms",
                text,
            )
        ):
            yield _claim(line, "indication", "population", "all", ill.start(), ill.end())
        elif (
            gene
            and lexicon.gene in text
            and not _MUTATION.search(text)
            and re.search(
                rf"(?:have|has|with|carry|having|express)\w* (?:the )?{re.escape(lexicon.gene)}\b|{re.escape(lexicon.gene)} gene",
                text,
            )
        ):
            yield _claim(
                line, "indication", "population", "gene without mutation", ill.start(), ill.end()
            )
        else:
            yield _claim(
                line,
                "indication",
                "population",
                "gene" if gene else "disease",
                ill.start(),
                ill.end(),
            )
        only = re.search(
            r"only (?:for|in|to) (?:\w+ )?(?:babies|infants|children|newborns|toddlers)|(?:children|babies|infants)(?: under \w+ \w+)? only|not (?:for|in) adults|adults (?:cannot|can not|must not|should not|are not)",
            text,
        )
        if only:
            yield _claim(line, "indication", "ages", "children", only.start(), only.end())
        elif _ADULTS.search(text):
            yield _claim(
                line,
                "indication",
                "ages",
                "adults and children"
                if _CHILD.search(text)
                and not re.search(
                    r"not (?:\w+ ){0,4}(?:children|pediatric|paediatric)|no |except|only adults|adults only",
                    text,
                )
                else "adults",
                ill.start(),
                ill.end(),
            )


_AGE_WORDS = "two|three|four|five|six|seven|eight|ten|twelve|sixteen"


def _children(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line) or _ANIMALS.search(text):
        return
    lead = line.context.lead
    m = _CHILD.search(text)
    if m:
        if re.search(
            r"not (?:been |yet )?(?:establish\w*|studied|known|approved|seen|recommended|indicated|authori[sz]ed|for use|tested|evaluated|proven|meant|intended|determined)|no (?:data|information|studies|experience)|unknown|has not|have not|hasn't|nicht|no se ha|non (?:è|sono)|n'(?:a|ont)|isn't|only (?:for |in )?adults|should not|must not|do not",
            text,
        ):
            yield _claim(
                line, "populations.children", "standing", "not established", m.start(), m.end()
            )
        elif re.search(
            r"reach|school|keep out|out of (?:the )?(?:reach|sight)|bearing|have children|trial|study|studies|their children|your children|pass\w* (?:it )?(?:on )?to|inherit|data from|hospital|clinical trials",
            text,
        ):
            return
        elif re.search(
            r"approved|indicated|licen[cs]ed|suitable|recommended|eligible|zugelassen|establish\w*|\bis safe|safe (?:for|in)\b|"
            r"can (?:also )?(?:be|start|have|use|receive|take|get)|may (?:also )?(?:be|start|use|receive|have|take)|are (?:also )?(?:treated|given)|"
            r"same dose|half the (?:\w+ )?dose|treats? (?:\w+ ){0,3}child|used (?:in|for) (?:\w+ ){0,3}(?:child|p(?:a)?ediatric)|"
            r"(?:adults|adult patients) (?:and|or|as well as) (?:also )?(?:child|p(?:a)?ediatric|adolesc|kids)|(?:child\w*|p(?:a)?ediatric|kids) (?:patients )?(?:and|or|as well as) (?:\w+ )?(?:adult|grown)|start\w* (?:as early )?(?:at|as) ",
            text,
        ):
            yield _claim(
                line, "populations.children", "standing", "established", m.start(), m.end()
            )
    elif re.search(
        r"refer to (?:the )?adult|(?:see|same as|as (?:for|in)|use the) adult|adult dos(?:e|ing|age) (?:is|applies|should)",
        text,
    ) and (
        "child" in lead
        or "pediatric" in lead
        or "paediatric" in lead
        or line.context.missed == "children"
        or line.context.aside == "children"
    ):
        yield _claim(line, "populations.children", "standing", "established", 0, len(text))
    for a in re.finditer(
        rf"\bage[ds]?(?: of)? (?P<n>\d{{1,2}}|{_AGE_WORDS})\b(?! (?:years|months|weeks))", text
    ):
        yield _claim(
            line,
            "populations.children" if m else "populations.age",
            "years",
            number(a["n"]),
            a.start("n"),
            a.end("n"),
            unit="years",
        )
    if re.search(
        r"\baged? \w+|years? (?:of age|old|and (?:older|over|above))|months? of age|(?:under|over|above|below) \w+ years",
        text,
    ):
        for q in line.quantities:
            if (
                q.unit in ("years", "month")
                and re.search(r"age|old|years", text)
                and (m or re.search(r"from|at least|over|older|above|under|below|younger|up", text))
            ):
                yield _of(line, "populations.children" if m else "populations.age", "years", q)


# -- contraindications and cautions

_CONTRA = re.compile(
    r"contra-?\s?indicat\w*|contraindicaci\w+|gegenanzeig\w+|controindicazion\w+|contre-indicat\w+|禁忌"
)
_NONE = re.compile(
    r"\b(?:none|no contra-?indications?|no known contra-?indications?|there are no contra|not contraindicated|nil|ninguna|keine|nessuna|aucune|does not (?:list|name|have) any contra|no absolute contra|lists no contra|without contra)\b"
)
_BAD_FOR: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "hypersensitivity": r"hypersensitiv\w*|allerg\w*|überempfindlich\w*|hipersensib\w*|ipersensib\w*|hypersensib\w*|anaphyla\w*",
        "pregnancy": r"pregnan\w*|schwanger\w*|embaraz\w*|breast-?feed\w*|lactat\w*|nursing",
        "bleeding": r"bleed\w*|anti-?coagul\w*|blood[- ]thinn\w*|coagul\w*|warfarin|thrombocytop\w*|platelet\w*|haemorrhag\w*|hemorrhag\w*|clotting",
        "infection": r"infect\w*|sepsis",
        "liver": r"liver|hepat\w*|cirrhosis",
        "kidney": r"kidney|renal\w*|dialysis",
        "heart": r"heart|cardiac|arrhythm\w*|qt\b",
        "seizures": r"seizure\w*|epilep\w*",
        "raised pressure": r"intracranial|hydrocephal\w*|shunt",
        "age": r"elderly|over 65|older than|children|under 18",
        "spine": r"scoliosis|spinal (?:fusion|surgery|deformit\w*|hardware)",
        "ventilation": r"ventilat\w*",
        "diabetes": r"diabet\w*",
        "vaccines": r"vaccin\w*",
        "alcohol": r"alcohol",
        "grapefruit": r"grapefruit",
        "painkillers": r"nsaids?\b|ibuprofen|aspirin",
    }.items()
)
_HABITS = ("bleeding", "vaccines", "alcohol", "grapefruit", "painkillers")
_AVOID = re.compile(
    r"(?:must|should|may) not be (?:taken|used|given|combined|mixed) (?:together )?with|should not (?:receive|be (?:given|used|treated|taken)|get|have|take|use|start)|must not (?:receive|be (?:given|used|treated)|get|have|take|use)|do not (?:use|give|take|receive|start)|not recommended|should be avoided|avoid(?:ed)? (?:in|during|use|if|for)|not (?:be )?(?:suitable|appropriate|safe) (?:for|in)|cannot (?:receive|have|be given|take)|nicht angewendet|prohibited in|off limits"
)


def _contra(line: Line) -> Iterator[Claim]:
    text = line.text
    m = _CONTRA.search(text)
    headed = line.context.area == "contraindications" or bool(_CONTRA.search(line.context.lead))
    none = _NONE.search(text)
    if none and (m or headed) and len(text) < 160:
        yield _claim(line, "contraindications", "for", "none", none.start(), none.end())
        return
    if (
        none
        and text.strip(" .*-•") == "none"
        and line.context.area
        in ("", "contraindications", "adverse_reactions", "warnings", "interactions", "mechanism")
    ):
        topic = "interactions" if line.context.area == "interactions" else "contraindications"
        if topic == "contraindications" and (re.search(r"\brare|box", line.context.lead)):
            return
        if topic == "contraindications":
            yield _claim(line, topic, "for", "none", none.start(), none.end())
        return
    if _other(line) and not m:
        return
    if not m and re.search(
        r"^\W*(?:warnings?|precautions?|boxed)\b|\breactions?\b(?! to)|toxicity|frequent|most common|\breported\b",
        text,
    ):
        return
    avoid = _AVOID.search(text)
    if not (m or headed or avoid) or line.kind == "heading":
        return
    if m and (
        _denied(text, m.start(), m.end()) or re.search(r"(?:not|no) (?:\w+ ){0,3}contra", text)
    ):
        if not avoid:
            return
    if re.search(
        r"lumbar puncture (?:is|may be|was|itself)|(?:is|are) not contra|if (?:any|you have any) contra|check for contra|relative contra\w+ to (?:lumbar|the)|contraindications? (?:to|for) (?:a |the )?(?:lumbar|lp|sedation|imaging)",
        text,
    ):
        return
    for name, pattern in _BAD_FOR:
        found = pattern.search(text)
        if not found:
            continue
        if name == "pregnancy" and not (m or (headed and len(text) < 60)):
            continue  # read by itself
        if name == "age" and not (m or headed):
            continue
        cautious = headed and not m and re.search(r"caution|not recommended|avoid", text)
        if (
            (m or headed)
            and not cautious
            and not re.search(r"no (?:known )?(?:hyper|allerg)", text)
        ):
            if (
                headed
                and not m
                and not avoid
                and re.search(r"\b(?:ask|tell|talk|report|monitor|consider|caution|risk)\b", text)
                and name != "hypersensitivity"
            ):
                continue
            yield _claim(line, "contraindications", "for", name, found.start(), found.end())
        elif avoid and name in ("hypersensitivity",):
            yield _claim(line, "contraindications", "for", name, found.start(), found.end())
        elif avoid and name in (
            "bleeding",
            "liver",
            "kidney",
            "heart",
            "seizures",
            "raised pressure",
            "ventilation",
            "diabetes",
            "spine",
            *_HABITS,
        ):
            topic, said = (
                ("interactions", "caution") if name in _HABITS else ("contraindications", "for")
            )
            yield _claim(line, topic, said, name, found.start(), found.end())


def _cautions(line: Line) -> Iterator[Claim]:
    text = line.text
    if (line.context.area == "contraindications" and "caution" not in text) or _AVOID.search(text):
        return
    bleeding = re.search(
        r"bleeding (?:disorder|risk|problem|tendenc|complication)\w*|risk of bleeding|anti-?coagula\w*|blood[- ]thinn\w*|platelet counts?|thrombocytop\w*",
        text,
    )
    if bleeding and not _denied(text, bleeding.start(), bleeding.end()):
        yield _claim(
            line,
            "interactions",
            "caution",
            "bleeding",
            bleeding.start(),
            bleeding.end(),
            hedged=True,
        )


_PREGNANT = re.compile(
    r"pregnan\w*|schwanger\w*|embaraz\w*|gravidanz\w*|grossesse|breast-?feed\w*|breast milk|lactat\w*|nursing"
)


def _pregnancy(line: Line) -> Iterator[Claim]:
    text = line.text
    if m := re.search(r"(?:pregnancy )?category:?\s+(?P<c>[abcdxn])\b", text):
        if (
            "pregnan" in text
            or "pregnan" in line.context.lead
            or line.context.area == "populations"
            or m["c"] == "n"
        ):
            yield _claim(
                line, "populations.pregnancy", "category", m["c"].upper(), m.start(), m.end()
            )
    m = _PREGNANT.search(text)
    if not m or _ANIMALS.search(text):
        return
    if re.search(
        r"contra-?indicated|(?:must|should) not (?:be )?(?:used|given|taken|receive|use|breast|take)|prohibited|forbidden|do not use|never",
        text,
    ) and not re.search(r"not contra|unless|without", text):
        yield _claim(line, "populations.pregnancy", "standing", "forbidden", m.start(), m.end())
    elif re.search(
        r"(?:should|must) be avoided|avoid\w*|not recommended|prevent(?:ion)? of pregnancy|stop breast-?feeding|contracepti\w+|unless",
        text,
    ) and not re.search(r"not (?:necessary|required|need)", text):
        yield _claim(line, "populations.pregnancy", "standing", "avoid", m.start(), m.end())
    elif re.search(
        r"\b(?:is|are|be|considered|proven|shown to be|was|perfectly|generally|it's) (?:\w+ ){0,2}?safe\b|can (?:safely )?be (?:used|given|taken)|safely|no risks?\b|no harm to (?:the )?(?:baby|fetus)|harmless|may be used freely|safe (?:in|during|for)",
        text,
    ) and not re.search(
        r"\bnot (?:\w+ )?(?:safe|known|been)|unknown|whether|if it is safe|isn't|no data|animal|not known",
        text,
    ):
        yield _claim(line, "populations.pregnancy", "standing", "safe", m.start(), m.end())
    elif re.search(
        r"no (?:adequate )?(?:human )?(?:data|studies|information|evidence)|not (?:been )?(?:studied|known|established)|unknown|no (?:se )?(?:hay|dispone)|keine",
        text,
    ):
        yield _claim(line, "populations.pregnancy", "standing", "no data", m.start(), m.end())


# -- serious warnings

_STANDING = re.compile(
    r"\b(?P<very>very|extremely|most|quite|fairly|relatively|two|the|also|are|is|be|and)?\s?(?P<w>uncommon|rare|rarely|common|commonly|frequent|frequently|unusual|mild|harmless|minor|expected|usual)\b"
)
_DENY = re.compile(
    r"(?:no|not (?:cause|associated with|linked to)|without|never|free of|does not|doesn't|do not|zero)[^.;]{0,30}(?:serious|severe|major|dangerous|neurologic\w*|life-threatening)[^.;]{0,20}(?:side effects?|adverse|reactions?|events?|risks?|complications?)|(?:no|without) (?:known )?(?:serious|severe) (?:side|adverse)|(?:completely|entirely|perfectly|totally) (?:safe|harmless)|no side effects|no safety (?:concerns|warnings)"
)


_ACTION = re.compile(
    r"interrupt\w*|discontinu\w*|stop\w*|work-?up|diagnos\w*|standard of care|call\b|contact|tell (?:your|the)|talk to|doctor|seek|emergency|urgent\w*|treat\w*|"
    r"evaluat\w*|hold\b|managed?|911|report (?:any|to)|hospital|neurologist|right away|at once|arzt|médico|medico"
)


def _action(line: Line) -> Iterator[Claim]:
    """Read that a page says what to do about a serious reaction."""
    text = line.text
    if line.context.area == "warnings" or line.lexicon.event_pattern.search(text):
        if m := _ACTION.search(text):
            yield _claim(line, "warnings.serious", "action", "told", m.start(), m.end())


# What a denial is about, by the beginning of the word for the organ.
_ORGANS = {
    "kidn": "renal toxicity",
    "plat": "thrombocytopenia",
    "clot": "thrombocytopenia",
    "blee": "thrombocytopenia",
}


def _warnings(line: Line) -> Iterator[Claim]:
    text = line.text
    if line.kind == "heading" and len(text) > 90:
        return
    if (m := _DENY.search(text)) and not re.search(
        r"were reported in (?:the )?placebo|new|unexpected|in (?:the )?(?:placebo|sham|control)|not all|additional",
        text,
    ):
        yield _claim(line, "warnings.serious", "denied", "denied", m.start(), m.end())
    for m in re.finditer(
        r"(?:kidney|platelet|bleeding|spinal|nerve)\w*[^.;]{0,24}(?:\bmyth|rumou?r|nonsense|exaggerat\w*)|(?:need(?:ed|s)?|requir\w+) no (?:action|treatment|work-?up)|no (?:action|treatment) (?:is |was )?(?:needed|required|necessary)|can (?:safely )?be ignored|(?:bruis\w+|nosebleeds?|foamy urine|bleeding|numbness|weakness|stiff neck|blurred vision)[^.;]{0,40}(?:is|are) (?:\w+ )?(?:normal|good sign|harmless|expected|nothing)|no need to (?:ring|call|tell|see|contact|report|phone|worry)|(?:kidneys?|platelets?|clotting|nerves?|spinal cord|brain|liver|bleeding)[^.;]{0,24}(?:cannot|can not|can't|never|is less|are less|is not|are not|will not|won't|does not|do not|unaffected)[^.;]{0,24}(?:hurt|harm\w*|damag\w*|affect\w*|likely|fall|drop|risk|problem\w*|change\w*)|does not (?:affect|harm|touch|change) (?:the |your )?(?:kidneys?|platelets?|clotting|blood)",
        text,
    ):
        about = _ORGANS.get(m[0][:4], "")
        if re.match(r"no |need|requir|can ", m[0]) and not line.lexicon.event_pattern.search(text):
            continue
        yield _claim(line, "warnings.serious", "denied", "denied", m.start(), m.end(), about=about)
    if m := re.search(
        r"side effects? (?:\w+ ){0,2}?(?:are|is|were) (?:\w+ ){0,2}?(?P<w>mild|minor|harmless|trivial)\b",
        text,
    ):
        if not re.search(
            r"\b(?:most|many|usually|often|some)\b", m[0] + text[max(0, m.start() - 12) : m.start()]
        ):
            yield _claim(line, "warnings.serious", "standing", "only mild", m.start(), m.end())
    found = [
        (m.start(), m.end(), line.lexicon.events[m[0]], m[0])
        for m in line.lexicon.event_pattern.finditer(text)
    ]
    if not found or line.context.aside == "animals":
        return
    said: set[str] = set()
    for start, end, event, word in found:
        if event in said:
            continue
        said.add(event)
        denied = (
            _NOT_BEFORE.search(_clause(text, start, end)[0][-40:])
            and re.search(r"\b(?:no|not|never|without)\b", text[max(0, start - 34) : start])
            and not re.search(
                r"if you|have not|not all|not only|has not|serious|related|due to|known",
                text[max(0, start - 60) : start],
            )
        )
        after = _clause(text, start, end)[1]
        never = re.match(
            r"[^.;]{0,40}\b(?:has|have|had|was|were|is|are|does|do) (?:never|not) (?:\w+ )?(?:been )?"
            r"(?:seen|reported|observed|linked|associated|occur\w*|happen\w*|found|a (?:risk|concern|problem))",
            after,
        )
        if never and not re.search(r"bacter|infect|placebo|sham", text):
            yield _claim(line, "warnings.serious", "denied", "denied", start, end, about=event)
        elif (
            denied
            and re.search(r"cause|report|seen|occur|risk|been|cases?|observ", text)
            and not re.search(r"\bdid not|resolv|bacter|infect", text)
        ):
            yield _claim(line, "warnings.serious", "denied", "denied", start, end, about=event)
        yield _claim(line, "warnings.serious", "events", "named", start, end, about=event)
    if not re.search(r"less common but|uncommon but", text) or re.search(
        r"\bless [a-z]+ and \w+ are", text
    ):
        for m in _STANDING.finditer(text):
            before = text[max(0, m.start() - 12) : m.start()]
            if re.search(r"\b(?:less|un|most|more)\s?$", before + (m["very"] or "")) and m["w"] in (
                "common",
                "commonly",
                "frequent",
            ):
                continue
            if (
                re.match(
                    r"\s?(?:side|adverse|reaction|symptom|sign|term|in (?:people|patients) with als|cause)",
                    text[m.end() :],
                )
                and m["w"] in ("common", "frequent", "expected", "usual", "minor", "mild")
                and not re.match(
                    r"\s?side effects? (?:is|are|include)[^.;]{0,40}(?:myel|radic|papil|menin)",
                    text[m.end() :],
                )
            ):
                continue
            if m["w"] in ("mild", "minor", "expected", "usual", "unusual") and not re.search(
                r"\b(?:are|is|be|usually|always|only)\s?$", text[: m.start("w")]
            ):
                continue
            value = (
                "rare"
                if m["w"] in ("rare", "rarely", "uncommon", "unusual")
                else "harmless"
                if m["w"] in ("mild", "harmless", "minor")
                else "common"
            )
            if value == "common" and m["very"] in ("very", "extremely", "most"):
                value = "very common"
            yield _claim(
                line, "warnings.serious", "standing", value, m.start(), m.end(), about=found[0][2]
            )
            break
    counts = [q for q in line.quantities if q.unit == "patients"]
    for q in counts:
        if re.search(
            r"(?:of|n\s?=|in all|all|total of|among|out of|/)\s?$",
            text[max(0, q.start - 9) : q.start],
        ) or re.search(r"\bof\b", text[q.start : q.end]):
            continue
        near = min(found, key=lambda f: min(abs(f[0] - q.end), abs(q.start - f[1])))
        stopped = re.search(
            r"discontinu\w*|stopp\w*|withdr\w*|resol\w*|recover\w*|continu\w*|went on|these|of (?:them|whom|the)",
            text[q.end : q.end + 45],
        )
        if stopped and not re.search(r"treated", stopped[0]):
            continue
        yield _of(line, "warnings.serious", "patients", q, about=near[2])
    if not line.lexicon.reaction_pattern.search(text):
        percents = [
            q
            for q in line.quantities
            if q.unit == "%" and not re.match(r"\s?(?:ci\b|conf)", text[q.end :])
        ]
        for i, q in enumerate(percents):
            near = min(found, key=lambda f: min(abs(f[0] - q.end), abs(q.start - f[1])))
            tail = text[q.end : q.end + 30]
            arm = "drug_percent"
            if re.match(r"\W*(?:of|on|in)? ?(?:the )?(?:placebo|sham|control)", tail) or (
                i
                and re.search(
                    r"(?:vs\.?|versus|against|compared (?:with|to)|than)\s?$", text[: q.start]
                )
            ):
                arm = "placebo_percent"
            yield _of(line, "warnings.serious", arm, q, about=near[2])
    for m in re.finditer(
        r"(?P<n>\d{1,4}|one|two|three|four|five|six|seven|ten)\s?(?:of|/|out of|in)\s?(?:the )?(?P<of>\d{2,4})(?! ?%)",
        text,
    ):
        near = min(found, key=lambda f: min(abs(f[0] - m.end()), abs(m.start() - f[1])))
        yield _claim(
            line,
            "warnings.serious",
            "share",
            (number(m["n"]), number(m["of"])),
            m.start(),
            m.end(),
            unit="patients",
            about=near[2],
        )


_UNLISTED = re.compile(
    r"\b(?:encephalitis|strokes?|liver failure|hepatotoxicity|liver damage|hepatitis|heart attacks?|myocardial infarction|cardiac arrest|"
    r"cancer|lymphoma|leuk(?:a)?emia|progressive multifocal|blindness|dementia|pancreatitis|stevens-johnson|agranulocytosis|an(?:a)?emia|"
    r"hydrocephalus|seizures?|suicid\w+|hair loss|tumou?rs?|kidney failure|renal failure|liver injury|bone marrow|pml\b|psychosis|thyroid)\b"
)


def _unlisted(line: Line) -> Iterator[Claim]:
    text = line.text
    m = _UNLISTED.search(text)
    if not m or line.context.area not in (
        "adverse_reactions",
        "warnings",
        "",
        "administration",
        "contraindications",
    ):
        return
    if _denied(text, m.start(), m.end()) or _other(line) or _ANIMALS.search(text):
        return
    if not re.search(
        r"side effects?|reactions?|can occur|may occur|risk|cause|include|serious|severe|rare|common|reported|warning|events?|such as",
        text,
    ) and line.context.area not in ("adverse_reactions", "warnings"):
        return
    if re.search(r"medical history|if you have|tell your|history of", text):
        return
    yield _claim(line, "warnings.unlisted", "event", m[0], m.start(), m.end(), about=m[0])


# -- adverse reactions

_PLACEBO = re.compile(r"placebo|sham|control\w*|plazebo|comparator")


def _reactions(line: Line) -> Iterator[Claim]:
    text = line.text
    found = list(line.lexicon.reaction_pattern.finditer(text))
    if not found:
        return
    aside = line.context.area in ("pharmacodynamics", "mechanism", "pharmacokinetics")
    marks = [(m.start(), m.end(), line.lexicon.reactions[m[0]]) for m in found]
    percents = [
        q
        for q in line.quantities
        if q.unit == "%" and not re.match(r"\s?(?:confidence|ci\b)", text[q.end : q.end + 14])
    ]
    told: set[str] = set()
    if (
        line.kind == "row"
        and not percents
        and line.context.area in ("adverse_reactions", "warnings", "")
    ):
        start, end, name = marks[0]
        cells = [
            m for m in re.finditer(r"(?<![\w.,(])(\d{1,2}(?:\.\d)?)(?![\w.,/])\s?%?", text[end:])
        ]
        for i, cell in enumerate(cells[:2]):
            about = name
            yield _claim(
                line,
                "adverse_reactions.common",
                ("drug_percent", "placebo_percent")[i],
                float(cell[1]),
                end + cell.start(),
                end + cell.end(),
                unit="%",
                about=about,
            )
            told.add(name)
    for i, q in enumerate(percents):
        if q.hi > 100 or (q.bound in ("most", "least") and q.lo in (1, 5, 10, 0.1)):
            continue
        before = [mark for mark in marks if mark[1] <= q.start]
        after = [mark for mark in marks if mark[0] >= q.end]
        leads = _leads(text, marks, percents)
        name, arm = "", "drug_percent"
        if before and not leads:
            start, end, name = before[-1]
            between = text[end : q.start]
            earlier = [p for p in percents[:i] if p.start >= end]
            if (
                earlier
                and (len(earlier) == 1)
                and not re.search(
                    r"[a-z]{4,} [a-z]{4,} [a-z]{4,}",
                    between.replace("placebo", "")
                    .replace("compared with", "")
                    .replace("patients", ""),
                )
            ):
                arm = "placebo_percent"
            elif earlier:
                continue
        elif after:
            name = after[0][2]
            if len(before) and leads:
                name = next((mark[2] for mark in marks if mark[0] >= q.end), after[0][2])
        elif before:
            name = before[-1][2]
        if not name:
            continue
        tail = text[q.end : q.end + 32]
        head = text[max(0, q.start - 26) : q.start]
        if re.match(
            r"\W*(?:of (?:those |patients |people )?)?(?:on |in |with |for |given |the )*(?:the )?(?:placebo|sham|control)",
            tail,
        ) or re.search(
            r"(?:placebo|sham|control)\w*(?: group| arm)?\W{0,3}(?:\(|:|of|=|was|had)?\s?$", head
        ):
            arm = "placebo_percent"
        elif re.match(
            r"\W*(?:on|in|with|of)? ?(?:the )?(?:active|drug|medicine|treated)",
            tail,
        ):
            arm = "drug_percent"
        if aside:
            continue
        told.add(name)
        yield _of(line, "adverse_reactions.common", arm, q, about=name)
    if line.context.band and not percents and line.context.area not in ("pharmacodynamics",):
        for start, end, name in marks:
            if name not in told and len(text) < 400:
                told.add(name)
                yield _claim(
                    line,
                    "adverse_reactions.common",
                    "band",
                    line.context.band,
                    start,
                    end,
                    unit="%",
                    about=name,
                )
    if line.context.area in ("adverse_reactions", "") or _has(line, "side", "adverse", "reaction"):
        for start, end, name in marks:
            if name not in told:
                told.add(name)
                yield _claim(
                    line, "adverse_reactions.common", "named", "named", start, end, about=name
                )


def _leads(text: str, marks: list[tuple[int, int, str]], percents: list[Quantity]) -> bool:
    """Tell whether percentages stand before what they count: "42 % had pain, 17 % fatigue"."""
    return (
        bool(percents)
        and percents[0].start < marks[0][0]
        and bool(
            re.match(
                r"\W*(?:of (?:\w+ ){0,3})?(?:had|have|report\w*|experienc\w*|developed|felt|suffer\w*|with|get|got|for)?\W*(?:\w+\W+){0,4}$",
                text[percents[0].end : marks[0][0]],
            )
        )
    )


def _band(text: str) -> tuple[float, float] | None:
    """Read a line that gives a frequency to the reactions below it."""
    bare = text.strip(" :.*-•#|()")
    if re.fullmatch(r"(?:>|≥|more than|over|at least)\s?10\s?%?(?: of patients)?", bare):
        return (10.0, 100.0)
    if re.fullmatch(r"(?:from )?1\s?%?\s?(?:-|to)\s?10\s?%(?: of patients)?", bare):
        return (1.0, 10.0)
    if re.fullmatch(r"(?:<|less than|under)\s?1\s?%?", bare):
        return (0.0, 1.0)
    if re.match(r"very common", bare):
        return (10.0, 100.0)
    if re.match(r"common\b(?=\s*(?:\(|:|$|-|;))", bare) and re.search(
        r"1\s?/\s?10|1 in 10|1 in 100|≥", bare
    ):
        return (1.0, 10.0)
    return None


# -- mechanism, class, maker, approval, benefit

_LOWERS = re.compile(
    r"\b(?:reduc\w+|lower\w*|decreas\w+|degrad\w+|suppress\w*|silenc\w*|cut(?:s|ting)?|less|knock\w*|breaks? down|destr\w+|block\w*|inhibit\w*|limit\w*|prevent\w*|fewer|senkt|reduz\w+|verringert|disminu\w+|reduce\w*)\b"
)
_RAISES = re.compile(
    r"\b(?:heighten\w*|elevat\w+|amplif\w+|ramp\w*|increas\w+|rais(?:e|es|ing)|boost\w*|restor\w+|enhanc\w+|more|promot\w+|replac\w+|stimulat\w*|augment\w*|higher|erhöht|aument\w+|inclusion|full-length|functional)\b"
)
_WRONG_CLASS = re.compile(
    r"gene[- ](?:replacement )?therap\w+|gene[- ]edit\w+|crispr|monoclonal antibod\w+|small[- ]molecule\w*|enzyme replacement|stem[- ]cell\w*|viral vector\w*|\bvaccine|corticosteroid|\bsirna\b|protease inhibitor|glutamate (?:blocker|antagonist)|immunosuppress\w+|kinase inhibitor|antioxidant|cell therapy|peptide\b"
)


def _mechanism(line: Line) -> Iterator[Claim]:
    text, lexicon = line.text, line.lexicon
    for word in lexicon.classes:
        if len(word) > 3 and word in text:
            at = text.index(word)
            yield _claim(line, "identity.class", "name", lexicon.classes[0], at, at + len(word))
            break
    if m := _WRONG_CLASS.search(text):
        if (
            not _denied(text, m.start(), m.end())
            and not _other(line)
            and not re.search(
                r"unlike|trial|future|other|also being|research|different from|differs|prime editing|previous|prior|after|received",
                text,
            )
        ):
            named = not lexicon.names.isdisjoint(line.words) or re.search(
                r"\b(?:it|this (?:drug|medicine)|the (?:drug|medicine)|class|type)\b",
                text + line.context.lead,
            )
            if named and re.search(
                r"\b(?:is|are|a|an|the|class|type|category|works as|called)\b",
                text[: m.start()] + line.context.lead,
            ):
                yield _claim(line, "identity.class", "name", m[0], m.start(), m.end())
    if m := re.search(
        r"(?:drug class|class(?:ification)?|pharmacologic class)\s?:?[^.;]{0,8}(?:agents? that|misc\b|miscellaneous|various|central nerv|other|uncategori)",
        f"{line.context.lead}: {text}",
    ):
        if (
            not any(word in text for word in lexicon.classes)
            and line.kind != "heading"
            and len(text) < 160
        ):
            yield _claim(line, "identity.class", "name", "vague", 0, len(text))
    gene = lexicon.gene
    stem = lexicon.protein if lexicon.protein else gene
    at = text.find(stem) if stem else -1
    if at < 0 and gene:
        at = text.find(gene)
    if at < 0 or _ANIMALS.search(text):
        return
    if re.search(
        r"mutations? (?:\w+ ){0,4}(?:cause|lead|result|produc|make)|people with|caused by", text
    ) and not re.search(
        r"\b(?:works?|acts?|designed|reduc\w+|lower\w*|binds?|target\w*|inhibit\w*)\b", text
    ):
        return
    drug = (
        not lexicon.names.isdisjoint(line.words)
        or re.search(
            r"\b(?:it|drug|medicine|medication|works?|treatment|therapy|acts?|binds?|aso|antisense|oligonucleotide|mechanism|action|once administered)\b",
            text,
        )
        or line.context.area in ("mechanism", "pharmacodynamics")
    )
    if drug:
        low = [m for m in _LOWERS.finditer(text)]
        high = [m for m in _RAISES.finditer(text)]
        if low and not high:
            yield _claim(line, "mechanism", "direction", "lowers", low[0].start(), low[0].end())
        elif high and not low:
            near = [m for m in high if abs(m.start() - at) < 60 and m[0] != "more"]
            if near and not _denied(text, near[0].start(), near[0].end()):
                yield _claim(
                    line, "mechanism", "direction", "raises", near[0].start(), near[0].end()
                )
        elif low and high:
            yield _claim(
                line, "mechanism", "direction", "lowers and raises", low[0].start(), low[0].end()
            )
        if m := re.search(
            r"(?:repair\w*|correct\w*|edit\w*|replac\w+|fix\w*|remov\w+) (?:\w+ ){0,4}gene\b", text
        ):
            if not _denied(text, m.start(), m.end()):
                yield _claim(line, "mechanism", "acts", "changes the gene", m.start(), m.end())
    if (
        gene
        and re.search(
            rf"(?:mutant|mutated|faulty|toxic|defective|abnormal|misfolded)[^.;]{{0,16}}(?:{re.escape(gene)}|protein|mrna|gene)",
            text,
        )
        and drug
    ):
        m = re.search(r"\b(?:mutant|mutated|faulty|toxic|defective|abnormal|misfolded)\b", text)
        if (
            m
            and re.search(
                r"reduc\w+|lower\w*|bind\w*|target\w*|decreas\w*|degrad\w*|amount|remov\w*|made\b|block\w*|silenc\w*",
                text,
            )
            and not re.search(r"wild-?type|normal|both|healthy", text)
        ):
            only = re.search(
                r"\b(?:only|solely|exclusively|selectively|specifically|leaves? the (?:normal|healthy)|spares?)\b",
                text,
            )
            yield _claim(
                line,
                "mechanism.target",
                "variant",
                "mutant only" if only else "mutant",
                m.start(),
                m.end(),
            )
    elif (
        gene
        and re.search(
            r"(?:spares?|leav\w+|without (?:touching|affecting)|does not affect)[^.;]{0,24}(?:normal|wild-?type|healthy)",
            text,
        )
        and drug
    ):
        m = re.search(r"normal|wild-?type|healthy", text)
        if m:
            yield _claim(line, "mechanism.target", "variant", "mutant only", m.start(), m.end())


_STATUS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "accelerated",
        re.compile(
            r"accelerated[- ]approv\w+|approv\w+ (?:\w+ ){0,4}accelerated|continued approval|confirmatory (?:trial|stud)\w*|beschleunigt\w*|aprobación acelerada|accelerated pathway"
        ),
    ),
    ("conditional", re.compile(r"conditional(?:ly)? (?:approv\w+|marketing|authori\w+)")),
    (
        "exceptional circumstances",
        re.compile(r"exceptional circumstances|außergewöhnlichen umständen"),
    ),
    (
        "full",
        re.compile(
            r"(?:full|traditional|regular|standard|unconditional|complete|definitive|permanent) (?:\(\w+\) )?(?:fda |regulatory |marketing )?(?:approv\w+|authori[sz]ation|licen[cs]e)|full[^.;]{0,14}(?:endorsement|licen[cs]e|authori[sz]ation|clearance)|fully (?:approved|licen[cs]ed|authori[sz]ed)|approv\w+ (?:is |was )?(?:full|traditional|unconditional)\b"
        ),
    ),
    (
        "not approved",
        re.compile(
            r"(?:has not been|is not|not yet|never) (?:yet )?(?:fda[- ])?approved|investigational (?:drug|medicine|product|agent|therapy)|still experimental|awaiting approval"
        ),
    ),
)


def _status(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line) or line.text.rstrip().endswith("?"):
        return
    for value, pattern in _STATUS:
        for m in pattern.finditer(text):
            if value in ("full", "conditional") and (
                _denied(text, m.start(), m.end())
                or re.search(
                    r"\b(?:if|could|may|might|not|toward\w*|convert\w*|before|until|seek\w*|pending|rather than|needed for|required for)\b",
                    text[max(0, m.start() - 50) : m.start()],
                )
            ):
                continue
            if value == "not approved" and (
                re.search(
                    r"children|pediatric|paediatric|other|under|outside|for any|use|presymptomatic|below",
                    text,
                )
                or (lexicon_absent(line))
            ):
                continue
            yield _claim(line, "identity.approval", "status", value, m.start(), m.end())
            break


def lexicon_absent(line: Line) -> bool:
    """Tell whether the line names the medicine nowhere."""
    return line.lexicon.names.isdisjoint(line.words)


_BENEFITS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in {
        "cure": r"\bcur(?:e|es|ed|ing|ative)\b|heilt\b|heilung",
        "reverse": r"\brevers(?:e|es|ed|al|ing)\b|\b(?:get|gets|gain|regain\w*|recover\w*|got|win)\b[^.;]{0,24}(?:strength|function|movement|lost|ability|muscle)\b|\bundo(?:es|ing)?\b",
        "halt": r"\bhalt(?:s|ed|ing)?\b|\bstop(?:s|ped|ping)?\b[^.;]{0,30}(?:progress\w*|disease|als\b|decline|degenerat\w*|worsen\w*|in its tracks|sma\b)|arrest(?:s|ed)? (?:the )?(?:disease|progress\w*|decline)|prevent(?:s|ed|ing)? (?:\w+ ){0,3}(?:progress\w*|paralysis|als|degenerat\w*|death)\b",
        "function": r"improv\w+ (?:\w+ ){0,3}?(?:muscle|motor|physical|daily|limb|breathing)?\s?(?:function\w*|strength|mobility|ability|movement)|(?:better|restor\w+) (?:\w+ )?(?:function|strength|mobility)|stronger muscles|walk again",
        "survival": r"(?:increas|extend|prolong|lengthen|improv|longer|add)\w*[^.;]{0,30}(?:lifespan|life span|life expectancy|survival|\blives?\b|life\b|years of life)|live longer|longer li(?:fe|ves)|(?:gain|benefit|advantage) in survival|survival (?:gain|benefit|advantage)|adds? (?:\w+ ){0,3}years|survive longer|doubles? survival",
        "slow": r"primary end ?point[^.;]{0,40}(?:was|has been|is) (?:met|reached)|met (?:its|the) primary end ?point|\bslow(?:s|ed|ing)?\b[^.;]{0,50}(?:progress\w*|decline\w*|disease|degenerat\w*|worsen\w*|loss|als\b|sma\b)|(?:delay\w*|reduc\w+|less)[^.;]{0,24}(?:progression|decline)\b|(?:progress\w*|decline\w*|disease)[^.;]{0,30}\b(?:slow\w*|delay\w*)\b",
    }.items()
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|can|possibl\w+|potential\w*|suggest\w*|hop\w+|likely|thought|believed|expected|aim\w*|help\w*|appear\w*|seem\w*|trend\w*|numerical\w*|would|reasonably|designed)\b"
)
_NOT_TOLD = re.compile(
    r"\b(?:i wish|would like|whether|if|hope\w*|aim\w*|goal|trial is|test(?:s|ed|ing)?|investigat\w*|not (?:shown|proven|proved|known|significan\w*|statistically|yet|reach|differ|been|establish\w*|demonstrat\w*|met)|did not|does not|doesn't|didn't|no (?:cure|evidence|proof|significant|difference)|failed|cannot|can't|unknown|nor\b|never|unclear|fell short|not a cure|neither|is not|has not|have not|isn't|confirm\w*|verif\w*|contingent|without)\b"
)


def _benefit(line: Line) -> Iterator[Claim]:
    text = line.text
    if _other(line):
        return
    if line.text.rstrip().endswith("?") or (line.kind == "heading" and lexicon_absent(line)):
        return
    animals = bool(_ANIMALS.search(text)) or "animal" in text
    hedged = bool(_HEDGE.search(text))
    said: set[str] = set()
    for name, pattern in _BENEFITS:
        m = pattern.search(text)
        if not m or (name == "slow" and said):
            continue
        before = text[max(0, m.start() - 60) : m.end()]
        if _NOT_TOLD.search(text) and (_NOT_TOLD.search(before) or name == "slow"):
            continue
        if (
            name == "halt"
            and re.search(
                r"stop\w* (?:treatment|taking|the (?:drug|medicine)|injection)|protein|production|mrna|myelitis|stopping",
                m[0] + text[m.end() : m.end() + 10],
            )
            and not re.search(r"progress|disease|als\b|degenerat", m[0])
        ):
            continue
        if name == "survival" and re.search(
            r"quality of life|daily life|life-threat|half-life|life-long|lifelong",
            text[m.start() : m.end() + 12],
        ):
            continue
        if name == "reverse" and re.search(
            r"revers\w+ (?:transcript|the order)|recover\w* (?:from|fully|in)|strength of",
            text[m.start() : m.end() + 14],
        ):
            continue
        if name in ("reverse", "function") and re.search(
            r"alsfrs|revised|rating scale|measure|assess|score", m[0]
        ):
            continue
        if name == "slow" and re.search(
            r"slow (?:vital|bolus|inject)|slowly (?:inject|over|push|giv)|slow-progress|slower (?:group|progress\w*)|slow(?:er)? progressors|reduc\w+ (?:in )?(?:sod1|nfl|plasma|neurofil|protein)|reduction",
            m[0],
        ):
            continue
        if re.search(r"natural(?:ly)?|untreated|without treatment|riluzole", text):
            continue
        said.add(name)
        yield _claim(
            line,
            "clinical_results.benefit",
            "shown",
            name,
            m.start(),
            m.end(),
            hedged=hedged,
            about="animals" if animals else "",
        )
    if re.search(
        r"(?:dos(?:e|age|ing))\b[^.;]{0,40}(?:frequency)?[^.;]{0,30}(?:depend\w*|vary|varies|adjust\w*|individuali[sz]\w*|tailor\w*|based on|according to)[^.;]{0,60}(?:condition|response|weight|age|severity|need\w*|patient|tolera\w+|mg/kg)",
        text,
    ):
        if not re.search(r"\bno\b|\bnot\b|regardless|same|without", text):
            m2 = re.search(
                r"depend\w*|vary|varies|adjust\w*|individuali[sz]\w*|tailor\w*|based on|according to",
                text,
            )
            if m2:
                yield _claim(line, "dosing.amount", "fixed", "by patient", m2.start(), m2.end())


_MAKER = re.compile(
    r"\b(?:manufactur\w*|made by|maker|distribut\w* by|marketed by|marketing authori[sz]ation holder|produced by|developed by|company|hersteller|fabricado|labeler)\b\s?:?\s?(?:is |by |for )?(?P<who>[a-z][a-z&. -]{2,30})"
)


def _maker(line: Line) -> Iterator[Claim]:
    text = line.text
    for firm in (
        "biogen",
        "ionis",
        "novartis",
        "roche",
        "pfizer",
        "amylyx",
        "genentech",
        "sanofi",
        "mitsubishi",
        "lilly",
        "ultragenyx",
        "novo",
    ):
        if (
            firm in line.words
            and re.search(
                r"manufactur|made by|maker|market\w*|produced|distribut|holder|sold by|company|hersteller|labeler|\binc\b|\bby\b|\bfrom\b|name",
                text + line.context.lead,
            )
            and not _other(line)
        ):
            at = text.index(firm)
            developed = re.search(
                r"develop|licen|partner|discover|together|collabor|former|originally|news", text
            )
            yield _claim(line, "maker", "name", firm, at, at + len(firm), hedged=bool(developed))
            return


# -- what the trials found, in numbers


def _results(line: Line) -> Iterator[Claim]:
    text = line.text
    marker = (
        "NfL"
        if re.search(r"\bnfl\b|neurofilament|neurofilam", text)
        else "SOD1"
        if "sod1" in text
        else ""
    )
    lead = line.context.lead
    if not marker and re.search(r"\bnfl\b|neurofilament", lead):
        marker = "NfL"
    for q in line.quantities:
        if q.unit != "%":
            continue
        if re.search(r"antibod\w*|anti-?drug|\bada\b|immunogen\w*", text):
            yield _of(line, "immunogenicity.ada", "value", q)
        elif (
            marker
            and q.hi <= 100
            and re.search(
                r"reduc\w*|lower\w*|fell|fall\w*|decreas\w*|declin\w*|drop\w*|rose|ris\w+|increas\w*|difference|chang\w*|less|versus|vs|ratio|down",
                text,
            )
            and not re.search(
                r"familial|of (?:all )?als|cases|inherited|prevalence|account|confidence", text
            )
        ):
            yield _of(line, "pharmacodynamics", "percent", q, about=marker)
        elif re.search(
            r"account\w*|familial|prevalen\w*|of (?:all )?(?:als|people with als|sma|cases)|cases",
            text,
        ):
            continue


_ADJUST = re.compile(
    r"(?:halv\w+|half (?:the|of the) dose|reduc\w+ (?:the )?dos\w+|lower (?:the )?dos\w+|dos\w+ (?:should|must|may|can|is|are|to) (?:be )?(?:halved|reduced|lowered|increased|doubled|adjusted)|"
    r"increase (?:the )?dos\w+|dos\w+ (?:reduction|adjustment)s? (?:of|by|to|is|are)|by half|half-dose|\d+ ?mg/kg|per kg|per kilogram|weight-based|dosed? by weight|body weight dos\w+)"
)


def _adjusted(line: Line) -> Iterator[Claim]:
    """Read a dose that is to be changed for a person: for kidneys, liver, age, weight."""
    text = line.text
    m = _ADJUST.search(text)
    if not m or _other(line) or _ANIMALS.search(text) or line.context.aside == "animals":
        return
    if re.search(r"\b(?:no|not|nor|never|without|unlikely|isn't|need(?:n't| not))\b", text):
        return
    yield _claim(line, "dosing.amount", "fixed", "changed", m.start(), m.end())


_TESTS = re.compile(
    r"\blabs?\b|urine tests?|tests? (?:of|before|for)|\bbloods\b|platelet (?:count|test)\w*|platelets|coagulation|prothrombin|\baptt\b|\bpt\b/|urine protein|protein in (?:the )?urine|urine test\w*|"
    r"blood and urine|blood tests?|laborator\w+|lab tests?|thrombozyten|eiwei. im urin|proteinuria|plaquetas"
)
_NO_TESTS = re.compile(
    r"(?:baseline only|at baseline only|no|not|none|enough|unnecessary|stop|skip|without|need not|never|only (?:once|if|when|before the first)|once\b|yearly|annual\w*|every year|(?:a|per) year|wenn es klinisch|if (?:clinically|your doctor)|when clinically|sees a reason)"
)


def _monitoring(line: Line) -> Iterator[Claim]:
    text = line.text
    m = _TESTS.search(text)
    if not m and line.text.startswith("no") and _TESTS.search(line.context.lead):
        if re.match(r"no\b[,. ]", text) and line.context.lead.rstrip().endswith("?"):
            yield _claim(line, "monitoring", "rule", "not required", 0, 2)
        return
    if not m or _other(line) or _ANIMALS.search(text):
        return
    asked = re.search(
        r"test\w*|check\w*|measur\w*|monitor\w*|baseline|before|prior|each|every|perform\w*|obtain\w*|bestimm\w*|needed|required|repeat\w*|see|done|taken",
        text,
    )
    if not asked and line.context.area != "monitoring" and line.kind != "item":
        return
    often = re.search(
        r"(?:before|prior to|at|with) (?:each|every)|each (?:dose|visit|injection)|every (?:dose|visit|injection)",
        text,
    )
    value = "asked for"
    if (
        _NO_TESTS.search(text)
        and not often
        and re.search(
            r"(?:no|not|none) (?:\w+ ){0,4}(?:test|need|requir|necess|check|want)|are enough|is enough|unnecessary|baseline only|only at baseline|no need to repeat|not (?:be )?repeated|need not|once\b|yearly|annual|(?:once|one time) (?:a|per) year|if clinically|klinisch angezeigt|when clinically|sees a reason|every year|only before",
            text,
        )
    ):
        value = "not required"
    yield _claim(line, "monitoring", "rule", value, m.start(), m.end())


def _counts(line: Line) -> Iterator[Claim]:
    """Read the size of a trial or a group: numbers that are told and not compared."""
    text = line.text
    if _ANIMALS.search(text):
        return
    for m in re.finditer(r"\bn ?= ?(?P<n>\d{1,4})\b", text):
        yield _claim(
            line,
            "clinical_results.design",
            "n",
            float(m["n"]),
            m.start("n"),
            m.end("n"),
            unit="patients",
        )
    for m in re.finditer(
        r"(?<![\w.])(?P<n>\d{1,4}) (?:of|out of) (?:the )?(?P<of>\d{2,4})\b(?! ?%)|(?<![\w./])(?P<k>\d{1,4})/(?P<m>\d{2,4})(?![\w/]|[.,]\d)",
        text,
    ):
        if re.search(r"\bpage\b|\brev\b|version", text) or float(m["of"] or m["m"]) >= 1900:
            continue
        if m["k"] and not re.search(r"patients|\(|%|antibod|had", text):
            continue
        for name in ("n", "of", "k", "m"):
            if m[name]:
                yield _claim(
                    line,
                    "clinical_results.design",
                    "n",
                    float(m[name]),
                    m.start(name),
                    m.end(name),
                    unit="patients",
                )
    serious = bool(line.lexicon.event_pattern.search(text))
    for q in line.quantities:
        percent = re.search(r"percent|%|per cent", text[q.start : q.end])
        if q.unit == "patients" and not serious and q.lo == q.hi and not percent:
            yield _of(line, "clinical_results.design", "n", q)
        elif q.unit == "weeks" and re.match(
            r"\s?-?\s?(?:study|trial|period|placebo|double|randomi[sz]ed|treatment)", text[q.end :]
        ):
            yield _of(line, "clinical_results.design", "week", q)
    for m in re.finditer(r"\b(?:at |by |to )?week (?P<n>\d{1,3})\b", text):
        yield _claim(
            line,
            "clinical_results.design",
            "week",
            float(m["n"]),
            m.start("n"),
            m.end("n"),
            unit="weeks",
        )
    if serious:
        for m in re.finditer(
            r"\b(?P<n>one|two|three|four|five|six|\d{1,3}) (?:\w+ )?(?:stopp\w+|discontinu\w+|recover\w+|resolv\w+|continu\w+|serious|cases?\b|went on)",
            text,
        ):
            yield _claim(
                line,
                "warnings.serious",
                "outcome",
                number(m["n"]),
                m.start(),
                m.end(),
                unit="patients",
            )
        for m in re.finditer(
            r"\b(?:in|by) (?P<n>one|two|three|four|five|six|seven|ten|\d{1,2})(?=[,.;]|$| (?:and|papill|asep|trial))",
            text,
        ):
            event = line.lexicon.events[
                min(
                    line.lexicon.event_pattern.finditer(text),
                    key=lambda e: abs(e.end() - m.start()),
                )[0]
            ]
            yield _claim(
                line,
                "warnings.serious",
                "patients",
                number(m["n"]),
                m.start("n"),
                m.end("n"),
                unit="patients",
                about=event,
            )


def _told_numbers(line: Line) -> Iterator[Claim]:
    """Read numbers that are told and that a label is seldom asked about."""
    text = line.text
    if _ANIMALS.search(text) or _other(line):
        return
    for q in line.quantities:
        if q.unit == "%" and re.search(r"protein[- ](?:bind|bound)|bound to|binding", text):
            yield _of(line, "pharmacokinetics.protein_binding", "value", q)
        elif q.unit in ("month", "years") and re.search(
            r"shelf[- ]life|haltbarkeit|expir\w+ \(", text + line.context.lead
        ):
            yield _of(line, "identity.shelf_life", "value", q)
        elif q.unit == "doses" and re.match(r"\s?(?:per|a|each|in a|every) year", text[q.end :]):
            yield _of(line, "dosing.maintenance", "doses_per_year", q)
        elif q.unit == "%" and re.search(
            r"\b(?:65|75) (?:years )?(?:and|or) (?:older|over|above)|elderly|geriatric", text
        ):
            yield _of(line, "populations.age_65", "value", q)
    for m in re.finditer(r"\b(?:about |by |until |after |around )day (?P<n>\d{2,3})\b", text):
        if re.search(r"nfl|neurofilament|sod1|plateau|level|fall|declin|lowest|reduc", text):
            at, end = m.start("n"), m.end("n")
            yield _claim(
                line, "pharmacodynamics.plateau", "value", float(m["n"]), at, end, unit="d"
            )


_SELF = re.compile(
    r"self-?(?:inject|administ)\w*|(?:do|give|have) (?:the |it |this |your )?(?:injection|shot|dose)?s? ?(?:by )?(?:yourself|on your own|at home)|inject (?:it |the \w+ )?(?:yourself|at home)|"
    r"(?:you|patients?|family|families|carers?|relatives?|a nurse at home) (?:can|may|will|learn to) (?:inject|give (?:it|the (?:injection|dose|shot)))|kitchen table"
)


def _who(line: Line) -> Iterator[Claim]:
    """Read who gives the injection, where it is not a professional."""
    text = line.text
    m = _SELF.search(text)
    if m and not _denied(text, m.start(), m.end()) and not _other(line):
        yield _claim(line, "administration.who", "by", "the patient", m.start(), m.end())


# Each reader, and the beginnings of the words without which it has nothing to read: "" stands for
# a number with a unit, "*" for no such word. They spare a long page most of the patterns.
READERS: tuple[tuple[Callable[[Line], Iterator[Claim]], str], ...] = (
    (_dose, ""),
    (_csf, "csf cere spin liqu lcr líqu lcs flui brai nerv drai"),
    (
        _route,
        "intr lumb spin punc punt ponc rach csf cere flui sub subc subk sott sous skin iv vein veins endo "
        "musc thig arm delt butt hip hips leg calf shou musl ober abdo bell stom oral mout tabl caps "
        "swal po pill vía epid peri extr brai vent omma inha nebu nasa tran topi patc lp need thec "
        "vert inte drip barr v c m back medu líqu",
    ),
    (_interval, "*"),
    (
        _count,
        "load init star indu dose dosi doze shot inje port time aufs lade carg cari char încă jab "
        "jabs trea admi x",
    ),
    (_missed, "*"),
    (_duration, " syri draw prep"),
    (
        _kinetics,
        "half halb semi vida emiv demi timp tmax t t1 peak cmax max maxi high medi zeni summ conc exon nucl "
        "exo cyp cyto p live hepa meta",
    ),
    (_temperature, ""),
    (
        _steps,
        "seda séda sedi anes anae slee asle imag ultr fluo x xray ct bild ecog shak agit schü gesc dilu "
        "verd undi unve mix mixe mixi reco adde filt heat micr hot warm wate hair radi wärm fuen mikr infl "
        "infe brok skin site free froz einf eing cong kühl tief room ambi raum temp allo let brin come "
        "reac stan equi erwä alca ragg cold stra disc thro disp verw dese dest save keep stor reus re "
        "reta rest rema left mult vial open reca shar ligh lich sunl luz luce lumi dark prot sin",
    ),
    (_who, "self do give have inje you pati fami care rela nurs kitc home"),
    (_store, "live kept keep stor sits sit stay left"),
    (_indication, "@indi gene spor anyo ever pre pres adul babi infa chil"),
    (
        _children,
        "chil paed pedi infa newb babi adol teen niño kind bamb enfa age aged ages neon kid kids year adul refe",
    ),
    (
        _contra,
        "contr cont cont gege none nil ning kein ness aucu not must shou do avoi cann proh off nich no",
    ),
    (_cautions, "blee anti bloo plat thro risk"),
    (_adjusted, "halv half redu lowe dose dosi incr kg kilo weig body"),
    (_monitoring, "plat coag prot aptt pt urin bloo labo lab labs test thro eiwe plaq no"),
    (_counts, "*"),
    (_told_numbers, " day"),
    (_pregnancy, "preg schw emba grav gros brea lact nurs cate"),
    (
        _warnings,
        "@seri seve side no need requ kidn plat clot nerv blee brui nose foam numb weak stif blur spin safe harm",
    ),
    (_action, "@"),
    (
        _unlisted,
        "ence stro live hepa hear myoc card canc lymp leuk prog blin deme panc stev agra anem anae hydr seiz "
        "suic hair tumo kidn rena bone pml psyc thyr",
    ),
    (_reactions, "@"),
    (
        _mechanism,
        "@gene cris mono smal enzy stem vira vacc cort sirn prot glut immu kina anti cell pept drug clas misc "
        "agen vari toxi muta faul spar norm wild heal",
    ),
    (
        _status,
        "appr cond exce full trad regu stan besc acel inve expe awai acce conf cont ordi perm auße fda",
    ),
    (
        _benefit,
        "cure cura curi heil reve rega get gets gain win undo reco got halt stop arre prev impr bett rest stro "
        "walk incr exte prol leng long add adds live surv doub slow dela redu less prog decl dise prim met dose "
        "dosi dosa dos dosed",
    ),
    (_maker, "*"),
    (_results, ""),
)
_STARTS = {
    reader: frozenset(w[:4] for w in words.replace("@", "").split()) for reader, words in READERS
}


def _starts(line: Line) -> frozenset[str]:
    """Return the first letters of a line's words, in the lengths that `READERS` name."""
    return frozenset(word[:n] for word in line.words for n in (1, 2, 3, 4))


def _concerns(
    reader: Callable[[Line], Iterator[Claim]], words: str, line: Line, starts: frozenset[str]
) -> bool:
    """Tell whether a line has a word that a reader needs."""
    if words == "*" or not line.text.isascii() and _WIDE.search(line.text):
        return True
    if line.quantities and (not words or words[0] == " "):
        return True
    if words.startswith("@") and not starts.isdisjoint(line.lexicon.starts):
        return True
    return not starts.isdisjoint(_STARTS[reader]) or (
        reader is _kinetics and ("half" in line.context.lead or "tmax" in line.context.lead)
    )


_WIDE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")  # no blanks between words


# A heading over what does not hold: nothing below it is claimed.
_LISTED_OUT = re.compile(
    r"\b(?:not (?:covered|approved|indicated|eligible)|exclu(?:ded|sions?)|myths?)\b"
)


def read_line(line: Line) -> Iterator[Claim]:
    """Read every claim of one sentence; a question claims nothing."""
    if line.text.rstrip().endswith("?"):
        yield from (c for c in _interval(line) if c.topic == "missed_dose.gap")
        return
    if _LISTED_OUT.search(line.context.lead):
        return
    starts = _starts(line)
    for reader, words in READERS:
        if _concerns(reader, words, line, starts):
            yield from reader(line)


def context_after(line: Line) -> Context:
    """Return what the page speaks of after a sentence."""
    context, text = line.context, line.text
    short = len(text) < 60
    phase = _phase_of(text) if short or line.kind == "heading" else context.phase
    if line.kind == "heading" and context.phase == "loading" and _THEN.search(text):
        phase = "maintenance"
    if line.kind == "row" and re.search(r"\|\s?(?:day|d|tag)\s?\d{1,2}\s?(?:\||$)", text):
        phase = "loading"
    if not phase and short and (line.kind != "heading" or context.area == "dosing"):
        phase = context.phase
    band = _band(text)
    if band is None and context.band is not None:
        over = (
            line.kind == "heading"
            or re.match(
                r"\W*(?:frequency not|not known|unknown|postmarketing|post-marketing|none\b|uncommon|rare)",
                text,
            )
            or len(text) > 200
        )
        band = None if over else context.band
    goes_on = context.missed and _ASAP.search(text)
    missed = _missed_here(line) if goes_on or _MISS.search(text) else ""
    aside = context.aside
    if short and _CHILD.search(text) and not re.search(r"\badult", text):
        aside = "children"
    elif aside == "children" and not re.search(r"adult", text):
        aside = ""
    if line.kind == "heading":
        aside = "animals" if _ANIMALS.search(text) else ""
    return replace(context, phase=phase, band=band, missed=missed, aside=aside)
