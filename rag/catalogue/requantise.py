"""Writing a GGUF model in another precision, and measuring what that gains on this machine."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import StoreError, UsageError
from index.platform import make_private_folder, usable_cores
from ingest.models.gguf_header import read_header
from ingest.models.llamacpp.child import ENVIRONMENT
from ingest.user_folders import models_folder
from ingest.worker import Limits, Worker
from rag.catalogue import BITS
from rag.catalogue.speed import ask_speed
from rag.setup.fetch import Step
from rag.setup.tune import FORMATS

TARGET = "rag.setup.tune:serve"
MEASURED_SECONDS = 4.0  # for each of the two files


@dataclass(frozen=True, slots=True)
class Gain:
    """A file before and after: bytes, and tokens a second it reads a prompt and writes an answer with."""

    source: Path
    target: Path
    bytes: tuple[int, int]
    prompt: tuple[float, float]
    writing: tuple[float, float]

    @property
    def name(self) -> str:
        return f"llamacpp:{self.target}"


def requantise(source: Path, precision: str, folder: Path | None = None) -> Iterator[Step | Gain]:
    """Write `source` in `precision` into `folder` (the models folder), and measure both; the last thing is Gain.

    Raises UsageError for an unknown precision or a file that is there already, StoreError when the disk is too small.
    """
    folder = folder or models_folder()
    header = read_header(source)
    precision = precision.upper()
    if precision not in FORMATS:
        raise UsageError(f"{precision} is not a precision llama.cpp is asked for here.", f"Use: {', '.join(FORMATS)}.")
    stem = re.sub(rf"[.-](?:{'|'.join(BITS)})$", "", source.stem, flags=re.I)  # "tiny-q4_k_m" is not in 8 bits
    target = folder / f"{stem}.{precision}.gguf"
    if target.exists() and target.samefile(source):
        raise UsageError(f"{source} is in {precision} already.", f"Name another precision: {', '.join(FORMATS)}.")
    if target.exists():
        raise UsageError(f"{target} is there already.", f"Remove it first: rag models rm {target.name}")
    make_private_folder(folder)
    needed = round(header.parameters * BITS[precision] / 8 * 1.2)  # some tensors stay in more bits
    if shutil.disk_usage(folder).free < needed:
        raise StoreError(f"{target} needs about {needed / 1e9:.1f} GB.", "Free some space.")
    if BITS[precision] > 8 * header.size / header.parameters:
        yield Step(f"{source.name} is in {header.precisions[0]}: more bits do not bring back what it has lost.")
    yield Step(f"Writing {target.name} from {source.name}.")
    part = folder / f".{target.name}.tmp"
    try:
        with Worker(TARGET, limits=Limits(output=1 << 44), environment=ENVIRONMENT) as worker:
            worker.call({"do": "quantise", "source": str(source), "target": str(part), "format": precision})
        read_header(part)
        part.chmod(0o600)
        part.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    yield Step("Measuring both.")
    before, after = (ask_speed(path, usable_cores(), MEASURED_SECONDS) for path in (source, target))
    yield Gain(
        source,
        target,
        (source.stat().st_size, target.stat().st_size),
        (before["prompt"], after["prompt"]),
        (before["writing"], after["writing"]),
    )
