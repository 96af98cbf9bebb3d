"""Questions made from the documents themselves.

No model writes them. Headings ask for what stands under them, definitions for themselves, table rows for a cell, and
where a passage has none of these, its rarest words ask for it. They share words with what they look for, which real
questions do less, so figures from them are an upper bound; whole sentences as questions would favour the lexical leg
still more and are not used.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, TypeVar

from index.characters import normalize
from index.errors import UsageError
from index.types import Kind, Passage
from index.words import split_words, terms
from ingest.sentences import split_sentences
from rag.evaluation.questions import JudgedQuestion, Target, paths_without, question_id
from rag.languages import language_of
from rag.question import STOP_WORDS
from rag.table_cells import split_cells

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

PER_LANGUAGE = 100  # questions: a share of 0.9 is then known to about ±0.06
MOST_TARGETS = 3  # a question that asks for more places than this ("Overview") asks for nothing in particular
RARE_WORDS = 3  # of a passage without heading: two are often met elsewhere, four are the passage again
LONGEST_SUBJECT = 60  # characters; a longer "heading" is a sentence
SHORTEST_SECTION = 20  # characters; below it nothing is said under a heading
CHANCE = 10  # best passages elsewhere that are looked at for the words of a question that should not be answered

_Entry = TypeVar("_Entry")

_NUMBERING = re.compile(
    r"\s*(?:第\s*[0-9一二三四五六七八九十百]+\s*[章節条編項款](?:の[0-9一二三四五六七八九十]+)?"
    r"|(?:appendix|annex|chapter|section|article)\s+[0-9A-Z]{1,4}(?:\.[0-9]+)*\b[.:)]?"
    r"|\(?[0-9]{1,3}(?:[.\-][0-9]{1,3})*[.)、:]?(?=\s|[^\x00-\x7f])|\(?[A-Za-z][.)]\s|[IVX]{1,5}[.)]\s|[■●◆○・§*#]+)\s*",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"[(「『【]([^()「」『』【】]+)[)」』】]\s*")
_DEFINITION = {
    "en": re.compile(
        r"(?P<article>An? |The )?(?P<subject>\w[\w'’&/-]*(?: [\w'’&/()-]+){0,4}?) (?P<verb>is|are) "
        r"(?:an?|the|any|one) \w"
    ),
    "ja": re.compile(
        r"(?:一般に|ここで|なお|また)?、?[「『]?(?P<subject>[^\W_][^\s、。;:；：「」『』はをが]{0,19})[」』]?とは、"
    ),
}
# Words that no name of a thing begins with, and words that none holds: "the main reason for this shift".
_NO_BEGINNING = re.compile(
    r"(?:it|he|she|they|there|here|what|who|each|all|one|another|if|when|while|as|at|by|for|from|in|of|on|to|with"
    r"|between|among|after|before|under|over|since|during|although|because|added|but|and|or|so|not)\b",
    re.IGNORECASE,
)
_NOT_INSIDE = re.compile(r"\b(?:is|are|was|were|be|has|have|this|that|these|those|which|its|their|his|her|our)\b", re.I)
_JAPANESE_WORD = re.compile(r"[\u30a1-\u30ff]{3,}|[\u3400-\u9fff]{2,8}")
_ABOUT = {"en": "Tell me about {subject}", "ja": "{subject}について教えてください"}
_ABOUT_IN = {"en": "Tell me about {subject} in {title}", "ja": "{title}の{subject}について教えてください"}
_CELL = {"en": "What is the {column} of {subject}?", "ja": "{subject}の{column}は何ですか？"}
_CELL_IN = {"en": "In {title}, what is the {column} of {subject}?", "ja": "{title}で、{subject}の{column}は何ですか？"}


@dataclass(frozen=True, slots=True)
class _Idea:
    """A question before it is known whether the same is asked of other documents; `whole` names the document too."""

    kind: str
    language: str
    subject: str
    text: str
    whole: str
    target: Target


def make_questions(kb: KnowledgeBase, limit: int = PER_LANGUAGE) -> list[JudgedQuestion]:
    """Make up to `limit` questions a language, and up to half as many with their documents left out.

    Which ones depends on their words alone: documents that come or go leave most of the others as they were. Raises
    UsageError when the documents give none.
    """
    ideas: list[_Idea] = []
    bare: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for path, passages in groupby(kb.index.store.each_passage(), lambda passage: passage.path):
        for idea in _ideas(list(passages)):
            if isinstance(idea, _Idea):
                ideas.append(idea)
            else:
                chance = question_id(f"{path}:{idea.chunk.start}", "words")
                bare[language_of(idea.chunk.text)].append((path, chance, idea.id))
    for found in bare.values():
        # Rare words cost looks into the index, so only as many passages are looked at as may be asked for.
        chosen = _spread(found, lambda entry: entry[:2])[: 2 * limit]
        for passage in kb.index.store.passages([number for _, _, number in chosen]).values():
            ideas += _rare_words(passage, kb)
    made: list[JudgedQuestion] = []
    for language in sorted({idea.language for idea in ideas}):
        judged = _judge(idea for idea in ideas if idea.language == language)
        asked = _spread(judged, lambda entry: (entry[0].targets[0].path, entry[0].id))[:limit]
        withheld = (_withhold(question, subject, kb) for question, subject in asked)
        made += [question for question, _ in asked]
        made += islice((question for question in withheld if question), (len(asked) + 1) // 2)
    if not made:
        raise UsageError("Nothing in these documents can be made a question of.", "Give your own with --questions.")
    return made


# ---------------------------------------------------------------- ideas of one document


def _ideas(passages: Sequence[Passage]) -> Iterator[_Idea | Passage]:
    """What one document can be asked, and its passages that only their words can ask for."""
    title = bare_heading(passages[0].title)
    for heading, group in groupby(passages, lambda passage: passage.chunk.heading):
        section = list(group)
        body = " ".join(passage.chunk.text for passage in section)
        subject = bare_heading(heading[-1]) if heading else ""
        if subject and normalize(subject) != normalize(title) and len(body) >= SHORTEST_SECTION:
            target = Target(section[0].path, section[0].chunk.start, section[-1].chunk.end)
            yield _about(subject, title, language_of(body), "heading", target)
        else:
            yield from (passage for passage in section if _is_prose(passage))
        for passage in section:
            yield from _definitions(passage, title)
            yield from _cells(passage, title)


def bare_heading(heading: str) -> str:
    """A heading without its number (3.2 Annual leave → Annual leave, 第5条（休暇）→ 休暇); "" if that says nothing."""
    text = " ".join(normalize(heading).split())
    while (number := _NUMBERING.match(text)) and number.end():
        text = text[number.end() :]
    if bracketed := _IN_BRACKETS.fullmatch(text):
        text = bracketed[1]
    text = text.strip(" .:、。|｜")
    telling = [term for term in terms(text) if term not in STOP_WORDS and not term.isdecimal()]
    return text if telling and len(text) <= LONGEST_SUBJECT and len(text) > 1 else ""


def _about(subject: str, title: str, language: str, kind: str, target: Target) -> _Idea:
    text = _ABOUT[language].format(subject=subject)
    whole = _ABOUT_IN[language].format(subject=subject, title=title) if title else text
    return _Idea(kind, language, subject, text, whole, target)


def _definitions(passage: Passage, title: str) -> Iterator[_Idea]:
    """ "X is a …" asks "What is X?", Xとは… asks Xとは何ですか？"""
    chunk = passage.chunk
    for block in chunk.blocks:
        if block.kind not in (Kind.TEXT, Kind.ITEM):
            continue
        for start, end in split_sentences(chunk.text, block.start - chunk.start, block.end - chunk.start):
            sentence = chunk.text[start:end]
            language = language_of(sentence)
            found = _DEFINITION[language].match(sentence)
            subject = bare_heading(found["subject"]) if found else ""
            if not found or not subject or _NO_BEGINNING.match(subject) or _NOT_INSIDE.search(subject):
                continue
            if language == "en":
                text = f"What {found['verb']} {(found['article'] or '').lower()}{subject}?"
                whole = f"In {title}, w{text[1:]}"
            else:
                text = f"{subject}とは何ですか？"
                whole = f"{title}で、{text}"
            target = Target(passage.path, chunk.start + start, chunk.start + end)
            yield _Idea("definition", language, subject, text, whole if title else text, target)


def _cells(passage: Passage, title: str) -> Iterator[_Idea]:
    """A table row asks for one of its cells, by its first cell and the column's name."""
    chunk = passage.chunk
    columns = _cells_of(chunk.context[-1].text) if chunk.context else []
    for block in chunk.blocks:
        cells = _cells_of(chunk.text[block.start - chunk.start : block.end - chunk.start])
        if block.kind is Kind.HEADER:
            columns = cells
        if block.kind is not Kind.ROW or len(cells) < 2 or len(cells) != len(columns):
            continue
        # The cell that is asked for is drawn by the row's words, so that not every row asks for its second.
        number = 1 + int(question_id(" ".join(cells), "cell"), 16) % (len(cells) - 1)
        row, column = bare_heading(cells[0]), bare_heading(columns[number])
        if not row or not column or not cells[number]:
            continue
        language = language_of(f"{row} {column}")
        subject = f"{row} {column}"
        text = _CELL[language].format(subject=row, column=column)
        whole = _CELL_IN[language].format(subject=row, column=column, title=title) if title else text
        yield _Idea("cell", language, subject, text, whole, Target(passage.path, block.start, block.end))


def _cells_of(row: str) -> list[str]:
    return split_cells(row) if "\n" not in row else []


def _rare_words(passage: Passage, kb: KnowledgeBase) -> Iterator[_Idea]:
    """A passage without a heading of its own is asked for by its rarest words, the rarest first."""
    chunk = passage.chunk
    language = language_of(chunk.text)
    words = _japanese_words(chunk.text) if language == "ja" else _plain_words(chunk.text)
    rare = sorted(set(words), key=lambda word: (kb.index.words.frequency(terms(word)[0]), word))[:RARE_WORDS]
    if len(rare) == RARE_WORDS:
        subject = "と".join(rare) if language == "ja" else f"{', '.join(rare[:-1])} and {rare[-1]}"
        title = bare_heading(passage.title)
        yield _about(subject, title, language, "words", Target(passage.path, chunk.start, chunk.end))


def _is_prose(passage: Passage) -> bool:
    return any(block.kind in (Kind.TEXT, Kind.ITEM) for block in passage.chunk.blocks)


def _japanese_words(text: str) -> list[str]:
    return [word for word in _JAPANESE_WORD.findall(text) if terms(word)]  # "・・・" is none


def _plain_words(text: str) -> list[str]:
    found = [word for word in split_words(text) if word.isalpha() and len(word) > 3]
    return [word for word in found if terms(word) and terms(word)[0] not in STOP_WORDS]


# ---------------------------------------------------------------- from ideas to questions


def _judge(ideas: Iterable[_Idea]) -> list[tuple[JudgedQuestion, str]]:
    """Equal questions become one with all their places; what several documents are asked names its document."""
    by_text: dict[str, list[_Idea]] = defaultdict(list)
    for idea in ideas:
        by_text[normalize(idea.text)].append(idea)
    judged: list[tuple[JudgedQuestion, str]] = []
    for same in by_text.values():
        if len({idea.target.path for idea in same}) == 1:
            judged += _merge(same, lambda idea: idea.text)
            continue
        by_whole: dict[str, list[_Idea]] = defaultdict(list)
        for idea in same:
            by_whole[normalize(idea.whole)].append(idea)
        for group in by_whole.values():
            judged += _merge(group, lambda idea: idea.whole)
    return judged


def _merge(same: Sequence[_Idea], wording: Callable[[_Idea], str]) -> Iterator[tuple[JudgedQuestion, str]]:
    targets = tuple(dict.fromkeys(idea.target for idea in same))
    if len(targets) <= MOST_TARGETS:
        first, text = same[0], wording(same[0])
        question = JudgedQuestion(question_id(text, first.kind), text, first.language, first.kind, targets=targets)
        yield question, first.subject


def _spread(entries: Iterable[_Entry], key: Callable[[_Entry], tuple[str, str]]) -> list[_Entry]:
    """In an order of chance that only their words decide, every document's first before any document's second.

    `key` gives the document's path and the chance.
    """
    seen: Counter[str] = Counter()
    order: list[tuple[int, str, _Entry]] = []
    for entry in sorted(entries, key=lambda entry: key(entry)[1]):
        path, chance = key(entry)
        order.append((seen[path], chance, entry))
        seen[path] += 1
    return [entry for _, _, entry in sorted(order, key=lambda item: item[:2])]


def _withhold(question: JudgedQuestion, subject: str, kb: KnowledgeBase) -> JudgedQuestion | None:
    """The same question to the other documents; None where one of them may answer it too."""
    without = tuple(dict.fromkeys(target.path for target in question.targets))
    others = paths_without(kb, without)
    wanted = set(terms(subject)) - STOP_WORDS
    if not others:
        return None
    for hit in kb.search(subject, k=CHANCE, mode="lexical", within=others):
        if wanted <= set(terms(" ".join((*hit.heading, hit.text)))):
            return None
    kind = "withheld"
    return replace(
        question, id=question_id(question.text, kind), kind=kind, answerable=False, targets=(), without=without
    )
