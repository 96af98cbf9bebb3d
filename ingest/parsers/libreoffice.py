"""Office formats from before 2007 (.doc, .ppt) and of other programs, which LibreOffice turns into docx or pptx.

It runs without a window in a private folder that holds its profile, the file and the result, and is removed with them;
what a killed run left is removed by the next one. The profile forbids macros, active content and links; the reading
process it is started from has no network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path, PurePath

from index import platform
from index.errors import DocumentError, LimitError, UnsupportedError
from index.types import Document
from ingest.office.office_encryption import OLE_SIGNATURE, decrypt
from ingest.parsers import ParseOptions, find_parser

_TEXTS = (".doc", ".dot", ".wps", ".wpd", ".sxw")
_SLIDES = (".ppt", ".pps", ".pot", ".sxi")
EXTENSIONS = (*_TEXTS, *_SLIDES)
REQUIRES = ()
EXTRA = ""

# A reading process is given 60 s for a small file: LibreOffice must end first, so that its folder is removed.
_SECONDS = 45
_FORGOTTEN = 3600  # seconds after which a folder of ours cannot belong to a conversion that still runs
_PREFIX = "rag-office-"
_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:/Program Files/LibreOffice/program/soffice.exe",
    "/opt/libreoffice/program/soffice",
)
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{items}
</oor:items>
"""
_ITEM = '<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
_SCRIPTING = "/org.openoffice.Office.Common/Security/Scripting"
_PROXY = "/org.openoffice.Inet/Settings"
# No macro runs, no linked picture or template is fetched; what asks all the same is sent to a port that is closed.
_LOCKED = (
    (_SCRIPTING, "DisableMacrosExecution", "true"),
    (_SCRIPTING, "MacroSecurityLevel", "3"),
    (_SCRIPTING, "DisableActiveContent", "true"),
    (_SCRIPTING, "BlockUntrustedRefererLinks", "true"),
    (_PROXY, "ooInetProxyType", "2"),
    (_PROXY, "ooInetHTTPProxyName", "127.0.0.1"),
    (_PROXY, "ooInetHTTPProxyPort", "9"),
    (_PROXY, "ooInetHTTPSProxyName", "127.0.0.1"),
    (_PROXY, "ooInetHTTPSProxyPort", "9"),
)
# Files under these names that are something newer inside, and need no LibreOffice.
_DISGUISES = ((b"{\\rtf", ".rtf"), (b"<!doctype html", ".html"), (b"<html", ".html"))


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """Read the file as its converted twin. Raises UnsupportedError where LibreOffice is not installed."""
    if not data:
        raise DocumentError(f"{name} is empty (0 bytes).", "Get a complete copy of the file.")
    data = decrypt(name, data, options.passwords)
    old = PurePath(name).suffix.lower()
    new = ".docx" if old in _TEXTS else ".pptx"
    shape = _shape(data, new)
    if shape is None:
        data, shape = _convert(name, data, old, new), new
    reader = find_parser(shape)
    assert reader is not None
    document: Document = reader.parse(name, data, options)
    return document


def _shape(data: bytes, new: str) -> str | None:
    """The extension of the reader that takes the file as it is, None for one that must be converted."""
    start = data[:64].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if data.startswith(b"PK") and b"[Content_Types].xml" in data[:4096]:
        return new
    return next((extension for mark, extension in _DISGUISES if start.startswith(mark)), None)


def programs() -> list[str]:
    """What is there of what this reader starts."""
    return ["libreoffice"] if _program() else []


def _program() -> str | None:
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return found or next((place for place in _PLACES if Path(place).is_file()), None)


def _convert(name: str, data: bytes, old: str, new: str) -> bytes:
    program = _program()
    if program is None:
        raise UnsupportedError(
            f"{name} is in an older format ({old}) that only LibreOffice reads.",
            f"Install LibreOffice (its program soffice must be on the PATH), or save the file as {new[1:]}.",
        )
    if not data.startswith((OLE_SIGNATURE, b"PK")) and old in (".doc", ".dot", ".ppt", ".pps", ".pot"):
        raise DocumentError(f"{name} is damaged: it is no {old} file.", "Get a complete copy of the file.")
    _remove_forgotten()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        source = home / f"in{old}"
        source.write_bytes(data)
        user = home / "profile" / "user"
        user.mkdir(parents=True)
        items = "\n".join(_ITEM.format(path=path, name=key, value=value) for path, key, value in _LOCKED)
        (user / "registrymodifications.xcu").write_text(_SETTINGS.format(items=items), encoding="utf-8")
        switches = ("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo", "--nofirststartwizard")
        profile = f"-env:UserInstallation={(home / 'profile').as_uri()}"
        arguments = [program, profile, *switches, "--convert-to", new[1:], "--outdir", str(home / "out"), str(source)]
        try:
            _run(arguments, home)
        except subprocess.TimeoutExpired as error:
            raise LimitError(
                f"LibreOffice took longer than {_SECONDS} s for {name}.", f"Save the file as {new[1:]} and try again."
            ) from error
        except OSError as error:
            raise UnsupportedError(
                f"{name} needs LibreOffice, which could not be started ({error}).", f"Save the file as {new[1:]}."
            ) from error
        converted = home / "out" / f"in{new}"
        if not converted.is_file():
            raise DocumentError(f"LibreOffice cannot read {name}.", f"Open it and save it as {new[1:]}.")
        return converted.read_bytes()


def _run(arguments: list[str], home: Path) -> None:
    """Run LibreOffice to its end, with every process it starts; nothing it prints is of use."""
    process = subprocess.Popen(
        arguments,
        env={**os.environ, "HOME": str(home), "TMPDIR": str(home), "SAL_USE_VCLPLUGIN": "svp"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        start_new_session=True,
    )
    try:
        process.wait(timeout=_SECONDS)
    finally:
        platform.end_family(process.pid)
        process.wait()


def _remove_forgotten() -> None:
    """Folders of conversions whose process was killed before it could clean up."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(folder, ignore_errors=True)
