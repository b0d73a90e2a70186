"""The application: its commands by group, and `main`, which turns whatever happens into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Annotated, Any

import typer
import typer.main

from mfinfra import __version__
from mfinfra.cli import (
    _completion,
    _failure,
    _help,
    _signals,
    apply,
    completion,
    config,
    destroy,
    doctor,
    drift,
    explain,
    export,
    forget,
    graph,
    history,
    import_,
    init,
    permissions,
    plan,
    sandbox,
    schema,
    show,
    unlock,
    validate,
    verify,
)
from mfinfra.render import streams

COMMANDS: dict[str, tuple[ModuleType, ...]] = {
    "Everyday": (init, validate, plan, apply, config, destroy),
    "Look closer": (drift, show, graph, history, schema, explain, completion),
    "Serve Metaflow": (
        verify,
        doctor,
        permissions,
    ),
    "Adopt and leave": (import_, forget, export),
    "Put right": (unlock,),
    "Try it out": (sandbox,),
}
EXAMPLES = ("mfinfra plan environments/prod.yaml", "mfinfra apply environments/prod.yaml")
SHORT = """\
mfinfra: plan and apply for the AWS resources that Metaflow needs

  mfinfra init                  write a first file, for AWS or for the sandbox
  mfinfra validate prod.yaml    check the file, offline
  mfinfra plan prod.yaml        show what would change; writes nothing
  mfinfra apply                 carry out what was just shown, or nothing

`mfinfra --help` lists the commands, `mfinfra plan --help` explains one
"""

app = typer.Typer(
    name="mfinfra",
    cls=_help.Group,
    # Its markup would read live text as orders, and importing it takes longer than the rest of `--help`.
    rich_markup_mode=None,
    add_completion=False,  # `mfinfra completion` has it, see `_completion`
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_help.ending(EXAMPLES, tuple(_help.MEANINGS))
    + "\n\nEvery flag has an environment variable, shown in the help of its command."
    + "\nOf a flag that may be repeated it holds all values, with spaces between.",
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --version: as JSON, with what it runs on.")] = False,
) -> None:
    """Plan and apply for the AWS resources that Metaflow needs, with no state file."""
    if json and not version:
        ctx.fail("--json belongs to --version.")
    if version:
        streams.put(_told() if json else f"mfinfra {__version__}\n", sys.stdout)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        streams.put(SHORT, sys.stdout)


for group, modules in COMMANDS.items():
    for module in modules:
        name = module.__name__.rpartition(".")[2].rstrip("_")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, rich_help_panel=group)
        else:
            epilog = _help.ending(module.EXAMPLES, module.CODES)
            app.command(name, cls=_help.Command, epilog=epilog, rich_help_panel=group)(module.command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    streams.stand_in()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):  # what a test puts in place of a stream
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a terminal without UTF-8
    try:
        with _signals.ending():
            command: Any = typer.main.get_command(app)
            arguments = sys.argv[1:] if argv is None else list(argv)
            if shell := os.environ.pop(_completion.VARIABLE, None):
                return _completion.run(command, shell, arguments)
            code = command.main(args=arguments, prog_name="mfinfra", standalone_mode=False)
    except SystemExit as ended:
        code = ended.code
    except BaseException as raised:  # noqa: BLE001 - whatever it is, it becomes a message and an exit code
        code = _failure.report(raised)
    for stream in (sys.stdout, sys.stderr):
        streams.put("", stream)  # whoever read us may have gone: Python's own last flush would complain
    return code if isinstance(code, int) else 0


def _told() -> str:
    from mfinfra.cli import _version

    return _version.text()
