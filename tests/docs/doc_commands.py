"""Whether what a page shows of `mfinfra` can be typed: the command is there, and takes these flags and values."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout

import typer
from _pages.commands import ROOT as APPLICATION
from doc_pages import Page

SHELL = ("bash", "console", "sh")
ENDS = {"&&", "||", "|", ";", ";;", ">", ">>", "2>", "&", ")", "(", "<"}
ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=.*")


def commands(line: str) -> Iterator[list[str]]:
    """The words of every `mfinfra` that a line of shell calls."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split, lexer.commenters = True, "#"
    found: list[str] = []
    for word in (*lexer, ";"):
        if word not in ENDS:
            found.append(word)
            continue
        while found and (ASSIGNMENT.fullmatch(found[0]) or found[0] in {"if", "then", "!", "do", "exec"}):
            found.pop(0)
        if found and found[0].rpartition("/")[2] == "mfinfra":
            yield found[1:]
        found = []


def wrong(words: list[str], *, whole: bool = True) -> str:
    """What mfinfra would say against these words; empty if nothing. A part of a command may lack its arguments."""
    try:
        with redirect_stdout(io.StringIO()):  # of `--help`
            _parse(words)
    except typer.Exit:
        return ""
    except Exception as error:  # every error of the parser has these; its classes are not public
        if not hasattr(error, "format_message"):
            raise
        missing = type(error).__name__ == "MissingParameter"
        return "" if missing and not whole else error.format_message()
    return ""


def _parse(words: list[str]) -> None:
    command, called, rest = APPLICATION, "mfinfra", words
    while rest and hasattr(command, "commands"):
        if rest[0].startswith("-"):
            break
        inner = command.commands.get(rest[0])
        if inner is None:
            raise Unknown(f"there is no command `{called} {rest[0]}`")
        command, called, rest = inner, f"{called} {rest[0]}", rest[1:]
    if rest or not hasattr(command, "commands"):
        command.make_context(called, list(rest))


class Unknown(Exception):
    """A command that is not there."""

    def format_message(self) -> str:
        return str(self)


def shown(page: Page) -> Iterator[tuple[list[str], bool]]:
    """Every call of mfinfra in a page, and whether it is a whole command line: in prose it may be a part of one."""
    for block in page.blocks(*SHELL, whole=True):
        for line in lines(block.body, typed=block.language == "console"):
            for words in commands(line):
                yield words, True
    for code in page.words():
        if code.startswith("mfinfra ") and "|" not in code.partition("--")[0]:
            for words in commands(code):
                yield words, False


def lines(body: str, *, typed: bool) -> Iterator[str]:
    """The lines of a block with their continuations; of a console only what is typed."""
    for line in body.replace("\\\n", " ").splitlines():
        if not typed:
            yield line
        elif line.startswith("$ "):
            yield line[2:]


def problems(page: Page) -> list[str]:
    return [
        f"{page.path}: `mfinfra {shlex.join(words)}`: {said}"
        for words, whole in shown(page)
        if (said := wrong(words, whole=whole))
    ]
