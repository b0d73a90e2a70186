"""Who else has what was found, and how they let go of it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping

from mfinfra.importing.walk import Found
from mfinfra.model import Address, Scope
from mfinfra.ownership import MANAGED_BY, OTHER_TOOLS, TOOL_NAMES, Standing

RESERVED = "aws:"


def handover(found: Mapping[Address, Found], scope: Scope, told: Collection[str] = ()) -> tuple[str, ...]:
    """The steps that have to be done first, for each owner: in its own tool, then its tags.

    Of the stacks `told` the steps are known already.
    """
    owners: dict[str, list[Address]] = {}
    for address, one in found.items():
        if one.owner.standing is Standing.FOREIGN and one.owner.stack not in told:
            owners.setdefault(one.owner.owner, []).append(address)
    return tuple(step for owner, addresses in owners.items() for step in _steps(owner, addresses, found, scope))


def _steps(owner: str, addresses: list[Address], found: Mapping[Address, Found], scope: Scope) -> Iterator[str]:
    named = ", ".join(f"`{address}`" for address in addresses)
    stack = next((found[address].owner.stack for address in addresses if found[address].owner.stack), "")
    if stack:
        steps = f"`mfinfra import - --from-cloudformation {shlex.quote(stack)}` prints the steps to hand over"
        yield f"{owner} still holds {named}: {steps}"
        return
    yield f"{owner} has {named}: have it let go of each without deleting it (Terraform: `terraform state rm ADDRESS`)"
    if bare := [f"`{address}`" for address, one in found.items() if one.owner.standing is Standing.NOBODYS]:
        yield f"where it made {', '.join(bare)} too, without its tag, have it let go of that as well"
    yield from _untag({address: found[address] for address in addresses}, scope)


def _untag(found: Mapping[Address, Found], scope: Scope) -> Iterator[str]:
    """The commands that take the owner's tags off."""
    by_keys: dict[tuple[str, ...], list[str]] = {}
    for one in found.values():
        keys = tuple(sorted(_keys(one.observed.tags)))
        if not keys:
            continue
        if one.kind == "role":
            name = shlex.quote(str(one.observed.spec["name"]))
            yield f"then `aws iam untag-role --role-name {name} --tag-keys {_quoted(keys)}`"
        else:
            by_keys.setdefault(keys, []).append(_arn(one, scope))
    for keys, arns in by_keys.items():
        yield (
            f"then `aws resourcegroupstaggingapi untag-resources --region {scope.region} "
            f"--resource-arn-list {_quoted(arns)} --tag-keys {_quoted(keys)}`"
        )


def _keys(tags: Mapping[str, str]) -> Iterator[str]:
    """The tags by which a resource is somebody's."""
    for key, value in tags.items():
        low = key.lower()
        managed = low in MANAGED_BY and any(tool in value.lower() for tool in TOOL_NAMES)
        if not key.startswith(RESERVED) and (managed or low in TOOL_NAMES or key.startswith(tuple(OTHER_TOOLS))):
            yield key


def _arn(one: Found, scope: Scope) -> str:
    """The ARN, which the tagging service goes by; of what goes by an id it is put together."""
    arn = one.observed.outputs.get("arn") or one.observed.physical_id
    if arn.startswith("arn:"):
        return arn
    names = {"security_group": "security-group", "endpoint": "vpc-endpoint", "launch_template": "launch-template"}
    return scope.arn("ec2", f"{names[one.kind]}/{arn}")


def _quoted(texts: Iterable[str]) -> str:
    return " ".join(map(shlex.quote, texts))
