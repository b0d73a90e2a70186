"""Tables made, described, listed, deleted: each takes its time."""

from __future__ import annotations

from mfinfra.sandbox.corrections import clock, correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.dynamodb.state import (
    API,
    GONE,
    State,
    active,
    completed,
    deleting,
    described,
    in_use,
    invalid,
    state_of,
)
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.turning import Turning


@correction("dynamodb", "CreateTable", restores="CREATING before ACTIVE", aws=f"{API}/API_CreateTable.html")
def create_table(call: Call, forward: Forward) -> Answer:
    """Make a table, unless its name is still in use: https://github.com/Wantworthy/dynode/issues/26 ."""
    name = call.params["TableName"]
    if deleting(call, name):
        raise in_use(f"Table is being deleted: {name}")
    table_class = call.params.pop("TableClass", "")
    answer = forward()
    state = State(Turning("CREATING", "ACTIVE"), table_class=table_class)
    if call.params.get("BillingMode") == "PAY_PER_REQUEST":
        state.on_demand_since = clock.now()
    shelf("tables", call.region)[name] = state
    propagation.begin("table", call.region, name, looks=propagation.ONE)
    propagation.begin("table backups", call.region, name)
    answer["TableDescription"] = completed(answer["TableDescription"], state, "CREATING")
    return answer


@correction(
    "dynamodb",
    "DescribeTable",
    restores="the state of now, BillingModeSummary only of tables once on demand, class, id; strict: late",
    aws=f"{API}/API_DescribeTable.html",
)
def describe_table(call: Call, forward: Forward) -> Answer:
    """Describe a table, also one that is being deleted; AWS might not know one that was made just now."""
    name = call.params["TableName"]
    if (state := deleting(call, name)) and state.turning.read() != GONE:
        return {"Table": state.last_words | {"TableStatus": "DELETING"}}
    answer, state = forward(), state_of(call, name)
    if propagation.pending("table", call.region, name):
        raise ServiceError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
    return {"Table": completed(answer["Table"], state, state.turning.read())}


@correction(
    "dynamodb",
    "DeleteTable",
    restores="DELETING, then gone; AWS's words of a protected table",
    aws=f"{API}/API_DeleteTable.html",
)
def delete_table(call: Call, forward: Forward) -> Answer:
    """Delete an active table that is not protected: https://github.com/ekristen/aws-nuke/issues/451 ."""
    name = call.params["TableName"]
    if state := deleting(call, name):
        return {"TableDescription": state.last_words | {"TableStatus": "DELETING"}}
    state, description = active(call, name), described(call, name)
    if description.get("DeletionProtectionEnabled"):
        text = "Resource cannot be deleted as it is currently protected against deletion"
        raise invalid(f"{text}. Disable deletion protection first.")
    forward()
    state.last_words = completed(description, state, "DELETING")
    state.turning = Turning("DELETING", GONE)
    return {"TableDescription": state.last_words}


@correction("dynamodb", "ListTables", restores="tables that are being deleted", aws=f"{API}/API_ListTables.html")
def list_tables(call: Call, forward: Forward) -> Answer:
    """Tell those too, on the last page."""
    answer = forward()
    if "LastEvaluatedTableName" not in answer:
        dying = [name for name in shelf("tables", call.region) if deleting(call, name)]
        answer["TableNames"] = sorted({*answer["TableNames"], *dying})
    return answer
