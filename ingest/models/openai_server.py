"""The HTTP side of an OpenAI-compatible server: Ollama, LM Studio, LocalAI, llama.cpp's own.

The protocol: https://platform.openai.com/docs/api-reference (chat completions, embeddings); streams are server-sent
events (https://html.spec.whatwg.org/multipage/server-sent-events.html). http.client follows no redirect and knows no
proxy, which is what private documents need.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Generator
from contextlib import nullcontext, suppress
from typing import Any
from urllib.parse import urlsplit

from index.errors import MissingError, RagError, UsageError
from ingest.network import is_loopback, open_door

CONNECT_SECONDS = 5.0
# A server may have to load its model first, from a slow disk; it may say meanwhile that it lives.
ANSWER_SECONDS = 300.0
NEXT_SECONDS = 60.0  # between two pieces of a stream
WAITS = (0.5, 1.0, 2.0)  # seconds before each further try of a request that may be sent twice
BUSY = {429, 502, 503, 504}
MAX_ANSWER = 256 << 20  # bytes: far above the vectors of one request, far below the memory
MAX_LINE = 1 << 20


class RefusedError(RagError):
    """The server understood and said no; `status` is HTTP's."""

    exit = 3

    def __init__(self, status: int, message: str, next: str) -> None:
        super().__init__(message, next)
        self.status = status


class Server:
    """The server at `base_url`, which usually ends in /v1. One request at a time.

    Raises UsageError when the address is none, or of another machine without `allow_remote`.
    """

    def __init__(self, base_url: str, api_key: str, allow_remote: bool) -> None:
        try:
            parts = urlsplit(base_url)
            self._host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, self._host, port = urlsplit(""), "", None
        if parts.scheme not in ("http", "https") or not self._host or parts.username or parts.query:
            raise UsageError(
                f"base_url is {base_url!r}, not the address of a server.", "Write http://127.0.0.1:11434/v1"
            )
        self._local = is_loopback(self._host)
        if not self._local and not allow_remote:
            raise UsageError(
                f"base_url names another machine ({self._host}), and your text would be sent there.",
                "If that is what you want, set allow_remote = true in your own settings.",
            )
        self.base_url = base_url.rstrip("/")
        self._secure = parts.scheme == "https"
        self._port = port
        self._path = parts.path.rstrip("/")
        self._key = api_key
        self._socket: socket.socket | None = None
        self._response: http.client.HTTPResponse | None = None
        self._cancelled = threading.Event()
        self.ended = False  # whether the last stream came to its end, as the server says it

    @property
    def leaves_machine(self) -> str:
        """The host that texts are sent to; "" when it is this machine."""
        return "" if self._local else self._host

    def post(self, path: str, body: dict[str, Any], *, tries: int = 1 + len(WAITS)) -> dict[str, Any]:
        """The answer to a request that may be sent twice without harm; `tries` bounds how often.

        Raises MissingError when the server cannot be reached or fails, RefusedError when it says no.
        """
        self._cancelled.clear()
        for wait in [*WAITS[: tries - 1], None]:
            try:
                return self._object(self._send(path, body).read(MAX_ANSWER))
            except (MissingError, RefusedError, OSError, http.client.HTTPException) as error:
                busy = not isinstance(error, RefusedError) or error.status in BUSY
                if wait is None or not busy:
                    raise self._translate(error) from error
                time.sleep(wait)
            finally:
                self._close()
        raise AssertionError("the last try returns or raises")

    def list_models(self) -> list[str]:
        """The names of the models it serves; raises as `post` does."""
        self._cancelled.clear()
        try:
            entries = self._object(self._send("/models", None).read(MAX_LINE)).get("data") or []
            return [str(entry["id"]) for entry in entries]
        except (KeyError, TypeError) as error:
            raise self.unlike() from error
        except (MissingError, RefusedError, OSError, http.client.HTTPException) as error:
            raise self._translate(error) from error
        finally:
            self._close()

    def stream(self, path: str, body: dict[str, Any]) -> Generator[dict[str, Any], None, None]:
        """The events of the answer as they come; closing it, or `cancel`, ends the connection and so the work.

        It is sent once: the server may have begun to write when a connection breaks.
        """
        self._cancelled.clear()
        self.ended = False
        try:
            response = self._send(path, body)
            if "event-stream" not in response.headers.get("Content-Type", ""):
                self.ended = True
                yield self._event(response.read(MAX_ANSWER))
                return
            assert self._socket
            self._socket.settimeout(NEXT_SECONDS)
            data, heard = b"", time.monotonic()
            while line := response.readline(MAX_LINE):
                if self._cancelled.is_set():
                    return
                field, _, value = line.strip().partition(b":")
                if field == b"data" and value.strip() == b"[DONE]":
                    self.ended = True
                    return
                if field == b"data":
                    data += value.strip() + b"\n"
                # An event ends at an empty line, which some servers leave out.
                if data.strip() and (not line.strip() or _is_whole(data)):
                    yield self._event(data)
                    data, heard = b"", time.monotonic()
                if len(data) > MAX_LINE:
                    raise self.unlike()
                if time.monotonic() - heard > ANSWER_SECONDS:
                    raise TimeoutError
        except (OSError, http.client.HTTPException) as error:
            if not self._cancelled.is_set():
                raise self._translate(error) from error
        finally:
            self._close()

    def cancel(self) -> None:
        """End the stream under way, from any thread."""
        self._cancelled.set()
        if opened := self._socket:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _send(self, path: str, body: dict[str, Any] | None) -> http.client.HTTPResponse:
        """The answer's head; a request without a body asks for something, one with a body sends it."""
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=CONNECT_SECONDS)
        try:
            with nullcontext() if self._local else open_door():
                connection.connect()
        except OSError as error:
            raise self._unreachable(error) from error
        # Kept, because the connection forgets its socket when the server announces that it will close it.
        self._socket = connection.sock
        # A name such as localhost means what the machine's tables say; a connection that left the machine is not used.
        peer = connection.sock.getpeername()[0]
        if self._local and not is_loopback(peer):
            raise UsageError(f"{self._host} is another machine here ({peer}).", "Write 127.0.0.1 in base_url.")
        if self._cancelled.is_set():
            raise ConnectionAbortedError
        connection.sock.settimeout(ANSWER_SECONDS)
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        connection.request("GET" if data is None else "POST", f"{self._path}{path}", data, headers)
        response = self._response = connection.getresponse()
        if response.status >= 300:
            raise self._refused(response.status, self._object(response.read(MAX_LINE), strict=False), response)
        return response

    def _close(self) -> None:
        """End the connection for the server too, whoever still holds the answer."""
        opened, response = self._socket, self._response
        self._socket = self._response = None
        if opened:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        if response:
            response.close()

    def _event(self, content: bytes) -> dict[str, Any]:
        """A piece of an answer; raises RefusedError where it says what went wrong."""
        event = self._object(content)
        if event.get("error"):
            raise self._refused(0, event)
        return event

    def _object(self, content: bytes, *, strict: bool = True) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        if not strict:
            return {}
        raise self.unlike()

    def cut_off(self) -> MissingError:
        """What is said where a stream ends before its end; http.client tells nothing of it."""
        return MissingError(
            f"{self.base_url} ended in the middle of the answer.", "Look whether the server still runs."
        )

    def too_late(self) -> MissingError:
        """What is said where nothing comes."""
        return MissingError(f"The server at {self.base_url} did not answer in time.", "Try a smaller model there.")

    def unlike(self) -> UsageError:
        """What is said where an answer is not what the protocol has."""
        return UsageError(
            f"{self.base_url} does not answer like an OpenAI-compatible server.",
            "Check base_url; it usually ends in /v1.",
        )

    def _refused(
        self, status: int, content: dict[str, Any], response: http.client.HTTPResponse | None = None
    ) -> RefusedError:
        error = content.get("error", content.get("detail", ""))
        said = _in_one_line(str(error.get("message", "") if isinstance(error, dict) else error))[:300]
        if 300 <= status < 400:
            place = response.headers.get("Location", "elsewhere") if response else "elsewhere"
            return RefusedError(
                status, f"{self.base_url} points to {place}, which is not followed.", "Set base_url to that address."
            )
        then = {
            401: "Set api_key.",
            403: "Set api_key.",
            404: "Check base_url, and that the server has the model (Ollama: `ollama list`, `ollama pull`).",
        }.get(status, "Look into the server's own log.")
        said = said.rstrip(".") or "it gives no reason"
        code = f" (HTTP {status})" if status else ""  # none of an answer that began well
        return RefusedError(status, f"The server at {self.base_url} refused{code}: {said}.", then)

    def _translate(self, error: BaseException) -> RagError:
        if isinstance(error, RagError):
            return error
        if isinstance(error, TimeoutError):
            return self.too_late()
        reason = _in_one_line(str(error)) or type(error).__name__
        return MissingError(
            f"The connection to {self.base_url} broke: {reason}.", "Look whether the server still runs."
        )

    def _unreachable(self, error: OSError) -> MissingError:
        return MissingError(
            f"No server answers at {self.base_url} ({error.strerror or error}).",
            "Start it (Ollama: `ollama serve`), or set base_url.",
        )


def _is_whole(content: bytes) -> bool:
    """Whether this is all of an event, and not one of several lines of it."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _in_one_line(text: str) -> str:
    """What a server says, without what would move a cursor."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
