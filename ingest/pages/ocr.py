"""Text in images, read by RapidOCR with the models that come in its wheel; nothing is ever fetched.

The models (PP-OCR) know Chinese, Japanese and Latin letters. Each recognised line becomes a piece with its box, so that
pages of images and pages of text are laid out by the same code.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from index.errors import DocumentError, MissingError
from ingest.pages.page_lines import VERTICAL, Piece, turn_box
from ingest.pages.reading_order import sort_pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_SIDE = 2000  # pixels: what RapidOCR scales larger images down to, about 170 dots an inch of an A4 page
INSTALL = "install the ocr extra: pip install 'tebiki-rag[ocr]'"
_GOOD_SCORE = 0.85  # mean confidence of lines, under which the page may stand on its side or head
_TYPE_SIZE = 0.8  # of the height of a line's box: 10-point type gives boxes of 10 to 15 points
_SAME_SIZE = 1.3  # heights of lines set in one size differ by so much, with and without letters that reach down
# Workers already run side by side, and each thread reserves address space, which is limited (ingest/reading.py).
_THREADS = 1
_CJK = re.compile(r"[\u3040-\u30FF\u3400-\u9FFF]")


def is_installed() -> bool:
    """Whether the `ocr` extra is there."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def read_image(pixels: NDArray[np.uint8]) -> list[Piece]:
    """The lines of text in an image (height × width × 3, blue green red), in reading order.

    Coordinates are pixels, y up. A page on its side or head is turned first. Raises MissingError without the extra
    and DocumentError for an image that the engine refuses.
    """
    import numpy as np

    lines, score = _recognise(pixels)
    if _needs_turning(lines, score):
        for quarters in (1, 3, 2):
            turned, turned_score = _recognise(np.ascontiguousarray(np.rot90(pixels, quarters)))
            if turned and turned_score > score and not _mostly_tall(turned):
                lines, score = turned, turned_score
    _even_sizes(lines)
    horizontal = [piece for piece in lines if not piece.turn]
    vertical = [piece for piece in lines if piece.turn]
    return sort_pieces(horizontal) + sort_pieces(vertical)


def _recognise(pixels: NDArray[np.uint8]) -> tuple[list[Piece], float]:
    """Lines as pieces in the image's own coordinates, and their mean confidence weighted by length."""
    engine = _engine()
    try:
        result = engine(pixels, use_cls=False)
    except Exception as error:  # RapidOCR, OpenCV and ONNX Runtime have their own, for images of odd shapes
        raise DocumentError("The image cannot be read by OCR.", "Scan it anew, or crop it to the text.") from error
    pieces: list[Piece] = []
    total = weight = 0.0
    for box, text, score in zip(
        result.boxes if result.boxes is not None else (), result.txts or (), result.scores or (), strict=True
    ):
        text = " ".join(text.split())
        if not text:
            continue
        xs, ys = [float(point[0]) for point in box], [len(pixels) - float(point[1]) for point in box]
        x0, y0, x1, y1 = min(xs), min(ys), max(xs), max(ys)
        tall = len(text) > 1 and y1 - y0 > 1.5 * (x1 - x0)
        if tall:
            x0, y0, x1, y1 = turn_box((x0, y0, x1, y1), VERTICAL)
        pieces.append(Piece(text, x0, y0, x1, y1, _TYPE_SIZE * (y1 - y0), turn=VERTICAL if tall else 0))
        total += score * len(text)
        weight += len(text)
    return pieces, total / weight if weight else 0.0


def _even_sizes(lines: list[Piece]) -> None:
    """Give lines of nearly the usual height the usual size, so that paragraphs hold together and headings stand out."""
    usual = median(piece.size for piece in lines) if lines else 0.0
    for piece in lines:
        if usual / _SAME_SIZE < piece.size < usual * _SAME_SIZE:
            piece.size = usual


def _needs_turning(lines: list[Piece], score: float) -> bool:
    if not lines:
        return False
    if score < _GOOD_SCORE:
        return True
    text = "".join(piece.text for piece in lines)
    return _mostly_tall(lines) and len(_CJK.findall(text)) < 0.3 * len(text)


def _mostly_tall(lines: list[Piece]) -> bool:
    return 2 * sum(len(piece.text) for piece in lines if piece.turn) > sum(len(piece.text) for piece in lines)


@cache
def _engine() -> Any:
    if not is_installed():
        raise MissingError("Reading text in images needs RapidOCR.", INSTALL[0].upper() + INSTALL[1:] + ".")
    import cv2
    import onnxruntime
    import rapidocr

    onnxruntime.disable_telemetry_events()  # on Windows, where it heeds no variable
    cv2.setNumThreads(_THREADS)
    models = Path(rapidocr.__file__).parent / "models"
    paths = {part: _model(models, part) for part in ("det", "cls", "rec")}
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            # A path that exists is all that keeps RapidOCR from looking for the model on the network.
            **{f"{part.capitalize()}.model_path": str(path) for part, path in paths.items()},
            # Lines are found at this size, which takes the memory, and read at full size.
            "Det.limit_type": "max",
            "Det.limit_side_len": 1280,
            "Rec.rec_batch_num": 1,  # a batch is padded to its longest line, in memory too
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
        }
    )


def _model(folder: Path, part: str) -> Path:
    found = sorted(folder.glob(f"*_{part}_*.onnx"))
    if not found:
        raise MissingError(
            f"RapidOCR was installed without its models ({part}).", "Install rapidocr again from its wheel."
        )
    return found[0]
