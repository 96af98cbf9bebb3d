"""Passages about MS-130 do not answer a question about MS-150."""

from __future__ import annotations

import pytest

from rag.other_label import tells_of_another


@pytest.mark.parametrize(
    ("question", "passage", "another"),
    [
        ("MS-150の納期は？", "MS-130 | 直動ガイド | 5週間", True),
        ("MS130の納期は？", "ＭＳ－１３０ | 直動ガイド | 5週間", False),
        ("MS-120の納期は？", "MS-110～MS-130は3週間です。", False),
        ("MS-120の納期は？", "MS-110/120/130は3週間です。", False),
        ("INC-2025-012の原因は？", "報告番号 | INC-2025-011", True),
        ("What does ERR-4013 mean?", "ERR-4012: no level signal", True),
        ("What does ERR-4013 mean?", "ERR-4012 and ERR-4013: no level signal", False),
        ("4号車は何人乗りですか", "1号車　5人乗り\n2号車　10人乗り", True),
        ("2号機はいつ点検しますか", "1・2号機は6月に点検する。3号機は7月に点検する。", False),
        ("4号機はいつ点検しますか", "1号機は6月、3号機は7月に点検する。", True),
        ("2号機はいつ点検しますか", "1～3号機は6月に点検する。", False),
        ("コンプレッサー2号の点検はいつ？", "コンプレッサー１号 | フィルター交換\nフォークリフト2号 | 検査", True),
        ("第3工場の避難場所はどこ？", "第２工場・倉庫：北側グラウンド", True),
        ("第20条第3項の内容は？", "第20条\n前項第1号の休暇、第2項の届", False),
        ("3月の会議はいつですか", "2月の会議は5日です。", False),
        ("What was the revenue in FY19?", "Revenue rose in FY2019.", False),
        ("What was the revenue in FY2019?", "Revenue rose in FY19.", False),
        ("What was the revenue in FY20?", "Revenue rose in FY2019.", True),
        ("How many days in 2025?", "22 days in 2023", False),
    ],
)
def test_another_one_of_a_numbered_kind_is_no_answer(question: str, passage: str, another: bool) -> None:
    assert tells_of_another(question, passage, []) is another


def test_what_another_passage_has_is_found() -> None:
    assert not tells_of_another("What is ERR-4013?", "ERR-4012: no signal", ["ERR-4013: wrong signal"])
