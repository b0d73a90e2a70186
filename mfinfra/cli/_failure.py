"""How a command that fails ends: what is printed on stderr, and the exit code."""

from __future__ import annotations

import os
import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from mfinfra import __version__
from mfinfra.cli._signals import Interrupted
from mfinfra.errors import MfinfraError, UserError
from mfinfra.render import streams

BUG = 70
INTERRUPTED = 130
# How typer, and pydantic that it parses with, say it, and how we do.
REWORDED = (
    (re.compile("Value error, "), ""),
    (re.compile("Input should be (.*?)(?:, unable to .*)?$"), r"this must be \1"),
    (re.compile(r"^No such option: (\S+)"), r"no such option '\1'"),
    (re.compile(r"^Got unexpected extra argument(?:\(s\)|s)? \((.*)\)$"), r"unexpected argument '\1'"),
)


def report(raised: BaseException) -> int:
    """Print what went wrong, and return the exit code."""
    match raised:
        case MfinfraError():
            return _print(raised)
        case Interrupted():
            streams.put("interrupted: nothing was changed\n", sys.stderr)
            return raised.code
        case typer.Abort():
            return INTERRUPTED
        case BrokenPipeError():
            return 0  # whoever read us has seen enough
        case OSError() if raised.filename:
            return _print(UserError(f"`{raised.filename}`: {(raised.strerror or 'cannot be used').lower()}"))
        case _ if hasattr(raised, "format_message"):
            return _print(_usage(raised))
        case _:
            return bug(raised)


def code(raised: BaseException) -> int:
    """The exit code of what ends a command."""
    match raised:
        case MfinfraError():
            return raised.exit_code
        case Interrupted():
            return raised.code
        case typer.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case OSError():
            return UserError.exit_code
        case _:
            return BUG


def bug(raised: BaseException) -> int:
    """Write the traceback into a log file, and say where it is."""
    from mfinfra.render import console, problems

    said = f"this is a bug in mfinfra: {type(raised).__name__}"
    try:
        hint = f"please report it together with `{_log(raised)}`"
    except OSError as error:
        hint = f"the traceback could not be written to `{error.filename}`\n{_traceback(raised)}"
    console.write(problems.error(UserError(said, hint=hint)), sys.stderr)
    return BUG


def _print(error: MfinfraError) -> int:
    from mfinfra.render import console, problems

    console.write(problems.error(error), sys.stderr)
    return error.exit_code


def _usage(raised: Any) -> UserError:
    """What the parser of the command line did not understand, as an error of ours."""
    near = getattr(raised, "possibilities", None)
    # The nearest comes first there, and in the sentence that is made of them the first by the alphabet.
    message = f"{raised.message} Did you mean '{near[0]}'?" if near else raised.format_message()
    for pattern, plainly in REWORDED:
        message = pattern.sub(plainly, message)
    said, _, suggestion = message.partition(" Did you mean ")
    sentence = said[:1].lower() + said[1:].rstrip(".").replace("'", "`")
    ctx = raised.ctx
    if suggestion:
        hint = f"did you mean {suggestion.replace(chr(39), '`')}"
    elif ctx is None:
        hint = "`mfinfra --help` lists the commands"
    else:
        hint = f"`{ctx.command_path} --help` explains it"
        example = (ctx.command.epilog or "").partition("\n")[2].partition("\n")[0].strip()
        hint += f"; for example `{example}`" if example else ""
    return UserError(sentence, hint=hint)


def _log(raised: BaseException) -> Path:
    """The file that the traceback was written into, readable by its user only."""
    base = os.environ.get("XDG_STATE_HOME")
    folder = (Path(base) if base else Path.home() / ".local" / "state") / "mfinfra"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    path = folder / f"bug-{now:%Y%m%dT%H%M%S%f}-{os.getpid()}.log"
    head = f"mfinfra {__version__}, Python {platform.python_version()}, {platform.platform()}, {now:%Y-%m-%dT%H:%M:%SZ}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{head}\n\n{_traceback(raised)}")
    return path


def _traceback(raised: BaseException) -> str:
    from mfinfra.aws import sanitise

    return sanitise.text(sanitise.redacted("".join(traceback.format_exception(raised))))
