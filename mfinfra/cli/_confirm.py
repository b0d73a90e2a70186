"""The question before a write. It is asked only where a person sees it and can answer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from mfinfra.errors import UserError


def require_person(flags: str, *, json: bool = False) -> None:
    """Raise `UserError`, naming the `flags` to add, where nobody could be asked; who reads JSON is no person."""
    if json:
        raise UserError("with `--json` nobody is asked", hint=f"add {flags} to go ahead, or apply a saved plan")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(
            "this needs a confirmation, and there is no terminal to ask on",
            hint=f"add {flags} to go ahead without being asked",
        )


def ask(environment: Mapping[str, Any], verb: str, answer: str) -> None:
    """Ask on stderr for exactly `answer`; raises `UserError` for anything else."""
    from rich.text import Text

    from mfinfra.render import console, inert, streams

    where = f"`{environment['name']}` in account {environment['account']}, {environment['region']}"
    console.write([Text(), Text.assemble((verb, "bold"), f" {inert.line(where)}?")], sys.stderr)
    streams.put(f"  Only `{inert.line(answer)}` is accepted: ", sys.stderr)
    if sys.stdin.readline().strip() != answer:
        raise UserError("not confirmed; nothing was changed")
