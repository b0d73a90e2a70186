"""A command line that ends in another one: everything behind `--` is left as it is."""

from __future__ import annotations

from typing import Any

from mfinfra.cli import _help

KEY = "mfinfra.words"


class Command(_help.Command):
    """A command that takes no look at what stands behind `--`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The same with the other command line at its end."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND ...]"]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what stands before it."""
        cut = args.index("--") if "--" in args else len(args)
        ctx.meta[KEY] = tuple(args[cut + 1 :])
        return super().parse_args(ctx, args[:cut])


def of(ctx: Any) -> tuple[str, ...]:
    """What stood behind `--`."""
    found: tuple[str, ...] = ctx.meta[KEY]
    return found
