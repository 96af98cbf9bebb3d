"""The write story: what is on the disk becomes what is in the index.

    path ─scan→ Source ─parse→ Document ─chunk→ Chunk ─embed→ vectors ─index.replace→ committed

A document is searchable by words as soon as it is parsed; its vectors follow in batches. A run that is killed leaves
whole documents only, and the next one goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from index.errors import RagError, UnsupportedError
from index.platform import usable_cores
from index.search import Index
from index.store import Origin, Unread
from index.types import Document, Member
from ingest.chunk import chunk_document, embedding_input
from ingest.known import Known
from ingest.parsers import ParseOptions
from ingest.reading import Reader, Reading, attempt_version, check_readable, is_large, reader_version
from ingest.report import IngestReport, Note, Outcome, Progress, Tally, no_progress
from ingest.scan import Skipped, Source, load, plan_roots
from ingest.space import check_space
from ingest.takeover import scan_outer_first
from ingest.vectors import embed_waiting

if TYPE_CHECKING:
    from ingest.embedders import Embedder

PUBLISH_EVERY = 60.0  # seconds between two writings of the derived parts during a run: a new word index costs seconds
DEEPEST = 4  # files inside files inside files: deeper nesting is an attack or an accident
REMOVED = "taken out with rag rm"
PRUNED_SHARE, PRUNED_COUNT = 0.2, 20  # more than this missing from a source is a mistake until --prune says otherwise


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about its work."""

    parse: ParseOptions
    jobs: int
    prune: bool
    retry: bool
    dry_run: bool


def ingest(
    index: Index,
    roots: Sequence[Path],
    *,
    embedder: Embedder | None,
    passwords: tuple[str, ...] = (),
    ocr: bool = True,
    jobs: int = 0,
    prune: bool = False,
    retry: bool = False,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> IngestReport:
    """Make the index equal what is at `roots` (at every known source when empty), for the holder of the write lock.

    Raises UsageError when a root is missing or unreadable, StoreError when the disk has too little room; then nothing
    was changed.
    """
    options = Options(ParseOptions(passwords, ocr), jobs or usable_cores(), prune, retry, dry_run)
    start = time.monotonic()
    tally = Tally()
    run = _Run(index, options, tally, progress)
    found = run.look(roots)
    wanted = run.changed(found)
    if not dry_run:
        check_space(index, wanted)
        run.register()
    run.read(wanted)
    run.sweep()
    if not dry_run:
        if embedder is not None:
            embed_waiting(index, embedder, progress, meanwhile=index.words.refresh)
        progress("finish", 0, 1, "")
        index.refresh()
        progress("finish", 1, 1, "")
    return tally.report(time.monotonic() - start)


class _Run:
    """One run's knowledge of what was there before."""

    def __init__(self, index: Index, options: Options, tally: Tally, progress: Progress) -> None:
        self.index, self.store = index, index.store
        self.options, self.tally, self.progress = options, tally, progress
        self.known = Known(self.store, options.parse, retry=options.retry)
        self.seen: set[str] = set()
        self.unreadable: list[str] = []
        self.published = time.monotonic()

    # ---------------------------------------------------------------- scan

    def look(self, roots: Sequence[Path]) -> list[Source]:
        """The files at the roots that are to be read; what is skipped goes into the report."""
        sources = self.store.sources()
        self.roots, entries, self.taken = scan_outer_first(plan_roots(roots, sources), sources)
        self.known.move(self.taken.new_path)
        found: list[Source] = []
        for entry in entries:
            self.seen.add(entry.path)
            if isinstance(entry, Skipped):
                self.tally.record(entry.path, "skipped", entry.reason)
                if entry.unreadable:
                    self.unreadable.append(entry.path)
            elif entry.path in self.known.removed:
                self.tally.record(entry.path, "skipped", REMOVED)
            else:
                found.append(entry)
        return found

    def register(self) -> None:
        """Remember the roots."""
        for root in self.roots:
            self.store.add_source(root.source, root.root)

    def changed(self, found: Sequence[Source]) -> list[Source]:
        """Those that have to be read: new ones, changed ones, and those that a better reader may read now."""
        wanted = []
        for source in found:
            # What a better reader makes of a file is known only when it has read it.
            if self.known.is_as_it_was(source, whoever_reads=self.options.dry_run):
                self._record_unchanged(source.path)
            elif failed := self.known.failed_alike(source):
                self._record_unread(failed)
                self._record_inside(source.path)
            else:
                wanted.append(source)
        return wanted

    # ---------------------------------------------------------------- read

    def read(self, wanted: Sequence[Source]) -> None:
        """Parse, chunk and store; each document is committed whole."""
        if self.options.dry_run:
            for source in wanted:
                self._foretell(source)
            return
        hashes: dict[str, str] = {}

        def load_checked(source: Source) -> tuple[str, bytes]:
            check_readable(PurePosixPath(source.path).suffix)
            data = load(source)
            hashes[source.path] = hashlib.sha256(data).hexdigest()
            if self.known.has_same_bytes(source, hashes[source.path]):
                raise _Same
            return source.path, data

        def alone(source: Source) -> bool:
            return is_large(source.path, source.size)

        with Reader(self.options.parse, self.options.jobs) as reader:
            for number, (source, reading) in enumerate(reader.read_each(wanted, load_checked, alone)):
                self.progress("read", number, len(wanted), source.path)
                origin = self._origin(source, hashes.get(source.path, ""))
                with self.store.writing():
                    if isinstance(reading.error, _Same):
                        self.store.touch(origin)
                        self._record_unchanged(source.path)
                    else:
                        self._keep(origin, reading, reader)
                    self.store.record_look(source.path, source.ctime_ns)
                self._publish_sometimes()
        self.progress("read", len(wanted), len(wanted), "")

    def _foretell(self, source: Source) -> None:
        """Say what will become of a file, as far as that is known without reading it."""
        outcome: Outcome = "updated" if source.path in self.known.documents else "added"
        try:
            check_readable(PurePosixPath(source.path).suffix)
        except UnsupportedError as error:
            self.tally.record(source.path, "skipped", _reason(source.path, error))
            return
        for path in (source.path, *self.known.inside.get(source.path, ())):
            self.tally.record(path, outcome)
            self.seen.add(path)

    def _origin(self, source: Source, sha256: str) -> Origin:
        version = reader_version(source.path, self.options.parse)
        return Origin(source.path, str(source.file), source.source, sha256, source.size, source.mtime_ns, version)

    def _keep(self, origin: Origin, reading: Reading, reader: Reader, depth: int = 0) -> None:
        """Store what was read of one file and of the files inside it."""
        document = reading.document
        if document is None:
            assert reading.error is not None
            self._fail(origin, reading.error)
        elif not document.blocks and not document.members:
            self._skip(origin, "; ".join(document.warnings) or "no text in it")
        else:
            self._store(origin, document)
            for member in document.members:
                self._keep_member(origin, member, reader, depth + 1)

    def _keep_member(self, container: Origin, member: Member, reader: Reader, depth: int) -> None:
        path = f"{container.path}/{member.name}"
        self.seen.add(path)
        if path in self.known.removed:
            self.tally.record(path, "skipped", REMOVED)
            self.store.delete([path])
        elif depth > DEEPEST:
            self.tally.record(path, "skipped", f"more than {DEEPEST} files inside each other")
        else:
            digest, top = hashlib.sha256(member.data).hexdigest(), container.parent or container.path
            origin = replace(container, path=path, sha256=digest, parent=top)
            self._keep(origin, reader.read(member.name, member.data), reader, depth)

    def _store(self, origin: Origin, document: Document) -> None:
        document = replace(document, title=document.title or PurePosixPath(origin.path).stem)
        chunks = chunk_document(document)
        inputs = [embedding_input(document.title, chunk) for chunk in chunks]
        old = self.known.documents.get(origin.path)
        if not self.store.replace(origin, document, chunks, inputs) and old and old.sha256 == origin.sha256:
            self.tally.record(origin.path, "unchanged")
            return
        self.tally.record(origin.path, "updated" if old else "added")
        self.tally.chunks += len(chunks)
        self.tally.warned += [Note(origin.path, warning) for warning in document.warnings]

    def _fail(self, origin: Origin, error: RagError) -> None:
        """Remember a file that could not be read; an older version of it that could stays as it was."""
        old = self.known.documents.get(origin.path)
        # Only its reader is another one: what the former one read stands.
        if old and old.sha256 == origin.sha256 and self.store.touch(origin):
            self._record_unchanged(origin.path)
            self.tally.warned.append(Note(origin.path, f"kept as it was read before: {_reason(origin.path, error)}"))
            self._record_inside(origin.path)
            return
        outcome: Outcome = "skipped" if isinstance(error, UnsupportedError) else "failed"
        reason = _reason(origin.path, error)
        self.tally.record(origin.path, outcome, reason)
        before = self.known.unread.get(origin.path)
        if outcome == "failed" and (before is None or before.outcome != "failed"):
            self.tally.new_failures.append(origin.path)
        self._record_inside(origin.path)
        self._remember_unread(origin, outcome, reason)

    def _skip(self, origin: Origin, reason: str) -> None:
        self.tally.record(origin.path, "skipped", reason)
        self.store.delete([origin.path])
        self._remember_unread(origin, "skipped", reason)

    def _remember_unread(self, origin: Origin, outcome: str, reason: str) -> None:
        read = origin.sha256 or outcome == "skipped"
        # A file whose bytes could not be had is tried each time: permissions change without a trace in the file.
        version = attempt_version(origin.path, self.options.parse) if read else ""
        file = Unread(origin.path, outcome, reason, origin.size, origin.mtime_ns, version)
        if file != self.known.unread.get(origin.path):
            self.store.record_unread(file)

    def _record_unchanged(self, path: str) -> None:
        """The same for a file and for the files inside it, which were not looked at."""
        for known in (path, *self.known.inside.get(path, ())):
            self.tally.record(known, "unchanged")
            self.seen.add(known)
        self._record_left_out(path)

    def _record_left_out(self, path: str) -> None:
        """The same for those inside it that gave no document: they are still failed, skipped or taken out."""
        for known in self.known.left_out.get(path, ()):
            self.seen.add(known)
            if known in self.known.removed:
                self.tally.record(known, "skipped", REMOVED)
            else:
                self._record_unread(self.known.unread[known])

    def _record_unread(self, file: Unread) -> None:
        self.tally.record(file.path, "failed" if file.outcome == "failed" else "skipped", file.reason)

    def _record_inside(self, path: str) -> None:
        """The same for the files inside one that could not be read, in so far as they are still stored."""
        old = self.known.documents.get(path)
        inside = {
            name for name in self.known.inside.get((old and old.parent) or path, ()) if name.startswith(f"{path}/")
        }
        for name in self.store.document_ids().keys() & inside if inside else ():
            self._record_unchanged(name)
        self._record_left_out(path)

    def _publish_sometimes(self) -> None:
        if time.monotonic() - self.published > PUBLISH_EVERY:
            self.index.refresh()
            self.published = time.monotonic()

    # ---------------------------------------------------------------- remove

    def sweep(self) -> None:
        """Take out what is gone from the roots, unless so much is gone that it looks like a mistake."""
        for root in self.roots:
            known = [origin for path, origin in self.known.documents.items() if root.covers(path)]
            gone = [origin.path for origin in known if self._is_gone(origin.path)]
            # What is inside a file goes with it, or was seen to be gone from it: only files may be missing by mistake.
            files = {origin.path for origin in known if not origin.parent}
            missing = files.intersection(gone)
            if len(missing) > max(PRUNED_COUNT, PRUNED_SHARE * len(files)) and not self.options.prune:
                reason = (
                    f"{len(missing)} of {len(files)} files are missing; none was removed. If that is right: --prune"
                )
                self.tally.kept.append(Note(root.source, reason))
                gone = [path for path in gone if (self.known.documents[path].parent or path) not in missing]
            for path in gone:
                self.tally.record(path, "removed")
            if not self.options.dry_run:
                self.store.delete(gone)
                self.store.forget_unread(
                    [path for path in self.known.unread if root.covers(path) and self._is_gone(path)]
                )

        for path, origin in self.known.documents.items():
            if origin.source in self.taken.places:
                self.tally.record(path, "removed")
        if not self.options.dry_run:
            self.taken.apply(self.store)

    def _is_gone(self, path: str) -> bool:
        """Whether it was not seen, and does not lie in a folder that could not be looked into."""
        return path not in self.seen and not any(f"{path}/".startswith(f"{folder}/") for folder in self.unreadable)


class _Same(RagError):
    """Not an error: the bytes are those that were read before."""

    def __init__(self) -> None:
        super().__init__("unchanged")


def _reason(path: str, error: RagError) -> str:
    """What the report says of a file: why it could not be read, and what to do."""
    message = error.message.removeprefix(path).strip()  # the report names the file itself
    return " ".join(filter(None, (message if message.endswith((".", "?", "。")) else f"{message}.", error.next)))
