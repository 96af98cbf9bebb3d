"""Opens password-protected Office files (MS-OFFCRYPTO) in memory.

An encrypted .docx, .pptx or .xlsx is not a zip package but an OLE file around one; an old .xls is encrypted in place.
"""

from __future__ import annotations

import io

from index.errors import DocumentError
from ingest.passwords import locked_error

OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
# Excel encrypts a workbook with this password when only its structure is protected: anyone may read it.
_OPEN_TO_ALL = "VelvetSweatshop"


def decrypt(name: str, data: bytes, passwords: tuple[str, ...]) -> bytes:
    """The readable bytes of an Office file: `data` itself unless it is encrypted.

    Each password is tried in turn. Raises EncryptedError when none opens it, DocumentError for an unknown encryption.
    """
    if not data.startswith(OLE_SIGNATURE):
        return data
    import msoffcrypto

    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        if not office.is_encrypted():
            return data
    except Exception:  # an OLE file of another kind, or a damaged one: its own reader says what is wrong with it
        return data
    # Only in the newer kind is the check of a password a choice; without it a wrong one gives rubbish.
    check = {"verify_password": True} if office.format == "ooxml" else {}
    for password in (_OPEN_TO_ALL, *passwords):
        plain = io.BytesIO()
        try:
            office.load_key(password=password, **check)
            office.decrypt(plain)
        except msoffcrypto.exceptions.InvalidKeyError:
            continue
        except Exception as error:  # the library lets errors of struct, zip and its ciphers through
            raise DocumentError(
                f"{name} is encrypted in a way that cannot be read here.", "Save it without a password and try again."
            ) from error
        return plain.getvalue()
    raise locked_error(name, passwords)
