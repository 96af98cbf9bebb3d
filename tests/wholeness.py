"""What must hold of a knowledge base after anything that happened to it; for the tests that try to break it."""

from __future__ import annotations

import shutil
import time
import zlib
from pathlib import Path

import pytest
from corpus import make_document
from victim import PATHS, answers, opened, paragraphs, work

from index.verify import find_damage

Answers = list[tuple[str, int, float]]


def forms(short: int, long: int) -> pytest.MarkDecorator:
    """How often a test is done: in the suite, and by `make torture`."""
    marks = [pytest.mark.torture, pytest.mark.timeout(7200)]
    return pytest.mark.parametrize("times", [short, pytest.param(long, marks=marks)])


def spread(total: int, times: int) -> list[int]:
    """`times` of the numbers from 1 to `total`, evenly spread; all of them when there are fewer."""
    return sorted({1 + number * total // min(times, total) for number in range(min(times, total))})


def mark_of(number: int, version: int) -> str:
    return str(zlib.crc32(make_document(*paragraphs(number, version)).text.encode()))


def check_whole(folder: Path, told: dict[str, str], versions: int, count: int = PATHS) -> None:
    """Every document that was told to be committed is there, all is whole, and nobody had to help."""
    with opened(folder) as index:
        known = index.store.origins()
        for path, mark in told.items():  # or a later one, whose commit was not told any more
            number = int(path.removeprefix("docs/").removesuffix(".txt"))
            marks = [mark_of(number, version) for version in range(versions + 1)]
            assert path in known, f"{path} was committed and is lost"
            assert known[path].sha256 in marks[marks.index(mark) :], f"{path} was committed and is lost"
        texts = {make_document(*paragraphs(n, v)).text for n in range(count) for v in range(versions + 1)}
        assert {index.store.text(path) for path in known} <= texts
        assert list(find_damage(index)) == []


def finish(folder: Path, version: int, count: int = PATHS) -> None:
    """What the next run does, without help."""
    work(folder, version, lambda _: None, count)


def answers_anew(folder: Path) -> Answers:
    """What the truth answers whatever its history: a word index counts what is gone until it is made anew."""
    for name in ("words.json", "vectors.json"):
        (folder / name).unlink(missing_ok=True)
    with opened(folder) as index:
        return sorted(answers(index))


def fresh_answers(folder: Path, version: int, count: int = PATHS) -> Answers:
    """The answers of a knowledge base that was made undisturbed."""
    wipe(folder)
    finish(folder, version, count)
    return answers_anew(folder)


def wipe(folder: Path) -> None:
    """Delete a folder, in which a thread of tantivy's may just be making a lock file."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{folder} cannot be deleted")


def put_back(before: Path, folder: Path) -> Path:
    """A knowledge base as it was before; `before` may be a folder that is not there."""
    wipe(folder)
    if before.exists():
        shutil.copytree(before, folder)
    return folder
