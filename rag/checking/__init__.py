"""Checking statements against the sources they cite (``rag.check``)."""

from rag.checking.verification import Check, check, says_little

__all__ = ["Check", "check", "says_little"]
