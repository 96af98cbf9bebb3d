"""Remembers where the quotes of the last answer stand, so that ``rag open N`` finds them; it holds no document text."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from index.errors import MissingError, StoreError, UsageError
from index.files import write_file
from index.platform import open_with_system
from index.types import Quote

FILE = "last-answer.json"


def remember(folder: Path, quotes: Sequence[Quote]) -> None:
    """Note the files and places of these quotes; raises StoreError when they cannot be kept, and no others are then."""
    try:
        write_file(folder / FILE, [json.dumps(places_of(quotes), ensure_ascii=False).encode("utf-8", "surrogatepass")])
    except StoreError:
        with contextlib.suppress(OSError):
            (folder / FILE).unlink(missing_ok=True)
        raise


def places_of(quotes: Sequence[Quote]) -> list[tuple[int, str, str, str]]:
    return [(quote.n, quote.file, quote.path, quote.where) for quote in quotes]


def open_quote(folder: Path, number: int) -> str:
    """Open the file of quote `number` of the last answer, and return its place."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8", errors="surrogatepass"))
        places = [(n, str(file), str(path), str(where)) for n, file, path, where in kept]
    except (OSError, ValueError, TypeError):
        raise UsageError("There is no last answer in this knowledge base.", 'Ask first: rag ask "…"') from None
    return open_place(places, number)


def open_place(places: Iterable[tuple[int, str, str, str]], number: int) -> str:
    """Open the file of quote `number` with the system's program for it, and return its place."""
    places = list(places)
    for n, file, path, where in places:
        if n == number:
            if not Path(file).is_file():
                raise UsageError(f"{file} is gone.", "Run: rag ingest")
            _start(Path(file))
            return ", ".join(filter(None, (path, where)))
    raise UsageError(f"The last answer has no quote {number}.", f"It has {len(places)}.")


def _start(file: Path) -> None:
    command = open_with_system(file)
    try:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise MissingError(f"{command[0]} could not be started.", f"Open it yourself: {file}") from error
