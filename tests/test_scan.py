"""Scanning: names, order, what is left out and why, and reading a file as it is at one moment."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import DocumentError, LimitError, UsageError
from ingest import scan as scan_module
from ingest.ignore import is_ignored, read_rules
from ingest.scan import Root, Skipped, Source, load, plan_roots, scan


def write(file: Path, text: str = "text") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def look(*roots: Path, known: dict[str, Path] | None = None) -> list[Source | Skipped]:
    return list(scan(plan_roots(roots, known or {})))


def paths(*roots: Path, known: dict[str, Path] | None = None) -> list[str]:
    return [entry.path for entry in look(*roots, known=known)]


# ---------------------------------------------------------------- names of sources


def test_a_folder_is_a_source_named_by_its_last_part(tmp_path: Path) -> None:
    file = write(tmp_path / "docs/hr/leave.md")
    (entry,) = look(tmp_path / "docs")
    found = file.stat()
    assert entry == Source("docs/hr/leave.md", file, "docs", 4, found.st_mtime_ns, found.st_ctime_ns)


def test_a_second_folder_of_the_same_name_gets_a_number(tmp_path: Path) -> None:
    write(tmp_path / "a/docs/x.md")
    write(tmp_path / "b/docs/x.md")
    assert paths(tmp_path / "b/docs", tmp_path / "a/docs") == ["docs/x.md", "docs-2/x.md"]
    assert paths(tmp_path / "b/docs", known={"docs": tmp_path / "a/docs"}) == ["docs-2/x.md"]
    assert paths(tmp_path / "a/docs", known={"docs": tmp_path / "a/docs"}) == ["docs/x.md"]


def test_what_lies_in_a_known_source_belongs_to_it(tmp_path: Path) -> None:
    write(tmp_path / "docs/hr/leave.md")
    write(tmp_path / "docs/it/vpn.md")
    known = {"docs": tmp_path / "docs"}
    assert plan_roots([tmp_path / "docs/hr"], known) == [Root("docs", tmp_path / "docs", "hr")]
    assert paths(tmp_path / "docs/hr", known=known) == ["docs/hr/leave.md"]
    assert paths(tmp_path / "docs/it/vpn.md", known=known) == ["docs/it/vpn.md"]


def test_a_file_given_alone_is_named_by_its_folder_and_later_joins_it(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        write(tmp_path / "docs" / name)
    first = plan_roots([tmp_path / "docs/a.md", tmp_path / "docs/b.md"], {})
    assert [entry.path for entry in scan(first)] == ["docs/a.md", "docs/b.md"]
    known = {root.source: root.root for root in first}
    assert plan_roots([], known) == first
    (whole,) = plan_roots([tmp_path / "docs"], known)
    assert [entry.path for entry in scan([whole])] == ["docs/a.md", "docs/b.md", "docs/c.md"]
    assert plan_roots([], {**known, whole.source: whole.root}) == [whole]


def test_folders_inside_each_other_are_looked_at_once(tmp_path: Path) -> None:
    write(tmp_path / "docs/hr/leave.md")
    assert paths(tmp_path / "docs/hr", tmp_path / "docs", tmp_path / "docs/hr/leave.md") == ["docs/hr/leave.md"]


def test_a_root_covers_what_lies_below_it_and_nothing_beside_it(tmp_path: Path) -> None:
    root = Root("docs", tmp_path, "hr")
    assert root.covers("docs/hr/leave.md") and root.covers("docs/hr")
    assert not root.covers("docs/hr-old/leave.md") and not root.covers("docs/it/vpn.md")


def test_a_knowledge_base_is_not_read_as_documents(tmp_path: Path) -> None:
    """Its own or another's: what a command keeps in it would come back as a document, and outlive a forgetting."""
    for name in ("a.md", "kb/index.sqlite3", "kb/last-answer.json", "kb/words/1/meta.json"):
        write(tmp_path / "docs" / name)
    read, left_out = look(tmp_path / "docs")
    assert (read.path, left_out) == ("docs/a.md", Skipped("docs/kb", "a knowledge base"))


def test_the_working_folder_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "docs/x.md")
    monkeypatch.chdir(tmp_path / "docs")
    assert paths(Path()) == ["docs/x.md"]
    monkeypatch.chdir(write(tmp_path / "docs/inner/y.md").parent)
    assert paths(Path("..")) == ["docs/inner/y.md", "docs/x.md"]


def test_a_missing_root_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothere"):
        plan_roots([tmp_path / "nothere"], {})
    with pytest.raises(UsageError, match="nothere"):
        plan_roots([], {"nothere": tmp_path / "nothere"})


def test_a_single_file_that_is_gone_is_gone_but_not_with_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "docs/b.md")
    assert list(scan(plan_roots([], {"docs/a.md": tmp_path / "docs/a.md"}))) == []
    with pytest.raises(UsageError):
        plan_roots([], {"usb/a.md": tmp_path / "usb/a.md"})


# ---------------------------------------------------------------- order and names of files


def test_names_are_nfc_and_names_that_look_the_same_are_both_kept(tmp_path: Path) -> None:
    composed, decomposed = "が.md", unicodedata.normalize("NFD", "が.md")
    write(tmp_path / "docs" / composed, "composed")
    write(tmp_path / "docs" / decomposed, "decomposed!")
    if len(list((tmp_path / "docs").iterdir())) < 2:
        pytest.skip("this file system holds one of the two")
    found = {entry.path: entry.size for entry in look(tmp_path / "docs") if isinstance(entry, Source)}
    assert found == {"docs/が.md": 8, "docs/が-2.md": 11}


def test_a_name_in_no_encoding_of_this_system_is_read_as_cp932(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    try:
        (tmp_path / "docs" / os.fsdecode("経費.txt".encode("cp932"))).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    (entry,) = look(tmp_path / "docs")
    assert isinstance(entry, Source)
    assert entry.path == "docs/経費.txt" and load(entry) == b"x"
    entry.path.encode("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows forbids such names")
def test_control_characters_in_names_are_not_shown(tmp_path: Path) -> None:
    write(tmp_path / "docs/a\nb\x1b[31m.md")
    assert paths(tmp_path / "docs") == ["docs/ab[31m.md"]


@given(st.sets(st.text("abＡée\u0301-2./", min_size=1, max_size=8), max_size=12))
@settings(max_examples=30, deadline=None)
def test_every_file_has_a_path_of_its_own_in_one_order(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("many") / "docs"
    folder.mkdir()
    for name in sorted(names):
        target = folder / name.strip("/")
        if ".." not in name and not target.exists() and not any(parent.is_file() for parent in target.parents):
            write(target)
    found = paths(folder)
    files = [file.relative_to(folder).parts for file in folder.rglob("*") if file.is_file()]
    assert len(set(found)) == len(found) == sum(not any(part.startswith(".") for part in parts) for parts in files)
    assert [path.split("/") for path in found] == sorted(path.split("/") for path in found)
    assert all(unicodedata.is_normalized("NFC", path) for path in found)
    assert found == paths(folder)


# ---------------------------------------------------------------- what is left out


def test_litter_is_left_out_without_a_word(tmp_path: Path) -> None:
    litter = ("~$plan.docx", "Thumbs.db", "desktop.ini", ".DS_Store", ".hidden.md", "__MACOSX/._a.md")
    for name in (*litter, ".git/config", ".rag/kb.db", "node_modules/x/README.md"):
        write(tmp_path / "docs" / name)
    write(tmp_path / "docs/kept.md")
    assert paths(tmp_path / "docs") == ["docs/kept.md"]


def test_ragignore_counts_from_its_folder_also_when_a_part_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path / "docs/.ragignore", "*.log\n/private/\n!keep.log\n")
    write(tmp_path / "docs/hr/.ragignore", "draft*\n")
    for name in ("a.log", "keep.log", "private/x.md", "hr/private/y.md", "hr/draft1.md", "hr/b.log", "draft0.md"):
        write(tmp_path / "docs" / name)
    kept = ["docs/draft0.md", "docs/hr/private/y.md", "docs/keep.log"]
    assert paths(tmp_path / "docs") == kept
    assert paths(tmp_path / "docs/hr", known={"docs": tmp_path / "docs"}) == ["docs/hr/private/y.md"]


PATTERNS = """
*.log
!important.log
/root.txt
build/
docs/*.pdf
**/cache
logs/**
a/**/z
te?t.md
[ab]x.md
[!c]y.md
\\#hash
name\\ 
 # comment
sp ace.md
x[a-c]*.txt
r[2024-03].md
s[!z-a].md
t[]a].md
u[].md
v[!].md
w[a-].md
"""
CANDIDATES = (
    *("a.log", "important.log", "sub/important.log", "sub/a.log", "root.txt", "sub/root.txt", "build", "build/x"),
    *("sub/build/x", "docs/a.pdf", "docs/sub/a.pdf", "sub/docs/a.pdf", "cache", "sub/cache", "sub/sub/cache/x"),
    *("logs/a", "logs/b/c", "a/z", "a/b/z", "a/b/c/z", "b/a/z", "test.md", "sub/text.md", "tet.md", "ax.md"),
    *("bx.md", "cx.md", "ay.md", "cy.md", "#hash", "xab.txt", "xd.txt", "x.txt", "sp ace.md"),
    *("r4.md", "r0.md", "r1.md", "r-.md", "sx.md", "t].md", "ta.md", "tb.md", "u.md", "u[].md", "vx.md", "w-.md"),
)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
def test_patterns_mean_what_they_mean_to_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text(PATTERNS, encoding="utf-8")
    asked = "\n".join(CANDIDATES)
    answer = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--stdin", "--no-index"],
        input=asked,
        capture_output=True,
        text=True,
        check=False,
    )
    rules = read_rules(PATTERNS, "")

    def ours(path: str) -> bool:
        parts = path.split("/")
        folders = ["/".join(parts[: i + 1]) for i in range(len(parts) - 1)]
        return any(is_ignored(f, is_folder=True, rules=rules) for f in folders) or is_ignored(
            path, is_folder=False, rules=rules
        )

    assert [path for path in asked.split("\n") if ours(path)] == answer.stdout.split("\n")[:-1]


def test_links_are_named_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret.md")
    write(tmp_path / "docs/a.md")
    try:
        (tmp_path / "docs/out.md").symlink_to(tmp_path / "secret.md")
        (tmp_path / "docs/loop").symlink_to(tmp_path / "docs", target_is_directory=True)
        (tmp_path / "docs/nowhere.md").symlink_to("missing")
    except OSError:
        pytest.skip("no links here")
    found = look(tmp_path / "docs")
    assert [entry.path for entry in found if isinstance(entry, Source)] == ["docs/a.md"]
    skipped = {entry.path: entry.reason for entry in found if isinstance(entry, Skipped)}
    assert sorted(skipped) == ["docs/loop", "docs/nowhere.md", "docs/out.md"]
    assert all("not followed" in reason for reason in skipped.values())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_and_sockets_are_skipped_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "docs/a.md")
    os.mkfifo(tmp_path / "docs/pipe.txt")
    monkeypatch.chdir(tmp_path / "docs")  # a socket's path may have 100 characters at most
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock.txt")
        found = look(tmp_path / "docs")
    reasons = {entry.path: entry.reason for entry in found if isinstance(entry, Skipped)}
    assert reasons == {"docs/pipe.txt": "not a file but a pipe", "docs/sock.txt": "not a file but a socket"}


def test_a_folder_that_cannot_be_read_is_told_and_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "docs/open/a.md")
    write(tmp_path / "docs/shut/b.md")
    real = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder).name == "shut":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found = look(tmp_path / "docs")
    assert found[1] == Skipped("docs/shut", "folder cannot be read (permission denied)", unreadable=True)
    assert found[0].path == "docs/open/a.md"
    with pytest.raises(UsageError, match="permission denied"):
        plan_roots([tmp_path / "docs/shut"], {})


def test_folders_may_nest_deeper_than_python_calls(tmp_path: Path) -> None:
    inner = tmp_path / "docs"
    for _ in range(400):
        inner = inner / "d"
    write(inner / "a.md")
    assert paths(tmp_path / "docs") == ["docs/" + "d/" * 400 + "a.md"]


# ---------------------------------------------------------------- reading


def only(folder: Path) -> Source:
    (entry,) = look(folder)
    assert isinstance(entry, Source)
    return entry


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.bin").write_bytes(bytes(range(256)) * 9)
    assert load(only(tmp_path / "docs")) == bytes(range(256)) * 9


def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "docs/a.md", "before")
    source = only(tmp_path / "docs")
    real = os.fstat
    calls: list[int] = []

    def appending(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        if not calls:
            with file.open("a") as stream:
                stream.write(" and after")
        calls.append(descriptor)
        return found

    monkeypatch.setattr(os, "fstat", appending)
    with pytest.raises(DocumentError, match="changed while it was read") as caught:
        load(source)
    assert caught.value.next == "Run ingest again."


def test_a_file_that_is_gone_or_replaced_or_too_large_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "docs/a.md", "12345")
    source = only(tmp_path / "docs")
    monkeypatch.setattr(scan_module, "MAX_FILE_BYTES", 4)
    with pytest.raises(LimitError):
        load(source)
    file.unlink()
    with pytest.raises(DocumentError, match="no such file"):
        load(source)
    file.mkdir()
    with pytest.raises(DocumentError, match="no longer a regular file"):
        load(source)
