"""DynamoDB: the states of tables, time to live, encryption, table class."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from moto.dynamodb.models import dynamodb_backends

from mfinfra.sandbox.corrections import correction
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.turning import Turning

API: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"
GONE: Final = ""
UNPROVISIONED: Final = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
TTL_WINDOW_SECONDS: Final = float(os.environ.get("MFINFRA_SANDBOX_TTL_WINDOW", "0"))
"""AWS allows one change of time to live in an hour; the sandbox waits for nobody unless it is told to."""


@dataclass(slots=True)
class State:
    """What is remembered of a table beside moto's own."""

    turning: Turning
    on_demand_since: float | None = None
    table_class: str = ""
    table_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    ttl: Turning = field(default_factory=lambda: Turning("DISABLED", "DISABLED"))
    ttl_changed: float = float("-inf")
    last_words: Answer = field(default_factory=dict)
    """The description of a table that is being deleted."""


@correction("dynamodb", "CreateTable", restores="CREATING before ACTIVE", aws=f"{API}/API_CreateTable.html")
def create_table(call: Call, forward: Forward) -> Answer:
    """Make a table, unless its name is still in use."""
    name = call.params["TableName"]
    if _deleting(call, name):
        raise ServiceError("ResourceInUseException", f"Table already exists: {name}")
    table_class = call.params.pop("TableClass", "")
    answer = forward()
    state = State(Turning("CREATING", "ACTIVE"), table_class=table_class)
    if call.params.get("BillingMode") == "PAY_PER_REQUEST":
        state.on_demand_since = time.time()
    shelf("tables", call.region)[name] = state
    answer["TableDescription"] = _completed(answer["TableDescription"], state, "CREATING")
    return answer


@correction(
    "dynamodb",
    "DescribeTable",
    restores="the state of now, BillingModeSummary only of tables once on demand, class, id",
    aws=f"{API}/API_DescribeTable.html",
)
def describe_table(call: Call, forward: Forward) -> Answer:
    """Describe a table, also one that is being deleted."""
    name = call.params["TableName"]
    if (state := _deleting(call, name)) and state.turning.read() != GONE:
        return {"Table": state.last_words | {"TableStatus": "DELETING"}}
    answer, state = forward(), _state(call, name)
    return {"Table": _completed(answer["Table"], state, state.turning.read())}


@correction(
    "dynamodb",
    "UpdateTable",
    restores="UPDATING, one change at a time, encryption, table class",
    aws=f"{API}/API_UpdateTable.html",
)
def update_table(call: Call, forward: Forward) -> Answer:
    """Change an active table."""
    params, name = call.params, call.params["TableName"]
    before = _described(call, name)
    state = _check_active(call, name, "updated")
    table_class, encryption = params.pop("TableClass", None), params.pop("SSESpecification", None)
    rest = set(params) - {"TableName", "AttributeDefinitions"}
    if table_class and (rest or encryption):
        raise _invalid("TableClass cannot be changed concurrently with other values")
    _check_throughput(before, params)
    if encryption is not None:
        _encrypt(call, name, encryption)
    if table_class:
        state.table_class = table_class
    if rest:
        forward()
    if params.get("BillingMode") == "PAY_PER_REQUEST":
        state.on_demand_since = time.time()
    state.turning = Turning("UPDATING", "ACTIVE")
    return {"TableDescription": _completed(_described(call, name), state, "UPDATING")}


@correction("dynamodb", "DeleteTable", restores="DELETING, then gone", aws=f"{API}/API_DeleteTable.html")
def delete_table(call: Call, forward: Forward) -> Answer:
    """Delete an active table."""
    name = call.params["TableName"]
    if state := _deleting(call, name):
        return {"TableDescription": state.last_words | {"TableStatus": "DELETING"}}
    description = _described(call, name)
    state = _check_active(call, name, "deleted")
    forward()
    state.last_words = _completed(description, state, "DELETING")
    state.turning = Turning("DELETING", GONE)
    return {"TableDescription": state.last_words}


@correction(
    "dynamodb",
    "UpdateTimeToLive",
    restores="refusal of what is so already, of another attribute, and of an inactive table",
    aws=f"{API}/API_UpdateTimeToLive.html",
)
def update_ttl(call: Call, forward: Forward) -> Answer:
    """Switch time to live on or off."""
    name, wanted = call.params["TableName"], call.params["TimeToLiveSpecification"]
    _described(call, name)
    now = call.ask("dynamodb", "DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]
    state = _check_active(call, name, "updated")
    on, attribute = now["TimeToLiveStatus"] == "ENABLED", now.get("AttributeName")
    if time.monotonic() - state.ttl_changed < TTL_WINDOW_SECONDS:
        raise _invalid("Time to live has been modified multiple times within a fixed interval")
    if on and wanted["AttributeName"] != attribute:
        raise _invalid(f"TimeToLive is active on a different AttributeName: current AttributeName is {attribute}")
    if on == wanted["Enabled"]:
        raise _invalid(f"TimeToLive is already {'enabled' if on else 'disabled'}")
    answer = forward()
    state.ttl = Turning("ENABLING", "ENABLED") if wanted["Enabled"] else Turning("DISABLING", "DISABLED")
    state.ttl_changed = time.monotonic()
    return answer


@correction(
    "dynamodb",
    "DescribeTimeToLive",
    restores="ENABLING and DISABLING, no attribute of what is disabled, ResourceNotFoundException",
    aws=f"{API}/API_DescribeTimeToLive.html",
)
def describe_ttl(call: Call, forward: Forward) -> Answer:
    """The state of now."""
    _described(call, call.params["TableName"])
    said, state = forward()["TimeToLiveDescription"], _state(call, call.params["TableName"])
    if state.ttl.passing == state.ttl.settled:
        return {"TimeToLiveDescription": said}
    said["TimeToLiveStatus"] = state.ttl.read()
    if said["TimeToLiveStatus"] == "DISABLED":
        said.pop("AttributeName", None)
    return {"TimeToLiveDescription": said}


@correction(
    "dynamodb",
    "UpdateContinuousBackups",
    restores="that backups wait until the table is active",
    aws=f"{API}/API_UpdateContinuousBackups.html",
)
def backups(call: Call, forward: Forward) -> Answer:
    """Refuse while the table is being made."""
    name = call.params["TableName"]
    state = shelf("tables", call.region).get(name)
    if state and state.turning.now == "CREATING":
        text = f"Backups are being enabled for the table: {name}. Please retry later"
        raise ServiceError("ContinuousBackupsUnavailableException", text)
    return forward()


@correction(
    "dynamodb",
    "TagResource",
    "UntagResource",
    restores="ResourceNotFoundException for a table that is not there",
    aws=f"{API}/API_TagResource.html",
)
def tagged_table(call: Call, forward: Forward) -> Answer:
    """Tag only what is there."""
    arn = call.params["ResourceArn"]
    if ":table/" in arn:
        _described(call, arn.split(":table/")[-1])
    return forward()


@correction("dynamodb", "ListTables", restores="tables that are being deleted", aws=f"{API}/API_ListTables.html")
def list_tables(call: Call, forward: Forward) -> Answer:
    """Tell those too, on the last page."""
    answer = forward()
    if "LastEvaluatedTableName" not in answer:
        dying = [name for name in shelf("tables", call.region) if _deleting(call, name)]
        answer["TableNames"] = sorted({*answer["TableNames"], *dying})
    return answer


def _state(call: Call, name: str) -> State:
    state: State = shelf("tables", call.region).setdefault(name, State(Turning("ACTIVE", "ACTIVE")))
    return state


def _deleting(call: Call, name: str) -> State | None:
    state: State | None = shelf("tables", call.region).get(name)
    if state is None or state.turning.passing != "DELETING":
        return None
    if state.turning.now == GONE:
        del shelf("tables", call.region)[name]
        return None
    return state


def _described(call: Call, name: str) -> Answer:
    said: Answer = call.ask("dynamodb", "DescribeTable", TableName=name)["Table"]
    return said


def _check_active(call: Call, name: str, doing: str) -> State:
    state = _state(call, name)
    if not state.turning.over:
        text = f"Attempt to change a resource which is still in use: Table is being {doing}: {name}"
        raise ServiceError("ResourceInUseException", text)
    return state


def _completed(said: Answer, state: State, status: str) -> Answer:
    said = {**said, "TableStatus": status, "TableId": state.table_id}
    if state.on_demand_since is None:
        said.pop("BillingModeSummary", None)
    else:
        summary = said.setdefault("BillingModeSummary", {"BillingMode": "PROVISIONED"})
        summary["LastUpdateToPayPerRequestDateTime"] = state.on_demand_since
        if summary["BillingMode"] == "PAY_PER_REQUEST":
            said["ProvisionedThroughput"] = said["ProvisionedThroughput"] | UNPROVISIONED
    if state.table_class:
        said["TableClassSummary"] = {"TableClass": state.table_class}
    return said


def _check_throughput(before: Answer, params: dict[str, Any]) -> None:
    wanted = params.get("ProvisionedThroughput")
    now = before.get("ProvisionedThroughput", {})
    mode = before.get("BillingModeSummary", {}).get("BillingMode") or "PROVISIONED"
    if params.get("BillingMode", mode) != mode:
        return
    same = wanted and all(now.get(key) == value for key, value in wanted.items())
    if same and not set(params) - {"TableName", "ProvisionedThroughput", "BillingMode"}:
        raise _invalid("The provisioned throughput for the table will not change.")


def _encrypt(call: Call, name: str, wanted: dict[str, Any]) -> None:
    table = dynamodb_backends[call.account][call.region].get_table(name)
    if not wanted.get("Enabled"):
        table.sse_specification = None
        return
    key = wanted.get("KMSMasterKeyId")
    if key:
        found = call.asks("NotFound", "kms", "DescribeKey", KeyId=key)
        if found is None:
            raise _invalid(f"KMS key {key} does not exist")
        key = found["KeyMetadata"]["Arn"]
    key = key or table._get_default_encryption_key(call.account, call.region)  # noqa: SLF001  moto makes it there
    table.sse_specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


def _invalid(text: str) -> ServiceError:
    return ServiceError("ValidationException", text)
