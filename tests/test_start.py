"""Ctrl-C while the program is still being loaded."""

from __future__ import annotations

import subprocess
import sys

# Presses Ctrl-C when the commands begin to be imported, and then says what became of its handler.
PRESS = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == "rag.cli":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.{handler})
sys.meta_path.insert(0, Press())
sys.argv = ["rag", "--version"]
from rag.start import main
try:
    main()
finally:
    print(signal.getsignal(signal.SIGINT) == signal.{handler})
"""


def run(handler: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PRESS.format(handler=handler)], capture_output=True, text=True)


def test_it_ends_at_once_and_says_nothing() -> None:
    done = run("default_int_handler")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_who_wants_it_ignored_is_heeded() -> None:
    done = run("SIG_IGN")
    assert done.returncode == 0
    assert done.stdout.startswith("rag, version") and done.stdout.endswith("True\n")
