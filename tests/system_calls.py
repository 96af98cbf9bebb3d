"""A trace of the system calls that can reach a network, by the kernel itself, of a command and all it starts.

A seccomp filter hands every such call to the test before it is done (seccomp_unotify(2)): Python, C++ and Rust, in
every process that the command starts, without a tool that would have to be installed. Linux on x86-64 and arm64.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

# seccomp's number, then those of the calls that are watched, from the kernel's tables. io_uring can connect without any
# of them, so its first call is watched too.
_NUMBERS = {
    "x86_64": (317, {42: "connect", 44: "sendto", 46: "sendmsg", 307: "sendmmsg", 49: "bind", 425: "io_uring_setup"}),
    "aarch64": (
        277,
        {203: "connect", 206: "sendto", 211: "sendmsg", 269: "sendmmsg", 200: "bind", 425: "io_uring_setup"},
    ),
}
_SET_FILTER, _NEW_LISTENER = 1, 8  # <linux/seccomp.h>
_ASK, _ALLOW = 0x7FC00000, 0x7FFF0000  # SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND
_NO_NEW_PRIVILEGES = 38  # <linux/prctl.h>
_RESOLVERS = ("nscd", "resolve", "dns", "avahi")  # parts of the names of local sockets that look names up
# What a command is started by when it has to do without a network.
_CUT_OFF = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from index.platform import enter_empty_network
assert enter_empty_network(), "this system lets no process leave the network: run the tests where one may"
os.execv(sys.argv[1], sys.argv[1:])
"""

only_linux = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in _NUMBERS, reason="traces calls on Linux only"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `family` is the address family it names ("" when it names none), `address` as people write it."""

    name: str
    family: str
    address: str

    @property
    def leaves(self) -> bool:
        """Whether it tries to reach another machine, or asks for an address by name."""
        if self.name == "io_uring_setup":
            return True
        if self.family == "unix":
            return any(part in self.address for part in _RESOLVERS)
        host, _, port = self.address.rpartition(":")
        local = host.startswith("127.") or host == "::1"
        return self.family == "inet" and self.name != "bind" and (not local or port == "53")


@dataclass(frozen=True, slots=True)
class Traced:
    """How a command ended, what it wrote, and the calls it made."""

    code: int
    stdout: bytes
    stderr: bytes
    calls: tuple[Call, ...]

    @property
    def leaving(self) -> list[Call]:
        """The calls that try to reach another machine."""
        return [call for call in self.calls if call.leaves]


def trace(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    network: bool = False,
    given: bytes = b"",
    seconds: float = 240.0,
) -> Traced:
    """Run `command` under the trace, without `network` in a namespace that has no interface."""
    calls: list[Call] = []
    process: list[subprocess.Popen[bytes]] = []
    started = threading.Event()
    listener: list[int] = []

    def start() -> None:
        # The filter is this thread's alone; what the thread starts inherits it, and so do all processes below.
        try:
            listener.append(_listen())
            process.append(
                subprocess.Popen(
                    command if network else [sys.executable, "-c", _CUT_OFF, *command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=dict(environment),
                    cwd=folder,
                )
            )
        finally:
            started.set()

    thread = threading.Thread(target=start)
    thread.start()
    started.wait()
    thread.join()
    try:
        watcher = threading.Thread(target=_watch, args=(listener[0], calls))
        watcher.start()
        out, err = process[0].communicate(given, timeout=seconds)
        watcher.join()  # ends when the last process of the family is gone
    except BaseException:
        if process:
            process[0].kill()
        raise
    finally:
        os.close(listener[0])
    return Traced(process[0].returncode, out, err, tuple(calls))


def _listen() -> int:
    """Put the filter on the calling thread and return the descriptor that its calls are announced on."""
    number, watched = _NUMBERS[platform.machine()]
    count = len(watched)
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
    program = [(load, 0, 0, 0)]
    program += [(equal, count - place, 0, call) for place, call in enumerate(watched)]
    program += [(give, 0, 0, _ALLOW), (give, 0, 0, _ASK)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    form = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    descriptor: int = libc.syscall(number, _SET_FILTER, _NEW_LISTENER, form)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "the kernel gives no trace (seccomp_unotify)")
    return descriptor


def _watch(listener: int, calls: list[Call]) -> None:
    """Note each announced call and let it go on, until nothing is left that could make one."""
    names = _NUMBERS[platform.machine()][1]
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        if poll.poll()[0][1] & select.POLLHUP:
            return
        announced = bytearray(80)  # struct seccomp_notif
        try:
            fcntl.ioctl(listener, _RECEIVE, announced)
        except OSError:
            continue  # the caller died while it waited
        number, process, _, call, _, _, *arguments = struct.unpack("QIIiIQ6Q", announced)
        calls.append(_describe(names[call], process, arguments))
        try:
            fcntl.ioctl(listener, _SEND, struct.pack("QqiI", number, 0, 0, 1))  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
        except OSError:
            continue


def _describe(name: str, process: int, arguments: Sequence[int]) -> Call:
    if name == "io_uring_setup":
        return Call(name, "", "")
    place, size = arguments[1], arguments[2]
    try:
        with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
            if name == "sendto":
                place, size = arguments[4], arguments[5]
            elif name in ("sendmsg", "sendmmsg"):  # the first message's address: struct msghdr begins with it
                memory.seek(place)
                place, size = struct.unpack("QI", memory.read(12))
            if not place or not size:
                return Call(name, "", "")  # on a socket whose connection was seen
            memory.seek(place)
            return Call(name, *_address(memory.read(min(size, 128))))
    except OSError:
        return Call(name, "unknown", "")


def _address(raw: bytes) -> tuple[str, str]:
    (family,) = struct.unpack_from("H", raw)
    if family == socket.AF_INET:
        return "inet", f"{socket.inet_ntop(family, raw[4:8])}:{int.from_bytes(raw[2:4], 'big')}"
    if family == socket.AF_INET6:
        return "inet", f"{socket.inet_ntop(family, raw[8:24])}:{int.from_bytes(raw[2:4], 'big')}"
    if family == socket.AF_UNIX:
        return "unix", raw[2:].split(b"\0")[0].decode("utf-8", "replace") or raw[2:].decode("utf-8", "replace")
    return {socket.AF_NETLINK: "netlink", socket.AF_UNSPEC: "none"}.get(family, str(family)), ""
