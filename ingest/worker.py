"""A child process that runs one function of ours, behind limits, and talks in checked messages.

Parsers and llama.cpp live in such processes: a hang, a crash or a bomb costs the child, never the run. A message is
JSON and raw byte strings in one frame with a CRC-32; no pickle. Success is a complete, checked message: an exit code
of 0 says nothing, because a parser may call ``os._exit(0)``.

The function, named ``package.module:function``, is called once and returns a handler; the handler is called for each
request and yields replies::

    def serve() -> Handler: ...
    def handler(request, blobs, cancelled) -> Iterator[tuple[dict, list[bytes]]]: ...
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
import traceback
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from index import errors, platform
from ingest.network import SWITCHES, close_network

Payload = dict[str, Any]
Message = tuple[Payload, list[bytes]]
Handler = Callable[[Payload, list[bytes], Callable[[], bool]], Iterator[Message]]

MAGIC = b"RAGM"
HEAD = struct.Struct("<4sIII")  # magic, length of the JSON, number of blobs, CRC-32 of everything after the head
LENGTH = struct.Struct("<Q")
IDLE = 0.01  # share of the processor below which a silent child does nothing
PATIENCE = 20  # times the silence allowed, for a child that gets a twentieth of a processor
LAST_BREATH = 1.0  # seconds a child may take to end after it closed its stream; then it is killed
OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "memory allocation of")  # as Python, C++ and Rust say it
STDERR_KEPT = 4_000  # characters of the child's last words that an error may show under --debug


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: bytes of memory, open files, bytes of a message or file, the network, and its priority."""

    memory: int | None = None
    files: int | None = None
    output: int = 1 << 30
    network: bool = False
    polite: bool = False  # lower priority than the user's other programs


class WorkerError(errors.RagError):
    """The child ended without an answer; `cause` is "time", "memory", "output" or "crash"."""

    def __init__(self, cause: str, message: str, stderr: str = "") -> None:
        super().__init__(message, "Run it again with --debug to see more.")
        self.cause = cause
        self.stderr = stderr


class CutError(ValueError):
    """The stream ended inside a message."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes from the child; `trusted` is False when what came last was no message of ours."""

    trusted: bool


class Worker:
    """One child process, started on first use and again after it died; not to be shared by threads."""

    def __init__(
        self, target: str, *, limits: Limits | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.target = target
        self.limits = limits or Limits()
        self.environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._inbox: queue.Queue[Message | Ended] = queue.Queue()
        self._stderr: deque[str] = deque(maxlen=200)
        self._number = 0

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the child if it is not running, so that its imports run beside ours."""
        if self._process and self._process.poll() is None:
            return
        self.close()
        root = str(Path(__file__).resolve().parent.parent)
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        environment = {**os.environ, **SWITCHES, **self.environment, "PYTHONPATH": os.pathsep.join(paths)}
        # -P keeps a folder named `ingest` in the user's working folder from being run instead of ours.
        arguments = [sys.executable, "-P", "-X", "utf8", "-m", "ingest.worker", self.target]
        arguments.append(json.dumps(asdict(self.limits)))
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self._inbox = queue.Queue()
        self._stderr.clear()
        process, inbox = self._process, self._inbox
        threading.Thread(target=self._receive, args=(process.stdout, inbox), daemon=True).start()
        self._listener = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
        self._listener.start()

    def call(
        self,
        request: Payload,
        blobs: Sequence[bytes] = (),
        *,
        seconds: float | None = None,
        silence: float | None = None,
    ) -> Message:
        """The last reply to `request`; raises WorkerError, or the error of ours that the child raised."""
        reply: Message = ({}, [])
        for message in self.stream(request, blobs, seconds=seconds, silence=silence):
            reply = message
        return reply

    def stream(
        self,
        request: Payload,
        blobs: Sequence[bytes] = (),
        *,
        seconds: float | None = None,
        silence: float | None = None,
    ) -> Iterator[Message]:
        """The replies as they come; `seconds` bounds the wait for all of them, `silence` the wait for each."""
        self.start()
        assert self._process is not None and self._process.stdin is not None
        self._number += 1
        deadline = None if seconds is None else time.monotonic() + seconds
        finished = False
        try:
            try:
                send(self._process.stdin, {"n": self._number, "request": request}, blobs)
            except OSError:
                raise self._dead() from None
            while True:
                payload, parts = self._next(deadline, silence)
                if payload.get("n") != self._number:
                    continue  # the tail of a request whose reader went away
                if payload["state"] == "done":
                    finished = True
                    return
                if payload["state"] == "error":
                    finished = True
                    raise _rebuild_error(payload)
                yield payload["reply"], parts
        finally:
            if not finished:
                self.cancel()

    def cancel(self) -> None:
        """Ask the child to stop what it is doing; its handler sees ``cancelled()`` turn true."""
        if self._process and self._process.poll() is None and self._process.stdin:
            with contextlib.suppress(OSError):
                send(self._process.stdin, {"n": self._number, "cancel": True}, ())

    def kill(self) -> None:
        """End the child now."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self.close()

    def close(self) -> None:
        """Let the child end; what it was doing is lost."""
        process, self._process = self._process, None
        if not process:
            return
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _next(self, deadline: float | None, silence: float | None) -> Message:
        """The next message; `silence` is seconds in which the child computes without a word, or does nothing at all.

        On a busy machine a child gets little of the processor, and is no hang for that: then it is waited for longer.
        """
        start = time.monotonic()
        begun = computed = self._computed()
        while True:
            limits = [] if deadline is None else [max(0.0, deadline - time.monotonic())]
            limits += [] if silence is None else [silence]
            try:
                message = self._inbox.get(timeout=min(limits, default=None))
                break
            except queue.Empty:
                before, computed = computed, self._computed()
                over = deadline is not None and time.monotonic() >= deadline
                waited = time.monotonic() - start
                idle = computed - before < IDLE * (silence or 0.0)
                if over or silence is None or idle or computed - begun >= silence or waited >= PATIENCE * silence:
                    self.kill()
                    raise WorkerError("time", f"Nothing came for {waited:.0f} s.") from None
        if isinstance(message, Ended):
            raise self._dead() if message.trusted else self._untrusted()
        return message

    def _computed(self) -> float:
        """Processor time the child has used; 0 where the system does not tell, so that it counts as idle."""
        return (platform.computed_seconds(self._process.pid) if self._process else None) or 0.0

    def _untrusted(self) -> WorkerError:
        self.kill()  # it may be alive, waiting for its next request, but its stream cannot be followed any more
        return WorkerError("output", "The reading process sent a damaged answer, or one over its limit.")

    def _dead(self) -> WorkerError:
        process = self._process
        code = None
        if process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=LAST_BREATH)
                self._listener.join(LAST_BREATH)  # its last words; what it started may keep the stream open
        words = "".join(self._stderr)[-STDERR_KEPT:]
        self.close()
        cause = "memory" if code == -9 or any(sign in words for sign in OUT_OF_MEMORY) else "crash"
        return WorkerError(cause, f"The reading process ended without an answer (exit {code}).", words)

    def _receive(self, pipe: IO[bytes], inbox: queue.Queue[Message | Ended]) -> None:
        trusted = True
        try:
            while message := receive(pipe, self.limits.output):
                inbox.put(message)
        except CutError:
            pass  # it died while it wrote
        except (OSError, ValueError):
            trusted = False
        inbox.put(Ended(trusted))
        pipe.close()

    def _listen(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in pipe:
                self._stderr.append(line.decode("utf-8", "replace"))
        pipe.close()


def send(pipe: IO[bytes], payload: Payload, blobs: Sequence[bytes]) -> None:
    """Write one message."""
    head = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    parts = [head, *(LENGTH.pack(len(blob)) for blob in blobs), *blobs]
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    pipe.write(HEAD.pack(MAGIC, len(head), len(blobs), check))
    for part in parts:
        pipe.write(part)
    pipe.flush()


def receive(pipe: IO[bytes], limit: int) -> Message | None:
    """Read one message; None at the end of the stream, ValueError when it is not a whole message of ours."""
    head = pipe.read(HEAD.size)
    if not head:
        return None
    if len(head) != HEAD.size:
        raise CutError("cut message")
    magic, length, count, check = HEAD.unpack(head)
    if magic != MAGIC or length > limit or count > 1 << 20:
        raise ValueError("not a message")
    body = _read(pipe, length)
    sizes = _read(pipe, LENGTH.size * count)
    lengths = [size for (size,) in LENGTH.iter_unpack(sizes)]
    if sum(lengths) > limit:
        raise ValueError("message too large")
    blobs = [_read(pipe, size) for size in lengths]
    seen = zlib.crc32(sizes, zlib.crc32(body))
    for blob in blobs:
        seen = zlib.crc32(blob, seen)
    if seen != check:
        raise ValueError("damaged message")
    try:
        payload = json.loads(body.decode("utf-8", "surrogatepass"))
    except RecursionError as error:
        raise ValueError("not a message") from error
    if not isinstance(payload, dict):
        raise ValueError("not a message")
    return payload, blobs


def _read(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise CutError("cut message")
    return data


def _rebuild_error(payload: Payload) -> errors.RagError:
    """The child's error as ours; a foreign exception becomes a WorkerError that names its type and place."""
    kind = getattr(errors, str(payload["error"]), None)
    if isinstance(kind, type) and issubclass(kind, errors.RagError):
        return kind(payload["message"], payload["next"])
    cause = "memory" if payload["error"] == "MemoryError" else "crash"
    return WorkerError(cause, f"{payload['error']} at {payload['place']}.")


def main(target: str, limits: str) -> None:
    """The child: serve requests until the parent closes the pipe."""
    settings = Limits(**json.loads(limits))
    # Ctrl-C reaches every process of the terminal; what it means is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land among the messages
    if settings.polite:
        platform.lower_priority()
    if not settings.network:
        close_network()
    module, _, function = target.partition(":")
    handler: Handler = getattr(importlib.import_module(module), function)()
    platform.limit_process(memory=settings.memory, files=settings.files, written=settings.output)
    inbox: queue.Queue[Message] = queue.Queue()
    cancelled: set[int] = set()
    threading.Thread(target=_read_requests, args=(requests, inbox, cancelled), daemon=True).start()
    while True:
        payload, blobs = inbox.get()
        _answer(handler, payload["n"], payload["request"], blobs, cancelled, replies)


def _read_requests(pipe: IO[bytes], inbox: queue.Queue[Message], cancelled: set[int]) -> None:
    with contextlib.suppress(ValueError, OSError):
        while message := receive(pipe, 1 << 40):
            if message[0].get("cancel"):
                cancelled.add(message[0]["n"])
            else:
                inbox.put(message)
    os._exit(0)  # the parent is gone


def _answer(
    handler: Handler, number: int, request: Payload, blobs: list[bytes], cancelled: set[int], replies: IO[bytes]
) -> None:
    try:
        for reply, parts in handler(request, blobs, lambda: number in cancelled):
            send(replies, {"n": number, "state": "reply", "reply": reply}, parts)
        final: Payload = {"state": "done"}
    except errors.RagError as error:
        final = {"state": "error", "error": type(error).__name__, "message": error.message, "next": error.next}
    except BaseException as error:  # a library may raise anything
        # Text of documents may stand in the message, so only its type and place go on.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        final = {"state": "error", "error": type(error).__name__, "message": "", "next": "", "place": place}
    send(replies, {"n": number, **final}, ())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
