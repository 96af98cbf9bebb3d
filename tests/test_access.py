"""Who sees what: restrictions hold before ranking and keep its order; shared and planted knowledge bases."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from corpus import make_document, make_origin, store_document, write_tree
from victim import embed, embed_all, opened

import rag
from index.errors import LockedError, StoreError, UntrustedError, UsageError
from index.globs import match_paths
from index.lock import PATIENCE, write_lock
from index.opening import TURN
from index.search import MODES, Index, Meaning, Ranked, Scope, search
from rag import trust
from rag.forget import forget
from rag.labels import label
from rag.last_answer import remember
from rag.location import warn_of
from rag.mending import mend
from rag.trust import trust_folder

WORDS = [f"word{n}" for n in range(60)]
LABELS = {"hr": ["docs/a/**"], "legal": ["docs/*/1*.txt"], "old": ["docs/c", "docs/b/2.txt"], "one": ["docs/b/3.txt"]}


def fill(index: Index, documents: int) -> None:
    """Documents of random words, in three folders, without equal passages."""
    chance = random.Random(4)
    with index.store.session("test"):
        with index.store.writing():
            for number in range(documents):
                texts = [f"{' '.join(chance.choices(WORDS, k=12))} p{number}x{at}" for at in range(3)]
                document = make_document(*texts, title=f"T{number}")
                path = f"docs/{'abc'[number % 3]}/{number}.txt"
                store_document(index.store, make_origin(path), document)
            for name, patterns in LABELS.items():
                index.labels.add(name, patterns)
        embed_all(index)
        index.refresh()


def ask(index: Index, question: str, k: int, mode: str, within: Scope | None) -> list[Ranked]:
    with index.reading():
        return search(index, question, lambda: Meaning(embed(question), 1.0), k=k, mode=mode, within=within)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "times", [60, pytest.param(1000, marks=[pytest.mark.torture, pytest.mark.slow, pytest.mark.timeout(7200)])]
)
def test_a_restricted_search_is_the_full_ranking_without_the_outsiders(tmp_path: Path, times: int) -> None:
    """Against an oracle: the ranking of every passage in both legs, with the outsiders left out."""
    chance = random.Random(times)
    globs = ["docs/a/**", "docs/*/2?.txt", "**/3*.txt", "docs/b", "docs/c/5.txt", "DOCS/A/*", "nothing/**", "docs/**"]
    with opened(tmp_path / "kb") as index:
        fill(index, 120)
        everything = index.store.count_chunks()
        paths = list(index.store.document_ids())
        alike = 0
        for _ in range(times):
            question = " ".join(chance.choices(WORDS, k=chance.randrange(1, 6)))
            labels = tuple(chance.sample(sorted(LABELS), chance.randrange(3)))
            patterns = chance.sample(globs, chance.randrange(1, 3)) if not labels or chance.random() < 0.5 else None
            mode, k = chance.choice(MODES), chance.randrange(1, 15)
            scope = Scope(patterns, labels)
            inside = set(paths if patterns is None else match_paths(patterns, paths))
            if labels:
                inside &= set(match_paths([p for name in labels for p in LABELS[name]], paths))
            full = ask(index, question, everything, mode, None)
            wanted = [entry for entry in full if entry.passage.path in inside][:k]
            found = ask(index, question, k, mode, scope)
            assert {entry.passage.path for entry in found} <= inside
            assert len(found) == len(wanted)
            assert [entry.score for entry in found] == pytest.approx([entry.score for entry in wanted], abs=1e-5)
            told = [(entry.passage.path, entry.passage.chunk.start) for entry in found]
            if told != [(entry.passage.path, entry.passage.chunk.start) for entry in wanted]:
                scores = [round(entry.score, 5) for entry in found]  # ties may change places, nothing else
                assert len(set(scores)) < len(scores) or scores[-1:] == [round(wanted[-1].score, 5)]
            else:
                alike += 1
        assert alike > 0.9 * times
    print(f"{times} restrictions: 0 outsiders, {alike} in the very order of the full ranking, the others tied")


def test_a_label_holds_for_what_comes_later_and_unknown_ones_are_told(tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "docs", {"hr/a.txt": "Wombats are paid.", "it/b.txt": "Wombats are patched."})
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([docs])
        assert label(kb, "docs/hr", "hr") == ["docs/hr/a.txt"]
        write_tree(docs, {"hr/c.txt": "Wombats are hired."})
        kb.ingest()
        for mode in MODES:
            assert {hit.path for hit in kb.search("wombats", mode=mode, labels=["hr"])} == {
                "docs/hr/a.txt",
                "docs/hr/c.txt",
            }
        assert [hit.path for hit in kb.search("wombats", labels=["hr"], within="**/c.txt")] == ["docs/hr/c.txt"]
        assert {quote.path for quote in kb.ask("wombats?", generate=False, labels=["hr"]).quotes} <= {
            "docs/hr/a.txt",
            "docs/hr/c.txt",
        }
        with pytest.raises(UsageError, match="no label hrr"):
            kb.search("wombats", labels=["hrr"])
        with pytest.raises(UsageError):
            label(kb, "docs/none", "x")
        label(kb, "docs/hr", "hr", remove=True)
        with pytest.raises(UsageError):
            kb.search("wombats", labels=["hr"])


def sums(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_a_shared_copy_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "docs", {"a.txt": "Wombats dig burrows.", "b.txt": "Ferries cross the bay."})
    share = tmp_path / "kb"
    with rag.open(share, embed_model="hashing:64") as kb:
        kb.ingest([docs])
        wanted = kb.search("wombats")
    for path in (share, *share.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sums(share)
    with pytest.raises(UntrustedError, match="by others"):
        rag.open(share)
    try:
        with rag.open(share, shared_read=True, embed_model="hashing:64") as kb:
            assert kb.search("wombats") == wanted
            assert kb.ask("What do wombats dig?", generate=False).quotes
            assert kb.verify() == []
            with pytest.raises(StoreError):
                kb.ingest([docs])
        assert sums(share) == before
        (share / "index.json").rename(tmp_path / "seal")
        with pytest.raises(LockedError):
            rag.open(share, shared_read=True)
    finally:
        for path in (share, *share.rglob("*")):
            path.chmod(0o700)


def test_a_reader_of_a_shared_copy_follows_its_owner(tmp_path: Path) -> None:
    docs, share = tmp_path / "docs", tmp_path / "kb"
    with rag.open(share, embed_model="hashing:64") as kb:
        kb.ingest([write_tree(docs, {"a.txt": "Wombats dig burrows."})])
        with rag.open(share, shared_read=True, embed_model="hashing:64") as reader:
            for name in ("b.txt", "c.txt"):
                assert name not in {Path(hit.path).name for hit in reader.search("wombats")}
                kb.ingest([write_tree(docs, {name: f"Wombats of {name} dig."})])
                assert name in {Path(hit.path).name for hit in reader.search("wombats")}
                with kb.index.store.session("test"), pytest.raises(LockedError, match="being changed"):
                    reader.search("wombats")
            with pytest.raises(LockedError, match="changed while"), reader.index.reading():
                kb.ingest([write_tree(docs, {"d.txt": "Wombats sleep."})])
            assert len(reader.search("wombats")) == 4


@pytest.mark.slow
def test_a_file_that_others_open_for_ever_is_read_and_then_written_again(tmp_path: Path) -> None:
    """One stands still in it: readers go on without it, and come back to themselves once the file is changed."""
    docs = write_tree(tmp_path / "docs", {"a.txt": "Wombats dig burrows."})
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([docs])
    with write_lock(tmp_path / "kb", "test", name=TURN):
        kb = rag.open(tmp_path / "kb", embed_model="hashing:64")
        assert kb.search("wombats")
        with pytest.raises(LockedError, match=rf"process {os.getpid()} \(test\)"):
            kb.ingest([docs])
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as other:
        other.ingest([write_tree(docs, {"b.txt": "Wombats sleep."})])
    with kb:
        assert len(kb.search("wombats")) == 2
        write_tree(docs, {"c.txt": "Wombats eat."})
        assert kb.ingest().added == ("docs/c.txt",)


def test_a_planted_knowledge_base_is_not_shared_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([write_tree(tmp_path / "docs", {"a.txt": "Wombats."})])
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "another"))
    with pytest.raises(UntrustedError, match="not made by you"):
        rag.open(tmp_path / "kb", shared_read=True)
    trust_folder(tmp_path / "kb", shared=True)
    rag.open(tmp_path / "kb", shared_read=True).close()


def names_and_modes(folder: Path) -> dict[str, str]:
    found = [folder, *folder.rglob("*")]
    return {path.name: oct(path.stat().st_mode & 0o777) for path in found if path.stat().st_mode & 0o077}


def test_every_file_and_folder_is_private_whatever_the_umask(tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "docs", {"a.txt": "Wombats dig.", "b.txt": "Ferries cross."})
    former = os.umask(0)
    try:
        with rag.open(tmp_path / "made" / "kb", embed_model="hashing:64") as kb:
            kb.ingest([docs])
            kb.remove("docs/b.txt")
            remember(kb.folder, kb.ask("What do wombats do?", generate=False).quotes)
            forget(kb, "docs/b.txt")
            assert names_and_modes(kb.folder) == {}
        mend(str(tmp_path / "made" / "kb"), apply=True)
        assert names_and_modes(tmp_path / "made" / "kb") == {}
    finally:
        os.umask(former)


def test_what_is_open_to_others_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    folder = tmp_path / "my kb"
    with rag.open(folder, embed_model="hashing:64") as kb:
        kb.ingest([write_tree(tmp_path / "docs", {"a.txt": "Wombats dig."})])
    for path in (folder, *folder.iterdir()):
        path.chmod(path.stat().st_mode | 0o044)
        with pytest.raises(UntrustedError, match="by others") as told:
            rag.open(folder)
        assert subprocess.run(["sh", "-c", told.value.next.removeprefix("Run: ")], check=False).returncode == 0
        rag.open(folder).close()


@pytest.mark.parametrize("planted", ["config.toml", "words", "lock", "index.sqlite3-wal", "words.json"])
def test_parts_of_a_knowledge_base_that_never_was_have_no_power(tmp_path: Path, planted: str) -> None:
    """An unpacked archive may bring settings, a log of SQLite's, or links to folders that would be cleared."""
    treasure = write_tree(tmp_path / "mine", {"letters/dear.txt": "Dear Wombat"})
    folder = tmp_path / "unpacked" / ".rag"
    folder.mkdir(parents=True)
    if planted in ("words", "lock"):
        (folder / planted).symlink_to(treasure if planted == "words" else treasure / "letters/dear.txt")
    else:
        (folder / planted).write_text("k = 3")
    with pytest.raises(UntrustedError, match=planted), rag.open(folder, embed_model="hashing:64") as kb:
        kb.ingest([treasure])
    assert (treasure / "letters/dear.txt").read_text() == "Dear Wombat"
    assert not (folder / "index.sqlite3").exists()


def test_a_link_in_a_knowledge_base_is_not_followed_even_when_it_is_trusted(tmp_path: Path) -> None:
    treasure = write_tree(tmp_path / "mine", {"letters/dear.txt": "Dear Wombat"})
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([treasure])
    shutil.rmtree(tmp_path / "kb" / "words")
    (tmp_path / "kb" / "words").symlink_to(treasure)
    with pytest.raises(UntrustedError, match=r"a link \(words\)"):
        rag.open(tmp_path / "kb")
    with pytest.raises(UntrustedError):
        trust_folder(tmp_path / "kb")
    assert (treasure / "letters/dear.txt").exists()


def test_equal_passages_outside_are_not_named_either(tmp_path: Path) -> None:
    text = "Wombats receive 20 days of leave a year."
    docs = write_tree(tmp_path / "docs", {"a/one.txt": text, "b/two.txt": text})
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([docs])
        label(kb, "docs/b", "b")
        assert kb.search("wombats")[0].also
        for mode in MODES:
            for within, names in (("docs/b/*", []), (None, ["b"])):
                hits = kb.search("wombats", mode=mode, within=within, labels=names)
                assert [(hit.path, hit.also) for hit in hits] == [("docs/b/two.txt", ())]
        answer = kb.ask("How many days of leave do wombats receive?", generate=False, within="docs/b/*")
        assert {(quote.path, quote.also) for quote in answer.quotes} == {("docs/b/two.txt", ())}


def test_two_processes_may_make_one_knowledge_base(tmp_path: Path) -> None:
    code = "import rag, sys; rag.open(sys.argv[1]).close()"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    makers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "kb")], env=environment) for _ in range(4)]
    assert [maker.wait() for maker in makers] == [0] * 4
    with rag.open(tmp_path / "kb") as kb:
        assert kb.verify() == []
    assert {path.name for path in (tmp_path / "kb").iterdir()} <= {"index.sqlite3", "index.json", "lock", "opening"}


def test_a_knowledge_base_that_is_made_while_its_folder_is_looked_at_is_no_planted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rag.open(tmp_path / "kb").close()
    (tmp_path / "kb/index.sqlite3").rename(tmp_path / "made")
    look = trust._find_planted

    def look_late(folder: Path) -> str:
        found = look(folder)
        (tmp_path / "made").rename(folder / "index.sqlite3")
        return found

    monkeypatch.setattr(trust, "_find_planted", look_late)
    rag.open(tmp_path / "kb").close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX tells what a process computed")
def test_the_second_writer_is_told_who_holds_it_within_two_seconds(tmp_path: Path) -> None:
    """The whole command: what it computes and what it waits, but not the time that other programs take from it."""
    from resource import RUSAGE_CHILDREN, getrusage

    docs = write_tree(tmp_path / "docs", {f"{n}.txt": f"Wombat {n} digs. " * 200 for n in range(50)})
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([docs])
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with rag.open(tmp_path / "kb") as kb, kb.index.store.session("rag ingest"):
        for arguments in (["rm", "x"], ["ingest", str(tmp_path)], ["forget", "x"], ["repair", "--apply"]):
            command, computed = [sys.executable, "-m", "rag", *arguments, "--kb", str(tmp_path / "kb")], []
            for _ in range(3):
                before, start = getrusage(RUSAGE_CHILDREN), time.monotonic()
                done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
                after, whole = getrusage(RUSAGE_CHILDREN), time.monotonic() - start
                computed.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
                assert done.returncode == 4
                assert f"process {os.getpid()} (rag ingest)" in done.stderr
            print(f"rag {arguments[0]}: computes {min(computed):.2f} s, waits {PATIENCE} s, {whole:.2f} s in all")
            assert min(computed) + PATIENCE < 2.0


def test_unsafe_places_are_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert warn_of(tmp_path / "kb") == ""
    assert "copied elsewhere" in warn_of(tmp_path / "Dropbox" / "kb")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    docs = write_tree(tmp_path / "docs", {"a.txt": "Wombats."})
    command = [sys.executable, "-m", "rag", "ingest", str(docs), "--kb", str(tmp_path / "Dropbox" / "kb")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "copied elsewhere" in done.stderr
    monkeypatch.setattr("rag.location.filesystem_of", lambda path: "nfs4")
    assert "network drive" in warn_of(tmp_path / "kb")


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = write_tree(tmp_path / "docs", {"a.txt": "Wombats. " * 1000})
    with rag.open(tmp_path / "kb") as kb:
        generation = kb.index.store.generation
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10_000_000})())
        with pytest.raises(StoreError, match="MB free"):
            kb.ingest([docs])
        assert (kb.index.store.generation, kb.index.store.sources()) == (generation, {})
