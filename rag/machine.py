"""What this machine is, as far as the choice of a model depends on it."""

from __future__ import annotations

import platform as python_platform
from dataclasses import dataclass

from index.platform import (
    MACOS,
    has_nvidia,
    instruction_sets,
    physical_cores,
    physical_memory,
    processor_name,
    usable_cores,
)

# The instruction sets that decide how fast a CPU multiplies matrices, the fastest first.
TELLING = ("amx_int8", "avx512_bf16", "avx512_vnni", "avx512f", "avx_vnni", "avx2", "sme", "i8mm", "asimddp", "asimd")


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory in bytes (of the container, where one sets a limit); cores are physical ones that this process may use."""

    processor: str
    memory: int
    cores: int
    instructions: tuple[str, ...]
    apple_silicon: bool
    nvidia: bool

    @property
    def strength(self) -> int:
        """Cores, where a graphics processor that llama.cpp can use counts as at least eight."""
        return max(self.cores, 8) if self.apple_silicon or self.nvidia else self.cores

    def describe(self) -> tuple[str, ...]:
        """The machine in sentences."""
        memory = f"{self.memory / 2**30:.0f} GiB of memory" if self.memory else "an unknown amount of memory"
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        sentences = [f"This machine has {memory} and {cores} ({self.processor})."]
        if self.instructions:
            sentences.append(f"Its processor multiplies matrices with {', '.join(self.instructions)}.")
        if self.apple_silicon:
            sentences.append("It is Apple silicon: the graphics processor shares the memory and can be used.")
        elif self.nvidia:
            sentences.append(
                "It has an NVIDIA driver; llama.cpp uses the card when llama-cpp-python was built with CUDA."
            )
        else:
            sentences.append("No graphics processor is used.")
        return tuple(sentences)


def read_machine() -> Machine:
    """This machine, read from the operating system's own tables; nothing is run but `sysctl` on macOS."""
    found = instruction_sets()
    return Machine(
        processor=processor_name(),
        memory=physical_memory(),
        cores=min(physical_cores(), usable_cores()),
        instructions=tuple(name for name in TELLING if name in found),
        apple_silicon=MACOS and python_platform.machine() == "arm64",
        nvidia=has_nvidia(),
    )
