"""A server on this machine that says whatever a test wants it to say."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ingest.embedders import Options
from rag.generators import ChatMessage
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

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers), {}))
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


def settings_of(server: Scripted, model: str = "any") -> Settings:
    return Settings(model=f"openai:{model}", base_url=server.url)
