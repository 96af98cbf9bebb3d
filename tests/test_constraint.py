"""What a model may write, byte by byte, and what of it may be shown while it is written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.decoding.constraint import Automaton, State
from rag.decoding.text_stream import TokenText

# ------------------------------------------------------------------------------------------------ the constraint


def allows(automaton: Automaton, text: str) -> bool:
    """Whether `text` may be written and may end there."""
    state = automaton.advance(State(), text.encode())
    return state is not None and state.may_end


AUTOMATON = Automaton(12, ["Staff get 20 days of annual leave.", "年次有給休暇は20日です。", 'He said "stop" twice.'])


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, 5 > 3.",
        "They get 20 days [1].",
        "Both [1][12].",
        'It says "20 days".',
        'It says "Staff get 20 days of annual leave." [1]',
        "“annual leave”",
        "規程には「年次有給休暇」とあります[2]。",
        "「有給休暇は20日」",
        'A 5" pipe and a 7" pipe.',
    ],
)
def test_what_the_sources_hold_may_be_written(text: str) -> None:
    assert allows(AUTOMATON, text)


@pytest.mark.parametrize(
    "text",
    [
        "They get 20 days [0].",
        "They get 20 days [13].",
        "They get 20 days [01].",
        "They get 20 days [].",
        "They get 20 days [a].",
        "They get 20 days [1",
        'It says "30 days".',
        'It says "20 day".',
        'It says "0 days".',
        'It says "".',
        'It says "20 days',
        "「三十日」",
        "「」",
        'It says "days 20".',
        'It says "leave. 年次".',
    ],
)
def test_what_they_do_not_hold_may_not(text: str) -> None:
    assert not allows(AUTOMATON, text)


def test_without_sources_there_are_no_marks_and_no_quotations() -> None:
    nothing = Automaton(0, ())
    assert allows(nothing, "plain words")
    assert not allows(nothing, "[1]")
    assert not allows(nothing, '"words"')


@given(st.integers(1, 30), st.integers(-5, 40))
def test_marks_are_the_numbers_of_the_sources(citations: int, number: int) -> None:
    assert allows(Automaton(citations, ()), f"x [{number}]") == (1 <= number <= citations)


@given(st.lists(st.text("ab 。日本", min_size=1, max_size=12), max_size=3), st.text("ab 。日本", max_size=8))
def test_a_quotation_stands_in_a_source_word_for_word(sources: list[str], quoted: str) -> None:
    def is_word(character: str) -> bool:
        return character.isalnum() and character < "\u2e80"

    def stands(source: str) -> bool:
        padded = f" {' '.join(source.split())} "
        for match in re.finditer(f"(?={re.escape(quoted)})", padded):
            before, after = padded[match.start() - 1 : match.start()], padded[match.start() + len(quoted) :][:1]
            if not (is_word(before) and is_word(quoted[0])) and not (is_word(quoted[-1]) and is_word(after)):
                return True
        return False

    expected = bool(quoted) and quoted == quoted.strip(" ") and any(stands(source) for source in sources)
    assert allows(Automaton(0, sources), f"「{quoted}」") == expected


@given(st.text('ab [12]"「」日', max_size=12), st.data())
def test_where_a_token_ends_does_not_matter(text: str, data: st.DataObject) -> None:
    automaton = Automaton(2, ["ab 日 ab", "b a"])
    written = text.encode()
    cut = data.draw(st.integers(0, len(written)))
    half = automaton.advance(State(), written[:cut])
    assert (automaton.advance(half, written[cut:]) if half else None) == automaton.advance(State(), written)


# ------------------------------------------------------------------------------------------------ streaming


@given(st.text(max_size=30), st.lists(st.text("ab日", min_size=1, max_size=3), max_size=3), st.data())
def test_streaming_in_any_pieces_gives_the_text_up_to_the_stop(
    text: str, stops: list[str], data: st.DataObject
) -> None:
    content = text.encode("utf-8", "replace")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=5)))
    writer = TokenText(stops)
    shown, stopped = "", False
    for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        part, stopped = writer.add(content[start:end])
        shown += part
        if stopped:
            break
    shown += writer.rest()
    whole = content.decode()
    ends = [(whole.find(stop) + len(stop), whole.find(stop)) for stop in stops if stop in whole]
    assert stopped == bool(ends)
    assert shown == (whole[: min(ends)[1]] if ends else whole)
