"""The tokens of an instruct model in a published folder: from text, to bytes, and which of them end an answer."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from index.errors import ModelError
from ingest.models.hub_folder import HubFolder
from ingest.models.windows import WORD_START

# How models mark the end of an answer, where their configuration names only the end of a document.
END_MARKS = (
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<end_of_turn>", "<eos>", "</s>",
    "<|end|>", "<|return|>", "<|END_OF_TURN_TOKEN|>",
)  # fmt: skip
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Vocabulary:
    """`begin` and `end` are the texts of the first and last token, `head` the ids that stand before every text,
    `ends` those that end an answer, `template` the chat template. Raises ModelError without a tokenizer.json."""

    def __init__(self, folder: HubFolder) -> None:
        from tokenizers import Tokenizer

        path = folder.path / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises Exception itself
            raise ModelError(f"{path} cannot be read: {error}.", "Fetch the model again.") from error
        self._content = folder.read("tokenizer.json")
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        settings = folder.read("tokenizer_config.json")
        self.begin, self.end = (_token_text(settings.get(key)) for key in ("bos_token", "eos_token"))
        self.template = _read_template(folder, settings.get("chat_template"))
        full = self._tokenizer.encode("a").ids
        self.head = full[: len(full) - len(self._tokenizer.encode("a", add_special_tokens=False).ids)]
        if self.head[:1] != [self._tokenizer.token_to_id(self.begin)]:
            self.head = []  # what was added stands at the end
        named = [self._tokenizer.token_to_id(mark) for mark in (*END_MARKS, self.end)]
        for name in ("config.json", "generation_config.json"):
            listed = folder.read(name).get("eos_token_id")
            named += listed if isinstance(listed, list) else [listed]
        self.ends = frozenset(token for token in named if isinstance(token, int))

    def tokens(self, text: str, *, markup: bool) -> list[int]:
        """Token ids; only in markup is text such as "<|im_end|>" one token."""
        self._tokenizer.encode_special_tokens = not markup
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; control tokens stand for none."""
        if token in self._added:
            return self._added[token]
        text = self._tokenizer.id_to_token(token)
        if text is None:
            return b""
        if self._by_bytes:
            return bytes(_BYTE_OF_LETTER[letter] for letter in text if letter in _BYTE_OF_LETTER)
        if byte := _BYTE.fullmatch(text):
            return bytes([int(byte[1], 16)])
        return str(text).replace(WORD_START, " ").encode()

    @cached_property
    def _added(self) -> dict[int, bytes]:
        added: list[dict[str, Any]] = self._content.get("added_tokens") or []
        return {entry["id"]: b"" if entry.get("special") else entry["content"].encode() for entry in added}

    @cached_property
    def _by_bytes(self) -> bool:
        """Whether its tokens are written in GPT-2's letters for bytes."""
        decoder = self._content.get("decoder") or {}
        parts = decoder.get("decoders", [decoder])
        return any(part.get("type") == "ByteLevel" for part in parts)


def _read_template(folder: HubFolder, found: Any) -> str:
    """The chat template: a file of its own, or in the configuration, there also as one of several by name."""
    path = folder.path / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    if isinstance(found, list):
        return next((entry["template"] for entry in found if entry.get("name") == "default"), "")
    return found if isinstance(found, str) else ""


def _token_text(entry: Any) -> str:
    found = entry.get("content") if isinstance(entry, dict) else entry
    return found if isinstance(found, str) else ""


def _byte_letters() -> dict[str, int]:
    """GPT-2's letter for each byte (Radford et al., 2019, encoder.py): itself if printable, else from 256 upwards."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}


_BYTE_OF_LETTER = _byte_letters()
