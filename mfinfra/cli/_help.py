"""How help looks: commands in groups, two examples and the exit codes at the end of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

from mfinfra.cli import _plain

MEANINGS = {
    0: "done",
    1: "an error: a bad file or flag, AWS said no, a read was denied",
    2: "with --detailed-exitcode: it worked and there are changes",
    3: "refused by a guard; nothing was changed",
    4: "the plan is stale; nothing was changed",
    5: "locked by another run",
    6: "stopped part-way; the report says what was done, failed, was skipped",
    70: "a bug in mfinfra; the traceback is in a log file",
    130: "interrupted (143: terminated, 129: hung up), once calls were finished",
}


class Command(TyperCommand):
    """A command whose help ends as it is written: examples must not be wrapped."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`FILE`, as every manual has it, where typer writes `{FILE}`."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse without importing a parser for text and paths."""
        _plain.prepare(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the signature of what it overrides
        """Write the examples and exit codes."""
        _write(self.epilog, formatter)


class Group(TyperGroup):
    """Commands under the heading of their group, in the order in which they were added."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse without importing a parser for text and paths."""
        _plain.prepare(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one list of commands for each heading."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            if not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                groups.setdefault(heading, []).append((name, _first_sentence(command.help or "")))
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the signature of what it overrides
        """Write the examples and exit codes."""
        _write(self.epilog, formatter)


def ending(examples: Sequence[str], codes: Sequence[int]) -> str:
    """What the help of a command ends with."""
    shown = [f"  {example}" for example in examples]
    meanings = [f"  {code:<4} {MEANINGS[code]}" for code in codes]
    return "\n".join(["Examples:", *shown, "", "Exit codes:", *meanings])


def _first_sentence(text: str) -> str:
    """What stands before the first full stop or blank line: nothing is cut off with an ellipsis."""
    return " ".join(text.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def _write(text: str | None, formatter: Any) -> None:
    if text:
        formatter.write(f"\n{text}\n")
