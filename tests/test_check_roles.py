"""Statements of nearly the words of their source: who does it to whom, and what limits the source left out."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.checking import check

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
]
NARROWER = [
    ("Employees receive 20 days of leave.", "Part-time employees receive 20 days of leave.", "Part-time employees"),
    ("Employees get 25 days.", "Employees who joined before 2010 get 25 days.", "Employees who joined"),
    ("Rooms may be used as offices.", "Rooms that have a window may be used as offices.", "Rooms that have a window"),
    ("Vehicles are exempt from the tax.", "Electric vehicles are exempt from the tax.", "Electric vehicles"),
    ("社員には20日の休暇が与えられる。", "正社員には20日の休暇が与えられる。", "正社員"),
    ("社員は25日の休暇を得る。", "2010年以前に入社した社員は25日の休暇を得る。", "入社した社員"),
    ("部屋は事務所として使用できる。", "窓のある部屋は事務所として使用できる。", "窓のある部屋"),
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
]
LEFT_OUT = [
    (
        "Employees get a bonus in June.",
        "Employees get a bonus in June unless they are in their trial period.",
        "unless",
    ),
    ("All staff get a bonus in June.", "All staff, except for trainees, get a bonus in June.", "except for trainees"),
    ("社員は賞与を受け取る。", "社員は、試用期間中を除き、賞与を受け取る。", "試用期間中を除き"),
    ("社員は賞与を受け取る。", "社員は試用期間でない限り賞与を受け取る。", "ない限り"),
    (
        "The company pays the costs.",
        "If the trip was approved, the company pays the costs.",
        "If the trip was approved",
    ),
    ("The company pays full wages.", "In case of illness, the company pays full wages.", "In case of illness"),
    ("会社は旅費を支払う。", "出張が承認された場合、会社は旅費を支払う。", "出張が承認された場合"),
    ("Acme bought Zenith in 2010.", "Acme plans to buy Zenith in 2010.", "plans to"),
    ("The plant will close in May.", "The union fears that the plant will close in May.", "fears that"),
    ("The minister took bribes.", "The minister is alleged to have taken bribes.", "alleged to have"),
    ("The court rejected the appeal.", "The court was asked to reject the appeal.", "asked to"),
    ("The board signed the contract.", "The board refused to sign the contract.", "refused to"),
    ("The vaccine prevents the disease.", "The vaccine may prevent the disease.", "may"),
    ("The pilot survived the crash.", "The pilot almost survived the crash.", "almost"),
    ("Anna Berg is director of the museum.", "Anna Berg is deputy director of the museum.", "deputy"),
    ("Oslo is the largest port in the north.", "Oslo is one of the largest ports in the north.", "one of the"),
    ("Oslo is the largest port in the north.", "Oslo is the second largest port in the north.", "second"),
    ("Overtime is paid.", "Overtime is paid, provided it was approved in advance.", "provided it was"),
    (
        "The tenant may sublet it.",
        "The tenant may sublet it with the prior written consent of the landlord.",
        "consent",
    ),
    ("The employee may work at home.", "Subject to approval, the employee may work at home.", "Subject to approval"),
    ("Trainees get a bonus in June.", "All staff except trainees get a bonus in June.", "except trainees"),
    ("The company sells spare parts.", "The company stopped selling spare parts.", "stopped"),
    ("The shipment was delivered.", "The shipment was to be delivered.", "was to be"),
    ("The fee is 500 euros.", "The fee is up to 500 euros.", "500 euros"),
    ("The contract lasts two years.", "The contract lasts at least two years.", "two years"),
    ("本館は利用できます。", "本館以外は利用できます。", "本館以外は"),
    ("会社は健康診断を実施する。", "会社は健康診断を実施するよう努める。", "努め"),
    ("会社は5月に工場を閉鎖した。", "会社は5月に工場を閉鎖する予定である。", "予定"),
    ("薬は病気を防ぐ。", "薬は病気を防ぐ可能性がある。", "可能性"),
    ("取締役会は契約書に署名した。", "取締役会は契約書への署名を拒否した。", "拒否"),
    ("全社員が研修を終えた。", "ほぼ全社員が研修を終えた。", "ほぼ"),
    ("田中氏は会社の社長である。", "田中氏は会社の元社長である。", "元"),
    ("オスロは北部で最大の港である。", "オスロは北部で2番目に大きい港である。", "2番目に"),
]
WITH_IT = [
    ("Except for trainees, all staff get a bonus.", "All staff, except for trainees, get a bonus in June."),
    ("社員は試用期間中を除き賞与を受け取る。", "社員は、試用期間中を除き、賞与を受け取る。"),
    ("東北地方は7月に梅雨入りする。", "7月に東北地方も梅雨入りし、北海道を除く本土地域が長雨に突入する。"),
    ("Acme plans to buy Zenith.", "Acme plans to buy Zenith in 2010."),
    ("Acme bought Zenith in May.", "Acme bought Zenith in May 2010."),
    (
        "The bridge was closed because of high water.",
        "The bridge was closed in order to repair it because of high water.",
    ),
    ("会社は工場を閉鎖する予定である。", "会社は5月に工場を閉鎖する予定である。"),
    ("The budget was approved in June.", "The annual budget was approved in June."),
    ("Part-time employees receive leave.", "Part-time employees receive 20 days of leave."),
    ("Employees wear helmets.", "My old employees wear helmets."),
    ("東京タワーは1958年に完成した。", "芝公園にある東京タワーは1958年に完成した。"),
    ("Zenith was founded in 1900.", "Zenith, which Acme plans to buy, was founded in 1900."),
]


@pytest.mark.parametrize(("statement", "source"), EXCHANGED)
def test_roles_that_were_exchanged_are_not_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "unchecked"


@pytest.mark.parametrize(("statement", "source"), OTHERWISE_TOLD)
def test_the_same_roles_told_otherwise_are_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "supported"


def test_the_reason_names_what_was_exchanged() -> None:
    assert any("“Acme” and “Zenith”" in r for r in check(*_one(EXCHANGED[0])).reasons)
    found = check("総務部は人事部に報告する。", ["人事部は総務部に報告する。"])
    assert any("「総務部」と「人事部」" in r for r in found.reasons)


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


@pytest.mark.parametrize(("statement", "source", "named"), [*LEFT_OUT, *NARROWER])
def test_what_limits_a_source_is_not_left_out(statement: str, source: str, named: str) -> None:
    found = check(statement, [source])
    assert found.verdict == "unchecked"
    assert any(named in r for r in found.reasons)


@pytest.mark.parametrize(("statement", "source"), WITH_IT)
def test_what_limits_a_source_is_kept_or_limits_something_else(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "supported"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Employees get a bonus every year.", "Employees get a bonus every second year."),
        ("The rent is 900 euros per year.", "The rent is 900 euros per month."),
        ("The salary is 40 euros an hour.", "The salary is 40 euros per day."),
        ("給与は当月25日に支払う。", "給与は翌月25日に支払う。"),
        ("価格は税込11,000円です。", "価格は税抜11,000円です。"),
        ("The operator must check the oil daily.", "The operator should check the oil daily."),
        ("Members must not attend the meeting.", "Members need not attend the meeting."),
        ("社員は制服を着用しなければならない。", "社員は制服を着用するのが望ましい。"),
        ("社員は毎年、健康診断を受ける。", "社員は隔年、健康診断を受ける。"),
    ],
)
def test_how_often_and_how_strictly_is_compared(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "unchecked"


@pytest.mark.parametrize("duty", ["なければなりません", "なければいけません", "ないといけません", "なくてはなりません"])
def test_a_polite_duty_is_a_duty(duty: str) -> None:
    plain, polite, banned = (f"借主は賃料を支払わ{end}。" for end in ("なければならない", duty, "ず"))
    assert check(polite, [plain]).verdict == check(plain, [polite]).verdict == "supported"
    assert check("借主は賃料を支払ってはなりません。", [polite]).verdict != "supported"
    assert check(banned, [polite]).verdict != "supported"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The client did not sign the form.", "The client forgot to sign the form."),
        ("The warranty does not cover batteries.", "The warranty covers all parts except batteries and seals."),
        ("Contractors are not allowed to use the staff car park.", "Contractors may not use the staff car park."),
        ("東京支店の売上は大阪支店より多い。", "大阪支店の売上は東京支店より少ない。"),
        ("甲の同意がなければ、乙は契約を変更できない。", "乙は甲の同意なく契約を変更することができない。"),
    ],
)
def test_the_same_in_converse_words_is_not_contradicted(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict != "contradicted"


def _one(case: tuple[str, str]) -> tuple[str, list[str]]:
    statement, source = case
    return statement, [source]
