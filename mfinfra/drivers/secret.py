"""Secrets of Secrets Manager, never their values: those stay out of files and plans, and whoever has one puts it there.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import schemas
from mfinfra.drivers._keys import key_arn
from mfinfra.drivers._parts import Change, Part, Tagging
from mfinfra.drivers._recoverable import STATUS, Recoverable
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.model import Call, Document, Effects, Observed, Resource, Sends, Spec

MISSING = ("ResourceNotFoundException",)
SERVICE = "secretsmanager"
AVAILABLE, SCHEDULED = "available", "scheduled for deletion"
SENDS = Sends(
    reads=("secretsmanager:DescribeSecret",),
    makes=("secretsmanager:CreateSecret",),
    changes=("secretsmanager:RestoreSecret", "secretsmanager:TagResource", "secretsmanager:UpdateSecret"),
    deletes=("secretsmanager:DeleteSecret",),
    forgets=("secretsmanager:UntagResource",),
    # AWS invents the ending. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html
    on=("arn:${partition}:secretsmanager:${region}:${account}:secret:${self.name}-??????",),
)


def on(resource: Resource, **more: Any) -> dict[str, Any]:
    """The parameters of a call on the secret: a name is safe where it is exact, and ours are.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
    """
    return {"SecretId": resource.spec["name"], **more}


def read(resource: Resource) -> Call:
    return Call(SERVICE, "DescribeSecret", on(resource), absent=MISSING)


def parse(answer: Document, resource: Resource) -> Observed | None:
    name, deleted = answer["Name"], answer.get("DeletedDate")
    if name != resource.spec["name"] or (deleted and resource.leftover):
        return None
    spec = {
        "name": name,
        "description": answer.get("Description", ""),
        "key": key_arn(answer.get("KmsKeyId") or "", resource.scope, SERVICE),
    }
    facts = {STATUS: SCHEDULED if deleted else AVAILABLE, "name": name}
    outputs = {"arn": answer["ARN"], "name": name}
    return Observed(spec, outputs, tag_map(answer.get("Tags")), answer["ARN"], scheduled=bool(deleted), facts=facts)


def create(resource: Resource, want: Spec) -> Effects:
    params: dict[str, Any] = {"Name": want["name"], "Tags": tag_list(resource.tags)}
    if want["description"]:
        params["Description"] = want["description"]
    if want["key"]:
        params["KmsKeyId"] = want["key"]
    return (Call(SERVICE, "CreateSecret", params, yields={"arn": "ARN"}),)


def write(change: Change) -> Effects:
    """An empty key is the one that AWS manages, an empty description none.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html
    """
    members = {"description": "Description", "key": "KmsKeyId"}
    params = {member: change.want[name] for name, member in members.items() if name in change.fields}
    return (Call(SERVICE, "UpdateSecret", on(change.resource, **params)),)


def revive(observed: Observed) -> Effects:
    restore = Call(SERVICE, "RestoreSecret", {"SecretId": observed.facts["name"]})
    return (restore,) if observed.facts[STATUS] == SCHEDULED else ()


def regained(observed: Observed) -> str:
    return "Secrets Manager would delete it, and keeps its name and its value until then: its deletion is cancelled"


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    return (Call(SERVICE, "TagResource", on(resource, Tags=tag_list(tags))),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call(SERVICE, "UntagResource", on(resource, TagKeys=sorted(tags))),)


def delete(resource: Resource, observed: Observed) -> Effects:
    """Have it deleted after the days that the file says; nobody can read it in between."""
    days = resource.spec.get("recovery_days") or schemas.traits("secret").defaults["recovery_days"]
    params = on(resource, RecoveryWindowInDays=days)
    fine = ("InvalidRequestException: marked deleted", "InvalidRequestException: marked for deletion")
    return (Call(SERVICE, "DeleteSecret", params, absent=MISSING, fine=fine),)


DRIVER = Recoverable(
    kind="secret",
    sends=SENDS,
    arn=r"arn:[^:]+:secretsmanager:[^:]*:\d{12}:secret:(?P<name>.+)-[A-Za-z0-9]{6}",
    read=read,
    parse=parse,
    parts=(Part(("name",)), Part(("description", "key"), write=write)),
    tagging=Tagging(put=put_tags, take=take_tags),
    create=create,
    born=lambda resource, want: want,
    delete=delete,
    usable=AVAILABLE,
    revive=revive,
    regained=regained,
    local=("recovery_days",),
)
