"""Checking statements against the sources they cite (``rag.check``)."""

from rag.checking.verification import Check, check

__all__ = ["Check", "check"]
