"""What a model is asked to write, by its size (`rag.sizes`).

A model of a few hundred million parameters does not write true sentences, even of two that hold the answer. But it can
tell which part of a sentence answers. So the smallest models choose: every run of clauses of the best quote that keeps
the question's words is a statement they may write, and nothing else is. Larger models write freely, with marks, and
inside quotation marks only what stands so in the sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.types import Quote
from index.words import stem, terms
from ingest.sentences import split_sentences
from rag.generators import Constraint, Generator
from rag.languages import language_of
from rag.other_case import is_other_case
from rag.prompt import build_choice, build_messages, fence
from rag.question import KINDS, STOP_WORDS, Question, leans_back, tells
from rag.quotes import lead_of
from rag.sizes import task_for

SURE = 0.7  # probability of the first quote, below which nothing is stated in its words
KEPT = 0.9  # of the question's words in the best sentence, weighed by rarity, that a run of clauses must keep
LONGEST = 40  # words of a statement
MOST = 24  # choices; the shortest are kept

# Where a sentence may be cut: at punctuation, not inside a number or a date, and before words that begin a clause; at
# "and" and its like only where a pronoun or a verb follows, because elsewhere they join the members of a list.
_AND = r"(?:and|but|or|so)\s+"
_GOES_ON = r"(?:it|they|he|she|we|this|there|is|are|was|were|ha[sd]|have|will|may|can|must|does|did)\b"
_CUT = re.compile(
    rf"[,;:]\s+(?!\d|{_AND}(?!{_GOES_ON}))|\s+[–—]\s+|\s+--\s+|\s*\((?=[^()]*\)\s*$)"
    r"|\s+(?=(?:while|which|who|whose|where|because|although|after|before|when)\b)"
    rf"|\s+(?={_AND}{_GOES_ON})"
)
_DEPENDS = re.compile(
    r"(?:which|who|whose|where|that|than|or|nor|is|are|was|were|ha[sd]|have|will|may|can|must)\b", re.I
)
_SUBORDINATE = re.compile(r"(?:because|although|after|before|when|while|if|since|as|until|unless)\b[^,]*$", re.I)
# What the cut before a clause leaves of "of which", "in which case".
_DANGLES = re.compile(r"\b(?:at|by|during|for|from|in|of|on|through|to|under|with)$")
_JOINS = re.compile(r"(?:and|but|while|so)\s+", re.I)
# Above a list, it denies what stands in its items: "The tenant shall not: (a) put up signs".
_DENIES = re.compile(r"\b(?:not|never|no|none|neither|cannot)\b|n't\b|ない|なく|ません|禁|不可", re.I)
SHORTEST = 4  # words of a statement, and of what may be cut off after it: less is a name, or a member of a list

# What has to be worked out is not stated by a sentence that only brings the figures.
_WORKED_OUT = frozenset(
    map(stem, ("average", "change", "combined", "decrease", "difference", "increase", "ratio", "sum", "total"))
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked, what binds it, and the quotes its statements are checked against."""

    messages: list[dict[str, str]]
    constraint: Constraint
    sources: list[Quote]


def request_answer(
    question: Question, quotes: Sequence[Quote], language: str, generator: Generator, budget: int
) -> Request | None:
    """The request for a model of this size; None when it could only guess."""
    task = task_for(generator.parameters)
    if task.way == "choose":
        first = quotes[0]
        sure = first.score >= SURE and not _DENIES.search(lead_of(first))
        choices = list_statements(question, first) if sure else []
        if not choices:
            return None
        messages = build_choice(question.text, fence(first), language)
        return Request(messages, Constraint(0, choices=tuple(choices)), [first])
    messages, sources = build_messages(
        question.text, quotes[: task.quotes], language, budget=budget, count_tokens=generator.count_tokens
    )
    return Request(messages, Constraint(len(sources), tuple(map(fence, sources))), sources)


def list_statements(question: Question, quote: Quote) -> list[str]:
    """Every run of clauses of the quote's sentences that may answer the question, as a sentence, shortest first."""
    every = [" ".join(quote.text[start:end].split()) for start, end in split_sentences(quote.text)]
    # A part of what is said of another case may leave out of which.
    sentences = [sentence for sentence in every if not is_other_case(question.text, sentence)]
    least = KEPT * max((question.share(terms(sentence)) for sentence in sentences), default=0.0)
    kinds = [kind for kind in KINDS if kind in question.kinds and tells(kind, quote.text, question)]
    found = [statement for sentence in sentences for statement in _runs(question, sentence, least, kinds)]
    return sorted(dict.fromkeys(found), key=len)[:MOST]


def _runs(question: Question, sentence: str, least: float, kinds: Sequence[str]) -> Iterator[str]:
    japanese = language_of(sentence) == "ja"
    cuts = [] if japanese else list(_CUT.finditer(sentence))
    begins = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(sentence)]
    for i, start in enumerate(begins):
        for end in ends[i:]:
            run = sentence[start:end].rstrip(" .,;:。")
            if start and (joined := _JOINS.match(run)):
                run = run[joined.end() :]
            if start and (_DEPENDS.match(run) or _is_member(run)):
                continue
            if end < len(sentence) and (_DANGLES.search(run) or _is_member(sentence[end:].lstrip(" ,;:"))):
                continue
            if _SUBORDINATE.match(run) or leans_back(run):
                continue
            if (japanese or SHORTEST <= len(run.split()) <= LONGEST) and _states(question, run, least, kinds):
                yield f"{run[0].upper()}{run[1:]}{'。' if japanese else '.'}"


def _is_member(text: str) -> bool:
    """Whether a text begins with a word or two between commas, as the members of a list are."""
    first = re.split(r"[,;:]", text, maxsplit=1)[0]
    return 0 < len(first.split()) < SHORTEST and not _DEPENDS.match(first)


def _states(question: Question, run: str, least: float, kinds: Sequence[str]) -> bool:
    """Whether a run of clauses keeps what the question is about and adds what it asks for."""
    if is_other_case(question.text, run):
        return False
    if "|" in run or run.count("(") != run.count(")") or run.count('"') % 2 or run.count("“") != run.count("”"):
        return False
    said = set(terms(run))
    new = said - question.terms - STOP_WORDS
    worked_out = question.terms & _WORKED_OUT <= said
    return (
        bool(new) and worked_out and question.share(said) >= least and all(tells(kind, run, question) for kind in kinds)
    )
