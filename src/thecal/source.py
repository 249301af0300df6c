"""Where a statement or a number came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place in a document that a reader can open and check.

    document      title, as it would be cited
    section       section, table or page within it, e.g. "2.1"; "not noted" or "number not noted"
                  where it was not written down, "none" or empty where there is none
    version       version or date of the document; empty if it has only one
    jurisdiction  "us", "eu", "jp" for a label; empty for anything else
    """

    document: str
    section: str
    version: str = ""
    jurisdiction: str = ""

    @property
    def place(self) -> str:
        """The section in short: "§2.1", "table 5", "no section noted"; empty for none."""
        section = self.section.removeprefix("number ")
        if section in ("", "none"):
            return ""
        if section == "not noted":
            return "no section noted"
        return f"§{section}" if section[:1].isdigit() else section

    def __str__(self) -> str:
        version = f", {self.version}" if self.version else ""
        place = self.place
        if place and place != "no section noted":
            place = f"section {self.section.removeprefix('number ')}"
        return f"{self.document}{version}" + (f", {place}" if place else "")
