"""Plain sentences of company papers with one thing changed, and the same things said in another way."""

from __future__ import annotations

import pytest

from rag.checking import check

CHANGED = [
    # whom or what it is about
    ("All employees may work from home.", "Full-time employees may work from home."),
    ("The employees receive a bonus.", "Full-time employees receive a bonus."),
    ("All visitors must sign in.", "Unaccompanied visitors must sign in."),
    ("Every machine is inspected weekly.", "Every packaging machine is inspected weekly."),
    ("Employees get a phone.", "Every sales employee gets a phone."),
    ("Each room has a projector.", "Each large room has a projector."),
    ("Anna Keller heads the legal department.", "The sales department is headed by Anna Keller."),
    ("Liam Daly manages the packaging line.", "The assembly line is managed by Liam Daly."),
    ("送料は当社が負担する。", "送料はお客様が負担する。"),
    ("修理は業者が行う。", "修理は社員が行う。"),
    ("冷凍庫に保管する。", "冷蔵庫に保管する。"),
    # an exception
    ("Everybody except the manager may open the safe.", "Everybody may open the safe."),
    ("部長以外は金庫を開けることができる。", "部長は金庫を開けることができる。"),
    ("社長以外は金庫を開けることができる。", "社長のみ金庫を開けることができる。"),
    ("祝日を除き営業する。", "祝日も営業する。"),
    # when, how often, which one
    ("月末締め翌々月払いとする。", "月末締め翌月払いとする。"),
    ("隔月で発行する。", "毎月発行する。"),
    ("報告は四半期ごとに行う。", "報告は半期ごとに行う。"),
    ("申請は5日前からできる。", "申請は5日前までできる。"),
    ("会費は10万円からとする。", "会費は10万円を上限とする。"),
    ("The meeting starts at quarter to nine.", "The meeting starts at quarter past nine."),
    ("The warehouse is seldom cleaned.", "The warehouse is often cleaned."),
    ("He is the former CEO.", "He is the current CEO."),
    ("Version 2.10 fixes the bug.", "Version 2.1 fixes the bug."),
    ("Ben and Anna lead sales and service, respectively.", "Anna and Ben lead sales and service, respectively."),
    ("Ben and Anna lead sales and service.", "Anna and Ben lead sales and service."),
    ("Tea and coffee cost 2 and 3 euros.", "Coffee and tea cost 2 and 3 euros."),
    ("The rate is ∞.", "The rate is 5."),
]
SAME = [
    ("賞与は6月と12月に支給されます。", "賞与は、毎年6月及び12月に支給する。"),
    ("棚卸は4月に行う。", "棚卸は毎年4月に行う。"),
    ("The meeting starts at 9:30.", "The meeting starts at half past nine."),
    ("Version 2.10 fixes the bug.", "Version 2.10 fixes the bug in the report."),
    ("Nobody except the manager may open the safe.", "Nobody, except for the manager, may open the safe."),
    ("送料は無償です。", "送料は無料です。"),
    ("Lockers are emptied every Friday and Monday.", "Lockers are emptied every Monday and Friday."),
    ("Ben and Anna approve invoices.", "Anna and Ben approve invoices."),
    ("破損はすぐに報告してください。", "破損は直ちに報告すること。"),
]
EITHER_WAY = [
    ("The fine is EUR 1,500.", "The fine is 1.500 EUR."),
    ("The fine is 1.500 EUR.", "The fine is EUR 1,500."),
]


@pytest.mark.parametrize(("statement", "source"), CHANGED)
def test_what_was_changed_is_not_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict != "supported"


@pytest.mark.parametrize(("statement", "source"), SAME)
def test_what_is_said_in_another_way_is_supported(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "supported", found.reasons


@pytest.mark.parametrize(("statement", "source"), EITHER_WAY)
def test_a_number_that_can_be_read_either_way_contradicts_nothing(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "unchecked"
