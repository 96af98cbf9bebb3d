"""What reads a text together with what is asked of it: its file, its layout, its adapters, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import Shelf
from tiny_models import write_llama

import rag
from index.errors import ModelError
from index.types import Kind
from ingest.models import adapters
from ingest.models.adapters import (
    ARCHITECTURE,
    ASKED_TOKENS,
    LAYOUTS,
    MOST_TOKENS,
    READER,
    TEXT_TOKENS,
    lay_out,
    load_adapter,
)
from ingest.models.gguf_header import read_header
from ingest.text_builder import TextBuilder
from rag.answerable import WEIGHTS, Calibration, Unanswered, decide, judge, read_signs, total
from rag.cross_encoder import CrossEncoder, find_reader
from rag.question import take_apart
from rag.relevance import PAIRED, Sight, Weighed, list_passages, read_together, sight_together, weigh_sentences
from rag.retrieval import Background, Retriever
from rag.setup.first_layers import keep_first_layers
from rag.show_hits import show_limits

TEXTS = st.text(st.characters(codec="utf-8"), max_size=400)


@given(st.sampled_from(sorted(LAYOUTS)), TEXTS, TEXTS)
def test_what_is_asked_stands_on_both_sides_of_the_text_and_both_are_cut(name: str, text: str, asked: str) -> None:
    layout = LAYOUTS[name]
    tokens, tail = lay_out(layout, text, asked, str.encode)
    assert len(tokens) <= MOST_TOKENS
    question, read = f" {asked}".encode()[:ASKED_TOKENS], f" {text}".encode()[:TEXT_TOKENS]
    before = layout.opening.encode() + question + layout.reading.encode() + read + layout.asking.encode()
    assert bytes(tokens[:tail]) == before
    assert bytes(tokens[tail:]) == question + layout.closing.encode()


def test_every_adapter_is_whole() -> None:
    assert sorted(path.stem for path in adapters.FOLDER.glob("*.gguf")) == sorted(LAYOUTS)
    for name in LAYOUTS:
        adapter = load_adapter(name)
        header = read_header(adapter.path)
        assert (header.architecture, header.metadata["general.type"]) == (ARCHITECTURE, "adapter")
        layers = {tensor.name.split(".")[1] for tensor in gguf.GGUFReader(adapter.path).tensors}
        assert layers == set(map(str, range(adapters.LAYERS)))
        rows = np.vstack([np.zeros(len(adapter.head)), np.array(adapter.head)]).astype(np.float32)
        longer = adapter.bias + float(np.square(adapter.head).sum())
        assert adapter.log_odds(rows) == pytest.approx([adapter.bias, longer], rel=1e-4)


def test_the_first_layers_are_kept_as_they_were(tmp_path: Path) -> None:
    whole = write_llama(tmp_path / "whole.gguf")
    keep_first_layers(whole, tmp_path / "first.gguf", 1, "ab" * 32)
    header = read_header(tmp_path / "first.gguf")
    assert header.number("block_count") == 1 and header.chat_template == read_header(whole).chat_template
    assert header.vectors_sha256() == "ab" * 32
    tensors = {t.name: t for t in gguf.GGUFReader(whole).tensors}
    kept = {t.name: t for t in gguf.GGUFReader(tmp_path / "first.gguf").tensors}
    assert set(kept) == {name for name in tensors if not name.startswith(("blk.1.", "output.weight"))}
    assert all(np.array_equal(kept[name].data, tensors[name].data) for name in kept)
    # A model with fewer layers is kept whole.
    keep_first_layers(whole, tmp_path / "all.gguf", 9, "")
    assert read_header(tmp_path / "all.gguf").number("block_count") == 2


def test_the_reader_lies_beside_the_embedding_model(tmp_path: Path) -> None:
    assert find_reader(f"llamacpp:{tmp_path}/x.gguf") is None
    (tmp_path / READER).touch()
    assert find_reader(f"llamacpp:{tmp_path}/x.gguf") == tmp_path / READER
    assert find_reader(f"mlx:{tmp_path}/x") is None and find_reader("") is None


def test_a_reader_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / READER).write_bytes(b"GGUF")
    with pytest.raises(ModelError, match=READER):
        CrossEncoder(tmp_path / READER)
    keep_first_layers(write_llama(tmp_path / "tiny.gguf"), tmp_path / READER, 1, "")
    with closing(CrossEncoder(tmp_path / READER)) as other, pytest.raises(ModelError, match="LoRA adapter"):
        other.judge("answers", "When?", ["Then."])


@pytest.mark.models
def test_what_answers_is_told_from_what_is_about_the_same(reader: CrossEncoder) -> None:
    question = "How many days of leave do full-time employees get?"
    answer = "Annual leave. Full-time employees get 25 days of paid leave a year. It is not carried over."
    same = "Annual leave. Full-time employees ask their manager for leave in writing. It is not carried over."
    other = "The canteen. It is closed on the last Friday of every month."
    found = reader.judge("answers", question, [answer, same, other, answer])
    assert found[0] == found[3]
    assert found[0] > found[1] and found[0] > found[2]


# As in a company's papers, in pairs on one subject, each with a question that it answers and the other does not.
ANSWERED = [
    ("Visitors may take photographs in the reception area.", "Where are visitors allowed to photograph?"),
    ("Photography in the hall requires the permission of the plant manager.", "Who has to allow photos in the hall?"),
    ("Room Aurora seats 40 people and costs 300 euros per day.", "How many people fit in Aurora?"),
    ("Room Boreal costs 120 euros per day, projector included.", "Which room includes a projector?"),
    ("The wall was raised by Mr Osei after the storm.", "Who raised the wall?"),
    ("The boats were moved to the inner basin by Ms Lindqvist.", "Who moved the boats?"),
    ("Invoices under 500 euros are approved by the team lead.", "Who approves an invoice of 300 euros?"),
    ("Larger invoices need the signature of the head of finance.", "Who signs larger invoices?"),
    ("A lost laptop must be reported to the service desk within one hour.", "How quickly do I report a lost laptop?"),
    ("Lost badges are reported to reception the same day.", "Where do I report a lost badge?"),
    ("The backup runs every night at 2:00 on the server in Dublin.", "Where does the backup run?"),
    ("Copies of the backup are kept in Leeds for 90 days.", "Where are the copies kept?"),
]


MISSED = {
    6: "300 euros are under 500; the adapter before the mean told it, barely",
    10: "where the backup runs: an hour stands between it and the place",
}


@pytest.mark.models
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(n, marks=pytest.mark.xfail(strict=True, reason=MISSED[n]) if n in MISSED else ())
        for n in range(len(ANSWERED))
    ],
)
def test_the_sentence_that_answers_is_told_from_its_neighbour(reader: CrossEncoder, place: int) -> None:
    (sentence, question), (neighbour, _) = ANSWERED[place], ANSWERED[place ^ 1]
    with_it, without = reader.judge("answers", question, [f"{sentence} {neighbour}", neighbour])
    assert with_it > without


JAPANESE = [  # as above
    ("在宅勤務は週に2日まで認める。", "在宅勤務は週に何日まで認められますか？"),
    ("在宅勤務の申請は前日までに上長へ提出する。", "在宅勤務の申請は誰に提出しますか？"),
    ("通勤手当は月5万円を上限とする。", "通勤手当の上限はいくらですか？"),
    ("通勤手当は毎月25日に支給する。", "通勤手当はいつ支給されますか？"),
    ("領収書は経理部で7年間保管する。", "領収書は何年間保管しますか？"),
    ("請求書は取引先ごとに倉庫で保管する。", "請求書はどこで保管しますか？"),
    ("健康診断は毎年10月に本社で行う。", "健康診断は何月に行いますか？"),
    ("健康診断の費用は会社が負担する。", "健康診断の費用は誰が負担しますか？"),
    ("機械の点検は毎週月曜日の朝に実施する。", "機械の点検は何曜日に実施しますか？"),
    ("機械の故障は保全課に電話で連絡する。", "機械の故障はどこに連絡しますか？"),
    ("紛失したパソコンは1時間以内に情報システム部へ報告する。", "紛失したパソコンは何時間以内に報告しますか？"),
    ("紛失した社員証は受付で再発行する。", "社員証はどこで再発行しますか？"),
]


@pytest.mark.models
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(n, marks=pytest.mark.xfail(strict=True, reason="a known gap") if n == 0 else ())
        for n in range(len(JAPANESE))
    ],
)
def test_the_japanese_sentence_that_answers_is_told_from_its_neighbour(reader: CrossEncoder, place: int) -> None:
    (sentence, question), (neighbour, _) = JAPANESE[place], JAPANESE[place ^ 1]
    with_it, without = reader.judge("glossed", question, [f"{sentence}{neighbour}", neighbour])
    assert with_it > without


@pytest.mark.models
@pytest.mark.parametrize("question", ["漢字 🦊 \ud800", "", "why " * 500])
def test_any_text_is_judged(reader: CrossEncoder, question: str) -> None:
    for name in LAYOUTS:
        found = reader.judge(
            name, question, ["", "\x00", "the fox was in the office " * 200, "狐は事務所にいた。" * 90]
        )
        assert len(found) == 4 and np.all(np.isfinite(found))
        assert reader.judge(name, question, []) == []


class Reading(Shelf):
    """A shelf whose model reads a question and a passage together: the more words they share, the surer it is."""

    def __init__(self, *documents: object) -> None:
        super().__init__(*documents, vectors=True)  # type: ignore[arg-type]
        self.words = True
        self.asked: list[str] = []

    def read_together(self, question: str, passages: Sequence[str]) -> list[float]:
        self.asked += passages
        return [float(len(set(question.split()) & set(passage.split()))) for passage in passages]


def shelf() -> Reading:
    builder = TextBuilder()
    builder.add("Leave", Kind.HEADING, level=1, line=1)
    builder.add("Leave is granted. Employees get 25 days of leave. Managers sign.", line=3)
    return Reading(builder.build("Leave"))


def test_the_best_sentences_are_read_with_their_title_and_neighbours() -> None:
    reading = shelf()
    question = "How many days of leave do employees get?"
    weighed = read_together(weigh_sentences(question, reading.ranked(question), reading), reading)
    assert weighed.sight == "pairs"
    passages = list_passages(weighed)
    assert [text for _, text in passages] == reading.asked
    assert weighed.sentences[passages[0][0]].text == "Employees get 25 days of leave."
    assert passages[0][1] == "Leave. Leave is granted. Employees get 25 days of leave. Managers sign."
    signs = read_signs(weighed)
    assert signs["answers_first"] == weighed.together[0]
    assert signs["answers_best"] == max(weighed.together[:2])
    assert signs["answers_third"] == weighed.together[2]


def test_what_is_read_together_decides_with_the_other_signs() -> None:
    reading = shelf()
    question = "How many days of leave do employees get?"
    weighed = weigh_sentences(question, reading.ranked(question), reading)
    surely, hardly = (read_signs(replace(weighed, together=odds)) for odds in ((4.0, 1.0), (-4.0, -5.0)))
    weights = WEIGHTS["pairs"]
    gained = weights["answers_best"] * 8 + weights["answers_first"] * 8 + weights["answers_third"] * 6
    assert gained > 0
    assert total(surely, "pairs") - total(hardly, "pairs") == pytest.approx(gained)
    assert total(surely, "tokens") == total(hardly, "tokens")


@pytest.mark.models
def test_a_knowledge_base_reads_together_and_is_calibrated_so(tmp_path: Path, bundled_models: dict[str, str]) -> None:
    sentences = (
        "Full-time employees get 25 days of paid leave a year.",
        "The canteen is closed on the last Friday of every month.",
        "Visitors sign the book at the gate before they enter.",
        "Laptops are returned to the office on the last day.",
        "The fire drill is held twice a year by the wardens.",
        "Parcels are kept in the post room for five days only.",
        "The meeting room on the second floor seats ten people.",
        "Bicycles are left in the shed behind the building.",
    )
    for number, sentence in enumerate(sentences):
        (tmp_path / f"{number}.md").write_text(f"# Rule {number}\n\n{sentence}\n", encoding="utf-8")
    with rag.open(tmp_path / "kb", embed_model=bundled_models["embed_model"]) as kb:
        kb.ingest([tmp_path / f"{number}.md" for number in range(len(sentences))])
        question = "How many days of paid leave do full-time employees get?"
        weighed = weigh_sentences(question, kb.retriever.search(question, 5, "hybrid"), kb.retriever)
        assert weighed.sight == "tokens"
        weighed = read_together(weighed, kb.retriever)
        assert weighed.sight == "pairs"
        assert len(weighed.together) == len(list_passages(weighed)) == PAIRED
        assert weighed.together[0] > weighed.together[1]
        calibration = kb.retriever.calibration()
        assert calibration is not None and calibration.unanswered["en"].sight == "tokens"


def test_each_language_is_read_by_its_own_adapter() -> None:
    opened: list[str] = []

    class Agreeing:
        def judge(self, name: str, asked: str, texts: Sequence[str]) -> list[float]:
            opened.append(name)
            return [1.0 for _ in texts]

        def close(self) -> None:
            opened.append("closed")

    def open_agreeing() -> Any:
        opened.append("opened")
        return Agreeing()

    retriever = Retriever(cast(Any, None), None, None, open_agreeing)
    retriever.start_reading()
    assert retriever.read_together("在宅勤務は週に何日までできますか？", ["週2日まで。"]) == [1.0]
    assert retriever.read_together("How many days?", ["Two.", "No."]) == [1.0, 1.0]
    retriever.close()
    assert opened == ["opened", "glossed", "answers", "closed"]


@pytest.mark.parametrize("opens", [False, True])
def test_a_reader_that_cannot_be_used_is_as_good_as_none_and_said_to_be_so(
    opens: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[str] = []

    class Failing:
        def judge(self, name: str, asked: str, texts: Sequence[str]) -> list[float]:
            tried.append(name)
            raise ModelError("llama.cpp cannot use x.reader.")

        def close(self) -> None:
            tried.append("closed")

    def open_failing() -> Any:
        if opens:
            return Failing()
        tried.append("opening")
        raise ModelError("llama.cpp cannot use x.reader.")

    (tmp_path / "a.md").write_text("Staff get 25 days of leave.\n", encoding="utf-8")
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([tmp_path / "a.md"])
        kb.__dict__["retriever"] = retriever = Retriever(kb.index, None, None, open_failing)
        show_limits(kb, "How many days?", "lexical")
        assert capsys.readouterr().err == ""
        assert retriever.read_together("How many days?", ["Two."]) is None
        assert retriever.judge_statement("Two days.", ["Two."]) is None
        show_limits(kb, "How many days?", "lexical")
        assert "llama.cpp cannot use x.reader. Make it anew: rag setup" in capsys.readouterr().err
    assert tried == (["answers", "closed"] if opens else ["opening"])


@pytest.mark.parametrize(
    ("question", "sight", "together"),
    [
        ("How many days?", "tokens", "pairs"),
        ("How many days?", "words", None),
        ("何日ですか", "unspaced", "glossed"),
        ("何日ですか", "tokens", None),
        ("กี่วัน", "unspaced", None),
    ],
)
def test_what_tells_more_apart_is_not_read_together(question: str, sight: Sight, together: Sight | None) -> None:
    _, weighed = weigh_open()
    asked = replace(weighed, sight=sight, question=take_apart(question, lambda _: 1.0))
    assert sight_together(asked) == together


def test_what_keeps_a_model_from_opening_is_said_each_time_it_is_asked_for() -> None:
    tried = []

    def fail() -> Any:
        tried.append(1)
        raise ModelError("It is broken.", "Fetch it again.")

    model = Background(fail)
    model.start()
    for _ in range(2):
        with pytest.raises(ModelError, match="broken"):
            model.wait()
    model.close()
    assert len(tried) == 1
    assert Background(None).wait() is None


def border_at(weighed: Weighed, above: float) -> Calibration:
    """A calibration by which the other signs' score of `weighed` lies this far above the border."""
    wanted = total(read_signs(weighed), "tokens") - above
    return Calibration(9, {"en": Unanswered(40, wanted, 0.0, "tokens")})


def weigh_open() -> tuple[Reading, Weighed]:
    """A question of which a word is missing, far below the strict border, so that a calibration may lie below it."""
    reading = shelf()
    question = "How many days of leave do managers and employees of Tokyo get?"
    weighed = weigh_sentences(question, reading.ranked(question), reading)
    return reading, replace(weighed, scores=weighed.scores - 100)


@pytest.mark.parametrize(("beyond", "read"), [(-0.1, False), (0.1, True)])
@pytest.mark.parametrize("side", ["sure no", "sure yes"])
def test_what_the_other_signs_leave_open_is_read_together(side: str, beyond: float, read: bool) -> None:
    reading, weighed = weigh_open()
    above = WEIGHTS["pairs"][side] + (beyond if side == "sure no" else -beyond)
    calibration = border_at(weighed, above)
    assert total(read_signs(weighed), "tokens") - calibration.threshold("en", "tokens") == pytest.approx(above)
    verdict = decide(weighed, calibration, reading)
    assert bool(reading.asked) is read
    if read:
        together = tuple(reading.read_together(weighed.question.text, reading.asked[:]))
        assert verdict == judge(replace(weighed, sight="pairs", together=together), calibration)
        assert not verdict.open
    else:
        assert verdict.answerable is (side == "sure yes")


def test_without_such_a_model_the_other_signs_decide() -> None:
    reading, weighed = weigh_open()
    reading.read_together = lambda question, passages: None  # type: ignore[method-assign,assignment,return-value]
    calibration = border_at(weighed, (WEIGHTS["pairs"]["sure no"] + WEIGHTS["pairs"]["sure yes"]) / 2)
    assert decide(weighed, calibration, reading) == judge(weighed, calibration)
    assert judge(weighed, calibration).open
