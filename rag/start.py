"""The command ``rag``: while it is still being loaded, Ctrl-C ends it at once and without a word."""

from __future__ import annotations

import os
import signal

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


def main() -> None:
    """Load the program and run it; from then on it says itself what an interruption left behind."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # else somebody wants it ignored
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from rag.cli import main as run

    signal.signal(signal.SIGINT, usual)
    run()
