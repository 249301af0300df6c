"""Find and read the labels in ``drugs/``, or in a folder of the user's own.

A medicine is a folder, a label a file ``label.<jurisdiction>.yaml`` in it: a new medicine is
new files, no code. Every fault of a file is reported at once, with line and topic.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from thecal.datafile import DRUGS, DataFile, Entry
from thecal.errors import CatalogError, DataFileError, Fault, nearest
from thecal.label.label import Label, Silence, Statement, Value, area, missing_areas
from thecal.label.topics import AREAS, NUMBER, REQUIRED_VALUES, TEXT, VALUES, WORDS
from thecal.source import Source

JURISDICTIONS = ("us", "eu", "jp")
STATUSES = ("current", "superseded", "in part")
TOPIC = re.compile(r"[a-z_]+(\.[a-z0-9_]+)?")


def medicines(folder: Path = DRUGS) -> list[str]:
    """Name the medicines of a folder that have at least one label."""
    return sorted({path.parent.name for path in folder.glob("*/label.*.yaml")})


def jurisdictions(medicine: str, folder: Path = DRUGS) -> list[str]:
    """Name the jurisdictions whose label of `medicine` is in the folder."""
    return sorted(path.name.split(".")[1] for path in folder.glob(f"{medicine}/label.*.yaml"))


def load_label(medicine: str, jurisdiction: str, folder: Path = DRUGS) -> Label:
    """Read the label of a medicine in a jurisdiction.

    Raises CatalogError where there is none, DataFileError where the file breaks its schema.
    """
    known = medicines(folder)
    if medicine not in known:
        raise CatalogError(
            f"no label of '{medicine}'; there is {', '.join(known) or 'none at all'}."
            + nearest(medicine, known)
        )
    jurisdiction, held = jurisdiction.lower(), jurisdictions(medicine, folder)
    if jurisdiction not in held:
        raise CatalogError(
            f"no {medicine} label for '{jurisdiction}'; there is {', '.join(held)}."
            + nearest(jurisdiction, held)
        )
    path = folder / medicine / f"label.{jurisdiction}.yaml"
    label = read_label(path)
    if (label.medicine, label.jurisdiction) != (medicine, jurisdiction):
        says = f"the file says {label.medicine}, {label.jurisdiction}"
        stands = f"it stands where {medicine}, {jurisdiction} is expected; correct either"
        raise DataFileError([Fault(0, f"{says}; {stands}")], what=path.name)
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
        edition=top["edition"].text() if "edition" in top else "",
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
    file.finish()
    return label


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
    document = documents.get(fields["source"].choice(documents) if "source" in fields else "")
    return Statement(
        topic=topic,
        says=_text(fields, "says"),
        values=values,
        source=replace(document or documents[""], section=_text(fields, "section")),
        plain=_text(fields, "plain"),
    )


def _word(entry: Entry, name: str) -> str:
    return entry.choice(WORDS[name]) if name in WORDS else entry.text()


def _gaps(entry: Entry | None, itself: Source) -> tuple[Silence, ...]:
    if entry is None:
        return ()
    gaps = [item.fields(["topic", "says"], ["section"]) for item in entry.items()]
    return tuple(
        Silence(
            topic=_topic(gap),
            says=_text(gap, "says"),
            source=replace(itself, section=_text(gap, "section")),
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
