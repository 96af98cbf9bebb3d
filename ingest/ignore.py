"""What a scan leaves out: files that programs make for themselves, and what .ragignore names.

A .ragignore holds patterns as a .gitignore does (https://git-scm.com/docs/gitignore): one a line, "#" for comments,
"!" to take back, a "/" at the end for folders only, a "/" elsewhere ties the pattern to the folder of the .ragignore.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from index.globs import translate_class

FILE_NAME = ".ragignore"
_ALWAYS = re.compile(r"\.|~\$|(?:node_modules|__MACOSX|Thumbs\.db|desktop\.ini)$", re.I)
_TOKEN = re.compile(r"\\(?P<escaped>.)|\[(?P<class>[!^]?\]?[^\]]*)\]|(?P<any>.)", re.S)


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern: the folder it counts from ("" or "a/b/"), the expression for paths below that, and what it asks."""

    base: str
    expression: re.Pattern[str]
    folders_only: bool
    keeps: bool


def always_ignored(name: str) -> bool:
    """Hidden files and folders, lock files of Office, and folders and files that systems litter."""
    return bool(_ALWAYS.match(name))


def read_rules(text: str, base: str) -> list[Rule]:
    """The rules of a .ragignore that lies in the folder `base`."""
    rules = []
    for line in text.splitlines():
        pattern = re.sub(r"(?<!\\)[ \t]+$", "", unicodedata.normalize("NFC", line))
        if not pattern or pattern.startswith("#"):
            continue
        keeps, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        folders_only, pattern = pattern.endswith("/"), pattern.rstrip("/")
        if pattern:
            rules.append(Rule(base, re.compile(_translate(pattern), re.S), folders_only, keeps))
    return rules


def is_ignored(path: str, *, is_folder: bool, rules: list[Rule]) -> bool:
    """Whether the last rule that matches leaves `path` out; rules of inner folders come after those of outer ones."""
    for rule in reversed(rules):
        applies = (is_folder or not rule.folders_only) and path.startswith(rule.base)
        if applies and rule.expression.fullmatch(path, len(rule.base)):
            return not rule.keeps
    return False


def _translate(pattern: str) -> str:
    tied = "/" in pattern
    parts = pattern.lstrip("/").split("/") if tied else [pattern]
    found = "" if tied else "(?:.*/)?"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            found += ".+" if last else "(?:.*/)?"
        else:
            found += _translate_part(part) + ("" if last else "/")
    return found


def _translate_part(part: str) -> str:
    found = ""
    for token in _TOKEN.finditer(part):
        char = token["any"]
        if token["escaped"]:
            found += re.escape(token["escaped"])
        elif token["class"] is not None:
            inverted = token["class"][:1] in ("!", "^")
            found += translate_class(token["class"][1:] if inverted else token["class"], inverted=inverted)
        elif char in "*?":
            found += "[^/]*" if char == "*" else "[^/]"
        else:
            found += re.escape(char)
    return found
