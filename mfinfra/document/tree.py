"""The file as a tree in which every key and every value knows its own place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from mfinfra.errors import Problem
from mfinfra.model import Mark

Path: TypeAlias = tuple[str | int, ...]
Scalar: TypeAlias = str | int | float | bool | None

SOURCE_WIDTH = 160
SHOWN = 60
RESOURCE_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written, and how many characters wide it is on its first line."""

    mark: Mark
    length: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a mapping: where its key stands, and its value."""

    key: Place
    node: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place. `raw` is how an unquoted scalar is written, `None` for everything else."""

    value: Scalar | dict[str, Entry] | list[Node]
    place: Place
    raw: str | None = None

    @property
    def data(self) -> Any:
        """The value as plain data."""
        match self.value:
            case dict():
                return {key: entry.node.data for key, entry in self.value.items()}
            case list():
                return [item.data for item in self.value]
            case _:
                return self.value

    def child(self, step: str | int) -> Node | None:
        """The value one step further down; `None` if there is none."""
        match self.value, step:
            case dict() as entries, str():
                return entries[step].node if step in entries else None
            case list() as items, int():
                return items[step] if 0 <= step < len(items) else None
            case _:
                return None

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Every node from here down, each with its path."""
        yield path, self
        match self.value:
            case dict():
                for key, entry in self.value.items():
                    yield from entry.node.walk((*path, key))
            case list():
                for index, item in enumerate(self.value):
                    yield from item.walk((*path, index))


@dataclass(frozen=True, slots=True)
class Tree:
    """A document: its root, and the lines of every file that it was read from, in the order of reading."""

    root: Node
    lines: Mapping[str, tuple[str, ...]]

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where `path` is written, or with `key` where its key is; what is not there is where its nearest parent is."""
        node, found = self.root, self.root.place
        for step in path:
            below = node.child(step)
            if below is None:
                return found
            last = node.value[step].key if isinstance(node.value, dict) and isinstance(step, str) else below.place
            found = last
            node = below
        return found if key else node.place

    def problem(  # noqa: PLR0913 - what a problem consists of
        self,
        path: Path,
        message: str,
        *,
        code: str,
        hint: str | None = None,
        key: bool = False,
        severity: str = "error",
    ) -> Problem:
        """A problem with what is at `path`, with its source line; `key` puts the caret under the key."""
        place = self.place(path, key=key)
        return problem(self.lines, place, message, code=code, hint=hint, subject=subject(path), severity=severity)


def problem(  # noqa: PLR0913 - what a problem consists of
    lines: Mapping[str, tuple[str, ...]],
    place: Place,
    message: str,
    *,
    code: str,
    hint: str | None = None,
    subject: str = "",
    severity: str = "error",
) -> Problem:
    """A problem at `place`, with the source line that it is on."""
    mark = place.mark
    text = lines.get(mark.file, ())
    source = _printable(text[mark.line - 1][: SOURCE_WIDTH + 1]) if 0 < mark.line <= len(text) else ""
    length = max(1, min(place.length, len(source) - mark.column + 1))
    if len(source) > SOURCE_WIDTH:
        # A caret under a line cut at its start would point at the wrong character.
        source = f"{source[: SOURCE_WIDTH - 1]}…" if mark.column + length < SOURCE_WIDTH else ""
    return Problem(
        message=message,
        file=mark.file,
        line=mark.line,
        column=mark.column,
        subject=subject,
        hint=hint,
        source=source,
        length=length,
        code=code,
        severity=severity,
    )


def fits(path: Path, place: tuple[str, ...]) -> bool:
    """Whether `path` is one of those that `place` means; `*` in it stands for any index or key."""
    return len(path) == len(place) and all(there in ("*", here) for here, there in zip(path, place, strict=True))


def below(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of plain data, from `value` itself down, each with its path."""
    yield path, value
    items: Iterable[tuple[str | int, Any]] = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, item in items:
        yield from below(item, (*path, step))


def subject(path: Path) -> str:
    """`("resources", "bucket", "data", "rules", 0)` → `bucket.data.rules[0]`."""
    if path[:1] == ("resources",) and len(path) >= RESOURCE_DEPTH:
        path = path[1:]
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step)}"
    return text.removeprefix(".")


def shown(value: Any) -> str:
    """`value` for a message: on one line, without anything that a terminal would act on, and not long."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > SHOWN:
        text = f"{text[: SHOWN - 1]}…"
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def _printable(line: str) -> str:
    # One character for one, so that the caret stays where it belongs.
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "�" for letter in line)
