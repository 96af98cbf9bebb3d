"""Models of an OpenAI-compatible server: a real one, and one that says whatever a test wants it to say."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import run_llama_server
from hypothesis import given
from hypothesis import strategies as st

from index.errors import MissingError, RagError, UsageError
from ingest.embedders import Options, open_embedder
from ingest.embedders.openai import split_text
from ingest.models import openai_server
from ingest.models.embedding_families import find_served_family
from ingest.models.openai_server import RefusedError, Server, is_loopback
from rag.decoding.enforce import Enforcer
from rag.generators import ChatMessage, Constraint, open_generator
from rag.generators.openai import _Thoughts
from rag.settings import Settings

MESSAGES: list[ChatMessage] = [{"role": "user", "content": "How many days?"}]


class Scripted(ThreadingHTTPServer):
    """A server on this machine that answers each request with the next of `replies` and keeps what it was sent."""

    daemon_threads = True

    def __init__(self, *replies: Callable[[BaseHTTPRequestHandler], None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = list(replies)
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"

    def __enter__(self) -> Scripted:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.replies.pop(0)(self)

    def log_message(self, *_: object) -> None:
        pass


def reply(content: Any, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return send


def events(*texts: str, end: bytes = b"data: [DONE]\n\n") -> Callable[[BaseHTTPRequestHandler], None]:
    lines = [b": a comment\n\n"]
    lines += [b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n" for text in texts]
    return reply(b"".join([*lines, end]), Content_Type="text/event-stream; charset=utf-8")


def vectors(*rows: list[float]) -> dict[str, Any]:
    # Not in order: only the index says which text a vector is of.
    return {"data": [{"index": place, "embedding": row} for place, row in reversed(list(enumerate(rows)))]}


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def options(server: Scripted, **more: Any) -> Options:
    return Options(base_url=server.url, **more)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_server, "WAITS", (0.01, 0.01, 0.01))


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


# ------------------------------------------------------------------------------------------------ embeddings


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


# ------------------------------------------------------------------------------------------------ chat


def settings_of(server: Scripted) -> Settings:
    return Settings(model="openai:any", base_url=server.url)


def test_text_comes_as_it_is_written() -> None:
    with Scripted(events("Twenty", " days", "。")) as server, open_generator(settings_of(server)) as generator:
        assert list(generator.generate(MESSAGES, max_tokens=5, stop=["\n"])) == ["Twenty", " days", "。"]
    path, _, body = server.seen[0]
    assert path == "/v1/chat/completions"
    assert (body["temperature"], body["max_tokens"], body["stop"]) == (0, 5, ["\n"])


def test_a_server_that_does_not_stream_is_understood() -> None:
    whole = {"choices": [{"message": {"content": "Twenty days."}, "finish_reason": "stop"}]}
    with Scripted(reply(whole)) as server, open_generator(settings_of(server)) as generator:
        assert list(generator.generate(MESSAGES, max_tokens=5)) == ["Twenty days."]


def test_a_failure_in_the_middle_is_an_error_and_is_not_sent_again() -> None:
    failed = b'data: {"error": {"message": "out of memory"}}\n\n'
    with (
        Scripted(events("Twenty", end=failed)) as server,
        open_generator(settings_of(server)) as generator,
        pytest.raises(RefusedError, match="out of memory"),
    ):
        list(generator.generate(MESSAGES, max_tokens=5))
    with Scripted(hang_up) as server, open_generator(settings_of(server)) as generator:
        with pytest.raises(MissingError, match="broke"):
            list(generator.generate(MESSAGES, max_tokens=5))
        assert len(server.seen) == 1


def drip(handler: BaseHTTPRequestHandler) -> None:
    """An answer that begins and then takes its time."""
    events("One", end=b"")(handler)
    handler.wfile.flush()
    time.sleep(30)


@pytest.mark.parametrize("headers", [drip, lambda handler: time.sleep(30)], ids=["writing", "thinking"])
def test_cancelling_does_not_wait_for_the_server(headers: Callable[[BaseHTTPRequestHandler], None]) -> None:
    with Scripted(headers) as server, open_generator(settings_of(server)) as generator:
        timer = threading.Timer(0.2, generator.cancel)
        timer.start()
        start = time.perf_counter()
        list(generator.generate(MESSAGES, max_tokens=5))
        assert time.perf_counter() - start < 15  # the server would need 30
        assert generator.last_run is not None
        assert generator.last_run.finish == "cancelled"


def test_thinking_aloud_is_left_out() -> None:
    for cut in range(1, 8):
        thoughts = _Thoughts()
        text = "<think>\nhm, 3 < 4\n</think>It is < 20 days.<"
        parts = [text[start : start + cut] for start in range(0, len(text), cut)]
        assert "".join(map(thoughts.remove, parts)) + thoughts.rest() == "It is < 20 days.<"


SOURCES = ("Staff get 20 days of annual leave.", "年次有給休暇は20日です。")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("20 days. [1]", "20 days. [1]"),
        ("20 days. [7]", "20 days. "),
        ("20 days. [1, 7][2]", "20 days. [1][2]"),
        ("20 days [sic]", "20 days sic"),
        ('It says "20 days of annual leave" [1].', 'It says "20 days of annual leave" [1].'),
        ('It says "30 days of annual leave" [1].', "It says 30 days of annual leave [1]."),
        ('It says "about 20 [1]" and', "It says about 20 [1] and"),
        ("「年次有給休暇は20日です」[2]", "「年次有給休暇は20日です」[2]"),
        ("「年次有給休暇は30日です」[2]", "年次有給休暇は30日です[2]"),
        ('A 5" pipe and "20 days"', 'A 5" pipe and "20 days"'),
        ('An open "quotation\nof [1', "An open quotation\nof "),
        ("[", ""),
    ],
)
def test_what_the_constraint_forbids_loses_its_marks(written: str, shown: str) -> None:
    for cut in (1, 2, 5, 100):
        enforcer = Enforcer(Constraint(citations=2, quotable=SOURCES))
        parts = [written[start : start + cut] for start in range(0, len(written), cut)]
        assert "".join(map(enforcer.add, parts)) + enforcer.rest() == shown


@given(st.text(alphabet='[]123", 「」“”20 days\n', max_size=60))
def test_enforced_text_obeys_the_constraint(text: str) -> None:
    from rag.decoding.constraint import Automaton, State

    enforcer = Enforcer(Constraint(citations=2, quotable=SOURCES))
    shown = enforcer.add(text) + enforcer.rest()
    automaton = Automaton(2, SOURCES)
    after = automaton.advance(State(), shown.encode())
    assert after is not None
    assert after.may_end


def test_without_a_constraint_text_is_not_touched() -> None:
    enforcer = Enforcer(None)
    assert enforcer.add('[9] "anything') + enforcer.rest() == '[9] "anything'
