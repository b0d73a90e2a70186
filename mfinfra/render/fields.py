"""The lines of what differs inside one resource: leaf by leaf, with paths, from `change.fields` of the document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from rich.text import Text

from mfinfra.render import inert, values

Path = tuple[str | int, ...]
STYLES: Mapping[str, str] = {"+": "green", "-": "red", "~": "yellow", " ": ""}
NOTE = "dim"
DIFF: Mapping[str, str] = {"~": "!"}
LARGE = 250_000
REPLACES = "  # forces replacement"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that differs; `None` where there is none. `note` stands in place of both where it says more."""

    path: Path
    before: Any
    after: Any
    replaces: bool = False
    note: str = ""

    @property
    def symbol(self) -> str:
        """`+`, `-` or `~`."""
        if self.before is None:
            return "+"
        return "-" if self.after is None else "~"

    @property
    def of_list(self) -> bool:
        """Whether this is an element that a list gains or loses."""
        return len(self.path) > 1 and isinstance(self.path[-1], int) and self.symbol != "~"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: its sign, its indentation under the resource, its text in pieces of one style each.

    One that does not begin anything goes on under a line which shows the sign of both.
    """

    symbol: str
    indent: int
    pieces: tuple[tuple[str, str], ...]
    begins: bool = True

    def text(self, indent: int) -> Text:
        """As a terminal shows it, `indent` columns in; the sign stands where the line's text is."""
        line = Text(" " * (indent + self.indent))
        line.append(self.symbol if self.begins else " ", STYLES[self.symbol] if self.begins else "").append(" ")
        for piece, style in self.pieces:
            line.append(piece, style)
        line.rstrip()
        return line

    def diff(self) -> str:
        """As a `diff` block shows it: every line has its sign, and has it in the first column; `!` is a change."""
        said = "".join(piece for piece, _ in self.pieces)
        return f"{DIFF.get(self.symbol, self.symbol)} {' ' * self.indent}{said}".rstrip()


def leaves(fields: Sequence[Mapping[str, Any]]) -> Iterator[Leaf]:
    """The leaves of the document's `fields`; what arrives whole and has structure is taken apart here."""
    for field in fields:
        after = values.marked(field["after"], field.get("after_unknown"))
        leaf = Leaf(tuple(field["path"]), field["before"], after, bool(field.get("replaces")))
        yield from (part for one in _apart(leaf) for part in _exchanged(one))


def lines(found: Sequence[Leaf]) -> Iterator[Line]:
    """A line or more for each leaf; the elements that a list gains or loses stand under the list's name."""
    for (of_list, _), group in groupby(found, key=lambda leaf: (leaf.of_list, leaf.path[:-1] if leaf.of_list else 0)):
        members = list(group)
        if not of_list:
            for leaf in members:
                yield from _row(leaf, inert.path(leaf.path), 0)
            continue
        replaces = any(leaf.replaces for leaf in members)
        yield _line("~", inert.path(members[0].path[:-1]), 0, replaces)
        for leaf in members:
            yield from _row(Leaf(leaf.path, leaf.before, leaf.after), "", 4)


def rows(found: Sequence[Leaf], indent: int) -> Iterator[Text]:
    """`lines`, each as a terminal shows it."""
    return (line.text(indent) for line in lines(found))


def attribute_lines(name: str, value: Any, symbol: str = " ") -> Iterator[Line]:
    """An attribute that does not differ, or goes or comes with its resource."""
    return _valued(symbol, inert.key(name), value, 0, replaces=False)


def attribute(name: str, value: Any, indent: int, symbol: str = " ") -> Iterator[Text]:
    """`attribute_lines`, each as a terminal shows it."""
    return (line.text(indent) for line in attribute_lines(name, value, symbol))


def _row(leaf: Leaf, name: str, indent: int) -> Iterator[Line]:
    if leaf.note:
        yield _line(leaf.symbol, f"{name}: {leaf.note}", indent, leaf.replaces)
    elif leaf.symbol == "+":
        yield from _valued("+", name, leaf.after, indent, leaf.replaces)
    elif leaf.symbol == "-":
        yield from _valued("-", name, leaf.before, indent, leaf.replaces)
    elif _several_lines(leaf.before, leaf.after):
        yield _line("~", f"{name}:", indent, leaf.replaces)
        yield from _by_line(leaf.before, leaf.after, indent + 4)
    else:
        yield from _changed(leaf, name, indent)


def _changed(leaf: Leaf, name: str, indent: int) -> Iterator[Line]:
    before, after = values.inline(leaf.before), values.inline(leaf.after)
    if len(before) + len(after) > values.INLINE:
        yield _line("~", f"{name}:", indent, leaf.replaces)
        yield from _valued("-", "", leaf.before, indent + 4, replaces=False)
        yield from _valued("+", "", leaf.after, indent + 4, replaces=False)
        return
    pieces = ((f"{name}:", ""), (f" {before}", STYLES["-"]), (" -> ", ""), (after, STYLES["+"]))
    yield Line("~", indent, _noted(pieces, leaf.replaces))


def _valued(symbol: str, name: str, value: Any, indent: int, replaces: bool) -> Iterator[Line]:
    first, *rest = values.expanded(value)
    head = f"{name}: {first}".rstrip() if name else first
    yield _line(symbol, head, indent, replaces)
    for part in rest:
        yield Line(symbol, indent, ((part, STYLES[symbol]),), begins=False)


def _by_line(before: str, after: str, indent: int) -> Iterator[Line]:
    """A text of several lines: what stays has one line of context, what differs has its sign."""
    old, new = before.split("\n"), after.split("\n")
    for tag, low, high, start, end in _compared(old, new):
        if tag == "equal":
            kept = old[low:high]
            for part in kept if len(kept) <= 2 else (kept[0], None, kept[-1]):  # noqa: PLR2004 - first and last line
                hidden = Line(" ", indent, ((f"# ({len(kept) - 2} unchanged lines hidden)", NOTE),), begins=False)
                yield _line(" ", f"| {inert.line(part)}", indent) if part is not None else hidden
            continue
        yield from (_line("-", f"| {inert.line(part)}", indent) for part in old[low:high])
        yield from (_line("+", f"| {inert.line(part)}", indent) for part in new[start:end])


def _line(symbol: str, text: str, indent: int, replaces: bool = False) -> Line:
    styled = STYLES[symbol] if symbol != "~" else ""
    return Line(symbol, indent, _noted(((text.rstrip(), styled),), replaces))


def _noted(pieces: tuple[tuple[str, str], ...], replaces: bool) -> tuple[tuple[str, str], ...]:
    return (*pieces, (REPLACES, "red")) if replaces else pieces


def _several_lines(before: Any, after: Any) -> bool:
    return isinstance(before, str) and isinstance(after, str) and ("\n" in before or "\n" in after)


def _exchanged(leaf: Leaf) -> tuple[Leaf, ...]:
    """A scalar that takes the place of another in a list: one that goes and one that comes."""
    simple = not any(isinstance(side, (Mapping, list)) for side in (leaf.before, leaf.after))
    if leaf.symbol == "~" and simple and len(leaf.path) > 1 and isinstance(leaf.path[-1], int):
        return replace(leaf, after=None), replace(leaf, before=None)
    return (leaf,)


def _apart(leaf: Leaf) -> Iterator[Leaf]:
    """The leaves inside of `leaf` that differ; itself where it has no inside."""
    before, after = values.parsed(leaf.before), values.parsed(leaf.after)
    if before == after and leaf.before != leaf.after:
        yield replace(leaf, note="(the same JSON, written differently)")
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from list(_members(leaf, before, after)) or [leaf]
    elif isinstance(before, list) and isinstance(after, list) and _sorted(before) != _sorted(after):
        yield from _elements(leaf, before, after)
    else:
        yield leaf


def _members(leaf: Leaf, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Leaf]:
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            yield from _apart(Leaf((*leaf.path, name), before.get(name), after.get(name), leaf.replaces))


def _elements(leaf: Leaf, before: list[Any], after: list[Any]) -> Iterator[Leaf]:
    old_keys, new_keys = [_key(item) for item in before], [_key(item) for item in after]
    for tag, low, high, start, end in _compared(old_keys, new_keys):
        old, new = before[low:high], after[start:end]
        if tag == "equal":
            continue
        if len(old) == len(new) and all(isinstance(item, Mapping) for item in (*old, *new)):
            for offset, (one, other) in enumerate(zip(old, new, strict=True)):
                yield from _apart(Leaf((*leaf.path, low + offset), one, other, leaf.replaces))
            continue
        yield from (Leaf((*leaf.path, low + at), item, None, leaf.replaces) for at, item in enumerate(old))
        yield from (Leaf((*leaf.path, start + at), None, item, leaf.replaces) for at, item in enumerate(new))


def _compared(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """What is equal and what is not; of long texts without what is there all the time, which takes quadratic time."""
    yield from SequenceMatcher(None, old, new, autojunk=len(old) * len(new) > LARGE).get_opcodes()


def _sorted(rows: list[Any]) -> list[str]:
    """What tells lists apart that differ in more than their order."""
    return sorted(map(_key, rows))


def _key(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str)
