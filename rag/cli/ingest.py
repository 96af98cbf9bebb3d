"""``rag ingest`` and ``rag init``."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from rag.cli.options import common_options, embed_model_option, open_kb


def _read_passwords(ctx: click.Context, param: click.Parameter, file: IO[bytes] | None) -> list[str]:
    if file is None:
        return []
    try:
        with file:
            return file.read().decode("utf-8-sig").splitlines()  # Windows programs put a mark first
    except UnicodeDecodeError as error:
        raise click.BadParameter("it is not in UTF-8. Save it anew in UTF-8.", ctx, param) from error


@click.command("ingest")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@click.option("--prune", is_flag=True, help="Remove documents even when many files are gone.")
@click.option("--retry", is_flag=True, help="Try files again that failed before.")
@click.option("--strict", is_flag=True, help="Exit 5 for every file that failed, also those that had failed before.")
@click.option(
    "--password-file",
    "passwords",
    type=click.File("rb"),
    callback=_read_passwords,
    help="Passwords for encrypted files, one a line.",
)
@embed_model_option
@click.option("--quiet", is_flag=True, help="No progress, and only what went wrong.")
@common_options
def ingest_command(
    paths: tuple[Path, ...],
    dry_run: bool,
    prune: bool,
    retry: bool,
    strict: bool,
    passwords: list[str],
    embed_model: str | None,
    quiet: bool,
    kb: str | None,
    as_json: bool,
) -> int:
    """Make the knowledge base equal what is at PATHS: new files added, changed ones updated, missing ones removed.

    Without PATHS, every folder that was ever given is looked at again.

    \b
    Examples:
      rag ingest ./docs
      rag ingest contract.pdf minutes/
      rag ingest --dry-run
      rag ingest ./docs --password-file passwords.txt
    """
    from rag.show_report import show_progress, show_report

    with open_kb(kb, create=True, embed_model=embed_model) as base, show_progress(quiet or as_json) as progress:
        report = base.ingest(paths, prune=prune, retry=retry, dry_run=dry_run, passwords=passwords, progress=progress)
    show_report(report, as_json=as_json, quiet=quiet, dry_run=dry_run)
    return 5 if report.new_failures or (strict and report.failed) else 0


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@common_options
def init_command(folder: Path, kb: str | None, as_json: bool) -> None:
    """Make a knowledge base for FOLDER (here, when not given), kept in FOLDER/.rag.

    \b
    Example:
      cd ~/contracts && rag init && rag ingest .
    """
    import shlex

    from rag.knowledge_base import open_knowledge_base
    from rag.screen import note, print_json
    from rag.settings import find_knowledge_base

    with open_knowledge_base(Path(kb) if kb else folder / ".rag") as base:
        place = base.folder
    named = ["--kb", place.as_posix()] if find_knowledge_base(None).resolve() != place else []  # another is found here
    step = shlex.join(["rag", "ingest", folder.as_posix(), *named])  # with "/", as cmd.exe knows no single quotes
    print_json({"kb": str(place)}) if as_json else note(f"Knowledge base: {place}\nNext: {step}")
