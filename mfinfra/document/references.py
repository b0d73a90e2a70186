"""Addresses and `${…}` become what they stand for.

A value that follows from the file is filled in at once; one that AWS invents becomes a `Ref`, or a `Template` inside
text. Whatever cannot be resolved is reported, and a `Ref` stands in for it, so that the rest of the file is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mfinfra import schemas
from mfinfra.document import bundle, interpolate, refusals
from mfinfra.document.circles import circles
from mfinfra.document.interpolate import Own, Piece, Variable
from mfinfra.document.nearest import did_you_mean, nearest
from mfinfra.document.tree import Path, Tree, below, fits, shown
from mfinfra.errors import Problem
from mfinfra.model import Address, Ref, Scope, Template, Unknown

Places = Mapping[tuple[str, ...], Mapping[str, str]]

UNKNOWN_ADDRESS = "MF1030"
UNKNOWN_ATTRIBUTE = "MF1031"
UNREADABLE = "MF1032"
CIRCLE = "MF1033"
TOO_LATE = "MF1034"

LONGEST_CHAIN = 40
MOST_TEXT = 4 << 20


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the file says once references are filled in.

    `written` has the fields that the file has, `specs` all fields of each kind. `links` maps an address to those it
    refers to, each with the place where it does so. `rest` is everything outside of `resources`.
    """

    written: Mapping[Address, Mapping[str, Any]]
    specs: Mapping[Address, Mapping[str, Any]]
    links: Mapping[Address, Mapping[Address, Path]]
    rest: Mapping[str, Any]
    problems: tuple[Problem, ...]


def resolve(tree: Tree, scope: Scope) -> Resolution:
    """Resolve a whole document; reports, and never raises."""
    data = tree.root.data
    whole: dict[str, Any] = data if isinstance(data, dict) else {}
    declared = dict(_declared(whole.get("resources")))
    resolving = _Resolving(tree, scope, declared)
    specs = {address: resolving.spec(address) for address in declared}
    written = {
        address: {name: specs[address].get(name, value) for name, value in body.items()}
        for address, body in declared.items()
    }
    rest = {name: resolving.outside(name, value) for name, value in whole.items() if name != "resources"}
    resolving.problems += _circles(tree, resolving.links)
    return Resolution(written, specs, resolving.links, rest, tuple(dict.fromkeys(resolving.problems)))


def _declared(resources: Any) -> Iterator[tuple[Address, Mapping[str, Any]]]:
    for kind, named in resources.items() if isinstance(resources, dict) else ():
        for name, body in named.items() if kind in schemas.kinds() and isinstance(named, dict) else ():
            if isinstance(body, dict):
                yield Address(kind, name), body


def _circles(tree: Tree, links: Mapping[Address, Mapping[Address, Path]]) -> Iterator[Problem]:
    for circle in circles(links):
        path = links[circle[0]][circle[1]]
        steps = " → ".join(str(address) for address in circle)
        hint = "write a name or an ARN out at one of these places"
        yield tree.problem(path, f"the references go in a circle: {steps}", code=CIRCLE, hint=hint)


def _rules(kind: str) -> Places:
    return {**schemas.traits(kind).refers_to, ("depends_on", "*"): dict.fromkeys(schemas.kinds(), "")}


@dataclass(slots=True)
class _Resolving:
    tree: Tree
    scope: Scope
    declared: Mapping[Address, Mapping[str, Any]]
    problems: list[Problem] = field(default_factory=list)
    links: dict[Address, dict[Address, Path]] = field(default_factory=dict)
    fields: dict[tuple[Address, str], Any] = field(default_factory=dict)
    open: list[tuple[Address, str]] = field(default_factory=list)
    grown: int = 0

    def spec(self, address: Address) -> dict[str, Any]:
        """Every field of a resource, what all resources take included as far as it is written."""
        self.links.setdefault(address, {})
        common = [name for name in schemas.COMMON if name in self.declared[address]]
        return {
            name: self.field(address, name)
            for name in (*schemas.traits(address.kind).fields, *common, *self.declared[address])
        }

    def field(self, address: Address, name: str) -> Any:
        """One field of a resource; its default where the file does not have it."""
        place = (address, name)
        if place in self.fields:
            return self.fields[place]
        path = ("resources", address.kind, address.name, name)
        if place in self.open:
            circle = (*self.open[self.open.index(place) :], place)
            steps = " → ".join(f"{at}.{step}" for at, step in circle)
            # A circle through several resources is told once, when all links are known.
            if len({at for at, _ in circle}) == 1:
                self.say(path, f"the references go in a circle: {steps}", code=CIRCLE)
            return Ref(address, name)
        if len(self.open) >= LONGEST_CHAIN:
            self.say(path, f"more than {LONGEST_CHAIN} fields refer to each other in a row", code=CIRCLE)
            return Ref(address, name)
        self.open.append(place)
        body = self.declared[address]
        default = schemas.traits(address.kind).defaults.get(name)
        value = _Value(self, address, path, _rules(address.kind), own=name not in body)
        self.fields[place] = value.of(body.get(name, default), (name,))
        self.open.pop()
        if name == "tags":
            self._known(self.fields[place], path)
        return self.fields[place]

    def outside(self, name: str, value: Any) -> Any:
        """A top-level value; addresses in it stay addresses."""
        if name in ("version", "environment", "account", "region", "extends"):
            return value
        found = _Value(self, None, (name,), bundle.references()).of(value, (name,))
        if name != "metaflow":
            self._known(found, (name,))
        return found

    def _known(self, value: Any, path: Path) -> None:
        for step, item in below(value):
            if isinstance(item, Ref | Template):
                self.say((*path, *step), "this must be known before apply, and AWS invents a part of it", code=TOO_LATE)

    def attribute(self, ref: Ref, path: Path) -> str | Unknown:
        """What `ref` stands for; reports one that there is not."""
        known = schemas.traits(ref.address.kind).attributes
        if ref.attribute not in known:
            listed = ", ".join(f"`{name}`" for name in known) or "nothing"
            message = f"a `{ref.address.kind}` has no attribute `{shown(ref.attribute)}`: it has {listed}"
            self.say(path, message, did_you_mean(ref.attribute, known), UNKNOWN_ATTRIBUTE)
            return ref
        template = known[ref.attribute].get("value")
        if template is None:
            return ref
        parts = [self._own(piece, ref) for piece in interpolate.pieces(template)]
        return ref if any(part is None for part in parts) else interpolate.joined(p for p in parts if p is not None)

    def _own(self, piece: Piece, ref: Ref) -> str | Unknown | None:
        match piece:
            case str():
                return piece
            case Variable(name):
                return str(getattr(self.scope, name))
            case Own(name) if isinstance(self.declared[ref.address].get(name), dict | list):
                return None
            case Own(name):
                value = self.field(ref.address, name)
                return value if isinstance(value, str | Ref | Template) else None if value is None else shown(value)
            case _:
                raise AssertionError(f"the schema of `{ref.address.kind}` has a bad value for `{ref.attribute}`")

    def there(self, address: Address, path: Path, user: Address | None, allowed: Iterable[str] | None) -> bool:
        """Whether `address` may be referred to from `path`; reports why not, and remembers the link."""
        if allowed is not None and address.kind not in allowed:
            self.say(path, *refusals.wrong_kind(address, allowed, self.declared))
            return False
        if address not in self.declared:
            self.say(path, *refusals.missing(address, self.declared))
            return False
        if self._disabled(address) and (user is None or not self._disabled(user)):
            self.say(path, f"`{address}` is disabled", "remove `enabled: false` there, or this use")
            return False
        if user == address and path[3:4] == ("depends_on",):
            self.say(path, f"`{address}` depends on itself", code=CIRCLE)
        if user is not None:
            self.links.setdefault(user, {}).setdefault(address, path)
        return True

    def _disabled(self, address: Address) -> bool:
        return self.declared[address].get("enabled") is False

    def say(self, path: Path, message: str, hint: str | None = None, code: str = UNKNOWN_ADDRESS) -> None:
        self.problems.append(self.tree.problem(path, message, code=code, hint=hint))


@dataclass(frozen=True, slots=True)
class _Value:
    """Resolves one value: `user` is the resource that it stands in, `own` allows `${self.…}` (defaults)."""

    resolving: _Resolving
    user: Address | None
    top: Path
    rules: Places
    own: bool = False

    def of(self, value: Any, path: Path) -> Any:
        """`value`, which stands at `path` inside the resource or the document."""
        match value:
            case str():
                allowed = next((to for place, to in self.rules.items() if fits(path, place)), None)
                return self._text(value, path) if allowed is None else self._address(value, path, allowed)
            case dict():
                keys = self._policy(path)
                return {
                    self._key(key, (*path, key)) if keys else key: self.of(item, (*path, key))
                    for key, item in value.items()
                }
            case list():
                return [self.of(item, (*path, index)) for index, item in enumerate(value)]
            case _:
                return value

    def _key(self, key: str, path: Path) -> str:
        found = self._text(key, path)
        if not isinstance(found, str):
            self.resolving.say((*self.top, *path[1:]), "a key must be known before apply", code=TOO_LATE)
        return str(found)

    def _policy(self, path: Path) -> bool:
        places = schemas.traits(self.user.kind).policies if self.user else ()
        return any(fits(path[: len(place)], place) for place in places)

    def _address(self, text: str, path: Path, allowed: Mapping[str, str]) -> Any:
        address = interpolate.address(text)
        at = (*self.top, *path[1:])
        if address is None or (address.kind not in allowed and address.kind not in schemas.kinds()):
            close = nearest(address.kind, allowed) if address else None
            if address and close:
                hint = f"did you mean `{close}.{address.name}`?"
                self.resolving.say(at, f"`{shown(address.kind)}` is not a kind", hint)
                return Ref(address, "")
            return self._text(text, path)
        there = self.resolving.there(address, at, self.user, allowed)
        if self.user is None or path[0] == "depends_on":
            return text
        ref = Ref(address, allowed.get(address.kind, ""))
        return self.resolving.attribute(ref, at) if there else ref

    def _text(self, text: str, path: Path) -> Any:
        if "${" not in text:
            return text
        pieces = list(interpolate.pieces(text))
        # A piece that stands there many times means the same each time.
        meanings = {piece: self._piece(piece, path) for piece in dict.fromkeys(pieces)}
        found = interpolate.joined(meanings[piece] for piece in pieces)
        self.resolving.grown += len(str(found))
        if self.resolving.grown > MOST_TEXT:
            message = f"the file holds more than {MOST_TEXT >> 20} MiB of text once references are filled in"
            self.resolving.say((*self.top, *path[1:]), message, code=UNREADABLE)
            return ""
        return found

    def _piece(self, piece: Piece, path: Path) -> str | Unknown:
        at = (*self.top, *path[1:])
        match piece:
            case str():
                return piece
            case Variable(name):
                return str(getattr(self.resolving.scope, name))
            case Own(name) if self.own and self.user:
                value = self.resolving.field(self.user, name)
                return value if isinstance(value, Ref | Template) else str(value)
            case Ref() if piece.address.kind in schemas.kinds():
                there = self.resolving.there(piece.address, at, self.user, None)
                return self._other(piece, at) if there else piece
            case _:
                self._refuse(piece, at)
                return "${"

    def _other(self, ref: Ref, at: Path) -> str | Unknown:
        found = self.resolving.attribute(ref, at)
        if ref.address == self.user and isinstance(found, Ref) and found == ref:
            known = schemas.traits(ref.address.kind).attributes.get(ref.attribute)
            if known is not None:
                message = f"the references go in a circle: {ref.address} → {ref.address}"
                self.resolving.say(at, message, "AWS invents this value when the resource is made", CIRCLE)
        return found

    def _refuse(self, piece: Piece, at: Path) -> None:
        message, hint = refusals.unreadable(piece)
        self.resolving.say(at, message, hint, UNREADABLE)
