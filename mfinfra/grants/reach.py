"""What one IAM action of a resource's driver reaches: ARNs, and the condition that keeps it to what is ours.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mfinfra import catalogue, ownership, permissions, schemas
from mfinfra.grants.grant import Grant, Test
from mfinfra.metaflow.arns import service
from mfinfra.model import Address, Environment, Ref, Resource, Template

# AWS compares these with `*` only.
EVERYWHERE: Final = re.compile(
    r"batch:(Describe|List)\w+|ec2:Describe\w+|ecs:ListTasks"
    r"|iam:(GetAccountAuthorizationDetails|ListInstanceProfiles|ListRoles)"
    r"|logs:DescribeLogGroups|tag:GetResources|route53:AssociateVPCWithHostedZone"
    r"|kms:(CreateKey|List\w+)|secretsmanager:(ListSecrets|BatchGetSecretValue)"
)
IDS: Final[Mapping[str, str]] = {
    "vpc-": "vpc",
    "subnet-": "subnet",
    "rtb-": "route-table",
    "sg-": "security-group",
}
"""How an id of EC2 begins, and what stands before it in an ARN."""
TAGGING: Final = frozenset({"ec2:CreateTags", "kms:TagResource"})
LINKED: Final = "aws-service-role"
_FIELD: Final = re.compile(r"\$\{self\.(\w+)\}")


def grants(resource: Resource, action: str, environment: Environment, *, makes: bool = False) -> Iterator[Grant]:
    """The grants of one action that the driver of `resource` needs; `makes`: in the call that creates it."""
    if not used(resource, action):
        return
    cause = resource.kind.title().replace("_", "")
    if action == "iam:PassRole":
        yield from _passed(resource, environment)
    elif action == "iam:CreateServiceLinkedRole":
        principal = "batch.amazonaws.com"
        arn = resource.scope.arn("iam", f"role/{LINKED}/{principal}/*", region="")
        yield Grant("MakeBatchsOwnRole", action, (arn,), (("StringEquals", "iam:AWSServiceName", (principal,)),))
    elif action.startswith("kms:") and resource.kind != "key":
        yield from (Grant("UseKeys", action, *_key(key, resource)) for key in _keys(resource))
    else:
        reached = _on(resource, action)
        cause = "NoNarrowerResource" if reached == ("*",) else cause
        yield from (Grant(cause, action, reached, tests) for tests in _tests(resource, action, makes=makes))
        beside = catalogue.driver(resource.kind).sends.beside.get(action, ())
        if taken := tuple(arn for field in beside for arn in _taken(resource, field, environment)):
            yield Grant(f"{cause}With", action, taken)


def used(resource: Resource, action: str) -> bool:
    """Whether an action is of any use to the resource, as its file has it."""
    needs = catalogue.driver(resource.kind).sends.only.get(action)
    return needs is None or bool(resource.spec.get(needs))


def own(resource: Resource) -> tuple[str, ...]:
    """The ARNs that `resource` has, or may have: `*` stands where AWS invents a part."""
    sends = catalogue.driver(resource.kind).sends
    templates = sends.on or (schemas.traits(resource.kind).attributes["arn"]["value"],)
    return tuple(_filled(template, resource) for template in templates)


def reads(action: str) -> bool:
    """Whether an action only looks."""
    return action.partition(":")[2].startswith(("Describe", "Get", "List", "Head"))


def _on(resource: Resource, action: str) -> tuple[str, ...]:
    if EVERYWHERE.fullmatch(action):
        return ("*",)
    elsewhere = catalogue.driver(resource.kind).sends.elsewhere.get(action)
    return tuple(_filled(arn, resource) for arn in elsewhere) if elsewhere else own(resource)


def _tests(resource: Resource, action: str, *, makes: bool) -> tuple[tuple[Test, ...], ...]:
    """What has to hold for the action: one of these, in all its tests."""
    sends = catalogue.driver(resource.kind).sends
    key, names = ownership.ENVIRONMENT, (resource.scope.environment,)
    if action == "iam:AttachRolePolicy":
        attached = tuple(map(str, resource.spec["managed_policies"] or ()))
        return ((("ArnEquals", "iam:PolicyARN", attached),) if attached else (),)
    whole = EVERYWHERE.fullmatch(action) and action != "kms:CreateKey"
    if not sends.tagged or whole or reads(action) or action in sends.elsewhere:
        return ((),)
    asked, there = f"aws:RequestTag/{key}", f"aws:ResourceTag/{key}"
    if action in TAGGING:
        # What is made or adopted is given our tag and has no other; what is ours keeps it, whatever else it is given.
        return (
            (("StringEquals", asked, names), ("StringEqualsIfExists", there, names)),
            (("StringEquals", there, names), ("StringEqualsIfExists", asked, names)),
        )
    if makes:
        return ((("StringEquals", asked, names),),)
    # What is adopted is changed before it carries our tag, and is deleted by no adoption.
    nobodys = resource.adopt and action in map(action_of, sends.changes)
    return ((("StringEqualsIfExists" if nobodys else "StringEquals", there, names),),)


def action_of(operation: str) -> str:
    """The IAM action of an operation as the drivers write it: `service:Operation`."""
    service, _, name = operation.partition(":")
    return permissions.action_of(service, name)


def _filled(template: str, resource: Resource) -> str:
    scope = resource.scope
    facts = {"partition": scope.partition, "region": scope.region, "account": scope.account}
    for name, value in facts.items():
        template = template.replace(f"${{{name}}}", value)

    def said(found: re.Match[str]) -> str:
        value = resource.spec.get(found[1])
        return value if isinstance(value, str) else "*"

    return _FIELD.sub(said, template)


def _taken(resource: Resource, field: str, environment: Environment) -> Iterator[str]:
    """The ARNs of what stands in a field: an address, an id, a name or an ARN; or `field` itself, if it is one."""
    if field.startswith("arn:"):
        yield _filled(field, resource)
        return
    value = resource.spec.get(field)
    refers = {path[0]: kinds for path, kinds in schemas.traits(resource.kind).refers_to.items()}
    for item in value if isinstance(value, list) else [value] if value else []:
        yield from _meant(item, resource, next(iter(refers.get(field, ())), None), environment)


def _meant(item: Any, resource: Resource, kind: str | None, environment: Environment) -> Iterator[str]:
    refs = [part for part in item.parts if isinstance(part, Ref)] if isinstance(item, Template) else [item]
    for ref in refs:
        if isinstance(ref, Ref):
            found = _resource(ref.address, environment)
            yield from own(found) if found else ()
        elif isinstance(ref, str) and ref.startswith("arn:"):
            yield ref
        elif isinstance(ref, str) and (prefix := f"{ref.partition('-')[0]}-") in IDS:
            yield resource.scope.arn("ec2", f"{IDS[prefix]}/{ref}")
        elif isinstance(ref, str) and kind:
            yield from own(Resource(Address(kind, ref), {"name": ref}, resource.scope))


def _resource(address: Address, environment: Environment) -> Resource | None:
    return environment.resources.get(address) or environment.disabled.get(address)


def _passed(resource: Resource, environment: Environment) -> Iterator[Grant]:
    """Hand a role over: to EC2 through an instance profile, or to Batch and what works for it."""
    scope = resource.scope
    if resource.kind == "role":
        principals: tuple[str, ...] = (service("ec2", scope),)
        arns = set(own(resource))
    else:
        principals = (service("batch", scope), service("ec2", scope), service("spotfleet", scope))
        fields = ("instance_role", "service_role", "spot_fleet_role")
        arns = {_role(resource.spec[field], resource, environment) for field in fields if resource.spec.get(field)}
    if arns:
        yield Grant("PassRoles", "iam:PassRole", tuple(arns), (("StringEquals", "iam:PassedToService", principals),))


def _role(value: Any, resource: Resource, environment: Environment) -> str:
    """The ARN of the role that a field means. Of an instance profile nobody says which role is in it."""
    for address, other in environment.resources.items():
        known = (other.spec.get("name"), *(own(other) if address.kind == "role" else ()))
        profile = resource.scope.arn("iam", f"instance-profile/{other.spec.get('name')}", region="")
        if address.kind == "role" and (value in (*known, profile) or getattr(value, "address", None) == address):
            return own(other)[0]
    text = str(value)
    return text if ":role/" in text else resource.scope.arn("iam", "role/*", region="")


def _keys(resource: Resource) -> Iterator[str | Ref]:
    values = [resource.spec.get(name) for name in ("key", "encryption_key")]
    encryption = resource.spec.get("encryption")
    values += [encryption.get("key")] if isinstance(encryption, Mapping) else []
    for value in values:
        if value and "alias/aws/" not in str(value):
            yield value


def _key(key: str | Ref, resource: Resource) -> tuple[tuple[str, ...], tuple[Test, ...]]:
    """A policy cannot name a key by its alias: that takes a condition on the keys of the account.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    scope, text = resource.scope, str(key)
    every = (scope.arn("kms", "key/*"),)
    if isinstance(key, Ref):
        return every, (("StringEquals", f"aws:ResourceTag/{ownership.ENVIRONMENT}", (scope.environment,)),)
    if "alias/" in text:
        return every, (("ForAnyValue:StringEquals", "kms:ResourceAliases", ("alias/" + text.partition("alias/")[2],)),)
    return (text if text.startswith("arn:") else scope.arn("kms", f"key/{text}"),), ()
