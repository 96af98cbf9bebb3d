"""The folders of this user. They are found here and not in rag/settings.py because models, too, lie in one."""

from __future__ import annotations

import os
from pathlib import Path

APP = "tebiki-rag"


def user_folder(kind: str) -> Path:
    """This user's folder for "config", "data" or "cache"; ``RAG_HOME`` moves all three."""
    if home := os.environ.get("RAG_HOME"):
        return Path(home).expanduser() / kind
    import platformdirs

    return Path(getattr(platformdirs, f"user_{kind}_dir")(APP, appauthor=False))


def models_folder() -> Path:
    """The folder of fetched and converted models, which may not exist yet: ``RAG_MODELS``, else in the user's cache."""
    if named := os.environ.get("RAG_MODELS"):
        return Path(named).expanduser()
    return user_folder("cache") / "models"
