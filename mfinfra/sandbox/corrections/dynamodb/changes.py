"""What of a table `UpdateTable` changes: one kind of thing at a time, and nothing into what it is already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from moto.dynamodb.models import dynamodb_backends

from mfinfra.sandbox.corrections import clock, correction, lag
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.dynamodb.state import (
    API,
    State,
    active,
    billing_mode,
    completed,
    described,
    invalid,
)
from mfinfra.sandbox.corrections.turning import Turning

NO_CHANGE: Final = {"TableName", "AttributeDefinitions"}
KINDS: Final = {
    "BillingMode": "capacity",
    "ProvisionedThroughput": "capacity",
    "OnDemandThroughput": "capacity",
    "WarmThroughput": "capacity",
    "StreamSpecification": "stream",
    "GlobalSecondaryIndexUpdates": "index",
    "SSESpecification": "encryption",
    "ReplicaUpdates": "replica",
}
"""The kinds of change that go with no other in one call; what has none here goes with any."""
MOST_SWITCHES: Final = 4
"""Switches to on-demand in 24 hours."""
REFUSED: Final = "One or more parameter values were invalid"


@correction(
    "dynamodb",
    "UpdateTable",
    restores="UPDATING, one change at a time, encryption, table class; strict: one kind of change a call, limits",
    aws=f"{API}/API_UpdateTable.html",
)
def update_table(call: Call, forward: Forward) -> Answer:
    """Change an active table."""
    params, name = call.params, call.params["TableName"]
    state, before = active(call, name), described(call, name)
    _check_kinds(params)
    _check_throughput(before, params)
    switched = params.get("BillingMode", billing_mode(before)) != billing_mode(before)
    if switched and params["BillingMode"] == "PAY_PER_REQUEST":
        _check_switches(state)
    table_class, encryption = params.pop("TableClass", None), params.pop("SSESpecification", None)
    if encryption is not None:
        _encrypt(call, name, encryption)
    if table_class:
        state.table_class = table_class
    if set(params) - NO_CHANGE:
        forward()
    if params.get("BillingMode") == "PAY_PER_REQUEST":
        state.on_demand_since = clock.now()
        state.switches += [clock.now()] if switched else []
    state.turning = Turning("UPDATING", "ACTIVE")
    return {"TableDescription": completed(described(call, name), state, "UPDATING")}


def _check_kinds(params: dict[str, Any]) -> None:
    """The texts: terraform-provider-aws #29816 and #35673, taoensso/faraday#80."""
    changes = set(params) - NO_CHANGE
    if "TableClass" in changes and len(changes) > 1:
        raise invalid(f"{REFUSED}: TableClass modification must be the only operation in the request")
    if not lag.strict():
        return
    updates = params.get("GlobalSecondaryIndexUpdates") or []
    online = [update for update in updates if "Update" not in update]
    if len(online) > 1:
        text = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
        raise ServiceError("LimitExceededException", text)
    kinds = {KINDS[name] for name in changes & KINDS.keys()}
    if not online:
        kinds -= {"index"}  # new capacity of indexes comes with the table's own
    if kinds == {"capacity", "stream"}:
        raise invalid(f"{REFUSED}: You cannot modify stream status while updating table IOPS")
    if len(kinds) > 1:
        told = ", ".join(sorted(kinds))
        raise invalid(f"{REFUSED}: only one of the following operations can be performed at once: {told}")


def _check_throughput(before: Answer, params: dict[str, Any]) -> None:
    """The text: https://github.com/cortexproject/cortex/pull/441 ."""
    wanted, now = params.get("ProvisionedThroughput"), before.get("ProvisionedThroughput", {})
    if not wanted or params.get("BillingMode", billing_mode(before)) != billing_mode(before):
        return
    same = all(now.get(key) == value for key, value in wanted.items())
    if same and not set(params) - {"TableName", "ProvisionedThroughput", "BillingMode"}:
        told = " ".join(
            f"Current {unit} provisioned for the table: {now[unit]}. Requested {unit}: {wanted[unit]}."
            for unit in ("ReadCapacityUnits", "WriteCapacityUnits")
        )
        text = "The provisioned throughput for the table will not change. The requested value equals the current value."
        guide = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        raise invalid(f"{text} {told} {guide}")


def _check_switches(state: State) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-switching-capacity-modes.html ."""
    recent = [moment for moment in state.switches if clock.now() - moment < clock.DAY]
    if lag.strict() and len(recent) >= MOST_SWITCHES:
        last, following = (datetime.fromtimestamp(at, UTC).ctime() for at in (recent[-1], recent[0] + clock.DAY))
        text = f"Update to PayPerRequest mode are limited to {MOST_SWITCHES} times in 1 day(s). Last update at {last}"
        told = f"Subscriber limit exceeded: {text}. Next update can be made at {following}"
        raise ServiceError("LimitExceededException", told)


def _encrypt(call: Call, name: str, wanted: dict[str, Any]) -> None:
    table = dynamodb_backends[call.account][call.region].get_table(name)
    if not wanted.get("Enabled"):
        table.sse_specification = None
        return
    key = wanted.get("KMSMasterKeyId")
    if key:
        found = call.asks("NotFound", "kms", "DescribeKey", KeyId=key)
        if found is None:
            raise invalid(f"KMS key {key} does not exist")
        key = found["KeyMetadata"]["Arn"]
    key = key or table._get_default_encryption_key(call.account, call.region)  # noqa: SLF001  moto makes it there
    table.sse_specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
