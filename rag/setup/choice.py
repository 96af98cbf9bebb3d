"""Which models suit this machine and these languages, and why."""

from __future__ import annotations

import locale
import os
from collections.abc import Sequence
from dataclasses import dataclass

from rag.machine import Machine
from rag.setup.originals import (
    NOMIC_ENGLISH,
    NOMIC_MULTILINGUAL,
    QWEN3_4B,
    QWEN3_8B,
    QWEN3_600M,
    QWEN3_1700M,
    Original,
)

GIB = 1 << 30

# Instruct models from the strongest: gibibytes of memory and cores a machine should have. The file takes at most a
# third of the memory; the cores are an estimate of what reads a prompt of 500 tokens in ten seconds or less.
_TIERS = ((QWEN3_8B, 15, 8), (QWEN3_4B, 7.5, 4), (QWEN3_1700M, 6, 2), (QWEN3_600M, 0, 0))


@dataclass(frozen=True, slots=True)
class Choice:
    """The files to fetch, and the reasons as sentences."""

    embedding: Original
    instruct: Original
    reasons: tuple[str, ...]


def choose_models(machine: Machine, languages: Sequence[str]) -> Choice:
    """The everyday models for `machine` and `languages` (ISO 639-1)."""
    others = [language for language in languages if language != "en"]
    embedding = NOMIC_MULTILINGUAL if others else NOMIC_ENGLISH
    listed = " and ".join(languages) or "en"
    instruct, memory, cores = next(
        tier for tier in _TIERS if machine.memory >= tier[1] * GIB and machine.strength >= tier[2]
    )
    reasons = [
        *machine.describe(),
        f"{embedding.name} ({embedding.size / 1e6:,.0f} MB) searches by meaning in these languages: {listed}.",
        f"{instruct.name} ({instruct.size / 1e9:.1f} GB) writes the answers: the strongest of four for at least"
        f" {memory:g} GiB and {cores:g} cores.",
    ]
    return Choice(embedding, instruct, tuple(reasons))


def guess_languages() -> tuple[str, ...]:
    """The languages of this user's system, English always among them."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    code = (named or locale.getlocale()[0] or "")[:2].lower()
    return ("ja", "en") if code == "ja" else ("en",)
