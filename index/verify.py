"""Looks for damage: all that is stored is read and compared with its checksums and with what it is derived from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from index.connection import Connection
from index.dense import STAMP as VECTOR_STAMP
from index.dense import part_numbers as vector_numbers
from index.dense import read_part
from index.errors import DamagedError
from index.facts import check_facts
from index.lexical import FOLDER as WORD_FOLDER
from index.lexical import STAMP as WORD_STAMP
from index.lexical import part_numbers as word_numbers
from index.opening import REPAIRED
from index.seal import SEAL, read_seal, seal_holds
from index.search import Index
from index.stamp import Stamp, files_match, read_stamp


def find_damage(index: Index) -> Iterator[str]:
    """A sentence for each thing that is not as it was written; `index` was opened with `damaged`."""
    yield from find_damage_of_truth(index)
    yield from find_damage_of_parts(index)


def find_damage_of_truth(index: Index) -> Iterator[str]:
    """The same for the database alone."""
    store = index.store
    if (store.folder / REPAIRED).exists():
        yield f"A repair of {store.folder} was interrupted."
    if seal_holds(store.folder, thorough=True) is False:
        yield "index.sqlite3 is not what was written."
    yield from _message(lambda: _check_structure(store.connection))
    if not store.connection.is_old:
        yield from _message(check_facts, store.connection)
    documents: list[int] = []
    yield from _message(lambda: documents.extend(store.document_ids().values()))
    for document in documents:
        yield from _message(store.text_of, document)
    yield from _message(lambda: sum(1 for _ in store.each_passage()))
    models: list[int] = []
    yield from _message(lambda: models.extend(n for (n,) in store.connection.execute("SELECT id FROM models")))
    for model in models:
        yield from _message(index.table.vectors, model)
        yield from _message(index.weights_of, model)


def find_damage_of_parts(index: Index) -> Iterator[str]:
    """The same for the derived parts: their files, and what they hold."""
    store = index.store
    if (store.folder / SEAL).exists() and read_seal(store.folder) is None:
        yield f"{SEAL}: the seal of the database is damaged."
    for name, folder in ((WORD_STAMP, store.folder / WORD_FOLDER), (VECTOR_STAMP, store.folder)):
        if not (store.folder / name).exists():
            continue
        stamp = read_stamp(store.folder / name)
        place = folder / stamp.folder if stamp and name == WORD_STAMP else folder
        if stamp is None or not files_match(stamp, place, thorough=True):
            yield f"{name}: the files of this part are damaged."
    yield from _message(lambda: _check_words(index))
    yield from _message(lambda: _check_vectors(index))


def _check_structure(connection: Connection) -> None:
    for pragma in ("integrity_check", "foreign_key_check"):
        for row in connection.execute(f"PRAGMA {pragma}"):
            if row[0] != "ok":
                raise DamagedError(f"The database is damaged: {row[0]}.")


def _check_words(index: Index) -> None:
    stamp = _read_usable(index, WORD_STAMP)
    part = index.words.open(stamp, thorough=True) if stamp else None
    if stamp and part and not _holds(index, stamp, word_numbers(part), index.store.all_chunk_ids()):
        raise DamagedError("words.json: the word index does not hold the passages of the database.")


def _check_vectors(index: Index) -> None:
    stamp = _read_usable(index, VECTOR_STAMP)
    part = read_part(index.store.folder, stamp) if stamp else None
    if stamp is None or part is None:
        return
    model = int(stamp.shape.split("/")[1].removeprefix("model "))
    numbers, alive = vector_numbers(part).tolist(), set(index.table.numbers(model).tolist())
    if len(set(numbers)) < len(numbers) or not _holds(index, stamp, set(numbers), alive):
        raise DamagedError("vectors.json: the vector index does not hold the vectors of the database.")


def _read_usable(index: Index, name: str) -> Stamp | None:
    """The stamp of a part that a search may use."""
    stamp, store = read_stamp(index.store.folder / name), index.store
    return stamp if stamp and stamp.kb == store.get("kb") and stamp.generation <= store.generation else None


def _holds(index: Index, stamp: Stamp, held: Set[int], alive: Set[int]) -> bool:
    """Whether a part holds all rows that it covers, and rows that are gone only where it is older than the truth."""
    older = stamp.generation < index.store.generation
    return {number for number in alive if number <= stamp.covers} <= held and (older or held <= alive)


def _message(check: Callable[..., object], *arguments: object) -> Iterator[str]:
    """What `check` finds damaged."""
    try:
        check(*arguments)
    except DamagedError as error:
        yield error.message
