"""Of a console only lines that begin with `$ ` are typed; a plan prints some that begin as root's prompt does."""

from __future__ import annotations

import re

from pygments.lexers import _mapping
from pygments.lexers.shell import BashSessionLexer

__all__ = ["Console"]  # Pygments asks a module of lexers for them


class Console(BashSessionLexer):
    """Commands behind `$ `, with their continuations; everything else is what they print."""

    name = "mfinfra's console"
    aliases = ("console",)
    _ps1rgx = re.compile(r"^(\$ )(.*\n?)")


def known() -> None:
    """Make it the lexer of `console`."""
    _mapping.LEXERS["BashSessionLexer"] = (__name__, Console.name, Console.aliases, (), ())
