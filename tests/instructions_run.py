"""Ingests planted documents and asks each one's question on the screen; run by test_instructions.py under a trace.

Arguments: a folder with `docs` and `secret`, and a file that gets what Python sees of the same answers.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import rag
from rag.show_answer import show_answer
from rag.show_report import show_report


def main(folder: Path, questions: list[tuple[str, str]], out: Path) -> None:
    found = []
    with rag.open(folder / "kb") as kb:
        report = kb.ingest([folder / "docs", folder / "secret"])
        show_report(report, as_json=False, quiet=False, dry_run=False)
        for name, question in questions:
            before = kb.generator.last_run if kb.generator else None
            answer = show_answer(kb, question, kb.ask_in_steps(question, True, [f"docs/{name}"], ()), False)
            cited = [*answer.quotes, *answer.citations]
            wrong = [quote.text for quote in cited if kb.text(quote.path)[quote.start : quote.end] != quote.text]
            wrong += [
                span.text
                for quote in cited
                for span in quote.context
                if kb.text(quote.path)[span.start : span.end] != span.text
            ]
            ran = kb.generator is not None and kb.generator.last_run is not before
            found.append({"answer": asdict(answer), "wrong": wrong, "ran": ran})
        warned = [[note.path, note.reason] for note in report.warned]
    out.write_text(json.dumps({"answers": found, "warned": warned, "failed": [asdict(note) for note in report.failed]}))


if __name__ == "__main__":
    place = Path(sys.argv[1])
    main(place, json.loads((place / "questions.json").read_text(encoding="utf-8")), place / "answers.json")
