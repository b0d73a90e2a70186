"""A file that is being written: the words of each resource, mended until the reader takes them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mfinfra import catalogue, desired, schemas
from mfinfra.document import references
from mfinfra.document.read import Reading
from mfinfra.document.write import compose
from mfinfra.errors import InvalidDocument, Problem
from mfinfra.importing import block
from mfinfra.importing.block import Block
from mfinfra.importing.book import Book
from mfinfra.importing.least import NO_WAY, NOT_SET, Expand, Least, Writing, as_it_is
from mfinfra.importing.memory import Memory
from mfinfra.importing.start import Unmodelled
from mfinfra.importing.walk import Found, words
from mfinfra.model import Access, Address, Ref, Resource, Scope, Spec

_PLACE = re.compile(r"([a-z_]+)\.([A-Za-z][A-Za-z0-9_-]*)(?:[.\[]([a-z_]+))?")
_SETTING = re.compile(r"metaflow\.([a-z_]+)(?:\.([A-Za-z0-9_]+))?")
_MOST_MENDS = 200
_MODELINE = "Written by `mfinfra import` from what stood in AWS; what is not written here has its default."


@dataclass(slots=True)
class Draft:
    """All that the file is going to say."""

    memory: Memory
    scope: Scope
    access: Access
    found: dict[Address, Found]
    settings: Mapping[str, str]
    aws_keys: frozenset[str] = frozenset()
    prefix: str = ""
    barred: dict[Address, dict[str, str]] = field(default_factory=dict)
    by_id: set[Address] = field(default_factory=set)
    """Security groups that name others by id: by address they would wait for each other."""
    cut: set[tuple[str, ...]] = field(default_factory=set)
    left: list[Unmodelled] = field(default_factory=list)
    words: dict[Address, Least] = field(default_factory=dict)
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        self.book = Book.written(self.found, self.aws_keys)

    def settle(self) -> Reading:
        """Find the words, and mend them until they can be read; returns what was read."""
        self._write(self.found)
        for _ in range(_MOST_MENDS):
            try:
                return self.read()
            except InvalidDocument as error:
                self._mend(error.problems)
        raise AssertionError(f"the file of `{self.scope.environment}` cannot be mended")

    def read(self) -> Reading:
        """What a file with this text says; raises `InvalidDocument`."""
        return desired.read_text(self.text(), f"{self.scope.environment}.yaml")

    def text(self) -> str:
        """The file."""
        specs = {address: self.words[address].spec for address in sorted(self.found, key=self._rank)}
        return compose(self._head(), specs, self.block().written, self._remarks())

    def block(self) -> Block:
        """The `metaflow` block, without what the reader does not take."""
        whole = block.of(self.settings, self.book, self.scope)
        if self.prefix and "secrets" in whole.written:
            secrets = {**whole.written["secrets"], "prefix": self.prefix}
            whole = replace(whole, written={**whole.written, "secrets": secrets})
        return replace(whole, written=_without(whole.written, self.cut))

    def settle_again(self) -> Reading | None:
        """What is read after a change that nobody has to make; `None` where the reader does not take it."""
        try:
            return self.read()
        except InvalidDocument:
            return None

    def writing(self, address: Address, start: Spec, expand: Expand = as_it_is) -> Writing:
        """The search for the words of one resource; `expand` spells a preset out."""
        book = self.book.without("key") if self._apart(address) else self.book
        book = book.without("security_group") if address in self.by_id else book
        barred = self.barred.get(address, {})
        return Writing(self.memory, book, self.scope, address, self.found[address], start, barred, expand)

    def _write(self, addresses: Mapping[Address, Any]) -> None:
        for address in addresses:
            self.words[address] = self.writing(address, {}).least()

    def _apart(self, address: Address) -> bool:
        """Whether a log group had better name its key by ARN: an address would change the key's policy."""
        if address.kind != "log_group":
            return False
        live = self.found[address].observed.spec.get("key") or ""
        key = self.book.of("key", "arn", live)
        if key is None:
            return False
        user = Resource(address, {**self.found[address].observed.spec, "key": Ref(key, "arn")}, self.scope)
        writing = Writing(self.memory, self.book, self.scope, key, self.found[key])
        least = self.words[key] if key in self.words else writing.least()
        driver = catalogue.driver("key")
        served = driver.serving(writing.resource(least.spec), (user,))
        return any(change.path[0] == "policy" for change in driver.step(served, least.observed).changes)

    def _mend(self, problems: tuple[Problem, ...]) -> None:
        """Take out what the reader does not take: a field, a resource, or a part of the `metaflow` block."""
        mended, before = set[Address](), frozenset(self.found)
        for problem in problems:
            if problem.severity != "error":
                continue
            place = _PLACE.match(problem.subject)
            address = Address(place[1], place[2]) if place else None
            if place and address is not None and address in before:
                # Of what was left out for an earlier problem there is nothing more to mend.
                if address in self.found and self._bar(address, place[3] or "", problem.message, problem.code):
                    mended.add(address)
            elif setting := _SETTING.match(problem.subject):
                self._cut(tuple(filter(None, setting.groups())), problem.message)
            else:
                raise InvalidDocument(problems)
        self._write({address: None for address in self.words if address in self.found and address in mended})

    def _bar(self, address: Address, name: str, why: str, code: str) -> bool:
        """Let one field alone; where it cannot be left out, the whole resource. Says whether the resource is left."""
        known = schemas.traits(address.kind)
        barred = self.barred.setdefault(address, {})
        if code == references.CIRCLE and address.kind == "security_group" and address not in self.by_id:
            self.by_id.add(address)
            return True
        if name in known.fields and name not in known.required and name not in barred:
            barred[name] = why
            return True
        one = self.found.pop(address)
        self.words.pop(address, None)
        self.left.append(Unmodelled(f"the {words(address.kind)} `{one.observed.physical_id}`", why))
        self.book = Book.written(self.found, self.aws_keys)
        self._write(self.found)
        return False

    def _cut(self, place: tuple[str, ...], why: str) -> None:
        if place in self.cut:
            place = place[:1]
        self.cut.add(place)
        self.left.append(Unmodelled(f"`metaflow.{'.'.join(place)}`", why))

    def _head(self) -> dict[str, Any]:
        scope, access = self.scope, self.access
        reach = {"profile": access.profile, "endpoint": access.endpoint}
        written = {name: value for name, value in reach.items() if value}
        head = {"environment": scope.environment, "account": scope.account, "region": scope.region}
        return {**head, **({"aws": written} if written else {})}

    def _remarks(self) -> dict[tuple[str, ...], list[str]]:
        """Why a field is `null`, above it."""
        found: dict[tuple[str, ...], list[str]] = {(): [_MODELINE]}
        for address in self.found:
            for name, why in self.words[address].nulls.items():
                said = f"{why}: left as it is" if why != NOT_SET else why
                found[address.kind, address.name, name] = [said]
        return found

    def _rank(self, address: Address) -> tuple[int, str]:
        order = ORDER.index(address.kind) if address.kind in ORDER else len(ORDER)
        return order, address.kind


ORDER = (
    "key",
    "bucket",
    "table",
    "log_group",
    "repository",
    "secret",
    "role",
    "security_group",
    "endpoint",
    "launch_template",
    "compute_environment",
    "scheduling_policy",
    "job_queue",
)
"""The kinds as they follow each other in a file: what others refer to comes first."""


def _without(written: Mapping[str, Any], cut: set[tuple[str, ...]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in written.items():
        if (name,) in cut:
            continue
        if isinstance(value, Mapping):
            kept = {key: item for key, item in value.items() if (name, key) not in cut}
            if kept:
                found[name] = kept
        else:
            found[name] = value
    return found


def unmodelled(address: Address, least: Least) -> list[Unmodelled]:
    """What of a resource its file leaves alone."""
    return [
        Unmodelled(f"`{address}.{name}`", why if why != NO_WAY else f"{NO_WAY}: mfinfra leaves it as it is")
        for name, why in least.nulls.items()
        if why != NOT_SET
    ]
