"""Words and values that stand in the source's sentence in another's place, and single words that turn it."""

from __future__ import annotations

import pytest

import rag
from rag.checking.alignment import likeness

PLANTS = "The north plant makes engines and the south plant makes gearboxes."
PRICES = "Tea costs 2 euros, coffee 3 euros and cake 4 euros."
FOLDERS = "The red folder is kept for ten years and the blue folder for two."
OVERTIME = "Overtime is paid at 125 percent of the hourly wage on weekdays and at 150 percent on Sundays."
PUMP = "Press the green button twice to start the pump and hold the red one to stop it."


def verdict(statement: str, source: str) -> str:
    return rag.check(statement, sources=[source]).verdict


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The north plant makes gearboxes and the south plant makes engines.", PLANTS),
        ("Sales in Europe exceeded sales in Asia.", "Sales in Asia exceeded sales in Europe."),
        ("The meeting was moved from Thursday to Tuesday.", "The meeting was moved from Tuesday to Thursday."),
        ("Ben reports to Anna.", "Anna reports to Ben."),
        ("会議は木曜日から火曜日に移った。", "会議は火曜日から木曜日に移った。"),
        ("Cake costs 2 euros.", PRICES),
        ("Tea costs 4 euros.", PRICES),
        ("The blue folder is kept for ten years.", FOLDERS),
        ("Overtime is paid at 125 percent of the hourly wage on Sundays.", OVERTIME),
        ("Press the red button twice to start the pump and hold the red one to stop it.", PUMP),
        ("If there is a fire, leave by the main exit.", "If there is a fire, leave by the nearest exit."),
        ("The password has at least 12 digits.", "The password has at least 12 characters."),
        ("Anybody under 18 may operate the press.", "Nobody under 18 may operate the press."),
        ("The fee is waived for non-members.", "The fee is waived for members."),
        ("The fee is waived for members.", "The fee is waived for non-members."),
        ("Purchases need a quote or an approval.", "Purchases need a quote and an approval."),
        ("The board approved the merger with Nordlux.", "The board approved the merger with Nordlys."),
        ("貸主は3か月前に通知すれば契約を解約できる。", "借主は3か月前に通知すれば契約を解約できる。"),
        ("購入には見積書3通と総務部長の承認が必要である。", "購入には見積書3通と財務部長の承認が必要である。"),
        ("購入には見積書または課長の承認が必要である。", "購入には見積書と課長の承認が必要である。"),
        ("試用期間後に退職した者には賞与を支給しない。", "試用期間中に退職した者には賞与を支給しない。"),
        ("保証は部品を対象とし、工賃も対象とする。", "保証は部品を対象とし、工賃は対象外とする。"),
        ("南工場はエンジンを製造する。", "北工場はエンジンを、南工場は変速機を製造する。"),
        ("バックアップは毎週作成して保管する。", "バックアップは毎晩作成して保管する。"),
        ("従業員は月10日まで休暇を取得できる。", "従業員は年10日まで休暇を取得できる。"),
    ],
)
def test_what_stands_in_another_place_is_not_supported(statement: str, source: str) -> None:
    assert verdict(statement, source) != "supported"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The south plant makes gearboxes.", PLANTS),
        ("Coffee costs 3 euros.", PRICES),
        (
            "The primality of 37 takes three divisions.",
            "The primality of the prime 37 is tested, and it takes three divisions.",
        ),
        ("Cake costs 4 euros.", PRICES),
        ("The red folder is kept for ten years.", FOLDERS),
        ("Overtime is paid at 150 percent on Sundays.", OVERTIME),
        ("The shop sells cake, tea and coffee.", "The shop sells coffee, tea and cake."),
        ("In 1952 the firm moved to Vienna.", "The firm moved to Vienna in 1952."),
        ("Anna was praised by Ben.", "Ben praised Anna."),
        ("基礎教育は6歳から15歳まで、初等学校は10歳まで。", "基礎教育期間は6歳から15歳まで、初等学校は10歳まで。"),
        ("制度は1977年2月に復活した。", "制度は1977年（昭和52年）2月に復活した。"),
        ("南工場は変速機を製造する。", "北工場はエンジンを、南工場は変速機を製造する。"),
        ("借主は3か月前に通知すれば解約できる。", "借り主は3か月前に通知すれば解約できる。"),
        ("試用期間中は賞与を支給しない。", "試用期間中は賞与を支給しない。試用期間後に支給する。"),
        ("工賃は対象ではない。", "工賃は対象外である。"),
        ("花子は太郎に道を教えてもらった。", "太郎は花子に道を教えた。"),
        ("Hold the red one to stop the pump.", "To stop the pump, hold the red one."),
        ("The Romans settled in Normandy.", "The Romans settled in the Norman lands."),
        ("The seal was broken before noon.", "The seal must have been broken before noon."),
        ("The Mexican office opened in 2010.", "The office in Mexico opened in 2010."),
        ("Drinks without alcohol cost nothing in May.", "Alcohol-free drinks cost nothing in May."),
        ("Non-alcoholic drinks cost nothing in May.", "Alcohol-free drinks cost nothing in May."),
        ("調査期間内に報告する。", "調査期間中に報告する。"),
    ],
)
def test_what_was_only_moved_or_put_otherwise_is_supported(statement: str, source: str) -> None:
    assert verdict(statement, source) == "supported"


# Of each kind two of which the first character says which it is.
KINDS = """月曜/火曜 社長/部長 貸主/借主 財務/総務 本部/支部 本店/支店 寝室/浴室 本町/元町 農村/漁村 北区/南区 米国/英国
英語/独語 国税/県税 内線/外線 空港/漁港 正門/裏門 入口/出口 本城/支城 登校/下校 本館/別館 本院/分院 長男/次男
長女/次女"""


@pytest.mark.parametrize("pair", KINDS.split())
def test_two_of_a_kind_are_not_alike(pair: str) -> None:
    one, other = pair.split("/")
    assert (likeness(one, other), likeness(one, one)) == (0.0, 1.0)


def test_words_of_one_family_are_alike() -> None:
    assert likeness("発表", "公表") > 0
    assert likeness("借主", "借り主") > 0
