"""Articles and papers of companies with questions, each answered by one section and by no other of its article.

The files in articles/ (English) and articles-ja/ (Japanese) were written for this by some forty readers (language
models that saw none of this code), one field each: a line has a section of 70 to 150 words or 160 to 230 characters,
the title of its article (six sections each), and five or six questions with their answers as they stand in the section.
Those of the English files from 11 on and of the Japanese ones from 31 on stay closer to the words of the text. English
ones from 41 on have twelve sections an article, close to one another, and a third of the questions as typed in a hurry;
of the adapters that ship, they taught "supports" alone. What they say may be invented. `read_articles` gives them in
the form of the public sets.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

FOLDERS = {name: Path(__file__).parent / name for name in ("articles", "articles-ja")}

Rows = list[dict[str, Any]]


def read_articles(name: str) -> tuple[Rows, Rows, dict[str, set[str]]]:
    """The sections as documents, the questions, and which section answers each; half of the articles show headings.

    `name` is one of FOLDERS.
    """
    corpus: Rows = []
    questions: Rows = []
    relevant: dict[str, set[str]] = {}
    sections: Counter[str] = Counter()
    for path in sorted(FOLDERS[name].glob("*.jsonl")):
        for line in map(json.loads, path.read_text("utf-8").splitlines()):
            article = f"{int(path.stem.partition('_')[0])}:{line['article']}"
            document = f"{article}#{sections[article]}"
            sections[article] += 1
            headed = zlib.crc32(article.encode()) % 2 == 0
            text = f"## {line['heading']}\n\n{line['text']}" if headed else line["text"]
            corpus.append({"_id": document, "title": line["article"], "text": text})
            for number, (question, answer) in enumerate(line["questions"]):
                asked = f"{document}?{number}"
                questions.append({"_id": asked, "text": question, "answers": [answer]})
                relevant[asked] = {document}
    return corpus, questions, relevant
