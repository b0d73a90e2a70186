"""`mfinfra sandbox`: the commands around the local AWS."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfinfra.cli import _help, _words
from mfinfra.render import streams

if TYPE_CHECKING:
    from mfinfra.sandbox.lifecycle import Sandbox

CODES = (0, 1, 70)
START = ("mfinfra sandbox start && mfinfra apply environments/sandbox.yaml", "mfinfra sandbox start --strict --seed 7")
STOP = ("mfinfra sandbox stop", "mfinfra sandbox start --port 5055")
STATUS = ("mfinfra sandbox status", "mfinfra sandbox status && mfinfra plan environments/sandbox.yaml")
RESET = ("mfinfra sandbox reset", "mfinfra sandbox reset && mfinfra apply environments/sandbox.yaml --yes")
SHELL = ("mfinfra sandbox shell", "mfinfra sandbox shell environments/sandbox.yaml -- python flow.py run --with batch")
SHELL_CODES = (0, 1, 3, 70, 130)

app = typer.Typer(
    cls=_help.Group,
    rich_markup_mode=None,
    epilog=_help.ending(START, CODES),
    help="The local AWS on this machine: no account, no Docker, nothing leaves loopback.",
)


@app.callback(invoke_without_command=True)
def root(ctx: typer.Context) -> None:
    """Show the help where no command is named."""
    if ctx.invoked_subcommand is None:
        streams.put(f"{ctx.get_help()}\n", sys.stdout)


@app.command(cls=_help.Command, epilog=_help.ending(START, CODES))
def start(
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, envvar="MFINFRA_PORT", help="The port; 0 is a free one."),
    ] = 0,
    strict: Annotated[
        bool,
        typer.Option("--strict", envvar="MFINFRA_STRICT", help="Be as late and as severe as AWS, with faults."),
    ] = False,
    faults: Annotated[
        float | None,
        typer.Option(
            "--faults",
            metavar="RATE",
            min=0,
            max=1,
            envvar="MFINFRA_FAULTS",
            help="The share of requests that go wrong, 0 to 1; 0.02 with --strict, else 0.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", envvar="MFINFRA_SEED", help="Which requests: the same ones for one N."),
    ] = None,
) -> int:
    """Start it in the background. A file with `aws: {endpoint: sandbox}` does so on its own."""
    from mfinfra.render import console, problems, progress
    from mfinfra.sandbox import lifecycle
    from mfinfra.sandbox.behaviour import Behaviour, asked_for

    given = {"strict": strict or None, "rate": faults, "seed": seed}
    chosen = asked_for(os.environ) | {name: value for name, value in given.items() if value is not None}
    behaviour = Behaviour.chosen(**chosen)
    with progress.doing("starting the sandbox", sys.stderr):
        running = lifecycle.start(port, behaviour)
    _tell(running)
    said = "`aws: {endpoint: sandbox}` in a file leads there; it is empty again once stopped"
    console.write(problems.hint(said, 0), sys.stderr)
    return 0


@app.command(cls=_help.Command, epilog=_help.ending(STOP, CODES))
def stop() -> int:
    """End it, and all that is in it."""
    from mfinfra.sandbox import lifecycle

    streams.put("the sandbox is stopped\n" if lifecycle.stop() else "no sandbox was running\n", sys.stdout)
    return 0


@app.command(cls=_help.Command, epilog=_help.ending(STATUS, CODES))
def status() -> int:
    """Say whether it runs, and where."""
    from mfinfra.errors import UserError
    from mfinfra.sandbox import lifecycle

    running = lifecycle.find()
    if running is None:
        raise UserError("no sandbox is running", hint="`mfinfra sandbox start` starts one")
    _tell(running)
    streams.put(f"its log is {running.log}\n", sys.stdout)
    return 0


@app.command(cls=_help.Command, epilog=_help.ending(RESET, CODES))
def reset() -> int:
    """Drop all that is in it; the network that it starts with is there again."""
    from mfinfra.sandbox import lifecycle

    lifecycle.reset()
    streams.put("the sandbox is empty\n", sys.stdout)
    return 0


@app.command(cls=_words.Command, epilog=_help.ending(SHELL, SHELL_CODES))
def shell(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The environment file; without one, environments/sandbox.yaml here, else the one that is shipped.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Open a shell in which Metaflow uses the sandbox, or run COMMAND there and end with its exit code.

    Starts the sandbox if none runs, applies FILE if nothing of it is there, writes a profile of Metaflow into a folder
    of the sandbox's own, and sets what a client needs. No variable and no file of yours leads from there to AWS.
    """
    from mfinfra.cli import _shell

    return _shell.run(file, _words.of(ctx))


def _tell(running: Sandbox) -> None:
    streams.put(f"the sandbox runs at {running.endpoint} (process {running.pid})\n", sys.stdout)
    if running.behaviour.strict or running.behaviour.rate:
        streams.put(f"it is {running.behaviour}\n", sys.stdout)
