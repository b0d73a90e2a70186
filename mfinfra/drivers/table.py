"""DynamoDB tables; for Metaflow, what a foreach of Step Functions passes its splits through.

A table is busy for seconds after every change, and refuses the next one until it is ACTIVE again. Time to live and
backups are set by calls of their own.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra import schemas
from mfinfra.drivers import _table_facets as facets
from mfinfra.drivers._declared import Kind
from mfinfra.drivers._parts import Part, Tagging
from mfinfra.drivers._table_facets import MISSING, active, table_arn
from mfinfra.drivers._tags import tag_list, tag_map
from mfinfra.errors import UserError
from mfinfra.model import Call, Document, Effects, Observed, Resource, Sends, Settle, Spec

BUSY = ("CREATING", "UPDATING")
SICK = {
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": "the table cannot use its KMS key: enable the key and let DynamoDB use it",
    "ARCHIVING": "DynamoDB is archiving the table, because its KMS key has been out of reach for a week",
    "ARCHIVED": "DynamoDB has archived the table, because its KMS key was out of reach for a week",
    "REPLICATION_NOT_AUTHORIZED": "the table may not write to its replicas",
}


def read(resource: Resource) -> Call:
    return Call("dynamodb", "DescribeTable", {"TableName": resource.spec["name"]}, absent=MISSING)


def parse(answer: Document, resource: Resource) -> Observed:
    table = answer["Table"]
    keys = {row["KeyType"]: row["AttributeName"] for row in table["KeySchema"]}
    status = table.get("TableStatus", "ACTIVE")
    spec = {
        "name": table["TableName"],
        "hash_key": keys["HASH"],
        "range_key": keys.get("RANGE", ""),
        # Attributes that only an index uses are not among ours.
        "attributes": {
            row["AttributeName"]: row["AttributeType"]
            for row in table["AttributeDefinitions"]
            if row["AttributeName"] in keys.values()
        },
        **facets.capacity(table),
        "encryption_key": facets.encryption_key(table),
        "deletion_protection": table.get("DeletionProtectionEnabled", False),
    }
    arn = table_arn(resource)
    return Observed(
        spec,
        {"arn": arn, "name": table["TableName"]},
        {},
        arn,
        settled=status not in BUSY,
        leaving=status == "DELETING",
        warnings=(SICK[status],) if status in SICK else (),
    )


def desired(resource: Resource) -> Spec:
    """The file's spec, with the type of every key; capacity is a matter of provisioned tables alone."""
    spec = dict(resource.spec)
    if spec.get("billing_mode") == "PAY_PER_REQUEST":
        spec["read_capacity"] = spec["write_capacity"] = None
    keys = [spec.get("hash_key"), spec.get("range_key")]
    types = spec.get("attributes")
    if types is None or None in keys:
        return {**spec, "attributes": None}
    strange = sorted(set(types) - set(keys))
    if strange:
        named = ", ".join(f"`{name}`" for name in strange)
        raise UserError(
            f"{resource.address}: {named} in `attributes` is no key of the table",
            hint="DynamoDB wants the types of `hash_key` and `range_key` only; other attributes need no declaration",
        )
    return {**spec, "attributes": {key: types.get(key, "S") for key in keys if key}}


def create(resource: Resource, want: Spec) -> Effects:
    hash_key = want["hash_key"] or schemas.traits("table").defaults["hash_key"]
    keys = {hash_key: "HASH", **({want["range_key"]: "RANGE"} if want["range_key"] else {})}
    types = want["attributes"] or {}
    mode = want["billing_mode"] or schemas.traits("table").defaults["billing_mode"]
    params: dict[str, Any] = {
        "TableName": want["name"],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": types.get(name, "S")} for name in keys],
        "BillingMode": mode,
        "Tags": tag_list(resource.tags),
    }
    if mode == "PROVISIONED":
        params["ProvisionedThroughput"] = facets.throughput(want)
    if want["encryption_key"]:
        params["SSESpecification"] = facets.encryption(want["encryption_key"])
    if want["deletion_protection"] is not None:
        params["DeletionProtectionEnabled"] = want["deletion_protection"]
    return Call("dynamodb", "CreateTable", params), active(resource, "DynamoDB is making the table")


def born(resource: Resource, want: Spec) -> Spec:
    return {**want, "ttl_attribute": "", "point_in_time_recovery": False}


def put_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], every: Mapping[str, str]) -> Effects:
    return (Call("dynamodb", "TagResource", {"ResourceArn": table_arn(resource), "Tags": tag_list(tags)}),)


def take_tags(resource: Resource, observed: Observed, tags: Mapping[str, str], rest: Mapping[str, str]) -> Effects:
    return (Call("dynamodb", "UntagResource", {"ResourceArn": table_arn(resource), "TagKeys": sorted(tags)}),)


def ready(resource: Resource) -> Effects:
    return (active(resource, "DynamoDB is changing the table"),)


def gone(resource: Resource) -> Effects:
    return (
        Settle(
            read(resource),
            "Table.TableStatus",
            "DynamoDB is deleting the table",
            gone=True,
            timeout=600.0,
            interval=3.0,
        ),
    )


def delete(resource: Resource, observed: Observed) -> Effects:
    """Delete it: deletion protection, which guards against other hands, is switched off when the plan says delete."""
    return (
        *(() if observed.settled else ready(resource)),
        *(facets.protection(resource, on=False) if observed.spec["deletion_protection"] else ()),
        Call("dynamodb", "DeleteTable", {"TableName": resource.spec["name"]}, absent=MISSING),
        *gone(resource),
    )


SENDS = Sends(
    reads=(
        "dynamodb:DescribeTable",
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTagsOfResource",
    ),
    makes=("dynamodb:CreateTable",),
    changes=(
        "dynamodb:TagResource",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
    ),
    deletes=("dynamodb:UpdateTable", "dynamodb:DeleteTable"),
    forgets=("dynamodb:UntagResource",),
)

DRIVER = Kind(
    kind="table",
    sends=SENDS,
    arn=r"arn:[^:]+:dynamodb:[^:]*:\d{12}:table/(?P<name>[^/:]+)",
    read=read,
    parse=parse,
    desired=desired,
    parts=(
        Part(("name", "hash_key", "range_key", "attributes")),
        Part(("deletion_protection",), write=facets.write_protection),
        Part(("billing_mode", "read_capacity", "write_capacity"), write=facets.write_capacity),
        Part(("encryption_key",), write=facets.write_encryption),
        Part(("ttl_attribute",), write=facets.write_ttl, read=facets.read_ttl, parse=facets.parse_ttl),
        Part(
            ("point_in_time_recovery",),
            write=facets.write_backups,
            read=facets.read_backups,
            parse=facets.parse_backups,
        ),
    ),
    tagging=Tagging(
        put=put_tags,
        take=take_tags,
        read=lambda resource: Call(
            "dynamodb", "ListTagsOfResource", {"ResourceArn": table_arn(resource)}, absent=MISSING, paginate=True
        ),
        parse=lambda answer: tag_map((answer or {}).get("Tags")),
    ),
    create=create,
    born=born,
    delete=delete,
    ready=ready,
    gone=gone,
    because=facets.because,
    postpones=facets.postpones,
)
