"""What suits this machine and these documents: purpose, hardware, precision against speed, and the pair of models.

Every estimate rests on one measurement of about ten seconds. Writing an answer reads each active weight once a token,
so tokens a second are bytes of memory a second over bytes of active weights; reading a prompt multiplies, so its speed
falls with the active parameters. Where a small model was run, the memory speed is the lower of the two seen, because a
small model may sit in the processor's cache; a graphics processor has memory of its own, so there the model's is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.platform import usable_cores
from rag.catalogue import MANY_LANGUAGES, Form, Model, Purpose, load_catalogue
from rag.catalogue.memory import Memory, estimate_memory
from rag.catalogue.speed import ask_bandwidth, ask_speed
from rag.decoding.instruct_child import CONTEXT
from rag.machine import Machine, read_machine
from rag.setup.bundled import find_bundled

# With loading, about the ten seconds that a person is told of; a model takes longer to reach its speed than memory.
MODEL_SECONDS = 7.0
MEMORY_SECONDS = 2.0
ROOM = 0.6  # of the memory: the rest is the system's, the browser's, and the index
PROMPT_TOKENS = 700  # a question of ours with its sources
ANSWER_TOKENS = 60  # two sentences
PATIENCE = 30.0  # seconds until an answer is whole: what a person waits for with the quotes already on screen
# The everyday embedding models: English alone, and any other languages. The others are listed after them.
EVERYDAY = {False: "nomic-embed-text-v1.5", True: "nomic-embed-text-v2-moe"}
WITHOUT = {"embedding": "documents are found by their words", "instruct": "answers are quotes of the documents"}
# Precisions from the one that loses least; below 8 bits each step is seen in answers, not in vectors of 8 bits.
CAREFUL = ("F32", "BF16", "F16", "Q8_0", "8bit", "Q6_K", "Q5_K_M", "MXFP4", "Q4_K_M", "Q4_0", "4bit")


@dataclass(frozen=True, slots=True)
class Measured:
    """`bandwidth` in bytes a second; `prompt` in tokens times parameters a second, 0 where no model was run."""

    bandwidth: float
    prompt: float
    by: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model in one form and precision, with what it would take and do here; speeds in tokens a second, 0: unknown."""

    model: str
    label: str
    runtime: str
    precision: str
    licence: str
    memory: Memory
    prompt_speed: float
    writing_speed: float
    answer_seconds: float
    fits: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The reasoning as sentences in order, the choice for each purpose, and every candidate, the best first."""

    reasons: tuple[str, ...]
    embedding: Candidate | None
    instruct: Candidate | None
    candidates: tuple[Candidate, ...]


def measure_machine(machine: Machine) -> Measured:
    """About ten seconds: the bundled instruct model where it is here, and the memory in any case."""
    bandwidth = ask_bandwidth(machine.cores, MEMORY_SECONDS)
    bundled = find_bundled().get("instruct")
    model = next((entry for entry in load_catalogue() if entry.name == "smollm2-135m"), None)
    if bundled is None or model is None:
        return Measured(bandwidth, 0.0, "the speed of its memory; no model is here to be run")
    path = Path(bundled.file)
    seen = ask_speed(path, usable_cores(), MODEL_SECONDS)
    written = seen["writing"] * path.stat().st_size
    graphics = machine.apple_silicon or machine.nvidia
    return Measured(
        written if graphics else min(bandwidth, written),
        seen["prompt"] * model.parameters,
        f"{model.label} in {bundled.precision}: {seen['prompt']:,.0f} prompt tokens and"
        f" {seen['writing']:,.0f} written tokens a second",
    )


def recommend(
    languages: Sequence[str],
    *,
    purposes: Sequence[Purpose] = ("embedding", "instruct"),
    machine: Machine | None = None,
    measured: Measured | None = None,
) -> Recommendation:
    """The models for documents in `languages` (ISO 639-1) on this machine, and why."""
    machine = machine or read_machine()
    measured = measured or measure_machine(machine)
    runtimes = ("mlx", "llamacpp") if machine.apple_silicon else ("llamacpp",)
    reasons = [f"1. Purpose: {' and '.join(purposes)}, for documents in {', '.join(languages)}."]
    reasons += [f"2. Hardware: {' '.join(machine.describe())}", f"   Measured: {measured.by}."]
    budget = machine.memory * ROOM
    room = f"Models may take {budget / 1e9:.1f} GB together; the rest is left to other programs."
    reasons.append(f"   {room if machine.memory else 'No model is left out for its memory.'}")
    chosen: dict[str, Candidate | None] = {}
    candidates: list[Candidate] = []
    for purpose in purposes:
        assessed = [
            (_assess(model, form, precision, machine, measured, budget, languages), model)
            for model in load_catalogue()
            if model.purpose == purpose
            for form in model.forms
            if form.runtime in runtimes and form.loads_here
            for precision in form.precisions
        ]
        assessed.sort(key=lambda pair: _preference(pair[0], pair[1], languages), reverse=True)
        rows = [row for row, _ in assessed]
        chosen[purpose] = next((row for row in rows if row.fits), None)
        if row := chosen[purpose]:
            budget -= row.memory.total  # what is left is for the other one
        candidates += rows
    reasons += _weigh(chosen, candidates)
    return Recommendation(tuple(reasons), chosen.get("embedding"), chosen.get("instruct"), tuple(candidates))


def _assess(
    model: Model,
    form: Form,
    precision: str,
    machine: Machine,
    measured: Measured,
    budget: float,
    languages: Sequence[str],
) -> Candidate:
    memory = estimate_memory(model, form, precision)
    if form.runtime == "llamacpp" and machine.memory and memory.total > budget:
        memory = estimate_memory(model, form, precision, CONTEXT // 2)  # what would be chosen when it is opened
    active = memory.weights * model.active_parameters / model.parameters
    writing = measured.bandwidth / active if model.purpose == "instruct" else 0.0
    prompt = measured.prompt / model.active_parameters
    seconds = ANSWER_TOKENS / writing + (PROMPT_TOKENS / prompt if prompt else 0.0) if writing else 0.0
    missing = [language for language in languages if not model.reads(language)]
    reasons = []
    if machine.memory and memory.total > budget:
        reasons.append(f"it takes {memory.total / 1e9:.1f} GB, and {budget / 1e9:.1f} GB are left for it")
    if missing:
        reasons.append(f"it does not list {', '.join(missing)} among its languages")
    if seconds > PATIENCE:
        reasons.append(f"an answer would take about {seconds:.0f} s")
    return Candidate(
        model.name,
        model.label,
        form.runtime,
        precision,
        model.licence,
        memory,
        prompt,
        writing,
        seconds,
        not reasons,
        "; ".join(reasons),
    )


def _preference(row: Candidate, model: Model, languages: Sequence[str]) -> tuple[bool, bool, bool, int, int]:
    """The greater the better: what fits; for vectors the everyday model, then one made for no more languages than
    asked for; then the larger; then more bits."""
    everyday = narrow = False
    if model.purpose == "embedding":
        everyday = model.name == EVERYDAY[set(languages) != {"en"}]
        narrow = MANY_LANGUAGES not in model.languages and len(model.languages) <= len(languages) + 1
    return row.fits, everyday, narrow, model.active_parameters, -CAREFUL.index(row.precision)


def _weigh(chosen: dict[str, Candidate | None], candidates: Sequence[Candidate]) -> list[str]:
    lines = [
        "3. Precision against speed: every weight is read for each token, so half the bits write twice as fast.",
        "   Below 8 bits vectors lose, below 4 answers do. The largest model that answers in time is chosen.",
    ]
    for purpose, row in chosen.items():
        if row is None:
            lines.append(f"   {purpose}: none fits. Without one, {WITHOUT[purpose]}.")
            continue
        speed = f", writes about {row.writing_speed:.0f} tokens a second" if row.writing_speed else ""
        kept = f" with {row.memory.tokens:,} tokens" if row.memory.cache > 0 and row.memory.tokens < CONTEXT else ""
        wait = f", a whole answer in about {row.answer_seconds:.0f} s" if row.answer_seconds else ""
        lines.append(
            f"   {purpose}: {row.label} in {row.precision} ({row.runtime}),"
            f" {row.memory.total / 1e9:.2f} GB{kept}{speed}{wait}. Licence: {row.licence}."
        )
    total = sum(row.memory.total for row in chosen.values() if row)
    lines.append(f"4. Combination: together {total / 1e9:.2f} GB.")
    refused = [row for row in candidates if not row.fits]
    if refused:
        lines.append(f"   {len(refused)} of {len(candidates)} do not fit; the list says why.")
    return lines
