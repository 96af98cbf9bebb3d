"""What fetches and makes models on the screen: a line a step, and a bar while bytes come in."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any, TypeVar

from rag.screen import note
from rag.setup.fetch import Step
from rag.show_report import LINE_EVERY

Last = TypeVar("Last")


def show_steps(steps: Iterator[Step | Last]) -> Last | None:
    """Show each step as it comes, and return what the steps end in, None when they only did something."""
    last: Last | None = None
    transfer = _Transfer()
    try:
        for step in steps:
            if not isinstance(step, Step):
                last = step
            elif step.text:
                transfer.end()
                note(step.text)
            else:
                transfer.show(step.done, step.total)
    finally:
        transfer.end()
    return last


class _Transfer:
    """Bytes on their way: on a terminal a bar with a rate and the time left, elsewhere a line now and then."""

    def __init__(self) -> None:
        self._bar = _make_bar() if sys.stderr.isatty() else None
        self._last = time.monotonic()

    def show(self, done: int, total: int) -> None:
        if self._bar is None:
            if time.monotonic() - self._last > LINE_EVERY:
                self._last = time.monotonic()
                note(f"  {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
            return
        if not self._bar.tasks:
            self._bar.add_task("", total=total, completed=done)
            self._bar.start()
        self._bar.update(self._bar.tasks[0].id, completed=done)

    def end(self) -> None:
        """Take the bar away, so that what is said next begins on a line of its own."""
        if self._bar and self._bar.tasks:
            self._bar.stop()
            self._bar.remove_task(self._bar.tasks[0].id)


def _make_bar() -> Any:  # rich is loaded only where there is a terminal
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
