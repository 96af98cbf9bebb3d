"""What a statement says of itself and not of its subject: "According to the text, …", "The answer to “…” is …"."""

from __future__ import annotations

import re

_WHERE = r"(?:text|passage|source|document|article|report|manual|page|excerpt|context)s?"
_JA_WHERE = r"(?:この|上記の|与えられた)?(?:本文|文章|文書|資料|出典|記事|文脈|マニュアル|テキスト)"
_FRAME = re.compile(
    rf"(?:according to (?:the|this) {_WHERE}\s?[,:]?"
    rf"|(?:as )?(?:the|this) {_WHERE} (?:says?|states?|shows?|explains?|notes?|mentions?)(?: that\b|\s?[,:])?"
    rf"|{_JA_WHERE}(?:によ(?:ると|れば|り)|に(?:は|も)|で(?:は|も))[、,]?)\s*",
    re.I,
)
_ANSWER = re.compile(
    r"the answer to (?:the question )?[\"“'](?P<q>.+)[\"”'] is (?P<a>.+)"
    r"|「(?P<jq>.+)」(?:という質問)?の答えは(?P<ja>.+)",
    re.I | re.S,
)


def bare(statement: str) -> str:
    """Return a normalised statement without what only says where it stands or which question it answers."""
    statement = statement.strip()
    if found := _ANSWER.fullmatch(statement):
        question, answer = found.group("q") or found.group("jq"), found.group("a") or found.group("ja")
        return f"{question} {answer}"
    rest = statement[found.end() :] if (found := _FRAME.match(statement)) else statement
    return rest if len(rest) > 1 else statement
