"""A chat template, which is a stranger's program inside a model file, run where it has no power.

Templates are Jinja (https://huggingface.co/docs/transformers/chat_templating). The texts of the messages are never
shown to it: it gets a placeholder for each, and the texts are put in afterwards, as text, so that "<|im_end|>" in a
document does not become the token that ends a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

# Private-use characters around a number: no template looks for them, and none strips them.
_PLACE = re.compile("\ue0f0(\\d+)\ue0f1")
# Messages without a text, with the roles of a question (`rag.prompt`): what a template makes of those is kept.
EMPTY = ({"role": "system", "content": ""}, {"role": "user", "content": ""})
MAX_RENDERED = 100_000  # characters; templates alone are below 2,000

# Used when a file has no template, or one that cannot be rendered: the form most small models were trained on.
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt; in markup, "<|im_end|>" is a token, elsewhere it is ten characters."""

    text: str
    markup: bool


def render_prompt(
    template: str, messages: Sequence[Mapping[str, str]], *, begin: str = "", end: str = ""
) -> tuple[list[Piece], list[Piece]]:
    """The prompt in two parts: up to the last user's text, which stays the same from question to question, and the
    rest.

    `begin` and `end` are the texts of the model's first and last token. A template that knows no system role gets its
    text at the head of the first user's; one that fails is replaced by ChatML.
    """
    for source, merged in ((template, False), (template, True), (CHATML, False)):
        sent = _merge_system(messages) if merged else list(messages)
        rendered = _render(source, tuple(message["role"] for message in sent), begin, end) if source else None
        if rendered is not None and len(_PLACE.findall(rendered)) == len(sent):
            return _split(rendered, sent)
    raise AssertionError("ChatML renders every list of messages")


@lru_cache(maxsize=16)  # of a model's template the few orders of roles that are asked of it
def _render(template: str, roles: tuple[str, ...], begin: str, end: str) -> str | None:
    """The rendered text with a placeholder for each message; None when the template fails, whatever the reason."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str = "") -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    placed = [{"role": role, "content": f"\ue0f0{n}\ue0f1"} for n, role in enumerate(roles)]
    try:
        rendered = environment.from_string(template).render(
            messages=placed,
            add_generation_prompt=True,
            bos_token=begin,
            eos_token=end,
            tools=None,
            enable_thinking=False,  # an answer of two sentences from given sources gains nothing from it
            raise_exception=refuse,
            strftime_now=lambda _: "",  # a date would change the prefix every day
        )
    except Exception:  # a stranger's program may fail in any way; the next form is tried
        return None
    return rendered if len(rendered) <= MAX_RENDERED else None


def _split(rendered: str, messages: Sequence[Mapping[str, str]]) -> tuple[list[Piece], list[Piece]]:
    prefix: list[Piece] = []
    rest: list[Piece] = []
    into = prefix
    last = max((n for n, message in enumerate(messages) if message["role"] == "user"), default=-1)
    for place, text in enumerate(_PLACE.split(rendered)):
        if place % 2 == 0:
            into.append(Piece(text, markup=True))
            continue
        message = messages[int(text)]
        if int(text) == last:
            into = rest
        into.append(Piece(message["content"], markup=False))
    return prefix, rest


def _merge_system(messages: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    if len(messages) < 2 or messages[0]["role"] != "system":
        return list(messages)
    system, first, *others = messages
    return [{"role": first["role"], "content": f"{system['content']}\n\n{first['content']}"}, *others]
