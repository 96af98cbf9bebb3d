"""Builds a Document's text and blocks side by side, so that every range is right by construction."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from index.types import Block, Document, Kind, Member

# What no reader sees and a terminal may obey, lone surrogates (they cannot be stored), byte order marks. Formats let
# them in by character references and escapes, so they are taken out here, where all text passes.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_SPACES = re.compile(r"[\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")  # line ends to some programs; to us only "\n" is one


@dataclass(slots=True)
class TextBuilder:
    """Collects blocks in reading order; paragraphs are parted by one empty line, rows and items by a line end."""

    blocks: list[Block] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0

    def add(
        self,
        text: str,
        kind: Kind = Kind.TEXT,
        *,
        level: int = 0,
        page: int | None = None,
        line: int | None = None,
        sheet: str | None = None,
    ) -> None:
        """Append one block; white space at its ends is dropped, and a block without text is not added.

        A block with a `line` must begin at that line: leading line ends are counted into it.
        """
        text = _printable(text)
        lead = len(text) - len(text.lstrip())
        if line is not None:
            line += text[:lead].count("\n")
        text = text.strip()
        if not text:
            return
        if self._parts:
            tight = {Kind.ITEM, Kind.ROW, Kind.HEADER}
            separator = "\n" if kind in tight and self.blocks[-1].kind in tight else "\n\n"
            self._parts.append(separator)
            self._length += len(separator)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        self.blocks.append(Block(start, self._length, kind, level, page, line, sheet))

    def build(
        self,
        title: str,
        *,
        page_labels: tuple[str, ...] = (),
        pages: int | None = None,
        date: str | None = None,
    ) -> Document:
        """The finished document; `title` may be empty, then the first heading stands in for it."""
        text = "".join(self._parts)
        heading = next((text[b.start : b.end] for b in self.blocks if b.kind is Kind.HEADING), "")
        return Document(
            title=" ".join(_printable(title or heading).split()),
            text=text,
            blocks=tuple(self.blocks),
            page_labels=page_labels,
            pages=pages,
            date=date,
            warnings=tuple(self.warnings),
            members=tuple(self.members),
        )


def _printable(text: str) -> str:
    return _SPACES.sub(" ", _UNSEEN.sub("", text))
