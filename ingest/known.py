"""What earlier runs left: which files were read and by what, which were not, and what of them has to be read again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from index.store import Origin, Store, Unread
from ingest.parsers import ParseOptions
from ingest.reading import attempt_version, reader_version
from ingest.scan import Source


class Known:
    """The files of a knowledge base as a run finds them.

    `documents` are those that gave one, `unread` those that did not, by path; `removed` are paths that the user took
    out. `inside` and `left_out` name, for each file with files inside it, those of them of either kind.
    """

    def __init__(self, store: Store, parse: ParseOptions, *, retry: bool) -> None:
        self.documents = store.origins()
        self.unread = store.unread()
        self.removed = store.removed()
        self._looks = store.looks()
        self.inside: defaultdict[str, list[str]] = defaultdict(list)
        self.left_out: defaultdict[str, list[str]] = defaultdict(list)
        for path, origin in self.documents.items():
            if origin.parent:
                self.inside[origin.parent].append(path)
        for path in self.unread.keys() | self.removed:
            for folder in map(str, PurePosixPath(path).parents):
                if folder in self.documents and path not in self.documents:
                    self.left_out[folder].append(path)
        self._parse, self._retry = parse, retry

    def move(self, new_path: Callable[[str], str]) -> None:
        """Know what was not read or taken out by its new path too, where it has one."""
        self.removed |= set(filter(None, map(new_path, self.removed)))
        self.unread |= {new: replace(file, path=new) for path, file in self.unread.items() if (new := new_path(path))}

    def is_as_it_was(self, source: Source, *, whoever_reads: bool) -> bool:
        """Whether a file is the one that was read, and (unless it does not matter) what reads it is what read it."""
        old = self.documents.get(source.path)
        if old is None or source.path in self.unread or not self._looks_as_it_did(old, source):
            return False
        return whoever_reads or self._is_read_out(old)

    def has_same_bytes(self, source: Source, sha256: str) -> bool:
        """Whether a file that looks changed holds what was read, and by what reads it now."""
        old = self.documents.get(source.path)
        return old is not None and old.sha256 == sha256 and self._is_read_out(old)

    def failed_alike(self, source: Source) -> Unread | None:
        """How a file failed that is still the same, when nothing new could be tried."""
        failed = self.unread.get(source.path)
        if failed is None or self._retry:
            return None
        version = attempt_version(source.path, self._parse)
        return failed if failed.reader == version and self._looks_as_it_did(failed, source) else None

    def _looks_as_it_did(self, old: Origin | Unread, source: Source) -> bool:
        """Whether a file is, by what the disk says of it, the one that was read or tried."""
        then = old.size, old.mtime_ns, self._looks.get(source.path)
        return then == (source.size, source.mtime_ns, source.ctime_ns)

    def _is_read_out(self, old: Origin) -> bool:
        """Whether reading a file again gives nothing new; what has come since may open more of the files inside it."""
        if old.reader != reader_version(old.path, self._parse):
            return False
        inside = set(self.left_out.get(old.path, ())) - self.removed
        unread = [self.unread[path] for path in inside if path in self.unread]
        tried = all(file.reader.startswith(attempt_version(file.path, self._parse)) for file in unread)
        return tried and not (self._retry and unread)
