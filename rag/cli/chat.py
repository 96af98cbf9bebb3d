"""``rag chat``: questions and answers in turn, until ``/quit`` or the end of the input."""

from __future__ import annotations

import click

from rag.cli.options import common_options, model_options, open_kb, within_option


@click.command("chat")
@click.option("--list", "listed", is_flag=True, help="List the conversations kept here.")
@click.option("--delete", "deleted", type=int, metavar="ID", help="Delete a conversation kept here.")
@click.option("--no-generate", is_flag=True, help="Evidence only; no model runs.")
@within_option
@model_options
@common_options
def chat_command(
    listed: bool,
    deleted: int | None,
    no_generate: bool,
    within: tuple[str, ...],
    labels: tuple[str, ...],
    shared_read: bool,
    embed_model: str | None,
    model: str | None,
    kb: str | None,
    as_json: bool,
) -> None:
    """Questions in turn, each answered with its own evidence; follow-up questions keep their subject.

    \b
    Examples:
      rag chat
      rag chat --within "docs/hr/**"
      printf 'Who may approve travel?\\nAnd for contractors?\\n' | rag chat

    In a conversation: /sources  /open N  /save [FILE]  /help  /quit. Without a terminal every line of the input is a
    question or one of these.
    """
    from rag.chat import Chat
    from rag.show_chat import converse, delete_kept, show_kept
    from rag.show_hits import show_scope

    with open_kb(kb, shared_read=shared_read, embed_model=embed_model, model=model) as base:
        if listed:
            show_kept(base, as_json)
        elif deleted is not None:
            delete_kept(base, deleted, as_json)
        else:
            show_scope(base, "", within)
            converse(base, Chat(base, generate=not no_generate, within=within or None, labels=labels), as_json)
