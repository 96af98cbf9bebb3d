"""``rag search``."""

from __future__ import annotations

import click

from index.search import MODES
from rag.cli.options import common_options, model_options, open_kb, question_argument, within_option


@click.command("search")
@question_argument
@click.option("-k", type=click.IntRange(min=1), help="How many passages (10).")
@click.option("--mode", type=click.Choice(MODES), default="hybrid", help="Both legs, or one of them.")
@click.option("--explain", is_flag=True, help="Show how each passage got its rank, and the weights.")
@within_option
@model_options
@common_options
def search_command(
    question: str,
    k: int | None,
    mode: str,
    explain: bool,
    within: tuple[str, ...],
    labels: tuple[str, ...],
    shared_read: bool,
    embed_model: str | None,
    model: str | None,
    kb: str | None,
    as_json: bool,
) -> None:
    """Ranked passages for a QUESTION or words.

    \b
    Examples:
      rag search "annual leave"
      rag search "ERR-4012" --mode lexical -k 3
      rag search "有給休暇" --within "docs/hr/**"
    """
    from rag.screen import print_json
    from rag.show_hits import mode_of, show_hits, show_limits, show_scope, show_slips

    with open_kb(kb, shared_read=shared_read, embed_model=embed_model, model=model, k=k) as base:
        show_scope(base, question, within)
        show_slips(base.spell(question).slips, question)
        hits = base.search(question, mode=mode, within=within or None, labels=labels)
        if as_json:
            print_json({"question": question, "mode": mode_of(base, hits, mode), "hits": hits})
        else:
            show_hits(base, question, hits, explain)
        show_limits(base, question, mode)
