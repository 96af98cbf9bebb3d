"""The model that tests/bench teaches in torch is the one that llama.cpp runs, with its adapter and without."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tiny_models import write_llama

from ingest.models import adapters
from ingest.models.adapters import READER
from ingest.models.llamacpp.library import Model
from rag.cross_encoder import CrossEncoder
from rag.setup.first_layers import keep_first_layers
from tests.conftest import needs

pytestmark = [pytest.mark.slow, needs("torch")]
TEXTS = ["a fox", "the office is closed in may", ""]


def write_reader(folder: Path, *, seed: int) -> Path:
    keep_first_layers(write_llama(folder / "whole.gguf", seed=seed), folder / READER, 2, "")
    return folder / READER


def test_what_is_taught_in_torch_is_what_llama_cpp_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "bench"))
    import adapter_training
    import torch

    monkeypatch.setattr(adapters, "FOLDER", tmp_path)
    monkeypatch.setattr(adapter_training, "FOLDER", tmp_path)
    path = write_reader(tmp_path, seed=3)
    torch.manual_seed(3)
    model = adapter_training.Llama(path)
    with torch.no_grad():
        model.head.weight.normal_()
        for adapter in model.adapters().values():
            adapter.b.normal_(std=0.1)
    adapter_training.write(model, "answers")
    vocabulary = Model(str(path))
    tokens = [
        adapters.lay_out(
            adapters.LAYOUTS["answers"], text, "when?", lambda part: vocabulary.tokens(part, special=False)
        )
        for text in TEXTS
    ]
    pairs = [adapter_training.Pair(tuple(found), tail, True) for found, tail in tokens]
    taught = model.score_all(pairs)
    adapters.load_adapter.cache_clear()
    try:
        with closing(CrossEncoder(path)) as reader:
            read = reader.judge("answers", "when?", TEXTS)
    finally:
        adapters.load_adapter.cache_clear()
    again = adapter_training.Llama(path)
    adapter_training.begin(again, "answers")
    assert again.score_all(pairs) == pytest.approx(taught, abs=0.1)  # the file holds 16 bits a number
    assert np.ptp(taught) > 0.5
    assert taught == pytest.approx(np.array(read), abs=0.2)  # of 8 bits, as bfloat16 has


def test_teaching_tells_what_is_right_from_what_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "bench"))
    import random

    import adapter_training
    import torch

    torch.manual_seed(7)
    random.seed(7)
    model = adapter_training.Llama(write_reader(tmp_path, seed=7))
    chance = np.random.default_rng(7)
    # Right is what holds token 50 anywhere.
    pairs = []
    for number in range(320):
        some = chance.integers(60, 250, 8)
        if number % 2:
            some[chance.integers(8)] = 50
        pairs.append(adapter_training.Pair((*map(int, some), 9, 9), 8, bool(number % 2)))
    adapter_training.teach(model, pairs[:256], 4, 1e-2)
    scores = model.score_all(pairs[256:])
    right = np.array([pair.right for pair in pairs[256:]])
    assert np.mean((scores > 0) == right) > 0.8


@pytest.mark.parametrize(("start", "share"), [("answers", 1), ("supports", 0.5)])
def test_what_the_command_teaches_is_written_and_read(
    start: str, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "bench"))
    import random

    import adapter_training
    import fit_support

    monkeypatch.setattr(adapters, "FOLDER", tmp_path)
    monkeypatch.setattr(adapter_training, "FOLDER", tmp_path)
    path = write_reader(tmp_path, seed=3)
    adapter_training.write(adapter_training.Llama(path), start)
    adapters.load_adapter.cache_clear()
    before, rates, teach = adapters.load_adapter(start).head, [], adapter_training.teach
    monkeypatch.setattr(adapter_training, "teach", lambda *given: (rates.append(given[3]), teach(*given)))
    passage = "The old bridge was built in 1921 by the town. The new one was built in 1987 by the state."
    some = [
        fit_support.Told("written", "true", truth, f"The {one} bridge was built by the {by}.", passage, "", teaches)
        for one, by, truth in (("old", "town", True), ("new", "town", False)) * 20
        for teaches in (True, False)
    ]
    read = list(fit_support.read_all(some))
    fit_support.teach(path, read, start, random.Random(7), keep=True)
    printed = capsys.readouterr().out
    assert "40 statements teach, 20 of them true" in printed
    assert "written, all: 40 statements" in printed
    assert rates == [adapter_training.RATE * share]
    adapters.load_adapter.cache_clear()
    try:
        with closing(CrossEncoder(path)) as reader:
            assert np.isfinite(reader.judge("supports", read[0].statement, [read[0].text])).all()
        assert adapters.load_adapter("supports").head != before
    finally:
        adapters.load_adapter.cache_clear()
