"""The word leg: textbook BM25 over our terms, up to date whatever the state of the derived folder."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus import harm, make_document, make_origin, store_document

from index.lexical import CONTEXT_BOOST, SHINGLE_BOOST, STAMP, TITLE_BOOST, WordIndex
from index.query import Query, read_query
from index.store import Store
from index.words import Words, read_words

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


def add(store: Store, path: str, text: str, title: str = "Zzz") -> None:
    document = make_document(text, title=title)
    store_document(store, make_origin(path), document)


def find(index: WordIndex, question: str, k: int = 10, documents: list[int] | None = None) -> list[int]:
    return [number for number, _ in index.search(read_query(question), k, documents)]


def bm25(bags: list[Counter[str]], asked: Counter[str], k1: float = 1.2, b: float = 0.75) -> list[float]:
    """Okapi BM25 as in Robertson & Zaragoza (2009), with the +1 in the logarithm that Lucene has."""
    mean = sum(sum(bag.values()) for bag in bags) / len(bags)
    scores = []
    for bag in bags:
        score = 0.0
        for term, times in asked.items():
            frequency = sum(term in other for other in bags)
            idf = math.log(1 + (len(bags) - frequency + 0.5) / (frequency + 0.5))
            tf = bag[term]
            score += times * idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * sum(bag.values()) / mean)) if tf else 0.0
        scores.append(score)
    return scores


def wanted_scores(texts: list[str], query: Query, names: tuple[str, ...] = ()) -> list[float]:
    """Terms, shingles and context of texts under the title "Zzz" in the files 0.md, 1.md …, each field by textbook."""
    above = [read_words(f"{number}\nZzz") for number in range(len(texts))]
    inside = [read_words(text) for text in texts]

    def field(get: Callable[[Words], tuple[str, ...]], asked: tuple[str, ...]) -> list[float]:
        bags = [Counter(get(a) + get(i)) for a, i in zip(above, inside, strict=True)]
        return bm25(bags, Counter(asked))

    titles = [Counter((*a.terms, "=zzz", f"={number}")) for number, a in enumerate(above)]
    legs = [
        (1.0, field(lambda words: words.terms, query.terms + names)),
        (SHINGLE_BOOST, field(lambda words: words.shingles, query.shingles)),
        (CONTEXT_BOOST, bm25(titles, Counter(query.terms + names))),
        (TITLE_BOOST, bm25(titles, Counter(set(query.titles)))),
    ]
    return [sum(boost * scores[i] for boost, scores in legs) for i in range(len(texts))]


QUESTIONS = ["fox", "fox at night", "ERR-4012", "有給休暇", "part AB-77 invoice", "is the lazy dog in zzz", "3"]


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("question", QUESTIONS)
def test_passages_score_as_textbook_bm25(tmp_path: Path, question: str, published: bool) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    if published:
        index.refresh()
    query = read_query(question)
    wanted = wanted_scores(TEXTS, query)
    found = dict(index.search(query, 10))
    assert {number - 1 for number in found} == {i for i, score in enumerate(wanted) if score > 0}
    assert all(score == pytest.approx(wanted[number - 1], rel=1e-5) for number, score in found.items())


@pytest.mark.parametrize("published", [False, True])
def test_documents_score_as_wholes(tmp_path: Path, published: bool) -> None:
    """Two chunks a document; the file's scores are those of its whole text, with statistics of files."""
    pairs = ["\n\n".join(TEXTS[i : i + 2]) for i in range(0, len(TEXTS), 2)]
    index = make_index(tmp_path / "kb", pairs)
    if published:
        index.refresh()
    query = read_query("Does the Fox hunt the dog?")
    assert query.names == ("fox",)
    wanted = wanted_scores(pairs, query, query.names)
    found = dict(index.search_files(query, 10))
    assert {number - 1 for number in found} == {i for i, score in enumerate(wanted) if score > 0}
    assert all(score == pytest.approx(wanted[number - 1], rel=1e-5) for number, score in found.items())


def test_more_than_there_is_may_be_asked_for(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    assert find(index, "fox", sys.maxsize) == find(index, "fox", len(TEXTS))
    assert find(make_index(tmp_path / "empty", []), "fox", sys.maxsize) == []


def test_a_changed_document_leaves_nothing_behind(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    index.refresh()
    add(index.store, "docs/0.md", "A wombat.")
    index.refresh()
    query = read_query("quick brown wombat")
    assert len(index.search(query, 10)) == len(index.search_files(query, 10)) == 1


def test_a_title_that_is_named_whole_comes_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "kb")
    add(store, "docs/a.md", "It orbits the sun in 88 days.", "Mercury (planet)")
    add(store, "docs/b.md", "It orbits the sun in 88 days.", "Mercury poisoning")
    assert find(WordIndex(store), "How long is a day on Mercury?")[0] == 1


def test_best_possible_is_what_full_marks_would_be(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    query = read_query("fox")
    frequency = index.frequency("fox")
    assert frequency == 3
    assert index.best_possible(query) == pytest.approx(2.2 * math.log(1 + (6 - 3 + 0.5) / 3.5))


def test_new_and_removed_chunks_are_seen_at_once(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    index.refresh()
    add(index.store, "docs/new.md", "A wombat.")
    assert find(index, "wombat", 5) == [len(TEXTS) + 1]
    index.store.delete(["docs/0.md"])
    index.refresh()
    assert 1 not in find(index, "fox")
    assert find(index, "wombat", 5) == [len(TEXTS) + 1]


def test_a_part_that_is_lost_while_the_index_is_open_is_made_up_for(tmp_path: Path) -> None:
    """Also after a search that had to look only at what is newer than the part."""
    index = make_index(tmp_path / "kb", TEXTS)
    wanted = find(index, "fox")
    index.refresh()
    add(index.store, "docs/new.md", "A wombat.")
    assert find(index, "wombat", 5) == [len(TEXTS) + 1]
    (tmp_path / "kb" / STAMP).unlink()
    assert find(index, "fox") == wanted


def test_a_restriction_holds_before_ranking(tmp_path: Path) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    index.refresh()
    full = find(index, "fox")
    assert find(index, "fox", documents=[1, 3]) == [n for n in full if n in (1, 3)]
    assert find(index, "fox", documents=[]) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "stamp"])
def test_a_damaged_part_is_not_used(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "kb"
    index = make_index(folder, TEXTS)
    wanted = find(index, "fox")
    index.refresh()
    part = max((path for path in (folder / "words").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    harm(part, folder / STAMP, damage)
    again = WordIndex(Store(folder))
    assert find(again, "fox") == wanted
    again.refresh()
    assert find(again, "fox") == wanted


@pytest.mark.parametrize("question", ["C++ AND (", 'a "b', "*", "field:x", "\\", "", "𠮷野家"])
def test_no_question_is_a_syntax_error(tmp_path: Path, question: str) -> None:
    index = make_index(tmp_path / "kb", TEXTS)
    assert isinstance(index.search(read_query(question), 5), list)
