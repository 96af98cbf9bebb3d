"""``rag list``, ``rag show`` and ``rag rm``."""

from __future__ import annotations

import click

from rag.cli.options import common_options, open_kb


@click.command("list", short_help="List the documents.")
@click.argument("patterns", nargs=-1)
@common_options
def list_command(patterns: tuple[str, ...], kb: str | None, as_json: bool) -> None:
    """Every document, or those whose path matches PATTERNS.

    \b
    Examples:
      rag list
      rag list "docs/hr/**"
    """
    from rag.screen import print_json
    from rag.show_documents import select_documents, show_documents

    with open_kb(kb) as base:
        documents = select_documents(base.documents(), patterns)
    print_json({"documents": documents}) if as_json else show_documents(documents)


@click.command("show", short_help="Show what was read of a document.")
@click.argument("path")
@common_options
def show_command(path: str, kb: str | None, as_json: bool) -> None:
    """The text that was read of the document at PATH.

    \b
    Example:
      rag show docs/hr/leave-policy.md
    """
    from rag.screen import clean, print_json

    with open_kb(kb) as base:
        text = base.text(path)
    print_json({"path": path, "text": text}) if as_json else click.echo(clean(text))


@click.command("rm", short_help="Take documents out.")
@click.argument("patterns", nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Let them in again; the next ingest reads them.")
@common_options
def rm_command(patterns: tuple[str, ...], undo: bool, kb: str | None, as_json: bool) -> None:
    """Take the documents that match PATTERNS out; later runs leave them out. The files themselves stay.

    \b
    Examples:
      rag rm "docs/old/**"
      rag rm docs/draft.docx --undo
    """
    from rag.screen import clean, note, print_json

    with open_kb(kb) as base:
        paths = base.restore(patterns) if undo else base.remove(patterns)
    verb = "allowed again" if undo else "removed"
    if as_json:
        print_json({verb.replace(" ", "_"): paths})
        return
    for path in paths:
        click.echo(f"{verb}  {clean(path)}")
    note(f"{len(paths)} {verb}.")
