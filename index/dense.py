"""The dense leg: the nearest vectors by cosine, exactly as a scan of all of them would find them.

Derived from the truth and kept in one FAISS file: the vectors themselves up to `FLAT_LIMIT`; above it RaBitQ codes
(Gao & Long, "RaBitQ", SIGMOD 2024, https://arxiv.org/abs/2405.12497), whose best candidates are rescored with the exact
vectors from the truth. This is the only file that imports faiss.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.files import write_file
from index.stamp import LAG_LIMIT, Stamp, read_stamp, take_stamp, write_stamp
from index.vector_table import VectorTable

STAMP = "vectors.json"
VERSION = 1
FLAT_LIMIT = 100_000  # 150 MB of 384 numbers each: a scan takes about 6 ms, and the file is read at every start
# Four bits a number keep families of near-identical passages apart, where one bit loses many of them
# (tests/test_dense.py makes such families).
CODE_BITS = 4
RESCORED = 400  # candidates looked at with exact vectors; recall of the exact ten 0.93 to 1.00 on such families

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]


class VectorIndex:
    """The vectors of one embedding model; `search` never needs the derived file to be there or up to date."""

    def __init__(
        self,
        table: VectorTable,
        model: int,
        *,
        flat_limit: int = FLAT_LIMIT,
        published: Callable[[], Stamp | None] | None = None,
    ) -> None:
        self.table = table
        self.model = model
        self.folder = table.database.folder
        self.flat_limit = flat_limit
        self._format = f"{VERSION}/model {model}/"  # how the shape of every part begins that may be used
        self._stamp: Stamp | None = None
        self._part: Any = None
        self._recent: tuple[int, NDArray[np.int64], Vector] | None = None
        self._published = published or (lambda: read_stamp(self.folder / STAMP))

    def search(self, question: Vector, k: int, allowed: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """Numbers and cosines of the `k` nearest vectors, best first, among `allowed` (all when None).

        Vectors that left the truth since the part was written may be among them.
        """
        import numpy as np

        if k <= 0 or (allowed is not None and not len(allowed)):
            return []
        self._load()
        found = self._search_part(question, k, allowed) if self._part is not None else []
        numbers, vectors = self._newer()
        if allowed is not None and len(numbers):
            keep = np.isin(numbers, np.asarray(allowed, np.int64))
            numbers, vectors = numbers[keep], vectors[keep]
        if len(numbers):
            found += zip(numbers.tolist(), (vectors @ question).tolist(), strict=True)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def _search_part(self, question: Vector, k: int, allowed: Sequence[int] | None) -> list[tuple[int, float]]:
        import faiss
        import numpy as np

        exact = self._is_flat()
        wanted = min(k if exact else max(RESCORED, 4 * k), self._part.ntotal)
        parameters = faiss.SearchParameters() if exact else faiss.RaBitQSearchParameters()
        if allowed is not None:
            parameters.sel = faiss.IDSelectorBatch(np.asarray(allowed, np.int64))
        scores, numbers = self._part.search(question.reshape(1, -1), max(wanted, 1), params=parameters)
        # Missing results are padded with number -1.
        found = [(int(n), float(s)) for n, s in zip(numbers[0], scores[0], strict=True) if n >= 0]
        if exact:
            return found
        ids, vectors = self.table.vectors_by_id([number for number, _ in found])
        rescored = dict(zip(ids.tolist(), (vectors @ question).tolist(), strict=True)) if len(ids) else {}
        return [(number, rescored.get(number, score)) for number, score in found]  # one that is gone as its code says

    def _is_flat(self) -> bool:
        return self._stamp is not None and self._stamp.shape.endswith("flat")

    def _newer(self) -> tuple[NDArray[np.int64], Vector]:
        """The vectors that the part does not cover, kept in memory until there are more; none when it is behind."""
        last = self.table.last_vector()
        if self._recent is None or self._recent[0] != last:
            numbers, vectors = self.table.vectors(self.model, after=last if self.behind() else self._covers())
            self._recent = (last, numbers, vectors)
        return self._recent[1], self._recent[2]

    # ---------------------------------------------------------------- the derived file

    def _shape(self, count: int) -> str:
        return self._format + ("flat" if count <= self.flat_limit else f"rabitq{CODE_BITS}")

    def _load(self) -> None:
        """Use the published part if it is a new one and right, and not newer than what is read of the truth.

        One that a writer has replaced since the snapshot began leaves the former in use, right in what it covers.
        """
        stamp, database = self._published(), self.table.database
        if stamp == self._stamp:
            return
        there = stamp is None or all((self.folder / name).exists() for name in stamp.files)
        if not there and database.inside() and self._stamp and self._stamp.kb == database.get("kb"):
            return
        self._stamp, self._part, self._recent = None, None, None
        if stamp is None or stamp.kb != database.get("kb") or not stamp.shape.startswith(self._format):
            return
        part = read_part(self.folder, stamp) if stamp.generation <= database.generation else None
        if part is not None:
            self._stamp, self._part = stamp, part

    def is_current(self) -> bool:
        """Whether the part stands for the present generation, so that all that is in it must be in the truth."""
        return self._stamp is not None and self._stamp.generation == self.table.database.generation

    def lag(self) -> int:
        """Vectors that the part does not cover."""
        self._load()
        return self.table.count(self.model, after=self._covers())

    def behind(self) -> int:
        """Vectors that are not searched at all, because they are too many to be read from the truth."""
        lag = self.lag()
        return lag if lag > LAG_LIMIT else 0

    def _covers(self) -> int:
        return self._stamp.covers if self._stamp else 0

    def refresh(self) -> None:
        """Bring the part up to the present truth and publish it; small steps where it can be used, else anew."""
        import numpy as np

        self._load()
        alive = self.table.numbers(self.model)
        shape = self._shape(len(alive))
        part, covers = self._part, self._covers()
        if self._stamp is None or self._stamp.shape != shape:
            part, covers = None, 0
        numbers, vectors = self.table.vectors(self.model, after=covers)
        if part is None:
            if not len(numbers):
                if self._stamp is not None:  # it holds codes, and what they stand for is gone
                    self._remove_files()
                return
            part = make_part(vectors.shape[1], flat=shape.endswith("flat"))
        gone = np.setdiff1d(part_numbers(part), alive)
        if not len(gone) and not len(numbers) and covers:
            return
        self._stamp, self._part, self._recent = None, None, None  # it is changed in place: no more what is searched
        remove_numbers(part, gone)
        if len(numbers):
            part.add_with_ids(vectors, numbers)
        self._publish(part, shape)

    def _publish(self, part: Any, shape: str) -> None:
        import faiss

        database = self.table.database
        generation = database.generation
        name = f"vectors-{generation}.faiss"
        write_file(self.folder / name, [faiss.serialize_index(part).tobytes()])
        stamp = take_stamp(
            self.folder,
            [name],
            kb=database.get("kb"),
            shape=shape,
            generation=generation,
            covers=self.table.last_vector(),
        )
        write_stamp(self.folder / STAMP, stamp)
        self._remove_files(but=(STAMP, name))

    def _remove_files(self, but: Sequence[str] = ()) -> None:
        """Delete the files of former parts, a stamp before what it names."""
        for old in sorted(self.folder.glob("vectors[.-]*"), reverse=True):
            if old.name not in but:
                with contextlib.suppress(OSError):  # a reader on Windows still holds it; the next run takes it away
                    old.unlink()


def make_part(dimension: int, *, flat: bool) -> Any:
    """An empty FAISS index of inner products under our own numbers.

    RaBitQ needs no training: with a centroid of zero a code depends on its vector alone.
    """
    import faiss
    import numpy as np

    if flat:
        return faiss.IndexIDMap(faiss.IndexFlatIP(dimension))
    codes = faiss.IndexRaBitQ(dimension, faiss.METRIC_INNER_PRODUCT, CODE_BITS)
    codes.train(np.zeros((1, dimension), np.float32))
    return faiss.IndexIDMap(codes)


def read_part(folder: Path, stamp: Stamp) -> Any:
    """The FAISS index a stamp names, or None when its file is not what was written."""
    import faiss
    import numpy as np

    try:
        ((name, (size, _, crc)),) = stamp.files.items()
        data = np.fromfile(folder / name, np.uint8)
        if (len(data), zlib.crc32(data.data)) != (size, crc):
            return None
        return faiss.deserialize_index(data)
    except (OSError, ValueError, RuntimeError):
        return None


def part_numbers(part: Any) -> NDArray[np.int64]:
    """The numbers of the vectors in a part."""
    import faiss
    import numpy as np

    return np.array(faiss.vector_to_array(part.id_map), np.int64)


def remove_numbers(part: Any, numbers: NDArray[np.int64]) -> None:
    """Take these vectors out of a part."""
    import faiss

    if len(numbers):
        part.remove_ids(faiss.IDSelectorBatch(numbers))
