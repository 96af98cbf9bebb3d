"""Mails and saved web pages (MIME): header, body as its reader sees it, and attachments as documents of their own."""

from __future__ import annotations

import base64
import quopri
import re
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from index.errors import DocumentError, EncryptedError, LimitError
from index.types import Document
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.decoding import decode
from ingest.texts.html_blocks import add_html
from ingest.texts.member_names import name_members
from ingest.texts.prose import add_prose

EXTENSIONS = (".eml", ".mht", ".mhtml", ".emlx")
REQUIRES = ()
EXTRA = ""

_SHOWN = ("From", "To", "Cc", "Subject", "Date")
_KNOWN = (*_SHOWN, "Sender", "Received", "Message-ID", "MIME-Version", "Content-Type", "Return-Path", "X-Mailer")
_ENCODED = re.compile(r"=\?(?P<charset>[^?*\s]+)(?:\*[^?]*)?\?(?P<encoding>[bBqQ])\?(?P<text>[^?]*)\?=")
_WORD = re.compile(r"\w+")
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_TYPES = {"message/rfc822": ".eml", "text/html": ".html", "text/plain": ".txt", "text/calendar": ".ics"}


@dataclass(slots=True)
class _Parts:
    """What a mail holds, in order."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attached: list[tuple[str, bytes]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """The header lines first, then the body; attachments become members.

    Of a body written twice, the plain one is taken unless the other says more: that is what mail programs show.
    Raises EncryptedError for encrypted mails, LimitError for parts nested too deep, DocumentError for what is no mail.
    """
    parts = _Parts()
    try:
        # compat32 leaves broken headers as they are, where the newer policies raise; they are decoded below.
        message = message_from_bytes(_skip_envelope(data), policy=compat32)
        _collect(message, parts, related=False)
    except RecursionError as error:
        raise LimitError("The mail nests its parts too deep.", "Save its attachments and add those.") from error
    if data.strip() and not any(header in message for header in _KNOWN):
        raise DocumentError("This is not a mail: it has no mail header.", "Give the file its right extension.")
    builder = TextBuilder(warnings=list(dict.fromkeys(parts.warnings)))
    subject = _header(message, "Subject")
    shown = [(header, _header(message, header)) for header in _SHOWN]
    is_mail = not name.lower().endswith((".mht", ".mhtml"))
    if is_mail:
        builder.add("\n".join(f"{header}: {value}" for header, value in shown if value))
    title = subject
    plain, page = "\n\n".join(parts.plain), "\n".join(parts.html)
    shown_page = TextBuilder()
    facts = add_html(shown_page, page) if page else None
    if facts and not (plain.strip() and is_mail and _says_all(plain, shown_page.build("").text)):
        add_html(builder, page)
        title = subject or facts.title
    else:
        add_prose(builder, plain, lines=False)
        builder.warnings += shown_page.warnings  # what it hides is told although the other body is taken
    builder.members.extend(name_members(parts.attached))
    return builder.build(title, date=_date(message))


def _skip_envelope(data: bytes) -> bytes:
    """Without what mail programs put before the first header: empty lines, and the byte count of Apple Mail."""
    data = data.lstrip(b"\r\n \t\xef\xbb\xbf")
    count, _, rest = data.partition(b"\n")
    return rest if count.strip().isdigit() else data


def _collect(part: Message, parts: _Parts, *, related: bool) -> None:
    """Sort the parts of a message into body and attachments; `related` are those that a page shows inside itself."""
    kind = part.get_content_type()
    if kind == "multipart/encrypted" or (
        kind.endswith("pkcs7-mime") and "signed" not in str(part.get_param("smime-type"))
    ):
        raise EncryptedError("The mail is encrypted.", "Save it decrypted from the mail program that has the key.")
    if kind == "message/rfc822" or (not part.is_multipart() and _is_attached(part, kind)):
        if kind not in _SIGNATURES and not (related and part.get("Content-ID")):
            parts.attached.append((_file_name(part, kind), _content(part)))
    elif part.is_multipart():
        children = part.get_payload()
        for child in children if isinstance(children, list) else ():
            if isinstance(child, Message):
                _collect(child, parts, related=related or kind == "multipart/related")
    else:
        decoded = decode(_content(part), part.get_content_charset())
        parts.warnings.extend(decoded.warnings)
        (parts.html if kind == "text/html" else parts.plain).append(decoded.text)


def _is_attached(part: Message, kind: str) -> bool:
    inline_text = kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment"
    return not inline_text or bool(part.get_filename() and part.get_content_disposition())


def _content(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner and isinstance(inner[0], Message) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _file_name(part: Message, kind: str) -> str:
    """The attachment's name: encoded by RFC 2231, or against the rules by RFC 2047, or not at all."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(parameter, header=header)
        if isinstance(value, tuple):  # charset, language, and the bytes as Latin-1
            return _read(value[2].encode("latin-1", "replace"), value[0])
        if value:
            return _decode_words(value)
    inner = part.get_payload()
    subject = _header(inner[0], "Subject") if isinstance(inner, list) and isinstance(inner[0], Message) else ""
    return (subject or "attachment") + _TYPES.get(kind, ".bin")


def _header(message: Message, name: str) -> str:
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            return " ".join(_decode_words(str(value)).split())
    return ""


def _decode_words(text: str) -> str:
    """A header's value with its encoded words (RFC 2047) decoded; neighbours are joined as bytes first.

    Mail programs cut Japanese between two words in the middle of a character.
    """
    raw = text.encode("utf-8", "surrogateescape")
    text = _read(raw, None) if any("\udc80" <= char <= "\udcff" for char in text) else text
    pieces: list[str] = []
    position, pending, charset = 0, b"", ""
    for match in _ENCODED.finditer(text):
        between = text[position : match.start()]
        same = match["charset"].lower() == charset and not between.strip()
        if not same:
            pieces.append(_read(pending, charset) if pending else "")
            pieces.append(between if between.strip() or not pending else "")
            pending, charset = b"", match["charset"].lower()
        pending += _word_bytes(match["encoding"], match["text"])
        position = match.end()
    pieces.append(_read(pending, charset) if pending else "")
    return "".join((*pieces, text[position:]))


def _word_bytes(encoding: str, text: str) -> bytes:
    if encoding in "qQ":
        return quopri.decodestring(text.encode("utf-8"), header=True)
    clean = re.sub(r"[^A-Za-z0-9+/]", "", text)
    return base64.b64decode(clean[: len(clean) - (len(clean) % 4 == 1)] + "=" * (-len(clean) % 4))


def _read(raw: bytes, charset: str | None) -> str:
    try:
        return decode(raw, charset).text
    except DocumentError:
        return raw.decode("ascii", "replace")


def _says_all(plain: str, page: str) -> bool:
    """Whether the plain body has every word of the other one."""
    return not Counter(_WORD.findall(page)) - Counter(_WORD.findall(plain))


def _date(message: Message) -> str | None:
    try:
        return parsedate_to_datetime(_header(message, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
