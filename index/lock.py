"""One writer at a time, by a lock that the kernel drops with its holder; readers never wait."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from index.errors import LockedError
from index.files import disk_errors
from index.platform import lock_file

PATIENCE = 1.0  # seconds: long enough for another command's last step, short enough to answer within two
NAMING = 0.25  # seconds more for the holder's name, which it writes as soon as it has the lock
WIDTH = 200  # bytes: every name is shorter, so that it covers the one before


@contextlib.contextmanager
def write_lock(folder: Path, purpose: str, patience: float = PATIENCE, name: str = "lock") -> Iterator[None]:
    """Hold the right to change the knowledge base in `folder`; raises LockedError that names the holder.

    `patience` is how many seconds another holder is waited for; `name` is the file that is locked.
    """
    path = folder / name
    told = f"{folder} cannot be changed", "Check the disk and its permissions."
    with disk_errors(*told):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        deadline = time.monotonic() + patience
        with disk_errors(*told):  # a disk without locks
            while not lock_file(descriptor):
                late = time.monotonic() - deadline
                holder = _holder(path) if late >= 0 else ""
                if holder or late > NAMING:
                    raise LockedError(
                        f"{folder} is being changed by {holder or 'another process'}.",
                        "Wait for it to finish, then try again.",
                    )
                time.sleep(0.05)
        with contextlib.suppress(OSError):  # a full disk keeps the name out, not the lock
            said = json.dumps({"pid": os.getpid(), "purpose": purpose}).encode()
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, said.ljust(WIDTH))  # in one step over the former name, so that it is read whole
        yield
    finally:
        with contextlib.suppress(OSError):  # the kernel drops the lock all the same
            os.close(descriptor)


def _holder(path: Path) -> str:
    """Who says in the lock to hold it; "" for one who has not done so yet."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return f"process {facts['pid']} ({facts['purpose']})"
    except (OSError, ValueError, KeyError):
        return ""
