"""Estimates what a run will write, so that a full disk is noticed before it begins."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import PurePosixPath

from index.errors import StoreError
from index.files import list_below
from index.search import Index
from ingest.scan import Source

# Bytes written for a byte read. Plain text: 13 for random words, where no term repeats, with vectors of 384 numbers in
# both places; pages, packed formats and pictures hold less text than they have bytes (the sample documents: 1.5).
PLAIN, OTHER = 10, 2
PLAIN_NAMES = (
    "txt md markdown rst org adoc tex log csv tsv json jsonl ndjson yaml yml toml ini xml html htm eml mbox srt vtt"
    " py js ts java c h cpp go rs sh sql"
)
PLAIN_SUFFIXES = frozenset(f".{name}" for name in PLAIN_NAMES.split())
LEAST = 16 << 20  # what even a small run may need: the log, and a part beside its former one


def check_space(index: Index, sources: Sequence[Source]) -> None:
    """Raise StoreError when the disk has less room than reading these files is likely to take."""
    if not sources:
        return
    growth = sum(source.size * _factor(source) for source in sources)
    folder = index.store.folder
    parts = [path for path in list_below(folder) if path.is_file() and "sqlite3" not in path.name]
    rewritten = sum(path.stat().st_size for path in parts)
    needed, free = LEAST + growth + rewritten, shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"{folder} has {free / 1e6:,.0f} MB free; reading {len(sources)} files may take {needed / 1e6:,.0f} MB.",
            "Free some space, or keep the knowledge base on another disk (--kb DIR).",
        )


def _factor(source: Source) -> int:
    return PLAIN if PurePosixPath(source.path).suffix.lower() in PLAIN_SUFFIXES else OTHER
