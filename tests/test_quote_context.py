"""What a quote brings so that it stands alone: header, lead-in, heading, the sentence before, its exception."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus import write_tree
from shelf import Shelf, document, office

import rag
from index.types import Kind
from ingest.text_builder import TextBuilder
from rag.quotes import find_heading
from rag.relevance import weigh_sentences
from rag.show_answer import show_answer


def test_a_row_brings_its_header_and_an_item_its_lead_in() -> None:
    row = office().quotes("What is the hotel limit in Dublin?")[0]
    assert row.text == "Dublin | 45 euros | 160 euros"
    assert [span.text for span in row.context] == ["City | Daily allowance | Hotel limit"]
    item = office().quotes("How many days off for moving house?")[0]
    assert [span.text for span in item.context] == ["Leave is granted in the following cases:"]


def test_the_answer_shows_what_a_quoted_item_goes_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lease = (
        "# Lease\n\nThe tenant shall not, without consent:\n\n- keep dogs in the flat;\n- put up signs on the wall.\n"
    )
    question = "Can the tenant put up signs on the wall?"
    with rag.open(write_tree(tmp_path, {"lease.md": lease}) / "kb", embed_model="") as kb:
        kb.ingest([tmp_path / "lease.md"])
        show_answer(kb, question, kb.ask_in_steps(question, generate=False), as_json=False)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    answer = next(n for n, line in enumerate(lines) if line.endswith("signs on the wall. [1]"))
    assert lines[answer - 1] == "The tenant shall not, without consent:"


def test_a_japanese_sentence_in_several_lines_is_whole_wherever_it_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files: dict[str, str | bytes] = {
        "kinds.txt": "休暇の種類は、次の表の\nとおりとし、会社が\n定める。\n\nその日数は、勤続年数に\n応じて定める。\n",
        "cases.md": "# 規程\n\n従業員は、次の場合に、\n休暇を取得する。\n\n- 結婚するとき 5日\n- 引っ越すとき 1日\n",
    }
    question = "休暇の日数はどう定める"
    with rag.open(tmp_path / "kb", embed_model="") as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
        show_answer(kb, question, kb.ask_in_steps(question, generate=False), as_json=False)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[2:4] == ["休暇の種類は、次の表のとおりとし、会社が定める。", "その日数は、勤続年数に応じて定める。"]
    assert "従業員は、次の場合に、休暇を取得する。" in lines
    assert lines[-1] == "その日数は、勤続年数に応じて定める。 [1]"


def test_an_item_of_a_list_inside_a_list_brings_the_item_above_it() -> None:
    builder = TextBuilder()
    builder.add("Class of travel:")
    for level, text in [(1, "By rail"), (2, "first class: above four hours"), (1, "By air"), (2, "business: never")]:
        builder.add(text, Kind.ITEM, level=level)
    shelf = Shelf(builder.build(""))
    question = "Is business class allowed by air?"
    sentences = weigh_sentences(question, shelf.ranked(question), shelf).sentences
    leads = {sentence.text: [span.text for span in sentence.lead] for sentence in sentences}
    assert leads["business: never"] == ["Class of travel:", "By air"]
    assert leads["By air"] == ["Class of travel:"]


@pytest.mark.parametrize("rows", [2, 120])
def test_a_row_is_found_by_the_names_of_its_columns_over_two_lines(rows: int) -> None:
    cities = [(Kind.ROW, f"Town{n} | {1000 + n} | {2000 + n} | {3000 + n}") for n in range(rows)]
    names = ((Kind.HEADER, "Town | Hotel | Hotel | Train"), (Kind.HEADER, "| summer | winter | return"))
    prose = (Kind.TEXT, f"Train journeys to Town{rows - 1} are booked by the travel desk.")
    first = Shelf(document((Kind.HEADING, "Fares"), *names, *cities), document(prose)).quotes(
        f"Hotel winter Town{rows - 1}"
    )[0]
    last = rows - 1
    assert first.text == f"Town{last} | {1000 + last} | {2000 + last} | {3000 + last}"
    assert [span.text for span in first.context] == ["Town | Hotel | Hotel | Train\n| summer | winter | return"]


def test_the_rule_under_a_heading_comes_before_its_exceptions_and_before_the_fields_of_a_form() -> None:
    form = document(
        (Kind.HEADING, "Secondary employment: application"),
        (Kind.TEXT, "Reason"),
        (Kind.TEXT, "[employment-form]: https://example.com/secondary-employment"),
    )
    rule = document(
        (Kind.HEADING, "Secondary employment"),
        (Kind.ITEM, "1. Staff may work for others outside their hours."),
        (Kind.ITEM, "2. It is forbidden where secrets may leak"),
        (Kind.ITEM, "3. It is forbidden where it harms the company"),
    )
    first, *others = Shelf(form, rule).quotes("Is secondary employment allowed?", limit=5)
    assert first.text.startswith("1. Staff may work for others outside their hours.")
    of_form = ["Reason" in quote.text or "example.com" in quote.text for quote in others]
    assert of_form == sorted(of_form), "none of the form before the last of the rule"
    fields = "\n\n".join(quote.text for quote, is_field in zip(others, of_form, strict=True) if is_field)
    assert fields == "Reason\n\n[employment-form]: https://example.com/secondary-employment"


def test_a_japanese_item_with_nothing_that_leads_it_in_brings_its_heading_or_the_subject_of_its_mail() -> None:
    shelf = Shelf(
        document(
            (Kind.TEXT, "Subject: 健康診断"), (Kind.NOTE, "記"), (Kind.ITEM, "１．日時　5月20日"), title="健康診断"
        ),
        document((Kind.HEADING, "お手入れ"), (Kind.ITEM, "槽の水は1日1回交換する。")),
    )
    [date] = shelf.quotes("日時はいつ", limit=1)
    assert (date.text, [span.text for span in date.context]) == ("１．日時　5月20日", ["健康診断"])
    [care] = shelf.quotes("水は何回交換しますか", limit=1)
    assert (care.text, [span.text for span in care.context]) == ("槽の水は1日1回交換する。", ["お手入れ"])


def test_a_pronoun_brings_what_it_stands_for() -> None:
    shelf = Shelf(
        document(
            (
                Kind.TEXT,
                "The Dublin office closed. It will reopen in May under a new lease with its old landlord, Mr Byrne.",
            )
        ),
        document((Kind.TEXT, "The Osaka office never closes.")),
    )
    first = shelf.quotes("When will it reopen under a new lease?")[0]
    shown = " ".join([*(span.text for span in first.context), first.text])
    assert shown.startswith("The Dublin office closed.") and "May" in shown


def test_japanese_without_a_subject_brings_its_heading() -> None:
    first = office().quotes("入社後何か月で付与されますか")[0]
    assert [span.text for span in first.context] == ["年次有給休暇"]
    assert "六か月" in first.text


@pytest.mark.parametrize(
    ("rule", "exception", "rest", "question"),
    [
        (
            "未使用の休暇は翌年三月末まで繰り越すことができる。",
            "ただし、所属長が認めない場合はこの限りでない。",
            "申請は二週間前までに行う。",
            "未使用の休暇はいつまで繰り越せますか",
        ),
        (
            "Unused leave may be carried over until the end of March.",
            "This does not apply to staff in their trial period.",
            "Requests are made two weeks in advance.",
            "Until when may unused leave be carried over?",
        ),
    ],
)
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.ITEM])
def test_a_rule_is_quoted_with_its_exception(kind: Kind, rule: str, exception: str, rest: str, question: str) -> None:
    gap = " " if rule.isascii() else ""
    shelf = Shelf(document((kind, gap.join((rule, exception, rest)))), document((Kind.TEXT, "Lunch is at noon.")))
    quotes = shelf.quotes(question)
    assert quotes[0].text == f"{rule}{gap}{exception}"
    assert all(exception not in quote.text for quote in quotes[1:])


def test_the_nearest_heading_above_is_found_over_line_ends() -> None:
    text = "Sick leave\n\nold. Sick\nleave and more. here"
    [span] = find_heading("Sick leave", len(text) - 4, text)
    assert (span.start, span.text) == (17, "Sick\nleave")
    assert list(find_heading("Absent", len(text), text)) == []
