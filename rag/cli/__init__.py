"""The command line: ``rag COMMAND``. Commands live in modules of their own and are loaded when they are called."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from index.errors import RagError
from ingest.network import stay_on_this_machine
from rag.start import INTERRUPTED

# command → module in this package, and its line in `rag --help`, kept here so that help loads nothing
COMMANDS = {
    "setup": ("setup", "Get the models for this machine, once."),
    "init": ("ingest", "Make a knowledge base in this folder."),
    "ingest": ("ingest", "Add, update and remove documents."),
    "search": ("search", "Find passages."),
    "ask": ("ask", "Get an answer with its evidence."),
    "chat": ("chat", "Ask in a conversation."),
    "open": ("ask", "Open the file of a quote of the last answer."),
    "list": ("documents", "List the documents."),
    "show": ("documents", "Show what was read of a document."),
    "rm": ("documents", "Take documents out."),
    "forget": ("documents", "Take documents out without a trace."),
    "label": ("documents", "Name documents, to search only in them."),
    "status": ("status", "What is in the knowledge base, and its state."),
    "eval": ("eval", "Measure how well this knowledge base finds and answers."),
    "verify": ("repair", "Look for damage."),
    "repair": ("repair", "Mend what is damaged."),
    "doctor": ("status", "Check everything a question needs."),
    "trust": ("status", "Trust a knowledge base that was made elsewhere."),
    "models": ("models", "Models on this machine, and the catalogue."),
    "bench": ("bench", "Compare instruct models on this machine."),
}

# Places that this user may not read or write, that cannot be, or that the disk does not give.
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EIO)

EXAMPLES = """\b
Examples:
  rag setup                                    get the models, once
  rag ingest ./docs                            read a folder
  rag ask "How many days of leave do I get?"   evidence, then the answer
  rag search "ERR-4012" -k 3                   passages
"""


class _ReaderGone(Exception):
    """Who reads the output has gone (`rag list | head -1`); of a BrokenPipeError click would make a 1 by itself."""


@contextlib.contextmanager
def _reader() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGone from error


class Commands(click.Group):
    """Loads a command's module only when it is called."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with _reader():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        with _reader():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name, line = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"rag.cli.{name}"), f"{cmd_name}_command")
        command.short_help = line
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean: rag {near[0]}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Commands, help=f"Answers from your own documents, on your own machine.\n\n{EXAMPLES}")
@click.version_option(package_name="tebiki-rag", prog_name="rag")
def cli() -> None:
    if any(name.startswith("RAG_") for name in os.environ):
        from rag.screen import note
        from rag.settings import find_unknown_variables

        for sentence in find_unknown_variables(os.environ):
            note(f"rag: {sentence}")


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end with its exit code; every error becomes one line on stderr."""
    stay_on_this_machine()
    given = sys.argv[1:] if arguments is None else arguments
    _open_closed_streams()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(_run(given))


def _open_closed_streams() -> None:
    """Give a stream that the shell closed (``2>&-``) a place where all is lost; another file would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
            setattr(sys, name, nowhere)


def _run(given: list[str]) -> int:
    debug, as_json = "--debug" in given, "--json" in given
    try:
        result = cli.main(args=given, prog_name="rag", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except RagError as error:
        if debug:
            _trace(error)
        return _tell(error.exit, error.message, error.next, as_json)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        hint = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else ""
        return _tell(2, error.format_message(), hint, as_json)
    except (KeyboardInterrupt, click.Abort):
        return _tell(INTERRUPTED, "Interrupted; the knowledge base is consistent.", "", as_json)
    except (_ReaderGone, BrokenPipeError):
        _drop_output()
        return 0
    except Exception as error:
        if debug:
            _trace(error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # what we write ourselves has words of its own
            message = "There is no space left where the output goes."
            return _tell(3, message, "Free some, or write it elsewhere.", as_json)
        if isinstance(error, OSError) and error.errno in CLOSED and error.filename:
            step = "Check it and its permissions, or name another: --kb DIR, RAG_HOME (all that is yours), RAG_MODELS."
            return _tell(3, f"{error.filename}: {error.strerror}.", step, as_json)
        message = f"A defect of this program: {type(error).__name__}."
        return _tell(1, message, "Run it again with --debug and report what it shows.", as_json)


def _trace(error: BaseException) -> None:
    """Show where an error came from; what foreign ones say is left out, because it may be text of a document."""
    import traceback

    from rag.screen import note

    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        _trace(before)
    said = f": {error}" if isinstance(error, RagError | OSError) else ""
    note(f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}{said}")


def _tell(code: int, message: str, hint: str, as_json: bool) -> int:
    from rag.screen import note, print_json

    try:
        if as_json:
            print_json({"error": {"exit": code, "message": message, "next": hint}})
        else:
            note(f"rag: {message}" + (f"\n     {hint}" if hint else ""))
    except OSError as error:
        _drop_output()
        if as_json and not isinstance(error, BrokenPipeError):  # nothing can be written to stdout
            return _tell(code, message, hint, as_json=False)
    return code


def _drop_output() -> None:
    """Let what is still to be printed go: nobody reads it, and Python would complain again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
