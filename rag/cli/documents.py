"""``rag list``, ``rag show``, ``rag rm``, ``rag forget`` and ``rag label``."""

from __future__ import annotations

import click

from rag.cli.options import common_options, name_documents, open_kb


@click.command("list")
@click.argument("patterns", nargs=-1, callback=name_documents)
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


@click.command("show")
@click.argument("path", callback=name_documents)
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


@click.command("rm")
@click.argument("patterns", nargs=-1, required=True, callback=name_documents)
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
        before = base.sources()
        paths = base.restore(patterns) if undo else base.remove(patterns)
        sources = sorted(before.keys() - base.sources().keys())
    verb = "allowed again" if undo else "removed"
    if as_json:
        print_json({verb.replace(" ", "_"): paths})
        return
    for path in paths:
        click.echo(f"{verb}  {clean(path)}")
    for source in sources:
        note(f"{source} is no longer looked for: its folder is gone.")
    if not paths and not sources:
        kind = "was taken out that" if undo else "of the knowledge base"
        note(f"Nothing {kind} matches {', '.join(patterns)}. See: rag list")
    note(f"{len(paths)} {verb}.")


@click.command("forget")
@click.argument("patterns", nargs=-1, required=True, callback=name_documents, metavar="PATH…")
@common_options
def forget_command(patterns: tuple[str, ...], kb: str | None, as_json: bool) -> None:
    """Remove the documents that match from every byte of the knowledge base. The files themselves stay.

    \b
    Examples:
      rag forget docs/hr/salaries.xlsx
      rag verify --absent "a sentence of it"
    """
    from rag.forget import forget
    from rag.screen import print_json
    from rag.show_repair import show_forgotten

    with open_kb(kb) as base:
        forgotten = forget(base, patterns)
    print_json(forgotten) if as_json else show_forgotten(forgotten)


@click.command("label")
@click.argument("path", required=False, callback=name_documents)
@click.argument("name", required=False)
@click.option("--remove", is_flag=True, help="Take the label away again.")
@common_options
def label_command(path: str | None, name: str | None, remove: bool, kb: str | None, as_json: bool) -> None:
    """Give the documents at PATH (a file, a folder, a pattern) the label NAME; without arguments, show the labels.

    \b
    Examples:
      rag label "docs/hr" hr
      rag ask "How many days of leave do I get?" --label hr
    """
    from rag.labels import label, labels
    from rag.screen import counted, note, print_json
    from rag.show_documents import show_labels

    if path is not None and not name:
        raise click.UsageError("Give the label's NAME, too.")
    with open_kb(kb) as base:
        if path is None or name is None:
            known = labels(base)
            print_json({"labels": known}) if as_json else show_labels(known)
            return
        paths = label(base, path, name, remove=remove)
    if as_json:
        print_json({"label": name, "documents": paths})
        return
    show_labels({name: paths})
    note(f"{counted(len(paths), 'document')} {'no longer ' if remove else ''}matched by {path} for the label {name}.")
