"""The evaluated begin of a prompt, kept as a file: a second question does not read the system text again.

llama.cpp takes any bytes for a state: of another model, or with a flipped bit, it goes on with nonsense or ends the
process. So the file's name is a hash of everything the state depends on, and its content is checked before llama.cpp
sees it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from index.errors import StoreError
from index.files import write_file
from index.platform import make_private_folder

KEPT = 8  # files: two languages of a prompt for each of a few models; one holds the keys and values of its tokens
MAGIC = b"TEBIKI-PREFIX-1\n"


def prefix_key(parts: Sequence[str], tokens: Sequence[int]) -> str:
    """The name of a state: `parts` are the model's hash, the library's version, and how the context was made."""
    return hashlib.sha256("\0".join([*parts, ",".join(map(str, tokens))]).encode()).hexdigest()


def load_prefix(folder: Path, key: str) -> bytes | None:
    """The state kept under `key`; None when there is none, or it is damaged."""
    path = folder / f"{key}.state"
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head = MAGIC + content[len(MAGIC) : len(MAGIC) + 32]
    state = content[len(head) :]
    if content[: len(MAGIC)] != MAGIC or hashlib.sha256(key.encode() + state).digest() != head[len(MAGIC) :]:
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the least recently used is removed first
    return state


def keep_prefix(folder: Path, key: str, state: bytes) -> None:
    """Keep `state` under `key`; a folder that cannot be written costs the next question a second, nothing else."""
    with contextlib.suppress(OSError, StoreError):
        make_private_folder(folder)
        write_file(folder / f"{key}.state", [MAGIC, hashlib.sha256(key.encode() + state).digest(), state])
        files = sorted(folder.glob("*.state"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[KEPT:]:
            path.unlink()
