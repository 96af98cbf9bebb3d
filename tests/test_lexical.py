"""The word leg: textbook BM25 over our terms, up to date whatever the state of the derived folder."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
from corpus import make_chunks, make_document, make_origin

from index.lexical import STAMP, WordIndex
from index.store import Store
from index.words import terms

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "A fox is a small animal. The fox hunts at night, and the fox sleeps by day.",
    "Dogs and foxes are related.",
    "Error ERR-4012 means that the hopper sensor gives no signal.",
    "有給休暇は入社日に10日付与する。",
    "The invoice for 1,000 units of part AB-77 is due on 3 March.",
]


def make_index(folder: Path, texts: list[str]) -> WordIndex:
    store = Store(folder)
    for number, text in enumerate(texts):
        add(store, f"docs/{number}.md", text)
    return WordIndex(store)


def add(store: Store, path: str, text: str) -> None:
    document = make_document(text, title="Zzz")
    chunks = make_chunks(document)
    store.replace(make_origin(path), document, chunks, [chunk.text for chunk in chunks])


def bm25(texts: list[str], question: str, k1: float = 1.2, b: float = 0.75) -> list[float]:
    """Okapi BM25 as in Robertson & Zaragoza (2009), with the +1 in the logarithm that Lucene has."""
    bags = [Counter(terms(text)) for text in texts]
    mean = sum(sum(bag.values()) for bag in bags) / len(bags)
    scores = []
    for bag in bags:
        score = 0.0
        for term, times in Counter(terms(question)).items():
            frequency = sum(term in other for other in bags)
            idf = math.log(1 + (len(bags) - frequency + 0.5) / (frequency + 0.5))
            tf = bag[term]
            score += times * idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * sum(bag.values()) / mean)) if tf else 0.0
        scores.append(score)
    return scores


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("question", ["fox", "fox at night", "ERR-4012", "有給休暇", "part AB-77 invoice"])
def test_body_scores_order_as_textbook_bm25(tmp_path: Path, question: str, published: bool) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    if published:
        index.refresh()
    wanted = bm25(TEXTS, question)
    order = sorted((i for i, score in enumerate(wanted) if score > 0), key=lambda i: -wanted[i])
    assert [number - 1 for number, _ in index.search(terms(question), 10)][: len(order)] == order


def test_new_and_removed_chunks_are_seen_at_once(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    index.refresh()
    add(index.store, "docs/new.md", "A wombat.")
    assert [n for n, _ in index.search(["wombat"], 5)] == [len(TEXTS) + 1]
    index.store.delete(["docs/0.md"])
    index.refresh()
    assert 1 not in [n for n, _ in index.search(["fox"], 10)]
    assert [n for n, _ in index.search(["wombat"], 5)] == [len(TEXTS) + 1]


def test_a_restriction_holds_before_ranking(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    index.refresh()
    full = [n for n, _ in index.search(["fox"], 10)]
    assert [n for n, _ in index.search(["fox"], 10, documents=[1, 3])] == [n for n in full if n in (1, 3)]
    assert index.search(["fox"], 10, documents=[]) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "stamp"])
def test_a_damaged_part_is_not_used(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "kb"
    index = make_index(folder, TEXTS)
    wanted = index.search(["fox"], 10)
    index.refresh()
    part = max((path for path in (folder / "words").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(part.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
    elif damage == "cut":
        part.write_bytes(data[: len(data) // 2])
    elif damage == "gone":
        part.unlink()
    else:
        (folder / STAMP).write_bytes(b"{}")
    again = WordIndex(Store(folder))
    assert [n for n, _ in again.search(["fox"], 10)] == [n for n, _ in wanted]
    again.refresh()
    assert [n for n, _ in again.search(["fox"], 10)] == [n for n, _ in wanted]


@pytest.mark.parametrize("question", ["C++ AND (", 'a "b', "*", "field:x", "\\", "", "𠮷野家"])
def test_no_question_is_a_syntax_error(tmp_path: Path, question: str) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    assert isinstance(index.search(terms(question), 5), list)
