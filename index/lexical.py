"""The lexical leg: BM25 over terms of our own, by tantivy.

Derived from the truth and kept in ``words/<generation>-…/``. tantivy (https://github.com/quickwit-oss/tantivy) scores
with Okapi BM25, k1 = 1.2 and b = 0.75 (Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009). A folder
never changes once it is published: the next one starts from hard links to its files, so readers keep what they have
open. This is the only file that imports tantivy.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from index.attempt import Attempt
from index.entries import Entry, document_entry, passage_entry
from index.errors import StoreError
from index.files import link_or_copy
from index.opening import OPENING
from index.platform import make_private_folder, sync_folder
from index.query import Query
from index.stamp import LAG_LIMIT, Stamp, files_match, read_stamp, take_stamp, write_stamp
from index.store import Store
from index.types import Passage
from index.words import read_words

FOLDER = "words"
STAMP = "words.json"
VERSION = 4
WRITER_MEMORY = 64 << 20  # bytes tantivy may hold before it writes a segment; its least is 15 MB a thread
FIELDS = ("terms", "shingles", "context")
# Two levels with statistics of their own: what is rare in one is not in the other.
PASSAGES, FILES = "passages", "files"
K1 = 1.2  # tantivy's
# What a field counts beside the terms of the text, chosen on the sets that `tests/bench/table.py` has. The context
# (title, headings, names of file and folders) is among the terms too; a title that the question names whole counts like
# a term.
SHINGLE_BOOST = 0.2
CONTEXT_BOOST = 0.3
TITLE_BOOST = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """Two tantivy indexes over the same documents: one entry a chunk in `passages`, one a document in `files`."""

    passages: Any
    files: Any


class WordIndex:
    """The terms of every chunk; `search` never needs the derived folder to be there or up to date."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.folder = store.folder / FOLDER
        self._stamp: Stamp | None = None
        self._part: Part | None = None
        self._damaged: Stamp | None = None
        self._links: tempfile.TemporaryDirectory[str] | None = None
        self._recent: tuple[tuple[int, int], Part | None] | None = None  # by what it follows, and up to where

    def search(
        self, query: Query, k: int, documents: Sequence[int] | None = None, chunks: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Numbers and BM25 scores of the `k` best chunks, best first, in `documents` or `chunks` (all when None).

        Chunks that left the truth since the part was written may be among them.
        """
        if chunks is not None:
            return self._search(PASSAGES, query, query.terms, k, chunks, "chunk")
        return self._search(PASSAGES, query, query.terms, k, documents)

    def search_files(self, query: Query, k: int, documents: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """Numbers and BM25 scores of the `k` best documents as wholes, best first.

        The names in a question count twice: they pick the document out where twenty filings tell of the same matters.
        """
        return self._search(FILES, query, query.terms + query.names, k, documents)

    def best_possible(self, query: Query) -> float:
        """What the terms of a question would score in a chunk that held little else, many times over."""
        self.load()
        count = sum(part.passages.searcher().num_docs for part in self._parts())
        return (K1 + 1) * sum(idf(self.frequency(term), count) for term in query.terms)

    def frequency(self, term: str) -> int:
        """The number of chunks that hold `term`."""
        self.load()
        return sum(part.passages.searcher().doc_freq("terms", term) for part in self._parts())

    def _search(
        self,
        level: str,
        query: Query,
        terms: Sequence[str],
        k: int,
        inside: Sequence[int] | None,
        key: str = "document",
    ) -> list[tuple[int, float]]:
        if not terms or k <= 0 or (inside is not None and not inside):
            return []
        self.load()
        found: list[tuple[int, float]] = []
        for part in self._parts():
            found += _search(part, level, query, terms, k, inside, key)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _parts(self) -> Iterator[Part]:
        yield from filter(None, (self._part, self._newer()))

    def _newer(self) -> Part | None:
        """A part in memory of the chunks that the published one does not cover; None without any, or when behind."""
        covers, last = self._covers(), self.store.last_chunk()
        if last <= covers:
            self._recent = None
            return None
        if self._recent is None or self._recent[0] != (covers, last):
            part = None if self.behind() else open_part(None)
            if part is not None:
                fill_part(part, self.store.each_passage(after=covers), self.store.document_ids())
            self._recent = ((covers, last), part)
        return self._recent[1]

    def behind(self) -> int:
        """Chunks that are not searched at all, because they are too many to be read from the truth."""
        self.load()
        lag = self.store.count_chunks(after=self._covers())
        return lag if lag > LAG_LIMIT else 0

    def _covers(self) -> int:
        return self._stamp.covers if self._stamp else 0

    # ---------------------------------------------------------------- the derived folder

    def load(self, *, anew: bool = False) -> None:
        """Use the published part if it is a new one and right.

        A snapshot of the truth keeps the part it began with, unless `anew` is asked for before anything was searched:
        one that was published later lacks what is gone since.
        """
        if self._stamp is not None and self.store.inside() and not anew:
            return
        while (stamp := read_stamp(self.store.folder / STAMP)) not in (self._stamp, self._damaged):
            self._stamp, self._part = None, None
            if stamp is None or stamp.kb != self.store.get("kb") or stamp.shape != str(VERSION):
                return
            if stamp.generation > self.store.generation:
                return
            part = self.open(stamp)
            if part is not None:
                self._stamp, self._part = stamp, part
            elif read_stamp(self.store.folder / STAMP) == stamp:  # else a writer replaced it meanwhile
                self._damaged = stamp
        if stamp == self._damaged:
            self._stamp, self._part = None, None

    def open(self, stamp: Stamp, *, thorough: bool = False) -> Part | None:
        """The part that a stamp stands for; None when its files are not what was written, by `files_match`."""
        folder = self.folder / stamp.folder
        if not files_match(stamp, folder, thorough=thorough, memory=self.store.memory):
            return None
        if not self.store.shared:
            attempt = Attempt(lambda: open_part(folder), lambda: None)
            with contextlib.suppress(ValueError, OSError):  # no room or no right to make a lock file
                if attempt.wait(OPENING):
                    return attempt.result()
            attempt.give_up()  # a process stands still with tantivy's lock, which is waited for without end
        try:
            return open_part(self._linked(folder, stamp))
        except (ValueError, OSError):
            return None

    def _linked(self, folder: Path, stamp: Stamp) -> Path:
        """A folder of links to the files of a part: tantivy makes and locks files where it opens."""
        self.close()
        self._links = tempfile.TemporaryDirectory(prefix="rag-", ignore_cleanup_errors=True)
        place = Path(self._links.name)
        for name in stamp.files:
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).symlink_to(folder / name)
        return place

    def close(self) -> None:
        """Let go of what was made to read a part."""
        if self._links is not None:
            self._stamp, self._part = None, None  # else tantivy may make a lock file meanwhile
            self._links.cleanup()
            self._links = None

    def is_current(self) -> bool:
        """Whether the part stands for the present generation, so that all that is in it must be in the truth."""
        return self._stamp is not None and self._stamp.generation == self.store.generation

    def refresh(self) -> None:
        """Bring the part up to the present truth and publish it; small steps where it can be used, else anew."""
        self.load()
        last, covers = self.store.last_chunk(), self._covers()
        alive = self.store.all_chunk_ids()
        gone = part_numbers(self._part) - alive if self._part else set()
        if self._stamp and last <= covers and not gone:
            return
        with _translated(self.folder):
            self._publish(last, covers, gone)

    def _publish(self, last: int, covers: int, gone: set[int]) -> None:
        make_private_folder(self.folder)
        folder = Path(tempfile.mkdtemp(prefix=f"{self.store.generation}-", dir=self.folder))
        if self._stamp:
            for name in self._stamp.files:
                (folder / name).parent.mkdir(mode=0o700, exist_ok=True)
                link_or_copy(self.folder / self._stamp.folder / name, folder / name)
        part = open_part(folder)
        fill_part(part, self.store.each_passage(after=covers), self.store.document_ids(), gone)
        names = []
        for level in (PASSAGES, FILES):
            for path in (folder / level).iterdir():
                path.chmod(0o600)  # tantivy leaves that to the umask
                names += [f"{level}/{path.name}"] if path.suffix != ".lock" else []
            sync_folder(folder / level)
        sync_folder(folder)
        sync_folder(self.folder)
        stamp = take_stamp(
            folder, names, kb=self.store.get("kb"), shape=str(VERSION), generation=self.store.generation, covers=last
        )
        write_stamp(self.store.folder / STAMP, stamp)
        self._stamp, self._part = None, None
        for old in self.folder.iterdir():
            if old.name != folder.name:
                shutil.rmtree(old, ignore_errors=True)  # a reader on Windows may hold it; the next run takes it away


@contextlib.contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """Errors of tantivy and of the disk as ours."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise StoreError(
            f"{folder} could not be written: {error}.", "Free some space or check the disk, then run it again."
        ) from error


def open_part(folder: Path | None) -> Part:
    """The word index in `folder`, made when it is empty; in memory when None."""
    return Part(_open(folder and folder / PASSAGES, "chunk"), _open(folder and folder / FILES, "document"))


def _open(folder: Path | None, key: str) -> Any:
    import tantivy

    schema = tantivy.SchemaBuilder()
    # Deleting by a term of an unsigned field silently deletes nothing: signed numbers.
    for name in sorted({key, "document"}):
        schema.add_integer_field(name, indexed=True, fast=True)
    for field in FIELDS:
        schema.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    if folder:
        folder.mkdir(mode=0o700, exist_ok=True)
    return tantivy.Index(schema.build(), path=str(folder) if folder else None)


def fill_part(part: Part, passages: Iterable[Passage], documents: dict[str, int], gone: Iterable[int] = ()) -> None:
    """Add passages, each document's together, to a part and take out the chunks `gone` and the documents they were."""
    chunks, files = part.passages.writer(WRITER_MEMORY, 1), part.files.writer(WRITER_MEMORY, 1)
    for number in gone:
        chunks.delete_documents_by_term("chunk", number)
    for number in _numbers(part.files, "document") - set(documents.values()):
        files.delete_documents_by_term("document", number)
    for path, group in groupby(passages, key=lambda passage: passage.path):
        together = list(group)
        texts = [read_words(passage.chunk.text) for passage in together]
        for passage, text in zip(together, texts, strict=True):
            chunks.add_document(_pack(passage_entry(passage, text), chunk=passage.id, document=documents[path]))
        files.add_document(_pack(document_entry(together, texts), document=documents[path]))
    for writer, index in ((chunks, part.passages), (files, part.files)):
        writer.commit()
        writer.wait_merging_threads()
        index.reload()


def _pack(entry: Entry, **numbers: int) -> Any:
    import tantivy

    document = tantivy.Document()
    for name, number in numbers.items():
        document.add_integer(name, number)
    for field in FIELDS:
        document.add_text(field, " ".join(getattr(entry, field)))
    return document


def _search(
    part: Part, level: str, query: Query, terms: Sequence[str], k: int, inside: Sequence[int] | None, field: str
) -> list[tuple[int, float]]:
    import tantivy

    index, key = (part.passages, "chunk") if level == PASSAGES else (part.files, "document")
    make, schema, searcher = tantivy.Query, index.schema, index.searcher()
    boosts: defaultdict[tuple[str, str], float] = defaultdict(float)
    for term in terms:
        boosts["terms", term] += 1
        boosts["context", term] += CONTEXT_BOOST
    for shingle in query.shingles:
        boosts["shingles", shingle] += SHINGLE_BOOST
    for title in set(query.titles):
        boosts["context", title] += TITLE_BOOST
    wanted = make.boolean_query(
        [
            (tantivy.Occur.Should, make.boost_query(make.term_query(schema, name, word, "freq"), boost))
            for (name, word), boost in boosts.items()
        ]
    )
    if inside is not None:
        allowed = make.const_score_query(make.term_set_query(schema, field, list(inside)), 0.0)
        wanted = make.boolean_query([(tantivy.Occur.Must, wanted), (tantivy.Occur.Must, allowed)])
    hits = searcher.search(wanted, min(k, searcher.num_docs or 1), count=False).hits  # it makes room for all at once
    numbers = searcher.fast_field_values(key, [address for _, address in hits])
    return [(int(number), float(score)) for number, (score, _) in zip(numbers, hits, strict=True)]


def part_numbers(part: Part) -> set[int]:
    """The chunks in a part."""
    return _numbers(part.passages, "chunk")


def _numbers(index: Any, key: str) -> set[int]:
    import tantivy

    searcher = index.searcher()
    if not searcher.num_docs:
        return set()
    hits = searcher.search(tantivy.Query.all_query(), searcher.num_docs, count=False).hits
    return set(searcher.fast_field_values(key, [address for _, address in hits]))


def idf(frequency: int, count: int) -> float:
    """Inverse document frequency of a term that `frequency` of `count` entries hold, as in Okapi BM25."""
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
