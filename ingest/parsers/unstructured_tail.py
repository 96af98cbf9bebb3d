"""Outlook messages (.msg), read with the library unstructured: the one format at hand that nothing lighter here reads.

unstructured reports each use to its makers, and fetches a language model from the web when it first looks at a text.
Both are made impossible before it is used: the reports by the switches it knows, which must be set before the import;
the model by giving it an empty one, since what it is for (telling titles from prose) is not used here.
"""

from __future__ import annotations

import io
import os
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any

from index.errors import DocumentError, EncryptedError, MissingError
from index.types import Document, Kind
from ingest.parsers import ParseOptions
from ingest.text_builder import TextBuilder
from ingest.texts.html_blocks import add_html
from ingest.texts.member_names import name_members

EXTENSIONS = (".msg",)
REQUIRES = ("unstructured", "oxmsg", "spacy")
EXTRA = "unstructured"

_SILENCE = {"DO_NOT_TRACK": "true", "SCARF_NO_ANALYTICS": "true", "UNSTRUCTURED_DISABLE_NOTICE": "1"}
_SHOWN = ("From", "To", "Cc", "Subject", "Date")
_LOCKED = ("encrypted", "pkcs7-mime", "x-pkcs7-mime")


def parse(name: str, data: bytes, options: ParseOptions) -> Document:
    """The header lines first, then the body; attachments become members.

    Raises MissingError without the extra, EncryptedError for encrypted messages, DocumentError for what is no message.
    """
    partition_msg = _load_partition()
    from oxmsg import Message

    try:
        message = Message.load(io.BytesIO(data))
        headers = {header: _decode_words(str(value)) for header, value in message.message_headers.items()}
        attached = [(part.file_name or "attachment.bin", part.file_bytes or b"") for part in message.attachments]
        title, date, sender = message.subject or "", message.sent_date, message.sender or ""
    except Exception as error:  # struct, key and value errors of the library: it expects well-made files
        raise DocumentError(
            f"{name} is not a readable Outlook message.", "Open it in Outlook and save it again."
        ) from error
    kind = headers.get("Content-Type", "").lower()
    if any(mark in kind for mark in _LOCKED) or [file for file, _ in attached] == ["smime.p7m"]:
        raise EncryptedError(f"{name} is encrypted.", "Save it decrypted from the mail program that has the key.")
    builder = TextBuilder()
    headers = {"From": _decode_words(sender), "Subject": title} | headers
    builder.add("\n".join(f"{header}: {headers[header]}" for header in _SHOWN if headers.get(header)))
    try:
        elements = partition_msg(file=io.BytesIO(data), process_attachments=False)
    except Exception as error:  # as above
        raise DocumentError(f"The text of {name} cannot be read.", "Save it from Outlook as .eml or .html.") from error
    for element in elements:
        _add(builder, element)
    builder.members.extend(name_members(attached))
    return builder.build(title, date=date.date().isoformat() if date else None)


def _load_partition() -> Any:
    """unstructured's reader of Outlook messages, unable to reach the network."""
    os.environ.update(_SILENCE)
    try:
        from unstructured.nlp import tokenize
        from unstructured.partition.msg import partition_msg
    except ImportError as error:
        raise MissingError(
            "Outlook messages need the extra package unstructured.", "Run: pip install 'tebiki-rag[unstructured]'"
        ) from error
    tokenize._load_spacy_model = _load_empty_model
    return partition_msg


def _load_empty_model(*_: object, **__: object) -> Any:
    """A language model that knows nothing but where sentences end."""
    import spacy

    model = spacy.blank("en")
    model.add_pipe("sentencizer")
    return model


def _add(builder: TextBuilder, element: Any) -> None:
    table = getattr(element.metadata, "text_as_html", None)
    if element.category == "Table" and table:
        add_html(builder, table)
    elif element.category == "ListItem":
        builder.add(str(element), Kind.ITEM, level=1)
    elif element.category == "CodeSnippet":
        builder.add(str(element), Kind.CODE)
    else:
        builder.add(str(element))


def _decode_words(text: str) -> str:
    """A header line as people read it ("=?UTF-8?B?…?=" decoded)."""
    try:
        return " ".join(str(make_header(decode_header(text))).split())
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return " ".join(text.split())
