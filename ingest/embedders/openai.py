"""Embedding models of an OpenAI-compatible server on this machine: ``openai:nomic-embed-text``.

The server's tokenizer is out of reach, so a text's tokens are estimated, on the high side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from index.errors import UsageError
from ingest.embedders import ModelIdentity, Options
from ingest.models.embedding_families import choose_dimension, find_served_family
from ingest.models.openai_server import RefusedError, Server
from ingest.models.windows import join_windows, shorten

if TYPE_CHECKING:
    from ingest.embedders import Vectors

PACK = 16  # texts a request
TOKENS = 512  # the limit of a model that no family is known for: that of most
BYTES_A_TOKEN = 3  # one Japanese character; of English, tokens have four to five
MOST_WINDOWS = 64  # a text that needs more after being refused was refused for another reason
TOO_LONG = {400, 413, 422, 500}  # what servers answer to a text over the model's limit

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")


def open_model(model: str, options: Options) -> ServedEmbedder:
    """`model` is the server's name of it."""
    return ServedEmbedder(model, options)


class ServedEmbedder:
    def __init__(self, model: str, options: Options) -> None:
        self.name = f"openai:{model}"
        self._model = model
        self._server = Server(options.base_url, options.api_key, options.allow_remote)
        self._family = find_served_family(model)
        self._whole = len(self._request(["a"], tries=1)[0])
        self.dimension = choose_dimension(self._family, self._whole, options.dimension)
        self.identity = ModelIdentity(
            weights=self.name,  # all a server tells of them
            architecture="",
            pooling="",
            document_prefix=self._family.document_prefix,
            question_prefix=self._family.question_prefix,
            dimension=self.dimension,
            label=self._family.label,
        )

    @property
    def leaves_machine(self) -> str:
        return self._server.leaves_machine

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        packs = [texts[start : start + PACK] for start in range(0, len(texts), PACK)]
        rows = [self._embed(self.identity.document_prefix, pack) for pack in packs]
        return np.concatenate([np.zeros((0, self.dimension), np.float32), *rows])

    def embed_question(self, text: str) -> Vectors:
        vector: Vectors = self._embed(self.identity.question_prefix, [text])[0]
        return vector

    def read(self, texts: Sequence[str], *, question: bool = False) -> None:
        return None

    def readable_share(self, text: str) -> float:
        """As far as the model's name tells: a family for one script reads no Japanese or Chinese."""
        words = _WORD.findall(text)
        unread = 0 if self._family.characters else sum(bool(re.match(rf"[{_CJK}]", word)) for word in words)
        return 1 - unread / len(words) if words else 0.0

    def close(self) -> None:
        pass  # every request has a connection of its own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _embed(self, prefix: str, texts: Sequence[str]) -> Vectors:
        import numpy as np

        room = (self._family.tokens or TOKENS) * BYTES_A_TOKEN - len(prefix.encode())
        parts = [-(-len(text.encode("utf-8", "replace")) // room) or 1 for text in texts]
        while True:
            windows = [split_text(text, count) for text, count in zip(texts, parts, strict=True)]
            try:
                rows = self._request([prefix + part for text in windows for part in text])
                break
            except RefusedError as error:
                # A server says "too long" in words of its own; shorter windows are the way to find out.
                if error.status not in TOO_LONG or max(parts) >= MOST_WINDOWS:
                    raise
                parts = [count * 2 for count in parts]
        vectors = np.array(rows, np.float32)
        counts = [[max(1, len(part)) for part in text] for text in windows]
        return shorten(join_windows(vectors, counts), self._family, self.dimension)

    def _request(self, texts: list[str], **how: Any) -> list[list[float]]:
        """The vectors of `texts`. A server may refuse an empty text, so it gets a full stop."""
        body = {"model": self._model, "input": [text if text.strip() else "." for text in texts]}
        answer = self._server.post("/embeddings", {**body, "encoding_format": "float"}, **how)
        try:
            entries = sorted(answer["data"], key=lambda entry: entry["index"])
            vectors = [[float(number) for number in entry["embedding"]] for entry in entries]
        except (KeyError, TypeError, ValueError):
            vectors = []
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1 or not vectors[0]:
            raise UsageError(
                f"{self._server.base_url} gives no vectors of texts for {self._model}.",
                "Name an embedding model of the server.",
            )
        return vectors


def split_text(text: str, parts: int) -> list[str]:
    """`text` in up to `parts` pieces of about the same length, cut after white space where there is some near."""
    edges = [0]
    for part in range(1, parts):
        place = len(text) * part // parts
        space = text.rfind(" ", edges[-1], place) + 1
        edges.append(space if place - space < len(text) // parts // 2 and space > edges[-1] else place)
    edges.append(len(text))
    pieces = [text[start:end] for start, end in pairwise(edges)]
    return [piece for piece in pieces if piece] or [""]
