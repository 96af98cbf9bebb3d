"""Deleting means gone; damage is found, named and mended; strange names come in, are cited, and go."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import write_tree

import rag
from index.absence import PAGES, find_traces
from index.conversations import keep_conversation, list_conversations
from index.errors import DamagedError, LockedError, UsageError
from index.globs import match_paths
from index.search import MODES
from rag.forget import forget
from rag.labels import label, labels
from rag.last_answer import remember
from rag.mending import mend

SECRET = "The merger with Quokka Holdings is planned for the ninth of May"
HASHING = "hashing:64"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    files = {f"{n}.txt": f"Report {n}. Wombats of farm {n} dig. " * 40 for n in range(12)}
    return write_tree(tmp_path / "docs", {**files, "secret/merger.txt": f"Preface. {SECRET}.\n\n" * 30})


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.slow
def test_what_is_forgotten_is_in_no_byte(tmp_path: Path, docs: Path) -> None:
    """Also after it was changed, so that former pages and segments held it."""
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        (docs / "secret/merger.txt").write_text(f"Changed. {SECRET}.\n\n" * 60)
        kb.ingest()
        remember(kb.folder, kb.ask("When is the merger with Quokka Holdings?", generate=False).quotes)
        label(kb, "docs/secret/merger.txt", "board")
        assert kb.find_traces(SECRET)
        assert kb.find_traces("quokka")
        (docs / "secret/merger.txt").unlink()
        gone = forget(kb, "docs/secret/*")
        assert (gone.paths, gone.present) == (("docs/secret/merger.txt",), ())
        assert gone.passages > 0 and gone.vectors > 0
        assert {"last-answer.json", "index.sqlite3", "words.json", "vectors.json"} <= set(gone.files)
        for text in (SECRET, "Quokka", "merger.txt"):
            assert kb.find_traces(text) == []
        assert labels(kb) == {}
        assert kb.verify() == []
        assert kb.search("wombats")
    for trace in (b"Quokka", b"quokka", b"merger", "Quokka".encode("utf-16-le")):
        assert trace not in everything(tmp_path / "kb")


def test_what_was_said_of_a_forgotten_document_goes_with_it(tmp_path: Path, docs: Path) -> None:
    """The turn that was answered from it, and those after it, whose questions may carry its words on."""
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])

        def turn(path: str, words: str) -> dict[str, object]:
            return {"question": "?", "asked": words, "answer": words, "citations": [[1, path, 0, 9]]}

        first, other = turn("docs/1.txt", "Wombats dig."), turn("docs/3.txt", "They dig.")
        keep_conversation(kb.index.store, [first, turn("docs/secret/merger.txt", SECRET), turn("docs/2.txt", SECRET)])
        keep_conversation(kb.index.store, [turn("docs/secret/merger.txt", SECRET)])
        keep_conversation(kb.index.store, [other])
        (docs / "secret/merger.txt").unlink()
        assert forget(kb, "docs/secret").turns == 3
        assert [list(entry.turns) for entry in list_conversations(kb.index.store)] == [[first], [other]]
        assert kb.find_traces(SECRET) == kb.find_traces("merger.txt") == []


def test_a_name_that_json_writes_otherwise_goes_from_the_last_answer(tmp_path: Path, docs: Path) -> None:
    name = '合併"案".txt'
    file = write_tree(docs, {name: SECRET}) / name
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        remember(
            kb.folder, kb.ask("When is the merger with Quokka Holdings?", generate=False, within=f"docs/{name}").quotes
        )
        file.unlink()
        assert "last-answer.json" in forget(kb, f"docs/{name}").files
        assert kb.find_traces("合併") == []


@pytest.mark.slow
def test_forgetting_says_when_a_reader_holds_the_old_pages(tmp_path: Path, docs: Path) -> None:
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        (docs / "secret/merger.txt").unlink()
        with rag.open(tmp_path / "kb") as reader, reader.index.reading():
            assert reader.text("docs/secret/merger.txt")
            kb.index.store.connection.execute("PRAGMA busy_timeout = 100")
            with pytest.raises(LockedError, match="out of every search"):
                forget(kb, "docs/secret")
            assert not kb.search("Quokka Holdings", within="docs/secret/**")
        assert forget(kb, "docs/secret").paths == ()
        assert kb.find_traces(SECRET) == []


def test_what_was_taken_out_is_found_by_no_leg_at_once(tmp_path: Path, docs: Path) -> None:
    """Also by a reader that was open before, and where the parts were not brought up to date."""
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb, rag.open(tmp_path / "kb", embed_model=HASHING) as reader:
        kb.ingest([docs])
        assert any(hit.path == "docs/secret/merger.txt" for hit in reader.search(SECRET))
        with kb.index.store.session("test"):
            kb.index.store.delete(["docs/secret/merger.txt"])  # and killed before the parts follow
        for base in (kb, reader):
            for mode in MODES:
                hits = base.search(SECRET, k=50, mode=mode)
                assert not any("secret" in path for hit in hits for path in (hit.path, *hit.also))
            assert all("Quokka" not in quote.text for quote in base.ask(SECRET, generate=False).quotes)


def test_a_text_is_found_wherever_it_begins(tmp_path: Path, docs: Path) -> None:
    """In a file that is read in pieces: also between two of them."""
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        piece = 4096 * PAGES
        for at in (0, 4090, piece - 1, piece - len(SECRET) // 2, piece, 2 * piece - 3):
            (kb.folder / "left").write_bytes(bytes(at) + SECRET.encode() + bytes(50))
            assert "left: in its bytes" in kb.find_traces(SECRET), at


def test_a_forgotten_file_that_is_still_there_stays_out_by_name(tmp_path: Path, docs: Path) -> None:
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        assert forget(kb, "docs/secret").present == ("docs/secret/merger.txt",)
        assert [note.path for note in kb.ingest().skipped] == ["docs/secret/merger.txt"]
        assert kb.find_traces(SECRET) == []
        with pytest.raises(UsageError):
            forget(kb, "docs/none")


def test_a_forgotten_file_in_a_folder_that_is_closed_stays_out(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = os.stat

    def closed(path: Any, **options: Any) -> os.stat_result:
        if str(path).endswith("merger.txt"):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        with monkeypatch.context() as patched:
            patched.setattr(os, "stat", closed)
            assert forget(kb, "docs/secret").present == ("docs/secret/merger.txt",)
        assert [note.path for note in kb.ingest().skipped] == ["docs/secret/merger.txt"]


def test_traces_are_found_however_they_are_written(tmp_path: Path, docs: Path) -> None:
    """The check itself can fail: each way of leaving a text behind is noticed."""
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        for text in ("Zürich-Straße", "機密の合併"):
            assert find_traces(kb.index.store, text) == []
            for form in (
                text.encode(),
                text.encode("utf-16-le"),
                text.casefold().encode(),
                json.dumps(text)[1:-1].encode(),
            ):
                (kb.folder / "left").write_bytes(b"\0" * 99 + form + b"\0")
                assert find_traces(kb.index.store, text) == ["left: in its bytes"], form
            (kb.folder / "left").unlink()


def test_verify_reads_deep_and_names_the_document(tmp_path: Path, docs: Path) -> None:
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        assert kb.verify(deep=True) == []
        model = kb.index.model()
        assert model is not None
        passage = next(iter(kb.index.store.each_passage()))
        (number,) = kb.index.table.vector_ids(model, [passage.id])
        row = kb.index.store.connection.execute("SELECT input FROM vectors WHERE id = ?", (number,)).fetchone()
        with kb.index.store.session("test"):
            kb.index.table.add_vectors(model, [row[0]], -np.eye(1, 64, dtype=np.float32))
            kb.index.refresh()
        assert any(passage.path in finding for finding in kb.verify(deep=True))


def flip(path: Path, text: bytes) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(text)] ^= 1
    path.write_bytes(data)


def test_repair_changes_nothing_until_it_is_told_to(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_EMBED_MODEL", HASHING)
    folder = tmp_path / "kb"
    with rag.open(folder) as kb:
        kb.ingest([docs])
        wanted = kb.search("wombats of farm 3", k=40)
        label(kb, "docs/secret", "board")
    assert mend(str(folder), apply=True).findings == ()
    flip(folder / "index.sqlite3", b"Wombats of farm 7 dig")
    with pytest.raises(DamagedError):
        rag.open(folder)
    before = everything(folder)
    planned = mend(str(folder), apply=False)
    assert everything(folder) == before
    assert planned.again == ("docs/7.txt",)
    done = mend(str(folder), apply=True)
    assert (done.again, done.kept) == (("docs/7.txt",), "damaged-index.sqlite3")
    assert (folder / "damaged-index.sqlite3").stat().st_mode & 0o077 == 0
    with rag.open(folder) as kb:
        assert len(kb.documents()) == 12
        assert labels(kb) == {"board": ["docs/secret"]}
        assert kb.ingest().added == ("docs/7.txt",)
        again = kb.search("wombats of farm 3", k=40)
        assert sorted((hit.path, hit.start, round(hit.score, 5)) for hit in again) == sorted(
            (hit.path, hit.start, round(hit.score, 5)) for hit in wanted
        )
        assert kb.verify(deep=True) == []


@pytest.mark.parametrize(
    ("model", "now"),
    [("", ""), (HASHING, "llamacpp:/nowhere.gguf"), (HASHING, f"llamacpp:{__file__}"), (HASHING, "mxl:typed-wrongly")],
)
def test_a_repair_without_the_embedding_model_says_what_it_did(
    model: str, now: str, tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rag.open(tmp_path / "kb", embed_model=model) as kb:
        kb.ingest([docs])
    flip(tmp_path / "kb/index.sqlite3", b"Wombats of farm 7 dig")
    monkeypatch.setenv("RAG_EMBED_MODEL", now)
    done = mend(str(tmp_path / "kb"), apply=True)
    assert (done.again, done.vectors) == (("docs/7.txt",), 0)


def test_lost_vectors_are_made_again_from_the_stored_text(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_EMBED_MODEL", HASHING)
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([docs])
        kb.index.store.connection.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE id % 2")
    done = mend(str(tmp_path / "kb"), apply=True)
    assert done.again == ()
    assert done.vectors > 0
    with rag.open(tmp_path / "kb") as kb:
        assert kb.count_waiting() == 0
        assert kb.verify(deep=True) == []


STEMS = [
    "with space", " leading", "trailing ", "-dash", "--json", "*star", "[brackets]", "question?", "quote'", 'double"',
    "back\\slash", "$HOME", "`cmd`", "semi;colon", "amp&", "pipe|", "new\nline", "tab\tbed", "percent%20", "hash#1",
    "plus+", "at@", "comma,", "equals=", "tilde~", "{brace}", "(paren)", "caret^", "colon:", "less<more>", "é",
    "ß", "İ", "ｆｕｌｌ", "日本語", "ガ", "か\u3099", "한국어", "עברית", "العربية", "emoji😀", "a\u200bb",
    "a\u202eb", "Ⅷ", "ﬁ", "dots...", "a..b", "dot.", "CON", "nul", "x" * 180, "漢" * 60, "UPPER", "under_score", "1",
    "0x0", "%s", "{0}", "a'b\"c", "№", "e\u0301",
]  # fmt: skip


@pytest.mark.slow
def test_strange_names_come_in_are_cited_and_go(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    made = {}
    for number, stem in enumerate(STEMS):
        try:
            (docs / f"{stem}.txt").write_text(f"Wombat number w{number}w digs a burrow.", encoding="utf-8")
        except OSError:
            continue  # a name this system does not allow
        made[number] = f"{stem}.txt"
    assert len(made) >= (60 if sys.platform == "linux" else 30)
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        report = kb.ingest([docs])
        assert len(report.added) == len(made), (report.skipped, report.failed)
        paths = [document.path for document in kb.documents()]
        for number, name in made.items():
            hit = kb.search(f"w{number}w", k=1)[0]
            assert f"w{number}w" in hit.text
            quote = kb.ask(f"What does wombat number w{number}w dig?", generate=False).quotes[0]
            assert (quote.path, quote.file) == (hit.path, hit.file)
            assert match_paths(hit.path, paths) == [hit.path]
            assert Path(hit.file) == docs / name
            assert kb.text(hit.path)[hit.start : hit.end] == hit.text
        assert len(set(paths)) == len(made)
        for name in made.values():
            (docs / name).unlink()
        assert sorted(kb.ingest(prune=True).removed) == sorted(paths)
        for number, name in made.items():
            (docs / name).write_text(f"Wombat number w{number}w digs a burrow.", encoding="utf-8")
        assert sorted(kb.ingest().added) == sorted(paths)
        for path in paths:
            assert kb.remove(path) == [path]
        assert kb.documents() == []
        assert sorted(kb.restore(paths)) == sorted(paths)
        assert sorted(kb.ingest().added) == sorted(paths)
        assert kb.verify() == []
    print(f"{len(made)} strange names: in, cited, deleted and in again")
