"""``rag chat``: questions and answers in turn, until ``/quit`` or the end of the input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.cli.options import common_options, model_options, open_kb, within_option

if TYPE_CHECKING:
    from rag.chat import Chat
    from rag.knowledge_base import KnowledgeBase

HELP = """\
/sources      the places the last answer rests on
/open N       open the file of quote N
/save [FILE]  write the conversation as Markdown
/help         these lines
/quit         end; the conversation is kept in the knowledge base"""


@click.command("chat", short_help="Ask in a conversation.")
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
    question.
    """
    from rag.chat import Chat

    with open_kb(kb, shared_read=shared_read, embed_model=embed_model, model=model) as base:
        if listed:
            _list(base, as_json)
        elif deleted is not None:
            _delete(base, deleted)
        else:
            _converse(base, Chat(base, generate=not no_generate, within=within or None, labels=labels), as_json)


def _converse(kb: KnowledgeBase, chat: Chat, as_json: bool) -> None:
    from index.errors import RagError
    from rag.screen import note

    try:
        for line in _lines(kb):
            try:
                if line in ("/quit", "/exit"):
                    break
                if line.startswith("/"):
                    _obey(line, kb, chat)
                elif line:
                    _answer(kb, chat, line, as_json)
            except RagError as error:  # a question that fails does not end the conversation
                note(f"rag: {error.message}\n     {error.next}")
    finally:
        try:
            chat.keep()
        except RagError as error:
            note(f"The conversation was not kept: {error.message}")


def _answer(kb: KnowledgeBase, chat: Chat, question: str, as_json: bool) -> None:
    from rag.languages import language_of
    from rag.messages import say
    from rag.screen import note
    from rag.show_answer import show_answer

    asked = chat.complete(question)
    if asked != question:
        note(say("asked_as", language_of(question), question=asked))
    steps = chat.ask(question)
    try:
        show_answer(kb, asked, steps, as_json)
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        note("")  # the next prompt begins on a line of its own
    finally:
        steps.close()  # type: ignore[attr-defined]


def _obey(line: str, kb: KnowledgeBase, chat: Chat) -> None:
    """Do what a line that begins with a slash says."""
    from index.errors import UsageError

    name, _, rest = line.partition(" ")
    commands: dict[str, Callable[[], None]] = {
        "/help": lambda: click.echo(HELP),
        "/sources": lambda: _show_sources(chat),
        "/open": lambda: _open(kb, rest.strip()),
        "/save": lambda: _save(chat, rest.strip()),
    }
    if name not in commands:
        raise UsageError(f"{name} is not known here.", "Known: /sources /open N /save [FILE] /help /quit")
    commands[name]()


def _show_sources(chat: Chat) -> None:
    from rag.screen import show
    from rag.show_hits import headline

    for quote in chat.turns[-1].answer.quotes if chat.turns else ():
        show("  ", *headline(quote.n, quote))


def _open(kb: KnowledgeBase, number: str) -> None:
    from index.errors import UsageError
    from rag.last_answer import open_quote
    from rag.screen import note

    if not number.isdecimal():
        raise UsageError("/open needs the number of a quote.", "For example: /open 1")
    note(open_quote(kb.folder, int(number)))


def _save(chat: Chat, name: str) -> None:
    from index.errors import UsageError
    from index.files import write_file
    from rag.screen import note

    path = Path(name or f"conversation-{datetime.now():%Y%m%d-%H%M%S}.md").expanduser()
    if path.exists():
        raise UsageError(f"{path} is there already.", "Name another file: /save FILE")
    write_file(path, [chat.to_markdown().encode("utf-8", "replace")])
    note(str(path))


def _lines(kb: KnowledgeBase) -> Iterator[str]:
    """What is typed, line by line; Ctrl-C empties the line, the end of the input ends it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield from (line.strip() for line in sys.stdin)
        return
    session = _prompt(kb)
    while True:
        try:
            yield str(session.prompt("> ")).strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _prompt(kb: KnowledgeBase) -> Any:
    """A line editor that remembers the questions of the conversations kept here."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import InMemoryHistory

    from index.conversations import list_conversations

    asked = [str(turn["question"]) for kept in list_conversations(kb.index.store) for turn in kept.turns]
    completer = WordCompleter(["/sources", "/open", "/save", "/help", "/quit"], sentence=True)
    return PromptSession(history=InMemoryHistory(asked), completer=completer, complete_while_typing=False)


def _list(kb: KnowledgeBase, as_json: bool) -> None:
    from index.conversations import list_conversations
    from rag.screen import clean, print_json

    found = list_conversations(kb.index.store)
    if as_json:
        print_json({"conversations": found})
        return
    for kept in found:
        first = clean(str(kept.turns[0]["question"])) if kept.turns else ""
        click.echo(f"{kept.id:4}  {kept.begun[:16].replace('T', ' ')}  {len(kept.turns):3}  {first}")


def _delete(kb: KnowledgeBase, number: int) -> None:
    from index.conversations import delete_conversation
    from index.errors import UsageError
    from rag.screen import note

    if not delete_conversation(kb.index.store, number):
        raise UsageError(f"There is no conversation {number} here.", "See: rag chat --list")
    note(f"Conversation {number} is deleted.")
