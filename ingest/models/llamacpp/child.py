"""A child process with a GGUF model open in it."""

from __future__ import annotations

from ingest.models.model_child import ModelChild

ENVIRONMENT = {
    # Idle OpenMP threads sleep. Spinning ones take the core from the thread they wait for, and where other programs are
    # busy too, a question asked during an ingest comes to a standstill.
    "OMP_WAIT_POLICY": "passive",
    # On an abort, ggml would start a debugger on its own process to print a backtrace.
    "GGML_NO_BACKTRACE": "1",
}


class Child(ModelChild):
    """One whose `target` runs llama.cpp."""

    def __init__(self, target: str) -> None:
        super().__init__(target, library="llama.cpp", environment=ENVIRONMENT)
