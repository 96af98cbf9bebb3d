"""Statements of nearly the words of their source: who does it to whom."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.checking import check
from rag.checking.tokens import tokens

EXCHANGED = [
    ("Acme bought Zenith in 2010.", "Zenith bought Acme in 2010."),
    ("In 2010 Acme bought Zenith.", "Zenith bought Acme in 2010."),
    ("The company was bought by Acme in 2010.", "The company bought Acme in 2010."),
    ("Acme was bought by Zenith in 2010.", "Acme bought Zenith in 2010."),
    ("Acme has bought Zenith.", "Acme was quietly bought by Zenith in 2010."),
    ("Acme Corporation bought Zenith Limited in 2010.", "In 2010 Zenith Limited bought Acme Corporation."),
    ("The customer must be notified by the supplier.", "The customer must notify the supplier within ten days."),
    ("The supplier notifies the customer within ten days.", "The customer notifies the supplier within ten days."),
    ("The tenant pays the owner a deposit.", "The owner pays the tenant a deposit."),
    ("The owner of the flat pays the tenant.", "The tenant of the flat pays the owner."),
    ("Sales transferred the file to Legal.", "Legal transferred the file to Sales."),
    ("Managers report to clerks every week.", "Clerks report to managers every week."),
    ("Oslo is larger than Bergen.", "Bergen is larger than Oslo."),
    ("The strike was caused by the pay cut.", "The strike caused the pay cut."),
    ("Form A replaces form B.", "Form A is replaced by form B from 2024."),
    ("Mr. Ito reports to Ms. Kato.", "Ms. Kato reports to Mr. Ito."),
    ("Tom Hansen is the father of Bob.", "Bob is the father of Tom Hansen."),
    ("Acme's lawsuit against Zenith was settled.", "Zenith's lawsuit against Acme was settled."),
    ("It was named the Harbour of Port in 1912.", "It was named the Port of Harbour in 1912."),
    ("The train leaves from Oslo to Bergen at noon.", "The train leaves from Bergen to Oslo at noon."),
    ("The fee will be paid to the tenant.", "The fee will be paid by the tenant."),
    ("The deposit is paid from the tenant's account.", "The deposit is paid to the tenant's account."),
    ("Peru has most of the forest, followed by Brazil.", "Most of the forest is in Brazil, followed by Peru."),
    ("The head of department sends requests early.", "Requests must be sent early to the head of department."),
    ("The contract was signed before the audit was done.", "The audit was done before the contract was signed."),
    ("Disconnect the cable, then switch off the machine.", "Switch off the machine, then disconnect the cable."),
    ("The system was down because the server restarted.", "The server restarted because the system was down."),
    ("The Leeds plant is larger than the York plant.", "The York plant is larger than the Leeds plant."),
    ("ねじを締めた後、カバーを取り付けます。", "カバーを取り付けた後、ねじを締めます。"),
    ("電源プラグを抜いてから、電源ボタンを切ります。", "電源ボタンを切ってから、電源プラグを抜きます。"),
    ("売上の減少により原材料費が上昇した。", "原材料費の上昇により売上が減少した。"),
    ("修繕費用は貸主が、光熱費は借主が負担する。", "修繕費用は借主が負担し、光熱費は貸主が負担する。"),
    ("修繕費用は貸主が負担する。", "修繕費用は借主が負担し、光熱費は貸主が負担する。"),
    ("Article 5 refers to Article 9.", "Article 9 refers to Article 5."),
    ("Section B takes precedence over Section A.", "Section A takes precedence over Section B."),
    ("The court ruled for Acme against Zenith.", "The court ruled for Zenith against Acme."),
    ("The pump feeds the tank.", "The tank feeds the pump."),
    ("第5条は第9条を準用する。", "第9条は第5条を準用する。"),
    ("本規程は就業規則に優先する。", "就業規則は本規程に優先する。"),
    ("受注者は発注者の承諾を得なければならない。", "発注者は受注者の承諾を得なければならない。"),
    ("子会社が親会社を吸収合併した。", "子会社は親会社に吸収合併された。"),
    ("利用者は管理者にパスワードを送付する。", "パスワードは管理者から利用者に送付される。"),
    ("アクメがゼニスを買収した。", "ゼニスがアクメを買収した。"),
    ("アクメがゼニスを買収した。", "アクメはゼニスに買収された。"),
    ("アクメはゼニスによって2010年に買収された。", "アクメは2010年にゼニスを買収した。"),
    ("A社がB社を買収した。", "B社がA社を買収した。"),
    ("甲は乙に委託料を支払う。", "乙は甲に委託料を支払う。"),
    ("借主が貸主に手数料を支払う。", "貸主が借主に手数料を支払う。"),
    ("借主は貸主に手数料を支払う。", "貸主は、契約が終了した場合、借主に手数料を支払う。"),
    ("手数料は貸主に借主が支払う。", "貸主が借主に手数料を支払う。"),
    ("手数料は借主に支払う。", "手数料は借主が支払う。"),
    ("総務部は人事部に報告しなければならない。", "人事部は総務部に報告しなければならない。"),
    ("部長が課長の報告書を承認する。", "課長が部長の報告書を承認する。"),
    ("東京から大阪まで荷物を送る。", "大阪から東京まで荷物を送る。"),
    ("太郎は花子の父である。", "花子は太郎の父である。"),
    ("東京は大阪より大きい。", "大阪は東京より大きい。"),
    ("Open the guard, then press the stop button.", "Before opening the guard, press the stop button and wait."),
    ("The board asked Mr. Berg to look.", "Mr. Berg proposed it, but the board asked Ms. Dahl to look."),
    ("甲が違反したときは、乙は解除できる。", "甲は、乙が違反したときは、本契約を解除できる。"),
    ("監査法人は会社から変更を指摘された。", "監査法人は変更を会社に指摘した。"),
    ("料金は大人500円、子供300円である。", "料金は大人300円、子供500円である。"),
    ("日当は国内6,000円、海外3,000円とする。", "日当は国内3,000円、海外6,000円とする。"),
]
MIXED = [
    ("Model B has a steel tank.", "Model A is sold with a steel tank, while model B has a plastic tank."),
    (
        "The drive chain is oiled every 200 operating hours.",
        "Lubricate the guide rails every 200 operating hours; the drive chain is oiled weekly.",
    ),
    (
        "The works council asked Ms. Dahl to examine it.",
        "The works council objected and the board asked Ms. Dahl to examine it by June.",
    ),
    (
        "Complaints about late deliveries fell by 12 percent.",
        "The number of customer complaints fell by 12 percent, although complaints about late deliveries rose.",
    ),
    ("懲戒解雇は人事部長が決定する。", "懲戒解雇は社長が決定し、人事部長が本人に通知する。"),
    ("欠勤する場合は電話で連絡する。", "遅刻する場合は電話で連絡し、欠勤する場合は欠勤届を提出する。"),
]
OTHERWISE_TOLD = [
    ("Acme bought Zenith in 2010.", "In 2010 Zenith was bought by Acme."),
    ("Zenith was bought by Acme.", "Acme bought Zenith in 2010."),
    ("The annual budget was approved by the committee.", "The committee approved the annual budget in June."),
    ("In June the committee approved the annual budget.", "The committee approved the annual budget in June."),
    ("Tom met Ann in Paris.", "Ann met Tom in Paris."),
    ("Tim Cook is CEO of Apple.", "Apple CEO Tim Cook spoke in Paris."),
    ("The capital of Norway is Oslo.", "Oslo is the capital of Norway."),
    ("The budget of Oslo in 2010 was approved.", "The 2010 budget of Oslo was approved."),
    ("Plums, pears and apples are sold.", "Apples, pears and plums are sold."),
    ("修繕費用は借主が負担する。", "修繕費用は借主が負担し、光熱費は貸主が負担する。"),
    ("The audit was done before the contract was signed.", "The contract was signed after the audit was done."),
    ("Ms Ito was replaced by Mr Cole as head of sales.", "Mr Cole replaced Ms Ito as head of sales."),
    ("Ann was given the keys by Tom.", "Tom gave Ann the keys."),
    ("The pump is fed by the tank.", "The tank feeds the pump."),
    ("The goods are delivered to the customer by the supplier.", "The supplier delivers the goods to the customer."),
    ("The head office moved from Oslo to Bergen.", "In 2015 the head office moved to Bergen from Oslo."),
    ("予算は6月に委員会によって承認された。", "委員会は6月に予算を承認した。"),
    ("管理者は利用者にパスワードを送付する。", "パスワードは管理者から利用者に送付される。"),
    ("親会社が子会社を吸収合併した。", "子会社は親会社に吸収合併された。"),
    ("ゼニスをアクメが買収した。", "アクメはゼニスを買収した。"),
    ("貸主に借主が手数料を支払う。", "借主は貸主に手数料を支払う。"),
    ("手数料は借主が支払う。", "借主は貸主に手数料を支払う。"),
    ("手数料は貸主に支払われる。", "借主は貸主に手数料を支払う。"),
    ("花子は太郎に道を教えてもらった。", "太郎は花子に道を教えた。"),
    ("Model B has a plastic tank.", "Model A is sold with a steel tank, while model B has a plastic tank."),
    ("人事部長は本人に書面で通知する。", "社長が懲戒解雇を決定し、人事部長が本人に書面で通知する。"),
    ("The committee approved the budget.", "The committee met in June and approved the budget."),
    ("The pump was cleaned.", "The valve and the pump were cleaned."),
    ("子供500円、大人300円である。", "料金は大人300円、子供500円である。"),
]


@pytest.mark.parametrize(("statement", "source"), EXCHANGED)
def test_roles_that_were_exchanged_are_not_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "unchecked"


@settings(max_examples=40, deadline=None)
@given(
    st.permutations(["model A200", "the compressor", "the basic plan", "the Leeds plant"]),
    st.permutations(["steel tank", "manual valve", "yellow lamp", "spare battery"]),
    st.sampled_from([", while", "; whereas", ", and", ", but"]),
)
def test_each_has_its_own_only(things: list[str], parts: list[str], joint: str) -> None:
    (one, other, *_), (part, another, *_) = things, parts
    source = f"{one[0].upper()}{one[1:]} is sold with a {part}{joint} {other} is sold with a {another}."
    for thing, has, true in ((one, part, True), (other, another, True), (one, another, False), (other, part, False)):
        statement = f"{thing[0].upper()}{thing[1:]} is sold with a {has}."
        assert (check(statement, [source]).verdict == "supported") is true


@pytest.mark.parametrize(("statement", "source"), MIXED)
def test_what_is_said_of_one_is_not_stated_of_the_other(statement: str, source: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "unchecked"
    assert any("of something else" in r or "別のもの" in r for r in found.reasons)


@pytest.mark.parametrize(("statement", "source"), OTHERWISE_TOLD)
def test_the_same_roles_told_otherwise_are_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "supported"


def test_the_reason_names_what_was_exchanged() -> None:
    assert any("“Acme” and “Zenith”" in r for r in check(*_one(EXCHANGED[0])).reasons)
    found = check("総務部は人事部に報告する。", ["人事部は総務部に報告する。"])
    assert any("「総務部」と「人事部」" in r for r in found.reasons)


def test_a_capital_behind_the_mark_of_an_item_or_quotation_is_no_name_s() -> None:
    text = "The desk is open.\n- Visitors sign there. *Guests* wait.\n• ‘Staff’ greet Mr. Ito."
    assert [token.surface for token in tokens(text) if token.name] == ["Mr", "Ito"]


def test_a_source_that_says_both_supports_both() -> None:
    both = "Acme sued Zenith in 2010, and Zenith sued Acme in 2012."
    assert check("Zenith sued Acme in 2012.", [both]).verdict == "supported"
    assert check("Acme sued Zenith in 2010.", [both]).verdict == "supported"


@settings(max_examples=40, deadline=None)
@given(st.permutations(["Acme", "Zenith", "Titan", "Orion"]), st.sampled_from(["bought", "sued", "supplied"]))
def test_only_the_stated_way_round_is_supported(companies: list[str], verb: str) -> None:
    one, other, *_ = companies
    source = f"In 2010 {one} {verb} {other}."
    for agent, patient in permutations((one, other)):
        true = agent == one
        for statement in (f"{agent} {verb} {patient} in 2010.", f"{patient} was {verb} by {agent}."):
            assert (check(statement, [source]).verdict == "supported") is true


def _one(case: tuple[str, str]) -> tuple[str, list[str]]:
    statement, source = case
    return statement, [source]
