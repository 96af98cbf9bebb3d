"""Worker processes: whole messages, limits that hold, and every end of a child an error of ours."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import EncryptedError
from ingest.worker import CutError, Handler, Limits, Message, Worker, WorkerError, receive, send

SERVE = "test_worker:serve"


def serve() -> Handler:
    """The child's side of these tests."""

    def handle(request: dict[str, Any], blobs: list[bytes], cancelled: Callable[[], bool]) -> Iterator[Message]:
        yield from BEHAVIOURS[request["do"]](request, blobs, cancelled)

    return handle


def echo(request: dict[str, Any], blobs: list[bytes], _: object) -> Iterator[Message]:
    yield request, blobs


def count(request: dict[str, Any], *_: object) -> Iterator[Message]:
    for number in range(request["n"]):
        yield {"number": number}, []


def leave(*_: object) -> Iterator[Message]:
    os._exit(0)
    yield {}, []


def crash(*_: object) -> Iterator[Message]:
    os.abort()
    yield {}, []


def complain(*_: object) -> Iterator[Message]:
    os.write(2, b"std::bad_alloc")
    yield from leave()


def hang(*_: object) -> Iterator[Message]:
    time.sleep(60)
    yield {}, []


def wait_for_cancel(_: object, __: object, cancelled: Callable[[], bool]) -> Iterator[Message]:
    yield {"started": True}, []
    while not cancelled():
        time.sleep(0.005)
    yield {"stopped": True}, []


def eat(*_: object) -> Iterator[Message]:
    hoard = [bytearray(1 << 28) for _ in range(64)]
    yield {"eaten": len(hoard)}, []


def shout(*_: object) -> Iterator[Message]:
    os.write(1, b"noise on stdout")
    yield {"ok": True}, []


def refuse(*_: object) -> Iterator[Message]:
    raise EncryptedError("needs a password", "Use --password-file")
    yield {}, []


def fail(*_: object) -> Iterator[Message]:
    raise ValueError("secret text of a document")
    yield {}, []


def tick(request: dict[str, Any], *_: object) -> Iterator[Message]:
    for _ in range(request["n"]):
        time.sleep(0.2)
        yield {"alive": True}, []


def spin(*_: object) -> Iterator[Message]:
    while True:
        pass
    yield {}, []


def late(*_: object) -> Iterator[Message]:
    time.sleep(1.5)
    yield {"late": True}, []


def close_stream(*_: object) -> Iterator[Message]:
    os.closerange(3, 256)  # the replies go where a library may have closed what it does not own
    time.sleep(60)
    yield {}, []


def connect(*_: object) -> Iterator[Message]:
    import socket

    try:
        with socket.socket() as client:
            client.connect(("192.0.2.1", 80))
        reached = True
    except OSError:
        reached = False
    yield {"reached": reached}, []


def open_many(*_: object) -> Iterator[Message]:
    opened = []
    try:
        for _ in range(1000):
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for descriptor in opened:
        os.close(descriptor)
    yield {"opened": len(opened)}, []


def write_much(request: dict[str, Any], *_: object) -> Iterator[Message]:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    descriptor = os.open(request["path"], os.O_WRONLY | os.O_CREAT)
    try:
        written = sum(os.write(descriptor, bytes(1000)) for _ in range(100))
    except OSError:
        written = -1
    os.close(descriptor)
    yield {"written": written}, []


BEHAVIOURS: dict[str, Callable[..., Iterator[Message]]] = {
    "echo": echo, "count": count, "leave": leave, "crash": crash, "hang": hang, "cancel": wait_for_cancel,
    "eat": eat, "shout": shout, "refuse": refuse, "fail": fail, "connect": connect, "tick": tick,
    "close": close_stream, "spin": spin, "late": late, "open": open_many, "write": write_much, "complain": complain,
}  # fmt: skip


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))  # noqa: PTH120 - a path as text
    with Worker(SERVE, limits=Limits(memory=2 << 30)) as running:
        yield running


def test_a_message_and_its_blobs_come_back(worker: Worker) -> None:
    request = {"do": "echo", "text": "日本語 \ud800"}
    assert worker.call(request, [b"", b"\x00\xff" * 100_000]) == (request, [b"", b"\x00\xff" * 100_000])


def test_one_child_serves_many_requests(worker: Worker) -> None:
    worker.call({"do": "echo"})
    first = worker.pid
    assert [reply["number"] for reply, _ in worker.stream({"do": "count", "n": 5})] == list(range(5))
    assert worker.pid == first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [("leave", "crash"), ("crash", "crash"), ("hang", "time"), ("eat", "memory"), ("close", "crash")],
)
def test_every_end_is_an_error_and_the_next_request_gets_a_new_child(
    worker: Worker, behaviour: str, cause: str
) -> None:
    with pytest.raises(WorkerError) as caught:
        worker.call({"do": behaviour}, seconds=1.0 if behaviour == "hang" else 30.0)
    assert caught.value.cause == cause
    assert worker.call({"do": "echo"})[0] == {"do": "echo"}


def test_the_last_words_of_a_child_are_waited_for(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    listen = Worker._listen
    monkeypatch.setattr(Worker, "_listen", lambda *both: (time.sleep(0.2), listen(*both)))  # a busy machine
    with pytest.raises(WorkerError) as caught:
        worker.call({"do": "complain"})
    assert caught.value.cause == "memory"


@pytest.mark.slow
def test_slow_work_that_tells_of_itself_is_no_hang(worker: Worker) -> None:
    worker.call({"do": "echo"})
    assert worker.call({"do": "tick", "n": 6}, silence=1.0)[0] == {"alive": True}
    with pytest.raises(WorkerError, match="Nothing came"):
        worker.call({"do": "hang"}, silence=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("behaviour", ["spin", "hang"])
def test_computing_and_doing_nothing_are_hangs_both(worker: Worker, behaviour: str) -> None:
    worker.call({"do": "echo"})
    with pytest.raises(WorkerError, match="Nothing came"):
        worker.call({"do": behaviour}, silence=0.5)


@pytest.mark.slow
def test_a_child_that_gets_little_of_the_processor_is_no_hang(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.call({"do": "echo"})
    used = iter(range(100))
    monkeypatch.setattr("index.platform.computed_seconds", lambda _: next(used) / 100)  # a hundredth at each look
    assert worker.call({"do": "late"}, silence=0.3)[0] == {"late": True}


def test_our_errors_cross_the_pipe_whole(worker: Worker) -> None:
    with pytest.raises(EncryptedError) as caught:
        worker.call({"do": "refuse"})
    assert (caught.value.message, caught.value.next) == ("needs a password", "Use --password-file")


def test_foreign_errors_tell_type_and_place_but_no_text(worker: Worker) -> None:
    with pytest.raises(WorkerError, match=r"ValueError at test_worker\.py:\d+") as caught:
        worker.call({"do": "fail"})
    assert "secret" not in str(caught.value) + caught.value.stderr


def test_a_request_can_be_cancelled(worker: Worker) -> None:
    replies = worker.stream({"do": "cancel"})
    assert next(replies)[0] == {"started": True}
    worker.cancel()
    assert next(replies)[0] == {"stopped": True}


def test_a_reader_that_leaves_early_cancels_and_the_next_reply_is_the_right_one(worker: Worker) -> None:
    replies = worker.stream({"do": "cancel"})
    next(replies)
    replies.close()  # type: ignore[attr-defined]
    assert worker.call({"do": "echo", "x": 1})[0] == {"do": "echo", "x": 1}


def test_noise_on_stdout_is_no_message(worker: Worker) -> None:
    assert worker.call({"do": "shout"})[0] == {"ok": True}


def test_a_child_has_no_network(worker: Worker) -> None:
    assert worker.call({"do": "connect"}, seconds=10)[0] == {"reached": False}


def test_limits_on_messages_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))  # noqa: PTH120 - a path as text
    with Worker(SERVE, limits=Limits(output=1000)) as worker:
        for _ in range(3):
            # The child is alive and waits for its next request; that must not keep us waiting for its end.
            with pytest.raises(WorkerError) as caught:
                worker.call({"do": "echo"}, [b"x" * 2000], seconds=60)
            assert caught.value.cause == "output"
        assert worker.call({"do": "echo"})[0] == {"do": "echo"}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_limits_on_files_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))  # noqa: PTH120 - a path as text
    with Worker(SERVE, limits=Limits(files=64, output=20_000)) as worker:
        assert 0 < worker.call({"do": "open"})[0]["opened"] < 64
        assert worker.call({"do": "write", "path": str(tmp_path / "flood")})[0] == {"written": -1}
    assert (tmp_path / "flood").stat().st_size == 20_000


@given(st.dictionaries(st.text(max_size=5), st.integers()), st.lists(st.binary(max_size=50), max_size=4))
def test_frames_round_trip(payload: dict[str, int], blobs: list[bytes]) -> None:
    pipe = io.BytesIO()
    send(pipe, payload, blobs)
    pipe.seek(0)
    assert receive(pipe, 1 << 20) == (payload, blobs)
    assert receive(pipe, 1 << 20) is None


@pytest.mark.parametrize("said", [[], "text", None, 1])
def test_a_frame_that_holds_no_object_is_no_message(said: Any) -> None:
    pipe = io.BytesIO()
    send(pipe, said, [])
    with pytest.raises(ValueError, match="message"):
        receive(io.BytesIO(pipe.getvalue()), 1 << 20)


@given(st.integers(min_value=0))
def test_a_cut_frame_is_never_a_message(place: int) -> None:
    pipe = io.BytesIO()
    send(pipe, {"do": "echo", "n": 1}, [b"some bytes"])
    whole = pipe.getvalue()
    cut = whole[: 1 + place % (len(whole) - 1)]
    with pytest.raises(CutError):
        receive(io.BytesIO(cut), 1 << 20)


@given(st.data())
def test_a_damaged_frame_is_never_a_message(data: st.DataObject) -> None:
    pipe = io.BytesIO()
    send(pipe, {"do": "echo", "n": 1}, [b"some bytes"])
    raw = bytearray(pipe.getvalue())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ValueError, match=r"message|utf|Expecting"):
        receive(io.BytesIO(bytes(raw)), 1 << 20)
