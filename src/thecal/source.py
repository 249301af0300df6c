"""Where a statement or a number came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place in a document that a reader can open and check.

    document      title, as it would be cited
    section       section, table or page within it, e.g. "2.1"
    version       version or date of the document; empty if it has only one
    jurisdiction  "us", "eu", "jp" for a label; empty for anything else
    """

    document: str
    section: str
    version: str = ""
    jurisdiction: str = ""

    def __str__(self) -> str:
        version = f", {self.version}" if self.version else ""
        return f"{self.document}{version}, section {self.section}"
