"""What stands on a resource and no field of its kind describes, as far as the driver's own reads show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jmespath

from mfinfra.importing.memory import Memory
from mfinfra.importing.start import Unmodelled
from mfinfra.importing.walk import HOLDERS, Found
from mfinfra.model import Address

STAYS = "mfinfra neither reads nor changes it"
KEPT = "mfinfra carries it along and does not change it"
REPLACED = f"{STAYS}; one that replaced it would be without"
# What answers to a driver's own questions hold beside the fields: kind → (operation, rows, name, place → words).
ANSWERS: Mapping[str, tuple[str, str, str, Mapping[str, str]]] = {
    "table": (
        "DescribeTable",
        "Table",
        "TableName",
        {
            "GlobalSecondaryIndexes": "global secondary indexes",
            "LocalSecondaryIndexes": "local secondary indexes",
            "LatestStreamArn": "a stream",
            "Replicas": "replicas",
            "TableClassSummary.TableClass && TableClassSummary.TableClass != 'STANDARD'": "the class",
        },
    ),
    "compute_environment": (
        "DescribeComputeEnvironments",
        "computeEnvironments",
        "computeEnvironmentName",
        {
            "computeResources.tags": "the tags of the instances",
            "computeResources.imageId || computeResources.ec2Configuration[?imageIdOverride]": "the image of its own",
            "computeResources.launchTemplate.overrides": "launch templates for some instance types",
        },
    ),
    "secret": (
        "DescribeSecret",
        "@",
        "Name",
        {"RotationEnabled": "a rotation", "ReplicationStatus": "replicas"},
    ),
}
TEMPLATE = {"BlockDeviceMappings", "ImageId", "KeyName", "MetadataOptions", "UserData"}
"""The members of a launch template's version that fields describe."""
WHOLE: Mapping[str, str] = {
    "bucket": "replication, notifications, CORS, logging, website and object lock",
    "table": "auto scaling, exports and contributor insights",
    "repository": "replication, and what the registry's own rules say",
    "log_group": "metric and subscription filters",
    "secret": "the value",
}
"""What no read of a driver shows, by kind."""


def of(found: Mapping[Address, Found], memory: Memory) -> Iterator[Unmodelled]:
    """What is there and stays, resource by resource, then what nobody has looked at, kind by kind."""
    for address, one in found.items():
        for what, why in (*_answered(one, memory), *_facts(one)):
            yield Unmodelled(f"{what} of `{address}`", why)
    for kind in dict.fromkeys(address.kind for address in found):
        if kind in WHOLE:
            yield Unmodelled(f"{WHOLE[kind]} of every {kind.replace('_', ' ')}", STAYS)


def _answered(one: Found, memory: Memory) -> Iterator[tuple[str, str]]:
    if one.kind not in ANSWERS:
        return
    operation, rows, name, places = ANSWERS[one.kind]
    why = REPLACED if one.kind == "compute_environment" else STAYS
    answers = [answer for key, answer in memory.answers.items() if key.split(":")[1] == operation and answer]
    found = {row[name]: row for answer in answers for row in jmespath.search(f"[{rows}][]", answer)}
    row = found.get(one.identity["name"], {})
    yield from ((words, why) for place, words in places.items() if jmespath.search(place, row))


def _facts(one: Found) -> Iterator[tuple[str, str]]:
    facts = one.observed.facts
    match one.kind:
        case "role":
            name = one.observed.spec["name"]
            ours = [arn for arn in one.observed.spec["managed_policies"] or () if ":iam::aws:" not in arn]
            yield from ((f"the text of the managed policy `{arn}`", STAYS) for arn in ours)
            others = [holder for holder in facts.get(HOLDERS, ()) if holder != name]
            yield from ((f"the instance profile `{holder}`", STAYS) for holder in others)
        case "launch_template":
            more = sorted(facts.get("said", {}).keys() - TEMPLATE)
            yield from ((f"`{member}`", KEPT) for member in more)
        case "bucket" if facts.get("BlockedEncryptionTypes"):
            yield "the block of encryption types", KEPT
