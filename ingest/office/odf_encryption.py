"""Opens password-protected OpenDocument files in memory (OpenDocument 1.3 part 2, 3.4: AES-256-CBC with PBKDF2).

Each part of such a package is deflated and then encrypted by itself; the manifest says how. What LibreOffice writes
since 24.8 (AES-GCM with Argon2) and wrote before 2012 (Blowfish) is told apart, not opened.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass

from lxml import etree

from index.errors import EncryptedError, LimitError
from ingest.office.zip_package import MAX_PART_BYTES, Package
from ingest.passwords import locked_error

_M = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_AES = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
_START_KEYS = {
    "http://www.w3.org/2000/09/xmldsig#sha256": "sha256",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "SHA1": "sha1",
}
_CHECKED = 1024  # bytes of a part, deflated, that its checksum covers


@dataclass(frozen=True, slots=True)
class _Lock:
    """How one part is encrypted."""

    start_key: str
    salt: bytes
    iterations: int
    vector: bytes
    checksum: bytes


def decrypt_odf(name: str, data: bytes, passwords: tuple[str, ...]) -> bytes:
    """The package with its XML parts in the clear: `data` itself unless it is encrypted.

    Each password is tried in turn. Raises EncryptedError when none opens it.
    """
    package = Package(name, data)
    if "META-INF/manifest.xml" not in package or b"encryption-data" not in package.read("META-INF/manifest.xml"):
        return data
    manifest = package.xml("META-INF/manifest.xml")
    locked = {
        entry.get(f"{_M}full-path", ""): found
        for entry in manifest.iter(f"{_M}file-entry")
        if (found := entry.find(f"{_M}encryption-data")) is not None
    }
    locks = {part: _read_lock(node) for part, node in locked.items() if part.endswith(".xml") and part in package}
    known = {part: lock for part, lock in locks.items() if lock is not None}
    if "content.xml" not in known:
        raise EncryptedError(f"{name} is encrypted in a way that cannot be read here.", "Save it without a password.")
    for password in passwords:
        if _open(package.read("content.xml"), known["content.xml"], password) is None:
            continue
        plain = io.BytesIO()
        with zipfile.ZipFile(plain, "w") as archive:
            for part, lock in known.items():
                content = _open(package.read(part), lock, password)
                if content is not None:
                    archive.writestr(part, _inflate(name, content))
            archive.writestr("mimetype", package.read("mimetype") if "mimetype" in package else b"")
            archive.writestr("META-INF/manifest.xml", f'<manifest xmlns="{_M[1:-1]}"/>')
        return plain.getvalue()
    raise locked_error(name, passwords)


def _read_lock(node: etree._Element) -> _Lock | None:
    """What the manifest says of one part, None for a kind of encryption that is not read here."""
    method, derivation = node.find(f"{_M}algorithm"), node.find(f"{_M}key-derivation")
    start = node.find(f"{_M}start-key-generation")
    start_key = "sha1" if start is None else _START_KEYS.get(start.get(f"{_M}start-key-generation-name", ""), "")
    if method is None or derivation is None or method.get(f"{_M}algorithm-name") != _AES or not start_key:
        return None
    try:
        return _Lock(
            start_key,
            base64.b64decode(derivation.get(f"{_M}salt", "")),
            int(derivation.get(f"{_M}iteration-count", "")),
            base64.b64decode(method.get(f"{_M}initialisation-vector", "")),
            base64.b64decode(node.get(f"{_M}checksum", "")),
        )
    except ValueError:
        return None


def _open(content: bytes, lock: _Lock, password: str) -> bytes | None:
    """One part, still deflated; None when the password is wrong."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    start = hashlib.new(lock.start_key, password.encode("utf-8")).digest()
    try:
        key = hashlib.pbkdf2_hmac("sha1", start, lock.salt, lock.iterations, 32)
        opener = Cipher(algorithms.AES(key), modes.CBC(lock.vector)).decryptor()
        plain = opener.update(content) + opener.finalize()
    except (ValueError, OverflowError):  # a length or count that the method does not have
        return None
    padding = plain[-1] if plain else 0  # the last byte says how many were added to fill a block
    plain = plain[:-padding] if 0 < padding <= 16 else plain
    digest = hashlib.sha256 if len(lock.checksum) == 32 else hashlib.sha1
    return plain if digest(plain[:_CHECKED]).digest() == lock.checksum else None


def _inflate(name: str, content: bytes) -> bytes:
    stream = zlib.decompressobj(-15)
    try:
        plain = stream.decompress(content, MAX_PART_BYTES + 1)
    except zlib.error:
        return b""  # its reader says that the part is damaged
    if len(plain) > MAX_PART_BYTES:
        raise LimitError(f"{name} would unpack to more than {MAX_PART_BYTES >> 20} MiB.", "Split the document.")
    return plain
