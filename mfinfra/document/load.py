"""One YAML file, read strictly: its bytes, then its events, then a tree of places. No value is guessed.

PyYAML's own Python parser is used on purpose, also where libyaml is there: libyaml accepts other texts and counts
places otherwise, and an environment file is read in a few milliseconds either way.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import yaml

from mfinfra.document import scalars
from mfinfra.document.nearest import nearest
from mfinfra.document.tree import Entry, Node, Place, problem, shown
from mfinfra.errors import InvalidDocument, Problem
from mfinfra.model import Mark

LARGEST_BYTES = 1 << 20
DEEPEST = 64
MOST_VALUES = 20_000

_LINE = re.compile(r"\r\n|\n|\r")
# All that YAML does not allow. Said by what is not in it, the same set takes ten times as long to compile.
_RAW_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_ADVICE = {
    "cannot start any token": "indent with spaces, and put quotes around a text that starts with a special character",
    "mapping values are not allowed here": "mend the indentation, or put quotes around a text that contains `: `",
    "could not find expected ':'": "mend the indentation, or write `key: value`",
    "expected <block end>": "mend the indentation: the keys of one mapping start in the same column",
    "expected ',' or": "a list or mapping in brackets is not closed, or a comma is missing",
    "unexpected end of stream": "a quote or a bracket is not closed",
    "expected alphabetic or numeric character": "put quotes around a text that starts with `*` or `&`",
    "while scanning a block scalar": "write nothing but `|` or `>` there, and the text on the next lines",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file: its tree, its lines, its bytes, and problems that did not stop the reading."""

    root: Node
    lines: tuple[str, ...]
    data: bytes
    problems: tuple[Problem, ...]


def load(path: Path, name: str) -> Loaded:
    """Read `path`, which people call `name`; raises `InvalidDocument` where reading cannot go on."""
    data = _bytes(path, name)
    text = _text(data, name)
    lines = tuple(_LINE.split(text))
    _printable(text, lines, name)
    composing = _Composing(text, lines, name)
    root = composing.document()
    return Loaded(root, lines, data, tuple(composing.problems))


def _meant(path: Path, name: str) -> str:
    """Which file was meant perhaps, named as `name` is, or what makes one."""
    try:
        beside = [each.name for each in path.parent.iterdir() if each.suffix in {".yaml", ".yml"}]
    except OSError:  # there is no folder either
        beside = []
    near = nearest(path.name, beside)
    return f"did you mean `{PurePath(name).with_name(near)}`?" if near else "`mfinfra init FILE` writes a first one"


def _bytes(path: Path, name: str) -> bytes:
    try:
        # Opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _stop(Problem("there is no such file", file=name, code="MF1001", hint=_meant(path, name))) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _stop(Problem(f"the file cannot be read: {reason}", file=name, code="MF1001")) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _stop(Problem("this is not a regular file", file=name, code="MF1001"))
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise _stop(Problem("the file is larger than 1 MiB", file=name, code="MF1001"))
    return data


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = _LINE.split(data[: error.start].decode("utf-8-sig", "replace"))
        raise _stop(
            Problem(
                f"the byte 0x{data[error.start]:02x} is not UTF-8",
                file=name,
                line=len(before),
                column=len(before[-1]) + 1,
                code="MF1002",
                hint="save the file as UTF-8",
            )
        ) from None


def _printable(text: str, lines: tuple[str, ...], name: str) -> None:
    if found := _RAW_CONTROL.search(text):
        before = _LINE.split(text[: found.start()])
        place = Place(Mark(name, len(before), len(before[-1]) + 1))
        message = f"the file contains {scalars.named(found.group())}"
        raise _stop(problem({name: lines}, place, message, code="MF1004", hint="remove it"))


def _stop(found: Problem, earlier: tuple[Problem, ...] = ()) -> InvalidDocument:
    return InvalidDocument((*earlier, found))


@dataclass(slots=True)
class _Anchored:
    node: Node
    values: int
    height: int


@dataclass(slots=True)
class _Composing:
    """Turns events into nodes. `values` counts them as if every alias were written out."""

    text: str
    lines: tuple[str, ...]
    file: str
    values: int = 0
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)
    loader: yaml.SafeLoader = field(init=False)

    def document(self) -> Node:
        """The only document of the file."""
        self.loader = yaml.SafeLoader(self.text)
        self._next()
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            raise self._fatal(
                Place(Mark(self.file, 1, 1)), "the file is empty", hint="the README shows the smallest useful one"
            )
        if start.version or start.tags:
            self._add(self._place(start), "a directive (`%YAML`, `%TAG`) has no meaning here", "MF1003", "remove it")
        node, _ = self._node(self._next(), 1)
        self._next()
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            self._add(self._place(after), "the file holds a second document", "MF1003", "one file is one environment")
        return node

    def _next(self) -> Any:
        """The next event; `Any`, because PyYAML's stubs leave out the members of events."""
        try:
            return self.loader.get_event()  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except (ValueError, OverflowError):
            # PyYAML turns the digits of an escape or a directive into a number without looking at their size.
            mark: Any = self.loader.get_mark()
            place = Place(Mark(self.file, mark.line + 1, mark.column + 1))
            raise self._fatal(place, "this is not YAML: an escape or a version number is out of range") from None

    def _node(self, event: Any, depth: int) -> tuple[Node, int]:
        """The node that starts with `event`, and how many levels it has."""
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place, depth)
        self._count(place, 1)
        if depth > DEEPEST:
            raise self._fatal(place, f"the nesting is deeper than {DEEPEST} levels", code="MF1005")
        self._tag(event, place)
        before = self.values
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.MappingStartEvent):
            node, height = self._mapping(place, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node, height = self._sequence(place, depth)
        else:
            plain = event.implicit[0]
            node, height = Node(scalars.read(event.value), place, event.value) if plain else Node(event.value, place), 1
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(node, self.values - before + 1, height)
        return node, height

    def _alias(self, event: Any, place: Place, depth: int) -> tuple[Node, int]:
        if event.anchor not in self.anchors:
            raise self._fatal(place, f"there is no anchor `&{shown(event.anchor)}` above this alias", code="MF1005")
        anchored = self.anchors[event.anchor]
        if anchored is None:
            raise self._fatal(place, f"`*{shown(event.anchor)}` contains itself", code="MF1005")
        self._count(place, anchored.values)
        if depth - 1 + anchored.height > DEEPEST:
            raise self._fatal(place, f"the nesting is deeper than {DEEPEST} levels", code="MF1005")
        return anchored.node, anchored.height

    def _count(self, place: Place, values: int) -> None:
        self.values += values
        if self.values > MOST_VALUES:
            raise self._fatal(
                place, f"the file holds more than {MOST_VALUES:,} values once aliases are expanded", code="MF1005"
            )

    def _tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            written = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._add(
                place, f"the tag `{shown(written)}` has no meaning here", "MF1003", "leave it out: the schema says it"
            )

    def _sequence(self, place: Place, depth: int) -> tuple[Node, int]:
        items, height = [], 0
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            item, levels = self._node(event, depth + 1)
            items.append(item)
            height = max(height, levels)
        return Node(items, place), height + 1

    def _mapping(self, place: Place, depth: int) -> tuple[Node, int]:
        entries: dict[str, Entry] = {}
        height = 0
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, _ = self._node(event, depth + 1)
            at = self._place(event)
            value, levels = self._node(self._next(), depth + 1)
            height = max(height, levels)
            name = self._key(key, at)
            if name is not None and name in entries:
                first = entries[name].key.mark.line
                self._add(
                    at,
                    f"the key `{shown(name)}` stands twice, here and in line {first}",
                    "MF1003",
                    "remove one of them",
                )
            elif name is not None:
                entries[name] = Entry(at, value)
        return Node(entries, place), height + 1

    def _key(self, key: Node, place: Place) -> str | None:
        """The key as text: `on` and `1` are names here; `None` if it cannot be one."""
        if isinstance(key.value, dict | list):
            self._add(place, "a key must be text", "MF1003")
            return None
        name = str(key.value) if key.raw is None else key.raw
        if name == "<<" and key.raw is not None:
            hint = "write the keys out, or put what is shared into a file that `extends` names"
            self._add(place, "the merge key `<<` is not part of YAML 1.2", "MF1003", hint)
            return None
        if not name:
            self._add(place, "a key is missing before the `:`", "MF1003")
            return None
        return name

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        mark = Mark(self.file, start.line + 1, start.column + 1)
        if isinstance(event, yaml.CollectionStartEvent | yaml.DocumentStartEvent):
            return Place(mark)
        # What goes on over several lines is underlined to the end of its first.
        last = end.column if end.line == start.line else len(self.lines[start.line].rstrip())
        return Place(mark, max(1, last - start.column))

    def _syntax(self, error: yaml.MarkedYAMLError) -> InvalidDocument:
        what = error.problem or "it cannot be read"
        # Where an unclosed quote or bracket begins says more than where the file ends.
        mark: Any = (
            error.context_mark
            if error.context_mark and re.search("end of stream|stream end", what)
            else error.problem_mark
        )
        told = f"{error.context or ''} {what}"
        hint = next((advice for sign, advice in _ADVICE.items() if sign in told), None)
        message = "a tab cannot stand here" if "'\\t'" in what else f"this is not YAML: {shown(what)}"
        return self._fatal(Place(Mark(self.file, mark.line + 1, mark.column + 1)), message, hint=hint)

    def _add(self, place: Place, message: str, code: str, hint: str | None = None) -> None:
        self.problems.append(problem({self.file: self.lines}, place, message, code=code, hint=hint))

    def _fatal(self, place: Place, message: str, *, code: str = "MF1003", hint: str | None = None) -> InvalidDocument:
        found = problem({self.file: self.lines}, place, message, code=code, hint=hint)
        return _stop(found, tuple(self.problems))
