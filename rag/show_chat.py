"""A conversation on the screen: a prompt, what is typed at it obeyed or answered, and the conversations kept before."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from index.conversations import delete_conversation, list_conversations
from index.errors import RagError, UsageError
from index.files import write_file
from index.types import Quote
from rag.languages import language_of
from rag.last_answer import open_place, places_of
from rag.messages import say
from rag.screen import clean, note, print_json, show
from rag.show_answer import show_answer
from rag.show_hits import headline

if TYPE_CHECKING:
    from rag.chat import Chat, Turn
    from rag.knowledge_base import KnowledgeBase

MOST_DIGITS = 4  # of the number of a quote
LONGEST_ECHO = 300  # characters of a question that a person reads once more
HELP = """\
/sources      the places the last answer rests on
/open N       open the file of quote N
/save [FILE]  write the conversation as Markdown
/help         these lines
/quit         end; the conversation is kept in the knowledge base"""


def converse(kb: KnowledgeBase, chat: Chat, as_json: bool) -> None:
    """Answer and obey until the end of the input, and keep the conversation after every answer."""
    try:
        for line in _lines(kb):
            try:
                if line in ("/quit", "/exit"):
                    break
                if line.startswith("/"):
                    _obey(line, chat)
                elif any(map(str.isalnum, line)):
                    _answer(kb, chat, line, as_json)
                elif line:  # "?"
                    _obey("/help", chat)
            except RagError as error:  # a question that fails does not end the conversation
                note(f"rag: {error.message}\n     {error.next}")
    finally:
        try:
            chat.keep()
        except RagError as error:
            note(f"The conversation was not kept: {error.message}")


def _answer(kb: KnowledgeBase, chat: Chat, question: str, as_json: bool) -> None:
    asked = chat.complete(question)
    if asked != question:
        told = asked if len(asked) <= LONGEST_ECHO else f"{asked[:LONGEST_ECHO]} …"
        note(say("asked_as", language_of(question), question=told))
    steps = chat.ask(question)
    try:
        show_answer(kb, asked, steps, as_json)
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        note("")  # the next prompt begins on a line of its own
    finally:
        steps.close()
    with contextlib.suppress(RagError):  # tried again, and said, at the end
        chat.keep()


def _obey(line: str, chat: Chat) -> None:
    """Do what a line that begins with a slash says."""
    name, _, rest = line.partition(" ")
    commands: dict[str, Callable[[], None]] = {
        "/help": lambda: click.echo(HELP),
        "/sources": lambda: _show_sources(chat),
        "/open": lambda: _open(chat, rest.strip()),
        "/save": lambda: _save(chat, rest.strip()),
    }
    if name not in commands:
        raise UsageError(f"{name} is not known here.", "See: /help")
    commands[name]()


def _show_sources(chat: Chat) -> None:
    for quote in _quotes(chat):
        show("  ", *headline(quote.n, quote), hang=6)


def _open(chat: Chat, number: str) -> None:
    if not number.isdecimal() or len(number) > MOST_DIGITS:
        raise UsageError("/open needs the number of a quote.", "For example: /open 1")
    note(open_place(places_of(_quotes(chat)), int(number)))


def _save(chat: Chat, name: str) -> None:
    _turns(chat)
    path = Path(name or f"conversation-{datetime.now():%Y%m%d-%H%M%S}.md")
    try:
        path = path.expanduser()
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, RuntimeError, ValueError) as error:  # too long, not to be looked at, nobody's home
        raise UsageError(f"{path} cannot be a file here.", "Name another file: /save FILE") from error
    else:
        raise UsageError(f"{path} is there already.", "Name another file: /save FILE")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} to write it into.", "Name another file: /save FILE")
    write_file(path, [chat.to_markdown().encode("utf-8", "replace")])
    note(str(path))


def _quotes(chat: Chat) -> Sequence[Quote]:
    """The quotes of the last question, as they were shown; raises UsageError when none was asked."""
    if not chat.quotes:
        _turns(chat)
    return chat.quotes


def _turns(chat: Chat) -> Sequence[Turn]:
    """What was asked and answered so far; raises UsageError when that is nothing."""
    if not chat.turns:
        raise UsageError("Nothing was answered in this conversation yet.", "Ask a question first.")
    return chat.turns


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

    asked = [str(turn["question"]) for kept in list_conversations(kb.index.store) for turn in kept.turns]
    completer = WordCompleter([line.split()[0] for line in HELP.splitlines()], sentence=True)
    return PromptSession(history=InMemoryHistory(asked), completer=completer, complete_while_typing=False)


def show_kept(kb: KnowledgeBase, as_json: bool) -> None:
    """A line for each conversation kept here: its number, when it began, how many questions, and the first."""
    found = list_conversations(kb.index.store)
    if as_json:
        print_json({"conversations": found})
        return
    if not found:
        note("No conversation is kept here.")
    for kept in found:
        first = clean(str(kept.turns[0]["question"])) if kept.turns else ""
        click.echo(f"{kept.id:4}  {kept.begun[:16].replace('T', ' ')}  {len(kept.turns):3}  {first}")


def delete_kept(kb: KnowledgeBase, number: int, as_json: bool) -> None:
    """Delete a conversation that is kept here; raises UsageError when there is none of that number."""
    if not delete_conversation(kb.index.store, number):
        raise UsageError(f"There is no conversation {number} here.", "See: rag chat --list")
    print_json({"deleted": number}) if as_json else note(f"Conversation {number} is deleted.")
