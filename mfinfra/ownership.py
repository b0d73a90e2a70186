"""Who owns a resource, read off its tags.

Ours are three tags: the environment's name, the address in its file, and the owner: a hash of account, region and
environment name, derived and never chosen, so that a copied tag does not make a stranger's resource ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mfinfra.model import Address, Observed, Scope
from mfinfra.stacks import NAME, TAGS

ENVIRONMENT = "mfinfra:environment"
ADDRESS = "mfinfra:address"
OWNER = "mfinfra:owner"
KEYS = (ENVIRONMENT, ADDRESS, OWNER)

OTHER_TOOLS: Mapping[str, str] = {
    # Tags that other tools put on what they own, by prefix of the key, and the tool's name.
    TAGS: "CloudFormation",
    "aws:servicecatalog:": "Service Catalog",
    "pulumi:": "Pulumi",
    "crossplane-": "Crossplane",
    "services.k8s.aws/": "AWS Controllers for Kubernetes",
    "kubernetes.io/cluster/": "Kubernetes",
    "elasticbeanstalk:": "Elastic Beanstalk",
}
# AWS itself writes these, nobody can copy or drop them: they hold even beside ours
RESERVED = (TAGS, "aws:servicecatalog:")
MANAGED_BY = frozenset(
    {"managedby", "managed-by", "managed_by", "provisioner", "createdby", "created-by", "created_by"}
)
TOOL_NAMES = ("terraform", "opentofu", "pulumi", "cloudformation", "cdk", "ansible", "crossplane", "terragrunt")


class Standing(StrEnum):
    """What a resource is to us."""

    OURS = "ours"
    NOBODYS = "nobody's"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Ownership:
    """`owner` names a foreign owner in words; `address` is where our file has it, or had it.

    `stack` is the name of the CloudFormation stack where that is the owner.
    """

    standing: Standing
    owner: str = ""
    address: Address | None = None
    stack: str = ""


def owner_hash(scope: Scope) -> str:
    """Sixteen hexadecimal digits, derived from account, region and environment name."""
    return hashlib.sha256(f"{scope.account}/{scope.region}/{scope.environment}".encode()).hexdigest()[:16]


def tags(scope: Scope, address: Address) -> dict[str, str]:
    """The three tags that make the resource at `address` ours."""
    return {ENVIRONMENT: scope.environment, ADDRESS: str(address), OWNER: owner_hash(scope)}


def of(observed: Observed, scope: Scope) -> Ownership:
    """Who owns what was observed, seen from `scope`; the tags of a stack that has let go of it say nothing."""
    tags = observed.tags
    if observed.released:
        tags = {key: value for key, value in tags.items() if not key.startswith(TAGS)}
    return read(tags, scope)


def read(found: Mapping[str, str], scope: Scope) -> Ownership:
    """Who owns a resource with these tags, seen from `scope`."""
    if not any(key.startswith(RESERVED) for key in found) and (ENVIRONMENT in found or OWNER in found):
        return _by_our_tags(found, scope)
    if tool := _other_tool(found):
        return Ownership(Standing.FOREIGN, tool, stack=found.get(NAME, ""))
    return Ownership(Standing.NOBODYS)


def _by_our_tags(found: Mapping[str, str], scope: Scope) -> Ownership:
    name = found.get(ENVIRONMENT, "")
    if (name, found.get(OWNER)) != (scope.environment, owner_hash(scope)):
        where = "" if name != scope.environment else " of another account or region, or with a copied tag"
        return Ownership(Standing.FOREIGN, f"the mfinfra environment `{name}`{where}")
    try:
        address = Address.parse(found.get(ADDRESS, ""))
    except ValueError:
        return Ownership(Standing.NOBODYS)
    return Ownership(Standing.OURS, address=address)


def _other_tool(found: Mapping[str, str]) -> str:
    if NAME in found:
        return f"the CloudFormation stack `{found[NAME]}`"
    for key, value in sorted(found.items()):
        for prefix, tool in OTHER_TOOLS.items():
            if key.startswith(prefix):
                return f"{tool} (tag `{key}`)"
        if key.lower() in MANAGED_BY and any(tool in value.lower() for tool in TOOL_NAMES):
            return f"another tool (tag `{key}` = `{value}`)"
        if key.lower() in TOOL_NAMES:
            return f"another tool (tag `{key}`)"
    return ""
