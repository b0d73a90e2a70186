"""What stands around a shell on the sandbox: its variables, its Python, and how each shell is made to keep them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mfinfra.sandbox import settings

FOREIGN = ("AWS_", "METAFLOW_", "BOTO_CONFIG")
"""How variables begin that lead a client of AWS, or Metaflow, elsewhere."""
PROXIES = ("NO_PROXY", "no_proxy")
LOCAL = ("127.0.0.1", "localhost")
PYTHONS = ("python", "python3")
PROMPT = "(sandbox) "
ASK_SECONDS = 30.0
# Without importing either, which would take a second; 1 is the exit code of an exception too.
VERSION = """\
import sys
from importlib import metadata, util
found = util.find_spec("metaflow") and util.find_spec("boto3")
sys.exit(print(metadata.version("metaflow")) if found else 1)
"""
# What a start-up file of the user's sets comes after what the shell was started with: it is set once more.
FORGET = """\
for name in $(env | sed -n -e 's/^\\(AWS_[A-Za-z0-9_]*\\)=.*/\\1/p' -e 's/^\\(METAFLOW_[A-Za-z0-9_]*\\)=.*/\\1/p'); do
  unset "$name"
done
"""


@dataclass(frozen=True, slots=True)
class Python:
    """The interpreter that `python` means in a shell, and the version of Metaflow in it; `None` if it has none."""

    path: str
    metaflow: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shell leads: the sandbox, its region, and Metaflow's profile in the folder `home`."""

    endpoint: str
    region: str
    home: Path
    profile: str = ""
    user: str = "sandbox"


def variables(environ: Mapping[str, str], place: Place) -> dict[str, str]:
    """The environment of the shell: that of the caller, without what would lead to AWS or to another profile."""
    kept = {name: value for name, value in environ.items() if not name.startswith(FOREIGN)}
    named = {"METAFLOW_PROFILE": place.profile} if place.profile else {}
    return {
        **kept,
        **{name: _beside(kept.get(name, "")) for name in PROXIES},
        **settings.client_environment(place.endpoint, place.region),
        # A profile of the user's may hold an endpoint or a role of its own.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "METAFLOW_HOME": str(place.home),
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_USER": place.user,
        **named,
    }


def python(environ: Mapping[str, str]) -> Python | None:
    """The interpreter that `environ` leads to; `None` if it leads to none."""
    found = next(filter(None, (shutil.which(name, path=environ.get("PATH", "")) for name in PYTHONS)), None)
    return _asked(found, environ) if found else None


def own_python(environ: Mapping[str, str]) -> Python:
    """The interpreter that runs mfinfra."""
    return _asked(sys.executable, environ)


def _asked(path: str, environ: Mapping[str, str]) -> Python:
    """Ask `path` for its Metaflow, in a folder where no `metaflow.py` of somebody's is in the way."""
    try:
        said = subprocess.run(  # noqa: S603 - the interpreter that the user's own shell would start
            [path, "-c", VERSION],
            cwd="/",
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Python(path, None)
    return Python(path, said.stdout.strip() if said.returncode == 0 else None)


def before(folder: str, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with `folder` before all others in which commands are looked for."""
    return {**environ, "PATH": os.pathsep.join(filter(None, (folder, environ.get("PATH", ""))))}


def interactive(
    shell: str, environ: Mapping[str, str], folder: Path, ahead: str = ""
) -> tuple[list[str], dict[str, str]]:
    """How `shell` is started at a terminal, and with which variables, so that its start-up files change none of them.

    `ahead` is a folder that stays first in `PATH`. Of a shell that is not known here the variables are set before its
    start-up files, and the prompt is its own.
    """
    anew = _again(environ) + (f'export PATH={shlex.quote(ahead)}:"$PATH"\n' if ahead else "")
    match Path(shell).name:
        case "bash":
            rc = _written(folder / "bashrc", _sources('"$HOME/.bashrc"') + anew)
            return [shell, "--rcfile", str(rc), "-i"], dict(environ)
        case "zsh":
            there = shlex.quote(environ.get("ZDOTDIR") or environ.get("HOME", ""))
            (folder / "zsh").mkdir(exist_ok=True)
            _written(folder / "zsh" / ".zshenv", _sources(f"{there}/.zshenv"))
            _written(folder / "zsh" / ".zshrc", f"ZDOTDIR={there}\n{_sources(f'{there}/.zshrc')}{anew}")
            return [shell, "-i"], {**environ, "ZDOTDIR": str(folder / "zsh")}
        case "sh" | "dash" | "ash" | "ksh":
            theirs = _sources(shlex.quote(environ["ENV"])) if environ.get("ENV") else ""
            return [shell, "-i"], {**environ, "ENV": str(_written(folder / "shrc", theirs + anew))}
    return [shell, "-i"], dict(environ)


def example() -> Path:
    """The environment file that a shell has when nobody names one: shipped beside the package, or of the checkout."""
    shipped = Path(__file__).parent / "sandbox.yaml"
    return shipped if shipped.is_file() else Path(__file__).parents[2] / "environments" / "sandbox.yaml"


def _beside(said: str) -> str:
    """A proxy never stands between a client and the sandbox."""
    return ",".join(dict.fromkeys([*filter(None, said.split(",")), *LOCAL]))


def _sources(path: str) -> str:
    return f"if [ -f {path} ]; then . {path}; fi\n"


def _again(environ: Mapping[str, str]) -> str:
    ours = {name: value for name, value in environ.items() if name.startswith(FOREIGN) or name in PROXIES}
    sets = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(ours.items()))
    return f'{FORGET}{sets}PS1="{PROMPT}${{PS1-}}"\n'


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def command(words: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """The program that `words` begin with, as the shell would find it; `None` if there is none."""
    return shutil.which(words[0], path=environ.get("PATH", ""))
