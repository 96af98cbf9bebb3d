"""The SHA-256 by which a model file is known."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from index.errors import StoreError
from index.files import hash_file, write_file
from index.platform import make_private_folder
from ingest.user_folders import models_folder

HASHES = "hashes.json"


def file_sha256(path: Path) -> str:
    """SHA-256 of a model file, hashed once and then looked up by its size and times.

    Raises OSError when the file cannot be read.
    """
    stat = path.stat()
    key = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ctime_ns}"
    kept = models_folder() / HASHES
    known: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(kept.read_bytes())
        known = found if isinstance(found, dict) else {}
    if isinstance(known.get(key), str):
        return known[key]
    known[key] = hash_file(path)
    with contextlib.suppress(OSError, StoreError):  # a read-only folder costs the hashing again, nothing else
        make_private_folder(kept.parent)
        write_file(kept, [json.dumps(known, indent=1, sort_keys=True).encode()])
    return known[key]
