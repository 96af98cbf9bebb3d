"""What models of each size are asked to write, and the choice of one text among several."""

from __future__ import annotations

from collections.abc import Generator as PythonGenerator
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from corpus import write_tree
from hypothesis import given
from hypothesis import strategies as st

import rag
from index.types import Quote, Span
from ingest.user_folders import user_folder
from rag.decoding.choices import Choices, Chosen
from rag.decoding.choose import decode
from rag.generators import Constraint, Run
from rag.other_case import is_other_case
from rag.prompt import build_choice
from rag.prompt_budget import LEAST, MOST, SECONDS, TELLING, UNMEASURED, choose_budget, remember_speed
from rag.question import take_apart
from rag.quotes import lead_of
from rag.sizes import TASKS, task_for
from rag.writing import LONGEST, list_statements, request_answer


def quote(text: str, score: float = 1.0) -> Quote:
    return Quote(1, "docs/a.md", "/a.md", None, None, None, "", (), "", 0, len(text), text, (), (), score)


def statements(question: str, text: str) -> list[str]:
    return list_statements(take_apart(question, lambda _: 1.0), quote(text))


TRAVEL = (
    "Because prices differ, hotels in Dublin are paid up to 140 euro a night, which includes breakfast, and taxis are"
    " paid only after 22:00."
)


def test_a_statement_is_a_run_of_clauses_that_says_what_was_asked() -> None:
    found = statements("How much is paid for hotels in Dublin?", TRAVEL)
    assert "Hotels in Dublin are paid up to 140 euro a night." in found
    assert not any(statement.startswith(("Taxis", "Which")) for statement in found)


def test_no_statement_ends_in_what_joins_the_next_clause() -> None:
    found = statements("How many days do staff get?", "Staff get 20 days, of which five may be moved to May.")
    assert found == ["Staff get 20 days.", "Staff get 20 days, of which five may be moved to May."]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Where do hotels in Dublin stand?", "Hotels in Dublin."),  # says nothing that the question does not
        ("When was the house built?", "The house was built by Ann Day, its owner."),
    ],
)
def test_nothing_is_stated_that_does_not_answer(question: str, text: str) -> None:
    kept = statements(question, text)
    assert all(set(entry.lower().split()) - set(question.lower().split()) for entry in kept)


def test_what_is_said_of_the_opposite_case_is_no_statement() -> None:
    text = "Full-time employees receive 25 days of annual leave, and part-time employees receive 10 days of it."
    found = statements("How many days of annual leave do part-time employees get?", text)
    assert found
    assert all("art-time" in statement for statement in found)
    text = "In Dublin, employees receive 25 days of annual leave, which full-time employees may carry over."
    assert statements("How many days of annual leave do part-time employees get?", text) == []
    text = "Full-time employees receive 25 days of annual leave."
    assert statements("How many days of annual leave do part-time employees get?", text) == []
    assert statements("How many days of annual leave do full-time employees get?", text)
    # Opposites alone are not enough: who lost is told by who won, and part of a question may be its contrary.
    assert not is_other_case("Who lost the final?", "Brazil won the final.")
    assert not is_other_case("Are full-time or part-time employees paid?", "Full-time employees are paid.")
    assert is_other_case("When does the upper gate open?", "The lower gate opens at 9.")
    assert not is_other_case("When does the upper gate open?", "The lower and the upper gate open at 9.")


@pytest.mark.parametrize(
    ("parameters", "way", "quotes"),
    [(1, "choose", 1), (135_000_000, "choose", 1), (500_000_000, "write", 2), (1_700_000_000, "write", 2),
     (3_000_000_000, "write", 5), (70_000_000_000, "write", 5), (0, "write", 5)],
)  # fmt: skip
def test_each_size_gets_its_task(parameters: int, way: str, quotes: int) -> None:
    question = take_apart("How much is paid for hotels in Dublin?", lambda _: 1.0)
    given = [replace(quote(f"{TRAVEL} Rule {n}."), n=n) for n in range(1, 6)]
    generator = Choosing(0)
    generator.parameters = parameters
    request = request_answer(question, given, "en", generator, budget=10_000)
    assert request
    assert len(request.sources) == quotes
    assert bool(request.constraint.choices) == (way == "choose")
    assert request.constraint.citations == (0 if way == "choose" else quotes)
    assert sum(f"Rule {n}." in request.messages[-1]["content"] for n in range(1, 6)) == quotes


def test_the_table_of_sizes_is_in_order_and_has_a_row_for_every_size() -> None:
    assert [task.below for task in TASKS] == sorted({task.below for task in TASKS})
    assert task_for(10**15) is TASKS[-1]


@pytest.mark.parametrize(("lead", "stated"), [("Guests may:", True), ("Guests shall not, without consent:", False)])
def test_an_item_is_not_stated_without_the_words_above_it_that_deny_it(lead: str, stated: bool) -> None:
    item = "(c) put up signs on the outside of the north wall."
    given = replace(
        quote(item), start=len(lead), end=len(lead) + len(item), context=(Span(0, len(lead), lead),), heading=()
    )
    question = take_apart("Can guests put up signs on the north wall?", lambda _: 1.0)
    assert lead_of(given) == lead
    assert bool(request_answer(question, [given], "en", Choosing(0), budget=10_000)) is stated


def test_an_answer_that_needs_a_date_keeps_it() -> None:
    found = statements("When did the bridge open?", "The bridge opened in 1932, and ferries stopped.")
    assert found
    assert all("1932" in statement for statement in found)


def test_japanese_statements_are_whole_sentences() -> None:
    text = "正社員には年間20日の有給休暇を付与する。申請は書面で行う。"
    assert statements("正社員の有給休暇は年間何日ですか", text) == ["正社員には年間20日の有給休暇を付与する。"]


@given(st.text(alphabet='abcAB19 ,.;()-"', max_size=120))
def test_every_statement_is_words_of_the_quote_in_their_order(text: str) -> None:
    bare = "".join(text.split()).casefold()
    for statement in statements("What is ab?", text):
        assert "".join(statement.removesuffix(".").split()).casefold() in bare
        assert len(statement.split()) <= LONGEST


def test_what_never_changes_stands_before_the_question() -> None:
    one, other = build_choice("A?", "x", "en"), build_choice("B?", "y", "en")
    assert one[:-1] == other[:-1]
    assert one[-1]["content"].endswith("A?")


class Letters:
    """A model of one-byte tokens that likes the letters of `liked` best, in that order; 0 ends the text."""

    def __init__(self, liked: str) -> None:
        self.liked = liked
        self.read: list[int] = []

    def logits(self) -> np.ndarray[Any, Any]:
        values = np.zeros(256, np.float32)
        for rank, letter in enumerate(reversed(self.liked)):
            values[ord(letter) if letter != "." else 0] = rank + 1
        return values

    def ends(self, token: int) -> bool:
        return token == 0

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token else b""

    def evaluate(self, tokens: list[int]) -> bool:
        self.read += tokens
        return True


def choose(liked: str, choices: tuple[str, ...]) -> tuple[str, int]:
    request = {"max_tokens": 100, "stop": [], "constraint": {"citations": 0, "quotable": (), "choices": choices}}
    source = Letters(liked)
    steps = list(decode(source, request, lambda: False))
    assert steps[-1][1] == "stop"
    return "".join(text for _, _, text in steps), len(source.read)


@pytest.mark.parametrize(("liked", "wanted"), [("abc.", "abc"), ("xy", "xyz"), (".a", "a"), ("a.b", "a"), ("z", "a")])
def test_the_model_chooses_by_what_it_likes_best(liked: str, wanted: str) -> None:
    """With nothing liked among the first letters, the lowest token is taken."""
    assert choose(liked, ("a", "abc", "xyz"))[0] == wanted


def test_what_can_only_go_on_one_way_is_not_asked_of_the_model() -> None:
    assert choose("x", ("abc", "xyzxyzxyz")) == ("xyzxyzxyz", 1)
    assert choose("x", ("abc",)) == ("abc", 0)


@given(st.lists(st.text("ab月", min_size=1, max_size=6), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_answer_is_always_one_of_the_choices(choices: list[str], chance: Random) -> None:
    """Whichever way is taken, and wherever it may end."""
    rule, state, written = Choices(choices), Chosen(), b""
    encoded = {choice.encode("utf-8", "replace") for choice in choices}
    while not (rest := rule.settled(state)):
        ways = [byte for byte in range(256) if rule.advance(state, bytes([byte]))]
        if state.may_end and (not ways or chance.random() < 0.5):
            break
        following = bytes([chance.choice(ways)])
        written += following
        after = rule.advance(state, following)
        assert after is not None
        state = after
    assert written + rest in encoded
    assert rule.advance(state, b"") is None


class Choosing:
    """A generator of few parameters that takes the choice a test names."""

    name = label = "tiny"
    languages = ("en", "ja")
    context_tokens = 2 * MOST
    last_run: Run | None = None
    leaves_machine = ""
    parameters = int(TASKS[0].below) - 1

    def __init__(self, place: int) -> None:
        self.place = place
        self.constraints: list[Constraint] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(
        self, messages: Sequence[Any], *, constraint: Constraint, **_: Any
    ) -> PythonGenerator[str, None, None]:
        self.constraints.append(constraint)
        yield constraint.choices[self.place]

    def close(self) -> None:
        pass


def test_a_small_model_states_only_what_the_best_quote_says(tmp_path: Path) -> None:
    files = {"travel.md": f"# Travel\n\n{TRAVEL}\n", "leave.md": "# Leave\n\nStaff get 20 days of leave per year.\n"}
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
        generator = Choosing(0)
        kb.__dict__["generator"] = generator
        answer = kb.ask("How much is paid for hotels in Dublin?")
    assert generator.constraints[0].choices
    assert (answer.origin, answer.text) == ("model", "Hotels in Dublin are paid up to 140 euro a night. [1]")
    assert [citation.path for citation in answer.citations] == ["docs/travel.md"]


def test_a_small_model_is_not_asked_where_it_could_only_guess(tmp_path: Path) -> None:
    files = {f"{n}.md": f"# Site {n}\n\nThe gate of the site opens at {n} o'clock on workdays.\n" for n in range(5, 11)}
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
        generator = Choosing(0)
        kb.__dict__["generator"] = generator
        answer = kb.ask("When does the gate of the site open on workdays?")
    assert generator.constraints == []
    assert answer.origin == "quotes"
    assert "tiny" in answer.notes[0]


class Measured(Choosing):
    """A generator whose last run is known."""

    def __init__(self, prompt_tokens: int, seconds: float) -> None:
        super().__init__(0)
        self.name = "llamacpp:measured"
        self.last_run = Run("stop", prompt_tokens, 10, seconds, seconds)


def test_the_budget_of_a_prompt_follows_the_measured_speed() -> None:
    assert choose_budget(Measured(1, 1.0)) == UNMEASURED
    remember_speed(Measured(TELLING - 1, 0.001))  # too short to tell
    assert choose_budget(Measured(1, 1.0)) == UNMEASURED
    for speed, wanted in ((700, int(700 * SECONDS)), (1, LEAST), (10**6, MOST)):
        remember_speed(Measured(speed * 100, 100.0))
        assert choose_budget(Measured(1, 1.0)) == wanted
    short = Measured(1, 1.0)
    short.context_tokens = 2 * LEAST  # the rest is for what stands around the sources, and for the answer
    assert choose_budget(short) == LEAST


@pytest.mark.parametrize("content", ["", "[1]", '{"llamacpp:measured": "fast"}', "not json"])
def test_a_damaged_note_of_speeds_is_no_note(content: str) -> None:
    path = user_folder("cache") / "prompt-speed.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    assert choose_budget(Measured(1, 1.0)) == UNMEASURED


@pytest.mark.models
def test_the_bundled_model_states_what_was_asked(tmp_path: Path, bundled_models: dict[str, str]) -> None:
    files = {"travel.md": f"# Travel\n\n{TRAVEL}\n", "leave.md": "# Leave\n\nStaff get 20 days of leave per year.\n"}
    with rag.open(tmp_path / "kb", **bundled_models) as kb:
        kb.ingest([write_tree(tmp_path / "docs", files)])
        answer = kb.ask("How much is paid for hotels in Dublin?")
        assert answer.origin == "model"
        assert "140 euro" in answer.text
        for entry in (*answer.quotes, *answer.citations):
            assert kb.text(entry.path)[entry.start : entry.end] == entry.text
