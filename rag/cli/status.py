"""``rag status``, ``rag doctor`` and ``rag trust``."""

from __future__ import annotations

from pathlib import Path

import click

from rag.cli.options import common_options, open_kb


@click.command("status")
@common_options
def status_command(kb: str | None, as_json: bool) -> None:
    """Documents, chunks, models, and what the index learned about itself.

    \b
    Example:
      rag status
    """
    from rag.screen import print_json
    from rag.show_status import show_status

    with open_kb(kb) as base:
        status = base.status()
    print_json(status) if as_json else show_status(status)


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Prove it with the network cut off, down to a question asked.")
@common_options
def doctor_command(kb: str | None, offline: bool, as_json: bool) -> int:
    """Look at libraries, models, settings and the knowledge base, and say what to do next. Exit 3 when something lacks.

    \b
    Examples:
      rag doctor
      rag doctor --offline
    """
    from rag.doctor import examine, examine_offline
    from rag.show_status import show_checks

    return 0 if show_checks((examine_offline if offline else examine)(kb), as_json) else 3


@click.command("trust")
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--shared-read", is_flag=True, help="Only to read it; it stays open to others.")
@common_options
def trust_command(folder: Path | None, shared_read: bool, kb: str | None, as_json: bool) -> None:
    """Use a knowledge base from now on, although it was not made by you on this machine: that in FOLDER, or of --kb.

    \b
    Example:
      rag trust ./unpacked/.rag
    """
    from rag.screen import note, print_json
    from rag.settings import find_knowledge_base
    from rag.trust import trust_folder

    folder = folder or find_knowledge_base(kb)
    trust_folder(folder, shared=shared_read)
    print_json({"trusted": str(folder)}) if as_json else note(f"Trusted: {folder}")
