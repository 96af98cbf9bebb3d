"""``rag.check``: a check outside of any knowledge base, with the embedding model of the settings where it is needed."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from index.errors import RagError
from index.types import Quote
from rag.checking import Check, Readings
from rag.checking import check as check_by
from rag.settings import Settings, load_settings
from rag.statements import words_of

if TYPE_CHECKING:
    from ingest.embedders import Embedder
    from rag.cross_encoder import CrossEncoder


def check(statement: str, sources: str | Sequence[str | Quote]) -> Check:
    """Return whether the sources bear out the statement: supported, contradicted or unchecked, with the reasons.

    `sources` are the texts or quotes it cites, in any order; those in another language are left aside. A quote is read
    with its heading and context, as `ask` reads it. Where words leave the statement open, the embedding model of the
    user's settings or of ``RAG_EMBED_MODEL`` is asked: it is opened when it is first needed and kept while the process
    runs. Where there is none, words decide; nothing is raised.
    """
    try:
        settings = load_settings()
    except RagError:  # every other command says what is wrong with them
        settings = Settings()
    texts = [sources] if isinstance(sources, str) else [s if isinstance(s, str) else words_of(s) for s in sources]
    return check_by(statement, texts, open_readings(settings))


@lru_cache(maxsize=4)
def open_readings(settings: Settings) -> Readings:
    """Return those of the embedding model in force and of the reader beside it; each is opened once a process."""

    def open_model() -> Embedder | None:
        # A server shows no words, and no text leaves for a check.
        if not settings.embed_model or settings.embed_model.startswith("openai:"):
            return None
        from ingest.embedders import Options, open_embedder

        options = Options(settings.embed_dimension, processes=1, threads=settings.threads)
        embedder = open_embedder(settings.embed_model, options)
        atexit.register(embedder.close)
        return embedder

    @cache
    def open_reader() -> CrossEncoder | None:
        from rag.cross_encoder import CrossEncoder, find_reader

        path = find_reader(settings.embed_model)
        if path is None:
            return None
        reader = CrossEncoder(path)
        atexit.register(reader.close)
        return reader

    def judge(statement: str, texts: Sequence[str]) -> list[float] | None:
        from ingest.models.adapters import SUPPORTS

        reader = open_reader()
        return None if reader is None else reader.judge(SUPPORTS, statement, texts)

    return Readings(open_model, judge)
