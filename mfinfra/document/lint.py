"""What the schema cannot say: rules across fields and resources.

Only what is certain is said; a value that is not known, or not managed, is never judged.

======  =====================================================================================================
code    rule
======  =====================================================================================================
MF1101  two resources of a kind are the same thing in AWS: the same name, or what else identifies the kind
MF1102  a policy document is one that AWS would refuse
MF1103  a Fargate compute environment has a field that only EC2 and SPOT know
MF1104  `min_vcpus` or `initial_vcpus` does not fit `max_vcpus`
MF1105  a job queue mixes compute environments on EC2 and on Fargate
MF1106  a table that is paid per request has capacities
MF1107  an endpoint has fields of the other type, or an Interface endpoint has no subnets
MF1108  `metaflow.batch.execution_role` is missing, and the queue's first compute environment is Fargate
MF1109  the table of Step Functions is not keyed or expired as Metaflow does it
MF1110  a setting is none of Metaflow's
MF1111  a setting repeats what the `metaflow` block says
MF1112  a lifecycle rule is one that S3 would refuse
MF1113  a resource has more tags than AWS takes, or a role has keys that are one to IAM
MF1116  user data is in no form that Batch takes, too long, or not known before apply
MF1117  a share of a scheduling policy covers another
MF2101  `BEST_FIT`: nearly every change replaces the compute environment
MF2102  the log group of Step Functions is not under `/aws/vendedlogs/`
MF2103  a bucket is encrypted with KMS, but no key is named
MF2104  a table has reserved capacity, and no numbers for it
MF2105  Batch tags are set, and nothing makes Metaflow send them
MF2106  a registry is set without an image
MF2107  Metaflow would override the bucket's own KMS key
MF2108  an update policy stands where there are no infrastructure updates
MF2109  an Interface endpoint of DynamoDB is to have a private name, which AWS does not give it
MF2110  a compute environment takes a launch template of the file by a version that Batch looks up
MF2111  a time limit of a job queue never acts
MF2112  Metaflow's queue has a scheduling policy, and Metaflow sends no share identifiers
======  =====================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from mfinfra import schemas
from mfinfra.document import lint_bucket, lint_launch_template, lint_metaflow, lint_queue, lint_tags
from mfinfra.document.tree import Tree, shown
from mfinfra.errors import Problem
from mfinfra.model import Environment, Ref, Resource, Template

FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})
EC2_ONLY = (
    "min_vcpus",
    "initial_vcpus",
    "instance_types",
    "allocation_strategy",
    "bid_percentage",
    "instance_role",
    "launch_template",
    "image_type",
    "placement_group",
    "key_pair",
    "spot_fleet_role",
)
GATEWAY_SERVICES = ("s3", "dynamodb")

Finding = tuple[tuple[str | int, ...], str, str, str | None]


def findings(environment: Environment, tree: Tree) -> list[Problem]:
    """Every finding about the resources of `environment`, which is what of `tree` is valid so far."""
    found = [*_twice(environment, tree)]
    for resource in (*environment.resources.values(), *environment.disabled.values()):
        for rule in (_policies, *RULES.get(resource.kind, ())):
            found += [_problem(tree, resource, finding) for finding in rule(resource, environment)]
    return [*found, *lint_tags.findings(environment, tree), *lint_metaflow.findings(environment, tree)]


def _problem(tree: Tree, resource: Resource, finding: Finding) -> Problem:
    path, code, message, hint = finding
    whole = ("resources", resource.kind, resource.address.name, *path)
    severity = "warning" if code.startswith("MF2") else "error"
    return tree.problem(whole, message, code=code, hint=hint, severity=severity, key=not path)


def _twice(environment: Environment, tree: Tree) -> Iterator[Problem]:
    seen: dict[Hashable, Resource] = {}
    for resource in environment.resources.values():
        identity = _identity(resource)
        if identity is None:
            continue
        first = seen.setdefault(identity, resource)
        if first is not resource:
            what = " and ".join(f"`{name}`" for name in _identifying(resource.kind))
            message = f"`{first.address}` has the same {what}: both would be one thing in AWS"
            yield _problem(tree, resource, ((_identifying(resource.kind)[0],), "MF1101", message, None))


def _identifying(kind: str) -> tuple[str, ...]:
    known = schemas.traits(kind)
    return tuple(name for name in known.fields if name in known.required & known.create_only)


def _identity(resource: Resource) -> Hashable | None:
    values = [resource.spec[name] for name in _identifying(resource.kind)]
    if not values or not all(isinstance(value, str | int | Ref | Template | None) for value in values):
        return None
    if resource.kind == "endpoint":
        values.append(_endpoint_type(resource))
    return (resource.kind, *values)


def _policies(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    for place in schemas.traits(resource.kind).policies:
        for path, document in _at(resource.spec, place):
            # Every document has statements; a shorthand for one (services and accounts) is the schema's matter.
            if isinstance(document, Mapping) and any(key[:1].isupper() for key in document):
                # Most files have no policy of their own, and never pay for this import.
                from mfinfra import policy_lint  # noqa: PLC0415 - a file without policies does without

                kind = _policy_kind(path)
                for inner, message in policy_lint.problems(document, kind=kind):
                    yield (*path, *inner), "MF1102", message, None


def _policy_kind(path: tuple[str | int, ...]) -> Any:
    return {"trust": "trust", "policies": "identity"}.get(str(path[0]), "resource")


def _at(value: Any, place: tuple[str, ...], path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Any]]:
    if not place:
        yield path, value
    elif isinstance(value, Mapping):
        for key in [place[0]] if place[0] != "*" else list(value):
            if key in value:
                yield from _at(value[key], place[1:], (*path, key))
    elif isinstance(value, list) and place[0] == "*":
        for index, item in enumerate(value):
            yield from _at(item, place[1:], (*path, index))


def _fargate(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    spec = resource.spec
    if spec.get("type") not in FARGATE:
        return
    defaults = schemas.traits(resource.kind).defaults
    for name in EC2_ONLY:
        value = spec.get(name)
        if value not in (None, "", [], {}, 0) and value != defaults.get(name):
            yield (name,), "MF1103", f"`{spec['type']}` has no `{name}`", "only `EC2` and `SPOT` know it: remove it"


def _vcpus(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    least, most, first = (resource.spec.get(f"{name}_vcpus") for name in ("min", "max", "initial"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield ("min_vcpus",), "MF1104", f"`min_vcpus` is {least}, and `max_vcpus` is only {most}", None
    if isinstance(first, int) and isinstance(most, int) and first > most:
        yield ("initial_vcpus",), "MF1104", f"`initial_vcpus` is {first}, and `max_vcpus` is only {most}", None


def _best_fit(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    if resource.spec.get("allocation_strategy") == "BEST_FIT":
        hint = "`BEST_FIT_PROGRESSIVE` lets AWS change it in place"
        message = "with `BEST_FIT` nearly every change replaces the compute environment"
        yield ("allocation_strategy",), "MF2101", message, hint


def _update_policy(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    spec = resource.spec
    role = spec.get("service_role")
    if spec.get("update_policy") is None:
        return
    if spec.get("type") in FARGATE:
        where = "on Fargate"
    elif spec.get("allocation_strategy") == "BEST_FIT":
        where = "with `BEST_FIT`"
    elif role and "/aws-service-role/" not in str(role):
        where = "with a `service_role` other than Batch's service-linked role"
    else:
        return
    message = f"there are no infrastructure updates {where}: `update_policy` is left as AWS has it"
    yield ("update_policy",), "MF2108", message, "remove it"


def _families(resource: Resource, environment: Environment) -> Iterator[Finding]:
    first: tuple[str, bool] | None = None
    for index, value in enumerate(resource.spec.get("compute_environments") or ()):
        other = named(environment, "compute_environment", value)
        if other is None or not isinstance(other.spec.get("type"), str):
            continue
        fargate = other.spec["type"] in FARGATE
        first = first or (str(other.address), fargate)
        if first[1] != fargate:
            message = f"`{other.address}` is {_family(fargate)} and `{first[0]}` is {_family(first[1])}"
            hint = "one queue takes one family: make a queue for each"
            yield ("compute_environments", index), "MF1105", message, hint


def _family(fargate: bool) -> str:
    return "on Fargate" if fargate else "on EC2"


def named(environment: Environment, kind: str, value: Any) -> Resource | None:
    """The resource of `environment` that `value` means: its name, its ARN, or a reference to either."""
    for address, resource in environment.resources.items():
        if address.kind != kind:
            continue
        if isinstance(value, Ref):
            if value.address == address:
                return resource
        elif isinstance(value, str) and (value in (resource.spec.get("name"), arn(resource))):
            return resource
    return None


def arn(resource: Resource) -> str | None:
    """The ARN of `resource`, where it follows from plain fields."""
    template = schemas.traits(resource.kind).attributes.get("arn", {}).get("value")
    if template is None:
        return None
    text = template
    for name in ("partition", "region", "account"):
        text = text.replace(f"${{{name}}}", getattr(resource.scope, name))
    for name, value in resource.spec.items():
        if isinstance(value, str):
            text = text.replace(f"${{self.{name}}}", value)
    return text


def _billing(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    names = ("read_capacity", "write_capacity")
    billing = resource.spec.get("billing_mode")
    for name in names:
        if billing == "PAY_PER_REQUEST" and resource.spec.get(name) is not None:
            message = f"`{name}` counts with `billing_mode: PROVISIONED` only"
            yield (name,), "MF1106", message, f"remove `{name}`"
    if billing == "PROVISIONED" and any(resource.spec.get(name) is None for name in names):
        message = "the reserved capacity is not said: a new table starts with 5 units each for reads and writes"
        yield ("billing_mode",), "MF2104", message, "write `read_capacity` and `write_capacity`"


def _short(resource: Resource) -> str:
    return str(resource.spec.get("service")).rpartition(f".{resource.scope.region}.")[2]


def _endpoint_type(resource: Resource) -> str:
    """`Gateway` or `Interface`; an S3 gateway and an S3 interface may stand in one VPC."""
    said = resource.spec.get("type")
    if said in ("Gateway", "Interface"):
        return str(said)
    return "Gateway" if _short(resource) in GATEWAY_SERVICES else "Interface"


def _endpoint(resource: Resource, _environment: Environment) -> Iterator[Finding]:
    spec = resource.spec
    service = spec.get("service")
    gateway = _endpoint_type(resource) == "Gateway"
    if gateway and isinstance(service, str) and _short(resource) not in GATEWAY_SERVICES:
        hint = "write `type: Interface`"
        yield ("type",), "MF1107", f"only `s3` and `dynamodb` have a Gateway, and not `{shown(service)}`", hint
    for name in ("subnets", "security_groups") if gateway else ("route_tables",):
        if spec.get(name):
            message = f"{'a Gateway' if gateway else 'an Interface'} endpoint has no `{name}`"
            hint = f"remove it, or write `type: {'Interface' if gateway else 'Gateway'}`"
            yield (name,), "MF1107", message, hint
    if not gateway and spec.get("subnets") == []:
        hint = "write `subnets`: one for each availability zone that jobs run in"
        yield (), "MF1107", "an Interface endpoint without subnets cannot be reached", hint
    if not gateway and _short(resource) == "dynamodb" and spec.get("private_dns"):
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
        message = "AWS documents no private name for DynamoDB's Interface endpoint, and would refuse this"
        hint = "write `private_dns: false` and give clients the endpoint's own URL, or use a Gateway"
        yield ("private_dns",), "MF2109", message, hint


RULES: Mapping[str, tuple[Callable[[Resource, Environment], Iterator[Finding]], ...]] = {
    "bucket": (lint_bucket.encryption, lint_bucket.lifecycle),
    "compute_environment": (_fargate, _vcpus, _best_fit, _update_policy, lint_launch_template.moving_version),
    "endpoint": (_endpoint,),
    "job_queue": (_families, lint_queue.time_limits),
    "launch_template": (lint_launch_template.script,),
    "scheduling_policy": (lint_queue.shares,),
    "table": (_billing,),
}
