"""KMS keys: symmetric ones, made by KMS, of one region. A key has no name; its alias is what it goes by.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import policy, schemas
from mfinfra.drivers import _key_policy as policies
from mfinfra.drivers._key_search import MISSING, PENDING, describe, read_tags, seek, tags_of
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.drivers._recoverable import STATUS, Sought
from mfinfra.drivers._tags import tag_list
from mfinfra.drivers._text import json_text
from mfinfra.errors import UserError
from mfinfra.model import Call, Document, Effects, Observed, Resource, Sends, Spec

ENABLED, DISABLED = "Enabled", "Disabled"
ALIASES = "aliases"
ONLY_POLICY = "default"
# What the metadata of a key says that this kind stands for; what is not said is the first of each.
SORT = {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}

SENDS = Sends(
    reads=(
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListAliases",
        "kms:ListKeys",
        "kms:ListResourceTags",
        "resourcegroupstaggingapi:GetResources",
    ),
    makes=("kms:CreateKey",),
    changes=(
        "kms:CancelKeyDeletion",
        "kms:CreateAlias",
        "kms:DeleteAlias",
        "kms:DisableKeyRotation",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:TagResource",
        "kms:UpdateKeyDescription",
    ),
    deletes=("kms:DeleteAlias", "kms:ScheduleKeyDeletion"),
    forgets=("kms:UntagResource",),
    on=("arn:${partition}:kms:${region}:${account}:key/*",),
    tagged=True,
    # An alias has no tags, and these two reach it as well as its key. Which one a key had before, no file tells.
    # https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
    beside={
        "kms:CreateAlias": ("arn:${partition}:kms:${region}:${account}:${self.alias}",),
        "kms:DeleteAlias": ("arn:${partition}:kms:${region}:${account}:alias/*",),
    },
)


def read(resource: Resource) -> Call:
    return describe(resource.spec["id"])


def parse(answer: Document, resource: Resource) -> Observed | None:
    row = answer["KeyMetadata"]
    state, pending = row.get("KeyState", ENABLED), row.get("KeyState") == PENDING
    if resource.leftover and pending:
        return None
    if not resource.leftover:
        check_sort(row, resource)
    number, arn = row["KeyId"], row["Arn"]
    outputs = {"id": number, "arn": arn, "alias": resource.spec["alias"]}
    unusable = state not in (ENABLED, DISABLED, PENDING)
    return Observed(
        {"description": row.get("Description", "")},
        outputs,
        {},
        arn,
        scheduled=pending,
        facts={STATUS: state, "id": number, "deletion": str(row.get("DeletionDate", ""))},
        warnings=(f"the key cannot be used: its state is `{state}`",) if unusable else (),
    )


def check_sort(row: Document, resource: Resource) -> None:
    """Raise `UserError` for a key of a sort that this kind does not stand for: none of them becomes another."""
    other = [f"`{name}` is `{row[name]}`" for name, usual in SORT.items() if row.get(name) not in (None, usual)]
    other += ["it is a multi-region key"] if row.get("MultiRegion") else []
    if other:
        raise UserError(
            f"{resource.address}: the key `{row['KeyId']}` under `{resource.spec['alias']}` is of another sort: "
            + ", ".join(other),
            hint="a `key` is a symmetric one of this region, made by KMS; give it another `alias`, "
            "or leave it out of the file and refer to that key by its ARN",
            code="MF3151",
        )


def parse_aliases(answer: Document | None, resource: Resource) -> Spec:
    """The wished alias where the key has it, else one that it has; as a fact all of them."""
    names = sorted(row["AliasName"] for row in (answer or {}).get("Aliases", ()))
    wished = resource.spec["alias"]
    return {"alias": wished if wished in names else "".join(names[:1]), ALIASES: names}


def write_alias(change: Change) -> Effects:
    """Move to the new alias. The old one goes first: killed in between, the key is found by its tags.

    Where it has several aliases, nothing says which of them was ours: they stay.
    """
    old = change.fact(ALIASES) or []
    made = Call("kms", "CreateAlias", {"AliasName": change.want["alias"], "TargetKeyId": change.output("id")})
    return (*(drop(name) for name in old if len(old) == 1), made)


def drop(alias: str) -> Call:
    return Call("kms", "DeleteAlias", {"AliasName": alias}, absent=MISSING)


def write_description(change: Change) -> Effects:
    params = {"KeyId": change.output("id"), "Description": change.want["description"]}
    return (Call("kms", "UpdateKeyDescription", params),)


def parse_policy(answer: Document | None, resource: Resource) -> Spec:
    return {"policy": policy.parse((answer or {}).get("Policy"))}


def write_policy(change: Change) -> Effects:
    text = json_text(change.want["policy"])
    params = {"KeyId": change.output("id"), "PolicyName": ONLY_POLICY, "Policy": text}
    return (Call("kms", "PutKeyPolicy", params),)


def parse_rotation(answer: Document | None, resource: Resource) -> Spec:
    return {"rotation": (answer or {}).get("KeyRotationEnabled", False)}


def write_rotation(change: Change) -> Effects:
    verb = "Enable" if change.want["rotation"] else "Disable"
    return (Call("kms", f"{verb}KeyRotation", {"KeyId": change.output("id")}),)


def desired(resource: Resource) -> Spec:
    written = resource.spec["policy"]
    return {**resource.spec, "policy": None if written is None else policies.whole(written, resource.scope)}


def create(resource: Resource, want: Spec) -> Effects:
    params: dict[str, Any] = {"Tags": tag_list(resource.tags, "TagKey", "TagValue")}
    if want["description"]:
        params["Description"] = want["description"]
    if want["policy"]:
        params["Policy"] = json_text(want["policy"])
    yields = {"id": "KeyMetadata.KeyId", "arn": "KeyMetadata.Arn"}
    return (Call("kms", "CreateKey", params, yields=yields, once=True),)


def born(resource: Resource, want: Spec) -> Spec:
    return {**want, "alias": "", "rotation": False}


def revive(observed: Observed) -> Effects:
    """Take it back and switch it on: a key whose deletion was cancelled is disabled.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
    """
    key, state = {"KeyId": observed.facts["id"]}, observed.facts[STATUS]
    cancelled = (Call("kms", "CancelKeyDeletion", key),) if state == PENDING else ()
    return (*cancelled, Call("kms", "EnableKey", key)) if state in (PENDING, DISABLED) else ()


def regained(observed: Observed) -> str:
    if observed.facts[STATUS] == DISABLED:
        return "somebody has disabled it: nothing that it encrypts can be read or written"
    on = f" on {observed.facts['deletion'][:10]}" if observed.facts["deletion"] else ""
    return f"KMS would delete it{on}, and no other key can read what it has encrypted: its deletion is cancelled"


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    params = {"KeyId": observed.facts["id"], "Tags": tag_list(tags, "TagKey", "TagValue")}
    return (Call("kms", "TagResource", params),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("kms", "UntagResource", {"KeyId": observed.facts["id"], "TagKeys": sorted(tags)}),)


def delete(resource: Resource, observed: Observed) -> Effects:
    """Have it deleted after the days that the file says, without its aliases: they may name another key at once."""
    days = resource.spec.get("deletion_days") or schemas.traits("key").defaults["deletion_days"]
    params = {"KeyId": observed.facts["id"], "PendingWindowInDays": days}
    fine = ("KMSInvalidStateException: pending deletion",)
    aliases = (drop(name) for name in observed.facts.get(ALIASES, ()))
    return (*aliases, Call("kms", "ScheduleKeyDeletion", params, absent=MISSING, fine=fine))


def by_id(operation: str, **more: Any) -> Any:
    """A question about the key by its id."""
    return lambda resource: Call("kms", operation, {"KeyId": resource.spec["id"], **more}, absent=MISSING)


DRIVER = Sought(
    kind="key",
    sends=SENDS,
    arn=r"arn:[^:]+:kms:[^:]*:\d{12}:key/(?P<id>.+)",
    seek=seek,
    read=read,
    parse=parse,
    desired=desired,
    serve=policies.serving,
    keep=policies.keep,
    parts=(
        Part(
            ("alias",),
            write=write_alias,
            read=lambda resource: Call(
                "kms", "ListAliases", {"KeyId": resource.spec["id"]}, absent=MISSING, paginate=True
            ),
            parse=parse_aliases,
        ),
        Part(("description",), write=write_description),
        Part(
            ("policy",),
            write=write_policy,
            read=by_id("GetKeyPolicy", PolicyName=ONLY_POLICY),
            parse=parse_policy,
        ),
        Part(("rotation",), write=write_rotation, read=by_id("GetKeyRotationStatus"), parse=parse_rotation),
    ),
    tagging=Tagging(put=put_tags, take=take_tags, read=lambda resource: tags_of(resource.spec["id"]), parse=read_tags),
    create=create,
    born=born,
    delete=delete,
    usable=ENABLED,
    revive=revive,
    regained=regained,
    local=("deletion_days",),
)
