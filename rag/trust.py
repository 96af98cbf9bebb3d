"""Which knowledge bases this user made: one that lies about in an unpacked archive has no power over the program."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from index.connection import connect
from index.errors import DamagedError, NoIndexError, StoreError, UntrustedError
from index.files import list_below, write_file
from index.lock import write_lock
from index.opening import DATABASE
from index.platform import current_user, make_private_folder, open_to_others, owner
from index.seal import SEAL
from index.stamp import read_stamp
from ingest.user_folders import user_folder

PARTS = ("words.json", "vectors.json")  # stamps of derived parts; they name the knowledge base too
# Files that a new knowledge base would take for its own: settings, a log of SQLite's, folders that are cleared.
PLANTED = ("config.toml", f"{DATABASE}-wal", f"{DATABASE}-journal", SEAL, *PARTS, "words", "lock")


def check_trust(folder: Path, *, shared: bool = False) -> None:
    """Raise UntrustedError when the knowledge base in `folder` is not this user's own, or is open to others.

    One that is read as `shared` may be another user's and open to others, but this user must have said to trust it.
    """
    path = folder / DATABASE
    if not path.exists():
        planted = _find_planted(folder)
        if not planted:
            return
        if not path.exists():  # else another process of this user's has made it meanwhile
            raise UntrustedError(
                f"{folder} holds {planted}, but no knowledge base of yours.",
                "Move it away, or name another folder: --kb DIR",
            )
    option = " --shared-read" if shared else ""
    if not shared:
        if owner(folder) != current_user():
            raise UntrustedError(f"{folder} belongs to another user.", f"If you trust it: rag trust {folder}")
        _check_no_links(folder)
        # Deeper ones lie in folders that are looked at here; a config.toml was made by the user's editor.
        entries = [entry for entry in folder.iterdir() if entry.name != "config.toml"]
        if any(open_to_others(entry) for entry in (folder, *entries)):
            raise UntrustedError(f"{folder} can be read or changed by others.", f"Run: chmod -R go= '{folder}'")
    kb = read_kb_id(folder)
    if not kb:
        # A repair begins with this question, too.
        raise DamagedError(f"{path} cannot be read.", f"Move {folder} away, then read your documents anew: rag ingest")
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
        _check_no_links(folder)
        make_private_folder(folder)
        for entry in list_below(folder):
            entry.chmod(0o700 if entry.is_dir() else 0o600)
    trust(kb)


def _find_planted(folder: Path) -> str:
    """What somebody laid out, in a folder without a database, that a new one would use; "" when there is nothing."""
    for name in PLANTED:
        place = folder / name
        if os.path.lexists(place) and not (name == "lock" and place.is_file() and not place.is_symlink()):
            return name
    return ""


def _check_no_links(folder: Path) -> None:
    """Raise UntrustedError where a link leads out of the knowledge base: clearing it would clear something else."""
    for entry in list_below(folder):
        if entry.is_symlink():
            name = entry.relative_to(folder).as_posix()
            raise UntrustedError(f"{folder} holds a link ({name}), as no knowledge base does.", f"Remove it: {entry}")


def trust(kb: str) -> None:
    """Remember the knowledge base with this id as one of this user's."""
    make_private_folder(_list().parent)
    with write_lock(_list().parent, "rag trust"):
        known = _trusted()
        if kb not in known:
            write_file(_list(), [json.dumps(sorted({*known, kb}), indent=1).encode()])


def read_kb_id(folder: Path) -> str:
    """The id of the knowledge base in `folder`, from its seal, its parts or its database; "" when none can be read."""
    for name in (SEAL, *PARTS):
        if stamp := read_stamp(folder / name):
            return stamp.kb
    with (
        contextlib.suppress(StoreError),
        contextlib.closing(connect(folder / DATABASE, "rw" if os.access(folder, os.W_OK) else "immutable")) as database,
    ):
        return str(database.execute("SELECT value FROM meta WHERE key = 'kb'").fetchone()[0])
    return ""


def _list() -> Path:
    return user_folder("data") / "trusted.json"


def _trusted() -> set[str]:
    try:
        return set(json.loads(_list().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return set()
