"""Warns of folders in which a database is not safe: network drives and folders that a program copies elsewhere."""

from __future__ import annotations

from pathlib import Path

from index.platform import filesystem_of

# SQLite's own advice is not to use a database over a network: locks and the order of writes are not kept there
# (https://www.sqlite.org/useovernet.html). Names are those of Linux's and macOS's mount tables.
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "9p", "sshfs", "fuse.sshfs", "ncpfs"}
)
SYNCED = ("dropbox", "onedrive", "google drive", "googledrive", "icloud", "mobile documents", "nextcloud", "owncloud")


def warn_of(folder: Path) -> str:
    """A sentence about why a knowledge base should not lie in `folder`, with a way out; "" when it may."""
    place = folder.expanduser().resolve()
    kind = filesystem_of(place)
    if kind in NETWORK:
        return (
            f"{folder} is on a network drive ({kind}), where locks and writes are not reliable. Keep it on this machine"
            " (--kb DIR), and give others a copy to read with --shared-read."
        )
    for part in place.parts:
        if any(name in part.lower() for name in SYNCED):
            return (
                f"{folder} is in a folder that is copied elsewhere ({part}): a copy taken in the middle of a write is"
                " damaged, and what you forget stays there. Keep it outside (--kb DIR)."
            )
    return ""
