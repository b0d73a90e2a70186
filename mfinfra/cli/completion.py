"""`mfinfra completion`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mfinfra.cli._completion import Shell, script

EXAMPLES = ("mfinfra completion bash", "mfinfra completion fish > ~/.config/fish/completions/mfinfra.fish")
CODES = (0, 1, 70)


def command(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", show_default=False)],
) -> int:
    """Print the script that completes mfinfra in a shell: commands, flags, kinds, codes and the addresses of your file.

    Its first lines say where it goes: in bash and zsh `eval "$(mfinfra completion bash)"` in the start-up file, in fish
    a file of its own. No start-up file is changed for you.
    """
    from mfinfra.render import streams

    streams.put(script(shell), sys.stdout)
    return 0
