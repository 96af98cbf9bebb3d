"""A program run as a person runs it: on a terminal of its own, with keys pressed and the screen read."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent
CTRL_C = "\x03"
# What terminals are told besides text: colours, links, the cursor's place.
CONTROLS = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>]")
# prompt_toolkit would ask where the cursor is, and nobody answers here.
TERMINAL = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "120", "PROMPT_TOOLKIT_NO_CPR": "1"}
# Makes the terminal that stands as its input the one whose Ctrl-C reaches it; a test run that was started in the
# background hands down that Ctrl-C is ignored.
OWN_TERMINAL = (
    "import fcntl, os, signal, sys, termios; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    " fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """``python -m rag`` with `arguments`; a context manager that ends it."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], *, seconds: float = 120.0) -> None:
        self._screen, inside = os.openpty()
        self._until = time.monotonic() + seconds
        self.written = b""
        command = [sys.executable, "-c", OWN_TERMINAL, sys.executable, "-m", "rag", *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env={**os.environ, **TERMINAL, **environment},
            start_new_session=True,
        )
        os.close(inside)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._screen)

    @property
    def text(self) -> str:
        """Everything that was shown so far, without colours and links."""
        return CONTROLS.sub("", self.written.decode("utf-8", "replace")).replace("\r\n", "\n")

    def read_until(self, words: str, *, after: int = 0) -> None:
        """Wait until `words` are on the screen, behind the first `after` characters."""
        while words not in self.text[after:]:
            assert self._read(), f"it ended without {words!r}:\n{self.text}"

    def press(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def finish(self) -> int:
        """Read to its end; the exit code."""
        while self._read():
            pass
        return self.process.wait(max(1.0, self._until - time.monotonic()))

    def children(self) -> list[int]:
        """The processes it has started, whichever thread of it did, and that still run; known on Linux alone."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]

    def _read(self) -> bool:
        """Whether there was more to read."""
        ready, _, _ = select.select([self._screen], [], [], max(0.0, self._until - time.monotonic()))
        assert ready, f"nothing for too long:\n{self.text}"
        with contextlib.suppress(OSError):  # so Linux says that the other side is closed
            if data := os.read(self._screen, 65536):
                self.written += data
                return True
        return False
