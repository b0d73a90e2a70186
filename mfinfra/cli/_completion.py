"""What a shell may put next: it calls mfinfra with the words so far, the last one unfinished, and reads lines.

typer's own way is not taken: its script for zsh evaluates what it reads, its descriptions import rich, and its
installer rewrites the start-up files of the shell. The scripts beside this file are the other half of the protocol.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from mfinfra.render import streams

VARIABLE = "_MFINFRA_COMPLETE"
SCRIPTS = Path(__file__).with_name("completions")
_PLAIN = re.compile(r"[A-Za-z0-9_.,/@+=-]+")
_CODE = re.compile(r"mf[0-9]{0,4}")


class Shell(StrEnum):
    """A shell that completes."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def script(shell: Shell) -> str:
    """What the shell reads to complete mfinfra."""
    return SCRIPTS.joinpath(f"mfinfra.{shell}").read_text("utf-8")


def run(command: Any, shell: str, words: Sequence[str]) -> int:
    """Print a line for each word that may stand where the last one of `words` is; nothing for a shell unknown here."""
    if shell in set(Shell):
        streams.put("".join(f"{line}\n" for line in answer(command, Shell(shell), words)), sys.stdout)
    return 0


def answer(command: Any, shell: Shell, words: Sequence[str]) -> list[str]:
    """The lines for `shell`: a word, and for zsh and fish a description beside it."""
    *before, last = _unquoted(words) if shell is Shell.BASH else (list(words) or [""])
    flag, equals, _ = last.partition("=") if last.startswith("--") else ("", "", "")
    prefix = f"{flag}{equals}" if equals else ""
    found = [
        (f"{prefix}{word}", _one_line(told))
        for word, told in _next(command, before, last.upper() if _CODE.fullmatch(last) else last)
        # A shell reads these lines: nothing gets there that could mean something to it.
        if _PLAIN.fullmatch(word)
    ]
    match shell:
        case Shell.BASH:
            return [word for word, _ in found]
        case Shell.ZSH:
            return [f"{word}:{told}" if told else word for word, told in found]
        case Shell.FISH:
            return [f"{word}\t{told}" if told else word for word, told in found]


def _next(command: Any, before: list[str], last: str) -> list[tuple[str, str]]:
    """What the command line itself knows of the next word, with its help."""
    from typer._completion_classes import BashComplete  # the one way to what typer knows

    found = BashComplete(command, {}, "mfinfra", VARIABLE).get_completions(before, last)
    return [(item.value, item.help or "") for item in found]


def _unquoted(words: Sequence[str]) -> list[str]:
    """The words of bash as a program would be given them: it leaves quotes in, and takes `--flag=value` for three."""
    split = [index for index in range(1, len(words)) if words[index] == "=" and words[index - 1].startswith("--")]
    found = [_bare(word) for index, word in enumerate(words) if index not in split]
    return [*found, ""] if not words or len(words) - 1 in split else found


def _bare(word: str) -> str:
    try:
        return "".join(shlex.split(word))
    except ValueError:  # a quote that is still open
        return word.lstrip("\"'")


def _one_line(text: str) -> str:
    return " ".join(text.split())
