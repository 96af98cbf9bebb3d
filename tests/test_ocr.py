"""Reading text in images: the order of what the engine finds, turned pages, image files, and the real engine once."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import DocumentError, LimitError, MissingError
from ingest.pages import ocr
from ingest.pages.page_lines import VERTICAL, Piece
from ingest.parsers import ParseOptions, image

PIL = pytest.importorskip("PIL.Image")

Found = list[tuple[str, float, tuple[int, int, int, int]]]  # text, confidence, left, top, right, bottom


class Engine:
    """Stands in for RapidOCR: `found` gives, by quarter turns of the page so far, what is read of it."""

    def __init__(self, found: dict[int, Found]) -> None:
        self.found = found

    def __call__(self, pixels: NDArray[np.uint8], use_cls: bool) -> Any:
        # The test's page holds one bright corner; where it stands tells how far the page was turned.
        row, column = np.unravel_index(int(pixels[..., 0].argmax()), pixels.shape[:2])
        low, right = row > pixels.shape[0] // 2, column > pixels.shape[1] // 2
        quarters = {(False, False): 0, (True, False): 1, (True, True): 2, (False, True): 3}[bool(low), bool(right)]
        rows = self.found.get(quarters, [])
        boxes = np.array([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)] for _, _, (x0, y0, x1, y1) in rows], float)
        return SimpleNamespace(
            boxes=boxes if rows else None,
            txts=tuple(text for text, _, _ in rows) or None,
            scores=tuple(score for _, score, _ in rows) or None,
        )


def sheet(width: int = 800, height: int = 1000) -> NDArray[np.uint8]:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[0, 0] = 255
    return pixels


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    fake = Engine({})
    monkeypatch.setattr(ocr, "_engine", lambda: fake)
    return fake


def test_lines_become_pieces_with_y_upwards(engine: Engine) -> None:
    engine.found[0] = [("second  line", 0.99, (50, 140, 400, 160)), ("first line", 0.99, (50, 100, 380, 120))]
    first, second = ocr.read_image(sheet())
    assert (first.text, second.text) == ("first line", "second line")
    assert (first.x0, first.y0, first.x1, first.y1) == (50, 880, 380, 900)
    assert first.turn == 0 and first.size == second.size


def test_columns_are_read_one_after_the_other(engine: Engine) -> None:
    rows = range(6)
    left = [(f"the left column, line {n}", 0.99, (50, 100 + 30 * n, 380, 120 + 30 * n)) for n in rows]
    right = [(f"the right column, line {n}", 0.99, (420, 100 + 30 * n, 760, 120 + 30 * n)) for n in rows]
    engine.found[0] = [line for pair in zip(left, right, strict=True) for line in pair]
    assert [piece.text for piece in ocr.read_image(sheet())] == [text for text, _, _ in left + right]


def test_vertical_lines_are_read_from_the_right(engine: Engine) -> None:
    texts = ["元来日本語は漢文に倣い", "文字を上から下へ書き", "行を右から左へ進める"]
    engine.found[0] = [(text, 0.99, (100 + 40 * n, 100, 130 + 40 * n, 500)) for n, text in enumerate(reversed(texts))]
    pieces = ocr.read_image(sheet())
    assert [piece.text for piece in pieces] == texts
    assert {piece.turn for piece in pieces} == {VERTICAL}


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_on_its_side_or_head_is_turned(engine: Engine, quarters: int) -> None:
    engine.found.update({n: [("qvdtm ,sb", 0.6, (50, 100, 400, 120))] for n in range(4)})
    engine.found[quarters] = [("words, as", 0.99, (50, 100, 400, 120)), ("they were", 0.99, (50, 140, 400, 160))]
    assert [piece.text for piece in ocr.read_image(sheet())] == ["words, as", "they were"]


def test_nothing_found_is_an_empty_list(engine: Engine) -> None:
    assert ocr.read_image(sheet()) == []


def test_what_the_engine_refuses_is_an_error_of_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pixels: NDArray[np.uint8], use_cls: bool) -> None:
        raise RuntimeError("bad shape")

    monkeypatch.setattr(ocr, "_engine", lambda: refuse)
    with pytest.raises(DocumentError):
        ocr.read_image(sheet())


def test_models_come_with_the_wheel_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        ocr._model(tmp_path, "rec")


# ---------------------------------------------------------------- image files


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[NDArray[np.uint8]]]:
    """The pixels that reach the engine; each page is read as one line with its number."""
    pages: list[NDArray[np.uint8]] = []

    def read(pixels: NDArray[np.uint8]) -> list[Piece]:
        pages.append(pixels)
        return [Piece(f"Words of page {len(pages)}.", 10, 50, 300, 70, 16)]

    monkeypatch.setattr(ocr, "read_image", read)
    yield pages


def encode(picture: Any, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def parse(data: bytes, name: str = "a.png", **options: Any) -> Any:
    return image.parse(name, data, ParseOptions(**options))


@pytest.mark.usefixtures("seen")
def test_frames_of_a_tiff_are_pages() -> None:
    frames = [PIL.new("RGB", (900, 800), shade) for shade in ("red", "green", "blue")]
    document = parse(encode(frames[0], "TIFF", save_all=True, append_images=frames[1:]), "a.tiff")
    assert document.pages == 3
    assert [(block.page, document.text[block.start : block.end]) for block in document.blocks] == [
        (number, f"Words of page {number}.") for number in (1, 2, 3)
    ]


def test_a_photo_is_turned_as_its_camera_was_held(seen: list[NDArray[np.uint8]]) -> None:
    exif = PIL.Exif()
    exif[0x0112] = 6  # turn clockwise by 90 degrees
    parse(encode(PIL.new("RGB", (1000, 800)), "JPEG", exif=exif), "a.jpg")
    assert seen[0].shape == (1000, 800, 3)


def test_large_images_are_scaled_down_and_small_ones_up(seen: list[NDArray[np.uint8]]) -> None:
    parse(encode(PIL.new("L", (4000, 3000)), "PNG"))
    parse(encode(PIL.new("L", (300, 200)), "PNG"))
    assert [pixels.shape for pixels in seen] == [(1500, 2000, 3), (400, 600, 3)]


def test_colours_reach_the_engine_as_it_wants_them(seen: list[NDArray[np.uint8]]) -> None:
    parse(encode(PIL.new("RGB", (800, 800), (10, 20, 30)), "PNG"))
    parse(encode(PIL.new("RGBA", (800, 800), (0, 0, 0, 0)), "PNG"))
    parse(encode(PIL.fromarray(np.full((800, 800), 65535, np.uint16)), "PNG"))
    assert [pixels[0, 0].tolist() for pixels in seen] == [[30, 20, 10], [255, 255, 255], [255, 255, 255]]


def test_an_image_without_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "read_image", lambda pixels: [])
    data = encode(PIL.new("RGB", (800, 800)), "PNG")
    assert parse(data).warnings == ("an image without text",)
    assert parse(data, ocr=False).warnings == ("an image; OCR is switched off",)


@pytest.mark.usefixtures("seen")
def test_images_too_large_are_refused_before_they_are_decoded() -> None:
    data = bytearray(encode(PIL.new("1", (8, 8)), "PNG"))
    data[16:24] = (30_000).to_bytes(4, "big") * 2  # width and height, as a bomb claims them
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(LimitError, match=r"pixels|large"):
        parse(bytes(data))


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("data", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40])
def test_damaged_images_are_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        parse(data)


# ---------------------------------------------------------------- the real engine


@pytest.fixture(scope="module")
def printed() -> NDArray[np.uint8]:
    """Two lines of print, drawn by PDFium in its own Helvetica."""
    pypdfium2 = pytest.importorskip("pypdfium2")
    from test_parsers_pdf import page, write_pdf

    data = write_pdf(
        page([(60, 770, "Leave lapses at the end of June."), (60, 740, "Ask the office in Osaka.")], size=20)
    )
    document = pypdfium2.PdfDocument(data)
    pixels: NDArray[np.uint8] = document[0].render(scale=2, crop=(0, 640, 0, 0)).to_numpy().copy()
    document.close()
    return pixels


@pytest.mark.slow
@pytest.mark.parametrize("quarters", [0, 2])
def test_the_real_engine_reads_print_without_a_network(printed: NDArray[np.uint8], quarters: int) -> None:
    pytest.importorskip("rapidocr")
    pytest.importorskip("onnxruntime")
    pieces = ocr.read_image(np.ascontiguousarray(np.rot90(printed, quarters)))
    assert [piece.text for piece in pieces] == ["Leave lapses at the end of June.", "Ask the office in Osaka."]
