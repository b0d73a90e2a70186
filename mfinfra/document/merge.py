"""`extends`: a file laid over another. Every value keeps the place where it was written."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePath, PurePosixPath

from mfinfra.document.load import Loaded, load
from mfinfra.document.tree import Entry, Node, Tree, problem, shown
from mfinfra.errors import InvalidDocument, Problem

DEEPEST = 3
CODE = "MF1006"


@dataclass(frozen=True, slots=True)
class Merged:
    """A file with all that it extends: one tree, the SHA-256 of all bytes read, and the problems met."""

    tree: Tree
    sha256: str
    problems: tuple[Problem, ...]


def merged(path: Path) -> Merged:
    """Read `path` and what it extends; raises `InvalidDocument` where reading cannot go on."""
    reading = _Reading(Path(os.path.realpath(path.parent)))
    root = reading.file(path, str(path), ())
    return Merged(Tree(root, reading.lines), sha256(b"".join(reading.data)).hexdigest(), tuple(reading.problems))


@dataclass(slots=True)
class _Reading:
    """`top` is the folder of the file that was asked for: nothing above it is read."""

    top: Path
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)

    def file(self, path: Path, name: str, above: tuple[tuple[Path, str], ...]) -> Node:
        """The tree of `path`, laid over what it extends; `above` are the files that led here."""
        try:
            loaded = load(path, name)
        except InvalidDocument as error:
            raise InvalidDocument((*self.problems, *error.problems)) from None
        self.lines[name] = loaded.lines
        self.problems += loaded.problems
        self.data.append(loaded.data)
        chain = (*above, (Path(os.path.realpath(path)), name))
        base = self._base(loaded, path, chain)
        return loaded.root if base is None else _over(base, loaded.root)

    def _base(self, loaded: Loaded, path: Path, chain: tuple[tuple[Path, str], ...]) -> Node | None:
        link = loaded.root.child("extends")
        if link is None or not isinstance(link.value, str):
            return None  # the schema says what is wrong with another type
        called = str(PurePath(chain[-1][1]).parent / link.value)
        wrong = self._refusal(link.value, called, path.parent, chain)
        if wrong is None:
            target = path.parent / link.value
            return self.file(Path(os.path.realpath(target)), called, chain)
        message, hint = wrong
        self.problems.append(problem(self.lines, link.place, message, code=CODE, subject="extends", hint=hint))
        return None

    def _refusal(
        self, written: str, called: str, folder: Path, chain: tuple[tuple[Path, str], ...]
    ) -> tuple[str, str | None] | None:
        what = f"`{shown(written)}`"
        if not written.isprintable() or not written.strip() or PurePosixPath(written).is_absolute():
            return f"{what} is not a relative path", "name a file in the folder of this one, or below it"
        real = Path(os.path.realpath(folder / written))
        if not real.is_relative_to(self.top):
            return f"{what} leads out of the folder of `{shown(chain[0][1])}`", "move the file into that folder"
        if any(real == earlier for earlier, _ in chain):
            circle = " → ".join(shown(step) for step in (*(name for _, name in chain), called))
            return f"the files extend each other in a circle: {circle}", None
        if len(chain) > DEEPEST:
            return f"more than {DEEPEST} files extend each other in a row", "merge some of them into one"
        if not os.path.exists(real):  # noqa: PTH110 - `Path.exists` raises for a name that is too long
            return f"there is no file {what}", None
        return None


def _over(base: Node, child: Node) -> Node:
    """Mappings merge deeply, everything else of the child replaces; `null` in the child is a value."""
    if not (isinstance(base.value, dict) and isinstance(child.value, dict)):
        return child
    entries = dict(base.value)
    for key, entry in child.value.items():
        below = entries.get(key)
        entries[key] = entry if below is None else Entry(entry.key, _over(below.node, entry.node))
    return Node(entries, child.place)
