"""What is said of a file that no given password opens, the same for every format."""

from __future__ import annotations

from collections.abc import Sequence

from index.errors import EncryptedError


def locked_error(name: str, passwords: Sequence[str]) -> EncryptedError:
    """`passwords` are those that were tried."""
    if passwords:
        return EncryptedError(
            f"{name} is encrypted, and none of the given passwords opens it.",
            "Put the right one into the file given with --password-file.",
        )
    return EncryptedError(f"{name} needs a password.", "Put it into a file and give that with --password-file FILE.")
