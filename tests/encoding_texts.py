"""Texts of an office in 13 languages, and the encodings that each language is really written in."""

from __future__ import annotations

JAPANESE = {
    "rules": (
        "第三章　休暇\n"
        "第十二条　社員は、入社の日から六か月を経過し、所定労働日の八割以上を出勤したときは、十日の年次有給休暇を"
        "取得することができる。\n"
        "２　前項の休暇は、請求した時季に与える。ただし、事業の正常な運営を妨げるときは、会社は他の時季に変更する"
        "ことがある。\n"
        "３　休暇の残日数は、翌年度に限り繰り越すことができる。退職した者には適用しない。"
    ),
    "mail": (
        "営業部の皆様\n"
        "\n"
        "お疲れ様です。総務の森田です。\n"
        "来週の月曜日に、三階の複合機を入れ替えます。午前九時から十一時までは印刷ができませんので、急ぎの書類は金"
        "曜日のうちに印刷してください。新しい機械ではカードをかざすと印刷が始まります。設定の方法は社内ポータルの"
        "「プリンター」のページをご覧ください。ご不便をおかけしますが、よろしくお願いいたします。"
    ),
    "table": (
        "品番,品名,単価,在庫,保管場所\n"
        "AX-101,ステンレスボルト,120,4500,白山倉庫\n"
        "AX-102,六角ナット,80,12000,白山倉庫\n"
        "BT-220,ベアリングユニット,3400,75,金沢本社\n"
        "BT-221,ローラーチェーン,5600,30,金沢本社\n"
        "CM-010,防錆スプレー,980,210,白山倉庫\n"
        "CM-011,グリースガン,2450,48,白山倉庫\n"
    ),
    "katakana": (
        "システムメンテナンスのスケジュール\n"
        "サーバーのアップデートはエンジニアリングチームがリモートで実施します。ファイルサーバー、メールサーバー、"
        "データベースサーバーの順にシャットダウンとバックアップをおこない、トラブルがなければサービスをスタートし"
        "ます。パスワードのリセットはヘルプデスクまで。"
    ),
    "till": (
        "ﾚｼｰﾄ No.0042\n"
        "ｺｰﾋｰ 380\n"
        "ｻﾝﾄﾞｲｯﾁ 520\n"
        "合計 900 円\n"
        "お預り 1,000 円\n"
        "お釣り 100 円\n"
        "またのご来店をお待ちしております。領収書が必要なお客様は、店員までお声がけください。返品はレシートをお持"
        "ちのうえ、七日以内にお願いいたします。"
    ),
    "minutes": (
        "令和６年度第２回安全衛生委員会議事録\n"
        "日時：令和６年５月１４日（火）１０：００～１１：１５\n"
        "場所：本社２階会議室\n"
        "議題\n"
        "①前回の指摘事項の確認　②熱中症の予防　③その他\n"
        "工場長より、塗装室の換気扇を七月までに交換するとの報告があった。産業医は、休憩所に飲み物と塩分を置くこと"
        "、暑さ指数が二十八を超えた日は休憩を増やすことを求めた。"
    ),
    "story": (
        "雨が上がると、港の方から汽笛が聞こえた。祖母は縁側に座って、豆のさやをむいていた。「今日はもう船が出るよ"
        "」と言いながら、手を止めない。私はその横で、古い地図を広げていた。どの島にも行ったことがない。けれども、"
        "名前だけはみな知っている。いつか自分で確かめに行こうと思っていた。"
    ),
    "contract": (
        "業務委託契約書\n"
        "株式会社霧坂製作所（以下「甲」という。）と合同会社あおば設計（以下「乙」という。）は、甲が乙に委託する設"
        "計業務について、次のとおり契約を締結する。\n"
        "第１条（目的）　甲は、本契約に定める条件で設計業務を乙に委託し、乙はこれを受託する。\n"
        "第２条（報酬）　報酬は月額金五十万円とし、翌月末日までに乙の指定する口座に振り込む。"
    ),
}
EUROPEAN = {
    "German": (
        "Alle Mitarbeiterinnen und Mitarbeiter müssen ihre Zugangskarte während der Arbeitszeit sichtbar tragen. "
        "Geht sie verloren, ist das Büro in der Königstraße sofort zu benachrichtigen; eine neue Karte kostet "
        "fünf Euro. Gäste werden am Empfang abgeholt und dürfen sich nicht ohne Begleitung im Gebäude aufhalten. "
        "Die Türen schließen täglich um zwanzig Uhr, samstags früher. Für Lieferungen außerhalb der Öffnungszeite"
        "n gilt die Regelung auf Seite größer gedruckt."
    ),
    "French": (
        "Les employés à temps plein ont droit à vingt-cinq jours de congés payés par année civile. La demande "
        "doit être déposée auprès du responsable au moins trois semaines à l’avance, sauf en cas de nécessité. "
        "Les congés qui n’ont pas été pris avant le trente avril sont perdus, à moins que l’entreprise n’en ait "
        "empêché l’utilisation. Où que vous soyez, le médecin du travail reste joignable ; ça ne coûte rien et "
        "c’est confidentiel. Les frais d’hôtel sont remboursés après contrôle."
    ),
    "Spanish": (
        "La oficina de Málaga abrirá el próximo año en la misma calle que el almacén. Los empleados que quieran "
        "trasladarse deberán comunicarlo antes del día quince. ¿Quién paga el viaje? La compañía devuelve el "
        "precio del billete según el reglamento. El número de plazas es pequeño, así que se decidirá por antigüed"
        "ad. También habrá formación en español e inglés durante el otoño, y un pequeño curso de atención al "
        "público."
    ),
    "Portuguese": (
        "A reunião começará às nove horas na sala do segundo andar. Os relatórios de março já estão disponíveis "
        "e não serão impressos. Cada secção tem quinze minutos para a apresentação, incluindo as questões. As "
        "decisões são registadas em ata e enviadas a todos até ao fim do mês. Quem não puder participar deve "
        "avisar a direção com três dias de antecedência; então será possível enviar a opinião por correio eletrón"
        "ico."
    ),
    "Italian": (
        "La garanzia è valida per due anni dalla data di acquisto e copre i difetti di fabbricazione. Non è valid"
        "a se l’apparecchio è stato aperto o riparato da terzi. Il cliente può chiedere la sostituzione più volte"
        ", però deve presentare lo scontrino. Le parti soggette a usura, come filtri e guarnizioni, sono escluse "
        "già dopo sei mesi. Chi abita in un’altra città può spedire l’apparecchio: la società pagherà il trasport"
        "o, perché così è più semplice."
    ),
    "Swedish": (
        "På måndag börjar vi använda det nya systemet för resor. Alla utlägg ska läggas in före den femte i månad"
        "en, annars betalas de ut först månaden därpå. Kör du egen bil får du ersättning för varje påbörjad mil. "
        "Kvitton på frukost behövs inte, men för övernattningar krävs de alltid. Frågor besvaras av löneavdelning"
        "en på tredje våningen, mån–fre mellan åtta och tolv."
    ),
    "Polish": (
        "Każdy pracownik ma obowiązek zgłosić wypadek przełożonemu najpóźniej następnego dnia. Zgłoszenie powinno"
        " zawierać miejsce, godzinę i krótki opis zdarzenia. Jeśli ktoś został ranny, należy najpierw wezwać "
        "pomoc. Urządzenie, które spowodowało wypadek, musi zostać wyłączone i oznaczone żółtą kartką. Komisja "
        "spotyka się w ciągu siedmiu dni, a jej wnioski są przekazywane całej załodze. Świadkowie mogą złożyć "
        "wyjaśnienia również na piśmie."
    ),
    "Czech": (
        "Zaměstnanci mají nárok na pět týdnů dovolené za kalendářní rok. Žádost se podává písemně nejpozději "
        "čtrnáct dní předem a schvaluje ji vedoucí oddělení. Nevyčerpaná dovolená se převádí do dalšího roku, "
        "nejvýše však deset dní. Při nemoci je třeba předložit potvrzení od lékaře. Příspěvek na stravování činí "
        "osmdesát korun za každý odpracovaný den a vyplácí se společně se mzdou. Dotazy zodpoví účtárna v přízemí"
        " budovy."
    ),
    "Hungarian": (
        "A dolgozók évente huszonöt nap szabadságra jogosultak. A kérelmet legalább két héttel korábban kell "
        "benyújtani a közvetlen felettesnek. A ki nem vett napok a következő év március végéig használhatók fel, "
        "később elvesznek. A belépőkártyát mindig jól látható helyen kell viselni; elvesztését azonnal jelenteni "
        "kell a portán. A műhelyben csak védőszemüveggel szabad tartózkodni, a gépeket pedig műszak végén mindenk"
        "i köteles kitisztítani és lekapcsolni. Az ügyintéző ebédidőben is elérhető."
    ),
    "Turkish": (
        "Çalışanlar yılda on dört gün ücretli izin kullanabilir. İzin isteği en az iki hafta önce yöneticiye "
        "yazılı olarak bildirilmelidir. Kullanılmayan günler ertesi yıla aktarılır, ancak ödeme yapılmaz. Hastalı"
        "k durumunda doktor raporu gerekir. Giriş kartını kaybedenler güvenlik birimine hemen haber vermelidir; "
        "yeni kartın ücreti aylıktan düşülür. Öğle yemeği şirket tarafından karşılanır ve yemekhane saat on ikide"
        " açılır."
    ),
    "Russian": (
        "Сотрудники обязаны носить пропуск в течение всего рабочего дня. При утере пропуска следует немедленно "
        "сообщить в службу безопасности; новый выдаётся в течение двух часов. Посетителей встречают у входа и "
        "сопровождают до кабинета. После девяти часов вечера здание закрыто, а сигнализация включается автоматиче"
        "ски. Заявления на отпуск принимаются до пятого числа каждого месяца. Вопросы можно задать по телефону "
        "или письмом."
    ),
    "Greek": (
        "Οι εργαζόμενοι δικαιούνται είκοσι ημέρες άδεια τον χρόνο. Η αίτηση υποβάλλεται γραπτώς δύο εβδομάδες "
        "νωρίτερα και εγκρίνεται από τον προϊστάμενο. Οι ημέρες που δεν χρησιμοποιήθηκαν μεταφέρονται στο επόμενο"
        " έτος. Σε περίπτωση ασθένειας απαιτείται βεβαίωση γιατρού. Το γραφείο είναι ανοιχτό από τις εννέα το "
        "πρωί έως τις πέντε το απόγευμα, εκτός από τις αργίες."
    ),
}

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
WRITTEN_IN = {
    **dict.fromkeys(JAPANESE, ("cp932", "euc-jp", "iso-2022-jp")),
    **dict.fromkeys(
        ("German", "French", "Spanish", "Portuguese", "Italian", "Swedish"), ("cp1252", "mac-roman", "cp850")
    ),
    **dict.fromkeys(("Polish", "Czech", "Hungarian"), ("cp1250", "iso8859-2")),
    "Turkish": ("cp1254",),
    "Russian": ("cp1251", "koi8-r", "iso8859-5", "cp866"),
    "Greek": ("cp1253", "iso8859-7"),
}
