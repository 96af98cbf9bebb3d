"""An OpenAI-compatible server: a real one, and which addresses may be reached at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import run_llama_server
from corpus import write_tree
from scripted_server import MESSAGES, Scripted, events, options, reply, vectors

import rag
from index.errors import MissingError, UsageError
from ingest.embedders import Options, open_embedder
from ingest.models.openai_server import RefusedError, Server
from ingest.network import is_loopback
from rag.generators import ChatMessage, open_generator
from rag.settings import Settings

# ------------------------------------------------------------------------------------------------ the real server


def test_vectors_of_a_real_server_are_those_of_the_same_file(llama_server: str) -> None:
    with open_embedder("openai:embedder", Options(base_url=llama_server)) as served:
        assert served.dimension == 128
        assert served.leaves_machine == ""
        rows = served.embed_documents(["the leave days", "a red fox"])
        expected = served.embed_question("the leave days")
        assert np.allclose(rows[0], expected, atol=1e-5)  # no family, no prefixes
        assert float(rows[0] @ rows[1]) < 0.999


def test_a_real_server_writes_an_answer(llama_server: str) -> None:
    with open_generator(Settings(model="openai:writer", base_url=llama_server)) as generator:
        pieces = list(generator.generate(MESSAGES, max_tokens=12))
        assert len(pieces) > 1
        assert generator.last_run is not None
        assert generator.last_run.finish == "length"
        assert "".join(generator.generate(MESSAGES, max_tokens=12)) == "".join(pieces)


def test_cancelling_ends_a_real_servers_answer_soon(llama_server: str) -> None:
    with open_generator(Settings(model="openai:writer", base_url=llama_server)) as generator:
        answer = generator.generate(MESSAGES, max_tokens=400)
        next(answer)
        generator.cancel()
        assert len(list(answer)) < 300
        assert generator.last_run is not None
        assert generator.last_run.finish == "cancelled"
        assert "".join(generator.generate(MESSAGES, max_tokens=5))


@pytest.mark.models
@pytest.mark.slow
def test_the_bundled_model_answers_behind_a_server(bundled_models: dict[str, str], tmp_path: Path) -> None:
    path = bundled_models["model"].removeprefix("llamacpp:")
    question: list[ChatMessage] = [{"role": "user", "content": "What is the capital of France?"}]
    with (
        run_llama_server([{"model": path, "model_alias": "smol", "n_ctx": 1024}], tmp_path) as url,
        open_generator(Settings(model="openai:smol", base_url=url)) as generator,
    ):
        assert "Paris" in "".join(generator.generate(question, max_tokens=24))


# ------------------------------------------------------------------------------------------------ what may be reached


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("Ollama.localhost.", True),
        ("10.0.0.5", False),
        ("0.0.0.0", False),
        ("example.org", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("2130706433", False),  # 127.0.0.1 as some libraries read it; what it means is not clear enough to trust
    ],
)
def test_which_hosts_are_this_machine(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.parametrize("url", ["http://10.1.2.3/v1", "https://api.example.org/v1", "http://localhost@example.org/v1"])
def test_another_machine_is_refused_by_name(url: str) -> None:
    for attempt in (
        lambda: open_embedder("openai:any", Options(base_url=url)),
        lambda: open_generator(Settings(model="openai:any", base_url=url)),
    ):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert "allow_remote" in caught.value.next or "base_url" in caught.value.message


def test_what_leaves_the_machine_is_told() -> None:
    generator = open_generator(Settings(model="openai:any", base_url="https://gpu.example.org/v1", allow_remote=True))
    assert generator.leaves_machine == "gpu.example.org"
    assert open_generator(Settings(model="openai:any")).leaves_machine == ""


@pytest.mark.parametrize("url", ["", "127.0.0.1:11434", "ftp://127.0.0.1/", "http://", "http://[::1", "http://h:99999"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="base_url"):
        Server(url, "", False)


def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    with Scripted() as server:
        gone = server.url
    with pytest.raises(MissingError, match="No server answers") as caught:
        open_embedder("openai:any", Options(base_url=gone))
    assert "ollama serve" in caught.value.next
    with open_generator(Settings(model="openai:any", base_url=gone)) as generator, pytest.raises(MissingError):
        list(generator.generate(MESSAGES, max_tokens=5))


def test_redirects_are_not_followed() -> None:
    away = reply({}, 307, Location="http://example.org/v1/embeddings")
    with Scripted(away) as server, pytest.raises(RefusedError, match=r"example\.org"):
        open_embedder("openai:any", options(server))
    assert len(server.seen) == 1


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Scripted(reply(vectors([1, 0]))) as server:
        assert open_embedder("openai:any", options(server)).dimension == 2


def test_the_key_is_sent_and_only_where_there_is_one() -> None:
    with Scripted(reply(vectors([1, 0])), reply(vectors([1, 0]))) as server:
        open_embedder("openai:any", options(server, api_key="secret"))
        open_embedder("openai:any", options(server))
    assert server.seen[0][1]["Authorization"] == "Bearer secret"
    assert "Authorization" not in server.seen[1][1]


def test_what_was_written_before_a_server_died_is_not_said_to_be_missing(tmp_path: Path) -> None:
    said = events("Staff get 20 days of leave. ", "And", end=b"")
    with Scripted(said) as server, rag.open(tmp_path / "kb", model="openai:any", base_url=server.url) as kb:
        kb.ingest([write_tree(tmp_path / "docs", {"leave.md": "# Leave\n\nStaff get 20 days of leave.\n"})])
        answer = kb.ask("How many days of leave do staff get?")
    assert (answer.origin, answer.text) == ("model", "Staff get 20 days of leave. [1]")
    assert "could not go on" in answer.notes[0]
