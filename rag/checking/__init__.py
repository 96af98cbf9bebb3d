"""Checking statements against the sources they cite (``rag.check``)."""

from rag.checking.readings import Readings
from rag.checking.verification import Check, check, says_little, stands_in

__all__ = ["Check", "Readings", "check", "says_little", "stands_in"]
