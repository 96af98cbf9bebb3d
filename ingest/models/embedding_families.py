"""What a family of embedding models asks of its user: prefixes, limits, shortened vectors. Known by the file's header.

Each row names what it was read from; a model in none of them is used as its header says, without prefixes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.errors import UsageError


@dataclass(frozen=True, slots=True)
class Family:
    """What one family asks of its user.

    `name` matches general.name or the file's name, case-insensitive; `tokens` is the longest text it was trained for.
    `shortest` is the fewest dimensions its vectors may be cut to (0: not at all); `centred` says that the mean of a
    vector's values is taken off before the cut. `pooling` is for files that do not say ("mean", "cls", "last").
    """

    label: str
    architectures: tuple[str, ...]
    name: str
    document_prefix: str = ""
    question_prefix: str = ""
    tokens: int = 0
    shortest: int = 0
    centred: bool = False
    pooling: str = ""
    characters: bool = False  # its vocabulary reads single characters well (Japanese, Chinese)


FAMILIES = (
    # https://huggingface.co/nomic-ai/nomic-embed-text-v1.5: prefixes; layer_norm, cut, normalise; 768 to 64 dimensions.
    # Its GGUF page: 2,048 tokens without rope scaling.
    Family(
        "nomic-embed-text-v1.5",
        ("nomic-bert",),
        r"nomic.*v1\.5",
        "search_document: ",
        "search_query: ",
        2048,
        64,
        centred=True,
    ),
    Family("nomic-embed-text", ("nomic-bert",), r"", "search_document: ", "search_query: ", 2048),
    # https://huggingface.co/nomic-ai/nomic-embed-text-v2-moe: 512 tokens, 768 or 256 dimensions.
    Family(
        "nomic-embed-text-v2-moe",
        ("nomic-bert-moe",),
        r"",
        "search_document: ",
        "search_query: ",
        512,
        256,
        characters=True,
    ),
    # https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2: longer input than 256 word pieces is cut there.
    Family("all-MiniLM-L6-v2", ("bert",), r"minilm-l\d+-v2", tokens=256),
    # https://huggingface.co/intfloat/multilingual-e5-large and e5-base-v2.
    Family("multilingual-e5", ("bert",), r"multilingual-e5", "passage: ", "query: ", 512, characters=True),
    Family("e5", ("bert",), r"\be5-", "passage: ", "query: ", 512),
    # https://huggingface.co/BAAI/bge-m3: no instruction needed.
    Family("bge-m3", ("bert",), r"bge-m3", tokens=8192, characters=True),
    # https://huggingface.co/BAAI/bge-base-en-v1.5: an instruction for questions only.
    Family(
        "bge-en-v1.5",
        ("bert",),
        r"bge-(small|base|large)-en",
        question_prefix="Represent this sentence for searching relevant passages: ",
        tokens=512,
    ),
    # https://huggingface.co/cl-nagoya/ruri-v3-310m: ModernBERT, 8,192 tokens.
    Family("ruri-v3", ("modern-bert", "modernbert"), r"ruri-v3", "検索文書: ", "検索クエリ: ", 8192, characters=True),
    # https://huggingface.co/Qwen/Qwen3-Embedding-0.6B: instruction for questions, last token, 32 to 1,024 dimensions.
    Family(
        "Qwen3-Embedding",
        ("qwen3",),
        r"qwen3[-_ ]embedding",
        question_prefix=(
            "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
        ),
        tokens=8192,
        shortest=32,
        pooling="last",
        characters=True,
    ),
    # https://ai.google.dev/gemma/docs/embeddinggemma/model_card: 2,048 tokens, 768 to 128 dimensions.
    Family(
        "embeddinggemma",
        ("gemma-embedding",),
        r"",
        "title: none | text: ",
        "task: search result | query: ",
        2048,
        128,
        characters=True,
    ),
)


def find_family(architecture: str, *names: str) -> Family:
    """The first family of `architecture` whose pattern stands in one of `names`; else one without demands."""
    for family in FAMILIES:
        if architecture in family.architectures and any(re.search(family.name, name, re.IGNORECASE) for name in names):
            return family
    return Family(names[0] if names else architecture, (architecture,), "")


def find_served_family(name: str) -> Family:
    """The family of a model that a server knows by `name`; its label tells, or what the file would be known by.

    The longest match counts: "nomic-embed-text-v2-moe" is not "nomic-embed-text".
    """
    best, longest = Family(name, (), ""), 0
    for family in FAMILIES:
        for pattern in filter(None, (re.escape(family.label), family.name)):
            found = re.search(rf"(?<![a-z]){pattern}", name, re.IGNORECASE)
            if found and len(found[0]) > longest:
                best, longest = family, len(found[0])
    return best


def choose_dimension(family: Family, whole: int, wanted: int) -> int:
    """The dimension to store; raises UsageError when the family's vectors may not be cut to `wanted`."""
    if wanted in (0, whole):
        return whole
    if not family.shortest:
        raise UsageError(
            f"Vectors of {family.label} cannot be shortened; they have {whole} dimensions.",
            "Leave embed_dimension out.",
        )
    if not family.shortest <= wanted < whole:
        raise UsageError(
            f"Vectors of {family.label} can have {family.shortest} to {whole} dimensions, not {wanted}.",
            "Change embed_dimension.",
        )
    return wanted
