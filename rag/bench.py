"""``rag bench``: models measured side by side on this machine, each in a process of its own.

What people compare models by: how fast they load, read and write, how much memory they take, how long a question waits
for its first quote, its first word and its whole answer, and how often the answer is there.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import MissingError, RagError
from ingest.user_folders import models_folder
from ingest.worker import Limits, Worker
from rag.settings import load_settings

TARGET = "rag.bench_child:serve"

# Field of Figures, what it is called with an arrow towards the better, and its unit: the rows of table and chart.
MEASURES = (
    ("load", "load ↓", "s"),
    ("prompt_speed", "prompt ↑", "tokens/s"),
    ("writing_speed", "generation ↑", "tokens/s"),
    ("memory", "memory ↓", "MB"),
    ("first_quote", "first quote ↓", "s"),
    ("first_token", "first token ↓", "s"),
    ("whole_answer", "whole answer ↓", "s"),
    ("quoted", "answer among the quotes ↑", "%"),
    ("written", "answered by the model ↑", "%"),
    ("expected", "… in the expected words ↑", "%"),
    ("otherwise", "… in others ↓", "%"),
    ("refused", "rightly refused ↑", "%"),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """One model's figures, in the units of MEASURES; None where there was nothing to measure.

    Waits are medians over the questions. `quoted`, `written`, `expected` and `otherwise` are shares of the answerable
    questions in percent, `refused` of the others; other words than the expected may be right too. `error` says why a
    model could not be measured.
    """

    name: str
    label: str
    load: float | None = None
    prompt_speed: float | None = None
    writing_speed: float | None = None
    memory: float | None = None
    first_quote: float | None = None
    first_token: float | None = None
    whole_answer: float | None = None
    quoted: float | None = None
    written: float | None = None
    expected: float | None = None
    otherwise: float | None = None
    refused: float | None = None
    questions: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question asked: seconds until quotes, first token (None: no model wrote) and answer, and what it was."""

    answerable: bool
    first_quote: float
    first_token: float | None
    whole_answer: float
    quoted: bool
    written: bool
    expected: bool
    refused: bool


def name_model(given: str) -> str:
    """As the settings name it: `given`, or the path or file name of a GGUF file with its runtime before it.

    Raises MissingError when it is a file that is not there.
    """
    if not given.endswith(".gguf") or given.startswith(("llamacpp:", "mlx:")):
        return given
    for path in (Path(given).expanduser(), models_folder() / given):
        if path.is_file():
            return f"llamacpp:{path.resolve()}"
    raise MissingError(f"There is no model file {given}.", "See: rag models list")


def compare_models(
    names: Sequence[str], *, kb: Path | None = None, questions: Path | None = None, limit: int = 0
) -> Iterator[str | Figures]:
    """Measure one model after the other: sentences of progress, and each one's Figures.

    `questions` are asked of the knowledge base in `kb`, the first `limit` of them. A model that fails is among the
    figures with its reason; the others are measured all the same.
    """
    embed_model = load_settings(kb).embed_model if questions else ""
    for name in names:
        yield f"Measuring {name}."
        request = {
            "name": name,
            "kb": str(kb) if kb else "",
            "questions": str(questions) if questions else "",
            "limit": limit,
        }
        # A server on this machine is reached over the loopback; whether one may be elsewhere is its runtime's to say.
        served = any(model.startswith("openai:") for model in (name, embed_model))
        limits = Limits(network=served, output=1 << 40)  # it bounds files, too, and kept states are large
        speeds: dict[str, float | None] = {}
        label = name
        asked: list[Asked] = []
        try:
            with Worker(TARGET, limits=limits) as worker:
                for reply, _ in worker.stream(request):
                    if "progress" in reply:
                        yield str(reply["progress"])
                    elif "speeds" in reply:
                        label, speeds = reply["label"], reply["speeds"]
                    else:
                        asked.append(Asked(**reply["asked"]))
        except RagError as error:
            yield Figures(name, label, error=f"{error.message} {error.next}".strip())
            continue
        yield summarise(name, label, speeds, asked)


def summarise(name: str, label: str, speeds: dict[str, float | None], asked: Sequence[Asked]) -> Figures:
    """The figures of one model from its speeds and the questions asked."""
    answerable = [entry for entry in asked if entry.answerable]
    others = [entry for entry in asked if not entry.answerable]
    return Figures(
        name,
        label,
        load=speeds.get("load"),
        prompt_speed=speeds.get("prompt_speed"),
        writing_speed=speeds.get("writing_speed"),
        memory=speeds.get("memory"),
        first_quote=_median([entry.first_quote for entry in asked]),
        first_token=_median([entry.first_token for entry in asked if entry.first_token is not None]),
        whole_answer=_median([entry.whole_answer for entry in asked]),
        quoted=_share([entry.quoted for entry in answerable]),
        written=_share([entry.written for entry in answerable]),
        expected=_share([entry.written and entry.expected for entry in answerable]),
        otherwise=_share([entry.written and not entry.expected for entry in answerable]),
        refused=_share([entry.refused for entry in others]),
        questions=len(asked),
    )


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _share(values: Sequence[bool]) -> float | None:
    """In percent."""
    return 100 * sum(values) / len(values) if values else None
