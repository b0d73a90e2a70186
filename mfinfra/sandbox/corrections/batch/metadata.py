"""What a job may ask its surroundings: the container's metadata of ECS, and that of the instance under it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html. Without an answer, clients wait
until their time is over; Metaflow does so twice a task.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final
from urllib.parse import unquote

from mfinfra.sandbox.corrections.alone import lock
from mfinfra.sandbox.corrections.batch import rules, running
from mfinfra.sandbox.corrections.batch.attempt import GROUP
from mfinfra.sandbox.corrections.batch.records import environments
from mfinfra.sandbox.corrections.batch.surroundings import METADATA
from mfinfra.sandbox.network import ACCOUNT_ID

CONTAINER: Final = "/_mfinfra/container/"
TOKEN: Final = "/latest/api/token"  # noqa: S105  a path
IDENTITY: Final = "/latest/dynamic/instance-identity/document"
LIFE_CYCLE: Final = "/latest/meta-data/instance-life-cycle"
INSTANCE: Final = "/latest/meta-data/instance-id"

Told = tuple[int, str, bytes]
"""Status, content type and body."""
NOT_FOUND: Final[Told] = (404, "text/plain", b"")


def asked_for(environ: dict[str, Any]) -> bool:
    """Whether a request of WSGI is for metadata, and for no service."""
    return str(environ["PATH_INFO"]).startswith((CONTAINER, f"{METADATA}/"))


def answer(environ: dict[str, Any]) -> Told:
    """What is told to the job that asks; 404 to everybody else, and for what is not known here."""
    path = str(environ["PATH_INFO"])
    with lock:
        if path.startswith(CONTAINER):
            return _container(unquote(path.removeprefix(CONTAINER)))
        return _instance(_asking(environ), path.removeprefix(METADATA))


def _container(job: str) -> Told:
    run = running.runs().get(job)
    if run is None or not run.last:
        return NOT_FOUND
    options = {
        "awslogs-group": GROUP,
        "awslogs-region": run.mine.region,
        "awslogs-stream": run.last["logStreamName"],
    }
    said = {"Image": run.container.image, "LogDriver": "awslogs", "LogOptions": options, "TaskARN": run.mine.task}
    return 200, "application/json", json.dumps(said).encode()


def _instance(job: str, path: str) -> Told:
    run = running.runs().get(job)
    record = environments(run.mine.region).get(run.mine.environment) if run else None
    kind = record.said.get("computeResources", {}).get("type", "") if record else ""
    if run is None or kind in rules.SERVERLESS:
        return NOT_FOUND
    identity = {
        "accountId": ACCOUNT_ID,
        "availabilityZone": f"{run.mine.region}a",
        "instanceId": run.mine.instance,
        "instanceType": "m5.large",
        "region": run.mine.region,
    }
    known = {
        TOKEN: "sandbox",
        IDENTITY: json.dumps(identity),
        LIFE_CYCLE: "spot" if kind == "SPOT" else "on-demand",
        INSTANCE: run.mine.instance,
    }
    return (200, "text/plain", known[path].encode()) if path in known else NOT_FOUND


def _asking(environ: dict[str, Any]) -> str:
    """The id of the job, which it has in the address of its proxy."""
    scheme, _, said = environ.get("HTTP_PROXY_AUTHORIZATION", "").partition(" ")
    try:
        return base64.b64decode(said, validate=True).decode().rpartition(":")[0] if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
