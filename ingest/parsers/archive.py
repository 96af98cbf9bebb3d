"""Archives: every file inside becomes a document of its own; the archive has no text itself."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO

from index.errors import DocumentError, EncryptedError, LimitError
from index.types import Document
from ingest.ignore import always_ignored
from ingest.parsers import ParseOptions
from ingest.passwords import locked_error
from ingest.texts.member_names import decode_name, name_members

EXTENSIONS = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz")
REQUIRES = ()
EXTRA = ""

MAX_MEMBERS = 2_000
MAX_TOTAL_BYTES = 128 << 20  # the process that stores documents gets all of it in one message (ingest/reading.py)
MAX_RATIO = 200  # times its packed size that an archive may unpack to; text packs to a tenth, bombs to a thousandth
_RATIO_FROM = 16 << 20  # unpacked bytes from which the ratio counts: a small file of one letter repeated is no attack

_DAMAGED = "Open it in the program that made it and save it again, or get a complete copy."
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """The archive's files as members, with safe names; links, devices and what a scan leaves out are not among them.

    Raises EncryptedError when no password opens an encrypted one, LimitError when it holds too much, DocumentError
    when it is damaged.
    """
    if not data:
        raise DocumentError(f"{name} is empty (0 bytes).", "Get a complete copy of the file.")
    budget = _Budget(name, len(data))
    try:
        # A tar whose last file is a zip (or docx) passes for a zip too: that is known by its end.
        if zipfile.is_zipfile(io.BytesIO(data)) and not tarfile.is_tarfile(io.BytesIO(data)):
            found = [*_read_zip(name, data, options.passwords, budget)]
        else:
            found = [*_read_packed(name, data, budget)]
    except NotImplementedError as error:
        raise DocumentError(
            f"{name} is packed in a way that is not supported.", "Unpack it and add the folder."
        ) from error
    except _BROKEN as error:
        raise DocumentError(f"{name} is damaged or cut off.", _DAMAGED) from error
    return Document(title="", text="", blocks=(), members=tuple(name_members(found)))


class _Budget:
    """What an archive may still unpack to; sizes are counted while unpacking, whatever its directory claims."""

    def __init__(self, name: str, packed: int) -> None:
        self.name = name
        self.limit = min(MAX_TOTAL_BYTES, max(_RATIO_FROM, MAX_RATIO * packed))
        self.files = 0
        self.used = 0

    def read(self, stream: IO[bytes]) -> bytes:
        """All of one file."""
        self.files += 1
        content = stream.read(self.limit - self.used + 1)
        self.used += len(content)
        if self.used > self.limit:
            raise LimitError(
                f"{self.name} would unpack to more than {self.limit >> 20} MiB.",
                "Unpack it yourself and add the folder, if you trust it.",
            )
        if self.files > MAX_MEMBERS:
            raise LimitError(f"{self.name} holds more than {MAX_MEMBERS} files.", "Unpack it and add the folder.")
        return content


def _read_zip(name: str, data: bytes, passwords: Sequence[str], budget: _Budget) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or (entry.external_attr >> 16) & 0xF000 == 0xA000:  # a symbolic link
                continue
            title = entry.filename if entry.flag_bits & 0x800 else _decode_zip_name(entry.filename)
            if _is_wanted(title):
                yield title, _read_entry(name, archive, entry, passwords, budget)


def _read_entry(
    name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, passwords: Sequence[str], budget: _Budget
) -> bytes:
    if not entry.flag_bits & 1:
        with archive.open(entry) as stream:
            return budget.read(stream)
    if entry.compress_type == 99:
        raise EncryptedError(f"{name} is encrypted with AES.", "Unpack it and add the folder.")
    for password in passwords:
        for encoding in ("utf-8", "cp932"):
            try:
                with archive.open(entry, pwd=password.encode(encoding, "replace")) as stream:
                    return budget.read(stream)
            except (RuntimeError, zipfile.BadZipFile, zlib.error) as error:  # a wrong password shows in any of these
                if isinstance(error, NotImplementedError):
                    raise
    raise locked_error(name, passwords)


def _decode_zip_name(name: str) -> str:
    """zipfile reads names that are not marked as UTF-8 as CP437, which loses nothing; Windows in Japan writes CP932."""
    try:
        return decode_name(name.encode("cp437"))
    except UnicodeEncodeError:
        return name


def _read_packed(name: str, data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    """A tar archive, packed or not, or one packed file."""
    unpacked = _unpack(data, budget)
    content = data if unpacked is None else unpacked
    budget.used = budget.files = 0  # the tar is let go file by file
    if not tarfile.is_tarfile(io.BytesIO(content)):
        if unpacked is None:
            raise DocumentError(f"{name} is not an archive.", "Give the file its right extension.")
        yield name.rpartition("/")[2].rpartition(".")[0] or "unnamed", unpacked
        return
    with tarfile.open(fileobj=io.BytesIO(content), errors="surrogateescape") as archive:
        for entry in archive:
            title = decode_name(entry.name.encode("utf-8", "surrogateescape"))
            stream = archive.extractfile(entry) if entry.isreg() and _is_wanted(title) else None
            if stream is not None:
                with stream:
                    yield title, budget.read(stream)


def _unpack(data: bytes, budget: _Budget) -> bytes | None:
    """What a gzip, bzip2 or xz file holds, None for anything else."""
    for magic, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ\x00", lzma)):
        if data.startswith(magic):
            with module.open(io.BytesIO(data)) as stream:
                return budget.read(stream)
    return None


def _is_wanted(title: str) -> bool:
    return not any(always_ignored(part) for part in title.replace("\\", "/").split("/") if part not in ("", ".", ".."))
