"""The order in which the pieces of a page are read: columns, vertical writing, tables."""

from __future__ import annotations

import pytest

from ingest.pages.page_lines import VERTICAL, Piece, join_lines, turn_box
from ingest.pages.reading_order import order_pieces, sort_pieces


def vertical_line(text: str, x: float, top: float, size: float = 10) -> list[Piece]:
    """Characters below each other, as programs draw them one by one."""
    return [Piece(char, x, top - size * (n + 1), x + size, top - size * n, size) for n, char in enumerate(text)]


def test_vertical_writing_is_read_in_columns_from_the_right() -> None:
    first, second = (
        vertical_line("従業員は年次有給休暇を取る", 500, 700),
        vertical_line("休暇は六月末に失効する。", 480, 700),
    )
    ordered = order_pieces(second + first)
    assert "".join(piece.text for piece in ordered) == "従業員は年次有給休暇を取る休暇は六月末に失効する。"
    assert all(piece.turn == VERTICAL for piece in ordered)


def test_vertical_writing_in_two_bands_is_read_band_by_band() -> None:
    upper = [vertical_line(f"上の段の第{number}行にはこう書いてある", 500 - 20 * number, 700) for number in range(4)]
    lower = [vertical_line(f"下の段の第{number}行にはこう書いてある", 500 - 20 * number, 500) for number in range(4)]
    mixed = [piece for pair in zip(lower, upper, strict=True) for line in pair for piece in line]
    text = "".join(piece.text for piece in order_pieces(mixed))
    assert text == "".join(f"{band}の段の第{number}行にはこう書いてある" for band in "上下" for number in range(4))


def test_ticks_in_a_column_of_a_table_stay_where_they_are() -> None:
    pieces = [Piece("有", 100, 700 - 20 * n, 110, 710 - 20 * n, 10) for n in range(5)]
    assert order_pieces(pieces) == pieces


def test_a_headline_over_two_columns_comes_first() -> None:
    def line(text: str, x: float, y: float) -> Piece:
        return Piece(text, x, y, x + 200, y + 10, 10)

    left = [line(f"left column, line {number}", 50, 700 - 14 * number) for number in range(5)]
    right = [line(f"right column, line {number}", 300, 700 - 14 * number) for number in range(5)]
    head = Piece("A headline over both", 50, 760, 500, 780, 20)
    assert sort_pieces([*right, head, *reversed(left)]) == [head, *left, *right]


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_turning_a_box_keeps_its_size(angle: int) -> None:
    x0, y0, x1, y1 = turn_box((10, 20, 110, 32), angle)
    assert x0 < x1 and y0 < y1
    assert sorted((x1 - x0, y1 - y0)) == [12, 100]
    assert ((x1 - x0) > (y1 - y0)) is (angle in (0, 180))


def test_words_that_run_to_the_left_stay_apart() -> None:
    first, second = Piece("שלום", 100, 0, 130, 10, 10), Piece("עולם", 70, 0, 97, 10, 10)
    (line,) = join_lines([first, second])
    assert line.text == "שלום עולם"


def test_a_word_in_pieces_that_run_to_the_left_stays_one() -> None:
    pieces = [Piece("של", 115, 0, 130, 10, 10), Piece("ו", 110, 0, 115, 10, 10), Piece("ם", 100, 0, 110, 10, 10)]
    (line,) = join_lines([*pieces, Piece("עולם", 70, 0, 97, 10, 10)])
    assert line.text == "שלום עולם"
    assert (line.x0, line.x1) == (70, 130)
