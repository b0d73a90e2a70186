"""From where an import begins to all that belongs to it: in rounds, what is found is looked at for references."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from mfinfra import observe, ownership, schemas
from mfinfra.importing import identity, network, references
from mfinfra.importing.memory import Memory, Unfit
from mfinfra.importing.start import Seed, Unmodelled
from mfinfra.model import Address, Observed, Resource, Scope, Spec
from mfinfra.ownership import Ownership, Standing

# Where the answer depends on what the file says, nothing is said, so that all is shown.
OPEN = {("repository", "encryption"), ("log_group", "retention_days"), ("launch_template", "root_device")}
HOLDERS = "profiles"
"""The fact of a role that names the instance profiles which hold it."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something live that the file is going to have: `identity` are the fields that it is found by.

    `why` completes "imported because it is …"; `via` is what led here, by the key of its own `Found`.
    """

    seed: Seed
    identity: Spec
    observed: Observed
    owner: Ownership
    via: str = ""

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.seed.kind

    @property
    def key(self) -> str:
        """What tells it from every other."""
        return f"{self.kind} {self.observed.physical_id}"


@dataclass(frozen=True, slots=True)
class Walked:
    """All that was found, in the order of the walk; what stays a literal or is of no kind; what is not there.

    `aws_keys` are the ids of keys that AWS manages.
    """

    found: tuple[Found, ...]
    left: tuple[Unmodelled, ...]
    missing: tuple[Seed, ...]
    aws_keys: frozenset[str] = frozenset()


@dataclass(slots=True)
class Walk:
    """One walk. `excluded` holds kinds and addresses that nothing is asked about; `left_out` those that met one."""

    memory: Memory
    scope: Scope
    excluded: Collection[str] = ()
    found: dict[str, Found] = field(default_factory=dict)
    left: list[Unmodelled] = field(default_factory=list)
    missing: list[Seed] = field(default_factory=list)
    aws_keys: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)
    _networks: set[str] = field(default_factory=set)

    def run(self, seeds: Iterable[Seed]) -> Walked:
        """Follow every reference until nothing new is found."""
        leads = [(seed, "") for seed in seeds]
        while leads:
            fresh = self._round(leads)
            leads = [lead for found in fresh for lead in self._referred(found)]
            leads += [(seed, "") for seed in self._endpoints(fresh)]
        return Walked(
            tuple(self.found.values()), tuple(dict.fromkeys(self.left)), tuple(self.missing), frozenset(self.aws_keys)
        )

    def _round(self, leads: Iterable[tuple[Seed, str]]) -> list[Found]:
        """Look at what has not been looked at; returns what is new."""
        wanted = {_asked(seed): (seed, via) for seed, via in reversed([*leads]) if not self._out(seed)}
        wanted = {key: lead for key, lead in reversed(wanted.items()) if key not in self._asked}
        self._asked |= wanted.keys()
        wanted = {key: lead for key, lead in wanted.items() if self._sayable(*lead)}
        named = self.memory.run(
            {key: identity.identify(seed.kind, seed.identity, self.scope) for key, (seed, _) in wanted.items()}
        )
        anchored = {key: found for key, found in named.items() if not isinstance(found, Unfit | None)}
        seen = self.memory.run(
            {key: observe.observe(whole(wanted[key][0].kind, found, self.scope)) for key, found in anchored.items()}
        )
        fresh = []
        for key, (seed, via) in wanted.items():
            outcome = seen[key] if key in anchored else named[key]
            if found := self._take(seed, via, anchored.get(key, {}), outcome):
                fresh.append(found)
        return fresh

    def _take(self, seed: Seed, via: str, fields: Spec, outcome: Observed | Unfit | None) -> Found | None:
        match outcome:
            case None:
                self._absent(seed, via)
            case Unfit(why):
                if why == identity.AWS_OWN:
                    self.aws_keys.add(str(seed.identity["id"]))
                self._leave(seed, via, why)
            case _ if outcome.leaving or outcome.scheduled:
                self._leave(seed, via, "AWS is deleting it")
            case _:
                owner = ownership.of(outcome, self.scope)
                if _other_environment(owner, outcome):
                    self._leave(seed, via, f"it belongs to {owner.owner}")
                    return None
                found = Found(seed, fields, outcome, owner, via)
                if seed.identity.get("id") not in (None, outcome.outputs.get("id"), outcome.physical_id):
                    self._leave(seed, via, f"what a file says of it leads to `{outcome.physical_id}` as well")
                    return None
                if found.key not in self.found:
                    self.found[found.key] = found
                    return found
                self._also(found)
        return None

    def _sayable(self, seed: Seed, via: str) -> bool:
        said = identity.sayable(seed.kind, seed.identity)
        if not said:
            self._leave(seed, via, "no file can call it that")
        return said

    def _also(self, found: Found) -> None:
        """What was reached again: a better name is taken over from whoever knows one."""
        known = self.found[found.key]
        if found.seed.name and not known.seed.name:
            self.found[found.key] = replace(known, seed=replace(known.seed, name=found.seed.name))

    def _absent(self, seed: Seed, via: str) -> None:
        if via:
            self._leave(seed, via, "it is not there")
        else:
            self.missing.append(seed)

    def _leave(self, seed: Seed, via: str, why: str) -> None:
        by = f", which `{self.found[via].observed.physical_id}` names" if via in self.found else ""
        self.left.append(Unmodelled(f"the {words(seed.kind)} `{told(seed)}`{by}", why))

    def _referred(self, found: Found) -> Iterator[tuple[Seed, str]]:
        for reference in references.of(found.kind, found.observed.spec, self.scope):
            seed = Seed(reference.kind, reference.identity, reference.why, reference.name)
            if reference.far and not self._out(seed):
                self._leave(seed, found.key, reference.far)
            elif not reference.far:
                yield seed, found.key

    def _endpoints(self, fresh: Iterable[Found]) -> list[Seed]:
        """The endpoints of every network that is new here, as far as they serve what Metaflow needs."""
        if "endpoint" in self.excluded:
            return []
        computes = [found for found in fresh if found.kind == "compute_environment"]
        groups = [group for found in computes for group in found.observed.spec.get("security_groups") or ()]
        subnets = [
            subnet
            for found in computes
            if not found.observed.spec.get("security_groups")
            for subnet in found.observed.spec.get("subnets") or ()
        ]
        vpcs = set(self.memory.run({"vpcs": network.vpcs(sorted(set(groups)), sorted(set(subnets)))})["vpcs"])
        new, self._networks = sorted(vpcs - self._networks), self._networks | vpcs
        rows = self.memory.run({"endpoints": network.endpoints(new)})["endpoints"]
        return [seed for row in rows if (seed := network.seed(row, self.scope))]

    def _out(self, seed: Seed) -> bool:
        found = {seed.kind, f"{seed.kind}.{seed.name}"} & {*self.excluded}
        self.left_out |= found
        return bool(found)


def whole(kind: str, fields: Spec, scope: Scope) -> Resource:
    """A resource of which every field counts as managed, so that its driver reads all of it."""
    spec: dict[str, Any] = {**schemas.complete(kind, fields)}
    spec |= {name: None for other, name in OPEN if other == kind}
    return Resource(Address(kind, "sought"), spec, scope)


def words(kind: str) -> str:
    """A kind as people say it."""
    return kind.replace("_", " ")


def told(seed: Seed) -> str:
    """What `seed` goes by, in one word."""
    return str(
        next(iter(seed.identity[name] for name in ("id", "name", "alias") if seed.identity.get(name)), "")
    ) or str(next(iter(seed.identity.values()), ""))


def _asked(seed: Seed) -> str:
    return f"{seed.kind} {sorted(seed.identity.items())}"


def _other_environment(owner: Ownership, observed: Observed) -> bool:
    """Whether another environment of ours has it: to take it over would only break that one."""
    ours = ownership.ENVIRONMENT in observed.tags or ownership.OWNER in observed.tags
    return owner.standing is Standing.FOREIGN and ours and owner.owner.startswith("the mfinfra environment")
