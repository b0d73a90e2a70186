"""The small closed vocabulary that kinds are written in.

A kind is one `read` that says whether the resource is there, `Part`s (fields that AWS reads and writes together), a
`create` call, what AWS gives a new-born (`born`), `tag` and `delete`. From these follow the driver's three verbs:
*create = create call + what differs from birth*, *update = the parts that differ*. All functions are pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mfinfra import schemas
from mfinfra.compare import changed_fields
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.model import (
    Action,
    Answers,
    Call,
    Census,
    Document,
    Effects,
    FieldChange,
    Observed,
    Questions,
    Resource,
    Sends,
    Spec,
    Step,
    WorkOf,
)

BROKEN = ("INVALID", "VALID")


def as_is(resource: Resource) -> Spec:
    """The spec as the file has it."""
    return resource.spec


def unasked(resource: Resource, users: tuple[Resource, ...]) -> Resource:
    """The resource as it is: nobody needs more of it."""
    return resource


def nothing(resource: Resource) -> Effects:
    """No effects."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of resource, declared. It is a `Driver`.

    `sends` are the operations that it may ever send: what the functions here do not send and it names is no use, and
    what they send and it does not name fails a test. `read` answers `None` where the resource is not there; `parse`
    makes an `Observed` of an answer, with the fields of the parts that have no read of their own. `desired` turns the
    file's spec into AWS's canonical form. `local` fields are ours alone: AWS does not hold them. `ready` and `gone`
    wait for a resource that AWS is still changing or deleting, `mend` makes AWS look again at one that is broken.
    `replaces` says which changed fields need a replacement where the schema alone cannot. `because` explains an
    update or, given the fields that need it, a replacement. `postpones` says which of the changed fields AWS lets no
    single run change. `identify` puts the identity that it goes by in AWS into a resource, and `succeed` the one
    under which it stands beside what it replaces: the step of such a replacement has no effects of its own, as it is
    a creation and a deletion apart. `keep` is the wish together with what of AWS's own may stay beside it. `arn` is a
    regular expression whose groups are identity fields. `held`: AWS deletes none that is referred to. `whole`: its
    writes put whole documents, in which others have their part. `serve` adds what those that refer to a resource need
    of it. `ripens`: seconds until other services see a write.
    `work` asks for the work that a step would stop, where the kind has any and the step stops it. `foretells` are the
    attributes that a create or an update (`observed` is what it starts from) is known to bring about.
    """

    kind: str
    arn: str
    sends: Sends
    read: Callable[[Resource], Call]
    parse: Callable[[Document, Resource], Observed | None]
    parts: tuple[Part, ...]
    tagging: Tagging
    create: Callable[[Resource, Spec], Effects]
    born: Callable[[Resource, Spec], Spec]
    delete: Callable[[Resource, Observed], Effects]
    desired: Callable[[Resource], Spec] = as_is
    serve: Callable[[Resource, tuple[Resource, ...]], Resource] = unasked
    ready: Callable[[Resource], Effects] = nothing
    gone: Callable[[Resource], Effects] = nothing
    replaces: Callable[[Change], frozenset[str]] | None = None
    mend: Callable[[Resource, Observed], Effects] = lambda resource, observed: ()
    identify: Callable[[Resource, Observed], Resource] = lambda resource, observed: resource
    succeed: Callable[[Change], Resource] | None = None
    because: Callable[[Change, frozenset[str]], str] | None = None
    postpones: Callable[[Change], frozenset[str]] | None = None
    keep: Callable[[Resource, Spec, Spec], Spec] | None = None
    local: tuple[str, ...] = ()
    ripens: float = 0.0
    held: bool = False
    whole: bool = False
    census: Census | None = None
    work: WorkOf = lambda step, observed: None
    foretells: Callable[[Resource, Observed | None], Mapping[str, str]] | None = None

    @property
    def traits(self) -> schemas.Traits:
        """What the kind's schema says of its fields."""
        return schemas.traits(self.kind)

    def serving(self, resource: Resource, users: tuple[Resource, ...]) -> Resource:
        """The resource with all that those that refer to it need of it."""
        return self.serve(resource, users)

    def wish(self, resource: Resource) -> Spec:
        """The managed fields that AWS holds, as AWS has them; raises `UserError` for what it would not take."""
        return {
            name: value for name, value in self.desired(resource).items() if name in self._owned and value is not None
        }

    def locate(self, arn: str) -> Spec | None:
        """The identity fields of the resource with this ARN; `None` if it is of another kind."""
        found = re.fullmatch(self.arn, arn)
        return found.groupdict() if found else None

    def observe(self, resource: Resource) -> Generator[Questions, Answers, Observed | None]:
        """Ask for the resource, its tags and every managed part in one round."""
        asking = [part for part in self.parts if part.read and any(_managed(resource, name) for name in part.fields)]
        questions = [self.read(resource), *(part.read(resource) for part in asking if part.read)]
        if self.tagging.read:
            questions.append(self.tagging.read(resource))
        main, *rest = yield tuple(questions)
        observed = None if main is None else self.parse(main, resource)
        if observed is None:
            return None
        spec: dict[str, Any] = dict(observed.spec)
        for part, answer in zip(asking, rest, strict=False):
            if part.parse:
                spec.update(part.parse(answer, resource))
        tags = observed.tags
        if self.tagging.read and self.tagging.parse:
            said = rest[-1]
            if said is None:  # made between the two answers, or untagged: to be nobody's takes two looks
                (said,) = yield (self.tagging.read(resource),)
            tags = self.tagging.parse(said)
        facts = {name: spec.pop(name) for name in [*spec] if name not in self.traits.fields}
        return replace(observed, spec=spec, tags=tags, facts={**observed.facts, **facts})

    def step(self, resource: Resource, observed: Observed | None) -> Step:
        """Create what is missing, update what differs, replace where AWS allows no update."""
        if observed is None or observed.leaving:
            return self._creation(resource, observed)
        change = self._change(resource, observed)
        replacing = self.replaces(change) if self.replaces else change.fields & self.traits.create_only
        if replacing:
            return self._replacement(resource, observed, change, replacing)
        changes = (*self._field_changes(change), *self._tag_changes(resource, observed))
        mending = self.mend(resource, observed) if observed.broken and not change.fields else ()
        if mending:
            changes = (FieldChange(("status",), *BROKEN), *changes)
        # What is broken and as wished cannot be used all the same: the wait says AWS's reason.
        wait = self.ready(resource) if not observed.settled or (observed.broken and not changes) else ()
        effects = (*wait, *mending, *self._writes(change), *self._tag(resource, observed))
        return Step(
            resource.address,
            Action.UPDATE if changes else Action.NOOP,
            changes,
            effects,
            because=self.because(change, frozenset()) if self.because and (change.fields or mending) else "",
            postponed=tuple(sorted(self.postpones(change))) if self.postpones else (),
            ripens=self.ripens if changes else 0.0,
            outputs=self.foretells(resource, observed) if self.foretells and self._writes(change) else {},
        )

    def teardown(self, resource: Resource, observed: Observed) -> Step:
        """Delete it; one that AWS is already deleting is only waited for."""
        effects = self.gone(resource) if observed.leaving else self.delete(resource, observed)
        changes = tuple(
            FieldChange((name,), value, None)
            for name, value in observed.spec.items()
            if value not in (None, "", [], {})
        )
        return Step(resource.address, Action.DELETE, changes, effects)

    def replacement(self, resource: Resource, observed: Observed) -> Step:
        """Delete it and make it anew, whatever differs."""
        return self._replacement(resource, observed, self._change(resource, observed), frozenset())

    def tagged(self, observed: Observed) -> tuple[Mapping[str, str], ...]:
        """The tags of each thing that carries ours for it, the resource itself first."""
        return (observed.tags,)

    def forgetting(self, resource: Resource, observed: Observed, off: Sequence[Mapping[str, str]]) -> Step:
        """Take tags off, and leave everything else as it is."""
        gone = off[0]
        rest = {key: value for key, value in self.tagged(observed)[0].items() if key not in gone}
        effects = self.tagging.take(resource, observed, gone, rest) if gone else ()
        changes = tuple(FieldChange(("tags", key), value, None) for key, value in sorted(gone.items()))
        return Step(resource.address, Action.FORGET if effects else Action.NOOP, changes, effects)

    def bound(self, resource: Resource, observed: Observed) -> Resource:
        """The resource under the identity that it goes by in AWS."""
        return self.identify(resource, observed)

    def successor(self, resource: Resource, observed: Observed) -> Resource | None:
        """The resource under another identity, for a kind that is replaced beside the old one."""
        return self.succeed(self._change(resource, observed)) if self.succeed else None

    def _change(self, resource: Resource, observed: Observed) -> Change:
        want = self._complete(self.desired(resource), observed.spec)
        if self.keep:
            want = self.keep(resource, want, observed.spec)
        fields = self._differences(resource, want, observed.spec)
        return Change(resource, want, observed.spec, fields, observed)

    def _creation(self, resource: Resource, leaving: Observed | None) -> Step:
        want = self.desired(resource)
        born = self.born(resource, want)
        fields = self._differences(resource, want, born)
        change = Change(resource, self._complete(want, born), born, fields, leaving)
        effects = (
            *(self.gone(resource) if leaving else ()),
            *self.create(resource, want),
            *self._writes(change),
        )
        changes = tuple(
            FieldChange((name,), None, want[name])
            for name in self.traits.fields
            if name in self._owned and want.get(name) not in (None, "", [], {})
        )
        outputs = self.foretells(resource, None) if self.foretells else {}
        return Step(resource.address, Action.CREATE, changes, effects, ripens=self.ripens, outputs=outputs)

    def _replacement(self, resource: Resource, observed: Observed, change: Change, replacing: frozenset[str]) -> Step:
        anew = self._creation(resource, None)
        effects = () if self.succeed else (*self.delete(resource, observed), *anew.effects)
        return Step(
            resource.address,
            Action.REPLACE,
            tuple(replace(item, replaces=item.path[0] in replacing) for item in self._field_changes(change)),
            effects,
            because=self.because(change, replacing) if self.because else "",
            ripens=self.ripens,
            outputs={} if self.succeed else anew.outputs,
        )

    @property
    def _owned(self) -> frozenset[str]:
        return frozenset(name for part in self.parts for name in part.fields)

    def _differences(self, resource: Resource, want: Spec, have: Spec) -> frozenset[str]:
        owned = {name: value for name, value in want.items() if name in self._owned}
        return frozenset(changed_fields(owned, have, self.traits, resource.scope))

    def _writes(self, change: Change) -> Effects:
        return tuple(
            effect
            for part in self.parts
            if part.write and change.fields & frozenset(part.fields)
            for effect in part.write(change)
        )

    def _field_changes(self, change: Change) -> tuple[FieldChange, ...]:
        return tuple(
            FieldChange((name,), change.have.get(name), change.want.get(name))
            for name in self.traits.fields
            if name in change.fields
        )

    def _tag(self, resource: Resource, observed: Observed) -> Effects:
        missing = {key: value for key, value in resource.tags.items() if observed.tags.get(key) != value}
        return self.tagging.put(resource, observed, missing, {**observed.tags, **missing}) if missing else ()

    @staticmethod
    def _tag_changes(resource: Resource, observed: Observed) -> tuple[FieldChange, ...]:
        return tuple(
            FieldChange(("tags", key), observed.tags.get(key), value)
            for key, value in sorted(resource.tags.items())
            if observed.tags.get(key) != value
        )

    @staticmethod
    def _complete(want: Spec, have: Spec) -> Spec:
        """`want`, with the value that AWS has for every field that is not managed."""
        return {name: have.get(name) if value is None else value for name, value in want.items()}


def _managed(resource: Resource, name: str) -> bool:
    return resource.spec.get(name) is not None
