"""``rag verify`` and ``rag repair``."""

from __future__ import annotations

import click

from rag.cli.options import common_options, open_kb, refuse_blank


@click.command("verify")
@click.option("--deep", is_flag=True, help="Embed a sample of the passages again and compare.")
@click.option(
    "--absent",
    metavar="TEXT",
    callback=refuse_blank,
    help="Look for TEXT in every byte instead, to show that it is gone.",
)
@common_options
def verify_command(deep: bool, absent: str | None, kb: str | None, as_json: bool) -> int:
    """Read everything that is stored and compare it with its checksums. Exit 4 when something is damaged.

    \b
    Examples:
      rag verify
      rag verify --absent "the word that was forgotten"
    """
    from rag.screen import print_json
    from rag.show_repair import show_findings, show_traces

    with open_kb(kb, damaged=True) as base:
        findings = base.find_traces(absent) if absent is not None else base.verify(deep=deep)
    if as_json:
        print_json({"findings": findings})
    else:
        show_findings(findings) if absent is None else show_traces(findings)
    return 4 if findings else 0


@click.command("repair")
@click.option("--apply", is_flag=True, help="Do it; without this, only say what it takes.")
@common_options
def repair_command(apply: bool, kb: str | None, as_json: bool) -> int:
    """Make anew what is derived, embed again what was lost, and list the documents that have to be read again.

    Nothing is changed without --apply. Exit 4 while something is damaged.

    \b
    Examples:
      rag repair
      rag repair --apply && rag ingest
    """
    from rag.mending import mend
    from rag.screen import print_json
    from rag.show_repair import show_repair

    result = mend(kb, apply=apply)
    print_json(result) if as_json else show_repair(result)
    return 4 if result.findings and not apply else 0
