"""Who may be reached: nobody (workers), this machine alone (every command), or where a command fetches from."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from index import platform

# Told to every process before it loads a library: look for nothing, and tell nobody. ONNX Runtime sends what it does to
# its maker from 1.29 on; the proof of tests/test_network.py found it.
SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "ORT_TELEMETRY_DISABLED": "1",
}
_CHECKED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
_watching = False
_lifted = False
_door = threading.local()


def close_network() -> None:
    """Cut this process off from every network: by namespace where the system allows, and by refusing sockets."""
    import socket

    platform.leave_network()

    def refuse(*_: object, **__: object) -> None:
        raise OSError("this process has no network")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        setattr(socket.socket, name, refuse)
    socket.getaddrinfo = refuse  # type: ignore[assignment]
    socket.create_connection = refuse  # type: ignore[assignment]


def stay_on_this_machine() -> None:
    """From now on this process reaches no other machine and looks up no name, whatever a library tries.

    Such an attempt raises OSError. It holds for good, as an audit hook (PEP 578) does, so it is for our own program and
    not for a library in somebody else's.
    """
    global _watching
    if not _watching:
        _watching = True
        sys.addaudithook(_check)


@contextmanager
def open_door() -> Iterator[None]:
    """Let this thread connect to the server that the user's own settings name together with allow_remote."""
    _door.open = True
    try:
        yield
    finally:
        _door.open = False


def lift() -> None:
    """Let every machine be reached: for the commands that fetch models."""
    global _lifted
    _lifted = True


def is_loopback(host: str) -> bool:
    """Whether `host` is an address of this machine alone, or a name that stands for one (RFC 6761: localhost)."""
    import ipaddress

    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost")


def _check(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _CHECKED or _lifted or getattr(_door, "open", False):
        return
    address = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[1]
    if isinstance(address, tuple):
        _refuse(address[0])
    elif event.startswith("socket.get") and address is not None:
        _refuse(address)


def _refuse(host: object) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if not is_loopback(name):
        raise OSError(f"{name} is another machine; only `rag setup` and `rag models pull` may reach one")
