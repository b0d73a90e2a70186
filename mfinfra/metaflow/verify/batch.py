"""Batch: whether the queues take jobs, their compute environments run them, and the image is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mfinfra.errors import AwsError
from mfinfra.metaflow.parts import Part
from mfinfra.metaflow.verify.subject import Asking, Subject, failed, left_out, name_of, passed, warned
from mfinfra.model import Call, Check, Document, Finding

GROUP = "Batch"
FARGATE = ("FARGATE", "FARGATE_SPOT")
KNOWN_TYPES = ("EC2", "SPOT", *FARGATE)
PASSING = ("CREATING", "UPDATING")
_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def checks(subject: Subject) -> tuple[Check, ...]:
    """The checks of this group; none where no queue is used."""
    if not subject.parts.queues:
        return ()
    found = [
        Check("batch.queue", GROUP, "the queues", lambda: _queues(subject)),
        Check("batch.environments", GROUP, "the compute environments", lambda: _environments(subject)),
    ]
    if image := image_of(subject.values):
        found.append(Check("batch.image", GROUP, "the image that jobs run", lambda: _image(subject, image)))
    return tuple(found)


def image_of(values: Mapping[str, Any]) -> str:
    """The image that a job runs when its step names none, as Metaflow puts it together; empty for Python's own.

    Source: `batch_decorator.py`, 2.19.39: the registry goes before an image that names none itself.
    """
    image, registry = (
        values.get(f"METAFLOW_BATCH_CONTAINER_{key}") or values.get(f"METAFLOW_DEFAULT_CONTAINER_{key}") or ""
        for key in ("IMAGE", "REGISTRY")
    )
    if not image or not registry or _names_registry(image):
        return str(image)
    return f"{str(registry).rstrip('/')}/{image}"


def _names_registry(image: str) -> bool:
    first, slash, _ = image.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _queues(subject: Subject) -> Asking[tuple[Finding, ...]]:
    live = yield from _described(subject)
    found = tuple(item for part in subject.parts.queues for item in _queue(subject, part, live.get(part.name)))
    return found or (passed("", f"ENABLED and VALID: {', '.join(part.name for part in subject.parts.queues)}"),)


def _described(subject: Subject) -> Asking[dict[str, Document]]:
    """The queues by name, in one request."""
    names = [part.arn if part.resource is None else part.name for part in subject.parts.queues]
    answer = yield Call("batch", "DescribeJobQueues", {"jobQueues": names})
    return {row["jobQueueName"]: row for row in (answer or {}).get("jobQueues", ())}


def _queue(subject: Subject, part: Part, row: Document | None) -> Iterator[Finding]:
    name = name_of(part)
    if row is None:
        yield failed(name, f"there is no queue `{part.name}`", "MF5130", fix=f"mfinfra apply {subject.file}")
        return
    seen = f"state {row['state']}, status {row.get('status', 'unknown')}: {row.get('statusReason', 'no reason given')}"
    if row["state"] != "ENABLED":
        yield failed(name, "the queue is disabled: it takes no jobs", "MF5131", seen, fix=subject.fix())
    elif row.get("status") in PASSING:
        yield warned(
            name, f"Batch is still {row['status'].lower()} the queue", "MF5132", seen, fix="wait, and verify again"
        )
    elif row.get("status") != "VALID":
        yield failed(name, f"the queue is {row.get('status')}", "MF5132", seen, fix=subject.fix())
    elif not row.get("computeEnvironmentOrder"):
        yield failed(name, "the queue has no compute environment: jobs stay RUNNABLE", "MF5133", fix=subject.fix())


def _environments(subject: Subject) -> Asking[tuple[Finding, ...]]:
    queues = yield from _described(subject)
    orders = {name: _order(row) for name, row in queues.items()}
    arns = list(dict.fromkeys(arn for order in orders.values() for arn in order))
    if not arns:
        return (left_out("", "no queue has a compute environment"),)
    answer = yield Call("batch", "DescribeComputeEnvironments", {"computeEnvironments": arns})
    live = {row["computeEnvironmentArn"]: row for row in (answer or {}).get("computeEnvironments", ())}
    found = [item for arn in arns for item in _environment(subject, arn, live.get(arn))]
    for name, order in orders.items():
        if order and order[0] in live:
            found += _platform(subject, name, live[order[0]])
    return tuple(found) or (passed("", f"ENABLED and VALID: {', '.join(arn.rpartition('/')[2] for arn in arns)}"),)


def _order(queue: Document) -> list[str]:
    rows = sorted(queue.get("computeEnvironmentOrder") or (), key=lambda row: row["order"])
    return [row["computeEnvironment"] for row in rows]


def _environment(subject: Subject, arn: str, row: Document | None) -> Iterator[Finding]:
    name = arn.rpartition("/")[2]
    if row is None:
        yield failed(name, "the queue names a compute environment that is not there", "MF5134", fix=subject.fix())
        return
    seen = f"state {row['state']}, status {row.get('status', 'unknown')}: {row.get('statusReason', 'no reason given')}"
    if row["state"] != "ENABLED":
        yield failed(name, "the compute environment is disabled: it starts nothing", "MF5135", seen, fix=subject.fix())
    elif row.get("status") in PASSING:
        yield warned(name, f"Batch is still {row['status'].lower()} it", "MF5136", seen, fix="wait, and verify again")
    elif row.get("status") != "VALID":
        fix = f"mend what the reason names; `mfinfra doctor {subject.file}` looks further"
        yield failed(name, f"the compute environment is {row.get('status')}", "MF5136", seen, fix=fix)


def _platform(subject: Subject, queue: str, first: Document) -> Iterator[Finding]:
    """Metaflow decides by the first environment of a queue alone whether a job is one of Fargate's."""
    type_ = (first.get("computeResources") or {}).get("type")
    role = "METAFLOW_ECS_FARGATE_EXECUTION_ROLE"
    seen = f"the first compute environment of {queue}, {first['computeEnvironmentName']}, is {type_ or first['type']}"
    if type_ is None:
        said = "is unmanaged, and Metaflow cannot read what it is: `KeyError: 'computeResources'`"
        yield failed(first["computeEnvironmentName"], said, "MF5138", seen, fix="put a managed one first in the queue")
    elif type_ in FARGATE and role not in subject.values:
        fix = "write `metaflow: {batch: {execution_role: role.NAME}}`"
        yield failed(role, "is missing, and Fargate starts no task without it", "MF5137", seen, fix=fix)
    elif type_ not in KNOWN_TYPES:
        said = f"is of a type, `{type_}`, that Metaflow does not know"
        yield warned(first["computeEnvironmentName"], said, "MF5138", seen, fix="put one of EC2 or Fargate first")


def _image(subject: Subject, image: str) -> Asking[tuple[Finding, ...]]:
    registry, _, path = image.partition("/")
    known = _ECR.fullmatch(registry)
    if not known or known["account"] != subject.parts.scope.account:
        return (left_out(image, "not looked for: it is not in ECR of this account"),)
    if known["region"] != subject.parts.scope.region:
        return (left_out(image, "not looked for: it is in another region"),)
    repository, tag = _split(path)
    look = {"repositoryName": repository, "imageIds": [tag]}
    try:
        yield Call("ecr", "DescribeImages", look)
    except AwsError as error:
        if error.aws_code == "RepositoryNotFoundException":
            return (failed(image, f"there is no repository `{repository}`", "MF5139", fix=subject.fix()),)
        if error.aws_code == "ImageNotFoundException" and subject.parts.environment.access.endpoint == "sandbox":
            return (left_out(image, "no such image: the sandbox runs jobs without one"),)
        if error.aws_code == "ImageNotFoundException":
            said = "the repository has no such image: every job that names no other fails"
            return (warned(image, said, "MF5140", fix=f"docker push {image}"),)
        raise
    return (passed(image, f"found {path}"),)


def _split(path: str) -> tuple[str, dict[str, str]]:
    repository, at, digest = path.partition("@")
    if at:
        return repository, {"imageDigest": digest}
    repository, _, tag = path.partition(":")
    return repository, {"imageTag": tag or "latest"}
