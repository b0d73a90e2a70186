"""Continuous backups, which DynamoDB begins on its own when a table is made."""

from __future__ import annotations

from mfinfra.sandbox.corrections import correction, propagation
from mfinfra.sandbox.corrections.call import Answer, Call, Forward, ServiceError
from mfinfra.sandbox.corrections.dynamodb.state import API
from mfinfra.sandbox.corrections.shelves import shelf


@correction(
    "dynamodb",
    "UpdateContinuousBackups",
    restores="that backups wait until the table is active; strict: and for a while longer",
    aws=f"{API}/API_UpdateContinuousBackups.html",
)
def backups(call: Call, forward: Forward) -> Answer:
    """Refuse while backups are being enabled: https://github.com/aws-amplify/amplify-backend/issues/1654 ."""
    name = call.params["TableName"]
    state = shelf("tables", call.region).get(name)
    creating = state is not None and state.turning.now == "CREATING"
    if creating or propagation.pending("table backups", call.region, name):
        text = f"Backups are being enabled for the table: {name}. Please retry later"
        raise ServiceError("ContinuousBackupsUnavailableException", text)
    return forward()
