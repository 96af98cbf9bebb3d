"""One file a format; the file's name is its registration.

A parser module declares what it reads and how::

    EXTENSIONS = (".docx", ".docm")          # lower case, with the dot
    REQUIRES = ("lxml",)                     # importable names beyond the plain install, () if none
    EXTRA = "ocr"                            # the extra that brings them, "" if none

    def parse(name: str, data: bytes, options: ParseOptions) -> Document: ...
    def programs() -> list[str]: ...         # only where it starts other programs: those that are there

A file that could not be read is tried again when one of REQUIRES or of `programs` has come. `parse` runs in a worker
process with limits on time and memory. It never touches the network or the disk, keeps nothing between calls, and
raises only DocumentError and its kind on bad input (anything else is reported as a defect of the parser).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """What the user's settings ask of a parser: `passwords` are tried in turn on encrypted files.

    A parser whose steps may take seconds (a page read by OCR) calls `tell` after each, so that slow work is told from a
    hang.
    """

    passwords: tuple[str, ...] = ()
    ocr: bool = True
    tell: Callable[[], None] = lambda: None


@cache
def find_parser(extension: str) -> ModuleType | None:
    """The module that reads files ending in `extension` (".pdf"), or None."""
    return _modules().get(extension.lower())


@cache
def _modules() -> dict[str, ModuleType]:
    found: dict[str, ModuleType] = {}
    for entry in sorted(pkgutil.iter_modules(__path__), key=lambda entry: entry.name):
        module = importlib.import_module(f"{__name__}.{entry.name}")
        for extension in getattr(module, "EXTENSIONS", ()):
            found[extension] = module
    return found
