"""Bits flipped, files cut: damage is found before it is answered from, verify names it, repair mends it.

Each test prints its figure; the long forms are run by make torture.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
from victim import answers, opened, work
from wholeness import answers_anew, forms, fresh_answers

from index.errors import RagError
from index.repair import repair
from index.verify import find_damage

pytestmark = pytest.mark.slow


def damage(path: Path, whole: bytes, chance: random.Random) -> str:
    """Flip a bit of a file, or cut it, or fill a piece of it with zeros."""
    kind = chance.choices(["flip", "cut", "zero"], [8, 1, 1])[0]
    at = chance.randrange(len(whole))
    data = bytearray(whole)
    if kind == "flip":
        data[at] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del data[at:]
    else:
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    path.write_bytes(data)
    return kind


def refill(folder: Path, version: int) -> None:
    """What `rag repair --apply` and `rag ingest` do."""
    repair(folder, apply=True)
    work(folder, version, lambda _: None)


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "after a kill"])
@forms(170, 5500)
def test_damage_is_found_before_it_is_answered_from(tmp_path: Path, times: int, sealed: bool) -> None:
    """Bits flipped and files cut in every file; half of it with the seal gone, as after a killed writer."""
    kb = tmp_path / "kb"
    work(kb, 1, lambda _: None)
    if not sealed:
        (kb / "index.json").unlink()
    with opened(kb) as index:
        wanted = answers(index)
    anew = fresh_answers(tmp_path / "fresh", 1)
    files = {path: path.read_bytes() for path in sorted(kb.rglob("*")) if path.is_file() and path.stat().st_size}
    big = [path for path in files if path.name == "index.sqlite3"]
    chance, outcomes, wrong = random.Random(times), Counter[str](), []
    for step in range(times):
        path = chance.choice(big if step % 2 else list(files))
        kind = damage(path, files[path], chance)
        try:
            with opened(kb) as index:
                same = answers(index) == wanted
            outcomes["same answers" if same else "wrong answers"] += 1
            wrong += [] if same else [(path.name, kind, step)]
        except RagError as error:
            assert error.exit == 4
            outcomes["found"] += 1
            if outcomes["found"] % 12 == 1:
                refill(kb, 1)
                assert answers_anew(kb) == anew
                with opened(kb) as index:
                    assert list(find_damage(index)) == []
                outcomes["repaired"] += 1
        shutil.rmtree(kb, ignore_errors=True)  # tantivy may still make a lock file
        for place, whole in files.items():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.write_bytes(whole)
    print(f"{times} flips and cuts, {'sealed' if sealed else 'after a kill'}: {dict(outcomes)} {wrong}")
    assert not wrong
