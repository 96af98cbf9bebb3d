"""The catalogue of models: one row a model in ``catalogue.toml``, each fact with the place it was read from.

`rag.catalogue` describes models and knows nothing of this machine; what is here is `rag.catalogue.local`, what suits it
`rag.catalogue.recommendation`, how it gets here `rag.catalogue.pull`.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from index.errors import ModelError, UsageError

Purpose = Literal["embedding", "instruct"]

MANY_LANGUAGES = "*"  # about a hundred, which the maker does not list one by one

# Bits a weight takes, scales included, for files whose size nobody published: from the block sizes of ggml
# (ingest/models/gguf_header.py); of MLX 4 bits and two half-precision numbers for each group of 64.
BITS = {"F32": 32.0, "F16": 16.0, "BF16": 16.0, "Q8_0": 8.5, "Q6_K": 6.6, "Q5_K_M": 5.7, "Q4_K_M": 4.9, "Q4_0": 4.6}
BITS |= {"MXFP4": 4.6, "8bit": 8.5, "4bit": 4.5}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A GGUF file as it is published; `bytes` 0 and `sha256` "" where they could not be confirmed."""

    precision: str
    name: str
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A model as one runtime reads it: GGUF files (`files`), or a whole repository (`files` empty).

    `loads_here` is false for a form that our runtime cannot load. `bundled` forms come with pip.
    """

    runtime: str
    repository: str = ""
    files: tuple[ModelFile, ...] = ()
    precision: str = ""
    bytes: int = 0
    bundled: bool = False
    loads_here: bool = True
    read_from: tuple[str, ...] = ()

    @property
    def precisions(self) -> tuple[str, ...]:
        return tuple(file.precision for file in self.files) or (self.precision,)


@dataclass(frozen=True, slots=True)
class Model:
    """A row. `layers` are those that keep keys and values, 0 for encoders; `context` is in tokens."""

    name: str
    label: str
    purpose: Purpose
    licence: str
    languages: tuple[str, ...]
    parameters: int
    context: int
    forms: tuple[Form, ...]
    active: int = 0
    layers: int = 0
    heads: int = 0
    kv_heads: int = 0
    head_dim: int = 0
    quirks: str = ""
    read_from: tuple[str, ...] = ()

    @property
    def active_parameters(self) -> int:
        """Parameters read for each token: all of them, but for a mixture of experts."""
        return self.active or self.parameters

    def reads(self, language: str) -> bool:
        return language in self.languages or MANY_LANGUAGES in self.languages

    def size(self, form: Form, precision: str) -> int:
        """Bytes of the form in `precision`: as published, else estimated from its parameters."""
        published = next((file.bytes for file in form.files if file.precision == precision), form.bytes)
        return published or round(self.parameters * BITS.get(precision, 16.0) / 8)


@cache
def load_catalogue() -> tuple[Model, ...]:
    """Every model, in the order of the file."""
    text = files(__name__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    try:
        return tuple(_read_model(row) for row in tomllib.loads(text)["model"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ModelError(f"The model catalogue is damaged: {error}.", "Install the program again.") from error


def find_model(name: str) -> Model:
    """The model called `name`; raises UsageError that names the nearest ones."""
    models = {model.name: model for model in load_catalogue()}
    found = models.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), models, n=3, cutoff=0.4)
        hint = f"Did you mean: {', '.join(near)}?" if near else "See: rag models list --all"
        raise UsageError(f"The catalogue has no model {name!r}.", hint)
    return found


def choose_form(model: Model, runtime: str = "", precision: str = "") -> tuple[Form, str]:
    """The first form of `model` for `runtime`, and the precision, where "" leaves the choice to the catalogue's order.

    Raises UsageError when the model has no such form, or our runtime cannot load it.
    """
    forms = [form for form in model.forms if runtime in ("", form.runtime)]
    if not forms:
        known = ", ".join(dict.fromkeys(form.runtime for form in model.forms))
        raise UsageError(f"{model.label} is not published for {runtime}.", f"It is for: {known}.")
    usable = [form for form in forms if form.loads_here]
    if not usable:
        raise UsageError(f"{model.label} cannot be run by {runtime} here. {model.quirks}", "Use its GGUF form.")
    for form in usable:
        for offered in form.precisions:
            if precision.lower() in ("", offered.lower()):
                return form, offered
    offered_all = ", ".join(offered for form in usable for offered in form.precisions)
    raise UsageError(f"{model.label} is not in the catalogue in {precision}.", f"It is in: {offered_all}.")


def _read_model(row: dict[str, Any]) -> Model:
    rest = {key: value for key, value in row.items() if key not in ("form", "languages", "read_from")}
    return Model(
        **rest,
        languages=tuple(row["languages"]),
        forms=tuple(_read_form(form) for form in row["form"]),
        read_from=tuple(row["read_from"]),
    )


def _read_form(row: dict[str, Any]) -> Form:
    rest = {key: value for key, value in row.items() if key not in ("files", "read_from")}
    return Form(
        **rest,
        files=tuple(ModelFile(**file) for file in row.get("files", ())),
        read_from=tuple(row.get("read_from", ())),
    )
