"""What a run cannot look into is told, costs only itself, and is known again when it can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from corpus import write_tree

import rag


@pytest.fixture
def kb(tmp_path: Path) -> rag.KnowledgeBase:
    return rag.open(tmp_path / "kb", embed_model="hashing:64")


def test_an_unreadable_ragignore_is_told_also_when_a_part_is_looked_at(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "docs", {"hr/leave.md": "Staff get 20 days."})
    kb.ingest([docs])
    (docs / ".ragignore").write_bytes(bytes(range(32)) * 8)
    for folder, shown in ((docs, "docs"), (docs / "hr", "docs/hr")):
        report = kb.ingest([folder])
        assert [note.path for note in report.skipped] == [shown]
        assert report.removed == ()


def test_a_file_that_was_skipped_and_now_fails_is_a_new_failure(kb: rag.KnowledgeBase, tmp_path: Path) -> None:
    docs = write_tree(tmp_path / "docs", {"rates.json": " "})
    assert [note.reason for note in kb.ingest([docs]).skipped] == ["no text in it"]
    (docs / "rates.json").write_text('{"rate":', encoding="utf-8")
    assert kb.ingest().new_failures == ("docs/rates.json",)
    assert kb.ingest().new_failures == ()


def test_what_failed_in_a_folder_that_could_not_be_read_for_a_while_is_no_new_failure(
    kb: rag.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = write_tree(tmp_path / "docs", {"hr/leave.md": "Staff get 20 days.", "hr/bad.docx": b"PK\x03\x04"})
    real = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder).name == "hr":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    assert kb.ingest([docs]).new_failures == ("docs/hr/bad.docx",)
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        assert kb.ingest().removed == ()
    report = kb.ingest()
    assert ([note.path for note in report.failed], report.new_failures) == (["docs/hr/bad.docx"], ())
