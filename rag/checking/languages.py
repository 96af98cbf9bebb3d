"""The language of a statement and of its sources, as far as the check has to know it: Japanese, or another."""

from __future__ import annotations

from index.characters import is_unspaced, share_unspaced

_SHARE = 0.2  # of the letters; Japanese text with product names has more, English with a Japanese name less


def is_japanese(text: str) -> bool:
    """Return whether a text is to be read by the rules for Japanese: one Japanese name in it does not make it so."""
    return share_unspaced(text) >= _SHARE


def of_one_language(statement: str, source: str) -> bool:
    """Return whether one may bear the other out; figures and names in capitals (2024, ISO 9001) are of any language."""
    worded = all(is_unspaced(text) or any(map(str.islower, text)) for text in (statement, source))
    return not worded or is_japanese(statement) is is_japanese(source)
