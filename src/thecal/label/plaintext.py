"""Plain text, Markdown and the text of a PDF: which line is what, and which lines are one.

Nothing marks a heading in plain text, so usual headings, numbers, capitals, a question mark
or a colon at the end must do; a line that could be either stays text. Lines that were wrapped
are joined; numbers and footers of printed pages are left out.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from thecal.label.draft import MAX_LINES, Draft, Line
from thecal.label.headings import area_of, is_known, is_sub, key

_LINE = re.compile(r"\S[^\n]*+")
_BULLET = re.compile(
    r"(?:[•·▪▫◦‣⁃●○■□►▶➢➤✓✔∙*][ ]*|[-+o][ ]+|\(?[a-z]\)[ ]+|\(?\d{1,2}\)[ ]+)(?=\S)"
)
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})(\.?)[ ]+(?=\S)")
_UNIT = re.compile(
    r"(?:mg|ml|mL|g|kg|mcg|μg|L|%|°|h|hours?|days?|weeks?|months?|years?|to|and|or|x|-|/)\b"
)
_FURNITURE = re.compile(
    r"(?:reference id: ?\d+|page \d{1,4}(?: ?(?:of|/) ?\d{1,4})?|\d{1,4} ?(?:/|of) ?\d{1,4}"
    r"|- ?\d{1,4} ?-|seite \d{1,4}(?: von \d{1,4})?|página \d{1,4}(?: de \d{1,4})?)\s*",
    re.IGNORECASE,
)
_PAGE_ANCHOR = re.compile(r"reference id: ?\d+\s*", re.IGNORECASE)
_RULE = re.compile(r"(?:=+|-+|_+|\*+|~+|(?:[-*_] ){2,}[-*_]?)[ ]*")
_TABLE_RULE = re.compile(r"\|?[ ]*:?-+:?[ ]*(?:\|[ ]*:?-*:?[ ]*)*")
_LEAD = re.compile(r"([^:.!?|;]{1,60}?) ?:(?= |$|[^\x00-\x7f])")
_INTRO = re.compile(
    r"\b(?:if|you|are|is|the|following|includes?|including|as|follows|with|of|to|for|were|was|"
    r"may|can|should|be|have|has|that|these|those|and|or|when|who|by|in|on|at|than|from)$",
    re.IGNORECASE,
)
_OPEN_END = re.compile(
    r"(?:\b(?:the|a|an|of|to|for|with|by|in|on|at|from|and|or|than|every|into|is|are|was|were|be|"
    r"that|which|as|over|after|before|within|least|about|approximately|per|de|la|el|der|die|das|"
    r"und|et|le|les|di|il|y)|[,(/&-])$",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[^.!?]{3,110}\? ?")
NOT_HEADINGS = {
    "none", "none known", "adult", "adults", "pediatric", "pediatrics", "paediatric", "geriatric",
    "frequency not defined", "not known", "unknown", "yes", "no", "common", "very common",
    "uncommon", "rare", "very rare", "n a", "not applicable", "not established", "no data",
}  # fmt: skip


class Role(NamedTuple):
    """What a line is, and where its words begin and end within it."""

    kind: str
    skip: int = 0
    level: int = 0
    inherits: bool = True


def _is_title(words: list[str]) -> bool:
    """Say whether words are written Like a Title."""
    long = [w for w in words if len(w) > 3 and w[0].isalpha()]
    return (
        len(long) >= 2
        and words[0][:1].isupper()
        and all(w[0].isupper() for w in long)
        and not any(c.isdigit() for w in words for c in w)
    )


def heading_role(words: str, *, numbered: int = 0, alone: bool = False) -> Role | None:
    """Say whether a line is a heading by its words alone; None if it is not.

    numbered  how many parts the number before it has, 0 for none
    alone     the page sets it off (bold, blank lines around it), so less is asked of the words
    """
    if len(words) > 120 or not words or words[-1] in ".,;":
        return None
    folded = key(words)
    if not folded or folded in NOT_HEADINGS:
        return None
    count = words.count(" ") + 1
    level = 1 + numbered if numbered else 2
    known = is_known(words)
    if words[-1] == ":":
        if known:
            return Role("heading", 0, 3 if is_sub(words) else level)
        if count <= 6 and not _INTRO.search(words[:-1].rstrip()) and words[0].isupper():
            return Role("heading", 0, max(level, 3))
        return None
    if words[-1] == "?":
        if count <= 16 and _QUESTION.fullmatch(words):
            return Role("heading", 0, level, bool(numbered))
        return None
    if known and count <= 14 and not (words[0].islower() and count > 1 and not numbered):
        return Role("heading", 0, 3 if is_sub(words) and not numbered else level)
    if numbered or alone:
        if count <= 14 and (not words[0].islower()) and any(c.isalpha() for c in words):
            return Role("heading", 0, level if numbered else 4)
        return None
    if count > 1 and count <= 12 and words.isupper() and sum(c.isalpha() for c in words) >= 6:
        return Role("heading", 0, 3, False)
    return None


def role_of(words: str, following: str, *, first: bool, set_off: bool) -> Role:
    """Say what a line is.

    following  the next line, which a title in capitals must introduce
    first      nothing stands before it
    set_off    it comes after a blank line or the end of a sentence
    """
    bullet = _BULLET.match(words)
    if bullet:
        return Role("item", bullet.end())
    number = _NUMBERED.match(words)
    if number:
        rest = words[number.end() :]
        parts = number.group(1).count(".") + 1
        if not _UNIT.match(rest) and (parts > 1 or number.group(2) or rest[:1].isupper()):
            role = heading_role(rest, numbered=parts)
            plain = parts == 1 and not is_known(rest) and not rest.isupper()
            if role and (not plain or (number.group(2) and _is_title(rest.split()))):
                return role
            if number.group(2) and parts == 1:
                return Role("item", number.end())
    role = heading_role(words)
    if role:
        return role
    if "\t" in words or "   " in words or words.count(" | ") > 1:
        return Role("row")
    if len(words) <= 100 and words[-1] not in ".,;:?!":
        split = words.split()
        if len(split) <= 14 and (
            (first and len(split) > 1 and words[0].isupper())
            or (set_off and _is_title(split) and len(following) >= 60)
        ):
            if key(words) not in NOT_HEADINGS:
                return Role("heading", 0, 1 if first else 3, False)
    return Role("text")


class _Physical(NamedTuple):
    """A line of the file: where its words stand, and whether a blank line came before."""

    start: int
    end: int
    after_blank: bool
    indent: int


def _physical(draft: Draft) -> tuple[list[_Physical], int]:
    """Find the lines that hold anything, and the place where reading them stopped."""
    flat = draft.flat
    lines: list[_Physical] = []
    end = 0
    for found in _LINE.finditer(flat):
        if len(lines) == MAX_LINES:
            return lines, end
        start, stop = found.span()
        gap = flat[end:start]
        indent = start - end - 1 - gap.rfind("\n")
        end = stop
        stop = start + len(found.group().rstrip())
        lines.append(_Physical(start, stop, gap.count("\n", 0, 10_000) > 1, indent))
    return lines, len(flat)


def _wrap_width(lines: list[_Physical]) -> int:
    """Estimate the column at which lines were wrapped; 0 if they were not."""
    widths = sorted(line.end - line.start + line.indent for line in lines)
    if len(widths) < 3:
        return widths[-1] if widths and 50 <= widths[-1] <= 130 else 0
    widest = widths[int(0.97 * (len(widths) - 1))]
    near = sum(1 for w in widths if widest - 12 <= w <= widest + 4)
    return widest if 40 <= widest <= 140 and near >= max(3, len(widths) // 8) else 0


def read_plain(draft: Draft, *, markdown: bool = False) -> None:
    """Read plain text or Markdown into the draft."""
    flat = draft.flat
    physical, stopped = _physical(draft)
    physical = _without_furniture(flat, physical)
    width = _wrap_width(physical)
    words = [flat[line.start : line.end] for line in physical]
    words.append("")
    i, n = 0, len(physical)
    fenced = False
    while i < n:
        line, text = physical[i], words[i]
        if i and (line.after_blank):
            draft.put("\n", line.start - 1)
        role: Role | None = None
        if markdown:
            skip = _markdown_skip(text)
            if text.startswith(("```", "~~~")):
                fenced = not fenced
                i += 1
                continue
            if skip:
                line = line._replace(start=line.start + skip)
                text = text[skip:]
            hashes = len(text) - len(text.lstrip("#"))
            if 0 < hashes < 7 and text[hashes : hashes + 1] == " " and not fenced:
                begin = hashes + len(text[hashes:]) - len(text[hashes:].lstrip())
                stop = len(text.rstrip("# "))
                if begin < stop:
                    _emit(draft, line.start + begin, line.start + stop, markdown)
                    _close(draft, Role("heading", 0, hashes), draft.length - 0, line)
                i += 1
                continue
            if text.startswith("|") or text.count("|") > 1:
                if not _TABLE_RULE.fullmatch(text):
                    _table_row(draft, line.start, text)
                i += 1
                continue
        if _RULE.fullmatch(text) and len(text) > 2:
            i += 1
            continue
        following = words[i + 1]
        underlined = (
            i + 1 < n
            and not physical[i + 1].after_blank
            and len(following) > 2
            and following[0] in "=-"
            and _RULE.fullmatch(following) is not None
        )
        before = words[i - 1] if i else ""
        bold = _bold(text) if markdown else None
        if underlined and len(text) <= 120:
            role = Role("heading", 0, 1 if following[0] == "=" else 2)
        elif bold:
            role = heading_role(bold, alone=True) or Role("text")
        else:
            role = role_of(
                text,
                following,
                first=i == 0,
                set_off=line.after_blank or before[-1:] in (".", "!", "?", ":"),
            )
        last = i
        if role.kind in ("text", "item"):
            while last + 1 < n and _joins(physical, words, last, width, markdown):
                last += 1
        begin = draft.length
        _emit(draft, line.start, line.end, markdown)
        for k in range(i, last):
            _join(draft, physical[k], physical[k + 1], markdown)
        _close(draft, role, begin, physical[last])
        i = last + 1
    if stopped < len(flat):
        begin = draft.length
        draft.take(stopped, len(flat))
        draft.lines.append(Line(begin, draft.length, "text", coarse=True))
        draft.remarks.append(
            f"more than {MAX_LINES:,} lines: what follows was read in pieces, not line by line"
        )


def _join(draft: Draft, before: _Physical, after: _Physical, markdown: bool) -> None:
    """Write the continuation of a wrapped line."""
    draft.put(" ", before.end)
    _emit(draft, after.start, after.end, markdown)


def _joins(physical: list[_Physical], words: list[str], i: int, width: int, markdown: bool) -> bool:
    """Say whether line `i + 1` goes on with the sentence of line `i`."""
    before, after = words[i], words[i + 1]
    if physical[i + 1].after_blank or before[-1] in ".!?:;。":
        return False
    if _BULLET.match(after) or (markdown and after[0] in "#|>`"):
        return False
    if "\t" in after or "   " in after or _LEAD.match(after):
        return False
    length = len(before) + physical[i].indent
    first = after.split(None, 1)[0]
    wrapped = width and length + 1 + len(first) > width and length >= 0.6 * width
    if len(before) < 35 and not wrapped:
        return False
    starts_low = after[0].islower() or (after[0].isdigit() and not _NUMBERED.match(after))
    if not (wrapped or starts_low or after[0] == "(" or _OPEN_END.search(before)):
        return False
    if len(before) < 45 and not wrapped and not _OPEN_END.search(before):
        return False
    return starts_low or role_of(after, "", first=False, set_off=False).kind == "text"


def _close(draft: Draft, role: Role, begin: int, line: _Physical) -> None:
    """End a line of the text."""
    if draft.length > begin:
        draft.lines.append(
            Line(begin + role.skip, draft.length, role.kind, role.level, role.inherits)
        )
    draft.put("\n", line.end)


def _without_furniture(flat: str, physical: list[_Physical]) -> list[_Physical]:
    """Leave out numbers and footers of printed pages."""
    kept: list[_Physical] = []
    for i, line in enumerate(physical):
        if line.end - line.start <= 40:
            text = flat[line.start : line.end]
            if _FURNITURE.fullmatch(text):
                continue
            if text.isdigit() and any(
                _PAGE_ANCHOR.fullmatch(flat, p.start, p.end)
                for p in physical[max(0, i - 1) : i + 2]
            ):
                continue
        kept.append(line)
    return kept


# ---- Markdown

_QUOTE = re.compile(r"(?:> ?)+")
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^*_]+)\1:?")
_INLINE = re.compile(
    r"\*\*|__|`+|(?<![\w*])\*(?=\w)|(?<=[\w.,;:!?)])\*(?!\w)|!?\[(?=[^\[\]\n]{0,300}\]\()"
    r"|\]\([^()\n]{0,500}\)|<!--.{0,2000}?-->|</?[A-Za-z][^<>\n]{0,300}>|\\(?=[\\`*_{}\[\]()#+.!|<>-])"
)


def _markdown_skip(text: str) -> int:
    found = _QUOTE.match(text)
    return found.end() if found else 0


def _bold(text: str) -> str | None:
    found = _BOLD.fullmatch(text)
    return found.group(2).strip() if found else None


def _emit(draft: Draft, start: int, end: int, markdown: bool) -> None:
    """Take a line over, in Markdown without the marks of emphasis and links."""
    if markdown:
        for mark in _INLINE.finditer(draft.flat, start, end):
            draft.take(start, mark.start())
            start = mark.end()
    draft.take(start, end)


def _table_row(draft: Draft, start: int, text: str) -> None:
    """Write the cells of one row on one line."""
    begin = draft.length
    at = start
    cells = text.split("|")
    for i, cell in enumerate(cells):
        inner = cell.strip()
        edge = i in (0, len(cells) - 1)
        if not (edge and not inner):
            if draft.length > begin:
                draft.put(" | ", at - 1)
            offset = at + len(cell) - len(cell.lstrip())
            _emit(draft, offset, offset + len(inner), True)
        at += len(cell) + 1
    if draft.length > begin:
        draft.lines.append(Line(begin, draft.length, "row"))
    draft.put("\n", start + len(text))


def is_markdown(flat: str) -> bool:
    """Say whether text is Markdown: headings with #, bold marks, rules of tables."""
    sample = flat[:200_000]
    if re.search(r"^#{1,6} \S", sample, re.MULTILINE):
        return True
    if re.search(r"^\|?[ ]*:?-{2,}:?[ ]*\|", sample, re.MULTILINE):
        return True
    return len(re.findall(r"\*\*\w[^*\n]{0,200}\*\*", sample)) >= 2


__all__ = ["area_of", "heading_role", "is_markdown", "pairwise", "read_plain"]
