"""What a plan, an apply, a destroy, forgetting and running flows need of AWS, as the statements of policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mfinfra import catalogue, permissions, records
from mfinfra.grants import checking, reach
from mfinfra.grants.grant import Grant, Statement, statements
from mfinfra.metaflow import presets
from mfinfra.metaflow.parts import Parts
from mfinfra.model import Address, Call, Environment, Ref, Resource, refs
from mfinfra.ownership import ENVIRONMENT

ENGINE = (
    "sts:GetCallerIdentity",
    "resourcegroupstaggingapi:GetResources",
    "s3:GetObject",
    "s3:ListObjectsV2",
    "s3:PutObject",
    "s3:DeleteObject",
    "iam:GetRole",
    "iam:SimulatePrincipalPolicy",
    "cloudformation:ListStackResources",
)
"""What is sent beside the drivers' calls: who we are, what is ours, the lock, the receipts, the questions to IAM and
to stacks.
"""


def to_plan(environment: Environment) -> list[Statement]:
    """Every read of `plan`, `drift`, `graph` and `history`: no write among them."""
    return statements(_reading(environment))


def to_apply(environment: Environment) -> list[Statement]:
    """Whatever an apply of this file may ever send, reads included, but the deletion of what is protected."""
    sent = (
        grant
        for resource in environment.resources.values()
        for grant in _sending(resource, _writes(resource), environment)
    )
    gone = (
        grant
        for resource in environment.disabled.values()
        for grant in _sending(resource, _deletes(resource), environment)
    )
    return statements([*_reading(environment), *_recording(environment), *sent, *gone])


def to_carry_out(environment: Environment, document: Mapping[str, Any]) -> list[Statement]:
    """What the plan of `document` sends, and the reads that hold AWS against it before and after."""
    looks = [
        grant
        for change in document["resource_changes"]
        for resource in (_resource(change, environment), _old(change, environment))
        for operation in (*catalogue.driver(resource.kind).sends.reads, *_looks(resource))
        for grant in _grants(resource, operation, environment)
    ]
    return statements([*_reading(environment), *looks, *_writing(environment, document)])


def to_write(environment: Environment, document: Mapping[str, Any]) -> list[Statement]:
    """The same without the reads that no wait asks for: they were answered when the plan was made."""
    return statements(_writing(environment, document))


def to_destroy(environment: Environment) -> list[Statement]:
    """What deleting everything of the file sends, but what is protected: that no destroy deletes."""
    every = (*environment.resources.values(), *environment.disabled.values())
    sent = (grant for resource in every for grant in _sending(resource, _deletes(resource), environment))
    return statements([*_reading(environment), *_recording(environment), *sent])


def to_forget(environment: Environment) -> list[Statement]:
    """What giving up everything of the file sends: it takes our tags off, and protection is no matter."""
    every = (*environment.resources.values(), *environment.disabled.values())
    sent = (
        grant
        for resource in every
        for grant in _sending(resource, catalogue.driver(resource.kind).sends.forgets, environment)
    )
    return statements([*_reading(environment), *_recording(environment), *sent])


def to_run(environment: Environment) -> list[Statement]:
    """What people need who run and deploy flows: the statements of preset `user`."""
    found = presets.permissions("user", Parts(environment))
    return [known for item in found.get("Statement", ()) for known in _known(item, environment)]


def to_verify(environment: Environment) -> list[Statement]:
    """What `verify` asks, and what the flows need that it runs: it may do no more than somebody who runs flows."""
    return [*to_run(environment), *statements(checking.grants(Parts(environment), checking.VERIFY))]


def to_diagnose(environment: Environment) -> list[Statement]:
    """What `doctor` asks: no write among it."""
    return statements(checking.grants(Parts(environment), checking.DOCTOR))


def to_import() -> list[Statement]:
    """Every read of `import`. What is there nobody knows before, so that it is of the whole account; no write."""
    reads = {name for kind in catalogue.kinds() for name in catalogue.driver(kind).sends.reads}
    actions = sorted({reach.action_of(name) for name in (*reads, *checking.IMPORT)})
    return statements(Grant("ReadWhatIsThere", action) for action in actions)


def _reading(environment: Environment) -> Iterator[Grant]:
    for resource in (*environment.resources.values(), *environment.disabled.values()):
        for operation in catalogue.driver(resource.kind).sends.reads:
            yield from _grants(resource, operation, environment)
    # Whatever else carries this environment's tags is looked for in the whole account.
    yield Grant("NoNarrowerResource", "tag:GetResources")
    for kind in catalogue.kinds():
        if census := catalogue.driver(kind).census:
            action = permissions.action_of(census.question.service, census.question.operation)
            yield Grant("NoNarrowerResource", action)
    # A stack is asked only where a resource carries its tags; that of a role may be in any region.
    stacks = environment.scope.arn("cloudformation", "stack/*", region="*")
    yield Grant("AskStacks", "cloudformation:ListStackResources", (stacks,))
    if place := records.place(environment):
        bucket = f"arn:{environment.scope.partition}:s3:::{place.bucket}"
        yield Grant("ReadReceiptsAndLock", "s3:GetObject", (f"{bucket}/{place.folder}/*",))
        yield Grant("ReadReceiptsAndLock", "s3:ListBucket", (bucket,))


def _recording(environment: Environment) -> Iterator[Grant]:
    if place := records.place(environment):
        objects = f"arn:{environment.scope.partition}:s3:::{place.bucket}/{place.folder}/*"
        yield from (Grant("WriteReceiptsAndLock", action, (objects,)) for action in records.ACTIONS)


def _writing(environment: Environment, document: Mapping[str, Any]) -> Iterator[Grant]:
    yield from _recording(environment)
    for change in document["resource_changes"]:
        yield from _changing(change, environment)


def _writes(resource: Resource) -> tuple[str, ...]:
    sends = catalogue.driver(resource.kind).sends
    return (*sends.makes, *sends.changes, *_deletes(resource))


def _deletes(resource: Resource) -> tuple[str, ...]:
    return () if resource.protect else catalogue.driver(resource.kind).sends.deletes


def _looks(resource: Resource) -> Iterator[str]:
    """What its deletion asks only: a wait shows no call of its own."""
    return (name for name in catalogue.driver(resource.kind).sends.deletes if reach.reads(reach.action_of(name)))


def _sending(resource: Resource, operations: Iterable[str], environment: Environment) -> Iterator[Grant]:
    for operation in operations:
        yield from _grants(resource, operation, environment)


def _changing(change: Mapping[str, Any], environment: Environment) -> Iterator[Grant]:
    """The grants of one row of a plan: its calls, and those that make a new-born usable if AWS was too early."""
    rows = [effect.get("with", effect) for effect in change["calls"] if "wait" not in effect]
    rows += [effect["repeat"] for effect in change["calls"] if "repeat" in effect]
    calls = [Call(row["service"], row["operation"], row["parameters"]) for row in rows]
    resource, makes = _resource(change, environment), frozenset[str]()
    sends = catalogue.driver(resource.kind).sends
    if "create" in change["change"]["actions"]:
        makes = frozenset(reach.action_of(name) for name in sends.makes)
    ends = {reach.action_of(name) for name in sends.deletes} if "delete" in change["change"]["actions"] else set()
    for action in sorted({*permissions.actions(calls), *makes}):
        yield from reach.grants(resource, action, environment, makes=action in makes)
        if action in ends:
            yield from reach.grants(_old(change, environment), action, environment)


def _resource(change: Mapping[str, Any], environment: Environment) -> Resource:
    known = _known_at(change, environment)
    if known and change["change"]["after"] is not None:
        return replace(known, adopt="adopt" in change["change"]["actions"])
    return _old(change, environment)


def _old(change: Mapping[str, Any], environment: Environment) -> Resource:
    """What is deleted, or replaced, goes by what AWS shows of it: the file may say another name, or nothing."""
    known = _known_at(change, environment)
    spec = {**(known.spec if known else {}), **(change["change"]["before"] or {})}
    return Resource(Address.parse(change["address"]), spec, environment.scope)


def _known_at(change: Mapping[str, Any], environment: Environment) -> Resource | None:
    address = Address.parse(change["address"])
    return environment.resources.get(address) or environment.disabled.get(address)


def _grants(resource: Resource, operation: str, environment: Environment) -> Iterator[Grant]:
    service, _, name = operation.partition(":")
    action = reach.action_of(operation)
    makes = operation in catalogue.driver(resource.kind).sends.makes
    if not reach.used(resource, action):
        return
    further = (also for (*of, _), actions in permissions.ALSO.items() if of == [service, name] for also in actions)
    for each in (action, *further):
        yield from reach.grants(resource, each, environment, makes=makes)


def _known(item: Statement, environment: Environment) -> Iterator[Statement]:
    """A statement whose ARNs are all known: a key that AWS has yet to make, or to tell, goes by its tag."""
    resources = item["Resource"] if isinstance(item["Resource"], list) else [item["Resource"]]
    told = [each for each in resources if not refs(each)]
    if told:
        yield {**item, "Resource": told if len(told) > 1 else told[0]}
    untold = [each for each in resources if isinstance(each, Ref)]
    if untold:
        tag = {f"aws:ResourceTag/{ENVIRONMENT}": environment.scope.environment}
        condition = {**item.get("Condition", {}), "StringEquals": tag}
        patterns = sorted({arn for ref in untold for arn in reach.own(environment.resources[ref.address])})
        yield {**item, "Sid": f"{item['Sid']}ByTag", "Resource": patterns, "Condition": condition}
