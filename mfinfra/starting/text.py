"""The first file as text: templates for what people read, one quoting function for what they answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mfinfra import printable
from mfinfra.document.lint_network import CLUSTER
from mfinfra.starting import blocks
from mfinfra.starting.answers import Answers, Preset
from mfinfra.starting.quoting import filled, reference, remark, scalar, sequence

# Every service that a task or an instance speaks to; `states`, `batch` and `kms` are asked by nobody inside a job.
# https://docs.aws.amazon.com/batch/latest/userguide/vpc-endpoint-considerations.html
GATEWAYS: Mapping[str, str] = {
    "s3": "the datastore, and the layers of images",
    "dynamodb": "the table",
}
INTERFACES: Mapping[str, str] = {
    "ecr.api": "images",
    "ecr.dkr": "images",
    "ecs": "how an instance joins its cluster: without these three, jobs stay RUNNABLE",
    "ecs-agent": "",
    "ecs-telemetry": "",
    "logs": "what containers print",
    "secretsmanager": "`@secrets`",
    "sts": "code that assumes a role",
}


def write(answers: Answers, schema: str, *, suppressing: bool = False) -> str:
    """The file for `answers`; `schema` is where its modeline finds the schema.

    `suppressing`: the warning that endpoints are missing stands in it with its reason, as others have them already.
    """
    slots = _slots(answers, schema)
    return "".join(filled(part, slots) for part in _parts(answers, suppressing=suppressing))


def names() -> tuple[str, ...]:
    """The services that preset `private` has endpoints for."""
    return (*GATEWAYS, *INTERFACES)


def _parts(answers: Answers, *, suppressing: bool) -> Iterator[str]:
    preset = answers.preset
    private, fargate = preset is Preset.PRIVATE, preset is Preset.FARGATE
    yield blocks.HEAD
    if answers.aws_profile and answers.endpoint:
        yield blocks.BOTH
    elif answers.aws_profile or answers.endpoint:
        yield blocks.PROFILE if answers.aws_profile else blocks.ENDPOINT
    yield blocks.TAGS
    if suppressing:
        yield blocks.SUPPRESS
    yield blocks.DATA_OF_SANDBOX if preset is Preset.SANDBOX else blocks.DATA
    yield blocks.ROLES.replace("<<own>>", blocks.EXECUTION_ROLE if fargate else blocks.INSTANCE_ROLE)
    yield blocks.GROUP
    if private:
        if _absent(answers, INTERFACES):
            yield blocks.GROUP_OF_ENDPOINTS
        yield _endpoints(answers)
        yield blocks.REPOSITORY
    yield {Preset.FARGATE: blocks.FARGATE, Preset.SPOT: blocks.SPOT}.get(preset, blocks.EC2)
    yield blocks.METAFLOW
    if private:
        yield blocks.SECRETS


def _slots(answers: Answers, schema: str) -> dict[str, str]:
    preset = answers.preset
    batch = {Preset.FARGATE: blocks.BATCH_ON_FARGATE, Preset.PRIVATE: blocks.BATCH_OF_OWN_IMAGE}
    listed = ", ".join(answers.served)
    return {
        "schema": printable.visible(schema).replace("\n", " "),
        "title": blocks.TITLES[preset],
        "advice": blocks.ADVICE[preset],
        "environment": scalar(answers.environment),
        "account": scalar(answers.account),
        "region": scalar(answers.region),
        "aws_profile": scalar(answers.aws_profile or ""),
        "endpoint": scalar(answers.endpoint or ""),
        "bucket": reference(answers.bucket),
        "vpc": scalar(answers.vpc),
        "subnets": "".join(_subnets(answers.subnets)),
        "after": _after(answers),
        "profile": reference(answers.profile),
        "batch": batch.get(preset, ""),
        "reason": scalar(f"the VPC has other endpoints for {listed} already"),
    }


def _subnets(subnets: Mapping[str, str]) -> Iterator[str]:
    for id_, note in subnets.items():
        yield f"        - {scalar(id_)}{f' # {remark(note)}' if note else ''}\n"


def _after(answers: Answers) -> str:
    """What an instance waits for: one that starts before the endpoints are there never joins its cluster."""
    waits = [f"endpoint.{name}" for name in CLUSTER if name not in answers.served]
    if answers.preset is not Preset.PRIVATE or not waits:
        return ""
    return f"      depends_on: {sequence(waits)} # instances join by them\n"


def _absent(answers: Answers, services: Mapping[str, str]) -> list[str]:
    return [name for name in services if name not in answers.served]


def _endpoints(answers: Answers) -> str:
    """The endpoints that are not there yet, gateways first."""
    lines = []
    for name, id_ in answers.served.items():
        lines.append(f"  # {name} has an endpoint already, which is not of this file: {remark(id_)}\n")
    vpc, gateways, interfaces = scalar(answers.vpc), _absent(answers, GATEWAYS), _absent(answers, INTERFACES)
    if gateways or interfaces:
        lines.append("  endpoint:\n")
    if gateways:
        lines.append("    # Gateways cost nothing\n")
    for name in gateways:
        tables = sequence(answers.tables)
        lines.append(_noted(GATEWAYS[name]))
        lines.append(f"    {name}: {{vpc: {vpc}, service: {name}, type: Gateway, route_tables: {tables}}}\n")
    if interfaces:
        lines.append("    # Each of these has a price by the hour and zone\n")
    for number, name in enumerate(interfaces):
        subnets = "*inside" if number else f"&inside {sequence(answers.inside)} # one for each zone"
        before = INTERFACES[interfaces[number - 1]] if number else ""
        lines.append(_noted(INTERFACES[name] if INTERFACES[name] != before else ""))
        slots = {"address": name.replace(".", "-"), "vpc": vpc, "service": name, "subnets": subnets}
        lines.append(filled(blocks.INTERFACE, slots))
    return "\n" + "".join(lines)


def _noted(note: str) -> str:
    return f"    # {note[:1].upper()}{note[1:]}\n" if note else ""
