"""The lexical leg: BM25 over terms of our own, by tantivy.

Derived from the truth and kept in ``words/<generation>/``. tantivy (https://github.com/quickwit-oss/tantivy) scores
with Okapi BM25, k1 = 1.2 and b = 0.75 (Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009). A folder
never changes once it is published: the next one starts from hard links to its files, so readers keep what they have
open. This is the only file that imports tantivy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from index.platform import make_private_folder, sync_folder
from index.stamp import Stamp, files_match, read_stamp, take_stamp, write_stamp
from index.store import Store
from index.types import Passage
from index.words import terms

FOLDER = "words"
STAMP = "words.json"
VERSION = 1
WRITER_MEMORY = 64 << 20  # bytes tantivy may hold before it writes a segment; its least is 15 MB a thread
CONTEXT_BOOST = 0.5  # placeholder of equal order until measured by tests/bench


class WordIndex:
    """The terms of every chunk; `search` never needs the derived folder to be there or up to date."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.folder = store.folder / FOLDER
        self._stamp: Stamp | None = None
        self._part: Any = None
        self._recent: tuple[int, Any] | None = None

    def search(self, words: Sequence[str], k: int, documents: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """Numbers and BM25 scores of the `k` best chunks for these terms, best first, in `documents` (all when None).

        Chunks that left the truth since the part was written may be among them.
        """
        if not words or k <= 0 or (documents is not None and not documents):
            return []
        self._load()
        found: list[tuple[int, float]] = []
        for part in filter(None, (self._part, self._newer())):
            found += _search(part, words, k, documents)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def frequency(self, term: str) -> int:
        """The number of chunks that hold `term`."""
        self._load()
        parts = filter(None, (self._part, self._newer()))
        return sum(part.searcher().doc_freq("body", term) for part in parts)

    def _newer(self) -> Any:
        """A part in memory of the chunks that the published one does not cover; None when there are none."""
        last = self.store.last_chunk()
        covers = self._stamp.covers if self._stamp else 0
        if last <= covers:
            return None
        if self._recent is None or self._recent[0] != last:
            part = open_part(None)
            fill_part(part, self.store.each_passage(after=covers), self.store.document_ids())
            self._recent = (last, part)
        return self._recent[1]

    # ---------------------------------------------------------------- the derived folder

    def _load(self) -> None:
        """Use the published part if it is a new one and right."""
        stamp = read_stamp(self.store.folder / STAMP)
        if stamp == self._stamp:
            return
        self._stamp, self._part, self._recent = None, None, None
        if stamp is None or stamp.kb != self.store.get("kb") or stamp.shape != str(VERSION):
            return
        folder = self.folder / stamp.folder
        if files_match(stamp, folder):
            self._stamp, self._part = stamp, open_part(folder)

    def refresh(self) -> None:
        """Bring the part up to the present truth and publish it; small steps where it can be used, else anew."""
        self._load()
        last, covers = self.store.last_chunk(), self._stamp.covers if self._stamp else 0
        alive = self.store.all_chunk_ids()
        gone = part_numbers(self._part) - alive if self._part else set()
        if self._stamp and last <= covers and not gone:
            return
        folder = self.folder / str(self.store.generation)
        make_private_folder(self.folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        if self._stamp:
            for name in self._stamp.files:
                _link(self.folder / self._stamp.folder / name, folder / name)
        part = open_part(folder)
        fill_part(part, self.store.each_passage(after=covers), self.store.document_ids(), gone)
        names = [path.name for path in folder.iterdir() if not path.name.endswith(".lock")]
        sync_folder(folder)
        stamp = take_stamp(
            folder, names, kb=self.store.get("kb"), shape=str(VERSION), generation=self.store.generation, covers=last
        )
        write_stamp(self.store.folder / STAMP, stamp)
        self._stamp, self._part, self._recent = None, None, None
        for old in self.folder.iterdir():
            if old.name != folder.name:
                shutil.rmtree(old, ignore_errors=True)  # a reader on Windows may hold it; the next run takes it away


def open_part(folder: Path | None) -> Any:
    """The tantivy index in `folder`, made when it is empty; in memory when None."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    # Deleting by a term of an unsigned field deletes nothing (traps.md): signed numbers.
    schema.add_integer_field("chunk", indexed=True, fast=True)
    schema.add_integer_field("document", indexed=True, fast=True)
    for field in ("body", "context"):
        schema.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return tantivy.Index(schema.build(), path=str(folder) if folder else None)


def fill_part(part: Any, passages: Iterable[Passage], documents: dict[str, int], gone: Iterable[int] = ()) -> None:
    """Add passages to a part and take the chunks numbered `gone` out, in one commit."""
    import tantivy

    writer = part.writer(WRITER_MEMORY, 1)
    for number in gone:
        writer.delete_documents_by_term("chunk", number)
    for passage in passages:
        above = " ".join(
            (passage.path, passage.title, *passage.chunk.heading, *(s.text for s in passage.chunk.context))
        )
        document = tantivy.Document()
        document.add_integer("chunk", passage.id)
        document.add_integer("document", documents[passage.path])
        document.add_text("body", " ".join(terms(passage.chunk.text)))
        document.add_text("context", " ".join(terms(above)))
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    part.reload()


def part_numbers(part: Any) -> set[int]:
    """The chunks in a part."""
    import tantivy

    searcher = part.searcher()
    if not searcher.num_docs:
        return set()
    hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
    return set(searcher.fast_field_values("chunk", [address for _, address in hits]))


def _search(part: Any, words: Sequence[str], k: int, documents: Sequence[int] | None) -> list[tuple[int, float]]:
    import tantivy

    query, schema = tantivy.Query, part.schema
    searcher = part.searcher()
    clauses = []
    for word, count in Counter(words).items():
        for field, boost in (("body", 1.0), ("context", CONTEXT_BOOST)):
            term = query.term_query(schema, field, word, "freq")
            clauses.append((tantivy.Occur.Should, query.boost_query(term, boost * count)))
    wanted = query.boolean_query(clauses)
    if documents is not None:
        inside = query.const_score_query(query.term_set_query(schema, "document", list(documents)), 0.0)
        wanted = query.boolean_query([(tantivy.Occur.Must, wanted), (tantivy.Occur.Must, inside)])
    hits = searcher.search(wanted, k, count=False).hits
    numbers = searcher.fast_field_values("chunk", [address for _, address in hits])
    return [(int(number), float(score)) for number, (score, _) in zip(numbers, hits, strict=True)]


def _link(old: Path, new: Path) -> None:
    """Make `new` the same file as `old` where the disk can, else a copy; tantivy never changes a file it wrote."""
    with contextlib.suppress(OSError):
        os.link(old, new)
        return
    shutil.copyfile(old, new)
