"""A prompt in parts, and what two of them share."""

from __future__ import annotations

from itertools import takewhile

from hypothesis import given
from hypothesis import strategies as st

from rag.decoding.parts import Part, count_shared, part_prompt

BREAK = 10
TOKENS = st.lists(st.integers(BREAK, BREAK + 3), max_size=6)


def piece(token: int) -> bytes:
    return b".\n" if token == BREAK else b"word"


def test_the_question_stands_behind_the_last_line_break() -> None:
    assert part_prompt([1, 2], [11, BREAK, 12, BREAK, 13], [3], piece) == [[1, 2], [11, BREAK, 12, BREAK], [13, 3]]
    assert part_prompt([1, 2], [11, 12], [3], piece) == [[1, 2], [11, 12, 3]]
    assert part_prompt([1, 2], [], [], piece) == [[1], [2]]


@given(TOKENS, TOKENS, TOKENS)
def test_parts_are_the_whole_prompt_in_order_and_never_empty(begin: Part, text: Part, end: Part) -> None:
    whole = [*begin, *text, *end]
    parts = part_prompt(begin, text, end, piece)
    assert [token for part in parts for token in part] == whole
    assert all(parts)
    if begin and len(whole) > 1:
        assert len(parts) >= 2


@given(st.lists(TOKENS, max_size=4), st.lists(TOKENS, min_size=1, max_size=4))
def test_what_is_shared_stands_at_the_head_of_both(kept: list[Part], wanted: list[Part]) -> None:
    same = count_shared(kept, wanted)
    head = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(kept, wanted, strict=False))))
    if kept == wanted:
        assert same == len(wanted)
    else:
        assert same == min(head, len(wanted) - 1) or (head == len(kept) == same)


def test_a_prompt_that_another_one_began_with_is_not_read_whole() -> None:
    assert count_shared([[1], [2], [3]], [[1], [2]]) == 1
    assert count_shared([[1], [2]], [[1], [2], [3]]) == 2
    assert count_shared([[1], [2]], [[1], [2]]) == 2
