"""``rag eval``."""

from __future__ import annotations

from pathlib import Path

import click

from rag.cli.options import common_options, embed_model_option, new_file_option, open_kb

BELOW = 7  # exit code: a measure is below --fail-below


@click.command("eval")
@click.option("--questions", metavar="FILE", type=click.Path(path_type=Path), help="Your own questions.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Questions a language (made: 100; yours: all).")
@new_file_option("--save", "Keep this run for --against.")
@click.option(
    "--against",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Compare with a run that was kept.",
)
@click.option(
    "--fail-below", metavar="METRIC=VALUE", multiple=True, help="Exit 7 below it; may be given several times."
)
@embed_model_option
@click.option("--quiet", is_flag=True, help="No progress.")
@common_options
def eval_command(
    questions: Path | None,
    limit: int | None,
    save: Path | None,
    against: Path | None,
    fail_below: tuple[str, ...],
    embed_model: str | None,
    quiet: bool,
    kb: str | None,
    as_json: bool,
) -> int:
    """Ask many questions whose right passages are known, and count how often they are found, quoted and refused.

    Without --questions they are made from the documents: from headings, definitions and table rows, and some are asked
    with their documents left out, so that they ought to be refused. These are easier than what people ask.

    \b
    Examples:
      rag eval
      rag eval --questions questions.jsonl --save before.json
      rag eval --questions questions.jsonl --against before.json
      rag eval --fail-below hybrid.ndcg@10=0.8 --fail-below ja:quote@3=0.7

    \b
    FILE is JSON Lines, CSV with a header, or a BEIR folder. A question has
    answers (words a quote should hold), documents (path, file name or title),
    or answerable: false:
      {"question": "How many days of leave?", "answers": ["25 days"],
       "document": "hr/leave.md"}
    In CSV several answers or documents stand in one cell, parted by "|".

    \b
    Measures, each from 0 to 1, higher better:
      hybrid.hit@1, .hit@5, .hit@10  right one among the first passages
      hybrid.mrr@10, .ndcg@10        how far up; also lexical. and dense.
      quote@1, quote@3               the first quotes hold the answer
      answered                       not refused though it is answered there
      refused                        refused as it should be
    A language before it ("ja:quote@1") counts its questions only.

    Exit 7 when a measure is below --fail-below.
    """
    from index.errors import UsageError
    from rag.evaluation.compare import load_run, save_run
    from rag.evaluation.report import evaluate
    from rag.evaluation.thresholds import read_threshold
    from rag.show_eval import show_evaluation
    from rag.show_report import show_progress

    if save and questions and save.resolve() == questions.resolve():
        raise UsageError(f"--save would write over the questions in {save}.", "Give --save another file.")
    thresholds = [read_threshold(text) for text in fail_below]
    before = load_run(against) if against else None
    with open_kb(kb, embed_model=embed_model) as base, show_progress(quiet or as_json) as progress:
        report = evaluate(
            base, questions=questions, limit=limit, before=before, thresholds=thresholds, progress=progress
        )
    if save:
        save_run(save, report.run)
    show_evaluation(report, as_json=as_json)
    return BELOW if report.below else 0
