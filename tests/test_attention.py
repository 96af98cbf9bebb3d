"""Which attention a model runs with: flash attention, or plain where that is faster (tests/bench/attention.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_models import write_llama

from ingest.models.gguf_header import read_header
from ingest.models.llamacpp.library import Model
from rag.decoding.llamacpp_model import _Instruct
from rag.generators import llamacpp
from rag.settings import Settings


@pytest.mark.parametrize(
    ("wanted", "on_gpu", "kv", "taken"),
    [
        (False, False, "f16", False),
        (True, False, "f16", True),
        (False, True, "f16", True),
        (False, False, "q8_0", True),  # without it llama.cpp makes no context
    ],
)
def test_attention_is_plain_on_a_processor_only(
    wanted: bool, on_gpu: bool, kv: str, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    context, load = Model.context, Model.__init__

    def record(model: Model, *, flash: bool = True, **values: Any) -> Any:
        made.append(flash)
        return context(model, flash=flash, **values)

    def load_there(model: Model, path: str) -> None:
        load(model, path)
        model.on_gpu = on_gpu

    monkeypatch.setattr(Model, "context", record)
    monkeypatch.setattr(Model, "__init__", load_there)
    path = write_llama(tmp_path / "a.gguf")
    opening = {"lora": "", "template": read_header(path).chat_template, "context": 256, "kv": kv, "flash": wanted}
    opened = _Instruct({**opening, "path": str(path), "threads": 1, "prompt_threads": 1})
    assert made == [taken]
    assert ("flash auto" in opened._identity) is taken, "a state of the other kind of attention would be taken"


@pytest.mark.parametrize(("numbers", "flash"), [(32, True), (33, False)])
def test_heads_decide(numbers: int, flash: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openings: list[dict[str, Any]] = []
    monkeypatch.setattr(llamacpp, "WIDE_HEADS", numbers)
    monkeypatch.setattr(llamacpp, "ChildGenerator", lambda _label, _name, child, opening, **_: openings.append(opening))
    llamacpp.open_model(str(write_llama(tmp_path / "a.gguf", heads=2)), Settings())  # heads of 32 numbers
    assert [opening["flash"] for opening in openings] == [flash]
