#!/usr/bin/env python3
"""How fast a model reads and writes with flash attention and without it.

    python tests/bench/attention.py GGUF [--threads N]

Each row is some tokens read after others, as `rag ask` does: a written token alone, a short question in one piece and
in two, a prompt. Both contexts do it in turn, nine times after a round that is not counted. Printed are the medians,
and the ratio to flash attention. `WIDE_HEADS` (rag/generators/llamacpp.py) and `SHORT` (rag/decoding/parts.py) follow
from such tables.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from index.platform import usable_cores
from ingest.models.llamacpp.library import Model
from rag.decoding.instruct_child import CONTEXT
from rag.decoding.llamacpp_model import BATCH
from rag.setup.tune import read_tokens

ROUNDS = 9
WAYS = {"flash": True, "plain": False}
# Tokens that were read before, and the batches that are timed.
WORK = (
    (60, (1,)),
    (60, (20,)),
    (60, (40,)),
    (60, (20, 20)),
    (60, (300,)),
    (400, (1,)),
    (400, (40,)),
    (1000, (1,)),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an instruct model as a GGUF file")
    parser.add_argument("--threads", type=int, default=usable_cores())
    args = parser.parse_args()
    model = Model(str(args.model))
    size = {"n_ctx": CONTEXT, "n_batch": BATCH, "n_ubatch": BATCH}
    threads = {"n_threads": args.threads, "n_threads_batch": args.threads}
    contexts = {way: model.context(flash=flash, **size, **threads) for way, flash in WAYS.items()}
    for before, batches in WORK:
        found: dict[str, list[float]] = defaultdict(list)
        for number in range(ROUNDS + 1):
            for way, context in contexts.items():
                at = 0
                while at < before:
                    count = min(BATCH, before - at)
                    read_tokens(model, context, count, after=at)
                    at += count
                seconds = 0.0
                for count in batches:
                    seconds += read_tokens(model, context, count, after=at)
                    at += count
                if number:
                    found[way].append(seconds)
        medians = {way: statistics.median(seconds) for way, seconds in found.items()}
        work = f"{' + '.join(map(str, batches))} after {before}"
        for way, seconds in medians.items():
            print(f"{work:18} {way}  {1000 * seconds:8.1f} ms   {seconds / medians['flash']:5.3f} of flash", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
