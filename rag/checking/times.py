"""What held until some time, or before, and is stated as if it held now: "Until 2022 it was copied every night"."""

from __future__ import annotations

import re

from index.words import is_unspaced
from rag.checking.vocabulary import IRREGULAR, PAST, PRESENT

_ENDED = re.compile(
    r"\b(?:until|till|formerly|used to|in the past)\b|(?:年|月|日|世紀|頃|ごろ|当時)まで|以前は|もともと|元々", re.I
)
_SINCE = re.compile(r";|,? (?:but|and) (?:since|now)\b|\bsince then\b|(?:が|、)(?=現在|今は|その後)", re.I)
_WAS = re.compile(rf"\b(?:{PAST}|used to)\b", re.I)
_IS = re.compile(rf"\b(?:{PRESENT}|need)\b", re.I)
_PAST_FORM = re.compile(r"\b(?:[a-z]+ed|" + "|".join(IRREGULAR) + r")\b", re.I)
_JAPANESE_PAST = re.compile(r"(?:[っいしきちりみびぎえけせてねべめれげ]た|んだ)(?:が)?[。\s]*$|だった|でした|ました")


def ended_since(statement: str, sourced: str) -> str:
    """Return the word by which a sentence of the source tells of something past that is stated as present, or ""."""
    clause = next((part for part in _SINCE.split(sourced) if _ENDED.search(part)), "")
    ended = _ENDED.search(clause)
    over = ended and not _ENDED.search(statement) and _is_past(clause) and not _is_past(statement)
    return ended.group() if ended and over else ""


def _is_past(text: str) -> bool:
    if is_unspaced(text):
        return _JAPANESE_PAST.search(text) is not None
    return bool(_WAS.search(text) or (not _IS.search(text) and _PAST_FORM.search(text)))
