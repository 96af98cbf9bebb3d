"""Patterns over document paths: ``*`` stops at "/", ``**`` does not; case and Unicode form do not matter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from functools import cache

_WILD = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.DOTALL)
_RANGE = re.compile(r"(.)(?:-(.))?", re.DOTALL)


def match_paths(patterns: str | Iterable[str], paths: Iterable[str]) -> list[str]:
    """Those of `paths` that match one of the patterns; a pattern that is a folder's path matches all inside it.

    A document that matches brings those inside it (an archive's, a mail's). A pattern that ends with "/" means all in
    the folders that match. One that is itself the path of a document or folder means that alone: a file may be named
    "[draft]*.txt".
    """
    wanted = [patterns] if isinstance(patterns, str) else list(patterns)
    folded = [(path, _fold(path)) for path in paths]
    wild = {_fold(pattern.rstrip("/")): pattern for pattern in wanted if _WILD.search(pattern)}
    named = {name for name in wild if any(path == name or path.startswith(f"{name}/") for _, path in folded)}
    # Plain paths are looked up, not tried one by one: "all documents but these" is a list as long as the collection.
    plain = {_fold(pattern.rstrip("/")) for pattern in wanted if not _WILD.search(pattern)} | named
    compiled = [_compile(pattern) for name, pattern in wild.items() if name not in named]
    documents = {name for _, name in folded}
    return [
        path
        for path, name in folded
        if _is_in(name, plain)
        or any(glob.fullmatch(part) for glob in compiled for part in (name, *_holders(name, documents)))
    ]


def _holders(path: str, documents: Set[str]) -> list[str]:
    """The documents that one is inside of."""
    return [holder for slash in re.finditer("/", path) if (holder := path[: slash.start()]) in documents]


def _is_in(path: str, plain: Set[str]) -> bool:
    """Whether `path`, or a folder that it is in, is one of `plain`."""
    return path in plain or any(path[: slash.start()] in plain for slash in re.finditer("/", path))


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    parts = [_translate(token) for token in _TOKEN.findall(_fold(pattern.rstrip("/")))]
    return re.compile("".join(parts) + ("/.*" if pattern.endswith("/") else ""), re.DOTALL)


def _translate(token: str) -> str:
    if token == "**/":
        return "(?:.*/)?"
    if token == "**":
        return ".*"
    if token == "*":
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if len(token) > 1:
        inverted = token[1] == "!"
        return translate_class(token[2 if inverted else 1 : -1], inverted=inverted)
    return re.escape(token)


def translate_class(inside: str, *, inverted: bool) -> str:
    """An expression for one character but "/" that is among those of a bracket, or is not, when `inverted`.

    Of a range from a later character to an earlier one only the first counts, as in git: "[2024-03]" is no error. A
    bracket without anything in it matches nothing.
    """
    allowed = ""
    for first, last in _RANGE.findall(inside):
        allowed += f"{re.escape(first)}-{re.escape(last)}" if last and first <= last else re.escape(first)
    if inside and inverted:
        return f"[^/{allowed}]"
    return f"(?!/)[{allowed}]" if allowed else "(?!)"


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
