"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rag.knowledge_base import KnowledgeBase

Command = TypeVar("Command", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback when something fails.")
embed_model_option = click.option("--embed-model", metavar="RUNTIME:MODEL", help="The embedding model, for this once.")


def name_documents(ctx: click.Context, param: click.Parameter, given: Any) -> Any:
    """Paths of documents, or patterns of such, as the knowledge base writes them: always text, also where a file's name
    is bytes of another encoding."""
    if not given:
        return given
    from ingest.scan import readable_name

    return readable_name(given) if isinstance(given, str) else tuple(map(readable_name, given))


def common_options(command: Command) -> Command:
    """``--kb``, ``--json``, ``--debug``: understood by every command that works on a knowledge base."""
    command = json_option(debug_option(command))
    return click.option("--kb", metavar="DIR", help="The knowledge base (else RAG_KB, else the nearest .rag).")(command)


def model_options(command: Command) -> Command:
    """``--embed-model`` and ``--model``: a choice for this once."""
    command = click.option("--model", metavar="RUNTIME:MODEL", help="The instruct model, for this once.")(command)
    return embed_model_option(command)


def within_option(command: Command) -> Command:
    """``--within`` and ``--label``: which documents are searched at all; ``--shared-read``: how they are opened."""
    command = click.option(
        "--shared-read", is_flag=True, help="The knowledge base is somebody's copy to read: write nothing into it."
    )(command)
    command = click.option("--label", "labels", multiple=True, metavar="NAME", help="Only documents with this label.")(
        command
    )
    return click.option(
        "--within",
        multiple=True,
        metavar="GLOB",
        callback=name_documents,
        help='Only documents whose path matches, e.g. "docs/hr/**".',
    )(command)


def refuse_blank(ctx: click.Context, param: click.Parameter, given: str | None) -> str | None:
    """A blank text is wrong usage, such as a script's variable that was never set."""
    if given is not None and not given.strip():
        raise click.BadParameter("it is empty.", ctx, param)
    return given


def question_argument(command: Command) -> Command:
    """``QUESTION``: what is asked."""
    return click.argument("question", callback=refuse_blank)(command)


def new_file_option(name: str, help: str, kind: str = "") -> Callable[[Command], Command]:
    """A file to be written when the work is done; that its folder is there, and that its name ends in `kind`, is seen
    before the work begins."""

    def check(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
        if path and not path.absolute().parent.is_dir():
            raise click.BadParameter(f"there is no folder {path.parent} to write it into.", ctx, param)
        if path and kind and path.suffix.casefold() not in ("", kind):
            raise click.BadParameter(f"it is written as {kind}, so name it {path.with_suffix(kind)}.", ctx, param)
        return path

    return click.option(
        name, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), callback=check, help=help
    )


def languages_option(help: str) -> Callable[[Command], Command]:
    """Languages as the catalogue writes them: ISO 639-1, also given as EN or ja-JP."""

    def check(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
        codes = tuple(re.split("[-_]", code)[0].lower() for code in given)
        for code, written in zip(codes, given, strict=True):
            if not re.fullmatch("[a-z]{2}", code):
                raise click.BadParameter(f"{written!r} is no code of two letters, such as en or ja.", ctx, param)
        return codes

    return click.option("--language", "languages", multiple=True, metavar="CODE", callback=check, help=help)


def open_kb(kb: str | None, *, create: bool = False, **settings: Any) -> KnowledgeBase:
    """The knowledge base a command works on."""
    from rag.knowledge_base import open_knowledge_base
    from rag.settings import find_knowledge_base

    folder = find_knowledge_base(kb)
    if create:
        from rag.location import warn_of
        from rag.screen import note

        if warning := warn_of(folder):
            note(warning)
    return open_knowledge_base(folder, create=create, **settings)
