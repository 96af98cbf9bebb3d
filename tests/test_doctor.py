"""The doctor finds what lacks and names the command; with the network cut off nothing that needs one can pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from corpus import write_tree
from tiny_models import write_bert_folder, write_llama, write_nomic_bert

from index.errors import UsageError
from ingest.models.adapters import READER
from rag.cli import _run
from rag.doctor import Check, _disk, examine, examine_offline
from rag.generators import open_generator
from rag.offline import serve
from rag.settings import Settings


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A knowledge base of one document, with vectors that need no model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAG_EMBED_MODEL", "hashing:64")
    write_tree(tmp_path / "docs", {"leave.md": "# Leave\n\nStaff receive 20 days of paid annual leave per year.\n"})
    assert _run(["ingest", "docs", "--kb", "kb", "--quiet"]) == 0
    return str(tmp_path / "kb")


def found(checks: list[Check]) -> dict[str, Check]:
    return {check.subject: check for check in checks}


def test_everything_a_question_needs_is_looked_at(kb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = write_llama(tmp_path / "tiny.gguf")
    monkeypatch.setenv("RAG_MODEL", f"llamacpp:{model}")
    checks = found(list(examine(kb)))
    assert [check for check in checks.values() if not check.fine] == []
    for subject in ("Python", "llama-cpp-python", "disk", "embedding model", "instruct model", "memory", "vectors"):
        assert subject in checks
    assert "1 chunk" in checks["knowledge base"].found
    assert "1 passage for" in checks["search"].found


def test_each_thing_that_lacks_names_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "damaged.gguf").write_bytes(b"GGUFnot a model")
    (tmp_path / READER).write_bytes(b"GGUFnot a model")
    monkeypatch.setenv("RAG_EMBED_MODEL", f"llamacpp:{tmp_path / 'gone.gguf'}")
    monkeypatch.setenv("RAG_MODEL", f"llamacpp:{tmp_path / 'damaged.gguf'}")
    monkeypatch.setattr("rag.doctor.LIBRARIES", ("a-library-nobody-has",))
    lacking = {name: check for name, check in found(list(examine(str(tmp_path / "kb")))).items() if not check.fine}
    assert lacking.keys() == {"a-library-nobody-has", "embedding model", "instruct model", "reader", "knowledge base"}
    assert all(check.next for check in lacking.values())
    assert "pip install" in lacking["a-library-nobody-has"].next


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mlx:/nowhere/model", "/nowhere/model"),
        ("sentence-transformers:/nowhere/model", "/nowhere/model"),
        ("openai:some-model", "No server answers"),
        ("nonsense:x", "does not name a model"),
        ("model.gguf", "does not name a model"),
    ],
)
def test_a_model_of_any_runtime_is_looked_for(kb: str, monkeypatch: pytest.MonkeyPatch, name: str, reason: str) -> None:
    monkeypatch.setenv("RAG_MODEL", name)
    monkeypatch.setenv("RAG_BASE_URL", "http://127.0.0.1:9/v1")  # "discard", which nobody serves any more
    monkeypatch.setattr("ingest.models.mlx.library.require_library", lambda *_: None)
    monkeypatch.setattr("ingest.models.torch.library.require_library", lambda: None)
    check = found(list(examine(kb)))["instruct model"]
    assert not check.fine
    assert reason in check.found
    assert check.next


@pytest.mark.slow
def test_a_folder_is_looked_at_with_its_weights(kb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ingest.models.torch.library.require_library", lambda: None)
    folder = write_bert_folder(tmp_path / "bert")
    monkeypatch.setenv("RAG_RERANKER", f"sentence-transformers:{folder}")
    check = found(list(examine(kb)))["reranker"]
    assert check.fine
    assert "bert" in check.found
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-10])
    check = found(list(examine(kb)))["reranker"]
    assert not check.fine
    assert "cut short" in check.found


def test_a_served_model_is_looked_for_by_its_name(kb: str, monkeypatch: pytest.MonkeyPatch, llama_server: str) -> None:
    monkeypatch.setenv("RAG_BASE_URL", llama_server)
    monkeypatch.setenv("RAG_MODEL", "openai:writer")
    assert found(list(examine(kb)))["instruct model"].found == f"openai:writer (at {llama_server})"
    monkeypatch.setenv("RAG_MODEL", "openai:another")
    check = found(list(examine(kb)))["instruct model"]
    assert not check.fine
    assert "writer" in check.next


def test_a_type_of_keys_and_values_that_is_none_is_said(
    kb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAG_MODEL", f"llamacpp:{write_llama(tmp_path / 'tiny.gguf')}")
    monkeypatch.setenv("RAG_KV_TYPE", "q4")
    check = found(list(examine(kb)))["instruct model"]
    assert not check.fine and "kv_type" in check.found and "q8_0" in check.next


def test_an_adapter_that_is_gone_is_said(kb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAG_MODEL", f"llamacpp:{write_llama(tmp_path / 'tiny.gguf')}")
    monkeypatch.setenv("RAG_LORA", str(tmp_path / "gone.gguf"))
    check = found(list(examine(kb)))["instruct model"]
    assert not check.fine and "gone.gguf" in check.found


def test_an_embedding_model_in_the_place_of_an_instruct_model_is_said(
    kb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = f"llamacpp:{write_nomic_bert(tmp_path / 'bert.gguf')}"
    monkeypatch.setenv("RAG_MODEL", name)
    check = found(list(examine(kb)))["instruct model"]
    assert not check.fine and "writes nothing" in check.found and "rag setup" in check.next
    with pytest.raises(UsageError, match="writes nothing"):
        open_generator(Settings(model=name))


def test_a_full_disk_is_said(kb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.doctor.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    assert not found(list(examine(kb)))["disk"].fine


def test_a_place_that_is_closed_is_said(kb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert found(list(examine(kb)))["disk"].fine  # a copy that is only read
    check = found(list(examine(str(tmp_path / "new/kb"))))["disk"]
    assert not check.fine and str(tmp_path) in check.found and "--kb" in check.next

    def closed(place: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr("rag.doctor.Path.exists", closed)
    check = found([_disk(tmp_path / "kb")])["disk"]
    assert not check.fine and "Permission denied" in check.found


def test_a_wrong_setting_ends_the_examination_with_its_reason(kb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_K", "many")
    *_, last = examine(kb)
    assert (last.subject, last.fine) == ("settings", False)


def test_next_steps_are_numbered_and_the_exit_code_tells(kb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["doctor", "--kb", kb]) == 3  # no instruct model
    output = capsys.readouterr()
    assert "1. Choose and fetch models: rag setup" in output.err
    assert "MISS instruct model" in output.out
    assert _run(["doctor", "--kb", kb, "--json"]) == 3
    checks: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["checks"]
    assert {"subject", "fine", "found", "next"} == checks[0].keys()


def test_offline_each_check_is_told_before_the_next_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.offline._cut_off", lambda: Check("network", True, ""))
    monkeypatch.setattr("rag.offline.examine", lambda *_, **__: (1 / 0 for _ in "x"))
    told = serve()({"kb": None}, [], lambda: False)
    assert next(told)[0]["subject"] == "network"
    with pytest.raises(ZeroDivisionError):
        next(told)


@pytest.mark.slow
def test_offline_a_question_is_answered_by_every_part(kb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = write_llama(tmp_path / "tiny.gguf", tokens=2048)
    monkeypatch.setenv("RAG_MODEL", f"llamacpp:{model}")
    checks = found(list(examine_offline(kb)))
    assert checks["network"].fine
    assert "cut off" in checks["network"].found
    assert checks["search"].fine
    for part in ("reading", "question"):
        assert checks[f"offline: {part}"].fine, checks[f"offline: {part}"].found
    assert "offline: instruct model" in checks  # random weights may write nothing that can be read


@pytest.mark.slow
def test_offline_a_server_is_left_out_and_said(kb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_MODEL", "openai:some-model")
    checks = found(list(examine_offline(kb)))
    assert "openai:some-model" in checks["offline: server"].found
    assert checks["offline: question"].fine
    assert "offline: instruct model" not in checks


@pytest.mark.slow
@pytest.mark.models
def test_offline_with_the_bundled_models(
    bundled_models: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAG_EMBED_MODEL", bundled_models["embed_model"])
    monkeypatch.setenv("RAG_MODEL", bundled_models["model"])
    lacking = [check for check in examine_offline(str(tmp_path / "kb")) if not check.fine]
    assert [check.subject for check in lacking] == ["knowledge base"]
