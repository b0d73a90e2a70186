"""A page for each command, from the application itself: what it does, its flags, its examples, its exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.main

from mfinfra.cli import app
from mfinfra.cli._help import MEANINGS

ROOT: Any = typer.main.get_command(app.app)
TAIL = re.compile(r"\s*\[([^\[\]]*)\]$")
INTRODUCTION = """\
# Commands

Each command has a page, made from the same words as its `--help`. Every flag also has an
[environment variable](../reference/environment-variables.md); of a flag that may be repeated it holds all values, with
spaces between. What commands end with stands in [exit codes](../reference/exit-codes.md)."""
BLANK = "\N{EM DASH}"


def groups() -> Iterator[tuple[str, list[str]]]:
    """The names of the commands under the heading that `--help` shows them under."""
    for heading, modules in app.COMMANDS.items():
        yield heading, [module.__name__.rpartition(".")[2].rstrip("_") for module in modules]


def named() -> list[str]:
    """Every command, in the order of the help."""
    return [name for _, names in groups() for name in names]


def pages() -> Iterator[tuple[str, str]]:
    """The path and the text of each page, the index first."""
    yield "commands/index.md", _index()
    for name in named():
        yield f"commands/{name}.md", page(name)


def _index() -> str:
    parts = [INTRODUCTION]
    for heading, names in groups():
        rows = "\n".join(f"| [`mfinfra {name}`]({name}.md) | {_first(ROOT.commands[name].help)} |" for name in names)
        parts.append(f"## {heading}\n\n| Command | What it does |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def _first(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def page(name: str) -> str:
    """The page of the command `name`, with those below it."""
    command = ROOT.commands[name]
    inner = getattr(command, "commands", None)
    if inner is None:
        return f"# mfinfra {name}\n\n{_body(command, f'mfinfra {name}', '##')}\n"
    sections = (
        f"## mfinfra {name} {below}\n\n{_body(one, f'mfinfra {name} {below}', '###')}" for below, one in inner.items()
    )
    return "\n\n".join([f"# mfinfra {name}", command.help, *sections]) + "\n"


def _body(command: Any, called: str, heading: str) -> str:
    context = command.make_context(called, [], resilient_parsing=True)
    usage = " ".join([called, *command.collect_usage_pieces(context)])
    examples, codes = _ending(command.epilog)
    slug = called.removeprefix("mfinfra ").replace(" ", "-")
    parts = [command.help, f"```text\n{usage}\n```"]
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        params = [one for one in command.params if one.param_type_name == kind]
        if rows := "\n".join(_row(one, context) for one in params):
            parts.append(f"{heading} {title} {{ #{slug}-{title.lower()} }}\n\n{rows}")
    parts.append(f"{heading} Examples {{ #{slug}-examples }}\n\n```bash\n{examples}\n```")
    parts.append(f"{heading} Exit codes {{ #{slug}-exit-codes }}\n\n| Code | Meaning |\n|---|---|\n{codes}")
    return "\n\n".join(parts)


def _ending(epilog: str) -> tuple[str, str]:
    """The examples, and the rows of the exit codes, that a help ends with."""
    examples, _, codes = epilog.partition("\n\nExit codes:\n")
    shown = "\n".join(line.strip() for line in examples.splitlines()[1:])
    rows = (line.split(maxsplit=1) for line in codes.splitlines())
    return shown, "\n".join(f"| [{code}](../reference/exit-codes.md#{code}) | {said} |" for code, said in rows)


def _row(param: Any, context: Any) -> str:
    """A definition of one flag or argument: how it is written, what it does, its default and its variable."""
    written, about = param.get_help_record(context)
    tail = TAIL.search(about)
    facts = tail[1].split("; ") if tail else []
    about = about[: tail.start()] if tail else about
    said = ", ".join(filter(None, map(_fact, facts)))
    more = f"  \n    <small>{said}</small>" if said else ""
    return f"`{written}`\n\n:   {about or BLANK}{more}\n"


def _fact(text: str) -> str:
    word, colon, value = text.partition(": ")
    if not colon:
        return text if re.fullmatch(r"\w+", text) else f"`{text}`"
    return f"variable `{value}`" if word == "env var" else f"{word} `{value}`"


def variables() -> Iterator[tuple[str, str, str]]:
    """Every environment variable of a flag, with the flag, and the command that takes it."""
    for name in named():
        command = ROOT.commands[name]
        for called, one in ([(name, command)] if not hasattr(command, "commands") else
                            [(f"{name} {below}", one) for below, one in command.commands.items()]):  # fmt: skip
            for param in one.params:
                if getattr(param, "envvar", None):
                    yield param.envvar, param.opts[0], called


def exit_codes() -> Iterator[tuple[int, str, list[str]]]:
    """Every exit code with its meaning and the commands whose help names it."""
    for code, meaning in MEANINGS.items():
        yield code, meaning, [name for name in named() if re.search(rf"^  {code} ", _epilogs(name), re.MULTILINE)]


def _epilogs(name: str) -> str:
    command = ROOT.commands[name]
    return "\n".join(one.epilog or "" for one in (command, *getattr(command, "commands", {}).values()))
