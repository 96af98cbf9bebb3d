"""How long a user waits, beside txtai on the same files with the same embedding model.

    python tests/bench/speed.py FOLDER [FOLDER …] --models DIR [--txtai PYTHON --safetensors DIR]

Runs `rag` as a user does, in processes of its own: first ingest (time, peak memory), a second one with nothing changed,
and cold medians of five for `rag --help`, `rag search` and the first line of `rag ask`. With --txtai, the Python of an
environment that has txtai indexes the same chunks with the same model right after, so that both met the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = "How do I set up alerts?"
RUNS = 5

TXTAI = """
import json, sys, time
texts = json.load(open(sys.argv[1], encoding="utf-8"))
start = time.perf_counter()
from txtai import Embeddings
embeddings = Embeddings(path=sys.argv[2], content=True, hybrid=True)
embeddings.index(texts)
embeddings.save(sys.argv[3])
print(json.dumps(time.perf_counter() - start))
"""

TXTAI_SEARCH = """
import sys
from txtai import Embeddings
embeddings = Embeddings()
embeddings.load(sys.argv[1])
print(embeddings.search(sys.argv[2], 3)[0]["text"][:40])
"""

CHUNKS = """
import json, sys
import rag
with rag.open(sys.argv[1]) as kb:
    json.dump([passage.chunk.text for passage in kb.index.store.each_passage()], open(sys.argv[2], "w"))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--models", type=Path, required=True, help="a folder that `rag setup --bundled` filled")
    parser.add_argument("--txtai", help="a Python that has txtai")
    parser.add_argument("--safetensors", help="the embedding model as txtai reads it")
    args = parser.parse_args()
    (embedding,) = args.models.glob("all-MiniLM-L6-v2.*.gguf")
    (instruct,) = args.models.glob("SmolLM2-135M-Instruct.*.gguf")
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            **os.environ,
            "RAG_HOME": scratch,
            "RAG_MODELS": str(args.models),
            "RAG_KB": f"{scratch}/kb",
            "RAG_EMBED_MODEL": f"llamacpp:{embedding}",
            "RAG_MODEL": f"llamacpp:{instruct}",
        }
        measure(scratch, environment, args)
    return 0


def measure(scratch: str, environment: dict[str, str], args: argparse.Namespace) -> None:
    rag = [sys.executable, "-m", "rag"]
    folders = [str(folder.resolve()) for folder in args.folders]
    seconds, peak = timed_with_memory([*rag, "ingest", *folders, "--quiet"], environment)
    show("rag ingest, first", f"{seconds:.1f} s, peak {peak / 1024:.0f} MB in all processes")
    again, _ = timed_with_memory([*rag, "ingest", *folders, "--quiet"], environment)
    show("rag ingest, nothing changed", f"{again:.2f} s")
    if args.txtai:
        subprocess.run(
            [sys.executable, "-c", CHUNKS, f"{scratch}/kb", f"{scratch}/texts.json"], env=environment, check=True
        )
        texts = json.loads(Path(f"{scratch}/texts.json").read_text())
        command = [args.txtai, "-c", TXTAI, f"{scratch}/texts.json", args.safetensors, f"{scratch}/txtai"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**environment, "HF_HUB_OFFLINE": "1"}
        )
        other = float(done.stdout.splitlines()[-1])
        show("txtai, index of the same chunks", f"{other:.1f} s for {len(texts)} chunks; ratio {seconds / other:.2f}")
        cold = [timed([args.txtai, "-c", TXTAI_SEARCH, f"{scratch}/txtai", QUESTION], environment) for _ in range(3)]
        show("txtai, cold search", f"{statistics.median(cold):.2f} s (median of 3)")
    for name, arguments in (("rag --help", ["--help"]), ("rag search", ["search", QUESTION])):
        times = [timed([*rag, *arguments], environment) for _ in range(RUNS)]
        show(name, f"{statistics.median(times):.2f} s (median of {RUNS})")
    times = [first_line([*rag, "ask", QUESTION], environment) for _ in range(RUNS)]
    show("rag ask, first quote", f"{statistics.median(times):.2f} s (median of {RUNS})")


def show(name: str, value: str) -> None:
    print(f"{name:32} {value}", flush=True)


def timed(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def first_line(command: list[str], environment: dict[str, str]) -> float:
    """Seconds until the text of the first quote is on stdout."""
    start = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for _ in range(3):  # the heading, the place, the words
            process.stdout.readline()
        seconds = time.perf_counter() - start
        process.stdout.read()
    return seconds


def timed_with_memory(command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    """Seconds, and the most memory (KB) that all its processes held at one moment, looked at ten times a second."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, session_memory(process.pid))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.perf_counter() - start, peak


def session_memory(session: int) -> int:
    """Proportional set size of all processes of a session, in KB (Linux)."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[3]) == session:
                rows = (folder / "smaps_rollup").read_text().splitlines()
                total += next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
        except (OSError, IndexError, StopIteration, ProcessLookupError):
            continue
    return total


if __name__ == "__main__":
    sys.exit(main())
