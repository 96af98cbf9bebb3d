"""One PDF page → pieces of lines with their boxes, read through PDFium, and what of the page could not be read.

PDFium gives characters in the order they were drawn, with line ends and missing spaces put in, U+FFFE for the hyphen of a divided word, and
text drawn twice for boldness once. Boxes are asked for only at the ends of words: asking at each character takes three times as long.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.page_layout import HYPHEN, Piece

_WORD = re.compile(r"[^\s\x00-\x1f\uFFFE\u00AD]+|[\uFFFE\u0002\u00AD]|\r?\n|\r")
_WIDE_GAP = (
    1.25  # of the font size: wider than the spaces of justified text, narrower than the gaps between columns of figures
)
_TINY = 1.0  # points: nobody reads it
_PICTURE_TYPES = {3}  # FPDF_PAGEOBJ_IMAGE
_FORM_TYPE = 5  # FPDF_PAGEOBJ_FORM
_PATH_TYPES = {2, 4}  # path, shading
_SYMBOLS = {
    0xF0B7: "•",
    0xF0A7: "▪",
    0xF06E: "■",
    0xF06C: "●",
    0xF0D8: "➢",
    0xF0FC: "✓",
    0xF076: "•",
    0xF02D: "-",
}  # Wingdings, Symbol


@dataclass(slots=True)
class PageText:
    """What PDFium reads of a page. Areas are shares of the page; `unreadable` is the share of words without known characters."""

    pieces: list[Piece] = field(default_factory=list)
    characters: int = 0
    hidden: int = 0
    unreadable: float = 0.0
    picture_area: float = 0.0
    drawings: int = 0


@dataclass(slots=True)
class _Look:
    """How a text object is drawn."""

    size: float
    bold: bool
    angle: int  # 0, 90, 180, 270, counter-clockwise
    invisible: bool
    white: bool


VERTICAL = (
    270  # Japanese in columns runs down the page like text turned clockwise; its columns follow from right to left
)
Box = tuple[float, float, float, float]  # left, bottom, right, top


def read_page(page: Any) -> PageText:
    """The pieces of `page` (a pypdfium2 PdfPage) in drawing order, hidden ones left out, in the page's upright coordinates."""
    import pypdfium2.raw as pdfium

    textpage = pdfium.FPDFText_LoadPage(page)
    if not textpage:
        return PageText()
    try:
        return _PageReader(pdfium, page, textpage).read()
    finally:
        pdfium.FPDFText_ClosePage(textpage)


class _PageReader:
    def __init__(self, pdfium: Any, page: Any, textpage: Any) -> None:
        self.pdfium, self.page, self.textpage = pdfium, page, textpage
        self.rectangle = pdfium.FS_RECTF()
        self.reference = ctypes.byref(self.rectangle)
        self.looks: dict[int, _Look] = {}
        left, bottom, right, top = page.get_bbox()
        self.crop: Box = (left, bottom, right, top)

    def read(self) -> PageText:
        result = PageText()
        text = self._read_text()
        self.pictures, result.picture_area, result.drawings = self._find_pictures()
        shade: _Shade | None = None
        bad = words = 0
        piece: Piece | None = None
        ends_line = True
        previous_end = -1
        for start, end, word in self._words(text):
            if word in "\r\n":
                ends_line = True
                continue
            if word in "\ufffe\u0002\u00ad":
                if piece is not None:
                    piece.text += HYPHEN
                ends_line = True
                continue
            box, look, turn = self._measure(start, end)
            words += 1
            readable = _readable(word) and not self.pdfium.FPDFText_HasUnicodeMapError(self.textpage, start) == 1
            bad += not readable
            hidden = look.size < _TINY or _outside(box, self.crop) or (look.invisible and not self._over_picture(box))
            if not hidden and look.white and not look.invisible:
                shade = shade or _Shade(self.pdfium, self.page)
                hidden = not shade.has_contrast(box)
            if hidden:
                result.hidden += len(word)
                ends_line = True
                continue
            result.characters += len(word)
            x0, y0, x1, y1 = _turn(box, turn)
            if len(word) == 1 and ord(word) in _SYMBOLS:
                word = _SYMBOLS[ord(word)]
            joins = (
                piece is not None
                and not ends_line
                and piece.turn == turn
                and x0 - piece.x1 < _WIDE_GAP * look.size
                and x0 - piece.x0 > -0.5 * look.size
            )
            if joins and piece is not None:
                piece.text += ("" if start == previous_end else " ") + word
                piece.x0, piece.y0 = min(piece.x0, x0), min(piece.y0, y0)
                piece.x1, piece.y1 = max(piece.x1, x1), max(piece.y1, y1)
                piece.bold = piece.bold and look.bold
            else:
                piece = Piece(word, x0, y0, x1, y1, look.size, look.bold, turn)
                result.pieces.append(piece)
            ends_line = False
            previous_end = end
        result.unreadable = bad / words if words else 0.0
        return result

    def _read_text(self) -> str:
        count = self.pdfium.FPDFText_CountChars(self.textpage)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (count + 1))()
        written = self.pdfium.FPDFText_GetText(self.textpage, 0, count, buffer)
        if written == count + 1:
            # One UTF-16 unit a character: the positions in the text are the character indexes.
            return bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        units = (self.pdfium.FPDFText_GetUnicode(self.textpage, index) for index in range(count))
        return "".join(chr(unit) if 0 < unit < 0x110000 else "\N{REPLACEMENT CHARACTER}" for unit in units)

    def _words(self, text: str) -> Iterator[tuple[int, int, str]]:
        for match in _WORD.finditer(text):
            word = match.group()
            if any("\ud800" <= char <= "\udfff" for char in word):
                word = word.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            yield match.start(), match.end(), word

    def _measure(self, start: int, end: int) -> tuple[Box, _Look, int]:
        first = self._box(start)
        last = self._box(end - 1) if end - start > 1 else first
        box = (min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3]))
        look = self._look(start)
        downwards = (
            end - start > 1
            and look.angle == 0
            and first[1] - last[1] > 0.5 * look.size
            and abs(first[0] - last[0]) < look.size
        )
        return box, look, VERTICAL if downwards else look.angle

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
        bold = pdfium.FPDFText_GetFontWeight(self.textpage, index) >= 600
        mode = pdfium.FPDFTextObj_GetTextRenderMode(drawn) if drawn else 0
        red, green, blue, alpha = (ctypes.c_uint(0) for _ in range(4))
        filled = bool(drawn) and pdfium.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha)
        white = bool(filled) and mode == 0 and min(red.value, green.value, blue.value) >= 240
        invisible = mode in (3, 7) or bool(filled and alpha.value == 0 and mode == 0)
        return _Look(size, bold, angle, invisible, white)

    def _find_pictures(self) -> tuple[list[Box], float, int]:
        pdfium = self.pdfium
        boxes: list[Box] = []
        drawings = 0
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        for index in range(pdfium.FPDFPage_CountObjects(self.page)):
            item = pdfium.FPDFPage_GetObject(self.page, index)
            kind = pdfium.FPDFPageObj_GetType(item)
            drawings += kind in _PATH_TYPES
            if kind in _PICTURE_TYPES or (kind == _FORM_TYPE and self._holds_picture(item)):
                pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
                boxes.append((left.value, bottom.value, right.value, top.value))
        width, height = max(1.0, self.crop[2] - self.crop[0]), max(1.0, self.crop[3] - self.crop[1])
        area = sum(_common(box, self.crop) for box in boxes) / (width * height)
        return boxes, min(1.0, area), drawings

    def _holds_picture(self, form: Any, depth: int = 0) -> bool:
        pdfium = self.pdfium
        for index in range(pdfium.FPDFFormObj_CountObjects(form)):
            item = pdfium.FPDFFormObj_GetObject(form, index)
            kind = pdfium.FPDFPageObj_GetType(item)
            if kind in _PICTURE_TYPES or (kind == _FORM_TYPE and depth < 3 and self._holds_picture(item, depth + 1)):
                return True
        return False

    def _over_picture(self, box: Box) -> bool:
        return any(_common(box, picture) > 0 for picture in self.pictures)


class _Shade:
    """The page as grey pixels, to see whether white text stands on anything darker than itself."""

    _SCALE = 2.0  # 144 dots an inch: strokes of 4-point text still show
    _MAX_PIXELS = 4_000_000
    _CONTRAST = 12  # of 255

    def __init__(self, pdfium: Any, page: Any) -> None:
        self.pdfium, self.page = pdfium, page
        width, height = page.get_size()
        scale = min(self._SCALE, math.sqrt(self._MAX_PIXELS / max(1.0, width * height)))
        bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
        self.pixels = bitmap.to_numpy().copy()
        bitmap.close()
        self.height, self.width = self.pixels.shape[:2]

    def has_contrast(self, box: Box) -> bool:
        column, row = ctypes.c_int(), ctypes.c_int()
        corners = []
        for x, y in ((box[0], box[1]), (box[2], box[3])):
            self.pdfium.FPDF_PageToDevice(self.page, 0, 0, self.width, self.height, 0, x, y, column, row)
            corners.append((column.value, row.value))
        (xa, ya), (xb, yb) = corners
        area = self.pixels[max(0, min(ya, yb)) : max(ya, yb) + 1, max(0, min(xa, xb)) : max(xa, xb) + 1]
        return bool(area.size) and int(area.max()) - int(area.min()) >= self._CONTRAST


def _readable(word: str) -> bool:
    """Whether a word is of characters with a meaning; a lone symbol of the private area is a bullet or an icon."""
    bad = sum(1 for char in word if char == "\N{REPLACEMENT CHARACTER}" or "\ue000" <= char <= "\uf8ff")
    return 2 * bad < len(word) or (len(word) == 1 and "\uf000" <= word <= "\uf0ff")


def _common(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _outside(box: Box, crop: Box) -> bool:
    return box[2] <= crop[0] or box[0] >= crop[2] or box[3] <= crop[1] or box[1] >= crop[3]


def _turn(box: Box, angle: int) -> Box:
    """The box as seen when the text that runs at `angle` is turned to run to the right."""
    x0, y0, x1, y1 = box
    if angle == 90:
        return y0, -x1, y1, -x0
    if angle == 180:
        return -x1, -y1, -x0, -y0
    if angle == 270:
        return -y1, x0, -y0, x1
    return box
