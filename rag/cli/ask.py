"""``rag ask`` and ``rag open``."""

from __future__ import annotations

import click

from rag.cli.options import common_options, model_options, open_kb, question_argument, within_option


@click.command("ask")
@question_argument
@click.option("--no-generate", is_flag=True, help="Evidence only; no model runs.")
@click.option("--strict", is_flag=True, help="Exit 6 unless the model's own answer was borne out.")
@within_option
@model_options
@common_options
def ask_command(
    question: str,
    no_generate: bool,
    strict: bool,
    within: tuple[str, ...],
    labels: tuple[str, ...],
    shared_read: bool,
    embed_model: str | None,
    model: str | None,
    kb: str | None,
    as_json: bool,
) -> int:
    """Evidence for a QUESTION word for word, then an answer that was checked against it.

    \b
    Examples:
      rag ask "How many days of annual leave do full-time staff get?"
      rag ask "有給休暇は何日もらえますか" --within "docs/hr/**"
      rag ask "Who signs contracts over 10,000 EUR?" --no-generate --json
    """
    from rag.show_answer import show_answer
    from rag.show_hits import show_scope

    with open_kb(kb, shared_read=shared_read, embed_model=embed_model, model=model) as base:
        show_scope(base, question, within)
        steps = base.ask_in_steps(question, not no_generate, within or None, labels)
        answer = show_answer(base, question, steps, as_json)
    return 6 if answer.abstained or (strict and answer.origin != "model") else 0


@click.command("open")
@click.argument("number", type=click.IntRange(min=1), metavar="N")
@common_options
def open_command(number: int, kb: str | None, as_json: bool) -> None:
    """Open the file of quote N of the last answer, at its page where the program can.

    \b
    Example:
      rag open 2
    """
    from rag.last_answer import open_quote
    from rag.screen import note, print_json

    with open_kb(kb) as base:
        place = open_quote(base.folder, number)
    print_json({"opened": place}) if as_json else note(place)
