"""Everything by which a source's sentence says less than a statement that leaves it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag.checking.degrees import other_degree
from rag.checking.heads import left_out_head
from rag.checking.hedges import left_out_hedge
from rag.checking.home import Home
from rag.checking.narrowing import left_out_narrowing
from rag.checking.opposites import other_force, other_joint, other_suffix, other_way
from rag.checking.parts import left_out_part
from rag.checking.provisos import added_exception, left_out_proviso
from rag.checking.times import ended_since, not_yet, stated_past
from rag.checking.tokens import Matches, Token


def list_limits(
    statement: str, said: Sequence[Token], matches: Matches, home: Home, follows: Mapping[int, int]
) -> Iterator[tuple[str, str]]:
    """Yield the reason's name and the words of each limit; `matches` are of each stated token in the sources."""
    home = home.part()
    keys = {s.key for s in said if not s.value}
    for name, words in (
        ("ended", ended_since(statement, home.sentence)),
        ("force", stated_past(statement, home.sentence)),
        ("hedge", not_yet(statement, home.sentence)),
        ("force", other_force(statement, home.sentence)),
        ("force", other_joint(statement, home.sentence)),
        ("way", other_way(statement, home.sentence)),
        ("way", other_degree(statement, said, home)),
        ("way", other_suffix(statement, home.sentence)),
        ("proviso", left_out_proviso(statement, keys, home)),
        ("exception", added_exception(statement, home)),
        ("hedge", left_out_hedge(statement, home)),
        ("narrowing", left_out_part(statement, said, matches, home)),
        ("narrowing", left_out_head(statement, said, keys, home, follows)),
        ("narrowing", left_out_narrowing(statement, keys, home)),
    ):
        if words:
            yield name, words
