"""Is a statement borne out by its sources? Values, names, negation and comparison first, then wording.

supported      the wording stands together at one place of a source and nothing in it differs
contradicted   the source speaks of the same thing and gives another value or name, or says the opposite
unchecked      anything else: too far from the wording, another language, a sum
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.words import normalize
from rag.checking.alignment import align
from rag.checking.comparison import Comparison, Doubt
from rag.checking.confidence import confidence, confidence_by_reading, confidence_in_meaning, confidence_in_whole
from rag.checking.figures import list_figures
from rag.checking.framing import bare
from rag.checking.languages import is_japanese, of_one_language
from rag.checking.meaning import choose_sentences, list_meaning
from rag.checking.messages import reason
from rag.checking.readings import Readings
from rag.checking.tokens import tokens

Verdict = Literal["supported", "contradicted", "unchecked"]

_STOP = r"[.;!?。\n」』”]"  # what a sentence begins behind and ends with, in normalised text


# Below this share of its words in the sources a statement may be about something else; the model of `confidence` was
# fitted to statements of which nearly all words stand there, and knows nothing of others. Only what reads both can
# tell; below the second share hardly any of the statements that it is fitted to is true, and it is not asked.
LEAST_FOUND, LEAST_READ = 0.6, 0.4

# A difference contradicts only what runs along the source, with a break behind every second word at most: put in other
# words, "cannot be downloaded" may be what "downloads are blocked" says. `tests/bench/check.py --written` with all
# files but "heldout" prints .004 of the true and .032 of the false statements as contradicted by words alone; with 1.0,
# which is no bound, .011 and .041. Of those made by rule (`--part fit --source cited`) .003 and .407; with 1.0, .006
# and .422.
MOST_BREAKS = 0.5

IN_DOUBT = "in doubt"  # the figure for words that stand in no source, where the words alone would not support

LEAST_STATED = 3  # words, names and values: who, does, what


@dataclass(frozen=True, slots=True)
class Check:
    """What the sources say of a statement, with the reasons as short sentences in the statement's language."""

    verdict: Verdict
    reasons: tuple[str, ...]


def check(statement: str, sources: Sequence[str], readings: Readings | None = None) -> Check:
    """Return whether the sources bear out the statement, by values and words and, where those leave it open, meaning.

    `sources` are the quotes it cites, in any order, each with what is needed to understand it; those in another
    language than the statement are left aside. `readings` are those of an embedding model, and of one that reads the
    statement together with its source where that leaves it open: without them, or where the models cannot read the
    texts, words decide. They are never asked about what is contradicted, or in doubt for a value, a name, a deed or a
    denial; where a thing stands in the place of another, or the words are far, only what reads both together is.
    """
    stated = bare(normalize(statement))
    readable = [text for source in sources if of_one_language(stated, text := normalize(source))]
    text = "\n\n".join(readable)
    said, stands = tokens(stated), tokens(text)
    if not said or not any(source.strip() for source in sources):
        return Check("unchecked", (reason("empty", stated),))
    if not stands:
        return Check("unchecked", (reason("language", stated),))
    if _verbatim(stated, text):
        return Check("supported", (reason("verbatim", stated),))
    comparison = Comparison(stated, said, stands, text)
    doubts = list(comparison.doubts())
    against = tuple(dict.fromkeys(d.reason for d in doubts if d.contradicts))
    if against:
        breaks = len(said) - 1 - comparison.in_a_row
        return Check("contradicted" if breaks <= MOST_BREAKS * len(said) else "unchecked", against)
    reasons = tuple(dict.fromkeys(d.reason for d in doubts)) or (reason("far", stated),)
    if not all(d.wording or d.thing for d in doubts):
        return Check("unchecked", reasons)
    if len(said) == 1 and not (said[0].value or said[0].name):  # it is not known what is said of it
        return Check("unchecked", reasons)
    if not doubts and comparison.only_shortened():
        return Check("supported", (reason("covered", stated),))
    if comparison.alignment.found < LEAST_READ:
        return Check("unchecked", reasons)
    borne_out_by = _weigh(comparison, doubts, readings)
    return Check("supported", (reason(borne_out_by, stated),)) if borne_out_by else Check("unchecked", reasons)


def _weigh(comparison: Comparison, doubts: Sequence[Doubt], readings: Readings | None) -> str:
    """What bears a statement out that stands in the source in other words: "covered", "near", or "" for nothing.

    Where there are `doubts`, words of it stand in no source: then words alone bear nothing out.
    """
    language, in_doubt = "ja" if is_japanese(comparison.statement) else "en", bool(doubts)

    def read_together() -> float | None:
        return readings.judge(comparison.statement, nearest(comparison)) if readings else None

    if comparison.alignment.found < LEAST_FOUND or any(d.thing for d in doubts):
        by_reading = confidence_by_reading(language, read_together)
        return "near" if by_reading is not None and by_reading >= 0 else ""
    figures = list_figures(comparison)
    by_words = confidence(figures, language)
    if readings is not None:
        by_meaning = confidence_in_meaning(
            {**figures, IN_DOUBT: float(in_doubt)},
            language,
            min(by_words, 0.0) if in_doubt else by_words,  # never so sure that the model is not asked
            lambda: list_meaning(comparison, readings),
        )
        if by_meaning is not None:
            by_whole = confidence_in_whole(by_meaning, language, read_together)
            return "near" if (by_meaning if by_whole is None else by_whole) >= 0 else ""
    return "covered" if by_words >= 0 and not in_doubt else ""


def nearest(comparison: Comparison) -> str:
    """Return what the reader reads: the sentences of the sources that are nearest to the statement, in their order."""
    spans = comparison.spans
    return " ".join(comparison.text[slice(*spans[k])].strip() for k in sorted(choose_sentences(comparison)))


def says_little(statement: str) -> bool:
    """Return whether a text is too short to state anything by itself: a name, a date, an amount."""
    return len(tokens(normalize(statement))) < LEAST_STATED


def stands_in(statement: str, source: str) -> bool:
    """Return whether a text says anything, and each word, name and value of it, or one like it, stands in a source."""
    said, text = tokens(normalize(statement)), normalize(source)
    return bool(said) and all(align(said, tokens(text), text).matches)


def _verbatim(stated: str, text: str) -> bool:
    """Whether the statement is a whole sentence or clause of the source, white space and letter case aside."""
    words = r"\s+".join(re.escape(word) for word in re.sub(r"[.。!\s]+$", "", stated).split())
    return re.search(rf"(?:^|{_STOP}\s*){words}(?=$|\s*{_STOP}(?!\d))", text, re.I | re.M) is not None
