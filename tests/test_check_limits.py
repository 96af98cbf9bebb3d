"""Statements of nearly the words of their source, without what limits it: conditions, hedges, times, how strictly."""

from __future__ import annotations

import pytest

from rag.checking import check

NARROWER = [
    ("Employees receive 20 days of leave.", "Part-time employees receive 20 days of leave.", "Part-time employees"),
    ("Employees get 25 days.", "Employees who joined before 2010 get 25 days.", "Employees who joined"),
    ("Rooms may be used as offices.", "Rooms that have a window may be used as offices.", "Rooms that have a window"),
    ("Vehicles are exempt from the tax.", "Electric vehicles are exempt from the tax.", "Electric vehicles"),
    ("社員には20日の休暇が与えられる。", "正社員には20日の休暇が与えられる。", "正社員"),
    ("社員は25日の休暇を得る。", "2010年以前に入社した社員は25日の休暇を得る。", "入社した社員"),
    ("部屋は事務所として使用できる。", "窓のある部屋は事務所として使用できる。", "窓のある部屋"),
    ("Visitors must wear a helmet.", "Visitors to the melting shop must wear a helmet.", "Visitors to the melting"),
    (
        "Invoices need two signatures.",
        "Invoices above 10,000 euros need two signatures.",
        "Invoices above 10,000 euros",
    ),
    ("Overtime is paid at 150 percent.", "Overtime on Sundays is paid at 150 percent.", "Overtime on Sundays"),
    ("製品は返品できます。", "未開封の製品は返品できます。", "開封の製品"),
    ("申請には課長の承認が必要である。", "10万円を超える申請には課長の承認が必要である。", "超える申請"),
    (
        "The plan costs 12 euros per month.",
        "The plan costs 12 euros per user per month.",
        "12 euros per user per month",
    ),
    (
        "The signature was missing on the 40 invoices.",
        "In 7 of the 40 invoices the signature was missing.",
        "7 of the 40",
    ),
    ("保守料金は年額12,000円です。", "保守料金は1台あたり年額12,000円です。", "1台あたり年額12,000円"),
    ("40件に不備があった。", "40件中7件に不備があった。", "40件中7件"),
    ("Acme resigned.", "The CEO of Acme resigned in May.", "CEO of Acme"),
    ("The product is free.", "Delivery of the product is free.", "Delivery of the product"),
    ("Oslo grew fast.", "The population of Oslo grew fast.", "population of Oslo"),
    ("製品は無料です。", "製品の送料は無料です。", "製品の送料"),
    ("会社は東京にある。", "会社の本店は東京にある。", "会社の本店"),
]
LEFT_OUT = [
    ("The repair of the pump takes 3 days.", "The repair of the pump takes 3 to 5 days.", "3 days"),
    ("The repair of the pump takes over 3 days.", "The repair of the pump takes 3 to 5 days.", "3 days"),
    ("The repair takes five days.", "The repair takes between three and five days.", "five days"),
    ("ポンプの修理には3日かかる。", "ポンプの修理には3〜5日かかる。", "3日"),
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
    ("Smoking is not allowed in the yard.", "Smoking is not allowed except in the yard.", "except in the yard"),
    ("飲食は会議室では禁止されている。", "飲食は会議室以外では禁止されている。", "以外で"),
    ("Data is stored in Germany.", "Data is stored in Ireland rather than Germany.", "rather than"),
    ("The server runs on Windows.", "The server runs on Linux instead of Windows.", "instead of"),
    ("会社は健康診断を実施する。", "会社は健康診断を実施するよう努める。", "努め"),
    ("会社は5月に工場を閉鎖した。", "会社は5月に工場を閉鎖する予定である。", "予定"),
    ("薬は病気を防ぐ。", "薬は病気を防ぐ可能性がある。", "可能性"),
    ("取締役会は契約書に署名した。", "取締役会は契約書への署名を拒否した。", "拒否"),
    ("全社員が研修を終えた。", "ほぼ全社員が研修を終えた。", "ほぼ"),
    ("田中氏は会社の社長である。", "田中氏は会社の元社長である。", "元"),
    ("オスロは北部で最大の港である。", "オスロは北部で2番目に大きい港である。", "2番目に"),
    ("The contract is extended.", "Unless either party objects, the contract is extended.", "Unless either"),
    ("The machine is cleaned weekly.", "The machine is cleaned weekly only in summer.", "only in summer"),
    ("ポンプを交換する。", "圧力が2bar未満になったときは、ポンプを交換する。", "ときは"),
    ("契約は自動的に更新される。", "いずれかの当事者から異議がなければ、契約は自動的に更新される。", "異議がなければ"),
    ("The company will close the plant.", "The company is examining whether it will close the plant.", "whether"),
    ("The economy will recover.", "Analysts believe that the economy will recover.", "believe that"),
    ("The concert was announced.", "The cancellation of the concert was announced.", "cancellation of"),
    ("会社は工場を閉鎖した。", "会社は工場を閉鎖しようとした。", "ようとし"),
    ("会社は工場を閉鎖する。", "会社は工場を閉鎖するかどうかを検討している。", "かどうか"),
    ("景気は来年回復する。", "景気は来年回復するとの見方がある。", "見方"),
    ("イベントの開催が決定した。", "イベントの開催の中止が決定した。", "の中止"),
    ("The server is copied every night.", "Until 2022 the server was copied every night.", "Until"),
    ("Dr. Weber heads the lab.", "Dr. Weber headed the lab until 2019; since then Dr. Klein has headed it.", "until"),
    ("サーバーは毎晩バックアップしている。", "サーバーは2022年まで毎晩バックアップしていた。", "年まで"),
    ("Acme is a customer.", "Acme was once a customer.", "once"),
    ("Acme was previously a customer.", "Acme is a customer.", "previously"),
    ("The plant closed in May.", "The plant will close in May.", "will"),
    ("The budget was approved by the board.", "The budget will be approved by the board.", "will be approved"),
    ("The fan wheel is unbalanced.", "The fan wheel is probably unbalanced.", "probably"),
    ("Staff get an allowance.", "Staff get an allowance after completing their trial period.", "after completing"),
    (
        "Those who work at home two days a week get it.",
        "Those who work at home more than two days a week get it.",
        "two days",
    ),
    (
        "The safe may be opened on Sundays.",
        "The safe may be opened on Sundays only by staff with a key.",
        "only by staff",
    ),
    (
        "Delivery is free within Spain.",
        "Delivery within Spain is free for orders above 50 euros.",
        "for orders above 50 euros",
    ),
    (
        "Business class is allowed.",
        "Business class is allowed on flights of more than eight hours.",
        "on flights of more than eight hours",
    ),
    ("導入は1月に延期された。", "導入を1月に延期する案が示された。", "案が"),
    ("割引は10%です。", "5台以上のまとめ契約なら、割引は10%です。", "契約なら"),
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
    ("Dr. Weber headed the lab.", "Dr. Weber headed the lab until 2019; since then Dr. Klein has headed it."),
    ("サーバーは毎晩バックアップしていた。", "サーバーは2022年まで毎晩バックアップしていた。"),
    ("The concert was cancelled in May.", "The cancellation of the concert in May was announced."),
    ("The plant in Lyon makes valves.", "Our plant in Lyon makes valves and pumps."),
    ("Travel expenses may be approved only by managers.", "Only managers may approve travel expenses."),
    ("Orders of more than 500 euros ship free.", "Orders over 500 euros ship free."),
    ("Delivery is free for orders above 50 euros.", "Delivery within Spain is free for orders above 50 euros."),
    ("The bridge was built in 1910 by Smith.", "The bridge was built in 1910 by Smith in areas over the river."),
    ("The repair of the pump takes 3 to 5 days.", "The repair of the pump takes 3 to 5 days in all."),
    ("The repair of the pump takes at least 3 days.", "The repair of the pump takes 3 to 5 days."),
    ("Smoking is prohibited in the warehouse.", "Smoking is not allowed in the warehouse."),
    ("The budget is 1.5 million euros.", "The budget is EUR 1.5m."),
    ("契約書は2通作成する。", "契約書は二通作成する。"),
    ("例えば、会費は月額1,000円です。", "たとえば、会費は月額1,000円である。"),
    (
        "The customer may terminate at any time.",
        "If it is late, the supplier may terminate; the customer may terminate at any time.",
    ),
    ("Sampled invoices lacked the second signature.", "Sampled invoices lacked the second signature in 7 cases."),
    ("保守料金は1台当たり年額12,000円です。", "保守料金は1台あたり年額12,000円です。"),
    ("引渡しから1年以内に通知する。", "引渡しの日から1年以内に通知する。"),
    ("Jacksonville has two airports.", "The city of Jacksonville has two airports."),
    ("Support is free of charge.", "Support is free."),
    ("The report was sent in May.", "The report was sent out on 3 May."),
    ("Staff who were hired before 2020 will get a bonus.", "All staff hired before 2020 will get a bonus."),
    ("The temperature is minus 5 degrees.", "The temperature is -5 degrees."),
    ("You get the price back minus 3 euros.", "They return the price minus 3 euros."),
    ("Employees are paid every week by bank transfer.", "Employees are paid weekly by bank transfer."),
    ("送料は無償です。", "送料は無料です。"),
    ("The lift must not be used in case of fire.", "In case of fire the lift must not be used."),
    ("会員は1回に5冊まで借りられる。", "会員は、1回につき5冊まで借りられる。"),
    ("通知は30日前までに、価格を引き上げるときに行う。", "価格を引き上げる場合、通知は30日前までに行う。"),
]


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
        ("The salary is 40 euros an hour.", "The salary is 40 euros per day."),
        ("給与は当月25日に支払う。", "給与は翌月25日に支払う。"),
        ("価格は税込11,000円です。", "価格は税抜11,000円です。"),
        ("駐車場の利用料は年額5万円です。", "駐車場の利用料は月額5万円です。"),
        ("Invoices are paid within five calendar days.", "Invoices are paid within five working days."),
        ("Employees are paid weekly by bank transfer.", "Employees are paid by bank transfer every two weeks."),
        ("Requests are answered on the same day.", "Requests are answered on the next day."),
        ("Too little oil damages the engine.", "Too much oil damages the engine."),
        ("The operator must check the oil daily.", "The operator should check the oil daily."),
        ("Members must not attend the meeting.", "Members need not attend the meeting."),
        ("社員は制服を着用しなければならない。", "社員は制服を着用するのが望ましい。"),
        ("Managers may approve only travel expenses.", "Only managers may approve travel expenses."),
        ("出張費は管理職だけが承認できる。", "管理職は出張費だけを承認できる。"),
        ("乙が違反したときは、甲は直ちに解除できる。", "乙が違反したときは、甲は解除できる。"),
        ("Unused leave is paid out immediately.", "Unused leave is paid out."),
        ("受付は先月から1階に移ります。", "受付は来月から1階に移ります。"),
        ("移転は全員の賛成で可決された。", "移転は多数の賛成で可決された。"),
    ],
)
def test_how_often_and_how_strictly_is_compared(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "unchecked"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("社員証は入館時に返却する。", "社員証は退館時に返却する。"),
        ("通勤手当は全額支給する。", "通勤手当は半額支給する。"),
        ("店は9時に閉店します。", "店は9時に開店します。"),
        ("受信したメールは30日間保存する。", "送信したメールは30日間保存する。"),
        ("請求書は月初に送る。", "請求書は月末に送る。"),
        ("当社は製品を輸入している。", "他社は製品を輸入している。"),
        ("窓口は平日のみ開いている。", "窓口は土日のみ開いている。"),
        ("Log in to see the report.", "Log out to see the report."),
        ("Turn on the pump.", "Turn off the pump."),
        ("The temperature is 5 degrees.", "The temperature is minus 5 degrees."),
        ("気温は5度である。", "気温はマイナス5度である。"),
        ("倉庫は1階にある。", "倉庫は地下1階にある。"),
    ],
)
def test_the_other_way_or_sign_is_not_supported(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict != "supported"


@pytest.mark.parametrize(
    ("statement", "source", "named"),
    [
        ("Staff may smoke in the yard.", "Staff may no longer smoke in the yard.", "smoke"),
        ("The fee was raised to 10 percent.", "The fee was raised by 10 percent from April.", "10 percent"),
        ("The rate fell from 10 percent to 5 percent.", "The rate fell from 5 percent to 10 percent.", "10 percent"),
        ("The hall holds at least 300 guests.", "The hall holds up to 300 guests.", "300"),
        ("最低賃金を1,000円引き上げる。", "最低賃金を1,000円に引き上げる。", "1,000円"),
        ("売上高は前年比80%減少した。", "売上高は前年比80%に減少した。", "80%"),
    ],
)
def test_what_changed_by_how_much_and_what_no_longer_holds_is_contradicted(
    statement: str, source: str, named: str
) -> None:
    found = check(statement, [source])
    assert found.verdict == "contradicted"
    assert any(named in r for r in found.reasons)


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
        ("Smoking is allowed in the yard.", "Smoking is not allowed except in the yard."),
        ("Data is stored in Ireland, not in Germany.", "Data is stored in Ireland rather than Germany."),
        ("Staff have to give three months' notice.", "Staff have to give notice no later than three months before."),
        ("セール品は返品できません。", "セール品は返品の対象外です。"),
        ("2 machines could not be inspected.", "6 machines failed the inspection and 2 could not be inspected in May."),
        ("苦情件数は12%減少し、340件でした。", "苦情件数は12%減の340件となった。一方、売上高は5%増加した。"),
        ("Visitors may not enter without a badge.", "Visitors may enter only with a badge."),
        ("10万円を超える費用は貸主が負担する。", "10万円までの費用は借主が、それを超える費用は貸主が負担する。"),
        (
            "Before 2021 it was kept in hall A.",
            "Since 2021 it has been kept in hall C. It was previously kept in hall A.",
        ),
        ("発送後は、キャンセルしかできません。", "発送後は、キャンセルのみ可能です。"),
        ("The bearings need no maintenance.", "The bearings are maintenance-free."),
        ("東京支店の売上は大阪支店より多い。", "大阪支店の売上は東京支店より少ない。"),
        ("甲の同意がなければ、乙は契約を変更できない。", "乙は甲の同意なく契約を変更することができない。"),
        ("The hall cannot hold more than 300 guests.", "The hall holds up to 300 guests."),
        ("Deposits must not be less than 500 euros.", "Deposits must be at least 500 euros."),
        ("夜間の警備員は2人を下回ってはならない。", "夜間の警備員は2人以上とする。"),
    ],
)
def test_the_same_in_converse_words_is_not_contradicted(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict != "contradicted"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("The repair of the pump takes at least 5 days.", "The repair of the pump takes 3 to 5 days."),
        ("The repair of the pump takes 5 to 9 days.", "The repair of the pump takes at most 5 days."),
    ],
)
def test_the_other_end_of_a_range_contradicts(statement: str, source: str) -> None:
    assert check(statement, [source]).verdict == "contradicted"
