"""Find and read the labels in ``drugs/``, or in a folder of the user's own.

A medicine is a folder, a label a file in it: a new medicine is new files, no code. The label in
force of a jurisdiction is ``label.<jurisdiction>.yaml``; another version of it, superseded or read
in part, is ``label.<jurisdiction>.<edition>.yaml``. Every fault of a file is reported at once, with
line and topic.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import CatalogError, DataFileError, Fault, nearest
from thecal.label.label import Label, Silence, Statement, Value, area, missing_areas
from thecal.label.topics import (
    AREAS,
    NUMBER,
    ONE_OF,
    ORDERED,
    REQUIRED_VALUES,
    TEXT,
    VALUES,
    WORDS,
)
from thecal.source import Source

JURISDICTIONS = ("us", "eu", "jp")
STATUSES = ("current", "superseded", "in part")
TOPIC = re.compile(r"[a-z_]+(\.[a-z0-9_]+)?")
EDITION = re.compile(r"[a-z0-9][a-z0-9_-]*")
LABEL_FILE = re.compile(r"label\.([a-z]+)(?:\.([a-z0-9][a-z0-9_-]*))?\.yaml")
ROUNDING = 0.02  # of a printed strength: 100 mg in 15 mL is printed as 6.7 mg/mL


def medicines(folder: Path = DRUGS) -> list[str]:
    """Name the medicines of a folder that have at least one label."""
    return sorted({path.parent.name for path in folder.glob("*/label.*.yaml")})


def jurisdictions(medicine: str, folder: Path = DRUGS) -> list[str]:
    """Name the jurisdictions whose label of `medicine` is in the folder."""
    return sorted({path.name.split(".")[1] for path in folder.glob(f"{medicine}/label.*.yaml")})


def editions(medicine: str, jurisdiction: str, folder: Path = DRUGS) -> list[str]:
    """Name the versions of a label that can be asked for, the one in force first.

    Raises CatalogError where there is no such label, DataFileError where the file in force
    breaks its schema: its name stands in it.
    """
    return _editions(_default(medicine, jurisdiction, folder))


def load_label(
    medicine: str, jurisdiction: str, folder: Path = DRUGS, edition: str | None = None
) -> Label:
    """Read the label of a medicine in a jurisdiction: the one in force, or another `edition`.

    Raises CatalogError where there is none, DataFileError where the file breaks its schema.
    """
    path = _default(medicine, jurisdiction, folder)
    if edition is None:
        return _read_placed(path)
    held = _editions(path)
    if edition not in held:
        there = f"there is {', '.join(held)}" if held else "its versions have no edition"
        raise CatalogError(
            f"no version '{edition}' of the {jurisdiction.lower()} label of {medicine}; {there}."
            + nearest(edition, held)
        )
    other = path.with_name(f"label.{jurisdiction.lower()}.{edition}.yaml")
    return _read_placed(other if other.is_file() else path)


def load_all(medicine: str, folder: Path = DRUGS) -> list[Label]:
    """Read every label of a medicine: each jurisdiction's, the version in force first."""
    _known_medicine(medicine, folder)
    labels = []
    for jurisdiction in jurisdictions(medicine, folder):
        path = _default(medicine, jurisdiction, folder)
        labels += [_read_placed(path), *map(_read_placed, _others(path))]
    return labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A label file that was checked.

    name    the file's name, with its folder where several folders were checked
    label   what it holds; None where it has faults, or is no file but a gap in a folder
    faults  all of them, in the order of their lines
    """

    name: str
    label: Label | None
    faults: tuple[Fault, ...]


def check(path: Path) -> list[Checked]:
    """Check a label file, the labels of a medicine's folder, or a folder of such folders.

    A fault is returned, not raised. Raises CatalogError where there is nothing to check, OSError
    where a folder cannot be read.
    """
    if not path.is_dir():
        return [_checked(path)]
    if _like_labels(path):
        return _check_folder(path)
    folders = [child for child in sorted(path.iterdir()) if child.is_dir() and _like_labels(child)]
    if not folders:
        raise CatalogError(
            "no label in this folder or in the folders in it; a label is a file "
            "label.<jurisdiction>.yaml"
        )
    return [
        replace(found, name=f"{folder.name}/{found.name}" if found.name else folder.name)
        for folder in folders
        for found in _check_folder(folder)
    ]


def _like_labels(folder: Path) -> list[Path]:
    """Return the files of a folder that are labels, or were meant to be."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.lower().startswith("label.") and path.suffix.lower() in (".yaml", ".yml")
    )


def _check_folder(folder: Path) -> list[Checked]:
    found = [_checked(path, folder.name) for path in _like_labels(folder)]
    names = [LABEL_FILE.fullmatch(checked.name) for checked in found]
    held = {name[1] for name in names if name}
    defaults = {name[1] for name in names if name and not name[2]}
    gaps = tuple(
        Fault(
            0,
            f"label.{jurisdiction}.yaml is missing: of the versions of a label one is in force, "
            "and its file has no edition in its name",
        )
        for jurisdiction in sorted(held & set(JURISDICTIONS) - defaults)
    )
    return [*found, Checked(name="", label=None, faults=gaps)] if gaps else found


def _checked(path: Path, medicine: str | None = None) -> Checked:
    faults: list[Fault] = []
    label = None
    try:
        label = read_label(path)
    except DataFileError as error:
        faults += error.faults
    except OSError as error:
        return Checked(name=path.name, label=None, faults=(Fault(0, error.strerror or str(error)),))
    if medicine is not None or path.name.startswith("label."):  # else a draft under its own name
        faults += _misplaced(path, medicine, label)
    return Checked(name=path.name, label=None if faults else label, faults=tuple(sorted(faults)))


def _misplaced(path: Path, medicine: str | None, label: Label | None) -> list[Fault]:
    """Return what a label's file name, its folder and its words say differently."""
    name = LABEL_FILE.fullmatch(path.name)
    if name is None:
        return [
            Fault(
                0,
                "expected a name such as label.us.yaml, or label.us.2020.yaml for the version "
                "'2020'; under another name it is not found",
            )
        ]
    if label is None:
        return []
    jurisdiction, edition = name[1], name[2]
    faults = []
    expected = (medicine or label.medicine, jurisdiction)
    if (label.medicine, label.jurisdiction) != expected:
        faults.append(
            f"the file says {label.medicine}, {label.jurisdiction}; it stands where "
            f"{', '.join(expected)} is expected; correct either"
        )
    if edition and label.edition != edition:
        says = f"'edition: {label.edition}'" if label.edition else "no edition"
        faults.append(f"the name says the version '{edition}', the file says {says}")
    if not edition and label.status == "superseded":
        faults.append(
            "a superseded version cannot be the label in force; name its file "
            f"label.{jurisdiction}.<edition>.yaml"
        )
    if not edition and label.edition:
        twin = path.with_name(f"label.{jurisdiction}.{label.edition}.yaml")
        if twin.is_file():
            faults.append(f"{twin.name} is the version '{label.edition}', too; give it another")
    return [Fault(0, fault) for fault in faults]


def _known_medicine(medicine: str, folder: Path) -> None:
    known = medicines(folder)
    if medicine not in known:
        raise CatalogError(
            f"no label of '{medicine}'; there is {', '.join(known) or 'none at all'}."
            + nearest(medicine, known)
        )


def _default(medicine: str, jurisdiction: str, folder: Path) -> Path:
    """Return the file of the label in force."""
    _known_medicine(medicine, folder)
    jurisdiction, held = jurisdiction.lower(), jurisdictions(medicine, folder)
    if jurisdiction not in held:
        raise CatalogError(
            f"no {medicine} label for '{jurisdiction}'; there is {', '.join(held)}."
            + nearest(jurisdiction, held)
        )
    path = folder / medicine / f"label.{jurisdiction}.yaml"
    if not path.is_file():
        raise CatalogError(
            f"{path.name} is missing in the folder of {medicine}: there are other versions of "
            "that label, and none that is in force"
        )
    return path


def _others(default: Path) -> list[Path]:
    """Return the files of the versions that are not in force, latest name first."""
    jurisdiction = default.name.split(".")[1]
    found = default.parent.glob(f"label.{jurisdiction}.*.yaml")
    return sorted((path for path in found if LABEL_FILE.fullmatch(path.name)), reverse=True)


def _editions(default: Path) -> list[str]:
    names = [_read_placed(default).edition, *(p.name.split(".")[2] for p in _others(default))]
    return [name for name in names if name]


def _read_placed(path: Path) -> Label:
    """Read a label that stands in a medicine's folder, and must be the one its name says."""
    label = read_label(path)
    faults = _misplaced(path, path.parent.name, label)
    if faults:
        raise DataFileError(faults, what=path.name)
    return label


def read_label(path: Path) -> Label:
    """Read one label file. Raises DataFileError with every fault and its line."""
    file = DataFile(path)
    root = file.read()
    top = root.fields(
        ["medicine", "jurisdiction", "document", "version", "statements"],
        ["edition", "status", "effective", "sources", "silent", "not_read"],
    )
    file.finish()  # without these keys nothing else can be read
    itself = Source(
        document=top["document"].text(),
        section="",
        version=top["version"].text(),
        jurisdiction=top["jurisdiction"].choice(JURISDICTIONS),
    )
    documents = {"": itself}
    for key, entry in (top["sources"].mapping() if "sources" in top else {}).items():
        fields = entry.fields(["title"], ["version"])
        documents[key] = Source(
            document=_text(fields, "title"),
            section="",
            version=_text(fields, "version"),
            jurisdiction=itself.jurisdiction,
        )
    label = Label(
        medicine=top["medicine"].text(),
        jurisdiction=itself.jurisdiction,
        document=itself.document,
        version=itself.version,
        edition=_edition(top["edition"]) if "edition" in top else "",
        status=top["status"].choice(STATUSES) if "status" in top else STATUSES[0],
        effective=top["effective"].date() if "effective" in top else None,
        statements=tuple(_statement(entry, documents) for entry in top["statements"].items()),
        silences=_gaps(top.get("silent"), itself),
        not_read=_gaps(top.get("not_read"), itself),
    )
    for name in missing_areas(label.statements, label.silences, label.not_read):
        root.fault(
            f"nothing on '{name}' ({AREAS[name]}): state it, list it under 'silent', or say "
            "under 'not_read' that its text was not read"
        )
    _check_tiers(top["statements"], label)
    file.finish()
    return label


def _edition(entry: Entry) -> str:
    name = entry.text()
    if name and not EDITION.fullmatch(name):
        entry.fault(f"'{name}' is not an edition; write it as in a file name, such as 2023")
    return name


def _check_tiers(entry: Entry, label: Label) -> None:
    """Find the gaps after a last dose that two tiers both answer, or that none does."""
    spans = sorted(
        (s.number("from_months"), s.number("to_months") if "to_months" in s.values else math.inf)
        for s in label.about("missed_dose.gap")
        if "from_months" in s.values
    )
    for (_, high), (low, _) in pairwise(spans):
        if high != low:
            entry.fault(
                f"missed_dose.gap: one tier ends at {high:g} months and the next begins at {low:g}"
            )


def _statement(entry: Entry, documents: dict[str, Source]) -> Statement:
    fields = entry.fields(["topic", "section", "says"], ["values", "source", "plain"])
    topic = _topic(fields)
    entry = entry.at(topic or entry.place)
    values: dict[str, Value] = {}
    for name, value in (fields["values"].mapping() if "values" in fields else {}).items():
        value = value.at(f"{topic}: {name}")
        if name not in VALUES:
            value.fault(f"unknown value.{nearest(name, VALUES)}")
        elif VALUES[name] == NUMBER:
            values[name] = value.number()
        elif VALUES[name] == TEXT:
            values[name] = _word(value, name)
        else:
            values[name] = tuple(_word(item, name) for item in value.items())
    for name in REQUIRED_VALUES.get(topic, ()):
        if name not in values:
            entry.fault(f"a statement on this topic needs the value '{name}' ({VALUES[name]})")
    one_of = ONE_OF.get(topic, ())
    if one_of and sum(name in values for name in one_of) != 1:
        given = ", ".join(f"'{name}'" for name in one_of if name in values) or "none"
        entry.fault(
            f"a statement on this topic needs exactly one of the values "
            f"{', '.join(one_of)}; found {given}"
        )
    _check_numbers(entry, values)
    document = documents.get(fields["source"].choice(documents) if "source" in fields else "")
    return Statement(
        topic=topic,
        says=_text(fields, "says"),
        values=values,
        source=replace(document or documents[""], section=_text(fields, "section")),
        plain=_text(fields, "plain"),
    )


def _check_numbers(entry: Entry, values: dict[str, Value]) -> None:
    """Find numbers of one statement that cannot all be true."""

    def number(name: str) -> float | None:
        value = values.get(name)
        return value if isinstance(value, float) else None

    for low, high in ORDERED:
        least, most = number(low), number(high)
        if least is not None and most is not None and least > most:
            entry.fault(f"{low} is {least:g} and {high} is {most:g}; the first is the lower one")
    amount, volume = number("amount_mg"), number("volume_mL")
    strength = number("strength_mg_per_mL")
    if amount and volume and strength and abs(strength * volume / amount - 1) > ROUNDING:
        entry.fault(
            f"{volume:g} mL of {strength:g} mg/mL is {strength * volume:g} mg, not {amount:g} mg"
        )
    days, doses, interval = values.get("days"), number("doses"), number("interval_d")
    if not isinstance(days, tuple):
        return
    if not all(day.isdecimal() for day in days):
        entry.fault(f"days are whole numbers counted from the first dose; found {', '.join(days)}")
        return
    counted = [int(day) for day in days]
    if counted != sorted(set(counted)):
        entry.fault(f"days rise from dose to dose; found {', '.join(days)}")
    if doses is not None and len(days) != doses:
        entry.fault(f"{doses:g} doses on {len(days)} days")
    if interval is not None and len(days) > 1 and counted[1] - counted[0] != interval:
        entry.fault(
            f"the first interval is {interval:g} days, and the days say {counted[1] - counted[0]}"
        )


def _word(entry: Entry, name: str) -> str:
    return entry.choice(WORDS[name]) if name in WORDS else entry.text()


def _gaps(entry: Entry | None, itself: Source) -> tuple[Silence, ...]:
    if entry is None:
        return ()
    gaps = [item.fields(["topic", "says"], ["section", "plain"]) for item in entry.items()]
    return tuple(
        Silence(
            topic=_topic(gap),
            says=_text(gap, "says"),
            source=replace(itself, section=_text(gap, "section")),
            plain=_text(gap, "plain"),
        )
        for gap in gaps
    )


def _topic(fields: dict[str, Entry]) -> str:
    topic = _text(fields, "topic")
    if topic and not TOPIC.fullmatch(topic):
        fields["topic"].fault(f"'{topic}' is not a topic; write area or area.detail in lower case")
    elif topic and area(topic) not in AREAS:
        known = ", ".join(AREAS)
        fields["topic"].fault(
            f"'{area(topic)}' is not an area; known are {known}.{nearest(area(topic), AREAS)}"
        )
    return topic


def _text(fields: dict[str, Entry], name: str) -> str:
    return fields[name].text() if name in fields else ""
