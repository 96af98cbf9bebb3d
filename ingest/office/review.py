"""How the traces of reviewing (comments, tracked changes, hidden text) are worded, the same for every format."""

from __future__ import annotations


def changes_warning(insertions: int, deletions: int) -> str:
    """What a reader should know of a document with tracked changes, which is read as if they were accepted."""
    shown = f"{insertions} tracked {'insertion' if insertions == 1 else 'insertions'} shown"
    return f"{shown}, {deletions} {'deletion' if deletions == 1 else 'deletions'} left out"


def hidden_warning(places: int) -> str:
    """What a reader should know of a document with text that no one sees."""
    return f"hidden text in {places} {'place' if places == 1 else 'places'} left out"


def comment_text(author: str, date: str, text: str) -> str:
    """A reviewer's comment as a note that cannot be taken for the document's own words; `date` is ISO 8601 or ""."""
    who = ", ".join(part for part in (author.strip() or "anonymous", date[:10]) if part)
    return f"Comment ({who}): {text.strip()}"
