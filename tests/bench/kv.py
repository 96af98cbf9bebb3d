"""How fast a model reads and writes with its keys and values in half precision and in 8 bits.

    python tests/bench/kv.py GGUF [--prompt N] [--written N]

Both are opened by the product's own runtime and do the same work in turn, seven times after a round that is not
counted: they read a prompt of about so many tokens that none of them has seen, and write so many. Printed are the
medians of tokens a second, and the ratio to half precision.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rag.generators import Generator, open_generator
from rag.settings import Settings

KINDS = ("f16", "q8_0")
ROUNDS = 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an instruct model as a GGUF file")
    parser.add_argument("--prompt", type=int, default=1000)
    parser.add_argument("--written", type=int, default=100)
    args = parser.parse_args()
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with ExitStack() as opened:
        models = {
            kind: opened.enter_context(open_generator(Settings(model=f"llamacpp:{args.model}", kv_type=kind)))
            for kind in KINDS
        }
        for number in range(ROUNDS + 1):
            for kind, model in models.items():
                for what, speed in measure(model, number, args.prompt, args.written).items():
                    if number:
                        found[what, kind].append(speed)
    for (what, kind), speeds in sorted(found.items()):
        median, plain = statistics.median(speeds), statistics.median(found[what, KINDS[0]])
        print(f"{what:8} {kind:5} {median:8.1f} tokens a second   {median / plain:5.3f} of {KINDS[0]}")
    return 0


def measure(model: Generator, number: int, prompt: int, written: int) -> dict[str, float]:
    """Tokens a second read and written, in one run on a text that differs from that of every other round."""
    facts = (f"Room {n} of house {number} has {n * 7 % 90} chairs and faces the garden." for n in range(prompt))
    text = ""
    while model.count_tokens(text) < prompt:
        text += " ".join(next(facts) for _ in range(8)) + " "
    messages = [{"role": "user", "content": f"{text}\nTell a long story about house {number} and its rooms."}]
    for _ in model.generate(messages, max_tokens=written):
        pass
    run = model.last_run
    assert run is not None
    return {
        "reading": run.prompt_tokens / run.first_token,
        "writing": (run.tokens - 1) / (run.seconds - run.first_token),
    }


if __name__ == "__main__":
    sys.exit(main())
