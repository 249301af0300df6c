"""For whom: disease, gene, ages, children, pregnancy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from thecal.label.quantity import number
from thecal.label.reading.claim import Claim
from thecal.label.reading.grammar import CHILD
from thecal.label.reading.line import Line

_FOR = re.compile(
    r"\b(?:indicat\w+|approved|licen[cs]ed|authori[sz]ed|treat(?:s|ment|ing|ed)?|"
    r"used (?:to|for|in)|use in|for (?:people|patients|adults|children)|prescribed|zugelassen|"
    r"angezeigt|behandlung|tratamiento|indicad\w+|indikation|trattamento|adult\w*|erwachsen\w*|"
    r"use:)\b"
)
_ADULTS = re.compile(r"\badults?\b|erwachsen\w+|adultos?|adulti|adultes?|成人|18 years")
_MUTATION = re.compile(
    r"mutat\w+|mutaci\w+|variants?|pathogenic|genetic(?:ally)?|faulty gene|"
    r"gene (?:has been )?(?:chang|alter)\w+|changed|alteration|defect\w*|"
    r"sod1[- ]?(?:als|related|associated|linked|positive)|familial|inherited|change in|error in|"
    r"fault\w*|carriers?|gene fault|chang\w* (?:of|in|to|on)\b"
)
_IN_A_TRIAL = re.compile(
    r"\b(?:trial|study|studies|studied|investigat\w*|atlas|research\w*|participants?|enrol\w*)\b"
)
_ANYONE = re.compile(
    r"(?:gene|genetic) test\w* (?:is|are) not (?:needed|necessary|required)|"
    r"sporadic (?:disease|als|cases?|patients?)[^.;]{0,20}(?:qualif|also|can be|may be|eligible)|"
    r"no (?:gene|genetic)(?:tic)? test\w*[^.;]{0,30}(?:need|requir|necess)|"
    r"(?:anyone|everyone|everybody) with (?:\w+ ){0,2}(?:weakness|als|sma|motor)"
)
_ONLY_YOUNG = re.compile(
    r"adults (?:cannot|can not|must not|should not|are not)|"
    r"(?:babies|infants|children) (?:\w+ ){0,4}only\b|"
    r"\bonly (?:for|in|to) (?:\w+ )?(?:babies|infants|children|newborns|toddlers)"
)
_PRESYMPTOMATIC = re.compile(
    r"pre-?symptomatic|before (?:any )?symptoms|without symptoms|carriers?\b(?! of a)|healthy"
)
_OFFERED = re.compile(r"covered|eligible|suitable")
_LAST_DIGITS = re.compile(r"\d+$")
_GENETIC = re.compile(r"\bgen(?:e|etic)\b|mutat")
_SHARE_OF_PEOPLE = re.compile(r"\d ?%|percent|of all (?:people|patients|als|cases)|most|some")
_ALL_OF_THEM = re.compile(
    r"(?:all|any|every|both)[^.;]{0,20}(?:patients?|people|adults?|persons?|forms?|types?|kinds?|"
    r"cases?|als\b)|everyone|anyone|everybody|regardless of|irrespective of|whatever the|"
    r"whether or not|sporadic (?:and|als|or)"
)
_NOT_ALL_OF_THEM = re.compile(
    r"(?:not|only|isn't|except)[^.;]{0,30}(?:all|any|every|sporadic|everyone)|"
    r"regardless of (?:age|sex|weight|age,)|sma type|all types of sma|all forms"
)
_CHILDREN_ONLY = re.compile(
    r"only (?:for|in|to) (?:\w+ )?(?:babies|infants|children|newborns|toddlers)|"
    r"(?:children|babies|infants)(?: under \w+ \w+)? only|not (?:for|in) adults|"
    r"adults (?:cannot|can not|must not|should not|are not)"
)
_NOT_CHILDREN = re.compile(
    r"not (?:\w+ ){0,4}(?:children|pediatric|paediatric)|no |except|only adults|adults only"
)


@lru_cache(maxsize=64)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z]){re.escape(word)}(?![a-z])")


@lru_cache(maxsize=64)
def _has_gene(gene: str) -> re.Pattern[str]:
    """Find that people "have SOD1", as everybody does, where a mutation of it is meant."""
    return re.compile(rf"(?:have|has|with|carry) (?:the )?{re.escape(gene)}\b")


@lru_cache(maxsize=64)
def _has_gene_or_form(gene: str) -> re.Pattern[str]:
    name = re.escape(gene)
    return re.compile(rf"(?:have|has|with|carry|having|express)\w* (?:the )?{name}\b|{name} gene")


def read_indication(line: Line) -> Iterator[Claim]:
    """Read whom the medicine is for: which disease, with which gene, at which age.

    Not read: who was in a trial, another medicine, animals.
    """
    text, gene = line.text, line.lexicon.gene
    if line.is_aside:
        return
    if gene and "indicated" in text and gene in text and not _MUTATION.search(text):
        if m := _has_gene(gene).search(text):
            yield line.claim("indication", "population", "gene without mutation", m)
            return
    if m := _ANYONE.search(text):
        yield line.claim("indication", "population", "anyone", m)
        return
    for_whom = bool(_FOR.search(text)) or line.context.area == "indication"
    young = _ONLY_YOUNG.search(text)
    if young and (for_whom or "treated" in text):
        yield line.claim("indication", "ages", "children", young)
    trial = _IN_A_TRIAL.search(text)
    early = _PRESYMPTOMATIC.search(text)
    if gene and gene in text and early and not trial and (for_whom or _OFFERED.search(text)):
        if not line.denies(early):
            yield line.claim("indication", "population", "presymptomatic", early)
            return
    named = (m for disease in line.lexicon.disease if (m := _word(disease).search(text)))
    if for_whom and not trial and (ill := next(named, None)):
        yield line.claim("indication", "population", _population(text, gene), ill)
        yield from _ages(line, ill)


def _population(text: str, gene: str) -> str:
    """Say which people with the disease a sentence names."""
    counted = _SHARE_OF_PEOPLE.search(text)  # "most people with ALS" are not who it is for
    if not counted and _ALL_OF_THEM.search(text) and not _NOT_ALL_OF_THEM.search(text):
        return "all"
    if not gene or not (_LAST_DIGITS.sub("", gene) in text or _GENETIC.search(text)):
        return "disease"
    plain = gene in text and not _MUTATION.search(text)
    return "gene without mutation" if plain and _has_gene_or_form(gene).search(text) else "gene"


_FOR_CHILDREN = re.compile(
    r"\b(?:for|treats?) (?:\w+ )?(?:children|infants|babies|p(?:a)?ediatric)"
)


def _ages(line: Line, ill: re.Match[str]) -> Iterator[Claim]:
    """Read the ages of those it is for."""
    text = line.text
    if only := _CHILDREN_ONLY.search(text):
        yield line.claim("indication", "ages", "children", only)
    elif _ADULTS.search(text):
        both = CHILD.search(text) and not _NOT_CHILDREN.search(text)
        yield line.claim("indication", "ages", "adults and children" if both else "adults", ill)
    elif young := _FOR_CHILDREN.search(line.text):
        yield line.claim("indication", "ages", "children too", young)


_AGE_WORDS = "two|three|four|five|six|seven|eight|ten|twelve|sixteen"
_NOT_ESTABLISHED = re.compile(
    r"not (?:been |yet )?(?:establish\w*|studied|known|approved|seen|recommended|indicated|"
    r"authori[sz]ed|for use|tested|evaluated|proven|meant|intended|determined)|"
    r"no (?:data|information|studies|experience)|unknown|has not|have not|hasn't|nicht|no se ha|"
    r"non (?:è|sono)|n'(?:a|ont)|isn't|only (?:for |in )?adults|should not|must not|do not"
)
_CHILDREN_ASIDE = re.compile(
    r"reach|school|keep out|out of (?:the )?(?:reach|sight)|bearing|have children|trial|study|"
    r"studies|their children|your children|pass\w* (?:it )?(?:on )?to|inherit|data from|hospital|"
    r"clinical trials"
)
_ESTABLISHED = re.compile(
    r"approved|indicated|licen[cs]ed|suitable|recommended|eligible|zugelassen|establish\w*|"
    r"\bis safe|safe (?:for|in)\b|can (?:also )?(?:be|start|have|use|receive|take|get)|"
    r"may (?:also )?(?:be|start|use|receive|have|take)|are (?:also )?(?:treated|given)|same dose|"
    r"half the (?:\w+ )?dose|treats? (?:\w+ ){0,3}child|"
    r"used (?:in|for) (?:\w+ ){0,3}(?:child|p(?:a)?ediatric)|"
    r"(?:adults|adult patients) (?:and|or|as well as) (?:also )?(?:child|p(?:a)?ediatric|adolesc|"
    r"kids)|(?:child\w*|p(?:a)?ediatric|kids) (?:patients )?(?:and|or|"
    r"as well as) (?:\w+ )?(?:adult|grown)|start\w* (?:as early )?(?:at|as) "
)
_AS_IN_ADULTS = re.compile(
    r"refer to (?:the )?adult|(?:see|same as|as (?:for|in)|use the) adult|"
    r"adult dos(?:e|ing|age) (?:is|applies|should)"
)
_AGE_TOLD = re.compile(
    r"\baged? \w+|years? (?:of age|old|and (?:older|over|above))|months? of age|"
    r"(?:under|over|above|below) \w+ years"
)
_AGE_WORD = re.compile(r"age|old|years")
_AGE_LIMIT = re.compile(r"from|at least|over|older|above|under|below|younger|up")


_AGED = re.compile(
    rf"\bage[ds]?(?: of)? (?P<n>\d{{1,2}}|{_AGE_WORDS})\b(?! (?:years|months|weeks))"
)


# Some children only, or children in another matter: "babies who are born weak".
_SOME_CHILDREN = re.compile(
    r"\b(?:babies|infants|children|newborns) (?:who|whose|of carriers|born with)\b"
)


def read_children(line: Line) -> Iterator[Claim]:
    """Read whether children are treated, and every age that is told.

    Not read: keeping it out of the reach of children, having children, trials in children.
    """
    text = line.text
    if line.is_aside:
        return
    m = CHILD.search(text)
    if m:
        if _SOME_CHILDREN.search(text):
            return
        if _NOT_ESTABLISHED.search(text):
            yield line.claim("populations.children", "standing", "not established", m)
        elif _CHILDREN_ASIDE.search(text):
            return
        elif _ESTABLISHED.search(text):
            yield line.claim("populations.children", "standing", "established", m)
    elif _AS_IN_ADULTS.search(text) and _is_under_children(line):
        yield line.claim("populations.children", "standing", "established", (0, len(text)))
    topic = "populations.children" if m else "populations.age"
    for a in _AGED.finditer(text):
        yield line.claim(topic, "years", number(a["n"]), a.span("n"), unit="years")
    if _AGE_TOLD.search(text) and _AGE_WORD.search(text) and (m or _AGE_LIMIT.search(text)):
        for q in line.quantities:
            if q.unit in ("years", "month"):
                yield line.measure(topic, "years", q)


def _is_under_children(line: Line) -> bool:
    """Tell whether a line stands below a heading about children."""
    headed = any(word in line.context.lead for word in ("child", "pediatric", "paediatric"))
    return headed or "children" in (line.context.missed, line.context.aside)


_PREGNANT = re.compile(
    r"pregnan\w*|schwanger\w*|embaraz\w*|gravidanz\w*|grossesse|breast-?feed\w*|breast milk|"
    r"lactat\w*|nursing"
)
_CATEGORY = re.compile(r"(?:pregnancy )?category:?\s+(?P<c>[abcdxn])\b")
_PREGNANT_FORBIDDEN = re.compile(
    r"contra-?indicated|(?:must|should) not (?:be )?(?:used|given|taken|receive|use|breast|take)|"
    r"prohibited|forbidden|do not use|never"
)
_NOT_FORBIDDEN = re.compile(r"not contra|unless|without")
_PREGNANT_AVOID = re.compile(
    r"(?:should|must) be avoided|avoid\w*|not recommended|prevent(?:ion)? of pregnancy|"
    r"stop breast-?feeding|contracepti\w+|unless"
)
_NO_NEED_TO_AVOID = re.compile(r"not (?:necessary|required|need)")
_PREGNANT_SAFE = re.compile(
    r"\b(?:is|are|be|considered|proven|shown to be|was|perfectly|generally|"
    r"it's) (?:\w+ ){0,2}?safe\b|can (?:safely )?be (?:used|given|taken)|safely|no risks?\b|"
    r"no harm to (?:the )?(?:baby|fetus)|harmless|may be used freely|safe (?:in|during|for)"
)
_NOT_SAFE = re.compile(
    r"\bnot (?:\w+ )?(?:safe|known|been)|unknown|whether|if it is safe|isn't|no data|animal|"
    r"not known"
)
_PREGNANT_NO_DATA = re.compile(
    r"no (?:adequate )?(?:human )?(?:data|studies|information|evidence)|"
    r"not (?:been )?(?:studied|known|established)|unknown|no (?:se )?(?:hay|dispone)|keine"
)


def read_pregnancy(line: Line) -> Iterator[Claim]:
    """Read what a page says of pregnancy and breast-feeding, and a pregnancy category."""
    text, lead = line.text, line.context.lead
    if m := _CATEGORY.search(text):
        told = "pregnan" in text or "pregnan" in lead or line.context.area == "populations"
        if told or m["c"] == "n":  # "category N" (none assigned) is of pregnancy alone
            yield line.claim("populations.pregnancy", "category", m["c"].upper(), m)
    m = _PREGNANT.search(text)
    if m and not line.in_animals and (standing := _standing(text)):
        yield line.claim("populations.pregnancy", "standing", standing, m)


def _standing(text: str) -> str:
    """Say what a sentence about pregnancy says of the medicine; "" for nothing."""
    if _PREGNANT_FORBIDDEN.search(text) and not _NOT_FORBIDDEN.search(text):
        return "forbidden"
    if _PREGNANT_AVOID.search(text) and not _NO_NEED_TO_AVOID.search(text):
        return "avoid"
    if _PREGNANT_SAFE.search(text) and not _NOT_SAFE.search(text):
        return "safe"
    return "no data" if _PREGNANT_NO_DATA.search(text) else ""
