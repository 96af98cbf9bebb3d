"""Names of files inside files, made safe to use as part of a document's path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from index.types import Member

_LONGEST = 200  # characters of one part of a name: file systems allow 255 bytes, and our paths add to it
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def decode_name(raw: bytes) -> str:
    """A file name written without its encoding: UTF-8 if valid, else CP932 (Windows in Japan), else CP437 (old zip)."""
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


def printable(name: str) -> str:
    """`name` in NFC without characters that show nothing or turn the writing around."""
    return unicodedata.normalize("NFC", _UNPRINTABLE.sub("", name))


def safe_name(name: str) -> str:
    """`name` as a relative path with "/": NFC, no drive, no "..", no control characters, never empty."""
    name = re.sub(r"^/*[A-Za-z]:", "", printable(name).replace("\\", "/"))
    parts = [part.strip() for part in name.split("/")]
    return "/".join(_shorten(part) for part in parts if part not in ("", ".", "..")) or "unnamed"


def name_members(members: Iterable[tuple[str, bytes]]) -> Iterator[Member]:
    """Members with safe names; of several with one name the later ones get "-2", "-3" before the extension."""
    taken: set[str] = set()
    for raw, data in members:
        name = unique_name(safe_name(raw), taken)
        taken.add(name)
        yield Member(name, data)


def unique_name(name: str, taken: Iterable[str], *, folder: bool = False) -> str:
    """`name`, or with the first free number of "-2", "-3" … before its extension (a `folder` has none)."""
    stem, dot, extension = name.rpartition(".")
    if folder or not dot or "/" in extension or not stem or stem.endswith("/"):
        stem, dot, extension = name, "", ""
    number, free = 2, name
    while free in taken:
        free = f"{stem}-{number}{dot}{extension}"
        number += 1
    return free


def _shorten(part: str) -> str:
    if len(part) <= _LONGEST:
        return part
    stem, dot, extension = part.rpartition(".")
    keep = _LONGEST - len(extension) - 1
    return f"{stem[:keep]}.{extension}" if dot and keep > 0 else part[:_LONGEST]
