"""Every error a user can meet, as a tree: each knows its exit code and what to do next.

    RagError                    1
    ├── UsageError              2   the command or a setting was wrong
    ├── MissingError            3   a model or a library is missing
    │   └── ModelError              it is there, but damaged, of another kind, or more than the library can run
    ├── StoreError              4
    │   ├── NoIndexError            there is no knowledge base here
    │   ├── LockedError             another process is writing
    │   ├── DamagedError            what is stored does not match its checksum
    │   ├── NewerError              a later version of the product wrote it
    │   └── UntrustedError          not made by this user, or open to others
    └── DocumentError           5   one document could not be read
        ├── EncryptedError          a password is needed, or the one given is wrong
        ├── UnsupportedError        no reader for this format: skipped, not failed
        └── LimitError              too large, too deep or too slow

Foreign exceptions are translated into these where they cross into our code, and nowhere else.
"""

from __future__ import annotations

from typing import ClassVar


class RagError(Exception):
    """What is wrong, in one sentence (`message`), and what to do about it, in another (`next`)."""

    exit: ClassVar[int] = 1

    def __init__(self, message: str, next: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next = next


class UsageError(RagError):
    exit = 2


class MissingError(RagError):
    exit = 3


class ModelError(MissingError):
    pass


class StoreError(RagError):
    exit = 4


class NoIndexError(StoreError):
    pass


class LockedError(StoreError):
    pass


class DamagedError(StoreError):
    pass


class NewerError(StoreError):
    pass


class UntrustedError(StoreError):
    pass


class DocumentError(RagError):
    exit = 5


class EncryptedError(DocumentError):
    pass


class UnsupportedError(DocumentError):
    pass


class LimitError(DocumentError):
    pass
