"""`rag.check`: what a source bears out, what it contradicts, and what is left open."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.words import normalize
from rag.checking import check
from rag.checking.comparison import Comparison
from rag.checking.confidence import MODEL
from rag.checking.figures import list_figures
from rag.checking.tokens import tokens

LEAVE = "Full-time employees receive 20 days of paid annual leave per year. Part-time employees receive 12 days."
KYUKA = "正社員には年に20日の有給休暇が与えられる。試用期間中の社員は対象外とする。申請は3日前までに行う。"
OFFICES = "Beyoncé was born in Houston in 1981, and released her first album in 2003. The album was recorded in Miami."
RULE = "Visitors may not take photographs in the laboratory. Staff may work from home on at most two days a week."
KISOKU = "資格のない者は機械を操作してはならない。残業は月45時間以内とする。輸入の担当は大阪支店の田中である。"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        (LEAVE.split(". ")[0] + ".", LEAVE),
        ("Full-time employees receive twenty days of paid annual leave.", LEAVE),
        ("Each year, full-time employees receive 20 days of paid annual leave.", LEAVE),
        ("Full-time employees receive 20 days of paid annual leave per year.", "Also: " + LEAVE),
        ("Beyoncé released her first album in 2003.", OFFICES),
        ("Visitors may not take photographs in the laboratory.", RULE),
        ("Staff may work from home on up to two days a week.", RULE),
        ("Revenue rose 5% in FY19.", "Revenue rose 5% in FY2019 and fell in FY2020."),
        ("正社員には年に二十日の有給休暇が与えられる。", KYUKA),
        ("正社員には年に20日の有給休暇が与えられます。", KYUKA),
        ("残業は月45時間以内とする。", KISOKU),
        ("According to the text, Beyoncé released her first album in 2003.", OFFICES),
        ("The passage says that staff may work from home on at most two days a week.", RULE),
        ("The answer to “When did Beyoncé release her first album?” is 2003.", OFFICES),
        ("資料によれば、残業は月45時間以内とする。", KISOKU),
        ("「正社員には年に何日の有給休暇が与えられるか」の答えは「20日」です。", KYUKA),
        ("Staff of the U.S. office get 20 days.", "As agreed, staff of the US office get 20 days."),
        (
            "Two-man rule rule guards the keys of the main store.",
            "This two-man rule again guards the keys of the main store.",
        ),
        ("The property of being even is called parity.", "The property of being even (or not) is called parity."),
        (
            "前日までなら資格の証明書がなくても工場の古い機械の見学は電話で予約できる。",
            "前日までなら資格の証明書（会社が発行）がなくても工場の古い機械の見学は電話で予約できる。",
        ),
        (
            "Lindqvist found the site with two of his students in 1931.",
            "Karl Lindqvist (1890–1960) found the site with two of his students in 1931.",
        ),
        (
            "リンドクヴィストは学生と遺跡を発見して報告書を書いた。",
            "カール・リンドクヴィスト（1890年生まれ）は学生と遺跡を発見して報告書を書いた。",
        ),
    ],
)
def test_supported(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "supported", found.reasons


@pytest.mark.parametrize(
    ("statement", "source", "named"),
    [
        ("Full-time employees receive 20 hours of paid annual leave.", LEAVE, "20 hours"),
        ("Full-time employees receive 25 days of paid annual leave.", LEAVE, "25 days"),
        ("Full-time employees do not receive paid annual leave per year.", LEAVE, "receive"),
        ("Full-time employees receive 20 days of unpaid annual leave per year.", LEAVE, "unpaid"),
        ("Visitors may take photographs in the laboratory.", RULE, "take"),
        ("Staff may work from home on at least two days a week.", RULE, "two days"),
        ("He verified this at least the fourth row.", "He verified this up to the fourth row.", "at least"),
        ("正社員には年に10日の有給休暇が与えられる。", KYUKA, "10日"),
        ("正社員には年に20日の有給休暇が与えられない。", KYUKA, "与え"),
        ("残業は月45時間以上とする。", KISOKU, "45時間"),
        ("輸出の担当は大阪支店の田中である。", KISOKU, "輸出"),
        ("資格のない者は機械を操作してよい。", KISOKU, "操作"),
        ("最小手の会社は国内の市場で三割を占める。", "最大手の会社は国内の市場で三割を占める。", "小手"),
        ("Beyoncé did not release her first album in 2003.", OFFICES, "release"),
        ("The album was not 20 minutes long.", "The album was 20 minutes long.", "20 minutes"),
        ("The fee is 30 EUR.", "The fee is 20 EUR.", "30 EUR"),
        ("会費は月3千円です。", "会費は月2千円です。", "3千円"),
        ("社員は毎年、健康診断を受ける。", "社員は隔年、健康診断を受ける。", "毎年"),
        ("The office opens at 9:00.", "The office opens at 8:00 on weekdays.", "9:00"),
    ],
)
def test_contradicted(statement: str, source: str, named: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "contradicted", found.reasons
    assert any(named in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The office in Osaka closes at six.", LEAVE),
        ("大阪支店は六時に閉まる。", KYUKA),
        ("正社員には年に20日の有給休暇がある。", LEAVE),  # another language
        ("Full-time employees receive 20 days.", KYUKA),
        ("The fee is 30 EUR.", "The late fee is 20 EUR."),
        ("The fee is 30 EUR.", "The deposit is 20 EUR."),
        ("The fee is 30 EUR for members.", "The fee for guests is 20 EUR."),
        ("Full-time and part-time employees together receive 32 days.", LEAVE),  # a sum
        ("Full-time employees receive about 19 days of paid annual leave per year.", LEAVE),
        ("", LEAVE),
        ("Full-time employees receive 20 days.", ""),
    ],
)
def test_unchecked(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "unchecked", found.reasons
    assert found.reasons


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        (
            "The name of the property of being even or not is parity.",
            "The property of being even (or not) is called parity.",
        ),
        (
            "The Harbour Prize of 1957 was given to Karl Lindqvist.",
            "In 1956 the Norwegian Karl Lindqvist proposed the first Baltic Patrol. Lindqvist, who shaped the"
            " patrols of today, was given the Harbour Prize of 1957 and called Father of the Baltic.",
        ),
        (
            "1957年に港湾平和賞を受賞したのはレスター・ホルムである。",
            "1956年にスウェーデンのレスター・ホルムの提唱で第一次バルト警備隊が創設された。"
            "ホルムは1957年に港湾平和賞を受賞し「バルト警備の父」と呼ばれる。",
        ),
    ],
)
def test_what_the_source_only_has_elsewhere_does_not_contradict(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict != "contradicted", found.reasons


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        (
            "Files cannot be downloaded from Fjordbox to a private computer.",
            "Fjordbox may also be opened from a private computer, but downloads are blocked there.",
        ),
        (
            "Bergmann Office can count on selling Tallis County no fewer than 800 desks.",
            "Tallis County will buy between 800 and 1,200 desks over three years from Bergmann Office.",
        ),
        (
            "For a 150,000 euro contract, a board member has to be among the signatories.",
            "Contracts with a value above 100,000 euros require two signatures, one of which must be that of a board "
            "member.",
        ),
    ],
)
def test_a_difference_to_a_source_in_other_words_is_a_doubt_and_no_contradiction(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "unchecked"
    assert "too far" not in found.reasons[0], "the difference is told all the same"


def test_a_name_that_the_source_has_elsewhere_is_said_to_stand_there() -> None:
    source = "The Oslo office was opened by Moreau in May. The Bergen office was opened by Tanaka in June."
    found = check("The Oslo office was opened by Tanaka in May.", [source])
    assert found.verdict == "contradicted"
    assert "“Tanaka” stands elsewhere in the source, which has “Moreau” there." in found.reasons


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Beyoncé released her first album in 1981.", OFFICES),
        ("Beyoncé was born in Miami in 1981.", OFFICES),
        ("Part-time employees receive 20 days.", LEAVE),
        ("20 days of leave are given.", "All staff: 120 days of leave are given."),
        ("有給休暇が与えられる。", "派遣社員に有給休暇が与えられるわけではない。"),
        ("Staff get 20 days.", "It is not true that staff get 20 days."),
        ("Error ERR-4012 means the disk is full.", "Error ERR-4013 means the disk is full."),
        ("Masonry is one of the most dangerous trades.", "Roofing is one of the most dangerous trades."),
        ("Farmers analyse samples of rock from the quarry.", "Geologists analyse samples of rock from the quarry."),
        ("1969年代に支店ができた。", "1970年代に支店ができた。"),
        (
            "The Oslo office is closed on Mondays.",
            "On Mondays, but not on Fridays or in May, the Bergen office is closed.",
        ),
        ("There are not two exits.", "There are two exits, one at each end of the hall."),
        ("The answer to “When did Beyoncé release her first album?” is 1981.", OFFICES),
        ("Random noise was first brought to the ports of Europe.", "Plague was first brought to the ports of Europe."),
        (
            "持ち帰られた石を新しい装置で詳しく解析した研究者の結論は衝突の熱である。",
            "持ち帰られた石を新しい装置で詳しく解析した研究者の結論は表面が溶けていたことで、原因としては衝突の熱が考えられる。",
        ),
        ("燃焼で発生する二酸化炭素は有毒である。", "燃焼で発生する一酸化炭素は有毒である。"),
        (
            "The number of trained engineers of the company was put at 23,500 in 2004.",
            "The number of trained engineers of the company was put at 14,900 in 2004, and at 23,500 in 2007.",
        ),
        (
            "日本における組み込みソフトウェアの技術者の数は2004年に23.5万人である。",
            "日本における組み込みソフトウェアの技術者の数は、2004年に14.9万人、2005年に17.5万人、2007年に23.5万人となった。",
        ),
    ],
)
def test_right_words_in_the_wrong_place_are_not_supported(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict != "supported", found.reasons


FARES = (
    "Employees who travel by train may claim the fare of second class. Receipts must be handed in within thirty days."
)
WALL = "The harbour wall was raised by two metres after the storm. Boats were moved to the inner basin."


@pytest.mark.parametrize(
    ("statement", "source", "thing"),
    [
        ("Tickets must be handed in within thirty days.", FARES, "Tickets"),
        ("Workers who travel by plane may claim the second class fare.", FARES, "plane"),
        ("Customers who travel by train may claim the second class fare.", FARES, "Customers"),
        ("The cliff wall was raised after the storm.", WALL, "cliff"),
        ("The storm raised the harbour wall. Boats were moved to the inner chapel.", WALL, "chapel"),
    ],
)
def test_another_thing_between_the_same_words_is_not_supported(statement: str, source: str, thing: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "unchecked"
    assert any(thing in reason for reason in found.reasons)


OTHER_DEEDS = [
    ("The storm destroyed the harbour wall in 1953.", "The storm spared the harbour wall in 1953."),
    ("The committee criticized the annual budget in June.", "The committee approved the annual budget in June."),
    ("Managers signed the travel report within thirty days.", "Managers ignored the travel report within thirty days."),
    ("In June the committee criticized the annual budget.", "The committee approved the annual budget in June."),
    ("Boats were sold to the inner basin, where it is calm.", "Boats were moved to the inner basin, where it is calm."),
    ("嵐は1953年に防波堤を守った。", "嵐は1953年に防波堤を壊した。"),
    ("毎年、会社は顧客の情報を売る。", "会社は毎年、顧客の情報を消す。"),
    ("6月に委員会は予算案を書いた。", "委員会は6月に予算案を読んだ。"),
    ("会社は毎年、顧客の情報を売る。", "会社は毎年、顧客の情報を消す。"),
    ("利用者は入口で名札を捨てる。", "利用者は入口で名札を付ける。"),
]


@pytest.mark.parametrize(
    ("statement", "source", "word"),
    [
        ("All employees receive a bonus in June.", "Some employees receive a bonus in June.", "All"),
        ("Some employees receive a bonus in June.", "All employees receive a bonus in June.", "Some"),
        ("Employees must wear a badge in the office.", "Employees may wear a badge in the office.", "must"),
        ("Employees can wear a badge in the office.", "Employees have to wear a badge in the office.", "can"),
        ("Only managers sign the report.", "Managers sign the report.", "Only"),
        ("社員は名札を付けてもよい。", "社員は名札を付けなければならない。", "てもよい"),
        ("社員は名札を付けなければならない。", "社員は名札を付けてもよい。", "なければなら"),
        ("管理職だけが報告書に署名する。", "管理職が報告書に署名する。", "だけ"),
        ("毎月、部長に報告する。", "毎週、部長に報告する。", "毎月"),
    ],
)
def test_more_or_less_than_the_source_says_is_not_supported(statement: str, source: str, word: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "unchecked"
    assert any(word in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Employees must wear a badge.", "In the office employees must wear a badge, which they can collect there."),
        ("All employees receive a bonus.", "In June all employees receive a bonus, some of them a second one."),
        ("Managers sign the report.", "Only managers sign the report."),
        ("In May all offices are closed.", "All offices are closed in May."),
        ("社員は名札を付けなければならない。", "社員は名札を付けなければならないが、外に出るときは外してもよい。"),
    ],
)
def test_the_same_force_is_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "supported"


@pytest.mark.parametrize(("statement", "source"), OTHER_DEEDS)
def test_another_deed_between_the_same_words_is_not_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "unchecked"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The harbour wall was raised after the storm.", WALL),
        ("Boats were moved to the basin.", WALL),
        ("Receipts have to be submitted within thirty days.", FARES),  # two words between others are not an exchange
    ],
)
def test_leaving_out_and_other_wording_is_no_exchange_of_things(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "supported"


def test_reasons_are_in_the_language_of_the_statement() -> None:
    assert "出典" in check("正社員には年に10日の有給休暇が与えられる。", [KYUKA]).reasons[0]
    assert "source" in check("Full-time employees receive 25 days of paid annual leave.", [LEAVE]).reasons[0]


def test_sources_in_another_language_are_left_aside() -> None:
    found = check("Full-time employees receive twenty days of paid annual leave.", [KYUKA, LEAVE])
    assert found.verdict == "supported"


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_gets_a_verdict_and_a_reason(statement: str, sources: list[str]) -> None:
    found = check(statement, sources)
    assert found.verdict in ("supported", "contradicted", "unchecked")
    assert found.reasons and all(found.reasons)


WORDS = st.sampled_from((LEAVE + OFFICES + RULE).replace(".", " .").split())


@settings(deadline=None, max_examples=100)
@given(st.lists(WORDS, min_size=1, max_size=12), st.lists(WORDS, min_size=1, max_size=40))
def test_figures_are_those_of_the_model_and_keep_their_bounds(statement: list[str], source: list[str]) -> None:
    stated, text = normalize(" ".join(statement)), normalize(" ".join(source))
    said, stands = tokens(stated), tokens(text)
    if said and stands:
        figures = list_figures(Comparison(stated, said, stands, text))
        assert figures.keys() == MODEL["words"]["en"]["curves"].keys() >= MODEL["words"]["ja"]["curves"].keys()
        # The knots of a curve begin at 0, so that a figure below would say nothing.
        assert all(0.0 <= figure <= 2.0 for figure in figures.values()), figures


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("会議は月曜日に開く。", "会議は火曜日に開く。"),
        ("会議は毎月第1水曜に開く。", "会議は毎月第1金曜に開く。"),
        ("課長が承認する。", "部長が承認する。"),
        ("グリーン車は課長以上の者に限り利用できる。", "グリーン車は部長以上の者に限り利用できる。"),
    ],
)
def test_another_day_of_the_week_or_office_is_not_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict != "supported"
    assert check(source, [source]).verdict == "supported"


def test_half_a_character_does_not_stop_a_check() -> None:
    assert check("Staff get \ud83d 20 days.", ["Staff get 20 days."]).verdict == "supported"
    assert check("有給\udcff休暇は20日です。", ["有給休暇は20日です。"]).verdict == "supported"
