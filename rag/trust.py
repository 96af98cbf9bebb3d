"""Which knowledge bases this user made: one that lies about in an unpacked archive has no power over the program."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

from index.database import DATABASE
from index.errors import NoIndexError, UntrustedError
from index.files import write_file
from index.platform import current_user, make_private_folder, open_to_others, owner
from rag.settings import user_folder


def check_trust(folder: Path) -> None:
    """Raise UntrustedError when the knowledge base in `folder` is not this user's own, or is open to others."""
    path = folder / DATABASE
    if not path.exists():
        return
    if owner(folder) != current_user():
        raise UntrustedError(f"{folder} belongs to another user.", f"If you trust it: rag trust {folder}")
    if open_to_others(folder) or open_to_others(path):
        raise UntrustedError(f"{folder} can be read or changed by others.", f"Run: chmod -R go= {folder}")
    if read_kb_id(path) not in _trusted():
        raise UntrustedError(f"{folder} was not made by you on this machine.", f"If you trust it: rag trust {folder}")


def trust_folder(folder: Path) -> None:
    """Trust the knowledge base in `folder`, and close it to others; raises NoIndexError when there is none."""
    path = folder / DATABASE
    kb = read_kb_id(path) if path.exists() else ""
    if not kb:
        raise NoIndexError(f"There is no knowledge base in {folder}.", "Name the folder that holds index.sqlite3.")
    make_private_folder(folder)
    path.chmod(0o600)
    trust(kb)


def trust(kb: str) -> None:
    """Remember the knowledge base with this id as one of this user's."""
    known = _trusted()
    if kb in known:
        return
    make_private_folder(_list().parent)
    write_file(_list(), [json.dumps(sorted({*known, kb}), indent=1).encode()])


def read_kb_id(path: Path) -> str:
    """The id of the knowledge base in a database file; "" when it cannot be read."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db,
    ):
        return str(db.execute("SELECT value FROM meta WHERE key = 'kb'").fetchone()[0])
    return ""


def _list() -> Path:
    return user_folder("data") / "trusted.json"


def _trusted() -> set[str]:
    try:
        return set(json.loads(_list().read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()
