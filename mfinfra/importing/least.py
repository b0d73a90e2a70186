"""The least that a file has to say for its driver to find no difference: by asking the driver, not by guessing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from mfinfra import catalogue, compare, observe, schemas
from mfinfra.errors import UserError
from mfinfra.importing import short
from mfinfra.importing.book import Book
from mfinfra.importing.memory import Memory, Unfit
from mfinfra.importing.walk import HOLDERS, Found
from mfinfra.model import Address, Observed, Resource, Scope, Spec

EMPTY: tuple[Any, ...] = (None, "", [], {})
# What a reader cannot see was made visible; it is not known any more what stood there.
ESCAPED = re.compile(r"\\[uU][0-9a-f]{4}")
KEPT_BYTES = {("launch_template", "user_data")}
"""Fields whose live bytes stay what they are as long as the text is the same."""
USUAL_IMAGE = "ECS_AL2023"
"""What Batch takes where nobody says: https://docs.aws.amazon.com/batch/latest/userguide/ecs-migration-2023.html"""
NOT_SET = "not set in AWS"
UNSEEN = "it holds characters that nobody sees"
NO_WAY = "the live value cannot be said in a file"
_MOST_ROUNDS = 4


Expand: TypeAlias = Callable[[Resource], Resource]


def as_it_is(resource: Resource) -> Resource:
    """The resource; it stands for nothing more."""
    return resource


@dataclass(frozen=True, slots=True)
class Least:
    """What the file says of one resource; `nulls` are fields that it leaves alone, with the reason."""

    spec: Spec
    nulls: Mapping[str, str]
    observed: Observed


@dataclass(slots=True)
class Writing:
    """The search for the least words about one resource.

    `start` holds words that are given, `barred` fields that are not to be managed, each with the reason. `expand` makes
    of a wish all that it stands for.
    """

    memory: Memory
    book: Book
    scope: Scope
    address: Address
    found: Found
    start: Spec = field(default_factory=dict)
    barred: Mapping[str, str] = field(default_factory=dict)
    expand: Expand = as_it_is
    observed: Observed = field(init=False)
    nulls: dict[str, str] = field(init=False, default_factory=dict)

    def least(self) -> Least:
        """The least spec; what AWS shows may depend on what is wished, so that it is read again by the new words."""
        self.observed, own = self.found.observed, _own_profile(self.found)
        if own or self.start:
            self.observed = self._look({**self.found.identity, **self.start, **own})
        spec: dict[str, Any] = {}
        for _ in range(_MOST_ROUNDS):
            self.nulls = dict(self.barred)
            spec = self._words()
            again = self._look(spec)
            if again == self.observed:
                break
            self.observed = again
        for name in self.differing(spec) - schemas.traits(self.address.kind).required - self.nulls.keys():
            spec[name], self.nulls[name] = None, NO_WAY  # what is shown changes with each way to say it
        return Least(_in_order(self.address.kind, spec), self.nulls, self.observed)

    def same(self, spec: Spec, name: str) -> bool:
        """Whether the driver finds no difference in the field `name`."""
        return name not in self.differing(spec)

    def differing(self, spec: Spec) -> frozenset[str]:
        """The fields in which the driver finds a difference; all of them where it cannot read the wish."""
        driver = catalogue.driver(self.address.kind)
        fields = schemas.traits(self.address.kind).fields
        try:
            resource = self.resource(spec)
            step = driver.step(driver.bound(resource, self.observed), self.observed)
        except UserError:
            return frozenset(fields)
        return frozenset(str(change.path[0]) for change in step.changes) & frozenset(fields)

    def resource(self, spec: Spec) -> Resource:
        """The resource that a file with these words would wish for."""
        whole = schemas.complete(self.address.kind, {**self.book.meant(self.address.kind, spec)})
        return self.expand(Resource(self.address, whole, self.scope))

    def _words(self) -> dict[str, Any]:
        kind = self.address.kind
        known = schemas.traits(kind)
        spec: dict[str, Any] = {**self.start, **dict.fromkeys(self.barred)}
        for name in known.fields:
            if name in known.required:
                spec[name] = self._form({**self.start, **dict.fromkeys(self.barred), **self._needed()}, name)
        tried: set[str] = set()
        while left := self.differing(spec) - tried - spec.keys():
            name = next(each for each in known.fields if each in left)
            tried.add(name)
            spec[name] = self._value(spec, name)
        for name in self.differing(spec) & spec.keys() - known.required - self.start.keys():
            spec[name], self.nulls[name] = None, NO_WAY
        return self._unmanaged(spec)

    def _unmanaged(self, spec: dict[str, Any]) -> dict[str, Any]:
        """With the fields that are not managed unless they are written, as far as something is set."""
        kind = self.address.kind
        known, given = schemas.traits(kind), self._given(spec)
        for name in known.fields:
            live = self.observed.spec.get(name)
            if name in spec or known.defaults.get(name) is not None or live in EMPTY:
                continue
            canonical = [compare.canonical(value, known, self.scope, (name,)) for value in (live, given.get(name))]
            if canonical[0] != canonical[1]:
                spec[name] = self._value(spec, name)
        return spec

    def _given(self, spec: Spec) -> Mapping[str, Any]:
        """What AWS gives a new one where the file says nothing."""
        born: Callable[[Resource, Spec], Spec] | None = getattr(catalogue.driver(self.address.kind), "born", None)
        if born is None:
            raise AssertionError(f"the driver of `{self.address.kind}` is no declared kind")
        resource = self.resource(spec)
        given = dict(born(resource, resource.spec))
        match self.address.kind:
            case "security_group":
                given["description"] = self.observed.spec["name"]  # as its creation says it where nobody did
            case "compute_environment":
                given["image_type"] = USUAL_IMAGE
        return given

    def _needed(self) -> dict[str, Any]:
        """The live values of what has to be said, so that forms of one are tried with all the others there."""
        known = schemas.traits(self.address.kind)
        return {name: self.observed.spec.get(name, self.found.identity.get(name)) for name in known.required}

    def _value(self, spec: Spec, name: str) -> Any:
        """What the file says of `name`; `None` for what it had better leave alone."""
        live = self.observed.spec.get(name)
        if live is None:
            self.nulls[name] = NOT_SET
            return None
        if (self.address.kind, name) not in KEPT_BYTES and _escaped(live):
            self.nulls[name] = UNSEEN
            return None
        return self._form(spec, name)

    def _form(self, spec: Spec, name: str) -> Any:
        live = self.observed.spec.get(name, self.found.identity.get(name))
        form = live
        for form in short.forms(self.address.kind, name, live, self.book):
            if self.same({**spec, name: form}, name):
                break
        return short.shrunk(self.address.kind, name, form, lambda value: self.same({**spec, name: value}, name))

    def _look(self, spec: Spec) -> Observed:
        again: Observed | Unfit | None = self.memory.run({"": observe.observe(self.resource(spec))})[""]
        if again is None or isinstance(again, Unfit):
            return self.observed
        # What is not wished is not read: it is as it was.
        return replace(again, spec={**self.observed.spec, **again.spec})


def _own_profile(found: Found) -> dict[str, Any]:
    """The instance profile of a role's own name is looked at only where the wish has one."""
    held = found.kind == "role" and found.observed.spec["name"] in found.observed.facts.get(HOLDERS, ())
    return {"instance_profile": True} if held else {}


def _escaped(value: Any) -> bool:
    match value:
        case str():
            return ESCAPED.search(value) is not None
        case Mapping():
            return any(_escaped(key) or _escaped(item) for key, item in value.items())
        case list() | tuple():
            return any(_escaped(item) for item in value)
        case _:
            return False


def _in_order(kind: str, spec: Spec) -> dict[str, Any]:
    return {name: spec[name] for name in schemas.traits(kind).fields if name in spec}
