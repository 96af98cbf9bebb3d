"""Texts over a model's limit: cut into windows of tokens, whose vectors are joined into one again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.embedders import unit_rows

if TYPE_CHECKING:
    from ingest.embedders import Vectors
    from ingest.models.embedding_families import Family

WORD_START = "\u2581"  # how the vocabularies of WordPiece and SentencePiece mark the begin of a word


def find_ends(bare: list[int], full: list[int]) -> tuple[list[int], list[int]]:
    """The tokens before and after `bare` in `full`: what a model puts around every text."""
    for start in range(len(full) - len(bare) + 1):
        end = start + len(bare)
        if full[start:end] == bare:
            return full[:start], full[end:]
    return [], []


def split_windows(head: Sequence[int], body: Sequence[int], tail: Sequence[int], limit: int) -> list[list[int]]:
    """`body` in equal parts, each between `head` and `tail`, none with more than `limit` tokens."""
    room = limit - len(head) - len(tail)
    parts = max(1, -(-len(body) // room))
    edges = [len(body) * part // parts for part in range(parts + 1)]
    return [[*head, *body[start:end], *tail] for start, end in pairwise(edges)]


def batch_windows(windows: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """The places of `windows`, shortest first, in batches of up to `size` that waste little on padding.

    A window is padded to the longest of its batch, so none is more than a quarter longer than the shortest there.
    """
    batch: list[int] = []
    for place in sorted(range(len(windows)), key=lambda place: len(windows[place])):
        if batch and (len(batch) == size or len(windows[place]) > 1.25 * len(windows[batch[0]])):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def join_windows(vectors: Vectors, counts: Sequence[Sequence[int]]) -> Vectors:
    """Unit rows (n, d), one a text: the mean of its windows' unit vectors, weighted by their tokens.

    `counts` has, for each text, the number of tokens of each of its windows, in the order of the rows of `vectors`.
    """
    import numpy as np

    if not counts:
        return vectors[:0]
    weights = np.fromiter((tokens for text in counts for tokens in text), np.float32)[:, None]
    starts = np.cumsum([0, *(len(text) for text in counts[:-1])])
    return unit_rows(np.add.reduceat(unit_rows(vectors) * weights, starts, axis=0))


def pool(states: Vectors, pooling: str) -> Vectors:
    """The vector (w,) that a model makes of those of its tokens (n, w); `pooling` is "mean", "cls" or "last"."""
    import numpy as np

    if not len(states):
        return np.zeros(states.shape[1], np.float32)
    rows = {"cls": states[:1], "last": states[-1:]}.get(pooling, states)
    return rows.mean(axis=0)  # type: ignore[no-any-return]


def join_tokens(pieces: Sequence[str], states: Vectors) -> tuple[tuple[str, ...], Vectors]:
    """The words of a text and their unit vectors (n, w), each the mean of its tokens' (`states`).

    A piece that begins with a blank, or the mark that vocabularies have for one, begins a word; an empty one is a token
    that the model puts around a text.
    """
    import numpy as np

    words: list[str] = []
    members: list[list[int]] = []
    open_word = False
    for place, piece in enumerate(pieces):
        bare = piece.lstrip(" " + WORD_START)
        if not bare:
            open_word = False
        elif open_word and bare == piece:
            words[-1] += bare
            members[-1].append(place)
        else:
            words.append(bare)
            members.append([place])
            open_word = True
    if not words:
        return (), np.zeros((0, states.shape[1]), np.float32)
    return tuple(words), unit_rows(np.stack([states[place].mean(axis=0) for place in members]))


def shorten(rows: Vectors, family: Family, dimension: int) -> Vectors:
    """Unit rows cut to `dimension` as the family's model card asks."""
    if rows.shape[1] == dimension:
        return rows
    if family.centred:
        rows = rows - rows.mean(axis=1, keepdims=True)
    return unit_rows(rows[:, :dimension])
