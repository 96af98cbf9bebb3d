"""What a user sees: results on stdout, all else on stderr, colour and links only where a terminal shows them.

Text of documents is cleaned of control, bidirectional and escape characters before it comes near a terminal.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from rag.line_breaks import find_breaks

if TYPE_CHECKING:
    from rich.console import Console

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """Text that cannot move the cursor, change direction or hide; line ends and tabs stay."""
    return _UNSAFE.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def print_json(value: Any) -> None:
    """One JSON object on stdout, dataclasses by their fields; what is unsafe on a terminal is written as an escape."""
    text = json.dumps(value, ensure_ascii=False, default=_encode).encode("utf-8", "replace").decode("utf-8")
    click.echo(_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


def _encode(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


def note(text: str) -> None:
    """A line beside the result, on stderr."""
    with suppress(OSError):  # the result does not depend on whether somebody can read this
        click.echo(clean(text), err=True)


def counted(number: int, noun: str) -> str:
    """``1 chunk``, ``2 chunks``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


# Where a Japanese sentence was wrapped: beside hiragana or behind a comma. Between kanji it may be a line of its own.
_WRAPPED = re.compile(r"(?<=[ぁ-ゟ、])[ \t]*\n[ \t]*(?=[ぁ-ヿ㐀-鿿])|(?<=[ァ-ヿ㐀-鿿])[ \t]*\n[ \t]*(?=[ぁ-ゟ])")


def one_line(text: str) -> str:
    """A sentence in one line: its line ends become spaces, but for those inside a Japanese sentence, which has none."""
    return " ".join((_WRAPPED.sub("", text) if text.endswith("。") else text).split())


NARROWEST = 20  # columns: in less, text is not laid out but left to the terminal


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a line with its style and the address it leads to, for terminals that show them."""

    text: str
    style: str = ""
    link: str = ""


def show(*pieces: Piece | str, style: str = "", hang: int = 0) -> None:
    """One line of a result; what it says is cleaned. In a pipe it is plain text, and rich is not even loaded.

    Where a terminal is too narrow for it, what goes on below stands under its first word, or `hang` columns in.
    """
    parts = [piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces]
    if not sys.stdout.isatty():
        click.echo("".join(clean(part.text) for part in parts))
        return
    from rich.style import Style
    from rich.text import Text

    line = Text(style=style)
    for part in parts:
        line.append(clean(part.text), Style.parse(part.style) + Style(link=part.link or None))
    console, indent = _console(), len(line.plain) - len(line.plain.lstrip(" "))
    hang = max(indent, hang)
    wrapped = line[indent:].divide(find_breaks(line.plain[indent:], max(NARROWEST, console.width - hang)))
    for number, words in enumerate(wrapped or [line]):
        words.rstrip()
        console.print(Text(" " * (hang if number else indent)), words, sep="", soft_wrap=True)


@cache
def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, emoji=False, markup=False)
