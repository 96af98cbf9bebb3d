"""A path belongs to one source: what was read from a folder before a folder above it, the outer one takes over.

Only where a scan of the outer source comes through that folder; one that it leaves out (a hidden one, or by .ragignore)
stays a source of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.conversations import move_citations
from index.errors import DocumentError
from index.store import Store
from ingest.scan import Root, Skipped, Source, find_start, scan


@dataclass(frozen=True, slots=True)
class TakeOver:
    """`places` are the paths that the folders of sources taken over have in the outer source, by their names."""

    places: Mapping[str, str] = field(default_factory=dict)

    def new_path(self, path: str) -> str:
        """What a path of one of these sources becomes; "" for any other."""
        for name, place in self.places.items():
            if path == name or path.startswith(f"{name}/"):
                return place + path[len(name) :]
        return ""

    def apply(self, store: Store) -> None:
        """Take these sources out, once what lies in them was read anew; what was said of their paths holds on."""
        for name, place in self.places.items():
            store.take_over(name, place)
            move_citations(store, name, place)


def scan_outer_first(
    planned: Sequence[Root], known: Mapping[str, Path]
) -> tuple[list[Root], list[Source | Skipped], TakeOver]:
    """The roots that a run looks at, what is found there, and which known sources they take over."""
    inner = _inside(planned, known)
    outer = [root for root in planned if root.source not in inner]
    found = list(scan(outer))
    taken = TakeOver(_seen({name: known[name] for name in inner}, found))
    apart = [root for root in planned if root.source in inner and root.source not in taken.places]
    return outer + apart, found + list(scan(apart)), taken


def _inside(roots: Sequence[Root], known: Mapping[str, Path]) -> set[str]:
    """Known sources that lie inside what one of the roots looks at, under another name."""
    inner = set()
    for root in roots:
        start = None
        with contextlib.suppress(OSError, DocumentError):  # the scan tells what cannot be read
            start, _ = find_start(root)
        for name, place in known.items():
            if start and place.is_relative_to(start) and name != root.source and not name.startswith(f"{root.source}/"):
                inner.add(name)
    return inner


def _seen(sources: Mapping[str, Path], found: Sequence[Source | Skipped]) -> dict[str, str]:
    """Those of these sources that have files among what was found, and no folder that could not be looked into."""
    places = {}
    for entry in found:
        for name, folder in sources.items():
            if isinstance(entry, Source) and name not in places and entry.file.is_relative_to(folder):
                depth = len(entry.file.relative_to(folder).parts)
                places[name] = "/".join(entry.path.split("/")[:-depth]) if depth else entry.path
    hidden = [entry.path for entry in found if isinstance(entry, Skipped) and entry.unreadable]
    return {
        name: place for name, place in places.items() if not any(f"{path}/".startswith(f"{place}/") for path in hidden)
    }
