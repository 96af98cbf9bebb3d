"""The vectors in the truth: one row for each embedded text and model, checked whenever it is read."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.connection import Connection
from index.database import Database, portions
from index.errors import DamagedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


ROW = "id, vector, model, input, crc"
_Row = tuple[int, bytes, int, bytes, int]


class VectorTable:
    """The tables `models` and `vectors` of an open database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def connection(self) -> Connection:
        return self.database.connection

    def model_id(self, identity: str) -> int:
        """The number under which this model's vectors are kept; `identity` is its canonical JSON."""
        known = self.find_model(identity)
        if known is not None:
            return known
        with self.database.writing():
            made = self.connection.execute("INSERT INTO models (identity) VALUES (?)", (identity,))
            return int(made.lastrowid)

    def find_model(self, identity: str) -> int | None:
        row = self.connection.execute("SELECT id FROM models WHERE identity = ?", (identity,)).fetchone()
        return None if row is None else int(row[0])

    def waiting(self, model: int, limit: int, after: int = 0) -> list[tuple[bytes, int]]:
        """Up to `limit` embedding keys without a vector of `model`, each with the first chunk that has it, in order.

        Only chunks numbered above `after` are looked at, so that a walk through all of them reads each row once.
        """
        rows: list[tuple[bytes, int]] = self.connection.execute(
            "SELECT input, id FROM chunks c WHERE id > ? AND NOT EXISTS"
            " (SELECT 1 FROM vectors v WHERE v.model = ? AND v.input = c.input) AND NOT EXISTS"
            " (SELECT 1 FROM chunks e WHERE e.input = c.input AND e.id < c.id) ORDER BY id LIMIT ?",
            (after, model, limit),
        ).fetchall()
        return rows

    def count_waiting(self, model: int) -> int:
        """Chunks that have no vector of `model` yet."""
        row = self.connection.execute(
            "SELECT count(*) FROM chunks c WHERE NOT EXISTS"
            " (SELECT 1 FROM vectors v WHERE v.model = ? AND v.input = c.input)",
            (model,),
        ).fetchone()
        return int(row[0])

    def add_vectors(self, model: int, inputs: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Store unit vectors (n, d) under their embedding keys."""
        pairs = zip(inputs, map(_to_bytes, vectors), strict=True)
        rows = ((model, key, data, vector_checksum(model, key, data)) for key, data in pairs)
        with self.database.writing():
            self.connection.executemany(
                "INSERT OR REPLACE INTO vectors (model, input, vector, crc) VALUES (?,?,?,?)", rows
            )

    def vectors(self, model: int, after: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Numbers (n,) and unit vectors (n, d) of `model` numbered above `after`, in order of number."""
        import numpy as np

        rows = self.connection.execute(
            f"SELECT {ROW} FROM vectors WHERE model = ? AND id > ? ORDER BY id", (model, after)
        ).fetchall()
        return np.array([row[0] for row in rows], np.int64), _stack(rows)

    def count(self, model: int, after: int = 0) -> int:
        """Vectors of `model` numbered above `after`."""
        query = "SELECT count(*) FROM vectors WHERE model = ? AND id > ?"
        return int(self.connection.execute(query, (model, after)).fetchone()[0])

    def numbers(self, model: int) -> NDArray[np.int64]:
        """The numbers of all vectors of `model`, sorted."""
        import numpy as np

        rows = self.connection.execute("SELECT id FROM vectors WHERE model = ? ORDER BY id", (model,)).fetchall()
        return np.array([number for (number,) in rows], np.int64)

    def vectors_by_id(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Those of these vectors that still exist."""
        import numpy as np

        rows: list[_Row] = []
        for part in portions(list(ids)):
            marks = ",".join("?" * len(part))
            rows += self.connection.execute(f"SELECT {ROW} FROM vectors WHERE id IN ({marks})", part)
        return np.array([row[0] for row in rows], np.int64), _stack(rows)

    def vector_ids(self, model: int, chunks: Sequence[int]) -> dict[int, list[int]]:
        """The vectors of these chunks: vector number → the chunks that share it."""
        return self._join("chunks c CROSS JOIN vectors v", "c.id", model, chunks)

    def chunks_of_vectors(self, model: int, ids: Sequence[int]) -> dict[int, list[int]]:
        """The chunks each of these vectors stands for."""
        return self._join("vectors v CROSS JOIN chunks c", "v.id", model, ids)

    def _join(self, tables: str, column: str, model: int, values: Sequence[int]) -> dict[int, list[int]]:
        """Vectors and their chunks where `column` has one of these values; it belongs to the first of `tables`.

        CROSS JOIN makes SQLite begin there; left to itself it walks through every vector of the model.
        """
        found: dict[int, list[int]] = {}
        for part in portions(list(values)):
            rows = self.connection.execute(
                f"SELECT v.id, c.id FROM {tables} WHERE v.input = c.input AND v.model = ? AND"
                f" {column} IN ({','.join('?' * len(part))}) ORDER BY c.id",
                [model, *part],
            )
            for vector, chunk in rows:
                found.setdefault(vector, []).append(chunk)
        return found

    def last_vector(self) -> int:
        """The highest vector number ever given out."""
        return self.database.last_row("vectors")


def _to_bytes(vector: NDArray[np.float32]) -> bytes:
    import numpy as np

    return np.ascontiguousarray(vector, "<f4").tobytes()


def vector_checksum(model: int, key: bytes, data: bytes) -> int:
    """CRC-32 of a row."""
    return zlib.crc32(data, zlib.crc32(key, model))


def is_right(row: Sequence[Any]) -> bool:
    """Whether a row ROW is as it was written; its values may be of any kind."""
    _, data, model, key, crc = row
    kinds = isinstance(data, bytes) and isinstance(model, int) and isinstance(key, bytes)
    return kinds and vector_checksum(model, key, data) == crc


def _stack(rows: Sequence[_Row]) -> NDArray[np.float32]:
    import numpy as np

    for row in rows:
        if not is_right(row):
            raise DamagedError(f"Stored vector {row[0]} is damaged.", "Run: rag repair")
    if not rows:
        return np.zeros((0, 0), np.float32)
    return np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
