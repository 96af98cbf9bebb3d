"""Which knowledge bases this user made: one that lies about in an unpacked archive has no power over the program."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from index.connection import connect
from index.database import DATABASE
from index.errors import DamagedError, NoIndexError, StoreError, UntrustedError
from index.files import write_file
from index.lock import write_lock
from index.platform import current_user, make_private_folder, open_to_others, owner
from index.seal import SEAL
from index.stamp import read_stamp
from ingest.user_folders import user_folder

PARTS = ("words.json", "vectors.json")  # stamps of derived parts; they name the knowledge base too


def check_trust(folder: Path, *, shared: bool = False) -> None:
    """Raise UntrustedError when the knowledge base in `folder` is not this user's own, or is open to others.

    One that is read as `shared` may be another user's and open to others, but this user must have said to trust it.
    """
    path = folder / DATABASE
    if not path.exists():
        return
    option = " --shared-read" if shared else ""
    if not shared and owner(folder) != current_user():
        raise UntrustedError(f"{folder} belongs to another user.", f"If you trust it: rag trust {folder}")
    if not shared and (open_to_others(folder) or open_to_others(path)):
        raise UntrustedError(f"{folder} can be read or changed by others.", f"Run: chmod -R go= {folder}")
    kb = read_kb_id(folder)
    if not kb:
        raise DamagedError(f"{path} cannot be read.", "Run: rag repair")
    if kb not in _trusted():
        raise UntrustedError(
            f"{folder} was not made by you on this machine.", f"If you trust it: rag trust {folder}{option}"
        )


def trust_folder(folder: Path, *, shared: bool = False) -> None:
    """Trust the knowledge base in `folder`, and close it to others unless it is `shared`; raises NoIndexError."""
    path = folder / DATABASE
    kb = read_kb_id(folder) if path.exists() else ""
    if not kb:
        raise NoIndexError(f"There is no knowledge base in {folder}.", "Name the folder that holds index.sqlite3.")
    if not shared:
        make_private_folder(folder)
        path.chmod(0o600)
    trust(kb)


def trust(kb: str) -> None:
    """Remember the knowledge base with this id as one of this user's."""
    make_private_folder(_list().parent)
    with write_lock(_list().parent, "rag trust"):
        known = _trusted()
        if kb not in known:
            write_file(_list(), [json.dumps(sorted({*known, kb}), indent=1).encode()])


def read_kb_id(folder: Path) -> str:
    """The id of the knowledge base in `folder`, from its seal, its database or its parts; "" when none can be read."""
    if seal := read_stamp(folder / SEAL):
        return seal.kb
    with (
        contextlib.suppress(StoreError),
        contextlib.closing(connect(folder / DATABASE, "rw" if os.access(folder, os.W_OK) else "immutable")) as database,
    ):
        return str(database.execute("SELECT value FROM meta WHERE key = 'kb'").fetchone()[0])
    stamps = [read_stamp(folder / name) for name in PARTS]
    return next((stamp.kb for stamp in stamps if stamp), "")


def _list() -> Path:
    return user_folder("data") / "trusted.json"


def _trusted() -> set[str]:
    try:
        return set(json.loads(_list().read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()
