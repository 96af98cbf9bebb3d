"""``rag.open``: one knowledge base, for reading and writing."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any

from index.characters import whole
from index.errors import DamagedError, UsageError
from index.globs import match_paths
from index.opening import DATABASE
from index.places import locate
from index.search import Index, Ranked, Scope, check_mode
from index.store import Listing
from index.types import Hit
from ingest.report import IngestReport, Progress, no_progress
from rag.answer import Answer, Step
from rag.languages import language_of
from rag.messages import say
from rag.retrieval import Retriever
from rag.settings import Settings, find_knowledge_base, load_settings
from rag.spelling import Spelt, spell_alike
from rag.threads import Turn, in_turn
from rag.trust import check_trust, trust

if TYPE_CHECKING:
    from ingest.embedders import Embedder
    from rag.cross_encoder import CrossEncoder
    from rag.forget import Forgotten
    from rag.generators import Generator
    from rag.rerankers import Reranker
    from rag.status import Status


def open_knowledge_base(
    path: str | os.PathLike[str] | None = None,
    *,
    create: bool = True,
    shared_read: bool = False,
    damaged: bool = False,
    **settings: Any,
) -> KnowledgeBase:
    """Open the knowledge base in `path`, or the one in force here; `settings` are those of the config file.

    `shared_read` opens one that others may read too, and writes nothing into its folder. `damaged` does not look for
    damage first.

    Raises NoIndexError when there is none and `create` is false, UntrustedError when it was planted, NewerError or
    DamagedError when it cannot be used, UsageError for a wrong setting.
    """
    folder = Path(path).expanduser() if path is not None else find_knowledge_base(None)
    check_trust(folder, shared=shared_read)
    loaded = load_settings(folder, settings)
    return KnowledgeBase(folder, loaded, create=create, shared=shared_read, damaged=damaged)


class KnowledgeBase:
    """Documents, and the questions asked of them. A context manager.

    Threads may share it, and then take turns; they have to open one each to ask at the same time, or while one ingests.
    """

    def __init__(
        self, folder: Path, settings: Settings, *, create: bool = True, shared: bool = False, damaged: bool = False
    ) -> None:
        self.folder = folder.resolve()
        self.settings = settings
        self.shared = shared
        self.turn = Turn()
        kb = ""
        if create and not shared and not (self.folder / DATABASE).exists():
            kb = uuid.uuid4().hex
            trust(kb)  # before it is there, so that it is never there untrusted
        self.index = Index(self.folder, create=create, shared=shared, damaged=damaged, kb=kb)
        self.retriever = Retriever(self.index, self._embedder_opener(), self._reranker_opener(), self._reader_opener())

    def __enter__(self) -> KnowledgeBase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the model processes and let the files go."""
        if "generator" in self.__dict__ and self.generator:
            self.generator.close()  # first: after Ctrl-C it is what still works
        self.retriever.close()
        self.index.close()
        self.turn.end()

    # ---------------------------------------------------------------- writing

    @in_turn
    def ingest(
        self,
        paths: Sequence[str | os.PathLike[str]] = (),
        *,
        prune: bool = False,
        retry: bool = False,
        dry_run: bool = False,
        passwords: Sequence[str] = (),
        progress: Progress = no_progress,
    ) -> IngestReport:
        """Add, update and remove so that the index equals what is at `paths` (at every known source when empty).

        When it returns, all of it is committed and searchable. Raises LockedError while another process writes.
        """
        from ingest.pipeline import ingest

        with self.index.store.session("rag ingest"):
            report = ingest(
                self.index,
                [Path(path) for path in paths],
                embedder=self.retriever.embedder,
                passwords=tuple(passwords),
                ocr=self.settings.ocr,
                jobs=self.settings.jobs,
                prune=prune,
                retry=retry,
                dry_run=dry_run,
                progress=progress,
            )
            if not dry_run:
                self.retriever.calibrate()
            return report

    @in_turn
    def embed(self, progress: Progress = no_progress) -> None:
        """Give every passage that has none its vector, where there is an embedding model."""
        from ingest.vectors import embed_waiting

        if embedder := self.retriever.embedder:
            with self.index.store.session("rag repair"):
                embed_waiting(self.index, embedder, progress)
                self.index.refresh()

    @in_turn
    def forget(self, patterns: str | Iterable[str]) -> Forgotten:
        """Take the matching documents out so that no byte of them stays."""
        from rag.forget import forget

        return forget(self, patterns)

    @in_turn
    def remove(self, patterns: str | Iterable[str]) -> list[str]:
        """Take the matching documents out and keep them out of later runs; the paths that were removed.

        A source that matches, whose folder is gone and of which nothing is left, is no longer looked for.
        """
        wanted = [patterns] if isinstance(patterns, str) else list(patterns)
        with self.index.store.session("rag rm"):
            store = self.index.store
            paths = match_paths(wanted, store.document_ids())
            with store.writing():
                store.delete(paths)
                store.set_removed(paths, True)
                used = {origin.source for origin in store.origins().values()}
                for name, root in store.sources().items():
                    if name not in used and not os.path.lexists(root) and match_paths(wanted, (name, f"{name}/*")):
                        store.remove_source(name)
            self.index.refresh()
            return paths

    @in_turn
    def restore(self, patterns: str | Iterable[str]) -> list[str]:
        """Let documents that were taken out in again; the next run reads them."""
        with self.index.store.session("rag rm --undo"):
            store = self.index.store
            removed = store.removed()  # also what a document that is still there brings
            paths = [path for path in match_paths(patterns, removed | store.document_ids().keys()) if path in removed]
            with store.writing():
                store.set_removed(paths, False)
                store.read_again({str(folder) for path in paths for folder in PurePosixPath(path).parents})
            return paths

    # ---------------------------------------------------------------- reading

    @in_turn
    def search(
        self,
        question: str,
        k: int | None = None,
        mode: str = "hybrid",
        within: str | Sequence[str] | None = None,
        labels: Sequence[str] = (),
    ) -> list[Hit]:
        """The `k` best passages, best first, of documents that match `within` and have one of `labels`, where given.

        Raises UsageError when `k` is negative.
        """
        k = self.settings.k if k is None else k
        if k < 0:
            raise UsageError(f"k is {k}: it cannot be negative.", "Leave it out, or give how many passages you want.")
        scope = Scope(within, tuple(labels)) if labels else within
        ranked = self.retriever.search(self.spell(question).text, k, check_mode(mode), scope)
        return [make_hit(entry) for entry in ranked]

    @in_turn
    def spell(self, question: str) -> Spelt:
        """The question as it is searched for: its slips of the pen mended by the words of the documents."""
        with self.index.reading():
            return spell_alike(whole(question), self.index)

    @in_turn
    def ask(
        self,
        question: str,
        generate: bool = True,
        within: str | Sequence[str] | None = None,
        labels: Sequence[str] = (),
    ) -> Answer:
        """Evidence for the question, and the answer that rests on it."""
        for step in self.ask_in_steps(question, generate, within, labels):
            if isinstance(step, Answer):
                return step
        raise AssertionError("an answer always ends the steps")

    @in_turn
    def ask_in_steps(
        self,
        question: str,
        generate: bool = True,
        within: str | Sequence[str] | None = None,
        labels: Sequence[str] = (),
    ) -> Iterator[Step]:
        """The same as it arrives: Evidence, each checked Statement, and the Answer last."""
        from rag.assistant import Assistant

        assistant = Assistant(
            self.retriever,
            lambda: self.generator,
            prompt_tokens=self.settings.prompt_tokens,
            answer_tokens=self.settings.answer_tokens,
        )
        scope = Scope(within, tuple(labels)) if labels else within
        for step in assistant.ask(whole(question), generate=generate, within=scope):
            yield self._complete(step) if isinstance(step, Answer) else step

    def _complete(self, answer: Answer) -> Answer:
        """The answer with what only the knowledge base knows: the reranker's time, and where text was sent."""
        if self.retriever.reranking:
            answer = replace(answer, timings={**answer.timings, "reranker": self.retriever.reranking})
        if host := self.leaves_machine:
            left = say("left_machine", language_of(answer.question), host=host)
            answer = replace(answer, notes=(*answer.notes, left))
        return answer

    @in_turn
    def text(self, path: str) -> str:
        """The parsed text of a document, which `start` and `end` of its hits and quotes index."""
        with self.index.store.reading():
            return self.index.store.text(path)

    @in_turn
    def documents(self) -> list[Listing]:
        """Every document, by path."""
        with self.index.store.reading():
            return self.index.store.listings()

    @in_turn
    def sources(self) -> dict[str, Path]:
        """Name and root of each folder or file that was given to ``ingest``."""
        with self.index.store.reading():
            return self.index.store.sources()

    @in_turn
    def count_waiting(self) -> int:
        """Chunks that have no vector of the embedding model yet."""
        embedder = self.retriever.embedder
        with self.index.store.reading():
            model = self.index.model() if embedder else None
            if model is None:
                return self.index.store.count_chunks() if self.settings.embed_model else 0
            return self.index.table.count_waiting(model)

    @in_turn
    def verify(self, *, deep: bool = False) -> list[str]:
        """Sentences about what is damaged; none when all is well. `deep` embeds a sample again and compares."""
        from index.verify import find_damage
        from ingest.vectors import compare_sample

        try:
            with self.index.store.reading():
                findings = list(find_damage(self.index))
                if deep and not findings and (embedder := self.retriever.embedder):
                    findings += compare_sample(self.index, embedder)
        except DamagedError as error:  # so much that reading cannot even begin
            return [error.message]
        return findings

    @in_turn
    def find_traces(self, text: str) -> list[str]:
        """Where `text` stands in any byte of the knowledge base; nothing when it is gone."""
        from index.absence import find_traces

        with self.index.store.reading():
            return find_traces(self.index.store, text)

    @in_turn
    def status(self) -> Status:
        """What is in here and in what state it is."""
        from rag.status import describe

        with self.index.store.reading():
            return describe(self)

    # ---------------------------------------------------------------- models

    def _embedder_opener(self) -> Callable[[], Embedder] | None:
        name = self.settings.embed_model
        if not name:
            return None

        def open_named() -> Embedder:
            from ingest.embedders import Options, open_embedder

            settings = self.settings
            options = Options(
                settings.embed_dimension,
                threads=settings.threads,
                base_url=settings.base_url,
                api_key=settings.api_key,
                allow_remote=settings.allow_remote,
            )
            return open_embedder(name, options)

        return open_named

    def _reranker_opener(self) -> Callable[[], Reranker] | None:
        if not self.settings.reranker:
            return None

        def open_named() -> Reranker:
            from rag.rerankers import open_reranker

            return open_reranker(self.settings)

        return open_named

    def _reader_opener(self) -> Callable[[], CrossEncoder] | None:
        from rag.cross_encoder import CrossEncoder, find_reader

        reader = find_reader(self.settings.embed_model)
        return (lambda: CrossEncoder(reader)) if reader else None

    @property
    def leaves_machine(self) -> str:
        """The host that text was sent to by the models opened so far; "" while everything stayed here."""
        opened = (self.retriever.embedder, self.__dict__.get("generator"))
        return next((model.leaves_machine for model in opened if model is not None and model.leaves_machine), "")

    @cached_property
    def generator(self) -> Generator | None:
        """The instruct model, if one is set up; it starts on first use."""
        if not self.settings.model:
            return None
        from rag.generators import open_generator

        return open_generator(self.settings)


def make_hit(entry: Ranked) -> Hit:
    """A ranked passage as the contract shows it."""
    passage = entry.passage
    chunk = passage.chunk
    place = locate(chunk.blocks, passage.page_labels, chunk.text, chunk.start, chunk.start, chunk.end)
    return Hit(
        path=passage.path,
        file=passage.file,
        page=place.page,
        page_label=place.page_label,
        lines=place.lines,
        where=place.where,
        heading=chunk.heading,
        modified=passage.modified,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        context=chunk.context,
        also=entry.also,
        score=entry.score,
        ranks=entry.ranks,
    )
