"""Ingests a folder in a process of its own and writes what became of it, and the most memory that it took.

Arguments: the knowledge base, the folder, a file for the result, and the seconds after which a silent reader is given
up. Run by test_hostile.py.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import ingest.reading
import rag


def main(kb: Path, folder: Path, out: Path, seconds: float) -> None:
    ingest.reading.SILENCE = seconds
    ingest.reading.OUTPUT = 160 << 20  # a flood that is seen without flooding the machine
    with rag.open(kb) as base:
        report = base.ingest([folder])
        paths = [document.path for document in base.documents()]
        hits = [hit.path for hit in base.search("annual leave", k=5)]
    # Not getrusage: what it tells begins with the memory of the process that started this one.
    peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    result = {"report": asdict(report), "paths": paths, "hits": hits, "peak": peak * 1024}
    out.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]))
