"""What is remembered of a table beside moto's own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from mfinfra.sandbox.corrections.call import Answer, Call, ServiceError
from mfinfra.sandbox.corrections.shelves import shelf
from mfinfra.sandbox.corrections.turning import Turning

API: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"
GONE: Final = ""
UNPROVISIONED: Final = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
DOING: Final = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}


@dataclass(slots=True)
class State:
    """One table's states and dates."""

    turning: Turning
    on_demand_since: float | None = None
    switches: list[float] = field(default_factory=list)
    """When it was switched to on-demand."""
    table_class: str = ""
    table_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    ttl: Turning = field(default_factory=lambda: Turning("DISABLED", "DISABLED"))
    ttl_changed: float = float("-inf")
    last_words: Answer = field(default_factory=dict)
    """The description of a table that is being deleted."""


def state_of(call: Call, name: str) -> State:
    """What is remembered of the table `name`."""
    state: State = shelf("tables", call.region).setdefault(name, State(Turning("ACTIVE", "ACTIVE")))
    return state


def deleting(call: Call, name: str) -> State | None:
    """What is remembered of the table, if it is being deleted; one that is gone is forgotten."""
    state: State | None = shelf("tables", call.region).get(name)
    if state is None or state.turning.passing != "DELETING":
        return None
    if state.turning.now == GONE:
        del shelf("tables", call.region)[name]
        return None
    return state


def described(call: Call, name: str) -> Answer:
    """What moto says of the table; raises its ResourceNotFoundException."""
    said: Answer = call.ask("dynamodb", "DescribeTable", TableName=name)["Table"]
    return said


def active(call: Call, name: str) -> State:
    """What is remembered of a table that takes changes; raises for one that is missing or busy.

    The texts: https://github.com/hashicorp/terraform-provider-aws/pull/3355 .
    """
    state = deleting(call, name)
    if state is None:
        described(call, name)
        state = state_of(call, name)
    if not state.turning.over:
        raise in_use(f"Table is being {DOING[state.turning.now]}: {name}")
    return state


def completed(said: Answer, state: State, status: str) -> Answer:
    """A description with everything that AWS tells."""
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


def billing_mode(said: dict[str, Any]) -> str:
    """The billing mode of a description, which says nothing of tables that never were on demand."""
    return str(said.get("BillingModeSummary", {}).get("BillingMode") or "PROVISIONED")


def invalid(text: str) -> ServiceError:
    """What DynamoDB says of a request that it never takes."""
    return ServiceError("ValidationException", text)


def in_use(text: str) -> ServiceError:
    """What DynamoDB says while a table is busy."""
    return ServiceError("ResourceInUseException", f"Attempt to change a resource which is still in use: {text}")
