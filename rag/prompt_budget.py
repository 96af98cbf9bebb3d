"""How many tokens of sources a prompt may hold: as many as this machine reads in a moment, by its own earlier runs."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from index.errors import RagError
from index.files import write_file
from index.platform import make_private_folder
from ingest.user_folders import user_folder
from rag.generators import Generator

SECONDS = 1.0  # of reading before the first word: what a reader of the evidence does not notice
UNMEASURED = 400  # tokens: about a second for a small model on two slow cores
LEAST, MOST = 200, 2000  # two quotes with their context; all five with room to spare
TELLING = 64  # tokens of a run, below which its time says little about the speed


def choose_budget(generator: Generator) -> int:
    """Tokens of sources for this model, from the speed that was last measured; half of its context at most."""
    speed = _read().get(generator.name)
    wanted = max(LEAST, min(MOST, int(speed * SECONDS))) if speed else UNMEASURED
    return min(wanted, generator.context_tokens // 2)


def remember_speed(generator: Generator) -> None:
    """Keep the prompt speed of the last run, in tokens a second, where the folder can be written."""
    run = generator.last_run
    if run is None or run.prompt_tokens < TELLING or run.first_token <= 0:
        return
    speeds = {**_read(), generator.name: round(run.prompt_tokens / run.first_token, 1)}
    path = _path()
    with contextlib.suppress(OSError, RagError):
        make_private_folder(path.parent)
        write_file(path, [json.dumps(speeds).encode()])


def _read() -> dict[str, float]:
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: speed for name, speed in found.items() if isinstance(speed, int | float)}


def _path() -> Path:
    return user_folder("cache") / "prompt-speed.json"
