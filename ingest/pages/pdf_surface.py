"""What a PDF page shows besides text: pictures, drawings, annotations, and whether white words stand on something."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

from ingest.pages.page_lines import Box

_SCALE = 2.0  # pixels a point: strokes of 4-point type still show
_MAX_PIXELS = 4_000_000  # of a page as large as a wall
_CONTRAST = 12  # of 255: less is not seen
_MAX_DEPTH = 3  # of forms in forms, looked into for pictures


@dataclass(frozen=True, slots=True)
class Surface:
    """`pictures` are boxes in the page's coordinates, `picture_area` the share of the page they cover, at most 1.

    `drawings` counts paths and shadings.
    """

    pictures: tuple[Box, ...]
    picture_area: float
    drawings: int


def read_surface(page: Any) -> Surface:
    """Look at the objects of `page` (a pypdfium2 PdfPage) without drawing them. Pages can have tens of thousands."""
    import pypdfium2.raw as pdfium

    pictures: list[Box] = []
    drawings = 0
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        item = pdfium.FPDFPage_GetObject(page, index)
        kind = pdfium.FPDFPageObj_GetType(item)
        drawings += kind in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_SHADING)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE or (kind == pdfium.FPDF_PAGEOBJ_FORM and _holds_picture(item)):
            pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
            pictures.append((left.value, bottom.value, right.value, top.value))
    crop = page.get_bbox()
    whole = max(1.0, crop[2] - crop[0]) * max(1.0, crop[3] - crop[1])
    area = min(1.0, sum(common_area(picture, crop) for picture in pictures) / whole)
    return Surface(tuple(pictures), area, drawings)


def _holds_picture(form: Any, depth: int = 0) -> bool:
    import pypdfium2.raw as pdfium

    for index in range(pdfium.FPDFFormObj_CountObjects(form)):
        item = pdfium.FPDFFormObj_GetObject(form, index)
        kind = pdfium.FPDFPageObj_GetType(item)
        nested = kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE or (nested and _holds_picture(item, depth + 1)):
            return True
    return False


def has_annotations(page: Any) -> bool:
    """Whether a page has annotations other than links: comments, form fields, attached files."""
    import pypdfium2.raw as pdfium

    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if kind not in (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP):
            return True
    return False


class Shade:
    """The page drawn in grey, to see whether words in white stand on anything darker than themselves."""

    def __init__(self, page: Any) -> None:
        width, height = page.get_size()
        scale = min(_SCALE, math.sqrt(_MAX_PIXELS / max(1.0, width * height)))
        bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
        self._page = page
        self._pixels = bitmap.to_numpy().copy()
        bitmap.close()

    def has_contrast(self, box: Box) -> bool:
        """Whether the pixels of `box` (in the page's coordinates) differ enough to show letters."""
        import pypdfium2.raw as pdfium

        height, width = self._pixels.shape[:2]
        column, row = ctypes.c_int(), ctypes.c_int()
        columns, rows = [], []
        for x, y in ((box[0], box[1]), (box[2], box[3])):
            pdfium.FPDF_PageToDevice(self._page, 0, 0, width, height, 0, x, y, column, row)
            columns.append(max(0, column.value))
            rows.append(max(0, row.value))
        area = self._pixels[min(rows) : max(rows) + 1, min(columns) : max(columns) + 1]
        return bool(area.size) and int(area.max()) - int(area.min()) >= _CONTRAST


def common_area(a: Box, b: Box) -> float:
    """The area that two boxes share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
