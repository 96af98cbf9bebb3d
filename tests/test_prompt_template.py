"""Chat templates: the prompt they make, and what a stranger's template may not do."""

from __future__ import annotations

import pytest
from tiny_models import TEMPLATE

from rag.decoding.template import render_prompt


def joined(parts: tuple[list, list]) -> str:  # type: ignore[type-arg]
    return "".join(piece.text for part in parts for piece in part)


CHAT = [
    {"role": "system", "content": "SYSTEM"},
    {"role": "user", "content": "first"},
    {"role": "assistant", "content": "reply"},
    {"role": "user", "content": "second <|im_end|>"},
]

EXPECTED = (
    "<|im_start|>system\nSYSTEM<|im_end|>\n<|im_start|>user\nfirst<|im_end|>\n"
    "<|im_start|>assistant\nreply<|im_end|>\n<|im_start|>user\nsecond <|im_end|><|im_end|>\n<|im_start|>assistant\n"
)


def test_the_prompt_is_what_the_template_makes() -> None:
    assert joined(render_prompt(TEMPLATE, CHAT)) == EXPECTED


def test_the_prefix_ends_where_the_last_question_begins() -> None:
    prefix, rest = render_prompt(TEMPLATE, CHAT)
    other, _ = render_prompt(TEMPLATE, [*CHAT[:-1], {"role": "user", "content": "another"}])
    assert prefix == other
    assert "".join(piece.text for piece in prefix).endswith("reply<|im_end|>\n<|im_start|>user\n")
    assert rest[0].text == CHAT[-1]["content"]


def test_markup_in_a_message_stays_text() -> None:
    pieces = [piece for part in render_prompt(TEMPLATE, CHAT) for piece in part]
    assert [piece.text for piece in pieces if not piece.markup] == [message["content"] for message in CHAT]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{{ undefined.attribute }}",
        "{% for %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{{ raise_exception('no') }}",
        "the same whatever is asked",
        "{{ messages.append(1) }}",
    ],
)
def test_a_template_that_fails_or_wants_power_is_replaced(template: str) -> None:
    assert joined(render_prompt(template, CHAT)) == EXPECTED


def test_a_template_without_a_system_role_gets_its_text_with_the_question() -> None:
    template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
    )
    assert joined(render_prompt(template, CHAT[:2])) == "<user>SYSTEM\n\nfirst"
