"""Answers of a served model: streams, failures in the middle, and the constraint held over their text."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import MESSAGES, Scripted, events, hang_up, reply, settings_of

from index.errors import MissingError, UsageError
from ingest.models.openai_server import RefusedError, Server
from rag.decoding.enforce import Enforcer
from rag.generators import Constraint, open_generator
from rag.generators.openai import _Thoughts


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


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("qwen3:0.6b", 0.6e9), ("SmolLM2-135M-Instruct.Q4_0", 135e6), ("gemma3:270m", 270e6), ("llama3.2:1b", 1e9),
        ("Qwen2.5-1.5B-Instruct-4bit", 1.5e9), ("Qwen3-30B-A3B", 30e9), ("gpt-oss:20b", 20e9),
        ("mixtral:8x7b", 0), ("phi3:mini", 0), ("bge-m3", 0), ("model-4bit", 0), ("llama3.2", 0),
    ],
)  # fmt: skip
def test_the_size_of_a_served_model_is_the_one_in_its_name(model: str, parameters: float) -> None:
    with Scripted(events("x")) as server, open_generator(settings_of(server, model)) as generator:
        assert generator.parameters == parameters


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


@pytest.mark.parametrize(
    "content",
    [
        b'{"choices": ["x"]}', b'{"choices": "x"}', b'{"choices": {"a": 1}}', b'{"choices": [{"delta": "x"}]}',
        b'{"choices": [{"delta": {"content": [{"type": "text", "text": "x"}]}}]}', b"[" * 200_000, b"<html>",
    ],
    ids=["strings", "a string", "an object", "no object", "parts", "depth", "html"],
)  # fmt: skip
def test_an_event_of_another_shape_is_said_to_be_one(content: bytes) -> None:
    with (
        Scripted(events("One", end=b"data: " + content + b"\n\n")) as server,
        open_generator(settings_of(server)) as generator,
        pytest.raises(UsageError, match="does not answer like"),
    ):
        list(generator.generate(MESSAGES, max_tokens=5))


def test_a_stream_that_ends_in_the_middle_is_an_error() -> None:
    last = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    replies = events("Twenty", end=b""), events("Twenty", end=last)
    with Scripted(*replies) as server, open_generator(settings_of(server)) as generator:
        with pytest.raises(MissingError, match="in the middle"):
            list(generator.generate(MESSAGES, max_tokens=5))
        assert list(generator.generate(MESSAGES, max_tokens=5)) == ["Twenty"]


def test_an_event_of_several_lines_and_empty_ones_are_read() -> None:
    lines = b'data:\n\ndata: {"choices": [\ndata: {"delta": {"content": " Two"}}]}\n\ndata: [DONE]\n\n'
    with Scripted(events("One", end=lines)) as server, open_generator(settings_of(server)) as generator:
        assert "".join(generator.generate(MESSAGES, max_tokens=5)) == "One Two"


def test_events_without_an_empty_line_between_them_are_read() -> None:
    lines = (
        b'data: {"choices": [{"delta": {"content": " Two"}}]}\ndata: {"choices": [{"delta": {"content": " Three"}}]}\n'
    )
    with (
        Scripted(events("One", end=lines + b"data: [DONE]\n")) as server,
        open_generator(settings_of(server)) as generator,
    ):
        assert "".join(generator.generate(MESSAGES, max_tokens=5)) == "One Two Three"


@pytest.mark.parametrize("content", [b": still here\n\n", b'data: {"choices": [{"delta": {}}]}\n\n'])
def test_a_server_that_only_says_that_it_lives_is_given_up(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.models.openai_server.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr("rag.generators.openai.ANSWER_SECONDS", 0.2)

    def live(handler: BaseHTTPRequestHandler) -> None:
        events("Twenty", end=b"")(handler)
        with contextlib.suppress(OSError):
            for _ in range(1000):
                handler.wfile.write(content)
                time.sleep(0.01)

    with (
        Scripted(live) as server,
        open_generator(settings_of(server)) as generator,
        pytest.raises(MissingError, match="in time"),
    ):
        list(generator.generate(MESSAGES, max_tokens=5))


def test_what_a_server_says_went_wrong_is_told_in_one_line_whatever_its_status() -> None:
    said = {"error": {"message": "no such\nmodel \x1b[31mhere"}}
    streamed = reply(b"data: " + json.dumps(said).encode() + b"\n\n", Content_Type="text/event-stream")
    with Scripted(reply(said), streamed) as server, open_generator(settings_of(server)) as generator:
        for _ in range(2):
            with pytest.raises(RefusedError) as error:
                list(generator.generate(MESSAGES, max_tokens=5))
            assert error.value.message.endswith("refused: no such model [31mhere.")


@pytest.mark.parametrize("data", [{"a": 1}, [1], [{"name": "x"}], "text", 5])
def test_a_list_of_models_of_another_shape_is_said_to_be_one(data: object) -> None:
    replies = reply({"data": [{"id": "small"}]}), reply({"data": data})
    with Scripted(*replies) as scripted:
        server = Server(scripted.url, "", False)
        assert server.list_models() == ["small"]
        with pytest.raises(UsageError, match="does not answer like"):
            server.list_models()


def test_an_error_that_is_null_is_none() -> None:
    last = b'data: {"choices": [{"delta": {"content": " Two"}}], "error": null}\n\ndata: [DONE]\n\n'
    with Scripted(events("One", end=last)) as server, open_generator(settings_of(server)) as generator:
        assert "".join(generator.generate(MESSAGES, max_tokens=5)) == "One Two"


def test_a_server_that_heeds_no_length_is_ended_at_it() -> None:
    with Scripted(events(*["on "] * 100)) as server, open_generator(settings_of(server)) as generator:
        assert "".join(generator.generate(MESSAGES, max_tokens=5)) == "on " * 5
        assert generator.last_run is not None and generator.last_run.finish == "length"


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
        ("[" * 1500 + "20 days", "20 days"),
        ("[" * 900 + "per year\ndays", "per year\ndays"),
        ("「" * 900 + "per year\ndays", "per year\ndays"),
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
