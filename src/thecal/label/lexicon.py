"""The words of one medicine, from its labels: names, events, reactions, markers.

What differs from medicine to medicine comes from data; what every page about an intrathecal
medicine shares stands in `reading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from thecal.label.label import Label

# Other medicines and treatments of the same patients: a dose or a route beside one is its own.
OTHERS = (
    "riluzole rilutek edaravone radicava relyvrio risdiplam evrysdi onasemnogene zolgensma "
    "itvisma steroid corticosteroid glucocorticoid methylprednisolone prednisone prednisolone "
    "dexamethasone immunoglobulin ivig antibiotic paracetamol acetaminophen ibuprofen analgesic "
    "caffeine heparin enoxaparin warfarin apixaban rivaroxaban dabigatran clopidogrel aspirin "
    "midazolam propofol lorazepam ketamine lidocaine lignocaine acetazolamide contrast eteplirsen "
    "inotersen patisiran baclofen morphine methotrexate cytarabine qalsody spinraza"
).split()

# Other spellings and everyday words for events and reactions.
PLAIN: dict[str, tuple[str, ...]] = {
    "myelitis": (
        "inflammation of the spinal cord", "spinal cord inflammation", "mielitis", "mielite",
        "myélite", "mielită",
    ),
    "radiculitis": (
        "inflammation of the nerve roots", "swelling of the nerve roots",
        "irritation of the nerve roots", "nerve root inflammation", "inflamed nerve roots",
        "radiculite", "radikulitis",
    ),
    "papilledema": (
        "papilloedema", "swelling of the optic nerve", "optic nerve swelling",
        "optic nerve can swell", "swollen optic nerve", "papiledema", "papillenödem",
        "papilloedème",
    ),
    "raised intracranial pressure": (
        "elevated intracranial pressure", "increased intracranial pressure",
        "raised pressure in the head", "pressure inside the skull", "pressure inside the brain",
        "pressure inside the head", "pressure in the skull", "pressure in the head", "elevated icp",
        "raised icp", "increased icp", "intracranial hypertension", "hirndruck",
        "presión intracraneal elevada", "hipertensión intracraneal", "ipertensione endocranica",
    ),
    "aseptic meningitis": (
        "chemical meningitis", "meningitis", "meningite", "inflammation of the brain linings",
        "inflammation of the linings of the brain", "swelling of the lining of the brain",
    ),
    "pain": (
        "back pain", "pain in the back", "pain in extremity", "pain in the arms", "dolor", "dolore",
        "schmerzen", "schmerz", "douleur", "durere",
    ),
    "fatigue": (
        "tiredness", "feeling tired", "cansancio", "feeling very tired", "tired", "fatiga",
        "stanchezza", "müdigkeit", "ermüdung", "oboseală", "exhaustion",
    ),
    "arthralgia": (
        "joint pain", "dolor articular", "dolores articulares", "dolore articolare",
        "pain in the joints", "painful joints", "aching joints", "artralgia", "gelenkschmerzen",
        "arthralgie", "artralgie", "sore joints", "joint aches",
    ),
    "myalgia": (
        "muscle pain", "dolor muscular", "dolores musculares", "dolore muscolare",
        "pain in the muscles", "muscle aches", "aching muscles", "mialgia", "sore muscles",
        "muskelschmerzen", "myalgie", "mialgie", "muscle ache",
    ),
    "CSF white blood cell count increased": (
        "white blood cells", "white blood cell", "white cells", "csf wbc", "wbcs", "wbc",
        "pleocytosis", "leukocytes", "leucocytes", "leucocitos", "leukozyten", "glóbulos blancos",
    ),
    "CSF protein increased": (
        "csf protein", "protein in spinal fluid", "more protein", "protein in the csf",
        "protein in csf", "protein in the spinal fluid", "spinal fluid protein",
        "cerebrospinal fluid protein", "raised protein", "increased protein", "protein increased",
        "proteínas", "eiweiß", "protein in the cerebrospinal fluid", "protein raised",
    ),
    "musculoskeletal stiffness": ("stiffness", "stiff muscles", "rigidez", "steifigkeit"),
    "neuralgia": ("nerve pain", "dolor neurálgico", "nervenschmerzen", "névralgie", "nevralgie"),
    "pyrexia": ("fever", "fiebre", "febbre", "fieber", "fièvre", "febră"),
    "headache": ("headaches", "cefalea", "kopfschmerzen", "kopfschmerz", "dolor de cabeza"),
    "vomiting": ("vomit", "vómitos", "erbrechen"),
    "constipation": ("estreñimiento", "verstopfung"),
    "lower respiratory infection": (
        "lower respiratory tract infection", "lower respiratory infections", "chest infection",
        "chest infections",
    ),
    "thrombocytopenia": (
        "low platelets", "low platelet", "lower the platelets", "fewer platelets",
        "platelet count", "reduced platelets", "thrombocytopaenia", "trombocitopenia",
        "thrombozytopenie",
    ),
    "coagulation abnormality": (
        "coagulation abnormalities", "bleeding complications", "clotting problems",
        "bleeding problems", "coagulopathy",
    ),
    "renal toxicity": (
        "kidney damage", "kidney problems", "harm the kidneys", "nephrotoxicity",
        "glomerulonephritis", "kidney injury", "renal damage", "kidney toxicity",
    ),
    "hydrocephalus": ("communicating hydrocephalus",),
}  # fmt: skip

MARKERS: dict[str, tuple[str, ...]] = {
    "NfL": ("nfl", "neurofilament"),
    "SOD1": ("sod1",),
    "ALSFRS-R": ("alsfrs", "functional rating"),
    "SVC": ("vital capacity", "svc"),
}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words by which one medicine, its reactions and its markers are known.

    names      international name, brand and codes, in lower case
    classes    words of its class
    gene       what it acts on, such as "sod1"
    disease    the disease, in its names
    reactions  pattern that finds a reaction; the name each word stands for
    events     the same for serious events
    """

    medicine: str
    names: frozenset[str]
    brands: frozenset[str]
    classes: tuple[str, ...]
    gene: str
    protein: str
    disease: tuple[str, ...]
    reactions: Mapping[str, str]
    reaction_pattern: re.Pattern[str]
    events: Mapping[str, str]
    event_pattern: re.Pattern[str]
    others: frozenset[str]
    starts: frozenset[str]  # first letters of all of these words


def lexicon(labels: Iterable[Label], neighbours: Iterable[str] = ()) -> Lexicon:
    """Gather the words of a medicine from all of its labels.

    neighbours  names of the other medicines of the catalog
    """
    labels = list(labels)
    names: set[str] = set()
    brands: set[str] = set()
    classes: list[str] = []
    disease: list[str] = []
    gene, protein = "", ""
    reactions: dict[str, str] = {}
    events: dict[str, str] = {}
    for label in labels:
        names.add(label.medicine)
        for s in label.statements:
            name = s.values.get("name")
            synonyms = tuple(w.lower() for w in s.words("synonyms"))
            if s.topic in ("identity.inn", "identity.brand") and isinstance(name, str):
                (brands if s.topic == "identity.brand" else names).add(name.lower())
                names.add(name.lower())
            elif s.topic == "identity.class" and isinstance(name, str):
                classes += [name.lower(), *synonyms]
            elif s.topic == "mechanism" and isinstance(name, str):
                gene = name.lower()
                protein = next(iter(synonyms), gene)
            elif s.topic == "indication":
                disease += [w.lower() for w in s.words("disease")]
            reaction = s.values.get("reaction")
            if s.topic.startswith("adverse_reactions.") and isinstance(reaction, str):
                _add(reactions, reaction, s.words("reaction_events"))
            if s.topic.startswith("warnings."):
                words = s.words("events")
                if words:
                    for word in words:
                        _add(events, _spaced(word), ())
    return Lexicon(
        medicine=labels[0].medicine,
        names=frozenset(names),
        brands=frozenset(brands),
        classes=tuple(dict.fromkeys(classes)),
        gene=gene,
        protein=protein,
        disease=tuple(dict.fromkeys(disease)),
        reactions=reactions,
        reaction_pattern=_any(reactions),
        events=events,
        event_pattern=_any(events),
        others=frozenset([*OTHERS, *(n.lower() for n in neighbours)]) - names,
        starts=frozenset(
            w[:4]
            for phrase in [*reactions, *events, *classes, *disease, gene, protein, *names]
            for w in phrase.split()
        ),
    )


def _spaced(word: str) -> str:
    return word.replace("_", " ")


def _add(words: dict[str, str], name: str, more: Iterable[str]) -> None:
    """Add every known way to say `name`; what was there first stays."""
    spaced = [name, *map(_spaced, more)]
    for key, plain in PLAIN.items():
        if key == name or key in spaced or any(p in spaced for p in plain):
            spaced += [key, *plain]
    for word in spaced:
        words.setdefault(word.lower(), name)


def _any(words: Mapping[str, str]) -> re.Pattern[str]:
    known = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<![a-zà-ÿ])(?:{'|'.join(known) or '(?!)'})(?![a-zà-ÿ])")
