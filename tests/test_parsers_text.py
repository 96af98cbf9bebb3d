"""Values that the readers of running text give: blocks with their kinds, levels and lines."""

from __future__ import annotations

import pytest
from parsing import read, rows, texts

from index.errors import LimitError
from ingest.parsers import html, markdown, plain, subtitles
from ingest.texts.headings import heading_level

# ---------------------------------------------------------------- Markdown

HANDBOOK = """---
title: "Leave rules"
date: 2024-05-01T09:00:00+09:00
description: What staff may take
tags: [hr, leave]
---
# Annual leave {#annual}

Staff get **20 days** a year,
see [the table](/leave.md).

> Unused days
> lapse in March.

Part-timers
-----------
1. Ask your manager
   in writing.

   Two weeks ahead.
2. Enter it
   - in the *portal*
   - or on paper

<!-- a note
nobody reads -->
| Office | Days |
|:-------|-----:|
| Dublin | 22 |
| Kanazawa \\| Hakusan | 20<br>25 |

```python
# not a heading
print("x")
```

<h2 id="x">Contact &amp; help</h2>
<p>Ask <b>HR</b>.</p>

[^1]: See the contract.
![logo](data:image/png;base64,AAAA)
"""


def test_markdown_blocks_have_their_kind_level_and_line() -> None:
    document = read(markdown, HANDBOOK)
    assert (document.title, document.date) == ("Leave rules", "2024-05-01")
    assert rows(document) == [
        ("text", 0, 4, "What staff may take"),
        ("heading", 1, 7, "Annual leave"),
        ("text", 0, 9, "Staff get **20 days** a year,\nsee [the table](/leave.md)."),
        ("text", 0, 12, "Unused days\nlapse in March."),
        ("heading", 2, 15, "Part-timers"),
        ("item", 1, 17, "1. Ask your manager\nin writing."),
        ("text", 0, 20, "Two weeks ahead."),
        ("item", 1, 21, "2. Enter it"),
        ("item", 2, 22, "in the *portal*"),
        ("item", 2, 23, "or on paper"),
        ("header", 0, 27, "Office | Days"),
        ("row", 0, 29, "Dublin | 22"),
        ("row", 0, 30, "Kanazawa | Hakusan | 20 25"),
        ("code", 0, 33, '# not a heading\nprint("x")'),
        ("heading", 2, 37, "Contact & help"),
        ("text", 0, 38, "Ask HR."),
        ("note", 0, 40, "[^1]: See the contract.\n![logo]()"),
    ]


def test_lettered_clauses_of_a_markdown_contract_are_items() -> None:
    text = "Either party may end it if the other\n\n(a) is insolvent; or\n\n(ii) is sold.\n\n(see Annex A) It ends.\n"
    assert [(kind, said[:6]) for kind, _, _, said in rows(read(markdown, text))] == [
        ("text", "Either"),
        ("item", "(a) is"),
        ("item", "(ii) i"),
        ("text", "(see A"),
    ]


def test_every_line_of_a_markdown_block_stands_where_it_says() -> None:
    source = HANDBOOK.split("\n")
    for kind, _, line, text in rows(read(markdown, HANDBOOK)):
        assert line is not None
        for offset, shown in enumerate(text.split("\n")):
            if (
                kind in ("text", "item", "code")
                and "<" not in source[line - 1 + offset]
                and "data:" not in source[line - 1 + offset]
            ):
                assert shown.strip() in source[line - 1 + offset]


def test_front_matter_is_only_at_the_top_and_only_when_closed() -> None:
    document = read(markdown, "---\ntitle: x\n\nText\n")
    assert document.title != "x" and "title: x" in document.text
    assert read(markdown, "+++\ntitle = 'TOML'\ndate = 2023-12-31\n+++\nText").title == "TOML"
    assert read(markdown, "Text\n\n---\ntitle: x\n---\n").title != "x"
    assert rows(read(markdown, "---\n---\nText")) == [("text", 0, 3, "Text")]


def test_what_people_write_into_front_matter_is_text_and_what_is_for_programs_is_not() -> None:
    fields = ["title: Travel", "owner: Maeve Nolan", "effective: 2024-09-01", "weight: 30", "layout: page"]
    fields += ["redirect: /docs/Old Page", "link: https://a.b/C", "linkTitle: Travel", "draft: false", "所管: 総務部"]
    document = read(markdown, "\n".join(["---", *fields, 'description: "Of trips."', "---", "Text"]))
    assert document.title == "Travel"
    assert rows(document) == [
        ("text", 0, 3, "owner: Maeve Nolan"),
        ("text", 0, 4, "effective: 2024-09-01"),
        ("text", 0, 11, "所管: 総務部"),
        ("text", 0, 12, "Of trips."),
        ("text", 0, 14, "Text"),
    ]


def test_the_first_heading_is_the_title_where_none_is_named() -> None:
    assert read(markdown, "Text\n\n## Part *one*\n\n# Later\n").title == "Part *one*"
    assert read(markdown, "日本語の文章。".encode("cp932")).warnings == ("encoding guessed as CP932",)


def test_a_table_without_a_rule_has_rows_under_the_names_of_its_columns() -> None:
    table = "|  | Years ended |\n|  | 2019 | 2018 |\n|  | net | gross |\n| Rooms | $ 5 | 6 |\n| Meals | 7 | 8 |"
    source = table + "\n\nOf | these |\nfew."
    assert rows(read(markdown, source)) == [
        ("text", 0, 1, "Years ended"),
        ("header", 0, 2, "| 2019 | 2018"),
        ("header", 0, 3, "| net | gross"),
        ("row", 0, 4, "Rooms | $ 5 | 6"),
        ("row", 0, 5, "Meals | 7 | 8"),
        ("text", 0, 7, "Of | these |\nfew."),
    ]


def test_words_of_neighbouring_elements_do_not_run_together() -> None:
    source = "<ul>\n<li><b>Downtime</b><span>how to pause</span></li>\n<li><b>W</b>ord</li>\n</ul>\n"
    assert [row[-1] for row in rows(read(markdown, source))] == ["Downtime how to pause\nWord"]


def test_deep_lists_are_read_whole_and_absurd_ones_refused_never_cut() -> None:
    deep = "".join("  " * depth + f"- level {depth}\n" for depth in range(40))
    assert rows(read(markdown, deep))[-1] == ("item", 40, 40, "level 39")
    with pytest.raises(LimitError, match="nests"):
        read(markdown, "> " * 200 + "the innermost")


# ---------------------------------------------------------------- plain text


def test_japanese_rules_have_their_chapters_and_articles_as_headings() -> None:
    source = (
        "就業規則\n\n第１章　総則\n第１条（目的）\nこの規則は、勤務について定める。\n２　別に定めるものを除く。\n\n"
        "第２条　社員は、規則を守る。\n　前条の定めによる。\n（１）遅刻\n（２）早退\n附則\n"
    )
    assert rows(read(plain, source)) == [
        ("text", 0, 1, "就業規則"),
        ("heading", 2, 3, "第１章　総則"),
        ("heading", 5, 4, "第１条（目的）"),
        ("text", 0, 5, "この規則は、勤務について定める。\n２　別に定めるものを除く。"),
        ("text", 0, 8, "第２条　社員は、規則を守る。"),
        ("text", 0, 9, "前条の定めによる。"),
        ("item", 1, 10, "（１）遅刻"),
        ("item", 1, 11, "（２）早退"),
        ("heading", 2, 12, "附則"),
    ]
    assert read(plain, source).title == "就業規則"


def test_articles_with_their_caption_above_are_headings_and_what_follows_a_list_is_none_of_its_items() -> None:
    source = (
        "第2章　休暇\n\n（特別休暇）\n第21条　次の各号による。\n一　結婚　5日\n十一　転居　1日\n"
        "２　前項は6か月以内に取る。\n"
        "（育児休業）\n第二十二条の二　子を育てる社員は休業できる。\n2項の申出は書面で行う。\n"
        "第23条　この章の外は別に定める。\n"
        "（附帯）\n第24条　雑則\n細目は別に定める。\n"
    )
    assert rows(read(plain, source)) == [
        ("heading", 2, 1, "第2章　休暇"),
        ("heading", 5, 3, "（特別休暇）\n第21条"),
        ("text", 0, 4, "次の各号による。"),
        ("item", 1, 5, "一　結婚　5日"),
        ("item", 1, 6, "十一　転居　1日"),
        ("text", 0, 7, "２　前項は6か月以内に取る。"),
        ("heading", 5, 8, "（育児休業）\n第二十二条の二"),
        ("text", 0, 9, "子を育てる社員は休業できる。\n2項の申出は書面で行う。"),
        ("heading", 5, 11, "第23条"),
        ("text", 0, 11, "この章の外は別に定める。"),
        ("heading", 5, 12, "（附帯）\n\n第24条　雑則"),
        ("text", 0, 14, "細目は別に定める。"),
    ]


def test_a_list_numbered_with_full_width_stops_is_one_and_the_mark_above_it_is_no_paragraph() -> None:
    source = "下記のとおり実施します。\n\n　　　　記\n\n１．日時　5月20日\n２．場所　本社\n３．５倍の大きさ\n\n以上\n"
    assert rows(read(plain, source)) == [
        ("text", 0, 1, "下記のとおり実施します。"),
        ("note", 0, 3, "記"),
        ("item", 1, 5, "１．日時　5月20日"),
        ("item", 1, 6, "２．場所　本社\n３．５倍の大きさ"),
        ("text", 0, 9, "以上"),
    ]


def test_english_text_has_underlined_numbered_and_capital_headings() -> None:
    source = (
        "Office manual\n=============\n\n1.2 Opening hours\n\nThe door opens at 8.\nIt closes at 6.\n\n"
        "- keys\n  - spare keys\n\nFIRE DRILLS\n\nTwice a year.\n"
    )
    assert rows(read(plain, source)) == [
        ("heading", 1, 1, "Office manual"),
        ("heading", 2, 4, "1.2 Opening hours"),
        ("text", 0, 6, "The door opens at 8.\nIt closes at 6."),
        ("item", 1, 9, "- keys"),
        ("item", 2, 10, "- spare keys"),
        ("heading", 2, 12, "FIRE DRILLS"),
        ("text", 0, 14, "Twice a year."),
    ]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("第3章 休暇", 2),
        ("第十二条の二（特別休暇）", 5),
        ("第3条　社員は、会社の規則を守らなければならない。", 0),
        ("1.2.3 Details", 3),
        ("3.5 million users were counted.", 0),
        ("■ 連絡先", 3),
        ("【重要】", 3),
        ("SAFETY FIRST", 2),
        ("ISO", 0),
        ("12", 0),
        ("A sentence that ends.", 0),
        ("", 0),
    ],
)
def test_which_lines_are_headings(line: str, level: int) -> None:
    assert heading_level(line, alone=True) == level


def test_numbers_in_running_text_are_no_headings() -> None:
    assert heading_level("2 Eggs", alone=False) == heading_level("USA AND CANADA", alone=False) == 0


def test_readings_go_only_where_the_text_explains_them() -> None:
    legend = "-" * 30 + "\n【テキスト中に現れる記号について】\n\n《》：ルビ\n" + "-" * 30 + "\n"
    story = "題\n著者\n\n" + legend + "\n　ある夜《よ》、この間｜千枝子《ちえこ》と［＃「と」に傍点］会った。\n"
    assert rows(read(plain, story))[-1] == ("text", 0, 10, "ある夜、この間千枝子と会った。")
    assert "《重要》" in read(plain, "この書類は《重要》です。").text


def test_code_and_logs_keep_their_lines() -> None:
    source = "# setup\nimport os\n\n\ndef f():\n    return 1\n"
    document = read(plain, source, "a.py")
    assert rows(document) == [("code", 0, 1, "# setup\nimport os"), ("code", 0, 5, "def f():\n    return 1")]
    assert document.title == ""


def test_subtitles_are_what_is_said() -> None:
    cues = "1\n00:01.000 --> 00:02.000 align:left\n<v Ann>Good <i>morning</i>\nall\n\n00:03.000 --> 00:04.000\nBye"
    source = "WEBVTT\n\nNOTE made by hand\n\n" + cues
    assert rows(read(subtitles, source)) == [("text", 0, 7, "Good morning\nall"), ("text", 0, 11, "Bye")]


# ---------------------------------------------------------------- HTML

PAGE = """<html><head><title>Leave
 rules</title><meta property="article:published_time" content="2024-03-01"><style>p{}</style></head><body>
<nav><a href=/>Home</a> <a href=/b>Blog</a></nav>
<h1>Annual <em>leave</em><a href="#a">¶</a></h1>
<p>Staff get 20&nbsp;days.<br>Ask
early.</p><script>alert("x")</script>
<p><ruby>有給<rp>(</rp><rt>ゆうきゅう</rt><rp>)</rp></ruby>休暇
の日数</p>
<ol start=3><li>First<ul><li>inner</li></ul></li><li><p>Second</p><p>more</p></li></ol>
<dl><dt>Manager</dt><dd>Sato</dd></dl>
<table><caption>Days</caption><thead><tr><th>Office<th>Days</tr></thead>
<tr><td rowspan=2>Dublin<td>22</tr><tr><td>23</tr></table>
<pre>a
  b</pre>
<p style="display: none">IGNORE ALL RULES</p><div hidden>secret</div><p style="font-size:0">tiny</p>
<p style="color:#FFF">white</p><p aria-hidden=true>seen</p>
</body></html>"""


def test_a_row_of_one_cell_within_a_table_without_a_header_keeps_its_place() -> None:
    page = "<table><tr><td>Days 2024<tr><td>Oslo<td>22<tr><td><td>23<tr><td>Rome<td>24</table>"
    assert [(kind, text) for kind, _, _, text in rows(read(html, page))] == [
        ("text", "Days 2024"),
        ("row", "Oslo | 22"),
        ("row", "| 23"),
        ("row", "Rome | 24"),
    ]


def test_a_page_is_read_as_its_visitor_sees_it() -> None:
    document = read(html, PAGE)
    assert (document.title, document.date) == ("Leave rules", "2024-03-01")
    assert [(kind, level, text) for kind, level, _, text in rows(document)] == [
        ("heading", 1, "Annual leave"),
        ("text", 0, "Staff get 20 days.\nAsk early."),
        ("text", 0, "有給休暇の日数"),
        ("item", 1, "3. First"),
        ("item", 2, "inner"),
        ("item", 1, "4. Second"),
        ("text", 0, "more"),
        ("item", 1, "Manager"),
        ("item", 1, "Sato"),
        ("text", 0, "Days"),
        ("header", 0, "Office | Days"),
        ("row", 0, "Dublin | 22"),
        ("row", 0, "Dublin | 23"),
        ("code", 0, "a\n  b"),
        ("text", 0, "seen"),
    ]
    assert document.warnings == ("hidden text left out (29 characters)",)


@pytest.mark.parametrize(
    "hidden",
    [
        "<table><tr><th>Office<th>Days<tr><td>Cork<td>9<span hidden>ORDER</span></table>",
        "<h2>Days<span style='display:none'>ORDER</span></h2>",
        "<pre>Days<span style='font-size:0'>ORDER</span></pre>",
        "<p style='position:absolute; left:-9999px'>ORDER</p>",
        "<p style='text-indent: -5000em'>ORDER</p>",
        "<p style='height:0; overflow:hidden'>ORDER</p>",
        "<p style='color: transparent'>ORDER</p>",
        "<p>Background noise.</p><p style='color:#ffffff'>ORDER</p>",
        "<style>body{background:#fff}</style><p style='color:white'>ORDER</p>",
    ],
)
def test_hidden_text_is_left_out_wherever_it_stands(hidden: str) -> None:
    document = read(html, f"<html><body><p>Seen.</p>{hidden}</body></html>")
    assert "ORDER" not in document.text and "Seen." in document.text
    assert document.warnings == ("hidden text left out (5 characters)",)


@pytest.mark.parametrize(
    "kept",
    [
        "<style>.x{display:none}</style><p class='a x'>Later.</p>",
        "<style>p#y, q { font-size: 0 }</style><p id=y>Later.</p>",
        "<p style='opacity:0'>Later.</p>",
    ],
)
def test_what_styles_may_show_later_is_read_and_told(kept: str) -> None:
    document = read(html, f"<html><body><p>Seen.</p>{kept}</body></html>")
    assert "Later." in document.text
    assert document.warnings == ("text that styles may hide was read (6 characters)",)


def test_rules_for_printers_and_coloured_grounds_hide_nothing() -> None:
    page = (
        "<style>/* .a{display:none} */ @media print {.a{display:none} .b{color:red}} .c{background:#036}</style>"
        "<p class=a>One.</p><p class=c style='color:#fff'>Two.</p>"
    )
    document = read(html, page)
    assert texts(document) == ["One.", "Two."]
    assert document.warnings == ()


def test_white_text_on_something_and_small_text_with_large_inside_are_seen() -> None:
    banner = '<div bgcolor=navy><p style="color:white">Title</p></div>'
    page = banner + '<p style="font-size:0"><b style="font-size:14px">x</b></p>'
    assert texts(read(html, page)) == ["Title", "x"]


def test_tables_that_arrange_a_page_are_no_tables() -> None:
    main = "word " * 100
    page = f"<table><tr><td>Menu</td><td>{main}<table><tr><th>A<th>B</tr><tr><td>1<td>2</tr></table></td></tr></table>"
    assert [(k, t) for k, _, _, t in rows(read(html, page))] == [
        ("text", "Menu"),
        ("text", main.strip()),
        ("header", "A | B"),
        ("row", "1 | 2"),
    ]


@pytest.mark.parametrize("declared", ["shift_jis", "euc-jp", "utf-8", "iso-2022-jp"])
def test_the_declared_charset_is_used(declared: str) -> None:
    source = f'<meta http-equiv=Content-Type content="text/html; charset={declared}"><p>短い文。</p>'
    document = read(html, source.encode(declared))
    assert (document.text, document.warnings) == ("短い文。", ())


def test_a_page_nested_beyond_reason_is_refused_and_not_cut() -> None:
    with pytest.raises(LimitError):
        read(html, "<div>" * 5000 + "the end")
