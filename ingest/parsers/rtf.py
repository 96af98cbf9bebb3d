"""Rich Text Format, Japanese included: bytes are decoded by the code page of the font they are set in.

After the RTF specification 1.9.1. Left out: pictures, field codes, hidden and deleted text, what newer programs mark as
ignorable. List numbers are those that the writing program left for readers such as this one.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace

from index.errors import DocumentError, LimitError
from index.types import Document, Kind
from ingest.office.review import changes_warning, comment_text, hidden_warning
from ingest.office.rtf_vocabulary import CHARSETS, MARGINS, NOTES, SHOWN, SIGNS, SKIPPED, SYMBOLS, WORDS
from ingest.office.symbol_fonts import symbol
from ingest.office.table_rows import add_table
from ingest.office.unstyled_headings import mark_headings
from ingest.office.word_styles import heading_named
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder

EXTENSIONS = (".rtf",)
REQUIRES = ()
EXTRA = ""

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_DEPTH = 2000  # groups inside groups; real files have a few dozen


@dataclass(slots=True)
class _Group:
    """The state that a closing brace brings back."""

    place: str = "body"  # body, skip, fonttbl, stylesheet, title, mark (a list's number), author, or one of NOTES
    font: int = 0
    fallback: int = 1  # bytes after a \u that older programs show instead
    hidden: bool = False
    deleted: bool = False
    inserted: bool = False
    starred: bool = False


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read an RTF file. Raises DocumentError when it is none, LimitError when its groups nest too deeply."""
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf"):
        raise DocumentError(f"{name} is not an RTF file.", "Open it in the program that made it, save it as docx.")
    reader = _Reader(name)
    reader.read(data)
    first = mark_headings(reader.out)
    return reader.out.build("".join(reader.title).strip() or first)


@dataclass(slots=True)
class _Reader:
    name: str
    out: TextBuilder = field(default_factory=TextBuilder)
    group: _Group = field(default_factory=_Group)
    above: list[_Group] = field(default_factory=list)
    page: str = "cp1252"
    default_font: int = 0
    fonts: dict[int, tuple[int, str]] = field(default_factory=dict)  # charset, name
    headings: dict[int, int] = field(default_factory=dict)  # of styles
    bytes_waiting: bytearray = field(default_factory=bytearray)
    to_skip: int = 0
    text: dict[str, list[str]] = field(default_factory=dict)  # by place
    title: list[str] = field(default_factory=list)
    notes: list[tuple[Kind, str]] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    style: int = 0
    outline: int = 9
    in_table: bool = False
    list_level: int = 0
    changes: list[int] = field(default_factory=lambda: [0, 0, 0])  # insertions, deletions, hidden places
    last_change: str = ""

    def read(self, data: bytes) -> None:
        at, end = 0, len(data)
        while at < end:
            match = _TOKEN.match(data, at)
            if match is None:  # a lone backslash at the end
                break
            at = match.end()
            word, number, code, sign, brace, text = match.groups()
            if code:
                self._bytes(bytes.fromhex(code.decode()))
            elif text:
                self._bytes(text)
            elif word:
                value = None if number is None else int(number)
                if word == b"bin" and value and value > 0:
                    at += value
                else:
                    self._word(word.decode(), value)
            elif brace == b"{":
                self._decode()
                if len(self.above) >= _DEPTH:
                    raise LimitError(f"{self.name} nests its groups too deeply to be read.", "Save it again as docx.")
                self.above.append(self.group)
                self.group = replace(self.group, starred=False)
            elif brace == b"}":
                self._close()
            elif sign == b"*":
                self.group.starred = True
            elif sign in (b"\n", b"\r"):
                self._word("par", None)
            elif sign in SIGNS:
                self._show(SIGNS[sign])
        self._finish()

    # ---- text

    def _bytes(self, content: bytes) -> None:
        """Bytes of text: kept until their font ends, because a character may take several."""
        skipped = min(self.to_skip, len(content))
        self.to_skip -= skipped
        self.bytes_waiting += content[skipped:]

    def _decode(self) -> None:
        if not self.bytes_waiting:
            return
        waiting, self.bytes_waiting = bytes(self.bytes_waiting), bytearray()
        charset, font = self.fonts.get(self.group.font, (0, ""))
        if charset == SYMBOLS and self.group.place != "fonttbl":
            self._write("".join(symbol(font, f"{byte:x}") for byte in waiting))
            return
        page = CHARSETS.get(charset, self.page if charset else "cp1252")
        if charset == 0:
            try:  # a Western font in a Japanese document is named for its Japanese text too
                self._write(waiting.decode(self.page))
                return
            except UnicodeDecodeError:
                pass
        self._write(waiting.decode(page, "replace"))

    def _show(self, text: str) -> None:
        self._decode()
        if self.to_skip:
            self.to_skip -= 1
        else:
            self._write(text)

    def _write(self, text: str) -> None:
        group = self.group
        if group.place == "skip":
            return
        change = "deleted" if group.deleted else "hidden" if group.hidden else "inserted" if group.inserted else ""
        if group.place == "body" and text.strip():
            if change and change != self.last_change:
                self.changes[("inserted", "deleted", "hidden").index(change)] += 1
            self.last_change = change
        if change in ("deleted", "hidden"):
            return
        self.text.setdefault(group.place, []).append(text)

    def _taken(self, place: str) -> str:
        """The text collected at a place, which starts anew; halves of characters beyond U+FFFF are joined."""
        parts = "".join(self.text.pop(place, ()))
        return parts.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\u00ad", "")

    # ---- control words

    def _word(self, word: str, value: int | None) -> None:
        self._decode()
        if word == "u" and value is not None:
            self._write(chr(value % 0x10000))
            self.to_skip = self.group.fallback
            return
        if self.to_skip:
            self.to_skip -= 1
            return
        group, on = self.group, value != 0
        if word in SHOWN:
            group.place = SHOWN[word]
        elif word == "ud" and len(self.above) > 1:  # the Unicode twin of what \upr hides
            group.place = self.above[-2].place
        elif group.place == "skip":
            return
        elif word in NOTES or word in ("fonttbl", "stylesheet", "info"):
            group.place = word
        elif word in SKIPPED:
            group.place = "skip"
        elif word == "title" and group.place == "info":
            group.place = "title"
        elif word == "atnauthor":
            group.place = "author"
        elif group.starred and word not in ("shpinst", "result"):
            group.place = "skip"
        elif word in WORDS:
            self._write(WORDS[word])
        elif word in ("par", "sect", "page", "cell", "row", "intbl", "pard", "s", "outlinelevel", "ls", "ilvl"):
            self._layout(word, value or 0)
        elif word == "v":
            group.hidden = on
        elif word == "deleted":
            group.deleted = on
        elif word == "revised":
            group.inserted = on
        elif word == "plain":
            group.hidden = group.deleted = group.inserted = False
            group.font = self.default_font
        elif word == "f":
            group.font = value or 0
        elif word == "uc":
            group.fallback = max(0, value if value is not None else 1)
        elif word == "deff":
            self.default_font = group.font = value or 0
        elif word == "ansicpg":
            self.page = _known_page(value)
        elif word == "fcharset" and group.place == "fonttbl":
            self.fonts[group.font] = (value or 0, "")
        elif word == "mac":
            self.page = "mac_roman"

    def _layout(self, word: str, value: int) -> None:
        if self.group.place == "stylesheet":
            if word == "s":
                self.style = value
            elif word == "outlinelevel" and 0 <= value < 9:
                self.headings[self.style] = value + 1
            return
        if self.group.place != "body":
            self._write("\n" if word in ("par", "sect", "page") else " " if word in ("cell", "row") else "")
            return
        if word == "pard":
            self.style, self.outline, self.in_table, self.list_level = 0, 9, False, 0
        elif word == "intbl":
            self.in_table = True
        elif word == "s":
            self.style = value
        elif word == "outlinelevel":
            self.outline = value
        elif word == "ls":
            self.list_level = self.list_level or 1
        elif word == "ilvl":
            self.list_level = value + 1
        elif word == "cell":
            self.cells.append(self._paragraph_text())
        elif word == "row":
            self.rows.append(self.cells)
            self.cells = []
        elif self.in_table:
            self._write("\n")
        else:
            self._end_paragraph()

    def _close(self) -> None:
        self._decode()
        place = self.group.place
        if not self.above:
            return
        self.group, closed = self.above.pop(), self.group
        if place == self.group.place:
            if place == "fonttbl" and (name := self._taken(place).strip("; \r\n")):
                self.fonts[closed.font] = (self.fonts.get(closed.font, (0, ""))[0], name)
            if place == "stylesheet" and (level := heading_named(self._taken(place).strip())):
                self.headings.setdefault(self.style, level)
            return
        if place in NOTES:
            text = self._taken(place).strip()
            if place in MARGINS:
                self.margins.append(text)
            else:
                note = comment_text(self._taken("author"), "", text) if place == "annotation" else text
                self.notes.append((Kind.NOTE, note if text else ""))
        elif place == "title":
            self.title.append(self._taken(place))

    # ---- blocks

    def _paragraph_text(self) -> str:
        mark = self._taken("mark").strip()
        text = self._taken("body").strip()
        return f"{mark} {text}" if any(sign.isalnum() for sign in mark) and text else text

    def _end_paragraph(self) -> None:
        self._write_table()
        listed = self.list_level or ("mark" in self.text)
        text = self._paragraph_text()
        heading = self.outline + 1 if 0 <= self.outline < 9 else self.headings.get(self.style, 0)
        if heading:
            self.out.add(text, Kind.HEADING, level=heading)
        elif listed:
            self.out.add(text, Kind.ITEM, level=max(1, self.list_level))
        else:
            self.out.add(text)
        self._write_notes()

    def _write_table(self) -> None:
        if self.rows:
            add_table(self.out, self.rows)
            self.rows = []
            self._write_notes()

    def _write_notes(self) -> None:
        for kind, text in self.notes:
            self.out.add(text, kind)
        self.notes = []

    def _finish(self) -> None:
        self._decode()
        if self.cells:
            self.rows.append(self.cells)
        self._end_paragraph()
        for text in dict.fromkeys(self.margins):
            if any(sign.isalpha() for sign in text):
                self.out.add(text, Kind.NOTE)
        insertions, deletions, hidden = self.changes
        if insertions or deletions:
            self.out.warnings.append(changes_warning(insertions, deletions))
        if hidden:
            self.out.warnings.append(hidden_warning(hidden))
        lost = self.out.build("").text.count("\ufffd")
        if lost:
            self.out.warnings.append(f"{lost} {'character' if lost == 1 else 'characters'} unreadable")


def _known_page(number: int | None) -> str:
    page = "utf-8" if number == 65001 else f"cp{number}"
    try:
        codecs.lookup(page)
    except LookupError:
        return "cp1252"
    return page
