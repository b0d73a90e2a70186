"""Time to live: switched on or off, once an hour at most."""

from __future__ import annotations

import os
from typing import Final

from mfinfra.sandbox.corrections import clock, correction, lag
from mfinfra.sandbox.corrections.call import Answer, Call, Forward
from mfinfra.sandbox.corrections.dynamodb.state import API, active, described, invalid, state_of
from mfinfra.sandbox.corrections.turning import Turning

TTL_WINDOW_SECONDS: Final = float(os.environ.get("MFINFRA_SANDBOX_TTL_WINDOW", "0"))
"""AWS allows one change of time to live in an hour; a sandbox that is not strict waits only if it is told to."""


@correction(
    "dynamodb",
    "UpdateTimeToLive",
    restores="refusal of what is so already, of another attribute, of an inactive table; strict: one change an hour",
    aws=f"{API}/API_UpdateTimeToLive.html",
)
def update_ttl(call: Call, forward: Forward) -> Answer:
    """Switch time to live on or off. `clock.advance(clock.HOUR)` lets the hour pass."""
    name, wanted = call.params["TableName"], call.params["TimeToLiveSpecification"]
    state = active(call, name)
    now = call.ask("dynamodb", "DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]
    on, attribute = now["TimeToLiveStatus"] == "ENABLED", now.get("AttributeName")
    if clock.now() - state.ttl_changed < (clock.HOUR if lag.strict() else TTL_WINDOW_SECONDS):
        raise invalid("Time to live has been modified multiple times within a fixed interval")
    if on and wanted["AttributeName"] != attribute:
        raise invalid(f"TimeToLive is active on a different AttributeName: current AttributeName is {attribute}")
    if on == wanted["Enabled"]:
        raise invalid(f"TimeToLive is already {'enabled' if on else 'disabled'}")
    answer = forward()
    state.ttl = Turning("ENABLING", "ENABLED") if wanted["Enabled"] else Turning("DISABLING", "DISABLED")
    state.ttl_changed = clock.now()
    return answer


@correction(
    "dynamodb",
    "DescribeTimeToLive",
    restores="ENABLING and DISABLING, no attribute of what is disabled, ResourceNotFoundException",
    aws=f"{API}/API_DescribeTimeToLive.html",
)
def describe_ttl(call: Call, forward: Forward) -> Answer:
    """The state of now."""
    described(call, call.params["TableName"])
    said, state = forward()["TimeToLiveDescription"], state_of(call, call.params["TableName"])
    if state.ttl.passing == state.ttl.settled:
        return {"TimeToLiveDescription": said}
    said["TimeToLiveStatus"] = state.ttl.read()
    if said["TimeToLiveStatus"] == "DISABLED":
        said.pop("AttributeName", None)
    return {"TimeToLiveDescription": said}
