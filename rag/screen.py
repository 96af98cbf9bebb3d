"""What a user sees: results on stdout, all else on stderr, colour and links only where a terminal shows them.

Text of documents is cleaned of control, bidirectional and escape characters before it comes near a terminal.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def clean(text: str) -> str:
    """Text that cannot move the cursor, change direction or hide; line ends and tabs stay."""
    return _UNSAFE.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def print_json(value: Any) -> None:
    """One JSON object on stdout, dataclasses by their fields."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_encode))


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)


def note(text: str) -> None:
    """A line beside the result, on stderr."""
    click.echo(clean(text), err=True)


@cache
def console() -> Console:
    """Where results go; on a terminal as wide as that, in a pipe without any wrapping."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=not terminal, emoji=False, markup=False)
