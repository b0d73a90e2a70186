"""What of a DynamoDB table can change, each with a call of its own: AWS takes one kind of change at a time.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfinfra.drivers._parts import Change
from mfinfra.model import Call, Document, Effects, Resource, Settle, Spec

MISSING = ("ResourceNotFoundException",)
FAILED = (
    "DELETING",
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
    "ARCHIVING",
    "ARCHIVED",
    "REPLICATION_NOT_AUTHORIZED",
)
# What the console gives a provisioned table; only for one whose capacity somebody else, an autoscaler, will set.
FIRST_CAPACITY = 5
TTL_STATUS = "ttl_status"
TURNING = {"ENABLING": "on", "DISABLING": "off"}


def table_arn(resource: Resource) -> str:
    return resource.scope.arn("dynamodb", f"table/{resource.spec['name']}")


def active(resource: Resource, why: str) -> Settle:
    """Wait until the table takes calls again; a switch of the billing mode can take many minutes."""
    question = Call("dynamodb", "DescribeTable", {"TableName": resource.spec["name"]}, absent=MISSING)
    return Settle(
        question,
        "Table.TableStatus",
        why,
        ready=("ACTIVE",),
        failed=FAILED,
        reason="Table.ArchivalSummary.ArchivalReason",
        timeout=1800.0,
        interval=3.0,
    )


def update(resource: Resource, why: str, **params: Any) -> Effects:
    """One `UpdateTable`, and the wait that makes the next one possible."""
    return Call("dynamodb", "UpdateTable", {"TableName": resource.spec["name"], **params}), active(resource, why)


def capacity(table: Mapping[str, Any]) -> Spec:
    """Billing as we say it: the summary is missing for PROVISIONED, the throughput of on-demand tables is 0."""
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    units = table.get("ProvisionedThroughput", {}) if mode == "PROVISIONED" else {}
    return {
        "billing_mode": mode,
        "read_capacity": units.get("ReadCapacityUnits"),
        "write_capacity": units.get("WriteCapacityUnits"),
    }


def throughput(want: Spec) -> Mapping[str, int]:
    return {
        "ReadCapacityUnits": want["read_capacity"] or FIRST_CAPACITY,
        "WriteCapacityUnits": want["write_capacity"] or FIRST_CAPACITY,
    }


def write_capacity(change: Change) -> Effects:
    mode = change.want["billing_mode"]
    params: dict[str, Any] = {"BillingMode": mode} if "billing_mode" in change.fields else {}
    if mode == "PROVISIONED":
        params["ProvisionedThroughput"] = throughput(change.want)
    return update(change.resource, "DynamoDB is changing the table's capacity", **params)


def encryption_key(table: Mapping[str, Any]) -> str:
    """The ARN of the table's KMS key; no description, or a disabled one, is the key that AWS owns.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSEDescription.html
    """
    description = table.get("SSEDescription", {})
    if description.get("Status") in ("ENABLED", "ENABLING", "UPDATING"):
        return str(description.get("KMSMasterKeyArn", ""))
    return ""


def encryption(key: Any) -> Mapping[str, Any]:
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else {"Enabled": False}


def write_encryption(change: Change) -> Effects:
    specification = encryption(change.want["encryption_key"])
    return update(change.resource, "DynamoDB is changing the table's key", SSESpecification=specification)


def protection(resource: Resource, *, on: bool) -> Effects:
    return update(resource, "DynamoDB is changing the table's deletion protection", DeletionProtectionEnabled=on)


def write_protection(change: Change) -> Effects:
    return protection(change.resource, on=change.want["deletion_protection"])


def read_ttl(resource: Resource) -> Call:
    return Call("dynamodb", "DescribeTimeToLive", {"TableName": resource.spec["name"]}, absent=MISSING)


def parse_ttl(answer: Document | None, resource: Resource) -> Spec:
    """The attribute of a time to live that is on or turning on: a write of the state it has already is refused.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
    """
    description = (answer or {}).get("TimeToLiveDescription", {})
    status = description.get("TimeToLiveStatus")
    on = status in ("ENABLED", "ENABLING")
    return {"ttl_attribute": description.get("AttributeName", "") if on else "", TTL_STATUS: status}


def postpones(change: Change) -> frozenset[str]:
    """Time to live, where it waits for the change before, or moves to another attribute, which takes two calls."""
    later = "ttl_attribute" in change.fields and (
        change.fact(TTL_STATUS) in TURNING or bool(change.have["ttl_attribute"] and change.want["ttl_attribute"])
    )
    return frozenset({"ttl_attribute"} if later else ())


def because(change: Change, replacing: frozenset[str]) -> str:
    if replacing or not postpones(change):
        return ""
    if turning := TURNING.get(change.fact(TTL_STATUS)):
        return (
            f"DynamoDB changes time to live once an hour, and is still turning it {turning}: "
            "`ttl_attribute` stays for now, run again in an hour"
        )
    return (
        f"DynamoDB changes time to live once an hour: this run turns off `{change.have['ttl_attribute']}`, "
        f"a run an hour later turns on `{change.want['ttl_attribute']}`"
    )


def write_ttl(change: Change) -> Effects:
    """One change; none while DynamoDB is still at the one before, which it can be for an hour."""
    if change.fact(TTL_STATUS) in TURNING:
        return ()
    old, new = change.have["ttl_attribute"], change.want["ttl_attribute"]
    specification = {"Enabled": not old, "AttributeName": old or new}
    params = {"TableName": change.want["name"], "TimeToLiveSpecification": specification}
    return (Call("dynamodb", "UpdateTimeToLive", params),)


def read_backups(resource: Resource) -> Call:
    missing = ("TableNotFoundException", *MISSING)  # the one operation with a code of its own
    return Call("dynamodb", "DescribeContinuousBackups", {"TableName": resource.spec["name"]}, absent=missing)


def parse_backups(answer: Document | None, resource: Resource) -> Spec:
    backups = (answer or {}).get("ContinuousBackupsDescription", {})
    status = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    return {"point_in_time_recovery": status == "ENABLED"}


def write_backups(change: Change) -> Effects:
    specification = {"PointInTimeRecoveryEnabled": change.want["point_in_time_recovery"]}
    params = {"TableName": change.want["name"], "PointInTimeRecoverySpecification": specification}
    return (Call("dynamodb", "UpdateContinuousBackups", params),)
