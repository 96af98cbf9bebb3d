"""The reasons a check gives, in the statement's language."""

from __future__ import annotations

from rag.checking.languages import is_japanese

_REASONS = {
    "verbatim": ("The source says so word for word.", "出典に同じ文言があります。"),
    "covered": (
        "The words and values of the statement stand together in the source.",
        "文の語と数値は出典の同じ箇所にあります。",
    ),
    "near": (
        "The statement's words, or words of like meaning, stand together in the source.",
        "文の語、または意味の近い語が、出典の同じ箇所にあります。",
    ),
    "value": (
        "“{stated}” is not what the source says: it has “{sourced}”.",
        "「{stated}」は出典と異なります。出典では「{sourced}」です。",
    ),
    "no value": ("“{stated}” does not stand in the source.", "「{stated}」は出典にありません。"),
    "calculated": (
        "“{stated}” is not in the source, but could be calculated from what is there.",
        "「{stated}」は出典にありませんが、出典の数値から計算できます。",
    ),
    "name": (
        "“{stated}” does not stand in the source, which has “{sourced}” there.",
        "「{stated}」は出典にありません。出典のその箇所は「{sourced}」です。",
    ),
    "other name": (
        "“{stated}” stands elsewhere in the source, which has “{sourced}” there.",
        "「{stated}」は出典では別の箇所にあります。その箇所は「{sourced}」です。",
    ),
    "no name": ("“{stated}” does not stand in the source.", "「{stated}」は出典にありません。"),
    "negated": (
        "The statement says “{stated}” in the negative, the source does not.",
        "文は「{stated}」を否定していますが、出典は否定していません。",
    ),
    "affirmed": (
        "The source says “{stated}” in the negative, the statement does not.",
        "出典は「{stated}」を否定していますが、文は否定していません。",
    ),
    "opposite": (
        "“{stated}” is the opposite of “{sourced}” in the source.",
        "「{stated}」は出典の「{sourced}」と逆です。",
    ),
    "bound": ("The source bounds “{stated}” the other way.", "「{stated}」の範囲（以上・以下など）が出典と逆です。"),
    "no bound": (
        "The source does not bound “{stated}” in this way.",
        "「{stated}」の範囲（以上・以下など）は出典にありません。",
    ),
    "change": (
        "“{stated}” is another side of the change in the source: from, to or by how much.",
        "「{stated}」は、出典の変化では別の値（どこから・どこまで・どれだけ）です。",
    ),
    "ended": (
        "The source speaks of the past: “{stated}”.",
        "出典が述べているのは過去のことです（「{stated}」）。",
    ),
    "force": (
        "With “{stated}” the statement says more or less than the source.",
        "「{stated}」により、文は出典と異なる強さで述べています。",
    ),
    "way": ("“{stated}” is the other way in the source.", "「{stated}」は出典と逆です。"),
    "roles": (
        "“{stated}” and “{sourced}” are the other way round in the source.",
        "出典では「{stated}」と「{sourced}」の関係が逆です。",
    ),
    "halves": (
        "The two halves of the statement are the other way round in the source.",
        "文の前半と後半の関係が出典と逆です。",
    ),
    "mixed": (
        "The source does not say “{sourced}” of “{stated}” but of something else.",
        "出典では「{sourced}」は「{stated}」ではなく別のものについて述べられています。",
    ),
    "exception": (
        "The statement makes an exception that the source does not: “{stated}”.",
        "文にある例外「{stated}」が出典にありません。",
    ),
    "proviso": (
        "The source makes an exception that the statement leaves out: “{stated}”.",
        "出典にある例外「{stated}」が文にありません。",
    ),
    "hedge": (
        "The source says less: it has “{stated}” there.",
        "出典には「{stated}」とあり、文ほどには述べていません。",
    ),
    "narrowing": (
        "The source speaks only of “{stated}”.",
        "出典が述べているのは「{stated}」についてだけです。",
    ),
    "far": (
        "The wording is too far from the source to be confirmed.",
        "出典の文言から離れているため、確認できません。",
    ),
    "language": ("The source is in another language.", "出典が別の言語のため、確認できません。"),
    "empty": ("There is nothing to compare.", "比べる内容がありません。"),
}


def reason(name: str, statement: str, stated: str = "", sourced: str = "") -> str:
    """Return one reason as a sentence, Japanese for a Japanese statement, else English."""
    return _REASONS[name][is_japanese(statement)].format(stated=stated.strip(), sourced=sourced.strip())
