"""Every setting, and where it comes from.

A flag wins over ``RAG_*`` in the environment, over the knowledge base's ``config.toml``, over the user's own, over the
default. A knowledge base may have come from somebody else, so its file may not name models, servers or keys.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from index.errors import UsageError
from index.files import write_file
from index.platform import make_private_folder
from ingest.user_folders import user_folder


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user may choose; every field is a key of ``config.toml``, and ``RAG_<FIELD>`` in the environment."""

    embed_model: str = ""  # "runtime:model"; empty: search by words alone
    embed_dimension: int = 0  # shorten vectors of models trained for it; 0: as the model gives them
    model: str = ""  # the instruct model, "runtime:model"; empty: quotes alone
    lora: str = ""  # a LoRA adapter for the instruct model
    reranker: str = ""  # "runtime:model" that reads the best passages once more; empty: none
    threads: int = 0  # 0: chosen from the machine
    jobs: int = 0  # documents read at once; 0: one a core
    ocr: bool = True  # read scanned pages, when the extra is installed
    kv_type: str = ""  # how llama.cpp keeps keys and values, "f16" or "q8_0"; empty: chosen from the free memory
    prompt_tokens: int = 0  # tokens of sources in a prompt; 0: chosen from the measured speed
    answer_tokens: int = 120  # about 90 words: an answer is read at a glance
    k: int = 10  # passages of a search
    base_url: str = "http://127.0.0.1:11434/v1"  # of an OpenAI-compatible server: Ollama's
    api_key: str = ""
    allow_remote: bool = False  # let text leave this machine to `base_url`


PREFIX = "RAG_"  # of the variables in the environment
# Other variables that are read: which knowledge base, and where this user's folders and models are. RAG_TEST_MODELS and
# its like are for the tests.
PLACES = ("KB", "HOME", "MODELS")
TEST = "TEST_"

AT_LEAST_ONE = frozenset({"k", "answer_tokens"})  # of the numbers; the others may be 0, and none is negative

OWN_CONFIG_ONLY = frozenset(
    {"embed_model", "embed_dimension", "model", "lora", "reranker", "base_url", "api_key", "allow_remote"}
)


def user_config() -> Path:
    return user_folder("config") / "config.toml"


def find_knowledge_base(named: str | None, start: Path | None = None) -> Path:
    """The knowledge base's folder: the one named, ``RAG_KB``, the nearest ``.rag`` upwards, else the user's own."""
    if chosen := named or os.environ.get("RAG_KB"):
        return Path(chosen).expanduser()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / ".rag").is_dir():
            return folder / ".rag"
    return user_folder("data") / "kb"


def load_settings(folder: Path | None = None, given: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force for the knowledge base in `folder`; raises UsageError for a key or value that is none."""
    settings = _apply(Settings(), _read(user_config()), str(user_config()))
    if folder is not None and (values := _read(folder / "config.toml")):
        if planted := OWN_CONFIG_ONLY & values.keys():
            raise UsageError(
                f"{folder / 'config.toml'} sets {', '.join(sorted(planted))}, which only your own settings may.",
                f"Move it to {user_config()}",
            )
        settings = _apply(settings, values, str(folder / "config.toml"))
    known = _variables()
    from_environment = {known[name]: value for name, value in os.environ.items() if name in known}
    settings = _apply(settings, from_environment, "the environment")
    return _apply(settings, {k: v for k, v in (given or {}).items() if v is not None}, "the command")


def find_unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each ``RAG_*`` variable that nothing reads, with the known one that is nearest."""
    known = {*(name.removeprefix(PREFIX) for name in _variables()), *PLACES}
    set_here = {name.removeprefix(PREFIX) for name in environment if name.startswith(PREFIX)}
    found = []
    for name in sorted(name for name in set_here - known if not name.startswith(TEST)):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {PREFIX}{near[0]}?" if near else ""
        found.append(f"{PREFIX}{name} is not a setting and is ignored.{hint}")
    return found


def save_settings(values: Mapping[str, Any]) -> Path:
    """Write values into the user's own file, keep the others and every comment, and return the file."""
    import tomlkit

    path = user_config()
    make_private_folder(path.parent)
    _apply(Settings(), {**_read(path), **values}, str(path))
    written = tomlkit.parse(path.read_text(encoding="utf-8-sig") if path.exists() else "")
    written.update(values)
    write_file(path, [tomlkit.dumps(written).encode()])
    return path


def _variables() -> dict[str, str]:
    """The variable of each setting, and the setting."""
    return {f"{PREFIX}{field.name.upper()}": field.name for field in fields(Settings)}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows programs put a mark first
    except (FileNotFoundError, NotADirectoryError) as error:  # below a file, Windows says the first
        if next((place for place in path.parents if place.exists()), path).is_dir():
            return {}
        raise UsageError(f"{path.parent} is not a folder.", "Name another place: --kb DIR, RAG_HOME.") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Mend the file or delete it.") from error


def _apply(settings: Settings, values: Mapping[str, Any], where: str) -> Settings:
    types = {field.name: type(getattr(settings, field.name)) for field in fields(Settings)}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in types:
            near = difflib.get_close_matches(key, types, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(types)}"
            raise UsageError(f"{where} sets {key}, which is not a setting.", hint)
        changes[key] = _convert(key, value, types[key], where)
    return replace(settings, **changes)


def _convert(key: str, value: Any, kind: type, where: str) -> Any:
    if isinstance(value, str) and kind is bool and value.lower() in ("true", "1", "yes", "false", "0", "no"):
        return value.lower() in ("true", "1", "yes")
    if isinstance(value, str) and kind is int:
        with contextlib.suppress(ValueError):
            value = int(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        wanted = "a whole number" if kind is int else f"of type {kind.__name__}"
        raise UsageError(f"{where} sets {key} to {value!r}.", f"It has to be {wanted}.")
    least = 1 if key in AT_LEAST_ONE else 0
    if isinstance(value, int) and kind is int and value < least:
        raise UsageError(f"{where} sets {key} to {value}.", f"It has to be at least {least}.")
    return value
