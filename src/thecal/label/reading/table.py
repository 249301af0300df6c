"""The readers: which words wake each, a sentence to its claims, and what it leaves behind.

A new reader is a function from a `Line` to claims, and a row of `READERS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from thecal.label.reading.cautions import read_adjusted, read_cautions, read_contra, read_monitoring
from thecal.label.reading.claim import Claim, Context
from thecal.label.reading.csf import read_csf
from thecal.label.reading.dosing import read_dose, read_route
from thecal.label.reading.effects import read_benefit, read_mechanism
from thecal.label.reading.grammar import ANIMALS, CHILD
from thecal.label.reading.handling import read_duration, read_temperature
from thecal.label.reading.harms import read_action, read_unlisted, read_warnings
from thecal.label.reading.intervals import read_count, read_interval
from thecal.label.reading.line import Line
from thecal.label.reading.missed import read_missed
from thecal.label.reading.people import read_children, read_indication, read_pregnancy
from thecal.label.reading.phases import ASAP, MISS, THEN, phase_of
from thecal.label.reading.product import read_brand, read_maker, read_status
from thecal.label.reading.reactions import read_band, read_reactions
from thecal.label.reading.results import read_counts, read_kinetics, read_results, read_told_numbers
from thecal.label.reading.steps import read_steps, read_store, read_who

# Japanese puts no blanks between words: every reader looks at such a line.
_WIDE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
# A heading over what does not hold: nothing below it is claimed.
_LISTED_OUT = re.compile(
    r"\b(?:not (?:covered|approved|indicated|eligible)|exclu(?:ded|sions?)|myths?)\b"
)


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader and what wakes it; this spares a long page most of the patterns.

    stems    beginnings of words, of at most four letters
    always   it looks at every line
    numbers  it looks at a line with a number that has a unit
    names    it looks at a line with a word of the medicine, its reactions or events
    leads    it looks at a line below a heading with one of these
    """

    read: Callable[[Line], Iterator[Claim]]
    stems: frozenset[str]
    always: bool
    numbers: bool
    names: bool
    leads: tuple[str, ...]

    def concerns(self, line: Line) -> bool:
        """Tell whether a line may hold something to read."""
        return (
            self.always
            or (self.numbers and bool(line.quantities))
            or not line.starts.isdisjoint(self.stems)
            or (self.names and not line.starts.isdisjoint(line.lexicon.starts))
            or any(lead in line.context.lead for lead in self.leads)
        )


def _reader(
    read: Callable[[Line], Iterator[Claim]],
    stems: str = "",
    *,
    always: bool = False,
    numbers: bool = False,
    names: bool = False,
    leads: tuple[str, ...] = (),
) -> Reader:
    words = frozenset(stem.removesuffix("-") for stem in stems.split())
    return Reader(read, words, always, numbers, names, leads)


# In the order in which claims of one sentence are told.
READERS = (
    _reader(read_dose, numbers=True),
    _reader(read_csf, "csf- cere- spin- liqu- lcr- líqu- lcs- flui- brai- nerv- drai-"),
    _reader(
        read_route,
        "intr- lumb- spin- punc- punt- ponc- rach- csf- cere- flui- sub- subc- subk- sott- "
        "sous- skin- iv- vein- endo- musc- thig- arm- delt- butt- hip- hips- leg- calf- shou- "
        "musl- ober- abdo- bell- stom- oral- mout- tabl- caps- swal- po- pill- vía- epid- "
        "peri- extr- brai- vent- omma- inha- nebu- nasa- tran- topi- patc- lp- need- thec- "
        "vert- inte- drip- barr- v- c- m- back- medu- líqu-",
    ),
    _reader(read_interval, always=True),
    _reader(
        read_count,
        "load- init- star- indu- dose- dosi- doze- shot- inje- port- time- aufs- lade- carg- "
        "cari- char- încă- jab- jabs- trea- admi- x-",
    ),
    _reader(read_missed, always=True),
    _reader(read_duration, "syri- draw- prep-", numbers=True),
    _reader(
        read_kinetics,
        "half- halb- semi- vida- emiv- demi- timp- tmax- t- t1- peak- cmax- max- maxi- high- "
        "medi- zeni- summ- conc- exon- nucl- exo- cyp- cyto- p- live- hepa- meta-",
        leads=("half", "tmax"),
    ),
    _reader(read_temperature, numbers=True),
    _reader(
        read_steps,
        "seda- séda- sedi- anes- anae- slee- asle- imag- ultr- fluo- x- xray- ct- bild- ecog- "
        "shak- agit- schü- gesc- dilu- verd- undi- unve- mix- mixe- mixi- reco- adde- filt- "
        "heat- micr- hot- warm- wate- hair- radi- wärm- fuen- mikr- infl- infe- brok- skin- "
        "site- free- froz- einf- eing- cong- kühl- tief- room- ambi- raum- temp- allo- let- "
        "brin- come- reac- stan- equi- erwä- alca- ragg- cold- stra- disc- thro- disp- verw- "
        "dese- dest- save- keep- stor- reus- re- reta- rest- rema- left- mult- vial- open- "
        "reca- shar- ligh- lich- sunl- luz- luce- lumi- dark- prot- sin-",
    ),
    _reader(read_who, "self- do- give- have- inje- you- pati- fami- care- rela- nurs- kitc- home-"),
    _reader(read_store, "live- kept- keep- stor- sits- sit- stay- left-"),
    _reader(
        read_indication,
        "indi- gene- spor- anyo- ever- pre- pres- adul- babi- infa- chil-",
        names=True,
    ),
    _reader(
        read_children,
        "chil- paed- pedi- infa- newb- babi- adol- teen- niño- kind- bamb- enfa- age- aged- "
        "ages- neon- kid- kids- year- adul- refe-",
    ),
    _reader(
        read_contra,
        "cont- gege- none- nil- ning- kein- ness- aucu- not- must- shou- do- avoi- cann- "
        "proh- off- nich- no-",
        leads=("contra", "gegenanz", "controind"),
    ),
    _reader(read_cautions, "blee- anti- bloo- plat- thro- risk-"),
    _reader(read_adjusted, "halv- half- redu- lowe- dose- dosi- incr- kg- kilo- weig- body-"),
    _reader(
        read_monitoring,
        "plat- coag- prot- aptt- pt- urin- bloo- labo- lab- labs- test- thro- eiwe- plaq- no-",
    ),
    _reader(read_counts, always=True),
    _reader(read_told_numbers, "day-", numbers=True),
    _reader(read_pregnancy, "preg- schw- emba- grav- gros- brea- lact- nurs- cate-"),
    _reader(
        read_warnings,
        "seri- seve- side- no- need- requ- kidn- plat- clot- nerv- blee- brui- nose- foam- "
        "numb- weak- stif- blur- spin- safe- harm-",
        names=True,
    ),
    _reader(read_action, names=True),
    _reader(
        read_unlisted,
        "ence- stro- live- hepa- hear- myoc- card- canc- lymp- leuk- prog- blin- deme- panc- "
        "stev- agra- anem- anae- hydr- seiz- suic- hair- tumo- kidn- rena- bone- pml- psyc- "
        "thyr-",
    ),
    _reader(read_reactions, names=True),
    _reader(
        read_mechanism,
        "gene- cris- mono- smal- enzy- stem- vira- vacc- cort- sirn- prot- glut- immu- kina- "
        "anti- cell- pept- drug- clas- misc- agen- vari- toxi- muta- faul- spar- norm- wild- "
        "heal-",
        names=True,
    ),
    _reader(
        read_status,
        "appr- cond- exce- full- trad- regu- stan- besc- acel- inve- expe- awai- acce- conf- "
        "cont- ordi- perm- auße- fda-",
    ),
    _reader(
        read_benefit,
        "cure- cura- curi- heil- reve- rega- get- gets- gain- win- undo- reco- got- halt- "
        "stop- arre- prev- impr- bett- rest- stro- walk- incr- exte- prol- leng- long- add- "
        "adds- live- surv- doub- slow- dela- redu- less- prog- decl- dise- prim- met- dose- "
        "dosi- dosa- dos-",
    ),
    _reader(read_maker, always=True),
    _reader(read_brand, "bran- trad-"),
    _reader(read_results, numbers=True),
)


def read_line(line: Line) -> Iterator[Claim]:
    """Read every claim of one sentence.

    A question claims nothing but the gap it asks about, which its answer needs.
    """
    if line.is_question:
        yield from (c for c in read_interval(line) if c.topic == "missed_dose.gap")
        return
    if _LISTED_OUT.search(line.context.lead):
        return
    every = not line.text.isascii() and _WIDE.search(line.text) is not None
    for reader in READERS:
        if every or reader.concerns(line):
            yield from reader.read(line)


_DAY_CELL_ALONE = re.compile(r"\|\s?(?:day|d|tag)\s?\d{1,2}\s?(?:\||$)")
_BAND_ENDS = re.compile(
    r"\W*(?:frequency not|not known|unknown|postmarketing|post-marketing|none\b|uncommon|rare)"
)
_OTHER_GROUP = re.compile(r"geriatric|elderly|older|renal|kidney|hepatic|liver")
_ADULT_WORD = re.compile(r"\badult")
_ADULT = re.compile(r"adult")


def context_after(line: Line) -> Context:
    """Return what the page speaks of after a sentence."""
    context, text = line.context, line.text
    short = len(text) < 60
    phase = phase_of(text) if short or line.kind == "heading" else context.phase
    if line.kind == "heading" and context.phase == "loading" and THEN.search(text):
        phase = "maintenance"
    if line.kind == "row" and _DAY_CELL_ALONE.search(text):
        phase = "loading"
    if not phase and short and (line.kind != "heading" or context.area == "dosing"):
        phase = context.phase
    band = read_band(text)
    if band is None and context.band is not None:
        over = line.kind == "heading" or _BAND_ENDS.match(text) or len(text) > 200
        band = None if over else context.band
    goes_on = context.missed and ASAP.search(text)
    missed = line.missed if goes_on or MISS.search(text) else ""
    aside = context.aside
    if short and _OTHER_GROUP.search(text):
        aside = ""
    elif short and CHILD.search(text) and not _ADULT_WORD.search(text):
        aside = "children"
    elif aside == "children" and not _ADULT.search(text):
        aside = ""
    if line.kind == "heading":
        aside = "animals" if ANIMALS.search(text) else ""
    return replace(context, phase=phase, band=band, missed=missed, aside=aside)
