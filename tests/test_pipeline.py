"""The write story through the public API: what is on the disk becomes what is in the index."""

from __future__ import annotations

import os
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from corpus import write_tree
from hostile_archives import zipped

import rag
from index.errors import UsageError
from index.globs import match_paths
from index.weights import LEAST, MOST, describe_weights
from rag.labels import label, labels
from rag.show_hits import show_hits

HASHING = "hashing:64"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    files = {
        "leave.md": "# Leave\n\nFull-time employees receive 20 days of paid annual leave.\n",
        "hr/travel.txt": "Hotels are paid up to 140 euro a night.\n",
        "日本/就業規則.txt": "第1条　有給休暇は10日とする。\n".encode("cp932"),
    }
    return write_tree(tmp_path / "docs", files)


@pytest.fixture
def kb(tmp_path: Path) -> rag.KnowledgeBase:
    return rag.open(tmp_path / "kb", embed_model=HASHING)


def test_a_folder_becomes_searchable(kb: rag.KnowledgeBase, docs: Path) -> None:
    report = kb.ingest([docs])
    assert report.added == ("docs/hr/travel.txt", "docs/leave.md", "docs/日本/就業規則.txt")
    assert report.failed == report.skipped == ()
    assert [note.path for note in report.warned] == ["docs/日本/就業規則.txt"]
    assert "CP932" in report.warned[0].reason
    assert report.chunks == 3
    hit = kb.search("annual leave", mode="lexical")[0]
    assert (hit.path, hit.heading, hit.lines) == ("docs/leave.md", ("Leave",), (3, 3))
    assert hit.file == str(docs / "leave.md")
    assert kb.text(hit.path)[hit.start : hit.end] == hit.text
    assert kb.search("有給休暇", mode="lexical")[0].path == "docs/日本/就業規則.txt"


def test_every_chunk_has_its_vector_when_ingest_returns(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    assert kb.count_waiting() == 0
    assert {hit.path for hit in kb.search("hotels", mode="dense")} == set(kb.index.store.document_ids())


@pytest.mark.parametrize(
    ("mode", "least", "most"), [("lexical", 0.0, 0.0), ("hybrid", LEAST, MOST), ("dense", 1.0, 1.0)]
)
def test_an_explained_search_shows_the_weights_of_the_question_and_of_the_collection(
    kb: rag.KnowledgeBase, docs: Path, capsys: pytest.CaptureFixture[str], mode: str, least: float, most: float
) -> None:
    kb.ingest([docs])
    hits = kb.search("annual leave", mode=mode)
    show_hits(kb, "annual leave", hits, explain=True)
    share = kb.retriever.share
    assert least <= share <= most
    shown = capsys.readouterr().out
    assert f"weights of this question: words {1 - share:.2f}, meaning {share:.2f}" in shown
    assert all(f"{name}: {learned}" in shown for name, learned in describe_weights(kb.index.weights()).items())
    show_hits(kb, "annual leave", hits, explain=False)
    assert "weights" not in capsys.readouterr().out


def test_a_second_run_changes_nothing(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    generation = kb.index.store.generation
    report = kb.ingest([docs])
    assert len(report.unchanged) == 3
    assert report.added == report.updated == report.removed == ()
    assert kb.index.store.generation == generation


def test_a_touched_file_with_the_same_content_is_unchanged(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    os.utime(docs / "leave.md", (1, 1))
    assert "docs/leave.md" in kb.ingest([docs]).unchanged


def test_an_edit_is_seen_though_size_and_time_of_the_file_are_what_they_were(
    kb: rag.KnowledgeBase, tmp_path: Path
) -> None:
    files = {"a.txt": "The fee is 20 euro.", "b.txt": "The fee is 30 euro.", "c.docx": "no"}
    docs = write_tree(tmp_path / "docs", files)
    for file in docs.iterdir():
        os.utime(file, (1, 1))
    assert [note.path for note in kb.ingest([docs]).failed] == ["docs/c.docx"]
    (docs / "a.txt").rename(docs / "once.txt")  # swapped, which leaves their times
    (docs / "b.txt").rename(docs / "a.txt")
    (docs / "once.txt").rename(docs / "b.txt")
    assert kb.ingest().updated == ("docs/a.txt", "docs/b.txt")
    assert kb.index.store.text("docs/a.txt") == "The fee is 30 euro."
    (docs / "a.txt").write_text("The fee is 40 euro.")  # edited, and the time put back
    (docs / "c.docx").write_bytes(b"NO")
    for file in docs.iterdir():
        os.utime(file, (1, 1))
    report = kb.ingest()
    assert (report.updated, report.unchanged) == (("docs/a.txt",), ("docs/b.txt",))
    assert kb.index.store.looks() == {f"docs/{file.name}": file.stat().st_ctime_ns for file in docs.iterdir()}
    generation = kb.index.store.generation
    assert kb.ingest().unchanged == ("docs/a.txt", "docs/b.txt")
    assert kb.index.store.generation == generation


def test_changes_and_removals_are_followed_without_naming_the_folder_again(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    (docs / "leave.md").write_text("# Leave\n\nEmployees receive 25 days.\n")
    (docs / "hr/travel.txt").unlink()
    (docs / "new.md").write_text("# New\n\nSomething about wombats.\n")
    report = kb.ingest()
    assert report.updated == ("docs/leave.md",)
    assert report.removed == ("docs/hr/travel.txt",)
    assert report.added == ("docs/new.md",)
    assert "25 days" in kb.search("days of leave", mode="lexical")[0].text
    assert all("140 euro" not in hit.text for hit in kb.search("hotels euro"))


def test_a_missing_root_is_an_error_and_removes_nothing(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    docs.rename(docs.with_name("away"))
    with pytest.raises(UsageError):
        kb.ingest()
    assert len(kb.documents()) == 3


def test_much_missing_is_not_removed_without_prune(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "many", {f"{n}.txt": f"Text number {n}." for n in range(40)})
    kb.ingest([docs])
    for n in range(25):
        (docs / f"{n}.txt").unlink()
    report = kb.ingest()
    assert report.removed == ()
    assert "--prune" in report.kept[0].reason
    assert len(kb.documents()) == 40
    assert len(kb.ingest(prune=True).removed) == 25


@pytest.mark.parametrize(
    ("files", "gone", "removed"), [(40, 20, True), (40, 21, False), (150, 30, True), (150, 31, False)]
)
def test_more_than_twenty_and_a_fifth_missing_look_like_a_mistake(
    kb: rag.KnowledgeBase, tmp_path: Path, files: int, gone: int, removed: bool
) -> None:
    docs = write_tree(tmp_path / "many", {f"{n}.txt": f"Text number {n}." for n in range(files)})
    kb.ingest([docs])
    for n in range(gone):
        (docs / f"{n}.txt").unlink()
    assert len(kb.ingest().removed) == gone * removed


def test_what_is_gone_from_an_archive_is_no_missing_file(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    def pack(count: int) -> bytes:
        return zipped({f"{n}.txt": f"Text number {n}.".encode() for n in range(count)})

    files = {f"{n}.md": f"Rule number {n}." for n in range(25)}
    docs = write_tree(tmp_path / "docs", {"all.zip": pack(30), **files})
    kb.ingest([docs])
    (docs / "all.zip").write_bytes(pack(5))
    report = kb.ingest()
    assert (set(report.removed), report.kept) == ({f"docs/all.zip/{n}.txt" for n in range(5, 30)}, ())
    (docs / "all.zip").write_bytes(pack(3))
    for name in files:
        (docs / name).unlink()
    report = kb.ingest()
    assert report.removed == ("docs/all.zip/3.txt", "docs/all.zip/4.txt")
    assert report.kept[0].reason.startswith("25 of 26 files are missing")


def test_what_the_user_removed_stays_out_until_it_is_let_in(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    assert kb.remove("docs/hr/*") == ["docs/hr/travel.txt"]
    assert all(hit.path != "docs/hr/travel.txt" for hit in kb.search("hotels"))
    report = kb.ingest()
    assert [note.path for note in report.skipped] == ["docs/hr/travel.txt"]
    assert kb.restore("docs/hr/*") == ["docs/hr/travel.txt"]
    assert kb.ingest().added == ("docs/hr/travel.txt",)


def test_a_bad_file_costs_that_file_and_is_tried_once(kb: rag.KnowledgeBase, docs: Path) -> None:
    (docs / "broken.docx").write_bytes(b"PK\x03\x04 not a package")
    report = kb.ingest([docs])
    assert len(report.added) == 3
    assert [note.path for note in report.failed] == ["docs/broken.docx"]
    assert report.new_failures == ("docs/broken.docx",)
    again = kb.ingest([docs])
    assert [note.path for note in again.failed] == ["docs/broken.docx"]
    assert again.new_failures == ()


def test_a_file_that_becomes_unreadable_keeps_its_last_good_version(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "docs", {"a.json": '{"wombat": "a marsupial"}'})
    kb.ingest([docs])
    (docs / "a.json").write_bytes(b"PK\x03\x04")
    (docs / "a.json").rename(docs / "b.json")
    (docs / "a.json").write_bytes(b"")
    report = kb.ingest()
    every = (*report.added, *report.updated, *report.unchanged, *report.removed)
    every += tuple(note.path for note in (*report.skipped, *report.failed))
    assert sorted(every) == ["docs/a.json", "docs/b.json"]


def test_a_format_nobody_reads_is_skipped_with_the_way_out(kb: rag.KnowledgeBase, docs: Path) -> None:
    (docs / "data.xyz").write_bytes(b"\x00\x01")
    report = kb.ingest([docs])
    assert [note.path for note in report.skipped] == ["docs/data.xyz"]
    assert "Save it as" in report.skipped[0].reason
    (docs / "more.xyz").write_bytes(b"\x00\x01")
    foretold = kb.ingest(dry_run=True)
    assert [note.path for note in foretold.skipped] == ["docs/data.xyz", "docs/more.xyz"]
    assert foretold.skipped == kb.ingest().skipped


def test_files_inside_files_are_documents_of_their_own(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Offer", "a@example.com", "b@example.com"
    mail.set_content("Please find our offer attached.")
    mail.add_attachment("The wombat costs 300 euro.", filename="offer.txt")
    docs = write_tree(tmp_path / "docs", {"mail.eml": mail.as_bytes()})
    with zipfile.ZipFile(docs / "old.zip", "w") as archive:
        archive.writestr("inner/letter.eml", mail.as_bytes())
    report = kb.ingest([docs])
    wanted = {"docs/mail.eml", "docs/mail.eml/offer.txt", "docs/old.zip/inner/letter.eml/offer.txt"}
    assert wanted <= set(report.added)
    assert {hit.path for hit in kb.search("wombat", mode="lexical")} >= {"docs/mail.eml/offer.txt"}
    assert set(kb.ingest().unchanged) >= wanted
    (docs / "mail.eml").unlink()
    assert set(kb.ingest().removed) == {"docs/mail.eml", "docs/mail.eml/offer.txt"}


def test_a_dry_run_says_what_would_happen_and_changes_nothing(kb: rag.KnowledgeBase, docs: Path) -> None:
    report = kb.ingest([docs], dry_run=True)
    assert len(report.added) == 3
    assert kb.documents() == []
    assert kb.index.store.sources() == {}


def test_equal_files_are_two_documents_that_share_vectors(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    text = "# Rules\n\nThe wombat sleeps by day.\n"
    kb.ingest([write_tree(tmp_path / "docs", {"a.md": text, "b.md": text})])
    model = kb.index.model()
    assert model is not None
    assert len(kb.documents()) == 2
    assert len(kb.index.table.numbers(model)) == 1


def test_another_embedding_model_fills_its_own_rows(tmp_path: Path, docs: Path) -> None:
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        kb.ingest([docs])
    with rag.open(tmp_path / "kb", embed_model="hashing:32") as kb:
        assert kb.count_waiting() == 3
        assert all(hit.ranks.keys() == {"lexical"} for hit in kb.search("annual leave"))
        kb.ingest()
        assert kb.count_waiting() == 0
        assert kb.search("annual leave", mode="dense")
    with rag.open(tmp_path / "kb", embed_model="hashing:64") as kb:
        assert kb.count_waiting() == 0


def test_without_a_model_words_alone_answer(tmp_path: Path, docs: Path) -> None:
    with rag.open(tmp_path / "kb") as kb:
        kb.ingest([docs])
        assert kb.search("annual leave")[0].path == "docs/leave.md"


def test_two_folders_of_one_name_are_told_apart(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    for side in ("a", "b"):
        write_tree(tmp_path / side / "docs", {"x.md": f"Text of {side}."})
    kb.ingest([tmp_path / "a/docs"])
    kb.ingest([tmp_path / "b/docs"])
    assert [document.path for document in kb.documents()] == ["docs-2/x.md", "docs/x.md"]


def test_a_part_of_a_source_is_refreshed_alone(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    (docs / "leave.md").unlink()
    report = kb.ingest([docs / "hr"])
    assert (report.unchanged, report.removed) == (("docs/hr/travel.txt",), ())
    assert kb.ingest([docs]).removed == ("docs/leave.md",)


def state(kb: rag.KnowledgeBase) -> tuple[object, ...]:
    hits = [(hit.path, hit.start, round(hit.score, 4)) for hit in kb.search("hotels and leave", k=20)]
    return sorted(hits), [document.path for document in kb.documents()], sorted(kb.index.store.sources())


@pytest.mark.parametrize("again", [False, True], ids=["the folder above", "a refresh of both"])
def test_a_folder_above_takes_over_what_was_read_from_one_inside_it(
    kb: rag.KnowledgeBase, docs: Path, tmp_path: Path, again: bool
) -> None:
    """Each file is one document, under the outer folder's name; what the user said of its path holds on."""
    write_tree(
        docs, {"hr/old.txt": "Old wombats.", "hr/broken.docx": b"PK\x03\x04 not a package", "hr/pay.txt": "Pay."}
    )
    kb.ingest([docs / "hr", docs / "日本" / "就業規則.txt"])
    kb.remove("hr/old.txt")
    label(kb, "hr/*", "people")
    if again:  # as an earlier version of the program left it
        kb.index.store.add_source("docs", docs)
    report = kb.ingest() if again else kb.ingest([docs])
    new = {"docs/hr/pay.txt", "docs/hr/travel.txt", "docs/日本/就業規則.txt"}
    assert set(report.added) == {*new, "docs/leave.md"}
    assert set(report.removed) == {"hr/pay.txt", "hr/travel.txt", "日本/就業規則.txt"}
    assert ([note.path for note in report.failed], report.new_failures) == (["docs/hr/broken.docx"], ())
    assert kb.count_waiting() == 0
    assert labels(kb) == {"people": ["docs/hr/*"]}
    assert kb.index.store.looks().keys() == {*new, "docs/leave.md", "docs/hr/broken.docx"}
    assert kb.ingest().unchanged == tuple(sorted({*new, "docs/leave.md"}))
    assert kb.verify() == []
    with rag.open(tmp_path / "other", embed_model=HASHING) as other:
        (docs / "hr/old.txt").unlink()
        kb.ingest()
        other.ingest([docs])
        assert state(kb) == state(other)


def test_a_folder_that_the_one_above_leaves_out_stays_a_source_of_its_own(kb: rag.KnowledgeBase, docs: Path) -> None:
    write_tree(docs, {".archive/a.txt": "Old rules."})
    kb.ingest([docs / ".archive"])
    kb.ingest([docs])
    assert not kb.ingest().removed
    assert [document.path for document in kb.documents()] == [
        ".archive/a.txt", "docs/hr/travel.txt", "docs/leave.md", "docs/日本/就業規則.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("within", ["docs/hr/**", ["docs/hr/*", "docs/nothing"], "**/travel.txt", "DOCS/HR"])
def test_within_restricts_both_legs(kb: rag.KnowledgeBase, docs: Path, within: str | list[str]) -> None:
    kb.ingest([docs])
    for mode in ("hybrid", "lexical", "dense"):
        hits = kb.search("hotels and leave", mode=mode, within=within)
        assert [hit.path for hit in hits] == ["docs/hr/travel.txt"]
    assert match_paths(within, [document.path for document in kb.documents()]) == ["docs/hr/travel.txt"]


@pytest.mark.slow
def test_nothing_is_lost_when_a_run_is_killed(tmp_path: Path) -> None:
    import signal
    import subprocess
    import sys
    import time

    docs = write_tree(tmp_path / "docs", {f"{n:03}.txt": f"Text number {n} about things." * 50 for n in range(120)})
    code = f"import rag; rag.open({str(tmp_path / 'kb')!r}, embed_model='hashing:64').ingest([{str(docs)!r}])"
    rag.open(tmp_path / "kb").close()
    for delay in (0.6, 0.9, 1.2):
        process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
            assert kb.verify() == []
            for document in kb.documents():
                assert document.chunks > 0
                assert kb.text(document.path)
    with rag.open(tmp_path / "kb", embed_model=HASHING) as kb:
        kb.ingest([docs])
        assert len(kb.documents()) == 120
        assert kb.count_waiting() == 0
        assert kb.verify() == []
