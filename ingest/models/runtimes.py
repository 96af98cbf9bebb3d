"""Finds the runtime that a model's name asks for: a module of the package that holds the runtimes of its kind.

A package such as `ingest.embedders` has one module a runtime, whose name is its registration ("-" is written "_"), and
each module offers ``open_model(model, options)``.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from index.errors import UsageError


def list_runtimes(package: str) -> list[str]:
    """The modules of `package`, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))


def open_named(package: str, name: str, kind: str, options: Any) -> Any:
    """What the runtime of ``runtime:model`` opens; `kind` is how the user is told what `name` should have been.

    Raises UsageError for an unknown runtime, and what the runtime raises.
    """
    runtime, _, model = name.partition(":")
    module = runtime.replace("-", "_")
    runtimes = list_runtimes(package)
    if not model or module not in runtimes:
        known = ", ".join(entry.replace("_", "-") for entry in runtimes)
        raise UsageError(f"{name!r} does not name {kind}.", f"Write runtime:model, with one of: {known}.")
    return importlib.import_module(f"{package}.{module}").open_model(model, options)
