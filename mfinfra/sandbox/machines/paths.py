"""Paths into JSON values, as far as the States Language has them.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

NAME: Final = re.compile(r"\.?\.(?P<name>[^\s.\[\]'\"*?@(),:]+)")
ALL: Final = re.compile(r"\.\*|\.?\[\s*\*\s*\]")
INDEX: Final = re.compile(r"\.?\[\s*(?P<index>-?\d+)\s*\]")
SLICE: Final = re.compile(r"\.?\[\s*(?P<start>-?\d*)\s*:\s*(?P<end>-?\d*)\s*\]")
QUOTED: Final = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
NAMES: Final = re.compile(rf"\.?\[\s*(?P<names>(?:{QUOTED})(?:\s*,\s*(?:{QUOTED}))*)\s*\]")


class PathError(ValueError):
    """What is no path, or one that the interpreter has not."""


class NotThere(LookupError):
    """A path that leads nowhere in this value."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path taken apart: each step is the name of a member, a place in an array, or what picks several."""

    steps: tuple[str | int | slice | tuple[str, ...], ...]

    @property
    def definite(self) -> bool:
        """Whether it leads to one place."""
        return all(isinstance(step, str | int) for step in self.steps)


@lru_cache(maxsize=1024)
def parse(text: str) -> Path:
    """The path that `text` writes, `$` first. Raises `PathError`."""
    if not text.startswith("$") or text.startswith("$$"):
        raise PathError(f"{text} is no path")
    steps: list[str | int | slice | tuple[str, ...]] = []
    at = 1
    while at < len(text):
        step, at = _step(text, at)
        steps.append(step)
    return Path(tuple(steps))


def select(text: str, value: Any) -> Any:
    """What `text` leads to in `value`: of one place the value, of several a list.

    Several names in one pair of brackets give an object of those members that are there. Raises `NotThere`.
    """
    path = parse(text)
    found = [value]
    for step in path.steps:
        found = [each for holder in found for each in _pick(step, holder)]
        if not found and path.definite:
            raise NotThere(text)
    grouped = path.definite or (
        isinstance(path.steps[-1], tuple) and all(isinstance(step, str | int) for step in path.steps[:-1])
    )
    if grouped and not found:
        raise NotThere(text)
    return found[0] if grouped else found


def put(text: str, value: Any, into: Any) -> Any:
    """A copy of `into` with `value` where the reference path `text` leads. Raises `NotThere` and `PathError`."""
    path = parse(text)
    if not path.steps:
        return value
    if not path.definite:
        raise PathError(f"{text} is no reference path")
    whole = copy.deepcopy(into)
    if not isinstance(whole, dict | list):
        raise NotThere(text)
    holder = whole
    for step, following in zip(path.steps[:-1], path.steps[1:], strict=True):
        holder = _descend(holder, step, following, text)
    _set(holder, path.steps[-1], value, text)
    return whole


def _step(text: str, at: int) -> tuple[str | int | slice | tuple[str, ...], int]:
    if text.startswith("..", at) or text.startswith("[?", at):
        raise PathError(f"{text} has a step that the sandbox does not follow: {text[at:]}")
    if found := ALL.match(text, at):
        return slice(None), found.end()
    if found := NAME.match(text, at):
        return found["name"], found.end()
    if found := INDEX.match(text, at):
        return int(found["index"]), found.end()
    if found := SLICE.match(text, at):
        bounds = (int(found[key]) if found[key] else None for key in ("start", "end"))
        return slice(*bounds), found.end()
    if found := NAMES.match(text, at):
        names = tuple(re.sub(r"\\(.)", r"\1", name[1:-1]) for name in re.findall(QUOTED, found["names"]))
        return names[0] if len(names) == 1 else names, found.end()
    raise PathError(f"{text} is no path from {text[at:]} on")


def _pick(step: str | int | slice | tuple[str, ...], holder: Any) -> list[Any]:
    if isinstance(holder, dict):
        if isinstance(step, str):
            return [holder[step]] if step in holder else []
        if isinstance(step, tuple):
            return [{name: holder[name] for name in step if name in holder}]
        return list(holder.values()) if step == slice(None) else []
    if isinstance(holder, list):
        if isinstance(step, int):
            return [holder[step]] if -len(holder) <= step < len(holder) else []
        return holder[step] if isinstance(step, slice) else []
    return []


def _descend(holder: Any, step: Any, following: Any, text: str) -> Any:
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.setdefault(step, {} if isinstance(following, str) else [])
    if _has(holder, step):
        return holder[step]
    raise NotThere(text)


def _set(holder: Any, step: Any, value: Any, text: str) -> None:
    if not (isinstance(holder, dict) and isinstance(step, str)) and not _has(holder, step):
        raise NotThere(text)
    holder[step] = value


def _has(holder: Any, step: Any) -> bool:
    return isinstance(holder, list) and isinstance(step, int) and -len(holder) <= step < len(holder)
