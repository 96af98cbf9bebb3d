"""The shortest way of a statement through its source, held against trying every way."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from rag.checking.route import find_route

LINE = st.lists(st.floats(0.5, 25.0), min_size=1, max_size=7)  # from one token of the source to the next


@st.composite
def cases(
    draw: st.DrawFn,
) -> tuple[list[list[tuple[int, float]]], list[float], list[int], int]:
    steps = draw(LINE)
    line = [sum(steps[:i]) for i in range(len(steps))]
    sentences = sorted(draw(st.lists(st.integers(0, 2), min_size=len(line), max_size=len(line))))
    match = st.tuples(st.integers(0, len(line) - 1), st.sampled_from((1.0, 0.7, 0.4)))
    matches = st.lists(match, max_size=3, unique_by=lambda m: m[0])
    return draw(st.lists(matches, max_size=5)), line, sentences, draw(st.integers(0, 2))


@given(cases())
def test_no_other_way_is_shorter(case: tuple[list[list[tuple[int, float]]], list[float], list[int], int]) -> None:
    matches, line, sentences, home = case

    def cost(way: tuple[tuple[int, float], ...]) -> float:
        lengths = (min(40.0, abs(line[a] - line[b])) + 3.0 * (a == b) for (a, _), (b, _) in pairwise(way))
        begins = 1.0 * (sentences[way[0][0]] != home) if way else 0.0
        return sum(lengths) + begins + sum(2.0 * (1 - like) for _, like in way)

    met = [ms for ms in matches if ms]
    route = find_route(matches, line, sentences, home)
    assert len(route.places) == len(met)
    assert len(route.steps) == max(0, len(met) - 1)
    likes = [dict(ms) for ms in met]
    taken = tuple((j, like[j]) for j, like in zip(route.places, likes, strict=True))
    assert abs(cost(taken) - min(map(cost, product(*met)))) < 1e-6
    assert [(s.start, s.end) for s in route.steps] == list(pairwise(route.places))
    if route.longest:
        assert route.longest.length == max(s.length for s in route.steps)


def test_a_word_is_taken_where_its_neighbours_are() -> None:
    # "Bergen" opens the first sentence and stands beside "harbour" in the second.
    route = find_route([[(0, 1.0), (5, 1.0)], [(6, 1.0)]], [0.0, 1, 2, 3, 12, 13, 14], [0, 0, 0, 0, 1, 1, 1], 0)
    assert route.places == (5, 6)
    assert route.longest is not None
    assert route.longest.length == 1.0
