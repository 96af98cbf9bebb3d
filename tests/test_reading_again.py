"""Files that did not change are read again when what reads them did, and count as updated where more was read."""

from __future__ import annotations

import os
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from corpus import write_tree
from hostile_archives import zipped
from hostile_documents import locked_pdf

import ingest.pipeline as pipeline
import ingest.reading as reading
import rag
from index.errors import LimitError, UnsupportedError
from index.types import Document
from ingest.parsers import ParseOptions, libreoffice
from ingest.reading import Reading
from rag.labels import label


@pytest.fixture
def kb(tmp_path: Path) -> rag.KnowledgeBase:
    return rag.open(tmp_path / "kb", embed_model="hashing:64")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Offer", "a@example.com", "b@example.com"
    mail.set_content("Please find our offer attached.")
    mail.add_attachment("The wombat costs 300 euro.", filename="offer.txt")
    rows = "".join(f"| Part {n} | {n} |\n" for n in range(200))
    files = {
        "leave.md": "# Leave\n\nEmployees receive 20 days.\n",
        "parts.md": f"# Parts\n\n| Name | Price |\n|---|---|\n{rows}",
        "mail.eml": mail.as_bytes(),
        "bad.docx": b"PK\x03\x04",
    }
    return write_tree(tmp_path / "docs", files)


def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "code_version", lambda: "of another release")


def ids(kb: rag.KnowledgeBase) -> list[tuple[object, ...]]:
    return list(kb.index.store.connection.execute("SELECT id, document, input FROM chunks ORDER BY id"))


def test_a_reader_that_reads_the_same_leaves_everything_unchanged(
    kb: rag.KnowledgeBase, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb.ingest([docs])
    before = ids(kb)
    upgrade(monkeypatch)
    assert len(kb.ingest(dry_run=True).unchanged) == 4
    report = kb.ingest()
    assert report.unchanged == ("docs/leave.md", "docs/mail.eml", "docs/mail.eml/offer.txt", "docs/parts.md")
    assert report.chunks == 0
    assert report.warned == ()
    assert [note.path for note in report.failed] == ["docs/bad.docx"]
    assert report.new_failures == ()
    assert ids(kb) == before
    generation = kb.index.store.generation
    kb.ingest()
    assert kb.index.store.generation == generation  # once is enough


def test_where_a_better_reader_reads_more_the_document_is_updated(
    kb: rag.KnowledgeBase, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb.ingest([docs])
    upgrade(monkeypatch)
    chunk = pipeline.chunk_document
    store = pipeline._Run._store

    def better(self: pipeline._Run, origin: pipeline.Origin, document: Document) -> None:
        store(self, origin, replace(document, title="Better") if origin.path == "docs/leave.md" else document)

    monkeypatch.setattr(pipeline._Run, "_store", better)
    report = kb.ingest()
    assert report.updated == ("docs/leave.md",)
    assert len(report.unchanged) == 3
    assert {document.title for document in kb.documents() if document.path == "docs/leave.md"} == {"Better"}
    monkeypatch.setattr(reading, "code_version", lambda: "yet another")
    monkeypatch.setattr(pipeline, "chunk_document", lambda document: chunk(document)[:1])
    assert kb.ingest().updated == ("docs/parts.md",)  # the only one of more than one chunk


def test_a_file_that_was_edited_counts_as_updated_although_its_text_is_the_same(
    kb: rag.KnowledgeBase, docs: Path
) -> None:
    kb.ingest([docs])
    before = ids(kb)
    (docs / "leave.md").write_text("# Leave\n\nEmployees receive 20 days.\n\n\n")
    assert kb.ingest().updated == ("docs/leave.md",)
    assert len(ids(kb)) == len(before)


def test_what_a_later_reader_cannot_read_stays_as_the_former_one_read_it(
    kb: rag.KnowledgeBase, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb.ingest([docs])
    before = ids(kb)
    upgrade(monkeypatch)

    def fail(*_: object) -> Reading:
        return Reading(None, LimitError("Reading was given up.", "Split the file."))

    monkeypatch.setattr(pipeline.Reader, "read", fail)
    report = kb.ingest()
    assert len(report.unchanged) == 4
    assert {note.path for note in report.warned} == {"docs/leave.md", "docs/mail.eml", "docs/parts.md"}
    assert all("Reading was given up." in note.reason for note in report.warned)
    assert ids(kb) == before


@pytest.mark.parametrize("name", ["old.doc", "mail.msg", "all.zip"])
def test_a_file_that_waits_for_a_program_or_a_library_is_tried_when_it_is_there(
    kb: rag.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    there: list[str] = []
    monkeypatch.setattr(libreoffice, "_program", lambda: "soffice" if "libreoffice" in there else None)
    monkeypatch.setattr(reading, "find_spec", lambda library: library in there or None)
    tried: list[str] = []
    old, waits, read = b"\xd0\xcf\x11\xe0", name.replace("all.zip", "old.doc"), pipeline.Reader.read

    def refuse(self: reading.Reader, name: str, data: bytes) -> Reading:
        tried.append(name.rpartition("/")[2])
        return Reading(None, UnsupportedError("", "")) if data == old else read(self, name, data)

    monkeypatch.setattr(pipeline.Reader, "read", refuse)
    content = zipped({"old.doc": old}) if name == "all.zip" else old
    docs = write_tree(tmp_path / "docs", {name: content, "new.doc": b"{\\rtf1 Words}"})
    for _ in range(2):
        kb.ingest([docs])
        assert tried.count(waits) == 1
    there += ["libreoffice", "unstructured"]
    kb.ingest()
    assert (tried.count(waits), tried.count("new.doc")) == (2, 1)  # what was read waited for nothing


def test_the_code_that_reads_is_known_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_tree(tmp_path / "ingest", {"parsers/docx.py": "a", "chunk.py": "b", "vectors.py": "c"})
    monkeypatch.setattr(reading, "__file__", str(folder / "reading.py"))
    versions = [reading.code_version.__wrapped__()]
    for name, text in (("vectors.py", "d"), ("parsers/docx.py", "d"), ("chunk.py", "d"), ("parsers/new.py", "")):
        (folder / name).write_text(text)
        versions.append(reading.code_version.__wrapped__())
    assert versions[0] == versions[1]  # what does not read does not count
    assert len(set(versions)) == 4
    assert all((Path(pipeline.__file__).parent / part).exists() for part in reading.CODE)


def test_a_file_opened_with_a_password_is_not_asked_for_it_again(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    kb.ingest([write_tree(tmp_path / "docs", {"locked.pdf": locked_pdf()})], passwords=["secret"])
    assert kb.ingest().unchanged == ("docs/locked.pdf",)
    assert kb.ingest(passwords=["another"]).unchanged == ("docs/locked.pdf",)


def test_a_password_opens_what_lies_inside_a_file_that_was_read(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    with zipfile.ZipFile(docs / "all.zip", "w") as archive:
        archive.writestr("open.txt", "The wombat digs.")
        archive.writestr("locked.pdf", locked_pdf())
    for new in ("docs/all.zip/locked.pdf",), ():  # found out, and remembered
        report = kb.ingest([docs])
        assert [note.path for note in report.failed] == ["docs/all.zip/locked.pdf"]
        assert report.new_failures == new
        assert kb.status().unread == {"failed": 1}
    report = kb.ingest(passwords=["secret"])
    assert report.added == ("docs/all.zip/locked.pdf",)
    assert report.failed == ()
    assert kb.ingest().failed == ()
    assert "failed" not in kb.status().unread


def test_a_touched_mail_has_not_changed_and_nor_has_what_is_attached(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    os.utime(docs / "mail.eml", (1_000_000_000, 1_000_000_000))
    kb.ingest()
    assert len({d.modified for d in kb.documents() if d.file == str(docs / "mail.eml")}) == 1
    assert kb.verify() == []


def test_a_file_that_failed_and_came_back_is_not_remembered_as_failed(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    (docs := tmp_path / "docs").mkdir()
    with zipfile.ZipFile(file := docs / "all.zip", "w") as archive:
        archive.writestr("open.txt", "The wombat digs.")
    kb.ingest([docs])
    whole, when = file.read_bytes(), file.stat().st_mtime_ns
    file.write_bytes(whole[:20])
    for _ in range(2):  # found out, and remembered
        report = kb.ingest()
        assert [note.path for note in report.failed] == ["docs/all.zip"]
        assert report.unchanged == ("docs/all.zip/open.txt",)
    file.write_bytes(whole)
    os.utime(file, ns=(when, when))
    assert kb.ingest().unchanged == ("docs/all.zip", "docs/all.zip/open.txt")
    assert kb.status().unread == {}


def test_an_attachment_that_was_taken_out_stays_out_until_it_is_let_in(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    offer = "docs/mail.eml/offer.txt"
    assert kb.remove([offer]) == [offer]
    (docs / "mail.eml").write_bytes((docs / "mail.eml").read_bytes().replace(b"our offer", b"another"))
    report = kb.ingest()
    assert report.updated == ("docs/mail.eml",)
    assert offer in [note.path for note in report.skipped]
    assert offer in [note.path for note in kb.ingest().skipped]
    assert kb.restore([offer]) == [offer]
    report = kb.ingest()
    assert report.added == (offer,)
    assert "docs/mail.eml" in report.unchanged
    assert kb.verify() == []


def test_a_pattern_that_matches_a_mail_holds_for_what_is_attached(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    offer = "docs/mail.eml/offer.txt"
    label(kb, "docs/*.eml", "mail")
    assert [hit.path for hit in kb.search("wombat", within=offer, labels=["mail"])] == [offer]
    kb.remove([offer])
    assert kb.restore(["docs/*.eml"]) == [offer]


def test_a_dry_run_does_not_take_attachments_of_an_edited_mail_for_gone(kb: rag.KnowledgeBase, docs: Path) -> None:
    kb.ingest([docs])
    (docs / "mail.eml").write_bytes((docs / "mail.eml").read_bytes().replace(b"our offer", b"another"))
    report = kb.ingest(dry_run=True)
    assert report.updated == ("docs/mail.eml", "docs/mail.eml/offer.txt")
    assert report.removed == ()


def test_retrying_tries_also_what_failed_inside_a_file(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    with zipfile.ZipFile(tmp_path / "docs/all.zip", "w") as archive:
        archive.writestr("open.txt", "The wombat digs.")
        archive.writestr("locked.pdf", locked_pdf())
    kb.ingest([tmp_path / "docs"])
    tried: list[str] = []
    read = reading.Reader.read

    def watched(self: reading.Reader, name: str, data: bytes) -> Reading:
        tried.append(name.rpartition("/")[2])
        return read(self, name, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.Reader, "read", watched)
        kb.ingest()
        assert tried == []
        assert kb.ingest(retry=True).unchanged == ("docs/all.zip", "docs/all.zip/open.txt")
    assert "locked.pdf" in tried


def test_an_interrupted_run_starts_no_more_workers() -> None:
    loading, interrupted = threading.Event(), threading.Event()

    def load(name: str) -> tuple[str, bytes]:
        loading.set()
        interrupted.wait()
        return name, b"The wombat digs."

    reader = reading.Reader(ParseOptions(), 1)
    with ThreadPoolExecutor(1) as aside:
        found = aside.submit(next, reader.read_each(["a.txt"], load))
        loading.wait()
        reader.__exit__()
        interrupted.set()
        assert found.result()[1].error is not None
    assert reader._all[0].pid is None


def test_a_file_whose_permissions_were_mended_is_read_as_its_message_says(
    kb: rag.KnowledgeBase, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = {"leave.md", "bad.docx"}
    opened = Path.open

    def refuse(self: Path, *arguments: str, **more: str) -> object:
        if self.name in locked:
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    assert [note.path for note in kb.ingest([docs]).failed] == ["docs/bad.docx", "docs/leave.md"]
    generation = kb.index.store.generation
    report = kb.ingest()
    assert "run ingest again" in report.failed[1].reason
    assert report.new_failures == ()
    assert kb.index.store.generation == generation
    locked.clear()
    report = kb.ingest()
    assert report.added == ("docs/leave.md",)
    assert [note.path for note in report.failed] == ["docs/bad.docx"]
