"""An export, written: files by name, and what to tell people beside them."""

from __future__ import annotations

import importlib
import pkgutil
import shlex
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from mfinfra.exporting.subjects import Chosen
from mfinfra.model import Ref, Template

WIDTH = 76
LEFT_OUT = "it carries this environment's tags and the file does not have it, so it is not exported"


@dataclass(frozen=True, slots=True)
class Written:
    """`files` in the order in which they are read; `whole` is the one document where no folder is given.

    `mark` is the first line of every file that can have one. `warnings` are sentences about what is not
    as the file wishes, `notes` about what else to know.
    """

    files: Mapping[str, str]
    whole: str
    mark: str
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def comment(lines: Iterable[str]) -> str:
    """Lines that both Terraform and CloudFormation pass over, whatever is in them."""
    return "".join(f"# {line}".rstrip() + "\n" for text in lines for line in (text.splitlines() or [""]))


@cache
def forms(package: str) -> Mapping[str, Any]:
    """The `FORM` of each kind that has a file in `package`."""
    folder: ModuleType = importlib.import_module(package)
    names = sorted(found.name for found in pkgutil.iter_modules(folder.__path__))
    return {name: importlib.import_module(f"{package}.{name}").FORM for name in names}


def words(value: Any, say: Any) -> Any:
    """`value` with `say` asked for the words of each reference and template in it."""
    match value:
        case Ref() | Template():
            return say(value)
        case Mapping():
            return {key: words(item, say) for key, item in value.items()}
        case list():
            return [words(item, say) for item in value]
        case _:
            return value


def warnings(chosen: Chosen) -> Iterator[str]:
    """Where AWS and the file differ."""
    for address, names in sorted(chosen.differing.items()):
        listed = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
        yield f"`{address}`: AWS differs from the file in {listed}; what is written here is the file's wish"


def notes(chosen: Chosen, found: Mapping[str, Any]) -> Iterator[str]:
    """What is left out, and what the target cannot say: each sentence once, with all that it holds for."""
    if chosen.endpoint:
        yield f"the environment is at the endpoint `{chosen.endpoint}`, and what is written here speaks to AWS"
    told: dict[str, list[str]] = {LEFT_OUT: [f"`{address}`" for address in chosen.left_out]}
    for subject in sorted(chosen.subjects, key=lambda one: one.address):
        for note in found[subject.kind].notes(subject):
            told.setdefault(note, []).append(f"`{subject.address}`")
    for note, addresses in told.items():
        if addresses:
            yield f"{', '.join(addresses)}: {note}"


def title(chosen: Chosen, what: str) -> str:
    """The first line of every file."""
    scope = chosen.scope
    return f"{what} of `{scope.environment}` (account {scope.account}, {scope.region})"


def forget(chosen: Chosen) -> str:
    """The command that takes mfinfra's tags off."""
    return f"mfinfra forget {shlex.quote(chosen.path)} all"


def to_know(told: Collection[str]) -> Iterator[str]:
    """The sentences as lines of a comment."""
    if told:
        yield ""
        yield "To know:"
    for note in told:
        yield from textwrap.wrap(note, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
