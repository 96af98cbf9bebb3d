"""Which language a text is in, as far as the product needs to know: Japanese or English (that is, anything else)."""

from __future__ import annotations

import re

_JAPANESE = re.compile(r"[\u3005-\u30ff\u3400-\u9fff\uff66-\uff9d]")
_LETTER = re.compile(r"[^\W\d_]")

# A question about "RFC 2119 の MUST とは" is Japanese: particles and endings are few beside the names it asks about.
_SHARE = 0.15


def language_of(text: str) -> str:
    """ "ja" or "en", for the language the product answers in."""
    letters = len(_LETTER.findall(text))
    return "ja" if letters and len(_JAPANESE.findall(text)) / letters >= _SHARE else "en"
