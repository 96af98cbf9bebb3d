"""Status and checks on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rag.screen import note, print_json, show

if TYPE_CHECKING:
    from rag.doctor import Check
    from rag.status import Status


def show_status(status: Status) -> None:
    """A line a fact."""
    unread = "".join(f", {count} {outcome}" for outcome, count in status.unread.items())
    rows = [
        ("knowledge base", f"{status.kb} (generation {status.generation}, {status.bytes / 1e6:.1f} MB)"),
        *(("source", f"{name} ← {root}") for name, root in status.sources.items()),
        ("documents", f"{status.documents}{unread}"),
        ("chunks", f"{status.chunks}" + (f", {status.waiting} wait for their vectors" if status.waiting else "")),
        ("embedding model", status.embed_model or "none: searching by words alone (rag setup)"),
        ("instruct model", status.model or "none: quotes alone (rag setup)"),
        *status.learned.items(),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        show(f"{name:{width}}  {value}", hang=4)


def show_checks(checks: Iterable[Check], as_json: bool) -> bool:
    """Each check with its outcome as it comes, then numbered next steps; whether everything is fine."""
    seen = []
    for check in checks:
        seen.append(check)
        if not as_json:
            show(f"{'ok  ' if check.fine else 'MISS'} {check.subject}: {check.found}", hang=5)
    if as_json:
        print_json({"checks": seen})
    else:
        steps = dict.fromkeys(check.next for check in seen if not check.fine and check.next)
        for number, step in enumerate(steps, 1):
            note(f"{number}. {step}")
    return all(check.fine for check in seen)
