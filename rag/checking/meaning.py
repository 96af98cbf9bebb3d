"""What an embedding model adds to a comparison: how near the words of a statement stand to those of its sources.

A word's vector is the model's for it where it stands, so that "began" is near to "started", and a name beside its own
deed nearer to itself than beside another's. Models differ in how near they hold any two words: one has 0.1 between
strangers, another 0.9. So no cosine counts by itself, only by how many standard deviations it lies above those between
words of this statement and this source that are not the same.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.checking.comparison import Comparison
from rag.checking.readings import Readings
from rag.checking.tokens import Token

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ingest.embedders import Reading

    Rows = NDArray[np.float32]

# Of the sources: the nearest and where else the statement's words stand. Reading them is what the check costs.
SENTENCES = 3
_STRANGERS = 4  # cosines of strangers from which their spread is known
_LEAST_SPREAD = 1e-3  # of cosines; where a model holds all strangers alike, its figures are not blown up further
# Standard deviations, beyond which it makes no difference how many; the most also where there is nothing to compare.
_LEAST, _MOST = -4.0, 10.0
_ALIKE = 4.0  # standard deviations from which another word says the same
_WANTING = 12.0  # of them wanting in all, from which it makes no difference how many
_BESIDE = 3  # tokens before and after a statement's way through its source that still belong to it
_AHEAD = 40  # characters in which a word of the model must be found again; it may write one otherwise


def list_meaning(comparison: Comparison, readings: Readings) -> dict[str, float] | None:
    """Return the figures by name, each between 0 and 1; None where the model cannot read the two texts."""
    import numpy as np

    statement, spans = comparison.statement, comparison.spans
    looked = choose_sentences(comparison)
    texts = [comparison.text[slice(*spans[k])] for k in looked]
    found = readings.read([statement, *texts])
    if found is None:
        return None
    said = _vectors(comparison.said, statement, 0, found[0])
    stands: dict[int, Rows] = {}
    for k, text, reading in zip(looked, texts, found[1:], strict=True):
        here = {j: t for j, t in enumerate(comparison.stands) if t.sentence == k}
        rows = _vectors(list(here.values()), text, spans[k][0], reading)
        stands.update((j, rows[n]) for n, j in enumerate(here) if n in rows)
    if not said or not stands:
        return None
    stated, sourced = list(said), list(stands)
    cosines = np.stack([said[i] for i in stated]) @ np.stack([stands[j] for j in sourced]).T
    matches = [{j for j, _ in comparison.alignment.matches[i]} for i in stated]
    same = np.array([[j in ms for j in sourced] for ms in matches])
    strangers = cosines[~same]
    if len(strangers) < _STRANGERS:
        return None
    typical, spread = float(strangers.mean()), max(float(strangers.std()), _LEAST_SPREAD)
    return _compare((cosines - typical) / spread, same, sourced, comparison)


def choose_sentences(comparison: Comparison) -> list[int]:
    """The nearest sentence first, then those that the way of the statement leads through, then its neighbours."""
    home = comparison.alignment.sentence
    met = Counter(comparison.stands[j].sentence for j in comparison.alignment.route.places)
    around = [k for k in (home - 1, home + 1) if 0 <= k < len(comparison.spans)]
    return list(dict.fromkeys([home, *(k for k, _ in met.most_common()), *around]))[:SENTENCES]


def _compare(z: Rows, same: NDArray[np.bool_], sourced: Sequence[int], comparison: Comparison) -> dict[str, float]:
    """The figures; `z`, in standard deviations, has a row for each token stated and a column for each one sourced."""
    home = [n for n, j in enumerate(sourced) if comparison.stands[j].sentence == comparison.alignment.sentence]
    left = [n for n in range(len(sourced)) if not same[:, n].any()]
    route = comparison.alignment.route.places
    first, last = min(route, default=0) - _BESIDE, max(route, default=0) + _BESIDE
    itself, apart, other, astray = [], [], [], []
    for row, own in zip(z, same, strict=True):
        if own.any():
            itself.append(float(row[own].max()))
            apart.append(itself[-1] - float(row[left].max(initial=0.0)))
        else:
            other.append(float(row.max()))
            astray.append(not first <= sourced[int(row.argmax())] <= last)
    near = [float(row[home].max(initial=_LEAST)) for row in z]
    return {
        "itself least": _scale(min(itself, default=0.0)),
        "apart least": _scale(min(apart, default=0.0)),
        "other": _scale(_mean(other, _MOST)),
        "other least": _scale(min(other, default=_MOST)),
        "wanting": min(sum(max(0.0, _ALIKE - figure) for figure in other), _WANTING) / _WANTING,
        "astray": _mean(astray, 0.0),
        "home": _scale(_mean(near, 0.0)),
        "home least": _scale(min(near)),
        "home last": _scale(near[-1]),
        "left most": _scale(max((float(z[:, n].max()) for n in left if n in home), default=0.0)),
    }


def _scale(figure: float) -> float:
    return (min(max(figure, _LEAST), _MOST) - _LEAST) / (_MOST - _LEAST)


def _mean(figures: Sequence[float | bool], default: float) -> float:
    return sum(figures) / len(figures) if figures else default


def _vectors(tokens: Sequence[Token], text: str, start: int, reading: Reading) -> dict[int, Rows]:
    """A unit vector for each token of `text` that the model has words for; `text` begins at `start` of the tokens'."""
    import numpy as np

    ranges = find_words(reading.words, text)
    found = {}
    for n, token in enumerate(tokens):
        a, b = token.start - start, token.end - start
        if within := [w for w, r in enumerate(ranges) if r and r[0] < b and r[1] > a]:
            mean = reading.vectors[within].mean(axis=0)
            if length := float(np.linalg.norm(mean)):
                found[n] = mean / length
    return found


def find_words(words: Sequence[str], text: str) -> list[tuple[int, int] | None]:
    """Return where each word of a model's reading stands in the text; None for one it writes in another way."""
    folded = _fold(text)
    found: list[tuple[int, int] | None] = []
    at = 0
    for word in words:
        start = folded.find(_fold(word), at, at + _AHEAD + len(word))
        if start < 0:
            found.append(None)
        else:
            at = start + len(word)
            found.append((start, at))
    return found


def _fold(text: str) -> str:
    """Small letters without accents, as many characters as before: what models of small letters make of a text."""
    return "".join(unicodedata.normalize("NFD", c)[0].lower()[:1] for c in text)
