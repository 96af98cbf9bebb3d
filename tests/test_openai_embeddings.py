"""Vectors of a served model: their order, tries, and texts over its limit."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Scripted, hang_up, options, reply, vectors

from index.errors import RagError, UsageError
from ingest.embedders import open_embedder
from ingest.embedders.openai import split_text
from ingest.models import openai_server
from ingest.models.embedding_families import find_served_family
from ingest.models.openai_server import RefusedError


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_server, "WAITS", (0.01, 0.01, 0.01))


def test_vectors_keep_the_order_of_the_texts() -> None:
    with Scripted(reply(vectors([1, 0])), reply(vectors([3, 0], [0, 2]))) as server:
        embedder = open_embedder("openai:any", options(server))
        assert np.array_equal(embedder.embed_documents(["one", "two"]), [[1, 0], [0, 1]])
    assert server.seen[1][0] == "/v1/embeddings"
    assert server.seen[1][2]["input"] == ["one", "two"]


def test_prefixes_follow_the_name() -> None:
    with Scripted(*[reply(vectors([1, 0]))] * 3) as server:
        embedder = open_embedder("openai:text-embedding-nomic-embed-text-v1.5", options(server))
        embedder.embed_documents(["fox"])
        embedder.embed_question("fox")
    assert [body["input"] for *_, body in server.seen[1:]] == [["search_document: fox"], ["search_query: fox"]]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("nomic-embed-text", "nomic-embed-text"),
        ("nomic-embed-text:v1.5", "nomic-embed-text-v1.5"),
        ("nomic-embed-text-v2-moe:latest", "nomic-embed-text-v2-moe"),
        ("bge-m3", "bge-m3"),
        ("bge-base-en-v1.5", "bge-en-v1.5"),
        ("qwen3-embedding:0.6b", "Qwen3-Embedding"),
        ("embeddinggemma:300m", "embeddinggemma"),
        ("mxbai-embed-large", "mxbai-embed-large"),
        ("intfloat/multilingual-e5-large", "multilingual-e5"),
        ("somebody-v1.5", "somebody-v1.5"),
    ],
)
def test_families_are_known_by_a_servers_name(name: str, label: str) -> None:
    assert find_served_family(name).label == label


@pytest.mark.parametrize("failure", [reply({}, 503), reply({}, 429), reply({}, 502), hang_up])
def test_embedding_is_tried_again_when_the_server_is_busy(failure: Callable[[BaseHTTPRequestHandler], None]) -> None:
    with Scripted(reply(vectors([1, 0])), failure, failure, reply(vectors([0, 1]))) as server:
        embedder = open_embedder("openai:any", options(server))
        assert np.array_equal(embedder.embed_question("fox"), [0, 1])
    assert len(server.seen) == 4


def test_and_not_for_ever() -> None:
    with Scripted(reply(vectors([1, 0])), *[reply({"error": "full"}, 503)] * 4) as server:
        embedder = open_embedder("openai:any", options(server))
        with pytest.raises(RagError, match="full"):
            embedder.embed_question("fox")
    assert len(server.seen) == 5


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_asked_for_again(status: int) -> None:
    with Scripted(reply({"error": {"message": "no such thing"}}, status)) as server:
        with pytest.raises(RefusedError, match="no such thing") as caught:
            open_embedder("openai:any", options(server))
        assert caught.value.exit == 3
        assert caught.value.next
    assert len(server.seen) == 1


def test_a_text_over_the_limit_goes_in_windows_and_none_of_it_is_lost() -> None:
    text = " ".join(f"word{number}" for number in range(600))
    with Scripted(reply(vectors([1, 0])), reply(vectors(*[[1, 0]] * 4))) as server:
        open_embedder("openai:any", options(server)).embed_documents([text])
    sent = server.seen[1][2]["input"]
    assert "".join(sent) == text
    assert len(sent) == 4


def test_windows_are_halved_when_the_server_finds_them_too_long() -> None:
    text = "a long text of several words"
    too_long = reply({"error": {"message": "input is too large to process"}}, 500)
    with Scripted(reply(vectors([1, 0])), too_long, reply(vectors([1, 0], [0, 1]))) as server:
        row = open_embedder("openai:any", options(server)).embed_documents([text])[0]
    assert "".join(server.seen[2][2]["input"]) == text
    assert row.min() > 0.5


@given(st.text(max_size=300), st.integers(1, 20))
def test_a_split_text_is_whole(text: str, parts: int) -> None:
    pieces = split_text(text, parts)
    assert "".join(pieces) == text
    assert 1 <= len(pieces) <= parts


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>not json</html>",
        [],
        {},
        {"data": []},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 0, "embedding": ["x"]}]},
        {"data": "x"},
    ],
)
def test_an_answer_that_is_none_is_said_to_be_so(answer: Any) -> None:
    with Scripted(reply(answer)) as server, pytest.raises(UsageError, match=r"127\.0\.0\.1"):
        open_embedder("openai:any", options(server))
