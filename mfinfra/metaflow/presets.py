"""Role presets: a role that says only what it is for gets its trust, its policies and its managed policies.

A field written beside `preset` adds to it: policies under their own names, managed policies, statements of the trust.
`null` beside it means "not managed", as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mfinfra import policy
from mfinfra.errors import InvalidDocument, Problem
from mfinfra.metaflow import statements
from mfinfra.metaflow.arns import aws_managed, service
from mfinfra.metaflow.parts import Parts
from mfinfra.metaflow.statements import Statements
from mfinfra.model import Environment, Resource, Scope

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
INLINE_SIZE = 10_240
TRUST_SIZE = 2_048
AUTO = "auto"
"""What `instance_profile` is when it is not written."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a role is for: who assumes it, what it may do, and which keys of the `metaflow` block it cannot do without.

    `principal` is a service's short name, or empty for the account itself. `deputy` names the service in whose name the
    principal acts, if the trust can be tied to it.
    """

    principal: str
    parts: tuple[Callable[[Parts], Statements], ...] = ()
    managed: str = ""
    needs: tuple[str, ...] = ()
    deputy: str = ""
    instance_profile: bool = False


PRESETS: Mapping[str, Preset] = {
    "batch_job": Preset(
        principal="ecs-tasks",
        parts=(statements.datastore, statements.foreach, statements.secrets),
        needs=("datastore",),
        deputy="ecs",
    ),
    "step_functions": Preset(
        principal="states",
        parts=(
            statements.submit_jobs,
            statements.follow_jobs,
            statements.read_foreach,
            statements.deliver_logs,
            statements.distributed_map,
        ),
        needs=("batch.queue",),
        deputy="states",
    ),
    "events": Preset(
        principal="events", parts=(statements.start_machines,), needs=("step_functions",), deputy="events"
    ),
    "ecs_instance": Preset(
        principal="ec2", managed="service-role/AmazonEC2ContainerServiceforEC2Role", instance_profile=True
    ),
    "fargate_execution": Preset(principal="ecs-tasks", managed="service-role/AmazonECSTaskExecutionRolePolicy"),
    "batch_service": Preset(principal="batch", managed="service-role/AWSBatchServiceRole", deputy="batch"),
    "spot_fleet": Preset(principal="spotfleet", managed="service-role/AmazonEC2SpotFleetTaggingRole", deputy="ec2"),
    "user": Preset(
        principal="",
        parts=(
            statements.datastore,
            statements.use_batch,
            statements.deploy_machines,
            statements.pass_roles,
            statements.secrets,
        ),
        needs=("datastore",),
    ),
}

_KNOWN: Mapping[str, Callable[[Parts], bool]] = {
    "datastore": lambda parts: parts.root is not None,
    "batch.queue": lambda parts: parts.queue is not None,
    "step_functions": lambda parts: parts.written("step_functions") is not None,
    "secrets.prefix": lambda parts: bool(parts.secrets),
}
_EXAMPLES = {
    "datastore": "datastore: bucket.NAME",
    "batch.queue": "batch: {queue: job_queue.NAME}",
    "step_functions": "step_functions: {role: role.NAME, events_role: role.NAME}",
    "secrets.prefix": "secrets: {prefix: metaflow/}",
}


def policy_name(preset: str) -> str:
    """The name of the inline policy that a preset writes."""
    return f"mfinfra-{preset}"


def expand(environment: Environment) -> Environment:
    """The environment with every preset of a role spelled out; raises `InvalidDocument` with all that is missing.

    Expanding twice is the same as once.
    """
    resources, problems = dict(environment.resources), list[Problem]()
    for address, resource in environment.resources.items():
        if resource.kind == "role" and resource.spec.get("preset"):
            try:
                resources[address] = _expanded(resource, Parts(environment))
            except InvalidDocument as error:
                problems += error.problems
    if problems:
        raise InvalidDocument(sorted(dict.fromkeys(problems), key=lambda item: (item.file, item.line, item.column)))
    return replace(environment, resources=resources)


def trust(name: str, scope: Scope) -> dict[str, Any]:
    """Who may assume a role of this preset.

    A service is held to acting for this account: else anybody who can have it act could borrow the role. The ARN stops
    at the account, because AWS does not say for every case which resource it is that a service acts for. Nothing holds
    EC2, which hands its role to an instance, and the execution role of ECS, for which AWS advises it nowhere: a key
    that a service does not send would keep the role from being assumed at all.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    preset = PRESETS[name]
    if not preset.principal:
        return policy.trust(accounts=[scope.account], partition=scope.partition)
    condition = {
        "StringEquals": {"aws:SourceAccount": scope.account},
        "ArnLike": {"aws:SourceArn": scope.arn(preset.deputy, "*")},
    }
    return policy.trust(
        services=[service(preset.principal, scope)],
        partition=scope.partition,
        condition=condition if preset.deputy else None,
    )


def permissions(name: str, parts: Parts) -> dict[str, Any]:
    """The inline policy of a preset; `{}` for one that lives from a managed policy of AWS."""
    found = [item for build in PRESETS[name].parts for item in build(parts)]
    return policy.document(found) if found else {}


def _expanded(resource: Resource, parts: Parts) -> Resource:
    name = resource.spec["preset"]
    _refuse(_missing(resource, name, parts))
    spec = dict(resource.spec)
    spec["trust"] = _with(spec, "trust", lambda value: _trust(trust(name, parts.scope), value, parts.scope))
    spec["policies"] = _with(spec, "policies", lambda value: _policies(resource, name, permissions(name, parts), value))
    spec["managed_policies"] = _with(spec, "managed_policies", lambda value: _managed(name, parts.scope, value))
    if PRESETS[name].instance_profile and spec.get("instance_profile") == AUTO:
        spec["instance_profile"] = True
    _refuse(_oversized(resource, spec))
    return replace(resource, spec=spec)


def _with(spec: Mapping[str, Any], field: str, add: Callable[[Any], Any]) -> Any:
    # `null` is written: the preset keeps its hands off this field
    return None if field in spec and spec[field] is None else add(spec.get(field))


def _trust(preset: Mapping[str, Any], written: Any, scope: Scope) -> dict[str, Any]:
    if isinstance(written, Mapping) and {"services", "accounts"} & written.keys():
        services, accounts = written.get("services") or (), written.get("accounts") or ()
        written = policy.trust(services, accounts, partition=scope.partition) if services or accounts else None
    theirs = policy.parse(written).get("Statement") or []
    theirs = theirs if isinstance(theirs, list) else [theirs]
    ours = list(preset["Statement"])
    return {**preset, "Statement": [*ours, *(item for item in theirs if item not in ours)]}


def _policies(resource: Resource, preset: str, ours: Mapping[str, Any], written: Any) -> dict[str, Any]:
    name, theirs = policy_name(preset), dict(written or {})
    if name in theirs and not policy.equivalent(theirs[name], ours):
        message = f"`{name}` is the name of the policy that preset `{preset}` writes"
        _refuse(
            [
                _problem(
                    resource,
                    "policies",
                    message,
                    "give this policy another name: it is added to the preset's",
                    "MF1602",
                )
            ]
        )
    return {**({name: dict(ours)} if ours else {}), **{key: value for key, value in theirs.items() if key != name}}


def _managed(preset: str, scope: Scope, written: Any) -> list[Any]:
    ours = PRESETS[preset].managed
    theirs = list(written or [])
    if not ours:
        return theirs
    # The same policy may be written by its bare name, with its path or as an ARN.
    arn = aws_managed(ours, scope)
    spellings = {arn, ours, ours.rpartition("/")[2]}
    return [arn, *(item for item in theirs if item not in spellings)]


def _missing(resource: Resource, preset: str, parts: Parts) -> Iterator[Problem]:
    needs = list(PRESETS[preset].needs)
    if preset == "step_functions" and parts.distributed_map:
        needs.append("datastore")
    if statements.secrets in PRESETS[preset].parts and parts.written("secrets") is not None:
        needs.append("secrets.prefix")
    for need in needs:
        if not _KNOWN[need](parts):
            message = f"preset `{preset}` needs `metaflow.{need}`, to know what this role may use"
            yield _problem(resource, "preset", message, _hint(need, parts), "MF1601")


def _hint(need: str, parts: Parts) -> str:
    example = _EXAMPLES[need]
    for kind in ("bucket", "job_queue"):
        if found := parts.candidates(kind):
            example = example.replace(f"{kind}.NAME", found[0])
    return f"write `{example}` in the `metaflow` block"


def _oversized(resource: Resource, spec: Mapping[str, Any]) -> Iterator[Problem]:
    preset = spec["preset"]
    sizes = {name: policy.size(text) for name, text in (spec["policies"] or {}).items()}
    if (total := sum(sizes.values())) > INLINE_SIZE:
        largest = max(sizes, key=lambda name: sizes[name])
        message = f"the inline policies have {total:,} characters, and AWS allows {INLINE_SIZE:,} for one role"
        hint = (
            f"`{largest}` is the largest, with {sizes[largest]:,}: attach a managed policy instead, or use fewer queues"
        )
        yield _problem(resource, "policies", message, hint, "MF1603")
    if spec["trust"] is not None and (count := policy.size(spec["trust"])) > TRUST_SIZE:
        message = f"the trust policy has {count:,} characters with the statement of preset `{preset}`"
        yield _problem(
            resource, "trust", message, f"AWS's default quota is {TRUST_SIZE:,}: name fewer principals", "MF1603"
        )


def _problem(resource: Resource, field: str, message: str, hint: str, code: str) -> Problem:
    mark = resource.mark
    return Problem(
        message,
        file=mark.file if mark else "",
        line=mark.line if mark else 0,
        column=mark.column if mark else 0,
        subject=f"{resource.address}.{field}",
        hint=hint,
        code=code,
    )


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise InvalidDocument(found)
