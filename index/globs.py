"""Patterns over document paths: ``*`` stops at "/", ``**`` does not; case and Unicode form do not matter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.DOTALL)


def match_paths(patterns: str | Iterable[str], paths: Iterable[str]) -> list[str]:
    """Those of `paths` that match one of the patterns; a pattern that is a folder's path matches all inside it."""
    wanted = [patterns] if isinstance(patterns, str) else list(patterns)
    compiled = [_compile(pattern) for pattern in wanted]
    return [path for path in paths if any(expression.fullmatch(_fold(path)) for expression in compiled)]


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    parts = [_translate(token) for token in _TOKEN.findall(_fold(pattern.rstrip("/")))]
    return re.compile("".join(parts) + "(?:/.*)?", re.DOTALL)


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
        inside = re.escape(token[2 if inverted else 1 : -1]).replace(r"\-", "-")
        return f"[{'^/' if inverted else ''}{inside}]"
    return re.escape(token)


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
