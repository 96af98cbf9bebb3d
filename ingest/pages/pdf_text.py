"""One PDF page → pieces of lines with their boxes, read through PDFium, and what of the page could not be read.

PDFium gives characters in the order they were drawn, with line ends and missing spaces put in, U+FFFE for the hyphen of
a divided word, and text drawn twice for boldness once. Boxes are asked for only at the ends of words: asking at each
character takes almost three times as long (115 against 304 pages a second of an annual report, in one run).
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.pages.page_lines import HYPHEN, LEFTWARDS, VERTICAL, Box, Piece, turn_box
from ingest.pages.pdf_surface import Shade, common_area, read_surface

_DIVISION = "\ufffe\u0002\u00ad"  # PDFium's marks of a divided word, now and formerly, and the soft hyphen
_BREAK = "\r\n" + _DIVISION
_WORD = re.compile(rf"[^\s\x00-\x1f{_DIVISION}]+|[{_DIVISION}]|\r?\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRANGE = re.compile("[\ufffd\ue000-\uf8ff]")
_BOLD_NAME = re.compile(rb"bold|heavy|black|demi", re.I)
# Bullets of the fonts Symbol and Wingdings, whose characters are in the private area.
_BULLETS = {0xF0B7: "•", 0xF0A7: "▪", 0xF06E: "■", 0xF06C: "●", 0xF0D8: "➢", 0xF0FC: "✓", 0xF076: "❖", 0xF02D: "-"}
_WIDE_GAP = 1.25  # sizes: wider than the spaces of justified text, narrower than the gaps between columns of figures
_SPREAD = 1.6  # sizes a character: no font is so wide
_MAX_TICKS = 12  # characters; a long word drawn so is letter-spaced type
_TINY = 1.0  # points: nobody reads it
_WHITE = 240  # of 255 in red, green and blue


@dataclass(slots=True)
class PageText:
    """What PDFium reads of a page: `pieces` in drawing order, counts of characters shown and hidden.

    `unreadable` is the share of words whose characters mean nothing.
    """

    pieces: list[Piece] = field(default_factory=list)
    characters: int = 0
    hidden: int = 0
    unreadable: float = 0.0


@dataclass(frozen=True, slots=True)
class _Look:
    """How a text object is drawn; `angle` is 0, 90, 180 or 270 degrees counter-clockwise."""

    size: float
    bold: bool
    angle: int
    invisible: bool
    white: bool
    guessed: bool  # its font does not say which characters its glyphs are


_NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
_NOTHING = _Look(0.0, False, 0, False, False, False)


def read_page(page: Any) -> PageText:
    """Read `page` (a pypdfium2 PdfPage). Hidden words are counted and left out.

    Hidden is what stands outside the page, is smaller than a point, white on white, or invisible; an invisible layer
    over a picture is a scan's recognised text, and kept.
    """
    import pypdfium2.raw as pdfium

    result = PageText()
    textpage = pdfium.FPDFText_LoadPage(page)
    if textpage:
        try:
            _PageReader(pdfium, page, textpage, result).read()
        finally:
            pdfium.FPDFText_ClosePage(textpage)
    return result


class _PageReader:
    def __init__(self, pdfium: Any, page: Any, textpage: Any, result: PageText) -> None:
        self.pdfium, self.page, self.textpage, self.result = pdfium, page, textpage, result
        self.crop: Box = page.get_bbox()
        self.rotation: int = page.get_rotation()
        self.rectangle = pdfium.FS_RECTF()
        self.reference = ctypes.byref(self.rectangle)
        self.looks: dict[int, _Look] = {}
        self.bold_fonts: dict[int, bool] = {}
        self.colours = tuple(ctypes.c_uint(0) for _ in range(4))
        self.pictures: tuple[Box, ...] | None = None
        self.shade: Shade | None = None

    def read(self) -> None:
        words = bad = 0
        guessed: list[str] = []
        piece: Piece | None = None  # the one that is being added to
        longest, previous_end = 0, -1
        for start, end, word, box, look, downwards in self._measure_words():
            if word[0] in _BREAK:
                if piece is not None and word in _DIVISION:
                    piece.text += HYPHEN
                piece = None
                continue
            words += 1
            if _STRANGE.search(word):
                word = word.translate(_BULLETS)
                bad += _STRANGE.search(word) is not None and len(word) > 1
            elif look.guessed:
                guessed.append(word)
            if self._is_hidden(box, look):
                self.result.hidden += len(word)
                piece = None
                continue
            self.result.characters += len(word)
            turn = VERTICAL if downwards else (look.angle - self.rotation) % 360
            x0, y0, x1, y1 = turn_box(box, VERTICAL if downwards else look.angle)
            if piece is not None and piece.turn == turn and _goes_on(piece, x0, x1, look.size):
                piece.text += ("" if start == previous_end else " ") + word
                piece.x0, piece.y0 = min(piece.x0, x0), min(piece.y0, y0)
                piece.x1, piece.y1 = max(piece.x1, x1), max(piece.y1, y1)
                piece.bold = piece.bold and look.bold
                if len(word) > longest:
                    piece.size, longest = look.size, len(word)
            else:
                piece, longest = Piece(word, x0, y0, x1, y1, look.size, look.bold, turn), len(word)
                self.result.pieces.append(piece)
            previous_end = end
        if not _is_language("".join(guessed)):
            bad += len(guessed)
        self.result.unreadable = bad / words if words else 0.0

    def _find_words(self) -> Iterator[tuple[int, int, str]]:
        """Character indexes and text of words, line ends and divisions."""
        for match in _WORD.finditer(self._read_text()):
            word = match.group()
            if _SURROGATE.search(word):
                word = word.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            yield match.start(), match.end(), word

    def _measure_words(self) -> Iterator[tuple[int, int, str, Box, _Look, bool]]:
        """The same with box, look and whether it runs down the page; line ends and divisions are without extent.

        Characters drawn apart without a space between them, ticks in the cells of a table, are words of their own.
        """
        for start, end, word in self._find_words():
            if word[0] in _BREAK:
                yield start, end, word, _NOWHERE, _NOTHING, False
                continue
            box, look, downwards = self._measure(start, end)
            spread = max(box[2] - box[0], box[3] - box[1]) > _SPREAD * look.size * (end - start)
            if spread and len(word) == end - start <= _MAX_TICKS:
                for index, char in enumerate(word, start):
                    yield index, index + 1, char, *self._measure(index, index + 1)
            else:
                yield start, end, word, box, look, downwards

    def _read_text(self) -> str:
        count = self.pdfium.FPDFText_CountChars(self.textpage)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (count + 1))()
        if self.pdfium.FPDFText_GetText(self.textpage, 0, count, buffer) == count + 1:
            # One UTF-16 unit a character: the places in the text are the character indexes.
            return bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        units = (self.pdfium.FPDFText_GetUnicode(self.textpage, index) for index in range(count))
        return "".join(chr(unit) if 0 < unit < 0x110000 else "\N{REPLACEMENT CHARACTER}" for unit in units)

    def _measure(self, start: int, end: int) -> tuple[Box, _Look, bool]:
        """Box and look of a word, and whether it runs down the page in upright characters."""
        look = self._look(start)
        first = self._box(start)
        if end - start == 1:
            return first, look, False
        last = self._box(end - 1)
        box = (min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3]))
        sinks = first[1] - last[1] > 0.5 * look.size and abs(first[0] - last[0]) < look.size
        return box, look, sinks and look.angle == 0

    def _box(self, index: int) -> Box:
        box = self.rectangle
        self.pdfium.FPDFText_GetLooseCharBox(self.textpage, index, self.reference)
        return box.left, box.bottom, box.right, box.top

    def _look(self, index: int) -> _Look:
        drawn = self.pdfium.FPDFText_GetTextObject(self.textpage, index)
        key = ctypes.addressof(drawn.contents) if drawn else 0
        look = self.looks.get(key)
        if look is None:
            look = self.looks[key] = self._read_look(index, drawn)
        return look

    def _read_look(self, index: int, drawn: Any) -> _Look:
        pdfium = self.pdfium
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self.textpage, index, matrix)
        size = pdfium.FPDFText_GetFontSize(self.textpage, index) * math.hypot(matrix.c, matrix.d)
        angle = round(math.degrees(math.atan2(matrix.b, matrix.a)) / 90) * 90 % 360
        bold = pdfium.FPDFText_GetFontWeight(self.textpage, index) >= 600 or self._has_bold_name(drawn)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(drawn) if drawn else 0
        red, green, blue, alpha = self.colours
        filled = mode == 0 and bool(drawn) and pdfium.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha)
        white = bool(filled) and min(red.value, green.value, blue.value) >= _WHITE
        unseen = mode in (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
        guessed = pdfium.FPDFText_HasUnicodeMapError(self.textpage, index) == 1
        return _Look(size, bold, angle, unseen or bool(filled and not alpha.value), white, guessed)

    def _has_bold_name(self, drawn: Any) -> bool:
        font = self.pdfium.FPDFTextObj_GetFont(drawn) if drawn else None
        if not font:
            return False
        key = ctypes.addressof(font.contents)
        if key not in self.bold_fonts:
            name = ctypes.create_string_buffer(128)
            self.pdfium.FPDFFont_GetBaseFontName(font, name, len(name))
            self.bold_fonts[key] = _BOLD_NAME.search(name.value) is not None
        return self.bold_fonts[key]

    def _is_hidden(self, box: Box, look: _Look) -> bool:
        crop = self.crop
        outside = box[2] <= crop[0] or box[0] >= crop[2] or box[3] <= crop[1] or box[1] >= crop[3]
        if outside or look.size < _TINY:
            return True
        if look.invisible:
            if self.pictures is None:
                self.pictures = read_surface(self.page).pictures
            return not any(common_area(box, picture) for picture in self.pictures)
        if look.white:
            self.shade = self.shade or Shade(self.page)
            return not self.shade.has_contrast(box)
        return False


def _goes_on(piece: Piece, x0: float, x1: float, size: float) -> bool:
    """Whether a word from `x0` to `x1` continues the piece to the right (Arabic, Hebrew: left)."""
    gap = x0 - piece.x1
    if gap < _WIDE_GAP * size and x0 > piece.x0 - 0.5 * size:
        return True
    return -0.5 * size < piece.x0 - x1 < _WIDE_GAP * size and LEFTWARDS.search(piece.text) is not None


def _is_language(text: str) -> bool:
    """Whether characters that PDFium guessed for a font without a map to Unicode may be right: Latin text with vowels.

    A wrong guess shifts every letter, and few of the letters it gives are vowels.
    """
    letters = [char for char in unicodedata.normalize("NFKD", text).lower() if char.isalpha()]
    latin = [char for char in letters if "a" <= char <= "z"]
    vowels = sum(char in "aeiouy" for char in latin)
    return 2 * len(latin) >= len(letters) and 0.2 * len(latin) <= vowels <= 0.65 * len(latin)
