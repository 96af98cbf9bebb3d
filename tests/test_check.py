"""`rag.check`: what a source bears out, what it contradicts, and what is left open."""

from __future__ import annotations

import pytest

from rag.checking import check

LEAVE = "Full-time employees receive 20 days of paid annual leave per year. Part-time employees receive 12 days."
KYUKA = "正社員には年に20日の有給休暇が与えられる。試用期間中の社員は対象外とする。申請は3日前までに行う。"


@pytest.mark.parametrize(
    ("statement", "source", "verdict"),
    [
        ("Full-time employees receive twenty days of paid annual leave.", LEAVE, "supported"),
        ("Full-time employees receive 20 hours of paid annual leave.", LEAVE, "contradicted"),
        ("Full-time employees receive 25 days of paid annual leave.", LEAVE, "contradicted"),
        ("Full-time employees do not receive paid annual leave.", LEAVE, "contradicted"),
        ("The office in Osaka closes at six.", LEAVE, "unchecked"),
        ("正社員には年に二十日の有給休暇が与えられる。", KYUKA, "supported"),
        ("正社員には年に10日の有給休暇が与えられる。", KYUKA, "contradicted"),
        ("正社員には年に20日の有給休暇が与えられない。", KYUKA, "contradicted"),
        ("大阪支店は六時に閉まる。", KYUKA, "unchecked"),
        ("正社員には年に20日の有給休暇がある。", LEAVE, "unchecked"),
    ],
)
def test_verdict(statement: str, source: str, verdict: str) -> None:
    found = check(statement, [source])
    assert found.verdict == verdict, found.reasons
    assert found.reasons
