"""Images of text (photos, scans, screenshots), read by OCR: one page a frame."""

from __future__ import annotations

import io
import warnings
from typing import Any

from index.errors import DocumentError, LimitError
from index.types import Document
from ingest.pages import ocr
from ingest.pages.page_layout import build_blocks, find_compounds, mend_hyphens
from ingest.pages.pdf_headings import mark_headings
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder

EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
REQUIRES = ("rapidocr", "onnxruntime", "PIL")
EXTRA = "ocr"

_MAX_PIXELS = 80_000_000  # an A3 page at 600 dots an inch has 70 million; decoded, 80 million take 240 MB
_MAX_FRAMES = 2_000  # a scanned book in one file; more is a film
_SMALLEST_SIDE = 700  # pixels: the letters of smaller images are enlarged for the reader of lines


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read the text of each frame; raises LimitError for images too large and DocumentError for damaged ones."""
    from PIL import Image, UnidentifiedImageError

    builder = TextBuilder()
    laid = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of damaged metadata and of sizes, which are checked here
            image = Image.open(io.BytesIO(data))
            frames = int(getattr(image, "n_frames", 1))
            if frames > _MAX_FRAMES:
                raise LimitError(f"The image has {frames} frames.", f"Split it into files of at most {_MAX_FRAMES}.")
            for number in range(frames):
                image.seek(number)
                if image.width * image.height > _MAX_PIXELS:
                    raise LimitError(
                        f"The image has {image.width} × {image.height} pixels.",
                        f"Scale it down to at most {_MAX_PIXELS // 1_000_000} million.",
                    )
                pieces = ocr.read_image(_to_pixels(image)) if options.ocr else []
                laid.append(build_blocks(pieces))
                options.tell()
    except Image.DecompressionBombError as error:
        raise LimitError("The image is too large to decode.", "Scale it down.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise DocumentError(
            "The image is damaged or of an unknown format.", "Open it in a viewer and save it anew."
        ) from error
    mark_headings(laid, ())
    compounds = find_compounds(block.text for blocks in laid for block in blocks)
    for number, blocks in enumerate(laid, 1):
        for block, text in zip(blocks, mend_hyphens((block.text for block in blocks), compounds), strict=True):
            builder.add(text, block.kind, level=block.level, page=number)
    if not builder.blocks:
        builder.warnings.append("an image without text" if options.ocr else "an image; OCR is switched off")
    return builder.build("", pages=len(laid))


def _to_pixels(image: Any) -> Any:
    """The image as a person sees it: turned as its EXIF says, on white where it is transparent; blue, green, red."""
    import numpy as np
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    longest = max(image.size)
    if longest > ocr.LONGEST_SIDE:
        image.thumbnail((ocr.LONGEST_SIDE, ocr.LONGEST_SIDE))
    elif longest < _SMALLEST_SIDE:
        image = image.resize((2 * image.width, 2 * image.height))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    elif image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = image.point(lambda value: value / 256).convert("L")
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
