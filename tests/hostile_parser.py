"""A reader that goes wrong in every way a reader can; test_hostile.py puts it among the others."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

from index.types import Block, Document, Member
from ingest.parsers import ParseOptions

EXTENSIONS = (".hangs", ".crashes", ".leaves", ".hoards", ".floods", ".shouts", ".lies", ".calls")
REQUIRES = ()
EXTRA = ""


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    match name.rpartition(".")[2]:
        case "hangs":
            time.sleep(10_000)
        case "crashes":
            os.abort()
        case "leaves":
            os._exit(0)
        case "hoards":
            hoard = [bytes(1 << 28) for _ in range(64)]  # asked for, but never touched
            return Document(str(len(hoard)), "", ())
        case "floods":
            return Document("", "", (), members=(Member("a.txt", bytes(200 << 20)),))
        case "shouts":
            for descriptor in range(1, 20):
                with suppress(OSError):
                    os.write(descriptor, b"an answer that is none, and longer than a head")
            time.sleep(10_000)
        case "lies":
            return Document("", "short", (Block(0, 5), Block(3, 500)))
        case "calls":
            socket.create_connection(("192.0.2.1", 443))
    raise AssertionError(name)
