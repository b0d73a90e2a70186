"""Tables inside of written pages: exit codes, environment variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby

from . import commands


def _exit_codes() -> str:
    parts = []
    for code, meaning, names in commands.exit_codes():
        links = ", ".join(f"[{name}](../commands/{name}.md)" for name in names)
        called = "every command" if names == commands.named() else links
        parts.append(f"| <span id='{code}'>**{code}**</span> | {meaning} | {called} |")
    return "| Code | Meaning | Commands |\n|---|---|---|\n" + "\n".join(parts)


def _variables() -> str:
    rows = []
    for (name, flag), group in groupby(sorted(commands.variables()), lambda row: row[:2]):
        links = ", ".join(f"[{called}](../commands/{called.split()[0]}.md)" for _, _, called in group)
        rows.append(f"| `{name}` | `{flag}` | {links} |")
    return "| Variable | Flag | Commands |\n|---|---|---|\n" + "\n".join(rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "<!-- exit codes -->": _exit_codes,
    "<!-- environment variables of flags -->": _variables,
}
"""The mark of each table in a written page, and what makes it."""
