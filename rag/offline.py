"""The child of ``rag doctor --offline``: cut off from every network, it reads a document and answers a question.

The process has left the network's namespace where the system allows it, and its sockets refuse to connect (see
ingest.worker); so do all processes it starts.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import RagError
from ingest.user_folders import models_folder
from ingest.worker import Handler, Message, Payload
from rag.doctor import Check, examine
from rag.settings import Settings, find_knowledge_base, load_settings

if TYPE_CHECKING:
    from rag.generators import Generator

DOCUMENT = (
    "# Meeting rooms\n\nThe meeting room on the third floor is called Kingfisher and seats twelve people.\n\n"
    "Visitors sign the book at the front desk before they go upstairs.\n\n"
    "The coffee machine is cleaned every Friday afternoon by the team that used it last.\n"
)
QUESTION = "How many people does the meeting room Kingfisher seat?"
GOLD = "seats twelve people"
ELSEWHERE = ("192.0.2.1", 443)  # an address that belongs to nobody (RFC 5737)


def serve() -> Handler:
    """The handler of ingest.worker for one request, `kb`: the folder named, or None."""

    def handle(request: Payload, _: list[bytes], __: Callable[[], bool]) -> Iterator[Message]:
        for check in chain([_cut_off()], examine(request["kb"], offline=True), _answer(request["kb"])):
            yield asdict(check), []  # as it comes: models take their time

    return handle


def _cut_off() -> Check:
    """That this process cannot reach anything: tried, not believed."""
    try:
        socket.create_connection(ELSEWHERE, timeout=1).close()
    except OSError:
        interfaces = _interfaces()
        how = "no interface but the machine's own" if interfaces == {"lo"} else "every connection is refused"
        return Check("network", True, f"cut off for this check: {how}")
    return Check("network", False, "could not be cut off", "Unplug it and run: rag doctor")


def _interfaces() -> set[str]:
    try:
        lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]
    except OSError:
        return set()
    return {line.partition(":")[0].strip() for line in lines}


def _answer(kb: str | None) -> Iterator[Check]:
    try:
        settings = load_settings(find_knowledge_base(kb))
    except RagError:
        return  # `examine` has said so
    settings, left_out = _without_servers(settings)
    if left_out:
        yield Check(
            "offline: server", True, f"{left_out}: a server is not reached without a network, so it is left out"
        )
    models = str(models_folder())
    with tempfile.TemporaryDirectory(prefix="rag-doctor-") as scratch:
        # What the trial leaves (trust, prompt states) belongs to it alone.
        os.environ.update(RAG_HOME=scratch, RAG_MODELS=models)
        try:
            yield from _try(Path(scratch), settings)
        except RagError as error:
            yield Check("offline: question", False, error.message, error.next)


def _without_servers(settings: Settings) -> tuple[Settings, str]:
    left_out = [name for name in (settings.embed_model, settings.model) if name.startswith("openai:")]
    embed_model, model = ("" if name in left_out else name for name in (settings.embed_model, settings.model))
    return replace(settings, embed_model=embed_model, model=model), ", ".join(left_out)


def _try(scratch: Path, settings: Settings) -> Iterator[Check]:
    from rag.knowledge_base import KnowledgeBase

    documents = scratch / "documents"
    documents.mkdir()
    (documents / "rooms.md").write_text(DOCUMENT, encoding="utf-8")
    with KnowledgeBase(scratch / "kb", settings) as base:
        report = base.ingest([documents])
        waiting = base.count_waiting()
        found = f"{len(report.added)} document, {waiting} of {report.chunks} chunks without a vector"
        yield Check("offline: reading", bool(report.added) and not waiting, found, "See: rag ingest --debug")
        answer = base.ask(QUESTION, generate=bool(settings.model))
        quoted = any(GOLD in quote.text for quote in answer.quotes)
        seconds = sum(answer.timings.values())
        found = f"the right quote in {seconds:.1f} s" if quoted else "the right quote is not shown"
        yield Check("offline: question", quoted, found, "Report this with: rag doctor --offline --json")
        if base.generator:
            yield _write(base.generator)


def _write(generator: Generator) -> Check:
    """Whether the instruct model writes, whatever the check of its statements then makes of that."""
    message = {"role": "user", "content": QUESTION}
    written = "".join(generator.generate([message], max_tokens=8))
    run = generator.last_run
    found = f"{generator.label} wrote {run.tokens} tokens" if run else f"{generator.label} wrote nothing"
    return Check("offline: instruct model", bool(written.strip()), found, "Fetch it again: rag setup")
