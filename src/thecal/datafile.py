"""A YAML file read against a schema, with every fault at its line.

Labels, models and site policies are data files. They are read node by node, so that a
scalar means what the schema says (``no`` stays the word "no") and a fault names file, line,
place and what is expected. All faults of a file are raised together.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from thecal.errors import DataFileError, Fault, guarded, nearest, shown
from thecal.units import iso_date

MAX_BYTES = 2_000_000  # the longest label so far is under 100 kB
MAX_DEPTH = 20  # a label needs 5
SHIPPED = Path(__file__).resolve().parent  # data beside the code: drugs, genes, policies, scales
DRUGS = SHIPPED / "drugs"  # a user may have another
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class DataFile:
    """A data file being read; collects faults until `finish`.

    is_private  it speaks of a person: a fault names the line, but neither the file nor words in it
    """

    path: Path
    faults: list[Fault] = field(default_factory=list)
    is_private: bool = False

    def quoted(self, text: str) -> str:
        """Quote what was found, unless it may be somebody's name."""
        return guarded(text) if self.is_private else shown(text)

    def read(self) -> Entry:
        """Read the file and return its root; an unreadable file is raised at once."""
        with self.path.open("rb") as file:
            return self.parse(file.read(MAX_BYTES + 1))

    def parse(self, data: bytes) -> Entry:
        """Return the root of bytes that came from a file, or from elsewhere."""
        if len(data) > MAX_BYTES:
            raise self._refusal(0, f"a data file is at most {MAX_BYTES} bytes, and this is more")
        try:
            text = data.decode("utf-8")
            root = self._compose(text)
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise self._refusal(
                line, f"byte {error.start} is not UTF-8; save the file as UTF-8"
            ) from error
        except yaml.reader.ReaderError as error:
            line = text[: text.find(chr(error.character))].count("\n") + 1
            raise self._refusal(
                line, f"character U+{error.character:04X} cannot stand in text"
            ) from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or str(error).splitlines()[0]
            told = problem.split("'")[0].rstrip() if self.is_private else problem
            raise self._refusal(mark.line + 1 if mark else 0, f"not YAML: {told}") from error
        if root is None:
            raise self._refusal(0, "the file is empty")
        return Entry(self, root, "")

    def _refusal(self, line: int, message: str) -> DataFileError:
        return self._error([Fault(line, message)])

    def _error(self, faults: list[Fault]) -> DataFileError:
        return DataFileError(faults, what="the file" if self.is_private else self.path.name)

    def _compose(self, text: str) -> Any:
        """Build the nodes of one document from its events, without recursion.

        So deep nesting cannot exhaust the stack, and aliases, which multiply, are refused.
        """
        root: Any = None
        open_nodes: list[Any] = []
        for event in yaml.parse(text, Loader=LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.AliasEvent):
                alias = self.quoted(f"*{event.anchor}")
                raise self._refusal(line, f"alias {alias}; write the value out")
            if isinstance(event, yaml.CollectionEndEvent):
                open_nodes.pop()
                continue
            if not isinstance(event, yaml.NodeEvent):
                if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                    raise self._refusal(line, "another document begins here; a data file is one")
                continue
            begin: Any = event.start_mark
            node: Any
            if isinstance(event, yaml.ScalarEvent):
                node = yaml.ScalarNode("", event.value, begin, style=event.style)
            elif isinstance(event, yaml.SequenceStartEvent):
                node = yaml.SequenceNode("", [], begin)
            else:
                node = yaml.MappingNode("", [], begin)
            if not open_nodes:
                root = node
            else:
                _put_into(open_nodes[-1], node)
            if not isinstance(node, yaml.ScalarNode):
                open_nodes.append(node)
            if len(open_nodes) > MAX_DEPTH:
                raise self._refusal(
                    line, f"nested more than {MAX_DEPTH} levels deep; a data file is flat"
                )
        return root

    def finish(self) -> None:
        """Raise all faults found so far, if there are any."""
        if self.faults:
            raise self._error(self.faults)


@dataclass(frozen=True, slots=True)
class Entry:
    """One node of the file, and the place it stands (e.g. ``statements[3].values``).

    The readers below record a fault and return a neutral value where the node is not what
    was asked for; `DataFile.finish` then refuses the whole file.
    """

    file: DataFile
    node: Any
    place: str

    @property
    def line(self) -> int:
        """Line of the node, from 1."""
        return int(self.node.start_mark.line) + 1

    def fault(self, message: str, line: int | None = None) -> None:
        """Record what is wrong here."""
        place = f"{shown(self.place, 60)[1:-1]}: " if self.place else ""
        self.file.faults.append(Fault(line or self.line, place + message))

    def at(self, place: str) -> Entry:
        """Name the place in words of the subject (a topic instead of an index)."""
        return Entry(self.file, self.node, place)

    def mapping(self) -> dict[str, Entry]:
        """Read any mapping; a key given twice is a fault."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fault(f"expected a mapping, found {self._kind()}")
            return {}
        entries: dict[str, Entry] = {}
        for key, value in self.node.value:
            line = int(key.start_mark.line) + 1
            if not isinstance(key, yaml.ScalarNode):
                self.fault(
                    f"expected a word as key, found {Entry(self.file, key, '')._kind()}", line
                )
                continue
            name = str(key.value)
            if name in entries:
                self.fault(f"{self.file.quoted(name)} is given twice", line)
            place = f"{self.place}.{name}" if self.place else name
            entries[name] = Entry(self.file, value, place)
        return entries

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Entry]:
        """Read a mapping with these keys and no others."""
        entries = self.mapping()
        known = [*required, *optional]
        for name, entry in entries.items():
            if name not in known:
                expected = ", ".join(known)
                at = entry.at(self.place) if self.file.is_private else entry  # a key may be a name
                at.fault(f"unknown key; expected {expected}.{nearest(name, known)}")
        if isinstance(self.node, yaml.MappingNode):
            for name in required:
                if name not in entries:
                    self.fault(f"'{name}' is missing")
        return {name: entry for name, entry in entries.items() if name in known}

    def items(self) -> list[Entry]:
        """Read a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fault(f"expected a list, found {self._kind()}")
            return []
        return [Entry(self.file, n, f"{self.place}[{i}]") for i, n in enumerate(self.node.value)]

    def text(self) -> str:
        """Read words that are not empty."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.fault(f"expected text, found {self._kind()}")
            return ""
        words = " ".join(str(self.node.value).split())
        if not words:
            self.fault("expected text, found nothing")
        return words

    def number(self, *, least: float = -math.inf, most: float = math.inf) -> float:
        """Read a finite number from `least` to `most`."""
        words = self.text()
        if not words:
            return math.nan
        try:
            value = float(words)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fault(f"expected a number, found {self.file.quoted(words)}")
        elif value < least:
            self.fault(f"expected a number of at least {least:g}, found {value:g}")
        elif value > most:
            self.fault(f"expected a number of at most {most:g}, found {value:g}")
        return value

    def integer(self, *, least: int = 0, most: float = math.inf) -> int:
        """Read a whole number from `least` to `most`."""
        value = self.number(least=least, most=most)
        if math.isfinite(value) and value != int(value):
            self.fault(f"expected a whole number, found {value:g}")
        return int(value) if math.isfinite(value) else least

    def choice(self, options: Iterable[str]) -> str:
        """Read one of these words."""
        words, known = self.text(), list(options)
        if words and words not in known:
            found = self.file.quoted(words)
            self.fault(f"expected one of {', '.join(known)}; found {found}.{nearest(words, known)}")
        return words

    def date(self) -> dt.date:
        """Read a date written YYYY-MM-DD."""
        words = self.text()
        try:
            return iso_date(words)
        except ValueError:
            if words:
                self.fault(f"expected a date as YYYY-MM-DD, found {self.file.quoted(words)}")
            return dt.date.min

    def _kind(self) -> str:
        if isinstance(self.node, yaml.MappingNode):
            return "a mapping"
        if isinstance(self.node, yaml.SequenceNode):
            return "a list"
        return self.file.quoted(str(self.node.value)) if self.node.value else "nothing"


def _put_into(parent: Any, node: Any) -> None:
    """Append a node to a list, or as the next key or value to a mapping."""
    if isinstance(parent, yaml.SequenceNode):
        parent.value.append(node)
    elif parent.value and parent.value[-1][1] is None:
        parent.value[-1] = (parent.value[-1][0], node)
    else:
        parent.value.append((node, None))
