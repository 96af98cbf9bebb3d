"""When something holds: what held until some time and is stated as of now, what is to come and is stated as done."""

from __future__ import annotations

import re

from rag.checking.languages import is_japanese
from rag.checking.vocabulary import IRREGULAR, PAST, PRESENT

# "Once a month" and "once it is approved" are no past.
_ONCE = r"once(?! (?:per|every|each|the|it|they|he|she|we|you|an? (?:day|week|month|quarter|year))\b)"
_OVER = rf"\b(?:formerly|previously|(?<!is )(?<!are )(?<!be )used to|in the past|{_ONCE})\b|以前は|かつて|もともと|元々"
_HELD = re.compile(_OVER, re.I)
_ENDED = re.compile(
    rf"{_OVER}|\b(?:until|till|before(?= (?:[a-z]+ )?\d{{4}}\b))|(?:年|月|日|世紀|頃|ごろ|当時)まで", re.I
)
_TO_COME = re.compile(r"\b(?:will|shall|must|should|(?:is|are) going to)\b(?: be \w+)?", re.I)
_SINCE = re.compile(r";|,? (?:but|and) (?:since|now)\b|\bsince then\b|(?:が|、)(?=現在|今は|その後)", re.I)
_WAS = re.compile(rf"\b(?:{PAST}|used to)\b", re.I)
_IS = re.compile(rf"\b(?:{PRESENT}|need)\b")  # May is a month
_PAST_FORM = re.compile(r"\b(?:[a-z]+ed|made|" + "|".join(IRREGULAR) + r")\b", re.I)
_DONE = re.compile(rf"\bha(?:s|ve) (?:\w+ )?(?:been\b|{_PAST_FORM.pattern[2:]})", re.I)
_JAPANESE_PAST = re.compile(r"(?:[っいしきちりみびぎえけせてねべめれげ]た|んだ)(?:が)?[。\s]*$|だった|でした|ました")


def ended_since(statement: str, sourced: str) -> str:
    """Return the word by which a sentence of the source tells of something past that is stated as present, or ""."""
    clause = next((part for part in _SINCE.split(sourced) if _ENDED.search(part)), "")
    ended = _ENDED.search(clause)
    over = ended and not _ENDED.search(statement) and _is_past(clause) and not _is_past(statement)
    return ended.group() if ended and over else ""


def stated_past(statement: str, sourced: str) -> str:
    """Return the word by which a statement tells as past what a sentence of the source tells of now, or ""."""
    held = _HELD.search(statement)
    return held.group() if held and not _ENDED.search(sourced) and not _has_past(sourced) else ""


def not_yet(statement: str, sourced: str) -> str:
    """Return the word by which a sentence of the source tells of what is to come, stated as done, or ""."""
    coming, rest = _TO_COME.search(sourced), _TO_COME.sub("", sourced)
    done = not _TO_COME.search(statement) and (_is_past(statement) or _DONE.search(statement))
    return coming.group() if coming and done and not _has_past(rest) else ""


def _has_past(text: str) -> bool:
    """Whether a verb of it, or what may be one, is in the past."""
    return any(form.search(text) for form in (_WAS, _PAST_FORM, _JAPANESE_PAST))


def _is_past(text: str) -> bool:
    if is_japanese(text):
        return _JAPANESE_PAST.search(text) is not None
    return bool(_WAS.search(text) or (not _IS.search(text) and _PAST_FORM.search(text)))
