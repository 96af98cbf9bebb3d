"""``rag bench``."""

from __future__ import annotations

from pathlib import Path

import click

from rag.cli.options import common_options, new_file_option

FILE = click.Path(path_type=Path, exists=True)  # a BEIR folder is one, too


@click.command("bench")
@click.argument("models", nargs=-1)
@click.option(
    "--questions",
    metavar="FILE",
    type=FILE,
    help="A file of questions with their answers, asked of the knowledge base.",
)
@click.option("--limit", default=0, metavar="N", type=click.IntRange(min=0), help="Ask only the first N questions.")
@new_file_option("--chart", "Write the comparison as a picture (SVG).", ".svg")
@common_options
def bench_command(
    models: tuple[str, ...], questions: Path | None, limit: int, chart: Path | None, kb: str | None, as_json: bool
) -> int:
    """Load, speed, memory, waiting times and right answers of instruct models, side by side. Exit 3 when none ran.

    \b
    Examples:
      rag bench                                  the model in use: load, speed, memory
      rag bench a.gguf b.gguf --questions q.jsonl --chart models.svg
    """
    from index.files import write_file
    from rag.bench import compare_models, name_model
    from rag.bench_chart import draw_chart
    from rag.evaluation.question_files import read_questions
    from rag.knowledge_base import open_knowledge_base
    from rag.screen import note, print_json
    from rag.settings import find_knowledge_base, load_settings
    from rag.show_bench import show_figures, show_progress

    folder = find_knowledge_base(kb)
    names = [name_model(name) for name in models or (load_settings(folder).model,) if name]
    if not names:
        raise click.UsageError("No instruct model is set up: name one, or run `rag setup`.")
    if questions:  # what is wrong with them is said before minutes are spent on models
        with open_knowledge_base(folder, create=False, embed_model="", model="") as base:
            read_questions(questions, base.documents(), base.text)
    figures = show_progress(compare_models(names, kb=folder, questions=questions, limit=limit))
    print_json({"models": figures}) if as_json else show_figures(figures)
    if chart and not all(figure.error for figure in figures):
        write_file(chart, [draw_chart(figures).encode()])
        note(f"Chart: {chart}")
    return 3 if all(figure.error for figure in figures) else 0
